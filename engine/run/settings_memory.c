/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/settings_memory.h"

#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <sched.h>

#include "engine/detect/threshold.h"
#include "engine/detect/xbits.h"
#include "engine/run/settings_app.h"
#include "engine/run/settings_pools.h"

/* A worker's pools are never smaller than this, however many workers share. */
#define LEAST_FLOWS 1024
#define LEAST_FRAGMENTS 1024
#define LEAST_HOSTS 64
#define LEAST_FRAGMENT_BYTES (128u << 10)
#define LEAST_BUFFER_KIB 128
#define MOST ((uint32_t)INT32_MAX)
#define MOST_CHAINS (1u << 22)
/* Of what fragments have, this part is for the records of them; the rest is for their bytes. */
#define DEFRAG_RECORDS_PART 4

static unsigned processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0)
		return (unsigned)CPU_COUNT(&set);
	return 1;
}

/* What a pool of n takes with the other settings as they are. */
typedef uint64_t (*taken_fn)(const struct settings *s, uint32_t n);

/*
 * The table of chains: as many as asked for, but neither too few nor too many for the flows; and no more than can
 * be touched cheaply, since each flow's chain is on a page of its own there.
 */
static uint32_t chains(const struct settings *s, uint32_t flows)
{
	uint64_t n = s->flow.hash_size / s->workers;

	if (n < flows)
		n = flows < MOST_CHAINS ? flows : MOST_CHAINS;
	return n > 4ull * flows ? 4 * flows : (uint32_t)n;
}

static uint64_t flows_take(const struct settings *s, uint32_t n)
{
	struct flow_options o = s->flow;

	o.max_flows = n;
	o.hash_size = chains(s, n);
	return flow_table_bytes(&o);
}

static uint64_t sessions_take(const struct settings *s, uint32_t n)
{
	struct stream_options o = s->stream;

	o.max_sessions = n;
	o.reassembly_memcap = 0;
	return stream_engine_bytes(&o);
}

/* n: KiB of buffers beside the sessions. */
static uint64_t buffers_take(const struct settings *s, uint32_t n)
{
	struct stream_options o = s->stream;

	o.reassembly_memcap = (uint64_t)n << 10;
	return stream_engine_bytes(&o) - sessions_take(s, o.max_sessions);
}

static uint64_t fragments_take(const struct settings *s, uint32_t n)
{
	struct defrag_options o = s->defrag;

	o.max_trackers = n < o.max_trackers ? n : o.max_trackers;
	o.max_fragments = n < o.max_fragments ? n : o.max_fragments;
	o.memcap_bytes = 0;
	return defrag_bytes(&o);
}

static uint64_t states_take(const struct settings *s, uint32_t n)
{
	struct detect_options o = s->detect;

	o.max_flow_states = n;
	o.max_transactions = n;
	return detector_state_bytes(&o);
}

/* One table shapes what is written, one decides actions. */
static uint64_t thresholds_take(const struct settings *s, uint32_t n)
{
	(void)s;
	/* Of output and of actions, and marks on hosts. */
	return 2 * threshold_table_bytes(n) + xbits_table_bytes(n);
}

static uint64_t watch_take(const struct settings *s, uint32_t n)
{
	struct watch_options o = s->watch;

	o.max_hosts = n;
	/* Rules may ask for it where no record tells. */
	return s->watch_counts ? watch_bytes(&o) : 0;
}

/* The greatest number of at least `least` whose pool takes no more than bytes. */
static uint32_t fit(const struct settings *s, uint64_t bytes, uint32_t least, uint32_t most,
		    taken_fn taken)
{
	uint32_t low = least, high = most;

	while (low < high) {
		uint32_t middle = low + (high - low + 1) / 2;

		if (taken(s, middle) <= bytes)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

uint64_t settings_pool_bytes(const struct settings *s)
{
	uint64_t each = flow_table_bytes(&s->flow) + stream_engine_bytes(&s->stream) +
			defrag_bytes(&s->defrag) + app_engine_bytes(&s->app) +
			detector_state_bytes(&s->detect);

	return each * s->workers + thresholds_take(s, s->max_thresholds) +
	       watch_take(s, s->watch.max_hosts);
}

static void size_fragments(struct settings *s, uint64_t bytes)
{
	struct defrag_options *d = &s->defrag;
	uint32_t n = fit(s, bytes / DEFRAG_RECORDS_PART, LEAST_FRAGMENTS, MOST, fragments_take);
	uint64_t taken = fragments_take(s, n);

	d->max_trackers = n < d->max_trackers ? n : d->max_trackers;
	d->max_fragments = n < d->max_fragments ? n : d->max_fragments;
	d->memcap_bytes = LEAST_FRAGMENT_BYTES;
	if (bytes > taken + LEAST_FRAGMENT_BYTES)
		d->memcap_bytes = bytes - taken;
}

static void size_pools(struct settings *s, const struct pool_plan *plan)
{
	uint64_t each[POOL__COUNT];

	for (unsigned i = 0; i < POOL__COUNT; i++)
		each[i] = plan->bytes[i] / s->workers;
	s->flow.max_flows = fit(s, each[POOL_FLOWS], LEAST_FLOWS, MOST, flows_take);
	s->flow.hash_size = chains(s, s->flow.max_flows);
	s->stream.max_sessions =
		fit(s, each[POOL_SESSIONS], LEAST_FLOWS, s->flow.max_flows, sessions_take);
	s->stream.reassembly_memcap =
		(uint64_t)fit(s, each[POOL_REASSEMBLY], LEAST_BUFFER_KIB, MOST, buffers_take) << 10;
	size_fragments(s, each[POOL_DEFRAG]);
	settings_size_app(s, each[POOL_APP]);
	s->detect.max_flow_states = fit(s, each[POOL_DETECT], LEAST_FLOWS, MOST, states_take);
	s->detect.max_transactions = s->detect.max_flow_states;
	s->max_thresholds =
		fit(s, plan->bytes[POOL_THRESHOLDS], LEAST_FLOWS, MOST, thresholds_take);
	s->watch.max_hosts =
		fit(s, plan->bytes[POOL_WATCH], LEAST_HOSTS, s->watch.max_hosts, watch_take);
}

/* What each pool has come to. */
static void tell_pools(const struct settings *s, struct pool_size *out)
{
	uint64_t n = s->workers;

	out[POOL_FLOWS].entries = n * s->flow.max_flows;
	out[POOL_FLOWS].bytes = n * flow_table_bytes(&s->flow);
	out[POOL_SESSIONS].entries = n * s->stream.max_sessions;
	out[POOL_SESSIONS].bytes = n * sessions_take(s, s->stream.max_sessions);
	out[POOL_REASSEMBLY].entries = n * s->stream.reassembly_memcap;
	out[POOL_REASSEMBLY].bytes = n * stream_engine_bytes(&s->stream) - out[POOL_SESSIONS].bytes;
	out[POOL_DEFRAG].entries = n * s->defrag.memcap_bytes;
	out[POOL_DEFRAG].bytes = n * defrag_bytes(&s->defrag);
	out[POOL_APP].entries = n * s->app.memcap;
	out[POOL_APP].bytes = n * app_engine_bytes(&s->app);
	out[POOL_DETECT].entries = n * s->detect.max_flow_states;
	out[POOL_DETECT].bytes = n * detector_state_bytes(&s->detect);
	out[POOL_THRESHOLDS].entries = s->max_thresholds;
	out[POOL_THRESHOLDS].bytes = thresholds_take(s, s->max_thresholds);
	out[POOL_WATCH].entries = s->watch_counts ? s->watch.max_hosts : 0;
	out[POOL_WATCH].bytes = watch_take(s, s->watch.max_hosts);
}

/* The entries that there would be with the usual budget and the same memcaps. */
static int tell_usual(const struct settings *s, struct pool_plan plan, struct pool_size *out)
{
	struct settings *usual = malloc(sizeof(*usual));
	struct pool_size sizes[POOL__COUNT];

	if (!usual)
		return -ENOMEM;
	*usual = *s;
	plan.budget = pool_usual_budget(s->workers);
	plan.fixed = false;
	pool_plan(&plan);
	size_pools(usual, &plan);
	tell_pools(usual, sizes);
	for (unsigned i = 0; i < POOL__COUNT; i++)
		out[i].usual = sizes[i].entries;
	free(usual);
	return 0;
}

void settings_load_memory(struct settings_loader *l)
{
	struct settings *s = l->s;
	struct pool_plan plan = { .budget = setting_size(l, "memory") }, given;

	s->workers = setting_count(l, "workers");
	if (s->workers == 0)
		s->workers = processors();
	plan.fixed = plan.budget != 0;
	if (!plan.fixed)
		plan.budget = pool_auto_budget(s->workers);
	plan.bytes[POOL_FLOWS] = setting_size(l, "flow.memcap");
	plan.bytes[POOL_SESSIONS] = setting_size(l, "stream.memcap");
	plan.bytes[POOL_REASSEMBLY] = setting_size(l, "stream.reassembly.memcap");
	plan.bytes[POOL_DEFRAG] = setting_size(l, "defrag.memcap");
	plan.bytes[POOL_APP] = setting_size(l, "app-layer.memcap");
	given = plan;
	if (!pool_plan(&plan))
		diag_add(l->diags, DIAG_ERROR, setting_place(l, "memory"),
			 "raise it, or lower flow.memcap, stream.memcap, stream.reassembly.memcap "
			 "and defrag.memcap",
			 "the memcaps together leave nothing of 'memory'");
	if (tell_usual(s, given, s->pools))
		memset(s->pools, 0, sizeof(s->pools));
	size_pools(s, &plan);
	tell_pools(s, s->pools);
	s->memory_bytes = settings_pool_bytes(s);
	if (s->memory_bytes < plan.budget)
		s->memory_bytes = plan.budget;
	else if (plan.fixed && s->memory_bytes > plan.budget)
		diag_add(l->diags, DIAG_ERROR, setting_place(l, "memory"),
			 "raise it, or use fewer workers", "'memory' is too little for %u workers",
			 s->workers);
}
