/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scans and sweeps by what bpf/weir_tally.h counts of each source, looked at once a second.
 *
 * On interfaces the program on the NIC counts, what the plan keeps and what is lost included; on files the signs come
 * as facts.  Counts know no flows: so a SYN that is answered is taken off, what was young at the last look is left for
 * the next, and a source to which nothing comes back is left to scan.c, as the other half may take another way.
 */
#include <errno.h>
#include <stdlib.h>

#include "bpf/weir_verdict.h"
#include "engine/watch/judge.h"

/* What was there a second ago. */
struct tally_seen {
	uint32_t tag, window;
	uint16_t ports, hosts;
	bool told;
};

#define LINES_OF_BUCKET (WEIR_NOTE_LINES / WEIR_TALLY_BUCKETS)

/* An entry for a host, as many as the program has at most. */
static uint32_t buckets_for(uint32_t hosts)
{
	uint32_t n = 2;

	while (n < WEIR_TALLY_BUCKETS && n * WEIR_TALLY_WAYS < hosts)
		n *= 2;
	return n;
}

size_t tally_bytes(uint32_t hosts)
{
	return buckets_for(hosts) *
	       (sizeof(struct weir_tally_bucket) + LINES_OF_BUCKET * sizeof(struct weir_note_line) +
		WEIR_TALLY_WAYS * sizeof(struct tally_seen));
}

int tally_init(struct watch_tally *t, uint32_t hosts, uint64_t key)
{
	t->key = key;
	t->own = true;
	t->count = buckets_for(hosts);
	t->buckets = aligned_alloc(64, t->count * sizeof(*t->buckets));
	t->notes = aligned_alloc(64, t->count * LINES_OF_BUCKET * sizeof(*t->notes));
	t->seen = calloc((size_t)t->count * WEIR_TALLY_WAYS, sizeof(*t->seen));
	if (t->buckets)
		memset(t->buckets, 0, t->count * sizeof(*t->buckets));
	if (t->notes)
		memset(t->notes, 0, t->count * LINES_OF_BUCKET * sizeof(*t->notes));
	return t->buckets && t->notes && t->seen ? 0 : -ENOMEM;
}

void tally_fini(struct watch_tally *t)
{
	if (t->own)
		free(t->buckets);
	free(t->notes);
	free(t->seen);
}

int watch_tally_of(struct watch *w, struct weir_tally_bucket *buckets)
{
	struct watch_tally *t = &w->tally;

	tally_fini(t);
	*t = (struct watch_tally){ .buckets = buckets, .count = WEIR_TALLY_BUCKETS };
	t->seen = calloc((size_t)t->count * WEIR_TALLY_WAYS, sizeof(*t->seen));
	return t->seen ? 0 : -ENOMEM;
}

uint32_t watch_window(const struct watch_options *opt, int64_t time_ns)
{
	/* 0 is what an entry has that was never used. */
	return (uint32_t)(time_ns / WATCH_NS_PER_S / opt->scan_window_s) + 1;
}

static void take_sign(struct watch *w, const struct fact *f)
{
	struct weir_memory m = { .buckets = w->tally.buckets,
				 .notes = w->tally.notes,
				 .bucket_mask = w->tally.count - 1,
				 .note_mask = w->tally.count * LINES_OF_BUCKET - 1,
				 .key = w->tally.key };
	struct weir_sign s = { .source = { f->client.halves[0], f->client.halves[1] },
			       .target = { f->server.halves[0], f->server.halves[1] },
			       .port = f->server_port,
			       .probe = f->flags,
			       .kind = (uint8_t)f->seq,
			       .version = f->ip_version };

	if (!w->tally.own)
		return;
	weir_tally_sign(&m, &s, watch_window(&w->opt, f->start_ns));
	w->tally.changed = true;
}

/* --- judging ------------------------------------------------------------------------------------------- */

struct tally_kind {
	uint8_t proto, scan, sweep; /* WATCH__COUNT: none */
};

static struct tally_kind kind_of(uint32_t probe, uint32_t version)
{
	static const struct tally_kind kinds[WEIR_PROBE__COUNT] = {
		[WEIR_PROBE_NONE] = { 0, WATCH__COUNT, WATCH__COUNT },
		[WEIR_PROBE_SYN] = { WATCH_TCP, WATCH_SCAN_SYN, WATCH_SWEEP_SYN },
		[WEIR_PROBE_FIN] = { WATCH_TCP, WATCH_SCAN_FIN, WATCH_SWEEP_FIN },
		[WEIR_PROBE_NULL] = { WATCH_TCP, WATCH_SCAN_NULL, WATCH_SWEEP_NULL },
		[WEIR_PROBE_XMAS] = { WATCH_TCP, WATCH_SCAN_XMAS, WATCH_SWEEP_XMAS },
		/* Many a connection that worked ends with such a reset: scan.c knows which. */
		[WEIR_PROBE_ACK] = { WATCH_TCP, WATCH__COUNT, WATCH__COUNT },
		[WEIR_PROBE_UDP] = { WATCH_UDP, WATCH_SCAN_UDP, WATCH_SWEEP_UDP },
		[WEIR_PROBE_ICMP] = { WATCH_ICMP, WATCH__COUNT, WATCH_SWEEP_ICMP },
	};
	struct tally_kind k = kinds[probe < WEIR_PROBE__COUNT ? probe : 0];

	if (k.proto == WATCH_ICMP && version == 6)
		k.proto = WATCH_ICMPV6;
	return k;
}

static void tell(struct watch *w, const struct weir_source *s, uint8_t kind, uint8_t proto,
		 const struct tally_seen *now, int64_t time_ns)
{
	struct watch_report r = { .kind = (enum watch_kind)kind,
				  .proto = proto,
				  .ip_version = (uint8_t)(s->what >> 8),
				  .has_source = true,
				  .time_ns = time_ns };

	r.source.halves[0] = s->address[0];
	r.source.halves[1] = s->address[1];
	r.since_ns = (int64_t)(s->window - 1) * w->opt.scan_window_s * WATCH_NS_PER_S;
	r.ports = proto == WATCH_TCP || proto == WATCH_UDP ? now->ports : 0;
	r.hosts = now->hosts;
	r.count = s->packets;
	watch_tell(w, &r);
}

/* The rest of a, never below 0. */
static uint32_t less(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

/*
 * Many ports of one host, or many hosts at one port: where both are many, each host has to have had that many probes, as
 * somebody who talks to many hosts at many ports is no scanner.
 */
static void judge(struct watch *w, const struct weir_source *s, struct tally_seen *before,
		  const struct tally_seen *now, int64_t time_ns)
{
	const struct watch_options *o = &w->opt;
	struct tally_kind k = kind_of(s->what & 0xff, s->what >> 8);
	uint32_t packets = less(s->packets, s->answered);
	uint32_t ports = less(before->ports, s->answered), hosts = less(before->hosts, s->answered);

	if ((s->what & 0xff) == WEIR_PROBE_SYN && !s->answered && !s->refused)
		return;
	if (k.scan != WATCH__COUNT && ports >= o->scan_ports &&
	    packets / o->scan_ports >= now->hosts) {
		tell(w, s, k.scan, k.proto, now, time_ns);
		before->told = true;
	}
	if (k.sweep != WATCH__COUNT && hosts >= o->scan_hosts &&
	    packets / o->scan_hosts >= now->ports) {
		tell(w, s, k.sweep, k.proto, now, time_ns);
		before->told = true;
	}
}

static void look_at(struct watch *w, const struct weir_tally_bucket *b, unsigned way,
		    struct tally_seen *seen, int64_t time_ns)
{
	struct weir_source s = b->source[way];
	struct tally_seen now = { .tag = b->tag[way], .window = s.window };
	bool known = seen->tag == now.tag && seen->window == now.window;

	/* It was being made, or is another one by now. */
	if (now.tag == WEIR_TAG_TAKEN || now.window != b->window[way])
		return;
	now.ports = (uint16_t)weir_tally_distinct(s.ports);
	now.hosts = (uint16_t)weir_tally_distinct(s.hosts);
	if (known && seen->told)
		return;
	if (known)
		judge(w, &s, seen, &now, time_ns);
	now.told = known && seen->told;
	*seen = now;
}

static void tick(struct watch *w, const struct fact *f)
{
	struct watch_tally *t = &w->tally;
	uint32_t window = watch_window(&w->opt, f->time_ns);
	uint32_t least =
		w->opt.scan_ports < w->opt.scan_hosts ? w->opt.scan_ports : w->opt.scan_hosts;

	if (t->own && !t->changed && !t->waiting)
		return;
	t->waiting = t->changed;
	t->changed = false;
	for (unsigned i = 0; i < t->count; i++) {
		const struct weir_tally_bucket *b = &t->buckets[i];

		for (unsigned way = 0; way < WEIR_TALLY_WAYS; way++) {
			/* Its window may have ended with this second. */
			if (window - b->window[way] <= 1 && b->worth[way] >= least / 2)
				look_at(w, b, way, &t->seen[i * WEIR_TALLY_WAYS + way], f->time_ns);
		}
	}
}

void tally_fact(struct watch *w, const struct fact *f)
{
	if (f->kind == FACT_SIGN)
		take_sign(w, f);
	else if (f->kind == FACT_TICK)
		tick(w, f);
}
