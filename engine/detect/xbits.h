/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xbits.h - marks on hosts and pairs of hosts that last for some time: xbits and hostbits.
 *
 * In: a name's hash (state_key), the addresses that carry the mark, the time.  Out: whether it is set.  Marks of
 * both keywords are the same: one that xbits set on a host is seen by hostbits.  Setting one that is set does
 * not make it last longer; one whose time is over is not set.
 *
 * Memory: a pool of entries and a hash table sized at start.  Full: entries whose time is over make
 * room, then the mark is not made, counted.
 * Thread: one caller at a time, the worker whose turn it is.
 */
#ifndef WEIR_DETECT_XBITS_H
#define WEIR_DETECT_XBITS_H

#include "engine/base/address.h"
#include "engine/base/hash.h"
#include "engine/base/memory_use.h"

struct xbits_table;

/* Compared as bytes: all of it is set. */
struct xbits_key {
	uint64_t name;
	struct ip_addr a, b; /* a host: b is zero; a pair: a is the lower */
	uint64_t version; /* of IP; with 16 added for a pair */
};

int xbits_table_new(uint32_t max_entries, const struct hash_key *key, struct xbits_table **out);
void xbits_table_free(struct xbits_table *t);
uint64_t xbits_table_bytes(uint32_t max_entries);
void xbits_table_memory(const struct xbits_table *t, struct memory_use *sum);

bool xbits_isset(struct xbits_table *t, const struct xbits_key *k, int64_t now_ns);
/* Returns whether it was not set before. */
bool xbits_set(struct xbits_table *t, const struct xbits_key *k, int64_t now_ns, uint32_t seconds);
/* Returns whether it was set. */
bool xbits_unset(struct xbits_table *t, const struct xbits_key *k, int64_t now_ns);
/* Each mark that is set; until false. */
typedef bool (*xbits_fn)(void *ctx, const struct xbits_key *k, int64_t until_ns);
void xbits_each(const struct xbits_table *t, int64_t now_ns, xbits_fn fn, void *ctx);
/* Marks that found the table full. */
uint64_t xbits_refused(const struct xbits_table *t);

#endif
