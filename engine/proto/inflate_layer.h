/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate_layer.h - one layer of a content encoding.
 *
 * In: encoded bytes.  Out: decoded bytes in a buffer of the layer's own.
 * The first bytes are kept while it is not sure how they are encoded, so that they can be
 * read another way.
 * Not here: layers over layers, limits (inflate.h).
 *
 * Memory: the caller's (engine/proto/inflate.c keeps pools).
 * Thread: the worker that owns the pool.
 */
#ifndef WEIR_PROTO_INFLATE_LAYER_H
#define WEIR_PROTO_INFLATE_LAYER_H

#include <isa-l/igzip_lib.h>
#include <brotli/decode.h>

#include "engine/proto/brotli_memory.h"
#include "engine/proto/inflate.h"

#define INFLATE_HEAD 1024 /* bytes within which a wrong label is found out */

enum inflate_way { WAY_GZIP, WAY_ZLIB, WAY_RAW, WAY_BROTLI, WAY_PLAIN };

struct inflate_layer {
	struct inflate_state *deflate; /* of gzip and deflate */
	BrotliDecoderState *brotli;
	struct brotli_memory *memory;
	uint8_t *out; /* INFLATE_PIECE bytes */
	uint32_t out_len;
	uint32_t head_len;
	uint32_t replay; /* of head: how much was given to the way that is tried */
	uint32_t skip; /* of a wrapper: bytes to pass over */
	uint8_t label; /* enum inflate_coding */
	uint8_t way; /* enum inflate_way */
	uint8_t phase;
	uint8_t flags; /* of a gzip header */
	uint8_t extra; /* low byte of its FEXTRA length */
	bool sure; /* output came: no other way is tried */
	bool failed; /* to be told */
	uint8_t head[INFLATE_HEAD];
};

/* The pools' pieces are set before; what was decoded is forgotten. */
void inflate_layer_init(struct inflate_layer *l, enum inflate_coding label);
void inflate_layer_fini(struct inflate_layer *l);

/*
 * Decode from *in, which is advanced.  Returns decoded bytes, valid until the next call, or
 * none: then *in is used up.  With last, call until none.
 */
struct bytes inflate_layer_run(struct inflate_layer *l, struct bytes *in, bool last);

#endif
