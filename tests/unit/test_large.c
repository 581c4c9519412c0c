/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/large.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/buffers.h"
#include "engine/base/pool.h"

#define SIZE (8 * LARGE_PAGE_BYTES)

/* What the kernel says of the mapping around an address: it was asked for large pages, and not told otherwise. */
static bool is_asked_for(const void *address)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[1024];
	bool within = false, asked = false;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		uintptr_t low, high;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &low, &high) == 2)
			within = (uintptr_t)address >= low && (uintptr_t)address < high;
		else if (within && !strncmp(line, "VmFlags:", 8))
			asked = strstr(line, " hg") != NULL;
	}
	fclose(f);
	return asked;
}

static void only_where_wanted(void **state)
{
	(void)state;
	for (int wanted = 0; wanted < 2; wanted++) {
		uint8_t *p;

		large_pages_set(wanted);
		p = large_alloc(SIZE + 1);
		assert_non_null(p);
		assert_int_equal(is_asked_for(p + SIZE / 2), wanted);
		/* All of it is there. */
		memset(p, 1, SIZE + 1);
		free(p);
	}
}

static void little_is_plain(void **state)
{
	uint8_t *p;

	(void)state;
	large_pages_set(true);
	p = large_alloc(LARGE_PAGE_BYTES - 1);
	assert_non_null(p);
	assert_false(is_asked_for(p));
	free(p);
	p = large_alloc(0);
	assert_non_null(p);
	free(p);
}

static void pools_follow(void **state)
{
	(void)state;
	for (int wanted = 0; wanted < 2; wanted++) {
		struct pool p;
		struct buffers b;

		large_pages_set(wanted);
		assert_int_equal(pool_init(&p, 64, SIZE / 64), 0);
		/* The first part of a pool is all that most need. */
		assert_false(is_asked_for(p.base));
		assert_int_equal(is_asked_for(p.base + SIZE / 2), wanted);
		pool_fini(&p);
		assert_int_equal(buffers_init(&b, SIZE), 0);
		assert_int_equal(is_asked_for(b.base), wanted);
		buffers_fini(&b);
	}
}

/* A kernel without them has nothing to be asked. */
static bool kernel_has_them(void)
{
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");

	if (f)
		fclose(f);
	return f != NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_where_wanted),
		cmocka_unit_test(little_is_plain),
		cmocka_unit_test(pools_follow),
	};

	if (!kernel_has_them()) {
		printf("1..0 # SKIP the kernel has no transparent large pages\n");
		return 0;
	}
	return cmocka_run_group_tests_name("large", tests, NULL, NULL);
}
