/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_options.h - what the configuration says of HTTP/1 (app-layer.protocols.http).
 *
 * Memory: plain data.  Thread: any.
 */
#ifndef WEIR_APP_HTTP_OPTIONS_H
#define WEIR_APP_HTTP_OPTIONS_H

#include "engine/base/network.h"
#include "engine/proto/http1.h"
#include "engine/proto/http_uri.h"
#include "engine/proto/inflate.h"

/* Arrays: by direction, requests first. */
struct http_options {
	struct http1_options parser;
	struct http_uri_options uri;
	uint64_t body_limit[2]; /* bytes of a body that are kept and inspected; 0: all */
	uint32_t least[2]; /* bytes of an unfinished body before rules look at it */
	uint32_t window[2]; /* behind what was inspected that rules see again */
	bool body_inline; /* rules look at once */
	uint32_t layers; /* of content encodings; 0: bodies stay encoded */
	struct inflate_options inflate;
	uint64_t range_bytes; /* of files that come in parts, for all; 0: they are not joined */
	uint32_t range_timeout_s;
};

/* Another reading for servers of a network (libhtp.server-config); the longest prefix wins. */
struct http_server {
	struct network network;
	struct http_options options; /* decoders are those of all */
};

/* As many decoders as bytes hold, up to those of o->inflate. */
void http_options_fit(struct http_options *o, uint64_t bytes);

/* Stock Suricata 8. */
void http_options_stock(struct http_options *o);

#endif
