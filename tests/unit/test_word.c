/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/ascii.h"
#include "engine/base/word.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#define LEN_MAX 20

static bool is_letter(uint8_t c)
{
	return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static void each_byte_of_a_word(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		for (unsigned other = 0; other < 256; other++) {
			uint64_t w = WORD_EACH(other) & ~(uint64_t)0xff0000, letters = 0,
				 dashes = 0;

			w |= (uint64_t)c << 16;
			for (unsigned i = 0; i < 64; i += 8) {
				letters |= (uint64_t)is_letter((uint8_t)(w >> i)) << (i + 7);
				dashes |= (uint64_t)((uint8_t)(w >> i) == '-') << (i + 7);
			}
			assert_int_equal(word_letters(w), letters);
			assert_int_equal(word_each_is(w, '-'), dashes);
		}
	}
}

/* Texts of one length that differ at one place. */
static void same_but_for_case(void **state)
{
	uint8_t a[LEN_MAX] = { 0 }, b[LEN_MAX] = { 0 };

	(void)state;
	for (size_t len = 0; len <= LEN_MAX; len++) {
		for (size_t at = 0; at < len; at++) {
			for (unsigned c = 0; c < 256; c++) {
				memset(a, 'x', len);
				memset(b, 'X', len);
				a[at] = (uint8_t)c;
				for (unsigned bit = 0; bit <= 8; bit++) {
					b[at] = (uint8_t)(c ^ (bit < 8 ? 1u << bit : 0));
					assert_int_equal(word_same_text_nocase(a, b, len),
							 ascii_lower(a[at]) == ascii_lower(b[at]));
				}
			}
		}
		memset(a, 'q', len);
		memset(b, 'Q', len);
		assert_true(word_same_text_nocase(guard_copy(a, len), guard_copy(b, len), len));
	}
	guard_free_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_byte_of_a_word),
		cmocka_unit_test(same_but_for_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
