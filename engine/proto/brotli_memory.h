/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brotli_memory.h - the memory of one brotli decoder, within a region of fixed size.
 *
 * In: brotli's requests.  Out: pieces of the region, NULL when it is full.
 * Pieces are kept by size class (an eighth of a power of two apart) for reuse; all go back
 * at once with brotli_memory_reset().
 *
 * Memory: the region is the caller's and touched as it fills.
 * Thread: one.
 */
#ifndef WEIR_PROTO_BROTLI_MEMORY_H
#define WEIR_PROTO_BROTLI_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define BROTLI_MEMORY_CLASSES 320

struct brotli_memory {
	uint8_t *base;
	size_t size;
	size_t used;
	void *free[BROTLI_MEMORY_CLASSES];
};

void brotli_memory_reset(struct brotli_memory *m);

/* As brotli's hooks want them; opaque is the struct brotli_memory. */
void *brotli_memory_alloc(void *opaque, size_t len);
void brotli_memory_free(void *opaque, void *piece);

#endif
