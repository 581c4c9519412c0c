/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reach of rules, and who holds up which way of a flow that is past its depth.
 */
#include "engine/detect/reach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/unit/detect_rig.h"

static const struct {
	const char *rule;
	enum reach reach;
} rows[] = {
	/* Addresses and ports alone. */
	{ "alert tcp any any -> any 80 (sid:1;)", REACH_FIRST },
	{ "pass ip 10.0.0.1 any -> any any (sid:1;)", REACH_FIRST },
	/* What excludes addresses is tried on each packet. */
	{ "alert tcp !10.0.0.1 any -> any any (sid:1;)", REACH_FLOW },
	{ "alert tcp any any -> any any (flow:established; sid:1;)", REACH_FLOW },
	{ "alert tcp any any -> any any (flow:not_established; sid:1;)", REACH_HANDSHAKE },
	{ "alert tcp any any -> any any (flow:not_established; content:\"a\"; sid:1;)",
	  REACH_STREAM },
	{ "alert tcp any any -> any any (flags:S; sid:1;)", REACH_FLAGS },
	{ "alert tcp any any -> any any (flags:R+; ttl:5; sid:1;)", REACH_FLAGS },
	{ "alert tcp any any -> any any (flags:F; dsize:>5; sid:1;)", REACH_FLAGS },
	{ "alert tcp any any -> any any (flags:SF*; sid:1;)", REACH_FLAGS },
	{ "alert tcp any any -> any any (flags:0; sid:1;)", REACH_FLAGS },
	{ "alert tcp any any -> any any (flags:!A; sid:1;)", REACH_FLAGS },
	{ "alert tcp any any -> any any (flags:FPU,12; sid:1;)", REACH_FLAGS },
	{ "alert tcp any any -> any any (flags:P+; sid:1;)", REACH_PACKET },
	{ "alert tcp any any -> any any (flags:!S; sid:1;)", REACH_PACKET },
	{ "alert tcp any any -> any any (flags:A; sid:1;)", REACH_PACKET },
	/* A pattern has to be searched for. */
	{ "alert tcp any any -> any any (flags:F; content:\"abc\"; sid:1;)", REACH_PACKET },
	{ "alert pkthdr any any -> any any (decode-event:ipv4.opt_pad_required; sid:1;)",
	  REACH_ODD },
	{ "alert tcp any any -> any any (decode-event:tcp.opt_invalid_len; sid:1;)", REACH_ODD },
	{ "alert tcp any any -> any any (stream-event:est_invalid_ack; sid:1;)",
	  REACH_STREAM_EVENT },
	{ "alert tcp any any -> any any (content:\"abc\"; sid:1;)", REACH_STREAM },
	{ "alert tcp any any -> any any (flow:established,to_server; pcre:\"/a+b/\"; sid:1;)",
	  REACH_STREAM },
	/* Looked for in each packet too, but no further than in the stream. */
	{ "alert tcp any any -> any any (content:\"abc\"; depth:10; sid:1;)", REACH_STREAM },
	{ "alert tcp any any -> any any (content:\"abc\"; startswith; sid:1;)", REACH_STREAM },
	{ "alert tcp any any -> any any (flow:only_stream; content:\"abc\"; depth:10; sid:1;)",
	  REACH_BYTES },
	{ "alert tcp any any -> any any (flow:only_stream; content:\"abc\"; depth:10; "
	  "content:\"d\"; sid:1;)",
	  REACH_STREAM },
	{ "alert tcp any any -> any any (flow:only_stream; content:\"abc\"; depth:10; "
	  "content:\"d\"; distance:1; sid:1;)",
	  REACH_STREAM },
	{ "alert tcp any any -> any any (flow:no_stream; content:\"abc\"; sid:1;)", REACH_PACKET },
	{ "alert tcp-pkt any any -> any any (content:\"abc\"; sid:1;)", REACH_PACKET },
	{ "alert tcp any any -> any any (dsize:>100; sid:1;)", REACH_PACKET },
	{ "alert udp any any -> any any (content:\"abc\"; sid:1;)", REACH_PACKET },
	{ "alert ip any any -> any any (content:\"abc\"; sid:1;)", REACH_STREAM },
	{ "alert dns any any -> any any (dns.query; content:\"abc\"; sid:1;)", REACH_STREAM },
	{ "alert tcp any any -> any any (app-layer-protocol:!dns; sid:1;)", REACH_STREAM },
	/* Its flow's packets are recorded from then on. */
	{ "alert tcp any any -> any any (content:\"abc\"; tag:session,5,packets; sid:1;)",
	  REACH_PACKET },
	/* Counts that only grow. */
	{ "alert tcp any any -> any any (flow.bytes_toclient:>5mb; sid:1;)", REACH_FLOW },
	{ "alert tcp any any -> any any (flow.pkts_toserver:<5; sid:1;)", REACH_BYTES },
	{ "alert tcp any any -> any any (flow.pkts_toserver:3; ttl:5; sid:1;)", REACH_BYTES },
	{ "alert tcp any any -> any any (flow.pkts_toserver:!3; sid:1;)", REACH_FLOW },
	{ "alert tcp any any -> any any (stream_size:client,<,100; content:\"a\"; sid:1;)",
	  REACH_BYTES },
	{ "alert tcp any any -> any any (stream_size:client,>,100; content:\"a\"; sid:1;)",
	  REACH_PACKET },
	{ "alert tcp any any -> any any (flow.age:>3600; sid:1;)", REACH_FLOW },
	{ "alert tcp any any -> any any (flowbits:isset,x; sid:1;)", REACH_FLOW },
};

static void reaches(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig r = { .rules = NULL };

		rig_open(&r, rows[i].rule);
		if (r.rules->row[0].reach != rows[i].reach) {
			print_error("%s\nis: %s, not: %s\n", rows[i].rule,
				    reach_name((enum reach)r.rules->row[0].reach),
				    reach_name(rows[i].reach));
			fail();
		}
		rig_close(&r);
	}
	for (int i = 0; i < REACH__COUNT; i++)
		assert_true(strcmp(reach_name((enum reach)i), "unknown") != 0);
}

/* --- a flow ---------------------------------------------------------------------------------------- */

/* From 10.0.0.1:1000 to 10.0.0.2:80, established, 2 MB to the client, 10 seconds old. */
static struct flow download(uint8_t proto)
{
	static const uint8_t client[4] = { 10, 0, 0, 1 }, server[4] = { 10, 0, 0, 2 };

	return (struct flow){
		.client = ip_addr_v4(client),
		.server = ip_addr_v4(server),
		.client_port = 1000,
		.server_port = 80,
		.proto = proto,
		.ip_version = 4,
		.flags = FLOW_TO_SERVER_SEEN | FLOW_TO_CLIENT_SEEN,
		.state = FLOW_ESTABLISHED,
		.start_ns = 5000000000,
		.last_ns = 15000000000,
		.bytes = { 60000, 2000000 },
		.packets = { 1000, 1500 },
	};
}

#define OVER REACH_OVER
#define LATER REACH_LATER
#define NEVER REACH_NEVER

static const struct {
	const char *rule;
	enum reach_answer to_server, to_client; /* of TCP; of UDP where the rule says so */
} asked[] = {
	{ "alert tcp any any -> any any (content:\"abc\"; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (dsize:>100; sid:1;)", NEVER, NEVER },
	{ "alert tcp any any -> any any (flow:to_server; dsize:>100; sid:1;)", NEVER, OVER },
	{ "alert tcp any any -> any any (flow:to_client; dsize:>100; sid:1;)", OVER, NEVER },
	{ "alert tcp any any -> any 80 (dsize:>100; sid:1;)", NEVER, OVER },
	{ "alert tcp any 80 -> any any (dsize:>100; sid:1;)", OVER, NEVER },
	{ "alert tcp any any <> any 80 (dsize:>100; sid:1;)", NEVER, NEVER },
	{ "alert tcp any any -> any 81 (dsize:>100; sid:1;)", OVER, OVER },
	{ "alert tcp 10.0.0.1 any -> any any (dsize:>100; sid:1;)", NEVER, OVER },
	{ "alert tcp any any -> 10.0.0.1 any (dsize:>100; sid:1;)", OVER, NEVER },
	{ "alert tcp 10.9.0.0/16 any -> any any (dsize:>100; sid:1;)", OVER, OVER },
	{ "alert ipv6 any any -> any any (ttl:5; sid:1;)", OVER, OVER },
	{ "alert ip any any -> any any (ip_proto:41; sid:1;)", OVER, OVER },
	{ "alert ip any any -> any 80 (ip_proto:6; ttl:5; sid:1;)", NEVER, OVER },
	{ "alert udp any any -> any any (flow:not_established; dsize:>1; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (flow:not_established; dsize:>1; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (flow:established; dsize:>1; sid:1;)", NEVER, NEVER },
	/* A count of one way holds up that way, whoever's packets it is looked at with. */
	{ "alert tcp any any -> any any (flow:to_server; flow.bytes_toclient:>5mb; sid:1;)", NEVER,
	  NEVER },
	{ "alert tcp any any -> any 80 (flow.pkts_toclient:>2000; sid:1;)", NEVER, NEVER },
	{ "alert tcp any any -> any any (flow.pkts_toserver:<1000; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (flow.pkts_toserver:<=1000; sid:1;)", LATER, LATER },
	{ "alert tcp any any -> any any (flow.pkts_toserver:1000; sid:1;)", LATER, LATER },
	{ "alert tcp any any -> any any (flow.pkts_toserver:999; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (flow.pkts_toserver:1-2000; sid:1;)", LATER, LATER },
	{ "alert tcp any any -> any any (flow.pkts_toserver:1-500; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (flow.pkts:either,1200; sid:1;)", LATER, LATER },
	{ "alert tcp any any -> any any (flow.pkts:either,900; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (flow.age:<10; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (flow.age:10; sid:1;)", LATER, LATER },
	{ "alert tcp any any -> any any (flow.age:>10; sid:1;)", NEVER, NEVER },
	{ "alert tcp any any -> any any (stream_size:server,<,1000; dsize:>1; sid:1;)", OVER,
	  OVER },
	{ "alert tcp any any -> any any (stream_size:client,<,50000; dsize:>1; sid:1;)", LATER,
	  LATER },
	{ "alert tcp any any -> any any (stream_size:both,<,50000; dsize:>1; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (stream_size:either,<,50000; dsize:>1; sid:1;)", LATER,
	  LATER },
	{ "alert tcp any any -> any 80 (content:\"a\"; tag:session,5,packets; sid:1;)", NEVER,
	  NEVER },
	{ "alert tcp any any -> any 81 (content:\"a\"; tag:session,5,packets; sid:1;)", OVER,
	  OVER },
	{ "alert tcp any any -> any 81 (content:\"a\"; tag:host,5,packets,src; sid:1;)", NEVER,
	  NEVER },
	/* The flow speaks no protocol that is known. */
	{ "alert dns any any -> any any (dsize:>1; sid:1;)", OVER, OVER },
	/* Both hold, and the one that never ends counts. */
	{ "alert tcp any any -> any any (flow.age:10; sid:1;)\n"
	  "alert tcp any any -> any any (dsize:>1; sid:2;)",
	  NEVER, NEVER },
	/* Of UDP each packet is all that there is. */
	{ "alert udp any any -> any any (content:\"abc\"; sid:1;)", NEVER, NEVER },
	{ "alert ip any any -> any 80 (content:\"abc\"; sid:1;)", OVER, OVER },
};

static void flows(void **state)
{
	const uint32_t size[2] = { 3000, 1990000 };

	(void)state;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct rig r = { .rules = NULL };
		const enum reach_answer want[2] = { asked[i].to_server, asked[i].to_client };
		struct flow f = download(strncmp(asked[i].rule, "alert udp", 9) ? IP_PROTO_TCP
										: IP_PROTO_UDP);

		rig_open(&r, asked[i].rule);
		for (unsigned way = 0; way < 2; way++) {
			uint32_t rule = 77;
			enum reach_answer is = reach_ask(r.rules, &f, way, size, &rule);

			if (is != want[way])
				print_error("%s\nway %u: %d, not %d\n", asked[i].rule, way, is,
					    want[way]);
			assert_int_equal(is, want[way]);
			assert_int_equal(rule == UINT32_MAX, is == REACH_OVER);
		}
		rig_close(&r);
	}
}

/* The same flow, encrypted: rules do not look at its bytes. */
static const struct {
	const char *rule;
	enum reach_answer to_server, to_client;
} closed[] = {
	{ "alert tcp-pkt any any -> any any (content:\"abc\"; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (flow:no_stream; content:!\"abc\"; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (stream_size:client,>,100; content:\"a\"; sid:1;)", OVER,
	  OVER },
	{ "alert tcp any any -> any any (dsize:>100; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (dsize:8; flowbits:isset,x; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (dsize:10<>20; sid:1;)", OVER, OVER },
	{ "alert tcp any any -> any any (dsize:!3; sid:1;)", OVER, OVER },
	/* What an empty packet has too. */
	{ "alert tcp any any -> any any (dsize:<100; sid:1;)", NEVER, NEVER },
	{ "alert tcp any any -> any 80 (dsize:0; sid:1;)", NEVER, OVER },
	{ "alert tcp any any -> any any (ttl:5; sid:1;)", NEVER, NEVER },
	{ "alert tcp any any -> any any (flow:established; sid:1;)", NEVER, NEVER },
	/* Its packets may be recorded already. */
	{ "alert tcp-pkt any any -> any any (content:\"a\"; tag:session,5,packets; sid:1;)", NEVER,
	  NEVER },
};

static void closed_flows(void **state)
{
	const uint32_t size[2] = { 3000, 4000 };

	(void)state;
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		struct rig r = { .rules = NULL };
		const enum reach_answer want[2] = { closed[i].to_server, closed[i].to_client };
		struct flow f = download(IP_PROTO_TCP);

		f.flags |= FLOW_NO_PAYLOAD;
		rig_open(&r, closed[i].rule);
		for (unsigned way = 0; way < 2; way++) {
			uint32_t rule;
			enum reach_answer is = reach_ask(r.rules, &f, way, size, &rule);

			if (is != want[way])
				print_error("%s\nway %u: %d, not %d\n", closed[i].rule, way, is,
					    want[way]);
			assert_int_equal(is, want[way]);
		}
		rig_close(&r);
	}
}

static void special_flows(void **state)
{
	const uint32_t size[2] = { 3000, 1990000 };
	struct flow f = download(IP_PROTO_UDP);
	struct rig r = { .rules = NULL };
	uint32_t rule;

	(void)state;
	rig_open(&r, "alert ip any any -> any any (content:\"abc\"; sid:1;)");
	assert_int_equal(reach_ask(r.rules, &f, 0, size, &rule), REACH_NEVER);
	/* A rule has decided for the whole flow. */
	f.flags |= FLOW_PASSED;
	assert_int_equal(reach_ask(r.rules, &f, 0, size, &rule), REACH_OVER);
	assert_int_equal(reach_ask(NULL, &f, 0, size, &rule), REACH_OVER);
	rig_close(&r);
	/* Only one side has been seen of a flow that waits for the other. */
	rig_open(&r, "alert udp any any -> any any (flow:not_established; dsize:>1; sid:1;)");
	f = download(IP_PROTO_UDP);
	f.flags = FLOW_TO_SERVER_SEEN;
	assert_int_equal(reach_ask(r.rules, &f, 0, size, &rule), REACH_LATER);
	rig_close(&r);
}

/* --- released packets ---------------------------------------------------------------------------------- */

/* Only what always comes is looked at. */
static void released_packets(void **state)
{
	struct rig r = { .rules = NULL };
	struct packet p;

	(void)state;
	rig_open(&r,
		 "alert tcp any any -> any any (flags:F+; sid:1;)\n"
		 "alert tcp any any -> any any (dsize:>1; sid:2;)\n"
		 "alert tcp any any -> any any (content:\"abc\"; sid:3;)\n"
		 "alert pkthdr any any -> any any (decode-event:ipv4.opt_pad_required; sid:4;)\n"
		 "alert tcp any any -> any any (flow:not_established; sid:5;)\n"
		 "alert tcp any any -> any any (sid:6;)\n");
	p = rig_tcp("abc", 3, TCP_ACK);
	assert_string_equal(rig_inspect(&r, &p), "2 3 5 6");
	p.released = true;
	assert_string_equal(rig_inspect(&r, &p), "");
	p = rig_tcp("abc", 3, TCP_ACK | TCP_FIN);
	p.released = true;
	assert_string_equal(rig_inspect(&r, &p), "1");
	p = rig_tcp("abc", 3, TCP_ACK);
	p.released = true;
	packet_event(&p, EVENT_DECODE_IPV4_OPT_PAD_REQUIRED);
	assert_string_equal(rig_inspect(&r, &p), "4");
	rig_close(&r);
}

/* Of payload that is closed neither bytes nor length are looked at. */
static void closed_payload(void **state)
{
	struct rig r = { .rules = NULL };
	struct packet p;

	(void)state;
	rig_open(&r, "alert tcp any any -> any any (dsize:>1; sid:1;)\n"
		     "alert tcp any any -> any any (dsize:3; sid:2;)\n"
		     "alert tcp any any -> any any (dsize:<9; sid:3;)\n"
		     "alert tcp any any -> any any (dsize:!9; sid:4;)\n"
		     "alert tcp any any -> any any (content:\"abc\"; sid:5;)\n"
		     "alert tcp any any -> any any (dsize:2<>9; sid:6;)\n"
		     "alert tcp any any -> any any (flow:not_established; sid:7;)\n");
	p = rig_tcp("abc", 3, TCP_ACK);
	assert_string_equal(rig_inspect(&r, &p), "1 2 3 4 5 6 7");
	p.no_payload_inspection = true;
	assert_string_equal(rig_inspect(&r, &p), "3 7");
	rig_close(&r);
}

static void bypass(void **state)
{
	struct rig r = { .rules = NULL };
	struct packet p;

	(void)state;
	rig_open(&r, "alert udp any any -> any any (content:\"abc\"; bypass; noalert; sid:1;)\n"
		     "alert udp any any -> any 53 (sid:2;)\n");
	p = rig_udp("abc", 3);
	assert_string_equal(rig_inspect(&r, &p), "2");
	assert_true(p.bypass);
	p = rig_udp("abd", 3);
	assert_string_equal(rig_inspect(&r, &p), "2");
	assert_false(p.bypass);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reaches),	  cmocka_unit_test(flows),
		cmocka_unit_test(closed_flows),	  cmocka_unit_test(special_flows),
		cmocka_unit_test(closed_payload), cmocka_unit_test(released_packets),
		cmocka_unit_test(bypass),
	};

	return cmocka_run_group_tests_name("reach", tests, NULL, NULL);
}
