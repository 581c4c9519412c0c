/* SPDX-License-Identifier: Apache-2.0 */
/*
 * icmp.h - what ICMPv4 and ICMPv6 share; private to engine/decode.
 *
 * Memory: none.  Thread: any.
 */
#ifndef WEIR_DECODE_ICMP_H
#define WEIR_DECODE_ICMP_H

#include "engine/decode/layer.h"

/* What the message's type says of the bytes after code and checksum. */
enum icmp_shape {
	ICMP_PLAIN, /* nothing that is kept */
	ICMP_ERROR, /* quotes a datagram */
	ICMP_QUERY, /* has identifier and sequence number */
};

/* What is known of one type.  codes is the greatest known code; ICMP_ANY_CODE: all. */
#define ICMP_ANY_CODE 255
struct icmp_type {
	bool known;
	uint8_t codes;
	uint8_t shape; /* enum icmp_shape */
	uint8_t header_len; /* in front of the payload, where more than eight bytes; else 0 */
};

/* Ports of a quoted transport header that may be cut short; proto is what the IP header said. */
static inline void icmp_quote_ports(struct packet *p, uint8_t proto, struct bytes b)
{
	struct cursor c = cursor_of(b);
	uint16_t sport = cursor_be16(&c);
	uint16_t dport = cursor_be16(&c);

	p->quoted_proto = proto;
	if (!cursor_ok(&c))
		return;
	if (proto == IP_PROTO_TCP || proto == IP_PROTO_UDP || proto == IP_PROTO_SCTP) {
		p->quoted_sport = sport;
		p->quoted_dport = dport;
	}
}

#endif
