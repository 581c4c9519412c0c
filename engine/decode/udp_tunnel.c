/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tunnels in UDP: Teredo (RFC 4380), VXLAN (RFC 7348), Geneve (RFC 8926), GTP-U (3GPP TS 29.281).
 */
#include "engine/decode/layer.h"

#define VXLAN_LEN 8
#define VXLAN_ID_VALID 0x08
#define GENEVE_LEN 8
#define GTPU_LEN 8 /* the mandatory part; the length in it counts what follows */
#define GTPU_OPTIONAL_LEN 4 /* sequence number, N-PDU number, type of the next extension header */

/* Bits of GTP-U's first byte. */
enum gtpu_flag {
	GTPU_VERSION = 0xe0,
	GTPU_VERSION_1 = 0x20,
	GTPU_NOT_PRIME = 0x10, /* GTP, not GTP' (charging) */
	GTPU_EXTENSION = 0x04,
	GTPU_OPTIONAL = 0x07, /* any of extension header, sequence number, N-PDU number */
};

enum gtpu_message {
	GTPU_G_PDU = 255, /* a user's packet; all others are the path's own */
};

static bool has_port(const struct decode_ports *ports, uint16_t registered, uint16_t port)
{
	if (!ports->count)
		return port == registered;
	for (unsigned i = 0; i < ports->count && i < DECODE_PORTS_MAX; i++) {
		if (ports->port[i] == port)
			return true;
	}
	return false;
}

static bool is_teredo(const struct decode_options *o, uint16_t sport, uint16_t dport)
{
	return o->teredo && (o->teredo_ports.any || has_port(&o->teredo_ports, 3544, sport) ||
			     has_port(&o->teredo_ports, 3544, dport));
}

static bool is_vxlan(const struct decode_options *o, uint16_t dport)
{
	return o->vxlan && has_port(&o->vxlan_ports, 4789, dport);
}

static bool is_geneve(const struct decode_options *o, uint16_t sport, uint16_t dport)
{
	return o->geneve &&
	       (has_port(&o->geneve_ports, 6081, sport) || has_port(&o->geneve_ports, 6081, dport));
}

static bool is_gtpu(const struct decode_options *o, uint16_t dport)
{
	return o->gtpu && has_port(&o->gtpu_ports, 2152, dport);
}

bool decode_udp_tunnel_port(const struct decode_options *o, uint16_t sport, uint16_t dport)
{
	return is_teredo(o, sport, dport) || is_vxlan(o, dport) || is_geneve(o, sport, dport) ||
	       is_gtpu(o, dport);
}

/*
 * IPv6, behind an origin indication (00 00) or not.  What has an authentication indication
 * (00 01) is negotiation.
 */
static bool read_teredo(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c;
	const uint8_t *h;

	if (b.len >= 8 && load_be16(b.data) == 0x0000)
		b = bytes_slice(b, 8, b.len);
	c = cursor_of(b);
	h = cursor_take(&c, 40);
	/* The port is not sure: only what is IPv6 to the last byte is taken for it. */
	if (!h || h[0] >> 4 != 6 || h[7] == 0 || load_be16(h + 4) != cursor_left(&c))
		return false;
	if (!decode_inner(r, p, b, PACKET_TEREDO, decode_ip6))
		return false;
	r->count[COUNTER_DECODER_TEREDO]++;
	return true;
}

/* The Ethernet header inside is left out of the inner packet. */
static bool read_vxlan(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, VXLAN_LEN);
	const uint8_t *ethernet = cursor_take(&c, 14);
	decode_layer_fn layer;

	if (!h || !ethernet || !(h[0] & VXLAN_ID_VALID) || h[7] != 0)
		return false;
	r->count[COUNTER_DECODER_VXLAN]++;
	switch (load_be16(ethernet + 12)) {
	case ETHER_IPV4:
		layer = decode_ip4;
		break;
	case ETHER_IPV6:
		layer = decode_ip6;
		break;
	case ETHER_VLAN:
	case ETHER_QINQ:
	case ETHER_QINQ_OLD:
		layer = decode_vlan;
		break;
	case ETHER_ARP:
		/* Nothing of it is of interest: the payload stays the outer packet's. */
		return true;
	default:
		return decode_invalid(p, EVENT_DECODE_VXLAN_UNKNOWN_PAYLOAD_TYPE);
	}
	return decode_inner(r, p, cursor_rest(&c), PACKET_VXLAN, layer);
}

/* Options: class, type, length in words of what follows. */
static bool geneve_options_fit(struct bytes b)
{
	struct cursor c = cursor_of(b);

	while (cursor_left(&c) > 0) {
		cursor_skip(&c, 3);
		cursor_skip(&c, (cursor_u8(&c) & 0x1fu) * 4);
	}
	return cursor_ok(&c);
}

static bool read_geneve(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, GENEVE_LEN);
	decode_layer_fn layer;
	size_t options_len;

	/* Another version, or reserved bits: not Geneve. */
	if (!h || h[0] >> 6 != 0 || h[1] & 0x3f || h[7] != 0)
		return false;
	options_len = (h[0] & 0x3fu) * 4;
	if (options_len > cursor_left(&c) ||
	    !geneve_options_fit(bytes_slice(b, GENEVE_LEN, options_len)))
		return false;
	cursor_skip(&c, options_len);
	r->count[COUNTER_DECODER_GENEVE]++;
	switch (load_be16(h + 2)) {
	case ETHER_TRANSPARENT:
		layer = decode_ethernet;
		break;
	case ETHER_IPV4:
		layer = decode_ip4;
		break;
	case ETHER_IPV6:
		layer = decode_ip6;
		break;
	case ETHER_ARP:
		/* Nothing of it is of interest: the payload stays the outer packet's. */
		return true;
	default:
		return decode_invalid(p, EVENT_DECODE_GENEVE_UNKNOWN_PAYLOAD_TYPE);
	}
	return decode_inner(r, p, cursor_rest(&c), PACKET_GENEVE, layer);
}

/* Extension headers: length in words, content, type of the next one; type 0 ends them. */
static bool skip_gtpu_extensions(struct cursor *c, uint8_t type)
{
	while (type && cursor_ok(c)) {
		unsigned words = cursor_u8(c);

		if (words == 0)
			return false;
		cursor_skip(c, words * 4 - 2);
		type = cursor_u8(c);
	}
	return cursor_ok(c);
}

/* What is not a user's IP packet to the last byte stays the outer packet's payload. */
static bool read_gtpu(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, GTPU_LEN);
	decode_layer_fn layer;
	struct bytes user;
	uint8_t next;

	if (!h || (h[0] & GTPU_VERSION) != GTPU_VERSION_1 || !(h[0] & GTPU_NOT_PRIME) ||
	    h[1] != GTPU_G_PDU || load_be16(h + 2) != cursor_left(&c))
		return false;
	if (h[0] & GTPU_OPTIONAL) {
		cursor_skip(&c, GTPU_OPTIONAL_LEN - 1);
		next = cursor_u8(&c);
		if (!skip_gtpu_extensions(&c, h[0] & GTPU_EXTENSION ? next : 0))
			return false;
	}
	user = cursor_rest(&c);
	if (!user.len)
		return false;
	switch (user.data[0] >> 4) {
	case 4:
		layer = decode_ip4;
		break;
	case 6:
		layer = decode_ip6;
		break;
	default:
		return false;
	}
	r->count[COUNTER_WEIR_DECODER_GTPU]++;
	return decode_inner(r, p, user, PACKET_GTPU, layer);
}

bool decode_udp_tunnel(struct decode_run *r, struct packet *p, struct bytes b)
{
	const struct decode_options *o = &r->d->options;

	if (is_teredo(o, p->sport, p->dport) && read_teredo(r, p, b))
		return true;
	if (is_geneve(o, p->sport, p->dport) && read_geneve(r, p, b))
		return true;
	if (is_vxlan(o, p->dport) && read_vxlan(r, p, b))
		return true;
	return is_gtpu(o, p->dport) && read_gtpu(r, p, b);
}
