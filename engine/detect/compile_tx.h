/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile_tx.h - what of a parsed rule makes it one on transactions, and its conditions on them.
 *
 * In: a rule and its options.  Out: which protocols and directions it is for; the fields of a
 * condition; the pattern that is searched for.
 * Not here: the order of conditions, rows (compile_row.h); databases (tx_plan.c).
 *
 * Memory: what a condition needs goes to the block.  Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_COMPILE_TX_H
#define WEIR_DETECT_COMPILE_TX_H

#include "engine/detect/block.h"
#include "engine/detect/pattern.h"
#include "engine/detect/ruleset.h"

/* It looks at transactions: at a buffer or a field of one. */
bool tx_rule(const struct rule *r);
/* APP_PROTO_BIT() of each protocol that the flow may speak; 0: any, or none. */
uint64_t tx_rule_protos(const struct rule *r);

/* The option is a field of a transaction, or of a file of it: it is decided apart from the bytes. */
bool tx_option(const struct rule_option *o);
/* Number of the group that a condition is decided in: those of the same one look at the same thing. */
uint8_t tx_option_use(const struct rule *r, unsigned option);
/* Bits COND_TO_SERVER, COND_TO_CLIENT where there is what it looks at. */
uint16_t tx_option_directions(const struct rule *r, const struct rule_option *o);

/* Fill in the fields of its condition. */
void tx_condition(struct block_builder *b, const struct rule_option *o, struct cond *out);
/* A hook, or app-layer-state: the steps of its protocol. */
void tx_step_condition(int hook, enum compare_op op, struct cond *out);

/* The content that is worth searching for among those of transactions; option NULL: none. */
struct search_pattern tx_pattern_choose(const struct rule *r);

/* Digests of files that it asks for: enum file_flag. */
#define TX_NEEDS_MAGIC (1u << 16) /* beside those of enum file_flag */
uint32_t tx_file_needs(const struct rule *r);

#endif
