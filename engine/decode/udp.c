/* SPDX-License-Identifier: Apache-2.0 */
/* UDP (RFC 768), SCTP's common header (RFC 9260), ESP (RFC 4303). */
#include "engine/decode/checksum.h"
#include "engine/decode/layer.h"

#define UDP_LEN 8
#define UDP_CHECKSUM_AT 6
#define SCTP_LEN 12
#define ESP_LEN 8

/* IPv4 may send without a checksum. */
static bool udp_checksum_ok(const struct packet *p, struct bytes b)
{
	if (p->ip_version == 4 && load_be16(b.data + 6) == 0)
		return true;
	return checksum_transport_ok(p, IP_PROTO_UDP, b);
}

bool decode_udp(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, UDP_LEN);
	size_t len;

	r->count[COUNTER_DECODER_UDP]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_UDP_HLEN_TOO_SMALL);
	len = load_be16(h + 4);
	if (len < UDP_LEN)
		return decode_invalid(p, EVENT_DECODE_UDP_LEN_INVALID);
	if (len > b.len)
		return decode_invalid(p, EVENT_DECODE_UDP_PKT_TOO_SMALL);
	p->proto = IP_PROTO_UDP;
	p->sport = load_be16(h);
	p->dport = load_be16(h + 2);
	b = bytes_slice(b, 0, len);
	decode_l4(p, b, UDP_LEN);
	if (r->d->options.check_checksums && !udp_checksum_ok(p, b))
		p->bad_checksum = !r->d->options.partial_checksums ||
				  !checksum_transport_partial(p, IP_PROTO_UDP, b, UDP_CHECKSUM_AT);
	if (decode_udp_tunnel_port(&r->d->options, p->sport, p->dport))
		(void)decode_udp_tunnel(r, p, p->payload);
	return true;
}

bool decode_sctp(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, SCTP_LEN);

	r->count[COUNTER_DECODER_SCTP]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_SCTP_PKT_TOO_SMALL);
	p->proto = IP_PROTO_SCTP;
	p->sport = load_be16(h);
	p->dport = load_be16(h + 2);
	decode_l4(p, b, SCTP_LEN);
	return true;
}

bool decode_esp(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, ESP_LEN);

	r->count[COUNTER_DECODER_ESP]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_ESP_PKT_TOO_SMALL);
	p->proto = IP_PROTO_ESP;
	p->spi = load_be32(h);
	decode_l4(p, b, ESP_LEN);
	return true;
}
