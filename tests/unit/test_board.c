/* SPDX-License-Identifier: Apache-2.0 */
/* What supervisor and engine share: the board, and what the kernel kept. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/run/board.h"
#include "engine/run/kept.h"

#define ROUNDS 20000

static void books(void **state)
{
	struct board *b = board_new();
	struct books in = { .interfaces = 2, .kernel_packets = 7, .final = true }, out;

	(void)state;
	assert_non_null(b);
	assert_false(board_get_books(b, &out));
	board_put_books(b, &in);
	assert_true(board_get_books(b, &out));
	assert_int_equal(out.kernel_packets, 7);
	/* Its writer died in the middle: no reader waits for ever, and the next writer sets it right. */
	atomic_fetch_or(&b->books_turn, 1);
	assert_false(board_get_books(b, &out));
	in.kernel_packets = 8;
	board_put_books(b, &in);
	assert_true(board_get_books(b, &out));
	assert_int_equal(out.kernel_packets, 8);
	board_free(b);
}

static void texts(void **state)
{
	struct board *b = board_new();
	char *out = malloc(BOARD_TEXT_BYTES);

	(void)state;
	assert_non_null(b);
	assert_non_null(out);
	assert_int_equal(board_get_text(b, out), 0);
	board_put_text(b, "counters", 8);
	assert_int_equal(board_get_text(b, out), 8);
	assert_memory_equal(out, "counters", 8);
	/* Too long is left out whole. */
	board_put_text(b, out, BOARD_TEXT_BYTES + 1);
	assert_int_equal(board_get_text(b, out), 8);
	/* What the other side says of the length is not believed. */
	b->text_len = BOARD_TEXT_BYTES + 1;
	assert_int_equal(board_get_text(b, out), 0);
	board_restart(b);
	assert_int_equal(board_get_text(b, out), 0);
	assert_int_equal(atomic_load(&b->state), BOARD_STARTING);
	free(out);
	board_free(b);
}

static void *write_books(void *arg)
{
	struct books in = { .interfaces = 0 };

	for (uint32_t i = 1; i <= ROUNDS; i++) {
		in.engines = in.broken = i;
		in.kernel_packets = in.kernel_drops = in.kernel_ifdrops = i;
		in.interface[LIVE_INTERFACES_MAX - 1].kernel_packets = i;
		board_put_books(arg, &in);
	}
	return NULL;
}

/* Whoever reads while it is written has all of one state. */
static void never_torn(void **state)
{
	struct board *b = board_new();
	pthread_t writer;
	struct books out;
	uint32_t last = 0;

	(void)state;
	assert_non_null(b);
	assert_int_equal(pthread_create(&writer, NULL, write_books, b), 0);
	while (last < ROUNDS) {
		if (!board_get_books(b, &out))
			continue;
		assert_true(out.engines >= last);
		last = out.engines;
		assert_int_equal(out.broken, last);
		assert_int_equal(out.kernel_ifdrops, last);
		assert_int_equal(out.interface[LIVE_INTERFACES_MAX - 1].kernel_packets, last);
	}
	pthread_join(writer, NULL);
	board_free(b);
}

static void kept_flows(void **state)
{
	struct weir_flow f = { .way = { { 3, 300 }, { 5, 500 } },
			       .last_ns = 9,
			       .tcp_flags = { 0x10, 0x18 } };
	uint64_t mine = kept_cookie(1, 7, 1000), other = kept_cookie(1, 7, 1001);
	struct kept_counts c;
	struct kept *k;

	(void)state;
	assert_int_equal(kept_new(2, 8, &k), 0);
	assert_true(mine != 0 && mine != other && mine != kept_cookie(0, 7, 1000));
	assert_false(kept_get(k, mine, &c));
	kept_put(k, mine, &f);
	assert_true(kept_get(k, mine, &c));
	assert_int_equal(c.way[1].bytes, 500);
	assert_int_equal(c.tcp_flags[1], 0x18);
	/* The flow that has this place now is another one. */
	assert_false(kept_get(k, other, &c));
	kept_put(k, other, &f);
	assert_false(kept_get(k, mine, &c));
	/* Entries that nobody can have made: no cookie, no such worker, no such place. */
	kept_put(k, 0, &f);
	kept_put(k, kept_cookie(2, 0, 1), &f);
	kept_put(k, kept_cookie(0, 8, 1), &f);
	kept_put(k, UINT64_MAX, &f);
	assert_false(kept_get(k, 0, &c));
	assert_false(kept_get(k, kept_cookie(0, 8, 1), &c));
	kept_free(k);
	kept_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(books),
		cmocka_unit_test(texts),
		cmocka_unit_test(never_torn),
		cmocka_unit_test(kept_flows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
