/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/worker_emit.h"

#include "engine/run/worker_pieces.h"
#include "engine/run/worker_record.h"

void worker_emit_alert(struct worker *w, const struct packet *p, const struct alert *a,
		       const struct rule_info *info, uint8_t verdict)
{
	struct record *rec = worker_record_begin(w, RECORD_ALERT);

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
		size_t at = worker_line_begin(w);

		output_alert(&w->all->options.outputs[o], &w->env, p, a, info, verdict, &w->body);
		if (w->body.full && a->tx) {
			/* The alert itself must not be lost to what it stands beside. */
			struct alert alone = *a;

			alone.tx = NULL;
			w->body.full = false;
			output_alert(&w->all->options.outputs[o], &w->env, p, &alone, info, verdict,
				     &w->body);
		}
		worker_line_end(w, at, o);
	}
	worker_record_commit(w);
}

void worker_emit_drop(struct worker *w, const struct packet *p, const struct alert *a,
		      const struct rule_info *info, const char *reason, uint8_t verdict,
		      bool flow_start)
{
	worker_record_begin(w, RECORD_DROP);
	FOR_EACH_OUTPUT(w, RECORD_DROP, o)
	{
		const struct output_options *opt = &w->all->options.outputs[o];
		size_t at;

		if (p->flow && !flow_start && !opt->drop.flows_all)
			continue;
		at = worker_line_begin(w);
		output_drop(opt, &w->env, p, a, info, reason, verdict, &w->body);
		worker_line_end(w, at, o);
	}
	worker_record_commit(w);
}

bool worker_emit_anomalies(struct worker *w, const struct packet *p)
{
	bool some = false;

	for (unsigned i = 0; i < p->events; i++) {
		enum event e = p->event[i];

		worker_record_begin(w, RECORD_ANOMALY);
		FOR_EACH_OUTPUT(w, RECORD_ANOMALY, o)
		{
			const struct output_options *opt = &w->all->options.outputs[o];
			size_t at;

			if (event_is_decode(e) ? !opt->anomaly.decode : !opt->anomaly.stream)
				continue;
			at = worker_line_begin(w);
			output_anomaly(opt, &w->env, p, e, &w->body);
			worker_line_end(w, at, o);
		}
		some |= w->lines > 0;
		worker_record_commit(w);
	}
	return some;
}

static bool emit_app_event(struct worker *w, const struct packet *p, const struct app_tx *tx,
			   enum app_event e)
{
	bool some;

	worker_record_begin(w, RECORD_ANOMALY);
	FOR_EACH_OUTPUT(w, RECORD_ANOMALY, o)
	{
		size_t at;

		if (!w->all->options.outputs[o].anomaly.applayer)
			continue;
		at = worker_line_begin(w);
		output_app_anomaly(&w->all->options.outputs[o], &w->env, p, tx, e, &w->body);
		worker_line_end(w, at, o);
	}
	some = w->lines > 0;
	worker_record_commit(w);
	return some;
}

static bool emit_tx(struct worker *w, const struct packet *p, const struct app_tx *tx)
{
	enum record_kind kind = output_tx_kind(tx);
	bool some;

	if (kind == RECORD__COUNT || !worker_wants(w, kind))
		return false;
	worker_record_begin(w, kind);
	FOR_EACH_OUTPUT(w, kind, o)
	{
		size_t at = worker_line_begin(w);

		output_tx(&w->all->options.outputs[o], &w->env, p, tx, &w->body);
		worker_line_end(w, at, o);
	}
	some = w->lines > 0;
	worker_record_commit(w);
	return some;
}

static bool emit_file(struct worker *w, const struct packet *p, const struct app_tx *tx,
		      const struct app_file *f)
{
	bool some;

	worker_record_begin(w, RECORD_FILEINFO);
	FOR_EACH_OUTPUT(w, RECORD_FILEINFO, o)
	{
		size_t at = worker_line_begin(w);

		output_file(&w->all->options.outputs[o], &w->env, p, tx, f, &w->body);
		worker_line_end(w, at, o);
	}
	some = w->lines > 0;
	worker_record_commit(w);
	return some;
}

static bool emit_frame(struct worker *w, const struct packet *p, const struct app_frame *f)
{
	bool some;

	worker_record_begin(w, RECORD_FRAME);
	FOR_EACH_OUTPUT(w, RECORD_FRAME, o)
	{
		size_t at = worker_line_begin(w);

		output_frame(&w->all->options.outputs[o], &w->env, p, f, &w->body);
		worker_line_end(w, at, o);
	}
	some = w->lines > 0;
	worker_record_commit(w);
	return some;
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

bool worker_emit_transactions(struct worker *w, const struct packet *p)
{
	const struct app_flow *a = app_flow(w->pipeline->apps, p->flow);
	bool odd = worker_wants(w, RECORD_ANOMALY), files = worker_wants(w, RECORD_FILEINFO);
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
		if (w->all->options.certificates)
			worker_store_certificates(w, p, tx);
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

bool worker_emit_frames(struct worker *w, const struct packet *p)
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

bool worker_emit_packet(struct worker *w, const struct packet *p)
{
	worker_record_begin(w, RECORD_PACKET);
	FOR_EACH_OUTPUT(w, RECORD_PACKET, o)
	{
		size_t at = worker_line_begin(w);

		output_packet(&w->all->options.outputs[o], &w->env, p, &w->body);
		worker_line_end(w, at, o);
	}
	worker_record_commit(w);
	return w->lines > 0;
}

bool worker_emit_arp(struct worker *w, const struct packet *p)
{
	worker_record_begin(w, RECORD_ARP);
	FOR_EACH_OUTPUT(w, RECORD_ARP, o)
	{
		size_t at = worker_line_begin(w);

		output_arp(&w->all->options.outputs[o], &w->env, p, &w->body);
		worker_line_end(w, at, o);
	}
	worker_record_commit(w);
	return w->lines > 0;
}

void worker_emit_stream(struct worker *w, const struct packet *p, const char *reason)
{
	worker_record_begin(w, RECORD_STREAM_TCP);
	FOR_EACH_OUTPUT(w, RECORD_STREAM_TCP, o)
	{
		size_t at = worker_line_begin(w);

		output_stream(&w->all->options.outputs[o], &w->env, p, reason, &w->body);
		worker_line_end(w, at, o);
	}
	worker_record_commit(w);
}

static void flow_lines(struct worker *w, struct flow *f, enum flow_end_reason reason, int64_t now,
		       enum record_when when)
{
	FOR_EACH_OUTPUT(w, RECORD_FLOW, o)
	{
		size_t at = worker_line_begin(w);

		output_flow(&w->all->options.outputs[o], &w->env, f, reason, now, &w->body);
		worker_line_end_when(w, at, o, when);
	}
}

/*
 * Where all alerts of the flow had thresholds, only the writer knows whether one got past them:
 * it gets the record both ways.
 */
void worker_emit_flow(struct worker *w, struct flow *f, enum flow_end_reason reason, int64_t now)
{
	struct record *rec = worker_record_begin(w, RECORD_FLOW);

	if ((f->flags & (FLOW_ALERTED | FLOW_MAY_ALERT)) != FLOW_MAY_ALERT) {
		flow_lines(w, f, reason, now, RECORD_ALWAYS);
	} else {
		rec->threshold.flow = f->number;
		flow_lines(w, f, reason, now, RECORD_IF_NOT_ALERTED);
		f->flags |= FLOW_ALERTED;
		flow_lines(w, f, reason, now, RECORD_IF_ALERTED);
	}
	worker_record_commit(w);
}

void worker_emit_netflow(struct worker *w, const struct flow *f, int64_t now)
{
	worker_record_begin(w, RECORD_NETFLOW);
	FOR_EACH_OUTPUT(w, RECORD_NETFLOW, o)
	{
		size_t at = worker_line_begin(w);

		output_netflow(&w->all->options.outputs[o], &w->env, f, now, &w->body);
		worker_line_end(w, at, o);
	}
	worker_record_commit(w);
}
