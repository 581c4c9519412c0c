/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_live.h - a worker that takes its packets off interfaces.
 *
 * In: batches of frames, all of them this worker's; the wall clock when nothing comes.  Out: records;
 * frames given back, counted as inspected; verdicts, settled once a batch.
 * A stop means: take what is left in the rings, end every flow.
 *
 * Memory: a batch, its verdicts and the rings' mappings, made before the thread starts.
 * Thread: the worker's own.
 */
#ifndef WEIR_RUN_WORKER_LIVE_H
#define WEIR_RUN_WORKER_LIVE_H

#include "engine/capture/filter.h"
#include "engine/capture/live.h"
#include "engine/run/verdict.h"
#include "engine/run/worker_release.h"

struct worker;

/* The same for all workers. */
struct worker_live_options {
	const struct live_handover *handover;
	struct live_options live; /* worker is filled in here */
	const char *filter; /* BPF expression; NULL: every packet */
	const _Atomic uint32_t *stop; /* not 0: finish */
	struct release_ring *const *rings; /* by worker; NULL: the kernel keeps nothing */
	const struct kept *kept;
	int bell; /* eventfd to write to when something was put into a ring; 0: none */
	bool shadow; /* marks are to be held against what the engine does */
};

struct worker_live {
	struct live *live;
	struct live_batch batch;
	struct verdicts verdicts;
	struct filter *filter;
	struct worker_release *release; /* NULL: the kernel keeps nothing */
	uint64_t frames; /* taken */
	uint64_t filtered; /* of these, left out by the filter */
	int64_t called_ns; /* the writer, last, by the worker's clock */
	int error; /* -errno of the last batch that could not be had */
	uint64_t errors;
};

/* Makes w->live; the pipeline is there.  Returns 0 or -errno (-EINVAL: the filter does not compile for Ethernet). */
int worker_live_open(struct worker *w);
void worker_live_close(struct worker_live *l); /* NULL is fine */

/* Until a stop. */
void worker_live_run(struct worker *w);

/* The interface of a frame, of none: of a run on one interface; else NULL. */
const char *worker_live_interface(const struct worker *w, const struct frame *f);
/*
 * A packet met this.  Where nothing can be stopped, a flow that was to be dropped is marked in the kernel,
 * which counts what it would have dropped.
 */
void worker_live_verdict(struct worker *w, const struct packet *p, enum verdict v);

#endif
