/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rests has no byte in any direction and nothing in flight: the tails of its sides are zero, and the
 * sequence numbers stand close together.  Where one of that is not so the session stays as it is; so waking
 * gives back what was put to rest, whatever the state machine may do with it later.
 */
#include <stddef.h>

#include "engine/stream/session.h"

static_assert(sizeof(struct side) == 152 && offsetof(struct side, urgent_seq) == 40,
	      "what is new in a side must rest too");

/* A side's numbers from its initial sequence number on. */
#define NEAR_MOST 255u

static bool has_no_bytes(const struct side *s)
{
	static const uint8_t none[sizeof(*s) - offsetof(struct side, urgent_seq)];

	return s->order == 0 && memcmp((const uint8_t *)s + offsetof(struct side, urgent_seq), none,
				       sizeof(none)) == 0;
}

static bool side_can_rest(const struct side *s)
{
	return has_no_bytes(s) && s->next_seq - s->isn <= NEAR_MOST &&
	       s->last_ack - s->isn <= NEAR_MOST && s->max_regions <= 1 &&
	       (s->next_win == 0 || s->next_win == s->last_ack + s->window);
}

static struct rest_side fold(const struct side *s)
{
	return (struct rest_side){
		.isn = s->isn,
		.window = s->window,
		.last_ts = s->last_ts,
		.last_ts_s = s->last_ts_s,
		.flags = s->flags,
		.next_seq = (uint8_t)(s->next_seq - s->isn),
		.last_ack = (uint8_t)(s->last_ack - s->isn),
		.wscale = s->wscale,
		.tcp_flags = s->tcp_flags,
		.policy = s->policy,
		.has_next_win = s->next_win != 0,
		.has_regions = s->max_regions != 0,
	};
}

static void unfold(const struct rest_side *r, struct side *s)
{
	s->isn = r->isn;
	s->window = r->window;
	s->last_ts = r->last_ts;
	s->last_ts_s = r->last_ts_s;
	s->flags = r->flags;
	s->next_seq = r->isn + r->next_seq;
	s->last_ack = r->isn + r->last_ack;
	s->wscale = r->wscale;
	s->tcp_flags = r->tcp_flags;
	s->policy = r->policy;
	s->next_win = r->has_next_win ? s->last_ack + s->window : 0;
	s->max_regions = r->has_regions;
}

/* Into a session that is zeroed. */
static void unfold_both(const struct rest *r, struct session *ssn)
{
	unfold(&r->side[0], &ssn->side[0]);
	unfold(&r->side[1], &ssn->side[1]);
	ssn->flags = r->flags;
	ssn->state = r->state;
	ssn->before = r->before;
	ssn->told = r->told;
}

void session_rest(struct stream_engine *e, struct flow *f)
{
	const struct session *ssn;
	struct rest *r;
	uint32_t index;

	if (session_rests(f))
		return;
	ssn = session_at(e, f->tcp);
	if (ssn->queue || ssn->queued || !side_can_rest(&ssn->side[0]) ||
	    !side_can_rest(&ssn->side[1]))
		return;
	index = pool_get(&e->rests);
	if (!index)
		return;
	r = pool_at(&e->rests, index);
	r->side[0] = fold(&ssn->side[0]);
	r->side[1] = fold(&ssn->side[1]);
	r->flags = ssn->flags;
	r->state = ssn->state;
	r->before = ssn->before;
	r->told = ssn->told;
	pool_put(&e->sessions, f->tcp);
	f->tcp = index | SESSION_RESTS;
}

struct session *session_wake(struct stream_engine *e, struct flow *f)
{
	uint32_t index = pool_get(&e->sessions);
	struct session *ssn = session_at(e, index);

	unfold_both(rest_at(e, f->tcp), ssn);
	pool_put(&e->rests, f->tcp & ~SESSION_RESTS);
	f->tcp = index;
	return ssn;
}

const struct session *session_look_at_rest(const struct stream_engine *e, const struct flow *f)
{
	memset(e->looked_at, 0, sizeof(*e->looked_at));
	unfold_both(rest_at(e, f->tcp), e->looked_at);
	return e->looked_at;
}
