/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word.h - short texts eight characters at a time: case, and what a name may consist of.
 *
 * In: bytes that the caller has checked to be there; no others are read.  Out: what a loop over them would say.
 *
 * Memory: none.  Thread: any.
 */
#ifndef WEIR_BASE_WORD_H
#define WEIR_BASE_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WORD_BYTES sizeof(uint64_t)
#define WORD_EACH(c) (0x0101010101010101u * (uint64_t)(c))
#define WORD_HIGH WORD_EACH(0x80)

static inline uint64_t word_at(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Of four to eight bytes, by two loads that may overlap. */
static inline uint64_t word_of_few(const uint8_t *p, size_t len)
{
	uint32_t first, last;

	memcpy(&first, p, sizeof(first));
	memcpy(&last, p + len - sizeof(last), sizeof(last));
	return first | (uint64_t)last << 32;
}

/* The high bits of those bytes that are letters. */
static inline uint64_t word_letters(uint64_t w)
{
	uint64_t low = (w | WORD_EACH(0x20)) & ~WORD_HIGH;

	return (low + WORD_EACH(0x80 - 'a')) & ~(low + WORD_EACH(0x7f - 'z')) & ~w & WORD_HIGH;
}

/* The high bits of those bytes that are c, an ASCII character. */
static inline uint64_t word_each_is(uint64_t w, char c)
{
	uint64_t other = w ^ WORD_EACH(c);

	return ~((other & ~WORD_HIGH) + ~WORD_HIGH) & ~other & WORD_HIGH;
}

/* Equal but for the case of letters. */
static inline bool word_same_nocase(uint64_t a, uint64_t b)
{
	uint64_t differ = a ^ b;

	return !(differ & ~WORD_EACH(0x20)) && !(differ << 2 & ~word_letters(a));
}

/* Of texts of one length. */
static inline bool word_same_text_nocase(const uint8_t *a, const uint8_t *b, size_t len)
{
	if (len < 4) {
		uint64_t x = 0, y = 0;

		for (size_t i = 0; i < len; i++) {
			x = x << 8 | a[i];
			y = y << 8 | b[i];
		}
		return word_same_nocase(x, y);
	}
	if (len <= WORD_BYTES)
		return word_same_nocase(word_of_few(a, len), word_of_few(b, len));
	for (size_t i = 0; i < len - WORD_BYTES; i += WORD_BYTES) {
		if (!word_same_nocase(word_at(a + i), word_at(b + i)))
			return false;
	}
	return word_same_nocase(word_at(a + len - WORD_BYTES), word_at(b + len - WORD_BYTES));
}

#endif
