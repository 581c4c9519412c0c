/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/compile_lists.h"

#include <stdlib.h>

#include "engine/detect/eval.h"
#include "engine/detect/pattern.h"
#include "engine/detect/reach.h"
#include "engine/detect/scan_fixed.h"

static void list_add(struct compiler *c, struct rule_list *l, uint32_t item)
{
	if (compiler_room(c, (void **)&l->item, l->count, sizeof(*l->item)))
		l->item[l->count++] = item;
}

static struct section list_section(struct compiler *c, const struct rule_list *l)
{
	return (struct section){ block_add(&c->block, l->item, l->count * sizeof(*l->item)),
				 (uint32_t)l->count };
}

void lists_add_holder(struct compiler *c, const struct rule_row *row, uint32_t number)
{
	for (unsigned i = 0; i < PROTO_CLASS__COUNT; i++) {
		if ((row->protos >> i & 1) && reach_holds(row, i))
			list_add(c, &c->holders[i], number);
	}
}

static struct section holder_section(struct compiler *c, const struct rule_list *l)
{
	uint32_t at = block_room(&c->block, l->count * sizeof(struct holder));
	struct holder *h = block_pointer(&c->block, at);

	for (size_t i = 0; i < l->count && !c->block.failed; i++) {
		const struct rule_row *row = &c->row[l->item[i]];

		h[i] = (struct holder){ l->item[i], reach_needs(row, c->cond + row->conds) };
	}
	return (struct section){ at, (uint32_t)l->count };
}

/* Lengths of payload that a rule's dsize allows; low above high: none. */
struct dsize_range {
	uint64_t low, high;
};

static struct dsize_range dsize_of(const struct rule *r)
{
	struct dsize_range d = { 0, UINT16_MAX };

	for (unsigned i = 0; i < r->options; i++) {
		const struct int_match *m = &r->option[i].number;
		uint64_t low = 0, high = UINT16_MAX;

		if (r->option[i].kind != OPTION_DSIZE)
			continue;
		if (m->op == COMPARE_EQ || m->op == COMPARE_GE || m->op == COMPARE_GT ||
		    m->op == COMPARE_RANGE)
			low = m->low;
		if (m->op == COMPARE_EQ || m->op == COMPARE_LE || m->op == COMPARE_LT)
			high = m->low;
		else if (m->op == COMPARE_RANGE)
			high = m->high;
		d.low = low > d.low ? low : d.low;
		d.high = high < d.high ? high : d.high;
	}
	return d;
}

/* Of rules on one direction of a stream: less than so many bytes have come from the other end; 0: any number. */
static uint32_t peer_below(const struct rule *r, unsigned directions)
{
	uint64_t below = UINT32_MAX;

	for (unsigned i = 0; i < r->options; i++) {
		const struct stream_size_match *s = &r->option[i].stream_size;
		enum compare_op op = s->match.op;

		if (r->option[i].kind != OPTION_STREAM_SIZE ||
		    !(directions == 1 ? s->side == SIDE_SERVER : s->side == SIDE_CLIENT))
			continue;
		if (op == COMPARE_LT && s->match.low < below)
			below = s->match.low;
		else if ((op == COMPARE_LE || op == COMPARE_EQ) && s->match.low + 1 < below)
			below = s->match.low + 1;
	}
	return directions == 3 || below == UINT32_MAX ? 0 : (uint32_t)below;
}

static const struct port_range all_ports = { 0, UINT16_MAX };

/* From the least of its ports to the greatest. */
static struct port_range port_hull(const struct port_set *s)
{
	if (s->any || !s->count)
		return all_ports;
	return (struct port_range){ s->ranges[0].low, s->ranges[s->count - 1].high };
}

static unsigned range_width(struct port_range r)
{
	return r.high - r.low;
}

void lists_set_ports(struct rule_row *row, const struct rule *r)
{
	struct port_range sport = port_hull(&r->sport), dport = port_hull(&r->dport);

	row->ports = all_ports;
	if (r->bidirectional)
		return;
	if (range_width(sport) < range_width(dport))
		row->flags |= ROW_SOURCE_PORTS;
	row->ports = row->flags & ROW_SOURCE_PORTS ? sport : dport;
}

/* All but its need, which is whole only when the rules' home is known. */
static struct always_rule always_of(const struct rule *r, uint32_t number)
{
	struct dsize_range d = dsize_of(r);
	struct always_rule a = { .rule = number,
				 .sport = all_ports,
				 .dport = all_ports,
				 .dsize_low = d.low < UINT16_MAX ? (uint16_t)d.low : UINT16_MAX,
				 .dsize_high = (uint16_t)d.high };

	if (!r->bidirectional) {
		a.sport = port_hull(&r->sport);
		a.dport = port_hull(&r->dport);
	}
	return a;
}

static int by_need(const void *a, const void *b)
{
	const struct always_rule *x = a, *y = b;

	if (x->need != y->need)
		return x->need < y->need ? -1 : 1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* Most packets have not what most of these rules need: they are passed over together. */
static struct section always_section(struct compiler *c, struct always_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		l->item[i].need = c->row[l->item[i].rule].need;
	if (l->count)
		qsort(l->item, l->count, sizeof(*l->item), by_need);
	for (size_t i = l->count; i-- > 0;)
		l->item[i].alike = i + 1 < l->count && l->item[i + 1].need == l->item[i].need
					   ? l->item[i + 1].alike + 1
					   : 1;
	return (struct section){ block_add(&c->block, l->item, l->count * sizeof(*l->item)),
				 (uint32_t)l->count };
}

static void always_add(struct compiler *c, struct always_list *l, struct always_rule item)
{
	if (compiler_room(c, (void **)&l->item, l->count, sizeof(*l->item)))
		l->item[l->count++] = item;
}

/* What ip_proto asks, where all packets of a class have one protocol. */
static bool ip_proto_holds(const struct compiler *c, const struct rule_row *row, unsigned class)
{
	static const uint8_t of[PROTO_CLASS__COUNT] = { [PROTO_TCP] = IP_PROTO_TCP,
							[PROTO_UDP] = IP_PROTO_UDP,
							[PROTO_ICMP] = IP_PROTO_ICMP,
							[PROTO_ICMPV6] = IP_PROTO_ICMPV6,
							[PROTO_SCTP] = IP_PROTO_SCTP };

	for (size_t i = 0; i < row->packet_conds && of[class]; i++) {
		const struct cond *k = &c->cond[row->conds + i];

		if (k->kind == COND_IP_PROTO && !eval_ip_proto(k, of[class]))
			return false;
	}
	return true;
}

void lists_add(struct compiler *c, const struct rule *r, const struct rule_row *row,
	       uint32_t number)
{
	bool listed = false;

	for (size_t i = 0; i < row->packet_conds; i++) {
		const struct cond *k = &c->cond[row->conds + i];

		if (k->kind == COND_EVENT && !listed && !(row->flags & ROW_PATTERN)) {
			list_add(c, &c->events[k->bits.value], number);
			listed = true;
		}
	}
	if (listed || (row->flags & ROW_PATTERN))
		return;
	for (unsigned i = 0; i < PROTO_CLASS__COUNT; i++) {
		if (!(row->protos >> i & 1))
			continue;
		if (row->kind == RULE_IP_ONLY)
			list_add(c, &c->ip_only[i], number);
		else if (ip_proto_holds(c, row, i))
			always_add(c, &c->always[i], always_of(r, number));
	}
	if ((row->protos & 1u << PROTO_TCP) && row->payload_conds &&
	    (row->units >> UNIT_STREAM & 1))
		list_add(c, &c->always_stream, number);
}

/* Bytes at a place besides those that are found at theirs. */
static uint32_t beside_of(struct compiler *c, const struct rule *r, const struct search_pattern *s)
{
	struct search_pattern b = { .option = NULL };

	if (s->fixed)
		b = pattern_beside(r, s);
	return b.option ? scan_fixed_beside(&c->block, b.piece, b.nocase, (uint16_t)b.place) : 0;
}

void lists_add_entry(struct compiler *c, const struct rule *r, struct rule_row *row,
		     struct rule_cold *cold, uint32_t number)
{
	struct search_pattern s = pattern_choose(r);
	const struct cond *first = c->cond + row->conds;
	struct scan_entry e = { .rule = number, .directions = 3 };
	struct dsize_range d = dsize_of(r);
	unsigned conds = (unsigned)row->packet_conds + row->state_conds + row->payload_conds;

	if (!s.option)
		return;
	for (unsigned i = 0; i < conds; i++) {
		if (first[i].option == s.index)
			cold->search_cond = (uint8_t)i;
	}
	row->flags |= ROW_PATTERN;
	if (row->payload_conds == 1 && s.piece.len == s.option->content.pattern.len)
		row->flags |= ROW_PATTERN_ALONE;
	e.pattern = compiler_pattern(c, s.piece.data, s.piece.len);
	e.len = (uint16_t)s.piece.len;
	e.nocase = s.nocase;
	e.head = s.head;
	e.dsize_low = (uint32_t)d.low;
	e.dsize_high = (uint32_t)d.high;
	e.fixed = s.fixed;
	e.place = (uint16_t)s.place;
	e.places = (uint8_t)s.places;
	e.beside = beside_of(c, r, &s);
	e.protos = row->protos;
	e.units = row->units;
	e.sport = row->sport;
	e.dport = row->dport;
	e.bidirectional = (row->flags & ROW_BIDIRECTIONAL) != 0;
	if ((row->need & (NEED_TO_SERVER | NEED_TO_CLIENT)) == NEED_TO_SERVER)
		e.directions = 1;
	else if ((row->need & (NEED_TO_SERVER | NEED_TO_CLIENT)) == NEED_TO_CLIENT)
		e.directions = 2;
	e.peer_below = peer_below(r, e.directions);
	if (compiler_room(c, (void **)&c->entry, c->entries, sizeof(*c->entry)))
		c->entry[c->entries++] = e;
}

void lists_add_payload(struct compiler *c, const struct rule_row *row, const struct tx_entry *t)
{
	uint16_t len = t->len < PATTERN_END_MAX ? t->len : PATTERN_END_MAX;
	struct scan_entry e = { .rule = t->rule,
				.pattern = t->pattern + (t->len - len),
				.len = len,
				.nocase = t->nocase,
				.dsize_high = UINT16_MAX,
				.protos = row->protos,
				.units = 1u << UNIT_PACKET | 1u << UNIT_STREAM,
				.directions = t->directions,
				.sport = row->sport,
				.dport = row->dport,
				.bidirectional = (row->flags & ROW_BIDIRECTIONAL) != 0 };

	c->head.tx_payload_patterns++;
	if (compiler_room(c, (void **)&c->entry, c->entries, sizeof(*c->entry)))
		c->entry[c->entries++] = e;
}

void lists_add_pre_flow(struct compiler *c, uint32_t number)
{
	list_add(c, &c->pre_flow, number);
}

void lists_finish(struct compiler *c)
{
	struct section events[EVENT__COUNT];

	for (unsigned i = 0; i < PROTO_CLASS__COUNT; i++) {
		c->head.ip_only[i] = list_section(c, &c->ip_only[i]);
		c->head.always[i] = always_section(c, &c->always[i]);
		c->head.holders[i] = holder_section(c, &c->holders[i]);
	}
	c->head.always_stream = list_section(c, &c->always_stream);
	c->head.pre_flow = list_section(c, &c->pre_flow);
	for (unsigned i = 0; i < EVENT__COUNT; i++)
		events[i] = list_section(c, &c->events[i]);
	c->head.events =
		(struct section){ block_add(&c->block, events, sizeof(events)), EVENT__COUNT };
}
