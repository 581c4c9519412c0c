/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_record.h - how a worker makes a record and hands it to the writer.
 *
 * In: lines for outputs, one after the other; facts.  Out: records in the worker's ring, with the place in the
 * run where they belong.
 * A full ring is waited for.  A line that does not fit is left out whole, and counted.
 * Not here: what lines say (worker_emit.h).
 *
 * Memory: the worker's body and ring.  Thread: the worker's own.
 */
#ifndef WEIR_RUN_WORKER_RECORD_H
#define WEIR_RUN_WORKER_RECORD_H

#include <sched.h>
#include <time.h>

#include "engine/run/facts.h"
#include "engine/run/worker.h"

static inline void worker_nap(unsigned *spins)
{
	if (++*spins < 64) {
		sched_yield();
	} else {
		struct timespec t = { .tv_nsec = 50000 };

		nanosleep(&t, NULL);
	}
}

static inline void worker_publish(struct worker *w, uint64_t watermark)
{
	atomic_store_explicit(&w->watermark, watermark, memory_order_release);
}

static inline bool worker_wants(const struct worker *w, enum record_kind kind)
{
	return w->wants >> kind & 1;
}

/*
 * Where the records of the moment belong.  A flow that ends because its ports are used again
 * ends within the packet that uses them; one that times out, at its deadline.
 */
static inline void worker_set_key(struct worker *w, const struct flow *f)
{
	const struct packet *current = w->pipeline->current;

	if (current)
		w->key = (struct record_key){ current->number, RECORD_MINOR_PACKET,
					      w->pipeline->order };
	else if (w->ending)
		w->key = (struct record_key){ UINT64_MAX, 0, f->number };
	else
		w->key = (struct record_key){ w->tick_packet,
					      (uint64_t)flow_deadline(w->pipeline->flows, f),
					      f->number };
}

#define FOR_EACH_OUTPUT(w, kind, o) \
	for (unsigned o = 0; o < (w)->all->options.output_count; o++) \
		if ((w)->all->options.outputs[o].wants[kind])

struct record *worker_record_begin(struct worker *w, enum record_kind kind);
/* Begin a line for an output; its header is filled in by worker_line_end(). */
size_t worker_line_begin(struct worker *w);
void worker_line_end(struct worker *w, size_t at, unsigned output);
void worker_line_end_when(struct worker *w, size_t at, unsigned output, enum record_when when);
/* Nothing is handed over where no line was written. */
void worker_record_commit(struct worker *w);
/* Straight into the ring: there may be as many as flows. */
void worker_emit_fact(struct worker *w, const struct fact *f);
/* It is to look before it would by itself. */
void worker_call_writer(struct workers *all);

#endif
