/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/cli/pick.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/detect/ruleset.h"

int pick_number(const struct rule_ask *ask, const char *name, const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno)
		return usage_error(ask->command, "expected a number after '%s', found '%s'", name,
				   text);
	return EXIT_DONE;
}

int pick_take(struct rule_ask *ask, struct settings_args *args, int option, const char *value)
{
	switch (option) {
	case PICK_SID:
		ask->has_sid = true;
		return pick_number(ask, "--sid", value, &ask->sid);
	case PICK_GID:
		ask->has_gid = true;
		return pick_number(ask, "--gid", value, &ask->gid);
	case PICK_SET:
		if (!strchr(value, '='))
			return usage_error(ask->command,
					   "expected KEY=VALUE after '--set', found '%s'", value);
		return text_list_add(&args->sets, value) ? EXIT_DONE : EXIT_FAILED;
	case 'c':
		args->config_file = value;
		return EXIT_DONE;
	default:
		args->checksums = value;
		if (strcmp(value, "none") && strcmp(value, "all") && strcmp(value, "auto"))
			return usage_error(ask->command,
					   "expected none, all or auto after '-k', found '%s'",
					   value);
		return EXIT_DONE;
	}
}

int pick_files(const struct rule_ask *ask, struct settings_args *args, int argc, char **argv)
{
	if (!ask->has_sid)
		return usage_error(ask->command, "expected the rule, as in --sid 1000001");
	if (argc - optind < 2)
		return usage_error(ask->command, "expected a rule file and a capture, as in "
						 "--sid 1000001 local.rules capture.pcap");
	for (int i = optind; i < argc - 1; i++) {
		if (!text_list_add(&args->rules, argv[i]))
			return EXIT_FAILED;
	}
	return text_list_add(&args->captures, argv[argc - 1]) ? EXIT_DONE : EXIT_FAILED;
}

/* The line of a diagnostic names the sid. */
static bool names_sid(const struct diag *d, uint64_t sid)
{
	const char *at = d->place.text;

	while (at && (at = strstr(at, "sid"))) {
		const char *p = at += 3;
		char *end;

		while (*p == ' ' || *p == '\t' || *p == ':')
			p++;
		if (isdigit((unsigned char)*p) && strtoull(p, &end, 10) == sid)
			return true;
	}
	return false;
}

static void print_diags(const struct diag_list *diags, bool (*which)(const struct diag *, uint64_t),
			uint64_t sid, struct diag_list *some)
{
	for (const struct diag *d = diags->first; d; d = d->next) {
		if (which(d, sid))
			diag_add_coded(some, d->level, &d->place, d->remedy, d->code, d->fix,
				       d->message);
	}
}

static bool is_error(const struct diag *d, uint64_t sid)
{
	(void)sid;
	return d->level == DIAG_ERROR;
}

/* The rule is not there: tell what is known of why. */
static int no_rule(const struct rule_ask *ask, const struct diag_list *diags, unsigned loaded)
{
	struct diag_list some;
	char gid[32] = "";

	if (ask->has_gid)
		snprintf(gid, sizeof(gid), " and gid %" PRIu64, ask->gid);
	diag_list_init(&some);
	print_diags(diags, names_sid, ask->sid, &some);
	if (some.first) {
		settings_print_diags(&some, stderr);
		fprintf(stderr, "weir %s: the rule with sid %" PRIu64 "%s did not load\n",
			ask->command, ask->sid, gid);
	} else {
		print_diags(diags, is_error, ask->sid, &some);
		settings_print_diags(&some, stderr);
		fprintf(stderr, "weir %s: none of the %u rules that loaded has sid %" PRIu64 "%s\n",
			ask->command, loaded, ask->sid, gid);
	}
	diag_list_fini(&some);
	return EXIT_RULES;
}

static uint32_t find_rule(const struct rule_ask *ask, const struct ruleset *rules)
{
	uint32_t rule =
		ask->sid > UINT32_MAX ? UINT32_MAX : ruleset_find(rules, (uint32_t)ask->sid, 0);
	struct rule_info info;

	for (; ask->has_gid && rule != UINT32_MAX;
	     rule = ruleset_find(rules, (uint32_t)ask->sid, rule + 1)) {
		ruleset_rule(rules, rule, &info);
		if (info.gid == ask->gid)
			break;
	}
	return rule;
}

int pick_rule(const struct rule_ask *ask, const struct settings *s, struct diag_list *diags,
	      struct run_rules *rules, uint32_t *out)
{
	struct diag_list own;
	int err = run_load_rules(s, diags, rules);

	if (err) {
		settings_print_diags(diags, stderr);
		fprintf(stderr, "weir %s: cannot compile the rules: %s\n", ask->command,
			strerror(-err));
		return EXIT_FAILED;
	}
	*out = find_rule(ask, rules->compiled);
	if (*out == UINT32_MAX)
		return no_rule(ask, diags, rules->loaded);
	/* What else is wrong in the files is the business of `weir check`. */
	diag_list_init(&own);
	print_diags(diags, names_sid, ask->sid, &own);
	settings_print_diags(&own, stderr);
	diag_list_fini(&own);
	return EXIT_DONE;
}
