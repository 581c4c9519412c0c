/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile_lists.h - the ways by which packets find a rule: its search pattern, its event, its facts.
 *
 * In: a rule and its row.  Out: an entry for the scan plan, or its number in the lists of the block.
 * Not here: rules on transactions (compile_row.c, tx_plan.h); the databases (scan_plan.h).
 *
 * Memory: the compiler's.  Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_COMPILE_LISTS_H
#define WEIR_DETECT_COMPILE_LISTS_H

#include "engine/detect/compiler.h"

/* The ports that the row is asked for first. */
void lists_set_ports(struct rule_row *row, const struct rule *r);
/* A content to search for, if it has one that is worth it: ROW_PATTERN. */
void lists_add_entry(struct compiler *c, const struct rule *r, struct rule_row *row,
		     struct rule_cold *cold, uint32_t number);
/* A rule on transactions that is found by a pattern in payload: that is searched with all other payload. */
void lists_add_payload(struct compiler *c, const struct rule_row *row, const struct tx_entry *t);
/* Every other rule: by event, by address alone, or tried on each packet that its facts admit. */
void lists_add(struct compiler *c, const struct rule *r, const struct rule_row *row,
	       uint32_t number);
/* It keeps flows from being released. */
void lists_add_holder(struct compiler *c, const struct rule_row *row, uint32_t number);

/* Tried before the packet's flow is looked up. */
void lists_add_pre_flow(struct compiler *c, uint32_t number);

/* Into the block. */
void lists_finish(struct compiler *c);

#endif
