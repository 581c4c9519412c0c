/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/collect.h"

#include <string.h>

#include "engine/base/stage.h"
#include "engine/detect/reach.h"
#include "engine/detect/scan_fixed.h"

/* Rules of one flow direction that may wait for more bytes. */
#define PENDING_MAX 24

static void next_stamp(struct detector *d)
{
	d->candidates = 0;
	d->waits = 0;
	d->kit->tx.payloads = 0;
	header_memo_next(&d->kit->header);
	if (++d->kit->stamp == 0) {
		memset(d->kit->candidate_stamp, 0,
		       d->block->rules.count * sizeof(*d->kit->candidate_stamp));
		d->kit->stamp = 1;
	}
}

static bool port_in(struct port_range r, uint16_t port)
{
	return port >= r.low && port <= r.high;
}

bool collect_may_hold(const struct detector *d, const struct rule_row *row)
{
	const struct packet *p = d->eval.p;
	uint16_t port = row->flags & ROW_SOURCE_PORTS ? p->sport : p->dport;

	return (row->need & d->eval.have) == row->need && port_in(row->ports, port);
}

static void add_candidate(struct detector *d, uint32_t rule, uint8_t why)
{
	if (!header_admits(&d->kit->header, &d->eval, rule))
		return;
	if (d->kit->candidate_stamp[rule] == d->kit->stamp) {
		d->kit->candidate_why[rule] |= why;
		return;
	}
	d->kit->candidate_stamp[rule] = d->kit->stamp;
	d->kit->candidate_why[rule] = why;
	d->kit->candidate[d->candidates++] = rule;
}

/* Rules on transactions found in a direction's stream; of more of them it is known that there are some. */
#define FOUND_MAX 16

static unsigned count_found(const struct detector *d, const struct packet *p)
{
	unsigned n = 0;

	for (uint32_t i = p->flow->detect; i; i = state_at(&d->state, i)->next)
		n += state_at(&d->state, i)->kind == STATE_TX_FOUND &&
		     state_at(&d->state, i)->direction == p->direction;
	return n;
}

void collect_found(struct detector *d, const struct packet *p, uint32_t rule, uint64_t until)
{
	uint64_t key = rule < d->block->rules.count ? d->rs->row[rule].key : 0;
	struct state_entry *e;

	if (key && !state_find(&d->state, p->flow, STATE_TX_FOUND, p->direction, key) &&
	    count_found(d, p) >= FOUND_MAX)
		key = 0;
	e = state_make(&d->state, p->flow, STATE_TX_FOUND, p->direction, key);
	if (!e) {
		d->payload_lost = true;
		return;
	}
	e->rule = rule;
	e->value = until > e->value ? until : e->value;
}

/* Of a rule on transactions, which are looked at later. */
static void add_for_transactions(struct detector *d, uint32_t rule, enum unit in)
{
	struct detect_kit *k = d->kit;

	if (k->candidate_stamp[rule] != k->stamp) {
		k->candidate_stamp[rule] = k->stamp;
		k->candidate_why[rule] = 0;
		k->tx.payload[k->tx.payloads++] = rule;
	}
	k->candidate_why[rule] |= (uint8_t)(1u << in);
	if (in == UNIT_STREAM)
		collect_found(d, d->eval.p, rule, d->search.until);
}

void collect_hit(void *ctx, uint32_t rule, enum unit in)
{
	struct detector *d = ctx;

	if (d->rs->row[rule].kind == RULE_TX)
		add_for_transactions(d, rule, in);
	else
		add_candidate(d, rule, CANDIDATE_HIT | 1u << in);
}

static void on_fixed(void *ctx, uint32_t rule)
{
	struct detector *d = ctx;

	add_candidate(d, rule, d->searching);
}

static void search_fixed(struct detector *d, uint32_t table, struct bytes bytes, uint64_t origin,
			 size_t old, uint8_t why)
{
	enum stage before;

	if (!table || origin + old >= PATTERN_PLACE_MAX)
		return;
	before = stage_enter(STAGE_PREFILTER);
	d->searching = why | CANDIDATE_HIT;
	scan_fixed_search(d->block, table, bytes, origin, old, on_fixed, d);
	stage_enter(before);
}

static enum scan_proto scan_proto(unsigned proto)
{
	return proto == PROTO_TCP ? SCAN_TCP : proto == PROTO_UDP ? SCAN_UDP : SCAN_OTHER;
}

static unsigned group_of(const struct block_header *b, uint32_t groups, uint16_t port)
{
	const struct port_groups *g = block_at(b, groups);
	const uint16_t *page;

	if (!groups)
		return 0;
	page = block_at(b, g->page[port / PORT_PAGE]);
	return page[port % PORT_PAGE];
}

static const struct scan_class *class_of(const struct detector *d, const struct packet *p,
					 unsigned proto)
{
	const struct scan_table *t = &d->block->scan[scan_proto(proto)];
	const uint8_t *mask = block_at(d->block, t->masks);
	unsigned sg = group_of(d->block, t->sport_group, p->sport);
	unsigned dg = group_of(d->block, t->dport_group, p->dport);

	return (const struct scan_class *)block_at(d->block, d->block->classes.offset) +
	       t->classes[p->direction & 1][ends_of(d->eval.have)][mask[sg * t->dport_groups + dg]];
}

static void search_payload(struct detector *d, const struct packet *p, const struct scan_class *c)
{
	bool for_stream = collect_as_stream(p);

	search_fixed(d, c->fixed[UNIT_PACKET], p->payload, 0, 0, CANDIDATE_PACKET);
	if (for_stream)
		search_fixed(d, c->fixed[UNIT_STREAM], p->payload, 0, 0, CANDIDATE_PACKET);
	search_packet(&d->search, p, c, for_stream);
}

static void search_stream(struct detector *d, const struct packet *p, const struct stream_view *v,
			  const struct scan_class *c)
{
	search_fixed(d, c->fixed[UNIT_STREAM], v->data, v->offset, v->fresh, CANDIDATE_STREAM);
	search_view(&d->search, p, v, c);
}

/* Of a rule whose needs the packet meets. */
static bool always_may_hold(const struct always_rule *r, const struct packet *p)
{
	return p->payload.len >= r->dsize_low && p->payload.len <= r->dsize_high &&
	       port_in(r->dport, p->dport) && port_in(r->sport, p->sport);
}

/* Not in line, as what follows: most packets get no further. */
static __attribute__((noinline)) void add_always_rule(struct detector *d, const struct packet *p,
						      const struct stream_view *v, uint32_t rule)
{
	const struct rule_row *row = &d->rs->row[rule];
	uint8_t why = 0;

	if (!eval_may_hold(&d->eval, row) || !header_admits(&d->kit->header, &d->eval, rule))
		return;
	if (!row->payload_conds || (row->flags & ROW_NO_PAYLOAD)) {
		why = CANDIDATE_PACKET;
	} else {
		if (v && (row->units >> UNIT_STREAM & 1))
			why |= CANDIDATE_STREAM;
		if (p->payload.len && !p->pseudo && !eval_payload_closed(p) &&
		    ((row->units >> UNIT_PACKET & 1) || collect_as_stream(p)))
			why |= CANDIDATE_PACKET;
	}
	if (why)
		add_candidate(d, rule, why);
}

static void add_run(struct detector *d, const struct packet *p, const struct stream_view *v,
		    const struct always_rule *r, uint32_t count)
{
	for (const struct always_rule *end = r + count; r < end; r++) {
		if (always_may_hold(r, p))
			add_always_rule(d, p, v, r->rule);
	}
}

static __attribute__((noinline)) void add_every_run(struct detector *d, const struct packet *p,
						    const struct stream_view *v,
						    const struct always_rule *r, uint32_t count)
{
	for (uint32_t i = 0; i < count; i += r[i].alike) {
		if ((r[i].need & d->eval.have) == r[i].need)
			add_run(d, p, v, r + i, r[i].alike);
	}
}

/* Rules without a pattern: their facts decide. */
static void add_always(struct detector *d, const struct packet *p, const struct stream_view *v)
{
	const struct section *s = &d->block->always[d->eval.proto];
	const struct always_rule *r = block_at(d->block, s->offset);
	const struct always_found *f = always_find(&d->kit->always, d->rs, d->eval.proto,
						   d->eval.have, p->flow ? p->flow->app_proto : 0);

	if (f->runs > ALWAYS_RUNS) {
		add_every_run(d, p, v, r, s->count);
		return;
	}
	for (unsigned i = 0; i < f->runs; i++)
		add_run(d, p, v, r + f->run[i].first, f->run[i].count);
}

static __attribute__((noinline)) void add_events(struct detector *d, const struct packet *p)
{
	const struct section *by_event = block_at(d->block, d->block->events.offset);

	for (unsigned i = 0; i < p->events; i++) {
		const struct section *s = &by_event[p->event[i]];
		const uint32_t *rule = block_at(d->block, s->offset);

		for (uint32_t k = 0; k < s->count; k++) {
			if (p->has_ip || d->rs->row[rule[k]].kind == RULE_EVENT)
				add_candidate(d, rule[k], CANDIDATE_PACKET);
		}
	}
}

/* --- rules that wait for more of a stream ------------------------------------------------------------------- */

static void add_pending(struct detector *d, const struct packet *p, const struct stream_view *v)
{
	uint32_t next;

	for (uint32_t i = p->flow->detect; i; i = next) {
		struct state_entry *e = state_at(&d->state, i);

		next = e->next;
		if (e->kind != STATE_PENDING || e->direction != p->direction)
			continue;
		/* Its number, unless another ruleset came in between. */
		if (e->rule >= d->block->rules.count || d->rs->row[e->rule].key != e->key)
			e->rule = ruleset_of_key(d->rs, e->key);
		if (e->value <= v->offset || e->rule == UINT32_MAX)
			state_remove(&d->state, p->flow, STATE_PENDING, p->direction, e->key);
		else
			add_candidate(d, e->rule, CANDIDATE_STREAM);
	}
}

static unsigned count_pending(const struct detector *d, const struct packet *p)
{
	unsigned n = 0;

	for (uint32_t i = p->flow->detect; i; i = state_at(&d->state, i)->next)
		n += state_at(&d->state, i)->kind == STATE_PENDING &&
		     state_at(&d->state, i)->direction == p->direction;
	return n;
}

void collect_later(struct detector *d, const struct packet *p, const struct stream_view *v,
		   uint32_t rule)
{
	struct state_entry *e;

	if (d->rs->row[rule].flags & ROW_PATTERN_ALONE)
		return;
	if (!state_find(&d->state, p->flow, STATE_PENDING, p->direction, d->rs->row[rule].key) &&
	    count_pending(d, p) >= PENDING_MAX)
		return;
	e = state_make(&d->state, p->flow, STATE_PENDING, p->direction, d->rs->row[rule].key);
	if (!e)
		return;
	e->value = v->offset + v->data.len;
	e->rule = rule;
}

/* --- a step ------------------------------------------------------------------------------------------- */

static __attribute__((noinline)) void search(struct detector *d, const struct packet *p,
					     const struct stream_view *v, bool payload)
{
	const struct scan_class *c = class_of(d, p, d->eval.proto);

	if (payload)
		search_payload(d, p, c);
	if (v)
		search_stream(d, p, v, c);
	if (v && p->flow->detect)
		add_pending(d, p, v);
}

void collect_packet(struct detector *d, const struct packet *p, const struct stream_view *v)
{
	bool payload;

	next_stamp(d);
	if (p->events)
		add_events(d, p);
	if (!p->has_ip)
		return;
	add_always(d, p, v);
	payload = p->payload.len && !p->pseudo && !eval_payload_closed(p);
	if (payload || v)
		search(d, p, v, payload);
}

void collect_released(struct detector *d, const struct packet *p)
{
	const struct section *s = &d->block->always[d->eval.proto];
	const struct always_rule *r = block_at(d->block, s->offset);

	next_stamp(d);
	add_events(d, p);
	for (uint32_t i = 0; i < s->count; i++) {
		if (d->rs->row[r[i].rule].reach == REACH_FLAGS)
			add_candidate(d, r[i].rule, CANDIDATE_PACKET);
	}
}

void collect_stream(struct detector *d, const struct packet *p, const struct stream_view *v)
{
	const uint32_t *rule = block_at(d->block, d->block->always_stream.offset);

	next_stamp(d);
	for (uint32_t i = 0; i < d->block->always_stream.count; i++)
		add_candidate(d, rule[i], CANDIDATE_STREAM);
	search_stream(d, p, v, class_of(d, p, d->eval.proto));
	if (p->flow->detect)
		add_pending(d, p, v);
}
