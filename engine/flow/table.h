/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - the flow table from inside: the hash chains and the timer wheel.
 *
 * The wheel has a slot for each second.  A flow stands in the slot of a deadline that it had
 * once: packets move its deadline, not its place.  When the clock comes to the slot, a flow that has
 * more time goes on to the slot of its deadline of then.  So a packet costs the wheel nothing, and a
 * flow is touched once a timeout.  Only what brings a deadline nearer (a change of state,
 * an emergency) moves it at once.
 */
#ifndef WEIR_FLOW_TABLE_H
#define WEIR_FLOW_TABLE_H

#include "engine/flow/flow.h"

#define WHEEL_SLOTS 4096
#define NS_PER_S 1000000000LL

struct wheel {
	uint32_t head[WHEEL_SLOTS]; /* flow index, 0: empty */
	uint64_t busy[WHEEL_SLOTS / 64]; /* which slots have flows */
	int64_t now_s; /* the last second that the clock has passed */
	bool running; /* now_s is set */
};

struct flow_table {
	struct pool pool;
	uint32_t *heads;
	/* Of the number of chains: those in use, and all.  A table with few flows is small, and stays in the cache. */
	uint32_t mask, full_mask;
	bool emergency;
	uint32_t recovered; /* flows in use at which an emergency is over */
	struct flow_options opt;
	struct hash_chain hash; /* drawn from opt.key */
	struct counters *counters;
	flow_end_fn end;
	flow_reuse_fn reuse;
	flow_refresh_fn refresh; /* NULL: nothing is kept elsewhere */
	void *ctx;
	struct wheel wheel;
};

static inline uint32_t flow_index(const struct flow_table *t, const struct flow *f)
{
	return (uint32_t)(((const uint8_t *)f - t->pool.base) / sizeof(struct flow));
}

/* End a flow: tell the owner, take it out of chain and wheel, give its memory back. */
void flow_finish(struct flow_table *t, struct flow *f, enum flow_end_reason reason);

/* The same, where all end: the chains are given up as a whole. */
void flow_finish_last(struct flow_table *t, struct flow *f);

/* Ask for what was kept elsewhere of a flow. */
void flow_refresh(struct flow_table *t, struct flow *f, bool ending);

/* Ask the memory for what flow_finish() needs of a flow, and for the flow behind it in its list. */
void flow_prefetch_end(const struct flow_table *t, const struct flow *f);

/* Start the clock where nothing has started it yet. */
void wheel_start(struct wheel *w, int64_t now_ns);
void wheel_insert(struct flow_table *t, struct flow *f);
void wheel_remove(struct flow_table *t, struct flow *f);
/* A deadline came nearer: move the flow. */
void wheel_move(struct flow_table *t, struct flow *f);
/* Every flow to the slot of its deadline. */
void wheel_rebuild(struct flow_table *t);
/* The flow that would time out first, or nearly so; 0: there is none. */
uint32_t wheel_soonest(struct flow_table *t);
/* End what timed out up to a second. */
void wheel_advance(struct flow_table *t, int64_t now_s);
/* End every flow, in order of number. */
void wheel_end_all(struct flow_table *t);

#endif
