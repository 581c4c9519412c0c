/* SPDX-License-Identifier: Apache-2.0 */
/* Headers (RFC 9112, section 5), and what frames the body behind them (section 6.3). */
#include "engine/proto/http1_step.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "engine/base/ascii.h"
#include "engine/proto/http1_line.h"

static inline bool is_header(const struct http1_event *ev, const char *name)
{
	return ev->hash == http1_name_hash_plain(name, strlen(name)) &&
	       http1_is_name(ev->name, name);
}

/* The headers that say how long the body is. */
void http1_note_framing(struct http1 *p, struct http1_event *ev)
{
	if (is_header(ev, "content-length")) {
		uint64_t n = 0;
		enum http1_length l = http1_content_length(ev->value, &n, ev);

		if (p->length_seen == HTTP1_LENGTH_NONE) {
			p->length_seen = (uint8_t)l;
			p->length = n;
		} else if (l != HTTP1_LENGTH_GOOD || n != p->length) {
			http1_odd(
				ev,
				http1_is_response(p)
					? APP_EVENT_HTTP_DUPLICATE_CONTENT_LENGTH_FIELD_IN_RESPONSE
					: APP_EVENT_HTTP_DUPLICATE_CONTENT_LENGTH_FIELD_IN_REQUEST);
			if (p->length_seen == HTTP1_LENGTH_GOOD)
				p->length_seen = HTTP1_LENGTH_DIFFER;
		}
	} else if (is_header(ev, "transfer-encoding")) {
		p->coding_plain = !p->coding_seen && http1_equal_nocase(ev->value, "chunked");
		p->coding_seen = true;
		if (http1_has_word(ev->value, "chunked"))
			p->chunked = true;
	} else if (http1_is_response(p) && is_header(ev, "content-type")) {
		if (http1_find_nocase(ev->value, "multipart/byteranges") < ev->value.len)
			p->byteranges = true;
	}
}

void http1_set_chunked(struct http1 *p)
{
	p->state = ST_CHUNK_SIZE;
	p->left = 0;
	p->chunk = 0;
	p->size_len = 0;
}

static void set_length(struct http1 *p)
{
	p->left = p->length;
	p->state = p->left ? ST_LENGTH : ST_END;
}

/* RFC 9112, section 6.3, as servers are seen to do it. */
static void frame_request(struct http1 *p, struct http1_event *ev)
{
	if (p->connect) {
		p->state = ST_END;
	} else if (p->chunked) {
		if (p->version == HTTP1_1_0 || p->version == HTTP1_0_9)
			http1_odd(ev, APP_EVENT_HTTP_INVALID_TRANSFER_ENCODING_VALUE_IN_REQUEST);
		http1_set_chunked(p);
	} else if (p->coding_seen) {
		http1_odd(ev, APP_EVENT_HTTP_INVALID_TRANSFER_ENCODING_VALUE_IN_REQUEST);
		p->state = ST_BAD;
	} else if (p->length_seen == HTTP1_LENGTH_BAD) {
		http1_odd(ev, APP_EVENT_HTTP_INVALID_CONTENT_LENGTH_FIELD_IN_REQUEST);
		p->state = ST_BAD;
	} else {
		set_length(p);
	}
}

static void frame_response(struct http1 *p, struct http1_event *ev)
{
	bool bodyless = (p->code >= 100 && p->code < 200) || p->code == 204 || p->code == 304;

	if (p->head || (p->connect && p->code >= 200 && p->code < 300)) {
		p->state = ST_END;
	} else if (p->chunked) {
		if (!p->coding_plain)
			http1_odd(ev, APP_EVENT_HTTP_RESPONSE_ABNORMAL_TRANSFER_ENCODING);
		if (p->version != HTTP1_1_1)
			http1_odd(ev, APP_EVENT_HTTP_RESPONSE_CHUNKED_OLD_PROTO);
		http1_set_chunked(p);
	} else if (p->length_seen == HTTP1_LENGTH_BAD) {
		http1_odd(ev, APP_EVENT_HTTP_INVALID_CONTENT_LENGTH_FIELD_IN_RESPONSE);
		p->state = ST_BAD;
	} else if (p->length_seen == HTTP1_LENGTH_DIFFER) {
		p->state = ST_UNTIL_CLOSE;
	} else if (p->length_seen == HTTP1_LENGTH_GOOD) {
		if (p->code == 101)
			http1_odd(ev, APP_EVENT_HTTP_SWITCHING_PROTO_WITH_CONTENT_LENGTH);
		if (bodyless)
			http1_odd(ev, APP_EVENT_HTTP_RESPONSE_BODY_UNEXPECTED);
		set_length(p);
	} else if (bodyless) {
		p->state = ST_END;
	} else if (p->byteranges) {
		http1_odd(ev, APP_EVENT_HTTP_RESPONSE_MULTIPART_BYTERANGES);
		p->state = ST_BAD;
	} else {
		p->state = ST_UNTIL_CLOSE;
	}
}

static enum feed head_end(struct http1 *p, struct bytes *in, size_t len, struct http1_event *ev)
{
	ev->kind = HTTP1_HEAD_END;
	ev->raw = bytes_slice(*in, 0, len);
	ev->trailer = p->state == ST_TRAILER;
	http1_take(in, len);
	http1_forget_token(p);
	if (ev->trailer)
		p->state = ST_END;
	else if (http1_is_response(p))
		frame_response(p, ev);
	else
		frame_request(p, ev);
	ev->bodyless = p->state == ST_END;
	return FEED_EVENT;
}

#ifdef __SSE2__
#define STEP 16

static inline unsigned where(__m128i bytes, char c)
{
	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)));
}
#endif

/* The first CR or LF from `at` on, or colon, where that is asked for; in.len when nowhere. */
static inline size_t find_mark(struct bytes in, size_t at, bool colon)
{
#ifdef __SSE2__
	for (; in.len - at >= STEP; at += STEP) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(in.data + at));
		unsigned marks = where(bytes, '\r') | where(bytes, '\n');

		if (colon)
			marks |= where(bytes, ':');
		if (marks)
			return at + (unsigned)__builtin_ctz(marks);
	}
#endif
	while (at < in.len && in.data[at] != '\r' && in.data[at] != '\n' &&
	       !(colon && in.data[at] == ':'))
		at++;
	return at;
}

/*
 * A header as nearly all are: a token, a colon, CRLF, and behind that what does not go on with it; so there is
 * nothing odd about it.  Its length with the end, 0: it is not, or not yet.
 */
static size_t take_usual(struct http1 *p, struct bytes in, struct http1_event *ev)
{
	struct bytes part = bytes_slice(in, 0, p->opt->line_max), name;
	size_t colon, end;

	if (ascii_is_blank(part.data[0]))
		return 0;
	colon = find_mark(part, 0, true);
	if (!colon || colon == part.len || part.data[colon] != ':')
		return 0;
	name = bytes_slice(part, 0, colon);
	end = find_mark(part, colon + 1, false);
	p->looked_at += end;
	if (end + 2 >= part.len || part.data[end] != '\r' || part.data[end + 1] != '\n' ||
	    ascii_is_blank(part.data[end + 2]) || part.data[end + 2] == 0 || !http1_is_token(name))
		return 0;
	ev->raw = bytes_slice(in, 0, end + 2);
	ev->name = name;
	ev->value = http1_trim(bytes_slice(part, colon + 1, end - colon - 1));
	ev->hash = http1_name_hash_plain((const char *)name.data, name.len);
	return end + 2;
}

/* Any other; 0: there is no end yet. */
static size_t take_any(struct http1 *p, struct bytes in, struct http1_event *ev)
{
	bool cut = false;
	size_t len = http1_take_header(p, in, &cut);

	if (!len)
		return 0;
	ev->truncated = cut;
	ev->raw = bytes_slice(in, 0, len);
	http1_header(ev->raw, p->side, p->headers == 0, ev);
	/* Whether it is one is not known where the stream ends with it. */
	if (p->closed && len == in.len && in.len < p->opt->line_max)
		ev->odd_count = 0;
	if (http1_is_response(p) && len > 4 && memcmp(ev->raw.data + len - 4, "\n\r\r\n", 4) == 0)
		http1_odd(ev, APP_EVENT_HTTP_DEFORMED_EOL);
	return len;
}

enum feed http1_step_header(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	bool trailer = p->state == ST_TRAILER;
	size_t len = 0;
	bool too_long;

	if (in->len == 0) {
		if (!p->closed)
			return FEED_MORE;
		ev->truncated = true;
		p->cut = !trailer;
		return head_end(p, in, 0, ev);
	}
	if (p->scanned == 0) {
		switch (http1_blank_line(p, *in, &len)) {
		case BLANK_END:
			if (trailer && len == 3)
				http1_odd(ev, APP_EVENT_HTTP_RESPONSE_FIELD_MISSING_COLON);
			return head_end(p, in, len, ev);
		case BLANK_DEFORMED:
			http1_take(in, len);
			ev->kind = HTTP1_ODD;
			ev->trailer = trailer;
			http1_odd(ev, APP_EVENT_HTTP_DEFORMED_EOL);
			return FEED_EVENT;
		case BLANK_EARLY:
			return FEED_MORE;
		case BLANK_NONE:
			break;
		}
	}
	len = p->scanned ? 0 : take_usual(p, *in, ev);
	if (!len)
		len = take_any(p, *in, ev);
	if (!len)
		return FEED_MORE;
	ev->kind = HTTP1_HEADER;
	ev->trailer = trailer;
	too_long = in->len >= p->opt->line_max;
	http1_take(in, len);
	http1_forget_token(p);
	p->headers++;
	if (!trailer)
		http1_note_framing(p, ev);
	if (ev->truncated && too_long) {
		http1_odd(ev, http1_is_response(p) ? APP_EVENT_HTTP_RESPONSE_FIELD_TOO_LONG
						   : APP_EVENT_HTTP_REQUEST_FIELD_TOO_LONG);
		p->after = p->state;
		p->skip_lf = false;
		p->state = ST_SKIP_HEADER;
	}
	if (p->headers <= p->opt->headers_max)
		return FEED_EVENT;
	if (p->too_many)
		return FEED_AGAIN;
	p->too_many = true;
	ev->kind = HTTP1_ODD;
	http1_odd(ev, http1_is_response(p) ? APP_EVENT_HTTP_RESPONSE_TOO_MANY_HEADERS
					   : APP_EVENT_HTTP_REQUEST_TOO_MANY_HEADERS);
	return FEED_EVENT;
}

enum feed http1_step_skip_header(struct http1 *p, struct bytes *in)
{
	while (in->len) {
		const uint8_t *lf;

		if (p->skip_lf) {
			p->skip_lf = false;
			if (in->data[0] != ' ' && in->data[0] != '\t') {
				p->state = p->after;
				return FEED_AGAIN;
			}
		}
		lf = memchr(in->data, '\n', in->len);
		p->looked_at += lf ? (size_t)(lf - in->data) + 1 : in->len;
		http1_take(in, lf ? (size_t)(lf - in->data) + 1 : in->len);
		p->skip_lf = lf != NULL;
	}
	if (!p->closed)
		return FEED_MORE;
	p->state = p->after;
	return FEED_AGAIN;
}

enum feed http1_step_skip_line(struct http1 *p, struct bytes *in)
{
	const uint8_t *lf = in->len ? memchr(in->data, '\n', in->len) : NULL;
	size_t n = lf ? (size_t)(lf - in->data) + 1 : in->len;

	p->looked_at += n;
	http1_take(in, n);
	if (!lf && !p->closed)
		return FEED_MORE;
	p->state = p->after;
	return FEED_AGAIN;
}
