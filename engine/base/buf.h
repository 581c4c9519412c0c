/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - a text buffer of fixed size that output is written into.
 *
 * Writes past the end are dropped and remembered (buf->full); nothing is
 * allocated.  The writer of a record checks full once, at its end.
 */
#ifndef WEIR_BASE_BUF_H
#define WEIR_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
	char *data;
	size_t len;
	size_t size;
	bool full;
};

static inline void buf_bytes(struct buf *b, const void *data, size_t len)
{
	if (b->size - b->len < len) {
		b->full = true;
		return;
	}
	/* Nothing may have no place. */
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

static inline void buf_char(struct buf *b, char c)
{
	if (b->len == b->size) {
		b->full = true;
		return;
	}
	b->data[b->len++] = c;
}

static inline void buf_text(struct buf *b, const char *text)
{
	buf_bytes(b, text, strlen(text));
}

/* Two decimal digits of a number below 100. */
extern const char buf_digit_pairs[201];
static inline void buf_pair(char *at, unsigned v)
{
	memcpy(at, buf_digit_pairs + 2 * v, 2);
}

void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);
void buf_hex(struct buf *b, const uint8_t *data, size_t len); /* lower case, no separator */
void buf_base64(struct buf *b, const uint8_t *data, size_t len);
/* The bytes of a JSON string, escaped; bytes that are no valid UTF-8 become \\uXXXX of U+00XX. */
void buf_json(struct buf *b, const void *data, size_t len);

#endif
