/* SPDX-License-Identifier: Apache-2.0 */
/* How rules and records see frames: which there are, how far their bytes are ready, and the bytes. */
#include "engine/app/engine.h"
#include "engine/app/frame.h"

struct app_frames *app_frames(const struct app_engine *e, const struct packet *p)
{
	/* An ICMP error has the flow that it speaks of. */
	bool its_own = p->flow && p->flow->app && p->flow->proto == p->proto;
	struct app_flow *a = its_own ? app_flow(e, p->flow) : NULL;
	struct app_frames *s = a && a->frames ? &a->frames[p->direction & 1] : NULL;

	return s && s->count ? s : NULL;
}

uint32_t app_frames_window(const struct app_engine *e)
{
	return e->opt.frame_window;
}

static bool over_udp(const struct packet *p)
{
	return p->proto == IP_PROTO_UDP;
}

bool app_frames_ended(const struct app_engine *e, const struct packet *p)
{
	return over_udp(p) || p->pseudo || stream_closed(e->streams, p->flow);
}

static uint64_t end_of(const struct app_frame *f)
{
	return f->len < 0 ? UINT64_MAX : f->offset + (uint64_t)f->len;
}

uint64_t app_frame_held(const struct app_engine *e, const struct packet *p,
			const struct app_frame *f)
{
	uint64_t held = over_udp(p) ? p->payload.len
				    : stream_ready(e->streams, p->flow, p->direction, true);

	return held < end_of(f) ? held : end_of(f);
}

uint64_t app_frame_ready(const struct app_engine *e, const struct packet *p,
			 const struct app_frame *f)
{
	uint64_t ready = over_udp(p) ? p->payload.len
				     : stream_ready(e->streams, p->flow, p->direction,
						    app_frames_ended(e, p));

	return ready < end_of(f) ? ready : end_of(f);
}

bool app_frame_complete(const struct app_engine *e, const struct packet *p,
			const struct app_frame *f)
{
	return f->len >= 0 && app_frame_ready(e, p, f) == end_of(f);
}

uint64_t app_frame_parsed(const struct app_engine *e, const struct packet *p,
			  const struct app_frame *f)
{
	const struct app_frames *s = app_frames(e, p);
	uint64_t edge = app_frame_ready(e, p, f);
	struct stream_unparsed u;

	if (!over_udp(p))
		stream_unparsed(e->streams, p->flow, p->direction, false, &u);
	else
		u.offset = edge;
	if (u.offset < edge)
		edge = u.offset;
	for (uint32_t i = 0; i < s->count; i++) {
		const struct app_frame *other = &s->frame[i];

		if (other->len >= 0 && other->offset < edge && !app_frame_complete(e, p, other))
			edge = other->offset;
	}
	return edge;
}

bool app_frame_due(const struct app_engine *e, const struct packet *p, const struct app_frame *f)
{
	const struct app_flow *a = app_flow(e, p->flow);

	if (f->flags & FRAME_LOGGED)
		return false;
	if (p->pseudo || flow_flag(a, APP_FLOW_ENDED, p->direction) || app_frame_complete(e, p, f))
		return true;
	/* One whose end is known is waited for. */
	return f->len < 0 && app_frame_parsed(e, p, f) >= f->offset + FRAME_STEP_BYTES;
}

struct app_tx *app_frame_tx(const struct app_engine *e, const struct flow *flow,
			    const struct app_frame *f)
{
	struct app_flow *a = app_flow(e, flow);

	for (struct app_tx *tx = a && (f->flags & FRAME_HAS_TX) ? a->first : NULL; tx;
	     tx = tx->next) {
		if (tx->id == f->tx_id)
			return tx;
	}
	return NULL;
}

bool app_frame_run(const struct app_engine *e, const struct packet *p, uint64_t from, uint64_t to,
		   struct stream_run *out)
{
	if (!over_udp(p))
		return stream_run(e->streams, p->flow, p->direction, from, to, out);
	out->data = bytes_slice(p->payload, from, to > from ? to - from : 0);
	out->offset = from;
	return out->data.len > 0;
}
