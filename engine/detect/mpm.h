/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mpm.h - searches for many literals at once (multi pattern matching), by what is fastest for these literals here.
 *
 * In: literals with numbers, and what they are looked for in.  Out: one block of memory without pointers; opened, it calls
 * back with the number and the end of each literal that stands in the text, once for each search, where it ends first.
 * Literals of some bytes of which there are many are gram.h's; of the others 25 to 1,000 are wide.h's, where the processor
 * has what that needs and few places of a text pass; the rest is Hyperscan's (hs.h).
 *
 * Memory: as the caller says; working memory from malloc, when rules load; a search allocates nothing.
 * Thread: an opened one any number of threads; a mpm_work one.
 */
#ifndef WEIR_DETECT_MPM_H
#define WEIR_DETECT_MPM_H

#include "engine/base/bytes.h"
#include "engine/detect/gram.h"
#include "engine/detect/hs.h"

#define MPM_ALIGN HS_ALIGN

/* Opened.  NULL: there is no such part. */
struct mpm {
	const void *grams; /* of gram.h */
	const uint32_t *gram_number; /* what its literals are called here */
	const uint32_t *rest_number; /* and those of the others; NULL: the same */
	const void *wide; /* of wide.h */
	struct hs_base *hs;
};

/*
 * Number i is literals[i]; a search may also find the number count, which means nothing.  *out is malloc'ed.  Returns 0 or
 * -errno; *why then says what Hyperscan did not like.
 */
int mpm_build(const struct hs_literal *literals, size_t count, enum gram_text text, void **out,
	      size_t *len, char why[128]);

/* Bytes that one takes in use.  -EINVAL: none of this version, or not for this processor. */
int mpm_size(const void *built, size_t len, size_t *out);
/* How many literals it has, once its size is known. */
uint32_t mpm_literals(const void *built);
/* room is aligned to MPM_ALIGN; it and what was built, aligned to 8, last as long. */
int mpm_open(const void *built, void *room, struct mpm **out);

/* Working memory of one thread. */
struct mpm_work {
	struct hs_work *hs; /* may serve other databases as well; NULL: none is needed */
	struct found *found; /* NULL: none is needed */
	uint32_t literals; /* that it serves */
};

/* Makes it serve these too (NULLs are fine), one search at a time; it begins as zeros.  Returns 0 or -ENOMEM. */
int mpm_work_serve(struct mpm_work *w, struct mpm *const *all, size_t count);
void mpm_work_fini(struct mpm_work *w);

void mpm_search(const struct mpm *m, struct mpm_work *w, struct bytes text, hs_found_fn found,
		void *ctx);

#endif
