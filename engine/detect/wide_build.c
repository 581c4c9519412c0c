/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/ascii.h"
#include "engine/detect/hs.h"
#include "engine/detect/pattern.h"
#include "engine/detect/wide_table.h"

/* Literals shorter than a window have a group, or two. */
#define ONE_GROUP_SERVES 10
/* An index' filter has so many bits for each literal. */
#define FILTER_BITS 32u
#define FILTER_BITS_MIN 4096u

/* Texts have runs of one byte, mostly of zeros (or spaces, which are the same to the hash), more than their pairs tell. */
#define RUN_CHANCE 0.2

struct group {
	double chance[WIDE_PAIRS]; /* that a pair of a text is one of the group's */
	unsigned runs; /* pairs that take two zeros, a bit each */
};

/* Which groups the literals of one kind may join. */
struct range {
	unsigned first, end;
};

/* How often a key was entered. */
struct chain {
	uint32_t key, count;
};

struct placed {
	uint8_t window; /* where in the literal it begins */
	bool brief;
};

struct builder {
	const struct hs_literal *literal;
	size_t count;
	struct wide_pairs pairs;
	struct wide_groups groups;
	struct group group[WIDE_GROUPS];
	struct placed *placed;
	struct chain *chain;
	size_t chains; /* a power of two */
};

/* --- the groups -------------------------------------------------------------------------------------- */

static unsigned hash_at(const struct builder *b, const struct hs_literal *l, unsigned at)
{
	return wide_pairs_hash(&b->pairs, l->data + at);
}

/* Half bits of rarity say how often a pair of bytes is seen. */
void wide_pairs_learn(struct wide_pairs *p)
{
	double often[80], sum = 0;

	*p = (struct wide_pairs){ .chance = { 0 } };
	for (unsigned i = 0; i < 80; i++)
		often[i] = (i & 1 ? 0.70710678 : 1.0) / (double)(1ull << i / 2);
	for (unsigned i = 0; i < 256; i++)
		p->first[i] = wide_times(WIDE_FIRST, (uint8_t)i);
	for (unsigned i = 0; i < 256; i++) {
		for (unsigned k = 0; k < 256; k++) {
			double one = often[pattern_pairs[i][k] - '0'];

			p->chance[p->first[i] ^ (k & WIDE_SECOND)] += one;
			sum += one;
		}
	}
	for (unsigned i = 0; i < 256; i++)
		p->chance[i] /= sum;
}

static bool has(const struct builder *b, unsigned group, unsigned pair, unsigned hash)
{
	return b->groups.table[pair][hash] >> group & 1;
}

static unsigned pairs_of(const struct hs_literal *l)
{
	return l->len > WIDE_PAIRS ? WIDE_PAIRS : l->len - 1u;
}

static double passing(const struct group *g)
{
	double product = 1;

	for (unsigned i = 0; i < WIDE_PAIRS; i++)
		product *= g->chance[i];
	return product + (g->runs == (1u << WIDE_PAIRS) - 1 ? RUN_CHANCE : 0);
}

/* One literal more in a group, by a window of it. */
static void add_chances(const struct builder *b, unsigned group, const struct hs_literal *l,
			unsigned window, struct group *g)
{
	unsigned pairs = pairs_of(l);

	for (unsigned i = 0; i < WIDE_PAIRS; i++) {
		unsigned hash = i < pairs ? hash_at(b, l, window + i) : 0;

		if (i >= pairs)
			g->chance[i] = 1;
		else if (!has(b, group, i, hash))
			g->chance[i] += b->pairs.chance[hash];
		g->runs |= (hash == 0) << i;
	}
}

static double passing_with(const struct builder *b, unsigned group, const struct hs_literal *l,
			   unsigned window)
{
	struct group g = b->group[group];

	add_chances(b, group, l, window, &g);
	return passing(&g);
}

static void join(struct builder *b, unsigned group, const struct hs_literal *l, unsigned window)
{
	uint8_t bit = (uint8_t)(1u << group);
	unsigned pairs = pairs_of(l);

	add_chances(b, group, l, window, &b->group[group]);
	for (unsigned i = 0; i < WIDE_PAIRS; i++) {
		if (i < pairs) {
			b->groups.table[i][hash_at(b, l, window + i)] |= bit;
			continue;
		}
		for (unsigned k = 0; k < 256; k++)
			b->groups.table[i][k] |= bit;
	}
}

/* --- which literal goes where ------------------------------------------------------------------------- */

static bool is_brief(const struct hs_literal *l)
{
	return l->len < WIDE_KEY;
}

static uint32_t key_of(const struct hs_literal *l, unsigned window)
{
	return is_brief(l) ? wide_brief_key_at(l->data) : wide_key_at(l->data + window);
}

static uint32_t *times_entered(struct builder *b, const struct hs_literal *l, unsigned window)
{
	/* Keys of two bytes are no keys of four: those have the case's bit in each byte. */
	uint32_t key = key_of(l, window);
	size_t i = wide_hash(key) >> 16 & (b->chains - 1);

	while (b->chain[i].count && b->chain[i].key != key)
		i = (i + 1) & (b->chains - 1);
	b->chain[i].key = key;
	return &b->chain[i].count;
}

/* The group and the window with which the fewest places pass.  False: each key is of too many others. */
static bool place(struct builder *b, size_t number, struct range groups)
{
	const struct hs_literal *l = &b->literal[number];
	unsigned windows = l->len > WIDE_WINDOW ? l->len - WIDE_WINDOW + 1 : 1;
	unsigned best_group = 0, best_window = 0;
	double best = 2;

	for (unsigned w = 0; w < windows; w++) {
		if (*times_entered(b, l, w) >= WIDE_CHAIN_MAX)
			continue;
		for (unsigned g = groups.first; g < groups.end; g++) {
			double more = passing_with(b, g, l, w) - passing(&b->group[g]);

			if (more < best) {
				best = more;
				best_group = g;
				best_window = w;
			}
		}
	}
	if (best > 1)
		return false;
	++*times_entered(b, l, best_window);
	join(b, best_group, l, best_window);
	b->placed[number] = (struct placed){ (uint8_t)best_window, is_brief(l) };
	return true;
}

static bool place_those_of(struct builder *b, unsigned shortest, unsigned longest,
			   struct range groups)
{
	for (size_t i = 0; i < b->count; i++) {
		const struct hs_literal *l = &b->literal[i];

		if (l->len >= shortest && l->len <= longest && !place(b, i, groups))
			return false;
	}
	return true;
}

static size_t count_those_of(const struct builder *b, unsigned shortest, unsigned longest)
{
	size_t count = 0;

	for (size_t i = 0; i < b->count; i++)
		count += b->literal[i].len >= shortest && b->literal[i].len <= longest;
	return count;
}

/* Literals by length: so many bytes and at most so many, in so many groups. */
struct kind {
	unsigned shortest, longest;
	size_t per_group; /* 0: all groups that are left */
};

/*
 * A short literal leaves pairs of its group open, so literals shorter than a window keep to those of their own length.
 */
static const struct kind kinds[] = {
	{ WIDE_BRIEF_MIN, WIDE_BRIEF_MIN, SIZE_MAX },
	{ WIDE_BRIEF_MIN + 1, WIDE_KEY - 1, SIZE_MAX },
	{ WIDE_KEY, WIDE_WINDOW - 1, ONE_GROUP_SERVES },
	{ WIDE_WINDOW, WIDE_LITERAL_MAX, 0 },
};

static bool place_all(struct builder *b, double *passed)
{
	struct range groups = { 0, 0 };

	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *k = &kinds[i];
		size_t count = count_those_of(b, k->shortest, k->longest);

		groups.first = groups.end;
		if (!k->per_group)
			groups.end = WIDE_GROUPS;
		else
			groups.end = groups.first + (count > k->per_group ? 2 : count != 0);
		if (!place_those_of(b, k->shortest, k->longest, groups))
			return false;
	}
	*passed = 0;
	for (unsigned i = 0; i < WIDE_GROUPS; i++)
		*passed += passing(&b->group[i]);
	return true;
}

/* --- as one block ------------------------------------------------------------------------------------- */

struct out {
	uint8_t *data;
	size_t len;
};

/* Room behind what there is; the offset is told. */
static uint32_t reserve(struct out *o, size_t bytes)
{
	size_t at = (o->len + WIDE_ALIGN - 1) / WIDE_ALIGN * WIDE_ALIGN;

	o->len = at + bytes;
	return (uint32_t)at;
}

static unsigned log2_of(size_t n)
{
	unsigned bits = 0;

	while ((size_t)1 << bits < n)
		bits++;
	return bits;
}

static size_t count_in(const struct builder *b, bool brief)
{
	size_t count = 0;

	for (size_t i = 0; i < b->count; i++)
		count += b->placed[i].brief == brief;
	return count;
}

static void shape_index(struct out *o, struct wide_index *x, size_t count)
{
	unsigned filter = log2_of(count * FILTER_BITS < FILTER_BITS_MIN ? FILTER_BITS_MIN
									: count * FILTER_BITS);
	unsigned table = log2_of(2 * count + 2);

	*x = (struct wide_index){
		.filter = reserve(o, ((size_t)1 << filter) / 8),
		.filter_shift = 32 - filter,
		.table = reserve(o, (((size_t)1 << table) + 1) * sizeof(uint32_t)),
		.table_shift = 32 - table,
		.entries = reserve(o, count * sizeof(struct wide_entry)),
		.entry_count = (uint32_t)count,
	};
}

/* Entries in the order of their hashes, as the table says where those of each begin. */
static void fill_index(const struct builder *b, struct out *o, const struct wide_index *x,
		       bool brief, const uint32_t *bytes)
{
	uint32_t *filter = (uint32_t *)(o->data + x->filter);
	uint32_t *table = (uint32_t *)(o->data + x->table);
	struct wide_entry *entry = (struct wide_entry *)(o->data + x->entries);
	uint32_t values = 1u << (32 - x->table_shift), begin = 0;

	for (size_t i = 0; i < b->count; i++) {
		uint32_t hash = wide_hash(key_of(&b->literal[i], b->placed[i].window));
		uint32_t bit = hash >> x->filter_shift;

		if (b->placed[i].brief != brief)
			continue;
		filter[bit / 32] |= 1u << bit % 32;
		table[hash >> x->table_shift]++;
	}
	for (uint32_t i = 0; i <= values; i++) {
		uint32_t n = table[i];

		table[i] = begin;
		begin += n;
	}
	for (size_t i = 0; i < b->count; i++) {
		const struct hs_literal *l = &b->literal[i];
		uint32_t key = key_of(l, b->placed[i].window);
		uint32_t at = table[wide_hash(key) >> x->table_shift];

		if (b->placed[i].brief != brief)
			continue;
		while (entry[at].len)
			at++;
		entry[at] = (struct wide_entry){
			.key = key,
			.bytes = bytes[i],
			.number = (uint32_t)i,
			.before = b->placed[i].window,
			.len = (uint8_t)l->len,
			.nocase = l->nocase,
		};
	}
}

static void fill_bytes(const struct hs_literal *l, uint8_t *to)
{
	for (unsigned i = 0; i < l->len; i++)
		to[i] = l->nocase ? ascii_lower(l->data[i]) : l->data[i];
}

static int lay_out(const struct builder *b, void **out, size_t *len)
{
	struct wide_base base = { .magic = WIDE_MAGIC, .literal_count = (uint32_t)b->count };
	uint32_t *bytes = calloc(b->count + 1, sizeof(*bytes));
	struct out o = { .len = sizeof(base) };

	if (!bytes)
		return -ENOMEM;
	base.groups = reserve(&o, sizeof(b->groups));
	for (unsigned i = 0; i < WIDE_INDICES; i++)
		shape_index(&o, &base.index[i], count_in(b, i == WIDE_BRIEF));
	base.bytes = reserve(&o, 0);
	for (size_t i = 0; i < b->count; i++) {
		uint32_t before = b->placed[i].window, behind = b->literal[i].len - before;

		bytes[i] = (uint32_t)o.len;
		o.len += b->literal[i].len;
		base.before = before > base.before ? before : base.before;
		base.behind = behind > base.behind ? behind : base.behind;
	}
	reserve(&o, 0);
	base.size = (uint32_t)o.len;
	o.data = aligned_alloc(WIDE_ALIGN, (o.len + WIDE_ALIGN - 1) / WIDE_ALIGN * WIDE_ALIGN);
	if (o.data) {
		memset(o.data, 0, o.len);
		memcpy(o.data, &base, sizeof(base));
		memcpy(o.data + base.groups, &b->groups, sizeof(b->groups));
		for (unsigned i = 0; i < WIDE_INDICES; i++)
			fill_index(b, &o, &base.index[i], i == WIDE_BRIEF, bytes);
		for (size_t i = 0; i < b->count; i++)
			fill_bytes(&b->literal[i], o.data + bytes[i]);
		*out = o.data;
		*len = o.len;
	}
	free(bytes);
	return o.data ? 0 : -ENOMEM;
}

static int builder_init(struct builder *b, const struct hs_literal *literals, size_t count)
{
	*b = (struct builder){ .literal = literals, .count = count };
	b->chains = (size_t)1 << (log2_of(count) + 1);
	b->placed = calloc(count, sizeof(*b->placed));
	b->chain = calloc(b->chains, sizeof(*b->chain));
	return b->placed && b->chain ? 0 : -ENOMEM;
}

static void builder_fini(struct builder *b)
{
	free(b->placed);
	free(b->chain);
}

int wide_build(const struct hs_literal *literals, size_t count, void **out, size_t *len,
	       double *passed)
{
	struct builder b;
	int err;

	*out = NULL;
	*len = 0;
	for (size_t i = 0; i < count; i++) {
		if (literals[i].len < WIDE_BRIEF_MIN || literals[i].len > WIDE_LITERAL_MAX)
			return 0;
	}
	if (!count)
		return 0;
	err = builder_init(&b, literals, count);
	if (!err) {
		wide_pairs_learn(&b.pairs);
		if (place_all(&b, passed))
			err = lay_out(&b, out, len);
	}
	builder_fini(&b);
	return err;
}
