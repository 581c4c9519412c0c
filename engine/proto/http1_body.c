/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies: by length, in chunks (RFC 9112, section 7.1), until the end; and the end of a message. */
#include "engine/proto/http1_step.h"

#include "engine/proto/http1_line.h"

#define CHUNK_MAX 0x7fffffff /* the largest chunk that is believed */

enum chunk { /* of a size line */
	     CHUNK_DIGIT = 1,
	     CHUNK_REST = 2,
	     CHUNK_EXTENSION = 4,
	     CHUNK_HUGE = 8,
};

enum feed http1_step_body(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	size_t n = in->len;

	if (n == 0) {
		if (!p->closed)
			return FEED_MORE;
		p->cut = p->state != ST_UNTIL_CLOSE;
		p->spoiled = p->state == ST_CHUNK_DATA;
		p->state = ST_END;
		return FEED_AGAIN;
	}
	ev->kind = HTTP1_BODY;
	if (p->state != ST_UNTIL_CLOSE) {
		if (n >= p->left) {
			n = (size_t)p->left;
			p->state = p->state == ST_LENGTH ? ST_END : ST_CHUNK_END;
		}
		p->left -= n;
	}
	ev->raw = bytes_slice(*in, 0, n);
	http1_take(in, n);
	return FEED_EVENT;
}

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum feed chunk_broken(struct http1 *p, struct http1_event *ev)
{
	p->state = http1_is_response(p) ? ST_UNTIL_CLOSE : ST_BAD;
	p->spoiled = true;
	ev->kind = HTTP1_ODD;
	http1_odd(ev, http1_is_response(p) ? APP_EVENT_HTTP_INVALID_RESPONSE_CHUNK_LEN
					   : APP_EVENT_HTTP_INVALID_REQUEST_CHUNK_LEN);
	return FEED_EVENT;
}

/* The end of a size line was read. */
static enum feed chunk_sized(struct http1 *p, struct http1_event *ev)
{
	uint8_t seen = p->chunk;

	p->chunk = 0;
	if (seen & CHUNK_HUGE)
		return chunk_broken(p, ev);
	p->state = p->left ? ST_CHUNK_DATA : ST_TRAILER;
	p->scanned = 0;
	if (!(seen & CHUNK_EXTENSION))
		return FEED_AGAIN;
	ev->kind = HTTP1_ODD;
	http1_odd(ev, http1_is_response(p) ? APP_EVENT_HTTP_RESPONSE_CHUNK_EXTENSION
					   : APP_EVENT_HTTP_REQUEST_CHUNK_EXTENSION);
	return FEED_EVENT;
}

/* chunk-size [ chunk-ext ] CRLF, chunk-size = 1*HEXDIG; blank lines before it are passed over */
enum feed http1_step_chunk_size(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	while (in->len) {
		uint8_t c = in->data[0];
		int digit = hex(c);

		p->looked_at++;
		p->size_len++;
		if (!p->chunk) {
			if (digit < 0 && !http1_is_space(c))
				return chunk_broken(p, ev);
			if (digit >= 0) {
				p->chunk = CHUNK_DIGIT;
				p->left = (uint64_t)digit;
			}
		} else if (c == '\n') {
			http1_take(in, 1);
			return chunk_sized(p, ev);
		} else if (digit >= 0 && !(p->chunk & CHUNK_REST)) {
			p->left = p->left * 16 + (uint64_t)digit;
			if (p->left > CHUNK_MAX) {
				p->chunk |= CHUNK_HUGE;
				p->left = CHUNK_MAX;
			}
		} else {
			p->chunk |= CHUNK_REST;
			if (c == ';')
				p->chunk |= CHUNK_EXTENSION;
		}
		http1_take(in, 1);
	}
	if (!p->closed)
		return FEED_MORE;
	p->state = ST_END;
	p->cut = p->spoiled = true;
	p->unsized = p->chunk != 0;
	return FEED_AGAIN;
}

/* What stands between a chunk's data and its line's end is passed over. */
enum feed http1_step_chunk_end(struct http1 *p, struct bytes *in)
{
	const uint8_t *lf = in->len ? memchr(in->data, '\n', in->len) : NULL;
	size_t n = lf ? (size_t)(lf - in->data) + 1 : in->len;

	p->looked_at += n;
	http1_take(in, n);
	if (lf) {
		http1_set_chunked(p);
		return FEED_AGAIN;
	}
	if (!p->closed)
		return FEED_MORE;
	p->state = ST_END;
	p->cut = p->spoiled = true;
	return FEED_AGAIN;
}

enum feed http1_step_end(struct http1 *p, struct http1_event *ev)
{
	ev->kind = HTTP1_END;
	ev->truncated = p->cut;
	ev->spoiled = p->spoiled;
	ev->unsized = p->unsized;
	ev->unsized_len = p->unsized ? p->size_len : 0;
	ev->code = p->code;
	p->state = ST_START;
	p->scanned = 0;
	p->left = 0;
	p->line_begun = p->extra_told = false;
	if (!http1_is_response(p)) {
		if (p->connect)
			p->state = ST_WAIT;
		return FEED_EVENT;
	}
	if (p->code == 100 && p->length_seen == HTTP1_LENGTH_NONE && !p->coding_seen) {
		ev->interim = true;
		if (p->continued)
			http1_odd(ev, APP_EVENT_HTTP_100_CONTINUE_ALREADY_SEEN);
		p->continued = true;
		return FEED_EVENT;
	}
	p->continued = false;
	p->awaited = false;
	if ((p->code == 101 && p->length_seen == HTTP1_LENGTH_NONE && !p->coding_seen) ||
	    (p->connect && p->code >= 200 && p->code < 300))
		p->state = ST_TUNNEL;
	return FEED_EVENT;
}

enum feed http1_step_tunnel(struct bytes *in, struct http1_event *ev)
{
	if (in->len == 0)
		return FEED_MORE;
	ev->kind = HTTP1_TUNNEL;
	ev->raw = *in;
	http1_take(in, in->len);
	return FEED_EVENT;
}
