/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "engine/detect/memo.h"
#include "tests/unit/guard.h"

static struct bytes text(const char *s)
{
	return bytes_of(s, strlen(s));
}

static void told_again(void **state)
{
	struct memo m;
	struct memo_entry *e;
	bool known;

	(void)state;
	assert_int_equal(memo_init(&m, 32), 0);
	e = memo_at(&m, 0, text("www.example.com"), &known);
	assert_false(known);
	memo_add(e, 7);
	memo_add(e, 3);
	e = memo_at(&m, 0, text("www.example.com"), &known);
	assert_true(known);
	assert_int_equal(e->count, 2);
	assert_int_equal(e->found[0], 7);
	assert_int_equal(e->found[1], 3);
	/* Nothing found is known as well. */
	memo_at(&m, 0, bytes_of("", 0), &known);
	assert_false(known);
	e = memo_at(&m, 0, bytes_of("", 0), &known);
	assert_true(known);
	assert_int_equal(e->count, 0);
	memo_fini(&m);
}

/* What is not the same bytes of the same database is never known. */
static void never_of_others(void **state)
{
	char bytes[MEMO_BYTES];
	struct memo m;
	bool known;

	(void)state;
	assert_int_equal(memo_init(&m, 32), 0);
	memo_at(&m, 1, text("www.example.com"), &known);
	memo_at(&m, 2, text("www.example.com"), &known);
	assert_false(known);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 20 * MEMO_ENTRIES; i++) {
			struct memo_entry *e;

			snprintf(bytes, sizeof(bytes), "host-%u.example", i);
			e = memo_at(&m, 3, text(bytes), &known);
			if (known)
				assert_int_equal(e->found[0], i);
			else
				memo_add(e, i);
		}
	}
	memset(bytes, 'x', sizeof(bytes));
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		const uint8_t *data = guard_copy(bytes, len);

		memo_at(&m, 4, bytes_of(data, len), &known);
		assert_false(known);
		memo_at(&m, 4, bytes_of(data, len), &known);
		assert_true(known);
	}
	guard_free_all();
	assert_true(memo_fits(&m, bytes_of(bytes, MEMO_BYTES)));
	assert_false(memo_fits(&m, bytes_of(bytes, MEMO_BYTES + 1)));
	memo_fini(&m);
	assert_false(memo_fits(&m, bytes_of(bytes, 1)));
}

/* Of which more was found than there is room for is searched again. */
static void too_many(void **state)
{
	struct memo m;
	struct memo_entry *e;
	bool known;

	(void)state;
	assert_int_equal(memo_init(&m, 3 * MEMO_FOUND), 0);
	for (unsigned n = 0; n < 3 * MEMO_FOUND; n++) {
		e = memo_at(&m, n, text("agent"), &known);
		for (unsigned i = 0; i < n; i++)
			memo_add(e, i);
		memo_at(&m, n, text("agent"), &known);
		assert_int_equal(known, n <= MEMO_FOUND);
	}
	memo_fini(&m);
}

/* What does not come again is not looked for, but now and then. */
static void only_where_it_pays(void **state)
{
	char bytes[32];
	struct memo m;
	unsigned looks = 0;
	bool known;

	(void)state;
	assert_int_equal(memo_init(&m, 2), 0);
	for (unsigned i = 0; i < 10 * (MEMO_TRIES + MEMO_REST); i++) {
		snprintf(bytes, sizeof(bytes), "/a/%u", i);
		if (memo_pays(&m, 0)) {
			memo_at(&m, 0, text(bytes), &known);
			looks++;
		}
		/* Every third is another one. */
		snprintf(bytes, sizeof(bytes), "/b/%u", i % 3 ? 1 : i);
		assert_true(memo_pays(&m, 1));
		memo_at(&m, 1, text(bytes), &known);
	}
	assert_int_equal(looks, 10 * MEMO_TRIES);
	/* It pays again when they come again. */
	for (unsigned i = 0; i < MEMO_REST + 2 * MEMO_TRIES; i++) {
		if (memo_pays(&m, 0))
			memo_at(&m, 0, text("/a"), &known);
	}
	assert_true(memo_pays(&m, 0));
	memo_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_again),
		cmocka_unit_test(never_of_others),
		cmocka_unit_test(too_many),
		cmocka_unit_test(only_where_it_pays),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
