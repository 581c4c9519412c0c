/* SPDX-License-Identifier: Apache-2.0 */
/* What of a side's bytes may be looked at, by rules and parsers, and how far they have come. */
#include "engine/stream/side.h"

/* The end of what is ready of a region that holds or follows the inspected edge. */
static uint64_t ready_in(const struct stream_engine *e, const struct session *ssn,
			 const struct side *s, const struct region *g, bool all)
{
	/* Inline all that comes may pass: holes do not matter. */
	if (all || e->opt.use_inline || (s->flags & SIDE_ALL_READY))
		return g->end;
	/* One way only: a hole waits for its bytes, as long as side_pass_untold() lets it. */
	if (ssn->flags & SESSION_ASYNC)
		return g->start > side_passed_edge(e, s) ? 0 : g->end;
	/* Behind a hole that is acknowledged, as many bytes as were acknowledged with it: Suricata's way. */
	if (g->start > s->inspected &&
	    (s->settled > g->start || (s->settled == g->start && s->passed < s->settled)))
		return offset_at_most(g->end, g->start + (s->settled - s->inspected));
	/* Not yet known to be a gap. */
	if (g->start > side_passed_edge(e, s))
		return 0;
	return offset_at_most(g->end, s->settled);
}

bool side_view(const struct stream_engine *e, const struct session *ssn, const struct side *s,
	       bool all, struct stream_view *out)
{
	uint32_t at = s->regions;
	const struct region *g;
	uint64_t start, end;

	while (at && side_region_at(e, at)->end <= s->inspected)
		at = side_region_at(e, at)->next;
	if (!at)
		return false;
	g = side_region_at(e, at);
	end = ready_in(e, ssn, s, g, all);
	if (s->flags & SIDE_OPAQUE)
		end = offset_at_most(end, s->opaque);
	start = s->inspected > e->opt.window ? s->inspected - e->opt.window : 0;
	start = offset_at_least(start, g->start);
	if (end <= offset_at_least(start, s->inspected))
		return false;
	out->data = bytes_of(side_byte_at(e, s, start), end - start);
	out->offset = start;
	out->fresh = s->inspected > start ? s->inspected - start : 0;
	out->after_gap = g->after_gap && start == g->start;
	out->at_start = start == 0;
	return true;
}

bool side_brought(const struct stream_engine *e, const struct side *s, const struct packet *p,
		  size_t before, struct stream_view *out)
{
	uint32_t seq = p->tcp.seq + ((p->tcp.flags & TCP_SYN) ? 1 : 0);
	uint64_t start = (uint64_t)side_offset_of(s, seq), end = start + p->payload.len, from;
	uint32_t at = s->regions;

	while (at && side_region_at(e, at)->end < end)
		at = side_region_at(e, at)->next;
	if (!at || side_region_at(e, at)->start > start)
		return false;
	from = offset_at_least(side_region_at(e, at)->start, start > before ? start - before : 0);
	*out = (struct stream_view){ .data = bytes_of(side_byte_at(e, s, from), end - from),
				     .offset = from,
				     .fresh = start - from };
	return true;
}

/* The end of what a parser may have of a region that holds the parsed edge. */
static uint64_t parsable_in(const struct stream_engine *e, const struct session *ssn,
			    const struct side *s, const struct region *g, bool all)
{
	if (all || e->opt.use_inline || (ssn->flags & SESSION_ASYNC) || (s->flags & SIDE_ALL_READY))
		return g->end;
	return offset_at_most(g->end, s->settled);
}

/* No more has been acknowledged than was parsed, and nothing else makes bytes ready: so it is with most packets. */
static bool none_since(const struct stream_engine *e, const struct session *ssn,
		       const struct side *s, uint64_t at)
{
	return at >= s->settled && at >= side_passed_edge(e, s) &&
	       !(s->flags & (SIDE_RELEASED | SIDE_DEPTH | SIDE_ALL_READY)) &&
	       !(ssn->flags & SESSION_ASYNC) && ssn->state != TCP_STATE_CLOSED &&
	       !e->opt.use_inline;
}

bool side_unparsed(const struct stream_engine *e, const struct session *ssn, const struct side *s,
		   bool all, struct stream_unparsed *out)
{
	uint64_t at = s->flags & SIDE_PARSED ? s->parsed : 0, end = at;
	uint32_t i = s->regions;

	*out = (struct stream_unparsed){ .offset = at };
	if (at == STREAM_PARSED_ALL || (!all && none_since(e, ssn, s, at)))
		return false;
	if ((s->flags & SIDE_RELEASED) && !s->regions) {
		out->ended = true;
		return true;
	}
	while (i && side_region_at(e, i)->end <= at)
		i = side_region_at(e, i)->next;
	if (i && side_region_at(e, i)->start > at) {
		/* Or the hole is not yet known to stay one. */
		if (all || side_region_at(e, i)->start <= side_passed_edge(e, s)) {
			out->gap = side_region_at(e, i)->start - at;
			return true;
		}
	} else if (i) {
		end = offset_at_least(parsable_in(e, ssn, s, side_region_at(e, i), all), at);
		if (end > at)
			out->data = bytes_of(side_byte_at(e, s, at), end - at);
		if (end == side_region_at(e, i)->end && side_region_at(e, i)->next) {
			uint64_t next = side_region_at(e, side_region_at(e, i)->next)->start;

			if (all || next <= side_passed_edge(e, s))
				out->behind = next - end;
		}
	}
	if ((s->flags & SIDE_DEPTH) && end >= e->opt.depth)
		out->ended = true;
	else if (all || ssn->state == TCP_STATE_CLOSED)
		out->ended = end >= side_right_edge(e, s);
	return out->data.len > 0 || out->ended;
}

void side_parsed(struct stream_engine *e, struct side *s, uint64_t to)
{
	bool behind = s->parsed < s->inspected;

	s->flags |= SIDE_PARSED;
	if (to <= s->parsed)
		return;
	s->parsed = to;
	if (behind && s->regions)
		side_trim(e, s);
}

void side_inspected(struct stream_engine *e, struct side *s, uint64_t to)
{
	s->inspected = offset_at_least(s->inspected, to);
	if ((int32_t)(s->searched.to - (uint32_t)s->inspected) <= 0)
		side_unsearched(s);
	s->edge = offset_at_least(s->edge, to);
	s->flags &= (uint16_t)~SIDE_TRIGGER;
	if ((s->flags & SIDE_OPAQUE) && s->inspected >= s->opaque)
		side_release(e, s);
	else
		side_trim(e, s);
}

void side_close(struct stream_engine *e, struct side *s)
{
	if (s->flags & (SIDE_RELEASED | SIDE_OPAQUE))
		return;
	s->flags |= SIDE_OPAQUE;
	s->opaque = e->opt.use_inline ? side_right_edge(e, s) : s->settled;
	if (s->inspected >= s->opaque)
		side_release(e, s);
}

void side_hold(struct stream_engine *e, struct side *s, uint64_t from)
{
	if (from == STREAM_HOLD_NOTHING)
		s->flags &= (uint16_t)~SIDE_HELD;
	else
		s->flags |= SIDE_HELD;
	s->held = from;
	side_trim(e, s);
}

uint64_t side_ready(const struct stream_engine *e, const struct session *ssn, const struct side *s,
		    bool all)
{
	if (all || e->opt.use_inline || (ssn->flags & SESSION_ASYNC) || (s->flags & SIDE_ALL_READY))
		return side_right_edge(e, s);
	return s->settled;
}

bool side_run(const struct stream_engine *e, const struct side *s, uint64_t from, uint64_t to,
	      struct stream_run *out)
{
	uint32_t at = s->regions;
	uint64_t end;

	while (at && side_region_at(e, at)->end <= from)
		at = side_region_at(e, at)->next;
	if (!at || side_region_at(e, at)->start >= to)
		return false;
	out->offset = offset_at_least(side_region_at(e, at)->start, from);
	end = offset_at_most(side_region_at(e, at)->end, to);
	out->data = bytes_of(side_byte_at(e, s, out->offset), end - out->offset);
	return end > out->offset;
}

bool side_inspectable(const struct stream_engine *e, const struct session *ssn,
		      const struct side *s)
{
	const uint16_t at_once = SIDE_TRIGGER | SIDE_DEPTH | SIDE_ALL_READY;
	uint32_t least = e->opt.chunk_bytes[s != &ssn->side[0]];
	struct stream_view v;

	if (!side_view(e, ssn, s, false, &v))
		return false;
	if (!least || e->opt.use_inline || (s->flags & at_once) || ssn->state > TCP_STATE_TIME_WAIT)
		return true;
	return offset_at_least(s->settled, v.offset + v.data.len) - s->inspected >= least;
}

uint64_t side_left(const struct stream_engine *e, const struct side *s)
{
	return side_left_edge(e, s);
}

bool side_pending(const struct stream_engine *e, const struct side *s)
{
	uint64_t right = side_right_edge(e, s);

	return (s->flags & SIDE_OPAQUE ? offset_at_most(right, s->opaque) : right) > s->inspected;
}

bool side_awaited(const struct stream_engine *e, const struct side *s)
{
	return (s->flags & SIDE_PARSED) && s->parsed != STREAM_PARSED_ALL &&
	       s->parsed < side_right_edge(e, s);
}

void side_pieces(const struct stream_engine *e, const struct side *s, stream_piece_fn fn, void *ctx)
{
	uint64_t before = 0;
	bool first = true;

	for (uint32_t at = s->regions; at; at = side_region_at(e, at)->next) {
		const struct region *g = side_region_at(e, at);

		/* Where the left edge has passed, what lay before it was there. */
		if (first && !g->after_gap)
			before = g->start;
		else if (first)
			before = offset_at_most(side_left_edge(e, s), g->start);
		first = false;
		if (g->start > before)
			fn(ctx, NULL, g->start - before);
		fn(ctx, side_byte_at(e, s, g->start), g->end - g->start);
		before = g->end;
	}
}

void side_forget(struct stream_engine *e, struct side *s)
{
	side_unsearched(s);
	side_drop_regions(e, s);
	side_drop_segments(e, s);
	side_drop_buffer(e, s);
}

void side_release(struct stream_engine *e, struct side *s)
{
	side_forget(e, s);
	s->flags |= SIDE_RELEASED;
}

void side_untold(struct side *s)
{
	s->flags |= SIDE_UNTOLD;
}

void side_assume_ack(struct stream_engine *e, struct side *s)
{
	uint64_t whole = side_passed_edge(e, s);
	uint32_t at = s->regions;
	uint32_t ack;

	while (at && side_region_at(e, at)->end <= whole)
		at = side_region_at(e, at)->next;
	if (at && side_region_at(e, at)->start <= whole)
		whole = side_region_at(e, at)->end;
	if (whole > s->settled) {
		s->settled = whole;
		side_forget_segments(e, s);
	}
	s->passed = offset_at_least(s->passed, s->settled);
	ack = s->isn + 1 + s->urgent + (uint32_t)s->settled;
	if (seq_after(ack, s->last_ack))
		s->last_ack = ack;
	/* Nothing of it is stored that could tell what is whole. */
	if ((s->flags & SIDE_RELEASED) && seq_after(s->next_seq, s->last_ack))
		s->last_ack = s->next_seq;
	/* Whoever sends was let. */
	if (s->window < UINT16_MAX)
		s->window = UINT16_MAX;
}
