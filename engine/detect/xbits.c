/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/xbits.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/pool.h"

#define NS_PER_S 1000000000ll
/* Chains that are looked through for entries whose time is over when the pool is empty. */
#define SWEEP_BUCKETS 64u

static_assert(sizeof(struct xbits_key) == 48, "no padding in a key that is hashed");

struct entry {
	struct xbits_key key;
	int64_t until_ns;
	uint32_t next;
	uint32_t reserved;
};

struct xbits_table {
	struct pool entries;
	struct hash_key hash;
	uint32_t *buckets;
	uint32_t mask;
	uint32_t sweep; /* the next bucket to be swept */
	uint64_t refused;
};

static uint32_t bucket_count(uint32_t max_entries)
{
	uint32_t buckets = 64;

	while (buckets < max_entries && buckets < 1u << 30)
		buckets *= 2;
	return buckets;
}

uint64_t xbits_table_bytes(uint32_t max_entries)
{
	return pool_bytes(sizeof(struct entry), max_entries) +
	       bucket_count(max_entries) * sizeof(uint32_t);
}

void xbits_table_memory(const struct xbits_table *t, struct memory_use *sum)
{
	memory_use_pool(sum, &t->entries);
	memory_use_table(sum, ((uint64_t)t->mask + 1) * sizeof(*t->buckets));
}

int xbits_table_new(uint32_t max_entries, const struct hash_key *key, struct xbits_table **out)
{
	struct xbits_table *t = calloc(1, sizeof(*t));
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
	xbits_table_free(t);
	return err;
}

void xbits_table_free(struct xbits_table *t)
{
	if (!t)
		return;
	pool_fini(&t->entries);
	free(t->buckets);
	free(t);
}

uint64_t xbits_refused(const struct xbits_table *t)
{
	return t->refused;
}

static struct entry *at(const struct xbits_table *t, uint32_t index)
{
	return pool_at(&t->entries, index);
}

static uint32_t *bucket_of(struct xbits_table *t, const struct xbits_key *k)
{
	uint64_t words[sizeof(*k) / 8];

	memcpy(words, k, sizeof(words));
	return &t->buckets[hash_words(&t->hash, words, sizeof(words) / 8) & t->mask];
}

/* Where the entry hangs, having dropped those of the chain before it whose time is over; *it is 0: there is none. */
static uint32_t *find(struct xbits_table *t, const struct xbits_key *k, int64_t now_ns)
{
	uint32_t *it = bucket_of(t, k);

	while (*it) {
		uint32_t index = *it;
		struct entry *e = at(t, index);

		if (e->until_ns < now_ns) {
			*it = e->next;
			pool_put(&t->entries, index);
			continue;
		}
		if (memcmp(&e->key, k, sizeof(*k)) == 0)
			break;
		it = &e->next;
	}
	return it;
}

static void sweep(struct xbits_table *t, int64_t now_ns)
{
	for (unsigned i = 0; i < SWEEP_BUCKETS; i++, t->sweep = (t->sweep + 1) & t->mask) {
		uint32_t *it = &t->buckets[t->sweep];

		while (*it) {
			uint32_t index = *it;

			if (at(t, index)->until_ns < now_ns) {
				*it = at(t, index)->next;
				pool_put(&t->entries, index);
			} else {
				it = &at(t, index)->next;
			}
		}
	}
}

bool xbits_isset(struct xbits_table *t, const struct xbits_key *k, int64_t now_ns)
{
	return *find(t, k, now_ns) != 0;
}

bool xbits_set(struct xbits_table *t, const struct xbits_key *k, int64_t now_ns, uint32_t seconds)
{
	uint32_t index, *bucket;
	struct entry *e;

	if (xbits_isset(t, k, now_ns))
		return false;
	index = pool_get(&t->entries);
	if (!index) {
		sweep(t, now_ns);
		index = pool_get(&t->entries);
	}
	if (!index) {
		t->refused++;
		return false;
	}
	bucket = bucket_of(t, k);
	e = at(t, index);
	e->key = *k;
	e->until_ns = now_ns + (int64_t)seconds * NS_PER_S;
	e->next = *bucket;
	*bucket = index;
	return true;
}

bool xbits_unset(struct xbits_table *t, const struct xbits_key *k, int64_t now_ns)
{
	uint32_t *it = find(t, k, now_ns), index = *it;

	if (!index)
		return false;
	*it = at(t, index)->next;
	pool_put(&t->entries, index);
	return true;
}

void xbits_each(const struct xbits_table *t, int64_t now_ns, xbits_fn fn, void *ctx)
{
	for (uint32_t b = 0; b <= t->mask; b++) {
		for (uint32_t i = t->buckets[b]; i;) {
			const struct entry *e = pool_at(&t->entries, i);

			i = e->next;
			if (e->until_ns > now_ns && !fn(ctx, &e->key, e->until_ns))
				return;
		}
	}
}
