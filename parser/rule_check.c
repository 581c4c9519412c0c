/* SPDX-License-Identifier: Apache-2.0 */
/* What only the whole rule can tell; asked once each option alone is right. */
#include "parser/rule_parser.h"

/* The most bytes that a comparison of sizes admits; -1: no bound. */
static int64_t limit_of(const struct int_match *m)
{
	switch (m->op) {
	case COMPARE_EQ:
	case COMPARE_LT:
	case COMPARE_LE:
		return m->low > INT32_MAX ? -1 : (int64_t)m->low;
	case COMPARE_RANGE:
		if (m->low > m->high)
			return -1;
		/* One more than fits, as for '<': rules of others are written so. */
		return m->high > INT32_MAX ? -1 : (int64_t)m->high + 1;
	default:
		return -1;
	}
}

static int64_t dsize_limit(const struct rule_parser *p)
{
	for (unsigned i = 0; i < p->option_count; i++) {
		if (p->options[i].kind == OPTION_DSIZE)
			return limit_of(&p->options[i].number);
	}
	return -1;
}

static int64_t number_or_zero(bool given, const struct value *v)
{
	return given && v->variable < 0 ? v->number : 0;
}

/*
 * The bytes that the contents of a use need at least, where that is more than limit; else 0.  first: only the first
 * content and what is relative to it.
 */
static int64_t needs_more(const struct rule_parser *p, unsigned use, int64_t limit, bool first)
{
	bool any = false;
	int64_t end = 0;

	for (unsigned i = 0; i < p->option_count; i++) {
		const struct content *c = &p->options[i].content;
		int64_t begin;

		if (p->options[i].use != use)
			continue;
		if (p->options[i].kind == OPTION_PCRE && p->options[i].pcre.relative)
			continue;
		if (p->options[i].kind == OPTION_PCRE || p->options[i].kind == OPTION_BYTE_JUMP ||
		    p->options[i].kind == OPTION_BYTE_EXTRACT ||
		    p->options[i].kind == OPTION_BYTE_MATH)
			end = 0;
		if (p->options[i].kind != OPTION_CONTENT || c->negated)
			continue;
		if (first && any && !c->has_distance && !c->has_within)
			return 0;
		any = true;
		if (c->has_distance || c->has_within)
			begin = end + number_or_zero(c->has_distance, &c->distance);
		else
			begin = number_or_zero(c->has_offset, &c->offset);
		end = (begin > 0 ? begin : 0) + (int64_t)c->pattern.len;
		if (end > limit)
			return end;
	}
	return 0;
}

/* No content may need more bytes than dsize admits. */
static void check_dsize(struct rule_parser *p)
{
	int64_t limit = dsize_limit(p);
	int64_t need = limit < 0 ? 0 : needs_more(p, 0, limit, false);

	if (need)
		rule_fail(
			p, p->dsize_span,
			rule_say(p, "let dsize admit %lld bytes, or look for less",
				 (long long)need),
			"the rule can never match: its contents need %lld bytes, dsize admits %lld",
			(long long)need, (long long)limit);
}

/* The same for bsize and the contents of its buffer.  Rules of others have it wrong in what comes later. */
static void check_bsize(struct rule_parser *p)
{
	for (unsigned i = 0; i < p->option_count; i++) {
		const struct rule_option *o = &p->options[i];
		int64_t limit = o->kind == OPTION_BSIZE ? limit_of(&o->number) : -1;
		bool uri = p->spans[i].at[0] == 'u' || p->spans[i].at[0] == 'U';
		/* Of urilen nobody says so. */
		int64_t need = limit < 0 || uri ? 0 : needs_more(p, o->use, limit, true);
		int64_t later = limit < 0 || need ? 0 : needs_more(p, o->use, limit, false);
		const char *remedy;

		if (!need && !later)
			continue;
		remedy = rule_say(p, "let %s admit %lld bytes, or look for less",
				  uri ? "urilen" : "bsize", (long long)(need + later));
		if (!need) {
			rule_warn(p, p->spans[i], remedy,
				  "the rule never matches: its contents need %lld bytes, bsize "
				  "admits %lld",
				  (long long)later, (long long)limit);
			continue;
		}
		rule_fail(
			p, p->spans[i], remedy,
			"the rule can never match: its contents need %lld bytes, bsize admits %lld",
			(long long)need, (long long)limit);
		return;
	}
}

/* A rule for the stream cannot ask for what only a packet has. */
static void check_stream(struct rule_parser *p)
{
	enum rule_proto proto = p->rule.proto;
	bool only = (p->flow_bits & FLOW_MATCH_ONLY_STREAM) != 0;

	if (proto == RULE_PROTO_TCP_PKT && only) {
		rule_fail(p, p->flow_span, "write 'tcp' for the protocol, or remove only_stream",
			  "flow:only_stream in a rule for tcp-pkt");
		return;
	}
	if (proto == RULE_PROTO_TCP_STREAM && (p->flow_bits & FLOW_MATCH_NO_STREAM)) {
		rule_fail(p, p->flow_span, "write 'tcp' for the protocol, or remove no_stream",
			  "flow:no_stream in a rule for tcp-stream");
		return;
	}
	if (!only && proto != RULE_PROTO_TCP_STREAM)
		return;
	if (p->packet_span.at)
		rule_fail(p, p->packet_span,
			  only ? "remove it, or remove only_stream"
			       : "remove it, or write 'tcp' for the protocol",
			  "a condition on packets in a rule for the stream");
}

static void check_ip_proto(struct rule_parser *p)
{
	enum rule_proto proto = p->rule.proto;

	if (proto == RULE_PROTO_IP || proto == RULE_PROTO_IPV4 || proto == RULE_PROTO_IPV6 ||
	    proto == RULE_PROTO_PKTHDR)
		return;
	for (unsigned i = 0; i < p->option_count; i++) {
		if (p->options[i].kind != OPTION_IP_PROTO)
			continue;
		rule_fail(p, p->proto_span, "write 'ip' for the protocol, or remove ip_proto",
			  "ip_proto in a rule for %s", rule_quote(p, p->proto_span));
		return;
	}
}

static void check_sid(struct rule_parser *p)
{
	if (p->rule.sid == 0)
		rule_fail(p, span_of(span_end(span_trim(p->text)) - 1, 1),
			  "write sid:1; before the ')', with a number of its own",
			  "the rule has no sid");
}

static bool is_relative(const struct rule_option *o)
{
	switch (o->kind) {
	case OPTION_ISDATAAT:
		return o->isdataat.relative;
	case OPTION_BYTE_TEST:
		return o->byte_test.relative;
	case OPTION_BYTE_JUMP:
		return o->byte_jump.relative;
	case OPTION_BYTE_EXTRACT:
		return o->byte_extract.relative;
	case OPTION_BYTE_MATH:
		return o->byte_math.relative;
	case OPTION_BASE64_DECODE:
		return o->base64_decode.relative;
	default:
		return false;
	}
}

/*
 * Behind a content that an older keyword (http_uri) put into a buffer, what counts from its end looks there
 * too, though no buffer was named.
 */
static void follow(struct rule_parser *p)
{
	const struct rule_option *before = NULL;

	for (unsigned i = 0; i < p->option_count; i++) {
		struct rule_option *o = &p->options[i];

		if (!option_is_bytes(o->kind))
			continue;
		if (before && o->use == 0 && before->use != 0 && is_relative(o)) {
			o->use = before->use;
			o->buffer = before->buffer;
		}
		if (o->kind != OPTION_BSIZE)
			before = o;
	}
}

void rule_check(struct rule_parser *p)
{
	follow(p);
	check_sid(p);
	rule_buffer_used(p);
	check_ip_proto(p);
	check_stream(p);
	check_dsize(p);
	check_bsize(p);
	if (p->errors == 0)
		rule_check_app(p);
}
