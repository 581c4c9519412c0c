/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is made of a buffer before it is looked at: transforms, which stand behind its name and are done in their
 * order; base64_decode, which reads a part of a buffer and leaves what base64_data names.
 *
 *     base64_decode = [ "bytes" n [ "," ] ] [ "offset" n [ "," ] ] [ "relative" ]
 *     from_base64   = [ item { "," item } ], item = "bytes" n | "offset" n | "mode" mode
 *     decompress    = [ "max-size" n ]
 */
#include "parser/rule_parser.h"

#include <string.h>

#define TRANSFORMS_MAX 16
#define DECODE_BYTES_MAX 65535
#define DECOMPRESS_BYTES 1024
#define DECOMPRESS_BYTES_MAX (16 * 1024 * 1024)

struct span rule_cut_word(struct span item, struct span *rest)
{
	size_t i = 0;

	while (i < item.len && !span_blank(item.at[i]))
		i++;
	*rest = span_trim(span_from(item, i));
	return span_head(item, i);
}

int rule_find_word(struct span s, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (span_is(s, names[i]))
			return (int)i;
	}
	return -1;
}

static bool no_buffer(struct rule_parser *p)
{
	return rule_fail(p, p->option_span,
			 rule_say(p, "write the buffer before it, as in http.uri; %s;",
				  rule_keyword(p)),
			 "'%s' must stand after the name of a buffer", rule_keyword(p));
}

static bool has_options(const struct rule_parser *p, unsigned use)
{
	for (unsigned i = 0; i < p->option_count; i++) {
		if (option_is_bytes(p->options[i].kind) && p->options[i].use == use)
			return true;
	}
	return false;
}

static bool same_transforms(const struct buffer_use *a, const struct buffer_use *b)
{
	if (a->buffer != b->buffer || a->directions != b->directions ||
	    a->transforms != b->transforms || a->frame || b->frame)
		return false;
	for (unsigned i = 0; i < a->transforms; i++) {
		const struct transform *x = &a->transform[i], *y = &b->transform[i];

		if (x->kind != y->kind || x->mode != y->mode || x->bytes != y->bytes ||
		    x->offset != y->offset || x->argument.len != y->argument.len ||
		    (x->argument.len &&
		     memcmp(x->argument.data, y->argument.data, x->argument.len) != 0))
			return false;
	}
	return true;
}

/* The same buffer with the same transforms, named before: one use. */
static void join_use(struct rule_parser *p)
{
	if (p->use + 1 != p->use_count || buffer_row(p->buffer)->multiple)
		return;
	for (unsigned i = 0; i < p->use; i++) {
		if (same_transforms(&p->uses[i], &p->uses[p->use]) && has_options(p, i)) {
			p->use_count--;
			p->use = i;
			break;
		}
	}
	for (unsigned i = 0; i < p->option_count; i++) {
		if (p->options[i].kind == OPTION_CONTENT && p->options[i].use == p->use)
			p->last_content = (int)i;
	}
}

static bool add_transform(struct rule_parser *p, struct transform t)
{
	struct transform *all;
	struct buffer_use *u;

	if (p->use == 0 || p->buffer == BUFFER_BASE64_DATA)
		return no_buffer(p);
	/* What was looked for before stays with the buffer as it was. */
	if (p->use + 1 != p->use_count || has_options(p, p->use)) {
		unsigned was = p->use;

		p->use = rule_use(p, p->buffer);
		if (!p->use)
			return false;
		p->uses[p->use].place = p->uses[was].place;
		p->uses[p->use].directions = p->uses[was].directions;
		p->uses[p->use].transforms = p->uses[was].transforms;
		p->uses[p->use].transform = p->uses[was].transform;
	}
	u = &p->uses[p->use];
	if (u->transforms == TRANSFORMS_MAX)
		return rule_fail(p, p->option_span, "leave some out",
				 "more than %d transforms of a buffer", TRANSFORMS_MAX);
	all = arena_alloc(&p->set->arena, (u->transforms + 1u) * sizeof(*all));
	if (!all)
		return false;
	if (u->transforms)
		memcpy(all, u->transform, u->transforms * sizeof(*all));
	all[u->transforms++] = t;
	u->transform = all;
	p->last_content = -1;
	join_use(p);
	return true;
}

bool rule_parse_transform(struct rule_parser *p, const struct option_value *v)
{
	(void)v;
	return add_transform(p, (struct transform){ .kind = keyword_row(p->keyword)->detail });
}

bool rule_parse_from_base64(struct rule_parser *p, const struct option_value *v)
{
	static const char *const names[] = { "bytes", "offset", "mode" };
	static const char *const modes[] = { "rfc4648", "rfc2045", "strict" };
	struct transform t = { .kind = TRANSFORM_FROM_BASE64 };
	struct span rest = v->text, item;

	while (v->text.len && span_next(&rest, ',', &item)) {
		struct span value, name = rule_cut_word(item, &value);
		int which = rule_find_word(name, names, 3), mode;
		uint64_t n = 0;

		if (which < 0)
			return rule_fail(p, item.len ? item : v->text,
					 rule_nearest(p, name, names, 3,
						      "write bytes n, offset n or mode and one of "
						      "rfc4648, rfc2045 and strict"),
					 "'from_base64' knows no word %s", rule_quote(p, name));
		if (which < 2) {
			if (!rule_number(p, value, names[which], 0, DECODE_BYTES_MAX, &n))
				return false;
			*(which ? &t.offset : &t.bytes) = (uint32_t)n;
			continue;
		}
		mode = rule_find_word(value, modes, 3);
		if (mode < 0)
			return rule_fail(p, item,
					 rule_nearest(p, value, modes, 3,
						      "write mode rfc4648, rfc2045 or strict"),
					 "expected a way of base64, found %s",
					 rule_quote(p, value));
		t.mode = (uint8_t)mode;
	}
	return add_transform(p, t);
}

/* Decimal, perhaps with kb or mb behind it. */
static bool read_size(struct rule_parser *p, struct span s, uint64_t max, uint32_t *out)
{
	struct int_match m;

	if (s.len == 0 || !span_digit(s.at[0]) || span_find(s, '-') < s.len)
		return rule_fail(p, s.len ? s : p->option_span,
				 "write a number of bytes, as in 4096 or 64kb",
				 "expected a size, found %s", rule_quote(p, s));
	if (!rule_compare(p, s, max, &m))
		return false;
	*out = (uint32_t)m.low;
	return true;
}

bool rule_parse_decompress(struct rule_parser *p, const struct option_value *v)
{
	struct transform t = { .kind = keyword_row(p->keyword)->detail, .bytes = DECOMPRESS_BYTES };
	struct span value, name = rule_cut_word(v->text, &value);

	if (v->text.len && !span_is(name, "max-size"))
		return rule_fail(p, v->text, "write max-size and a number of bytes, or nothing",
				 "expected max-size for '%s', found %s", rule_keyword(p),
				 rule_quote(p, name));
	if (v->text.len && !read_size(p, value, DECOMPRESS_BYTES_MAX, &t.bytes))
		return false;
	return add_transform(p, t);
}

bool rule_parse_xor(struct rule_parser *p, const struct option_value *v)
{
	struct transform t = { .kind = TRANSFORM_XOR };
	uint8_t *key = arena_alloc(&p->set->arena, v->text.len / 2 + 1);
	uint64_t byte;

	if (!key)
		return false;
	for (size_t i = 0; i < v->text.len; i += 2) {
		struct span digits = span_head(span_from(v->text, i), 2);

		if (digits.len < 2 || !span_hex(digits, &byte))
			return rule_fail(p, digits, "write two hexadecimal digits for each byte",
					 "expected a key of hexadecimal digits, found %s",
					 rule_quote(p, digits));
		key[i / 2] = (uint8_t)byte;
	}
	t.argument = bytes_of(key, v->text.len / 2);
	return add_transform(p, t);
}

/* Whether it is an expression, and how many groups it has, is the compiler's to say. */
bool rule_parse_pcrexform(struct rule_parser *p, const struct option_value *v)
{
	return add_transform(p, (struct transform){ .kind = TRANSFORM_PCREXFORM,
						    .argument = rule_bytes(p, v->text) });
}

bool rule_parse_lua(struct rule_parser *p, const struct option_value *v)
{
	(void)v;
	p->unbuilt = true;
	return rule_fail(
		p, p->option_span,
		"say it with content, pcre and the byte keywords, or put '#' before the rule",
		"'%s' is refused: rules run no scripts", rule_keyword(p));
}

static bool decode_word(struct rule_parser *p, struct span item, unsigned *stage,
			struct base64_decode *d)
{
	static const char *const names[] = { "bytes", "offset", "relative" };
	struct span value, name = rule_cut_word(item, &value);
	int which = rule_find_word(name, names, 3);
	uint64_t n;

	if (which < 0)
		return rule_fail(p, item.len ? item : p->option_span,
				 "write bytes n, offset n, relative, in this order",
				 "'base64_decode' knows no word %s", rule_quote(p, name));
	if ((unsigned)which < *stage)
		return rule_fail(p, item, "write bytes n, offset n, relative, in this order",
				 "%s stands behind what it must stand before", rule_quote(p, name));
	*stage = (unsigned)which + 1;
	if (which == 2)
		return d->relative = true;
	if (!rule_number(p, value, names[which], which == 0, which ? UINT32_MAX : DECODE_BYTES_MAX,
			 &n))
		return false;
	*(which ? &d->offset : &d->bytes) = (uint32_t)n;
	return true;
}

bool rule_parse_base64_decode(struct rule_parser *p, const struct option_value *v)
{
	struct base64_decode d = { .relative = false };
	struct span rest = v->text, item;
	struct rule_option *o;
	unsigned stage = 0;

	while (v->text.len && span_next(&rest, ',', &item)) {
		if (!decode_word(p, item, &stage, &d))
			return false;
	}
	o = rule_add(p, OPTION_BASE64_DECODE);
	if (!o)
		return false;
	o->base64_decode = d;
	return true;
}

bool rule_parse_base64_data(struct rule_parser *p, const struct option_value *v)
{
	bool ok = rule_buffer_used(p), decoded = p->errors > 0;

	(void)v;
	for (unsigned i = 0; i < p->option_count; i++)
		decoded |= p->options[i].kind == OPTION_BASE64_DECODE;
	rule_enter(p, BUFFER_BASE64_DATA);
	if (decoded)
		return ok;
	return rule_fail(p, p->option_span, "write base64_decode before it",
			 "'base64_data' without a 'base64_decode' before it");
}
