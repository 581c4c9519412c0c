/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/app/probe.h"

#include <string.h>

#include "engine/proto/dns.h"

static bool begins(struct bytes in, const char *text)
{
	size_t len = strlen(text);

	return in.len >= len && memcmp(in.data, text, len) == 0;
}

/* --- DNS (RFC 1035) -------------------------------------------------------------------------- */

static enum probe_answer dns(struct bytes in, size_t message_len)
{
	switch (dns_probe(in, message_len)) {
	case DNS_PROBE_REQUEST:
		return PROBE_YES_CLIENT;
	case DNS_PROBE_RESPONSE:
		return PROBE_YES_SERVER;
	case DNS_PROBE_NO:
		break;
	}
	return PROBE_NO;
}

enum probe_answer probe_dns_udp(struct bytes in, unsigned dir, enum app_proto other)
{
	(void)dir;
	(void)other;
	return dns(in, in.len);
}

/* RFC 6762: questions and answers alike come from whoever has something to say. */
enum probe_answer probe_mdns(struct bytes in, unsigned dir, enum app_proto other)
{
	struct dns_header h;
	struct dns_reader r;
	struct dns_record rec;
	enum dns_next n;

	(void)dir;
	(void)other;
	if (!dns_read_header(in, &h))
		return PROBE_NO;
	dns_begin(&r, in, &h);
	do {
		n = dns_read_record(&r, &rec);
	} while (n == DNS_RECORD);
	return n == DNS_END && !(r.name_flags & DNS_NAME_LOOP) ? PROBE_YES_CLIENT : PROBE_NO;
}

enum probe_answer probe_dns_tcp(struct bytes in, unsigned dir, enum app_proto other)
{
	struct cursor c = cursor_of(in);
	size_t len = cursor_be16(&c);
	struct bytes rest = cursor_rest(&c);

	(void)dir;
	(void)other;
	if (rest.len > len)
		rest.len = len;
	return dns(rest, len);
}

/* --- text protocols -------------------------------------------------------------------------- */

/* A record of two length bytes, the first with its high bit set, then a client hello. */
enum probe_answer probe_sslv2(struct bytes in, unsigned dir, enum app_proto other)
{
	(void)dir;
	(void)other;
	if (in.len < 3)
		return PROBE_MORE;
	return in.data[0] & 0x80 && in.data[2] == 0x01 ? PROBE_YES : PROBE_NO;
}

static bool is_line(struct bytes in)
{
	return memchr(in.data, '\n', in.len) != NULL;
}

/* Length of a domain at the front, 0: there is none.  RFC 1035, section 2.3.1, and an address in brackets. */
static size_t domain(struct bytes in)
{
	size_t i = 0, label = 0;

	while (i < in.len) {
		uint8_t c = in.data[i];
		bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			    (c >= 'A' && c <= 'Z') || c == '_';

		if (!word && !(label && (c == '-' || c == '.')))
			break;
		label = c == '.' ? 0 : label + 1;
		if (label > 63)
			return 0;
		i++;
	}
	return i;
}

/* RFC 5321, section 4.2: "220 domain" or "220-domain". */
enum probe_answer probe_smtp_server(struct bytes in, unsigned dir, enum app_proto other)
{
	(void)dir;
	if (in.len < 5)
		return PROBE_MORE;
	if (!begins(in, "220") || (in.data[3] != ' ' && in.data[3] != '-'))
		return PROBE_NO;
	if (other != APP_PROTO_SMTP && !domain(bytes_slice(in, 4, in.len)))
		return PROBE_NO;
	return is_line(in) ? PROBE_YES : PROBE_MORE;
}

/* RFC 959, section 4.2. */
enum probe_answer probe_ftp_server(struct bytes in, unsigned dir, enum app_proto other)
{
	(void)dir;
	(void)other;
	if (in.len < 5)
		return PROBE_MORE;
	if (!begins(in, "220") || (in.data[3] != ' ' && in.data[3] != '-'))
		return PROBE_NO;
	return is_line(in) ? PROBE_YES : PROBE_MORE;
}

/* RFC 1939, section 3. */
enum probe_answer probe_pop3_server(struct bytes in, unsigned dir, enum app_proto other)
{
	(void)dir;
	(void)other;
	if (in.len < 4)
		return PROBE_MORE;
	if (!begins(in, "+OK ") && !begins(in, "+OK\r") && !begins(in, "-ERR"))
		return PROBE_NO;
	return is_line(in) ? PROBE_YES : PROBE_MORE;
}

/* RFC 6143, section 7.1.1. */
enum probe_answer probe_rfb(struct bytes in, unsigned dir, enum app_proto other)
{
	(void)dir;
	(void)other;
	return begins(in, "RFB ") ? PROBE_YES : PROBE_NO;
}

/* --- remote procedures ----------------------------------------------------------------------- */

/* A NetBIOS session message that holds SMB 1, 2 or 3. */
enum probe_answer probe_smb(struct bytes in, unsigned dir, enum app_proto other)
{
	(void)dir;
	(void)other;
	if (in.len < 8)
		return PROBE_MORE;
	if (in.data[0] != 0)
		return in.data[0] == 0x81 || in.data[0] == 0x82 || in.data[0] == 0x85 ? PROBE_YES
										      : PROBE_NO;
	return memcmp(in.data + 5, "SMB", 3) == 0 && in.data[4] >= 0xfd ? PROBE_YES : PROBE_NO;
}

/* C706, section 12.6.3.1. */
enum probe_answer probe_dcerpc_tcp(struct bytes in, unsigned dir, enum app_proto other)
{
	struct cursor c = cursor_of(in);
	uint8_t major = cursor_u8(&c), minor = cursor_u8(&c), type = cursor_u8(&c);
	uint8_t flags, drep;

	(void)dir;
	(void)other;
	flags = cursor_u8(&c);
	drep = cursor_u8(&c);
	if (!cursor_ok(&c))
		return PROBE_MORE;
	(void)flags;
	return major == 5 && minor <= 1 && type <= 20 && (drep & 0xee) == 0 ? PROBE_YES : PROBE_NO;
}

/* C706, section 12.5.1. */
enum probe_answer probe_dcerpc_udp(struct bytes in, unsigned dir, enum app_proto other)
{
	(void)dir;
	(void)other;
	if (in.len < 80)
		return PROBE_NO;
	return in.data[0] == 4 && in.data[1] <= 10 && (in.data[3] & 0xfc) == 0 &&
			       (in.data[4] & 0xee) == 0 && in.data[5] <= 3
		       ? PROBE_YES
		       : PROBE_NO;
}

/* RFC 5531, section 9: a call of version 2, or its reply. */
static enum probe_answer rpc(struct cursor *c)
{
	uint32_t type, version, program;

	(void)cursor_be32(c);
	type = cursor_be32(c);
	version = cursor_be32(c);
	program = cursor_be32(c);
	if (!cursor_ok(c))
		return PROBE_MORE;
	if (type == 0)
		return version == 2 && (program == 100000 || program == 100003 || program == 100005)
			       ? PROBE_YES_CLIENT
			       : PROBE_NO;
	return type == 1 && version <= 1 && program <= 8 ? PROBE_YES_SERVER : PROBE_NO;
}

enum probe_answer probe_rpc_tcp(struct bytes in, unsigned dir, enum app_proto other)
{
	struct cursor c = cursor_of(in);
	uint32_t mark = cursor_be32(&c);

	(void)dir;
	(void)other;
	if (!(mark & 0x80000000u) || (mark & 0x7fffffff) < 16)
		return PROBE_NO;
	return rpc(&c);
}

enum probe_answer probe_rpc_udp(struct bytes in, unsigned dir, enum app_proto other)
{
	struct cursor c = cursor_of(in);

	(void)dir;
	(void)other;
	return rpc(&c);
}

/* --- the rest over UDP ----------------------------------------------------------------------- */

/* RFC 1350, section 5: a request to read or write with its mode. */
enum probe_answer probe_tftp(struct bytes in, unsigned dir, enum app_proto other)
{
	struct cursor c = cursor_of(in);
	uint16_t opcode = cursor_be16(&c);

	(void)dir;
	(void)other;
	if (opcode < 1 || opcode > 5)
		return PROBE_NO;
	return PROBE_YES;
}

/* RFC 7296, section 3.1 (and RFC 2408's version 1). */
enum probe_answer probe_ike(struct bytes in, unsigned dir, enum app_proto other)
{
	struct cursor c = cursor_of(in);
	uint8_t version, exchange;
	uint32_t len;

	(void)dir;
	(void)other;
	cursor_skip(&c, 17);
	version = cursor_u8(&c);
	exchange = cursor_u8(&c);
	cursor_skip(&c, 5);
	len = cursor_be32(&c);
	if (!cursor_ok(&c) || in.len < 28)
		return PROBE_NO;
	if (version != 0x10 && version != 0x20)
		return PROBE_NO;
	if (version == 0x20 && (exchange < 34 || exchange > 37))
		return PROBE_NO;
	return len == in.len ? PROBE_YES : PROBE_NO;
}

/* RFC 9000, section 17.2: an Initial of a known version. */
enum probe_answer probe_quic(struct bytes in, unsigned dir, enum app_proto other)
{
	struct cursor c = cursor_of(in);
	uint8_t first = cursor_u8(&c);
	uint32_t version = cursor_be32(&c);

	(void)dir;
	(void)other;
	if (!cursor_ok(&c) || !(first & 0x80) || !(first & 0x40))
		return PROBE_NO;
	if (version == 1 || version == 0x6b3343cf || (version & 0xffffff00) == 0xff000000 ||
	    version >> 8 == 0x513034 || version >> 8 == 0x513035)
		return PROBE_YES;
	return PROBE_NO;
}

/* RFC 2131, section 2, and the magic of RFC 2132. */
enum probe_answer probe_dhcp(struct bytes in, unsigned dir, enum app_proto other)
{
	struct cursor c = cursor_of(in);
	uint8_t op = cursor_u8(&c);

	(void)dir;
	(void)other;
	cursor_skip(&c, 235);
	if (cursor_be32(&c) != 0x63825363 || !cursor_ok(&c))
		return PROBE_NO;
	return op == 1 || op == 2 ? PROBE_YES : PROBE_NO;
}

/* A BER length; the cursor fails where it is more than four bytes. */
static size_t ber_len(struct cursor *c)
{
	uint8_t first = cursor_u8(c);
	size_t len = 0;

	if (!(first & 0x80))
		return first;
	if ((first & 0x7f) > 4) {
		c->failed = true;
		return 0;
	}
	for (unsigned i = 0; i < (first & 0x7fu); i++)
		len = len << 8 | cursor_u8(c);
	return len;
}

/* RFC 3416: a sequence that begins with version 0, 1 or 3. */
enum probe_answer probe_snmp(struct bytes in, unsigned dir, enum app_proto other)
{
	struct cursor c = cursor_of(in);
	uint8_t tag = cursor_u8(&c), version;

	(void)dir;
	(void)other;
	(void)ber_len(&c);
	if (tag != 0x30 || cursor_u8(&c) != 2 || cursor_u8(&c) != 1)
		return PROBE_NO;
	version = cursor_u8(&c);
	return cursor_ok(&c) && (version <= 1 || version == 3) ? PROBE_YES : PROBE_NO;
}

/* RFC 5905, section 7.3. */
enum probe_answer probe_ntp(struct bytes in, unsigned dir, enum app_proto other)
{
	unsigned version = in.data[0] >> 3 & 7, mode = in.data[0] & 7;

	(void)dir;
	(void)other;
	return version >= 1 && version <= 4 && mode >= 1 && mode <= 6 ? PROBE_YES : PROBE_NO;
}

/* RFC 4120, section 5.10: an APPLICATION tag of a message, with the type that it names. */
static enum probe_answer krb5(struct cursor *c)
{
	uint8_t tag = cursor_u8(c), type;

	(void)ber_len(c);
	if ((tag & 0xe0) != 0x60 || cursor_u8(c) != 0x30)
		return PROBE_NO;
	(void)ber_len(c);
	type = tag & 0x1f;
	if (!cursor_ok(c))
		return PROBE_NO;
	return (type >= 10 && type <= 15) || type == 30 ? PROBE_YES : PROBE_NO;
}

enum probe_answer probe_krb5_udp(struct bytes in, unsigned dir, enum app_proto other)
{
	struct cursor c = cursor_of(in);

	(void)dir;
	(void)other;
	return krb5(&c);
}

enum probe_answer probe_krb5_tcp(struct bytes in, unsigned dir, enum app_proto other)
{
	struct cursor c = cursor_of(in);

	(void)dir;
	(void)other;
	if (cursor_be32(&c) >> 24)
		return PROBE_NO;
	return krb5(&c);
}

/* RFC 4511, section 4.1.1: a sequence, a message number, an operation. */
enum probe_answer probe_ldap(struct bytes in, unsigned dir, enum app_proto other)
{
	struct cursor c = cursor_of(in);
	uint8_t tag = cursor_u8(&c), op;
	size_t len;

	(void)dir;
	(void)other;
	(void)ber_len(&c);
	if (tag != 0x30 || cursor_u8(&c) != 2)
		return PROBE_NO;
	len = cursor_u8(&c);
	if (len == 0 || len > 4)
		return PROBE_NO;
	cursor_skip(&c, len);
	op = cursor_u8(&c);
	if (!cursor_ok(&c))
		return PROBE_MORE;
	return (op & 0xc0) == 0x40 && (op & 0x1f) <= 25 ? PROBE_YES : PROBE_NO;
}

/* MQTT 3.1.1 and 5, section 3.1: CONNECT, or what answers it. */
enum probe_answer probe_mqtt(struct bytes in, unsigned dir, enum app_proto other)
{
	uint8_t type;

	(void)other;
	if (in.len < 2)
		return PROBE_MORE;
	type = in.data[0] >> 4;
	if (dir == 0) {
		if (type != 1)
			return PROBE_NO;
		if (in.len < 8)
			return PROBE_MORE;
		return memcmp(in.data + 4, "MQTT", 4) == 0 || memcmp(in.data + 4, "MQIs", 4) == 0
			       ? PROBE_YES
			       : PROBE_NO;
	}
	return type == 2 ? PROBE_YES : PROBE_NO;
}

/* RFC 2126 (TPKT) around a connection request or its answer (X.224, 13.3). */
enum probe_answer probe_rdp(struct bytes in, unsigned dir, enum app_proto other)
{
	(void)dir;
	(void)other;
	if (in.len < 7)
		return PROBE_MORE;
	if (in.data[0] == 3 && in.data[1] == 0 && (in.data[5] == 0xe0 || in.data[5] == 0xd0))
		return PROBE_YES;
	return PROBE_NO;
}

/* UPnP has HTTP with SIP's methods: the line says which (RFC 3261, section 7.1). */
enum probe_answer probe_sip(struct bytes in, unsigned dir, enum app_proto other)
{
	static const char http[] = " HTTP/";

	(void)dir;
	(void)other;
	for (size_t i = 0; i < in.len && in.data[i] != '\n'; i++) {
		if (in.len - i > sizeof(http) - 1 &&
		    memcmp(in.data + i, http, sizeof(http) - 1) == 0)
			return PROBE_NO;
	}
	return PROBE_YES;
}
