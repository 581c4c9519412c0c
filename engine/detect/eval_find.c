/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/eval_find.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool same_nocase(const uint8_t *data, const uint8_t *pattern, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (lower(data[i]) != pattern[i])
			return false;
	}
	return true;
}

/* Short ones, as most are, by two loads that overlap. */
static bool same(const uint8_t *data, const uint8_t *pattern, size_t len)
{
	uint32_t a[2], b[2];
	uint16_t c[2], d[2];

	if (len > 8)
		return memcmp(data, pattern, len) == 0;
	if (len >= 4) {
		memcpy(&a[0], data, 4);
		memcpy(&a[1], data + len - 4, 4);
		memcpy(&b[0], pattern, 4);
		memcpy(&b[1], pattern + len - 4, 4);
		return a[0] == b[0] && a[1] == b[1];
	}
	if (len < 2)
		return *data == *pattern;
	memcpy(&c[0], data, 2);
	memcpy(&c[1], data + len - 2, 2);
	memcpy(&d[0], pattern, 2);
	memcpy(&d[1], pattern + len - 2, 2);
	return c[0] == d[0] && c[1] == d[1];
}

static ptrdiff_t find_exact(const uint8_t *data, size_t from, size_t to, const uint8_t *pattern,
			    size_t len, unsigned anchor)
{
	const uint8_t *at = data + from + anchor;
	const uint8_t *last = data + to - len + anchor; /* last place of the anchor */

	while (at <= last) {
		at = memchr(at, pattern[anchor], (size_t)(last - at) + 1);
		if (!at)
			return -1;
		if (same(at - anchor, pattern, len))
			return at - anchor - data;
		at++;
	}
	return -1;
}

/* The next of either case; each is looked for again only when it has been passed. */
static ptrdiff_t find_nocase(const uint8_t *data, size_t from, size_t to, const uint8_t *pattern,
			     size_t len, unsigned anchor)
{
	const uint8_t *at = data + from + anchor;
	const uint8_t *end = data + to - len + anchor + 1;
	uint8_t low = pattern[anchor], high = low;
	const uint8_t *next_low = NULL, *next_high = NULL;

	if (low >= 'a' && low <= 'z')
		high = low & (uint8_t)~0x20;
	else
		next_high = end;
	while (at < end) {
		if (!next_low || next_low < at) {
			next_low = memchr(at, low, (size_t)(end - at));
			if (!next_low)
				next_low = end;
		}
		if (!next_high || next_high < at) {
			next_high = memchr(at, high, (size_t)(end - at));
			if (!next_high)
				next_high = end;
		}
		at = next_low < next_high ? next_low : next_high;
		if (at >= end)
			return -1;
		if (same_nocase(at - anchor, pattern, len))
			return at - anchor - data;
		at++;
	}
	return -1;
}

#ifdef __SSE2__

#define STEP 16

/* Two bytes of the literal that stand side by side. */
struct pair {
	__m128i first, second;
	__m128i first_fold, second_fold; /* the bit between the cases, where both count */
};

static __m128i fold_of(uint8_t c, bool nocase)
{
	return _mm_set1_epi8(nocase && c >= 'a' && c <= 'z' ? 0x20 : 0);
}

/* Those of 16 places at which the pair stands; folding may take others for letters. */
static inline __m128i pair_at(const uint8_t *at, const struct pair *p)
{
	__m128i a = _mm_loadu_si128((const __m128i *)at);
	__m128i b = _mm_loadu_si128((const __m128i *)(at + 1));

	a = _mm_cmpeq_epi8(_mm_or_si128(a, p->first_fold), p->first);
	b = _mm_cmpeq_epi8(_mm_or_si128(b, p->second_fold), p->second);
	return _mm_and_si128(a, b);
}

#define STEPS 4

/* Past so many steps at a time in which the pair is not. */
static const uint8_t *skip(const uint8_t *at, const uint8_t *last, const struct pair *p)
{
	while (last - at >= STEPS * STEP) {
		__m128i a = _mm_or_si128(pair_at(at, p), pair_at(at + STEP, p));
		__m128i b = _mm_or_si128(pair_at(at + 2 * STEP, p), pair_at(at + 3 * STEP, p));

		if (_mm_movemask_epi8(_mm_or_si128(a, b)))
			break;
		at += STEPS * STEP;
	}
	return at;
}

/* At least 2 bytes, at 16 places or more from data[from] on. */
static ptrdiff_t find_pair(const uint8_t *data, size_t from, size_t to, const uint8_t *pattern,
			   size_t len, unsigned anchor, bool nocase)
{
	const uint8_t *last;
	unsigned steps = 0; /* that skip() found it in */
	struct pair p;

	if (anchor + 1 == len)
		anchor--;
	p = (struct pair){ .first = _mm_set1_epi8((char)pattern[anchor]),
			   .second = _mm_set1_epi8((char)pattern[anchor + 1]),
			   .first_fold = fold_of(pattern[anchor], nocase),
			   .second_fold = fold_of(pattern[anchor + 1], nocase) };
	last = data + to - len + anchor; /* last place of the pair */
	for (const uint8_t *at = data + from + anchor; at <= last; at += STEP, steps--) {
		unsigned seen;

		if (!steps) {
			at = skip(at, last, &p);
			steps = STEPS;
		}
		/* The last of them once more, so that nothing behind the end is read. */
		if (last - at < STEP - 1)
			at = last - (STEP - 1);
		for (seen = (unsigned)_mm_movemask_epi8(pair_at(at, &p)); seen; seen &= seen - 1) {
			const uint8_t *start = at + __builtin_ctz(seen) - anchor;

			if (nocase ? same_nocase(start, pattern, len) : same(start, pattern, len))
				return start - data;
		}
	}
	return -1;
}

#endif

ptrdiff_t eval_find(const uint8_t *data, size_t from, size_t to, const uint8_t *pattern, size_t len,
		    unsigned anchor, bool nocase)
{
	if (len == 0)
		return (ptrdiff_t)from;
	if (to < from || to - from < len)
		return -1;
	if (to - from == len && !nocase)
		return same(data + from, pattern, len) ? (ptrdiff_t)from : -1;
#ifdef __SSE2__
	if (len > 1 && to - from - len >= STEP - 1)
		return find_pair(data, from, to, pattern, len, anchor, nocase);
#endif
	return nocase ? find_nocase(data, from, to, pattern, len, anchor)
		      : find_exact(data, from, to, pattern, len, anchor);
}
