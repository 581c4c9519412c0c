/* SPDX-License-Identifier: Apache-2.0 */
/* weir check: everything that can be known of rules and configuration without a packet. */
#include <stdio.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/run/run.h"

const char help_check[] =
	"usage: weir check RULES... [options]\n"
	"       weir check -c FILE [options]\n"
	"\n"
	"Reads rule files and configuration as 'weir run' does, compiles the rules, and tells each\n"
	"mistake with its place and a remedy.  Nothing is captured or written.\n"
	"\n"
	"  -c FILE             also check this configuration; a key that nobody knows is an error.\n"
	"                      Without RULES, its rule files are checked\n"
	"  --set KEY=VALUE     one key of the configuration; may be repeated\n"
	"\n"
	"examples:\n"
	"  weir check local.rules\n"
	"  weir check -c /etc/suricata/suricata.yaml\n"
	"\n"
	"exit codes: 0 no errors, 1 failed, 2 wrong usage, 3 errors were found\n";

static const struct option options[] = {
	{ "set", required_argument, NULL, 's' },
	{ NULL, 0, NULL, 0 },
};

static int parse(int argc, char **argv, struct settings_args *args)
{
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":c:S:", options, NULL)) != -1) {
		bool ok = true;

		if (option == 'c' && args->config_file)
			return usage_error("check", "'-c' is given twice");
		if (option == 'c')
			args->config_file = optarg;
		else if (option == 'S')
			ok = text_list_add(&args->rules, optarg);
		else if (option == 's' && strchr(optarg, '='))
			ok = text_list_add(&args->sets, optarg);
		else if (option == 's')
			return usage_error("check", "expected KEY=VALUE after '--set', found '%s'",
					   optarg);
		else
			return usage_option("check", option, argv, options);
		if (!ok)
			return EXIT_FAILED;
	}
	for (; optind < argc; optind++) {
		if (!text_list_add(&args->rules, argv[optind]))
			return EXIT_FAILED;
	}
	if (args->rules.count == 0 && !args->config_file)
		return usage_error("check", "expected rule files, or -c with a configuration");
	return 0;
}

static const char *many(unsigned n)
{
	return n == 1 ? "" : "s";
}

static int check(const struct settings_args *args)
{
	struct run_rules rules = { .loaded = 0 };
	struct settings *s = NULL;
	struct diag_list diags;
	int err;

	diag_list_init(&diags);
	rule_set_init(&rules.parsed);
	err = settings_load(args, &diags, &s);
	if (!err)
		err = run_load_rules(s, &diags, &rules);
	settings_print_diags(&diags, stderr);
	if (err && !diags.errors) {
		fprintf(stderr, "weir check: cannot compile the rules: %s\n", strerror(-err));
		err = EXIT_FAILED;
	} else {
		unsigned count = rules.loaded + rules.failed;

		printf("%u rule%s, %u error%s, %u warning%s", count, many(count), diags.errors,
		       many(diags.errors), diags.warnings, many(diags.warnings));
		if (rules.skipped)
			printf(", %u skipped", rules.skipped);
		putchar('\n');
		err = diags.errors ? EXIT_RULES : EXIT_DONE;
	}
	settings_free(s);
	run_rules_fini(&rules);
	diag_list_fini(&diags);
	return err;
}

int command_check(int argc, char **argv)
{
	struct settings_args args = { .strict_config = true,
				      .rules_optional = true,
				      .test_only = true };
	int code = parse(argc, argv, &args);

	if (!code)
		code = check(&args);
	text_list_fini(&args.rules);
	text_list_fini(&args.sets);
	return code;
}
