/* SPDX-License-Identifier: Apache-2.0 */
/* IPv4 (RFC 791) and its options. */
#include "engine/decode/checksum.h"
#include "engine/decode/layer.h"

#define IP4_LEN 20

enum ip4_option_type {
	OPT_EOL = 0,
	OPT_NOP = 1,
	OPT_RR = 7,
	OPT_QS = 25,
	OPT_TS = 68,
	OPT_SEC = 130,
	OPT_LSRR = 131,
	OPT_ESEC = 133,
	OPT_CIPSO = 134,
	OPT_SATID = 136,
	OPT_SSRR = 137,
	OPT_RTRALT = 148,
};

/* o is a whole option, type and length first.  Each returns what is wrong, or -1. */
typedef int (*option_check)(struct bytes o);

/* Route recorders: a pointer to the next free slot of four bytes, from 4 to just past the end. */
static int check_route(struct bytes o)
{
	unsigned pointer;

	if (o.len < 3)
		return EVENT_DECODE_IPV4_OPT_INVALID_LEN;
	pointer = o.data[2];
	if (pointer < 4 || pointer % 4 || pointer > o.len + 1)
		return EVENT_DECODE_IPV4_OPT_MALFORMED;
	return -1;
}

/* Timestamps: slots of four bytes, of eight where addresses stand with them (flag 1, 3). */
static int check_timestamp(struct bytes o)
{
	unsigned pointer, flag, slot;

	if (o.len < 5)
		return EVENT_DECODE_IPV4_OPT_INVALID_LEN;
	pointer = o.data[2];
	flag = o.data[3] & 0x0f;
	slot = flag == 1 || flag == 3 ? 8 : 4;
	if (pointer < 5 || (pointer - 5) % slot || pointer > o.len + 1)
		return EVENT_DECODE_IPV4_OPT_MALFORMED;
	return -1;
}

static int check_len4(struct bytes o)
{
	return o.len == 4 ? -1 : EVENT_DECODE_IPV4_OPT_INVALID_LEN;
}

static int check_min8(struct bytes o)
{
	return o.len >= 8 ? -1 : EVENT_DECODE_IPV4_OPT_INVALID_LEN;
}

static int check_min3(struct bytes o)
{
	return o.len >= 3 ? -1 : EVENT_DECODE_IPV4_OPT_INVALID_LEN;
}

/* CIPSO: a domain of four bytes, then tags of type, length, alignment and data. */
static int check_cipso(struct bytes o)
{
	struct cursor c = cursor_of(bytes_slice(o, 6, o.len));

	if (o.len < 10)
		return EVENT_DECODE_IPV4_OPT_INVALID_LEN;
	while (cursor_left(&c) > 0) {
		uint8_t type = cursor_u8(&c);
		uint8_t len = cursor_u8(&c);
		uint8_t alignment;

		if (!cursor_ok(&c) || len > cursor_left(&c) + 2)
			return EVENT_DECODE_IPV4_OPT_MALFORMED;
		switch (type) {
		case 1:
		case 2:
		case 5:
		case 6:
		case 7:
			break;
		default:
			return EVENT_DECODE_IPV4_OPT_MALFORMED;
		}
		if (len < 4)
			return EVENT_DECODE_IPV4_OPT_MALFORMED;
		alignment = cursor_u8(&c);
		if (type != 7 && alignment != 0)
			return EVENT_DECODE_IPV4_OPT_MALFORMED;
		cursor_skip(&c, len - 3u);
	}
	return -1;
}

static const struct {
	uint8_t type;
	uint16_t bit;
	option_check check;
} options[] = {
	{ OPT_RR, IP_OPTION_RR, check_route },	      { OPT_TS, IP_OPTION_TS, check_timestamp },
	{ OPT_SEC, IP_OPTION_SEC, check_min3 },	      { OPT_LSRR, IP_OPTION_LSRR, check_route },
	{ OPT_SSRR, IP_OPTION_SSRR, check_route },    { OPT_SATID, IP_OPTION_SATID, check_len4 },
	{ OPT_ESEC, IP_OPTION_ESEC, check_min3 },     { OPT_CIPSO, IP_OPTION_CIPSO, check_cipso },
	{ OPT_RTRALT, IP_OPTION_RTRALT, check_len4 }, { OPT_QS, IP_OPTION_QS, check_min8 },
};

static void read_option(struct packet *p, struct bytes o)
{
	int wrong;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i].type != o.data[0])
			continue;
		if (p->ip_options & options[i].bit) {
			packet_event(p, EVENT_DECODE_IPV4_OPT_DUPLICATE);
			return;
		}
		wrong = options[i].check(o);
		if (wrong >= 0)
			(void)decode_invalid(p, (enum event)wrong);
		else
			p->ip_options |= options[i].bit;
		return;
	}
	packet_event(p, EVENT_DECODE_IPV4_OPT_INVALID);
}

/* False: an option runs over, so that what follows the header is not sure either. */
static bool read_options(struct packet *p, struct bytes b)
{
	if (b.len % 8)
		packet_event(p, EVENT_DECODE_IPV4_OPT_PAD_REQUIRED);
	while (b.len) {
		size_t len = 1;

		if (b.data[0] == OPT_EOL) {
			p->ip_options |= IP_OPTION_EOL;
			return true;
		}
		if (b.data[0] == OPT_NOP) {
			p->ip_options |= IP_OPTION_NOP;
		} else {
			if (b.len < 2) {
				packet_event(p, EVENT_DECODE_IPV4_OPT_EOL_REQUIRED);
				return true;
			}
			len = b.data[1];
			if (len < 2 || len > b.len)
				return decode_invalid(p, EVENT_DECODE_IPV4_OPT_INVALID_LEN);
			read_option(p, bytes_slice(b, 0, len));
		}
		b = bytes_slice(b, len, b.len);
	}
	return true;
}

static bool read_header(struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, IP4_LEN);
	size_t header_len, len;
	uint16_t fragment;

	if (!h)
		return decode_invalid(p, EVENT_DECODE_IPV4_PKT_TOO_SMALL);
	if (h[0] >> 4 != 4)
		return decode_invalid(p, EVENT_DECODE_IPV4_WRONG_IP_VERSION);
	header_len = (h[0] & 0x0fu) * 4;
	if (header_len < IP4_LEN)
		return decode_invalid(p, EVENT_DECODE_IPV4_HLEN_TOO_SMALL);
	len = load_be16(h + 2);
	if (len < header_len)
		return decode_invalid(p, EVENT_DECODE_IPV4_IPLEN_SMALLER_THAN_HLEN);
	if (len > b.len)
		return decode_invalid(p, EVENT_DECODE_IPV4_TRUNC_PKT);

	if (header_len > IP4_LEN &&
	    !read_options(p, bytes_slice(b, IP4_LEN, header_len - IP4_LEN))) {
		p->ip_options = 0;
		return false;
	}
	p->has_ip = true;
	p->ip_version = 4;
	p->l3_offset = decode_offset(p, b);
	p->l3_len = (uint16_t)len;
	p->tos = h[1];
	p->ip_id = load_be16(h + 4);
	fragment = load_be16(h + 6);
	p->reserved_fragment = fragment >> 15;
	p->dont_fragment = fragment >> 14 & 1;
	p->more_fragments = fragment >> 13 & 1;
	p->frag_offset = fragment & 0x1fff;
	p->ttl = h[8];
	p->proto = h[9];
	p->src = ip_addr_v4(h + 12);
	p->dst = ip_addr_v4(h + 16);
	return true;
}

static void tunnel(struct decode_run *r, struct packet *p, struct bytes b, decode_layer_fn layer,
		   enum counter counter)
{
	p->has_l4 = true;
	p->l4_offset = decode_offset(p, b);
	if (decode_inner(r, p, b, PACKET_IPV4, layer))
		r->count[counter]++;
}

static void transport(struct decode_run *r, struct packet *p, struct bytes b)
{
	switch (p->proto) {
	case IP_PROTO_TCP:
		(void)decode_tcp(r, p, b);
		break;
	case IP_PROTO_UDP:
		(void)decode_udp(r, p, b);
		break;
	case IP_PROTO_ICMP:
		(void)decode_icmp4(r, p, b);
		break;
	case IP_PROTO_GRE:
		(void)decode_gre(r, p, b);
		break;
	case IP_PROTO_SCTP:
		(void)decode_sctp(r, p, b);
		break;
	case IP_PROTO_ESP:
		(void)decode_esp(r, p, b);
		break;
	case IP_PROTO_IPIP:
		tunnel(r, p, b, decode_ip4, COUNTER_DECODER_IPV4_IN_IPV4);
		break;
	case IP_PROTO_IPV6:
		tunnel(r, p, b, decode_ip6, COUNTER_DECODER_IPV6_IN_IPV4);
		break;
	case IP_PROTO_ICMPV6:
		(void)decode_invalid(p, EVENT_DECODE_IPV4_ICMPV6);
		break;
	default:
		break;
	}
}

bool decode_ip4(struct decode_run *r, struct packet *p, struct bytes b)
{
	size_t header_len;

	r->count[COUNTER_DECODER_IPV4]++;
	if (!decode_enter(r, p))
		return false;
	/* Offsets are kept in 16 bits. */
	if (b.data - p->data.data > UINT16_MAX - 255)
		return decode_invalid(p, EVENT_DECODE_TOO_MANY_LAYERS);
	if (!read_header(p, b))
		return false;
	header_len = (b.data[0] & 0x0fu) * 4;
	if (r->d->options.check_checksums && !checksum_ok(bytes_slice(b, 0, header_len)))
		p->bad_ip_checksum = true;
	if (p->frag_offset || p->more_fragments) {
		decode_fragment(r, p);
		return true;
	}
	transport(r, p, bytes_slice(b, header_len, p->l3_len - header_len));
	return true;
}
