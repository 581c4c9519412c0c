/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <sys/mman.h>

#include "engine/base/buffers.h"
#include "engine/base/prealloc.h"

static void all_pieces_and_no_more(void **state)
{
	struct pool p;
	bool seen[6] = { false };

	(void)state;
	assert_int_equal(pool_init(&p, 24, 5), 0);
	for (unsigned i = 0; i < 5; i++) {
		uint32_t index = pool_get(&p);

		assert_in_range(index, 1, 5);
		assert_false(seen[index]);
		seen[index] = true;
		memset(pool_at(&p, index), 0xff, 24);
	}
	assert_int_equal(pool_get(&p), 0);
	assert_int_equal(pool_get(&p), 0);
	assert_int_equal(p.refused, 2);
	assert_int_equal(p.used, 5);
	assert_int_equal(p.high, 5);
	pool_fini(&p);
}

static void pieces_come_back_zeroed(void **state)
{
	static const uint8_t zero[40];
	struct pool p;
	uint32_t a, b;

	(void)state;
	assert_int_equal(pool_init(&p, sizeof(zero), 3), 0);
	a = pool_get(&p);
	b = pool_get(&p);
	memset(pool_at(&p, a), 0xee, sizeof(zero));
	memset(pool_at(&p, b), 0xee, sizeof(zero));
	pool_put(&p, a);
	pool_put(&p, b);
	pool_put(&p, 0);
	assert_int_equal(p.used, 0);
	/* The last one given back is warm and comes first. */
	assert_int_equal(pool_get(&p), b);
	assert_int_equal(pool_get(&p), a);
	assert_memory_equal(pool_at(&p, a), zero, sizeof(zero));
	assert_memory_equal(pool_at(&p, b), zero, sizeof(zero));
	/* Old pieces are used again before a new one is touched. */
	assert_int_equal(p.high, 2);
	pool_fini(&p);
}

static void reserves_without_taking(void **state)
{
	struct pool p;

	(void)state;
	/* 64 GiB of addresses. */
	assert_int_equal(pool_init(&p, 1024, 64u << 20), 0);
	assert_int_equal(pool_get(&p), 1);
	pool_fini(&p);
	pool_fini(&p);
	pool_fini(NULL);
}

#define PAGE 4096
#define PAGES 256

static unsigned pages_in_memory(void *base)
{
	unsigned char in[PAGES];
	unsigned n = 0;

	assert_int_equal(mincore(base, PAGES * PAGE, in), 0);
	for (unsigned i = 0; i < PAGES; i++)
		n += in[i] & 1;
	return n;
}

/* An eighth, but no more than was said; nothing where nothing was. */
static void first_part_in_memory(void **state)
{
	static const struct {
		size_t most;
		unsigned pages;
	} rows[] = { { 0, 0 }, { 16 * PAGE, 16 }, { 1u << 30, PAGES / 8 }, { PAGE - 1, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buffers b;
		struct pool p;

		prealloc_set(rows[i].most);
		assert_int_equal(pool_init(&p, 1024, PAGES * PAGE / 1024 - 1), 0);
		assert_int_equal(buffers_init(&b, (uint64_t)PAGES * PAGE), 0);
		prealloc_set(0);
		assert_int_equal(pages_in_memory(p.base), rows[i].pages);
		assert_int_equal(pages_in_memory(b.base), rows[i].pages);
		pool_fini(&p);
		buffers_fini(&b);
	}
}

static void impossible_sizes(void **state)
{
	struct pool p;

	(void)state;
	assert_int_equal(pool_init(&p, 0, 1), -EINVAL);
	assert_int_equal(pool_init(&p, 4, 1), -EINVAL);
	assert_int_equal(pool_init(&p, 12, 1), -EINVAL);
	assert_int_equal(pool_init(&p, 8, UINT32_MAX), -EINVAL);
	assert_int_equal(pool_init(&p, SIZE_MAX & ~(size_t)7, 2), -EINVAL);
	pool_fini(&p);
	/* None at all is a pool that is always full. */
	assert_int_equal(pool_init(&p, 8, 0), 0);
	assert_int_equal(pool_get(&p), 0);
	pool_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pieces_and_no_more),
		cmocka_unit_test(pieces_come_back_zeroed),
		cmocka_unit_test(reserves_without_taking),
		cmocka_unit_test(first_part_in_memory),
		cmocka_unit_test(impossible_sizes),
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
