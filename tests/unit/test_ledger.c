/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: which sums hold while a run goes on, after a stop, and without an engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "engine/run/ledger.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static const struct {
	const char *what;
	struct ledger in;
	enum ledger_when when;
	bool holds;
	int64_t in_flight;
	uint64_t lost_worker;
} rows[] = {
	{ "nothing at all", { .entered = 0 }, LEDGER_RUNNING, true, 0, 0 },
	{ "all inspected", { .entered = 5, .inspected = 5 }, LEDGER_RUNNING, true, 0, 0 },
	{ "each term once",
	  { .entered = 21,
	    .inspected = 1,
	    .released = 2,
	    .unwanted = 3,
	    .blocked = 4,
	    .lost = { 1, 2, 3, 4, 1 } },
	  LEDGER_STOPPED,
	  true,
	  0,
	  1 },
	{ "as many in flight as there is room",
	  { .entered = 9, .inspected = 5, .room = 4 },
	  LEDGER_RUNNING,
	  true,
	  4,
	  0 },
	{ "more in flight than there is room",
	  { .entered = 10, .inspected = 5, .room = 4 },
	  LEDGER_RUNNING,
	  false,
	  5,
	  0 },
	{ "more inspected than entered",
	  { .entered = 5, .inspected = 6, .room = 4 },
	  LEDGER_RUNNING,
	  false,
	  -1,
	  0 },
	{ "one lost twice",
	  { .entered = 5, .inspected = 4, .lost = { 1, 1 } },
	  LEDGER_RUNNING,
	  false,
	  -1,
	  0 },
	{ "one left after a stop",
	  { .entered = 6, .inspected = 5, .room = 4 },
	  LEDGER_STOPPED,
	  false,
	  1,
	  0 },
	{ "one too many after a stop",
	  { .entered = 5, .inspected = 6, .room = 4 },
	  LEDGER_STOPPED,
	  false,
	  -1,
	  0 },
	{ "nobody comes for what is in the rings",
	  { .entered = 9, .inspected = 5, .room = 4 },
	  LEDGER_DESERTED,
	  true,
	  0,
	  4 },
	{ "which does not excuse more than fits into them",
	  { .entered = 10, .inspected = 5, .room = 4 },
	  LEDGER_DESERTED,
	  false,
	  5,
	  0 },
	{ "nor too little",
	  { .entered = 4, .inspected = 5, .room = 4 },
	  LEDGER_DESERTED,
	  false,
	  -1,
	  0 },
	{ "what a card lost is no part of it",
	  { .entered = 5, .inspected = 5, .nic_lost = 7, .unsure = 3 },
	  LEDGER_STOPPED,
	  true,
	  0,
	  0 },
};

static void sums(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct ledger l = rows[i].in;
		bool holds = ledger_settle(&l, rows[i].when);

		if (holds != rows[i].holds || l.in_flight != rows[i].in_flight ||
		    l.lost[XDP_LOSS_WORKER] != rows[i].lost_worker)
			print_message("row %zu: %s\n", i, rows[i].what);
		assert_int_equal(holds, rows[i].holds);
		assert_int_equal(l.holds, rows[i].holds);
		assert_int_equal(l.in_flight, rows[i].in_flight);
		assert_int_equal(l.lost[XDP_LOSS_WORKER], rows[i].lost_worker);
	}
}

/* The sum of interfaces holds where each does. */
static void interfaces(void **state)
{
	struct ledger sum = { .entered = 0 };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		if (rows[i].holds && rows[i].when == LEDGER_RUNNING)
			ledger_add(&sum, &rows[i].in);
	}
	assert_true(ledger_settle(&sum, LEDGER_RUNNING));
	assert_int_equal(sum.entered, 14);
	assert_int_equal(sum.in_flight, 4);
	ledger_add(&sum, &(struct ledger){ .entered = 1, .inspected = 9 });
	assert_false(ledger_settle(&sum, LEDGER_RUNNING));
}

/* Each term of capture's books has its place. */
static void of_books(void **state)
{
	struct xdp_ledger books = { .entered = 36,
				    .inspected = 1,
				    .released = 2,
				    .unwanted = 3,
				    .blocked = 4,
				    .lost = { 5, 6, 7, 8, 0 },
				    .room = 9,
				    .unsure = 11 };
	struct ledger l;

	(void)state;
	ledger_of(&books, 12, &l);
	assert_true(ledger_settle(&l, LEDGER_STOPPED));
	assert_int_equal(ledger_lost(&l), 26);
	assert_int_equal(l.room, 9);
	assert_int_equal(l.unsure, 11);
	assert_int_equal(l.nic_lost, 12);
}

static void as_text(void **state)
{
	struct ledger l = {
		.entered = 1234567, .inspected = 1234560, .released = 2, .unwanted = 1
	};
	char text[LEDGER_TEXT_BYTES];

	(void)state;
	ledger_settle(&l, LEDGER_STOPPED);
	assert_string_equal(ledger_text(&l, text),
			    "1,234,567 entered = 1,234,560 inspected + 2 released + 1 unwanted + "
			    "0 blocked + 0 lost + 4 in flight: this sum does not hold");
	l.lost[XDP_LOSS_RING_FULL] = 3;
	l.lost[XDP_LOSS_TOO_LARGE] = 1;
	ledger_settle(&l, LEDGER_STOPPED);
	assert_string_equal(ledger_text(&l, text),
			    "1,234,567 entered = 1,234,560 inspected + 2 released + 1 unwanted + "
			    "0 blocked + 4 lost (3 ring full, 1 too large) + 0 in flight");
	/* The longest there is. */
	memset(&l, 0xff, sizeof(l));
	l.holds = false;
	assert_true(strlen(ledger_text(&l, text)) < LEDGER_TEXT_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums),
		cmocka_unit_test(interfaces),
		cmocka_unit_test(of_books),
		cmocka_unit_test(as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
