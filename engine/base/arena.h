/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that is given back all at once.
 *
 * arena_alloc() never fails after arena_init(): the arena aborts start-up code
 * that runs out through its NULL return; per-batch users size it for the worst.
 * A growing arena (limit 0) takes more chunks from malloc and is for start-up
 * only (rules, configuration).
 */
#ifndef WEIR_BASE_ARENA_H
#define WEIR_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;
	uint8_t *at;
	uint8_t *end;
	size_t total_bytes;
};

/* An empty arena that grows by chunks; nothing is allocated yet. */
void arena_init(struct arena *a);
void arena_fini(struct arena *a);

/* len bytes, zeroed, aligned to 16; NULL when the machine has no memory. */
void *arena_alloc(struct arena *a, size_t len);
void *arena_copy(struct arena *a, const void *data, size_t len);
/* A copy of len bytes with a zero after them. */
char *arena_string(struct arena *a, const char *text, size_t len);

#endif
