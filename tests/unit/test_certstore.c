/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates on disk: their names, whole or not at all. */
#include "engine/app/tls.h"
#include "engine/output/output.h"
#include "engine/run/certstore.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/weir-certs-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void step(struct certstore *s, enum certstore_step step, int64_t time_ns, bool client,
		 const char *text)
{
	struct certstore_piece p = { .time_ns = time_ns,
				     .len = (uint32_t)strlen(text),
				     .step = (uint8_t)step,
				     .client = client };

	certstore_take(s, &p, (const uint8_t *)text);
}

static void chain(struct certstore *s, int64_t time_ns, bool client, const char *pem)
{
	step(s, CERTSTORE_BEGIN, time_ns, client, "");
	step(s, CERTSTORE_META, time_ns, client, "TIME: ");
	step(s, CERTSTORE_META, time_ns, client, "now\n");
	step(s, CERTSTORE_PEM, time_ns, client, pem);
	step(s, CERTSTORE_END, time_ns, client, "");
}

/* NULL: there is no such file. */
static const char *content(const char *name)
{
	static char text[256];
	char path[512];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/deep/certs/%s", folder, name);
	f = fopen(path, "r");
	if (!f)
		return NULL;
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	fclose(f);
	return text;
}

static void test_names(void **state)
{
	char dir[128], path[256];
	struct certstore *s;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/deep/certs", folder);
	assert_int_equal(certstore_open(dir, &s), 0);
	chain(s, 1523912382235074999, false, "first");
	chain(s, 1523912382000054000, true, "second");
	assert_string_equal(content("1523912382.235074-1.pem"), "first");
	assert_string_equal(content("1523912382.235074-1.meta"), "TIME: now\n");
	assert_string_equal(content("client-1523912382.54-2.pem"), "second");
	assert_int_equal(certstore_counts(s).stored, 2);
	/* One that does not end leaves nothing. */
	step(s, CERTSTORE_BEGIN, 0, false, "");
	step(s, CERTSTORE_PEM, 0, false, "half");
	certstore_close(s);
	snprintf(path, sizeof(path), ".%d.pem", (int)getpid());
	assert_null(content(path));
	assert_null(content("0.0-3.pem"));
}

static void test_failures(void **state)
{
	char dir[128];
	struct certstore *s;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/gone", folder);
	assert_int_equal(certstore_open(dir, &s), 0);
	assert_int_equal(rmdir(dir), 0);
	chain(s, 1000, false, "x");
	/* What no beginning goes before is passed over. */
	step(s, CERTSTORE_PEM, 1000, false, "x");
	step(s, CERTSTORE_END, 1000, false, "");
	assert_int_equal(certstore_counts(s).stored, 0);
	assert_int_equal(certstore_counts(s).failed, 1);
	/* The next one has its place again. */
	assert_int_equal(mkdir(dir, 0750), 0);
	chain(s, 1000, false, "x");
	assert_int_equal(certstore_counts(s).stored, 1);
	certstore_close(s);
	assert_int_not_equal(certstore_open("/proc/no/such/place", &s), 0);
	certstore_close(NULL);
}

static void test_limit(void **state)
{
	static char much[1 << 20];
	char dir[128];
	struct certstore *s;

	(void)state;
	memset(much, 'a', sizeof(much) - 1);
	snprintf(dir, sizeof(dir), "%s/full", folder);
	assert_int_equal(certstore_open(dir, &s), 0);
	for (unsigned i = 0; i < CERTSTORE_BYTES_MAX >> 20; i++) {
		char path[256];

		chain(s, 1000, false, much);
		snprintf(path, sizeof(path), "%s/0.1-%u.pem", dir, i + 1);
		assert_int_equal(unlink(path), 0);
	}
	chain(s, 1000, false, "x");
	chain(s, 1000, false, "x");
	assert_true(certstore_counts(s).refused > 0);
	certstore_close(s);
}

static void test_pem(void **state)
{
	static const struct {
		size_t len;
		const char *lines;
	} row[] = {
		{ 1, "MA==\n" },
		{ 48, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3\n" },
		{ 50, "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3\nODk=\n" },
	};
	char der[64], text[512], wanted[512];

	(void)state;
	for (size_t i = 0; i < sizeof(der); i++)
		der[i] = (char)('0' + i % 10);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		snprintf(wanted, sizeof(wanted),
			 "-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n",
			 row[i].lines);
		/* At once, and in pieces of a line. */
		for (size_t piece = 48; piece <= 96; piece += 48) {
			struct buf out = { .data = text, .size = sizeof(text) };

			for (size_t from = 0; from < row[i].len; from += piece)
				output_pem(bytes_of(der, row[i].len), from, piece, &out);
			assert_int_equal(out.len, strlen(wanted));
			assert_memory_equal(text, wanted, out.len);
		}
	}
}

/* No name from the wire makes a line of its own. */
static void test_meta(void **state)
{
	struct packet p = { .number = 7,
			    .ip_version = 4,
			    .proto = IP_PROTO_TCP,
			    .sport = 443,
			    .dport = 1024,
			    .direction = 1 };
	struct tls_certificates certs = { .ok = true };
	char text[1024];
	struct buf out = { .data = text, .size = sizeof(text) };

	(void)state;
	certs.subject = (struct app_text){ .data = (uint8_t *)"CN=a\nSRC IP: b", .len = 14 };
	certs.issuer = (struct app_text){ .data = (uint8_t *)"CN=\x7f", .len = 4 };
	memset(certs.fingerprint, 'f', sizeof(certs.fingerprint));
	output_cert_meta(&p, &certs, &out);
	text[out.len] = '\0';
	assert_non_null(strstr(text, "\nTLS SUBJECT:       CN=a\\x0aSRC IP: b\n"));
	assert_non_null(strstr(text, "\nTLS ISSUERDN:      CN=\\x7f\n"));
	assert_non_null(strstr(text, "\nPCAP PKT NUM:      7\n"));
	/* Of the flow: the client first. */
	assert_non_null(strstr(text, "\nSRC PORT:          1024\nDST PORT:          443\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_failures),
		cmocka_unit_test(test_limit), cmocka_unit_test(test_pem),
		cmocka_unit_test(test_meta),
	};

	return cmocka_run_group_tests_name("certificates", tests, make_folder, remove_folder);
}
