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
 * bytes: the frag->l3_offset bytes in front of the fragment's IP header, then the datagram
 * (IPv4 or IPv6 header without the fragment header, lengths corrected).  They live until
 * the batch is finished; else { NULL, 0 }.  Events go to frag.
 */
typedef struct bytes (*decode_defrag_fn)(void *ctx, struct packet *frag);

/* Ports of one kind of tunnel in UDP; count 0: the registered one (2152, 3544, 4789, 6081). */
#define DECODE_PORTS_MAX 4
struct decode_ports {
	uint8_t count;
	bool any; /* Teredo only: look into every UDP datagram */
	uint16_t port[DECODE_PORTS_MAX];
};

struct decode_options {
	bool check_checksums; /* IP and transport checksums are verified */
	bool ignore_checksums; /* they are known to be wrong: rules on them take them as right */
	bool partial_checksums; /* one that was left to a device, which has not seen it yet, is right */
	bool teredo, vxlan, geneve, gtpu; /* tunnels in UDP that are looked for */
	uint16_t recursion_limit; /* decoder.max-layers; 0: DECODE_LAYERS_MAX */
	struct decode_ports teredo_ports, vxlan_ports, geneve_ports, gtpu_ports;
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
 * Which worker a packet is for: a symmetric keyed hash of its address pair; 0 where it is not IP.
 * Of an ICMPv4 "unreachable" that joins the flow which it quotes (packet_joins_quoted()), the
 * quoted pair.  So all packets of a flow have one hash, a tunnel's as well as those
 * of the flows inside, whichever way these come.
 */
uint64_t decode_owner_hash(const struct packet *p, uint64_t key);

/*
 * Where a frame is plain - it gives one packet only, whose pair can be read at once - put its
 * decode_owner_hash() into *out.  false: it may give packets of several pairs (tunnels, fragments,
 * "unreachable"), and only decode_frame() can tell.
 */
bool decode_plain_hash(const struct decode_options *o, const struct frame *f, uint64_t key,
		       uint64_t *out);

/* A fragment outside of every tunnel. */
struct decode_fragment {
	uint64_t hash; /* of its pair, as decode_owner_hash() */
	struct ip_addr src, dst;
	struct bytes tags; /* Ethernet's type and VLANs */
	uint32_t id;
	uint32_t offset,
		end; /* in the datagram's payload; equal where it is not plain what it brings */
	uint8_t ip_version;
	uint8_t proto; /* IPv4 */
	bool more;
	bool alone; /* the first one, and its datagram has nothing of another pair inside */
};

enum decode_outer {
	DECODE_OUTER_OTHER, /* no fragment outside of tunnels */
	DECODE_OUTER_FRAGMENT,
	DECODE_OUTER_UNREAD, /* it may be or become one, and only decode_frame() can tell */
};

/* What a frame is that is not plain; it does not say that it is whole. */
enum decode_outer decode_outer(const struct decode_options *o, const struct frame *f, uint64_t key,
			       struct decode_fragment *out);

#endif
