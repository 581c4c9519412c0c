/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts: the worst of a frame's packets, settled once a batch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/run/verdict.h"
#include "parser/rule.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *raised; /* "FRAME:VERDICT ..." */
	unsigned count;
	const char *settled; /* the calls: "FRAME verdict," */
	uint64_t counts[VERDICT__COUNT];
} rows[] = {
	{ "", 0, "", { 0, 0, 0, 0 } },
	{ "", 3, "", { 3, 0, 0, 0 } },
	{ "0:2", 3, "0 drop,", { 2, 0, 1, 0 } },
	{ "2:1 0:3", 3, "0 reject,2 pass,", { 1, 1, 0, 1 } },
	/* The worst stays, in whatever order it was said. */
	{ "1:2 1:1", 2, "1 drop,", { 1, 0, 1, 0 } },
	{ "1:1 1:2 1:3 1:2", 2, "1 reject,", { 1, 0, 0, 1 } },
	/* What is not in the batch is not settled, nor kept for the next one. */
	{ "5:2", 2, "", { 2, 0, 0, 0 } },
	{ "63:2 64:2 4000000000:2", 64, "63 drop,", { 63, 0, 1, 0 } },
};

struct calls {
	char text[256];
};

static void called(void *ctx, unsigned frame, enum verdict v)
{
	struct calls *c = ctx;
	size_t len = strlen(c->text);

	snprintf(c->text + len, sizeof(c->text) - len, "%u %s,", frame, verdict_name(v));
}

static void batches(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct verdicts v = { .settled = { 0 } };
		struct calls calls = { "" };
		unsigned frame, verdict;
		int used;

		for (const char *at = rows[i].raised;
		     sscanf(at, "%u:%u%n", &frame, &verdict, &used) == 2; at += used)
			verdict_raise(&v, frame, (enum verdict)verdict);
		verdict_settle(&v, rows[i].count, called, &calls);
		assert_string_equal(calls.text, rows[i].settled);
		assert_memory_equal(v.settled, rows[i].counts, sizeof(v.settled));
		/* The next batch begins with none. */
		verdict_settle(&v, LIVE_BATCH, called, &calls);
		assert_string_equal(calls.text, rows[i].settled);
		verdict_settle(&v, 1, NULL, NULL);
	}
}

static void actions(void **state)
{
	static const enum verdict of[ACTION__COUNT] = {
		[ACTION_ALERT] = VERDICT_NONE,	      [ACTION_PASS] = VERDICT_PASS,
		[ACTION_DROP] = VERDICT_DROP,	      [ACTION_REJECT] = VERDICT_REJECT,
		[ACTION_REJECT_DST] = VERDICT_REJECT, [ACTION_REJECT_BOTH] = VERDICT_REJECT,
	};

	(void)state;
	for (uint8_t a = 0; a < ACTION__COUNT; a++)
		assert_int_equal(verdict_of_action(a), of[a]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batches),
		cmocka_unit_test(actions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
