/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on transactions that are found by a pattern in payload: it is searched once for all rules, and what was found is
 * kept for transactions that begin later.  None is missed that a search of all that the transaction sees would find,
 * however segments are cut, lost, sent again and acknowledged, and wherever transactions begin.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engine/detect/detector.h"
#include "engine/detect/tx.h"
#include "tests/unit/detect_rig.h"
#include "tests/unit/tx_rig.h"

#define ISN 1000u
#define STEPS 300
#define STREAM_BYTES 4096
#define WINDOW 64
/* More than are kept of one direction. */
#define RULES 22

static const char *const patterns[RULES] = {
	"abcab", /* not longer than what is searched for */
	"bcabcabcabcabacabc", /* the search is for its end */
	"accbcabbacabc",
	"aab",
	"aac",
	"abb",
	"abc",
	"aca",
	"acb",
	"acc",
	"baa",
	"bac",
	"bba",
	"bbbb",
	"bcba",
	"caac",
	"cbbc",
	"ccccc",
	"cacac",
	"bcbcb",
	"cbaabc",
	"aaaaa",
};

struct bench {
	struct rig rig;
	struct flow_table *flows;
	struct stream_engine *streams;
	struct flow *flow;
	uint64_t number, random;
	uint8_t sent[STREAM_BYTES + 64];
	unsigned begun; /* transactions */
	bool stepped[FAKE_TXS];
	uint32_t candidates[FAKE_TXS], alerted[FAKE_TXS]; /* bits by number of pattern */
	unsigned long alerts, late;
};

static uint32_t random_below(struct bench *b, uint32_t n)
{
	b->random = b->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(b->random >> 33) % n;
}

static bool reuse(void *ctx, const struct flow *f, const struct packet *p)
{
	const struct bench *b = ctx;

	return stream_reuse(b->streams, f, p);
}

static void ended(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	struct bench *b = ctx;

	(void)reason;
	detect_flow_end(b->rig.detector, f);
	stream_flow_end(b->streams, f);
}

static void set_up(struct bench *b, uint64_t seed)
{
	static const struct flow_timeouts t = { 60, 600, 60, 100, 5, 100, 10 };
	const struct flow_options flow = {
		.tcp = t, .udp = t, .icmp = t, .other = t, .max_flows = 10, .hash_size = 16
	};
	const struct stream_options stream = { .depth = 1 << 20,
					       .window = WINDOW,
					       .max_synack_queued = 5,
					       .max_sessions = 10,
					       .reassembly_memcap = 1 << 20,
					       .policy = STREAM_POLICY_FIRST };
	struct detector_env env = { .apps = (struct app_engine *)&fake };
	char text[8192];
	size_t at = 0;

	memset(b, 0, sizeof(*b));
	fake_open(APP_PROTO_HTTP1, FAKE_TXS);
	fake.app.first = NULL;
	for (unsigned i = 0; i < FAKE_TXS; i++) {
		fake.tx[i].next = NULL;
		fake.tx[i].progress[0] = 1;
		fake_buffer(i, BUFFER_HTTP_URI, 0, "/");
	}
	for (size_t i = 0; i < RULES; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "alert http any any -> any any (content:\"%s\"; "
				       "fast_pattern; urilen:1; sid:%zu;)\n",
				       patterns[i], i + 1);
	rig_open(&b->rig, text);
	detector_free(b->rig.detector);
	assert_int_equal(flow_table_new(&flow, &b->rig.counters, ended, reuse, b, &b->flows), 0);
	assert_int_equal(stream_engine_new(&stream, b->flows, &b->rig.counters, &b->streams), 0);
	env.counters = &b->rig.counters;
	env.streams = b->streams;
	assert_int_equal(detector_new(b->rig.rules, &b->rig.options, &env, &b->rig.detector), 0);
	b->random = seed;
	for (size_t i = 0; i < sizeof(b->sent); i++)
		b->sent[i] = (uint8_t)('a' + random_below(b, 3));
	for (unsigned i = 0; i < 8; i++) {
		const char *s = patterns[1 + i % 2];

		memcpy(b->sent + random_below(b, STREAM_BYTES - 64), s, strlen(s));
	}
}

static void tear_down(struct bench *b)
{
	flow_end_all(b->flows);
	assert_int_equal(b->rig.counters.value[COUNTER_LIMITS_REACHED], 0);
	flow_table_free(b->flows);
	stream_engine_free(b->streams);
	rig_close(&b->rig);
}

static void begin_transaction(struct bench *b)
{
	if (b->begun == FAKE_TXS)
		return;
	if (b->begun)
		fake.tx[b->begun - 1].next = &fake.tx[b->begun];
	else
		fake.app.first = &fake.tx[0];
	b->begun++;
}

/* Patterns, as bits, that stand in these bytes and end behind `fresh`. */
static uint32_t standing(struct bytes data, size_t fresh)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < RULES; i++) {
		size_t len = strlen(patterns[i]);

		for (size_t at = 0; at + len <= data.len; at++) {
			if (at + len > fresh && memcmp(data.data + at, patterns[i], len) == 0)
				bits |= 1u << i;
		}
	}
	return bits;
}

static void take_alerts(struct bench *b, uint32_t now[FAKE_TXS])
{
	const struct detect_result *r = &b->rig.result;

	memset(now, 0, FAKE_TXS * sizeof(*now));
	for (unsigned i = 0; i < r->alerts; i++) {
		struct rule_info info;

		ruleset_rule(b->rig.rules, r->alert[i].rule, &info);
		assert_non_null(r->alert[i].tx);
		now[r->alert[i].tx->id] |= 1u << (info.sid - 1);
	}
}

static void inspect(struct bench *b, struct packet *p)
{
	struct bytes seen = p->payload;
	uint32_t now[FAKE_TXS], all, new;
	struct stream_view v;
	size_t fresh = 0;

	if (p->stream_inspectable && stream_view(b->streams, p->flow, 0, false, &v)) {
		seen = v.data;
		fresh = v.fresh;
	}
	all = standing(seen, 0);
	new = standing(seen, fresh);
	detect_packet(b->rig.detector, p, &b->rig.result);
	take_alerts(b, now);
	for (unsigned i = 0; i < b->begun; i++) {
		uint32_t must;

		b->candidates[i] |= b->stepped[i] ? new : all;
		b->late += !b->stepped[i] && all != new;
		b->stepped[i] = true;
		must = b->candidates[i] & all & ~b->alerted[i];
		if (now[i] & (~all | b->alerted[i]))
			fail_msg("packet %llu, transaction %u: %x, where %x stand",
				 (unsigned long long)p->number, i, now[i], all);
		if (must & ~now[i])
			fail_msg("packet %llu, transaction %u: %x are missed",
				 (unsigned long long)p->number, i, must & ~now[i]);
		b->alerted[i] |= now[i];
		b->alerts += now[i] != 0;
	}
}

static void send(struct bench *b, bool from_client, uint8_t flags, uint32_t seq, uint32_t ack,
		 struct bytes payload)
{
	struct packet p = rig_tcp(payload.data, payload.len, flags);

	p.number = ++b->number;
	p.time_ns = 1700000000000000000 + (int64_t)b->number * 1000000;
	p.tcp.seq = seq;
	p.tcp.ack = ack;
	p.tcp.window = 65535;
	p.wire_len = (uint32_t)payload.len + 54;
	if (!from_client) {
		struct ip_addr src = p.src;
		uint16_t sport = p.sport;

		p.src = p.dst;
		p.dst = src;
		p.sport = p.dport;
		p.dport = sport;
	}
	flow_update(b->flows, &p, flow_hash(b->flows, &p), p.number * 16);
	b->flow = p.flow;
	p.flow->app = 1;
	p.flow->app_proto = APP_PROTO_HTTP1;
	stream_packet(b->streams, &p);
	if (from_client && p.established)
		inspect(b, &p);
	else
		detect_packet(b->rig.detector, &p, &b->rig.result);
}

/* The client sends, mostly in order; the server acknowledges; now and then a transaction begins. */
static void run(struct bench *b)
{
	const struct bytes none = bytes_of(NULL, 0);
	uint32_t next = 0, held = 0, held_len = 0, acked = 0;

	send(b, true, TCP_SYN, ISN, 0, none);
	send(b, false, TCP_SYN | TCP_ACK, ISN, ISN + 1, none);
	send(b, true, TCP_ACK, ISN + 1, ISN + 1, none);
	for (unsigned i = 0; i < STEPS; i++) {
		uint32_t dice = random_below(b, 16), len = 1 + random_below(b, 24), at = next;

		if (!random_below(b, 20))
			begin_transaction(b);
		if (dice < 5 && next > acked) {
			acked += dice ? next - acked : 1 + random_below(b, next - acked);
			send(b, false, TCP_ACK, ISN + 1, ISN + 1 + acked, none);
			continue;
		}
		if (next + 2 * len > STREAM_BYTES)
			break;
		if (dice == 5 && !held_len) {
			held = next;
			held_len = len;
			next += len;
			continue;
		}
		if (dice == 6 && held_len) {
			at = held;
			len = held_len;
			held_len = 0;
		} else if (dice == 7 && next > len) {
			at = next - 1 - random_below(b, len);
		}
		send(b, true, TCP_ACK, ISN + 1 + at, ISN + 1, bytes_of(b->sent + at, len));
		if (at + len > next)
			next = at + len;
	}
}

static void none_is_missed(void **state)
{
	unsigned long alerts = 0, late = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct bench b;

		set_up(&b, seed);
		assert_int_equal(b.rig.rules->block->tx_payload_patterns, RULES);
		run(&b);
		alerts += b.alerts;
		late += b.late;
		tear_down(&b);
	}
	/* Else all of this shows nothing: some began where patterns stood in what others had seen. */
	assert_true(alerts > 1000 && late > 100);
}

/* What nobody searched for these rules is searched when a transaction begins. */
static void what_went_by_is_searched(void **state)
{
	static const char text[] = "xxabcabxx, and more than any pattern is long";
	const struct bytes none = bytes_of(NULL, 0);
	const uint32_t len = sizeof(text) - 1, first = ISN + 1;

	(void)state;
	for (unsigned how = 0; how < 4; how++) {
		struct bench b;
		struct packet p = rig_tcp("", 0, TCP_ACK);

		set_up(&b, 1);
		send(&b, true, TCP_SYN, ISN, 0, none);
		send(&b, false, TCP_SYN | TCP_ACK, ISN, first, none);
		send(&b, true, TCP_ACK, first, first, none);
		send(&b, true, TCP_ACK, first, first, bytes_of(text, len));
		send(&b, false, TCP_ACK, first, first + len, none);
		p.number = ++b.number;
		p.tcp.seq = first + len;
		p.tcp.ack = first;
		p.tcp.window = 65535;
		flow_update(b.flows, &p, flow_hash(b.flows, &p), p.number * 16);
		stream_packet(b.streams, &p);
		assert_true(p.stream_inspectable);
		/* An exception lets it pass, and with it what it would have shown; or it is forgotten. */
		p.passed = how == 1;
		detect_packet(b.rig.detector, &p, &b.rig.result);
		if (how >= 2)
			state_forget(&b.rig.detector->state, b.flow);
		b.rig.detector->payload_lost = how == 2;
		b.rig.detector->searched_from = how == 3 ? UINT64_MAX : 0;
		send(&b, true, TCP_ACK, first + len, first, bytes_of("yy", 2));
		send(&b, false, TCP_ACK, first, first + len + 2, none);
		begin_transaction(&b);
		send(&b, true, TCP_ACK, first + len + 2, first, none);
		assert_true(b.alerted[0] & 1);
		tear_down(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_is_missed),
		cmocka_unit_test(what_went_by_is_searched),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
