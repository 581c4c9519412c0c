/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * weir_plan.h - the plan: which packets may matter to a rule or a record, as plain data.
 *
 * Out of engine/detect/plan.c; into the maps of the programs.  A packet may matter when its class
 * of protocol is wanted at its ports and at its addresses.  Rules are joined, so the plan wants more
 * than they do together, never less.
 * Not here: released flows; what goes up whatever the plan says (weir_verdict.h).
 *
 * Memory: plain data without pointers, 48 KiB and the networks.
 */
#ifndef WEIR_BPF_WEIR_PLAN_H
#define WEIR_BPF_WEIR_PLAN_H

#include <linux/types.h>

/* What an IP protocol is to rules.  The order is that of engine/detect's enum proto_class. */
enum weir_class {
	WEIR_CLASS_TCP,
	WEIR_CLASS_UDP,
	WEIR_CLASS_ICMP,
	WEIR_CLASS_ICMPV6,
	WEIR_CLASS_SCTP,
	WEIR_CLASS_OTHER,
	WEIR_CLASS__COUNT
};
#define WEIR_CLASSES_ALL ((1u << WEIR_CLASS__COUNT) - 1)
#define WEIR_CLASSES_PORTS (1u << WEIR_CLASS_TCP | 1u << WEIR_CLASS_UDP | 1u << WEIR_CLASS_SCTP)

enum weir_plan_flag {
	WEIR_PLAN_ALL = 1 << 0, /* every frame */
	WEIR_PLAN_NOT_IP = 1 << 1, /* frames that are not IP */
	WEIR_PLAN_EXTENDED = 1 << 2, /* IPv6 with extension headers */
};

/* Ports: a bit each, for TCP, UDP, SCTP in this order, and of these the source's, the destination's. */
#define WEIR_PORT_WORDS (65536 / 64)
#define WEIR_PORT_SETS 6

/* Tunnels in UDP by their ports, as the engine's decoder has them. */
#define WEIR_TUNNEL_PORTS 4
#define WEIR_OPAQUE_PORTS 12
struct weir_tunnels {
	__u16 vxlan[WEIR_TUNNEL_PORTS]; /* destination; 0: none */
	__u16 opaque
		[WEIR_OPAQUE_PORTS]; /* either side: tunnels that the walk does not open; 0: none */
	__u32 opaque_any; /* any UDP datagram may be one */
};

/* The part that lies in one array map. */
struct weir_wants {
	__u32 flags; /* enum weir_plan_flag */
	__u16 any_port; /* bits of enum weir_class: whatever the ports */
	__u16 any_net; /* whatever the addresses */
	struct weir_tunnels tunnels;
	__u64 port[WEIR_PORT_SETS * WEIR_PORT_WORDS];
};

/* Classes that are wanted at a network. */
struct weir_net_wants {
	__u16 src; /* bits of enum weir_class: as the source */
	__u16 dst;
};

struct weir_net {
	__u8 address[16]; /* wire order; IPv4 in the first four bytes */
	__u8 version; /* 4, 6 */
	__u8 bits; /* of the prefix */
	struct weir_net_wants wants;
};

/* Rules with more networks than this get any. */
#define WEIR_PLAN_NETS_MAX 4096

/* Networks stand in the order of version and address, and do not overlap. */
struct weir_plan {
	struct weir_wants wants;
	__u32 nets;
	struct weir_net net[WEIR_PLAN_NETS_MAX];
};

/* Key of the map of networks, one map a version: BPF_MAP_TYPE_LPM_TRIE. */
struct weir_net_key {
	__u32 bits;
	__u8 address[16]; /* IPv4: its map has 4 bytes */
};

#endif
