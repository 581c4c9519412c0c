/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords that name a buffer: what follows looks at its bytes, until another is named. */
#include "parser/rule_parser.h"

static bool has_options(const struct rule_parser *p, enum buffer b)
{
	for (unsigned i = 0; i < p->option_count; i++) {
		if (option_is_bytes(p->options[i].kind) && p->options[i].buffer == b)
			return true;
	}
	return false;
}

bool rule_buffer_used(struct rule_parser *p)
{
	const char *name;

	/* What was wrong in an option is told; that it is missing is not told as well. */
	if (p->errors > 0 || p->buffer == BUFFER_PAYLOAD || has_options(p, p->buffer))
		return true;
	name = buffer_row(p->buffer)->name;
	return rule_fail(p, p->buffer_span,
			 p->payload_span.at
				 ? rule_say(p, "move %s after '%s;', or remove '%s;'",
					    rule_quote(p, p->payload_span), name, name)
				 : rule_say(p, "write a content after '%s;', or remove it", name),
			 "nothing is looked for in '%s'", name);
}

/* Modifiers go on with the last content of this buffer. */
static void enter(struct rule_parser *p, enum buffer b)
{
	p->buffer = b;
	for (p->use = 0; p->use < p->use_count && p->uses[p->use].buffer != b;)
		p->use++;
	if (p->use == p->use_count)
		p->use = rule_use(p, b);
	p->buffer_span = p->option_span;
	p->last_content = p->previous_content = -1;
	p->content_broken = false;
	for (unsigned i = 0; i < p->option_count; i++) {
		if (p->options[i].buffer != b)
			continue;
		if (p->options[i].kind == OPTION_CONTENT) {
			p->previous_content = p->last_content;
			p->last_content = (int)i;
		} else if (p->options[i].kind == OPTION_PCRE) {
			p->previous_content = -1;
		}
	}
	/* In a buffer of its own a relative match may stand on the beginning. */
	p->has_match |= b != BUFFER_PAYLOAD;
}

bool rule_parse_buffer(struct rule_parser *p, const struct option_value *v)
{
	enum buffer b = keyword_row(p->keyword)->buffer;
	const struct buffer_row *row = buffer_row(b);
	bool ok = rule_buffer_used(p);

	(void)v;
	enter(p, b);
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
	if (p->buffer != BUFFER_PAYLOAD)
		enter(p, BUFFER_PAYLOAD);
	return ok;
}
