/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/app/identify.h"

#include <string.h>

#include "engine/app/probe.h"

/* --- patterns at the front ------------------------------------------------------------------- */

#define TS 1u /* the client says it */
#define TC 2u /* the server does */

/* Bytes that stand at an offset. */
struct pattern {
	uint8_t proto; /* enum app_proto */
	uint8_t transport; /* 0: TCP, 1: UDP */
	uint8_t directions;
	uint8_t offset;
	uint8_t len;
	bool nocase; /* text is in capitals then */
	const char *text;
	probe_fn confirm; /* looks closer where the bytes are there; NULL: they are enough */
};

#define ROW(proto_, transport_, dirs, at, nocase_, text_, confirm_) \
	{ \
		APP_PROTO_##proto_, transport_, dirs, at, sizeof(text_) - 1, nocase_, text_, \
			confirm_ \
	}
#define TCP(proto, dirs, text) ROW(proto, 0, dirs, 0, false, text, NULL)
#define TCP_AT(proto, dirs, at, text) ROW(proto, 0, dirs, at, false, text, NULL)
#define TCP_ANY_CASE(proto, dirs, text) ROW(proto, 0, dirs, 0, true, text, NULL)
#define UDP(proto, dirs, text) ROW(proto, 1, dirs, 0, false, text, NULL)
#define METHOD(name) TCP_ANY_CASE(HTTP1, TS, name " "), TCP_ANY_CASE(HTTP1, TS, name "\t")
#define SIP(text, dirs) \
	ROW(SIP, 0, dirs, 0, false, text, probe_sip), ROW(SIP, 1, dirs, 0, false, text, probe_sip)
#define TELNET(code) TCP(TELNET, TS | TC, "\xff" code)

static const struct pattern patterns[] = {
	/* RFC 9113, section 3.4: its first line. */
	TCP_ANY_CASE(HTTP2, TS, "PRI * HTTP/2.0\r\n"),
	METHOD("GET"),
	METHOD("PUT"),
	METHOD("POST"),
	METHOD("HEAD"),
	METHOD("TRACE"),
	METHOD("OPTIONS"),
	METHOD("CONNECT"),
	METHOD("DELETE"),
	METHOD("PATCH"),
	METHOD("PROPFIND"),
	METHOD("PROPPATCH"),
	METHOD("MKCOL"),
	METHOD("COPY"),
	METHOD("MOVE"),
	METHOD("LOCK"),
	METHOD("UNLOCK"),
	METHOD("CHECKOUT"),
	METHOD("UNCHECKOUT"),
	METHOD("CHECKIN"),
	METHOD("UPDATE"),
	METHOD("LABEL"),
	METHOD("REPORT"),
	METHOD("MKWORKSPACE"),
	METHOD("MKACTIVITY"),
	METHOD("MERGE"),
	METHOD("INVALID"),
	METHOD("VERSION-CONTROL"),
	METHOD("BASELINE-CONTROL"),
	TCP_ANY_CASE(HTTP1, TC, "HTTP/0.9"),
	TCP_ANY_CASE(HTTP1, TC, "HTTP/1.0"),
	TCP_ANY_CASE(HTTP1, TC, "HTTP/1.1"),
	/* RFC 8446, section 5.1: handshake, alert, data; and SSLv2's way to say hello. */
	TCP(TLS, TS, "\x16\x03\x00"),
	TCP(TLS, TS, "\x16\x03\x01"),
	TCP(TLS, TS, "\x16\x03\x02"),
	TCP(TLS, TS, "\x16\x03\x03"),
	TCP(TLS, TS, "\x01\x03\x00"),
	TCP(TLS, TS, "\x01\x03\x01"),
	TCP(TLS, TS, "\x01\x03\x02"),
	TCP(TLS, TS, "\x01\x03\x03"),
	TCP(TLS, TC, "\x15\x03\x00"),
	TCP(TLS, TC, "\x16\x03\x00"),
	TCP(TLS, TC, "\x17\x03\x00"),
	TCP(TLS, TC, "\x15\x03\x01"),
	TCP(TLS, TC, "\x16\x03\x01"),
	TCP(TLS, TC, "\x17\x03\x01"),
	TCP(TLS, TC, "\x15\x03\x02"),
	TCP(TLS, TC, "\x16\x03\x02"),
	TCP(TLS, TC, "\x17\x03\x02"),
	TCP(TLS, TC, "\x15\x03\x03"),
	TCP(TLS, TC, "\x16\x03\x03"),
	TCP(TLS, TC, "\x17\x03\x03"),
	ROW(TLS, 0, TS, 2, false, "\x01\x00\x02", probe_sslv2),
	ROW(TLS, 0, TS, 2, false, "\x01\x03\x00", probe_sslv2),
	ROW(TLS, 0, TS, 2, false, "\x01\x03\x01", probe_sslv2),
	ROW(TLS, 0, TS, 2, false, "\x01\x03\x02", probe_sslv2),
	ROW(TLS, 0, TS, 2, false, "\x01\x03\x03", probe_sslv2),
	TCP_ANY_CASE(SSH, TS | TC, "SSH-"),
	TCP_ANY_CASE(SMTP, TS, "EHLO"),
	TCP_ANY_CASE(SMTP, TS, "HELO"),
	TCP_ANY_CASE(SMTP, TS, "QUIT"),
	TCP_ANY_CASE(FTP, TC, "220 ("),
	TCP_ANY_CASE(FTP, TS, "FEAT"),
	TCP_ANY_CASE(FTP, TS, "USER "),
	TCP_ANY_CASE(FTP, TS, "PASS "),
	TCP_ANY_CASE(FTP, TS, "PORT "),
	TCP_ANY_CASE(IMAP, TC, "* OK "),
	TCP_ANY_CASE(IMAP, TC, "* NO "),
	TCP_ANY_CASE(IMAP, TC, "* BAD "),
	TCP_ANY_CASE(IMAP, TC, "* LIST "),
	TCP_ANY_CASE(IMAP, TC, "* ESEARCH "),
	TCP_ANY_CASE(IMAP, TC, "* STATUS "),
	TCP_ANY_CASE(IMAP, TC, "* FLAGS "),
	TCP_AT(SMB, TS | TC, 4, "\xffSMB"),
	TCP_AT(SMB, TS | TC, 4, "\xfeSMB"),
	TCP_AT(SMB, TS | TC, 4, "\xfdSMB"),
	ROW(DCERPC, 0, TS | TC, 0, false, "\x05\x00", probe_dcerpc_tcp),
	ROW(DCERPC, 1, TS, 0, false, "\x04\x00", probe_dcerpc_udp),
	TCP(RFB, TS | TC, "RFB "),
	TELNET("\xfb"),
	TELNET("\xfc"),
	TELNET("\xfd"),
	TELNET("\xfe"),
	SIP("ACK ", TS | TC),
	SIP("BYE ", TS | TC),
	SIP("CANCEL ", TS | TC),
	SIP("INFO ", TS | TC),
	SIP("INVITE ", TS | TC),
	SIP("MESSAGE ", TS | TC),
	SIP("NOTIFY ", TS | TC),
	SIP("OPTIONS ", TS | TC),
	SIP("PRACK ", TS | TC),
	SIP("PUBLISH ", TS | TC),
	SIP("REFER ", TS | TC),
	SIP("REGISTER ", TS | TC),
	SIP("SUBSCRIBE ", TS | TC),
	SIP("UPDATE ", TS | TC),
	SIP("SIP/2.0 ", TS | TC),
	UDP(BITTORRENT_DHT, TS | TC, "d1:ad2:id20:"),
	UDP(BITTORRENT_DHT, TS | TC, "d1:rd2:id20:"),
	UDP(BITTORRENT_DHT, TS | TC, "d2:ip"),
	UDP(BITTORRENT_DHT, TS | TC, "d1:el"),
};

#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))
_Static_assert(PATTERNS <= 8 * sizeof(struct identify_set), "a bit for each");

/* Bytes that the longest pattern needs, by transport and direction. */
static size_t reach(unsigned transport, unsigned dir)
{
	static const uint8_t longest[2][2] = { { 17, 10 }, { 12, 12 } };

	return longest[transport][dir];
}

static bool text_is(const uint8_t *at, const struct pattern *p)
{
	if (!p->nocase)
		return memcmp(at, p->text, p->len) == 0;
	for (unsigned i = 0; i < p->len; i++) {
		uint8_t c = at[i];

		if (c >= 'a' && c <= 'z')
			c = (uint8_t)(c - 'a' + 'A');
		if (c != (uint8_t)p->text[i])
			return false;
	}
	return true;
}

/* A glance that tells most patterns from the bytes: the lower case of letters is left open. */
static bool may_be(const struct identify_ask *q, const struct pattern *p)
{
	return q->in.len > p->offset &&
	       !((q->in.data[p->offset] ^ (uint8_t)p->text[0]) & (p->nocase ? 0xdf : 0xff));
}

static void set_add(struct identify_set *s, size_t pattern)
{
	s->word[pattern / 64] |= 1ULL << pattern % 64;
}

static bool stands_there(const struct identify_ask *q, unsigned dir, const struct pattern *p)
{
	return may_be(q, p) && (q->enabled & APP_PROTO_BIT(p->proto)) &&
	       q->in.len >= (size_t)p->offset + p->len && text_is(q->in.data + p->offset, p) &&
	       (!p->confirm || p->confirm(q->in, dir, q->other) == PROBE_YES);
}

/* The first of the table that stands there. */
static enum app_proto by_pattern(const struct identify_ask *q, unsigned dir)
{
	const struct identify_index *x = q->index;
	const struct identify_set *said = &x->said[q->transport][dir], *front;

	if (!q->in.len)
		return APP_PROTO_UNKNOWN;
	front = &x->front[q->in.data[0] & 31];
	for (size_t w = 0; w < 3; w++) {
		uint64_t some = (front->word[w] | x->behind.word[w]) & said->word[w];

		for (; some; some &= some - 1) {
			const struct pattern *p =
				&patterns[w * 64 + (unsigned)__builtin_ctzll(some)];

			if (stands_there(q, dir, p))
				return p->proto;
		}
	}
	return APP_PROTO_UNKNOWN;
}

/* --- functions that look closer, by port ----------------------------------------------------- */

struct probe {
	uint8_t proto; /* enum app_proto */
	uint8_t transport;
	uint16_t least,
		most; /* bytes: fewer say nothing, more and no yes is a no; 0: no such end */
	probe_fn fn[2]; /* by direction */
};

static const struct probe probes[] = {
	{ APP_PROTO_DNS, 0, 14, 0, { probe_dns_tcp, probe_dns_tcp } },
	{ APP_PROTO_DNS, 1, 12, 0, { probe_dns_udp, probe_dns_udp } },
	{ APP_PROTO_TLS, 0, 3, 3, { probe_sslv2, NULL } },
	{ APP_PROTO_SMTP, 0, 5, 0, { NULL, probe_smtp_server } },
	{ APP_PROTO_FTP, 0, 5, 0, { NULL, probe_ftp_server } },
	{ APP_PROTO_SMB, 0, 8, 0, { probe_smb, probe_smb } },
	{ APP_PROTO_NFS, 0, 28, 0, { probe_rpc_tcp, probe_rpc_tcp } },
	{ APP_PROTO_NFS, 1, 24, 0, { probe_rpc_udp, probe_rpc_udp } },
	{ APP_PROTO_TFTP, 1, 4, 0, { probe_tftp, probe_tftp } },
	{ APP_PROTO_IKE, 1, 28, 0, { probe_ike, probe_ike } },
	{ APP_PROTO_KRB5, 0, 14, 0, { probe_krb5_tcp, probe_krb5_tcp } },
	{ APP_PROTO_KRB5, 1, 10, 0, { probe_krb5_udp, probe_krb5_udp } },
	{ APP_PROTO_QUIC, 1, 16, 0, { probe_quic, probe_quic } },
	{ APP_PROTO_DHCP, 1, 241, 0, { probe_dhcp, probe_dhcp } },
	{ APP_PROTO_SNMP, 1, 4, 0, { probe_snmp, probe_snmp } },
	{ APP_PROTO_MQTT, 0, 2, 0, { probe_mqtt, probe_mqtt } },
	{ APP_PROTO_LDAP, 0, 7, 0, { probe_ldap, probe_ldap } },
	{ APP_PROTO_LDAP, 1, 7, 0, { probe_ldap, probe_ldap } },
	{ APP_PROTO_NTP, 1, 48, 0, { probe_ntp, probe_ntp } },
	{ APP_PROTO_RDP, 0, 7, 0, { probe_rdp, probe_rdp } },
	{ APP_PROTO_MDNS, 1, 12, 0, { probe_mdns, probe_mdns } },
	{ APP_PROTO_POP3, 0, 4, 0, { NULL, probe_pop3_server } },
	{ APP_PROTO_RFB, 0, 12, 12, { probe_rfb, NULL } },
};

#define PROBES (sizeof(probes) / sizeof(probes[0]))
_Static_assert(PROBES <= 32, "a bit for each");

static const struct identify_port stock[] = {
	{ 53, 53, APP_PROTO_DNS, 0, false },	  { 53, 53, APP_PROTO_DNS, 1, false },
	{ 443, 443, APP_PROTO_TLS, 0, false },	  { 25, 25, APP_PROTO_SMTP, 0, false },
	{ 465, 465, APP_PROTO_SMTP, 0, false },	  { 587, 587, APP_PROTO_SMTP, 0, false },
	{ 21, 21, APP_PROTO_FTP, 0, false },	  { 139, 139, APP_PROTO_SMB, 0, false },
	{ 445, 445, APP_PROTO_SMB, 0, false },	  { 111, 111, APP_PROTO_NFS, 0, false },
	{ 2049, 2049, APP_PROTO_NFS, 0, false },  { 111, 111, APP_PROTO_NFS, 1, false },
	{ 2049, 2049, APP_PROTO_NFS, 1, false },  { 69, 69, APP_PROTO_TFTP, 1, false },
	{ 500, 500, APP_PROTO_IKE, 1, false },	  { 4500, 4500, APP_PROTO_IKE, 1, false },
	{ 88, 88, APP_PROTO_KRB5, 0, false },	  { 88, 88, APP_PROTO_KRB5, 1, false },
	{ 443, 443, APP_PROTO_QUIC, 1, false },	  { 80, 80, APP_PROTO_QUIC, 1, false },
	{ 67, 68, APP_PROTO_DHCP, 1, false },	  { 161, 162, APP_PROTO_SNMP, 1, false },
	{ 1883, 1883, APP_PROTO_MQTT, 0, false }, { 389, 389, APP_PROTO_LDAP, 0, false },
	{ 3268, 3268, APP_PROTO_LDAP, 0, false }, { 389, 389, APP_PROTO_LDAP, 1, false },
	{ 3268, 3268, APP_PROTO_LDAP, 1, false }, { 123, 123, APP_PROTO_NTP, 1, false },
	{ 3389, 3389, APP_PROTO_RDP, 0, false },  { 5353, 5353, APP_PROTO_MDNS, 1, false },
	{ 110, 110, APP_PROTO_POP3, 0, false },	  { 5900, 5909, APP_PROTO_RFB, 0, false },
};
_Static_assert(sizeof(stock) / sizeof(stock[0]) <= IDENTIFY_PORTS_MAX, "room for more");

void identify_ports_stock(struct identify_ports *out)
{
	out->count = sizeof(stock) / sizeof(stock[0]);
	memcpy(out->port, stock, sizeof(stock));
}

static uint32_t probe_bit(uint8_t proto, unsigned transport)
{
	for (size_t i = 0; i < PROBES; i++) {
		if (probes[i].proto == proto && probes[i].transport == transport)
			return 1u << i;
	}
	return 0;
}

/* The probes for a pair of ports. */
static uint32_t probes_of(const struct identify_ask *q, uint16_t client, uint16_t server)
{
	const uint64_t *ranges = q->index->ranges[q->transport];
	uint64_t some = ranges[client % 64] | ranges[server % 64];
	uint32_t bits = 0;

	for (; some; some &= some - 1) {
		const struct identify_port *r = &q->index->ports.port[__builtin_ctzll(some)];
		uint16_t port = r->of_client ? client : server;

		if (port >= r->first && port <= r->last && (q->enabled & APP_PROTO_BIT(r->proto)))
			bits |= probe_bit(r->proto, q->transport);
	}
	/* What the other direction is may be looked for on any port. */
	if (q->enabled & APP_PROTO_BIT(q->other))
		bits |= probe_bit(q->other, q->transport);
	return bits;
}

/* Ask the probes of the ports as they are, or with client and server exchanged. */
static enum app_proto by_probe(struct identify_state *s, const struct identify_ask *q,
			       bool exchanged, bool *turned)
{
	uint32_t bits = exchanged ? probes_of(q, q->server_port, q->client_port)
				  : probes_of(q, q->client_port, q->server_port);
	unsigned dir = exchanged ? !q->dir : q->dir;

	bits &= ~s->refused[q->dir];
	for (size_t i = 0; bits >> i; i++) {
		const struct probe *p = &probes[i];
		enum probe_answer a = PROBE_MORE;
		probe_fn fn = p->fn[dir] ? p->fn[dir] : p->fn[1];

		if (!(bits >> i & 1))
			continue;
		if (q->in.len >= p->least && fn)
			a = fn(q->in, dir, q->other);
		if (a >= PROBE_YES) {
			*turned = a == PROBE_YES ? exchanged
						 : (a == PROBE_YES_SERVER) != (bool)q->dir;
			return p->proto;
		}
		if (a == PROBE_NO || (p->most && q->in.len > p->most) ||
		    q->in.len >= IDENTIFY_BYTES)
			s->refused[q->dir] |= 1u << i;
		else
			s->probes_done[q->dir] = false;
	}
	return APP_PROTO_UNKNOWN;
}

static enum app_proto probe_ports(struct identify_state *s, const struct identify_ask *q,
				  bool *turned)
{
	enum app_proto p;

	s->probes_done[q->dir] = true;
	p = by_probe(s, q, false, turned);
	if (p == APP_PROTO_UNKNOWN && q->turn)
		p = by_probe(s, q, true, turned);
	return p;
}

/* --- what may be meant ------------------------------------------------------------------------ */

void identify_index_init(struct identify_index *x, const struct identify_ports *ports)
{
	*x = (struct identify_index){ .ports = *ports };
	for (size_t i = 0; i < PATTERNS; i++) {
		const struct pattern *p = &patterns[i];

		set_add(p->offset ? &x->behind : &x->front[(uint8_t)p->text[0] & 31], i);
		for (unsigned dir = 0; dir < 2; dir++) {
			if (p->directions >> dir & 1)
				set_add(&x->said[p->transport][dir], i);
		}
	}
	for (unsigned i = 0; i < ports->count; i++) {
		const struct identify_port *r = &ports->port[i];

		for (unsigned port = r->first; port <= r->last && port < r->first + 64u; port++)
			x->ranges[r->transport][port % 64] |= 1ULL << i;
	}
}

/* --- both ------------------------------------------------------------------------------------ */

enum app_proto identify(struct identify_state *s, const struct identify_ask *ask, bool *turned)
{
	struct identify_ask q = *ask;
	enum app_proto p = APP_PROTO_UNKNOWN;
	unsigned dir = q.dir;

	*turned = false;
	/* A datagram is there as a whole, and comes once. */
	if (q.transport == 0 && q.in.len > IDENTIFY_BYTES)
		q.in.len = IDENTIFY_BYTES;
	if (!s->patterns_done[dir]) {
		p = by_pattern(&q, dir);
		if (p == APP_PROTO_UNKNOWN && q.turn) {
			p = by_pattern(&q, !dir);
			*turned = p != APP_PROTO_UNKNOWN;
		}
		/* What looks like DCERPC may be DNS with that identifier. */
		if (p != APP_PROTO_UNKNOWN && !(p == APP_PROTO_DCERPC && q.transport == 1))
			return p;
		s->patterns_done[dir] = q.in.len >= reach(q.transport, dir);
	}
	if (!s->probes_done[dir]) {
		enum app_proto closer = probe_ports(s, &q, turned);

		if (closer != APP_PROTO_UNKNOWN)
			return closer;
	}
	return p;
}

uint64_t identify_possible(unsigned transport, uint64_t enabled)
{
	uint64_t some = 0;

	for (size_t i = 0; i < PATTERNS; i++) {
		if (patterns[i].transport == transport)
			some |= APP_PROTO_BIT(patterns[i].proto);
	}
	for (size_t i = 0; i < PROBES; i++) {
		if (probes[i].transport == transport)
			some |= APP_PROTO_BIT(probes[i].proto);
	}
	return some & enabled;
}

bool identify_client_first(enum app_proto p)
{
	switch (p) {
	case APP_PROTO_TLS:
	case APP_PROTO_DCERPC:
		return true;
	default:
		return false;
	}
}
