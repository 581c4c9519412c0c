/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engine/detect/cost.h"
#include "engine/detect/ruleset.h"
#include "tests/unit/detect_rig.h"

#define PACKETS_MAX 4

/*
 * Packets of one flow: direction ('>' to server, '<' to client), then the payload; what each is to
 * alert, in order.
 */
static const struct row {
	const char *rules;
	const char *packet[PACKETS_MAX];
	const char *alerts[PACKETS_MAX];
} rows[] = {
	/* flowbits */
	{ "alert udp any any -> any any (content:\"a\"; flowbits:set,x; sid:1;)\n"
	  "alert udp any any -> any any (content:\"b\"; flowbits:isset,x; sid:2;)\n",
	  { ">b", ">a", "<b", ">c" },
	  { "", "1", "2", "" } },
	{ "alert udp any any -> any any (content:\"a\"; flowbits:set,x; flowbits:noalert; sid:1;)\n"
	  "alert udp any any -> any any (content:\"b\"; flowbits:isset,x; sid:2;)\n",
	  { ">ab", ">b" },
	  { "2", "2" } },
	/* a chain written backwards, within one packet: order of rules does not decide */
	{ "alert udp any any -> any any (content:\"c\"; flowbits:isset,y; flowbits:set,z; sid:3;)\n"
	  "alert udp any any -> any any (content:\"b\"; flowbits:isset,x; flowbits:set,y; sid:2;)\n"
	  "alert udp any any -> any any (content:\"a\"; flowbits:set,x; sid:1;)\n",
	  { ">abc" },
	  { "1 3 2" } },
	{ "alert udp any any -> any any (content:\"a\"; flowbits:set,x; sid:1;)\n"
	  "alert udp any any -> any any (content:\"b\"; flowbits:unset,x; sid:2;)\n"
	  "alert udp any any -> any any (content:\"c\"; flowbits:isnotset,x; sid:3;)\n",
	  { ">c", ">a", ">c", ">b" },
	  { "3", "1", "", "2" } },
	{ "alert udp any any -> any any (content:\"a\"; flowbits:toggle,x; sid:1;)\n"
	  "alert udp any any -> any any (content:\"c\"; flowbits:isset,x|y; sid:2;)\n",
	  { ">a", ">c", ">a", ">c" },
	  { "1", "2", "1", "" } },
	/* flowint */
	{ "alert udp any any -> any any (content:\"a\"; flowint:n,+,1; noalert; sid:1;)\n"
	  "alert udp any any -> any any (content:\"b\"; flowint:n,>=,2; sid:2;)\n"
	  "alert udp any any -> any any (content:\"b\"; flowint:n,notset; sid:3;)\n",
	  { ">b", ">a", ">b", ">ab" },
	  { "3", "", "", "2" } },
	/* what expressions catch: of the flow for good, of the packet for its own rules */
	{ "alert udp any any -> any any (pcre:\"/u=(\\w+)/,flow:user\"; sid:1;)\n"
	  "alert udp any any -> any any (flowvar:user,\"oo\"; sid:2;)\n"
	  "alert udp any any -> any any (flowvar:!user,\"oo\"; sid:3;)\n",
	  { ">b", ">u=root", "<b", ">u=me" },
	  { "", "1 2", "2", "1 3" } },
	{ "alert udp any any -> any any (content:\"c\"; pcre:\"/(?P<pkt_user>u.)/\"; content:\"d\"; sid:1;)\n"
	  "alert udp any any -> any any (pktvar:user,\"ux\"; sid:2;)\n",
	  { ">uxc", ">uxcd", ">uycd", ">c" },
	  { "", "1 2", "1", "" } },
	/* marks on hosts: 10.0.0.1 sends what goes to the server */
	{ "alert udp any any -> any any (content:\"s\"; xbits:set,x,track ip_src; sid:1;)\n"
	  "alert udp any any -> any any (content:\"c\"; xbits:isset,x,track ip_src; sid:2;)\n"
	  "alert udp any any -> any any (content:\"c\"; xbits:isset,x,track ip_dst; sid:3;)\n"
	  "alert udp any any -> any any (content:\"c\"; hostbits:isset,x; sid:4;)\n"
	  "alert udp any any -> any any (content:\"c\"; xbits:isnotset,x,track ip_pair; sid:5;)\n",
	  { ">c", ">s", ">c", "<c" },
	  { "5", "1", "2 4 5", "3 5" } },
	{ "alert udp any any -> any any (content:\"c\"; xbits:isset,x,track ip_pair; sid:3;)\n"
	  "alert udp any any -> any any (content:\"s\"; xbits:toggle,x,track ip_pair; sid:1;)\n"
	  "alert udp any any -> any any (content:\"u\"; xbits:unset,x,track ip_pair; sid:2;)\n",
	  { ">sc", "<c", "<u", ">c" },
	  { "3 1", "3", "2", "" } },
	/* rules on addresses alone see what was set before */
	{ "alert udp any any -> any any (xbits:set,x,track ip_pair; sid:1;)\n"
	  "alert udp any any -> any any (xbits:isset,x,track ip_pair; sid:2;)\n",
	  { ">a", "<a", ">a" },
	  { "1", "1 2", "" } },
	/* what went each way so far */
	{ "alert udp any any -> any any (flow.pkts:toserver,2; sid:1;)\n"
	  "alert udp any any -> any any (flow.pkts:either,>1; sid:2;)\n"
	  "alert udp any any -> any any (flow.pkts_toclient:0; sid:3;)\n"
	  "alert udp any any -> any any (flow.bytes:toclient,>0; sid:4;)\n"
	  "alert udp any any -> any any (flow.age:0; sid:5;)\n",
	  { ">a", ">a", "<a" },
	  { "3 5", "1 2 3 5", "1 2 4 5" } },
	/* what the datagram carries, of rules that look at any */
	{ "alert ip any any -> any any (ip_proto:17; dsize:>0; sid:1;)\n"
	  "alert ip any any -> any any (ip_proto:6; dsize:>0; sid:2;)\n"
	  "alert ip any any -> any any (ip_proto:!17; dsize:>0; sid:3;)\n"
	  "alert ip any any -> any any (ip_proto:!6; dsize:>0; sid:4;)\n"
	  "alert ip any any -> any any (ip_proto:>16; ip_proto:<18; dsize:>0; sid:5;)\n"
	  "alert ip any any -> any any (ip_proto:>17; dsize:>0; sid:6;)\n",
	  { ">a", "<a" },
	  { "1 4 5", "1 4 5" } },
	/* only addresses: once for each direction */
	{ "alert udp any any -> any any (sid:1;)\n"
	  "alert udp 10.0.0.1 any -> any 53 (sid:2;)\n"
	  "alert udp !10.0.0.9 any -> any any (sid:3;)\n",
	  { ">a", ">a", "<a", "<a" },
	  { "1 2 3", "3", "1 3", "3" } },
	/* flow */
	{ "alert udp any any -> any any (flow:to_server; content:\"a\"; sid:1;)\n"
	  "alert udp any any -> any any (flow:to_client; content:\"a\"; sid:2;)\n"
	  "alert udp any any -> any any (flow:established; content:\"a\"; sid:3;)\n"
	  "alert udp any any -> any any (flow:not_established; content:\"a\"; sid:4;)\n",
	  { ">a", "<a" },
	  { "1 4", "2 3" } },
	/* direction of the header */
	{ "alert udp any 53 -> any any (content:\"a\"; sid:1;)\n"
	  "alert udp any any -> any 53 (content:\"a\"; sid:2;)\n"
	  "alert udp any any <> any 53 (content:\"a\"; sid:3;)\n",
	  { ">a", "<a" },
	  { "2 3", "1 3" } },
	/* order: priority, then as written */
	{ "alert udp any any -> any any (content:\"a\"; priority:3; sid:1;)\n"
	  "alert udp any any -> any any (content:\"a\"; priority:1; sid:2;)\n"
	  "alert udp any any -> any any (content:\"a\"; priority:2; sid:3;)\n"
	  "drop udp any any -> any any (content:\"a\"; priority:9; sid:4;)\n",
	  { ">a" },
	  { "4 2 3 1" } },
	/* pass ends a packet's list; one on addresses alone, the flow */
	{ "pass udp any any -> any any (content:\"p\"; sid:1;)\n"
	  "alert udp any any -> any any (content:\"a\"; sid:2;)\n",
	  { ">ap", ">a" },
	  { "", "2" } },
	{ "pass udp any any -> any 53 (sid:1;)\n"
	  "alert udp any any -> any any (content:\"a\"; sid:2;)\n",
	  { ">a", "<a" },
	  { "", "" } },
	/* a rule that names no port sees every port; others only theirs */
	{ "alert udp any any -> any [50:60] (content:\"a\"; sid:1;)\n"
	  "alert udp any any -> any [54:60] (content:\"a\"; sid:2;)\n"
	  "alert udp any any -> any ![54:60] (content:\"a\"; sid:3;)\n"
	  "alert udp 10.0.0.0/8 any -> any any (content:\"a\"; sid:4;)\n"
	  "alert udp 11.0.0.0/8 any -> any any (content:\"a\"; sid:5;)\n",
	  { ">a" },
	  { "1 3 4" } },
};

static void each_flow(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig rig = { .detector = NULL };
		struct flow f = { .proto = IP_PROTO_UDP };

		rig_open(&rig, rows[i].rules);
		for (unsigned k = 0; k < PACKETS_MAX && rows[i].packet[k]; k++) {
			const char *text = rows[i].packet[k];
			struct packet p = rig_udp(text + 1, strlen(text + 1));
			const char *got;

			p.flow = &f;
			if (*text == '<') {
				struct ip_addr a = p.src;

				p.src = p.dst;
				p.dst = a;
				p.sport = 53;
				p.dport = 1000;
				p.direction = 1;
				p.established = true;
			}
			f.packets[p.direction]++;
			f.bytes[p.direction] += p.payload.len;
			got = rig_inspect(&rig, &p);
			if (strcmp(got, rows[i].alerts[k]) != 0)
				fail_msg("row %zu, packet %u: expected \"%s\", got \"%s\"", i, k,
					 rows[i].alerts[k], got);
		}
		detect_flow_end(rig.detector, &f);
		assert_int_equal(f.detect, 0);
		rig_close(&rig);
	}
}

/* Rules that nothing but a packet's facts and its flow's protocol points at, few and many: dns, mdns, any in turn. */
static void what_flows_speak(void **state)
{
	static const struct {
		enum app_proto proto;
		bool holds[3];
	} flows[] = {
		{ APP_PROTO_DNS, { true, false, true } },
		{ APP_PROTO_UNKNOWN, { false, false, true } },
		{ APP_PROTO_MDNS, { false, true, true } },
		{ APP_PROTO_DNS, { true, false, true } },
		{ APP_PROTO_FAILED, { false, false, true } },
	};
	static const char *const header[] = { "dns", "mdns", "udp" };
	static const unsigned counts[] = { 3, 9, 90 };

	(void)state;
	for (size_t n = 0; n < sizeof(counts) / sizeof(counts[0]); n++) {
		struct rig rig = { .detector = NULL };
		char rules[90 * 64] = "";

		for (unsigned i = 0; i < counts[n]; i++)
			snprintf(rules + strlen(rules), 64,
				 "alert %s any any -> any any (dsize:>0; sid:%u;)\n", header[i % 3],
				 i + 1);
		rig_open(&rig, rules);
		for (size_t k = 0; k < sizeof(flows) / sizeof(flows[0]); k++) {
			struct flow f = { .proto = IP_PROTO_UDP,
					  .app_proto = (uint8_t)flows[k].proto };
			struct packet p = rig_udp("a", 1);
			char expected[90 * 4] = "", sid[16];

			p.flow = &f;
			for (unsigned i = 0, found = 0; i < counts[n]; i++) {
				if (!flows[k].holds[i % 3])
					continue;
				snprintf(sid, sizeof(sid), found++ ? " %u" : "%u", i + 1);
				strcat(expected, sid);
			}
			assert_string_equal(rig_inspect(&rig, &p), expected);
			detect_flow_end(rig.detector, &f);
		}
		rig_close(&rig);
	}
}

static void names(void **state)
{
	struct rig rig = { .detector = NULL };
	struct flow f = { .proto = IP_PROTO_UDP };
	struct packet p = rig_udp("ab", 2);
	struct flow_number number[4];
	const char *name[4];

	(void)state;
	rig_open(&rig, "alert udp any any -> any any (content:\"a\"; flowbits:set,one; sid:1;)\n"
		       "alert udp any any -> any any (content:\"b\"; flowbits:set,two; sid:2;)\n"
		       "alert udp any any -> any any (content:\"a\"; flowint:n,+,7; sid:3;)\n"
		       "alert udp any any -> any any (content:\"b\"; flowint:m,=,1; sid:4;)\n");
	p.flow = &f;
	assert_int_equal(detect_flowints(rig.detector, &f, number, 4), 0);
	rig_inspect(&rig, &p);
	rig_inspect(&rig, &p);
	assert_int_equal(detect_flowints(rig.detector, &f, number, 4), 2);
	assert_string_equal(number[0].name, "n");
	assert_int_equal(number[0].value, 14);
	assert_string_equal(number[1].name, "m");
	assert_int_equal(number[1].value, 1);
	assert_int_equal(detect_flowints(rig.detector, &f, number, 1), 1);
	assert_int_equal(detect_flowbits(rig.detector, &f, name, 4), 2);
	assert_string_equal(name[0], "one");
	assert_string_equal(name[1], "two");
	assert_int_equal(detect_flowbits(rig.detector, &f, name, 1), 1);
	detect_flow_end(rig.detector, &f);
	rig_close(&rig);
}

/* Read passively a drop only ends the flow's inspection; inline it drops. */
static void verdicts(void **state)
{
	static const struct {
		const char *rule;
		bool inline_mode, dropped;
		uint8_t verdict;
		uint8_t flags;
	} cases[] = {
		{ "drop udp any any -> any any (content:\"a\"; sid:1;)\n", false, false,
		  ACTION_ALERT, 0 },
		{ "drop udp any any -> any any (content:\"a\"; sid:1;)\n", true, true, ACTION_DROP,
		  ALERT_DROPS },
		{ "reject udp any any -> any any (content:\"a\"; sid:1;)\n", false, false,
		  ACTION_REJECT, ALERT_REJECTS },
		{ "reject udp any any -> any any (content:\"a\"; sid:1;)\n", true, true,
		  ACTION_REJECT, ALERT_REJECTS },
		{ "alert udp any any -> any any (content:\"a\"; threshold:type limit, track "
		  "by_src, count 1, seconds 9; sid:1;)\n",
		  false, false, ACTION_ALERT, ALERT_THRESHOLD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig = { .options = { .inline_mode = cases[i].inline_mode } };
		struct packet p = rig_udp("a", 1);

		rig_open(&rig, cases[i].rule);
		assert_string_equal(rig_inspect(&rig, &p), "1");
		assert_int_equal(rig.result.verdict, cases[i].verdict);
		assert_int_equal(rig.result.alert[0].flags, cases[i].flags);
		assert_int_equal(p.dropped, cases[i].dropped);
		rig_close(&rig);
	}
}

/* A dropped flow is not looked at again, and inline its packets go with it. */
static void dropped_flow(void **state)
{
	(void)state;
	for (unsigned inline_mode = 0; inline_mode < 2; inline_mode++) {
		struct rig rig = { .options = { .inline_mode = inline_mode } };
		struct flow f = { .proto = IP_PROTO_UDP };
		struct packet p = rig_udp("a", 1);

		rig_open(&rig, "drop udp any any -> any 53 (sid:1;)\n"
			       "alert udp any any -> any any (content:\"a\"; sid:2;)\n");
		p.flow = &f;
		assert_string_equal(rig_inspect(&rig, &p), "1 2");
		assert_true(rig.result.newly_dropped_flow);
		assert_true(f.flags & FLOW_DROPPED);
		p.dropped = false;
		assert_string_equal(rig_inspect(&rig, &p), "");
		assert_int_equal(p.dropped, inline_mode);
		rig_close(&rig);
	}
}

/* What an exception's policy has decided, no rule looks at. */
static void decided_before(void **state)
{
	static const struct {
		bool passed, dropped;
		uint16_t flow;
		const char *alerts;
		uint8_t verdict;
	} cases[] = {
		{ false, false, 0, "1", ACTION_ALERT },
		{ true, false, 0, "", ACTION_PASS },
		{ false, true, 0, "", ACTION_DROP },
		{ false, false, FLOW_PASSED, "", ACTION_PASS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig = { .options = { .inline_mode = true } };
		struct flow f = { .proto = IP_PROTO_UDP, .flags = cases[i].flow };
		struct packet p = rig_udp("a", 1);

		rig_open(&rig, "alert udp any any -> any any (content:\"a\"; sid:1;)\n");
		p.flow = &f;
		p.passed = cases[i].passed;
		p.dropped = cases[i].dropped;
		assert_string_equal(rig_inspect(&rig, &p), cases[i].alerts);
		assert_int_equal(rig.result.verdict, cases[i].verdict);
		rig_close(&rig);
	}
}

/* The rule that dropped is told, though it makes no alert; the first of several. */
static void quiet_drop(void **state)
{
	struct rig rig = { .options = { .inline_mode = true } };
	struct packet p = rig_udp("a", 1);
	struct rule_info info;

	(void)state;
	rig_open(&rig, "drop udp any any -> any any (content:\"a\"; noalert; sid:7;)\n"
		       "drop udp any any -> any any (content:\"a\"; noalert; sid:9;)\n");
	assert_string_equal(rig_inspect(&rig, &p), "");
	assert_true(rig.result.dropped_by_rule);
	ruleset_rule(rig.rules, rig.result.drop_rule, &info);
	assert_int_equal(info.sid, 7);
	rig_close(&rig);
}

/* A pass rule is told of only where it says so, and ends the list. */
static void pass_and_alert(void **state)
{
	static const char *const rules[][2] = {
		{ "pass udp any any -> any any (content:\"a\"; sid:1;)\n"
		  "alert udp any any -> any any (content:\"a\"; sid:2;)\n",
		  "" },
		{ "pass udp any any -> any any (content:\"a\"; alert; sid:1;)\n"
		  "alert udp any any -> any any (content:\"a\"; sid:2;)\n",
		  "1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct rig rig = { .detector = NULL };
		struct packet p = rig_udp("a", 1);

		rig_open(&rig, rules[i][0]);
		assert_string_equal(rig_inspect(&rig, &p), rules[i][1]);
		assert_int_equal(rig.result.verdict, ACTION_PASS);
		rig_close(&rig);
	}
}

/* A hook may be all that a rule says. */
static void hook_alone(void **state)
{
	struct rig rig = { .detector = NULL };
	struct packet p = rig_udp("a", 1);

	(void)state;
	rig_open(&rig, "drop tls:client_hello_done any any -> any any (sid:1;)\n");
	assert_string_equal(rig_inspect(&rig, &p), "");
	rig_close(&rig);
}

/* Before there is a flow: what a rule with config takes out of tracking. */
static void untracked(void **state)
{
	struct rig rig = { .detector = NULL };
	struct packet p = rig_udp("abc", 3);

	(void)state;
	rig_open(&rig, "config udp:pre_flow any any -> any any (content:\"b\"; "
		       "config:tracking disable, type flow, scope packet; sid:1;)\n"
		       "alert udp any any -> any any (content:\"z\"; sid:2;)\n");
	assert_true(detect_untracks(rig.detector));
	assert_true(detect_untracked(rig.detector, &p));
	p = rig_udp("acc", 3);
	assert_false(detect_untracked(rig.detector, &p));
	p = rig_tcp("b", 1, TCP_ACK);
	assert_false(detect_untracked(rig.detector, &p));
	rig_close(&rig);
	rig_open(&rig, "config udp any any -> any any (sid:1;)\n");
	assert_false(detect_untracks(rig.detector));
	p = rig_udp("b", 1);
	assert_string_equal(rig_inspect(&rig, &p), "");
	assert_int_equal(rig.result.verdict, ACTION_ALERT);
	rig_close(&rig);
}

/* Each trial is counted once, and what came of it. */
static void costs(void **state)
{
	static const struct {
		uint32_t sid;
		uint64_t candidates, checks, matches;
	} of[] = {
		{ 1, 3, 3, 2 }, /* its pattern is in three packets, the rest in two */
		{ 2, 0, 0, 0 }, { 3, 0, 0, 0 }, /* found, but its header does not fit: not tried */
		{ 4, 4, 4, 4 }, /* addresses alone */
		{ 5, 3, 0, 0 }, /* found, but the packet does not fit */
	};
	static const char *const payloads[] = { "abc z", "abc", "xyz", "z abc" };
	struct rig rig = { .detector = NULL };

	(void)state;
	rig_open(&rig, "alert udp any any -> any any (content:\"abc\"; content:\"z\"; sid:1;)\n"
		       "alert udp any any -> any any (content:\"never\"; sid:2;)\n"
		       "alert udp 203.0.113.1 any -> any any (content:\"abc\"; sid:3;)\n"
		       "alert udp any any -> any any (sid:4;)\n"
		       "alert udp any any -> any any (content:\"abc\"; fragbits:M; sid:5;)\n");
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		struct packet p = rig_udp(payloads[i], strlen(payloads[i]));

		rig_inspect(&rig, &p);
	}
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		uint32_t rule = ruleset_find(rig.rules, of[i].sid, 0);
		const struct rule_cost *c = detector_rule_cost(rig.detector, rule);

		assert_int_equal(c->candidates, of[i].candidates);
		assert_int_equal(c->checks, of[i].checks);
		assert_int_equal(c->matches, of[i].matches);
	}
	rig_close(&rig);
}

/* One trial in COST_SAMPLE is timed, and an interruption counts as little. */
static void sampling(void **state)
{
	struct cost_sampler s = { .left = 0 };
	struct rule_cost c = { .candidates = 0 };
	unsigned timed = 0;

	(void)state;
	for (unsigned i = 0; i < 3 * COST_SAMPLE; i++)
		timed += cost_begin(&s, &c) != 0;
	assert_int_equal(timed, 3);
	assert_int_equal(c.candidates, 3 * COST_SAMPLE);
	cost_end(&c, 0);
	assert_int_equal(c.cycles, 0);
	cost_end(&c, 1);
	assert_int_equal(c.cycles, COST_CYCLES_MAX);
}

/* Events reach rules also where there is no IP header; other rules stay out. */
static void events(void **state)
{
	struct rig rig = { .detector = NULL };
	struct packet p = { .number = 1 };

	(void)state;
	rig_open(&rig, "alert pkthdr any any -> any any (decode-event:ipv4.trunc_pkt; sid:1;)\n"
		       "alert pkthdr any any -> any any (decode-event:ipv4.pkt_too_small; sid:2;)\n"
		       "alert ip any any -> any any (sid:3;)\n");
	p.event[p.events++] = EVENT_DECODE_IPV4_TRUNC_PKT;
	assert_string_equal(rig_inspect(&rig, &p), "1");
	p.events = 0;
	assert_string_equal(rig_inspect(&rig, &p), "");
	rig_close(&rig);
}

static void metadata(void **state)
{
	struct rig rig = { .detector = NULL };
	struct rule_info info;

	(void)state;
	rig_open(&rig, "alert udp any any -> any any (msg:\"m\"; metadata:a x, b y, a z; sid:5; "
		       "rev:2; gid:3; priority:4;)\n");
	ruleset_rule(rig.rules, 0, &info);
	assert_string_equal(info.metadata_json, "{\"a\":[\"x\",\"z\"],\"b\":[\"y\"]}");
	assert_null(info.references_json);
	assert_string_equal(info.msg, "m");
	assert_int_equal(info.sid, 5);
	assert_int_equal(info.rev, 2);
	assert_int_equal(info.gid, 3);
	assert_int_equal(info.priority, 4);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_flow),	  cmocka_unit_test(names),
		cmocka_unit_test(verdicts),	  cmocka_unit_test(dropped_flow),
		cmocka_unit_test(decided_before), cmocka_unit_test(hook_alone),
		cmocka_unit_test(untracked),	  cmocka_unit_test(costs),
		cmocka_unit_test(sampling),	  cmocka_unit_test(quiet_drop),
		cmocka_unit_test(pass_and_alert), cmocka_unit_test(events),
		cmocka_unit_test(metadata),	  cmocka_unit_test(what_flows_speak),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
