/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http1.h - cuts one direction of an HTTP/1 connection into its parts (RFC 9112).
 *
 * In: the bytes of one direction, in order, in pieces of any size.
 * Out: start line, headers, end of the head, pieces of body (without the marks of
 *   chunks), trailers, end, for one message after another.
 * Read as tolerant servers and clients read: bare LF, folded lines, odd white space,
 *   chunks with extensions, junk between messages; each oddity comes along as a number.
 * Not here: content encodings (inflate.h), URIs (http_uri.h), which response answers
 *   which request.
 *
 * Memory: the struct, embedded in the caller's; no heap, nothing to free.  Events
 *   borrow from the input until the next call.
 * Thread: the worker that owns the flow.
 */
#ifndef WEIR_PROTO_HTTP1_H
#define WEIR_PROTO_HTTP1_H

#include "engine/base/bytes.h"
#include "engine/proto/feed.h"
#include "engine/base/app_event.h"

#define HTTP1_LINE_MAX 18000 /* bytes of a start line or of a header with its folds */
#define HTTP1_HEADERS_MAX 1024 /* headers told of one message, trailers included */
#define HTTP1_ODDS_MAX 6

enum http1_side { HTTP1_REQUEST, HTTP1_RESPONSE };

struct http1_options {
	uint32_t line_max; /* at least 64 */
	uint32_t headers_max;
};

enum http1_kind {
	HTTP1_REQUEST_LINE, /* raw, method, uri, protocol */
	HTTP1_STATUS_LINE, /* raw, protocol, status, reason, code */
	HTTP1_HEADLESS, /* a response that is body from its first byte (HTTP/0.9) */
	HTTP1_HEADER, /* raw, name, value; folded, trailer */
	HTTP1_HEAD_END, /* raw: the blank line; trailer: it ends the trailers */
	HTTP1_BODY, /* raw: the next bytes of the body */
	HTTP1_GAP, /* gap: so many bytes of the body are missing here */
	HTTP1_EXTRA, /* raw: bytes behind a message that begin no other */
	HTTP1_JUNK, /* raw: a line before a response that is none; what a loss left of a line */
	HTTP1_END, /* the message is whole; interim, truncated */
	HTTP1_TUNNEL, /* raw: bytes of another protocol */
	HTTP1_ODD, /* nothing but odds */
};

enum http1_version { HTTP1_VERSION_NONE, HTTP1_VERSION_BAD, HTTP1_0_9, HTTP1_1_0, HTTP1_1_1 };

struct http1_event {
	enum http1_kind kind;
	uint8_t odd_count;
	bool folded; /* the value holds line ends: http1_unfold() */
	bool trailer;
	bool truncated; /* longer than line_max, or the stream ended or broke within it */
	bool interim; /* END of a 100 response: another one follows for the same request */
	bool spoiled; /* END: the body's end was guessed (stream's end, broken chunk) */
	bool unsized; /* END: the stream ended within the size of a chunk */
	bool bodyless; /* HEAD_END: nothing of the message follows */
	uint32_t unsized_len; /* of that, so many bytes were read */
	enum http1_version version;
	uint16_t code; /* 100 to 999, else 0 */
	uint64_t gap;
	struct bytes raw; /* with its line end */
	struct bytes name;
	struct bytes value;
	uint8_t odds[HTTP1_ODDS_MAX]; /* enum app_event */
	/* Where the kind has them; in other events whatever stands there. */
	uint32_t hash; /* http1_name_hash() of the name */
	struct bytes method;
	struct bytes uri;
	struct bytes protocol;
	struct bytes status;
	struct bytes reason;
};

struct http1 {
	const struct http1_options *opt;
	uint64_t left; /* bytes of body or chunk to come; the size of a chunk as it is read */
	uint64_t length; /* Content-Length */
	uint64_t gap; /* bytes lost behind the input, not crossed yet */
	uint64_t looked_at; /* bytes examined so far, for tests of linearity */
	uint32_t scanned; /* of the token at the input's start, this much is known */
	uint32_t fold; /* where the header's last line begins that may be folded; 0: none */
	uint32_t headers;
	uint16_t code;
	uint8_t side; /* enum http1_side */
	uint8_t state;
	uint8_t after; /* state behind a line that is skipped */
	uint8_t version;
	uint8_t length_seen; /* enum http1_length */
	uint8_t chunk; /* what was seen of a chunk's size line */
	bool chunked;
	bool coding_seen; /* Transfer-Encoding was there */
	bool coding_plain; /* and it was "chunked" and nothing else, once */
	bool byteranges;
	bool connect; /* request: CONNECT.  Response: it answers one */
	bool head; /* response: it answers HEAD */
	bool raw09; /* response: it answers a request of HTTP/0.9 */
	bool began; /* a message has been */
	bool awaited; /* response: one is due, so what comes is one */
	bool continued; /* a 100 response has been */
	bool closed;
	bool colon; /* of the header, before fold */
	bool line_colon; /* of its last line */
	bool skip_lf; /* of a skipped header: its last byte was LF */
	bool too_many; /* told */
	bool extra_told; /* of the bytes behind this message */
	bool line_begun; /* of a line of extra bytes: more than its end was seen */
	bool resync; /* behind a loss, until a start line */
	bool spoiled;
	bool cut;
	bool unsized; /* the stream ended within the size of a chunk */
	uint32_t size_len; /* of a chunk's size, so many bytes were read */
};

void http1_init(struct http1 *p, enum http1_side side, const struct http1_options *opt);

/*
 * The next part in *in, which is advanced behind it.  FEED_BAD: this side cannot be
 * followed further; *ev may hold odds then.
 */
enum feed http1_next(struct http1 *p, struct bytes *in, struct http1_event *ev);

/* No bytes come behind those that http1_next() is given from now on. */
void http1_close(struct http1 *p);

/*
 * len bytes are lost behind those that http1_next() left.  Call it on with these: it tells an
 * unfinished token as truncated, consumes all, and says FEED_MORE when the loss is behind it.
 */
void http1_gap(struct http1 *p, uint64_t len);

/* What the response to come answers; before its first byte. */
void http1_answers(struct http1 *p, bool head, bool connect, bool raw09);

/* Between messages: the next byte begins one. */
bool http1_at_start(const struct http1 *p);

/* Bytes behind a message that begin no other have come, and their line has not ended. */
bool http1_in_extra(const struct http1 *p);

/* A message has begun, and its first line has not ended. */
bool http1_in_line(const struct http1 *p);

/* A request side that waits for the answer to CONNECT goes on: tunnelled or as HTTP. */
bool http1_waits(const struct http1 *p);
void http1_resume(struct http1 *p, bool tunnel);

/* The peer has answered: a request line without version is whole (HTTP/0.9). */
void http1_settle(struct http1 *p);

/*
 * A header's value in one line: line ends are taken out, what stands around stays.
 * out has room for value.len; returns what was written.
 */
size_t http1_unfold(struct bytes value, uint8_t *out);

bool http1_method_known(struct bytes method);

#endif
