/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions as rows: a segment, and what must be seen after it.
 *
 * A segment is "> FLAGS seq ack payload" from the client or "< ..." from the server; sequence
 * numbers count from the initial ones, so that a SYN is 0 and the first byte 1.  What is seen: the
 * state, "+" where the payload went into the stream, each view as "@offset(old)fresh" with "!" in front of
 * a gap, and events.  "release >" and "release <" let that way go; "end" looks at all that is left.  The numbers of packets at which views come are
 * those of Suricata 8.0.7 for the same segments, where a comment says "oracle".
 */
#include "engine/decode/checksum.h"
#include "engine/stream/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/byte_map.h"
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

static bool reuse(void *ctx, const struct flow *f, const struct packet *p)
{
	struct bench *b = ctx;

	return stream_reuse(b->e, f, p);
}

static void ended(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	struct bench *b = ctx;

	(void)reason;
	stream_flow_end(b->e, f);
}

static struct stream_options defaults(void)
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

static void set_up(struct bench *b, const struct stream_options *opt)
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
static void tear_down(struct bench *b)
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

static uint8_t flags_of(const char *text)
{
	static const char letter[] = "FSRPAUEC";
	uint8_t flags = 0;

	for (; *text && *text != '-'; text++)
		flags |= (uint8_t)(1 << (strchr(letter, *text) - letter));
	return flags;
}

static void make(struct bench *b, struct packet *p, bool from_client, uint8_t flags, uint32_t seq,
		 uint32_t ack, const void *payload, size_t len)
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

static void take_in(struct bench *b, struct packet *p)
{
	flow_update(b->flows, p, flow_hash(b->flows, p), p->number * 16);
	if (p->flow && (b->released >> p->direction & 1))
		stream_released_packet(b->e, p);
	else if (p->flow)
		stream_packet(b->e, p);
}

static size_t show_views(struct bench *b, struct flow *f, unsigned dir, bool all, char *out,
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

static void show(struct bench *b, struct packet *p, char *out, size_t size)
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

/* --- rows ------------------------------------------------------------------------------------ */

enum variant {
	PLAIN = 0,
	INLINE = 1 << 0,
	MIDSTREAM = 1 << 1,
	ASYNC = 1 << 2,
	CHUNKS = 1 << 3, /* at least 8 bytes at a time */
	SHALLOW = 1 << 4, /* a depth of 8 */
	NARROW = 1 << 5, /* a window of 4 behind the inspected edge */
	TIMES = 1 << 6, /* timestamps: the packet's number, or what "ts=" says */
	SCALED = 1 << 7, /* SYN and SYN/ACK have a window scale of 2 */
	LAST = 1 << 8, /* newer bytes win */
};

struct row {
	const char *segment;
	const char *seen;
};

struct scenario {
	const char *name;
	unsigned variant;
	struct row row[24];
};

#define HANDSHAKE \
	{ "> S 0 0", "syn_sent" }, { "< SA 0 1", "syn_recv" }, \
	{ \
		"> A 1 1", "established" \
	}

static const struct scenario scenario[] = {
	{ "request and answer: on the next packet of the own direction",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 1 1 request", "established+" },
	    { "< A 1 8", "established" },
	    { "< PA 1 8 answer", "established+" },
	    { "> A 8 7", "established @0()request" },
	    { "> PA 8 7 again", "established+" },
	    { "< A 7 13", "established @0()answer" },
	    { "> A 13 7", "established @0(request)again" } } },
	{ "chunks wait for their size or the end (oracle)",
	  CHUNKS,
	  { HANDSHAKE,
	    { "> PA 1 1 abc", "established+" },
	    { "< A 1 4", "established" },
	    { "> PA 4 1 defgh", "established+" },
	    { "< A 1 9", "established" },
	    { "> PA 9 1 ij", "established+ @0()abcdefgh" },
	    { "< A 1 11", "established" },
	    { "> FA 11 1", "close_wait @0(abcdefgh)ij" } } },
	{ "client closes first (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 1 1 q", "established+" },
	    { "< A 1 2", "established" },
	    { "< PA 1 2 r", "established+" },
	    { "> FA 2 2", "close_wait @0()q" },
	    { "< FA 2 3", "last_ack @0()r" },
	    { "> A 3 3", "closed" },
	    { "end", "" } } },
	{ "server closes first (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "< FA 1 1", "fin_wait1" },
	    { "> A 1 2", "fin_wait2" },
	    { "> PA 1 2 late", "fin_wait2+" },
	    { "< A 2 5", "fin_wait2" },
	    { "> FA 5 2", "time_wait @0()late" },
	    { "< A 2 6", "closed" } } },
	{ "FIN with data; nothing is ready before its ACK (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> FPA 1 1 all", "close_wait+" },
	    { "< A 1 5", "close_wait" },
	    { "< FA 1 5", "last_ack" },
	    { "> A 5 2", "closed @0()all" } } },
	{ "the client's RST makes its bytes ready at once (oracle)",
	  CHUNKS,
	  { HANDSHAKE, { "> PA 1 1 abc", "established+" }, { "> RA 4 1", "closed @0()abc" } } },
	{ "the server's RST does not (oracle)",
	  CHUNKS,
	  { HANDSHAKE,
	    { "> PA 1 1 abc", "established+" },
	    { "< RA 1 4", "closed" },
	    { "end", " @0()abc" } } },
	{ "a RST beside the next byte is not one (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> RA 5 1", "established" },
	    { "> FA 1 1", "close_wait" },
	    { "> RA 2 1", "close_wait" },
	    { "< A 1 2", "close_wait" },
	    { "> R 2 0", "closed" } } },
	{ "the server's FIN counts at once, the client's when it is acknowledged (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "< FA 1 1", "fin_wait1" },
	    { "< RA 1 1", "fin_wait1" },
	    { "< RA 2 1", "closed" } } },
	{ "after both FIN (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "< FA 1 1", "fin_wait1" },
	    { "> FA 1 1", "time_wait" },
	    { "> RA 2 1", "time_wait" },
	    { "< RA 1 1", "time_wait" },
	    { "> RA 1 1", "closed" } } },
	{ "who goes on after a RST is not heard (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> RA 1 1", "closed" },
	    { "> PA 1 1 x", "closed" },
	    { "< A 1 2", "closed" } } },
	{ "nothing is looked at with a FIN that is refused (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 1 1 abc", "established+" },
	    { "< A 1 4", "established" },
	    { "> FA 2 1", "established fin_out_of_window" },
	    { "> A 4 1", "established @0()abc" } } },
	{ "behind an acknowledged hole all there is (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "< A 1 96", "established" },
	    { "> PA 96 1 abc", "established+ !@95()abc" },
	    { "> PA 99 1 def", "established+" },
	    { "< A 1 102", "established reassembly_seq_gap" },
	    { "> A 102 1", "established !@95(abc)def" } } },
	{ "but a signed RST may have been ignored (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> RA 1 1 sig=1", "closed" },
	    { "> PA 1 1 x", "established+ suspected_rst_inject" },
	    { "< A 1 2", "established" } } },
	{ "what a RST carries is not of the stream (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 1 1 abc", "established+" },
	    { "> RA 4 1 denied", "closed @0()abc rst_with_data" },
	    { "end", "" } } },
	{ "an urgent byte has a number and no place; the same again has none either",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PAU 1 1 abXcd urg=3", "established+" },
	    { "> PAU 1 1 abXcd urg=3", "established+" },
	    { "> PA 6 1 ef", "established+" },
	    { "< A 1 8", "established" },
	    { "> FA 8 1", "close_wait @0()abcdef" },
	    { "< A 1 9", "close_wait" } } },
	{ "behind a FIN that is acknowledged nothing is read",
	  PLAIN,
	  { HANDSHAKE,
	    { "> FPA 1 1 all", "close_wait+" },
	    { "< A 1 5", "close_wait" },
	    { "> PA 5 1 more", "close_wait @0()all" } } },
	{ "a smaller window for bytes that nobody has seen (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> A 41 101 far win=4000", "established pkt_bad_window_update" },
	    { "> A 41 1 near win=4000", "established+" } } },
	{ "a window may shrink by what is acknowledged with it, and 32 bytes (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> A 41 101 far win=7868", "established pkt_bad_window_update" },
	    { "> A 41 101 far win=8060", "established+" } } },
	{ "an ACK that a later one has overtaken says nothing",
	  TIMES,
	  { HANDSHAKE,
	    { "< A 1 1", "established" },
	    { "> PA 1 1 ab ts=50", "established+" },
	    { "< A 1 3 ts=60", "established" },
	    { "< A 1 2 ts=900", "established" },
	    { "< PA 1 3 cd ts=61", "established+" } } },
	{ "one byte again is compared while it is not acknowledged, and no keep-alive",
	  LAST,
	  { HANDSHAKE,
	    { "> PA 1 1 a", "established+" },
	    { "> PA 1 1 b", "established+ reassembly_overlap_different_data" },
	    { "< A 1 2", "established" },
	    { "> PA 1 1 c", "established @0()b" } } },
	{ "a server's FIN after the client's does not move on (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> FA 1 1", "close_wait" },
	    { "< FA 1 2 abc", "last_ack+" },
	    { "< RA 5 2", "last_ack" },
	    { "< RA 1 2", "closed @0()abc" } } },
	{ "no RST and no FIN without a session",
	  PLAIN,
	  { { "> R 1 0", "none rst_but_no_session" },
	    { "> FA 1 1", "none fin_but_no_session" },
	    { "> A 1 1 x", "none" },
	    { "< SA 0 1", "none" } } },
	{ "out of order, then whole (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 4 1 def", "established+" },
	    { "> PA 1 1 abc", "established+" },
	    { "< A 1 7", "established" },
	    { "> A 7 1", "established @0()abcdef" } } },
	{ "an ACK before its bytes (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "< A 1 7", "established" },
	    { "> PA 1 1 abc", "established+ @0()abc pkt_spurious_retransmission" },
	    { "> PA 4 1 def", "established+ @0(abc)def pkt_spurious_retransmission" } } },
	{ "a gap, once what follows it is acknowledged (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 4 1 def", "established+" },
	    { "< A 1 7", "established reassembly_seq_gap" },
	    { "> PA 7 1 ghi", "established+ !@3()defghi" },
	    { "< A 1 10", "established" },
	    { "> A 10 1", "established" },
	    { "end", "" } } },
	{ "each ACK within a hole makes a gap (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 1 1 ab", "established+" },
	    { "> PA 9 1 ij", "established+" },
	    { "< A 1 5", "established reassembly_seq_gap" },
	    { "< A 1 7", "established reassembly_seq_gap" },
	    { "> PA 5 1 ef", "established @0()ab" },
	    { "> PA 7 1 gh", "established+" },
	    { "< A 1 11", "established" },
	    { "> A 11 1", "established !@6()ghij" } } },
	{ "two gaps cut the bytes into views",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 1 1 ab", "established+" },
	    { "> PA 5 1 ef", "established+" },
	    { "> PA 9 1 ij", "established+" },
	    { "< A 1 11", "established reassembly_seq_gap" },
	    { "> A 11 1", "established @0()ab !@4()ef !@8()ij" } } },
	{ "what came after its gap was passed stays out (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 4 1 def", "established+" },
	    { "< A 1 7", "established reassembly_seq_gap" },
	    { "> PA 1 1 abc", "established !@3()def est_pkt_before_last_ack" } } },
	{ "at the end also what nobody acknowledged",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 1 1 ab", "established+" },
	    { "> PA 5 1 ef", "established+" },
	    { "end", " @0()ab !@4()ef" } } },
	{ "the same again",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 1 1 abc", "established+" },
	    { "> PA 1 1 abc", "established+" },
	    { "> PA 1 1 abcdef", "established+" },
	    { "< A 1 7", "established" },
	    { "> PA 1 1 abcdef", "established+ @0()abcdef pkt_spurious_retransmission" },
	    { "> PA 1 1 abc",
	      "established pkt_spurious_retransmission est_pkt_before_last_ack" } } },
	{ "other bytes: the older win",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 1 1 good", "established+" },
	    { "> PA 1 1 evil", "established+ reassembly_overlap_different_data" },
	    { "< A 1 5", "established" },
	    { "> A 5 1", "established @0()good" } } },
	{ "other bytes: the newer win, until they are acknowledged",
	  LAST,
	  { HANDSHAKE,
	    { "> PA 1 1 good", "established+" },
	    { "> PA 1 1 evil", "established+ reassembly_overlap_different_data" },
	    { "< A 1 3", "established" },
	    { "> PA 1 1 abcdef", "established+ @0()ev reassembly_overlap_different_data" },
	    { "< A 1 7", "established" },
	    { "> A 7 1", "established @0(ev)cdef" } } },
	{ "inline: at once, behind a hole too; what fills it is looked at with what follows",
	  INLINE,
	  { HANDSHAKE,
	    { "> PA 1 1 abc", "established+ @0()abc" },
	    { "> PA 7 1 ghi", "established+ !@6()ghi" },
	    { "> PA 4 1 def", "established+ @0(abc)defghi" },
	    { "< A 1 10", "established" },
	    { "> PA 10 1 j", "established+ @0(abcdefghi)j" } } },
	{ "inline: what comes again is looked at again",
	  INLINE,
	  { HANDSHAKE,
	    { "> PA 1 1 abc", "established+ @0()abc" },
	    { "> PA 4 1 def", "established+ @0(abc)def" },
	    { "> PA 4 1 def", "established+ @0(abc)def" },
	    { "> PA 1 1 ab", "established+ @0()abcdef" } } },
	{ "inline: with other bytes it is what has passed",
	  INLINE,
	  { HANDSHAKE,
	    { "> PA 1 1 good", "established+ @0()good" },
	    { "> PA 1 1 evil", "established+ @0()good reassembly_overlap_different_data" },
	    { "> PA 3 1 EVIL", "established+ @0(go)odIL reassembly_overlap_different_data" } } },
	{ "inline: behind a gap",
	  INLINE,
	  { HANDSHAKE,
	    { "> PA 4 1 def", "established+ !@3()def" },
	    { "< A 1 7", "established reassembly_seq_gap" },
	    { "> PA 7 1 ghi", "established+ !@3(def)ghi" } } },
	{ "inline: a hole that was acknowledged before is a gap with the first byte behind it",
	  INLINE,
	  { HANDSHAKE,
	    { "> PA 1 1 abc", "established+ @0()abc" },
	    { "< A 1 7", "established" },
	    { "> PA 7 1 ghi", "established+ !@6()ghi reassembly_seq_gap" } } },
	{ "inline: nobody speaks for the server before the client's ACK",
	  INLINE,
	  { { "> S 0 0", "syn_sent" },
	    { "< SA 0 1", "syn_recv" },
	    { "< PA 1 1 evil", "syn_recv 3whs_ack_data_inject" } } },
	{ "the depth",
	  SHALLOW,
	  { HANDSHAKE,
	    { "> PA 1 1 abcdef", "established+" },
	    { "> PA 7 1 ghijkl", "established+ reassembly_depth_reached" },
	    { "> PA 13 1 mno", "established" },
	    { "end", " @0()abcdefgh" } } },
	{ "the window behind the inspected edge",
	  NARROW,
	  { HANDSHAKE,
	    { "> PA 1 1 abcdefgh", "established+" },
	    { "< A 1 9", "established" },
	    { "> PA 9 1 ijk", "established+ @0()abcdefgh" },
	    { "< A 1 12", "established" },
	    { "> A 12 1", "established @4(efgh)ijk" } } },
	{ "picked up in the middle",
	  MIDSTREAM,
	  { { "> PA 100 200 abc", "established+" },
	    { "< PA 200 103 xyz", "established+" },
	    { "> A 103 203", "established @0()abc" },
	    { "< A 203 103", "established @0()xyz" } } },
	{ "picked up at the answer: the flow is turned",
	  MIDSTREAM,
	  { { "< SA 0 1", "syn_recv" },
	    { "> A 1 1", "established" },
	    { "> PA 1 1 abc", "established+" },
	    { "< A 1 4", "established" },
	    { "> A 4 1", "established @0()abc" } } },
	{ "one way only: ready when it arrives",
	  ASYNC,
	  { { "> S 0 0", "syn_sent" },
	    { "> A 1 1", "established" },
	    { "> PA 1 1 abc", "established+ @0()abc" },
	    { "> PA 4 50 def", "established+ @0(abc)def" } } },
	{ "one way only: what lies behind a hole waits, and at the end for nothing",
	  ASYNC,
	  { { "> S 0 0", "syn_sent" },
	    { "> A 1 1", "established" },
	    { "> PA 4 50 def", "established+" },
	    { "> PA 1 50 abc", "established+ @0()abcdef" },
	    { "> PA 10 50 jkl", "established+" },
	    { "end", " !@9()jkl" } } },
	{ "one way only: the wrong number",
	  ASYNC,
	  { { "> S 0 0", "syn_sent" }, { "> A 7 1", "syn_sent 3whs_async_wrong_seq" } } },
	{ "four steps: SYN answers SYN (oracle)",
	  PLAIN,
	  { { "> S 0 0", "syn_sent" },
	    { "< S 0 0", "syn_sent" },
	    { "> SA 0 1", "syn_recv" },
	    { "< A 1 1", "established" },
	    { "> PA 1 1 abc", "established+" },
	    { "< A 1 4", "established" },
	    { "> A 4 1", "established @0()abc" } } },
	{ "five steps: then the server answers as well (oracle)",
	  PLAIN,
	  { { "> S 0 0", "syn_sent" },
	    { "< A 0 1", "syn_sent" },
	    { "< S 0 0", "syn_sent" },
	    { "> SA 0 1", "syn_recv" },
	    { "< A 1 1", "established" } } },
	{ "four steps: wrong numbers",
	  PLAIN,
	  { { "> S 0 0", "syn_sent" },
	    { "< S 0 0", "syn_sent" },
	    { "> SA 0 7", "syn_sent 4whs_synack_with_wrong_ack" },
	    { "> SA 7 1", "syn_sent 4whs_synack_with_wrong_syn" },
	    { "> SA 0 1", "syn_recv" },
	    { "< A 9 1", "syn_recv 4whs_wrong_seq" } } },
	{ "answers that are none",
	  PLAIN,
	  { { "> S 0 0", "syn_sent" },
	    { "< SA 0 9", "syn_sent 3whs_synack_with_wrong_ack" },
	    { "> SA 0 1", "syn_sent 3whs_synack_in_wrong_direction" },
	    { "< SA 0 1", "syn_recv" },
	    { "< SA 0 1", "syn_recv" },
	    { "> SA 0 1", "syn_recv 3whs_synack_toserver_on_syn_recv" },
	    { "< SA 0 2", "syn_recv 3whs_synack_resend_with_different_ack" },
	    { "< S 0 0", "syn_recv 3whs_syn_toclient_on_syn_recv" },
	    { "> S 9 0", "syn_recv 3whs_syn_resend_diff_seq_on_syn_recv" },
	    { "> A 1 7", "syn_recv 3whs_right_seq_wrong_ack_evasion" },
	    { "> A 0 7", "syn_recv 3whs_wrong_seq_wrong_ack" },
	    { "> A 1 1", "established" } } },
	{ "the answer that the client takes",
	  PLAIN,
	  { { "> S 0 0", "syn_sent" },
	    { "< SA 0 1", "syn_recv" },
	    { "< SA 700 1", "syn_recv 3whs_synack_resend_with_diff_seq" },
	    { "> A 1 701", "established" },
	    { "< PA 701 1 abc", "established+" },
	    { "> A 1 704", "established" },
	    { "< A 704 1", "established @0()abc" } } },
	{ "the SYN that the server answers",
	  PLAIN,
	  { { "> S 0 0", "syn_sent" },
	    { "> S 700 0", "syn_sent" },
	    { "< SA 0 701", "syn_recv" },
	    { "> A 701 1", "established" },
	    { "> PA 701 1 abc", "established+" } } },
	{ "the ACK of the handshake was lost",
	  PLAIN,
	  { { "> S 0 0", "syn_sent" },
	    { "< SA 0 1", "syn_recv" },
	    { "< PA 1 1 abc", "established+" },
	    { "> A 1 4", "established" },
	    { "< A 4 1", "established @0()abc" } } },
	{ "the ACK and data after it were lost",
	  PLAIN,
	  { { "> S 0 0", "syn_sent" },
	    { "< SA 0 1", "syn_recv" },
	    { "> PA 4 1 def", "established+" },
	    { "< A 1 7", "established reassembly_seq_gap" },
	    { "> A 7 1", "established !@3()def" } } },
	{ "keep-alives are no data",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 1 1 abc", "established+" },
	    { "< A 1 4", "established" },
	    { "> A 3 1", "established @0()abc" },
	    { "> A 3 1 z", "established" },
	    { "< A 1 4", "established" },
	    { "> PA 4 1 d", "established+" } } },
	{ "a byte into a closed window is no data",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 1 1 abc", "established+" },
	    { "< A 1 4 win=0", "established" },
	    { "> PA 4 1 d", "established @0()abc" },
	    { "< A 1 4 win=100", "established" },
	    { "> PA 4 1 d", "established+" } } },
	{ "outside of the window",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 9000 1 abc", "established est_packet_out_of_window" },
	    { "> PA 8190 1 abc", "established+" },
	    { "> PA 1 9000 abc", "established pkt_invalid_ack est_invalid_ack" } } },
	{ "a scaled window",
	  SCALED,
	  { HANDSHAKE,
	    { "< A 1 1", "established" },
	    { "> PA 9000 1 abc", "established+" },
	    { "> PA 40000 1 abc", "established est_packet_out_of_window" } } },
	{ "old timestamps",
	  TIMES,
	  { HANDSHAKE,
	    { "> PA 1 1 abc ts=100", "established+" },
	    { "> PA 4 1 def ts=99", "established+" },
	    { "> PA 7 1 ghi ts=98", "established pkt_invalid_timestamp" },
	    { "> PA 7 1 ghi ts=0", "established pkt_invalid_timestamp" },
	    { "> PA 7 1 ghi ts=101", "established+" } } },
	{ "an echo that nobody said (oracle)",
	  PLAIN,
	  { { "> S 0 0", "syn_sent" },
	    { "< RA 0 1 echo=100", "syn_sent pkt_invalid_timestamp" },
	    { "< SA 0 1", "syn_recv" } } },
	{ "an echo of the SYN that was said again",
	  TIMES,
	  { { "> S 0 0 ts=10", "syn_sent" },
	    { "> S 0 0 ts=20", "syn_sent" },
	    { "< RA 0 1 echo=15", "syn_sent pkt_invalid_timestamp" },
	    { "< RA 0 1 echo=20", "syn_sent" } } },
	{ "a SYN/ACK is taken whatever it echoes (oracle)",
	  TIMES,
	  { { "> S 0 0 ts=10", "syn_sent" }, { "< SA 0 1 echo=15", "syn_recv" } } },
	{ "the server's FIN once more (oracle)",
	  PLAIN,
	  { HANDSHAKE,
	    { "< FA 1 1", "fin_wait1" },
	    { "< FA 1 1", "fin_wait1" },
	    { "< A 2 1", "fin_wait1" },
	    { "> A 1 2", "fin_wait2" } } },
	{ "SYN in a session",
	  PLAIN,
	  { HANDSHAKE,
	    { "< A 1 1", "established" },
	    { "> S 0 0", "established est_syn_resend" },
	    { "> S 5 0", "established est_syn_resend_diff_seq" },
	    { "< S 0 0", "established est_syn_toclient" },
	    { "< SA 0 1", "established est_synack_resend" },
	    { "< SA 5 1", "established est_synack_resend_with_diff_seq" },
	    { "< SA 0 5", "established est_synack_resend_with_different_ack" },
	    { "> SA 0 1", "established est_synack_toserver" },
	    { "< FA 1 1", "fin_wait1" },
	    { "> S 5 0", "fin_wait1 shutdown_syn_resend" } } },
	{ "ACK without its flag",
	  PLAIN,
	  { HANDSHAKE, { "> P 1 ack=7", "established pkt_broken_ack" } } },
	{ "a new session on the same ports",
	  PLAIN,
	  { HANDSHAKE,
	    { "> FA 1 1", "close_wait" },
	    { "> S 900 0", "syn_sent" },
	    { "< SA 900 901", "syn_recv" },
	    { "> A 901 901", "established" } } },

	/* Nobody acknowledges: who goes on has been understood. */
	{ "the server's way is released",
	  PLAIN,
	  { HANDSHAKE,
	    { "> PA 1 1 ab", "established+" },
	    { "< PA 1 3 answer", "established+" },
	    { "release <", "" },
	    { "> PA 3 7 cd", "established+ @0()ab" },
	    { "< PA 7 5 unseen", "established" },
	    { "> PA 5 13 ef", "established+ @0(ab)cd" },
	    { "> A 7 13", "established @0(abcd)ef" },
	    { "> PA 3 13 cd", "established pkt_spurious_retransmission "
			      "est_pkt_before_last_ack" } } },
	{ "out of order, with the other way released",
	  PLAIN,
	  { HANDSHAKE,
	    { "release <", "" },
	    { "> PA 3 1 cd", "established+" },
	    { "> PA 5 1 ef", "established+" },
	    { "> PA 1 1 ab", "established+" },
	    { "> A 7 1", "established @0()abcdef" } } },
	{ "a hole, with the other way released",
	  PLAIN,
	  { HANDSHAKE,
	    { "release <", "" },
	    { "> PA 1 1 ab", "established+" },
	    { "> PA 5 1 ef", "established+ @0()ab" },
	    { "> A 7 1", "established" },
	    { "end", " !@4()ef" } } },
	{ "far beyond the last window that was told",
	  PLAIN,
	  { HANDSHAKE,
	    { "> A 1 1 win=0", "established" },
	    { "< A 1 1 win=1", "established" },
	    { "release <", "" },
	    { "> PA 1 1 abcdef", "established+" },
	    { "> FA 7 1", "close_wait @0()abcdef" } } },
	{ "the server closes, its way released",
	  PLAIN,
	  { HANDSHAKE,
	    { "release <", "" },
	    { "< FA 1 1", "fin_wait1" },
	    { "> A 1 2", "fin_wait2" },
	    { "> FA 1 2", "closed" } } },
	{ "the client closes, the server's way released",
	  PLAIN,
	  { HANDSHAKE,
	    { "release <", "" },
	    { "> FA 1 1", "close_wait" },
	    { "< FA 1 2", "last_ack" },
	    { "> A 2 2", "closed" } } },
	{ "the client closes, its way released",
	  PLAIN,
	  { HANDSHAKE,
	    { "release >", "" },
	    { "> FA 1 1", "close_wait" },
	    { "< PA 1 2 ab", "close_wait+" },
	    { "< A 3 2", "close_wait @0()ab" },
	    { "< FA 3 2", "closed" } } },
	{ "the server closes, the client's way released",
	  PLAIN,
	  { HANDSHAKE,
	    { "release >", "" },
	    { "< FA 1 1", "fin_wait1" },
	    { "> FA 1 2", "time_wait" },
	    { "< A 2 2", "closed" } } },
	{ "both ways are released",
	  PLAIN,
	  { HANDSHAKE,
	    { "release >", "" },
	    { "release <", "" },
	    { "> PA 1 1 ab", "established" },
	    { "> FA 900 1", "close_wait" },
	    { "< FA 77 1", "closed" } } },
	{ "RST in a released way",
	  PLAIN,
	  { HANDSHAKE,
	    { "release <", "" },
	    { "< R 9000 0", "established" },
	    { "< R 4000 0", "closed" } } },
	{ "SYN in a released way",
	  PLAIN,
	  { HANDSHAKE, { "release >", "" }, { "> S 0 0", "established" } } },
};

static void parse(struct bench *b, const char *text, unsigned variant, struct packet *p)
{
	char side, flags[16], payload[64] = "";
	unsigned seq = 0, ack = 0, window = 8192, ts = (unsigned)b->number + 1;
	uint32_t broken = 0;
	uint32_t echo = 0;
	const char *at;

	assert_true(sscanf(text, "%c %15s %u %u %63s", &side, flags, &seq, &ack, payload) >= 3);
	at = strstr(text, "win=");
	if (at)
		window = (unsigned)atoi(at + 4);
	at = strstr(text, "ts=");
	if (at)
		ts = (unsigned)atoi(at + 3);
	at = strstr(text, "echo=");
	if (at)
		echo = (uint32_t)atoi(at + 5);
	at = strstr(text, "ack=");
	if (at)
		broken = (uint32_t)atoi(at + 4);
	if (strchr(payload, '='))
		payload[0] = 0;
	make(b, p, side == '>', flags_of(flags), seq, ack, payload, strlen(payload));
	p->tcp.window = (uint16_t)window;
	if (broken)
		p->tcp.ack = broken;
	at = strstr(text, "urg=");
	if (at)
		p->tcp.urgent = (uint16_t)strtoul(at + 4, NULL, 10);
	p->tcp.has_signature = strstr(text, "sig=") != NULL;
	p->tcp.ts_echo = echo;
	if ((variant & TIMES) || echo) {
		p->tcp.has_ts = true;
		p->tcp.ts_value = ts;
	}
	if ((variant & SCALED) && (p->tcp.flags & TCP_SYN)) {
		p->tcp.has_wscale = true;
		p->tcp.wscale = 2;
	}
}

/* Whenever it may: waking must bring back what was put to rest, to the byte.  Returns how often it did. */
static unsigned rest(struct bench *b, struct flow *f)
{
	struct session before;

	if (!f->tcp || stream_is_empty(f))
		return 0;
	before = *session_at(b->e, f->tcp);
	session_rest(b->e, f);
	if (!stream_is_empty(f))
		return 0;
	assert_memory_equal(session_look(b->e, f), &before, sizeof(before));
	return 1;
}

static unsigned run(const struct scenario *s, bool rests)
{
	struct stream_options opt = defaults();
	struct packet p = { .number = 0 };
	struct flow *f = NULL;
	unsigned rested = 0;
	struct bench b;

	opt.use_inline = s->variant & INLINE;
	opt.midstream = s->variant & MIDSTREAM;
	opt.async_oneside = s->variant & ASYNC;
	if (s->variant & CHUNKS)
		opt.chunk_bytes[0] = opt.chunk_bytes[1] = 8;
	if (s->variant & SHALLOW)
		opt.depth = 8;
	if (s->variant & NARROW)
		opt.window = 4;
	if (s->variant & LAST)
		opt.policy = STREAM_POLICY_LAST;
	set_up(&b, &opt);
	for (size_t i = 0; i < sizeof(s->row) / sizeof(s->row[0]) && s->row[i].segment; i++) {
		char seen[512] = "";

		if (strcmp(s->row[i].segment, "end") == 0) {
			size_t n = show_views(&b, f, 0, true, seen, sizeof(seen));

			show_views(&b, f, 1, true, seen + n, sizeof(seen) - n);
			assert_false(stream_pending(b.e, f, 0));
			assert_false(stream_pending(b.e, f, 1));
		} else if (strncmp(s->row[i].segment, "release ", 8) == 0) {
			unsigned way = s->row[i].segment[8] == '<';

			stream_release_way(b.e, f, way);
			b.released |= 1u << way;
		} else {
			parse(&b, s->row[i].segment, s->variant, &p);
			take_in(&b, &p);
			assert_non_null(p.flow);
			f = p.flow;
			show(&b, &p, seen, sizeof(seen));
		}
		if (strcmp(seen, s->row[i].seen) != 0)
			fail_msg("%s, row %zu: %s\n  seen   %s\n  wanted %s", s->name, i + 1,
				 s->row[i].segment, seen, s->row[i].seen);
		if (rests)
			rested += rest(&b, f);
	}
	tear_down(&b);
	return rested;
}

static void scenarios(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(scenario) / sizeof(scenario[0]); i++)
		run(&scenario[i], false);
}

/* Nobody sees that a session without bytes lies elsewhere between its packets. */
static void rests(void **state)
{
	unsigned rested = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(scenario) / sizeof(scenario[0]); i++)
		rested += run(&scenario[i], true);
	assert_true(rested > sizeof(scenario) / sizeof(scenario[0]));
}

/* Inline, a packet passes with the bytes that were first, and with a checksum that is right. */
static void rewritten(void **state)
{
	static const struct {
		const char *sent;
		uint32_t seq;
		const char *passes;
		bool modified;
	} row[] = {
		{ "good", 1, "good", false },	     { "good", 1, "good", false },
		{ "evil", 1, "good", true },	     { "VILE", 3, "odLE", true },
		{ "..odLE..", 1, "goodLE..", true }, { "zz", 12, "zz", false },
		{ "aaaaaa", 8, ".aaazz", true },
	};
	struct stream_options opt = defaults();
	struct packet p;
	struct bench b;

	(void)state;
	opt.use_inline = true;
	set_up(&b, &opt);
	make(&b, &p, true, TCP_SYN, 0, 0, "", 0);
	take_in(&b, &p);
	make(&b, &p, false, TCP_SYN | TCP_ACK, 0, 1, "", 0);
	take_in(&b, &p);
	make(&b, &p, true, TCP_ACK, 1, 1, "", 0);
	take_in(&b, &p);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		size_t len = strlen(row[i].sent);

		make(&b, &p, true, TCP_ACK | TCP_PSH, row[i].seq, 1, row[i].sent, len);
		take_in(&b, &p);
		assert_int_equal(p.stream_modified, row[i].modified);
		assert_int_equal(p.payload.len, len);
		assert_memory_equal(p.payload.data, row[i].passes, len);
		assert_ptr_equal(p.payload.data, p.data.data + HEADERS);
		if (row[i].modified)
			assert_true(checksum_transport_ok(&p, IP_PROTO_TCP,
							  bytes_slice(p.data, 20, p.data.len)));
	}
	tear_down(&b);
}

/* Of a policy that drops urgent data: inline the packet, else its bytes alone. */
static void urgent_is_dropped(void **state)
{
	(void)state;
	for (unsigned use_inline = 0; use_inline < 2; use_inline++) {
		struct stream_options opt = defaults();
		struct packet p;
		struct bench b;

		opt.use_inline = use_inline;
		opt.urgent = STREAM_URGENT_DROP;
		set_up(&b, &opt);
		make(&b, &p, true, TCP_SYN, 0, 0, "", 0);
		take_in(&b, &p);
		make(&b, &p, false, TCP_SYN | TCP_ACK, 0, 1, "", 0);
		take_in(&b, &p);
		make(&b, &p, true, TCP_ACK, 1, 1, "", 0);
		take_in(&b, &p);
		make(&b, &p, true, TCP_ACK | TCP_URG, 1, 1, "urgent", 6);
		take_in(&b, &p);
		assert_false(p.stream_added);
		assert_int_equal(p.dropped, use_inline);
		assert_int_equal(p.dropped_urgent, use_inline);
		make(&b, &p, true, TCP_ACK, 1, 1, "plain", 5);
		take_in(&b, &p);
		assert_true(p.stream_added);
		assert_false(p.dropped);
		tear_down(&b);
	}
}

/* The policy is that of the network where the receiver lives, the longest prefix first. */
static void networks_have_policies(void **state)
{
	static const struct stream_host hosts[] = {
		{ { { .bytes = { 0 } }, 4, 0 }, STREAM_POLICY_FIRST },
		{ { { .bytes = { 2 } }, 4, 8 }, STREAM_POLICY_LAST },
		{ { { .bytes = { 0 } }, 6, 0 }, STREAM_POLICY_FIRST },
	};
	struct stream_options opt = defaults();
	struct packet p;
	struct bench b;

	(void)state;
	opt.hosts = hosts;
	opt.host_count = 3;
	set_up(&b, &opt);
	make(&b, &p, true, TCP_SYN, 0, 0, "", 0);
	take_in(&b, &p);
	make(&b, &p, false, TCP_SYN | TCP_ACK, 0, 1, "", 0);
	take_in(&b, &p);
	/* The same bytes twice each way, neither acknowledged: the client is 1.0.0.0, the server 2.0.0.0. */
	for (unsigned i = 0; i < 2; i++) {
		make(&b, &p, true, TCP_ACK, 1, 1, i ? "new" : "old", 3);
		take_in(&b, &p);
		make(&b, &p, false, TCP_ACK, 1, 1, i ? "new" : "old", 3);
		take_in(&b, &p);
	}
	for (unsigned dir = 0; dir < 2; dir++) {
		char seen[64] = "";

		show_views(&b, p.flow, dir, true, seen, sizeof(seen));
		assert_string_equal(seen, dir ? " @0()old" : " @0()new");
	}
	tear_down(&b);
	guard_free_all();
}

/* --- properties ------------------------------------------------------------------------------ */

static void handshake(struct bench *b)
{
	struct packet p;

	make(b, &p, true, TCP_SYN, 0, 0, "", 0);
	take_in(b, &p);
	make(b, &p, false, TCP_SYN | TCP_ACK, 0, 1, "", 0);
	take_in(b, &p);
	make(b, &p, true, TCP_ACK, 1, 1, "", 0);
	take_in(b, &p);
}

static struct flow *send_bytes(struct bench *b, uint32_t offset, const void *data, size_t len)
{
	struct packet p;

	make(b, &p, true, TCP_PSH | TCP_ACK, 1 + offset, 1, data, len);
	take_in(b, &p);
	assert_non_null(p.flow);
	return p.flow;
}

static void acknowledge(struct bench *b, uint32_t offset)
{
	struct packet p;

	make(b, &p, false, TCP_ACK, 1, 1 + offset, "", 0);
	take_in(b, &p);
}

/* Each way to cut a text, in order and backwards, is the text. */
static void every_segmentation(void **state)
{
	static const char text[] = "GET /a HTTP/1";
	const unsigned len = sizeof(text) - 1;

	(void)state;
	for (unsigned cuts = 0; cuts < 1u << (len - 1); cuts++) {
		struct stream_options opt = defaults();
		unsigned start[sizeof(text)], n = 0;
		struct stream_view v;
		struct flow *f = NULL;
		struct bench b;

		start[n++] = 0;
		for (unsigned i = 1; i < len; i++) {
			if (cuts >> (i - 1) & 1)
				start[n++] = i;
		}
		start[n] = len;
		set_up(&b, &opt);
		handshake(&b);
		for (unsigned i = 0; i < n; i++) {
			unsigned k = cuts & 1 ? n - 1 - i : i;

			f = send_bytes(&b, start[k], text + start[k], start[k + 1] - start[k]);
			assert_false(stream_view(b.e, f, 0, false, &v));
		}
		acknowledge(&b, len);
		assert_true(stream_view(b.e, f, 0, false, &v));
		assert_int_equal(v.data.len, len);
		assert_memory_equal(v.data.data, text, len);
		assert_false(v.after_gap);
		tear_down(&b);
	}
}

#define OVERLAPS_ROUND 24
#define OVERLAPS_BYTES 64

/* Many segments against the oracle; few but all of them: test_stream_overlap. */
static void overlaps(void **state)
{
	static const struct {
		enum stream_policy policy;
		const char *wins;
	} row[] = {
		{ STREAM_POLICY_BSD, "nnnoooooo" },	{ STREAM_POLICY_OLD_LINUX, "nnnonnooo" },
		{ STREAM_POLICY_SOLARIS, "onnonnoon" }, { STREAM_POLICY_FIRST, "ooooooooo" },
		{ STREAM_POLICY_LAST, "nnnnnnnnn" },
	};
	uint32_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 1500; round++) {
		struct stream_options opt = defaults();
		struct byte_map m = { .wins = row[round % 5].wins };
		struct flow *f = NULL;
		unsigned at = 0;
		struct stream_view v;
		struct bench b;

		opt.policy = row[round % 5].policy;
		set_up(&b, &opt);
		handshake(&b);
		for (unsigned i = 0; i < OVERLAPS_ROUND; i++) {
			uint8_t data[16];
			unsigned start, len;

			seed = seed * 1664525 + 1013904223;
			start = (seed >> 8) % (OVERLAPS_BYTES - 16);
			len = 1 + (seed >> 20) % 16;
			for (unsigned k = 0; k < len; k++)
				data[k] = (uint8_t)(seed >> 3) ^ (uint8_t)(k * 7);
			map_add(&m, start, start + len, data);
			f = send_bytes(&b, start, data, len);
		}
		/* Views and holes make up all of it. */
		while (stream_view(b.e, f, 0, true, &v)) {
			for (; at < v.offset + v.fresh; at++)
				assert_false(m.there[at]);
			for (size_t k = v.fresh; k < v.data.len; k++, at++) {
				assert_true(m.there[at]);
				assert_int_equal(v.data.data[k], m.byte[at]);
			}
			stream_inspected(b.e, f, 0, &v);
		}
		for (; at < OVERLAPS_BYTES; at++)
			assert_false(m.there[at]);
		tear_down(&b);
	}
}

/* A long stream slides through a small buffer; every byte is seen once and is the right one. */
static void a_long_stream(void **state)
{
	struct stream_options opt = defaults();
	uint8_t data[1460];
	uint64_t seen = 0;
	uint32_t at = 0;
	struct bench b;

	(void)state;
	opt.depth = 0;
	set_up(&b, &opt);
	handshake(&b);
	for (unsigned i = 0; i < 3000; i++) {
		struct stream_view v;
		struct flow *f;

		for (unsigned k = 0; k < sizeof(data); k++)
			data[k] = (uint8_t)((at + k) * 2654435761u >> 24);
		f = send_bytes(&b, at, data, sizeof(data));
		at += sizeof(data);
		if (i % 3)
			continue;
		acknowledge(&b, at);
		while (stream_view(b.e, f, 0, false, &v)) {
			assert_true(v.offset + v.fresh == seen);
			assert_true(v.fresh == (seen < 4096 ? seen : 4096));
			for (size_t k = 0; k < v.data.len; k++)
				assert_int_equal(v.data.data[k],
						 (uint8_t)((uint32_t)(v.offset + k) * 2654435761u >>
							   24));
			seen = v.offset + v.data.len;
			stream_inspected(b.e, f, 0, &v);
		}
		/* 4 KiB behind the edge and 4 KiB in flight need no more than this. */
		assert_true(b.e->buffers.used_bytes <= 64 * 1024);
		guard_free_all();
	}
	assert_int_equal(seen, at - 2 * sizeof(data));
	assert_int_equal(b.counters.value[COUNTER_TCP_REASSEMBLY_GAP], 0);
	tear_down(&b);
}

/* Those at rest count like others, so that there is always room to wake. */
static void a_limit_of_all(void **state)
{
	struct stream_options opt = defaults();
	struct packet p;
	struct bench b;

	(void)state;
	opt.max_sessions = 3;
	set_up(&b, &opt);
	for (unsigned i = 0; i < 4; i++) {
		make(&b, &p, true, TCP_SYN, 0, 0, NULL, 0);
		p.sport = (uint16_t)(40000 + i);
		take_in(&b, &p);
		stream_packet_done(b.e, p.flow);
		assert_true(stream_is_empty(p.flow) == (i < 3));
		assert_int_equal(b.counters.value[COUNTER_TCP_SSN_MEMCAP_DROP], i == 3);
	}
	assert_int_equal(b.e->sessions.used, 0);
	for (unsigned i = 0; i < 3; i++) {
		make(&b, &p, false, TCP_SYN | TCP_ACK, 0, 1, NULL, 0);
		p.dport = (uint16_t)(40000 + i);
		take_in(&b, &p);
		stream_packet_done(b.e, p.flow);
		assert_int_equal(session_look(b.e, p.flow)->state, TCP_STATE_SYN_RECV);
	}
	assert_int_equal(b.e->rests.used, 0);
	tear_down(&b);
}

/* Every pool driven to its limit: counted, and the session goes on. */
static void limits(void **state)
{
	struct stream_options opt = defaults();
	struct flow *f = NULL;
	struct bench b;

	(void)state;
	opt.reassembly_memcap = 4096;
	set_up(&b, &opt);
	handshake(&b);
	for (unsigned i = 0; i < 600; i++)
		f = send_bytes(&b, 10 * i, "0123456789", 10);
	assert_true(b.counters.value[COUNTER_TCP_SEGMENT_MEMCAP_DROP] > 0);
	assert_true(b.counters.value[COUNTER_LIMITS_REACHED] > 0);
	assert_true(b.e->buffers.used_bytes <= 4096);
	assert_true(stream_pending(b.e, f, 0));
	tear_down(&b);

	/* One byte in ten: more regions than a side may have. */
	opt = defaults();
	set_up(&b, &opt);
	handshake(&b);
	for (unsigned i = 700; i-- > 0;)
		f = send_bytes(&b, 10 * i, "x", 1);
	assert_true(b.e->regions.used <= 256);
	assert_true(b.counters.value[COUNTER_TCP_SEGMENT_MEMCAP_DROP] > 0);
	tear_down(&b);

	opt = defaults();
	opt.max_sessions = 0;
	set_up(&b, &opt);
	handshake(&b);
	assert_int_equal(b.counters.value[COUNTER_TCP_SSN_MEMCAP_DROP], 1);
	tear_down(&b);
}

static void released(void **state)
{
	struct stream_options opt = defaults();
	struct stream_view v;
	struct packet p;
	struct flow *f;
	struct bench b;

	(void)state;
	set_up(&b, &opt);
	handshake(&b);
	f = send_bytes(&b, 0, "abc", 3);
	assert_int_equal(stream_size(b.e, f, 0), 4);
	stream_release(b.e, f);
	assert_int_equal(b.e->buffers.used_bytes, 0);
	send_bytes(&b, 3, "def", 3);
	acknowledge(&b, 6);
	assert_false(stream_view(b.e, f, 0, true, &v));
	assert_int_equal(b.e->buffers.used_bytes, 0);
	assert_int_equal(stream_size(b.e, f, 0), 7);
	/* States are followed nevertheless. */
	make(&b, &p, true, TCP_RST | TCP_ACK, 7, 1, "", 0);
	take_in(&b, &p);
	assert_int_equal(f->state, FLOW_CLOSED);
	assert_int_equal(b.counters.value[COUNTER_TCP_ACK_UNSEEN_DATA], 0);
	tear_down(&b);
}

/* What is ready when the rest is encrypted is still looked at, then nothing is kept. */
static void closed_to_rules(void **state)
{
	struct stream_options opt = defaults();
	struct stream_view v;
	struct flow *f;
	struct bench b;

	(void)state;
	set_up(&b, &opt);
	handshake(&b);
	send_bytes(&b, 0, "abc", 3);
	acknowledge(&b, 3);
	f = send_bytes(&b, 3, "def", 3);
	stream_close(b.e, f);
	acknowledge(&b, 6);
	assert_true(stream_view(b.e, f, 0, false, &v));
	assert_int_equal(v.data.len, 3);
	assert_memory_equal(v.data.data, "abc", 3);
	stream_inspected(b.e, f, 0, &v);
	assert_false(stream_view(b.e, f, 0, true, &v));
	assert_false(stream_pending(b.e, f, 0));
	send_bytes(&b, 6, "ghi", 3);
	assert_int_equal(b.e->buffers.used_bytes, 0);
	tear_down(&b);
}

/* One side has carried the depth: what came before it stays to be looked at. */
static void held_at_the_depth(void **state)
{
	struct stream_options opt = defaults();
	struct stream_view v;
	struct flow *f;
	struct bench b;

	(void)state;
	opt.depth = 4;
	set_up(&b, &opt);
	handshake(&b);
	f = send_bytes(&b, 0, "abc", 3);
	assert_false(stream_at_depth(b.e, f));
	send_bytes(&b, 3, "def", 3);
	assert_true(stream_at_depth(b.e, f));
	stream_hold_way(b.e, f, 0);
	stream_hold_way(b.e, f, 1);
	assert_true(stream_pending(b.e, f, 0));
	assert_true(stream_view(b.e, f, 0, true, &v));
	assert_int_equal(v.data.len, 4);
	assert_memory_equal(v.data.data, "abcd", 4);
	stream_inspected(b.e, f, 0, &v);
	tear_down(&b);
}

static void bad_checksums_stay_out(void **state)
{
	struct stream_options opt = defaults();
	struct stream_summary s;
	struct packet p;
	struct bench b;

	(void)state;
	set_up(&b, &opt);
	handshake(&b);
	make(&b, &p, true, TCP_RST, 1, 0, "", 0);
	p.bad_checksum = true;
	take_in(&b, &p);
	assert_true(stream_summary(b.e, p.flow, &s));
	assert_int_equal(s.state, TCP_STATE_ESTABLISHED);
	assert_int_equal(s.flags_to_server, TCP_SYN | TCP_ACK);
	assert_int_equal(b.counters.value[COUNTER_TCP_INVALID_CHECKSUM], 1);
	assert_int_equal(b.counters.value[COUNTER_TCP_RST], 0);
	tear_down(&b);
}

struct text {
	char data[64];
	size_t len;
};

static void add_piece(void *ctx, const uint8_t *data, size_t len)
{
	struct text *t = ctx;

	if (data)
		t->len += (size_t)snprintf(t->data + t->len, sizeof(t->data) - t->len, "%.*s",
					   (int)len, (const char *)data);
	else
		t->len +=
			(size_t)snprintf(t->data + t->len, sizeof(t->data) - t->len, "[%zu]", len);
}

static void pieces(void **state)
{
	struct stream_options opt = defaults();
	struct text t = { .len = 0 };
	struct flow *f;
	struct bench b;

	(void)state;
	set_up(&b, &opt);
	handshake(&b);
	send_bytes(&b, 4, "GOOD", 4);
	f = send_bytes(&b, 10, "DATA", 4);
	stream_pieces(b.e, f, 0, add_piece, &t);
	assert_string_equal(t.data, "[4]GOOD[2]DATA");
	tear_down(&b);
}

/* The data of a SYN counts where both sides know of Fast Open (RFC 7413). */
static void fast_open(void **state)
{
	struct stream_options opt = defaults();
	struct stream_summary s;
	struct packet p;
	char seen[128];
	struct bench b;

	(void)state;
	set_up(&b, &opt);
	make(&b, &p, true, TCP_SYN, 0, 0, "early", 5);
	p.tcp.has_fastopen = true;
	take_in(&b, &p);
	assert_true(p.stream_added);
	make(&b, &p, false, TCP_SYN | TCP_ACK, 0, 6, "", 0);
	take_in(&b, &p);
	make(&b, &p, false, TCP_ACK, 1, 6, "answer", 6);
	take_in(&b, &p);
	assert_true(stream_summary(b.e, p.flow, &s));
	assert_int_equal(s.state, TCP_STATE_ESTABLISHED);
	make(&b, &p, true, TCP_ACK, 6, 7, "", 0);
	take_in(&b, &p);
	show(&b, &p, seen, sizeof(seen));
	assert_string_equal(seen, "established @0()early");
	tear_down(&b);
}

/* A start that was not seen is told; where the policy keeps such sessions out, none is made, nor turned. */
static void no_start(void **state)
{
	static const struct {
		bool midstream, async, keeps_out;
		uint8_t flags;
		bool told, session;
	} rows[] = {
		{ false, false, false, TCP_SYN, false, true },
		{ false, false, false, TCP_ACK, true, false },
		{ true, false, false, TCP_ACK, true, true },
		{ true, false, true, TCP_ACK, true, false },
		{ true, false, false, TCP_SYN | TCP_ACK, true, true },
		{ false, true, true, TCP_SYN | TCP_ACK, true, false },
		{ false, true, false, TCP_SYN | TCP_ACK, true, true },
		{ true, false, true, TCP_FIN | TCP_ACK, true, false },
		{ true, false, false, TCP_RST, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stream_options opt = defaults();
		struct packet p;
		struct bench b;

		opt.midstream = rows[i].midstream;
		opt.async_oneside = rows[i].async;
		opt.keeps_out = rows[i].keeps_out;
		set_up(&b, &opt);
		make(&b, &p, true, rows[i].flags, 100, 200, "abc", 3);
		take_in(&b, &p);
		assert_int_equal(p.exceptions, rows[i].told ? 1u << EXCEPTION_MIDSTREAM : 0);
		assert_int_equal(p.flow->tcp != 0, rows[i].session);
		assert_int_equal((p.flow->flags & FLOW_REVERSED) != 0,
				 rows[i].session && (rows[i].flags & TCP_SYN) &&
					 (rows[i].flags & TCP_ACK));
		tear_down(&b);
	}
}

/* RFC 7323, section 2.3: a shift above 14 is 14, as for the host behind, which takes the bytes there. */
static void giant_shifts(void **state)
{
	static const uint8_t shifts[] = { 0, 13, 14, 15, 31, 32, 64, 255 };

	(void)state;
	for (size_t i = 0; i < sizeof(shifts); i++) {
		struct stream_options opt = defaults();
		uint8_t shift = shifts[i] < 14 ? shifts[i] : 14;
		struct packet p;
		struct bench b;

		set_up(&b, &opt);
		make(&b, &p, true, TCP_SYN, 100, 0, "", 0);
		p.tcp.has_wscale = true;
		p.tcp.wscale = shifts[i];
		take_in(&b, &p);
		make(&b, &p, false, TCP_SYN | TCP_ACK, 500, 101, "", 0);
		p.tcp.has_wscale = true;
		p.tcp.wscale = shifts[i];
		take_in(&b, &p);
		make(&b, &p, true, TCP_ACK, 101, 501, "", 0);
		p.tcp.window = 1000;
		take_in(&b, &p);
		for (int past = 0; past < 2; past++) {
			make(&b, &p, false, TCP_ACK, 501 + (1000u << shift) - 3 + past, 101, "abc",
			     3);
			take_in(&b, &p);
			assert_int_equal(packet_has_event(&p,
							  EVENT_STREAM_EST_PACKET_OUT_OF_WINDOW),
					 past);
		}
		tear_down(&b);
	}
}

/* Past 65,535 urgent bytes of a direction another policy decides, and an event says so. */
static void urgent_has_a_limit(void **state)
{
	static const struct {
		enum stream_urgent policy;
		bool dropped;
		const char *there;
	} rows[] = {
		{ STREAM_URGENT_DROP, true, "" },
		{ STREAM_URGENT_INLINE, false, "abc" },
		{ STREAM_URGENT_GAP, false, "c" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stream_options opt = defaults();
		struct stream_view v;
		struct packet p;
		struct bench b;
		uint32_t seq = 101;

		opt.use_inline = true;
		opt.urgent_limit = rows[i].policy;
		set_up(&b, &opt);
		make(&b, &p, true, TCP_SYN, 100, 0, "", 0);
		take_in(&b, &p);
		make(&b, &p, false, TCP_SYN | TCP_ACK, 500, 101, "", 0);
		take_in(&b, &p);
		make(&b, &p, true, TCP_ACK, 101, 501, "", 0);
		take_in(&b, &p);
		for (unsigned n = 0; n < UINT16_MAX; n++, seq++) {
			make(&b, &p, true, TCP_ACK | TCP_URG, seq, 501, "u", 1);
			p.tcp.urgent = 1;
			b.now_ns -= 9999000;
			take_in(&b, &p);
			assert_int_equal(p.events, 0);
			if (n % 1000 == 0) {
				make(&b, &p, false, TCP_ACK, 501, seq + 1, "", 0);
				take_in(&b, &p);
			}
			guard_free_all();
		}
		make(&b, &p, true, TCP_ACK | TCP_URG, seq, 501, "abc", 3);
		p.tcp.urgent = 2;
		take_in(&b, &p);
		assert_true(packet_has_event(&p, EVENT_STREAM_REASSEMBLY_URGENT_OOB_LIMIT_REACHED));
		assert_int_equal(p.dropped_urgent, rows[i].dropped);
		assert_int_equal(b.counters.value[COUNTER_TCP_URGENT_OOB_DATA], UINT16_MAX);
		if (rows[i].policy == STREAM_URGENT_INLINE) {
			assert_true(stream_view(b.e, p.flow, 0, true, &v));
			assert_int_equal(v.data.len, 3);
			assert_memory_equal(v.data.data, rows[i].there, 3);
		}
		tear_down(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scenarios),
		cmocka_unit_test(rests),
		cmocka_unit_test(rewritten),
		cmocka_unit_test(urgent_is_dropped),
		cmocka_unit_test(urgent_has_a_limit),
		cmocka_unit_test(networks_have_policies),
		cmocka_unit_test(every_segmentation),
		cmocka_unit_test(overlaps),
		cmocka_unit_test(a_long_stream),
		cmocka_unit_test(limits),
		cmocka_unit_test(a_limit_of_all),
		cmocka_unit_test(released),
		cmocka_unit_test(closed_to_rules),
		cmocka_unit_test(held_at_the_depth),
		cmocka_unit_test(bad_checksums_stay_out),
		cmocka_unit_test(pieces),
		cmocka_unit_test(fast_open),
		cmocka_unit_test(no_start),
		cmocka_unit_test(giant_shifts),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
