/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h - a thread that takes its share of the frames to records.
 *
 * In: blocks of the shared capture ring; of each block the packets whose address pair is this
 * worker's (tunnels and most fragments are decoded by all, each takes its own packets; owners.h); or, live, batches that hold
 * nothing else (worker_live.h).  Out: records in a ring, and the watermark: every packet below it is finished.
 * Each worker sees every frame's time, so all have one clock: timers run at the first packet of
 * each new second, in every worker, whoever owns that packet.
 *
 * Memory: a pipeline, a detector, a ring of records, reserved before the thread starts.
 * Thread: its own; the writer reads ring, watermark, and, after the join, counters.
 */
#ifndef WEIR_RUN_WORKER_H
#define WEIR_RUN_WORKER_H

#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "engine/base/stage.h"
#include "engine/capture/capture.h"
#include "engine/detect/cost.h"
#include "engine/run/owners.h"
#include "engine/run/pipeline.h"
#include "engine/run/record.h"
#include "engine/run/shadow.h"
#include "engine/run/worker_live.h"
#include "engine/run/worker_task.h"

static_assert(RECORD__COUNT <= 32, "kinds are bits");

struct generation;
struct workers;

struct worker_options {
	unsigned count;
	struct pipeline_options pipeline;
	const struct ruleset *rules; /* NULL: no detection */
	struct detect_options detect;
	struct capture *capture; /* NULL: packets come from interfaces */
	const struct worker_live_options *live; /* then this */
	const struct output_options *outputs;
	unsigned output_count;
	struct threshold_table *action_thresholds; /* thresholds that decide an action */
	struct xbits_table *xbits; /* marks on hosts */
	struct tag_table *tags;
	bool watch; /* facts of flows are told to the writer */
	uint32_t watch_window_s; /* in which probes are counted */
	detect_known_fn known; /* of hosts; asked by workers.  Set by workers_know() */
	void *known_ctx;
	bool certificates; /* those that rules ask for go to the writer */
	const struct hash_key *pair_key; /* spreads address pairs over workers */
};

struct worker {
	struct workers *all;
	unsigned id;
	pthread_t thread;
	bool started;

	struct stages stages;
	struct pipeline *pipeline;
	struct detector *detector;
	struct output_env env;
	uint32_t wants; /* enum record_kind, as bits: some output has it */
	struct worker_live *live; /* NULL: on files */
	bool has_turn; /* live: until its packet has been inspected */

	/* Live: the rules that it inspects with, and the released flows that it has still to look at. */
	struct generation *generation;
	uint32_t review; /* next flow; 0: all are done with */
	_Atomic uint32_t task_done; /* number of the last one (worker_task.h) */
	_Atomic uint32_t settled; /* number of the last generation that is in force throughout */

	uint32_t file; /* of the last packet, and its name */
	const char *file_name;

	int64_t now_ns; /* greatest time read */
	int64_t second; /* of the last tick */
	uint64_t tick_packet; /* frame whose time caused the last tick */
	bool ending; /* the capture is over */
	struct record_key key; /* of what is being done */
	struct record_ring ring;
	struct buf body; /* the record being made */
	uint32_t lines;
	_Alignas(64) _Atomic uint64_t watermark; /* every step below is finished (record_step()) */
	_Atomic bool done;
	uint64_t lost_records; /* too large for the body or the ring */
	struct shadow shadow; /* --shadow: what the kernel marked wrongly */
	uint32_t *cost; /* --shadow=strict: alerts that release would have cost, by rule */
};

struct workers {
	struct worker_options options;
	unsigned count;
	struct worker *worker;
	_Atomic(struct generation *) generation; /* live: the rules in force; NULL: none */
	/* What each worker is to do once between batches (worker_task.h). */
	worker_task_fn task_fn;
	void *task_ctx;
	_Atomic uint32_t task; /* its number */
	_Atomic bool abandoned; /* the writer is gone: drop records */
	/* The writer is called before it would look again: a ring is full, or a worker done. */
	sem_t call;
	_Atomic bool called; /* and has not looked since */
	struct owners owners; /* of the frames of files */
	pthread_mutex_t turn; /* live: who has it may touch state that crosses address pairs */
};

/* Reserve everything; no thread runs yet.  Returns 0 or -errno. */
int workers_new(const struct worker_options *opt, struct workers **out);
/* Before they start: who knows of hosts what rules ask. */
void workers_know(struct workers *w, detect_known_fn known, void *ctx);
/* -errno: a thread did not start; those that did end by themselves, for workers_join(). */
int workers_start(struct workers *w);
/* Of whoever takes the records: sleep so long, or until there is a reason to look at once. */
void workers_wait(struct workers *w, long ns);
void workers_join(struct workers *w);
void workers_free(struct workers *w);

/* One of them: the caller's memory, zeroed, which workers_free() gives back.  Returns 0 or -errno. */
int worker_init(struct worker *w, struct workers *all, unsigned id);
/* Its thread, from the first packet to the end of all flows. */
void *worker_thread(void *arg);

/* A second has begun: the judge of facts is told, by one of them. */
void worker_tell_second(struct worker *w);

/* Its rules are other ones: which packets belong to flows is theirs to say. */
void worker_track(struct worker *w);

/* What a rule has cost in all of them, after the join. */
struct rule_cost workers_rule_cost(const struct workers *w, uint32_t rule);
/* What threshold.config has done to its matches in all of them. */
struct filter_hits workers_filter_hits(const struct workers *w, uint32_t rule);
/* Alerts of a rule in flows that would have been released (--shadow=strict), after the join. */
uint64_t workers_cost(const struct workers *w, uint32_t rule);
/* Sum of the cycles of all, after the join. */
void workers_stages(const struct workers *w, struct stages *sum);
/* Sum of the counters of all, after the join. */
void workers_counters(const struct workers *w, struct counters *sum);

#endif
