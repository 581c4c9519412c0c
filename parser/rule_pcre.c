/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     pcre = [ "!" ] [ "m" ] "/" regex "/" flags
 *
 * Only the form is looked at here; whether the expression is one is the compiler's to say.
 */
#include "parser/rule_parser.h"

/* Flags that choose a buffer, and the buffer. */
static const struct {
	char flag;
	const char *buffer;
} buffers[] = {
	{ 'U', "http.uri" },	       { 'I', "http.uri.raw" },	   { 'P', "http.request_body" },
	{ 'Q', "http.response_body" }, { 'H', "http.header" },	   { 'D', "http.header.raw" },
	{ 'M', "http.method" },	       { 'C', "http.cookie" },	   { 'S', "http.stat_code" },
	{ 'Y', "http.stat_msg" },      { 'V', "http.user_agent" }, { 'W', "http.host" },
	{ 'Z', "http.host.raw" },
};

static const struct {
	char flag;
	enum pcre_option bit;
} flags[] = {
	{ 'i', PCRE_I }, { 'm', PCRE_M }, { 's', PCRE_S }, { 'x', PCRE_X }, { 'A', PCRE_A },
	{ 'E', PCRE_E }, { 'G', PCRE_G }, { 'B', PCRE_B }, { 'O', PCRE_O },
};

static bool read_flag(struct rule_parser *p, struct span at, struct pcre *out)
{
	char c = at.at[0];

	if (c == 'R') {
		if (!p->has_match)
			return rule_fail(
				p, at,
				"remove the R, or write the content before that it is relative to",
				"the flag R needs a content or pcre before it");
		out->relative = true;
		return true;
	}
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].flag == c) {
			out->options |= flags[i].bit;
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
		if (buffers[i].flag != c)
			continue;
		p->unbuilt = true;
		return rule_fail(p, at,
				 "remove the flag to look at the payload, or put '#' before the "
				 "rule until the buffer is there",
				 "the flag %c chooses %s, which is not built yet", c,
				 buffers[i].buffer);
	}
	return rule_fail(p, at, "the flags are i m s x A E G B O R", "unknown flag %s",
			 rule_quote(p, at));
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

bool rule_parse_pcre(struct rule_parser *p, const struct option_value *v)
{
	struct span s = v->text, tail;
	struct pcre out = { .negated = v->negated };
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
	for (size_t i = 0; i < tail.len; i++) {
		if (tail.at[i] == ',') {
			p->unbuilt = true;
			return rule_fail(
				p, span_from(tail, i), "remove the names",
				"named captures (%s) are known to Suricata but not built yet",
				rule_quote(p, span_trim(span_from(tail, i + 1))));
		}
		if (!read_flag(p, span_of(tail.at + i, 1), &out))
			return false;
	}
	o = rule_add(p, OPTION_PCRE);
	if (!o)
		return false;
	out.regex = rule_bytes(p, span_head(s, end));
	o->pcre = out;
	p->has_match = true;
	return true;
}
