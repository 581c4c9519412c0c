/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream_rig.h - one TCP connection given to the stream engine packet by packet, for tests and fuzz targets.
 *
 * In: policy and first sequence number of the client; segments as offsets from both.  Out: the flow, the
 * engine, the packet as the engine left it.
 * Not here: what the bytes should be (byte_map.h).
 *
 * Memory: the rig's, until stream_rig_close().  Thread: one.
 */
#ifndef WEIR_TESTS_STREAM_RIG_H
#define WEIR_TESTS_STREAM_RIG_H

#include "engine/flow/flow.h"
#include "engine/stream/stream.h"
#include "tests/unit/byte_map.h"

#define STREAM_RIG_SERVER_ISN 77u
#define STREAM_RIG_POLICIES (sizeof(map_policy) / sizeof(map_policy[0]))

/* In the order of map_policy. */
static const enum stream_policy stream_rig_policy[STREAM_RIG_POLICIES] = {
	STREAM_POLICY_BSD,     STREAM_POLICY_BSD_RIGHT, STREAM_POLICY_OLD_LINUX,
	STREAM_POLICY_LINUX,   STREAM_POLICY_SOLARIS,	STREAM_POLICY_HPUX10,
	STREAM_POLICY_HPUX11,  STREAM_POLICY_IRIX,	STREAM_POLICY_MACOS,
	STREAM_POLICY_WINDOWS, STREAM_POLICY_VISTA,	STREAM_POLICY_WINDOWS2K3,
	STREAM_POLICY_FIRST,   STREAM_POLICY_LAST,
};

struct stream_rig {
	struct counters counters;
	struct flow_table *flows;
	struct stream_engine *e;
	struct flow *flow; /* of the last packet */
	uint64_t number; /* of the last packet */
	uint32_t isn; /* the client's */
};

static bool stream_rig_reuse(void *ctx, const struct flow *f, const struct packet *p)
{
	(void)ctx;
	(void)f;
	(void)p;
	return false;
}

static void stream_rig_ended(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	struct stream_rig *r = ctx;

	(void)reason;
	stream_flow_end(r->e, f);
}

/* policy: of stream_rig_policy.  False: no memory. */
static bool stream_rig_open(struct stream_rig *r, unsigned policy, uint32_t isn)
{
	static const struct flow_timeouts timeouts = { 60, 600, 60, 100, 5, 100, 10 };
	const struct flow_options flow = { .tcp = timeouts, .max_flows = 4, .hash_size = 16 };
	const struct stream_options stream = { .depth = 1 << 20,
					       .window = 4096,
					       .max_sessions = 4,
					       .reassembly_memcap = 1 << 20,
					       .policy = stream_rig_policy[policy] };

	*r = (struct stream_rig){ .isn = isn };
	return flow_table_new(&flow, &r->counters, stream_rig_ended, stream_rig_reuse, r,
			      &r->flows) == 0 &&
	       stream_engine_new(&stream, r->flows, &r->counters, &r->e) == 0;
}

static inline void stream_rig_close(struct stream_rig *r)
{
	flow_end_all(r->flows);
	flow_table_free(r->flows);
	stream_engine_free(r->e);
}

/* seq, ack: from the first sequence number of the side that they are of; *p is filled in and looked at. */
static void stream_rig_give(struct stream_rig *r, bool client, uint8_t flags, uint32_t seq,
			    uint32_t ack, struct bytes data, struct packet *p)
{
	uint32_t own = client ? r->isn : STREAM_RIG_SERVER_ISN;
	uint32_t other = client ? STREAM_RIG_SERVER_ISN : r->isn;

	*p = (struct packet){ .number = ++r->number,
			      .time_ns = 1000000000,
			      .ip_version = 4,
			      .proto = IP_PROTO_TCP,
			      .has_ip = true,
			      .has_l4 = true };
	p->src.bytes[0] = client ? 1 : 2;
	p->dst.bytes[0] = client ? 2 : 1;
	p->sport = client ? 4000 : 80;
	p->dport = client ? 80 : 4000;
	p->tcp.flags = flags;
	p->tcp.seq = own + seq;
	p->tcp.ack = flags & TCP_ACK ? other + ack : 0;
	p->tcp.window = 8192;
	p->payload = data;
	flow_update(r->flows, p, flow_hash(r->flows, p), p->number * 16);
	r->flow = p->flow;
	stream_packet(r->e, p);
}

static void stream_rig_handshake(struct stream_rig *r)
{
	static struct packet p;
	const struct bytes none = { .data = NULL };

	stream_rig_give(r, true, TCP_SYN, 0, 0, none, &p);
	stream_rig_give(r, false, TCP_SYN | TCP_ACK, 0, 1, none, &p);
	stream_rig_give(r, true, TCP_ACK, 1, 1, none, &p);
}

#endif
