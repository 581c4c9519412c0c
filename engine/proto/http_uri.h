/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_uri.h - the target of an HTTP request and its Host, as the server would read them.
 *
 * In: a request's target, a Host header's value.  Out: their parts, slices of the input;
 * and in the caller's buffer the normalised target: percent and %u decoded, paths folded,
 * UTF-8 and full-width letters brought to one byte (RFC 3986, section 6, and what servers do).
 * Not here: which part a rule looks at (engine/app).
 *
 * Memory: none.  What is written is never longer than what is read.
 * Thread: any.
 */
#ifndef WEIR_PROTO_HTTP_URI_H
#define WEIR_PROTO_HTTP_URI_H

#include "engine/base/bytes.h"

struct http_authority {
	struct bytes host; /* without port; an IPv6 address with its brackets */
	struct bytes port_text;
	uint16_t port; /* 0: none or not valid */
	bool has_port;
	bool invalid; /* no host name, or a port that cannot be */
};

struct http_uri {
	struct bytes scheme;
	struct bytes userinfo;
	struct http_authority authority;
	bool has_authority;
	struct bytes path;
	struct bytes query; /* without the question mark */
	struct bytes fragment; /* without the number sign */
	bool has_query;
	bool has_fragment;
};

/* What a server does with a path and a query; http_uri_personality() fills it. */
struct http_uri_options {
	bool backslash; /* is a separator */
	bool compress; /* separators in a row are one */
	bool decode_u; /* %u0041 */
	bool utf8; /* brought to one byte, overlong forms too */
	bool lowercase; /* the path */
	bool plus_space; /* in the query */
	bool double_decode_path;
	bool double_decode_query;
	bool include_all; /* scheme, user, host and port stand in front */
	bool nul_ends_path; /* raw or encoded */
};

/* Names as in libhtp.*.personality: "IDS", "Apache_2", "IIS_5_0", ...; false: not known. */
bool http_uri_personality(const char *name, struct http_uri_options *out);

/* connect: the target of CONNECT, an authority alone. */
void http_uri_split(struct bytes target, bool connect, struct http_uri *out);

/* host [":" port], as a Host header has it. */
void http_authority_parse(struct bytes text, struct http_authority *out);

/*
 * The normalised target into out, which has room for target.len + 3 bytes; returns the length.
 * *double_encoded: a second decoding, where it is asked for, changed something.
 */
size_t http_uri_normalise(const struct http_uri *uri, const struct http_uri_options *opt,
			  uint8_t *out, bool *double_encoded);

/* A host from a target: percent decoded, lower case, without final dots.  Room for host.len. */
size_t http_host_normalise(struct bytes host, uint8_t *out);

/* The byte that stands for a code point above 0xff; '?' for those that have none. */
uint8_t http_bestfit(uint32_t code_point);

#endif
