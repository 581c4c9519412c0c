/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/scan_fixed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FILTER_BITS 8
#define HASH_BITS_MAX 14

static_assert(FIXED_BYTES == sizeof(uint64_t), "one load");
static_assert(sizeof(((struct fixed_place *)NULL)->filter) * 8 == 1u << FILTER_BITS,
	      "a bit for each hash");

static bool is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Both cases of a letter are hashed alike. */
#define HASHED_ONE 0x00df
#define HASHED_TWO 0xdfdf

static uint32_t hash_of(unsigned two_bytes, uint16_t hashed)
{
	return (two_bytes & hashed) * 0x9e3779b1u;
}

static uint16_t hashed_of(const struct fixed_literal *l)
{
	return l->len == 1 ? HASHED_ONE : HASHED_TWO;
}

/* Of a literal that has at least the bytes that are hashed. */
static uint32_t literal_hash(const struct fixed_literal *l)
{
	unsigned second = l->len > 1 ? l->data[1] : 0;

	return hash_of(l->data[0] | second << 8, hashed_of(l));
}

static bool filter_has(const struct fixed_place *p, uint32_t hash)
{
	return p->filter[hash >> 30] >> (hash >> 24 & 63) & 1;
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

static bool is_gate(const struct fixed_literal *l)
{
	return (l->rule & FIXED_GATE) != 0;
}

/* By place and how much is hashed, then what is equal together. */
static int literal_order(const void *a, const void *b)
{
	const struct fixed_literal *x = a, *y = b;
	int d;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	d = memcmp(x->data, y->data, x->len);
	if (d)
		return d;
	if (x->nocase != y->nocase)
		return x->nocase - y->nocase;
	if (is_gate(x) && is_gate(y) && x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->rule > y->rule) - (x->rule < y->rule);
}

static bool same_gate(const struct fixed_literal *a, const struct fixed_literal *b)
{
	return is_gate(a) && is_gate(b) && a->place == b->place && a->len == b->len &&
	       a->nocase == b->nocase && a->kind == b->kind &&
	       memcmp(a->data, b->data, a->len) == 0;
}

static size_t drop_equal_gates(struct fixed_literal *l, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!kept || !same_gate(&l[kept - 1], &l[i]))
			l[kept++] = l[i];
	}
	return kept;
}

/* All literals of one place, n > 0. */
static struct fixed_place build_place(struct block_builder *b, const struct fixed_literal *l,
				      size_t n)
{
	struct fixed_place p = { .place = l->place,
				 .hashed = hashed_of(l),
				 .hash_bits = FILTER_BITS };
	struct fixed_entry *entry = calloc(n, sizeof(*entry));
	uint32_t *first;
	size_t slots;

	while (p.hash_bits < HASH_BITS_MAX && 1u << p.hash_bits < 2 * n)
		p.hash_bits++;
	slots = (size_t)1 << p.hash_bits;
	first = calloc(slots + 1, sizeof(*first));
	if (!entry || !first) {
		b->failed = true;
		goto done;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t hash = literal_hash(&l[i]);

		p.filter[hash >> 30] |= 1ull << (hash >> 24 & 63);
		p.longest = l[i].len > p.longest ? l[i].len : p.longest;
		first[(hash >> (32 - p.hash_bits)) + 1]++;
	}
	for (size_t s = 0; s < slots; s++)
		first[s + 1] += first[s];
	/* Backwards: each slot's end moves down to its beginning. */
	for (size_t i = n; i-- > 0;)
		entry[--first[(literal_hash(&l[i]) >> (32 - p.hash_bits)) + 1]] = entry_of(&l[i]);
	p.entries = block_intern(b, entry, n * sizeof(*entry));
	/* So a slot begins where its successor's number says. */
	memmove(first, first + 1, slots * sizeof(*first));
	first[slots] = (uint32_t)n;
	p.first = block_intern(b, first, (slots + 1) * sizeof(*first));
done:
	free(entry);
	free(first);
	return p;
}

static void group_byte(struct fixed_group *g, unsigned i, unsigned which, uint8_t c, bool nocase)
{
	g->byte[which][c] |= 1ull << i;
	if (nocase && is_letter(c))
		g->byte[which][c ^ 0x20] |= 1ull << i;
}

/* A literal of one of the places: i is its bit. */
static void group_literal(struct fixed_group *g, unsigned i, const struct fixed_literal *l)
{
	g->place[i] = (uint8_t)l->place;
	group_byte(g, i, 0, l->data[0], l->nocase);
	if (l->len > 1)
		group_byte(g, i, 1, l->data[1], l->nocase);
	for (unsigned c = 0; l->len == 1 && c < 256; c++)
		g->byte[1][c] |= 1ull << i;
}

uint32_t scan_fixed_build(struct block_builder *b, struct fixed_literal *l, size_t n)
{
	struct fixed_place *place;
	struct fixed_group *group;
	struct fixed_table t = { .places = { 0, 0 } };
	uint32_t at = 0;

	if (!n)
		return 0;
	place = calloc(n, sizeof(*place));
	group = calloc(n / FIXED_GROUP + 1, sizeof(*group));
	if (!place || !group) {
		free(place);
		free(group);
		b->failed = true;
		return 0;
	}
	qsort(l, n, sizeof(*l), literal_order);
	n = drop_equal_gates(l, n);
	for (size_t i = 0; i < n;) {
		size_t end = i;

		while (end < n && l[end].place == l[i].place &&
		       hashed_of(&l[end]) == hashed_of(&l[i]))
			end++;
		for (size_t k = i; k < end; k++)
			group_literal(&group[t.places.count / FIXED_GROUP],
				      t.places.count % FIXED_GROUP, &l[k]);
		place[t.places.count++] = build_place(b, l + i, end - i);
		i = end;
	}
	t.places.offset = block_intern(b, place, t.places.count * sizeof(*place));
	t.groups = block_intern(b, group,
				(t.places.count + FIXED_GROUP - 1) / FIXED_GROUP * sizeof(*group));
	at = block_intern(b, &t, sizeof(t));
	free(place);
	free(group);
	return at;
}

static void compare(const struct block_header *b, const struct fixed_place *p, struct bytes here,
		    uint32_t hash, fixed_found_fn found, void *ctx)
{
	const uint32_t *first = block_at(b, p->first);
	const struct fixed_entry *entry = block_at(b, p->entries);
	uint32_t slot = hash >> (32 - p->hash_bits);
	uint64_t v = 0;

	if (here.len >= FIXED_BYTES)
		memcpy(&v, here.data, FIXED_BYTES);
	else
		memcpy(&v, here.data, here.len);
	for (uint32_t i = first[slot]; i < first[slot + 1]; i++) {
		if ((v & entry[i].mask) == entry[i].value && entry[i].len <= here.len)
			found(ctx, entry[i].rule);
	}
}

/* Of the last byte alone. */
static void search_last(const struct block_header *b, const struct fixed_place *p,
			const uint8_t *at, fixed_found_fn found, void *ctx)
{
	uint32_t hash = hash_of(*at, p->hashed);

	if (p->hashed == HASHED_ONE && filter_has(p, hash))
		compare(b, p, bytes_of(at, 1), hash, found, ctx);
}

static void search_place(const struct block_header *b, const struct fixed_place *p,
			 struct bytes here, fixed_found_fn found, void *ctx)
{
	uint32_t hash;

	if (here.len < 2) {
		search_last(b, p, here.data, found, ctx);
		return;
	}
	hash = hash_of(here.data[0] | (unsigned)here.data[1] << 8, p->hashed);
	if (filter_has(p, hash))
		compare(b, p, here, hash, found, ctx);
}

/* A later part of a stream, of whose bytes some may have been looked at. */
static void search_part(const struct block_header *b, const struct fixed_table *t,
			struct bytes data, uint64_t origin, size_t old, fixed_found_fn found,
			void *ctx)
{
	const struct fixed_place *p = block_at(b, t->places.offset);
	const struct fixed_place *end = p + t->places.count;

	for (; p < end; p++) {
		size_t at = (size_t)(p->place - origin);

		if (p->place < origin || p->place + p->longest <= origin + old)
			continue;
		if (at >= data.len)
			return;
		search_place(b, p, bytes_slice(data, at, SIZE_MAX), found, ctx);
	}
}

/* The places of a group, fewer at the end of the data, where something may begin. */
static uint64_t group_finds(const struct fixed_group *g, unsigned n, const uint8_t *data)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < n; i++) {
		const uint8_t *at = data + g->place[i];

		bits |= g->byte[0][at[0]] & g->byte[1][at[1]] & 1ull << i;
	}
	return bits;
}

/* Packets, which all begin at 0, and what is first of a stream. */
static void search_all(const struct block_header *b, const struct fixed_table *t, struct bytes data,
		       fixed_found_fn found, void *ctx)
{
	const struct fixed_place *place = block_at(b, t->places.offset);
	const struct fixed_group *g = block_at(b, t->groups);
	uint32_t n = t->places.count, whole;

	while (n && place[n - 1].place >= data.len)
		n--;
	/* Those with a byte behind theirs. */
	for (whole = n; whole && place[whole - 1].place + 1 >= data.len; whole--)
		;
	for (uint32_t i = 0; i < whole; i += FIXED_GROUP, g++) {
		uint64_t bits = group_finds(g, whole - i < FIXED_GROUP ? whole - i : FIXED_GROUP,
					    data.data);

		for (; bits; bits &= bits - 1) {
			const struct fixed_place *p = &place[i + (unsigned)__builtin_ctzll(bits)];

			search_place(b, p, bytes_slice(data, p->place, SIZE_MAX), found, ctx);
		}
	}
	for (uint32_t i = whole; i < n; i++)
		search_last(b, &place[i], data.data + place[i].place, found, ctx);
}

void scan_fixed_search(const struct block_header *b, uint32_t table, struct bytes data,
		       uint64_t origin, size_t old, fixed_found_fn found, void *ctx)
{
	const struct fixed_table *t = block_at(b, table);

	if (origin == 0 && old == 0)
		search_all(b, t, data, found, ctx);
	else
		search_part(b, t, data, origin, old, found, ctx);
}
