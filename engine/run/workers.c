/* SPDX-License-Identifier: Apache-2.0 */
/* All workers of a run: made, started and ended together; their sums. */
#include "engine/run/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "engine/run/spread.h"

int workers_new(const struct worker_options *opt, struct workers **out)
{
	struct workers *all = calloc(1, sizeof(*all));
	int err = -ENOMEM;

	if (!all)
		return -ENOMEM;
	/* Else the first localtime_r() of a worker reads the zone's file, on the packet path. */
	tzset();
	all->options = *opt;
	pthread_mutex_init(&all->turn, NULL);
	sem_init(&all->call, 0, 0);
	all->worker = aligned_alloc(64, opt->count * sizeof(*all->worker));
	if (!all->worker)
		goto fail;
	memset(all->worker, 0, opt->count * sizeof(*all->worker));
	all->count = opt->count;
	for (unsigned i = 0; i < opt->count; i++) {
		err = worker_init(&all->worker[i], all, i);
		if (err)
			goto fail;
	}
	*out = all;
	return 0;
fail:
	workers_free(all);
	return err;
}

/* A thread that never began: the others wait neither for it nor for the writer. */
static void give_up(struct workers *all)
{
	atomic_store(&all->abandoned, true);
	if (all->options.live) {
		for (unsigned i = 0; i < all->count; i++)
			atomic_store(&all->worker[i].done, !all->worker[i].started);
		return;
	}
	capture_stop(all->options.capture);
	for (unsigned i = 0; i < all->count; i++) {
		if (all->worker[i].started)
			continue;
		atomic_store(&all->worker[i].done, true);
		capture_leave(all->options.capture, i);
	}
}

static void tell_owners(void *ctx, struct frame *frames, unsigned count)
{
	struct workers *all = ctx;

	owners_tell(&all->owners, frames, count);
}

int workers_start(struct workers *all)
{
	if (all->count > 1 && all->options.capture) {
		owners_init(&all->owners, all->count, &all->options.pipeline.decode,
			    &all->options.pipeline.defrag, all->options.pair_key->k0);
		capture_on_load(all->options.capture, tell_owners, all);
	}
	for (unsigned i = 0; i < all->count; i++) {
		int err = pthread_create(&all->worker[i].thread, NULL, worker_thread,
					 &all->worker[i]);

		if (err) {
			give_up(all);
			return -err;
		}
		all->worker[i].started = true;
	}
	return 0;
}

void workers_join(struct workers *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (all->worker[i].started)
			pthread_join(all->worker[i].thread, NULL);
		all->worker[i].started = false;
	}
}

static void free_one(void *arg, unsigned i)
{
	struct workers *all = arg;
	struct worker *w = &all->worker[i];

	detector_free(w->detector);
	pipeline_free(w->pipeline);
	worker_live_close(w->live);
	record_ring_fini(&w->ring);
	free(w->body.data);
	free(w->cost);
}

/* It takes the kernel time to take memory back: each part on a core of its own, as they were at work. */
void workers_free(struct workers *all)
{
	struct spread spread;

	if (!all)
		return;
	spread = spread_over(all->count);
	spread_run(&spread, free_one, all, all->count);
	free(all->worker);
	free(all);
}

struct rule_cost workers_rule_cost(const struct workers *all, uint32_t rule)
{
	struct rule_cost sum = { .candidates = 0 };

	for (unsigned i = 0; i < all->count; i++) {
		const struct rule_cost *c;

		if (!all->worker[i].detector)
			continue;
		c = detector_rule_cost(all->worker[i].detector, rule);
		sum.candidates += c->candidates;
		sum.checks += c->checks;
		sum.matches += c->matches;
		sum.cycles += c->cycles;
	}
	return sum;
}

struct filter_hits workers_filter_hits(const struct workers *all, uint32_t rule)
{
	struct filter_hits sum = { .suppressed = 0 };

	for (unsigned i = 0; i < all->count; i++) {
		const struct filter_hits *h;

		if (!all->worker[i].detector)
			continue;
		h = detector_filter_hits(all->worker[i].detector, rule);
		sum.suppressed += h->suppressed;
		sum.rated += h->rated;
	}
	return sum;
}

uint64_t workers_cost(const struct workers *all, uint32_t rule)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < all->count; i++)
		n += all->worker[i].cost ? all->worker[i].cost[rule] : 0;
	return n;
}

void workers_stages(const struct workers *all, struct stages *sum)
{
	*sum = (struct stages){ .packets = 0 };
	for (unsigned i = 0; i < all->count; i++)
		stages_add(sum, &all->worker[i].stages);
}

void workers_counters(const struct workers *all, struct counters *sum)
{
	*sum = (struct counters){ .value = { 0 } };
	for (unsigned i = 0; i < all->count; i++) {
		counters_add(sum, &all->worker[i].pipeline->counters);
		sum->value[COUNTER_LIMITS_REACHED] += all->worker[i].lost_records;
	}
	/* All have decoded the same shared frames. */
	counters_add(sum, &all->worker[0].pipeline->shared);
}

void workers_know(struct workers *all, detect_known_fn fn, void *ctx)
{
	all->options.known = fn;
	all->options.known_ctx = ctx;
}
