/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditions on bytes that are no search: absent, entropy, rpc, asn1.
 *
 *     entropy = item { "," item }, item = "value" comparison | "bytes" n | "offset" n
 *     rpc     = program [ "," ( version | "*" ) [ "," ( procedure | "*" ) ] ]
 *     asn1    = item { "," item }, item = "bitstring_overflow" | "double_overflow" | "oversize_length" n
 *             | "absolute_offset" n | "relative_offset" n
 */
#include "parser/rule_parser.h"

bool rule_parse_absent(struct rule_parser *p, const struct option_value *v)
{
	bool or_else = span_is(v->text, "or_else"), used = false;
	struct rule_option *o;

	if (v->text.len && !or_else)
		return rule_fail(p, v->text, "write 'absent;' or 'absent:or_else;'",
				 "expected or_else, found %s", rule_quote(p, v->text));
	for (unsigned i = 0; i < p->option_count; i++)
		used |= option_is_bytes(p->options[i].kind) && p->options[i].use == p->use;
	if (p->use == 0 || !p->use_fresh || used)
		return rule_fail(p, p->option_span,
				 "write it directly after the buffer: http.user_agent; absent;",
				 "'absent' must stand directly after the name of a buffer");
	o = rule_add(p, OPTION_ABSENT);
	if (!o)
		return false;
	o->absent.or_else = or_else;
	return true;
}

#define ENTROPY_MAX 8

/* Digits with at most one '.' in them; *rest is what follows. */
static bool take_decimal(struct span s, double *out, struct span *rest)
{
	double scale = 1, n = 0;
	bool dot = false, digit = false;
	size_t i = 0;

	for (; i < s.len && (span_digit(s.at[i]) || (s.at[i] == '.' && !dot)); i++) {
		if (s.at[i] == '.') {
			dot = true;
			continue;
		}
		digit = true;
		n = n * 10 + (s.at[i] - '0');
		if (dot)
			scale *= 10;
	}
	*out = n / scale;
	*rest = span_trim(span_from(s, i));
	return digit && i < 32;
}

static bool bad_value(struct rule_parser *p, struct span s)
{
	return rule_fail(p, s.len ? s : p->option_span,
			 "write =, !=, <, <=, > or >= and a number from 0 to 8, or a<>b",
			 "expected a comparison of entropy, found %s", rule_quote(p, s));
}

static bool read_value(struct rule_parser *p, struct span s, struct entropy *e)
{
	static const char *const names[] = { "<=", ">=", "!=", "<", ">", "=" };
	static const enum compare_op ops[] = { COMPARE_LE, COMPARE_GE, COMPARE_NE,
					       COMPARE_LT, COMPARE_GT, COMPARE_EQ };
	struct span whole = s, rest;
	bool has_op = false;

	e->op = COMPARE_EQ;
	for (unsigned i = 0; i < 6 && !has_op; i++) {
		if (span_starts(s, names[i])) {
			e->op = ops[i];
			s = span_trim(span_from(s, i < 3 ? 2 : 1));
			has_op = true;
		}
	}
	if (!take_decimal(s, &e->low, &rest))
		return bad_value(p, whole);
	e->high = e->low;
	if (rest.len > 0) {
		size_t sign = span_starts(rest, "<>") ? 2 : rest.at[0] == '-' ? 1 : 0;

		if (has_op || !sign ||
		    !take_decimal(span_trim(span_from(rest, sign)), &e->high, &rest) || rest.len)
			return bad_value(p, whole);
		e->op = COMPARE_RANGE;
	}
	if (e->high < e->low)
		return rule_fail(p, whole, "write the lower number first",
				 "range %s ends before it begins", rule_quote(p, whole));
	if (e->low > ENTROPY_MAX || (e->low >= ENTROPY_MAX && e->op == COMPARE_GT))
		return rule_fail(p, whole, "write a number from 0 to 8",
				 "a byte has at most 8 bits of entropy, found %s",
				 rule_quote(p, whole));
	return true;
}

bool rule_parse_entropy(struct rule_parser *p, const struct option_value *v)
{
	static const char *const names[] = { "value", "bytes", "offset" };
	struct entropy e = { .bytes = 0 };
	struct span rest = v->text, item;
	bool has_value = false;
	struct rule_option *o;

	while (span_next(&rest, ',', &item)) {
		struct span value, name = rule_cut_word(item, &value);
		int which = rule_find_word(name, names, 3);
		uint64_t n = 0;

		if (which < 0)
			return rule_fail(p, item.len ? item : v->text,
					 rule_nearest(p, name, names, 3,
						      "write value, bytes or offset"),
					 "'entropy' knows no word %s", rule_quote(p, name));
		if (which == 0) {
			has_value = true;
			if (!read_value(p, value, &e))
				return false;
			continue;
		}
		if (!rule_number(p, value, names[which], 0, INT32_MAX, &n))
			return false;
		if (which == 1)
			e.bytes = (uint32_t)n;
		else
			e.offset = (int32_t)n;
	}
	if (!has_value)
		return rule_fail(p, v->text, "write value and a comparison, as in value >= 7",
				 "'entropy' needs 'value'");
	o = rule_add(p, OPTION_ENTROPY);
	if (!o)
		return false;
	o->entropy = e;
	return true;
}

static bool read_rpc_number(struct rule_parser *p, struct span s, const char *what, bool *any,
			    uint32_t *out)
{
	uint64_t n;

	*any = span_is(s, "*");
	if (*any)
		return true;
	if (!rule_number(p, s, what, 0, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

bool rule_parse_rpc(struct rule_parser *p, const struct option_value *v)
{
	struct rpc_match m = { .any_version = true, .any_procedure = true };
	struct span rest = v->text, item = { NULL, 0 };
	struct rule_option *o;
	uint64_t n;

	span_next(&rest, ',', &item);
	if (!rule_number(p, item, "the program of rpc", 0, UINT32_MAX, &n))
		return false;
	m.program = (uint32_t)n;
	if (span_next(&rest, ',', &item) &&
	    !read_rpc_number(p, item, "the version of rpc", &m.any_version, &m.version))
		return false;
	if (span_next(&rest, ',', &item) &&
	    !read_rpc_number(p, item, "the procedure of rpc", &m.any_procedure, &m.procedure))
		return false;
	if (rest.at)
		return rule_fail(p, rest.len ? rest : v->text, "write program, version, procedure",
				 "expected the end of 'rpc', found %s",
				 rule_quote(p, span_trim(rest)));
	o = rule_add(p, OPTION_RPC);
	if (!o)
		return false;
	o->rpc = m;
	return true;
}

static bool read_asn1(struct rule_parser *p, struct span item, struct asn1_match *m)
{
	static const char *const names[] = { "bitstring_overflow", "double_overflow",
					     "oversize_length", "absolute_offset",
					     "relative_offset" };
	struct span value, name = rule_cut_word(item, &value);
	int which = rule_find_word(name, names, 5);
	int64_t n = 0;

	if (which < 0)
		return rule_fail(p, item.len ? item : p->option_span,
				 rule_nearest(p, name, names, 5,
					      rule_say(p, "write %s", keyword_row(KW_ASN1)->help)),
				 "'asn1' knows no word %s", rule_quote(p, name));
	if (which >= 2 && !rule_signed(p, value, names[which], which == 4 ? -65535 : 0,
				       which == 2 ? UINT32_MAX : 65535, &n))
		return false;
	switch (which) {
	case 0:
		return m->bitstring_overflow = true;
	case 1:
		return m->double_overflow = true;
	case 2:
		m->oversize_length = (uint32_t)n;
		return m->has_oversize_length = true;
	case 3:
		m->absolute_offset = (uint16_t)n;
		return m->has_absolute_offset = true;
	default:
		m->relative_offset = (int32_t)n;
		return m->has_relative_offset = true;
	}
}

bool rule_parse_asn1(struct rule_parser *p, const struct option_value *v)
{
	struct asn1_match m = { .bitstring_overflow = false };
	struct span rest = v->text, item;
	struct rule_option *o;

	while (span_next(&rest, ',', &item)) {
		if (!read_asn1(p, item, &m))
			return false;
	}
	o = rule_add(p, OPTION_ASN1);
	if (!o)
		return false;
	o->asn1 = m;
	return true;
}
