/* SPDX-License-Identifier: Apache-2.0 */
/*
 * large.h - memory for what is read all over all the time: in the kernel's large pages, where it has them.
 *
 * A miss of the TLB costs as much as one of the cache, and of a ruleset each packet touches some other lines.
 * Only whole large pages are asked for, so that nothing is touched, or counted, that was not asked for.
 *
 * Memory: the caller's; free() it.  Thread: any.
 */
#ifndef WEIR_BASE_LARGE_H
#define WEIR_BASE_LARGE_H

#include <stdlib.h>
#include <sys/mman.h>

#define LARGE_PAGE_BYTES ((size_t)2 << 20)

/* Not cleared; NULL: there is none. */
static inline void *large_alloc(size_t bytes)
{
	size_t whole = bytes & ~(LARGE_PAGE_BYTES - 1);
	void *p = NULL;

	if (!whole)
		return malloc(bytes ? bytes : 1);
	if (posix_memalign(&p, LARGE_PAGE_BYTES, bytes))
		return NULL;
	(void)madvise(p, whole, MADV_HUGEPAGE);
	return p;
}

#endif
