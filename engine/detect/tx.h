/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx.h - rules against transactions of application protocols.
 *
 * In: a packet with its flow, after the rules on packets and streams; the transactions that engine/app
 * keeps of the flow.  Out: each (rule, transaction) that holds, once for each direction.
 * Each buffer is searched once; a hit, or a rule without a pattern, makes a candidate.  What has held
 * of a candidate is remembered with the transaction, so that no buffer is looked at twice, and a rule may
 * hold over several packets; one that has held is never tried again.
 * Not here: what a match does (match.h), what a condition means (eval_tx_body.h).
 *
 * Memory: pools of transactions' and rules' states, sized at start.  Full: counted, and the rules see the
 * transaction once, when it is whole.
 * Thread: the detector's.
 */
#ifndef WEIR_DETECT_TX_H
#define WEIR_DETECT_TX_H

#include "engine/app/app.h"
#include "engine/detect/eval.h"
#include "engine/detect/kit.h"

struct tx_inspector;

/* What the detector does for it. */
struct tx_hooks {
	/* What other workers write too holds as well. */
	bool (*shared)(void *ctx, uint32_t rule);
	/* The rule holds; returns true where that changed the flow's state. */
	bool (*match)(void *ctx, uint32_t rule, struct app_tx *tx);
	/* Inspect with this kit: NULL with the one in force. */
	void (*use)(void *ctx, struct detect_kit *k);
	/* The rule under watch is about to be tried, or was not. */
	void (*watch)(void *ctx, struct eval *e);
	void *ctx;
};

struct tx_options {
	struct state_table *table; /* what hangs on flows */
	struct detect_kit *const *kits; /* KITS_MAX of them, by slot */
	uint32_t max_transactions; /* with a state at once; 0: a default */
	uint64_t *limits; /* counts what was refused; NULL: nothing does */
};

/* tx_use() has to follow. */
int tx_inspector_new(const struct tx_options *opt, const struct tx_hooks *hooks,
		     struct tx_inspector **out);
/* From now on with this kit. */
void tx_use(struct tx_inspector *t, struct detect_kit *k);
/* Transactions that began with one kit go on with another: what has held of their rules is kept. */
void tx_move(struct tx_inspector *t, struct detect_kit *from, struct detect_kit *to,
	     const struct detect_successors *s);
void tx_inspector_free(struct tx_inspector *t);
/* Bytes of its pools. */
uint64_t tx_inspector_bytes(const struct tx_options *opt);
void tx_inspector_memory(const struct tx_inspector *t, struct memory_use *sum);

/* Rule to follow; UINT32_MAX: none. */
void tx_watch(struct tx_inspector *t, uint32_t rule);

/*
 * The transactions of p's flow in p's direction.  e: ready for the packet, with its payload; it is
 * used, and left without a transaction.  Marks as inspected what rules have seen to its end.
 */
void tx_inspect(struct tx_inspector *t, struct eval *e, struct packet *p);

/*
 * While a rule of tx_inspect() is told to hold: mark its transaction (xbits, track tx).  Returns whether
 * that is new.  The mark goes with the transaction.
 */
bool tx_mark(struct tx_inspector *t, struct app_tx *tx, uint64_t name);

/* No rule looks at this flow's transactions any more: mark them as inspected. */
void tx_pass_by(struct app_engine *apps, const struct packet *p);

/* The first transaction that is not inspected to its end in a direction; NULL: none. */
struct app_tx *tx_current(struct app_engine *apps, const struct flow *f, unsigned dir);

/* The flow is going. */
void tx_flow_end(struct tx_inspector *t, struct flow *f);

#endif
