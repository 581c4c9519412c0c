/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_select.h - files that disable, enable, modify and drop rules as they are loaded, in suricata-update's format.
 *
 * In: such files, then each line of the rule files, comments too.  Out: whether the line is a rule that is to be
 * loaded, and its text as it then is.  The order is that of suricata-update, whatever that of the files: disable, enable,
 * modify, drop.
 *
 *     line    = matchers | "re:" expression | modify
 *     matcher = sid | gid ":" sid | "group:" glob | "filename:" glob | "metadata:" key value
 *     modify  = matcher '"' expression '"' '"' text '"'
 *
 * Expressions are POSIX extended ones, with \d, \s, \w, \b and (?:...) as elsewhere; letter case does not count in "re:".
 *
 * Memory: on the heap; rule_select_free().  Thread: the one that parses.
 */
#ifndef WEIR_PARSER_RULE_SELECT_H
#define WEIR_PARSER_RULE_SELECT_H

#include "parser/diag.h"
#include "parser/span.h"

enum rule_select_kind { SELECT_DISABLE, SELECT_ENABLE, SELECT_MODIFY, SELECT_DROP, SELECT__COUNT };

struct rule_select;

/* NULL: no memory. */
struct rule_select *rule_select_new(void);
void rule_select_free(struct rule_select *s); /* NULL is fine */

/* Returns 0, or -errno where the file cannot be read (a diagnostic says so). */
int rule_select_file(struct rule_select *s, enum rule_select_kind kind, const char *path,
		     struct diag_list *diags);
int rule_select_text(struct rule_select *s, enum rule_select_kind kind, const char *name,
		     const char *text, size_t len, struct diag_list *diags);

/* Nothing was said: lines are what they are. */
bool rule_select_empty(const struct rule_select *s);

/*
 * A line of a rule file, joined with those that continue it.  True: it is a rule that is to be loaded, and *out its text:
 * a part of line itself, or bytes that live until the next call.
 */
bool rule_select_line(struct rule_select *s, const char *file, struct span line, struct span *out);

/* Matchers that no line had: a warning each. */
void rule_select_unused(const struct rule_select *s, struct diag_list *diags);

#endif
