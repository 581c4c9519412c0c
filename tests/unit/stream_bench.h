/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream_bench.h - a flow table and a stream engine on the bench: packets made by hand, and what is seen of them as text.
 *
 * In: options; segments with sequence numbers that count from the initial ones.  Out: views as
 * "@offset(old)fresh" with "!" in front of a gap, states, events.
 * Not here: a whole connection in few words (stream_rig.h); rows (stream_rows.h).
 *
 * Memory: the bench's, until tear_down(), which requires that all has come back; packets lie against a guard page.
 * Thread: one.
 */
#ifndef WEIR_TESTS_STREAM_BENCH_H
#define WEIR_TESTS_STREAM_BENCH_H

#include "engine/stream/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/guard.h"

#define HEADERS 40u
#define CLIENT_ISN 0xfffffff0u /* wraps within the first bytes */
#define SERVER_ISN 5000u

struct bench {
	struct counters counters;
	struct flow_table *flows;
	struct stream_engine *e;
	uint64_t number;
	int64_t now_ns;
	unsigned released; /* ways */
};

static inline bool reuse(void *ctx, const struct flow *f, const struct packet *p)
{
	struct bench *b = ctx;

	return stream_reuse(b->e, f, p);
}

static inline void ended(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	struct bench *b = ctx;

	(void)reason;
	stream_flow_end(b->e, f);
}

static inline struct stream_options defaults(void)
{
	return (struct stream_options){
		.depth = 1 << 20,
		.window = 4096,
		.max_synack_queued = 5,
		.max_sessions = 100,
		.reassembly_memcap = 32 << 20,
		.policy = STREAM_POLICY_WINDOWS,
		.checksum_validation = true,
	};
}

static inline void set_up(struct bench *b, const struct stream_options *opt)
{
	static const struct flow_timeouts t = { 60, 600, 60, 100, 5, 100, 10 };
	const struct flow_options flow = {
		.tcp = t, .udp = t, .icmp = t, .other = t, .max_flows = 100, .hash_size = 64
	};

	*b = (struct bench){ .now_ns = 1700000000LL * 1000000000 };
	assert_int_equal(flow_table_new(&flow, &b->counters, ended, reuse, b, &b->flows), 0);
	assert_int_equal(stream_engine_new(opt, b->flows, &b->counters, &b->e), 0);
}

/* Everything goes back where it came from. */
static inline void tear_down(struct bench *b)
{
	flow_end_all(b->flows);
	assert_int_equal(b->e->sessions.used, 0);
	assert_int_equal(b->e->rests.used, 0);
	assert_int_equal(b->e->regions.used, 0);
	assert_int_equal(b->e->segments.used, 0);
	assert_int_equal(b->e->handshakes.used, 0);
	assert_int_equal(b->e->buffers.used_bytes, 0);
	assert_int_equal(b->counters.value[COUNTER_TCP_ACTIVE_SESSIONS], 0);
	assert_int_equal(b->counters.value[COUNTER_FLOW_ACTIVE], 0);
	flow_table_free(b->flows);
	stream_engine_free(b->e);
	guard_free_all();
}

static inline uint8_t flags_of(const char *text)
{
	static const char letter[] = "FSRPAUEC";
	uint8_t flags = 0;

	for (; *text && *text != '-'; text++)
		flags |= (uint8_t)(1 << (strchr(letter, *text) - letter));
	return flags;
}

static inline void make(struct bench *b, struct packet *p, bool from_client, uint8_t flags,
			uint32_t seq, uint32_t ack, const void *payload, size_t len)
{
	uint8_t *frame;

	*p = (struct packet){ .number = ++b->number,
			      .time_ns = b->now_ns += 10000000,
			      .ip_version = 4,
			      .proto = IP_PROTO_TCP,
			      .has_ip = true,
			      .has_l4 = true,
			      .ttl = 64 };
	p->src.bytes[0] = from_client ? 1 : 2;
	p->dst.bytes[0] = from_client ? 2 : 1;
	p->sport = from_client ? 40000 : 80;
	p->dport = from_client ? 80 : 40000;
	p->tcp.flags = flags;
	p->tcp.seq = seq + (from_client ? CLIENT_ISN : SERVER_ISN);
	if (flags & TCP_ACK)
		p->tcp.ack = ack + (from_client ? SERVER_ISN : CLIENT_ISN);
	p->tcp.window = 8192;
	frame = guard_alloc(HEADERS + len);
	if (len)
		memcpy(frame + HEADERS, payload, len);
	p->data = bytes_of(frame, HEADERS + len);
	p->l4_offset = 20;
	p->payload = bytes_of(frame + HEADERS, len);
	p->wire_len = (uint32_t)len + 54;
}

static inline void take_in(struct bench *b, struct packet *p)
{
	flow_update(b->flows, p, flow_hash(b->flows, p), p->number * 16);
	if (p->flow && (b->released >> p->direction & 1))
		stream_released_packet(b->e, p);
	else if (p->flow)
		stream_packet(b->e, p);
}

static inline size_t show_views(struct bench *b, struct flow *f, unsigned dir, bool all, char *out,
				size_t size)
{
	struct stream_view v;
	size_t n = 0;

	while (stream_view(b->e, f, dir, all, &v)) {
		assert_true(v.fresh < v.data.len);
		assert_int_equal(v.at_start, v.offset == 0);
		n += (size_t)snprintf(out + n, size - n, " %s@%u(%.*s)%.*s", v.after_gap ? "!" : "",
				      (unsigned)v.offset, (int)v.fresh, (const char *)v.data.data,
				      (int)(v.data.len - v.fresh),
				      (const char *)v.data.data + v.fresh);
		stream_inspected(b->e, f, dir, &v);
	}
	return n;
}

static inline void show(struct bench *b, struct packet *p, char *out, size_t size)
{
	struct stream_summary s = { .state = TCP_STATE_NONE };
	size_t n;

	(void)stream_summary(b->e, p->flow, &s);
	n = (size_t)snprintf(out, size, "%s%s", tcp_state_name(s.state),
			     p->stream_added ? "+" : "");
	if (p->stream_inspectable)
		n += show_views(b, p->flow, p->direction, false, out + n, size - n);
	for (unsigned i = 0; i < p->events; i++)
		n += (size_t)snprintf(out + n, size - n, " %s",
				      event_name((enum event)p->event[i]));
}

static inline void handshake(struct bench *b)
{
	struct packet p;

	make(b, &p, true, TCP_SYN, 0, 0, "", 0);
	take_in(b, &p);
	make(b, &p, false, TCP_SYN | TCP_ACK, 0, 1, "", 0);
	take_in(b, &p);
	make(b, &p, true, TCP_ACK, 1, 1, "", 0);
	take_in(b, &p);
}

static inline struct flow *send_bytes(struct bench *b, uint32_t offset, const void *data,
				      size_t len)
{
	struct packet p;

	make(b, &p, true, TCP_PSH | TCP_ACK, 1 + offset, 1, data, len);
	take_in(b, &p);
	assert_non_null(p.flow);
	return p.flow;
}

static inline void acknowledge(struct bench *b, uint32_t offset)
{
	struct packet p;

	make(b, &p, false, TCP_ACK, 1, 1 + offset, "", 0);
	take_in(b, &p);
}

#endif
