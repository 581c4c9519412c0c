/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/flow/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 1000000000LL
#define START (1700000000LL * SECOND)

/* More than a table has chains at first, and than half of what it may have. */
#define MANY_FLOWS 150000u

struct end {
	uint64_t number;
	int64_t deadline_ns;
	enum flow_end_reason reason;
};

struct bench {
	struct counters counters;
	struct flow_table *t;
	struct end end[MANY_FLOWS];
	size_t ends;
	bool reuse;
};

static struct bench b;

static void ended(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	assert_ptr_equal(ctx, &b);
	assert_true(b.ends < sizeof(b.end) / sizeof(b.end[0]));
	b.end[b.ends++] = (struct end){ f->number, flow_deadline(b.t, f), reason };
}

static bool reused(void *ctx, const struct flow *f, const struct packet *p)
{
	assert_ptr_equal(ctx, &b);
	assert_non_null(f);
	return p->tcp.flags == TCP_SYN && b.reuse;
}

static struct flow_options defaults(void)
{
	return (struct flow_options){
		.tcp = { 60, 600, 60, 100, 5, 100, 10 },
		.udp = { 30, 300, 0, 100, 10, 100, 0 },
		.icmp = { 30, 300, 0, 100, 10, 100, 0 },
		.other = { 30, 300, 0, 100, 10, 100, 0 },
		.max_flows = 20000,
		.hash_size = 1024,
		.emergency_recovery_percent = 30,
		.use_vlan = true,
		.use_depth = true,
		.key = { 3, 4 },
	};
}

static void set_up(const struct flow_options *opt)
{
	memset(&b, 0, sizeof(b));
	assert_int_equal(flow_table_new(opt, &b.counters, ended, reused, &b, &b.t), 0);
}

static struct packet packet(uint8_t proto, uint8_t from, uint16_t sport, uint8_t to, uint16_t dport)
{
	struct packet p = { .proto = proto,
			    .ip_version = 4,
			    .has_ip = true,
			    .has_l4 = true,
			    .sport = sport,
			    .dport = dport,
			    .wire_len = 100,
			    .ttl = 64,
			    .time_ns = START };

	p.src.bytes[0] = 10;
	p.src.bytes[3] = from;
	p.dst.bytes[0] = 10;
	p.dst.bytes[3] = to;
	return p;
}

static struct flow *update(struct packet *p, uint64_t number)
{
	p->number = number;
	flow_update(b.t, p, flow_hash(b.t, p), number * 16);
	return p->flow;
}

/* --- which flow ------------------------------------------------------------------------------ */

static void both_directions(void **state)
{
	struct flow_options opt = defaults();
	struct packet p;
	struct flow *f;

	(void)state;
	set_up(&opt);
	p = packet(IP_PROTO_UDP, 2, 5000, 1, 53);
	f = update(&p, 1);
	assert_non_null(f);
	assert_int_equal(p.direction, 0);
	assert_false(p.established);
	assert_int_equal(f->client.bytes[3], 2);
	assert_int_equal(f->state, FLOW_NEW);
	p = packet(IP_PROTO_UDP, 1, 53, 2, 5000);
	p.ttl = 60;
	assert_ptr_equal(update(&p, 2), f);
	assert_int_equal(p.direction, 1);
	assert_true(p.established);
	assert_int_equal(f->state, FLOW_ESTABLISHED);
	assert_int_equal(f->packets[0], 1);
	assert_int_equal(f->packets[1], 1);
	assert_int_equal(f->bytes[1], 100);
	assert_int_equal(f->min_ttl[1], 60);
	assert_ptr_equal(flow_at(b.t, p.flow_index), f);
	/* The same ports on the same address: told apart by what came first. */
	p = packet(IP_PROTO_UDP, 1, 7, 1, 7);
	update(&p, 3);
	assert_int_equal(p.direction, 0);
	p = packet(IP_PROTO_UDP, 1, 7, 1, 8);
	f = update(&p, 4);
	p = packet(IP_PROTO_UDP, 1, 8, 1, 7);
	assert_ptr_equal(update(&p, 5), f);
	assert_int_equal(p.direction, 1);
	flow_end_all(b.t);
	assert_int_equal(b.ends, 3);
	assert_int_equal(b.end[0].number, 16);
	assert_int_equal(b.end[2].number, 64);
	assert_int_equal(b.end[0].reason, FLOW_END_SHUTDOWN);
	assert_int_equal(b.counters.value[COUNTER_FLOW_ACTIVE], 0);
	assert_int_equal(b.counters.value[COUNTER_FLOW_TOTAL], 3);
	assert_int_equal(b.counters.value[COUNTER_FLOW_END_STATE_ESTABLISHED], 2);
	flow_table_free(b.t);
}

static void what_keeps_flows_apart(void **state)
{
	static const struct {
		const char *what;
		bool use_vlan, use_depth;
		uint16_t vlan;
		uint8_t depth, proto, ip_version;
		bool same;
	} row[] = {
		{ "nothing", true, true, 7, 1, IP_PROTO_TCP, 4, true },
		{ "VLAN", true, true, 8, 1, IP_PROTO_TCP, 4, false },
		{ "VLAN, not used", false, true, 8, 1, IP_PROTO_TCP, 4, true },
		{ "depth", true, true, 7, 2, IP_PROTO_TCP, 4, false },
		{ "depth, not used", true, false, 7, 2, IP_PROTO_TCP, 4, true },
		{ "protocol", true, true, 7, 1, IP_PROTO_SCTP, 4, false },
		{ "version", true, true, 7, 1, IP_PROTO_TCP, 6, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct flow_options opt = defaults();
		struct packet p, q;
		struct flow *f;

		opt.use_vlan = row[i].use_vlan;
		opt.use_depth = row[i].use_depth;
		set_up(&opt);
		p = packet(IP_PROTO_TCP, 1, 1000, 2, 80);
		p.vlan[0] = 7;
		p.depth = 1;
		f = update(&p, 1);
		q = packet(row[i].proto, 2, 80, 1, 1000);
		q.vlan[0] = row[i].vlan;
		q.depth = row[i].depth;
		q.ip_version = row[i].ip_version;
		if ((update(&q, 2) == f) != row[i].same)
			fail_msg("%s", row[i].what);
		flow_table_free(b.t);
	}
}

static void what_has_no_flow(void **state)
{
	struct flow_options opt = defaults();
	struct packet p;

	(void)state;
	set_up(&opt);
	p = packet(IP_PROTO_GRE, 1, 0, 2, 0);
	assert_null(update(&p, 1));
	p = packet(IP_PROTO_TCP, 1, 1, 2, 2);
	p.has_l4 = false;
	assert_null(update(&p, 2));
	p = packet(IP_PROTO_TCP, 1, 1, 2, 2);
	p.no_flow_wanted = true;
	assert_null(update(&p, 3));
	/* An ICMPv4 error about nothing that is known. */
	p = packet(IP_PROTO_ICMP, 1, 0, 2, 0);
	p.icmp_type = 3;
	assert_null(update(&p, 4));
	assert_int_equal(b.counters.value[COUNTER_FLOW_TOTAL], 0);
	flow_table_free(b.t);
}

/* Question and answer are one flow, whatever the identifier; other types are others. */
static void icmp(void **state)
{
	static const struct {
		uint8_t proto, type, answer;
		bool same;
	} row[] = {
		{ IP_PROTO_ICMP, 8, 0, true },	     { IP_PROTO_ICMP, 0, 8, true },
		{ IP_PROTO_ICMP, 13, 14, true },     { IP_PROTO_ICMP, 8, 14, false },
		{ IP_PROTO_ICMP, 8, 8, false },	     { IP_PROTO_ICMPV6, 128, 129, true },
		{ IP_PROTO_ICMPV6, 135, 136, true }, { IP_PROTO_ICMPV6, 1, 2, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct flow_options opt = defaults();
		struct packet p, q;
		struct flow *f;

		set_up(&opt);
		p = packet(row[i].proto, 1, 0, 2, 0);
		p.icmp_type = row[i].type;
		p.icmp_code = 3;
		f = update(&p, 1);
		assert_non_null(f);
		assert_int_equal(f->client_port, row[i].type);
		assert_int_equal(f->server_port, 3);
		q = packet(row[i].proto, 2, 0, 1, 0);
		q.icmp_type = row[i].answer;
		q.icmp_id = 9;
		update(&q, 2);
		if ((q.flow == f) != row[i].same)
			fail_msg("type %d, answer %d", row[i].type, row[i].answer);
		flow_table_free(b.t);
	}
}

static void unreachable_joins_its_flow(void **state)
{
	struct flow_options opt = defaults();
	struct packet p;
	struct flow *f;

	(void)state;
	set_up(&opt);
	p = packet(IP_PROTO_UDP, 1, 5000, 2, 53);
	f = update(&p, 1);
	p = packet(IP_PROTO_ICMP, 2, 0, 1, 0);
	p.icmp_type = 3;
	p.icmp_code = 3;
	p.has_quoted = true;
	p.quoted_proto = IP_PROTO_UDP;
	p.quoted_src = f->client;
	p.quoted_dst = f->server;
	p.quoted_sport = 5000;
	p.quoted_dport = 53;
	assert_ptr_equal(update(&p, 2), f);
	assert_int_equal(p.direction, 1);
	assert_int_equal(f->packets[1], 1);
	/* From a router on the way: not from the client, so to the client. */
	p.src.bytes[3] = 77;
	assert_ptr_equal(update(&p, 3), f);
	assert_int_equal(p.direction, 1);
	flow_table_free(b.t);
}

/* Whatever places in memory they have, and the table is as new. */
static void all_end_in_the_order_of_their_beginning(void **state)
{
	struct flow_options opt = defaults();
	struct packet p;
	unsigned before;

	(void)state;
	set_up(&opt);
	/* Every third is of a protocol that times out early; its place goes to a later one. */
	for (unsigned i = 0; i < 60; i++) {
		p = packet(i % 3 ? IP_PROTO_TCP : IP_PROTO_UDP, 1, (uint16_t)(1000 + i), 2, 80);
		p.tcp.flags = TCP_SYN;
		assert_non_null(update(&p, 1 + i * i));
	}
	flow_tick(b.t, START + 40 * SECOND);
	before = (unsigned)b.ends;
	assert_int_equal(before, 20);
	for (unsigned i = 0; i < 60; i++) {
		p = packet(IP_PROTO_TCP, 1, (uint16_t)(2000 + i), 2, 80);
		p.tcp.flags = TCP_SYN;
		assert_non_null(update(&p, 10000 + i * 7));
	}
	flow_end_all(b.t);
	assert_int_equal(b.ends, 120);
	for (unsigned i = before + 1; i < b.ends; i++)
		assert_true(b.end[i - 1].number < b.end[i].number);
	p = packet(IP_PROTO_TCP, 1, 2000, 2, 80);
	p.tcp.flags = TCP_SYN;
	assert_non_null(update(&p, 20000));
	assert_int_equal(p.direction, 0);
	assert_int_equal(p.flow->packets[0], 1);
	flow_end_all(b.t);
	assert_int_equal(b.ends, 121);
	flow_table_free(b.t);
}

static void esp_goes_one_way(void **state)
{
	struct flow_options opt = defaults();
	struct packet p;
	struct flow *f;

	(void)state;
	set_up(&opt);
	p = packet(IP_PROTO_ESP, 1, 0, 2, 0);
	p.spi = 0x12345678;
	f = update(&p, 1);
	assert_int_equal((uint32_t)f->client_port << 16 | f->server_port, 0x12345678);
	assert_ptr_equal(update(&p, 2), f);
	p.spi++;
	assert_ptr_not_equal(update(&p, 3), f);
	p = packet(IP_PROTO_ESP, 2, 0, 1, 0);
	p.spi = 0x12345678;
	assert_ptr_not_equal(update(&p, 4), f);
	assert_int_equal(p.direction, 0);
	flow_end_all(b.t);
	assert_int_equal(b.ends, 3);
	flow_table_free(b.t);
}

static void reuse_and_reverse(void **state)
{
	struct flow_options opt = defaults();
	struct packet p;
	struct flow *f;

	(void)state;
	set_up(&opt);
	p = packet(IP_PROTO_TCP, 1, 1000, 2, 80);
	p.tcp.flags = TCP_SYN;
	f = update(&p, 1);
	assert_ptr_equal(update(&p, 2), f);
	b.reuse = true;
	f = update(&p, 3);
	assert_int_equal(f->number, 48);
	assert_int_equal(f->packets[0], 1);
	assert_int_equal(b.ends, 1);
	assert_int_equal(b.end[0].reason, FLOW_END_TCP_REUSE);
	assert_int_equal(b.counters.value[COUNTER_FLOW_TCP_REUSE], 1);
	/* TCP: what the session was before the packet. */
	assert_false(p.established);
	flow_set_state(b.t, f, FLOW_ESTABLISHED);
	p.tcp.flags = TCP_ACK;
	update(&p, 4);
	assert_true(p.established);
	flow_reverse(b.t, f);
	assert_int_equal(f->client_port, 80);
	assert_int_equal(f->packets[1], 2);
	assert_int_equal(f->flags & (FLOW_TO_SERVER_SEEN | FLOW_TO_CLIENT_SEEN),
			 FLOW_TO_CLIENT_SEEN);
	assert_ptr_equal(update(&p, 5), f);
	assert_int_equal(p.direction, 1);
	flow_table_free(b.t);
}

/* --- time ------------------------------------------------------------------------------------ */

static void ends_when(enum flow_state s, uint8_t proto, int64_t timeout_s)
{
	struct flow_options opt = defaults();
	struct packet p;

	set_up(&opt);
	p = packet(proto, 1, 1, 2, 2);
	p.time_ns = START + SECOND / 2;
	update(&p, 1);
	flow_set_state(b.t, p.flow, s);
	assert_true(flow_deadline(b.t, p.flow) == p.time_ns + timeout_s * SECOND);
	for (int64_t at = 1; at <= timeout_s; at++) {
		flow_tick(b.t, START + at * SECOND);
		assert_int_equal(b.ends, 0);
	}
	flow_tick(b.t, START + (timeout_s + 1) * SECOND);
	assert_int_equal(b.ends, 1);
	assert_int_equal(b.end[0].reason, FLOW_END_TIMEOUT);
	flow_table_free(b.t);
}

static void timeouts(void **state)
{
	(void)state;
	ends_when(FLOW_NEW, IP_PROTO_TCP, 60);
	ends_when(FLOW_ESTABLISHED, IP_PROTO_TCP, 600);
	ends_when(FLOW_CLOSED, IP_PROTO_TCP, 60);
	ends_when(FLOW_BYPASSED, IP_PROTO_TCP, 100);
	ends_when(FLOW_NEW, IP_PROTO_UDP, 30);
	ends_when(FLOW_ESTABLISHED, IP_PROTO_UDP, 300);
	ends_when(FLOW_NEW, IP_PROTO_ICMP, 30);
	ends_when(FLOW_NEW, IP_PROTO_SCTP, 30);
}

/* Between two ticks too: 30 seconds later, and a little, it is another flow. */
static void a_packet_finds_a_flow_over(void **state)
{
	struct flow_options opt = defaults();
	struct packet p = packet(IP_PROTO_UDP, 1, 1, 2, 2);
	struct flow *f;

	(void)state;
	set_up(&opt);
	p.time_ns = START + SECOND / 4;
	f = update(&p, 1);
	p.time_ns += 30 * SECOND - 1;
	flow_tick(b.t, START + 30 * SECOND);
	assert_ptr_equal(update(&p, 2), f);
	assert_int_equal(f->packets[0], 2);
	p.time_ns += 30 * SECOND;
	flow_tick(b.t, START + 60 * SECOND);
	assert_int_equal(b.ends, 0);
	f = update(&p, 3);
	assert_int_equal(b.ends, 1);
	assert_int_equal(b.end[0].reason, FLOW_END_TIMEOUT);
	assert_int_equal(f->packets[0], 1);
	flow_table_free(b.t);
}

/* A packet moves the deadline; an older packet does not move it back. */
static void packets_move_the_deadline(void **state)
{
	struct flow_options opt = defaults();
	struct packet p;

	(void)state;
	set_up(&opt);
	for (unsigned i = 0; i < 10; i++) {
		p = packet(IP_PROTO_UDP, 1, 1, 2, 2);
		p.time_ns = START + (int64_t)i * 20 * SECOND;
		flow_tick(b.t, p.time_ns);
		update(&p, i + 1);
	}
	p.time_ns = START;
	update(&p, 11);
	assert_int_equal(p.flow->packets[0], 11);
	assert_true(p.flow->last_ns == START + 180 * SECOND);
	flow_tick(b.t, START + 209 * SECOND);
	assert_int_equal(b.ends, 0);
	flow_tick(b.t, START + 210 * SECOND);
	assert_int_equal(b.ends, 1);
	flow_table_free(b.t);
}

/* Beyond the wheel's 4096 slots, and a clock that leaps over years. */
static void long_times(void **state)
{
	struct flow_options opt = defaults();
	struct packet p;

	(void)state;
	opt.udp.new_s = 100000;
	set_up(&opt);
	p = packet(IP_PROTO_UDP, 1, 1, 2, 2);
	update(&p, 1);
	flow_tick(b.t, START + 99999 * SECOND);
	assert_int_equal(b.ends, 0);
	flow_tick(b.t, START + 100000 * SECOND);
	assert_int_equal(b.ends, 1);
	p.time_ns = START + 100001 * SECOND;
	update(&p, 2);
	flow_tick(b.t, START + 1000000000LL * SECOND);
	assert_int_equal(b.ends, 2);
	p.time_ns = START;
	update(&p, 3);
	flow_tick(b.t, START + 1000000001LL * SECOND);
	assert_int_equal(b.ends, 3);
	flow_table_free(b.t);
}

/* However the flows were put in, they end in the order of (deadline, number) in each tick. */
static void order_of_ends(void **state)
{
	struct flow_options opt = defaults();
	uint32_t seed = 5;

	(void)state;
	set_up(&opt);
	for (unsigned i = 0; i < 3000; i++) {
		struct packet p = packet(IP_PROTO_UDP, (uint8_t)(1 + i % 50), (uint16_t)i, 99, 53);

		seed = seed * 1664525 + 1013904223;
		p.time_ns = START + (int64_t)(seed % 40) * SECOND / 4;
		flow_update(b.t, &p, flow_hash(b.t, &p), (seed >> 4) * 16ULL + 16);
		if (seed & 1)
			flow_set_state(b.t, p.flow, FLOW_ESTABLISHED);
		if (seed & 2)
			flow_set_state(b.t, p.flow, FLOW_CLOSED);
	}
	for (int64_t s = 0; s < 400; s++)
		flow_tick(b.t, START + s * SECOND);
	assert_int_equal(b.ends, 3000);
	for (size_t i = 1; i < b.ends; i++) {
		const struct end *a = &b.end[i - 1];
		const struct end *c = &b.end[i];
		/* A flow that timed out before the clock stood there ends with the first tick. */
		int64_t first = a->deadline_ns > START + 10 * SECOND ? a->deadline_ns : 0;

		if (first)
			assert_true(a->deadline_ns < c->deadline_ns ||
				    (a->deadline_ns == c->deadline_ns && a->number < c->number));
	}
	assert_int_equal(b.counters.value[COUNTER_FLOW_ACTIVE], 0);
	flow_table_free(b.t);
}

/* --- limits ---------------------------------------------------------------------------------- */

static void emergency(void **state)
{
	struct flow_options opt = defaults();
	struct packet p;

	(void)state;
	opt.max_flows = 100;
	set_up(&opt);
	for (unsigned i = 0; i < 100; i++) {
		p = packet(IP_PROTO_UDP, 1, (uint16_t)(i + 1), 2, 53);
		p.time_ns = START + (int64_t)i * SECOND / 100;
		update(&p, i + 1);
	}
	assert_int_equal(b.ends, 0);
	/* In the table one more is another's end: that of the oldest. */
	p = packet(IP_PROTO_UDP, 1, 5000, 2, 53);
	p.time_ns = START + SECOND;
	assert_non_null(update(&p, 101));
	assert_int_equal(b.ends, 1);
	assert_int_equal(b.end[0].number, 16);
	assert_int_equal(b.end[0].reason, FLOW_END_FORCED);
	assert_int_equal(b.counters.value[COUNTER_FLOW_EMERG_MODE_ENTERED], 1);
	assert_int_equal(b.counters.value[COUNTER_LIMITS_REACHED], 1);
	/* In an emergency TCP flows begin with a SYN. */
	p = packet(IP_PROTO_TCP, 1, 5000, 2, 80);
	p.tcp.flags = TCP_ACK;
	assert_null(update(&p, 102));
	p.tcp.flags = TCP_SYN;
	assert_non_null(update(&p, 103));
	/* One of those that would time out in the same second. */
	assert_true(b.end[1].deadline_ns <= START + 11 * SECOND);
	/* The short timeouts hold: 5 and 10 seconds. */
	flow_tick(b.t, START + 5 * SECOND);
	assert_int_equal(b.ends, 3);
	flow_tick(b.t, START + 12 * SECOND);
	assert_int_equal(b.ends, 102);
	assert_int_equal(b.counters.value[COUNTER_FLOW_EMERG_MODE_OVER], 1);
	flow_table_free(b.t);

	/* Not one flow at all. */
	opt.max_flows = 0;
	set_up(&opt);
	p = packet(IP_PROTO_UDP, 1, 5000, 2, 53);
	assert_null(update(&p, 1));
	flow_tick(b.t, START + SECOND);
	flow_end_all(b.t);
	flow_table_free(b.t);
}

/* --- identifiers ----------------------------------------------------------------------------- */

/* --- packets that are kept elsewhere ---------------------------------------------------------- */

static struct kept_elsewhere {
	struct flow_kept more; /* since the last time */
	unsigned asked, ending;
} elsewhere;

static void refresh(void *ctx, struct flow *f, bool ending)
{
	assert_ptr_equal(ctx, &b);
	elsewhere.asked++;
	elsewhere.ending += ending;
	flow_merge(f, 1, &elsewhere.more);
	elsewhere.more = (struct flow_kept){ .packets = 0 };
}

/* A flow lives as long as its packets come, wherever they do. */
static void kept_packets(void **state)
{
	struct flow_options opt = defaults();
	struct packet p = packet(IP_PROTO_TCP, 1, 1000, 2, 80);
	struct flow *f;

	(void)state;
	memset(&elsewhere, 0, sizeof(elsewhere));
	set_up(&opt);
	flow_table_refresh(b.t, refresh);
	p.tcp.flags = TCP_SYN;
	f = update(&p, 1);
	flow_set_state(b.t, f, FLOW_ESTABLISHED);
	f->released = 2;
	f->flags |= FLOW_TOLD;
	/* Before its deadline nobody is asked. */
	flow_tick(b.t, START + 599 * SECOND);
	assert_int_equal(elsewhere.asked, 0);
	elsewhere.more = (struct flow_kept){
		.packets = 7, .bytes = 7000, .last_ns = START + 400 * SECOND, .tcp_flags = TCP_ACK
	};
	flow_tick(b.t, START + 600 * SECOND);
	assert_int_equal(elsewhere.asked, 1);
	assert_int_equal(b.ends, 0);
	assert_int_equal(f->packets[1], 7);
	assert_int_equal(f->bytes[1], 7000);
	assert_int_equal(f->tcp_flags[1], TCP_ACK);
	/* 600 seconds after the last packet, it is asked once more, and nothing has come. */
	flow_tick(b.t, START + 999 * SECOND);
	assert_int_equal(b.ends, 0);
	flow_tick(b.t, START + 1000 * SECOND);
	assert_int_equal(b.ends, 1);
	assert_int_equal(b.end[0].deadline_ns, START + 1000 * SECOND);
	assert_int_equal(elsewhere.ending, 1);
	flow_table_free(b.t);
}

/* Totals come in before the end is told, however it ends; who was told nothing is not asked. */
static void kept_to_the_end(void **state)
{
	struct flow_options opt = defaults();
	struct packet p = packet(IP_PROTO_UDP, 1, 1000, 2, 53);
	struct flow *f;

	(void)state;
	memset(&elsewhere, 0, sizeof(elsewhere));
	set_up(&opt);
	flow_table_refresh(b.t, refresh);
	update(&p, 1);
	p.sport++;
	f = update(&p, 2);
	f->flags |= FLOW_TOLD;
	flow_end_all(b.t);
	assert_int_equal(b.ends, 2);
	assert_int_equal(elsewhere.asked, 1);
	assert_int_equal(elsewhere.ending, 1);
	flow_table_free(b.t);
}

/* Turned, what is released of it turns too. */
static void released_ways(void **state)
{
	struct flow_options opt = defaults();
	struct packet p = packet(IP_PROTO_TCP, 1, 1000, 2, 80);
	struct flow *f;

	(void)state;
	set_up(&opt);
	f = update(&p, 1);
	f->released = 1;
	f->held = 2;
	assert_true(flow_is_released(f, 0));
	assert_false(flow_is_released(f, 1));
	/* Of what is kept elsewhere nobody knows the TTL: nor is that of others counted. */
	p.ttl = 3;
	update(&p, 2);
	assert_int_equal(f->min_ttl[0], 64);
	assert_int_equal(f->packets[0], 2);
	flow_reverse(b.t, f);
	assert_int_equal(f->released, 2);
	assert_int_equal(f->held, 1);
	flow_reverse(b.t, f);
	assert_int_equal(f->released, 1);
	flow_table_free(b.t);
}

static int compare(const void *a, const void *c)
{
	const uint64_t *x = a, *y = c;

	return (*x > *y) - (*x < *y);
}

static void ids(void **state)
{
	static uint64_t id[100000];
	struct flow_options opt = defaults();
	const size_t n = sizeof(id) / sizeof(id[0]);
	struct flow f = { .number = 16 };
	uint64_t other;

	(void)state;
	set_up(&opt);
	for (size_t i = 0; i < n; i++) {
		f.number = 16 * (i + 1) + i % 3;
		id[i] = flow_id(b.t, &f);
		assert_true(id[i] > 0 && id[i] < 1ULL << 53);
	}
	other = id[0];
	qsort(id, n, sizeof(id[0]), compare);
	for (size_t i = 1; i < n; i++)
		assert_true(id[i - 1] < id[i]);
	flow_table_free(b.t);
	/* Another key, other names. */
	opt.key.k0++;
	set_up(&opt);
	f.number = 16;
	assert_true(flow_id(b.t, &f) != other);
	flow_table_free(b.t);
}

/* The number-th of many, from the client or back. */
static struct packet one_of_many(unsigned number, bool back)
{
	struct packet p = packet(IP_PROTO_UDP, 1, (uint16_t)(1024 + number % 60000), 2, 53);

	p.src.bytes[1] = (uint8_t)(number / 60000);
	if (back) {
		struct ip_addr client = p.src;

		p.src = p.dst;
		p.dst = client;
		p.dport = p.sport;
		p.sport = 53;
	}
	return p;
}

/* However many there are, each is found again both ways, and ends once. */
static void chains_grow_with_flows(void **state)
{
	static const uint32_t sizes[] = { 16, 1u << 16, 1u << 18 };
	struct flow_options opt = defaults();

	(void)state;
	opt.max_flows = MANY_FLOWS;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		/* Few chains are long: not all of them are walked. */
		unsigned count = sizes[k] < MANY_FLOWS / 4 ? 2000 : MANY_FLOWS;

		opt.hash_size = sizes[k];
		set_up(&opt);
		for (unsigned i = 0; i < count; i++) {
			struct packet p = one_of_many(i, false);

			assert_non_null(update(&p, i + 1));
			assert_int_equal(p.flow->number, (i + 1) * 16);
		}
		for (unsigned i = 0; i < count; i++) {
			struct packet p = one_of_many(i, i % 2);

			assert_non_null(update(&p, MANY_FLOWS + i + 1));
			assert_int_equal(p.flow->number, (i + 1) * 16);
			assert_int_equal(p.direction, i % 2);
		}
		assert_int_equal(b.counters.value[COUNTER_FLOW_ACTIVE], count);
		flow_tick(b.t, START + 400 * SECOND);
		assert_int_equal(b.ends, count);
		assert_int_equal(b.counters.value[COUNTER_FLOW_ACTIVE], 0);
		flow_table_free(b.t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions),
		cmocka_unit_test(what_keeps_flows_apart),
		cmocka_unit_test(what_has_no_flow),
		cmocka_unit_test(icmp),
		cmocka_unit_test(unreachable_joins_its_flow),
		cmocka_unit_test(all_end_in_the_order_of_their_beginning),
		cmocka_unit_test(esp_goes_one_way),
		cmocka_unit_test(reuse_and_reverse),
		cmocka_unit_test(timeouts),
		cmocka_unit_test(a_packet_finds_a_flow_over),
		cmocka_unit_test(packets_move_the_deadline),
		cmocka_unit_test(long_times),
		cmocka_unit_test(order_of_ends),
		cmocka_unit_test(emergency),
		cmocka_unit_test(kept_packets),
		cmocka_unit_test(kept_to_the_end),
		cmocka_unit_test(released_ways),
		cmocka_unit_test(ids),
		cmocka_unit_test(chains_grow_with_flows),
	};

	return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
