/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - the frames of application protocols by name: messages and their parts, as their bytes lie in the stream.
 *
 * One row for each kind; names are those of the keyword frame and of EVE's frame.type.  A stream has every
 * protocol over TCP.
 * Not here: where a frame begins and ends (engine/app/frame.h).
 *
 * Memory: constant.  Thread: any.
 */
#ifndef WEIR_PARSER_FRAME_H
#define WEIR_PARSER_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "parser/protocol.h"

enum frame_type {
	FRAME_NONE,
	FRAME_STREAM, /* a direction, from its first byte that was parsed on */
	FRAME_HTTP1_REQUEST,
	FRAME_HTTP1_RESPONSE,
	FRAME_SMTP_COMMAND_LINE,
	FRAME_SMTP_DATA,
	FRAME_SMTP_RESPONSE_LINE,
	FRAME_TLS_PDU,
	FRAME_TLS_HDR,
	FRAME_TLS_DATA,
	FRAME_TLS_ALERT,
	FRAME_TLS_HEARTBEAT,
	FRAME_TLS_SSL2_HDR,
	FRAME_TLS_SSL2_PDU,
	FRAME_SSH_RECORD_HDR,
	FRAME_SSH_RECORD_DATA,
	FRAME_SSH_RECORD_PDU,
	FRAME_DNS_PDU,
	FRAME_TYPE__COUNT
};
#define FRAME_BIT(t) (1u << (t))
#define FRAME_ALL (FRAME_BIT(FRAME_TYPE__COUNT) - 1)

enum frame_transport { FRAME_OVER_TCP = 1 << 0, FRAME_OVER_UDP = 1 << 1 };

struct frame_row {
	const char *name; /* without its protocol: "record.hdr" */
	uint8_t app; /* enum app_proto; UNKNOWN: of all */
	uint8_t transports; /* enum frame_transport */
};

const struct frame_row *frame_row(enum frame_type t);
/* Of this protocol, by name; FRAME_NONE: it has no such frame, or is not parsed. */
enum frame_type frame_find(enum app_proto app, const char *name, size_t len);
/* Names of a protocol's frames; returns how many were written. */
size_t frame_names(enum app_proto app, const char **names, size_t max);

#endif
