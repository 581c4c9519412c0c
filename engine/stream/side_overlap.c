/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes over bytes that are there: who wins is the policy's, and that they differ is told. */
#include "engine/stream/side.h"

static void write_bytes(const struct stream_engine *e, const struct side *s,
			const struct incoming *in, uint64_t from, uint64_t to)
{
	if (from < to)
		memcpy(side_byte_at(e, s, from), in->data + (from - in->start), to - from);
}

/* What is in order is the application's at once: below it Linux takes nothing twice. */
static uint64_t delivered_edge(const struct stream_engine *e, const struct side *s)
{
	uint64_t edge = side_passed_edge(e, s);

	for (uint32_t at = s->regions; at; at = side_region_at(e, at)->next) {
		if (side_region_at(e, at)->start > edge)
			break;
		edge = offset_at_least(edge, side_region_at(e, at)->end);
	}
	return edge;
}

/*
 * Both the buffer and the segment have [from, to), and they differ.  A byte is replaced where the
 * policy prefers the new segment to each older one that brought it.
 */
static void decide(const struct stream_engine *e, const struct side *s, const struct incoming *in,
		   uint64_t from, uint64_t to)
{
	if (s->flags & SIDE_RECORDS_LOST)
		return;
	from = offset_at_least(from, side_fixed_edge(s));
	if (policy_delivers((enum stream_policy)s->policy))
		from = offset_at_least(from, delivered_edge(e, s));
	for (uint32_t at = s->segments; at && from < to; at = side_segment_at(e, at)->next) {
		const struct segment *g = side_segment_at(e, at);
		struct extent older = { g->start, g->start + g->len };

		if (older.end <= from || older.start >= to ||
		    policy_newer_wins((enum stream_policy)s->policy, older, in->whole))
			continue;
		write_bytes(e, s, in, from, offset_at_most(older.start, to));
		from = older.end;
	}
	write_bytes(e, s, in, from, to);
}

/* Both versions of [from, to), from the first byte that differs on. */
static void note_versions(struct stream_engine *e, const struct side *s, const struct incoming *in,
			  uint64_t from, uint64_t to)
{
	struct packet_overlap *o = &e->overlap;
	const uint8_t *older = side_byte_at(e, s, from), *newer = in->data + (from - in->start);
	size_t len;

	for (; *older == *newer; older++, newer++)
		from++;
	o->offset = from;
	o->len = (uint32_t)(to - from);
	len = o->len < PACKET_OVERLAP_MAX ? o->len : PACKET_OVERLAP_MAX;
	memcpy(o->older, older, len);
	memcpy(o->newer, newer, len);
}

/* Inline, what differs from what has passed does not pass: the packet gets the bytes that were first. */
static void keep_first(struct stream_engine *e, const struct side *s, const struct incoming *in,
		       uint64_t from, uint64_t to)
{
	const struct bytes first = bytes_of(side_byte_at(e, s, from), to - from);
	struct packet *p = in->packet;

	if (rewrite_payload(e, p, in->at + (size_t)(from - in->start), first))
		return;
	p->dropped = true;
	p->drop_target = EXCEPTION_REASSEMBLY_MEMCAP + 1;
}

static void overlap(struct stream_engine *e, const struct side *s, struct incoming *in,
		    uint64_t from, uint64_t to)
{
	bool first = !in->different;

	in->overlap = true;
	if (memcmp(side_byte_at(e, s, from), in->data + (from - in->start), to - from) == 0)
		return;
	in->different = true;
	if (first)
		note_versions(e, s, in, from, to);
	if (e->opt.use_inline)
		keep_first(e, s, in, from, to);
	else
		decide(e, s, in, from, to);
	if (first)
		e->overlap.newer_kept =
			*side_byte_at(e, s, e->overlap.offset) == e->overlap.newer[0];
}

void side_lay(struct stream_engine *e, const struct side *s, struct incoming *in)
{
	uint64_t passed = side_passed_edge(e, s);
	uint64_t at = in->start;

	for (uint32_t i = s->regions; i && at < in->end; i = side_region_at(e, i)->next) {
		const struct region *g = side_region_at(e, i);
		uint64_t from = offset_at_least(at, g->start);
		uint64_t to = offset_at_most(in->end, g->end);

		if (g->start >= in->end)
			break;
		if (g->end <= at)
			continue;
		write_bytes(e, s, in, offset_at_least(at, passed),
			    offset_at_most(g->start, in->end));
		overlap(e, s, in, from, to);
		at = to;
	}
	write_bytes(e, s, in, offset_at_least(at, passed), in->end);
}
