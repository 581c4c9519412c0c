/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - HTTP/1: transactions of a request and its response, on engine/proto/http1.h.
 *
 * In: the bytes of both directions.  Out: heads, headers with repeated ones joined, targets and
 * hosts normalised, bodies without chunks and content encodings, files, events.
 * Not here: which buffer shows what (http_buffer.c), records (engine/output).
 *
 * Memory: the transaction's; decoders from a pool of the engine's.
 * Thread: the worker's.
 */
#ifndef WEIR_APP_HTTP_H
#define WEIR_APP_HTTP_H

#include <string.h>

#include "engine/app/app.h"
#include "engine/app/http_options.h"
#include "engine/proto/http1.h"
#include "engine/proto/http1_line.h"
#include "engine/proto/http_uri.h"
#include "engine/proto/inflate.h"
#include "engine/proto/multipart.h"

#define HTTP_RAW_MAX (1u << 20) /* bytes of a raw head that are kept */
#define HTTP_VALUE_MAX (64u << 10) /* of a header's value with its repetitions */
#define HTTP_REPEATS_MAX 65 /* of a header, joined to its first */

/* What stands for the target where no request was seen. */
#define HTTP_NO_REQUEST "/libhtp::request_uri_not_seen"

/* Steps of a direction, as Suricata 8 names them for rule hooks. */
enum http_progress {
	HTTP_STARTED,
	HTTP_LINE,
	HTTP_HEADERS,
	HTTP_BODY,
	HTTP_TRAILER,
	HTTP_COMPLETE,
};

struct http_header {
	struct http_header *next;
	struct bytes name;
	struct app_text value;
	uint32_t hash; /* http1_name_hash() of the name */
	uint32_t repeats;
};

/* Of a file that comes in parts: which, and what has come (http_range.h). */
struct http_part {
	struct part *part; /* NULL: it is joined to nothing */
	uint32_t file;
	uint32_t generation;
};

struct http_body {
	struct app_text window; /* the bytes from `at` on */
	uint64_t at;
	uint64_t end; /* bytes so far, decoded */
	uint64_t inspected[2]; /* as a body, as file.data; 0: nobody looks */
	uint64_t wire; /* bytes on the wire, marks of chunks included */
	bool begun;
	bool done;
	bool full; /* the limit was reached */
	bool over; /* and more came */
	bool is_extra; /* bytes came behind a message that had none to come */
	struct inflate *inflate;
	struct app_file *file;
	struct http_part part;
	struct multipart *multipart;
	struct app_text held; /* of multipart: what may belong to a boundary */
	struct bytes part_name, part_type; /* of the part that begins */
	bool part_is_file;
};

/* One direction of a transaction. */
struct http_half {
	struct bytes line; /* without its end; of responses with it */
	struct bytes protocol;
	uint8_t version; /* enum http1_version */
	bool head_done;
	bool chunked;
	struct http_header *first, *last;
	/* A bit for the last six of the hash of each name: most that are asked for are not there. */
	uint64_t hashes;
	uint32_t headers;
	struct app_text raw; /* the head as sent, its blank line and trailers with it */
	/* Where in it the headers stand, as long as they are what rules see of them: "Name: value" CRLF. */
	uint32_t lines_at, lines_end;
	bool plain;
	bool cookies; /* one of them is what a header text is without */
	struct app_text text; /* "Name: value" lines, without cookies */
	struct app_text names;
	struct app_text start;
	uint32_t text_of, names_of, start_of; /* headers when it was made, + 1 */
	struct http_body body;
};

struct http_tx {
	struct app_tx tx;
	struct http_half half[2];
	struct bytes method;
	struct bytes uri_raw;
	struct bytes uri; /* normalised */
	struct bytes path; /* the part of it before query and fragment */
	struct bytes host;
	struct bytes host_raw;
	uint16_t port; /* that the request names, 0: none */
	uint16_t code;
	struct bytes status;
	struct bytes reason;
	bool no_request; /* the response answers nothing that was seen */
	bool responded; /* its response has begun */
	bool unread; /* its request's first line has not ended: the response was quicker */
	bool has_status;
	struct app_file *joined; /* of the parts that its response was the last of */
};

extern const struct app_protocol app_http1;

/* Of the engine: what all flows share. */
struct http_engine;

int http_engine_new(const struct http_options *opt, struct http_engine **out);
void http_engine_free(struct http_engine *e);
uint64_t http_engine_bytes(const struct http_options *opt);
void http_engine_memory(const struct http_engine *e, struct memory_use *sum);
/* Those for its server, and those for all. */
const struct http_options *http_options_of(const struct app_ctx *c);
const struct http_options *http_options_all(const struct app_ctx *c);
struct http_ranges *http_ranges(const struct app_ctx *c);
struct inflate_pool *http_inflates(const struct app_ctx *c);
/* A transaction goes: decoders that are still in use. */
void http_tx_end(struct app_tx *tx);

/* NULL: none.  hash: the name's. */
const struct http_header *http_find_hashed(const struct http_half *h, struct bytes name,
					   uint32_t hash);

static inline bool http_may_have(const struct http_half *h, uint32_t hash)
{
	return h->hashes >> hash % 64 & 1;
}

/* The same by a name in lower case. */
static inline const struct http_header *http_find(const struct http_half *h, const char *name)
{
	size_t len = strlen(name);
	uint32_t hash = http1_name_hash_plain(name, len);

	return http_may_have(h, hash) ? http_find_hashed(h, bytes_of(name, len), hash) : NULL;
}

static inline struct bytes http_value(const struct http_header *h)
{
	return h ? bytes_of(h->value.data, h->value.len) : bytes_of(NULL, 0);
}

/* This is a 100 response, and the real one follows: rules do not look at it. */
bool http_is_interim(const struct http_tx *t, unsigned dir);

/* --- http_head.c ----------------------------------------------------------------------------- */

struct bytes http_copy(struct app_ctx *c, struct app_tx *tx, struct bytes b);
struct bytes http_copied(struct bytes part, struct bytes from, struct bytes copy);
void http_add_header(struct app_ctx *c, struct http_tx *t, unsigned dir,
		     const struct http1_event *ev);
void http_request_line_of(struct app_ctx *c, struct http_tx *t, const struct http1_event *ev);
void http_request_head(struct app_ctx *c, struct http_tx *t);
/* The texts that rules look at; made when asked for. */
bool http_text(struct app_ctx *c, struct http_tx *t, unsigned dir, struct bytes *out);
bool http_names(struct app_ctx *c, struct http_tx *t, unsigned dir, struct bytes *out);
bool http_start(struct app_ctx *c, struct http_tx *t, unsigned dir, struct bytes *out);

/* Content-Range = "bytes" SP ( first "-" last / "*" ) "/" ( size / "*" ) */
struct http_range {
	uint64_t start, end, size;
	bool has_range, has_size;
};
/* False: it is none. */
bool http_range_parse(struct bytes value, struct http_range *out);

/* --- http_body.c ----------------------------------------------------------------------------- */

void http_body_begin(struct app_ctx *c, struct http_tx *t, unsigned dir);
void http_body_add(struct app_ctx *c, struct http_tx *t, unsigned dir, struct bytes data);
void http_body_gap(struct app_ctx *c, struct http_tx *t, unsigned dir, uint64_t len);
void http_body_end(struct app_ctx *c, struct http_tx *t, unsigned dir, bool truncated);

/* --- http_buffer.c --------------------------------------------------------------------------- */

bool http_buffer(struct app_ctx *c, struct app_tx *tx, enum buffer b, unsigned dir, unsigned i,
		 struct app_slice *out);
const char *http_why_not(struct app_ctx *c, const struct app_tx *tx, enum buffer b, unsigned dir);
void http_inspected(struct app_ctx *c, struct app_tx *tx, enum buffer b, unsigned dir, unsigned i,
		    uint64_t to);

#endif
