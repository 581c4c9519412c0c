/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/wide.h"

#include <string.h>

#include "engine/base/ascii.h"
#include "engine/base/stage.h"
#include "engine/detect/wide_lanes.h"

bool wide_here(void)
{
#ifdef __x86_64__
	return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
	       __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("gfni") &&
	       __builtin_cpu_supports("popcnt");
#else
	return false;
#endif
}

static bool lies_within(const struct wide_base *b, uint32_t offset, uint64_t bytes)
{
	return offset % WIDE_ALIGN == 0 && offset <= b->size && bytes <= b->size - offset;
}

static bool entries_are_whole(const struct wide_base *b, const struct wide_index *x)
{
	const uint8_t *base = (const uint8_t *)b;
	const uint32_t *table = (const uint32_t *)(base + x->table);
	const struct wide_entry *e = (const struct wide_entry *)(base + x->entries);
	uint32_t values = 1u << (32 - x->table_shift);

	for (uint32_t i = 0; i <= values; i++) {
		if (table[i] > x->entry_count || (i && table[i] < table[i - 1]))
			return false;
	}
	for (uint32_t i = 0; i < x->entry_count; i++) {
		if (e[i].number >= b->literal_count || e[i].bytes < b->bytes ||
		    e[i].bytes > b->size || e[i].len > b->size - e[i].bytes)
			return false;
	}
	return true;
}

bool wide_is_one(const void *base, size_t len)
{
	uint32_t magic = 0;

	memcpy(&magic, base, len < sizeof(magic) ? len : sizeof(magic));
	return magic == WIDE_MAGIC;
}

bool wide_is_whole(const void *base, size_t len)
{
	const struct wide_base *b = base;

	if (len < sizeof(*b) || b->magic != WIDE_MAGIC || b->size != len || b->bytes > b->size ||
	    !lies_within(b, b->groups, sizeof(struct wide_groups)))
		return false;
	for (unsigned i = 0; i < WIDE_INDICES; i++) {
		const struct wide_index *x = &b->index[i];

		if (x->filter_shift < 1 || x->filter_shift > 27 || x->table_shift < 1 ||
		    x->table_shift > 31 ||
		    !lies_within(b, x->filter, (1ull << (32 - x->filter_shift)) / 8) ||
		    !lies_within(b, x->table, 4 * ((1ull << (32 - x->table_shift)) + 1)) ||
		    !lies_within(b, x->entries,
				 x->entry_count * (uint64_t)sizeof(struct wide_entry)) ||
		    !entries_are_whole(b, x))
			return false;
	}
	return true;
}

uint32_t wide_literals(const void *base)
{
	const struct wide_base *b = base;

	return b->literal_count;
}

/* --- to search ---------------------------------------------------------------------------------------- */

/* So many places are looked at before those that pass are looked up. */
#define CHUNK 4096u

struct search {
	const struct wide_base *b;
	struct found *work;
	struct bytes text;
	wide_found_fn found;
	void *ctx;
	/* By index the key of which all has been found; 0 is none, as keys have the case's bits. */
	uint32_t settled[WIDE_INDICES];
};

#define inlined static inline __attribute__((always_inline))

static const void *table_at(const struct wide_base *b, uint32_t offset)
{
	return (const uint8_t *)b + offset;
}

static bool same(const uint8_t *text, const uint8_t *bytes, const struct wide_entry *e)
{
	if (!e->nocase)
		return memcmp(text, bytes, e->len) == 0;
	for (unsigned i = 0; i < e->len; i++) {
		if (ascii_lower(text[i]) != bytes[i])
			return false;
	}
	return true;
}

/* Whether it has been found, then or now. */
static bool compare(const struct search *s, const struct wide_entry *e, size_t window)
{
	size_t at = window - e->before;

	if (s->work->last[e->number] == s->work->stamp)
		return true;
	if (window < e->before || e->len > s->text.len - at ||
	    !same(s->text.data + at, table_at(s->b, e->bytes), e))
		return false;
	s->work->last[e->number] = s->work->stamp;
	s->found(e->number, 0, at + e->len, 0, s->ctx);
	return true;
}

/* What begins with this key there.  False: some of it has not been found yet. */
static bool look_up(const struct search *s, const struct wide_index *x, uint32_t key, size_t at)
{
	const uint32_t *table =
		(const uint32_t *)table_at(s->b, x->table) + (wide_hash(key) >> x->table_shift);
	const struct wide_entry *entries = table_at(s->b, x->entries);
	bool all = true;

	for (uint32_t i = table[0]; i < table[1]; i++) {
		if (entries[i].key == key)
			all &= compare(s, &entries[i], at);
	}
	return all;
}

/* 0 or 1. */
inlined unsigned passes(const uint32_t *filter, uint32_t shift, uint32_t key)
{
	uint32_t bit = wide_hash(key) >> shift;

	return filter[bit / 32] >> bit % 32 & 1;
}

static uint32_t key_at(const struct search *s, unsigned index, size_t at)
{
	return index == WIDE_BRIEF ? wide_brief_key_at(s->text.data + at)
				   : wide_key_at(s->text.data + at);
}

/* Places from which a key can be read. */
static size_t places_of(struct bytes text, unsigned index)
{
	size_t key = index == WIDE_BRIEF ? WIDE_BRIEF_MIN : WIDE_KEY;

	return text.len < key ? 0 : text.len - key + 1;
}

/* --- one place after the other ------------------------------------------------------------------------ */

static uint8_t byte_at(struct bytes text, size_t at)
{
	return at < text.len ? text.data[at] : 0;
}

static uint8_t groups_at(const struct wide_groups *all, struct bytes text, size_t at)
{
	uint8_t groups = 0xff;

	for (unsigned i = 0; i < WIDE_PAIRS; i++)
		groups &= all->table[i][wide_pair_hash(byte_at(text, at + i),
						       byte_at(text, at + i + 1))];
	return groups;
}

void wide_search_plain(const void *base, struct found *w, struct bytes text, wide_found_fn found,
		       void *ctx)
{
	const struct wide_base *b = base;
	struct search s = { .b = b, .work = w, .text = text, .found = found, .ctx = ctx };
	const struct wide_groups *all = table_at(b, b->groups);

	found_begin(w);
	for (size_t at = 0; at < places_of(text, WIDE_BRIEF); at++) {
		uint8_t groups = groups_at(all, text, at);

		if (groups && at < places_of(text, WIDE_WHOLE_KEY))
			look_up(&s, &b->index[WIDE_WHOLE_KEY], key_at(&s, WIDE_WHOLE_KEY, at), at);
		if (groups)
			look_up(&s, &b->index[WIDE_BRIEF], key_at(&s, WIDE_BRIEF, at), at);
	}
}

/* --- 64 places at once -------------------------------------------------------------------------------- */

#ifdef __x86_64__
static const uint8_t lanes[WIDE_LANES] __attribute__((aligned(WIDE_ALIGN))) = {
	0,  1,	2,  3,	4,  5,	6,  7,	8,  9,	10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
	22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
	44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
};

WIDE_INLINE __m512i groups_of_block(const __m512i table[WIDE_PAIRS][4], const uint8_t *p,
				    size_t left, bool all)
{
	__m512i groups = _mm512_set1_epi8(-1), at = wide_bytes_at(p, left, all);

#pragma GCC unroll 8
	for (unsigned i = 0; i < WIDE_PAIRS; i++) {
		__m512i next = wide_bytes_at(p + i + 1, left > i + 1 ? left - i - 1 : 0, all);
		__m512i hash = wide_pair_hashes(at, next);
		__m512i low = _mm512_permutex2var_epi8(table[i][0], hash, table[i][1]);
		__m512i high = _mm512_permutex2var_epi8(table[i][2], hash, table[i][3]);

		groups = _mm512_and_si512(groups,
					  _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(hash),
							       high));
		at = next;
	}
	return groups;
}

/*
 * Deep in a run of one byte all places are alike, so one is enough: of a block within a run none are left but those from
 * which a literal would reach back to what is before it.
 */
static uint64_t without_alike(const struct search *s, size_t block, uint64_t places)
{
	const uint8_t *text = s->text.data + block;
	size_t before = s->b->before + 1, behind = s->b->behind + WIDE_LANES;

	if (s->text.len - block < behind || memcmp(text, text + 1, behind - 1) != 0)
		return places;
	if (block < before || memcmp(text - before, text, before) != 0)
		return places & ((1ull << before) - 1);
	return 0;
}

/* Puts the places of a block at the end of a list, and up to WIDE_LANES behind them that are none. */
WIDE_INLINE void put_places(uint16_t *at, size_t block, uint64_t places, bool many)
{
	const __m512i numbers = _mm512_maskz_compress_epi8(places, _mm512_load_si512(lanes));
	const __m512i base = _mm512_set1_epi16((short)block);

	_mm512_storeu_si512(at, _mm512_add_epi16(base, _mm512_cvtepu8_epi16(
							       _mm512_castsi512_si256(numbers))));
	if (many)
		_mm512_storeu_si512(
			at + WIDE_LANES / 2,
			_mm512_add_epi16(base, _mm512_cvtepu8_epi16(
						       _mm512_extracti64x4_epi64(numbers, 1))));
}

/* The places of a chunk that pass, as a list. */
static WIDE __attribute__((noinline)) unsigned list_places(const struct search *s, size_t from,
							   uint16_t *at)
{
	const struct wide_groups *all = table_at(s->b, s->b->groups);
	size_t places = places_of(s->text, WIDE_BRIEF) - from;
	struct bytes text = bytes_slice(s->text, from, SIZE_MAX);
	__m512i table[WIDE_PAIRS][4];
	unsigned count = 0;

	for (unsigned i = 0; i < WIDE_PAIRS; i++) {
		for (unsigned k = 0; k < 4; k++)
			table[i][k] = _mm512_load_si512(&all->table[i][WIDE_LANES * k]);
	}
	places = places < CHUNK ? places : CHUNK;
	for (size_t i = 0; i < places; i += WIDE_LANES) {
		size_t left = text.len - i;
		__m512i groups = left >= WIDE_LANES + WIDE_PAIRS
					 ? groups_of_block(table, text.data + i, left, true)
					 : groups_of_block(table, text.data + i, left, false);
		uint64_t m = _mm512_test_epi8_mask(groups, groups);
		bool many;

		if (places - i < WIDE_LANES)
			m &= (1ull << (places - i)) - 1;
		many = (uint64_t)_mm_popcnt_u64(m) > WIDE_LANES / 2;
		if (__builtin_expect(many, 0))
			m = without_alike(s, from + i, m);
		put_places(at + count, i, m, many);
		count += (unsigned)_mm_popcnt_u64(m);
	}
	return count;
}

/* Those of them where a key passes its filter, without asking the processor to guess. */
WIDE_INLINE unsigned filter_places(const struct search *s, size_t from, uint16_t *at,
				   unsigned count)
{
	const struct wide_index *x = s->b->index;
	const uint32_t *whole = table_at(s->b, x[WIDE_WHOLE_KEY].filter);
	const uint32_t *brief = table_at(s->b, x[WIDE_BRIEF].filter);
	uint32_t whole_shift = x[WIDE_WHOLE_KEY].filter_shift;
	uint32_t brief_shift = x[WIDE_BRIEF].filter_shift;
	size_t last = s->text.len - WIDE_KEY;
	unsigned left = 0;

	for (unsigned i = 0; i < count; i++) {
		size_t place = from + at[i];
		/* Where there is no whole key another one stands for it: what passes is looked at again. */
		uint32_t key = wide_key_at(s->text.data + (place < last ? place : last));

		at[left] = at[i];
		left += passes(whole, whole_shift, key) |
			passes(brief, brief_shift, key_at(s, WIDE_BRIEF, place));
	}
	return left;
}

static void look_up_once(struct search *s, unsigned index, size_t at)
{
	uint32_t key;

	if (at >= places_of(s->text, index))
		return;
	key = key_at(s, index, at);
	if (key != s->settled[index] && look_up(s, &s->b->index[index], key, at))
		s->settled[index] = key;
}

static WIDE void search_chunk(struct search *s, size_t from)
{
	uint16_t at[CHUNK + WIDE_LANES];
	unsigned count = list_places(s, from, at);

	count = filter_places(s, from, at, count);
	for (unsigned i = 0; i < count; i++) {
		look_up_once(s, WIDE_WHOLE_KEY, from + at[i]);
		if (s->b->index[WIDE_BRIEF].entry_count)
			look_up_once(s, WIDE_BRIEF, from + at[i]);
	}
}

static void search(struct search *s)
{
	for (size_t from = 0; from < places_of(s->text, WIDE_BRIEF); from += CHUNK)
		search_chunk(s, from);
}
#endif

void wide_search(const void *base, struct found *w, struct bytes text, wide_found_fn found,
		 void *ctx)
{
	enum stage before = stage_enter(STAGE_PREFILTER);

#ifdef __x86_64__
	if (wide_here() && text.len >= WIDE_KEY) {
		struct search s = {
			.b = base, .work = w, .text = text, .found = found, .ctx = ctx
		};

		found_begin(w);
		search(&s);
		stage_enter(before);
		return;
	}
#endif
	wide_search_plain(base, w, text, found, ctx);
	stage_enter(before);
}
