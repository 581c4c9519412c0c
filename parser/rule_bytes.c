/* SPDX-License-Identifier: Apache-2.0 */
/*
 * byte_test, byte_jump, byte_extract, byte_math: numbers in the payload.
 *
 * The first three are a list of fixed places and then words in any order; byte_math has names for
 * all of them.
 */
#include "parser/rule_parser.h"

#include <string.h>

#define BINARY_BYTES_MAX 8
#define OFFSET_LIMIT 65535

/* The words that all four share. */
struct words {
	bool relative, little, big, dce, string, base_given, align, from_beginning, from_end;
	bool has_bitmask, has_multiplier, has_post_offset;
	enum number_base base;
	uint64_t bitmask, multiplier, align_bytes;
	struct value post_offset;
};

enum allowed {
	ALLOW_BITMASK = 1 << 0,
	ALLOW_MULTIPLIER = 1 << 1,
	ALLOW_ALIGN = 1 << 2, /* align */
	ALLOW_ALIGN_BYTES = 1 << 3, /* align 2, align 4 */
	ALLOW_JUMP = 1 << 4, /* from_beginning, from_end, post_offset */
};

/* Cut "name rest" in two. */
static struct span cut_name(struct span item, struct span *rest)
{
	size_t i = 0;

	while (i < item.len && !span_blank(item.at[i]))
		i++;
	*rest = span_trim(span_from(item, i));
	return span_head(item, i);
}

static bool read_bitmask(struct rule_parser *p, struct span s, uint64_t *out)
{
	struct span digits = s;

	if (span_starts(s, "0x") || span_starts(s, "0X"))
		digits = span_from(s, 2);
	if (span_hex(digits, out) && *out <= UINT32_MAX)
		return true;
	return rule_fail(p, s.len ? s : p->option_span,
			 "write up to eight hexadecimal digits, as in "
			 "bitmask 0xff00",
			 "expected a bit mask, found %s", rule_quote(p, s));
}

static bool read_base(struct rule_parser *p, struct span name, struct words *w)
{
	enum number_base base = span_is(name, "hex")   ? BASE_HEX
				: span_is(name, "oct") ? BASE_OCT
						       : BASE_DEC;

	if (w->base_given && w->base != base)
		return rule_fail(p, name, "keep one of hex, dec and oct",
				 "%s after another base of numbers", rule_quote(p, name));
	w->base = base;
	return w->base_given = true;
}

static bool unknown_word(struct rule_parser *p, struct span item)
{
	static const char *const names[] = {
		"relative",	  "little",  "big",	   "dce",
		"string",	  "hex",     "dec",	   "oct",
		"align",	  "bitmask", "multiplier", "post_offset",
		"from_beginning", "from_end"
	};
	struct span rest, name = cut_name(item, &rest);

	return rule_fail(p, item.len ? item : p->option_span,
			 rule_nearest(p, name, names, sizeof(names) / sizeof(names[0]),
				      rule_say(p, "write %s: %s", rule_keyword(p),
					       keyword_row(p->keyword)->help)),
			 "'%s' knows no word %s", rule_keyword(p), rule_quote(p, item));
}

/* "multiplier 4", "post_offset -4", "bitmask 0xff", "align 4" */
static bool read_named(struct rule_parser *p, struct span item, unsigned allowed, struct words *w)
{
	struct span rest, name = cut_name(item, &rest);

	if ((allowed & ALLOW_BITMASK) && span_is(name, "bitmask"))
		return w->has_bitmask = true, read_bitmask(p, rest, &w->bitmask);
	if ((allowed & ALLOW_MULTIPLIER) && span_is(name, "multiplier"))
		return w->has_multiplier = true,
		       rule_number(p, rest, "multiplier", 1, 65535, &w->multiplier);
	if ((allowed & ALLOW_JUMP) && span_is(name, "post_offset"))
		return w->has_post_offset = true, rule_value(p, rest, "post_offset", -OFFSET_LIMIT,
							     OFFSET_LIMIT, &w->post_offset);
	if ((allowed & ALLOW_ALIGN_BYTES) && span_is(name, "align")) {
		if (span_u64(rest, &w->align_bytes) && (w->align_bytes == 2 || w->align_bytes == 4))
			return true;
		return rule_fail(p, item, "write align 2 or align 4",
				 "expected 2 or 4 after align, found %s", rule_quote(p, rest));
	}
	return unknown_word(p, item);
}

static bool read_word(struct rule_parser *p, struct span item, unsigned allowed, struct words *w)
{
	if (span_is(item, "relative"))
		return w->relative = true;
	if (span_is(item, "little"))
		return w->little = true;
	if (span_is(item, "big"))
		return w->big = true;
	if (span_is(item, "dce"))
		return w->dce = true;
	if (span_is(item, "string"))
		return w->string = true;
	if (span_is(item, "hex") || span_is(item, "dec") || span_is(item, "oct"))
		return read_base(p, item, w);
	if ((allowed & ALLOW_ALIGN) && span_is(item, "align"))
		return w->align = true;
	if ((allowed & ALLOW_JUMP) && span_is(item, "from_beginning"))
		return w->from_beginning = true;
	if ((allowed & ALLOW_JUMP) && span_is(item, "from_end"))
		return w->from_end = true;
	return read_named(p, item, allowed, w);
}

/* What words exclude each other. */
static bool words_fit(struct rule_parser *p, struct words *w, struct span at)
{
	if (w->little && w->big)
		return rule_fail(p, at, "keep one of little and big", "both little and big");
	if (w->dce && (w->little || w->big || w->string || w->base_given))
		return rule_fail(p, at, "remove dce, or little, big, string and the base",
				 "dce says how numbers are written; %s says it again",
				 w->little   ? "little"
				 : w->big    ? "big"
				 : w->string ? "string"
					     : "the base");
	if (w->base_given && !w->string)
		return rule_fail(p, at, "write 'string' too", "hex, dec or oct without 'string'");
	if (w->string && !w->base_given)
		w->base = BASE_DEC;
	if (w->from_beginning && w->from_end)
		return rule_fail(p, at, "keep one of from_beginning and from_end",
				 "both from_beginning and from_end");
	return true;
}

/* The words from rest to its end. */
static bool read_words(struct rule_parser *p, struct span rest, unsigned allowed, struct words *w)
{
	struct span item, all = rest;

	*w = (struct words){ .post_offset.variable = -1 };
	while (span_next(&rest, ',', &item)) {
		if (!read_word(p, item, allowed, w))
			return false;
	}
	return words_fit(p, w, all.at ? span_trim(all) : p->option_span);
}

/* Bytes that a number written so may have. */
static int64_t most_bytes(const struct words *w, bool strict)
{
	if (!w->string)
		return BINARY_BYTES_MAX;
	/* A 64-bit number has no more digits. */
	if (strict && w->base == BASE_DEC)
		return 20;
	if (strict && w->base == BASE_HEX)
		return 14;
	return 23;
}

/*
 * No bytes at all: byte_jump then moves by its words alone; of digits as many are read as there
 * are.
 */
static bool read_count(struct rule_parser *p, struct span s, int64_t min, const struct words *w,
		       bool strict, struct value *out)
{
	int64_t most = most_bytes(w, strict);

	if (w->string)
		min = 0;
	if (!rule_value(p, s, "the number of bytes", 0, INT32_MAX, out))
		return false;
	if (out->variable >= 0 || (out->number >= min && out->number <= most))
		return true;
	return rule_fail(p, s,
			 rule_say(p, "write %lld to %lld%s", (long long)min, (long long)most,
				  w->string ? "" : ", or 'string' for a number in digits"),
			 "'%s' cannot read %lld bytes%s", rule_keyword(p), (long long)out->number,
			 w->string ? " of digits" : "");
}

/* The fixed places at the front of the list; the words follow in *rest. */
static bool read_places(struct rule_parser *p, struct span whole, struct span *places,
			unsigned count, struct span *rest)
{
	*rest = whole;
	for (unsigned i = 0; i < count; i++) {
		if (!span_next(rest, ',', &places[i]) || places[i].len == 0)
			return rule_fail(p, whole,
					 rule_say(p, "write %s: %s", rule_keyword(p),
						  keyword_row(p->keyword)->help),
					 "'%s' needs %u values before its words, found %u",
					 rule_keyword(p), count, i);
	}
	return true;
}

static const struct {
	const char *text;
	enum compare_op op;
} operators[] = {
	{ "<", COMPARE_LT },  { ">", COMPARE_GT },  { "=", COMPARE_EQ }, { "<=", COMPARE_LE },
	{ ">=", COMPARE_GE }, { "&", COMPARE_AND }, { "^", COMPARE_OR },
};

static bool read_operator(struct rule_parser *p, struct span s, struct byte_test *t)
{
	struct span op = s;

	if (op.len > 0 && op.at[0] == '!') {
		t->negated = true;
		op = span_trim(span_from(op, 1));
	}
	t->op = COMPARE_EQ;
	if (op.len == 0 && t->negated)
		return true;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (span_is(op, operators[i].text)) {
			t->op = operators[i].op;
			return true;
		}
	}
	return rule_fail(p, s, "write <, >, =, <=, >=, & or ^, with '!' before it to negate",
			 "expected an operator, found %s", rule_quote(p, s));
}

/* Decimal, 0x hexadecimal, or a variable; 64 bits. */
static bool read_operand(struct rule_parser *p, struct span s, struct value *out)
{
	uint64_t v;
	int64_t i;

	out->variable = -1;
	if (span_u64(s, &v) ||
	    ((span_starts(s, "0x") || span_starts(s, "0X")) && span_hex(span_from(s, 2), &v))) {
		out->number = (int64_t)v;
		return true;
	}
	if (span_i64(s, &i)) {
		out->number = i;
		return true;
	}
	if (s.len > 0 && (span_digit(s.at[0]) || s.at[0] == '-'))
		return rule_fail(p, s, "write a number of at most 64 bits",
				 "expected a number or a variable, found %s", rule_quote(p, s));
	return rule_value(p, s, "the value", INT64_MIN, INT64_MAX, out);
}

bool rule_parse_byte_test(struct rule_parser *p, const struct option_value *v)
{
	struct byte_test t = { .negated = false };
	struct span places[4], rest;
	struct rule_option *o;
	struct words w;

	if (!read_places(p, v->text, places, 4, &rest) || !read_words(p, rest, ALLOW_BITMASK, &w) ||
	    !read_count(p, places[0], 1, &w, false, &t.count) || !read_operator(p, places[1], &t) ||
	    !read_operand(p, places[2], &t.operand) ||
	    !rule_value(p, places[3], "the offset", INT32_MIN, INT32_MAX, &t.offset))
		return false;
	t.relative = w.relative;
	t.little_endian = w.little;
	t.dce = w.dce;
	t.base = w.base;
	t.bitmask = (uint32_t)w.bitmask;
	o = rule_add(p, OPTION_BYTE_TEST);
	if (!o)
		return false;
	o->byte_test = t;
	return true;
}

bool rule_parse_byte_jump(struct rule_parser *p, const struct option_value *v)
{
	struct byte_jump j = { .relative = false };
	struct span places[2], rest;
	struct rule_option *o;
	struct words w;

	if (!read_places(p, v->text, places, 2, &rest) ||
	    !read_words(p, rest, ALLOW_BITMASK | ALLOW_MULTIPLIER | ALLOW_ALIGN | ALLOW_JUMP, &w) ||
	    !read_count(p, places[0], 0, &w, false, &j.count) ||
	    !rule_value(p, places[1], "the offset", -OFFSET_LIMIT, OFFSET_LIMIT, &j.offset))
		return false;
	j.post_offset = w.post_offset;
	j.multiplier = (uint32_t)w.multiplier;
	j.bitmask = (uint32_t)w.bitmask;
	j.relative = w.relative;
	j.little_endian = w.little;
	j.dce = w.dce;
	j.align = w.align;
	j.from_beginning = w.from_beginning;
	j.from_end = w.from_end;
	j.base = w.base;
	o = rule_add(p, OPTION_BYTE_JUMP);
	if (!o)
		return false;
	o->byte_jump = j;
	p->has_match = true;
	return true;
}

bool rule_parse_byte_extract(struct rule_parser *p, const struct option_value *v)
{
	struct byte_extract e = { .relative = false };
	struct span places[3], rest;
	struct rule_option *o;
	struct words w;
	int variable;

	if (!read_places(p, v->text, places, 3, &rest) ||
	    !read_words(p, rest, ALLOW_MULTIPLIER | ALLOW_ALIGN_BYTES, &w) ||
	    !read_count(p, places[0], 1, &w, true, &e.count) ||
	    !rule_value(p, places[1], "the offset", -OFFSET_LIMIT, OFFSET_LIMIT, &e.offset))
		return false;
	variable = rule_variable(p, places[2]);
	if (variable < 0)
		return false;
	e.result = (int16_t)variable;
	e.multiplier = (uint32_t)w.multiplier;
	e.align = (uint8_t)w.align_bytes;
	e.relative = w.relative;
	e.little_endian = w.little;
	e.dce = w.dce;
	e.base = w.base;
	o = rule_add(p, OPTION_BYTE_EXTRACT);
	if (!o)
		return false;
	o->byte_extract = e;
	p->has_match = true;
	return true;
}

/* The named parts of byte_math. */
enum math_part { MATH_BYTES, MATH_OFFSET, MATH_OPER, MATH_RVALUE, MATH_RESULT, MATH_PARTS };

static const char *const math_names[MATH_PARTS] = { "bytes", "offset", "oper", "rvalue", "result" };

static const struct {
	const char *text;
	enum math_op op;
} math_operators[] = {
	{ "+", MATH_ADD }, { "-", MATH_SUB },  { "*", MATH_MUL },
	{ "/", MATH_DIV }, { "<<", MATH_SHL }, { ">>", MATH_SHR },
};

static bool read_math_operator(struct rule_parser *p, struct span s, enum math_op *out)
{
	for (size_t i = 0; i < sizeof(math_operators) / sizeof(math_operators[0]); i++) {
		if (span_is(s, math_operators[i].text)) {
			*out = math_operators[i].op;
			return true;
		}
	}
	return rule_fail(p, s.len ? s : p->option_span, "write +, -, *, /, << or >>",
			 "expected an operator, found %s", rule_quote(p, s));
}

static bool read_math_word(struct rule_parser *p, struct span name, struct span rest,
			   struct span item, struct words *w)
{
	if (span_is(name, "endian") && (span_is(rest, "little") || span_is(rest, "big"))) {
		w->little = span_is(rest, "little");
		w->big = !w->little;
		return true;
	}
	if (span_is(name, "endian"))
		return rule_fail(p, item, "write endian big or endian little",
				 "expected big or little after endian, found %s",
				 rule_quote(p, rest));
	if (span_is(name, "string") && rest.len > 0) {
		if (!span_is(rest, "hex") && !span_is(rest, "dec") && !span_is(rest, "oct"))
			return rule_fail(p, item, "write string hex, string dec or string oct",
					 "expected hex, dec or oct after string, found %s",
					 rule_quote(p, rest));
		w->string = true;
		return read_base(p, rest, w);
	}
	if (span_is(item, "relative"))
		return w->relative = true;
	if (span_is(item, "dce"))
		return w->dce = true;
	return read_named(p, item, ALLOW_BITMASK, w);
}

/* Sort the items of byte_math into their parts and words. */
static bool read_math(struct rule_parser *p, struct span all, struct span parts[MATH_PARTS],
		      struct words *w)
{
	struct span rest = all, item;

	*w = (struct words){ .post_offset.variable = -1 };
	while (span_next(&rest, ',', &item)) {
		struct span value, name = cut_name(item, &value);
		unsigned i = 0;

		while (i < MATH_PARTS && !span_is(name, math_names[i]))
			i++;
		if (i == MATH_PARTS) {
			if (!read_math_word(p, name, value, item, w))
				return false;
			continue;
		}
		if (parts[i].at)
			return rule_fail(p, item, "keep one of the two",
					 "'%s' stands twice in byte_math", math_names[i]);
		parts[i] = value;
	}
	for (unsigned i = 0; i < MATH_PARTS; i++) {
		if (!parts[i].at || parts[i].len == 0)
			return rule_fail(
				p, all,
				"write byte_math: bytes n, offset n, oper +, rvalue n, result name",
				"byte_math needs '%s' and a value for it", math_names[i]);
	}
	return words_fit(p, w, all);
}

bool rule_parse_byte_math(struct rule_parser *p, const struct option_value *v)
{
	struct byte_math m = { .relative = false };
	struct span parts[MATH_PARTS] = { { NULL, 0 } };
	struct rule_option *o;
	struct words w;
	int variable;

	if (!read_math(p, v->text, parts, &w) ||
	    !read_count(p, parts[MATH_BYTES], 1, &w, false, &m.count) ||
	    !rule_value(p, parts[MATH_OFFSET], "the offset", -OFFSET_LIMIT, OFFSET_LIMIT,
			&m.offset) ||
	    !read_math_operator(p, parts[MATH_OPER], &m.op) ||
	    !rule_value(p, parts[MATH_RVALUE], "rvalue", 0, UINT32_MAX, &m.operand))
		return false;
	if (m.op == MATH_DIV && m.operand.variable < 0 && m.operand.number == 0)
		return rule_fail(p, parts[MATH_RVALUE], "write 1 or more", "division by zero");
	variable = rule_variable(p, parts[MATH_RESULT]);
	if (variable < 0)
		return false;
	m.result = (int16_t)variable;
	m.bitmask = (uint32_t)w.bitmask;
	m.relative = w.relative;
	m.little_endian = w.little;
	m.dce = w.dce;
	m.base = w.base;
	o = rule_add(p, OPTION_BYTE_MATH);
	if (!o)
		return false;
	o->byte_math = m;
	p->has_match = true;
	return true;
}
