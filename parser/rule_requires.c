/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requires: what a rule needs of the engine.  Looked for before anything else of the rule is read, since
 * what the rule needs may be what its header is written in.
 *
 *     requires = item { "," item }
 *     item     = "version" versions | "feature" name | "keyword" name
 *     versions = bounds { "|" bounds }
 *     bounds   = { ( ">=" | ">" | "<=" | "<" ) major [ "." minor [ "." patch ] ] }
 */
#include "parser/rule_parser.h"

#include <string.h>

/* The version whose rule language this is. */
#define LANGUAGE_TEXT RULE_LANGUAGE_VERSION
#define LANGUAGE_VERSION VERSION(8, 0, 7)
#define VERSION(major, minor, patch) ((uint64_t)(major) << 40 | (uint64_t)(minor) << 20 | (patch))
#define VERSION_PART_MAX 0xfffff

enum requirement { REQUIREMENT_MET, REQUIREMENT_UNMET, REQUIREMENT_BAD };

/* Digits at the front of *s. */
static bool take_number(struct span *s, uint64_t *out)
{
	size_t n = 0;

	while (n < s->len && span_digit(s->at[n]))
		n++;
	if (!span_u64(span_head(*s, n), out) || *out > VERSION_PART_MAX)
		return false;
	*s = span_from(*s, n);
	return true;
}

/* A version at the front of *s; what follows its numbers up to a blank ("-dev") does not count. */
static bool take_version(struct span *s, uint64_t *out)
{
	uint64_t part[3] = { 0, 0, 0 };

	for (unsigned i = 0; i < 3; i++) {
		if (!take_number(s, &part[i]))
			return false;
		if (i == 2 || s->len == 0 || s->at[0] != '.')
			break;
		*s = span_from(*s, 1);
	}
	while (s->len > 0 && !span_blank(s->at[0]) && s->at[0] != '|' && s->at[0] != '<' &&
	       s->at[0] != '>')
		*s = span_from(*s, 1);
	*out = VERSION(part[0], part[1], part[2]);
	return true;
}

static struct span skip_blanks(struct span s)
{
	while (s.len > 0 && span_blank(s.at[0]))
		s = span_from(s, 1);
	return s;
}

/* One operator and its version. */
static enum requirement take_bound(struct span *s)
{
	bool less = s->at[0] == '<', equal = s->len > 1 && s->at[1] == '=';
	uint64_t version;

	if (!less && s->at[0] != '>')
		return REQUIREMENT_BAD;
	*s = skip_blanks(span_from(*s, equal ? 2 : 1));
	if (!take_version(s, &version))
		return REQUIREMENT_BAD;
	*s = skip_blanks(*s);
	if (version == LANGUAGE_VERSION)
		return equal ? REQUIREMENT_MET : REQUIREMENT_UNMET;
	return (LANGUAGE_VERSION < version) == less ? REQUIREMENT_MET : REQUIREMENT_UNMET;
}

static enum requirement versions(struct span s)
{
	bool any = false, all = true, some = false;

	for (s = skip_blanks(s); s.len > 0; some = true) {
		enum requirement r;

		if (s.at[0] == '|') {
			any |= all && some;
			all = true;
			some = false;
			s = skip_blanks(span_from(s, 1));
			if (s.len == 0)
				return REQUIREMENT_BAD;
		}
		r = take_bound(&s);
		if (r == REQUIREMENT_BAD)
			return r;
		all &= r == REQUIREMENT_MET;
	}
	if (!some)
		return REQUIREMENT_BAD;
	return any || all ? REQUIREMENT_MET : REQUIREMENT_UNMET;
}

/* One item, without blanks around it. */
static enum requirement item_met(struct span item, bool *is_version)
{
	size_t n = 0;
	struct span name;

	while (n < item.len && !span_blank(item.at[n]))
		n++;
	name = span_head(item, n);
	item = span_trim(span_from(item, n));
	*is_version = span_is(name, "version");
	if (*is_version)
		return versions(item);
	if (name.len == 0)
		return REQUIREMENT_BAD;
	/* What a feature is called, or a requirement of a later language: it is not here. */
	return span_is(name, "keyword") && keyword_find(item.at, item.len) < KW__COUNT
		       ? REQUIREMENT_MET
		       : REQUIREMENT_UNMET;
}

/* The whole value; *at: what is bad, or what is not met. */
static enum requirement requirements(struct span value, struct span *at, bool *twice)
{
	enum requirement all = REQUIREMENT_MET;
	struct span rest = value, item;
	unsigned seen = 0;

	*twice = false;
	while (span_next(&rest, ',', &item)) {
		bool is_version;
		enum requirement r = item_met(item, &is_version);

		seen += is_version;
		*twice = seen > 1;
		if (r == REQUIREMENT_BAD || *twice) {
			*at = item.len ? item : value;
			return REQUIREMENT_BAD;
		}
		if (r == REQUIREMENT_UNMET && all == REQUIREMENT_MET) {
			*at = item;
			all = r;
		}
	}
	return all;
}

/* The next option of s, which is cut at a ';' that no '\\' precedes. */
static struct span next_option(struct span *s)
{
	struct span option;
	size_t i = 0;

	while (i < s->len && s->at[i] != ';')
		i += s->at[i] == '\\' ? 2 : 1;
	option = span_head(*s, i < s->len ? i : s->len);
	*s = span_from(*s, i + 1);
	return span_trim(option);
}

bool rule_required(struct rule_parser *p)
{
	struct span s = span_from(p->text, span_find(p->text, '(') + 1);

	/* Of most rules this is all that it costs. */
	if (s.len == 0 || !memmem(s.at, s.len, "requires", strlen("requires")))
		return true;
	while (s.len > 0) {
		struct span option = next_option(&s), at;
		size_t colon = span_find(option, ':');
		bool twice;

		if (colon == option.len ||
		    !span_is_nocase(span_trim(span_head(option, colon)), "requires"))
			continue;
		option = span_trim(span_from(option, colon + 1));
		/* In quotes it is a mistake, which is told when the option is read. */
		if (span_starts(option, "\"") ||
		    requirements(option, &at, &twice) != REQUIREMENT_UNMET)
			continue;
		rule_note(
			p, at,
			"rule skipped: it requires %s, and this is the language of " LANGUAGE_TEXT,
			rule_quote(p, at));
		return false;
	}
	return true;
}

bool rule_parse_requires(struct rule_parser *p, const struct option_value *v)
{
	struct span at = v->text;
	bool twice;

	/* That it is met is known; it is looked at again to say what is wrong. */
	if (requirements(v->text, &at, &twice) != REQUIREMENT_BAD)
		return true;
	if (twice)
		return rule_fail(p, at,
				 "write all bounds after one 'version', as in version >= 8 < 9",
				 "'version' stands twice in one 'requires'");
	return rule_fail(p, at, "write version >= 8.0.0, feature NAME or keyword NAME",
			 "expected a requirement, found %s", rule_quote(p, at));
}
