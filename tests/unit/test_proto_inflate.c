/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <isa-l/igzip_lib.h>

#include "engine/proto/brotli_memory.h"
#include "engine/proto/inflate.h"
#include "tests/unit/guard.h"
#include "tests/unit/inflate_rows.h"

static const struct inflate_options options = { .chains = 4,
						.deflates = 6,
						.brotlis = 2,
						.brotli_bytes = 40u << 20,
						.output_max = 0,
						.bomb_ratio = 0 };

static const uint8_t plain[] = "EICAR-ABCDEFGHIJKLMNOP, no encoding at all";

#define ROW(codings, bytes) codings, bytes, sizeof(bytes)

static const struct {
	const char *codings; /* g, d, b: in the order in which they were applied */
	const uint8_t *data;
	size_t len;
	const char *expect;
	bool prefix; /* the beginning of expect, at least half of it */
} rows[] = {
	{ ROW("g", gz_bytes), INFLATE_TEXT, false },
	{ ROW("d", zl_bytes), INFLATE_TEXT, false },
	{ ROW("d", raw_bytes), INFLATE_TEXT, false },
	{ ROW("b", br_bytes), INFLATE_TEXT, false },
	{ ROW("gg", gzgz_bytes), INFLATE_TEXT, false },
	{ ROW("ggg", gz3_bytes), INFLATE_TEXT, false },
	{ ROW("dg", zlgz_bytes), INFLATE_TEXT, false },
	{ ROW("bg", brgz_bytes), INFLATE_TEXT, false },
	{ ROW("gb", gzbr_bytes), INFLATE_TEXT, false },
	/* Wrong labels. */
	{ ROW("g", zl_bytes), INFLATE_TEXT, false },
	{ ROW("g", raw_bytes), INFLATE_TEXT, false },
	{ ROW("d", gz_bytes), INFLATE_TEXT, false },
	{ ROW("b", gz_bytes), INFLATE_TEXT, false },
	{ ROW("gg", gz_bytes), INFLATE_TEXT, false },
	{ ROW("gd", zl_bytes), INFLATE_TEXT, false },
	{ ROW("g", plain), (const char *)plain, false },
	{ ROW("d", plain), (const char *)plain, false },
	{ ROW("b", plain), (const char *)plain, false },
	{ ROW("gb", plain), (const char *)plain, false },
	/* gzip's header with all that it may have; members; what stands behind. */
	{ ROW("g", extra_bytes), INFLATE_TEXT, false },
	{ ROW("g", names_bytes), INFLATE_TEXT, false },
	{ ROW("g", two_bytes), INFLATE_TEXT, false },
	{ ROW("g", tail_bytes), INFLATE_TEXT, false },
	{ ROW("g", cut_bytes), INFLATE_TEXT, true },
	{ ROW("g", head_bytes), "", false },
};

static struct inflate *open_row(struct inflate_pool *p, const char *codings)
{
	enum inflate_coding list[INFLATE_LAYERS_MAX];
	size_t n = strlen(codings);

	for (size_t i = 0; i < n; i++)
		list[i] = codings[i] == 'g'   ? INFLATE_GZIP
			  : codings[i] == 'd' ? INFLATE_DEFLATE
					      : INFLATE_BROTLI;
	return inflate_open(p, list, n);
}

static void check(struct inflate_pool *p, size_t row, const size_t *cuts, size_t count)
{
	char out[1024];
	size_t len = 0;
	size_t done = 0;
	struct inflate *z = open_row(p, rows[row].codings);
	const char *expect = rows[row].expect;
	size_t want = rows[row].data == plain || expect == (const char *)plain ? sizeof(plain)
									       : strlen(expect);

	assert_non_null(z);
	for (size_t i = 0; i <= count; i++) {
		size_t end = i < count ? cuts[i] : rows[row].len;
		struct bytes in =
			bytes_of(guard_copy(rows[row].data + done, end - done), end - done);
		struct inflate_event ev;

		while (inflate_next(z, &in, i == count, &ev) == FEED_EVENT) {
			assert_false(ev.is_odd);
			assert_true(len + ev.data.len <= sizeof(out));
			memcpy(out + len, ev.data.data, ev.data.len);
			len += ev.data.len;
		}
		assert_int_equal(in.len, 0);
		done = end;
		guard_free_all();
	}
	if (rows[row].prefix) {
		assert_true(len >= want / 2 && len < want);
		want = len;
	}
	if (len != want || memcmp(out, expect, len) != 0)
		fail_msg("row %zu (%s): %zu bytes: %.*s", row, rows[row].codings, len, (int)len,
			 out);
	inflate_close(z);
}

static void test_rows(void **state)
{
	struct inflate_pool *p;

	(void)state;
	assert_int_equal(inflate_pool_new(&options, &p), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t all[256];

		check(p, i, NULL, 0);
		for (size_t k = 0; k < rows[i].len; k++) {
			check(p, i, &k, 1);
			all[k] = k;
		}
		check(p, i, all, rows[i].len);
	}
	assert_int_equal(inflate_pool_refused(p), 0);
	inflate_pool_free(p);
}

static void test_pairs(void **state)
{
	struct inflate_pool *p;

	(void)state;
	assert_int_equal(inflate_pool_new(&options, &p), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t a = 1; a < rows[i].len; a += 5)
			for (size_t b = a + 1; b < rows[i].len; b += 7) {
				size_t cuts[] = { a, b };

				check(p, i, cuts, 2);
			}
	inflate_pool_free(p);
}

/* --- large streams ------------------------------------------------------------------ */

/* n bytes of zeros, or of text that repeats little, as gzip. */
static uint8_t *make_gzip(size_t n, bool zeros, size_t *len)
{
	static uint8_t source[1 << 16];
	size_t room = zeros ? n / 100 + 4096 : n + n / 2 + 4096;
	uint8_t *out = malloc(room);
	struct isal_zstream z;
	uint32_t seed = 1;

	assert_non_null(out);
	for (size_t i = 0; i < sizeof(source); i++) {
		seed = seed * 1103515245 + 12345;
		source[i] = zeros ? 0 : (uint8_t)('a' + (seed >> 16) % 26);
	}
	isal_deflate_init(&z);
	z.gzip_flag = IGZIP_GZIP;
	z.next_out = out;
	z.avail_out = (uint32_t)room;
	do {
		z.next_in = source;
		z.avail_in = n < sizeof(source) ? (uint32_t)n : (uint32_t)sizeof(source);
		n -= z.avail_in;
		z.end_of_stream = n == 0;
		assert_int_equal(isal_deflate(&z), COMP_OK);
	} while (n);
	*len = room - z.avail_out;
	return out;
}

struct sums {
	uint64_t bytes;
	uint32_t events;
	uint32_t odd;
	size_t largest;
};

static struct sums run_all(struct inflate *z, const uint8_t *data, size_t len, size_t step)
{
	struct sums s = { .odd = APP_EVENT__COUNT };

	for (size_t at = 0; at < len; at += step) {
		struct bytes in = bytes_of(data + at, len - at < step ? len - at : step);
		bool last = at + step >= len;
		struct inflate_event ev;

		while (inflate_next(z, &in, last, &ev) == FEED_EVENT) {
			if (ev.is_odd) {
				s.odd = ev.odd;
				s.events++;
			}
			s.bytes += ev.data.len;
			if (ev.data.len > s.largest)
				s.largest = ev.data.len;
		}
	}
	return s;
}

static void test_large(void **state)
{
	struct inflate_pool *p;
	size_t len;
	uint8_t *data = make_gzip(3u << 20, false, &len);
	static const size_t steps[] = { 1, 7, 1400, 100000, 1u << 30 };

	(void)state;
	assert_int_equal(inflate_pool_new(&options, &p), 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct inflate *z = open_row(p, "g");
		struct sums s = run_all(z, data, len, steps[i]);

		assert_int_equal(s.bytes, 3u << 20);
		assert_int_equal(s.events, 0);
		assert_true(s.largest <= INFLATE_PIECE);
		inflate_close(z);
	}
	free(data);
	inflate_pool_free(p);
}

/* 1 GiB of zeros in a megabyte, and that again in a kilobyte or two. */
static void test_bombs(void **state)
{
	struct inflate_options o = options;
	struct inflate_pool *p;
	size_t len;
	uint8_t *bomb = make_gzip(1u << 30, true, &len);
	struct inflate *z;
	struct sums s;

	(void)state;
	o.bomb_ratio = 100;
	o.bomb_bytes = 1 << 20;
	assert_int_equal(inflate_pool_new(&o, &p), 0);
	z = open_row(p, "g");
	s = run_all(z, bomb, len, 1400);
	assert_int_equal(s.events, 1);
	assert_int_equal(s.odd, APP_EVENT_HTTP_COMPRESSION_BOMB);
	assert_true(s.bytes <= (2u << 20));
	inflate_close(z);
	inflate_pool_free(p);

	o = options;
	o.output_max = 10 << 20;
	assert_int_equal(inflate_pool_new(&o, &p), 0);
	z = open_row(p, "gg");
	s = run_all(z, bomb, len, 1400);
	assert_int_equal(s.events, 1);
	assert_true(s.bytes <= (11u << 20));
	inflate_close(z);
	inflate_pool_free(p);
	free(bomb);
}

/* A stored block of 2,000 bytes, then a block of the type that is none. */
static void test_broken(void **state)
{
	static uint8_t data[2100] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0, 0xd0, 7, 0x2f, 0xf8 };
	struct inflate_pool *p;
	struct inflate *z;
	struct sums s;

	(void)state;
	assert_int_equal(inflate_pool_new(&options, &p), 0);
	memset(data + 15, 'a', 2000);
	memset(data + 2015, 0xff, 85);
	for (size_t step = 1; step < 3000; step += 700) {
		z = open_row(p, "g");
		s = run_all(z, data, sizeof(data), step);
		assert_int_equal(s.odd, APP_EVENT_HTTP_GZIP_DECOMPRESSION_FAILED);
		assert_int_equal(s.events, 1);
		assert_int_equal(s.bytes, 2000);
		inflate_close(z);
	}
	/* A dictionary that nobody has: the bytes as they came. */
	z = open_row(p, "d");
	s = run_all(z, dict_bytes, sizeof(dict_bytes), 1400);
	assert_int_equal(s.bytes, sizeof(dict_bytes));
	inflate_close(z);
	inflate_pool_free(p);
}

static void test_pool_ends(void **state)
{
	struct inflate_pool *p;
	struct inflate *open[4];
	const enum inflate_coding many[] = { 0, 0, 0, 0, 0 };

	(void)state;
	assert_int_equal(inflate_pool_new(&options, &p), 0);
	assert_true(inflate_pool_bytes(&options) > 2 * options.brotli_bytes);
	open[0] = open_row(p, "gg");
	open[1] = open_row(p, "gg");
	open[2] = open_row(p, "gg");
	assert_non_null(open[2]);
	assert_null(open_row(p, "g"));
	assert_int_equal(inflate_pool_refused(p), 1);
	inflate_close(open[0]);
	open[0] = open_row(p, "gg");
	assert_non_null(open[0]);
	/* br does without a second decoder for mislabelled gzip. */
	open[3] = open_row(p, "b");
	assert_non_null(open[3]);
	assert_null(open_row(p, "b"));
	assert_null(inflate_open(p, many, 5));
	assert_null(inflate_open(p, many, 0));
	for (size_t i = 0; i < 4; i++)
		inflate_close(open[i]);
	inflate_close(NULL);
	inflate_pool_free(p);
	inflate_pool_free(NULL);
}

#define LABEL(value, expect, odd) \
	{ \
		value, sizeof(value) - 1, expect, odd \
	}

static void test_labels(void **state)
{
	static const struct {
		const char *value;
		size_t len;
		const char *expect;
		int odd;
	} table[] = {
		LABEL("gzip", "g", -1),
		LABEL("x-gzip", "g", -1),
		LABEL("GZIP", "g", -1),
		LABEL("deflate", "d", -1),
		LABEL("br", "b", -1),
		LABEL("identity", "", -1),
		LABEL("", "", -1),
		LABEL("deflate, gzip", "dg", -1),
		LABEL("gzip,gzip,gzip", "gg", APP_EVENT_HTTP_TOO_MANY_ENCODING_LAYERS),
		LABEL("deflate,gzip,br", "gb", APP_EVENT_HTTP_TOO_MANY_ENCODING_LAYERS),
		LABEL("\0gzip", "g", -1),
		LABEL("gzip\0", "g", -1),
		LABEL("\0", "", -1),
		LABEL("foo", "", APP_EVENT_HTTP_ABNORMAL_CE_HEADER),
		LABEL("gzip foo", "g", APP_EVENT_HTTP_ABNORMAL_CE_HEADER),
		LABEL("foogzip", "g", APP_EVENT_HTTP_ABNORMAL_CE_HEADER),
		LABEL("gzip;q=1", "g", APP_EVENT_HTTP_ABNORMAL_CE_HEADER),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		enum inflate_coding got[4];
		enum app_event odd;
		size_t len = table[i].len;
		size_t n = inflate_codings(bytes_of(guard_copy(table[i].value, len), len), 2, got,
					   &odd);

		assert_int_equal(n, strlen(table[i].expect));
		for (size_t k = 0; k < n; k++)
			assert_int_equal("gdb"[got[k]], table[i].expect[k]);
		assert_int_equal(odd, table[i].odd < 0 ? (int)APP_EVENT__COUNT : table[i].odd);
		guard_free_all();
	}
}

static void test_brotli_memory(void **state)
{
	static uint8_t region[1 << 16];
	struct brotli_memory m = { .base = region, .size = sizeof(region) };
	uint8_t *a;
	uint8_t *b;

	(void)state;
	a = brotli_memory_alloc(&m, 1000);
	b = brotli_memory_alloc(&m, 1000);
	assert_non_null(a);
	assert_non_null(b);
	memset(a, 1, 1000);
	memset(b, 2, 1000);
	assert_int_equal(a[999], 1);
	brotli_memory_free(&m, a);
	assert_ptr_equal(brotli_memory_alloc(&m, 990), a);
	assert_null(brotli_memory_alloc(&m, sizeof(region)));
	assert_null(brotli_memory_alloc(&m, SIZE_MAX));
	for (size_t len = 1; len < 3000; len++) {
		uint8_t *c;

		brotli_memory_reset(&m);
		c = brotli_memory_alloc(&m, len);
		assert_non_null(c);
		memset(c, 3, len);
		assert_true(m.used >= len && m.used <= len + len / 8 + 128);
	}
	brotli_memory_free(&m, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),   cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_large),  cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_broken), cmocka_unit_test(test_pool_ends),
		cmocka_unit_test(test_labels), cmocka_unit_test(test_brotli_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
