/* SPDX-License-Identifier: Apache-2.0 */
/* The tree: finding, laying one over another, assignments, values. */
#include "parser/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parser/config_tree.h"

int config_init(struct config *c)
{
	*c = (struct config){ .no_files = false };
	arena_init(&c->arena);
	c->root = config_node_new(c, CONFIG_MAPPING);
	return c->root ? 0 : -ENOMEM;
}

void config_fini(struct config *c)
{
	arena_fini(&c->arena);
	c->root = NULL;
}

struct config_node *config_node_new(struct config *c, enum config_kind kind)
{
	struct config_node *n;

	if (c->nodes >= CONFIG_NODES_MAX)
		return NULL;
	n = arena_alloc(&c->arena, sizeof(*n));
	if (!n)
		return NULL;
	c->nodes++;
	n->kind = kind;
	return n;
}

void config_node_append(struct config_node *parent, struct config_node *child)
{
	child->next = NULL;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	if (parent->kind == CONFIG_SEQUENCE)
		child->number = parent->count;
	parent->count++;
}

/* Give dst the value of src, children copied; key and links of dst stay. */
static bool value_copy(struct config *c, struct config_node *dst, const struct config_node *src,
		       unsigned depth)
{
	if (depth > CONFIG_DEPTH_MAX)
		return false;
	dst->kind = src->kind;
	dst->stock = src->stock;
	dst->checked = src->checked;
	dst->text = src->text;
	dst->at = src->at;
	dst->count = 0;
	dst->first = dst->last = NULL;
	for (const struct config_node *s = src->first; s; s = s->next) {
		struct config_node *n = config_node_new(c, s->kind);

		if (!n)
			return false;
		n->key = s->key;
		n->key_at = s->key_at;
		if (!value_copy(c, n, s, depth + 1))
			return false;
		config_node_append(dst, n);
		n->number = s->number;
	}
	return true;
}

struct config_node *config_node_copy(struct config *c, const struct config_node *src)
{
	struct config_node *n = config_node_new(c, src->kind);

	if (!n)
		return NULL;
	n->key = src->key;
	n->key_at = src->key_at;
	return value_copy(c, n, src, 0) ? n : NULL;
}

static bool is_number(const char *text)
{
	return *text && strlen(text) < 7 && strspn(text, "0123456789") == strlen(text);
}

static struct config_node *find_child(const struct config_node *node, const char *key)
{
	if (!node)
		return NULL;
	for (struct config_node *n = node->first; n; n = n->next) {
		if (node->kind == CONFIG_MAPPING && strcmp(n->key, key) == 0)
			return n;
		if (node->kind == CONFIG_SEQUENCE && is_number(key) &&
		    n->number == strtoul(key, NULL, 10))
			return n;
	}
	return NULL;
}

const struct config_node *config_child(const struct config_node *node, const char *key)
{
	return find_child(node, key);
}

const struct config_node *config_get(const struct config_node *node, const char *path)
{
	char name[128];

	while (node && *path) {
		size_t len = strcspn(path, ".");

		if (len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		node = find_child(node, name);
		path += len;
		path += *path == '.';
	}
	return node;
}

const char *config_text(const struct config_node *node)
{
	return node && node->kind == CONFIG_SCALAR ? node->text : NULL;
}

static void overlay(struct config *c, struct config_node *base, const struct config_node *over,
		    unsigned depth)
{
	if (depth > CONFIG_DEPTH_MAX)
		return;
	if (over->kind == CONFIG_NULL && base->kind != CONFIG_SEQUENCE)
		return;
	if (over->kind != CONFIG_MAPPING || base->kind != CONFIG_MAPPING) {
		value_copy(c, base, over, depth);
		return;
	}
	for (const struct config_node *o = over->first; o; o = o->next) {
		struct config_node *b = find_child(base, o->key);

		if (b) {
			b->key_at = o->key_at;
			overlay(c, b, o, depth + 1);
			continue;
		}
		b = config_node_copy(c, o);
		if (b)
			config_node_append(base, b);
	}
}

void config_overlay(struct config *c, const struct config_node *over)
{
	overlay(c, c->root, over, 0);
}

const char *config_key_name(struct config *c, const char *key, size_t len)
{
	char *name = arena_string(&c->arena, key, len);

	for (char *p = name; p && *p; p++) {
		if (*p == '_')
			*p = '-';
	}
	return name;
}

/* Turn a node into a container that can hold name, keeping what it is where it can. */
static bool make_container(struct config *c, struct config_node *node, const char *name)
{
	struct config_node *child;
	const char *text = node->kind == CONFIG_SCALAR ? node->text : NULL;

	if (node->kind == CONFIG_MAPPING || node->kind == CONFIG_SEQUENCE)
		return true;
	node->kind = is_number(name) ? CONFIG_SEQUENCE : CONFIG_MAPPING;
	node->text = NULL;
	node->stock = false;
	/* "- flow" is short for "- flow:". */
	if (!text || strcmp(text, name) != 0 || node->kind != CONFIG_MAPPING)
		return true;
	child = config_node_new(c, CONFIG_NULL);
	if (!child)
		return false;
	child->key = name;
	child->key_at = child->at = node->at;
	child->stock = child->checked = true;
	config_node_append(node, child);
	return true;
}

/* One step of a --set path; NULL: told. */
static struct config_node *set_step(struct config *c, struct config_node *node, const char *name,
				    const struct place *at, struct diag_list *diags)
{
	struct config_node *child;

	if (!make_container(c, node, name))
		return NULL;
	if (node->kind == CONFIG_SEQUENCE && !is_number(name)) {
		diag_add(diags, DIAG_ERROR, at,
			 "say which item, counted from 0, as in outputs.1.eve-log.enabled=no",
			 "'%s' stands below a list; expected the number of an item", name);
		return NULL;
	}
	child = find_child(node, name);
	if (child)
		return child;
	child = config_node_new(c, CONFIG_NULL);
	if (!child)
		return NULL;
	child->key = node->kind == CONFIG_MAPPING ? name : NULL;
	child->key_at = child->at = *at;
	config_node_append(node, child);
	if (node->kind == CONFIG_SEQUENCE)
		child->number = strtoul(name, NULL, 10);
	return child;
}

bool config_set(struct config *c, const char *assignment, struct diag_list *diags)
{
	char *text = arena_string(&c->arena, assignment, strlen(assignment));
	struct place at = { .file = "--set", .line = 1, .column = 1, .text = text };
	struct config_node *node = c->root;
	const char *equals, *p;
	bool variables = false;

	if (!text)
		return false;
	equals = strchr(text, '=');
	if (!equals) {
		diag_add(diags, DIAG_ERROR, &at,
			 "write --set key=value, as in stream.midstream=yes",
			 "expected '=' and a value after '%s'", text);
		return false;
	}
	p = text + strspn(text, " ");
	for (unsigned steps = 0;; steps++) {
		size_t len = strcspn(p, ".=");
		const char *name;

		at.column = (uint32_t)(p - text) + 1;
		at.len = (uint32_t)len;
		if (p + len == equals)
			while (len && p[len - 1] == ' ')
				len--;
		if (len == 0 || steps > CONFIG_DEPTH_MAX) {
			diag_add(diags, DIAG_ERROR, &at,
				 "a key is names joined by '.', as in stream.midstream",
				 "expected the name of a key, found '%c'", *p);
			return false;
		}
		name = variables ? arena_string(&c->arena, p, len) : config_key_name(c, p, len);
		if (!name)
			return false;
		variables = variables || strcmp(name, "vars") == 0;
		node->checked = false;
		node = set_step(c, node, name, &at, diags);
		if (!node)
			return false;
		p += strcspn(p, ".=");
		if (p == equals)
			break;
		p++;
	}
	p = equals + 1 + strspn(equals + 1, " ");
	node->kind = CONFIG_SCALAR;
	node->stock = node->checked = false;
	node->first = node->last = NULL;
	node->count = 0;
	node->text = p;
	node->key_at = at;
	at.column = (uint32_t)(p - text) + 1;
	at.len = (uint32_t)strlen(p);
	node->at = at;
	if (!*p)
		node->kind = CONFIG_NULL;
	return true;
}

bool config_parse_bool(const char *text, bool *out)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };

	for (unsigned i = 0; i < 4; i++) {
		if (strcasecmp(text, yes[i]) == 0) {
			*out = true;
			return true;
		}
		if (strcasecmp(text, no[i]) == 0) {
			*out = false;
			return true;
		}
	}
	return false;
}

bool config_parse_number(const char *text, uint64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);

	if (errno || *end)
		return false;
	*out = v;
	return true;
}

bool config_parse_size(const char *text, uint64_t *out)
{
	static const struct {
		const char *unit;
		unsigned shift;
	} units[] = {
		{ "", 0 },     { "b", 0 },   { "k", 10 },   { "kb", 10 },  { "kib", 10 },
		{ "m", 20 },   { "mb", 20 }, { "mib", 20 }, { "g", 30 },   { "gb", 30 },
		{ "gib", 30 }, { "t", 40 },  { "tb", 40 },  { "tib", 40 },
	};
	size_t digits = strspn(text, "0123456789.");
	char *end;
	double v;

	if (!isdigit((unsigned char)*text) || digits > 20)
		return false;
	v = strtod(text, &end);
	/* "1e3" and "0x10" are numbers to strtod(), but no sizes. */
	if (end != text + digits)
		return false;
	end += strspn(end, " ");
	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcasecmp(end, units[i].unit) != 0)
			continue;
		v *= (double)(1ull << units[i].shift);
		if (v >= 9e18)
			return false;
		*out = (uint64_t)v;
		return true;
	}
	return false;
}

bool config_parse_seconds(const char *text, uint64_t *out)
{
	static const struct {
		const char *unit;
		uint64_t seconds;
	} units[] = {
		{ "", 1 },     { "s", 1 },    { "sec", 1 },   { "m", 60 },
		{ "min", 60 }, { "h", 3600 }, { "d", 86400 }, { "w", 604800 },
	};
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);

	if (errno)
		return false;
	end += strspn(end, " ");
	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcasecmp(end, units[i].unit) != 0)
			continue;
		return !__builtin_mul_overflow(v, units[i].seconds, out);
	}
	return false;
}

static void dump(const struct config_node *node, unsigned depth, FILE *out)
{
	for (const struct config_node *n = node->first; n; n = n->next) {
		fprintf(out, "%*s", (int)depth * 2, "");
		if (node->kind == CONFIG_SEQUENCE)
			fprintf(out, "%u", n->number);
		else
			fprintf(out, "%s", n->key);
		if (n->kind == CONFIG_SCALAR)
			fprintf(out, "=%s", n->text);
		if (n->kind == CONFIG_SEQUENCE)
			fprintf(out, "[]");
		if (n->kind == CONFIG_MAPPING)
			fprintf(out, "{}");
		fputc('\n', out);
		dump(n, depth + 1, out);
	}
}

void config_dump(const struct config_node *node, FILE *out)
{
	dump(node, 0, out);
}
