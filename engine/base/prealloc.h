/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prealloc.h - the first part of pools in memory before there is traffic.
 *
 * Pools are reserved whole and touched as they fill.  On files that keeps a run small; on interfaces the first touch of
 * each page costs its fault and its clearing just when packets come, so there the first part is touched before.
 *
 * Thread: prealloc_set() before pools are made, by the thread that makes them.
 */
#ifndef WEIR_BASE_PREALLOC_H
#define WEIR_BASE_PREALLOC_H

#include <stddef.h>

/* Of each that is made from now on an eighth, but at most so many bytes; 0: nothing. */
void prealloc_set(size_t most);
/* Fresh memory of a pool. */
void prealloc_touch(void *base, size_t bytes);

#endif
