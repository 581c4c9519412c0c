/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/buffers.h"

#include <errno.h>
#include <sys/mman.h>

#include "engine/base/large.h"
#include "engine/base/prealloc.h"

#define STATE_FREE 0x80u

static void *reserve(size_t len)
{
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

int buffers_init(struct buffers *b, uint64_t budget_bytes)
{
	uint64_t units = budget_bytes / BUFFER_MIN_BYTES;

	*b = (struct buffers){ .top = BUFFER_ORDERS - 1 };
	if (units == 0)
		units = 1;
	if (units >= UINT32_MAX)
		units = UINT32_MAX - 1;
	while (1ull << b->top > units)
		b->top--;
	/* Whole blocks of the greatest order: a buddy never lies outside. */
	b->units = (uint32_t)(units >> b->top << b->top);
	b->base = reserve((size_t)b->units * BUFFER_MIN_BYTES);
	b->state = reserve(b->units);
	b->link = reserve(b->units * sizeof(*b->link));
	if (!b->base || !b->state || !b->link) {
		buffers_fini(b);
		return -ENOMEM;
	}
	/* Each side of a stream lives in pages of its own. */
	large_pages(b->base, (size_t)b->units * BUFFER_MIN_BYTES);
	prealloc_touch(b->base, (size_t)b->units * BUFFER_MIN_BYTES);
	return 0;
}

void buffers_fini(struct buffers *b)
{
	if (!b)
		return;
	if (b->base)
		munmap(b->base, (size_t)b->units * BUFFER_MIN_BYTES);
	if (b->state)
		munmap(b->state, b->units);
	if (b->link)
		munmap(b->link, b->units * sizeof(*b->link));
	*b = (struct buffers){ .base = NULL };
}

uint64_t buffers_bytes(uint64_t budget_bytes)
{
	uint64_t units = budget_bytes / BUFFER_MIN_BYTES;

	/* A byte of state and a link for each, in whole pages. */
	return (units ? units : 1) * (BUFFER_MIN_BYTES + 1 + sizeof(struct buffer_link)) +
	       3 * 4096u;
}

unsigned buffers_order(size_t len)
{
	unsigned order = 0;

	while (order < BUFFER_ORDERS && (size_t)BUFFER_MIN_BYTES << order < len)
		order++;
	return order;
}

/* Of a free block. */
static struct buffer_link *link_of(const struct buffers *b, uint32_t block)
{
	return &b->link[block - 1];
}

static void free_push(struct buffers *b, uint32_t block, unsigned order)
{
	uint32_t head = b->free[order];

	if (head)
		link_of(b, head)->prev = block;
	*link_of(b, block) = (struct buffer_link){ .next = head };
	b->free[order] = block;
	b->state[block - 1] = (uint8_t)(STATE_FREE | (order + 1));
}

static void free_take(struct buffers *b, uint32_t block, unsigned order)
{
	const struct buffer_link *l = link_of(b, block);

	if (l->next)
		link_of(b, l->next)->prev = l->prev;
	if (l->prev)
		link_of(b, l->prev)->next = l->next;
	else
		b->free[order] = l->next;
	b->state[block - 1] = 0;
}

uint32_t buffers_get(struct buffers *b, unsigned order)
{
	unsigned from = order;
	uint32_t block;

	while (from <= b->top && !b->free[from])
		from++;
	if (order > b->top) {
		b->refused++;
		return 0;
	}
	if (from <= b->top) {
		block = b->free[from];
		free_take(b, block, from);
	} else if (b->fresh < b->units) {
		from = b->top;
		block = b->fresh + 1;
		b->fresh += 1u << b->top;
	} else {
		b->refused++;
		return 0;
	}
	while (from > order) {
		from--;
		free_push(b, block + (1u << from), from);
	}
	b->state[block - 1] = (uint8_t)(order + 1);
	b->used_bytes += (uint64_t)BUFFER_MIN_BYTES << order;
	return block;
}

void buffers_put(struct buffers *b, uint32_t block, unsigned order)
{
	if (!block)
		return;
	b->used_bytes -= (uint64_t)BUFFER_MIN_BYTES << order;
	b->state[block - 1] = 0;
	while (order < b->top) {
		uint32_t buddy = ((block - 1) ^ 1u << order) + 1;

		if (b->state[buddy - 1] != (STATE_FREE | (order + 1)))
			break;
		free_take(b, buddy, order);
		if (buddy < block)
			block = buddy;
		order++;
	}
	free_push(b, block, order);
}
