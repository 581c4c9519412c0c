/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detector.h - what the parts of a detector share.
 *
 * In: nothing; this is the struct behind detect.h, of which others see the name only.
 * A packet's way: what may hold of the rules (collect.h), whether it does (detect.c), what follows for flow and
 * transaction (match.h), and what becomes of the packet and which alerts are told (verdict.h).
 * Making, another ruleset, and what output asks: detector.c.
 *
 * Memory: made by detector_new(), all of it.  Thread: its worker.
 */
#ifndef WEIR_DETECT_DETECTOR_H
#define WEIR_DETECT_DETECTOR_H

#include "engine/detect/detect.h"
#include "engine/detect/eval.h"
#include "engine/detect/kit.h"
#include "engine/detect/ruleset.h"
#include "engine/detect/search.h"
#include "engine/detect/state.h"

struct frame_inspector;
struct tx_inspector;

/* Why a rule is a candidate. */
enum candidate {
	CANDIDATE_PACKET = 1 << UNIT_PACKET,
	CANDIDATE_STREAM = 1 << UNIT_STREAM,
	CANDIDATE_HIT = 1 << 2, /* its pattern was seen in this step, not remembered */
};

struct detector {
	/* What is inspected with: while a transaction of an earlier ruleset is looked at, that one. */
	struct detect_kit *kit;
	const struct ruleset *rs; /* the kit's */
	const struct block_header *block;
	struct detect_kit *kits[KITS_MAX];
	struct detect_kit *newest; /* of these: the one in force */
	struct detect_options options;
	struct detector_env env;
	struct state_table state;
	struct eval eval;
	uint32_t facts; /* enum need of the packet, without what stream bytes bring */
	struct tag_table *tags, *own_tags;
	struct xbits_table *own_xbits; /* where the environment gives none */
	struct tx_inspector *txs; /* NULL: no rule looks at transactions */
	struct frame_inspector *frames; /* NULL: no rule looks at frames */

	unsigned candidates; /* in the kit's array */
	struct searcher search;
	bool payload_lost; /* that a rule on transactions was found in a stream could not be kept */
	uint64_t
		searched_from; /* flows from this number on have had all of their streams searched */
	uint8_t searching; /* enum candidate: for literals with one place */

	unsigned waits; /* in the kit's array */
	bool state_changed;
	bool admitted; /* some rule's header admits this packet */
	bool bypass; /* a rule that matched this packet wants its flow bypassed */

	/* One packet's matches, with rules of whichever ruleset. */
	struct match *match; /* of the newest kit */
	unsigned matches, matches_max;
	struct alert *alert;
	bool may_be_tagged; /* some ruleset had tags; of hosts */
	bool hosts_may_be_tagged;

	/* One rule that somebody follows. */
	uint32_t watched; /* UINT32_MAX: none */
	detect_watch_fn watch;
	void *watch_ctx;
	bool watch_told; /* in this step */
	bool watch_stream_only; /* the packet's own payload has been told */
};

/* Whoever changes or asks what workers share waits here until it is this packet's turn. */
static inline void detector_take_turn(struct detector *d, const struct packet *p)
{
	if (d->env.turn)
		d->env.turn(d->env.turn_ctx, p->number);
}

#endif
