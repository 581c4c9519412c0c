/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/memo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/word.h"

static_assert((MEMO_ENTRIES & (MEMO_ENTRIES - 1)) == 0, "indexed by bits of a hash");

int memo_init(struct memo *m, uint32_t databases)
{
	size_t bytes = MEMO_ENTRIES * sizeof(*m->entries);

	m->entries = aligned_alloc(64, bytes);
	m->worth = calloc(databases + 1, sizeof(*m->worth));
	if (!m->entries || !m->worth)
		return -ENOMEM;
	memset(m->entries, 0, bytes);
	return 0;
}

void memo_fini(struct memo *m)
{
	free(m->entries);
	free(m->worth);
	m->entries = NULL;
	m->worth = NULL;
}

#define MIX 0x9e3779b97f4a7c15u

/* Nobody gains by a collision, so this is quick and not keyed. */
static uint32_t index_of(uint32_t database, struct bytes bytes)
{
	uint64_t h = (database + bytes.len * 0x10001u) * MIX, word = 0;
	size_t i = 0;

	for (; i + WORD_BYTES < bytes.len; i += WORD_BYTES) {
		h = (h ^ word_at(bytes.data + i)) * MIX;
		h ^= h >> 29;
	}
	if (bytes.len >= WORD_BYTES)
		word = word_at(bytes.data + bytes.len - WORD_BYTES);
	else if (bytes.len >= 4)
		word = word_of_few(bytes.data, bytes.len);
	else
		for (; i < bytes.len; i++)
			word = word << 8 | bytes.data[i];
	return (uint32_t)((h ^ word) * MIX >> 32) & (MEMO_ENTRIES - 1);
}

static void note_worth(struct memo_worth *w, bool known)
{
	w->known += known;
	if (++w->tries < MEMO_TRIES)
		return;
	w->rest = w->known < MEMO_TRIES / 4 ? MEMO_REST : 0;
	w->tries = 0;
	w->known = 0;
}

struct memo_entry *memo_at(struct memo *m, uint32_t database, struct bytes bytes, bool *known)
{
	struct memo_entry *e = &m->entries[index_of(database, bytes)];

	*known = e->database == database + 1 && e->len == bytes.len && e->count <= MEMO_FOUND &&
		 memcmp(e->bytes, bytes.data, bytes.len) == 0;
	note_worth(&m->worth[database], *known);
	if (*known)
		return e;
	e->database = database + 1;
	e->len = (uint16_t)bytes.len;
	e->count = 0;
	memcpy(e->bytes, bytes.data, bytes.len);
	return e;
}
