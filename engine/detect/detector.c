/* SPDX-License-Identifier: Apache-2.0 */
/* A detector is made, takes another ruleset, and is asked what it knows; what it does with packets is in detect.c. */
#include "engine/detect/detector.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/detect/collect.h"
#include "engine/detect/frame.h"
#include "engine/detect/match.h"
#include "engine/detect/tag.h"
#include "engine/detect/tx.h"

/* Only pointers change: this is done in the middle of a packet too. */
static void inspect_with(struct detector *d, struct detect_kit *k)
{
	d->kit = k;
	d->rs = k->rs;
	d->block = k->rs->block;
	d->eval.rs = k->rs;
	d->eval.scratch = k->search.hs;
	d->eval.regex = k->regex;
	d->search.rs = k->rs;
	d->search.work = &k->search;
	if (d->txs)
		tx_use(d->txs, k);
	if (d->frames)
		frame_use(d->frames, k);
}

/* --- what transactions and frames ask ----------------------------------------------------------------------- */

static void set_turn(void *ctx)
{
	struct detector *d = ctx;

	detector_take_turn(d, d->eval.p);
}

static bool tx_shared(void *ctx, uint32_t rule)
{
	struct detector *d = ctx;

	detector_take_turn(d, d->eval.p);
	return eval_shared(&d->eval, &d->rs->row[rule]);
}

static bool tx_match(void *ctx, uint32_t rule, struct app_tx *tx)
{
	struct detector *d = ctx;
	bool before = d->state_changed, changed;

	if (d->matches < d->matches_max)
		match_add(d, rule, d->eval.p->proto == IP_PROTO_TCP, tx);
	else
		d->env.counters->value[COUNTER_DETECT_ALERTS_SUPPRESSED]++;
	d->state_changed = false;
	if (d->rs->row[rule].more & ROW_STORES_FILES) {
		const struct rule_cold *cold =
			(const struct rule_cold *)block_at(d->block, d->block->cold.offset);

		eval_store_files(&d->eval, &d->rs->row[rule], cold[rule].sid);
	}
	match_post(d, &d->rs->row[rule], d->eval.p, tx);
	changed = d->state_changed;
	d->state_changed = before;
	return changed;
}

/* A transaction that began on an earlier ruleset finishes on it; NULL: back to the one in force. */
static void tx_kit(void *ctx, struct detect_kit *k)
{
	struct detector *d = ctx;

	inspect_with(d, k ? k : d->newest);
	d->eval.have = (d->eval.have & ~(uint32_t)NEED_ENDS) | eval_ends(&d->eval);
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

/* --- making ------------------------------------------------------------------------------------------------- */

static uint32_t flow_states(const struct detect_options *opt)
{
	return opt->max_flow_states ? opt->max_flow_states : 1024;
}

uint64_t detector_state_bytes(const struct detect_options *opt)
{
	const struct tx_options tx = { .max_transactions = opt->max_transactions };

	return state_bytes(flow_states(opt)) + searcher_bytes(flow_states(opt)) +
	       tx_inspector_bytes(&tx);
}

void detector_memory(const struct detector *d, struct memory_use *sum)
{
	memory_use_pool(sum, &d->state.entries);
	memory_use_pool(sum, &d->state.variables);
	memory_use_pool(sum, &d->search.kept);
	if (d->txs)
		tx_inspector_memory(d->txs, sum);
}

#define XBITS_OWN 4096

static int open_xbits(struct detector *d)
{
	static const struct hash_key key = { 0x7862697473, 0x6f776e };
	int err;

	d->eval.xbits = d->env.xbits;
	d->eval.known = d->env.known;
	d->eval.known_ctx = d->env.known_ctx;
	if (d->env.xbits || !d->block->has_xbits)
		return 0;
	err = xbits_table_new(XBITS_OWN, &key, &d->own_xbits);
	d->eval.xbits = d->own_xbits;
	return err;
}

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

static void put_in_force(struct detector *d, struct detect_kit *k)
{
	d->searched_from = d->newest ? UINT64_MAX : 0;
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
	d->search.found = collect_hit;
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

/* --- watching, counting ------------------------------------------------------------------------------------- */

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

/* --- a flow's state ----------------------------------------------------------------------------------------- */

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
	bool keyed;

	for (uint32_t i = f->detect; i && count < max; i = state_at(&d->state, i)->next) {
		const struct state_entry *e = state_at(&d->state, i);

		if (e->kind != STATE_VARIABLE)
			continue;
		state_variable_of(&d->state, e, &out[count].name, &out[count].value, &keyed);
		out[count++].kind = keyed ? NOTE_FLOW_KEYED : NOTE_FLOW;
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

unsigned detect_flowints(const struct detector *d, const struct flow *f, struct flow_number *out,
			 unsigned max)
{
	unsigned count = 0;

	for (uint32_t i = f->detect; i && count < max; i = state_at(&d->state, i)->next) {
		struct state_entry *e = state_at(&d->state, i);
		const char *name = e->kind == STATE_INT ? name_of(d, e) : NULL;

		if (name)
			out[count++] = (struct flow_number){ name, e->value };
	}
	return count;
}
