/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engine/detect/header.h"
#include "tests/unit/detect_rig.h"

static const char rules[] = "alert tcp 10.0.0.1 any -> any any (sid:1; content:\"a\";)\n"
			    "alert tcp 10.0.0.1 any -> any any (sid:2; content:\"b\";)\n"
			    "alert tcp 10.0.0.2 any -> any any (sid:3; content:\"c\";)\n"
			    "alert tcp any any -> 10.0.0.2 any (sid:4; content:\"d\";)\n"
			    "alert tcp any any -> any 80 (sid:5; content:\"e\";)\n"
			    "alert tcp any 80 -> any any (sid:6; content:\"f\";)\n"
			    "alert udp 10.0.0.1 any -> any any (sid:7; content:\"g\";)\n"
			    "alert tcp any any -> any 80 (sid:8; content:\"h\"; flow:to_client;)\n"
			    "alert tcp any any <> any 1000 (sid:9; content:\"i\";)\n"
			    "alert tcp any any -> any 1000 (sid:10; content:\"j\";)\n";
#define RULES 10

/* Whose number a rule has: the least sid of those with it. */
static const unsigned first_with[RULES + 1] = { 0, 1, 1, 3, 4, 5, 6, 7, 8, 9, 10 };

static unsigned sid_of(const struct rig *r, uint32_t rule)
{
	struct rule_info info;

	ruleset_rule(r->rules, rule, &info);
	return info.sid;
}

static uint32_t rule_of(const struct rig *r, unsigned sid)
{
	return ruleset_find(r->rules, sid, 0);
}

static void equal_headers_have_one_number(void **state)
{
	struct rig r = { .rules = NULL };
	struct header_memo m;

	(void)state;
	rig_open(&r, rules);
	assert_int_equal(header_memo_init(&m, r.rules->block), 0);
	for (unsigned a = 1; a <= RULES; a++) {
		for (unsigned b = 1; b <= RULES; b++)
			assert_int_equal(m.of[rule_of(&r, a)] == m.of[rule_of(&r, b)],
					 first_with[a] == first_with[b]);
		assert_in_range(m.of[rule_of(&r, a)], 1, m.headers);
	}
	assert_int_equal(m.headers, RULES - 1);
	header_memo_fini(&m);
	rig_close(&r);
}

/* The sids whose header admits a packet, in order, as "1 2 3". */
static const char *admitted(const struct rig *r, struct header_memo *m, const struct packet *p)
{
	struct eval e = {
		.rs = r->rules, .p = p, .have = eval_facts(p, NULL), .proto = eval_proto(p)
	};
	static char text[256];
	size_t at = 0;

	e.have |= eval_ends(&e);
	text[0] = '\0';
	for (uint32_t i = 0; i < RULES; i++) {
		if (header_admits(m, &e, i))
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u", at ? " " : "",
					       sid_of(r, i));
	}
	return text;
}

static void what_is_known_is_of_one_packet(void **state)
{
	struct packet there = rig_tcp("x", 1, TCP_ACK), back = there, datagram = rig_udp("x", 1);
	struct rig r = { .rules = NULL };
	struct header_memo m;

	(void)state;
	back.src = there.dst;
	back.dst = there.src;
	back.sport = there.dport;
	back.dport = there.sport;
	rig_open(&r, rules);
	assert_int_equal(header_memo_init(&m, r.rules->block), 0);
	/* Twice each: decided, and known; and again where stamps begin anew. */
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned twice = 0; twice < 2; twice++)
			assert_string_equal(admitted(&r, &m, &there), "1 2 4 5 9");
		header_memo_next(&m);
		for (unsigned twice = 0; twice < 2; twice++)
			assert_string_equal(admitted(&r, &m, &back), "3 6 9 10");
		header_memo_next(&m);
		for (unsigned twice = 0; twice < 2; twice++)
			assert_string_equal(admitted(&r, &m, &datagram), "7");
		if (round == 0)
			m.stamp = (UINT32_MAX >> 1) - 1;
		header_memo_next(&m);
	}
	assert_true(m.stamp < 10);
	header_memo_fini(&m);
	rig_close(&r);
}

/* More headers than there are numbers for: those left over are decided each time. */
static void one_without_a_number_is_decided_alone(void **state)
{
	struct packet there = rig_tcp("x", 1, TCP_ACK);
	static const uint16_t none[RULES];
	struct rig r = { .rules = NULL };
	struct header_memo m;

	(void)state;
	rig_open(&r, rules);
	assert_int_equal(header_memo_init(&m, r.rules->block), 0);
	m.of = none;
	assert_string_equal(admitted(&r, &m, &there), "1 2 4 5 9");
	header_memo_fini(&m);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_headers_have_one_number),
		cmocka_unit_test(what_is_known_is_of_one_packet),
		cmocka_unit_test(one_without_a_number_is_decided_alone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
