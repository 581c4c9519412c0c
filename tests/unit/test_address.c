/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static const struct row {
	unsigned version;
	uint8_t bytes[16];
	const char *text;
} rows[] = {
	{ 4, { 0, 0, 0, 0 }, "0.0.0.0" },
	{ 4, { 255, 255, 255, 255 }, "255.255.255.255" },
	{ 4, { 10, 100, 9, 1 }, "10.100.9.1" },
	{ 6, { 0 }, "0000:0000:0000:0000:0000:0000:0000:0000" },
	{ 6,
	  { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0x02, 0xb3, 0xff, 0xfe, 0x1e, 0x83, 0x29 },
	  "fe80:0000:0000:0000:0202:b3ff:fe1e:8329" },
};

static void text(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct ip_addr a = r->version == 4 ? ip_addr_v4(r->bytes) : ip_addr_v6(r->bytes);
		char out[IP_ADDR_TEXT];

		assert_int_equal(ip_addr_text(&a, r->version, out), strlen(r->text));
		assert_string_equal(out, r->text);
	}
}

static void order(void **state)
{
	const uint8_t low[4] = { 1, 2, 3, 4 }, high[4] = { 1, 2, 4, 0 };
	struct ip_addr a = ip_addr_v4(low), b = ip_addr_v4(high), c = ip_addr_v4(low);

	(void)state;
	assert_true(ip_addr_equal(&a, &c));
	assert_false(ip_addr_equal(&a, &b));
	assert_true(ip_addr_compare(&a, &b) < 0);
	assert_true(ip_addr_compare(&b, &a) > 0);
	assert_int_equal(ip_addr_compare(&a, &c), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text),
		cmocka_unit_test(order),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
