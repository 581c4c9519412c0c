/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/prealloc.h"

#include <stdint.h>
#include <sys/mman.h>

/* Linux 5.14; the build machine's headers may be older. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define PART 8
#define PAGE ((size_t)4096)

static size_t most_bytes;

void prealloc_set(size_t most)
{
	most_bytes = most;
}

void prealloc_touch(void *base, size_t bytes)
{
	size_t part = bytes / PART < most_bytes ? bytes / PART : most_bytes;

	/* Where it cannot be, it is touched as it fills. */
	if (part >= PAGE)
		(void)madvise(base, part & ~(PAGE - 1), MADV_POPULATE_WRITE);
}
