/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each side's bytes in order.  One buffer holds [left edge, right edge); a list of regions says
 * which of its bytes have come.  A segment that is next in order is one memcpy and one
 * addition; the rest of this file is for the others.
 */
#include "engine/stream/side.h"

/* Per side; what would need more is dropped and counted. */
#define REGIONS_MAX 256
#define SEGMENTS_MAX 256
/* Bytes behind a hole that nobody will acknowledge, before it is taken for a gap. */
#define UNTOLD_HOLE_BYTES (64u * 1024)
/* A hole that Suricata would not keep in one region of its buffer. */
#define REGION_FAR (256u * 1024)

/* --- offsets --------------------------------------------------------------------------------- */

static uint64_t acked_offset(const struct side *s)
{
	int64_t at = side_offset_of(s, s->last_ack);

	if (at < 0)
		return 0;
	/* The FIN has a number but is no byte. */
	if ((s->flags & SIDE_FIN) && (uint64_t)at > s->fin)
		return s->fin;
	return (uint64_t)at;
}

/* --- lists ----------------------------------------------------------------------------------- */

void side_drop_regions(struct stream_engine *e, struct side *s)
{
	while (s->regions) {
		uint32_t index = s->regions;

		s->regions = side_region_at(e, index)->next;
		pool_put(&e->regions, index);
	}
	s->region_count = 0;
}

static void pop_segment(struct stream_engine *e, struct side *s)
{
	uint32_t index = s->segments;

	s->segments = side_segment_at(e, index)->next;
	if (!s->segments)
		s->last_segment = 0;
	s->segment_count--;
	pool_put(&e->segments, index);
}

void side_drop_segments(struct stream_engine *e, struct side *s)
{
	while (s->segments)
		pop_segment(e, s);
}

void side_drop_buffer(struct stream_engine *e, struct side *s)
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
	if (s->last_segment && !lies_behind(side_segment_at(e, s->last_segment), start, len))
		at = &side_segment_at(e, s->last_segment)->next;
	while (*at && !lies_behind(side_segment_at(e, *at), start, len))
		at = &side_segment_at(e, *at)->next;
	*side_segment_at(e, index) =
		(struct segment){ .start = start, .serial = serial, .len = len, .next = *at };
	*at = index;
	if (!side_segment_at(e, index)->next)
		s->last_segment = index;
	s->segment_count++;
}

static void remove_segment(struct stream_engine *e, struct side *s, uint32_t *at, uint32_t before)
{
	uint32_t index = *at;

	*at = side_segment_at(e, index)->next;
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

	for (uint32_t at = s->segments; at; at = side_segment_at(e, at)->next) {
		const struct segment *g = side_segment_at(e, at);

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

	while (*at && !lies_behind(side_segment_at(e, *at), start, len)) {
		struct segment *g = side_segment_at(e, *at);
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
	if (*at && side_segment_at(e, *at)->start == start)
		return;
	while (*at && side_segment_at(e, *at)->start < end &&
	       side_segment_at(e, *at)->start + side_segment_at(e, *at)->len <= end)
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

__attribute__((noinline)) void side_forget_segments(struct stream_engine *e, struct side *s)
{
	while (s->segments) {
		const struct segment *g = side_segment_at(e, s->segments);

		if (g->start + g->len > s->settled)
			break;
		pop_segment(e, s);
	}
	if (!s->segments)
		s->flags &= (uint16_t)~SIDE_RECORDS_LOST;
}

void side_trim(struct stream_engine *e, struct side *s)
{
	uint64_t left = side_left_edge(e, s);

	while (s->regions) {
		uint32_t index = s->regions;
		struct region *g = side_region_at(e, index);

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
		side_drop_buffer(e, s);
}

/* --- room ------------------------------------------------------------------------------------ */

/* Where what is held begins; the buffer can slide up to here. */
static uint64_t held_edge(const struct stream_engine *e, const struct side *s, uint64_t start)
{
	return s->regions ? offset_at_most(side_region_at(e, s->regions)->start, start) : start;
}

static bool move(struct stream_engine *e, struct side *s, uint64_t origin, unsigned order)
{
	uint64_t right = side_right_edge(e, s);
	uint32_t block = buffers_get(&e->buffers, order);
	uint64_t from = offset_at_least(origin, s->origin);

	if (!block)
		return false;
	if (s->buffer && right > from)
		memcpy(buffers_at(&e->buffers, block) + (from - origin), side_byte_at(e, s, from),
		       right - from);
	side_drop_buffer(e, s);
	s->buffer = block;
	s->order = (uint8_t)order;
	s->origin = origin;
	return true;
}

static bool slide(struct stream_engine *e, struct side *s, uint64_t origin)
{
	uint64_t right = side_right_edge(e, s);

	if (!s->buffer || origin < s->origin)
		return false;
	if (right > origin)
		memmove(buffers_at(&e->buffers, s->buffer), side_byte_at(e, s, origin),
			right - origin);
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
	side_trim(e, s);
	origin = held_edge(e, s, start);
	need = offset_at_least(end, side_right_edge(e, s)) - origin;
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

	while (*at && side_region_at(e, *at)->end < start)
		at = &side_region_at(e, *at)->next;
	if (!*at || side_region_at(e, *at)->start > end) {
		index = s->region_count < REGIONS_MAX ? pool_get(&e->regions) : 0;
		if (!index)
			return false;
		*side_region_at(e, index) = (struct region){
			.start = start, .end = end, .next = *at, .after_gap = start > 0
		};
		*at = index;
		s->region_count++;
		return true;
	}
	g = side_region_at(e, *at);
	if (start < g->start) {
		g->start = start;
		g->after_gap = start > 0;
	}
	g->end = offset_at_least(g->end, end);
	while (g->next && side_region_at(e, g->next)->start <= g->end) {
		index = g->next;
		g->end = offset_at_least(g->end, side_region_at(e, index)->end);
		g->next = side_region_at(e, index)->next;
		s->region_count--;
		pool_put(&e->regions, index);
	}
	return true;
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

/* The plain case: the bytes after the only region, and a buffer that has room. */
static bool append(struct stream_engine *e, struct side *s, const struct incoming *in)
{
	struct region *g;

	if (!s->regions)
		return false;
	g = side_region_at(e, s->regions);
	if (g->next || g->end != in->start || !make_room(e, s, in->start, in->end) || !s->regions)
		return false;
	g = side_region_at(e, s->regions);
	memcpy(side_byte_at(e, s, in->start), in->data, in->end - in->start);
	g->end = in->end;
	return true;
}

static bool insert(struct stream_engine *e, struct side *s, struct packet *p, struct incoming *in)
{
	uint64_t from = offset_at_least(in->start, side_passed_edge(e, s));

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
		side_lay(e, s, in);
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
	in->in_order = !in->overlap && from == in->start && side_right_edge(e, s) == in->end;
	return true;
}

/*
 * What is acknowledged of holes that have bytes behind them will not come.  A hole that nothing
 * follows may yet be filled: the capture may have turned the order.
 */
static __attribute__((noinline)) void pass_gaps(const struct step *st, struct side *s)
{
	struct stream_engine *e = st->e;
	uint64_t at = s->passed;
	unsigned gaps = 0;

	for (uint32_t i = s->regions; i && at < s->settled; i = side_region_at(e, i)->next) {
		const struct region *g = side_region_at(e, i);

		if (g->end <= at)
			continue;
		if (g->start > at)
			gaps++;
		at = offset_at_most(g->start < s->settled ? g->end : g->start, s->settled);
	}
	s->passed = at;
	if (!gaps)
		return;
	s->flags |= SIDE_GAP;
	e->counters->value[COUNTER_TCP_REASSEMBLY_GAP] += gaps;
	packet_event(st->p, EVENT_STREAM_REASSEMBLY_SEQ_GAP);
}

void side_pass_untold(const struct step *st, struct side *s)
{
	struct stream_engine *e = st->e;
	uint64_t passed = side_passed_edge(e, s);
	uint32_t at = s->regions;

	while (at && side_region_at(e, at)->end <= passed)
		at = side_region_at(e, at)->next;
	if (!at || side_region_at(e, at)->start <= passed ||
	    side_right_edge(e, s) - side_region_at(e, at)->start < UNTOLD_HOLE_BYTES)
		return;
	s->passed = side_region_at(e, at)->start;
	s->flags |= SIDE_GAP;
	e->counters->value[COUNTER_TCP_REASSEMBLY_GAP]++;
	packet_event(st->p, EVENT_STREAM_REASSEMBLY_SEQ_GAP);
}

/* Bytes from an offset on, as far as end.  Not in line: of what nobody looks at any more nothing is stored. */
static __attribute__((noinline)) void store(const struct step *st, uint64_t offset,
					    struct bytes bytes, uint64_t end, bool far)
{
	struct stream_engine *e = st->e;
	struct side *s = st->s;
	struct packet *p = st->p;
	struct incoming in = { .data = bytes.data,
			       .whole = { offset, offset + bytes.len },
			       .start = offset,
			       .end = end,
			       .packet = p,
			       .far = far };
	uint64_t left;

	if (s->segments && policy_delivers((enum stream_policy)s->policy))
		in.whole.start = joined_start(e, s, in.start);
	p->stream_added = true;
	/* Nobody acknowledges: what has been inspected is settled. */
	if ((st->ssn->flags & SESSION_ASYNC) || (s->flags & SIDE_ALL_READY))
		s->settled = offset_at_least(s->settled, s->inspected);
	/* What is older than all that is held has been taken, and nothing is there to compare. */
	left = held_edge(e, s, side_passed_edge(e, s));
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
	if (in.end <= side_passed_edge(e, s) && !in.overlap)
		p->stream_added = false;
	if (in.end > s->settled)
		note_segment(e, s, in.whole.start, (uint32_t)(in.whole.end - in.whole.start));
	if ((s->flags & SIDE_UNTOLD) || (st->ssn->flags & SESSION_ASYNC))
		side_pass_untold(st, s);
}

/* What lies past the depth is cut. */
static __attribute__((noinline)) void store_to_depth(const struct step *st, uint64_t offset,
						     struct bytes bytes, bool far)
{
	struct side *s = st->s;
	uint64_t depth = st->e->opt.depth;

	if (!(s->flags & SIDE_DEPTH)) {
		s->flags |= SIDE_DEPTH;
		st->e->counters->value[COUNTER_TCP_STREAM_DEPTH_REACHED]++;
		packet_event(st->p, EVENT_STREAM_REASSEMBLY_DEPTH_REACHED);
	}
	if (offset < depth && !(s->flags & SIDE_RELEASED))
		store(st, offset, bytes, depth, far);
}

static void take_at(const struct step *st, uint64_t offset, struct bytes bytes)
{
	struct side *s = st->s;
	uint64_t end = offset + bytes.len;
	bool far = offset > s->edge + REGION_FAR;

	/* Behind a FIN that the receiver has acknowledged it reads nothing. */
	if ((s->flags & SIDE_FIN) && offset >= s->fin && seq_after(s->last_ack, fin_seq(s)))
		return;
	s->edge = offset_at_least(s->edge, end);
	if (st->e->opt.depth && end > st->e->opt.depth)
		store_to_depth(st, offset, bytes, far);
	else if (!(s->flags & SIDE_RELEASED))
		store(st, offset, bytes, end, far);
}

/* Before the first one. */
static __attribute__((noinline)) void take_late(const struct step *st, struct bytes bytes,
						uint64_t before)
{
	if (before >= bytes.len)
		packet_event(st->p, EVENT_STREAM_REASSEMBLY_SEGMENT_BEFORE_BASE_SEQ);
	else
		take_at(st, 0, bytes_slice(bytes, before, bytes.len));
}

static void take_bytes(const struct step *st, uint32_t seq, struct bytes bytes)
{
	int64_t offset = side_offset_of(st->s, seq);

	if (offset < 0)
		take_late(st, bytes, (uint64_t)-offset);
	else
		take_at(st, (uint64_t)offset, bytes);
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
	    side_offset_of(s, at) < (int64_t)s->edge)
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

static __attribute__((noinline)) void take_around_urgent(const struct step *st)
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

static void take(const struct step *st)
{
	const struct packet *p = st->p;

	if ((p->tcp.flags & TCP_URG) || st->s->urgent)
		take_around_urgent(st);
	else
		take_bytes(st, p->tcp.seq + (p->tcp.flags & TCP_SYN ? 1 : 0), p->payload);
}

/* --- acknowledgement ------------------------------------------------------------------------- */

/*
 * The receiver has all up to its ACK.  A RST's ACK tells what is ready, but ends the session: it is
 * too late to miss something.
 */
static void settle(const struct step *st, struct side *s)
{
	uint64_t acked;
	bool more;

	/* One way only: nobody tells what the other side has. */
	if ((st->ssn->flags & SESSION_ASYNC) || !s->tcp_flags)
		return;
	acked = acked_offset(s);
	more = acked > s->settled;
	s->settled = offset_at_least(s->settled, acked);
	if (acked > s->edge) {
		s->edge = acked;
		if (!(st->p->tcp.flags & TCP_RST))
			st->e->counters->value[COUNTER_TCP_ACK_UNSEEN_DATA]++;
	}
	/* Mostly nothing is kept of such a side. */
	if ((s->flags & SIDE_RELEASED) && !s->segments)
		return;
	if (more)
		side_forget_segments(st->e, s);
	if (s->passed < s->settled && !(st->p->tcp.flags & TCP_RST) && !(s->flags & SIDE_RELEASED))
		pass_gaps(st, s);
}

static __attribute__((noinline)) void note_fin(const struct step *st)
{
	struct side *s = st->s;
	int64_t fin = side_offset_of(s, st->p->tcp.seq + (uint32_t)st->p->payload.len);

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
