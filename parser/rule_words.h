/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_words.h - the names that stand in a rule: its keywords, buffers, bits, metadata.
 *
 * In: a rule.  Out: each word to a function, in the order of the rule; a word may come several times.
 * Not here: what words are known (keyword.h, buffer.h), a rule as text (rule_parse.h).
 *
 * Memory: none; words live as long as the rule.  Thread: any.
 */
#ifndef WEIR_PARSER_RULE_WORDS_H
#define WEIR_PARSER_RULE_WORDS_H

#include <stdbool.h>

#include "parser/rule.h"

/* Returns true to end it there. */
typedef bool (*rule_word_fn)(void *ctx, struct bytes word);

/* Each returns true where the function did. */
bool rule_each_keyword(const struct rule *r, rule_word_fn fn, void *ctx);
bool rule_each_buffer(const struct rule *r, rule_word_fn fn, void *ctx);
bool rule_each_flowbit(const struct rule *r, rule_word_fn fn, void *ctx);
bool rule_each_metadata(const struct rule *r, rule_word_fn fn, void *ctx); /* "key value" */
bool rule_each_reference(const struct rule *r, rule_word_fn fn, void *ctx); /* "type,id" */

const char *rule_action_name(enum rule_action a);
/* As the header has it: "tcp-pkt", "http". */
const char *rule_proto_name(const struct rule *r);

#endif
