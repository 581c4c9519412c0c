/* SPDX-License-Identifier: Apache-2.0 */
/*
 * found.h - which literals a search has found already: the working memory of gram.h and wide.h.
 *
 * Memory: malloc, for searches in sets of at most so many literals.
 * Thread: one, and one search at a time.
 */
#ifndef WEIR_DETECT_FOUND_H
#define WEIR_DETECT_FOUND_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct found {
	uint32_t stamp, literals;
	uint32_t last[]; /* by literal: the stamp of the search that found it last */
};

/* Returns 0 or -ENOMEM. */
static inline int found_new(uint32_t literals, struct found **out)
{
	*out = calloc(1, sizeof(**out) + literals * sizeof((*out)->last[0]));
	if (!*out)
		return -ENOMEM;
	(*out)->literals = literals;
	return 0;
}

static inline void found_free(struct found *f)
{
	free(f);
}

/* Another search: it has found none. */
static inline void found_begin(struct found *f)
{
	if (++f->stamp == 0) {
		memset(f->last, 0, f->literals * sizeof(f->last[0]));
		f->stamp = 1;
	}
}

#endif
