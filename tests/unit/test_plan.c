/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/unit/detect_rig.h"

static const char *const classes[] = { "tcp", "udp", "icmp", "icmpv6", "sctp", "other" };

static void add(char *out, const char *format, ...)
{
	size_t at = strlen(out);
	va_list args;

	va_start(args, format);
	vsnprintf(out + at, 1024 - at, format, args);
	va_end(args);
}

static void add_classes(char *out, const char *what, unsigned bits)
{
	if (!bits)
		return;
	add(out, "%s:", what);
	for (unsigned i = 0; i < WEIR_CLASS__COUNT; i++) {
		if (bits >> i & 1)
			add(out, "%s%s", bits & ((1u << i) - 1) ? "," : "", classes[i]);
	}
	add(out, " ");
}

static void add_ports(char *out, const struct weir_wants *w, unsigned set)
{
	static const char *const names[] = { "tcp src", "tcp dst",  "udp src",
					     "udp dst", "sctp src", "sctp dst" };
	unsigned from = 65536, shown = 0;

	for (unsigned port = 0; port <= 65536; port++) {
		bool on = port < 65536 &&
			  w->port[set * WEIR_PORT_WORDS + port / 64] >> (port & 63) & 1;

		if (on && from == 65536)
			from = port;
		if (!on && from != 65536) {
			add(out, shown++ ? "," : "%s=", names[set]);
			add(out, port - 1 == from ? "%u" : "%u-%u", from, port - 1);
			from = 65536;
		}
	}
	if (shown)
		add(out, " ");
}

static const char *text_of(const struct weir_plan *p)
{
	static char out[1024];

	out[0] = '\0';
	if (p->wants.flags & WEIR_PLAN_ALL)
		add(out, "all ");
	if (p->wants.flags & WEIR_PLAN_NOT_IP)
		add(out, "not-ip ");
	add_classes(out, "any port", p->wants.any_port);
	add_classes(out, "any net", p->wants.any_net);
	for (unsigned set = 0; set < WEIR_PORT_SETS; set++)
		add_ports(out, &p->wants, set);
	for (__u32 i = 0; i < p->nets; i++) {
		const struct weir_net *n = &p->net[i];
		struct ip_addr a = { .words = { 0 } };
		char text[IP_ADDR_TEXT];

		memcpy(a.bytes, n->address, 16);
		ip_addr_text(&a, n->version, text);
		add(out, "%s/%u ", text, n->bits);
		add_classes(out, "src", n->wants.src);
		add_classes(out, "dst", n->wants.dst);
	}
	if (out[0])
		out[strlen(out) - 1] = '\0';
	return out;
}

static const struct {
	const char *rules;
	const char *plan;
} rows[] = {
	{ "alert tcp any any -> any 80 (sid:1;)", "any net:tcp tcp src=80 tcp dst=80" },
	{ "alert tcp any 22 -> any any (sid:1;)", "any net:tcp tcp src=22 tcp dst=22" },
	/* Tried once a flow: both directions say how long that is. */
	{ "alert udp any any -> any 53 (sid:1;)", "any net:udp udp src=53 udp dst=53" },
	/* A protocol is known, and its transactions whole, by both. */
	{ "alert dns any any -> any 53 (dns.query; content:\"a\"; sid:1;)",
	  "any net:tcp,udp tcp src=53 tcp dst=53 udp src=53 udp dst=53" },
	{ "alert dns any any -> 10.0.0.1 any (content:\"a\"; sid:1;)",
	  "any port:tcp,udp 10.0.0.1/32 src:tcp,udp dst:tcp,udp" },
	/* Any packet of the host may be recorded. */
	{ "alert udp any any -> any 53 (dsize:>9; tag:host,5,packets,src; sid:1;)",
	  "any port:tcp,udp,icmp,icmpv6,sctp,other any net:tcp,udp,icmp,icmpv6,sctp,other" },
	/* One packet is enough. */
	{ "alert udp any any -> any 53 (dsize:>0; sid:1;)", "any net:udp udp dst=53" },
	{ "alert udp any 53 -> any any (dsize:>0; sid:1;)", "any net:udp udp src=53" },
	/* Which packet is to the server depends on the other direction. */
	{ "alert udp any any -> any 53 (flow:to_server; sid:1;)",
	  "any net:udp udp src=53 udp dst=53" },
	{ "alert udp any any <> any 53 (dsize:>0; sid:1;)", "any net:udp udp src=53 udp dst=53" },
	{ "alert udp any any -> any 53 (flowbits:set,a; sid:1;)",
	  "any net:udp udp src=53 udp dst=53" },
	{ "pass udp any any -> any 53 (sid:1;)", "any net:udp udp src=53 udp dst=53" },
	/* The fewer ports; ranges; two rules. */
	{ "alert udp any 1000:2000 -> any 53 (dsize:>0; sid:1;)", "any net:udp udp dst=53" },
	{ "alert udp any 7 -> any 1000:2000 (dsize:>0; sid:1;)", "any net:udp udp src=7" },
	{ "alert udp any any -> any [53,60:62] (dsize:>0; sid:1;)",
	  "any net:udp udp dst=53,60-62" },
	{ "alert udp any any -> any 53 (dsize:>0; sid:1;)\nalert udp any any -> any 54 (dsize:>0; sid:2;)",
	  "any net:udp udp dst=53-54" },
	/* What is wanted at any port needs no bits. */
	{ "alert udp any any -> any 53 (dsize:>0; sid:1;)\nalert udp any any -> any any (dsize:>0; sid:2;)",
	  "any port:udp any net:udp" },
	{ "alert icmp any any -> any any (dsize:>0; sid:1;)",
	  "any port:icmp,icmpv6 any net:icmp,icmpv6" },
	{ "alert icmp 10.0.0.1 any -> any any (dsize:>0; sid:1;)",
	  "any port:icmp 10.0.0.1/32 src:icmp" },
	{ "alert icmp any any -> fd00::/16 any (dsize:>0; sid:1;)",
	  "any port:icmpv6 fd00:0000:0000:0000:0000:0000:0000:0000/16 dst:icmpv6" },
	{ "alert sctp any any -> any 7 (dsize:>0; sid:1;)", "any net:sctp sctp dst=7" },
	{ "alert ip any any -> any any (sid:1;)",
	  "any port:tcp,udp,icmp,icmpv6,sctp,other any net:tcp,udp,icmp,icmpv6,sctp,other" },
	{ "alert ip any any -> any any (ip_proto:47; sid:1;)", "any port:other any net:other" },
	{ "alert ip any any -> any any (ip_proto:!47; sid:1;)",
	  "any port:tcp,udp,icmp,icmpv6,sctp,other any net:tcp,udp,icmp,icmpv6,sctp,other" },
	{ "alert ip any any -> any 53 (ip_proto:17; dsize:>0; sid:1;)", "any net:udp udp dst=53" },
	/* Networks. */
	{ "alert udp 10.0.0.0/8 any -> any 53 (dsize:>0; sid:1;)",
	  "udp dst=53 10.0.0.0/8 src:udp" },
	{ "alert tcp 10.0.0.0/8 any -> any 80 (sid:1;)",
	  "tcp src=80 tcp dst=80 10.0.0.0/8 src:tcp dst:tcp" },
	{ "alert udp [10.0.0.0/8,10.0.0.0/16,fd00::/16] any -> any any (dsize:>0; sid:1;)",
	  "any port:udp 10.0.0.0/8 src:udp fd00:0000:0000:0000:0000:0000:0000:0000/16 src:udp" },
	{ "alert udp [10.0.0.1,10.0.0.2] any -> any any (dsize:>0; sid:1;)",
	  "any port:udp 10.0.0.1/32 src:udp 10.0.0.2/32 src:udp" },
	{ "alert udp 10.0.0.0/31 any -> any any (dsize:>0; sid:1;)\n"
	  "alert icmp 10.0.0.0/30 any -> any any (dsize:>0; sid:2;)",
	  "any port:udp,icmp 10.0.0.0/31 src:udp,icmp 10.0.0.2/31 src:icmp" },
	/* An exclusion of IPv4 is about IPv4 alone, as in the rule itself. */
	{ "alert udp !0.0.0.0/1 any -> any any (dsize:>0; sid:1;)",
	  "any port:udp 128.0.0.0/1 src:udp" },
	{ "alert udp 10.0.0.1 any -> 10.0.0.2 any (dsize:>0; sid:1;)",
	  "any port:udp 10.0.0.2/32 dst:udp" },
	{ "alert udp 10.0.0.1 any -> any any (dsize:>0; sid:1;)\nalert udp any any -> any 53 (dsize:>0; sid:2;)",
	  "any port:udp any net:udp" },
	/* Events. */
	{ "alert pkthdr any any -> any any (decode-event:tcp.opt_invalid_len; sid:1;)",
	  "any port:tcp any net:tcp" },
	{ "alert tcp any any -> any any (stream-event:rst_invalid_ack; sid:1;)",
	  "any port:tcp any net:tcp" },
	{ "alert pkthdr any any -> any any (decode-event:ethernet.unknown_ethertype; sid:1;)",
	  "all" },
};

static void plan_of(const char *rules, const struct detect_needs *needs, struct weir_plan *plan)
{
	struct rig r = { .rules = NULL };

	rig_open(&r, rules);
	assert_int_equal(detect_plan(r.rules, needs, plan), 0);
	rig_close(&r);
}

static struct weir_plan plan;

static void rules(void **state)
{
	const struct detect_needs none = { .every_flow = false };
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		plan_of(rows[i].rules, &none, &plan);
		if (strcmp(text_of(&plan), rows[i].plan)) {
			print_error("%s\n\t%s\n\texpected %s\n", rows[i].rules, text_of(&plan),
				    rows[i].plan);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void needs(void **state)
{
	const char *rule = "alert udp any any -> any 53 (dsize:>0; sid:1;)";

	(void)state;
	plan_of(rule, &(struct detect_needs){ .flow_counts = true }, &plan);
	assert_string_equal(text_of(&plan), "any net:udp udp src=53 udp dst=53");
	plan_of(rule, &(struct detect_needs){ .arp = true }, &plan);
	assert_string_equal(text_of(&plan), "not-ip any net:udp udp dst=53");
	plan_of(rule, &(struct detect_needs){ .anomalies = true }, &plan);
	assert_string_equal(text_of(&plan), "all any net:udp udp dst=53");
	plan_of(rule, &(struct detect_needs){ .every_flow = true }, &plan);
	assert_string_equal(text_of(&plan), "any port:tcp,udp,icmp,icmpv6,sctp,other "
					    "any net:tcp,udp,icmp,icmpv6,sctp,other");
}

static void tunnels(void **state)
{
	struct detect_needs n = {
		.decode = { .teredo = true, .vxlan = true, .geneve = true, .gtpu = true }
	};
	const char *rule = "alert udp any any -> any 53 (dsize:>0; sid:1;)";

	(void)state;
	plan_of(rule, &n, &plan);
	assert_int_equal(plan.wants.tunnels.vxlan[0], 4789);
	assert_int_equal(plan.wants.tunnels.opaque[0], 3544);
	assert_int_equal(plan.wants.tunnels.opaque[1], 6081);
	assert_int_equal(plan.wants.tunnels.opaque[2], 2152);
	assert_int_equal(plan.wants.tunnels.opaque_any, 0);
	n.decode.teredo_ports.any = true;
	n.decode.vxlan_ports = (struct decode_ports){ .count = 2, .port = { 8472, 4789 } };
	plan_of(rule, &n, &plan);
	assert_int_equal(plan.wants.tunnels.vxlan[0], 8472);
	assert_int_equal(plan.wants.tunnels.vxlan[1], 4789);
	assert_int_equal(plan.wants.tunnels.opaque_any, 1);
}

/* More networks than there is room for: any. */
static void too_many(void **state)
{
	size_t room = (WEIR_PLAN_NETS_MAX + 1) * 32 + 128, at = 0;
	char *text = malloc(room);

	(void)state;
	at += (size_t)snprintf(text, room, "alert udp [");
	for (unsigned i = 0; i <= WEIR_PLAN_NETS_MAX; i++)
		at += (size_t)snprintf(text + at, room - at, "%s10.%u.%u.1", i ? "," : "", i / 256,
				       i % 256);
	snprintf(text + at, room - at, "] any -> any 53 (dsize:>0; sid:1;)");
	plan_of(text, &(struct detect_needs){ .arp = false }, &plan);
	assert_string_equal(text_of(&plan), "any net:udp udp dst=53");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(needs),
		cmocka_unit_test(tunnels),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
