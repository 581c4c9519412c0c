/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_fingerprint.h - the texts that JA3, JA3S and JA4 are digests of.
 *
 * JA3: version, ciphers, extensions, groups and point formats of a ClientHello in decimal, GREASE left out.
 * JA3S: version, cipher and extensions of a ServerHello.  JA4: its first part, and the two lists whose SHA-256
 * begin its other parts.
 * Not here: digests (engine/app).
 *
 * Memory: the caller's buf.  What does not fit sets its full flag.
 * Thread: any.
 */
#ifndef WEIR_PROTO_TLS_FINGERPRINT_H
#define WEIR_PROTO_TLS_FINGERPRINT_H

#include "engine/base/buf.h"
#include "engine/proto/tls_hello.h"

void tls_ja3_text(const struct tls_hello *h, struct buf *out);
void tls_ja3s_text(const struct tls_hello *h, struct buf *out);

/* "t13d1516h2": 10 characters.  quic: the hello came in QUIC. */
#define TLS_JA4_A_LEN 10
void tls_ja4_a(const struct tls_hello *h, bool quic, char out[TLS_JA4_A_LEN + 1]);
/* Sorted ciphers, "002f,0035"; empty where there is none. */
void tls_ja4_ciphers(const struct tls_hello *h, struct buf *out);
/* Sorted extensions but server name and ALPN, "_" in any case, signature algorithms as sent. */
void tls_ja4_extensions(const struct tls_hello *h, struct buf *out);

#endif
