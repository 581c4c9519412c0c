/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx_search.h - which rules are candidates for a transaction in one direction.
 *
 * In: the step of an inspector: transaction, direction, what came along of the payload.  Out: in the kit, rules whose
 * pattern stands in a buffer or in the payload, rules without a pattern, and rules that wait for more; each whose header
 * admits the packet, once.
 * Each buffer is searched once, and what was found in short ones is kept (memo.h) for when equal ones come.
 * Not here: trying them (tx.c), the databases (tx_plan.h).
 *
 * Memory: the kit's arrays.  Thread: the detector's.
 */
#ifndef WEIR_DETECT_TX_SEARCH_H
#define WEIR_DETECT_TX_SEARCH_H

#include "engine/detect/tx_inspector.h"

/* A step begins: nobody is a candidate. */
void tx_search_begin(struct tx_inspector *t);
/* Those that t->state remembers; before tx_search(). */
void tx_search_remembered(struct tx_inspector *t);
/* All others, as far as t->only_packet lets them. */
void tx_search(struct tx_inspector *t);
/* Nothing of the transaction is new: nor may this packet decide anything. */
bool tx_search_idle(const struct tx_inspector *t);

#endif
