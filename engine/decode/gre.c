/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GRE (RFC 2784, RFC 2890, routing of RFC 1701), version 1 (RFC 2637); in it ERSPAN
 * (draft-foschiano-erspan-03): type I is a bare frame, II and III have headers.
 */
#include "engine/decode/layer.h"

#define GRE_LEN 4
#define ERSPAN2_LEN 8
#define ERSPAN3_LEN 12
#define ERSPAN3_SUBHEADER_LEN 8 /* of the platform, where the header's last bit is set */

/* The version in front of an ERSPAN header. */
enum erspan_version {
	ERSPAN_VERSION_II = 1,
	ERSPAN_VERSION_III = 2,
};

/* What a header of type III says that it carries. */
enum erspan_frame {
	ERSPAN_FRAME_ETHERNET = 0,
	ERSPAN_FRAME_IP = 2,
};

/* Bits of the first two bytes. */
enum gre_flag {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_STRICT = 0x0800,
	GRE_RECURSION = 0x0700,
	GRE_ACK = 0x0080, /* version 1 */
	GRE_RESERVED = 0x0078,
	GRE_VERSION = 0x0007,
};

/* What the headers of types II and III begin with: version and the frame's VLAN, 0 for none. */
static bool read_erspan(struct decode_run *r, struct packet *p, const uint8_t *h,
			enum erspan_version version)
{
	uint16_t vlan;

	r->count[COUNTER_DECODER_ERSPAN]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_ERSPAN_HEADER_TOO_SMALL);
	if (!decode_enter(r, p))
		return false;
	if (h[0] >> 4 != version)
		return decode_invalid(p, EVENT_DECODE_ERSPAN_UNSUPPORTED_VERSION);
	vlan = load_be16(h) & 0x0fff;
	if (vlan == 0)
		return true;
	if (p->vlans == PACKET_VLANS_MAX)
		return decode_invalid(p, EVENT_DECODE_ERSPAN_TOO_MANY_VLAN_LAYERS);
	p->vlan[p->vlans++] = vlan;
	return true;
}

static bool decode_erspan2(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);

	if (!read_erspan(r, p, cursor_take(&c, ERSPAN2_LEN), ERSPAN_VERSION_II))
		return false;
	return decode_ethernet(r, p, cursor_rest(&c));
}

static bool decode_erspan3(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, ERSPAN3_LEN);
	unsigned frame;

	if (!read_erspan(r, p, h, ERSPAN_VERSION_III))
		return false;
	frame = h[10] >> 2 & 0x1f;
	if (h[11] & 1)
		cursor_skip(&c, ERSPAN3_SUBHEADER_LEN);
	if (!cursor_ok(&c))
		return decode_invalid(p, EVENT_DECODE_ERSPAN_HEADER_TOO_SMALL);
	switch (frame) {
	case ERSPAN_FRAME_ETHERNET:
		return decode_ethernet(r, p, cursor_rest(&c));
	case ERSPAN_FRAME_IP:
		return decode_raw(r, p, cursor_rest(&c));
	default:
		return false;
	}
}

static bool decode_erspan1(struct decode_run *r, struct packet *p, struct bytes b)
{
	r->count[COUNTER_DECODER_ERSPAN]++;
	return decode_ethernet(r, p, b);
}

static void inside(struct decode_run *r, struct packet *p, uint16_t flags, uint16_t type,
		   struct bytes b)
{
	decode_layer_fn layer;

	switch (type) {
	case ETHER_IPV4:
		layer = decode_ip4;
		break;
	case ETHER_IPV6:
		layer = decode_ip6;
		break;
	case ETHER_PPP:
		layer = decode_ppp;
		break;
	case ETHER_VLAN:
		layer = decode_vlan;
		break;
	case ETHER_TRANSPARENT:
		layer = decode_ethernet;
		break;
	case ETHER_ARP:
		layer = decode_arp;
		break;
	case ETHER_ERSPAN:
		layer = flags & GRE_SEQUENCE ? decode_erspan2 : decode_erspan1;
		break;
	case ETHER_ERSPAN3:
		layer = decode_erspan3;
		break;
	default:
		return;
	}
	(void)decode_inner(r, p, b, PACKET_GRE, layer);
}

/* Source routes: address family, offset, length, data; an empty one ends them. */
static bool skip_routes(struct packet *p, struct cursor *c)
{
	for (;;) {
		uint16_t family = cursor_be16(c);
		uint8_t len;

		cursor_skip(c, 1);
		len = cursor_u8(c);
		if (cursor_ok(c) && family == 0 && len == 0)
			return true;
		cursor_skip(c, len);
		if (!cursor_ok(c))
			return decode_invalid(p, EVENT_DECODE_GRE_VERSION0_MALFORMED_SRE_HDR);
	}
}

static bool read_version0(struct packet *p, uint16_t flags, struct cursor *c)
{
	if (flags & GRE_RECURSION)
		return decode_invalid(p, EVENT_DECODE_GRE_VERSION0_RECUR);
	if (flags & GRE_RESERVED)
		return decode_invalid(p, EVENT_DECODE_GRE_VERSION0_FLAGS);
	if (flags & (GRE_CHECKSUM | GRE_ROUTING))
		cursor_skip(c, 4);
	if (flags & GRE_KEY)
		cursor_skip(c, 4);
	if (flags & GRE_SEQUENCE)
		cursor_skip(c, 4);
	if (!cursor_ok(c))
		return decode_invalid(p, EVENT_DECODE_GRE_VERSION0_HDR_TOO_BIG);
	return !(flags & GRE_ROUTING) || skip_routes(p, c);
}

/* The key is a payload length and a call.  Without payload it only acknowledges. */
static bool read_version1(struct packet *p, uint16_t flags, uint16_t type, struct cursor *c,
			  uint16_t *payload_len)
{
	static const struct {
		uint16_t bits;
		enum event event;
	} refused[] = {
		{ GRE_CHECKSUM, EVENT_DECODE_GRE_VERSION1_CHKSUM },
		{ GRE_ROUTING, EVENT_DECODE_GRE_VERSION1_ROUTE },
		{ GRE_STRICT, EVENT_DECODE_GRE_VERSION1_SSR },
		{ GRE_RECURSION, EVENT_DECODE_GRE_VERSION1_RECUR },
		{ GRE_RESERVED, EVENT_DECODE_GRE_VERSION1_FLAGS },
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (flags & refused[i].bits)
			return decode_invalid(p, refused[i].event);
	}
	if (type != ETHER_PPP)
		return decode_invalid(p, EVENT_DECODE_GRE_VERSION1_WRONG_PROTOCOL);
	if (!(flags & GRE_KEY))
		return decode_invalid(p, EVENT_DECODE_GRE_VERSION1_NO_KEY);
	*payload_len = cursor_be16(c);
	cursor_skip(c, 2);
	if (flags & GRE_SEQUENCE)
		cursor_skip(c, 4);
	if (flags & GRE_ACK)
		cursor_skip(c, 4);
	if (!cursor_ok(c))
		return decode_invalid(p, EVENT_DECODE_GRE_VERSION1_HDR_TOO_BIG);
	return true;
}

bool decode_gre(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	uint16_t flags = cursor_be16(&c);
	uint16_t type = cursor_be16(&c);
	uint16_t payload_len = 0;

	r->count[COUNTER_DECODER_GRE]++;
	if (!cursor_ok(&c))
		return decode_invalid(p, EVENT_DECODE_GRE_PKT_TOO_SMALL);
	if (!decode_enter(r, p))
		return false;
	p->l4_offset = decode_offset(p, b);
	switch (flags & GRE_VERSION) {
	case 0:
		if (!read_version0(p, flags, &c))
			return true;
		break;
	case 1:
		if (!read_version1(p, flags, type, &c, &payload_len) || !payload_len)
			return true;
		break;
	default:
		(void)decode_invalid(p, EVENT_DECODE_GRE_WRONG_VERSION);
		return true;
	}
	inside(r, p, flags, type, cursor_rest(&c));
	return true;
}
