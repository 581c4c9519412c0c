/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx_state.h - what is remembered of a transaction: which buffers were searched, and which rules have held of it.
 *
 * In: a transaction of the flow that is looked at.  Out: its state, made where there is none, and in it an entry for each
 * rule that waits or is done.  States of a flow hang on an entry of the flow's own state (state.h), so that they go
 * with it.  Another ruleset takes them over rule by rule (tx_move() of tx.h).
 * Not here: who becomes a candidate (tx_search.h), what decides (eval.h).
 *
 * Memory: the inspector's pools.  Full: NULL, which is counted.
 * Thread: the detector's.
 */
#ifndef WEIR_DETECT_TX_STATE_H
#define WEIR_DETECT_TX_STATE_H

#include "engine/detect/tx_inspector.h"

/* NULL: there is no room. */
struct tx_state *tx_state_of(struct tx_inspector *t, struct app_tx *tx);
/* Both directions are done with. */
void tx_state_forget(struct tx_inspector *t, struct app_tx *tx);
/* The entry of a rule in t->state; NULL: there is no room, or no state. */
struct tx_rule *tx_state_remember(struct tx_inspector *t, uint32_t rule);

#endif
