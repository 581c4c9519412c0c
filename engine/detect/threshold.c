/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/threshold.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/first_touch.h"
#include "engine/base/pool.h"

#define NS_PER_S 1000000000ll

/* What a threshold counts for: compared as bytes, so all of it is set. */
struct entry_key {
	uint32_t gid, sid;
	uint64_t type; /* threshold_type, track: a rule may have both a threshold and a filter */
	uint64_t flow;
	struct ip_addr src, dst;
};
static_assert(sizeof(struct entry_key) == 56, "no padding in a key that is hashed");

struct entry {
	struct entry_key key;
	int64_t start_ns;
	int64_t seen_ns;
	uint32_t count;
	uint32_t next_show; /* backoff */
	uint32_t seconds;
	uint32_t next; /* chain */
	uint32_t newer; /* the next to be looked at by threshold_tick() */
};

struct threshold_table {
	struct pool entries;
	struct hash_key hash;
	uint32_t *buckets;
	uint32_t mask;
	uint32_t oldest, newest;
	uint64_t refused;
};

static struct entry *at(const struct threshold_table *t, uint32_t index)
{
	return pool_at(&t->entries, index);
}

static uint32_t bucket_count(uint32_t max_entries)
{
	uint32_t buckets = 64;

	while (buckets < max_entries && buckets < 1u << 30)
		buckets *= 2;
	return buckets;
}

uint64_t threshold_table_bytes(uint32_t max_entries)
{
	return pool_bytes(sizeof(struct entry), max_entries) +
	       bucket_count(max_entries) * sizeof(uint32_t);
}

void threshold_table_memory(const struct threshold_table *t, struct memory_use *sum)
{
	memory_use_pool(sum, &t->entries);
	memory_use_table(sum, ((uint64_t)t->mask + 1) * sizeof(*t->buckets));
}

int threshold_table_new(uint32_t max_entries, const struct hash_key *key,
			struct threshold_table **out)
{
	struct threshold_table *t = calloc(1, sizeof(*t));
	uint32_t buckets = bucket_count(max_entries);
	int err = -ENOMEM;

	*out = NULL;
	if (!t)
		return err;
	t->hash = *key;
	t->mask = buckets - 1;
	t->buckets = calloc(buckets, sizeof(*t->buckets));
	if (!t->buckets)
		goto fail;
	err = pool_init(&t->entries, sizeof(struct entry), max_entries);
	if (err)
		goto fail;
	*out = t;
	return 0;
fail:
	threshold_table_free(t);
	return err;
}

void threshold_table_free(struct threshold_table *t)
{
	if (!t)
		return;
	pool_fini(&t->entries);
	free(t->buckets);
	free(t);
}

uint64_t threshold_refused(const struct threshold_table *t)
{
	return t->refused;
}

static struct entry_key key_of(const struct threshold_match *m)
{
	struct entry_key k;
	bool swap;

	memset(&k, 0, sizeof(k));
	k.gid = m->gid;
	k.sid = m->sid;
	k.type = (uint64_t)m->threshold.type << 16 | (uint64_t)m->threshold.track << 8;
	switch (m->threshold.track) {
	case TRACK_BY_SRC:
		k.src = m->src;
		k.type |= m->ip_version;
		break;
	case TRACK_BY_DST:
		k.src = m->dst;
		k.type |= m->ip_version;
		break;
	case TRACK_BY_BOTH:
		/* The pair, whichever way the packet goes. */
		swap = ip_addr_compare(&m->src, &m->dst) > 0;
		k.src = swap ? m->dst : m->src;
		k.dst = swap ? m->src : m->dst;
		k.type |= m->ip_version;
		break;
	case TRACK_BY_FLOW:
		k.flow = m->flow;
		break;
	case TRACK_BY_RULE:
		break;
	}
	return k;
}

static uint32_t bucket_of(const struct threshold_table *t, const struct entry_key *k)
{
	uint64_t words[sizeof(*k) / 8];

	memcpy(words, k, sizeof(words));
	return (uint32_t)hash_words(&t->hash, words, sizeof(words) / 8) & t->mask;
}

/*
 * A queue in the order in which entries were made or last found in use: a match does not touch
 * its neighbours, so it costs two cache lines, not four.
 */
static void age_append(struct threshold_table *t, uint32_t index)
{
	at(t, index)->newer = 0;
	if (t->newest)
		at(t, t->newest)->newer = index;
	else
		t->oldest = index;
	t->newest = index;
}

static uint32_t age_take(struct threshold_table *t)
{
	uint32_t index = t->oldest;

	t->oldest = at(t, index)->newer;
	if (!t->oldest)
		t->newest = 0;
	return index;
}

static void drop(struct threshold_table *t, uint32_t index)
{
	uint32_t *link = &t->buckets[bucket_of(t, &at(t, index)->key)];

	while (*link != index)
		link = &at(t, *link)->next;
	*link = at(t, index)->next;
	pool_put(&t->entries, index);
}

/* The first match of an entry, or the first after its interval. */
static enum threshold_answer first(struct entry *e, const struct threshold *th, int64_t now)
{
	e->start_ns = now;
	e->count = 1;
	switch (th->type) {
	case THRESHOLD_LIMIT:
		return th->count ? THRESHOLD_SHOW : THRESHOLD_SILENT;
	case THRESHOLD_THRESHOLD:
		if (th->count > 1)
			return THRESHOLD_NO_MATCH;
		e->count = 0;
		return THRESHOLD_SHOW;
	case THRESHOLD_BOTH:
		return th->count <= 1 ? THRESHOLD_SHOW : THRESHOLD_NO_MATCH;
	case THRESHOLD_BACKOFF:
		e->next_show = th->count ? th->count : 1;
		if (e->next_show > 1)
			return THRESHOLD_SILENT;
		e->next_show = th->multiplier > 1 ? th->multiplier : 2;
		return THRESHOLD_SHOW;
	case THRESHOLD_DETECTION_FILTER:
		return th->count ? THRESHOLD_NO_MATCH : THRESHOLD_SHOW;
	}
	return THRESHOLD_SHOW;
}

static enum threshold_answer backoff(struct entry *e, const struct threshold *th)
{
	uint64_t next;

	if (e->count != e->next_show)
		return THRESHOLD_SILENT;
	next = (uint64_t)e->next_show * (th->multiplier > 1 ? th->multiplier : 2);
	e->next_show = next > UINT32_MAX ? UINT32_MAX : (uint32_t)next;
	return THRESHOLD_SHOW;
}

static enum threshold_answer again(struct entry *e, const struct threshold *th)
{
	if (e->count < UINT32_MAX)
		e->count++;
	switch (th->type) {
	case THRESHOLD_LIMIT:
		return e->count <= th->count ? THRESHOLD_SHOW : THRESHOLD_SILENT;
	case THRESHOLD_THRESHOLD:
		if (e->count < th->count)
			return THRESHOLD_NO_MATCH;
		e->count = 0;
		return THRESHOLD_SHOW;
	case THRESHOLD_BOTH:
		if (e->count == th->count)
			return THRESHOLD_SHOW;
		return e->count > th->count ? THRESHOLD_SILENT : THRESHOLD_NO_MATCH;
	case THRESHOLD_BACKOFF:
		return backoff(e, th);
	case THRESHOLD_DETECTION_FILTER:
		return e->count > th->count ? THRESHOLD_SHOW : THRESHOLD_NO_MATCH;
	}
	return THRESHOLD_SHOW;
}

static uint32_t lookup(struct threshold_table *t, const struct entry_key *k, uint32_t bucket)
{
	for (uint32_t i = t->buckets[bucket]; i; i = at(t, i)->next) {
		if (memcmp(&at(t, i)->key, k, sizeof(*k)) == 0)
			return i;
	}
	return 0;
}

uint32_t threshold_count(struct threshold_table *t, const struct threshold_match *m)
{
	struct entry_key k = key_of(m);
	uint32_t i = lookup(t, &k, bucket_of(t, &k));

	return i ? at(t, i)->count : 0;
}

/* The entry of a key, or a new one; NULL: there is no room. */
static struct entry *take(struct threshold_table *t, const struct entry_key *k, int64_t time_ns,
			  bool *fresh)
{
	uint32_t bucket = bucket_of(t, k);
	struct entry *e;
	uint32_t i;

	first_touch(&t->buckets[bucket]);
	i = lookup(t, k, bucket);
	*fresh = !i;
	if (i)
		return at(t, i);
	i = pool_get(&t->entries);
	if (!i) {
		t->refused++;
		return NULL;
	}
	e = at(t, i);
	e->key = *k;
	e->seen_ns = time_ns;
	e->next = t->buckets[bucket];
	t->buckets[bucket] = i;
	age_append(t, i);
	return e;
}

/* The same rule may have a threshold of its own. */
#define RATE_GID (1u << 31)

bool threshold_rate(struct threshold_table *t, const struct threshold_match *m, uint32_t timeout_s)
{
	struct entry_key k = key_of(m);
	const struct threshold *th = &m->threshold;
	struct entry *e;
	bool fresh;

	k.gid |= RATE_GID;
	e = take(t, &k, m->time_ns, &fresh);
	if (!e)
		return false;
	if (m->time_ns > e->seen_ns)
		e->seen_ns = m->time_ns;
	e->seconds = th->seconds > timeout_s ? th->seconds : timeout_s;
	if (!fresh && e->next_show) {
		if (m->time_ns - e->start_ns <= (int64_t)timeout_s * NS_PER_S)
			return true;
		e->next_show = 0;
		fresh = true;
	}
	if (fresh || m->time_ns - e->start_ns >= (int64_t)th->seconds * NS_PER_S) {
		e->start_ns = m->time_ns;
		e->count = 1;
		e->next_show = 0;
		return false;
	}
	if (++e->count <= th->count)
		return false;
	e->start_ns = m->time_ns;
	e->next_show = 1;
	return true;
}

enum threshold_answer threshold_decide(struct threshold_table *t, const struct threshold_match *m)
{
	struct entry_key k = key_of(m);
	bool expired;
	struct entry *e = take(t, &k, m->time_ns, &expired);

	if (!e)
		return THRESHOLD_SHOW;
	if (!expired) {
		expired = m->threshold.type != THRESHOLD_BACKOFF &&
			  m->time_ns > e->start_ns + (int64_t)m->threshold.seconds * NS_PER_S;
	}
	/* What a flow's end finds is older than what others have found since. */
	if (m->time_ns > e->seen_ns)
		e->seen_ns = m->time_ns;
	e->seconds = m->threshold.seconds;
	return expired ? first(e, &m->threshold, m->time_ns) : again(e, &m->threshold);
}

bool threshold_check(struct threshold_table *t, const struct threshold_match *m)
{
	return threshold_decide(t, m) == THRESHOLD_SHOW;
}

/* Backoff has no interval of its own; it is forgotten an hour after its last match. */
#define BACKOFF_KEEP_S 3600
/* Entries looked at in a tick: all within a minute, and of a table of 64 Ki within two. */
#define TICK_ENTRIES_MIN 32u
#define TICK_ENTRIES_MAX 512u

static uint32_t tick_entries(uint32_t used)
{
	uint32_t some = used / 64 + TICK_ENTRIES_MIN;

	some = some < TICK_ENTRIES_MAX ? some : TICK_ENTRIES_MAX;
	return some < used ? some : used;
}

void threshold_tick(struct threshold_table *t, int64_t now_ns)
{
	for (uint32_t left = tick_entries(t->entries.used); left; left--) {
		uint32_t index = age_take(t);
		const struct entry *e = at(t, index);
		int64_t keep = e->seconds ? e->seconds : BACKOFF_KEEP_S;

		if (now_ns > e->seen_ns + keep * NS_PER_S)
			drop(t, index);
		else
			age_append(t, index);
	}
}
