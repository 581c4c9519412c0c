/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions on the flow: flow, flowbits, flowint, stream_size. */
#include "parser/rule_parser.h"

static const struct {
	const char *name;
	uint32_t bit;
	uint32_t against; /* what it cannot stand beside */
} flow_words[] = {
	{ "to_server", FLOW_MATCH_TO_SERVER, FLOW_MATCH_TO_CLIENT },
	{ "to_client", FLOW_MATCH_TO_CLIENT, FLOW_MATCH_TO_SERVER },
	{ "from_client", FLOW_MATCH_TO_SERVER, FLOW_MATCH_TO_CLIENT },
	{ "from_server", FLOW_MATCH_TO_CLIENT, FLOW_MATCH_TO_SERVER },
	{ "established", FLOW_MATCH_ESTABLISHED,
	  FLOW_MATCH_NOT_ESTABLISHED | FLOW_MATCH_STATELESS },
	{ "not_established", FLOW_MATCH_NOT_ESTABLISHED, FLOW_MATCH_ESTABLISHED },
	{ "stateless", FLOW_MATCH_STATELESS, FLOW_MATCH_ESTABLISHED },
	{ "only_stream", FLOW_MATCH_ONLY_STREAM, FLOW_MATCH_NO_STREAM },
	{ "no_stream", FLOW_MATCH_NO_STREAM, FLOW_MATCH_ONLY_STREAM },
	{ "only_frag", FLOW_MATCH_ONLY_FRAG, FLOW_MATCH_NO_FRAG },
	{ "no_frag", FLOW_MATCH_NO_FRAG, FLOW_MATCH_ONLY_FRAG },
};
#define FLOW_WORDS (sizeof(flow_words) / sizeof(flow_words[0]))

static const char *flow_word_of(uint32_t bits)
{
	for (size_t i = 0; i < FLOW_WORDS; i++) {
		if (flow_words[i].bit & bits)
			return flow_words[i].name;
	}
	return "";
}

static bool read_flow_word(struct rule_parser *p, struct span item, uint32_t *bits)
{
	const char *names[FLOW_WORDS];

	for (size_t i = 0; i < FLOW_WORDS; i++) {
		uint32_t bit = flow_words[i].bit, against = flow_words[i].against & p->flow_bits;

		names[i] = flow_words[i].name;
		if (!span_is_nocase(item, names[i]))
			continue;
		if (against)
			return rule_fail(p, item, "keep one of the two",
					 "%s cannot stand beside '%s'", rule_quote(p, item),
					 flow_word_of(against));
		if (p->flow_bits & bit)
			return rule_fail(p, item, "remove it", "%s is already said by '%s'",
					 rule_quote(p, item), flow_word_of(bit));
		p->flow_bits |= bit;
		*bits |= bit;
		if (!(bit & (FLOW_MATCH_TO_SERVER | FLOW_MATCH_TO_CLIENT)) || p->rule.transactional)
			return true;
		return rule_need_direction(p,
					   bit == FLOW_MATCH_TO_SERVER ? BUFFER_TO_SERVER
								       : BUFFER_TO_CLIENT,
					   item);
	}
	return rule_fail(p, item.len ? item : p->option_span,
			 rule_nearest(p, item, names, FLOW_WORDS,
				      rule_say(p, "write %s", keyword_row(KW_FLOW)->help)),
			 "expected a word of 'flow', found %s", rule_quote(p, item));
}

bool rule_parse_flow(struct rule_parser *p, const struct option_value *v)
{
	struct span rest = v->text, item;
	struct rule_option *o;
	uint32_t bits = 0;

	/* A second one may only follow where the first says no more than a direction. */
	for (unsigned i = 0; i < p->option_count; i++) {
		if (p->options[i].kind == OPTION_FLOW &&
		    (p->options[i].flow & ~(uint32_t)(FLOW_MATCH_TO_SERVER | FLOW_MATCH_TO_CLIENT)))
			return rule_fail(p, p->option_span, "write all words after one 'flow'",
					 "'%s' stands twice", rule_keyword(p));
	}
	p->flow_span = p->option_span;
	while (span_next(&rest, ',', &item)) {
		if (!read_flow_word(p, item, &bits))
			return false;
	}
	o = rule_add(p, OPTION_FLOW);
	if (!o)
		return false;
	o->flow = bits;
	return true;
}

static const struct {
	const char *name;
	enum flowbit_op op;
} flowbit_words[] = {
	{ "set", FLOWBIT_SET },	    { "unset", FLOWBIT_UNSET },	      { "toggle", FLOWBIT_TOGGLE },
	{ "isset", FLOWBIT_ISSET }, { "isnotset", FLOWBIT_ISNOTSET },
};
#define FLOWBIT_WORDS (sizeof(flowbit_words) / sizeof(flowbit_words[0]))

static bool read_flowbit_op(struct rule_parser *p, struct span s, enum flowbit_op *out)
{
	const char *names[FLOWBIT_WORDS + 1] = { NULL };

	for (size_t i = 0; i < FLOWBIT_WORDS; i++) {
		names[i] = flowbit_words[i].name;
		if (span_is(s, names[i])) {
			*out = flowbit_words[i].op;
			return true;
		}
	}
	names[FLOWBIT_WORDS] = "noalert";
	return rule_fail(p, s.len ? s : p->option_span,
			 rule_nearest(p, s, names, FLOWBIT_WORDS + 1,
				      "write set, unset, toggle, isset, isnotset or noalert"),
			 "expected a command of '%s', found %s", rule_keyword(p), rule_quote(p, s));
}

static bool read_flowbit_name(struct rule_parser *p, struct span s, struct bytes *out)
{
	for (size_t i = 0; i < s.len; i++) {
		if (span_blank(s.at[i]))
			return rule_fail(p, s, "write '_' or '.' for the blank",
					 "a blank in the name of a flowbit: %s", rule_quote(p, s));
	}
	*out = rule_bytes(p, s);
	return true;
}

/* Names joined with '|'; in set, unset and toggle it is a letter like others. */
static bool read_flowbit_names(struct rule_parser *p, struct span s, struct flowbits *f)
{
	bool many = f->op == FLOWBIT_ISSET || f->op == FLOWBIT_ISNOTSET;
	struct span rest = s, item;
	unsigned room = 1;

	if (!many && span_find(s, '|') < s.len)
		rule_warn(
			p, s, "write one 'flowbits' for each name",
			"'|' joins names in isset and isnotset only; here it is part of one name");
	for (size_t i = 0; i < s.len; i++)
		room += s.at[i] == '|';
	f->names = arena_alloc(&p->set->arena, room * sizeof(*f->names));
	if (!f->names)
		return false;
	if (!many) {
		f->count = 1;
		return read_flowbit_name(p, s, &f->names[0]);
	}
	while (span_next(&rest, '|', &item)) {
		if (item.len == 0)
			continue;
		if (!read_flowbit_name(p, item, &f->names[f->count]))
			return false;
		f->count++;
	}
	return true;
}

bool rule_parse_flowbits(struct rule_parser *p, const struct option_value *v)
{
	size_t comma = span_find(v->text, ',');
	struct span command = span_trim(span_head(v->text, comma));
	struct span name = span_trim(span_from(v->text, comma + 1));
	struct flowbits f = { .count = 0 };
	struct rule_option *o;

	if (span_is(command, "noalert")) {
		if (comma < v->text.len)
			return rule_fail(p, name.len ? name : v->text, "write 'flowbits:noalert;'",
					 "flowbits:noalert takes no name");
		return p->rule.noalert = true;
	}
	if (!read_flowbit_op(p, command, &f.op))
		return false;
	if (name.len > 0 && !read_flowbit_names(p, name, &f))
		return false;
	if (f.count == 0)
		return rule_fail(p, v->text,
				 rule_say(p, "write flowbits:%.*s,name;", (int)command.len,
					  command.at),
				 "expected the name of a flowbit after %s", rule_quote(p, command));
	o = rule_add(p, OPTION_FLOWBITS);
	if (!o)
		return false;
	o->flowbits = f;
	return true;
}

static const struct {
	const char *name;
	enum flowint_op op;
} flowint_words[] = {
	{ "=", FLOWINT_SET },	    { "+", FLOWINT_ADD },	  { "-", FLOWINT_SUB },
	{ "==", FLOWINT_EQ },	    { "!=", FLOWINT_NE },	  { "<", FLOWINT_LT },
	{ "<=", FLOWINT_LE },	    { ">", FLOWINT_GT },	  { ">=", FLOWINT_GE },
	{ "isset", FLOWINT_ISSET }, { "notset", FLOWINT_NOTSET }, { "isnotset", FLOWINT_NOTSET },
};
#define FLOWINT_WORDS (sizeof(flowint_words) / sizeof(flowint_words[0]))

static bool read_flowint_op(struct rule_parser *p, struct span s, enum flowint_op *out)
{
	for (size_t i = 0; i < FLOWINT_WORDS; i++) {
		if (span_is(s, flowint_words[i].name)) {
			*out = flowint_words[i].op;
			return true;
		}
	}
	return rule_fail(p, s.len ? s : p->option_span,
			 "write =, +, -, ==, !=, <, <=, >, >=, isset or notset",
			 "expected an operator of 'flowint', found %s", rule_quote(p, s));
}

/* A letter, then letters, digits, '_', '.' and '/'. */
static bool is_flowint_name(struct span s)
{
	if (s.len == 0 || span_digit(s.at[0]) || !span_word(s.at[0]) || s.at[0] == '-' ||
	    s.at[0] == '_' || s.at[0] == '.')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if ((!span_word(s.at[i]) && s.at[i] != '/') || s.at[i] == '-')
			return false;
	}
	return true;
}

static bool read_flowint_operand(struct rule_parser *p, struct span s, struct flowint *f)
{
	uint64_t n;

	if (is_flowint_name(s)) {
		f->operand_is_name = true;
		f->operand_name = rule_bytes(p, s);
		return true;
	}
	if (!rule_number(p, s, "the value of flowint", 0, UINT32_MAX, &n))
		return false;
	f->operand = (uint32_t)n;
	return true;
}

bool rule_parse_flowint(struct rule_parser *p, const struct option_value *v)
{
	struct span rest = v->text, name = { NULL, 0 }, op = { NULL, 0 }, operand = { NULL, 0 };
	struct flowint f = { .operand = 0 };
	struct rule_option *o;

	span_next(&rest, ',', &name);
	if (!is_flowint_name(name))
		return rule_fail(
			p, name.len ? name : v->text,
			"begin the name with a letter; letters, digits, '_', '.' and '/' may follow",
			"expected the name of a flowint, found %s", rule_quote(p, name));
	f.name = rule_bytes(p, name);
	span_next(&rest, ',', &op);
	if (!read_flowint_op(p, op, &f.op))
		return false;
	if (f.op != FLOWINT_ISSET && f.op != FLOWINT_NOTSET) {
		span_next(&rest, ',', &operand);
		if (!read_flowint_operand(p, operand, &f))
			return false;
	}
	if (rest.at)
		return rule_fail(p, rest.len ? rest : v->text, "remove it",
				 "expected the end of 'flowint', found %s",
				 rule_quote(p, span_trim(rest)));
	o = rule_add(p, OPTION_FLOWINT);
	if (!o)
		return false;
	o->flowint = f;
	return true;
}

static const struct {
	const char *name;
	enum stream_side side;
} sides[] = {
	{ "server", SIDE_SERVER },
	{ "client", SIDE_CLIENT },
	{ "both", SIDE_BOTH },
	{ "either", SIDE_EITHER },
};
#define SIDES (sizeof(sides) / sizeof(sides[0]))

static const struct {
	const char *name;
	enum compare_op op;
} size_operators[] = {
	{ "=", COMPARE_EQ },  { "!=", COMPARE_NE }, { "!", COMPARE_NE },  { "<", COMPARE_LT },
	{ "<=", COMPARE_LE }, { ">", COMPARE_GT },  { ">=", COMPARE_GE },
};

static bool read_side(struct rule_parser *p, struct span s, enum stream_side *out)
{
	const char *names[SIDES];

	for (size_t i = 0; i < SIDES; i++) {
		names[i] = sides[i].name;
		if (span_is(s, names[i])) {
			*out = sides[i].side;
			return true;
		}
	}
	return rule_fail(p, s.len ? s : p->option_span,
			 rule_nearest(p, s, names, SIDES, "write server, client, both or either"),
			 "expected a side of the stream, found %s", rule_quote(p, s));
}

static bool read_size_operator(struct rule_parser *p, struct span s, enum compare_op *out)
{
	for (size_t i = 0; i < sizeof(size_operators) / sizeof(size_operators[0]); i++) {
		if (span_is(s, size_operators[i].name)) {
			*out = size_operators[i].op;
			return true;
		}
	}
	return rule_fail(p, s.len ? s : p->option_span, "write =, !=, <, <=, > or >=",
			 "expected an operator of 'stream_size', found %s", rule_quote(p, s));
}

bool rule_parse_stream_size(struct rule_parser *p, const struct option_value *v)
{
	struct span rest = v->text, side = { NULL, 0 }, op = { NULL, 0 };
	struct stream_size_match m = { .side = SIDE_SERVER };
	struct rule_option *o;
	uint64_t n;

	span_next(&rest, ',', &side);
	if (!read_side(p, side, &m.side))
		return false;
	span_next(&rest, ',', &op);
	if (!read_size_operator(p, op, &m.match.op) ||
	    !rule_number(p, span_trim(rest), "the size of the stream", 0, UINT32_MAX, &n))
		return false;
	m.match.low = m.match.high = n;
	o = rule_add(p, OPTION_STREAM_SIZE);
	if (!o)
		return false;
	o->stream_size = m;
	return true;
}

bool rule_parse_flow_age(struct rule_parser *p, const struct option_value *v)
{
	struct rule_option *o;
	struct int_match m;

	if (!rule_compare(p, v->text, UINT32_MAX, &m))
		return false;
	o = rule_add(p, OPTION_FLOW_AGE);
	if (!o)
		return false;
	o->number = m;
	return true;
}

/* toserver, toclient or either, and what follows the ',' */
static bool read_direction(struct rule_parser *p, struct span *s, uint8_t *out)
{
	static const char *const names[] = { "toserver", "toclient", "either" };
	size_t comma = span_find(*s, ',');
	struct span word = span_trim(span_head(*s, comma));

	for (uint8_t i = 0; i < 3; i++) {
		if (comma < s->len && span_is(word, names[i])) {
			*out = i;
			*s = span_trim(span_from(*s, comma + 1));
			return true;
		}
	}
	return rule_fail(p, word.len ? word : p->option_span,
			 rule_say(p,
				  "write toserver, toclient or either first, as in %s:either,>10",
				  rule_keyword(p)),
			 "expected a direction and ',' for '%s', found %s", rule_keyword(p),
			 rule_quote(p, word));
}

/* flow.pkts, flow.bytes, and their older names that have the direction in them. */
bool rule_parse_flow_count(struct rule_parser *p, const struct option_value *v)
{
	bool bytes = p->keyword == KW_FLOW_BYTES || p->keyword == KW_FLOW_BYTES_TOSERVER ||
		     p->keyword == KW_FLOW_BYTES_TOCLIENT;
	struct flow_count_match m = { .side = FLOW_SIDE_TO_SERVER };
	struct span s = v->text;
	struct rule_option *o;

	if (p->keyword == KW_FLOW_PKTS_TOCLIENT || p->keyword == KW_FLOW_BYTES_TOCLIENT)
		m.side = FLOW_SIDE_TO_CLIENT;
	if ((p->keyword == KW_FLOW_PKTS || p->keyword == KW_FLOW_BYTES) &&
	    !read_direction(p, &s, &m.side))
		return false;
	if (!rule_compare(p, s, bytes ? UINT64_MAX : UINT32_MAX, &m.match))
		return false;
	o = rule_add(p, bytes ? OPTION_FLOW_BYTES : OPTION_FLOW_PKTS);
	if (!o)
		return false;
	o->flow_count = m;
	return true;
}

#define XBITS_SECONDS 30
#define HOSTBITS_SECONDS 300

static bool bit_name(struct rule_parser *p, struct span s, struct bytes *out)
{
	for (size_t i = 0; i < s.len; i++) {
		if (span_blank(s.at[i]))
			return rule_fail(p, s, "write a name without blanks",
					 "a blank in the name %s of '%s'", rule_quote(p, s),
					 rule_keyword(p));
	}
	if (s.len == 0)
		return rule_fail(p, p->option_span, "write a name after the command",
				 "'%s' needs a name", rule_keyword(p));
	*out = rule_bytes(p, s);
	return true;
}

/* The command alone means noalert; *done: it was that. */
static bool bit_noalert(struct rule_parser *p, struct span command, struct span rest, bool *done)
{
	*done = span_is(command, "noalert");
	if (!*done)
		return true;
	if (rest.at)
		return rule_fail(p, rest.len ? rest : p->option_span,
				 rule_say(p, "write '%s:noalert;'", rule_keyword(p)),
				 "noalert of '%s' takes no name", rule_keyword(p));
	p->rule.noalert = true;
	return true;
}

static bool add_xbits(struct rule_parser *p, const struct xbits *x)
{
	struct rule_option *o = rule_add(p, OPTION_XBITS);

	if (!o)
		return false;
	o->xbits = *x;
	return true;
}

/* track ... or expire ... */
static bool read_xbits_part(struct rule_parser *p, struct span s, struct xbits *x)
{
	static const char *const tracks[] = { "ip_src", "ip_dst", "ip_pair", "tx" };
	size_t n = 0;
	struct span word;
	uint64_t seconds;

	while (n < s.len && !span_blank(s.at[n]))
		n++;
	word = span_head(s, n);
	s = span_trim(span_from(s, n));
	if (span_is(word, "expire")) {
		if (!rule_number(p, s, "expire", 1, UINT32_MAX, &seconds))
			return false;
		x->seconds = (uint32_t)seconds;
		return true;
	}
	if (!span_is(word, "track"))
		return rule_fail(p, word.len ? word : p->option_span,
				 "write track ip_src, ip_dst or ip_pair, or expire and seconds",
				 "expected track or expire, found %s", rule_quote(p, word));
	for (unsigned i = 0; i < 4; i++) {
		if (span_is(s, tracks[i])) {
			x->track = (enum xbits_track)i;
			return true;
		}
	}
	return rule_fail(p, s.len ? s : word, "write ip_src, ip_dst, ip_pair or tx after track",
			 "expected ip_src, ip_dst, ip_pair or tx, found %s", rule_quote(p, s));
}

bool rule_parse_xbits(struct rule_parser *p, const struct option_value *v)
{
	struct xbits x = { .track = XBITS_TRACK_NONE, .seconds = XBITS_SECONDS };
	struct span rest = v->text, command, part = { NULL, 0 };
	bool noalert;

	span_next(&rest, ',', &command);
	if (!bit_noalert(p, command, rest, &noalert) || noalert)
		return noalert && p->rule.noalert;
	if (!read_flowbit_op(p, command, &x.op))
		return false;
	span_next(&rest, ',', &part);
	if (!bit_name(p, part, &x.name))
		return false;
	while (span_next(&rest, ',', &part)) {
		if (!read_xbits_part(p, part, &x))
			return false;
	}
	if (x.track == XBITS_TRACK_NONE)
		rule_warn(p, p->option_span,
			  "write ',track ip_src', ip_dst or ip_pair after the name",
			  "without 'track' xbits set nothing and never hold");
	return add_xbits(p, &x);
}

bool rule_parse_hostbits(struct rule_parser *p, const struct option_value *v)
{
	struct xbits x = { .track = XBITS_TRACK_SRC, .seconds = HOSTBITS_SECONDS };
	struct span rest = v->text, command, part = { NULL, 0 };
	bool noalert;

	span_next(&rest, ',', &command);
	if (!bit_noalert(p, command, rest, &noalert) || noalert)
		return noalert && p->rule.noalert;
	if (!read_flowbit_op(p, command, &x.op))
		return false;
	span_next(&rest, ',', &part);
	if (!bit_name(p, part, &x.name))
		return false;
	if (!span_next(&rest, ',', &part))
		return add_xbits(p, &x);
	if (span_is(part, "dst"))
		x.track = XBITS_TRACK_DST;
	if (rest.at)
		return rule_fail(p, rest.len ? rest : p->option_span,
				 "remove it, or use xbits, which may expire",
				 "nothing may follow the side of 'hostbits', found %s",
				 rule_quote(p, rest));
	if (!span_is(part, "dst") && !span_is(part, "src"))
		return rule_fail(p, part.len ? part : p->option_span,
				 "write src or dst after the name", "expected src or dst, found %s",
				 rule_quote(p, part));
	return add_xbits(p, &x);
}
