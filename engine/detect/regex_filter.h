/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_filter.h - which regular expressions Hyperscan looks for first, and in which words.
 *
 * A filter finds no less than the expression; where it finds nothing, PCRE2 is not asked.  Hyperscan
 * reads each byte once, so this bounds expressions that would go over the bytes again and again.
 *
 * Memory: regex_filter_text() returns malloc'ed text.  Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_REGEX_FILTER_H
#define WEIR_DETECT_REGEX_FILTER_H

#include <stdbool.h>

#include "engine/base/bytes.h"

/* options: enum pcre_option bits. */
bool regex_filter_pays(struct bytes regex, uint32_t options);
/* The expression for Hyperscan, counted repeats widened; NULL: no memory. */
char *regex_filter_text(struct bytes regex);

#endif
