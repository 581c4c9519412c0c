/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pick.h - the one rule that a command is about.
 *
 * In: settings with rule files, a sid and perhaps a gid.  Out: all rules compiled, as the one may
 * need what others do, and its number among them; on standard error what was wrong with it, or why it
 * is not there.
 *
 * Thread: the one that starts the program.
 */
#ifndef WEIR_CLI_PICK_H
#define WEIR_CLI_PICK_H

#include "engine/run/run.h"

struct rule_ask {
	const char *command; /* "explain": for what is told */
	bool has_sid, has_gid;
	uint64_t sid, gid;
};

/* Returns an exit code; rules are to be given back by run_rules_fini() whatever it is. */
int pick_rule(const struct rule_ask *ask, const struct settings *s, struct diag_list *diags,
	      struct run_rules *rules, uint32_t *out);

#endif
