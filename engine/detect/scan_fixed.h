/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_fixed.h - literals that can stand at one place of a unit only: compared there, not searched for.
 *
 * In: literals of at most eight bytes with their offsets, each of a rule.  Out: in the
 * block, a table by offset, then by a hash of the one or two bytes that stand there.  Where the processor has AVX-512, one
 * look (scan_look.h) says at which of the first 64 places this is asked.
 * A literal without case is compared with the case bit masked: like all that is searched for, what
 * is found is a candidate.  A rule that needs other bytes at a place besides is one only where those do not contradict.
 *
 * Memory: the block.  Thread: the builder's; readers any number.
 */
#ifndef WEIR_DETECT_SCAN_FIXED_H
#define WEIR_DETECT_SCAN_FIXED_H

#include <assert.h>

#include "engine/detect/block.h"
#include "engine/detect/pattern.h"
#include "engine/detect/ruleset.h"
#include "engine/detect/scan_look.h"

#define FIXED_BYTES PATTERN_FIXED_MAX

struct fixed_literal {
	const uint8_t *data;
	uint32_t rule;
	uint16_t place; /* from the start of the unit */
	uint8_t len; /* 1 to FIXED_BYTES */
	bool nocase;
	uint32_t beside; /* scan_fixed_beside(), 0: none */
};

struct fixed_entry {
	uint64_t value, mask; /* of the eight bytes at the place, as they lie in memory */
	uint16_t len;
	uint16_t alike; /* so many from here on are equal but for their rules */
	uint32_t rule;
	uint32_t beside; /* struct fixed_beside, 0: none */
	uint32_t reserved;
};

/* What else must stand in the unit. */
struct fixed_beside {
	uint64_t value, mask;
	uint16_t place, len;
	uint32_t reserved;
};

/*
 * Of the literals at one place those of one byte, or all others.  The filters lie one behind the other, as a packet meets
 * them: most places end there, without a branch.
 */
struct fixed_probe {
	uint64_t filter[4]; /* a bit for each of 256 hashes of what stands there */
	uint16_t place;
	uint16_t hashed; /* of the first two bytes these bits: of one, or of both */
	uint16_t longest;
	uint16_t hash_bits;
	uint32_t entries; /* struct fixed_entry, by hash */
	uint32_t
		first; /* uint32_t: where those of each hash begin, and the end; 0: they are few, hash_bits many */
};

struct fixed_table {
	struct section probes; /* struct fixed_probe, ascending */
	uint8_t first[LOOK_PLACES + 1]; /* the first probe of a place, or of all behind */
	uint8_t looks; /* 0: there is no look */
	uint8_t reserved[2];
	struct scan_look look;
};

/* The rule needs these 1 to FIXED_BYTES bytes at that place as well.  Returns the offset of what says so. */
uint32_t scan_fixed_beside(struct block_builder *b, struct bytes literal, bool nocase,
			   uint16_t place);
/* Sorts l.  Returns the table's offset, 0 for none. */
uint32_t scan_fixed_build(struct block_builder *b, struct fixed_literal *l, size_t n);

typedef void (*fixed_found_fn)(void *ctx, uint32_t rule);
/* data begins origin bytes into its unit; of it the first old bytes were looked at before. */
void scan_fixed_search(const struct block_header *b, uint32_t table, struct bytes data,
		       uint64_t origin, size_t old, fixed_found_fn found, void *ctx);
/* The same without AVX-512, as on processors that lack it. */
void scan_fixed_search_plain(const struct block_header *b, uint32_t table, struct bytes data,
			     uint64_t origin, size_t old, fixed_found_fn found, void *ctx);

#endif
