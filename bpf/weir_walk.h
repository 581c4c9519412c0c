/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * weir_walk.h - reads the headers of a frame.
 *
 * In: a frame, through macros that load its bytes.  Out: what was read, layer by layer (struct weir_walk,
 * struct weir_layer), or a reason, negative, why it cannot be read to its end.
 * Not here: whether it goes up, counting (weir_verdict.h).
 *
 * One source for XDP, the socket filter and plain memory.  Who includes it for a kernel defines
 * WEIR_CTX, WEIR_LOAD, WEIR_REACHES, WEIR_FN and the macros of weir_maps.bpf.h; without them it
 * walks a struct weir_memory.
 *
 * Memory: the caller's.  Thread: any.
 */
#ifndef WEIR_BPF_WEIR_WALK_H
#define WEIR_BPF_WEIR_WALK_H

#include "bpf/weir_plan.h"
#include "bpf/weir_tally.h"
#include "bpf/weir_xdp.h"
#include "engine/base/siphash.h"

/* A step is small and inlined; a function (WEIR_FN) is verified on its own, once. */
#define WEIR_STEP static inline __attribute__((always_inline))

/* IP headers of one frame that are looked at: what is captured, and tunnels. */
#define WEIR_LAYERS 3
#define WEIR_VLANS 2
/* Extension headers of one IPv6 header. */
#define WEIR_CHAIN 4

/* One IP header and what follows it. */
struct weir_layer {
	__u64 src[2], dst[2]; /* wire order; IPv4 in the first four bytes */
	__u64 outer; /* keyed hash of the pairs around it */
	__u16 sport, dport; /* host order */
	__u16 vlan[WEIR_VLANS];
	__u8 vlans;
	__u8 depth;
	__u8 version;
	__u8 proto;
	__u8 tcp_flags;
	__u8 extended; /* IPv6 with extension headers */
	__u8 options; /* of TCP, other than none or a timestamp alone */
	__u8 sign; /* it may say something of a source: enum weir_probe, of TCP WEIR_PROBE_SYN whatever the flags */
	__u16 bytes; /* of the datagram */
};

struct weir_walk {
	__u64 a[2], b[2]; /* the innermost address pair so far */
	__u64 outer;
	__u32 at; /* where the next header begins */
	__u32 end; /* one past the datagram around it */
	__u16 type; /* EtherType of what begins there */
	__u16 l3_offset, l4_offset;
	__u16 vlan[WEIR_VLANS];
	__u8 vlans;
	__u8 depth;
	__u8 version; /* of the pair; 0: none */
	__u8 ethernet; /* an Ethernet header comes first */
	__u8 odd; /* enum weir_reason: goes up, but can be read on */
	__u8 wanted; /* the same, by a layer that somebody wants */
	__u8 next; /* IPv6: what the header before announces */
	__u8 reserved[3];
};

/* What a walk's function returns, if not a reason, which is negative. */
enum weir_next {
	WEIR_NEXT_NONE, /* nothing inside */
	WEIR_NEXT_IP, /* IP as w->type says */
	WEIR_NEXT_LINK, /* Ethernet, or tags */
};

#ifndef WEIR_LOAD
#include "bpf/weir_memory.h"
#endif

/* --- headers -------------------------------------------------------------------------------------- */

enum weir_ether_type {
	WEIR_ETHER_IPV4 = 0x0800,
	WEIR_ETHER_TRANSPARENT = 0x6558,
	WEIR_ETHER_VLAN = 0x8100,
	WEIR_ETHER_IPV6 = 0x86dd,
	WEIR_ETHER_MPLS = 0x8847,
	WEIR_ETHER_MPLS_MULTICAST = 0x8848,
	WEIR_ETHER_PPPOE_DISCOVERY = 0x8863,
	WEIR_ETHER_PPPOE_SESSION = 0x8864,
	WEIR_ETHER_QINQ = 0x88a8,
	WEIR_ETHER_8021AH = 0x88e7,
	WEIR_ETHER_DCE = 0x8903,
	WEIR_ETHER_VNTAG = 0x8926,
	WEIR_ETHER_NSH = 0x894f,
	WEIR_ETHER_QINQ_OLD = 0x9100,
};

enum weir_ip_proto {
	WEIR_PROTO_HOPOPTS = 0,
	WEIR_PROTO_ICMP = 1,
	WEIR_PROTO_IPIP = 4,
	WEIR_PROTO_TCP = 6,
	WEIR_PROTO_UDP = 17,
	WEIR_PROTO_IPV6 = 41,
	WEIR_PROTO_ROUTING = 43,
	WEIR_PROTO_FRAGMENT = 44,
	WEIR_PROTO_GRE = 47,
	WEIR_PROTO_AH = 51,
	WEIR_PROTO_ICMPV6 = 58,
	WEIR_PROTO_DSTOPTS = 60,
	WEIR_PROTO_SCTP = 132,
	WEIR_PROTO_MOBILITY = 135,
	WEIR_PROTO_HIP = 139,
	WEIR_PROTO_SHIM6 = 140,
};

enum weir_tcp_flag {
	WEIR_TCP_FIN = 0x01,
	WEIR_TCP_SYN = 0x02,
	WEIR_TCP_RST = 0x04,
	WEIR_TCP_ACK = 0x10,
};

struct weir_ethernet {
	__u8 address[12];
	__be16 type;
};

struct weir_tag {
	__be16 tci;
	__be16 type;
};

struct weir_ip4 {
	__u8 version_ihl;
	__u8 tos;
	__be16 len;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 proto;
	__be16 checksum;
	__be32 src, dst;
};

struct weir_ip6 {
	__u8 version;
	__u8 class_label[3];
	__be16 len;
	__u8 next;
	__u8 hops;
	__u64 src[2], dst[2];
};

struct weir_extension {
	__u8 next;
	__u8 len;
};

struct weir_tcp {
	__be16 sport, dport;
	__be32 seq, ack;
	__u8 offset;
	__u8 flags;
	__be16 window, checksum, urgent;
};

/* Two of no operation and a timestamp (RFC 7323, appendix A): what most segments have, if any. */
#define WEIR_TCP_STAMPED 32
#define WEIR_TCP_STAMP 0x0101080au
struct weir_tcp_option {
	__be32 first;
};

struct weir_udp {
	__be16 sport, dport;
	__be16 len, checksum;
};

struct weir_sctp {
	__be16 sport, dport;
	__be32 tag, checksum;
};

struct weir_icmp {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 rest;
};

struct weir_gre {
	__be16 flags;
	__be16 type;
};

struct weir_vxlan {
	__u8 flags;
	__u8 reserved[3];
	__be32 vni;
};

WEIR_STEP __u16 weir_be16(__be16 v)
{
	return __builtin_bswap16((__u16)v);
}

WEIR_STEP unsigned weir_class_of(unsigned proto)
{
	switch (proto) {
	case WEIR_PROTO_TCP:
		return WEIR_CLASS_TCP;
	case WEIR_PROTO_UDP:
		return WEIR_CLASS_UDP;
	case WEIR_PROTO_ICMP:
		return WEIR_CLASS_ICMP;
	case WEIR_PROTO_ICMPV6:
		return WEIR_CLASS_ICMPV6;
	case WEIR_PROTO_SCTP:
		return WEIR_CLASS_SCTP;
	default:
		return WEIR_CLASS_OTHER;
	}
}

/* len more bytes, within the datagram around them. */
WEIR_STEP int weir_fits(const struct weir_walk *w, __u32 len)
{
	return w->at <= WEIR_WALK_MAX && w->at + len <= w->end;
}

/* --- link ------------------------------------------------------------------------------------------- */

WEIR_STEP int weir_is_tag(unsigned type)
{
	return type == WEIR_ETHER_VLAN || type == WEIR_ETHER_QINQ || type == WEIR_ETHER_QINQ_OLD;
}

/* What the engine may find IP in, and the walk does not. */
WEIR_STEP int weir_is_opaque(unsigned type)
{
	switch (type) {
	case WEIR_ETHER_MPLS:
	case WEIR_ETHER_MPLS_MULTICAST:
	case WEIR_ETHER_PPPOE_DISCOVERY:
	case WEIR_ETHER_PPPOE_SESSION:
	case WEIR_ETHER_8021AH:
	case WEIR_ETHER_DCE:
	case WEIR_ETHER_VNTAG:
	case WEIR_ETHER_NSH:
		return 1;
	default:
		return 0;
	}
}

/* One tag, if there is one.  Returns 0 or a reason. */
WEIR_STEP int weir_walk_tag(WEIR_CTX *ctx, struct weir_walk *w)
{
	struct weir_tag tag;

	if (!weir_is_tag(w->type))
		return 0;
	if (w->vlans >= WEIR_VLANS)
		return -WEIR_UNSURE_TAGS;
	if (!weir_fits(w, sizeof(tag)) || WEIR_LOAD(ctx, w->at, &tag))
		return -WEIR_UNSURE_SHORT;
	if (w->vlans == 0)
		w->vlan[0] = weir_be16(tag.tci) & 0x0fff;
	else
		w->vlan[1] = weir_be16(tag.tci) & 0x0fff;
	w->vlans++;
	w->at += sizeof(tag);
	w->type = weir_be16(tag.type);
	return 0;
}

/* Ethernet and up to two tags. */
WEIR_FN int weir_walk_link(WEIR_CTX *ctx, struct weir_walk *w)
{
	struct weir_ethernet ethernet;
	int err;

	if (!w)
		return -WEIR_UNSURE_SHORT;
	if (w->ethernet) {
		if (!weir_fits(w, sizeof(ethernet)) || WEIR_LOAD(ctx, w->at, &ethernet))
			return -WEIR_UNSURE_SHORT;
		w->at += sizeof(ethernet);
		w->type = weir_be16(ethernet.type);
	}
	err = weir_walk_tag(ctx, w);
	if (!err)
		err = weir_walk_tag(ctx, w);
	if (err)
		return err;
	if (weir_is_tag(w->type))
		return -WEIR_UNSURE_TAGS;
	if (w->type == WEIR_ETHER_IPV4 || w->type == WEIR_ETHER_IPV6)
		return WEIR_NEXT_IP;
	if (weir_is_opaque(w->type))
		return -WEIR_UNSURE_LINK;
	/* In a tunnel what is not IP is odd. */
	return w->depth ? -WEIR_UNSURE_TUNNEL : WEIR_NEXT_NONE;
}

/* --- IP --------------------------------------------------------------------------------------------- */

/* A datagram of len bytes, its header included, lies within what is around it and in the frame. */
WEIR_STEP int weir_enclose(WEIR_CTX *ctx, struct weir_walk *w, __u32 len)
{
	__u32 end = w->at + len;

	if (end > w->end || !WEIR_REACHES(ctx, end))
		return -WEIR_UNSURE_SHORT;
	w->end = end;
	return 0;
}

WEIR_STEP void weir_note_pair(struct weir_walk *w, const struct weir_layer *l)
{
	w->a[0] = l->src[0];
	w->a[1] = l->src[1];
	w->b[0] = l->dst[0];
	w->b[1] = l->dst[1];
	w->version = l->version;
	w->l3_offset = (__u16)w->at;
	w->l4_offset = 0;
}

WEIR_STEP int weir_walk_ip4(WEIR_CTX *ctx, struct weir_walk *w, struct weir_layer *l)
{
	struct weir_ip4 h;
	__u32 header_len, len;
	int err;

	if (!weir_fits(w, sizeof(h)) || WEIR_LOAD(ctx, w->at, &h))
		return -WEIR_UNSURE_SHORT;
	if (h.version_ihl >> 4 != 4)
		return -WEIR_UNSURE_VERSION;
	header_len = (h.version_ihl & 0x0fu) * 4;
	if (header_len < sizeof(h))
		return -WEIR_UNSURE_IHL;
	len = weir_be16(h.len);
	if (len < header_len)
		return -WEIR_UNSURE_LENGTH;
	l->version = 4;
	l->src[0] = (__u32)h.src;
	l->src[1] = 0;
	l->dst[0] = (__u32)h.dst;
	l->dst[1] = 0;
	l->bytes = (__u16)len;
	l->proto = h.proto;
	weir_note_pair(w, l);
	err = weir_enclose(ctx, w, len);
	if (err)
		return err;
	/* A later fragment has no ports; the engine joins it, then decides. */
	if (weir_be16(h.fragment) & 0x3fff)
		return -WEIR_UP_FRAGMENT;
	if (header_len > sizeof(h) && !w->odd)
		w->odd = WEIR_UNSURE_OPTIONS;
	w->at += header_len;
	return 0;
}

/* 1 where v is 0; without a branch, as each is a path for the verifier. */
WEIR_STEP __u32 weir_is_zero(__u32 v)
{
	return (__u32)(((__u64)v - 1) >> 63);
}

/* The protocol is an extension header that is walked over. */
WEIR_STEP __u32 weir_is_extension(__u32 proto)
{
	const __u64 low = 1ULL << WEIR_PROTO_HOPOPTS | 1ULL << WEIR_PROTO_ROUTING |
			  1ULL << WEIR_PROTO_AH | 1ULL << WEIR_PROTO_DSTOPTS;
	const __u64 high = 1ULL << (WEIR_PROTO_MOBILITY - 128) | 1ULL << (WEIR_PROTO_HIP - 128) |
			   1ULL << (WEIR_PROTO_SHIM6 - 128);
	__u64 set = (low & -(__u64)weir_is_zero(proto >> 6)) |
		    (high & -(__u64)weir_is_zero((proto >> 6) ^ 2));

	return (__u32)(set >> (proto & 63)) & 1;
}

/* One extension header.  Returns 0 or a reason. */
WEIR_FN int weir_walk_extension(WEIR_CTX *ctx, struct weir_walk *w)
{
	struct weir_extension x;
	__u32 len, is_ah;

	if (!w)
		return -WEIR_UNSURE_SHORT;
	if (!weir_fits(w, sizeof(x)) || WEIR_LOAD(ctx, w->at, &x))
		return -WEIR_UNSURE_SHORT;
	is_ah = weir_is_zero(w->next ^ WEIR_PROTO_AH);
	/* An authentication header of no words is read in more ways than one. */
	if (is_ah & weir_is_zero(x.len))
		return -WEIR_UNSURE_CHAIN;
	len = (x.len + 1u) * 8 * (1 - is_ah) + (x.len + 2u) * 4 * is_ah;
	if (!weir_fits(w, len))
		return -WEIR_UNSURE_SHORT;
	w->next = x.next;
	w->at += len;
	return 0;
}

WEIR_STEP int weir_walk_chain(WEIR_CTX *ctx, struct weir_walk *w, struct weir_layer *l)
{
	int err;

#pragma GCC unroll 4
	for (int i = 0; i < WEIR_CHAIN; i++) {
		if (!weir_is_extension(w->next))
			break;
		err = weir_walk_extension(ctx, w);
		if (err)
			return err;
		l->extended = 1;
	}
	if (w->next == WEIR_PROTO_FRAGMENT)
		return -WEIR_UP_FRAGMENT;
	l->proto = w->next;
	return weir_is_extension(w->next) ? -WEIR_UNSURE_CHAIN : 0;
}

WEIR_STEP int weir_walk_ip6(WEIR_CTX *ctx, struct weir_walk *w, struct weir_layer *l)
{
	struct weir_ip6 h;
	__u32 len;
	int err;

	if (!weir_fits(w, sizeof(h)) || WEIR_LOAD(ctx, w->at, &h))
		return -WEIR_UNSURE_SHORT;
	if (h.version >> 4 != 6)
		return -WEIR_UNSURE_VERSION;
	len = weir_be16(h.len) + (__u32)sizeof(h);
	l->version = 6;
	l->src[0] = h.src[0];
	l->src[1] = h.src[1];
	l->dst[0] = h.dst[0];
	l->dst[1] = h.dst[1];
	l->bytes = (__u16)len;
	w->next = h.next;
	l->proto = h.next;
	weir_note_pair(w, l);
	err = weir_enclose(ctx, w, len);
	if (err)
		return err;
	w->at += sizeof(h);
	return weir_walk_chain(ctx, w, l);
}

/* --- transport ---------------------------------------------------------------------------------------- */

WEIR_STEP int weir_walk_tcp(WEIR_CTX *ctx, struct weir_walk *w, struct weir_layer *l)
{
	struct weir_tcp_option o;
	struct weir_tcp h;
	__u32 len;

	if (!weir_fits(w, sizeof(h)) || WEIR_LOAD(ctx, w->at, &h))
		return -WEIR_UNSURE_SHORT;
	len = (__u32)(h.offset >> 4) * 4;
	if (len < sizeof(h))
		return -WEIR_UNSURE_LENGTH;
	if (!weir_fits(w, len))
		return -WEIR_UNSURE_SHORT;
	l->sport = weir_be16(h.sport);
	l->dport = weir_be16(h.dport);
	l->tcp_flags = h.flags;
	l->sign = (h.flags & (WEIR_TCP_SYN | WEIR_TCP_RST | WEIR_TCP_ACK)) != WEIR_TCP_ACK;
	if (len == sizeof(h))
		return WEIR_NEXT_NONE;
	l->options = 1;
	if (len == WEIR_TCP_STAMPED && !WEIR_LOAD(ctx, w->at + (__u32)sizeof(h), &o))
		l->options =
			(__u8)!weir_is_zero(__builtin_bswap32((__u32)o.first) ^ WEIR_TCP_STAMP);
	return WEIR_NEXT_NONE;
}

WEIR_STEP int weir_walk_sctp(WEIR_CTX *ctx, struct weir_walk *w, struct weir_layer *l)
{
	struct weir_sctp h;

	if (!weir_fits(w, sizeof(h)) || WEIR_LOAD(ctx, w->at, &h))
		return -WEIR_UNSURE_SHORT;
	l->sport = weir_be16(h.sport);
	l->dport = weir_be16(h.dport);
	return WEIR_NEXT_NONE;
}

/*
 * "Port unreachable" about a datagram from the higher of two ports, which is a client's: the layer becomes what is
 * quoted, as a probe.
 */
WEIR_STEP void weir_walk_refusal(WEIR_CTX *ctx, const struct weir_walk *w, const struct weir_ip4 *h,
				 struct weir_layer *l)
{
	__u32 at = w->at + (h->version_ihl & 0x0fu) * 4;
	struct weir_udp udp;

	if (h->proto != WEIR_PROTO_UDP || weir_be16(h->fragment) & 0x1fff || at > WEIR_WALK_MAX ||
	    at + sizeof(udp) > w->end || WEIR_LOAD(ctx, at, &udp))
		return;
	l->src[0] = (__u32)h->src;
	l->dst[0] = (__u32)h->dst;
	l->dport = weir_be16(udp.dport);
	if (weir_be16(udp.sport) > l->dport)
		l->sign = WEIR_PROBE_UDP;
}

/* "Unreachable" about TCP or UDP joins the flow that it quotes: its pair is the quoted one. */
WEIR_STEP int weir_walk_quote(WEIR_CTX *ctx, struct weir_walk *w, const struct weir_icmp *icmp,
			      struct weir_layer *l)
{
	struct weir_ip4 h;

	w->at += sizeof(*icmp);
	if (icmp->code > 15 || !weir_fits(w, sizeof(h)) || WEIR_LOAD(ctx, w->at, &h))
		return -WEIR_UP_QUOTE;
	if (h.version_ihl >> 4 != 4 || (h.proto != WEIR_PROTO_TCP && h.proto != WEIR_PROTO_UDP))
		return -WEIR_UP_QUOTE;
	w->a[0] = (__u32)h.src;
	w->b[0] = (__u32)h.dst;
	if (icmp->code == 3)
		weir_walk_refusal(ctx, w, &h, l);
	return -WEIR_UP_QUOTE;
}

WEIR_STEP int weir_walk_icmp(WEIR_CTX *ctx, struct weir_walk *w, struct weir_layer *l)
{
	struct weir_icmp h;

	if ((l->proto == WEIR_PROTO_ICMP) != (l->version == 4))
		return -WEIR_UNSURE_PROTO;
	if (!weir_fits(w, sizeof(h)) || WEIR_LOAD(ctx, w->at, &h))
		return -WEIR_UNSURE_SHORT;
	if (l->version == 4 && h.type == 3)
		return weir_walk_quote(ctx, w, &h, l);
	/* Echo (RFC 792, RFC 4443). */
	if (h.type == (l->version == 4 ? 8 : 128))
		l->sign = WEIR_PROBE_ICMP;
	return WEIR_NEXT_NONE;
}

/* --- tunnels ------------------------------------------------------------------------------------------ */

/* What follows is another packet, inside this one. */
WEIR_STEP void weir_go_inside(WEIR_CTX *ctx, struct weir_walk *w)
{
	w->outer =
		siphash_rotate(w->outer, 1) ^ siphash_pair(w->a, w->b, w->version, WEIR_KEY(ctx));
	w->depth++;
	w->ethernet = 0;
}

WEIR_STEP int weir_walk_ip_in_ip(WEIR_CTX *ctx, struct weir_walk *w, const struct weir_layer *l)
{
	if (l->extended)
		return -WEIR_UNSURE_TUNNEL;
	w->type = l->proto == WEIR_PROTO_IPIP ? WEIR_ETHER_IPV4 : WEIR_ETHER_IPV6;
	weir_go_inside(ctx, w);
	return WEIR_NEXT_IP;
}

/* Version 0 without routes (RFC 2784, RFC 2890). */
WEIR_STEP int weir_walk_gre(WEIR_CTX *ctx, struct weir_walk *w, const struct weir_layer *l)
{
	struct weir_gre h;
	__u32 flags, len = sizeof(h);

	if (l->extended)
		return -WEIR_UNSURE_TUNNEL;
	if (!weir_fits(w, sizeof(h)) || WEIR_LOAD(ctx, w->at, &h))
		return -WEIR_UNSURE_SHORT;
	flags = weir_be16(h.flags);
	if (flags & ~0xb000u)
		return -WEIR_UNSURE_TUNNEL;
	len += (flags >> 15 & 1) * 4 + (flags >> 13 & 1) * 4 + (flags >> 12 & 1) * 4;
	if (!weir_fits(w, len))
		return -WEIR_UNSURE_SHORT;
	weir_go_inside(ctx, w);
	w->at += len;
	w->type = weir_be16(h.type);
	if (w->type == WEIR_ETHER_IPV4 || w->type == WEIR_ETHER_IPV6)
		return WEIR_NEXT_IP;
	if (w->type != WEIR_ETHER_TRANSPARENT && w->type != WEIR_ETHER_VLAN)
		return -WEIR_UNSURE_TUNNEL;
	w->ethernet = w->type == WEIR_ETHER_TRANSPARENT;
	return WEIR_NEXT_LINK;
}

/* The Ethernet frame in a VXLAN header; w->at is behind the UDP header. */
WEIR_STEP int weir_walk_vxlan(WEIR_CTX *ctx, struct weir_walk *w)
{
	struct weir_vxlan h;

	if (!weir_fits(w, sizeof(h)) || WEIR_LOAD(ctx, w->at, &h))
		return -WEIR_UNSURE_TUNNEL;
	/* The identifier is valid, and the last byte is reserved. */
	if (!(h.flags & 0x08) || __builtin_bswap32((__u32)h.vni) & 0xff)
		return -WEIR_UNSURE_TUNNEL;
	weir_go_inside(ctx, w);
	w->at += sizeof(h);
	w->ethernet = 1;
	return WEIR_NEXT_LINK;
}

/* Places that are not used hold 0, so port 0 is always one: it goes up, and nobody uses it. */
WEIR_STEP __u32 weir_is_vxlan(const struct weir_tunnels *t, __u32 dport)
{
	__u32 hit = 0;

#pragma GCC unroll 4
	for (int i = 0; i < WEIR_TUNNEL_PORTS; i++)
		hit |= weir_is_zero(dport ^ t->vxlan[i]);
	return hit;
}

WEIR_STEP __u32 weir_is_opaque_port(const struct weir_tunnels *t, __u32 sport, __u32 dport)
{
	__u32 hit = t->opaque_any;

#pragma GCC unroll 8
	for (int i = 0; i < WEIR_OPAQUE_PORTS; i++)
		hit |= weir_is_zero(sport ^ t->opaque[i]) | weir_is_zero(dport ^ t->opaque[i]);
	return hit;
}

WEIR_STEP int weir_walk_udp(WEIR_CTX *ctx, struct weir_walk *w, struct weir_layer *l)
{
	const struct weir_wants *wants = WEIR_WANTS(ctx);
	struct weir_udp h;
	__u32 len;

	if (!wants)
		return -WEIR_UNSURE_PLAN;
	if (!weir_fits(w, sizeof(h)) || WEIR_LOAD(ctx, w->at, &h))
		return -WEIR_UNSURE_SHORT;
	len = weir_be16(h.len);
	if (len < sizeof(h))
		return -WEIR_UNSURE_LENGTH;
	if (!weir_fits(w, len))
		return -WEIR_UNSURE_SHORT;
	l->sport = weir_be16(h.sport);
	l->dport = weir_be16(h.dport);
	if (weir_is_opaque_port(&wants->tunnels, l->sport, l->dport))
		return -WEIR_UNSURE_TUNNEL;
	if (!weir_is_vxlan(&wants->tunnels, l->dport))
		return WEIR_NEXT_NONE;
	w->end = w->at + len;
	w->at += sizeof(h);
	return weir_walk_vxlan(ctx, w);
}

/* What follows an IP header. */
WEIR_FN int weir_walk_transport(WEIR_CTX *ctx, struct weir_walk *w, struct weir_layer *l)
{
	if (!w || !l)
		return -WEIR_UNSURE_SHORT;
	w->l4_offset = (__u16)w->at;
	switch (l->proto) {
	case WEIR_PROTO_TCP:
		return weir_walk_tcp(ctx, w, l);
	case WEIR_PROTO_UDP:
		return weir_walk_udp(ctx, w, l);
	case WEIR_PROTO_SCTP:
		return weir_walk_sctp(ctx, w, l);
	case WEIR_PROTO_ICMP:
	case WEIR_PROTO_ICMPV6:
		return weir_walk_icmp(ctx, w, l);
	case WEIR_PROTO_GRE:
		return weir_walk_gre(ctx, w, l);
	case WEIR_PROTO_IPIP:
	case WEIR_PROTO_IPV6:
		return weir_walk_ip_in_ip(ctx, w, l);
	default:
		return WEIR_NEXT_NONE;
	}
}

/* One IP header of the frame, and what lies between it and the transport header. */
WEIR_FN int weir_walk_ip(WEIR_CTX *ctx, struct weir_walk *w, struct weir_layer *l)
{
	if (!w || !l)
		return -WEIR_UNSURE_SHORT;
	l->outer = w->outer;
	l->depth = w->depth;
	l->vlans = w->vlans;
	l->vlan[0] = w->vlan[0];
	l->vlan[1] = w->vlan[1];
	l->sport = 0;
	l->dport = 0;
	l->tcp_flags = 0;
	l->extended = 0;
	l->options = 0;
	l->sign = 0;
	return w->type == WEIR_ETHER_IPV4 ? weir_walk_ip4(ctx, w, l) : weir_walk_ip6(ctx, w, l);
}

WEIR_STEP int weir_walk_layer(WEIR_CTX *ctx, struct weir_walk *w, struct weir_layer *l)
{
	int err = weir_walk_ip(ctx, w, l);

	return err ? err : weir_walk_transport(ctx, w, l);
}

#endif
