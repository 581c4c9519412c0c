/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/bytes.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void reads_in_order(void **state)
{
	static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };
	struct cursor c = cursor_of(bytes_of(guard_copy(data, sizeof(data)), sizeof(data)));

	(void)state;
	assert_int_equal(cursor_u8(&c), 1);
	assert_int_equal(cursor_be16(&c), 0x0203);
	assert_int_equal(cursor_be32(&c), 0x04050607);
	assert_int_equal(cursor_le16(&c), 0x0908);
	assert_int_equal(cursor_le32(&c), 0x0d0c0b0a);
	assert_int_equal(cursor_left(&c), 1);
	assert_int_equal(cursor_rest(&c).len, 1);
	assert_true(cursor_ok(&c));
	guard_free_all();
}

static void failure_is_remembered(void **state)
{
	struct cursor c = cursor_of(bytes_of(guard_copy("abc", 3), 3));

	(void)state;
	assert_int_equal(cursor_be32(&c), 0);
	assert_false(cursor_ok(&c));
	/* One byte would be there, but nothing is read any more. */
	assert_int_equal(cursor_u8(&c), 0);
	assert_null(cursor_take(&c, 0));
	assert_int_equal(cursor_left(&c), 0);
	assert_int_equal(cursor_rest(&c).len, 0);
	guard_free_all();
}

static void nothing(void **state)
{
	struct cursor c = cursor_of(bytes_of(NULL, 0));

	(void)state;
	cursor_skip(&c, 0);
	assert_true(cursor_ok(&c));
	assert_int_equal(cursor_u8(&c), 0);
	assert_false(cursor_ok(&c));
	assert_int_equal(bytes_slice(bytes_of(NULL, 0), 0, 5).len, 0);
	assert_true(bytes_equal(bytes_of(NULL, 0), bytes_of("x", 0)));
}

static void slices(void **state)
{
	struct bytes b = bytes_of("abcdef", 6);

	(void)state;
	assert_true(bytes_equal(bytes_slice(b, 2, 3), bytes_of("cde", 3)));
	assert_true(bytes_equal(bytes_slice(b, 4, SIZE_MAX), bytes_of("ef", 2)));
	assert_int_equal(bytes_slice(b, 6, 1).len, 0);
	assert_int_equal(bytes_slice(b, SIZE_MAX, 1).len, 0);
	assert_false(bytes_equal(b, bytes_of("abcdeg", 6)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_in_order),
		cmocka_unit_test(failure_is_remembered),
		cmocka_unit_test(nothing),
		cmocka_unit_test(slices),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
