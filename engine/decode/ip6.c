/* SPDX-License-Identifier: Apache-2.0 */
/* IPv6 (RFC 8200) and its extension headers. */
#include "engine/decode/layer.h"

#define IP6_LEN 40
#define FRAGMENT_LEN 8
#define AH_LEN 12

enum ip6_protocol {
	PROTO_HOPOPTS = 0,
	PROTO_MOBILITY = 135,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140,
};

/* Options of hop-by-hop and destination headers. */
enum ip6_option {
	OPT6_PAD1 = 0x00,
	OPT6_PADN = 0x01,
	OPT6_ROUTER_ALERT = 0x05,
	OPT6_JUMBO = 0xc2,
	OPT6_HOME_ADDRESS = 0xc9,
};

/* How often each extension header has been seen, and what is left. */
struct chain {
	struct bytes rest;
	uint8_t next;
	uint16_t next_at; /* offset in the packet's data of the byte that gave next */
	bool extended; /* an extension header has been read */
	uint8_t hop, dst, routing, ah, esp, fragment;
};

enum step {
	STEP_ON, /* the next header follows */
	STEP_END, /* nothing more to read */
};

/* Least length of an option's data; -1: not known. */
static int option_min(uint8_t type)
{
	switch (type) {
	case OPT6_ROUTER_ALERT:
		return 2;
	case OPT6_JUMBO:
		return 4;
	case OPT6_HOME_ADDRESS:
		return 16;
	default:
		return -1;
	}
}

static void read_options(struct packet *p, struct bytes b, bool hop)
{
	struct cursor c = cursor_of(b);
	unsigned padding = 0, others = 0;

	while (cursor_left(&c) > 0) {
		uint8_t type = cursor_u8(&c);
		uint8_t len;
		int min;

		if (type == OPT6_PAD1) {
			padding++;
			continue;
		}
		len = cursor_u8(&c);
		/* The last option may be a byte too long: as Suricata has it. */
		if (!cursor_ok(&c) || len > cursor_left(&c) + 1) {
			(void)decode_invalid(p, EVENT_DECODE_IPV6_EXTHDR_INVALID_OPTLEN);
			break;
		}
		cursor_skip(&c, len <= cursor_left(&c) ? len : cursor_left(&c));
		if (type == OPT6_PADN) {
			if (len == 0)
				packet_event(p, EVENT_DECODE_IPV6_ZERO_LEN_PADN);
			padding++;
			continue;
		}
		min = option_min(type);
		if (min < 0) {
			packet_event(p, hop ? EVENT_DECODE_IPV6_HOPOPTS_UNKNOWN_OPT
					    : EVENT_DECODE_IPV6_DSTOPTS_UNKNOWN_OPT);
		} else if (len < min) {
			(void)decode_invalid(p, EVENT_DECODE_IPV6_EXTHDR_INVALID_OPTLEN);
			break;
		}
		others++;
	}
	if (padding && !others)
		packet_event(p, hop ? EVENT_DECODE_IPV6_HOPOPTS_ONLY_PADDING
				    : EVENT_DECODE_IPV6_DSTOPTS_ONLY_PADDING);
}

/* Take len bytes of extension header.  The caller has looked that they are there. */
static enum step advance(struct packet *p, struct chain *x, size_t len)
{
	x->next_at = decode_offset(p, x->rest);
	x->next = x->rest.data[0];
	x->rest = bytes_slice(x->rest, len, x->rest.len);
	return STEP_ON;
}

static enum step truncated(struct packet *p)
{
	(void)decode_invalid(p, EVENT_DECODE_IPV6_TRUNC_EXTHDR);
	return STEP_END;
}

/* Length of a header that counts itself in eight bytes, less the first. */
static size_t octets_len(const struct chain *x)
{
	return (x->rest.data[1] + 1u) * 8;
}

static enum step read_option_header(struct packet *p, struct chain *x, bool hop)
{
	size_t len = octets_len(x);

	if (len > x->rest.len)
		return truncated(p);
	if (hop ? x->hop++ : x->dst++ > 1)
		packet_event(p, hop ? EVENT_DECODE_IPV6_EXTHDR_DUPL_HH
				    : EVENT_DECODE_IPV6_EXTHDR_DUPL_DH);
	else
		read_options(p, bytes_slice(x->rest, 2, len - 2), hop);
	return advance(p, x, len);
}

static enum step read_routing(struct packet *p, struct chain *x)
{
	size_t len = octets_len(x);

	if (len > x->rest.len)
		return truncated(p);
	if (x->routing++)
		packet_event(p, EVENT_DECODE_IPV6_EXTHDR_DUPL_RH);
	else if (x->rest.data[2] == 0)
		packet_event(p, EVENT_DECODE_IPV6_RH_TYPE_0);
	return advance(p, x, len);
}

static enum step read_ah(struct packet *p, struct chain *x)
{
	size_t len = AH_LEN;

	if (x->rest.len < AH_LEN)
		return truncated(p);
	if (x->rest.data[1] > 0)
		len += (x->rest.data[1] - 1u) * 4;
	if (len > x->rest.len)
		return truncated(p);
	if (load_be16(x->rest.data + 2) != 0)
		packet_event(p, EVENT_DECODE_IPV6_EXTHDR_AH_RES_NOT_NULL);
	if (x->ah++)
		packet_event(p, EVENT_DECODE_IPV6_EXTHDR_DUPL_AH);
	return advance(p, x, len);
}

static enum step read_fragment(struct packet *p, struct chain *x)
{
	const uint8_t *h = x->rest.data;
	uint16_t offset;

	if (x->rest.len < FRAGMENT_LEN)
		return truncated(p);
	if (h[1] != 0)
		packet_event(p, EVENT_DECODE_IPV6_FH_NON_ZERO_RESERVED_FIELD);
	if (x->fragment++) {
		packet_event(p, EVENT_DECODE_IPV6_EXTHDR_DUPL_FH);
		return advance(p, x, FRAGMENT_LEN);
	}
	offset = load_be16(h + 2);
	p->frag_header = decode_offset(p, x->rest);
	p->frag_next = x->next_at;
	p->frag_offset = offset >> 3;
	p->more_fragments = offset & 1;
	p->ip_id = load_be16(h + 6);
	/* Whole in one fragment (RFC 6946): nothing to join. */
	if (!p->frag_offset && !p->more_fragments) {
		packet_event(p, EVENT_DECODE_IPV6_EXTHDR_USELESS_FH);
		return advance(p, x, FRAGMENT_LEN);
	}
	p->is_fragment = true;
	return STEP_END;
}

static enum step read_esp(struct decode_run *r, struct packet *p, struct chain *x)
{
	if (x->esp++)
		packet_event(p, EVENT_DECODE_IPV6_EXTHDR_DUPL_EH);
	(void)decode_esp(r, p, x->rest);
	return STEP_END;
}

/* Counted as a transport header, so that the tunnel is a flow. */
static void tunnel(struct decode_run *r, struct packet *p, struct bytes b, decode_layer_fn layer,
		   enum counter counter)
{
	if (decode_inner(r, p, b, PACKET_IPV6, layer))
		r->count[counter]++;
	p->has_l4 = true;
	p->l4_offset = decode_offset(p, b);
}

static void tunnel4(struct decode_run *r, struct packet *p, struct bytes b)
{
	if (b.len < 20)
		(void)decode_invalid(p, EVENT_DECODE_IPV6_IPV4_IN_IPV6_TOO_SMALL);
	else if (b.data[0] >> 4 != 4)
		(void)decode_invalid(p, EVENT_DECODE_IPV6_IPV4_IN_IPV6_WRONG_VERSION);
	else
		tunnel(r, p, b, decode_ip4, COUNTER_DECODER_IPV4_IN_IPV6);
}

static void tunnel6(struct decode_run *r, struct packet *p, struct bytes b)
{
	if (b.len < IP6_LEN) {
		(void)decode_invalid(p, EVENT_DECODE_IPV6_IPV6_IN_IPV6_TOO_SMALL);
	} else if (b.data[0] >> 4 != 6) {
		(void)decode_invalid(p, EVENT_DECODE_IPV6_IPV6_IN_IPV6_WRONG_VERSION);
		p->has_l4 = true;
		p->l4_offset = decode_offset(p, b);
	} else {
		tunnel(r, p, b, decode_ip6, COUNTER_DECODER_IPV6_IN_IPV6);
	}
}

/* Headers that end the chain; GRE and IPv6 only where no extension header came before. */
static bool read_transport(struct decode_run *r, struct packet *p, struct chain *x)
{
	switch (x->next) {
	case IP_PROTO_TCP:
		(void)decode_tcp(r, p, x->rest);
		return true;
	case IP_PROTO_UDP:
		(void)decode_udp(r, p, x->rest);
		return true;
	case IP_PROTO_ICMPV6:
		(void)decode_icmp6(r, p, x->rest);
		return true;
	case IP_PROTO_SCTP:
		(void)decode_sctp(r, p, x->rest);
		return true;
	case IP_PROTO_GRE:
		if (x->extended)
			return false;
		(void)decode_gre(r, p, x->rest);
		return true;
	case IP_PROTO_IPIP:
		tunnel4(r, p, x->rest);
		return true;
	case IP_PROTO_IPV6:
		if (x->extended)
			return false;
		tunnel6(r, p, x->rest);
		return true;
	case IP_PROTO_ICMP:
		packet_event(p, EVENT_DECODE_IPV6_ICMPV4);
		return true;
	case IP_PROTO_NONE:
		if (x->rest.len)
			packet_event(p, EVENT_DECODE_IPV6_DATA_AFTER_NONE_HEADER);
		return true;
	default:
		return false;
	}
}

static bool is_extension(uint8_t protocol)
{
	switch (protocol) {
	case PROTO_HOPOPTS:
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
	case IP_PROTO_DSTOPTS:
	case IP_PROTO_ROUTING:
	case IP_PROTO_FRAGMENT:
	case IP_PROTO_AH:
	case IP_PROTO_ESP:
		return true;
	default:
		return false;
	}
}

/* The protocol of a packet is its last header that Suricata counts as one. */
static bool names_protocol(const struct chain *x)
{
	switch (x->next) {
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		return false;
	case IP_PROTO_NONE:
		return false;
	default:
		return !is_extension(x->next) || x->rest.len >= 2;
	}
}

static enum step read_header(struct decode_run *r, struct packet *p, struct chain *x)
{
	/* Behind an extension header even a transport header must show its first bytes. */
	if (x->extended && x->next != IP_PROTO_NONE && x->rest.len < 2)
		return truncated(p);
	if (names_protocol(x))
		p->proto = x->next;
	if (read_transport(r, p, x))
		return STEP_END;
	if (is_extension(x->next) && x->rest.len < 2)
		return truncated(p);
	x->extended = true;
	switch (x->next) {
	case PROTO_HOPOPTS:
		return read_option_header(p, x, true);
	case IP_PROTO_DSTOPTS:
		return read_option_header(p, x, false);
	case IP_PROTO_ROUTING:
		return read_routing(p, x);
	case IP_PROTO_FRAGMENT:
		return read_fragment(p, x);
	case IP_PROTO_AH:
		return read_ah(p, x);
	case IP_PROTO_ESP:
		return read_esp(r, p, x);
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		if (octets_len(x) > x->rest.len)
			return truncated(p);
		return advance(p, x, octets_len(x));
	default:
		packet_event(p, EVENT_DECODE_IPV6_UNKNOWN_NEXT_HEADER);
		return STEP_END;
	}
}

bool decode_ip6(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, IP6_LEN);
	struct chain x = { .rest = { NULL, 0 } };
	size_t len;

	r->count[COUNTER_DECODER_IPV6]++;
	if (!decode_enter(r, p))
		return false;
	/* Suricata has an event for this and never raises it. */
	if (!h)
		return false;
	/* Offsets are kept in 16 bits. */
	if (b.data - p->data.data > 255)
		return decode_invalid(p, EVENT_DECODE_TOO_MANY_LAYERS);
	if (h[0] >> 4 != 6)
		return decode_invalid(p, EVENT_DECODE_IPV6_WRONG_IP_VERSION);
	len = load_be16(h + 4);
	if (len > cursor_left(&c))
		return decode_invalid(p, EVENT_DECODE_IPV6_TRUNC_PKT);

	p->has_ip = true;
	p->ip_version = 6;
	p->l3_offset = decode_offset(p, b);
	p->l3_len = (uint16_t)(len + IP6_LEN <= UINT16_MAX ? len + IP6_LEN : UINT16_MAX);
	p->tos = (uint8_t)(load_be16(h) >> 4);
	p->ttl = h[7];
	p->src = ip_addr_v6(h + 8);
	p->dst = ip_addr_v6(h + 24);
	x.rest = bytes_slice(b, IP6_LEN, len);
	x.next = h[6];
	x.next_at = (uint16_t)(p->l3_offset + 6);
	while (read_header(r, p, &x) == STEP_ON)
		;
	if (p->is_fragment)
		decode_fragment(r, p);
	return true;
}
