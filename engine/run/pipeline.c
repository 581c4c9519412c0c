/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/pipeline.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/base/stage.h"
#include "engine/run/exceptions.h"

/* Suricata's sample: a tenth of the first 1,000 packets being wrong means offloading, not attack. */
#define SAMPLE_PACKETS 1000
#define SAMPLE_BAD_RATIO 10

static void make_pseudo(struct packet *p, struct flow *f, unsigned dir, int64_t now_ns)
{
	*p = (struct packet){
		.flow = f,
		.time_ns = now_ns,
		.ip_version = f->ip_version,
		.proto = f->proto,
		.direction = (uint8_t)dir,
		.source = PACKET_STREAM_TIMEOUT,
		.depth = f->depth,
		.vlans = f->vlans,
		.has_ip = true,
		.has_l4 = true,
		.pseudo = true,
		.established = f->state >= FLOW_ESTABLISHED,
		.stream_inspectable = true,
		/* A bypass may leave bytes that were there before it. */
		.would_release = flow_is_released(f, dir) && f->state != FLOW_BYPASSED,
	};
	p->src = dir ? f->server : f->client;
	p->dst = dir ? f->client : f->server;
	p->sport = dir ? f->server_port : f->client_port;
	p->dport = dir ? f->client_port : f->server_port;
	memcpy(p->vlan, f->vlan, sizeof(p->vlan));
}

/* Inline the ends do not see its packets any more: its session stays as it was. */
static bool is_dropped(const struct pipeline *p, const struct flow *f)
{
	return p->release.options.inline_mode && (f->flags & FLOW_DROPPED);
}

/* Rules and records; what they are done with goes. */
static void finish(struct pipeline *p, struct packet *pkt, bool parsed)
{
	p->hooks.packet(p->hooks.ctx, pkt);
	if (parsed && pkt->flow->app) {
		enum stage before = stage_enter(STAGE_APP);

		app_packet_done(p->apps, pkt);
		stage_enter(before);
	}
}

/* Parse, then rules and records. */
static void inspect(struct pipeline *p, struct packet *pkt)
{
	bool parse;

	if (pkt->exceptions)
		exceptions_settle(&p->exceptions, &p->counters, pkt);
	parse = p->apps && pkt->flow && !pkt->released && !pkt->dropped &&
		!is_dropped(p, pkt->flow);
	if (parse) {
		enum stage before = stage_enter(STAGE_APP);

		app_packet(p->apps, pkt);
		stage_enter(before);
	}
	if (pkt->exceptions)
		exceptions_settle(&p->exceptions, &p->counters, pkt);
	finish(p, pkt, parse);
}

/* A direction's end.  Where it holds more transactions than there may be at once: in as many turns as it takes. */
static void end_direction(struct pipeline *p, struct flow *f, unsigned dir)
{
	uint64_t before, after = 0;

	do {
		before = after;
		make_pseudo(p->pseudo, f, dir, p->end_ns);
		inspect(p, p->pseudo);
		if (!f->app || !app_is_full(p->apps, f, &after))
			return;
		/* What is told of the other direction. */
		make_pseudo(p->pseudo, f, !dir, p->end_ns);
		finish(p, p->pseudo, true);
	} while (after > before);
}

/* What nobody acknowledged is inspected at the end, on a packet that was never on the wire. */
static void flow_ends(void *ctx, struct flow *f, enum flow_end_reason reason)
{
	struct pipeline *p = ctx;
	int64_t now_ns = p->current ? p->current->time_ns : p->clock_ns;

	p->end_ns = now_ns > f->last_ns ? now_ns : f->last_ns;
	for (unsigned dir = 0; dir < 2; dir++) {
		bool bytes = f->tcp && stream_pending(p->streams, f, dir);

		if (!bytes && !(f->app && app_pending(p->apps, f, dir)))
			continue;
		end_direction(p, f, dir);
	}
	p->counters.value[COUNTER_FLOW_BYPASSED_CLOSED] +=
		f->state == FLOW_BYPASSED && (f->flags & FLOW_TOLD);
	p->hooks.flow_end(p->hooks.ctx, f, reason);
	if (f->app)
		app_flow_end(p->apps, f);
	if (f->tcp)
		stream_flow_end(p->streams, f);
}

/* The table asks before the stream engine exists only where no flow exists either. */
static bool flow_reused(void *ctx, const struct flow *f, const struct packet *pkt)
{
	struct pipeline *p = ctx;

	return stream_reuse(p->streams, f, pkt);
}

struct pipeline_options pipeline_settings(const struct settings *s, const struct ruleset *rules)
{
	struct pipeline_options opt = {
		.decode = s->decode,
		.defrag = s->defrag,
		.flow = s->flow,
		.stream = s->stream,
		.app = s->app,
		.release = settings_release(s, rules),
		.checksums = s->checksums,
		.exceptions = s->exceptions,
	};

	opt.app.records = true;
	opt.app.frame_window = s->stream.window;
	for (unsigned i = 0; i < s->output_count; i++)
		opt.app.frame_records |= s->outputs[i].wants[RECORD_FRAME];
	if (rules)
		ruleset_app_needs(rules, &opt.app);
	if (s->filestore.dir && s->filestore_all)
		opt.app.files.storing = FILE_STORE_ALL;
	/* On interfaces other rules may come, which do ask. */
	else if (s->filestore.dir && (opt.app.files.asked || s->args->interfaces.count))
		opt.app.files.storing = FILE_STORE_ASKED;
	return opt;
}

int pipeline_new(const struct pipeline_options *opt, const struct pipeline_hooks *hooks,
		 struct pipeline **out)
{
	struct pipeline *p = calloc(1, sizeof(*p));
	struct stream_options stream = opt->stream;
	int err;

	if (!p)
		return -ENOMEM;
	p->hooks = *hooks;
	p->checksums = opt->checksums;
	p->exceptions = opt->exceptions;
	p->sets = calloc(PIPELINE_BATCH + 1, sizeof(*p->sets));
	p->pseudo = calloc(1, sizeof(*p->pseudo));
	p->scratch = calloc(1, sizeof(*p->scratch));
	err = -ENOMEM;
	if (!p->sets || !p->pseudo || !p->scratch)
		goto fail;
	if (opt->checksums == CHECKSUM_NONE)
		stream.checksum_validation = false;
	else if (opt->checksums == CHECKSUM_ALL)
		stream.checksum_validation = true;
	p->decoder.options = opt->decode;
	p->decoder.options.check_checksums = stream.checksum_validation;
	p->decoder.counters = &p->counters;
	err = defrag_new(&opt->defrag, &p->counters, &p->defrag);
	if (err)
		goto fail;
	p->decoder.defrag = defrag_add;
	p->decoder.defrag_ctx = p->defrag;
	err = flow_table_new(&opt->flow, &p->counters, flow_ends, flow_reused, p, &p->flows);
	if (err)
		goto fail;
	err = stream_engine_new(&stream, p->flows, &p->counters, &p->streams);
	if (err)
		goto fail;
	if (opt->app.memcap)
		err = app_engine_new(&opt->app, p->flows, p->streams, &p->counters, &p->apps);
	if (err)
		goto fail;
	p->release = (struct release){ .options = opt->release,
				       .depth = stream.depth,
				       .flows = p->flows,
				       .streams = p->streams,
				       .apps = p->apps,
				       .counters = &p->counters };
	*out = p;
	return 0;
fail:
	pipeline_free(p);
	return err;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	app_engine_free(p->apps);
	flow_table_free(p->flows);
	stream_engine_free(p->streams);
	defrag_free(p->defrag);
	free(p->sets);
	free(p->pseudo);
	free(p->scratch);
	free(p);
}

static void flow_refreshes(void *ctx, struct flow *f, bool ending)
{
	struct pipeline *p = ctx;

	p->refresh(p->release.tell_ctx, f, ending);
}

void pipeline_release_to(struct pipeline *p, release_tell_fn tell, flow_refresh_fn refresh,
			 void *ctx)
{
	p->release.tell = tell;
	p->release.tell_ctx = ctx;
	p->refresh = refresh;
	flow_table_refresh(p->flows, flow_refreshes);
}

bool pipeline_next_decides(const struct pipeline *p)
{
	return p->sampled == SAMPLE_PACKETS - 1;
}

void pipeline_sample_frame(struct pipeline *p, const struct frame *f)
{
	struct packet_set *set = &p->sets[PIPELINE_BATCH];
	struct decoder d = p->decoder;

	if (p->sampled == SAMPLE_PACKETS || !p->decoder.options.check_checksums)
		return;
	d.counters = p->scratch;
	d.defrag = NULL;
	decode_frame(&d, f, set);
	p->sampled++;
	for (unsigned i = 0; i < set->count; i++) {
		if (set->packets[i].proto == IP_PROTO_TCP && set->packets[i].bad_checksum)
			p->sampled_bad++;
	}
	if (p->sampled == SAMPLE_PACKETS && p->sampled_bad * SAMPLE_BAD_RATIO >= SAMPLE_PACKETS) {
		p->decoder.options.check_checksums = false;
		p->decoder.options.ignore_checksums = true;
	}
}

static void tcp_packet(struct pipeline *p, struct packet *pkt)
{
	enum stage before = stage_enter(STAGE_STREAM);

	/* Of a way that was taken back the stream stays over. */
	if (pkt->released ||
	    (!p->release.options.strict && (pkt->flow->released >> pkt->direction & 1)))
		stream_released_packet(p->streams, pkt);
	else
		stream_packet(p->streams, pkt);
	stage_enter(before);
}

static void one_packet(struct pipeline *p, struct packet *pkt, unsigned place, uint64_t hash)
{
	p->current = pkt;
	p->order = DECODE_PACKETS_MAX - place;
	if (p->hooks.untracked && p->hooks.untracked(p->hooks.ctx, pkt))
		pkt->no_flow_wanted = true;
	if (pkt->has_l4 && !pkt->no_flow_wanted) {
		flow_update(p->flows, pkt, hash, pkt->number * DECODE_PACKETS_MAX + place);
		release_before(&p->release, pkt);
		/* That of the packet which shows that what follows is encrypted is still looked at. */
		if (pkt->flow && (pkt->flow->flags & FLOW_NO_PAYLOAD))
			pkt->no_payload_inspection = true;
		if (pkt->flow && pkt->proto == IP_PROTO_TCP && !is_dropped(p, pkt->flow))
			tcp_packet(p, pkt);
	}
	inspect(p, pkt);
	release_after(&p->release, pkt);
	if (pkt->flow && pkt->flow->tcp && pkt->flow->state != FLOW_ESTABLISHED)
		stream_packet_done(p->streams, pkt->flow);
	p->current = NULL;
}

static bool is_shared(const struct frame *f)
{
	return f->owner == FRAME_OF_ALL;
}

/* Decode from the first frame on, as far as there is room for joined datagrams; returns how many. */
static unsigned decode_some(struct pipeline *p, const struct frame *const *frames, unsigned count,
			    uint64_t hash[][DECODE_PACKETS_MAX])
{
	struct decoder shared = p->decoder;
	unsigned i = 0;

	shared.counters = &p->shared;
	for (; i < count && !defrag_batch_is_full(p->defrag); i++) {
		struct packet_set *set = &p->sets[i];
		struct decoder *d = is_shared(frames[i]) ? &shared : &p->decoder;

		defrag_count_in(p->defrag, d->counters);
		decode_frame(d, frames[i], set);
		for (unsigned k = 0; k < set->count; k++) {
			if (set->packets[k].has_l4)
				hash[i][k] = flow_hash(p->flows, &set->packets[k]);
		}
	}
	return i;
}

/* The memory that a batch of flows needs is fetched together instead of in turn. */
static void prefetch(struct pipeline *p, unsigned count, uint64_t hash[][DECODE_PACKETS_MAX])
{
	const struct flow *likely[PIPELINE_BATCH];
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++) {
		if (p->sets[i].packets[0].has_l4)
			likely[n++] = flow_prefetch(p->flows, hash[i][0]);
	}
	for (unsigned i = 0; i < n; i++) {
		if (likely[i]->tcp)
			stream_prefetch(p->streams, likely[i]->tcp);
	}
}

void pipeline_frames(struct pipeline *p, const struct frame *const *frames, unsigned count)
{
	uint64_t hash[PIPELINE_BATCH][DECODE_PACKETS_MAX];

	stage_batch(count);
	while (count) {
		unsigned n;

		stage_enter(STAGE_DECODE);
		n = decode_some(p, frames, count, hash);
		stage_enter(STAGE_FLOW);
		prefetch(p, n, hash);
		for (unsigned i = 0; i < n; i++) {
			struct packet_set *set = &p->sets[i];

			/* Inner packets first, as Suricata has it. */
			for (unsigned k = set->count; k-- > 0;) {
				struct packet *pkt = &set->packets[k];

				if (!is_shared(frames[i]) || p->hooks.mine(p->hooks.ctx, pkt))
					one_packet(p, pkt, k, hash[i][k]);
			}
		}
		defrag_batch_done(p->defrag);
		frames += n;
		count -= n;
	}
	stage_enter(STAGE_CAPTURE);
}

void pipeline_tick(struct pipeline *p, int64_t now_ns)
{
	if (now_ns > p->release.now_ns)
		p->release.now_ns = now_ns;
	defrag_tick(p->defrag, now_ns);
	flow_tick(p->flows, now_ns);
}

void pipeline_end(struct pipeline *p)
{
	flow_end_all(p->flows);
}
