/* SPDX-License-Identifier: Apache-2.0 */
/* TLS records and hellos: every row cut at every byte gives the same events. */
#include "engine/proto/tls.h"
#include "engine/proto/tls_fingerprint.h"
#include "tests/unit/guard.h"
#include "tests/unit/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *in;
	size_t len;
	const char *out;
} rows[] = {
	{ BYTES(""), "" },
	/* One message in one record, then what is encrypted. */
	{ BYTES("\26\3\1\0\7\1\0\0\3abc\24\3\3\0\1\1\26\3\3\0\4ABCD\27\3\3\0\2xy"),
	  "record 22 301 7;msg 1 3[abc];record 20 303 1;record 22 303 4;record 23 303 2;" },
	/* Two messages in one record; an empty one. */
	{ BYTES("\26\3\3\0\11\16\0\0\0\24\0\0\1x"), "record 22 303 9;msg 14 0[];msg 20 1[x];" },
	/* One message over three records, its header over two. */
	{ BYTES("\26\3\1\0\2\13\0\26\3\1\0\4\0\5ab\26\3\1\0\3cde"),
	  "record 22 301 2;record 22 301 4;msg 11 5[abrecord 22 301 3;cde];" },
	{ BYTES("\25\3\1\0\2\2\50"), "record 21 301 2;alert 2 40;" },
	{ BYTES("\25\3\1\0\3\2\50x"), "record 21 301 3;" },
	{ BYTES("\30\3\2\0\7\1\0\100abcd\25\3\2\0\2\1\0"),
	  "record 24 302 7;heartbeat 1 64 7;record 21 302 2;alert 1 0;" },
	{ BYTES("\26\3\1\0\0\26\3\1\0\4\16\0\0\0"), "record 22 301 0;record 22 301 4;msg 14 0[];" },
	{ BYTES("\1\3\1\0\0"), "bad type;" },
	{ BYTES("\31\3\1\0\0"), "bad type;" },
	{ BYTES("\26\2\1\0\0"), "bad version;" },
	{ BYTES("\26\3\1\110\1"), "bad length;" },
	{ BYTES("GET / HTTP/1.1"), "bad type;" },
	/* SSL 2.0's hello that offers more, answered in kind. */
	{ BYTES("\200\5\1\3\1xy\26\3\1\0\4\16\0\0\0"), "v2 1 301 5;record 22 301 4;msg 14 0[];" },
	{ BYTES("\200\6\4\0\1\0\2z"), "v2 4 2 6;" },
	{ BYTES("\200\3\0\0\1"), "v2 0 0 3;" },
	{ BYTES("\200\2\1\3\1"), "bad length;" },
	/* After a record of TLS it is not looked for. */
	{ BYTES("\26\3\1\0\0\200\5\1\3\1xy"), "record 22 301 0;bad type;" },
};

static void put(struct sink *s, const struct tls_event *e)
{
	switch (e->kind) {
	case TLS_RECORD:
		say(s, "record %u %x %u;", e->type, e->version, e->length);
		break;
	case TLS_HANDSHAKE:
		say(s, "msg %u %u[", e->message, e->length);
		break;
	case TLS_HANDSHAKE_DATA:
		say(s, "%.*s", (int)e->piece.len, (const char *)e->piece.data);
		break;
	case TLS_HANDSHAKE_END:
		say(s, "];");
		break;
	case TLS_ALERT:
		say(s, "alert %u %u;", e->level, e->description);
		break;
	case TLS_HEARTBEAT:
		say(s, "heartbeat %u %u %u;", e->message, e->payload, e->length);
		break;
	case TLS_SSLV2:
		say(s, "v2 %u %x %u;", e->message, e->version, e->length);
		break;
	case TLS_INVALID_TYPE:
		say(s, "bad type;");
		break;
	case TLS_INVALID_VERSION:
		say(s, "bad version;");
		break;
	case TLS_INVALID_LENGTH:
		say(s, "bad length;");
		break;
	case TLS_MORE:
		break;
	}
}

static void show(struct tls_parser *t, const char *in, size_t *from, size_t to, struct sink *s)
{
	for (;;) {
		struct bytes b = bytes_of(guard_copy(in + *from, to - *from), to - *from);
		struct tls_event e;
		size_t consumed;

		tls_next(t, b, &e, &consumed);
		assert_true(consumed <= b.len);
		*from += consumed;
		if (e.kind == TLS_MORE)
			return;
		put(s, &e);
	}
}

static void test_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t cut = 0; cut <= rows[i].len; cut++) {
			struct tls_parser t;
			struct sink s = { .len = 0 };
			size_t from = 0;

			tls_init(&t);
			show(&t, rows[i].in, &from, cut, &s);
			show(&t, rows[i].in, &from, rows[i].len, &s);
			if (strcmp(s.text, rows[i].out) != 0)
				fail_msg("row %zu cut at %zu: %s, not %s", i, cut, s.text,
					 rows[i].out);
		}
		guard_free_all();
	}
}

/* --- hellos ------------------------------------------------------------------------------------ */

#define RANDOM "0123456789abcdef0123456789ABCDEF"
#define EXT(type, len, data) "\0" type "\0" len data
/*
 * GREASE first among ciphers, extensions, groups and versions.  Extensions: GREASE, 0 (example.org),
 * 23, 10 (GREASE, 29, 24), 11 (0, 1), 16 (h2, http/1.1), 13 (0403, 0804), 43 (GREASE, 1.3, 1.2).
 */
#define EXTENSIONS \
	"\x3a\x3a\0\0" EXT("\0", "\20", "\0\16\0\0\13example.org") EXT("\27", "\0", "") \
		EXT("\12", "\10", "\0\6\x0a\x0a\0\35\0\30") EXT("\13", "\3", "\2\0\1") \
			EXT("\20", "\16", "\0\14\2h2\10http/1.1") \
				EXT("\15", "\6", "\0\4\4\3\10\4") \
					EXT("\53", "\7", "\6\x5a\x5a\3\4\3\3")
#define HELLO_LEN "\0\126"
static const char client_hello[] = "\3\3" RANDOM "\2id"
				   "\0\10\x1a\x1a\x13\x02\x13\x01\xc0\x2b"
				   "\1\0" HELLO_LEN EXTENSIONS;

static struct bytes guarded(const char *text, size_t len)
{
	return bytes_of(guard_copy(text, len), len);
}

static void assert_bytes(struct bytes b, const char *text)
{
	assert_int_equal(b.len, strlen(text));
	assert_memory_equal(b.data, text, b.len);
}

static void assert_buf(struct buf *b, const char *text)
{
	assert_bytes(bytes_of(b->data, b->len), text);
	b->len = 0;
}

static void test_client_hello(void **state)
{
	struct bytes data, name;
	struct tls_hello h;
	size_t at = 0;

	(void)state;
	assert_true(tls_client_hello_read(guarded(client_hello, sizeof(client_hello) - 1), &h));
	assert_false(h.truncated);
	assert_int_equal(h.version, 0x0303);
	assert_int_equal(tls_hello_version(&h), 0x0304);
	assert_bytes(h.random, RANDOM);
	assert_bytes(h.session_id, "id");
	assert_int_equal(h.ciphers.len, 8);
	assert_true(tls_extension_find(&h, TLS_EXT_SERVER_NAME, &data));
	assert_int_equal(tls_server_name_read(data, &name), TLS_NAME_OK);
	assert_bytes(name, "example.org");
	assert_true(tls_extension_find(&h, TLS_EXT_ALPN, &data));
	assert_true(tls_alpn_next(data, &at, &name));
	assert_bytes(name, "h2");
	assert_true(tls_alpn_next(data, &at, &name));
	assert_bytes(name, "http/1.1");
	assert_false(tls_alpn_next(data, &at, &name));
	assert_false(tls_extension_find(&h, TLS_EXT_PRE_SHARED_KEY, &data));
	guard_free_all();
}

/* By the definitions of JA3 and JA4, from the values above. */
static void test_fingerprints(void **state)
{
	char text[256], a[TLS_JA4_A_LEN + 1];
	struct buf b = { .data = text, .size = sizeof(text) };
	struct tls_hello h;

	(void)state;
	assert_true(tls_client_hello_read(guarded(client_hello, sizeof(client_hello) - 1), &h));
	tls_ja3_text(&h, &b);
	assert_buf(&b, "771,4866-4865-49195,0-23-10-11-16-13-43,29-24,0-1");
	tls_ja4_a(&h, false, a);
	assert_string_equal(a, "t13d0307h2");
	tls_ja4_a(&h, true, a);
	assert_string_equal(a, "q13d0307h2");
	tls_ja4_ciphers(&h, &b);
	assert_buf(&b, "1301,1302,c02b");
	tls_ja4_extensions(&h, &b);
	assert_buf(&b, "000a,000b,000d,0017,002b_0403,0804");
	guard_free_all();
}

static void test_bare_hello(void **state)
{
	static const char bare[] = "\3\1" RANDOM "\0\0\2\0\57\1\0";
	char text[64], a[TLS_JA4_A_LEN + 1];
	struct buf b = { .data = text, .size = sizeof(text) };
	struct tls_hello h;

	(void)state;
	assert_true(tls_client_hello_read(guarded(bare, sizeof(bare) - 1), &h));
	tls_ja3_text(&h, &b);
	assert_buf(&b, "769,47,,,");
	tls_ja4_a(&h, false, a);
	assert_string_equal(a, "t10i010000");
	tls_ja4_extensions(&h, &b);
	assert_buf(&b, "_");
	guard_free_all();
}

static void test_server_hello(void **state)
{
	static const char hello[] = "\3\3" RANDOM "\0\x13\x01\0\0\14" EXT("\53", "\2", "\3\4")
		EXT("\27", "\0", "") "\0";
	char text[64];
	struct buf b = { .data = text, .size = sizeof(text) };
	struct tls_hello h;

	(void)state;
	assert_true(tls_server_hello_read(guarded(hello, sizeof(hello) - 1), &h));
	assert_int_equal(tls_hello_version(&h), 0x0304);
	tls_ja3s_text(&h, &b);
	assert_buf(&b, "771,4865,43-23");
	guard_free_all();
}

static void test_cut_hello(void **state)
{
	char text[256], a[TLS_JA4_A_LEN + 1];
	size_t start = 2 + 32 + 3 + 10 + 2;

	(void)state;
	for (size_t len = 0; len < sizeof(client_hello) - 1; len++) {
		struct buf b = { .data = text, .size = sizeof(text) };
		struct tls_hello h;
		bool ok = tls_client_hello_read(guarded(client_hello, len), &h);

		assert_int_equal(ok, len >= start);
		if (len >= start + 2)
			assert_true(h.truncated);
		tls_ja3_text(&h, &b);
		tls_ja4_a(&h, false, a);
		tls_ja4_extensions(&h, &b);
		guard_free_all();
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *in;
		size_t len;
		enum tls_name_error error;
	} names[] = {
		{ BYTES(""), TLS_NAME_NONE },
		{ BYTES("\0\6\0\0\3abc"), TLS_NAME_OK },
		{ BYTES("\0\6\1\0\3abc"), TLS_NAME_BAD_TYPE },
		{ BYTES("\0\6\0\0\4abc"), TLS_NAME_BAD_LENGTH },
		{ BYTES("\0\7\0\0\3abc"), TLS_NAME_BAD_LENGTH },
		{ BYTES("\0\3\0\0\0"), TLS_NAME_BAD_LENGTH },
		{ BYTES("\0"), TLS_NAME_BAD_LENGTH },
	};
	struct bytes name;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(tls_server_name_read(guarded(names[i].in, names[i].len), &name),
				 names[i].error);
	guard_free_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),	     cmocka_unit_test(test_client_hello),
		cmocka_unit_test(test_fingerprints), cmocka_unit_test(test_bare_hello),
		cmocka_unit_test(test_server_hello), cmocka_unit_test(test_cut_hello),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
