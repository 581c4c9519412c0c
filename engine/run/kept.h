/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept.h - what the kernel kept of released flows, where the worker that owns the flow can read it at once.
 *
 * In: counts of entries in the kernel, by the supervisor, about once a second and when the run stops.
 * Out: the same, by flow, for the worker.  An entry belongs to the flow whose cookie stands in it.
 *
 * Memory: one shared mapping, an entry for each flow that a worker may have; touched for released flows alone.
 * Thread: the supervisor writes; each worker reads its own part, and never waits.
 */
#ifndef WEIR_RUN_KEPT_H
#define WEIR_RUN_KEPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/weir_xdp.h"

struct kept_counts {
	uint64_t cookie;
	struct weir_way way[2]; /* as in struct weir_flow */
	uint64_t last_ns; /* CLOCK_MONOTONIC */
	uint8_t tcp_flags[2];
};

struct kept;

/* flows: indices of each worker's flows are below it.  Returns 0 or -errno. */
int kept_new(unsigned workers, uint32_t flows, struct kept **out);
void kept_free(struct kept *k); /* NULL is fine */
/* What it reserves. */
uint64_t kept_bytes(unsigned workers, uint32_t flows);

/*
 * A cookie is not 0, and tells two flows apart that had one index after the other.  number: the
 * flow's own.
 */
uint64_t kept_cookie(unsigned worker, uint32_t index, uint64_t number);

/* The supervisor: counts of an entry.  A cookie that cannot be is left out. */
void kept_put(struct kept *k, uint64_t cookie, const struct weir_flow *f);
/* The worker: false: nothing is known of this flow. */
bool kept_get(const struct kept *k, uint64_t cookie, struct kept_counts *out);

#endif
