/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void pieces_do_not_overlap(void **state)
{
	static const size_t lens[] = { 1, 0, 16, 17, 100, 70000, 3, 16384, 16385, 65536, 5 };
	uint8_t *at[sizeof(lens) / sizeof(lens[0])];
	struct arena a;

	(void)state;
	arena_init(&a);
	for (unsigned round = 0; round < 50; round++) {
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			at[i] = arena_alloc(&a, lens[i]);
			assert_non_null(at[i]);
			assert_int_equal((uintptr_t)at[i] % 16, 0);
			for (size_t j = 0; j < lens[i]; j++)
				assert_int_equal(at[i][j], 0);
			memset(at[i], (int)i + 1, lens[i]);
		}
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
			for (size_t j = 0; j < lens[i]; j++)
				assert_int_equal(at[i][j], i + 1);
	}
	assert_true(a.total_bytes > 50u * 168447);
	arena_fini(&a);
	assert_int_equal(a.total_bytes, 0);
	arena_fini(&a);
	arena_fini(NULL);
}

static void copies(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_memory_equal(arena_copy(&a, "a\0b", 3), "a\0b", 3);
	assert_non_null(arena_copy(&a, NULL, 0));
	assert_string_equal(arena_string(&a, "weirdness", 4), "weir");
	assert_string_equal(arena_string(&a, NULL, 0), "");
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_string(&a, "", SIZE_MAX));
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_do_not_overlap),
		cmocka_unit_test(copies),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
