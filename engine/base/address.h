/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h - an IPv4 or IPv6 address in 16 bytes.
 *
 * IPv4 stands in the first four bytes, the rest is zero; which of the two it
 * is stands beside it (packet, flow, rule).  Bytes are in wire order.
 */
#ifndef WEIR_BASE_ADDRESS_H
#define WEIR_BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct ip_addr {
	union {
		uint8_t bytes[16];
		uint32_t words[4]; /* wire order; for comparing and hashing only */
		uint64_t halves[2];
	};
};

/* Longest text of an address, with the final zero. */
#define IP_ADDR_TEXT 46

static inline struct ip_addr ip_addr_v4(const uint8_t wire[4])
{
	struct ip_addr a = { .words = { 0 } };

	memcpy(a.bytes, wire, 4);
	return a;
}

static inline struct ip_addr ip_addr_v6(const uint8_t wire[16])
{
	struct ip_addr a;

	memcpy(a.bytes, wire, 16);
	return a;
}

static inline bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->halves[0] == b->halves[0] && a->halves[1] == b->halves[1];
}

static inline int ip_addr_compare(const struct ip_addr *a, const struct ip_addr *b)
{
	return memcmp(a->bytes, b->bytes, 16);
}

/*
 * Write the text of an address: IPv4 dotted; IPv6 with each group in full
 * ("fe80:0000:...:0001"), as EVE has it.  ip_version is 4 or 6.  Returns the length
 * without the final zero; out has room for IP_ADDR_TEXT bytes.
 */
unsigned ip_addr_text(const struct ip_addr *a, unsigned ip_version, char out[IP_ADDR_TEXT]);

#endif
