/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - keyed hashing of what the wire chooses: SipHash-1-3 over words, and for chains a universal hash.
 *
 * Every table whose keys come from the wire is indexed by one of these, so that
 * nobody outside can aim at one bucket.  The key is drawn at start; on capture
 * files it is a constant, so that a run repeats.
 */
#ifndef WEIR_BASE_HASH_H
#define WEIR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/siphash.h"

struct hash_key {
	uint64_t k0;
	uint64_t k1;
};

/* Hash n 64-bit words. */
uint64_t hash_words(const struct hash_key *key, const uint64_t *words, size_t n);

/* Hash bytes of any length. */
uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len);

/*
 * Multilinear hashing (Carter and Wegman, "Universal classes of hash functions", 1979; Lemire and Kaser, "Strongly
 * universal string hashing is fast", 2014): whatever two keys are, over the choice of the multipliers any two hashes of them
 * are equally likely.  So chains are as long as with a random function, on average, whoever chose the keys; for
 * tables that show nobody what lies in which chain.
 */
#define HASH_CHAIN_WORDS 6

struct hash_chain {
	unsigned __int128 add;
	unsigned __int128 factor[HASH_CHAIN_WORDS];
};

void hash_chain_init(struct hash_chain *h, const struct hash_key *key);

/* Of n words, at most HASH_CHAIN_WORDS; as many more that are 0 change nothing. */
static inline uint64_t hash_chain(const struct hash_chain *h, const uint64_t *words, size_t n)
{
	unsigned __int128 sum = h->add;

	for (size_t i = 0; i < n; i++)
		sum += h->factor[i] * words[i];
	return (uint64_t)(sum >> 64);
}

#endif
