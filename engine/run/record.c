/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/record.h"

#include <errno.h>
#include <sys/mman.h>

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int record_key_compare(const struct record_key *a, const struct record_key *b)
{
	int c = compare_u64(a->packet, b->packet);

	if (c == 0)
		c = compare_u64(a->minor, b->minor);
	if (c == 0)
		c = compare_u64(a->flow, b->flow);
	return c;
}

int record_ring_init(struct record_ring *r, uint64_t size)
{
	*r = (struct record_ring){ .size = size };
	r->base = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->base == MAP_FAILED) {
		r->base = NULL;
		return -errno;
	}
	return 0;
}

void record_ring_fini(struct record_ring *r)
{
	if (r->base)
		munmap(r->base, r->size);
	r->base = NULL;
}

static bool has_room(struct record_ring *r, uint64_t head, uint64_t size)
{
	if (head - r->tail_seen + size <= r->size)
		return true;
	r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	return head - r->tail_seen + size <= r->size;
}

/*
 * A record never wraps: where the rest up to the end is too short for it, that rest
 * becomes filler.  Filler needs eight bytes (size and lines), and all sizes are multiples of
 * eight, so it always fits.
 */
void *record_ring_reserve(struct record_ring *r, uint64_t size)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	uint64_t rest = r->size - (head & (r->size - 1));

	if (rest < size) {
		struct record *filler = (struct record *)(r->base + (head & (r->size - 1)));

		if (!has_room(r, head, rest))
			return NULL;
		filler->size = (uint32_t)rest;
		filler->lines = 0;
		head += rest;
		atomic_store_explicit(&r->head, head, memory_order_release);
	}
	if (!has_room(r, head, size))
		return NULL;
	return r->base + (head & (r->size - 1));
}

void record_ring_commit(struct record_ring *r, uint64_t size)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	atomic_store_explicit(&r->head, head + size, memory_order_release);
}

void record_ring_take(struct record_ring *r, const struct record *rec)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	atomic_store_explicit(&r->tail, tail + rec->size, memory_order_release);
}

const struct record *record_ring_peek(struct record_ring *r)
{
	for (;;) {
		uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
		const struct record *rec;

		if (tail == atomic_load_explicit(&r->head, memory_order_acquire))
			return NULL;
		rec = (const struct record *)(r->base + (tail & (r->size - 1)));
		if (rec->lines)
			return rec;
		record_ring_take(r, rec);
	}
}
