/* SPDX-License-Identifier: Apache-2.0 */
/* DNS messages: what is read of them, whole and cut at every byte. */
#include "engine/proto/dns.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define HEADER(flags, qd, an, ns, ar) "\x12\x34" flags "\0" qd "\0" an "\0" ns "\0" ar
#define QUERY HEADER("\1\0", "\1", "\0", "\0", "\0")
#define WWW "\3www\7example\3com\0"
#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *in;
	size_t len;
	const char *out;
} rows[] = {
	{ BYTES(QUERY WWW "\0\1\0\1"), "q www.example.com 1;end" },
	{ BYTES(QUERY "\0\0\1\0\1"), "q  1;end" },
	/* The answer's name points at the question's. */
	{ BYTES(HEADER("\x81\x80", "\1", "\1", "\0", "\0") WWW "\0\1\0\1"
							       "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4"
							       "abcd"),
	  "q www.example.com 1;a www.example.com 1 60 4;end" },
	/* Behind some labels, a pointer. */
	{ BYTES(HEADER("\x81\x80", "\1", "\1", "\0", "\0") WWW "\0\1\0\1"
							       "\2ns\xc0\x10\0\5\0\1\0\0\0\1\0\2"
							       "\xc0\x0c"),
	  "q www.example.com 1;a ns.example.com 5 1 2;end" },
	/* A pointer at itself ends the name. */
	{ BYTES(QUERY "\xc0\x0c\0\1\0\1"), "q  1;end loop" },
	/* Two that point at each other. */
	{ BYTES(QUERY "\xc0\x0e\xc0\x0c\0\1\0\1"), "q  49164;end labels" },
	/* A pointer behind the message, and a label with the reserved bits. */
	{ BYTES(QUERY "\xff\xff\0\1\0\1"), "bad" },
	{ BYTES(QUERY "\x80zz\0\1\0\1"), "bad" },
	/* Data that ends within its name; rdata longer than the message. */
	{ BYTES(HEADER("\x81\x80", "\0", "\1", "\0", "\0") "\0\0\x0f\0\1\0\0\0\1\0\1x"), "cut" },
	{ BYTES(HEADER("\x81\x80", "\0", "\1", "\0", "\0") "\0\0\1\0\1\0\0\0\1\0\5abcd"), "cut" },
	/* More records than there are bytes for. */
	{ BYTES(HEADER("\1\0", "\x7f", "\0", "\0", "\0") "\0"), "no" },
	{ BYTES("\x12\x34"), "no" },
};

static void say(char *text, size_t size, const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, size - len, format, args);
	va_end(args);
}

static void read_all(struct bytes in, char *text, size_t size)
{
	static const char sections[] = "qani";
	struct dns_header h;
	struct dns_reader r;
	struct dns_record rec;
	struct dns_name name;
	enum dns_next next;
	size_t end;

	text[0] = '\0';
	if (!dns_read_header(in, &h)) {
		say(text, size, "no");
		return;
	}
	dns_begin(&r, in, &h);
	while ((next = dns_read_record(&r, &rec)) == DNS_RECORD) {
		assert_true(dns_read_name(in, rec.name, &name, &end));
		assert_true(name.len <= DNS_NAME_MAX);
		assert_true((size_t)rec.data + rec.data_len <= in.len);
		say(text, size, "%c %.*s %u", sections[rec.section], name.len, name.text, rec.type);
		if (rec.section != DNS_QUERIES)
			say(text, size, " %u %u", rec.ttl, rec.data_len);
		say(text, size, ";");
	}
	say(text, size, next == DNS_END ? "end" : next == DNS_CUT ? "cut" : "bad");
	if (next == DNS_END && (r.name_flags & DNS_NAME_LOOP))
		say(text, size, " loop");
	if (next == DNS_END && (r.name_flags & DNS_NAME_LABELS))
		say(text, size, " labels");
}

static void test_rows(void **state)
{
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		read_all(bytes_of(guard_copy(rows[i].in, rows[i].len), rows[i].len), text,
			 sizeof(text));
		assert_string_equal(text, rows[i].out);
		/* What is cut is never whole, and nothing behind it is read. */
		for (size_t n = 0; n < rows[i].len; n++) {
			read_all(bytes_of(guard_copy(rows[i].in, n), n), text, sizeof(text));
			/* Behind a name that leads nowhere there are bytes that are no part of it. */
			assert_true(strstr(rows[i].out, "labels") || !strstr(text, "end"));
		}
		guard_free_all();
	}
}

static void test_probe(void **state)
{
	static const struct {
		const char *in;
		size_t len, message;
		enum dns_probe out;
	} probes[] = {
		{ BYTES(QUERY WWW "\0\1\0\1"), 33, DNS_PROBE_REQUEST },
		{ BYTES(HEADER("\x81\x80", "\1", "\0", "\0", "\0") WWW "\0\1\0\1"), 33,
		  DNS_PROBE_RESPONSE },
		/* The rest is still to come. */
		{ BYTES(QUERY "\3ww"), 33, DNS_PROBE_REQUEST },
		{ BYTES("\x12\x34\1\0\0\1"), 33, DNS_PROBE_NO },
		{ BYTES("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 27, DNS_PROBE_NO },
		{ BYTES(QUERY "\x80zz\0\1\0\1"), 19, DNS_PROBE_NO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		assert_int_equal(dns_probe(bytes_of(guard_copy(probes[i].in, probes[i].len),
						    probes[i].len),
					   probes[i].message),
				 probes[i].out);
	guard_free_all();
}

/* 64 KiB of questions that all point at the longest name: bounded, and told. */
static void test_hostile(void **state)
{
	static uint8_t in[65535];
	struct dns_header h;
	struct dns_reader r;
	struct dns_record rec;
	struct dns_name name;
	size_t at = DNS_HEADER_LEN, end, n = 0;
	enum dns_next next;

	(void)state;
	memcpy(in, QUERY, DNS_HEADER_LEN);
	while (at < 20000) {
		in[at++] = 1;
		in[at++] = 'a';
	}
	in[at++] = 0;
	memcpy(in + at, "\0\1\0\1", 4);
	at += 4;
	for (; at + 6 <= sizeof(in); at += 6)
		memcpy(in + at, "\xc0\x0c\0\1\0\1", 6);
	in[4] = 0x1d;
	in[5] = 0xa0;
	assert_true(dns_read_header(bytes_of(in, sizeof(in)), &h));
	dns_begin(&r, bytes_of(in, sizeof(in)), &h);
	while ((next = dns_read_record(&r, &rec)) == DNS_RECORD)
		n++;
	assert_true(r.name_flags & DNS_NAME_CUT);
	assert_true(n > 1000);
	assert_true(dns_read_name(bytes_of(in, sizeof(in)), DNS_HEADER_LEN, &name, &end));
	assert_int_equal(name.len, DNS_NAME_MAX);
	assert_int_equal(end, 20001);
	assert_true(name.flags & DNS_NAME_CUT);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(dns_type_name(28), "AAAA");
	assert_string_equal(dns_type_name(257), "CAA");
	assert_null(dns_type_name(999));
	assert_string_equal(dns_rcode_name(3), "NXDOMAIN");
	assert_int_equal(dns_type_find("mx", 2), 15);
	assert_int_equal(dns_type_find("mxx", 3), -1);
	assert_int_equal(dns_rcode_find("REFUSED", 7), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
