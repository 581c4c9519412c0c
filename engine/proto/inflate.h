/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate.h - takes the content encodings off a body: gzip, deflate, br, in layers.
 *
 * In: the encoded bytes, in order, in pieces of any size; the encodings as labelled.
 * Out: decoded bytes in pieces of at most INFLATE_PIECE, and what is odd.
 * A label is a hint (RFC 9110, section 8.4.1): gzip, zlib and raw deflate are told by
 *   their first bytes; what is none of them is passed on as it came.  Members behind the
 *   first are decoded too; a broken stream gives what it holds up to there.
 * Limits: layers, decoders at a time, brotli's memory, all output, and the ratio.
 *
 * Memory: pools made at start, one a worker; nothing is allocated after that.  A piece is
 *   valid until the next call.
 * Thread: the worker that owns the pool.
 */
#ifndef WEIR_PROTO_INFLATE_H
#define WEIR_PROTO_INFLATE_H

#include "engine/base/bytes.h"
#include "engine/base/memory_use.h"
#include "engine/proto/feed.h"
#include "engine/base/app_event.h"

#define INFLATE_LAYERS_MAX 4
#define INFLATE_PIECE 8192

enum inflate_coding { INFLATE_GZIP, INFLATE_DEFLATE, INFLATE_BROTLI };

struct inflate_options {
	uint32_t chains; /* bodies that may be decoded at a time */
	uint32_t deflates; /* decoders of gzip and deflate, about 95 KiB each once used */
	uint32_t brotlis; /* decoders of br */
	size_t brotli_bytes; /* reserved for each; a stream that needs more fails */
	uint64_t output_max; /* bytes out of all layers of a body; 0: no limit */
	uint32_t bomb_ratio; /* of output to input; 0: no limit */
	uint64_t bomb_bytes; /* the ratio counts from so much output on */
};

struct inflate_pool;
struct inflate;

struct inflate_event {
	bool is_odd;
	enum app_event odd;
	struct bytes data;
};

int inflate_pool_new(const struct inflate_options *opt, struct inflate_pool **out);
void inflate_pool_free(struct inflate_pool *p); /* NULL is fine */
/* Bytes that a pool of these options reserves. */
uint64_t inflate_pool_bytes(const struct inflate_options *opt);
/* Adds what the pool has. */
void inflate_pool_memory(const struct inflate_pool *p, struct memory_use *sum);
/* Times that a body was left encoded because a pool was empty. */
uint64_t inflate_pool_refused(const struct inflate_pool *p);

/*
 * Decode a body whose encodings were applied in this order.  NULL: no decoder is free, or
 * more layers than INFLATE_LAYERS_MAX.
 */
struct inflate *inflate_open(struct inflate_pool *p, const enum inflate_coding *codings, size_t n);
void inflate_close(struct inflate *z); /* NULL is fine */

/* last: no bytes follow those in *in.  FEED_MORE: *in is used up. */
enum feed inflate_next(struct inflate *z, struct bytes *in, bool last, struct inflate_event *ev);

/* Times that a layer was run so far, for tests of linearity. */
uint64_t inflate_runs(const struct inflate *z);

/*
 * Content-Encoding = #content-coding: the codings of value, at most max, into out.  Returns
 * their number; *odd is set to what is odd about the list, else to APP_EVENT__COUNT.
 */
size_t inflate_codings(struct bytes value, size_t max, enum inflate_coding *out,
		       enum app_event *odd);

#endif
