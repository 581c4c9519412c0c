/* SPDX-License-Identifier: Apache-2.0 */
/* Stages: one batch in so many is counted, and a stage inside another is not counted in that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/base/stage.h"

static void nobody_asks(void **state)
{
	(void)state;
	stages_here = NULL;
	stage_batch(16);
	assert_int_equal(stage_enter(STAGE_APP), STAGE_APP);
}

static void one_in_so_many(void **state)
{
	struct stages s = { .packets = 0 };

	(void)state;
	stages_here = &s;
	for (unsigned i = 0; i < 3 * STAGE_SAMPLE; i++) {
		stage_batch(16);
		assert_ptr_equal(stages_sampled, i % STAGE_SAMPLE ? NULL : &s);
		stage_enter(STAGE_DECODE);
		stage_enter(STAGE_CAPTURE);
	}
	assert_int_equal(s.packets, 3 * 16);
	stages_here = NULL;
}

/* Time passes while this runs; the counter may be coarse. */
static void wait_for(const uint64_t *cycles, enum stage here)
{
	uint64_t before = *cycles;

	while (*cycles - before < 100000)
		stage_enter(here);
}

static void inside_one_another(void **state)
{
	struct stages s = { .packets = 0 }, sum = { .packets = 1 };
	enum stage before;
	uint64_t outer;

	(void)state;
	stages_here = &s;
	stage_batch(1);
	stage_enter(STAGE_OUTPUT);
	wait_for(&s.cycles[STAGE_OUTPUT], STAGE_OUTPUT);
	before = stage_enter(STAGE_PREFILTER);
	assert_int_equal(before, STAGE_OUTPUT);
	outer = s.cycles[STAGE_OUTPUT];
	wait_for(&s.cycles[STAGE_PREFILTER], STAGE_PREFILTER);
	assert_int_equal(stage_enter(before), STAGE_PREFILTER);
	assert_int_equal(s.cycles[STAGE_OUTPUT], outer);
	assert_true(s.cycles[STAGE_PREFILTER] >= 100000);
	assert_int_equal(s.cycles[STAGE_APP], 0);
	stages_add(&sum, &s);
	assert_int_equal(sum.packets, 2);
	assert_int_equal(sum.cycles[STAGE_PREFILTER], s.cycles[STAGE_PREFILTER]);
	stages_here = NULL;
}

static void names(void **state)
{
	(void)state;
	for (int i = 0; i < STAGE__COUNT; i++)
		assert_non_null(stage_name((enum stage)i));
	assert_string_equal(stage_name(STAGE_PREFILTER), "prefilter");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_asks),
		cmocka_unit_test(one_in_so_many),
		cmocka_unit_test(inside_one_another),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
