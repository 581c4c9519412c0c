/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/cli/trial.h"

#include "engine/run/facts.h"

#define NS_PER_S 1000000000LL

static void ignore(void *ctx, const struct watch_report *r)
{
	(void)ctx;
	(void)r;
}

static void tell(struct trial *t, const struct fact *f)
{
	watch_fact(t->watch, f, ignore, NULL);
}

/* As among workers: not where time alone brings data forth. */
static bool known(void *ctx, const struct packet *p, const struct ip_addr *host,
		  const struct watch_range *kinds, struct detect_known *out)
{
	struct trial *t = ctx;

	if (!t->watch || !t->pipeline->current)
		return false;
	watch_flush(t->watch, ignore, NULL);
	out->due = watch_known(t->watch, host, kinds, p->time_ns, &out->count);
	return true;
}

static int open_watch(struct trial *t, const struct settings *s, const struct ruleset *rules,
		      const struct hash_key *key)
{
	struct watch_options o = s->watch;

	if (!s->watch_counts || !ruleset_asks_watch(rules))
		return 0;
	o.counts_asked = true;
	return watch_new(&o, key, &t->watch);
}

int trial_init(struct trial *t, const struct settings *s, const struct ruleset *rules,
	       const struct pipeline_hooks *hooks, const char **failed)
{
	static const struct hash_key key = { 0x5765697220697320ULL, 0x6e6f742072616e64ULL };
	struct pipeline_options opt = pipeline_settings(s, rules);
	struct detector_env env = { .known = known, .known_ctx = t };
	int err;

	*t = (struct trial){ .now_ns = INT64_MIN, .second = INT64_MIN };
	/* Nobody writes records or files here. */
	opt.app.records = false;
	opt.app.files.storing = FILE_STORE_NEVER;
	opt.defrag.key = key;
	opt.flow.key = key;
	*failed = "cannot reserve memory (memory in weir.yaml)";
	err = threshold_table_new(s->max_thresholds, &key, &t->thresholds);
	if (!err)
		err = pipeline_new(&opt, hooks, &t->pipeline);
	if (!err)
		err = open_watch(t, s, rules, &key);
	if (err)
		return err;
	env.flows = t->pipeline->flows;
	env.streams = t->pipeline->streams;
	env.apps = t->pipeline->apps;
	env.counters = &t->pipeline->counters;
	env.shared_thresholds = t->thresholds;
	*failed = "cannot make a detector";
	return detector_new(rules, &s->detect, &env, &t->detector);
}

void trial_fini(struct trial *t)
{
	detector_free(t->detector);
	pipeline_free(t->pipeline);
	threshold_table_free(t->thresholds);
	watch_free(t->watch);
	*t = (struct trial){ .detector = NULL };
}

static void tell_second(struct trial *t, int64_t second)
{
	const struct fact f = { .kind = FACT_TICK, .time_ns = second * NS_PER_S };

	if (t->watch)
		tell(t, &f);
}

void trial_told_packet(struct trial *t, const struct packet *p)
{
	bool tells = !p->released || packet_always_comes(p);
	struct fact f[FACTS_MAX];
	unsigned count = 0;

	if (!t->watch)
		return;
	if (fact_of_sign(p, t->second * NS_PER_S, f))
		tell(t, f);
	if (tells && facts_may_be(t->pipeline->streams, p))
		count = facts_of_packet(t->pipeline->streams, p, f);
	for (unsigned i = 0; i < count; i++)
		tell(t, &f[i]);
}

void trial_told_end(struct trial *t, const struct flow *flow)
{
	struct fact f;

	if (t->watch && fact_of_end(flow, t->pipeline->end_ns, &f))
		tell(t, &f);
}

void trial_frame(struct trial *t, const struct frame *f)
{
	int64_t second = f->time_ns / NS_PER_S;

	if (f->time_ns > t->now_ns) {
		t->now_ns = t->pipeline->clock_ns = f->time_ns;
		if (second != t->second) {
			t->second = second;
			tell_second(t, second);
			pipeline_tick(t->pipeline, second * NS_PER_S);
		}
	}
	pipeline_sample(t->pipeline, f);
	pipeline_frames(t->pipeline, &f, 1);
}

void trial_end(struct trial *t)
{
	pipeline_end(t->pipeline);
}
