/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/candidates.h"

/* A rule that sets a flowbit may let others hold, and so on: so many rounds. */
#define ROUNDS_MAX 8

struct frame_inspector {
	const struct ruleset *rs;
	const struct block_header *block;
	struct detect_kit *kit; /* the ruleset's */
	struct frame_work *work; /* of the kit */
	struct frame_hooks hooks;
	bool inline_mode; /* bytes are looked at before they pass */
	uint32_t watched;
	bool watch_told;

	/* One step: a run of bytes of a frame. */
	struct eval *e;
	const struct tx_way *way;
	struct app_tx *tx; /* that the frame is of; NULL: none */
	unsigned candidates, waits; /* in the kit's arrays */
	bool changed;
	const struct scan_pattern *pattern;
};

int frame_inspector_new(bool inline_mode, const struct frame_hooks *hooks,
			struct frame_inspector **out)
{
	struct frame_inspector *t = calloc(1, sizeof(*t));

	*out = t;
	if (!t)
		return -ENOMEM;
	t->hooks = *hooks;
	t->inline_mode = inline_mode;
	t->watched = UINT32_MAX;
	return 0;
}

void frame_inspector_free(struct frame_inspector *t)
{
	free(t);
}

void frame_use(struct frame_inspector *t, struct detect_kit *k)
{
	t->rs = k->rs;
	t->block = k->rs->block;
	t->kit = k;
	t->work = &k->frame;
}

void frame_watch(struct frame_inspector *t, uint32_t rule)
{
	t->watched = rule;
}

/* --- candidates --------------------------------------------------------------------------------- */

static void next_stamp(const struct frame_inspector *t, uint32_t *stamp, uint32_t *of_rules)
{
	if (++*stamp != 0)
		return;
	memset(of_rules, 0, t->block->rules.count * sizeof(*of_rules));
	*stamp = 1;
}

static void add_candidate(struct frame_inspector *t, uint32_t rule)
{
	uint32_t need = t->rs->row[rule].need;

	if (t->work->stamps[rule] == t->work->stamp || (need & t->e->have) != need)
		return;
	t->work->stamps[rule] = t->work->stamp;
	t->work->candidate[t->candidates++] = rule;
}

static int on_hit(unsigned int id, unsigned long long from, unsigned long long to,
		  unsigned int flags, void *ctx)
{
	struct frame_inspector *t = ctx;
	const struct section *rules = &t->pattern[id].rules[0];
	const uint32_t *rule = block_at(t->block, rules->offset);

	(void)from;
	(void)to;
	(void)flags;
	for (uint32_t i = 0; i < rules->count; i++)
		add_candidate(t, rule[i]);
	return 0;
}

static void search_slot(struct frame_inspector *t, const struct tx_slot *slot)
{
	const struct scan_database *db = &t->rs->tx_database[slot->database];
	const struct app_slice *s = &t->e->run;
	struct bytes bytes = s->data;

	if (slot->transforms) {
		transform_begin(t->e->transforms);
		bytes = eval_transformed(t->e, slot->transforms,
					 bytes_slice(bytes, s->fresh, bytes.len));
	}
	if (bytes.len < db->shortest)
		return;
	t->pattern = block_at(t->block, db->patterns.offset);
	mpm_search(t->rs->tx_scan[slot->database], &t->kit->search, bytes, on_hit, t);
}

/* By the patterns of this kind of frame, and of the rules that have none all. */
static void add_candidates(struct frame_inspector *t, uint8_t type)
{
	const struct tx_slot *slot = block_at(t->block, t->way->slots.offset);
	const uint32_t *rule = block_at(t->block, t->way->always.offset);

	for (uint32_t i = 0; i < t->way->slots.count; i++) {
		if (slot[i].frame == type)
			search_slot(t, &slot[i]);
	}
	for (uint32_t i = 0; i < t->way->always.count; i++) {
		if (t->rs->row[rule[i]].frame == type)
			add_candidate(t, rule[i]);
	}
}

/* --- verifying ---------------------------------------------------------------------------------- */

static void tell_watcher(struct frame_inspector *t)
{
	t->watch_told = true;
	t->hooks.watch(t->hooks.ctx, t->e);
}

static void try_rule(struct frame_inspector *t, uint32_t rule)
{
	const struct rule_row *row = &t->rs->row[rule];

	if (!eval_header(t->e, row))
		return;
	if (rule == t->watched)
		tell_watcher(t);
	if (!eval_packet(t->e, row)) {
		if (t->e->state_failed)
			t->work->waiting[t->waits++] = rule;
		return;
	}
	t->kit->cost[rule].checks++;
	transform_begin(t->e->transforms);
	if (t->e->notes)
		notes_begin(t->e->notes);
	if (!eval_frame(t->e, row))
		return;
	if (row->shared_conds && !t->hooks.shared(t->hooks.ctx, rule)) {
		t->work->waiting[t->waits++] = rule;
		return;
	}
	t->work->steps[rule] = t->work->step;
	t->changed |= t->hooks.match(t->hooks.ctx, rule, t->e->frame, t->tx);
}

static void verify(struct frame_inspector *t, uint32_t rule)
{
	struct rule_cost *cost = &t->kit->cost[rule];
	uint64_t begin;

	if (t->work->steps[rule] == t->work->step)
		return;
	begin = cost_begin(&t->kit->sampler, cost);
	try_rule(t, rule);
	cost_end(cost, begin);
}

static void verify_all(struct frame_inspector *t)
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

/* --- one frame ---------------------------------------------------------------------------------- */

static bool is_watched(const struct frame_inspector *t, uint8_t type)
{
	return t->watched != UINT32_MAX && t->rs->row[t->watched].kind == RULE_FRAME &&
	       t->rs->row[t->watched].frame == type;
}

static void one_run(struct frame_inspector *t)
{
	t->candidates = 0;
	t->waits = 0;
	t->watch_told = false;
	next_stamp(t, &t->work->stamp, t->work->stamps);
	add_candidates(t, t->e->frame->type);
	if (t->candidates)
		verify_all(t);
	if (is_watched(t, t->e->frame->type) && !t->watch_told)
		tell_watcher(t);
}

/* The bytes [from, to) of a frame, run by run; seen: those before it have been looked at. */
static void runs(struct frame_inspector *t, const struct packet *p, uint64_t from, uint64_t to,
		 uint64_t seen, bool whole)
{
	struct eval *e = t->e;
	struct stream_run run;

	while (from < to && app_frame_run(e->apps, p, from, to, &run)) {
		uint64_t end = run.offset + run.data.len;
		uint64_t old = seen > run.offset ? seen - run.offset : 0;

		e->run = (struct app_slice){ .data = run.data,
					     .offset = run.offset - e->frame->offset,
					     .fresh = (size_t)old,
					     .at_end = whole && end == to };
		if (old < run.data.len)
			one_run(t);
		from = end;
	}
}

static void one_frame(struct frame_inspector *t, const struct packet *p, struct app_frame *f,
		      uint32_t window)
{
	const struct app_engine *apps = t->e->apps;
	uint64_t ready = app_frame_ready(apps, p, f), seen = f->offset + f->inspected;
	bool ended = app_frames_ended(apps, p), complete = app_frame_complete(apps, p, f);
	uint64_t back = f->inspected < window ? f->inspected : window;

	if (ready <= seen)
		return;
	if (!ended && !complete && !t->inline_mode &&
	    (f->len >= 0 || app_frame_parsed(apps, p, f) < seen + FRAME_STEP_BYTES))
		return;
	next_stamp(t, &t->work->step, t->work->steps);
	t->e->frame = f;
	t->tx = app_frame_tx(apps, p->flow, f);
	/* Of one whose end nobody knows, what there is at the end is all. */
	runs(t, p, seen - back, ready, seen, complete || (ended && f->len < 0));
	f->inspected = ready - f->offset;
}

void frame_inspect(struct frame_inspector *t, struct eval *e, struct packet *p)
{
	struct app_frames *s = app_frames(e->apps, p);
	uint32_t window;

	if (!s)
		return;
	t->e = e;
	e->flow = p->flow;
	e->dir = p->direction;
	window = app_frames_window(e->apps);
	for (uint32_t i = 0; i < s->count; i++) {
		struct app_frame *f = &s->frame[i];

		t->way = block_frame_way(t->block, f->proto, e->dir, ends_of(e->have));
		if (t->block->frames[f->proto] & FRAME_BIT(f->type))
			one_frame(t, p, f, window);
	}
	e->frame = NULL;
	e->run = (struct app_slice){ .at_end = true };
}
