/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - MD5, SHA-1 and SHA-256 of bytes that are all there; MD5 of those that come in pieces.
 *
 * Not here: digests of files under way (file.c).
 *
 * Memory: nothing is allocated.  Thread: any.
 */
#ifndef WEIR_APP_DIGEST_H
#define WEIR_APP_DIGEST_H

#include "engine/base/bytes.h"

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST__COUNT };

#define DIGEST_MD5_LEN 16
#define DIGEST_SHA1_LEN 20
#define DIGEST_SHA256_LEN 32

/* MD5 of bytes that come in pieces. */
struct digest_md5 {
	uint64_t state[12];
};
void digest_md5_init(struct digest_md5 *d);
void digest_md5_add(struct digest_md5 *d, struct bytes in);
/* out: DIGEST_MD5_LEN bytes. */
void digest_md5_final(struct digest_md5 *d, uint8_t *out);

void digest_bytes(enum digest_kind kind, struct bytes in, uint8_t *out);

/* len bytes as 2 * len small hexadecimal digits, without a final zero. */
void digest_hex(const uint8_t *digest, size_t len, char *out);

#endif
