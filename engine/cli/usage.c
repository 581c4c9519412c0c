/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/cli/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "parser/diag.h"

#define OPTIONS_MAX 64

int usage_error(const char *command, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "weir %s: ", command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n'weir help %s' lists what it takes.\n", command);
	return EXIT_USAGE;
}

int usage_option(const char *command, int result, char **argv, const struct option *options)
{
	const char *names[OPTIONS_MAX], *word = argv[optind - 1], *near;
	char name[64];
	size_t count = 0;

	if (result == ':')
		return usage_error(command, "expected a value after '%s'", word);
	if (optopt && strncmp(word, "--", 2) != 0)
		return usage_error(command, "there is no option '-%c'", optopt);
	for (; count < OPTIONS_MAX && options[count].name; count++)
		names[count] = options[count].name;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return usage_error(command, "the option '--%s' takes no value", name);
	}
	near = diag_nearest(name, names, count);
	if (near)
		return usage_error(command, "there is no option '--%s'; did you mean '--%s'?", name,
				   near);
	return usage_error(command, "there is no option '--%s'", name);
}
