/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scans: who asks for many ports of a host, or for many hosts, and gets no answer or a refusal.
 *
 * A connection that is answered is no evidence: a page with 200 connections, a resolver, a backup give none.
 * One that fails is a place (host, port, way of probing); of each source the last 64 distinct ones are kept
 * with their times, and of each target who probed it.
 */
#include <assert.h>
#include <stddef.h>

#include "engine/watch/judge.h"

#define PROBERS 32
#define PORT_BITS 256
/* Decoys send what the scanner sends, so they are about as far. */
#define DECOYS_LEAST 2

struct prober {
	struct ip_addr addr;
	uint32_t spots;
};

struct target {
	uint32_t since; /* second; 0: nothing yet */
	uint32_t probers, spots;
	uint64_t ports[PORT_BITS / 64]; /* by their low bits */
	struct prober prober[PROBERS];
};

const struct places_options scan_source_size = { .entry_bytes = sizeof(struct source),
						 .clear_bytes = offsetof(struct source, ring) };
const struct places_options scan_target_size = { .entry_bytes = sizeof(struct target),
						 .clear_bytes = offsetof(struct target, prober) };

static enum watch_kind scan_kind(enum probe p)
{
	static const uint8_t map[] = {
		[PROBE_SYN] = WATCH_SCAN_SYN,	[PROBE_FIN] = WATCH_SCAN_FIN,
		[PROBE_NULL] = WATCH_SCAN_NULL, [PROBE_XMAS] = WATCH_SCAN_XMAS,
		[PROBE_ACK] = WATCH_SCAN_ACK,	[PROBE_UDP] = WATCH_SCAN_UDP,
	};

	return (enum watch_kind)map[p];
}

static enum watch_kind sweep_kind(enum probe p)
{
	static const uint8_t map[] = {
		[PROBE_SYN] = WATCH_SWEEP_SYN,	 [PROBE_FIN] = WATCH_SWEEP_FIN,
		[PROBE_NULL] = WATCH_SWEEP_NULL, [PROBE_XMAS] = WATCH_SWEEP_XMAS,
		[PROBE_ACK] = WATCH_SWEEP_ACK,	 [PROBE_UDP] = WATCH_SWEEP_UDP,
		[PROBE_ICMP] = WATCH_SWEEP_ICMP, [PROBE_ARP] = WATCH_SWEEP_ARP,
	};

	return (enum watch_kind)map[p];
}

/* --- sources ---------------------------------------------------------------------------------------- */

static bool same_spot(const struct spot *a, const struct spot *b)
{
	return a->port == b->port && a->probe == b->probe && ip_addr_equal(&a->host, &b->host);
}

static struct spot *ring_of(const struct watch *w, const struct source *s)
{
	return w->recent[s->ring - 1];
}

/* False: the place is among the last ones. */
static bool remember(struct watch *w, struct source *s, const struct spot *new)
{
	if (!s->ring)
		s->ring = ++w->recents;
	for (uint32_t i = 0; i < s->used; i++) {
		if (same_spot(&ring_of(w, s)[i], new))
			return false;
	}
	ring_of(w, s)[s->next] = *new;
	s->next = (s->next + 1) % SOURCE_RECENT;
	if (s->used < SOURCE_RECENT)
		s->used++;
	return true;
}

/* Places like the newest one: on its host, or on its port. */
struct tally {
	uint32_t fast, slow;
	uint32_t since_fast, since_slow; /* seconds */
};

static void tally_add(struct tally *t, const struct watch_options *o, uint32_t now, uint32_t second)
{
	uint32_t age = now > second ? now - second : 0;

	if (age <= o->slow_window_s) {
		t->slow++;
		t->since_slow = second < t->since_slow ? second : t->since_slow;
	}
	if (age <= o->scan_window_s) {
		t->fast++;
		t->since_fast = second < t->since_fast ? second : t->since_fast;
	}
}

static void tally_up(const struct watch *w, const struct source *s, const struct spot *new,
		     bool by_host, struct tally *out)
{
	*out = (struct tally){ .since_fast = UINT32_MAX, .since_slow = UINT32_MAX };
	for (uint32_t i = 0; i < s->used; i++) {
		const struct spot *p = &ring_of(w, s)[i];
		bool alike = by_host ? ip_addr_equal(&p->host, &new->host) : p->port == new->port;

		if (alike && p->probe == new->probe)
			tally_add(out, &w->opt, new->second, p->second);
	}
}

/* What the report shows of the places that were counted, the oldest first. */
static void sample(struct watch_report *r, const struct watch *w, const struct source *s,
		   const struct spot *new, bool by_host, uint32_t since)
{
	for (uint32_t i = 0; i < s->used; i++) {
		const struct spot *p =
			&ring_of(w, s)[(s->next + SOURCE_RECENT - s->used + i) % SOURCE_RECENT];
		bool alike = by_host ? ip_addr_equal(&p->host, &new->host) : p->port == new->port;

		if (!alike || p->probe != new->probe || p->second < since)
			continue;
		if (by_host && r->port_count < WATCH_SAMPLE)
			r->port_sample[r->port_count++] = p->port;
		if (!by_host && r->host_count < WATCH_SAMPLE)
			r->host_sample[r->host_count++] = p->host;
	}
}

static struct watch_report report_of(const struct fact *f, enum watch_kind kind)
{
	return (struct watch_report){ .kind = kind,
				      .proto = f->proto,
				      .ip_version = f->ip_version,
				      .time_ns = f->time_ns,
				      .since_ns = f->time_ns };
}

/* --- targets ------------------------------------------------------------------------------------------ */

/* One place of a target that a source probed: what is kept before there is a second. */
struct hit {
	struct ip_addr from;
	uint32_t second;
	uint16_t port;
};
static_assert(sizeof(struct hit) <= PLACE_NOTE_BYTES, "it fits");

static struct prober *prober_of(struct target *t, const struct ip_addr *addr)
{
	for (uint32_t i = 0; i < t->probers; i++) {
		if (ip_addr_equal(&t->prober[i].addr, addr))
			return &t->prober[i];
	}
	if (t->probers == PROBERS)
		return NULL;
	t->prober[t->probers] = (struct prober){ .addr = *addr };
	return &t->prober[t->probers++];
}

static void take_hit(struct watch *w, struct target *t, const struct hit *h)
{
	struct prober *p;

	if (!t->since || h->second - t->since > 10 * w->opt.scan_window_s) {
		memset(t, 0, offsetof(struct target, prober));
		t->since = h->second;
	}
	t->spots++;
	t->ports[h->port % PORT_BITS / 64] |= 1ULL << h->port % 64;
	p = prober_of(t, &h->from);
	if (p)
		p->spots++;
}

/* NULL: it was the first. */
static struct target *target_of(struct watch *w, const struct fact *f, uint16_t port)
{
	struct place_head *head = places_head(&w->targets, &f->server, 0, f->time_ns);
	struct hit new = { .from = f->client,
			   .second = (uint32_t)(f->time_ns / WATCH_NS_PER_S),
			   .port = port };
	bool entered = head->entered;
	struct target *t;
	struct hit first;

	if (!head->points) {
		memcpy(head->note, &new, sizeof(new));
		head->points = 1;
		return NULL;
	}
	t = places_entry(&w->targets, head);
	if (!entered) {
		memcpy(&first, head->note, sizeof(first));
		take_hit(w, t, &first);
	}
	take_hit(w, t, &new);
	head->points = t->spots;
	return t;
}

static unsigned distinct_ports(const struct target *t)
{
	unsigned n = 0;

	for (size_t i = 0; i < PORT_BITS / 64; i++)
		n += (unsigned)__builtin_popcountll(t->ports[i]);
	return n;
}

/* Many sources, few ports each, many ports in all: none of them is a scanner by itself. */
static void judge_distributed(struct watch *w, const struct fact *f, const struct target *t)
{
	struct watch_report r = report_of(f, WATCH_SCAN_DISTRIBUTED);
	unsigned ports = distinct_ports(t);

	if (t->probers < w->opt.distributed_sources || ports < w->opt.scan_ports)
		return;
	for (uint32_t i = 0; i < t->probers; i++) {
		if (t->prober[i].spots * 2 >= w->opt.scan_ports)
			return;
		if (r.host_count < WATCH_SAMPLE)
			r.host_sample[r.host_count++] = t->prober[i].addr;
	}
	r.has_target = true;
	r.target = f->server;
	r.since_ns = t->since * WATCH_NS_PER_S;
	r.sources = t->probers;
	r.ports = ports;
	r.count = ports;
	watch_tell(w, &r);
}

/*
 * A scanner of this target has company that is as far as it: one of them is real, and nobody can tell
 * which.  True: that is what was told.
 */
static bool judge_decoys(struct watch *w, const struct fact *f, const struct target *t,
			 enum watch_kind kind)
{
	struct watch_report r = report_of(f, WATCH_SCAN_DECOY);

	for (uint32_t i = 0; i < t->probers; i++) {
		if (t->prober[i].spots * 2 < w->opt.scan_ports)
			continue;
		r.sources++;
		if (r.host_count < WATCH_SAMPLE)
			r.host_sample[r.host_count++] = t->prober[i].addr;
	}
	if (r.sources <= DECOYS_LEAST)
		return false;
	r.has_target = true;
	r.target = f->server;
	r.since_ns = t->since * WATCH_NS_PER_S;
	r.ports = distinct_ports(t);
	r.count = r.sources;
	watch_tell(w, &r);
	for (unsigned i = 0; i < r.host_count; i++)
		watch_mark_told(w, kind, &r.host_sample[i], f->time_ns);
	return true;
}

/* --- judging ------------------------------------------------------------------------------------------- */

static bool exceeds(const struct tally *t, uint32_t fast, uint32_t slow)
{
	return t->fast >= fast || t->slow >= slow;
}

static void tell_source(struct watch *w, const struct fact *f, const struct source *s,
			const struct spot *new, const struct tally *t, bool by_host)
{
	enum probe probe = (enum probe) new->probe;
	struct watch_report r = report_of(f, by_host ? scan_kind(probe) : sweep_kind(probe));
	bool fast = t->fast >= (by_host ? w->opt.scan_ports : w->opt.scan_hosts);
	uint32_t since = fast ? t->since_fast : t->since_slow;

	r.slow = !fast;
	r.count = fast ? t->fast : t->slow;
	r.has_source = true;
	r.source = f->client;
	r.since_ns = since * WATCH_NS_PER_S;
	if (by_host) {
		r.has_target = true;
		r.target = f->server;
		r.ports = (uint32_t)r.count;
	} else {
		r.hosts = (uint32_t)r.count;
		r.port = new->port;
	}
	sample(&r, w, s, new, by_host, since);
	watch_tell(w, &r);
}

static void judge(struct watch *w, const struct fact *f, const struct source *s,
		  const struct spot *new)
{
	const struct watch_options *o = &w->opt;
	enum probe probe = (enum probe) new->probe;
	struct tally on_host, on_port;
	struct target *t;

	tally_up(w, s, new, false, &on_port);
	watch_count(w, sweep_kind(probe), &f->client, on_port.fast, f->time_ns);
	if (exceeds(&on_port, o->scan_hosts, o->slow_hosts))
		tell_source(w, f, s, new, &on_port, false);
	if (probe == PROBE_ICMP || probe == PROBE_ARP)
		return;
	t = target_of(w, f, new->port);
	if (!t)
		return;
	tally_up(w, s, new, true, &on_host);
	watch_count(w, scan_kind(probe), &f->client, on_host.fast, f->time_ns);
	if (!exceeds(&on_host, o->scan_ports, o->slow_ports))
		judge_distributed(w, f, t);
	else if (!judge_decoys(w, f, t, scan_kind(probe)))
		tell_source(w, f, s, new, &on_host, true);
}

/* A source's first place is a note, which its ring begins with. */
static struct source *source_at(struct watch *w, struct place_head *head)
{
	bool entered = head->entered;
	struct source *s = places_entry(&w->sources, head);
	struct spot first;

	if (!entered && head->points) {
		memcpy(&first, head->note, sizeof(first));
		remember(w, s, &first);
	}
	return s;
}

static void fails(struct watch *w, const struct fact *f, struct place_head *head, enum probe probe,
		  uint16_t port)
{
	struct spot new = { .host = f->server,
			    .second = (uint32_t)(f->time_ns / WATCH_NS_PER_S),
			    .port = port,
			    .probe = (uint8_t)probe };
	struct source *s;
	struct spot first;

	static_assert(sizeof(new) <= PLACE_NOTE_BYTES, "it fits");
	if (!head->entered && !head->points) {
		memcpy(head->note, &new, sizeof(new));
		head->points = 1;
		if (probe != PROBE_ICMP && probe != PROBE_ARP) {
			struct target *t = target_of(w, f, port);

			if (t)
				judge_distributed(w, f, t);
		}
		return;
	}
	memcpy(&first, head->note, sizeof(first));
	if (!head->entered && same_spot(&first, &new))
		return;
	s = source_at(w, head);
	if (!remember(w, s, &new))
		return;
	head->points = s->used + s->usual.minutes;
	judge(w, f, s, &new);
}

/* An echo request, or one for a timestamp or a mask (RFC 792, RFC 950, RFC 4443). */
static bool is_ping(const struct fact *f)
{
	if (f->proto == WATCH_ICMP)
		return f->client_port == 8 || f->client_port == 13 || f->client_port == 17;
	return f->proto == WATCH_ICMPV6 && f->client_port == 128;
}

/* It ended without an answer, as a probe does: of a half that is not seen there is more. */
static bool was_in_vain(const struct fact *f)
{
	if (f->answered || f->packets[1])
		return false;
	if (f->proto == WATCH_UDP)
		return f->packets[0] <= 3;
	return f->proto == WATCH_TCP && !(f->flags & WATCH_ACK) && !(f->flags & WATCH_RST);
}

void scan_fact(struct watch *w, const struct fact *f)
{
	enum probe probe = f->proto == WATCH_UDP ? PROBE_UDP : probe_of_flags(f->flags);
	struct place_head *head;

	if (f->kind != FACT_ARP && f->kind != FACT_REFUSED && f->kind != FACT_END &&
	    !(f->kind == FACT_FIRST && is_ping(f)))
		return;
	head = places_head(&w->sources, &f->client, 0, f->time_ns);
	switch (f->kind) {
	case FACT_ARP:
		fails(w, f, head, PROBE_ARP, 0);
		break;
	case FACT_FIRST:
		fails(w, f, head, PROBE_ICMP, 0);
		break;
	case FACT_REFUSED:
		if (f->proto == WATCH_TCP || f->proto == WATCH_UDP)
			fails(w, f, head, probe, f->server_port);
		break;
	default:
		if (was_in_vain(f))
			fails(w, f, head, probe, f->server_port);
		/* A host without a flow that went well, and with one that did not, has no usual. */
		if (f->answered || head->entered)
			baseline_end(w, f, source_at(w, head), head);
		break;
	}
}
