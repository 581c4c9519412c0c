/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_lint.h - what is odd in rules that load: what costs more than it must, and what can never be.
 *
 * In: a set of rules, loaded with rule_parse_options.lint so that those that are disabled are known.  Out: warnings.
 * Not here: mistakes (rule_check.c).
 *
 * Thread: the one that parses.
 */
#ifndef WEIR_PARSER_RULE_LINT_H
#define WEIR_PARSER_RULE_LINT_H

#include "parser/rule_parse.h"

void rule_set_lint(const struct rule_set *s, struct diag_list *diags);

#endif
