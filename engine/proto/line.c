/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/line.h"

static struct bytes without_cr(struct bytes line)
{
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

static enum line_kind skip(struct line_reader *r, struct bytes in, size_t *consumed)
{
	const uint8_t *end = memchr(in.data, '\n', in.len);

	*consumed = end ? (size_t)(end - in.data) + 1 : in.len;
	r->skipping = !end;
	return LINE_SKIPPED;
}

static enum line_kind too_long(struct line_reader *r, struct bytes in, struct bytes *line,
			       size_t *consumed)
{
	*line = bytes_slice(in, 0, r->limit);
	*consumed = r->limit;
	r->looked = 0;
	r->skipping = true;
	return LINE_LONG;
}

enum line_kind line_next(struct line_reader *r, struct bytes in, bool last, struct bytes *line,
			 size_t *consumed)
{
	const uint8_t *end;

	*consumed = 0;
	*line = bytes_of(NULL, 0);
	if (!in.len)
		return LINE_MORE;
	if (r->skipping)
		return skip(r, in, consumed);
	end = r->looked < in.len ? memchr(in.data + r->looked, '\n', in.len - r->looked) : NULL;
	if (end) {
		struct bytes whole = bytes_slice(in, 0, (size_t)(end - in.data));

		*line = without_cr(whole);
		if (line->len > r->limit)
			return too_long(r, in, line, consumed);
		*consumed = whole.len + 1;
		r->looked = 0;
		return LINE_WHOLE;
	}
	/* One more than the limit may be the CR of an end. */
	if (in.len > (size_t)r->limit + 1 || (in.len > r->limit && in.data[r->limit] != '\r'))
		return too_long(r, in, line, consumed);
	if (last) {
		*line = without_cr(in);
		*consumed = in.len;
		r->looked = 0;
		return line->len > r->limit ? too_long(r, in, line, consumed) : LINE_WHOLE;
	}
	r->looked = (uint32_t)in.len;
	return LINE_MORE;
}
