/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/release.h"

#include "engine/detect/reach.h"

/* Rules that will end are asked again after so many packets of the way. */
#define ASK_AGAIN_PACKETS 64u

static bool same_flow(const struct packet *p)
{
	/* An ICMP error joins the flow that it is about, and always comes. */
	return p->flow && !p->pseudo && p->proto == p->flow->proto;
}

/* --- before --------------------------------------------------------------------------------------- */

static void count_packet(struct release *r, const struct packet *p)
{
	uint64_t *value = r->counters->value;

	if (p->flow->state == FLOW_BYPASSED && (p->flow->flags & FLOW_TOLD)) {
		value[COUNTER_FLOW_BYPASSED_LOCAL_CAPTURE_PKTS]++;
		value[COUNTER_FLOW_BYPASSED_LOCAL_CAPTURE_BYTES] += p->wire_len;
	} else if (p->flow->state == FLOW_BYPASSED) {
		value[COUNTER_FLOW_BYPASSED_LOCAL_PKTS]++;
		value[COUNTER_FLOW_BYPASSED_LOCAL_BYTES] += p->wire_len;
	} else {
		value[COUNTER_RELEASE_PACKETS]++;
		value[COUNTER_RELEASE_BYTES] += p->wire_len;
	}
}

void release_before(struct release *r, struct packet *p)
{
	const struct flow *f = p->flow;

	if (p->time_ns > r->now_ns)
		r->now_ns = p->time_ns;
	if (!f || !flow_is_released(f, p->direction) || !same_flow(p))
		return;
	p->released = !r->options.strict;
	p->would_release = r->options.strict;
	count_packet(r, p);
}

/* --- after ---------------------------------------------------------------------------------------- */

static void give_up(struct release *r, struct packet *p, unsigned ways)
{
	struct flow *f = p->flow;
	/* What came before the depth was reached is looked at when the flow ends. */
	bool wanted = f->state == FLOW_BYPASSED && !p->bypass;

	for (unsigned way = 0; way < 2; way++) {
		if (!(ways >> way & 1))
			continue;
		if (wanted)
			stream_hold_way(r->streams, f, way);
		else
			stream_release_way(r->streams, f, way);
	}
	if (r->tell && r->tell(r->tell_ctx, p, f->released & ~(unsigned)f->held))
		f->flags |= FLOW_TOLD;
}

static void release_ways(struct release *r, struct packet *p, unsigned ways)
{
	struct flow *f = p->flow;

	ways &= ~((unsigned)f->released & ~(unsigned)f->held);
	if (!ways)
		return;
	f->held &= ~ways & FLOW_WAYS_BOTH;
	if (!f->released && f->state != FLOW_BYPASSED)
		r->counters->value[COUNTER_RELEASE_FLOWS]++;
	f->released |= ways & FLOW_WAYS_BOTH;
	if (!r->options.strict)
		give_up(r, p, ways);
}

/* Not in line, as what follows: of most packets nothing is decided. */
static __attribute__((noinline)) void bypass(struct release *r, struct packet *p)
{
	if (p->flow->state == FLOW_BYPASSED)
		return;
	flow_set_state(r->flows, p->flow, FLOW_BYPASSED);
	release_ways(r, p, FLOW_WAYS_BOTH);
}

/* stream.bypass: one of the sides has reached the depth. */
static bool stream_is_over(const struct release *r, const struct flow *f)
{
	return r->options.stream_bypass && stream_at_depth(r->streams, f);
}

static bool is_elephant(const struct release *r, const struct flow *f)
{
	return r->options.elephant_bytes && f->bytes[0] + f->bytes[1] > r->options.elephant_bytes;
}

static enum reach_answer ask(const struct release *r, const struct flow *f, unsigned way,
			     uint32_t *rule)
{
	const uint32_t size[2] = { stream_size(r->streams, f, 0), stream_size(r->streams, f, 1) };

	return reach_ask(r->options.rules, f, way, size, rule);
}

/* The rule that held up a flow of this protocol mostly holds up the next one: it is asked before all others. */
static enum reach_answer ask_holder_first(struct release *r, const struct flow *f, unsigned way)
{
	const uint32_t size[2] = { stream_size(r->streams, f, 0), stream_size(r->streams, f, 1) };
	struct release_holder *h = &r->holder[f->proto == IP_PROTO_TCP];
	enum reach_answer answer;

	if (h->rules && h->rules == r->options.rules &&
	    reach_ask_one(h->rules, f, way, size, h->rule) == REACH_NEVER)
		return REACH_NEVER;
	answer = reach_ask(r->options.rules, f, way, size, &h->rule);
	h->rules = answer == REACH_NEVER ? r->options.rules : NULL;
	return answer;
}

/*
 * It is encrypted: rules do not look at its bytes any more, all that came before has been inspected, and nothing
 * waits to be told.
 */
static bool is_closed(const struct release *r, const struct flow *f, unsigned way)
{
	return (f->flags & FLOW_NO_PAYLOAD) && r->apps && stream_is_closed(r->streams, f, way) &&
	       !app_pending(r->apps, f, 0) && !app_pending(r->apps, f, 1);
}

/* It has carried its depth, and of a stream all before that has been inspected; or it is encrypted. */
static bool is_past(const struct release *r, const struct flow *f, unsigned way)
{
	if (is_closed(r, f, way))
		return f->state != FLOW_NEW;
	if (!r->depth || f->bytes[way] <= r->depth)
		return false;
	if (f->proto != IP_PROTO_TCP)
		return !(r->apps && app_is_parsing(r->apps, f, way));
	return f->state != FLOW_NEW && stream_past_depth(r->streams, f, way);
}

/* It has been decided, or is not asked for again yet. */
static bool is_settled(const struct flow *f, unsigned way)
{
	return ((f->released | f->held) >> way & 1) ||
	       ((f->flags & FLOW_ASKED) && f->packets[way] % ASK_AGAIN_PACKETS);
}

static __attribute__((noinline)) void consider(struct release *r, struct packet *p)
{
	struct flow *f = p->flow;
	unsigned way = p->direction;

	if (!is_past(r, f, way))
		return;
	switch (ask_holder_first(r, f, way)) {
	case REACH_OVER:
		release_ways(r, p, 1u << way);
		break;
	case REACH_NEVER:
		f->held |= 1u << way & FLOW_WAYS_BOTH;
		break;
	case REACH_LATER:
		f->flags |= FLOW_ASKED;
		break;
	}
}

void release_after(struct release *r, struct packet *p)
{
	struct flow *f = p->flow;

	if (!same_flow(p) || p->released)
		return;
	/* Each of its packets has to be dropped. */
	if (r->options.inline_mode && (f->flags & FLOW_DROPPED))
		return;
	if (p->bypass || stream_is_over(r, f)) {
		bypass(r, p);
	} else if (r->options.enabled && is_elephant(r, f)) {
		r->counters->value[COUNTER_RELEASE_ELEPHANTS] += !f->released;
		release_ways(r, p, FLOW_WAYS_BOTH);
	} else if (r->options.enabled && !is_settled(f, p->direction)) {
		consider(r, p);
	}
}

bool release_review(struct release *r, struct flow *f)
{
	const unsigned released = f->released & ~(unsigned)f->held;
	uint32_t rule;

	/* That is not for rules to say. */
	if (f->state == FLOW_BYPASSED || is_elephant(r, f))
		return false;
	f->flags &= (uint16_t)~FLOW_ASKED;
	for (unsigned way = 0; way < 2; way++) {
		bool stays = (f->released >> way & 1) && ask(r, f, way, &rule) != REACH_OVER;

		f->held = (stays ? f->held | 1u << way : f->held & ~(1u << way)) & FLOW_WAYS_BOTH;
	}
	return (f->released & ~(unsigned)f->held) != released;
}

void release_merge(struct release *r, struct flow *f, unsigned way, const struct flow_kept *k)
{
	uint64_t *value = r->counters->value;
	bool bypassed = f->state == FLOW_BYPASSED;

	flow_merge(f, way, k);
	stream_kept_flags(r->streams, f, way, k->tcp_flags);
	value[bypassed ? COUNTER_FLOW_BYPASSED_PKTS : COUNTER_RELEASE_KEPT_PACKETS] += k->packets;
	value[bypassed ? COUNTER_FLOW_BYPASSED_BYTES : COUNTER_RELEASE_KEPT_BYTES] += k->bytes;
}

uint32_t release_holder(const struct release *r, const struct flow *f, unsigned way)
{
	uint32_t rule = UINT32_MAX;

	ask(r, f, way, &rule);
	return rule;
}
