/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.h - keyed hashing of what the wire chooses (SipHash-1-3 over words).
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

/* The same of two words, without a call: what most flows have. */
static inline uint64_t hash_two_words(const struct hash_key *key, uint64_t a, uint64_t b)
{
	struct siphash s = siphash_start(key->k0, key->k1);

	siphash_word(&s, a);
	siphash_word(&s, b);
	return siphash_end(&s, 16ULL << 56);
}

/* Hash n 64-bit words. */
uint64_t hash_words(const struct hash_key *key, const uint64_t *words, size_t n);

/* Hash bytes of any length. */
uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len);

#endif
