/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - one direction of TLS, cut into records (RFC 8446, section 5.1) and handshake messages
 * (section 4); SSL 3.0 (RFC 6101) and hellos of SSL 2.0 (RFC 5246, appendix E.2) as well.
 *
 * In: the direction's bytes, in pieces of any size.  Out: records; handshake messages begun, in
 * pieces, ended, over record boundaries; alerts; what is odd.
 * Not here: what a hello or a certificate says (tls_hello.h, x509.h); nothing is decrypted.
 *
 * Memory: embedded, nothing to free; pieces are slices of the input.
 * Work: linear; only headers of up to six bytes are shown again.
 * Thread: the flow's worker.
 */
#ifndef WEIR_PROTO_TLS_H
#define WEIR_PROTO_TLS_H

#include "engine/base/bytes.h"

#define TLS_RECORD_MAX (16384 + 2048) /* RFC 5246, section 6.2.3 */

enum tls_record_type {
	TLS_RECORD_CHANGE_CIPHER = 20,
	TLS_RECORD_ALERT = 21,
	TLS_RECORD_HANDSHAKE = 22,
	TLS_RECORD_APPLICATION = 23,
	TLS_RECORD_HEARTBEAT = 24,
};

enum tls_handshake_type {
	TLS_HELLO_REQUEST = 0,
	TLS_CLIENT_HELLO = 1,
	TLS_SERVER_HELLO = 2,
	TLS_SESSION_TICKET = 4,
	TLS_ENCRYPTED_EXTENSIONS = 8,
	TLS_CERTIFICATE = 11,
	TLS_SERVER_KEY_EXCHANGE = 12,
	TLS_CERTIFICATE_REQUEST = 13,
	TLS_SERVER_HELLO_DONE = 14,
	TLS_CERTIFICATE_VERIFY = 15,
	TLS_CLIENT_KEY_EXCHANGE = 16,
	TLS_FINISHED = 20,
	TLS_CERTIFICATE_URL = 21,
	TLS_CERTIFICATE_STATUS = 22,
};

enum tls_event_kind {
	TLS_MORE, /* nothing further in these bytes */
	TLS_RECORD, /* a record begins: type, version, length */
	TLS_HANDSHAKE, /* a message begins: message, length */
	TLS_HANDSHAKE_DATA, /* a piece of its body */
	TLS_HANDSHAKE_END,
	TLS_ALERT, /* level, description */
	TLS_HEARTBEAT, /* message: its type; payload: its length by its own words */
	TLS_SSLV2, /* a record of SSL 2.0 begins: message, length, version (of a hello) */
	TLS_INVALID_TYPE, /* nothing more is parsed after these three */
	TLS_INVALID_VERSION,
	TLS_INVALID_LENGTH,
};

struct tls_event {
	enum tls_event_kind kind;
	uint8_t type; /* enum tls_record_type of the record under way */
	uint8_t message; /* enum tls_handshake_type, heartbeat's or SSL 2.0's message type */
	uint8_t level, description; /* of an alert */
	uint16_t version; /* of the record */
	uint32_t length; /* of the record's or message's body */
	uint32_t payload;
	struct bytes piece;
};

struct tls_parser {
	uint8_t phase;
	uint8_t type; /* of the record */
	uint16_t version;
	uint32_t record_left;
	uint32_t message_left;
	uint8_t message;
	uint8_t header_len; /* of the message's four bytes that have come */
	uint8_t header[4];
	bool in_message;
	bool encrypted; /* handshake records are: a cipher was agreed on */
	bool began; /* a record was seen: no SSL 2.0 any more */
};

void tls_init(struct tls_parser *t);

/*
 * The next event of in.  *consumed: bytes that are done with; the rest is shown again with more.
 * Call until TLS_MORE.
 */
void tls_next(struct tls_parser *t, struct bytes in, struct tls_event *out, size_t *consumed);

/* An invalid record was met: bytes are consumed unseen. */
bool tls_finished(const struct tls_parser *t);

#endif
