/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_rules.h - a worker goes on with another ruleset.
 *
 * In: what the workers' atomic pointer names (generation.h), looked at between two batches.  Out: a detector, release and records
 * with those rules; flows that were released looked through, some at a time: those that a rule now reaches are
 * inspected again, those that one held up are asked about anew.
 * Of a released way that is taken back, packets are inspected, one by one; its stream stays given up, as it was past
 * its depth.
 *
 * Memory: none.  Thread: the worker's own.
 */
#ifndef WEIR_RUN_WORKER_RULES_H
#define WEIR_RUN_WORKER_RULES_H

#include <stdbool.h>

struct worker;

/* Between two batches.  Returns whether there is more to look through. */
bool worker_rules_follow(struct worker *w);

#endif
