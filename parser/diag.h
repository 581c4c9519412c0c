/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diag.h - what a person wrote wrong, where, and what to do about it.
 *
 * A diagnostic carries file:line:column, a message, and a remedy; printing adds the
 * line itself and a caret.  Nothing here decides whether to go on.
 *
 * Memory: a list owns copies of its texts (an arena); diag_list_fini() frees them.
 * Thread: the one that parses.
 */
#ifndef WEIR_PARSER_DIAG_H
#define WEIR_PARSER_DIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/base/arena.h"

enum diag_level { DIAG_NOTE, DIAG_WARNING, DIAG_ERROR };

/* A place in a text that a person wrote.  Columns and lines count from 1, columns in bytes. */
struct place {
	const char *file; /* as the person named it; lives as long as the list's arena */
	uint32_t line; /* 0: the file as a whole */
	uint32_t column; /* 0: the line as a whole */
	uint32_t len; /* bytes to underline; 0: one caret */
	const char *text; /* the whole line, without its newline; NULL: not known */
};

struct diag {
	enum diag_level level;
	struct place place;
	const char *code; /* of parser/diag_code.h, or NULL */
	const char *message;
	const char *remedy; /* NULL: none */
	const char *
		fix; /* what to put in the place of the underlined bytes; NULL: nothing that is surely right */
	struct diag *next;
};

struct diag_list {
	struct arena arena;
	struct diag *first, *last;
	unsigned errors, warnings;
};

void diag_list_init(struct diag_list *l);
void diag_list_fini(struct diag_list *l);

/* Add one; remedy may be NULL.  Formats as printf does. */
void diag_add(struct diag_list *l, enum diag_level level, const struct place *at,
	      const char *remedy, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The same with a message that is whole, the code of what it is, and a fix or NULL. */
void diag_add_coded(struct diag_list *l, enum diag_level level, const struct place *at,
		    const char *remedy, const char *code, const char *fix, const char *message);

/*
 * file:line:column: error: message [code]
 *     the line
 *         ^~~~
 *     help: remedy
 * color: use terminal colours.  Control bytes of the line are shown as '.'; tabs stay aligned.
 */
void diag_print(FILE *out, const struct diag *d, bool color);

/* The same as one object of JSON on a line: file, line, column, length, severity, code, message, remedy, fix. */
void diag_print_json(FILE *out, const struct diag *d);
/* A string of JSON, with its quotes. */
void diag_json_string(FILE *out, const char *text);
/* All of a list as SARIF 2.1.0. */
void diag_print_sarif(FILE *out, const struct diag_list *l);

/* The name nearest to word among names[0..count) by edit distance, or NULL where none is near. */
const char *diag_nearest(const char *word, const char *const *names, size_t count);

#endif
