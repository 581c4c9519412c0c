/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/large.h"

#include <stdlib.h>
#include <sys/mman.h>

static bool wanted;

void large_pages_set(bool on)
{
	wanted = on;
}

void large_pages(void *base, size_t bytes)
{
	/* Where the kernel has none, small ones do. */
	if (wanted)
		(void)madvise(base, bytes, MADV_HUGEPAGE);
}

void *large_alloc(size_t bytes)
{
	size_t whole = wanted ? bytes & ~(LARGE_PAGE_BYTES - 1) : 0;
	void *p = NULL;

	if (posix_memalign(&p, whole ? LARGE_PAGE_BYTES : LARGE_ALIGN, bytes ? bytes : 1))
		return NULL;
	if (whole)
		large_pages(p, whole);
	return p;
}
