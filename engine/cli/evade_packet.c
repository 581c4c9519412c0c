/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/cli/evade_packet.h"

#include <stdlib.h>
#include <string.h>

#include "engine/decode/checksum.h"
#include "engine/decode/decode.h"

#define IP4_LEN 20
#define IP6_LEN 40
#define IP6_FRAGMENT_LEN 8
#define UDP_LEN 8
#define FRAME_MAX 65550u

enum {
	ETHER_TYPE_IP4 = 0x0800,
	ETHER_TYPE_IP6 = 0x86dd,
};

static void store_be16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void store_be32(uint8_t *p, uint32_t v)
{
	store_be16(p, v >> 16);
	store_be16(p + 2, v);
}

/* --- sources ------------------------------------------------------------------------------------ */

/* Decode, and find the two bytes before the datagram; false: it is not to be taken apart. */
static bool open_frame(const struct frame *f, struct source *out)
{
	static struct packet_set set;
	struct counters counters = { .value = { 0 } };
	struct decoder d = { .counters = &counters };
	const struct packet *p = &set.packets[0];
	uint16_t type;

	decode_frame(&d, f, &set);
	*out = (struct source){ .frame = *f, .packet = *p };
	if (!p->has_ip || p->invalid || p->l3_len > p->data.len - p->l3_offset ||
	    p->l3_len < IP4_LEN)
		return false;
	if (p->l3_offset >= 2) {
		type = load_be16(p->data.data + p->l3_offset - 2);
		out->has_ether_type =
			(f->link == LINK_ETHERNET || f->link == LINK_LINUX_SLL) &&
			type == (p->ip_version == 4 ? ETHER_TYPE_IP4 : ETHER_TYPE_IP6);
	}
	/* Another link header may have a length in it. */
	return out->has_ether_type || p->l3_offset == 0;
}

void source_of(const struct frame *f, struct source *out)
{
	const struct packet *p = &out->packet;

	if (!open_frame(f, out) || !p->has_l4 || p->is_fragment || p->is_tunnel_outer ||
	    p->l4_offset < p->l3_offset + IP4_LEN)
		return;
	out->datagram = bytes_slice(p->data, p->l3_offset, p->l3_len);
	out->header_len = (uint16_t)(p->l4_offset - p->l3_offset);
}

void source_of_made(const struct frame *f, struct source *out)
{
	const struct packet *p = &out->packet;

	if (!open_frame(f, out))
		return;
	out->datagram = bytes_slice(p->data, p->l3_offset, p->l3_len);
	out->header_len =
		(uint16_t)(p->ip_version == 4 ? (out->datagram.data[0] & 15) * 4 : IP6_LEN);
}

/* --- frames ------------------------------------------------------------------------------------- */

static uint8_t *new_frame(struct variant *v, const struct source *s, size_t len)
{
	struct frame *f;
	uint8_t *data;

	if (v->count == v->room) {
		size_t room = v->room ? v->room * 2 : 256;
		struct frame *more = realloc(v->frame, room * sizeof(*more));

		if (!more) {
			v->no_memory = true;
			return NULL;
		}
		v->frame = more;
		v->room = room;
	}
	data = len <= FRAME_MAX ? arena_alloc(&v->bytes, len) : NULL;
	if (!data) {
		v->no_memory = true;
		return NULL;
	}
	f = &v->frame[v->count++];
	*f = s->frame;
	f->data = data;
	f->len = f->wire_len = (uint32_t)len;
	f->number = v->count;
	return data;
}

void put_copy(struct variant *v, const struct source *s)
{
	uint8_t *out = new_frame(v, s, s->frame.len);

	if (!out)
		return;
	memcpy(out, s->frame.data, s->frame.len);
	v->frame[v->count - 1].wire_len = s->frame.wire_len;
}

/* A frame of the source's link header and len bytes of IP; returns the latter's place. */
static uint8_t *new_datagram(struct variant *v, const struct source *s, size_t len)
{
	size_t link = s->packet.l3_offset;
	uint8_t *out = new_frame(v, s, link + len);

	if (!out)
		return NULL;
	if (link)
		memcpy(out, s->frame.data, link);
	return out + link;
}

static void seal_ip4(uint8_t *ip, size_t header_len)
{
	uint16_t sum;

	memset(ip + 10, 0, 2);
	sum = (uint16_t)~checksum_fold(checksum_add(0, bytes_of(ip, header_len)));
	memcpy(ip + 10, &sum, 2);
}

/* The length of a whole datagram that begins with the source's IP header. */
static void seal_ip(uint8_t *ip, const struct source *s, size_t header_len, size_t total)
{
	if (s->packet.ip_version == 6) {
		store_be16(ip + 4, total - IP6_LEN);
		return;
	}
	store_be16(ip + 2, total);
	seal_ip4(ip, header_len);
}

/* --- segments ------------------------------------------------------------------------------------ */

static uint16_t transport_checksum(const struct packet *p, uint8_t proto, struct bytes b)
{
	size_t len = p->ip_version == 4 ? 4 : 16;
	uint8_t pseudo[4] = { 0, proto, (uint8_t)(b.len >> 8), (uint8_t)b.len };
	uint64_t sum = checksum_add(0, bytes_of(pseudo, sizeof(pseudo)));

	sum = checksum_add(sum, bytes_of(p->src.bytes, len));
	sum = checksum_add(sum, bytes_of(p->dst.bytes, len));
	return (uint16_t)~checksum_fold(checksum_add(sum, b));
}

void put_segment(struct variant *v, const struct source *s, const struct segment *g)
{
	const struct packet *p = &s->packet;
	size_t headers = (size_t)s->header_len + p->tcp.header_len;
	size_t len = headers + g->payload.len;
	uint8_t *ip = new_datagram(v, s, len), *tcp;
	uint16_t sum;

	if (!ip)
		return;
	memcpy(ip, s->datagram.data, headers);
	if (g->payload.len)
		memcpy(ip + headers, g->payload.data, g->payload.len);
	tcp = ip + s->header_len;
	store_be32(tcp + 4, p->tcp.seq + g->seq_shift);
	tcp[13] = (uint8_t)((tcp[13] & ~g->flags_off) | g->flags_on);
	seal_ip(ip, s, s->header_len, len);
	memset(tcp + 16, 0, 2);
	sum = transport_checksum(p, IP_PROTO_TCP, bytes_of(tcp, len - s->header_len));
	if (g->wrong_checksum)
		sum ^= 0x5555;
	memcpy(tcp + 16, &sum, 2);
}

void put_piece(struct variant *v, const struct source *s, size_t from, size_t to)
{
	const struct bytes all = s->packet.payload;

	put_segment(v, s,
		    &(struct segment){
			    .payload = bytes_slice(all, from, to - from),
			    .seq_shift = (uint32_t)from,
			    .flags_off = to < all.len ? TCP_FIN | TCP_PSH : 0,
		    });
}

/* --- fragments ----------------------------------------------------------------------------------- */

static void put_fragment4(struct variant *v, const struct source *s, struct bytes part, size_t from,
			  bool more)
{
	size_t len = s->header_len + part.len;
	uint8_t *ip = new_datagram(v, s, len);

	if (!ip)
		return;
	memcpy(ip, s->datagram.data, s->header_len);
	memcpy(ip + s->header_len, part.data, part.len);
	store_be16(ip + 4, s->frame.number & 0xffff);
	store_be16(ip + 6, from / 8 | (more ? 0x2000 : 0));
	seal_ip(ip, s, s->header_len, len);
}

static void put_fragment6(struct variant *v, const struct source *s, struct bytes part, size_t from,
			  bool more)
{
	size_t len = IP6_LEN + IP6_FRAGMENT_LEN + part.len;
	uint8_t *ip = new_datagram(v, s, len), *h;

	if (!ip)
		return;
	memcpy(ip, s->datagram.data, IP6_LEN);
	h = ip + IP6_LEN;
	h[0] = ip[6];
	ip[6] = IP_PROTO_FRAGMENT;
	store_be16(h + 2, from | more);
	store_be32(h + 4, (uint32_t)s->frame.number);
	memcpy(h + IP6_FRAGMENT_LEN, part.data, part.len);
	seal_ip(ip, s, IP6_LEN, len);
}

void put_fragment(struct variant *v, const struct source *s, size_t from, size_t to)
{
	struct bytes body = bytes_slice(s->datagram, s->header_len, s->datagram.len);
	struct bytes part = bytes_slice(body, from, to - from);
	bool more = to < body.len;

	if (s->packet.ip_version == 4)
		put_fragment4(v, s, part, from, more);
	else
		put_fragment6(v, s, part, from, more);
}

void put_options(struct variant *v, const struct source *s, struct bytes options)
{
	size_t len = s->datagram.len + options.len;
	uint8_t *ip = new_datagram(v, s, len);

	if (!ip)
		return;
	memcpy(ip, s->datagram.data, IP4_LEN);
	memcpy(ip + IP4_LEN, options.data, options.len);
	memcpy(ip + IP4_LEN + options.len, s->datagram.data + IP4_LEN, s->datagram.len - IP4_LEN);
	ip[0] = (uint8_t)(0x40 | (IP4_LEN + options.len) / 4);
	seal_ip(ip, s, IP4_LEN + options.len, len);
}

/* --- headers around ------------------------------------------------------------------------------- */

void put_linked(struct variant *v, const struct source *s, uint16_t ether_type,
		struct bytes headers)
{
	uint8_t *at = new_datagram(v, s, headers.len + s->datagram.len);

	if (!at)
		return;
	if (ether_type && s->has_ether_type)
		store_be16(at - 2, ether_type);
	if (headers.len)
		memcpy(at, headers.data, headers.len);
	memcpy(at + headers.len, s->datagram.data, s->datagram.len);
}

void put_tunnel(struct variant *v, const struct source *s, uint8_t proto, struct bytes headers)
{
	static const uint8_t ends[2][4] = { { 198, 51, 100, 1 }, { 198, 51, 100, 2 } };
	uint8_t outer[IP4_LEN + 64] = { 0x45 };
	unsigned way = s->packet.sport < s->packet.dport;

	store_be16(outer + 2, IP4_LEN + headers.len + s->datagram.len);
	store_be16(outer + 4, s->frame.number & 0xffff);
	outer[8] = 64;
	outer[9] = proto;
	memcpy(outer + 12, ends[way], 4);
	memcpy(outer + 16, ends[!way], 4);
	seal_ip4(outer, IP4_LEN);
	if (headers.len)
		memcpy(outer + IP4_LEN, headers.data, headers.len);
	put_linked(v, s, ETHER_TYPE_IP4, bytes_of(outer, IP4_LEN + headers.len));
}

void put_udp_tunnel(struct variant *v, const struct source *s, uint16_t port, struct bytes headers)
{
	uint8_t udp[UDP_LEN + 48];

	store_be16(udp, port);
	store_be16(udp + 2, port);
	store_be16(udp + 4, UDP_LEN + headers.len + s->datagram.len);
	store_be16(udp + 6, 0); /* none: RFC 768 */
	if (headers.len)
		memcpy(udp + UDP_LEN, headers.data, headers.len);
	put_tunnel(v, s, IP_PROTO_UDP, bytes_of(udp, UDP_LEN + headers.len));
}
