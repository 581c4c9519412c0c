/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/counter.h"
#include "engine/base/event.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void every_event_is_found_by_its_name(void **state)
{
	(void)state;
	for (int e = 0; e < EVENT__COUNT; e++) {
		const char *name = event_name((enum event)e);
		int stream = !event_is_decode((enum event)e);
		size_t len = strlen(name);

		assert_true(len > 0);
		assert_string_equal(event_layer((enum event)e), stream ? "stream" : "decoder");
		assert_int_equal(event_find((const char *)guard_copy(name, len), len, stream), e);
		assert_int_equal(event_find(name, len, !stream), -1);
		assert_int_equal(event_find(name, len - 1, stream), -1);
		guard_free_all();
	}
}

static void known_names(void **state)
{
	(void)state;
	assert_string_equal(event_name(EVENT_DECODE_IPV4_TRUNC_PKT), "ipv4.trunc_pkt");
	assert_string_equal(event_name(EVENT_STREAM_3WHS_ACK_IN_WRONG_DIR),
			    "3whs_ack_in_wrong_dir");
	assert_int_equal(event_find("", 0, 0), -1);
	assert_int_equal(event_find((const char *)guard_copy("too_many_layers\0x", 17), 17, 0), -1);
	assert_int_equal(event_find("no.such_event", 13, 1), -1);
}

static void every_counter_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int c = 0; c < COUNTER__COUNT; c++) {
		assert_non_null(counter_name((enum counter)c));
		for (int d = 0; d < c; d++)
			assert_string_not_equal(counter_name((enum counter)c),
						counter_name((enum counter)d));
	}
}

static void counters_are_added_up(void **state)
{
	static struct counters sum, one, two;

	(void)state;
	for (int c = 0; c < COUNTER__COUNT; c++) {
		one.value[c] = (uint64_t)c + 10;
		two.value[c] = (uint64_t)c + 5;
	}
	for (int e = 0; e < EVENT__COUNT; e++)
		one.event[e] = two.event[e] = (uint64_t)e;
	counters_add(&sum, &one);
	counters_add(&sum, &two);
	for (int c = 0; c < COUNTER__COUNT; c++)
		assert_int_equal(sum.value[c],
				 c == COUNTER_DECODER_MAX_PKT_SIZE ? c + 10 : 2 * c + 15);
	for (int e = 0; e < EVENT__COUNT; e++)
		assert_int_equal(sum.event[e], 2 * e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_is_found_by_its_name),
		cmocka_unit_test(known_names),
		cmocka_unit_test(every_counter_has_a_name_of_its_own),
		cmocka_unit_test(counters_are_added_up),
	};

	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
