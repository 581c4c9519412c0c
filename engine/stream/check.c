/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/stream/session.h"

/* RFC 7323, section 5.5: a timestamp is worth nothing after 24 days. */
#define PAWS_EXPIRY_S (24u * 24 * 60 * 60)

static bool bad_ack(const struct step *st)
{
	packet_event(st->p, EVENT_STREAM_PKT_INVALID_ACK);
	return false;
}

bool check_ack(const struct step *st)
{
	const struct side *r = st->r;
	uint32_t ack = st->p->tcp.ack;

	if (!(st->p->tcp.flags & TCP_ACK) || ack == r->last_ack)
		return true;
	if (seq_after(ack, r->last_ack) && !seq_after(ack, r->next_win))
		return true;
	if (seq_before(ack, r->last_ack)) {
		/* Old news are fine, but not older than a window. */
		if (r->window && seq_before(ack, r->last_ack - r->window))
			return bad_ack(st);
		return true;
	}
	if (st->ssn->flags & SESSION_ASYNC)
		return true;
	/* The answer to a SYN: no window has been told yet. */
	if (st->ssn->state == TCP_STATE_SYN_SENT && st->p->direction == 1 &&
	    (st->p->tcp.flags & TCP_RST) && ack == r->isn + 1)
		return true;
	return bad_ack(st);
}

/* RFC 1122, section 4.2.2.12: a RST may carry data. */
bool check_rst(const struct step *st)
{
	const struct side *s = st->s;
	uint32_t seq = st->p->tcp.seq;
	uint32_t len = (uint32_t)st->p->payload.len;

	if ((st->ssn->flags & SESSION_TIMESTAMP) && !check_timestamp(st))
		return false;
	if (len)
		packet_event(st->p, EVENT_STREAM_RST_WITH_DATA);
	if ((st->p->tcp.flags & TCP_ACK) && st->p->tcp.ack && !check_ack(st)) {
		packet_event(st->p, EVENT_STREAM_RST_INVALID_ACK);
		return false;
	}
	if (st->ssn->flags & SESSION_ASYNC)
		return !seq_before(seq, s->next_seq);
	if (st->s->policy == STREAM_POLICY_HPUX11)
		return !seq_before(seq, s->next_seq);
	if (policy_rst_in_window((enum stream_policy)st->s->policy))
		return !seq_before(seq + len, s->last_ack) &&
		       seq_before(seq, s->next_seq + s->window + 1);
	return seq == s->next_seq;
}

static bool bad_timestamp(const struct step *st)
{
	packet_event(st->p, EVENT_STREAM_PKT_INVALID_TIMESTAMP);
	return false;
}

/*
 * Linux takes a timestamp that is one too low; so does this, for every policy: a segment refused
 * here and taken there would be hidden.
 */
bool check_timestamp(const struct step *st)
{
	const struct packet *p = st->p;
	const struct side *s = st->s;
	bool old;

	if (!p->tcp.has_ts || (s->flags & SIDE_ZERO_TS))
		return true;
	if (p->tcp.ts_value == 0 && s->last_ts != 0 && !(p->tcp.flags & TCP_RST))
		return bad_timestamp(st);
	if ((int32_t)(p->tcp.ts_value - s->last_ts + 1) >= 0 || !s->last_ts_s)
		return true;
	old = packet_seconds(p) > s->last_ts_s + PAWS_EXPIRY_S;
	if (old && p->tcp.seq == s->next_seq)
		return true;
	return bad_timestamp(st);
}

bool check_echo(const struct step *st)
{
	const struct packet *p = st->p;
	uint32_t index = st->ssn->queue;

	if (p->direction == 0 || !p->tcp.has_ts || !p->tcp.ts_echo)
		return true;
	if ((st->ssn->flags & SESSION_TIMESTAMP) &&
	    (!st->r->last_ts || p->tcp.ts_echo == st->r->last_ts))
		return true;
	/* The SYN may have been said more than once, each time at another time. */
	while (index) {
		const struct handshake *h = pool_at(&st->e->handshakes, index);

		if (h->has_ts && h->ts == p->tcp.ts_echo)
			return true;
		index = h->next;
	}
	return bad_timestamp(st);
}

/* Section 4.3: only what is next in order moves TS.Recent. */
void update_timestamp(const struct step *st)
{
	const struct packet *p = st->p;
	struct side *s = st->s;

	if (!(st->ssn->flags & SESSION_TIMESTAMP) || !p->tcp.has_ts ||
	    seq_after(p->tcp.seq, s->next_seq))
		return;
	if ((int32_t)(p->tcp.ts_value - s->last_ts) < 0 && s->last_ts_s)
		return;
	side_note_timestamp(s, p);
}

bool is_retransmission(const struct step *st)
{
	uint32_t end = st->p->tcp.seq + (uint32_t)st->p->payload.len;

	if (!st->p->payload.len)
		return false;
	if (seq_before(st->p->tcp.seq, st->s->last_ack) || !seq_after(end, st->s->next_seq)) {
		packet_event(st->p, EVENT_STREAM_PKT_RETRANSMISSION);
		return true;
	}
	return false;
}

#define NO_DATA_FLAGS (TCP_SYN | TCP_FIN | TCP_RST)

/*
 * RFC 9293, section 3.8.4: one byte or none, just before what is next, where all is acknowledged.  A byte that is not
 * acknowledged may come again, and differ.
 */
bool is_keepalive(const struct step *st)
{
	const struct packet *p = st->p;

	if (p->payload.len > 1 || (p->tcp.flags & NO_DATA_FLAGS) || !(p->tcp.flags & TCP_ACK))
		return false;
	if (p->payload.len && st->s->last_ack != st->s->next_seq)
		return false;
	return p->tcp.ack == st->r->last_ack && p->tcp.seq == st->s->next_seq - 1;
}

bool is_keepalive_ack(const struct step *st)
{
	const struct packet *p = st->p;

	if (p->payload.len || (p->tcp.flags & NO_DATA_FLAGS) || !p->tcp.window ||
	    !(st->r->flags & SIDE_KEEPALIVE))
		return false;
	return p->tcp.ack == st->r->last_ack && p->tcp.seq == st->s->next_seq &&
	       (uint32_t)p->tcp.window << st->r->wscale == st->r->window;
}

/*
 * A window shrinks by what the receiver has taken and not read.  It may shrink by as much as is acknowledged anew,
 * and a little more.
 */
#define SHRINK_SLACK_BYTES 32u
#define SMALL_WINDOW_BYTES 1024u

static bool shrinks_too_far(const struct step *st, uint32_t window)
{
	uint32_t shrinks = st->r->window - window, acked = st->p->tcp.ack - st->r->last_ack;

	if (window > SMALL_WINDOW_BYTES)
		acked += SHRINK_SLACK_BYTES;
	return shrinks > st->p->payload.len && shrinks > acked;
}

bool is_bad_window_update(const struct step *st)
{
	const struct packet *p = st->p;
	const struct side *s = st->s, *r = st->r;
	uint32_t window = (uint32_t)p->tcp.window << r->wscale;

	if (window >= r->window || st->ssn->state < TCP_STATE_ESTABLISHED ||
	    st->ssn->state == TCP_STATE_CLOSED || (p->tcp.flags & NO_DATA_FLAGS))
		return false;
	if (!shrinks_too_far(st, window) || !seq_after(p->tcp.ack, r->next_seq) ||
	    !seq_after(p->tcp.seq, s->next_seq))
		return false;
	packet_event(st->p, EVENT_STREAM_PKT_BAD_WINDOW_UPDATE);
	return true;
}

bool is_outdated_ack(const struct step *st)
{
	const struct packet *p = st->p;

	return st->ssn->state >= TCP_STATE_ESTABLISHED && !p->payload.len &&
	       (p->tcp.flags & (NO_DATA_FLAGS | TCP_ACK)) == TCP_ACK &&
	       seq_before(p->tcp.ack, st->r->last_ack) && !seq_after(p->tcp.seq, st->s->next_seq);
}
