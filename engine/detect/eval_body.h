/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_body.h - the evaluator's source, included by eval.c and eval_trace.c and nobody else.
 *
 * Before it is included: EVAL(name) gives the public names; TRACE_HELD(e, c, from, to) and
 * TRACE_FAILED(e, c, from, to) tell the tracer, or nothing, and so does TRACE_VALUE(e, v) of a number
 * that was read; TRACE_SKIPS(e, c): the condition has failed before, look at the others.
 */
#include <string.h>

#include "engine/app/frame.h"
#include "engine/detect/buffer.h"
#include "engine/detect/asn1.h"
#include "engine/detect/dataset.h"
#include "engine/detect/geoip.h"
#include "engine/detect/iprep.h"
#include "engine/detect/packet_checksum.h"
#include "engine/detect/eval_find.h"

#define DIGITS_MAX 23

#include "engine/detect/eval_packet_body.h"

/* --- the bytes ---------------------------------------------------------------------------------------- */

static void reached(struct eval *e, size_t end)
{
	if (end > e->reach)
		e->reach = end;
}

static int64_t arg_value(const struct eval *e, struct cond_arg a)
{
	return a.variable < 0 ? a.number : (int64_t)e->variable[a.variable];
}

static int64_t limit_value(const struct eval *e, int32_t number, int16_t variable)
{
	uint64_t v;

	if (variable < 0)
		return number;
	/* What the wire chose may be anything; past this it is out of every buffer. */
	v = e->variable[variable];
	return v > INT32_MAX ? INT32_MAX : (int64_t)v;
}

/*
 * Where a content may lie: data[*from .. *to), which may be empty.  Offset and depth count
 * from the start of the unit, which in a stream may be before data.
 */
static void content_window(struct eval *e, const struct cond *c, int64_t *from, int64_t *to)
{
	int64_t origin = e->origin > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)e->origin;
	int64_t offset = limit_value(e, c->content.offset, c->content.offset_var);
	int64_t low = offset - origin, high = (int64_t)e->data.len, end = INT64_MAX;

	if (c->flags & COND_RELATIVE) {
		int64_t distance = 0;

		if (c->flags & COND_HAS_DISTANCE)
			distance = limit_value(e, c->content.distance, c->content.distance_var);
		if ((int64_t)e->at + distance > low)
			low = (int64_t)e->at + distance;
		if (c->flags & COND_HAS_WITHIN) {
			int64_t within = limit_value(e, c->content.within, c->content.within_var);

			end = (int64_t)e->at + distance + within;
		}
		if (c->flags & COND_HAS_DEPTH) {
			int64_t depth = limit_value(e, c->content.depth, c->content.depth_var);

			if ((int64_t)e->at + offset + depth < end)
				end = (int64_t)e->at + offset + depth;
		}
	} else if (c->flags & COND_HAS_DEPTH) {
		int64_t depth = limit_value(e, c->content.depth, c->content.depth_var);

		end = offset + depth - origin;
	}
	e->bounded = end <= high;
	if (end < high)
		high = end;
	*from = low < 0 ? 0 : low;
	*to = high;
}

/* The first occurrence in data[from..to), or -1. */
static ptrdiff_t literal_find(const struct eval *e, const struct cond *c, int64_t from, int64_t to)
{
	const uint8_t *pattern = block_at(e->rs->block, c->content.pattern);
	size_t len = c->content.len;

	if (to <= 0 || from > to || (int64_t)len > to - from)
		return -1;
	return eval_find(e->data.data, (size_t)from, (size_t)to, pattern, len, c->content.anchor,
			 c->flags & COND_NOCASE);
}

/* The same, where it may stand. */
static ptrdiff_t content_find(const struct eval *e, const struct cond *c, int64_t from, int64_t to)
{
	int64_t last = to - (int64_t)c->content.len;

	if (c->flags & COND_ENDSWITH) {
		if (to != (int64_t)e->data.len || e->more || last < from)
			return -1;
		from = last;
	}
	return literal_find(e, c, from, to);
}

/* It is not there so far. */
static bool undecided(const struct eval *e, const struct cond *c)
{
	return e->more && (!e->bounded || (c->flags & COND_ENDSWITH));
}

/*
 * Where a relative content may stand up to the end of the bytes, what has failed from some place on fails from any
 * later one: there are fewer places, and what follows counts from these alone.  So a chain of contents that are
 * all over a buffer is not tried for every choice of their places.
 */
static bool is_open(const struct cond *c)
{
	return (c->flags & COND_RELATIVE) &&
	       !(c->flags & (COND_NEGATED | COND_HAS_WITHIN | COND_HAS_DEPTH));
}

static unsigned failed_place(const struct eval *e, const struct cond *c)
{
	return (unsigned)(c - e->rs->cond) % EVAL_FAILED;
}

static bool has_failed(const struct eval *e, const struct cond *c, int64_t from)
{
	unsigned i = failed_place(e, c);

	return (e->failed_set >> i & 1) && e->failed[i].cond == c && from >= e->failed[i].from;
}

static void set_failed(struct eval *e, const struct cond *c, int64_t from)
{
	unsigned i = failed_place(e, c);

	if (has_failed(e, c, from))
		return;
	e->failed[i].cond = c;
	e->failed[i].from = from;
	e->failed_set |= (uint16_t)(1 << i);
}

/* What follows has failed from where it was tried on: no later place of this one helps. */
static bool next_has_failed(const struct eval *e, const struct cond *c, unsigned n)
{
	return n > 1 && c[1].kind == COND_CONTENT && is_open(c + 1) &&
	       has_failed(e, c + 1, INT64_MAX);
}

/* Whether they hold is decided by where the one before ended, and by the bytes. */
static bool depend_on_place(const struct cond *c, unsigned n)
{
	for (; n; c++, n--) {
		if (c->kind == COND_PCRE && !c->pcre.captures.count)
			continue;
		if (c->kind != COND_CONTENT || c->content.offset_var >= 0 ||
		    c->content.depth_var >= 0 || c->content.distance_var >= 0 ||
		    c->content.within_var >= 0)
			return false;
	}
	return true;
}

static bool content_once(struct eval *e, const struct cond *c)
{
	int64_t from, to;
	ptrdiff_t found;

	content_window(e, c, &from, &to);
	if (is_open(c) && has_failed(e, c, from))
		return false;
	found = content_find(e, c, from, to);
	if (found < 0 && is_open(c))
		set_failed(e, c, from);
	if (found < 0) {
		if ((c->flags & COND_NEGATED) && !undecided(e, c)) {
			TRACE_HELD(e, c, (size_t)from, (size_t)from);
			return true;
		}
		TRACE_FAILED(e, c, (size_t)from, to < 0 ? 0 : (size_t)to);
		/* It depends on nothing before: no other occurrence can help. */
		if (!(c->flags & COND_RELATIVE))
			e->stop = true;
		return false;
	}
	if (c->flags & COND_NEGATED) {
		TRACE_FAILED(e, c, (size_t)found, (size_t)found + c->content.len);
		if (!(c->flags & COND_RELATIVE))
			e->stop = true;
		return false;
	}
	e->at = (size_t)found + c->content.len;
	reached(e, e->at);
	TRACE_HELD(e, c, (size_t)found, e->at);
	return true;
}

static unsigned digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10u : 99;
}

/* Any number written in digits, as strtoull reads it; returns the bytes it took, 0: no number. */
static unsigned digits(const uint8_t *s, unsigned n, unsigned base, uint64_t *out)
{
	unsigned i = 0, first;
	bool minus = false;
	uint64_t v = 0;

	while (i < n && (s[i] == ' ' || (s[i] >= '\t' && s[i] <= '\r')))
		i++;
	if (i < n && (s[i] == '-' || s[i] == '+'))
		minus = s[i++] == '-';
	if (base == 16 && i + 2 < n && s[i] == '0' && (s[i + 1] | 0x20) == 'x')
		i += 2;
	for (first = i; i < n; i++) {
		unsigned d = digit(s[i]);

		if (d >= base)
			break;
		if (v > (UINT64_MAX - d) / base)
			return 0;
		v = v * base + d;
	}
	if (i == first)
		return 0;
	*out = minus ? 0 - v : v;
	return i;
}

/* Read count bytes at place (an index into data): the value, and how many bytes were used; 0: not there. */
static unsigned number_at(const struct eval *e, const struct cond *c, int64_t place, int64_t count,
			  uint64_t *out)
{
	struct cursor in;
	const uint8_t *s;
	uint64_t v = 0;

	if (place < 0 || count < 0 || place > (int64_t)e->data.len)
		return 0;
	/* byte_test:0,...,string: as many digits as there are. */
	if (count == 0 && c->kind == COND_BYTE_TEST && (c->flags & COND_STRING)) {
		count = (int64_t)e->data.len - place;
		count = count < DIGITS_MAX ? count : DIGITS_MAX;
	}
	if (count == 0)
		return 0;
	in = cursor_of(bytes_slice(e->data, (size_t)place, e->data.len));
	s = cursor_take(&in, (size_t)count);
	if (!s)
		return 0;
	if (c->flags & COND_STRING)
		return count > DIGITS_MAX ? 0 : digits(s, (unsigned)count, c->base, out);
	if (count > 8)
		return 0;
	for (int64_t i = 0; i < count; i++) {
		if (c->flags & COND_LITTLE_ENDIAN)
			v |= (uint64_t)s[i] << (8 * i);
		else
			v = v << 8 | s[i];
	}
	*out = v;
	return (unsigned)count;
}

static uint64_t masked(uint64_t v, uint32_t mask)
{
	if (!mask)
		return v;
	v &= mask;
	return v >> __builtin_ctz(mask);
}

/* Index into data that a byte_* condition counts from. */
static int64_t place_of(const struct eval *e, const struct cond *c, struct cond_arg offset)
{
	int64_t off = arg_value(e, offset);

	/* Beyond this nothing can lie: keeps sums of what the wire chose in range. */
	if (off > UINT32_MAX || off < -(int64_t)UINT32_MAX)
		return -1;
	if (c->flags & COND_RELATIVE)
		return (int64_t)e->at + off;
	return off - (e->origin > INT32_MAX ? INT32_MAX : (int64_t)e->origin);
}

static bool byte_test_holds(struct eval *e, const struct cond *c, int64_t *place, unsigned *used)
{
	int64_t count = arg_value(e, c->test.count);
	uint64_t operand = c->test.operand, v = 0;
	bool holds;

	*place = place_of(e, c, c->test.offset);
	*used = number_at(e, c, *place, count, &v);
	if (!*used)
		return false;
	TRACE_VALUE(e, masked(v, c->test.bitmask));
	if (c->test.operand_var >= 0)
		operand = e->variable[c->test.operand_var];
	holds = compare(c->op, masked(v, c->test.bitmask), operand, operand);
	return holds != !!(c->flags & COND_NEGATED);
}

static bool byte_jump_holds(struct eval *e, const struct cond *c, int64_t *place, unsigned *used)
{
	int64_t count = arg_value(e, c->jump.count);
	int64_t origin = e->origin > INT32_MAX ? INT32_MAX : (int64_t)e->origin;
	uint64_t v = 0;
	int64_t to;

	*place = place_of(e, c, c->jump.offset);
	*used = 0;
	if (*place < 0 || *place > (int64_t)e->data.len)
		return false;
	if (count) {
		*used = number_at(e, c, *place, count, &v);
		if (!*used)
			return false;
	}
	v = masked(v, c->jump.bitmask) * (c->jump.multiplier ? c->jump.multiplier : 1);
	if ((c->flags & COND_ALIGN) && v % 4)
		v += 4 - v % 4;
	v += (uint64_t)arg_value(e, c->jump.post);
	to = (int64_t)v;
	/* A jump further than any buffer is long, either way. */
	if (to > UINT32_MAX)
		return false;
	if (to < -(int64_t)UINT32_MAX)
		to = -(int64_t)UINT32_MAX;
	if (c->flags & COND_FROM_BEGINNING)
		to -= origin;
	else if (c->flags & COND_FROM_END)
		to += (int64_t)e->data.len;
	else
		to += *place + *used;
	TRACE_VALUE(e, (uint64_t)(to < 0 ? 0 : to));
	if (to > (int64_t)e->data.len)
		return false;
	e->at = to < 0 ? 0 : (size_t)to;
	return true;
}

static bool byte_extract_holds(struct eval *e, const struct cond *c, int64_t *place, unsigned *used)
{
	int64_t count = arg_value(e, c->jump.count);
	uint64_t v = 0;

	*place = place_of(e, c, c->jump.offset);
	*used = number_at(e, c, *place, count, &v);
	if (!*used)
		return false;
	v *= c->jump.multiplier ? c->jump.multiplier : 1;
	if (c->jump.align && v % c->jump.align)
		v += c->jump.align - v % c->jump.align;
	TRACE_VALUE(e, v);
	e->at = (size_t)*place + *used;
	e->variable[c->jump.result] = v;
	return true;
}

static bool math(unsigned op, uint64_t *v, uint64_t operand)
{
	switch (op) {
	case MATH_ADD:
		*v += operand;
		return true;
	case MATH_SUB:
		*v -= operand;
		return true;
	case MATH_MUL:
		*v *= operand;
		return true;
	case MATH_DIV:
		if (!operand)
			return false;
		*v /= operand;
		return true;
	case MATH_SHL:
		*v = operand < 64 ? *v << operand : 0;
		return true;
	default:
		*v = operand < 64 ? *v >> operand : 0;
		return true;
	}
}

static bool byte_math_holds(struct eval *e, const struct cond *c, int64_t *place, unsigned *used)
{
	int64_t count = arg_value(e, c->math.count);
	uint64_t operand = c->math.operand, v = 0;

	*place = place_of(e, c, c->math.offset);
	*used = number_at(e, c, *place, count, &v);
	if (c->math.operand_var >= 0)
		operand = e->variable[c->math.operand_var];
	if (!*used || !math(c->op, &v, operand))
		return false;
	e->at = (size_t)*place + *used;
	e->variable[c->math.result] = masked(v, c->math.bitmask);
	TRACE_VALUE(e, e->variable[c->math.result]);
	return true;
}

static bool isdataat_holds(struct eval *e, const struct cond *c, int64_t *place, unsigned *used)
{
	int64_t offset = arg_value(e, c->at.offset);
	int64_t origin = e->origin > INT32_MAX ? INT32_MAX : (int64_t)e->origin;
	bool there;

	*used = 0;
	if (offset < 0 || offset > UINT32_MAX)
		offset = UINT32_MAX;
	*place = c->flags & COND_RELATIVE ? (int64_t)e->at + offset : offset - origin;
	/* Relative: so many bytes follow.  Else: there is a byte at this offset. */
	there = c->flags & COND_RELATIVE ? *place <= (int64_t)e->data.len
					 : *place < (int64_t)e->data.len;
	if ((c->flags & COND_NEGATED) && e->more)
		return false;
	return there != !!(c->flags & COND_NEGATED);
}

static bool bsize_holds(const struct eval *e, const struct cond *c)
{
	if (e->more && c->op != COMPARE_GT && c->op != COMPARE_GE)
		return false;
	return number_holds(c, e->origin + e->data.len);
}

#include "engine/detect/eval_more_body.h"

static bool number_cond_once(struct eval *e, const struct cond *c)
{
	int64_t place = 0;
	unsigned used = 0;
	bool holds;

	switch (c->kind) {
	case COND_BYTE_TEST:
		holds = byte_test_holds(e, c, &place, &used);
		break;
	case COND_BYTE_JUMP:
		holds = byte_jump_holds(e, c, &place, &used);
		break;
	case COND_BYTE_EXTRACT:
		holds = byte_extract_holds(e, c, &place, &used);
		break;
	case COND_BYTE_MATH:
		holds = byte_math_holds(e, c, &place, &used);
		break;
	case COND_ISDATAAT:
		holds = isdataat_holds(e, c, &place, &used);
		break;
	case COND_BASE64_DECODE:
		holds = base64_decode_holds(e, c, &place);
		break;
	case COND_ENTROPY:
		holds = entropy_holds(e, c, &place, &used);
		break;
	case COND_DATASET:
	case COND_DATAREP:
		holds = dataset_holds(e, c);
		break;
	case COND_ASN1:
		holds = asn1_holds(e, c, &place);
		break;
	case COND_ABSENT:
		/* There are bytes to look at, so it is not; but what stands beside it may hold. */
		holds = c->op;
		break;
	default:
		holds = bsize_holds(e, c);
		break;
	}
	if (place < 0)
		place = 0;
	if (holds) {
		if (c->kind != COND_BSIZE && !(c->flags & COND_NEGATED))
			reached(e, (size_t)place + used);
		TRACE_HELD(e, c, (size_t)place, (size_t)place + used);
	} else {
		TRACE_FAILED(e, c, (size_t)place, (size_t)place + used);
	}
	return holds;
}

/* Hyperscan reads every byte once, where the regex may have to go over them again and again. */
static bool may_match(const struct eval *e, const struct cond *c, struct bytes subject)
{
	const struct hs_base *filter = e->rs->filter[c->pcre.regex];

	return !filter || !subject.len || hs_finds(filter, e->scratch, subject.data, subject.len);
}

/* One match of a regex at or after start, an index into data.  *next: where another would be looked for. */
/* What the groups of the match caught; one that took no part caught nothing. */
static void keep_captures(struct eval *e, const struct cond *c, struct bytes subject)
{
	const struct capture_row *row = block_at(e->rs->block, c->pcre.captures.offset);
	struct bytes name = bytes_of(NULL, 0), caught;
	bool keyed = false;
	size_t from, to;

	for (unsigned i = 0; e->notes && i < c->pcre.captures.count; i++) {
		const char *text = block_text(e->rs->block, row[i].name);

		if (text) {
			name = bytes_of(text, strlen(text));
			keyed = false;
		}
		if (!row[i].group || !regex_group(e->regex, row[i].group, &from, &to) || !name.len)
			continue;
		caught = bytes_slice(subject, from, to - from);
		if (row[i].key) {
			name = notes_copy(e->notes, caught);
			keyed = true;
		} else {
			notes_add(e->notes,
				  keyed && row[i].kind == NOTE_FLOW ? NOTE_FLOW_KEYED : row[i].kind,
				  name, caught);
		}
	}
}

static bool regex_once(struct eval *e, const struct cond *c, size_t base, size_t *next)
{
	struct bytes subject = bytes_slice(e->data, base, e->data.len);
	size_t from = 0, to = 0;
	bool found = (*next || may_match(e, c, subject)) &&
		     regex_match(e->rs->regexes, e->regex, c->pcre.regex, subject,
				 *next > base ? *next - base : 0, &from, &to);

	if (c->flags & COND_NEGATED) {
		bool holds = !found && !e->more;

		if (holds)
			TRACE_HELD(e, c, base, base);
		else
			TRACE_FAILED(e, c, base + from, base + to);
		return holds;
	}
	if (!found)
		return false;
	if (!TRACES && c->pcre.captures.count)
		keep_captures(e, c, subject);
	e->at = base + to;
	reached(e, e->at);
	*next = base + from + 1;
	TRACE_HELD(e, c, base + from, e->at);
	return true;
}

static bool chain(struct eval *e, const struct cond *c, unsigned n);

/*
 * A content that must follow within so many bytes does not: chain() would find no more, at a greater cost.  As its
 * window moves with the place of c, *from goes on to where the next of it can lie in that, as far as c ends before to.
 */
static bool next_is_not_there(struct eval *e, const struct cond *c, unsigned n, int64_t *from,
			      int64_t to)
{
	const uint16_t how = COND_RELATIVE | COND_HAS_WITHIN | COND_NEGATED;
	int64_t low, high, end;
	ptrdiff_t next;

	if (TRACES || n < 2 || c[1].kind != COND_CONTENT ||
	    (c[1].flags & how) != (COND_RELATIVE | COND_HAS_WITHIN))
		return false;
	content_window(e, c + 1, &low, &high);
	if (content_find(e, c + 1, low, high) >= 0)
		return false;
	end = high + (to - (int64_t)e->at);
	if (end > (int64_t)e->data.len)
		end = (int64_t)e->data.len;
	next = literal_find(e, c + 1, low, end);
	if (next < 0)
		*from = to;
	else if (next + c[1].content.len > high)
		*from += next + c[1].content.len - high - 1;
	return true;
}

/* Each occurrence in turn, until what follows holds as well. */
static bool content_each(struct eval *e, const struct cond *c, unsigned n)
{
	size_t reach = e->reach;
	int64_t begin, from, to;
	bool first = true, stale = false;

	content_window(e, c, &from, &to);
	begin = from;
	if (is_open(c) && has_failed(e, c, begin))
		return false;
	for (;; first = false) {
		ptrdiff_t found =
			first || !next_has_failed(e, c, n) ? content_find(e, c, from, to) : -1;

		if (found < 0) {
			if (first)
				TRACE_FAILED(e, c, (size_t)from, to < 0 ? 0 : (size_t)to);
			/* All held but in old bytes: one before may still be found in new ones. */
			e->stale = stale;
			if (!(c->flags & COND_RELATIVE) && !stale)
				e->stop = true;
			if (is_open(c) && !stale && depend_on_place(c, n))
				set_failed(e, c, begin);
			return false;
		}
		e->at = (size_t)found + c->content.len;
		e->reach = reach;
		reached(e, e->at);
		TRACE_HELD(e, c, (size_t)found, e->at);
		from = found + 1;
		if (e->steps < e->steps_max && next_is_not_there(e, c, n, &from, to)) {
			e->steps++;
			continue;
		}
		if (chain(e, c + 1, n - 1))
			return true;
		if (e->stop)
			return false;
		/* What failed does not count from here: another occurrence is no help. */
		if (!(c->flags & COND_RELATIVE_NEXT) && !e->stale) {
			e->stop = true;
			return false;
		}
		stale |= e->stale;
		e->stale = false;
	}
}

static bool regex_each(struct eval *e, const struct cond *c, unsigned n)
{
	size_t base = c->flags & COND_RELATIVE ? e->at : 0;
	size_t reach = e->reach, next = 0;
	bool first = true, stale = false;

	for (;; first = false) {
		e->reach = reach;
		if (next > e->data.len || !regex_once(e, c, base, &next)) {
			if (first)
				TRACE_FAILED(e, c, base, e->data.len);
			e->stale = stale;
			return false;
		}
		if (chain(e, c + 1, n - 1))
			return true;
		if (e->stop)
			return false;
		if (!(c->flags & COND_RELATIVE_NEXT) && !e->stale)
			return false;
		stale |= e->stale;
		e->stale = false;
	}
}

static bool regex_single(struct eval *e, const struct cond *c)
{
	size_t base = c->flags & COND_RELATIVE ? e->at : 0, next = 0;

	if (regex_once(e, c, base, &next))
		return true;
	if (!(c->flags & COND_NEGATED))
		TRACE_FAILED(e, c, base, e->data.len);
	return false;
}

/* Everything held.  In a stream, something of it must lie in bytes not inspected before. */
static bool fresh_enough(struct eval *e)
{
	if (!e->fresh || e->reach > e->fresh)
		return true;
	e->stale = true;
	return false;
}

static bool tries_again(const struct eval *e, const struct cond *c)
{
	return !(c->flags & COND_NEGATED) && ((c->flags & COND_RELATIVE_NEXT) || e->fresh);
}

/* The rest looks at what base64_decode made. */
static bool decoded_chain(struct eval *e, const struct cond *c, unsigned n)
{
	struct eval outer = *e;
	bool holds;

	if (!e->decoded_len)
		return false;
	e->data = bytes_of(e->decoded, e->decoded_len);
	e->origin = 0;
	e->fresh = 0;
	e->more = false;
	e->at = 0;
	e->failed_set = 0;
	holds = chain(e, c, n);
	e->failed_set = 0;
	e->data = outer.data;
	e->origin = outer.origin;
	e->fresh = outer.fresh;
	e->more = outer.more;
	e->at = outer.at;
	e->reach = outer.reach;
	return holds && fresh_enough(e);
}

static bool chain(struct eval *e, const struct cond *c, unsigned n)
{
	bool independent = false;

	if (++e->steps > e->steps_max) {
		e->stop = true;
		return false;
	}
	for (; n; c++, n--) {
		bool holds;

		if (TRACE_SKIPS(e, c))
			continue;
		if (c->kind == COND_BASE64_DATA)
			return decoded_chain(e, c + 1, n - 1);
		if (c->kind == COND_CONTENT) {
			if (tries_again(e, c))
				return content_each(e, c, n);
			holds = content_once(e, c);
			independent |= holds && !(c->flags & COND_NEGATED);
		} else if (c->kind == COND_PCRE) {
			if (tries_again(e, c))
				return regex_each(e, c, n);
			holds = regex_single(e, c);
		} else {
			holds = number_cond_once(e, c);
		}
		if (!holds) {
			/* A content was passed that nothing counts from: what fails after it fails for good. */
			e->stop |= independent;
			return false;
		}
	}
	return fresh_enough(e);
}

static void begin(struct eval *e)
{
	e->at = 0;
	e->reach = 0;
	e->steps = 0;
	e->stop = false;
	e->stale = false;
	e->failed_set = 0;
}

/* The packet has no such buffer: what looks there fails, negated or not. */
static bool no_buffer(struct eval *e, const struct cond *c, unsigned n)
{
	e->data = bytes_of(NULL, 0);
	for (; n; c++, n--) {
		if (TRACE_SKIPS(e, c))
			continue;
		TRACE_FAILED(e, c, 0, 0);
		return false;
	}
	return true;
}

/* One buffer after another; variables go from one to the next. */
static bool buffers_hold(struct eval *e, const struct cond *c, unsigned n)
{
	struct bytes payload = e->data;
	bool holds = true;

	for (unsigned group = 0; holds && n; c += group, n -= group) {
		const struct detect_buffer *b = detect_buffer((enum buffer)c->buffer);

		group = 1;
		while (group < n && c[group].use == c->use)
			group++;
		begin(e);
		e->data = payload;
		if (b->of_packet && !b->of_packet(e->p, &e->data)) {
			holds = no_buffer(e, c, group);
		} else {
			e->data = transformed(e, c, e->data);
			holds = chain(e, c, group);
		}
	}
	e->data = payload;
	return holds;
}

bool EVAL(bytes)(struct eval *e, const struct rule_row *row)
{
	const struct cond *c = e->rs->cond + row->conds + row->packet_conds + row->state_conds;
	size_t fresh = e->fresh;
	bool holds;

	if (row->flags & ROW_BUFFERS)
		return buffers_hold(e, c, row->payload_conds);
	begin(e);
	if (!(row->flags & ROW_LOCATED))
		e->fresh = 0;
	holds = chain(e, c, row->payload_conds);
	e->fresh = fresh;
	return holds;
}

#include "engine/detect/eval_tx_body.h"
#include "engine/detect/eval_frame_body.h"
