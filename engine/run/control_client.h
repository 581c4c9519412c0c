/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_client.h - asks the control socket of a run.
 *
 * In: a command with its arguments.  Out: the answer's message, printed.
 *
 * Memory: nothing stays.  Thread: any; waits for the answer.
 */
#ifndef WEIR_RUN_CONTROL_CLIENT_H
#define WEIR_RUN_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CONTROL_ARGUMENTS_MAX 16

struct control_argument {
	const char *name;
	size_t name_len;
	const char *value; /* digits alone are sent as a number */
};

struct control_request {
	const char *path;
	const char *command;
	struct control_argument argument[CONTROL_ARGUMENTS_MAX];
	unsigned arguments;
	unsigned wait_s; /* for the answer; 0: ten */
	bool whole; /* print the whole answer, on one line */
};

/* Returns 0, -errno, or -EREMOTEIO: refused; the reason is in error, unless it is more than a text: then that was printed. */
int control_ask(const struct control_request *q, FILE *out, char *error, size_t error_bytes);

#endif
