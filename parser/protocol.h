/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protocol.h - application protocols by name: those that Weir parses, and those that it knows of.
 *
 * Names are those of rule headers and of EVE's app_proto.  "http" in a rule is HTTP/1 and
 * HTTP/2; "dns" is DNS by any transport.
 * Not here: how a protocol is recognised or parsed (engine/app).
 *
 * Memory: constant.  Thread: any.
 */
#ifndef WEIR_PARSER_PROTOCOL_H
#define WEIR_PARSER_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>

/* X(constant, name in rules, name in EVE, Weir parses it) */
#define APP_PROTO_LIST(X) \
	X(HTTP1, "http1", "http", true) \
	X(HTTP2, "http2", "http2", false) \
	X(DNS, "dns", "dns", true) \
	X(TLS, "tls", "tls", true) \
	X(SMTP, "smtp", "smtp", true) \
	X(SSH, "ssh", "ssh", true) \
	X(FTP, "ftp", "ftp", true) \
	X(FTP_DATA, "ftp-data", "ftp-data", true) \
	X(SMB, "smb", "smb", false) \
	X(DCERPC, "dcerpc", "dcerpc", false) \
	X(NFS, "nfs", "nfs", false) \
	X(TFTP, "tftp", "tftp", false) \
	X(IKE, "ike", "ike", false) \
	X(KRB5, "krb5", "krb5", false) \
	X(QUIC, "quic", "quic", false) \
	X(DHCP, "dhcp", "dhcp", false) \
	X(SNMP, "snmp", "snmp", false) \
	X(SIP, "sip", "sip", false) \
	X(RFB, "rfb", "rfb", false) \
	X(MQTT, "mqtt", "mqtt", false) \
	X(PGSQL, "pgsql", "pgsql", false) \
	X(TELNET, "telnet", "telnet", false) \
	X(WEBSOCKET, "websocket", "websocket", false) \
	X(LDAP, "ldap", "ldap", false) \
	X(DOH2, "doh2", "doh2", false) \
	X(MDNS, "mdns", "mdns", true) \
	X(POP3, "pop3", "pop3", false) \
	X(IMAP, "imap", "imap", false) \
	X(NTP, "ntp", "ntp", false) \
	X(RDP, "rdp", "rdp", false) \
	X(MODBUS, "modbus", "modbus", false) \
	X(ENIP, "enip", "enip", false) \
	X(DNP3, "dnp3", "dnp3", false) \
	X(IRC, "irc", "irc", false) \
	X(JABBER, "jabber", "jabber", false) \
	X(MSN, "msn", "msn", false) \
	X(BITTORRENT_DHT, "bittorrent-dht", "bittorrent-dht", false) \
	X(TEMPLATE, "template", "template", false)

enum app_proto {
	APP_PROTO_UNKNOWN, /* not decided */
	APP_PROTO_FAILED, /* decided: none of those below */
#define APP_PROTO_ENUM(id, rule, eve, built) APP_PROTO_##id,
	APP_PROTO_LIST(APP_PROTO_ENUM)
#undef APP_PROTO_ENUM
		APP_PROTO__COUNT
};

/* EVE's app_proto: "http", "failed", "unknown". */
const char *app_proto_name(enum app_proto p);
/* In rules: "http1". */
const char *app_proto_rule_name(enum app_proto p);
bool app_proto_built(enum app_proto p);

/*
 * What a rule's header may name: one bit for each protocol, several where a name stands for several ("http").
 * 0: no such protocol.
 */
unsigned long long app_proto_find(const char *name, size_t len);
#define APP_PROTO_BIT(p) (1ull << (p))

#endif
