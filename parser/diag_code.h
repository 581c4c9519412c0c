/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diag_code.h - a stable code for each kind of message: E errors, W warnings, N notes.
 *
 * Messages are told apart by their format, so that where one is raised nothing but the message stands.  Several
 * messages may share a code; a code never changes what it is of.
 *
 * Memory: constant.  Thread: any.
 */
#ifndef WEIR_PARSER_DIAG_CODE_H
#define WEIR_PARSER_DIAG_CODE_H

#include <stddef.h>

struct diag_code {
	const char *code; /* "E0010" */
	const char *title;
	const char *text; /* what is meant, and what to do */
};

/* By name, in whatever letter case; NULL: there is none. */
const struct diag_code *diag_code_find(const char *code);
/* All of them in order; NULL behind the last. */
const struct diag_code *diag_code_at(size_t i);
/* The code of a message's format, or NULL. */
const char *diag_code_of(const char *format);

#endif
