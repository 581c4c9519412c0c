/* SPDX-License-Identifier: Apache-2.0 */
/* A session begins: at its SYN, at the answer to one that was not seen, or in its middle. */
#include "engine/stream/state_step.h"

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
	step_begin_side(st, st->s, p->tcp.seq);
	st->s->last_ack = p->tcp.seq;
	if (p->tcp.has_ts) {
		st->ssn->flags |= SESSION_TIMESTAMP;
		step_note_timestamp(p, st->s, p->tcp.ts_value);
	}
	st->r->window = p->tcp.window;
	if (p->tcp.has_wscale) {
		st->ssn->flags |= SESSION_CLIENT_WSCALE;
		st->r->wscale = step_scale_of(p);
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
	step_begin_side(st, st->s, p->tcp.seq);
	st->s->last_ack = p->tcp.seq;
	step_begin_side(st, st->r, p->tcp.ack - 1);
	st->r->last_ack = p->tcp.ack;
	st->s->window = p->tcp.window;
	step_set_next_win(st->s);
	/* A server answers with a scale only where the client had one. */
	if (p->tcp.has_wscale) {
		st->r->wscale = step_scale_of(p);
		st->s->wscale = WSCALE_MAX;
	}
	if (p->tcp.has_ts) {
		st->ssn->flags |= SESSION_TIMESTAMP;
		step_note_timestamp(p, st->s, p->tcp.ts_value);
		step_note_timestamp(p, st->r, p->tcp.ts_echo);
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
	step_begin_side(st, s, p->tcp.seq - 1);
	s->next_seq = step_seq_end(st);
	s->window = (uint32_t)p->tcp.window << s->wscale;
	s->last_ack = p->tcp.seq;
	step_set_next_win(s);
	step_begin_side(st, r, p->tcp.ack - 1);
	r->last_ack = p->tcp.ack;
	r->next_win = p->tcp.ack;
	if (p->tcp.has_ts) {
		st->ssn->flags |= SESSION_TIMESTAMP;
		step_note_timestamp(p, s, p->tcp.ts_value);
		step_note_timestamp(p, r, p->tcp.ts_echo);
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
