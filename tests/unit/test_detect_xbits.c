/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "engine/detect/state.h"
#include "engine/detect/xbits.h"

#define SECOND 1000000000ll
#define ENTRIES 8

static const struct hash_key key = { 1, 2 };

static struct xbits_key mark(uint64_t name, uint8_t host)
{
	struct xbits_key k;

	memset(&k, 0, sizeof(k));
	k.name = name;
	k.a.bytes[0] = host;
	k.version = 4;
	return k;
}

static void lasts(void **state)
{
	struct xbits_key one = mark(1, 1), other = mark(1, 2), name = mark(2, 1);
	struct xbits_table *t;

	(void)state;
	assert_int_equal(xbits_table_new(ENTRIES, &key, &t), 0);
	assert_true(xbits_set(t, &one, 0, 10));
	assert_true(xbits_isset(t, &one, 10 * SECOND));
	assert_false(xbits_isset(t, &other, 0));
	assert_false(xbits_isset(t, &name, 0));
	/* Setting it again does not make it last longer. */
	assert_false(xbits_set(t, &one, 9 * SECOND, 10));
	assert_false(xbits_isset(t, &one, 10 * SECOND + 1));
	assert_true(xbits_set(t, &one, 11 * SECOND, 1));
	assert_true(xbits_unset(t, &one, 11 * SECOND));
	assert_false(xbits_unset(t, &one, 11 * SECOND));
	/* What is over cannot be unset. */
	assert_true(xbits_set(t, &one, 11 * SECOND, 1));
	assert_false(xbits_unset(t, &one, 13 * SECOND));
	xbits_table_free(t);
	xbits_table_free(NULL);
}

static void is_bounded(void **state)
{
	struct xbits_table *t;
	struct xbits_key k;

	(void)state;
	assert_int_equal(xbits_table_new(ENTRIES, &key, &t), 0);
	for (unsigned i = 0; i < ENTRIES; i++) {
		k = mark(1, (uint8_t)i);
		assert_true(xbits_set(t, &k, 0, 10 + i));
	}
	k = mark(1, 100);
	assert_false(xbits_set(t, &k, SECOND, 10));
	assert_int_equal(xbits_refused(t), 1);
	/* Those whose time is over make room. */
	assert_true(xbits_set(t, &k, 12 * SECOND, 10));
	assert_int_equal(xbits_refused(t), 1);
	k = mark(1, 2);
	assert_true(xbits_isset(t, &k, 12 * SECOND));
	xbits_table_free(t);
}

/* Where there are none no flow is looked through for them. */
static void tags_are_counted(void **state)
{
	struct state_table t = { .refused = 0 };
	struct flow one = { .proto = IP_PROTO_TCP }, other = one;

	(void)state;
	assert_int_equal(state_init(&t, 16), 0);
	assert_non_null(state_make(&t, &one, STATE_BIT, 0, 7));
	assert_int_equal(t.tags, 0);
	assert_non_null(state_make(&t, &one, STATE_TAG, 0, 7));
	assert_non_null(state_make(&t, &one, STATE_TAG, 0, 7));
	assert_non_null(state_make(&t, &other, STATE_TAG, 0, 7));
	assert_int_equal(t.tags, 2);
	assert_true(state_remove(&t, &one, STATE_BIT, 0, 7));
	assert_true(state_remove(&t, &one, STATE_TAG, 0, 7));
	assert_false(state_remove(&t, &one, STATE_TAG, 0, 7));
	assert_int_equal(t.tags, 1);
	assert_non_null(state_make(&t, &other, STATE_BIT, 0, 7));
	state_forget(&t, &other);
	assert_int_equal(t.tags, 0);
	state_fini(&t);
}

/* Marks of transactions are entries of the flow, which go with the transaction. */
static void marks_of_a_transaction(void **state)
{
	struct state_table t = { .refused = 0 };
	struct flow f = { .detect = 0 };

	(void)state;
	assert_int_equal(state_init(&t, 16), 0);
	assert_true(state_tx_mark(&t, &f, 7, 0));
	assert_false(state_tx_mark(&t, &f, 7, 0));
	assert_true(state_tx_mark(&t, &f, 7, 1));
	assert_true(state_tx_mark(&t, &f, 8, 0));
	assert_non_null(state_make(&t, &f, STATE_BIT, 0, 7));
	assert_true(state_tx_marked(&t, &f, 8, 0));
	assert_false(state_tx_marked(&t, &f, 8, 1));
	state_tx_forget(&t, &f, 0);
	assert_false(state_tx_marked(&t, &f, 7, 0));
	assert_false(state_tx_marked(&t, &f, 8, 0));
	assert_true(state_tx_marked(&t, &f, 7, 1));
	assert_non_null(state_find(&t, &f, STATE_BIT, 0, 7));
	state_forget(&t, &f);
	assert_int_equal(f.detect, 0);
	state_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tags_are_counted),
		cmocka_unit_test(marks_of_a_transaction),
		cmocka_unit_test(lasts),
		cmocka_unit_test(is_bounded),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
