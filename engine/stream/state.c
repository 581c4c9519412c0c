/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of a session as somebody beside the wire can follow them: RFC 9293, section 3.10, with
 * allowances for packets that were lost on the way to the observer.  Names of states are the
 * server's: CLOSE_WAIT after the client's FIN, FIN_WAIT1 after the server's.
 *
 * A handler either refuses the packet, with an event, and nothing of it counts; or updates both sides
 * and gives it to reassemble().
 */
#include "engine/stream/state_step.h"

/* What is left is an ACK, of a side whose packets do not come. */
static bool ends_unseen(const struct session *ssn, enum tcp_state state)
{
	return (state == TCP_STATE_TIME_WAIT && (ssn->side[0].flags & SIDE_UNTOLD)) ||
	       (state == TCP_STATE_LAST_ACK && (ssn->side[1].flags & SIDE_UNTOLD));
}

void state_set(struct step *st, enum tcp_state state)
{
	struct flow *f = st->p->flow;

	if (ends_unseen(st->ssn, state))
		state = TCP_STATE_CLOSED;
	if (st->ssn->state == state)
		return;
	/* Of several steps at one packet the first state is meant. */
	if (!st->p->stream_state_changed)
		st->ssn->before = st->ssn->state;
	st->p->stream_state_changed = true;
	st->ssn->state = (uint8_t)state;
	switch (state) {
	case TCP_STATE_ESTABLISHED:
	case TCP_STATE_FIN_WAIT1:
	case TCP_STATE_FIN_WAIT2:
	case TCP_STATE_CLOSING:
	case TCP_STATE_CLOSE_WAIT:
		if (f->state != FLOW_BYPASSED)
			flow_set_state(st->e->flows, f, FLOW_ESTABLISHED);
		break;
	case TCP_STATE_LAST_ACK:
	case TCP_STATE_TIME_WAIT:
	case TCP_STATE_CLOSED:
		if (f->state != FLOW_BYPASSED)
			flow_set_state(st->e->flows, f, FLOW_CLOSED);
		break;
	default:
		break;
	}
}

/* --- ESTABLISHED ---------------------------------------------------------------------------------- */

/* Data that lies before what is acknowledged; true: it may be taken nevertheless. */
static bool before_last_ack(struct step *st)
{
	struct side *s = st->s;

	if (st->ssn->flags & SESSION_ASYNC) {
		s->last_ack = st->p->tcp.seq;
		return true;
	}
	/* Acknowledged, but never seen: better late. */
	return seq_after(s->last_ack, s->next_seq) && seq_after(step_seq_end(st), s->next_seq);
}

/* Only what is next, or reaches over it, moves on; but what is acknowledged has been there. */
static void advance_next_seq(struct step *st)
{
	struct side *s = st->s;
	uint32_t end = step_seq_end(st);

	if (!seq_after(st->p->tcp.seq, s->next_seq)) {
		if (seq_after(end, s->next_seq))
			s->next_seq = end;
	} else if (seq_before(s->next_seq, s->last_ack)) {
		s->next_seq = s->last_ack + (uint32_t)st->p->payload.len;
	}
}

static void data_in_established(struct step *st)
{
	const struct packet *p = st->p;
	struct side *s = st->s;
	struct side *r = st->r;

	if (!check_ack(st)) {
		step_refuse(st, EVENT_STREAM_EST_INVALID_ACK);
		return;
	}
	/* Who was picked up by the client's packet: this one tells the server's window. */
	if (p->direction == 1 && (st->ssn->flags & SESSION_MIDSTREAM_ESTABLISHED)) {
		s->window = (uint32_t)p->tcp.window << s->wscale;
		step_set_next_win(s);
		st->ssn->flags &= (uint16_t)~SESSION_MIDSTREAM_ESTABLISHED;
	}
	if (seq_before(step_seq_end(st), s->last_ack) && !before_last_ack(st)) {
		step_refuse(st, EVENT_STREAM_EST_PKT_BEFORE_LAST_ACK);
		return;
	}
	/* A byte sent into a closed window to see if it has opened (RFC 9293, section 3.8.6.1). */
	if (p->payload.len == 1 && p->tcp.seq == s->next_seq && s->window == 0)
		return;
	if (!step_in_window(st)) {
		step_refuse(st, EVENT_STREAM_EST_PACKET_OUT_OF_WINDOW);
		return;
	}
	advance_next_seq(st);
	/* A hole that is acknowledged, with bytes behind it. */
	if (st->r->regions)
		step_catch_up(st);
	step_update_window(st);
	step_update_last_ack(st);
	update_timestamp(st);
	step_update_next_win(r);
	reassemble(st);
}

static void synack_in_established(struct step *st)
{
	const struct packet *p = st->p;

	if (p->direction == 0)
		step_refuse(st, EVENT_STREAM_EST_SYNACK_TOSERVER);
	else if (p->tcp.ack != st->r->last_ack)
		step_refuse(st, EVENT_STREAM_EST_SYNACK_RESEND_WITH_DIFFERENT_ACK);
	else if (p->tcp.seq != st->s->isn)
		step_refuse(st, EVENT_STREAM_EST_SYNACK_RESEND_WITH_DIFF_SEQ);
	else if (st->ssn->flags & SESSION_CONFIRMED)
		step_refuse(st, EVENT_STREAM_EST_SYNACK_RESEND);
	/* Else the server has not got the ACK, and says it again. */
}

static void in_established(struct step *st)
{
	if (step_has(st, TCP_RST)) {
		state_on_rst(st);
	} else if (step_has(st, TCP_FIN)) {
		if ((st->ssn->flags & SESSION_TIMESTAMP) && !check_timestamp(st))
			st->refused = true;
		else
			state_on_fin(st);
	} else if (step_has(st, TCP_SYN | TCP_ACK)) {
		synack_in_established(st);
	} else if (step_has(st, TCP_SYN)) {
		if (st->p->direction == 1)
			step_refuse(st, EVENT_STREAM_EST_SYN_TOCLIENT);
		else if (st->p->tcp.seq != st->s->isn)
			step_refuse(st, EVENT_STREAM_EST_SYN_RESEND_DIFF_SEQ);
		else
			step_refuse(st, EVENT_STREAM_EST_SYN_RESEND);
	} else if (step_has(st, TCP_ACK)) {
		if ((st->ssn->flags & SESSION_TIMESTAMP) && !check_timestamp(st)) {
			st->refused = true;
			return;
		}
		if (st->p->direction == 1)
			st->ssn->flags |= SESSION_CONFIRMED;
		data_in_established(st);
		/* Told by its event, but a packet of the session. */
		st->refused = false;
	}
}

/* --- all of them ---------------------------------------------------------------------------------- */

static void dispatch(struct step *st, enum tcp_state state)
{
	switch (state) {
	case TCP_STATE_SYN_SENT:
		state_in_syn_sent(st);
		break;
	case TCP_STATE_SYN_RECV:
		state_in_syn_recv(st);
		break;
	case TCP_STATE_ESTABLISHED:
		in_established(st);
		break;
	case TCP_STATE_FIN_WAIT1:
		state_in_fin_wait1(st);
		break;
	case TCP_STATE_FIN_WAIT2:
		state_in_fin_wait2(st);
		break;
	case TCP_STATE_TIME_WAIT:
		state_in_time_wait(st);
		break;
	case TCP_STATE_LAST_ACK:
		state_in_last_ack(st);
		break;
	case TCP_STATE_CLOSE_WAIT:
		state_in_close_wait(st);
		break;
	case TCP_STATE_CLOSING:
		state_in_closing(st);
		break;
	default:
		break;
	}
}

/*
 * A RST that the receiver may have ignored (RFC 2385, section 2.0), and whoever sent it goes on speaking:
 * the session goes on as before.
 */
static void in_closed(struct step *st)
{
	struct session *ssn = st->ssn;

	if (step_has(st, TCP_RST) || (st->s->flags & SIDE_RST_RECEIVED) ||
	    !(st->r->flags & SIDE_RST_RECEIVED))
		return;
	dispatch(st, ssn->before);
	if (!st->refused && ssn->state == TCP_STATE_CLOSED)
		ssn->state = ssn->before;
}

/* A regular packet after a RST of the same sender. */
static void check_after_rst(struct step *st)
{
	if (step_has(st, TCP_RST) || !(st->r->flags & SIDE_RST_RECEIVED))
		return;
	st->r->flags &= (uint16_t)~SIDE_RST_RECEIVED;
	st->s->flags &= (uint16_t)~SIDE_ALL_READY;
	packet_event(st->p, EVENT_STREAM_SUSPECTED_RST_INJECT);
}

/* All of it is acknowledged already. */
static bool is_spurious(const struct step *st)
{
	const struct side *s = st->s;

	return st->p->payload.len && !(s->flags & SIDE_GAP) &&
	       st->ssn->state >= TCP_STATE_ESTABLISHED && !seq_after(step_seq_end(st), s->last_ack);
}

/* What the other end acknowledged of the side's bytes, and the window that it offers, tell what may be. */
static bool may_be_next(const struct step *st)
{
	const struct side *s = st->s;

	if (st->r->flags & SIDE_RELEASED)
		return true;
	return !seq_before(st->p->tcp.seq, s->last_ack) &&
	       !seq_after(st->p->tcp.seq, s->last_ack + s->window);
}

static void fin_of_released(struct step *st)
{
	enum tcp_state state = st->ssn->state;

	switch (state) {
	case TCP_STATE_SYN_RECV:
	case TCP_STATE_ESTABLISHED:
		state = st->p->direction ? TCP_STATE_FIN_WAIT1 : TCP_STATE_CLOSE_WAIT;
		break;
	case TCP_STATE_FIN_WAIT1:
	case TCP_STATE_FIN_WAIT2:
		state = st->p->direction ? state : TCP_STATE_TIME_WAIT;
		break;
	case TCP_STATE_CLOSE_WAIT:
		state = st->p->direction ? TCP_STATE_LAST_ACK : state;
		break;
	default:
		break;
	}
	/* The number after it is what the other end will acknowledge. */
	st->s->next_seq = step_seq_end(st) + 1;
	state_set(st, state);
}

void state_released(struct step *st)
{
	if (step_has(st, TCP_SYN) || !may_be_next(st))
		return;
	if (step_has(st, TCP_RST))
		state_set(st, TCP_STATE_CLOSED);
	else if (step_has(st, TCP_FIN))
		fin_of_released(st);
}

/* --- what most packets are --------------------------------------------------------------------- */

static bool timestamp_goes_on(const struct step *st)
{
	const struct packet_tcp *t = &st->p->tcp;

	return !(st->ssn->flags & SESSION_TIMESTAMP) || !t->has_ts ||
	       (t->ts_value && (int32_t)(t->ts_value - st->s->last_ts) >= 0);
}

/*
 * Header prediction, after Van Jacobson: of an established session the bytes that are next in order, or an ACK alone,
 * with nothing about it that any check below would find fault with.
 */
static bool goes_on(const struct step *st)
{
	const uint16_t session_odd = SESSION_ASYNC | SESSION_MIDSTREAM_ESTABLISHED;
	const struct packet *p = st->p;
	const struct side *s = st->s, *r = st->r;
	uint32_t ack = p->tcp.ack, end = step_seq_end(st);

	return st->ssn->state == TCP_STATE_ESTABLISHED &&
	       (p->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK)) == TCP_ACK &&
	       p->tcp.seq == s->next_seq && !(st->ssn->flags & session_odd) &&
	       !(s->flags & SIDE_UNTOLD) && !(r->flags & (SIDE_KEEPALIVE | SIDE_RST_RECEIVED)) &&
	       !seq_before(ack, r->last_ack) && !seq_after(ack, r->next_seq) &&
	       !seq_after(ack, r->next_win) && !seq_after(s->last_ack, s->next_seq) &&
	       !seq_after(end, s->next_win) && (s->window || p->payload.len != 1) &&
	       timestamp_goes_on(st);
}

/* Such a packet: what is left of data_in_established(). */
static void go_on(struct step *st)
{
	if (st->p->direction == 1)
		st->ssn->flags |= SESSION_CONFIRMED;
	st->s->next_seq = step_seq_end(st);
	step_update_window(st);
	st->r->last_ack = st->p->tcp.ack;
	if ((st->ssn->flags & SESSION_TIMESTAMP) && st->p->tcp.has_ts)
		side_note_timestamp(st->s, st->p);
	step_update_next_win(st->r);
	reassemble(st);
}

void state_next(struct step *st)
{
	/* What only packets of a byte or none can be is not asked of others. */
	bool bare = st->p->payload.len <= 1;

	if (goes_on(st)) {
		go_on(st);
		return;
	}
	if (st->s->flags & SIDE_UNTOLD)
		side_assume_ack(st->e, st->s);
	if (bare && is_keepalive(st)) {
		st->s->flags |= SIDE_KEEPALIVE;
		goto out;
	}
	if (bare && is_keepalive_ack(st)) {
		st->r->flags &= (uint16_t)~SIDE_KEEPALIVE;
		goto out;
	}
	st->r->flags &= (uint16_t)~SIDE_KEEPALIVE;
	if (is_bad_window_update(st) || (bare && is_outdated_ack(st)))
		goto out;
	if (is_spurious(st))
		packet_event(st->p, EVENT_STREAM_PKT_SPURIOUS_RETRANSMISSION);
	if (st->ssn->state == TCP_STATE_CLOSED)
		in_closed(st);
	else
		dispatch(st, st->ssn->state);
out:
	check_after_rst(st);
}
