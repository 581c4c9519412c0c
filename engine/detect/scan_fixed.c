/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/scan_fixed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 60000

static_assert(FIXED_BYTES == sizeof(uint64_t), "one load");

static bool is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static struct fixed_entry entry_of(const struct fixed_literal *l)
{
	uint8_t value[FIXED_BYTES] = { 0 }, mask[FIXED_BYTES] = { 0 };
	struct fixed_entry e = { .len = l->len, .rule = l->rule };

	for (unsigned i = 0; i < l->len; i++) {
		mask[i] = l->nocase && is_letter(l->data[i]) ? 0xdf : 0xff;
		value[i] = l->data[i] & mask[i];
	}
	memcpy(&e.value, value, sizeof(e.value));
	memcpy(&e.mask, mask, sizeof(e.mask));
	return e;
}

static bool begins_with(const struct fixed_literal *l, unsigned byte)
{
	unsigned mask = l->nocase && is_letter(l->data[0]) ? 0xdf : 0xff;

	return (byte & mask) == (l->data[0] & mask);
}

static int by_place(const void *a, const void *b)
{
	const struct fixed_literal *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* All literals of one place; false: no memory. */
static bool build_place(struct block_builder *b, const struct fixed_literal *l, size_t n,
			struct fixed_place *out)
{
	/* Without case a literal stands under both of its first letters. */
	struct fixed_entry *entry = calloc(2 * n, sizeof(*entry));
	uint16_t first[257];
	size_t count = 0;

	if (!entry)
		return false;
	*out = (struct fixed_place){ .place = l->place };
	for (unsigned byte = 0; byte < 256; byte++) {
		first[byte] = (uint16_t)count;
		for (size_t i = 0; i < n; i++) {
			if (begins_with(&l[i], byte))
				entry[count++] = entry_of(&l[i]);
		}
	}
	first[256] = (uint16_t)count;
	for (size_t i = 0; i < n; i++) {
		if (l[i].len > out->longest)
			out->longest = l[i].len;
	}
	out->entries = block_intern(b, entry, count * sizeof(*entry));
	out->first = block_intern(b, first, sizeof(first));
	free(entry);
	return true;
}

uint32_t scan_fixed_build(struct block_builder *b, struct fixed_literal *l, size_t n)
{
	struct fixed_place *place;
	struct fixed_table t = { .places = { 0, 0 } };
	uint32_t at = 0;

	if (!n || n > ENTRIES_MAX / 2)
		return 0;
	qsort(l, n, sizeof(*l), by_place);
	place = calloc(n, sizeof(*place));
	if (!place) {
		b->failed = true;
		return 0;
	}
	for (size_t i = 0; i < n;) {
		size_t end = i;

		while (end < n && l[end].place == l[i].place)
			end++;
		if (!build_place(b, l + i, end - i, &place[t.places.count++])) {
			b->failed = true;
			break;
		}
		i = end;
	}
	t.places.offset = block_intern(b, place, t.places.count * sizeof(*place));
	at = block_intern(b, &t, sizeof(t));
	free(place);
	return at;
}

void scan_fixed_search(const struct block_header *b, uint32_t table, struct bytes data,
		       uint64_t origin, size_t old, fixed_found_fn found, void *ctx)
{
	const struct fixed_table *t = block_at(b, table);
	const struct fixed_place *p = block_at(b, t->places.offset);

	for (uint32_t i = 0; i < t->places.count; i++, p++) {
		const struct fixed_entry *entry = block_at(b, p->entries);
		const uint16_t *first = block_at(b, p->first);
		struct bytes here;
		uint64_t v = 0;

		if (p->place < origin || p->place + p->longest <= origin + old)
			continue;
		here = bytes_slice(data, (size_t)(p->place - origin), FIXED_BYTES);
		if (!here.len)
			return;
		if (first[*here.data] == first[*here.data + 1])
			continue;
		memcpy(&v, here.data, here.len);
		for (uint32_t k = first[*here.data]; k < first[*here.data + 1]; k++) {
			if ((v & entry[k].mask) == entry[k].value && entry[k].len <= here.len)
				found(ctx, entry[k].rule);
		}
	}
}
