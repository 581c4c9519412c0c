/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     classification.config: "config classification:" name "," description "," priority
 *     reference.config:      "config reference:" name address
 *
 * A later line of the same name replaces the earlier one.
 */
#include "parser/rule_parse.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parser/file_text.h"
#include "parser/diag_code.h"
#include "parser/rule_parser.h"

struct class_row *class_find(const struct rule_set *s, struct span name)
{
	struct class_row *row = s->classes;

	while (row && !span_is_nocase(name, row->name))
		row = row->next;
	return row;
}

struct reference_row *reference_find(const struct rule_set *s, struct span name)
{
	struct reference_row *row = s->references;

	while (row && !span_is_nocase(name, row->name))
		row = row->next;
	return row;
}

/* One line of a file under way. */
struct config_line {
	struct rule_set *set;
	struct diag_list *diags;
	const char *file;
	uint32_t line;
	struct span text;
};

static bool line_fail(const struct config_line *l, struct span at, const char *remedy,
		      const char *message)
{
	char *text = strndup(l->text.at, l->text.len);
	struct place place = {
		.file = l->file,
		.line = l->line,
		.column = (uint32_t)(at.at - l->text.at) + 1,
		.len = (uint32_t)at.len,
		.text = text,
	};

	diag_add_coded(l->diags, DIAG_ERROR, &place, remedy, diag_code_of(message), NULL, message);
	free(text);
	return false;
}

/* What follows "config", blanks, the word and ':'. */
static bool cut_head(const struct config_line *l, const char *word, const char *form,
		     struct span *out)
{
	struct span s = span_trim(l->text);

	*out = s;
	if (!span_starts(s, "config"))
		return line_fail(l, span_head(s, 6), form, "expected 'config' at the beginning");
	s = span_trim(span_from(s, 6));
	if (!span_starts(s, word) || s.len == strlen(word) || s.at[strlen(word)] != ':')
		return line_fail(l, s, form, "expected the kind of entry and ':' after 'config'");
	*out = span_trim(span_from(s, strlen(word) + 1));
	return true;
}

static const char class_form[] = "write: config classification: name,description,priority";

static bool read_class(const struct config_line *l)
{
	struct span rest, name, description, priority = { NULL, 0 };
	struct arena *arena = &l->set->arena;
	struct class_row *row;
	uint64_t n;

	if (!cut_head(l, "classification", class_form, &rest))
		return false;
	span_next(&rest, ',', &name);
	if (name.len == 0 || !rest.at)
		return line_fail(l, span_trim(l->text), class_form,
				 "expected a name and a description, with ',' between");
	span_next(&rest, ',', &description);
	if (rest.at)
		span_next(&rest, ',', &priority);
	if (!priority.at || !span_u64(priority, &n) || n > UINT16_MAX || rest.at)
		return line_fail(l, priority.at && priority.len ? priority : span_trim(l->text),
				 class_form,
				 "expected a priority, 0 to 65535, after the description");
	row = class_find(l->set, name);
	if (!row) {
		row = arena_alloc(arena, sizeof(*row));
		if (!row)
			return false;
		row->name = arena_string(arena, name.at, name.len);
		row->next = l->set->classes;
		l->set->classes = row;
	}
	row->description = arena_string(arena, description.at, description.len);
	row->priority = (uint32_t)n;
	return true;
}

static const char reference_form[] = "write: config reference: name address";

static bool read_reference(const struct config_line *l)
{
	struct arena *arena = &l->set->arena;
	struct reference_row *row;
	struct span rest, name, url;
	size_t i = 0;

	if (!cut_head(l, "reference", reference_form, &rest))
		return false;
	while (i < rest.len && !span_blank(rest.at[i]))
		i++;
	name = span_head(rest, i);
	url = span_trim(span_from(rest, i));
	if (name.len == 0 || url.len == 0)
		return line_fail(l, rest.len ? rest : span_trim(l->text), reference_form,
				 "expected a name and an address, with a blank between");
	row = reference_find(l->set, name);
	if (!row) {
		row = arena_alloc(arena, sizeof(*row));
		if (!row)
			return false;
		row->name = arena_string(arena, name.at, name.len);
		row->next = l->set->references;
		l->set->references = row;
	}
	row->url = arena_string(arena, url.at, url.len);
	return true;
}

static int read_config(struct rule_set *s, const char *path, struct diag_list *diags,
		       bool (*read_line)(const struct config_line *l))
{
	struct config_line l = { .set = s, .diags = diags, .file = path };
	struct text_lines lines;
	char *text;
	size_t len;
	int err = text_read(path, &text, &len, diags);

	if (err)
		return err;
	lines = text_lines_of(span_of(text, len));
	while (text_next_line(&lines, &l.text)) {
		struct span trimmed = span_trim(l.text);

		l.line = lines.line;
		if (trimmed.len > 0 && trimmed.at[0] != '#')
			read_line(&l);
	}
	free(text);
	return 0;
}

int rule_set_classification(struct rule_set *s, const char *path, struct diag_list *diags)
{
	return read_config(s, path, diags, read_class);
}

int rule_set_reference_config(struct rule_set *s, const char *path, struct diag_list *diags)
{
	return read_config(s, path, diags, read_reference);
}
