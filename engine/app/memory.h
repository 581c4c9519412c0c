/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - memory that transactions and flows take in pieces and give back all at once.
 *
 * An owner is one word, the first of its blocks (0: none).  Small pieces are cut from the newest block; a
 * large piece has a block of its own and can be given back before the rest.
 *
 * Memory: blocks of engine/base/buffers.h, from one budget.
 * Thread: the worker's.
 */
#ifndef WEIR_APP_MEMORY_H
#define WEIR_APP_MEMORY_H

#include "engine/base/buffers.h"

/* Pieces up to this many bytes are small. */
#define MEMORY_SMALL_BYTES 448u

/* Zeroed, aligned to 16; NULL where the budget is used up. */
void *memory_alloc(struct buffers *b, uint32_t *owner, size_t len);
/* The same with whatever stands there: for bytes that are written before they are read. */
void *memory_raw(struct buffers *b, uint32_t *owner, size_t len);
/* An owner's first piece, of any size: later ones may be cut from the rest of its block. */
void *memory_first(struct buffers *b, uint32_t *owner, size_t len);
/* Give a large piece back (more than MEMORY_SMALL_BYTES); a small one stays until memory_free(). */
void memory_drop(struct buffers *b, uint32_t *owner, void *piece, size_t len);
void memory_free(struct buffers *b, uint32_t *owner);

/* The bytes that a piece of len really has. */
size_t memory_room(size_t len);

#endif
