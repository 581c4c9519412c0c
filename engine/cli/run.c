/* SPDX-License-Identifier: Apache-2.0 */
/* weir run: words to struct settings_args. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/run/run.h"
#include "engine/run/settings.h"

const char help_run[] =
	"usage: weir run -r FILE... [options] [FILTER WORDS]\n"
	"       weir run -i INTERFACE... [options] [FILTER WORDS]\n"
	"\n"
	"Reads captures or listens on interfaces, inspects them with rules, and writes what it finds: eve.json (one JSON\n"
	"object a line) and fast.log in the log folder, a summary on the terminal.\n"
	"\n"
	"what to read:\n"
	"  -r FILE             a capture (pcap or pcapng), a folder of captures in order of time,\n"
	"                      or - for standard input; may be repeated\n"
	"  -i INTERFACE        packets of an interface, until SIGINT, SIGTERM or 'weir ctl shutdown';\n"
	"                      may be repeated\n"
	"  --force-span        take packets from an interface also where the host needs them\n"
	"  FILTER WORDS        what is left over is one filter, as for tcpdump: port 22\n"
	"  -k none|all|auto    which checksums must be right (auto: the first packets decide)\n"
	"\n"
	"what to look for:\n"
	"  -S RULES            a rule file, or a glob in quotes; may be repeated; in place of the\n"
	"                      configuration's rule files\n"
	"  --disable-detection   load no rules: flows, statistics and protocols alone\n"
	"  --simulate-ips      act as if packets could be dropped\n"
	"  --shadow[=strict]   check what is let go: the kernel keeps nothing, and what it would keep is\n"
	"                      not to be anything that is inspected; strict: inspect flows that are\n"
	"                      released too, and tell which alerts that costs\n"
	"  --cost              write what each rule has cost to rule-cost.json in the log folder, for\n"
	"                      weir rules --cost; of captures only\n"
	"  --stages            tell at the end how many cycles a packet costs in each stage\n"
	"  --init-errors-fatal   end if a single rule has a mistake, instead of leaving it out\n"
	"\n"
	"configuration:\n"
	"  -c FILE             laid over the defaults; a suricata.yaml will do\n"
	"  --set KEY=VALUE     one key, as in stream.midstream=yes or\n"
	"                      outputs.1.eve-log.filename=all.json; may be repeated\n"
	"  --strict-config     a key that nobody knows is an error\n"
	"  -T                  look at configuration and rules, then end; needs no -r\n"
	"\n"
	"Compiled rules are kept in ~/.cache/weir (root: /var/cache/weir) for the next run;\n"
	"--set detect.sgh-mpm-caching=no turns that off.\n"
	"\n"
	"where to write:\n"
	"  -l FOLDER           the log folder (default: the current one)\n"
	"  --data-dir FOLDER   where relative paths of data sets are (default: the log folder)\n"
	"\n"
	"examples:\n"
	"  weir run -r capture.pcap\n"
	"  weir run -r monday.pcapng -r tuesday.pcapng -S local.rules -l out\n"
	"  weir run -i eth1 -c weir.yaml -l /var/log/weir\n"
	"  tcpdump -w - | weir run -r - -S 'rules/*.rules' port 80\n"
	"\n"
	"exit codes: 0 done, 1 failed, 2 wrong usage, 3 mistakes in rules or configuration,\n"
	"130 interrupted\n";

enum {
	OPTION_SET = 256,
	OPTION_INIT_ERRORS_FATAL,
	OPTION_SIMULATE_IPS,
	OPTION_DATA_DIR,
	OPTION_DISABLE_DETECTION,
	OPTION_FIREWALL,
	OPTION_STRICT,
	OPTION_INLINE,
	OPTION_FORCE_SPAN,
	OPTION_SHADOW,
	OPTION_COST,
	OPTION_STAGES,
};

static const struct option options[] = {
	{ "set", required_argument, NULL, OPTION_SET },
	{ "init-errors-fatal", no_argument, NULL, OPTION_INIT_ERRORS_FATAL },
	{ "simulate-ips", no_argument, NULL, OPTION_SIMULATE_IPS },
	{ "data-dir", required_argument, NULL, OPTION_DATA_DIR },
	{ "disable-detection", no_argument, NULL, OPTION_DISABLE_DETECTION },
	{ "firewall-rules-exclusive", required_argument, NULL, OPTION_FIREWALL },
	{ "strict-config", no_argument, NULL, OPTION_STRICT },
	{ "inline", required_argument, NULL, OPTION_INLINE },
	{ "force-span", no_argument, NULL, OPTION_FORCE_SPAN },
	{ "shadow", optional_argument, NULL, OPTION_SHADOW },
	{ "cost", no_argument, NULL, OPTION_COST },
	{ "stages", no_argument, NULL, OPTION_STAGES },
	{ NULL, 0, NULL, 0 },
};

static bool add(struct text_list *l, const char *text)
{
	if (text_list_add(l, text))
		return true;
	fprintf(stderr, "weir run: no memory\n");
	return false;
}

/* The words that are left, joined by spaces: NULL for none. */
static char *join_words(int count, char **words)
{
	size_t len = 1;
	char *text, *p;

	if (count == 0)
		return NULL;
	for (int i = 0; i < count; i++)
		len += strlen(words[i]) + 1;
	text = malloc(len);
	if (!text)
		return NULL;
	p = text;
	for (int i = 0; i < count; i++) {
		if (i)
			*p++ = ' ';
		p = stpcpy(p, words[i]);
	}
	return text;
}

static int once(const char **out, const char *value, const char *name)
{
	if (*out)
		return usage_error("run", "'%s' is given twice: '%s' and '%s'", name, *out, value);
	*out = value;
	return 0;
}

static int take_checksums(struct settings_args *args, const char *value)
{
	if (strcmp(value, "none") != 0 && strcmp(value, "all") != 0 && strcmp(value, "auto") != 0)
		return usage_error("run", "expected none, all or auto after '-k', found '%s'",
				   value);
	args->checksums = value;
	return 0;
}

static int take_shadow(struct settings_args *args, const char *value)
{
	if (value && strcmp(value, "strict") != 0)
		return usage_error("run", "expected --shadow or --shadow=strict, found '%s'",
				   value);
	args->shadow = value ? "strict" : "check";
	return 0;
}

static int take_set(struct settings_args *args, const char *value)
{
	if (!strchr(value, '='))
		return usage_error("run",
				   "expected KEY=VALUE after '--set', found '%s'; as in "
				   "--set stream.midstream=yes",
				   value);
	return add(&args->sets, value) ? 0 : EXIT_FAILED;
}

/* One option into args; returns 0, or an exit code with the reason told. */
static int take(struct settings_args *args, int option, const char *value)
{
	switch (option) {
	case 'r':
		return add(&args->captures, value) ? 0 : EXIT_FAILED;
	case 'c':
		return once(&args->config_file, value, "-c");
	case 'S':
		return add(&args->rules, value) ? 0 : EXIT_FAILED;
	case 'l':
		return once(&args->log_dir, value, "-l");
	case 'k':
		return take_checksums(args, value);
	case 'T':
		args->test_only = true;
		return 0;
	case OPTION_SET:
		return take_set(args, value);
	case OPTION_INIT_ERRORS_FATAL:
		args->init_errors_fatal = true;
		return 0;
	case OPTION_SIMULATE_IPS:
		args->simulate_ips = true;
		return 0;
	case OPTION_DATA_DIR:
		return once(&args->data_dir, value, "--data-dir");
	case OPTION_DISABLE_DETECTION:
		args->disable_detection = true;
		return 0;
	case OPTION_STRICT:
		args->strict_config = true;
		return 0;
	case OPTION_FIREWALL:
		return usage_error("run", "firewall rules are not built into this version");
	case 'i':
		return add(&args->interfaces, value) ? 0 : EXIT_FAILED;
	case OPTION_FORCE_SPAN:
		args->force_span = true;
		return 0;
	case OPTION_SHADOW:
		return take_shadow(args, value);
	case OPTION_COST:
		args->cost = true;
		return 0;
	case OPTION_STAGES:
		args->stages = true;
		return 0;
	case OPTION_INLINE:
		return usage_error("run", "inline mode is not built into this version; -i listens "
					  "on an interface");
	default:
		return EXIT_FAILED;
	}
}

static int parse(int argc, char **argv, struct settings_args *args)
{
	int option, err = 0;

	opterr = 0;
	while (!err && (option = getopt_long(argc, argv, ":r:c:S:l:k:Ti:", options, NULL)) != -1) {
		if (option == ':' || option == '?')
			err = usage_option("run", option, argv, options);
		else
			err = take(args, option, optarg);
	}
	if (err)
		return err;
	if (args->captures.count && args->interfaces.count)
		return usage_error("run", "expected -r or -i, found both");
	if (args->captures.count == 0 && args->interfaces.count == 0 && !args->test_only)
		return usage_error("run", "expected something to read, as in -r capture.pcap or "
					  "-i eth1");
	args->filter = join_words(argc - optind, argv + optind);
	if (argc > optind && !args->filter) {
		fprintf(stderr, "weir run: no memory\n");
		return EXIT_FAILED;
	}
	return 0;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0)
			return true;
	}
	return false;
}

int command_run(int argc, char **argv)
{
	struct settings_args args = { .filter = NULL };
	int code;

	if (asks_for_help(argc, argv)) {
		fputs(help_run, stdout);
		return EXIT_DONE;
	}
	code = parse(argc, argv, &args);
	if (!code)
		code = run_main(&args);
	free((char *)args.filter);
	text_list_fini(&args.captures);
	text_list_fini(&args.interfaces);
	text_list_fini(&args.rules);
	text_list_fini(&args.sets);
	return code;
}
