/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - TLS in a flow: one transaction, with the hellos and certificates of both sides.
 *
 * In: the flow's bytes (engine/app/app.h), cut by engine/proto/tls.h.  Out: for rules the tls.*, ja3.* and ja4.*
 * buffers, for records what hellos and certificates say.
 * Nothing is decrypted.  Once both sides are encrypted nothing more is parsed.
 *
 * Memory: the transaction's: a message that counts is kept whole, as far as TLS_HELLO_MAX and TLS_CERTS_MAX.
 * Thread: the worker's.
 */
#ifndef WEIR_APP_TLS_H
#define WEIR_APP_TLS_H

#include "engine/app/app.h"
#include "engine/proto/tls_hello.h"
#include "engine/proto/x509.h"

#define TLS_HELLO_MAX 65536u
#define TLS_CERTS_MAX 262144u
#define TLS_CHAIN_MAX 32 /* certificates that are told apart */
#define TLS_FINGERPRINT_LEN 59 /* "aa:bb:..." of a SHA-1 */
#define TLS_JA3_LEN 32 /* hexadecimal MD5 */
#define TLS_JA4_LEN 36

/* Steps of the client's direction, and of the server's. */
enum tls_client_progress {
	TLS_CLIENT_STARTED,
	TLS_CLIENT_HELLO_DONE,
	TLS_CLIENT_CERT_DONE,
	TLS_CLIENT_HANDSHAKE_DONE,
	TLS_CLIENT_FINISHED,
};
enum tls_server_progress {
	TLS_SERVER_STARTED,
	TLS_SERVER_HELLO_SEEN,
	TLS_SERVER_CERT_DONE,
	TLS_SERVER_HELLO_DONE_SEEN,
	TLS_SERVER_HANDSHAKE_DONE,
	TLS_SERVER_FINISHED,
};

struct tls_certificates {
	struct bytes message; /* body of the message, as far as it was kept */
	struct bytes der[TLS_CHAIN_MAX];
	unsigned count; /* of der */
	/* Of the first one. */
	struct x509 first;
	struct app_text subject, issuer, serial;
	char fingerprint[TLS_FINGERPRINT_LEN];
	bool ok; /* the first one could be read */
};

struct tls_side {
	struct app_text text; /* the message under way */
	bool keeps; /* the message under way is kept */
	bool has_hello;
	bool has_second_hello; /* of the client; no more are looked at */
	bool encrypted; /* what this side sends now is */
	bool done; /* its handshake is, as far as records go */
	bool store; /* a rule has asked for its certificates on disk */
	uint16_t version; /* of its hello, as it counts */
	uint16_t record_version;
	uint16_t ciphers; /* a server's choice, at 0 none */
	struct tls_hello hello;
	struct bytes sni;
	struct bytes alpn; /* the extension's data */
	struct tls_certificates *certs; /* NULL: none were seen */
	/* JA3 of a client, JA3S of a server. */
	struct app_text ja3_text;
	char ja3[TLS_JA3_LEN];
};

struct tls_tx {
	struct app_tx tx;
	struct tls_side side[2]; /* 0: client */
	char ja4[TLS_JA4_LEN]; /* once a rule has asked for it */
	bool has_ja4;
	bool log_ja3, log_ja4; /* records or rules want them: else they are not computed */
	bool client_keyx, server_keyx; /* their key exchange messages were seen */
	bool wants_client; /* the server has asked for the client's certificate */
	bool resumes; /* an old session may have been taken up again */
	uint8_t heartbeats;
};

/* "TLS 1.2", "TLSv1", "SSLv3", "TLS 1.3 draft-23"; what is unknown in decimal.  out has room for 24 bytes. */
const char *tls_version_text(uint16_t version, char *out);

/* JA4 of the client's hello, made anew with each call.  False: there is none, or it is not wanted. */
bool tls_ja4(const struct tls_tx *t, char out[TLS_JA4_LEN]);

/* The server took an old session up again: it has answered, and sent no certificate. */
bool tls_is_resumed(const struct tls_tx *t);

/* A rule asks for the certificates of this side on disk (keyword tls.store); of another protocol: nothing. */
static inline void tls_store(struct app_tx *tx, unsigned dir)
{
	if (tx->proto == APP_PROTO_TLS)
		((struct tls_tx *)tx)->side[dir & 1].store = true;
}
/* Those that are to be stored now, once; NULL: none. */
const struct tls_certificates *tls_to_store(struct app_tx *tx, unsigned dir);

extern const struct app_protocol app_tls;

#endif
