/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML events to nodes.  The text is kept twice: as it is for libyaml, and with its lines cut,
 * so that a place can show its line as long as the tree lives.
 */
#include "parser/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "parser/config_tree.h"

struct anchor {
	struct anchor *next;
	const char *name;
	const struct config_node *node;
};

struct reader {
	struct config *config;
	struct diag_list *diags;
	const char *file;
	const char *lines; /* the text, each newline a zero */
	const uint32_t *starts; /* offset of each line in lines */
	uint32_t line_count;
	yaml_parser_t yaml;
	struct anchor *anchors;
	unsigned includes; /* files around this one */
	bool in_variables; /* names are kept as they are written */
	bool full; /* a limit was told */
};

static struct config_node *read_file(struct config *c, const char *path, unsigned includes,
				     const struct place *from, struct diag_list *diags);

/* --- places ----------------------------------------------------------------------------- */

static bool cut_lines(struct reader *r, const char *text, size_t len)
{
	char *lines = arena_string(&r->config->arena, text, len);
	uint32_t count = 1, *starts;

	if (!lines)
		return false;
	for (size_t i = 0; i < len; i++)
		count += lines[i] == '\n';
	starts = arena_alloc(&r->config->arena, count * sizeof(*starts));
	if (!starts)
		return false;
	count = 1;
	for (size_t i = 0; i < len; i++) {
		if (lines[i] != '\n')
			continue;
		lines[i] = '\0';
		if (i > 0 && lines[i - 1] == '\r')
			lines[i - 1] = '\0';
		starts[count++] = (uint32_t)i + 1;
	}
	r->lines = lines;
	r->starts = starts;
	r->line_count = count;
	return true;
}

/* libyaml counts columns in characters; places count in bytes. */
static uint32_t byte_column(const char *line, size_t characters)
{
	const char *p = line;

	while (*p && characters--) {
		p++;
		while ((*p & 0xc0) == 0x80)
			p++;
	}
	return (uint32_t)(p - line) + 1;
}

static struct place place_of(const struct reader *r, yaml_mark_t start, yaml_mark_t end)
{
	struct place at = { .file = r->file };

	if (start.line >= r->line_count)
		start.line = r->line_count - 1;
	at.line = (uint32_t)start.line + 1;
	at.text = r->lines + r->starts[start.line];
	at.column = byte_column(at.text, start.column);
	if (end.line == start.line && end.column > start.column)
		at.len = byte_column(at.text, end.column) - at.column;
	return at;
}

static struct place event_place(const struct reader *r, const yaml_event_t *e)
{
	yaml_mark_t end = e->end_mark;

	/* Where a collection starts, one caret is enough. */
	if (e->type != YAML_SCALAR_EVENT && e->type != YAML_ALIAS_EVENT)
		end = e->start_mark;
	return place_of(r, e->start_mark, end);
}

/* --- what libyaml complains of, in words that help ----------------------------------------- */

static const struct {
	const char *problem; /* libyaml's, as far as it tells them apart */
	const char *message; /* NULL: libyaml's words are good enough */
	const char *remedy;
} complaints[] = {
	{ "mapping values are not allowed", "a ':' is not expected here",
	  "indent the keys of one section alike, and put a value that holds ': ' in quotes" },
	{ "did not find expected key", "expected a key here",
	  "start the keys of one section in the same column" },
	{ "did not find expected '-'", "expected '-' and the next item of the list here",
	  "start the items of one list in the same column" },
	{ "block sequence entries are not allowed", "an item ('- ') is not expected here",
	  "start the items of one list in the same column, on lines of their own" },
	{ "could not find expected ':'", "expected ':' after the key",
	  "write key: value, with a space after the colon" },
	{ "did not find expected ',' or ']'", "expected ',' or ']' in the list",
	  "close the list with ']', or put an item that holds ',' or ':' in quotes" },
	{ "did not find expected ',' or '}'", "expected ',' or '}' in the section",
	  "close the section with '}'" },
	{ "did not find expected node content", "expected a value here",
	  "write a value, and close what '[' or '{' opened" },
	{ "found unexpected end of stream", "the text ends inside quotes", "close the quotes" },
	{ "found unexpected document indicator", "the text ends inside quotes",
	  "close the quotes" },
	{ "did not find expected <document start>", "expected the end of the text here",
	  "start all keys at the top in the first column; a file holds one document" },
	{ "found incompatible YAML document", "this version of YAML is not read",
	  "write %YAML 1.1, or leave the line out" },
	{ "control characters are not allowed", "a control character stands in the text",
	  "remove it; the file must be plain text in UTF-8" },
	{ "UTF-8", "the text is not UTF-8", "save the file as UTF-8" },
	{ "unknown escape character", "this escape is unknown in double quotes",
	  "write \\\\ for a backslash, or use single quotes" },
};

static void complain(struct reader *r)
{
	yaml_mark_t mark = r->yaml.problem_mark;
	const char *problem = r->yaml.problem ? r->yaml.problem : "the text is no YAML";
	const char *message = problem, *remedy = NULL;
	struct place at;

	if (r->yaml.error == YAML_READER_ERROR) {
		size_t line = 0;

		while (line + 1 < r->line_count && r->starts[line + 1] <= r->yaml.problem_offset)
			line++;
		mark.line = line;
		mark.column = 0;
	}
	/* An open quote is shown where it opens, a key without its colon where it stands. */
	if (r->yaml.context &&
	    (strstr(r->yaml.context, "simple key") ||
	     (strstr(r->yaml.context, "quoted scalar") && strstr(problem, "unexpected"))))
		mark = r->yaml.context_mark;
	if (mark.line >= r->line_count)
		mark.line = r->line_count - 1;
	at = place_of(r, mark, mark);
	/* So is an open bracket, when the text ends before it is closed. */
	if (r->yaml.context && strstr(r->yaml.context, "flow ") && !at.text[0])
		at = place_of(r, r->yaml.context_mark, r->yaml.context_mark);
	/* Nobody looks for a mistake behind the last line. */
	if (!at.text[0] && at.line == r->line_count) {
		while (mark.line > 0 && !r->lines[r->starts[mark.line]])
			mark.line--;
		mark.column = strlen(r->lines + r->starts[mark.line]);
		at = place_of(r, mark, mark);
	}
	if (r->yaml.error == YAML_READER_ERROR)
		at.column = 0;
	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++) {
		if (!strstr(problem, complaints[i].problem))
			continue;
		message = complaints[i].message;
		remedy = complaints[i].remedy;
		break;
	}
	if (strstr(problem, "cannot start any token") && at.column) {
		char c = at.text[at.column - 1];

		message = c == '\t' ? "a tab stands where spaces are expected"
				    : "a value cannot start with this character";
		remedy = c == '\t' ? "indent with spaces" : "put the value in quotes";
	} else if (at.text[strspn(at.text, " ")] == '\t') {
		message = "a tab stands where spaces are expected";
		remedy = "indent with spaces";
		at.column = (uint32_t)strspn(at.text, " ") + 1;
	}
	diag_add_coded(r->diags, DIAG_ERROR, &at, remedy, "E0300", NULL, message);
}

static bool next_event(struct reader *r, yaml_event_t *e)
{
	if (yaml_parser_parse(&r->yaml, e))
		return true;
	complain(r);
	return false;
}

static struct config_node *too_much(struct reader *r, const struct place *at)
{
	if (!r->full)
		diag_add(r->diags, DIAG_ERROR, at, "make the configuration smaller",
			 "the configuration is too large: %u nodes, or %u levels", CONFIG_NODES_MAX,
			 CONFIG_DEPTH_MAX);
	r->full = true;
	return NULL;
}

/* --- nodes ---------------------------------------------------------------------------------- */

static struct config_node *new_node(struct reader *r, enum config_kind kind, const struct place *at)
{
	struct config_node *n = config_node_new(r->config, kind);

	if (!n)
		return too_much(r, at);
	n->at = n->key_at = *at;
	return n;
}

static bool keep_anchor(struct reader *r, const yaml_char_t *name, const struct config_node *node)
{
	struct anchor *a;

	if (!name)
		return true;
	a = arena_alloc(&r->config->arena, sizeof(*a));
	if (!a)
		return false;
	a->name = arena_string(&r->config->arena, (const char *)name, strlen((const char *)name));
	a->node = node;
	a->next = r->anchors;
	r->anchors = a;
	return a->name;
}

static struct config_node *read_alias(struct reader *r, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;
	struct place at = event_place(r, e);

	for (const struct anchor *a = r->anchors; a; a = a->next) {
		if (strcmp(a->name, name) != 0)
			continue;
		struct config_node *n = config_node_copy(r->config, a->node);

		if (!n)
			return too_much(r, &at);
		n->at = at;
		return n;
	}
	diag_add(r->diags, DIAG_ERROR, &at, "define it above with &, or put the value in quotes",
		 "no anchor '&%s' stands above", name);
	return new_node(r, CONFIG_NULL, &at);
}

/* A path as the text that names it means it: from the folder of that file. */
static const char *beside(struct reader *r, const char *name)
{
	const char *slash = strrchr(r->file, '/');
	size_t folder = slash ? (size_t)(slash - r->file) + 1 : 0, len = strlen(name);
	char *path;

	if (*name == '/')
		return name;
	path = arena_alloc(&r->config->arena, folder + len + 1);
	if (path) {
		memcpy(path, r->file, folder);
		memcpy(path + folder, name, len);
	}
	return path;
}

static struct config_node *include(struct reader *r, const char *name, const struct place *at)
{
	const char *path;

	if (r->config->no_files) {
		diag_add(r->diags, DIAG_ERROR, at, NULL, "files are not included here");
		return NULL;
	}
	path = beside(r, name);
	return path ? read_file(r->config, path, r->includes + 1, at, r->diags) : NULL;
}

static bool is_null(const yaml_event_t *e)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	if (e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp((const char *)e->data.scalar.value, words[i]) == 0)
			return true;
	}
	return false;
}

static struct config_node *read_scalar(struct reader *r, const yaml_event_t *e)
{
	const char *tag = (const char *)e->data.scalar.tag;
	const char *text = (const char *)e->data.scalar.value;
	struct place at = event_place(r, e);
	struct config_node *n;

	if (strlen(text) != e->data.scalar.length) {
		diag_add(r->diags, DIAG_ERROR, &at, "remove it", "a zero byte stands in the value");
		return new_node(r, CONFIG_NULL, &at);
	}
	if (tag && strcmp(tag, "!include") == 0) {
		n = include(r, text, &at);
		return n ? n : new_node(r, CONFIG_NULL, &at);
	}
	if (tag && tag[0] == '!' && tag[1]) {
		diag_add(r->diags, DIAG_ERROR, &at, "put the whole value in quotes: \"!...\"",
			 "'%s' is read as a YAML tag, not as a value", tag);
		return new_node(r, CONFIG_NULL, &at);
	}
	n = new_node(r, is_null(e) ? CONFIG_NULL : CONFIG_SCALAR, &at);
	if (!n || n->kind == CONFIG_NULL)
		return n;
	n->text = arena_string(&r->config->arena, text, strlen(text));
	return n->text ? n : NULL;
}

static struct config_node *read_value(struct reader *r, const yaml_event_t *e, unsigned depth);

static struct config_node *read_sequence(struct reader *r, const yaml_event_t *start,
					 unsigned depth)
{
	struct place at = event_place(r, start);
	struct config_node *n = new_node(r, CONFIG_SEQUENCE, &at);

	if (!n)
		return NULL;
	for (;;) {
		struct config_node *item;
		yaml_event_t e;

		if (!next_event(r, &e))
			return NULL;
		if (e.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&e);
			return n;
		}
		item = read_value(r, &e, depth + 1);
		yaml_event_delete(&e);
		if (!item)
			return NULL;
		config_node_append(n, item);
	}
}

/* Put a key into a mapping, in the place of one of that name. */
static void put(struct reader *r, struct config_node *map, struct config_node *child)
{
	struct config_node **at = &map->first, *prev = NULL;

	while (*at && strcmp((*at)->key, child->key) != 0) {
		prev = *at;
		at = &(*at)->next;
	}
	if (!*at) {
		config_node_append(map, child);
		return;
	}
	/* What an included file said may well be said anew; twice in one file is a slip. */
	if (strcmp((*at)->key_at.file, child->key_at.file) == 0)
		diag_add(r->diags, DIAG_WARNING, &child->key_at,
			 "join the two, or remove one of them",
			 "'%s' is given again; what line %u says of it is forgotten", child->key,
			 (*at)->key_at.line);
	child->next = (*at)->next;
	if (map->last == *at)
		map->last = child;
	if (prev)
		prev->next = child;
	else
		map->first = child;
}

static void include_into(struct reader *r, struct config_node *map, const struct config_node *name)
{
	struct config_node *tree, *next;

	if (name->kind == CONFIG_NULL)
		return;
	if (name->kind != CONFIG_SCALAR) {
		diag_add(r->diags, DIAG_ERROR, &name->at, "write include: FILE, or a list of files",
			 "expected the name of a file to include");
		return;
	}
	tree = include(r, name->text, &name->at);
	if (!tree)
		return;
	if (tree->kind != CONFIG_MAPPING) {
		diag_add(r->diags, DIAG_ERROR, &name->at, NULL,
			 "the included file '%s' holds no keys", name->text);
		return;
	}
	for (struct config_node *n = tree->first; n; n = next) {
		next = n->next;
		put(r, map, n);
	}
}

static const char *key_name(struct reader *r, const char *key, const struct place *at)
{
	const char *name;

	if (r->in_variables || !strchr(key, '_'))
		return arena_string(&r->config->arena, key, strlen(key));
	name = config_key_name(r->config, key, strlen(key));
	if (name)
		diag_add(r->diags, DIAG_WARNING, at, "write '-' for '_'", "'%s' is read as '%s'",
			 key, name);
	return name;
}

/* The value of a key, and where it goes; false: no use going on. */
static bool read_pair(struct reader *r, struct config_node *map, const yaml_event_t *key,
		      unsigned depth)
{
	bool variables = r->in_variables;
	struct place at = event_place(r, key);
	struct config_node *value;
	const char *name = NULL;
	yaml_event_t e;

	if (key->type == YAML_SCALAR_EVENT) {
		name = key_name(r, (const char *)key->data.scalar.value, &at);
		if (!name)
			return false;
		if (depth == 0 && strcmp(name, "vars") == 0)
			r->in_variables = true;
	} else {
		struct config_node *odd = read_value(r, key, depth + 1);

		if (!odd)
			return false;
		diag_add(r->diags, DIAG_ERROR, &at, NULL,
			 "a key must be one word, not a list or a section");
	}
	if (!next_event(r, &e))
		return false;
	value = read_value(r, &e, depth + 1);
	yaml_event_delete(&e);
	r->in_variables = variables;
	if (!value)
		return false;
	if (!name)
		return true;
	if (strcmp(name, "include") == 0) {
		if (value->kind != CONFIG_SEQUENCE) {
			include_into(r, map, value);
			return true;
		}
		for (const struct config_node *n = value->first; n; n = n->next)
			include_into(r, map, n);
		return true;
	}
	value->key = name;
	value->key_at = at;
	put(r, map, value);
	return true;
}

static struct config_node *read_mapping(struct reader *r, const yaml_event_t *start, unsigned depth)
{
	struct place at = event_place(r, start);
	struct config_node *n = new_node(r, CONFIG_MAPPING, &at);

	if (!n)
		return NULL;
	for (;;) {
		yaml_event_t e;
		bool ok;

		if (!next_event(r, &e))
			return NULL;
		if (e.type == YAML_MAPPING_END_EVENT) {
			yaml_event_delete(&e);
			return n;
		}
		ok = read_pair(r, n, &e, depth);
		yaml_event_delete(&e);
		if (!ok)
			return NULL;
	}
}

static struct config_node *read_value(struct reader *r, const yaml_event_t *e, unsigned depth)
{
	const yaml_char_t *anchor = NULL;
	struct config_node *n = NULL;
	struct place at = event_place(r, e);

	if (depth > CONFIG_DEPTH_MAX)
		return too_much(r, &at);
	switch (e->type) {
	case YAML_ALIAS_EVENT:
		return read_alias(r, e);
	case YAML_SCALAR_EVENT:
		anchor = e->data.scalar.anchor;
		n = read_scalar(r, e);
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = e->data.sequence_start.anchor;
		n = read_sequence(r, e, depth);
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = e->data.mapping_start.anchor;
		n = read_mapping(r, e, depth);
		break;
	default:
		diag_add(r->diags, DIAG_ERROR, &at, NULL, "expected a value here");
		break;
	}
	return n && keep_anchor(r, anchor, n) ? n : NULL;
}

static struct config_node *read_document(struct reader *r)
{
	struct config_node *n = NULL;
	yaml_event_t e;

	for (;;) {
		struct place at;

		if (!next_event(r, &e))
			return NULL;
		at = event_place(r, &e);
		switch (e.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (!n)
				break;
			diag_add(r->diags, DIAG_ERROR, &at, "keep one document in a file",
				 "a second document starts here");
			yaml_event_delete(&e);
			return n;
		case YAML_STREAM_END_EVENT:
			yaml_event_delete(&e);
			return n ? n : new_node(r, CONFIG_NULL, &at);
		default:
			n = read_value(r, &e, 0);
			if (!n) {
				yaml_event_delete(&e);
				return NULL;
			}
			break;
		}
		yaml_event_delete(&e);
	}
}

static struct config_node *read_text(struct config *c, const char *name, const char *text,
				     size_t len, unsigned includes, struct diag_list *diags)
{
	struct reader r = { .config = c, .diags = diags, .includes = includes };
	struct config_node *n = NULL;

	/* Some editors leave a mark at the start, which would shift the first line's columns. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	r.file = arena_string(&c->arena, name, strlen(name));
	if (!r.file || !cut_lines(&r, text, len) || !yaml_parser_initialize(&r.yaml))
		return NULL;
	yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.yaml, (const unsigned char *)text, len);
	n = read_document(&r);
	yaml_parser_delete(&r.yaml);
	return n;
}

static struct config_node *only_mapping(struct config *c, struct config_node *n,
					struct diag_list *diags)
{
	if (!n || n->kind == CONFIG_MAPPING)
		return n;
	if (n->kind == CONFIG_NULL)
		return config_node_new(c, CONFIG_MAPPING);
	diag_add(diags, DIAG_ERROR, &n->at, "write key: value",
		 "expected keys of a configuration here");
	return NULL;
}

struct config_node *config_read_text(struct config *c, const char *name, const char *text,
				     size_t len, struct diag_list *diags)
{
	return only_mapping(c, read_text(c, name, text, len, 0, diags), diags);
}

/* The whole file; NULL with errno set. */
static char *load(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	size_t size = 0, used = 0;
	char *text = NULL, *more;

	if (!f)
		return NULL;
	do {
		size = size ? size * 2 : 16384;
		more = realloc(text, size);
		if (!more)
			goto fail;
		text = more;
		used += fread(text + used, 1, size - used, f);
		if (ferror(f))
			goto fail;
		if (used > CONFIG_FILE_MAX_BYTES) {
			errno = EFBIG;
			goto fail;
		}
	} while (used == size);
	fclose(f);
	*len = used;
	return text;
fail:
	size = (size_t)errno;
	free(text);
	fclose(f);
	errno = (int)size;
	return NULL;
}

static struct config_node *read_file(struct config *c, const char *path, unsigned includes,
				     const struct place *from, struct diag_list *diags)
{
	struct place at = { .file = arena_string(&c->arena, path, strlen(path)) };
	struct config_node *n;
	char *text;
	size_t len;

	if (includes > CONFIG_INCLUDE_MAX) {
		diag_add(diags, DIAG_ERROR, from, "does a file include itself?",
			 "more than %d files include one another", CONFIG_INCLUDE_MAX);
		return NULL;
	}
	text = load(path, &len);
	if (!text) {
		diag_add(diags, DIAG_ERROR, from ? from : &at,
			 from ? "a file to include is looked for beside the file that names it"
			      : "check the path given with -c",
			 "cannot read '%s': %s", path, strerror(errno));
		return NULL;
	}
	n = read_text(c, path, text, len, includes, diags);
	free(text);
	return n;
}

struct config_node *config_read_file(struct config *c, const char *path, struct diag_list *diags)
{
	return only_mapping(c, read_file(c, path, 0, NULL, diags), diags);
}
