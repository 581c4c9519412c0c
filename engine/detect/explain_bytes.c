/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/explain_text.h"

#include <inttypes.h>

#include "engine/detect/eval_find.h"

/* The beginning of a content is worth telling from so many bytes on. */
#define PART_LEAST 3

/* --- content --------------------------------------------------------------------------------------- */

static int64_t limit(const struct explain_met *m, int32_t number, int16_t variable)
{
	uint64_t v = variable < 0 ? 0 : m->e->variable[variable];

	return variable < 0 ? number : v > INT32_MAX ? INT32_MAX : (int64_t)v;
}

static ptrdiff_t find(const struct explain_met *m, size_t from, size_t to, bool nocase)
{
	const struct cond *c = m->c;
	const uint8_t *pattern = block_at(m->e->rs->block, c->content.pattern);
	uint8_t lower[256];

	if (from > to || to - from < c->content.len)
		return -1;
	if (nocase && !(c->flags & COND_NOCASE)) {
		if (c->content.len > sizeof(lower))
			return -1;
		for (unsigned i = 0; i < c->content.len; i++)
			lower[i] = pattern[i] >= 'A' && pattern[i] <= 'Z' ? pattern[i] | 0x20
									  : pattern[i];
		pattern = lower;
	}
	return eval_find(m->e->data.data, from, to, pattern, c->content.len, c->content.anchor,
			 nocase);
}

/* Where it lies after all: the first place after the earliest that was allowed, or else the last before. */
static ptrdiff_t find_elsewhere(const struct explain_met *m, bool nocase)
{
	size_t len = m->e->data.len;
	ptrdiff_t at = find(m, m->from < len ? m->from : len, len, nocase);
	ptrdiff_t next = at;

	for (size_t from = 0; at < 0; from = (size_t)next + 1) {
		ptrdiff_t found = find(m, from, len, nocase);

		if (found < 0)
			return from ? next : -1;
		next = found;
	}
	return at;
}

/* The limit that puts the end of the allowed place before the content's. */
static void too_late(const struct explain_met *m, size_t found, struct explain_cond *out)
{
	const struct cond *c = m->c;
	size_t off = found + c->content.len - m->to;
	int64_t within = limit(m, c->content.within, c->content.within_var);
	int64_t depth = limit(m, c->content.depth, c->content.depth_var);
	int64_t offset = limit(m, c->content.offset, c->content.offset_var);

	if (c->flags & COND_STARTSWITH)
		explain_say(out, ", but it must be at the start");
	else if ((c->flags & COND_RELATIVE) && (c->flags & COND_HAS_WITHIN))
		explain_say(out,
			    ", %zu byte%s past the end of within %" PRId64 ", which is %" PRIu64,
			    off, explain_many(off), within, explain_place(m, m->to));
	else if ((c->flags & COND_HAS_DEPTH) && offset)
		explain_say(out,
			    ", but depth is %" PRId64 " from offset %" PRId64
			    ": %zu byte%s too far",
			    depth, offset, off, explain_many(off));
	else if (c->flags & COND_HAS_DEPTH)
		explain_say(out, ", but depth is %" PRId64 ": %zu byte%s too far", depth, off,
			    explain_many(off));
	else
		explain_say(out, ", but it must end by %" PRIu64, explain_place(m, m->to));
}

static void too_early(const struct explain_met *m, size_t found, struct explain_cond *out)
{
	const struct cond *c = m->c;
	size_t off = m->from - found;
	int64_t offset = limit(m, c->content.offset, c->content.offset_var);
	int64_t distance = limit(m, c->content.distance, c->content.distance_var);

	if (!(c->flags & COND_RELATIVE))
		explain_say(out, ", but offset is %" PRId64 ": %zu byte%s too early", offset, off,
			    explain_many(off));
	else if (distance)
		explain_say(out,
			    ", but distance %" PRId64 " asks for it from %" PRIu64
			    " on: %zu byte%s too early",
			    distance, explain_place(m, m->from), off, explain_many(off));
	else
		explain_say(out, ", but it must come after what is before it, from %" PRIu64 " on",
			    explain_place(m, m->from));
}

static void misplaced(const struct explain_met *m, size_t found, struct explain_cond *out)
{
	const struct cond *c = m->c;
	size_t end = found + c->content.len;

	explain_say(out, "found at %" PRIu64, explain_place(m, found));
	explain_locate(m, found, end, out);
	if (found < m->from)
		too_early(m, found, out);
	else if (end > m->to)
		too_late(m, found, out);
	else if (c->flags & COND_ENDSWITH)
		explain_say(out, ", but it must be at the end: %zu byte%s follow%s",
			    m->e->data.len - end, explain_many(m->e->data.len - end),
			    m->e->data.len - end == 1 ? "s" : "");
	else
		explain_say(out, ", which does not do");
}

/* Bytes of the content, from its first on, that stand at a place. */
static size_t part_at(const struct explain_met *m, size_t at, size_t end)
{
	const uint8_t *pattern = block_at(m->e->rs->block, m->c->content.pattern);
	size_t n = 0;

	for (; at + n < end && n < m->c->content.len; n++) {
		uint8_t b = m->e->data.data[at + n];

		if ((m->c->flags & COND_NOCASE) && b >= 'A' && b <= 'Z')
			b |= 0x20;
		if (b != pattern[n])
			break;
	}
	return n;
}

/* The longest beginning of the content that is there, of PART_LEAST bytes at least; 0: none. */
static size_t longest_part(const struct explain_met *m, size_t *at)
{
	const uint8_t *pattern = block_at(m->e->rs->block, m->c->content.pattern);
	size_t end = m->to < m->e->data.len ? m->to : m->e->data.len;
	size_t best = 0, want = PART_LEAST, from = m->from;

	/* Each search is for one byte more than what was found, so no place is read twice. */
	while (want < m->c->content.len && from < end && end - from >= want) {
		ptrdiff_t found = eval_find(m->e->data.data, from, end, pattern, want, 0,
					    m->c->flags & COND_NOCASE);

		if (found < 0)
			break;
		*at = (size_t)found;
		best = part_at(m, *at, end);
		want = best + 1;
		from = *at + 1;
	}
	return best;
}

static void absent(const struct explain_met *m, struct explain_cond *out)
{
	size_t end = m->to < m->e->data.len ? m->to : m->e->data.len;
	size_t room = m->from < end ? end - m->from : 0, at = 0, part = longest_part(m, &at);

	if (room < m->c->content.len && (m->from || end < m->e->data.len))
		explain_say(out,
			    "not found: of %zu byte%s, %zu %s where it may lie (from %" PRIu64
			    "), and it has %u",
			    m->e->data.len, explain_many(m->e->data.len), room,
			    room == 1 ? "is" : "are", explain_place(m, m->from), m->c->content.len);
	else
		explain_say(out, "not found in %s%zu byte%s",
			    end < m->e->data.len && !explain_place(m, m->from) ? "the first " : "",
			    room, explain_many(room));
	if (part) {
		explain_say(out, "; its first %zu of %u bytes are at %" PRIu64, part,
			    m->c->content.len, explain_place(m, at));
		out->near = EXPLAIN_PART;
	}
}

void explain_content(const struct explain_met *m, struct explain_cond *out)
{
	bool nocase = m->c->flags & COND_NOCASE;
	size_t end = m->to < m->e->data.len ? m->to : m->e->data.len;
	ptrdiff_t at;

	if (m->c->flags & COND_NEGATED) {
		explain_say(out, "found at %" PRIu64, explain_place(m, m->from));
		explain_locate(m, m->from, m->to, out);
		return;
	}
	out->near = EXPLAIN_ELSEWHERE;
	at = nocase ? -1 : find(m, m->from, end, true);
	if (at >= 0 && !(m->c->flags & COND_ENDSWITH)) {
		explain_say(out, "found in other case at %" PRIu64, explain_place(m, (size_t)at));
		explain_locate(m, (size_t)at, (size_t)at + m->c->content.len, out);
		return;
	}
	at = find_elsewhere(m, nocase);
	if (at >= 0) {
		misplaced(m, (size_t)at, out);
		return;
	}
	at = nocase ? -1 : find_elsewhere(m, true);
	if (at >= 0) {
		explain_say(out, "in other case ");
		misplaced(m, (size_t)at, out);
		return;
	}
	out->near = EXPLAIN_FAR;
	absent(m, out);
}

/* --- regular expressions --------------------------------------------------------------------------------- */

void explain_pcre(const struct explain_met *m, struct explain_cond *out)
{
	size_t from, to;

	if (m->c->flags & COND_NEGATED) {
		explain_say(out, "match at %" PRIu64 ", %zu byte%s", explain_place(m, m->from),
			    m->to - m->from, explain_many(m->to - m->from));
		explain_locate(m, m->from, m->to, out);
		return;
	}
	explain_say(out, "no match in %zu byte%s", m->to - m->from, explain_many(m->to - m->from));
	if (m->from)
		explain_say(out, " from %" PRIu64 " on", explain_place(m, m->from));
	if (m->from && regex_match(m->e->rs->regexes, m->e->regex, m->c->pcre.regex, m->e->data, 0,
				   &from, &to)) {
		explain_say(out, "; one at %" PRIu64 ", before what it must follow",
			    explain_place(m, from));
		out->near = EXPLAIN_ELSEWHERE;
	}
}

/* --- numbers in the bytes ----------------------------------------------------------------------------------- */

static const char *const signs[] = { "=",  "!=",      "<",	    "<=", ">",
				     ">=", "between", "outside of", "&",  "^" };

static int64_t argument(const struct explain_met *m, struct cond_arg a)
{
	return a.variable < 0 ? a.number : (int64_t)m->e->variable[a.variable];
}

static struct cond_arg count_of(const struct cond *c)
{
	switch (c->kind) {
	case COND_BYTE_TEST:
		return c->test.count;
	case COND_BYTE_MATH:
		return c->math.count;
	default:
		return c->jump.count;
	}
}

/* Nothing was read: why. */
void explain_not_read(const struct explain_met *m, struct explain_cond *out)
{
	int64_t count = argument(m, count_of(m->c));
	size_t len = m->e->data.len;

	if (m->from <= len && count > 0 && (uint64_t)count <= len - m->from)
		explain_say(out, "no number in %" PRId64 " byte%s at %" PRIu64, count,
			    explain_many((uint64_t)count), explain_place(m, m->from));
	else
		explain_say(out,
			    "needs %" PRId64 " byte%s at %" PRIu64
			    ", but the bytes end at %" PRIu64,
			    count, explain_many((uint64_t)count), explain_place(m, m->from),
			    explain_place(m, len));
}

void explain_byte_test(const struct explain_met *m, struct explain_cond *out)
{
	const struct cond *c = m->c;
	uint64_t operand =
		c->test.operand_var < 0 ? c->test.operand : m->e->variable[c->test.operand_var];

	if (m->from == m->to) {
		explain_not_read(m, out);
		return;
	}
	explain_locate(m, m->from, m->to, out);
	out->near = EXPLAIN_PART;
	explain_say(out, "%" PRIu64 " at %" PRIu64 " is%s %s %" PRIu64, m->value,
		    explain_place(m, m->from), c->flags & COND_NEGATED ? "" : " not", signs[c->op],
		    operand);
}

void explain_byte_jump(const struct explain_met *m, struct explain_cond *out)
{
	if (m->from == m->to && argument(m, m->c->jump.count))
		explain_not_read(m, out);
	else
		explain_say(out, "jumps to %" PRIu64 ", but the bytes end at %" PRIu64,
			    m->e->origin + m->value, explain_place(m, m->e->data.len));
}

void explain_isdataat(const struct explain_met *m, struct explain_cond *out)
{
	const struct cond *c = m->c;
	size_t len = m->e->data.len;
	int64_t asked = argument(m, c->at.offset);
	size_t after = m->e->at < len ? len - m->e->at : 0;

	if (c->flags & COND_RELATIVE)
		explain_say(out, "%zu byte%s follow%s, %" PRId64 " asked for", after,
			    explain_many(after), after == 1 ? "s" : "", asked);
	else
		explain_say(out, "there are %" PRIu64 " bytes, %" PRId64 " is asked for",
			    explain_place(m, len), asked);
}
