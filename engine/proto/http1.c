/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/http1.h"

#include "engine/proto/http1_line.h"
#include "engine/proto/http1_step.h"

void http1_init(struct http1 *p, enum http1_side side, const struct http1_options *opt)
{
	*p = (struct http1){ .opt = opt, .side = (uint8_t)side, .awaited = true };
}

void http1_close(struct http1 *p)
{
	p->closed = true;
}

void http1_gap(struct http1 *p, uint64_t len)
{
	p->gap += len;
}

void http1_answers(struct http1 *p, bool head, bool connect, bool raw09)
{
	p->head = head;
	p->connect = connect;
	p->raw09 = raw09;
	p->awaited = true;
}

bool http1_at_start(const struct http1 *p)
{
	return p->state == ST_START;
}

bool http1_in_extra(const struct http1 *p)
{
	return p->state == ST_EXTRA && !p->resync;
}

bool http1_in_line(const struct http1 *p)
{
	return p->state == ST_START && p->scanned > 0;
}

bool http1_waits(const struct http1 *p)
{
	return p->state == ST_WAIT;
}

void http1_resume(struct http1 *p, bool tunnel)
{
	if (p->state == ST_WAIT || tunnel)
		p->state = tunnel ? ST_TUNNEL : ST_START;
}

void http1_settle(struct http1 *p)
{
	if (p->state == ST_SETTLE)
		p->state = ST_END;
}

/* --- losses ------------------------------------------------------------------------ */

/* The message's end cannot be known: it ends here; lines are junk until one begins another. */
static enum feed lose_track(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	bool within = p->state != ST_START && p->state != ST_EXTRA &&
		      !(p->state == ST_SKIP_LINE && p->after == ST_START);

	http1_take(in, in->len);
	p->gap = 0;
	if (within) {
		p->cut = p->spoiled = true;
		(void)http1_step_end(p, ev);
	}
	p->scanned = 0;
	p->left = 0;
	p->line_begun = false;
	p->began = p->resync = true;
	if (p->state != ST_TUNNEL)
		p->state = ST_START;
	return within ? FEED_EVENT : FEED_MORE;
}

static enum feed lose_header(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	p->after = p->state;
	p->skip_lf = false;
	p->gap = 0;
	http1_forget_token(p);
	ev->kind = HTTP1_ODD;
	if (in->len) {
		ev->kind = HTTP1_HEADER;
		ev->trailer = p->state == ST_TRAILER;
		ev->truncated = in->data[in->len - 1] != '\n';
		ev->raw = *in;
		http1_header(ev->raw, p->side, p->headers++ == 0, ev);
		if (!ev->trailer)
			http1_note_framing(p, ev);
		http1_take(in, in->len);
	}
	http1_odd(ev, APP_EVENT_HTTP_INVALID_GAP);
	p->state = ST_SKIP_HEADER;
	return FEED_EVENT;
}

static enum feed lose_body(struct http1 *p, struct http1_event *ev)
{
	uint64_t n = p->gap;

	if (p->state != ST_UNTIL_CLOSE && p->state != ST_TUNNEL && n >= p->left) {
		n = p->left;
		p->state = p->state == ST_LENGTH ? ST_END : ST_CHUNK_END;
	}
	if (p->state != ST_UNTIL_CLOSE && p->state != ST_TUNNEL)
		p->left -= n;
	p->gap -= n;
	ev->kind = HTTP1_GAP;
	ev->gap = n;
	return FEED_EVENT;
}

static enum feed cross_gap(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	switch ((enum state)p->state) {
	case ST_LENGTH:
	case ST_UNTIL_CLOSE:
	case ST_CHUNK_DATA:
	case ST_TUNNEL:
		return lose_body(p, ev);
	case ST_HEADER:
	case ST_TRAILER:
		return lose_header(p, in, ev);
	case ST_SKIP_HEADER:
		p->gap = 0;
		p->skip_lf = false;
		return FEED_MORE;
	case ST_WAIT:
	case ST_BAD:
		p->gap = 0;
		return FEED_MORE;
	default:
		return lose_track(p, in, ev);
	}
}

/* --- the machine ------------------------------------------------------------------- */

static enum feed step(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	switch ((enum state)p->state) {
	case ST_START:
		return http1_step_start(p, in, ev);
	case ST_SETTLE:
		return http1_step_settle(p, in, ev);
	case ST_HEADER:
	case ST_TRAILER:
		return http1_step_header(p, in, ev);
	case ST_LENGTH:
	case ST_UNTIL_CLOSE:
	case ST_CHUNK_DATA:
		return http1_step_body(p, in, ev);
	case ST_CHUNK_SIZE:
		return http1_step_chunk_size(p, in, ev);
	case ST_CHUNK_END:
		return http1_step_chunk_end(p, in);
	case ST_END:
		return http1_step_end(p, ev);
	case ST_SKIP_HEADER:
		return http1_step_skip_header(p, in);
	case ST_SKIP_LINE:
		return http1_step_skip_line(p, in);
	case ST_EXTRA:
		return http1_step_extra(p, in, ev);
	case ST_WAIT:
		/* Line ends behind the request are no tunnel yet. */
		while (in->len && (in->data[0] == '\r' || in->data[0] == '\n'))
			http1_take(in, 1);
		return FEED_MORE;
	case ST_TUNNEL:
		return http1_step_tunnel(in, ev);
	case ST_BAD:
		break;
	}
	return FEED_BAD;
}

enum feed http1_next(struct http1 *p, struct bytes *in, struct http1_event *ev)
{
	enum feed f;

	do {
		/* What stands behind is set where it is used: clearing all took longer than most steps. */
		memset(ev, 0, offsetof(struct http1_event, odds));
		ev->kind = HTTP1_ODD;
		f = step(p, in, ev);
		if (f == FEED_MORE && p->gap)
			f = cross_gap(p, in, ev);
	} while (f == FEED_AGAIN);
	return f;
}
