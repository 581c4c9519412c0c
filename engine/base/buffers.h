/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buffers.h - memory that grows and shrinks: blocks of a power of two from one reservation.
 *
 * A buddy allocator: two free halves become one block again, so what many small
 * streams gave back serves a large one, and the pages touched never exceed the budget.
 * Blocks come as they are; who takes one writes before reading.
 *
 * Memory: one mapping of the budget, in large pages (large.h), touched as it
 * fills; and nine bytes for each KiB of it.
 * Thread: the worker that owns it.
 */
#ifndef WEIR_BASE_BUFFERS_H
#define WEIR_BASE_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUFFER_MIN_BYTES 1024u
#define BUFFER_ORDERS 13u /* 1 KiB to 4 MiB */

/* Of a free block among those of its order, by unit + 1; beside the blocks, which stay untouched. */
struct buffer_link {
	uint32_t next;
	uint32_t prev;
};

struct buffers {
	uint8_t *base;
	uint8_t *state; /* of the block that starts at a unit: order + 1, and whether it is free */
	struct buffer_link *link; /* of the block that starts at a unit */
	uint32_t units; /* of BUFFER_MIN_BYTES */
	uint32_t fresh; /* units below have been given out at some time */
	uint32_t free[BUFFER_ORDERS]; /* lists of unit + 1 */
	unsigned top; /* greatest order there is */
	uint64_t used_bytes;
	uint64_t refused;
};

/* Reserve budget bytes (at least one block of the smallest order).  Returns 0 or -errno. */
int buffers_init(struct buffers *b, uint64_t budget_bytes);
void buffers_fini(struct buffers *b);
/* What buffers_init() reserves at most. */
uint64_t buffers_bytes(uint64_t budget_bytes);

/* A block of 1 KiB << order, named by its unit + 1; 0: nothing is left. */
uint32_t buffers_get(struct buffers *b, unsigned order);
void buffers_put(struct buffers *b, uint32_t block, unsigned order); /* block 0 is fine */

/* The smallest order that holds len bytes; BUFFER_ORDERS where none does. */
unsigned buffers_order(size_t len);

static inline uint8_t *buffers_at(const struct buffers *b, uint32_t block)
{
	return b->base + (size_t)(block - 1) * BUFFER_MIN_BYTES;
}

#endif
