/* SPDX-License-Identifier: Apache-2.0 */
/* MPLS (RFC 3032): labels, then what the last one says or the first nibble suggests. */
#include "engine/decode/layer.h"

enum mpls_label {
	MPLS_IPV4_NULL = 0,
	MPLS_ROUTER_ALERT = 1,
	MPLS_IPV6_NULL = 2,
	MPLS_IMPLICIT_NULL = 3,
	MPLS_LABEL_FREE = 15, /* the first that is not taken for reserved */
};

#define MPLS_BOTTOM 0x100u
#define PSEUDOWIRE_LEN 4 /* control word of RFC 4385, first nibble 0 */

/* A label below says nothing of what is carried: IP shows its version, Ethernet a control word. */
static bool guess(struct decode_run *r, struct packet *p, struct bytes b)
{
	if (b.len < PSEUDOWIRE_LEN)
		return decode_invalid(p, EVENT_DECODE_MPLS_PKT_TOO_SMALL);
	switch (b.data[0] >> 4) {
	case 0:
		return decode_ethernet(r, p, bytes_slice(b, PSEUDOWIRE_LEN, b.len));
	case 4:
		return decode_ip4(r, p, b);
	case 6:
		return decode_ip6(r, p, b);
	default:
		return decode_invalid(p, EVENT_DECODE_MPLS_UNKNOWN_PAYLOAD_TYPE);
	}
}

bool decode_mpls(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	uint32_t entry;

	r->count[COUNTER_DECODER_MPLS]++;
	if (!decode_enter(r, p))
		return false;
	do {
		entry = cursor_be32(&c);
		if (!cursor_ok(&c))
			return decode_invalid(p, EVENT_DECODE_MPLS_HEADER_TOO_SMALL);
	} while (!(entry & MPLS_BOTTOM));

	switch (entry >> 12) {
	case MPLS_IPV4_NULL:
		return decode_ip4(r, p, cursor_rest(&c));
	case MPLS_IPV6_NULL:
		return decode_ip6(r, p, cursor_rest(&c));
	case MPLS_ROUTER_ALERT:
		packet_event(p, EVENT_DECODE_MPLS_BAD_LABEL_ROUTER_ALERT);
		return true;
	case MPLS_IMPLICIT_NULL:
		packet_event(p, EVENT_DECODE_MPLS_BAD_LABEL_IMPLICIT_NULL);
		return true;
	}
	if (entry >> 12 < MPLS_LABEL_FREE) {
		packet_event(p, EVENT_DECODE_MPLS_BAD_LABEL_RESERVED);
		return true;
	}
	return guess(r, p, cursor_rest(&c));
}
