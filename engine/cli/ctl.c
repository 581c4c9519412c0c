/* SPDX-License-Identifier: Apache-2.0 */
/* weir ctl: one command to the control socket of a run, and its answer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/run/control_client.h"
#include "engine/run/settings_live.h"

const char help_ctl[] =
	"usage: weir ctl [-s SOCKET] COMMAND [ARGUMENTS]\n"
	"\n"
	"Tells a 'weir run -i' something, or asks it.  The answer is printed: a text as it is, all else\n"
	"as JSON.\n"
	"\n"
	"  -s SOCKET           the control socket: unix-command.filename of the run's configuration\n"
	"                      (default: " SETTINGS_CONTROL_FOLDER "/" SETTINGS_CONTROL_NAME ")\n"
	"  --json              the whole answer on one line\n"
	"\n"
	"commands:\n"
	"  shutdown            stop: empty the rings, write the last records, end\n"
	"  version, uptime, running-mode, capture-mode\n"
	"  iface-list          the interfaces\n"
	"  iface-stat IFACE    packets of an interface, and those lost\n"
	"  dump-counters       all counters\n"
	"  reload              load the rules again and put them in force; says what has changed; with\n"
	"                      refused=take also where a mistake takes a rule away that is in force\n"
	"  ruleset-reload-nonblocking   the same, without waiting\n"
	"  ruleset-reload-time, ruleset-stats, ruleset-failed-rules   the rules in use\n"
	"  rule-costs [COUNT]  the rules that have cost most since they are in force (20, at most 100), sums\n"
	"                      by buffer, and what threshold.config did to matches\n"
	"  reopen-log-files    go on in new files, where the old ones were moved\n"
	"  dataset-lookup, dataset-add, dataset-remove SET TYPE VALUE\n"
	"  dataset-clear SET TYPE, dataset-dump\n"
	"                      sets of rules; a dump writes those that are saved\n"
	"  add-hostbit ADDRESS NAME SECONDS, remove-hostbit ADDRESS NAME, list-hostbit ADDRESS\n"
	"                      marks on hosts\n"
	"  get-flow-stats-by-id FLOW_ID, iface-bypassed-stat, conf-get NAME, memcap-list,\n"
	"  memcap-show NAME    what their names say\n"
	"  block ADDRESS TTL   mark packets of an address, for so many seconds\n"
	"  unblock ADDRESS     no longer\n"
	"  block-list          marked addresses and what was counted\n"
	"  help, command-list  what that run offers\n"
	"\n"
	"Other commands go as they are, with arguments as NAME=VALUE.\n"
	"\n"
	"examples:\n"
	"  weir ctl iface-stat eth1\n"
	"  weir ctl block 192.0.2.7 600\n"
	"\n"
	"exit codes: 0 done, 1 nobody answers or the command was refused, 2 wrong usage\n";

#define RELOAD_WAIT_S 900

static const struct option options[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 },
};

#define PLACES_MAX 3

/* Names of arguments that are given by place. */
static const struct {
	const char *command;
	const char *names[PLACES_MAX];
} places[] = {
	{ "iface-stat", { "iface" } },
	{ "block", { "address", "ttl" } },
	{ "unblock", { "address" } },
	{ "dataset-add", { "setname", "settype", "datavalue" } },
	{ "dataset-remove", { "setname", "settype", "datavalue" } },
	{ "dataset-lookup", { "setname", "settype", "datavalue" } },
	{ "dataset-clear", { "setname", "settype" } },
	{ "add-hostbit", { "ipaddress", "hostbit", "expire" } },
	{ "remove-hostbit", { "ipaddress", "hostbit" } },
	{ "list-hostbit", { "ipaddress" } },
	{ "get-flow-stats-by-id", { "flow_id" } },
	{ "rule-costs", { "count" } },
	{ "conf-get", { "variable" } },
	{ "memcap-show", { "config" } },
};

static const char *name_of(const char *command, int place)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (strcmp(places[i].command, command) == 0)
			return place < PLACES_MAX ? places[i].names[place] : NULL;
	}
	return NULL;
}

static int add_arguments(struct control_request *q, int count, char **words)
{
	for (int i = 0; i < count; i++) {
		const char *name = name_of(q->command, i), *equals = strchr(words[i], '=');

		/* By name all the same; a value that has the sign itself begins otherwise. */
		if (name && equals && (size_t)(equals - words[i]) == strlen(name) &&
		    strncmp(words[i], name, strlen(name)) == 0)
			name = NULL;

		if (q->arguments == CONTROL_ARGUMENTS_MAX)
			return usage_error("ctl", "too many arguments");
		if (!name && !equals)
			return usage_error("ctl", "expected NAME=VALUE after '%s', found '%s'",
					   q->command, words[i]);
		q->argument[q->arguments++] = (struct control_argument){
			.name = name ? name : words[i],
			.name_len = name ? strlen(name) : (size_t)(equals - words[i]),
			.value = name ? words[i] : equals + 1,
		};
	}
	return 0;
}

int command_ctl(int argc, char **argv)
{
	struct control_request q = { .path = SETTINGS_CONTROL_FOLDER "/" SETTINGS_CONTROL_NAME };
	char error[512];
	int option, code, err;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:s:j", options, NULL)) != -1) {
		if (option == 's')
			q.path = optarg;
		else if (option == 'j')
			q.whole = true;
		else
			return usage_option("ctl", option, argv, options);
	}
	if (optind == argc)
		return usage_error("ctl", "expected a command, as in weir ctl uptime");
	q.command = argv[optind];
	/* Thousands of rules may have to be compiled. */
	if (strstr(q.command, "reload"))
		q.wait_s = RELOAD_WAIT_S;
	code = add_arguments(&q, argc - optind - 1, argv + optind + 1);
	if (code)
		return code;
	err = control_ask(&q, stdout, error, sizeof(error));
	if (!err)
		return EXIT_DONE;
	fprintf(stderr, "weir ctl: %s\n", error);
	return EXIT_FAILED;
}
