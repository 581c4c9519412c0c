/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/match.h"

#include "engine/app/tls.h"
#include "engine/detect/tag.h"
#include "engine/detect/tx.h"

static bool post_flowbits(struct detector *d, struct flow *f, const struct cond *c)
{
	const struct state_name *n = block_at(d->block, c->flowbits.names.offset);
	bool changed = false;

	for (uint32_t i = 0; i < c->flowbits.names.count; i++) {
		bool is = state_find(&d->state, f, STATE_BIT, 0, n[i].key) != NULL;
		bool want = c->op == FLOWBIT_TOGGLE ? !is : c->op == FLOWBIT_SET;

		if (is == want)
			continue;
		changed = true;
		if (want)
			state_make(&d->state, f, STATE_BIT, 0, n[i].key);
		else
			state_remove(&d->state, f, STATE_BIT, 0, n[i].key);
	}
	return changed;
}

static bool post_flowint(struct detector *d, struct flow *f, const struct cond *c)
{
	struct state_entry *v = state_find(&d->state, f, STATE_INT, 0, c->flowint.name);
	uint64_t operand = c->flowint.operand, value;
	const struct state_entry *other;

	if (c->flowint.operand_is_name) {
		other = state_find(&d->state, f, STATE_INT, 0, c->flowint.operand_name);
		if (!other)
			return false;
		operand = other->value;
	}
	value = v ? v->value : 0;
	switch (c->op) {
	case FLOWINT_ADD:
		value = (uint32_t)(value + operand);
		break;
	case FLOWINT_SUB:
		if (!v)
			return false;
		value = (uint32_t)(value - operand);
		break;
	default:
		value = operand;
		break;
	}
	if (!v)
		v = state_make(&d->state, f, STATE_INT, 0, c->flowint.name);
	if (v)
		v->value = value;
	return true;
}

static bool post_xbits(struct detector *d, const struct packet *p, const struct cond *c)
{
	struct xbits_key k;
	uint64_t refused;
	bool changed;

	if (!d->eval.xbits || !eval_xbits_key(p, c, &k))
		return false;
	detector_take_turn(d, p);
	refused = xbits_refused(d->eval.xbits);
	if (c->op != FLOWBIT_SET && xbits_unset(d->eval.xbits, &k, p->time_ns))
		return true;
	if (c->op == FLOWBIT_UNSET)
		return false;
	changed = xbits_set(d->eval.xbits, &k, p->time_ns, c->xbits.seconds);
	if (xbits_refused(d->eval.xbits) != refused && d->env.counters)
		d->env.counters->value[COUNTER_LIMITS_REACHED]++;
	return changed;
}

/* Named by its rule and its place there, so that it is the same under every ruleset. */
static void post_tag(struct detector *d, const struct rule_row *row, const struct packet *p,
		     const struct cond *c)
{
	const uint64_t name[2] = { row->key, c->option };

	if (c->tag.host)
		detector_take_turn(d, p);
	if (!tag_add(d->tags, &d->state, p, c, (uint32_t)state_key(name, sizeof(name))) &&
	    d->env.counters)
		d->env.counters->value[COUNTER_LIMITS_REACHED]++;
}

/* What rules with config change of a transaction: it is not told of.  Other things they name stay. */
static void post_config(const struct cond *c, struct app_tx *tx)
{
	if (tx && c->config.what == CONFIG_LOGGING && c->config.type == CONFIG_TX &&
	    c->config.scope == CONFIG_TX)
		app_unrecord(tx);
}

void match_post(struct detector *d, const struct rule_row *row, const struct packet *p,
		struct app_tx *tx)
{
	const struct cond *c = d->rs->cond + row->conds + row->packet_conds + row->state_conds +
			       row->payload_conds + row->shared_conds;
	struct flow *f = p->flow;

	if (row->flags & ROW_BYPASS)
		d->bypass = true;
	for (unsigned i = 0; i < row->post_conds; i++, c++) {
		if (c->kind == COND_CONFIG)
			post_config(c, tx);
		else if (c->kind == COND_TLS_STORE && tx)
			tls_store(tx, d->eval.dir);
		else if (c->kind == COND_TLS_STORE)
			continue;
		else if (c->kind == COND_XBITS && c->xbits.track == XBITS_TRACK_TX)
			d->state_changed |= tx && tx_mark(d->txs, tx, c->xbits.name);
		else if (c->kind == COND_XBITS)
			d->state_changed |= post_xbits(d, p, c);
		else if (c->kind == COND_TAG)
			post_tag(d, row, p, c);
		else if (!f)
			continue;
		else if (c->kind == COND_FLOWBITS)
			d->state_changed |= post_flowbits(d, f, c);
		else
			d->state_changed |= post_flowint(d, f, c);
	}
}

/* A datagram of a protocol is one transaction's, as a rule. */
static const struct app_tx *tx_of_datagram(const struct detector *d, uint32_t rule)
{
	const struct packet *p = d->eval.p;

	if (!d->rs->row[rule].app || p->proto != IP_PROTO_UDP || !d->env.apps)
		return NULL;
	return tx_current(d->env.apps, p->flow, p->direction);
}

/* What rules ask for with flowvar and pktvar. */
static void keep_note(struct detector *d, const struct rule_note *n)
{
	const struct packet *p = d->eval.p;

	if ((n->kind == NOTE_FLOW || n->kind == NOTE_FLOW_KEYED) && p->flow &&
	    state_variable_set(&d->state, p->flow, n->name, n->value, n->kind == NOTE_FLOW_KEYED))
		d->state_changed = true;
	if (n->kind == NOTE_PACKET)
		d->state_changed = true;
}

void match_add(struct detector *d, uint32_t rule, bool stream, const struct app_tx *tx)
{
	struct match *m = &d->match[d->matches++];

	d->kit->cost[rule].matches++;
	*m = (struct match){ .rule = rule, .stream = stream, .rs = d->rs, .tx = tx };
	if (d->eval.notes)
		m->notes = notes_keep(d->eval.notes, &m->note);
	for (unsigned i = 0; i < m->notes; i++)
		keep_note(d, &m->note[i]);
}

void match_note(struct detector *d, uint32_t rule, bool stream)
{
	d->kit->match_stamp[rule] = d->kit->packet_stamp;
	match_add(d, rule, stream, tx_of_datagram(d, rule));
}
