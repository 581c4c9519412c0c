/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gram_table.h - the tables of gram.h, as they lie in memory: what gram_build.c makes and gram.c reads.
 *
 * A base, and behind it of each tier the filter, the table of where the entries of a hash begin, and the entries; then the
 * literals.  Offsets count from the base, which is aligned to eight bytes; numbers are in the order of this processor.
 *
 * Memory: the caller's.  Thread: any.
 */
#ifndef WEIR_DETECT_GRAM_TABLE_H
#define WEIR_DETECT_GRAM_TABLE_H

#include <assert.h>
#include <string.h>

#include "engine/detect/gram.h"

#define GRAM_TIERS 4
/* Case is folded roughly, by one bit of every byte; the comparison is exact. */
#define GRAM_FOLD 0x20202020u
#define GRAM_BYTES_MAX 8
#define GRAM_STRIDE_MAX 4

/* Literals that are looked for with one stride.  Offsets count from the base. */
struct gram_tier {
	uint32_t stride, gram;
	uint32_t filter; /* uint32_t: words, each with three bits of each of its grams */
	uint32_t filter_shift; /* of the hash, to the word's number */
	uint32_t table; /* uint32_t: where the entries of each hash begin, and the end */
	uint32_t table_shift;
	uint32_t entries; /* struct gram_entry, by hash */
	uint32_t entry_count;
};

/* With what tells most of the others apart, so that their literals need not be fetched. */
struct gram_entry {
	uint32_t hash;
	uint32_t
		literal; /* where it is, then six bits of where in it the gram stands, and six of the word */
	uint32_t word; /* four bytes of it, case folded */
	uint32_t number;
};
#define GRAM_PLACE_BITS 6
#define GRAM_PLACE_MASK ((1u << GRAM_PLACE_BITS) - 1)
#define GRAM_NO_WORD GRAM_PLACE_MASK /* it is shorter */
static_assert(GRAM_LITERAL_MAX <= GRAM_PLACE_MASK, "a place in a literal is six bits");

struct gram_literal {
	uint16_t len;
	uint16_t nocase; /* bytes are in gram_lower case */
	uint8_t bytes[];
};
#define GRAM_LITERAL_UNIT 4u /* bytes, in which it is told where literals are */
struct gram_base {
	uint32_t size;
	uint32_t literal_count;
	uint32_t literals; /* struct gram_literal, one behind the other */
	uint32_t tiers;
	struct gram_tier tier[GRAM_TIERS];
};

/* A gram is two words: its first four bytes, and its last four.  Of a shorter one there is one word, cut. */
static inline uint32_t gram_hash_of(uint32_t head, uint32_t tail)
{
	uint32_t h = (head | GRAM_FOLD) * 0x9e3779b1u + (tail | GRAM_FOLD) * 0x85ebca6bu;

	return h ^ h >> 15;
}

static inline uint32_t gram_word_at(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, 4);
	return word | GRAM_FOLD;
}

static inline uint32_t gram_hash_at(const uint8_t *p, unsigned gram)
{
	uint32_t head = 0, tail = 0;

	memcpy(&head, p, gram < 4 ? gram : 4);
	if (gram > 4)
		memcpy(&tail, p + gram - 4, 4);
	return gram_hash_of(head, tail);
}

static inline uint32_t gram_filter_bits(uint32_t hash)
{
	return 1u << (hash >> 14 & 31) | 1u << (hash >> 9 & 31) | 1u << (hash >> 4 & 31);
}

static inline uint8_t gram_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

#endif
