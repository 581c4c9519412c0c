/* SPDX-License-Identifier: Apache-2.0 */
/*
 * block.h - builds a ruleset block: appends, and keeps equal things once.
 *
 * In: arrays and strings.  Out: their offsets.  Nothing in the block moves once it has an offset,
 * but its address may: hold offsets, not pointers, between calls.
 *
 * Memory: one growing buffer from malloc; block_take() hands it over.
 * Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_BLOCK_H
#define WEIR_DETECT_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block_slot;

struct block_builder {
	uint8_t *data;
	size_t len, size;
	struct block_slot *slots; /* what block_intern() knows */
	size_t slot_count, slot_used;
	bool failed; /* no memory, or past 4 GiB; every later call does nothing */
};

void block_init(struct block_builder *b);
void block_fini(struct block_builder *b);

/* Room for len zeroed bytes, aligned to 8.  Returns the offset; 0 after failure. */
uint32_t block_room(struct block_builder *b, size_t len);
uint32_t block_add(struct block_builder *b, const void *data, size_t len);
/* The same, but equal bytes share one place. */
uint32_t block_intern(struct block_builder *b, const void *data, size_t len);
uint32_t block_string(struct block_builder *b, const char *text); /* NULL gives 0 */

static inline void *block_pointer(const struct block_builder *b, uint32_t offset)
{
	return b->data + offset;
}

#endif
