/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_hello.h - what a ClientHello or ServerHello says (RFC 8446, sections 4.1.2, 4.1.3 and 4.2).
 *
 * In: the whole body of the message.  Out: its fields as slices; extensions one after another.
 * Not here: reassembly of the message (tls.h), fingerprints (tls_fingerprint.h).
 *
 * Memory: slices of the message.
 * Thread: any.
 */
#ifndef WEIR_PROTO_TLS_HELLO_H
#define WEIR_PROTO_TLS_HELLO_H

#include "engine/base/bytes.h"

enum tls_extension_type {
	TLS_EXT_SERVER_NAME = 0,
	TLS_EXT_SUPPORTED_GROUPS = 10,
	TLS_EXT_POINT_FORMATS = 11,
	TLS_EXT_SIGNATURE_ALGORITHMS = 13,
	TLS_EXT_ALPN = 16,
	TLS_EXT_SESSION_TICKET = 35,
	TLS_EXT_PRE_SHARED_KEY = 41,
	TLS_EXT_EARLY_DATA = 42,
	TLS_EXT_SUPPORTED_VERSIONS = 43,
};

struct tls_hello {
	bool client;
	uint16_t version; /* the field: TLS 1.3 says 0x0303 here */
	struct bytes random; /* 32 bytes */
	struct bytes session_id;
	struct bytes ciphers; /* two bytes each, a server's is one */
	struct bytes compressions;
	struct bytes extensions; /* their list, without its length; empty where there is none */
	bool truncated; /* the extensions' length says more than there is */
};

/* False: the message ends before its extensions begin. */
bool tls_client_hello_read(struct bytes body, struct tls_hello *out);
bool tls_server_hello_read(struct bytes body, struct tls_hello *out);

struct tls_extension {
	uint16_t type;
	struct bytes data;
};

/* The next extension of *rest (begin with hello.extensions); false: no further one is whole. */
bool tls_extension_next(struct bytes *rest, struct tls_extension *out);
/* The first of its type; false: there is none. */
bool tls_extension_find(const struct tls_hello *h, enum tls_extension_type type, struct bytes *out);

enum tls_name_error {
	TLS_NAME_OK,
	TLS_NAME_NONE,
	TLS_NAME_BAD_TYPE, /* not a host name */
	TLS_NAME_BAD_LENGTH, /* longer than its list, or empty */
};

/* The host name of a server_name extension (RFC 6066, section 3). */
enum tls_name_error tls_server_name_read(struct bytes extension, struct bytes *out);

/* The next protocol name of an ALPN extension's data (RFC 7301); *at begins at 0. */
bool tls_alpn_next(struct bytes extension, size_t *at, struct bytes *out);

/*
 * The version that counts: supported_versions' where it is there (of a client the highest that is no
 * GREASE), else the field's.
 */
uint16_t tls_hello_version(const struct tls_hello *h);

/* RFC 8701: values that mean nothing. */
static inline bool tls_is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

#endif
