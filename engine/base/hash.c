/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words are taken as they lie in memory, little-endian machines being the only ones that Weir runs
 * on, so hash_words() and hash_bytes() agree.
 */
#include "engine/base/hash.h"

#include <string.h>

uint64_t hash_words(const struct hash_key *key, const uint64_t *words, size_t n)
{
	struct siphash s = siphash_start(key->k0, key->k1);

	for (size_t i = 0; i < n; i++)
		siphash_word(&s, words[i]);
	return siphash_end(&s, (uint64_t)(n * 8) << 56);
}

uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len)
{
	struct siphash s = siphash_start(key->k0, key->k1);
	const uint8_t *at = data;
	uint64_t last = (uint64_t)len << 56;

	for (size_t i = 0; i < len / 8; i++, at += 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		siphash_word(&s, word);
	}
	for (size_t i = 0; i < len % 8; i++)
		last |= (uint64_t)at[i] << (8 * i);
	return siphash_end(&s, last);
}

static unsigned __int128 drawn(const struct hash_key *key, uint64_t number)
{
	const uint64_t high[2] = { number, 0 }, low[2] = { number, 1 };

	return (unsigned __int128)hash_words(key, high, 2) << 64 | hash_words(key, low, 2);
}

void hash_chain_init(struct hash_chain *h, const struct hash_key *key)
{
	h->add = drawn(key, HASH_CHAIN_WORDS);
	for (size_t i = 0; i < HASH_CHAIN_WORDS; i++)
		h->factor[i] = drawn(key, i);
}
