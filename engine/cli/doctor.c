/* SPDX-License-Identifier: Apache-2.0 */
/* weir doctor: what this machine and its interfaces offer, each with a verdict and a remedy. */
#include <stdio.h>
#include <stdlib.h>

#include "engine/cli/command.h"
#include "engine/run/doctor.h"

const char help_doctor[] =
	"usage: weir doctor [--json] [INTERFACE...]\n"
	"\n"
	"Tells what this machine and the interfaces offer to 'weir run -i': the kernel, capabilities,\n"
	"limits, and of each interface its mode, queues, offloads.  A line each with a verdict, and below\n"
	"it the command that would help.  Nothing is changed.\n"
	"\n"
	"  --json              a list of objects: about, name, verdict (fine, note, warning, bad), text,\n"
	"                      remedy\n"
	"\n"
	"examples:\n"
	"  weir doctor\n"
	"  weir doctor eth1\n"
	"\n"
	"exit codes: 0 it will work, 1 something is bad, 2 wrong usage\n";

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 },
};

int command_doctor(int argc, char **argv)
{
	struct doctor *d = calloc(1, sizeof(*d));
	bool json = false;
	int option, code;

	if (!d)
		return EXIT_FAILED;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":j", options, NULL)) != -1) {
		if (option != 'j') {
			free(d);
			return usage_option("doctor", option, argv, options);
		}
		json = true;
	}
	doctor_machine(d);
	for (int i = optind; i < argc; i++)
		doctor_interface(d, argv[i]);
	if (json)
		doctor_print_json(d, stdout);
	else
		doctor_print(d, stdout);
	code = doctor_verdict(d) == DOCTOR_BAD ? EXIT_FAILED : EXIT_DONE;
	free(d);
	return code;
}
