/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generation.h - the rulesets of a running engine: the one in force, and earlier ones that somebody still needs.
 *
 * In: an opened ruleset.  Out: the same, in force in every worker.  It is published with one atomic pointer; each worker takes
 * it between two batches (worker_rules.h), and what was in force before goes with its last user: transactions
 * that began on it.  At most KITS_MAX are kept: then the oldest one's transactions go on with a later one.
 * Not here: where a ruleset comes from (image.h), what became of released flows (worker_rules.h).
 *
 * Memory: all that workers will need is made here, so that they allocate nothing.
 * Thread: one that is no worker, for all functions.
 */
#ifndef WEIR_RUN_GENERATION_H
#define WEIR_RUN_GENERATION_H

#include "engine/detect/detect.h"
#include "engine/run/worker.h"

struct generation {
	uint32_t number; /* from 1 */
	struct ruleset *rules;
	struct app_options needs; /* what its rules want of engine/app */
	struct detect_kit **kit; /* by worker; NULL: freed */
	struct detect_successors *successors; /* of the oldest, where there are too many; or NULL */
	struct generation *older;
};

struct generations {
	struct workers *workers;
	const struct detect_options *options;
	const struct app_options *app; /* without what rules want */
	struct generation *newest;
	unsigned count;
};

/* The workers, which have not started, inspect with these rules, which belong to g from now on.  Returns 0 or -ENOMEM. */
int generations_init(struct generations *g, struct workers *workers, struct ruleset *rules,
		     const struct detect_options *options, const struct app_options *app);
/* The workers have ended; they are freed in here, as what they have is freed in between. */
void generations_fini(struct generations *g);

/* Put rules in force; they belong to g, also where this fails.  -EBUSY: the last ones are not yet settled. */
int generations_publish(struct generations *g, struct ruleset *rules);
/* All workers inspect with the newest, and have looked through their released flows. */
bool generations_settled(const struct generations *g);
/* Free what nobody needs any more. */
void generations_collect(struct generations *g);

#endif
