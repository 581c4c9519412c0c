/* SPDX-License-Identifier: Apache-2.0 */
/* RST and FIN in any state, and the states between the first FIN and the last ACK. */
#include "engine/stream/state_step.h"

void state_on_rst(struct step *st)
{
	if (!check_rst(st)) {
		st->refused = true;
		return;
	}
	state_set(st, TCP_STATE_CLOSED);
	/* A receiver who has no key for the signature does not take it for one. */
	if (st->p->tcp.has_signature)
		st->r->flags |= SIDE_RST_RECEIVED;
	/* No acknowledgement will come for what it has sent. */
	st->s->flags |= SIDE_ALL_READY;
	st->s->next_seq = step_seq_end(st);
	if (st->p->tcp.flags & TCP_ACK)
		st->r->next_seq = st->p->tcp.ack;
	step_update_last_ack(st);
	reassemble(st);
}

void state_on_fin(struct step *st)
{
	struct side *s = st->s;

	if (!check_ack(st)) {
		step_refuse(st, EVENT_STREAM_FIN_INVALID_ACK);
		return;
	}
	if (seq_before(st->p->tcp.seq, s->next_seq) ||
	    seq_after(st->p->tcp.seq, s->last_ack + s->window)) {
		step_refuse(st, EVENT_STREAM_FIN_OUT_OF_WINDOW);
		return;
	}
	if (st->p->tcp.flags & TCP_SYN) {
		step_refuse(st, EVENT_STREAM_FIN_SYN);
		return;
	}
	state_set(st, st->p->direction ? TCP_STATE_FIN_WAIT1 : TCP_STATE_CLOSE_WAIT);
	/*
	 * Whether the FIN counts decides which RST is believed after it.  As Suricata has it: the
	 * server's does, the client's when it is acknowledged.
	 */
	s->next_seq = step_seq_end(st) + (st->p->direction ? 1 : 0);
	step_update_window(st);
	step_catch_up(st);
	step_update_last_ack(st);
	update_timestamp(st);
	step_update_next_win(st->r);
	reassemble(st);
}

/* --- closing -------------------------------------------------------------------------------------- */

/* What every accepted packet does after the first FIN. */
static void accept_closing(struct step *st, bool again)
{
	if (!again)
		step_update_window(st);
	step_catch_up(st);
	/* As Suricata has it, the server's FIN after the client's does not move on, whatever it carries. */
	if (!step_has(st, TCP_FIN) || st->p->direction == 0 || st->ssn->state != TCP_STATE_LAST_ACK)
		step_update_next_seq(st);
	step_update_last_ack(st);
	update_timestamp(st);
	step_update_next_win(st->r);
	reassemble(st);
}

/* Common to all: what a state does not look at.  True: done. */
static bool closing_common(struct step *st)
{
	if (step_has(st, TCP_RST)) {
		state_on_rst(st);
		return true;
	}
	if ((st->ssn->flags & SESSION_TIMESTAMP) && !step_has(st, TCP_SYN) &&
	    !check_timestamp(st)) {
		st->refused = true;
		return true;
	}
	if (step_has(st, TCP_SYN)) {
		step_refuse(st, EVENT_STREAM_SHUTDOWN_SYN_RESEND);
		return true;
	}
	return !step_has(st, TCP_FIN) && !step_has(st, TCP_ACK);
}

static bool fin_outside(const struct step *st)
{
	return seq_before(st->p->tcp.seq, st->s->next_seq) ||
	       seq_after(st->p->tcp.seq, st->s->last_ack + st->s->window);
}

/* The FIN once more. */
static bool same_fin(const struct step *st)
{
	return step_has(st, TCP_FIN) && (st->s->flags & SIDE_FIN) &&
	       step_seq_end(st) == fin_seq(st->s);
}

/* Just after its last byte, or after its FIN. */
static bool at_end(const struct step *st)
{
	return st->p->tcp.seq == st->s->next_seq || st->p->tcp.seq == st->s->next_seq + 1;
}

void state_in_fin_wait1(struct step *st)
{
	bool again;

	if (closing_common(st))
		return;
	again = is_retransmission(st) || same_fin(st);
	if (step_has(st, TCP_FIN)) {
		if (!again && fin_outside(st) && !at_end(st)) {
			step_refuse(st, EVENT_STREAM_FIN1_FIN_WRONG_SEQ);
			return;
		}
		if (!check_ack(st)) {
			step_refuse(st, EVENT_STREAM_FIN1_INVALID_ACK);
			return;
		}
		if (!again && !(st->s->flags & SIDE_FIN))
			state_set(st, TCP_STATE_TIME_WAIT);
		accept_closing(st, again);
		return;
	}
	if (!check_ack(st)) {
		step_refuse(st, EVENT_STREAM_FIN1_INVALID_ACK);
		return;
	}
	if (!again) {
		if (!step_in_window(st)) {
			step_refuse(st, EVENT_STREAM_FIN1_ACK_WRONG_SEQ);
			return;
		}
		/* The client's: that of the server itself acknowledges nothing of its own. */
		if (st->p->tcp.seq == st->s->next_seq && st->p->direction == 0)
			state_set(st, TCP_STATE_FIN_WAIT2);
	}
	accept_closing(st, again);
}

void state_in_fin_wait2(struct step *st)
{
	bool again;

	if (closing_common(st))
		return;
	again = is_retransmission(st) || same_fin(st);
	if (step_has(st, TCP_FIN)) {
		if (!again && fin_outside(st)) {
			step_refuse(st, EVENT_STREAM_FIN2_FIN_WRONG_SEQ);
			return;
		}
	} else if (!again && !step_in_window(st)) {
		step_refuse(st, EVENT_STREAM_FIN2_ACK_WRONG_SEQ);
		return;
	}
	if (!check_ack(st)) {
		step_refuse(st, EVENT_STREAM_FIN2_INVALID_ACK);
		return;
	}
	if (step_has(st, TCP_FIN) && !again)
		state_set(st, TCP_STATE_TIME_WAIT);
	accept_closing(st, again);
}

void state_in_closing(struct step *st)
{
	bool again;

	if (closing_common(st) || step_has(st, TCP_FIN))
		return;
	again = is_retransmission(st) || same_fin(st);
	if (!again && !at_end(st)) {
		step_refuse(st, EVENT_STREAM_CLOSING_ACK_WRONG_SEQ);
		return;
	}
	if (!check_ack(st)) {
		step_refuse(st, EVENT_STREAM_CLOSING_INVALID_ACK);
		return;
	}
	if (!again)
		state_set(st, TCP_STATE_TIME_WAIT);
	accept_closing(st, again);
}

void state_in_close_wait(struct step *st)
{
	struct side *s = st->s;
	bool again;

	if (closing_common(st))
		return;
	again = is_retransmission(st) || same_fin(st);
	if (step_has(st, TCP_FIN)) {
		if (!again && fin_outside(st)) {
			step_refuse(st, EVENT_STREAM_CLOSEWAIT_FIN_OUT_OF_WINDOW);
			return;
		}
	} else {
		if (st->p->payload.len && !seq_after(step_seq_end(st), s->last_ack)) {
			step_refuse(st, EVENT_STREAM_CLOSEWAIT_PKT_BEFORE_LAST_ACK);
			return;
		}
		if (seq_after(st->p->tcp.seq, s->last_ack + s->window) && !at_end(st)) {
			step_refuse(st, EVENT_STREAM_CLOSEWAIT_ACK_OUT_OF_WINDOW);
			return;
		}
	}
	if (!check_ack(st)) {
		step_refuse(st, EVENT_STREAM_CLOSEWAIT_INVALID_ACK);
		return;
	}
	/* Only the server's FIN ends its side; the client's has been. */
	if (step_has(st, TCP_FIN) && !again && st->p->direction == 1)
		state_set(st, TCP_STATE_LAST_ACK);
	accept_closing(st, again);
}

void state_in_last_ack(struct step *st)
{
	bool again;

	if (closing_common(st) || step_has(st, TCP_FIN))
		return;
	again = is_retransmission(st) || same_fin(st);
	if (!check_ack(st)) {
		step_refuse(st, EVENT_STREAM_LASTACK_INVALID_ACK);
		return;
	}
	if (!again && !seq_before(st->p->tcp.seq, st->s->next_seq)) {
		/* The server's own ACKs are not the last one, and behind what came with its FIN. */
		if (st->p->direction == 0 && !at_end(st)) {
			step_refuse(st, EVENT_STREAM_LASTACK_ACK_WRONG_SEQ);
			return;
		}
		if (st->p->direction == 0)
			state_set(st, TCP_STATE_CLOSED);
	}
	accept_closing(st, again);
}

void state_in_time_wait(struct step *st)
{
	bool again;

	if (closing_common(st) || step_has(st, TCP_FIN))
		return;
	again = is_retransmission(st) || same_fin(st);
	if (!again && !at_end(st)) {
		step_refuse(st, EVENT_STREAM_TIMEWAIT_ACK_WRONG_SEQ);
		return;
	}
	if (!check_ack(st)) {
		step_refuse(st, EVENT_STREAM_TIMEWAIT_INVALID_ACK);
		return;
	}
	if (!again)
		state_set(st, TCP_STATE_CLOSED);
	accept_closing(st, again);
}
