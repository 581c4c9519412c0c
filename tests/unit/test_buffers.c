/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/buffers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

static void orders(void **state)
{
	static const struct {
		size_t len;
		unsigned order;
	} row[] = {
		{ 1, 0 },	 { 1024, 0 },	   { 1025, 1 },		  { 2048, 1 },
		{ 4096, 2 },	 { 1 << 20, 10 },  { (1 << 20) + 1, 11 }, { 4 << 20, 12 },
		{ 5 << 20, 13 }, { SIZE_MAX, 13 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(buffers_order(row[i].len), row[i].order);
}

static void the_budget_and_no_more(void **state)
{
	struct buffers b;
	uint32_t block[16];

	(void)state;
	assert_int_equal(buffers_init(&b, 16 * 1024), 0);
	assert_int_equal(buffers_get(&b, 5), 0);
	for (unsigned i = 0; i < 16; i++) {
		block[i] = buffers_get(&b, 0);
		assert_int_not_equal(block[i], 0);
		memset(buffers_at(&b, block[i]), (int)i, BUFFER_MIN_BYTES);
	}
	assert_int_equal(buffers_get(&b, 0), 0);
	assert_int_equal(b.used_bytes, 16 * 1024);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(buffers_at(&b, block[i])[BUFFER_MIN_BYTES - 1], i);
	/* Every second one free: no two are neighbours that belong together. */
	for (unsigned i = 0; i < 16; i += 2)
		buffers_put(&b, block[i], 0);
	assert_int_equal(buffers_get(&b, 1), 0);
	for (unsigned i = 1; i < 16; i += 2)
		buffers_put(&b, block[i], 0);
	assert_int_equal(b.used_bytes, 0);
	assert_int_equal(buffers_get(&b, 4), 1);
	buffers_fini(&b);
	buffers_fini(NULL);
}

/* Random work: no two blocks overlap, and all of it comes together again. */
static void blocks_never_overlap(void **state)
{
	enum { UNITS = 4096, LIVE = 300 };
	static uint16_t owner[UNITS];
	static struct {
		uint32_t block;
		unsigned order;
	} live[LIVE];
	uint32_t seed = 1;
	struct buffers b;

	(void)state;
	assert_int_equal(buffers_init(&b, (uint64_t)UNITS * BUFFER_MIN_BYTES), 0);
	for (unsigned i = 0; i < 60000; i++) {
		unsigned k, order;

		seed = seed * 1664525 + 1013904223;
		k = (seed >> 8) % LIVE;
		order = (seed >> 24) % 7;
		if (live[k].block) {
			for (unsigned u = 0; u < 1u << live[k].order; u++) {
				assert_int_equal(owner[live[k].block - 1 + u], k + 1);
				owner[live[k].block - 1 + u] = 0;
			}
			buffers_put(&b, live[k].block, live[k].order);
			live[k].block = 0;
			continue;
		}
		live[k].block = buffers_get(&b, order);
		live[k].order = order;
		for (unsigned u = 0; live[k].block && u < 1u << order; u++) {
			assert_int_equal(owner[live[k].block - 1 + u], 0);
			owner[live[k].block - 1 + u] = (uint16_t)(k + 1);
		}
	}
	for (unsigned k = 0; k < LIVE; k++)
		buffers_put(&b, live[k].block, live[k].order);
	assert_int_equal(b.used_bytes, 0);
	assert_int_not_equal(buffers_get(&b, BUFFER_ORDERS - 1), 0);
	buffers_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders),
		cmocka_unit_test(the_budget_and_no_more),
		cmocka_unit_test(blocks_never_overlap),
	};

	return cmocka_run_group_tests_name("stream_buffers", tests, NULL, NULL);
}
