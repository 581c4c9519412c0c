/* SPDX-License-Identifier: Apache-2.0 */
/* Where lines and headers end (RFC 9112, section 2.2), and what servers and clients take for an end. */
#include "engine/proto/http1_step.h"

#include "engine/base/ascii.h"

#define DEFORMED_MAX 256 /* CRs and white space that are one line end */

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

/* So many bytes at a time: of what stands behind a line's end no more is looked through. */
#define WINDOW 64

/* Where the first CR or LF stands, from `at` on; in.len when nowhere. */
static size_t find_end(struct bytes in, size_t at)
{
	while (at < in.len) {
		struct bytes part = bytes_slice(in, at, WINDOW);
		const uint8_t *lf = memchr(part.data, '\n', part.len);
		size_t n = lf ? (size_t)(lf - part.data) : part.len;
		const uint8_t *cr = memchr(part.data, '\r', n);

		if (cr)
			return at + (size_t)(cr - part.data);
		if (lf)
			return at + n;
		at += part.len;
	}
	return at;
}

/*
 * A request's lines end with LF.  A response's also with a CR that no LF follows; with pairs,
 * LF CR is one end (clients read it so) where no LF follows.  Gives the length with the end, or
 * 0: *known is as far as it need not be looked at again.
 */
static size_t line_end(struct http1 *p, struct bytes in, size_t from, bool pairs, bool last,
		       size_t *known)
{
	size_t i;

	if (!http1_is_response(p)) {
		const uint8_t *lf =
			in.len > from ? memchr(in.data + from, '\n', in.len - from) : NULL;

		p->looked_at += lf ? (size_t)(lf - in.data) + 1 - from : in.len - from;
		*known = in.len;
		return lf ? (size_t)(lf - in.data) + 1 : 0;
	}
	i = find_end(in, from);
	if (i > from && !p->line_colon)
		p->line_colon = memchr(in.data + from, ':', i - from) != NULL;
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
size_t http1_take_line(struct http1 *p, struct bytes in, bool *cut)
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
enum blank http1_blank_line(const struct http1 *p, struct bytes in, size_t *len)
{
	uint8_t second = in.len > 1 ? in.data[1] : 0;

	*len = 1;
	if (in.data[0] == '\n')
		return BLANK_END;
	if (in.data[0] != '\r' && !(http1_is_response(p) && ascii_is_blank(in.data[0])))
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
	if (!http1_is_response(p) || in.data[0] != '\r')
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
	if (!http1_is_response(p))
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
size_t http1_take_header(struct http1 *p, struct bytes in, bool *cut)
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
			known = http1_is_response(p) ? known : end - 1;
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
void http1_forget_token(struct http1 *p)
{
	p->scanned = p->fold = 0;
	p->colon = p->line_colon = false;
}
