/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of hosts and flows from elsewhere, and what a match brings about.
 *
 *     tag   = ( "session" | "host" ) [ "," n "," metric [ "," direction ] ]
 *     iprep = side "," category "," ( operator "," value | "isset" | "isnotset" )
 *     watch = side "," family [ "." kind ] [ "," ( comparison | "isset" | "isnotset" ) ]
 *     geoip = [ side "," ] [ "!" ] country { "," [ "!" ] country }
 */
#include "parser/hook.h"
#include "parser/rule_parser.h"

#include <stdio.h>

static const char *const sides[] = { "any", "src", "dst", "both" };

bool rule_parse_tag(struct rule_parser *p, const struct option_value *v)
{
	static const char *const metrics[] = { "packets", "seconds", "bytes" };
	struct span rest = v->text, what = { NULL, 0 }, count = { NULL, 0 }, metric = { NULL, 0 };
	struct tag t = { .metric = TAG_PACKETS, .count = 256 };
	struct rule_option *o;
	uint64_t n = t.count;
	int m = 0;

	span_next(&rest, ',', &what);
	t.host = span_is(what, "host");
	if (!t.host && !span_is(what, "session"))
		return rule_fail(p, what.len ? what : v->text, "write session or host",
				 "expected what to tag, found %s", rule_quote(p, what));
	if (span_next(&rest, ',', &count)) {
		if (!rule_number(p, count, "the count of tag", 0, UINT32_MAX, &n))
			return false;
		span_next(&rest, ',', &metric);
		m = rule_find_word(metric, metrics, 3);
		if (m < 0)
			return rule_fail(p, metric.len ? metric : v->text,
					 rule_nearest(p, metric, metrics, 3,
						      "write packets, seconds or bytes after the "
						      "number"),
					 "expected what 'tag' counts, found %s",
					 rule_quote(p, metric));
	}
	t.count = (uint32_t)n;
	t.metric = (uint8_t)m;
	if (rest.at) {
		struct span side = span_trim(rest);

		t.src = span_is(side, "src");
		if (!t.src && !span_is(side, "dst"))
			return rule_fail(p, side.len ? side : v->text,
					 "write src or dst at the end",
					 "expected src or dst, found %s", rule_quote(p, side));
		if (!t.host) {
			t.src = false;
			rule_warn(p, side, "remove it, or write host",
				  "%s does nothing for a session, which has both sides",
				  rule_quote(p, side));
		}
	}
	o = rule_add(p, OPTION_TAG);
	if (!o)
		return false;
	o->tag = t;
	return true;
}

/* [!]name,"bytes" */
bool rule_parse_variable(struct rule_parser *p, const struct option_value *v)
{
	size_t comma = span_find(v->text, ',');
	struct span name = span_trim(span_head(v->text, comma));
	struct span bytes = span_trim(span_from(v->text, comma + 1));
	struct variable_match m = { .packet = p->keyword == KW_PKTVAR };
	struct rule_option *o;

	if (name.len > 0 && name.at[0] == '!') {
		m.negated = true;
		name = span_trim(span_from(name, 1));
	}
	if (comma == v->text.len || name.len == 0)
		return rule_fail(p, v->text,
				 rule_say(p, "write %s:name,\"bytes\";", rule_keyword(p)),
				 "expected a name and bytes for '%s', found %s", rule_keyword(p),
				 rule_quote(p, v->text));
	if (bytes.len > 1 && bytes.at[0] == '"' && bytes.at[bytes.len - 1] == '"')
		bytes = span_of(bytes.at + 1, bytes.len - 2);
	if (!rule_pattern(p, bytes, &m.content))
		return false;
	m.name = rule_string(p, name);
	o = rule_add(p, OPTION_VARIABLE);
	if (!o)
		return false;
	o->variable = m;
	return true;
}

static bool read_side(struct rule_parser *p, struct span s, uint8_t *out)
{
	int side = rule_find_word(s, sides, 4);

	if (side < 0)
		return rule_fail(p, s.len ? s : p->option_span, "write any, src, dst or both",
				 "expected which address, found %s", rule_quote(p, s));
	*out = (uint8_t)side;
	return true;
}

#define REPUTATION_MAX 127

/* The operator and the number as two items. */
static bool read_reputation(struct rule_parser *p, struct span op, struct span number,
			    struct int_match *out)
{
	static const char *const names[] = { "=", "!=", "<", "<=", ">", ">=" };
	static const enum compare_op ops[] = { COMPARE_EQ, COMPARE_NE, COMPARE_LT,
					       COMPARE_LE, COMPARE_GT, COMPARE_GE };
	int which = rule_find_word(op, names, 6);
	uint64_t n;

	if (which < 0)
		return rule_fail(p, op.len ? op : p->option_span, "write =, !=, <, <=, > or >=",
				 "expected an operator of 'iprep', found %s", rule_quote(p, op));
	if (!rule_number(p, number, "a reputation", 0, REPUTATION_MAX, &n))
		return false;
	*out = (struct int_match){ ops[which], n, n };
	return true;
}

bool rule_parse_iprep(struct rule_parser *p, const struct option_value *v)
{
	static const char *const tests[] = { "", "isset", "isnotset" };
	struct span rest = v->text, side = { NULL, 0 }, category = { NULL, 0 }, test = { NULL, 0 };
	struct iprep_match m = { .test = IPREP_VALUE };
	struct rule_option *o;
	int which;

	span_next(&rest, ',', &side);
	if (!read_side(p, side, &m.side))
		return false;
	span_next(&rest, ',', &category);
	if (category.len == 0)
		return rule_fail(p, v->text, "write any, the category, and what to compare",
				 "'iprep' needs a category");
	m.category = rule_string(p, category);
	if (rest.at && rule_find_word(span_trim(rest), tests + 1, 2) >= 0) {
		which = rule_find_word(span_trim(rest), tests, 3);
		m.test = (uint8_t)which;
	} else {
		span_next(&rest, ',', &test);
		if (rest.at ? !read_reputation(p, test, span_trim(rest), &m.match)
			    : !rule_compare(p, test, REPUTATION_MAX, &m.match))
			return false;
	}
	o = rule_add(p, OPTION_IPREP);
	if (!o)
		return false;
	o->iprep = m;
	return true;
}

#define WATCH_NAME_BYTES 40

/* What was meant, of families and of kinds. */
static const char *nearest_kind(struct rule_parser *p, struct span s)
{
	const char *names[WATCH_FAMILY__COUNT + WATCH__COUNT];
	char kind[WATCH__COUNT][WATCH_NAME_BYTES];
	unsigned n = 0;

	for (unsigned f = 0; f < WATCH_FAMILY__COUNT; f++)
		names[n++] = watch_family_name((enum watch_family)f);
	for (unsigned k = 0; k < WATCH__COUNT; k++) {
		snprintf(kind[k], sizeof(kind[k]), "%s.%s",
			 watch_family_name(watch_family((enum watch_kind)k)),
			 watch_kind_name((enum watch_kind)k));
		names[n++] = kind[k];
	}
	return rule_nearest(p, s, names, n, "docs/watch.md lists the kinds");
}

bool rule_parse_watch(struct rule_parser *p, const struct option_value *v)
{
	static const char *const tests[] = { "", "isset", "isnotset" };
	struct span rest = v->text, side = { NULL, 0 }, kind = { NULL, 0 };
	struct watch_match m = { .test = IPREP_ISSET };
	struct rule_option *o;
	int which;

	span_next(&rest, ',', &side);
	if (!read_side(p, side, &m.side))
		return false;
	span_next(&rest, ',', &kind);
	if (kind.len == 0)
		return rule_fail(p, v->text,
				 "write src, dst, any or both, and a kind: src,scan.syn",
				 "'weir.watch' needs a kind");
	if (!watch_range_of(kind.at, kind.len, &m.kinds))
		return rule_fail(p, kind, nearest_kind(p, kind),
				 "expected a kind of 'weir.watch', found %s", rule_quote(p, kind));
	if (rest.at) {
		which = rule_find_word(span_trim(rest), tests + 1, 2);
		m.test = which < 0 ? IPREP_VALUE : (uint8_t)(which + 1);
		if (which < 0 && !rule_compare(p, span_trim(rest), UINT32_MAX, &m.match))
			return false;
	}
	o = rule_add(p, OPTION_WATCH);
	if (!o)
		return false;
	o->watch = m;
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool read_country(struct rule_parser *p, struct span s, struct geoip_country *out)
{
	out->negated = s.len > 0 && s.at[0] == '!';
	if (out->negated)
		s = span_trim(span_from(s, 1));
	if (s.len != 2 || !is_letter(s.at[0]) || !is_letter(s.at[1]))
		return rule_fail(p, s.len ? s : p->option_span,
				 "write the two letters of a country, as in DE",
				 "expected a country of two letters, found %s", rule_quote(p, s));
	for (unsigned i = 0; i < 2; i++)
		out->code[i] = (char)(s.at[i] & ~0x20);
	return true;
}

#define COUNTRIES_MAX 256

bool rule_parse_geoip(struct rule_parser *p, const struct option_value *v)
{
	struct geoip_country countries[COUNTRIES_MAX];
	struct geoip_match m = { .side = ADDRESS_BOTH };
	struct span rest = v->text, item = { NULL, 0 };
	struct rule_option *o;
	int side;

	span_next(&rest, ',', &item);
	side = rule_find_word(item, sides, 4);
	if (side >= 0) {
		m.side = (uint8_t)side;
		item = span_of(NULL, 0);
		span_next(&rest, ',', &item);
	}
	do {
		if (m.count == COUNTRIES_MAX)
			return rule_fail(p, item, "name fewer, or those that are not meant",
					 "more than %d countries", COUNTRIES_MAX);
		if (!read_country(p, item, &countries[m.count++]))
			return false;
	} while (span_next(&rest, ',', &item));
	m.country = arena_copy(&p->set->arena, countries, m.count * sizeof(countries[0]));
	o = rule_add(p, OPTION_GEOIP);
	if (!o)
		return false;
	o->geoip = m;
	return true;
}

bool rule_parse_tcp_session(struct rule_parser *p, const struct option_value *v)
{
	static const char *const phases[] = { "setup", "established", "closing" };
	struct span rest = v->text, item;
	struct rule_option *o;
	uint32_t bits = 0;

	while (span_next(&rest, ',', &item)) {
		int phase = rule_find_word(item, phases, 3);

		if (phase < 0)
			return rule_fail(p, item.len ? item : v->text,
					 rule_nearest(p, item, phases, 3,
						      "write setup, established or closing"),
					 "expected a phase of a TCP session, found %s",
					 rule_quote(p, item));
		bits |= 1u << phase;
	}
	o = rule_add(p, OPTION_TCP_SESSION);
	if (!o)
		return false;
	o->tcp_session = bits;
	return true;
}

/* "logging disable, type tx, scope tx" */
bool rule_parse_config(struct rule_parser *p, const struct option_value *v)
{
	static const char *const units[] = { "tx", "flow", "packet" };
	struct span rest = v->text, part[3] = { { NULL, 0 } }, value, name;
	struct config_option c = { .what = CONFIG_LOGGING };
	struct rule_option *o;
	int type, scope;

	for (unsigned i = 0; i < 3; i++)
		span_next(&rest, ',', &part[i]);
	name = rule_cut_word(part[0], &value);
	if ((!span_is(name, "logging") && !span_is(name, "tracking")) || !span_is(value, "disable"))
		return rule_fail(p, part[0].len ? part[0] : v->text,
				 "write logging disable, type tx, scope tx",
				 "expected logging disable or tracking disable, found %s",
				 rule_quote(p, part[0]));
	c.what = span_is(name, "tracking") ? CONFIG_TRACKING : CONFIG_LOGGING;
	name = rule_cut_word(part[1], &value);
	type = span_is(name, "type") ? rule_find_word(value, units, 2) : -1;
	if (type < 0)
		return rule_fail(p, part[1].len ? part[1] : v->text, "write type tx or type flow",
				 "expected type and what it is, found %s", rule_quote(p, part[1]));
	name = rule_cut_word(part[2], &value);
	scope = span_is(name, "scope") ? rule_find_word(value, units, 3) : -1;
	if (scope < 0 || rest.at)
		return rule_fail(p,
				 rest.at       ? span_trim(rest)
				 : part[2].len ? part[2]
					       : v->text,
				 "write scope tx, scope flow or scope packet at the end",
				 "expected scope and what it is, found %s",
				 rule_quote(p, rest.at ? span_trim(rest) : part[2]));
	c.type = (uint8_t)type;
	c.scope = (uint8_t)scope;
	if (c.what == CONFIG_TRACKING && c.type == CONFIG_FLOW && c.scope == CONFIG_PACKET &&
	    (p->rule.hook < 0 || p->rule.hook != hook_find_packet("pre_flow", 8)))
		return rule_fail(p, part[0], "write the hook in the header, as in tcp:pre_flow",
				 "tracking can be disabled before there is a flow only");
	if (!(c.what == CONFIG_LOGGING && c.type == CONFIG_TX && c.scope == CONFIG_TX) &&
	    !(c.what == CONFIG_TRACKING && c.type == CONFIG_FLOW && c.scope == CONFIG_PACKET))
		rule_warn(
			p, v->text,
			"write logging disable, type tx, scope tx, or tracking disable, type flow, "
			"scope packet",
			"'config' of %s changes nothing", rule_quote(p, v->text));
	o = rule_add(p, OPTION_CONFIG);
	if (!o)
		return false;
	o->config = c;
	return true;
}

static bool read_mark(struct rule_parser *p, struct span s, uint32_t *out)
{
	bool hex = span_starts(s, "0x") || span_starts(s, "0X");
	uint64_t n;

	if (!(hex ? span_hex(span_from(s, 2), &n) : span_u64(s, &n)) || n > UINT32_MAX)
		return rule_fail(p, s.len ? s : p->option_span,
				 "write mark/mask, each of 32 bits, as in 0x10/0xff",
				 "expected a mark of 32 bits, found %s", rule_quote(p, s));
	*out = (uint32_t)n;
	return true;
}

bool rule_parse_nfq_set_mark(struct rule_parser *p, const struct option_value *v)
{
	size_t slash = span_find(v->text, '/');
	struct rule_option *o;
	struct mark m;

	if (!read_mark(p, span_trim(span_head(v->text, slash)), &m.mark) ||
	    !read_mark(p, span_trim(span_from(v->text, slash + 1)), &m.mask))
		return false;
	rule_warn(p, p->option_span, "remove it",
		  "'nfq_set_mark' does nothing: packets do not come from a queue of the firewall");
	o = rule_add(p, OPTION_NFQ_SET_MARK);
	if (!o)
		return false;
	o->mark = m;
	return true;
}
