/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mime_url.h - finds URLs in the text of a mail.
 *
 * In: text in pieces of any size.  Out: each URL with its scheme, whole even where it
 * lies over two pieces.
 * A URL begins with a scheme of the caller's list and "://" (RFC 3986, "mailto:" without slashes), and ends before
 * the first byte that is blank, a control, a quote, '<' or '>'.
 *
 * Memory: embedded, about 2 KiB; the URL given lies in it until the next call.  A longer one is cut there.
 * Work: each byte is looked at once for each scheme.
 * Thread: the flow's worker.
 */
#ifndef WEIR_PROTO_MIME_URL_H
#define WEIR_PROTO_MIME_URL_H

#include "engine/base/bytes.h"

#define MIME_URL_MAX 2048
#define MIME_URL_SCHEMES_MAX 8

struct mime_url {
	const char *const *schemes; /* small letters, "http"; NULL ends */
	bool in_url;
	uint16_t len; /* of text: the URL under way, or what may become a scheme */
	uint8_t scheme_len; /* with "://" */
	char text[MIME_URL_MAX];
};

/* schemes lives as long as u. */
void mime_url_init(struct mime_url *u, const char *const *schemes);

/*
 * The next URL that ends in *in, which moves past it; false: none does, and *in is empty.
 * scheme_len: bytes of out that are the scheme and what ends it.
 */
bool mime_url_next(struct mime_url *u, struct bytes *in, struct bytes *out, unsigned *scheme_len);
/* The text ends: the URL that was under way. */
bool mime_url_last(struct mime_url *u, struct bytes *out, unsigned *scheme_len);

#endif
