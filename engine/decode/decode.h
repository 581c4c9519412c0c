/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode.h - reads the headers of a frame (link, VLAN, MPLS, PPP, tunnels, IP, transport).
 *
 * In: a frame.  Out: packets in struct packet_set, innermost work last in the
 * array; packets[0] is what was captured.  The engine handles inner packets before the one
 * around them (from the last to packets[0]), as Suricata does.
 * Not here: joining fragments (a callback gives the joined datagram), flows.
 *
 * Memory: packets borrow from the frame.
 * Thread: the worker that owns the decoder.
 */
#ifndef WEIR_DECODE_DECODE_H
#define WEIR_DECODE_DECODE_H

#include "engine/base/counter.h"
#include "engine/decode/packet.h"

/* Layers of IP that one frame may give; what is deeper is an event (too_many_layers). */
#define DECODE_PACKETS_MAX 16
#define DECODE_LAYERS_MAX 16

struct packet_set {
	unsigned count;
	struct packet packets[DECODE_PACKETS_MAX];
};

/*
 * Give a fragment to the defragmenter.  On a completed datagram returns its
 * bytes (IPv4 or IPv6 header without the fragment header, lengths corrected), which live
 * until the frame is finished; else { NULL, 0 }.  Events go to frag.
 */
typedef struct bytes (*decode_defrag_fn)(void *ctx, struct packet *frag);

struct decode_options {
	bool check_checksums; /* IP and transport checksums are verified */
	bool teredo, vxlan, geneve; /* tunnels in UDP that are looked for */
	uint16_t recursion_limit;
};

struct decoder {
	struct decode_options options;
	struct counters *counters;
	decode_defrag_fn defrag; /* NULL: fragments are not joined */
	void *defrag_ctx;
};

/* Fill set from a frame.  Never fails; what cannot be read is an event on the packet. */
void decode_frame(struct decoder *d, const struct frame *f, struct packet_set *set);

/*
 * The innermost address pair of a frame, for choosing its worker: a symmetric
 * keyed hash; ICMP errors hash the pair of the datagram that they quote.  Frames that are
 * not IP give 0.  Much cheaper than decode_frame().
 */
uint64_t decode_pair_hash(const struct frame *f, uint64_t key);

#endif
