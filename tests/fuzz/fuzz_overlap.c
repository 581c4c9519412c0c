/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments of one direction over one another, and acknowledgements between them: what is looked at must be what
 * the account of bytes has (tests/unit/byte_map.h).
 *
 * The first byte chooses the policy, and whether a hole lies in front.  A record is three bytes: start, length and
 * value of a segment; where the length is 0 the receiver acknowledges what is whole.
 */
#include "engine/flow/flow.h"
#include "engine/stream/stream.h"

#include <stdlib.h>

#include "tests/unit/byte_map.h"

#define STARTS 96u
#define LENGTHS 16u
#define ISN 0xffffffd0u
/* A longer queue of Linux is a tree whose shape is not modelled. */
#define LINUX_SEGMENTS 3u

struct target {
	struct counters counters;
	struct flow_table *flows;
	struct stream_engine *e;
	struct flow *flow;
	struct byte_map map;
	uint8_t seen[MAP_BYTES];
	bool there[MAP_BYTES];
	uint64_t number;
};

static const enum stream_policy policy_of[] = {
	STREAM_POLICY_BSD,     STREAM_POLICY_BSD_RIGHT, STREAM_POLICY_OLD_LINUX,
	STREAM_POLICY_LINUX,   STREAM_POLICY_SOLARIS,	STREAM_POLICY_HPUX10,
	STREAM_POLICY_HPUX11,  STREAM_POLICY_IRIX,	STREAM_POLICY_MACOS,
	STREAM_POLICY_WINDOWS, STREAM_POLICY_VISTA,	STREAM_POLICY_WINDOWS2K3,
	STREAM_POLICY_FIRST,   STREAM_POLICY_LAST,
};
#define POLICIES (sizeof(policy_of) / sizeof(policy_of[0]))

static void require(bool truth)
{
	if (!truth)
		abort();
}

static bool reuse(void *ctx, const struct flow *f, const struct packet *p)
{
	(void)ctx;
	(void)f;
	(void)p;
	return false;
}

static void look(struct target *t, bool all)
{
	struct stream_view v;

	while (stream_view(t->e, t->flow, 0, all, &v)) {
		for (size_t i = v.fresh; i < v.data.len && v.offset + i < MAP_BYTES; i++) {
			t->seen[v.offset + i] = v.data.data[i];
			t->there[v.offset + i] = true;
		}
		stream_inspected(t->e, t->flow, 0, &v);
	}
}

static void ended(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	struct target *t = ctx;

	(void)reason;
	stream_flow_end(t->e, f);
}

static void give(struct target *t, bool client, uint8_t flags, uint32_t seq, uint32_t ack,
		 const uint8_t *data, size_t len)
{
	struct packet p = { .number = ++t->number,
			    .time_ns = 1000000000,
			    .ip_version = 4,
			    .proto = IP_PROTO_TCP,
			    .has_ip = true,
			    .has_l4 = true };

	p.src.bytes[0] = client ? 1 : 2;
	p.dst.bytes[0] = client ? 2 : 1;
	p.sport = client ? 4000 : 80;
	p.dport = client ? 80 : 4000;
	p.tcp.flags = flags;
	p.tcp.seq = (client ? ISN : 77) + seq;
	p.tcp.ack = flags & TCP_ACK ? (client ? 77 : ISN) + ack : 0;
	p.tcp.window = 8192;
	p.payload = bytes_of(data, len);
	flow_update(t->flows, &p, flow_hash(t->flows, &p), p.number * 16);
	t->flow = p.flow;
	stream_packet(t->e, &p);
	if (p.stream_inspectable)
		look(t, false);
}

static unsigned whole(const struct target *t)
{
	unsigned n = 0;

	while (n < MAP_BYTES && t->map.there[n])
		n++;
	return n;
}

static void record(struct target *t, const uint8_t *r)
{
	unsigned start = r[0] % STARTS, len = r[1] % (LENGTHS + 1);
	uint8_t data[LENGTHS];

	if (!len) {
		map_acknowledge(&t->map, whole(t));
		give(t, false, TCP_ACK, 1, 1 + whole(t), NULL, 0);
		return;
	}
	memset(data, r[2], sizeof(data));
	map_add(&t->map, start, start + len, data);
	give(t, true, TCP_ACK, 1 + start, 1, data, len);
}

static void compare(struct target *t)
{
	look(t, true);
	map_end(&t->map);
	for (unsigned i = 0; i < MAP_BYTES; i++) {
		require(t->there[i] == t->map.there[i]);
		require(!t->there[i] || t->seen[i] == t->map.byte[i]);
	}
}

/* Made once for each policy; a run is a flow that comes and goes. */
static struct target *target_of(unsigned policy)
{
	static const struct flow_timeouts timeouts = { 60, 600, 60, 100, 5, 100, 10 };
	const struct flow_options flow = { .tcp = timeouts, .max_flows = 2, .hash_size = 2 };
	static struct target target[POLICIES];
	struct target *t = &target[policy];
	const struct stream_options stream = { .depth = 1 << 20,
					       .window = 4096,
					       .max_sessions = 2,
					       .reassembly_memcap = 1 << 20,
					       .policy = policy_of[policy] };

	if (!t->e) {
		require(flow_table_new(&flow, &t->counters, ended, reuse, t, &t->flows) == 0);
		require(stream_engine_new(&stream, t->flows, &t->counters, &t->e) == 0);
	}
	memset(t->there, 0, sizeof(t->there));
	memset(&t->map, 0, sizeof(t->map));
	t->map.wins = map_policy[policy].wins;
	t->number = 0;
	return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned segments = 0;
	struct target *t;

	if (size < 1)
		return 0;
	t = target_of(data[0] % POLICIES);
	give(t, true, TCP_SYN, 0, 0, NULL, 0);
	give(t, false, TCP_SYN | TCP_ACK, 0, 1, NULL, 0);
	give(t, true, TCP_ACK, 1, 1, NULL, 0);
	for (size_t at = 1; at + 3 <= size && t->map.n + 1 < MAP_SEGMENTS && t->number < 400;
	     at += 3) {
		if (!t->map.wins && data[at + 1] % (LENGTHS + 1) && ++segments > LINUX_SEGMENTS)
			break;
		record(t, data + at);
	}
	compare(t);
	flow_end_all(t->flows);
	require(t->counters.value[COUNTER_TCP_ACTIVE_SESSIONS] == 0);
	return 0;
}
