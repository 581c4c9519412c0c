/* SPDX-License-Identifier: Apache-2.0 */
/* ICMP for IPv6 (RFC 4443; RFC 2710 listeners, RFC 4861 neighbours and others). */
#include "engine/decode/checksum.h"
#include "engine/decode/icmp.h"

#define ICMP6_LEN 8

enum icmp6_type {
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP6_TIME_EXCEEDED = 3,
	ICMP6_PARAMETER = 4,
	ICMP6_ECHO = 128,
	ICMP6_ECHO_REPLY = 129,
	ICMP6_MLD_QUERY = 130,
	ICMP6_MLD_DONE = 132,
	ICMP6_RENUMBER = 138,
};

/* Types from 1 on that have a greatest known code, in ascending ranges. */
static const struct {
	uint8_t first, last;
	uint8_t codes;
	uint8_t shape; /* enum icmp_shape */
} known[] = {
	{ 1, 1, 6, ICMP_ERROR },
	{ 2, 2, 0, ICMP_ERROR },
	{ 3, 3, 1, ICMP_ERROR },
	{ 4, 4, 2, ICMP_ERROR },
	{ 128, 129, 0, ICMP_QUERY },
	{ 130, 137, 0, ICMP_PLAIN },
	{ 138, 138, 2, ICMP_PLAIN }, /* and 255, below */
	{ 139, 140, 2, ICMP_PLAIN },
	{ 141, 149, 0, ICMP_PLAIN },
	{ 150, 153, ICMP_ANY_CODE, ICMP_PLAIN },
	{ 154, 154, 0, ICMP_PLAIN },
	{ 155, 155, 3, ICMP_PLAIN },
	{ 156, 159, 0, ICMP_PLAIN },
};

/* The registry's ranges without a message: why a type is not known. */
static enum event unknown_type(uint8_t type)
{
	if (type == 100 || type == 101 || type == 200 || type == 201)
		return EVENT_DECODE_ICMPV6_EXPERIMENTATION_TYPE;
	if (type == 0 || type == 127)
		return EVENT_DECODE_ICMPV6_UNKNOWN_TYPE;
	return EVENT_DECODE_ICMPV6_UNASSIGNED_TYPE;
}

static void read_quote(struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, 40);

	if (!h) {
		(void)decode_invalid(p, EVENT_DECODE_ICMPV6_IPV6_TRUNC_PKT);
		return;
	}
	if (h[0] >> 4 != 6) {
		(void)decode_invalid(p, EVENT_DECODE_ICMPV6_IPV6_UNKNOWN_VERSION);
		return;
	}
	p->has_quoted = true;
	p->quoted_src = ip_addr_v6(h + 8);
	p->quoted_dst = ip_addr_v6(h + 24);
	icmp_quote_ports(p, h[6], cursor_rest(&c));
}

/*
 * What content and dsize look at in messages other than echo and errors: it starts
 * behind the checksum, and ends eight bytes early.  Rules were written against that.
 */
static struct bytes plain_payload(struct bytes b)
{
	return bytes_slice(b, 4, b.len > 12 ? b.len - 12 : 0);
}

static void read_message(struct packet *p, unsigned codes, unsigned shape, struct bytes b)
{
	bool renumber_result = p->icmp_type == ICMP6_RENUMBER && p->icmp_code == 255;

	if (p->icmp_type >= ICMP6_MLD_QUERY && p->icmp_type <= ICMP6_MLD_DONE && p->ttl != 1)
		packet_event(p, EVENT_DECODE_ICMPV6_MLD_MESSAGE_WITH_INVALID_HL);
	if (p->icmp_code > codes && !renumber_result) {
		packet_event(p, EVENT_DECODE_ICMPV6_UNKNOWN_CODE);
		return;
	}
	if (shape != ICMP_PLAIN)
		p->payload = bytes_slice(b, ICMP6_LEN, b.len);
	if (shape == ICMP_QUERY) {
		p->has_icmp_id = true;
		p->icmp_id = load_be16(b.data + 4);
		p->icmp_seq = load_be16(b.data + 6);
	}
	if (shape == ICMP_ERROR) {
		if (p->icmp_type == ICMP6_TOO_BIG)
			p->icmp_mtu = load_be32(b.data + 4);
		read_quote(p, bytes_slice(b, ICMP6_LEN, b.len));
	}
}

bool decode_icmp6(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, ICMP6_LEN);
	size_t i;

	r->count[COUNTER_DECODER_ICMPV6]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_ICMPV6_PKT_TOO_SMALL);
	p->proto = IP_PROTO_ICMPV6;
	p->icmp_type = h[0];
	p->icmp_code = h[1];
	decode_l4(p, b, ICMP6_LEN);
	p->payload = plain_payload(b);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (h[0] >= known[i].first && h[0] <= known[i].last)
			break;
	}
	if (i < sizeof(known) / sizeof(known[0]))
		read_message(p, known[i].codes, known[i].shape, b);
	else
		packet_event(p, unknown_type(h[0]));
	if (r->d->options.check_checksums && !checksum_transport_ok(p, IP_PROTO_ICMPV6, b))
		p->bad_checksum = true;
	return true;
}
