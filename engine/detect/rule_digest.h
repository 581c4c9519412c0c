/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_digest.h - what tells a rule, or a ruleset, from another by what is asked, whatever its numbers and places are.
 *
 * In: compiled rules.  Out: digests over texts, actions, what the variables of headers came to, thresholds.
 * Not here: whether a kept block fits (cache.h), which depends on the program too.
 *
 * Memory: none that stays.  Thread: any.
 */
#ifndef WEIR_DETECT_RULE_DIGEST_H
#define WEIR_DETECT_RULE_DIGEST_H

#include "engine/detect/ruleset.h"

/* Hexadecimal digits and the zero byte. */
#define RULESET_DIGEST_BYTES 33

uint64_t rule_digest(const struct ruleset *rs, uint32_t rule);
/* Of all its rules, in whatever order they are inspected. */
void ruleset_digest(const struct ruleset *rs, char out[RULESET_DIGEST_BYTES]);

#endif
