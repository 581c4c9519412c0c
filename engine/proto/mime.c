/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines come in pieces: a whole line, or of a long one as much as there is.  Headers are gathered until the
 * next line shows that they do not go on.  In a body the end of a line is held back until the next
 * line is known to be no boundary, for it would be the boundary's.
 */
#include "engine/proto/mime.h"

#include <endian.h>

#include "engine/base/ascii.h"

#define PIECE_MAX 1000 /* of a line that is given at once: MIME_LINE_MAX and its end */
#define BASE64_LINE_MAX 76

enum phase { PHASE_HEADERS, PHASE_BODY };

void mime_init(struct mime *m, const struct mime_options *opt)
{
	memset(m, 0, sizeof(*m));
	m->options = *opt;
	m->part.is_text = true;
	if (!m->options.value_max || m->options.value_max > MIME_VALUE_MAX)
		m->options.value_max = MIME_VALUE_MAX;
}

static void note(struct mime *m, enum mime_odd odd)
{
	m->odd |= (uint16_t)(1u << odd);
}

/* --- words --------------------------------------------------------------------------------------- */

static struct bytes trim(struct bytes b)
{
	while (b.len && ascii_is_blank(b.data[0]))
		b = bytes_slice(b, 1, b.len);
	while (b.len && ascii_is_blank(b.data[b.len - 1]))
		b.len--;
	return b;
}

/* word is in small letters. */
static bool starts(struct bytes b, const char *word)
{
	size_t i = 0;

	for (; word[i]; i++) {
		if (i >= b.len || ascii_lower(b.data[i]) != (uint8_t)word[i])
			return false;
	}
	return true;
}

static bool is(struct bytes b, const char *word)
{
	return b.len == strlen(word) && starts(b, word);
}

/* Up to the next c that is not inside quotes. */
static struct bytes take_until(struct bytes *rest, uint8_t c)
{
	struct bytes item = { rest->data, 0 };
	bool quoted = false;

	while (item.len < rest->len && (quoted || rest->data[item.len] != c)) {
		if (rest->data[item.len] == '\\' && quoted && item.len + 1 < rest->len)
			item.len++;
		else if (rest->data[item.len] == '"')
			quoted = !quoted;
		item.len++;
	}
	*rest = bytes_slice(*rest, item.len + 1, rest->len);
	return item;
}

static struct bytes unquote(struct bytes b)
{
	b = trim(b);
	if (b.len >= 2 && b.data[0] == '"' && b.data[b.len - 1] == '"')
		return bytes_slice(b, 1, b.len - 2);
	if (b.len && b.data[0] == '"')
		return bytes_slice(b, 1, b.len);
	return b;
}

/* "name", "name*", "name*0", "name*0*": the first piece of a value, whose charset is passed over. */
static bool names(struct bytes word, const char *name, bool *has_charset)
{
	size_t len = strlen(name);
	struct bytes tail;

	if (!starts(word, name))
		return false;
	tail = bytes_slice(word, len, word.len);
	*has_charset = tail.len && tail.data[tail.len - 1] == '*';
	return tail.len == 0 || is(tail, "*") || is(tail, "*0") || is(tail, "*0*");
}

static struct bytes without_charset(struct bytes b)
{
	for (unsigned quotes = 0; quotes < 2; quotes++) {
		const uint8_t *q = b.len ? memchr(b.data, '\'', b.len) : NULL;

		if (!q)
			return b;
		b = bytes_slice(b, (size_t)(q - b.data) + 1, b.len);
	}
	return b;
}

bool mime_parameter(struct bytes value, const char *name, struct bytes *out)
{
	(void)take_until(&value, ';');
	while (value.len) {
		struct bytes item = take_until(&value, ';');
		struct bytes word = trim(take_until(&item, '='));
		bool has_charset;

		if (!names(word, name, &has_charset))
			continue;
		*out = unquote(item);
		if (has_charset)
			*out = without_charset(*out);
		return true;
	}
	return false;
}

/* --- headers --------------------------------------------------------------------------------------- */

static void take_filename(struct mime *m, struct bytes name)
{
	if (!name.len || m->part.filename_len)
		return;
	if (name.len > MIME_NAME_MAX) {
		note(m, MIME_LONG_FILENAME);
		name.len = MIME_NAME_MAX;
	}
	memcpy(m->part.filename, name.data, name.len);
	m->part.filename_len = (uint16_t)name.len;
}

/* RFC 2231, section 3: a long value comes in pieces, name*0, name*1 and so on. */
static void add_pieces(struct mime *m, struct bytes value, const char *name)
{
	for (char digit = '1'; digit <= '9'; digit++) {
		char word[24];
		struct bytes text;
		size_t len = strlen(name), room = MIME_NAME_MAX - m->part.filename_len;

		memcpy(word, name, len);
		memcpy(word + len, (const char[]){ '*', digit, '\0' }, 3);
		if (!mime_parameter(value, word, &text))
			return;
		if (text.len > room) {
			note(m, MIME_LONG_FILENAME);
			text.len = room;
		}
		if (text.len)
			memcpy(m->part.filename + m->part.filename_len, text.data, text.len);
		m->part.filename_len = (uint16_t)(m->part.filename_len + text.len);
	}
}

static void take_boundary(struct mime *m, struct bytes text)
{
	if (text.len > MIME_BOUNDARY_MAX) {
		note(m, MIME_LONG_BOUNDARY);
		text.len = MIME_BOUNDARY_MAX;
	}
	memcpy(m->part.boundary, text.data, text.len);
	m->part.boundary_len = (uint16_t)text.len;
}

static void content_type(struct mime *m, struct bytes value)
{
	struct bytes rest = value, type = trim(take_until(&rest, ';')), text;

	m->part.is_text = starts(type, "text/") || is(type, "text");
	m->part.is_html = is(type, "text/html");
	m->part.is_message = is(type, "message/rfc822");
	m->part.is_multipart = starts(type, "multipart/");
	if (m->part.is_multipart && mime_parameter(value, "boundary", &text) && text.len)
		take_boundary(m, text);
	if (mime_parameter(value, "name", &text) && !m->part.filename_len) {
		take_filename(m, text);
		add_pieces(m, value, "name");
	}
}

static void content_disposition(struct mime *m, struct bytes value)
{
	struct bytes rest = value, text;

	m->part.is_attachment = is(trim(take_until(&rest, ';')), "attachment");
	if (mime_parameter(value, "filename", &text)) {
		/* It goes before what Content-Type says. */
		m->part.filename_len = 0;
		take_filename(m, text);
		add_pieces(m, value, "filename");
	}
}

static void transfer_encoding(struct mime *m, struct bytes value)
{
	value = trim(value);
	if (is(value, "base64"))
		m->part.encoding = MIME_BASE64;
	else if (is(value, "quoted-printable"))
		m->part.encoding = MIME_QUOTED_PRINTABLE;
}

/* A line that goes on with the value before it, or the first of one. */
static void add_value(struct mime *m, struct bytes line)
{
	size_t room = m->options.value_max - m->value_len;

	if (line.len > room) {
		if (!m->value_cut)
			note(m, MIME_LONG_HEADER_VALUE);
		m->value_cut = true;
		line.len = room;
	}
	if (line.len)
		memcpy(m->value + m->value_len, line.data, line.len);
	m->value_len = (uint16_t)(m->value_len + line.len);
}

static void begin_header(struct mime *m, struct bytes line)
{
	const uint8_t *colon = memchr(line.data, ':', line.len);
	struct bytes name;

	if (!colon) {
		note(m, MIME_MALFORMED);
		return;
	}
	name = trim(bytes_slice(line, 0, (size_t)(colon - line.data)));
	if (name.len > MIME_NAME_MAX) {
		note(m, MIME_LONG_HEADER_NAME);
		name.len = MIME_NAME_MAX;
	}
	if (name.len)
		memcpy(m->name, name.data, name.len);
	m->name_len = (uint16_t)name.len;
	m->value_len = 0;
	m->value_cut = false;
	m->in_header = true;
	add_value(m, trim(bytes_slice(line, (size_t)(colon - line.data) + 1, line.len)));
}

/* The header is whole: give it, and learn from it. */
static void end_header(struct mime *m, struct mime_event *out)
{
	out->kind = MIME_HEADER;
	out->name = bytes_of(m->name, m->name_len);
	out->value = bytes_of(m->value, m->value_len);
	out->nested = m->nested;
	m->in_header = false;
	if (is(out->name, "content-type"))
		content_type(m, out->value);
	else if (is(out->name, "content-disposition"))
		content_disposition(m, out->value);
	else if (is(out->name, "content-transfer-encoding"))
		transfer_encoding(m, out->value);
}

/* --- parts ------------------------------------------------------------------------------------------ */

static void begin_headers(struct mime *m)
{
	m->part = (struct mime_part){ .encoding = MIME_IDENTITY, .is_text = true };
	m->phase = PHASE_HEADERS;
	m->nested = true;
}

static void begin_part(struct mime *m, struct mime_event *out)
{
	m->in_part = true;
	m->quads = 0;
	m->base64_ended = false;
	out->kind = MIME_PART;
	out->filename = bytes_of(m->part.filename, m->part.filename_len);
	out->is_attachment = m->part.is_attachment;
	out->is_text = m->part.is_text && !m->part.filename_len;
	out->is_html = m->part.is_html && !m->part.filename_len;
}

static void open_level(struct mime *m)
{
	if (m->level == MIME_LEVELS_MAX) {
		note(m, MIME_TOO_DEEP);
		return;
	}
	m->multipart = true;
	m->boundary[m->level].len = m->part.boundary_len;
	memcpy(m->boundary[m->level].text, m->part.boundary, m->part.boundary_len);
	m->level++;
}

/* The empty line after headers; out: what it begins. */
static void end_headers(struct mime *m, struct mime_event *out)
{
	bool own = !m->nested;

	m->phase = PHASE_BODY;
	m->end_len = 0;
	if (m->part.is_multipart && m->part.boundary_len) {
		open_level(m);
		/* What stands before the first boundary is no part. */
		m->part.encoding = MIME_IDENTITY;
	} else if (m->part.is_message && m->part.encoding == MIME_IDENTITY &&
		   !m->part.filename_len) {
		begin_headers(m);
	} else if (!own) {
		begin_part(m, out);
		return;
	}
	if (own)
		out->kind = MIME_HEADERS_END;
}

/* "--boundary" or "--boundary--" of an open level, the innermost first. */
static bool boundary(const struct mime *m, struct bytes line, unsigned *level, bool *closes)
{
	if (line.len < 2 || line.data[0] != '-' || line.data[1] != '-')
		return false;
	line = bytes_slice(line, 2, line.len);
	for (unsigned i = m->level; i-- > 0;) {
		struct bytes tail;

		if (line.len < m->boundary[i].len ||
		    memcmp(line.data, m->boundary[i].text, m->boundary[i].len) != 0)
			continue;
		tail = trim(bytes_slice(line, m->boundary[i].len, line.len));
		if (tail.len && !(tail.len >= 2 && tail.data[0] == '-' && tail.data[1] == '-') &&
		    m->boundary[i].len < MIME_BOUNDARY_MAX)
			continue;
		*level = i;
		*closes = tail.len >= 2 && tail.data[0] == '-' && tail.data[1] == '-';
		return true;
	}
	return false;
}

static bool end_part(struct mime *m, struct mime_event *out)
{
	if (!m->in_part)
		return false;
	m->in_part = false;
	m->in_uu = false;
	out->kind = MIME_PART_END;
	return true;
}

/* --- decoding ---------------------------------------------------------------------------------------- */

/* The values of the characters of RFC 2045's alphabet, and this bit in each; 0: it is none. */
#define BASE64_CHARACTER 64u
static const uint8_t base64_values[256] = {
	/* clang-format off */
	['A'] = 64, ['B'] = 65, ['C'] = 66, ['D'] = 67, ['E'] = 68, ['F'] = 69, ['G'] = 70, ['H'] = 71,
	['I'] = 72, ['J'] = 73, ['K'] = 74, ['L'] = 75, ['M'] = 76, ['N'] = 77, ['O'] = 78, ['P'] = 79,
	['Q'] = 80, ['R'] = 81, ['S'] = 82, ['T'] = 83, ['U'] = 84, ['V'] = 85, ['W'] = 86, ['X'] = 87,
	['Y'] = 88, ['Z'] = 89, ['a'] = 90, ['b'] = 91, ['c'] = 92, ['d'] = 93, ['e'] = 94, ['f'] = 95,
	['g'] = 96, ['h'] = 97, ['i'] = 98, ['j'] = 99, ['k'] = 100, ['l'] = 101, ['m'] = 102, ['n'] = 103,
	['o'] = 104, ['p'] = 105, ['q'] = 106, ['r'] = 107, ['s'] = 108, ['t'] = 109, ['u'] = 110, ['v'] = 111,
	['w'] = 112, ['x'] = 113, ['y'] = 114, ['z'] = 115, ['0'] = 116, ['1'] = 117, ['2'] = 118, ['3'] = 119,
	['4'] = 120, ['5'] = 121, ['6'] = 122, ['7'] = 123, ['8'] = 124, ['9'] = 125, ['+'] = 126, ['/'] = 127,
	/* clang-format on */
};

static size_t put_quads(struct mime *m, size_t len)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 4; i++)
		v = v << 6 | (i < m->quads ? m->quad[i] : 0);
	for (unsigned i = 0; i + 1 < m->quads; i++)
		m->decoded[len++] = (uint8_t)(v >> (16 - 8 * i));
	m->quads = 0;
	return len;
}

/* Characters of a group that was not filled up, nor ended by '='. */
static bool last_quad(struct mime *m, struct mime_event *out)
{
	size_t len = m->in_part ? put_quads(m, 0) : 0;

	if (!len)
		return false;
	out->kind = MIME_DATA;
	out->piece = bytes_of(m->decoded, len);
	return true;
}

/* What the bit adds to a group. */
#define BASE64_FOUR (BASE64_CHARACTER * (1u << 18 | 1u << 12 | 1u << 6 | 1u))

/* Whole groups, as most of it is: returns how much of the line they were. */
static size_t decode_groups(struct mime *m, struct bytes line, size_t *len)
{
	uint8_t *out = m->decoded + *len;
	size_t i = 0;

	for (; i + 4 <= line.len; i += 4, out += 3) {
		uint32_t a = base64_values[line.data[i]], b = base64_values[line.data[i + 1]];
		uint32_t c = base64_values[line.data[i + 2]], d = base64_values[line.data[i + 3]];
		uint32_t group = (a << 18) + (b << 12) + (c << 6) + d - BASE64_FOUR;

		if (!(a & b & c & d))
			break;
		/* The fourth byte is where the next group begins. */
		group = htobe32(group << 8);
		memcpy(out, &group, sizeof(group));
	}
	*len = (size_t)(out - m->decoded);
	return i;
}

static size_t decode_base64(struct mime *m, struct bytes line)
{
	size_t len = 0, i = m->quads || m->base64_ended ? 0 : decode_groups(m, line, &len);

	for (; i < line.len; i++) {
		unsigned v = base64_values[line.data[i]];

		if (line.data[i] == '=') {
			len = put_quads(m, len);
			m->base64_ended = true;
		} else if (!v) {
			/* RFC 2045, section 6.8: what is no character of the alphabet is passed over. */
			continue;
		} else if (m->base64_ended) {
			note(m, MIME_INVALID_BASE64);
		} else {
			m->quad[m->quads++] = (uint8_t)(v - BASE64_CHARACTER);
			if (m->quads == 4)
				len = put_quads(m, len);
		}
	}
	return len;
}

static int hex_value(uint8_t c)
{
	c = ascii_lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 2045, section 6.7; a '=' at the end takes the line's end with it. */
static size_t decode_quoted(struct mime *m, struct bytes line, bool ends)
{
	size_t len = 0, i = 0;

	if (ends) {
		while (line.len && ascii_is_blank(line.data[line.len - 1]))
			line.len--;
	}
	while (i < line.len) {
		if (line.data[i] != '=') {
			m->decoded[len++] = line.data[i++];
		} else if (i + 2 < line.len && hex_value(line.data[i + 1]) >= 0 &&
			   hex_value(line.data[i + 2]) >= 0) {
			m->decoded[len++] = (uint8_t)(hex_value(line.data[i + 1]) << 4 |
						      hex_value(line.data[i + 2]));
			i += 3;
		} else if (i + 1 == line.len && ends) {
			m->end_len = 0;
			break;
		} else {
			note(m, MIME_INVALID_QUOTED_PRINTABLE);
			m->decoded[len++] = line.data[i++];
		}
	}
	return len;
}

/* One line: its first character says how many bytes it holds. */
static size_t decode_uu(struct mime *m, struct bytes line)
{
	size_t want = line.len ? (line.data[0] - ' ') & 63u : 0, len = 0;

	for (size_t i = 1; i < line.len && len < want; i += 4) {
		uint32_t v = 0;

		/* Blanks at the end may have been cut off on the way. */
		for (size_t k = i; k < i + 4; k++)
			v = v << 6 | (k < line.len ? (line.data[k] - ' ') & 63u : 0);
		for (unsigned k = 0; k < 3 && len < want; k++)
			m->decoded[len++] = (uint8_t)(v >> (16 - 8 * k));
	}
	return len;
}

/* "begin 644 name" */
static bool uu_begins(struct mime *m, struct bytes line)
{
	size_t i = 6;

	if (m->part.encoding != MIME_IDENTITY || m->part.filename_len || !starts(line, "begin "))
		return false;
	while (i < line.len && line.data[i] >= '0' && line.data[i] <= '7')
		i++;
	if (i < 9 || i >= line.len || line.data[i] != ' ')
		return false;
	take_filename(m, trim(bytes_slice(line, i + 1, line.len)));
	return m->part.filename_len > 0;
}

/* --- lines ----------------------------------------------------------------------------------------------- */

struct piece {
	struct bytes text; /* without its end */
	uint8_t end_len; /* 0: the line goes on, or the message ends */
	bool first; /* of its line */
	bool whole;
	size_t consumed;
};

/* Where a long line may be cut: not between CR and LF, not inside "=3D". */
static size_t cut_length(const uint8_t *text, size_t len)
{
	if (text[len - 1] == '\r' || text[len - 1] == '=')
		return len - 1;
	return text[len - 2] == '=' ? len - 2 : len;
}

/* The next piece of a line; false: more is needed. */
static bool take_piece(struct mime *m, struct bytes in, enum mime_end end, struct piece *out)
{
	const uint8_t *lf = NULL;
	size_t search = in.len < PIECE_MAX ? in.len : PIECE_MAX;

	*out = (struct piece){ .first = !m->line_goes_on };
	if (m->looked < search)
		lf = memchr(in.data + m->looked, '\n', search - m->looked);
	if (lf) {
		out->text = bytes_slice(in, 0, (size_t)(lf - in.data));
		out->end_len = 1;
		if (out->text.len && out->text.data[out->text.len - 1] == '\r') {
			out->text.len--;
			out->end_len = 2;
		}
	} else if (search == PIECE_MAX) {
		out->text = bytes_slice(in, 0, cut_length(in.data, search));
	} else if (end != MIME_GOES_ON && in.len) {
		out->text = in;
	} else {
		m->looked = (uint32_t)search;
		return false;
	}
	out->consumed = out->text.len + out->end_len;
	out->whole = out->first && (out->end_len || end == MIME_LAST);
	m->looked = 0;
	return true;
}

static void leave_piece(struct mime *m, const struct piece *p)
{
	m->line_len = p->first ? (uint32_t)p->text.len : m->line_len + (uint32_t)p->text.len;
	if (p->first)
		m->line_told = false;
	if (m->line_len > MIME_LINE_MAX && !m->line_told) {
		note(m, MIME_LONG_LINE);
		m->line_told = true;
	}
	m->line_goes_on = !p->end_len;
}

static void header_line(struct mime *m, const struct piece *p)
{
	if (!p->first || ascii_is_blank(p->text.data[0])) {
		if (!m->in_header)
			return;
		if (p->first && m->value_len)
			add_value(m, bytes_of(" ", 1));
		add_value(m, p->first ? trim(p->text) : p->text);
	} else {
		begin_header(m, p->text);
	}
}

/* In headers.  False: the piece is to be looked at again, after the event. */
static bool headers_piece(struct mime *m, const struct piece *p, struct mime_event *out)
{
	bool goes_on = !p->first || (p->text.len && ascii_is_blank(p->text.data[0]));
	unsigned level;
	bool closes;

	if (m->in_header && !goes_on) {
		end_header(m, out);
		return false;
	}
	if (p->first && p->text.len == 0 && p->end_len) {
		end_headers(m, out);
		return true;
	}
	if (p->first && m->level && boundary(m, p->text, &level, &closes)) {
		/* A part without a body. */
		m->phase = PHASE_BODY;
		return false;
	}
	header_line(m, p);
	return true;
}

static void body_data(struct mime *m, const struct piece *p, struct mime_event *out)
{
	size_t len = 0;

	out->kind = MIME_DATA;
	m->end_len = p->end_len;
	if (m->in_uu) {
		len = p->first ? decode_uu(m, p->text) : 0;
		m->end_len = 0;
	} else if (m->part.encoding == MIME_BASE64 && !m->options.keep_base64) {
		if (p->first && p->text.len > BASE64_LINE_MAX)
			note(m, MIME_LONG_ENCODED_LINE);
		len = decode_base64(m, p->text);
		m->end_len = 0;
	} else if (m->part.encoding == MIME_QUOTED_PRINTABLE && !m->options.keep_quoted_printable) {
		len = decode_quoted(m, p->text, p->end_len != 0);
	} else {
		out->piece = p->text;
		if (!p->text.len)
			out->kind = MIME_MORE;
		return;
	}
	out->piece = bytes_of(m->decoded, len);
	if (!len)
		out->kind = MIME_MORE;
}

/* The line end that was held back belongs to the part after all. */
static bool give_end(struct mime *m, struct mime_event *out)
{
	if (!m->end_len || !m->in_part)
		return false;
	out->kind = MIME_DATA;
	out->piece = bytes_of(m->end_len == 2 ? "\r\n" : "\n", m->end_len);
	m->end_len = 0;
	return true;
}

/* Text of a message that has no parts is one itself. */
static bool implied_part(struct mime *m, struct mime_event *out)
{
	if (m->in_part || m->multipart)
		return false;
	begin_part(m, out);
	return true;
}

/* A uuencoded file begins or ends: two parts meet. */
static bool uu_line(struct mime *m, const struct piece *p, struct mime_event *out, bool *done)
{
	*done = true;
	if (m->in_uu && p->whole && is(p->text, "end")) {
		m->part.filename_len = 0;
		return end_part(m, out);
	}
	if (!m->in_uu && p->whole && m->in_part && uu_begins(m, p->text)) {
		*done = false;
		return end_part(m, out);
	}
	if (!m->in_part && m->part.filename_len && m->part.encoding == MIME_IDENTITY && p->whole &&
	    starts(p->text, "begin ")) {
		m->in_uu = true;
		begin_part(m, out);
		return true;
	}
	return false;
}

/* In a body.  False: the piece is to be looked at again, after the event. */
static bool body_piece(struct mime *m, const struct piece *p, struct mime_event *out)
{
	unsigned level;
	bool closes, done;

	if (p->first && m->level && boundary(m, p->text, &level, &closes)) {
		m->end_len = 0;
		if (last_quad(m, out))
			return false;
		if (end_part(m, out))
			return false;
		m->level = (uint8_t)(closes ? level : level + 1);
		if (!closes)
			begin_headers(m);
		return true;
	}
	if (give_end(m, out))
		return false;
	if (uu_line(m, p, out, &done))
		return done;
	if (implied_part(m, out))
		return false;
	if (m->in_part)
		body_data(m, p, out);
	return true;
}

/* What is left to give when the message ends. */
static void finish(struct mime *m, struct mime_event *out)
{
	if (m->in_header) {
		end_header(m, out);
	} else if (last_quad(m, out)) {
		return;
	} else if (!m->part.filename_len && give_end(m, out)) {
		/* The last line end of a file is what stands before the end of the message. */
		return;
	} else if (!end_part(m, out) && m->phase == PHASE_HEADERS && !m->nested) {
		m->nested = true;
		out->kind = MIME_HEADERS_END;
	}
}

static bool give_oddity(struct mime *m, struct mime_event *out)
{
	if (!m->odd)
		return false;
	out->kind = MIME_ODDITY;
	out->odd = (enum mime_odd)__builtin_ctz(m->odd);
	m->odd &= (uint16_t)(m->odd - 1);
	return true;
}

void mime_next(struct mime *m, struct bytes in, enum mime_end end, struct mime_event *out,
	       size_t *consumed)
{
	struct piece p;

	*out = (struct mime_event){ .kind = MIME_MORE };
	*consumed = 0;
	while (!give_oddity(m, out) && out->kind == MIME_MORE) {
		bool done;

		if (!take_piece(m, bytes_slice(in, *consumed, in.len), end, &p)) {
			if (end == MIME_LAST)
				finish(m, out);
			return;
		}
		done = m->phase == PHASE_HEADERS ? headers_piece(m, &p, out)
						 : body_piece(m, &p, out);
		if (done) {
			leave_piece(m, &p);
			*consumed += p.consumed;
		}
		if (out->kind != MIME_MORE)
			return;
	}
}
