/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/app/digest.h"

#include <assert.h>

/* What allocates nothing is called deprecated: EVP's contexts are made anew at each start. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <openssl/sha.h>

#include "engine/app/engine.h"

static_assert(sizeof(MD5_CTX) <= sizeof(struct digest_md5), "room for it");

void digest_md5_init(struct digest_md5 *d)
{
	MD5_Init((MD5_CTX *)d->state);
}

void digest_md5_add(struct digest_md5 *d, struct bytes in)
{
	MD5_Update((MD5_CTX *)d->state, in.data, in.len);
}

void digest_md5_final(struct digest_md5 *d, uint8_t *out)
{
	MD5_Final(out, (MD5_CTX *)d->state);
}

void digest_bytes(enum digest_kind kind, struct bytes in, uint8_t *out)
{
	MD5_CTX md5;
	SHA_CTX sha1;
	SHA256_CTX sha256;

	switch (kind) {
	case DIGEST_MD5:
		MD5_Init(&md5);
		MD5_Update(&md5, in.data, in.len);
		MD5_Final(out, &md5);
		break;
	case DIGEST_SHA1:
		SHA1_Init(&sha1);
		SHA1_Update(&sha1, in.data, in.len);
		SHA1_Final(out, &sha1);
		break;
	default:
		SHA256_Init(&sha256);
		SHA256_Update(&sha256, in.data, in.len);
		SHA256_Final(out, &sha256);
	}
}

void digest_hex(const uint8_t *digest, size_t len, char *out)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = hex[digest[i] >> 4];
		out[2 * i + 1] = hex[digest[i] & 15];
	}
}
