/* SPDX-License-Identifier: Apache-2.0 */
/* The rings between a worker and the supervisor: order, room, and indices that cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/capture/release_ring.h"

static struct release_ring *ring;

static int make(void **state)
{
	(void)state;
	ring = aligned_alloc(64, (release_ring_bytes() + 63) & ~(size_t)63);
	assert_non_null(ring);
	memset(ring, 0, release_ring_bytes());
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	free(ring);
	return 0;
}

static bool ask(uint64_t cookie)
{
	const struct release_request q = { .op = RELEASE_SET, .cookie = cookie };

	return release_ring_ask(ring, &q);
}

static void order(void **state)
{
	struct release_request out[16];
	uint64_t in = 0, next = 0;

	(void)state;
	/* Many times round, in steps that do not fit the size. */
	while (next < 3 * RELEASE_RING_ENTRIES) {
		unsigned n;

		for (unsigned i = 0; i < 7; i++)
			assert_true(ask(in++));
		n = release_ring_requests(ring, out, 5 + next % 11);
		for (unsigned i = 0; i < n; i++)
			assert_true(out[i].cookie == next++);
		while (in - next > 100) {
			n = release_ring_requests(ring, out, 16);
			for (unsigned i = 0; i < n; i++)
				assert_true(out[i].cookie == next++);
		}
	}
	assert_int_equal(release_ring_refused(ring), 0);
}

static void room(void **state)
{
	static struct release_request out[RELEASE_RING_ENTRIES + 1];
	const struct release_answer a = { .cookie = 9 };
	struct release_answer got[2];

	(void)state;
	for (unsigned i = 0; i < RELEASE_RING_ENTRIES; i++)
		assert_true(ask(i));
	assert_false(ask(0));
	assert_int_equal(release_ring_refused(ring), 1);
	/* The other way is not concerned. */
	assert_true(release_ring_answer(ring, &a));
	assert_int_equal(release_ring_answers(ring, got, 2), 1);
	assert_int_equal(got[0].cookie, 9);
	assert_int_equal(release_ring_requests(ring, out, RELEASE_RING_ENTRIES + 1),
			 RELEASE_RING_ENTRIES);
	assert_true(ask(0));
	for (unsigned i = 0; i < RELEASE_RING_ENTRIES; i++)
		assert_true(release_ring_answer(ring, &a));
	assert_false(release_ring_answer(ring, &a));
	assert_int_equal(release_ring_refused(ring), 2);
}

static void reset(void **state)
{
	const struct release_answer a = { .cookie = 9 };
	struct release_request q[2];
	struct release_answer got[2];

	(void)state;
	assert_true(ask(1));
	assert_true(release_ring_answer(ring, &a));
	release_ring_reset(ring);
	assert_int_equal(release_ring_requests(ring, q, 2), 0);
	assert_int_equal(release_ring_answers(ring, got, 2), 0);
	assert_true(ask(2));
	assert_int_equal(release_ring_requests(ring, q, 2), 1);
	assert_int_equal(q[0].cookie, 2);
}

/* The other side writes what it likes: never more than there is, and no end without an end. */
static void wild(void **state)
{
	static struct release_request out[RELEASE_RING_ENTRIES];
	uint32_t *words = (void *)ring;

	(void)state;
	for (unsigned i = 0; i < 64; i += 16) {
		for (unsigned v = 0; v < 3; v++) {
			memset(ring, 0, release_ring_bytes());
			words[i] =
				(uint32_t[]){ 0xffffffff, 0x80000000, RELEASE_RING_ENTRIES + 1 }[v];
			assert_true(release_ring_requests(ring, out, RELEASE_RING_ENTRIES) <=
				    RELEASE_RING_ENTRIES);
			ask(1);
			ask(2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(order, make, unmake),
		cmocka_unit_test_setup_teardown(room, make, unmake),
		cmocka_unit_test_setup_teardown(reset, make, unmake),
		cmocka_unit_test_setup_teardown(wild, make, unmake),
	};

	return cmocka_run_group_tests_name("capture/release_ring", tests, NULL, NULL);
}
