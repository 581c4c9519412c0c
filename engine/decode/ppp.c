/* SPDX-License-Identifier: Apache-2.0 */
/* PPP (RFC 1661, framed as in RFC 1662 or not) and PPPoE (RFC 2516). */
#include "engine/decode/layer.h"

enum ppp_protocol {
	PPP_IPV4 = 0x0021,
	PPP_VJ_UNCOMPRESSED = 0x002f,
	PPP_IPV6 = 0x0057,
};

#define PPPOE_LEN 6
#define PPPOE_TAG_LEN 4

/* Network protocols, and their control protocols, that PPP may carry and that nothing here reads. */
static bool unread_protocol(uint16_t protocol)
{
	static const uint16_t unread[] = {
		0x0023, 0x0025, 0x0027, 0x0029, 0x002b, 0x002d, 0x0031, 0x0033,
		0x0035, 0x0201, 0x0231, 0x0233, 0x0281, 0x0283, 0x8023, 0x8025,
		0x8027, 0x8029, 0x802b, 0x8033, 0x8035, 0x8281,
	};

	for (size_t i = 0; i < sizeof(unread) / sizeof(unread[0]); i++) {
		if (unread[i] == protocol)
			return true;
	}
	return false;
}

/* The link's own affairs: LCP, authentication, IP's control protocols, compression. */
static bool link_protocol(uint16_t protocol)
{
	switch (protocol) {
	case 0x00fd:
	case 0x8021:
	case 0x8057:
	case 0x80fd:
	case 0x8207:
	case 0xc021:
	case 0xc023:
	case 0xc025:
	case 0xc029:
	case 0xc223:
		return true;
	default:
		return false;
	}
}

/* The protocol field of one byte (odd) or two (even, odd). */
static uint16_t protocol_of(struct cursor *c)
{
	uint16_t v = cursor_u8(c);

	if (!(v & 1))
		v = (uint16_t)(v << 8 | cursor_u8(c));
	return v;
}

static bool is_ip(uint16_t protocol)
{
	return protocol == PPP_IPV4 || protocol == PPP_IPV6 || protocol == PPP_VJ_UNCOMPRESSED;
}

static bool carried(struct decode_run *r, struct packet *p, uint16_t protocol, struct bytes b)
{
	switch (protocol) {
	case PPP_IPV4:
		if (b.len < 20)
			return decode_invalid(p, EVENT_DECODE_PPP_IP4_PKT_TOO_SMALL);
		return decode_ip4(r, p, b);
	case PPP_IPV6:
		if (b.len < 40)
			return decode_invalid(p, EVENT_DECODE_PPP_IP6_PKT_TOO_SMALL);
		return decode_ip6(r, p, b);
	case PPP_VJ_UNCOMPRESSED:
		if (b.len < 20)
			return decode_invalid(p, EVENT_DECODE_PPP_VJU_PKT_TOO_SMALL);
		if (b.data[0] >> 4 == 4)
			return decode_ip4(r, p, b);
		return false;
	default:
		if (link_protocol(protocol))
			return true;
		if (unread_protocol(protocol))
			packet_event(p, EVENT_DECODE_PPP_UNSUP_PROTO);
		else
			(void)decode_invalid(p, EVENT_DECODE_PPP_WRONG_TYPE);
		return true;
	}
}

bool decode_ppp(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	uint16_t protocol;
	bool compressed;

	r->count[COUNTER_DECODER_PPP]++;
	/* Address "all stations", control "unnumbered", unless the ends agreed to leave them out. */
	if (b.len && b.data[0] == 0xff)
		cursor_skip(&c, 2);
	compressed = cursor_left(&c) && c.at[0] & 1;
	protocol = protocol_of(&c);
	if (!cursor_ok(&c))
		return decode_invalid(p, EVENT_DECODE_PPP_PKT_TOO_SMALL);
	if (!decode_enter(r, p))
		return false;
	/* Of what a single byte can announce only IP is looked for. */
	if (compressed && protocol == PPP_IPV4 && cursor_left(&c) < 20)
		return decode_invalid(p, EVENT_DECODE_PPP_VJU_PKT_TOO_SMALL);
	if (compressed && !is_ip(protocol)) {
		packet_event(p, EVENT_DECODE_PPP_UNSUP_PROTO);
		return true;
	}
	return carried(r, p, protocol, cursor_rest(&c));
}

bool decode_pppoe_session(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, PPPOE_LEN);
	uint16_t protocol = protocol_of(&c);

	r->count[COUNTER_DECODER_PPPOE]++;
	if (!h || !cursor_ok(&c))
		return decode_invalid(p, EVENT_DECODE_PPPOE_PKT_TOO_SMALL);
	if (!decode_enter(r, p))
		return false;
	/* The length is not held against the frame's; a session frame of none carries nothing. */
	if (load_be16(h + 4) == 0)
		return true;
	return carried(r, p, protocol, cursor_rest(&c));
}

static bool known_code(uint8_t code)
{
	switch (code) {
	case 0x07: /* PADO */
	case 0x09: /* PADI */
	case 0x19: /* PADR */
	case 0x65: /* PADS */
	case 0xa7: /* PADT */
		return true;
	default:
		return false;
	}
}

bool decode_pppoe_discovery(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, PPPOE_LEN);
	size_t len;

	r->count[COUNTER_DECODER_PPPOE]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_PPPOE_PKT_TOO_SMALL);
	if (!known_code(h[1]))
		return decode_invalid(p, EVENT_DECODE_PPPOE_WRONG_CODE);
	len = load_be16(h + 4);
	if (len > cursor_left(&c))
		return decode_invalid(p, EVENT_DECODE_PPPOE_MALFORMED_TAGS);
	c = cursor_of(bytes_slice(b, PPPOE_LEN, len));
	while (cursor_left(&c) >= PPPOE_TAG_LEN) {
		cursor_skip(&c, 2);
		cursor_skip(&c, cursor_be16(&c));
	}
	return true;
}
