/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of packets and flows made by hand: the whole line, byte for byte.
 * With WEIR_EVE_LINES=FILE in the environment every line that a test compares is also written to
 * FILE, for tests/unit/check-eve.sh to hold against the schema.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "engine/output/eve.h"
#include "engine/output/output.h"
#include "engine/output/payload.h"

#define START_NS 1700000032123456789 /* 2023-11-14T22:13:52.123456 */
#define HEAD "{\"timestamp\":\"2023-11-14T22:13:52.123456+0000\","

static FILE *lines;

struct page {
	char text[65536];
	struct buf out;
};

static struct page *page_new(size_t size)
{
	struct page *pl = calloc(1, sizeof(*pl));

	assert_non_null(pl);
	pl->out = (struct buf){ .data = pl->text, .size = size };
	return pl;
}

/* What was written is expected, nothing else; forgets it. */
static void expect(struct page *pl, const char *expected)
{
	assert_false(pl->out.full);
	assert_true(pl->out.len < sizeof(pl->text));
	pl->text[pl->out.len] = '\0';
	assert_string_equal(pl->text, expected);
	if (lines && expected[0] == '{')
		fputs(expected, lines);
	pl->out.len = 0;
}

static struct ip_addr v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	uint8_t wire[4] = { a, b, c, d };

	return ip_addr_v4(wire);
}

/* fe80::last */
static struct ip_addr v6(uint8_t last)
{
	uint8_t wire[16] = { 0xfe, 0x80 };

	wire[15] = last;
	return ip_addr_v6(wire);
}

static const uint8_t frame_bytes[] = {
	2,   0,	 0,  0,	 0,    2,    2,	   0,
	0,   0,	 0,  1,	 0x81, 0,    0,	   5, /* Ethernet, VLAN 5 */
	8,   0,	 0,  0,	 0,    0,    0,	   0,
	0,   0,	 0,  0,	 0,    0,    0,	   0, /* IPv4, part */
	0,   0,	 0,  0,	 0,    0,    0x04, 0x57,
	0,   53, 0,  28, 0,    0,    't',  'a', /* UDP */
	'b', 9,	 13, 10, 0x80, 0x7f, '"',  '\\',
};

static struct packet udp_packet(void)
{
	struct packet p = {
		.data = bytes_of(frame_bytes, sizeof(frame_bytes)),
		.payload = bytes_of(frame_bytes + 46, 10),
		.number = 37,
		.time_ns = START_NS,
		.src = v4(10, 0, 0, 1),
		.dst = v4(10, 0, 0, 2),
		.sport = 1111,
		.dport = 53,
		.ip_version = 4,
		.proto = IP_PROTO_UDP,
		.ttl = 64,
		.vlans = 1,
		.vlan = { 5 },
		.has_ip = true,
		.has_l4 = true,
		.l3_offset = 18,
		.l4_offset = 38,
		.l3_len = 48,
		.ip_id = 7,
		.ether_type = 0x800,
		.mac_src = { 2, 0, 0, 0, 0, 1 },
		.mac_dst = { 2, 0, 0, 0, 0, 2 },
		.has_mac = true,
		.link = LINK_ETHERNET,
	};

	return p;
}

static struct packet tcp_packet(void)
{
	struct packet p = udp_packet();

	p.proto = IP_PROTO_TCP;
	p.src = v4(1, 1, 1, 1);
	p.dst = v4(2, 2, 2, 2);
	p.sport = 12345;
	p.dport = 8080;
	p.tcp = (struct packet_tcp){
		.seq = 5,
		.ack = 6,
		.window = 999,
		.urgent = 3,
		.flags = TCP_SYN | TCP_ACK,
		.reserved = 15,
	};
	return p;
}

static struct flow flow_of(const struct packet *p)
{
	struct flow f = {
		.client = p->src,
		.server = p->dst,
		.client_port = p->sport,
		.server_port = p->dport,
		.proto = p->proto,
		.ip_version = p->ip_version & 15,
		.vlans = p->vlans,
		.vlan = { p->vlan[0], p->vlan[1], p->vlan[2] },
		.start_ns = p->time_ns,
		.last_ns = p->time_ns + 1900000000,
		.packets = { 4, 3 },
		.bytes = { 244, 178 },
		.min_ttl = { 63, 60 },
		.max_ttl = { 64, 61 },
	};

	return f;
}

static struct rule_info some_rule(void)
{
	struct rule_info r = {
		.sid = 2,
		.gid = 1,
		.rev = 9,
		.priority = 3,
		.msg = "a \"quoted\" msg",
		.class_text = "Potentially Bad Traffic",
		.text = "alert udp any any -> any any (sid:2;)",
		.metadata_json = "{\"created_at\":[\"2001\"]}",
		.references_json = "[\"https://x.com/y\"]",
	};

	return r;
}

#define PACKET_HEAD \
	"\"vlan\":[5],\"src_ip\":\"10.0.0.1\",\"src_port\":1111,\"dest_ip\":\"10.0.0.2\"," \
	"\"dest_port\":53,\"proto\":\"UDP\",\"ip_v\":4,\"pkt_src\":\"wire/pcap\","
#define ALERT_HEAD \
	"\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":2,\"rev\":9," \
	"\"signature\":\"a \\\"quoted\\\" msg\",\"category\":\"Potentially Bad Traffic\"," \
	"\"severity\":3"

static void alert_of_stock_options(void **state)
{
	struct page *pl = page_new(sizeof(pl->text));
	struct output_env env = { .flows = NULL };
	struct packet p = udp_packet();
	struct flow f = flow_of(&p);
	struct rule_info rule = some_rule();
	struct alert a = { .rule = 0 };
	struct output_options o;

	(void)state;
	output_options_stock(&o);
	output_alert(&o, &env, &p, &a, &rule, ACTION_ALERT, &pl->out);
	expect(pl, HEAD "\"pcap_cnt\":37,\"event_type\":\"alert\"," PACKET_HEAD ALERT_HEAD
			",\"metadata\":{\"created_at\":[\"2001\"]}}}\n");

	p.flow = &f;
	p.direction = 1;
	output_alert(&o, &env, &p, &a, &rule, ACTION_ALERT, &pl->out);
	expect(pl, HEAD "\"pcap_cnt\":37,\"event_type\":\"alert\"," PACKET_HEAD
			"\"community_id\":\"1:kKqoDR/zUg6/jbgxj5w9HbCPnbs=\"," ALERT_HEAD
			",\"metadata\":{\"created_at\":[\"2001\"]}},\"direction\":\"to_client\","
			"\"flow\":{\"pkts_toserver\":4,\"pkts_toclient\":3,\"bytes_toserver\":244,"
			"\"bytes_toclient\":178,\"start\":\"2023-11-14T22:13:52.123456+0000\","
			"\"src_ip\":\"10.0.0.2\",\"dest_ip\":\"10.0.0.1\",\"src_port\":53,"
			"\"dest_port\":1111}}\n");
	free(pl);
}

static void alert_of_all_options(void **state)
{
	struct page *pl = page_new(sizeof(pl->text));
	struct output_env env = { .interface = "eth0",
				  .capture_file = "/in/a.pcap",
				  .inline_mode = true };
	struct packet p = udp_packet();
	struct rule_info rule = some_rule();
	struct alert a = { .flags = ALERT_DROPS };
	struct output_options o;

	(void)state;
	output_options_stock(&o);
	o.ethernet = o.pcap_file = true;
	o.sensor_name = "sens";
	o.alert.payload = o.alert.payload_printable = o.alert.payload_length = true;
	o.alert.packet = o.alert.verdict = o.alert.rule_references = o.alert.rule_text = true;
	rule.target = TARGET_DEST;
	output_alert(&o, &env, &p, &a, &rule, ACTION_DROP, &pl->out);
	expect(pl,
	       HEAD "\"in_iface\":\"eth0\",\"pcap_cnt\":37,\"event_type\":\"alert\"," PACKET_HEAD
		    "\"ether\":{\"ether_type\":33024,\"src_mac\":\"02:00:00:00:00:01\","
		    "\"dest_mac\":\"02:00:00:00:00:02\"},"
		    "\"alert\":{\"action\":\"blocked\",\"gid\":1,\"signature_id\":2,\"rev\":9,"
		    "\"signature\":\"a \\\"quoted\\\" msg\","
		    "\"category\":\"Potentially Bad Traffic\",\"severity\":3,"
		    "\"source\":{\"ip\":\"10.0.0.1\",\"port\":1111},"
		    "\"target\":{\"ip\":\"10.0.0.2\",\"port\":53},"
		    "\"references\":[\"https://x.com/y\"],\"metadata\":{\"created_at\":[\"2001\"]},"
		    "\"rule\":\"alert udp any any -> any any (sid:2;)\"},"
		    "\"payload\":\"dGFiCQ0KgH8iXA==\",\"payload_length\":10,"
		    "\"payload_printable\":\"tab.\\r\\n..\\\"\\\\\",\"stream\":0,"
		    "\"packet\":\"AgAAAAACAgAAAAABgQAABQgAAAAAAAAAAAAAAAAAAAAAAAAAAAAEVwA1"
		    "ABwAAHRhYgkNCoB/Ilw=\","
		    "\"packet_info\":{\"linktype\":1,\"linktype_name\":\"EN10MB\"},"
		    "\"verdict\":{\"action\":\"drop\"},\"host\":\"sens\","
		    "\"pcap_filename\":\"/in/a.pcap\"}\n");
	free(pl);
}

static void alert_without_ip_or_in_a_tunnel(void **state)
{
	struct page *pl = page_new(sizeof(pl->text));
	struct output_env env = { .flows = NULL };
	struct packet outer = udp_packet();
	struct packet p = udp_packet();
	struct rule_info rule = { .sid = 1, .gid = 1, .priority = 3, .msg = "", .class_text = "" };
	struct alert a = { .rule = 0 };
	struct output_options o;

	(void)state;
	output_options_stock(&o);
	p.has_ip = false;
	p.vlans = 0;
	output_alert(&o, &env, &p, &a, &rule, ACTION_ALERT, &pl->out);
	expect(pl, HEAD "\"pcap_cnt\":37,\"event_type\":\"alert\",\"pkt_src\":\"wire/pcap\","
			"\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":1,\"rev\":0,"
			"\"signature\":\"\",\"category\":\"\",\"severity\":3}}\n");

	outer.proto = IP_PROTO_GRE;
	p = udp_packet();
	p.vlans = 0;
	p.ip_version = 6;
	p.src = v6(1);
	p.dst = v6(2);
	p.proto = IP_PROTO_ICMPV6;
	p.icmp_type = 128;
	p.outer = &outer;
	p.depth = 1;
	p.source = PACKET_GRE;
	o.alert.verdict = true;
	a.flags = ALERT_REJECTS;
	output_alert(&o, &env, &p, &a, &rule, ACTION_REJECT_BOTH, &pl->out);
	expect(pl, HEAD "\"event_type\":\"alert\","
			"\"src_ip\":\"fe80:0000:0000:0000:0000:0000:0000:0001\","
			"\"dest_ip\":\"fe80:0000:0000:0000:0000:0000:0000:0002\","
			"\"proto\":\"IPv6-ICMP\",\"ip_v\":6,\"icmp_type\":128,\"icmp_code\":0,"
			"\"pkt_src\":\"gre tunnel\","
			"\"alert\":{\"action\":\"blocked\",\"gid\":1,\"signature_id\":1,\"rev\":0,"
			"\"signature\":\"\",\"category\":\"\",\"severity\":3},"
			"\"tunnel\":{\"src_ip\":\"10.0.0.1\",\"src_port\":0,"
			"\"dest_ip\":\"10.0.0.2\",\"dest_port\":0,\"proto\":\"GRE\",\"depth\":1,"
			"\"pcap_cnt\":37,\"pkt_src\":\"wire/pcap\"},"
			"\"verdict\":{\"action\":\"alert\",\"reject-target\":\"both\","
			"\"reject\":[\"icmp-prohib\"]}}\n");
	free(pl);
}

static void drops(void **state)
{
	static const uint8_t ip6[] = { 0x62, 0x81, 0x23, 0x45 };
	struct page *pl = page_new(sizeof(pl->text));
	struct output_env env = { .inline_mode = true };
	struct packet p = udp_packet();
	struct rule_info rule = some_rule();
	struct alert a = { .flags = ALERT_DROPS };
	struct output_options o;

	(void)state;
	output_options_stock(&o);
	output_drop(&o, &env, &p, &a, &rule, "rules", ACTION_DROP, &pl->out);
	expect(pl, HEAD "\"pcap_cnt\":37,\"event_type\":\"drop\"," PACKET_HEAD
			"\"drop\":{\"len\":48,\"tos\":0,\"ttl\":64,\"ipid\":7,\"udplen\":28,"
			"\"reason\":\"rules\"}}\n");

	p = tcp_packet();
	p.vlans = 0;
	p.ip_version = 6;
	p.src = v6(1);
	p.dst = v6(2);
	p.data = bytes_of(ip6, sizeof(ip6));
	p.l3_offset = 0;
	p.l3_len = 62;
	p.tos = 0x28;
	p.ttl = 77;
	o.drop.verdict = o.drop.alerts = true;
	output_drop(&o, &env, &p, &a, &rule, "flow drop", ACTION_REJECT_DST, &pl->out);
	expect(pl, HEAD "\"pcap_cnt\":37,\"event_type\":\"drop\","
			"\"src_ip\":\"fe80:0000:0000:0000:0000:0000:0000:0001\",\"src_port\":12345,"
			"\"dest_ip\":\"fe80:0000:0000:0000:0000:0000:0000:0002\","
			"\"dest_port\":8080,\"proto\":\"TCP\",\"ip_v\":6,"
			"\"pkt_src\":\"wire/pcap\",\"drop\":{\"len\":22,\"tc\":40,\"hoplimit\":77,"
			"\"flowlbl\":74565,\"tcpseq\":5,\"tcpack\":6,\"tcpwin\":999,\"syn\":true,"
			"\"ack\":true,\"psh\":false,\"rst\":false,\"urg\":false,\"fin\":false,"
			"\"tcpres\":15,\"tcpurgp\":3,\"reason\":\"flow drop\"},"
			"\"verdict\":{\"action\":\"drop\",\"reject-target\":\"to_server\","
			"\"reject\":[\"tcp-reset\"]},"
			"\"alert\":{\"action\":\"blocked\",\"gid\":1,\"signature_id\":2,\"rev\":9,"
			"\"signature\":\"a \\\"quoted\\\" msg\","
			"\"category\":\"Potentially Bad Traffic\",\"severity\":3,"
			"\"metadata\":{\"created_at\":[\"2001\"]}}}\n");
	free(pl);
}

static void anomalies_and_arp(void **state)
{
	static const uint8_t arp[] = { 0,    1,	   8,	 0,    6,  4,  0,  2, 0, 0x1d,
				       9,    0xf0, 0x92, 0xab, 10, 10, 10, 1, 0, 0x1a,
				       0x6b, 0x6c, 0xc,	 0xcc, 10, 10, 10, 2 };
	static const struct packet_overlap versions = {
		.offset = 70, .len = 3, .older = "one", .newer = "two"
	};
	struct page *pl = page_new(sizeof(pl->text));
	struct output_env env = { .flows = NULL };
	struct packet p = udp_packet();
	struct output_options o;

	(void)state;
	output_options_stock(&o);
	o.anomaly.packet_header = true;
	output_anomaly(&o, &env, &p, EVENT_DECODE_UDP_LEN_INVALID, &pl->out);
	expect(pl, HEAD "\"pcap_cnt\":37,\"event_type\":\"anomaly\"," PACKET_HEAD
			"\"anomaly\":{\"type\":\"decode\",\"event\":\"decoder.udp.len_invalid\"},"
			"\"packet\":\"AgAAAAACAgAAAAABgQAABQgAAAAAAAAAAAAAAAAAAAA=\","
			"\"packet_info\":{\"linktype\":1,\"linktype_name\":\"EN10MB\"}}\n");
	o.anomaly.packet_header = false;
	output_anomaly(&o, &env, &p, EVENT_STREAM_EST_SYNACK_RESEND_WITH_DIFFERENT_ACK, &pl->out);
	expect(pl, HEAD "\"pcap_cnt\":37,\"event_type\":\"anomaly\"," PACKET_HEAD
			"\"anomaly\":{\"type\":\"stream\","
			"\"event\":\"stream.est_synack_resend_with_diff_ack\"}}\n");
	p.overlap = &versions;
	output_anomaly(&o, &env, &p, EVENT_STREAM_REASSEMBLY_OVERLAP_DIFFERENT_DATA, &pl->out);
	expect(pl, HEAD "\"pcap_cnt\":37,\"event_type\":\"anomaly\"," PACKET_HEAD
			"\"anomaly\":{\"type\":\"stream\","
			"\"event\":\"stream.reassembly_overlap_different_data\"},"
			"\"weir\":{\"overlap\":{\"offset\":70,\"length\":3,\"kept\":\"older\","
			"\"older\":\"b25l\",\"newer\":\"dHdv\"}}}\n");

	p.has_ip = false;
	p.vlans = 0;
	p.arp = bytes_of(arp, sizeof(arp));
	output_arp(&o, &env, &p, &pl->out);
	expect(pl, HEAD "\"pcap_cnt\":37,\"event_type\":\"arp\",\"pkt_src\":\"wire/pcap\","
			"\"arp\":{\"hw_type\":\"ethernet\",\"proto_type\":\"ipv4\","
			"\"opcode\":\"reply\",\"src_mac\":\"00:1d:09:f0:92:ab\","
			"\"src_ip\":\"10.10.10.1\",\"dest_mac\":\"00:1a:6b:6c:0c:cc\","
			"\"dest_ip\":\"10.10.10.2\"}}\n");
	/* Cut, or of another kind: no record. */
	p.arp = bytes_of(arp, sizeof(arp) - 1);
	output_arp(&o, &env, &p, &pl->out);
	assert_int_equal(pl->out.len, 0);
	assert_false(pl->out.full);
	free(pl);
}

static void flows(void **state)
{
	struct page *pl = page_new(sizeof(pl->text));
	struct output_env env = { .flows = NULL };
	struct packet p = tcp_packet();
	struct flow f = flow_of(&p);
	struct output_options o;

	(void)state;
	output_options_stock(&o);
	f.state = FLOW_CLOSED;
	f.flags = FLOW_ALERTED | FLOW_DROPPED;
	output_flow(&o, &env, &f, FLOW_END_SHUTDOWN, START_NS, &pl->out);
	expect(pl,
	       HEAD "\"event_type\":\"flow\",\"vlan\":[5],\"src_ip\":\"1.1.1.1\","
		    "\"src_port\":12345,\"dest_ip\":\"2.2.2.2\",\"dest_port\":8080,\"ip_v\":4,"
		    "\"proto\":\"TCP\",\"flow\":{\"pkts_toserver\":4,\"pkts_toclient\":3,"
		    "\"bytes_toserver\":244,\"bytes_toclient\":178,"
		    "\"start\":\"2023-11-14T22:13:52.123456+0000\","
		    "\"end\":\"2023-11-14T22:13:54.023456+0000\",\"age\":2,\"state\":\"closed\","
		    "\"reason\":\"shutdown\",\"alerted\":true,\"action\":\"drop\"},"
		    "\"community_id\":\"1:JMIYLOgtA+vXsy9CncCa94K73Hw=\","
		    "\"tcp\":{\"tcp_flags\":\"00\",\"tcp_flags_ts\":\"00\","
		    "\"tcp_flags_tc\":\"00\"}}\n");

	p.ip_version = 6;
	p.src = v6(1);
	p.dst = v6(2);
	p.proto = IP_PROTO_ICMPV6;
	p.sport = 128;
	p.dport = 0;
	p.vlans = 0;
	f = flow_of(&p);
	output_flow(&o, &env, &f, FLOW_END_TIMEOUT, START_NS, &pl->out);
	expect(pl, HEAD "\"event_type\":\"flow\","
			"\"src_ip\":\"fe80:0000:0000:0000:0000:0000:0000:0001\","
			"\"dest_ip\":\"fe80:0000:0000:0000:0000:0000:0000:0002\",\"ip_v\":6,"
			"\"proto\":\"IPv6-ICMP\",\"icmp_type\":128,\"icmp_code\":0,"
			"\"response_icmp_type\":129,\"response_icmp_code\":0,"
			"\"flow\":{\"pkts_toserver\":4,\"pkts_toclient\":3,\"bytes_toserver\":244,"
			"\"bytes_toclient\":178,\"start\":\"2023-11-14T22:13:52.123456+0000\","
			"\"end\":\"2023-11-14T22:13:54.023456+0000\",\"age\":2,\"state\":\"new\","
			"\"reason\":\"timeout\",\"alerted\":false},"
			"\"community_id\":\"1:3H+V/JVcqh/phPel5utt4dOKqOU=\"}\n");
	free(pl);
}

static void netflows(void **state)
{
	struct page *pl = page_new(sizeof(pl->text));
	struct output_env env = { .flows = NULL };
	struct packet p = udp_packet();
	struct flow f = flow_of(&p);
	struct output_options o;

	(void)state;
	output_options_stock(&o);
	o.community_id = false;
	f.proto = IP_PROTO_ESP;
	f.vlans = 0;
	f.client_port = 1;
	f.server_port = 2;
	output_netflow(&o, &env, &f, START_NS, &pl->out);
	expect(pl,
	       HEAD "\"event_type\":\"netflow\",\"src_ip\":\"10.0.0.1\","
		    "\"dest_ip\":\"10.0.0.2\",\"proto\":\"ESP\",\"spi\":65538,"
		    "\"app_proto\":\"unknown\",\"netflow\":{\"pkts\":4,\"bytes\":244,"
		    "\"start\":\"2023-11-14T22:13:52.123456+0000\","
		    "\"end\":\"2023-11-14T22:13:54.023456+0000\",\"age\":2,\"min_ttl\":63,"
		    "\"max_ttl\":64}}\n" HEAD "\"event_type\":\"netflow\",\"src_ip\":\"10.0.0.2\","
		    "\"dest_ip\":\"10.0.0.1\",\"proto\":\"ESP\",\"spi\":65538,"
		    "\"app_proto\":\"unknown\",\"netflow\":{\"pkts\":3,\"bytes\":178,"
		    "\"start\":\"2023-11-14T22:13:52.123456+0000\","
		    "\"end\":\"2023-11-14T22:13:54.023456+0000\",\"age\":2,\"min_ttl\":60,"
		    "\"max_ttl\":61}}\n");
	f.packets[1] = 0;
	f.proto = 254;
	output_netflow(&o, &env, &f, START_NS, &pl->out);
	expect(pl, HEAD "\"event_type\":\"netflow\",\"src_ip\":\"10.0.0.1\","
			"\"dest_ip\":\"10.0.0.2\",\"proto\":\"254\","
			"\"app_proto\":\"unknown\",\"netflow\":{\"pkts\":4,\"bytes\":244,"
			"\"start\":\"2023-11-14T22:13:52.123456+0000\","
			"\"end\":\"2023-11-14T22:13:54.023456+0000\",\"age\":2,\"min_ttl\":63,"
			"\"max_ttl\":64}}\n");
	free(pl);
}

/* Parts of the stats line; the whole is held against the schema. */
static void stats(void **state)
{
	struct page *pl = page_new(sizeof(pl->text));
	struct output_env env = { .inline_mode = true };
	struct counters counters = { .value = { 0 } };
	struct output_stats s = {
		.time_ns = START_NS,
		.uptime_s = 8,
		.counters = &counters,
		.rules_loaded = 5,
		.rules_skipped = 1,
		.last_reload_ns = START_NS,
		.decoder_events = true,
		.stream_events = true,
		.events_prefix = "decoder.event",
	};
	struct output_options o;
	unsigned leaves = 0;

	(void)state;
	counters.value[COUNTER_DECODER_PKTS] = 3;
	counters.value[COUNTER_DECODER_BYTES] = 301;
	counters.value[COUNTER_FLOW_END_TCP_CLOSED] = 4;
	counters.value[COUNTER_LIMITS_REACHED] = 5;
	counters.event[EVENT_DECODE_IPV4_TRUNC_PKT] = 6;
	output_options_stock(&o);
	output_stats(&o, &env, &s, &pl->out);
	assert_false(pl->out.full);
	pl->text[pl->out.len] = '\0';
	if (lines)
		fputs(pl->text, lines);
	assert_non_null(strstr(pl->text, "\"avg_pkt_size\":100,"));
	assert_non_null(strstr(pl->text, "\"ips\":{\"accepted\":0"));
	pl->out.len = 0;

	/* Consumers count leaves; some stop at 256. */
	s.stream_events = false;
	env.inline_mode = false;
	output_stats(&o, &env, &s, &pl->out);
	pl->text[pl->out.len] = '\0';
	if (lines)
		fputs(pl->text, lines);
	assert_null(strstr(pl->text, "\"ips\""));
	for (const char *at = pl->text; (at = strstr(at, "\":")); at += 2)
		leaves += at[2] != '{';
	assert_in_range(leaves, 150, 249);
	pl->out.len = 0;

	o.stats.null_values = false;
	output_stats(&o, &env, &s, &pl->out);
	expect(pl, HEAD
	       "\"event_type\":\"stats\",\"stats\":{\"uptime\":8,\"decoder\":{\"pkts\":3,"
	       "\"bytes\":301,\"avg_pkt_size\":100,\"event\":{\"ipv4\":{\"trunc_pkt\":6}}},"
	       "\"flow\":{\"end\":{\"tcp_state\":{\"closed\":4}}},"
	       "\"detect\":{\"engines\":[{\"id\":0,"
	       "\"last_reload\":\"2023-11-14T22:13:52.123456+0000\",\"rules_loaded\":5,"
	       "\"rules_failed\":0,\"rules_skipped\":1}]}},\"weir\":{\"limits_reached\":5}}\n");
	free(pl);
}

/* What became of packets: each term is in its place, for all interfaces and for each. */
static void stats_of_interfaces(void **state)
{
	static const struct output_ledger ledger = {
		100, 80, 7, 6, 5, 2, 1, 2, 3, 4, 5, 9, 8, true
	};
	struct page *pl = page_new(sizeof(pl->text));
	struct output_env env = { .interface = NULL };
	struct counters counters = { .value = { 0 } };
	struct output_capture capture = {
		.kernel_packets = 100,
		.kernel_drops = 15,
		.kernel_ifdrops = 8,
		.polls = 4,
		.wakeups = 3,
		.kicks = 2,
		.engines = 1,
		.all = ledger,
		.interfaces = 1,
		.interface = { { "eth0", "span", "AF_XDP copy, driver mode", ledger } },
	};
	static const struct output_rule_cost rules[] = {
		{ 1, 2, 3, "http.uri", 40, 30, 20, 5000 },
		{ 1, 9, 1, "none", 4, 3, 2, 0 },
	};
	static const struct output_filter_hits filters[] = { { 1, 9, 7, 6 } };
	struct output_stats s = { .time_ns = START_NS,
				  .uptime_s = 8,
				  .counters = &counters,
				  .capture = &capture,
				  .rule_costs = rules,
				  .rule_cost_count = 2,
				  .filter_hits = filters,
				  .filter_hit_count = 1 };
	struct output_options o;

	(void)state;
	output_options_stock(&o);
	o.stats.null_values = false;
	output_stats(&o, &env, &s, &pl->out);
#define LEDGER_TEXT \
	"\"entered\":100,\"inspected\":80,\"released\":7,\"unwanted\":6,\"blocked\":5," \
	"\"lost\":{\"ring_full\":1,\"no_fill\":2,\"too_large\":3,\"redirect\":4,\"worker\":5}," \
	"\"in_flight\":2,\"unsure\":9,\"nic_lost\":8,\"holds\":true}"
	expect(pl, HEAD "\"event_type\":\"stats\",\"stats\":{\"uptime\":8,\"capture\":{"
			"\"kernel_packets\":100,\"kernel_drops\":15,\"kernel_ifdrops\":8},"
			"\"decoder\":{\"avg_pkt_size\":0},\"detect\":{\"engines\":[{\"id\":0,"
			"\"rules_loaded\":0,\"rules_failed\":0,\"rules_skipped\":0}]}},"
			"\"weir\":{\"engines\":1,\"polls\":4,\"wakeups\":3,\"kicks\":2,"
			"\"ledger\":{" LEDGER_TEXT ",\"interfaces\":[{\"iface\":\"eth0\","
			"\"mode\":\"span\",\"capture\":\"AF_XDP copy, driver mode\"," LEDGER_TEXT
			"],\"rules\":[{\"gid\":1,\"sid\":2,\"rev\":3,\"buffer\":\"http.uri\","
			"\"candidates\":40,\"checks\":30,\"matches\":20,\"ns\":5000},{\"gid\":1,"
			"\"sid\":9,\"rev\":1,\"buffer\":\"none\",\"candidates\":4,\"checks\":3,"
			"\"matches\":2,\"ns\":0}],\"filters\":[{\"gid\":1,\"sid\":9,"
			"\"suppressed\":7,\"rated\":6}]}}\n");
	pl->out.len = 0;
	output_engine(&o, START_NS, "ledger", "1 \"packet\" too many", &pl->out);
	expect(pl, HEAD "\"event_type\":\"engine\",\"engine\":{\"module\":\"ledger\","
			"\"error\":\"1 \\\"packet\\\" too many\"}}\n");
	free(pl);
}

static void fast_lines(void **state)
{
	struct page *pl = page_new(sizeof(pl->text));
	struct output_env env = { .inline_mode = false };
	struct packet p = udp_packet();
	struct rule_info rule = some_rule();
	struct alert a = { .rule = 0 };
	struct output_options o;

	(void)state;
	output_options_stock(&o);
	o.format = OUTPUT_FAST;
	rule.action = ACTION_DROP;
	output_alert(&o, &env, &p, &a, &rule, ACTION_DROP, &pl->out);
	expect(pl, "11/14/2023-22:13:52.123456  [wDrop] [**] [1:2:9] a \"quoted\" msg [**] "
		   "[Classification: Potentially Bad Traffic] [Priority: 3] {UDP} "
		   "10.0.0.1:1111 -> 10.0.0.2:53\n");
	env.inline_mode = true;
	a.flags = ALERT_DROPS;
	p.proto = IP_PROTO_ICMP;
	p.icmp_type = 3;
	p.icmp_code = 1;
	output_alert(&o, &env, &p, &a, &rule, ACTION_DROP, &pl->out);
	expect(pl, "11/14/2023-22:13:52.123456  [Drop] [**] [1:2:9] a \"quoted\" msg [**] "
		   "[Classification: Potentially Bad Traffic] [Priority: 3] {ICMP} "
		   "10.0.0.1:3 -> 10.0.0.2:1\n");
	a.flags = 0;
	p.proto = 254;
	p.sport = p.dport = 0;
	rule.class_text = "";
	output_alert(&o, &env, &p, &a, &rule, ACTION_ALERT, &pl->out);
	expect(pl, "11/14/2023-22:13:52.123456  [**] [1:2:9] a \"quoted\" msg [**] "
		   "[Classification: (null)] [Priority: 3] {PROTO:254} "
		   "10.0.0.1:0 -> 10.0.0.2:0\n");
	p.has_ip = false;
	p.data = bytes_of(frame_bytes, 17);
	output_alert(&o, &env, &p, &a, &rule, ACTION_ALERT, &pl->out);
	expect(pl, "11/14/2023-22:13:52.123456  [**] [1:2:9] a \"quoted\" msg [**] "
		   "[Classification: (null)] [Priority: 3] [**] [Raw pkt: 02 00 00 00 00 02 02 00 "
		   "00 00 00 01 81 00 00 05 08 ] [pcap file packet: 37]\n");
	free(pl);
}

/* With any room too small for the line there is no line, what stood before stays, and full is told. */
static void never_cut(void **state)
{
	struct page *pl = page_new(sizeof(pl->text));
	struct output_env env = { .interface = "eth0", .capture_file = "/in/a.pcap" };
	struct packet p = udp_packet();
	struct rule_info rule = some_rule();
	struct alert a = { .rule = 0 };
	struct output_options o;

	(void)state;
	output_options_stock(&o);
	o.pcap_file = o.alert.payload = o.alert.payload_printable = o.alert.packet = true;
	for (int format = OUTPUT_EVE; format <= OUTPUT_FAST; format++) {
		size_t whole;

		o.format = (enum output_format)format;
		pl->out = (struct buf){ .data = pl->text, .size = sizeof(pl->text) };
		output_alert(&o, &env, &p, &a, &rule, ACTION_ALERT, &pl->out);
		whole = pl->out.len;
		for (size_t room = 0; room <= whole; room++) {
			pl->out = (struct buf){ .data = pl->text, .size = room + 5 };
			buf_text(&pl->out, "first");
			output_alert(&o, &env, &p, &a, &rule, ACTION_ALERT, &pl->out);
			assert_int_equal(pl->out.full, room < whole);
			assert_int_equal(pl->out.len, room < whole ? 5 : 5 + whole);
		}
		/* One that fits after one that did not: written, and the loss is still told. */
		pl->out = (struct buf){ .data = pl->text, .size = sizeof(pl->text), .full = true };
		output_alert(&o, &env, &p, &a, &rule, ACTION_ALERT, &pl->out);
		assert_true(pl->out.full);
		assert_int_equal(pl->out.len, whole);
	}
	free(pl);
}

struct piece {
	const char *data; /* NULL: missing */
	size_t len;
};

static void payload_pieces(void **state)
{
	static const struct {
		struct piece piece[4];
		size_t limit;
		const char *text, *base64;
	} rows[] = {
		{ { { "VERY", 4 }, { NULL, 4 }, { "DATA", 4 } },
		  4095,
		  "VERY[4 bytes missing]DATA",
		  "VkVSWVs0IGJ5dGVzIG1pc3NpbmddREFUQQ==" },
		{ { { NULL, 4 }, { "GOODDATA", 8 } },
		  4095,
		  "[4 bytes missing]GOODDATA",
		  "WzQgYnl0ZXMgbWlzc2luZ11HT09EREFUQQ==" },
		{ { { "G", 1 }, { "O", 1 }, { "O", 1 }, { "D", 1 } }, 4095, "GOOD", "R09PRA==" },
		{ { { "GO", 2 }, { "OD", 2 } }, 3, "GOO", "R09P" },
		{ { { "GOOD", 4 }, { "LOST", 4 } }, 4, "GOOD", "R09PRA==" },
		{ { { "\x1b\xff\r\n", 4 } }, 9, "..\\r\\n", "G/8NCg==" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int form = PAYLOAD_COUNT; form <= PAYLOAD_PRINTABLE; form++) {
			struct page *pl = page_new(sizeof(pl->text));
			struct payload_sink s;

			payload_begin(&s, (enum payload_form)form, rows[i].limit, &pl->out);
			for (size_t k = 0; k < 4 && rows[i].piece[k].len > 0; k++)
				payload_piece(&s, (const uint8_t *)rows[i].piece[k].data,
					      rows[i].piece[k].len);
			payload_end(&s);
			expect(pl, form == PAYLOAD_COUNT    ? ""
				   : form == PAYLOAD_BASE64 ? rows[i].base64
							    : rows[i].text);
			free(pl);
		}
	}
}

static void community_ids(void **state)
{
	/* The same numbers as other programs give for these flows. */
	static const struct {
		uint8_t proto, version, last[2];
		uint16_t port[2];
		const char *id;
	} rows[] = {
		{ IP_PROTO_ICMP, 4, { 1, 2 }, { 8, 0 }, "1:YcMyyWJfhc95EW1GfXt6jlZ3DiQ=" },
		{ IP_PROTO_ICMP, 4, { 2, 1 }, { 0, 0 }, "1:YcMyyWJfhc95EW1GfXt6jlZ3DiQ=" },
		{ IP_PROTO_ICMPV6, 6, { 1, 2 }, { 128, 0 }, "1:3H+V/JVcqh/phPel5utt4dOKqOU=" },
		{ IP_PROTO_UDP, 6, { 1, 2 }, { 1111, 53 }, "1:my5ztcIm4iRab+SQvWRxmr4oRmU=" },
		{ IP_PROTO_UDP, 6, { 2, 1 }, { 53, 1111 }, "1:my5ztcIm4iRab+SQvWRxmr4oRmU=" },
		{ IP_PROTO_TCP, 6, { 1, 2 }, { 1111, 80 }, "1:1FLUd1X/g7DETOZ4LGlp2GzsHl0=" },
		{ IP_PROTO_SCTP, 4, { 1, 2 }, { 1, 2 }, "1:y8znfYI6u2PkNRo+bO+QEEECMmw=" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char id[COMMUNITY_ID_LEN + 1] = "";
		struct flow f = {
			.proto = rows[i].proto,
			.ip_version = rows[i].version & 15,
			.client_port = rows[i].port[0],
			.server_port = rows[i].port[1],
		};

		f.client = f.ip_version == 4 ? v4(10, 0, 0, rows[i].last[0]) : v6(rows[i].last[0]);
		f.server = f.ip_version == 4 ? v4(10, 0, 0, rows[i].last[1]) : v6(rows[i].last[1]);
		community_id_text(&f, 0, id);
		assert_string_equal(id, rows[i].id);
	}
}

static void times(void **state)
{
	static const struct {
		const char *zone;
		int64_t ns;
		const char *text;
	} rows[] = {
		{ "UTC", 0, "1970-01-01T00:00:00.000000+0000" },
		{ "UTC", -1, "1969-12-31T23:59:59.999999+0000" },
		{ "UTC", 1262626166981507000, "2010-01-04T17:29:26.981507+0000" },
		{ "XYZ-5:30", 1262626167981507000, "2010-01-04T22:59:27.981507+0530" },
		{ "ABC3:30", 1262626168000000999, "2010-01-04T13:59:28.000000-0330" },
		{ "UTC", INT64_MAX, "2262-04-11T23:47:16.854775+0000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[EVE_TIME_LEN + 1] = "";

		setenv("TZ", rows[i].zone, 1);
		tzset();
		eve_time_text(rows[i].ns, text);
		assert_string_equal(text, rows[i].text);
	}
	setenv("TZ", "UTC", 1);
	tzset();
}

/* Each row can be written, documented and placed; no two are the same. */
static void field_table(void **state)
{
	(void)state;
	for (int i = 0; i < EVE_FIELD__COUNT; i++) {
		const struct eve_row *row = &eve_rows[i];
		bool parent = row->object[0] == '\0';

		assert_int_equal(strlen(eve_keys[i].text), eve_keys[i].len);
		/* Copied whole, with the comma and without. */
		assert_true(eve_keys[i].len <= EVE_KEY_BYTES);
		assert_true(row->meaning[0] != '\0');
		assert_int_equal(strspn(row->records, "agdnrvquhlmkpxibftse"),
				 strlen(row->records));
		for (int k = 0; k < EVE_FIELD__COUNT; k++) {
			char path[128];

			snprintf(path, sizeof(path), "%s%s%s", eve_rows[k].object,
				 eve_rows[k].object[0] ? "." : "", eve_rows[k].name);
			parent |= !strcmp(path, row->object);
			if (k != i && !strcmp(row->object, eve_rows[k].object))
				assert_string_not_equal(row->name, eve_rows[k].name);
		}
		/* These two are made by the dots in the names of counters. */
		assert_true(parent || !strcmp(row->object, "stats.decoder") ||
			    !strcmp(row->object, "stats.detect"));
	}
	for (int i = 0; i < COUNTER__COUNT; i++)
		assert_true(eve_counter_meaning((enum counter)i)[0] != '\0');
	assert_null(eve_choice(NULL, 0));
	assert_string_equal(eve_choice("a|b", 1), "b");
	assert_null(eve_choice("a|b", 2));
}

static char *read_file(const char *name)
{
	const char *top = getenv("abs_top_srcdir");
	char path[4096];
	char *text = calloc(1, OUTPUT_DOCUMENT_MAX + 1);
	FILE *f;

	assert_non_null(text);
	snprintf(path, sizeof(path), "%s/%s", top ? top : ".", name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, OUTPUT_DOCUMENT_MAX, f) > 0);
	fclose(f);
	return text;
}

/* `make update-eve` after a change of the table. */
static void documents_are_current(void **state)
{
	char *made = calloc(1, OUTPUT_DOCUMENT_MAX + 1);
	struct buf out = { .data = made, .size = OUTPUT_DOCUMENT_MAX };
	char *file = read_file("docs/eve.schema.json");
	const char *tables;

	(void)state;
	assert_non_null(made);
	output_schema(&out);
	assert_false(out.full);
	assert_true(!strcmp(made, file));
	free(file);

	memset(made, 0, OUTPUT_DOCUMENT_MAX);
	out.len = 0;
	output_markdown(&out);
	assert_false(out.full);
	file = read_file("docs/eve.md");
	tables = strstr(file, "<!-- tables");
	assert_non_null(tables);
	tables = strchr(tables, '\n');
	assert_non_null(tables);
	assert_true(!strcmp(made, tables + 1));
	free(file);
	free(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alert_of_stock_options),
		cmocka_unit_test(alert_of_all_options),
		cmocka_unit_test(alert_without_ip_or_in_a_tunnel),
		cmocka_unit_test(drops),
		cmocka_unit_test(anomalies_and_arp),
		cmocka_unit_test(flows),
		cmocka_unit_test(netflows),
		cmocka_unit_test(stats),
		cmocka_unit_test(stats_of_interfaces),
		cmocka_unit_test(fast_lines),
		cmocka_unit_test(never_cut),
		cmocka_unit_test(payload_pieces),
		cmocka_unit_test(community_ids),
		cmocka_unit_test(times),
		cmocka_unit_test(field_table),
		cmocka_unit_test(documents_are_current),
	};
	const char *path = getenv("WEIR_EVE_LINES");
	int failed;

	setenv("TZ", "UTC", 1);
	tzset();
	if (path)
		lines = fopen(path, "w");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (lines)
		fclose(lines);
	return failed;
}
