/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/rules_report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/rule_digest.h"

static json_t *number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* --- lists ------------------------------------------------------------------------------------ */

struct list {
	json_t *items;
	uint64_t count;
};

static struct list list_new(void)
{
	return (struct list){ .items = json_array() };
}

static void list_add(struct list *l, json_t *item)
{
	l->count++;
	if (json_array_size(l->items) < RULES_REPORT_LIST_MAX)
		json_array_append_new(l->items, item);
	else
		json_decref(item);
}

static void list_put(json_t *out, const char *name, struct list *l)
{
	char count[32];

	snprintf(count, sizeof(count), "%s_count", name);
	json_object_set_new(out, count, number(l->count));
	json_object_set_new(out, name, l->items);
}

/* --- what has changed ------------------------------------------------------------------------- */

static json_t *rule_of(const struct ruleset *rs, uint32_t rule)
{
	struct rule_info info;
	json_t *one = json_object();

	ruleset_rule(rs, rule, &info);
	json_object_set_new(one, "gid", number(info.gid));
	json_object_set_new(one, "sid", number(info.sid));
	json_object_set_new(one, "rev", number(info.rev));
	if (info.msg)
		json_object_set_new(one, "msg", json_string(info.msg));
	return one;
}

static void put_changes(json_t *out, const struct ruleset *is, const struct ruleset *was)
{
	struct list added = list_new(), changed = list_new(), removed = list_new();

	for (uint32_t i = 0; is && i < is->block->rules.count; i++) {
		uint32_t old = was ? ruleset_of_key(was, is->row[i].key) : UINT32_MAX;

		if (old == UINT32_MAX)
			list_add(&added, rule_of(is, i));
		else if (rule_digest(is, i) != rule_digest(was, old))
			list_add(&changed, rule_of(is, i));
	}
	for (uint32_t i = 0; is && was && i < was->block->rules.count; i++) {
		if (ruleset_of_key(is, was->row[i].key) == UINT32_MAX)
			list_add(&removed, rule_of(was, i));
	}
	list_put(out, "added", &added);
	list_put(out, "changed", &changed);
	list_put(out, "removed", &removed);
}

/* --- what was refused ------------------------------------------------------------------------- */

/* The number behind an option's name in a rule's text; 0: there is none. */
static uint32_t option_of(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at += len) {
		const char *p = at + len;

		if (at > text && !strchr("(; \t", at[-1]))
			continue;
		while (*p == ' ')
			p++;
		if (*p++ != ':')
			continue;
		while (*p == ' ')
			p++;
		if (isdigit((unsigned char)*p))
			return (uint32_t)strtoul(p, NULL, 10);
	}
	return 0;
}

static json_t *complaint_of(const struct diag *d)
{
	const char *code = d->code ? d->code : "";

	return json_sprintf("%s:%u:%u: %s%s%s%s", d->place.file ? d->place.file : "", d->place.line,
			    d->place.column, d->message, *code ? " [" : "", code, *code ? "]" : "");
}

static json_t *refused_of(const struct diag *d, uint32_t gid, uint32_t sid)
{
	json_t *one = json_object();

	json_object_set_new(one, "gid", number(gid));
	json_object_set_new(one, "sid", number(sid));
	json_object_set_new(one, "rule", json_string(d->place.text));
	json_object_set_new(one, "filename", json_string(d->place.file));
	json_object_set_new(one, "line", number(d->place.line));
	json_object_set_new(one, "column", number(d->place.column));
	if (d->code)
		json_object_set_new(one, "code", json_string(d->code));
	json_object_set_new(one, "error", json_string(d->message));
	if (d->remedy)
		json_object_set_new(one, "remedy", json_string(d->remedy));
	return one;
}

static bool is_listed(const json_t *list, const json_t *text)
{
	size_t i;
	json_t *one;

	json_array_foreach(list, i, one)
	{
		if (json_equal(one, text))
			return true;
	}
	return false;
}

/* It takes a rule away that was in force, or nobody can say which rule it is of. */
static bool is_worse(const struct rules_report_options *o, const json_t *complaint, uint32_t gid,
		     uint32_t sid)
{
	const json_t *old = json_object_get(o->report_before, "complaints");

	if (o->fatal)
		return true;
	if (!o->before || o->take_refused || is_listed(old, complaint))
		return false;
	return !sid || ruleset_of_key(o->before, (uint64_t)gid << 32 | sid) != UINT32_MAX;
}

/* A line is refused once, with its first mistake. */
static bool same_line(const struct diag *a, const struct diag *b)
{
	return a && a->place.line == b->place.line && a->place.file && b->place.file &&
	       strcmp(a->place.file, b->place.file) == 0;
}

static void put_mistakes(json_t *out, const struct rules_report_options *o)
{
	struct list refused = list_new(), complaints = list_new();
	const struct diag *last = NULL;
	json_t *broken = NULL;

	for (const struct diag *d = o->diags->first; d; d = d->next) {
		const char *text = d->place.line && d->place.text ? d->place.text : "";
		uint32_t sid = option_of(text, "sid"), gid = option_of(text, "gid");
		json_t *complaint;

		if (d->level != DIAG_ERROR)
			continue;
		complaint = complaint_of(d);
		gid = gid ? gid : 1;
		if (!broken && is_worse(o, complaint, gid, sid))
			broken = json_incref(complaint);
		list_add(&complaints, complaint);
		if (sid && !same_line(last, d))
			list_add(&refused, refused_of(d, gid, sid));
		last = d;
	}
	list_put(out, "refused", &refused);
	list_put(out, "complaints", &complaints);
	json_object_set_new(out, "broken", broken ? broken : json_null());
}

/* --- the whole -------------------------------------------------------------------------------- */

static void put_sets(json_t *out, const struct ruleset *rs, const struct settings *s)
{
	json_t *sets = json_array();
	struct ruleset_set set;

	for (uint32_t i = 0; rs && ruleset_set(rs, i, &set); i++) {
		char *path = ruleset_set_path(rs, i, &s->detect);

		if (path)
			json_array_append_new(sets, json_pack("{s:s,s:s}", "name", set.name, "path",
							      path));
		free(path);
	}
	json_object_set_new(out, "sets", sets);
}

json_t *rules_report_new(const struct rules_report_options *o)
{
	const struct ruleset *is = o->rules->compiled;
	char hash[RULESET_DIGEST_BYTES] = "";
	json_t *out = json_object();

	if (!out)
		return NULL;
	if (is)
		ruleset_digest(is, hash);
	json_object_set_new(out, "hash", json_string(hash));
	json_object_set_new(out, "loaded", number(o->rules->loaded));
	json_object_set_new(out, "failed", number(o->rules->failed));
	json_object_set_new(out, "skipped", number(o->rules->skipped));
	put_changes(out, is, o->before);
	put_mistakes(out, o);
	put_sets(out, is, o->settings);
	if (!is && json_is_null(json_object_get(out, "broken")))
		json_object_set_new(out, "broken", json_string("the rules cannot be compiled"));
	return out;
}
