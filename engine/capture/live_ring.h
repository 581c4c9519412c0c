/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_ring.h - the rings that an AF_XDP socket shares with the kernel.
 *
 * In: a socket, offsets and sizes as they were handed over.  Out: a mapped ring of one producer and
 * one consumer; indices run freely and wrap at 2^32.
 * Not here: sockets, frames.
 *
 * Memory: a mapping of the socket's; it keeps the socket alive until it is unmapped.
 * Thread: one producer, one consumer.
 * Specification: Documentation/networking/af_xdp.rst, linux/if_xdp.h.
 */
#ifndef WEIR_CAPTURE_LIVE_RING_H
#define WEIR_CAPTURE_LIVE_RING_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include <linux/if_xdp.h>

#include "engine/capture/live.h"

/* Kernel 6.6. */
#ifndef XDP_USE_SG
#define XDP_USE_SG (1 << 4)
#endif
#ifndef XDP_PKT_CONTD
#define XDP_PKT_CONTD (1 << 0)
#endif

struct live_ring {
	uint32_t *producer, *consumer, *flags;
	void *entries; /* struct xdp_desc, or uint64_t addresses */
	uint32_t mask;
	void *map; /* NULL: not there */
	size_t map_len;
};

static inline int live_ring_map(int socket, const struct live_ring_offset *o, uint32_t entries,
				size_t entry_len, uint64_t page, struct live_ring *out)
{
	size_t len = (size_t)o->desc + entries * entry_len;
	uint8_t *map;

	*out = (struct live_ring){ .mask = entries - 1 };
	map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, socket,
		   (off_t)page);
	if (map == MAP_FAILED)
		return -errno;
	out->map = map;
	out->map_len = len;
	out->producer = (uint32_t *)(void *)(map + o->producer);
	out->consumer = (uint32_t *)(void *)(map + o->consumer);
	out->flags = (uint32_t *)(void *)(map + o->flags);
	out->entries = map + o->desc;
	return 0;
}

static inline void live_ring_unmap(struct live_ring *r)
{
	if (r->map)
		munmap(r->map, r->map_len);
	r->map = NULL;
}

static inline uint32_t live_ring_load(const uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static inline void live_ring_store(uint32_t *index, uint32_t value)
{
	__atomic_store_n(index, value, __ATOMIC_RELEASE);
}

/* Entries that wait for the consumer. */
static inline uint32_t live_ring_filled(const struct live_ring *r)
{
	uint32_t n = live_ring_load(r->producer) - live_ring_load(r->consumer);

	return n <= r->mask + 1 ? n : r->mask + 1;
}

static inline uint32_t live_ring_free(const struct live_ring *r)
{
	return r->mask + 1 - live_ring_filled(r);
}

static inline struct xdp_desc *live_ring_desc(const struct live_ring *r, uint32_t at)
{
	return (struct xdp_desc *)r->entries + (at & r->mask);
}

static inline uint64_t *live_ring_address(const struct live_ring *r, uint32_t at)
{
	return (uint64_t *)r->entries + (at & r->mask);
}

static inline bool live_ring_wants_kick(const struct live_ring *r)
{
	return __atomic_load_n(r->flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP;
}

#endif
