/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search for patterns in TCP: what is kept of payload when it comes is what a search of the stream finds when it
 * is inspected, and nothing that stands there is missed, however segments are cut, turned, sent again with other bytes,
 * lost, and acknowledged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engine/detect/mpm.h"
#include "engine/detect/pattern.h"
#include "engine/detect/search.h"
#include "tests/unit/detect_rig.h"

#define ISN 1000u
#define STEPS 300
#define RULES_MAX 16
#define STREAM_BYTES 4096

/* Bytes of few letters, so that patterns stand often, and across seams. */
static const struct {
	const char *options;
	const char *pattern; /* what is searched for of it */
	bool packet, stream;
	unsigned packet_head, stream_head; /* it ends in so many of the first bytes; 0: anywhere */
	unsigned peer_below; /* searched for while the receiver has sent less; 0: always */
	unsigned direction; /* of those the sender */
} rules[] = {
	{ "content:\"ab\";", "ab", false, true, 0, 0, 0, 0 },
	{ "content:\"abca\";", "abca", false, true, 0, 0, 0, 0 },
	{ "content:\"bcabcabc\";", "bcabcabc", false, true, 0, 0, 0, 0 },
	{ "content:\"cc\"; depth:40;", "cc", true, true, 40, 40, 0, 0 },
	{ "content:\"cab\"; depth:19; flow:only_stream;", "cab", false, true, 0, 19, 0, 0 },
	{ "content:\"ab\"; dsize:>10;", "ab", true, false, 0, 0, 0, 0 },
	{ "content:\"aaca\"; dsize:<200;", "aaca", true, false, 0, 0, 0, 0 },
	{ "content:\"cbcb\"; depth:12; dsize:>5;", "cbcb", true, false, 12, 0, 0, 0 },
	{ "content:\"bbbb\"; stream_size:both,>,0;", "bbbb", true, true, 0, 0, 0, 0 },
	{ "content:\"ca\"; dsize:>2; flow:to_server; stream_size:server,<,50;", "ca", true, false,
	  0, 0, 52, 0 },
	{ "content:\"bc\"; dsize:>2; flow:to_server; stream_size:server,<=,51;", "bc", true, false,
	  0, 0, 52, 0 },
	{ "content:\"ca\"; dsize:>2; flow:to_client; stream_size:client,=,91;", "ca", true, false,
	  0, 0, 92, 1 },
	{ "content:\"bb\"; dsize:>2; flow:to_client; stream_size:server,<,9;", "bb", true, false, 0,
	  0, 0, 1 },
};
#define RULES (sizeof(rules) / sizeof(rules[0]))
static_assert(RULES <= RULES_MAX, "a bit for each");

struct bench {
	struct rig rig;
	struct flow_table *flows;
	struct stream_engine *streams;
	struct searcher search;
	struct mpm_work work;
	uint64_t number, random;
	uint32_t found[UNIT__COUNT]; /* in this step: bits by number of rule */
	uint32_t sid_of[RULES_MAX];
	unsigned long kept, views;
	uint8_t sent[STREAM_BYTES + 64];
};

static uint32_t random_below(struct bench *b, uint32_t n)
{
	b->random = b->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(b->random >> 33) % n;
}

static void found(void *ctx, uint32_t rule, enum unit in)
{
	struct bench *b = ctx;

	b->found[in] |= 1u << b->sid_of[rule];
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
	search_flow_end(&b->search, f);
	stream_flow_end(b->streams, f);
}

static void set_up(struct bench *b, uint64_t seed, uint32_t room)
{
	static const struct flow_timeouts t = { 60, 600, 60, 100, 5, 100, 10 };
	const struct flow_options flow = {
		.tcp = t, .udp = t, .icmp = t, .other = t, .max_flows = 10, .hash_size = 16
	};
	const struct stream_options stream = { .depth = 1 << 20,
					       .window = 64,
					       .max_synack_queued = 5,
					       .max_sessions = 10,
					       .reassembly_memcap = 1 << 20,
					       .policy = seed & 1 ? STREAM_POLICY_LAST
								  : STREAM_POLICY_FIRST };
	char text[4096];
	size_t at = 0;

	memset(b, 0, sizeof(*b));
	for (size_t i = 0; i < RULES; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "alert tcp any any -> any any (%s sid:%zu;)\n",
				       rules[i].options, i + 1);
	rig_open(&b->rig, text);
	for (uint32_t i = 0; i < RULES; i++) {
		struct rule_info info;

		ruleset_rule(b->rig.rules, i, &info);
		b->sid_of[i] = info.sid - 1;
	}
	assert_int_equal(flow_table_new(&flow, &b->rig.counters, ended, reuse, b, &b->flows), 0);
	assert_int_equal(stream_engine_new(&stream, b->flows, &b->rig.counters, &b->streams), 0);
	assert_int_equal(mpm_work_serve(&b->work, b->rig.rules->scan,
					b->rig.rules->block->databases.count),
			 0);
	assert_int_equal(searcher_init(&b->search, b->streams, room), 0);
	b->search.rs = b->rig.rules;
	b->search.work = &b->work;
	b->search.found = found;
	b->search.ctx = b;
	b->random = seed;
	for (size_t i = 0; i < sizeof(b->sent); i++)
		b->sent[i] = (uint8_t)('a' + random_below(b, 3));
}

static void tear_down(struct bench *b)
{
	flow_end_all(b->flows);
	assert_int_equal(b->search.kept.used, 0);
	searcher_fini(&b->search);
	mpm_work_fini(&b->work);
	flow_table_free(b->flows);
	stream_engine_free(b->streams);
	rig_close(&b->rig);
}

/* Whether a pattern stands there that ends behind `fresh`, and in the first bytes of its unit where it must. */
static bool stands(struct bytes data, const char *pattern, uint64_t origin, size_t fresh,
		   unsigned head)
{
	size_t len = strlen(pattern);

	for (size_t at = 0; at + len <= data.len; at++) {
		if (at + len > fresh && (!head || origin + at + len <= head) &&
		    memcmp(data.data + at, pattern, len) == 0)
			return true;
	}
	return false;
}

static const struct scan_class *only_class(const struct bench *b, unsigned direction)
{
	const struct block_header *block = b->rig.rules->block;
	const struct scan_table *t = &block->scan[SCAN_TCP];
	const uint8_t *mask = block_at(block, t->masks);

	return (const struct scan_class *)block_at(block, block->classes.offset) +
	       t->classes[direction][0][mask[0]];
}

static void check_packet(const struct bench *b, const struct packet *p)
{
	for (size_t i = 0; i < RULES; i++) {
		bool is = stands(p->payload, rules[i].pattern, 0, 0, rules[i].packet_head);

		/* Their set is searched until the last of them is too late. */
		if (rules[i].peer_below)
			is &= stream_size(b->streams, p->flow, !p->direction) < rules[i].peer_below;
		if (strstr(rules[i].options, "flow:to_"))
			is &= rules[i].direction == p->direction;
		if (rules[i].packet && is && !(b->found[UNIT_PACKET] >> i & 1))
			fail_msg("packet %llu: %s is missed", (unsigned long long)p->number,
				 rules[i].options);
		if (!is && rules[i].packet && !rules[i].stream && (b->found[UNIT_PACKET] >> i & 1))
			fail_msg("packet %llu: %s is not there", (unsigned long long)p->number,
				 rules[i].options);
	}
}

static void check_view(const struct bench *b, const struct packet *p, const struct stream_view *v)
{
	for (size_t i = 0; i < RULES; i++) {
		if (rules[i].stream && !(b->found[UNIT_STREAM] >> i & 1) &&
		    stands(v->data, rules[i].pattern, v->offset, v->fresh, rules[i].stream_head))
			fail_msg("view of packet %llu at %llu: %s is missed",
				 (unsigned long long)p->number, (unsigned long long)v->offset,
				 rules[i].options);
	}
}

static void inspect(struct bench *b, struct packet *p, uint32_t *log)
{
	const struct scan_class *c = only_class(b, p->direction);
	struct stream_view v;

	b->found[UNIT_PACKET] = 0;
	if (p->payload.len) {
		search_packet(&b->search, p, c, !p->stream_added && !p->stream_waiting);
		check_packet(b, p);
	}
	*log = b->found[UNIT_PACKET];
	b->kept += b->search.kept.used;
	while (p->stream_inspectable && stream_view(b->streams, p->flow, p->direction, false, &v)) {
		b->found[UNIT_STREAM] = 0;
		search_view(&b->search, p, &v, c);
		check_view(b, p, &v);
		*log = *log * 31 + b->found[UNIT_STREAM];
		stream_inspected(b->streams, p->flow, p->direction, &v);
		b->views++;
	}
}

static void send(struct bench *b, bool from_client, uint8_t flags, uint32_t seq, uint32_t ack,
		 struct bytes payload, uint32_t *log)
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
	flow_update(b->flows, &p, flow_hash(b->flows, &p), p.number);
	stream_packet(b->streams, &p);
	inspect(b, &p, log);
}

/* The client sends, mostly in order; the server acknowledges, mostly where a segment ends. */
static void run(struct bench *b, uint32_t log[STEPS])
{
	const struct bytes none = bytes_of(NULL, 0);
	uint32_t next = 0, held = 0, held_len = 0, acked = 0;
	uint8_t other[64];

	send(b, true, TCP_SYN, ISN, 0, none, log);
	send(b, false, TCP_SYN | TCP_ACK, ISN, ISN + 1, none, log);
	send(b, true, TCP_ACK, ISN + 1, ISN + 1, none, log);
	for (unsigned i = 0; i < STEPS; i++) {
		uint32_t dice = random_below(b, 16), len = 1 + random_below(b, 24);
		uint32_t at = next;

		log[i] = 0;
		if (dice < 5 && next > acked) {
			acked += dice ? next - acked : 1 + random_below(b, next - acked);
			send(b, false, TCP_ACK, ISN + 1, ISN + 1 + acked, none, &log[i]);
			continue;
		}
		if (next + 2 * len > STREAM_BYTES)
			break;
		if (dice == 5 && !held_len) {
			/* This one comes later, or never. */
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
		} else if (dice == 8 && next > len) {
			/* Once more, with other bytes. */
			memset(other, 'b', sizeof(other));
			send(b, true, TCP_ACK, ISN + 1 + next - len, ISN + 1, bytes_of(other, len),
			     &log[i]);
			continue;
		}
		send(b, true, TCP_ACK, ISN + 1 + at, ISN + 1, bytes_of(b->sent + at, len), &log[i]);
		if (at + len > next)
			next = at + len;
	}
}

static void kept_is_what_stands_there(void **state)
{
	unsigned long kept = 0, views = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct bench with, little, without;
		uint32_t log[3][STEPS] = { { 0 } };

		/* Room for all that is found, for some of it, and for none. */
		set_up(&with, seed, 4096);
		set_up(&little, seed, 3);
		set_up(&without, seed, 0);
		run(&with, log[0]);
		run(&little, log[1]);
		run(&without, log[2]);
		for (unsigned i = 0; i < STEPS; i++) {
			if (log[0][i] != log[2][i] || log[1][i] != log[2][i])
				fail_msg(
					"seed %llu, step %u: %x and %x, but %x where nothing is kept",
					(unsigned long long)seed, i, log[0][i], log[1][i],
					log[2][i]);
		}
		kept += with.kept;
		views += with.views;
		tear_down(&with);
		tear_down(&little);
		tear_down(&without);
	}
	/* Else all of this shows nothing. */
	assert_true(kept > 1000 && views > 1000);
}

/* What was kept means nothing to another ruleset: its bytes are searched again. */
static void another_ruleset(void **state)
{
	const struct bytes none = bytes_of(NULL, 0), text = bytes_of("xxabcaxx", 8);
	struct bench b;
	uint32_t log;

	(void)state;
	set_up(&b, 1, 64);
	send(&b, true, TCP_SYN, ISN, 0, none, &log);
	send(&b, false, TCP_SYN | TCP_ACK, ISN, ISN + 1, none, &log);
	send(&b, true, TCP_ACK, ISN + 1, ISN + 1, none, &log);
	send(&b, true, TCP_ACK, ISN + 1, ISN + 1, text, &log);
	assert_int_equal(b.search.kept.used, 2);
	b.search.epoch++;
	send(&b, false, TCP_ACK, ISN + 1, ISN + 9, none, &log);
	b.found[UNIT_STREAM] = 0;
	send(&b, true, TCP_ACK, ISN + 9, ISN + 1, none, &log);
	assert_int_equal(b.found[UNIT_STREAM], 3);
	assert_int_equal(b.search.kept.used, 0);
	tear_down(&b);
}

/* Both ends talk: what is for the time before an answer is searched for until then. */
static void before_an_answer(void **state)
{
	const struct bytes none = bytes_of(NULL, 0), text = bytes_of("-ca-bc-bb-", 10);
	uint32_t log, told[2] = { 0, 0 };
	struct bench b;

	(void)state;
	set_up(&b, 1, 64);
	send(&b, true, TCP_SYN, ISN, 0, none, &log);
	send(&b, false, TCP_SYN | TCP_ACK, ISN, ISN + 1, none, &log);
	send(&b, true, TCP_ACK, ISN + 1, ISN + 1, none, &log);
	for (uint32_t at = 1; at <= 151; at += 10) {
		for (unsigned direction = 0; direction < 2; direction++) {
			uint32_t other = direction ? at + 10 : at;

			send(&b, !direction, TCP_ACK, ISN + at, ISN + other, text, &log);
			for (size_t i = 0; i < RULES; i++)
				told[direction] += rules[i].peer_below && (log >> i & 1);
		}
	}
	/* Of two rules while the server has sent 51 at most and of one with 91 of the client; the SYN is one. */
	assert_int_equal(told[0], 2 * 6);
	assert_int_equal(told[1], 9);
	tear_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_is_what_stands_there),
		cmocka_unit_test(another_ruleset),
		cmocka_unit_test(before_an_answer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
