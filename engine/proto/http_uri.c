/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/http_uri.h"

#define LABEL_MAX 63 /* RFC 1035, section 2.3.4 */
#define HOST_MAX 255

/* --- personalities ---------------------------------------------------------------- */

bool http_uri_personality(const char *name, struct http_uri_options *out)
{
	static const struct {
		const char *name;
		struct http_uri_options options;
	} known[] = {
		{ "IDS", { .backslash = true, .compress = true, .decode_u = true, .utf8 = true } },
		{ "Minimal", { 0 } },
		{ "Generic", { 0 } },
		{ "IIS_4_0", { .backslash = true, .compress = true, .decode_u = true } },
		{ "IIS_5_0", { .backslash = true, .compress = true, .decode_u = true } },
		{ "IIS_5_1", { .backslash = true, .compress = true, .decode_u = true } },
		{ "IIS_6_0", { .backslash = true, .compress = true, .decode_u = true } },
		{ "IIS_7_0", { .backslash = true, .compress = true } },
		{ "IIS_7_5", { .backslash = true, .compress = true } },
		{ "Apache_2", { .compress = true } },
		{ "Apache", { .compress = true } },
		{ "Apache_2_2", { .compress = true } },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strcmp(known[i].name, name) == 0) {
			*out = known[i].options;
			return true;
		}
	}
	return false;
}

/* --- parts ------------------------------------------------------------------------ */

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct bytes trim(struct bytes b)
{
	while (b.len && is_space(b.data[0]))
		b = bytes_slice(b, 1, b.len);
	while (b.len && is_space(b.data[b.len - 1]))
		b.len--;
	return b;
}

/* Where c first stands in b; b.len when nowhere. */
static size_t find(struct bytes b, uint8_t c)
{
	const uint8_t *at = b.len ? memchr(b.data, c, b.len) : NULL;

	return at ? (size_t)(at - b.data) : b.len;
}

/* The same of any byte of a set. */
static size_t find_any(struct bytes b, const char *set)
{
	size_t i = 0;

	while (i < b.len && (b.data[i] == 0 || !strchr(set, b.data[i])))
		i++;
	return i;
}

/* Labels of letters, digits, - and _; or anything in brackets. */
static bool host_valid(struct bytes host)
{
	size_t label = 0;

	if (host.len == 0)
		return true;
	if (host.data[0] == '[')
		return host.data[host.len - 1] == ']';
	if (host.len > HOST_MAX)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		uint8_t c = host.data[i];
		uint8_t l = c | 32;

		if (c == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!(l >= 'a' && l <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
		if (++label > LABEL_MAX)
			return false;
	}
	return true;
}

static uint16_t port_number(struct bytes text)
{
	uint32_t port = 0;

	if (text.len == 0)
		return 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return 0;
		port = port * 10 + (uint32_t)(text.data[i] - '0');
		if (port > 65535)
			return 0;
	}
	return (uint16_t)port;
}

void http_authority_parse(struct bytes text, struct http_authority *out)
{
	struct bytes t = trim(text);
	size_t at;

	*out = (struct http_authority){ 0 };
	t = bytes_slice(t, 0, find(t, '/'));
	if (t.len && t.data[0] == '[') {
		at = find(t, ']');
		at = at < t.len ? at + 1 : t.len;
	} else {
		at = find(t, ':');
	}
	out->host = trim(bytes_slice(t, 0, at));
	out->invalid = !host_valid(out->host);
	if (at == t.len)
		return;
	if (t.data[at] != ':') {
		out->invalid = true;
		return;
	}
	if (out->host.len == 0)
		return;
	out->has_port = true;
	out->port_text = trim(bytes_slice(t, at + 1, t.len));
	out->port = port_number(out->port_text);
	if (out->port == 0)
		out->invalid = true;
}

/* [ userinfo "@" ] host [ ":" port ] */
static void split_authority(struct bytes text, bool with_user, struct http_uri *out)
{
	if (with_user) {
		size_t at = find(text, '@');

		if (at < text.len) {
			out->userinfo = bytes_slice(text, 0, at);
			text = bytes_slice(text, at + 1, text.len);
		}
	}
	http_authority_parse(text, &out->authority);
	out->has_authority = text.len > 0;
}

/* URI = scheme ":" [ "//" authority ] path [ "?" query ] [ "#" fragment ] */
void http_uri_split(struct bytes target, bool connect, struct http_uri *out)
{
	struct bytes rest = target;
	size_t at;

	*out = (struct http_uri){ 0 };
	if (connect) {
		split_authority(target, false, out);
		return;
	}
	at = find_any(rest, ":/?#");
	if (at > 0 && at < rest.len && rest.data[at] == ':') {
		bool slashes;

		out->scheme = bytes_slice(rest, 0, at);
		rest = bytes_slice(rest, at + 1, rest.len);
		slashes = rest.len >= 2 && rest.data[0] == '/' && rest.data[1] == '/';
		if (slashes)
			rest = bytes_slice(rest, 2, rest.len);
		if (slashes || (rest.len && rest.data[0] != '/')) {
			at = find_any(rest, "/?#");
			split_authority(bytes_slice(rest, 0, at), slashes, out);
			rest = bytes_slice(rest, at, rest.len);
		}
	}
	at = find(rest, '#');
	if (at < rest.len) {
		out->has_fragment = true;
		out->fragment = bytes_slice(rest, at + 1, rest.len);
		rest = bytes_slice(rest, 0, at);
	}
	at = find(rest, '?');
	if (at < rest.len) {
		out->has_query = true;
		out->query = bytes_slice(rest, at + 1, rest.len);
	}
	out->path = bytes_slice(rest, 0, at);
}

/* --- decoding --------------------------------------------------------------------- */

static int hex(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int hex_number(struct bytes b, size_t at, size_t digits)
{
	int v = 0;

	if (at + digits > b.len)
		return -1;
	for (size_t i = 0; i < digits; i++) {
		int d = hex(b.data[at + i]);

		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

/* The byte at *i, decoded; *i is moved behind it. */
static uint8_t decode(struct bytes b, size_t *i, bool u)
{
	uint8_t c = b.data[*i];
	int v;

	if (c != '%') {
		(*i)++;
		return c;
	}
	if (u && *i + 1 < b.len && (b.data[*i + 1] | 32) == 'u') {
		v = hex_number(b, *i + 2, 4);
		if (v >= 0) {
			*i += 6;
			return http_bestfit((uint32_t)v);
		}
	}
	v = hex_number(b, *i + 1, 2);
	if (v >= 0) {
		*i += 3;
		return (uint8_t)v;
	}
	(*i)++;
	return c;
}

static size_t decode_path(struct bytes b, const struct http_uri_options *o, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < b.len;) {
		uint8_t c = decode(b, &i, o->decode_u);

		if (c == 0 && o->nul_ends_path)
			break;
		if (c == '\\' && o->backslash)
			c = '/';
		if (c == '/' && o->compress && n && out[n - 1] == '/')
			continue;
		if (o->lowercase && c >= 'A' && c <= 'Z')
			c |= 32;
		out[n++] = c;
	}
	return n;
}

static size_t decode_query(struct bytes b, const struct http_uri_options *o, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < b.len;) {
		bool plus = b.data[i] == '+' && o->plus_space;
		uint8_t c = decode(b, &i, o->decode_u);

		out[n++] = plus ? ' ' : c;
	}
	return n;
}

/* What a lead byte promises: bytes that follow; -1: it leads nothing. */
static int utf8_follow(uint8_t c, uint32_t *point)
{
	if (c >= 0xc0 && c <= 0xdf) {
		*point = c & 0x1f;
		return 1;
	}
	if (c >= 0xe0 && c <= 0xef) {
		*point = c & 0x0f;
		return 2;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		*point = c & 0x07;
		return 3;
	}
	return -1;
}

/* Surrogates and what lies above U+10FFFF are no characters; overlong forms are read. */
static bool utf8_refused(uint8_t lead, uint8_t second)
{
	return (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
}

/* In place: each character one byte, '?' for what has none. */
static size_t fold_utf8(uint8_t *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		uint32_t point = 0;
		int follow = s[i] < 0x80 ? 0 : utf8_follow(s[i], &point);
		uint8_t lead = s[i++];
		int got = 0;

		if (follow == 0) {
			s[n++] = lead;
			continue;
		}
		while (got < follow && i < len && (s[i] & 0xc0) == 0x80 &&
		       !(got == 0 && utf8_refused(lead, s[i]))) {
			point = point << 6 | (s[i++] & 0x3f);
			got++;
		}
		if (got == follow)
			s[n++] = http_bestfit(point);
		else if (i < len || follow < 0)
			s[n++] = '?';
		else
			/* One that the end cuts: its lead byte is dropped. */
			for (; got; got--)
				s[n++] = '?';
	}
	return n;
}

static bool is_dots(const uint8_t *s, size_t len)
{
	return (len == 1 && s[0] == '.') || (len == 2 && s[0] == '.' && s[1] == '.');
}

/*
 * In place: "." and ".." segments are taken out (RFC 3986, section 5.2.4), with the separator
 * behind a last one.
 */
static size_t remove_dots(uint8_t *s, size_t len)
{
	size_t n = 0;
	bool after_dots = false;

	for (size_t i = 0; i < len;) {
		size_t slash = s[i] == '/' ? 1 : 0;
		size_t end = i + slash;
		size_t seg;

		while (end < len && s[end] != '/')
			end++;
		seg = end - i - slash;
		if (is_dots(s + i + slash, seg)) {
			if (seg == 2)
				while (n && s[--n] != '/')
					;
			after_dots = true;
			/* "./" and "../" at the very start go with their separator. */
			i = end + (slash == 0 && end < len ? 1 : 0);
			if (slash == 0 && i < len) {
				size_t next = i;

				while (next < len && s[next] != '/')
					next++;
				if (!is_dots(s + i, next - i)) {
					memmove(s + n, s + i, next - i);
					n += next - i;
					i = next;
					after_dots = false;
				}
			}
			continue;
		}
		if (seg == 0 && end == len && after_dots)
			break;
		memmove(s + n, s + i, end - i);
		n += end - i;
		i = end;
		after_dots = false;
	}
	return n;
}

static size_t put(uint8_t *out, size_t n, struct bytes b)
{
	if (b.len)
		memcpy(out + n, b.data, b.len);
	return n + b.len;
}

/* All that stands in front of the path, as it was sent. */
static size_t put_front(const struct http_uri *u, uint8_t *out)
{
	size_t n = 0;

	if (u->scheme.len) {
		n = put(out, n, u->scheme);
		n = put(out, n, bytes_of("://", 3));
	}
	if (u->userinfo.len) {
		n = put(out, n, u->userinfo);
		out[n++] = '@';
	}
	n = put(out, n, u->authority.host);
	if (u->authority.has_port) {
		out[n++] = ':';
		n = put(out, n, u->authority.port_text);
	}
	return n;
}

size_t http_uri_normalise(const struct http_uri *u, const struct http_uri_options *o, uint8_t *out,
			  bool *double_encoded)
{
	size_t n = 0;
	size_t len;

	*double_encoded = false;
	if (o->include_all && u->has_authority && u->scheme.len && u->path.len)
		n = put_front(u, out);
	len = decode_path(u->path, o, out + n);
	if (o->double_decode_path) {
		size_t was = len;

		len = decode_path(bytes_of(out + n, len), o, out + n);
		*double_encoded = was != len;
	}
	if (o->utf8)
		len = fold_utf8(out + n, len);
	n += remove_dots(out + n, len);
	if (u->has_query) {
		out[n++] = '?';
		len = decode_query(u->query, o, out + n);
		if (o->double_decode_query) {
			size_t was = len;

			len = decode_query(bytes_of(out + n, len), o, out + n);
			*double_encoded |= was != len;
		}
		n += len;
	}
	if (u->has_fragment) {
		out[n++] = '#';
		n += decode_query(u->fragment, o, out + n);
	}
	return n;
}

size_t http_host_normalise(struct bytes host, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < host.len;) {
		uint8_t c = decode(host, &i, false);

		out[n++] = c >= 'A' && c <= 'Z' ? c | 32 : c;
	}
	while (n && out[n - 1] == '.')
		n--;
	return n;
}
