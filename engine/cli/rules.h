/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h - what `weir rules` tells: each a way of its own, over the same rules.
 *
 * In: rules as parsed and, where the way asks for it, compiled; which of them are meant.
 * Out: text or lines of JSON on standard output; an exit code.
 *
 * Thread: the one that starts the program.
 */
#ifndef WEIR_CLI_RULES_H
#define WEIR_CLI_RULES_H

#include "engine/run/run.h"
#include "parser/rule_where.h"

/* A rule is meant where it has one of the sids, if there are any, and the expression holds, if there is one. */
struct rules_choice {
	const uint64_t *key; /* gid and sid, sorted */
	size_t keys;
	struct rule_where *where; /* NULL: all */
};

bool rules_chosen(const struct rules_choice *c, const struct rule *r);

/* The row of a parsed rule among the compiled ones; UINT32_MAX: it was left out. */
struct rules_index;
struct rules_index *rules_index_new(const struct ruleset *rs);
void rules_index_free(struct rules_index *x);
uint32_t rules_index_find(const struct rules_index *x, const struct rule *r);

/* Canonical text, a rule a line. */
int rules_print_text(const struct run_rules *rules, const struct rules_choice *c);
/* What is known of each, a line of JSON; rules may be without compiled ones. */
int rules_print_json(const struct run_rules *rules, const struct rules_choice *c);
/* How each is found: pattern, databases, reach. */
int rules_print_search(const struct run_rules *rules, const struct rules_choice *c);
/* The search patterns: group, 1 for upper and lower case alike, hexadecimal, gid:sid; tabs between. */
int rules_print_patterns(const struct run_rules *rules, const struct rules_choice *c);
/* What was loaded, and what was not, with its reason. */
int rules_print_report(const struct run_rules *rules, const struct diag_list *diags, bool json);
/* What each has cost in a run, by the file of `weir run --cost` or its folder; so many at most. */
int rules_print_cost(const char *file, const struct run_rules *rules, const struct rules_choice *c,
		     size_t most);
int rules_print_reach(const struct run_rules *rules, bool all);

#endif
