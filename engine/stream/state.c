/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of a session as somebody beside the wire can follow them: RFC 9293, section 3.10, with
 * allowances for packets that were lost on the way to the observer.  Names of states are the
 * server's: CLOSE_WAIT after the client's FIN, FIN_WAIT1 after the server's.
 *
 * A handler either refuses the packet, with an event, and nothing of it counts; or updates both sides
 * and gives it to reassemble().
 */
#include "engine/stream/session.h"

/* Where the SYN was not seen, the greatest scale has to be assumed (RFC 7323, section 2.3). */
#define WSCALE_MAX 14 /* RFC 7323, section 2.3: a greater one counts as this */
#define SYNS_QUEUED_MAX 10

/* --- small steps ----------------------------------------------------------------------------- */

static void refuse(struct step *st, enum event e)
{
	packet_event(st->p, e);
	st->refused = true;
}

static bool has(const struct step *st, unsigned flags)
{
	return (st->p->tcp.flags & flags) == flags;
}

static uint32_t seq_end(const struct step *st)
{
	return st->p->tcp.seq + (uint32_t)st->p->payload.len;
}

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

static uint8_t scale_of(const struct packet *p)
{
	return p->tcp.wscale < WSCALE_MAX ? p->tcp.wscale : WSCALE_MAX;
}

static void update_last_ack(struct step *st)
{
	if ((st->p->tcp.flags & TCP_ACK) && seq_after(st->p->tcp.ack, st->r->last_ack))
		st->r->last_ack = st->p->tcp.ack;
}

static void update_window(struct step *st)
{
	st->r->window = (uint32_t)st->p->tcp.window << st->r->wscale;
}

static void update_next_win(struct side *s)
{
	if (seq_after(s->last_ack + s->window, s->next_win))
		s->next_win = s->last_ack + s->window;
}

/* The window exactly as told, though it be smaller. */
static void set_next_win(struct side *s)
{
	s->next_win = s->last_ack + s->window;
}

static void update_next_seq(struct step *st)
{
	if (st->p->tcp.seq == st->s->next_seq)
		st->s->next_seq += (uint32_t)st->p->payload.len;
}

/* The other end has acknowledged what was not seen here. */
static void catch_up(struct step *st)
{
	if ((st->p->tcp.flags & TCP_ACK) && seq_before(st->r->next_seq, st->p->tcp.ack))
		st->r->next_seq = st->p->tcp.ack;
}

static bool in_window(const struct step *st)
{
	return !seq_after(seq_end(st), st->s->next_win) || (st->s->flags & SIDE_UNTOLD) ||
	       (st->ssn->flags & (SESSION_MIDSTREAM | SESSION_ASYNC));
}

static void begin_side(struct step *st, struct side *s, uint32_t isn)
{
	side_begin(st->e, s, isn);
	s->next_seq = isn + 1;
}

static void note_timestamp(const struct packet *p, struct side *s, uint32_t value)
{
	s->last_ts = value;
	s->last_ts_s = (uint32_t)(p->time_ns / 1000000000);
	if (value == 0)
		s->flags |= SIDE_ZERO_TS;
}

/* --- a session begins ------------------------------------------------------------------------ */

static uint8_t policy_of(const struct stream_options *opt, const struct flow *f,
			 const struct ip_addr *host)
{
	const struct stream_host *best = NULL;

	for (size_t i = 0; i < opt->host_count; i++) {
		const struct stream_host *h = &opt->hosts[i];

		if (network_has(&h->network, f->ip_version, host) &&
		    (!best || h->network.prefix_bits > best->network.prefix_bits))
			best = h;
	}
	return best ? best->policy : (uint8_t)opt->policy;
}

static bool new_session(struct step *st, bool midstream)
{
	struct stream_engine *e = st->e;
	struct flow *f = st->p->flow;

	f->tcp =
		e->sessions.used + e->rests.used < e->opt.max_sessions ? pool_get(&e->sessions) : 0;
	if (!f->tcp) {
		e->counters->value[COUNTER_TCP_SSN_MEMCAP_DROP]++;
		e->counters->value[COUNTER_LIMITS_REACHED]++;
		packet_exception(st->p, EXCEPTION_STREAM_MEMCAP);
		return false;
	}
	e->counters->value[COUNTER_TCP_SESSIONS]++;
	e->counters->value[COUNTER_TCP_ACTIVE_SESSIONS]++;
	if (midstream)
		e->counters->value[COUNTER_TCP_MIDSTREAM_PICKUPS]++;
	st->ssn = session_at(e, f->tcp);
	st->s = &st->ssn->side[st->p->direction];
	st->r = &st->ssn->side[!st->p->direction];
	st->ssn->side[0].policy = policy_of(&e->opt, f, &f->server);
	st->ssn->side[1].policy = policy_of(&e->opt, f, &f->client);
	st->ssn->side[0].max_regions = 1;
	st->ssn->side[1].max_regions = 1;
	if (e->opt.follow_only || (f->flags & FLOW_NO_PAYLOAD)) {
		st->ssn->side[0].flags |= SIDE_RELEASED;
		st->ssn->side[1].flags |= SIDE_RELEASED;
	}
	return true;
}

static void first_syn(struct step *st)
{
	const struct packet *p = st->p;

	if (!new_session(st, false))
		return;
	state_set(st, TCP_STATE_SYN_SENT);
	if (st->e->opt.async_oneside)
		st->ssn->flags |= SESSION_ASYNC;
	begin_side(st, st->s, p->tcp.seq);
	st->s->last_ack = p->tcp.seq;
	if (p->tcp.has_ts) {
		st->ssn->flags |= SESSION_TIMESTAMP;
		note_timestamp(p, st->s, p->tcp.ts_value);
	}
	st->r->window = p->tcp.window;
	if (p->tcp.has_wscale) {
		st->ssn->flags |= SESSION_CLIENT_WSCALE;
		st->r->wscale = scale_of(p);
	}
	if (p->tcp.has_fastopen) {
		st->ssn->flags |= SESSION_FAST_OPEN;
		st->s->next_seq += (uint32_t)p->payload.len;
		st->s->tcp_flags |= TCP_SYN;
		reassemble(st);
	}
}

/* Picked up at the answer: who sent it is the server. */
static void first_synack(struct step *st)
{
	struct packet *p = st->p;

	flow_reverse(st->e->flows, p->flow);
	p->direction ^= 1;
	if (!new_session(st, true))
		return;
	state_set(st, TCP_STATE_SYN_RECV);
	st->ssn->flags |= SESSION_MIDSTREAM | SESSION_MIDSTREAM_SYNACK;
	if (st->e->opt.async_oneside)
		st->ssn->flags |= SESSION_ASYNC;
	begin_side(st, st->s, p->tcp.seq);
	st->s->last_ack = p->tcp.seq;
	begin_side(st, st->r, p->tcp.ack - 1);
	st->r->last_ack = p->tcp.ack;
	st->s->window = p->tcp.window;
	set_next_win(st->s);
	/* A server answers with a scale only where the client had one. */
	if (p->tcp.has_wscale) {
		st->r->wscale = scale_of(p);
		st->s->wscale = WSCALE_MAX;
	}
	if (p->tcp.has_ts) {
		st->ssn->flags |= SESSION_TIMESTAMP;
		note_timestamp(p, st->s, p->tcp.ts_value);
		note_timestamp(p, st->r, p->tcp.ts_echo);
	}
}

/* Picked up in the middle, or at the end. */
static void first_middle(struct step *st, enum tcp_state state)
{
	const struct packet *p = st->p;
	struct side *s, *r;

	if (!new_session(st, true))
		return;
	s = st->s;
	r = st->r;
	state_set(st, state);
	st->ssn->flags |= SESSION_MIDSTREAM | SESSION_MIDSTREAM_ESTABLISHED;
	if (st->e->opt.async_oneside)
		st->ssn->flags |= SESSION_ASYNC;
	s->wscale = WSCALE_MAX;
	r->wscale = WSCALE_MAX;
	begin_side(st, s, p->tcp.seq - 1);
	s->next_seq = seq_end(st);
	s->window = (uint32_t)p->tcp.window << s->wscale;
	s->last_ack = p->tcp.seq;
	set_next_win(s);
	begin_side(st, r, p->tcp.ack - 1);
	r->last_ack = p->tcp.ack;
	r->next_win = p->tcp.ack;
	if (p->tcp.has_ts) {
		st->ssn->flags |= SESSION_TIMESTAMP;
		note_timestamp(p, s, p->tcp.ts_value);
		note_timestamp(p, r, p->tcp.ts_echo);
		/* An echo is not a time at which something came. */
		r->last_ts_s = 0;
	}
	s->tcp_flags |= p->tcp.flags;
	reassemble(st);
}

/* No start was seen: is the session picked up all the same? */
static bool picks_up(const struct stream_engine *e, struct packet *p, bool enabled)
{
	packet_exception(p, EXCEPTION_MIDSTREAM);
	return enabled && !e->opt.keeps_out;
}

void state_first(struct stream_engine *e, struct packet *p)
{
	struct step st = { .e = e, .p = p };
	uint8_t flags = p->tcp.flags;

	if (flags & TCP_RST) {
		packet_event(p, EVENT_STREAM_RST_BUT_NO_SESSION);
	} else if (flags & TCP_FIN) {
		if (flags & TCP_SYN)
			packet_event(p, EVENT_STREAM_FIN_SYN);
		if (!picks_up(e, p, e->opt.midstream && p->payload.len))
			packet_event(p, EVENT_STREAM_FIN_BUT_NO_SESSION);
		else
			first_middle(&st, TCP_STATE_FIN_WAIT1);
	} else if ((flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK)) {
		if (picks_up(e, p, e->opt.midstream || e->opt.async_oneside))
			first_synack(&st);
	} else if (flags & TCP_SYN) {
		first_syn(&st);
	} else if ((flags & TCP_ACK) && picks_up(e, p, e->opt.midstream)) {
		first_middle(&st, TCP_STATE_ESTABLISHED);
	}
}

/* --- handshakes that were said twice ---------------------------------------------------------- */

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
				 .wscale = scale_of(p),
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

/* --- RST and FIN, in any state ---------------------------------------------------------------- */

static void on_rst(struct step *st)
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
	st->s->next_seq = seq_end(st);
	if (st->p->tcp.flags & TCP_ACK)
		st->r->next_seq = st->p->tcp.ack;
	update_last_ack(st);
	reassemble(st);
}

static void on_fin(struct step *st)
{
	struct side *s = st->s;

	if (!check_ack(st)) {
		refuse(st, EVENT_STREAM_FIN_INVALID_ACK);
		return;
	}
	if (seq_before(st->p->tcp.seq, s->next_seq) ||
	    seq_after(st->p->tcp.seq, s->last_ack + s->window)) {
		refuse(st, EVENT_STREAM_FIN_OUT_OF_WINDOW);
		return;
	}
	if (st->p->tcp.flags & TCP_SYN) {
		refuse(st, EVENT_STREAM_FIN_SYN);
		return;
	}
	state_set(st, st->p->direction ? TCP_STATE_FIN_WAIT1 : TCP_STATE_CLOSE_WAIT);
	/*
	 * Whether the FIN counts decides which RST is believed after it.  As Suricata has it: the
	 * server's does, the client's when it is acknowledged.
	 */
	s->next_seq = seq_end(st) + (st->p->direction ? 1 : 0);
	update_window(st);
	catch_up(st);
	update_last_ack(st);
	update_timestamp(st);
	update_next_win(st->r);
	reassemble(st);
}

/* --- SYN_SENT -------------------------------------------------------------------------------- */

/* What a SYN/ACK says of both sides. */
static void take_synack(struct step *st)
{
	const struct packet *p = st->p;
	struct side *client = st->r;
	struct side *server = st->s;

	state_set(st, TCP_STATE_SYN_RECV);
	begin_side(st, server, p->tcp.seq);
	client->window = p->tcp.window;
	if ((st->ssn->flags & SESSION_TIMESTAMP) && p->tcp.has_ts) {
		note_timestamp(p, server, p->tcp.ts_value);
	} else {
		st->ssn->flags &= (uint16_t)~SESSION_TIMESTAMP;
		client->last_ts = 0;
		client->flags &= (uint16_t)~SIDE_ZERO_TS;
	}
	client->last_ack = p->tcp.ack;
	server->last_ack = server->isn + 1;
	client->wscale =
		(st->ssn->flags & SESSION_CLIENT_WSCALE) && p->tcp.has_wscale ? scale_of(p) : 0;
	set_next_win(client);
	set_next_win(server);
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
	begin_side(st, client, h->seq);
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
		note_timestamp(st->p, client, h->ts);
	}
	return true;
}

static void synack_in_syn_sent(struct step *st)
{
	const struct packet *p = st->p;
	struct side *client = st->r;

	if (p->direction == 0) {
		refuse(st, EVENT_STREAM_3WHS_SYNACK_IN_WRONG_DIRECTION);
		return;
	}
	if (p->tcp.ack == client->next_seq) {
		take_synack(st);
	} else if ((st->ssn->flags & SESSION_FAST_OPEN) && p->tcp.ack == client->isn + 1) {
		/* The client will send it again. */
		packet_event(st->p, EVENT_STREAM_3WHS_SYNACK_TFO_DATA_IGNORED);
		begin_side(st, client, client->isn);
		take_synack(st);
	} else if (adopt_syn(st)) {
		take_synack(st);
	} else {
		refuse(st, EVENT_STREAM_3WHS_SYNACK_WITH_WRONG_ACK);
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
		refuse(st, EVENT_STREAM_4WHS_SYNACK_WITH_WRONG_ACK);
		return;
	}
	if (p->tcp.seq != client->isn) {
		refuse(st, EVENT_STREAM_4WHS_SYNACK_WITH_WRONG_SYN);
		return;
	}
	state_set(st, TCP_STATE_SYN_RECV);
	begin_side(st, client, p->tcp.seq);
	server->window = p->tcp.window;
	if ((st->ssn->flags & SESSION_TIMESTAMP) && p->tcp.has_ts)
		note_timestamp(p, client, p->tcp.ts_value);
	else
		st->ssn->flags &= (uint16_t)~SESSION_TIMESTAMP;
	server->last_ack = p->tcp.ack;
	client->last_ack = client->isn + 1;
	server->wscale =
		(st->ssn->flags & SESSION_CLIENT_WSCALE) && p->tcp.has_wscale ? scale_of(p) : 0;
	set_next_win(client);
	set_next_win(server);
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
	begin_side(st, server, p->tcp.seq);
	st->r->window = p->tcp.window;
	if ((st->ssn->flags & SESSION_TIMESTAMP) && p->tcp.has_ts)
		note_timestamp(p, server, p->tcp.ts_value);
	else
		st->ssn->flags &= (uint16_t)~SESSION_TIMESTAMP;
	if ((st->ssn->flags & SESSION_CLIENT_WSCALE) && p->tcp.has_wscale) {
		st->r->wscale = scale_of(p);
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
		refuse(st, EVENT_STREAM_3WHS_ASYNC_WRONG_SEQ);
		return;
	}
	st->ssn->flags |= SESSION_ASYNC;
	state_set(st, TCP_STATE_ESTABLISHED);
	st->s->window = p->tcp.window;
	st->s->last_ack = p->tcp.seq;
	set_next_win(st->s);
	begin_side(st, st->r, p->tcp.ack - 1);
	st->r->last_ack = st->r->next_seq;
	st->r->next_win = st->r->last_ack;
	if (!p->tcp.has_ts)
		st->ssn->flags &= (uint16_t)~SESSION_TIMESTAMP;
	update_timestamp(st);
	update_next_seq(st);
	reassemble(st);
}

static void in_syn_sent(struct step *st)
{
	/* Which SYN/ACK the client takes, its ACK will tell. */
	if (has(st, TCP_SYN | TCP_ACK)) {
		if ((st->ssn->flags & SESSION_4WHS) && st->p->direction == 0)
			synack_of_4whs(st);
		else
			synack_in_syn_sent(st);
	} else if (!check_echo(st)) {
		st->refused = true;
	} else if (has(st, TCP_RST)) {
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
	} else if (has(st, TCP_FIN)) {
		/* Nothing that it could end. */
	} else if (has(st, TCP_SYN)) {
		syn_in_syn_sent(st);
	} else if (has(st, TCP_ACK)) {
		ack_in_syn_sent(st);
	}
}

/* --- SYN_RECV -------------------------------------------------------------------------------- */

static void synack_in_syn_recv(struct step *st)
{
	const struct packet *p = st->p;

	if (p->direction == 0) {
		refuse(st, EVENT_STREAM_3WHS_SYNACK_TOSERVER_ON_SYN_RECV);
	} else if (p->tcp.ack != st->r->last_ack) {
		refuse(st, EVENT_STREAM_3WHS_SYNACK_RESEND_WITH_DIFFERENT_ACK);
	} else if (p->tcp.seq != st->s->isn) {
		/* The client's ACK will tell which one it took. */
		packet_event(st->p, EVENT_STREAM_3WHS_SYNACK_RESEND_WITH_DIFF_SEQ);
		queue(st, st->e->opt.max_synack_queued, EVENT_STREAM_3WHS_SYNACK_FLOOD);
	}
}

static void syn_in_syn_recv(struct step *st)
{
	if (st->p->direction == 1)
		refuse(st, EVENT_STREAM_3WHS_SYN_TOCLIENT_ON_SYN_RECV);
	else if (st->p->tcp.seq != st->s->isn)
		refuse(st, EVENT_STREAM_3WHS_SYN_RESEND_DIFF_SEQ_ON_SYN_RECV);
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
	begin_side(st, server, h->seq);
	server->last_ack = h->seq + 1;
	st->s->window = h->window;
	st->s->wscale = (st->ssn->flags & SESSION_CLIENT_WSCALE) && h->has_wscale ? h->wscale : 0;
	if (h->has_ts)
		note_timestamp(st->p, server, h->ts);
	set_next_win(st->s);
	set_next_win(server);
}

static void establish(struct step *st)
{
	update_window(st);
	set_next_win(st->r);
	if (st->ssn->flags & SESSION_MIDSTREAM) {
		st->s->window = (uint32_t)st->p->tcp.window << st->s->wscale;
		set_next_win(st->s);
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
		refuse(st, EVENT_STREAM_4WHS_WRONG_SEQ);
		return;
	}
	if (!check_ack(st)) {
		refuse(st, EVENT_STREAM_4WHS_INVALID_ACK);
		return;
	}
	update_timestamp(st);
	update_last_ack(st);
	update_next_seq(st);
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
		refuse(st, EVENT_STREAM_3WHS_ACK_DATA_INJECT);
	else
		refuse(st, EVENT_STREAM_3WHS_ACK_IN_WRONG_DIR);
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
		catch_up(st);
		update_last_ack(st);
		update_next_seq(st);
		establish(st);
	} else if (seq_after(p->tcp.seq, st->s->next_seq) &&
		   !seq_before(p->tcp.ack, st->r->last_ack)) {
		/* More than the ACK was lost. */
		update_timestamp(st);
		update_last_ack(st);
		st->s->next_seq = seq_end(st);
		establish(st);
	} else {
		refuse(st, EVENT_STREAM_3WHS_WRONG_SEQ_WRONG_ACK);
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
		update_last_ack(st);
		update_next_seq(st);
		establish(st);
	} else if (p->tcp.seq == client->next_seq && (st->ssn->flags & SESSION_FAST_OPEN) &&
		   seq_after(p->tcp.ack, server->next_seq)) {
		/* The server had begun to speak. */
		update_last_ack(st);
		update_next_seq(st);
		establish(st);
	} else if (p->tcp.seq == client->next_seq) {
		st->ssn->flags |= SESSION_EVASION;
		refuse(st, EVENT_STREAM_3WHS_RIGHT_SEQ_WRONG_ACK_EVASION);
	} else if (seq_after(p->tcp.seq, client->next_seq) &&
		   !seq_after(p->tcp.seq, client->next_win) && p->tcp.ack == server->next_seq) {
		/* The ACK was lost, and data after it. */
		update_timestamp(st);
		update_last_ack(st);
		client->next_seq = seq_end(st);
		establish(st);
	} else {
		refuse(st, EVENT_STREAM_3WHS_WRONG_SEQ_WRONG_ACK);
	}
}

static void in_syn_recv(struct step *st)
{
	if (has(st, TCP_RST)) {
		/* After a wrong ACK some receivers take a RST for a stray (section 3.5.3). */
		if ((st->ssn->flags & SESSION_EVASION) &&
		    policy_rst_in_window((enum stream_policy)st->s->policy) && check_rst(st))
			st->ssn->flags &= (uint16_t)~SESSION_EVASION;
		else
			on_rst(st);
	} else if (has(st, TCP_FIN)) {
		on_fin(st);
	} else if (has(st, TCP_SYN | TCP_ACK)) {
		synack_in_syn_recv(st);
	} else if (has(st, TCP_SYN)) {
		syn_in_syn_recv(st);
	} else if (has(st, TCP_ACK)) {
		if ((st->ssn->flags & SESSION_4WHS) && st->p->direction == 1)
			ack_of_4whs(st);
		else if (st->p->direction == 1)
			server_in_syn_recv(st);
		else
			client_in_syn_recv(st);
	}
}

/* --- ESTABLISHED ----------------------------------------------------------------------------- */

/* Data that lies before what is acknowledged; true: it may be taken nevertheless. */
static bool before_last_ack(struct step *st)
{
	struct side *s = st->s;

	if (st->ssn->flags & SESSION_ASYNC) {
		s->last_ack = st->p->tcp.seq;
		return true;
	}
	/* Acknowledged, but never seen: better late. */
	return seq_after(s->last_ack, s->next_seq) && seq_after(seq_end(st), s->next_seq);
}

/* Only what is next, or reaches over it, moves on; but what is acknowledged has been there. */
static void advance_next_seq(struct step *st)
{
	struct side *s = st->s;
	uint32_t end = seq_end(st);

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
		refuse(st, EVENT_STREAM_EST_INVALID_ACK);
		return;
	}
	/* Who was picked up by the client's packet: this one tells the server's window. */
	if (p->direction == 1 && (st->ssn->flags & SESSION_MIDSTREAM_ESTABLISHED)) {
		s->window = (uint32_t)p->tcp.window << s->wscale;
		set_next_win(s);
		st->ssn->flags &= (uint16_t)~SESSION_MIDSTREAM_ESTABLISHED;
	}
	if (seq_before(seq_end(st), s->last_ack) && !before_last_ack(st)) {
		refuse(st, EVENT_STREAM_EST_PKT_BEFORE_LAST_ACK);
		return;
	}
	/* A byte sent into a closed window to see if it has opened (RFC 9293, section 3.8.6.1). */
	if (p->payload.len == 1 && p->tcp.seq == s->next_seq && s->window == 0)
		return;
	if (!in_window(st)) {
		refuse(st, EVENT_STREAM_EST_PACKET_OUT_OF_WINDOW);
		return;
	}
	advance_next_seq(st);
	/* A hole that is acknowledged, with bytes behind it. */
	if (st->r->regions)
		catch_up(st);
	update_window(st);
	update_last_ack(st);
	update_timestamp(st);
	update_next_win(r);
	reassemble(st);
}

static void synack_in_established(struct step *st)
{
	const struct packet *p = st->p;

	if (p->direction == 0)
		refuse(st, EVENT_STREAM_EST_SYNACK_TOSERVER);
	else if (p->tcp.ack != st->r->last_ack)
		refuse(st, EVENT_STREAM_EST_SYNACK_RESEND_WITH_DIFFERENT_ACK);
	else if (p->tcp.seq != st->s->isn)
		refuse(st, EVENT_STREAM_EST_SYNACK_RESEND_WITH_DIFF_SEQ);
	else if (st->ssn->flags & SESSION_CONFIRMED)
		refuse(st, EVENT_STREAM_EST_SYNACK_RESEND);
	/* Else the server has not got the ACK, and says it again. */
}

static void in_established(struct step *st)
{
	if (has(st, TCP_RST)) {
		on_rst(st);
	} else if (has(st, TCP_FIN)) {
		if ((st->ssn->flags & SESSION_TIMESTAMP) && !check_timestamp(st))
			st->refused = true;
		else
			on_fin(st);
	} else if (has(st, TCP_SYN | TCP_ACK)) {
		synack_in_established(st);
	} else if (has(st, TCP_SYN)) {
		if (st->p->direction == 1)
			refuse(st, EVENT_STREAM_EST_SYN_TOCLIENT);
		else if (st->p->tcp.seq != st->s->isn)
			refuse(st, EVENT_STREAM_EST_SYN_RESEND_DIFF_SEQ);
		else
			refuse(st, EVENT_STREAM_EST_SYN_RESEND);
	} else if (has(st, TCP_ACK)) {
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

/* --- closing --------------------------------------------------------------------------------- */

/* What every accepted packet does after the first FIN. */
static void accept_closing(struct step *st, bool again)
{
	if (!again)
		update_window(st);
	catch_up(st);
	/* As Suricata has it, the server's FIN after the client's does not move on, whatever it carries. */
	if (!has(st, TCP_FIN) || st->p->direction == 0 || st->ssn->state != TCP_STATE_LAST_ACK)
		update_next_seq(st);
	update_last_ack(st);
	update_timestamp(st);
	update_next_win(st->r);
	reassemble(st);
}

/* Common to all: what a state does not look at.  True: done. */
static bool closing_common(struct step *st)
{
	if (has(st, TCP_RST)) {
		on_rst(st);
		return true;
	}
	if ((st->ssn->flags & SESSION_TIMESTAMP) && !has(st, TCP_SYN) && !check_timestamp(st)) {
		st->refused = true;
		return true;
	}
	if (has(st, TCP_SYN)) {
		refuse(st, EVENT_STREAM_SHUTDOWN_SYN_RESEND);
		return true;
	}
	return !has(st, TCP_FIN) && !has(st, TCP_ACK);
}

static bool fin_outside(const struct step *st)
{
	return seq_before(st->p->tcp.seq, st->s->next_seq) ||
	       seq_after(st->p->tcp.seq, st->s->last_ack + st->s->window);
}

/* The FIN once more. */
static bool same_fin(const struct step *st)
{
	return has(st, TCP_FIN) && (st->s->flags & SIDE_FIN) && seq_end(st) == fin_seq(st->s);
}

/* Just after its last byte, or after its FIN. */
static bool at_end(const struct step *st)
{
	return st->p->tcp.seq == st->s->next_seq || st->p->tcp.seq == st->s->next_seq + 1;
}

static void in_fin_wait1(struct step *st)
{
	bool again;

	if (closing_common(st))
		return;
	again = is_retransmission(st) || same_fin(st);
	if (has(st, TCP_FIN)) {
		if (!again && fin_outside(st) && !at_end(st)) {
			refuse(st, EVENT_STREAM_FIN1_FIN_WRONG_SEQ);
			return;
		}
		if (!check_ack(st)) {
			refuse(st, EVENT_STREAM_FIN1_INVALID_ACK);
			return;
		}
		if (!again && !(st->s->flags & SIDE_FIN))
			state_set(st, TCP_STATE_TIME_WAIT);
		accept_closing(st, again);
		return;
	}
	if (!check_ack(st)) {
		refuse(st, EVENT_STREAM_FIN1_INVALID_ACK);
		return;
	}
	if (!again) {
		if (!in_window(st)) {
			refuse(st, EVENT_STREAM_FIN1_ACK_WRONG_SEQ);
			return;
		}
		/* The client's: that of the server itself acknowledges nothing of its own. */
		if (st->p->tcp.seq == st->s->next_seq && st->p->direction == 0)
			state_set(st, TCP_STATE_FIN_WAIT2);
	}
	accept_closing(st, again);
}

static void in_fin_wait2(struct step *st)
{
	bool again;

	if (closing_common(st))
		return;
	again = is_retransmission(st) || same_fin(st);
	if (has(st, TCP_FIN)) {
		if (!again && fin_outside(st)) {
			refuse(st, EVENT_STREAM_FIN2_FIN_WRONG_SEQ);
			return;
		}
	} else if (!again && !in_window(st)) {
		refuse(st, EVENT_STREAM_FIN2_ACK_WRONG_SEQ);
		return;
	}
	if (!check_ack(st)) {
		refuse(st, EVENT_STREAM_FIN2_INVALID_ACK);
		return;
	}
	if (has(st, TCP_FIN) && !again)
		state_set(st, TCP_STATE_TIME_WAIT);
	accept_closing(st, again);
}

static void in_closing(struct step *st)
{
	bool again;

	if (closing_common(st) || has(st, TCP_FIN))
		return;
	again = is_retransmission(st) || same_fin(st);
	if (!again && !at_end(st)) {
		refuse(st, EVENT_STREAM_CLOSING_ACK_WRONG_SEQ);
		return;
	}
	if (!check_ack(st)) {
		refuse(st, EVENT_STREAM_CLOSING_INVALID_ACK);
		return;
	}
	if (!again)
		state_set(st, TCP_STATE_TIME_WAIT);
	accept_closing(st, again);
}

static void in_close_wait(struct step *st)
{
	struct side *s = st->s;
	bool again;

	if (closing_common(st))
		return;
	again = is_retransmission(st) || same_fin(st);
	if (has(st, TCP_FIN)) {
		if (!again && fin_outside(st)) {
			refuse(st, EVENT_STREAM_CLOSEWAIT_FIN_OUT_OF_WINDOW);
			return;
		}
	} else {
		if (st->p->payload.len && !seq_after(seq_end(st), s->last_ack)) {
			refuse(st, EVENT_STREAM_CLOSEWAIT_PKT_BEFORE_LAST_ACK);
			return;
		}
		if (seq_after(st->p->tcp.seq, s->last_ack + s->window) && !at_end(st)) {
			refuse(st, EVENT_STREAM_CLOSEWAIT_ACK_OUT_OF_WINDOW);
			return;
		}
	}
	if (!check_ack(st)) {
		refuse(st, EVENT_STREAM_CLOSEWAIT_INVALID_ACK);
		return;
	}
	/* Only the server's FIN ends its side; the client's has been. */
	if (has(st, TCP_FIN) && !again && st->p->direction == 1)
		state_set(st, TCP_STATE_LAST_ACK);
	accept_closing(st, again);
}

static void in_last_ack(struct step *st)
{
	bool again;

	if (closing_common(st) || has(st, TCP_FIN))
		return;
	again = is_retransmission(st) || same_fin(st);
	if (!check_ack(st)) {
		refuse(st, EVENT_STREAM_LASTACK_INVALID_ACK);
		return;
	}
	if (!again && !seq_before(st->p->tcp.seq, st->s->next_seq)) {
		/* The server's own ACKs are not the last one, and behind what came with its FIN. */
		if (st->p->direction == 0 && !at_end(st)) {
			refuse(st, EVENT_STREAM_LASTACK_ACK_WRONG_SEQ);
			return;
		}
		if (st->p->direction == 0)
			state_set(st, TCP_STATE_CLOSED);
	}
	accept_closing(st, again);
}

static void in_time_wait(struct step *st)
{
	bool again;

	if (closing_common(st) || has(st, TCP_FIN))
		return;
	again = is_retransmission(st) || same_fin(st);
	if (!again && !at_end(st)) {
		refuse(st, EVENT_STREAM_TIMEWAIT_ACK_WRONG_SEQ);
		return;
	}
	if (!check_ack(st)) {
		refuse(st, EVENT_STREAM_TIMEWAIT_INVALID_ACK);
		return;
	}
	if (!again)
		state_set(st, TCP_STATE_CLOSED);
	accept_closing(st, again);
}

/* --- all of them ----------------------------------------------------------------------------- */

static void dispatch(struct step *st, enum tcp_state state)
{
	switch (state) {
	case TCP_STATE_SYN_SENT:
		in_syn_sent(st);
		break;
	case TCP_STATE_SYN_RECV:
		in_syn_recv(st);
		break;
	case TCP_STATE_ESTABLISHED:
		in_established(st);
		break;
	case TCP_STATE_FIN_WAIT1:
		in_fin_wait1(st);
		break;
	case TCP_STATE_FIN_WAIT2:
		in_fin_wait2(st);
		break;
	case TCP_STATE_TIME_WAIT:
		in_time_wait(st);
		break;
	case TCP_STATE_LAST_ACK:
		in_last_ack(st);
		break;
	case TCP_STATE_CLOSE_WAIT:
		in_close_wait(st);
		break;
	case TCP_STATE_CLOSING:
		in_closing(st);
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

	if (has(st, TCP_RST) || (st->s->flags & SIDE_RST_RECEIVED) ||
	    !(st->r->flags & SIDE_RST_RECEIVED))
		return;
	dispatch(st, ssn->before);
	if (!st->refused && ssn->state == TCP_STATE_CLOSED)
		ssn->state = ssn->before;
}

/* A regular packet after a RST of the same sender. */
static void check_after_rst(struct step *st)
{
	if (has(st, TCP_RST) || !(st->r->flags & SIDE_RST_RECEIVED))
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
	       st->ssn->state >= TCP_STATE_ESTABLISHED && !seq_after(seq_end(st), s->last_ack);
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
	st->s->next_seq = seq_end(st) + 1;
	state_set(st, state);
}

void state_released(struct step *st)
{
	if (has(st, TCP_SYN) || !may_be_next(st))
		return;
	if (has(st, TCP_RST))
		state_set(st, TCP_STATE_CLOSED);
	else if (has(st, TCP_FIN))
		fin_of_released(st);
}

void state_next(struct step *st)
{
	if (st->s->flags & SIDE_UNTOLD)
		side_assume_ack(st->e, st->s);
	if (is_keepalive(st)) {
		st->s->flags |= SIDE_KEEPALIVE;
		goto out;
	}
	if (is_keepalive_ack(st)) {
		st->r->flags &= (uint16_t)~SIDE_KEEPALIVE;
		goto out;
	}
	st->r->flags &= (uint16_t)~SIDE_KEEPALIVE;
	if (is_bad_window_update(st) || is_outdated_ack(st))
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
