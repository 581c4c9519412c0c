/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/watch/watch.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/watch/judge.h"

/* Of one kind about one host: when a report was last told, when one was last due, and what is counted. */
struct told {
	int64_t told_ns, due_ns, counted_ns; /* 0: never */
	uint64_t count;
	uint32_t suppressed;
};

/* A host of which something was told does not give way to one of which something is counted. */
#define TOLD_WORTH (1u << 30)

struct watch_options watch_defaults(void)
{
	return (struct watch_options){
		.enabled = true,
		.max_hosts = 8192,
		.interval_s = 300,
		.scan_ports = 15,
		.scan_hosts = 20,
		.scan_window_s = 60,
		.slow_ports = 15,
		.slow_hosts = 60,
		.slow_window_s = 3600,
		.distributed_sources = 12,
		.flood_packets = 1000,
		.flood_completed_percent = 20,
		.blind_packets = 10,
		.replays = 1,
		.stalled_flows = 10,
		.tiny_bytes = 512,
		.bad_flags = 5,
		.baseline_deviations = 6,
		.baseline_flows = 200,
		.baseline_bytes = 100u << 20,
	};
}

struct table_row {
	size_t offset;
	const struct places_options *size;
};

#define TABLES 7

static const struct places_options told_size = { .entry_bytes = sizeof(struct told),
						 .clear_bytes = sizeof(struct told) };
static const struct table_row tables[TABLES] = {
	{ offsetof(struct watch, sources), &scan_source_size },
	{ offsetof(struct watch, targets), &scan_target_size },
	{ offsetof(struct watch, floods), &flood_size },
	{ offsetof(struct watch, servers), &guess_server_size },
	{ offsetof(struct watch, blind), &guess_blind_size },
	{ offsetof(struct watch, stalls), &stall_size },
	{ offsetof(struct watch, told), &told_size },
};

static struct places_options sized(const struct watch_options *opt, unsigned i)
{
	struct places_options p = *tables[i].size;

	p.count = opt->max_hosts;
	p.lifetime_s = opt->slow_window_s;
	return p;
}

static struct places *table_at(struct watch *w, unsigned i)
{
	return (struct places *)((uint8_t *)w + tables[i].offset);
}

/* As many as there may be sources. */
static size_t rings(const struct watch_options *opt)
{
	return (size_t)opt->max_hosts + PLACES_WAYS;
}

size_t watch_bytes(const struct watch_options *opt)
{
	size_t sum = sizeof(struct watch) + rings(opt) * sizeof(*((struct watch *)0)->recent) +
		     tally_bytes(opt->max_hosts) + replay_bytes(opt->max_hosts);

	for (unsigned i = 0; i < TABLES; i++) {
		struct places_options p = sized(opt, i);

		sum += places_bytes(&p);
	}
	return sum;
}

int watch_new(const struct watch_options *opt, const struct hash_key *key, struct watch **out)
{
	struct watch *w = calloc(1, sizeof(*w));
	int err = 0;

	*out = NULL;
	if (!w)
		return -ENOMEM;
	w->opt = *opt;
	for (unsigned i = 0; i < TABLES && !err; i++) {
		struct places_options p = sized(opt, i);

		err = places_init(table_at(w, i), &p, key);
	}
	w->recent = calloc(rings(opt), sizeof(*w->recent));
	if (!w->recent)
		err = -ENOMEM;
	if (!err)
		err = tally_init(&w->tally, opt->max_hosts, key->k0);
	if (!err)
		err = replay_init(&w->replay, opt->max_hosts, key);
	if (err) {
		watch_free(w);
		return err;
	}
	*out = w;
	return 0;
}

void watch_free(struct watch *w)
{
	for (unsigned i = 0; w && i < TABLES; i++)
		places_fini(table_at(w, i));
	if (w) {
		free(w->recent);
		tally_fini(&w->tally);
		replay_fini(&w->replay);
	}
	free(w);
}

uint64_t watch_forgotten(const struct watch *w)
{
	return w->sources.forgotten + w->targets.forgotten;
}

enum probe probe_of_flags(uint8_t flags)
{
	if (flags & WATCH_SYN)
		return PROBE_SYN;
	if (flags & WATCH_ACK)
		return PROBE_ACK;
	if ((flags & (WATCH_FIN | WATCH_PSH | WATCH_URG)) == (WATCH_FIN | WATCH_PSH | WATCH_URG))
		return PROBE_XMAS;
	if (flags & WATCH_FIN)
		return PROBE_FIN;
	return PROBE_NULL;
}

void watch_mark_told(struct watch *w, enum watch_kind k, const struct ip_addr *who, int64_t now_ns)
{
	struct told *t = places_get(&w->told, who, (uint32_t)k, now_ns);

	places_worth(&w->told, t, TOLD_WORTH);
	t->told_ns = now_ns ? now_ns : 1;
	t->due_ns = t->told_ns;
}

static int64_t window_ns(const struct watch *w, enum watch_kind k)
{
	switch (watch_family(k)) {
	case WATCH_FAMILY_FLOOD:
		return FLOOD_WINDOW_NS;
	case WATCH_FAMILY_BASELINE:
		return 60 * WATCH_NS_PER_S;
	default:
		return w->opt.scan_window_s * WATCH_NS_PER_S;
	}
}

static bool is_counted(const struct watch *w, enum watch_kind k, const struct told *t,
		       int64_t now_ns)
{
	return t->counted_ns && now_ns - t->counted_ns <= window_ns(w, k);
}

static void keep_count(struct watch *w, struct told *t, enum watch_kind k, uint64_t count,
		       int64_t now_ns)
{
	if (is_counted(w, k, t, now_ns) && t->count > count)
		return;
	t->count = count;
	t->counted_ns = now_ns ? now_ns : 1;
	if (!t->due_ns)
		places_worth(&w->told, t, count < TOLD_WORTH ? (uint32_t)count : TOLD_WORTH - 1);
}

void watch_count(struct watch *w, enum watch_kind k, const struct ip_addr *who, uint64_t count,
		 int64_t now_ns)
{
	if (w->opt.counts_asked && count > 1)
		keep_count(w, places_get(&w->told, who, (uint32_t)k, now_ns), k, count, now_ns);
}

static void note_due(struct watch *w, struct told *t, enum watch_kind k, uint64_t count,
		     int64_t now_ns)
{
	keep_count(w, t, k, count, now_ns);
	places_worth(&w->told, t, TOLD_WORTH);
	t->due_ns = now_ns ? now_ns : 1;
}

void watch_due(struct watch *w, enum watch_kind k, const struct ip_addr *who, uint64_t count,
	       int64_t now_ns)
{
	note_due(w, places_get(&w->told, who, (uint32_t)k, now_ns), k, count, now_ns);
}

bool watch_known(struct watch *w, const struct ip_addr *host, const struct watch_range *kinds,
		 int64_t now_ns, uint64_t *count)
{
	bool due = false;

	w->opt.counts_asked = true;
	*count = 0;
	for (unsigned k = kinds->first; k <= kinds->last && k < WATCH__COUNT; k++) {
		const struct told *t = places_find(&w->told, host, k);

		if (!t)
			continue;
		due |= t->due_ns && now_ns - t->due_ns <= w->opt.interval_s * WATCH_NS_PER_S;
		if (is_counted(w, (enum watch_kind)k, t, now_ns) && t->count > *count)
			*count = t->count;
	}
	return due;
}

struct watch_report watch_report_of(const struct fact *f, enum watch_kind kind)
{
	return (struct watch_report){ .kind = kind,
				      .proto = f->proto,
				      .ip_version = f->ip_version,
				      .has_source = true,
				      .has_target = true,
				      .source = f->from_server ? f->server : f->client,
				      .target = f->from_server ? f->client : f->server,
				      .port = f->from_server ? f->client_port : f->server_port,
				      .time_ns = f->time_ns };
}

void watch_tell(struct watch *w, struct watch_report *r)
{
	const struct ip_addr *who = r->has_source ? &r->source : &r->target;
	struct told *t = places_get(&w->told, who, (uint32_t)r->kind, r->time_ns);

	note_due(w, t, r->kind, r->count, r->time_ns);
	if (t->told_ns && r->time_ns - t->told_ns < w->opt.interval_s * WATCH_NS_PER_S) {
		t->suppressed++;
		return;
	}
	r->suppressed = t->suppressed;
	t->suppressed = 0;
	watch_mark_told(w, r->kind, who, r->time_ns);
	w->tell(w->ctx, r);
}

static void judge(struct watch *w, const struct fact *f)
{
	if (f->kind == FACT_SIGN || f->kind == FACT_TICK) {
		tally_fact(w, f);
		return;
	}
	scan_fact(w, f);
	flood_fact(w, f);
	guess_fact(w, f);
	replay_fact(w, f);
	stall_fact(w, f);
}

void watch_flush(struct watch *w, watch_report_fn tell, void *ctx)
{
	w->tell = tell;
	w->ctx = ctx;
	for (unsigned i = 0; i < w->waiting; i++)
		judge(w, &w->queue[i]);
	w->waiting = 0;
}

void watch_fact(struct watch *w, const struct fact *f, watch_report_fn tell, void *ctx)
{
	if (f->kind == FACT_HANDSHAKE)
		places_prefetch(&w->servers, &f->server, 0);
	else if (f->kind < FACT_SIGN)
		places_prefetch(&w->sources, &f->client, 0);
	if (f->sampled && (f->kind == FACT_FIRST || f->kind == FACT_HANDSHAKE))
		places_prefetch(&w->floods, &f->server, f->server_port);
	else if (!f->answered && f->kind < FACT_SIGN)
		places_prefetch(&w->targets, &f->server, 0);
	w->queue[w->waiting++] = *f;
	/* What the program counts goes on while a tick waits. */
	if (w->waiting == WATCH_QUEUE || f->kind == FACT_TICK)
		watch_flush(w, tell, ctx);
}
