/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/cli/evade_variant.h"

#include <stdlib.h>
#include <string.h>

#include "engine/cli/evade_packet.h"

#define PIECE 8
/* No window is as wide (RFC 7323: 2^30), and nothing so far ahead is old. */
#define FAR_AHEAD 0x60000000u
#define SEGMENT_MAX 65536

void variant_init(struct variant *v)
{
	*v = (struct variant){ .frame = NULL };
	arena_init(&v->bytes);
}

void variant_fini(struct variant *v)
{
	arena_fini(&v->bytes);
	free(v->frame);
	*v = (struct variant){ .frame = NULL };
}

size_t variant_make(struct variant *v, const struct technique *t, unsigned at,
		    const struct source *sources, size_t count)
{
	size_t used = 0;

	for (size_t i = 0; i < count && !v->no_memory; i++) {
		const struct source *s = &sources[i];

		if (!s->chosen || !s->datagram.len || !t->takes(s)) {
			put_copy(v, s);
			continue;
		}
		t->rewrite(v, s, at);
		used++;
	}
	return used;
}

/* --- what can be rewritten ------------------------------------------------------------------------ */

static size_t body_len(const struct source *s)
{
	return s->datagram.len - s->header_len;
}

static bool takes_segment(const struct source *s)
{
	const struct packet *p = &s->packet;

	return p->proto == IP_PROTO_TCP && p->payload.len > 1 &&
	       !(p->tcp.flags & (TCP_SYN | TCP_RST));
}

static bool takes_datagram(const struct source *s)
{
	return body_len(s) > PIECE && (s->packet.ip_version == 4 || s->header_len == 40);
}

/* RFC 5722: IPv6 fragments must not overlap. */
static bool takes_datagram4(const struct source *s)
{
	return body_len(s) > PIECE && s->packet.ip_version == 4;
}

static bool takes_no_options(const struct source *s)
{
	return s->packet.ip_version == 4 && s->header_len == 20;
}

static bool takes_linked(const struct source *s)
{
	return s->has_ether_type;
}

static bool takes_any(const struct source *s)
{
	(void)s;
	return true;
}

static bool takes_ip6(const struct source *s)
{
	return s->packet.ip_version == 6;
}

static unsigned every_byte(const struct source *s)
{
	return takes_segment(s) ? (unsigned)s->packet.payload.len : 0;
}

static unsigned every_eight(const struct source *s)
{
	return takes_datagram(s) ? (unsigned)((body_len(s) + PIECE - 1) / PIECE) : 0;
}

/* --- segments -------------------------------------------------------------------------------------- */

static void split(struct variant *v, const struct source *s, unsigned at)
{
	size_t len = s->packet.payload.len;

	if (at >= len) {
		put_copy(v, s);
		return;
	}
	put_piece(v, s, 0, at);
	put_piece(v, s, at, len);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Pieces of len bytes, one beginning every step; the last first where backward. */
static void pieces(struct variant *v, const struct source *s, size_t step, size_t len,
		   bool backward)
{
	size_t total = s->packet.payload.len, count = (total + step - 1) / step;

	for (size_t i = 0; i < count; i++) {
		size_t from = (backward ? count - 1 - i : i) * step;

		put_piece(v, s, from, least(from + len, total));
	}
}

static void bytes_apart(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	pieces(v, s, 1, 1, false);
}

static void reorder(struct variant *v, const struct source *s, unsigned at)
{
	size_t len = s->packet.payload.len, a = len / 3, b = len - a;

	(void)at;
	put_piece(v, s, b, len);
	if (a)
		put_piece(v, s, 0, a);
	put_piece(v, s, a, b);
}

static void reverse(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	pieces(v, s, PIECE, PIECE, true);
}

static void retransmit(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	put_copy(v, s);
	put_copy(v, s);
}

static void retransmit_whole(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	pieces(v, s, PIECE, PIECE, false);
	put_copy(v, s);
}

static void overlap(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	pieces(v, s, PIECE, 2 * PIECE, false);
}

static void overlap_reverse(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	pieces(v, s, PIECE, 2 * PIECE, true);
}

/* --- chaff ------------------------------------------------------------------------------------------ */

/* Other bytes than the source's, as many. */
static struct bytes chaff(const struct source *s)
{
	static uint8_t other[SEGMENT_MAX];
	struct bytes b = s->packet.payload;

	for (size_t i = 0; i < b.len && i < sizeof(other); i++)
		other[i] = b.data[i] ^ 0x55;
	return bytes_of(other, least(b.len, sizeof(other)));
}

static void conflict(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	put_copy(v, s);
	put_segment(v, s, &(struct segment){ .payload = chaff(s), .flags_off = TCP_FIN });
}

static void chaff_checksum(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	put_segment(v, s,
		    &(struct segment){
			    .payload = chaff(s), .flags_off = TCP_FIN, .wrong_checksum = true });
	put_copy(v, s);
}

static void chaff_window(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	put_segment(v, s,
		    &(struct segment){
			    .payload = chaff(s), .flags_off = TCP_FIN, .seq_shift = FAR_AHEAD });
	put_copy(v, s);
}

/* RFC 9293, 3.10.7.4: without ACK it is dropped. */
static void chaff_no_ack(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	put_segment(v, s, &(struct segment){ .payload = chaff(s), .flags_off = TCP_FIN | TCP_ACK });
	put_copy(v, s);
}

/* RFC 5961, section 4: a SYN of an open session is answered, and else nobody's. */
static void chaff_syn(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	put_segment(v, s,
		    &(struct segment){
			    .payload = chaff(s), .flags_off = TCP_FIN, .flags_on = TCP_SYN });
	put_copy(v, s);
}

/* RFC 5961: outside the window it resets nothing. */
static void chaff_rst(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	put_segment(v, s,
		    &(struct segment){
			    .flags_off = 0xff, .flags_on = TCP_RST, .seq_shift = FAR_AHEAD });
	put_copy(v, s);
}

/* --- fragments --------------------------------------------------------------------------------------- */

static void fragment(struct variant *v, const struct source *s, unsigned at)
{
	size_t len = body_len(s), from = (size_t)at * PIECE;

	if (from >= len) {
		put_copy(v, s);
		return;
	}
	put_fragment(v, s, 0, from);
	put_fragment(v, s, from, len);
}

static void fragments(struct variant *v, const struct source *s, size_t len, unsigned times,
		      bool backward)
{
	size_t total = body_len(s), count = (total + PIECE - 1) / PIECE;

	for (size_t i = 0; i < count * times; i++) {
		size_t k = i / times, from = (backward ? count - 1 - k : k) * PIECE;

		put_fragment(v, s, from, least(from + len, total));
	}
}

static void fragment_all(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	fragments(v, s, PIECE, 1, false);
}

static void fragment_reverse(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	fragments(v, s, PIECE, 1, true);
}

static void fragment_twice(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	fragments(v, s, PIECE, 2, false);
}

static void fragment_overlap(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	fragments(v, s, 2 * PIECE, 1, false);
}

static void ip_options(struct variant *v, const struct source *s, unsigned at)
{
	static const uint8_t no_operation[4] = { 1, 1, 1, 1 };

	(void)at;
	put_options(v, s, bytes_of(no_operation, sizeof(no_operation)));
}

/* --- headers around ---------------------------------------------------------------------------------- */

/* Two bytes that say which IP it is: an Ethernet type, and PPP's. */
#define ETHER_OF(s) \
	((s)->packet.ip_version == 4 ? 0x08 : 0x86), ((s)->packet.ip_version == 4 ? 0x00 : 0xdd)
#define PPP_OF(s) 0x00, ((s)->packet.ip_version == 4 ? 0x21 : 0x57)
#define MACS 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1

static void vlan(struct variant *v, const struct source *s, unsigned at)
{
	const uint8_t tag[] = { 0, 77, ETHER_OF(s) };

	(void)at;
	put_linked(v, s, 0x8100, bytes_of(tag, sizeof(tag)));
}

static void qinq(struct variant *v, const struct source *s, unsigned at)
{
	const uint8_t tags[] = { 0, 77, 0x81, 0x00, 0, 78, ETHER_OF(s) };

	(void)at;
	put_linked(v, s, 0x88a8, bytes_of(tags, sizeof(tags)));
}

static void mpls(struct variant *v, const struct source *s, unsigned at)
{
	static const uint8_t label[] = { 0x00, 0x06, 0x41, 0x40 }; /* 100, the last one */

	(void)at;
	put_linked(v, s, 0x8847, bytes_of(label, sizeof(label)));
}

static void pppoe(struct variant *v, const struct source *s, unsigned at)
{
	size_t len = s->datagram.len + 2;
	const uint8_t header[] = { 0x11, 0, 0, 1, (uint8_t)(len >> 8), (uint8_t)len, PPP_OF(s) };

	(void)at;
	put_linked(v, s, 0x8864, bytes_of(header, sizeof(header)));
}

static void ip_in_ip(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	put_tunnel(v, s, s->packet.ip_version == 4 ? IP_PROTO_IPIP : IP_PROTO_IPV6,
		   bytes_of(NULL, 0));
}

static void gre(struct variant *v, const struct source *s, unsigned at)
{
	const uint8_t header[] = { 0, 0, ETHER_OF(s) };

	(void)at;
	put_tunnel(v, s, IP_PROTO_GRE, bytes_of(header, sizeof(header)));
}

static void erspan(struct variant *v, const struct source *s, unsigned at)
{
	const uint8_t header[] = { 0x10, 0, 0x88, 0xbe, 0, 0, 0, 1,    0x10,
				   0,	 0, 1,	  0,	0, 0, 0, MACS, ETHER_OF(s) };

	(void)at;
	put_tunnel(v, s, IP_PROTO_GRE, bytes_of(header, sizeof(header)));
}

static void vxlan(struct variant *v, const struct source *s, unsigned at)
{
	const uint8_t header[] = { 8, 0, 0, 0, 0, 0, 77, 0, MACS, ETHER_OF(s) };

	(void)at;
	put_udp_tunnel(v, s, 4789, bytes_of(header, sizeof(header)));
}

static void geneve(struct variant *v, const struct source *s, unsigned at)
{
	const uint8_t header[] = { 0, 0, ETHER_OF(s), 0, 0, 77, 0 };

	(void)at;
	put_udp_tunnel(v, s, 6081, bytes_of(header, sizeof(header)));
}

static void gtpu(struct variant *v, const struct source *s, unsigned at)
{
	size_t len = s->datagram.len;
	const uint8_t header[] = { 0x30, 0xff, (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, 77 };

	(void)at;
	put_udp_tunnel(v, s, 2152, bytes_of(header, sizeof(header)));
}

static void teredo(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	put_udp_tunnel(v, s, 3544, bytes_of(NULL, 0));
}

/* --- the table ---------------------------------------------------------------------------------------- */

/* --- one within the other ----------------------------------------------------------------------------- */

typedef void (*rewrite_fn)(struct variant *v, const struct source *s, unsigned at);

/* What the first makes of a packet, the second rewrites. */
static void nest(struct variant *v, const struct source *s, rewrite_fn first, rewrite_fn second)
{
	struct variant between;

	variant_init(&between);
	first(&between, s, 0);
	for (size_t i = 0; i < between.count; i++) {
		struct source inner;

		source_of_made(&between.frame[i], &inner);
		second(v, &inner, 0);
	}
	v->no_memory |= between.no_memory;
	variant_fini(&between);
}

static void tunnel_in_tunnel(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	nest(v, s, gre, ip_in_ip);
}

static void vxlan_in_vxlan(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	nest(v, s, vxlan, vxlan);
}

static void tunnelled_fragments(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	nest(v, s, fragment_reverse, vxlan);
}

static void fragmented_tunnel(struct variant *v, const struct source *s, unsigned at)
{
	(void)at;
	nest(v, s, vxlan, fragment_reverse);
}

const struct technique techniques[] = {
	{ "split", "each segment in two, at every byte", takes_segment, split, every_byte },
	{ "bytes", "each byte in a segment of its own", takes_segment, bytes_apart, NULL },
	{ "reorder", "each segment in three, the last part first", takes_segment, reorder, NULL },
	{ "reverse", "each segment in parts of 8 bytes, the last first", takes_segment, reverse,
	  NULL },
	{ "retransmit", "each segment twice", takes_segment, retransmit, NULL },
	{ "retransmit-whole", "parts of 8 bytes, then all of it once more", takes_segment,
	  retransmit_whole, NULL },
	{ "overlap", "parts of 16 bytes, each half over the next", takes_segment, overlap, NULL },
	{ "overlap-reverse", "the same, the last first", takes_segment, overlap_reverse, NULL },
	{ "conflict", "behind each segment one with other bytes in its place", takes_segment,
	  conflict, NULL },
	{ "chaff-checksum", "before each segment other bytes with a wrong checksum", takes_segment,
	  chaff_checksum, NULL },
	{ "chaff-window", "before each segment other bytes far outside the window", takes_segment,
	  chaff_window, NULL },
	{ "chaff-no-ack", "before each segment other bytes without ACK", takes_segment,
	  chaff_no_ack, NULL },
	{ "chaff-syn", "before each segment other bytes with SYN", takes_segment, chaff_syn, NULL },
	{ "chaff-rst", "before each segment an RST far outside the window", takes_segment,
	  chaff_rst, NULL },
	{ "fragment", "each datagram in two fragments, at every eighth byte", takes_datagram,
	  fragment, every_eight },
	{ "fragment-8", "fragments of 8 bytes", takes_datagram, fragment_all, NULL },
	{ "fragment-reverse", "fragments of 8 bytes, the last first", takes_datagram,
	  fragment_reverse, NULL },
	{ "fragment-twice", "fragments of 8 bytes, each twice", takes_datagram, fragment_twice,
	  NULL },
	{ "fragment-overlap", "fragments of 16 bytes, each half over the next (IPv4)",
	  takes_datagram4, fragment_overlap, NULL },
	{ "ip-options", "four IPv4 options that do nothing", takes_no_options, ip_options, NULL },
	{ "vlan", "a VLAN tag", takes_linked, vlan, NULL },
	{ "qinq", "two VLAN tags", takes_linked, qinq, NULL },
	{ "mpls", "an MPLS label", takes_linked, mpls, NULL },
	{ "pppoe", "a PPPoE session", takes_linked, pppoe, NULL },
	{ "ip-in-ip", "IP in IPv4", takes_any, ip_in_ip, NULL },
	{ "gre", "GRE", takes_any, gre, NULL },
	{ "erspan", "ERSPAN type II", takes_any, erspan, NULL },
	{ "vxlan", "VXLAN", takes_any, vxlan, NULL },
	{ "geneve", "Geneve", takes_any, geneve, NULL },
	{ "gtp-u", "GTP-U", takes_any, gtpu, NULL },
	{ "teredo", "Teredo (IPv6)", takes_ip6, teredo, NULL },
	{ "tunnel-in-tunnel", "GRE in IP in IPv4", takes_any, tunnel_in_tunnel, NULL },
	{ "vxlan-in-vxlan", "VXLAN in VXLAN", takes_any, vxlan_in_vxlan, NULL },
	{ "fragments-in-vxlan", "fragments of 8 bytes, the last first, in VXLAN", takes_datagram,
	  tunnelled_fragments, NULL },
	{ "vxlan-in-fragments", "VXLAN in fragments of 8 bytes, the last first", takes_any,
	  fragmented_tunnel, NULL },
};
const unsigned technique_count = sizeof(techniques) / sizeof(techniques[0]);
