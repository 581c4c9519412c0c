/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payload.h - bytes that come in pieces, as base64, as text, or just counted.
 *
 * In: pieces in order, a missing piece as NULL with its length.
 * Out: appended to a buf, without quotes.  A missing piece becomes the words
 * "[4 bytes missing]".
 *
 * Memory: the caller's.
 * Thread: any number at once.
 */
#ifndef WEIR_OUTPUT_PAYLOAD_H
#define WEIR_OUTPUT_PAYLOAD_H

#include "engine/base/buf.h"

enum payload_form { PAYLOAD_COUNT, PAYLOAD_BASE64, PAYLOAD_PRINTABLE };

struct payload_sink {
	struct buf *out; /* not needed for PAYLOAD_COUNT */
	enum payload_form form;
	size_t left; /* bytes still wanted */
	size_t taken;
	unsigned carried; /* base64: bytes that make no group of three yet */
	uint8_t carry[3];
};

void payload_begin(struct payload_sink *s, enum payload_form form, size_t limit, struct buf *out);
/* A stream_piece_fn; ctx is the struct payload_sink. */
void payload_piece(void *ctx, const uint8_t *data, size_t len);
void payload_end(struct payload_sink *s);

#endif
