/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/savings.h"

#include <inttypes.h>

#include "engine/detect/reach.h"

/* Rules that are named. */
#define NAMED 3

struct detect_needs settings_needs(const struct settings *s)
{
	struct detect_needs n = { .decode = s->decode };

	for (unsigned i = 0; i < s->output_count; i++) {
		const struct output_options *o = &s->outputs[i];

		for (int kind = 0; kind < RECORD__COUNT; kind++) {
			if (!o->wants[kind])
				continue;
			switch ((enum record_kind)kind) {
			case RECORD_ALERT:
				n.flow_counts |= o->format == OUTPUT_EVE && o->alert.flow;
				break;
			case RECORD_ANOMALY:
				n.anomalies |= o->anomaly.decode || o->anomaly.stream;
				n.every_flow |= o->anomaly.applayer;
				break;
			case RECORD_ARP:
				n.arp = true;
				break;
			case RECORD_STREAM_TCP:
				n.every_flow = true;
				break;
			case RECORD_PACKET:
			case RECORD_DROP:
			case RECORD_STATS:
			case RECORD_ENGINE:
				break;
			default:
				/* Flows, and what is found in them. */
				n.every_flow = true;
				break;
			}
		}
	}
	return n;
}

/* --- the plan ------------------------------------------------------------------------------------ */

static const char *const class_names[WEIR_CLASS__COUNT] = {
	"TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "other protocols",
};

static void print_classes(unsigned classes, FILE *out)
{
	const char *sep = "";

	for (unsigned i = 0; i < WEIR_CLASS__COUNT; i++) {
		if (!(classes >> i & 1))
			continue;
		fprintf(out, "%s%s", sep, class_names[i]);
		sep = ", ";
	}
}

static unsigned ports_of(const struct weir_wants *w, unsigned class)
{
	unsigned first = class == WEIR_CLASS_TCP ? 0 : class == WEIR_CLASS_UDP ? 2 : 4, n = 0;

	for (unsigned i = 0; i < WEIR_PORT_WORDS; i++)
		n += (unsigned)__builtin_popcountll(w->port[first * WEIR_PORT_WORDS + i] |
						    w->port[(first + 1) * WEIR_PORT_WORDS + i]);
	return n;
}

/* Classes that some rule wants in some way. */
static unsigned wanted_classes(const struct weir_plan *plan)
{
	unsigned nets = plan->wants.any_net, ports = plan->wants.any_port;

	for (unsigned i = 0; i < plan->nets; i++)
		nets |= plan->net[i].wants.src | plan->net[i].wants.dst;
	for (unsigned class = 0; class < WEIR_CLASS__COUNT; class ++) {
		if ((WEIR_CLASSES_PORTS >> class & 1) && ports_of(&plan->wants, class))
			ports |= 1u << class;
	}
	return nets & ports;
}

static void print_ports(unsigned n, FILE *out)
{
	fprintf(out, " of %u port%s", n, n == 1 ? "" : "s");
}

static void print_wanted(const struct weir_plan *plan, FILE *out)
{
	unsigned wanted = wanted_classes(plan);

	fprintf(out, "plan       keeps what no rule and no record asks for; what goes up:\n");
	for (unsigned class = 0; class < WEIR_CLASS__COUNT; class ++) {
		bool any_net = plan->wants.any_net >> class & 1;

		if (!(wanted >> class & 1))
			continue;
		fprintf(out, "           %s", class_names[class]);
		if (!(plan->wants.any_port >> class & 1) && (WEIR_CLASSES_PORTS >> class & 1))
			print_ports(ports_of(&plan->wants, class), out);
		fprintf(out, "%s\n", any_net ? "" : " of the networks that rules name");
	}
	if (wanted != WEIR_CLASSES_ALL) {
		fprintf(out, "           nothing of ");
		print_classes(WEIR_CLASSES_ALL & ~wanted, out);
		fprintf(out, "\n");
	}
}

static void print_plan(const struct settings *s, const struct weir_plan *plan, FILE *out)
{
	struct detect_needs needs = settings_needs(s);

	if (needs.anomalies)
		fprintf(out,
			"plan       keeps nothing: anomaly records of decoder or stream want every "
			"packet\n");
	else if (needs.every_flow)
		fprintf(out, "plan       keeps nothing of IP: flow records want every flow\n");
	else if (plan->wants.flags & WEIR_PLAN_ALL)
		fprintf(out,
			"plan       keeps nothing: rules on decoder events want every packet\n");
	else
		print_wanted(plan, out);
}

/* --- release ------------------------------------------------------------------------------------- */

struct holders {
	unsigned count, everywhere; /* everywhere: whatever the addresses and ports */
	uint32_t rule[NAMED];
};

static void find_holders(const struct ruleset *rs, unsigned class, struct holders *h)
{
	const struct section *s = &rs->block->holders[class];
	const struct holder *held = block_at(rs->block, s->offset);

	*h = (struct holders){ .count = 0 };
	for (uint32_t i = 0; i < s->count; i++) {
		const struct rule_row *row = &rs->row[held[i].rule];

		/* Those that end hold nothing up for long. */
		if (row->reach != REACH_PACKET && row->reach != REACH_FLOW &&
		    row->reach != REACH_STREAM)
			continue;
		h->everywhere += !row->src && !row->dst && !row->sport && !row->dport;
		if (h->count < NAMED)
			h->rule[h->count] = held[i].rule;
		h->count++;
	}
}

static void print_holders(const struct ruleset *rs, unsigned class, FILE *out)
{
	const struct rule_cold *cold = block_at(rs->block, rs->block->cold.offset);
	struct holders h;

	find_holders(rs, class, &h);
	if (!h.count) {
		fprintf(out, "           no rule keeps %s flows up longer\n", class_names[class]);
		return;
	}
	fprintf(out, "           %u rule%s keep%s %s flows up that %s header admits%s:", h.count,
		h.count == 1 ? "" : "s", h.count == 1 ? "s" : "", class_names[class],
		h.count == 1 ? "its" : "their", h.everywhere ? ", which is any flow" : "");
	for (unsigned i = 0; i < h.count && i < NAMED; i++)
		fprintf(out, "%s %" PRIu32 ":%" PRIu32, i ? "," : "", cold[h.rule[i]].gid,
			cold[h.rule[i]].sid);
	fprintf(out, "%s\n", h.count > NAMED ? ", ..." : "");
}

static void print_release(const struct settings *s, const struct ruleset *rs, FILE *out)
{
	if (!s->release) {
		fprintf(out, "release    is off: release is 'no'\n");
		return;
	}
	if (!s->stream.depth) {
		fprintf(out,
			"release    lets nothing go: stream.reassembly.depth is 0, no limit\n");
	} else {
		fprintf(out,
			"release    lets a direction of a flow go after %" PRIu32
			" bytes (stream.reassembly.depth)\n",
			s->stream.depth);
		if (rs) {
			print_holders(rs, PROTO_TCP, out);
			print_holders(rs, PROTO_UDP, out);
			fprintf(out, "           weir rules --reach lists such rules and why\n");
		}
	}
	if (s->app.enabled[0] & ~s->app.encrypted_full &
	    (APP_PROTO_BIT(APP_PROTO_TLS) | APP_PROTO_BIT(APP_PROTO_SSH)))
		fprintf(out,
			"           and TLS or SSH once it is encrypted, but for rules that do not "
			"look at payload\n");
	if (s->elephant_bytes)
		fprintf(out,
			"           and any flow after %" PRIu64 " bytes, whatever rules want "
			"(flow.elephant)\n",
			s->elephant_bytes);
}

void savings_print(const struct settings *s, const struct ruleset *rs, const struct weir_plan *plan,
		   FILE *out)
{
	if (plan)
		print_plan(s, plan, out);
	print_release(s, rs, out);
}
