/* SPDX-License-Identifier: Apache-2.0 */
/* TCP (RFC 9293), with the options of RFC 7323, RFC 2018 and RFC 7413. */
#include "engine/decode/checksum.h"
#include "engine/decode/layer.h"

#define TCP_LEN 20
#define TCP_CHECKSUM_AT 16
/* Of the timestamp option, kind and length included. */
#define TS_LEN 10
/* Options past this many are walked over, not read. */
#define TCP_OPTIONS_MAX 20
/* Fast open under the experimental option numbers (RFC 7413, section 4.1.1 draft form). */
#define FASTOPEN_MAGIC 0xf989

enum tcp_option {
	OPT_END = 0,
	OPT_NOP = 1,
	OPT_MSS = 2,
	OPT_WSCALE = 3,
	OPT_SACK_OK = 4,
	OPT_SACK = 5,
	OPT_TS = 8,
	OPT_MD5 = 19,
	OPT_AO = 29,
	OPT_FASTOPEN = 34,
	OPT_EXP1 = 253,
	OPT_EXP2 = 254,
};

/* Seen options of which one is kept: their bits. */
enum tcp_seen {
	SEEN_MSS = 1,
	SEEN_WSCALE = 2,
	SEEN_SACK_OK = 4,
	SEEN_SACK = 8,
	SEEN_TS = 16,
	SEEN_FASTOPEN = 32,
};

/* A first option of its kind. */
static bool once(struct packet *p, unsigned *seen, unsigned bit)
{
	if (*seen & bit) {
		packet_event(p, EVENT_DECODE_TCP_OPT_DUPLICATE);
		return false;
	}
	*seen |= bit;
	return true;
}

static bool length(struct packet *p, bool ok)
{
	if (!ok)
		packet_event(p, EVENT_DECODE_TCP_OPT_INVALID_LEN);
	return ok;
}

/* o is a whole option, kind and length first. */
static void read_option(struct packet *p, struct bytes o, unsigned *seen)
{
	struct packet_tcp *t = &p->tcp;

	switch (o.data[0]) {
	case OPT_MSS:
		if (length(p, o.len == 4) && once(p, seen, SEEN_MSS)) {
			t->has_mss = true;
			t->mss = load_be16(o.data + 2);
		}
		break;
	case OPT_WSCALE:
		if (length(p, o.len == 3) && once(p, seen, SEEN_WSCALE)) {
			t->has_wscale = true;
			t->wscale = o.data[2];
		}
		break;
	case OPT_SACK_OK:
		if (length(p, o.len == 2) && once(p, seen, SEEN_SACK_OK))
			t->has_sack_ok = true;
		break;
	case OPT_SACK:
		/* Without a block: useless, but some stacks send it. */
		if (o.len == 2)
			break;
		if (length(p, o.len >= 10 && o.len <= 34 && (o.len - 2) % 8 == 0) &&
		    once(p, seen, SEEN_SACK))
			t->sacks = (uint8_t)((o.len - 2) / 8);
		break;
	case OPT_TS:
		if (length(p, o.len == TS_LEN) && once(p, seen, SEEN_TS)) {
			t->has_ts = true;
			t->ts_value = load_be32(o.data + 2);
			t->ts_echo = load_be32(o.data + 6);
		}
		break;
	case OPT_FASTOPEN:
		if (length(p, o.len == 2 || (o.len >= 4 && o.len <= 18 && o.len % 2 == 0)) &&
		    once(p, seen, SEEN_FASTOPEN))
			t->has_fastopen = true;
		break;
	case OPT_EXP1:
	case OPT_EXP2:
		if (o.len == 4 || o.len == 12) {
			if (load_be16(o.data + 2) == FASTOPEN_MAGIC && once(p, seen, SEEN_FASTOPEN))
				t->has_fastopen = true;
		} else {
			(void)length(p, false);
		}
		break;
	case OPT_MD5:
		if (!length(p, o.len == 18))
			p->invalid = true;
		t->has_signature = true;
		break;
	case OPT_AO:
		if (!length(p, o.len >= 4))
			p->invalid = true;
		t->has_signature = true;
		break;
	default:
		break;
	}
}

void decode_tcp_options(struct packet *p, struct bytes b)
{
	unsigned seen = 0, options = 0;

	if (decode_tcp_timestamp_alone(p, b))
		return;
	while (b.len && b.data[0] != OPT_END) {
		size_t len = 1;

		if (b.data[0] != OPT_NOP) {
			if (b.len < 2)
				return;
			len = b.data[1];
			if (len < 2 || len > b.len) {
				(void)decode_invalid(p, EVENT_DECODE_TCP_OPT_INVALID_LEN);
				return;
			}
			if (options++ < TCP_OPTIONS_MAX)
				read_option(p, bytes_slice(b, 0, len), &seen);
		}
		b = bytes_slice(b, len, b.len);
	}
}

void decode_tcp_checksum(const struct decode_run *r, struct packet *p, struct bytes b)
{
	if (!checksum_transport_ok(p, IP_PROTO_TCP, b))
		p->bad_checksum = !r->d->options.partial_checksums ||
				  !checksum_transport_partial(p, IP_PROTO_TCP, b, TCP_CHECKSUM_AT);
}

bool decode_tcp(struct decode_run *r, struct packet *p, struct bytes b)
{
	struct cursor c = cursor_of(b);
	const uint8_t *h = cursor_take(&c, TCP_LEN);
	struct packet_tcp *t = &p->tcp;
	size_t header_len;

	r->count[COUNTER_DECODER_TCP]++;
	if (!h)
		return decode_invalid(p, EVENT_DECODE_TCP_PKT_TOO_SMALL);
	header_len = (h[12] >> 4) * 4u;
	if (header_len > b.len)
		return decode_invalid(p, EVENT_DECODE_TCP_HLEN_TOO_SMALL);
	if (header_len < TCP_LEN)
		return decode_invalid(p, EVENT_DECODE_TCP_INVALID_OPTLEN);
	p->proto = IP_PROTO_TCP;
	p->sport = load_be16(h);
	p->dport = load_be16(h + 2);
	t->seq = load_be32(h + 4);
	t->ack = load_be32(h + 8);
	t->header_len = (uint8_t)header_len;
	t->reserved = h[12] & 0x0f;
	t->flags = h[13];
	t->window = load_be16(h + 14);
	t->urgent = load_be16(h + 18);
	decode_l4(p, b, header_len);
	if (header_len > TCP_LEN)
		decode_tcp_options(p, bytes_slice(b, TCP_LEN, header_len - TCP_LEN));
	if (r->d->options.check_checksums)
		decode_tcp_checksum(r, p, b);
	return true;
}
