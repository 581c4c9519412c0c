/* SPDX-License-Identifier: Apache-2.0 */
/* Tags between Ethernet and the network layer: 802.1Q, 802.1ad, 802.1ah, VN-Tag. */
#include "engine/decode/layer.h"

#define IEEE8021AH_LEN 18
#define VNTAG_LEN 6

bool decode_vlan(struct decode_run *r, struct packet *p, struct bytes b)
{
	static const enum counter per_depth[PACKET_VLANS_MAX] = {
		COUNTER_DECODER_VLAN,
		COUNTER_DECODER_VLAN_QINQ,
		COUNTER_DECODER_VLAN_QINQINQ,
	};
	struct cursor c = cursor_of(b);
	uint16_t tag = cursor_be16(&c);
	uint16_t type = cursor_be16(&c);

	if (p->vlans == PACKET_VLANS_MAX) {
		packet_event(p, EVENT_DECODE_VLAN_TOO_MANY_LAYERS);
		return false;
	}
	r->count[per_depth[p->vlans]]++;
	if (!cursor_ok(&c))
		return decode_invalid(p, EVENT_DECODE_VLAN_HEADER_TOO_SMALL);
	if (!decode_enter(r, p))
		return false;
	p->vlan[p->vlans++] = tag & 0x0fff;
	if (!decode_network(r, p, type, cursor_rest(&c))) {
		return decode_invalid(p, EVENT_DECODE_VLAN_UNKNOWN_TYPE);
	}
	return true;
}

/* Provider backbone bridging: flags and service, the customer's addresses, its Ethernet type. */
bool decode_8021ah(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, IEEE8021AH_LEN);

	r->count[COUNTER_DECODER_IEEE8021AH]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_IEEE8021AH_HEADER_TOO_SMALL);
	if (!decode_enter(r, p))
		return false;
	(void)decode_network(r, p, load_be16(h + 16), cursor_rest(&c));
	return true;
}

bool decode_vntag(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, VNTAG_LEN);

	r->count[COUNTER_DECODER_VNTAG]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_VNTAG_HEADER_TOO_SMALL);
	if (!decode_enter(r, p))
		return false;
	if (!decode_network(r, p, load_be16(h + 4), cursor_rest(&c))) {
		return decode_invalid(p, EVENT_DECODE_VNTAG_UNKNOWN_TYPE);
	}
	return true;
}
