/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each side's bytes in order.  One buffer holds [left edge, right edge); a list of regions says
 * which of its bytes have come.  A segment that is next in order is one memcpy and one
 * addition; the rest of this file is for the others.
 */
#include "engine/stream/session.h"

/* Per side; what would need more is dropped and counted. */
#define REGIONS_MAX 256
#define SEGMENTS_MAX 256
/* Bytes behind a hole that nobody will acknowledge, before it is taken for a gap. */
#define UNTOLD_HOLE_BYTES (64u * 1024)
/* A hole that Suricata would not keep in one region of its buffer. */
#define REGION_FAR (256u * 1024)

static struct region *region_at(const struct stream_engine *e, uint32_t index)
{
	return pool_at(&e->regions, index);
}

static struct segment *segment_at(const struct stream_engine *e, uint32_t index)
{
	return pool_at(&e->segments, index);
}

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t at_least(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* --- offsets --------------------------------------------------------------------------------- */

/* Negative: before the first byte.  Right within 2 GiB of the highest offset known of. */
static int64_t offset_of(const struct side *s, uint32_t seq)
{
	uint32_t edge_seq = s->isn + 1 + s->urgent + (uint32_t)s->edge;
	/* Numbers up to the last urgent byte are counted without it. */
	bool before = s->urgent && !seq_after(seq, s->urgent_seq);

	return (int64_t)s->edge + (int32_t)(seq - edge_seq) + before;
}

static uint64_t acked_offset(const struct side *s)
{
	int64_t at = offset_of(s, s->last_ack);

	if (at < 0)
		return 0;
	/* The FIN has a number but is no byte. */
	if ((s->flags & SIDE_FIN) && (uint64_t)at > s->fin)
		return s->fin;
	return (uint64_t)at;
}

/* The lowest byte that somebody may still want. */
static uint64_t left_edge(const struct stream_engine *e, const struct side *s)
{
	uint64_t left = s->inspected > e->opt.window ? s->inspected - e->opt.window : 0;

	left = at_most(left, s->settled);
	if (s->flags & SIDE_PARSED)
		left = at_most(left, s->parsed);
	if (s->flags & SIDE_HELD)
		left = at_most(left, s->held);
	return left;
}

/* Below it bytes do not change any more: the receiver has taken them, or a rule has seen them. */
static uint64_t fixed_edge(const struct side *s)
{
	return at_least(s->inspected, s->settled);
}

/*
 * Below it holes are not filled any more: they were passed over.  Between the two edges a hole waits
 * for its bytes, which a capture may show after their acknowledgement.  Inline, bytes are inspected behind holes.
 */
static uint64_t passed_edge(const struct stream_engine *e, const struct side *s)
{
	return e->opt.use_inline ? s->passed : at_least(s->inspected, s->passed);
}

/* --- lists ----------------------------------------------------------------------------------- */

static void drop_regions(struct stream_engine *e, struct side *s)
{
	while (s->regions) {
		uint32_t index = s->regions;

		s->regions = region_at(e, index)->next;
		pool_put(&e->regions, index);
	}
	s->region_count = 0;
}

static void pop_segment(struct stream_engine *e, struct side *s)
{
	uint32_t index = s->segments;

	s->segments = segment_at(e, index)->next;
	if (!s->segments)
		s->last_segment = 0;
	s->segment_count--;
	pool_put(&e->segments, index);
}

static void drop_segments(struct stream_engine *e, struct side *s)
{
	while (s->segments)
		pop_segment(e, s);
}

static void drop_buffer(struct stream_engine *e, struct side *s)
{
	buffers_put(&e->buffers, s->buffer, s->order);
	s->buffer = 0;
}

/* The order of the list: by start, the longer one behind. */
static bool lies_behind(const struct segment *g, uint64_t start, uint32_t len)
{
	return g->start > start || (g->start == start && g->len > len);
}

/* Remember a segment until it is acknowledged. */
static void keep_segment(struct stream_engine *e, struct side *s, uint64_t start, uint32_t len,
			 uint16_t serial)
{
	uint32_t index = s->segment_count < SEGMENTS_MAX ? pool_get(&e->segments) : 0;
	uint32_t *at = &s->segments;

	if (!index) {
		e->counters->value[COUNTER_LIMITS_REACHED] += s->segment_count < SEGMENTS_MAX;
		s->flags |= SIDE_RECORDS_LOST;
		return;
	}
	if (s->last_segment && !lies_behind(segment_at(e, s->last_segment), start, len))
		at = &segment_at(e, s->last_segment)->next;
	while (*at && !lies_behind(segment_at(e, *at), start, len))
		at = &segment_at(e, *at)->next;
	*segment_at(e, index) =
		(struct segment){ .start = start, .serial = serial, .len = len, .next = *at };
	*at = index;
	if (!segment_at(e, index)->next)
		s->last_segment = index;
	s->segment_count++;
}

static void remove_segment(struct stream_engine *e, struct side *s, uint32_t *at, uint32_t before)
{
	uint32_t index = *at;

	*at = segment_at(e, index)->next;
	if (s->last_segment == index)
		s->last_segment = before;
	s->segment_count--;
	pool_put(&e->segments, index);
}

/*
 * Where a segment of the queue begins that ends where this one begins: the two are joined, unless one that came before
 * that has the first byte (the older one is met first in the receiver's tree).
 */
static uint64_t joined_start(const struct stream_engine *e, const struct side *s, uint64_t start)
{
	const struct segment *joined = NULL, *holds = NULL;

	for (uint32_t at = s->segments; at; at = segment_at(e, at)->next) {
		const struct segment *g = segment_at(e, at);

		if (g->start > start)
			break;
		if (g->start + g->len == start)
			joined = joined ? joined : g;
		else if (g->start + g->len > start)
			holds = holds ? holds : g;
	}
	if (!joined || (holds && (int16_t)(holds->serial - joined->serial) < 0))
		return start;
	return joined->start;
}

/*
 * The queue of a receiver that leaves out what one of its segments covers, and drops those that a new one covers:
 * Linux, tcp_data_queue_ofo().
 */
static void queue_segment(struct stream_engine *e, struct side *s, uint64_t start, uint32_t len)
{
	uint32_t *at = &s->segments, before = 0;
	uint16_t serial = s->serial++;
	uint64_t end = start + len;

	while (*at && !lies_behind(segment_at(e, *at), start, len)) {
		struct segment *g = segment_at(e, *at);
		uint64_t behind = g->start + g->len;

		if (end <= behind)
			return;
		if (g->start == start) {
			serial = g->serial;
			remove_segment(e, s, at, before);
			continue;
		}
		before = *at;
		at = &g->next;
	}
	if (*at && segment_at(e, *at)->start == start)
		return;
	while (*at && segment_at(e, *at)->start < end &&
	       segment_at(e, *at)->start + segment_at(e, *at)->len <= end)
		remove_segment(e, s, at, before);
	keep_segment(e, s, start, len, serial);
}

static void note_segment(struct stream_engine *e, struct side *s, uint64_t start, uint32_t len)
{
	if (policy_delivers((enum stream_policy)s->policy))
		queue_segment(e, s, start, len);
	else
		keep_segment(e, s, start, len, s->serial++);
}

static void forget_segments(struct stream_engine *e, struct side *s)
{
	while (s->segments) {
		const struct segment *g = segment_at(e, s->segments);

		if (g->start + g->len > s->settled)
			break;
		pop_segment(e, s);
	}
	if (!s->segments)
		s->flags &= (uint16_t)~SIDE_RECORDS_LOST;
}

/* Give up what lies left of the left edge. */
static void trim(struct stream_engine *e, struct side *s)
{
	uint64_t left = left_edge(e, s);

	while (s->regions) {
		uint32_t index = s->regions;
		struct region *g = region_at(e, index);

		if (g->start >= left)
			break;
		if (g->end > left) {
			g->start = left;
			g->after_gap = false;
			break;
		}
		s->regions = g->next;
		s->region_count--;
		pool_put(&e->regions, index);
	}
	if (!s->regions)
		drop_buffer(e, s);
}

/* --- room ------------------------------------------------------------------------------------ */

static uint8_t *byte_at(const struct stream_engine *e, const struct side *s, uint64_t offset)
{
	return buffers_at(&e->buffers, s->buffer) + (offset - s->origin);
}

static uint64_t right_edge(const struct stream_engine *e, const struct side *s)
{
	uint64_t right = 0;

	for (uint32_t at = s->regions; at; at = region_at(e, at)->next)
		right = region_at(e, at)->end;
	return right;
}

/* Where what is held begins; the buffer can slide up to here. */
static uint64_t held_edge(const struct stream_engine *e, const struct side *s, uint64_t start)
{
	return s->regions ? at_most(region_at(e, s->regions)->start, start) : start;
}

static bool move(struct stream_engine *e, struct side *s, uint64_t origin, unsigned order)
{
	uint64_t right = right_edge(e, s);
	uint32_t block = buffers_get(&e->buffers, order);
	uint64_t from = at_least(origin, s->origin);

	if (!block)
		return false;
	if (s->buffer && right > from)
		memcpy(buffers_at(&e->buffers, block) + (from - origin), byte_at(e, s, from),
		       right - from);
	drop_buffer(e, s);
	s->buffer = block;
	s->order = (uint8_t)order;
	s->origin = origin;
	return true;
}

static bool slide(struct stream_engine *e, struct side *s, uint64_t origin)
{
	uint64_t right = right_edge(e, s);

	if (!s->buffer || origin < s->origin)
		return false;
	if (right > origin)
		memmove(buffers_at(&e->buffers, s->buffer), byte_at(e, s, origin), right - origin);
	s->origin = origin;
	return true;
}

/*
 * Make the buffer reach over [start, end) and all that it holds.  A slide copies what is held, a
 * move into a larger block as well; both happen only after a third as many bytes again have come,
 * so that a byte is copied a bounded number of times.
 */
static bool make_room(struct stream_engine *e, struct side *s, uint64_t start, uint64_t end)
{
	size_t size = (size_t)BUFFER_MIN_BYTES << s->order;
	uint64_t origin, need;
	unsigned order;

	if (s->buffer && start >= s->origin && end <= s->origin + size)
		return true;
	trim(e, s);
	origin = held_edge(e, s, start);
	need = at_least(end, right_edge(e, s)) - origin;
	if (need <= size / 4 * 3 && slide(e, s, origin))
		return true;
	/* Room to slide in; as much as is needed where that is not to be had. */
	order = buffers_order(s->buffer ? need / 3 * 4 + 4 : need);
	if (order < BUFFER_ORDERS && move(e, s, origin, order))
		return true;
	if (need <= size && slide(e, s, origin))
		return true;
	order = buffers_order(need);
	return order < BUFFER_ORDERS && move(e, s, origin, order);
}

/* --- regions --------------------------------------------------------------------------------- */

/* Note that [start, end) has come: joins every region that it touches. */
static bool add_region(struct stream_engine *e, struct side *s, uint64_t start, uint64_t end)
{
	uint32_t *at = &s->regions;
	struct region *g;
	uint32_t index;

	while (*at && region_at(e, *at)->end < start)
		at = &region_at(e, *at)->next;
	if (!*at || region_at(e, *at)->start > end) {
		index = s->region_count < REGIONS_MAX ? pool_get(&e->regions) : 0;
		if (!index)
			return false;
		*region_at(e, index) = (struct region){
			.start = start, .end = end, .next = *at, .after_gap = start > 0
		};
		*at = index;
		s->region_count++;
		return true;
	}
	g = region_at(e, *at);
	if (start < g->start) {
		g->start = start;
		g->after_gap = start > 0;
	}
	g->end = at_least(g->end, end);
	while (g->next && region_at(e, g->next)->start <= g->end) {
		index = g->next;
		g->end = at_least(g->end, region_at(e, index)->end);
		g->next = region_at(e, index)->next;
		s->region_count--;
		pool_put(&e->regions, index);
	}
	return true;
}

/* --- overlap --------------------------------------------------------------------------------- */

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

static void write_bytes(const struct stream_engine *e, const struct side *s,
			const struct incoming *in, uint64_t from, uint64_t to)
{
	if (from < to)
		memcpy(byte_at(e, s, from), in->data + (from - in->start), to - from);
}

/* What is in order is the application's at once: below it Linux takes nothing twice. */
static uint64_t delivered_edge(const struct stream_engine *e, const struct side *s)
{
	uint64_t edge = passed_edge(e, s);

	for (uint32_t at = s->regions; at; at = region_at(e, at)->next) {
		if (region_at(e, at)->start > edge)
			break;
		edge = at_least(edge, region_at(e, at)->end);
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
	from = at_least(from, fixed_edge(s));
	if (policy_delivers((enum stream_policy)s->policy))
		from = at_least(from, delivered_edge(e, s));
	for (uint32_t at = s->segments; at && from < to; at = segment_at(e, at)->next) {
		const struct segment *g = segment_at(e, at);
		struct extent older = { g->start, g->start + g->len };

		if (older.end <= from || older.start >= to ||
		    policy_newer_wins((enum stream_policy)s->policy, older, in->whole))
			continue;
		write_bytes(e, s, in, from, at_most(older.start, to));
		from = older.end;
	}
	write_bytes(e, s, in, from, to);
}

/* Both versions of [from, to), from the first byte that differs on. */
static void note_versions(struct stream_engine *e, const struct side *s, const struct incoming *in,
			  uint64_t from, uint64_t to)
{
	struct packet_overlap *o = &e->overlap;
	const uint8_t *older = byte_at(e, s, from), *newer = in->data + (from - in->start);
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
	const struct bytes first = bytes_of(byte_at(e, s, from), to - from);
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
	if (memcmp(byte_at(e, s, from), in->data + (from - in->start), to - from) == 0)
		return;
	in->different = true;
	if (first)
		note_versions(e, s, in, from, to);
	if (e->opt.use_inline)
		keep_first(e, s, in, from, to);
	else
		decide(e, s, in, from, to);
	if (first)
		e->overlap.newer_kept = *byte_at(e, s, e->overlap.offset) == e->overlap.newer[0];
}

/* Lay a segment over what is there: new bytes into the holes, the rest as the policy says. */
static void lay(struct stream_engine *e, const struct side *s, struct incoming *in)
{
	uint64_t passed = passed_edge(e, s);
	uint64_t at = in->start;

	for (uint32_t i = s->regions; i && at < in->end; i = region_at(e, i)->next) {
		const struct region *g = region_at(e, i);
		uint64_t from = at_least(at, g->start);
		uint64_t to = at_most(in->end, g->end);

		if (g->start >= in->end)
			break;
		if (g->end <= at)
			continue;
		write_bytes(e, s, in, at_least(at, passed), at_most(g->start, in->end));
		overlap(e, s, in, from, to);
		at = to;
	}
	write_bytes(e, s, in, at_least(at, passed), in->end);
}

/* --- inline ---------------------------------------------------------------------------------- */

/* It comes once more, or fills a hole: it is looked at again, for it may be what passes. */
static void look_again(struct side *s, uint64_t from)
{
	if (from >= s->inspected)
		return;
	s->inspected = from;
	side_unsearched(s);
}

/* --- taking a segment in --------------------------------------------------------------------- */

static void drop(struct stream_engine *e, struct packet *p)
{
	packet_exception(p, EXCEPTION_REASSEMBLY_MEMCAP);
	e->counters->value[COUNTER_TCP_SEGMENT_MEMCAP_DROP]++;
	e->counters->value[COUNTER_LIMITS_REACHED]++;
}

/* Cut what lies past the depth.  False: all of it does. */
static bool cut_depth(struct stream_engine *e, struct side *s, struct packet *p, uint64_t start,
		      uint64_t *end)
{
	uint64_t depth = e->opt.depth;

	if (!depth || *end <= depth)
		return true;
	if (!(s->flags & SIDE_DEPTH)) {
		s->flags |= SIDE_DEPTH;
		e->counters->value[COUNTER_TCP_STREAM_DEPTH_REACHED]++;
		packet_event(p, EVENT_STREAM_REASSEMBLY_DEPTH_REACHED);
	}
	*end = depth;
	return start < depth;
}

/* The plain case: the bytes after the only region, and a buffer that has room. */
static bool append(struct stream_engine *e, struct side *s, const struct incoming *in)
{
	struct region *g;

	if (!s->regions)
		return false;
	g = region_at(e, s->regions);
	if (g->next || g->end != in->start || !make_room(e, s, in->start, in->end) || !s->regions)
		return false;
	g = region_at(e, s->regions);
	memcpy(byte_at(e, s, in->start), in->data, in->end - in->start);
	g->end = in->end;
	return true;
}

static bool insert(struct stream_engine *e, struct side *s, struct packet *p, struct incoming *in)
{
	uint64_t from = at_least(in->start, passed_edge(e, s));

	if (append(e, s, in)) {
		in->in_order = true;
		return true;
	}
	if (from < in->end) {
		s->max_regions += in->far;
		if (!make_room(e, s, from, in->end)) {
			drop(e, p);
			return false;
		}
	}
	if (s->buffer)
		lay(e, s, in);
	if (in->overlap)
		e->counters->value[COUNTER_TCP_OVERLAP]++;
	if (in->different) {
		e->counters->value[COUNTER_TCP_OVERLAP_DIFF_DATA]++;
		p->overlap = &e->overlap;
		packet_event(p, EVENT_STREAM_REASSEMBLY_OVERLAP_DIFFERENT_DATA);
		side_unsearched(s);
	}
	if (from < in->end && !add_region(e, s, from, in->end)) {
		drop(e, p);
		return false;
	}
	in->in_order = !in->overlap && from == in->start && right_edge(e, s) == in->end;
	return true;
}

/*
 * What is acknowledged of holes that have bytes behind them will not come.  A hole that nothing
 * follows may yet be filled: the capture may have turned the order.
 */
static void pass_gaps(const struct step *st, struct side *s)
{
	struct stream_engine *e = st->e;
	uint64_t at = s->passed;
	unsigned gaps = 0;

	if (s->flags & SIDE_RELEASED)
		return;
	for (uint32_t i = s->regions; i && at < s->settled; i = region_at(e, i)->next) {
		const struct region *g = region_at(e, i);

		if (g->end <= at)
			continue;
		if (g->start > at)
			gaps++;
		at = at_most(g->start < s->settled ? g->end : g->start, s->settled);
	}
	s->passed = at;
	if (!gaps)
		return;
	s->flags |= SIDE_GAP;
	e->counters->value[COUNTER_TCP_REASSEMBLY_GAP] += gaps;
	packet_event(st->p, EVENT_STREAM_REASSEMBLY_SEQ_GAP);
}

/*
 * No acknowledgement will tell that a hole is a gap.  It is taken for one when so much has come behind it that
 * the sender must have got one since; what lies behind a hole at the end is inspected when the flow ends.
 */
static void pass_untold(const struct step *st, struct side *s)
{
	struct stream_engine *e = st->e;
	uint64_t passed = passed_edge(e, s);
	uint32_t at = s->regions;

	while (at && region_at(e, at)->end <= passed)
		at = region_at(e, at)->next;
	if (!at || region_at(e, at)->start <= passed ||
	    right_edge(e, s) - region_at(e, at)->start < UNTOLD_HOLE_BYTES)
		return;
	s->passed = region_at(e, at)->start;
	s->flags |= SIDE_GAP;
	e->counters->value[COUNTER_TCP_REASSEMBLY_GAP]++;
	packet_event(st->p, EVENT_STREAM_REASSEMBLY_SEQ_GAP);
}

static void take_bytes(const struct step *st, uint32_t seq, struct bytes bytes)
{
	struct stream_engine *e = st->e;
	struct side *s = st->s;
	struct packet *p = st->p;
	int64_t offset = offset_of(s, seq);
	uint64_t len = bytes.len;
	const uint8_t *data = bytes.data;
	struct incoming in;
	uint64_t left;

	if (offset < 0) {
		if ((uint64_t)-offset >= len) {
			packet_event(p, EVENT_STREAM_REASSEMBLY_SEGMENT_BEFORE_BASE_SEQ);
			return;
		}
		data += -offset;
		len -= (uint64_t)-offset;
		offset = 0;
	}
	/* Behind a FIN that the receiver has acknowledged it reads nothing. */
	if ((s->flags & SIDE_FIN) && (uint64_t)offset >= s->fin &&
	    seq_after(s->last_ack, fin_seq(s)))
		return;
	in = (struct incoming){
		.data = data, .packet = p, .start = (uint64_t)offset, .end = (uint64_t)offset + len
	};
	in.whole = (struct extent){ in.start, in.end };
	if (s->segments && policy_delivers((enum stream_policy)s->policy))
		in.whole.start = joined_start(e, s, in.start);
	in.far = in.start > s->edge + REGION_FAR;
	s->edge = at_least(s->edge, in.end);
	if (!cut_depth(e, s, p, in.start, &in.end) || (s->flags & SIDE_RELEASED))
		return;
	p->stream_added = true;
	/* Nobody acknowledges: what has been inspected is settled. */
	if ((st->ssn->flags & SESSION_ASYNC) || (s->flags & SIDE_ALL_READY))
		s->settled = at_least(s->settled, s->inspected);
	/* What is older than all that is held has been taken, and nothing is there to compare. */
	left = held_edge(e, s, passed_edge(e, s));
	/* Whether that was the same, nobody can tell any more. */
	e->counters->value[COUNTER_OVERLAP_UNKNOWN] += in.start < left;
	if (in.end <= left) {
		/* Taken before; or of a gap, and then nobody has looked at it. */
		p->stream_added = !(s->flags & SIDE_GAP);
		return;
	}
	if (in.start < left) {
		in.data += left - in.start;
		in.start = left;
	}
	in.at = (size_t)(in.data - p->payload.data);
	if (!insert(e, s, p, &in)) {
		p->stream_added = false;
		return;
	}
	if (e->opt.use_inline) {
		look_again(s, in.start);
		/* The receiver told of the hole before, and now there are bytes behind it. */
		if (s->passed < s->settled)
			pass_gaps(st, s);
	}
	p->stream_in_order =
		in.in_order && in.data == p->payload.data && in.end - in.start == p->payload.len;
	/* All of it belongs to a gap that was passed. */
	if (in.end <= passed_edge(e, s) && !in.overlap)
		p->stream_added = false;
	if (in.end > s->settled)
		note_segment(e, s, in.whole.start, (uint32_t)(in.whole.end - in.whole.start));
	if ((s->flags & SIDE_UNTOLD) || (st->ssn->flags & SESSION_ASYNC))
		pass_untold(st, s);
}

/* RFC 6093, section 3.1: the byte before the one that the pointer names, as all receivers have it. */
static uint32_t urgent_seq_of(const struct packet *p)
{
	return p->tcp.seq + (p->tcp.urgent ? p->tcp.urgent - 1u : 0);
}

/* A new urgent byte among these, with nothing behind it that has been placed already.  False: there have been too many. */
static bool note_urgent(const struct step *st, uint32_t seq, size_t len)
{
	struct side *s = st->s;
	uint32_t at = urgent_seq_of(st->p);

	if (at - seq >= len || (s->urgent && !seq_after(at, s->urgent_seq)) ||
	    offset_of(s, at) < (int64_t)s->edge)
		return true;
	if (s->urgent == UINT16_MAX) {
		packet_event(st->p, EVENT_STREAM_REASSEMBLY_URGENT_OOB_LIMIT_REACHED);
		return false;
	}
	/* The number after it keeps its place once the byte has none. */
	s->urgent++;
	s->urgent_seq = at;
	st->e->counters->value[COUNTER_TCP_URGENT_OOB_DATA]++;
	return true;
}

static void take(const struct step *st)
{
	struct packet *p = st->p;
	enum stream_urgent policy = st->e->opt.urgent;
	bool urgent = p->tcp.flags & TCP_URG;
	uint32_t seq = p->tcp.seq + (p->tcp.flags & TCP_SYN ? 1 : 0);
	size_t from = 0, len = p->payload.len;

	if (urgent && policy == STREAM_URGENT_OOB && !note_urgent(st, seq, len))
		policy = st->e->opt.urgent_limit;
	if (urgent && policy == STREAM_URGENT_DROP) {
		p->dropped = p->dropped_urgent = st->e->opt.use_inline;
		return;
	}
	if (urgent && policy == STREAM_URGENT_GAP) {
		size_t skip = urgent_seq_of(p) - seq + 1u;

		from = skip <= len ? skip : 0;
	}
	if (st->s->urgent && st->s->urgent_seq - seq - from < len - from) {
		size_t at = st->s->urgent_seq - seq;

		if (at > from)
			take_bytes(st, seq + (uint32_t)from, bytes_slice(p->payload, from, at));
		from = at + 1;
	}
	/* What has been taken may have been rewritten: the payload is elsewhere. */
	if (from < len)
		take_bytes(st, seq + (uint32_t)from, bytes_slice(p->payload, from, len));
}

/* --- acknowledgement ------------------------------------------------------------------------- */

/*
 * The receiver has all up to its ACK.  A RST's ACK tells what is ready, but ends the session: it is
 * too late to miss something.
 */
static void settle(const struct step *st, struct side *s)
{
	uint64_t acked;

	/* One way only: nobody tells what the other side has. */
	if ((st->ssn->flags & SESSION_ASYNC) || !s->tcp_flags)
		return;
	acked = acked_offset(s);
	if (acked > s->settled) {
		s->settled = acked;
		forget_segments(st->e, s);
	}
	if (s->passed < s->settled && !(st->p->tcp.flags & TCP_RST))
		pass_gaps(st, s);
	if (acked <= s->edge)
		return;
	s->edge = acked;
	if (!(st->p->tcp.flags & TCP_RST))
		st->e->counters->value[COUNTER_TCP_ACK_UNSEEN_DATA]++;
}

static void note_fin(const struct step *st)
{
	struct side *s = st->s;
	int64_t fin = offset_of(s, st->p->tcp.seq + (uint32_t)st->p->payload.len);

	if ((s->flags & SIDE_FIN) || fin < 0)
		return;
	s->fin = (uint64_t)fin;
	s->flags |= SIDE_FIN;
}

void reassemble(const struct step *st)
{
	const struct packet *p = st->p;

	if (p->tcp.flags & TCP_ACK)
		settle(st, st->r);
	/* What a RST carries (RFC 1122, section 4.2.2.12) tells why; no application reads it. */
	if (p->payload.len && !(p->tcp.flags & TCP_RST) &&
	    (!(p->tcp.flags & TCP_SYN) || (st->ssn->flags & SESSION_FAST_OPEN)))
		take(st);
	if (p->tcp.flags & TCP_FIN)
		note_fin(st);
}

void side_begin(struct stream_engine *e, struct side *s, uint32_t isn)
{
	side_forget(e, s);
	s->isn = isn;
	s->urgent = 0;
	s->edge = 0;
	s->settled = 0;
	s->passed = 0;
	s->inspected = 0;
	s->parsed = 0;
	s->flags &= (uint16_t)~SIDE_HELD;
	if (!s->max_regions)
		s->max_regions = 1;
}

/* --- what may be looked at ------------------------------------------------------------------- */

/* The end of what is ready of a region that holds or follows the inspected edge. */
static uint64_t ready_in(const struct stream_engine *e, const struct session *ssn,
			 const struct side *s, const struct region *g, bool all)
{
	/* Inline all that comes may pass: holes do not matter. */
	if (all || e->opt.use_inline || (s->flags & SIDE_ALL_READY))
		return g->end;
	/* One way only: a hole waits for its bytes, as long as pass_untold() lets it. */
	if (ssn->flags & SESSION_ASYNC)
		return g->start > passed_edge(e, s) ? 0 : g->end;
	/* Behind a hole that is acknowledged, as many bytes as were acknowledged with it: Suricata's way. */
	if (g->start > s->inspected &&
	    (s->settled > g->start || (s->settled == g->start && s->passed < s->settled)))
		return at_most(g->end, g->start + (s->settled - s->inspected));
	/* Not yet known to be a gap. */
	if (g->start > passed_edge(e, s))
		return 0;
	return at_most(g->end, s->settled);
}

bool side_view(const struct stream_engine *e, const struct session *ssn, const struct side *s,
	       bool all, struct stream_view *out)
{
	uint32_t at = s->regions;
	const struct region *g;
	uint64_t start, end;

	while (at && region_at(e, at)->end <= s->inspected)
		at = region_at(e, at)->next;
	if (!at)
		return false;
	g = region_at(e, at);
	end = ready_in(e, ssn, s, g, all);
	if (s->flags & SIDE_OPAQUE)
		end = at_most(end, s->opaque);
	start = s->inspected > e->opt.window ? s->inspected - e->opt.window : 0;
	start = at_least(start, g->start);
	if (end <= at_least(start, s->inspected))
		return false;
	out->data = bytes_of(byte_at(e, s, start), end - start);
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
	uint64_t start = (uint64_t)offset_of(s, seq), end = start + p->payload.len, from;
	uint32_t at = s->regions;

	while (at && region_at(e, at)->end < end)
		at = region_at(e, at)->next;
	if (!at || region_at(e, at)->start > start)
		return false;
	from = at_least(region_at(e, at)->start, start > before ? start - before : 0);
	*out = (struct stream_view){ .data = bytes_of(byte_at(e, s, from), end - from),
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
	return at_most(g->end, s->settled);
}

bool side_unparsed(const struct stream_engine *e, const struct session *ssn, const struct side *s,
		   bool all, struct stream_unparsed *out)
{
	uint64_t at = s->flags & SIDE_PARSED ? s->parsed : 0, end = at;
	uint32_t i = s->regions;

	*out = (struct stream_unparsed){ .offset = at };
	if (at == STREAM_PARSED_ALL)
		return false;
	if ((s->flags & SIDE_RELEASED) && !s->regions) {
		out->ended = true;
		return true;
	}
	while (i && region_at(e, i)->end <= at)
		i = region_at(e, i)->next;
	if (i && region_at(e, i)->start > at) {
		/* Or the hole is not yet known to stay one. */
		if (all || region_at(e, i)->start <= passed_edge(e, s)) {
			out->gap = region_at(e, i)->start - at;
			return true;
		}
	} else if (i) {
		end = at_least(parsable_in(e, ssn, s, region_at(e, i), all), at);
		if (end > at)
			out->data = bytes_of(byte_at(e, s, at), end - at);
		if (end == region_at(e, i)->end && region_at(e, i)->next) {
			uint64_t next = region_at(e, region_at(e, i)->next)->start;

			if (all || next <= passed_edge(e, s))
				out->behind = next - end;
		}
	}
	if ((s->flags & SIDE_DEPTH) && end >= e->opt.depth)
		out->ended = true;
	else if (all || ssn->state == TCP_STATE_CLOSED)
		out->ended = end >= right_edge(e, s);
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
		trim(e, s);
}

void side_inspected(struct stream_engine *e, struct side *s, uint64_t to)
{
	s->inspected = at_least(s->inspected, to);
	if ((int32_t)(s->searched.to - (uint32_t)s->inspected) <= 0)
		side_unsearched(s);
	s->edge = at_least(s->edge, to);
	s->flags &= (uint16_t)~SIDE_TRIGGER;
	if ((s->flags & SIDE_OPAQUE) && s->inspected >= s->opaque)
		side_release(e, s);
	else
		trim(e, s);
}

void side_close(struct stream_engine *e, struct side *s)
{
	if (s->flags & (SIDE_RELEASED | SIDE_OPAQUE))
		return;
	s->flags |= SIDE_OPAQUE;
	s->opaque = e->opt.use_inline ? right_edge(e, s) : s->settled;
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
	trim(e, s);
}

uint64_t side_ready(const struct stream_engine *e, const struct session *ssn, const struct side *s,
		    bool all)
{
	if (all || e->opt.use_inline || (ssn->flags & SESSION_ASYNC) || (s->flags & SIDE_ALL_READY))
		return right_edge(e, s);
	return s->settled;
}

bool side_run(const struct stream_engine *e, const struct side *s, uint64_t from, uint64_t to,
	      struct stream_run *out)
{
	uint32_t at = s->regions;
	uint64_t end;

	while (at && region_at(e, at)->end <= from)
		at = region_at(e, at)->next;
	if (!at || region_at(e, at)->start >= to)
		return false;
	out->offset = at_least(region_at(e, at)->start, from);
	end = at_most(region_at(e, at)->end, to);
	out->data = bytes_of(byte_at(e, s, out->offset), end - out->offset);
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
	return at_least(s->settled, v.offset + v.data.len) - s->inspected >= least;
}

uint64_t side_left(const struct stream_engine *e, const struct side *s)
{
	return left_edge(e, s);
}

bool side_pending(const struct stream_engine *e, const struct side *s)
{
	uint64_t right = right_edge(e, s);

	return (s->flags & SIDE_OPAQUE ? at_most(right, s->opaque) : right) > s->inspected;
}

bool side_awaited(const struct stream_engine *e, const struct side *s)
{
	return (s->flags & SIDE_PARSED) && s->parsed != STREAM_PARSED_ALL &&
	       s->parsed < right_edge(e, s);
}

void side_pieces(const struct stream_engine *e, const struct side *s, stream_piece_fn fn, void *ctx)
{
	uint64_t before = 0;
	bool first = true;

	for (uint32_t at = s->regions; at; at = region_at(e, at)->next) {
		const struct region *g = region_at(e, at);

		/* Where the left edge has passed, what lay before it was there. */
		if (first && !g->after_gap)
			before = g->start;
		else if (first)
			before = at_most(left_edge(e, s), g->start);
		first = false;
		if (g->start > before)
			fn(ctx, NULL, g->start - before);
		fn(ctx, byte_at(e, s, g->start), g->end - g->start);
		before = g->end;
	}
}

void side_forget(struct stream_engine *e, struct side *s)
{
	side_unsearched(s);
	drop_regions(e, s);
	drop_segments(e, s);
	drop_buffer(e, s);
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
	uint64_t whole = passed_edge(e, s);
	uint32_t at = s->regions;
	uint32_t ack;

	while (at && region_at(e, at)->end <= whole)
		at = region_at(e, at)->next;
	if (at && region_at(e, at)->start <= whole)
		whole = region_at(e, at)->end;
	if (whole > s->settled) {
		s->settled = whole;
		forget_segments(e, s);
	}
	s->passed = at_least(s->passed, s->settled);
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
