/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threshold_config.h - threshold.config: which alerts of which rules are kept back, thinned out or changed.
 *
 * In: the file, and a set of rules.  Out: entries in the order of the file; laid over a set, each rule knows
 * those that are about it, and thresholds are options of the rules themselves.
 * Not here: what a threshold does (engine/detect).
 *
 * Memory: in the rule set's arena.  Thread: the one that parses.
 */
#ifndef WEIR_PARSER_THRESHOLD_CONFIG_H
#define WEIR_PARSER_THRESHOLD_CONFIG_H

#include "parser/rule_parse.h"

struct threshold_config {
	struct rule_filter *first, *last;
	unsigned count;
};

/* Returns 0, or -errno where the file cannot be read (a diagnostic says so). */
int threshold_config_file(struct rule_set *s, const char *path,
			  const struct rule_parse_options *opt, struct diag_list *diags,
			  struct threshold_config *out);
int threshold_config_text(struct rule_set *s, const char *name, const char *text, size_t len,
			  const struct rule_parse_options *opt, struct diag_list *diags,
			  struct threshold_config *out);

/* An entry about a rule that is not there is a warning.  Returns 0 or -ENOMEM. */
int threshold_config_apply(const struct threshold_config *c, struct rule_set *s,
			   struct diag_list *diags);

#endif
