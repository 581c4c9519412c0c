/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_cost.h - what rules have cost in a run, written to a file: rule-cost.json.
 *
 * In: counts of the workers (engine/detect/cost.h), after they have stopped.  Out: for each rule that was tried an
 * object of JSON on a line: gid, sid, rev, buffer (that it is found in), candidates, checks, matches, ns.
 * ns: an estimate from the trials that were timed; at a turn that it waited for, with the wait.
 * Not here: what people are shown of it (weir rules --cost).
 *
 * Memory: the file's buffer.  Thread: the one that starts the program; opened before the sandbox is.
 */
#ifndef WEIR_RUN_RULE_COST_H
#define WEIR_RUN_RULE_COST_H

#include "engine/run/worker.h"

#define RULE_COST_FILE "rule-cost.json"

/* A line of it. */
struct rule_cost_line {
	uint32_t gid, sid, rev;
	char buffer[64];
	uint64_t candidates, checks, matches, ns;
};

/* false: it is none. */
bool rule_cost_read(const char *text, struct rule_cost_line *out);

struct rule_cost_file;

/* In this folder; the file is made anew.  0 or -errno. */
int rule_cost_open(const char *folder, struct rule_cost_file **out);
/* Returns 0, or -errno where it cannot be written. */
int rule_cost_write(struct rule_cost_file *f, const struct workers *w, const struct ruleset *rs);
void rule_cost_close(struct rule_cost_file *f); /* NULL is fine */

#endif
