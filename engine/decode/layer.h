/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer.h - what the decoders of single layers share; private to engine/decode.
 *
 * A layer's function reads its header from the front of b, fills the packet and calls the
 * next layer.  It returns false where the packet cannot be one of this layer: a tunnel's
 * payload that says so is not made a packet.  What is odd, but can be read, is an
 * event and true.
 *
 * Memory: nothing is owned.  Thread: the worker that owns the decoder.
 */
#ifndef WEIR_DECODE_LAYER_H
#define WEIR_DECODE_LAYER_H

#include "engine/decode/decode.h"

/* One call of decode_frame(). */
struct decode_run {
	const struct decoder *d;
	uint64_t *count; /* counters->value */
	struct packet_set *set;
	unsigned layers_max;
};

typedef bool (*decode_layer_fn)(struct decode_run *r, struct packet *p, struct bytes b);

enum ether_type {
	ETHER_IPV4 = 0x0800,
	ETHER_ARP = 0x0806,
	ETHER_TRANSPARENT = 0x6558, /* Ethernet bridged over GRE, VXLAN, Geneve */
	ETHER_VLAN = 0x8100,
	ETHER_IPV6 = 0x86dd,
	ETHER_PPP = 0x880b,
	ETHER_ERSPAN3 = 0x22eb,
	ETHER_MPLS = 0x8847,
	ETHER_MPLS_MULTICAST = 0x8848,
	ETHER_PPPOE_DISCOVERY = 0x8863,
	ETHER_PPPOE_SESSION = 0x8864,
	ETHER_QINQ = 0x88a8,
	ETHER_ERSPAN = 0x88be,
	ETHER_8021AH = 0x88e7,
	ETHER_DCE = 0x8903, /* FabricPath */
	ETHER_VNTAG = 0x8926,
	ETHER_NSH = 0x894f,
	ETHER_QINQ_OLD = 0x9100,
};

/* plain.c: of an Ethernet frame; false: it is not that plain, and the packet is as it was. */
bool decode_plain(struct decode_run *r, struct packet *p);
/* link.c */
bool decode_ethernet(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_sll(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_sll2(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_null(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_chdlc(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_raw(struct decode_run *r, struct packet *p, struct bytes b);
/* Of what an Ethernet type announces; NULL: nothing is known of this type. */
decode_layer_fn decode_network_layer(uint16_t type);
/* Decodes it; false: nothing is known of this type. */
bool decode_network(struct decode_run *r, struct packet *p, uint16_t type, struct bytes b);
/* vlan.c */
bool decode_vlan(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_8021ah(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_vntag(struct decode_run *r, struct packet *p, struct bytes b);
/* mpls.c, nsh.c, arp.c */
bool decode_mpls(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_nsh(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_arp(struct decode_run *r, struct packet *p, struct bytes b);
/* ppp.c */
bool decode_ppp(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_pppoe_discovery(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_pppoe_session(struct decode_run *r, struct packet *p, struct bytes b);
/* ip4.c, ip6.c */
bool decode_ip4(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_ip6(struct decode_run *r, struct packet *p, struct bytes b);
/* Transport: b is the IP datagram's payload as its header has it. */
bool decode_tcp(struct decode_run *r, struct packet *p, struct bytes b);
/* What stands between the header and the payload; and, of the whole segment, its checksum. */
void decode_tcp_options(struct packet *p, struct bytes b);

/* Two no-operations and a timestamp: what nearly all segments have that have options.  False: b is something else. */
static inline bool decode_tcp_timestamp_alone(struct packet *p, struct bytes b)
{
	if (b.len != 12 || load_be32(b.data) != 0x0101080a)
		return false;
	p->tcp.has_ts = true;
	p->tcp.ts_value = load_be32(b.data + 4);
	p->tcp.ts_echo = load_be32(b.data + 8);
	return true;
}

void decode_tcp_checksum(const struct decode_run *r, struct packet *p, struct bytes b);
bool decode_udp(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_sctp(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_esp(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_icmp4(struct decode_run *r, struct packet *p, struct bytes b);
bool decode_icmp6(struct decode_run *r, struct packet *p, struct bytes b);
/* gre.c, udp_tunnel.c */
bool decode_gre(struct decode_run *r, struct packet *p, struct bytes b);
/* A datagram on a tunnel's port is opened: true where another packet was found in it. */
bool decode_udp_tunnel(struct decode_run *r, struct packet *p, struct bytes b);
/* A port that decode_udp_tunnel() would look at. */
bool decode_udp_tunnel_port(const struct decode_options *o, uint16_t sport, uint16_t dport);

/*
 * Make the bytes of a tunnel a packet of its own.  False: they are not one (nothing is left
 * of it but counts), or the frame has too many layers (an event of p).
 */
bool decode_inner(struct decode_run *r, struct packet *p, struct bytes b, enum packet_source source,
		  decode_layer_fn layer);
/* p is a fragment: give it to the defragmenter, decode what that completes. */
void decode_fragment(struct decode_run *r, struct packet *p);

/* Another layer begins.  False: too many, which makes the packet invalid. */
bool decode_enter_slow(struct packet *p);
static inline bool decode_enter(const struct decode_run *r, struct packet *p)
{
	if (++p->layers < r->layers_max)
		return true;
	return decode_enter_slow(p);
}

/* The event of a header that cannot be read.  Always false. */
bool decode_invalid(struct packet *p, enum event e);

/* Offset of b in the packet's data. */
static inline uint16_t decode_offset(const struct packet *p, struct bytes b)
{
	return (uint16_t)(b.data - p->data.data);
}

static inline void decode_l4(struct packet *p, struct bytes b, size_t header_len)
{
	p->has_l4 = true;
	p->l4_offset = decode_offset(p, b);
	p->payload = bytes_slice(b, header_len, b.len);
}

#endif
