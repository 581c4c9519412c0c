/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kit.h - what one worker needs beside a ruleset to inspect with it: candidates, stamps, working memory.
 *
 * In: a ruleset.  Out: arrays as long as it has rules.  A detector has the kit of the ruleset in force and, while
 * transactions last that began on an earlier one, that one's too; what outlives a ruleset (flowbits, states of
 * transactions) is the detector's own.
 * Not here: when a detector takes which (detector.c, tx.c).
 *
 * Memory: the heap, all of it when the kit is made, so that a worker only changes pointers.
 * Thread: made and freed by any; between the two its detector's.
 */
#ifndef WEIR_DETECT_KIT_H
#define WEIR_DETECT_KIT_H

#include <stdatomic.h>

#include "engine/detect/always.h"
#include "engine/detect/cost.h"
#include "engine/detect/detect.h"
#include "engine/detect/ends.h"
#include "engine/detect/header.h"
#include "engine/detect/memo.h"
#include "engine/detect/mpm.h"

/* Rulesets that a detector may know at once: the one in force, and earlier ones with transactions. */
#define KITS_MAX 4

struct regex_scratch;

struct match {
	uint32_t rule;
	bool stream;
	const struct ruleset *rs; /* whose rule it is */
	const struct app_tx *tx; /* NULL: none */
	const struct app_frame *frame; /* NULL: none */
	const struct rule_note *note;
	unsigned notes;
};

/* Rules on transactions; by rule, but candidate and waiting. */
struct tx_work {
	uint32_t *stamps;
	uint32_t *entry; /* index of its struct tx_rule, 0: none */
	uint32_t *candidate;
	uint32_t *waiting;
	uint32_t stamp;
	/* Rules whose pattern is in what the packet brings along; in which unit candidate_why of the kit says. */
	uint32_t *payload;
	unsigned payloads;
};

/* Rules on frames; by rule, but candidate and waiting. */
struct frame_work {
	uint32_t *stamps; /* looked at in this run of bytes */
	uint32_t *steps; /* has held in this step: a look at one frame */
	uint32_t *candidate;
	uint32_t *waiting; /* that only a flowbit is missing for */
	uint32_t stamp, step;
};

struct detect_kit {
	const struct ruleset *rs;
	struct mpm_work search; /* its hs for filters as well */
	struct regex_scratch *regex;

	struct header_memo header;
	struct ends_kept ends;

	/* One step's candidates; stamps say which of the arrays' entries are of now. */
	uint32_t *candidate_stamp;
	uint8_t *candidate_why; /* enum candidate */
	uint32_t *candidate;
	uint32_t *waiting; /* candidates that only a flowbit is missing for */
	uint32_t stamp;
	struct always_kept always;

	/* One packet's matches. */
	uint32_t *match_stamp;
	uint32_t packet_stamp;
	struct match *match;

	struct tx_work tx;
	struct memo memo; /* of searches in transactions' buffers */
	struct frame_work frame;

	struct rule_cost *cost; /* by rule */
	struct cost_sampler sampler;
	struct filter_hits *hits; /* by rule */

	unsigned slot; /* its place in the detector */
	uint32_t users; /* transactions that began on it */
	_Atomic bool left; /* by its detector: no user is left, and another one is in force */
};

/* Returns 0 or -ENOMEM. */
int detect_kit_new(const struct ruleset *rs, const struct detect_options *opt,
		   struct detect_kit **out);
void detect_kit_free(struct detect_kit *k); /* NULL is fine */
/* Its detector does not know it any more: it may be freed. */
bool detect_kit_is_left(const struct detect_kit *k);

#endif
