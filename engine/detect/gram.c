/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/gram.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "engine/base/stage.h"
#include "engine/detect/common.h"
#include "engine/detect/pattern.h"

#define TIERS 4
/* Case is folded roughly, by one bit of every byte; the comparison is exact. */
#define FOLD 0x20202020u
/* A filter has so many bits for each gram, and fits a processor's first cache. */
#define FILTER_BITS 32u
#define FILTER_WORDS_MIN 64u
#define FILTER_WORDS_MAX 8192u
#define GRAM_MAX 8
#define STRIDE_MAX 4

struct shape {
	uint8_t stride, gram; /* bytes; 0: no such */
};

static const struct shape shapes[2][TIERS] = {
	[GRAM_TEXT_LONG] = { { 4, 8 } },
	[GRAM_TEXT_SHORT] = { { 4, 8 }, { 2, 5 }, { 1, 3 }, { 1, 1 } },
};

/* Literals that are looked for with one stride.  Offsets count from the base. */
struct tier {
	uint32_t stride, gram;
	uint32_t filter; /* uint32_t: words, each with three bits of each of its grams */
	uint32_t filter_shift; /* of the hash, to the word's number */
	uint32_t table; /* uint32_t: where the entries of each hash begin, and the end */
	uint32_t table_shift;
	uint32_t entries; /* struct entry, by hash */
	uint32_t entry_count;
};

/* With what tells most of the others apart, so that their literals need not be fetched. */
struct entry {
	uint32_t hash;
	uint32_t
		literal; /* its number, then six bits of where in it the gram stands, and six of the word */
	uint32_t word; /* four bytes of it, case folded */
};
#define PLACE_BITS 6
#define PLACE_MASK ((1u << PLACE_BITS) - 1)
#define NO_WORD PLACE_MASK /* it is shorter */
static_assert(GRAM_LITERAL_MAX <= PLACE_MASK, "a place in a literal is six bits");

struct literal {
	uint32_t bytes;
	uint16_t len;
	uint16_t nocase; /* bytes are in lower case */
};

struct base {
	uint32_t size;
	uint32_t literal_count;
	uint32_t literals; /* struct literal */
	uint32_t tiers;
	struct tier tier[TIERS];
};

/* A gram is two words: its first four bytes, and its last four.  Of a shorter one there is one word, cut. */
static uint32_t hash_of(uint32_t head, uint32_t tail)
{
	uint32_t h = (head | FOLD) * 0x9e3779b1u + (tail | FOLD) * 0x85ebca6bu;

	return h ^ h >> 15;
}

static uint32_t head_mask(unsigned gram)
{
	return gram >= 4 ? UINT32_MAX : (1u << 8 * gram) - 1;
}

static uint32_t word_at(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, 4);
	return word | FOLD;
}

static uint32_t hash_at(const uint8_t *p, unsigned gram)
{
	uint32_t head = 0, tail = 0;

	memcpy(&head, p, gram < 4 ? gram : 4);
	if (gram > 4)
		memcpy(&tail, p + gram - 4, 4);
	return hash_of(head, tail);
}

static uint32_t filter_bits(uint32_t hash)
{
	return 1u << (hash >> 14 & 31) | 1u << (hash >> 9 & 31) | 1u << (hash >> 4 & 31);
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* --- to build ---------------------------------------------------------------------------------------- */

/* How often a gram was entered. */
struct chain {
	uint64_t gram;
	uint32_t count;
};

struct builder {
	struct shape shape;
	struct chain *chain;
	size_t chains; /* a power of two */
	struct entry *made;
	size_t count;
};

static uint64_t gram_at(const struct builder *b, const uint8_t *p)
{
	uint64_t gram = 0;

	for (unsigned i = 0; i < b->shape.gram; i++)
		gram = gram << 8 | (p[i] | (FOLD & 0xff));
	return gram;
}

static struct chain *chain_of(const struct builder *b, uint64_t gram)
{
	size_t i = (gram * 0x9e3779b97f4a7c15u) >> 32 & (b->chains - 1);

	while (b->chain[i].count && b->chain[i].gram != gram)
		i = (i + 1) & (b->chains - 1);
	b->chain[i].gram = gram;
	return &b->chain[i];
}

/* Half bits of the least rare gram of a window; 0: some gram is another's too often. */
static unsigned window_worth(const struct builder *b, const struct hs_literal *l, unsigned at)
{
	unsigned worth = UINT32_MAX;

	for (unsigned i = at; i < at + b->shape.stride; i++) {
		struct bytes gram = bytes_of(l->data + i, b->shape.gram);
		unsigned rarity = common_text(gram) ? 1 : 2 + pattern_rarity(gram, true);
		/* A window may have the same gram several times. */
		uint32_t count = chain_of(b, gram_at(b, l->data + i))->count;

		for (unsigned k = at; k < i; k++)
			count += gram_at(b, l->data + k) == gram_at(b, l->data + i);
		if (count >= GRAM_CHAIN_MAX)
			return 0;
		worth = rarity < worth ? rarity : worth;
	}
	return worth;
}

/* The word is where the literal reaches farthest from the gram. */
static struct entry entry_of(const struct builder *b, const struct hs_literal *l, uint32_t number,
			     unsigned at)
{
	unsigned behind = l->len - at - b->shape.gram, place = 0;
	struct entry e = { .hash = hash_at(l->data + at, b->shape.gram) };

	if (l->len < 4)
		place = NO_WORD;
	else if (behind > at)
		place = l->len - 4u;
	e.literal = number << 2 * PLACE_BITS | at << PLACE_BITS | place;
	if (place != NO_WORD)
		e.word = word_at(l->data + place);
	return e;
}

/* Enter a literal by its rarest window, as that number.  False: it has none. */
static bool enter(struct builder *b, const struct hs_literal *l, uint32_t number)
{
	unsigned window = b->shape.stride + b->shape.gram - 1u, best = 0, best_at = 0;

	if (l->len < window || l->len > GRAM_LITERAL_MAX)
		return false;
	for (unsigned at = 0; at + window <= l->len; at++) {
		unsigned worth = window_worth(b, l, at);

		if (worth > best) {
			best = worth;
			best_at = at;
		}
	}
	if (!best)
		return false;
	for (unsigned at = best_at; at < best_at + b->shape.stride; at++) {
		chain_of(b, gram_at(b, l->data + at))->count++;
		b->made[b->count++] = entry_of(b, l, number, at);
	}
	return true;
}

static int by_hash(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->literal < y->literal ? -1 : x->literal > y->literal;
}

static unsigned bits_for(size_t n)
{
	unsigned bits = 0;

	while ((1ull << bits) < n)
		bits++;
	return bits;
}

static void *grow(uint8_t **out, size_t *len, size_t more, uint32_t *offset)
{
	size_t size = (more + 7) & ~(size_t)7;
	uint8_t *data = *out ? realloc(*out, *len + size) : NULL;

	if (!data)
		return NULL;
	memset(data + *len, 0, size);
	*out = data;
	*offset = (uint32_t)*len;
	*len += size;
	return data + *offset;
}

/* What was made becomes a tier. */
static bool put_tier(struct builder *b, uint8_t **out, size_t *len, struct tier *t)
{
	size_t words = FILTER_WORDS_MIN;
	unsigned table_bits = bits_for(b->count) ? bits_for(b->count) : 1;
	uint32_t *filter, *table;
	struct entry *entry;

	while (words < FILTER_WORDS_MAX && words * 32 < b->count * FILTER_BITS)
		words *= 2;
	*t = (struct tier){
		.stride = b->shape.stride,
		.gram = b->shape.gram,
		.filter_shift = 32 - bits_for(words),
		.table_shift = 32 - table_bits,
		.entry_count = (uint32_t)b->count,
	};
	qsort(b->made, b->count, sizeof(*b->made), by_hash);
	filter = grow(out, len, words * sizeof(*filter), &t->filter);
	for (size_t i = 0; filter && i < b->count; i++)
		filter[b->made[i].hash >> t->filter_shift] |= filter_bits(b->made[i].hash);
	table = filter ? grow(out, len, ((1ull << table_bits) + 1) * sizeof(*table), &t->table)
		       : NULL;
	for (size_t i = 0; table && i < b->count; i++)
		table[(b->made[i].hash >> t->table_shift) + 1]++;
	for (size_t i = 0; table && i < 1ull << table_bits; i++)
		table[i + 1] += table[i];
	entry = table ? grow(out, len, b->count * sizeof(*entry), &t->entries) : NULL;
	for (size_t i = 0; entry && i < b->count; i++)
		entry[i] = b->made[i];
	return entry != NULL;
}

static bool put_literals(const struct hs_literal *l, size_t count, const uint32_t *number,
			 uint32_t numbers, uint8_t **out, size_t *len)
{
	uint32_t at, bytes_at;
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += number[i] == GRAM_LEFT ? 0 : l[i].len;
	if (!grow(out, len, numbers * sizeof(struct literal), &at) ||
	    !grow(out, len, sum, &bytes_at))
		return false;
	((struct base *)*out)->literals = at;
	((struct base *)*out)->literal_count = numbers;
	for (size_t i = 0; i < count; i++) {
		if (number[i] == GRAM_LEFT)
			continue;
		((struct literal *)(*out + at))[number[i]] =
			(struct literal){ bytes_at, l[i].len, l[i].nocase };
		for (unsigned k = 0; k < l[i].len; k++)
			(*out)[bytes_at++] = l[i].nocase ? lower(l[i].data[k]) : l[i].data[k];
	}
	return true;
}

/* A tier of all that have no number yet. */
static bool build_tier(struct builder *b, const struct hs_literal *l, size_t count,
		       uint32_t *number, uint32_t *numbers, uint8_t **out, size_t *len)
{
	struct tier tier;
	struct base *base;

	b->count = 0;
	memset(b->chain, 0, b->chains * sizeof(*b->chain));
	for (size_t i = 0; i < count; i++) {
		if (number[i] == GRAM_LEFT && enter(b, &l[i], *numbers))
			number[i] = (*numbers)++;
	}
	if (!b->count)
		return true;
	if (!put_tier(b, out, len, &tier))
		return false;
	base = (struct base *)*out;
	base->tier[base->tiers++] = tier;
	return true;
}

int gram_build(const struct hs_literal *literals, size_t count, enum gram_text text,
	       uint32_t *number, void **out, size_t *len)
{
	struct builder b = { .chains = 1ull << bits_for(2 * STRIDE_MAX * count + 2) };
	uint8_t *data = malloc(1);
	uint32_t numbers = 0, at;
	bool ok;

	*out = NULL;
	*len = 0;
	for (size_t i = 0; i < count; i++)
		number[i] = GRAM_LEFT;
	b.chain = malloc(b.chains * sizeof(*b.chain));
	b.made = calloc(STRIDE_MAX * count + 1, sizeof(*b.made));
	ok = b.chain && b.made && data && grow(&data, len, sizeof(struct base), &at);
	for (unsigned i = 0; ok && i < TIERS && shapes[text][i].stride; i++) {
		b.shape = shapes[text][i];
		if (b.shape.stride > 1 || count - numbers > GRAM_FEW)
			ok = build_tier(&b, literals, count, number, &numbers, &data, len);
	}
	ok = ok && put_literals(literals, count, number, numbers, &data, len);
	if (ok && numbers) {
		((struct base *)data)->size = (uint32_t)*len;
		*out = data;
		data = NULL;
	}
	free(b.chain);
	free(b.made);
	free(data);
	return ok ? 0 : -ENOMEM;
}

static bool lies_within(const struct base *b, uint32_t offset, uint64_t bytes)
{
	return offset <= b->size && bytes <= b->size - offset;
}

bool gram_is_whole(const void *base, size_t len)
{
	const struct base *b = base;

	if (len < sizeof(*b) || b->size != len || b->tiers > TIERS ||
	    !lies_within(b, b->literals, b->literal_count * sizeof(struct literal)))
		return false;
	for (uint32_t i = 0; i < b->tiers; i++) {
		const struct tier *t = &b->tier[i];

		if (!t->stride || t->stride > STRIDE_MAX || !t->gram || t->gram > GRAM_MAX ||
		    t->filter_shift > 31 || t->table_shift > 31 ||
		    !lies_within(b, t->filter, 4ull << (32 - t->filter_shift)) ||
		    !lies_within(b, t->table, 4ull << (32 - t->table_shift)) ||
		    !lies_within(b, t->entries, t->entry_count * sizeof(struct entry)))
			return false;
	}
	return true;
}

uint32_t gram_literals(const void *base)
{
	const struct base *b = base;

	return b->literal_count;
}

/* --- to search --------------------------------------------------------------------------------------- */

struct gram_work {
	uint32_t stamp, literals;
	uint32_t found[]; /* by literal: the stamp of the search that found it last */
};

int gram_work_new(uint32_t literals, struct gram_work **out)
{
	*out = calloc(1, sizeof(**out) + literals * sizeof((*out)->found[0]));
	if (!*out)
		return -ENOMEM;
	(*out)->literals = literals;
	return 0;
}

void gram_work_free(struct gram_work *w)
{
	free(w);
}

struct search {
	const uint8_t *base;
	const struct literal *literals;
	struct gram_work *work;
	struct bytes text;
	gram_found_fn found;
	void *ctx;
};

static bool same(const uint8_t *text, const uint8_t *bytes, const struct literal *l)
{
	if (!l->nocase)
		return memcmp(text, bytes, l->len) == 0;
	for (unsigned i = 0; i < l->len; i++) {
		if (lower(text[i]) != bytes[i])
			return false;
	}
	return true;
}

static bool word_fits(const struct search *s, const struct entry *e, size_t at)
{
	unsigned before = e->literal >> PLACE_BITS & PLACE_MASK, place = e->literal & PLACE_MASK;

	if (at < before)
		return false;
	at += place - (size_t)before;
	return place == NO_WORD || (at + 4 <= s->text.len && word_at(s->text.data + at) == e->word);
}

static void compare(const struct search *s, const struct entry *e, size_t at)
{
	uint32_t number = e->literal >> 2 * PLACE_BITS;
	const struct literal *l = &s->literals[number];
	uint32_t *found = &s->work->found[number];

	at -= e->literal >> PLACE_BITS & PLACE_MASK;
	if (*found == s->work->stamp || at > s->text.len || l->len > s->text.len - at ||
	    !same(s->text.data + at, s->base + l->bytes, l))
		return;
	*found = s->work->stamp;
	s->found(s->ctx, number);
}

/* A gram stands here, or what the filter takes for one. */
static __attribute__((noinline)) void look(const struct search *s, const struct tier *t,
					   uint32_t hash, size_t at)
{
	const uint32_t *table = (const uint32_t *)(s->base + t->table) + (hash >> t->table_shift);
	const struct entry *e = (const struct entry *)(s->base + t->entries);

	for (uint32_t i = table[0]; i < table[1]; i++) {
		if (e[i].hash == hash && word_fits(s, &e[i], at))
			compare(s, &e[i], at);
	}
}

#define inlined static inline __attribute__((always_inline))

/* Bytes that a look at BLOCK places may read. */
#define BLOCK 32
#define BLOCK_READS (BLOCK + GRAM_MAX)

/* Look at the places of whole blocks of data, which lies at this place of the text.  Returns how many bytes they are. */
typedef size_t (*blocks_fn)(const struct search *s, const struct tier *t, const uint8_t *data,
			    size_t len, size_t at);

inlined size_t blocks(const struct search *s, const struct tier *t, const uint8_t *data, size_t len,
		      size_t at, unsigned stride)
{
	const uint32_t *filter = (const uint32_t *)(s->base + t->filter);
	size_t i = 0;

	for (; i + BLOCK_READS <= len; i += BLOCK) {
		for (size_t k = i; k < i + BLOCK; k += stride) {
			uint32_t hash = hash_at(data + k, t->gram), bits = filter_bits(hash);

			if ((filter[hash >> t->filter_shift] & bits) == bits)
				look(s, t, hash, at + k);
		}
	}
	return i;
}

static size_t blocks_plain(const struct search *s, const struct tier *t, const uint8_t *data,
			   size_t len, size_t at)
{
	return blocks(s, t, data, len, at, t->stride);
}

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))

/* Of eight places four bytes apart those that pass the filter, a bit each. */
inlined AVX2 unsigned pass(const int *filter, __m128i shift, __m256i head, __m256i tail)
{
	const __m256i fold = _mm256_set1_epi32((int)FOLD), low = _mm256_set1_epi32(31);
	__m256i h = _mm256_add_epi32(_mm256_mullo_epi32(_mm256_or_si256(head, fold),
							_mm256_set1_epi32((int)0x9e3779b1)),
				     _mm256_mullo_epi32(_mm256_or_si256(tail, fold),
							_mm256_set1_epi32((int)0x85ebca6b)));
	__m256i word, bit, other;

	h = _mm256_xor_si256(h, _mm256_srli_epi32(h, 15));
	word = _mm256_i32gather_epi32(filter, _mm256_srl_epi32(h, shift), 4);
	bit = _mm256_srlv_epi32(word, _mm256_and_si256(_mm256_srli_epi32(h, 14), low));
	other = _mm256_srlv_epi32(word, _mm256_and_si256(_mm256_srli_epi32(h, 9), low));
	bit = _mm256_and_si256(bit, other);
	other = _mm256_srlv_epi32(word, _mm256_and_si256(_mm256_srli_epi32(h, 4), low));
	bit = _mm256_slli_epi32(_mm256_and_si256(bit, other), 31);
	return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(bit));
}

static AVX2 __attribute__((noinline)) void look_at(const struct search *s, const struct tier *t,
						   const uint8_t *data, size_t at, unsigned places)
{
	for (; places; places &= places - 1) {
		unsigned k = 4 * (unsigned)__builtin_ctz(places);

		look(s, t, hash_at(data + k, t->gram), at + k);
	}
}

inlined AVX2 size_t blocks_wide(const struct search *s, const struct tier *t, const uint8_t *data,
				size_t len, size_t at, unsigned stride, bool is_long)
{
	const int *filter = (const int *)(s->base + t->filter);
	const __m128i shift = _mm_cvtsi32_si128((int)t->filter_shift);
	const __m256i mask = _mm256_set1_epi32((int)head_mask(t->gram));
	const size_t behind = is_long ? t->gram - 4 : 0;
	size_t i = 0;

	for (; i + BLOCK_READS <= len; i += BLOCK) {
		for (size_t k = i; k < i + 4; k += stride) {
			__m256i head = _mm256_loadu_si256((const __m256i *)(data + k));
			__m256i tail =
				is_long ? _mm256_loadu_si256((const __m256i *)(data + k + behind))
					: _mm256_setzero_si256();
			unsigned places = pass(filter, shift, _mm256_and_si256(head, mask), tail);

			if (__builtin_expect(places != 0, 0))
				look_at(s, t, data + k, at + k, places);
		}
	}
	return i;
}

static AVX2 size_t blocks_avx2(const struct search *s, const struct tier *t, const uint8_t *data,
			       size_t len, size_t at)
{
	bool is_long = t->gram > 4;

	switch (t->stride) {
	case 4:
		return is_long ? blocks_wide(s, t, data, len, at, 4, true)
			       : blocks_wide(s, t, data, len, at, 4, false);
	case 2:
		return is_long ? blocks_wide(s, t, data, len, at, 2, true)
			       : blocks_wide(s, t, data, len, at, 2, false);
	default:
		return blocks_wide(s, t, data, len, at, 1, false);
	}
}
#endif

/* What is behind whole blocks is copied to where more may be read: what begins there and reaches beyond is no match. */
static void run(const struct search *s, const struct tier *t, blocks_fn whole_blocks)
{
	uint8_t last[2 * BLOCK_READS + BLOCK] = { 0 };
	size_t done = whole_blocks(s, t, s->text.data, s->text.len, 0);
	size_t left = s->text.len - done;

	if (left < t->gram)
		return;
	memcpy(last, s->text.data + done, left);
	whole_blocks(s, t, last, left <= BLOCK ? BLOCK_READS : BLOCK_READS + BLOCK, done);
}

static void begin(struct gram_work *w)
{
	if (++w->stamp == 0) {
		memset(w->found, 0, w->literals * sizeof(w->found[0]));
		w->stamp = 1;
	}
}

static void search(const void *base, struct gram_work *w, struct bytes text, gram_found_fn found,
		   void *ctx, blocks_fn whole_blocks)
{
	enum stage before = stage_enter(STAGE_PREFILTER);
	const struct base *b = base;
	struct search s = {
		.base = base,
		.literals = (const struct literal *)((const uint8_t *)base + b->literals),
		.work = w,
		.text = text,
		.found = found,
		.ctx = ctx,
	};

	begin(w);
	for (uint32_t i = 0; i < b->tiers; i++)
		run(&s, &b->tier[i], whole_blocks);
	stage_enter(before);
}

void gram_search_plain(const void *base, struct gram_work *w, struct bytes text,
		       gram_found_fn found, void *ctx)
{
	search(base, w, text, found, ctx, blocks_plain);
}

void gram_search(const void *base, struct gram_work *w, struct bytes text, gram_found_fn found,
		 void *ctx)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2")) {
		search(base, w, text, found, ctx, blocks_avx2);
		return;
	}
#endif
	gram_search_plain(base, w, text, found, ctx);
}
