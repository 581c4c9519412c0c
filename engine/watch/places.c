/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/watch/places.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "engine/base/first_touch.h"

#define WAYS PLACES_WAYS
#define NS_PER_S 1000000000LL

static_assert(sizeof(struct place_head) == 64, "a place is a cache line");

static uint32_t buckets_for(uint32_t count)
{
	return count < WAYS ? 1 : count / WAYS;
}

size_t places_bytes(const struct places_options *opt)
{
	return (opt->entry_bytes + sizeof(uint32_t) + sizeof(struct place_head)) * WAYS *
		       buckets_for(opt->count) +
	       sizeof(struct place_head);
}

/* On a cache line, as the zeroed pages of calloc() are not. */
static struct place_head *aligned(void *room)
{
	return (struct place_head *)(((uintptr_t)room + 63) & ~(uintptr_t)63);
}

int places_init(struct places *t, const struct places_options *opt, const struct hash_key *key)
{
	*t = (struct places){ .entry_bytes = opt->entry_bytes,
			      .clear_bytes = opt->clear_bytes,
			      .buckets = buckets_for(opt->count),
			      .lifetime_ns = opt->lifetime_s * NS_PER_S,
			      .key = *key };
	t->room = calloc((size_t)t->buckets * WAYS + 1, sizeof(*t->head));
	t->entry = calloc((size_t)t->buckets * WAYS, opt->entry_bytes);
	t->owner = calloc((size_t)t->buckets * WAYS, sizeof(*t->owner));
	if (!t->room || !t->entry || !t->owner) {
		places_fini(t);
		return -ENOMEM;
	}
	t->head = aligned(t->room);
	return 0;
}

void places_fini(struct places *t)
{
	free(t->room);
	free(t->entry);
	free(t->owner);
	t->room = NULL;
	t->entry = NULL;
	t->owner = NULL;
}

static size_t bucket_of(const struct places *t, const struct ip_addr *addr, uint32_t what)
{
	const uint64_t words[3] = { addr->halves[0], addr->halves[1], what };
	uint64_t hash = hash_words(&t->key, words, 3);

	return (size_t)((hash >> 32) * t->buckets >> 32) * WAYS;
}

static void *entry_at(const struct places *t, uint32_t slot)
{
	return t->entry + (slot - 1) * t->entry_bytes;
}

static bool is_of(const struct place_head *h, const struct ip_addr *addr, uint32_t what)
{
	return h->last_ns && h->what == what && ip_addr_equal(&h->addr, addr);
}

void *places_find(struct places *t, const struct ip_addr *addr, uint32_t what)
{
	size_t bucket = bucket_of(t, addr, what);

	for (size_t i = bucket; i < bucket + WAYS; i++) {
		if (is_of(&t->head[i], addr, what))
			return t->head[i].entered ? entry_at(t, t->head[i].slot) : NULL;
	}
	return NULL;
}

static uint32_t worth(const struct places *t, const struct place_head *h, int64_t now_ns)
{
	return !h->last_ns || now_ns - h->last_ns > t->lifetime_ns ? 0 : h->points + 1;
}

struct place_head *places_head(struct places *t, const struct ip_addr *addr, uint32_t what,
			       int64_t now_ns)
{
	size_t bucket = bucket_of(t, addr, what), least = bucket;
	uint32_t least_worth = UINT32_MAX;

	first_touch(&t->head[bucket]);
	for (size_t i = bucket; i < bucket + WAYS; i++) {
		struct place_head *h = &t->head[i];
		uint32_t w;

		if (is_of(h, addr, what)) {
			h->last_ns = now_ns ? now_ns : 1;
			return h;
		}
		w = worth(t, h, now_ns);
		if (w < least_worth || (w == least_worth && h->last_ns < t->head[least].last_ns)) {
			least = i;
			least_worth = w;
		}
	}
	t->forgotten += least_worth > 2;
	/* A clock of 0 would mark the place as free. */
	t->head[least] = (struct place_head){ .addr = *addr,
					      .what = what,
					      .last_ns = now_ns ? now_ns : 1,
					      .slot = t->head[least].slot };
	return &t->head[least];
}

void *places_entry(struct places *t, struct place_head *h)
{
	void *entry;

	if (!h->slot) {
		h->slot = ++t->used;
		t->owner[h->slot - 1] = (uint32_t)(h - t->head);
	}
	entry = entry_at(t, h->slot);
	if (!h->entered)
		memset(entry, 0, t->clear_bytes);
	h->entered = true;
	return entry;
}

void *places_get(struct places *t, const struct ip_addr *addr, uint32_t what, int64_t now_ns)
{
	return places_entry(t, places_head(t, addr, what, now_ns));
}

void places_prefetch(const struct places *t, const struct ip_addr *addr, uint32_t what)
{
	const struct place_head *h = &t->head[bucket_of(t, addr, what)];

	for (unsigned i = 0; i < WAYS; i++)
		__builtin_prefetch(h + i);
}

void places_worth(struct places *t, const void *entry, uint32_t points)
{
	size_t i = (size_t)((const uint8_t *)entry - t->entry) / t->entry_bytes;

	t->head[t->owner[i]].points = points;
}
