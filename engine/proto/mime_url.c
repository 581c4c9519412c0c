/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/mime_url.h"

#include "engine/base/ascii.h"

/* Longest scheme that is looked for, with "://". */
#define PREFIX_MAX 32
#define KEPT ((size_t)PREFIX_MAX - 1)

void mime_url_init(struct mime_url *u, const char *const *schemes)
{
	*u = (struct mime_url){ .schemes = schemes };
}

static bool ends_url(uint8_t c)
{
	return c <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>' || c == 0x7f;
}

/* The text ends with this scheme and what follows it. */
static unsigned ends_with(const struct mime_url *u, const char *scheme)
{
	const char *tail = strcmp(scheme, "mailto") == 0 ? ":" : "://";
	size_t name = strlen(scheme), len = name + strlen(tail);
	const char *at;

	if (len > u->len || memcmp(u->text + u->len - strlen(tail), tail, strlen(tail)) != 0)
		return 0;
	at = u->text + u->len - len;
	for (size_t i = 0; i < name; i++) {
		if (ascii_lower((uint8_t)at[i]) != (uint8_t)scheme[i])
			return 0;
	}
	return (unsigned)len;
}

/* Outside of a URL the last bytes are kept, as many as a scheme may have. */
static void outside(struct mime_url *u, uint8_t c)
{
	if (u->len == PREFIX_MAX) {
		memmove(u->text, u->text + PREFIX_MAX / 2, PREFIX_MAX / 2);
		u->len = PREFIX_MAX / 2;
	}
	u->text[u->len++] = (char)c;
	if (c != ':' && c != '/')
		return;
	for (unsigned i = 0; u->schemes[i]; i++) {
		unsigned len = ends_with(u, u->schemes[i]);

		if (!len)
			continue;
		memmove(u->text, u->text + u->len - len, len);
		u->len = (uint16_t)len;
		u->scheme_len = (uint8_t)len;
		u->in_url = true;
		return;
	}
}

/* The text may go on as the "//" behind a scheme. */
static bool after_colon(const struct mime_url *u)
{
	size_t slashes = u->len && u->text[u->len - 1] == '/';

	return u->len > slashes && u->text[u->len - 1 - slashes] == ':';
}

/* Of what no scheme ends in, the last bytes may be the beginning of one. */
static void keep_last(struct mime_url *u, struct bytes b)
{
	size_t taken = b.len < KEPT ? b.len : KEPT;
	size_t kept = u->len < KEPT - taken ? u->len : KEPT - taken;

	memmove(u->text, u->text + u->len - kept, kept);
	memcpy(u->text + kept, b.data + b.len - taken, taken);
	u->len = (uint16_t)(kept + taken);
}

/* Up to the next colon, without which no scheme ends. */
static void skip(struct mime_url *u, struct bytes *in)
{
	const uint8_t *colon = memchr(in->data, ':', in->len);
	size_t n = colon ? (size_t)(colon - in->data) : in->len;

	keep_last(u, bytes_slice(*in, 0, n));
	*in = bytes_slice(*in, n, in->len);
}

static bool give(struct mime_url *u, struct bytes *out, unsigned *scheme_len)
{
	bool any = u->in_url && u->len > u->scheme_len;

	*out = bytes_of(u->text, u->len);
	*scheme_len = u->scheme_len;
	u->in_url = false;
	u->len = 0;
	return any;
}

bool mime_url_next(struct mime_url *u, struct bytes *in, struct bytes *out, unsigned *scheme_len)
{
	while (in->len) {
		uint8_t c;

		if (!u->in_url && !after_colon(u))
			skip(u, in);
		if (!in->len)
			break;
		c = in->data[0];
		*in = bytes_slice(*in, 1, in->len);
		if (!u->in_url) {
			outside(u, c);
		} else if (ends_url(c)) {
			if (give(u, out, scheme_len))
				return true;
		} else if (u->len < MIME_URL_MAX) {
			u->text[u->len++] = (char)c;
		}
	}
	return false;
}

bool mime_url_last(struct mime_url *u, struct bytes *out, unsigned *scheme_len)
{
	return give(u, out, scheme_len);
}
