/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/frame.h"

#include <string.h>

#define TCP FRAME_OVER_TCP
#define BOTH (FRAME_OVER_TCP | FRAME_OVER_UDP)

static const struct frame_row rows[FRAME_TYPE__COUNT] = {
	[FRAME_NONE] = { "none", APP_PROTO_FAILED, 0 },
	[FRAME_STREAM] = { "stream", APP_PROTO_UNKNOWN, TCP },
	[FRAME_HTTP1_REQUEST] = { "request", APP_PROTO_HTTP1, TCP },
	[FRAME_HTTP1_RESPONSE] = { "response", APP_PROTO_HTTP1, TCP },
	[FRAME_SMTP_COMMAND_LINE] = { "command_line", APP_PROTO_SMTP, TCP },
	[FRAME_SMTP_DATA] = { "data", APP_PROTO_SMTP, TCP },
	[FRAME_SMTP_RESPONSE_LINE] = { "response_line", APP_PROTO_SMTP, TCP },
	[FRAME_TLS_PDU] = { "pdu", APP_PROTO_TLS, TCP },
	[FRAME_TLS_HDR] = { "hdr", APP_PROTO_TLS, TCP },
	[FRAME_TLS_DATA] = { "data", APP_PROTO_TLS, TCP },
	[FRAME_TLS_ALERT] = { "alert", APP_PROTO_TLS, TCP },
	[FRAME_TLS_HEARTBEAT] = { "heartbeat", APP_PROTO_TLS, TCP },
	[FRAME_TLS_SSL2_HDR] = { "ssl2.hdr", APP_PROTO_TLS, TCP },
	[FRAME_TLS_SSL2_PDU] = { "ssl2.pdu", APP_PROTO_TLS, TCP },
	[FRAME_SSH_RECORD_HDR] = { "record.hdr", APP_PROTO_SSH, TCP },
	[FRAME_SSH_RECORD_DATA] = { "record.data", APP_PROTO_SSH, TCP },
	[FRAME_SSH_RECORD_PDU] = { "record.pdu", APP_PROTO_SSH, TCP },
	[FRAME_DNS_PDU] = { "pdu", APP_PROTO_DNS, BOTH },
};

const struct frame_row *frame_row(enum frame_type t)
{
	return &rows[t < FRAME_TYPE__COUNT ? t : FRAME_NONE];
}

static bool is_of(const struct frame_row *row, enum app_proto app)
{
	return app_proto_built(app) && (row->app == APP_PROTO_UNKNOWN || row->app == app);
}

enum frame_type frame_find(enum app_proto app, const char *name, size_t len)
{
	for (unsigned t = FRAME_STREAM; t < FRAME_TYPE__COUNT; t++) {
		if (is_of(&rows[t], app) && strlen(rows[t].name) == len &&
		    memcmp(rows[t].name, name, len) == 0)
			return (enum frame_type)t;
	}
	return FRAME_NONE;
}

size_t frame_names(enum app_proto app, const char **names, size_t max)
{
	size_t count = 0;

	for (unsigned t = FRAME_STREAM; t < FRAME_TYPE__COUNT && count < max; t++) {
		if (is_of(&rows[t], app))
			names[count++] = rows[t].name;
	}
	return count;
}
