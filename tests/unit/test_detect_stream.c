/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on a TCP stream, however it is cut: each row's bytes come in two segments, cut at every byte.  The server
 * acknowledges each, so the first is inspected with the second, and the second with a last empty one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engine/stream/stream.h"
#include "tests/unit/detect_rig.h"

#define CLIENT_ISN 1000u
#define SERVER_ISN 5000u

static const struct row {
	const char *options;
	const char *bytes;
	size_t end; /* of the match; 0: none */
} rows[] = {
	/* the pattern lies across the seam of two inspections */
	{ "content:\"abc\";", "xxabcyy", 5 },
	{ "content:\"abcdefghijklmnop\";", "xxabcdefghijklmnopyy", 18 },
	{ "content:\"XyZ\"; nocase;", "..xYz", 5 },
	{ "content:\"abc\";", "abxabdacc", 0 },
	/* or the rule does */
	{ "content:\"abc\"; content:\"xyz\"; distance:0;", "..abc..xyz..", 10 },
	{ "content:\"xyz\"; content:\"abc\"; distance:0;", "..abc..xyz..", 0 },
	{ "content:\"abc\"; content:\"xyz\";", "..xyz..abc..", 10 },
	{ "content:\"ab\"; isdataat:3,relative;", ".ab12", 0 },
	{ "content:\"ab\"; isdataat:3,relative;", ".ab123", 6 },
	{ "pcre:\"/a[0-9]+b/\";", "__a123b_", 7 },
	/* the first bytes of the stream */
	{ "content:\"abc\"; depth:6; flow:only_stream;", "xxxabcyy", 6 },
	{ "content:\"abc\"; depth:6; flow:only_stream;", "xxxxabcyy", 0 },
	{ "content:\"abc\"; startswith; flow:only_stream;", "abcxx", 3 },
	{ "content:\"abc\"; startswith; content:\"z\"; flow:only_stream;", "abcxxz", 6 },
	{ "content:\"abc\"; startswith; flow:only_stream;", "xabcxx", 0 },
};

struct bench {
	struct rig rig;
	struct flow_table *flows;
	struct stream_engine *streams;
	uint64_t number;
};

static bool reuse(void *ctx, const struct flow *f, const struct packet *p)
{
	const struct bench *b = ctx;

	return stream_reuse(b->streams, f, p);
}

static void ended(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	const struct bench *b = ctx;

	(void)reason;
	detect_flow_end(b->rig.detector, f);
	stream_flow_end(b->streams, f);
}

static void set_up(struct bench *b, const char *options)
{
	static const struct flow_timeouts t = { 60, 600, 60, 100, 5, 100, 10 };
	const struct flow_options flow = {
		.tcp = t, .udp = t, .icmp = t, .other = t, .max_flows = 10, .hash_size = 16
	};
	const struct stream_options stream = { .depth = 1 << 20,
					       .window = 4096,
					       .max_synack_queued = 5,
					       .max_sessions = 10,
					       .reassembly_memcap = 1 << 20,
					       .policy = STREAM_POLICY_WINDOWS };
	struct detector_env env = { .counters = &b->rig.counters };
	char text[512];

	memset(b, 0, sizeof(*b));
	snprintf(text, sizeof(text), "alert tcp any any -> any 80 (%s sid:1;)\n", options);
	rig_open(&b->rig, text);
	assert_int_equal(flow_table_new(&flow, &b->rig.counters, ended, reuse, b, &b->flows), 0);
	assert_int_equal(stream_engine_new(&stream, b->flows, &b->rig.counters, &b->streams), 0);
	detector_free(b->rig.detector);
	env.streams = b->streams;
	assert_int_equal(detector_new(b->rig.rules, &b->rig.options, &env, &b->rig.detector), 0);
}

static void tear_down(struct bench *b)
{
	flow_end_all(b->flows);
	flow_table_free(b->flows);
	stream_engine_free(b->streams);
	rig_close(&b->rig);
}

/* Number of alerts. */
static unsigned send(struct bench *b, bool from_client, uint8_t flags, uint32_t seq, uint32_t ack,
		     struct bytes payload)
{
	struct packet p = rig_tcp(payload.data, payload.len, flags);

	p.number = ++b->number;
	p.time_ns = 1700000000000000000 + (int64_t)b->number * 1000000;
	p.tcp.seq = seq + (from_client ? CLIENT_ISN : SERVER_ISN);
	p.tcp.ack = ack + (from_client ? SERVER_ISN : CLIENT_ISN);
	p.tcp.window = 8192;
	p.wire_len = (uint32_t)payload.len + 54;
	if (!from_client) {
		struct ip_addr src = p.src;
		uint16_t sport = p.sport;

		p.src = p.dst;
		p.dst = src;
		p.sport = p.dport;
		p.dport = sport;
	}
	flow_update(b->flows, &p, flow_hash(b->flows, &p), p.number);
	stream_packet(b->streams, &p);
	detect_packet(b->rig.detector, &p, &b->rig.result);
	return b->rig.result.alerts;
}

/* Alerts with the second segment, and with what comes behind it. */
static void run_cut(struct bench *b, struct bytes bytes, size_t cut, unsigned alerts[2])
{
	const struct bytes none = bytes_of(NULL, 0);
	uint32_t first = 1 + (uint32_t)cut, all = 1 + (uint32_t)bytes.len;

	assert_int_equal(send(b, true, TCP_SYN, 0, 0, none), 0);
	assert_int_equal(send(b, false, TCP_SYN | TCP_ACK, 0, 1, none), 0);
	assert_int_equal(send(b, true, TCP_ACK, 1, 1, none), 0);
	assert_int_equal(send(b, true, TCP_ACK, 1, 1, bytes_slice(bytes, 0, cut)), 0);
	assert_int_equal(send(b, false, TCP_ACK, 1, first, none), 0);
	alerts[0] = send(b, true, TCP_ACK, first, 1, bytes_slice(bytes, cut, bytes.len - cut));
	assert_int_equal(send(b, false, TCP_ACK, 1, all, none), 0);
	alerts[1] = send(b, true, TCP_ACK, all, 1, none);
}

static void however_it_is_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct bytes bytes = bytes_of(r->bytes, strlen(r->bytes));

		for (size_t cut = 1; cut < bytes.len; cut++) {
			struct bench b;
			unsigned alerts[2];

			set_up(&b, r->options);
			run_cut(&b, bytes, cut, alerts);
			if (alerts[0] != (r->end && r->end <= cut) ||
			    alerts[1] != (r->end && r->end > cut))
				fail_msg("row %zu: %s on %s cut at %zu: %u and %u alerts", i,
					 r->options, r->bytes, cut, alerts[0], alerts[1]);
			tear_down(&b);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(however_it_is_cut),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
