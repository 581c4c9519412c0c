/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.h - equal pieces of memory found by a 32-bit index, from one reservation.
 *
 * The address range is reserved when the pool is made and touched as it fills,
 * so a pool costs what it holds and never grows past its limit.  Index 0 is
 * never given out: it means "nothing".  A piece comes zeroed.
 *
 * Memory: one mapping; pool_fini() returns it.
 * Thread: the worker that owns the pool.
 */
#ifndef WEIR_BASE_POOL_H
#define WEIR_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool {
	uint8_t *base;
	size_t item_bytes; /* a multiple of 8, at least 8 */
	uint32_t capacity; /* pieces that may be live at once */
	uint32_t used; /* live now */
	uint32_t high; /* pieces ever touched */
	uint32_t free; /* head of the free list, 0: empty */
	uint64_t refused; /* times that pool_get() had nothing left */
};

/* Bytes that such a pool reserves, in whole pages. */
uint64_t pool_bytes(size_t item_bytes, uint32_t capacity);

/* Reserve room for capacity pieces.  Returns 0 or -errno. */
int pool_init(struct pool *p, size_t item_bytes, uint32_t capacity);
void pool_fini(struct pool *p);

/* A zeroed piece, or 0 when all are in use. */
uint32_t pool_get(struct pool *p);
void pool_put(struct pool *p, uint32_t index); /* 0 is fine */

static inline void *pool_at(const struct pool *p, uint32_t index)
{
	return p->base + (size_t)index * p->item_bytes;
}

#endif
