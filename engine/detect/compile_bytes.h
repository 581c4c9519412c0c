/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile_bytes.h - conditions on bytes: content, pcre, byte_test and its kin, isdataat.
 *
 * In: an option of a rule.  Out: its condition, added to the compiler's.
 * Not here: which of them is searched for (pattern.h); what they do (eval_body.h).
 *
 * Memory: patterns go to the block, expressions to the compiler until they are serialized.
 * Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_COMPILE_BYTES_H
#define WEIR_DETECT_COMPILE_BYTES_H

#include "engine/detect/compiler.h"

void bytes_add_content(struct compiler *c, const struct rule *r, unsigned option);
void bytes_add_pcre(struct compiler *c, const struct rule *r, unsigned option);
void bytes_add_byte_test(struct compiler *c, const struct rule *r, unsigned option);
void bytes_add_byte_jump(struct compiler *c, const struct rule *r, unsigned option);
void bytes_add_byte_extract(struct compiler *c, const struct rule *r, unsigned option);
void bytes_add_byte_math(struct compiler *c, const struct rule *r, unsigned option);
void bytes_add_isdataat(struct compiler *c, const struct rule *r, unsigned option);

#endif
