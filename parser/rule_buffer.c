/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keywords that name a buffer: what follows looks at its bytes, until another is named.  The older ones stand
 * behind a content and mean that one alone.
 */
#include "parser/rule_parser.h"

static bool has_options(const struct rule_parser *p, unsigned use)
{
	for (unsigned i = 0; i < p->option_count; i++) {
		if (option_is_bytes(p->options[i].kind) && p->options[i].use == use)
			return true;
	}
	return false;
}

bool rule_buffer_used(struct rule_parser *p)
{
	const char *name;

	/* What was wrong in an option is told; that it is missing is not told as well. */
	if (p->errors > 0 || p->use == 0 || has_options(p, p->use))
		return true;
	name = buffer_row(p->buffer)->name;
	return rule_fail(p, p->buffer_span,
			 p->payload_span.at
				 ? rule_say(p, "move %s after '%s;', or remove '%s;'",
					    rule_quote(p, p->payload_span), name, name)
				 : rule_say(p, "write a content after '%s;', or remove it", name),
			 "nothing is looked for in '%s'", name);
}

unsigned rule_plain_use(struct rule_parser *p, enum buffer b)
{
	for (unsigned i = 0; i < p->use_count; i++) {
		if (p->uses[i].buffer == b && !p->uses[i].transforms && !p->uses[i].frame &&
		    !p->uses[i].directions)
			return i;
	}
	return rule_use(p, b);
}

/* directions: what was said; 0: nothing. */
static unsigned use_in(struct rule_parser *p, enum buffer b, uint8_t directions)
{
	for (unsigned i = 0; i < p->use_count && !buffer_row(b)->multiple; i++) {
		if (p->uses[i].buffer == b && !p->uses[i].transforms &&
		    p->uses[i].directions == directions)
			return i;
	}
	return rule_use(p, b);
}

/* Modifiers go on with the last content of this buffer. */
static void enter(struct rule_parser *p, enum buffer b, unsigned use)
{
	p->buffer = b;
	p->use = use;
	p->use_fresh = b != BUFFER_PAYLOAD;
	p->buffer_span = p->option_span;
	p->last_content = -1;
	p->content_broken = false;
	for (unsigned i = 0; i < p->option_count; i++) {
		if (p->options[i].kind == OPTION_CONTENT && p->options[i].use == p->use)
			p->last_content = (int)i;
	}
	/* In a buffer of its own a relative match may stand on the beginning. */
	p->has_match |= b != BUFFER_PAYLOAD;
}

void rule_enter(struct rule_parser *p, enum buffer b)
{
	bool anew = buffer_row(b)->multiple || b == BUFFER_BASE64_DATA;

	enter(p, b, anew ? rule_use(p, b) : rule_plain_use(p, b));
}

bool rule_need_direction(struct rule_parser *p, uint8_t directions, struct span at)
{
	if (p->rule.transactional) {
		if (directions == BUFFER_TO_SERVER || directions == BUFFER_TO_CLIENT)
			p->one_way |= directions;
		else if (!p->ambiguous_span.at)
			p->ambiguous_span = at;
		return true;
	}
	if (!(p->directions & directions))
		return rule_fail(
			p, at,
			p->app_span.at
				? "keep what is of requests, or what is of responses; with '=>' "
				  "in the header a rule may have both"
				: "keep one of the two",
			"%s is of %s, %s of %s", rule_quote(p, at),
			directions == BUFFER_TO_SERVER ? "requests" : "responses",
			rule_quote(p, p->direction_span),
			p->directions == BUFFER_TO_SERVER ? "requests" : "responses");
	if (directions != (BUFFER_TO_SERVER | BUFFER_TO_CLIENT) && !p->direction_span.at)
		p->direction_span = at;
	p->directions &= directions;
	return true;
}

bool rule_need_app(struct rule_parser *p, uint64_t protos, uint8_t directions)
{
	struct span said = p->app_span.at ? p->app_span : p->proto_span;

	if (p->rule.app_protos && !(p->rule.app_protos & protos))
		return rule_fail(p, p->option_span,
				 p->app_span.at
					 ? "keep the keywords of one protocol"
					 : "write another protocol in the header, or remove it",
				 "%s in a rule of another protocol: %s",
				 rule_quote(p, p->option_span), rule_quote(p, said));
	if (protos)
		p->rule.app_protos = p->rule.app_protos ? p->rule.app_protos & protos : protos;
	if (!p->app_span.at)
		p->app_span = p->option_span;
	return rule_need_direction(p, directions, p->option_span);
}

static bool need_buffer(struct rule_parser *p, enum buffer b, uint8_t directions)
{
	const struct buffer_row *row = buffer_row(b);
	uint64_t apps = buffer_apps(b);

	/* DNS over HTTP/2 is asked as HTTP/2 is, and that only where the header says so. */
	if (p->rule.app_protos == APP_PROTO_BIT(APP_PROTO_DOH2) &&
	    (apps & APP_PROTO_BIT(APP_PROTO_HTTP2)))
		apps |= p->rule.app_protos;
	if (row->kind == BUFFER_KIND_TX && !row->app && p->rule.app_protos &&
	    !(p->rule.app_protos & apps))
		return rule_fail(p, p->option_span,
				 "write http, smtp, ftp-data, smb or nfs for the protocol, or tcp",
				 "'%s' in a rule for %s, which carries no files", row->name,
				 rule_quote(p, p->app_span.at ? p->app_span : p->proto_span));
	return rule_need_app(p, row->app ? apps : p->rule.app_protos & apps, directions);
}

bool rule_need_buffer(struct rule_parser *p, enum buffer b)
{
	return need_buffer(p, b, buffer_row(b)->directions);
}

/* The direction that is said after a buffer; 0: it is none, which is told. */
static uint8_t said_direction(struct rule_parser *p, const struct option_value *v)
{
	if (span_is(v->text, "to_server"))
		return BUFFER_TO_SERVER;
	if (span_is(v->text, "to_client"))
		return BUFFER_TO_CLIENT;
	rule_fail(p, v->whole, "write to_server or to_client, or nothing",
		  "expected to_server or to_client, found %s", rule_quote(p, v->whole));
	return 0;
}

static bool enter_in_direction(struct rule_parser *p, enum buffer b, const struct option_value *v)
{
	uint8_t directions = said_direction(p, v);

	if (!directions)
		return false;
	enter(p, b, use_in(p, b, directions));
	p->uses[p->use].directions = directions;
	return need_buffer(p, b, directions);
}

bool rule_parse_buffer(struct rule_parser *p, const struct option_value *v)
{
	enum buffer b = keyword_row(p->keyword)->buffer;
	const struct buffer_row *row = buffer_row(b);
	bool ok = rule_buffer_used(p);

	if (v->text.len)
		return enter_in_direction(p, b, v) && ok;
	rule_enter(p, b);
	if (row->kind == BUFFER_KIND_TX)
		return rule_need_buffer(p, b) && ok;
	if (b != BUFFER_IP_SRC && b != BUFFER_IP_DST && !p->tx_packet_span.at)
		p->tx_packet_span = p->option_span;
	if (!ok || buffer_admits(b, p->rule.proto))
		return ok;
	return rule_fail(p, p->option_span,
			 rule_say(p, "write '%s' or 'ip' for the protocol, or remove it",
				  row->proto),
			 "'%s' in a rule for %s, which has no such header", row->name,
			 rule_quote(p, p->proto_span));
}

bool rule_parse_pkt_data(struct rule_parser *p, const struct option_value *v)
{
	bool ok = rule_buffer_used(p);

	(void)v;
	if (p->use != 0)
		rule_enter(p, BUFFER_PAYLOAD);
	return ok;
}

/* http_uri and its like: the content before it looks at that buffer. */
bool rule_parse_modifier(struct rule_parser *p, const struct option_value *v)
{
	const struct keyword_row *row = keyword_row(p->keyword);
	const char *sticky = buffer_row((enum buffer)row->buffer)->name;
	struct rule_option *o;
	int at = p->last_content;

	(void)v;
	if (p->content_broken)
		return false;
	if (p->use != 0)
		return rule_fail(p, p->option_span,
				 rule_say(p,
					  "write '%s;' before the content instead, or 'pkt_data;'",
					  sticky),
				 "'%s' after '%s;', which says already what is looked at",
				 row->name, buffer_row(p->buffer)->name);
	if (p->last_content < 0)
		return rule_fail(p, p->option_span,
				 rule_say(p,
					  "write it after the content that it is about, or '%s;' "
					  "before it",
					  sticky),
				 "'%s' needs a content before it", row->name);
	/* Where the last one has a buffer already it is the one before that has none yet. */
	while (at > 0 && (p->options[at].kind != OPTION_CONTENT || p->options[at].use != 0))
		at--;
	o = &p->options[at];
	if (o->kind != OPTION_CONTENT || o->use != 0) {
		o = &p->options[p->last_content];
		return rule_fail(p, p->option_span, "keep one of the two",
				 "the content before '%s' looks at '%s' already", row->name,
				 buffer_row((enum buffer)o->buffer)->name);
	}
	if (o->content.rawbytes)
		return rule_fail(p, p->option_span, "remove rawbytes",
				 "'%s' for a content with rawbytes", row->name);
	if (!rule_need_buffer(p, (enum buffer)row->buffer))
		return false;
	o->use = (uint8_t)rule_plain_use(p, (enum buffer)row->buffer);
	o->buffer = row->buffer;
	p->payload_span = span_of(NULL, 0);
	return true;
}

/* A content of a buffer that the keyword itself names. */
bool rule_parse_content_of(struct rule_parser *p, const struct option_value *v)
{
	enum buffer b = keyword_row(p->keyword)->buffer;
	struct bytes pattern;

	return rule_need_buffer(p, b) && rule_pattern(p, v->text, &pattern) &&
	       rule_add_content(p, pattern, v->negated, rule_plain_use(p, b));
}

bool rule_parse_uricontent(struct rule_parser *p, const struct option_value *v)
{
	struct bytes pattern;

	return rule_need_buffer(p, BUFFER_HTTP_URI) && rule_pattern(p, v->text, &pattern) &&
	       rule_add_content(p, pattern, v->negated, rule_plain_use(p, BUFFER_HTTP_URI));
}

#define URILEN_MAX 65535

/* comparison[,norm or raw]: bsize of the URI, whatever buffer is looked at. */
bool rule_parse_urilen(struct rule_parser *p, const struct option_value *v)
{
	size_t comma = span_find(v->text, ',');
	struct span which = span_trim(span_from(v->text, comma + 1));
	bool raw = span_is(which, "raw");
	enum buffer b = raw ? BUFFER_HTTP_URI_RAW : BUFFER_HTTP_URI;
	struct rule_option *o;
	struct int_match m;
	bool ok;

	p->lax_range = true;
	ok = rule_compare(p, span_trim(span_head(v->text, comma)), URILEN_MAX, &m);
	p->lax_range = false;
	if (!ok)
		return false;
	if (comma < v->text.len && !raw && !span_is(which, "norm"))
		return rule_fail(p, which.len ? which : v->text, "write norm or raw after the ','",
				 "expected norm or raw, found %s", rule_quote(p, which));
	if (!rule_need_buffer(p, b))
		return false;
	o = rule_add(p, OPTION_BSIZE);
	if (!o)
		return false;
	o->use = (uint8_t)rule_plain_use(p, b);
	o->buffer = b;
	o->number = m;
	return true;
}

bool rule_parse_obsolete(struct rule_parser *p, const struct option_value *v)
{
	const struct keyword_row *row = keyword_row(p->keyword);

	(void)v;
	return rule_fail(p, p->option_span,
			 rule_say(p, "write '%s; content:\"...\";'",
				  buffer_row((enum buffer)row->buffer)->name),
			 "'%s' is no longer a keyword", row->name);
}
