/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/brotli_memory.h"

#include <string.h>

#define HEAD 16 /* before a piece: its class; keeps pieces aligned */

void brotli_memory_reset(struct brotli_memory *m)
{
	m->used = 0;
	memset(m->free, 0, sizeof(m->free));
}

/* The class of len, and the bytes that its pieces have. */
static unsigned class_of(size_t len, size_t *bytes)
{
	unsigned power = 6;
	size_t step;
	size_t eighths;

	while ((size_t)64 << (power - 6) < len)
		power++;
	/* len lies in (2^(power-1), 2^power], or is at most 64. */
	if (power == 6) {
		*bytes = 64;
		return 0;
	}
	step = (size_t)1 << (power - 4);
	eighths = (len - ((size_t)1 << (power - 1)) + step - 1) / step;
	*bytes = ((size_t)1 << (power - 1)) + eighths * step;
	return (power - 6) * 8 + (unsigned)eighths;
}

void *brotli_memory_alloc(void *opaque, size_t len)
{
	struct brotli_memory *m = opaque;
	size_t bytes;
	unsigned class;
	uint8_t *piece;

	if (len > m->size)
		return NULL;
	class = class_of(len, &bytes);
	if (m->free[class]) {
		piece = m->free[class];
		memcpy(&m->free[class], piece, sizeof(m->free[class]));
		return piece;
	}
	if (m->size - m->used < bytes + HEAD)
		return NULL;
	piece = m->base + m->used + HEAD;
	memcpy(piece - HEAD, &class, sizeof(class));
	m->used += bytes + HEAD;
	return piece;
}

void brotli_memory_free(void *opaque, void *piece)
{
	struct brotli_memory *m = opaque;
	unsigned class;

	if (!piece)
		return;
	memcpy(&class, (uint8_t *)piece - HEAD, sizeof(class));
	memcpy(piece, &m->free[class], sizeof(m->free[class]));
	m->free[class] = piece;
}
