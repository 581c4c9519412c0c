/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/app/app.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/app/engine.h"
#include "engine/app/frame.h"

/* --- the engine ------------------------------------------------------------------------------ */

uint64_t app_engine_bytes(const struct app_options *opt)
{
	return pool_bytes(sizeof(struct app_flow), opt->max_flows) + buffers_bytes(opt->memcap) +
	       http_engine_bytes(&opt->http);
}

void app_engine_memory(const struct app_engine *e, struct memory_use *sum)
{
	memory_use_pool(sum, &e->states);
	memory_use_buffers(sum, &e->memory);
	http_engine_memory(e->http, sum);
}

int app_engine_new(const struct app_options *opt, struct flow_table *flows,
		   struct stream_engine *streams, struct counters *counters,
		   struct app_engine **out)
{
	struct app_engine *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->opt = *opt;
	e->flows = flows;
	e->streams = streams;
	e->counters = counters;
	for (unsigned t = 0; t < 2; t++)
		e->looks[t] = identify_possible(t, opt->enabled[t]);
	identify_index_init(&e->identify, &opt->ports);
	err = pool_init(&e->states, sizeof(struct app_flow), opt->max_flows);
	if (!err)
		err = buffers_init(&e->memory, opt->memcap);
	if (!err)
		err = file_engine_new(&opt->files, &e->files);
	if (!err)
		err = expect_table_new(&e->expected);
	if (!err)
		err = http_engine_new(&opt->http, &e->http);
	if (err) {
		app_engine_free(e);
		return err;
	}
	*out = e;
	return 0;
}

void app_engine_needs(struct app_engine *e, const struct app_options *opt)
{
	e->opt.inspects = opt->inspects;
	memcpy(e->opt.frames, opt->frames, sizeof(e->opt.frames));
	e->opt.log_ja3 = opt->log_ja3;
	e->opt.log_ja4 = opt->log_ja4;
	e->opt.log_hassh = opt->log_hassh;
	e->opt.files.keep = opt->files.keep;
	file_engine_needs(e->files, &opt->files);
}

void app_engine_free(struct app_engine *e)
{
	if (!e)
		return;
	file_engine_free(e->files);
	expect_table_free(e->expected);
	http_engine_free(e->http);
	pool_fini(&e->states);
	buffers_fini(&e->memory);
	free(e);
}

struct app_ctx app_ctx_of(struct app_engine *e, struct flow *f, const struct packet *p)
{
	return (struct app_ctx){
		.engine = e,
		.app = app_flow(e, f),
		.flow = f,
		.packet = p,
		.now_ns = p ? p->time_ns : f->last_ns,
	};
}

/* --- flows ----------------------------------------------------------------------------------- */

struct app_flow *app_flow(const struct app_engine *e, const struct flow *f)
{
	return f->app ? app_flow_at(e, f->app) : NULL;
}

struct app_flow *app_flow_get(struct app_engine *e, struct flow *f)
{
	if (!f->app) {
		f->app = pool_get(&e->states);
		if (!f->app) {
			e->counters->value[COUNTER_LIMITS_REACHED]++;
			return NULL;
		}
	}
	return pool_at(&e->states, f->app);
}

static unsigned transport_of(const struct flow *f)
{
	return f->proto == IP_PROTO_TCP ? 0 : 1;
}

static bool is_parsed(const struct app_ctx *c, const struct app_protocol *p)
{
	uint64_t bit = p ? APP_PROTO_BIT(p->proto) : 0;
	unsigned transport = transport_of(c->flow);

	return p && (p->transports >> transport & 1) && (c->engine->opt.enabled[transport] & bit) &&
	       !(c->engine->opt.detection_only & bit);
}

static void parse_nothing(struct app_ctx *c)
{
	c->app->flags |= APP_FLOW_OVER | APP_FLOW_OVER << 1;
	stream_parsed(c->engine->streams, c->flow, 0, STREAM_PARSED_ALL);
	stream_parsed(c->engine->streams, c->flow, 1, STREAM_PARSED_ALL);
}

void app_flow_is(struct app_ctx *c, enum app_proto proto)
{
	const struct app_protocol *p = app_protocol(proto);
	struct app_flow *a = c->app;

	a->proto = (uint8_t)proto;
	c->flow->app_proto = (uint8_t)proto;
	if (!(a->flags & APP_FLOW_COUNTED))
		count_flow(c->engine, proto, transport_of(c->flow));
	a->flags |= APP_FLOW_COUNTED;
	a->state = NULL;
	if (!is_parsed(c, p)) {
		parse_nothing(c);
		return;
	}
	if (p->state_bytes && p->state_bytes <= sizeof(a->small)) {
		memset(a->small, 0, sizeof(a->small));
		a->state = a->small;
	} else if (p->state_bytes) {
		a->state = app_alloc(c, NULL, p->state_bytes);
		if (!a->state) {
			count_fault(c->engine, proto, transport_of(c->flow), APP_FAULT_ALLOC);
			parse_nothing(c);
			return;
		}
	}
	if (p->open)
		p->open(c);
}

void app_flow_event(struct app_ctx *c, enum app_event e)
{
	struct app_flow *a = c->app;

	if (a->events < APP_FLOW_EVENTS_MAX)
		a->event[a->events++] = (uint8_t)e;
}

bool app_expect(struct app_ctx *c, enum app_proto p, uint16_t port)
{
	struct app_flow *a = c->app;

	a->expected = (uint8_t)p;
	a->change_port = port;
	return a->original == APP_PROTO_UNKNOWN ||
	       (a->seen[0] != APP_PROTO_UNKNOWN && a->seen[1] != APP_PROTO_UNKNOWN);
}

void app_trigger(struct app_ctx *c, unsigned dir)
{
	stream_trigger(c->engine->streams, c->flow, dir);
}

void app_encrypted(struct app_ctx *c)
{
	const struct app_options *opt = &c->engine->opt;
	uint64_t bit = APP_PROTO_BIT(c->app->proto);

	if (!(opt->encrypted_full & bit) && !(c->flow->flags & FLOW_NO_PAYLOAD)) {
		c->flow->flags |= FLOW_NO_PAYLOAD;
		c->engine->closes = !app_frame_any(c);
	}
	if ((opt->encrypted_bypass & bit) && c->engine->packet)
		c->engine->packet->bypass = true;
}

/* --- transactions ---------------------------------------------------------------------------- */

struct app_tx *app_tx_new(struct app_ctx *c)
{
	struct app_engine *e = c->engine;
	struct app_flow *a = c->app;
	const struct app_protocol *p = app_protocol(a->proto);
	uint32_t memory = 0, most = e->opt.max_tx[a->proto];
	struct app_tx *tx;

	/* The newest comes on top of those that the limit admits. */
	if (a->live > (most ? most : e->opt.max_transactions)) {
		e->counters->value[COUNTER_LIMITS_REACHED]++;
		return NULL;
	}
	tx = memory_first(&e->memory, &memory, p->tx_bytes);
	if (!tx) {
		e->counters->value[COUNTER_LIMITS_REACHED]++;
		count_fault(e, a->proto, transport_of(c->flow), APP_FAULT_ALLOC);
		return NULL;
	}
	tx->memory = memory;
	tx->id = a->transactions++;
	tx->proto = a->proto;
	tx->start_ns = c->now_ns;
	tx->state = a->state;
	if (!e->opt.inspects)
		tx->flags |= APP_TX_INSPECTED | APP_TX_INSPECTED << 1;
	if (!e->opt.records)
		tx->flags |= APP_TX_LOGGED;
	if (a->last)
		a->last->next = tx;
	else
		a->first = tx;
	a->last = tx;
	a->live++;
	if (!p->one_transaction)
		count_tx(e, a->proto, transport_of(c->flow));
	return tx;
}

void app_unrecord(struct app_tx *tx)
{
	const struct app_protocol *p = app_protocol((enum app_proto)tx->proto);

	tx->flags |= APP_TX_LOGGED;
	if (p && p->unrecorded)
		p->unrecorded(tx);
}

struct app_tx *app_tx_first(const struct app_ctx *c)
{
	struct app_tx *tx = c->app->first;

	while (tx && tx->proto != c->app->proto)
		tx = tx->next;
	return tx;
}

void app_tx_event(struct app_ctx *c, struct app_tx *tx, enum app_event e)
{
	(void)c;
	for (unsigned i = 0; i < tx->events; i++) {
		if (tx->event[i] == (uint8_t)e)
			return;
	}
	if (tx->events < APP_TX_EVENTS_MAX)
		tx->event[tx->events++] = (uint8_t)e;
}

void app_tx_progress(struct app_ctx *c, struct app_tx *tx, unsigned dir, uint8_t progress)
{
	const struct app_protocol *p = app_protocol(tx->proto);

	(void)c;
	if (progress > tx->progress[dir])
		tx->progress[dir] = progress;
	if (tx->progress[dir] >= p->done[dir])
		tx->flags |= (uint8_t)(APP_TX_DONE << dir);
}

void app_flow_direction_ends(struct app_ctx *c, unsigned dir)
{
	for (struct app_tx *tx = c->app->first; tx; tx = tx->next) {
		const struct app_protocol *p = app_protocol(tx->proto);

		app_tx_progress(c, tx, dir, p->done[dir]);
	}
}

static void free_tx(struct app_engine *e, struct app_tx *tx)
{
	const struct app_protocol *p = app_protocol(tx->proto);
	uint32_t memory = tx->memory;

	if (p->end_tx)
		p->end_tx(tx);
	file_free_all(e, tx);
	memory_free(&e->memory, &memory);
}

static bool is_finished(const struct app_engine *e, const struct app_tx *tx)
{
	const unsigned all = APP_TX_DONE | APP_TX_DONE << 1 | APP_TX_INSPECTED |
			     APP_TX_INSPECTED << 1 | APP_TX_LOGGED;

	if ((tx->flags & all) != all)
		return false;
	/* A file's record comes with the next packet of its own direction. */
	for (const struct app_file *f = tx->files; f && e->opt.records; f = f->next) {
		if (!(f->flags & FILE_LOGGED))
			return false;
	}
	return true;
}

/* Not in line: on most packets there are none. */
static __attribute__((noinline)) void free_finished(struct app_engine *e, struct app_flow *a)
{
	struct app_tx **at = &a->first, *before = NULL;

	while (*at) {
		struct app_tx *tx = *at;

		if (!is_finished(e, tx)) {
			before = tx;
			at = &tx->next;
			continue;
		}
		*at = tx->next;
		a->live--;
		free_tx(e, tx);
	}
	a->last = before;
}

/* --- memory ---------------------------------------------------------------------------------- */

static uint32_t *owner_of(struct app_ctx *c, struct app_tx *tx)
{
	return tx ? &tx->memory : &c->app->memory;
}

static void *counted(struct app_ctx *c, void *out)
{
	if (!out)
		c->engine->counters->value[COUNTER_LIMITS_REACHED]++;
	return out;
}

void *app_alloc(struct app_ctx *c, struct app_tx *tx, size_t len)
{
	return counted(c, memory_alloc(&c->engine->memory, owner_of(c, tx), len));
}

uint8_t *app_alloc_bytes(struct app_ctx *c, struct app_tx *tx, size_t len)
{
	return counted(c, memory_raw(&c->engine->memory, owner_of(c, tx), len));
}

#define TEXT_LEAST_BYTES 48u

bool app_text_reserve(struct app_ctx *c, struct app_tx *tx, struct app_text *t, size_t room)
{
	uint8_t *data;

	if (room <= t->room)
		return true;
	room = memory_room(room);
	data = app_alloc_bytes(c, tx, room);
	if (!data)
		return false;
	if (t->len)
		memcpy(data, t->data, t->len);
	memory_drop(&c->engine->memory, owner_of(c, tx), t->data, t->room);
	t->data = data;
	t->room = (uint32_t)room;
	return true;
}

bool app_text_add(struct app_ctx *c, struct app_tx *tx, struct app_text *t, struct bytes more,
		  uint32_t limit)
{
	size_t len = more.len, room;

	if (len > limit - (t->len < limit ? t->len : limit))
		len = limit - (t->len < limit ? t->len : limit);
	if (len > t->room - t->len) {
		room = (size_t)t->len + len;
		if (room < 2 * (size_t)t->room)
			room = 2 * (size_t)t->room;
		if (room < TEXT_LEAST_BYTES)
			room = TEXT_LEAST_BYTES;
		if (room > limit)
			room = limit;
		if (!app_text_reserve(c, tx, t, room))
			return false;
	}
	if (len)
		memcpy(t->data + t->len, more.data, len);
	t->len += (uint32_t)len;
	return len == more.len;
}

/* --- the ends -------------------------------------------------------------------------------- */

/* Not in line: of most packets nothing is left. */
static __attribute__((noinline)) void free_told(struct app_engine *e, struct packet *p,
						struct app_flow *a)
{
	if (a->frames)
		app_frames_done(e, p);
	if (a->first)
		free_finished(e, a);
}

void app_packet_done(struct app_engine *e, struct packet *p)
{
	struct app_flow *a;

	if (!p->flow || !p->flow->app)
		return;
	a = app_flow_at(e, p->flow->app);
	a->events_logged = a->events;
	if (a->frames || a->first)
		free_told(e, p, a);
}

bool app_is_full(const struct app_engine *e, const struct flow *f, uint64_t *transactions)
{
	const struct app_flow *a = app_flow(e, f);

	*transactions = a ? a->transactions : 0;
	return a && flow_flag(a, APP_FLOW_FULL, 0);
}

bool app_may_tell(const struct app_engine *e, const struct flow *f)
{
	const struct app_flow *a = app_flow_at(e, f->app);

	return a->first || a->events_logged < a->events;
}

bool app_pending(const struct app_engine *e, const struct flow *f, unsigned dir)
{
	const struct app_flow *a = app_flow(e, f);
	struct stream_unparsed u;

	if (!a)
		return false;
	if (a->first || (a->frames && a->frames[dir].count))
		return true;
	return !flow_flag(a, APP_FLOW_OVER, dir) && stream_unparsed(e->streams, f, dir, true, &u) &&
	       (u.data.len || u.gap);
}

bool app_is_parsing(const struct app_engine *e, const struct flow *f, unsigned dir)
{
	const struct app_flow *a = app_flow(e, f);

	return a && !flow_flag(a, APP_FLOW_OVER, dir);
}

bool app_has_ended(const struct app_engine *e, const struct flow *f)
{
	const struct app_flow *a = app_flow(e, f);

	return a && flow_flag(a, APP_FLOW_ENDED, 0) && flow_flag(a, APP_FLOW_ENDED, 1);
}

void app_flow_end(struct app_engine *e, struct flow *f)
{
	struct app_flow *a = app_flow(e, f);

	if (!a)
		return;
	while (a->first) {
		struct app_tx *next = a->first->next;

		free_tx(e, a->first);
		a->first = next;
	}
	memory_free(&e->memory, &a->memory);
	pool_put(&e->states, f->app);
	f->app = 0;
}

/* --- for rules and records ------------------------------------------------------------------- */

const char *app_tx_step(const struct app_tx *tx, unsigned dir)
{
	const char *const *name = app_protocol(tx->proto)->steps[dir];
	unsigned progress = tx->progress[dir];

	if (!name)
		return NULL;
	while (progress-- > 0 && name[1])
		name++;
	return *name;
}

/*
 * A transaction that outlived its protocol is asked with the state that it began with; returns the flow's own.  Made where
 * it is used, field by field: a copy of what was just written in smaller pieces has the processor wait.
 */
static void *enter_tx(struct app_engine *e, struct flow *f, const struct app_tx *tx,
		      struct app_ctx *c)
{
	void *kept;

	c->engine = e;
	c->app = app_flow(e, f);
	c->flow = f;
	c->packet = NULL;
	c->now_ns = f->last_ns;
	c->offset = 0;
	c->gap = 0;
	kept = c->app->state;
	c->app->state = tx->state;
	return kept;
}

bool app_buffer(struct app_engine *e, struct flow *f, struct app_tx *tx, enum buffer b,
		unsigned dir, unsigned i, struct app_slice *out)
{
	const struct app_protocol *p = app_protocol(tx->proto);
	struct app_ctx c;
	void *kept;
	bool there;

	*out = (struct app_slice){ .at_end = true };
	if (p->buffer) {
		kept = enter_tx(e, f, tx, &c);
		there = p->buffer(&c, tx, b, dir, i, out);
		c.app->state = kept;
		if (there)
			return true;
	}
	if (out->never || (b == BUFFER_FILE_DATA && (p->own_file_data >> dir & 1)))
		return false;
	/* A protocol may show more than its files as file.data; what it leaves is in them. */
	return file_buffer(e, tx, b, dir, i, out);
}

bool app_tx_is_empty(const struct app_tx *tx, unsigned dir)
{
	return !tx->progress[dir] && app_protocol(tx->proto)->begins_with_step;
}

bool app_number(struct app_engine *e, struct flow *f, struct app_tx *tx, enum app_number n,
		unsigned dir, unsigned i, uint64_t *out)
{
	const struct app_protocol *p = app_protocol(tx->proto);
	struct app_ctx c;
	void *kept;
	bool there;

	if (!p->number)
		return false;
	kept = enter_tx(e, f, tx, &c);
	there = p->number(&c, tx, n, dir, i, out);
	c.app->state = kept;
	return there;
}

void app_inspected(struct app_engine *e, struct flow *f, struct app_tx *tx, enum buffer b,
		   unsigned dir, unsigned i, uint64_t to)
{
	const struct app_protocol *p = app_protocol(tx->proto);
	struct app_ctx c;
	void *kept;

	if (b == BUFFER_FILE_DATA)
		file_inspected(tx, dir, i, to);
	if (!p->inspected)
		return;
	kept = enter_tx(e, f, tx, &c);
	p->inspected(&c, tx, b, dir, i, to);
	c.app->state = kept;
}

const char *app_why_not(struct app_engine *e, struct flow *f, const struct app_tx *tx,
			enum buffer b, unsigned dir)
{
	const struct app_protocol *p = app_protocol(tx->proto);
	const char *why = NULL;
	struct app_ctx c;
	void *kept;

	if (p->why_not) {
		kept = enter_tx(e, f, tx, &c);
		why = p->why_not(&c, tx, b, dir);
		c.app->state = kept;
	}
	return why ? why : "not there";
}
