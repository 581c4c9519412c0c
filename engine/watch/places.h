/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places.h - a table of fixed size, of what is known of hosts.
 *
 * Four places a bucket; a host that finds none takes the place of the one that is worth least: the
 * one with the fewest points, and among these the oldest.  Points older than the lifetime are none.
 * Keys and points lie together, a cache line each; what is known of a host lies apart, side by side with that of
 * others, and is not touched before there is more to know than the note in the line of its key: one probe from
 * each of a million hosts costs no more than that.
 *
 * Memory: reserved by places_init(), touched as it fills.  Thread: one.
 */
#ifndef WEIR_WATCH_PLACES_H
#define WEIR_WATCH_PLACES_H

#include <stddef.h>

#include "engine/base/address.h"
#include "engine/base/hash.h"

/* Places of a bucket: a table has at most so many more than were asked for. */
#define PLACES_WAYS 4u

/* What may be kept of a host without an entry. */
#define PLACE_NOTE_BYTES 24

struct place_head {
	struct ip_addr addr;
	uint32_t what; /* second half of the key */
	uint32_t points;
	int64_t last_ns; /* 0: the place is free */
	uint32_t
		slot; /* of its entry, from 1; stays with the place when another host takes it; 0: none yet */
	bool entered; /* the entry is this host's */
	_Alignas(8) uint8_t note[PLACE_NOTE_BYTES];
};

struct places_options {
	size_t entry_bytes;
	size_t clear_bytes; /* of an entry that is new: the rest is for its owner to fill */
	uint32_t count;
	uint32_t lifetime_s;
};

struct places {
	void *room; /* where head lies */
	struct place_head *head;
	uint8_t *entry;
	uint32_t *owner; /* the place of each entry */
	uint32_t used; /* entries given out */
	size_t entry_bytes, clear_bytes;
	uint32_t buckets;
	int64_t lifetime_ns;
	struct hash_key key;
	uint64_t forgotten; /* entries with more than one point that gave way */
};

/* Room for about opt->count entries.  Returns 0 or -ENOMEM. */
int places_init(struct places *t, const struct places_options *opt, const struct hash_key *key);
void places_fini(struct places *t);
size_t places_bytes(const struct places_options *opt);

/* The place of (addr, what), made where there is none. */
struct place_head *places_head(struct places *t, const struct ip_addr *addr, uint32_t what,
			       int64_t now_ns);
/* Its entry, cleared where it had none. */
void *places_entry(struct places *t, struct place_head *h);
/* The entry of (addr, what), or NULL. */
void *places_find(struct places *t, const struct ip_addr *addr, uint32_t what);
/* Both at once. */
void *places_get(struct places *t, const struct ip_addr *addr, uint32_t what, int64_t now_ns);
/* Asks the memory for what places_head() reads. */
void places_prefetch(const struct places *t, const struct ip_addr *addr, uint32_t what);
/* What the entry is worth. */
void places_worth(struct places *t, const void *entry, uint32_t points);

#endif
