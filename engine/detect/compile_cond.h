/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile_cond.h - makes a condition of an option, with what all conditions have in common.
 *
 * In: a rule, the number of one of its options.  Out: a struct cond at the end of the compiler's,
 * with its buffer, its transforms, its directions and its text.
 * Not here: the fields of a kind (compile_bytes.h, compile_values.h, compile_tx.h).
 *
 * Memory: the compiler's; a condition moves when the next one is made.  Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_COMPILE_COND_H
#define WEIR_DETECT_COMPILE_COND_H

#include "engine/detect/compiler.h"

/* NULL with the compiler's error. */
struct cond *cond_new(struct compiler *c, const struct rule *r, unsigned option,
		      enum cond_kind kind);

/* Room for one more expression and its filter. */
bool cond_room_for_regex(struct compiler *c);

#endif
