/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owners.h - which worker's the frames of a capture are.
 *
 * In: the frames of each block, in order.  Out: frame->owner: the worker of its address pair, or FRAME_OF_ALL where it may
 * give packets of several pairs.
 * Fragments are the worker's of their pair where the whole datagram stands in the block, in order and within a second,
 * and holds no tunnel: it leaves nothing behind in the defragmenter, and nobody else wants it.  All others go to all, and
 * so does from then on what could be joined with them.
 * Not here: frames of interfaces, which are dealt out before they come.
 *
 * Memory: 32 KiB, embedded.  Thread: whoever loads the block, one at a time.
 */
#ifndef WEIR_RUN_OWNERS_H
#define WEIR_RUN_OWNERS_H

#include "engine/decode/decode.h"
#include "engine/defrag/defrag.h"

#define OWNERS_MARKS (1u << 18)

struct owners {
	const struct decode_options *decode;
	uint64_t key;
	unsigned workers;
	bool closed; /* fragments that were not read have gone to all: so do all that come */
	uint64_t marks[OWNERS_MARKS / 64]; /* datagrams of which fragments have gone to all */
};

/* decode must live as long; key: of decode_owner_hash(). */
void owners_init(struct owners *o, unsigned workers, const struct decode_options *decode,
		 const struct defrag_options *defrag, uint64_t key);

void owners_tell(struct owners *o, struct frame *frames, unsigned count);

static inline uint32_t owners_of(unsigned workers, uint64_t hash)
{
	return (uint32_t)((hash >> 32) * workers >> 32);
}

#endif
