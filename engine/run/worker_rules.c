/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/worker_rules.h"

#include "engine/run/generation.h"
#include "engine/run/worker.h"

/* Flows that are looked at between two batches. */
#define REVIEW_FLOWS 1024

static bool take(struct worker *w, struct generation *g)
{
	if (!detector_use(w->detector, g->kit[w->id], g->successors))
		return false;
	w->generation = g;
	w->env.rules = g->rules;
	worker_track(w);
	release_use(&w->pipeline->release, g->rules);
	if (w->pipeline->apps)
		app_engine_needs(w->pipeline->apps, &g->needs);
	w->review = 1;
	return true;
}

/* Whoever keeps packets of the flow is told; false: not now. */
static bool look_at(struct worker *w, struct flow *f)
{
	uint16_t released = f->released, held = f->held;

	if (!release_review(&w->pipeline->release, f))
		return true;
	if (!(f->flags & FLOW_TOLD) || !w->live || !w->live->release ||
	    worker_release_change(w->live->release, f))
		return true;
	f->released = released & FLOW_WAYS_BOTH;
	f->held = held & FLOW_WAYS_BOTH;
	return false;
}

static void review(struct worker *w)
{
	uint32_t last = flow_last(w->pipeline->flows);

	for (unsigned n = 0; n < REVIEW_FLOWS && w->review <= last; n++, w->review++) {
		struct flow *f = flow_at(w->pipeline->flows, w->review);

		if (flow_is_live(f) && !look_at(w, f))
			return;
	}
	if (w->review <= last)
		return;
	w->review = 0;
	atomic_store_explicit(&w->settled, w->generation->number, memory_order_release);
}

bool worker_rules_follow(struct worker *w)
{
	struct generation *g = atomic_load_explicit(&w->all->generation, memory_order_acquire);

	if (g == w->generation && !w->review) {
		if (w->detector)
			detector_leave(w->detector);
		return false;
	}
	if (g != w->generation && !w->review && !take(w, g))
		return true;
	review(w);
	return w->review != 0;
}
