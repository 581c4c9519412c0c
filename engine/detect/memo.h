/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memo.h - what a search found in short bytes, for when equal bytes are searched again.
 *
 * Hosts, agents, names of headers and of domains come again and again, and a search of a few bytes costs mostly its
 * beginning.  In: a database and its bytes.  Out: the numbers found there before, in the order in which they were found.
 * Bytes are compared in whole, so what wire data can do is only to not be found.  One entry a hash, the newest stays.
 *
 * Memory: MEMO_ENTRIES entries from malloc, with the kit; no allocation later.  Thread: one.
 */
#ifndef WEIR_DETECT_MEMO_H
#define WEIR_DETECT_MEMO_H

#include <stdbool.h>

#include "engine/base/bytes.h"

#define MEMO_ENTRIES 1024
#define MEMO_BYTES 256
#define MEMO_FOUND 7

struct memo_entry {
	uint32_t database; /* and one, 0: free */
	uint16_t len;
	uint16_t count; /* of found; more than MEMO_FOUND: the entry is not to be used */
	uint32_t found[MEMO_FOUND];
	uint8_t bytes[MEMO_BYTES];
};

struct memo {
	struct memo_entry *entries; /* NULL: nothing is kept */
};

int memo_init(struct memo *m);
void memo_fini(struct memo *m);

static inline bool memo_fits(const struct memo *m, struct bytes bytes)
{
	return m->entries && bytes.len <= MEMO_BYTES;
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
