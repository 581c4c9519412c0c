/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile_values.h - conditions on numbers, on bits of headers, on what is kept of flows and hosts, on
 * sets of values.
 *
 * In: an option of a rule, and the kind of condition where several kinds are made alike.
 * Out: its condition, added to the compiler's.
 * Not here: bytes (compile_bytes.h); fields of transactions (compile_tx.h, called from here).
 *
 * Memory: names go to the block.  Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_COMPILE_VALUES_H
#define WEIR_DETECT_COMPILE_VALUES_H

#include "engine/detect/compiler.h"

void values_add_flowbits(struct compiler *c, const struct rule *r, unsigned option);
void values_add_flowint(struct compiler *c, const struct rule *r, unsigned option);
void values_add_variable(struct compiler *c, const struct rule *r, unsigned option);
void values_add_xbits(struct compiler *c, const struct rule *r, unsigned option);
void values_add_number(struct compiler *c, const struct rule *r, unsigned option,
		       enum cond_kind kind);
void values_add_bits(struct compiler *c, const struct rule *r, unsigned option,
		     enum cond_kind kind);
void values_add_set(struct compiler *c, const struct rule *r, unsigned option, enum cond_kind kind);
void values_add_other(struct compiler *c, const struct rule *r, unsigned option,
		      enum cond_kind kind);

#endif
