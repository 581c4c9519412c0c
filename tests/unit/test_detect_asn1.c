/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engine/detect/asn1.h"
#include "tests/unit/guard.h"

static const struct {
	const char *bytes;
	unsigned len, ask, limit;
	bool finds;
} rows[] = {
	{ "\x04\x03"
	  "abc",
	  5, ASN1_OVERSIZE_LENGTH, 2, true },
	{ "\x04\x03"
	  "abc",
	  5, ASN1_OVERSIZE_LENGTH, 3, false },
	/* nested, and after another */
	{ "\x30\x07\x02\x01\x01\x04\x02"
	  "ab",
	  9, ASN1_OVERSIZE_LENGTH, 7, false },
	{ "\x30\x07\x02\x01\x01\x04\x82\x10\x00", 9, ASN1_OVERSIZE_LENGTH, 2048, true },
	/* an indefinite length, ended by two zeros */
	{ "\x30\x80\x04\x01"
	  "a\x00\x00\x04\x05",
	  9, ASN1_OVERSIZE_LENGTH, 4, true },
	/* a length of nine octets is as long as can be said */
	{ "\x04\x89\x01\x02\x03\x04\x05\x06\x07\x08\x09", 11, ASN1_OVERSIZE_LENGTH, 2048, true },
	/* 8.6.2: unused bits */
	{ "\x03\x02\x07\x80", 4, ASN1_BITSTRING_OVERFLOW, 0, false },
	{ "\x03\x02\x09\x80", 4, ASN1_BITSTRING_OVERFLOW, 0, true },
	{ "\x03\x02\x09\x80", 4, ASN1_DOUBLE_OVERFLOW, 0, false },
	/* 8.5.8: a real number in digits */
	{ "\x09\x82\x01\x01\x03"
	  "1",
	  6, ASN1_DOUBLE_OVERFLOW, 0, true },
	{ "\x09\x82\x01\x00\x03"
	  "1",
	  6, ASN1_DOUBLE_OVERFLOW, 0, false },
	{ "\x09\x82\x01\x01\x80"
	  "1",
	  6, ASN1_DOUBLE_OVERFLOW, 0, false },
	{ "", 0, 7, 0, false },
	{ "\x1f\xff\xff", 3, 7, 0, false },
};

static void each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t *p = guard_copy(rows[i].bytes, rows[i].len);

		if (asn1_finds(bytes_of(p, rows[i].len), rows[i].ask, rows[i].limit) !=
		    rows[i].finds)
			fail_msg("row %zu", i);
	}
	guard_free_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_row) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
