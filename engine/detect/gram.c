/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/gram.h"

#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "engine/base/stage.h"
#include "engine/detect/gram_table.h"

static bool lies_within(const struct gram_base *b, uint32_t offset, uint64_t bytes)
{
	return offset <= b->size && bytes <= b->size - offset;
}

bool gram_is_whole(const void *base, size_t len)
{
	const struct gram_base *b = base;

	if (len < sizeof(*b) || b->size != len || b->tiers > GRAM_TIERS ||
	    !lies_within(b, b->literals, b->literal_count * sizeof(struct gram_literal)))
		return false;
	for (uint32_t i = 0; i < b->tiers; i++) {
		const struct gram_tier *t = &b->tier[i];

		if (!t->stride || t->stride > GRAM_STRIDE_MAX || !t->gram ||
		    t->gram > GRAM_BYTES_MAX || t->filter_shift > 31 || t->table_shift > 31 ||
		    !lies_within(b, t->filter, 4ull << (32 - t->filter_shift)) ||
		    !lies_within(b, t->table, 4ull << (32 - t->table_shift)) ||
		    !lies_within(b, t->entries, t->entry_count * sizeof(struct gram_entry)))
			return false;
	}
	return true;
}

uint32_t gram_literals(const void *base)
{
	const struct gram_base *b = base;

	return b->literal_count;
}

/* --- to search --------------------------------------------------------------------------------------- */

/*
 * Tables are far from the processor when they are needed.  So what passes the filter is gathered, and looked up together:
 * each step asks for what the next one reads.
 */
#define PASSES 32
#define LIKELY 32

/* A place of the text that passed. */
struct pass {
	const struct gram_tier *tier;
	const struct gram_entry *entry, *end;
	size_t at;
	uint32_t hash;
};

/* A literal that stands there, but for some of its bytes. */
struct likely {
	const struct gram_entry *entry;
	size_t at; /* where it begins */
};

struct search {
	const uint8_t *base;
	const uint8_t *literals;
	struct found *work;
	struct bytes text;
	hs_found_fn found;
	void *ctx;
	unsigned passes, likelies;
	struct pass pass[PASSES];
	struct likely likely[LIKELY];
};

static bool same(const uint8_t *text, const struct gram_literal *l)
{
	if (!l->nocase)
		return memcmp(text, l->bytes, l->len) == 0;
	for (unsigned i = 0; i < l->len; i++) {
		if (gram_lower(text[i]) != l->bytes[i])
			return false;
	}
	return true;
}

static bool word_fits(const struct search *s, const struct gram_entry *e, size_t at)
{
	unsigned before = e->literal >> GRAM_PLACE_BITS & GRAM_PLACE_MASK,
		 place = e->literal & GRAM_PLACE_MASK;

	if (at < before)
		return false;
	at += place - (size_t)before;
	return place == GRAM_NO_WORD ||
	       (at + 4 <= s->text.len && gram_word_at(s->text.data + at) == e->word);
}

static const struct gram_literal *literal_of(const struct search *s, const struct gram_entry *e)
{
	return (const struct gram_literal *)(s->literals +
					     (size_t)(e->literal >> 2 * GRAM_PLACE_BITS) *
						     GRAM_LITERAL_UNIT);
}

static void compare(const struct search *s, const struct gram_entry *e, size_t at)
{
	const struct gram_literal *l = literal_of(s, e);
	uint32_t *found = &s->work->last[e->number];

	if (*found == s->work->stamp || at > s->text.len || l->len > s->text.len - at ||
	    !same(s->text.data + at, l))
		return;
	*found = s->work->stamp;
	s->found(e->number, 0, at + l->len, 0, s->ctx);
}

static void compare_all(struct search *s)
{
	for (unsigned i = 0; i < s->likelies; i++)
		compare(s, s->likely[i].entry, s->likely[i].at);
	s->likelies = 0;
}

static void find_likely(struct search *s, const struct pass *p)
{
	for (const struct gram_entry *e = p->entry; e < p->end; e++) {
		if (e->hash != p->hash || !word_fits(s, e, p->at))
			continue;
		if (s->likelies == LIKELY)
			compare_all(s);
		__builtin_prefetch(literal_of(s, e));
		__builtin_prefetch(&s->work->last[e->number]);
		s->likely[s->likelies++] = (struct likely){
			e, p->at - (e->literal >> GRAM_PLACE_BITS & GRAM_PLACE_MASK)
		};
	}
}

static __attribute__((noinline)) void look_up(struct search *s)
{
	for (unsigned i = 0; i < s->passes; i++) {
		struct pass *p = &s->pass[i];
		const struct gram_entry *entries =
			(const struct gram_entry *)(s->base + p->tier->entries);
		const uint32_t *table = (const uint32_t *)(s->base + p->tier->table) +
					(p->hash >> p->tier->table_shift);

		p->entry = entries + table[0];
		p->end = entries + table[1];
		__builtin_prefetch(p->entry);
	}
	for (unsigned i = 0; i < s->passes; i++)
		find_likely(s, &s->pass[i]);
	s->passes = 0;
}

/* A gram stands here, or what the filter takes for one. */
static void pass(struct search *s, const struct gram_tier *t, uint32_t hash, size_t at)
{
	if (s->passes == PASSES)
		look_up(s);
	__builtin_prefetch((const uint32_t *)(s->base + t->table) + (hash >> t->table_shift));
	s->pass[s->passes++] = (struct pass){ .tier = t, .at = at, .hash = hash };
}

#define inlined static inline __attribute__((always_inline))

/* Bytes that a look at BLOCK places may read. */
#define BLOCK 32
#define BLOCK_READS (BLOCK + GRAM_BYTES_MAX)

/* Look at the places of whole blocks of data, which lies at this place of the text. */
typedef void (*blocks_fn)(struct search *s, const struct gram_tier *t, const uint8_t *data,
			  size_t len, size_t at);

inlined void blocks(struct search *s, const struct gram_tier *t, const uint8_t *data, size_t len,
		    size_t at, unsigned stride)
{
	const uint32_t *filter = (const uint32_t *)(s->base + t->filter);
	for (size_t i = 0; i + BLOCK_READS <= len; i += BLOCK) {
		for (size_t k = i; k < i + BLOCK; k += stride) {
			uint32_t hash = gram_hash_at(data + k, t->gram),
				 bits = gram_filter_bits(hash);

			if ((filter[hash >> t->filter_shift] & bits) == bits)
				pass(s, t, hash, at + k);
		}
	}
}

static void blocks_plain(struct search *s, const struct gram_tier *t, const uint8_t *data,
			 size_t len, size_t at)
{
	blocks(s, t, data, len, at, t->stride);
}

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))

static uint32_t head_mask(unsigned gram)
{
	return gram >= 4 ? UINT32_MAX : (1u << 8 * gram) - 1;
}

/* Four words of the filter.  Loads one by one are quicker than a gather, which some processors make slow on purpose. */
inlined AVX2 __m128i words_at(const uint32_t *filter, __m128i at)
{
	uint64_t low = (uint64_t)_mm_cvtsi128_si64(at), high = (uint64_t)_mm_extract_epi64(at, 1);
	__m128i word = _mm_cvtsi32_si128((int)filter[(uint32_t)low]);

	word = _mm_insert_epi32(word, (int)filter[low >> 32], 1);
	word = _mm_insert_epi32(word, (int)filter[(uint32_t)high], 2);
	return _mm_insert_epi32(word, (int)filter[high >> 32], 3);
}

/* Of eight places four bytes apart those that pass the filter, a bit each. */
inlined AVX2 unsigned passing(const uint32_t *filter, __m128i shift, __m256i head, __m256i tail)
{
	const __m256i fold = _mm256_set1_epi32((int)GRAM_FOLD), low = _mm256_set1_epi32(31);
	__m256i h = _mm256_add_epi32(_mm256_mullo_epi32(_mm256_or_si256(head, fold),
							_mm256_set1_epi32((int)0x9e3779b1)),
				     _mm256_mullo_epi32(_mm256_or_si256(tail, fold),
							_mm256_set1_epi32((int)0x85ebca6b)));
	__m256i at, word, bit, other;

	h = _mm256_xor_si256(h, _mm256_srli_epi32(h, 15));
	at = _mm256_srl_epi32(h, shift);
	word = _mm256_set_m128i(words_at(filter, _mm256_extracti128_si256(at, 1)),
				words_at(filter, _mm256_castsi256_si128(at)));
	bit = _mm256_srlv_epi32(word, _mm256_and_si256(_mm256_srli_epi32(h, 14), low));
	other = _mm256_srlv_epi32(word, _mm256_and_si256(_mm256_srli_epi32(h, 9), low));
	bit = _mm256_and_si256(bit, other);
	other = _mm256_srlv_epi32(word, _mm256_and_si256(_mm256_srli_epi32(h, 4), low));
	bit = _mm256_slli_epi32(_mm256_and_si256(bit, other), 31);
	return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(bit));
}

/* Eight bits four apart. */
inlined uint32_t every_fourth(uint32_t bits)
{
	bits = (bits | bits << 12) & 0x000f000f;
	bits = (bits | bits << 6) & 0x03030303;
	return (bits | bits << 3) & 0x11111111;
}

/* In the order of places. */
static AVX2 __attribute__((noinline)) void pass_at(struct search *s, const struct gram_tier *t,
						   const uint8_t *data, size_t at, uint32_t passed)
{
	uint32_t places = 0;

	for (unsigned k = 0; passed; k++, passed >>= 8)
		places |= every_fourth(passed & 0xff) << k;
	for (; places; places &= places - 1) {
		unsigned k = (unsigned)__builtin_ctz(places);

		pass(s, t, gram_hash_at(data + k, t->gram), at + k);
	}
}

inlined AVX2 void blocks_wide(struct search *s, const struct gram_tier *t, const uint8_t *data,
			      size_t len, size_t at, unsigned stride, bool is_long)
{
	const uint32_t *filter = (const uint32_t *)(s->base + t->filter);
	const __m128i shift = _mm_cvtsi32_si128((int)t->filter_shift);
	const __m256i mask = _mm256_set1_epi32((int)head_mask(t->gram));
	const size_t behind = is_long ? t->gram - 4 : 0;

	for (size_t i = 0; i + BLOCK_READS <= len; i += BLOCK) {
		uint32_t passed = 0; /* eight bits of each k */

#pragma GCC unroll 4
		for (unsigned k = 0; k < 4; k += stride) {
			const uint8_t *p = data + i + k;
			__m256i head = _mm256_loadu_si256((const __m256i *)p);
			__m256i tail = is_long ? _mm256_loadu_si256((const __m256i *)(p + behind))
					       : _mm256_setzero_si256();
			unsigned places =
				passing(filter, shift, _mm256_and_si256(head, mask), tail);

			passed |= places << 8 * k;
		}
		if (__builtin_expect(passed != 0, 0))
			pass_at(s, t, data + i, at + i, passed);
	}
}

static AVX2 void blocks_avx2(struct search *s, const struct gram_tier *t, const uint8_t *data,
			     size_t len, size_t at)
{
	bool is_long = t->gram > 4;

	if (t->stride == 4 && is_long)
		blocks_wide(s, t, data, len, at, 4, true);
	else if (t->stride == 4)
		blocks_wide(s, t, data, len, at, 4, false);
	else if (t->stride == 2 && is_long)
		blocks_wide(s, t, data, len, at, 2, true);
	else if (t->stride == 2)
		blocks_wide(s, t, data, len, at, 2, false);
	else
		blocks_wide(s, t, data, len, at, 1, false);
}
#endif

/* Whole blocks of the text, if there are any; then what is behind them. */
inlined void run(struct search *s, blocks_fn whole_blocks)
{
	const struct gram_base *b = (const struct gram_base *)s->base;
	size_t whole =
		s->text.len < BLOCK_READS ? 0 : (s->text.len - BLOCK_READS) / BLOCK * BLOCK + BLOCK;
	size_t left = s->text.len - whole;
	/* Copied to where more may be read: what begins there and reaches beyond is no match. */
	uint8_t last[BLOCK_READS + BLOCK] = { 0 };

	memcpy(last, s->text.data + whole, left);
	for (uint32_t i = 0; i < b->tiers; i++) {
		const struct gram_tier *t = &b->tier[i];

		if (whole)
			whole_blocks(s, t, s->text.data, s->text.len, 0);
		if (left >= t->gram)
			whole_blocks(s, t, last, left <= BLOCK ? BLOCK_READS : BLOCK_READS + BLOCK,
				     whole);
	}
}

static void search(const void *base, struct found *w, struct bytes text, hs_found_fn found,
		   void *ctx, blocks_fn whole_blocks)
{
	enum stage before = stage_enter(STAGE_PREFILTER);
	const struct gram_base *b = base;
	struct search s;

	/* The arrays in it are long. */
	s.base = base;
	s.literals = (const uint8_t *)base + b->literals;
	s.work = w;
	s.text = text;
	s.found = found;
	s.ctx = ctx;
	s.passes = 0;
	s.likelies = 0;
	found_begin(w);
	run(&s, whole_blocks);
	look_up(&s);
	compare_all(&s);
	stage_enter(before);
}

void gram_search_plain(const void *base, struct found *w, struct bytes text, hs_found_fn found,
		       void *ctx)
{
	search(base, w, text, found, ctx, blocks_plain);
}

void gram_search(const void *base, struct found *w, struct bytes text, hs_found_fn found, void *ctx)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2")) {
		search(base, w, text, found, ctx, blocks_avx2);
		return;
	}
#endif
	gram_search_plain(base, w, text, found, ctx);
}
