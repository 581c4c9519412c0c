/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only OR BSD-2-Clause */
/*
 * siphash.h - SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012), with
 * one round for each word and three at the end; and of it, the hash of an address pair.
 *
 * In: a key, 64-bit words as they lie in memory (little-endian machines).  Out: 64 bits.
 * Not here: tables (hash.h), which worker a hash means.
 *
 * The programs of bpf/ and the engine must agree on the worker of a packet, so this is the one
 * source for both, and has kernel types only.
 */
#ifndef WEIR_BASE_SIPHASH_H
#define WEIR_BASE_SIPHASH_H

#include <linux/types.h>

#define SIPHASH_INLINE static inline __attribute__((always_inline))

struct siphash {
	__u64 v0, v1, v2, v3;
};

SIPHASH_INLINE __u64 siphash_rotate(__u64 v, unsigned n)
{
	return v << n | v >> (64 - n);
}

SIPHASH_INLINE void siphash_round(struct siphash *s)
{
	s->v0 += s->v1;
	s->v1 = siphash_rotate(s->v1, 13) ^ s->v0;
	s->v0 = siphash_rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = siphash_rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = siphash_rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = siphash_rotate(s->v1, 17) ^ s->v2;
	s->v2 = siphash_rotate(s->v2, 32);
}

SIPHASH_INLINE struct siphash siphash_start(__u64 k0, __u64 k1)
{
	struct siphash s = {
		.v0 = k0 ^ 0x736f6d6570736575ULL, /* the four constants of the paper */
		.v1 = k1 ^ 0x646f72616e646f6dULL,
		.v2 = k0 ^ 0x6c7967656e657261ULL,
		.v3 = k1 ^ 0x7465646279746573ULL,
	};

	return s;
}

SIPHASH_INLINE void siphash_word(struct siphash *s, __u64 word)
{
	s->v3 ^= word;
	siphash_round(s);
	s->v0 ^= word;
}

/* last: the bytes that fill no word, and the length in the topmost byte. */
SIPHASH_INLINE __u64 siphash_end(struct siphash *s, __u64 last)
{
	siphash_word(s, last);
	s->v2 ^= 0xff;
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* Order of addresses as bytes, first byte first. */
SIPHASH_INLINE int siphash_pair_swapped(const __u64 a[2], const __u64 b[2])
{
	__u64 a0 = __builtin_bswap64(a[0]), b0 = __builtin_bswap64(b[0]);

	if (a0 != b0)
		return a0 > b0;
	return __builtin_bswap64(a[1]) > __builtin_bswap64(b[1]);
}

/*
 * The symmetric keyed hash of an address pair, never 0 ("not IP").  An address is 16 bytes in wire
 * order as two words; IPv4 stands in the first four bytes and the rest is 0.
 */
SIPHASH_INLINE __u64 siphash_pair(const __u64 a[2], const __u64 b[2], unsigned version, __u64 key)
{
	/* All bits where the pair is to be turned: branches would be paths for the kernel's verifier. */
	__u64 turn = -(__u64)siphash_pair_swapped(a, b);
	__u64 turn0 = (a[0] ^ b[0]) & turn, turn1 = (a[1] ^ b[1]) & turn;
	__u64 low0 = a[0] ^ turn0, low1 = a[1] ^ turn1;
	__u64 high0 = b[0] ^ turn0, high1 = b[1] ^ turn1;
	struct siphash s = siphash_start(key, ~key);
	__u64 hash;

	if (version == 4) {
		siphash_word(&s, low0 << 32 | (high0 & 0xffffffff));
		hash = siphash_end(&s, 8ULL << 56);
	} else {
		siphash_word(&s, low0);
		siphash_word(&s, low1);
		siphash_word(&s, high0);
		siphash_word(&s, high1);
		hash = siphash_end(&s, 32ULL << 56);
	}
	return hash ? hash : 1;
}

#endif
