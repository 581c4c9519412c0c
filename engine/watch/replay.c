/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replay: a connection between the same ports, with the same initial numbers of both ends, as one before.  By chance that
 * is one in 2^64.  Who sends recorded packets to a server that lives gets another number from it than the one that the recording
 * acknowledges; a recording of both ends says all of it again.
 *
 * Of each handshake a fingerprint of eight bytes is kept; the oldest of a bucket gives way.
 */
#include <errno.h>
#include <stdlib.h>

#include "engine/base/first_touch.h"
#include "engine/watch/judge.h"

#define WAYS 4u
#define PER_HOST 4u
/* A second copy of the same packets, from another port of a mirror, is none. */
#define APART_NS WATCH_NS_PER_S

struct replay_print {
	uint64_t print; /* 0: free */
	int64_t time_ns; /* of its handshake */
};

static size_t prints(uint32_t hosts)
{
	return (size_t)(hosts + 1) * PER_HOST / WAYS * WAYS;
}

size_t replay_bytes(uint32_t hosts)
{
	return prints(hosts) * sizeof(struct replay_print);
}

int replay_init(struct watch_replay *t, uint32_t hosts, const struct hash_key *key)
{
	t->key = *key;
	t->buckets = (uint32_t)(prints(hosts) / WAYS);
	t->print = calloc(prints(hosts), sizeof(*t->print));
	return t->print ? 0 : -ENOMEM;
}

void replay_fini(struct watch_replay *t)
{
	free(t->print);
	t->print = NULL;
}

static uint64_t print_of(const struct watch_replay *t, const struct fact *f)
{
	const uint64_t words[6] = { f->client.halves[0],
				    f->client.halves[1],
				    f->server.halves[0],
				    f->server.halves[1],
				    (uint64_t)f->client_port << 16 | f->server_port,
				    (uint64_t)f->client_seq << 32 | f->seq };
	uint64_t hash = hash_words(&t->key, words, 6);

	return hash ? hash : 1;
}

static struct replay_print *bucket_of(const struct watch_replay *t, uint64_t print)
{
	return t->print + ((print >> 32) * t->buckets >> 32) * WAYS;
}

static struct replay_print *find(const struct watch_replay *t, uint64_t print)
{
	struct replay_print *b = bucket_of(t, print);

	for (unsigned i = 0; i < WAYS; i++) {
		if (b[i].print == print)
			return &b[i];
	}
	return NULL;
}

static void keep(struct watch_replay *t, uint64_t print, int64_t now_ns)
{
	struct replay_print *b = bucket_of(t, print), *oldest = b;

	for (unsigned i = 0; i < WAYS; i++) {
		if (b[i].time_ns < oldest->time_ns)
			oldest = &b[i];
	}
	*oldest = (struct replay_print){ print, now_ns };
}

void replay_fact(struct watch *w, const struct fact *f)
{
	struct watch_replay *t = &w->replay;
	uint64_t print;
	struct replay_print *p;

	if (f->kind != FACT_HANDSHAKE && f->kind != FACT_STRAY_ACK)
		return;
	print = print_of(t, f);
	first_touch(bucket_of(t, print));
	p = find(t, print);
	if (p && f->time_ns - p->time_ns > w->opt.slow_window_s * WATCH_NS_PER_S) {
		p->time_ns = f->time_ns;
		return;
	}
	if (p && f->start_ns - p->time_ns >= APART_NS)
		guess_replay(w, f);
	else if (!p && f->kind == FACT_HANDSHAKE)
		keep(t, print, f->time_ns);
}
