/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tx_plan.h - which search patterns the buffers of a transaction meet.
 *
 * In: one entry for each rule on transactions, with its search pattern if it has one.  Out, in the block:
 * for each protocol and direction the buffers that are searched and in what, and the rules
 * that are tried on every transaction.  Each buffer has a database for each direction, and so has each
 * list of transforms of it; short literals with one possible place are compared there.  For rules on frames the
 * same, by protocol, direction and kind of frame.
 *
 * Memory: its own until tx_plan_build() returns.  Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_TX_PLAN_H
#define WEIR_DETECT_TX_PLAN_H

#include "engine/detect/block.h"
#include "engine/detect/ruleset.h"

struct tx_entry {
	uint32_t rule; /* number */
	const uint8_t *pattern; /* NULL: tried on every transaction */
	uint16_t len;
	bool nocase;
	bool fixed; /* it can stand at these places only, and is at most PATTERN_FIXED_MAX bytes */
	uint16_t place;
	uint8_t places; /* from there on */
	uint8_t buffer; /* enum buffer; PAYLOAD: what the packet or stream brings along */
	uint8_t frame; /* enum frame_type, of a rule on frames */
	uint8_t directions; /* bits: 1 to server, 2 to client */
	bool with_packet; /* another packet may decide it anew: ROW_WITH_PACKET */
	uint16_t transforms;
	uint64_t protos; /* APP_PROTO_BIT() */
	uint8_t ends; /* bits 1 << ends: of packets that the rule's addresses allow */
};

/* Fill header's tx_databases, tx_ways and frame_ways.  why: what Hyperscan did not like. */
int tx_plan_build(struct block_builder *b, struct block_header *h, const struct tx_entry *entry,
		  size_t count, char why[128]);

/* The protocols that may have this buffer. */
uint64_t tx_buffer_protos(enum buffer b);

#endif
