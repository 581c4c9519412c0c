/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/tx.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/detect/candidates.h"
#include "engine/detect/tx_search.h"
#include "engine/detect/tx_state.h"
#include "parser/buffer.h"

#define TRANSACTIONS_USUAL 4096
/* A transaction has a few candidates that wait, as a rule. */
#define RULES_PER_TRANSACTION 2
/* A rule that sets a flowbit may let others hold, and so on: so many rounds. */
#define ROUNDS_MAX 8

/* --- making ------------------------------------------------------------------------------------------- */

static uint32_t transactions(const struct tx_options *opt)
{
	return opt->max_transactions ? opt->max_transactions : TRANSACTIONS_USUAL;
}

uint64_t tx_inspector_bytes(const struct tx_options *opt)
{
	uint32_t n = transactions(opt);

	return pool_bytes(sizeof(struct tx_state), n) +
	       pool_bytes(sizeof(struct tx_rule), n * RULES_PER_TRANSACTION);
}

void tx_inspector_memory(const struct tx_inspector *t, struct memory_use *sum)
{
	memory_use_pool(sum, &t->states);
	memory_use_pool(sum, &t->rules);
}

int tx_inspector_new(const struct tx_options *opt, const struct tx_hooks *hooks,
		     struct tx_inspector **out)
{
	struct tx_inspector *t = calloc(1, sizeof(*t));
	int err;

	*out = NULL;
	if (!t)
		return -ENOMEM;
	t->kits = opt->kits;
	t->hooks = *hooks;
	t->limits = opt->limits;
	t->table = opt->table;
	t->watched = UINT32_MAX;
	err = pool_init(&t->states, sizeof(struct tx_state), transactions(opt));
	if (!err)
		err = pool_init(&t->rules, sizeof(struct tx_rule),
				transactions(opt) * RULES_PER_TRANSACTION);
	if (err)
		goto fail;
	*out = t;
	return 0;
fail:
	tx_inspector_free(t);
	return err;
}

void tx_inspector_free(struct tx_inspector *t)
{
	if (!t)
		return;
	pool_fini(&t->states);
	pool_fini(&t->rules);
	free(t);
}

void tx_use(struct tx_inspector *t, struct detect_kit *k)
{
	t->kit = k;
	t->work = &k->tx;
	t->rs = k->rs;
	t->block = k->rs->block;
}

void tx_watch(struct tx_inspector *t, uint32_t rule)
{
	t->watched = rule;
}

/* --- verifying ---------------------------------------------------------------------------------------- */

static void try_rule(struct tx_inspector *t, uint32_t rule, struct tx_rule *r)
{
	const struct rule_row *row = &t->rs->row[rule];
	uint64_t held = r ? r->held : 0;
	enum tx_answer answer;

	if (rule == t->watched) {
		t->watch_told = true;
		t->hooks.watch(t->hooks.ctx, t->e);
	}
	/* Of one that waits, the packet has been found good before. */
	if (!r) {
		if (!eval_packet(t->e, row)) {
			if (t->e->state_failed)
				t->work->waiting[t->waits++] = rule;
			return;
		}
	}
	t->kit->cost[rule].checks++;
	transform_begin(t->e->transforms);
	t->e->first_file = r ? r->files : 0;
	if (t->e->notes)
		notes_begin(t->e->notes);
	answer = eval_tx(t->e, row, &held);
	if (answer == TX_HOLDS && row->shared_conds && !t->hooks.shared(t->hooks.ctx, rule)) {
		t->work->waiting[t->waits++] = rule;
		return;
	}
	if (answer == TX_NEVER && !r)
		return;
	if (answer == TX_NOT_YET && !held && !(row->flags & ROW_PATTERN) && !row->state_conds)
		return;
	r = tx_state_remember(t, rule);
	if (r) {
		r->held = held;
		r->done = answer == TX_HOLDS   ? RULE_HELD
			  : answer == TX_NEVER ? RULE_NEVER
					       : RULE_WAITS;
		if (answer == TX_HOLDS)
			r->files = (uint16_t)eval_file_count(t->e->tx, t->e->dir);
	}
	/* Without a place to remember it in, it holds when the transaction is whole, which is once. */
	if (answer == TX_HOLDS && (r || t->e->dir_done))
		t->changed |= t->hooks.match(t->hooks.ctx, rule, t->e->tx);
}

static void verify(struct tx_inspector *t, uint32_t rule)
{
	struct tx_rule *r = t->work->entry[rule] ? tx_rule_at(t, t->work->entry[rule]) : NULL;
	struct rule_cost *cost = &t->kit->cost[rule];
	uint64_t begin;

	if (r && r->done)
		return;
	begin = cost_begin(&t->kit->sampler, cost);
	try_rule(t, rule, r);
	cost_end(cost, begin);
}

static void verify_all(struct tx_inspector *t)
{
	candidates_sort(t->work->candidate, t->candidates);
	t->changed = false;
	for (unsigned i = 0; i < t->candidates; i++)
		verify(t, t->work->candidate[i]);
	for (unsigned round = 0; t->changed && t->waits && round < ROUNDS_MAX; round++) {
		unsigned waits = t->waits;

		t->changed = false;
		t->waits = 0;
		for (unsigned i = 0; i < waits; i++)
			verify(t, t->work->waiting[i]);
	}
}

/* --- one transaction ------------------------------------------------------------------------------------ */

static void tell_watcher(struct tx_inspector *t)
{
	uint16_t app = t->watched != UINT32_MAX ? t->rs->row[t->watched].app : 0;
	const uint64_t *mask = block_at(t->block, t->block->app_masks.offset);

	if (t->watched == UINT32_MAX || t->watch_told || t->rs->row[t->watched].kind != RULE_TX ||
	    !(mask[app] >> t->e->tx->proto & 1))
		return;
	if (t->work->stamps[t->watched] == t->work->stamp && t->work->entry[t->watched] &&
	    tx_rule_at(t, t->work->entry[t->watched])->done)
		return;
	t->hooks.watch(t->hooks.ctx, t->e);
}

static const enum buffer grows[] = { BUFFER_HTTP_REQUEST_BODY, BUFFER_HTTP_RESPONSE_BODY,
				     BUFFER_FILE_DATA };

/* Grows when a file begins, and when its kind is known. */
static uint16_t files_known(const struct app_tx *tx, unsigned dir)
{
	unsigned n = 0;

	for (const struct app_file *f = tx->files; f; f = f->next) {
		if (((f->flags & FILE_TO_CLIENT) != 0) == (dir != 0))
			n += 1 + (f->magic != NULL);
	}
	return (uint16_t)n;
}

static bool took_step(const struct tx_inspector *t)
{
	const struct app_tx *tx = t->e->tx;
	const struct tx_state *s = t->state;
	unsigned dir = t->e->dir;

	return !s || !(s->stepped >> dir & 1) || t->e->dir_done ||
	       s->progress[dir] != tx->progress[dir] || s->events[dir] != tx->events ||
	       s->files[dir] != files_known(tx, dir) || s->news[dir] != tx->news;
}

/* Bytes that nobody has looked at. */
static bool has_fresh(const struct tx_inspector *t)
{
	const struct eval *e = t->e;
	struct app_slice s;

	if (!(e->tx->grown >> e->dir & 1))
		return false;
	for (size_t k = 0; k < sizeof(grows) / sizeof(grows[0]); k++) {
		if (!(buffer_row(grows[k])->directions >> e->dir & 1))
			continue;
		for (unsigned i = 0; i < PIECES_MAX; i++) {
			if (!app_buffer(e->apps, e->flow, e->tx, grows[k], e->dir, i, &s))
				break;
			if (s.fresh < s.data.len)
				return true;
			if (!buffer_row(grows[k])->multiple)
				break;
		}
	}
	return false;
}

/* What grows has been seen as far as it is there. */
static void mark_inspected(struct tx_inspector *t)
{
	struct eval *e = t->e;
	struct app_slice s;

	if (!(e->tx->grown >> e->dir & 1))
		return;
	e->tx->grown &= (uint8_t) ~(1 << e->dir);
	for (size_t k = 0; k < sizeof(grows) / sizeof(grows[0]); k++) {
		if (!(buffer_row(grows[k])->directions >> e->dir & 1))
			continue;
		for (unsigned i = 0; i < PIECES_MAX; i++) {
			if (!app_buffer(e->apps, e->flow, e->tx, grows[k], e->dir, i, &s))
				break;
			app_inspected(e->apps, e->flow, e->tx, grows[k], e->dir, i,
				      s.offset + s.data.len);
			if (!buffer_row(grows[k])->multiple)
				break;
		}
	}
}

/* Some rule holds in part. */
static bool waits(const struct tx_inspector *t, const struct app_tx *tx)
{
	return tx->detect && ((const struct tx_state *)pool_at(&t->states, tx->detect))->rules != 0;
}

/* What headers admit is the same for all transactions of a packet that are of one protocol and ruleset. */
static void keep_headers(struct tx_inspector *t)
{
	if (t->headers_of == t->kit && t->headers_proto == t->e->tx->proto)
		return;
	header_memo_next(&t->kit->header);
	t->headers_of = t->kit;
	t->headers_proto = t->e->tx->proto;
}

static void one_transaction(struct tx_inspector *t, struct app_tx *tx)
{
	struct eval *e = t->e;
	unsigned dir = e->dir;

	e->tx = tx;
	e->dir_done = (tx->flags & APP_TX_DONE << dir) != 0;
	t->way = block_tx_way(t->block, tx->proto, dir, ends_of(e->have));
	if (t->way->slots.count || t->way->always.count || waits(t, tx)) {
		keep_headers(t);
		t->state = tx_state_of(t, tx);
		t->only_packet = !took_step(t) && !has_fresh(t);
		if (t->only_packet &&
		    (!(e->payload.len && t->block->tx_payload) || tx_search_idle(t))) {
			tx->grown &= (uint8_t) ~(1 << dir);
			return;
		}
		tx_search_begin(t);
		t->watch_told = false;
		if (t->state)
			tx_search_remembered(t);
		tx_search(t);
		if (t->candidates)
			verify_all(t);
		tell_watcher(t);
		if (t->state) {
			t->state->stepped |= (uint8_t)(1 << dir);
			t->state->progress[dir] = tx->progress[dir];
			t->state->events[dir] = tx->events;
			t->state->files[dir] = files_known(tx, dir);
			t->state->news[dir] = tx->news;
		}
	}
	mark_inspected(t);
	if (e->dir_done)
		tx->flags |= (uint8_t)(APP_TX_INSPECTED << dir);
	if ((tx->flags & APP_TX_INSPECTED) && (tx->flags & APP_TX_INSPECTED << 1))
		tx_state_forget(t, tx);
}

static void with_its_kit(struct tx_inspector *t, struct app_tx *tx)
{
	const struct tx_state *s = tx->detect ? pool_at(&t->states, tx->detect) : NULL;
	bool other = s && s->kit != t->kit->slot, searched = t->e->payload_searched;

	if (other) {
		t->hooks.use(t->hooks.ctx, t->kits[s->kit]);
		t->e->payload_searched = false;
	}
	one_transaction(t, tx);
	if (other) {
		t->e->payload_searched = searched;
		t->hooks.use(t->hooks.ctx, NULL);
	}
}

void tx_inspect(struct tx_inspector *t, struct eval *e, struct packet *p)
{
	struct app_flow *app = app_flow(e->apps, p->flow);

	if (!app)
		return;
	t->e = e;
	t->headers_of = NULL;
	e->flow = p->flow;
	e->dir = p->direction;
	for (struct app_tx *tx = app->first; tx; tx = tx->next) {
		bool waits = (tx->quiet >> e->dir & 1) && !p->pseudo;

		if (!(tx->flags & APP_TX_INSPECTED << e->dir) && !waits)
			with_its_kit(t, tx);
	}
	e->tx = NULL;
	e->first_file = 0;
}

void tx_pass_by(struct app_engine *apps, const struct packet *p)
{
	struct app_flow *app = p->flow ? app_flow(apps, p->flow) : NULL;

	for (struct app_tx *tx = app ? app->first : NULL; tx; tx = tx->next) {
		for (unsigned dir = 0; dir < 2; dir++) {
			if (tx->flags & APP_TX_DONE << dir)
				tx->flags |= (uint8_t)(APP_TX_INSPECTED << dir);
		}
	}
}

struct app_tx *tx_current(struct app_engine *apps, const struct flow *f, unsigned dir)
{
	struct app_flow *app = app_flow(apps, f);

	for (struct app_tx *tx = app ? app->first : NULL; tx; tx = tx->next) {
		if (!(tx->flags & APP_TX_INSPECTED << dir))
			return tx;
	}
	return NULL;
}
