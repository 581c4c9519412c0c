/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.h - regular expressions of rules: the only door to PCRE2.
 *
 * In: a pattern and a rule's letters.  Out: compiled code, serialized all together; opened with
 * JIT; matches with limits, so that no input makes one run away.
 *
 * Memory: codes when rules load; match data, contexts and the JIT stack belong to a regex_scratch,
 * made at start.  A match allocates nothing, but the first of each regex under REGEX_JIT_LATER.
 * Thread: codes any number; a scratch one.
 */
#ifndef WEIR_DETECT_REGEX_H
#define WEIR_DETECT_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/bytes.h"

/* The library's version and the shape of its codes, as in hs_identity(). */
void regex_identity(char out[160]);

struct regex_code; /* being compiled */
struct regex_base; /* all of a ruleset's */
struct regex_scratch;

/* options: enum pcre_option bits of parser/rule.h.  On failure why and *at (byte in the pattern) tell. */
struct regex_code *regex_compile(struct bytes pattern, uint32_t options, char why[128], size_t *at,
				 uint32_t *captures);
/* Number of the group of this name; 0: there is none. */
uint32_t regex_group_number(const struct regex_code *c, const char *name);
void regex_code_free(struct regex_code *c);
/* *out is malloc'ed. */
int regex_serialize(struct regex_code *const *codes, size_t count, uint8_t **out, size_t *len);

/* When machine code is made, which takes longer than all the rest.  Verdicts are the same. */
enum regex_jit {
	REGEX_JIT_NEVER, /* nothing will be matched */
	REGEX_JIT_NOW,
	REGEX_JIT_LATER, /* when one is first needed: for those who may still have executable memory then */
};
int regex_open(const uint8_t *serialized, size_t count, enum regex_jit jit,
	       struct regex_base **out);
void regex_close(struct regex_base *b);

int regex_scratch_new(uint32_t match_limit, uint32_t depth_limit, uint32_t captures,
		      struct regex_scratch **out);
void regex_scratch_free(struct regex_scratch *s);

/* First match at or after start; false: none, or a limit was reached. */
bool regex_match(const struct regex_base *b, struct regex_scratch *s, uint32_t index,
		 struct bytes subject, size_t start, size_t *from, size_t *to);
/* Where group n of the match before lies in its subject; false: it took no part. */
bool regex_group(const struct regex_scratch *s, uint32_t n, size_t *from, size_t *to);

#endif
