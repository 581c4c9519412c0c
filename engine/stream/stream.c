/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/stream/stream.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/stream/session.h"

static const char *const state_name[TCP_STATE__COUNT] = {
	[TCP_STATE_NONE] = "none",
	[TCP_STATE_SYN_SENT] = "syn_sent",
	[TCP_STATE_SYN_RECV] = "syn_recv",
	[TCP_STATE_ESTABLISHED] = "established",
	[TCP_STATE_FIN_WAIT1] = "fin_wait1",
	[TCP_STATE_FIN_WAIT2] = "fin_wait2",
	[TCP_STATE_TIME_WAIT] = "time_wait",
	[TCP_STATE_LAST_ACK] = "last_ack",
	[TCP_STATE_CLOSE_WAIT] = "close_wait",
	[TCP_STATE_CLOSING] = "closing",
	[TCP_STATE_CLOSED] = "closed",
};

const char *tcp_state_name(enum tcp_state s)
{
	return s < TCP_STATE__COUNT ? state_name[s] : "unknown";
}

/* --- the engine ------------------------------------------------------------------------------ */

/* Reorder records: most streams have one, or two while a hole is open. */
#define REGIONS_PER_SESSION 3u
#define SEGMENTS_PER_SESSION 8u
#define SESSIONS_PER_HANDSHAKE 8u
#define RECORDS_LEAST 4096u

static uint32_t records(uint32_t sessions, uint32_t each)
{
	uint64_t n = (uint64_t)sessions * each;

	if (n < RECORDS_LEAST)
		n = RECORDS_LEAST;
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX - 1;
}

/* Of a handshake, in whole words as a pool wants it. */
#define HANDSHAKE_BYTES ((sizeof(struct handshake) + 7) / 8 * 8)

static uint32_t handshake_records(const struct stream_options *opt)
{
	return records(opt->max_sessions / SESSIONS_PER_HANDSHAKE, 1);
}

uint64_t stream_engine_bytes(const struct stream_options *opt)
{
	uint32_t n = opt->max_sessions;

	return pool_bytes(sizeof(struct session), n) + pool_bytes(sizeof(struct rest), n) +
	       pool_bytes(sizeof(struct region), records(n, REGIONS_PER_SESSION)) +
	       pool_bytes(sizeof(struct segment), records(n, SEGMENTS_PER_SESSION)) +
	       pool_bytes(HANDSHAKE_BYTES, handshake_records(opt)) +
	       buffers_bytes(opt->reassembly_memcap);
}

void stream_engine_memory(const struct stream_engine *e, struct memory_use *sessions,
			  struct memory_use *bytes)
{
	memory_use_pool(sessions, &e->sessions);
	memory_use_pool(sessions, &e->rests);
	memory_use_pool(sessions, &e->regions);
	memory_use_pool(sessions, &e->segments);
	memory_use_pool(sessions, &e->handshakes);
	memory_use_buffers(bytes, &e->buffers);
}

int stream_engine_new(const struct stream_options *opt, struct flow_table *flows,
		      struct counters *counters, struct stream_engine **out)
{
	struct stream_engine *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->opt = *opt;
	e->flows = flows;
	e->counters = counters;
	if (e->opt.max_sessions >= SESSION_RESTS)
		e->opt.max_sessions = SESSION_RESTS - 1;
	e->looked_at = calloc(1, sizeof(*e->looked_at));
	err = e->looked_at ? 0 : -ENOMEM;
	if (!err)
		err = pool_init(&e->sessions, sizeof(struct session), e->opt.max_sessions);
	if (!err)
		err = pool_init(&e->rests, sizeof(struct rest), e->opt.max_sessions);
	if (!err)
		err = pool_init(&e->regions, sizeof(struct region),
				records(opt->max_sessions, REGIONS_PER_SESSION));
	if (!err)
		err = pool_init(&e->segments, sizeof(struct segment),
				records(opt->max_sessions, SEGMENTS_PER_SESSION));
	if (!err)
		err = pool_init(&e->handshakes, HANDSHAKE_BYTES, handshake_records(opt));
	if (!err)
		err = buffers_init(&e->buffers, opt->reassembly_memcap);
	if (!err && opt->use_inline) {
		e->rewritten = malloc(STREAM_REWRITE_BYTES);
		err = e->rewritten ? 0 : -ENOMEM;
	}
	if (err) {
		stream_engine_free(e);
		return err;
	}
	*out = e;
	return 0;
}

void stream_engine_free(struct stream_engine *e)
{
	if (!e)
		return;
	pool_fini(&e->sessions);
	pool_fini(&e->rests);
	pool_fini(&e->regions);
	pool_fini(&e->segments);
	pool_fini(&e->handshakes);
	buffers_fini(&e->buffers);
	free(e->looked_at);
	free(e->rewritten);
	free(e);
}

/* --- packets --------------------------------------------------------------------------------- */

static void count(struct stream_engine *e, const struct packet *p)
{
	uint64_t *value = e->counters->value;
	uint8_t flags = p->tcp.flags;

	if (!(flags & (TCP_SYN | TCP_RST | TCP_URG)))
		return;
	if ((flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		value[COUNTER_TCP_SYNACK]++;
	else if (flags & TCP_SYN)
		value[COUNTER_TCP_SYN]++;
	if (flags & TCP_RST)
		value[COUNTER_TCP_RST]++;
	if (flags & TCP_URG)
		value[COUNTER_TCP_URG]++;
}

/* False: the packet is not part of the session. */
static bool next_packet(struct stream_engine *e, struct packet *p)
{
	struct session *ssn = session_of(e, p->flow);
	struct step st = {
		.e = e,
		.ssn = ssn,
		.p = p,
		.s = &ssn->side[p->direction],
		.r = &ssn->side[!p->direction],
	};

	st.s->tcp_flags |= p->tcp.flags;
	/* Both ways are captured after all. */
	if ((ssn->flags & SESSION_ASYNC) && st.r->tcp_flags)
		ssn->flags &= (uint16_t)~SESSION_ASYNC;
	state_next(&st);
	return !st.refused;
}

void stream_prefetch(const struct stream_engine *e, uint32_t session)
{
	const uint8_t *at = (const uint8_t *)session_at(e, session);

	if (session & SESSION_RESTS) {
		__builtin_prefetch(rest_at(e, session), 1);
		return;
	}
	for (size_t i = 0; i < sizeof(struct session); i += 64)
		__builtin_prefetch(at + i, 1);
}

void stream_packet(struct stream_engine *e, struct packet *p)
{
	p->stream_added = false;
	p->stream_in_order = false;
	p->stream_inspectable = false;
	p->stream_waiting = false;
	if (p->pseudo) {
		p->stream_inspectable = stream_pending(e, p->flow, p->direction);
		return;
	}
	if (e->opt.checksum_validation && (p->bad_checksum || p->bad_ip_checksum)) {
		e->counters->value[COUNTER_TCP_INVALID_CHECKSUM]++;
		return;
	}
	count(e, p);
	if (!(p->tcp.flags & TCP_ACK) && p->tcp.ack)
		packet_event(p, EVENT_STREAM_PKT_BROKEN_ACK);
	if (p->flow->tcp) {
		if (!next_packet(e, p))
			return;
	} else {
		state_first(e, p);
		if (p->flow->tcp)
			session_at(e, p->flow->tcp)->side[p->direction].tcp_flags |= p->tcp.flags;
	}
	if (p->flow->tcp) {
		const struct session *ssn = session_at(e, p->flow->tcp);
		const struct side *s = &ssn->side[p->direction];

		if (!s->regions)
			return;
		p->stream_inspectable = side_inspectable(e, ssn, s);
		p->stream_waiting = p->stream_inspectable ||
				    (ssn->state > TCP_STATE_TIME_WAIT && side_pending(e, s));
	}
}

/* --- what others want ------------------------------------------------------------------------ */

bool stream_view(struct stream_engine *e, struct flow *f, unsigned dir, bool all,
		 struct stream_view *out)
{
	const struct session *ssn;

	if (!f->tcp)
		return false;
	ssn = session_look(e, f);
	return side_view(e, ssn, &ssn->side[dir & 1], all, out);
}

bool stream_brought(const struct stream_engine *e, const struct packet *p, size_t before,
		    struct stream_view *out)
{
	return p->stream_in_order && p->flow && p->flow->tcp &&
	       side_brought(e, &session_look(e, p->flow)->side[p->direction & 1], p, before, out);
}

struct stream_searched *stream_searched(struct stream_engine *e, struct flow *f, unsigned dir)
{
	return &session_of(e, f)->side[dir & 1].searched;
}

void stream_inspected(struct stream_engine *e, struct flow *f, unsigned dir,
		      const struct stream_view *v)
{
	if (f->tcp)
		side_inspected(e, &session_of(e, f)->side[dir & 1], v->offset + v->data.len);
}

void stream_trigger(struct stream_engine *e, struct flow *f, unsigned dir)
{
	if (f->tcp)
		session_of(e, f)->side[dir & 1].flags |= SIDE_TRIGGER;
}

void stream_parsed(struct stream_engine *e, struct flow *f, unsigned dir, uint64_t offset)
{
	if (f->tcp)
		side_parsed(e, &session_of(e, f)->side[dir & 1], offset);
}

bool stream_unparsed(const struct stream_engine *e, const struct flow *f, unsigned dir, bool all,
		     struct stream_unparsed *out)
{
	const struct session *ssn;

	if (!f->tcp) {
		*out = (struct stream_unparsed){ .offset = 0 };
		return false;
	}
	ssn = session_look(e, f);
	return side_unparsed(e, ssn, &ssn->side[dir & 1], all, out);
}

void stream_hold(struct stream_engine *e, struct flow *f, unsigned dir, uint64_t from)
{
	if (f->tcp)
		side_hold(e, &session_of(e, f)->side[dir & 1], from);
}

uint64_t stream_ready(const struct stream_engine *e, const struct flow *f, unsigned dir, bool all)
{
	const struct session *ssn;

	if (!f->tcp)
		return 0;
	ssn = session_look(e, f);
	return side_ready(e, ssn, &ssn->side[dir & 1], all);
}

bool stream_run(const struct stream_engine *e, const struct flow *f, unsigned dir, uint64_t from,
		uint64_t to, struct stream_run *out)
{
	return f->tcp && side_run(e, &session_look(e, f)->side[dir & 1], from, to, out);
}

bool stream_closed(const struct stream_engine *e, const struct flow *f)
{
	return f->tcp && session_look(e, f)->state == TCP_STATE_CLOSED;
}

bool stream_holds(const struct stream_engine *e, const struct flow *f)
{
	const struct session *ssn;

	if (!f->tcp || session_rests(f))
		return false;
	ssn = session_at(e, f->tcp);
	return ssn->side[0].regions || ssn->side[1].regions;
}

bool stream_pending(struct stream_engine *e, const struct flow *f, unsigned dir)
{
	return f->tcp && !session_rests(f) &&
	       side_pending(e, &session_at(e, f->tcp)->side[dir & 1]);
}

void stream_pieces(struct stream_engine *e, const struct flow *f, unsigned dir, stream_piece_fn fn,
		   void *ctx)
{
	if (f->tcp)
		side_pieces(e, &session_look(e, f)->side[dir & 1], fn, ctx);
}

uint32_t stream_size(const struct stream_engine *e, const struct flow *f, unsigned dir)
{
	const struct side *s;

	if (!f->tcp)
		return 0;
	s = &session_look(e, f)->side[dir & 1];
	return s->next_seq - s->isn;
}

bool stream_summary(const struct stream_engine *e, const struct flow *f, struct stream_summary *out)
{
	const struct session *ssn;

	if (!f->tcp)
		return false;
	ssn = session_look(e, f);
	*out = (struct stream_summary){
		.state = ssn->state,
		.flags_to_server = ssn->side[0].tcp_flags,
		.flags_to_client = ssn->side[1].tcp_flags,
		.gap_to_server = ssn->side[0].flags & SIDE_GAP,
		.gap_to_client = ssn->side[1].flags & SIDE_GAP,
		.midstream = ssn->flags & SESSION_MIDSTREAM,
		.regions_to_server = ssn->side[0].max_regions,
		.regions_to_client = ssn->side[1].max_regions,
	};
	return true;
}

void stream_reverse(struct stream_engine *e, struct flow *f)
{
	struct session *ssn;
	struct side client;

	if (!f->tcp)
		return;
	ssn = session_of(e, f);
	client = ssn->side[0];
	ssn->side[0] = ssn->side[1];
	ssn->side[1] = client;
	/* They were searched as bytes of the other direction. */
	side_unsearched(&ssn->side[0]);
	side_unsearched(&ssn->side[1]);
}

/* --- the end --------------------------------------------------------------------------------- */

/*
 * A new session on the same ports: a SYN (where sessions may be picked up at the answer: that too)
 * when the old one is over or never was.  The same SYN once more is no new session.
 */
bool stream_reuse(void *ctx, const struct flow *f, const struct packet *p)
{
	const struct stream_engine *e = ctx;
	const uint8_t flags = p->tcp.flags;
	const struct session *ssn;
	const struct rest *r;

	if (p->proto != IP_PROTO_TCP || (flags & (TCP_RST | TCP_FIN)) || !(flags & TCP_SYN))
		return false;
	if ((flags & TCP_ACK) && !e->opt.midstream && !e->opt.async_oneside)
		return false;
	if (!f->tcp)
		return true;
	if (session_rests(f)) {
		r = rest_at(e, f->tcp);
		return r->side[p->direction].isn != p->tcp.seq && r->state >= TCP_STATE_LAST_ACK;
	}
	ssn = session_at(e, f->tcp);
	if (ssn->side[p->direction].isn == p->tcp.seq)
		return false;
	return ssn->state >= TCP_STATE_LAST_ACK;
}

/* A closed session takes nothing more; but after a RST that the receiver may have ignored it may go on. */
static void forget_closed(struct stream_engine *e, struct session *ssn)
{
	if ((ssn->side[0].flags | ssn->side[1].flags) & SIDE_RST_RECEIVED)
		return;
	for (unsigned dir = 0; dir < 2; dir++) {
		if (!side_pending(e, &ssn->side[dir]) && !side_awaited(e, &ssn->side[dir]) &&
		    !(ssn->side[dir].flags & SIDE_HELD))
			side_forget(e, &ssn->side[dir]);
	}
}

void stream_packet_done(struct stream_engine *e, struct flow *f)
{
	struct session *ssn;

	if (!f->tcp || session_rests(f))
		return;
	ssn = session_at(e, f->tcp);
	if (ssn->state == TCP_STATE_CLOSED)
		forget_closed(e, ssn);
	if (ssn->state == TCP_STATE_CLOSED || ssn->state == TCP_STATE_SYN_SENT)
		session_rest(e, f);
}

void stream_close(struct stream_engine *e, struct flow *f)
{
	struct session *ssn;

	if (!f->tcp)
		return;
	ssn = session_of(e, f);
	side_close(e, &ssn->side[0]);
	side_close(e, &ssn->side[1]);
}

void stream_release(struct stream_engine *e, struct flow *f)
{
	struct session *ssn;

	if (!f->tcp)
		return;
	ssn = session_of(e, f);
	side_release(e, &ssn->side[0]);
	side_release(e, &ssn->side[1]);
}

bool stream_past_depth(const struct stream_engine *e, const struct flow *f, unsigned dir)
{
	const struct side *s;

	if (!f->tcp || !e->opt.depth)
		return false;
	s = &session_look(e, f)->side[dir & 1];
	return s->edge > e->opt.depth && !side_pending(e, s);
}

bool stream_is_closed(const struct stream_engine *e, const struct flow *f, unsigned dir)
{
	const struct side *s;

	if (!f->tcp)
		return false;
	s = &session_look(e, f)->side[dir & 1];
	return (s->flags & (SIDE_OPAQUE | SIDE_RELEASED)) && !side_pending(e, s);
}

bool stream_at_depth(const struct stream_engine *e, const struct flow *f)
{
	const struct session *ssn;

	if (!f->tcp)
		return false;
	ssn = session_look(e, f);
	return (ssn->side[0].flags | ssn->side[1].flags) & SIDE_DEPTH;
}

void stream_release_way(struct stream_engine *e, struct flow *f, unsigned dir)
{
	struct session *ssn;

	if (!f->tcp)
		return;
	ssn = session_of(e, f);
	side_release(e, &ssn->side[dir & 1]);
	side_untold(&ssn->side[!(dir & 1)]);
}

void stream_hold_way(struct stream_engine *e, struct flow *f, unsigned dir)
{
	struct session *ssn;
	struct side *s;

	if (!f->tcp)
		return;
	ssn = session_of(e, f);
	s = &ssn->side[dir & 1];
	if (side_pending(e, s))
		s->flags |= SIDE_RELEASED;
	else
		side_release(e, s);
	side_untold(&ssn->side[!(dir & 1)]);
}

void stream_released_packet(struct stream_engine *e, struct packet *p)
{
	const unsigned moves = TCP_SYN | TCP_FIN | TCP_RST;
	struct session *ssn;

	p->stream_added = false;
	p->stream_in_order = false;
	p->stream_inspectable = false;
	p->stream_waiting = false;
	if (e->opt.checksum_validation && (p->bad_checksum || p->bad_ip_checksum)) {
		e->counters->value[COUNTER_TCP_INVALID_CHECKSUM]++;
		return;
	}
	count(e, p);
	if (!p->flow->tcp)
		return;
	ssn = session_of(e, p->flow);
	ssn->side[p->direction].tcp_flags |= p->tcp.flags;
	if (p->tcp.flags & moves) {
		struct step st = { .e = e,
				   .ssn = ssn,
				   .p = p,
				   .s = &ssn->side[p->direction],
				   .r = &ssn->side[!p->direction] };

		state_released(&st);
	}
}

void stream_kept_flags(struct stream_engine *e, struct flow *f, unsigned dir, uint8_t flags)
{
	if (f->tcp)
		session_of(e, f)->side[dir & 1].tcp_flags |= flags;
}

static void count_end(struct stream_engine *e, enum tcp_state state)
{
	static const enum counter of[TCP_STATE__COUNT] = {
		[TCP_STATE_NONE] = COUNTER_FLOW_END_TCP_NONE,
		[TCP_STATE_SYN_SENT] = COUNTER_FLOW_END_TCP_SYN_SENT,
		[TCP_STATE_SYN_RECV] = COUNTER_FLOW_END_TCP_SYN_RECV,
		[TCP_STATE_ESTABLISHED] = COUNTER_FLOW_END_TCP_ESTABLISHED,
		[TCP_STATE_FIN_WAIT1] = COUNTER_FLOW_END_TCP_FIN_WAIT1,
		[TCP_STATE_FIN_WAIT2] = COUNTER_FLOW_END_TCP_FIN_WAIT2,
		[TCP_STATE_TIME_WAIT] = COUNTER_FLOW_END_TCP_TIME_WAIT,
		[TCP_STATE_LAST_ACK] = COUNTER_FLOW_END_TCP_LAST_ACK,
		[TCP_STATE_CLOSE_WAIT] = COUNTER_FLOW_END_TCP_CLOSE_WAIT,
		[TCP_STATE_CLOSING] = COUNTER_FLOW_END_TCP_CLOSING,
		[TCP_STATE_CLOSED] = COUNTER_FLOW_END_TCP_CLOSED,
	};

	e->counters->value[of[state]]++;
}

static void end_rest(struct stream_engine *e, struct flow *f)
{
	count_end(e, rest_at(e, f->tcp)->state);
	pool_put(&e->rests, f->tcp & ~SESSION_RESTS);
}

static void end_session(struct stream_engine *e, struct flow *f)
{
	struct session *ssn = session_at(e, f->tcp);

	count_end(e, ssn->state);
	side_release(e, &ssn->side[0]);
	side_release(e, &ssn->side[1]);
	while (ssn->queue) {
		uint32_t index = ssn->queue;
		const struct handshake *h = pool_at(&e->handshakes, index);

		ssn->queue = h->next;
		pool_put(&e->handshakes, index);
	}
	pool_put(&e->sessions, f->tcp);
}

bool stream_is_empty(const struct flow *f)
{
	return session_rests(f);
}

void stream_flow_end(struct stream_engine *e, struct flow *f)
{
	if (!f->tcp)
		return;
	e->counters->value[COUNTER_TCP_ACTIVE_SESSIONS]--;
	if (session_rests(f))
		end_rest(e, f);
	else
		end_session(e, f);
	f->tcp = 0;
}
