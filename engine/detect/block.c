/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/block.h"

#include <stdlib.h>
#include <string.h>

struct block_slot {
	uint64_t hash;
	uint32_t offset; /* 0: free */
	uint32_t len;
};

void block_init(struct block_builder *b)
{
	*b = (struct block_builder){ .data = NULL };
}

void block_fini(struct block_builder *b)
{
	if (!b)
		return;
	free(b->data);
	free(b->slots);
	block_init(b);
}

static bool grow(struct block_builder *b, size_t need)
{
	size_t size = b->size ? b->size : 1 << 14;
	uint8_t *data;

	while (size < need)
		size *= 2;
	if (need > UINT32_MAX) {
		b->failed = true;
		return false;
	}
	if (size == b->size)
		return true;
	data = realloc(b->data, size);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->size = size;
	return true;
}

uint32_t block_room(struct block_builder *b, size_t len)
{
	size_t at = (b->len + 7) & ~(size_t)7;

	if (b->failed || !grow(b, at + len))
		return 0;
	/* What is not used yet is not touched: it may be half of what there is. */
	memset(b->data + b->len, 0, at + len - b->len);
	b->len = at + len;
	return (uint32_t)at;
}

uint32_t block_add(struct block_builder *b, const void *data, size_t len)
{
	uint32_t at = block_room(b, len);

	if (!b->failed && len)
		memcpy(b->data + at, data, len);
	return at;
}

/* FNV-1a: what is hashed here was written by the operator, not by the wire. */
static uint64_t hash_of(const uint8_t *data, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ data[i]) * 0x100000001b3u;
	return h;
}

static struct block_slot *slot_for(struct block_builder *b, uint64_t hash, const void *data,
				   size_t len)
{
	size_t mask = b->slot_count - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct block_slot *s = &b->slots[i];

		if (!s->offset)
			return s;
		if (s->hash == hash && s->len == len && memcmp(b->data + s->offset, data, len) == 0)
			return s;
	}
}

static bool more_slots(struct block_builder *b)
{
	struct block_slot *old = b->slots;
	size_t count = b->slot_count;

	b->slots = calloc(count ? count * 2 : 256, sizeof(*b->slots));
	if (!b->slots) {
		b->slots = old;
		b->failed = true;
		return false;
	}
	b->slot_count = count ? count * 2 : 256;
	for (size_t i = 0; i < count; i++) {
		if (old[i].offset)
			*slot_for(b, old[i].hash, b->data + old[i].offset, old[i].len) = old[i];
	}
	free(old);
	return true;
}

uint32_t block_intern(struct block_builder *b, const void *data, size_t len)
{
	uint64_t hash = hash_of(data, len);
	struct block_slot *s;

	if (b->failed || (b->slot_used * 2 >= b->slot_count && !more_slots(b)))
		return 0;
	s = slot_for(b, hash, data, len);
	if (!s->offset) {
		*s = (struct block_slot){ hash, block_add(b, data, len), (uint32_t)len };
		b->slot_used++;
	}
	return s->offset;
}

uint32_t block_string(struct block_builder *b, const char *text)
{
	return text ? block_intern(b, text, strlen(text) + 1) : 0;
}
