/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_release.h - tells the kernel which flows it may keep, and brings back what it kept of them.
 *
 * In: ways of flows that are released (release.h); counts of entries in the kernel (kept.h).  Out:
 * requests in the worker's release ring; totals of flows, as if their packets had come.
 * A request that finds no room is not made: then the flow's packets go on coming, and are counted here.
 * Counts come about once a second.  For a flow that ends while packets come (its ports are used again) the last
 * ones are asked for, and waited for, at most 20 ms.
 *
 * Memory: a note for each flow of the worker, reserved at start and touched for released flows alone.
 * Thread: the worker that owns the flows.
 */
#ifndef WEIR_RUN_WORKER_RELEASE_H
#define WEIR_RUN_WORKER_RELEASE_H

#include "engine/capture/release_ring.h"
#include "engine/flow/flow.h"
#include "engine/run/kept.h"
#include "engine/run/release.h"

struct worker_release;

struct worker_release_options {
	unsigned worker;
	uint32_t flows; /* most that the table may hold */
	uint64_t hash_key; /* of address pairs, as the kernel's */
	struct release_ring *ring;
	int bell; /* eventfd for whoever serves the ring; 0: it looks by itself */
	const struct kept *kept;
	const struct flow_table *table;
	bool shadow; /* the kernel keeps nothing: its counts are of what comes as well */
	struct release *release; /* where what was kept is counted */
};

/* Returns 0 or -errno. */
int worker_release_new(const struct worker_release_options *opt, struct worker_release **out);
void worker_release_free(struct worker_release *r); /* NULL is fine */
/* What it reserves for so many flows. */
uint64_t worker_release_bytes(uint32_t flows);

/* As release_tell_fn and flow_refresh_fn; ctx is a struct worker_release. */
bool worker_release_tell(void *ctx, const struct packet *p, unsigned ways);
void worker_release_refresh(void *ctx, struct flow *f, bool ending);

/*
 * Other ways of the flow, whose packets may be kept, are released than before.  False: there is no room in the ring; ask again.
 */
bool worker_release_change(struct worker_release *r, const struct flow *f);

/*
 * The packet's flow was to be dropped: the kernel is to count what it would have dropped.  Returns whether it was
 * told; such a flow is not kept any more, as it has to be counted packet by packet.
 */
bool worker_release_mark(struct worker_release *r, const struct packet *p);

/* Counts are final, as the run is over: none is waited for. */
void worker_release_stopping(struct worker_release *r);

/* Once a batch: say that there are requests, take the answers. */
void worker_release_collect(struct worker_release *r);

/*
 * The key that the program has for a packet's flow; returns its way: 1 where the packet's source is the high
 * endpoint.
 */
unsigned worker_release_key(const struct packet *p, uint64_t hash_key, struct weir_flow_key *out);

#endif
