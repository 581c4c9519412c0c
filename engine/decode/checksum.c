/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decode/checksum.h"

#include <string.h>

/* Add with the carry brought round; 64 bits hold a ones-complement sum of 16-bit words too. */
static uint64_t add(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

uint64_t checksum_add(uint64_t sum, struct bytes b)
{
	const uint8_t *at = b.data;
	size_t left = b.len;
	uint64_t words[4];
	uint64_t word = 0;

	for (; left >= sizeof(words); left -= sizeof(words), at += sizeof(words)) {
		memcpy(words, at, sizeof(words));
		sum = add(sum, words[0]);
		sum = add(sum, words[1]);
		sum = add(sum, words[2]);
		sum = add(sum, words[3]);
	}
	for (; left >= sizeof(word); left -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sum = add(sum, word);
	}
	if (left) {
		word = 0;
		memcpy(&word, at, left);
		sum = add(sum, word);
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

bool checksum_transport_ok(const struct packet *p, uint8_t proto, struct bytes b)
{
	size_t address_len = p->ip_version == 4 ? 4 : 16;
	uint8_t tail[8] = { (uint8_t)(b.len >> 24),
			    (uint8_t)(b.len >> 16),
			    (uint8_t)(b.len >> 8),
			    (uint8_t)b.len,
			    0,
			    0,
			    0,
			    proto };
	uint64_t sum = checksum_add(0, bytes_of(tail, sizeof(tail)));

	sum = checksum_add(sum, bytes_of(p->src.bytes, address_len));
	sum = checksum_add(sum, bytes_of(p->dst.bytes, address_len));
	return checksum_fold(checksum_add(sum, b)) == 0xffff;
}
