/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/transform.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "engine/proto/inflate.h"

struct transform_work {
	struct inflate_pool *inflate;
	EVP_MD_CTX *digest;
	const EVP_MD *md[3];
	size_t used;
	uint8_t room[TRANSFORM_ROOM];
};

int transform_work_new(struct transform_work **out)
{
	static const struct inflate_options inflate = { .chains = 1, .deflates = 1 };
	struct transform_work *w = calloc(1, sizeof(*w));

	*out = w;
	if (!w)
		return -ENOMEM;
	w->digest = EVP_MD_CTX_new();
	w->md[0] = EVP_md5();
	w->md[1] = EVP_sha1();
	w->md[2] = EVP_sha256();
	if (w->digest && !inflate_pool_new(&inflate, &w->inflate))
		return 0;
	transform_work_free(w);
	*out = NULL;
	return -ENOMEM;
}

void transform_work_free(struct transform_work *w)
{
	if (!w)
		return;
	EVP_MD_CTX_free(w->digest);
	inflate_pool_free(w->inflate);
	free(w);
}

void transform_begin(struct transform_work *w)
{
	w->used = 0;
}

static bool inflates(enum transform_kind kind)
{
	return kind == TRANSFORM_GUNZIP || kind == TRANSFORM_ZLIB_DEFLATE;
}

bool transform_needs_whole(enum transform_kind kind)
{
	return kind == TRANSFORM_TO_MD5 || kind == TRANSFORM_TO_SHA1 ||
	       kind == TRANSFORM_TO_SHA256 || inflates(kind);
}

/* --- characters -------------------------------------------------------------------------------- */

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static uint8_t upper(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? c & (uint8_t)~0x20 : c;
}

static size_t strip_whitespace(struct bytes in, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		if (!is_space(in.data[i]))
			out[n++] = in.data[i];
	}
	return n;
}

static size_t compress_whitespace(struct bytes in, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		if (!is_space(in.data[i]) || !i || !is_space(in.data[i - 1]))
			out[n++] = in.data[i];
	}
	return n;
}

/* The names before the colons of header lines. */
static size_t header_lowercase(struct bytes in, uint8_t *out)
{
	bool name = true;

	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.data[i];

		if (c == '\n')
			name = true;
		else if (c == ':')
			name = false;
		out[i] = name ? lower(c) : c;
	}
	return in.len;
}

/* Lines of HTTP/2's own headers, which begin with a colon, go. */
static size_t strip_pseudo_headers(struct bytes in, uint8_t *out)
{
	bool keep = true;
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		if (i == 0 || in.data[i - 1] == '\n')
			keep = in.data[i] != ':';
		if (keep)
			out[n++] = in.data[i];
	}
	return n;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t url_decode(struct bytes in, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		uint8_t c = in.data[i];

		if (c == '%' && in.len - i > 2 && hex_digit(in.data[i + 1]) >= 0 &&
		    hex_digit(in.data[i + 2]) >= 0) {
			c = (uint8_t)(hex_digit(in.data[i + 1]) << 4 | hex_digit(in.data[i + 2]));
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		out[n++] = c;
	}
	return n;
}

static size_t xor_with(struct bytes in, struct bytes key, uint8_t *out)
{
	for (size_t i = 0, k = 0; i < in.len; i++) {
		out[i] = key.len ? in.data[i] ^ key.data[k] : in.data[i];
		if (++k >= key.len)
			k = 0;
	}
	return in.len;
}

/* --- base64 ------------------------------------------------------------------------------------- */

static int base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

size_t transform_base64(struct bytes in, enum base64_mode mode, uint8_t *out)
{
	unsigned bits = 0, digits = 0, padding = 0;
	uint32_t v = 0;
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		int d = base64_digit(in.data[i]);

		if (d < 0 && in.data[i] == '=') {
			padding++;
			if (mode != BASE64_STRICT)
				break;
			continue;
		}
		if (d < 0 || padding) {
			if (mode == BASE64_STRICT)
				return 0;
			if (mode == BASE64_RFC4648)
				break;
			continue;
		}
		digits++;
		v = v << 6 | (uint32_t)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (uint8_t)(v >> bits);
		}
	}
	if (mode == BASE64_STRICT && ((digits + padding) % 4 || padding > 2))
		return 0;
	return n;
}

static size_t from_base64(const struct transform_row *t, struct bytes in, uint8_t *out)
{
	in = bytes_slice(in, t->offset, t->bytes ? t->bytes : in.len);
	return transform_base64(in, (enum base64_mode)t->mode, out);
}

/* --- names --------------------------------------------------------------------------------------- */

/* Second labels under which countries' registries give names away: "co.uk", "com.au". */
static const char *const shared_labels[] = { "ac", "co",  "com", "edu", "go",  "gob", "gouv", "gov",
					     "id", "ltd", "me",	 "mil", "ne",  "net", "nic",  "nom",
					     "or", "org", "plc", "sch", "web", NULL };

/* Where the label that ends before end begins. */
static size_t label_start(struct bytes in, size_t end)
{
	while (end > 0 && in.data[end - 1] != '.')
		end--;
	return end;
}

static bool is_shared(struct bytes label)
{
	for (const char *const *s = shared_labels; *s; s++) {
		size_t i = 0;

		while (i < label.len && (*s)[i] && lower(label.data[i]) == (uint8_t)(*s)[i])
			i++;
		if (i == label.len && !(*s)[i])
			return true;
	}
	return false;
}

/* Where the public suffix begins: the last label, or the last two of a country's "co.uk". */
static size_t suffix_start(struct bytes in)
{
	size_t last = label_start(in, in.len), second;

	if (last == 0 || in.len - last != 2)
		return last;
	second = label_start(in, last - 1);
	return is_shared(bytes_slice(in, second, last - 1 - second)) ? second : last;
}

static size_t tld(struct bytes in, uint8_t *out)
{
	size_t from = suffix_start(in);

	memcpy(out, in.data + from, in.len - from);
	return in.len - from;
}

/* The suffix and one label; a suffix alone is nobody's. */
static size_t domain(struct bytes in, uint8_t *out)
{
	size_t from = suffix_start(in);

	if (from)
		from = label_start(in, from - 1);
	memcpy(out, in.data + from, in.len - from);
	return in.len - from;
}

/* --- all of them ---------------------------------------------------------------------------------- */

static size_t digest(struct transform_work *w, enum transform_kind kind, struct bytes in,
		     uint8_t *out)
{
	const EVP_MD *md = w->md[kind - TRANSFORM_TO_MD5];
	unsigned len = 0;

	static_assert(TRANSFORM_TO_SHA256 == TRANSFORM_TO_MD5 + 2, "the digests stand together");
	if (EVP_DigestInit_ex(w->digest, md, NULL) != 1 ||
	    EVP_DigestUpdate(w->digest, in.data, in.len) != 1 ||
	    EVP_DigestFinal_ex(w->digest, out, &len) != 1)
		return 0;
	return len;
}

/* What the expression's group caught; all of it where there is no match. */
static struct bytes capture(const struct transform_env *env, uint32_t regex, struct bytes in)
{
	size_t from, to;

	if (!regex_match(env->regexes, env->regex, regex, in, 0, &from, &to) ||
	    !regex_group(env->regex, 1, &from, &to))
		return in;
	return bytes_slice(in, from, to - from);
}

/* RFC 1952, section 2.3.1: ID1, ID2; RFC 1950, section 2.2: CMF, FLG. */
static bool is_compressed(enum transform_kind kind, struct bytes in)
{
	if (in.len < 2)
		return false;
	if (kind == TRANSFORM_GUNZIP)
		return in.data[0] == 0x1f && in.data[1] == 0x8b;
	return (in.data[0] & 15) == 8 && (in.data[0] << 8 | in.data[1]) % 31 == 0;
}

/* At most max bytes of what was compressed; of a broken stream those up to there. */
static size_t inflate_into(struct transform_work *w, enum transform_kind kind, size_t max,
			   struct bytes in, uint8_t *out)
{
	enum inflate_coding coding = kind == TRANSFORM_GUNZIP ? INFLATE_GZIP : INFLATE_DEFLATE;
	struct inflate *z = inflate_open(w->inflate, &coding, 1);
	struct inflate_event ev;
	size_t n = 0;

	while (z && n < max && inflate_next(z, &in, true, &ev) == FEED_EVENT) {
		struct bytes piece = bytes_slice(ev.data, 0, max - n);

		if (ev.is_odd || !piece.len)
			continue;
		memcpy(out + n, piece.data, piece.len);
		n += piece.len;
	}
	inflate_close(z);
	return n;
}

static struct bytes one(struct transform_work *w, const struct transform_env *env,
			const struct transform_row *t, struct bytes in)
{
	uint8_t *out = w->room + w->used;
	struct bytes key;
	size_t n = in.len;

	switch ((enum transform_kind)t->kind) {
	case TRANSFORM_PCREXFORM:
		return capture(env, t->regex, in);
	case TRANSFORM_COMPRESS_WHITESPACE:
		n = compress_whitespace(in, out);
		break;
	case TRANSFORM_STRIP_WHITESPACE:
		n = strip_whitespace(in, out);
		break;
	case TRANSFORM_DOMAIN:
		n = in.len ? domain(in, out) : 0;
		break;
	case TRANSFORM_TLD:
		n = in.len ? tld(in, out) : 0;
		break;
	case TRANSFORM_DOTPREFIX:
		out[0] = '.';
		if (in.len)
			memcpy(out + 1, in.data, in.len);
		n = in.len + 1;
		break;
	case TRANSFORM_FROM_BASE64:
		n = from_base64(t, in, out);
		break;
	case TRANSFORM_HEADER_LOWERCASE:
		n = header_lowercase(in, out);
		break;
	case TRANSFORM_STRIP_PSEUDO_HEADERS:
		n = strip_pseudo_headers(in, out);
		break;
	case TRANSFORM_TO_LOWERCASE:
		for (size_t i = 0; i < n; i++)
			out[i] = lower(in.data[i]);
		break;
	case TRANSFORM_TO_UPPERCASE:
		for (size_t i = 0; i < n; i++)
			out[i] = upper(in.data[i]);
		break;
	case TRANSFORM_TO_MD5:
	case TRANSFORM_TO_SHA1:
	case TRANSFORM_TO_SHA256:
		n = digest(w, (enum transform_kind)t->kind, in, out);
		break;
	case TRANSFORM_GUNZIP:
	case TRANSFORM_ZLIB_DEFLATE:
		if (!is_compressed((enum transform_kind)t->kind, in))
			return in;
		n = t->bytes && t->bytes < TRANSFORM_BYTES_MAX ? t->bytes : TRANSFORM_BYTES_MAX;
		n = inflate_into(w, (enum transform_kind)t->kind, n, in, out);
		break;
	case TRANSFORM_URL_DECODE:
		n = url_decode(in, out);
		break;
	case TRANSFORM_XOR:
		key = bytes_of((const uint8_t *)env->block + t->argument, t->argument_len);
		n = xor_with(in, key, out);
		break;
	default:
		return in;
	}
	w->used += n;
	return bytes_of(out, n);
}

/* A result is at most this much longer than what it is made of. */
#define LONGER 64

struct bytes transform_apply(struct transform_work *w, const struct transform_env *env,
			     const struct transform_row *row, unsigned rows, struct bytes in)
{
	for (unsigned i = 0; i < rows; i++) {
		size_t need;

		if (in.len > TRANSFORM_BYTES_MAX - LONGER) {
			in = bytes_slice(in, 0, TRANSFORM_BYTES_MAX - LONGER);
			if (env->limits)
				++*env->limits;
		}
		/* The one before stays where it is: it is the input of this one. */
		need = inflates((enum transform_kind)row[i].kind) ? TRANSFORM_BYTES_MAX
								  : in.len + LONGER;
		if (w->used + need > sizeof(w->room)) {
			if (in.data >= w->room && in.data < w->room + sizeof(w->room)) {
				memmove(w->room, in.data, in.len);
				in.data = w->room;
				w->used = in.len;
			} else {
				w->used = 0;
			}
		}
		in = one(w, env, &row[i], in);
	}
	return in;
}
