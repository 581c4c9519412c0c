/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The home of a ruleset: which set of addresses it is, and that rules fire as if there were none, whatever sets they name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engine/detect/eval.h"
#include "tests/unit/detect_rig.h"
#include "tests/unit/tx_rig.h"

static const char *const addresses[] = { "10.0.0.1",   "10.0.0.2",  "10.0.0.3",	   "10.0.1.1",
					 "172.16.0.9", "192.0.2.7", "2001:db8::1", "2001:db8::2" };
#define ADDRESSES (sizeof(addresses) / sizeof(addresses[0]))
#define ALL ((1u << ADDRESSES) - 1)
#define V4 0x3fu

static struct ip_addr address(unsigned i)
{
	static const uint8_t v4[][4] = { { 10, 0, 0, 1 }, { 10, 0, 0, 2 },   { 10, 0, 0, 3 },
					 { 10, 0, 1, 1 }, { 172, 16, 0, 9 }, { 192, 0, 2, 7 } };
	uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	if (V4 >> i & 1)
		return ip_addr_v4(v4[i]);
	v6[15] = (uint8_t)(i - 5);
	return ip_addr_v6(v6);
}

/* --- any sets --------------------------------------------------------------------------------------------- */

#define RULES 40
#define SETS 6
#define ROUNDS 300
#define PACKETS 40

/* What a rule says, and where it may fire. */
struct made {
	unsigned src, dst; /* bits by address */
	bool both_ways, http;
	char letter;
};

static uint64_t seed;

static unsigned below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static size_t put_set(char *out, size_t room, unsigned set)
{
	unsigned left = ALL & ~set;
	/* What is not in a list without addresses of a kind is none of that kind. */
	bool negated = (left & V4) && (left & ~V4) && below(2);
	unsigned listed = negated ? left : set;
	size_t at = 0;

	if (set == ALL)
		return (size_t)snprintf(out, room, "any");
	at += (size_t)snprintf(out, room, "%s[", negated ? "!" : "");
	for (unsigned i = 0, n = 0; i < ADDRESSES; i++) {
		if (listed >> i & 1)
			at += (size_t)snprintf(out + at, room - at, "%s%s", n++ ? "," : "",
					       addresses[i]);
	}
	return at + (size_t)snprintf(out + at, room - at, "]");
}

static size_t put_rule(char *out, size_t room, const struct made *m, unsigned sid)
{
	size_t at = (size_t)snprintf(out, room, "alert %s ", m->http ? "http" : "udp");

	at += put_set(out + at, room - at, m->src);
	at += (size_t)snprintf(out + at, room - at, " any %s ", m->both_ways ? "<>" : "->");
	at += put_set(out + at, room - at, m->dst);
	at += (size_t)snprintf(out + at, room - at, m->http ? " any (http.uri; " : " any (");
	if (m->letter)
		at += (size_t)snprintf(out + at, room - at, "content:\"%c%c\"; ", m->letter,
				       m->letter);
	else if (m->http)
		at += (size_t)snprintf(out + at, room - at, "content:!\"q\"; ");
	return at + (size_t)snprintf(out + at, room - at, "sid:%u;)\n", sid);
}

static bool fires(const struct made *m, unsigned src, unsigned dst, bool http, const char *text)
{
	char twice[3] = { m->letter, m->letter, '\0' };
	bool there = (m->src >> src & 1) && (m->dst >> dst & 1);
	bool back = (m->src >> dst & 1) && (m->dst >> src & 1);

	return m->http == http && (there || (m->both_ways && back)) &&
	       (!m->letter || strstr(text, twice));
}

/* Any sets, but some more often than others. */
static void make_rules(struct made *m, char *text, size_t room)
{
	unsigned set[SETS];
	size_t at = 0;

	for (unsigned i = 0; i < SETS; i++)
		set[i] = 1 + below(ALL - 1);
	set[1] = ALL & ~set[0] ? ALL & ~set[0] : set[0];
	for (unsigned i = 0; i < RULES; i++) {
		m[i] = (struct made){ .src = below(4) ? set[below(2 + below(SETS - 1))] : ALL,
				      .dst = below(4) ? set[below(2 + below(SETS - 1))] : ALL,
				      .both_ways = below(6) == 0,
				      .http = below(2),
				      .letter = below(5) ? (char)('a' + below(4)) : '\0' };
		at += put_rule(text + at, room - at, &m[i], i + 1);
	}
}

static bool alerted(const struct rig *r, unsigned sid)
{
	for (unsigned i = 0; i < r->result.alerts; i++) {
		struct rule_info info;

		ruleset_rule(r->result.alert[i].rules, r->result.alert[i].rule, &info);
		if (info.sid == sid)
			return true;
	}
	return false;
}

static void open_with_flows(struct rig *r, const char *text)
{
	struct detector_env env = { .apps = (struct app_engine *)&fake };

	rig_open(r, text);
	detector_free(r->detector);
	env.counters = &r->counters;
	rig_must(detector_new(r->rules, &r->options, &env, &r->detector) == 0, r, "detector");
}

/* One packet: a datagram, or one with a request. */
static void try_packet(struct rig *r, const struct made *m, unsigned number)
{
	bool v6 = below(4) == 0, http = below(2);
	unsigned src = v6 ? 6 + below(2) : below(6), dst = v6 ? 6 + below(2) : below(6);
	char text[9] = "";
	struct packet p;

	for (unsigned i = 0; i + 1 < sizeof(text); i++)
		text[i] = (char)('a' + below(5));
	fake_open(APP_PROTO_HTTP1, 1);
	p = http ? rig_tcp("", 0, TCP_ACK) : rig_udp(text, strlen(text));
	p.number = number;
	p.src = address(src);
	p.dst = address(dst);
	p.ip_version = v6 ? 6 : 4;
	if (http) {
		p.flow = &fake.flow;
		p.established = true;
		fake_buffer(0, BUFFER_HTTP_URI, 0, text);
		fake.tx[0].progress[0] = 1;
		fake.tx[0].flags |= APP_TX_DONE;
	}
	detect_packet(r->detector, &p, &r->result);
	for (unsigned i = 0; i < RULES; i++) {
		if (alerted(r, i + 1) != fires(&m[i], src, dst, http, text))
			fail_msg("rule %u, from %s to %s, \"%s\": %s", i + 1, addresses[src],
				 addresses[dst], text,
				 alerted(r, i + 1) ? "fires" : "does not fire");
	}
	detect_flow_end(r->detector, &fake.flow);
}

static void rules_fire_as_if_there_were_none(void **state)
{
	static char text[RULES * 512];
	struct made m[RULES];
	unsigned homes = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct rig r;

		seed = round + 1;
		memset(&r, 0, sizeof(r));
		make_rules(m, text, sizeof(text));
		open_with_flows(&r, text);
		homes += r.rules->block->home != 0;
		for (unsigned i = 0; i < PACKETS; i++)
			try_packet(&r, m, i + 1);
		rig_close(&r);
	}
	assert_in_range(homes, ROUNDS / 2, ROUNDS);
}

/* A request and its answer; the rule looks at both, from the home to the world. */
static void a_rule_on_both_directions_is_asked_from_both_ends(void **state)
{
	struct packet p = rig_tcp("", 0, TCP_ACK);
	struct rig r = { .rules = NULL };

	(void)state;
	fake_open(APP_PROTO_HTTP1, 1);
	open_with_flows(
		&r, "alert http 10.0.0.0/8 any => !10.0.0.0/8 any "
		    "(http.uri; content:\"/aqzxjk\"; http.stat_code; content:\"200\"; sid:1;)\n");
	assert_true(r.rules->block->home != 0);
	fake_buffer(0, BUFFER_HTTP_URI, 0, "/aqzxjk");
	fake_buffer(0, BUFFER_HTTP_STAT_CODE, 1, "200");
	p.flow = &fake.flow;
	p.established = true;
	p.dst = address(5);
	fake.tx[0].progress[0] = 1;
	fake.tx[0].flags |= APP_TX_DONE;
	detect_packet(r.detector, &p, &r.result);
	assert_false(alerted(&r, 1));
	p.number = 2;
	p.direction = 1;
	p.src = address(5);
	p.dst = address(0);
	fake.tx[0].progress[1] = 1;
	fake.tx[0].flags |= APP_TX_DONE << 1;
	detect_packet(r.detector, &p, &r.result);
	assert_true(alerted(&r, 1));
	detect_flow_end(r.detector, &fake.flow);
	rig_close(&r);
}

/* --- which set it is ---------------------------------------------------------------------------------------- */

/* The ends that packets from 10.0.0.1 to 192.0.2.7 come from and go to. */
static void check_home(const char *rules, bool is, unsigned ends)
{
	struct rig r = { .rules = NULL };
	struct packet p = rig_udp("x", 1);
	struct eval e = { .p = &p };
	uint32_t have;

	rig_open(&r, rules);
	p.dst = address(5);
	e.rs = r.rules;
	have = eval_ends(&e);
	assert_int_equal(r.rules->block->home != 0, is);
	assert_int_equal(ends_of(have), ends);
	rig_close(&r);
}

#define FROM(src, dst, sid) "alert udp " src " any -> " dst " any (content:\"x\"; sid:" #sid ";)\n"

static void it_is_the_set_that_most_rules_name(void **state)
{
	(void)state;
	check_home(FROM("[10.0.0.0/8]", "any", 1), true, 1);
	check_home(FROM("any", "![10.0.0.0/8]", 1), true, 2);
	check_home(FROM("any", "any", 1), false, 0);
	/* Of two the one that tells more apart. */
	check_home(FROM("192.0.2.0/24", "any", 1) FROM("10.0.0.0/8", "any", 2)
			   FROM("10.0.0.0/8", "any", 3) FROM("!10.0.0.0/7", "any", 4),
		   true, 1);
	/* So few that it is not worth it. */
	check_home(FROM("10.0.0.0/8", "any", 1) FROM("any", "any", 2) FROM("any", "any", 3)
			   FROM("any", "any", 4),
		   false, 0);
	/* Of another kind of addresses only. */
	check_home(FROM("2001:db8::/32", "any", 1), true, 0);
}

static const struct rule_row *row_of(const struct rig *r, unsigned sid)
{
	return &r->rules->row[ruleset_find(r->rules, sid, 0)];
}

static void rules_need_ends_where_their_sets_say_so(void **state)
{
	static const char rules[] = FROM("10.0.0.0/8", "!10.0.0.0/8",
					 1) FROM("10.1.0.0/16", "192.0.2.7",
						 2) FROM("[10.0.0.0/8,192.0.2.7]", "10.0.0.0/8",
							 3) FROM("any", "8.0.0.0/7", 4)
		FROM("[10.255.255.0-11.0.0.0]", "10.0.0.0/8",
		     5) "alert udp 10.0.0.0/8 any <> any any (content:\"x\"; sid:6;)\n"
			"alert udp 10.0.0.0/8 any -> 2001:db8::/32 any (content:\"x\"; sid:7;)\n"
			"alert udp 10.0.0.0/8 any -> any any (dsize:3; sid:8;)\n";
	static const uint32_t need[] = {
		NEED_SRC_INSIDE | NEED_DST_OUTSIDE,
		NEED_SRC_INSIDE | NEED_DST_OUTSIDE,
		NEED_DST_INSIDE,
		NEED_DST_OUTSIDE, /* 8.0.0.0 to 9.255.255.255 */
		NEED_DST_INSIDE,
		0,
		NEED_SRC_INSIDE | NEED_DST_OUTSIDE,
		NEED_SRC_INSIDE,
	};
	struct rig r = { .rules = NULL };
	const struct always_rule *always;

	(void)state;
	rig_open(&r, rules);
	for (unsigned i = 0; i < sizeof(need) / sizeof(need[0]); i++)
		assert_int_equal(row_of(&r, i + 1)->need & NEED_ENDS, need[i]);
	/* Those without a pattern are passed over by it. */
	always = block_at(r.rules->block, r.rules->block->always[PROTO_UDP].offset);
	assert_int_equal(r.rules->block->always[PROTO_UDP].count, 1);
	assert_int_equal(always->need, row_of(&r, 8)->need);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_fire_as_if_there_were_none),
		cmocka_unit_test(a_rule_on_both_directions_is_asked_from_both_ends),
		cmocka_unit_test(it_is_the_set_that_most_rules_name),
		cmocka_unit_test(rules_need_ends_where_their_sets_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
