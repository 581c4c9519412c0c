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
	HEADER_LEN = 20, /* of TCP, all zeros: the record stands for it */
	STREAM_BYTES = 1 << 17, /* offsets for which it is known what was sent */
	PAYLOAD_MAX = 16,
};

struct target {
	struct counters counters;
	struct flow_table *flows;
	struct stream_engine *e;
	uint64_t seen[2];
	uint64_t number;
	unsigned released; /* ways */
	bool use_inline;
	struct packet packet;
	uint8_t frame[HEADER_LEN + PAYLOAD_MAX];
};

/* Two values that were sent for each offset of each direction, if so many: of the run at hand. */
static struct account {
	uint8_t sent[2][STREAM_BYTES][2];
	uint8_t times[2][STREAM_BYTES];
	uint32_t top[2];
	bool known;
} account;

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
		/* Inline what comes again is looked at again. */
		require(t->use_inline || v.offset + v.fresh >= t->seen[dir]);
		for (size_t i = v.fresh; i < v.data.len; i++) {
			uint64_t at = v.offset + i;
			uint8_t c = v.data.data[i];

			if (at >= STREAM_BYTES || !account.known || account.times[dir][at] > 2)
				continue;
			require(account.times[dir][at] > 0);
			require(c == account.sent[dir][at][0] || c == account.sent[dir][at][1]);
		}
		t->seen[dir] = v.offset + v.data.len;
		stream_inspected(t->e, f, dir, &v);
	}
}

static void note(unsigned dir, uint32_t at, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len && at + i < STREAM_BYTES; i++) {
		uint8_t *times = &account.times[dir][at + i];

		if (*times < 2)
			account.sent[dir][at + i][*times] = data[i];
		if (*times == 0)
			account.sent[dir][at + i][1] = data[i];
		if (*times < 3)
			++*times;
		if (account.top[dir] < at + i + 1)
			account.top[dir] = (uint32_t)(at + i + 1);
	}
}

static void begin_account(bool known)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		memset(account.times[dir], 0, account.top[dir]);
		account.top[dir] = 0;
	}
	account.known = known;
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

static void segment(struct target *t, const uint8_t *r, size_t payload, bool opening)
{
	const uint32_t isn[2] = { 0xffffff00, 77 };
	uint64_t number = ++t->number;
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
	memcpy(t->frame + HEADER_LEN, r + RECORD_LEN, payload);
	p->data = bytes_of(t->frame, HEADER_LEN + payload);
	p->payload = bytes_of(t->frame + HEADER_LEN, payload);
	/* What was sent is known only where offsets are: from the handshake that run() begins with. */
	if (!(r[1] & TCP_SYN))
		note(dir, start, p->payload.data, payload);
	else if (!opening)
		account.known = false;
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

/* Made once for each choice: a run is a flow that comes and goes. */
static void open_target(struct target *t, uint8_t choice)
{
	static const struct flow_timeouts timeouts = { 60, 600, 60, 100, 5, 100, 10 };
	const struct flow_options flow = { .tcp = timeouts, .max_flows = 4, .hash_size = 4 };
	const struct stream_options stream = {
		.midstream = choice & 1,
		.async_oneside = choice & 2,
		.use_inline = choice & 4,
		.depth = choice & 8 ? 100 : 1 << 20,
		.window = choice & 16 ? 8 : 4096,
		.max_synack_queued = 2,
		.max_sessions = 4,
		.reassembly_memcap = choice & 32 ? 8192 : 1 << 20,
		.urgent = STREAM_URGENT_INLINE, /* bytes keep their places */
		.policy = (enum stream_policy)(choice % (STREAM_POLICY_LAST + 1)),
	};

	if (t->e)
		return;
	t->use_inline = stream.use_inline;
	require(flow_table_new(&flow, &t->counters, ended, reuse, t, &t->flows) == 0);
	require(stream_engine_new(&stream, t->flows, &t->counters, &t->e) == 0);
}

static void run(struct target *t, const uint8_t *data, size_t size)
{
	static const uint8_t hello[3][RECORD_LEN] = {
		{ 2, TCP_SYN, 0, 0, 0 },
		{ 3, TCP_SYN | TCP_ACK, 0, 0, 0 },
		{ 2, TCP_ACK, 0, 0, 0 },
	};
	unsigned segments = 3;

	begin_account(!(data[0] & 64));
	if (account.known) {
		for (unsigned i = 0; i < 3; i++)
			segment(t, hello[i], 0, true);
	}
	data++;
	size--;
	while (size >= RECORD_LEN && segments++ < 400) {
		size_t payload = data[0] >> 4;

		if (payload > size - RECORD_LEN)
			payload = size - RECORD_LEN;
		segment(t, data, payload, false);
		data += RECORD_LEN + payload;
		size -= RECORD_LEN + payload;
	}
	flow_end_all(t->flows);
	require(t->counters.value[COUNTER_TCP_ACTIVE_SESSIONS] == 0);
	require(t->counters.value[COUNTER_FLOW_ACTIVE] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct target targets[256];

	if (size < 1)
		return 0;
	open_target(&targets[data[0]], data[0]);
	run(&targets[data[0]], data, size);
	return 0;
}
