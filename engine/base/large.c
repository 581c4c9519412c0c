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
	size_t whole = bytes & ~(LARGE_PAGE_BYTES - 1);
	void *p = NULL;

	if (!whole || !wanted)
		return malloc(bytes ? bytes : 1);
	if (posix_memalign(&p, LARGE_PAGE_BYTES, bytes))
		return NULL;
	large_pages(p, whole);
	return p;
}
