/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each buffer of rules shows of a transaction.
 */
#include "engine/app/engine.h"
#include "engine/app/http.h"
#include "engine/proto/http1_line.h"

static bool give(struct app_slice *out, struct bytes b)
{
	out->data = b;
	return b.len > 0;
}

/* Of buffers that are one header's value. */
static const struct http_header *header_of(const struct http_half *h, enum buffer b, unsigned dir)
{
	switch (b) {
	case BUFFER_HTTP_USER_AGENT:
		return http_find(h, "user-agent");
	case BUFFER_HTTP_COOKIE:
		return dir ? http_find(h, "set-cookie") : http_find(h, "cookie");
	case BUFFER_HTTP_REFERER:
		return http_find(h, "referer");
	case BUFFER_HTTP_ACCEPT:
		return http_find(h, "accept");
	case BUFFER_HTTP_ACCEPT_ENC:
		return http_find(h, "accept-encoding");
	case BUFFER_HTTP_ACCEPT_LANG:
		return http_find(h, "accept-language");
	case BUFFER_HTTP_CONNECTION:
		return http_find(h, "connection");
	case BUFFER_HTTP_CONTENT_LEN:
		return http_find(h, "content-length");
	case BUFFER_HTTP_CONTENT_TYPE:
		return http_find(h, "content-type");
	case BUFFER_HTTP_LOCATION:
		return http_find(h, "location");
	case BUFFER_HTTP_SERVER:
		return http_find(h, "server");
	default:
		return NULL;
	}
}

static bool header_value(const struct http_half *h, enum buffer b, unsigned dir,
			 struct app_slice *out)
{
	const struct http_header *f = header_of(h, b, dir);

	if (f)
		out->data = http_value(f);
	return f != NULL;
}

/* The i-th header as a line; the text is made once, so its lines stay where they are. */
static bool header_line(struct app_ctx *c, struct http_tx *t, unsigned dir, unsigned i,
			struct app_slice *out)
{
	struct http_half *h = &t->half[dir];
	struct bytes start;
	size_t at = h->line.len + 2;

	if (i >= h->headers || !http_start(c, t, dir, &start))
		return false;
	for (const struct http_header *f = h->first; f; f = f->next) {
		size_t len = f->name.len + 2 + f->value.len;

		if (i-- == 0) {
			out->data = bytes_slice(start, at, len);
			return true;
		}
		at += len + 2;
	}
	return false;
}

/*
 * A body that is not whole is shown when enough of it is there, then again for as much more:
 * what comes in small pieces is not searched for each.
 */
static bool body(struct app_ctx *c, struct http_tx *t, enum buffer buffer, unsigned dir,
		 struct app_slice *out)
{
	const struct http_options *o = http_options_of(c);
	struct http_body *b = &t->half[dir].body;
	uint64_t inspected = b->inspected[buffer == BUFFER_FILE_DATA];
	bool whole = b->done || b->full;

	/* Of what was lost nothing can be looked at. */
	if (!b->end || (!b->window.len && !inspected))
		return false;
	if (!whole && !o->body_inline && b->end - inspected < o->least[dir])
		return false;
	out->data = bytes_of(b->window.data, b->window.len);
	out->offset = b->at;
	out->fresh = inspected > b->at ? (size_t)(inspected - b->at) : 0;
	if (out->fresh > o->window[dir]) {
		size_t skip = out->fresh - o->window[dir];

		out->data = bytes_slice(out->data, skip, out->data.len);
		out->offset += skip;
		out->fresh -= skip;
	}
	out->at_end = whole;
	return true;
}

static bool of_head(struct app_ctx *c, struct http_tx *t, enum buffer b, unsigned dir, unsigned i,
		    struct app_slice *out)
{
	struct http_half *h = &t->half[dir];
	struct bytes text;

	/* A header's value is there before the head is whole; it may be joined by more. */
	if (!h->head_done) {
		out->at_end = false;
		return header_value(h, b, dir, out);
	}
	/* Trailers may follow; what is not in the head counts as absent even so. */
	out->again = h->chunked && !h->body.done;
	out->never = true;
	switch (b) {
	case BUFFER_HTTP_HEADER:
		return http_text(c, t, dir, &text) && give(out, text);
	case BUFFER_HTTP_HEADER_RAW:
		return give(out, bytes_of(h->raw.data, h->raw.len));
	case BUFFER_HTTP_HEADER_NAMES:
		return http_names(c, t, dir, &text) && give(out, text);
	case BUFFER_HTTP_START:
		return http_start(c, t, dir, &text) && give(out, text);
	case BUFFER_HTTP_REQUEST_HEADER:
	case BUFFER_HTTP_RESPONSE_HEADER:
		return header_line(c, t, dir, i, out);
	case BUFFER_HTTP_HOST:
		return give(out, t->host);
	case BUFFER_HTTP_HOST_RAW:
		out->data = t->host_raw;
		return t->host_raw.len || http_find(h, "host");
	default:
		return header_value(h, b, dir, out);
	}
}

static bool is_of_one(enum buffer b)
{
	return b != BUFFER_HTTP_REQUEST_HEADER && b != BUFFER_HTTP_RESPONSE_HEADER &&
	       b != BUFFER_FILE_DATA && b != BUFFER_FILE_NAME && b != BUFFER_FILE_MAGIC;
}

bool http_buffer(struct app_ctx *c, struct app_tx *tx, enum buffer b, unsigned dir, unsigned i,
		 struct app_slice *out)
{
	struct http_tx *t = (struct http_tx *)tx;
	struct http_half *h = &t->half[dir];

	if ((i && is_of_one(b)) || (t->code == 100 && http_is_interim(t, dir)))
		return false;
	switch (b) {
	case BUFFER_HTTP_URI:
		return give(out, t->uri);
	case BUFFER_HTTP_URI_RAW:
		return give(out, t->uri_raw);
	case BUFFER_HTTP_METHOD:
		return give(out, t->method);
	case BUFFER_HTTP_PROTOCOL:
		return give(out, h->protocol);
	case BUFFER_HTTP_REQUEST_LINE:
	case BUFFER_HTTP_RESPONSE_LINE:
		return give(out, h->line);
	case BUFFER_HTTP_STAT_CODE:
		return give(out, t->status);
	case BUFFER_HTTP_STAT_MSG:
		out->data = t->reason;
		return t->has_status;
	case BUFFER_HTTP_REQUEST_BODY:
	case BUFFER_HTTP_RESPONSE_BODY:
		return body(c, t, b, dir, out);
	case BUFFER_FILE_DATA:
		/* Of a response, the whole body, and what it completes; of a request, its files (engine/app/file.c). */
		if (dir && i == 0)
			return body(c, t, b, 1, out);
		return (!dir || t->joined) && file_buffer(c->engine, tx, b, dir, i, out);
	case BUFFER_FILE_NAME:
	case BUFFER_FILE_MAGIC:
		return file_buffer(c->engine, tx, b, dir, i, out);
	default:
		return of_head(c, t, b, dir, i, out);
	}
}

const char *http_why_not(struct app_ctx *c, const struct app_tx *tx, enum buffer b, unsigned dir)
{
	const struct http_tx *t = (const struct http_tx *)tx;

	(void)c;
	switch (b) {
	case BUFFER_HTTP_REQUEST_BODY:
	case BUFFER_HTTP_RESPONSE_BODY:
	case BUFFER_FILE_DATA:
		return t->half[dir].body.end ? "not enough of the body is there yet"
					     : "there is no body";
	case BUFFER_HTTP_URI:
	case BUFFER_HTTP_METHOD:
		return t->no_request ? "no request was seen" : NULL;
	default:
		return t->half[dir].head_done ? NULL : "its headers have not ended";
	}
}

void http_inspected(struct app_ctx *c, struct app_tx *tx, enum buffer b, unsigned dir, unsigned i,
		    uint64_t to)
{
	struct http_body *body = &((struct http_tx *)tx)->half[dir].body;

	(void)c;
	if (i || (b != BUFFER_HTTP_REQUEST_BODY && b != BUFFER_HTTP_RESPONSE_BODY &&
		  !(b == BUFFER_FILE_DATA && dir)))
		return;
	if (to > body->inspected[b == BUFFER_FILE_DATA])
		body->inspected[b == BUFFER_FILE_DATA] = to < body->end ? to : body->end;
}
