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

#include "engine/proto/http1.h"

/* White space as isspace() has it in the C locale: SP, HT, LF, VT, FF, CR. */
static inline bool http1_is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct bytes http1_trim(struct bytes b);
bool http1_equal_nocase(struct bytes b, const char *lower);
/* Where lower stands in b, in any case; b.len when nowhere. */
size_t http1_find_nocase(struct bytes b, const char *lower);

/* The same without regard to NULs, which clients take out of names and values. */
bool http1_is_name(struct bytes b, const char *lower);
bool http1_has_word(struct bytes b, const char *lower);

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
