/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates as text: PEM (RFC 7468, section 3), and what is known of the first of a chain. */
#include "engine/app/tls.h"
#include "engine/output/eve.h"
#include "engine/output/output.h"

#define PEM_LINE_BYTES 48 /* 64 characters */

void output_pem(struct bytes der, size_t from, size_t len, struct buf *out)
{
	size_t end = len < der.len - from ? from + len : der.len;

	if (from == 0)
		buf_text(out, "-----BEGIN CERTIFICATE-----\n");
	for (; from < end; from += PEM_LINE_BYTES) {
		size_t n = end - from < PEM_LINE_BYTES ? end - from : PEM_LINE_BYTES;

		buf_base64(out, der.data + from, n);
		buf_char(out, '\n');
	}
	if (end == der.len)
		buf_text(out, "-----END CERTIFICATE-----\n");
}

/* From the wire: what could be taken for another line is written in hexadecimal. */
static void put_plain(struct buf *out, struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] >= 0x20 && text.data[i] != 0x7f) {
			buf_char(out, (char)text.data[i]);
			continue;
		}
		buf_bytes(out, "\\x", 2);
		buf_hex(out, &text.data[i], 1);
	}
}

static void put_address(struct buf *out, const char *name, const struct ip_addr *a,
			unsigned version)
{
	char text[IP_ADDR_TEXT];
	unsigned len = ip_addr_text(a, version, text);

	buf_text(out, name);
	buf_bytes(out, text, len);
	buf_char(out, '\n');
}

static void put_number(struct buf *out, const char *name, uint64_t v)
{
	buf_text(out, name);
	buf_u64(out, v);
	buf_char(out, '\n');
}

static void put_text(struct buf *out, const char *name, struct bytes text)
{
	buf_text(out, name);
	put_plain(out, text);
	buf_char(out, '\n');
}

void output_cert_meta(const struct packet *p, const struct tls_certificates *certs, struct buf *out)
{
	bool back = p->direction != 0;
	char time[FAST_TIME_LEN];

	fast_time_text(p->time_ns, time);
	buf_text(out, "TIME:              ");
	buf_bytes(out, time, sizeof(time));
	buf_char(out, '\n');
	if (p->number)
		put_number(out, "PCAP PKT NUM:      ", p->number);
	put_address(out, "SRC IP:            ", back ? &p->dst : &p->src, p->ip_version);
	put_address(out, "DST IP:            ", back ? &p->src : &p->dst, p->ip_version);
	put_number(out, "PROTO:             ", p->proto);
	put_number(out, "SRC PORT:          ", back ? p->dport : p->sport);
	put_number(out, "DST PORT:          ", back ? p->sport : p->dport);
	put_text(out, "TLS SUBJECT:       ", bytes_of(certs->subject.data, certs->subject.len));
	put_text(out, "TLS ISSUERDN:      ", bytes_of(certs->issuer.data, certs->issuer.len));
	put_text(out, "TLS FINGERPRINT:   ", bytes_of(certs->fingerprint, TLS_FINGERPRINT_LEN));
}
