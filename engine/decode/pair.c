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

/* Nothing that has another pair follows this IP header: no tunnel, no "unreachable" with its quote. */
static bool is_all_there_is(const struct decode_options *o, uint8_t proto, struct cursor *c)
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
	default:
		return false;
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
	if ((load_be16(h + 6) & 0x3fff) || !is_all_there_is(o, h[9], &c))
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
	if (!is_all_there_is(o, h[6], &c))
		return false;
	src = ip_addr_v6(h + 8);
	dst = ip_addr_v6(h + 24);
	*out = pair_hash(&src, &dst, 6, key);
	return true;
}

bool decode_plain_hash(const struct decode_options *o, const struct frame *f, uint64_t key,
		       uint64_t *out)
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
	if (!cursor_ok(&c))
		return false;
	if (type == ETHER_IPV4)
		return fast_ip4(o, cursor_rest(&c), key, out);
	if (type == ETHER_IPV6)
		return fast_ip6(o, cursor_rest(&c), key, out);
	if (type == ETHER_ARP) {
		*out = 0;
		return true;
	}
	return false;
}
