/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stalls and impossible flags, counted by source: connections held open by a window of zero (sockstress,
 * slow read) or hardly more, windows that shrink (RFC 9293, 3.8.6), scales that cannot be meant (RFC 7323), requests in
 * crumbs (Slowloris), flags that no stack sends.
 */
#include "engine/watch/judge.h"

enum stall_class { STALL_ZERO, STALL_SHRUNK, STALL_SLOW, STALL_FLAGS, STALL_TINY, STALL_SCALE };

struct stall {
	int64_t since_ns;
	uint32_t count;
	uint32_t shown;
	uint16_t ports[WATCH_SAMPLE];
	uint32_t windows[WATCH_SAMPLE]; /* or scales */
};

const struct places_options stall_size = { .entry_bytes = sizeof(struct stall),
					   .clear_bytes = sizeof(struct stall) };

static void take(struct watch *w, const struct fact *f, enum stall_class class,
		 enum watch_kind kind, uint32_t least)
{
	const struct ip_addr *from = f->from_server ? &f->server : &f->client;
	struct stall *s = places_get(&w->stalls, from, (uint32_t) class, f->time_ns);
	struct watch_report r = watch_report_of(f, kind);

	if (!s->since_ns || f->time_ns - s->since_ns > w->opt.scan_window_s * WATCH_NS_PER_S) {
		*s = (struct stall){ .since_ns = f->time_ns ? f->time_ns : 1 };
	}
	s->count++;
	places_worth(&w->stalls, s, s->count);
	if (s->shown < WATCH_SAMPLE) {
		s->windows[s->shown] = f->seq;
		s->ports[s->shown++] = f->from_server ? f->server_port : f->client_port;
	}
	watch_count(w, kind, from, s->count, f->time_ns);
	if (s->count < least)
		return;
	r.count = s->count;
	r.since_ns = s->since_ns;
	r.port_count = s->shown;
	memcpy(r.port_sample, s->ports, sizeof(s->ports));
	if (class == STALL_TINY || class == STALL_SCALE || class == STALL_SHRUNK) {
		r.seq_count = s->shown;
		memcpy(r.seq_sample, s->windows, sizeof(s->windows));
	}
	watch_tell(w, &r);
}

void stall_fact(struct watch *w, const struct fact *f)
{
	const struct watch_options *o = &w->opt;

	switch (f->kind) {
	case FACT_ZERO_WINDOW:
		take(w, f, STALL_ZERO, WATCH_WINDOW_ZERO, o->stalled_flows);
		break;
	case FACT_TINY_WINDOW:
		if (f->seq <= o->tiny_bytes)
			take(w, f, STALL_TINY, WATCH_WINDOW_TINY, o->stalled_flows);
		break;
	case FACT_SCALE:
		take(w, f, STALL_SCALE, WATCH_WINDOW_SCALE, o->stalled_flows);
		break;
	case FACT_SHRUNK_WINDOW:
		take(w, f, STALL_SHRUNK, WATCH_WINDOW_SHRUNK, o->stalled_flows);
		break;
	case FACT_SLOW_REQUEST:
		take(w, f, STALL_SLOW, WATCH_WINDOW_SLOW_REQUEST, o->stalled_flows);
		break;
	case FACT_BAD_FLAGS:
		take(w, f, STALL_FLAGS, WATCH_FLAGS_IMPOSSIBLE, o->bad_flags);
		break;
	default:
		break;
	}
}
