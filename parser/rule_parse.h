/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_parse.h - rule files, classification.config and reference.config to plain data.
 *
 * In: file names or text, and what variables mean.  Out: rules in the order of the files, and
 * a diagnostic for each mistake, with a remedy; a rule with an error is left out and counted.
 *
 * Memory: everything lives in set->arena until rule_set_fini().
 */
#ifndef WEIR_PARSER_RULE_PARSE_H
#define WEIR_PARSER_RULE_PARSE_H

#include "parser/rule.h"

/* The text of a variable without '$', or NULL; ports says which of the two groups. */
typedef const char *(*variable_fn)(void *ctx, const char *name, bool ports);
/* Names of the known variables, for "did you mean"; NULL-terminated. */
typedef const char *const *(*variable_names_fn)(void *ctx, bool ports);

struct rule_select;

struct rule_parse_options {
	variable_fn variable;
	variable_names_fn variable_names;
	void *ctx;
	struct rule_select
		*select; /* which lines are rules, and what they are then; NULL: as they stand */
	bool lint; /* know what rules that are not loaded would set, for rule_lint.h */
	bool dataset_absolute; /* sets may be written anywhere */
	bool dataset_no_write; /* sets may not be written */
};

struct class_row;
struct reference_row;

/* A rule that sets a flow bit and is not loaded. */
struct disabled_setter {
	struct bytes name;
	uint32_t sid, line;
	const char *file;
	bool failed; /* it has a mistake; else a '#' stands before it */
	struct disabled_setter *next;
};

struct rule_set {
	struct arena arena;
	struct arena notes; /* references and metadata: what rules say of themselves */
	struct rule *first, *last;
	unsigned loaded, failed, skipped;
	unsigned files;
	struct class_row *classes;
	struct reference_row *references;
	struct disabled_setter *disabled;
	/* Rules by (gid, sid), for duplicates. */
	struct rule **by_sid;
	unsigned by_sid_room; /* a power of two, or 0 */
};

void rule_set_init(struct rule_set *s);
void rule_set_fini(struct rule_set *s);
/* Rules have no references and no metadata any more. */
void rule_set_forget_notes(struct rule_set *s);

/* Each returns 0, or -errno where the file cannot be read (a diagnostic says so). */
int rule_set_classification(struct rule_set *s, const char *path, struct diag_list *diags);
int rule_set_reference_config(struct rule_set *s, const char *path, struct diag_list *diags);
int rule_set_file(struct rule_set *s, const char *path, const struct rule_parse_options *opt,
		  struct diag_list *diags);
/* Rules from memory; name is what diagnostics call them. */
int rule_set_text(struct rule_set *s, const char *name, const char *text, size_t len,
		  const struct rule_parse_options *opt, struct diag_list *diags);

/* Print a rule in canonical form; parsing the print gives the rule again. */
void rule_print(const struct rule *r, FILE *out);

/* The keyword of an option, of a transform. */
const char *rule_option_name(const struct rule_option *o);
const char *rule_transform_name(enum transform_kind kind);

#endif
