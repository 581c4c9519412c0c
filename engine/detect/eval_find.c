/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/eval_find.h"

#include <string.h>

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

static ptrdiff_t find_exact(const uint8_t *data, size_t from, size_t to, const uint8_t *pattern,
			    size_t len, unsigned anchor)
{
	const uint8_t *at = data + from + anchor;
	const uint8_t *last = data + to - len + anchor; /* last place of the anchor */

	while (at <= last) {
		at = memchr(at, pattern[anchor], (size_t)(last - at) + 1);
		if (!at)
			return -1;
		if (memcmp(at - anchor, pattern, len) == 0)
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

ptrdiff_t eval_find(const uint8_t *data, size_t from, size_t to, const uint8_t *pattern, size_t len,
		    unsigned anchor, bool nocase)
{
	if (len == 0)
		return (ptrdiff_t)from;
	if (to < from || to - from < len)
		return -1;
	return nocase ? find_nocase(data, from, to, pattern, len, anchor)
		      : find_exact(data, from, to, pattern, len, anchor);
}
