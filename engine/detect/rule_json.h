/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_json.h - texts of a rule made once, when it is compiled: pieces of JSON for records, and the
 * rule's own words for explanations.
 *
 * Memory: in the block.  Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_RULE_JSON_H
#define WEIR_DETECT_RULE_JSON_H

#include "engine/detect/block.h"
#include "parser/rule.h"

/* {"key":["value", ...], ...}, keys in the order of the rule; 0: no metadata. */
uint32_t rule_metadata_json(struct block_builder *b, const struct rule *r);
/* ["url", ...]; 0: no references. */
uint32_t rule_references_json(struct block_builder *b, const struct rule *r);
/* An option as it was written, modifiers and all that its place covers. */
uint32_t rule_option_text(struct block_builder *b, const struct rule *r, unsigned option);
/* What stands before the parenthesis. */
uint32_t rule_header_text(struct block_builder *b, const struct rule *r);

#endif
