/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/compiler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/base/file.h"
#include "engine/detect/ruleset.h"
#include "engine/run/image.h"
#include "engine/run/rules_report.h"
#include "engine/run/run.h"
#include "engine/run/sandbox.h"
#include "engine/run/savings.h"

/* Packets come first. */
#define NICENESS 10

static int fail(const char *what, int err)
{
	fprintf(stderr, "weir: compiler: %s: %s\n", what, strerror(-err));
	return RUN_FAILED;
}

/* What a reload takes of the configuration as it is now; all else stays as it was at the start. */
static struct settings joined(const struct settings *was, const struct settings *is)
{
	struct settings s = *was;

	s.rule_options = is->rule_options;
	s.rule_files = is->rule_files;
	s.classification_file = is->classification_file;
	s.reference_config_file = is->reference_config_file;
	s.threshold_file = is->threshold_file;
	memcpy(s.rule_changes, is->rule_changes, sizeof(s.rule_changes));
	return s;
}

static int open_before(int fd, struct ruleset **out)
{
	uint8_t *block;
	size_t len;
	int err;

	*out = NULL;
	if (fd < 0)
		return 0;
	err = image_read(fd, &block, &len);
	return err ? err : ruleset_open_rows(block, len, out);
}

static int write_plan(const struct settings *s, const struct ruleset *rules, int fd)
{
	struct detect_needs needs = settings_needs(s);
	struct weir_plan *plan = calloc(1, sizeof(*plan));
	int err;

	if (!plan)
		return -ENOMEM;
	if (detect_plan(rules, &needs, plan))
		plan->wants.flags = WEIR_PLAN_ALL;
	err = file_write_all(fd, plan, sizeof(*plan));
	free(plan);
	return err;
}

static int write_report(const struct rules_report_options *opt, int fd)
{
	json_t *report = rules_report_new(opt);
	char *text = report ? json_dumps(report, JSON_COMPACT) : NULL;
	int err = text ? file_write_all(fd, text, strlen(text)) : -ENOMEM;

	free(text);
	json_decref(report);
	return err;
}

static int work(const struct compiler_options *opt, const struct settings *s,
		struct diag_list *diags)
{
	struct run_rules rules = { .compiled = NULL };
	struct rules_report_options report = { .settings = s,
					       .rules = &rules,
					       .diags = diags,
					       .report_before = opt->report_before,
					       .take_refused = opt->take_refused,
					       .fatal = s->args->init_errors_fatal };
	struct ruleset *before;
	/* Mistakes in the configuration itself are not to be guessed around. */
	bool wrong = diags->errors > 0;
	int err = open_before(opt->block_before, &before);

	report.before = before;
	report.fatal |= wrong;
	if (!err && !wrong)
		err = run_load_rules(s, diags, &rules);
	if (!err)
		err = write_report(&report, opt->files.report);
	if (!err && rules.compiled)
		err = image_write(rules.compiled, opt->files.block, opt->files.lists);
	if (!err && rules.compiled)
		err = write_plan(s, rules.compiled, opt->files.plan);
	return err ? fail("cannot compile the rules", err) : RUN_DONE;
}

static int confine(const struct settings *s)
{
	const char *folder = s->detect.cache_folder;
	struct sandbox_report report;
	char text[256];
	int err = sandbox_compiler(folder, &report);

	if (err)
		return fail("cannot drop capabilities", err);
	if (sandbox_complaint(&report, text, sizeof(text)))
		fprintf(stderr, "weir: compiler: %s\n", text);
	return RUN_DONE;
}

int compiler_run(const struct compiler_options *opt)
{
	struct settings *now = NULL, s;
	struct diag_list diags;
	int code = confine(opt->settings);

	if (code)
		return code;
	(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	diag_list_init(&diags);
	if (settings_load(opt->settings->args, &diags, &now))
		return fail("configuration", -ENOMEM);
	s = joined(opt->settings, now);
	return work(opt, &s, &diags);
}
