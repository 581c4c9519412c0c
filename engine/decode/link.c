/* SPDX-License-Identifier: Apache-2.0 */
/* Link layers, and what an Ethernet type announces. */
#include <string.h>

#include "engine/decode/layer.h"

#define ETHERNET_LEN 14
#define DCE_LEN 2
#define SLL_LEN 16
#define SLL2_LEN 20

bool decode_ethernet(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, ETHERNET_LEN);

	r->count[COUNTER_DECODER_ETHERNET]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_ETHERNET_PKT_TOO_SMALL);
	if (!decode_enter(r, p))
		return false;
	memcpy(p->mac_dst, h, sizeof(p->mac_dst));
	memcpy(p->mac_src, h + 6, sizeof(p->mac_src));
	p->has_mac = true;
	(void)decode_network(r, p, load_be16(h + 12), cursor_rest(&c));
	return true;
}

/* FabricPath: another Ethernet header follows a tag of two bytes. */
static bool decode_dce(struct decode_run *r, struct packet *p, struct bytes b)
{
	if (b.len < DCE_LEN + ETHERNET_LEN)
		(void)decode_invalid(p, EVENT_DECODE_DCE_PKT_TOO_SMALL);
	else
		(void)decode_ethernet(r, p, bytes_slice(b, DCE_LEN, b.len));
	return true;
}

decode_layer_fn decode_network_layer(uint16_t type)
{
	switch (type) {
	case ETHER_IPV4:
		return decode_ip4;
	case ETHER_IPV6:
		return decode_ip6;
	case ETHER_ARP:
		return decode_arp;
	case ETHER_VLAN:
	case ETHER_QINQ:
	case ETHER_QINQ_OLD:
		return decode_vlan;
	case ETHER_8021AH:
		return decode_8021ah;
	case ETHER_VNTAG:
		return decode_vntag;
	case ETHER_MPLS:
	case ETHER_MPLS_MULTICAST:
		return decode_mpls;
	case ETHER_PPPOE_SESSION:
		return decode_pppoe_session;
	case ETHER_PPPOE_DISCOVERY:
		return decode_pppoe_discovery;
	case ETHER_DCE:
		return decode_dce;
	case ETHER_NSH:
		return decode_nsh;
	default:
		return NULL;
	}
}

bool decode_network(struct decode_run *r, struct packet *p, uint16_t type, struct bytes b)
{
	decode_layer_fn layer;

	p->ether_type = type;
	if (type == ETHER_IPV4) {
		(void)decode_ip4(r, p, b);
		return true;
	}
	layer = decode_network_layer(type);
	if (!layer) {
		/* IEEE 802.3 lengths come here too: what LLC carries is not looked at. */
		r->count[COUNTER_DECODER_UNKNOWN_ETHERTYPE]++;
		packet_event(p, EVENT_DECODE_ETHERNET_UNKNOWN_ETHERTYPE);
		return false;
	}
	(void)layer(r, p, b);
	return true;
}

/* Linux cooked capture: the Ethernet type stands at the end of the header... */
bool decode_sll(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, SLL_LEN);

	r->count[COUNTER_DECODER_SLL]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_SLL_PKT_TOO_SMALL);
	(void)decode_network(r, p, load_be16(h + 14), cursor_rest(&c));
	return true;
}

/* ...and, in the second version, at its front. */
bool decode_sll2(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, SLL2_LEN);

	r->count[COUNTER_DECODER_SLL2]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_SLL2_PKT_TOO_SMALL);
	(void)decode_network(r, p, load_be16(h), cursor_rest(&c));
	return true;
}

/*
 * BSD loopback: the address family in the byte order of the machine that captured (NULL), or
 * in network order (LOOP).  All families are small numbers, so either order tells itself.
 */
bool decode_null(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	uint32_t family = cursor_le32(&c);

	r->count[COUNTER_DECODER_NULL]++;
	if (!cursor_ok(&c))
		return decode_invalid(p, EVENT_DECODE_LTNULL_PKT_TOO_SMALL);
	if (!decode_enter(r, p))
		return false;
	if ((family & 0xffff) == 0)
		family = load_be32(b.data);
	switch (family) {
	case 2: /* AF_INET, everywhere */
		(void)decode_ip4(r, p, cursor_rest(&c));
		break;
	case 10: /* AF_INET6: Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD */
	case 26: /* Solaris */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		(void)decode_ip6(r, p, cursor_rest(&c));
		break;
	default:
		packet_event(p, EVENT_DECODE_LTNULL_UNSUPPORTED_TYPE);
		break;
	}
	return true;
}

bool decode_chdlc(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, 4);

	r->count[COUNTER_DECODER_CHDLC]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_CHDLC_PKT_TOO_SMALL);
	if (!decode_enter(r, p))
		return false;
	(void)decode_network(r, p, load_be16(h + 2), cursor_rest(&c));
	return true;
}

bool decode_raw(struct decode_run *r, struct packet *p, struct bytes b)
{
	r->count[COUNTER_DECODER_RAW]++;
	if (b.len < 20)
		return decode_invalid(p, EVENT_DECODE_IPV4_PKT_TOO_SMALL);
	switch (b.data[0] >> 4) {
	case 4:
		(void)decode_ip4(r, p, b);
		break;
	case 6:
		(void)decode_ip6(r, p, b);
		break;
	default:
		packet_event(p, EVENT_DECODE_IPRAW_INVALID_IP_VERSION);
		break;
	}
	return true;
}
