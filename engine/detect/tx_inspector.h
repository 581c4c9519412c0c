/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx_inspector.h - what the parts of the inspection of transactions share (tx.c, tx_state.c, tx_search.c).
 *
 * In the pools of an inspector are the states of transactions and, chained to each, the rules that have held of it in
 * part or altogether; beside them stands what one step works with: a look at one transaction in one direction.
 * Not here: what others may ask of it (tx.h).
 *
 * Memory: the inspector is the heap's, its pools are sized when it is made; states are freed by tx_state.h.
 * Thread: the detector's.
 */
#ifndef WEIR_DETECT_TX_INSPECTOR_H
#define WEIR_DETECT_TX_INSPECTOR_H

#include "engine/base/pool.h"
#include "engine/detect/tx.h"

#define SLOT_WORDS 2
/* Pieces of a buffer that may be there several times, searched in one transaction. */
#define PIECES_MAX 4096

enum rule_done {
	RULE_WAITS,
	RULE_HELD,
	RULE_NEVER, /* it cannot hold any more */
};

/* A rule that has held in part, or altogether. */
struct tx_rule {
	uint64_t held; /* bits as of eval_tx() */
	uint32_t rule;
	uint32_t next;
	uint8_t dir;
	uint8_t done; /* enum rule_done */
	uint16_t files; /* that there were when it held */
	uint8_t reserved[4];
};

/* What is remembered of a transaction: app_tx.detect. */
struct tx_state {
	uint64_t searched[2][SLOT_WORDS]; /* by direction: bits of slots that are done with */
	uint32_t rules, rule_count;
	uint32_t next; /* of the same flow */
	uint32_t self;
	uint8_t progress[2]; /* that rules without a pattern have seen */
	uint8_t events[2];
	uint8_t stepped; /* bits of directions: looked at before */
	uint16_t files[2]; /* files_known() then */
	uint16_t news[2];
	uint8_t kit; /* slot of the one it began with */
	uint8_t marked; /* it carries marks of xbits */
	uint8_t reserved;
};

struct tx_inspector {
	struct detect_kit *const *kits;
	struct detect_kit *kit; /* that is used */
	struct tx_work *work; /* the kit's */
	const struct ruleset *rs;
	const struct block_header *block;
	struct tx_hooks hooks;
	struct pool states, rules;
	struct state_table *table;
	uint64_t *limits;
	uint32_t watched;
	bool watch_told;

	/* Headers were decided with these. */
	const struct detect_kit *headers_of;
	unsigned headers_proto;

	/* One step: a transaction in one direction. */
	struct eval *e;
	struct tx_state *state; /* NULL: there was no room */
	const struct tx_way *way;
	unsigned candidates, waits; /* in the kit's arrays */
	bool changed;
	bool only_packet; /* nothing of the transaction is new: rules ROW_WITH_PACKET alone */
	const struct scan_pattern *pattern;
	struct memo_entry *memo; /* where what is found is kept, or NULL */
};

static inline struct tx_rule *tx_rule_at(const struct tx_inspector *t, uint32_t index)
{
	return pool_at(&t->rules, index);
}

#endif
