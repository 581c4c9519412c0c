/* SPDX-License-Identifier: Apache-2.0 */
#include "parser/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "parser/diag_code.h"

/* A line longer than this is shown in part, so that the caret stays under its place. */
#define SHOWN_BYTES 160
#define SHOWN_BEFORE 60

void diag_list_init(struct diag_list *l)
{
	*l = (struct diag_list){ .first = NULL };
	arena_init(&l->arena);
}

void diag_list_fini(struct diag_list *l)
{
	if (!l)
		return;
	arena_fini(&l->arena);
	l->first = l->last = NULL;
}

/* A copy in the list's arena; what the last diagnostic already holds is shared. */
static const char *keep(struct diag_list *l, const char *text, const char *last)
{
	if (!text)
		return NULL;
	if (last && strcmp(text, last) == 0)
		return last;
	return arena_string(&l->arena, text, strlen(text));
}

static const char *format_text(struct diag_list *l, const char *format, va_list args)
{
	char small[512];
	va_list again;
	char *out;
	int len;

	va_copy(again, args);
	len = vsnprintf(small, sizeof(small), format, args);
	if (len < 0) {
		out = NULL;
	} else if ((size_t)len < sizeof(small)) {
		out = arena_string(&l->arena, small, (size_t)len);
	} else {
		out = arena_alloc(&l->arena, (size_t)len + 1);
		if (out)
			vsnprintf(out, (size_t)len + 1, format, again);
	}
	va_end(again);
	return out ? out : "no memory for this message";
}

/* A new one at the end of the list, without its message. */
static struct diag *append(struct diag_list *l, enum diag_level level, const struct place *at,
			   const char *remedy)
{
	struct diag *d = arena_alloc(&l->arena, sizeof(*d));
	const struct diag *last = l->last;

	if (level == DIAG_ERROR)
		l->errors++;
	else if (level == DIAG_WARNING)
		l->warnings++;
	if (!d)
		return NULL;
	*d = (struct diag){ .level = level, .place = *at };
	d->place.file = keep(l, at->file, last ? last->place.file : NULL);
	d->place.text = keep(l, at->text, last ? last->place.text : NULL);
	d->remedy = keep(l, remedy, NULL);
	if (l->last)
		l->last->next = d;
	else
		l->first = d;
	l->last = d;
	return d;
}

void diag_add(struct diag_list *l, enum diag_level level, const struct place *at,
	      const char *remedy, const char *format, ...)
{
	struct diag *d = append(l, level, at, remedy);
	va_list args;

	if (!d)
		return;
	d->code = diag_code_of(format);
	va_start(args, format);
	d->message = format_text(l, format, args);
	va_end(args);
}

void diag_add_coded(struct diag_list *l, enum diag_level level, const struct place *at,
		    const char *remedy, const char *code, const char *fix, const char *message)
{
	struct diag *d = append(l, level, at, remedy);

	if (!d)
		return;
	d->code = code;
	d->fix = keep(l, fix, NULL);
	d->message = keep(l, message, NULL);
	if (!d->message)
		d->message = "no memory for this message";
}

static const char *level_name(enum diag_level level)
{
	switch (level) {
	case DIAG_NOTE:
		return "note";
	case DIAG_WARNING:
		return "warning";
	case DIAG_ERROR:
		break;
	}
	return "error";
}

static const char *level_color(enum diag_level level)
{
	switch (level) {
	case DIAG_NOTE:
		return "\033[1;36m";
	case DIAG_WARNING:
		return "\033[1;35m";
	case DIAG_ERROR:
		break;
	}
	return "\033[1;31m";
}

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* A byte that continues a UTF-8 character takes no room of its own on the screen. */
static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static void print_part(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fputc(is_control(text[i]) ? '.' : text[i], out);
}

/* Spaces as wide as text, so that what follows stands under its end. */
static void print_gap(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\t')
			fputc('\t', out);
		else if (!is_continuation(text[i]))
			fputc(' ', out);
	}
}

static void print_line(FILE *out, const struct place *at, bool color, enum diag_level level)
{
	size_t len = strlen(at->text);
	size_t column = at->column ? at->column - 1 : 0;
	size_t from = 0, to = len, under;

	if (column > len)
		column = len;
	if (len > SHOWN_BYTES) {
		from = column > SHOWN_BEFORE ? column - SHOWN_BEFORE : 0;
		to = from + SHOWN_BYTES < len ? from + SHOWN_BYTES : len;
		/* Whole characters only. */
		while (from > 0 && is_continuation(at->text[from]))
			from--;
		while (to < len && is_continuation(at->text[to]))
			to++;
	}
	fputs("    ", out);
	fputs(from > 0 ? "..." : "", out);
	print_part(out, at->text + from, to - from);
	fputs(to < len ? "...\n" : "\n", out);
	if (at->column == 0)
		return;
	fputs("    ", out);
	fputs(from > 0 ? "   " : "", out);
	print_gap(out, at->text + from, column - from);
	if (color)
		fputs(level_color(level), out);
	fputc('^', out);
	under = at->len;
	if (under > to - column)
		under = to - column;
	for (size_t i = 1; i < under; i++) {
		if (!is_continuation(at->text[column + i]))
			fputc('~', out);
	}
	fputs(color ? "\033[0m\n" : "\n", out);
}

void diag_print(FILE *out, const struct diag *d, bool color)
{
	const struct place *at = &d->place;

	if (at->file)
		fprintf(out, "%s:", at->file);
	if (at->file && at->line > 0)
		fprintf(out, "%u:", at->line);
	if (at->file && at->line > 0 && at->column > 0)
		fprintf(out, "%u:", at->column);
	if (at->file)
		fputc(' ', out);
	if (color)
		fprintf(out, "%s%s:\033[0m ", level_color(d->level), level_name(d->level));
	else
		fprintf(out, "%s: ", level_name(d->level));
	print_part(out, d->message, strlen(d->message));
	if (d->code)
		fprintf(out, " [%s]", d->code);
	fputc('\n', out);
	if (at->text && at->line > 0)
		print_line(out, at, color, d->level);
	if (d->remedy) {
		fputs("    help: ", out);
		print_part(out, d->remedy, strlen(d->remedy));
		fputc('\n', out);
	}
}

#define NEAREST_MAX 63

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * Insertions, deletions, changes and swaps of neighbours that turn a into b; more than limit is
 * told as limit + 1.
 */
static unsigned distance(const char *a, size_t alen, const char *b, size_t blen, unsigned limit)
{
	unsigned rows[3][NEAREST_MAX + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	if ((alen > blen ? alen - blen : blen - alen) > limit)
		return limit + 1;
	for (size_t j = 0; j <= blen; j++)
		above[j] = (unsigned)j;
	for (size_t i = 1; i <= alen; i++) {
		unsigned best = row[0] = (unsigned)i;
		unsigned *spare;

		for (size_t j = 1; j <= blen; j++) {
			char x = lower(a[i - 1]), y = lower(b[j - 1]);
			unsigned d = above[j - 1] + (x != y);

			if (above[j] + 1 < d)
				d = above[j] + 1;
			if (row[j - 1] + 1 < d)
				d = row[j - 1] + 1;
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]) &&
			    before[j - 2] + 1 < d)
				d = before[j - 2] + 1;
			row[j] = d;
			if (d < best)
				best = d;
		}
		if (best > limit)
			return limit + 1;
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[blen];
}

const char *diag_nearest(const char *word, const char *const *names, size_t count)
{
	size_t len = strlen(word);
	const char *best = NULL;
	unsigned limit = len <= 2 ? 1 : len <= 5 ? 2 : 3;

	if (len == 0 || len > NEAREST_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t nlen = strlen(names[i]);
		unsigned d;

		if (nlen > NEAREST_MAX)
			continue;
		d = distance(word, len, names[i], nlen, limit);
		/* A word that shares nothing with the name is no misspelling of it. */
		if (d > limit || d >= len || d >= nlen)
			continue;
		/* Of names equally near, one that begins alike. */
		if (best && d == limit && lower(names[i][0]) != lower(word[0]))
			continue;
		if (best && d == limit && lower(best[0]) == lower(word[0]))
			continue;
		best = names[i];
		limit = d;
	}
	return best;
}
