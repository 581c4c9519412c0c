/* SPDX-License-Identifier: Apache-2.0 */
/* Start lines (RFC 9112, sections 3 and 4), and what stands in their place. */
#include "engine/proto/http1_step.h"

#include "engine/base/ascii.h"
#include "engine/proto/http1_line.h"

#define BLANK_MAX 256 /* white space before a line's end that makes it no line */
#define METHOD_MAX 32 /* longer first words begin no request behind another */

static void begin_message(struct http1 *p)
{
	http1_forget_token(p);
	p->headers = 0;
	p->code = 0;
	p->length = 0;
	p->left = 0;
	p->length_seen = HTTP1_LENGTH_NONE;
	p->chunked = p->coding_seen = p->coding_plain = p->byteranges = false;
	p->too_many = p->spoiled = p->cut = p->unsized = false;
	p->extra_told = p->line_begun = p->resync = false;
	p->version = HTTP1_VERSION_NONE;
}

enum feed http1_step_extra(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	const uint8_t *lf;
	size_t n;

	if (in->len == 0) {
		return FEED_MORE;
	}
	lf = memchr(in->data, '\n', in->len);
	n = lf ? (size_t)(lf - in->data) + 1 : in->len;
	p->looked_at += n;
	ev->kind = p->resync ? HTTP1_JUNK : HTTP1_EXTRA;
	ev->raw = bytes_slice(*in, 0, n);
	if (http1_trim(ev->raw).len)
		p->line_begun = true;
	p->state = ST_EXTRA;
	if (lf) {
		if ((p->line_begun || http1_is_response(p)) && !p->extra_told && !p->resync) {
			http1_odd(ev, http1_is_response(p)
					      ? APP_EVENT_HTTP_RESPONSE_BODY_UNEXPECTED
					      : APP_EVENT_HTTP_REQUEST_BODY_UNEXPECTED);
			p->extra_told = true;
		}
		p->line_begun = false;
		p->state = ST_START;
	}
	http1_take(in, n);
	return FEED_EVENT;
}

/* Behind a message only a known method begins the next: 1 it does, 0 not, -1 too early. */
static int begins_request(const struct http1 *p, struct bytes in)
{
	size_t n = 0;

	while (n < in.len && n <= METHOD_MAX && !http1_is_space(in.data[n]))
		n++;
	if (n == in.len && n <= METHOD_MAX && !p->closed)
		return -1;
	return http1_method_known(bytes_slice(in, 0, n));
}

static enum feed start_request(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	bool cut, too_long;
	size_t len;

	if (!p->began)
		while (in->len && p->scanned == 0 && (in->data[0] == '\r' || in->data[0] == '\n'))
			http1_take(in, 1);
	if (in->len == 0)
		return FEED_MORE;
	if (p->began && p->scanned == 0) {
		int begins = begins_request(p, *in);

		if (begins < 0)
			return FEED_MORE;
		if (!begins)
			return http1_step_extra(p, in, ev);
	}
	len = http1_take_line(p, *in, &cut);
	if (len == 0)
		return FEED_MORE;
	begin_message(p);
	p->began = true;
	ev->kind = HTTP1_REQUEST_LINE;
	too_long = in->len >= p->opt->line_max;
	ev->raw = bytes_slice(*in, 0, len);
	ev->truncated = cut;
	http1_request_line(ev->raw, ev);
	p->version = (uint8_t)ev->version;
	p->connect = ev->method.len == 7 && memcmp(ev->method.data, "CONNECT", 7) == 0;
	p->state = ev->version == HTTP1_VERSION_NONE ? ST_SETTLE : ST_HEADER;
	if (cut && too_long) {
		http1_odd(ev, APP_EVENT_HTTP_REQUEST_FIELD_TOO_LONG);
		p->after = ST_HEADER;
		p->state = ST_SKIP_LINE;
	}
	http1_take(in, len);
	return FEED_EVENT;
}

/* 1: in begins with HTTP, in any case, behind white space; 0 not; -1 too early. */
static int begins_response(const struct http1 *p, struct bytes in)
{
	size_t at = 0;

	while (at < in.len &&
	       (ascii_is_blank(in.data[at]) || in.data[at] == 0 || in.data[at] == '\r'))
		at++;
	if (at > BLANK_MAX)
		return 0;
	for (size_t i = 0; i < 4; i++) {
		if (at + i >= in.len)
			return p->closed ? 0 : -1;
		if ((in.data[at + i] | 32) != "http"[i])
			return 0;
	}
	return 1;
}

static enum feed headless(struct http1 *p, struct http1_event *ev)
{
	begin_message(p);
	p->began = true;
	p->awaited = false;
	p->version = HTTP1_0_9;
	p->state = ST_UNTIL_CLOSE;
	ev->kind = HTTP1_HEADLESS;
	return FEED_EVENT;
}

/* A line that is no status line: when one follows it, it was junk, else it is body. */
static enum feed junk(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	struct bytes rest;
	size_t known;
	int begins;

	if (p->left == 0) {
		bool cut;
		size_t len = http1_take_line(p, *in, &cut);

		if (len == 0)
			return FEED_MORE;
		if (cut)
			return headless(p, ev);
		p->left = p->scanned = (uint32_t)len;
	}
	for (known = p->scanned; known < in->len; known++)
		if (in->data[known] != '\r' && in->data[known] != '\n')
			break;
	p->looked_at += known - p->scanned;
	p->scanned = (uint32_t)known;
	rest = bytes_slice(*in, known, in->len);
	begins = begins_response(p, rest);
	if (begins < 0 && known < p->opt->line_max)
		return FEED_MORE;
	p->left = p->scanned = 0;
	if (begins <= 0)
		return headless(p, ev);
	ev->kind = HTTP1_JUNK;
	ev->raw = bytes_slice(*in, 0, known);
	http1_take(in, known);
	return FEED_EVENT;
}

/* Lines of nothing but white space. */
static void skip_blank_lines(struct bytes *in)
{
	size_t i = 0;

	while (i < in->len && i < BLANK_MAX &&
	       (ascii_is_blank(in->data[i]) || in->data[i] == '\r' || in->data[i] == '\n')) {
		bool ends = in->data[i] == '\n' || in->data[i] == '\r';

		i++;
		if (ends) {
			http1_take(in, i);
			i = 0;
		}
	}
}

static enum feed start_response(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	bool cut, too_long;
	size_t len;
	int begins;

	if (p->scanned == 0 && p->left == 0 && p->awaited)
		skip_blank_lines(in);
	if (in->len == 0)
		return FEED_MORE;
	begins = begins_response(p, *in);
	if (begins < 0)
		return FEED_MORE;
	if (!begins && p->awaited && p->resync) {
		/* Its head is lost: what is left may be body. */
		http1_odd(ev, APP_EVENT_HTTP_INVALID_GAP);
		return headless(p, ev);
	}
	if (!begins && p->awaited)
		return p->raw09 ? headless(p, ev) : junk(p, in, ev);
	if (!begins)
		return http1_step_extra(p, in, ev);
	len = http1_take_line(p, *in, &cut);
	if (len == 0)
		return FEED_MORE;
	begin_message(p);
	p->began = true;
	ev->kind = HTTP1_STATUS_LINE;
	too_long = in->len >= p->opt->line_max;
	ev->raw = bytes_slice(*in, 0, len);
	ev->truncated = cut;
	http1_status_line(ev->raw, ev);
	p->version = (uint8_t)ev->version;
	p->code = ev->code;
	p->state = ST_HEADER;
	if (cut && too_long) {
		http1_odd(ev, APP_EVENT_HTTP_RESPONSE_FIELD_TOO_LONG);
		p->after = ST_HEADER;
		p->state = ST_SKIP_LINE;
	}
	http1_take(in, len);
	return FEED_EVENT;
}

enum feed http1_step_start(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	return http1_is_response(p) ? start_response(p, in, ev) : start_request(p, in, ev);
}

enum feed http1_step_settle(struct http1 *p, const struct bytes *in, struct http1_event *ev)
{
	if (in->len == 0) {
		if (!p->closed)
			return FEED_MORE;
		p->state = ST_END;
		return FEED_AGAIN;
	}
	p->state = ST_HEADER;
	ev->kind = HTTP1_ODD;
	http1_odd(ev, APP_EVENT_HTTP_REQUEST_LINE_MISSING_PROTOCOL);
	return FEED_EVENT;
}
