/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_top.h - which rules cost most in a run that goes on, and what threshold.config has done to matches.
 *
 * In: the rules in force, with what their workers have counted since (engine/detect/cost.h).  Out: the dearest rules,
 * the sums by buffer, the rules whose matches were kept back or told with another action; bounded.
 * Not here: files of a run that has ended (rule_cost.h).
 *
 * Memory: the caller's, of fixed size.
 * Thread: the one that publishes and frees generations, or any once the workers have ended.  Counts of workers that run
 * are a little old.
 */
#ifndef WEIR_RUN_RULE_TOP_H
#define WEIR_RUN_RULE_TOP_H

#include <jansson.h>

#include "engine/detect/cost.h"
#include "engine/output/output.h"
#include "engine/run/generation.h"

#define RULE_TOP_MAX 100

/* When counting began, by both clocks. */
struct rule_top_clock {
	uint64_t cycles, ns;
};

struct rule_top {
	unsigned rules, filters;
	struct output_rule_cost rule[RULE_TOP_MAX]; /* dearest first */
	struct output_filter_hits filter[RULE_TOP_MAX]; /* most hits first */
	/* Of all rules. */
	struct rule_cost sum;
	uint64_t sum_ns;
};

struct rule_top_clock rule_top_begin(void);
/* Costs of cycles, with what one has taken since then. */
uint64_t rule_top_ns(const struct rule_top_clock *begin, uint64_t cycles);

/* The buffer that a rule is found in; "none": it is found by its facts. */
const char *rule_top_buffer(const struct ruleset *rs, uint32_t rule);

/* At most so many of each; most: RULE_TOP_MAX at most. */
void rule_top_take(const struct generation *g, unsigned workers, const struct rule_top_clock *begin,
		   unsigned most, struct rule_top *out);

/* All of it as one object, for the control socket.  NULL: no memory. */
json_t *rule_top_json(const struct generation *g, unsigned workers,
		      const struct rule_top_clock *begin, unsigned most);

#endif
