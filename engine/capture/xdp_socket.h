/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xdp_socket.h - opens the sockets of an interface, and writes them into a handover.
 *
 * In: sizes and flags.  Out: for AF_XDP a queue with its UMEM, book, filled rings and a socket for
 * each worker; for AF_PACKET a book and a ring for each worker, in one fanout group.
 * Not here: programs and maps: their descriptors are given; which sizes and steps (xdp_load.c).
 *
 * Memory: descriptors are the handover's, mappings the inputs'.  Thread: one.
 * Specification: Documentation/networking/af_xdp.rst, packet(7).
 */
#ifndef WEIR_CAPTURE_XDP_SOCKET_H
#define WEIR_CAPTURE_XDP_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/capture/live_input.h"
#include "engine/capture/ring_plan.h"

struct xdp_queue_options {
	int ifindex;
	uint32_t interface, queue; /* queue: the device's */
	uint32_t first_slot, first_worker; /* a socket each, workers and slots in a row */
	struct ring_queue size;
	uint32_t send_frames;
	uint16_t bind_flags; /* XDP_ZEROCOPY, XDP_COPY, XDP_USE_SG */
	unsigned busy_poll_us, busy_poll_budget;
};

/*
 * inputs: by source index of the handover, mapped here.  On failure what was begun stands in the
 * handover; take it back with xdp_sockets_undo().  Returns 0 or -errno.
 */
int xdp_queue_open(struct live_handover *h, const struct xdp_queue_options *opt,
		   struct live_input *inputs);

struct xdp_packet_options {
	int ifindex;
	uint32_t interface, workers;
	uint32_t block_bytes, blocks;
	unsigned timeout_ms;
	int filter, fanout; /* programs */
	bool ignore_outgoing, promiscuous;
};
int xdp_packet_open(struct live_handover *h, const struct xdp_packet_options *opt,
		    struct live_input *inputs);

/* Unmap and close what stands behind these counts. */
void xdp_sockets_undo(struct live_handover *h, struct live_input *inputs, uint32_t queues,
		      uint32_t sources);

/* A socket that holds the interface in promiscuous mode until it is closed; or -errno. */
int xdp_promiscuous_open(int ifindex);

#endif
