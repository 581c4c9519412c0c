/* SPDX-License-Identifier: Apache-2.0 */
/* Which protocol the first bytes speak: the same answer however they are cut, and no other one before it. */
#include "engine/app/identify.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define BYTES(text) text, sizeof(text) - 1
#define TO_SERVER 0
#define TO_CLIENT 1
#define TCP 0
#define UDP 1

static const struct row {
	unsigned transport, dir;
	uint16_t client, server;
	const char *in;
	size_t len;
	enum app_proto out; /* UNKNOWN: and no more bytes are wanted */
} rows[] = {
	/* Patterns hold on any port. */
	{ TCP, TO_SERVER, 1024, 9999, BYTES("GET / HTTP/1.1\r\n"), APP_PROTO_HTTP1 },
	{ TCP, TO_SERVER, 1024, 80, BYTES("get / HTTP/1.1\r\n"), APP_PROTO_HTTP1 },
	{ TCP, TO_SERVER, 1024, 80, BYTES("OPTIONS\t* HTTP/1.1\r\n"), APP_PROTO_HTTP1 },
	{ TCP, TO_SERVER, 1024, 80, BYTES("GETS / HTTP/1.1\r\nHost: example.com\r\n"),
	  APP_PROTO_UNKNOWN },
	{ TCP, TO_CLIENT, 1024, 80, BYTES("HTTP/1.1 200 OK\r\n"), APP_PROTO_HTTP1 },
	{ TCP, TO_CLIENT, 1024, 80, BYTES("HTTP/3.1 200 OK\r\n"), APP_PROTO_UNKNOWN },
	{ TCP, TO_SERVER, 1024, 80, BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), APP_PROTO_HTTP2 },
	/* 17 bytes are enough to say that it is none. */
	{ TCP, TO_SERVER, 1024, 2121, BYTES("SYST\r\nPWD\r\nNOOP\r\n"), APP_PROTO_UNKNOWN },
	{ TCP, TO_SERVER, 1024, 8443, BYTES("\x16\x03\x01\x02\x00\x01"), APP_PROTO_TLS },
	{ TCP, TO_CLIENT, 1024, 8443, BYTES("\x15\x03\x03\x00\x02\x02"), APP_PROTO_TLS },
	{ TCP, TO_CLIENT, 1024, 8443, BYTES("abcde\x00\x02fghij"), APP_PROTO_UNKNOWN },
	{ TCP, TO_SERVER, 1024, 8443, BYTES("\x80\x2e\x01\x00\x02\x00\x15"), APP_PROTO_TLS },
	{ TCP, TO_SERVER, 1024, 22, BYTES("SSH-2.0-x\r\n"), APP_PROTO_SSH },
	{ TCP, TO_CLIENT, 1024, 2222, BYTES("SSH-2.0-x\r\n"), APP_PROTO_SSH },
	{ TCP, TO_SERVER, 1024, 2525, BYTES("EHLO example.com\r\n"), APP_PROTO_SMTP },
	{ TCP, TO_SERVER, 1024, 2121, BYTES("USER anonymous\r\n"), APP_PROTO_FTP },
	{ TCP, TO_SERVER, 1024, 445, BYTES("\0\0\0\x54\xfeSMB\x40\0"), APP_PROTO_SMB },
	{ TCP, TO_SERVER, 1024, 4444, BYTES("\5\0\x0b\3\x10\0\0\0"), APP_PROTO_DCERPC },
	{ UDP, TO_SERVER, 1024, 5060, BYTES("INVITE sip:a@b SIP/2.0\r\n"), APP_PROTO_SIP },
	/* Probes hold on their ports. */
	{ TCP, TO_CLIENT, 1024, 25, BYTES("220 mail.example.com ESMTP\r\n"), APP_PROTO_SMTP },
	{ TCP, TO_CLIENT, 1024, 21, BYTES("220 welcome\r\n"), APP_PROTO_FTP },
	{ TCP, TO_CLIENT, 1024, 2500, BYTES("220 mail.example.com ESMTP\r\n"), APP_PROTO_UNKNOWN },
	{ TCP, TO_CLIENT, 1024, 110, BYTES("+OK ready\r\n"), APP_PROTO_POP3 },
	{ UDP, TO_SERVER, 1024, 53,
	  BYTES("\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"), APP_PROTO_DNS },
	{ UDP, TO_SERVER, 1024, 54,
	  BYTES("\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"), APP_PROTO_UNKNOWN },
	{ UDP, TO_SERVER, 5353, 5353, BYTES("\0\0\0\0\0\1\0\0\0\0\0\0\1a\5local\0\0\x0c\0\1"),
	  APP_PROTO_MDNS },
	/* A name that points at itself; one that is cut. */
	{ UDP, TO_SERVER, 5353, 5353, BYTES("\0\0\0\0\0\1\0\0\0\0\0\0\xc0\x0c\0\x0c\0\1"),
	  APP_PROTO_UNKNOWN },
	{ UDP, TO_SERVER, 5353, 5353, BYTES("\0\0\0\0\0\1\0\0\0\0\0\0\1a\5local\0\0\x0c"),
	  APP_PROTO_UNKNOWN },
	{ UDP, TO_SERVER, 5355, 5355, BYTES("\0\0\0\0\0\1\0\0\0\0\0\0\1a\5local\0\0\x0c\0\1"),
	  APP_PROTO_UNKNOWN },
	{ TCP, TO_SERVER, 1024, 53,
	  BYTES("\0\x21\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"), APP_PROTO_DNS },
	{ UDP, TO_SERVER, 1024, 123,
	  BYTES("\x23\0\6\xec\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	  APP_PROTO_NTP },
	{ UDP, TO_SERVER, 1024, 161, BYTES("\x30\x1a\2\1\1\4\6public"), APP_PROTO_SNMP },
	{ TCP, TO_SERVER, 1024, 3389, BYTES("\3\0\0\x13\x0e\xe0\0\0"), APP_PROTO_RDP },
};

static struct identify_index stock;

static enum app_proto ask(struct identify_state *s, const struct row *r, struct bytes in,
			  bool *turned)
{
	struct identify_ask q = {
		.in = in,
		.dir = r->dir,
		.transport = r->transport,
		.client_port = r->client,
		.server_port = r->server,
		.enabled = ~0ull,
		.index = &stock,
	};

	return identify(s, &q, turned);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct identify_state s = { .refused = { 0 } };
		enum app_proto out = APP_PROTO_UNKNOWN;
		bool turned = true;
		size_t n = r->transport == UDP ? r->len : 1;

		/* A datagram comes whole. */
		for (; n <= r->len && out == APP_PROTO_UNKNOWN; n++)
			out = ask(&s, r, bytes_of(guard_copy(r->in, n), n), &turned);
		assert_int_equal(out, r->out);
		assert_false(turned);
		if (r->out == APP_PROTO_UNKNOWN)
			assert_true(s.patterns_done[r->dir] && s.probes_done[r->dir]);
		guard_free_all();
	}
}

/* What the client is, the server may be on any port. */
static void test_other(void **state)
{
	static const struct {
		const char *in;
		enum app_proto other, out;
	} table[] = {
		{ "220 mail.example.com ESMTP\r\n", APP_PROTO_SMTP, APP_PROTO_SMTP },
		{ "220 mail.example.com ESMTP\r\n", APP_PROTO_FTP, APP_PROTO_FTP },
		{ "220 mail.example.com ESMTP\r\n", APP_PROTO_UNKNOWN, APP_PROTO_UNKNOWN },
		{ "220 mail.example.com ESMTP\r\n", APP_PROTO_FAILED, APP_PROTO_UNKNOWN },
		{ "+OK mail.example.com\r\n", APP_PROTO_SMTP, APP_PROTO_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct identify_state s = { .refused = { 0 } };
		struct identify_ask q = {
			.in = bytes_of(table[i].in, strlen(table[i].in)),
			.dir = TO_CLIENT,
			.transport = TCP,
			.client_port = 1024,
			.server_port = 2500,
			.enabled = ~0ull,
			.other = table[i].other,
			.index = &stock,
		};
		bool turned;

		assert_int_equal(identify(&s, &q, &turned), table[i].out);
	}
}

/* Datagrams of any length are looked at within their bytes. */
static void test_cut_datagrams(void **state)
{
	bool turned;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t n = 1; n < rows[i].len; n++) {
			struct identify_state s = { .refused = { 0 } };

			(void)ask(&s, &rows[i], bytes_of(guard_copy(rows[i].in, n), n), &turned);
		}
		guard_free_all();
	}
}

/* A response where a request is expected: the ends are the other way round. */
static void test_turned(void **state)
{
	static const char response[] =
		"\x12\x34\x81\x80\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1";
	const struct row r = {
		UDP, TO_SERVER, 53, 53, response, sizeof(response) - 1, APP_PROTO_DNS
	};
	struct identify_state s = { .refused = { 0 } };
	bool turned;

	(void)state;
	assert_int_equal(ask(&s, &r, bytes_of(r.in, r.len), &turned), APP_PROTO_DNS);
	assert_true(turned);
}

/* What is off is not found, and what is there instead is. */
static void test_disabled(void **state)
{
	struct identify_state s = { .refused = { 0 } };
	struct identify_ask q = {
		.in = bytes_of("SSH-2.0-some_long_software\r\n", 28),
		.transport = TCP,
		.server_port = 22,
		.enabled = ~APP_PROTO_BIT(APP_PROTO_SSH),
		.index = &stock,
	};
	bool turned;

	(void)state;
	assert_int_equal(identify(&s, &q, &turned), APP_PROTO_UNKNOWN);
	assert_true(s.patterns_done[0] && s.probes_done[0]);
}

static void test_possible(void **state)
{
	(void)state;
	assert_int_equal(identify_possible(TCP, APP_PROTO_BIT(APP_PROTO_FTP_DATA)), 0);
	assert_int_equal(identify_possible(UDP, APP_PROTO_BIT(APP_PROTO_SSH)), 0);
	/* One by its pattern, one by its port alone. */
	assert_int_equal(identify_possible(TCP, APP_PROTO_BIT(APP_PROTO_SSH)),
			 APP_PROTO_BIT(APP_PROTO_SSH));
	assert_int_equal(identify_possible(UDP, APP_PROTO_BIT(APP_PROTO_NTP)),
			 APP_PROTO_BIT(APP_PROTO_NTP));
}

/* Ranges of a few and of many ports, and one of the client's. */
static void test_ranges(void **state)
{
	static const struct identify_ports ranges = {
		.count = 3,
		.port = { { 700, 703, APP_PROTO_DNS, 1, false },
			  { 1000, 1100, APP_PROTO_DNS, 1, false },
			  { 53, 53, APP_PROTO_DNS, 1, true } },
	};
	static const struct {
		uint16_t client, server;
		bool found;
	} table[] = {
		{ 9, 699, false },  { 9, 700, true },  { 9, 703, true },    { 9, 704, false },
		{ 9, 999, false },  { 9, 1000, true }, { 9, 1064, true },   { 9, 1100, true },
		{ 9, 1101, false }, { 700, 9, false }, { 1064, 9, false },  { 53, 9, true },
		{ 9, 53, false },   { 117, 9, false }, { 9, 65535, false }, { 65535, 1000, true },
	};
	static struct identify_index index;

	(void)state;
	identify_index_init(&index, &ranges);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		static const char query[] =
			"\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1";
		struct identify_state s = { .refused = { 0 } };
		struct identify_ask q = { .in = bytes_of(query, sizeof(query) - 1),
					  .transport = UDP,
					  .client_port = table[i].client,
					  .server_port = table[i].server,
					  .enabled = ~0ull,
					  .index = &index };
		bool turned;

		assert_int_equal(identify(&s, &q, &turned),
				 table[i].found ? APP_PROTO_DNS : APP_PROTO_UNKNOWN);
	}
}

int main(void)
{
	struct identify_ports ports;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	 cmocka_unit_test(test_cut_datagrams),
		cmocka_unit_test(test_turned),	 cmocka_unit_test(test_disabled),
		cmocka_unit_test(test_possible), cmocka_unit_test(test_other),
		cmocka_unit_test(test_ranges),
	};

	identify_ports_stock(&ports);
	identify_index_init(&stock, &ports);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
