/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     options = "(" { option } ")"
 *     option  = keyword [ ":" value ] ";"
 *     value   = [ "!" ] '"' text '"' | text without ";"
 *
 * A '\' takes the next byte as it is.  The quote that closes a value is the one before a ';'; so
 * pcre:"/a"b/" is one value.  What is most often left out (a quote, a ';', a '\') is guessed from
 * what follows, so that the rest of the rule is read as it was meant.
 */
#include "parser/rule_parser.h"

#include <string.h>

static struct span skip_blanks(struct span s)
{
	while (s.len > 0 && span_blank(s.at[0]))
		s = span_from(s, 1);
	return s;
}

/* The word that s begins with. */
static struct span first_word(struct span s)
{
	size_t i = 0;

	while (i < s.len && span_word(s.at[i]))
		i++;
	return span_head(s, i);
}

/* s, after blanks, begins with a keyword and what may follow one. */
static bool is_option(struct span s)
{
	struct span word;

	s = skip_blanks(s);
	word = first_word(s);
	if (keyword_find(word.at, word.len) == KW_UNKNOWN)
		return false;
	s = skip_blanks(span_from(s, word.len));
	return s.len > 0 && (s.at[0] == ':' || s.at[0] == ';');
}

/* A quote at i is followed by blanks and ';'. */
static bool closes(struct span s, size_t i)
{
	struct span after = skip_blanks(span_from(s, i + 1));

	return after.len > 0 && after.at[0] == ';';
}

/* A quote at i stands where a value begins: after ':' and perhaps '!'. */
static bool opens(struct span s, size_t i)
{
	while (i > 0 && (span_blank(s.at[i - 1]) || s.at[i - 1] == '!'))
		i--;
	return i > 0 && s.at[i - 1] == ':';
}

/* The first '"' of s from i on that no '\' precedes, or s.len. */
static size_t find_quote(struct span s, size_t i)
{
	for (; i < s.len; i++) {
		if (s.at[i] == '\\')
			i++;
		else if (s.at[i] == '"')
			return i;
	}
	return s.len;
}

enum quote_end {
	QUOTE_CLOSED, /* at the quote */
	QUOTE_NO_SEMICOLON, /* at the quote that should have had a ';' after it */
	QUOTE_MISSING, /* at the ';' or the end before which the quote is missing */
};

/*
 * Find the end of the quoted text that s begins after its quote.  A ';' inside that needs a '\' is
 * told in *bare, s.len when there is none.
 */
static enum quote_end find_end(struct span s, size_t *end, size_t *bare)
{
	size_t inner = s.len; /* first quote inside */

	*bare = s.len;
	for (size_t i = 0; i < s.len; i++) {
		size_t next;

		if (s.at[i] == '\\') {
			i++;
			continue;
		}
		if (s.at[i] == '"' && closes(s, i)) {
			*end = i;
			return QUOTE_CLOSED;
		}
		if (s.at[i] == '"' && inner == s.len) {
			inner = i;
			if (is_option(span_from(s, i + 1))) {
				*end = i;
				return QUOTE_NO_SEMICOLON;
			}
		}
		if (s.at[i] != ';' || *bare < s.len)
			continue;
		/* The option ends here, or a '\' is missing. */
		if (inner < s.len) {
			*end = inner;
			return QUOTE_NO_SEMICOLON;
		}
		next = find_quote(s, i);
		if (next == s.len || opens(s, next)) {
			*end = i;
			return QUOTE_MISSING;
		}
		*bare = i;
	}
	if (inner < s.len) {
		*end = inner;
		return QUOTE_NO_SEMICOLON;
	}
	*end = s.len;
	return QUOTE_MISSING;
}

static bool bare_semicolon(struct rule_parser *p, struct span at)
{
	p->fix = "\\;";
	return rule_fail(p, at,
			 p->keyword == KW_CONTENT || p->keyword == KW_REPLACE
				 ? "write '\\;' or '|3B|' for a ';' in the text"
				 : "write '\\;' for a ';' in the text",
			 "';' in the text of '%s' without a '\\' before it", rule_keyword(p));
}

/* The text has no closing quote; at is where it should have been. */
static bool missing_quote(struct rule_parser *p, struct span text)
{
	struct span at = span_of(span_end(text), 0);

	if (text.len >= 2 && text.at[text.len - 1] == '"' && text.at[text.len - 2] == '\\')
		return rule_fail(p, span_of(at.at - 2, 2),
				 "write '\\\\\"' for a text that ends in '\\'",
				 "the closing quote of '%s' is escaped by the '\\' before it",
				 rule_keyword(p));
	return rule_fail(p, at, "write '\"' at the end of the text",
			 "the text of '%s' has no closing quote", rule_keyword(p));
}

/*
 * Read the value that *rest begins with, quotes and all, and the ';' after it.  False: something
 * was wrong and has been told; *rest is where to go on.
 */
static bool read_quoted(struct rule_parser *p, struct span *rest, struct option_value *v)
{
	struct span s = *rest, text;
	size_t end, bare;
	enum quote_end how;

	text = span_from(s, (size_t)(span_find(s, '"') + 1));
	how = find_end(text, &end, &bare);
	v->quoted = true;
	v->text = span_head(text, end);
	if (how == QUOTE_CLOSED) {
		struct span after = skip_blanks(span_from(text, end + 1));

		v->whole = span_of(s.at, (size_t)(text.at - s.at) + end + 1);
		*rest = span_from(after, 1);
		return bare == text.len || bare_semicolon(p, span_of(text.at + bare, 1));
	}
	v->whole = span_of(s.at, (size_t)(text.at - s.at) + end);
	if (how == QUOTE_NO_SEMICOLON) {
		*rest = span_from(text, end + 1);
		return rule_fail(p, span_of(text.at + end, 1), "write ';' after the quote",
				 "expected ';' after the value of '%s', found %s", rule_keyword(p),
				 rule_quote(p, first_word(skip_blanks(*rest)).len
						       ? first_word(skip_blanks(*rest))
						       : span_head(skip_blanks(*rest), 1)));
	}
	*rest = span_from(text, end + 1);
	return missing_quote(p, v->text);
}

/* Free text, in which a keyword's name means nothing. */
static bool is_prose(enum keyword k)
{
	return k == KW_METADATA || k == KW_REFERENCE || k == KW_PCRE || k == KW_REQUIRES;
}

/*
 * In a plain value: a blank and then an option, which means that a ';' is missing.  names: a name that is also
 * an option's may end it.
 */
static size_t find_option(struct span value, bool names)
{
	char last = ','; /* what stood last that is no blank; a list goes on after ',' */

	for (size_t i = 0; i < value.len; i++) {
		if (span_blank(value.at[i]))
			continue;
		if (i > 0 && span_blank(value.at[i - 1]) && last != ',') {
			struct span word = first_word(span_from(value, i));

			if (keyword_find(word.at, word.len) != KW_UNKNOWN &&
			    (i + word.len == value.len ? !names : value.at[i + word.len] == ':'))
				return i;
		}
		last = value.at[i];
	}
	return value.len;
}

static bool no_semicolon(struct rule_parser *p, struct span before, struct span next)
{
	return rule_fail(p, span_of(span_end(before), 0),
			 rule_say(p, "write ';' after %s", rule_quote(p, before)),
			 "expected ';' before '%.*s'", (int)first_word(next).len, next.at);
}

/* The end of a plain value: its ';', or the end of the text. */
static size_t find_semicolon(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\\')
			i++;
		else if (s.at[i] == ';')
			return i;
	}
	return s.len;
}

/* A last option without ';': the ')' that ends the rule is no part of it. */
static struct span cut_parenthesis(struct span s)
{
	s = span_trim(s);
	if (s.len > 0 && s.at[s.len - 1] == ')')
		s.len--;
	return span_trim(s);
}

static bool read_plain(struct rule_parser *p, struct span *rest, struct option_value *v)
{
	struct span s = *rest;
	size_t end = find_semicolon(s), option;
	bool names;

	v->text = span_trim(span_head(s, end));
	if (end == s.len)
		v->text = cut_parenthesis(v->text);
	v->whole = v->text;
	names = p->keyword == KW_DATASET || p->keyword == KW_DATAREP || p->keyword == KW_CONFIG;
	option = is_prose(p->keyword) ? v->text.len : find_option(v->text, names);
	if (option < v->text.len) {
		struct span next = span_from(v->text, option);

		v->text = v->whole = span_trim(span_head(v->text, option));
		*rest = span_of(next.at, (size_t)(span_end(s) - next.at));
		no_semicolon(p, v->text, next);
		return false;
	}
	*rest = span_from(s, end + 1);
	if (end == s.len)
		return rule_fail(p, span_of(span_end(v->text), v->text.len < s.len ? 1 : 0),
				 rule_say(p, "write ';' after %s", rule_quote(p, v->text)),
				 "expected ';' after the value of '%s'", rule_keyword(p));
	return true;
}

static bool read_value(struct rule_parser *p, struct span *rest, struct option_value *v)
{
	struct span s = skip_blanks(*rest), inner = s;
	bool ok;

	while (inner.len > 0 && (inner.at[0] == '!' || span_blank(inner.at[0])))
		inner = span_from(inner, 1);
	*rest = s;
	if (inner.len > 0 && inner.at[0] == '"')
		ok = read_quoted(p, rest, v);
	else
		ok = read_plain(p, rest, v);
	v->negated = v->whole.len > 0 && v->whole.at[0] == '!';
	return ok;
}

static bool unknown_keyword(struct rule_parser *p, struct span name)
{
	size_t count;
	const char *const *names = keyword_names(&count);

	if (name.len == 0)
		return rule_fail(p, span_of(name.at, 1), "remove the ';'",
				 "expected a keyword, found ';'");
	return rule_fail(p, name,
			 rule_nearest(p, name, names, count,
				      "remove it; docs/rules.md lists the keywords"),
			 "unknown keyword %s", rule_quote(p, name));
}

/* The protocol that a keyword begins with, where Weir knows of it and does not parse it; else NULL. */
static const char *unbuilt_app(struct span name)
{
	size_t i = 0;

	while (i < name.len && name.at[i] != '.' && name.at[i] != '_')
		i++;
	for (unsigned a = 0; a < APP_PROTO__COUNT; a++) {
		const char *app = app_proto_rule_name((enum app_proto)a);

		if (!app_proto_built((enum app_proto)a) && span_is_nocase(span_head(name, i), app))
			return app;
	}
	return span_starts(name, "dce_") ? "dcerpc" : span_starts(name, "cip_") ? "enip" : NULL;
}

static bool not_built(struct rule_parser *p, struct span name)
{
	const char *app = unbuilt_app(name);

	if (p->unbuilt)
		return false;
	p->unbuilt = true;
	if (app)
		return rule_fail(
			p, name,
			"remove it and what depends on it, or put '#' before the rule until "
			"the parser is there",
			"keyword %s needs a parser for '%s', which there is not yet",
			rule_quote(p, name), app);
	return rule_fail(p, name,
			 "remove it and what depends on it, or put '#' before the rule until the "
			 "keyword is there",
			 "keyword %s is known to Suricata but not built yet", rule_quote(p, name));
}

/* The value is written as the keyword wants it. */
static bool fits(struct rule_parser *p, const struct keyword_row *row, const struct option_value *v,
		 bool has_value)
{
	const char *name = rule_keyword(p);

	if (row->value == VALUE_NONE) {
		/* A colon and nothing behind it does no harm, and is written. */
		if (!has_value || !v->whole.len)
			return true;
		return rule_fail(p, v->whole, rule_say(p, "write '%s;'", name),
				 "'%s' takes no value, found %s", name, rule_quote(p, v->whole));
	}
	if (row->value == VALUE_OPTIONAL && !has_value)
		return true;
	if (!has_value || v->whole.len == 0)
		return rule_fail(p, p->name,
				 row->value == VALUE_QUOTED
					 ? rule_say(p, "write '%s:' and the value in quotes", name)
					 : rule_say(p, "write '%s:' and a value (%s)", name,
						    row->help),
				 "'%s' needs a value", name);
	if (v->quoted && v->negated && !row->negatable)
		return rule_fail(p, span_head(v->whole, 1), "remove the '!'",
				 "'%s' cannot be negated", name);
	if (v->quoted && (row->value == VALUE_PLAIN || row->value == VALUE_OPTIONAL))
		return rule_fail(p, v->whole, "remove the quotes",
				 "'%s' takes a value without quotes", name);
	if (v->quoted &&
	    span_find(span_from(v->whole, 1), '!') < (size_t)(v->text.at - v->whole.at) - 1)
		return rule_fail(p, span_head(v->whole, 2), "write one '!', or none",
				 "'%s' is negated twice", name);
	if (!v->quoted && row->value == VALUE_QUOTED)
		return rule_fail(p, v->whole, "put the value in quotes, as in content:\"abc\";",
				 "expected '\"' before the value of '%s', found %s", name,
				 rule_quote(p, v->whole));
	if (v->quoted && v->text.len == 0)
		return rule_fail(p, v->whole,
				 "write something between the quotes, or remove the option",
				 "the value of '%s' is empty", name);
	return true;
}

static bool first_time(struct rule_parser *p, const struct keyword_row *row)
{
	uint64_t *seen = &p->seen[p->keyword / 64], bit = (uint64_t)1 << p->keyword % 64;

	if (row->once && (*seen & bit))
		return rule_fail(p, p->option_span, "keep one of the two", "'%s' stands twice",
				 rule_keyword(p));
	*seen |= bit;
	return true;
}

/* A wrong value must not make others look wrong that build on it. */
static void note_broken(struct rule_parser *p)
{
	if (p->keyword == KW_CONTENT || p->keyword == KW_PCRE) {
		p->content_broken = true;
		p->has_match = true;
	} else if (p->keyword == KW_BYTE_EXTRACT || p->keyword == KW_BYTE_MATH) {
		p->variable_broken = true;
	}
}

/* One option; *rest begins with its keyword. */
static void read_option(struct rule_parser *p, struct span *rest)
{
	struct span s = *rest, name;
	struct option_value v = { .whole = span_of(s.at, 0) };
	const struct keyword_row *row;
	bool has_value, ok = true;
	size_t i = 0;

	while (i < s.len && s.at[i] != ':' && s.at[i] != ';')
		i++;
	name = span_trim(span_head(s, i));
	has_value = i < s.len && s.at[i] == ':';
	if (i == s.len)
		name = cut_parenthesis(name);
	p->name = name;
	p->keyword = keyword_find(name.at, name.len);
	if (p->keyword == KW_UNKNOWN) {
		struct span word = first_word(name);
		struct span next = skip_blanks(span_from(name, word.len));

		/* "nocase depth:3": the ';' between the two is missing. */
		if (word.len > 0 && word.len < name.len &&
		    (is_option(next) || i == s.len ||
		     keyword_find(next.at, next.len) != KW_UNKNOWN) &&
		    keyword_find(word.at, word.len) != KW_UNKNOWN && next.len > 0) {
			no_semicolon(p, word, next);
			*rest = span_of(next.at, (size_t)(span_end(s) - next.at));
			return;
		}
	}
	*rest = span_from(s, i + 1);
	if (has_value)
		ok = read_value(p, rest, &v);
	p->option_span = name;
	if (has_value && v.whole.len > 0)
		p->option_span.len = (size_t)(span_end(v.whole) - name.at);
	if (p->keyword == KW_UNKNOWN) {
		unknown_keyword(p, name);
		return;
	}
	if (p->keyword == KW_NOT_BUILT) {
		not_built(p, name);
		return;
	}
	if (i == s.len && ok)
		ok = rule_fail(p, span_of(span_end(name), 1),
			       rule_say(p, "write '%s;'", rule_keyword(p)),
			       "expected ';' after '%s'", rule_keyword(p));
	if (p->unbuilt)
		return;
	row = keyword_row(p->keyword);
	if (row->packet && !p->packet_span.at)
		p->packet_span = p->option_span;
	if (row->packet && !row->buffer && !p->tx_packet_span.at)
		p->tx_packet_span = p->option_span;
	ok = first_time(p, row) && ok;
	if (!ok || !fits(p, row, &v, has_value) || !row->parse(p, &v))
		note_broken(p);
}

void rule_options(struct rule_parser *p, struct span rest)
{
	struct span open = span_head(rest, 1);

	rest = skip_blanks(span_from(rest, 1));
	while (rest.len > 0 && rest.at[0] != ')') {
		if (p->errors >= RULE_ERRORS_MAX) {
			rule_fail(p, rest, "correct those above first",
				  "more than %d mistakes in a rule: what follows is not looked at",
				  RULE_ERRORS_MAX);
			return;
		}
		read_option(p, &rest);
		rest = skip_blanks(rest);
	}
	if (rest.len == 0) {
		/* A ')' that a mistake before it swallowed is not missing. */
		if (p->errors == 0)
			rule_warn(
				p, span_of(span_end(span_trim(p->text)), 0),
				"write ')' at the end of the rule, or '\\' at the end of each line "
				"but the last",
				"the '(' in column %u has no ')'", rule_place(p, open).column);
		return;
	}
	rest = skip_blanks(span_from(rest, 1));
	if (rest.len > 0)
		rule_fail(p, rest, "remove it, or put it on a line of its own",
			  "expected the end of the rule after ')', found %s", rule_quote(p, rest));
}
