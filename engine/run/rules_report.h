/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules_report.h - what loading rules gave, as JSON: for the control socket, and from the process that compiles.
 *
 * In: rules as loaded, their diagnostics; what was in force before.  Out: counts, the digest, rules that were added,
 * changed, removed, refused; complaints; and whether the new rules may take the place of the old ones.
 * They may not where something is wrong that was not wrong before, but for a rule that is refused and was not in
 * force: an update may well have rules that are not understood, but a slip of the hand takes no rule away.
 *
 * Memory: jansson's.  Thread: one at a time.
 */
#ifndef WEIR_RUN_RULES_REPORT_H
#define WEIR_RUN_RULES_REPORT_H

#include <jansson.h>

#include "engine/run/run.h"

/* Of each list, so many at most; its count is whole. */
#define RULES_REPORT_LIST_MAX 10000

struct rules_report_options {
	const struct settings *settings;
	const struct run_rules *rules; /* compiled NULL: it came to nothing */
	const struct diag_list *diags;
	const struct ruleset *before; /* NULL: none */
	const json_t *report_before; /* NULL: none */
	bool take_refused; /* a mistake leaves out what is wrong, and nothing else */
	bool fatal; /* any mistake leaves the old rules in force */
};

/*
 * "loaded", "failed", "skipped", "hash", "added", "changed", "removed", "refused": lists, each with its "NAME_count";
 * "complaints": texts; "sets": those that are saved; "broken": why they may not be put in force, or null.
 * NULL: no memory.
 */
json_t *rules_report_new(const struct rules_report_options *opt);

#endif
