/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGN 16
#define ARENA_CHUNK_BYTES (64 * 1024)
/* Chunks grow with the arena: big ones are the system's own pages, and go back to it. */
#define ARENA_CHUNK_MOST (1024 * 1024)

struct arena_chunk {
	struct arena_chunk *next;
	alignas(ARENA_ALIGN) uint8_t data[];
};

void arena_init(struct arena *a)
{
	*a = (struct arena){ .chunks = NULL };
}

void arena_fini(struct arena *a)
{
	if (!a)
		return;
	for (struct arena_chunk *c = a->chunks; c;) {
		struct arena_chunk *next = c->next;

		free(c);
		c = next;
	}
	arena_init(a);
}

/* A chunk linked into the arena, its data zeroed. */
static uint8_t *add_chunk(struct arena *a, size_t bytes)
{
	struct arena_chunk *c = calloc(1, sizeof(*c) + bytes);

	if (!c)
		return NULL;
	c->next = a->chunks;
	a->chunks = c;
	a->total_bytes += sizeof(*c) + bytes;
	return c->data;
}

void *arena_alloc(struct arena *a, size_t len)
{
	size_t chunk;
	void *out;

	if (len > SIZE_MAX / 2)
		return NULL;
	/* An empty piece has an address of its own all the same. */
	len = len == 0 ? ARENA_ALIGN : (len + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (len <= (size_t)(a->end - a->at)) {
		out = a->at;
		a->at += len;
		return out;
	}
	/* A big piece has a chunk of its own; the open chunk's rest stays in use. */
	if (len > ARENA_CHUNK_BYTES / 4)
		return add_chunk(a, len);
	chunk = a->total_bytes < ARENA_CHUNK_BYTES ? ARENA_CHUNK_BYTES : a->total_bytes;
	if (chunk > ARENA_CHUNK_MOST)
		chunk = ARENA_CHUNK_MOST;
	out = add_chunk(a, chunk);
	if (!out)
		return NULL;
	a->at = (uint8_t *)out + len;
	a->end = (uint8_t *)out + chunk;
	return out;
}

void *arena_copy(struct arena *a, const void *data, size_t len)
{
	void *out = arena_alloc(a, len);

	if (out && len > 0)
		memcpy(out, data, len);
	return out;
}

/* Characters need no alignment: from the end of the open chunk, downwards. */
char *arena_string(struct arena *a, const char *text, size_t len)
{
	char *out;

	if (len < (size_t)(a->end - a->at)) {
		a->end -= len + 1;
		out = (char *)a->end;
	} else {
		out = len < SIZE_MAX / 2 ? arena_alloc(a, len + 1) : NULL;
	}
	if (out && len > 0)
		memcpy(out, text, len);
	return out;
}
