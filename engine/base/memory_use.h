/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_use.h - what a part of the engine has of memory: reserved, at most so far, and now.
 *
 * In: pools, buffers and tables, one after the other.  Out: their sums.
 * A table counts as in use throughout, as a key may fall anywhere in it.  What is read belongs to a
 * worker that goes on meanwhile: each number is one that was true, together they need not be.
 *
 * Memory: the caller's.  Thread: any.
 */
#ifndef WEIR_BASE_MEMORY_USE_H
#define WEIR_BASE_MEMORY_USE_H

#include "engine/base/buffers.h"
#include "engine/base/pool.h"

struct memory_use {
	uint64_t reserved; /* bytes that it may come to */
	uint64_t peak; /* most that were in use so far */
	uint64_t used; /* now */
};

static inline void memory_use_add(struct memory_use *u, uint64_t reserved, uint64_t peak,
				  uint64_t used)
{
	u->reserved += reserved;
	u->peak += peak;
	u->used += used;
}

static inline void memory_use_pool(struct memory_use *u, const struct pool *p)
{
	uint64_t high = __atomic_load_n(&p->high, __ATOMIC_RELAXED);
	uint64_t used = __atomic_load_n(&p->used, __ATOMIC_RELAXED);

	if (p->base)
		memory_use_add(u, pool_bytes(p->item_bytes, p->capacity), high * p->item_bytes,
			       used * p->item_bytes);
}

static inline void memory_use_buffers(struct memory_use *u, const struct buffers *b)
{
	uint64_t fresh = __atomic_load_n(&b->fresh, __ATOMIC_RELAXED);
	uint64_t used = __atomic_load_n(&b->used_bytes, __ATOMIC_RELAXED);

	if (b->base)
		memory_use_add(u, buffers_bytes((uint64_t)b->units * BUFFER_MIN_BYTES),
			       fresh * BUFFER_MIN_BYTES, used);
}

static inline void memory_use_table(struct memory_use *u, uint64_t bytes)
{
	memory_use_add(u, bytes, bytes, bytes);
}

#endif
