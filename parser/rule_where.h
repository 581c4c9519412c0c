/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_where.h - which rules are meant, as an expression over what stands in them.
 *
 *     which  = term { "or" term }
 *     term   = factor { "and" factor }
 *     factor = "not" factor | "(" which ")" | field [ operator value ]
 *
 * A field alone: the rule has it.  Operators: == != < <= > >=, ~ (an extended regular expression, upper
 * and lower case alike) and !~.  Of a field with several values (keyword, buffer, flowbit, metadata,
 * reference) == and ~ hold where one of them does, != and !~ where none does.
 *
 * Memory: one object; release with rule_where_free().  Thread: any, one at a time.
 */
#ifndef WEIR_PARSER_RULE_WHERE_H
#define WEIR_PARSER_RULE_WHERE_H

#include "parser/diag.h"
#include "parser/rule.h"

struct rule_where;

/* name: what diagnostics call the text.  NULL with a diagnostic, or without memory. */
struct rule_where *rule_where_parse(const char *name, const char *text, struct diag_list *diags);
void rule_where_free(struct rule_where *w); /* NULL is fine */

bool rule_where_holds(const struct rule_where *w, const struct rule *r);

#endif
