/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * weir_memory.h - the macros of the walk over plain memory: for the engine and for tests.
 *
 * In: a frame's bytes, the plan, functions that find released flows and blocked addresses; what is NULL is
 * not there.  Out: what the maps of a kernel would say.
 * Not here: the same for a kernel (weir_maps.bpf.h).
 *
 * Memory: the caller's.  Thread: any.
 */
#ifndef WEIR_BPF_WEIR_MEMORY_H
#define WEIR_BPF_WEIR_MEMORY_H

#include <string.h>

#include "bpf/weir_plan.h"
#include "bpf/weir_tally.h"
#include "bpf/weir_xdp.h"

struct weir_memory {
	const __u8 *data;
	__u32 len;
	const struct weir_plan *plan; /* NULL: none */
	__u64 key;
	/* A released flow, or NULL; NULL: there are none. */
	struct weir_flow *(*flow)(void *arg, const struct weir_flow_key *key);
	/* A blocked address, or NULL; NULL: there are none. */
	struct weir_address *(*address)(void *arg, const struct weir_address_key *key);
	void *arg;
	__u64 now; /* CLOCK_MONOTONIC */
	const struct weir_switches *switches; /* NULL: all off */
	__u32 enforce; /* drop what is blocked */
	__u64 *marks; /* packets by enum weir_reason, or NULL */
	struct weir_tally_bucket *buckets; /* NULL: probes are not counted */
	struct weir_note_line *notes;
	__u32 bucket_mask,
		note_mask; /* of tables that are smaller, by a power of two; 0: they are not */
	__u32 window;
};

static inline void weir_memory_mark(const struct weir_memory *m, __u32 reason)
{
	if (m->marks)
		m->marks[reason]++;
}

static inline int weir_memory_load(const struct weir_memory *m, __u32 at, void *to, __u32 len)
{
	if (at > WEIR_WALK_MAX || at > m->len || len > m->len - at)
		return -1;
	memcpy(to, m->data + at, len);
	return 0;
}

static inline __u32 weir_memory_index(__u32 index, __u32 mask)
{
	return mask ? index & mask : index;
}

static inline int weir_net_holds(const struct weir_net *n, const __u64 address[2])
{
	__u8 bytes[16];
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	memcpy(bytes, address, 16);
	if (memcmp(bytes, n->address, whole))
		return 0;
	return !rest || (bytes[whole] ^ n->address[whole]) >> (8 - rest) == 0;
}

static inline struct weir_net_wants weir_memory_nets(const struct weir_memory *m,
						     const __u64 address[2], unsigned version)
{
	struct weir_net_wants none = { 0, 0 };

	for (__u32 i = 0; i < m->plan->nets; i++) {
		const struct weir_net *n = &m->plan->net[i];

		if (n->version == version && weir_net_holds(n, address))
			return n->wants;
	}
	return none;
}

#define WEIR_CTX struct weir_memory
#define WEIR_FN static inline
/* A compiler may not see that only layers which were read are counted. */
#define WEIR_EMPTY = { { .depth = 0 } }
#define WEIR_LOAD(ctx, from, to) weir_memory_load(ctx, from, to, sizeof(*(to)))
#define WEIR_REACHES(ctx, end) ((end) <= (ctx)->len)
#define WEIR_WANTS(ctx) ((ctx)->plan ? &(ctx)->plan->wants : NULL)
#define WEIR_NETS(ctx, address, version) weir_memory_nets(ctx, address, version)
#define WEIR_FLOW(ctx, key) ((ctx)->flow ? (ctx)->flow((ctx)->arg, key) : NULL)
#define WEIR_NOW(ctx) ((ctx)->now)
#define WEIR_KEY(ctx) ((ctx)->key)
#define WEIR_SWITCHES(ctx) ((ctx)->switches)
#define WEIR_ADDRESS(ctx, k) ((ctx)->address ? (ctx)->address((ctx)->arg, k) : NULL)
#define WEIR_ENFORCES(ctx) ((ctx)->enforce)
#define WEIR_MARK(ctx, reason, bytes) weir_memory_mark(ctx, reason)
#define WEIR_TALLIES(ctx) ((ctx)->buckets != NULL)
#define WEIR_BUCKET(ctx, index) (&(ctx)->buckets[weir_memory_index(index, (ctx)->bucket_mask)])
#define WEIR_NOTE_LINE(ctx, index) (&(ctx)->notes[weir_memory_index(index, (ctx)->note_mask)])
#define WEIR_WINDOW(ctx) ((ctx)->window)

#endif
