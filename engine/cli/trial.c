/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/cli/trial.h"

#define NS_PER_S 1000000000LL

int trial_init(struct trial *t, const struct settings *s, const struct ruleset *rules,
	       const struct pipeline_hooks *hooks, const char **failed)
{
	static const struct hash_key key = { 0x5765697220697320ULL, 0x6e6f742072616e64ULL };
	struct pipeline_options opt = pipeline_settings(s, rules);
	struct detector_env env = { .turn = NULL };
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
	*t = (struct trial){ .detector = NULL };
}

void trial_frame(struct trial *t, const struct frame *f)
{
	int64_t second = f->time_ns / NS_PER_S;

	if (f->time_ns > t->now_ns) {
		t->now_ns = t->pipeline->clock_ns = f->time_ns;
		if (second != t->second)
			pipeline_tick(t->pipeline, second * NS_PER_S);
		t->second = second;
	}
	pipeline_sample(t->pipeline, f);
	pipeline_frames(t->pipeline, &f, 1);
}

void trial_end(struct trial *t)
{
	pipeline_end(t->pipeline);
}
