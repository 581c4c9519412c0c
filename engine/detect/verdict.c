/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/verdict.h"

#include "engine/detect/threshold.h"

static bool comes_before(const struct match *a, const struct match *b)
{
	if (a->rule != b->rule)
		return a->rule < b->rule;
	return a->tx && b->tx && a->tx->id < b->tx->id;
}

static void sort_matches(struct match *m, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		struct match v = m[i];
		unsigned k = i;

		for (; k > 0 && comes_before(&v, &m[k - 1]); k--)
			m[k] = m[k - 1];
		m[k] = v;
	}
}

static const struct rule_cold *cold_of(const struct match *m)
{
	const struct block_header *b = m->rs->block;

	return (const struct rule_cold *)block_at(b, b->cold.offset) + m->rule;
}

static struct threshold_match
threshold_match_of(const struct packet *p, const struct rule_cold *cold, const struct threshold *t)
{
	return (struct threshold_match){ .gid = cold->gid,
					 .sid = cold->sid,
					 .threshold = *t,
					 .src = p->src,
					 .dst = p->dst,
					 .ip_version = p->ip_version,
					 .flow = p->flow ? p->flow->number : 0,
					 .time_ns = p->time_ns };
}

static enum threshold_answer decide_threshold(struct detector *d, const struct packet *p,
					      const struct match *of)
{
	const struct rule_cold *cold = cold_of(of);
	struct threshold_match m;

	if (!d->env.shared_thresholds)
		return THRESHOLD_SHOW;
	detector_take_turn(d, p);
	m = threshold_match_of(p, cold, &cold->threshold);
	return threshold_decide(d->env.shared_thresholds, &m);
}

/* Of rules that are in force: what is said of earlier ones is not told any more. */
static void count_hit(struct detector *d, const struct match *m, bool suppressed)
{
	struct filter_hits *h = &d->newest->hits[m->rule];

	if (m->rs != d->newest->rs)
		return;
	h->suppressed += suppressed;
	h->rated += !suppressed;
}

/* What a rule does, where a rate_filter may have it do something else. */
static uint8_t decide_action(struct detector *d, const struct packet *p, const struct match *of,
			     uint8_t *flags)
{
	const struct rule_row *row = &of->rs->row[of->rule];
	const struct rule_cold *cold = cold_of(of);
	struct threshold_match m;

	if (!(row->more & ROW_RATE) || !d->env.shared_thresholds)
		return row->action;
	detector_take_turn(d, p);
	m = threshold_match_of(p, cold, &cold->rate);
	if (!threshold_rate(d->env.shared_thresholds, &m, cold->rate_timeout))
		return row->action;
	*flags |= ALERT_RATE;
	count_hit(d, of, false);
	return cold->rate_action;
}

/* Its ruleset's addresses are meant. */
static bool suppressed(struct detector *d, const struct packet *p, const struct match *m)
{
	const struct section *s = &cold_of(m)->suppress;
	const struct suppress_block *b = block_at(m->rs->block, s->offset);
	struct eval e = { .rs = m->rs, .p = d->eval.p };

	for (uint32_t i = 0; i < s->count; i++) {
		bool src =
			b[i].track != FILTER_TRACK_DST && eval_address(&e, b[i].addresses, &p->src);
		bool dst =
			b[i].track != FILTER_TRACK_SRC && eval_address(&e, b[i].addresses, &p->dst);

		if (src || dst) {
			count_hit(d, m, true);
			return true;
		}
	}
	return false;
}

static bool acts_on_flow(const struct rule_row *row, const struct match *m)
{
	return (row->flags & ROW_ACTS_ON_FLOW) ||
	       ((row->flags & ROW_ACTS_ON_FLOW_STREAM) && m->stream);
}

static void end_flow(struct detector *d, struct packet *p, uint16_t flag, struct detect_result *out)
{
	if (!p->flow)
		return;
	if (flag & FLOW_DROPPED)
		out->newly_dropped_flow = !(p->flow->flags & FLOW_DROPPED);
	p->flow->flags |= flag;
	/* What passes is recorded all the same. */
	if (p->flow->tcp && (flag & FLOW_DROPPED))
		stream_release(d->env.streams, p->flow);
}

/* Drop and reject.  Read passively, only the flow's inspection ends. */
static uint8_t block(struct detector *d, struct packet *p, const struct match *m, uint8_t action,
		     struct detect_result *out)
{
	const struct rule_row *row = &m->rs->row[m->rule];
	bool reject = action != ACTION_DROP;

	if (acts_on_flow(row, m))
		end_flow(d, p, FLOW_DROPPED | (reject ? FLOW_REJECTED : 0), out);
	if (d->options.inline_mode && !out->dropped_by_rule)
		out->drop_rule = m->rule;
	if (d->options.inline_mode && !out->dropped_by_rule)
		out->drop_rules = m->rs;
	if (d->options.inline_mode)
		p->dropped = out->dropped_by_rule = true;
	if ((d->options.inline_mode || reject) && out->verdict < ACTION_REJECT)
		out->verdict = action;
	if (reject)
		return ALERT_REJECTS;
	return d->options.inline_mode ? ALERT_DROPS : 0;
}

static struct alert alert_of(const struct match *m, uint8_t flags)
{
	return (struct alert){ .rule = m->rule,
			       .flags = flags,
			       .rules = m->rs,
			       .tx = m->tx,
			       .frame = m->frame,
			       .note = m->note,
			       .notes = m->notes };
}

void verdict_conclude(struct detector *d, struct packet *p, struct detect_result *out)
{
	unsigned max = d->options.alert_max && d->options.alert_max < ALERTS_MAX
			       ? d->options.alert_max
			       : ALERTS_MAX;

	bool blocked = false;

	p->bypass |= d->bypass;
	sort_matches(d->match, d->matches);
	for (unsigned i = 0; i < d->matches; i++) {
		const struct match *m = &d->match[i];
		const struct rule_row *row = &m->rs->row[m->rule];
		enum threshold_answer answer = THRESHOLD_SHOW;
		uint8_t flags = m->stream ? ALERT_STREAM : 0, action;
		bool silent = (row->more & ROW_SUPPRESSED) && suppressed(d, p, m);

		if (silent)
			answer = THRESHOLD_SILENT;
		else if ((row->flags & ROW_THRESHOLD) && row->action == ACTION_ALERT)
			flags |= ALERT_THRESHOLD;
		else if (row->flags & ROW_THRESHOLD)
			answer = decide_threshold(d, p, m);
		if (answer == THRESHOLD_NO_MATCH)
			continue;
		action = silent ? row->action : decide_action(d, p, m, &flags);
		if (action == ACTION_PASS) {
			/* Where action-order lets a drop come first, that stands, for this packet alone. */
			if (!blocked && out->verdict == ACTION_ALERT)
				out->verdict = ACTION_PASS;
			if (!blocked && acts_on_flow(row, m))
				end_flow(d, p, FLOW_PASSED, out);
			/* Told only where the rule says "alert", not where a rate_filter lets it pass. */
			if (row->action == ACTION_PASS && !(row->flags & ROW_NOALERT) &&
			    answer == THRESHOLD_SHOW && out->alerts < max)
				d->alert[out->alerts++] = alert_of(m, flags);
			break;
		}
		if (action != ACTION_ALERT) {
			flags |= block(d, p, m, action, out);
			blocked = true;
		}
		if ((row->flags & ROW_NOALERT) || answer == THRESHOLD_SILENT)
			continue;
		if (out->alerts < max)
			d->alert[out->alerts++] = alert_of(m, flags);
		else
			d->env.counters->value[COUNTER_DETECT_ALERT_QUEUE_OVERFLOW]++;
	}
}
