/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decode/checksum.h"

#include <string.h>

uint64_t checksum_add(uint64_t sum, struct bytes b)
{
	const uint8_t *at = b.data;
	size_t left = b.len;
	uint64_t low = 0, high = 0, low2 = 0, high2 = 0;
	uint64_t words[2];
	uint64_t word = 0;

	/* Halves of 32 bits do not overflow 64 in any packet: no carry to look at. */
	for (; left >= sizeof(words); left -= sizeof(words), at += sizeof(words)) {
		memcpy(words, at, sizeof(words));
		low += (uint32_t)words[0];
		high += words[0] >> 32;
		low2 += (uint32_t)words[1];
		high2 += words[1] >> 32;
	}
	sum = (sum >> 32) + (uint32_t)sum + low + high + low2 + high2;
	if (left >= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sum += (word >> 32) + (uint32_t)word;
		left -= sizeof(word);
		at += sizeof(word);
	}
	if (left) {
		word = 0;
		memcpy(&word, at, left);
		sum += (word >> 32) + (uint32_t)word;
	}
	return sum;
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

static uint64_t pseudo_header(const struct packet *p, uint8_t proto, size_t len)
{
	size_t address_len = p->ip_version == 4 ? 4 : 16;
	uint8_t tail[8] = { (uint8_t)(len >> 24),
			    (uint8_t)(len >> 16),
			    (uint8_t)(len >> 8),
			    (uint8_t)len,
			    0,
			    0,
			    0,
			    proto };
	uint64_t sum = checksum_add(0, bytes_of(tail, sizeof(tail)));

	sum = checksum_add(sum, bytes_of(p->src.bytes, address_len));
	return checksum_add(sum, bytes_of(p->dst.bytes, address_len));
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
