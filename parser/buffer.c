/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/buffer.h"

#include <string.h>

#define PROTO(name) (1u << RULE_PROTO_##name)
/* Headers that say nothing of the transport, or leave it to the application protocol. */
#define ANY_TRANSPORT (PROTO(IP) | PROTO(IPV4) | PROTO(IPV6) | PROTO(PKTHDR) | PROTO(APP))
#define ANY_TCP (PROTO(TCP) | PROTO(TCP_PKT) | PROTO(TCP_STREAM))
#define ANY_ICMP (PROTO(ICMP) | PROTO(ICMPV4) | PROTO(ICMPV6))
#define BOTH (BUFFER_TO_SERVER | BUFFER_TO_CLIENT)

static const struct buffer_row rows[BUFFER__COUNT] = {
	[BUFFER_PAYLOAD] = {
		.name = "pkt_data",
		.what = "the payload",
		.kind = BUFFER_KIND_STREAM,
		.directions = BOTH,
	},
	[BUFFER_IPV4_HDR] = {
		.name = "ipv4.hdr",
		.what = "the IPv4 header",
		.directions = BOTH,
	},
	[BUFFER_IPV6_HDR] = {
		.name = "ipv6.hdr",
		.what = "the IPv6 header",
		.directions = BOTH,
	},
	[BUFFER_TCP_HDR] = {
		.name = "tcp.hdr",
		.what = "the TCP header",
		.protos = ANY_TRANSPORT | ANY_TCP,
		.proto = "tcp",
		.directions = BOTH,
	},
	[BUFFER_UDP_HDR] = {
		.name = "udp.hdr",
		.what = "the UDP header",
		.protos = ANY_TRANSPORT | PROTO(UDP),
		.proto = "udp",
		.directions = BOTH,
	},
	[BUFFER_ICMPV4_HDR] = {
		.name = "icmpv4.hdr",
		.what = "the ICMPv4 header",
		.protos = ANY_TRANSPORT | ANY_ICMP,
		.proto = "icmp",
		.directions = BOTH,
	},
	[BUFFER_ICMPV6_HDR] = {
		.name = "icmpv6.hdr",
		.what = "the ICMPv6 header",
		.protos = ANY_TRANSPORT | ANY_ICMP,
		.proto = "icmp",
		.directions = BOTH,
	},
	[BUFFER_IP_SRC] = {
		.name = "ip.src",
		.what = "the source address",
		.directions = BOTH,
	},
	[BUFFER_IP_DST] = {
		.name = "ip.dst",
		.what = "the destination address",
		.directions = BOTH,
	},
	[BUFFER_BASE64_DATA] = {
		.name = "base64_data",
		.what = "what base64_decode made",
		.kind = BUFFER_KIND_DERIVED,
		.directions = BOTH,
	},
	[BUFFER_FRAME] = {
		.name = "frame",
		.what = "a frame",
		.kind = BUFFER_KIND_FRAME,
		.directions = BOTH,
	},
#define S BUFFER_TO_SERVER
#define C BUFFER_TO_CLIENT
#define B BOTH
#define SD S
#define BD B
#define ROW(id, name_, alias_, modifier_, app_, directions_, multiple_, what_) \
	[BUFFER_##id] = { .name = name_, \
			  .alias = alias_, \
			  .modifier = modifier_, \
			  .what = what_, \
			  .kind = BUFFER_KIND_TX, \
			  .directions = directions_, \
			  .multiple = multiple_, \
			  .app = app_ },
	BUFFER_TX_LIST(ROW)
#undef ROW
#undef S
#undef C
#undef B
#undef SD
#undef BD
};

const struct buffer_row *buffer_row(enum buffer b)
{
	return &rows[b];
}

bool buffer_admits(enum buffer b, enum rule_proto proto)
{
	return !rows[b].protos || (rows[b].protos >> proto & 1);
}

uint64_t buffer_file_apps(void)
{
	return APP_PROTO_BIT(APP_PROTO_HTTP1) | APP_PROTO_BIT(APP_PROTO_HTTP2) |
	       APP_PROTO_BIT(APP_PROTO_SMTP) | APP_PROTO_BIT(APP_PROTO_FTP_DATA) |
	       APP_PROTO_BIT(APP_PROTO_SMB) | APP_PROTO_BIT(APP_PROTO_NFS);
}

uint64_t buffer_apps(enum buffer b)
{
	const char *app = rows[b].app;

	switch (b) {
	case BUFFER_JA3_HASH:
	case BUFFER_JA3_STRING:
	case BUFFER_JA3S_HASH:
	case BUFFER_JA3S_STRING:
	case BUFFER_JA4_HASH:
		/* QUIC carries the same hellos. */
		return APP_PROTO_BIT(APP_PROTO_TLS) | APP_PROTO_BIT(APP_PROTO_QUIC);
	case BUFFER_HTTP_START:
		return APP_PROTO_BIT(APP_PROTO_HTTP1);
	default:
		break;
	}
	if (rows[b].kind != BUFFER_KIND_TX)
		return 0;
	return app ? app_proto_find(app, strlen(app)) : buffer_file_apps();
}
