/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule says about itself: msg, sid, rev, gid, classtype, priority, reference, metadata, target. */
#include "parser/rule_parser.h"

#include <stdlib.h>

#define DEFAULT_PRIORITY 3

/* The text without the '\' that escape. */
bool rule_parse_msg(struct rule_parser *p, const struct option_value *v)
{
	char *out = arena_alloc(&p->set->arena, v->text.len + 1);
	size_t len = 0;

	if (!out)
		return false;
	for (size_t i = 0; i < v->text.len; i++) {
		if (v->text.at[i] == '\\' && i + 1 < v->text.len)
			i++;
		out[len++] = v->text.at[i];
	}
	p->rule.msg = out;
	return true;
}

bool rule_parse_sid(struct rule_parser *p, const struct option_value *v)
{
	uint64_t n;

	p->sid_span = p->option_span;
	if (!rule_number(p, v->text, "sid", 1, UINT32_MAX, &n))
		return false;
	p->rule.sid = (uint32_t)n;
	return true;
}

bool rule_parse_rev(struct rule_parser *p, const struct option_value *v)
{
	uint64_t n;

	if (!rule_number(p, v->text, "rev", 1, UINT32_MAX, &n))
		return false;
	p->rule.rev = (uint32_t)n;
	return true;
}

bool rule_parse_gid(struct rule_parser *p, const struct option_value *v)
{
	uint64_t n;

	if (!rule_number(p, v->text, "gid", 0, UINT32_MAX, &n))
		return false;
	p->rule.gid = (uint32_t)n;
	return true;
}

/* A letter, then letters, digits, '-' and '_'. */
static bool is_class_name(struct span s)
{
	if (s.len == 0 || span_digit(s.at[0]))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!span_word(s.at[i]) || s.at[i] == '.')
			return false;
	}
	return true;
}

/* A class that classification.config does not have is told once; the rule loads without one. */
static void unknown_class(struct rule_parser *p, struct span s)
{
	const char *names[256];
	struct class_row *row;
	size_t count = 0;

	for (row = p->set->classes; row; row = row->next) {
		if (row->description && count < 256)
			names[count++] = row->name;
	}
	if (count > 0)
		rule_warn(p, s, rule_nearest(p, s, names, count, "add it to classification.config"),
			  "unknown classtype %s; the rule has priority %d", rule_quote(p, s),
			  DEFAULT_PRIORITY);
	row = arena_alloc(&p->set->arena, sizeof(*row));
	if (!row)
		return;
	row->name = rule_string(p, s);
	row->priority = DEFAULT_PRIORITY;
	row->told = true;
	row->next = p->set->classes;
	p->set->classes = row;
}

bool rule_parse_classtype(struct rule_parser *p, const struct option_value *v)
{
	const struct class_row *row;
	uint32_t priority = DEFAULT_PRIORITY;

	if (!is_class_name(v->text))
		return rule_fail(p, v->text, "write one name of classification.config",
				 "expected the name of a class, found %s", rule_quote(p, v->text));
	row = class_find(p->set, v->text);
	if (!row)
		unknown_class(p, v->text);
	else
		priority = row->priority;
	if (p->class_priority >= 0) {
		rule_warn(p, p->option_span, "keep one of the two",
			  "'classtype' stands twice; the graver one counts");
		if (priority >= (uint32_t)p->class_priority)
			return true;
	}
	p->class_priority = (int)priority;
	if (row && row->description) {
		p->rule.class_name = row->name;
		p->rule.class_text = row->description;
	} else {
		p->rule.class_name = rule_shared_string(p, v->text);
		p->rule.class_text = "";
	}
	return true;
}

bool rule_parse_priority(struct rule_parser *p, const struct option_value *v)
{
	uint64_t n;

	if (!rule_number(p, v->text, "priority", 0, INT32_MAX, &n))
		return false;
	if (p->priority_explicit) {
		rule_warn(p, p->option_span, "keep one of the two",
			  "'priority' stands twice; the graver one counts");
		if (n >= p->rule.priority)
			return true;
	}
	p->rule.priority = (uint32_t)n;
	return p->priority_explicit = true;
}

static void unknown_reference(struct rule_parser *p, struct span s)
{
	const char *names[256];
	struct reference_row *row;
	size_t count = 0;

	for (row = p->set->references; row; row = row->next) {
		if (row->url && count < 256)
			names[count++] = row->name;
	}
	if (count > 0)
		rule_warn(p, s, rule_nearest(p, s, names, count, "add it to reference.config"),
			  "unknown type of reference %s; it has no address", rule_quote(p, s));
	row = arena_alloc(&p->set->arena, sizeof(*row));
	if (!row)
		return;
	row->name = rule_string(p, s);
	row->told = true;
	row->next = p->set->references;
	p->set->references = row;
}

static const char *join(struct rule_parser *p, const char *prefix, struct span id)
{
	struct span head = span_of(prefix, strlen(prefix));
	char *out = arena_alloc(&p->set->notes, head.len + id.len + 1);

	if (!out)
		return NULL;
	memcpy(out, head.at, head.len);
	memcpy(out + head.len, id.at, id.len);
	return out;
}

bool rule_parse_reference(struct rule_parser *p, const struct option_value *v)
{
	size_t comma = span_find(v->text, ',');
	struct span type = span_trim(span_head(v->text, comma));
	struct span id = span_trim(span_from(v->text, comma + 1));
	const struct reference_row *row;
	struct rule_reference *r;

	if (comma == v->text.len || type.len == 0)
		return rule_fail(p, v->text,
				 "write the type first, as in url,www.example.com or "
				 "cve,2021-44228",
				 "expected type,id for a reference, found %s",
				 rule_quote(p, v->text));
	if (id.len == 0)
		return rule_fail(p, v->text, "write something after the ','",
				 "a reference without an id: %s", rule_quote(p, v->text));
	row = reference_find(p->set, type);
	if (!row)
		unknown_reference(p, type);
	if (p->rule.references == p->reference_room) {
		unsigned room = p->reference_room ? p->reference_room * 2 : 8;

		r = realloc(p->references, room * sizeof(*r));
		if (!r)
			return false;
		p->references = r;
		p->reference_room = room;
	}
	r = &p->references[p->rule.references++];
	r->type = rule_shared_string(p, type);
	r->id = arena_string(&p->set->notes, id.at, id.len);
	if (!r->id)
		return false;
	r->url = row && row->url ? join(p, row->url, id) : NULL;
	return true;
}

static bool add_metadata(struct rule_parser *p, struct span key, struct span value)
{
	struct rule_metadata *m;

	if (p->rule.metadata_count == p->metadata_room) {
		unsigned room = p->metadata_room ? p->metadata_room * 2 : 16;

		m = realloc(p->metadata, room * sizeof(*m));
		if (!m)
			return false;
		p->metadata = m;
		p->metadata_room = room;
	}
	m = &p->metadata[p->rule.metadata_count++];
	m->key = rule_shared_string(p, key);
	m->value = rule_shared_string(p, value);
	return true;
}

bool rule_parse_metadata(struct rule_parser *p, const struct option_value *v)
{
	struct span rest = v->text, item;

	while (span_next(&rest, ',', &item)) {
		size_t i = 0;

		if (item.len == 0)
			continue;
		while (i < item.len && !span_blank(item.at[i]))
			i++;
		if (i == item.len) {
			rule_warn(p, item,
				  rule_say(p, "write '%.*s value'", (int)item.len, item.at),
				  "metadata %s has no value and is left out", rule_quote(p, item));
			continue;
		}
		if (!add_metadata(p, span_head(item, i), span_trim(span_from(item, i))))
			return false;
	}
	return true;
}

bool rule_parse_target(struct rule_parser *p, const struct option_value *v)
{
	bool src = span_is(v->text, "src_ip");

	if (!src && !span_is(v->text, "dest_ip"))
		return rule_fail(p, v->text, "write src_ip or dest_ip",
				 "expected src_ip or dest_ip, found %s", rule_quote(p, v->text));
	if ((src && p->rule.target == TARGET_DEST) || (!src && p->rule.target == TARGET_SRC))
		return rule_fail(p, p->option_span, "keep one of the two",
				 "'target' stands twice and says different things");
	p->rule.target = src ? TARGET_SRC : TARGET_DEST;
	return true;
}

bool rule_parse_noalert(struct rule_parser *p, const struct option_value *v)
{
	(void)v;
	return p->rule.noalert = true;
}

bool rule_parse_bypass(struct rule_parser *p, const struct option_value *v)
{
	(void)v;
	return rule_add(p, OPTION_BYPASS) != NULL;
}

bool rule_parse_alert(struct rule_parser *p, const struct option_value *v)
{
	(void)v;
	return p->rule.alert = true;
}

bool rule_parse_prefilter(struct rule_parser *p, const struct option_value *v)
{
	(void)v;
	if (p->last_keyword == KW__COUNT)
		return p->errors > 0 ||
		       rule_fail(
			       p, p->option_span,
			       "write it after the condition that is to be tried first, or remove it",
			       "'prefilter' needs a condition before it");
	if (keyword_row(p->last_keyword)->no_prefilter)
		return rule_fail(p, p->option_span,
				 "remove it; what is tried first is chosen without it",
				 "'prefilter' cannot stand after '%s'",
				 keyword_row(p->last_keyword)->name);
	p->options[p->option_count - 1].prefilter = true;
	return true;
}
