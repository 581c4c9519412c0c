/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h - the commands of weir, and how each tells a person what went wrong.
 *
 * In: the words after the command's name (argv[0] is the name itself).  Out: an exit code.
 * Each command has a file of its own name and a row in main.c.
 *
 * Thread: the one that starts the program.
 */
#ifndef WEIR_CLI_COMMAND_H
#define WEIR_CLI_COMMAND_H

#include <getopt.h>

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_RULES = 3, /* errors in rules or configuration */
	EXIT_INTERRUPTED = 130,
};

int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_evade(int argc, char **argv);
int command_rules(int argc, char **argv);
int command_ctl(int argc, char **argv);
int command_doctor(int argc, char **argv);

extern const char help_run[];
extern const char help_check[];
extern const char help_explain[];
extern const char help_evade[];
extern const char help_rules[];
extern const char help_ctl[];
extern const char help_doctor[];

/* Tell a mistake on the command line, and how to get help; returns EXIT_USAGE. */
int usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * After getopt_long() said ':' (value is missing) or '?' (unknown): tell it, with the nearest
 * name where there is one.
 */
int usage_option(const char *command, int result, char **argv, const struct option *options);

#endif
