/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decode/checksum.h"

#include <arpa/inet.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#define BLOCK_BYTES 32

/* Below so many blocks the wide registers do not pay. */
#define WIDE_BLOCKS 4

static uint64_t word_at(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static uint64_t halves(uint64_t word)
{
	return (word >> 32) + (uint32_t)word;
}

/* What is carried out of 64 bits counts one, as what is carried out of 16 does. */
static uint64_t add_blocks(const uint8_t *at, size_t blocks)
{
	uint64_t sum = 0, sum2 = 0, carried = 0;

	for (; blocks; blocks--, at += BLOCK_BYTES) {
		carried += __builtin_add_overflow(sum, word_at(at), &sum);
		carried += __builtin_add_overflow(sum2, word_at(at + 8), &sum2);
		carried += __builtin_add_overflow(sum, word_at(at + 16), &sum);
		carried += __builtin_add_overflow(sum2, word_at(at + 24), &sum2);
	}
	return halves(sum) + halves(sum2) + carried;
}

#ifdef __x86_64__
/* Halves of 32 bits do not overflow 64 in any packet: no carry to look at. */
static __attribute__((target("avx2"), noinline)) uint64_t add_blocks_wide(const uint8_t *at,
									  size_t blocks)
{
	const __m256i mask = _mm256_set1_epi64x(UINT32_MAX);
	__m256i low = _mm256_setzero_si256(), high = low;
	uint64_t sum[4];

	for (; blocks; blocks--, at += BLOCK_BYTES) {
		__m256i block = _mm256_loadu_si256((const __m256i *)at);

		low = _mm256_add_epi64(low, _mm256_and_si256(block, mask));
		high = _mm256_add_epi64(high, _mm256_srli_epi64(block, 32));
	}
	_mm256_storeu_si256((__m256i *)sum, _mm256_add_epi64(low, high));
	return sum[0] + sum[1] + sum[2] + sum[3];
}
#endif

static uint64_t add_all_blocks(const uint8_t *at, size_t blocks)
{
#ifdef __x86_64__
	if (blocks >= WIDE_BLOCKS && __builtin_cpu_supports("avx2"))
		return add_blocks_wide(at, blocks);
#endif
	return add_blocks(at, blocks);
}

/* Fewer than eight bytes, by loads as wide as what they read: stored piece by piece they would be waited for. */
static uint64_t add_rest(const uint8_t *at, size_t left)
{
	uint64_t sum = 0;
	uint32_t four;
	uint16_t two = 0;

	if (left & 4) {
		memcpy(&four, at, sizeof(four));
		sum += four;
		at += 4;
	}
	if (left & 2) {
		memcpy(&two, at, sizeof(two));
		sum += two;
		at += 2;
	}
	if (left & 1) {
		two = 0;
		memcpy(&two, at, 1);
		sum += two;
	}
	return sum;
}

uint64_t checksum_add(uint64_t sum, struct bytes b)
{
	const uint8_t *at = b.data;
	size_t left = b.len % BLOCK_BYTES;

	sum = halves(sum) + add_all_blocks(at, b.len / BLOCK_BYTES);
	at += b.len - left;
	for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), at += sizeof(uint64_t))
		sum += halves(word_at(at));
	return left ? sum + add_rest(at, left) : sum;
}

uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum >> 32) + (sum & 0xffffffffu);
	sum = (sum >> 32) + (sum & 0xffffffffu);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)sum;
}

bool checksum_ok(struct bytes b)
{
	return checksum_fold(checksum_add(0, b)) == 0xffff;
}

/* Of an IPv4 address what is behind its four bytes adds nothing. */
static uint64_t address_sum(const struct ip_addr *a)
{
	return halves(a->halves[0]) + halves(a->halves[1]);
}

static uint64_t pseudo_header(const struct packet *p, uint8_t proto, size_t len)
{
	return address_sum(&p->src) + address_sum(&p->dst) + htonl((uint32_t)len) + htonl(proto);
}

bool checksum_transport_ok(const struct packet *p, uint8_t proto, struct bytes b)
{
	return checksum_fold(checksum_add(pseudo_header(p, proto, b.len), b)) == 0xffff;
}

uint16_t checksum_transport(const struct packet *p, uint8_t proto, struct bytes b)
{
	return (uint16_t)~checksum_fold(checksum_add(pseudo_header(p, proto, b.len), b));
}

bool checksum_transport_partial(const struct packet *p, uint8_t proto, struct bytes b,
				size_t offset)
{
	uint64_t field = checksum_add(0, bytes_slice(b, offset, 2));

	return checksum_fold(field) == checksum_fold(pseudo_header(p, proto, b.len));
}
