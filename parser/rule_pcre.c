/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     pcre    = [ "!" ] [ "m" ] "/" regex "/" flags { "," capture }
 *     capture = ( "flow" | "pkt" | "alert" ) ":" name
 *
 * Only the form is looked at here; whether the expression is one is the compiler's to say.
 */
#include "parser/rule_parser.h"

#include <string.h>

/* Flags that choose a buffer. */
static const struct {
	char flag;
	uint8_t buffer;
} buffers[] = {
	{ 'U', BUFFER_HTTP_URI },	   { 'I', BUFFER_HTTP_URI_RAW },
	{ 'P', BUFFER_HTTP_REQUEST_BODY }, { 'Q', BUFFER_HTTP_RESPONSE_BODY },
	{ 'H', BUFFER_HTTP_HEADER },	   { 'D', BUFFER_HTTP_HEADER_RAW },
	{ 'M', BUFFER_HTTP_METHOD },	   { 'C', BUFFER_HTTP_COOKIE },
	{ 'S', BUFFER_HTTP_STAT_CODE },	   { 'Y', BUFFER_HTTP_STAT_MSG },
	{ 'V', BUFFER_HTTP_USER_AGENT },   { 'W', BUFFER_HTTP_HOST },
	{ 'Z', BUFFER_HTTP_HOST_RAW },
};

static const struct {
	char flag;
	enum pcre_option bit;
} flags[] = {
	{ 'i', PCRE_I }, { 'm', PCRE_M }, { 's', PCRE_S }, { 'x', PCRE_X }, { 'A', PCRE_A },
	{ 'E', PCRE_E }, { 'G', PCRE_G }, { 'B', PCRE_B }, { 'O', PCRE_O },
};

/* A capital letter of the expression that is no escape, or 0. */
static char find_capital(struct span regex)
{
	for (size_t i = 0; i < regex.len; i++) {
		if (regex.at[i] == '\\')
			i++;
		else if (regex.at[i] >= 'A' && regex.at[i] <= 'Z')
			return regex.at[i];
	}
	return 0;
}

/* A flag that says which buffer the expression looks at. */
static bool read_buffer_flag(struct rule_parser *p, struct span at, enum buffer b, unsigned *use)
{
	const char *name = buffer_row(b)->name;

	/* The body of a response is what a file is. */
	if (b == BUFFER_HTTP_RESPONSE_BODY && p->buffer == BUFFER_FILE_DATA && p->use != 0)
		return true;
	if (*use != p->use)
		return rule_fail(p, at, "keep one of the two", "a second flag for a buffer: %s",
				 rule_quote(p, at));
	if (p->use != 0 && p->buffer != b)
		return rule_fail(p, at, "remove the flag, or write 'pkt_data;' before",
				 "the flag %s chooses '%s' after '%s;'", rule_quote(p, at), name,
				 buffer_row(p->buffer)->name);
	if (!rule_need_buffer(p, b))
		return false;
	if (p->use == 0)
		*use = rule_plain_use(p, b);
	return true;
}

static bool read_flag(struct rule_parser *p, struct span at, struct pcre *out, unsigned *use)
{
	char c = at.at[0];

	if (c == 'R')
		return out->relative = true;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].flag == c) {
			out->options |= flags[i].bit;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
		if (buffers[i].flag == c)
			return read_buffer_flag(p, at, (enum buffer)buffers[i].buffer, use);
	}
	return rule_fail(p, at,
			 "the flags are i m s x A E G B O R, and for buffers U I P Q H D M C S Y V "
			 "W Z",
			 "unknown flag %s", rule_quote(p, at));
}

/*
 * Groups that catch: '(' without '?' after it, and those with a name, "(?P<name>", "(?<name>", "(?'name'".  The
 * name of the last one is in *name.  What stands in a class or behind a '\\' does not count.
 */
struct groups {
	struct span rest;
	struct span name; /* empty: it has none */
};

static bool next_group(struct groups *g)
{
	struct span s = g->rest;
	bool class = false;

	for (size_t i = 0; i < s.len; i++) {
		struct span after = span_from(s, i + 1);

		if (s.at[i] == '\\') {
			i++;
			continue;
		}
		if (s.at[i] == '[')
			class = true;
		else if (s.at[i] == ']')
			class = false;
		if (class || s.at[i] != '(' || (after.len && after.at[0] == '*'))
			continue;
		g->rest = after;
		g->name = span_of(after.at, 0);
		if (after.len == 0 || after.at[0] != '?')
			return true;
		after = span_from(after, after.len > 1 && after.at[1] == 'P' ? 2 : 1);
		if (after.len < 2 || (after.at[0] != '<' && after.at[0] != '\'') ||
		    after.at[1] == '=' || after.at[1] == '!')
			continue;
		g->name = span_from(after, 1);
		g->name.len = span_find(g->name, after.at[0] == '<' ? '>' : '\'');
		return true;
	}
	return false;
}

static unsigned count_groups(struct span regex)
{
	struct groups g = { .rest = regex };
	unsigned n = 0;

	while (next_group(&g))
		n++;
	return n;
}

/* "flow:", "pkt:" or "alert:" at the front, with this sign between; the name follows in *name. */
static bool read_kind(struct span s, char sign, uint8_t *kind, struct span *name)
{
	static const char *const kinds[] = {
		[CAPTURE_FLOW] = "flow", [CAPTURE_PACKET] = "pkt", [CAPTURE_ALERT] = "alert"
	};

	for (uint8_t i = 0; i < 3; i++) {
		size_t len = strlen(kinds[i]);

		if (s.len > len && span_starts(s, kinds[i]) && s.at[len] == sign) {
			*kind = i;
			*name = span_trim(span_from(s, len + 1));
			return true;
		}
	}
	return false;
}

struct captures {
	struct capture capture[PCRE_CAPTURES_MAX];
	unsigned count;
};

static bool add_capture(struct rule_parser *p, struct captures *all, struct span at, uint8_t kind,
			struct span name, const char *group)
{
	if (all->count == PCRE_CAPTURES_MAX)
		return rule_fail(p, at, "catch less", "more than %d captures in an expression",
				 PCRE_CAPTURES_MAX);
	all->capture[all->count++] = (struct capture){
		.kind = kind,
		.key = !group && span_is(name, "key"),
		.name = rule_string(p, name),
		.group = group,
	};
	return true;
}

/* ", flow:name, pkt:name": names for the groups in order. */
static bool read_captures(struct rule_parser *p, struct span s, struct span regex,
			  struct captures *all)
{
	struct span item;

	while (span_next(&s, ',', &item)) {
		struct span name;
		uint8_t kind;

		if (!read_kind(item, ':', &kind, &name) || name.len == 0)
			return rule_fail(p, item.len ? item : p->option_span,
					 "write flow:name, pkt:name or alert:name",
					 "expected where to keep what is caught, found %s",
					 rule_quote(p, item));
		if (!add_capture(p, all, item, kind, name, NULL))
			return false;
	}
	if (all->count > count_groups(regex))
		return rule_fail(p, p->option_span,
				 "put '(' and ')' around each part that is to be caught",
				 "%u names for %u groups of the expression", all->count,
				 count_groups(regex));
	return true;
}

/* Groups whose own name says where to keep it: "(?P<flow_name>...)". */
static bool named_captures(struct rule_parser *p, struct span regex, struct captures *all)
{
	struct groups g = { .rest = regex };

	while (next_group(&g)) {
		struct span name;
		uint8_t kind;

		if (read_kind(g.name, '_', &kind, &name) && name.len > 0 &&
		    !add_capture(p, all, g.name, kind, name, rule_string(p, g.name)))
			return false;
	}
	return true;
}

/* The last '/' that no '\' escapes; s.len where there is none. */
static size_t last_slash(struct span s)
{
	size_t found = s.len;

	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\\')
			i++;
		else if (s.at[i] == '/')
			found = i;
	}
	return found;
}

/* Something was found in that buffer before, and where that ended is known. */
static bool has_before(const struct rule_parser *p, unsigned use)
{
	for (unsigned i = 0; i < p->option_count; i++) {
		const struct rule_option *o = &p->options[i];

		if (o->kind == OPTION_ISDATAAT || o->kind == OPTION_BYTE_TEST)
			continue;
		if (option_is_bytes(o->kind) && o->buffer == p->uses[use].buffer)
			return true;
	}
	return false;
}

bool rule_parse_pcre(struct rule_parser *p, const struct option_value *v)
{
	struct span s = v->text, tail;
	struct pcre out = { .negated = v->negated };
	struct captures all = { .count = 0 };
	unsigned use = p->use;
	struct rule_option *o;
	size_t end;

	if (s.len > 0 && s.at[0] == '!') {
		out.negated = true;
		s = span_trim(span_from(s, 1));
	}
	if (s.len > 1 && s.at[0] == 'm' && s.at[1] == '/')
		s = span_from(s, 1);
	if (s.len == 0 || s.at[0] != '/')
		return rule_fail(p, s.len ? s : v->whole,
				 "write the expression between two '/': \"/abc/i\"",
				 "expected '/' before the expression, found %s", rule_quote(p, s));
	s = span_from(s, 1);
	end = last_slash(s);
	if (end == s.len)
		return rule_fail(p, span_of(span_end(s), 0), "write '/' after the expression",
				 "the expression has no '/' at its end");
	tail = span_from(s, end + 1);
	s = span_head(s, end);
	for (size_t i = 0; i < tail.len && tail.at[i] != ','; i++) {
		if (!span_blank(tail.at[i]) && !read_flag(p, span_of(tail.at + i, 1), &out, &use))
			return false;
	}
	if (use != p->use && p->uses[use].buffer == BUFFER_HTTP_HOST && !(out.options & PCRE_I) &&
	    find_capital(s))
		return rule_fail(p, s, "write it in lower case, or look at http.host.raw with Z",
				 "the flag W chooses 'http.host', which is lower case; the "
				 "expression has '%c'",
				 find_capital(s));
	if (out.relative && (use == 0 || use != p->use) && !has_before(p, use))
		return rule_fail(p, tail,
				 "remove the R, or write the content before that it is relative to",
				 "the flag R needs a content or pcre before it");
	if (span_find(tail, ',') < tail.len &&
	    !read_captures(p, span_from(tail, span_find(tail, ',') + 1), s, &all))
		return false;
	if (!named_captures(p, s, &all))
		return false;
	o = rule_add(p, OPTION_PCRE);
	if (!o)
		return false;
	o->use = (uint8_t)use;
	o->buffer = p->uses[use].buffer;
	out.regex = rule_bytes(p, s);
	out.captures = all.count;
	if (all.count)
		out.capture =
			arena_copy(&p->set->arena, all.capture, all.count * sizeof(all.capture[0]));
	o->pcre = out;
	p->has_match = true;
	return true;
}
