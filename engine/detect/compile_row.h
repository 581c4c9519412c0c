/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile_row.h - a parsed rule to its row: conditions, kind, facts, texts, and how it is found.
 *
 * In: a rule.  Out: the next row of the block, or a diagnostic where a library refuses what it says;
 * then the rule is left out and the others go on.
 * Not here: which rules there are, and their order (compile.c).
 *
 * Memory: the compiler's.  Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_COMPILE_ROW_H
#define WEIR_DETECT_COMPILE_ROW_H

#include "engine/detect/compiler.h"

/* c->rule[index]. */
void row_add(struct compiler *c, size_t index);

#endif
