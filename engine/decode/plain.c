/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape that nearly all frames have, read in one go: TCP or UDP in IPv4 in Ethernet, without IP options, no
 * fragment.  Whatever else it is, also where something is wrong with it, is left to the layers, each in its file; they
 * would have come to the same packet.
 */
#include "engine/decode/checksum.h"
#include "engine/decode/layer.h"

#define ETHERNET_LEN 14
#define IP4_LEN 20
#define IP4_PLAIN 0x45 /* version 4, no options */
#define FRAGMENT 0x3fff /* more of them, or not the first */
#define TCP_LEN 20
/* Ethernet's and IP's. */
#define LAYERS 2

/* Length of the IP datagram; 0: not plain. */
static size_t plain_len(const uint8_t *h, size_t captured)
{
	const uint8_t *ip = h + ETHERNET_LEN;
	size_t len;

	if (load_be16(h + ETHERNET_LEN - 2) != ETHER_IPV4 || ip[0] != IP4_PLAIN ||
	    (load_be16(ip + 6) & FRAGMENT))
		return 0;
	len = load_be16(ip + 2);
	if (len > captured - ETHERNET_LEN || len < IP4_LEN)
		return 0;
	if (ip[9] == IP_PROTO_UDP)
		return len;
	return ip[9] == IP_PROTO_TCP && len >= IP4_LEN + TCP_LEN ? len : 0;
}

static void plain_tcp(struct decode_run *r, struct packet *p, struct bytes b, size_t header_len)
{
	const uint8_t *h = b.data;
	struct packet_tcp *t = &p->tcp;

	r->count[COUNTER_DECODER_TCP]++;
	p->sport = load_be16(h);
	p->dport = load_be16(h + 2);
	t->seq = load_be32(h + 4);
	t->ack = load_be32(h + 8);
	t->header_len = (uint8_t)header_len;
	t->reserved = h[12] & 0x0f;
	t->flags = h[13];
	t->window = load_be16(h + 14);
	t->urgent = load_be16(h + 18);
	p->has_l4 = true;
	p->l4_offset = ETHERNET_LEN + IP4_LEN;
	p->payload = bytes_of(h + header_len, b.len - header_len);
	if (header_len > TCP_LEN &&
	    !decode_tcp_timestamp_alone(p, bytes_of(h + TCP_LEN, header_len - TCP_LEN)))
		decode_tcp_options(p, bytes_of(h + TCP_LEN, header_len - TCP_LEN));
	if (r->d->options.check_checksums)
		decode_tcp_checksum(r, p, b);
}

bool decode_plain(struct decode_run *r, struct packet *p)
{
	const uint8_t *h = p->data.data, *ip = h + ETHERNET_LEN;
	size_t len, tcp_len = 0;
	uint16_t fragment;

	if (p->data.len < ETHERNET_LEN + IP4_LEN || r->layers_max <= LAYERS)
		return false;
	len = plain_len(h, p->data.len);
	if (!len)
		return false;
	if (ip[9] == IP_PROTO_TCP) {
		tcp_len = (ip[IP4_LEN + 12] >> 4) * 4u;
		if (tcp_len < TCP_LEN || tcp_len > len - IP4_LEN)
			return false;
	}
	r->count[COUNTER_DECODER_ETHERNET]++;
	r->count[COUNTER_DECODER_IPV4]++;
	memcpy(p->mac_dst, h, sizeof(p->mac_dst));
	memcpy(p->mac_src, h + 6, sizeof(p->mac_src));
	p->has_mac = true;
	p->ether_type = ETHER_IPV4;
	p->layers = LAYERS;
	p->has_ip = true;
	p->ip_version = 4;
	p->l3_offset = ETHERNET_LEN;
	p->l3_len = (uint16_t)len;
	p->tos = ip[1];
	p->ip_id = load_be16(ip + 4);
	fragment = load_be16(ip + 6);
	p->reserved_fragment = fragment >> 15;
	p->dont_fragment = fragment >> 14 & 1;
	p->ttl = ip[8];
	p->proto = ip[9];
	p->src = ip_addr_v4(ip + 12);
	p->dst = ip_addr_v4(ip + 16);
	if (r->d->options.check_checksums && !checksum_ok(bytes_of(ip, IP4_LEN)))
		p->bad_ip_checksum = true;
	if (tcp_len)
		plain_tcp(r, p, bytes_of(ip + IP4_LEN, len - IP4_LEN), tcp_len);
	else
		(void)decode_udp(r, p, bytes_of(ip + IP4_LEN, len - IP4_LEN));
	return true;
}
