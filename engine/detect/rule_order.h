/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_order.h - the order in which rules are inspected, and so of a packet's alerts: Suricata's.
 *
 * By action, then rules that set flowbits before those that read them, the same for flowints,
 * then priority (1 first), then the order of the files.
 *
 * Memory: scratch for the sort.  Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_RULE_ORDER_H
#define WEIR_DETECT_RULE_ORDER_H

#include "parser/rule.h"

/* action_order: enum rule_action, first wins; all zero: pass, drop, reject, alert.  0 or -ENOMEM. */
int rule_order(const struct rule **rules, size_t count, const uint8_t action_order[4]);

#endif
