/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring_plan.h - how large the rings of an interface are made, and what a stage's rings take of memory.
 *
 * In: options and facts of an interface; or a handover, one that stands or one that is only planned.
 * Out: sizes for those who open sockets; bytes by interface and worker.
 * Not here: opening anything; which step of the ladder will stand (xdp_load.h tries).
 *
 * Memory: the caller's.  Thread: any.
 * Specification: Documentation/networking/af_xdp.rst, packet(7): rings and blocks are whole pages.
 */
#ifndef WEIR_CAPTURE_RING_PLAN_H
#define WEIR_CAPTURE_RING_PLAN_H

#include "engine/capture/iface.h"
#include "engine/capture/xdp_load.h"

/* The largest frame that a driver takes in one buffer of a page. */
#define RING_ONE_BUFFER_MTU 3498

/* Of each queue by AF_XDP. */
struct ring_queue {
	uint32_t sockets; /* one for each worker, or one */
	uint32_t frames, frame_bytes; /* of its UMEM */
	uint32_t fill_entries, completion_entries;
	uint32_t rx_entries; /* of each socket */
};
/* frags: frames may come in several buffers. */
void ring_plan_queue(const struct xdp_interface_options *o, const struct iface *f, unsigned workers,
		     bool frags, struct ring_queue *out);

/* Of each worker's socket by AF_PACKET. */
struct ring_blocks {
	uint32_t block_bytes, blocks;
};
void ring_plan_blocks(const struct xdp_interface_options *o, struct ring_blocks *out);

/* At this step frames may come in several buffers. */
bool ring_plan_frags(const struct xdp_interface_options *o, const struct iface *f,
		     enum xdp_step step);

/*
 * Queues and sources as they would stand at a step, behind those that h has, with sizes alone: no
 * descriptor.  Returns 0, or -E2BIG: they are too many.
 */
int ring_plan(const struct xdp_interface_options *o, const struct iface *f, unsigned workers,
	      enum xdp_step step, struct live_handover *h);

struct ring_bytes {
	uint64_t umem, fill, completion; /* of queues */
	uint64_t rx, tx, blocks; /* of workers' sockets */
	uint64_t books; /* of queues: who holds which frame */
};
#define RING_ALL UINT32_MAX
/* interface, worker: an index, or RING_ALL.  What belongs to queues is of no single worker. */
void ring_bytes(const struct live_handover *h, uint32_t interface, uint32_t worker,
		struct ring_bytes *out);
uint64_t ring_bytes_sum(const struct ring_bytes *b);

#endif
