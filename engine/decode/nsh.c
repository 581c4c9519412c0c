/* SPDX-License-Identifier: Apache-2.0 */
/* Network Service Header (RFC 8300). */
#include "engine/decode/layer.h"

enum nsh_next {
	NSH_IPV4 = 1,
	NSH_IPV6 = 2,
	NSH_ETHERNET = 3,
	NSH_NSH = 4,
	NSH_MPLS = 5,
	NSH_EXPERIMENT1 = 0xfe,
	NSH_EXPERIMENT2 = 0xff,
};

#define NSH_LEN 8
#define NSH_FIXED_LEN 24 /* of the metadata of type 1 */

static bool next(struct decode_run *r, struct packet *p, uint8_t protocol, struct bytes b)
{
	switch (protocol) {
	case NSH_IPV4:
		return decode_ip4(r, p, b);
	case NSH_IPV6:
		return decode_ip6(r, p, b);
	case NSH_ETHERNET:
		return decode_ethernet(r, p, b);
	case NSH_MPLS:
		return decode_mpls(r, p, b);
	case NSH_NSH:
	default:
		packet_event(p, EVENT_DECODE_NSH_UNKNOWN_PAYLOAD);
		return false;
	}
}

bool decode_nsh(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, NSH_LEN);
	unsigned version, len, type;

	r->count[COUNTER_DECODER_NSH]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_NSH_HEADER_TOO_SMALL);
	if (!decode_enter(r, p))
		return false;
	version = h[0] >> 6;
	len = (load_be16(h) & 0x3fu) * 4;
	type = h[2]; /* with the unassigned bits, which must be 0 */
	if (version != 0) {
		packet_event(p, EVENT_DECODE_NSH_UNSUPPORTED_VERSION);
		return true;
	}
	if (len >= b.len)
		return decode_invalid(p, EVENT_DECODE_NSH_BAD_HEADER_LENGTH);
	switch (type) {
	case 0:
	case 0xf:
		packet_event(p, EVENT_DECODE_NSH_RESERVED_TYPE);
		return true;
	case 1:
		if (len != NSH_FIXED_LEN)
			return decode_invalid(p, EVENT_DECODE_NSH_BAD_HEADER_LENGTH);
		break;
	case 2:
		break;
	default:
		packet_event(p, EVENT_DECODE_NSH_UNSUPPORTED_TYPE);
		return true;
	}
	return next(r, p, h[3], bytes_slice(b, len, b.len));
}
