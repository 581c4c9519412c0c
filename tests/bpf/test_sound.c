/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Soundness: rule sets and packets are drawn from one small alphabet (8 hosts, 8 ports, 6
 * protocols, VLANs, tunnels, fragments, options).  What detection alerts on must have gone up, and where
 * the flow's counters are wanted the same packet the other way round too; by the walk in
 * memory and, where the kernel lets a program be loaded, by the program.  And the test must be able to fail: a plan with one
 * bit cleared is found out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "bpf/weir_program.h"
#include "bpf/weir_verdict.h"
#include "engine/detect/plan.h"
#include "tests/bpf/packets.h"
#include "tests/unit/detect_rig.h"

#define SETS 10
#define PACKETS 10000
#define MUTANTS 80
#define WORDS_MAX 256

static uint64_t seed = 0x2545f4914f6cdd1d;

static unsigned draw(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 33) % n);
}

static const unsigned ports[8] = { 22, 25, 53, 80, 443, 1000, 8080, 50000 };
static const struct decode_options tunnels = {
	.teredo = true, .vxlan = true, .geneve = true, .gtpu = true
};

/* --- rules --------------------------------------------------------------------------------------------- */

/* Outer headers of tunnels, which are neither TCP nor UDP for the most part, have 10.1.0.0/16. */
static const char *address(char *out, size_t room, bool some, bool outer)
{
	switch (some ? draw(6) : 6) {
	case 0:
		snprintf(out, room, "10.%u.0.%u", outer, 1 + draw(8));
		break;
	case 1:
		snprintf(out, room, "[10.%u.0.%u,fd0%u::%u]", outer, 1 + draw(8), outer,
			 1 + draw(8));
		break;
	default:
		snprintf(out, room, "any");
		break;
	}
	return out;
}

static const char *port(char *out, size_t room, bool some)
{
	if (some)
		snprintf(out, room, "%u", ports[draw(8)]);
	else
		snprintf(out, room, "any");
	return out;
}

static size_t rule(char *out, size_t room, unsigned sid)
{
	static const char *const protos[] = { "tcp", "udp", "sctp", "icmp", "tcp-pkt", "ip" };
	static const char *const options[] = { "", "", "ttl:64; ", "dsize:>2; ", "ip_proto:47; " };
	unsigned proto = draw(8) ? draw(5) : 5;
	bool has_ports = proto < 3 || proto == 4;
	char src[64], dst[64], sport[16], dport[16];
	const char *option = options[proto == 5 ? 4 : draw(4)];
	unsigned side = draw(16) ? draw(2) : 2;
	bool src_some = draw(2);

	return (size_t)snprintf(out, room, "alert %s %s %s %s %s %s (%ssid:%u;)\n", protos[proto],
				address(src, sizeof(src), src_some, proto == 5),
				port(sport, sizeof(sport), has_ports && side != 0),
				draw(6) ? "->" : "<>",
				address(dst, sizeof(dst), !src_some, proto == 5),
				port(dport, sizeof(dport), has_ports && side != 1), option, sid);
}

/* --- packets ------------------------------------------------------------------------------------------- */

struct shot {
	uint8_t bytes[320], mirror[320];
	size_t len, mirror_len;
	bool alerted;
};

/* The words of a packet, and of the same the other way. */
static void words(char *out, char *back)
{
	static const char *const links[] = {
		"eth", "eth", "eth vlan=5", "eth qinq=5 vlan=6", "eth qinq=5 vlan=6 vlan=7", "eth"
	};
	static const char *const outers[] = { "ip4 gre ", "ip6 gre+key ", "ip4 ",
					      "ip4 udp=1000:4789 vxlan eth ", "ip4 ip4 " };
	static const char *const odds[] = { "+opt", "+first", "+later", "+ihl4", "+short" };
	static const char *const flags[] = { "", "", "", "", "", "", "+syn", "+fin" };
	bool v6 = draw(3) == 0;
	const char *odd = draw(12) ? "" : odds[draw(5)];
	unsigned sport = ports[draw(8)], dport = ports[draw(8)], kind = draw(8);
	char head[WORDS_MAX / 2];

	snprintf(head, sizeof(head), "%s %s%s%s%s", draw(40) ? links[draw(4)] : links[4],
		 draw(4) ? "" : outers[draw(5)], v6 ? "ip6" : "ip4", v6 ? "" : odd,
		 v6 && !draw(6) ? " hop" : "");
	if (kind < 5) {
		static const char *const l4[] = { "tcp", "tcp", "udp", "udp", "sctp" };
		const char *f = kind < 2 ? flags[draw(8)] : "";

		snprintf(out, WORDS_MAX, "%s %s%s=%u:%u data=%u", head, l4[kind], f, sport, dport,
			 draw(8));
		snprintf(back, WORDS_MAX, "%s %s%s=%u:%u data=4", head, l4[kind], f, dport, sport);
		return;
	}
	if (kind < 7)
		snprintf(out, WORDS_MAX, "%s %s data=%u", head, v6 ? "icmp6=128" : "icmp=8",
			 draw(8));
	else
		snprintf(out, WORDS_MAX, "%s proto=89 data=%u", head, draw(40));
	memcpy(back, out, WORDS_MAX);
}

static size_t make(const char *text, const unsigned hosts[4], bool turned, uint8_t *out)
{
	struct made m = { .at = 0 };
	size_t len;
	const uint8_t *frame;

	m.src[0] = hosts[turned];
	m.dst[0] = hosts[!turned];
	m.src[1] = hosts[2 + turned];
	m.dst[1] = hosts[3 - turned];
	frame = made_frame(&m, text, &len);
	assert_true(len <= sizeof(((struct shot *)0)->bytes));
	memcpy(out, frame, len);
	return len;
}

static void shoot(struct shot *s)
{
	char text[WORDS_MAX], back[WORDS_MAX];
	unsigned hosts[4];

	for (unsigned i = 0; i < 4; i++)
		hosts[i] = 1 + draw(8);
	words(text, back);
	s->len = make(text, hosts, false, s->bytes);
	s->mirror_len = make(back, hosts, true, s->mirror);
}

/* --- both sides ---------------------------------------------------------------------------------------- */

static bool alerts(struct rig *r, const struct shot *s)
{
	static struct packet_set set;
	struct frame f = { .data = s->bytes, .len = (uint32_t)s->len, .link = LINK_ETHERNET };
	struct decoder d = { .options = tunnels, .counters = &r->counters };
	bool any = false;

	decode_frame(&d, &f, &set);
	for (unsigned i = set.count; i-- > 0;) {
		detect_packet(r->detector, &set.packets[i], &r->result);
		any |= r->result.alerts > 0;
	}
	return any;
}

static bool goes_up(const struct weir_plan *plan, const uint8_t *frame, size_t len)
{
	struct weir_memory m = { .data = frame, .len = (__u32)len, .plan = plan };
	struct weir_walk w;

	weir_walk_init(&w);
	return weir_judge(&m, &w, len) < WEIR_KEPT_FIRST;
}

static bool program_sends_up(const struct weir_program *p, const uint8_t *frame, size_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (__u32)len);

	assert_int_equal(bpf_prog_test_run_opts(p->program, &opts), 0);
	return opts.retval == XDP_PASS;
}

/* --- a plan with a bit less ------------------------------------------------------------------------------ */

/* The n-th set bit of what is wanted, cleared.  False: there are not so many. */
static bool clear_bit(struct weir_plan *plan, unsigned n)
{
	uint16_t *small[2 + 2 * 64];
	unsigned smalls = 0;

	small[smalls++] = &plan->wants.any_port;
	small[smalls++] = &plan->wants.any_net;
	for (unsigned i = 0; i < plan->nets && i < 64; i++) {
		small[smalls++] = &plan->net[i].wants.src;
		small[smalls++] = &plan->net[i].wants.dst;
	}
	for (unsigned i = 0; i < smalls; i++) {
		for (unsigned bit = 0; bit < 16; bit++) {
			if ((*small[i] >> bit & 1) && n-- == 0) {
				*small[i] &= (uint16_t) ~(1u << bit);
				return true;
			}
		}
	}
	for (unsigned i = 0; i < WEIR_PORT_SETS * WEIR_PORT_WORDS; i++) {
		for (uint64_t left = plan->wants.port[i]; left; left &= left - 1) {
			if (n-- == 0) {
				plan->wants.port[i] &= ~(left & -left);
				return true;
			}
		}
	}
	return false;
}

static bool found_out(const struct weir_plan *plan, const struct shot *shots)
{
	for (unsigned i = 0; i < PACKETS; i++) {
		const struct shot *s = &shots[i];

		if (!s->alerted)
			continue;
		if (!goes_up(plan, s->bytes, s->len) || !goes_up(plan, s->mirror, s->mirror_len))
			return true;
	}
	return false;
}

/* How many of the mutants of this plan are found out. */
static unsigned try_mutants(const struct weir_plan *plan, const struct shot *shots, unsigned *tried)
{
	static struct weir_plan mutant;
	unsigned bits = 0, found = 0;

	for (bool more = true; more; bits += more) {
		mutant = *plan;
		more = clear_bit(&mutant, bits);
	}
	for (unsigned i = 0; bits && i < MUTANTS; i++) {
		mutant = *plan;
		clear_bit(&mutant, draw(bits));
		found += found_out(&mutant, shots);
		++*tried;
	}
	return found;
}

/* --- the property ---------------------------------------------------------------------------------------- */

static struct weir_program *load(void)
{
	const struct weir_config config = { .send = WEIR_SEND_PASS,
					    .slots = 1,
					    .kept_action = XDP_DROP };
	struct weir_program *p = NULL;
	char log[4096];
	int err = weir_program_load(WEIR_OBJECT_XDP, &config, 16, log, sizeof(log), &p);

	if (err)
		print_message("# in memory only: no program can be loaded here (%s)\n",
			      strerror(-err));
	return p;
}

static void soundness(void **state)
{
	struct detect_needs needs = { .decode = tunnels };
	struct shot *shots = calloc(PACKETS, sizeof(*shots));
	struct weir_plan *plan = calloc(1, sizeof(*plan));
	unsigned alerted = 0, kept = 0, tried = 0, found = 0;
	struct weir_program *p = load();

	(void)state;
	assert_non_null(shots);
	assert_non_null(plan);
	for (unsigned set = 0; set < SETS; set++) {
		unsigned rules = 4 + draw(4);
		struct rig r = { .rules = NULL };
		char text[4096];
		size_t at = 0;

		for (unsigned i = 0; i < rules; i++)
			at += rule(text + at, sizeof(text) - at, i + 1);
		rig_open(&r, text);
		/* Every other plan wants the answers, too: only there every bit can be missed. */
		needs.flow_counts = set % 2 == 0;
		assert_int_equal(detect_plan(r.rules, &needs, plan), 0);
		if (p)
			assert_int_equal(weir_program_plan(p, plan), 0);
		for (unsigned i = 0; i < PACKETS; i++) {
			struct shot *s = &shots[i];
			bool up;

			shoot(s);
			s->alerted = alerts(&r, s);
			up = goes_up(plan, s->bytes, s->len);
			alerted += s->alerted;
			kept += !up;
			if (s->alerted && !up)
				fail_msg("set %u, packet %u alerts and is kept:\n%s", set, i, text);
			if (s->alerted && needs.flow_counts &&
			    !goes_up(plan, s->mirror, s->mirror_len))
				fail_msg("set %u, packet %u: its answer is kept:\n%s", set, i,
					 text);
			if (p && program_sends_up(p, s->bytes, s->len) != up)
				fail_msg("set %u, packet %u: the program differs:\n%s", set, i,
					 text);
		}
		if (needs.flow_counts)
			found += try_mutants(plan, shots, &tried);
		rig_close(&r);
	}
	weir_program_close(p);
	print_message("# %u packets: %u alert, %u are kept; %u of %u mutants found out\n",
		      SETS * PACKETS, alerted, kept, found, tried);
	assert_true(alerted >= SETS * PACKETS / 5);
	assert_true(kept >= SETS * PACKETS / 5);
	assert_true(found * 100 >= tried * 95);
	free(plan);
	free(shots);
}

/* --- released flows ---------------------------------------------------------------------------------------- */

/* Every rule that is tried in a released flow: decoder events, and flags that not every packet has. */
static char *rules_on_what_comes(void)
{
	static const char *const flags[] = { "0", "S", "F+", "R+", "SF*", "FPU", "!A" };
	char *text = calloc(1, 64 << 10);
	unsigned sid = 1;
	size_t at = 0;

	assert_non_null(text);
	for (int e = 0; e < EVENT__COUNT; e++) {
		if (event_is_decode((enum event)e) && event_name((enum event)e))
			at += (size_t)sprintf(text + at,
					      "alert pkthdr any any -> any any (decode-event:%s; "
					      "sid:%u;)\n",
					      event_name((enum event)e), sid++);
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		at += (size_t)sprintf(text + at,
				      "alert tcp any any -> any any (flags:%s; sid:%u;)\n",
				      flags[i], sid++);
	return text;
}

/* Every flow is released. */
static struct weir_flow *any_flow(void *arg, const struct weir_flow_key *key)
{
	static struct weir_flow all;

	(void)arg;
	(void)key;
	all.cleared = 0;
	return &all;
}

/* Headers that somebody has been at. */
static void damage(struct shot *s)
{
	size_t end = s->len < 80 ? s->len : 80;

	for (unsigned n = draw(4); n > 0; n--)
		s->bytes[14 + draw((unsigned)(end - 14))] = (uint8_t)draw(256);
}

/* Returns the rule of an alert, UINT32_MAX: none. */
static uint32_t alerts_released(struct rig *r, const struct shot *s)
{
	static struct packet_set set;
	struct frame f = { .data = s->bytes, .len = (uint32_t)s->len, .link = LINK_ETHERNET };
	struct decoder d = { .options = tunnels, .counters = &r->counters };
	uint32_t any = UINT32_MAX;

	decode_frame(&d, &f, &set);
	for (unsigned i = set.count; i-- > 0;) {
		struct packet *p = &set.packets[i];

		p->released = p->has_l4 && (p->proto == IP_PROTO_TCP || p->proto == IP_PROTO_UDP ||
					    p->proto == IP_PROTO_SCTP);
		detect_packet(r->detector, p, &r->result);
		if (r->result.alerts)
			any = r->result.alert[0].rule;
	}
	return any;
}

/* What a released packet is looked at for is never in one that the kernel keeps. */
static void released(void **state)
{
	struct detect_needs needs = { .decode = tunnels };
	struct weir_plan *plan = calloc(1, sizeof(*plan));
	char *text = rules_on_what_comes();
	struct rig r = { .rules = NULL };
	unsigned alerted = 0, kept = 0;

	(void)state;
	assert_non_null(plan);
	rig_open(&r, text);
	assert_int_equal(detect_plan(r.rules, &needs, plan), 0);
	for (unsigned i = 0; i < SETS * PACKETS; i++) {
		struct shot s;
		struct weir_memory m = { .data = s.bytes, .plan = plan, .flow = any_flow };
		struct weir_walk w;
		uint32_t rule;
		bool up;

		shoot(&s);
		damage(&s);
		m.len = (__u32)s.len;
		weir_walk_init(&w);
		up = weir_judge(&m, &w, s.len) < WEIR_KEPT_FIRST;
		kept += !up;
		rule = alerts_released(&r, &s);
		if (rule == UINT32_MAX)
			continue;
		alerted++;
		if (!up) {
			struct rule_info info;

			ruleset_rule(r.rules, rule, &info);
			fail_msg("packet %u alerts and is kept: %s", i, info.text);
		}
	}
	print_message("# %u packets of released flows: %u alert, %u are kept\n", SETS * PACKETS,
		      alerted, kept);
	assert_true(alerted >= SETS * PACKETS / 5);
	assert_true(kept >= SETS * PACKETS / 10);
	rig_close(&r);
	free(text);
	free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(soundness),
		cmocka_unit_test(released),
	};

	return cmocka_run_group_tests_name("bpf/sound", tests, NULL, NULL);
}
