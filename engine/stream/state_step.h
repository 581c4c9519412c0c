/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state_step.h - the steps that states of a session share, and the handlers of one state each.
 *
 * In: a packet of a session that is in the state.  Out: both sides brought up to date and the packet given to
 * reassemble(); or the packet refused, with an event, and nothing of it counts.
 * Not here: whether a packet begins a session (state_first()), which handler is asked (state.c).
 *
 * Memory: the session's.  Thread: the worker that owns the engine.  RFC 9293, section 3.10.
 */
#ifndef WEIR_STREAM_STATE_STEP_H
#define WEIR_STREAM_STATE_STEP_H

#include "engine/stream/session.h"

/* Where the SYN was not seen, the greatest scale has to be assumed (RFC 7323, section 2.3). */
#define WSCALE_MAX 14 /* RFC 7323, section 2.3: a greater one counts as this */

static inline void step_refuse(struct step *st, enum event e)
{
	packet_event(st->p, e);
	st->refused = true;
}

static inline bool step_has(const struct step *st, unsigned flags)
{
	return (st->p->tcp.flags & flags) == flags;
}

static inline uint32_t step_seq_end(const struct step *st)
{
	return st->p->tcp.seq + (uint32_t)st->p->payload.len;
}

static inline uint8_t step_scale_of(const struct packet *p)
{
	return p->tcp.wscale < WSCALE_MAX ? p->tcp.wscale : WSCALE_MAX;
}

static inline void step_update_last_ack(struct step *st)
{
	if ((st->p->tcp.flags & TCP_ACK) && seq_after(st->p->tcp.ack, st->r->last_ack))
		st->r->last_ack = st->p->tcp.ack;
}

static inline void step_update_window(struct step *st)
{
	st->r->window = (uint32_t)st->p->tcp.window << st->r->wscale;
}

static inline void step_update_next_win(struct side *s)
{
	if (seq_after(s->last_ack + s->window, s->next_win))
		s->next_win = s->last_ack + s->window;
}

/* The window exactly as told, though it be smaller. */
static inline void step_set_next_win(struct side *s)
{
	s->next_win = s->last_ack + s->window;
}

static inline void step_update_next_seq(struct step *st)
{
	if (st->p->tcp.seq == st->s->next_seq)
		st->s->next_seq += (uint32_t)st->p->payload.len;
}

/* The other end has acknowledged what was not seen here. */
static inline void step_catch_up(struct step *st)
{
	if ((st->p->tcp.flags & TCP_ACK) && seq_before(st->r->next_seq, st->p->tcp.ack))
		st->r->next_seq = st->p->tcp.ack;
}

static inline bool step_in_window(const struct step *st)
{
	return !seq_after(step_seq_end(st), st->s->next_win) || (st->s->flags & SIDE_UNTOLD) ||
	       (st->ssn->flags & (SESSION_MIDSTREAM | SESSION_ASYNC));
}

static inline void step_begin_side(struct step *st, struct side *s, uint32_t isn)
{
	side_begin(st->e, s, isn);
	s->next_seq = isn + 1;
}

static inline void step_note_timestamp(const struct packet *p, struct side *s, uint32_t value)
{
	s->last_ts = value;
	s->last_ts_s = (uint32_t)(p->time_ns / 1000000000);
	if (value == 0)
		s->flags |= SIDE_ZERO_TS;
}

/* --- the handshake (state_handshake.c) -------------------------------------------------------- */

void state_in_syn_sent(struct step *st);
void state_in_syn_recv(struct step *st);

/* --- the end (state_close.c) ------------------------------------------------------------------ */

/* In any state. */
void state_on_rst(struct step *st);
void state_on_fin(struct step *st);
void state_in_fin_wait1(struct step *st);
void state_in_fin_wait2(struct step *st);
void state_in_closing(struct step *st);
void state_in_close_wait(struct step *st);
void state_in_last_ack(struct step *st);
void state_in_time_wait(struct step *st);

#endif
