/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequence numbers: servers whose next one can be guessed (RFC 6528), and those who guess: resets, SYNs and data
 * outside the window of open connections (RFC 5961), other bytes for places that have some, and what was sent before.
 */
#include "engine/watch/judge.h"

#define ISNS 16
#define ISNS_LEAST 12
#define NARROW (1u << 17) /* all steps below: a guess in 131,072 */
#define CLOCK_HZ 250000 /* RFC 793: one every 4 us */
#define CLOCK_SLACK_PERCENT 2

struct server {
	uint32_t next, used;
	uint32_t isn[ISNS];
	int64_t time_ns[ISNS];
};

struct blind {
	int64_t since_ns;
	uint32_t count, challenged;
	uint32_t used;
	uint32_t seq[WATCH_SAMPLE];
};

const struct places_options guess_server_size = { .entry_bytes = sizeof(struct server),
						  .clear_bytes = sizeof(struct server) };
const struct places_options guess_blind_size = { .entry_bytes = sizeof(struct blind),
						 .clear_bytes = sizeof(struct blind) };

/* --- initial sequence numbers --------------------------------------------------------------------------- */

/* By age, 0 the oldest. */
static unsigned at(const struct server *s, unsigned i)
{
	return (s->next + ISNS - s->used + i) % ISNS;
}

static bool follows_clock(const struct server *s, unsigned i, uint32_t step)
{
	int64_t ticks = (s->time_ns[at(s, i + 1)] - s->time_ns[at(s, i)]) / (1000000000 / CLOCK_HZ);
	int64_t slack = ticks * CLOCK_SLACK_PERCENT / 100 + CLOCK_HZ / 1000;

	return ticks > 0 && ticks < INT32_MAX && (int64_t)step >= ticks - slack &&
	       (int64_t)step <= ticks + slack;
}

/* WATCH__COUNT: nothing that could be guessed. */
static enum watch_kind pattern(const struct server *s)
{
	bool same = true, narrow = true, clock = true;
	uint32_t first = s->isn[at(s, 1)] - s->isn[at(s, 0)];

	for (unsigned i = 0; i + 1 < s->used && (same || narrow || clock); i++) {
		uint32_t step = s->isn[at(s, i + 1)] - s->isn[at(s, i)];

		same = same && step == first;
		narrow = narrow && step < NARROW;
		clock = clock && follows_clock(s, i, step);
	}
	if (same)
		return first ? WATCH_SEQUENCE_STEP : WATCH_SEQUENCE_CONSTANT;
	if (clock)
		return WATCH_SEQUENCE_CLOCK;
	return narrow ? WATCH_SEQUENCE_NARROW : WATCH__COUNT;
}

static void take_isn(struct watch *w, const struct fact *f)
{
	struct server *s = places_get(&w->servers, &f->server, 0, f->time_ns);
	struct watch_report r = { .proto = f->proto,
				  .ip_version = f->ip_version,
				  .has_target = true,
				  .target = f->server,
				  .time_ns = f->time_ns };

	s->isn[s->next] = f->seq;
	s->time_ns[s->next] = f->start_ns;
	s->next = (s->next + 1) % ISNS;
	if (s->used < ISNS)
		s->used++;
	places_worth(&w->servers, s, s->used);
	if (s->used < ISNS_LEAST)
		return;
	r.kind = pattern(s);
	if (r.kind == WATCH__COUNT)
		return;
	r.count = s->used;
	r.since_ns = s->time_ns[at(s, 0)];
	for (unsigned i = 0; i < s->used; i++)
		r.seq_sample[r.seq_count++] = s->isn[at(s, i)];
	watch_tell(w, &r);
}

/* --- guesses ------------------------------------------------------------------------------------------------ */

enum guess_class {
	GUESS_RESET,
	GUESS_DATA,
	GUESS_CONFLICT,
	GUESS_SYN,
	GUESS_OLD,
	GUESS_REPLAY,
	GUESS__COUNT
};

static struct blind *guesses_of(struct watch *w, const struct ip_addr *from, enum guess_class class,
				int64_t now_ns)
{
	return places_get(&w->blind, from, (uint32_t) class, now_ns);
}

static void take_guess(struct watch *w, const struct fact *f, enum guess_class class,
		       enum watch_kind kind, uint32_t least)
{
	/* The address that it claims to come from; what is spoofed is the other end of the connection. */
	const struct ip_addr *from = f->from_server ? &f->server : &f->client;
	struct blind *b = guesses_of(w, from, class, f->time_ns);
	struct watch_report r = watch_report_of(f, kind);

	if (!b->since_ns || f->time_ns - b->since_ns > w->opt.scan_window_s * WATCH_NS_PER_S) {
		*b = (struct blind){ .since_ns = f->time_ns ? f->time_ns : 1 };
	}
	b->count++;
	places_worth(&w->blind, b, b->count);
	b->seq[b->used++ % WATCH_SAMPLE] = f->seq;
	watch_count(w, kind, from, b->count, f->time_ns);
	if (b->count < least)
		return;
	r.count = b->count;
	r.challenged = b->challenged;
	r.since_ns = b->since_ns;
	r.seq_count = b->used < WATCH_SAMPLE ? b->used : WATCH_SAMPLE;
	memcpy(r.seq_sample, b->seq, sizeof(b->seq));
	watch_tell(w, &r);
}

/* Who was asked answers: that says nothing new of it, but of the last that guessed in its other end's name. */
static void take_challenge(struct watch *w, const struct fact *f)
{
	const struct ip_addr *guesser = f->from_server ? &f->client : &f->server;
	static const uint8_t classes[] = { GUESS_RESET, GUESS_DATA, GUESS_SYN };
	struct blind *last = NULL;
	uint32_t latest = 0;

	for (unsigned i = 0; i < sizeof(classes); i++) {
		struct blind *b = places_find(&w->blind, guesser, classes[i]);

		if (b && b->count > latest) {
			latest = b->count;
			last = b;
		}
	}
	if (last)
		last->challenged++;
}

void guess_replay(struct watch *w, const struct fact *f)
{
	struct fact copy = *f;

	copy.from_server = false;
	take_guess(w, &copy, GUESS_REPLAY, WATCH_SEQUENCE_REPLAY, w->opt.replays);
}

void guess_fact(struct watch *w, const struct fact *f)
{
	switch (f->kind) {
	case FACT_HANDSHAKE:
		take_isn(w, f);
		break;
	case FACT_BLIND_RESET:
		take_guess(w, f, GUESS_RESET, WATCH_SEQUENCE_BLIND_RESET, w->opt.blind_packets);
		break;
	case FACT_BLIND_DATA:
		take_guess(w, f, GUESS_DATA, WATCH_SEQUENCE_BLIND_DATA, w->opt.blind_packets);
		break;
	case FACT_CONFLICT:
		take_guess(w, f, GUESS_CONFLICT, WATCH_SEQUENCE_CONFLICT,
			   w->opt.blind_packets / 3 + 1);
		break;
	case FACT_BLIND_SYN:
		take_guess(w, f, GUESS_SYN, WATCH_SEQUENCE_BLIND_SYN, w->opt.blind_packets);
		break;
	case FACT_OLD_DATA:
		take_guess(w, f, GUESS_OLD, WATCH_SEQUENCE_OLD_DATA, w->opt.blind_packets / 3 + 1);
		break;
	case FACT_CHALLENGED:
		take_challenge(w, f);
		break;
	default:
		break;
	}
}
