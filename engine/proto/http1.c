/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/http1.h"

#include "engine/base/ascii.h"
#include "engine/proto/http1_line.h"

#define CHUNK_MAX 0x7fffffff /* the largest chunk that is believed */
#define DEFORMED_MAX 256 /* CRs and white space that are one line end */
#define BLANK_MAX 256 /* white space before a line's end that makes it no line */
#define METHOD_MAX 32 /* longer first words begin no request behind another */

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

enum chunk { /* of a size line */
	     CHUNK_DIGIT = 1,
	     CHUNK_REST = 2,
	     CHUNK_EXTENSION = 4,
	     CHUNK_HUGE = 8,
};

/* What a step of the machine says beside enum feed: nothing to tell, go on. */
#define FEED_AGAIN ((enum feed)(FEED_BAD + 1))

void http1_init(struct http1 *p, enum http1_side side, const struct http1_options *opt)
{
	*p = (struct http1){ .opt = opt, .side = (uint8_t)side, .awaited = true };
}

void http1_close(struct http1 *p)
{
	p->closed = true;
}

void http1_gap(struct http1 *p, uint64_t len)
{
	p->gap += len;
}

void http1_answers(struct http1 *p, bool head, bool connect, bool raw09)
{
	p->head = head;
	p->connect = connect;
	p->raw09 = raw09;
	p->awaited = true;
}

bool http1_at_start(const struct http1 *p)
{
	return p->state == ST_START;
}

bool http1_in_extra(const struct http1 *p)
{
	return p->state == ST_EXTRA && !p->resync;
}

bool http1_in_line(const struct http1 *p)
{
	return p->state == ST_START && p->scanned > 0;
}

bool http1_waits(const struct http1 *p)
{
	return p->state == ST_WAIT;
}

void http1_resume(struct http1 *p, bool tunnel)
{
	if (p->state == ST_WAIT || tunnel)
		p->state = tunnel ? ST_TUNNEL : ST_START;
}

void http1_settle(struct http1 *p)
{
	if (p->state == ST_SETTLE)
		p->state = ST_END;
}

static void take(struct bytes *in, size_t n)
{
	*in = bytes_slice(*in, n, in->len);
}

static bool is_response(const struct http1 *p)
{
	return p->side == HTTP1_RESPONSE;
}

/* --- where lines end ------------------------------------------------------------ */

/*
 * A line's end has LF CR, and in goes on at `at`: where the line ends.  LF CR CR LF is one end where an empty line
 * follows.  0: it is too early.
 */
static size_t after_lf_cr(struct bytes in, size_t at, bool last)
{
	static const uint8_t rest[] = "\r\n\r\n";
	size_t n = 0;

	if (at < in.len && in.data[at] == '\n')
		return at - 1;
	while (n < 4 && at + n < in.len && in.data[at + n] == rest[n])
		n++;
	if (n == 4 || (n == 2 && at + 2 < in.len && in.data[at + 2] == '\n'))
		return at + 2;
	return at + n < in.len || last ? at : 0;
}

/*
 * A request's lines end with LF.  A response's also with a CR that no LF follows; with pairs,
 * LF CR is one end (clients read it so) where no LF follows.  Gives the length with the end, or
 * 0: *known is as far as it need not be looked at again.
 */
static size_t line_end(struct http1 *p, struct bytes in, size_t from, bool pairs, bool last,
		       size_t *known)
{
	size_t i = from;

	if (!is_response(p)) {
		const uint8_t *lf =
			in.len > from ? memchr(in.data + from, '\n', in.len - from) : NULL;

		p->looked_at += lf ? (size_t)(lf - in.data) + 1 - from : in.len - from;
		*known = in.len;
		return lf ? (size_t)(lf - in.data) + 1 : 0;
	}
	while (i < in.len && in.data[i] != '\n' && in.data[i] != '\r')
		if (in.data[i++] == ':')
			p->line_colon = true;
	p->looked_at += i - from + 1;
	*known = i;
	if (i == in.len)
		return 0;
	if (in.data[i] == '\r') {
		if (i + 1 < in.len)
			return in.data[i + 1] == '\n' ? i + 2 : i + 1;
		return last ? i + 1 : 0;
	}
	if (pairs && i + 1 == in.len)
		return last ? i + 1 : 0;
	if (!pairs || in.data[i + 1] != '\r')
		return i + 1;
	return after_lf_cr(in, i + 2, last);
}

/*
 * The line that in begins with: its length, 0 when it has no end yet.  A line longer than the
 * limit is cut there; the last one before the stream's end needs no end.
 */
static size_t take_line(struct http1 *p, struct bytes in, bool *cut)
{
	size_t known;
	size_t max = p->opt->line_max;
	struct bytes part = bytes_slice(in, 0, max);
	/* What follows the limit has not been looked at: only the stream's own end is one. */
	bool last = p->closed && in.len <= max;
	size_t len = line_end(p, part, p->scanned, true, last, &known);

	*cut = false;
	if (len)
		return len;
	if (in.len >= max || (p->closed && in.len)) {
		*cut = true;
		return part.len;
	}
	p->scanned = (uint32_t)known;
	return 0;
}

enum blank { BLANK_NONE, BLANK_END, BLANK_DEFORMED, BLANK_EARLY };

/*
 * CRs and white space behind a CR, and an LF: one line end with the one before it, but where an empty line
 * follows.  There the first CR is the blank line.
 */
static enum blank deformed(const struct http1 *p, struct bytes in, size_t *len)
{
	size_t n = 1;

	while (n < in.len && n < DEFORMED_MAX && (in.data[n] == '\r' || ascii_is_blank(in.data[n])))
		n++;
	if (n + 2 >= in.len && !p->closed)
		return BLANK_EARLY;
	if (n < in.len && in.data[n] == '\n')
		n++;
	if (n < in.len && (in.data[n] == '\n' ||
			   (in.data[n] == '\r' && n + 1 < in.len && in.data[n + 1] == '\n')))
		return BLANK_END;
	*len = n;
	return BLANK_DEFORMED;
}

/* White space between two CRs is one with them; before anything else it begins a line. */
static enum blank blank_between(const struct http1 *p, struct bytes in, size_t *len)
{
	size_t n = 1;

	while (n < in.len && n < DEFORMED_MAX && ascii_is_blank(in.data[n]))
		n++;
	if (n + 1 >= in.len && n < DEFORMED_MAX && !p->closed)
		return BLANK_EARLY;
	if (n + 1 < in.len && in.data[n] == '\r' && in.data[n + 1] != '\n')
		*len = n + 1;
	return BLANK_DEFORMED;
}

/*
 * The blank line that ends a head, and its length.  Of a response also a CR alone, and white space
 * with an LF.  CRs in a row end nothing: they are passed over, as clients do.
 */
static enum blank blank_line(const struct http1 *p, struct bytes in, size_t *len)
{
	uint8_t second = in.len > 1 ? in.data[1] : 0;

	*len = 1;
	if (in.data[0] == '\n')
		return BLANK_END;
	if (in.data[0] != '\r' && !(is_response(p) && ascii_is_blank(in.data[0])))
		return BLANK_NONE;
	if (in.len == 1)
		return p->closed ? BLANK_END : BLANK_EARLY;
	if (second == '\n') {
		*len = 2;
		if (in.data[0] == '\r')
			return BLANK_END;
		/* And an empty line behind it, if there is one. */
		if (in.len == 2 && !p->closed)
			return BLANK_EARLY;
		*len = in.len > 2 && in.data[2] == '\n' ? 3 : 2;
		return BLANK_END;
	}
	if (!is_response(p) || in.data[0] != '\r')
		return BLANK_NONE;
	if (ascii_is_blank(second))
		return blank_between(p, in, len);
	if (second != '\r')
		return BLANK_END;
	if (p->state == ST_TRAILER && in.len > 2 && in.data[2] == '\n') {
		*len = 3;
		return BLANK_END;
	}
	return deformed(p, in, len);
}

/* Does the line at `end` go on with the header before it (obs-fold)?  -1: it is too early. */
static int folds(const struct http1 *p, struct bytes part, size_t end, bool last)
{
	uint8_t next = part.data[end];

	if (!ascii_is_blank(next) && next != 0)
		return 0;
	if (!is_response(p))
		return part.data[end - 1] == '\n';
	if (end + 1 == part.len)
		return last ? 1 : -1;
	return part.data[end + 1] != '\n';
}

/*
 * The header that in begins with, its folded lines with it: those that begin with SP, HT or NUL.
 * In a response such a line with a colon is a header of its own, as clients have it, unless the
 * header before it has none yet.
 */
static size_t take_header(struct http1 *p, struct bytes in, bool *cut)
{
	size_t max = p->opt->line_max;
	struct bytes part = bytes_slice(in, 0, max);
	size_t at = p->scanned;
	size_t known = at;
	bool last = p->closed && in.len <= max;

	*cut = false;
	for (;;) {
		size_t end = line_end(p, part, at, true, last, &known);
		int fold;

		if (end == 0)
			break;
		if (end == part.len) {
			fold = last ? 0 : -1;
		} else {
			fold = folds(p, part, end, last);
		}
		if (fold < 0) {
			/* Look at this end again when there is more behind it. */
			known = is_response(p) ? known : end - 1;
			break;
		}
		if (p->line_colon && p->fold && p->colon)
			return p->fold;
		p->colon |= p->line_colon;
		p->line_colon = false;
		if (!fold)
			return end;
		p->fold = (uint32_t)end;
		at = end;
	}
	if (in.len >= max || (p->closed && in.len)) {
		*cut = true;
		return part.len;
	}
	p->scanned = (uint32_t)(known > at ? known : at);
	return 0;
}

/* The next header is looked at from its beginning. */
static void forget_token(struct http1 *p)
{
	p->scanned = p->fold = 0;
	p->colon = p->line_colon = false;
}

/* --- start lines ------------------------------------------------------------------ */

static void begin_message(struct http1 *p)
{
	forget_token(p);
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

static enum feed extra(struct http1 *p, struct bytes *in, struct http1_event *ev)
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
		if ((p->line_begun || is_response(p)) && !p->extra_told && !p->resync) {
			http1_odd(ev, is_response(p) ? APP_EVENT_HTTP_RESPONSE_BODY_UNEXPECTED
						     : APP_EVENT_HTTP_REQUEST_BODY_UNEXPECTED);
			p->extra_told = true;
		}
		p->line_begun = false;
		p->state = ST_START;
	}
	take(in, n);
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
			take(in, 1);
	if (in->len == 0)
		return FEED_MORE;
	if (p->began && p->scanned == 0) {
		int begins = begins_request(p, *in);

		if (begins < 0)
			return FEED_MORE;
		if (!begins)
			return extra(p, in, ev);
	}
	len = take_line(p, *in, &cut);
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
	take(in, len);
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
		size_t len = take_line(p, *in, &cut);

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
	take(in, known);
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
			take(in, i);
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
		return extra(p, in, ev);
	len = take_line(p, *in, &cut);
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
	take(in, len);
	return FEED_EVENT;
}

static enum feed start(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	return is_response(p) ? start_response(p, in, ev) : start_request(p, in, ev);
}

static enum feed settle(struct http1 *p, const struct bytes *in, struct http1_event *ev)
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

/* --- headers ------------------------------------------------------------------------ */

/* The headers that say how long the body is. */
static void note_framing(struct http1 *p, struct http1_event *ev)
{
	if (http1_is_name(ev->name, "content-length")) {
		uint64_t n = 0;
		enum http1_length l = http1_content_length(ev->value, &n, ev);

		if (p->length_seen == HTTP1_LENGTH_NONE) {
			p->length_seen = (uint8_t)l;
			p->length = n;
		} else if (l != HTTP1_LENGTH_GOOD || n != p->length) {
			http1_odd(
				ev,
				is_response(p)
					? APP_EVENT_HTTP_DUPLICATE_CONTENT_LENGTH_FIELD_IN_RESPONSE
					: APP_EVENT_HTTP_DUPLICATE_CONTENT_LENGTH_FIELD_IN_REQUEST);
			if (p->length_seen == HTTP1_LENGTH_GOOD)
				p->length_seen = HTTP1_LENGTH_DIFFER;
		}
	} else if (http1_is_name(ev->name, "transfer-encoding")) {
		p->coding_plain = !p->coding_seen && http1_equal_nocase(ev->value, "chunked");
		p->coding_seen = true;
		if (http1_has_word(ev->value, "chunked"))
			p->chunked = true;
	} else if (is_response(p) && http1_is_name(ev->name, "content-type")) {
		if (http1_find_nocase(ev->value, "multipart/byteranges") < ev->value.len)
			p->byteranges = true;
	}
}

static void set_chunked(struct http1 *p)
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
		set_chunked(p);
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
		set_chunked(p);
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
	take(in, len);
	forget_token(p);
	if (ev->trailer)
		p->state = ST_END;
	else if (is_response(p))
		frame_response(p, ev);
	else
		frame_request(p, ev);
	ev->bodyless = p->state == ST_END;
	return FEED_EVENT;
}

static enum feed header(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	bool trailer = p->state == ST_TRAILER;
	bool cut = false, too_long;
	size_t len;

	if (in->len == 0) {
		if (!p->closed)
			return FEED_MORE;
		ev->truncated = true;
		p->cut = !trailer;
		return head_end(p, in, 0, ev);
	}
	if (p->scanned == 0) {
		switch (blank_line(p, *in, &len)) {
		case BLANK_END:
			if (trailer && len == 3)
				http1_odd(ev, APP_EVENT_HTTP_RESPONSE_FIELD_MISSING_COLON);
			return head_end(p, in, len, ev);
		case BLANK_DEFORMED:
			take(in, len);
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
	len = take_header(p, *in, &cut);
	if (len == 0)
		return FEED_MORE;
	ev->kind = HTTP1_HEADER;
	ev->trailer = trailer;
	ev->truncated = cut;
	too_long = in->len >= p->opt->line_max;
	ev->raw = bytes_slice(*in, 0, len);
	http1_header(ev->raw, p->side, p->headers == 0, ev);
	/* Whether it is one is not known where the stream ends with it. */
	if (p->closed && len == in->len && !too_long)
		ev->odd_count = 0;
	if (is_response(p) && len > 4 && memcmp(ev->raw.data + len - 4, "\n\r\r\n", 4) == 0)
		http1_odd(ev, APP_EVENT_HTTP_DEFORMED_EOL);
	take(in, len);
	forget_token(p);
	p->headers++;
	if (!trailer)
		note_framing(p, ev);
	if (cut && too_long) {
		http1_odd(ev, is_response(p) ? APP_EVENT_HTTP_RESPONSE_FIELD_TOO_LONG
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
	http1_odd(ev, is_response(p) ? APP_EVENT_HTTP_RESPONSE_TOO_MANY_HEADERS
				     : APP_EVENT_HTTP_REQUEST_TOO_MANY_HEADERS);
	return FEED_EVENT;
}

static enum feed skip_header(struct http1 *p, struct bytes *in)
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
		take(in, lf ? (size_t)(lf - in->data) + 1 : in->len);
		p->skip_lf = lf != NULL;
	}
	if (!p->closed)
		return FEED_MORE;
	p->state = p->after;
	return FEED_AGAIN;
}

static enum feed skip_line(struct http1 *p, struct bytes *in)
{
	const uint8_t *lf = in->len ? memchr(in->data, '\n', in->len) : NULL;
	size_t n = lf ? (size_t)(lf - in->data) + 1 : in->len;

	p->looked_at += n;
	take(in, n);
	if (!lf && !p->closed)
		return FEED_MORE;
	p->state = p->after;
	return FEED_AGAIN;
}

/* --- bodies ------------------------------------------------------------------------ */

static enum feed body(struct http1 *p, struct bytes *in, struct http1_event *ev)
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
	take(in, n);
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
	p->state = is_response(p) ? ST_UNTIL_CLOSE : ST_BAD;
	p->spoiled = true;
	ev->kind = HTTP1_ODD;
	http1_odd(ev, is_response(p) ? APP_EVENT_HTTP_INVALID_RESPONSE_CHUNK_LEN
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
	http1_odd(ev, is_response(p) ? APP_EVENT_HTTP_RESPONSE_CHUNK_EXTENSION
				     : APP_EVENT_HTTP_REQUEST_CHUNK_EXTENSION);
	return FEED_EVENT;
}

/* chunk-size [ chunk-ext ] CRLF, chunk-size = 1*HEXDIG; blank lines before it are passed over */
static enum feed chunk_size(struct http1 *p, struct bytes *in, struct http1_event *ev)
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
			take(in, 1);
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
		take(in, 1);
	}
	if (!p->closed)
		return FEED_MORE;
	p->state = ST_END;
	p->cut = p->spoiled = true;
	p->unsized = p->chunk != 0;
	return FEED_AGAIN;
}

/* What stands between a chunk's data and its line's end is passed over. */
static enum feed chunk_end(struct http1 *p, struct bytes *in)
{
	const uint8_t *lf = in->len ? memchr(in->data, '\n', in->len) : NULL;
	size_t n = lf ? (size_t)(lf - in->data) + 1 : in->len;

	p->looked_at += n;
	take(in, n);
	if (lf) {
		set_chunked(p);
		return FEED_AGAIN;
	}
	if (!p->closed)
		return FEED_MORE;
	p->state = ST_END;
	p->cut = p->spoiled = true;
	return FEED_AGAIN;
}

static enum feed end_message(struct http1 *p, struct http1_event *ev)
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
	if (!is_response(p)) {
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

static enum feed tunnel(struct bytes *in, struct http1_event *ev)
{
	if (in->len == 0)
		return FEED_MORE;
	ev->kind = HTTP1_TUNNEL;
	ev->raw = *in;
	take(in, in->len);
	return FEED_EVENT;
}

/* --- losses ------------------------------------------------------------------------ */

/* The message's end cannot be known: it ends here; lines are junk until one begins another. */
static enum feed lose_track(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	bool within = p->state != ST_START && p->state != ST_EXTRA &&
		      !(p->state == ST_SKIP_LINE && p->after == ST_START);

	take(in, in->len);
	p->gap = 0;
	if (within) {
		p->cut = p->spoiled = true;
		(void)end_message(p, ev);
	}
	p->scanned = 0;
	p->left = 0;
	p->line_begun = false;
	p->began = p->resync = true;
	if (p->state != ST_TUNNEL)
		p->state = ST_START;
	return within ? FEED_EVENT : FEED_MORE;
}

static enum feed lose_header(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	p->after = p->state;
	p->skip_lf = false;
	p->gap = 0;
	forget_token(p);
	ev->kind = HTTP1_ODD;
	if (in->len) {
		ev->kind = HTTP1_HEADER;
		ev->trailer = p->state == ST_TRAILER;
		ev->truncated = in->data[in->len - 1] != '\n';
		ev->raw = *in;
		http1_header(ev->raw, p->side, p->headers++ == 0, ev);
		if (!ev->trailer)
			note_framing(p, ev);
		take(in, in->len);
	}
	http1_odd(ev, APP_EVENT_HTTP_INVALID_GAP);
	p->state = ST_SKIP_HEADER;
	return FEED_EVENT;
}

static enum feed lose_body(struct http1 *p, struct http1_event *ev)
{
	uint64_t n = p->gap;

	if (p->state != ST_UNTIL_CLOSE && p->state != ST_TUNNEL && n >= p->left) {
		n = p->left;
		p->state = p->state == ST_LENGTH ? ST_END : ST_CHUNK_END;
	}
	if (p->state != ST_UNTIL_CLOSE && p->state != ST_TUNNEL)
		p->left -= n;
	p->gap -= n;
	ev->kind = HTTP1_GAP;
	ev->gap = n;
	return FEED_EVENT;
}

static enum feed cross_gap(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	switch ((enum state)p->state) {
	case ST_LENGTH:
	case ST_UNTIL_CLOSE:
	case ST_CHUNK_DATA:
	case ST_TUNNEL:
		return lose_body(p, ev);
	case ST_HEADER:
	case ST_TRAILER:
		return lose_header(p, in, ev);
	case ST_SKIP_HEADER:
		p->gap = 0;
		p->skip_lf = false;
		return FEED_MORE;
	case ST_WAIT:
	case ST_BAD:
		p->gap = 0;
		return FEED_MORE;
	default:
		return lose_track(p, in, ev);
	}
}

/* --- the machine ------------------------------------------------------------------- */

static enum feed step(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	switch ((enum state)p->state) {
	case ST_START:
		return start(p, in, ev);
	case ST_SETTLE:
		return settle(p, in, ev);
	case ST_HEADER:
	case ST_TRAILER:
		return header(p, in, ev);
	case ST_LENGTH:
	case ST_UNTIL_CLOSE:
	case ST_CHUNK_DATA:
		return body(p, in, ev);
	case ST_CHUNK_SIZE:
		return chunk_size(p, in, ev);
	case ST_CHUNK_END:
		return chunk_end(p, in);
	case ST_END:
		return end_message(p, ev);
	case ST_SKIP_HEADER:
		return skip_header(p, in);
	case ST_SKIP_LINE:
		return skip_line(p, in);
	case ST_EXTRA:
		return extra(p, in, ev);
	case ST_WAIT:
		/* Line ends behind the request are no tunnel yet. */
		while (in->len && (in->data[0] == '\r' || in->data[0] == '\n'))
			take(in, 1);
		return FEED_MORE;
	case ST_TUNNEL:
		return tunnel(in, ev);
	case ST_BAD:
		break;
	}
	return FEED_BAD;
}

enum feed http1_next(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	enum feed f;

	do {
		*ev = (struct http1_event){ .kind = HTTP1_ODD };
		f = step(p, in, ev);
		if (f == FEED_MORE && p->gap)
			f = cross_gap(p, in, ev);
	} while (f == FEED_AGAIN);
	return f;
}
