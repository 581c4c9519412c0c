/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/hook.h"

#include <string.h>

/* clang-format off */
#define PACKET_LIST(X) \
	X("all", HOOK_PACKET_ALL) \
	X("pre_flow", HOOK_PACKET_PRE_FLOW) \
	X("pre_stream", HOOK_PACKET_PRE_STREAM) \
	X("flow_start", HOOK_PACKET_FLOW_START)

/* X(protocol, name, direction, step): those that have more than a beginning and an end. */
#define STEP_LIST(X) \
	X(HTTP1, "request_started", 0, 0) \
	X(HTTP1, "request_line", 0, 1) \
	X(HTTP1, "request_headers", 0, 2) \
	X(HTTP1, "request_body", 0, 3) \
	X(HTTP1, "request_trailer", 0, 4) \
	X(HTTP1, "request_complete", 0, 5) \
	X(HTTP1, "response_started", 1, 0) \
	X(HTTP1, "response_line", 1, 1) \
	X(HTTP1, "response_headers", 1, 2) \
	X(HTTP1, "response_body", 1, 3) \
	X(HTTP1, "response_trailer", 1, 4) \
	X(HTTP1, "response_complete", 1, 5) \
	X(SMTP, "request_started", 0, 0) \
	X(SMTP, "request_data", 0, 1) \
	X(SMTP, "request_complete", 0, 2) \
	X(SMTP, "response_started", 1, 0) \
	X(SMTP, "response_data", 1, 1) \
	X(SMTP, "response_complete", 1, 2) \
	X(TLS, "request_started", 0, 0) \
	X(TLS, "client_in_progress", 0, 1) \
	X(TLS, "client_hello_done", 0, 2) \
	X(TLS, "client_cert_done", 0, 3) \
	X(TLS, "client_handshake_done", 0, 4) \
	X(TLS, "client_finished", 0, 5) \
	X(TLS, "request_complete", 0, 6) \
	X(TLS, "response_started", 1, 0) \
	X(TLS, "server_in_progress", 1, 1) \
	X(TLS, "server_hello", 1, 2) \
	X(TLS, "server_cert_done", 1, 3) \
	X(TLS, "server_hello_done", 1, 4) \
	X(TLS, "server_handshake_done", 1, 5) \
	X(TLS, "server_finished", 1, 6) \
	X(TLS, "response_complete", 1, 7) \
	X(SSH, "request_started", 0, 0) \
	X(SSH, "request_in_progress", 0, 1) \
	X(SSH, "request_banner_wait_eol", 0, 2) \
	X(SSH, "request_banner_done", 0, 3) \
	X(SSH, "request_finished", 0, 4) \
	X(SSH, "request_complete", 0, 5) \
	X(SSH, "response_started", 1, 0) \
	X(SSH, "response_in_progress", 1, 1) \
	X(SSH, "response_banner_wait_eol", 1, 2) \
	X(SSH, "response_banner_done", 1, 3) \
	X(SSH, "response_finished", 1, 4) \
	X(SSH, "response_complete", 1, 5)

/* X(protocol): a request and a response, each begun or whole. */
#define PLAIN_LIST(X) \
	X(FTP) \
	X(SMB) \
	X(DCERPC) \
	X(DNS) \
	X(NFS) \
	X(NTP) \
	X(FTP_DATA) \
	X(TFTP) \
	X(IKE) \
	X(KRB5) \
	X(QUIC) \
	X(DHCP) \
	X(SIP) \
	X(RFB) \
	X(MQTT) \
	X(TELNET) \
	X(WEBSOCKET) \
	X(LDAP) \
	X(DOH2) \
	X(RDP) \
	X(HTTP2) \
	X(BITTORRENT_DHT) \
	X(POP3) \
	X(IMAP) \
	X(MDNS) \
	X(SNMP) \
	X(PGSQL) \
	X(MODBUS) \
	X(ENIP) \
	X(DNP3)
/* clang-format on */

static const struct hook_row rows[] = {
#define PACKET_ROW(name, unit) { name, unit, 0, 0, 0 },
	PACKET_LIST(PACKET_ROW)
#undef PACKET_ROW
#define STEP_ROW(proto, name, direction, step) \
	{ name, HOOK_APP, APP_PROTO_##proto, direction, step },
		STEP_LIST(STEP_ROW)
#undef STEP_ROW
#define PLAIN_ROWS(proto) \
	{ "request_started", HOOK_APP, APP_PROTO_##proto, 0, 0 }, \
		{ "request_complete", HOOK_APP, APP_PROTO_##proto, 0, 1 }, \
		{ "response_started", HOOK_APP, APP_PROTO_##proto, 1, 0 }, \
		{ "response_complete", HOOK_APP, APP_PROTO_##proto, 1, 1 },
			PLAIN_LIST(PLAIN_ROWS)
#undef PLAIN_ROWS
};

#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

const struct hook_row *hook_row(int hook)
{
	return &rows[hook];
}

static int find(bool packet, enum app_proto proto, const char *name, size_t len)
{
	for (int i = 0; i < ROWS; i++) {
		if ((rows[i].unit != HOOK_APP) == packet && rows[i].proto == proto &&
		    strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0)
			return i;
	}
	return -1;
}

int hook_find_app(enum app_proto proto, const char *name, size_t len)
{
	return find(false, proto, name, len);
}

int hook_find_packet(const char *name, size_t len)
{
	return find(true, APP_PROTO_UNKNOWN, name, len);
}

bool hook_is_common(const char *name, size_t len)
{
	static const char *const common[] = { "request_started", "request_complete",
					      "response_started", "response_complete" };

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		if (strlen(common[i]) == len && memcmp(common[i], name, len) == 0)
			return true;
	}
	return false;
}

size_t hook_names(enum app_proto proto, const char **names, size_t room)
{
	size_t count = 0;

	for (int i = 0; i < ROWS && count < room; i++) {
		if ((rows[i].unit != HOOK_APP) == (proto == APP_PROTO_UNKNOWN) &&
		    rows[i].proto == proto)
			names[count++] = rows[i].name;
	}
	return count;
}
