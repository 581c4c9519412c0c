/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_fixed.h - search patterns whose place is known: one load and a comparison, no search.
 *
 * In: literals that can stand at one offset of a packet or stream only.  Out: in the block, a
 * table by offset, then by the byte that stands there.
 * A literal without case is compared with the case bit masked: like all that is searched for, what
 * is found is a candidate.
 *
 * Memory: the block.  Thread: the builder's; readers any number.
 */
#ifndef WEIR_DETECT_SCAN_FIXED_H
#define WEIR_DETECT_SCAN_FIXED_H

#include "engine/detect/block.h"
#include "engine/detect/pattern.h"
#include "engine/detect/ruleset.h"

#define FIXED_BYTES PATTERN_FIXED_MAX

struct fixed_literal {
	const uint8_t *data;
	uint32_t rule;
	uint16_t place; /* from the start of the unit */
	uint8_t len; /* 1 to FIXED_BYTES */
	bool nocase;
};

struct fixed_entry {
	uint64_t value, mask; /* of the eight bytes at the place, as they lie in memory */
	uint32_t len;
	uint32_t rule;
};

struct fixed_place {
	uint32_t place;
	uint32_t longest;
	uint32_t entries; /* struct fixed_entry */
	uint32_t first; /* 257 of uint16_t: entries by the byte at the place */
};

struct fixed_table {
	struct section places; /* struct fixed_place, ascending */
};

/* Sorts l.  Returns the table's offset, 0 for none. */
uint32_t scan_fixed_build(struct block_builder *b, struct fixed_literal *l, size_t n);

typedef void (*fixed_found_fn)(void *ctx, uint32_t rule);
/* data begins origin bytes into its unit; of it the first old bytes were looked at before. */
void scan_fixed_search(const struct block_header *b, uint32_t table, struct bytes data,
		       uint64_t origin, size_t old, fixed_found_fn found, void *ctx);

#endif
