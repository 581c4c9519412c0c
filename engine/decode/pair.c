/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which worker a packet is for.  What nearly all frames are is read here directly; a frame that may
 * give packets of several pairs says so, and is decoded by every worker.
 */
#include "engine/base/siphash.h"
#include "engine/decode/decode.h"
#include "engine/decode/layer.h"

enum {
	ICMP4_UNREACHABLE = 3,
	IP_PROTO_HOPOPTS = 0,
};

static uint64_t pair_hash(const struct ip_addr *a, const struct ip_addr *b, unsigned version,
			  uint64_t key)
{
	const __u64 wa[2] = { a->halves[0], a->halves[1] };
	const __u64 wb[2] = { b->halves[0], b->halves[1] };

	return siphash_pair(wa, wb, version, key);
}

bool packet_joins_quoted(const struct packet *p)
{
	return p->proto == IP_PROTO_ICMP && p->icmp_type == ICMP4_UNREACHABLE && p->has_quoted &&
	       (p->quoted_proto == IP_PROTO_TCP || p->quoted_proto == IP_PROTO_UDP);
}

uint64_t decode_owner_hash(const struct packet *p, uint64_t key)
{
	if (!p->has_ip)
		return 0;
	if (packet_joins_quoted(p))
		return pair_hash(&p->quoted_src, &p->quoted_dst, p->ip_version, key);
	return pair_hash(&p->src, &p->dst, p->ip_version, key);
}

/*
 * Nothing that has another pair follows this IP header: no tunnel, no "unreachable" with its quote.  What follows IPv6's
 * may be an extension header.
 */
static bool is_all_there_is(const struct decode_options *o, unsigned version, uint8_t proto,
			    struct cursor *c)
{
	uint16_t sport, dport;
	uint8_t type;

	switch (proto) {
	case IP_PROTO_TCP:
	case IP_PROTO_SCTP:
	case IP_PROTO_ESP:
	case IP_PROTO_ICMPV6:
		return true;
	case IP_PROTO_ICMP:
		type = cursor_u8(c);
		return cursor_ok(c) && type != ICMP4_UNREACHABLE;
	case IP_PROTO_UDP:
		sport = cursor_be16(c);
		dport = cursor_be16(c);
		return cursor_ok(c) && !decode_udp_tunnel_port(o, sport, dport);
	case IP_PROTO_GRE:
	case IP_PROTO_IPIP:
	case IP_PROTO_IPV6:
		return false;
	default:
		return version == 4;
	}
}

static bool fast_ip4(const struct decode_options *o, struct bytes b, uint64_t key, uint64_t *out)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, 20);
	struct ip_addr src, dst;
	size_t len;

	/* Options may be such that the packet is none. */
	if (!h || h[0] != 0x45)
		return false;
	len = load_be16(h + 2);
	if (len < 20 || len > b.len)
		return false;
	/* What a fragment completes may be of any pair. */
	if ((load_be16(h + 6) & 0x3fff) || !is_all_there_is(o, 4, h[9], &c))
		return false;
	src = ip_addr_v4(h + 12);
	dst = ip_addr_v4(h + 16);
	*out = pair_hash(&src, &dst, 4, key);
	return true;
}

static bool fast_ip6(const struct decode_options *o, struct bytes b, uint64_t key, uint64_t *out)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, 40);
	struct ip_addr src, dst;

	if (!h || h[0] >> 4 != 6 || load_be16(h + 4) > cursor_left(&c))
		return false;
	if (!is_all_there_is(o, 6, h[6], &c))
		return false;
	src = ip_addr_v6(h + 8);
	dst = ip_addr_v6(h + 24);
	*out = pair_hash(&src, &dst, 6, key);
	return true;
}

/* The Ethernet type behind usual VLANs, and what it announces; false: not so far, or another link type. */
static bool read_link(const struct decode_options *o, const struct frame *f, uint16_t *type_out,
		      struct bytes *out)
{
	struct cursor c = cursor_of(bytes_of(f->data, f->len));
	uint16_t type;

	if (f->link != LINK_ETHERNET || (o->recursion_limit && o->recursion_limit < 8))
		return false;
	cursor_skip(&c, 12);
	type = cursor_be16(&c);
	for (unsigned tags = 0; tags < PACKET_VLANS_MAX && type == ETHER_VLAN; tags++) {
		cursor_skip(&c, 2);
		type = cursor_be16(&c);
	}
	*type_out = type;
	*out = cursor_rest(&c);
	return cursor_ok(&c);
}

bool decode_plain_hash(const struct decode_options *o, const struct frame *f, uint64_t key,
		       uint64_t *out)
{
	struct bytes rest;
	uint16_t type;

	if (!read_link(o, f, &type, &rest))
		return false;
	if (type == ETHER_IPV4)
		return fast_ip4(o, rest, key, out);
	if (type == ETHER_IPV6)
		return fast_ip6(o, rest, key, out);
	if (type == ETHER_ARP) {
		*out = 0;
		return true;
	}
	return false;
}

/* --- fragments --- */

#define FRAGMENT_MORE 0x2000 /* of IPv4; IPv6 has it at the other end */
#define TCP_LEN 20
#define UDP_LEN 8

/* The first one has the whole header of its transport, which some hosts want. */
static bool begins_alone(const struct decode_options *o, const struct decode_fragment *f,
			 uint8_t proto, struct bytes payload)
{
	struct cursor c = cursor_of(payload);

	return !f->offset && payload.len >= (proto == IP_PROTO_TCP ? TCP_LEN : UDP_LEN) &&
	       is_all_there_is(o, f->ip_version, proto, &c);
}

static enum decode_outer outer_ip4(const struct decode_options *o, struct bytes b,
				   struct decode_fragment *out)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, 20);
	uint16_t fragment;
	size_t len;

	if (!h || h[0] >> 4 != 4)
		return DECODE_OUTER_OTHER;
	fragment = load_be16(h + 6) & 0x3fff;
	if (!fragment)
		return DECODE_OUTER_OTHER;
	out->ip_version = 4;
	out->src = ip_addr_v4(h + 12);
	out->dst = ip_addr_v4(h + 16);
	out->id = load_be16(h + 4);
	out->proto = h[9];
	out->more = fragment & FRAGMENT_MORE;
	out->offset = (fragment & 0x1fffu) * 8;
	out->end = out->offset;
	len = load_be16(h + 2);
	if (h[0] == 0x45 && len >= 20 && len <= b.len) {
		out->end += (uint32_t)len - 20;
		out->alone = begins_alone(o, out, out->proto, bytes_slice(b, 20, len - 20));
	}
	return DECODE_OUTER_FRAGMENT;
}

static bool ends_chain(uint8_t next)
{
	switch (next) {
	case IP_PROTO_ICMP:
	case IP_PROTO_IPIP:
	case IP_PROTO_TCP:
	case IP_PROTO_UDP:
	case IP_PROTO_IPV6:
	case IP_PROTO_GRE:
	case IP_PROTO_ESP:
	case IP_PROTO_ICMPV6:
	case IP_PROTO_NONE:
	case IP_PROTO_SCTP:
		return true;
	default:
		return false;
	}
}

static enum decode_outer outer_ip6(const struct decode_options *o, struct bytes b,
				   struct decode_fragment *out)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, 40), *x;
	uint8_t next;
	uint16_t fragment;

	if (!h || h[0] >> 4 != 6 || load_be16(h + 4) > cursor_left(&c))
		return DECODE_OUTER_OTHER;
	c = cursor_of(bytes_slice(b, 40, load_be16(h + 4)));
	next = h[6];
	if (next == IP_PROTO_HOPOPTS) {
		x = cursor_take(&c, 8);
		if (!x)
			return DECODE_OUTER_OTHER;
		next = x[0];
		cursor_skip(&c, x[1] * 8u);
	}
	if (next != IP_PROTO_FRAGMENT)
		return ends_chain(next) ? DECODE_OUTER_OTHER : DECODE_OUTER_UNREAD;
	x = cursor_take(&c, 8);
	if (!x)
		return DECODE_OUTER_OTHER;
	fragment = load_be16(x + 2);
	/* Whole in one fragment. */
	if (!(fragment & 0xfff9))
		return DECODE_OUTER_OTHER;
	out->ip_version = 6;
	out->src = ip_addr_v6(h + 8);
	out->dst = ip_addr_v6(h + 24);
	out->id = load_be32(x + 4);
	out->more = fragment & 1;
	out->offset = fragment & 0xfff8u;
	out->end = out->offset + (uint32_t)cursor_left(&c);
	/* The datagram may be a fragment itself. */
	if (!out->offset && !ends_chain(x[0]))
		return DECODE_OUTER_UNREAD;
	out->alone = begins_alone(o, out, x[0], cursor_rest(&c));
	return DECODE_OUTER_FRAGMENT;
}

enum decode_outer decode_outer(const struct decode_options *o, const struct frame *f, uint64_t key,
			       struct decode_fragment *out)
{
	enum decode_outer is;
	struct bytes rest;
	uint16_t type;

	if (!read_link(o, f, &type, &rest))
		return DECODE_OUTER_UNREAD;
	*out = (struct decode_fragment){ .tags = bytes_of(f->data + 12, f->len - rest.len - 12) };
	if (type == ETHER_IPV4)
		is = outer_ip4(o, rest, out);
	else if (type == ETHER_IPV6)
		is = outer_ip6(o, rest, out);
	else
		return type == ETHER_ARP || !decode_network_layer(type) ? DECODE_OUTER_OTHER
									: DECODE_OUTER_UNREAD;
	if (is == DECODE_OUTER_FRAGMENT)
		out->hash = pair_hash(&out->src, &out->dst, out->ip_version, key);
	return is;
}
