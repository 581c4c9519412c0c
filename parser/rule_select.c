/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/rule_select.h"

#include <errno.h>
#include <fnmatch.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parser/diag_code.h"
#include "parser/file_text.h"

#define MATCHERS_MAX 1000000
#define GROUPS 10

enum matcher_kind { MATCH_ID, MATCH_REGEX, MATCH_GROUP, MATCH_FILE, MATCH_METADATA, MATCH_ALL };

struct matcher {
	uint8_t kind; /* enum matcher_kind */
	uint32_t gid, sid;
	regex_t regex; /* MATCH_REGEX */
	char *text; /* glob; metadata key */
	char *value; /* metadata value */
	regex_t from; /* SELECT_MODIFY */
	char *to;
	bool has_regex, has_from, used;
	uint32_t line;
	char *file;
};

struct matchers {
	struct matcher *m;
	size_t count, room;
};

struct rule_select {
	struct matchers of[SELECT__COUNT];
	struct span line; /* under way */
	char *text, *other; /* the rule as it is changed */
	size_t text_room, other_room;
};

/* A line of a file of matchers. */
struct reading {
	struct rule_select *s;
	struct diag_list *diags;
	const char *name;
	uint32_t line;
	struct span text;
	enum rule_select_kind kind;
};

struct rule_select *rule_select_new(void)
{
	return calloc(1, sizeof(struct rule_select));
}

static void matcher_fini(struct matcher *m)
{
	if (m->has_regex)
		regfree(&m->regex);
	if (m->has_from)
		regfree(&m->from);
	free(m->text);
	free(m->value);
	free(m->to);
	free(m->file);
}

void rule_select_free(struct rule_select *s)
{
	if (!s)
		return;
	for (unsigned k = 0; k < SELECT__COUNT; k++) {
		for (size_t i = 0; i < s->of[k].count; i++)
			matcher_fini(&s->of[k].m[i]);
		free(s->of[k].m);
	}
	free(s->text);
	free(s->other);
	free(s);
}

bool rule_select_empty(const struct rule_select *s)
{
	for (unsigned k = 0; k < SELECT__COUNT; k++) {
		if (s->of[k].count)
			return false;
	}
	return true;
}

/* --- reading matchers ----------------------------------------------------------------------------- */

static bool bad(const struct reading *r, struct span at, const char *remedy, const char *message)
{
	char *line = strndup(r->text.at, r->text.len);
	struct place place = {
		.file = r->name,
		.line = r->line,
		.column = (uint32_t)(at.at - r->text.at) + 1,
		.len = (uint32_t)at.len,
		.text = line,
	};

	diag_add_coded(r->diags, DIAG_ERROR, &place, remedy, diag_code_of(message), NULL, message);
	free(line);
	return false;
}

static char *copy(struct span s)
{
	return strndup(s.at, s.len);
}

/*
 * What Python writes and POSIX does not: \d and \D, and groups that catch nothing, which here catch like others.
 * What follows a '\' otherwise is let be.
 */
static char *translate(struct span s)
{
	char *out = malloc(s.len * 6 + 1);
	size_t n = 0;

	for (size_t i = 0; out && i < s.len; i++) {
		char next = i + 1 < s.len ? s.at[i + 1] : 0;

		if (s.at[i] == '\\' && (next == 'd' || next == 'D')) {
			memcpy(out + n, next == 'd' ? "[0-9]" : "[^0-9]", next == 'd' ? 5 : 6);
			n += next == 'd' ? 5 : 6;
			i++;
		} else if (s.at[i] == '\\' && next) {
			out[n++] = s.at[i++];
			out[n++] = next;
		} else if (s.at[i] == '(' && i + 2 < s.len && next == '?' && s.at[i + 2] == ':') {
			out[n++] = '(';
			i += 2;
		} else {
			out[n++] = s.at[i];
		}
	}
	if (out)
		out[n] = '\0';
	return out;
}

static bool compile(const struct reading *r, struct span s, int flags, regex_t *out)
{
	char *text = translate(s);
	int err = text ? regcomp(out, text, REG_EXTENDED | flags) : REG_ESPACE;

	free(text);
	if (!err)
		return true;
	return bad(r, s, "write a POSIX extended expression",
		   "an expression that does not compile");
}

static struct matcher *add(const struct reading *r)
{
	struct matchers *all = &r->s->of[r->kind];
	struct matcher *m;

	if (all->count == MATCHERS_MAX)
		return NULL;
	if (all->count == all->room) {
		size_t room = all->room ? all->room * 2 : 64;

		m = realloc(all->m, room * sizeof(*m));
		if (!m)
			return NULL;
		all->m = m;
		all->room = room;
	}
	m = &all->m[all->count++];
	memset(m, 0, sizeof(*m));
	m->line = r->line;
	m->file = strdup(r->name);
	return m;
}

/* [gid:]sid */
static bool read_id(struct span s, struct matcher *m)
{
	size_t colon = span_find(s, ':');
	uint64_t gid = 1, sid;

	if (colon < s.len && !span_u64(span_trim(span_head(s, colon)), &gid))
		return false;
	if (!span_u64(span_trim(colon < s.len ? span_from(s, colon + 1) : s), &sid) ||
	    sid > UINT32_MAX || gid > UINT32_MAX)
		return false;
	m->kind = MATCH_ID;
	m->gid = (uint32_t)gid;
	m->sid = (uint32_t)sid;
	return true;
}

static bool read_matcher(const struct reading *r, struct span s, struct matcher *m)
{
	struct span rest;

	if (span_starts(s, "re:")) {
		m->kind = MATCH_REGEX;
		m->has_regex = compile(r, span_trim(span_from(s, 3)), REG_ICASE, &m->regex);
		return m->has_regex;
	}
	if (span_starts(s, "group:") || span_starts(s, "filename:")) {
		m->kind = span_starts(s, "group:") ? MATCH_GROUP : MATCH_FILE;
		m->text = copy(span_trim(span_from(s, span_find(s, ':') + 1)));
		return m->text != NULL;
	}
	if (span_starts(s, "metadata:")) {
		size_t i = 0;

		rest = span_trim(span_from(s, strlen("metadata:")));
		while (i < rest.len && !span_blank(rest.at[i]))
			i++;
		m->kind = MATCH_METADATA;
		m->text = copy(span_head(rest, i));
		m->value = copy(span_trim(span_from(rest, i)));
		return m->text && m->value;
	}
	if (span_is(s, "*")) {
		m->kind = MATCH_ALL;
		return true;
	}
	if (read_id(s, m))
		return true;
	return bad(r, s,
		   "write a sid, gid:sid, re:expression, group:glob, filename:glob or metadata:key "
		   "value",
		   "expected what rules are meant");
}

/* "text" at the front of *rest; '\"' is a quote in it. */
static bool take_quoted(struct span *rest, struct span *out)
{
	size_t i = 1;

	*rest = span_trim(*rest);
	if (rest->len < 2 || rest->at[0] != '"')
		return false;
	while (i < rest->len && rest->at[i] != '"')
		i += rest->at[i] == '\\' ? 2 : 1;
	if (i >= rest->len)
		return false;
	*out = span_of(rest->at + 1, i - 1);
	*rest = span_from(*rest, i + 1);
	return true;
}

/* The quotes that '\' stands before. */
static char *unquote(struct span s)
{
	char *out = malloc(s.len + 1);
	size_t n = 0;

	for (size_t i = 0; out && i < s.len; i++) {
		if (s.at[i] == '\\' && i + 1 < s.len && s.at[i + 1] == '"')
			i++;
		out[n++] = s.at[i];
	}
	if (out)
		out[n] = '\0';
	return out;
}

static bool read_modify(const struct reading *r)
{
	size_t quote = span_find(r->text, '"');
	struct span rest = span_from(r->text, quote), from, to;
	struct span what = span_trim(span_head(r->text, quote));
	struct matcher *m;
	char *pattern;
	bool ok;

	if (span_starts(what, "modifysid "))
		what = span_trim(span_from(what, strlen("modifysid ")));
	if (!take_quoted(&rest, &from))
		return bad(r, span_trim(r->text), "write sid \"from\" \"to\"",
			   "expected two texts in quotes");
	rest = span_trim(rest);
	if (rest.len > 0 && rest.at[0] == '|')
		rest = span_from(rest, 1);
	if (!take_quoted(&rest, &to) || span_trim(rest).len)
		return bad(r, span_trim(r->text), "write sid \"from\" \"to\"",
			   "expected two texts in quotes");
	m = add(r);
	if (!m || !read_matcher(r, what, m))
		goto fail;
	pattern = unquote(from);
	m->to = unquote(to);
	ok = pattern && m->to && compile(r, span_of(pattern, strlen(pattern)), 0, &m->from);
	free(pattern);
	m->has_from = ok;
	if (ok)
		return true;
fail:
	if (m) {
		matcher_fini(m);
		r->s->of[r->kind].count--;
	}
	return false;
}

static void read_line(struct reading *r)
{
	struct span rest = r->text, item;

	if (r->kind == SELECT_MODIFY) {
		read_modify(r);
		return;
	}
	/* Only numbers stand several on a line. */
	while (span_next(&rest, span_digit(r->text.at[0]) ? ',' : '\n', &item)) {
		struct matcher *m = add(r);

		if (m && !read_matcher(r, item, m)) {
			matcher_fini(m);
			r->s->of[r->kind].count--;
			return;
		}
	}
}

int rule_select_text(struct rule_select *s, enum rule_select_kind kind, const char *name,
		     const char *text, size_t len, struct diag_list *diags)
{
	struct text_lines lines = text_lines_of(span_of(text, len));
	struct reading r = { .s = s, .diags = diags, .name = name, .kind = kind };
	struct span line;

	while (text_next_line(&lines, &line)) {
		r.text = span_trim(line);
		r.line = lines.line;
		if (r.text.len > 0 && r.text.at[0] != '#')
			read_line(&r);
	}
	return 0;
}

int rule_select_file(struct rule_select *s, enum rule_select_kind kind, const char *path,
		     struct diag_list *diags)
{
	char *text;
	size_t len;
	int err = text_read(path, &text, &len, diags);

	if (err)
		return err;
	err = rule_select_text(s, kind, path, text, len, diags);
	free(text);
	return err;
}

/* --- applying them ---------------------------------------------------------------------------------- */

/* What a rule is, as far as matchers ask. */
struct subject {
	struct span text; /* without '#' */
	const char *whole; /* the same, with a zero behind it */
	const char *file;
	uint32_t gid, sid;
};

/* The number of "name:number;", outside of quotes. */
static uint32_t number_of(struct span s, const char *name, uint32_t otherwise)
{
	size_t len = strlen(name);
	bool quoted = false;

	for (size_t i = 0; i + len < s.len; i++) {
		struct span value;
		uint64_t n;

		if (s.at[i] == '\\') {
			i++;
			continue;
		}
		quoted ^= s.at[i] == '"';
		if (quoted || memcmp(s.at + i, name, len) != 0 || (i && span_word(s.at[i - 1])))
			continue;
		value = span_trim(span_from(s, i + len));
		if (value.len == 0 || value.at[0] != ':')
			continue;
		value = span_from(value, 1);
		if (span_u64(span_trim(span_head(value, span_find(value, ';'))), &n) &&
		    n <= UINT32_MAX)
			return (uint32_t)n;
	}
	return otherwise;
}

static bool metadata_has(struct span s, const char *key, const char *value)
{
	struct span rest, item;
	size_t at = 0;

	for (; at + 9 < s.len && memcmp(s.at + at, "metadata:", 9) != 0; at++)
		;
	if (at + 9 >= s.len)
		return false;
	rest = span_from(s, at + 9);
	rest = span_head(rest, span_find(rest, ';'));
	while (span_next(&rest, ',', &item)) {
		size_t i = 0;

		while (i < item.len && !span_blank(item.at[i]))
			i++;
		if (span_is_nocase(span_head(item, i), key) &&
		    span_is_nocase(span_trim(span_from(item, i)), value))
			return true;
	}
	return false;
}

/* A glob of a file's name, with or without folder and ".rules". */
static bool group_matches(const char *glob, const char *file)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	char name[256];
	size_t len = strlen(base);

	if (fnmatch(glob, base, 0) == 0 || fnmatch(glob, file, 0) == 0)
		return true;
	if (len < 6 || len >= sizeof(name) || strcmp(base + len - 6, ".rules") != 0)
		return false;
	memcpy(name, base, len - 6);
	name[len - 6] = '\0';
	return fnmatch(glob, name, 0) == 0;
}

static bool matches(struct matcher *m, const struct subject *r)
{
	bool is = false;

	switch ((enum matcher_kind)m->kind) {
	case MATCH_ID:
		is = m->sid == r->sid && m->gid == r->gid;
		break;
	case MATCH_REGEX:
		is = regexec(&m->regex, r->whole, 0, NULL, 0) == 0;
		break;
	case MATCH_GROUP:
	case MATCH_FILE:
		is = group_matches(m->text, r->file);
		break;
	case MATCH_METADATA:
		is = metadata_has(r->text, m->text, m->value);
		break;
	case MATCH_ALL:
		is = true;
		break;
	}
	m->used |= is;
	return is;
}

static bool any_matches(struct matchers *all, const struct subject *r)
{
	bool is = false;

	for (size_t i = 0; i < all->count; i++)
		is |= matches(&all->m[i], r);
	return is;
}

static bool hold(char **text, size_t *room, size_t len)
{
	char *more;

	if (len + 1 <= *room)
		return true;
	more = realloc(*text, len * 2 + 256);
	if (!more)
		return false;
	*text = more;
	*room = len * 2 + 256;
	return true;
}

static bool append(struct rule_select *s, size_t *n, const char *bytes, size_t len)
{
	if (!hold(&s->other, &s->other_room, *n + len))
		return false;
	memcpy(s->other + *n, bytes, len);
	*n += len;
	s->other[*n] = '\0';
	return true;
}

/* The text of a replacement: \1 to \9 are what groups caught. */
static bool append_replacement(struct rule_select *s, size_t *n, const char *to, const char *text,
			       const regmatch_t *groups)
{
	for (const char *c = to; *c; c++) {
		const regmatch_t *g;

		if (*c != '\\' || !c[1]) {
			if (!append(s, n, c, 1))
				return false;
			continue;
		}
		c++;
		if (!span_digit(*c)) {
			/* "\;" stays what it is in a rule. */
			if ((*c != '\\' && !append(s, n, "\\", 1)) || !append(s, n, c, 1))
				return false;
			continue;
		}
		g = &groups[*c - '0'];
		if (g->rm_so >= 0 && !append(s, n, text + g->rm_so, (size_t)(g->rm_eo - g->rm_so)))
			return false;
	}
	return true;
}

/* Every place of the expression in the rule's text. */
static bool modify(struct rule_select *s, struct matcher *m)
{
	const char *text = s->text;
	regmatch_t groups[GROUPS];
	size_t n = 0, swap;
	char *other;
	int flags = 0;

	if (!append(s, &n, "", 0))
		return false;
	while (regexec(&m->from, text, GROUPS, groups, flags) == 0) {
		if (!append(s, &n, text, (size_t)groups[0].rm_so) ||
		    !append_replacement(s, &n, m->to, text, groups))
			return false;
		text += groups[0].rm_eo;
		flags = REG_NOTBOL;
		if (groups[0].rm_eo != groups[0].rm_so)
			continue;
		if (!*text)
			break;
		if (!append(s, &n, text++, 1))
			return false;
	}
	if (!append(s, &n, text, strlen(text)))
		return false;
	other = s->text;
	swap = s->text_room;
	s->text = s->other;
	s->text_room = s->other_room;
	s->other = other;
	s->other_room = swap;
	return true;
}

static bool is_action(struct span s)
{
	static const char *const actions[] = { "alert",	    "pass",	 "drop",       "reject",
					       "rejectsrc", "rejectdst", "rejectboth", "config" };
	size_t i = 0;

	while (i < s.len && s.at[i] >= 'a' && s.at[i] <= 'z')
		i++;
	for (size_t a = 0; a < sizeof(actions) / sizeof(actions[0]); a++) {
		if (span_is(span_head(s, i), actions[a]))
			return i < s.len && (span_blank(s.at[i]) || s.at[i] == ':');
	}
	return false;
}

/* alert becomes drop, but for rules that write no alert. */
static bool make_drop(struct rule_select *s)
{
	size_t len = strlen(s->text);

	if (strncmp(s->text, "alert", 5) != 0 || strstr(s->text, "noalert;"))
		return true;
	memmove(s->text + 4, s->text + 5, len - 4);
	memcpy(s->text, "drop", 4);
	return true;
}

bool rule_select_line(struct rule_select *s, const char *file, struct span line, struct span *out)
{
	struct span text = span_trim(line);
	bool enabled = true, changed = false;
	struct subject r = { .file = file };

	while (text.len > 0 && (text.at[0] == '#' || span_blank(text.at[0]))) {
		enabled &= text.at[0] != '#';
		text = span_from(text, 1);
	}
	*out = enabled ? line : text;
	/* A line with a mistake in its first word is for the parser to tell. */
	if (!is_action(text))
		return enabled;
	if (memchr(text.at, '\0', text.len) || !hold(&s->text, &s->text_room, text.len))
		return enabled;
	memcpy(s->text, text.at, text.len);
	s->text[text.len] = '\0';
	r.text = span_of(s->text, text.len);
	r.whole = s->text;
	r.sid = number_of(r.text, "sid", 0);
	r.gid = number_of(r.text, "gid", 1);
	if (any_matches(&s->of[SELECT_DISABLE], &r))
		enabled = false;
	if (any_matches(&s->of[SELECT_ENABLE], &r))
		enabled = true;
	if (!enabled)
		return false;
	for (size_t i = 0; i < s->of[SELECT_MODIFY].count; i++) {
		struct matcher *m = &s->of[SELECT_MODIFY].m[i];

		if (!matches(m, &r))
			continue;
		if (!modify(s, m))
			return enabled;
		changed = true;
		r.whole = s->text;
		r.text = span_of(s->text, strlen(s->text));
	}
	if (any_matches(&s->of[SELECT_DROP], &r))
		changed = make_drop(s);
	if (changed)
		*out = span_of(s->text, strlen(s->text));
	return true;
}

void rule_select_unused(const struct rule_select *s, struct diag_list *diags)
{
	for (unsigned k = 0; k < SELECT__COUNT; k++) {
		for (size_t i = 0; i < s->of[k].count; i++) {
			const struct matcher *m = &s->of[k].m[i];
			struct place at = { .file = m->file, .line = m->line };

			if (!m->used)
				diag_add(diags, DIAG_WARNING, &at, "remove the line",
					 "no rule is meant by this line");
		}
	}
}
