/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/packet_checksum.h"

#include "engine/decode/checksum.h"

static const struct {
	uint8_t version; /* of IP */
	uint8_t proto; /* enum ip_proto; 0: the IPv4 header itself */
} rows[RULE_CHECKSUM__COUNT] = {
	[RULE_CHECKSUM_IPV4] = { 4, 0 },
	[RULE_CHECKSUM_TCPV4] = { 4, IP_PROTO_TCP },
	[RULE_CHECKSUM_TCPV6] = { 6, IP_PROTO_TCP },
	[RULE_CHECKSUM_UDPV4] = { 4, IP_PROTO_UDP },
	[RULE_CHECKSUM_UDPV6] = { 6, IP_PROTO_UDP },
	[RULE_CHECKSUM_ICMPV4] = { 4, IP_PROTO_ICMP },
	[RULE_CHECKSUM_ICMPV6] = { 6, IP_PROTO_ICMPV6 },
};

static bool header_valid(const struct packet *p)
{
	struct bytes b = bytes_slice(p->data, p->l3_offset, p->data.len);

	return b.len && checksum_ok(bytes_slice(b, 0, (size_t)(b.data[0] & 0xf) * 4));
}

static bool transport_valid(const struct packet *p, uint8_t proto)
{
	size_t end = (size_t)p->l3_offset + p->l3_len;
	struct bytes b =
		bytes_slice(p->data, p->l4_offset, end > p->l4_offset ? end - p->l4_offset : 0);

	/* In IPv4 that of ICMP has no pseudo header before it. */
	return proto == IP_PROTO_ICMP ? checksum_ok(b) : checksum_transport_ok(p, proto, b);
}

/* RFC 768: a checksum of 0 is one that was not made. */
static bool left_out(const struct packet *p)
{
	struct bytes sum = bytes_slice(p->data, (size_t)p->l4_offset + 6, 2);

	return sum.len < 2 || load_be16(sum.data) == 0;
}

bool packet_checksum(const struct packet *p, enum rule_checksum which, bool *valid_out)
{
	uint8_t proto = rows[which].proto;

	if (p->pseudo || p->ip_version != rows[which].version)
		return false;
	if (proto && (!p->has_l4 || p->proto != proto))
		return false;
	if (which == RULE_CHECKSUM_UDPV4 && left_out(p))
		return false;
	*valid_out = p->checksums_off || (proto ? transport_valid(p, proto) : header_valid(p));
	return true;
}
