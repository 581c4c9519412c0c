/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake, of three segments or four, and what came of it that was said twice. */
#include "engine/stream/state_step.h"

#define SYNS_QUEUED_MAX 10

/* Room for one more: the oldest goes where there are enough. */
static uint32_t queue_slot(struct step *st, unsigned limit)
{
	uint32_t *at = &st->ssn->queue;
	uint32_t index;

	if (st->ssn->queued < limit) {
		index = pool_get(&st->e->handshakes);
		if (index)
			st->ssn->queued++;
		else
			st->e->counters->value[COUNTER_LIMITS_REACHED]++;
		return index;
	}
	while (*at && ((struct handshake *)pool_at(&st->e->handshakes, *at))->next)
		at = &((struct handshake *)pool_at(&st->e->handshakes, *at))->next;
	index = *at;
	*at = 0;
	return index;
}

static void queue(struct step *st, unsigned limit, enum event flood)
{
	const struct packet *p = st->p;
	uint32_t index = st->ssn->queue;
	struct handshake *h;

	for (; index; index = h->next) {
		h = pool_at(&st->e->handshakes, index);
		if (h->seq == p->tcp.seq && h->ack == p->tcp.ack && h->ts == p->tcp.ts_value)
			return;
	}
	if (st->ssn->queued >= limit)
		packet_event(st->p, flood);
	index = queue_slot(st, limit);
	if (!index)
		return;
	h = pool_at(&st->e->handshakes, index);
	*h = (struct handshake){ .seq = p->tcp.seq,
				 .ack = p->tcp.ack,
				 .ts = p->tcp.ts_value,
				 .window = p->tcp.window,
				 .wscale = step_scale_of(p),
				 .has_wscale = p->tcp.has_wscale,
				 .has_ts = p->tcp.has_ts,
				 .next = st->ssn->queue };
	st->ssn->queue = index;
}

static const struct handshake *queued(const struct step *st, uint32_t seq)
{
	uint32_t index = st->ssn->queue;

	while (index) {
		const struct handshake *h = pool_at(&st->e->handshakes, index);

		if (h->seq == seq)
			return h;
		index = h->next;
	}
	return NULL;
}

static void drop_queue(struct step *st)
{
	while (st->ssn->queue) {
		uint32_t index = st->ssn->queue;
		const struct handshake *h = pool_at(&st->e->handshakes, index);

		st->ssn->queue = h->next;
		pool_put(&st->e->handshakes, index);
	}
	st->ssn->queued = 0;
}

/* --- SYN_SENT ------------------------------------------------------------------------------------- */

/* What a SYN/ACK says of both sides. */
static void take_synack(struct step *st)
{
	const struct packet *p = st->p;
	struct side *client = st->r;
	struct side *server = st->s;

	state_set(st, TCP_STATE_SYN_RECV);
	step_begin_side(st, server, p->tcp.seq);
	client->window = p->tcp.window;
	if ((st->ssn->flags & SESSION_TIMESTAMP) && p->tcp.has_ts) {
		step_note_timestamp(p, server, p->tcp.ts_value);
	} else {
		st->ssn->flags &= (uint16_t)~SESSION_TIMESTAMP;
		client->last_ts = 0;
		client->flags &= (uint16_t)~SIDE_ZERO_TS;
	}
	client->last_ack = p->tcp.ack;
	server->last_ack = server->isn + 1;
	client->wscale = (st->ssn->flags & SESSION_CLIENT_WSCALE) && p->tcp.has_wscale
				 ? step_scale_of(p)
				 : 0;
	step_set_next_win(client);
	step_set_next_win(server);
	st->ssn->flags &= (uint16_t)~SESSION_4WHS;
	drop_queue(st);
}

/* The client had said several SYNs; the answer tells which of them counts. */
static bool adopt_syn(struct step *st)
{
	const struct handshake *h = queued(st, st->p->tcp.ack - 1);
	struct side *client = st->r;

	if (!h)
		return false;
	step_begin_side(st, client, h->seq);
	st->s->window = h->window;
	st->ssn->flags &= (uint16_t) ~(SESSION_TIMESTAMP | SESSION_CLIENT_WSCALE);
	client->flags &= (uint16_t)~SIDE_ZERO_TS;
	st->s->wscale = 0;
	if (h->has_wscale) {
		st->ssn->flags |= SESSION_CLIENT_WSCALE;
		st->s->wscale = h->wscale;
	}
	if (h->has_ts) {
		st->ssn->flags |= SESSION_TIMESTAMP;
		step_note_timestamp(st->p, client, h->ts);
	}
	return true;
}

static void synack_in_syn_sent(struct step *st)
{
	const struct packet *p = st->p;
	struct side *client = st->r;

	if (p->direction == 0) {
		step_refuse(st, EVENT_STREAM_3WHS_SYNACK_IN_WRONG_DIRECTION);
		return;
	}
	if (p->tcp.ack == client->next_seq) {
		take_synack(st);
	} else if ((st->ssn->flags & SESSION_FAST_OPEN) && p->tcp.ack == client->isn + 1) {
		/* The client will send it again. */
		packet_event(st->p, EVENT_STREAM_3WHS_SYNACK_TFO_DATA_IGNORED);
		step_begin_side(st, client, client->isn);
		take_synack(st);
	} else if (adopt_syn(st)) {
		take_synack(st);
	} else {
		step_refuse(st, EVENT_STREAM_3WHS_SYNACK_WITH_WRONG_ACK);
		return;
	}
	reassemble(st);
}

/* A SYN was answered by a SYN, and that one is answered now: the client is the one who accepts. */
static void synack_of_4whs(struct step *st)
{
	const struct packet *p = st->p;
	struct side *client = st->s;
	struct side *server = st->r;

	if (p->tcp.ack != server->isn + 1) {
		step_refuse(st, EVENT_STREAM_4WHS_SYNACK_WITH_WRONG_ACK);
		return;
	}
	if (p->tcp.seq != client->isn) {
		step_refuse(st, EVENT_STREAM_4WHS_SYNACK_WITH_WRONG_SYN);
		return;
	}
	state_set(st, TCP_STATE_SYN_RECV);
	step_begin_side(st, client, p->tcp.seq);
	server->window = p->tcp.window;
	if ((st->ssn->flags & SESSION_TIMESTAMP) && p->tcp.has_ts)
		step_note_timestamp(p, client, p->tcp.ts_value);
	else
		st->ssn->flags &= (uint16_t)~SESSION_TIMESTAMP;
	server->last_ack = p->tcp.ack;
	client->last_ack = client->isn + 1;
	server->wscale = (st->ssn->flags & SESSION_CLIENT_WSCALE) && p->tcp.has_wscale
				 ? step_scale_of(p)
				 : 0;
	step_set_next_win(client);
	step_set_next_win(server);
}

static void syn_in_syn_sent(struct step *st)
{
	const struct packet *p = st->p;
	struct side *server = st->s;

	if (p->direction == 0) {
		if (p->tcp.seq != st->s->isn || p->tcp.ts_value != st->s->last_ts)
			queue(st, SYNS_QUEUED_MAX, EVENT_STREAM_3WHS_SYN_FLOOD);
		return;
	}
	st->ssn->flags |= SESSION_4WHS;
	step_begin_side(st, server, p->tcp.seq);
	st->r->window = p->tcp.window;
	if ((st->ssn->flags & SESSION_TIMESTAMP) && p->tcp.has_ts)
		step_note_timestamp(p, server, p->tcp.ts_value);
	else
		st->ssn->flags &= (uint16_t)~SESSION_TIMESTAMP;
	if ((st->ssn->flags & SESSION_CLIENT_WSCALE) && p->tcp.has_wscale) {
		st->r->wscale = step_scale_of(p);
	} else {
		st->ssn->flags &= (uint16_t)~SESSION_CLIENT_WSCALE;
		st->r->wscale = 0;
	}
}

/* The client goes on though no answer was seen: the other way is not captured. */
static void ack_in_syn_sent(struct step *st)
{
	const struct packet *p = st->p;

	if (!st->e->opt.async_oneside)
		return;
	if (p->tcp.seq != st->s->next_seq) {
		step_refuse(st, EVENT_STREAM_3WHS_ASYNC_WRONG_SEQ);
		return;
	}
	st->ssn->flags |= SESSION_ASYNC;
	state_set(st, TCP_STATE_ESTABLISHED);
	st->s->window = p->tcp.window;
	st->s->last_ack = p->tcp.seq;
	step_set_next_win(st->s);
	step_begin_side(st, st->r, p->tcp.ack - 1);
	st->r->last_ack = st->r->next_seq;
	st->r->next_win = st->r->last_ack;
	if (!p->tcp.has_ts)
		st->ssn->flags &= (uint16_t)~SESSION_TIMESTAMP;
	update_timestamp(st);
	step_update_next_seq(st);
	reassemble(st);
}

void state_in_syn_sent(struct step *st)
{
	/* Which SYN/ACK the client takes, its ACK will tell. */
	if (step_has(st, TCP_SYN | TCP_ACK)) {
		if ((st->ssn->flags & SESSION_4WHS) && st->p->direction == 0)
			synack_of_4whs(st);
		else
			synack_in_syn_sent(st);
	} else if (!check_echo(st)) {
		st->refused = true;
	} else if (step_has(st, TCP_RST)) {
		const struct packet_tcp *tcp = &st->p->tcp;

		if (!check_rst(st)) {
			st->refused = true;
			return;
		}
		/* The client's own RST counts only where it fits its SYN exactly. */
		if (st->p->direction == 0 &&
		    (tcp->seq != st->s->isn || tcp->window || tcp->ack != st->s->isn + 1))
			return;
		st->r->flags |= SIDE_RST_RECEIVED;
		st->s->flags |= SIDE_ALL_READY;
		state_set(st, TCP_STATE_CLOSED);
	} else if (step_has(st, TCP_FIN)) {
		/* Nothing that it could end. */
	} else if (step_has(st, TCP_SYN)) {
		syn_in_syn_sent(st);
	} else if (step_has(st, TCP_ACK)) {
		ack_in_syn_sent(st);
	}
}

/* --- SYN_RECV ------------------------------------------------------------------------------------- */

static void synack_in_syn_recv(struct step *st)
{
	const struct packet *p = st->p;

	if (p->direction == 0) {
		step_refuse(st, EVENT_STREAM_3WHS_SYNACK_TOSERVER_ON_SYN_RECV);
	} else if (p->tcp.ack != st->r->last_ack) {
		step_refuse(st, EVENT_STREAM_3WHS_SYNACK_RESEND_WITH_DIFFERENT_ACK);
	} else if (p->tcp.seq != st->s->isn) {
		/* The client's ACK will tell which one it took. */
		packet_event(st->p, EVENT_STREAM_3WHS_SYNACK_RESEND_WITH_DIFF_SEQ);
		queue(st, st->e->opt.max_synack_queued, EVENT_STREAM_3WHS_SYNACK_FLOOD);
	}
}

static void syn_in_syn_recv(struct step *st)
{
	if (st->p->direction == 1)
		step_refuse(st, EVENT_STREAM_3WHS_SYN_TOCLIENT_ON_SYN_RECV);
	else if (st->p->tcp.seq != st->s->isn)
		step_refuse(st, EVENT_STREAM_3WHS_SYN_RESEND_DIFF_SEQ_ON_SYN_RECV);
}

/* The client acknowledges one of the server's other answers. */
static void adopt_synack(struct step *st)
{
	const struct handshake *h;
	struct side *server = st->r;

	if (st->p->direction == 1 || st->p->tcp.ack == server->next_seq)
		return;
	h = queued(st, st->p->tcp.ack - 1);
	if (!h)
		return;
	step_begin_side(st, server, h->seq);
	server->last_ack = h->seq + 1;
	st->s->window = h->window;
	st->s->wscale = (st->ssn->flags & SESSION_CLIENT_WSCALE) && h->has_wscale ? h->wscale : 0;
	if (h->has_ts)
		step_note_timestamp(st->p, server, h->ts);
	step_set_next_win(st->s);
	step_set_next_win(server);
}

static void establish(struct step *st)
{
	step_update_window(st);
	step_set_next_win(st->r);
	if (st->ssn->flags & SESSION_MIDSTREAM) {
		st->s->window = (uint32_t)st->p->tcp.window << st->s->wscale;
		step_set_next_win(st->s);
		st->s->wscale = WSCALE_MAX;
		st->r->wscale = WSCALE_MAX;
	}
	state_set(st, TCP_STATE_ESTABLISHED);
	drop_queue(st);
	/* Data with the client's ACK: the handshake was over when they were sent. */
	if (st->p->payload.len && st->p->direction == 0)
		st->p->established = true;
	reassemble(st);
}

static void ack_of_4whs(struct step *st)
{
	if (st->p->tcp.seq != st->s->next_seq) {
		step_refuse(st, EVENT_STREAM_4WHS_WRONG_SEQ);
		return;
	}
	if (!check_ack(st)) {
		step_refuse(st, EVENT_STREAM_4WHS_INVALID_ACK);
		return;
	}
	update_timestamp(st);
	step_update_last_ack(st);
	step_update_next_seq(st);
	establish(st);
}

/*
 * From the server before the client's ACK: that one was lost to us.  Inline nothing is
 * lost, so it is somebody else who speaks for the server.
 */
static bool server_may_speak(struct step *st)
{
	const struct packet *p = st->p;

	if (st->ssn->flags & (SESSION_MIDSTREAM_SYNACK | SESSION_FAST_OPEN))
		return true;
	if (!st->e->opt.use_inline)
		return true;
	if (p->payload.len && p->tcp.ack == st->r->last_ack && p->tcp.seq == st->s->next_seq)
		step_refuse(st, EVENT_STREAM_3WHS_ACK_DATA_INJECT);
	else
		step_refuse(st, EVENT_STREAM_3WHS_ACK_IN_WRONG_DIR);
	return false;
}

static void server_in_syn_recv(struct step *st)
{
	const struct packet *p = st->p;

	if (!server_may_speak(st))
		return;
	if (p->tcp.seq == st->s->next_seq &&
	    (p->tcp.ack == st->r->last_ack || st->e->opt.async_oneside ||
	     (seq_after(p->tcp.ack, st->r->last_ack) && !seq_after(p->tcp.ack, st->r->next_win)))) {
		update_timestamp(st);
		step_catch_up(st);
		step_update_last_ack(st);
		step_update_next_seq(st);
		establish(st);
	} else if (seq_after(p->tcp.seq, st->s->next_seq) &&
		   !seq_before(p->tcp.ack, st->r->last_ack)) {
		/* More than the ACK was lost. */
		update_timestamp(st);
		step_update_last_ack(st);
		st->s->next_seq = step_seq_end(st);
		establish(st);
	} else {
		step_refuse(st, EVENT_STREAM_3WHS_WRONG_SEQ_WRONG_ACK);
	}
}

static void client_in_syn_recv(struct step *st)
{
	const struct packet *p = st->p;
	struct side *client = st->s;
	struct side *server = st->r;

	adopt_synack(st);
	if (p->tcp.seq == client->next_seq && p->tcp.ack == server->next_seq) {
		update_timestamp(st);
		step_update_last_ack(st);
		step_update_next_seq(st);
		establish(st);
	} else if (p->tcp.seq == client->next_seq && (st->ssn->flags & SESSION_FAST_OPEN) &&
		   seq_after(p->tcp.ack, server->next_seq)) {
		/* The server had begun to speak. */
		step_update_last_ack(st);
		step_update_next_seq(st);
		establish(st);
	} else if (p->tcp.seq == client->next_seq) {
		st->ssn->flags |= SESSION_EVASION;
		step_refuse(st, EVENT_STREAM_3WHS_RIGHT_SEQ_WRONG_ACK_EVASION);
	} else if (seq_after(p->tcp.seq, client->next_seq) &&
		   !seq_after(p->tcp.seq, client->next_win) && p->tcp.ack == server->next_seq) {
		/* The ACK was lost, and data after it. */
		update_timestamp(st);
		step_update_last_ack(st);
		client->next_seq = step_seq_end(st);
		establish(st);
	} else {
		step_refuse(st, EVENT_STREAM_3WHS_WRONG_SEQ_WRONG_ACK);
	}
}

void state_in_syn_recv(struct step *st)
{
	if (step_has(st, TCP_RST)) {
		/* After a wrong ACK some receivers take a RST for a stray (section 3.5.3). */
		if ((st->ssn->flags & SESSION_EVASION) &&
		    policy_rst_in_window((enum stream_policy)st->s->policy) && check_rst(st))
			st->ssn->flags &= (uint16_t)~SESSION_EVASION;
		else
			state_on_rst(st);
	} else if (step_has(st, TCP_FIN)) {
		state_on_fin(st);
	} else if (step_has(st, TCP_SYN | TCP_ACK)) {
		synack_in_syn_recv(st);
	} else if (step_has(st, TCP_SYN)) {
		syn_in_syn_recv(st);
	} else if (step_has(st, TCP_ACK)) {
		if ((st->ssn->flags & SESSION_4WHS) && st->p->direction == 1)
			ack_of_4whs(st);
		else if (st->p->direction == 1)
			server_in_syn_recv(st);
		else
			client_in_syn_recv(st);
	}
}
