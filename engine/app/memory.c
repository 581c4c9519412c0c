/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/app/memory.h"

#include <string.h>

#define PIECE_ALIGN 16u

/* At the front of each block. */
struct head {
	uint32_t next, prev; /* blocks of the same owner */
	uint32_t used; /* bytes of the block, with this head */
	uint32_t order;
};
_Static_assert(sizeof(struct head) % PIECE_ALIGN == 0, "pieces are aligned");

static struct head *head_of(const struct buffers *b, uint32_t block)
{
	return (struct head *)buffers_at(b, block);
}

static size_t aligned(size_t len)
{
	return (len + PIECE_ALIGN - 1) / PIECE_ALIGN * PIECE_ALIGN;
}

size_t memory_room(size_t len)
{
	unsigned order = buffers_order(aligned(len) + sizeof(struct head));

	if (len <= MEMORY_SMALL_BYTES)
		return aligned(len);
	return ((size_t)BUFFER_MIN_BYTES << order) - sizeof(struct head);
}

/* A new block behind another, or in front of all where after is 0. */
static uint32_t add_block(struct buffers *b, uint32_t *owner, uint32_t after, size_t len)
{
	unsigned order = buffers_order(len + sizeof(struct head));
	uint32_t block = order < BUFFER_ORDERS ? buffers_get(b, order) : 0;
	struct head *h;

	if (!block)
		return 0;
	h = head_of(b, block);
	*h = (struct head){ .used = sizeof(*h), .order = order, .prev = after };
	h->next = after ? head_of(b, after)->next : *owner;
	if (h->next)
		head_of(b, h->next)->prev = block;
	if (after)
		head_of(b, after)->next = block;
	else
		*owner = block;
	return block;
}

void *memory_raw(struct buffers *b, uint32_t *owner, size_t len)
{
	size_t size = aligned(len ? len : 1);
	struct head *h = *owner ? head_of(b, *owner) : NULL;
	uint32_t block;
	void *out;

	/* Nearly always there is room behind what was taken before. */
	if (h && len <= MEMORY_SMALL_BYTES && size <= (BUFFER_MIN_BYTES << h->order) - h->used) {
		out = (uint8_t *)h + h->used;
		h->used += (uint32_t)size;
		return out;
	}
	if (len > SIZE_MAX / 2)
		return NULL;
	block = add_block(b, owner, size > MEMORY_SMALL_BYTES ? *owner : 0, size);
	if (!block)
		return NULL;
	h = head_of(b, block);
	out = (uint8_t *)h + h->used;
	h->used += (uint32_t)size;
	/* Nothing more is cut from a large piece's block. */
	if (size > MEMORY_SMALL_BYTES)
		h->used = BUFFER_MIN_BYTES << h->order;
	return out;
}

void *memory_alloc(struct buffers *b, uint32_t *owner, size_t len)
{
	void *out = memory_raw(b, owner, len);

	if (out)
		memset(out, 0, aligned(len ? len : 1));
	return out;
}

void *memory_first(struct buffers *b, uint32_t *owner, size_t len)
{
	size_t size = aligned(len);
	uint32_t block = add_block(b, owner, 0, size);
	struct head *h;

	if (!block)
		return NULL;
	h = head_of(b, block);
	h->used += (uint32_t)size;
	memset(h + 1, 0, size);
	return h + 1;
}

void memory_drop(struct buffers *b, uint32_t *owner, void *piece, size_t len)
{
	struct head *h;
	uint32_t block;

	if (!piece || aligned(len) <= MEMORY_SMALL_BYTES)
		return;
	h = (struct head *)((uint8_t *)piece - sizeof(*h));
	block = (uint32_t)(((uint8_t *)h - b->base) / BUFFER_MIN_BYTES) + 1;
	if (h->next)
		head_of(b, h->next)->prev = h->prev;
	if (h->prev)
		head_of(b, h->prev)->next = h->next;
	else
		*owner = h->next;
	buffers_put(b, block, h->order);
}

void memory_free(struct buffers *b, uint32_t *owner)
{
	while (*owner) {
		struct head *h = head_of(b, *owner);
		uint32_t next = h->next;

		buffers_put(b, *owner, h->order);
		*owner = next;
	}
}
