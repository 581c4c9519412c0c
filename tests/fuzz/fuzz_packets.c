/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole packets, made of records so that most get far: through decode, defrag, flow and stream.  All memory
 * comes back, and a view shows nothing twice.
 *
 * The first byte chooses options.  A record is eight bytes and a payload: kind, flags of TCP, sequence number (two),
 * acknowledgement, fragment's offset and identification, length of the payload, which byte of the packet is
 * changed, and how.
 */
#include "engine/decode/checksum.h"
#include "engine/decode/decode.h"
#include "engine/defrag/defrag.h"
#include "engine/flow/flow.h"
#include "engine/stream/stream.h"

#include <stdlib.h>
#include <string.h>

enum {
	RECORD_LEN = 9,
	PAYLOAD_MAX = 63,
	/* Bits of a record's kind. */
	KIND_CLIENT = 1 << 0,
	KIND_IP6 = 1 << 1,
	KIND_FRAGMENT = 1 << 2, /* a piece of the segment, by offset */
	KIND_MORE = 1 << 3,
	KIND_TUNNEL = 1 << 4, /* in IPv4 once more */
	KIND_OPTIONS = 1 << 5, /* timestamps, or an IPv6 hop-by-hop header */
	KIND_SPOIL = 1 << 6, /* a byte is changed */
	KIND_TICK = 1 << 7, /* seconds pass */
};

#define DEFRAG_TIMEOUT_NS INT64_C(60000000000)

struct target {
	struct counters counters;
	struct defrag *defrag;
	struct flow_table *flows;
	struct stream_engine *e;
	struct decoder decoder;
	struct packet_set set;
	int64_t now_ns;
	uint64_t number;
};

static void require(bool truth)
{
	if (!truth)
		abort();
}

static void put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void look(struct target *t, struct flow *f, unsigned dir, bool all)
{
	struct stream_view v;
	uint64_t before = 0;

	while (stream_view(t->e, f, dir, all, &v)) {
		require(v.fresh < v.data.len && v.offset + v.fresh >= before);
		before = v.offset + v.data.len;
		stream_inspected(t->e, f, dir, &v);
	}
}

static void ended(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	struct target *t = ctx;

	(void)reason;
	look(t, f, 0, true);
	look(t, f, 1, true);
	require(!stream_pending(t->e, f, 0) && !stream_pending(t->e, f, 1));
	stream_flow_end(t->e, f);
}

static bool reuse(void *ctx, const struct flow *f, const struct packet *p)
{
	struct target *t = ctx;

	return stream_reuse(t->e, f, p);
}

static size_t put_tcp(const uint8_t *r, const uint8_t *payload, size_t len, uint8_t *out)
{
	bool client = r[0] & KIND_CLIENT;
	size_t header = r[0] & KIND_OPTIONS && !(r[0] & KIND_IP6) ? 32 : 20;

	memset(out, 0, header);
	put16(out, client ? 4000 : 80);
	put16(out + 2, client ? 80 : 4000);
	put16(out + 6, (unsigned)r[2] << 8 | r[3]);
	put16(out + 10, r[4]);
	out[12] = (uint8_t)(header / 4 << 4);
	out[13] = r[1];
	put16(out + 14, 8192);
	put16(out + 18, r[4]);
	if (header == 32) {
		memcpy(out + 20, "\1\1\10\12", 4);
		out[27] = r[3];
	}
	memcpy(out + header, payload, len);
	return header + len;
}

static size_t put_ip4(const uint8_t *r, uint8_t proto, size_t len, uint8_t *out)
{
	uint16_t sum;

	memset(out, 0, 20);
	out[0] = 0x45;
	put16(out + 2, (unsigned)(20 + len));
	put16(out + 4, r[5] >> 4);
	if (r[0] & KIND_FRAGMENT && proto == IP_PROTO_TCP)
		put16(out + 6, (r[5] & 15u) | (r[0] & KIND_MORE ? 0x2000u : 0));
	out[8] = 64;
	out[9] = proto;
	out[15] = r[0] & KIND_CLIENT ? 1 : 2;
	out[19] = r[0] & KIND_CLIENT ? 2 : 1;
	sum = (uint16_t)~checksum_fold(checksum_add(0, bytes_of(out, 20)));
	memcpy(out + 10, &sum, 2);
	return 20 + len;
}

/* Hop-by-hop options and a fragment header where they are asked for; what follows stands at 40 + 16. */
static size_t put_ip6(const uint8_t *r, size_t len, uint8_t *out)
{
	uint8_t next = IP_PROTO_TCP, *at = out + 40;
	size_t extra = 0;

	if (r[0] & KIND_FRAGMENT) {
		const uint8_t h[8] = {
			next, 0, 0, (uint8_t)((r[5] & 15) << 3 | (r[0] & KIND_MORE ? 1 : 0)),
			0,    0, 0, r[5] >> 4
		};

		memcpy(at + (r[0] & KIND_OPTIONS ? 8 : 0), h, sizeof(h));
		next = IP_PROTO_FRAGMENT;
		extra += 8;
	}
	if (r[0] & KIND_OPTIONS) {
		const uint8_t h[8] = { next, 0, 1, 4, 0, 0, 0, 0 };

		memcpy(at, h, sizeof(h));
		next = 0;
		extra += 8;
	}
	memmove(at + extra, out + 56, len);
	memset(out, 0, 40);
	out[0] = 0x60;
	put16(out + 4, (unsigned)(extra + len));
	out[6] = next;
	out[7] = 64;
	out[23] = r[0] & KIND_CLIENT ? 1 : 2;
	out[39] = r[0] & KIND_CLIENT ? 2 : 1;
	return 40 + extra + len;
}

static size_t build(const uint8_t *r, const uint8_t *payload, size_t len, uint8_t *out)
{
	uint8_t segment[32 + PAYLOAD_MAX];
	size_t n = put_tcp(r, payload, len, segment), from = 0;

	if (r[0] & KIND_FRAGMENT) {
		/* The piece that stands there, of a segment that goes on for ever. */
		from = (size_t)(r[5] & 15) * 8 % (n + 1);
		n = n - from < 24 ? n - from : 24;
	}
	if (r[0] & KIND_IP6) {
		memcpy(out + 56, segment + from, n);
		n = put_ip6(r, n, out);
	} else {
		memcpy(out + 20, segment + from, n);
		n = put_ip4(r, IP_PROTO_TCP, n, out);
	}
	if (r[0] & KIND_TUNNEL) {
		memmove(out + 20, out, n);
		n = put_ip4(r, r[0] & KIND_IP6 ? IP_PROTO_IPV6 : IP_PROTO_IPIP, n, out);
	}
	if (r[0] & KIND_SPOIL)
		out[r[7] % n] ^= r[8];
	return n;
}

static void one_packet(struct target *t, struct packet *p)
{
	if (!p->has_l4 || p->no_flow_wanted)
		return;
	flow_update(t->flows, p, flow_hash(t->flows, p), t->number * 16);
	if (!p->flow || p->proto != IP_PROTO_TCP)
		return;
	stream_packet(t->e, p);
	if (p->stream_inspectable)
		look(t, p->flow, p->direction, false);
	if (p->flow->tcp && p->flow->state != FLOW_ESTABLISHED)
		stream_packet_done(t->e, p->flow);
}

static void record(struct target *t, const uint8_t *r, size_t payload)
{
	uint8_t data[160];
	struct frame f = { .link = LINK_RAW, .data = data, .number = ++t->number };

	f.len = f.wire_len = (uint32_t)build(r, r + RECORD_LEN, payload, data);
	if (r[0] & KIND_TICK)
		t->now_ns += r[6] * INT64_C(1000000000);
	f.time_ns = t->now_ns;
	flow_tick(t->flows, t->now_ns);
	defrag_tick(t->defrag, t->now_ns);
	decode_frame(&t->decoder, &f, &t->set);
	for (unsigned i = t->set.count; i-- > 0;)
		one_packet(t, &t->set.packets[i]);
	defrag_batch_done(t->defrag);
}

/* Made once for each choice; a run's flows end with it, and its fragments time out. */
static void open_target(struct target *t, uint8_t choice)
{
	static const struct flow_timeouts timeouts = { 60, 600, 60, 100, 5, 100, 10 };
	const struct flow_options flow = { .tcp = timeouts,
					   .udp = timeouts,
					   .icmp = timeouts,
					   .other = timeouts,
					   .max_flows = 8,
					   .hash_size = 8 };
	const struct stream_options stream = {
		.midstream = choice & 1,
		.async_oneside = choice & 2,
		.use_inline = choice & 4,
		.depth = choice & 8 ? 200 : 1 << 20,
		.window = 64,
		.max_synack_queued = 2,
		.max_sessions = 8,
		.reassembly_memcap = 1 << 16,
		.urgent = (enum stream_urgent)(choice >> 4 & 3),
		.policy = (enum stream_policy)(choice % (STREAM_POLICY_LAST + 1)),
	};
	const struct defrag_options defrag = {
		.max_trackers = 4,
		.max_fragments = 32,
		.memcap_bytes = 1 << 16,
		.timeout_ns = DEFRAG_TIMEOUT_NS,
		.policy = (enum defrag_policy)(choice % DEFRAG_POLICY__COUNT),
	};

	if (t->e)
		return;
	require(defrag_new(&defrag, &t->counters, &t->defrag) == 0);
	require(flow_table_new(&flow, &t->counters, ended, reuse, t, &t->flows) == 0);
	require(stream_engine_new(&stream, t->flows, &t->counters, &t->e) == 0);
	t->decoder = (struct decoder){ .counters = &t->counters,
				       .defrag = defrag_add,
				       .defrag_ctx = t->defrag };
	t->now_ns = 1000000000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct target targets[256];
	struct target *t;
	unsigned records = 0;

	if (size < 1)
		return 0;
	t = &targets[data[0]];
	open_target(t, data[0]);
	data++;
	size--;
	while (size >= RECORD_LEN && records++ < 300) {
		size_t payload = data[6] & PAYLOAD_MAX;

		if (payload > size - RECORD_LEN)
			payload = size - RECORD_LEN;
		record(t, data, payload);
		data += RECORD_LEN + payload;
		size -= RECORD_LEN + payload;
	}
	flow_end_all(t->flows);
	require(t->counters.value[COUNTER_TCP_ACTIVE_SESSIONS] == 0);
	require(t->counters.value[COUNTER_FLOW_ACTIVE] == 0);
	t->now_ns += DEFRAG_TIMEOUT_NS + 1;
	defrag_tick(t->defrag, t->now_ns);
	return 0;
}
