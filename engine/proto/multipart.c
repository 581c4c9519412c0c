/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/multipart.h"

#include "engine/proto/http1_line.h"

enum state {
	ST_PREAMBLE, /* at the begin of a line */
	ST_PREAMBLE_LINE, /* within one that is no boundary */
	ST_AFTER, /* behind a boundary: "--", or the rest of its line */
	ST_AFTER_LINE,
	ST_HEADER,
	ST_SKIP, /* the rest of a header that was too long */
	ST_DATA,
	ST_EPILOGUE,
};

/* parameter = token "=" ( token / quoted-string ), behind a semicolon */
struct bytes multipart_parameter(struct bytes value, const char *name)
{
	size_t name_len = strlen(name);
	bool quoted = false;

	for (size_t i = 0; i < value.len; i++) {
		struct bytes rest;
		size_t at = 0;

		if (value.data[i] == '"')
			quoted = !quoted;
		if (quoted || value.data[i] != ';')
			continue;
		rest = http1_trim(bytes_slice(value, i + 1, value.len));
		if (!http1_equal_nocase(bytes_slice(rest, 0, name_len), name))
			continue;
		rest = http1_trim(bytes_slice(rest, name_len, rest.len));
		if (rest.len == 0 || rest.data[0] != '=')
			continue;
		rest = http1_trim(bytes_slice(rest, 1, rest.len));
		if (rest.len && rest.data[0] == '"') {
			rest = bytes_slice(rest, 1, rest.len);
			while (at < rest.len && rest.data[at] != '"')
				at += rest.data[at] == '\\' && at + 1 < rest.len ? 2 : 1;
			return bytes_slice(rest, 0, at);
		}
		while (at < rest.len && rest.data[at] != ';')
			at++;
		return http1_trim(bytes_slice(rest, 0, at));
	}
	return bytes_of(NULL, 0);
}

bool multipart_init(struct multipart *m, struct bytes content_type, enum app_event *odd)
{
	struct bytes type = http1_trim(content_type);
	struct bytes boundary;

	*m = (struct multipart){ 0 };
	*odd = APP_EVENT__COUNT;
	if (!http1_equal_nocase(bytes_slice(type, 0, 10), "multipart/"))
		return false;
	boundary = multipart_parameter(type, "boundary");
	if (boundary.len == 0 || boundary.len > MULTIPART_BOUNDARY_MAX) {
		*odd = APP_EVENT_HTTP_MULTIPART_GENERIC_ERROR;
		return false;
	}
	m->boundary[0] = m->boundary[1] = '-';
	memcpy(m->boundary + 2, boundary.data, boundary.len);
	m->boundary_len = (uint8_t)(boundary.len + 2);
	return true;
}

void multipart_close(struct multipart *m)
{
	m->closed = true;
}

static void take(struct bytes *in, size_t n)
{
	in->data += n;
	in->len -= n;
}

/* Does in begin with the boundary?  1 yes, 0 no, -1 it may. */
static int at_boundary(struct multipart *m, struct bytes in)
{
	size_t n = in.len < m->boundary_len ? in.len : m->boundary_len;
	size_t same = 0;

	while (same < n && in.data[same] == m->boundary[same])
		same++;
	m->looked_at += same;
	if (same < n)
		return 0;
	if (n < m->boundary_len)
		return m->closed ? 0 : -1;
	return 1;
}

#define FEED_AGAIN ((enum feed)(FEED_BAD + 1))

static enum feed odd(struct multipart *m, enum app_event e, struct multipart_event *ev)
{
	if (m->told)
		return FEED_AGAIN;
	m->told = true;
	ev->kind = MULTIPART_ODD;
	ev->odd = e;
	return FEED_EVENT;
}

/* Pass over a line, however long; then the state `then`. */
static enum feed pass_line(struct multipart *m, struct bytes *in, enum state then)
{
	const uint8_t *lf = in->len ? memchr(in->data, '\n', in->len) : NULL;
	size_t n = lf ? (size_t)(lf - in->data) + 1 : in->len;

	m->looked_at += n;
	take(in, n);
	if (!lf)
		return FEED_MORE;
	m->state = (uint8_t)then;
	m->scanned = 0;
	return FEED_AGAIN;
}

static enum feed preamble(struct multipart *m, struct bytes *in)
{
	int at;

	if (in->len == 0)
		return FEED_MORE;
	at = at_boundary(m, *in);
	if (at < 0)
		return FEED_MORE;
	if (at) {
		take(in, m->boundary_len);
		m->state = ST_AFTER;
	} else {
		m->state = ST_PREAMBLE_LINE;
	}
	return FEED_AGAIN;
}

/* delimiter CRLF, or delimiter "--" at the end */
static enum feed after(struct multipart *m, struct bytes *in, struct multipart_event *ev)
{
	if (in->len < 2 && !m->closed)
		return FEED_MORE;
	if (in->len >= 2 && in->data[0] == '-' && in->data[1] == '-') {
		m->state = ST_EPILOGUE;
		ev->kind = MULTIPART_END;
		return FEED_EVENT;
	}
	m->state = ST_AFTER_LINE;
	return FEED_AGAIN;
}

static enum feed end_part(struct multipart *m, struct multipart_event *ev, bool truncated)
{
	ev->kind = MULTIPART_PART_END;
	ev->truncated = truncated;
	m->state = truncated ? ST_EPILOGUE : ST_AFTER;
	m->scanned = 0;
	return FEED_EVENT;
}

static enum feed header(struct multipart *m, struct bytes *in, struct multipart_event *ev)
{
	struct bytes part = bytes_slice(*in, 0, MULTIPART_LINE_MAX);
	const uint8_t *lf;
	const uint8_t *colon;
	struct bytes line;
	size_t n;

	if (at_boundary(m, *in) == 1) {
		take(in, m->boundary_len);
		return end_part(m, ev, false);
	}
	lf = part.len > m->scanned ? memchr(part.data + m->scanned, '\n', part.len - m->scanned)
				   : NULL;
	n = lf ? (size_t)(lf - part.data) + 1 : part.len;
	m->looked_at += n - m->scanned;
	if (!lf && part.len < MULTIPART_LINE_MAX) {
		if (m->closed)
			return end_part(m, ev, true);
		m->scanned = (uint32_t)part.len;
		return FEED_MORE;
	}
	m->scanned = 0;
	line = http1_trim(bytes_slice(part, 0, n));
	take(in, n);
	if (!lf)
		m->state = ST_SKIP;
	if (lf && line.len == 0) {
		m->state = ST_DATA;
		ev->kind = MULTIPART_HEAD_END;
		return FEED_EVENT;
	}
	colon = line.len ? memchr(line.data, ':', line.len) : NULL;
	if (!colon)
		return odd(m, APP_EVENT_HTTP_MULTIPART_INVALID_HEADER, ev);
	ev->kind = MULTIPART_HEADER;
	ev->name = http1_trim(bytes_slice(line, 0, (size_t)(colon - line.data)));
	ev->value = http1_trim(bytes_slice(line, (size_t)(colon - line.data) + 1, line.len));
	return FEED_EVENT;
}

/* How many bytes the line end before a boundary has: CRLF, or LF alone. */
static size_t line_end_at(struct bytes in, size_t lf)
{
	return lf > 0 && in.data[lf - 1] == '\r' ? 2 : 1;
}

static enum feed give(struct multipart *m, struct bytes *in, size_t n, struct multipart_event *ev)
{
	m->scanned = 0;
	if (n == 0)
		return FEED_MORE;
	ev->kind = MULTIPART_DATA;
	ev->data = bytes_slice(*in, 0, n);
	take(in, n);
	return FEED_EVENT;
}

/*
 * Data goes on until a line end with the boundary behind it.  A part that is empty has the
 * boundary at once.
 */
static enum feed data(struct multipart *m, struct bytes *in, struct multipart_event *ev)
{
	size_t from = 0;

	while (from < in->len) {
		const uint8_t *lf = memchr(in->data + from, '\n', in->len - from);
		size_t at = lf ? (size_t)(lf - in->data) : in->len;
		size_t end;
		int found;

		m->looked_at += at - from;
		if (!lf) {
			/* A CR at the end may belong to a boundary's line end. */
			end = in->len;
			if (!m->closed && in->data[end - 1] == '\r')
				end--;
			return give(m, in, end, ev);
		}
		found = at_boundary(m, bytes_slice(*in, at + 1, in->len));
		end = at + 1 - line_end_at(*in, at);
		if (found == 0) {
			from = at + 1;
			continue;
		}
		if (end)
			return give(m, in, end, ev);
		if (found < 0)
			return FEED_MORE;
		take(in, at + 1 + m->boundary_len);
		return end_part(m, ev, false);
	}
	if (from)
		return give(m, in, from, ev);
	return m->closed ? end_part(m, ev, true) : FEED_MORE;
}

static enum feed begin_part(struct multipart *m, struct bytes *in, struct multipart_event *ev)
{
	enum feed f = pass_line(m, in, ST_HEADER);

	if (f == FEED_MORE && m->closed) {
		m->state = ST_EPILOGUE;
		return FEED_MORE;
	}
	if (f == FEED_MORE)
		return f;
	ev->kind = MULTIPART_BEGIN;
	return FEED_EVENT;
}

static enum feed step(struct multipart *m, struct bytes *in, struct multipart_event *ev)
{
	switch ((enum state)m->state) {
	case ST_PREAMBLE:
		return preamble(m, in);
	case ST_PREAMBLE_LINE:
		return pass_line(m, in, ST_PREAMBLE);
	case ST_AFTER:
		return after(m, in, ev);
	case ST_AFTER_LINE:
		return begin_part(m, in, ev);
	case ST_HEADER:
		return header(m, in, ev);
	case ST_SKIP:
		return pass_line(m, in, ST_HEADER);
	case ST_DATA:
		return data(m, in, ev);
	case ST_EPILOGUE:
		break;
	}
	take(in, in->len);
	return FEED_MORE;
}

enum feed multipart_next(struct multipart *m, struct bytes *in, struct multipart_event *ev)
{
	enum feed f;

	do {
		*ev = (struct multipart_event){ .kind = MULTIPART_ODD };
		f = step(m, in, ev);
	} while (f == FEED_AGAIN);
	return f;
}
