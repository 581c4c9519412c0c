/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/home.h"

#include <errno.h>
#include <stdlib.h>

/* So many sets, those that most rules name, may become the home; of equally good ones the first. */
#define CANDIDATES 8

/* A set of addresses, and how many sides of rules it is. */
struct named {
	uint32_t set; /* struct address_block */
	uint32_t uses;
	uint8_t lies; /* bits of enum lies */
};

/* Addresses that a set has. */
enum lies { LIES_INSIDE = 1, LIES_OUTSIDE = 2, LIES_ANYWHERE = LIES_INSIDE | LIES_OUTSIDE };

struct sets {
	struct named *item; /* by set, each once */
	size_t count;
};

/* --- how two sets lie ---------------------------------------------------------------------------- */

/* Both sets are sorted; home[k] is the first range that does not end before a[i]. */
static unsigned v4_lies(const struct range_v4 *a, uint32_t count, const struct range_v4 *home,
			uint32_t homes)
{
	unsigned lies = 0;

	for (uint32_t i = 0, k = 0; i < count; i++) {
		while (k < homes && home[k].high < a[i].low)
			k++;
		if (k == homes || a[i].high < home[k].low)
			lies |= LIES_OUTSIDE;
		else if (a[i].low >= home[k].low && a[i].high <= home[k].high)
			lies |= LIES_INSIDE;
		else
			lies |= LIES_ANYWHERE;
	}
	return lies;
}

static unsigned v6_lies(const struct range_v6 *a, uint32_t count, const struct range_v6 *home,
			uint32_t homes)
{
	unsigned lies = 0;

	for (uint32_t i = 0, k = 0; i < count; i++) {
		while (k < homes && ip_addr_compare(&home[k].high, &a[i].low) < 0)
			k++;
		if (k == homes || ip_addr_compare(&a[i].high, &home[k].low) < 0)
			lies |= LIES_OUTSIDE;
		else if (ip_addr_compare(&a[i].low, &home[k].low) >= 0 &&
			 ip_addr_compare(&a[i].high, &home[k].high) <= 0)
			lies |= LIES_INSIDE;
		else
			lies |= LIES_ANYWHERE;
	}
	return lies;
}

static const struct range_v4 *ranges_v4(const struct address_block *a)
{
	return (const struct range_v4 *)(a + 1);
}

static const struct range_v6 *ranges_v6(const struct address_block *a)
{
	return (const struct range_v6 *)(ranges_v4(a) + a->v4_count);
}

static unsigned lies(const struct address_block *a, const struct address_block *home)
{
	return v4_lies(ranges_v4(a), a->v4_count, ranges_v4(home), home->v4_count) |
	       v6_lies(ranges_v6(a), a->v6_count, ranges_v6(home), home->v6_count);
}

static void set_lies(struct compiler *c, struct sets *s, uint32_t home)
{
	for (size_t i = 0; i < s->count; i++)
		s->item[i].lies = (uint8_t)lies(block_pointer(&c->block, s->item[i].set),
						block_pointer(&c->block, home));
}

/* --- which one ------------------------------------------------------------------------------------ */

static int by_set(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return (x->set > y->set) - (x->set < y->set);
}

static int by_uses(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->uses != y->uses)
		return x->uses > y->uses ? -1 : 1;
	return by_set(a, b);
}

static void gather(struct compiler *c, struct sets *s)
{
	size_t rules = c->head.rules.count, kept = 0;

	s->item = calloc(2 * rules + 1, sizeof(*s->item));
	if (!s->item) {
		c->err = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < rules; i++) {
		if (c->row[i].src)
			s->item[s->count++] = (struct named){ c->row[i].src, 1, 0 };
		if (c->row[i].dst)
			s->item[s->count++] = (struct named){ c->row[i].dst, 1, 0 };
	}
	qsort(s->item, s->count, sizeof(*s->item), by_set);
	for (size_t i = 0; i < s->count; i++) {
		if (kept && s->item[kept - 1].set == s->item[i].set)
			s->item[kept - 1].uses++;
		else
			s->item[kept++] = s->item[i];
	}
	s->count = kept;
}

/* Sides of rules that lie inside, or outside. */
static uint64_t count_lying(const struct sets *s, enum lies where)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		n += s->item[i].lies == where ? s->item[i].uses : 0;
	return n;
}

/*
 * The set from which as many sides as can be lie on one side and as many on the other; nearly all of them lie outside of
 * some single host.  Where fewer than half as many as there are rules lie on either there is none: the others would
 * be searched for in databases of their own for each kind of ends, all nearly the same.
 */
static void choose(struct compiler *c, struct sets *s)
{
	uint64_t best = 0, told = 0;
	uint32_t candidate[CANDIDATES], home = 0;
	size_t candidates = s->count < CANDIDATES ? s->count : CANDIDATES;

	qsort(s->item, s->count, sizeof(*s->item), by_uses);
	for (size_t i = 0; i < candidates; i++)
		candidate[i] = s->item[i].set;
	qsort(s->item, s->count, sizeof(*s->item), by_set);
	for (size_t i = 0; i < candidates; i++) {
		uint64_t inside, outside;

		set_lies(c, s, candidate[i]);
		inside = count_lying(s, LIES_INSIDE);
		outside = count_lying(s, LIES_OUTSIDE);
		if (!home || inside * outside > best) {
			best = inside * outside;
			told = inside + outside;
			home = candidate[i];
		}
	}
	c->head.home = 2 * told >= c->head.rules.count ? home : 0;
	if (c->head.home)
		set_lies(c, s, home);
}

/* --- what rules need ------------------------------------------------------------------------------ */

static unsigned side_lies(const struct sets *s, uint32_t set)
{
	const struct named key = { .set = set };
	const struct named *found;

	if (!set)
		return LIES_ANYWHERE;
	found = bsearch(&key, s->item, s->count, sizeof(key), by_set);
	return found->lies;
}

static unsigned ends_from(unsigned src, unsigned dst)
{
	unsigned bits = 0;

	for (unsigned ends = 0; ends < ENDS; ends++) {
		if ((src & (ends & 1 ? LIES_INSIDE : LIES_OUTSIDE)) &&
		    (dst & (ends & 2 ? LIES_INSIDE : LIES_OUTSIDE)))
			bits |= 1u << ends;
	}
	return bits;
}

/* Bits 1 << ends of the packets that a rule's addresses allow. */
static uint8_t allowed(const struct sets *s, const struct rule_row *row)
{
	unsigned src = side_lies(s, row->src), dst = side_lies(s, row->dst);
	unsigned ends = ends_from(src, dst);

	return (uint8_t)(row->flags & ROW_BIDIRECTIONAL ? ends | ends_from(dst, src) : ends);
}

/* What a transaction's two directions find together is asked for with packets from either end. */
static void set_need(const struct sets *s, struct rule_row *row)
{
	static const uint32_t src[] = { [LIES_INSIDE] = NEED_SRC_INSIDE,
					[LIES_OUTSIDE] = NEED_SRC_OUTSIDE,
					[LIES_ANYWHERE] = 0 };
	static const uint32_t dst[] = { [LIES_INSIDE] = NEED_DST_INSIDE,
					[LIES_OUTSIDE] = NEED_DST_OUTSIDE,
					[LIES_ANYWHERE] = 0 };

	if (!(row->flags & ROW_BIDIRECTIONAL) && !(row->more & ROW_BOTH_WAYS))
		row->need |= src[side_lies(s, row->src)] | dst[side_lies(s, row->dst)];
}

void home_choose(struct compiler *c)
{
	struct sets s = { .item = NULL };

	gather(c, &s);
	if (!c->err && s.count)
		choose(c, &s);
	for (size_t i = 0; i < c->entries && !c->err; i++)
		c->entry[i].ends = c->head.home ? allowed(&s, &c->row[c->entry[i].rule]) : ENDS_ALL;
	for (size_t i = 0; i < c->txs && !c->err; i++)
		c->tx[i].ends = c->head.home ? allowed(&s, &c->row[c->tx[i].rule]) : ENDS_ALL;
	for (size_t i = 0; i < c->head.rules.count && !c->err && c->head.home; i++)
		set_need(&s, &c->row[i]);
	free(s.item);
}
