/* SPDX-License-Identifier: Apache-2.0 */
/*
 * literals.h - what tests of searches for many literals share: where a literal stands, looked for by itself, and texts in
 * which some stand.
 *
 * Memory: the caller's.  Thread: one.
 */
#ifndef WEIR_TESTS_UNIT_LITERALS_H
#define WEIR_TESTS_UNIT_LITERALS_H

#include <string.h>

#include "engine/base/bytes.h"
#include "engine/detect/hs.h"

static inline uint8_t literal_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static inline bool literal_stands_at(const struct hs_literal *l, const uint8_t *at)
{
	for (unsigned i = 0; i < l->len; i++) {
		if (l->nocase ? literal_lower(at[i]) != literal_lower(l->data[i])
			      : at[i] != l->data[i])
			return false;
	}
	return true;
}

/* Where it ends first; 0: it is not there. */
static inline size_t literal_first_end(const struct hs_literal *l, struct bytes text)
{
	for (size_t i = 0; i + l->len <= text.len; i++) {
		if (literal_stands_at(l, text.data + i))
			return i + l->len;
	}
	return 0;
}

struct literal_random {
	uint32_t seed;
	const char *alphabet; /* NULL: every byte */
};

static const char *const literal_alphabets[] = {
	"ab", "aAbB", "abcdefgh", "aAbBcC/.", "\x01!@`AaZz[{", NULL,
};
#define LITERAL_ALPHABETS (sizeof(literal_alphabets) / sizeof(literal_alphabets[0]))

static inline uint32_t literal_below(struct literal_random *r, uint32_t n)
{
	r->seed = r->seed * 1664525u + 1013904223u;
	return (r->seed >> 8) % n;
}

static inline uint8_t literal_byte(struct literal_random *r)
{
	if (!r->alphabet)
		return (uint8_t)literal_below(r, 256);
	return (uint8_t)r->alphabet[literal_below(r, (uint32_t)strlen(r->alphabet))];
}

/* With some of the literals in it, in any case, one perhaps at the very end. */
static inline void literal_text(struct literal_random *r, const struct hs_literal *literals,
				size_t count, uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text[i] = literal_byte(r);
	for (unsigned n = literal_below(r, 12); n; n--) {
		const struct hs_literal *l = &literals[literal_below(r, (uint32_t)count)];
		size_t at;

		if (l->len > len)
			continue;
		at = literal_below(r, 3) ? literal_below(r, (uint32_t)(len - l->len) + 1)
					 : len - l->len;
		memcpy(text + at, l->data, l->len);
		for (unsigned i = 0; literal_below(r, 2) && i < l->len; i++) {
			if (literal_below(r, 2) && (text[at + i] | 0x20) >= 'a' &&
			    (text[at + i] | 0x20) <= 'z')
				text[at + i] ^= 0x20;
		}
	}
}

#endif
