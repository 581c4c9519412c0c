/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "engine/detect/threshold.h"

#define S 1000000000ll

static const struct hash_key key = { 1, 2 };

/* One match a letter, at times (seconds) in turn: 's' it shows, 'q' silent, '-' no match. */
static const struct row {
	const char *name;
	struct threshold t;
	const char *times; /* one decimal digit a match */
	const char *expect;
} rows[] = {
	{ "limit 1", { THRESHOLD_LIMIT, TRACK_BY_SRC, 1, 5, 0 }, "0123", "sqqq" },
	{ "limit 2", { THRESHOLD_LIMIT, TRACK_BY_SRC, 2, 5, 0 }, "0123", "ssqq" },
	{ "limit 1, next interval", { THRESHOLD_LIMIT, TRACK_BY_SRC, 1, 3, 0 }, "01348", "sqqss" },
	{ "threshold 1", { THRESHOLD_THRESHOLD, TRACK_BY_SRC, 1, 5, 0 }, "0129", "ssss" },
	{ "threshold 3", { THRESHOLD_THRESHOLD, TRACK_BY_SRC, 3, 9, 0 }, "0123456", "--s--s-" },
	{ "threshold 2, too late", { THRESHOLD_THRESHOLD, TRACK_BY_SRC, 2, 2, 0 }, "0345", "--s-" },
	{ "both 1", { THRESHOLD_BOTH, TRACK_BY_SRC, 1, 5, 0 }, "0127", "sqqs" },
	{ "both 3", { THRESHOLD_BOTH, TRACK_BY_SRC, 3, 5, 0 }, "012345", "--sqqq" },
	{ "both 2, next interval", { THRESHOLD_BOTH, TRACK_BY_SRC, 2, 2, 0 }, "00233", "-sq-s" },
	{ "filter 2", { THRESHOLD_DETECTION_FILTER, TRACK_BY_SRC, 2, 9, 0 }, "01234", "--sss" },
	{ "filter 2, next interval",
	  { THRESHOLD_DETECTION_FILTER, TRACK_BY_SRC, 2, 2, 0 },
	  "0124556",
	  "--s--ss" },
	{ "backoff 1, 2", { THRESHOLD_BACKOFF, TRACK_BY_FLOW, 1, 0, 2 }, "00000000", "ssqsqqqs" },
	{ "backoff 3, 2", { THRESHOLD_BACKOFF, TRACK_BY_FLOW, 3, 0, 2 }, "0000000", "qqsqqsq" },
};

static struct threshold_match match_of(const struct threshold *t, int64_t time_ns)
{
	static const uint8_t a[4] = { 10, 0, 0, 1 }, b[4] = { 10, 0, 0, 2 };

	return (struct threshold_match){ .gid = 1,
					 .sid = 7,
					 .threshold = *t,
					 .src = ip_addr_v4(a),
					 .dst = ip_addr_v4(b),
					 .ip_version = 4,
					 .flow = 9,
					 .time_ns = time_ns };
}

static struct threshold_table *table(uint32_t max)
{
	struct threshold_table *t;

	assert_int_equal(threshold_table_new(max, &key, &t), 0);
	return t;
}

static void each_type(void **state)
{
	static const char letter[] = {
		[THRESHOLD_NO_MATCH] = '-', [THRESHOLD_SHOW] = 's', [THRESHOLD_SILENT] = 'q'
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct threshold_table *t = table(16);
		char got[32] = "";

		for (size_t k = 0; rows[i].times[k]; k++) {
			struct threshold_match m =
				match_of(&rows[i].t, (rows[i].times[k] - '0') * S);

			got[k] = letter[threshold_decide(t, &m)];
		}
		if (strcmp(got, rows[i].expect) != 0)
			fail_msg("%s: expected %s, got %s", rows[i].name, rows[i].expect, got);
		threshold_table_free(t);
	}
}

/* What is tracked tells apart, the rest does not. */
static void tracking(void **state)
{
	static const struct {
		enum threshold_track track;
		bool src, dst, flow, sid; /* another one of these is counted apart */
	} tracks[] = {
		{ TRACK_BY_SRC, true, false, false, true },
		{ TRACK_BY_DST, false, true, false, true },
		{ TRACK_BY_BOTH, true, true, false, true },
		{ TRACK_BY_RULE, false, false, false, true },
		{ TRACK_BY_FLOW, false, false, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tracks) / sizeof(tracks[0]); i++) {
		struct threshold limit = { THRESHOLD_LIMIT, tracks[i].track, 1, 60, 0 };
		struct threshold_match first = match_of(&limit, 0), m;
		struct threshold_table *t = table(16);

		assert_true(threshold_check(t, &first));
		assert_false(threshold_check(t, &first));
		m = first;
		m.src.bytes[3] = 77;
		assert_int_equal(threshold_check(t, &m), tracks[i].src);
		m = first;
		m.dst.bytes[3] = 77;
		assert_int_equal(threshold_check(t, &m), tracks[i].dst);
		m = first;
		m.flow = 77;
		assert_int_equal(threshold_check(t, &m), tracks[i].flow);
		m = first;
		m.sid = 77;
		assert_int_equal(threshold_check(t, &m), tracks[i].sid);
		threshold_table_free(t);
	}
}

/* A full table shows and counts; a tick makes room again. */
static void full(void **state)
{
	struct threshold limit = { THRESHOLD_LIMIT, TRACK_BY_SRC, 1, 10, 0 };
	struct threshold_table *t = table(2);
	struct threshold_match m = match_of(&limit, 0);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		m.src.bytes[0] = (uint8_t)i;
		assert_true(threshold_check(t, &m));
		assert_int_equal(threshold_check(t, &m), i >= 2);
	}
	assert_int_equal(threshold_refused(t), 4);
	threshold_tick(t, 10 * S); /* still within the interval */
	assert_true(threshold_check(t, &m));
	threshold_tick(t, 11 * S);
	m.time_ns = 11 * S;
	assert_true(threshold_check(t, &m));
	assert_false(threshold_check(t, &m));
	threshold_table_free(t);
}

/* What the end of an old flow finds does not make an entry old. */
static void match_from_the_past(void **state)
{
	struct threshold limit = { THRESHOLD_LIMIT, TRACK_BY_SRC, 1, 10, 0 };
	struct threshold_table *t = table(2);
	struct threshold_match m = match_of(&limit, 100 * S);

	(void)state;
	assert_true(threshold_check(t, &m));
	m.time_ns = 40 * S;
	assert_false(threshold_check(t, &m));
	threshold_tick(t, 101 * S);
	m.time_ns = 101 * S;
	assert_false(threshold_check(t, &m));
	threshold_table_free(t);
}

static void a_pair_has_no_direction(void **state)
{
	struct threshold limit = { THRESHOLD_LIMIT, TRACK_BY_BOTH, 1, 10, 0 };
	struct threshold_table *t = table(2);
	struct threshold_match m = match_of(&limit, 0), back = m;

	(void)state;
	back.src = m.dst;
	back.dst = m.src;
	assert_true(threshold_check(t, &m));
	assert_false(threshold_check(t, &back));
	threshold_table_free(t);
}

/* At times (seconds) in turn: 'n' the new action, '-' the rule's own. */
static const struct {
	uint32_t count, seconds, timeout;
	const char *times, *expect;
} rates[] = {
	{ 1, 5, 9, "0123", "-nnn" },   { 2, 5, 9, "0123", "--nn" },	{ 2, 2, 9, "0246", "----" },
	{ 1, 5, 2, "01234", "-nnn-" }, { 1, 5, 2, "012346", "-nnn-n" },
};

static void rates_change_the_action(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct threshold rate = { .track = TRACK_BY_SRC,
					  .count = rates[i].count,
					  .seconds = rates[i].seconds };
		struct threshold_table *t = table(4);
		char got[16] = "";

		for (size_t k = 0; rates[i].times[k]; k++) {
			struct threshold_match m = match_of(&rate, (rates[i].times[k] - '0') * S);

			got[k] = threshold_rate(t, &m, rates[i].timeout) ? 'n' : '-';
		}
		assert_string_equal(got, rates[i].expect);
		threshold_table_free(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_type),
		cmocka_unit_test(tracking),
		cmocka_unit_test(full),
		cmocka_unit_test(match_from_the_past),
		cmocka_unit_test(a_pair_has_no_direction),
		cmocka_unit_test(rates_change_the_action),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
