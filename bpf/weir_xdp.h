/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * weir_xdp.h - the contract between the programs in the kernel and the engine.
 *
 * In: configuration, heartbeats, released flows.  Out: a reason for each frame, counted; what stands
 * in front of a frame that goes up; what was kept of released flows.
 * Not here: what is wanted (weir_plan.h), how headers are read (weir_walk.h).
 *
 * Types are the kernel's, so that every side may include this.
 */
#ifndef WEIR_BPF_WEIR_XDP_H
/* Headers begin within so many bytes of a frame. */
#define WEIR_WALK_MAX 1024
#define WEIR_BPF_WEIR_XDP_H

#include <linux/types.h>

/*
 * Why a frame goes where it goes.  Each frame is counted under WEIR_ENTERED and under one more: their
 * sum is what entered.
 */
enum weir_reason {
	WEIR_ENTERED,
	/* Up to the engine. */
	WEIR_UP_ALL, /* the plan wants every frame */
	WEIR_UP_WANTED,
	WEIR_UP_NOT_IP, /* wanted, though not IP */
	WEIR_UP_FLAGS, /* SYN, FIN or RST; in a released flow also no ACK */
	WEIR_UP_FRAGMENT,
	WEIR_UP_QUOTE, /* ICMP "unreachable": it may belong to the flow that it quotes */
	WEIR_UP_MARKED, /* in shadow: it would have been kept; its mark says why */
	/* Up, because it could not be read to its end: "unsure". */
	WEIR_UNSURE_SHORT, /* a header or a datagram is cut short */
	WEIR_UNSURE_LENGTH, /* lengths contradict each other */
	WEIR_UNSURE_VERSION, /* not the IP version that was announced */
	WEIR_UNSURE_IHL, /* an IPv4 header of less than 20 bytes */
	WEIR_UNSURE_OPTIONS, /* IPv4 options */
	WEIR_UNSURE_CHAIN, /* a long or odd chain of extension headers */
	WEIR_UNSURE_TAGS, /* more than two VLAN tags */
	WEIR_UNSURE_LINK, /* an EtherType that only the engine opens */
	WEIR_UNSURE_PROTO, /* ICMP of the other IP version */
	WEIR_UNSURE_TUNNEL, /* a tunnel that only the engine opens, or too deep */
	WEIR_UNSURE_PLAN, /* no plan has been written */
	/* Kept in the kernel. */
	WEIR_KEPT_NOT_IP,
	WEIR_KEPT_PROTO, /* no rule and no record wants this protocol ... */
	WEIR_KEPT_PORT, /* ... these ports */
	WEIR_KEPT_NET, /* ... these addresses */
	WEIR_KEPT_RELEASED,
	WEIR_KEPT_BLOCKED, /* its address or its flow is blocked */
	WEIR_KEPT_POLICED, /* above the rate that its address or its flow has */
	/* Lost: it was to go up. */
	WEIR_LOST_WORKER, /* its worker's heartbeat is stale */
	WEIR_LOST_SOCKET, /* no socket in its slot */
	WEIR_REASON__COUNT
};
#define WEIR_UNSURE_FIRST WEIR_UNSURE_SHORT
#define WEIR_KEPT_FIRST WEIR_KEPT_NOT_IP
#define WEIR_LOST_FIRST WEIR_LOST_WORKER

/* One CPU's count of one reason. */
struct weir_count {
	__u64 packets;
	__u64 bytes;
};

/*
 * In front of a frame that goes up, where the driver has room for it.  Offsets are those of
 * the innermost IP header that was read, and of what follows it; 0: none.
 */
#define WEIR_META_MAGIC 0x5765
#define WEIR_META_VERSION 2
struct weir_meta {
	__u16 magic;
	__u8 version;
	__u8 reason; /* enum weir_reason */
	__u16 l3_offset;
	__u16 l4_offset;
	__u64 hash; /* of the innermost address pair; 0: not IP */
	__u8 ip_version; /* of that pair; 0: not IP */
	__u8 depth; /* tunnels around it */
	__u8 vlans;
	__u8 reserved;
	__u32 stamp; /* when it came: CLOCK_MONOTONIC in ms, low bits, as fine as a tick */
};

/* A released flow: its endpoints sorted by address, then port. */
struct weir_flow_key {
	__u64 low[2], high[2]; /* wire order; IPv4 in the first four bytes */
	__u64 outer; /* keyed hash of the address pairs around it; 0: no tunnel */
	__u16 low_port, high_port; /* host order */
	__u16 vlan[2];
	__u8 vlans;
	__u8 depth;
	__u8 proto;
	__u8 version;
	__u32 reserved;
};

struct weir_way {
	__u64 packets;
	__u64 bytes;
};

/* What an entry does with the packets that it is for. */
enum weir_action {
	WEIR_ACTION_KEEP, /* released: keep them from the engine */
	WEIR_ACTION_PASS, /* the same, and send them on */
	WEIR_ACTION_DROP,
	WEIR_ACTION_POLICE, /* drop what is above the rate */
};

/* A packet each interval, with as much room as burst_ns holds intervals.  The clock's grain is a tick. */
struct weir_rate {
	__u64 interval_ns;
	__u64 burst_ns;
};

/*
 * What the kernel kept of a released flow.  All zeros: released, never expires.  Way 0 is from the low endpoint to the high one.  Written by
 * the program; made and taken away by the supervisor on the engine's word.
 */
struct weir_flow {
	struct weir_way way[2];
	__u64 last_ns; /* CLOCK_MONOTONIC, within a tick */
	__u64 expires_ns; /* CLOCK_MONOTONIC; 0: never.  Later the entry is as if it were not there */
	struct weir_rate rate; /* WEIR_ACTION_POLICE */
	__u64 rate_at; /* when the next packet is due */
	__u32 tcp_flags[2]; /* or of those seen */
	__u32 cleared; /* a SYN came: the entry counts for nothing but its totals */
	__u32 action; /* enum weir_action */
	__u32 ways; /* bit 0: way 0, bit 1: way 1; the other goes up.  0: both */
	__u32 reserved;
	__u64 cookie; /* of the request that made the entry: whose flow it is */
};
#define WEIR_FLOWS_MAX 262144
/* As ways: neither, so that both go up; the entry is there for its counts. */
#define WEIR_WAYS_NONE 4

/* A blocked address, as the source or the destination of the innermost packet that was read. */
struct weir_address_key {
	__u64 address[2]; /* wire order; IPv4 in the first four bytes */
	__u32 version;
	__u32 reserved;
};

struct weir_address {
	__u64 packets, bytes; /* that were dropped or marked for it */
	__u64 last_ns;
	__u64 expires_ns;
	struct weir_rate rate;
	__u64 rate_at;
	__u32 action; /* WEIR_ACTION_DROP, WEIR_ACTION_POLICE */
	__u32 reserved;
};
#define WEIR_ADDRESSES_MAX 16384

/* Words that may be stored to at any time; the program reads them for each frame. */
struct weir_switches {
	__u32 stopped; /* nothing goes up and nothing is counted */
	__u32 blocks; /* there are blocked addresses */
	__u32 all; /* everything goes up, whatever the plan and the entries say */
	__u32 window; /* number of the running one, for weir_tally.h */
	__u32 reserved[12];
};

/* Sockets: slot = queue * slots + hash % slots. */
#define WEIR_SLOTS_MAX 512

enum weir_send {
	WEIR_SEND_REDIRECT, /* to the socket of the slot */
	WEIR_SEND_PASS, /* to the network stack: for tests */
};

/* Constant once the program is loaded. */
struct weir_config {
	__u64 key; /* of the address pair's hash: the engine's own */
	__u64 stale_ns; /* a heartbeat older than this is stale; 0: not looked at */
	__u32 send; /* enum weir_send */
	__u32 slots; /* sockets of a queue, at least 1 */
	__u32 kept_action; /* enum xdp_action of what is kept */
	__u32 lost_action; /* ... and of what has no worker: the policy */
	__u32 skb_base; /* bytes of the frame in front of the socket filter's offset 0 */
	__u32 shadow; /* what would be kept goes up with a mark */
	/* Drop what is blocked.  0: it goes on as if it were not, and is counted as marked. */
	__u32 enforce;
	__u32 tally; /* count sources of probes */
};

#endif
