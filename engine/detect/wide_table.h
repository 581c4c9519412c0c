/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wide_table.h - the tables of wide.h, as they lie in memory: what wide_build.c makes and wide.c reads.
 *
 * A base, and behind it its groups, of each index the filter, the table of where the entries of a hash begin, and the entries;
 * then the literals' bytes.  Offsets count from the base; numbers are in the order of this processor.
 *
 * Memory: the caller's.  Thread: any.
 */
#ifndef WEIR_DETECT_WIDE_TABLE_H
#define WEIR_DETECT_WIDE_TABLE_H

#include <string.h>

#include "engine/detect/wide.h"

#define WIDE_MAGIC 0x57494431u /* "WID1" */
#define WIDE_PAIRS 5u
#define WIDE_WINDOW (WIDE_PAIRS + 1)
#define WIDE_GROUPS 8u
/* Literals of fewer bytes than a key are in an index of their own. */
#define WIDE_KEY 4u
#define WIDE_BRIEF_MIN 2u
/* Case is folded roughly, by one bit of every byte; the comparison is exact. */
#define WIDE_FOLD 0x20202020u

/*
 * A pair's hash is the exclusive or of both bytes without the bit of the case, the first one times a matrix over the bits (as
 * gf2p8affineqb multiplies; of those tried the one with which the fewest places are expected to pass).
 */
#define WIDE_FIRST 0x9cd6034c5498ca97u
#define WIDE_SECOND 0xdfu

struct wide_groups {
	uint8_t table[WIDE_PAIRS][256]; /* which groups, a bit each, have this hash at this pair */
};

enum { WIDE_WHOLE_KEY, WIDE_BRIEF, WIDE_INDICES };

/* Literals by the first bytes of their window: WIDE_KEY of them, or WIDE_BRIEF_MIN. */
struct wide_index {
	uint32_t filter; /* uint32_t: words, with a bit for each hash */
	uint32_t filter_shift; /* of the hash, to the bit's number */
	uint32_t table; /* uint32_t: where the entries of each hash begin, and the end */
	uint32_t table_shift;
	uint32_t entries; /* struct wide_entry, by hash */
	uint32_t entry_count;
};

struct wide_entry {
	uint32_t key; /* folded */
	uint32_t bytes; /* where its bytes lie, in lower case if case does not count */
	uint32_t number;
	uint8_t before; /* bytes of the literal before the window */
	uint8_t len;
	uint8_t nocase;
	uint8_t reserved;
};

struct wide_base {
	uint32_t magic;
	uint32_t size;
	uint32_t literal_count;
	uint32_t groups; /* struct wide_groups */
	struct wide_index index[WIDE_INDICES];
	uint32_t bytes; /* of the literals, to the end */
	uint32_t before,
		behind; /* bytes of a literal before where its window begins, and from there on, at most */
};

static inline uint32_t wide_key_at(const uint8_t *p)
{
	uint32_t key;

	memcpy(&key, p, WIDE_KEY);
	return key | WIDE_FOLD;
}

static inline uint32_t wide_brief_key_at(const uint8_t *p)
{
	return (uint32_t)(p[0] | p[1] << 8) | (WIDE_FOLD & 0xffff);
}

static inline uint32_t wide_hash(uint32_t key)
{
	return key * 0x9e3779b1u;
}

/* What gf2p8affineqb makes of one byte. */
static inline uint8_t wide_times(uint64_t matrix, uint8_t byte)
{
	uint8_t product = 0;

	for (unsigned i = 0; i < 8; i++)
		product |=
			(uint8_t)(__builtin_parity((unsigned)(matrix >> 8 * (7 - i)) & byte) << i);
	return product;
}

static inline uint8_t wide_pair_hash(uint8_t first, uint8_t second)
{
	return wide_times(WIDE_FIRST, first) ^ (second & WIDE_SECOND);
}

/* What is known of pairs when tables are built. */
struct wide_pairs {
	double chance[256]; /* that a pair of a text has this hash */
	uint8_t first[256]; /* each byte's part of a hash */
};

void wide_pairs_learn(struct wide_pairs *p);

static inline uint8_t wide_pairs_hash(const struct wide_pairs *p, const uint8_t *pair)
{
	return p->first[pair[0]] ^ (pair[1] & WIDE_SECOND);
}

#endif
