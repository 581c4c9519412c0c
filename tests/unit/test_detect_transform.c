/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "engine/detect/transform.h"
#include "tests/unit/guard.h"

#define KINDS_MAX 3

static const struct {
	enum transform_kind kind[KINDS_MAX];
	unsigned kinds;
	uint8_t mode;
	uint32_t bytes, offset;
	const char *in, *out;
} rows[] = {
	{ { TRANSFORM_STRIP_WHITESPACE }, 1, 0, 0, 0, " a b\t\r\nc ", "abc" },
	{ { TRANSFORM_COMPRESS_WHITESPACE }, 1, 0, 0, 0, "a \t b  c ", "a b c " },
	{ { TRANSFORM_TO_LOWERCASE }, 1, 0, 0, 0, "AbC-1", "abc-1" },
	{ { TRANSFORM_TO_UPPERCASE }, 1, 0, 0, 0, "AbC-1", "ABC-1" },
	{ { TRANSFORM_DOTPREFIX }, 1, 0, 0, 0, "a.b", ".a.b" },
	{ { TRANSFORM_DOTPREFIX }, 1, 0, 0, 0, "", "." },
	{ { TRANSFORM_URL_DECODE }, 1, 0, 0, 0, "a%20b+c%4", "a b c%4" },
	{ { TRANSFORM_URL_DECODE }, 1, 0, 0, 0, "%zz%41", "%zzA" },
	{ { TRANSFORM_HEADER_LOWERCASE },
	  1,
	  0,
	  0,
	  0,
	  "Host: ABC\r\nX-Y: Z\r\n",
	  "host: ABC\r\nx-y: Z\r\n" },
	{ { TRANSFORM_STRIP_PSEUDO_HEADERS },
	  1,
	  0,
	  0,
	  0,
	  ":method: GET\r\nA: b\r\n:path: /\r\n",
	  "A: b\r\n" },
	{ { TRANSFORM_FROM_BASE64 }, 1, BASE64_RFC4648, 0, 0, "dGVzdA==", "test" },
	{ { TRANSFORM_FROM_BASE64 }, 1, BASE64_RFC4648, 0, 0, "dGVz!dA==", "tes" },
	{ { TRANSFORM_FROM_BASE64 }, 1, BASE64_RFC2045, 0, 0, "dG Vz!dA==", "test" },
	{ { TRANSFORM_FROM_BASE64 }, 1, BASE64_STRICT, 0, 0, "dGVzdA==", "test" },
	{ { TRANSFORM_FROM_BASE64 }, 1, BASE64_STRICT, 0, 0, "dGVz!dA==", "" },
	{ { TRANSFORM_FROM_BASE64 }, 1, BASE64_STRICT, 0, 0, "dGVzdA=", "" },
	{ { TRANSFORM_FROM_BASE64 }, 1, BASE64_RFC4648, 4, 2, "xxdGVzdA==", "tes" },
	{ { TRANSFORM_TLD }, 1, 0, 0, 0, "www.example.com", "com" },
	{ { TRANSFORM_TLD }, 1, 0, 0, 0, "www.example.co.uk", "co.uk" },
	{ { TRANSFORM_DOMAIN }, 1, 0, 0, 0, "www.example.com", "example.com" },
	{ { TRANSFORM_DOMAIN }, 1, 0, 0, 0, "a.b.example.co.uk", "example.co.uk" },
	{ { TRANSFORM_DOMAIN }, 1, 0, 0, 0, "com", "com" },
	/* one after the other */
	{ { TRANSFORM_URL_DECODE, TRANSFORM_STRIP_WHITESPACE, TRANSFORM_TO_LOWERCASE },
	  3,
	  0,
	  0,
	  0,
	  "A%20B+C",
	  "abc" },
	{ { TRANSFORM_FROM_BASE64, TRANSFORM_TO_UPPERCASE },
	  2,
	  BASE64_RFC4648,
	  0,
	  0,
	  "dGVzdA==",
	  "TEST" },
};

static struct transform_work *work(void)
{
	struct transform_work *w;

	assert_int_equal(transform_work_new(&w), 0);
	return w;
}

static void each_row(void **state)
{
	struct transform_env env = { .block = NULL };
	struct transform_work *w = work();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct transform_row row[KINDS_MAX];
		size_t len = strlen(rows[i].in);
		struct bytes out;

		for (unsigned k = 0; k < rows[i].kinds; k++)
			row[k] = (struct transform_row){ .kind = (uint8_t)rows[i].kind[k],
							 .mode = rows[i].mode,
							 .bytes = rows[i].bytes,
							 .offset = rows[i].offset };
		transform_begin(w);
		out = transform_apply(w, &env, row, rows[i].kinds,
				      bytes_of(guard_copy(rows[i].in, len), len));
		if (out.len != strlen(rows[i].out) || memcmp(out.data, rows[i].out, out.len) != 0)
			fail_msg("row %zu: '%s' became '%.*s'", i, rows[i].in, (int)out.len,
				 (const char *)out.data);
	}
	guard_free_all();
	transform_work_free(w);
}

static void a_key_is_repeated(void **state)
{
	static const uint8_t block[16] = { [8] = 1, 2 };
	struct transform_env env = { .block = block };
	struct transform_row row = { .kind = TRANSFORM_XOR, .argument = 8, .argument_len = 2 };
	struct transform_work *w = work();
	struct bytes out = transform_apply(w, &env, &row, 1, bytes_of("abc", 3));

	(void)state;
	assert_int_equal(out.len, 3);
	assert_memory_equal(out.data, "``b", 3);
	transform_work_free(w);
}

/* More than there is room for is cut, and what came before in the list is not lost on the way. */
static void what_does_not_fit_is_cut(void **state)
{
	static uint8_t big[2 * TRANSFORM_BYTES_MAX];
	static const struct transform_row row[] = { { .kind = TRANSFORM_TO_UPPERCASE },
						    { .kind = TRANSFORM_TO_LOWERCASE },
						    { .kind = TRANSFORM_DOTPREFIX } };
	struct transform_work *w = work();
	uint64_t cut = 0;
	struct transform_env env = { .limits = &cut };

	(void)state;
	memset(big, 'a', sizeof(big));
	for (unsigned round = 0; round < 8; round++) {
		struct bytes out = transform_apply(w, &env, row, 3, bytes_of(big, sizeof(big)));

		assert_true(out.len > TRANSFORM_BYTES_MAX / 2 && out.len <= TRANSFORM_BYTES_MAX);
		assert_int_equal(out.data[0], '.');
		assert_int_equal(out.data[1], 'a');
		assert_int_equal(out.data[out.len - 1], 'a');
	}
	assert_int_equal(cut, 8);
	transform_work_free(w);
}

/* "hello hello hello", compressed; cut; not compressed; with a limit. */
#define GZIP \
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x00\x80\x88\xf9\xe5\x11\x00\x00\x00"
#define ZLIB "\x78\x9c\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x00\x3a\x2e\x06\x7d"

static const struct {
	enum transform_kind kind;
	uint32_t bytes;
	struct bytes in;
	const char *out;
} inflated[] = {
	{ TRANSFORM_GUNZIP,
	  1024,
	  { (const uint8_t *)GZIP, sizeof(GZIP) - 1 },
	  "hello hello hello" },
	{ TRANSFORM_GUNZIP, 8, { (const uint8_t *)GZIP, sizeof(GZIP) - 1 }, "hello he" },
	{ TRANSFORM_GUNZIP,
	  1024,
	  { (const uint8_t *)GZIP, sizeof(GZIP) - 9 },
	  "hello hello hello" },
	{ TRANSFORM_GUNZIP, 1024, { (const uint8_t *)"plain", 5 }, "plain" },
	{ TRANSFORM_GUNZIP, 1024, { (const uint8_t *)"\x1f", 1 }, "\x1f" },
	{ TRANSFORM_GUNZIP, 1024, { (const uint8_t *)ZLIB, 2 }, "\x78\x9c" },
	{ TRANSFORM_ZLIB_DEFLATE,
	  1024,
	  { (const uint8_t *)ZLIB, sizeof(ZLIB) - 1 },
	  "hello hello hello" },
	{ TRANSFORM_ZLIB_DEFLATE, 5, { (const uint8_t *)ZLIB, sizeof(ZLIB) - 1 }, "hello" },
	{ TRANSFORM_ZLIB_DEFLATE, 1024, { (const uint8_t *)"plain", 5 }, "plain" },
};

static void compressed(void **state)
{
	struct transform_work *w = work();

	(void)state;
	for (size_t i = 0; i < sizeof(inflated) / sizeof(inflated[0]); i++) {
		struct transform_row row = { .kind = (uint8_t)inflated[i].kind,
					     .bytes = inflated[i].bytes };
		struct transform_env env = { .block = NULL };
		size_t len = inflated[i].in.len;
		struct bytes out;

		transform_begin(w);
		out = transform_apply(w, &env, &row, 1,
				      bytes_of(guard_copy(inflated[i].in.data, len), len));
		assert_int_equal(out.len, strlen(inflated[i].out));
		assert_memory_equal(out.data, inflated[i].out, out.len);
	}
	guard_free_all();
	transform_work_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(compressed),
		cmocka_unit_test(a_key_is_repeated),
		cmocka_unit_test(what_does_not_fit_is_cut),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
