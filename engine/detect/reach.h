/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reach.h - how far into a flow a rule can still alert, and so which rules keep a flow up.
 *
 * In: compiled rules.  Out: of each rule its reach, written into its row when rules are compiled; of a
 * way of a flow, whether every rule whose header admits it is exhausted.
 * A rule whose end is not known reaches every packet: the reach may be too long, never too short.
 * Not here: what is past its depth, what outputs need (engine/run/release.h decides); rules on
 * packets that always come (SYN, FIN, RST, odd headers) are tried in released flows too (collect.c).
 *
 * Memory: in the ruleset's block.
 * Thread: any number of readers.
 */
#ifndef WEIR_DETECT_REACH_H
#define WEIR_DETECT_REACH_H

#include "engine/detect/ruleset.h"

enum reach {
	REACH_FIRST, /* the first packet of each direction */
	REACH_HANDSHAKE, /* until both sides have been seen */
	REACH_FLAGS, /* flags that not every packet has, which are looked at in any case */
	REACH_ODD, /* packets with a decoder event, which are looked at in any case */
	REACH_STREAM_EVENT, /* given up with the flow */
	REACH_BYTES, /* the first bytes of a stream, or while counts are low */
	REACH_STREAM, /* the stream, to its depth */
	REACH_FLOW, /* something of the flow that may become true at any time */
	REACH_PACKET, /* every packet */
	REACH__COUNT
};
const char *reach_name(enum reach r); /* "first packet" */

/* Of a rule whose row and conditions (those of the row alone) are complete. */
enum reach reach_of(const struct rule_row *row, const struct cond *cond);

/* Of enum need what the rule can not do without: where a flow lacks any of it, the rule is over. */
uint32_t reach_needs(const struct rule_row *row, const struct cond *cond);

/*
 * The condition that makes the rule reach as far as it does: the one to change.  NULL: its header alone, or
 * there is nothing to change.
 */
const struct cond *reach_cause(const struct rule_row *row, const struct cond *cond);

/* Whether it can keep a way up that is past its depth: row->reach is set. */
bool reach_holds(const struct rule_row *row, unsigned class);

enum reach_answer {
	REACH_OVER, /* no rule can alert on this way any more */
	REACH_LATER, /* some can, but not for ever: ask again */
	REACH_NEVER, /* some look at every packet */
};
/*
 * Whether any rule still reaches a way (0: to server) of a flow that is past its depth.  session: its bytes
 * are a followed TCP stream; size: of its two streams, as stream_size() has it.  *rule: who holds
 * it up, where somebody does.
 */
enum reach_answer reach_ask(const struct ruleset *rs, const struct flow *f, unsigned way,
			    const uint32_t size[2], uint32_t *rule);
/* The same of one rule: REACH_NEVER is the answer of all. */
enum reach_answer reach_ask_one(const struct ruleset *rs, const struct flow *f, unsigned way,
				const uint32_t size[2], uint32_t rule);

#endif
