/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wide.h - searches for some hundreds of literals at 64 places of a text at once.
 *
 * In: literals with numbers.  Out: one block of memory without pointers; searched, it calls back as hs.h does: with the
 * number and the end of what stands in the text, once for each number and search, where it ends first.
 * The pairs of neighbouring bytes in six bytes of each literal are hashed to 256 values.  The literals are in groups; for
 * each pair a table says of each value which groups have it there.  A place where some group has all five pairs is looked
 * up by its first four bytes, and what begins with those is compared.  Tables of a few kilobytes are read, which is why it
 * takes half the time of Hyperscan, and less where tables are far; but where short literals, or many, let many
 * places pass, it is no faster.
 *
 * Work: linear in the text.  A place that passes is compared with WIDE_CHAIN_MAX literals at most (hash collisions apart,
 * which are the ruleset's and not the text's).
 * Memory: malloc when it is built; a search allocates nothing.  Nothing outside the text is read.
 * Thread: built by one, searched by any number; a struct found one.
 */
#ifndef WEIR_DETECT_WIDE_H
#define WEIR_DETECT_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/bytes.h"
#include "engine/detect/found.h"

struct hs_literal;

/* Literals that begin with the same four bytes of their window. */
#define WIDE_CHAIN_MAX 8
#define WIDE_LITERAL_MAX 62
#define WIDE_ALIGN 64

/* The processor has what makes it fast: AVX-512 with VBMI, and GFNI. */
bool wide_here(void);

/*
 * Number i is literals[i].  *out is malloc'ed; NULL: one is too short or too long, or too many begin alike.  *passing: of
 * the places of a text the share that is expected to pass and be looked up, 0 to 1, or more where groups have places in
 * common; from some hundredths on Hyperscan is as fast.  Returns 0 or -ENOMEM.
 */
int wide_build(const struct hs_literal *literals, size_t count, void **out, size_t *len,
	       double *passing);
/* Whether this begins as one does. */
bool wide_is_one(const void *base, size_t len);
/* Whether this is one, whole; what is read from files must be. */
bool wide_is_whole(const void *base, size_t len);
/* How many literals it has. */
uint32_t wide_literals(const void *base);

typedef int (*wide_found_fn)(unsigned int id, unsigned long long from, unsigned long long to,
			     unsigned int flags, void *ctx);
/* base is aligned to WIDE_ALIGN. */
void wide_search(const void *base, struct found *w, struct bytes text, wide_found_fn found,
		 void *ctx);
/* The same without AVX-512, as on processors that lack it. */
void wide_search_plain(const void *base, struct found *w, struct bytes text, wide_found_fn found,
		       void *ctx);

#endif
