/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/tls.h"

#define RECORD_HEADER 5
#define SSLV2_HEADER 3 /* two of length, one of message */
#define SSLV2_LONG 0x80 /* the length has two bytes, and there is no padding */
#define HEARTBEAT_HEADER 3

enum phase { PHASE_RECORD, PHASE_BODY, PHASE_SKIP, PHASE_FINISHED };

void tls_init(struct tls_parser *t)
{
	*t = (struct tls_parser){ .phase = PHASE_RECORD };
}

bool tls_finished(const struct tls_parser *t)
{
	return t->phase == PHASE_FINISHED;
}

static void refuse(struct tls_parser *t, enum tls_event_kind why, struct tls_event *out)
{
	t->phase = PHASE_FINISHED;
	out->kind = why;
}

static void next_sslv2(struct tls_parser *t, struct bytes in, struct tls_event *out,
		       size_t *consumed)
{
	struct cursor c = cursor_of(in);
	uint16_t length = cursor_be16(&c) & 0x7fff;

	out->message = cursor_u8(&c);
	/* A hello's version follows its type; the server's after two bytes more. */
	if (out->message == 4)
		cursor_skip(&c, 2);
	if (out->message == 1 || out->message == 4)
		out->version = cursor_be16(&c);
	if (!cursor_ok(&c))
		return;
	if (length < SSLV2_HEADER) {
		refuse(t, TLS_INVALID_LENGTH, out);
		return;
	}
	out->kind = TLS_SSLV2;
	out->length = length;
	*consumed = SSLV2_HEADER;
	t->record_left = length - 1u;
	t->phase = PHASE_SKIP;
}

static bool sslv2(const struct tls_parser *t, struct bytes in)
{
	uint8_t type;

	if (t->began || in.len < SSLV2_HEADER || !(in.data[0] & SSLV2_LONG))
		return false;
	type = in.data[2];
	/* A hello, its answer; an error, which is three octets long. */
	return type == 1 || type == 4 || (type == 0 && load_be16(in.data) == 0x8003);
}

static void next_record(struct tls_parser *t, struct bytes in, struct tls_event *out,
			size_t *consumed)
{
	struct cursor c = cursor_of(in);
	uint16_t length;

	if (sslv2(t, in)) {
		next_sslv2(t, in, out, consumed);
		return;
	}
	t->type = cursor_u8(&c);
	t->version = cursor_be16(&c);
	length = cursor_be16(&c);
	if (!cursor_ok(&c))
		return;
	t->began = true;
	*consumed = RECORD_HEADER;
	out->type = t->type;
	out->version = t->version;
	out->length = length;
	if (t->type < TLS_RECORD_CHANGE_CIPHER || t->type > TLS_RECORD_HEARTBEAT) {
		refuse(t, TLS_INVALID_TYPE, out);
	} else if (t->version >> 8 != 3) {
		refuse(t, TLS_INVALID_VERSION, out);
	} else if (length > TLS_RECORD_MAX) {
		refuse(t, TLS_INVALID_LENGTH, out);
	} else {
		out->kind = TLS_RECORD;
		t->record_left = length;
		t->phase = PHASE_BODY;
	}
}

/* Up to n bytes of the record's body. */
static struct bytes within(const struct tls_parser *t, struct bytes in, size_t n)
{
	return bytes_slice(in, 0, n < t->record_left ? n : t->record_left);
}

static void spend(struct tls_parser *t, size_t n, size_t *consumed)
{
	t->record_left -= (uint32_t)n;
	*consumed = n;
}

static void next_message(struct tls_parser *t, struct bytes in, struct tls_event *out,
			 size_t *consumed)
{
	struct bytes part = within(t, in, sizeof(t->header) - t->header_len);

	memcpy(t->header + t->header_len, part.data, part.len);
	t->header_len = (uint8_t)(t->header_len + part.len);
	spend(t, part.len, consumed);
	if (t->header_len < sizeof(t->header))
		return;
	t->header_len = 0;
	t->in_message = true;
	t->message = t->header[0];
	t->message_left = load_be32(t->header) & 0xffffff;
	out->kind = TLS_HANDSHAKE;
	out->message = t->message;
	out->length = t->message_left;
}

static void next_handshake(struct tls_parser *t, struct bytes in, struct tls_event *out,
			   size_t *consumed)
{
	if (t->encrypted) {
		t->phase = PHASE_SKIP;
		return;
	}
	out->message = t->message;
	if (t->in_message && !t->message_left) {
		t->in_message = false;
		out->kind = TLS_HANDSHAKE_END;
	} else if (!in.len || !t->record_left) {
		return;
	} else if (!t->in_message) {
		next_message(t, in, out, consumed);
	} else {
		out->piece = within(t, in, t->message_left);
		out->kind = TLS_HANDSHAKE_DATA;
		t->message_left -= (uint32_t)out->piece.len;
		spend(t, out->piece.len, consumed);
	}
}

/* Two bytes; what is longer is encrypted. */
static void next_alert(struct tls_parser *t, struct bytes in, struct tls_event *out,
		       size_t *consumed)
{
	if (t->record_left != 2 || t->encrypted) {
		t->phase = PHASE_SKIP;
	} else if (in.len >= 2) {
		out->kind = TLS_ALERT;
		out->level = in.data[0];
		out->description = in.data[1];
		spend(t, 2, consumed);
		t->phase = PHASE_SKIP;
	}
}

static void next_heartbeat(struct tls_parser *t, struct bytes in, struct tls_event *out,
			   size_t *consumed)
{
	out->length = t->record_left;
	if (t->record_left < HEARTBEAT_HEADER) {
		t->phase = PHASE_SKIP;
	} else if (in.len >= HEARTBEAT_HEADER) {
		out->kind = TLS_HEARTBEAT;
		out->message = in.data[0];
		out->payload = load_be16(in.data + 1);
		spend(t, HEARTBEAT_HEADER, consumed);
		t->phase = PHASE_SKIP;
	}
}

static void next_body(struct tls_parser *t, struct bytes in, struct tls_event *out,
		      size_t *consumed)
{
	out->type = t->type;
	out->version = t->version;
	switch ((enum tls_record_type)t->type) {
	case TLS_RECORD_HANDSHAKE:
		next_handshake(t, in, out, consumed);
		break;
	case TLS_RECORD_ALERT:
		next_alert(t, in, out, consumed);
		break;
	case TLS_RECORD_HEARTBEAT:
		next_heartbeat(t, in, out, consumed);
		break;
	case TLS_RECORD_CHANGE_CIPHER:
		t->encrypted = true;
		t->phase = PHASE_SKIP;
		break;
	case TLS_RECORD_APPLICATION:
		t->phase = PHASE_SKIP;
		break;
	}
	/* A message may go on in the next record. */
	if (out->kind == TLS_MORE && t->phase == PHASE_BODY && !t->record_left)
		t->phase = PHASE_RECORD;
}

static void step(struct tls_parser *t, struct bytes in, struct tls_event *out, size_t *consumed)
{
	switch ((enum phase)t->phase) {
	case PHASE_RECORD:
		next_record(t, in, out, consumed);
		break;
	case PHASE_BODY:
		next_body(t, in, out, consumed);
		break;
	case PHASE_SKIP:
		spend(t, within(t, in, t->record_left).len, consumed);
		if (!t->record_left)
			t->phase = PHASE_RECORD;
		break;
	case PHASE_FINISHED:
		*consumed = in.len;
		break;
	}
}

void tls_next(struct tls_parser *t, struct bytes in, struct tls_event *out, size_t *consumed)
{
	size_t at = 0;

	*out = (struct tls_event){ .kind = TLS_MORE };
	for (;;) {
		uint8_t phase = t->phase;
		size_t n = 0;

		step(t, bytes_slice(in, at, in.len), out, &n);
		at += n;
		if (out->kind != TLS_MORE || (n == 0 && phase == t->phase) ||
		    t->phase == PHASE_FINISHED)
			break;
	}
	*consumed = at;
}
