/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/pattern.h"

#include "engine/detect/common.h"

/* Beyond this a pattern is as good as absent from harmless traffic. */
#define RARE_ENOUGH 100
/* A search confined to the head costs little: so many half bits better. */
#define HEAD_BONUS 24
#define ABOUT_AS_RARE 4

static unsigned pair_rank(uint8_t a, uint8_t b)
{
	return (unsigned)(pattern_pairs[a][b] - '0');
}

static bool is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* The table folds case.  A letter whose case counts is a bit rarer than the fold says. */
static unsigned letter_bonus(uint8_t c, bool nocase)
{
	if (nocase || !is_letter(c))
		return 0;
	return c & 0x20 ? 0 : 3;
}

/*
 * Pairs overlap, so each byte is paid by half of the pairs that it stands in; a byte alone
 * is worth the usual eight bits at most.
 */
unsigned pattern_rarity(struct bytes literal, bool nocase)
{
	unsigned sum = 0;

	if (literal.len == 0)
		return 0;
	if (literal.len == 1)
		return 8 + letter_bonus(literal.data[0], nocase);
	for (size_t i = 0; i + 1 < literal.len; i++) {
		unsigned rank = pair_rank(literal.data[i], literal.data[i + 1]);

		/* A run of one byte says little more than its first pair. */
		if (i && literal.data[i] == literal.data[i + 1] &&
		    literal.data[i] == literal.data[i - 1])
			rank = 1;
		sum += i ? rank / 2 : rank;
		sum += letter_bonus(literal.data[i], nocase);
	}
	return sum;
}

static unsigned piece_rarity(struct bytes piece, bool nocase)
{
	return common_text(piece) ? 0 : pattern_rarity(piece, nocase);
}

struct bytes pattern_piece(struct bytes literal, bool nocase, size_t max)
{
	struct bytes best = bytes_slice(literal, 0, max);
	unsigned best_rarity;

	if (literal.len <= max)
		return literal;
	best_rarity = piece_rarity(best, nocase);
	for (size_t i = 1; i + max <= literal.len; i++) {
		struct bytes piece = bytes_slice(literal, i, max);
		unsigned rarity = piece_rarity(piece, nocase);

		if (rarity > best_rarity) {
			best = piece;
			best_rarity = rarity;
		}
	}
	return best;
}

unsigned pattern_anchor(struct bytes literal, bool nocase)
{
	unsigned best = 0, best_rank = 0;

	for (size_t i = 0; i + 1 < literal.len; i++) {
		unsigned rank = pair_rank(literal.data[i], literal.data[i + 1]) +
				letter_bonus(literal.data[i], nocase) +
				letter_bonus(literal.data[i + 1], nocase);

		if (rank > best_rank) {
			best_rank = rank;
			best = (unsigned)i;
		}
	}
	return best;
}

static bool is_variable(bool has, const struct value *v)
{
	return has && v->variable >= 0;
}

/* Bytes from the unit's start in which the content ends, 0: no such bound. */
static uint32_t head_of(const struct content *c)
{
	int64_t end = 0;

	if (c->has_distance || c->has_within || is_variable(c->has_depth, &c->depth) ||
	    is_variable(c->has_offset, &c->offset))
		return 0;
	if (c->has_depth)
		end = c->depth.number + (c->has_offset ? c->offset.number : 0);
	else if (c->startswith)
		end = (int64_t)c->pattern.len;
	return end > 0 && end <= PATTERN_HEAD_MAX ? (uint32_t)end : 0;
}

static uint32_t whole_offset(const struct content *c)
{
	return c->has_offset && c->offset.number > 0 ? (uint32_t)c->offset.number : 0;
}

bool pattern_place(const struct content *c, uint32_t *out)
{
	uint32_t head = head_of(c);

	*out = whole_offset(c);
	return head && head - *out == c->pattern.len && head <= PATTERN_PLACE_MAX;
}

static bool may_search(const struct rule_option *o)
{
	return o->kind == OPTION_CONTENT && o->buffer == BUFFER_PAYLOAD && !o->content.negated &&
	       o->content.pattern.len > 0;
}

struct bytes pattern_part(const struct content *c)
{
	struct bytes whole = c->pattern;

	if (c->fast_pattern_chop && c->chop_len)
		whole = bytes_slice(whole, c->chop_offset, c->chop_len);
	return whole.len ? whole : c->pattern;
}

static struct search_pattern pattern_of(const struct rule_option *o, unsigned index)
{
	const struct content *c = &o->content;
	struct search_pattern s = { .option = o, .index = index, .nocase = c->nocase };

	s.piece = pattern_piece(pattern_part(c), c->nocase, PATTERN_MAX);
	s.head = head_of(c);
	s.rarity = pattern_rarity(s.piece, c->nocase);
	return s;
}

static unsigned worth(const struct search_pattern *s)
{
	unsigned rarity = s->rarity < RARE_ENOUGH ? s->rarity : RARE_ENOUGH;

	return rarity + (s->head ? HEAD_BONUS : 0);
}

/* Where a content lies, wherever that is exactly: [first, end) of its unit. */
struct extent {
	int64_t first, end;
};

/* How far behind the match before it a content may lie; false: any distance, or it is not known. */
static bool relative_bounds(const struct content *c, struct extent *out)
{
	if (!c->has_within || c->has_depth || c->has_offset || c->startswith ||
	    is_variable(c->has_within, &c->within) || is_variable(c->has_distance, &c->distance))
		return false;
	out->first = c->has_distance ? c->distance.number : 0;
	out->end = out->first + c->within.number;
	return out->first >= 0 && out->end <= PATTERN_HEAD_MAX;
}

/* Of a content in the first bytes, or behind one whose extent is known.  False: it may lie anywhere. */
static bool extent_of(const struct rule *r, unsigned index, struct extent *out)
{
	struct extent sum = { 0, 0 }, step;
	uint32_t head;

	for (unsigned i = index + 1; i-- > 0;) {
		const struct rule_option *o = &r->option[i];

		if (!option_is_bytes(o->kind) || o->use != r->option[index].use)
			continue;
		/* Whatever else comes between moves the place that is counted from. */
		if (o->kind != OPTION_CONTENT || o->content.negated || !o->content.pattern.len)
			return false;
		if (i != index)
			sum.first += (int64_t)o->content.pattern.len;
		head = head_of(&o->content);
		if (head) {
			*out = (struct extent){ sum.first + whole_offset(&o->content),
						sum.end + head };
			return out->end <= PATTERN_HEAD_MAX;
		}
		if (!relative_bounds(&o->content, &step))
			return false;
		sum.first += step.first;
		sum.end += step.end;
	}
	/* The first one counts from the start. */
	*out = sum;
	return out->end <= PATTERN_HEAD_MAX;
}

struct search_pattern pattern_locate(const struct rule *r, struct search_pattern s)
{
	struct extent x;
	int64_t places;

	if (!s.option || !extent_of(r, s.index, &x))
		return s;
	s.head = (uint32_t)x.end;
	places = x.end - x.first - (int64_t)s.option->content.pattern.len + 1;
	if (places < 1 || places > PATTERN_FIXED_PLACES || x.end > PATTERN_PLACE_MAX)
		return s;
	s.fixed = true;
	s.piece = pattern_piece(pattern_part(&s.option->content), s.nocase, PATTERN_FIXED_MAX);
	s.place = (uint32_t)x.first + (uint32_t)(s.piece.data - s.option->content.pattern.data);
	s.places = (uint32_t)places;
	return s;
}

static bool is_marked(const struct content *c)
{
	return c->fast_pattern || c->fast_pattern_chop || c->fast_pattern_only;
}

/* Some such pieces make the search for all others dearer, or are found in most of what passes. */
static bool is_poor(const struct search_pattern *s)
{
	return s->piece.len <= PATTERN_SHORT || common_text(s->piece);
}

/* No such piece, or one that is compared at its places and about as rare. */
static bool is_better(const struct search_pattern *s, const struct search_pattern *poor)
{
	return s->option &&
	       (!is_poor(s) || (s->fixed && s->rarity + ABOUT_AS_RARE >= poor->rarity));
}

struct search_pattern pattern_choose(const struct rule *r)
{
	struct search_pattern best = { .option = NULL }, marked = { .option = NULL };

	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];
		struct search_pattern s;

		if (!may_search(o))
			continue;
		s = pattern_of(o, i);
		if (is_marked(&o->content))
			marked = s;
		else if (!best.option || worth(&s) > worth(&best))
			best = s;
	}
	best = pattern_locate(r, best);
	marked = pattern_locate(r, marked);
	if (!marked.option || (is_poor(&marked) && is_better(&best, &marked)))
		return best;
	return marked;
}

struct search_pattern pattern_beside(const struct rule *r, const struct search_pattern *s)
{
	struct search_pattern best = { .option = NULL };

	for (unsigned i = 0; i < r->options; i++) {
		struct search_pattern b;

		if (i == s->index || !may_search(&r->option[i]))
			continue;
		b = pattern_locate(r, pattern_of(&r->option[i], i));
		if (b.places == 1 && (!best.option || b.rarity > best.rarity))
			best = b;
	}
	return best;
}
