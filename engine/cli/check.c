/* SPDX-License-Identifier: Apache-2.0 */
/* weir check: everything that can be known of rules and configuration without a packet. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/cli/command.h"
#include "engine/run/memory.h"
#include "engine/run/run.h"
#include "parser/diag_code.h"
#include "parser/file_text.h"
#include "parser/rule_fix.h"
#include "parser/rule_lint.h"

const char help_check[] =
	"usage: weir check RULES... [options]\n"
	"       weir check -c FILE [options]\n"
	"       weir check --explain CODE\n"
	"\n"
	"Reads rule files and configuration as 'weir run' does, compiles the rules, and tells each\n"
	"mistake with its place and a remedy.  Nothing is captured or written.\n"
	"\n"
	"  -c FILE             also check this configuration; a key that nobody knows is an error.\n"
	"                      Without RULES, its rule files are checked\n"
	"  --set KEY=VALUE     one key of the configuration; may be repeated\n"
	"  --fix               write what has one safe remedy into the rule files: characters that\n"
	"                      need a '\\\\', contents before the buffer they are meant for, older words\n"
	"  --no-lint           tell mistakes only, not what is odd in rules that load\n"
	"  --no-compile        read and check the rules, and compile nothing\n"
	"  --memory            tell what a run with these rules and this configuration takes, by part\n"
	"  -i IFACE            with --memory: the rings of this interface too; may be repeated\n"
	"  --json              one object a line for each mistake: file, line, column, length,\n"
	"                      severity, code, message, remedy, fix.  With --memory one object: limit,\n"
	"                      total, loaded, parts with their bytes, interfaces; mistakes on stderr\n"
	"  --sarif             all of them as SARIF 2.1.0\n"
	"  --explain CODE      what a code such as E0010 means; without CODE all of them\n"
	"\n"
	"examples:\n"
	"  weir check local.rules\n"
	"  weir check -c /etc/suricata/suricata.yaml\n"
	"  weir check --memory --set memory=256mb local.rules\n"
	"  weir check --memory --json -i eth1 local.rules\n"
	"\n"
	"exit codes: 0 no errors, 1 failed, 2 wrong usage, 3 errors were found\n";

static const struct option options[] = {
	{ "set", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ "sarif", no_argument, NULL, 'r' },
	{ "explain", optional_argument, NULL, 'e' },
	{ "no-compile", no_argument, NULL, 'n' },
	{ "no-lint", no_argument, NULL, 'l' },
	{ "fix", no_argument, NULL, 'f' },
	{ "memory", no_argument, NULL, 'm' },
	{ NULL, 0, NULL, 0 },
};

enum check_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_SARIF };

struct check_args {
	struct settings_args run;
	enum check_format format;
	bool explain; /* code, or all of them */
	bool no_compile, no_lint, fix, memory;
	const char *code;
};

static int parse(int argc, char **argv, struct check_args *check)
{
	struct settings_args *args = &check->run;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":c:S:i:", options, NULL)) != -1) {
		bool ok = true;

		if (option == 'c' && args->config_file)
			return usage_error("check", "'-c' is given twice");
		if (option == 'c')
			args->config_file = optarg;
		else if (option == 'S')
			ok = text_list_add(&args->rules, optarg);
		else if (option == 'i')
			ok = text_list_add(&args->interfaces, optarg);
		else if (option == 'j')
			check->format = FORMAT_JSON;
		else if (option == 'r')
			check->format = FORMAT_SARIF;
		else if (option == 'n')
			check->no_compile = true;
		else if (option == 'm')
			check->memory = true;
		else if (option == 'f')
			check->fix = true;
		else if (option == 'l')
			check->no_lint = true;
		else if (option == 'e') {
			check->explain = true;
			check->code = optarg;
		} else if (option == 's' && strchr(optarg, '='))
			ok = text_list_add(&args->sets, optarg);
		else if (option == 's')
			return usage_error("check", "expected KEY=VALUE after '--set', found '%s'",
					   optarg);
		else
			return usage_option("check", option, argv, options);
		if (!ok)
			return EXIT_FAILED;
	}
	if (check->explain && !check->code && optind < argc)
		check->code = argv[optind++];
	for (; optind < argc; optind++) {
		if (!text_list_add(&args->rules, argv[optind]))
			return EXIT_FAILED;
	}
	if (check->explain)
		return 0;
	if (args->interfaces.count && !check->memory)
		return usage_error("check", "'-i' is for '--memory'");
	if (args->rules.count == 0 && !args->config_file)
		return usage_error("check", "expected rule files, or -c with a configuration");
	return 0;
}

static const char *many(unsigned n)
{
	return n == 1 ? "" : "s";
}

static void print_code(const struct diag_code *c)
{
	printf("%s: %s\n    %s\n", c->code, c->title, c->text);
}

static int explain_code(const char *code)
{
	const struct diag_code *c = code ? diag_code_find(code) : NULL;

	if (code && !c)
		return usage_error("check", "no code is called '%s'", code);
	if (c)
		print_code(c);
	for (size_t i = 0; !code && (c = diag_code_at(i)); i++)
		print_code(c);
	return EXIT_DONE;
}

static void print_diags(const struct diag_list *diags, enum check_format format)
{
	switch (format) {
	case FORMAT_TEXT:
		settings_print_diags(diags, stderr);
		break;
	case FORMAT_JSON:
		for (const struct diag *d = diags->first; d; d = d->next)
			diag_print_json(stdout, d);
		break;
	case FORMAT_SARIF:
		diag_print_sarif(stdout, diags);
		break;
	}
}

static void print_summary(const struct run_rules *rules, const struct diag_list *diags, FILE *out)
{
	unsigned count = rules->loaded + rules->failed;

	fprintf(out, "%u rule%s, %u error%s, %u warning%s", count, many(count), diags->errors,
		many(diags->errors), diags->warnings, many(diags->warnings));
	if (rules->skipped)
		fprintf(out, ", %u skipped", rules->skipped);
	fputc('\n', out);
}

/* The text in the place of the file's, at once. */
static int replace_file(const char *path, const char *text, size_t len)
{
	char name[PATH_MAX];
	struct stat st;
	FILE *out;
	int fd, err = 0;

	if ((size_t)snprintf(name, sizeof(name), "%s.XXXXXX", path) >= sizeof(name))
		return -ENAMETOOLONG;
	fd = mkstemp(name);
	if (fd < 0)
		return -errno;
	if (stat(path, &st) == 0)
		(void)fchmod(fd, st.st_mode & 07777);
	out = fdopen(fd, "w");
	if (!out || fwrite(text, 1, len, out) != len || fflush(out))
		err = -errno;
	if (out)
		fclose(out);
	else
		close(fd);
	if (!err && rename(name, path))
		err = -errno;
	if (err)
		(void)unlink(name);
	return err;
}

static int fix_file(const struct settings *s, const char *path, struct diag_list *diags)
{
	char *text, *fixed = NULL;
	size_t len, fixed_len = 0;
	int err = text_read(path, &text, &len, diags), changed;
	FILE *out;

	if (err)
		return 0;
	out = open_memstream(&fixed, &fixed_len);
	changed = out ? rule_fix_text(path, text, len, &s->rule_options, out) : -ENOMEM;
	if (out)
		fclose(out);
	if (changed > 0)
		err = replace_file(path, fixed, fixed_len);
	if (changed > 0 && !err)
		fprintf(stderr, "%s: %d rule%s changed\n", path, changed, many((unsigned)changed));
	if (err)
		fprintf(stderr, "weir check: cannot write %s: %s\n", path, strerror(-err));
	free(fixed);
	free(text);
	return changed < 0 ? changed : err;
}

static int fix_files(const struct settings *s, struct diag_list *diags)
{
	int err = 0;

	for (unsigned i = 0; i < s->rule_files.count && !err; i++)
		err = fix_file(s, s->rule_files.text[i], diags);
	return err;
}

/* Rules are loaded as for a run, and what that takes is seen on this very process. */
static int check_memory(struct settings *s, struct diag_list *diags, struct run_rules *rules,
			struct memory_table *out)
{
	uint64_t before = memory_resident();
	const char *failed = NULL;
	int err;

	s->detect.check_only = false;
	err = run_start_rules(s, diags, rules);
	run_rules_forget_parsed(rules);
	if (!err && memory_predict(s, before, memory_resident(), out, &failed)) {
		const struct place at = { .file = "-i" };

		diag_add(diags, DIAG_ERROR, &at, "'ip link' lists the interfaces",
			 "there is no interface '%s', or it cannot be looked at", failed);
	}
	return err;
}

static int load(const struct check_args *args, struct settings *s, struct diag_list *diags,
		struct run_rules *rules, struct memory_table *memory)
{
	if (args->memory)
		return check_memory(s, diags, rules, memory);
	return args->no_compile ? run_parse_rules(s, diags, rules)
				: run_load_rules(s, diags, rules);
}

static void tell_memory(const struct check_args *args, const struct settings *s,
			const struct memory_table *memory)
{
	if (args->format == FORMAT_JSON)
		memory_print_json(s, memory, stdout);
	else
		memory_print(s, memory, stdout);
}

static int check(const struct check_args *args)
{
	struct memory_table memory = { .program = 0 };
	struct run_rules rules = { .loaded = 0 };
	struct settings *s = NULL;
	struct diag_list diags;
	int err;

	diag_list_init(&diags);
	rule_set_init(&rules.parsed);
	err = settings_load(&args->run, &diags, &s);
	if (!err && args->fix)
		err = fix_files(s, &diags);
	if (!err)
		s->rule_options.lint = !args->no_lint && !args->memory;
	if (!err)
		err = load(args, s, &diags, &rules, &memory);
	if (!err && !args->no_lint)
		rule_set_lint(&rules.parsed, &diags);
	print_diags(&diags,
		    args->memory && args->format == FORMAT_JSON ? FORMAT_TEXT : args->format);
	if (err && !diags.errors) {
		fprintf(stderr, "weir check: cannot compile the rules: %s\n", strerror(-err));
		err = EXIT_FAILED;
	} else {
		print_summary(&rules, &diags, args->format == FORMAT_TEXT ? stdout : stderr);
		/* Where an interface is not there, the mistake was told. */
		if (memory.most)
			tell_memory(args, s, &memory);
		err = diags.errors ? EXIT_RULES : EXIT_DONE;
	}
	settings_free(s);
	run_rules_fini(&rules);
	diag_list_fini(&diags);
	return err;
}

int command_check(int argc, char **argv)
{
	struct check_args args = {
		.run = { .strict_config = true, .rules_optional = true, .test_only = true }
	};
	int code = parse(argc, argv, &args);

	if (!code)
		code = args.explain ? explain_code(args.code) : check(&args);
	text_list_fini(&args.run.rules);
	text_list_fini(&args.run.interfaces);
	text_list_fini(&args.run.sets);
	return code;
}
