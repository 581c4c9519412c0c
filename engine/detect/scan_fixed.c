/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/scan_fixed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/wide.h"

#define FILTER_BITS 8
#define HASH_BITS_MAX 14

static_assert(FIXED_BYTES == sizeof(uint64_t), "one load");
static_assert(sizeof(((struct fixed_probe *)NULL)->filter) * 8 == 1u << FILTER_BITS,
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

static bool filter_has(const struct fixed_probe *p, uint32_t hash)
{
	return p->filter[hash >> 30] >> (hash >> 24 & 63) & 1;
}

static void mask_of(struct bytes literal, bool nocase, uint64_t *value_out, uint64_t *mask_out)
{
	uint8_t value[FIXED_BYTES] = { 0 }, mask[FIXED_BYTES] = { 0 };

	for (size_t i = 0; i < literal.len; i++) {
		mask[i] = nocase && is_letter(literal.data[i]) ? 0xdf : 0xff;
		value[i] = literal.data[i] & mask[i];
	}
	memcpy(value_out, value, sizeof(value));
	memcpy(mask_out, mask, sizeof(mask));
}

static struct fixed_entry entry_of(const struct fixed_literal *l)
{
	struct fixed_entry e = { .len = l->len, .alike = 1, .rule = l->rule, .beside = l->beside };

	mask_of(bytes_of(l->data, l->len), l->nocase, &e.value, &e.mask);
	return e;
}

uint32_t scan_fixed_beside(struct block_builder *b, struct bytes literal, bool nocase,
			   uint16_t place)
{
	struct fixed_beside s = { .place = place, .len = (uint16_t)literal.len };

	mask_of(literal, nocase, &s.value, &s.mask);
	return block_intern(b, &s, sizeof(s));
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
	return (x->rule > y->rule) - (x->rule < y->rule);
}

/* In the order of a slot. */
static void count_alike(struct fixed_entry *e, size_t n)
{
	for (size_t i = n; i-- > 1;) {
		if (e[i - 1].value == e[i].value && e[i - 1].mask == e[i].mask &&
		    e[i - 1].len == e[i].len && e[i].alike < UINT16_MAX)
			e[i - 1].alike = (uint16_t)(e[i].alike + 1);
	}
}

/* So few are compared one after the other. */
#define FEW 4

/* By hash; first: where those of each begin. */
static void put_entries(struct fixed_probe *p, const struct fixed_literal *l, size_t n,
			struct fixed_entry *entry, uint32_t *first)
{
	size_t slots = (size_t)1 << p->hash_bits;

	for (size_t i = 0; i < n; i++)
		first[(literal_hash(&l[i]) >> (32 - p->hash_bits)) + 1]++;
	for (size_t s = 0; s < slots; s++)
		first[s + 1] += first[s];
	/* Backwards: each slot's end moves down to its beginning. */
	for (size_t i = n; i-- > 0;)
		entry[--first[(literal_hash(&l[i]) >> (32 - p->hash_bits)) + 1]] = entry_of(&l[i]);
	/* So a slot begins where its successor's number says. */
	memmove(first, first + 1, slots * sizeof(*first));
	first[slots] = (uint32_t)n;
}

/* All literals of one place, n > 0. */
static struct fixed_probe build_probe(struct block_builder *b, const struct fixed_literal *l,
				      size_t n)
{
	struct fixed_probe p = { .place = l->place,
				 .hashed = hashed_of(l),
				 .hash_bits = FILTER_BITS };
	struct fixed_entry *entry = calloc(n, sizeof(*entry));
	uint32_t *first = NULL;

	for (size_t i = 0; i < n; i++) {
		uint32_t hash = literal_hash(&l[i]);

		p.filter[hash >> 30] |= 1ull << (hash >> 24 & 63);
		p.longest = l[i].len > p.longest ? l[i].len : p.longest;
	}
	while (p.hash_bits < HASH_BITS_MAX && 1u << p.hash_bits < 2 * n)
		p.hash_bits++;
	if (n > FEW)
		first = calloc(((size_t)1 << p.hash_bits) + 1, sizeof(*first));
	if (!entry || (n > FEW && !first)) {
		b->failed = true;
		goto done;
	}
	if (first) {
		put_entries(&p, l, n, entry, first);
		p.first = block_intern(b, first, (((size_t)1 << p.hash_bits) + 1) * sizeof(*first));
	} else {
		p.hash_bits = (uint16_t)n;
		for (size_t i = 0; i < n; i++)
			entry[i] = entry_of(&l[i]);
	}
	count_alike(entry, n);
	p.entries = block_intern(b, entry, n * sizeof(*entry));
done:
	free(entry);
	free(first);
	return p;
}

/* So few probes are as fast. */
#define LOOK_PROBES_MIN 8

static uint32_t put_table(struct block_builder *b, const struct fixed_literal *l, size_t n,
			  const struct fixed_probe *probe, uint32_t probes)
{
	struct fixed_table t = { .probes = { block_intern(b, probe, probes * sizeof(*probe)),
					     probes } };
	uint32_t i = 0;

	for (unsigned place = 0; place <= LOOK_PLACES; place++) {
		while (i < probes && probe[i].place < place)
			i++;
		t.first[place] = (uint8_t)i;
	}
	t.looks = i >= LOOK_PROBES_MIN;
	if (t.looks)
		scan_look_build(l, n, &t.look);
	return block_intern(b, &t, t.looks ? sizeof(t) : offsetof(struct fixed_table, look));
}

uint32_t scan_fixed_build(struct block_builder *b, struct fixed_literal *l, size_t n)
{
	struct fixed_probe *probe;
	uint32_t probes = 0, at;

	if (!n)
		return 0;
	probe = calloc(n, sizeof(*probe));
	if (!probe) {
		b->failed = true;
		return 0;
	}
	qsort(l, n, sizeof(*l), literal_order);
	for (size_t i = 0; i < n;) {
		size_t end = i;

		while (end < n && l[end].place == l[i].place &&
		       hashed_of(&l[end]) == hashed_of(&l[i]))
			end++;
		probe[probes++] = build_probe(b, l + i, end - i);
		i = end;
	}
	at = put_table(b, l, n, probe, probes);
	free(probe);
	return at;
}

/* Bytes that are looked through. */
struct search {
	const struct block_header *b;
	struct bytes data;
	uint64_t origin; /* of data in its unit */
	fixed_found_fn found;
	void *ctx;
};

static uint64_t eight_at(struct bytes here)
{
	uint64_t v = 0;

	if (here.len >= FIXED_BYTES)
		memcpy(&v, here.data, FIXED_BYTES);
	else
		memcpy(&v, here.data, here.len);
	return v;
}

/* Unless other bytes stand there; those that are not here may yet come, or were seen before. */
static bool beside_may(const struct search *k, uint32_t beside)
{
	const struct fixed_beside *s = block_at(k->b, beside);
	size_t at = (size_t)(s->place - k->origin);

	if (!beside || s->place < k->origin || at + s->len > k->data.len)
		return true;
	return (eight_at(bytes_slice(k->data, at, SIZE_MAX)) & s->mask) == s->value;
}

static void compare(const struct search *k, const struct fixed_probe *p, struct bytes here,
		    uint32_t hash)
{
	const struct fixed_entry *entry = block_at(k->b, p->entries);
	uint32_t i = 0, end = p->hash_bits;
	uint64_t v = eight_at(here);

	if (p->first) {
		const uint32_t *first = block_at(k->b, p->first);
		uint32_t slot = hash >> (32 - p->hash_bits);

		i = first[slot];
		end = first[slot + 1];
	}
	while (i < end) {
		uint32_t next = i + entry[i].alike;

		if ((v & entry[i].mask) == entry[i].value && entry[i].len <= here.len) {
			for (uint32_t n = i; n < next; n++) {
				if (beside_may(k, entry[n].beside))
					k->found(k->ctx, entry[n].rule);
			}
		}
		i = next;
	}
}

static uint32_t hash_at(const struct fixed_probe *probe, const uint8_t *at)
{
	return hash_of(at[0] | (unsigned)at[1] << 8, probe->hashed);
}

static void search_place(const struct search *k, const struct fixed_probe *p, size_t at)
{
	struct bytes here = bytes_slice(k->data, at, SIZE_MAX);
	uint32_t hash;

	/* Of the last byte alone. */
	if (here.len < 2 && p->hashed != HASHED_ONE)
		return;
	hash = here.len < 2 ? hash_of(here.data[0], HASHED_ONE) : hash_at(p, here.data);
	if (filter_has(p, hash))
		compare(k, p, here, hash);
}

/* A later part of a stream, of whose bytes some may have been looked at. */
static void search_part(const struct search *k, const struct fixed_table *t, size_t old)
{
	const struct fixed_probe *p = block_at(k->b, t->probes.offset);

	for (uint32_t i = 0; i < t->probes.count; i++) {
		size_t at = (size_t)(p[i].place - k->origin);

		if (p[i].place < k->origin || p[i].place + p[i].longest <= k->origin + old)
			continue;
		if (at >= k->data.len)
			return;
		search_place(k, &p[i], at);
	}
}

/* So many places at once. */
#define GROUP 64u

/* Of n places those where something may begin; there is a byte behind each. */
static uint64_t group_finds(const struct fixed_probe *p, unsigned n, const uint8_t *data)
{
	uint64_t bits = 0;

	for (unsigned i = 0; i < n; i++)
		bits |= (uint64_t)filter_has(&p[i], hash_at(&p[i], data + p[i].place)) << i;
	return bits;
}

/* The probes from there on. */
static void search_probes(const struct search *k, const struct fixed_table *t, uint32_t from)
{
	const struct fixed_probe *p = block_at(k->b, t->probes.offset);
	uint32_t n = t->probes.count, whole;

	while (n > from && p[n - 1].place >= k->data.len)
		n--;
	/* Those with a byte behind theirs. */
	for (whole = n; whole > from && p[whole - 1].place + 1u >= k->data.len; whole--)
		;
	for (uint32_t i = from; i < whole; i += GROUP) {
		unsigned some = whole - i < GROUP ? whole - i : GROUP;

		for (uint64_t bits = group_finds(p + i, some, k->data.data); bits;
		     bits &= bits - 1) {
			const struct fixed_probe *at = &p[i + (unsigned)__builtin_ctzll(bits)];

			search_place(k, at, at->place);
		}
	}
	for (uint32_t i = whole; i < n; i++)
		search_place(k, &p[i], p[i].place);
}

/* With one look at the first places. */
static void search_with_look(const struct search *k, const struct fixed_table *t)
{
	const struct fixed_probe *p = block_at(k->b, t->probes.offset);

	for (uint64_t places = scan_look_places(&t->look, k->data); places; places &= places - 1) {
		unsigned place = (unsigned)__builtin_ctzll(places);

		for (unsigned i = t->first[place]; i < t->first[place + 1]; i++)
			search_place(k, &p[i], place);
	}
	if (k->data.len > LOOK_PLACES && t->first[LOOK_PLACES] < t->probes.count)
		search_probes(k, t, t->first[LOOK_PLACES]);
}

/* Packets all begin at 0, and what is first of a stream. */
static void search(const struct search *k, const struct fixed_table *t, size_t old, bool at_once)
{
	if (k->origin || old)
		search_part(k, t, old);
	else if (t->looks && at_once)
		search_with_look(k, t);
	else
		search_probes(k, t, 0);
}

void scan_fixed_search_plain(const struct block_header *b, uint32_t table, struct bytes data,
			     uint64_t origin, size_t old, fixed_found_fn found, void *ctx)
{
	search(&(struct search){ b, data, origin, found, ctx }, block_at(b, table), old, false);
}

void scan_fixed_search(const struct block_header *b, uint32_t table, struct bytes data,
		       uint64_t origin, size_t old, fixed_found_fn found, void *ctx)
{
	search(&(struct search){ b, data, origin, found, ctx }, block_at(b, table), old,
	       wide_here());
}
