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
/*
 * A filter has so many bits for each gram, and fits a processor's first cache.  Short texts find it far from the processor,
 * where less is more.
 */
static const unsigned filter_bits_of[] = { [GRAM_TEXT_LONG] = 32, [GRAM_TEXT_SHORT] = 16 };
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
		literal; /* where it is, then six bits of where in it the gram stands, and six of the word */
	uint32_t word; /* four bytes of it, case folded */
	uint32_t number;
};
#define PLACE_BITS 6
#define PLACE_MASK ((1u << PLACE_BITS) - 1)
#define NO_WORD PLACE_MASK /* it is shorter */
static_assert(GRAM_LITERAL_MAX <= PLACE_MASK, "a place in a literal is six bits");

struct literal {
	uint16_t len;
	uint16_t nocase; /* bytes are in lower case */
	uint8_t bytes[];
};
#define LITERAL_UNIT 4u /* bytes, in which it is told where literals are */
#define LITERALS_ROOM ((1u << (32 - 2 * PLACE_BITS)) * LITERAL_UNIT)

struct base {
	uint32_t size;
	uint32_t literal_count;
	uint32_t literals; /* struct literal, one behind the other */
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
	enum gram_text text;
	struct shape shape;
	struct chain *chain;
	size_t chains; /* a power of two */
	struct entry *made;
	size_t count;
	uint8_t *literals;
	uint32_t literals_len;
	uint32_t numbers;
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
static struct entry entry_of(const struct builder *b, const struct hs_literal *l, unsigned at)
{
	unsigned behind = l->len - at - b->shape.gram, place = 0;
	struct entry e = { .hash = hash_at(l->data + at, b->shape.gram), .number = b->numbers };

	if (l->len < 4)
		place = NO_WORD;
	else if (behind > at)
		place = l->len - 4u;
	e.literal = b->literals_len / LITERAL_UNIT << 2 * PLACE_BITS | at << PLACE_BITS | place;
	if (place != NO_WORD)
		e.word = word_at(l->data + place);
	return e;
}

static uint32_t literal_room(const struct hs_literal *l)
{
	return (uint32_t)(sizeof(struct literal) + l->len + LITERAL_UNIT - 1) / LITERAL_UNIT *
	       LITERAL_UNIT;
}

static void keep_literal(struct builder *b, const struct hs_literal *l)
{
	struct literal *to = (struct literal *)(b->literals + b->literals_len);

	*to = (struct literal){ .len = l->len, .nocase = l->nocase };
	for (unsigned i = 0; i < l->len; i++)
		to->bytes[i] = l->nocase ? lower(l->data[i]) : l->data[i];
	b->literals_len += literal_room(l);
	b->numbers++;
}

/* Enter a literal by its rarest window, as the next number.  False: it has none. */
static bool enter(struct builder *b, const struct hs_literal *l)
{
	unsigned window = b->shape.stride + b->shape.gram - 1u, best = 0, best_at = 0;

	if (l->len < window || l->len > GRAM_LITERAL_MAX ||
	    b->literals_len + literal_room(l) > LITERALS_ROOM)
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
		b->made[b->count++] = entry_of(b, l, at);
	}
	keep_literal(b, l);
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

	while (words < FILTER_WORDS_MAX && words * 32 < b->count * filter_bits_of[b->text])
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

static bool put_literals(const struct builder *b, uint8_t **out, size_t *len)
{
	uint32_t at;
	uint8_t *to = grow(out, len, b->literals_len, &at);
	struct base *base = (struct base *)*out;

	if (!to)
		return false;
	if (b->literals_len)
		memcpy(to, b->literals, b->literals_len);
	base->literals = at;
	base->literal_count = b->numbers;
	return true;
}

/* A tier of all that have no number yet. */
static bool build_tier(struct builder *b, const struct hs_literal *l, size_t count,
		       uint32_t *number, uint8_t **out, size_t *len)
{
	struct tier tier;
	struct base *base;

	b->count = 0;
	memset(b->chain, 0, b->chains * sizeof(*b->chain));
	for (size_t i = 0; i < count; i++) {
		if (number[i] == GRAM_LEFT && enter(b, &l[i]))
			number[i] = b->numbers - 1;
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
	struct builder b = { .text = text, .chains = 1ull << bits_for(2 * STRIDE_MAX * count + 2) };
	uint8_t *data = malloc(1);
	size_t room = 0;
	uint32_t at;
	bool ok;

	*out = NULL;
	*len = 0;
	for (size_t i = 0; i < count; i++) {
		number[i] = GRAM_LEFT;
		room += literal_room(&literals[i]);
	}
	b.chain = malloc(b.chains * sizeof(*b.chain));
	b.made = calloc(STRIDE_MAX * count + 1, sizeof(*b.made));
	b.literals = calloc(1, room + 1);
	ok = b.chain && b.made && b.literals && data && grow(&data, len, sizeof(struct base), &at);
	for (unsigned i = 0; ok && i < TIERS && shapes[text][i].stride; i++) {
		b.shape = shapes[text][i];
		if (b.shape.stride > 1 || count - b.numbers > GRAM_FEW)
			ok = build_tier(&b, literals, count, number, &data, len);
	}
	ok = ok && put_literals(&b, &data, len);
	if (ok && b.numbers) {
		((struct base *)data)->size = (uint32_t)*len;
		*out = data;
		data = NULL;
	}
	free(b.chain);
	free(b.made);
	free(b.literals);
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

/*
 * Tables are far from the processor when they are needed.  So what passes the filter is gathered, and looked up together:
 * each step asks for what the next one reads.
 */
#define PASSES 32
#define LIKELY 32

/* A place of the text that passed. */
struct pass {
	const struct tier *tier;
	const struct entry *entry, *end;
	size_t at;
	uint32_t hash;
};

/* A literal that stands there, but for some of its bytes. */
struct likely {
	const struct entry *entry;
	size_t at; /* where it begins */
};

struct search {
	const uint8_t *base;
	const uint8_t *literals;
	struct gram_work *work;
	struct bytes text;
	gram_found_fn found;
	void *ctx;
	unsigned passes, likelies;
	struct pass pass[PASSES];
	struct likely likely[LIKELY];
};

static bool same(const uint8_t *text, const struct literal *l)
{
	if (!l->nocase)
		return memcmp(text, l->bytes, l->len) == 0;
	for (unsigned i = 0; i < l->len; i++) {
		if (lower(text[i]) != l->bytes[i])
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

static const struct literal *literal_of(const struct search *s, const struct entry *e)
{
	return (const struct literal *)(s->literals +
					(size_t)(e->literal >> 2 * PLACE_BITS) * LITERAL_UNIT);
}

static void compare(const struct search *s, const struct entry *e, size_t at)
{
	const struct literal *l = literal_of(s, e);
	uint32_t *found = &s->work->found[e->number];

	if (*found == s->work->stamp || at > s->text.len || l->len > s->text.len - at ||
	    !same(s->text.data + at, l))
		return;
	*found = s->work->stamp;
	s->found(s->ctx, e->number);
}

static void compare_all(struct search *s)
{
	for (unsigned i = 0; i < s->likelies; i++)
		compare(s, s->likely[i].entry, s->likely[i].at);
	s->likelies = 0;
}

static void find_likely(struct search *s, const struct pass *p)
{
	for (const struct entry *e = p->entry; e < p->end; e++) {
		if (e->hash != p->hash || !word_fits(s, e, p->at))
			continue;
		if (s->likelies == LIKELY)
			compare_all(s);
		__builtin_prefetch(literal_of(s, e));
		__builtin_prefetch(&s->work->found[e->number]);
		s->likely[s->likelies++] =
			(struct likely){ e, p->at - (e->literal >> PLACE_BITS & PLACE_MASK) };
	}
}

static __attribute__((noinline)) void look_up(struct search *s)
{
	for (unsigned i = 0; i < s->passes; i++) {
		struct pass *p = &s->pass[i];
		const struct entry *entries = (const struct entry *)(s->base + p->tier->entries);
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
static void pass(struct search *s, const struct tier *t, uint32_t hash, size_t at)
{
	if (s->passes == PASSES)
		look_up(s);
	__builtin_prefetch((const uint32_t *)(s->base + t->table) + (hash >> t->table_shift));
	s->pass[s->passes++] = (struct pass){ .tier = t, .at = at, .hash = hash };
}

#define inlined static inline __attribute__((always_inline))

/* Bytes that a look at BLOCK places may read. */
#define BLOCK 32
#define BLOCK_READS (BLOCK + GRAM_MAX)

/* Look at the places of whole blocks of data, which lies at this place of the text.  Returns how many bytes they are. */
typedef size_t (*blocks_fn)(struct search *s, const struct tier *t, const uint8_t *data, size_t len,
			    size_t at);

inlined size_t blocks(struct search *s, const struct tier *t, const uint8_t *data, size_t len,
		      size_t at, unsigned stride)
{
	const uint32_t *filter = (const uint32_t *)(s->base + t->filter);
	size_t i = 0;

	for (; i + BLOCK_READS <= len; i += BLOCK) {
		for (size_t k = i; k < i + BLOCK; k += stride) {
			uint32_t hash = hash_at(data + k, t->gram), bits = filter_bits(hash);

			if ((filter[hash >> t->filter_shift] & bits) == bits)
				pass(s, t, hash, at + k);
		}
	}
	return i;
}

static size_t blocks_plain(struct search *s, const struct tier *t, const uint8_t *data, size_t len,
			   size_t at)
{
	return blocks(s, t, data, len, at, t->stride);
}

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))

/* Of eight places four bytes apart those that pass the filter, a bit each. */
inlined AVX2 unsigned passing(const int *filter, __m128i shift, __m256i head, __m256i tail)
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

static AVX2 __attribute__((noinline)) void pass_at(struct search *s, const struct tier *t,
						   const uint8_t *data, size_t at, unsigned places)
{
	for (; places; places &= places - 1) {
		unsigned k = 4 * (unsigned)__builtin_ctz(places);

		pass(s, t, hash_at(data + k, t->gram), at + k);
	}
}

inlined AVX2 size_t blocks_wide(struct search *s, const struct tier *t, const uint8_t *data,
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
			unsigned places =
				passing(filter, shift, _mm256_and_si256(head, mask), tail);

			if (__builtin_expect(places != 0, 0))
				pass_at(s, t, data + k, at + k, places);
		}
	}
	return i;
}

static AVX2 size_t blocks_avx2(struct search *s, const struct tier *t, const uint8_t *data,
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
static void run(struct search *s, const struct tier *t, blocks_fn whole_blocks)
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
	begin(w);
	for (uint32_t i = 0; i < b->tiers; i++)
		run(&s, &b->tier[i], whole_blocks);
	look_up(&s);
	compare_all(&s);
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
