/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile_option.h - the table of what each option of a rule is: a condition on what, and made how.
 *
 * In: a rule.  Out: the conditions of one part of it, in the order that they are decided in.
 * Not here: the conditions' fields (compile_bytes.h, compile_values.h, compile_tx.h).
 *
 * Memory: the compiler's.  Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_COMPILE_OPTION_H
#define WEIR_DETECT_COMPILE_OPTION_H

#include "engine/detect/compiler.h"

/* When an option is decided. */
enum option_part { PART_NONE, PART_PACKET, PART_STATE, PART_PAYLOAD, PART_SHARED, PART_POST };

enum option_part option_part_of(const struct rule_option *o);
/* A condition can be made of it. */
bool option_built(const struct rule_option *o);
/* A rule that has it looks at single packets, never at the stream. */
bool option_only_packet(const struct rule_option *o);
/* Bits of enum proto_class: packets that it can hold for. */
uint16_t option_protos(const struct rule_option *o);

/* Add the conditions of one part; returns how many. */
uint16_t option_add_part(struct compiler *c, const struct rule *r, enum option_part part);
/* What looks at bytes and transactions, buffer by buffer. */
uint16_t option_add_payload(struct compiler *c, const struct rule *r);

/* Of the conditions of a payload part: buffers and fields; mark what relative ones count from. */
unsigned option_groups(const struct cond *c, unsigned n);
void option_mark_chains(struct cond *c, unsigned n);

#endif
