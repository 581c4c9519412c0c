/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/json_text.h"

#include <string.h>

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct span skip_blanks(struct span s)
{
	size_t i = 0;

	while (i < s.len && blank(s.at[i]))
		i++;
	return span_from(s, i);
}

static struct span trim(struct span s)
{
	s = skip_blanks(s);
	while (s.len && blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

/* --- validity ----------------------------------------------------------------------------------- */

static bool take(struct span *s, char c)
{
	*s = skip_blanks(*s);
	if (!s->len || *s->at != c)
		return false;
	*s = span_from(*s, 1);
	return true;
}

/* UTF-8 (RFC 3629, section 4): the length of the sequence, 0: it is none. */
static size_t utf8(struct span s)
{
	static const struct {
		uint8_t first, last, low, high, len;
	} rows[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const uint8_t *p = (const uint8_t *)s.at;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (p[0] < rows[i].first || p[0] > rows[i].last)
			continue;
		if (s.len < rows[i].len || p[1] < rows[i].low || p[1] > rows[i].high)
			return 0;
		for (size_t k = 2; k < rows[i].len; k++) {
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		}
		return rows[i].len;
	}
	return 0;
}

static int hex_value(const char *at)
{
	uint64_t v;

	return span_hex(span_of(at, 4), &v) ? (int)v : -1;
}

/* A backslash and what follows; 0: it is not one. */
static size_t escape(struct span s)
{
	if (s.len >= 2 && s.at[1] && strchr("\"\\/bfnrt", s.at[1]))
		return 2;
	return s.len >= 6 && s.at[1] == 'u' && hex_value(s.at + 2) >= 0 ? 6 : 0;
}

/* string = quotation-mark *char quotation-mark; its length, 0: it is none. */
static size_t string_len(struct span s)
{
	size_t i = 1;

	if (!s.len || *s.at != '"')
		return 0;
	while (i < s.len && s.at[i] != '"') {
		uint8_t c = (uint8_t)s.at[i];
		size_t n = c == '\\'   ? escape(span_from(s, i))
			   : c >= 0x80 ? utf8(span_from(s, i))
				       : c >= 0x20;

		if (!n)
			return 0;
		i += n;
	}
	return i < s.len ? i + 1 : 0;
}

static size_t digits(struct span s, size_t i)
{
	size_t from = i;

	while (i < s.len && span_digit(s.at[i]))
		i++;
	return i - from;
}

/* number = [ minus ] int [ frac ] [ exp ] */
static size_t number_len(struct span s)
{
	size_t i = s.len && *s.at == '-', n = digits(s, i);

	if (!n || (n > 1 && s.at[i] == '0'))
		return 0;
	i += n;
	if (i < s.len && s.at[i] == '.') {
		n = digits(s, i + 1);
		if (!n)
			return 0;
		i += 1 + n;
	}
	if (i < s.len && (s.at[i] | 0x20) == 'e') {
		i++;
		i += i < s.len && (s.at[i] == '+' || s.at[i] == '-');
		n = digits(s, i);
		if (!n)
			return 0;
		i += n;
	}
	return i;
}

static size_t scalar_len(struct span s)
{
	if (s.len && *s.at == '"')
		return string_len(s);
	if (span_starts(s, "true") || span_starts(s, "null"))
		return 4;
	return span_starts(s, "false") ? 5 : number_len(s);
}

/* Past one value; false: there is none. */
static bool pass(struct span *s, unsigned depth)
{
	bool object;
	size_t n;
	char end;

	*s = skip_blanks(*s);
	if (!s->len || (*s->at != '{' && *s->at != '[')) {
		n = scalar_len(*s);
		*s = span_from(*s, n);
		return n > 0;
	}
	if (depth == JSON_DEPTH_MAX)
		return false;
	object = *s->at == '{';
	end = object ? '}' : ']';
	*s = span_from(*s, 1);
	if (take(s, end))
		return true;
	do {
		if (object) {
			*s = skip_blanks(*s);
			n = string_len(*s);
			*s = span_from(*s, n);
			if (!n || !take(s, ':'))
				return false;
		}
		if (!pass(s, depth + 1))
			return false;
	} while (take(s, ','));
	return take(s, end);
}

bool json_text_valid(struct span text)
{
	return pass(&text, 0) && !skip_blanks(text).len;
}

/* --- finding ------------------------------------------------------------------------------------ */

/* The next member of an object, or item of an array, from behind its bracket or comma. */
static bool next_part(struct span *rest, bool object, struct span *name, struct span *value,
		      struct span *whole)
{
	const char *from;

	*rest = skip_blanks(*rest);
	if (!rest->len || *rest->at == '}' || *rest->at == ']')
		return false;
	from = rest->at;
	if (object) {
		*name = span_head(*rest, string_len(*rest));
		*rest = span_from(*rest, name->len);
		take(rest, ':');
		*rest = skip_blanks(*rest);
	}
	value->at = rest->at;
	pass(rest, 0);
	value->len = (size_t)(rest->at - value->at);
	*whole = span_of(from, (size_t)(rest->at - from));
	take(rest, ',');
	return true;
}

static bool find_name(struct span object, struct span want, struct span *value, struct span *member)
{
	struct span rest = skip_blanks(object), name, v, whole;

	if (!take(&rest, '{'))
		return false;
	while (next_part(&rest, true, &name, &v, &whole)) {
		if (name.len != want.len + 2 || memcmp(name.at + 1, want.at, want.len) != 0)
			continue;
		*value = v;
		*member = whole;
		return true;
	}
	return false;
}

bool json_text_find(struct span object, const char *path, struct span *value, struct span *member)
{
	struct span rest = span_of(path, strlen(path)), name, whole = { NULL, 0 };

	*value = object;
	while (span_next(&rest, '.', &name)) {
		if (!find_name(*value, name, value, &whole))
			return false;
	}
	if (member)
		*member = whole;
	return true;
}

bool json_text_items(struct span array, struct span *rest)
{
	*rest = array;
	return take(rest, '[');
}

bool json_text_next(struct span *rest, struct span *item)
{
	struct span none, whole;

	return next_part(rest, false, &none, item, &whole);
}

/* --- strings ------------------------------------------------------------------------------------ */

static size_t put_utf8(uint32_t c, uint8_t *out)
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 63));
		out[2] = (uint8_t)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 63));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 63));
	out[3] = (uint8_t)(0x80 | (c & 63));
	return 4;
}

/* \uXXXX, two of them for what lies beyond 16 bits: characters read. */
static size_t unicode(struct span s, uint32_t *out)
{
	int high = hex_value(s.at + 2), low;

	*out = (uint32_t)high;
	if (high < 0xd800 || high > 0xdbff || s.len < 12 || s.at[6] != '\\' || s.at[7] != 'u')
		return 6;
	low = hex_value(s.at + 8);
	if (low < 0xdc00 || low > 0xdfff)
		return 6;
	*out = 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
	return 12;
}

size_t json_text_string(struct span value, uint8_t *out)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	struct span s = trim(value);
	size_t n = 0, i = 1;

	if (s.len < 2 || *s.at != '"')
		return 0;
	while (i < s.len - 1) {
		const char *known;
		uint32_t c;

		if (s.at[i] != '\\') {
			out[n++] = (uint8_t)s.at[i++];
			continue;
		}
		if (s.at[i + 1] == 'u') {
			i += unicode(span_from(s, i), &c);
			n += put_utf8(c, out + n);
			continue;
		}
		known = strchr(from, s.at[i + 1]);
		out[n++] = (uint8_t)(known ? to[known - from] : s.at[i + 1]);
		i += 2;
	}
	return n;
}

/* --- writing ------------------------------------------------------------------------------------ */

static size_t copy(struct span s, char *out)
{
	size_t n = 0;

	while (s.len) {
		size_t k = *s.at == '"' ? string_len(s) : 1;

		if (!blank(*s.at)) {
			memcpy(out + n, s.at, k);
			n += k;
		}
		s = span_from(s, k);
	}
	return n;
}

size_t json_text_compact(struct span value, struct span left_out, char *out)
{
	struct span before = value, after;
	size_t n;

	if (!left_out.len)
		return copy(value, out);
	before.len = (size_t)(left_out.at - value.at);
	after = span_from(value, before.len + left_out.len);
	n = copy(before, out);
	/* One of the commas beside it goes with it. */
	if (!take(&after, ',') && n && out[n - 1] == ',')
		n--;
	return n + copy(after, out + n);
}
