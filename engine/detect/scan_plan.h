/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_plan.h - which search patterns the bytes of a packet meet.
 *
 * In: one entry for each rule that has a search pattern.  Out, in the block: for each transport
 * a table from the ports, the direction and the ends to a class, for each class its databases.
 * Rules for any port form the base that every class has; merged with it into one database are those of the port
 * pair that most rules share, those of few ports, and the rest, each where the packet's ports are among theirs.  A
 * pattern with few possible places needs no database.  Classes with equal patterns share.
 * TCP: one database has what rules on packets and what rules on streams search for, so that payload is searched once for
 * both (search.h); rules on transactions that are found by a pattern in payload are rules on both.
 * Rules on payloads of a few small lengths are searched for only in packets of those.
 *
 * Memory: its own until scan_plan_build() returns.  Thread: the one that compiles.
 */
#ifndef WEIR_DETECT_SCAN_PLAN_H
#define WEIR_DETECT_SCAN_PLAN_H

#include "engine/detect/block.h"
#include "engine/detect/pattern.h"
#include "engine/detect/ruleset.h"

struct scan_entry {
	uint32_t rule; /* number */
	const uint8_t *pattern;
	uint16_t len;
	bool nocase;
	uint32_t head; /* 0: anywhere */
	uint32_t dsize_low, dsize_high; /* of its payload, in packets */
	uint32_t peer_below; /* its receiver has sent less than so many bytes; 0: any number */
	bool fixed; /* at these places of the unit and nowhere else */
	uint16_t place;
	uint8_t places; /* from there on */
	uint32_t beside; /* scan_fixed_beside(): what else stands at a place, 0: nothing */
	uint16_t protos; /* bits of enum proto_class */
	uint8_t units; /* bits of enum unit: on TCP */
	uint8_t directions; /* bits: 1 to server, 2 to client */
	uint32_t sport, dport; /* struct port_block in the block, 0: any */
	bool bidirectional;
	uint8_t ends; /* bits 1 << ends: of packets that the rule's addresses allow */
};

/* Fill header's databases, classes, steps and scan.  why: what Hyperscan did not like. */
int scan_plan_build(struct block_builder *b, struct block_header *h, const struct scan_entry *entry,
		    size_t count, char why[128]);

#endif
