/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wide_lanes.h - 64 bytes at once, where wide_here(): loads that end with a text, hashes of pairs.
 *
 * Memory: none.  Thread: any.
 */
#ifndef WEIR_DETECT_WIDE_LANES_H
#define WEIR_DETECT_WIDE_LANES_H

#include "engine/detect/wide_table.h"

#define WIDE_LANES 64u

#ifdef __x86_64__
#include <immintrin.h>

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vbmi2,gfni,popcnt")))
#define WIDE_INLINE static inline __attribute__((always_inline)) WIDE

/* all: so many are left at least; else zeros stand behind the last one. */
WIDE_INLINE __m512i wide_bytes_at(const uint8_t *p, size_t left, bool all)
{
	if (all)
		return _mm512_loadu_si512(p);
	return left ? _mm512_maskz_loadu_epi8(left < WIDE_LANES ? (1ull << left) - 1 : UINT64_MAX,
					      p)
		    : _mm512_setzero_si512();
}

/* wide_pair_hash() of each byte and the next one. */
WIDE_INLINE __m512i wide_pair_hashes(__m512i at, __m512i next)
{
	const __m512i first = _mm512_set1_epi64((long long)WIDE_FIRST),
		      second = _mm512_set1_epi8((char)WIDE_SECOND);

	/* product ^ (next & second) */
	return _mm512_ternarylogic_epi64(_mm512_gf2p8affine_epi64_epi8(at, first, 0), next, second,
					 0x78);
}
#endif

#endif
