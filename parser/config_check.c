/* SPDX-License-Identifier: Apache-2.0 */
/* A tree against the tables of keys: values, unknown names, and the one warning. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parser/config_key.h"
#include "parser/config_lookup.h"
#include "parser/protocol.h"

struct checker {
	struct diag_list *diags;
	bool strict;
	unsigned errors;
	char path[CONFIG_PATH_MAX];
	/* The warning about known keys. */
	char names[4096];
	size_t names_len;
	char section[CONFIG_PATH_MAX], last_name[CONFIG_PATH_MAX]; /* of the name added last */
	size_t section_len;
	unsigned ignored;
	struct place first;
};

/* A path as a person writes it. */
static void plain_path(const char *path, char *out, size_t size)
{
	size_t len = 0;

	for (; *path && len + 1 < size; path++) {
		if (*path != '[' && *path != ']')
			out[len++] = *path;
	}
	out[len] = '\0';
}

static void unknown_key(struct checker *k, const char *section, const char *key,
			const struct place *at)
{
	char plain[sizeof(k->path)], near[64];
	char remedy[128] = "remove it, or see docs/configuration.md for the keys there are";

	if (config_nearest_key(section, key, near, sizeof(near)))
		snprintf(remedy, sizeof(remedy), "did you mean '%s'?", near);
	plain_path(section, plain, sizeof(plain));
	if (*section)
		diag_add(k->diags, k->strict ? DIAG_ERROR : DIAG_WARNING, at, remedy,
			 "unknown key '%s' in '%s'", key, plain);
	else
		diag_add(k->diags, k->strict ? DIAG_ERROR : DIAG_WARNING, at, remedy,
			 "unknown key '%s'", key);
	k->errors += k->strict;
}

/* Below app-layer.protocols any name may stand; which there are the rules' protocols tell. */
static bool unknown_protocol(struct checker *k, const char *key, const struct place *at)
{
	const char *name[APP_PROTO__COUNT], *near;
	char remedy[128] = "remove it: a rule's header names the protocols in the same way";
	size_t names = 0;

	if (app_proto_find(key, strlen(key)))
		return false;
	name[names++] = "http";
	for (unsigned p = APP_PROTO_FAILED + 1; p < APP_PROTO__COUNT; p++)
		name[names++] = app_proto_rule_name((enum app_proto)p);
	near = diag_nearest(key, name, names);
	if (near)
		snprintf(remedy, sizeof(remedy), "did you mean '%s'?", near);
	diag_add(k->diags, k->strict ? DIAG_ERROR : DIAG_WARNING, at, remedy,
		 "unknown key '%s' in '%s'", key, "app-layer.protocols");
	k->errors += k->strict;
	return true;
}

/* --- values --------------------------------------------------------------------------------- */

static bool in_words(const char *words, const char *text)
{
	size_t len = strlen(text);

	for (const char *w = words; w && *w; w += strspn(w, " ")) {
		size_t n = strcspn(w, " ");

		if (n == len && strncasecmp(w, text, n) == 0)
			return true;
		w += n;
	}
	return false;
}

static const char *kind_name(const struct config_node *n)
{
	switch (n->kind) {
	case CONFIG_MAPPING:
		return "a section";
	case CONFIG_SEQUENCE:
		return "a list";
	case CONFIG_NULL:
		return "nothing";
	case CONFIG_SCALAR:
		break;
	}
	return n->text;
}

/* "a, b or c" of words separated by spaces. */
static void words_text(const char *words, char *out, size_t size)
{
	size_t len = 0;

	for (const char *w = words; *w; w += strspn(w, " ")) {
		size_t n = strcspn(w, " ");
		bool last = w[n] == '\0';

		if (len + n + 8 > size)
			break;
		len += (size_t)snprintf(out + len, size - len, "%s%.*s",
					len == 0 ? ""
					: last	 ? " or "
						 : ", ",
					(int)n, w);
		w += n;
	}
}

static void size_text(uint64_t v, bool size, char *out, size_t len)
{
	static const char *const units[] = { "", " KiB", " MiB", " GiB", " TiB" };
	unsigned unit = 0;

	bool under = size && v == UINT32_MAX;

	v += under;
	while (size && v >= 1024 && v % 1024 == 0 && unit < 4) {
		v /= 1024;
		unit++;
	}
	snprintf(out, len, "%s%llu%s", under ? "just under " : "", (unsigned long long)v,
		 units[unit]);
}

static void bad_value(struct checker *k, const struct config_node *n, const char *name,
		      const char *expected, const char *remedy)
{
	const char *quote = n->kind == CONFIG_SCALAR ? "'" : "";

	diag_add(k->diags, DIAG_ERROR, &n->at, remedy, "expected %s for '%s', found %s%s%s",
		 expected, name, quote, kind_name(n), quote);
	k->errors++;
}

static void bad_range(struct checker *k, const struct config_node *n, const struct config_key *row,
		      const char *name)
{
	bool size = row->value == VALUE_SIZE;
	char low[32], high[32], remedy[128];

	size_text(row->min, size, low, sizeof(low));
	size_text(row->max, size, high, sizeof(high));
	snprintf(remedy, sizeof(remedy), "write a value from %s to %s", low, high);
	diag_add(k->diags, DIAG_ERROR, &n->at, remedy, "'%s' is out of range: %s", name, n->text);
	k->errors++;
}

/* What each kind of value is called, and what to write. */
static const struct {
	const char *expected, *remedy;
} kinds[] = {
	[VALUE_BOOL] = { "yes or no", "write yes or no" },
	[VALUE_NUMBER] = { "a number", "write digits, as in 64" },
	[VALUE_SIZE] = { "a size", "write a number of bytes, or one with a unit, as in 64 MiB" },
	[VALUE_SECONDS] = { "a time", "write seconds, or a number with s, m, h or d, as in 10m" },
	[VALUE_TEXT] = { "one text", "write one value, in quotes if it holds ':' or '#'" },
	[VALUE_TEXTS] = { "a list", "write [one, two], or one item a line after '- '" },
	[VALUE_SECTION] = { "keys", "write its keys below it, indented" },
	[VALUE_BOOL_OR_SECTION] = { "yes, no, or keys", "write yes or no, or its keys below it" },
	[VALUE_NAMES] = { "a list", "write one item a line after '- '" },
};

static void check_choice(struct checker *k, const struct config_node *n,
			 const struct config_key *row, const char *name)
{
	char expected[256] = "", remedy[64];
	const char *near = NULL, *list[16];
	char copies[16][32];
	size_t count = 0;

	if (n->kind == CONFIG_SCALAR && in_words(row->choices, n->text))
		return;
	words_text(row->choices, expected, sizeof(expected));
	for (const char *w = row->choices; *w && count < 16; w += strspn(w, " ")) {
		size_t len = strcspn(w, " ");

		snprintf(copies[count], sizeof(copies[0]), "%.*s", (int)len, w);
		list[count] = copies[count];
		count++;
		w += len;
	}
	if (n->kind == CONFIG_SCALAR)
		near = diag_nearest(n->text, list, count);
	snprintf(remedy, sizeof(remedy), near ? "did you mean '%s'?" : "write one of them", near);
	bad_value(k, n, name, expected, remedy);
}

static void check_scalar(struct checker *k, const struct config_node *n,
			 const struct config_key *row, const char *name)
{
	bool flag, ok = true;
	uint64_t v = row->min;
	char expected[64];

	if (n->kind == CONFIG_SCALAR && in_words(row->choices, n->text))
		return;
	ok = n->kind == CONFIG_SCALAR;
	if (ok && row->value == VALUE_BOOL)
		ok = config_parse_bool(n->text, &flag);
	else if (ok && row->value == VALUE_NUMBER)
		ok = config_parse_number(n->text, &v);
	else if (ok && row->value == VALUE_SIZE)
		ok = config_parse_size(n->text, &v);
	else if (ok && row->value == VALUE_SECONDS)
		ok = config_parse_seconds(n->text, &v);
	if (ok && row->max && (v < row->min || v > row->max)) {
		bad_range(k, n, row, name);
		return;
	}
	if (ok)
		return;
	if (row->choices && row->value == VALUE_BOOL)
		snprintf(expected, sizeof(expected), "yes, no or %s", row->choices);
	else
		snprintf(expected, sizeof(expected), "%s%s%s", kinds[row->value].expected,
			 row->choices ? " or " : "", row->choices ? row->choices : "");
	bad_value(k, n, name, expected, kinds[row->value].remedy);
}

static void check_value(struct checker *k, const struct config_node *n,
			const struct config_key *row, const char *name)
{
	bool flag;

	/* A key without a value leaves the default. */
	if (n->kind == CONFIG_NULL)
		return;
	switch (row->value) {
	case VALUE_ANY:
		break;
	case VALUE_BOOL:
	case VALUE_NUMBER:
	case VALUE_SIZE:
	case VALUE_SECONDS:
	case VALUE_TEXT:
		check_scalar(k, n, row, name);
		break;
	case VALUE_CHOICE:
		check_choice(k, n, row, name);
		break;
	case VALUE_CHOICES:
		if (n->kind != CONFIG_SEQUENCE)
			bad_value(k, n, name, kinds[VALUE_TEXTS].expected,
				  kinds[VALUE_TEXTS].remedy);
		for (const struct config_node *i = n->first; i; i = i->next)
			check_choice(k, i, row, name);
		break;
	case VALUE_TEXTS:
		if (n->kind == CONFIG_MAPPING)
			bad_value(k, n, name, kinds[row->value].expected, kinds[row->value].remedy);
		for (const struct config_node *i = n->first; i && n->kind == CONFIG_SEQUENCE;
		     i = i->next) {
			if (i->kind != CONFIG_SCALAR)
				bad_value(k, i, name, kinds[VALUE_TEXT].expected,
					  kinds[VALUE_TEXT].remedy);
		}
		break;
	case VALUE_SECTION:
		if (n->kind != CONFIG_MAPPING)
			bad_value(k, n, name, kinds[row->value].expected, kinds[row->value].remedy);
		break;
	case VALUE_BOOL_OR_SECTION:
		if (n->kind == CONFIG_SEQUENCE ||
		    (n->kind == CONFIG_SCALAR && !config_parse_bool(n->text, &flag)))
			bad_value(k, n, name, kinds[row->value].expected, kinds[row->value].remedy);
		break;
	case VALUE_NAMES:
		if (n->kind != CONFIG_SEQUENCE)
			bad_value(k, n, name, kinds[row->value].expected, kinds[row->value].remedy);
		break;
	}
}

/* --- the walk ------------------------------------------------------------------------------- */

/* Append a name to the path; returns the old length, or SIZE_MAX where there is no room. */
static size_t push(struct checker *k, const char *name)
{
	size_t old = strlen(k->path), len = strlen(name);

	if (old + len + 4 > sizeof(k->path))
		return SIZE_MAX;
	snprintf(k->path + old, sizeof(k->path) - old, "%s%s",
		 old && strcmp(name, "[]") != 0 ? "." : "", name);
	return old;
}

static void check_below(struct checker *k, const struct config_node *n);

/* Lists whose items are names that have keys below. */
static bool list_of_names(const char *path)
{
	const struct config_key *row;

	return (config_look_up(path, &row) == CONFIG_MATCH_SAME && row &&
		row->value == VALUE_NAMES) ||
	       strcmp(path, "logging.outputs[]") == 0;
}

static void check_key(struct checker *k, const char *key, const struct config_node *n)
{
	const struct config_key *row;
	char section[sizeof(k->path)], plain[sizeof(k->path)];
	enum config_match m;
	size_t old;

	if (n->checked)
		return;
	snprintf(section, sizeof(section), "%s", k->path);
	old = push(k, key);
	if (old == SIZE_MAX)
		return;
	m = config_look_up_key(k->path, &row);
	if (m == CONFIG_MATCH_NONE) {
		unknown_key(k, section, key, &n->key_at);
	} else if (strcmp(section, "app-layer.protocols") != 0 ||
		   !unknown_protocol(k, key, &n->key_at)) {
		if (row) {
			plain_path(k->path, plain, sizeof(plain));
			check_value(k, n, row, plain);
		}
		check_below(k, n);
	}
	k->path[old] = '\0';
}

/* An item of a list of names: "- flow", or one key with its own keys below. */
static void check_named(struct checker *k, const struct config_node *item)
{
	char plain[sizeof(k->path)];

	if (item->checked)
		return;
	if (item->kind == CONFIG_SCALAR) {
		struct config_node name = *item;

		name.kind = CONFIG_NULL;
		check_key(k, item->text, &name);
		return;
	}
	if (item->kind != CONFIG_MAPPING || !item->first) {
		plain_path(k->path, plain, sizeof(plain));
		diag_add(k->diags, DIAG_WARNING, &item->at, "write - NAME, or remove the item",
			 "an item of '%s' has no name", plain);
		return;
	}
	check_key(k, item->first->key, item->first);
	for (const struct config_node *n = item->first->next; n; n = n->next) {
		const char *remedy = "indent it further, so that it stands below";

		if (n->checked)
			continue;
		if (strcmp(n->key_at.file, "--set") == 0)
			remedy = "items of a list are counted from 0: take the number of another";
		diag_add(k->diags, k->strict ? DIAG_ERROR : DIAG_WARNING, &n->key_at, remedy,
			 "'%s' stands beside '%s', where it has no effect", n->key,
			 item->first->key);
		k->errors += k->strict;
	}
}

static void check_below(struct checker *k, const struct config_node *n)
{
	size_t old;
	bool named;

	if (n->kind == CONFIG_MAPPING) {
		for (const struct config_node *c = n->first; c; c = c->next)
			check_key(k, c->key, c);
		return;
	}
	if (n->kind != CONFIG_SEQUENCE)
		return;
	old = push(k, "[]");
	if (old == SIZE_MAX)
		return;
	named = list_of_names(k->path);
	for (const struct config_node *c = n->first; c; c = c->next) {
		if (named)
			check_named(k, c);
		else if (c->kind == CONFIG_MAPPING)
			check_below(k, c);
	}
	k->path[old] = '\0';
}

/* --- the one warning ------------------------------------------------------------------------ */

struct tally {
	unsigned acted, ignored;
};

static struct tally count_key(struct checker *k, const char *key, const struct config_node *n,
			      bool named, bool tell);

static struct tally count_below(struct checker *k, const struct config_node *n, bool tell)
{
	struct tally sum = { 0, 0 };
	size_t old = SIZE_MAX;
	bool named = false;

	if (n->kind == CONFIG_SEQUENCE) {
		old = push(k, "[]");
		if (old == SIZE_MAX)
			return sum;
		named = list_of_names(k->path);
	}
	for (const struct config_node *c = n->first; c; c = c->next) {
		struct tally t = { 0, 0 };

		if (n->kind == CONFIG_MAPPING)
			t = count_key(k, c->key, c, false, tell);
		else if (named && c->kind == CONFIG_SCALAR)
			t = count_key(k, c->text, c, true, tell);
		else if (named && c->kind == CONFIG_MAPPING && c->first)
			t = count_key(k, c->first->key, c->first, true, tell);
		else if (!named)
			t = count_below(k, c, tell);
		sum.acted += t.acted;
		sum.ignored += t.ignored;
	}
	if (old != SIZE_MAX)
		k->path[old] = '\0';
	return sum;
}

/* A section that is turned off asks for nothing. */
static bool turned_off(const struct config_node *n)
{
	const char *text = config_text(config_child(n, "enabled"));
	bool on;

	return text && config_parse_bool(text, &on) && !on;
}

static void name_bytes(struct checker *k, const char *text, size_t len)
{
	if (k->names_len + len + 8 > sizeof(k->names))
		return;
	memcpy(k->names + k->names_len, text, len);
	k->names_len += len;
	k->names[k->names_len] = '\0';
}

/* Add a name to the warning, once; those of one section stand together: "detect (a, b)". */
static void tell_ignored(struct checker *k, const struct config_node *n)
{
	char name[sizeof(k->path)], *last;
	size_t len, parent;

	plain_path(k->path, name, sizeof(name));
	len = strlen(name);
	if (!k->ignored++)
		k->first = n->key_at;
	last = strrchr(name, '.');
	parent = last ? (size_t)(last - name) : 0;
	if (parent == k->section_len && memcmp(name, k->section, parent) == 0) {
		/* The same type of record may be listed twice. */
		if (strcmp(k->last_name, name) == 0)
			return;
		name_bytes(k, ", ", k->names_len ? 2 : 0);
	} else {
		name_bytes(k, ")", k->section_len ? 1 : 0);
		name_bytes(k, ", ", k->names_len ? 2 : 0);
		name_bytes(k, name, parent);
		name_bytes(k, " (", parent ? 2 : 0);
	}
	name_bytes(k, name + parent + (parent > 0), len - parent - (parent > 0));
	memcpy(k->section, name, parent);
	k->section_len = parent;
	memcpy(k->last_name, name, len + 1);
}

/*
 * How many keys at n and below have an effect, and how many are known and have none.  tell: name
 * the highest sections where none has.  named: n is an item of a list of names.
 */
static struct tally count_key(struct checker *k, const char *key, const struct config_node *n,
			      bool named, bool tell)
{
	const struct config_key *row;
	struct tally t = { 0, 0 };
	size_t old = push(k, key);
	bool leaf = n->kind == CONFIG_SCALAR || (named && n->kind == CONFIG_NULL);
	enum config_match m;

	if (old == SIZE_MAX)
		return t;
	/* What was looked at before was told before; most of it has an effect. */
	if (n->checked) {
		k->path[old] = '\0';
		return (struct tally){ 1, 0 };
	}
	m = config_look_up_key(k->path, &row);
	if (m != CONFIG_MATCH_NONE && (n->kind == CONFIG_MAPPING || n->kind == CONFIG_SEQUENCE))
		t = count_below(k, n, false);
	if (row && row->acted)
		t.acted++;
	else if (!t.ignored && ((m == CONFIG_MATCH_SAME && n->kind != CONFIG_NULL) ||
				(m != CONFIG_MATCH_NONE && named && leaf)))
		t.ignored++;
	if (!t.acted && turned_off(n))
		t.ignored = 0;
	if (tell && t.ignored && !t.acted)
		tell_ignored(k, n);
	else if (tell && t.ignored)
		count_below(k, n, true);
	k->path[old] = '\0';
	return t;
}

static void mark_checked(struct config_node *n)
{
	n->checked = true;
	for (struct config_node *c = n->first; c; c = c->next)
		mark_checked(c);
}

unsigned config_check(struct config_node *tree, bool strict, struct diag_list *diags)
{
	struct checker *k = calloc(1, sizeof(*k));
	unsigned errors;

	if (!k)
		return 0;
	k->diags = diags;
	k->strict = strict;
	check_below(k, tree);
	k->path[0] = '\0';
	count_below(k, tree, true);
	if (k->ignored) {
		struct place at = { .file = k->first.file };

		name_bytes(k, ")", k->section_len ? 1 : 0);
		diag_add(diags, DIAG_WARNING, &at, NULL,
			 "known, but without effect in this version: %s", k->names);
	}
	errors = k->errors;
	mark_checked(tree);
	free(k);
	return errors;
}
