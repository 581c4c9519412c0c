/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/worker_live.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "engine/run/worker.h"
#include "engine/run/worker_record.h"
#include "engine/run/worker_rules.h"
#include "engine/watch/watch.h"

#define NS_PER_S 1000000000LL
/* How long a worker sleeps when nothing comes: its timers are a second apart, its heartbeat less than that. */
#define WAIT_MS 100
/* Between calls of the writer for what a worker leaves when it sleeps. */
#define CALL_NS 50000000
/* After an error that may not pass, such as an interface that is gone. */
#define ERROR_NAP_NS 10000000

static int open_release(struct worker *w)
{
	const struct worker_live_options *opt = w->all->options.live;
	struct worker_release_options release = {
		.worker = w->id,
		/* Places begin at 1. */
		.flows = w->all->options.pipeline.flow.max_flows + 1,
		.hash_key = w->all->options.pair_key->k0,
		.ring = opt->rings[w->id],
		.bell = opt->bell,
		.kept = opt->kept,
		.table = w->pipeline->flows,
		.shadow = opt->shadow,
		.release = &w->pipeline->release,
	};
	int err = worker_release_new(&release, &w->live->release);

	if (!err)
		pipeline_release_to(w->pipeline, worker_release_tell, worker_release_refresh,
				    w->live->release);
	return err;
}

int worker_live_open(struct worker *w)
{
	const struct worker_live_options *opt = w->all->options.live;
	struct worker_live *l = calloc(1, sizeof(*l));
	struct live_options live = opt->live;
	char error[256];
	int err = 0;

	if (!l)
		return -ENOMEM;
	w->live = l;
	live.worker = w->id;
	if (opt->filter) {
		err = filter_open(opt->filter, &l->filter, error, sizeof(error));
		if (!err)
			err = filter_prepare(l->filter, LINK_ETHERNET, false, error, sizeof(error));
	}
	if (!err)
		err = live_open(opt->handover, &live, &l->live);
	if (!err && opt->rings)
		err = open_release(w);
	return err;
}

void worker_live_close(struct worker_live *l)
{
	if (!l)
		return;
	worker_release_free(l->release);
	live_close(l->live);
	filter_close(l->filter);
	free(l);
}

const char *worker_live_interface(const struct worker *w, const struct frame *f)
{
	const struct live_handover *h = w->all->options.live->handover;

	if (f && f->interface < h->interfaces)
		return h->interface[f->interface].name;
	return h->interfaces == 1 ? h->interface[0].name : NULL;
}

void worker_live_verdict(struct worker *w, const struct packet *p, enum verdict v)
{
	const struct frame *first = w->live->batch.frames, *f = p->frame;

	/* A packet that was joined from fragments has the frame of the last one. */
	if (f >= first && f < first + LIVE_BATCH)
		verdict_raise(&w->live->verdicts, (unsigned)(f - first), v);
	if (v >= VERDICT_DROP && p->flow && w->live->release &&
	    worker_release_mark(w->live->release, p))
		p->flow->flags |= FLOW_TOLD;
}

/* --- time ------------------------------------------------------------------------------------- */

static int64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* The program counts in windows that all workers number alike; it never goes back. */
static void start_window(struct worker *w)
{
	struct weir_switches *s = live_switches(w->live->live);
	const struct watch_options o = { .scan_window_s = w->all->options.watch_window_s };
	uint32_t now, before;

	if (!s || !o.scan_window_s)
		return;
	now = watch_window(&o, w->now_ns);
	before = __atomic_load_n(&s->window, __ATOMIC_RELAXED);
	while (now > before && !__atomic_compare_exchange_n(&s->window, &before, now, false,
							    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static void clock_passes(struct worker *w, int64_t now_ns)
{
	int64_t second = now_ns / NS_PER_S;

	if (now_ns <= w->now_ns)
		return;
	w->now_ns = now_ns;
	if (second == w->second)
		return;
	w->second = second;
	w->tick_packet = w->live->frames * w->all->count + w->id;
	start_window(w);
	worker_tell_second(w);
	w->pipeline->clock_ns = w->now_ns;
	pipeline_tick(w->pipeline, second * NS_PER_S);
}

/* --- batches ---------------------------------------------------------------------------------- */

static bool wants(struct worker_live *l, const struct frame *f)
{
	char error[256];

	if (!l->filter || filter_apply(l->filter, f, false, error, sizeof(error)) == FILTER_PASS)
		return true;
	l->filtered++;
	return false;
}

/* What the kernel thinks of a frame that it sent up nevertheless. */
static void note_mark(struct worker *w, unsigned i)
{
	uint8_t reason = w->live->batch.meta[i].reason;

	w->live->batch.frames[i].mark = 0;
	if (reason == WEIR_KEPT_BLOCKED || reason == WEIR_KEPT_POLICED)
		verdict_raise(&w->live->verdicts, i, VERDICT_DROP);
	else if (w->all->options.live->shadow && reason >= WEIR_KEPT_FIRST)
		w->live->batch.frames[i].mark = reason;
}

/* Frames lie where another core wrote them: those of the next part are asked for while this one is worked on. */
static void fetch_ahead(const struct live_batch *b, unsigned at)
{
	for (unsigned i = at; i < b->count && i < at + PIPELINE_BATCH; i++)
		frame_fetch(&b->frames[i]);
}

/* The next part of a batch from frame *at on; returns how many frames are in it. */
static unsigned gather(struct worker *w, unsigned *at, const struct frame **part)
{
	struct live_batch *b = &w->live->batch;
	unsigned n = 0, i = *at;

	for (; i < b->count && n < PIPELINE_BATCH; i++) {
		struct frame *f = &b->frames[i];

		/* What comes before a tick, or before checksums are decided on, is worked on before. */
		if (n > 0 &&
		    (f->time_ns / NS_PER_S > w->second || pipeline_sample_decides(w->pipeline)))
			break;
		clock_passes(w, f->time_ns);
		note_mark(w, i);
		f->number = w->live->frames++ * w->all->count + w->id + 1;
		if (!wants(w->live, f))
			continue;
		pipeline_sample(w->pipeline, f);
		part[n++] = f;
	}
	*at = i;
	return n;
}

static void take_batch(struct worker *w)
{
	struct live_batch *b = &w->live->batch;

	for (unsigned at = 0; at < b->count;) {
		const struct frame *part[PIPELINE_BATCH];
		unsigned n = gather(w, &at, part);

		fetch_ahead(b, at);
		if (n)
			pipeline_frames(w->pipeline, part, n);
		live_beat(w->live->live);
	}
	verdict_settle(&w->live->verdicts, b->count, NULL, NULL);
	live_finish(w->live->live);
}

/* Nothing more is there: what was found is written while this thread sleeps. */
static void call_writer(struct worker *w)
{
	if (w->now_ns - w->live->called_ns < CALL_NS || !live_is_empty(w->live->live) ||
	    !record_ring_held(&w->ring))
		return;
	w->live->called_ns = w->now_ns;
	worker_call_writer(w->all);
}

static void pause_after(struct worker_live *l, int err)
{
	struct timespec t = { .tv_nsec = ERROR_NAP_NS };

	l->error = err;
	l->errors++;
	nanosleep(&t, NULL);
}

void worker_live_run(struct worker *w)
{
	const struct worker_live_options *opt = w->all->options.live;
	struct worker_live *l = w->live;
	bool busy = false;

	for (;;) {
		bool stopping = atomic_load_explicit(opt->stop, memory_order_acquire);
		int n = live_receive(l->live, stopping || busy ? 0 : WAIT_MS, &l->batch);

		if (n > 0) {
			take_batch(w);
			call_writer(w);
		} else if (n == 0) {
			clock_passes(w, opt->live.clock ? opt->live.clock(opt->live.clock_arg, NULL)
							: wall_ns());
		} else {
			pause_after(l, n);
		}
		if (l->release)
			worker_release_collect(l->release);
		busy = worker_rules_follow(w);
		worker_task_do(w);
		if (stopping && n <= 0 && (n < 0 || live_is_empty(l->live)))
			break;
	}
	if (l->release)
		worker_release_stopping(l->release);
}
