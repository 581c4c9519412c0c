/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509.h - what a certificate says of itself (RFC 5280), walked within bounds; nothing is verified.
 *
 * In: the DER bytes of one certificate.  Out: slices of its fields, times, names as text.
 *
 * Memory: slices of the certificate; texts go to the caller's buf.
 * Work: linear; no recursion: only the levels that are named here are entered.
 * Thread: any.
 */
#ifndef WEIR_PROTO_X509_H
#define WEIR_PROTO_X509_H

#include "engine/base/buf.h"
#include "engine/base/bytes.h"

/* What was wrong first; each has an event of its own. */
enum x509_error {
	X509_OK,
	X509_BAD_DER, /* not the encoding that it says it is */
	X509_BAD_LENGTH, /* it ends within a tag or a length */
	X509_CUT, /* a length that goes past the end */
	X509_BAD_VERSION,
	X509_BAD_SERIAL,
	X509_BAD_ALGORITHM,
	X509_BAD_NAME,
	X509_BAD_ISSUER,
	X509_BAD_VALIDITY,
	X509_BAD_DATE,
	X509_BAD_SUBJECT,
	X509_BAD_EXTENSIONS,
};

struct x509 {
	struct bytes serial; /* content octets, as sent */
	struct bytes issuer, subject; /* content of the RDNSequence */
	int64_t not_before, not_after; /* seconds since 1970 */
	struct bytes alt_names; /* content of subjectAltName's GeneralNames; empty: none */
};

/* Fields before the first mistake are filled in. */
enum x509_error x509_read(struct bytes certificate, struct x509 *out);

/* "C=US, O=Example, CN=example.org", in the order of the certificate; false: it did not fit. */
bool x509_name_text(struct bytes name, struct buf *out);
/* "0F:D0:78"; false: it did not fit. */
bool x509_serial_text(struct bytes serial, struct buf *out);
/* The next DNS name, address or mailbox of x509.alt_names; false: no further one. */
bool x509_alt_name_next(struct bytes *rest, struct bytes *out, bool *is_address);

#endif
