/* SPDX-License-Identifier: Apache-2.0 */
/* weir COMMAND ...: finds the command. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/cli/command.h"
#include "parser/diag.h"

#ifndef WEIR_VERSION
#define WEIR_VERSION "0"
#endif

static const struct {
	const char *name, *summary, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "run", "inspect traffic and write what was found", help_run, command_run },
	{ "check", "look for mistakes in rules and configuration", help_check, command_check },
	{ "explain", "tell why a rule did, or did not, alert on a capture", help_explain,
	  command_explain },
	{ "evade", "tell in which ways of sending it a rule misses what it alerts on", help_evade,
	  command_evade },
	{ "rules", "list rules, and tell how they are found and what they cost", help_rules,
	  command_rules },
	{ "doctor", "tell what this machine and its interfaces offer", help_doctor,
	  command_doctor },
	{ "ctl", "tell a run on interfaces something, or ask it", help_ctl, command_ctl },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
	fputs("Weir finds in network traffic what rules describe, and writes EVE JSON.\n\n"
	      "usage: weir COMMAND ...\n\ncommands:\n",
	      out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("  help       tell what a command takes: weir help run\n\n"
	      "  --version  print the version\n\n"
	      "the first step:\n"
	      "  weir run -r capture.pcap\n",
	      out);
}

static int unknown(const char *name)
{
	const char *names[COMMANDS], *near;

	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	near = diag_nearest(name, names, COMMANDS);
	fprintf(stderr, "weir: there is no command '%s'", name);
	if (near)
		fprintf(stderr, "; did you mean '%s'?", near);
	fprintf(stderr, "\n'weir --help' lists the commands.\n");
	return EXIT_USAGE;
}

static int find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

/* What was printed must have arrived: a full disk is no success. */
static int finish(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	fprintf(stderr, "weir: cannot write to standard output: %s\n", strerror(errno));
	return code == EXIT_DONE ? EXIT_FAILED : code;
}

static int help(int argc, char **argv)
{
	int i;

	if (argc < 2) {
		print_help(stdout);
		return EXIT_DONE;
	}
	i = find(argv[1]);
	if (i < 0)
		return unknown(argv[1]);
	fputs(commands[i].help, stdout);
	return EXIT_DONE;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/*
 * Started with a standard stream closed, the first file opened would take its number, and what is
 * printed would end up in an output.  Put something there that refuses to be written.
 */
static void guard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDONLY) < 0)
			return;
	}
}

int main(int argc, char **argv)
{
	int i;

	/*
	 * Else the allocator learns from the first big piece that is given back to keep such pieces: pools that
	 * nobody touches yet would lie in memory that was touched before, and be wiped.
	 */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	guard_streams();
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (is_help(argv[1])) {
		print_help(stdout);
		return finish(EXIT_DONE);
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("weir %s\n", WEIR_VERSION);
		return finish(EXIT_DONE);
	}
	if (strcmp(argv[1], "help") == 0)
		return finish(help(argc - 1, argv + 1));
	i = find(argv[1]);
	if (i < 0)
		return unknown(argv[1]);
	if (argc > 2 && is_help(argv[2])) {
		fputs(commands[i].help, stdout);
		return finish(EXIT_DONE);
	}
	return finish(commands[i].run(argc - 1, argv + 1));
}
