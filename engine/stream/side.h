/* SPDX-License-Identifier: Apache-2.0 */
/*
 * side.h - what is kept of one side's bytes, from inside: edges, regions, segments in flight.
 *
 * In: a side, offsets in its stream.  Out: where its bytes lie, and what may change or go.
 * Not here: sequence numbers (reassembly.c turns them into offsets), states (state_step.h).
 *
 * Memory: the engine's pools and buffers, by index.  Thread: the worker that owns the engine.
 */
#ifndef WEIR_STREAM_SIDE_H
#define WEIR_STREAM_SIDE_H

#include "engine/stream/session.h"

static inline struct region *side_region_at(const struct stream_engine *e, uint32_t index)
{
	return pool_at(&e->regions, index);
}

static inline struct segment *side_segment_at(const struct stream_engine *e, uint32_t index)
{
	return pool_at(&e->segments, index);
}

static inline uint64_t offset_at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t offset_at_least(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Negative: before the first byte.  Right within 2 GiB of the highest offset known of. */
static inline int64_t side_offset_of(const struct side *s, uint32_t seq)
{
	uint32_t edge_seq = s->isn + 1 + s->urgent + (uint32_t)s->edge;
	/* Numbers up to the last urgent byte are counted without it. */
	bool before = s->urgent && !seq_after(seq, s->urgent_seq);

	return (int64_t)s->edge + (int32_t)(seq - edge_seq) + before;
}

/* The lowest byte that somebody may still want. */
static inline uint64_t side_left_edge(const struct stream_engine *e, const struct side *s)
{
	uint64_t left = s->inspected > e->opt.window ? s->inspected - e->opt.window : 0;

	left = offset_at_most(left, s->settled);
	if (s->flags & SIDE_PARSED)
		left = offset_at_most(left, s->parsed);
	if (s->flags & SIDE_HELD)
		left = offset_at_most(left, s->held);
	return left;
}

/* Below it bytes do not change any more: the receiver has taken them, or a rule has seen them. */
static inline uint64_t side_fixed_edge(const struct side *s)
{
	return offset_at_least(s->inspected, s->settled);
}

/*
 * Below it holes are not filled any more: they were passed over.  Between the two edges a hole waits
 * for its bytes, which a capture may show after their acknowledgement.  Inline, bytes are inspected behind holes.
 */
static inline uint64_t side_passed_edge(const struct stream_engine *e, const struct side *s)
{
	return e->opt.use_inline ? s->passed : offset_at_least(s->inspected, s->passed);
}

static inline uint8_t *side_byte_at(const struct stream_engine *e, const struct side *s,
				    uint64_t offset)
{
	return buffers_at(&e->buffers, s->buffer) + (offset - s->origin);
}

static inline uint64_t side_right_edge(const struct stream_engine *e, const struct side *s)
{
	uint64_t right = 0;

	for (uint32_t at = s->regions; at; at = side_region_at(e, at)->next)
		right = side_region_at(e, at)->end;
	return right;
}

/* --- giving back (reassembly.c) ---------------------------------------------------------------- */

void side_drop_regions(struct stream_engine *e, struct side *s);
void side_drop_segments(struct stream_engine *e, struct side *s);
void side_drop_buffer(struct stream_engine *e, struct side *s);
void side_forget_segments(struct stream_engine *e, struct side *s);
/* Give up what lies left of the left edge. */
void side_trim(struct stream_engine *e, struct side *s);
/*
 * No acknowledgement will tell that a hole is a gap.  It is taken for one when so much has come behind it that
 * the sender must have got one since; what lies behind a hole at the end is inspected when the flow ends.
 */
void side_pass_untold(const struct step *st, struct side *s);

/* --- bytes over bytes (side_overlap.c) --------------------------------------------------------- */

/* A segment on its way into the buffer. */
struct incoming {
	const uint8_t *data; /* of offset start */
	struct extent whole; /* as it was sent: what policies look at */
	uint64_t start;
	uint64_t end;
	struct packet *packet;
	size_t at; /* of data in its payload */
	bool far; /* from all that came before */
	bool overlap;
	bool different;
	bool in_order; /* nothing that came before lies behind it or is part of it */
};

/* Lay a segment over what is there: new bytes into the holes, the rest as the policy says. */
void side_lay(struct stream_engine *e, const struct side *s, struct incoming *in);

#endif
