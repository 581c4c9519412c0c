/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/scan_look.h"

#include "engine/detect/scan_fixed.h"
#include "engine/detect/wide_lanes.h"

#define GROUPS 8u

struct group {
	double chance[LOOK_PAIRS]; /* that a pair of a text is one of the group's */
	unsigned places;
};

struct builder {
	struct wide_pairs pairs;
	struct group group[GROUPS];
	struct scan_look *look;
};

/* --- to build ---------------------------------------------------------------------------------------- */

static unsigned pairs_of(const struct fixed_literal *l)
{
	return l->len > LOOK_PAIRS ? LOOK_PAIRS : l->len - 1u;
}

static uint8_t hash_at(const struct builder *b, const struct fixed_literal *l, unsigned pair)
{
	return wide_pairs_hash(&b->pairs, l->data + pair) % LOOK_HASHES;
}

static double passing(const struct group *g)
{
	double product = g->places;

	for (unsigned i = 0; i < LOOK_PAIRS; i++)
		product *= g->chance[i];
	return product;
}

/* One literal more in a group. */
static struct group with(const struct builder *b, unsigned number, const struct fixed_literal *l)
{
	struct group g = b->group[number];

	for (unsigned i = 0; i < LOOK_PAIRS; i++) {
		if (i >= pairs_of(l))
			g.chance[i] = 1;
		else if (!(b->look->table[i][hash_at(b, l, i)] >> number & 1))
			g.chance[i] += b->pairs.chance[hash_at(b, l, i)];
	}
	g.places += !(b->look->groups[l->place] >> number & 1);
	return g;
}

static void join(struct builder *b, unsigned number, const struct fixed_literal *l)
{
	uint8_t bit = (uint8_t)(1u << number);

	b->group[number] = with(b, number, l);
	b->look->groups[l->place] |= bit;
	for (unsigned i = 0; i < LOOK_PAIRS; i++) {
		if (i < pairs_of(l)) {
			b->look->table[i][hash_at(b, l, i)] |= bit;
			continue;
		}
		for (unsigned k = 0; k < LOOK_HASHES; k++)
			b->look->table[i][k] |= bit;
	}
}

/* Of the groups from first to end the one with which the fewest places pass. */
static unsigned best_group(const struct builder *b, const struct fixed_literal *l, unsigned first,
			   unsigned end)
{
	unsigned best = first;
	double least = 0;

	for (unsigned g = first; g < end; g++) {
		struct group joined = with(b, g, l);
		double more = passing(&joined) - passing(&b->group[g]);

		if (g == first || more < least) {
			least = more;
			best = g;
		}
	}
	return best;
}

/* A literal of few bytes leaves pairs of its group open, so those keep to themselves. */
static const struct {
	unsigned shortest, longest, groups;
} kinds[] = {
	{ 1, 2, 1 },
	{ 3, LOOK_PAIRS, 1 },
	{ LOOK_PAIRS + 1, FIXED_BYTES, GROUPS - 2 },
};

void scan_look_build(const struct fixed_literal *l, size_t n, struct scan_look *out)
{
	struct builder b = { .look = out };
	unsigned first = 0;

	*out = (struct scan_look){ .groups = { 0 } };
	wide_pairs_learn(&b.pairs);
	for (unsigned i = LOOK_HASHES; i < 256; i++)
		b.pairs.chance[i % LOOK_HASHES] += b.pairs.chance[i];
	for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		unsigned end = first + kinds[k].groups;

		for (size_t i = 0; i < n; i++) {
			if (l[i].place < LOOK_PLACES && l[i].len >= kinds[k].shortest &&
			    l[i].len <= kinds[k].longest)
				join(&b, best_group(&b, &l[i], first, end), &l[i]);
		}
		first = end;
	}
}

/* --- to look ----------------------------------------------------------------------------------------- */

#ifdef __x86_64__
WIDE uint64_t scan_look_places(const struct scan_look *look, struct bytes text)
{
	__m512i groups = _mm512_loadu_si512(look->groups);
	bool all = text.len >= WIDE_LANES + LOOK_PAIRS;
	__m512i at = wide_bytes_at(text.data, text.len, all);
	uint64_t places;

#pragma GCC unroll 4
	for (unsigned i = 0; i < LOOK_PAIRS; i++) {
		size_t left = text.len > i + 1 ? text.len - i - 1 : 0;
		__m512i next = wide_bytes_at(text.data + i + 1, left, all);
		/* Of a hash this takes the low seven bits. */
		__m512i there =
			_mm512_permutex2var_epi8(_mm512_loadu_si512(look->table[i]),
						 wide_pair_hashes(at, next),
						 _mm512_loadu_si512(look->table[i] + WIDE_LANES));

		groups = _mm512_and_si512(groups, there);
		at = next;
	}
	places = _mm512_test_epi8_mask(groups, groups);
	return text.len < LOOK_PLACES ? places & ((1ull << text.len) - 1) : places;
}
#else
uint64_t scan_look_places(const struct scan_look *look, struct bytes text)
{
	(void)look;
	return text.len < LOOK_PLACES ? (1ull << text.len) - 1 : UINT64_MAX;
}
#endif
