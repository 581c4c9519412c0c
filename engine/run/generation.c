/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/generation.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/detect/kit.h"

static void free_generation(struct generation *n)
{
	if (!n)
		return;
	detect_successors_free(n->successors);
	ruleset_free(n->rules);
	free(n->kit);
	free(n);
}

static struct generation *new_generation(const struct generations *g, struct ruleset *rules)
{
	struct generation *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->number = g->newest ? g->newest->number + 1 : 1;
	n->needs = *g->app;
	ruleset_app_needs(rules, &n->needs);
	n->kit = calloc(g->workers->count, sizeof(struct detect_kit *));
	if (n->kit)
		return n;
	free(n);
	return NULL;
}

int generations_init(struct generations *g, struct workers *workers, struct ruleset *rules,
		     const struct detect_options *options, const struct app_options *app)
{
	*g = (struct generations){ .workers = workers, .options = options, .app = app };
	g->newest = new_generation(g, rules);
	if (!g->newest)
		return -ENOMEM;
	g->newest->rules = rules;
	g->count = 1;
	for (unsigned i = 0; i < workers->count; i++) {
		struct worker *w = &workers->worker[i];

		g->newest->kit[i] = detector_kit(w->detector);
		w->generation = g->newest;
		atomic_store(&w->settled, g->newest->number);
	}
	atomic_store(&workers->generation, g->newest);
	return 0;
}

static int make_kits(const struct generations *g, struct generation *n, const struct ruleset *rules)
{
	int err = 0;

	for (unsigned i = 0; i < g->workers->count && !err; i++)
		err = detect_kit_new(rules, g->options, &n->kit[i]);
	return err;
}

static void free_kits(const struct generations *g, struct generation *n)
{
	for (unsigned i = 0; i < g->workers->count; i++) {
		detect_kit_free(n->kit[i]);
		n->kit[i] = NULL;
	}
}

static const struct generation *oldest(const struct generations *g)
{
	const struct generation *n = g->newest;

	while (n->older)
		n = n->older;
	return n;
}

int generations_publish(struct generations *g, struct ruleset *rules)
{
	struct generation *n;
	int err;

	generations_collect(g);
	if (!generations_settled(g)) {
		ruleset_free(rules);
		return -EBUSY;
	}
	n = new_generation(g, rules);
	if (!n) {
		ruleset_free(rules);
		return -ENOMEM;
	}
	n->rules = rules;
	err = make_kits(g, n, rules);
	if (!err && g->count >= KITS_MAX)
		err = detect_successors_new(oldest(g)->rules, g->newest->rules, &n->successors);
	if (err) {
		free_kits(g, n);
		free_generation(n);
		return err;
	}
	n->older = g->newest;
	g->newest = n;
	g->count++;
	atomic_store_explicit(&g->workers->generation, n, memory_order_release);
	return 0;
}

bool generations_settled(const struct generations *g)
{
	for (unsigned i = 0; i < g->workers->count; i++) {
		if (atomic_load_explicit(&g->workers->worker[i].settled, memory_order_acquire) !=
		    g->newest->number)
			return false;
	}
	return true;
}

/* Its kits as they are left; true: none is there any more. */
static bool is_left(const struct generations *g, struct generation *n)
{
	bool all = true;

	for (unsigned i = 0; i < g->workers->count; i++) {
		if (n->kit[i] && detect_kit_is_left(n->kit[i])) {
			detect_kit_free(n->kit[i]);
			n->kit[i] = NULL;
		}
		all &= !n->kit[i];
	}
	return all;
}

void generations_collect(struct generations *g)
{
	struct generation **link;

	/* Until then a worker may be about to take what the newest has. */
	if (!generations_settled(g))
		return;
	detect_successors_free(g->newest->successors);
	g->newest->successors = NULL;
	for (link = &g->newest->older; *link;) {
		struct generation *n = *link;

		if (!is_left(g, n)) {
			link = &n->older;
			continue;
		}
		*link = n->older;
		g->count--;
		free_generation(n);
	}
}

/* Kits that no detector has taken yet are nobody else's to free. */
static void free_untaken(const struct generations *g, struct generation *n)
{
	for (unsigned i = 0; i < g->workers->count; i++) {
		const struct generation *taken = g->workers->worker[i].generation;

		if (n->number <= taken->number)
			continue;
		detect_kit_free(n->kit[i]);
		n->kit[i] = NULL;
	}
}

void generations_fini(struct generations *g)
{
	struct generation *n = g->newest, *older;

	for (; n; n = n->older) {
		(void)is_left(g, n);
		free_untaken(g, n);
	}
	workers_free(g->workers);
	for (n = g->newest; n; n = older) {
		older = n->older;
		free_generation(n);
	}
	*g = (struct generations){ .newest = NULL };
}
