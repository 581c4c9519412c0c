/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/buf.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BYTES(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

struct octets {
	const uint8_t *data;
	size_t len;
};

/* What write puts out, in a buffer of exactly the right size; one byte less must say full. */
static void expect(void (*write)(struct buf *, const uint8_t *, size_t), struct octets in,
		   const char *text)
{
	size_t len = strlen(text);
	const uint8_t *data = guard_copy(in.data, in.len);

	for (size_t size = 0; size <= len; size++) {
		struct buf b = { .data = (char *)guard_alloc(size), .size = size };

		write(&b, data, in.len);
		assert_int_equal(b.full, size < len);
		assert_true(b.len <= size);
		if (size == len) {
			assert_int_equal(b.len, len);
			assert_memory_equal(b.data, text, len);
		}
	}
	guard_free_all();
}

static void write_one(uint64_t v)
{
	char data[32], text[32];
	struct buf b = { .data = data, .size = sizeof(data) };

	buf_u64(&b, v);
	snprintf(text, sizeof(text), "%" PRIu64, v);
	assert_int_equal(b.len, strlen(text));
	assert_memory_equal(data, text, b.len);
}

/* Where one more digit or one more bit begins. */
static void lengths_of_integers(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		write_one((1ULL << bit) - 1);
		write_one(1ULL << bit);
	}
	for (uint64_t power = 1;; power *= 10) {
		write_one(power - 1);
		write_one(power);
		write_one(power + 1);
		if (power > UINT64_MAX / 10)
			break;
	}
}

static void integers(void **state)
{
	static const uint64_t values[] = { 0,	9,    10,	  99,	      100,
					   101, 1234, 4294967295, 4294967296, UINT64_MAX };
	char data[32], text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct buf b = { .data = data, .size = sizeof(data) };

		buf_u64(&b, values[i]);
		snprintf(text, sizeof(text), "%" PRIu64, values[i]);
		assert_int_equal(b.len, strlen(text));
		assert_memory_equal(data, text, b.len);

		b.len = 0;
		buf_i64(&b, (int64_t)(0 - values[i]));
		snprintf(text, sizeof(text), "%" PRId64, (int64_t)(0 - values[i]));
		assert_int_equal(b.len, strlen(text));
		assert_memory_equal(data, text, b.len);
	}
}

static void least_integer(void **state)
{
	char data[20];
	struct buf b = { .data = data, .size = sizeof(data) };

	(void)state;
	buf_i64(&b, INT64_MIN);
	assert_int_equal(b.len, 20);
	assert_memory_equal(data, "-9223372036854775808", 20);
	buf_u64(&b, 1);
	assert_true(b.full);
}

static void hex(void **state)
{
	(void)state;
	expect(buf_hex, (struct octets)BYTES(""), "");
	expect(buf_hex, (struct octets)BYTES("\x00\x9f\xff"), "009fff");
}

/* RFC 4648, section 10. */
static void base64(void **state)
{
	(void)state;
	expect(buf_base64, (struct octets)BYTES(""), "");
	expect(buf_base64, (struct octets)BYTES("f"), "Zg==");
	expect(buf_base64, (struct octets)BYTES("fo"), "Zm8=");
	expect(buf_base64, (struct octets)BYTES("foo"), "Zm9v");
	expect(buf_base64, (struct octets)BYTES("foob"), "Zm9vYg==");
	expect(buf_base64, (struct octets)BYTES("fooba"), "Zm9vYmE=");
	expect(buf_base64, (struct octets)BYTES("foobar"), "Zm9vYmFy");
	expect(buf_base64, (struct octets)BYTES("\xff\xef\xfb"), "/+/7");
}

static void json_of(struct buf *b, const uint8_t *data, size_t len)
{
	buf_json(b, data, len);
}

static void json(void **state)
{
	static const struct {
		struct octets in;
		const char *text;
	} rows[] = {
		{ BYTES(""), "" },
		{ BYTES("plain text"), "plain text" },
		{ BYTES("a\"b\\c/d"), "a\\\"b\\\\c/d" },
		{ BYTES("\b\t\n\f\r"), "\\b\\t\\n\\f\\r" },
		{ BYTES("\x00\x01\x1f\x7f"), "\\u0000\\u0001\\u001f\\u007f" },
		/* The first and the last code point of each length. */
		{ BYTES("\xc2\x80\xdf\xbf"), "\xc2\x80\xdf\xbf" },
		{ BYTES("\xe0\xa0\x80\xef\xbf\xbf"), "\xe0\xa0\x80\xef\xbf\xbf" },
		{ BYTES("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
		/* Either side of the surrogates. */
		{ BYTES("\xed\x9f\xbf\xee\x80\x80"), "\xed\x9f\xbf\xee\x80\x80" },
		{ BYTES("\xed\xa0\x80"), "\\u00ed\\u00a0\\u0080" },
		/* Forms that are too long, and what no sequence has. */
		{ BYTES("\xc0\x80"), "\\u00c0\\u0080" },
		{ BYTES("\xc1\xbf"), "\\u00c1\\u00bf" },
		{ BYTES("\xe0\x9f\xbf"), "\\u00e0\\u009f\\u00bf" },
		{ BYTES("\xf0\x8f\xbf\xbf"), "\\u00f0\\u008f\\u00bf\\u00bf" },
		{ BYTES("\xf4\x90\x80\x80"), "\\u00f4\\u0090\\u0080\\u0080" },
		{ BYTES("\xf5\xff\xfe"), "\\u00f5\\u00ff\\u00fe" },
		{ BYTES("\x80x\xbf"), "\\u0080x\\u00bf" },
		/* Cut in the middle: by the end, by another byte. */
		{ BYTES("\xc3"), "\\u00c3" },
		{ BYTES("\xe2\x82"), "\\u00e2\\u0082" },
		{ BYTES("\xf0\x9f\x98"), "\\u00f0\\u009f\\u0098" },
		{ BYTES("\xe2\x82g"), "\\u00e2\\u0082g" },
		{ BYTES("\xc3\xc3\xa9"), "\\u00c3\xc3\xa9" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(json_of, rows[i].in, rows[i].text);
}

/* Eight at a time or one: the same, wherever an odd byte stands. */
static void json_in_strides(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		for (unsigned place = 0; place < 19; place++) {
			uint8_t in[19];
			char one[6 * sizeof(in)], all[6 * sizeof(in)];
			struct buf slow = { .data = one, .size = sizeof(one) };
			struct buf fast = { .data = all, .size = sizeof(all) };

			for (unsigned i = 0; i < sizeof(in); i++)
				in[i] = i == place ? (uint8_t)c
						   : (uint8_t)(0x20 + (i * 37 + c) % 2);
			for (unsigned i = 0; i < sizeof(in); i++)
				buf_json(&slow, in + i, 1);
			buf_json(&fast, in, sizeof(in));
			assert_int_equal(fast.len, slow.len);
			assert_memory_equal(fast.data, slow.data, slow.len);
		}
	}
}

static void full_is_remembered(void **state)
{
	char data[4];
	struct buf b = { .data = data, .size = sizeof(data) };

	(void)state;
	buf_text(&b, "abc");
	assert_false(b.full);
	buf_text(&b, "de");
	assert_true(b.full);
	buf_char(&b, 'd');
	assert_int_equal(b.len, 4);
	buf_char(&b, 'e');
	assert_int_equal(b.len, 4);
	assert_true(b.full);
	assert_memory_equal(data, "abcd", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(lengths_of_integers),
		cmocka_unit_test(least_integer),
		cmocka_unit_test(hex),
		cmocka_unit_test(base64),
		cmocka_unit_test(json),
		cmocka_unit_test(full_is_remembered),
		cmocka_unit_test(json_in_strides),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
