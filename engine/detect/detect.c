/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a packet: address-only rules once for each direction of its flow; then rules that its facts or
 * events alone point at, and rules whose search pattern stands in its payload or in the stream bytes that
 * come with it; each of these candidates is verified by its conditions, in the order of the rules.
 */
#include "engine/detect/detect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/app/tls.h"
#include "engine/base/stage.h"
#include "engine/detect/candidates.h"
#include "engine/detect/eval.h"
#include "engine/detect/frame.h"
#include "engine/detect/hs.h"
#include "engine/detect/kit.h"
#include "engine/detect/pattern.h"
#include "engine/detect/reach.h"
#include "engine/detect/regex.h"
#include "engine/detect/ruleset.h"
#include "engine/detect/scan_fixed.h"
#include "engine/detect/search.h"
#include "engine/detect/state.h"
#include "engine/detect/tag.h"
#include "engine/detect/threshold.h"
#include "engine/detect/tx.h"

/* Rules of one flow direction that may wait for more bytes. */
#define PENDING_MAX 24
/* A rule that sets a flowbit may let others hold, and so on: so many rounds a packet. */
#define ROUNDS_MAX 8

/* Why a rule is a candidate. */
enum candidate {
	CANDIDATE_PACKET = 1 << UNIT_PACKET,
	CANDIDATE_STREAM = 1 << UNIT_STREAM,
	CANDIDATE_HIT = 1 << 2, /* its pattern was seen in this step, not remembered */
};

struct detector {
	/* What is inspected with: while a transaction of an earlier ruleset is looked at, that one. */
	struct detect_kit *kit;
	const struct ruleset *rs; /* the kit's */
	const struct block_header *block;
	struct detect_kit *kits[KITS_MAX];
	struct detect_kit *newest; /* of these: the one in force */
	struct detect_options options;
	struct detector_env env;
	struct state_table state;
	struct eval eval;
	struct tag_table *tags, *own_tags;
	struct xbits_table *own_xbits; /* where the environment gives none */
	struct tx_inspector *txs; /* NULL: no rule looks at transactions */
	struct frame_inspector *frames; /* NULL: no rule looks at frames */

	unsigned candidates; /* in the kit's array */
	struct searcher search;
	uint8_t searching; /* enum candidate: for literals with one place */
	bool gate_open; /* in this packet stands what rules of its class need beside their patterns */

	unsigned waits; /* in the kit's array */
	bool state_changed;
	bool admitted; /* some rule's header admits this packet */
	bool bypass; /* a rule that matched this packet wants its flow bypassed */

	/* One packet's matches, with rules of whichever ruleset. */
	struct match *match; /* of the newest kit */
	unsigned matches, matches_max;
	struct alert *alert;
	bool may_be_tagged; /* some ruleset had tags; of hosts */
	bool hosts_may_be_tagged;

	/* One rule that somebody follows. */
	uint32_t watched; /* UINT32_MAX: none */
	detect_watch_fn watch;
	void *watch_ctx;
	bool watch_told; /* in this step */
	bool watch_stream_only; /* the packet's own payload has been told */
};

/* --- making ------------------------------------------------------------------------------------------- */

static uint32_t flow_states(const struct detect_options *opt)
{
	return opt->max_flow_states ? opt->max_flow_states : 1024;
}

uint64_t detector_state_bytes(const struct detect_options *opt)
{
	return state_bytes(flow_states(opt)) + searcher_bytes(flow_states(opt));
}

#define XBITS_OWN 4096

static int open_xbits(struct detector *d)
{
	static const struct hash_key key = { 0x7862697473, 0x6f776e };
	int err;

	d->eval.xbits = d->env.xbits;
	if (d->env.xbits || !d->block->has_xbits)
		return 0;
	err = xbits_table_new(XBITS_OWN, &key, &d->own_xbits);
	d->eval.xbits = d->own_xbits;
	return err;
}

static void on_hit(void *ctx, uint32_t rule, enum unit in);
static void set_turn(void *ctx);
static void tx_kit(void *ctx, struct detect_kit *k);
static bool tx_shared(void *ctx, uint32_t rule);
static bool tx_match(void *ctx, uint32_t rule, struct app_tx *tx);
static void tx_watched(void *ctx, struct eval *e);
static bool frame_match(void *ctx, uint32_t rule, const struct app_frame *f, struct app_tx *tx);

/* What rules on application protocols need. */
static int open_transactions(struct detector *d)
{
	struct tx_hooks hooks = {
		.shared = tx_shared,
		.match = tx_match,
		.watch = tx_watched,
		.use = tx_kit,
		.ctx = d,
	};
	struct frame_hooks frame_hooks = {
		.shared = tx_shared, .match = frame_match, .watch = tx_watched, .ctx = d
	};
	struct tx_options opt = { .table = &d->state,
				  .max_transactions = d->options.max_transactions,
				  .limits = d->state.limits };
	int err = transform_work_new(&d->eval.transforms);

	if (err)
		return err;
	d->eval.decoded = malloc(EVAL_DECODED_MAX);
	if (!d->eval.decoded)
		return -ENOMEM;
	d->eval.apps = d->env.apps;
	if (d->env.apps && (d->options.reloads || d->block->frame_rules))
		err = frame_inspector_new(d->options.inline_mode, &frame_hooks, &d->frames);
	if (err || !d->env.apps || (!d->options.reloads && !d->block->tx_rules))
		return err;
	opt.kits = d->kits;
	return tx_inspector_new(&opt, &hooks, &d->txs);
}

/* Only pointers change: this is done in the middle of a packet too. */
static void inspect_with(struct detector *d, struct detect_kit *k)
{
	d->kit = k;
	d->rs = k->rs;
	d->block = k->rs->block;
	d->eval.rs = k->rs;
	d->eval.scratch = k->scratch;
	d->eval.regex = k->regex;
	d->search.rs = k->rs;
	d->search.work = k->scratch;
	if (d->txs)
		tx_use(d->txs, k);
	if (d->frames)
		frame_use(d->frames, k);
}

static void put_in_force(struct detector *d, struct detect_kit *k)
{
	d->newest = k;
	d->search.epoch++;
	inspect_with(d, k);
	d->match = k->match;
	d->matches = 0;
	d->matches_max = d->block->rules.count + ALERTS_MAX;
	d->may_be_tagged |= d->block->has_tag != 0;
	d->hosts_may_be_tagged |= (d->block->has_tag & 2) != 0;
}

void detector_leave(struct detector *d)
{
	for (unsigned i = 0; i < KITS_MAX; i++) {
		struct detect_kit *k = d->kits[i];

		if (!k || k == d->newest || k->users)
			continue;
		d->kits[i] = NULL;
		atomic_store_explicit(&k->left, true, memory_order_release);
	}
}

struct detect_kit *detector_kit(const struct detector *d)
{
	return d->newest;
}

bool detector_use(struct detector *d, struct detect_kit *k, const struct detect_successors *s)
{
	unsigned slot = 0;

	for (unsigned i = 0; s && i < KITS_MAX; i++) {
		if (d->txs && d->kits[i] && d->kits[i] != d->newest && d->kits[i]->rs == s->rules)
			tx_move(d->txs, d->kits[i], d->newest, s);
	}
	detector_leave(d);
	while (slot < KITS_MAX && d->kits[slot])
		slot++;
	if (slot == KITS_MAX)
		return false;
	k->slot = slot;
	d->kits[slot] = k;
	put_in_force(d, k);
	detector_leave(d);
	return true;
}

int detector_new(const struct ruleset *rs, const struct detect_options *opt,
		 const struct detector_env *env, struct detector **out)
{
	struct detector *d = calloc(1, sizeof(*d));
	int err = -ENOMEM;

	*out = NULL;
	if (!d)
		return err;
	d->rs = rs;
	d->block = rs->block;
	d->options = *opt;
	d->env = *env;
	d->alert = calloc(ALERTS_MAX, sizeof(*d->alert));
	if (!d->alert)
		goto fail;
	if (opt->reloads || rs->block->has_notes) {
		d->eval.notes = calloc(1, sizeof(*d->eval.notes));
		if (!d->eval.notes)
			goto fail;
	}
	err = state_init(&d->state, flow_states(opt));
	if (!err && (opt->reloads || (rs->block->has_notes & 2)))
		err = state_variables_init(&d->state, flow_states(opt));
	if (err)
		goto fail;
	if (env->counters)
		d->state.limits = &env->counters->value[COUNTER_LIMITS_REACHED];
	err = searcher_init(&d->search, env->streams, flow_states(opt));
	if (err)
		goto fail;
	d->search.found = on_hit;
	d->search.ctx = d;
	err = detect_kit_new(rs, opt, &d->kits[0]);
	if (err)
		goto fail;
	err = open_xbits(d);
	d->tags = d->env.tags;
	if (!err && !d->tags && (d->block->has_tag & 2)) {
		err = tag_table_new(&d->own_tags);
		d->tags = d->own_tags;
	}
	if (!err)
		err = open_transactions(d);
	if (err)
		goto fail;
	put_in_force(d, d->kits[0]);
	d->watched = UINT32_MAX;
	d->eval.turn = env->turn ? set_turn : NULL;
	d->eval.turn_ctx = d;
	d->eval.streams = env->streams;
	d->eval.state = &d->state;
	d->eval.steps_max =
		opt->inspection_recursion_limit ? opt->inspection_recursion_limit : 3000;
	*out = d;
	return 0;
fail:
	detector_free(d);
	return err;
}

void detector_free(struct detector *d)
{
	if (!d)
		return;
	tx_inspector_free(d->txs);
	frame_inspector_free(d->frames);
	transform_work_free(d->eval.transforms);
	free(d->eval.decoded);
	searcher_fini(&d->search);
	state_fini(&d->state);
	xbits_table_free(d->own_xbits);
	tag_table_free(d->own_tags);
	for (unsigned i = 0; i < KITS_MAX; i++)
		detect_kit_free(d->kits[i]);
	free(d->alert);
	free(d->eval.notes);
	free(d);
}

/* --- candidates ------------------------------------------------------------------------------------------ */

static void next_stamp(struct detector *d)
{
	d->candidates = 0;
	d->waits = 0;
	if (++d->kit->stamp == 0) {
		memset(d->kit->candidate_stamp, 0,
		       d->block->rules.count * sizeof(*d->kit->candidate_stamp));
		d->kit->stamp = 1;
	}
}

static void next_packet_stamp(struct detector *d)
{
	d->matches = 0;
	if (++d->kit->packet_stamp == 0) {
		memset(d->kit->match_stamp, 0,
		       d->block->rules.count * sizeof(*d->kit->match_stamp));
		d->kit->packet_stamp = 1;
	}
}

static bool port_in(struct port_range r, uint16_t port)
{
	return port >= r.low && port <= r.high;
}

/* What its row says at a glance. */
static bool may_hold(const struct detector *d, const struct rule_row *row)
{
	const struct packet *p = d->eval.p;
	uint16_t port = row->flags & ROW_SOURCE_PORTS ? p->sport : p->dport;

	return (row->need & d->eval.have) == row->need && port_in(row->ports, port);
}

static void add_candidate(struct detector *d, uint32_t rule, uint8_t why)
{
	if (!may_hold(d, &d->rs->row[rule]))
		return;
	if (d->kit->candidate_stamp[rule] == d->kit->stamp) {
		d->kit->candidate_why[rule] |= why;
		return;
	}
	d->kit->candidate_stamp[rule] = d->kit->stamp;
	d->kit->candidate_why[rule] = why;
	d->kit->candidate[d->candidates++] = rule;
}

static void on_hit(void *ctx, uint32_t rule, enum unit in)
{
	add_candidate(ctx, rule, CANDIDATE_HIT | 1u << in);
}

static void on_fixed(void *ctx, uint32_t rule)
{
	struct detector *d = ctx;

	if (!(rule & FIXED_GATE))
		add_candidate(d, rule, d->searching);
	else if (!d->gate_open)
		d->gate_open = may_hold(d, &d->rs->row[rule & ~FIXED_GATE]);
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
	const uint16_t *cell = block_at(d->block, t->classes[p->direction & 1]);
	unsigned sg = group_of(d->block, t->sport_group, p->sport);
	unsigned dg = group_of(d->block, t->dport_group, p->dport);

	return (const struct scan_class *)block_at(d->block, d->block->classes.offset) +
	       cell[sg * t->dport_groups + dg];
}

/*
 * Payload that is not in the stream is looked at here, also for rules on streams, but as Suricata has it
 * only where no bytes of the stream wait to be looked at.
 */
static bool packet_stands_for_stream(const struct packet *p)
{
	return p->proto != IP_PROTO_TCP || (!p->stream_added && !p->stream_waiting);
}

/* Literals open it too, as they are found. */
static bool gate_cond_holds(const struct detector *d, const struct scan_class *c)
{
	for (uint32_t i = 0; i < c->gates; i++) {
		if (eval_packet_cond(&d->eval, d->rs->cond + c->gate[i]))
			return true;
	}
	return false;
}

static void search_payload(struct detector *d, const struct packet *p, const struct scan_class *c)
{
	bool for_stream = packet_stands_for_stream(p);

	d->gate_open = gate_cond_holds(d, c);
	search_fixed(d, c->fixed[UNIT_PACKET], p->payload, 0, 0, CANDIDATE_PACKET);
	if (for_stream)
		search_fixed(d, c->fixed[UNIT_STREAM], p->payload, 0, 0, CANDIDATE_PACKET);
	search_packet(&d->search, p, c, d->gate_open, for_stream);
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

static void add_always_rule(struct detector *d, const struct packet *p, const struct stream_view *v,
			    uint32_t rule)
{
	const struct rule_row *row = &d->rs->row[rule];
	uint8_t why = 0;

	if (!eval_may_hold(&d->eval, row))
		return;
	if (!row->payload_conds || (row->flags & ROW_NO_PAYLOAD)) {
		why = CANDIDATE_PACKET;
	} else {
		if (v && (row->units >> UNIT_STREAM & 1))
			why |= CANDIDATE_STREAM;
		if (p->payload.len && !p->pseudo && !eval_payload_closed(p) &&
		    ((row->units >> UNIT_PACKET & 1) || packet_stands_for_stream(p)))
			why |= CANDIDATE_PACKET;
	}
	if (why)
		add_candidate(d, rule, why);
}

/* Rules without a pattern: their facts decide. */
static void add_always(struct detector *d, const struct packet *p, const struct stream_view *v)
{
	const struct section *s = &d->block->always[d->eval.proto];
	const struct always_rule *r = block_at(d->block, s->offset);
	const struct always_rule *end = r + s->count;

	while (r < end) {
		if ((r->need & d->eval.have) != r->need) {
			r += r->alike;
			continue;
		}
		if (always_may_hold(r, p))
			add_always_rule(d, p, v, r->rule);
		r++;
	}
}

static void add_events(struct detector *d, const struct packet *p)
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

/* --- rules that wait for more of a stream --------------------------------------------------------------- */

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

/* Its pattern is in these bytes, the rest of it is not: the rest may come with the next. */
static void keep_pending(struct detector *d, const struct packet *p, const struct stream_view *v,
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

/* --- what a match does ------------------------------------------------------------------------------------- */

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

static void take_turn(struct detector *d, const struct packet *p)
{
	if (d->env.turn)
		d->env.turn(d->env.turn_ctx, p->number);
}

static bool post_xbits(struct detector *d, const struct packet *p, const struct cond *c)
{
	struct xbits_key k;
	uint64_t refused;
	bool changed;

	if (!d->eval.xbits || !eval_xbits_key(p, c, &k))
		return false;
	take_turn(d, p);
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
		take_turn(d, p);
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

/* tx: that the rule has matched in; NULL: in none that it could change. */
static void post(struct detector *d, const struct rule_row *row, const struct packet *p,
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

	if (n->kind == NOTE_FLOW && p->flow &&
	    state_variable_set(&d->state, p->flow, n->name, n->value))
		d->state_changed = true;
	if (n->kind == NOTE_PACKET)
		d->state_changed = true;
}

static void add_to_matches(struct detector *d, uint32_t rule, bool stream, const struct app_tx *tx)
{
	struct match *m = &d->match[d->matches++];

	d->kit->cost[rule].matches++;
	*m = (struct match){ .rule = rule, .stream = stream, .rs = d->rs, .tx = tx };
	if (d->eval.notes)
		m->notes = notes_keep(d->eval.notes, &m->note);
	for (unsigned i = 0; i < m->notes; i++)
		keep_note(d, &m->note[i]);
}

static void note_match(struct detector *d, uint32_t rule, bool stream)
{
	d->kit->match_stamp[rule] = d->kit->packet_stamp;
	add_to_matches(d, rule, stream, tx_of_datagram(d, rule));
}

static void add_match(struct detector *d, const struct packet *p, uint32_t rule, bool stream)
{
	note_match(d, rule, stream);
	post(d, &d->rs->row[rule], p, NULL);
}

/* What is shared with other workers holds as well; if not, another rule of this packet may yet change it. */
static bool shared_holds(struct detector *d, const struct packet *p, uint32_t rule)
{
	const struct rule_row *row = &d->rs->row[rule];

	if (!row->shared_conds)
		return true;
	take_turn(d, p);
	if (eval_shared(&d->eval, row))
		return true;
	d->kit->candidate_why[rule] &= (uint8_t)~CANDIDATE_HIT;
	d->kit->waiting[d->waits++] = rule;
	return false;
}

/* --- verifying -------------------------------------------------------------------------------------------- */

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
	    ((row->units >> UNIT_PACKET & 1) || packet_stands_for_stream(p))) {
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
		keep_pending(d, p, v, rule);
}

static void try_rule(struct detector *d, const struct packet *p, const struct stream_view *v,
		     uint32_t rule)
{
	const struct rule_row *row = &d->rs->row[rule];

	if (!eval_header(&d->eval, row))
		return;
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
			keep_pending(d, p, v, rule);
	}
}

/* --- one packet --------------------------------------------------------------------------------------------- */

/* Rules on addresses alone are tried once, in order. */
static bool ip_only_shared(struct detector *d, const struct packet *p, const struct rule_row *row)
{
	if (!row->shared_conds)
		return true;
	take_turn(d, p);
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
			note_match(d, rule[i], false);
	}
	/* What they set is seen by what comes after them. */
	for (unsigned i = 0; i < d->matches; i++)
		post(d, &d->rs->row[d->match[i].rule], p, NULL);
}

static void inspect_packet(struct detector *d, const struct packet *p, const struct stream_view *v)
{
	const struct scan_class *c;

	next_stamp(d);
	d->watch_told = false;
	d->eval.have = eval_facts(p, p->flow, v != NULL);
	if (p->events)
		add_events(d, p);
	if (p->has_ip) {
		add_always(d, p, v);
		if (p->payload.len || v) {
			c = class_of(d, p, d->eval.proto);
			if (p->payload.len && !p->pseudo && !eval_payload_closed(p))
				search_payload(d, p, c);
			if (v)
				search_stream(d, p, v, c);
		}
		if (v && p->flow->detect)
			add_pending(d, p, v);
	}
	if (d->candidates)
		verify_all(d, p, v);
	end_watch(d, p, v);
}

/* The rules on what always comes, though the packet's way is released. */
static void inspect_released(struct detector *d, const struct packet *p)
{
	const struct section *s = &d->block->always[d->eval.proto];
	const struct always_rule *r = block_at(d->block, s->offset);

	if (!packet_always_comes(p))
		return;
	next_stamp(d);
	add_events(d, p);
	for (uint32_t i = 0; i < s->count; i++) {
		if (d->rs->row[r[i].rule].reach == REACH_FLAGS)
			add_candidate(d, r[i].rule, CANDIDATE_PACKET);
	}
	if (d->candidates)
		verify_all(d, p, NULL);
}

/* Further pieces of the stream that came with the same packet. */
static void inspect_stream(struct detector *d, const struct packet *p, const struct stream_view *v)
{
	const uint32_t *rule = block_at(d->block, d->block->always_stream.offset);

	next_stamp(d);
	d->watch_told = false;
	d->watch_stream_only = true;
	for (uint32_t i = 0; i < d->block->always_stream.count; i++)
		add_candidate(d, rule[i], CANDIDATE_STREAM);
	search_stream(d, p, v, class_of(d, p, d->eval.proto));
	if (p->flow->detect)
		add_pending(d, p, v);
	if (d->candidates)
		verify_all(d, p, v);
	end_watch(d, p, v);
}

/* --- transactions --------------------------------------------------------------------------------------------- */

static void set_turn(void *ctx)
{
	struct detector *d = ctx;

	take_turn(d, d->eval.p);
}

static bool tx_shared(void *ctx, uint32_t rule)
{
	struct detector *d = ctx;

	take_turn(d, d->eval.p);
	return eval_shared(&d->eval, &d->rs->row[rule]);
}

static bool tx_match(void *ctx, uint32_t rule, struct app_tx *tx)
{
	struct detector *d = ctx;
	bool before = d->state_changed, changed;

	if (d->matches < d->matches_max)
		add_to_matches(d, rule, d->eval.p->proto == IP_PROTO_TCP, tx);
	else
		d->env.counters->value[COUNTER_DETECT_ALERTS_SUPPRESSED]++;
	d->state_changed = false;
	if (d->rs->row[rule].more & ROW_STORES_FILES) {
		const struct rule_cold *cold =
			(const struct rule_cold *)block_at(d->block, d->block->cold.offset);

		eval_store_files(&d->eval, &d->rs->row[rule], cold[rule].sid);
	}
	post(d, &d->rs->row[rule], d->eval.p, tx);
	changed = d->state_changed;
	d->state_changed = before;
	return changed;
}

/* A transaction that began on an earlier ruleset finishes on it; NULL: back to the one in force. */
static void tx_kit(void *ctx, struct detect_kit *k)
{
	struct detector *d = ctx;

	inspect_with(d, k ? k : d->newest);
}

static bool frame_match(void *ctx, uint32_t rule, const struct app_frame *f, struct app_tx *tx)
{
	struct detector *d = ctx;
	unsigned before = d->matches;
	bool changed = tx_match(ctx, rule, tx);

	if (d->matches > before)
		d->match[d->matches - 1].frame = f;
	return changed;
}

static void tx_watched(void *ctx, struct eval *e)
{
	struct detector *d = ctx;
	struct eval copy = *e;

	if (d->watch)
		d->watch(d->watch_ctx, &copy);
}

/*
 * What is new of the flow's protocol is shown to rules once: on the first packet of each direction after
 * the direction's protocol was decided, or an event raised.
 */
static void note_news(struct detector *d, const struct packet *p)
{
	const struct app_flow *a;
	struct state_entry *told;
	unsigned dir = p->direction;

	d->eval.news = 0;
	if (!d->block->app_news || !p->flow || !p->flow->app || !d->env.apps)
		return;
	a = app_flow(d->env.apps, p->flow);
	if (!a)
		return;
	if (a->decided[dir]) {
		told = state_make(&d->state, p->flow, STATE_APP, dir, 0);
		if (told && told->value != a->decided[dir]) {
			d->eval.news |= EVAL_NEWS_PROTO;
			told->value = a->decided[dir];
		}
	}
	if (!a->events)
		return;
	told = state_make(&d->state, p->flow, STATE_APP, 2, 0);
	if (told && told->value < a->events) {
		d->eval.events_told = (uint8_t)told->value;
		d->eval.news |= EVAL_NEWS_EVENT;
		told->value = a->events;
	}
}

/* Payload that rules on transactions look at too: of the stream where there is something new in it. */
static void inspect_transactions(struct detector *d, struct packet *p, const struct stream_view *v)
{
	d->eval.have = eval_facts(p, p->flow, v != NULL);
	d->eval.payload = v ? v->data : p->pseudo ? bytes_of(NULL, 0) : p->payload;
	d->eval.payload_origin = v ? v->offset : 0;
	d->eval.payload_fresh = v ? v->fresh : 0;
	tx_inspect(d->txs, &d->eval, p);
}

const struct rule_cost *detector_rule_cost(const struct detector *d, uint32_t rule)
{
	return &d->newest->cost[rule];
}

const struct filter_hits *detector_filter_hits(const struct detector *d, uint32_t rule)
{
	return &d->newest->hits[rule];
}

void detector_watch(struct detector *d, uint32_t rule, detect_watch_fn watch, void *ctx)
{
	d->watched = rule;
	if (d->txs)
		tx_watch(d->txs, rule);
	if (d->frames)
		frame_watch(d->frames, rule);
	d->watch = watch;
	d->watch_ctx = ctx;
}

static bool next_view(struct detector *d, struct packet *p, struct stream_view *v)
{
	return stream_view(d->env.streams, p->flow, p->direction, p->pseudo, v);
}

/* --- conclusion ------------------------------------------------------------------------------------------------ */

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
	take_turn(d, p);
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
	take_turn(d, p);
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

static void conclude(struct detector *d, struct packet *p, struct detect_result *out)
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

/* Nobody looks at the bytes: let them go as if somebody had. */
static void pass_by(struct detector *d, const struct packet *p)
{
	struct stream_view v;

	while (stream_view(d->env.streams, p->flow, p->direction, p->pseudo, &v))
		stream_inspected(d->env.streams, p->flow, p->direction, &v);
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
		conclude(d, p, out);
	out->admitted = d->admitted;
}

/* Not the packet that a tag begins with, but those after it. */
static bool is_tagged(struct detector *d, const struct packet *p)
{
	bool tagged = p->flow && p->flow->detect && tag_flow(&d->state, p);

	if (d->hosts_may_be_tagged && d->tags) {
		take_turn(d, p);
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
	d->eval.have = eval_facts(p, p->flow, false);
	note_news(d, p);
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
	if (p->flow && p->flow->app && d->frames)
		frame_inspect(d->frames, &d->eval, p);
	if (p->flow && p->flow->app && d->txs)
		inspect_transactions(d, p, has_view ? &v : NULL);
	else if (p->flow && p->flow->app && d->env.apps)
		tx_pass_by(d->env.apps, p);
	while (has_view) {
		stream_inspected(d->env.streams, p->flow, p->direction, &v);
		has_view = next_view(d, p, &v);
		if (has_view)
			inspect_stream(d, p, &v);
	}
	finish(d, p, out);
}

/* --- before the flow --------------------------------------------------------------------------------- */

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
	d->eval.have = eval_facts(p, NULL, false);
	for (uint32_t i = 0; p->has_ip && i < d->block->pre_flow.count; i++) {
		const struct rule_row *row = &d->rs->row[rule[i]];

		if (may_hold(d, row) && eval_header(&d->eval, row) && eval_packet(&d->eval, row) &&
		    (!row->payload_conds || holds_in_packet(d, row, p)))
			return true;
	}
	return false;
}

/* --- a flow's state ------------------------------------------------------------------------------------------- */

void detect_flow_end(struct detector *d, struct flow *f)
{
	if (d->txs)
		tx_flow_end(d->txs, f);
	search_flow_end(&d->search, f);
	state_forget(&d->state, f);
}

static const char *name_of(const struct detector *d, struct state_entry *e)
{
	const struct state_name *n = block_at(d->block, d->block->names.offset);
	uint32_t low = 0, high = d->block->names.count;
	uint64_t key = e->key;

	/* Where it was found last time, unless the ruleset is another. */
	if (e->rule < high && n[e->rule].key == key)
		return block_text(d->block, n[e->rule].text);
	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (n[mid].key == key) {
			e->rule = mid;
			return block_text(d->block, n[mid].text);
		}
		if (n[mid].key < key)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

unsigned detect_flowvars(const struct detector *d, const struct flow *f, struct rule_note *out,
			 unsigned max)
{
	unsigned count = 0;

	for (uint32_t i = f->detect; i && count < max; i = state_at(&d->state, i)->next) {
		const struct state_entry *e = state_at(&d->state, i);

		if (e->kind != STATE_VARIABLE)
			continue;
		state_variable_of(&d->state, e, &out[count].name, &out[count].value);
		out[count++].kind = NOTE_FLOW;
	}
	return count;
}

unsigned detect_pktvars(const struct detector *d, struct rule_note *out, unsigned max)
{
	const struct notes *n = d->eval.notes;
	unsigned count = 0;

	for (unsigned i = 0; n && i < n->from && count < max; i++) {
		if (n->note[i].kind == NOTE_PACKET)
			out[count++] = n->note[i];
	}
	return count;
}

unsigned detect_flowbits(const struct detector *d, const struct flow *f, const char **names,
			 unsigned max)
{
	unsigned count = 0;

	for (uint32_t i = f->detect; i && count < max; i = state_at(&d->state, i)->next) {
		struct state_entry *e = state_at(&d->state, i);
		const char *name = e->kind == STATE_BIT ? name_of(d, e) : NULL;

		if (name)
			names[count++] = name;
	}
	return count;
}
