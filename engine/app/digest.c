/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/app/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "engine/app/engine.h"

struct digests {
	EVP_MD_CTX *ctx[DIGEST__COUNT];
};

static const EVP_MD *type_of(enum digest_kind kind)
{
	switch (kind) {
	case DIGEST_MD5:
		return EVP_md5();
	case DIGEST_SHA1:
		return EVP_sha1();
	default:
		return EVP_sha256();
	}
}

static size_t length_of(enum digest_kind kind)
{
	static const uint8_t length[DIGEST__COUNT] = { DIGEST_MD5_LEN, DIGEST_SHA1_LEN,
						       DIGEST_SHA256_LEN };

	return length[kind];
}

int digests_new(struct digests **out)
{
	struct digests *d = calloc(1, sizeof(*d));

	*out = NULL;
	if (!d)
		return -ENOMEM;
	for (unsigned i = 0; i < DIGEST__COUNT; i++) {
		uint8_t unused[EVP_MAX_MD_SIZE];

		/* A whole turn makes everything that later ones need. */
		d->ctx[i] = EVP_MD_CTX_new();
		if (!d->ctx[i] || !EVP_DigestInit_ex(d->ctx[i], type_of(i), NULL) ||
		    !EVP_DigestFinal_ex(d->ctx[i], unused, NULL)) {
			digests_free(d);
			return -ENOMEM;
		}
	}
	*out = d;
	return 0;
}

void digests_free(struct digests *d)
{
	if (!d)
		return;
	for (unsigned i = 0; i < DIGEST__COUNT; i++)
		EVP_MD_CTX_free(d->ctx[i]);
	free(d);
}

bool digest_bytes(struct digests *d, enum digest_kind kind, struct bytes in, uint8_t *out)
{
	EVP_MD_CTX *ctx = d->ctx[kind];

	if (EVP_DigestInit_ex(ctx, NULL, NULL) && EVP_DigestUpdate(ctx, in.data, in.len) &&
	    EVP_DigestFinal_ex(ctx, out, NULL))
		return true;
	memset(out, 0, length_of(kind));
	return false;
}

bool app_digest(struct app_ctx *c, enum digest_kind kind, struct bytes in, uint8_t *out)
{
	return digest_bytes(c->engine->digests, kind, in, out);
}

void digest_hex(const uint8_t *digest, size_t len, char *out)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = hex[digest[i] >> 4];
		out[2 * i + 1] = hex[digest[i] & 15];
	}
}
