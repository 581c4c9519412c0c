/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gram.h - searches for many literals by looking at every second or fourth place of the text only.
 *
 * In: literals with numbers.  Out: one block of memory without pointers; searched, it calls back as hs.h does: with the number
 * and the end of each literal that stands in the text, once for each search, where it ends first.
 * From s places that follow on one another in a literal, its runs of g bytes ("grams") are entered in a filter.  Where the
 * literal stands in a text, one of them lies at a place that s divides, so only those are looked at.  A literal of less
 * than s + g - 1 bytes has no such grams: each set has several strides, and what none serves is left to Hyperscan (hs.h).
 *
 * Work: linear in the text.  A gram is of at most GRAM_CHAIN_MAX literals, so that at each place looked at no more are
 * compared (hash collisions apart, which are the ruleset's and not the text's); a literal that was found is not compared
 * again.
 * Memory: malloc when it is built; a search allocates nothing.  Nothing outside the text is read.
 * Thread: built by one, searched by any number; a struct found one.
 */
#ifndef WEIR_DETECT_GRAM_H
#define WEIR_DETECT_GRAM_H

#include "engine/base/bytes.h"
#include "engine/detect/found.h"
#include "engine/detect/hs.h"

/* Literals with the same gram; those beyond are entered by other grams of theirs, or left. */
#define GRAM_CHAIN_MAX 8
#define GRAM_LITERAL_MAX 62
/* So few are searched for by Hyperscan rather than at every place. */
#define GRAM_FEW 32

/* What texts are like. */
enum gram_text {
	GRAM_TEXT_LONG, /* thousands of bytes: what is shorter than 11 bytes is left */
	GRAM_TEXT_SHORT, /* tens of bytes: what is shorter than 6 bytes is left, if that is not much */
	GRAM_TEXT_PAYLOAD, /* hundreds of bytes, and of literals perhaps tens of thousands: what is shorter than 6 bytes is left */
};

/*
 * number[i]: what literal i is called when it is found, from 0 up; GRAM_LEFT: it is not among them.  *out is malloc'ed,
 * NULL if all are left.  Returns 0 or -ENOMEM.
 */
#define GRAM_LEFT UINT32_MAX
int gram_build(const struct hs_literal *literals, size_t count, enum gram_text text,
	       uint32_t *number, void **out, size_t *len);
/* Whether this is one, whole; what is read from files must be. */
bool gram_is_whole(const void *base, size_t len);
/* How many literals it has. */
uint32_t gram_literals(const void *base);

void gram_search(const void *base, struct found *w, struct bytes text, hs_found_fn found,
		 void *ctx);
/* The same without AVX2, as on processors that lack it. */
void gram_search_plain(const void *base, struct found *w, struct bytes text, hs_found_fn found,
		       void *ctx);

#endif
