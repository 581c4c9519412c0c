/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/run/exceptions.h"
#include "engine/run/facts.h"
#include "engine/run/worker_emit.h"
#include "engine/run/worker_pieces.h"
#include "engine/run/worker_record.h"

/* A worker's ring; a record may take a quarter of it. */
#define RING_BYTES (2u << 20)
#define BODY_BYTES (RING_BYTES / 4)
#define NS_PER_S 1000000000LL

static void note_wants(struct worker *w)
{
	const struct worker_options *opt = &w->all->options;

	for (unsigned i = 0; i < opt->output_count; i++) {
		for (unsigned kind = 0; kind < RECORD__COUNT; kind++)
			w->wants |= (uint32_t)opt->outputs[i].wants[kind] << kind;
	}
}

/* --- packets and flows ----------------------------------------------------------------------- */

/* Why it does not pass, NULL: it does. */
static const char *verdict(struct worker *w, struct packet *p, const struct detect_result *res)
{
	struct counters *c = &w->pipeline->counters;
	const uint16_t logged = p->direction ? FLOW_DROP_LOGGED_BACK : FLOW_DROP_LOGGED;
	const struct alert quiet = { .rule = res->drop_rule,
				     .flags = ALERT_DROPS,
				     .rules = res->drop_rules };
	const struct alert *cause = NULL;
	const char *reason = "flow drop";
	enum counter dropped = COUNTER_IPS_DROP_FLOW;
	struct rule_info info;
	bool start;

	if (!p->dropped) {
		c->value[p->stream_modified ? COUNTER_IPS_REPLACED : COUNTER_IPS_ACCEPTED]++;
		return NULL;
	}
	if (res->verdict >= ACTION_REJECT || (p->drop_target && (p->flow->flags & FLOW_REJECTED)))
		c->value[COUNTER_IPS_REJECTED]++;
	c->value[COUNTER_IPS_BLOCKED]++;
	for (unsigned i = 0; i < res->alerts && !cause; i++) {
		if (res->alert[i].flags & (ALERT_DROPS | ALERT_REJECTS))
			cause = &res->alert[i];
	}
	if (!cause && res->dropped_by_rule)
		cause = &quiet;
	if (p->drop_target) {
		reason = exception_reason((enum exception_target)(p->drop_target - 1));
		dropped = exception_drop_counter((enum exception_target)(p->drop_target - 1));
	} else if (p->dropped_urgent) {
		reason = "stream urgent";
		dropped = COUNTER_IPS_DROP_STREAM_URGENT;
	} else if (!res->dropped_by_rule && p->flow &&
		   exceptions_dropped_flow(&w->pipeline->exceptions, p->flow)) {
		reason = "exception policy flow drop";
		dropped = COUNTER_IPS_DROP_EXCEPTION_FLOW;
	}
	if (res->dropped_by_rule)
		reason = cause && (cause->flags & ALERT_RATE) ? "threshold detection_filter"
							      : "rules";
	c->value[res->dropped_by_rule ? COUNTER_IPS_DROP_RULES : dropped]++;
	if (!worker_wants(w, RECORD_DROP))
		return reason;
	if (cause)
		ruleset_rule(cause->rules, cause->rule, &info);
	start = !p->flow || !(p->flow->flags & logged);
	if (p->flow)
		p->flow->flags |= logged;
	worker_emit_drop(w, p, cause, cause ? &info : NULL, reason, res->verdict, start);
	return reason;
}

/* Nobody looks at the bytes: let them go as if somebody had. */
static void pass_by(struct worker *w, const struct packet *p)
{
	struct stream_engine *streams = w->pipeline->streams;
	struct stream_view v;

	while (stream_view(streams, p->flow, p->direction, p->pseudo, &v))
		stream_inspected(streams, p->flow, p->direction, &v);
}

/* The flow is inspected only to see what its release costs: the alert is counted, not written. */
static void note_cost(struct worker *w, uint32_t rule)
{
	w->pipeline->counters.value[COUNTER_RELEASE_COST_ALERTS]++;
	if (w->cost)
		w->cost[rule]++;
}

/* Of a rule that matched: what is to become of the frame. */
static void live_verdict(struct worker *w, const struct packet *p, const struct alert *a)
{
	struct rule_info info;

	ruleset_rule(a->rules, a->rule, &info);
	worker_live_verdict(w, p, verdict_of_action(info.action));
}

static void give_lock(struct worker *w)
{
	if (!w->has_turn)
		return;
	w->has_turn = false;
	pthread_mutex_unlock(&w->all->turn);
}

/* Packets of a file come one after the other. */
static const char *file_name(struct worker *w, uint32_t interface)
{
	if (!w->file_name || w->file != interface) {
		w->file = interface;
		w->file_name = capture_input_name(w->all->options.capture, interface);
	}
	return w->file_name;
}

static void on_packet(void *ctx, struct packet *p)
{
	struct worker *w = ctx;
	enum stage before = stage_enter(STAGE_OUTPUT);
	struct detect_result res = { .verdict = ACTION_ALERT };
	/* What may not come tells nothing. */
	bool tells = !p->released || packet_always_comes(p), recorded = false, speaks;
	const char *reason = NULL;

	worker_set_key(w, p->flow);
	w->env.capture_file = NULL;
	if (w->live)
		w->env.interface = worker_live_interface(w, p->frame);
	else if (p->frame)
		w->env.capture_file = file_name(w, p->frame->interface);
	if (w->detector)
		detect_packet(w->detector, p, &res);
	else if (p->stream_inspectable)
		pass_by(w, p);
	give_lock(w);
	for (unsigned i = 0; i < res.alerts; i++) {
		struct rule_info info;

		if (w->live)
			live_verdict(w, p, &res.alert[i]);
		if (res.alert[i].flags & ALERT_PASS)
			continue;
		if (p->would_release) {
			note_cost(w, res.alert[i].rule);
			continue;
		}
		if (p->flow)
			p->flow->flags |= res.alert[i].flags & ALERT_THRESHOLD ? FLOW_MAY_ALERT
									       : FLOW_ALERTED;
		w->pipeline->counters.value[COUNTER_DETECT_ALERT]++;
		if (!worker_wants(w, RECORD_ALERT))
			continue;
		ruleset_rule(res.alert[i].rules, res.alert[i].rule, &info);
		worker_emit_alert(w, p, &res.alert[i], &info, res.verdict);
	}
	if (res.tagged && worker_wants(w, RECORD_PACKET))
		recorded |= worker_emit_packet(w, p);
	if (p->events && worker_wants(w, RECORD_ANOMALY))
		recorded |= worker_emit_anomalies(w, p);
	speaks = p->flow && p->flow->app && tells;
	if (speaks && app_may_tell(w->pipeline->apps, p->flow))
		recorded |= worker_emit_transactions(w, p);
	if (w->all->options.watch)
		worker_emit_sign(w, p);
	if (w->all->options.watch && tells && facts_may_be(w->pipeline->streams, p))
		worker_emit_facts(w, p);
	if (speaks && worker_wants(w, RECORD_FRAME))
		recorded |= worker_emit_frames(w, p);
	if (p->arp.len && worker_wants(w, RECORD_ARP))
		recorded |= worker_emit_arp(w, p);
	if (w->env.inline_mode && !p->pseudo)
		reason = verdict(w, p, &res);
	if (p->proto == IP_PROTO_TCP && p->has_l4 && !p->pseudo &&
	    worker_wants(w, RECORD_STREAM_TCP))
		worker_emit_stream(w, p, reason);
	shadow_check(&w->shadow, &w->pipeline->counters, p, &res, recorded);
	stage_enter(before);
}

static void on_flow_end(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	struct worker *w = ctx;
	int64_t now = w->pipeline->end_ns;

	worker_set_key(w, f);
	w->env.capture_file = NULL;
	if (w->live)
		w->env.interface = worker_live_interface(w, NULL);
	if (w->all->options.watch) {
		struct fact fact;

		if (fact_of_end(f, now, &fact))
			worker_emit_fact(w, &fact);
	}
	if (worker_wants(w, RECORD_FLOW))
		worker_emit_flow(w, f, reason, now);
	if (worker_wants(w, RECORD_NETFLOW))
		worker_emit_netflow(w, f, now);
	if (w->detector)
		detect_flow_end(w->detector, f);
}

/* --- the thread ---------------------------------------------------------------------------- */

/*
 * Wait until every other worker has finished all that comes before what this one is at.  The
 * lowest never waits, and what this worker has finished is told first: so nothing deadlocks.
 */
static void take_turn(void *ctx, uint64_t packet)
{
	struct worker *w = ctx;
	uint64_t step = record_key_step(&w->key);

	(void)packet;
	worker_publish(w, step);
	for (unsigned i = 0; i < w->all->count; i++) {
		struct worker *other = &w->all->worker[i];
		unsigned spins = 0;

		while (atomic_load_explicit(&other->watermark, memory_order_acquire) < step &&
		       !atomic_load_explicit(&other->done, memory_order_acquire))
			worker_nap(&spins);
	}
}

/* Live there is no order of packets to wait for: one at a time, as they come. */
static void take_lock(void *ctx, uint64_t packet)
{
	struct worker *w = ctx;

	(void)packet;
	if (w->has_turn)
		return;
	pthread_mutex_lock(&w->all->turn);
	w->has_turn = true;
}

/*
 * What the judge knows.  At a tick other workers tell of the same second, in no order until all have: nothing can be said
 * there.
 */
static bool known(void *ctx, const struct packet *p, const struct ip_addr *host,
		  const struct watch_range *kinds, struct detect_known *out)
{
	struct worker *w = ctx;
	const struct worker_options *opt = &w->all->options;

	if (!opt->known || w->key.minor != RECORD_MINOR_PACKET)
		return false;
	worker_publish(w, record_key_step(&w->key));
	return opt->known(opt->known_ctx, p, host, kinds, out);
}

struct batch {
	const struct frame *frame[PIPELINE_BATCH];
	unsigned count;
};

static void flush(struct worker *w, struct batch *b)
{
	if (b->count)
		pipeline_frames(w->pipeline, b->frame, b->count);
	b->count = 0;
}

static void clock_passes(struct worker *w, const struct frame *f, struct batch *b)
{
	int64_t second = f->time_ns / NS_PER_S;

	w->now_ns = f->time_ns;
	if (second == w->second)
		return;
	flush(w, b);
	w->second = second;
	w->tick_packet = f->number;
	worker_publish(w, record_step(f->number, 0));
	worker_tell_second(w);
	w->pipeline->clock_ns = w->now_ns;
	pipeline_tick(w->pipeline, second * NS_PER_S);
}

static bool packet_is_mine(void *ctx, const struct packet *p)
{
	const struct worker *w = ctx;

	return owners_of(w->all->count, decode_owner_hash(p, w->all->options.pair_key->k0)) ==
	       w->id;
}

static void take_frame(struct worker *w, const struct frame *f, struct batch *b)
{
	if (w->all->count > 1) {
		if (f->owner != w->id && f->owner != FRAME_OF_ALL)
			return;
		frame_fetch(f);
	}
	b->frame[b->count++] = f;
	if (b->count == PIPELINE_BATCH)
		flush(w, b);
}

static void walk_block(struct worker *w, const struct capture_block *block)
{
	struct batch b = { .count = 0 };

	for (unsigned i = 0; i < block->count; i++) {
		const struct frame *f = &block->frames[i];

		if (f->time_ns > w->now_ns)
			clock_passes(w, f, &b);
		if (pipeline_sample_decides(w->pipeline))
			flush(w, &b);
		pipeline_sample(w->pipeline, f);
		take_frame(w, f, &b);
	}
	flush(w, &b);
	if (block->count)
		worker_publish(w, record_step(block->frames[block->count - 1].number + 1, 0));
}

static void walk_blocks(struct worker *w)
{
	const struct capture_block *block;

	while (capture_next_block(w->all->options.capture, w->id, &block) == 1)
		walk_block(w, block);
}

void *worker_thread(void *arg)
{
	struct worker *w = arg;
	char name[16];

	stages_here = &w->stages;

	/* What top and a debugger show. */
	snprintf(name, sizeof(name), "weir-worker-%u", w->id % 1000);
	pthread_setname_np(pthread_self(), name);
	if (w->live)
		worker_live_run(w);
	else
		walk_blocks(w);
	w->ending = true;
	worker_publish(w, UINT64_MAX);
	w->pipeline->clock_ns = w->now_ns;
	pipeline_end(w->pipeline);
	atomic_store_explicit(&w->done, true, memory_order_release);
	worker_call_writer(w->all);
	return NULL;
}

static bool untracked(void *ctx, const struct packet *p)
{
	struct worker *w = ctx;

	return detect_untracked(w->detector, p);
}

void worker_track(struct worker *w)
{
	w->pipeline->hooks.untracked = detect_untracks(w->detector) ? untracked : NULL;
}

int worker_init(struct worker *w, struct workers *all, unsigned id)
{
	const struct worker_options *opt = &all->options;
	struct pipeline_hooks hooks = {
		.packet = on_packet, .flow_end = on_flow_end, .mine = packet_is_mine, .ctx = w
	};
	int err;

	w->all = all;
	w->id = id;
	w->now_ns = INT64_MIN;
	w->second = INT64_MIN;
	note_wants(w);
	w->shadow.flows_wanted = worker_wants(w, RECORD_FLOW) || worker_wants(w, RECORD_NETFLOW);
	w->body = (struct buf){ .data = aligned_alloc(64, BODY_BYTES), .size = BODY_BYTES };
	if (!w->body.data)
		return -ENOMEM;
	err = record_ring_init(&w->ring, RING_BYTES);
	if (err)
		return err;
	err = pipeline_new(&opt->pipeline, &hooks, &w->pipeline);
	if (!err && opt->live)
		err = worker_live_open(w);
	if (err)
		return err;
	if (w->pipeline->apps)
		file_store(w->pipeline->apps, worker_store_piece, w);
	w->env = (struct output_env){
		.flows = w->pipeline->flows,
		.streams = w->pipeline->streams,
		.apps = w->pipeline->apps,
		.rules = opt->rules,
		.inline_mode = opt->detect.inline_mode,
		.exceptions = &w->pipeline->exceptions,
	};
	if (opt->pipeline.release.strict && opt->rules) {
		w->cost = calloc(ruleset_rules(opt->rules) + 1, sizeof(*w->cost));
		if (!w->cost)
			return -ENOMEM;
	}
	if (opt->rules) {
		struct detector_env env = {
			.flows = w->pipeline->flows,
			.streams = w->pipeline->streams,
			.apps = w->pipeline->apps,
			.counters = &w->pipeline->counters,
			/* Live somebody else may ask too (engine_ask.h). */
			.turn = opt->live	  ? take_lock
				: all->count == 1 ? NULL
						  : take_turn,
			.turn_ctx = w,
			.shared_thresholds = opt->action_thresholds,
			.xbits = opt->xbits,
			.known = known,
			.known_ctx = w,
			.tags = opt->tags,
		};

		err = detector_new(opt->rules, &opt->detect, &env, &w->detector);
		if (err)
			return err;
		w->env.detector = w->detector;
		worker_track(w);
	}
	return 0;
}
