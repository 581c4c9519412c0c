/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http1_step.h - the HTTP/1 machine from inside: its states, and the steps that are taken in each.
 *
 * In: the parser, what has come.  Out: an event, or FEED_AGAIN: the state is another one, go on.
 * Not here: the parts of a line (http1_line.h); what whoever feeds it sees (http1.h).
 *
 * Memory: in struct http1; what events point to is the input.
 * Thread: the one that feeds the parser.
 */
#ifndef WEIR_PROTO_HTTP1_STEP_H
#define WEIR_PROTO_HTTP1_STEP_H

#include "engine/proto/http1.h"

enum state {
	ST_START,
	ST_SETTLE, /* behind a request line without version: headers, or the end? */
	ST_HEADER,
	ST_LENGTH,
	ST_UNTIL_CLOSE,
	ST_CHUNK_SIZE,
	ST_CHUNK_DATA,
	ST_CHUNK_END,
	ST_TRAILER,
	ST_END,
	ST_SKIP_HEADER, /* the rest of a header that was too long or broken */
	ST_SKIP_LINE,
	ST_EXTRA, /* within a line behind a message */
	ST_WAIT,
	ST_TUNNEL,
	ST_BAD,
};

/* What a step of the machine says beside enum feed: nothing to tell, go on. */
#define FEED_AGAIN ((enum feed)(FEED_BAD + 1))

static inline void http1_take(struct bytes *in, size_t n)
{
	*in = bytes_slice(*in, n, in->len);
}

static inline bool http1_is_response(const struct http1 *p)
{
	return p->side == HTTP1_RESPONSE;
}

/* --- where lines end (http1_end.c) ------------------------------------------------- */

/* How input begins, seen as the blank line that ends a head; EARLY: more must come to tell. */
enum blank { BLANK_NONE, BLANK_END, BLANK_DEFORMED, BLANK_EARLY };

/* Bytes of the line, of the header with its folds, that in begins with; 0: no end has come yet.  cut: it ends at the limit. */
size_t http1_take_line(struct http1 *p, struct bytes in, bool *cut);
size_t http1_take_header(struct http1 *p, struct bytes in, bool *cut);
/* *len: of it, where it is one. */
enum blank http1_blank_line(const struct http1 *p, struct bytes in, size_t *len);
/* The next line is looked at from its beginning. */
void http1_forget_token(struct http1 *p);

/* --- start lines (http1_start.c) --------------------------------------------------- */

/* Within a line behind a message that begins no other. */
enum feed http1_step_extra(struct http1 *p, struct bytes *in, struct http1_event *ev);
enum feed http1_step_start(struct http1 *p, struct bytes *in, struct http1_event *ev);
/* Behind a request line without version. */
enum feed http1_step_settle(struct http1 *p, const struct bytes *in, struct http1_event *ev);

/* --- heads (http1_head.c) ---------------------------------------------------------- */

/* Keep what a header says of the body; the body comes in chunks. */
void http1_note_framing(struct http1 *p, struct http1_event *ev);
void http1_set_chunked(struct http1 *p);
enum feed http1_step_header(struct http1 *p, struct bytes *in, struct http1_event *ev);
enum feed http1_step_skip_header(struct http1 *p, struct bytes *in);
enum feed http1_step_skip_line(struct http1 *p, struct bytes *in);

/* --- bodies (http1_body.c) ---------------------------------------------------------- */

enum feed http1_step_body(struct http1 *p, struct bytes *in, struct http1_event *ev);
enum feed http1_step_chunk_size(struct http1 *p, struct bytes *in, struct http1_event *ev);
enum feed http1_step_chunk_end(struct http1 *p, struct bytes *in);
/* Tell the end of the message. */
enum feed http1_step_end(struct http1 *p, struct http1_event *ev);
enum feed http1_step_tunnel(struct bytes *in, struct http1_event *ev);

#endif
