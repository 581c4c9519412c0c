/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - the work of `weir run`: load, open, start, wait, tell.
 *
 * In: what was asked for on the command line.  Out: the outputs' files, a summary, an exit code.
 * Loading rules and configuration is offered to the other commands as well.
 */
#ifndef WEIR_RUN_RUN_H
#define WEIR_RUN_RUN_H

#include "engine/run/settings.h"

/* Exit codes of the program. */
enum run_exit {
	RUN_DONE = 0,
	RUN_FAILED = 1,
	RUN_USAGE = 2,
	RUN_RULES = 3, /* rules or configuration have errors */
	RUN_INTERRUPTED = 130,
};

/* Rules as loaded: parsed and compiled. */
struct run_rules {
	struct rule_set parsed;
	struct ruleset *compiled; /* NULL: not compiled */
	unsigned loaded, failed, skipped;
};

/*
 * Load the rule files of the settings, with classification and reference files, and compile them.
 * Mistakes go to diags.  Returns 0 or -errno (the machine refused).
 */
int run_load_rules(const struct settings *s, struct diag_list *diags, struct run_rules *out);
/*
 * The same for who inspects packets: from what an earlier start has kept, where nothing has changed; out->parsed is empty.
 */
int run_start_rules(const struct settings *s, struct diag_list *diags, struct run_rules *out);
/* The same without compiling: loaded are those that the parser took. */
int run_parse_rules(const struct settings *s, struct diag_list *diags, struct run_rules *out);
/* What was parsed is not needed any more once it is compiled. */
void run_rules_forget_parsed(struct run_rules *r);
void run_rules_fini(struct run_rules *r);

/* The whole of `weir run`.  Returns an exit code. */
int run_main(const struct settings_args *args);

#endif
