/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evade_packet.h - frames built out of the parts of a captured one.
 *
 * In: a source whose datagram can be taken apart.  Out: frames in a variant, with lengths and
 * checksums right unless the caller asks for a wrong one.
 *
 * Memory: the variant's.  Thread: one.
 * Specification: RFC 791, RFC 8200, RFC 9293, RFC 768.
 */
#ifndef WEIR_CLI_EVADE_PACKET_H
#define WEIR_CLI_EVADE_PACKET_H

#include "engine/cli/evade_variant.h"

/* A frame as it was. */
void put_copy(struct variant *v, const struct source *s);

/* What a segment has instead of what the source's has. */
struct segment {
	struct bytes payload;
	uint32_t seq_shift; /* added to the sequence number */
	uint8_t flags_off, flags_on;
	bool wrong_checksum;
};
void put_segment(struct variant *v, const struct source *s, const struct segment *g);
/* Payload bytes [from, to); FIN and PSH stay with the last byte. */
void put_piece(struct variant *v, const struct source *s, size_t from, size_t to);

/* Bytes [from, to) of what follows the IP header, as a fragment; from is a multiple of 8. */
void put_fragment(struct variant *v, const struct source *s, size_t from, size_t to);

/* With len bytes of IPv4 options, len a multiple of 4 and at most 40. */
void put_options(struct variant *v, const struct source *s, struct bytes options);

/* The datagram behind the link header, an Ethernet type (0: left as it is) and more headers. */
void put_linked(struct variant *v, const struct source *s, uint16_t ether_type,
		struct bytes headers);
/* The datagram in IPv4 of two tunnel ends: inner headers of protocol proto, then itself. */
void put_tunnel(struct variant *v, const struct source *s, uint8_t proto, struct bytes headers);
/* The same in UDP. */
void put_udp_tunnel(struct variant *v, const struct source *s, uint16_t port, struct bytes headers);

#endif
