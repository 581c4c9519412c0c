/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_book.h - a queue's book: what each worker holds of it and has counted, in a memfd that the
 * supervisor makes and the engine writes.
 *
 * It outlives the engine.  The order of its stores is such that at any moment, from the book and the
 * rings alone, each frame is in one place: in a ring, or held by a worker.
 * Not here: who reads and mends it (live_input.h).
 *
 * Memory: live_book_bytes(), zeros at first.  Thread: a source's part is its worker's; the rest is under
 * the lock.
 */
#ifndef WEIR_CAPTURE_LIVE_BOOK_H
#define WEIR_CAPTURE_LIVE_BOOK_H

#include <sched.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/capture/live.h"

/* Most descriptors of a batch; a frame in several buffers has one for each. */
#define LIVE_HELD_MAX 256

struct live_held {
	uint64_t address; /* AF_XDP: in UMEM; AF_PACKET: in the socket's ring */
	uint32_t len;
	uint32_t more; /* the next one belongs to the same frame */
};

struct live_book_source {
	struct live_counts counts;
	/* The batch: descriptors and frames; 0: none.  Stored last when taken, first when given. */
	uint32_t held, held_frames;
	uint64_t held_bytes;
	uint64_t inspected_next, inspected_bytes_next; /* what they will be when it is given */
	int64_t held_time_ns;
	/* AF_XDP: the consumer's index before and after. */
	uint32_t rx_from, rx_to;
	/* AF_PACKET: the block, packets of it that are finished, and 1 + the block that is being given. */
	uint32_t block, block_from, releasing, reserved;
	struct live_held hold[LIVE_HELD_MAX];
} __attribute__((aligned(64)));

struct live_book {
	uint32_t lock;
	uint32_t filling; /* 1 + place of the source that gives frames back */
	uint32_t fill_to; /* the producer's index when it has */
	uint32_t sends; /* free frames for live_send(), behind the sources */
	uint32_t sources, reserved[3];
	struct live_book_source source[] __attribute__((aligned(64)));
};

static inline size_t live_book_bytes(uint32_t sources, uint32_t send_frames)
{
	return sizeof(struct live_book) + sources * sizeof(struct live_book_source) +
	       send_frames * sizeof(uint64_t);
}

static inline uint64_t *live_book_sends(struct live_book *b)
{
	return (uint64_t *)(void *)(b->source + b->sources);
}

static inline void live_book_lock(struct live_book *b)
{
	for (unsigned spins = 0; __atomic_exchange_n(&b->lock, 1, __ATOMIC_ACQUIRE);) {
		__builtin_ia32_pause();
		if (++spins % 1024 == 0)
			sched_yield();
	}
}

static inline void live_book_unlock(struct live_book *b)
{
	__atomic_store_n(&b->lock, 0, __ATOMIC_RELEASE);
}

/* A counter that another process reads. */
static inline void live_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline void live_set(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, n, __ATOMIC_RELAXED);
}

#endif
