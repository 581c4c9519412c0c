/* SPDX-License-Identifier: Apache-2.0 */
/*
 * large.h - memory for what is read all over all the time: in the kernel's large pages, where that pays.
 *
 * A miss of the TLB costs as much as one of the cache, and a process that stays misses it less by large pages.  But a large
 * page is cleared whole when it is first touched, and on a virtual machine whose host has taken free memory back, each
 * also waits for the host: ten times as long as a small page for each byte.  A run on files is over too soon to earn that.
 *
 * Memory: the caller's; free() what large_alloc() gave.  Thread: large_pages_set() before there are others; the rest, any.
 */
#ifndef WEIR_BASE_LARGE_H
#define WEIR_BASE_LARGE_H

#include <stdbool.h>
#include <stddef.h>

#define LARGE_PAGE_BYTES ((size_t)2 << 20)
#define LARGE_ALIGN ((size_t)64) /* bytes, at least */

/* Whether they are asked for from now on.  Until it is called they are not. */
void large_pages_set(bool on);
/* For fresh memory of a mapping, in whole small pages. */
void large_pages(void *base, size_t bytes);

/*
 * Not cleared; NULL: there is none.  Only whole large pages are asked for, so that nothing is touched, or counted, that was
 * not asked for.
 */
void *large_alloc(size_t bytes);

#endif
