/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network.h - an address range by prefix, and what is set for it: the longest prefix counts.
 *
 * Memory: plain data.  Thread: any.
 */
#ifndef WEIR_BASE_NETWORK_H
#define WEIR_BASE_NETWORK_H

#include "engine/base/address.h"

struct network {
	struct ip_addr address;
	uint8_t ip_version; /* 4, 6 */
	uint8_t prefix_bits;
};

static inline bool network_has(const struct network *n, unsigned ip_version,
			       const struct ip_addr *a)
{
	unsigned whole = n->prefix_bits / 8, rest = n->prefix_bits % 8;

	if (n->ip_version != ip_version || memcmp(n->address.bytes, a->bytes, whole) != 0)
		return false;
	return !rest || !((n->address.bytes[whole] ^ a->bytes[whole]) >> (8 - rest));
}

#endif
