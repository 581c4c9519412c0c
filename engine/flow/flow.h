/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow.h - flows: the two directions of a conversation, found by a keyed hash.
 *
 * In: packets with has_l4.  Out: packet->flow, ->direction, ->established.
 * Flows end by timeout at second ticks, by reuse of their ports, by emergency
 * shedding, or with the run; each end is told through a callback, in the
 * order (deadline, flow number), before the flow's memory is reused.
 * Not here: TCP state (engine/stream), protocols.
 *
 * Memory: one pool of 128-byte flows, one hash table, sized at start.
 * Thread: the worker that owns the table.
 */
#ifndef WEIR_FLOW_FLOW_H
#define WEIR_FLOW_FLOW_H

#include <assert.h>

#include "engine/base/counter.h"
#include "engine/base/hash.h"
#include "engine/base/memory_use.h"
#include "engine/base/pool.h"
#include "engine/decode/packet.h"

enum flow_state {
	FLOW_NEW,
	FLOW_ESTABLISHED, /* both sides seen; TCP: engine/stream says when */
	FLOW_CLOSED,
	FLOW_BYPASSED,
	FLOW_STATE__COUNT
};
static_assert(FLOW_STATE__COUNT <= 4 && PACKET_VLANS_MAX <= 3 && EXCEPTION_OF_FLOWS <= 4,
	      "they share a byte of the flow");
const char *flow_state_name(enum flow_state s); /* EVE flow.state */

enum flow_end_reason {
	FLOW_END_TIMEOUT, /* "timeout" */
	FLOW_END_FORCED, /* "forced": ports reused, shed */
	FLOW_END_SHUTDOWN, /* "shutdown": end of the run */
	FLOW_END_TCP_REUSE, /* "tcp_reuse" */
};
const char *flow_end_reason_name(enum flow_end_reason r);

enum flow_flag {
	FLOW_TO_SERVER_SEEN = 1 << 0,
	FLOW_TO_CLIENT_SEEN = 1 << 1,
	FLOW_ALERTED = 1 << 2,
	FLOW_DROPPED = 1 << 3, /* verdict on the whole flow */
	FLOW_PASSED = 1 << 4,
	FLOW_TOLD = 1 << 5, /* somebody may keep packets of its released ways */
	FLOW_NO_PAYLOAD = 1 << 6, /* payload is no longer inspected */
	FLOW_IPONLY_TOSERVER = 1 << 7, /* address-only rules have been tried */
	FLOW_IPONLY_TOCLIENT = 1 << 8,
	FLOW_REVERSED = 1 << 9, /* direction was turned after a midstream pickup */
	FLOW_DROP_LOGGED = 1 << 10, /* a drop record of its packets to the server was written */
	FLOW_EMERGENCY = 1 << 11,
	FLOW_REJECTED = 1 << 12,
	FLOW_MAY_ALERT = 1 << 13, /* had alerts that a threshold may have kept back */
	FLOW_ASKED = 1 << 14, /* its release waits for rules that end */
	FLOW_DROP_LOGGED_BACK = 1 << 15, /* and of those to the client */
};

/* A way is a direction of a flow; as a set, bit 0 is to the server, bit 1 to the client. */
#define FLOW_WAYS_BOTH 3u

/*
 * 128 bytes, two cache lines: the first finds the flow, the second is written per packet.
 * Client is the side that sent the first packet.
 */
struct flow {
	/* First line: key and links. */
	struct ip_addr client;
	struct ip_addr server;
	uint16_t client_port; /* ICMP: type; ESP: high half of SPI */
	uint16_t server_port; /* ICMP: code; ESP: low half */
	uint16_t vlan[3];
	uint8_t proto;
	uint8_t ip_version : 4;
	uint8_t depth : 4; /* tunnels around it */
	uint32_t next; /* hash chain */
	uint32_t wheel_prev; /* timer wheel */
	uint32_t wheel_next;
	uint16_t wheel_slot : 12;
	/*
	 * Ways that are no longer inspected: counted, nothing else; and ways that some rule looks at for ever.  Both:
	 * released once, and taken back when other rules came: packets are inspected, its stream is over.
	 */
	uint16_t released : 2;
	uint16_t held : 2;
	uint16_t flags; /* enum flow_flag */
	uint8_t vlans : 2;
	uint8_t state : 2; /* enum flow_state */
	uint8_t exceptions : 4; /* enum exception_target as bits: whose policies were asked */
	uint8_t app_proto; /* enum app_proto: what engine/app made of both directions */
	uint8_t min_ttl[2]; /* per direction, for netflow */

	/* Second line: counters and state. */
	int64_t start_ns;
	int64_t last_ns;
	uint64_t
		number; /* frame number of its first packet * 16 + place in the frame: orders flows */
	uint64_t bytes[2]; /* per direction */
	uint32_t packets[2];
	uint32_t tcp; /* index of struct tcp_session, 0: none */
	uint32_t detect; /* index of detection state (flowbits...), 0: none */
	uint32_t app; /* index of application state (engine/app), 0: none */
	union {
		uint16_t icmp_id; /* echo identifier (ICMP flows) */
		uint8_t tcp_flags[2]; /* or of all flags seen, per direction (TCP flows) */
	};
	uint8_t max_ttl[2];
};
static_assert(sizeof(struct flow) <= 128, "a flow is two cache lines");

struct flow_timeouts {
	uint32_t new_s, established_s, closed_s, bypassed_s;
	uint32_t emergency_new_s, emergency_established_s, emergency_closed_s;
};

struct flow_options {
	struct flow_timeouts tcp, udp, icmp, other;
	uint32_t max_flows; /* pool size */
	uint32_t hash_size; /* rounded up to a power of two */
	uint32_t emergency_recovery_percent;
	bool use_vlan; /* vlan.use-for-tracking */
	bool use_depth; /* decoder.recursion-level.use-for-tracking */
	struct hash_key key;
};

struct flow_table;

/* What the owner wants to hear of ends.  The flow may be read, and is gone after the call. */
typedef void (*flow_end_fn)(void *ctx, struct flow *f, enum flow_end_reason reason);
/* Asked before a SYN of TCP joins a flow: true where it starts a new flow on the same ports, as the session that had
 * them is closed.  NULL: never. */
typedef bool (*flow_reuse_fn)(void *ctx, const struct flow *f, const struct packet *p);
/*
 * Told before a flow whose packets may be kept elsewhere (FLOW_TOLD) times out or ends: brings
 * what was kept since the last time into it with flow_merge(), the time of the last packet above
 * all.  ending: there is no other time.
 */
typedef void (*flow_refresh_fn)(void *ctx, struct flow *f, bool ending);

int flow_table_new(const struct flow_options *opt, struct counters *counters, flow_end_fn end,
		   flow_reuse_fn reuse, void *ctx, struct flow_table **out);
void flow_table_free(struct flow_table *t); /* without telling ends */
/* Who knows of packets that were kept elsewhere; ctx as of flow_table_new(). */
void flow_table_refresh(struct flow_table *t, flow_refresh_fn refresh);
/* Bytes that a table reserves, and at most touches. */
uint64_t flow_table_bytes(const struct flow_options *opt);
/* Adds what the table has. */
void flow_table_memory(const struct flow_table *t, struct memory_use *sum);

/* Hash of a packet's key; and asks the memory for what flow_prefetch() reads. */
uint64_t flow_hash(const struct flow_table *t, const struct packet *p);
/*
 * To be called for a batch before flow_update(): asks the memory for the flow that most probably is the packet's, or for
 * one that is none, and returns it.
 */
const struct flow *flow_prefetch(const struct flow_table *t, uint64_t hash);

/*
 * Find or make the packet's flow, count the packet in it, set p->flow, p->flow_index,
 * p->direction, p->established.  p->flow stays NULL when the pool is empty (counted) or the packet
 * has no flow.  number is p->number * 16 + place of the packet in its frame.
 */
void flow_update(struct flow_table *t, struct packet *p, uint64_t hash, uint64_t number);

/* Change the state; the deadline follows. */
void flow_set_state(struct flow_table *t, struct flow *f, enum flow_state s);
/* No packet of this way is inspected from here on. */
static inline bool flow_is_released(const struct flow *f, unsigned way)
{
	return (f->released & ~f->held) >> (way & 1) & 1;
}

/* Packets of one way that did not come here. */
struct flow_kept {
	uint64_t packets;
	uint64_t bytes;
	int64_t last_ns; /* 0: not known */
	uint8_t tcp_flags;
};
/* Count them in, as if they had come and nobody had looked. */
void flow_merge(struct flow *f, unsigned way, const struct flow_kept *k);

/* Turn client and server (a midstream pickup that began with the server's packet). */
void flow_reverse(struct flow_table *t, struct flow *f);

struct flow *flow_at(const struct flow_table *t, uint32_t index);
/* To go through all: from 1 to the greatest index that was ever used, those that are live. */
uint32_t flow_last(const struct flow_table *t);
static inline bool flow_is_live(const struct flow *f)
{
	return f->number != 0;
}

/* The clock passed a second: end what timed out, in order of (deadline, number). */
void flow_tick(struct flow_table *t, int64_t now_ns);
/* End every flow, in order of number. */
void flow_end_all(struct flow_table *t);

/* EVE's flow_id: below 2^53, keyed, the same for any number of workers. */
uint64_t flow_id(const struct flow_table *t, const struct flow *f);

/* Deadline of a flow in ns, from its state and last packet. */
int64_t flow_deadline(const struct flow_table *t, const struct flow *f);

#endif
