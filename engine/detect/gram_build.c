/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/common.h"
#include "engine/detect/gram_table.h"
#include "engine/detect/pattern.h"

/*
 * A filter has so many bits for each gram, and fits a processor's first cache.  Short texts find it far from the processor,
 * where less is more.
 */
static const unsigned filter_bits_of[] = {
	[GRAM_TEXT_LONG] = 32, [GRAM_TEXT_SHORT] = 16, [GRAM_TEXT_PAYLOAD] = 16
};
#define FILTER_WORDS_MIN 64u
static const unsigned filter_words_max[] = {
	[GRAM_TEXT_LONG] = 8192, [GRAM_TEXT_SHORT] = 8192, [GRAM_TEXT_PAYLOAD] = 131072
};
#define LITERALS_ROOM ((1u << (32 - 2 * GRAM_PLACE_BITS)) * GRAM_LITERAL_UNIT)

struct shape {
	uint8_t stride, gram; /* bytes; 0: no such */
};

static const struct shape shapes[][GRAM_TIERS] = {
	[GRAM_TEXT_LONG] = { { 4, 8 } },
	[GRAM_TEXT_SHORT] = { { 4, 8 }, { 2, 5 }, { 1, 3 }, { 1, 1 } },
	[GRAM_TEXT_PAYLOAD] = { { 4, 8 }, { 2, 5 } },
};

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
	struct gram_entry *made;
	size_t count;
	uint8_t *literals;
	uint32_t literals_len;
	uint32_t numbers;
};

static uint64_t gram_at(const struct builder *b, const uint8_t *p)
{
	uint64_t gram = 0;

	for (unsigned i = 0; i < b->shape.gram; i++)
		gram = gram << 8 | (p[i] | (GRAM_FOLD & 0xff));
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
static struct gram_entry entry_of(const struct builder *b, const struct hs_literal *l, unsigned at)
{
	unsigned behind = l->len - at - b->shape.gram, place = 0;
	struct gram_entry e = { .hash = gram_hash_at(l->data + at, b->shape.gram),
				.number = b->numbers };

	if (l->len < 4)
		place = GRAM_NO_WORD;
	else if (behind > at)
		place = l->len - 4u;
	e.literal = b->literals_len / GRAM_LITERAL_UNIT << 2 * GRAM_PLACE_BITS |
		    at << GRAM_PLACE_BITS | place;
	if (place != GRAM_NO_WORD)
		e.word = gram_word_at(l->data + place);
	return e;
}

static uint32_t literal_room(const struct hs_literal *l)
{
	return (uint32_t)(sizeof(struct gram_literal) + l->len + GRAM_LITERAL_UNIT - 1) /
	       GRAM_LITERAL_UNIT * GRAM_LITERAL_UNIT;
}

static void keep_literal(struct builder *b, const struct hs_literal *l)
{
	struct gram_literal *to = (struct gram_literal *)(b->literals + b->literals_len);

	*to = (struct gram_literal){ .len = l->len, .nocase = l->nocase };
	for (unsigned i = 0; i < l->len; i++)
		to->bytes[i] = l->nocase ? gram_lower(l->data[i]) : l->data[i];
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
	const struct gram_entry *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	/* Of the places of one literal, in a run of equal bytes, the one that begins first. */
	return x->literal > y->literal ? -1 : x->literal < y->literal;
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
static bool put_tier(struct builder *b, uint8_t **out, size_t *len, struct gram_tier *t)
{
	size_t words = FILTER_WORDS_MIN;
	unsigned table_bits = bits_for(b->count) ? bits_for(b->count) : 1;
	uint32_t *filter, *table;
	struct gram_entry *entry;

	while (words < filter_words_max[b->text] && words * 32 < b->count * filter_bits_of[b->text])
		words *= 2;
	*t = (struct gram_tier){
		.stride = b->shape.stride,
		.gram = b->shape.gram,
		.filter_shift = 32 - bits_for(words),
		.table_shift = 32 - table_bits,
		.entry_count = (uint32_t)b->count,
	};
	qsort(b->made, b->count, sizeof(*b->made), by_hash);
	filter = grow(out, len, words * sizeof(*filter), &t->filter);
	for (size_t i = 0; filter && i < b->count; i++)
		filter[b->made[i].hash >> t->filter_shift] |= gram_filter_bits(b->made[i].hash);
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
	struct gram_base *base = (struct gram_base *)*out;

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
	struct gram_tier tier;
	struct gram_base *base;

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
	base = (struct gram_base *)*out;
	base->tier[base->tiers++] = tier;
	return true;
}

int gram_build(const struct hs_literal *literals, size_t count, enum gram_text text,
	       uint32_t *number, void **out, size_t *len)
{
	struct builder b = { .text = text,
			     .chains = 1ull << bits_for(2 * GRAM_STRIDE_MAX * count + 2) };
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
	b.made = calloc(GRAM_STRIDE_MAX * count + 1, sizeof(*b.made));
	b.literals = calloc(1, room + 1);
	ok = b.chain && b.made && b.literals && data &&
	     grow(&data, len, sizeof(struct gram_base), &at);
	for (unsigned i = 0; ok && i < GRAM_TIERS && shapes[text][i].stride; i++) {
		b.shape = shapes[text][i];
		if (b.shape.stride > 1 || count - b.numbers > GRAM_FEW)
			ok = build_tier(&b, literals, count, number, &data, len);
	}
	ok = ok && put_literals(&b, &data, len);
	if (ok && b.numbers) {
		((struct gram_base *)data)->size = (uint32_t)*len;
		*out = data;
		data = NULL;
	}
	free(b.chain);
	free(b.made);
	free(b.literals);
	free(data);
	return ok ? 0 : -ENOMEM;
}
