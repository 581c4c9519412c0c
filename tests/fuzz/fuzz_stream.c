/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments of one flow, from bytes: views follow each other without touching, show no byte that was not
 * sent for its place, and all memory comes back.
 */
#include "engine/flow/flow.h"
#include "engine/stream/stream.h"

#include <stdlib.h>
#include <string.h>

/*
 * The first byte chooses options.  A record is 5 bytes and its payload: direction, how the sequence
 * number is given, whether this way is released afterwards, and four bits of length; flags; two of sequence number; one of acknowledgement.
 */
enum {
	RECORD_LEN = 5,
	STREAM_BYTES = 1 << 17, /* offsets for which it is known what was sent */
	PAYLOAD_MAX = 16,
};

struct target {
	struct counters counters;
	struct flow_table *flows;
	struct stream_engine *e;
	/* Two values that were sent for each offset of each direction, if so many. */
	uint8_t sent[2][STREAM_BYTES][2];
	uint8_t times[2][STREAM_BYTES];
	uint64_t seen[2];
	unsigned released; /* ways */
	struct packet packet;
};

static struct target *target;

static void require(bool truth)
{
	if (!truth)
		abort();
}

static void look(struct target *t, struct flow *f, unsigned dir, bool all)
{
	struct stream_view v;

	while (stream_view(t->e, f, dir, all, &v)) {
		require(v.data.len > v.fresh);
		require(v.offset + v.fresh >= t->seen[dir]);
		for (size_t i = v.fresh; i < v.data.len; i++) {
			uint64_t at = v.offset + i;
			uint8_t c = v.data.data[i];

			if (at >= STREAM_BYTES || t->times[dir][at] > 2)
				continue;
			require(t->times[dir][at] > 0);
			require(c == t->sent[dir][at][0] || c == t->sent[dir][at][1]);
		}
		t->seen[dir] = v.offset + v.data.len;
		stream_inspected(t->e, f, dir, &v);
	}
}

static void note(struct target *t, unsigned dir, uint32_t at, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len && at + i < STREAM_BYTES; i++) {
		uint8_t *times = &t->times[dir][at + i];

		if (*times < 2)
			t->sent[dir][at + i][*times] = data[i];
		if (*times == 0)
			t->sent[dir][at + i][1] = data[i];
		if (*times < 3)
			++*times;
	}
}

static void ended(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	struct target *t = ctx;

	(void)reason;
	for (unsigned dir = 0; dir < 2; dir++) {
		/* A session that was turned or begun anew has other places for its bytes. */
		look(t, f, dir, true);
		require(!stream_pending(t->e, f, dir));
		t->seen[dir] = 0;
	}
	t->released = 0;
	stream_flow_end(t->e, f);
}

static bool reuse(void *ctx, const struct flow *f, const struct packet *p)
{
	struct target *t = ctx;

	return stream_reuse(t->e, f, p);
}

/* What was sent is known only where offsets are: from the handshake that run() begins with. */
static void forget(struct target *t)
{
	memset(t->times, 3, sizeof(t->times));
}

static void segment(struct target *t, const uint8_t *r, size_t payload, uint64_t number)
{
	const uint32_t isn[2] = { 0xffffff00, 77 };
	struct packet *p = &t->packet;
	unsigned dir = r[0] & 1;
	uint32_t seq = (uint32_t)r[2] << 8 | r[3];
	uint32_t start;

	/* Near each other, or far. */
	start = r[0] & 2 ? seq : seq & 63;
	*p = (struct packet){ .number = number,
			      .time_ns = (int64_t)number * 1000000000,
			      .ip_version = 4,
			      .proto = IP_PROTO_TCP,
			      .has_ip = true,
			      .has_l4 = true,
			      .sport = dir ? 80 : 4000,
			      .dport = dir ? 4000 : 80 };
	p->src.bytes[0] = dir ? 2 : 1;
	p->dst.bytes[0] = dir ? 1 : 2;
	p->tcp.flags = r[1];
	/* A SYN stands one before the first byte. */
	p->tcp.seq = isn[dir] + start + (r[1] & TCP_SYN ? 0 : 1);
	p->tcp.ack = r[1] & TCP_ACK ? isn[!dir] + 1 + r[4] : 0;
	p->tcp.window = 0xffff;
	p->payload = bytes_of(r + RECORD_LEN, payload);
	if (!(r[1] & TCP_SYN))
		note(t, dir, start, p->payload.data, payload);
	else if (number > 3)
		forget(t);
	flow_tick(t->flows, p->time_ns);
	flow_update(t->flows, p, flow_hash(t->flows, p), number * 16);
	if (!p->flow)
		return;
	if (t->released >> p->direction & 1) {
		stream_released_packet(t->e, p);
		require(!p->stream_added && !p->stream_inspectable);
		return;
	}
	stream_packet(t->e, p);
	if (p->stream_inspectable)
		look(t, p->flow, p->direction, false);
	/* What is released was inspected up to there. */
	if ((r[0] & 4) && p->flow->tcp) {
		look(t, p->flow, p->direction, true);
		stream_release_way(t->e, p->flow, p->direction);
		t->released |= 1u << p->direction;
	}
}

static void run(struct target *t, const uint8_t *data, size_t size)
{
	static const struct flow_timeouts timeouts = { 60, 600, 60, 100, 5, 100, 10 };
	static const uint8_t hello[3][RECORD_LEN] = {
		{ 2, TCP_SYN, 0, 0, 0 },
		{ 3, TCP_SYN | TCP_ACK, 0, 0, 0 },
		{ 2, TCP_ACK, 0, 0, 0 },
	};
	const struct flow_options flow = { .tcp = timeouts, .max_flows = 4, .hash_size = 4 };
	struct stream_options stream = {
		.midstream = data[0] & 1,
		.async_oneside = data[0] & 2,
		.use_inline = data[0] & 4,
		.depth = data[0] & 8 ? 100 : 1 << 20,
		.window = data[0] & 16 ? 8 : 4096,
		.max_synack_queued = 2,
		.max_sessions = 4,
		.reassembly_memcap = data[0] & 32 ? 8192 : 1 << 20,
		.urgent = STREAM_URGENT_INLINE, /* bytes keep their places */
		.policy = (enum stream_policy)(data[0] % (STREAM_POLICY_LAST + 1)),
	};
	uint64_t number = 1;

	require(flow_table_new(&flow, &t->counters, ended, reuse, t, &t->flows) == 0);
	require(stream_engine_new(&stream, t->flows, &t->counters, &t->e) == 0);
	if (data[0] & 64) {
		forget(t);
	} else {
		for (unsigned i = 0; i < 3; i++)
			segment(t, hello[i], 0, number++);
	}
	data++;
	size--;
	while (size >= RECORD_LEN && number < 400) {
		size_t payload = data[0] >> 4;

		if (payload > size - RECORD_LEN)
			payload = size - RECORD_LEN;
		segment(t, data, payload, number++);
		data += RECORD_LEN + payload;
		size -= RECORD_LEN + payload;
	}
	flow_end_all(t->flows);
	require(t->counters.value[COUNTER_TCP_ACTIVE_SESSIONS] == 0);
	require(t->counters.value[COUNTER_FLOW_ACTIVE] == 0);
	stream_engine_free(t->e);
	flow_table_free(t->flows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	if (!target)
		target = malloc(sizeof(*target));
	if (!target)
		return 0;
	memset(target, 0, sizeof(*target));
	run(target, data, size);
	return 0;
}
