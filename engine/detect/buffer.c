/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/buffer.h"

#include "engine/detect/ruleset.h"

#define IPV4_HEADER_BYTES 20
#define IPV6_HEADER_BYTES 40
#define UDP_HEADER_BYTES 8
#define ICMP_HEADER_BYTES 8
#define ICMP_TIMESTAMP_BYTES 20 /* RFC 792: three times follow the header */
#define ICMP_ROUTERS 9 /* RFC 1256: addresses follow, so many of so many words of four bytes */
#define ICMP_TIMESTAMP 13
#define ICMP_TIMESTAMP_REPLY 14
#define EXTENSIONS_MAX 16

/* len bytes of the packet from offset on, or nothing. */
static bool take(const struct packet *p, size_t offset, size_t len, struct bytes *out)
{
	struct bytes all = bytes_slice(p->data, offset, p->data.len);

	*out = bytes_slice(all, 0, len);
	return out->len == len;
}

static bool ipv4_header(const struct packet *p, struct bytes *out)
{
	if (p->ip_version != 4 || !take(p, p->l3_offset, IPV4_HEADER_BYTES, out))
		return false;
	return take(p, p->l3_offset, (size_t)(out->data[0] & 0xf) * 4, out);
}

/* RFC 8200, section 4; the authentication header counts in words of four bytes. */
static size_t extension_bytes(unsigned type, unsigned len)
{
	switch (type) {
	case 0:
	case IP_PROTO_ROUTING:
	case IP_PROTO_DSTOPTS:
		return (len + 1) * 8;
	case IP_PROTO_FRAGMENT:
		return 8;
	case IP_PROTO_AH:
		return (len + 2) * 4;
	default:
		return 0;
	}
}

/* With the extension headers, but of a fragment the fixed part alone. */
static bool ipv6_header(const struct packet *p, struct bytes *out)
{
	size_t len = IPV6_HEADER_BYTES;
	struct bytes extension;
	unsigned type;

	if (p->ip_version != 6 || !take(p, p->l3_offset, len, out))
		return false;
	type = out->data[6];
	for (unsigned i = 0; i < EXTENSIONS_MAX && !p->is_fragment; i++) {
		size_t more;

		if (!take(p, p->l3_offset + len, 2, &extension))
			break;
		more = extension_bytes(type, extension.data[1]);
		if (!more || !take(p, p->l3_offset + len, more, &extension))
			break;
		type = extension.data[0];
		len += more;
	}
	return take(p, p->l3_offset, len, out);
}

static bool tcp_header(const struct packet *p, struct bytes *out)
{
	return p->has_l4 && p->proto == IP_PROTO_TCP &&
	       take(p, p->l4_offset, p->tcp.header_len, out);
}

static bool udp_header(const struct packet *p, struct bytes *out)
{
	return p->has_l4 && p->proto == IP_PROTO_UDP &&
	       take(p, p->l4_offset, UDP_HEADER_BYTES, out);
}

/* With the times or the addresses that follow, where all of them are there. */
static bool icmpv4_header(const struct packet *p, struct bytes *out)
{
	size_t end = (size_t)p->l3_offset + p->l3_len, len = ICMP_HEADER_BYTES;

	if (!p->has_l4 || p->proto != IP_PROTO_ICMP || !take(p, p->l4_offset, len, out))
		return false;
	if (p->icmp_type == ICMP_TIMESTAMP || p->icmp_type == ICMP_TIMESTAMP_REPLY)
		len = ICMP_TIMESTAMP_BYTES;
	else if (p->icmp_type == ICMP_ROUTERS)
		len += (size_t)out->data[4] * out->data[5] * 4;
	if (p->l4_offset + len > end)
		len = ICMP_HEADER_BYTES;
	return take(p, p->l4_offset, len, out);
}

static bool icmpv6_header(const struct packet *p, struct bytes *out)
{
	return p->has_l4 && p->proto == IP_PROTO_ICMPV6 &&
	       take(p, p->l4_offset, ICMP_HEADER_BYTES, out);
}

static bool address(const struct packet *p, const struct ip_addr *a, struct bytes *out)
{
	*out = bytes_of(a->bytes, p->ip_version == 4 ? 4 : 16);
	return p->ip_version != 0;
}

static bool source_address(const struct packet *p, struct bytes *out)
{
	return address(p, &p->src, out);
}

static bool destination_address(const struct packet *p, struct bytes *out)
{
	return address(p, &p->dst, out);
}

static const struct detect_buffer rows[BUFFER__COUNT] = {
	[BUFFER_IPV4_HDR] = { ipv4_header, NEED_V4, 0 },
	[BUFFER_IPV6_HDR] = { ipv6_header, NEED_V6, 0 },
	[BUFFER_TCP_HDR] = { tcp_header, NEED_L4, 1u << PROTO_TCP },
	[BUFFER_UDP_HDR] = { udp_header, NEED_L4, 1u << PROTO_UDP },
	[BUFFER_ICMPV4_HDR] = { icmpv4_header, NEED_V4 | NEED_L4, 1u << PROTO_ICMP },
	[BUFFER_ICMPV6_HDR] = { icmpv6_header, NEED_V6 | NEED_L4, 1u << PROTO_ICMPV6 },
	[BUFFER_IP_SRC] = { source_address, 0, 0 },
	[BUFFER_IP_DST] = { destination_address, 0, 0 },
};

const struct detect_buffer *detect_buffer(enum buffer b)
{
	return &rows[b];
}
