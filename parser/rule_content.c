/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content and the options that modify it.
 *
 *     text   = { byte | escape | hex }
 *     escape = "\" ( "\" | '"' | ";" | ":" )
 *     hex    = "|" { two hexadecimal digits, blanks between } "|"
 */
#include "parser/rule_parser.h"

#include <string.h>

#define OFFSET_MAX 65535
#define DISTANCE_MAX 1048576 /* either way */
#define PATTERN_MAX 65535

static int hex_value(char c)
{
	uint64_t v;

	return span_hex(span_of(&c, 1), &v) ? (int)v : -1;
}

/* The bytes between two '|'; *i stands at the first one and is left at the second. */
static bool read_hex(struct rule_parser *p, struct span s, size_t *i, uint8_t *out, size_t *len)
{
	size_t begin = *i;
	int high = -1;

	for (size_t j = begin + 1; j < s.len; j++) {
		char c = s.at[j];
		int d;

		if (c == '|') {
			*i = j;
			if (high < 0)
				return true;
			return rule_fail(p, span_of(s.at + begin, j - begin + 1),
					 "write two digits for each byte, as in |0d 0a|",
					 "odd number of hexadecimal digits in %s",
					 rule_quote(p, span_of(s.at + begin, j - begin + 1)));
		}
		if (span_blank(c) || c == ',')
			continue;
		d = hex_value(c);
		if (d < 0)
			return rule_fail(
				p, span_of(s.at + j, 1),
				"write hexadecimal digits between the '|', and |7C| for a '|' "
				"in the text",
				"expected a hexadecimal digit, found %s",
				rule_quote(p, span_of(s.at + j, 1)));
		if (high >= 0)
			out[(*len)++] = (uint8_t)(high << 4 | d);
		high = high >= 0 ? -1 : d;
	}
	return rule_fail(p, span_of(s.at + begin, 1),
			 "write '|' after the hexadecimal digits, and |7C| for a '|' in the text",
			 "'|' without its partner");
}

static bool needs_escape(char c)
{
	return c == '\\' || c == '"' || c == ';' || c == ':';
}

/* The bytes that a quoted text means. */
bool rule_pattern(struct rule_parser *p, struct span s, struct bytes *out)
{
	uint8_t *data = arena_alloc(&p->set->arena, s.len);
	size_t len = 0;

	if (!data)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (c == '|') {
			if (!read_hex(p, s, &i, data, &len))
				return false;
			continue;
		}
		if (c == '"') {
			p->fix = "\\\"";
			return rule_fail(p, span_of(s.at + i, 1), "write '\\\"' or |22|",
					 "'\"' in the text of '%s' without a '\\' before it",
					 rule_keyword(p));
		}
		if (c == '\\') {
			if (i + 1 == s.len || !needs_escape(s.at[i + 1])) {
				p->fix = rule_say(p, "\\\\%.*s", i + 1 < s.len, s.at + i + 1);
				return rule_fail(
					p, span_of(s.at + i, i + 1 < s.len ? 2 : 1),
					"write '\\\\' or |5C| for a '\\'",
					"expected '\\', '\"', ';' or ':' after '\\', found %s",
					rule_quote(p, span_head(span_from(s, i + 1), 1)));
			}
			c = s.at[++i];
		}
		data[len++] = (uint8_t)c;
	}
	if (len == 0)
		return rule_fail(p, s, "write the bytes to look for",
				 "the value of '%s' has no bytes", rule_keyword(p));
	if (len > PATTERN_MAX)
		return rule_fail(p, s, "look for a part of it",
				 "'%s' of %zu bytes; at most %d are allowed", rule_keyword(p), len,
				 PATTERN_MAX);
	*out = bytes_of(data, len);
	return true;
}

struct rule_option *rule_add_content(struct rule_parser *p, struct bytes pattern, bool negated,
				     unsigned use)
{
	struct rule_option *o = rule_add(p, OPTION_CONTENT);

	if (!o)
		return NULL;
	o->use = (uint8_t)use;
	o->buffer = p->uses[use].buffer;
	o->content.pattern = pattern;
	o->content.negated = negated;
	o->content.offset.variable = o->content.depth.variable = -1;
	o->content.distance.variable = o->content.within.variable = -1;
	p->last_content = (int)p->option_count - 1;
	p->content_broken = false;
	p->has_match = true;
	return o;
}

bool rule_parse_content(struct rule_parser *p, const struct option_value *v)
{
	struct bytes pattern;

	if (!rule_pattern(p, v->text, &pattern) ||
	    !rule_add_content(p, pattern, v->negated, p->use))
		return false;
	if (p->use == 0)
		p->payload_span = p->option_span;
	return true;
}

/* The content that the last one may be relative to: the one before it in its buffer, and no pcre between. */
static const struct content *previous(const struct rule_parser *p)
{
	for (int i = p->last_content - 1; i >= 0; i--) {
		const struct rule_option *o = &p->options[i];

		if (o->use != p->options[p->last_content].use)
			continue;
		if (o->kind == OPTION_PCRE)
			return NULL;
		if (o->kind == OPTION_CONTENT)
			return &o->content;
	}
	return NULL;
}

/* The content that a modifier modifies; NULL with a complaint where there is none. */
static struct content *modified(struct rule_parser *p)
{
	if (p->content_broken)
		return NULL;
	if (p->last_content >= 0)
		return &p->options[p->last_content].content;
	rule_fail(p, p->option_span,
		  rule_say(p, "write it after the content that it is about: content:\"...\"; %s",
			   rule_keyword(p)),
		  "'%s' needs a content before it", rule_keyword(p));
	return NULL;
}

static bool twice(struct rule_parser *p)
{
	return rule_fail(p, p->option_span, "keep one of the two",
			 "'%s' stands twice for one content", rule_keyword(p));
}

bool rule_parse_nocase(struct rule_parser *p, const struct option_value *v)
{
	struct content *c = modified(p);

	(void)v;
	if (!c)
		return false;
	if (c->nocase)
		return twice(p);
	return c->nocase = true;
}

bool rule_parse_rawbytes(struct rule_parser *p, const struct option_value *v)
{
	struct content *c = modified(p);

	(void)v;
	if (!c)
		return false;
	if (c->rawbytes)
		return twice(p);
	return c->rawbytes = true;
}

static bool has_relative(const struct content *c)
{
	return c->has_distance || c->has_within;
}

static bool has_absolute(const struct content *c)
{
	return c->has_offset || c->has_depth || c->startswith;
}

/* What every word of position has in common: it must go together with the words before it. */
static bool position_fits(struct rule_parser *p, const struct content *c, bool relative)
{
	const char *name = rule_keyword(p);
	const struct content *before;

	if (relative ? has_absolute(c) : has_relative(c))
		return rule_fail(
			p, p->option_span,
			relative ? "use distance and within only, or offset, depth and startswith "
				   "only"
				 : "use offset, depth and startswith only, or distance and within "
				   "only",
			"'%s' for a content that already has '%s'", name,
			relative ? (c->startswith   ? "startswith"
				    : c->has_offset ? "offset"
						    : "depth")
				 : (c->has_distance ? "distance" : "within"));
	if (c->fast_pattern_only)
		return rule_fail(p, p->option_span, "write 'fast_pattern;' without only",
				 "'%s' for a content with fast_pattern:only", name);
	if (c->fast_pattern && c->negated)
		return rule_fail(p, p->option_span, "remove the fast_pattern of this content",
				 "'%s' for a negated content with fast_pattern", name);
	before = relative ? previous(p) : NULL;
	if (before && before->fast_pattern_only)
		return rule_fail(p, p->option_span,
				 "write 'fast_pattern;' without only for the content before",
				 "'%s' after a content with fast_pattern:only", name);
	return true;
}

bool rule_parse_offset(struct rule_parser *p, const struct option_value *v)
{
	struct content *c = modified(p);

	if (!c)
		return false;
	if (c->has_offset)
		return twice(p);
	if (c->startswith)
		return rule_fail(p, p->option_span, "remove one of the two",
				 "'offset' for a content that already has 'startswith'");
	if (!position_fits(p, c, false) ||
	    !rule_value(p, v->text, "offset", 0, OFFSET_MAX, &c->offset))
		return false;
	return c->has_offset = true;
}

/* The room that depth or within leave must hold the content. */
static bool holds(struct rule_parser *p, const struct content *c, const struct value *room,
		  struct span at)
{
	if (room->variable >= 0 || room->number >= (int64_t)c->pattern.len)
		return true;
	return rule_fail(p, at, rule_say(p, "write %zu or more", c->pattern.len),
			 "%s of %lld cannot hold a content of %zu bytes", rule_keyword(p),
			 (long long)room->number, c->pattern.len);
}

bool rule_parse_depth(struct rule_parser *p, const struct option_value *v)
{
	struct content *c = modified(p);

	if (!c)
		return false;
	if (c->has_depth)
		return twice(p);
	if (c->startswith)
		return rule_fail(p, p->option_span, "remove one of the two",
				 "'depth' for a content that already has 'startswith'");
	if (!position_fits(p, c, false) ||
	    !rule_value(p, v->text, "depth", 0, OFFSET_MAX, &c->depth) ||
	    !holds(p, c, &c->depth, v->text))
		return false;
	return c->has_depth = true;
}

bool rule_parse_distance(struct rule_parser *p, const struct option_value *v)
{
	struct content *c = modified(p);

	if (!c)
		return false;
	if (c->has_distance)
		return twice(p);
	if (!position_fits(p, c, true) ||
	    !rule_value(p, v->text, "distance", -DISTANCE_MAX, DISTANCE_MAX, &c->distance))
		return false;
	return c->has_distance = true;
}

bool rule_parse_within(struct rule_parser *p, const struct option_value *v)
{
	struct content *c = modified(p);

	if (!c)
		return false;
	if (c->has_within)
		return twice(p);
	if (!position_fits(p, c, true) ||
	    !rule_value(p, v->text, "within", -DISTANCE_MAX, DISTANCE_MAX, &c->within) ||
	    !holds(p, c, &c->within, v->text))
		return false;
	return c->has_within = true;
}

bool rule_parse_startswith(struct rule_parser *p, const struct option_value *v)
{
	struct content *c = modified(p);

	(void)v;
	if (!c)
		return false;
	if (c->startswith)
		return twice(p);
	if (c->has_offset || c->has_depth)
		return rule_fail(p, p->option_span, "remove one of the two",
				 "'startswith' for a content that already has '%s'",
				 c->has_offset ? "offset" : "depth");
	if (!position_fits(p, c, false))
		return false;
	return c->startswith = true;
}

bool rule_parse_endswith(struct rule_parser *p, const struct option_value *v)
{
	struct content *c = modified(p);

	(void)v;
	if (!c)
		return false;
	return c->endswith = true;
}

/* fast_pattern:offset,length */
static bool read_chop(struct rule_parser *p, struct content *c, struct span s)
{
	struct span rest = s, offset = { NULL, 0 }, len = { NULL, 0 };
	uint64_t from, count;

	span_next(&rest, ',', &offset);
	if (!span_next(&rest, ',', &len) || rest.at || !span_u64(offset, &from) ||
	    !span_u64(len, &count) || count == 0)
		return rule_fail(
			p, s,
			"write 'fast_pattern;', 'fast_pattern:only;' or offset and length, as in "
			"'fast_pattern:0,4;'",
			"expected only, or offset and length, found %s", rule_quote(p, s));
	if (from + count > c->pattern.len || from + count < from)
		return rule_fail(p, s,
				 rule_say(p, "let offset and length together be at most %zu",
					  c->pattern.len),
				 "%s reaches past the end of a content of %zu bytes",
				 rule_quote(p, s), c->pattern.len);
	c->fast_pattern_chop = true;
	c->chop_offset = (uint16_t)from;
	c->chop_len = (uint16_t)count;
	return true;
}

bool rule_parse_fast_pattern(struct rule_parser *p, const struct option_value *v)
{
	struct content *c = modified(p);
	bool only = span_is(v->text, "only");

	if (!c)
		return false;
	if (c->fast_pattern)
		return twice(p);
	if (p->options[p->last_content].buffer == BUFFER_BASE64_DATA)
		return rule_fail(p, p->option_span, "write it at a content of another buffer",
				 "fast_pattern for a content of base64_data");
	for (unsigned i = 0; i < p->option_count; i++) {
		if (p->options[i].kind == OPTION_CONTENT && p->options[i].content.fast_pattern &&
		    p->options[i].use == p->options[p->last_content].use)
			return rule_fail(
				p, p->option_span, "keep it at one content of the rule",
				"fast_pattern already stands at another content of this rule");
	}
	if (c->negated && only)
		return rule_fail(p, p->option_span,
				 "write 'fast_pattern;' at a content that is not "
				 "negated",
				 "fast_pattern:only for a negated content");
	if (c->negated && (has_relative(c) || has_absolute(c)))
		return rule_fail(p, p->option_span,
				 "write it at a content that is not negated, or remove it",
				 "fast_pattern for a negated content that has a position");
	if (only && (has_relative(c) || has_absolute(c)))
		return rule_fail(p, p->option_span, "write 'fast_pattern;' without only",
				 "fast_pattern:only for a content that has a position");
	if (!only && v->text.len > 0 && !read_chop(p, c, v->text))
		return false;
	c->fast_pattern_only = only;
	return c->fast_pattern = true;
}

bool rule_parse_replace(struct rule_parser *p, const struct option_value *v)
{
	struct content *c = modified(p);
	struct bytes by;

	if (!c)
		return false;
	if (c->replace.data)
		return twice(p);
	if (c->negated)
		return rule_fail(p, p->option_span,
				 "write it after the content that is to be replaced",
				 "replace for a negated content");
	if (!rule_pattern(p, v->text, &by))
		return false;
	if (by.len != c->pattern.len)
		return rule_fail(p, v->text,
				 rule_say(p, "write %zu bytes, as many as the content has",
					  c->pattern.len),
				 "replace of %zu bytes for a content of %zu", by.len,
				 c->pattern.len);
	c->replace = by;
	return true;
}

/* [!]n|variable[,relative][,rawbytes] */
bool rule_parse_isdataat(struct rule_parser *p, const struct option_value *v)
{
	struct span rest = v->text, item;
	struct rule_option *o;
	struct isdataat d = { .negated = false };

	span_next(&rest, ',', &item);
	if (item.len > 0 && item.at[0] == '!') {
		d.negated = true;
		item = span_trim(span_from(item, 1));
	}
	if (!rule_value(p, item, "isdataat", 0, OFFSET_MAX, &d.offset))
		return false;
	while (span_next(&rest, ',', &item)) {
		if (span_is(item, "relative"))
			d.relative = true;
		else if (span_is(item, "rawbytes"))
			d.rawbytes = true;
		else
			return rule_fail(p, item.len ? item : v->text,
					 "write relative, rawbytes or both after the number",
					 "expected relative or rawbytes, found %s",
					 rule_quote(p, item));
	}
	o = rule_add(p, OPTION_ISDATAAT);
	if (!o)
		return false;
	o->isdataat = d;
	return true;
}

bool rule_parse_dsize(struct rule_parser *p, const struct option_value *v)
{
	struct rule_option *o;
	struct int_match m;

	if (!rule_compare(p, v->text, OFFSET_MAX, &m))
		return false;
	o = rule_add(p, OPTION_DSIZE);
	if (!o)
		return false;
	o->number = m;
	p->dsize_span = p->option_span;
	return true;
}

bool rule_parse_bsize(struct rule_parser *p, const struct option_value *v)
{
	struct rule_option *o;
	struct int_match m;

	if (!rule_compare(p, v->text, UINT64_MAX, &m))
		return false;
	if (p->use == 0)
		return rule_fail(
			p, p->option_span,
			"write 'dsize' for the payload of a packet, or a buffer such as http.uri "
			"before it",
			"'bsize' needs a buffer before it; the payload has no size of its own");
	o = rule_add(p, OPTION_BSIZE);
	if (!o)
		return false;
	o->number = m;
	return true;
}
