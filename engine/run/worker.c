/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/worker.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/app/tls.h"
#include "engine/run/certstore.h"
#include "engine/run/exceptions.h"
#include "engine/run/facts.h"

/* A worker's ring; a record may take a quarter of it. */
#define RING_BYTES (2u << 20)
#define BODY_BYTES (RING_BYTES / 4)
#define NS_PER_S 1000000000LL
/* On interfaces the writer is called when this part of a ring is full; it looks by itself now and then. */
#define CALLING_PART 4

static void nap(unsigned *spins)
{
	if (++*spins < 64) {
		sched_yield();
	} else {
		struct timespec t = { .tv_nsec = 50000 };

		nanosleep(&t, NULL);
	}
}

static void publish(struct worker *w, uint64_t watermark)
{
	atomic_store_explicit(&w->watermark, watermark, memory_order_release);
}

/* --- records ------------------------------------------------------------------------------- */

static struct record *record_begin(struct worker *w, enum record_kind kind)
{
	struct record *rec = (struct record *)w->body.data;

	w->body.len = sizeof(*rec);
	w->body.full = false;
	w->lines = 0;
	*rec = (struct record){ .kind = (uint8_t)kind, .rule = RECORD_RULE_NONE };
	return rec;
}

/* Begin a line for an output; its header is filled in by line_end(). */
static size_t line_begin(struct worker *w)
{
	size_t at = w->body.len;
	static const struct record_line none;

	buf_bytes(&w->body, &none, sizeof(none));
	return at;
}

static void line_end_when(struct worker *w, size_t at, unsigned output, enum record_when when)
{
	static const char zeros[8];
	struct record_line line = { .output = (uint16_t)output, .when = (uint16_t)when };

	if (w->body.full || w->body.len == at + sizeof(line)) {
		/* Too long, or nothing was written: a line is written whole or not at all. */
		w->lost_records += w->body.full;
		w->body.len = at;
		w->body.full = false;
		return;
	}
	line.len = (uint32_t)(w->body.len - at - sizeof(line));
	memcpy(w->body.data + at, &line, sizeof(line));
	buf_bytes(&w->body, zeros, -w->body.len & 7);
	if (w->body.full) {
		w->lost_records++;
		w->body.len = at;
		w->body.full = false;
		return;
	}
	w->lines++;
}

static void line_end(struct worker *w, size_t at, unsigned output)
{
	line_end_when(w, at, output, RECORD_ALWAYS);
}

static void call_writer(struct workers *all)
{
	if (!atomic_exchange_explicit(&all->called, true, memory_order_acq_rel))
		sem_post(&all->call);
}

void workers_wait(struct workers *all, long ns)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ns;
	until.tv_sec += until.tv_nsec / NS_PER_S;
	until.tv_nsec %= NS_PER_S;
	(void)sem_clockwait(&all->call, CLOCK_MONOTONIC, &until);
	atomic_store_explicit(&all->called, false, memory_order_release);
}

/*
 * Room in the ring, waited for: NULL where nobody takes records any more.  The writer may be waiting for a
 * worker that waits for its turn behind this one; so it is told how far this one has come.
 */
static void *wait_for_room(struct worker *w, uint64_t size)
{
	unsigned spins = 0;
	void *room = record_ring_reserve(&w->ring, size);

	if (!room) {
		publish(w, record_key_step(&w->key));
		call_writer(w->all);
	}
	while (!room && !atomic_load_explicit(&w->all->abandoned, memory_order_relaxed)) {
		nap(&spins);
		room = record_ring_reserve(&w->ring, size);
	}
	return room;
}

static void hand_over(struct worker *w, uint64_t size)
{
	record_ring_commit(&w->ring, size);
	if (w->live && record_ring_held(&w->ring) > w->ring.size / CALLING_PART)
		call_writer(w->all);
}

static void record_commit(struct worker *w)
{
	struct record *rec = (struct record *)w->body.data;
	void *room;

	if (w->lines == 0)
		return;
	rec->lines = w->lines;
	rec->size = (uint32_t)w->body.len;
	rec->key = w->key;
	room = wait_for_room(w, rec->size);
	if (!room)
		return;
	memcpy(room, rec, rec->size);
	hand_over(w, rec->size);
}

static bool wanted(const struct worker *w, enum record_kind kind)
{
	return w->wants >> kind & 1;
}

static void note_wants(struct worker *w)
{
	const struct worker_options *opt = &w->all->options;

	for (unsigned i = 0; i < opt->output_count; i++) {
		for (unsigned kind = 0; kind < RECORD__COUNT; kind++)
			w->wants |= (uint32_t)opt->outputs[i].wants[kind] << kind;
	}
}

#define FOR_EACH_OUTPUT(w, kind, o) \
	for (unsigned o = 0; o < (w)->all->options.output_count; o++) \
		if ((w)->all->options.outputs[o].wants[kind])

static void emit_alert(struct worker *w, const struct packet *p, const struct alert *a,
		       const struct rule_info *info, uint8_t verdict)
{
	struct record *rec = record_begin(w, RECORD_ALERT);

	rec->rule = a->rule;
	rec->rule_key = (uint64_t)info->gid << 32 | info->sid;
	if (a->flags & ALERT_THRESHOLD) {
		rec->has_threshold = true;
		rec->threshold = (struct threshold_match){
			.gid = info->gid,
			.sid = info->sid,
			.threshold = info->threshold,
			.src = p->src,
			.dst = p->dst,
			.ip_version = p->ip_version,
			.flow = p->flow ? p->flow->number : 0,
			.time_ns = p->time_ns,
		};
	}
	FOR_EACH_OUTPUT(w, RECORD_ALERT, o)
	{
		size_t at = line_begin(w);

		output_alert(&w->all->options.outputs[o], &w->env, p, a, info, verdict, &w->body);
		if (w->body.full && a->tx) {
			/* The alert itself must not be lost to what it stands beside. */
			struct alert alone = *a;

			alone.tx = NULL;
			w->body.full = false;
			output_alert(&w->all->options.outputs[o], &w->env, p, &alone, info, verdict,
				     &w->body);
		}
		line_end(w, at, o);
	}
	record_commit(w);
}

static void emit_drop(struct worker *w, const struct packet *p, const struct alert *a,
		      const struct rule_info *info, const char *reason, uint8_t verdict,
		      bool flow_start)
{
	record_begin(w, RECORD_DROP);
	FOR_EACH_OUTPUT(w, RECORD_DROP, o)
	{
		const struct output_options *opt = &w->all->options.outputs[o];
		size_t at;

		if (p->flow && !flow_start && !opt->drop.flows_all)
			continue;
		at = line_begin(w);
		output_drop(opt, &w->env, p, a, info, reason, verdict, &w->body);
		line_end(w, at, o);
	}
	record_commit(w);
}

/* Returns whether a line was written. */
static bool emit_anomalies(struct worker *w, const struct packet *p)
{
	bool some = false;

	for (unsigned i = 0; i < p->events; i++) {
		enum event e = p->event[i];

		record_begin(w, RECORD_ANOMALY);
		FOR_EACH_OUTPUT(w, RECORD_ANOMALY, o)
		{
			const struct output_options *opt = &w->all->options.outputs[o];
			size_t at;

			if (event_is_decode(e) ? !opt->anomaly.decode : !opt->anomaly.stream)
				continue;
			at = line_begin(w);
			output_anomaly(opt, &w->env, p, e, &w->body);
			line_end(w, at, o);
		}
		some |= w->lines > 0;
		record_commit(w);
	}
	return some;
}

static bool emit_app_event(struct worker *w, const struct packet *p, const struct app_tx *tx,
			   enum app_event e)
{
	bool some;

	record_begin(w, RECORD_ANOMALY);
	FOR_EACH_OUTPUT(w, RECORD_ANOMALY, o)
	{
		size_t at;

		if (!w->all->options.outputs[o].anomaly.applayer)
			continue;
		at = line_begin(w);
		output_app_anomaly(&w->all->options.outputs[o], &w->env, p, tx, e, &w->body);
		line_end(w, at, o);
	}
	some = w->lines > 0;
	record_commit(w);
	return some;
}

static bool emit_tx(struct worker *w, const struct packet *p, const struct app_tx *tx)
{
	enum record_kind kind = output_tx_kind(tx);
	bool some;

	if (kind == RECORD__COUNT || !wanted(w, kind))
		return false;
	record_begin(w, kind);
	FOR_EACH_OUTPUT(w, kind, o)
	{
		size_t at = line_begin(w);

		output_tx(&w->all->options.outputs[o], &w->env, p, tx, &w->body);
		line_end(w, at, o);
	}
	some = w->lines > 0;
	record_commit(w);
	return some;
}

static bool emit_file(struct worker *w, const struct packet *p, const struct app_tx *tx,
		      const struct app_file *f)
{
	bool some;

	record_begin(w, RECORD_FILEINFO);
	FOR_EACH_OUTPUT(w, RECORD_FILEINFO, o)
	{
		size_t at = line_begin(w);

		output_file(&w->all->options.outputs[o], &w->env, p, tx, f, &w->body);
		line_end(w, at, o);
	}
	some = w->lines > 0;
	record_commit(w);
	return some;
}

static bool emit_frame(struct worker *w, const struct packet *p, const struct app_frame *f)
{
	bool some;

	record_begin(w, RECORD_FRAME);
	FOR_EACH_OUTPUT(w, RECORD_FRAME, o)
	{
		size_t at = line_begin(w);

		output_frame(&w->all->options.outputs[o], &w->env, p, f, &w->body);
		line_end(w, at, o);
	}
	some = w->lines > 0;
	record_commit(w);
	return some;
}

/*
 * Where the records of the moment belong.  A flow that ends because its ports are used again
 * ends within the packet that uses them; one that times out, at its deadline.
 */
static void set_key(struct worker *w, const struct flow *f)
{
	const struct packet *current = w->pipeline->current;

	if (current)
		w->key = (struct record_key){ current->number, RECORD_MINOR_PACKET,
					      w->pipeline->order };
	else if (w->ending)
		w->key = (struct record_key){ UINT64_MAX, 0, f->number };
	else
		w->key = (struct record_key){ w->tick_packet,
					      (uint64_t)flow_deadline(w->pipeline->flows, f),
					      f->number };
}

#define PIECE_MOST_BYTES (64u << 10)

/* A file_store_fn: pieces go to the writer, in their place among records. */
static void store_piece(void *ctx, const struct flow *flow, const struct app_file *f,
			enum file_step step, struct bytes data)
{
	struct worker *w = ctx;

	set_key(w, flow);
	do {
		size_t len = data.len < PIECE_MOST_BYTES ? data.len : PIECE_MOST_BYTES;
		struct filestore_piece piece = { .flow = flow->number,
						 .id = f->id,
						 .step = (uint8_t)step,
						 .len = (uint32_t)len };
		size_t at;

		memcpy(piece.sha256, f->sha256, sizeof(piece.sha256));
		record_begin(w, (enum record_kind)RECORD_STORE);
		at = line_begin(w);
		buf_bytes(&w->body, &piece, sizeof(piece));
		buf_bytes(&w->body, data.data, len);
		line_end(w, at, 0);
		record_commit(w);
		data = bytes_slice(data, len, data.len);
	} while (data.len);
}

/* A piece of certificates for the writer begins; certificate_end() tells how long it was. */
static size_t certificate_begin(struct worker *w, const struct certstore_piece *p)
{
	size_t at;

	record_begin(w, (enum record_kind)RECORD_CERTIFICATE);
	at = line_begin(w);
	buf_bytes(&w->body, p, sizeof(*p));
	return at;
}

static void certificate_end(struct worker *w, size_t at, struct certstore_piece p)
{
	uint8_t *piece = (uint8_t *)w->body.data + at + sizeof(struct record_line);

	if (!w->body.full) {
		p.len = (uint32_t)(w->body.len - at - sizeof(struct record_line) - sizeof(p));
		memcpy(piece, &p, sizeof(p));
	}
	line_end(w, at, 0);
	record_commit(w);
}

static void certificate_step(struct worker *w, struct certstore_piece p, enum certstore_step step)
{
	p.step = (uint8_t)step;
	certificate_end(w, certificate_begin(w, &p), p);
}

static void emit_certificates(struct worker *w, const struct packet *p,
			      const struct tls_certificates *certs, bool client)
{
	const size_t most = PIECE_MOST_BYTES / 64 * 48;
	struct certstore_piece piece = { .time_ns = p->time_ns, .client = client };
	size_t at;

	certificate_step(w, piece, CERTSTORE_BEGIN);
	piece.step = CERTSTORE_META;
	at = certificate_begin(w, &piece);
	output_cert_meta(p, certs, &w->body);
	certificate_end(w, at, piece);
	piece.step = CERTSTORE_PEM;
	for (unsigned i = 0; i < certs->count; i++) {
		for (size_t from = 0; from < certs->der[i].len; from += most) {
			at = certificate_begin(w, &piece);
			output_pem(certs->der[i], from, most, &w->body);
			certificate_end(w, at, piece);
		}
	}
	certificate_step(w, piece, CERTSTORE_END);
}

/* Of a transaction, those that rules have asked for. */
static void store_certificates(struct worker *w, const struct packet *p, struct app_tx *tx)
{
	for (unsigned dir = 0; dir < 2 && tx->proto == APP_PROTO_TLS; dir++) {
		const struct tls_certificates *certs = tls_to_store(tx, dir);

		if (certs && w->all->options.certificates)
			emit_certificates(w, p, certs, dir == 0);
	}
}

/* Straight into the ring: there may be as many as flows. */
static void emit_fact(struct worker *w, const struct fact *f)
{
	static_assert(sizeof(struct record) % 8 == 0 && sizeof(*f) % 8 == 0, "records are aligned");
	const uint32_t size = sizeof(struct record) + sizeof(*f);
	struct record *rec = wait_for_room(w, size);

	if (!rec)
		return;
	rec->size = size;
	rec->lines = 1;
	rec->key = w->key;
	rec->kind = RECORD_FACT;
	memcpy(rec + 1, f, sizeof(*f));
	hand_over(w, size);
}

/* On interfaces the program counts. */
static void emit_sign(struct worker *w, const struct packet *p)
{
	struct fact f;

	if (!w->live && fact_of_sign(p, w->second * NS_PER_S, &f))
		emit_fact(w, &f);
}

void worker_tell_second(struct worker *w)
{
	const struct fact f = { .kind = FACT_TICK, .time_ns = w->second * NS_PER_S };

	if (!w->all->options.watch || w->id != 0)
		return;
	w->key = (struct record_key){ w->tick_packet, 0, 0 };
	emit_fact(w, &f);
}

static void emit_facts(struct worker *w, const struct packet *p)
{
	struct fact facts[FACTS_MAX];
	unsigned count = facts_of_packet(w->pipeline->streams, p, facts);

	for (unsigned i = 0; i < count; i++)
		emit_fact(w, &facts[i]);
}

/*
 * It has ended, and the packet is of its direction: rules have looked at its bytes.  Where no rule
 * decides what is stored, the end of both directions will do.
 */
static bool file_is_over(const struct worker *w, const struct packet *p, const struct app_file *f,
			 bool done)
{
	if (f->state == FILE_OPEN && !done)
		return false;
	return p->direction == (f->flags & FILE_TO_CLIENT ? 1 : 0) ||
	       (w->all->options.pipeline.app.files.storing != FILE_STORE_ASKED &&
		app_has_ended(w->pipeline->apps, p->flow));
}

/* Files as they end, transactions and what was odd about them when they are whole. */
static bool emit_transactions(struct worker *w, const struct packet *p)
{
	struct app_flow *a = app_flow(w->pipeline->apps, p->flow);
	bool odd = wanted(w, RECORD_ANOMALY), files = wanted(w, RECORD_FILEINFO);
	bool some = false;

	for (unsigned i = a->events_logged; odd && i < a->events; i++)
		some |= emit_app_event(w, p, NULL, (enum app_event)a->event[i]);
	for (struct app_tx *tx = a->first; tx; tx = tx->next) {
		bool done = app_tx_is_done(tx);

		for (unsigned i = tx->events_logged; odd && i < tx->events; i++)
			some |= emit_app_event(w, p, tx, (enum app_event)tx->event[i]);
		tx->events_logged = tx->events;
		if ((done || (tx->flags & APP_TX_RECORD)) && !(tx->flags & APP_TX_LOGGED)) {
			some |= emit_tx(w, p, tx);
			tx->flags |= APP_TX_LOGGED;
		}
		store_certificates(w, p, tx);
		for (struct app_file *f = tx->files; f; f = f->next) {
			if ((f->flags & FILE_LOGGED) || !file_is_over(w, p, f, done))
				continue;
			f->flags |= FILE_LOGGED;
			file_decide(w->pipeline->apps, f);
			if (files)
				some |= emit_file(w, p, tx, f);
		}
	}
	return some;
}

/* Of the packet's direction, each once. */
static bool emit_frames(struct worker *w, const struct packet *p)
{
	struct app_frames *s = app_frames(w->pipeline->apps, p);
	bool some = false;

	for (uint32_t i = 0; s && i < s->count; i++) {
		if (!app_frame_due(w->pipeline->apps, p, &s->frame[i]))
			continue;
		some |= emit_frame(w, p, &s->frame[i]);
		s->frame[i].flags |= FRAME_LOGGED;
	}
	return some;
}

static bool emit_packet(struct worker *w, const struct packet *p)
{
	record_begin(w, RECORD_PACKET);
	FOR_EACH_OUTPUT(w, RECORD_PACKET, o)
	{
		size_t at = line_begin(w);

		output_packet(&w->all->options.outputs[o], &w->env, p, &w->body);
		line_end(w, at, o);
	}
	record_commit(w);
	return w->lines > 0;
}

static bool emit_arp(struct worker *w, const struct packet *p)
{
	record_begin(w, RECORD_ARP);
	FOR_EACH_OUTPUT(w, RECORD_ARP, o)
	{
		size_t at = line_begin(w);

		output_arp(&w->all->options.outputs[o], &w->env, p, &w->body);
		line_end(w, at, o);
	}
	record_commit(w);
	return w->lines > 0;
}

static void emit_stream(struct worker *w, const struct packet *p, const char *reason)
{
	record_begin(w, RECORD_STREAM_TCP);
	FOR_EACH_OUTPUT(w, RECORD_STREAM_TCP, o)
	{
		size_t at = line_begin(w);

		output_stream(&w->all->options.outputs[o], &w->env, p, reason, &w->body);
		line_end(w, at, o);
	}
	record_commit(w);
}

/* --- packets and flows ----------------------------------------------------------------------- */

/* Why it does not pass, NULL: it does. */
static const char *verdict(struct worker *w, struct packet *p, const struct detect_result *res)
{
	struct counters *c = &w->pipeline->counters;
	const uint16_t logged = p->direction ? FLOW_DROP_LOGGED_BACK : FLOW_DROP_LOGGED;
	const struct alert quiet = { .rule = res->drop_rule,
				     .flags = ALERT_DROPS,
				     .rules = res->drop_rules };
	const struct alert *cause = NULL;
	const char *reason = "flow drop";
	enum counter dropped = COUNTER_IPS_DROP_FLOW;
	struct rule_info info;
	bool start;

	if (!p->dropped) {
		c->value[p->stream_modified ? COUNTER_IPS_REPLACED : COUNTER_IPS_ACCEPTED]++;
		return NULL;
	}
	if (res->verdict >= ACTION_REJECT || (p->drop_target && (p->flow->flags & FLOW_REJECTED)))
		c->value[COUNTER_IPS_REJECTED]++;
	c->value[COUNTER_IPS_BLOCKED]++;
	for (unsigned i = 0; i < res->alerts && !cause; i++) {
		if (res->alert[i].flags & (ALERT_DROPS | ALERT_REJECTS))
			cause = &res->alert[i];
	}
	if (!cause && res->dropped_by_rule)
		cause = &quiet;
	if (p->drop_target) {
		reason = exception_reason((enum exception_target)(p->drop_target - 1));
		dropped = exception_drop_counter((enum exception_target)(p->drop_target - 1));
	} else if (p->dropped_urgent) {
		reason = "stream urgent";
		dropped = COUNTER_IPS_DROP_STREAM_URGENT;
	} else if (!res->dropped_by_rule && p->flow &&
		   exceptions_dropped_flow(&w->pipeline->exceptions, p->flow)) {
		reason = "exception policy flow drop";
		dropped = COUNTER_IPS_DROP_EXCEPTION_FLOW;
	}
	if (res->dropped_by_rule)
		reason = cause && (cause->flags & ALERT_RATE) ? "threshold detection_filter"
							      : "rules";
	c->value[res->dropped_by_rule ? COUNTER_IPS_DROP_RULES : dropped]++;
	if (!wanted(w, RECORD_DROP))
		return reason;
	if (cause)
		ruleset_rule(cause->rules, cause->rule, &info);
	start = !p->flow || !(p->flow->flags & logged);
	if (p->flow)
		p->flow->flags |= logged;
	emit_drop(w, p, cause, cause ? &info : NULL, reason, res->verdict, start);
	return reason;
}

/* Nobody looks at the bytes: let them go as if somebody had. */
static void pass_by(struct worker *w, const struct packet *p)
{
	struct stream_engine *streams = w->pipeline->streams;
	struct stream_view v;

	while (stream_view(streams, p->flow, p->direction, p->pseudo, &v))
		stream_inspected(streams, p->flow, p->direction, &v);
}

/* The flow is inspected only to see what its release costs: the alert is counted, not written. */
static void note_cost(struct worker *w, uint32_t rule)
{
	w->pipeline->counters.value[COUNTER_RELEASE_COST_ALERTS]++;
	if (w->cost)
		w->cost[rule]++;
}

/* Of a rule that matched: what is to become of the frame. */
static void live_verdict(struct worker *w, const struct packet *p, const struct alert *a)
{
	struct rule_info info;

	ruleset_rule(a->rules, a->rule, &info);
	worker_live_verdict(w, p, verdict_of_action(info.action));
}

static void give_lock(struct worker *w)
{
	if (!w->has_turn)
		return;
	w->has_turn = false;
	pthread_mutex_unlock(&w->all->turn);
}

/* Packets of a file come one after the other. */
static const char *file_name(struct worker *w, uint32_t interface)
{
	if (!w->file_name || w->file != interface) {
		w->file = interface;
		w->file_name = capture_input_name(w->all->options.capture, interface);
	}
	return w->file_name;
}

static void inspect(struct worker *w, struct packet *p)
{
	struct detect_result res = { .verdict = ACTION_ALERT };
	/* What may not come tells nothing. */
	bool tells = !p->released || packet_always_comes(p), recorded = false;
	const char *reason = NULL;

	set_key(w, p->flow);
	w->env.capture_file = NULL;
	if (w->live)
		w->env.interface = worker_live_interface(w, p->frame);
	else if (p->frame)
		w->env.capture_file = file_name(w, p->frame->interface);
	if (w->detector)
		detect_packet(w->detector, p, &res);
	else if (p->stream_inspectable)
		pass_by(w, p);
	give_lock(w);
	for (unsigned i = 0; i < res.alerts; i++) {
		struct rule_info info;

		if (w->live)
			live_verdict(w, p, &res.alert[i]);
		if (res.alert[i].flags & ALERT_PASS)
			continue;
		if (p->would_release) {
			note_cost(w, res.alert[i].rule);
			continue;
		}
		if (p->flow)
			p->flow->flags |= res.alert[i].flags & ALERT_THRESHOLD ? FLOW_MAY_ALERT
									       : FLOW_ALERTED;
		w->pipeline->counters.value[COUNTER_DETECT_ALERT]++;
		if (!wanted(w, RECORD_ALERT))
			continue;
		ruleset_rule(res.alert[i].rules, res.alert[i].rule, &info);
		emit_alert(w, p, &res.alert[i], &info, res.verdict);
	}
	if (res.tagged && wanted(w, RECORD_PACKET))
		recorded |= emit_packet(w, p);
	if (p->events && wanted(w, RECORD_ANOMALY))
		recorded |= emit_anomalies(w, p);
	if (p->flow && p->flow->app && tells)
		recorded |= emit_transactions(w, p);
	if (w->all->options.watch)
		emit_sign(w, p);
	if (w->all->options.watch && tells && facts_may_be(w->pipeline->streams, p))
		emit_facts(w, p);
	if (p->flow && p->flow->app && tells && wanted(w, RECORD_FRAME))
		recorded |= emit_frames(w, p);
	if (p->arp.len && wanted(w, RECORD_ARP))
		recorded |= emit_arp(w, p);
	if (w->env.inline_mode && !p->pseudo)
		reason = verdict(w, p, &res);
	if (p->proto == IP_PROTO_TCP && p->has_l4 && !p->pseudo && wanted(w, RECORD_STREAM_TCP))
		emit_stream(w, p, reason);
	shadow_check(&w->shadow, &w->pipeline->counters, p, &res, recorded);
}

static void on_packet(void *ctx, struct packet *p)
{
	enum stage before = stage_enter(STAGE_OUTPUT);

	inspect(ctx, p);
	stage_enter(before);
}

static void flow_lines(struct worker *w, struct flow *f, enum flow_end_reason reason, int64_t now,
		       enum record_when when)
{
	FOR_EACH_OUTPUT(w, RECORD_FLOW, o)
	{
		size_t at = line_begin(w);

		output_flow(&w->all->options.outputs[o], &w->env, f, reason, now, &w->body);
		line_end_when(w, at, o, when);
	}
}

/*
 * Where all alerts of the flow had thresholds, only the writer knows whether one got past them:
 * it gets the record both ways.
 */
static void emit_flow(struct worker *w, struct flow *f, enum flow_end_reason reason, int64_t now)
{
	struct record *rec = record_begin(w, RECORD_FLOW);

	if ((f->flags & (FLOW_ALERTED | FLOW_MAY_ALERT)) != FLOW_MAY_ALERT) {
		flow_lines(w, f, reason, now, RECORD_ALWAYS);
	} else {
		rec->threshold.flow = f->number;
		flow_lines(w, f, reason, now, RECORD_IF_NOT_ALERTED);
		f->flags |= FLOW_ALERTED;
		flow_lines(w, f, reason, now, RECORD_IF_ALERTED);
	}
	record_commit(w);
}

static void on_flow_end(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	struct worker *w = ctx;
	int64_t now = w->pipeline->end_ns;

	set_key(w, f);
	w->env.capture_file = NULL;
	if (w->live)
		w->env.interface = worker_live_interface(w, NULL);
	if (w->all->options.watch) {
		struct fact fact;

		if (fact_of_end(f, now, &fact))
			emit_fact(w, &fact);
	}
	if (wanted(w, RECORD_FLOW))
		emit_flow(w, f, reason, now);
	if (wanted(w, RECORD_NETFLOW)) {
		record_begin(w, RECORD_NETFLOW);
		FOR_EACH_OUTPUT(w, RECORD_NETFLOW, o)
		{
			size_t at = line_begin(w);

			output_netflow(&w->all->options.outputs[o], &w->env, f, now, &w->body);
			line_end(w, at, o);
		}
		record_commit(w);
	}
	if (w->detector)
		detect_flow_end(w->detector, f);
}

/* --- the thread ---------------------------------------------------------------------------- */

/*
 * Wait until every other worker has finished all that comes before what this one is at.  The
 * lowest never waits, and what this worker has finished is told first: so nothing deadlocks.
 */
static void take_turn(void *ctx, uint64_t packet)
{
	struct worker *w = ctx;
	uint64_t step = record_key_step(&w->key);

	(void)packet;
	publish(w, step);
	for (unsigned i = 0; i < w->all->count; i++) {
		struct worker *other = &w->all->worker[i];
		unsigned spins = 0;

		while (atomic_load_explicit(&other->watermark, memory_order_acquire) < step &&
		       !atomic_load_explicit(&other->done, memory_order_acquire))
			nap(&spins);
	}
}

/* Live there is no order of packets to wait for: one at a time, as they come. */
static void take_lock(void *ctx, uint64_t packet)
{
	struct worker *w = ctx;

	(void)packet;
	if (w->has_turn)
		return;
	pthread_mutex_lock(&w->all->turn);
	w->has_turn = true;
}

/*
 * What the judge knows.  At a tick other workers tell of the same second, in no order until all have: nothing can be said
 * there.
 */
static bool known(void *ctx, const struct packet *p, const struct ip_addr *host,
		  const struct watch_range *kinds, struct detect_known *out)
{
	struct worker *w = ctx;
	const struct worker_options *opt = &w->all->options;

	if (!opt->known || w->key.minor != RECORD_MINOR_PACKET)
		return false;
	publish(w, record_key_step(&w->key));
	return opt->known(opt->known_ctx, p, host, kinds, out);
}

void workers_know(struct workers *all, detect_known_fn fn, void *ctx)
{
	all->options.known = fn;
	all->options.known_ctx = ctx;
}

struct batch {
	const struct frame *frame[PIPELINE_BATCH];
	unsigned count;
};

static void flush(struct worker *w, struct batch *b)
{
	if (b->count)
		pipeline_frames(w->pipeline, b->frame, b->count);
	b->count = 0;
}

static void clock_passes(struct worker *w, const struct frame *f, struct batch *b)
{
	int64_t second = f->time_ns / NS_PER_S;

	w->now_ns = f->time_ns;
	if (second == w->second)
		return;
	flush(w, b);
	w->second = second;
	w->tick_packet = f->number;
	publish(w, record_step(f->number, 0));
	worker_tell_second(w);
	w->pipeline->clock_ns = w->now_ns;
	pipeline_tick(w->pipeline, second * NS_PER_S);
}

static bool owns(const struct worker *w, uint64_t hash)
{
	return (hash >> 32) * w->all->count >> 32 == w->id;
}

static bool packet_is_mine(void *ctx, const struct packet *p)
{
	const struct worker *w = ctx;

	return owns(w, decode_owner_hash(p, w->all->options.pair_key->k0));
}

static void take_frame(struct worker *w, const struct frame *f, struct batch *b)
{
	const struct worker_options *opt = &w->all->options;
	uint64_t hash;

	if (w->all->count > 1) {
		if (!decode_plain_hash(&opt->pipeline.decode, f, opt->pair_key->k0, &hash)) {
			flush(w, b);
			pipeline_shared(w->pipeline, f);
			return;
		}
		if (!owns(w, hash))
			return;
	}
	b->frame[b->count++] = f;
	if (b->count == PIPELINE_BATCH)
		flush(w, b);
}

static void walk_block(struct worker *w, const struct capture_block *block)
{
	struct batch b = { .count = 0 };

	for (unsigned i = 0; i < block->count; i++) {
		const struct frame *f = &block->frames[i];

		if (f->time_ns > w->now_ns)
			clock_passes(w, f, &b);
		if (pipeline_sample_decides(w->pipeline))
			flush(w, &b);
		pipeline_sample(w->pipeline, f);
		take_frame(w, f, &b);
	}
	flush(w, &b);
	if (block->count)
		publish(w, record_step(block->frames[block->count - 1].number + 1, 0));
}

static void walk_blocks(struct worker *w)
{
	const struct capture_block *block;

	while (capture_next_block(w->all->options.capture, w->id, &block) == 1)
		walk_block(w, block);
}

static void *worker_thread(void *arg)
{
	struct worker *w = arg;
	char name[16];

	stages_here = &w->stages;

	/* What top and a debugger show. */
	snprintf(name, sizeof(name), "weir-worker-%u", w->id % 1000);
	pthread_setname_np(pthread_self(), name);
	if (w->live)
		worker_live_run(w);
	else
		walk_blocks(w);
	w->ending = true;
	publish(w, UINT64_MAX);
	w->pipeline->clock_ns = w->now_ns;
	pipeline_end(w->pipeline);
	atomic_store_explicit(&w->done, true, memory_order_release);
	call_writer(w->all);
	return NULL;
}

static bool untracked(void *ctx, const struct packet *p)
{
	struct worker *w = ctx;

	return detect_untracked(w->detector, p);
}

void worker_track(struct worker *w)
{
	w->pipeline->hooks.untracked = detect_untracks(w->detector) ? untracked : NULL;
}

static int worker_init(struct worker *w, struct workers *all, unsigned id)
{
	const struct worker_options *opt = &all->options;
	struct pipeline_hooks hooks = {
		.packet = on_packet, .flow_end = on_flow_end, .mine = packet_is_mine, .ctx = w
	};
	int err;

	w->all = all;
	w->id = id;
	w->now_ns = INT64_MIN;
	w->second = INT64_MIN;
	note_wants(w);
	w->shadow.flows_wanted = wanted(w, RECORD_FLOW) || wanted(w, RECORD_NETFLOW);
	w->body = (struct buf){ .data = aligned_alloc(64, BODY_BYTES), .size = BODY_BYTES };
	if (!w->body.data)
		return -ENOMEM;
	err = record_ring_init(&w->ring, RING_BYTES);
	if (err)
		return err;
	err = pipeline_new(&opt->pipeline, &hooks, &w->pipeline);
	if (!err && opt->live)
		err = worker_live_open(w);
	if (err)
		return err;
	if (w->pipeline->apps)
		file_store(w->pipeline->apps, store_piece, w);
	w->env = (struct output_env){
		.flows = w->pipeline->flows,
		.streams = w->pipeline->streams,
		.apps = w->pipeline->apps,
		.rules = opt->rules,
		.inline_mode = opt->detect.inline_mode,
		.exceptions = &w->pipeline->exceptions,
	};
	if (opt->pipeline.release.strict && opt->rules) {
		w->cost = calloc(ruleset_rules(opt->rules) + 1, sizeof(*w->cost));
		if (!w->cost)
			return -ENOMEM;
	}
	if (opt->rules) {
		struct detector_env env = {
			.flows = w->pipeline->flows,
			.streams = w->pipeline->streams,
			.apps = w->pipeline->apps,
			.counters = &w->pipeline->counters,
			/* Live somebody else may ask too (engine_ask.h). */
			.turn = opt->live	  ? take_lock
				: all->count == 1 ? NULL
						  : take_turn,
			.turn_ctx = w,
			.shared_thresholds = opt->action_thresholds,
			.xbits = opt->xbits,
			.known = known,
			.known_ctx = w,
			.tags = opt->tags,
		};

		err = detector_new(opt->rules, &opt->detect, &env, &w->detector);
		if (err)
			return err;
		w->env.detector = w->detector;
		worker_track(w);
	}
	return 0;
}

int workers_new(const struct worker_options *opt, struct workers **out)
{
	struct workers *all = calloc(1, sizeof(*all));
	int err = -ENOMEM;

	if (!all)
		return -ENOMEM;
	/* Else the first localtime_r() of a worker reads the zone's file, on the packet path. */
	tzset();
	all->options = *opt;
	pthread_mutex_init(&all->turn, NULL);
	sem_init(&all->call, 0, 0);
	all->worker = aligned_alloc(64, opt->count * sizeof(*all->worker));
	if (!all->worker)
		goto fail;
	memset(all->worker, 0, opt->count * sizeof(*all->worker));
	all->count = opt->count;
	for (unsigned i = 0; i < opt->count; i++) {
		err = worker_init(&all->worker[i], all, i);
		if (err)
			goto fail;
	}
	*out = all;
	return 0;
fail:
	workers_free(all);
	return err;
}

/* A thread that never began: the others wait neither for it nor for the writer. */
static void give_up(struct workers *all)
{
	atomic_store(&all->abandoned, true);
	if (all->options.live) {
		for (unsigned i = 0; i < all->count; i++)
			atomic_store(&all->worker[i].done, !all->worker[i].started);
		return;
	}
	capture_stop(all->options.capture);
	for (unsigned i = 0; i < all->count; i++) {
		if (all->worker[i].started)
			continue;
		atomic_store(&all->worker[i].done, true);
		capture_leave(all->options.capture, i);
	}
}

int workers_start(struct workers *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		int err = pthread_create(&all->worker[i].thread, NULL, worker_thread,
					 &all->worker[i]);

		if (err) {
			give_up(all);
			return -err;
		}
		all->worker[i].started = true;
	}
	return 0;
}

void workers_join(struct workers *all)
{
	for (unsigned i = 0; i < all->count; i++) {
		if (all->worker[i].started)
			pthread_join(all->worker[i].thread, NULL);
		all->worker[i].started = false;
	}
}

void workers_free(struct workers *all)
{
	if (!all)
		return;
	for (unsigned i = 0; i < all->count; i++) {
		struct worker *w = &all->worker[i];

		detector_free(w->detector);
		pipeline_free(w->pipeline);
		worker_live_close(w->live);
		record_ring_fini(&w->ring);
		free(w->body.data);
		free(w->cost);
	}
	free(all->worker);
	free(all);
}

struct rule_cost workers_rule_cost(const struct workers *all, uint32_t rule)
{
	struct rule_cost sum = { .candidates = 0 };

	for (unsigned i = 0; i < all->count; i++) {
		const struct rule_cost *c;

		if (!all->worker[i].detector)
			continue;
		c = detector_rule_cost(all->worker[i].detector, rule);
		sum.candidates += c->candidates;
		sum.checks += c->checks;
		sum.matches += c->matches;
		sum.cycles += c->cycles;
	}
	return sum;
}

struct filter_hits workers_filter_hits(const struct workers *all, uint32_t rule)
{
	struct filter_hits sum = { .suppressed = 0 };

	for (unsigned i = 0; i < all->count; i++) {
		const struct filter_hits *h;

		if (!all->worker[i].detector)
			continue;
		h = detector_filter_hits(all->worker[i].detector, rule);
		sum.suppressed += h->suppressed;
		sum.rated += h->rated;
	}
	return sum;
}

uint64_t workers_cost(const struct workers *all, uint32_t rule)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < all->count; i++)
		n += all->worker[i].cost ? all->worker[i].cost[rule] : 0;
	return n;
}

void workers_stages(const struct workers *all, struct stages *sum)
{
	*sum = (struct stages){ .packets = 0 };
	for (unsigned i = 0; i < all->count; i++)
		stages_add(sum, &all->worker[i].stages);
}

void workers_counters(const struct workers *all, struct counters *sum)
{
	*sum = (struct counters){ .value = { 0 } };
	for (unsigned i = 0; i < all->count; i++) {
		counters_add(sum, &all->worker[i].pipeline->counters);
		sum->value[COUNTER_LIMITS_REACHED] += all->worker[i].lost_records;
	}
	/* All have decoded the same shared frames. */
	counters_add(sum, &all->worker[0].pipeline->shared);
}
