/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a packet: address-only rules once for each direction of its flow; then rules that its facts or
 * events alone point at, and rules whose search pattern stands in its payload or in the stream bytes that
 * come with it; each of these candidates is verified by its conditions, in the order of the rules.
 */
#include "engine/detect/detect.h"

#include <string.h>

#include "engine/base/stage.h"
#include "engine/detect/candidates.h"
#include "engine/detect/collect.h"
#include "engine/detect/detector.h"
#include "engine/detect/frame.h"
#include "engine/detect/match.h"
#include "engine/detect/tag.h"
#include "engine/detect/tx.h"
#include "engine/detect/verdict.h"

/* A rule that sets a flowbit may let others hold, and so on: so many rounds a packet. */
#define ROUNDS_MAX 8

static void next_packet_stamp(struct detector *d)
{
	d->matches = 0;
	if (++d->kit->packet_stamp == 0) {
		memset(d->kit->match_stamp, 0,
		       d->block->rules.count * sizeof(*d->kit->match_stamp));
		d->kit->packet_stamp = 1;
	}
}

/* --- verifying ---------------------------------------------------------------------------------------------- */

static void add_match(struct detector *d, const struct packet *p, uint32_t rule, bool stream)
{
	match_note(d, rule, stream);
	match_post(d, &d->rs->row[rule], p, NULL);
}

/* What is shared with other workers holds as well; if not, another rule of this packet may yet change it. */
static bool shared_holds(struct detector *d, const struct packet *p, uint32_t rule)
{
	const struct rule_row *row = &d->rs->row[rule];

	if (!row->shared_conds)
		return true;
	detector_take_turn(d, p);
	if (eval_shared(&d->eval, row))
		return true;
	d->kit->candidate_why[rule] &= (uint8_t)~CANDIDATE_HIT;
	d->kit->waiting[d->waits++] = rule;
	return false;
}

static bool looks_at_both(const struct rule_row *row)
{
	return row->units == (1u << UNIT_PACKET | 1u << UNIT_STREAM);
}

/* The same bytes have alerted as a packet. */
static bool alerted_before(const struct detector *d, const struct packet *p,
			   const struct rule_row *row, const struct stream_view *v)
{
	const struct state_entry *e;

	if (!looks_at_both(row) || !p->flow->detect)
		return false;
	e = state_find(&d->state, p->flow, STATE_ALERTED, p->direction, row->key);
	return e && v->offset + d->eval.reach <= e->value;
}

static void remember_alert(struct detector *d, const struct packet *p, const struct rule_row *row)
{
	struct state_entry *e;

	if (!looks_at_both(row) || !p->flow || !p->stream_added)
		return;
	e = state_make(&d->state, p->flow, STATE_ALERTED, p->direction, row->key);
	if (e)
		e->value = stream_size(d->env.streams, p->flow, p->direction);
}

static void look_at_stream(struct eval *e, const struct stream_view *v)
{
	e->data = v->data;
	e->origin = v->offset;
	e->fresh = v->fresh;
	e->in_stream = true;
}

static void look_at_payload(struct eval *e, const struct packet *p)
{
	e->data = p->payload;
	e->origin = 0;
	e->fresh = 0;
	e->in_stream = false;
}

static void begin_notes(struct detector *d)
{
	if (d->eval.notes)
		notes_begin(d->eval.notes);
}

static bool holds_in_stream(struct detector *d, const struct rule_row *row,
			    const struct stream_view *v)
{
	look_at_stream(&d->eval, v);
	begin_notes(d);
	return eval_bytes(&d->eval, row);
}

static bool holds_in_packet(struct detector *d, const struct rule_row *row, const struct packet *p)
{
	look_at_payload(&d->eval, p);
	begin_notes(d);
	return eval_bytes(&d->eval, row);
}

/*
 * Show the watched rule with the bytes that it looks at in this step, just before it is verified, or
 * after all others where nothing made it a candidate.
 */
static void tell_watcher(struct detector *d, const struct packet *p, const struct stream_view *v)
{
	const struct rule_row *row = &d->rs->row[d->watched];
	bool first = !d->watch_stream_only, told = false;
	struct eval e = d->eval;

	d->watch_told = true;
	if (v && row->payload_conds && (row->units >> UNIT_STREAM & 1)) {
		look_at_stream(&e, v);
		d->watch(d->watch_ctx, &e);
		told = true;
	}
	if (p->pseudo || !first)
		return;
	e = d->eval;
	if (row->payload_conds && p->payload.len && !eval_payload_closed(p) &&
	    !(row->flags & ROW_NO_PACKET) &&
	    ((row->units >> UNIT_PACKET & 1) || collect_as_stream(p))) {
		look_at_payload(&e, p);
		d->watch(d->watch_ctx, &e);
	} else if (!told) {
		e.data = bytes_of(NULL, 0);
		d->watch(d->watch_ctx, &e);
	}
}

static void end_watch(struct detector *d, const struct packet *p, const struct stream_view *v)
{
	if (d->watch && !d->watch_told && d->rs->row[d->watched].kind != RULE_IP_ONLY &&
	    d->rs->row[d->watched].kind != RULE_TX && d->rs->row[d->watched].kind != RULE_FRAME)
		tell_watcher(d, p, v);
}

/* Look at the bytes for one rule whose other conditions hold. */
static void verify_bytes(struct detector *d, const struct packet *p, const struct stream_view *v,
			 uint32_t rule, uint8_t why)
{
	const struct rule_row *row = &d->rs->row[rule];

	if ((why & CANDIDATE_STREAM) && v && holds_in_stream(d, row, v)) {
		if (!alerted_before(d, p, row, v) && shared_holds(d, p, rule))
			add_match(d, p, rule, true);
		return;
	}
	if ((why & CANDIDATE_PACKET) && !(row->flags & ROW_NO_PACKET) &&
	    holds_in_packet(d, row, p)) {
		if (!shared_holds(d, p, rule))
			return;
		remember_alert(d, p, row);
		add_match(d, p, rule, false);
		return;
	}
	if ((why & CANDIDATE_STREAM) && (why & CANDIDATE_HIT) && v)
		collect_later(d, p, v, rule);
}

static void try_rule(struct detector *d, const struct packet *p, const struct stream_view *v,
		     uint32_t rule)
{
	const struct rule_row *row = &d->rs->row[rule];

	d->admitted = true;
	if (rule == d->watched)
		tell_watcher(d, p, v);
	if (!eval_packet(&d->eval, row)) {
		if (d->eval.state_failed)
			d->kit->waiting[d->waits++] = rule;
		return;
	}
	d->kit->cost[rule].checks++;
	if (row->payload_conds)
		verify_bytes(d, p, v, rule, d->kit->candidate_why[rule]);
	else if (shared_holds(d, p, rule))
		add_match(d, p, rule, false);
}

static void verify(struct detector *d, const struct packet *p, const struct stream_view *v,
		   uint32_t rule)
{
	struct rule_cost *cost = &d->kit->cost[rule];
	uint64_t begin;

	if (d->kit->match_stamp[rule] == d->kit->packet_stamp)
		return;
	begin = cost_begin(&d->kit->sampler, cost);
	try_rule(d, p, v, rule);
	cost_end(cost, begin);
}

/*
 * All candidates in order; then, while flowbits change, those again that wait for one: the order
 * of rules does not decide whether they fire.
 */
static void verify_all(struct detector *d, const struct packet *p, const struct stream_view *v)
{
	unsigned waits;

	if (d->candidates > 1)
		candidates_sort(d->kit->candidate, d->candidates);
	d->state_changed = false;
	for (unsigned i = 0; i < d->candidates; i++)
		verify(d, p, v, d->kit->candidate[i]);
	for (unsigned round = 0; d->state_changed && d->waits && round < ROUNDS_MAX; round++) {
		d->state_changed = false;
		waits = d->waits;
		d->waits = 0;
		for (unsigned i = 0; i < waits; i++)
			verify(d, p, v, d->kit->waiting[i]);
	}
	if (!v)
		return;
	for (unsigned i = 0; i < d->waits; i++) {
		uint32_t rule = d->kit->waiting[i];

		if (d->kit->candidate_why[rule] & CANDIDATE_HIT)
			collect_later(d, p, v, rule);
	}
}

/* --- one packet --------------------------------------------------------------------------------------------- */

/* Rules on addresses alone are tried once, in order. */
static bool ip_only_shared(struct detector *d, const struct packet *p, const struct rule_row *row)
{
	if (!row->shared_conds)
		return true;
	detector_take_turn(d, p);
	return eval_shared(&d->eval, row);
}

static void try_ip_only(struct detector *d, const struct packet *p)
{
	const struct section *s = &d->block->ip_only[d->eval.proto];
	const uint32_t *rule = block_at(d->block, s->offset);

	if (p->flow) {
		uint16_t tried = p->direction ? FLOW_IPONLY_TOCLIENT : FLOW_IPONLY_TOSERVER;

		if (p->flow->flags & tried)
			return;
		p->flow->flags |= tried;
	}
	for (uint32_t i = 0; i < s->count; i++) {
		const struct rule_row *row = &d->rs->row[rule[i]];

		if (rule[i] == d->watched)
			tell_watcher(d, p, NULL);
		if ((row->need & d->eval.have) != row->need || !eval_header(&d->eval, row))
			continue;
		d->admitted = true;
		d->kit->cost[rule[i]].candidates++;
		d->kit->cost[rule[i]].checks++;
		if (eval_packet(&d->eval, row) && ip_only_shared(d, p, row))
			match_note(d, rule[i], false);
	}
	/* What they set is seen by what comes after them. */
	for (unsigned i = 0; i < d->matches; i++)
		match_post(d, &d->rs->row[d->match[i].rule], p, NULL);
}

static void inspect_packet(struct detector *d, const struct packet *p, const struct stream_view *v)
{
	d->watch_told = false;
	if (v)
		d->eval.have |= NEED_BYTES;
	collect_packet(d, p, v);
	if (d->candidates)
		verify_all(d, p, v);
	end_watch(d, p, v);
}

static void inspect_released(struct detector *d, const struct packet *p)
{
	if (!packet_always_comes(p))
		return;
	collect_released(d, p);
	if (d->candidates)
		verify_all(d, p, NULL);
}

/* Further pieces of the stream that came with the same packet. */
static void inspect_stream(struct detector *d, const struct packet *p, const struct stream_view *v)
{
	d->watch_told = false;
	d->watch_stream_only = true;
	collect_stream(d, p, v);
	if (d->candidates)
		verify_all(d, p, v);
	end_watch(d, p, v);
}

/*
 * What is new of the flow's protocol is shown to rules once: on the first packet of each direction after
 * the direction's protocol was decided, or an event raised.
 */
static void note_news(struct detector *d, struct app_flow *a, unsigned dir)
{
	d->eval.news = 0;
	if (!d->block->app_news || !a)
		return;
	if (a->told[dir] != a->decided[dir]) {
		d->eval.news |= EVAL_NEWS_PROTO;
		a->told[dir] = a->decided[dir];
	}
	if (a->events_told < a->events) {
		d->eval.events_told = a->events_told;
		d->eval.news |= EVAL_NEWS_EVENT;
		a->events_told = a->events;
	}
}

/* Payload that rules on transactions look at too: of the stream where there is something new in it. */
static void inspect_transactions(struct detector *d, struct packet *p, const struct stream_view *v,
				 const struct app_flow *a)
{
	if (d->searched_from == UINT64_MAX && !p->pseudo)
		d->searched_from = (p->number + 1) * 16;
	if (!a->first)
		return;
	d->eval.have = d->facts | (v ? NEED_BYTES : 0);
	d->eval.payload = v ? v->data : p->pseudo ? bytes_of(NULL, 0) : p->payload;
	d->eval.payload_origin = v ? v->offset : 0;
	d->eval.payload_fresh = v ? v->fresh : 0;
	d->eval.payload_unit = v ? UNIT_STREAM : UNIT_PACKET;
	d->eval.payload_searched = v || !eval_payload_closed(p);
	d->eval.payload_unsure = d->payload_lost || p->flow->number < d->searched_from ||
				 (p->flow->flags & FLOW_REVERSED);
	tx_inspect(d->txs, &d->eval, p);
}

static bool next_view(struct detector *d, struct packet *p, struct stream_view *v)
{
	return stream_view(d->env.streams, p->flow, p->direction, p->pseudo, v);
}

/* Nobody looks at the bytes: let them go as if somebody had. */
static void pass_by(struct detector *d, const struct packet *p)
{
	bool missed =
		d->block->tx_payload_patterns && !(p->flow->flags & (FLOW_DROPPED | FLOW_PASSED));
	struct stream_view v;

	while (stream_view(d->env.streams, p->flow, p->direction, p->pseudo, &v)) {
		if (missed)
			collect_found(d, p, UINT32_MAX, v.offset + v.data.len);
		stream_inspected(d->env.streams, p->flow, p->direction, &v);
	}
}

/* What an earlier packet's rule has decided for the whole flow, or an exception for the packet. */
static bool decided(struct detector *d, struct packet *p, struct detect_result *out)
{
	struct flow *f = p->flow;
	unsigned flags = f ? f->flags : 0;

	if (!(flags & (FLOW_DROPPED | FLOW_PASSED)) && !p->dropped && !p->passed)
		return false;
	if (f && f->app && d->env.apps)
		tx_pass_by(d->env.apps, p);
	if (f && f->tcp && p->stream_inspectable)
		pass_by(d, p);
	if (!(flags & FLOW_DROPPED) && !p->dropped) {
		out->verdict = ACTION_PASS;
	} else if (d->options.inline_mode && !p->pseudo) {
		p->dropped = true;
		out->verdict = ACTION_DROP;
	}
	return true;
}

static void finish(struct detector *d, struct packet *p, struct detect_result *out)
{
	if (d->matches)
		verdict_conclude(d, p, out);
	out->admitted = d->admitted;
}

/* Not the packet that a tag begins with, but those after it. */
static bool is_tagged(struct detector *d, const struct packet *p)
{
	bool tagged = d->state.tags && p->flow && tag_flow(&d->state, p);

	if (d->hosts_may_be_tagged && d->tags) {
		detector_take_turn(d, p);
		tagged |= tag_hosts(d->tags, p);
	}
	return tagged;
}

static void look_at_packet(struct detector *d, struct packet *p, struct detect_result *out);

void detect_packet(struct detector *d, struct packet *p, struct detect_result *out)
{
	enum stage before = stage_enter(STAGE_VERIFICATION);

	look_at_packet(d, p, out);
	stage_enter(before);
	if (d->may_be_tagged && !p->pseudo)
		out->tagged = is_tagged(d, p);
}

static void look_at_packet(struct detector *d, struct packet *p, struct detect_result *out)
{
	struct app_flow *a = NULL;
	struct stream_view v;
	bool has_view;

	*out = (struct detect_result){ .alert = d->alert, .verdict = ACTION_ALERT };
	if (decided(d, p, out))
		return;
	next_packet_stamp(d);
	if (d->eval.notes)
		notes_clear(d->eval.notes);
	d->bypass = false;
	d->admitted = false;
	d->watch_stream_only = false;
	d->eval.p = p;
	d->eval.f = p->flow;
	d->eval.proto = eval_proto(p);
	d->facts = eval_facts(p, p->flow) | ends_ask(&d->kit->ends, &d->eval);
	d->eval.have = d->facts;
	if (p->flow && d->env.apps)
		a = app_flow(d->env.apps, p->flow);
	note_news(d, a, p->direction);
	if (p->released) {
		inspect_released(d, p);
		finish(d, p, out);
		return;
	}
	if (p->has_ip && !p->pseudo)
		try_ip_only(d, p);
	has_view = p->flow && p->flow->tcp && (p->stream_inspectable || p->pseudo) &&
		   next_view(d, p, &v);
	inspect_packet(d, p, has_view ? &v : NULL);
	if (a && d->frames)
		frame_inspect(d->frames, &d->eval, p);
	if (a && d->txs)
		inspect_transactions(d, p, has_view ? &v : NULL, a);
	else if (a)
		tx_pass_by(d->env.apps, p);
	while (has_view) {
		stream_inspected(d->env.streams, p->flow, p->direction, &v);
		has_view = next_view(d, p, &v);
		if (has_view)
			inspect_stream(d, p, &v);
	}
	finish(d, p, out);
}

/* --- before the flow ---------------------------------------------------------------------------------------- */

bool detect_untracks(const struct detector *d)
{
	return d->block->pre_flow.count != 0;
}

bool detect_untracked(struct detector *d, const struct packet *p)
{
	const uint32_t *rule = block_at(d->block, d->block->pre_flow.offset);

	d->eval.p = p;
	d->eval.f = NULL;
	d->eval.proto = eval_proto(p);
	d->eval.have = eval_facts(p, NULL) | eval_ends(&d->eval);
	for (uint32_t i = 0; p->has_ip && i < d->block->pre_flow.count; i++) {
		const struct rule_row *row = &d->rs->row[rule[i]];

		if (collect_may_hold(d, row) && eval_header(&d->eval, row) &&
		    eval_packet(&d->eval, row) &&
		    (!row->payload_conds || holds_in_packet(d, row, p)))
			return true;
	}
	return false;
}
