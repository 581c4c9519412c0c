/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/app/frame.h"

#include "engine/app/engine.h"

#define FRAMES_FIRST 4u

/* --- made --------------------------------------------------------------------------------------- */

bool app_frame_wanted(const struct app_ctx *c, enum frame_type t)
{
	const struct app_options *o = &c->engine->opt;

	return o->frame_records || (o->frames[c->app->proto] & FRAME_BIT(t));
}

bool app_frame_any(const struct app_ctx *c)
{
	return c->engine->opt.frame_records || c->engine->opt.frames[c->app->proto];
}

static struct app_frames *frames_of(struct app_ctx *c, unsigned dir)
{
	struct app_flow *a = c->app;

	if (!a->frames)
		a->frames = app_alloc(c, NULL, 2 * sizeof(*a->frames));
	return a->frames ? &a->frames[dir] : NULL;
}

static bool make_room(struct app_ctx *c, struct app_frames *s)
{
	uint32_t room = s->room ? 4 * s->room : FRAMES_FIRST;
	struct app_frame *more;

	if (s->count < s->room)
		return true;
	if (room > FRAMES_MAX)
		room = FRAMES_MAX;
	if (room == s->room) {
		c->engine->counters->value[COUNTER_LIMITS_REACHED]++;
		return false;
	}
	more = app_alloc(c, NULL, room * sizeof(*more));
	if (!more)
		return false;
	if (s->count)
		memcpy(more, s->frame, s->count * sizeof(*more));
	if (s->room)
		memory_drop(&c->engine->memory, &c->app->memory, s->frame, s->room * sizeof(*more));
	s->frame = more;
	s->room = room;
	return true;
}

static void hold(struct app_engine *e, struct app_frames *s, struct flow *f, unsigned dir,
		 uint64_t from)
{
	s->hold = from;
	if (f->proto == IP_PROTO_TCP)
		stream_hold(e->streams, f, dir, from);
}

static struct app_frame *add(struct app_ctx *c, unsigned dir, enum frame_type t, uint64_t offset,
			     int64_t len)
{
	struct app_frames *s = frames_of(c, dir);
	struct app_frame *f;

	if (!s || !make_room(c, s))
		return NULL;
	if (!s->count || offset < s->hold)
		hold(c->engine, s, c->flow, dir, offset);
	f = &s->frame[s->count++];
	*f = (struct app_frame){
		.offset = offset, .len = len, .type = (uint8_t)t, .proto = c->app->proto
	};
	f->id = ++s->ids;
	if (!c->engine->opt.frame_records)
		f->flags |= FRAME_LOGGED;
	return f;
}

static struct app_frame *frame_at(struct app_ctx *c, unsigned dir, uint32_t id)
{
	struct app_frames *s = c->app->frames ? &c->app->frames[dir] : NULL;

	for (uint32_t i = s && id ? s->count : 0; i > 0; i--) {
		if (s->frame[i - 1].id == id)
			return &s->frame[i - 1];
	}
	return NULL;
}

static void set_tx(struct app_frame *f, const struct app_tx *tx)
{
	if (!f || !tx)
		return;
	f->tx_id = tx->id;
	f->flags |= FRAME_HAS_TX;
}

uint32_t app_frame_begin(struct app_ctx *c, unsigned dir, enum frame_type t, uint64_t offset,
			 int64_t len, const struct app_tx *tx)
{
	struct app_frame *f;

	if (!app_frame_wanted(c, t))
		return 0;
	f = add(c, dir, t, offset, len);
	set_tx(f, tx);
	return f ? f->id : 0;
}

void app_frame_is_of(struct app_ctx *c, unsigned dir, uint32_t id, const struct app_tx *tx)
{
	set_tx(frame_at(c, dir, id), tx);
}

void app_frame_end(struct app_ctx *c, unsigned dir, uint32_t id, uint64_t offset)
{
	struct app_frame *f = frame_at(c, dir, id);

	if (f && offset >= f->offset)
		f->len = (int64_t)(offset - f->offset);
}

void app_frames_stream(struct app_ctx *c, unsigned dir, size_t len, bool ended)
{
	struct app_frames *s;

	if (!app_frame_wanted(c, FRAME_STREAM))
		return;
	s = frames_of(c, dir);
	if (!s)
		return;
	if (!s->has_stream && len) {
		s->has_stream = true;
		(void)add(c, dir, FRAME_STREAM, c->offset,
			  ended ? (int64_t)len : FRAME_LEN_UNKNOWN);
		return;
	}
	for (uint32_t i = 0; ended && i < s->count; i++) {
		struct app_frame *f = &s->frame[i];

		if (f->type == FRAME_STREAM && f->len == FRAME_LEN_UNKNOWN)
			f->len = (int64_t)(c->offset + len - f->offset);
	}
}

void app_frames_restart(struct app_flow *a)
{
	for (unsigned dir = 0; a->frames && dir < 2; dir++) {
		a->frames[dir].ids = 0;
		a->frames[dir].has_stream = false;
	}
}

/* --- let go ------------------------------------------------------------------------------------- */

/* The lowest byte that somebody may still look at. */
static uint64_t needs(const struct app_engine *e, const struct app_frame *f)
{
	uint64_t back = f->inspected > e->opt.frame_window ? f->inspected - e->opt.frame_window : 0;

	if (!(f->flags & FRAME_LOGGED))
		return f->offset;
	if (!(e->opt.frames[f->proto] & FRAME_BIT(f->type)))
		return STREAM_HOLD_NOTHING;
	return f->offset + back;
}

void app_frames_done(struct app_engine *e, const struct packet *p)
{
	struct app_frames *s = app_frames(e, p);
	uint64_t lowest = STREAM_HOLD_NOTHING;
	bool ended = app_frames_ended(e, p);
	uint32_t kept = 0;

	if (!s)
		return;
	for (uint32_t i = 0; i < s->count; i++) {
		const struct app_frame *f = &s->frame[i];

		if (ended || app_frame_complete(e, p, f))
			continue;
		if (needs(e, f) < lowest)
			lowest = needs(e, f);
		s->frame[kept++] = *f;
	}
	s->count = kept;
	hold(e, s, p->flow, p->direction & 1, lowest);
}
