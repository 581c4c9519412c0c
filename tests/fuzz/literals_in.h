/* SPDX-License-Identifier: Apache-2.0 */
/*
 * literals_in.h - what the fuzz targets of searches for many literals are given: literals, each behind its length, up to one
 * of length zero; then a text.
 *
 * Memory: the caller's.  Thread: one.
 */
#ifndef WEIR_TESTS_FUZZ_LITERALS_IN_H
#define WEIR_TESTS_FUZZ_LITERALS_IN_H

#include "tests/unit/literals.h"

#define LITERALS_IN 128

struct literals_in {
	struct hs_literal literal[LITERALS_IN];
	size_t count;
	struct bytes text;
};

/* False: there are no literals, or no text.  The first byte is the target's. */
static inline bool literals_in(const uint8_t *data, size_t size, struct literals_in *out)
{
	size_t at = 1;

	out->count = 0;
	if (size < 2 || size > 4096)
		return false;
	while (out->count < LITERALS_IN && at < size && (data[at] & 63)) {
		size_t len = data[at] & 63;

		if (len > size - at - 1)
			break;
		out->literal[out->count++] =
			(struct hs_literal){ data + at + 1, (uint16_t)len, data[at] >> 7 };
		at += len + 1;
	}
	if (!out->count || at >= size)
		return false;
	out->text = bytes_of(data + at + 1, size - at - 1);
	return true;
}

/* By number. */
struct hits {
	unsigned times[LITERALS_IN];
	unsigned long long end[LITERALS_IN];
};

static inline int on_hit(unsigned number, unsigned long long from, unsigned long long to,
			 unsigned flags, void *ctx)
{
	struct hits *h = ctx;

	(void)from;
	(void)flags;
	h->times[number]++;
	h->end[number] = to;
	return 0;
}

/* The literal is found once, where it ends first, if it is there. */
static inline void check_hit(const struct hits *h, size_t number, const struct hs_literal *l,
			     struct bytes text)
{
	size_t end = literal_first_end(l, text);

	if (h->times[number] != (end != 0) || (end && h->end[number] != end))
		__builtin_trap();
}

#endif
