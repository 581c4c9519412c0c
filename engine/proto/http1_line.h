/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http1_line.h - takes the lines of an HTTP/1 head apart (RFC 9112, sections 3 to 5).
 *
 * In: one whole line or header with its end.  Out: its parts, and what is odd in it.
 * Not here: where lines end (http1_end.c).
 *
 * Memory: slices of the input.
 * Thread: any.
 */
#ifndef WEIR_PROTO_HTTP1_LINE_H
#define WEIR_PROTO_HTTP1_LINE_H

#include "engine/base/word.h"
#include "engine/proto/http1.h"

/* White space as isspace() has it in the C locale: SP, HT, LF, VT, FF, CR. */
static inline bool http1_is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline struct bytes http1_trim(struct bytes b)
{
	while (b.len && http1_is_space(b.data[0])) {
		b.data++;
		b.len--;
	}
	while (b.len && http1_is_space(b.data[b.len - 1]))
		b.len--;
	return b;
}

static inline bool http1_equal_nocase(struct bytes b, const char *lower)
{
	return b.len == strlen(lower) &&
	       word_same_text_nocase(b.data, (const uint8_t *)lower, b.len);
}

/* Where lower stands in b, in any case; b.len when nowhere. */
size_t http1_find_nocase(struct bytes b, const char *lower);

/* The same without regard to NULs, which clients take out of names and values. */
bool http1_is_name(struct bytes b, const char *lower);
bool http1_has_word(struct bytes b, const char *lower);

#define HTTP1_HASHED_MAX 64u /* bytes of a name that its hash is of */

static inline uint64_t http1_mix(uint64_t h, uint64_t word)
{
	h = (h ^ (word | WORD_EACH(0x20))) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

/* Equal for names that differ in case; of one that the compiler knows it makes a number. */
static inline uint32_t http1_name_hash_plain(const char *name, size_t name_len)
{
	const uint8_t *at = (const uint8_t *)name;
	size_t len = name_len < HTTP1_HASHED_MAX ? name_len : HTTP1_HASHED_MAX, i = 0;
	uint64_t h = len, word = 0;

	if (len < 4) {
		for (; i < len; i++)
			word = word << 8 | at[i];
		return (uint32_t)http1_mix(h, word);
	}
	if (len <= WORD_BYTES)
		return (uint32_t)http1_mix(h, word_of_few(at, len));
#pragma GCC unroll 8
	for (; i < len - WORD_BYTES; i += WORD_BYTES)
		h = http1_mix(h, word_at(at + i));
	return (uint32_t)http1_mix(h, word_at(at + len - WORD_BYTES));
}

/* The same, NULs left out. */
uint32_t http1_name_hash(struct bytes name);

/* tchar, RFC 9110 section 5.6.2 */
bool http1_is_token(struct bytes b);

void http1_odd(struct http1_event *ev, enum app_event odd);

/* line without its end; fills method, uri, protocol, version and the odds. */
void http1_request_line(struct bytes line, struct http1_event *ev);
/* Fills protocol, version, status, code, reason and the odds. */
void http1_status_line(struct bytes line, struct http1_event *ev);
/* Fills name, value, folded and the odds; first: no header stands before it. */
void http1_header(struct bytes raw, enum http1_side side, bool first, struct http1_event *ev);

enum http1_length { HTTP1_LENGTH_NONE, HTTP1_LENGTH_GOOD, HTTP1_LENGTH_BAD, HTTP1_LENGTH_DIFFER };

/* Content-Length = 1*DIGIT, whatever stands around. */
enum http1_length http1_content_length(struct bytes value, uint64_t *out, struct http1_event *ev);

#endif
