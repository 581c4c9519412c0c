/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo.h - what a search found in short bytes, for when equal bytes are searched again.
 *
 * Hosts, agents, names of headers and of domains come again and again, and a search of a few bytes costs mostly its
 * beginning.  In: a database and its bytes.  Out: the numbers found there before, in the order in which they were found.
 * Bytes are compared in whole, so what wire data can do is only to not be found.  One entry a hash, the newest stays.
 * Bytes that seldom come again, as URIs may be, are not kept: how often those of each database do is watched.
 *
 * Memory: MEMO_ENTRIES entries from malloc, with the kit; no allocation later.  Thread: one.
 */
#ifndef WEIR_DETECT_MEMO_H
#define WEIR_DETECT_MEMO_H

#include <assert.h>
#include <stdbool.h>

#include "engine/base/bytes.h"

#define MEMO_ENTRIES 1024
#define MEMO_BYTES 256
#define MEMO_FOUND 14

struct memo_entry {
	uint32_t database; /* and one, 0: free */
	uint16_t len;
	uint16_t count; /* of found; more than MEMO_FOUND: the entry is not to be used */
	uint32_t found[MEMO_FOUND];
	uint8_t bytes[MEMO_BYTES];
};
static_assert(sizeof(struct memo_entry) == 320,
	      "what is said of them is one cache line, the bytes are others");

/* Of so many looks for a database's bytes a quarter must find them, or so many searches go by before it is tried again. */
#define MEMO_TRIES 256
#define MEMO_REST 4096

struct memo_worth {
	uint16_t tries, known;
	uint16_t rest;
};

struct memo {
	struct memo_entry *entries; /* NULL: nothing is kept */
	struct memo_worth *worth; /* by database */
};

/* For databases of numbers below that. */
int memo_init(struct memo *m, uint32_t databases);
void memo_fini(struct memo *m);

static inline bool memo_fits(const struct memo *m, struct bytes bytes)
{
	return m->entries && bytes.len <= MEMO_BYTES;
}

/* Whether it is worth to look for bytes of a database now. */
static inline bool memo_pays(struct memo *m, uint32_t database)
{
	if (!m->worth[database].rest)
		return true;
	m->worth[database].rest--;
	return false;
}

/*
 * The entry of bytes that fit.  *known: what it says was found is all; otherwise it is theirs now, and empty.
 */
struct memo_entry *memo_at(struct memo *m, uint32_t database, struct bytes bytes, bool *known);

static inline void memo_add(struct memo_entry *e, uint32_t number)
{
	if (e->count < MEMO_FOUND)
		e->found[e->count] = number;
	if (e->count <= MEMO_FOUND)
		e->count++;
}

#endif
