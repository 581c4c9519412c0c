/* SPDX-License-Identifier: Apache-2.0 */
/* ARP for IPv4 over Ethernet (RFC 826, reverse operations of RFC 903). */
#include "engine/decode/layer.h"

#define ARP_HEAD_LEN 8 /* to the operation; the addresses follow */
#define ARP_LEN 28

static bool known_operation(uint16_t op)
{
	return op >= 1 && op <= 4;
}

bool decode_arp(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, ARP_HEAD_LEN);

	r->count[COUNTER_DECODER_ARP]++;
	if (!decode_enter(r, p))
		return false;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_ARP_PKT_TOO_SMALL);
	if (load_be16(h) != 1)
		return decode_invalid(p, EVENT_DECODE_ARP_UNSUPPORTED_HARDWARE);
	if (load_be16(h + 2) != ETHER_IPV4)
		return decode_invalid(p, EVENT_DECODE_ARP_UNSUPPORTED_PROTOCOL);
	if (b.len < ARP_LEN)
		return decode_invalid(p, EVENT_DECODE_ARP_INVALID_PKT);
	if (h[4] != 6)
		return decode_invalid(p, EVENT_DECODE_ARP_INVALID_HARDWARE_SIZE);
	if (h[5] != 4)
		return decode_invalid(p, EVENT_DECODE_ARP_INVALID_PROTOCOL_SIZE);
	if (!known_operation(load_be16(h + 6)))
		return decode_invalid(p, EVENT_DECODE_ARP_UNSUPPORTED_OPCODE);
	p->arp = bytes_slice(b, 0, ARP_LEN);
	return true;
}
