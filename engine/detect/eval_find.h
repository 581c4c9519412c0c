/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_find.h - the first place of one literal in a buffer.
 *
 * Looks for the literal's rarest pair of bytes at 16 places at once and compares around it; where there are
 * fewer places, for one byte with memchr: without case, for both of the letter's cases side by side.
 *
 * Memory: none.  Thread: any.
 */
#ifndef WEIR_DETECT_EVAL_FIND_H
#define WEIR_DETECT_EVAL_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The pattern wholly inside data[from..to), from <= to; index of its first byte, or -1.
 * nocase: the pattern is in lower case.  anchor < len: pattern_anchor().
 */
ptrdiff_t eval_find(const uint8_t *data, size_t from, size_t to, const uint8_t *pattern, size_t len,
		    unsigned anchor, bool nocase);

#endif
