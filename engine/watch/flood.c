/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floods: connections that begin at one port of a host faster than anybody opens them, and, for SYN, how
 * few of them become one.  Counted in windows of ten seconds, from the flows that are sampled.
 */
#include <stddef.h>

#include "engine/watch/judge.h"

#define SOURCE_BITS 1024
#define SOURCES_SHOWN 8

enum flood_class { FLOOD_OF_SYN, FLOOD_OF_FIN, FLOOD_OF_RST, FLOOD_OF_ACK, FLOOD__COUNT };

struct flood {
	int64_t since_ns;
	uint32_t begun[FLOOD__COUNT];
	uint32_t handshakes;
	uint64_t sources[SOURCE_BITS / 64]; /* by hash */
	uint32_t shown, told; /* classes, as bits */
	struct ip_addr sample[SOURCES_SHOWN];
};

const struct places_options flood_size = { .entry_bytes = sizeof(struct flood),
					   .clear_bytes = offsetof(struct flood, sample) };

static struct flood *flood_of(struct watch *w, const struct fact *f)
{
	struct flood *t = places_get(&w->floods, &f->server, f->server_port, f->time_ns);

	if (!t->since_ns || f->time_ns - t->since_ns > FLOOD_WINDOW_NS) {
		memset(t, 0, offsetof(struct flood, sample));
		t->since_ns = f->time_ns ? f->time_ns : 1;
	}
	return t;
}

static void note_source(struct watch *w, struct flood *t, const struct ip_addr *addr)
{
	const uint64_t words[2] = { addr->halves[0], addr->halves[1] };
	uint64_t bit = hash_words(&w->floods.key, words, 2) % SOURCE_BITS;
	bool new = !(t->sources[bit / 64] >> bit % 64 & 1);

	t->sources[bit / 64] |= 1ULL << bit % 64;
	if (new && t->shown < SOURCES_SHOWN)
		t->sample[t->shown++] = *addr;
}

/*
 * How many sources set so many bits: -m ln(zeros / m), by the sum 1/m + 1/(m-1) + ..., which is what
 * filling them one by one takes.
 */
static uint32_t count_sources(const struct flood *t)
{
	unsigned set = 0, thousandths = 0;

	for (size_t i = 0; i < SOURCE_BITS / 64; i++)
		set += (unsigned)__builtin_popcountll(t->sources[i]);
	for (unsigned i = 0; i < set; i++)
		thousandths += 1000u * SOURCE_BITS / (SOURCE_BITS - i);
	return (thousandths + 500) / 1000;
}

static void judge(struct watch *w, const struct fact *f, struct flood *t, enum flood_class class)
{
	static const uint8_t kinds[FLOOD__COUNT] = { WATCH_FLOOD_SYN, WATCH_FLOOD_FIN,
						     WATCH_FLOOD_RST, WATCH_FLOOD_ACK };
	struct watch_report r = { .kind = (enum watch_kind)kinds[class],
				  .proto = f->proto,
				  .ip_version = f->ip_version,
				  .has_target = true,
				  .target = f->server,
				  .port = f->server_port,
				  .time_ns = f->time_ns,
				  .since_ns = t->since_ns,
				  .count = t->begun[class] };

	if (class == FLOOD_OF_SYN) {
		r.completed_percent = (uint32_t)(100ULL * t->handshakes / t->begun[class]);
		if (r.completed_percent >= w->opt.flood_completed_percent)
			return;
	}
	watch_count(w, r.kind, &f->server, r.count, f->time_ns);
	if (t->shown == 1)
		watch_count(w, r.kind, &f->client, r.count, f->time_ns);
	if (r.count < w->opt.flood_packets)
		return;
	/* Until the window ends the report would be the same. */
	if (t->told >> class & 1)
		return;
	r.sources = count_sources(t);
	t->told |= 1u << class;
	if (r.sources == 1) {
		r.has_source = true;
		r.source = f->client;
	}
	r.host_count = t->shown;
	memcpy(r.host_sample, t->sample, sizeof(t->sample));
	watch_tell(w, &r);
	/* Rules find the target too, whoever the report is about. */
	if (r.has_source)
		watch_due(w, r.kind, &f->server, r.count, f->time_ns);
}

static void begun(struct watch *w, const struct fact *f, enum flood_class class)
{
	struct flood *t = flood_of(w, f);

	t->begun[class] += FACT_SAMPLE;
	places_worth(&w->floods, t, t->begun[class]);
	note_source(w, t, &f->client);
	judge(w, f, t, class);
}

void flood_fact(struct watch *w, const struct fact *f)
{
	/* Both counts are of the same flows, so their ratio needs no scale. */
	if (f->proto != WATCH_TCP || !f->sampled)
		return;
	if (f->kind == FACT_HANDSHAKE) {
		struct flood *t = places_find(&w->floods, &f->server, f->server_port);

		if (t)
			t->handshakes += FACT_SAMPLE;
	} else if (f->kind == FACT_FIRST) {
		if ((f->flags & (WATCH_SYN | WATCH_ACK)) == WATCH_SYN)
			begun(w, f, FLOOD_OF_SYN);
		else if (f->flags & WATCH_RST)
			begun(w, f, FLOOD_OF_RST);
		else if (f->flags & WATCH_FIN)
			begun(w, f, FLOOD_OF_FIN);
	} else if (f->kind == FACT_REFUSED && (f->flags & (WATCH_SYN | WATCH_ACK)) == WATCH_ACK) {
		/* Many connections go on when a capture begins; those are not refused. */
		begun(w, f, FLOOD_OF_ACK);
	}
}
