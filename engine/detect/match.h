/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match.h - what a match does: it is noted for the packet, and changes flowbits, marks, tags, transactions.
 *
 * In: a rule whose conditions hold.  Out: d->match[], and the state that the rule writes; d->state_changed says that
 * others may hold now.
 * Not here: what becomes of the packet (verdict.h).
 *
 * Memory: the kit's and the state table's.  Thread: the detector's.
 */
#ifndef WEIR_DETECT_MATCH_H
#define WEIR_DETECT_MATCH_H

#include "engine/detect/detector.h"

/* Of a transaction; of a packet; the second also keeps the rule from matching this packet again. */
void match_add(struct detector *d, uint32_t rule, bool stream, const struct app_tx *tx);
void match_note(struct detector *d, uint32_t rule, bool stream);
/* tx: that the rule has matched in; NULL: in none that it could change. */
void match_post(struct detector *d, const struct rule_row *row, const struct packet *p,
		struct app_tx *tx);

#endif
