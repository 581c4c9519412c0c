/* SPDX-License-Identifier: Apache-2.0 */
/* ICMP for IPv4 (RFC 792, RFC 950, RFC 1256). */
#include "engine/decode/checksum.h"
#include "engine/decode/icmp.h"

#define ICMP4_LEN 8
#define CODE_FRAG_NEEDED 4

enum icmp4_type {
	ICMP4_ECHO_REPLY = 0,
	ICMP4_UNREACHABLE = 3,
	ICMP4_SOURCE_QUENCH = 4,
	ICMP4_REDIRECT = 5,
	ICMP4_ECHO = 8,
	ICMP4_ROUTER_ADVERT = 9,
	ICMP4_TIME_EXCEEDED = 11,
	ICMP4_PARAMETER = 12,
	ICMP4_TIMESTAMP = 13,
	ICMP4_TIMESTAMP_REPLY = 14,
	ICMP4_INFO = 15,
	ICMP4_INFO_REPLY = 16,
	ICMP4_MASK = 17,
	ICMP4_MASK_REPLY = 18,
};

static const struct icmp_type types[] = {
	[ICMP4_ECHO_REPLY] = { true, 0, ICMP_QUERY, 0 },
	[ICMP4_UNREACHABLE] = { true, 15, ICMP_ERROR, 0 },
	[ICMP4_SOURCE_QUENCH] = { true, 0, ICMP_ERROR, 0 },
	[ICMP4_REDIRECT] = { true, 3, ICMP_ERROR, 0 },
	[ICMP4_ECHO] = { true, 0, ICMP_QUERY, 0 },
	[ICMP4_ROUTER_ADVERT] = { true, ICMP_ANY_CODE, ICMP_PLAIN, 0 },
	[ICMP4_TIME_EXCEEDED] = { true, 1, ICMP_ERROR, 0 },
	[ICMP4_PARAMETER] = { true, 0, ICMP_ERROR, 0 },
	[ICMP4_TIMESTAMP] = { true, 0, ICMP_QUERY, 20 },
	[ICMP4_TIMESTAMP_REPLY] = { true, 0, ICMP_QUERY, 20 },
	[ICMP4_INFO] = { true, 0, ICMP_QUERY, 0 },
	[ICMP4_INFO_REPLY] = { true, 0, ICMP_QUERY, 0 },
	[ICMP4_MASK] = { true, 0, ICMP_QUERY, 0 },
	[ICMP4_MASK_REPLY] = { true, 0, ICMP_QUERY, 0 },
};

static void read_quote(struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, 20);
	size_t header_len;

	if (!h) {
		(void)decode_invalid(p, EVENT_DECODE_ICMPV4_IPV4_TRUNC_PKT);
		return;
	}
	if (h[0] >> 4 != 4) {
		(void)decode_invalid(p, EVENT_DECODE_ICMPV4_IPV4_UNKNOWN_VER);
		return;
	}
	header_len = (h[0] & 0x0fu) * 4;
	p->has_quoted = true;
	p->quoted_src = ip_addr_v4(h + 12);
	p->quoted_dst = ip_addr_v4(h + 16);
	icmp_quote_ports(p, h[9], bytes_slice(b, header_len < 20 ? 20 : header_len, b.len));
}

static void read_message(struct packet *p, const struct icmp_type *t, struct bytes b)
{
	const uint8_t *h = b.data;

	if (p->icmp_code > t->codes)
		packet_event(p, EVENT_DECODE_ICMPV4_UNKNOWN_CODE);
	if (b.len < t->header_len)
		packet_event(p, EVENT_DECODE_ICMPV4_IPV4_TRUNC_PKT);
	else if (t->header_len)
		p->payload = bytes_slice(b, t->header_len, b.len);
	if (p->icmp_code > t->codes || b.len < t->header_len)
		return;
	if (t->shape == ICMP_QUERY) {
		p->has_icmp_id = true;
		p->icmp_id = load_be16(h + 4);
		p->icmp_seq = load_be16(h + 6);
	}
	if (t->shape == ICMP_ERROR) {
		if (p->icmp_type == ICMP4_UNREACHABLE && p->icmp_code == CODE_FRAG_NEEDED)
			p->icmp_mtu = load_be16(h + 6);
		/* As Suricata has it, only a source quench must quote something. */
		if (b.len > ICMP4_LEN || p->icmp_type == ICMP4_SOURCE_QUENCH)
			read_quote(p, bytes_slice(b, ICMP4_LEN, b.len));
	}
}

bool decode_icmp4(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, ICMP4_LEN);

	r->count[COUNTER_DECODER_ICMPV4]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_ICMPV4_PKT_TOO_SMALL);
	p->proto = IP_PROTO_ICMP;
	p->icmp_type = h[0];
	p->icmp_code = h[1];
	decode_l4(p, b, ICMP4_LEN);
	if (h[0] < sizeof(types) / sizeof(types[0]) && types[h[0]].known)
		read_message(p, &types[h[0]], b);
	else
		packet_event(p, EVENT_DECODE_ICMPV4_UNKNOWN_TYPE);
	if (r->d->options.check_checksums && !checksum_ok(b))
		p->bad_checksum = true;
	return true;
}
