/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_text.h - a whole text file in memory, and its lines.
 *
 * In: a path.  Out: the bytes, and one span a line, without its line end (LF or CR LF).
 *
 * Memory: text_read() allocates with malloc; the caller frees.
 * Thread: any.
 */
#ifndef WEIR_PARSER_FILE_TEXT_H
#define WEIR_PARSER_FILE_TEXT_H

#include "parser/diag.h"
#include "parser/span.h"

struct text_lines {
	struct span rest;
	uint32_t line; /* number of the line given last */
};

/* Returns 0, or -errno after a diagnostic. */
int text_read(const char *path, char **text_out, size_t *len_out, struct diag_list *diags);

/* The same without a diagnostic. */
int text_read_quiet(const char *path, char **text_out, size_t *len_out);

/* The lines of a text; a byte order mark at its front is none of them. */
struct text_lines text_lines_of(struct span text);
bool text_next_line(struct text_lines *l, struct span *line);

#endif
