/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transform.h - what changes a buffer before it is looked at: to_lowercase, dotprefix, from_base64 ...
 *
 * In: bytes, and a list of transforms from the ruleset's block.  Out: the bytes that come of them.
 * Each keeps Suricata's meaning; one that finds nothing to do gives its input on.
 * Not here: which buffers a rule changes how (compile), where their bytes come from (engine/app).
 *
 * Memory: a transform_work has room for the results, made at start; they live until the next
 * transform_begin().  What does not fit is cut, and counted.
 * Work: linear in the input.
 * Thread: the detector's.
 */
#ifndef WEIR_DETECT_TRANSFORM_H
#define WEIR_DETECT_TRANSFORM_H

#include "engine/base/bytes.h"
#include "engine/detect/regex.h"
#include "parser/rule.h"

/* Of one result; and of all those that are kept together. */
#define TRANSFORM_BYTES_MAX (256 * 1024)
#define TRANSFORM_ROOM (4 * TRANSFORM_BYTES_MAX)

/* One transform, in the block. */
struct transform_row {
	uint8_t kind; /* enum transform_kind */
	uint8_t mode; /* from_base64: enum base64_mode */
	uint16_t reserved;
	uint32_t regex; /* pcrexform: index among the ruleset's */
	uint32_t argument, argument_len; /* xor: offset of the key in the block */
	uint32_t bytes, offset; /* as in struct transform */
};

struct transform_work;

int transform_work_new(struct transform_work **out);
void transform_work_free(struct transform_work *w);

/* Forget the results so far. */
void transform_begin(struct transform_work *w);

/* What the transforms work with besides the bytes. */
struct transform_env {
	const void *block;
	const struct regex_base *regexes;
	struct regex_scratch *regex;
	uint64_t *limits; /* counts what was cut; NULL: nothing does */
};

/*
 * in, changed by each of the rows in turn.  The result lies in w, or in the input where nothing
 * was to be done.
 */
struct bytes transform_apply(struct transform_work *w, const struct transform_env *env,
			     const struct transform_row *row, unsigned rows, struct bytes in);

/* It needs all of a buffer at once: a digest, for instance. */
bool transform_needs_whole(enum transform_kind kind);

/*
 * Decode base64 into out, which has room for in.len * 3 / 4 + 3 bytes; returns how many came of it.
 * RFC 4648: up to the first other byte; RFC 2045: other bytes are passed over; strict: nothing, if there is one.
 */
size_t transform_base64(struct bytes in, enum base64_mode mode, uint8_t *out);

#endif
