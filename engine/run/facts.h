/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - what engine/watch is told of a worker's packets and flows.
 *
 * In: a packet that all stages have seen, or a flow that ends.  Out: the facts that it makes, few.
 * Not here: carrying them to the judge (worker.c, writer.c).
 *
 * Memory: none.  Thread: the worker's.
 */
#ifndef WEIR_RUN_FACTS_H
#define WEIR_RUN_FACTS_H

#include "engine/flow/flow.h"
#include "engine/stream/stream.h"
#include "engine/watch/fact.h"

/* Facts that one packet makes at most. */
#define FACTS_MAX 6

/* Most packets make none; returns how many were written to out. */
unsigned facts_of_packet(struct stream_engine *streams, const struct packet *p,
			 struct fact out[FACTS_MAX]);
/* False: the flow's end is none. */
bool fact_of_end(const struct flow *f, int64_t now_ns, struct fact *out);

#endif
