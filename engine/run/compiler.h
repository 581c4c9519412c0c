/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compiler.h - a short-lived process that loads and compiles rules beside a run.
 *
 * In: the run's settings; memory files to write to.  Out: a ruleset's image, the plan that fits it, a report.
 * Of the configuration, which is read again, only what says which rules there are is taken: rule files, variables,
 * and the files of classifications, references, thresholds and changes of rules.
 * It has no capability, may read files, and write none but those of the folder where compiled rules are kept.
 *
 * Memory: the process's own.  Thread: its only one.
 */
#ifndef WEIR_RUN_COMPILER_H
#define WEIR_RUN_COMPILER_H

#include <jansson.h>

#include "engine/run/settings.h"

/* Memory files, empty. */
struct compiler_files {
	int block, lists; /* image.h */
	int plan; /* struct weir_plan */
	int report; /* rules_report.h */
};

struct compiler_options {
	const struct settings *settings;
	struct compiler_files files;
	int block_before; /* -1: none */
	const json_t *report_before;
	bool take_refused;
};

/* In the child: all of it.  Returns an exit code (enum run_exit): RUN_DONE, the report says more. */
int compiler_run(const struct compiler_options *opt);

#endif
