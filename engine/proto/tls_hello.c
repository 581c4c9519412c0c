/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/tls_hello.h"

#define RANDOM_BYTES 32

/* A vector whose length stands in front of it, in one or two bytes. */
static struct bytes take_vector(struct cursor *c, unsigned length_bytes)
{
	size_t len = length_bytes == 1 ? cursor_u8(c) : cursor_be16(c);
	const uint8_t *at = cursor_take(c, len);

	return bytes_of(at, at ? len : 0);
}

static void take_version(struct cursor *c, struct tls_hello *out)
{
	const uint8_t *random;

	out->version = cursor_be16(c);
	random = cursor_take(c, RANDOM_BYTES);
	out->random = bytes_of(random, random ? RANDOM_BYTES : 0);
}

/* Drafts of TLS 1.3 before the 22nd had neither session nor compression in the server's hello. */
static bool is_short_draft(uint16_t version)
{
	return version == 0x0304 || (version >> 8 == 0x7f && (version & 0xff) < 22);
}

/* Older hellos end without them. */
static void take_extensions(struct cursor *c, struct tls_hello *out)
{
	size_t len;

	if (cursor_left(c) < 2)
		return;
	len = cursor_be16(c);
	out->truncated = len > cursor_left(c);
	out->extensions = bytes_slice(cursor_rest(c), 0, len);
}

bool tls_client_hello_read(struct bytes body, struct tls_hello *out)
{
	struct cursor c = cursor_of(body);

	*out = (struct tls_hello){ .client = true };
	take_version(&c, out);
	out->session_id = take_vector(&c, 1);
	out->ciphers = take_vector(&c, 2);
	out->compressions = take_vector(&c, 1);
	if (!cursor_ok(&c))
		return false;
	take_extensions(&c, out);
	return true;
}

bool tls_server_hello_read(struct bytes body, struct tls_hello *out)
{
	struct cursor c = cursor_of(body);
	const uint8_t *at;
	bool draft;

	*out = (struct tls_hello){ .client = false };
	take_version(&c, out);
	draft = is_short_draft(out->version);
	if (!draft)
		out->session_id = take_vector(&c, 1);
	at = cursor_take(&c, 2);
	out->ciphers = bytes_of(at, at ? 2 : 0);
	if (!draft) {
		at = cursor_take(&c, 1);
		out->compressions = bytes_of(at, at ? 1 : 0);
	}
	if (!cursor_ok(&c))
		return false;
	take_extensions(&c, out);
	return true;
}

bool tls_extension_next(struct bytes *rest, struct tls_extension *out)
{
	struct cursor c = cursor_of(*rest);

	out->type = cursor_be16(&c);
	out->data = take_vector(&c, 2);
	if (!cursor_ok(&c))
		return false;
	*rest = cursor_rest(&c);
	return true;
}

bool tls_extension_find(const struct tls_hello *h, enum tls_extension_type type, struct bytes *out)
{
	struct bytes rest = h->extensions;
	struct tls_extension e;

	while (tls_extension_next(&rest, &e)) {
		if (e.type == type) {
			*out = e.data;
			return true;
		}
	}
	return false;
}

enum tls_name_error tls_server_name_read(struct bytes extension, struct bytes *out)
{
	struct cursor c = cursor_of(extension);
	size_t list;
	uint8_t type;

	*out = bytes_of(NULL, 0);
	if (!extension.len)
		return TLS_NAME_NONE; /* a server's answer */
	list = cursor_be16(&c);
	if (!cursor_ok(&c) || list > cursor_left(&c))
		return TLS_NAME_BAD_LENGTH;
	type = cursor_u8(&c);
	if (cursor_ok(&c) && type != 0)
		return TLS_NAME_BAD_TYPE;
	*out = take_vector(&c, 2);
	return cursor_ok(&c) && out->len ? TLS_NAME_OK : TLS_NAME_BAD_LENGTH;
}

bool tls_alpn_next(struct bytes extension, size_t *at, struct bytes *out)
{
	struct cursor c = cursor_of(extension);
	size_t list = cursor_be16(&c);
	struct bytes names = bytes_slice(cursor_rest(&c), 0, list);

	c = cursor_of(bytes_slice(names, *at, names.len));
	*out = take_vector(&c, 1);
	if (!cursor_ok(&c))
		return false;
	*at += out->len + 1;
	return true;
}

static uint16_t highest_version(struct bytes list)
{
	struct cursor c = cursor_of(list);
	uint16_t best = 0;

	while (cursor_left(&c) >= 2) {
		uint16_t v = cursor_be16(&c);

		if (!tls_is_grease(v) && v > best)
			best = v;
	}
	return best;
}

uint16_t tls_hello_version(const struct tls_hello *h)
{
	struct bytes data;
	struct cursor c;
	uint16_t v;

	if (!tls_extension_find(h, TLS_EXT_SUPPORTED_VERSIONS, &data))
		return h->version;
	c = cursor_of(data);
	v = h->client ? highest_version(take_vector(&c, 1)) : cursor_be16(&c);
	return v ? v : h->version;
}
