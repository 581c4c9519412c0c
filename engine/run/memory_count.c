/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/memory_count.h"

#include "engine/run/memory.h"

/* The three counters of a pool follow one another. */
static void put(struct counters *sum, enum counter reserved, const struct memory_use *u)
{
	sum->value[reserved] = u->reserved;
	sum->value[reserved + 1] = u->peak;
	sum->value[reserved + 2] = u->used;
}

static void count_workers(const struct workers *all, struct memory_use use[POOL__COUNT])
{
	for (unsigned i = 0; i < all->count; i++) {
		const struct worker *w = &all->worker[i];

		flow_table_memory(w->pipeline->flows, &use[POOL_FLOWS]);
		stream_engine_memory(w->pipeline->streams, &use[POOL_SESSIONS],
				     &use[POOL_REASSEMBLY]);
		defrag_memory(w->pipeline->defrag, &use[POOL_DEFRAG]);
		if (w->pipeline->apps)
			app_engine_memory(w->pipeline->apps, &use[POOL_APP]);
		if (w->detector)
			detector_memory(w->detector, &use[POOL_DETECT]);
	}
}

static void count_pools(const struct settings *s, const struct memory_parts *parts,
			struct memory_use use[POOL__COUNT])
{
	count_workers(parts->workers, use);
	threshold_table_memory(parts->output_thresholds, &use[POOL_THRESHOLDS]);
	threshold_table_memory(parts->action_thresholds, &use[POOL_THRESHOLDS]);
	xbits_table_memory(parts->xbits, &use[POOL_THRESHOLDS]);
	/* It is tables throughout. */
	if (parts->watch)
		memory_use_table(&use[POOL_WATCH], watch_bytes(&s->watch));
}

static uint64_t rings(const struct live_handover *h)
{
	struct ring_bytes b;

	if (!h)
		return 0;
	ring_bytes(h, RING_ALL, RING_ALL, &b);
	return ring_bytes_sum(&b);
}

void memory_count(const struct settings *s, const struct memory_parts *parts, struct counters *sum)
{
	static const enum counter pools[POOL__COUNT] = {
		[POOL_FLOWS] = COUNTER_MEMORY_FLOWS_RESERVED,
		[POOL_SESSIONS] = COUNTER_MEMORY_SESSIONS_RESERVED,
		[POOL_REASSEMBLY] = COUNTER_MEMORY_STREAMS_RESERVED,
		[POOL_DEFRAG] = COUNTER_MEMORY_FRAGMENTS_RESERVED,
		[POOL_APP] = COUNTER_MEMORY_APP_RESERVED,
		[POOL_DETECT] = COUNTER_MEMORY_DETECT_RESERVED,
		[POOL_THRESHOLDS] = COUNTER_MEMORY_THRESHOLDS_RESERVED,
		[POOL_WATCH] = COUNTER_MEMORY_WATCH_RESERVED,
	};
	struct memory_use use[POOL__COUNT] = { { 0, 0, 0 } };
	struct memory_table fixed;
	uint64_t *v = sum->value;

	memory_fixed(s, &fixed);
	count_pools(s, parts, use);
	for (unsigned i = 0; i < POOL__COUNT; i++)
		put(sum, pools[i], &use[i]);
	v[COUNTER_FLOW_MEMUSE] = use[POOL_FLOWS].used;
	v[COUNTER_TCP_MEMUSE] = use[POOL_SESSIONS].used;
	v[COUNTER_TCP_REASSEMBLY_MEMUSE] = use[POOL_REASSEMBLY].used;
	v[COUNTER_DEFRAG_MEMUSE] = use[POOL_DEFRAG].used;
	v[COUNTER_MEMORY_LIMIT] = s->memory_bytes;
	v[COUNTER_MEMORY_RESIDENT] = memory_resident();
	v[COUNTER_MEMORY_PROGRAM] = parts->program;
	v[COUNTER_MEMORY_RULES] = parts->rules;
	v[COUNTER_MEMORY_CAPTURES] = fixed.captures;
	v[COUNTER_MEMORY_OUTPUTS] = fixed.outputs;
	v[COUNTER_MEMORY_WORKERS] = fixed.workers;
	v[COUNTER_MEMORY_RINGS] = rings(parts->handover);
	v[COUNTER_MEMORY_RELEASED] = fixed.released;
}
