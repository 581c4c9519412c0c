/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h - the application engine from inside.
 *
 * Memory: see app.h.  Thread: the worker that owns the engine.
 */
#ifndef WEIR_APP_ENGINE_H
#define WEIR_APP_ENGINE_H

#include "engine/app/app.h"
#include "engine/app/digest.h"
#include "engine/app/expect.h"
#include "engine/app/http.h"
#include "engine/app/memory.h"
#include "engine/base/pool.h"

/* Of struct app_flow.  Those of a direction: FLAG << dir. */
enum app_flow_flag {
	APP_FLOW_DECIDED = 1 << 0, /* identification of this direction is over */
	APP_FLOW_OVER = 1 << 2, /* nothing more is parsed in it */
	APP_FLOW_ENDED = 1 << 4, /* and its end was told */
	APP_FLOW_FIRST = 1 << 6, /* its bytes came first; both: parsing has begun */
	APP_FLOW_CHANGING = 1 << 8, /* another protocol is about to begin */
	APP_FLOW_COUNTED = 1 << 9, /* in app_layer.flow */
	APP_FLOW_FULL = 1 << 10, /* its bytes wait until transactions are told and gone */
};

struct app_engine {
	struct app_options opt;
	struct flow_table *flows;
	struct stream_engine *streams;
	struct counters *counters;
	struct pool states; /* struct app_flow */
	struct buffers memory;
	struct file_engine *files;
	file_store_fn store; /* NULL: nowhere */
	void *store_ctx;
	struct expect_table *expected;
	struct http_engine *http;
	struct packet *packet; /* that is being parsed */
	bool closes; /* it has shown that what follows is encrypted */
	/* By transport: bytes may be found to be something.  What only others announce (FTP's data) is none of it. */
	bool looks[2];
	struct identify_index identify;
};

static inline bool flow_flag(const struct app_flow *a, unsigned flag, unsigned dir)
{
	return a->flags >> dir & flag;
}

/* By a flow's index, which is not 0. */
static inline struct app_flow *app_flow_at(const struct app_engine *e, uint32_t index)
{
	return pool_at(&e->states, index);
}

/* A context for a flow that has application state. */
struct app_ctx app_ctx_of(struct app_engine *e, struct flow *f, const struct packet *p);

/* The flow's application state, made where it has none; NULL: no room (counted). */
struct app_flow *app_flow_get(struct app_engine *e, struct flow *f);
/* The flow speaks p: counts it, gives it p's state. */
void app_flow_is(struct app_ctx *c, enum app_proto p);
/* Everything of a direction has been seen: its half of all transactions is whole. */
void app_flow_direction_ends(struct app_ctx *c, unsigned dir);

/* Counters of a protocol by transport (0: TCP, 1: UDP). */
void count_flow(struct app_engine *e, enum app_proto p, unsigned transport);
void count_tx(struct app_engine *e, enum app_proto p, unsigned transport);
enum app_fault { APP_FAULT_GAP, APP_FAULT_ALLOC, APP_FAULT_PARSER };
void count_fault(struct app_engine *e, enum app_proto p, unsigned transport, enum app_fault fault);

#endif
