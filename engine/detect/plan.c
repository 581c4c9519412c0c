/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each rule is wanted at its narrower ports and its narrower addresses, for each class of protocol.
 * The networks of all rules are cut at every end of one, so that no two overlap.
 */
#include "engine/detect/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/event.h"
#include "engine/detect/eval.h"
#include "engine/detect/ruleset.h"

static_assert((int)WEIR_CLASS_TCP == (int)PROTO_TCP && (int)WEIR_CLASS_UDP == (int)PROTO_UDP &&
		      (int)WEIR_CLASS_ICMP == (int)PROTO_ICMP &&
		      (int)WEIR_CLASS_ICMPV6 == (int)PROTO_ICMPV6 &&
		      (int)WEIR_CLASS_SCTP == (int)PROTO_SCTP &&
		      (int)WEIR_CLASS_OTHER == (int)PROTO_OTHER,
	      "classes are those of rules");

/* Past so many sets of addresses, or ranges in them, the plan wants any address. */
#define SETS_MAX 1024
#define RANGES_MAX 8192

typedef unsigned __int128 number;

/* Addresses as numbers, both ends in it, and what is wanted there. */
struct range {
	number low, high;
	struct weir_net_wants wants;
};

struct ranges {
	struct range *range;
	size_t count, room;
};

/* An address set of the block, which has equal ones once. */
struct set {
	uint32_t at;
	struct weir_net_wants wants;
};

struct planner {
	struct weir_plan *plan;
	const struct ruleset *rs;
	const struct detect_needs *needs;
	struct set set[SETS_MAX];
	unsigned sets;
	struct ranges v4, v6;
	int err;
};

enum side { SIDE_SRC = 1 << 0, SIDE_DST = 1 << 1 };

/* --- ports ------------------------------------------------------------------------------------------ */

static const struct port_block *port_block(const struct planner *p, uint32_t at)
{
	return block_at(p->rs->block, at);
}

static unsigned ports_in(const struct port_block *b)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < b->count; i++)
		n += (unsigned)b->range[i].high - b->range[i].low + 1;
	return n;
}

static unsigned port_set(unsigned class)
{
	return class == WEIR_CLASS_TCP ? 0 : class == WEIR_CLASS_UDP ? 2 : 4;
}

static void want_ports(struct planner *p, unsigned class, unsigned sides,
		       const struct port_block *b)
{
	for (unsigned side = 0; side < 2; side++) {
		__u64 *set =
			p->plan->wants.port + (size_t)(port_set(class) + side) * WEIR_PORT_WORDS;

		if (!(sides >> side & 1))
			continue;
		for (uint32_t i = 0; i < b->count; i++) {
			for (unsigned port = b->range[i].low; port <= b->range[i].high; port++)
				set[port / 64] |= 1ULL << (port & 63);
		}
	}
}

/* --- addresses --------------------------------------------------------------------------------------- */

static number number_of(const struct ip_addr *a)
{
	number n = 0;

	for (unsigned i = 0; i < 16; i++)
		n = n << 8 | a->bytes[i];
	return n;
}

static void want_range(struct planner *p, struct ranges *r, struct range want)
{
	struct range *grown;

	if (p->err)
		return;
	if (r->count == r->room) {
		size_t room = r->room ? r->room * 2 : 64;

		grown = realloc(r->range, room * sizeof(*grown));
		if (!grown) {
			p->err = -ENOMEM;
			return;
		}
		r->range = grown;
		r->room = room;
	}
	r->range[r->count++] = want;
}

static void want_addresses(struct planner *p, uint16_t classes, unsigned sides, uint32_t at)
{
	struct set *set = NULL;

	for (unsigned i = 0; i < p->sets && !set; i++)
		set = p->set[i].at == at ? &p->set[i] : NULL;
	if (!set && p->sets == SETS_MAX) {
		p->plan->wants.any_net |= classes;
		return;
	}
	if (!set) {
		set = &p->set[p->sets++];
		*set = (struct set){ .at = at };
	}
	set->wants.src |= sides & SIDE_SRC ? classes : 0;
	set->wants.dst |= sides & SIDE_DST ? classes : 0;
}

static struct weir_net_wants without(struct weir_net_wants w, unsigned class)
{
	w.src &= (uint16_t) ~(1u << class);
	w.dst &= (uint16_t) ~(1u << class);
	return w;
}

static void add_set(struct planner *p, const struct set *set)
{
	const struct address_block *b = block_at(p->rs->block, set->at);
	const struct range_v4 *v4 = (const void *)(b + 1);
	const struct range_v6 *v6 = (const void *)(v4 + b->v4_count);
	struct weir_net_wants wants;

	if (p->v4.count + b->v4_count > RANGES_MAX || p->v6.count + b->v6_count > RANGES_MAX) {
		p->plan->wants.any_net |= set->wants.src | set->wants.dst;
		return;
	}
	/* ICMP of the other version goes up whatever the plan says. */
	wants = without(set->wants, WEIR_CLASS_ICMPV6);
	for (uint32_t i = 0; i < b->v4_count; i++)
		want_range(p, &p->v4, (struct range){ v4[i].low, v4[i].high, wants });
	wants = without(set->wants, WEIR_CLASS_ICMP);
	for (uint32_t i = 0; i < b->v6_count; i++) {
		want_range(p, &p->v6,
			   (struct range){ number_of(&v6[i].low), number_of(&v6[i].high), wants });
	}
}

static int compare_numbers(const void *a, const void *b)
{
	number x = *(const number *)a, y = *(const number *)b;

	return x < y ? -1 : x > y;
}

static struct weir_net_wants wants_at(const struct ranges *r, number at, uint16_t any)
{
	struct weir_net_wants w = { 0, 0 };

	for (size_t i = 0; i < r->count; i++) {
		if (at < r->range[i].low || at > r->range[i].high)
			continue;
		w.src |= r->range[i].wants.src;
		w.dst |= r->range[i].wants.dst;
	}
	/* What is wanted anywhere needs no network. */
	w.src &= (uint16_t)~any;
	w.dst &= (uint16_t)~any;
	return w;
}

/* One prefix.  False: there is no room for it. */
static bool add_net(struct weir_plan *plan, unsigned version, number low, unsigned bits,
		    struct weir_net_wants wants)
{
	struct weir_net *n;

	if (plan->nets == WEIR_PLAN_NETS_MAX)
		return false;
	n = &plan->net[plan->nets++];
	*n = (struct weir_net){ .version = (uint8_t)version,
				.bits = (uint8_t)bits,
				.wants = wants };
	for (unsigned i = 0, len = version == 4 ? 4 : 16; i < len; i++)
		n->address[i] = (uint8_t)(low >> (8 * (len - 1 - i)));
	return true;
}

/* A range as the fewest prefixes. */
static bool add_prefixes(struct weir_plan *plan, unsigned version, number low, number high,
			 struct weir_net_wants wants)
{
	unsigned width = version == 4 ? 32 : 128;

	for (;;) {
		unsigned host = 0;

		/* As long as it begins on the larger block's edge, and that ends within. */
		while (host < width) {
			number mask = host + 1 == 128 ? ~(number)0 : ((number)1 << (host + 1)) - 1;

			if ((low & mask) || (low | mask) > high)
				break;
			host++;
		}
		if (!add_net(plan, version, low, width - host, wants))
			return false;
		low |= host == 128 ? ~(number)0 : ((number)1 << host) - 1;
		if (low >= high)
			return true;
		low++;
	}
}

/* Cut the ranges at their ends, and write what is between two cuts. */
static bool add_ranges(struct planner *p, unsigned version, const struct ranges *r)
{
	number *cut = malloc((r->count * 2 + 1) * sizeof(*cut));
	number last = version == 4 ? UINT32_MAX : ~(number)0;
	size_t cuts = 0;
	bool ok = true;

	if (!cut) {
		p->err = -ENOMEM;
		return false;
	}
	for (size_t i = 0; i < r->count; i++) {
		cut[cuts++] = r->range[i].low;
		if (r->range[i].high != last)
			cut[cuts++] = r->range[i].high + 1;
	}
	qsort(cut, cuts, sizeof(*cut), compare_numbers);
	for (size_t i = 0, next; ok && i < cuts; i = next) {
		struct weir_net_wants w = wants_at(r, cut[i], p->plan->wants.any_net);

		/* On to where something else is wanted. */
		for (next = i + 1; next < cuts; next++) {
			struct weir_net_wants n = wants_at(r, cut[next], p->plan->wants.any_net);

			if (n.src != w.src || n.dst != w.dst)
				break;
		}
		if (w.src || w.dst)
			ok = add_prefixes(p->plan, version, cut[i],
					  next < cuts ? cut[next] - 1 : last, w);
	}
	free(cut);
	return ok;
}

static uint16_t classes_in(const struct ranges *r)
{
	uint16_t classes = 0;

	for (size_t i = 0; i < r->count; i++)
		classes |= r->range[i].wants.src | r->range[i].wants.dst;
	return classes;
}

static void add_nets(struct planner *p)
{
	struct weir_plan *plan = p->plan;

	for (unsigned i = 0; i < p->sets; i++)
		add_set(p, &p->set[i]);
	if (!p->err && add_ranges(p, 4, &p->v4) && add_ranges(p, 6, &p->v6))
		return;
	/* Too many: any address for all that have some. */
	plan->wants.any_net |= classes_in(&p->v4) | classes_in(&p->v6);
	plan->nets = 0;
}

/* --- rules ---------------------------------------------------------------------------------------------- */

/* Whose packets may have an event; WEIR_PLAN_ALL in *flags: anyone's. */
static uint16_t event_classes(unsigned event, uint32_t *flags)
{
	static const struct {
		const char *layer;
		uint16_t classes;
	} layers[] = {
		{ "tcp.", 1u << WEIR_CLASS_TCP },	{ "udp.", 1u << WEIR_CLASS_UDP },
		{ "sctp.", 1u << WEIR_CLASS_SCTP },	{ "icmpv4.", 1u << WEIR_CLASS_ICMP },
		{ "icmpv6.", 1u << WEIR_CLASS_ICMPV6 },
	};
	const char *name = event_name((enum event)event);

	if (!event_is_decode((enum event)event))
		return 1u << WEIR_CLASS_TCP;
	for (size_t i = 0; name && i < sizeof(layers) / sizeof(layers[0]); i++) {
		if (!strncmp(name, layers[i].layer, strlen(layers[i].layer)))
			return layers[i].classes;
	}
	*flags |= WEIR_PLAN_ALL;
	return 0;
}

/* The rule's conditions that say for whose packets it can hold. */
struct scope {
	uint16_t classes;
	bool event;
	uint32_t flags;
};

/* ICMP of the other IP version goes up whatever the plan says: a rule on one version needs it not. */
static uint16_t without_other_icmp(const struct planner *p, const struct rule_row *row)
{
	bool v4 = !(row->need & NEED_V6), v6 = !(row->need & NEED_V4);
	const uint32_t sets[2] = { row->src, row->dst };
	uint16_t out = 0;

	for (unsigned i = 0; i < 2; i++) {
		const struct address_block *b = sets[i] ? block_at(p->rs->block, sets[i]) : NULL;

		v4 &= !b || b->v4_count;
		v6 &= !b || b->v6_count;
	}
	out |= v4 ? 0 : 1u << WEIR_CLASS_ICMP;
	out |= v6 ? 0 : 1u << WEIR_CLASS_ICMPV6;
	return (uint16_t)~out;
}

static struct scope scope_of(const struct planner *p, const struct rule_row *row)
{
	struct scope s = { .classes = row->protos & without_other_icmp(p, row) };

	/* Nothing else carries protocols that are parsed. */
	if (row->app)
		s.classes &= 1u << WEIR_CLASS_TCP | 1u << WEIR_CLASS_UDP;
	for (unsigned i = 0; i < row->packet_conds; i++) {
		const struct cond *c = &p->rs->cond[row->conds + i];
		struct packet of = { .proto = (uint8_t)c->number.low };

		if (c->kind == COND_IP_PROTO && c->op == COMPARE_EQ && c->number.low <= 255)
			s.classes &= (uint16_t)(1u << eval_proto(&of));
		if (c->kind == COND_EVENT && !s.event) {
			s.event = true;
			s.classes = event_classes(c->bits.value, &s.flags);
		}
	}
	return s;
}

/* One direction of the flow is not enough to decide. */
static bool needs_both(const struct planner *p, const struct rule_row *row, unsigned class)
{
	/* An address-only rule is tried once for each direction of a flow, while it lasts. */
	return class == WEIR_CLASS_TCP || p->needs->flow_counts || row->kind == RULE_IP_ONLY ||
	       row->kind == RULE_TX || row->kind == RULE_FRAME || row->app ||
	       (row->flags & (ROW_BIDIRECTIONAL | ROW_ACTS_ON_FLOW | ROW_ACTS_ON_FLOW_STREAM)) ||
	       (row->need & (NEED_FLOW | NEED_ESTABLISHED | NEED_NOT_ESTABLISHED)) ||
	       row->state_conds || row->post_conds;
}

/* False: the class cannot match at all. */
static bool plan_ports(struct planner *p, const struct rule_row *row, unsigned class)
{
	const struct port_block *src, *dst, *b;
	unsigned side;

	if (!(row->more & ROW_PORTS)) {
		p->plan->wants.any_port |= (uint16_t)(1u << class);
		return true;
	}
	if (!(WEIR_CLASSES_PORTS >> class & 1))
		return false;
	src = row->sport ? port_block(p, row->sport) : NULL;
	dst = row->dport ? port_block(p, row->dport) : NULL;
	b = !src || (dst && ports_in(dst) <= ports_in(src)) ? dst : src;
	side = b == dst ? SIDE_DST : SIDE_SRC;
	want_ports(p, class, needs_both(p, row, class) ? SIDE_SRC | SIDE_DST : side, b);
	return true;
}

static void plan_nets(struct planner *p, const struct rule_row *row, uint16_t classes, bool both)
{
	const struct address_block *src = row->src ? block_at(p->rs->block, row->src) : NULL;
	const struct address_block *dst = row->dst ? block_at(p->rs->block, row->dst) : NULL;
	const struct address_block *b;
	unsigned side;

	if (!classes)
		return;
	if (!src && !dst) {
		p->plan->wants.any_net |= classes;
		return;
	}
	b = !src || (dst && dst->v4_count + dst->v6_count <= src->v4_count + src->v6_count) ? dst
											    : src;
	side = b == dst ? SIDE_DST : SIDE_SRC;
	want_addresses(p, classes, both ? SIDE_SRC | SIDE_DST : side,
		       b == dst ? row->dst : row->src);
}

static void plan_rule(struct planner *p, const struct rule_row *row)
{
	struct scope s = scope_of(p, row);
	uint16_t both = 0, one = 0;

	p->plan->wants.flags |= s.flags;
	if (s.event) {
		p->plan->wants.any_port |= s.classes;
		p->plan->wants.any_net |= s.classes;
		return;
	}
	for (unsigned class = 0; class < WEIR_CLASS__COUNT; class ++) {
		if (!(s.classes >> class & 1) || !plan_ports(p, row, class))
			continue;
		if (needs_both(p, row, class))
			both |= (uint16_t)(1u << class);
		else
			one |= (uint16_t)(1u << class);
	}
	plan_nets(p, row, both, true);
	plan_nets(p, row, one, false);
}

/* --- outputs, tunnels ------------------------------------------------------------------------------------- */

static void plan_needs(struct planner *p)
{
	struct weir_wants *w = &p->plan->wants;

	if (p->needs->anomalies)
		w->flags |= WEIR_PLAN_ALL;
	if (p->needs->arp)
		w->flags |= WEIR_PLAN_NOT_IP;
	if (p->needs->every_flow) {
		w->any_port = WEIR_CLASSES_ALL;
		w->any_net = WEIR_CLASSES_ALL;
	}
}

static unsigned add_tunnel(const struct decode_ports *ports, uint16_t registered, uint16_t *out)
{
	unsigned n = 0;

	if (!ports->count)
		out[n++] = registered;
	for (unsigned i = 0; i < ports->count && i < DECODE_PORTS_MAX; i++)
		out[n++] = ports->port[i];
	return n;
}

static void plan_tunnels(struct planner *p)
{
	const struct decode_options *d = &p->needs->decode;
	struct weir_tunnels *t = &p->plan->wants.tunnels;
	unsigned n = 0;

	static_assert(WEIR_TUNNEL_PORTS >= DECODE_PORTS_MAX, "all ports of VXLAN fit");
	static_assert(WEIR_OPAQUE_PORTS >= 3 * DECODE_PORTS_MAX, "those of the three others too");
	if (d->vxlan)
		add_tunnel(&d->vxlan_ports, 4789, t->vxlan);
	if (d->teredo)
		n = add_tunnel(&d->teredo_ports, 3544, t->opaque);
	if (d->geneve)
		n += add_tunnel(&d->geneve_ports, 6081, t->opaque + n);
	if (d->gtpu)
		add_tunnel(&d->gtpu_ports, 2152, t->opaque + n);
	t->opaque_any = d->teredo && d->teredo_ports.any;
}

/* A port that is wanted anyway needs no bit: two plans for the same are the same. */
static void forget_ports(struct weir_wants *w)
{
	for (unsigned class = 0; class < WEIR_CLASS__COUNT; class ++) {
		if (WEIR_CLASSES_PORTS & w->any_port & 1u << class)
			memset(w->port + (size_t)port_set(class) * WEIR_PORT_WORDS, 0,
			       2 * WEIR_PORT_WORDS * sizeof(w->port[0]));
	}
}

int detect_plan(const struct ruleset *rs, const struct detect_needs *needs, struct weir_plan *out)
{
	struct planner p = { .plan = out, .rs = rs, .needs = needs };

	memset(out, 0, sizeof(*out));
	plan_needs(&p);
	plan_tunnels(&p);
	for (uint32_t i = 0; i < rs->block->rules.count; i++)
		plan_rule(&p, &rs->row[i]);
	/* Of a host that a rule tags any packet may be recorded. */
	if (rs->block->has_tag & 2)
		out->wants.any_port = out->wants.any_net = WEIR_CLASSES_ALL;
	forget_ports(&out->wants);
	add_nets(&p);
	if (p.err)
		out->wants.flags |= WEIR_PLAN_ALL;
	free(p.v4.range);
	free(p.v6.range);
	return p.err;
}
