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

#include <getopt.h>

#include "engine/run/run.h"

struct rule_ask {
	const char *command; /* "explain": for what is told */
	bool has_sid, has_gid;
	uint64_t sid, gid;
};

/* The options that each such command has, for its list of struct option, and what take() gives. */
enum pick_option {
	PICK_SID = 512,
	PICK_GID,
	PICK_SET,
};
#define PICK_OPTIONS \
	{ "sid", required_argument, NULL, PICK_SID }, \
		{ "gid", required_argument, NULL, PICK_GID }, \
	{ \
		"set", required_argument, NULL, PICK_SET \
	}
#define PICK_LETTERS ":c:k:"

/* One of those, -c or -k.  Returns an exit code. */
int pick_take(struct rule_ask *ask, struct settings_args *args, int option, const char *value);
/* A number behind an option.  Returns an exit code. */
int pick_number(const struct rule_ask *ask, const char *name, const char *text, uint64_t *out);
/* What is left of the command line: rule files, and one capture, which args->captures gets. */
int pick_files(const struct rule_ask *ask, struct settings_args *args, int argc, char **argv);

/* Returns an exit code; rules are to be given back by run_rules_fini() whatever it is. */
int pick_rule(const struct rule_ask *ask, const struct settings *s, struct diag_list *diags,
	      struct run_rules *rules, uint32_t *out);

#endif
