/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_fix.h - rules as they were meant: what has one safe remedy is written so.
 *
 * In: the text of a rule file.  Out: the same text, where characters that need a '\' have it, contents stand behind
 * the buffer that nothing is looked for in, and older words are the newer ones.  A rule is changed only where the result loads,
 * and where it loaded before, only where it means the same: prints as the same rule.
 * Not here: files (engine/cli/check.c); rules that run over several lines are left as they are.
 *
 * Thread: the one that parses.
 */
#ifndef WEIR_PARSER_RULE_FIX_H
#define WEIR_PARSER_RULE_FIX_H

#include "parser/rule_parse.h"

/* Writes all of the text to out.  Returns how many rules were changed, or -ENOMEM. */
int rule_fix_text(const char *name, const char *text, size_t len,
		  const struct rule_parse_options *opt, FILE *out);

#endif
