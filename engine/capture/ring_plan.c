/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/ring_plan.h"

#include <errno.h>
#include <unistd.h>

#include <linux/if_xdp.h>

#include "engine/capture/live_book.h"

#define PACKET_RING_BYTES (32u << 20)
#define PACKET_BLOCK_BYTES (1u << 20)
/* Of a queue's receive rings together: what comes while its workers are not let run. */
#define RX_ENTRIES 16384
#define RX_ENTRIES_LEAST 512
#define FRAMES_SPARE 1024
/* The kernel takes so much of each frame of UMEM. */
#define FRAME_HEADROOM 256
#define LINK_BYTES 22 /* an Ethernet header and two tags */
/* Nothing is sent: the least that the kernel takes. */
#define COMPLETION_LEAST 64
/* Indices and flags stand before a ring's entries. */
#define RING_HEAD_BYTES 384

static uint32_t power_above(uint32_t v)
{
	uint32_t p = 1;

	while (p < v)
		p <<= 1;
	return p;
}

static uint32_t rx_entries_of(const struct xdp_interface_options *o, uint32_t sockets)
{
	uint32_t n = RX_ENTRIES;

	if (o->rx_entries)
		return o->rx_entries;
	while (n > RX_ENTRIES_LEAST && n * sockets > RX_ENTRIES)
		n >>= 1;
	return n;
}

/* All rings of a queue may be full, each worker may hold a batch, and the kernel still has frames. */
static uint32_t frames_of(const struct xdp_interface_options *o, uint32_t sockets, uint32_t rx)
{
	if (o->frames)
		return o->frames;
	return sockets * (rx + LIVE_BATCH) + FRAMES_SPARE + o->send_frames;
}

void ring_plan_queue(const struct xdp_interface_options *o, const struct iface *f, unsigned workers,
		     bool frags, struct ring_queue *out)
{
	bool large = f->mtu + LINK_BYTES > 2048 - FRAME_HEADROOM || frags;

	out->sockets = o->by_queue ? 1 : workers;
	out->rx_entries = rx_entries_of(o, out->sockets);
	out->frames = frames_of(o, out->sockets, out->rx_entries);
	out->frame_bytes = large ? 4096 : 2048;
	if (o->frame_bytes)
		out->frame_bytes = o->frame_bytes;
	out->fill_entries = power_above(out->frames);
	out->completion_entries = o->send_frames ? power_above(o->send_frames) : COMPLETION_LEAST;
}

void ring_plan_blocks(const struct xdp_interface_options *o, struct ring_blocks *out)
{
	uint32_t ring = o->packet_ring_bytes ? o->packet_ring_bytes : PACKET_RING_BYTES;

	out->block_bytes = o->packet_block_bytes ? o->packet_block_bytes : PACKET_BLOCK_BYTES;
	out->blocks = ring / out->block_bytes > 2 ? ring / out->block_bytes : 2;
}

bool ring_plan_frags(const struct xdp_interface_options *o, const struct iface *f,
		     enum xdp_step step)
{
	/* The stack gives a generic program segments that are still joined. */
	return o->jumbo || f->mtu > RING_ONE_BUFFER_MTU || step == XDP_STEP_GENERIC;
}

static int plan_packet(const struct xdp_interface_options *o, unsigned workers,
		       struct live_handover *h)
{
	struct ring_blocks b;

	if (h->queues == LIVE_QUEUES_MAX || workers > LIVE_SOURCES_MAX - h->sources)
		return -E2BIG;
	ring_plan_blocks(o, &b);
	h->queue[h->queues] = (struct live_queue){ .interface = h->interfaces };
	for (unsigned i = 0; i < workers; i++)
		h->source[h->sources++] = (struct live_source){ .worker = i,
								.queue = h->queues,
								.block_bytes = b.block_bytes,
								.blocks = b.blocks };
	h->queues++;
	return 0;
}

static int plan_xdp(const struct xdp_interface_options *o, const struct iface *f, unsigned workers,
		    enum xdp_step step, struct live_handover *h)
{
	uint32_t queues = o->queues ? o->queues : f->rx_queues;
	struct ring_queue q;

	ring_plan_queue(o, f, workers, ring_plan_frags(o, f, step), &q);
	if (queues > LIVE_QUEUES_MAX - h->queues ||
	    queues * q.sockets > LIVE_SOURCES_MAX - h->sources)
		return -E2BIG;
	for (uint32_t i = 0; i < queues; i++) {
		h->queue[h->queues] =
			(struct live_queue){ .interface = h->interfaces,
					     .queue = i,
					     .frames = q.frames,
					     .frame_bytes = q.frame_bytes,
					     .fill_entries = q.fill_entries,
					     .completion_entries = q.completion_entries,
					     .send_frames = o->send_frames };
		for (uint32_t k = 0; k < q.sockets; k++)
			h->source[h->sources++] =
				(struct live_source){ .worker = o->by_queue ? i % workers : k,
						      .queue = h->queues,
						      .rx_entries = q.rx_entries,
						      .tx_entries =
							      o->send_frames ? q.rx_entries : 0 };
		h->queues++;
	}
	return 0;
}

int ring_plan(const struct xdp_interface_options *o, const struct iface *f, unsigned workers,
	      enum xdp_step step, struct live_handover *h)
{
	int err;

	if (h->interfaces == LIVE_INTERFACES_MAX)
		return -E2BIG;
	err = step == XDP_STEP_AF_PACKET ? plan_packet(o, workers, h)
					 : plan_xdp(o, f, workers, step, h);
	h->workers = workers;
	if (!err)
		h->interface[h->interfaces++].step = step;
	return err;
}

static uint64_t pages(uint64_t bytes)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

static uint64_t ring(uint32_t entries, uint64_t entry_bytes)
{
	return entries ? pages(RING_HEAD_BYTES + entries * entry_bytes) : 0;
}

void ring_bytes(const struct live_handover *h, uint32_t interface, uint32_t worker,
		struct ring_bytes *out)
{
	*out = (struct ring_bytes){ .umem = 0 };
	for (uint32_t i = 0; worker == RING_ALL && i < h->queues; i++) {
		const struct live_queue *q = &h->queue[i];

		if (interface != RING_ALL && q->interface != interface)
			continue;
		out->umem += pages((uint64_t)q->frames * q->frame_bytes);
		out->fill += ring(q->fill_entries, sizeof(uint64_t));
		out->completion += ring(q->completion_entries, sizeof(uint64_t));
		out->books += pages(live_book_bytes(h->workers, q->send_frames));
	}
	for (uint32_t i = 0; i < h->sources; i++) {
		const struct live_source *s = &h->source[i];

		if ((worker != RING_ALL && s->worker != worker) ||
		    (interface != RING_ALL && h->queue[s->queue].interface != interface))
			continue;
		out->rx += ring(s->rx_entries, sizeof(struct xdp_desc));
		out->tx += ring(s->tx_entries, sizeof(struct xdp_desc));
		out->blocks += (uint64_t)s->block_bytes * s->blocks;
	}
}

uint64_t ring_bytes_sum(const struct ring_bytes *b)
{
	return b->umem + b->fill + b->completion + b->rx + b->tx + b->blocks + b->books;
}
