/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_vars.h - the variables of a configuration: vars.address-groups and vars.port-groups.
 *
 * In: the tree.  Out: the text of each variable, as rules refer to it; a diagnostic for text that
 * is no group of addresses or ports, for unknown names and for variables that need themselves.
 *
 * Memory: tables and texts live in the config's arena.
 * Thread: the one that starts the program; looking up: any.
 */
#ifndef WEIR_PARSER_CONFIG_VARS_H
#define WEIR_PARSER_CONFIG_VARS_H

#include "parser/config.h"

struct config_vars {
	/* By [false]: addresses, [true]: ports. */
	const char **names[2]; /* NULL-terminated */
	const char **texts[2];
	const struct config_node **nodes[2];
	unsigned count[2];
};

/* Returns 0 or -ENOMEM. */
int config_vars_load(struct config *c, struct config_vars *v, struct diag_list *diags);

/* The text, or NULL; name without '$'. */
const char *config_vars_text(const struct config_vars *v, const char *name, bool ports);

#endif
