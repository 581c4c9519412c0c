/* SPDX-License-Identifier: Apache-2.0 */
/* The key of a flow is the same here and in the program that looks it up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/weir_verdict.h"
#include "engine/decode/decode.h"
#include "engine/run/worker_release.h"
#include "tests/bpf/packets.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define KEY 0x5eed

static const struct {
	const char *words;
	unsigned keys; /* that the program looks up: one for each layer with ports */
} rows[] = {
	{ "eth ip4 tcp=1000:80 data=8", 1 },
	{ "eth ip4 tcp=80:1000 data=8", 1 },
	{ "eth ip4 udp=53:53 data=8", 1 },
	{ "eth ip6 tcp=1000:80 data=8", 1 },
	{ "eth ip6 udp=9:8 data=8", 1 },
	{ "eth ip4 sctp=5:7 data=8", 1 },
	{ "eth vlan=5 ip4 tcp=1000:80 data=8", 1 },
	{ "eth vlan=5 vlan=6 ip4 tcp=1000:80 data=8", 1 },
	{ "eth ip4 ip4 tcp=1000:80 data=8", 1 },
	{ "eth ip6 ip4 udp=1000:80 data=8", 1 },
	{ "eth ip4 ip6 tcp=1000:80 data=8", 1 },
	{ "eth ip4 gre ip4 tcp=1000:80 data=8", 1 },
	{ "eth ip4 gre+key ip6 udp=1000:53 data=8", 1 },
	{ "eth vlan=5 ip4 gre ip4 tcp=1000:80 data=8", 1 },
	{ "eth ip4 gre eth ip4 tcp=1000:80 data=8", 1 },
	{ "eth ip4 udp=1000:4789 vxlan eth ip4 tcp=1000:80 data=8", 2 },
	{ "eth vlan=5 ip4 udp=1000:4789 vxlan eth ip6 udp=1000:53 data=8", 2 },
	{ "eth ip4 ip4 ip4 tcp=1000:80 data=8", 1 },
};

struct asked {
	struct weir_flow_key key[8];
	unsigned count;
};

static struct weir_flow *ask(void *arg, const struct weir_flow_key *key)
{
	struct asked *a = arg;

	assert_true(a->count < ROWS(a->key));
	a->key[a->count++] = *key;
	return NULL;
}

static void want_all(struct weir_plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->wants.any_port = plan->wants.any_net = WEIR_CLASSES_ALL;
	plan->wants.tunnels.vxlan[0] = 4789;
}

static bool has_ports(const struct packet *p)
{
	return p->has_l4 &&
	       (p->proto == IP_PROTO_TCP || p->proto == IP_PROTO_UDP || p->proto == IP_PROTO_SCTP);
}

static void keys(void **state)
{
	static struct counters counters;
	static struct packet_set set;
	static struct weir_plan plan;

	(void)state;
	want_all(&plan);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct made made = { .at = 0 };
		struct asked asked = { .count = 0 };
		struct weir_memory m = { .plan = &plan, .key = KEY, .flow = ask, .arg = &asked };
		struct decoder d = { .options = { .vxlan = true }, .counters = &counters };
		struct frame f = { .link = LINK_ETHERNET };
		unsigned found = 0;
		struct weir_walk w;
		size_t len;

		m.data = f.data = made_frame(&made, rows[i].words, &len);
		m.len = f.len = f.wire_len = (uint32_t)len;
		weir_walk_init(&w);
		weir_judge(&m, &w, len);
		decode_frame(&d, &f, &set);
		for (unsigned k = 0; k < set.count; k++) {
			struct weir_flow_key key;

			if (!has_ports(&set.packets[k]))
				continue;
			worker_release_key(&set.packets[k], KEY, &key);
			for (unsigned n = 0; n < asked.count; n++)
				found += !memcmp(&key, &asked.key[n], sizeof(key));
		}
		if (asked.count != rows[i].keys || found != rows[i].keys)
			print_message("%s: %u asked for, %u the same\n", rows[i].words, asked.count,
				      found);
		assert_int_equal(asked.count, rows[i].keys);
		assert_int_equal(found, rows[i].keys);
	}
}

/* Both directions have one key; which of them is which is told. */
static void ways(void **state)
{
	struct packet p = { .src = { .bytes = { 10, 0, 0, 1 } },
			    .dst = { .bytes = { 10, 0, 0, 2 } },
			    .sport = 80,
			    .dport = 9,
			    .ip_version = 4,
			    .proto = IP_PROTO_TCP },
		      back = p;
	struct weir_flow_key a, b;

	(void)state;
	back.src = p.dst;
	back.dst = p.src;
	back.sport = p.dport;
	back.dport = p.sport;
	assert_int_equal(worker_release_key(&p, KEY, &a), 0);
	assert_int_equal(worker_release_key(&back, KEY, &b), 1);
	assert_memory_equal(&a, &b, sizeof(a));
	/* With itself: by ports. */
	p.dst = p.src;
	assert_int_equal(worker_release_key(&p, KEY, &a), 1);
	p.sport = 9;
	p.dport = 80;
	assert_int_equal(worker_release_key(&p, KEY, &b), 0);
	assert_memory_equal(&a, &b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
		cmocka_unit_test(ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
