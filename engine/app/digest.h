/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.h - MD5, SHA-1 and SHA-256 of bytes that are all there.
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

void digest_bytes(enum digest_kind kind, struct bytes in, uint8_t *out);

/* len bytes as 2 * len small hexadecimal digits, without a final zero. */
void digest_hex(const uint8_t *digest, size_t len, char *out);

#endif
