/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two directions of a connection, parsed into transactions: requests begin them in order, each
 * response belongs to the first that has none.
 */
#include "engine/app/http.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/app/engine.h"
#include "engine/app/frame.h"
#include "engine/app/http_range.h"
#include "engine/proto/http1_line.h"

struct http_engine {
	struct http_options opt;
	struct inflate_pool *inflates;
	struct http_ranges *ranges;
};

/* Of the flow. */
struct http_flow {
	struct http1 side[2];
	/* Which transaction a direction is within, by id + 1; 0: none. */
	uint64_t at[2];
	/* The same, while a call of http_data() lasts: nothing is freed meanwhile. */
	struct http_tx *tx[2];
	/* Offset of the message's first byte, with what stands before it, and its frame; 0: none is open. */
	uint64_t start[2];
	bool at_start[2]; /* the next message begins at start */
	uint32_t frame[2];
	/* Its message has ended, and bytes that come right behind may belong to it. */
	bool ended[2], cut[2];
	bool unsized[2]; /* cut within the size of a chunk */
	const struct http_options *opt; /* of its server */
};

/* --- the engine ------------------------------------------------------------------------------ */

void http_options_stock(struct http_options *o)
{
	*o = (struct http_options){
		.parser = { .line_max = HTTP1_LINE_MAX, .headers_max = HTTP1_HEADERS_MAX },
		.body_limit = { 100 << 10, 100 << 10 },
		.least = { 32 << 10, 40 << 10 },
		.window = { 4 << 10, 16 << 10 },
		.layers = 2,
		.range_bytes = 100 << 20,
		.range_timeout_s = 60,
		.inflate = { .chains = 256,
			     .deflates = 256,
			     .brotlis = 16,
			     .brotli_bytes = 3u << 20,
			     .bomb_ratio = 2048,
			     .bomb_bytes = 1 << 20 },
	};
	(void)http_uri_personality("IDS", &o->uri);
}

static bool fits(const struct inflate_options *o, uint64_t bytes)
{
	return inflate_pool_bytes(o) <= bytes;
}

void http_options_fit(struct http_options *o, uint64_t bytes)
{
	struct inflate_options *i = &o->inflate;
	uint32_t deflates = i->deflates;
	uint32_t brotlis = i->brotlis;

	/* Decoders of br are large and rare: at most two thirds are theirs. */
	i->deflates = i->chains = 0;
	for (i->brotlis = 0; i->brotlis < brotlis; i->brotlis++) {
		struct inflate_options more = *i;

		more.brotlis++;
		if (!fits(&more, bytes / 3 * 2))
			break;
	}
	while (i->deflates < deflates) {
		struct inflate_options more = *i;

		more.deflates++;
		more.chains++;
		if (!fits(&more, bytes))
			break;
		*i = more;
	}
}

int http_engine_new(const struct http_options *opt, struct http_engine **out)
{
	struct http_engine *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->opt = *opt;
	err = inflate_pool_new(&opt->inflate, &e->inflates);
	if (!err)
		err = http_ranges_new(&e->ranges);
	if (err) {
		http_engine_free(e);
		return err;
	}
	*out = e;
	return 0;
}

void http_engine_free(struct http_engine *e)
{
	if (!e)
		return;
	inflate_pool_free(e->inflates);
	http_ranges_free(e->ranges);
	free(e);
}

uint64_t http_engine_bytes(const struct http_options *opt)
{
	return inflate_pool_bytes(&opt->inflate) + http_ranges_bytes();
}

const struct http_options *http_options_of(const struct app_ctx *c)
{
	return ((const struct http_flow *)c->app->state)->opt;
}

const struct http_options *http_options_all(const struct app_ctx *c)
{
	return &c->engine->http->opt;
}

void http_engine_memory(const struct http_engine *e, struct memory_use *sum)
{
	inflate_pool_memory(e->inflates, sum);
	memory_use_table(sum, http_ranges_bytes());
}

struct http_ranges *http_ranges(const struct app_ctx *c)
{
	return c->engine->http->ranges;
}

static const struct http_options *options_for(const struct app_ctx *c)
{
	const struct app_options *o = &c->engine->opt;
	const struct http_server *best = NULL;

	for (size_t i = 0; i < o->http_server_count; i++) {
		const struct http_server *s = &o->http_servers[i];

		if (network_has(&s->network, c->flow->ip_version, &c->flow->server) &&
		    (!best || s->network.prefix_bits > best->network.prefix_bits))
			best = s;
	}
	return best ? &best->options : &c->engine->http->opt;
}

struct inflate_pool *http_inflates(const struct app_ctx *c)
{
	return c->engine->http->inflates;
}

/* --- transactions ---------------------------------------------------------------------------- */

static bool is_ours(const struct app_ctx *c, const struct app_tx *tx)
{
	return tx->proto == APP_PROTO_HTTP1 && tx->state == c->app->state;
}

static struct http_tx *find_tx(struct app_ctx *c, unsigned dir)
{
	struct http_flow *f = c->app->state;

	for (struct app_tx *tx = app_tx_first(c); tx; tx = tx->next) {
		if (is_ours(c, tx) && tx->id + 1 == f->at[dir]) {
			f->tx[dir] = (struct http_tx *)tx;
			break;
		}
	}
	return f->tx[dir];
}

/* The transaction that a direction is within. */
static inline struct http_tx *tx_of(struct app_ctx *c, unsigned dir)
{
	struct http_flow *f = c->app->state;

	return !f->at[dir] || f->tx[dir] ? f->tx[dir] : find_tx(c, dir);
}

static void set_tx(struct app_ctx *c, unsigned dir, struct http_tx *t)
{
	struct http_flow *f = c->app->state;

	f->tx[dir] = t;
	f->at[dir] = t ? t->tx.id + 1 : 0;
}

static struct http_tx *begin_tx(struct app_ctx *c, unsigned dir)
{
	struct http_tx *t = (struct http_tx *)app_tx_new(c);

	set_tx(c, dir, t);
	return t;
}

/* The first that has no response: it stands behind the one that had the last. */
static struct http_tx *unanswered(struct app_ctx *c)
{
	struct http_tx *last = tx_of(c, 1);

	for (struct app_tx *tx = last ? &last->tx : app_tx_first(c); tx; tx = tx->next) {
		struct http_tx *t = (struct http_tx *)tx;

		if (is_ours(c, tx) && !t->responded && !(tx->flags & APP_TX_DONE << 1))
			return t;
	}
	return NULL;
}

#define SHED_LEAST 64 /* transactions of a flow, where memory gets short */

static bool is_tight(const struct app_ctx *c)
{
	const struct buffers *b = &c->engine->memory;
	uint64_t all = (uint64_t)b->units * BUFFER_MIN_BYTES;

	return b->used_bytes > all - all / 8;
}

/*
 * So many requests without an answer, or the reverse, that no more are kept: the older half counts as whole, and
 * is told and let go with this packet.  True: the next one has to wait for that.
 */
static bool make_room(struct app_ctx *c)
{
	uint32_t live = c->app->live;
	uint32_t n = live / 2 + 1;

	if (live < c->engine->opt.max_transactions) {
		if (live < SHED_LEAST || !is_tight(c))
			return false;
		c->engine->counters->value[COUNTER_LIMITS_REACHED]++;
	}
	c->app->flags |= APP_FLOW_FULL;
	app_tx_event(c, c->app->last, APP_EVENT_HTTP_TOO_MANY_TRANSACTIONS);
	for (struct app_tx *tx = app_tx_first(c); tx && n; tx = tx->next, n--) {
		app_tx_progress(c, tx, 0, HTTP_COMPLETE);
		app_tx_progress(c, tx, 1, HTTP_COMPLETE);
	}
	return true;
}

static void odds(struct app_ctx *c, struct http_tx *t, const struct http1_event *ev)
{
	for (uint8_t i = 0; t && i < ev->odd_count; i++)
		app_tx_event(c, &t->tx, (enum app_event)ev->odds[i]);
}

/* --- heads and bodies, in either direction ----------------------------------------------------- */

static void will_end(struct app_ctx *c, struct http_tx *t, unsigned dir,
		     const struct http1_event *ev)
{
	struct http_flow *f = c->app->state;

	f->ended[dir] = true;
	f->cut[dir] = ev->truncated;
	f->unsized[dir] = ev->unsized;
	t->half[dir].body.wire -= ev->unsized_len;
}

/* c->offset: of the first byte that is not of the message. */
static void end_message(struct app_ctx *c, unsigned dir)
{
	struct http_flow *f = c->app->state;
	struct http_tx *t;

	if (!f->ended[dir])
		return;
	t = tx_of(c, dir);
	if (!f->cut[dir])
		app_frame_end(c, dir, f->frame[dir], c->offset);
	f->frame[dir] = 0;
	f->ended[dir] = false;
	if (!t)
		return;
	/*
	 * Cut short or not, it is what there was: as Suricata has it, only losses and limits truncate, and a stream
	 * that ends within the size of a chunk.
	 */
	http_body_end(c, t, dir, f->unsized[dir]);
	app_tx_progress(c, &t->tx, dir, HTTP_COMPLETE);
	app_trigger(c, dir);
}

/* The response that bytes belong to is not over. */
static bool is_open(const struct http_flow *f, const struct http_tx *t)
{
	return t && !f->ended[1] && !(t->tx.flags & APP_TX_DONE << 1);
}

static void head_end(struct app_ctx *c, struct http_tx *t, unsigned dir,
		     const struct http1_event *ev)
{
	struct http_half *h = &t->half[dir];
	const struct http_header *coding = http_find(h, "transfer-encoding");

	(void)app_text_add(c, &t->tx, &h->raw, ev->raw, HTTP_RAW_MAX);
	if (ev->trailer || http_is_interim(t, dir))
		return;
	h->head_done = true;
	h->chunked = http1_has_word(http_value(coding), "chunked");
	if (!dir)
		http_request_head(c, t);
	app_tx_progress(c, &t->tx, dir, ev->bodyless ? HTTP_HEADERS : HTTP_BODY);
}

/* What both directions have in common; extra bytes belong to the body that they follow. */
static void common(struct app_ctx *c, struct http_tx *t, unsigned dir, const struct http1_event *ev)
{
	switch (ev->kind) {
	case HTTP1_HEADER:
		if (ev->trailer)
			app_tx_progress(c, &t->tx, dir, HTTP_TRAILER);
		else
			app_tx_progress(c, &t->tx, dir, HTTP_HEADERS);
		http_add_header(c, t, dir, ev);
		break;
	case HTTP1_HEAD_END:
		head_end(c, t, dir, ev);
		break;
	case HTTP1_BODY:
		http_body_add(c, t, dir, ev->raw);
		break;
	case HTTP1_GAP:
		http_body_gap(c, t, dir, ev->gap);
		break;
	default:
		break;
	}
}

/* --- requests -------------------------------------------------------------------------------- */

static bool is_blank(struct bytes b)
{
	while (b.len && (b.data[0] == '\r' || b.data[0] == '\n'))
		b = bytes_slice(b, 1, b.len);
	return !b.len;
}

/* Bytes behind a message are taken for more of its body, where they come with its end. */
static void extra(struct app_ctx *c, struct http_tx *t, unsigned dir, struct bytes data)
{
	struct http_flow *f = c->app->state;
	struct http_body *b = &t->half[dir].body;

	if (!f->ended[dir])
		return;
	b->is_extra |= !is_blank(data);
	http_body_add(c, t, dir, data);
	b->wire += data.len;
}

static void begin_frame(struct app_ctx *c, unsigned dir, const struct http_tx *t)
{
	struct http_flow *f = c->app->state;

	f->at_start[dir] = false;
	f->frame[dir] = app_frame_begin(c, dir, dir ? FRAME_HTTP1_RESPONSE : FRAME_HTTP1_REQUEST,
					f->start[dir], FRAME_LEN_UNKNOWN, &t->tx);
}

static void request(struct app_ctx *c, const struct http1_event *ev)
{
	struct http_tx *t = tx_of(c, 0);

	if (ev->kind == HTTP1_REQUEST_LINE) {
		bool unread = t && t->unread;

		if (!unread)
			t = begin_tx(c, 0);
		if (!t)
			return;
		t->unread = false;
		begin_frame(c, 0, t);
		http_request_line_of(c, t, ev);
		/* What is wrong with it has been told: it has no end. */
		if (!unread)
			odds(c, t, ev);
		app_tx_progress(c, &t->tx, 0, HTTP_LINE);
		return;
	}
	if (!t)
		return;
	odds(c, t, ev);
	/* Of a request line without version: headers follow. */
	if (ev->kind == HTTP1_ODD && ev->odds[0] == APP_EVENT_HTTP_REQUEST_LINE_MISSING_PROTOCOL)
		app_tx_progress(c, &t->tx, 0, HTTP_HEADERS);
	if (ev->kind == HTTP1_END)
		will_end(c, t, 0, ev);
	else if (ev->kind == HTTP1_EXTRA)
		extra(c, t, 0, ev->raw);
	else
		common(c, t, 0, ev);
}

/* --- responses ------------------------------------------------------------------------------- */

/* A 100 response leaves nothing of itself but its raw head. */
static void forget_head(struct http_tx *t)
{
	struct http_half *h = &t->half[1];
	struct http_body body = h->body;
	struct app_text raw = h->raw;

	*h = (struct http_half){ .body = body, .raw = raw };
	t->has_status = false;
	t->status = t->reason = bytes_of(NULL, 0);
	t->code = 0;
}

static struct http_tx *begin_response(struct app_ctx *c)
{
	struct http_flow *f = c->app->state;
	struct http_tx *t = tx_of(c, 1);

	/* Behind a 100 response it is the same one. */
	if (is_open(f, t))
		return t;
	t = unanswered(c);
	if (!t && http1_in_line(&f->side[0])) {
		t = begin_tx(c, 0);
		if (!t)
			return NULL;
		t->unread = true;
		app_tx_event(c, &t->tx, APP_EVENT_HTTP_REQUEST_LINE_INCOMPLETE);
		app_tx_progress(c, &t->tx, 0, HTTP_LINE);
	}
	if (t) {
		set_tx(c, 1, t);
	} else {
		t = begin_tx(c, 1);
		if (!t)
			return NULL;
		t->no_request = true;
		app_tx_event(c, &t->tx, APP_EVENT_HTTP_UNABLE_TO_MATCH_RESPONSE_TO_REQUEST);
		app_tx_progress(c, &t->tx, 0, HTTP_COMPLETE);
	}
	t->responded = true;
	begin_frame(c, 1, t);
	/* A request without version has no headers when its answer comes. */
	http1_settle(&f->side[0]);
	return t;
}

static void status_line(struct app_ctx *c, struct http_tx *t, const struct http1_event *ev)
{
	struct http_half *h = &t->half[1];

	forget_head(t);
	h->line = http_copy(c, &t->tx, ev->raw);
	h->protocol = http_copied(ev->protocol, ev->raw, h->line);
	h->version = (uint8_t)ev->version;
	t->status = http_copied(ev->status, ev->raw, h->line);
	t->reason = http_copied(ev->reason, ev->raw, h->line);
	t->code = ev->code;
	t->has_status = true;
	app_tx_progress(c, &t->tx, 1, HTTP_LINE);
}

/* What the connection becomes behind this response. */
static enum app_verdict change(struct app_ctx *c, struct http_tx *t)
{
	struct bytes upgrade = http_value(http_find(&t->half[1], "upgrade"));
	bool may;

	enum app_proto to = APP_PROTO_UNKNOWN;

	if (t->code == 101 && http1_equal_nocase(upgrade, "h2c"))
		to = APP_PROTO_HTTP2;
	else if (t->code == 101 && http1_equal_nocase(upgrade, "websocket"))
		to = APP_PROTO_WEBSOCKET;
	else if (t->code == 101)
		return APP_FINISHED;
	/* What is not looked for cannot follow. */
	if (to != APP_PROTO_UNKNOWN && !(c->engine->opt.enabled[0] & APP_PROTO_BIT(to)))
		return APP_FINISHED;
	may = app_expect(c, to, to == APP_PROTO_UNKNOWN ? t->port : 0);
	if (may)
		return APP_CHANGE;
	app_tx_event(c, &t->tx, APP_EVENT_HTTP_FAILED_PROTOCOL_CHANGE);
	return APP_OK;
}

static enum app_verdict end_response(struct app_ctx *c, struct http_tx *t,
				     const struct http1_event *ev)
{
	struct http_flow *f = c->app->state;
	bool connect = http1_equal_nocase(t->method, "connect");
	bool plain = !http_find(&t->half[1], "content-length") && !t->half[1].chunked;

	if (ev->interim)
		return APP_OK;
	will_end(c, t, 1, ev);
	if ((connect && t->code >= 200 && t->code < 300) || (t->code == 101 && plain)) {
		end_message(c, 1);
		return change(c, t);
	}
	if (connect)
		http1_resume(&f->side[0], false);
	return APP_OK;
}

static enum app_verdict response(struct app_ctx *c, const struct http1_event *ev)
{
	struct http_tx *t;

	if (ev->kind == HTTP1_STATUS_LINE || ev->kind == HTTP1_HEADLESS) {
		t = begin_response(c);
		if (t && ev->kind == HTTP1_STATUS_LINE)
			status_line(c, t, ev);
		else if (t)
			app_tx_progress(c, &t->tx, 1, HTTP_BODY);
		odds(c, t, ev);
		return APP_OK;
	}
	t = tx_of(c, 1);
	if (!t)
		return APP_OK;
	odds(c, t, ev);
	if (ev->kind == HTTP1_END)
		return end_response(c, t, ev);
	if (ev->kind == HTTP1_EXTRA)
		extra(c, t, 1, ev->raw);
	else
		common(c, t, 1, ev);
	return APP_OK;
}

/* Before a response: what it answers decides how long it is. */
static void announce(struct app_ctx *c)
{
	struct http_flow *f = c->app->state;
	struct http_tx *t = tx_of(c, 1);

	if (is_open(f, t))
		return;
	t = unanswered(c);
	if (t)
		http1_answers(&f->side[1], http1_equal_nocase(t->method, "head"),
			      http1_equal_nocase(t->method, "connect"),
			      t->half[0].version == HTTP1_VERSION_NONE && t->half[0].line.len);
}

/* A message may begin with the next byte; false: it has to wait. */
static bool may_begin(struct app_ctx *c, unsigned dir, bool bytes)
{
	struct http_flow *f = c->app->state;

	if (!f->at_start[dir]) {
		f->start[dir] = c->offset;
		f->at_start[dir] = true;
	}
	if (dir)
		announce(c);
	return !(bytes && (!dir || !unanswered(c)) && make_room(c));
}

/* Bytes of a body on the wire: EVE's length. */
static void count_wire(struct app_ctx *c, unsigned dir, const struct http1_event *ev, enum feed st,
		       size_t used)
{
	struct http_tx *t;

	if (!used)
		return;
	if (st == FEED_EVENT) {
		bool body = ev->kind == HTTP1_BODY || ev->kind == HTTP1_ODD;

		if (ev->trailer && ev->kind == HTTP1_ODD)
			return;
		if (ev->trailer && (ev->kind == HTTP1_HEADER || ev->kind == HTTP1_HEAD_END))
			used -= ev->raw.len < used ? ev->raw.len : used;
		else if (!body)
			return;
	}
	t = tx_of(c, dir);
	if (!t)
		return;
	if (t->half[dir].head_done || t->half[dir].body.begun)
		t->half[dir].body.wire += used;
}

static enum app_verdict http_data(struct app_ctx *c, unsigned dir, struct bytes in, bool last,
				  size_t *consumed)
{
	struct http_flow *f = c->app->state;
	struct http1 *p = &f->side[dir];
	uint64_t offset = c->offset;
	size_t len = in.len;
	struct http1_event ev;
	enum feed st = FEED_MORE;

	f->tx[0] = f->tx[1] = NULL;
	if (last)
		http1_close(p);
	if (c->gap)
		http1_gap(p, c->gap);
	for (;;) {
		enum app_verdict v = APP_OK;
		size_t before = in.len;

		c->offset = offset + (len - in.len) + (c->gap - p->gap);
		if (http1_at_start(p) && !may_begin(c, dir, in.len > 0))
			break;
		st = http1_next(p, &in, &ev);
		*consumed = len - in.len;
		if (st == FEED_EVENT && ev.kind != HTTP1_EXTRA)
			end_message(c, dir);
		else if (st == FEED_EVENT)
			f->at_start[dir] = false;
		c->offset = offset + (len - in.len) + (c->gap - p->gap);
		if (st == FEED_EVENT && dir)
			v = response(c, &ev);
		else if (st == FEED_EVENT)
			request(c, &ev);
		count_wire(c, dir, &ev, st, before - in.len);
		if (v != APP_OK)
			return v;
		if (st != FEED_EVENT)
			break;
	}
	/* What began behind the message, in the same bytes, may still belong to it: its line tells. */
	if (st != FEED_MORE || last || http1_waits(p) || (!in.len && !http1_in_extra(p)))
		end_message(c, dir);
	return st == FEED_BAD ? APP_ERROR : APP_OK;
}

static void http_open(struct app_ctx *c)
{
	struct http_flow *f = c->app->state;

	f->opt = options_for(c);
	http1_init(&f->side[0], HTTP1_REQUEST, &f->opt->parser);
	http1_init(&f->side[1], HTTP1_RESPONSE, &f->opt->parser);
}

static enum app_verdict http_gap(struct app_ctx *c, unsigned dir, uint64_t len)
{
	struct bytes none = bytes_of(NULL, 0);
	size_t consumed;

	c->gap = len;
	return http_data(c, dir, none, false, &consumed);
}

static const char *const request_steps[] = { "request_started",
					     "request_line",
					     "request_headers",
					     "request_body",
					     "request_trailer",
					     "request_complete",
					     NULL };
static const char *const response_steps[] = { "response_started",
					      "response_line",
					      "response_headers",
					      "response_body",
					      "response_trailer",
					      "response_complete",
					      NULL };

const struct app_protocol app_http1 = {
	.proto = APP_PROTO_HTTP1,
	.transports = APP_TCP,
	.state_bytes = sizeof(struct http_flow),
	.tx_bytes = sizeof(struct http_tx),
	.done = { HTTP_COMPLETE, HTTP_COMPLETE },
	.steps = { request_steps, response_steps },
	.own_file_data = 1 << 1,
	.begins_with_step = true,
	.open = http_open,
	.data = http_data,
	.gap = http_gap,
	.takes_gap = true,
	.buffer = http_buffer,
	.why_not = http_why_not,
	.inspected = http_inspected,
	.end_tx = http_tx_end,
};
