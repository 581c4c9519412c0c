/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/rule_fix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parser/buffer.h"
#include "parser/file_text.h"
#include "parser/keyword.h"

#define FIXES_MAX 16 /* mistakes of one rule */
#define OPTIONS_MAX 512

/* --- what a rule is -------------------------------------------------------------------------------- */

struct outcome {
	bool loads;
	char *print; /* where it loads */
	uint32_t column, len; /* of the first mistake */
	char *fix; /* what to put there, or NULL */
	bool misplaced; /* nothing is looked for in a buffer */
};

static void outcome_fini(struct outcome *o)
{
	free(o->print);
	free(o->fix);
}

static void look(const char *name, const char *text, const struct rule_parse_options *opt,
		 struct outcome *out)
{
	struct rule_parse_options plain = *opt;
	struct diag_list diags;
	struct rule_set set;
	size_t len;
	FILE *print;

	*out = (struct outcome){ .loads = false };
	plain.select = NULL;
	plain.lint = false;
	rule_set_init(&set);
	diag_list_init(&diags);
	if (rule_set_text(&set, name, text, strlen(text), &plain, &diags) == 0)
		out->loads = diags.errors == 0 && set.loaded == 1;
	if (out->loads) {
		print = open_memstream(&out->print, &len);
		if (print) {
			rule_print(set.first, print);
			fclose(print);
		}
	}
	for (const struct diag *d = diags.first; d && !out->loads; d = d->next) {
		if (d->level != DIAG_ERROR)
			continue;
		out->column = d->place.column;
		out->len = d->place.len;
		out->fix = d->fix ? strdup(d->fix) : NULL;
		out->misplaced = d->code && strcmp(d->code, "E0070") == 0;
		break;
	}
	diag_list_fini(&diags);
	rule_set_fini(&set);
}

/* --- cutting it in options --------------------------------------------------------------------------- */

struct piece {
	struct span whole; /* with its ';' */
	struct span name, value;
	enum keyword keyword;
	const char *
		buffer; /* what an older word says that it looks at; NULL: what is named before it */
	bool gone;
	char flag; /* of a pcre: the letter that chose the buffer */
};

struct pieces {
	struct span head, tail; /* up to '(' and from ')' on */
	struct piece p[OPTIONS_MAX];
	unsigned count;
};

/* Where the option that s begins with ends, behind its ';'; 0: it does not. */
static size_t option_end(struct span s)
{
	bool quoted = false;

	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\\')
			i++;
		else if (s.at[i] == '"')
			quoted = !quoted;
		else if (s.at[i] == ';' && !quoted)
			return i + 1;
	}
	return 0;
}

static bool cut(struct span rule, struct pieces *out)
{
	size_t open = span_find(rule, '(');
	struct span rest = span_trim(span_from(rule, open + 1));

	out->count = 0;
	out->head = span_head(rule, open + 1);
	while (rest.len && rest.at[0] != ')') {
		size_t end = option_end(rest), colon;
		struct piece *p = &out->p[out->count++];

		if (end == 0 || out->count == OPTIONS_MAX)
			return false;
		*p = (struct piece){ .whole = span_head(rest, end) };
		colon = span_find(span_head(rest, end - 1), ':');
		p->name = span_trim(span_head(rest, colon));
		p->value = span_trim(span_from(span_head(rest, end - 1), colon + 1));
		p->keyword = keyword_find(p->name.at, p->name.len);
		rest = span_from(rest, end);
		while (rest.len && span_blank(rest.at[0]))
			rest = span_from(rest, 1);
	}
	out->tail = rest;
	return rest.len > 0;
}

static bool is_modifier(enum keyword k)
{
	return k < KW__COUNT && keyword_row(k)->modifier;
}

static bool is_buffer_modifier(enum keyword k)
{
	return is_modifier(k) && keyword_row(k)->buffer != 0;
}

/* A keyword after which others look at its buffer. */
static bool is_sticky(enum keyword k)
{
	return k < KW__COUNT && k != KW_PKT_DATA && !keyword_row(k)->modifier &&
	       keyword_row(k)->buffer != 0 &&
	       (keyword_row(k)->value == VALUE_NONE || keyword_row(k)->value == VALUE_OPTIONAL);
}

static bool looks_at_bytes(enum keyword k)
{
	return k == KW_CONTENT || k == KW_URICONTENT || k == KW_PCRE || k == KW_BYTE_TEST ||
	       k == KW_BYTE_JUMP || k == KW_BYTE_EXTRACT || k == KW_BYTE_MATH || k == KW_ISDATAAT ||
	       k == KW_BASE64_DECODE;
}

/* --- the newer words ----------------------------------------------------------------------------------- */

/* The flag of a pcre that chooses a buffer, and the buffer; 0: it has none. */
static char buffer_flag(struct span value, const char **buffer)
{
	static const char letters[] = "UIPQHDMCSYVWZ";
	static const uint8_t buffers[] = {
		BUFFER_HTTP_URI,	   BUFFER_HTTP_URI_RAW,	   BUFFER_HTTP_REQUEST_BODY,
		BUFFER_HTTP_RESPONSE_BODY, BUFFER_HTTP_HEADER,	   BUFFER_HTTP_HEADER_RAW,
		BUFFER_HTTP_METHOD,	   BUFFER_HTTP_COOKIE,	   BUFFER_HTTP_STAT_CODE,
		BUFFER_HTTP_STAT_MSG,	   BUFFER_HTTP_USER_AGENT, BUFFER_HTTP_HOST,
		BUFFER_HTTP_HOST_RAW,
	};
	size_t i = value.len;

	while (i > 0 && value.at[i - 1] != '/')
		i--;
	for (; i < value.len && value.at[i] != ','; i++) {
		const char *at = value.at[i] ? strchr(letters, value.at[i]) : NULL;

		if (at) {
			*buffer = buffer_row((enum buffer)buffers[at - letters])->name;
			return *at;
		}
	}
	return 0;
}

/* The content that an older word is about: the last one that no buffer is known of. */
static struct piece *content_before(struct pieces *all, unsigned i)
{
	while (i-- > 0) {
		struct piece *p = &all->p[i];

		if (is_sticky(p->keyword))
			return NULL;
		if (p->keyword == KW_CONTENT && !p->buffer)
			return p;
	}
	return NULL;
}

/* Find out what older words say; false: there are none. */
static bool understand(struct pieces *all)
{
	bool old = false;

	for (unsigned i = 0; i < all->count; i++) {
		struct piece *p = &all->p[i], *content;

		if (is_buffer_modifier(p->keyword)) {
			content = content_before(all, i);
			if (!content)
				return false;
			content->buffer = buffer_row(keyword_row(p->keyword)->buffer)->name;
			p->gone = old = true;
		} else if (p->keyword == KW_URICONTENT) {
			p->buffer = buffer_row(BUFFER_HTTP_URI)->name;
			old = true;
		} else if (p->keyword == KW_PCRE) {
			p->flag = buffer_flag(p->value, &p->buffer);
			old |= p->flag != 0;
		} else if (is_sticky(p->keyword)) {
			old |= !span_is(p->name, keyword_row(p->keyword)->name);
		}
	}
	return old;
}

static void put(FILE *out, struct span s)
{
	fwrite(s.at, 1, s.len, out);
}

static void put_piece(FILE *out, const struct piece *p)
{
	size_t slash = p->whole.len;

	if (p->keyword == KW_URICONTENT) {
		fputs("content:", out);
		put(out, p->value);
		fputs(";", out);
	} else if (is_sticky(p->keyword)) {
		fprintf(out, "%s%s%.*s;", keyword_row(p->keyword)->name, p->value.len ? ":" : "",
			(int)p->value.len, p->value.at);
	} else if (p->flag) {
		while (slash > 0 && p->whole.at[slash - 1] != '/')
			slash--;
		put(out, span_head(p->whole, slash));
		for (size_t i = slash; i < p->whole.len; i++) {
			if (p->whole.at[i] != p->flag)
				fputc(p->whole.at[i], out);
		}
	} else {
		put(out, p->whole);
	}
	fputc(' ', out);
}

/* The rule in newer words; NULL: there is nothing to change. */
static char *modernize(struct span rule)
{
	struct pieces *all = malloc(sizeof(*all));
	const char *now = "pkt_data", *sticky = "pkt_data";
	char *text = NULL;
	size_t len;
	FILE *out;

	if (!all || !cut(rule, all) || !understand(all))
		goto done;
	out = open_memstream(&text, &len);
	if (!out)
		goto done;
	put(out, all->head);
	for (unsigned i = 0; i < all->count; i++) {
		const struct piece *p = &all->p[i];
		const char *want = p->buffer ? p->buffer : sticky;

		if (p->gone)
			continue;
		if (is_sticky(p->keyword))
			now = sticky = keyword_row(p->keyword)->name;
		else if (p->keyword == KW_PKT_DATA)
			now = sticky = "pkt_data";
		else if (looks_at_bytes(p->keyword) && strcmp(want, now) != 0) {
			fprintf(out, "%s; ", want);
			now = want;
		}
		put_piece(out, p);
	}
	/* The blank before ')' is that of the original or none. */
	fseek(out, -1, SEEK_CUR);
	put(out, all->tail);
	fclose(out);
done:
	free(all);
	return text;
}

/* The content that stands before the buffer, moved behind it. */
static char *move_content(struct span rule, uint32_t column)
{
	struct pieces *all = malloc(sizeof(*all));
	unsigned sticky = 0, first = 0, behind;
	char *text = NULL;
	size_t len;
	FILE *out;

	if (!all || !cut(rule, all))
		goto done;
	while (sticky < all->count &&
	       (size_t)(all->p[sticky].whole.at - rule.at) + 1 < (size_t)column)
		sticky++;
	if (sticky == 0 || sticky == all->count)
		goto done;
	/* The nearest content before it with all its modifiers. */
	for (behind = sticky; behind > 0 && is_modifier(all->p[behind - 1].keyword);)
		behind--;
	if (behind == 0 || all->p[behind - 1].keyword != KW_CONTENT)
		goto done;
	first = behind - 1;
	out = open_memstream(&text, &len);
	if (!out)
		goto done;
	put(out, all->head);
	for (unsigned i = 0; i < all->count; i++) {
		if (i >= first && i < sticky)
			continue;
		put_piece(out, &all->p[i]);
		for (unsigned k = first; i == sticky && k < sticky; k++)
			put_piece(out, &all->p[k]);
	}
	fseek(out, -1, SEEK_CUR);
	put(out, all->tail);
	fclose(out);
done:
	free(all);
	return text;
}

/* --- one rule -------------------------------------------------------------------------------------------- */

static char *replace(const char *text, uint32_t column, uint32_t len, const char *by)
{
	size_t at = column - 1, all = strlen(text);
	char *out = NULL;
	size_t n;
	FILE *f;

	if (column == 0 || at + len > all)
		return NULL;
	f = open_memstream(&out, &n);
	if (!f)
		return NULL;
	fwrite(text, 1, at, f);
	fputs(by, f);
	fputs(text + at + len, f);
	fclose(f);
	return out;
}

/* The rule without its mistakes; NULL: they have no safe remedy.  It may be the rule itself. */
static char *mend(const char *name, const char *rule, const struct rule_parse_options *opt)
{
	char *text = strdup(rule), *next;

	for (unsigned i = 0; text && i < FIXES_MAX; i++) {
		struct outcome o;

		look(name, text, opt, &o);
		if (o.loads) {
			outcome_fini(&o);
			return text;
		}
		if (o.fix)
			next = replace(text, o.column, o.len, o.fix);
		else
			next = o.misplaced ? move_content(span_of(text, strlen(text)), o.column)
					   : NULL;
		outcome_fini(&o);
		free(text);
		text = next;
	}
	free(text);
	return NULL;
}

static char *renew(const char *name, char *rule, const struct rule_parse_options *opt)
{
	char *text = modernize(span_of(rule, strlen(rule)));
	struct outcome before, after;
	bool same;

	if (!text)
		return rule;
	look(name, rule, opt, &before);
	look(name, text, opt, &after);
	same = before.print && after.print && strcmp(before.print, after.print) == 0;
	outcome_fini(&before);
	outcome_fini(&after);
	if (!same) {
		free(text);
		return rule;
	}
	free(rule);
	return text;
}

static bool is_whole(struct span line)
{
	struct span s = span_trim(line);

	return s.len > 0 && s.at[0] != '#' && s.at[s.len - 1] != '\\' && !memchr(s.at, '\0', s.len);
}

int rule_fix_text(const char *name, const char *text, size_t len,
		  const struct rule_parse_options *opt, FILE *out)
{
	struct span rest = span_of(text, len);
	bool continued = false;
	int changed = 0;

	while (rest.len) {
		size_t end = span_find(rest, '\n');
		struct span line = span_head(rest, end);
		char *rule = NULL, *fixed = NULL;

		rest = span_from(rest, end + 1);
		if (!continued && is_whole(line)) {
			rule = strndup(line.at, line.len);
			if (!rule)
				return -ENOMEM;
			fixed = mend(name, rule, opt);
			if (fixed)
				fixed = renew(name, fixed, opt);
		}
		continued = line.len > 0 && span_trim(line).len > 0 &&
			    *(span_end(span_trim(line)) - 1) == '\\' &&
			    span_trim(line).at[0] != '#';
		changed += fixed && strcmp(fixed, rule) != 0;
		if (fixed)
			fputs(fixed, out);
		else
			put(out, line);
		/* The last line may end without one. */
		if (line.at + line.len < text + len)
			fputc('\n', out);
		free(rule);
		free(fixed);
	}
	return changed;
}
