/* SPDX-License-Identifier: Apache-2.0 */
/* weir rules: which rules there are, and what is known of them once they are compiled. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/cli/rules.h"

const char help_rules[] =
	"usage: weir rules [RULES...] [options]\n"
	"\n"
	"Lists rules that load: their text in one form, a rule a line.\n"
	"\n"
	"  --sid [GID:]SID,... only these; may be repeated\n"
	"  --where EXPRESSION  only those for which it holds, as in\n"
	"                      'buffer == http.uri and not (action == drop or msg ~ \"^ET INFO\")'\n"
	"                      fields: sid, gid, rev, priority, action, protocol, msg, classtype,\n"
	"                      keyword, buffer, flowbit, metadata, reference, file, line, text;\n"
	"                      == != < <= > >=, ~ and !~ for a regular expression; a field alone:\n"
	"                      the rule has it\n"
	"\n"
	"what to tell of them, in place of their text:\n"
	"  --json              one object a line, with keywords, buffers, file and line\n"
	"  --search            how each is found: pattern, databases, how far into a flow it reaches,\n"
	"                      and from where to where; home is the set of addresses that tells most\n"
	"                      rules apart, $HOME_NET as a rule\n"
	"  --patterns          the patterns of the databases: buffer, 1 for nocase, hexadecimal,\n"
	"                      gid:sid, with tabs between\n"
	"  --report            what was loaded, and what was not with its reason; with --json, too\n"
	"  --reach             how far into a flow each rule can alert, and which rules keep flows up:\n"
	"                      a direction of a flow is released when it has carried more than\n"
	"                      stream.reassembly.depth, or is encrypted, and no rule whose header\n"
	"                      admits it reaches further\n"
	"  --cost FILE         what each has cost in a run with --cost: its log folder or its\n"
	"                      rule-cost.json; by buffer and by rule, dearest first; RULES may be left out\n"
	"  --all               with --reach: every rule, not only those that keep flows up; with --cost:\n"
	"                      not only the dearest\n"
	"\n"
	"  -c FILE             a configuration; without RULES, its rule files\n"
	"  --set KEY=VALUE     one key of the configuration; may be repeated\n"
	"\n"
	"examples:\n"
	"  weir rules local.rules --where 'flowbit == ET.http.binary'\n"
	"  weir rules -c /etc/suricata/suricata.yaml --report\n"
	"  weir rules --reach local.rules\n"
	"\n"
	"exit codes: 0 done, 1 failed, 2 wrong usage, 3 mistakes in rules or configuration (what loads is\n"
	"told all the same)\n";

enum {
	ASK_REACH = 256,
	ASK_ALL,
	ASK_SET,
	ASK_SID,
	ASK_WHERE,
	ASK_PRINT,
	ASK_JSON,
	ASK_SEARCH,
	ASK_PATTERNS,
	ASK_REPORT,
	ASK_COST,
};

static const struct option options[] = {
	{ "reach", no_argument, NULL, ASK_REACH },
	{ "all", no_argument, NULL, ASK_ALL },
	{ "set", required_argument, NULL, ASK_SET },
	{ "sid", required_argument, NULL, ASK_SID },
	{ "where", required_argument, NULL, ASK_WHERE },
	{ "print", no_argument, NULL, ASK_PRINT },
	{ "json", no_argument, NULL, ASK_JSON },
	{ "search", no_argument, NULL, ASK_SEARCH },
	{ "patterns", no_argument, NULL, ASK_PATTERNS },
	{ "report", no_argument, NULL, ASK_REPORT },
	{ "cost", required_argument, NULL, ASK_COST },
	{ NULL, 0, NULL, 0 },
};

struct request {
	struct settings_args args;
	const char *where, *cost;
	uint64_t *key; /* gid and sid */
	size_t keys;
	int tell; /* ASK_PRINT ... */
	bool json, all;
};

static bool number(const char *s, const char **end, uint32_t *out)
{
	unsigned long long n = 0;

	*end = s;
	while (**end >= '0' && **end <= '9' && n <= UINT32_MAX)
		n = n * 10 + (unsigned)(*(*end)++ - '0');
	*out = (uint32_t)n;
	return *end > s && n <= UINT32_MAX;
}

static int add_sids(struct request *ask, const char *list)
{
	const char *s = list;

	do {
		uint32_t gid = 1, sid;
		uint64_t *more;

		s += s != list;
		if (!number(s, &s, &sid) ||
		    (*s == ':' && ((void)(gid = sid), !number(s + 1, &s, &sid))) ||
		    (*s && *s != ','))
			return usage_error("rules", "expected sids after '--sid', found '%s'",
					   list);
		more = realloc(ask->key, (ask->keys + 1) * sizeof(*more));
		if (!more)
			return EXIT_FAILED;
		ask->key = more;
		ask->key[ask->keys++] = (uint64_t)gid << 32 | sid;
	} while (*s == ',');
	return 0;
}

static int tell_what(struct request *ask, int what)
{
	if (ask->tell && ask->tell != what)
		return usage_error(
			"rules",
			"one of --print, --search, --patterns, --report, --cost and --reach "
			"at a time");
	ask->tell = what;
	return 0;
}

static int take(struct request *ask, int option, char **argv)
{
	switch (option) {
	case ASK_REACH:
	case ASK_PRINT:
	case ASK_SEARCH:
	case ASK_PATTERNS:
	case ASK_REPORT:
		return tell_what(ask, option);
	case ASK_COST:
		ask->cost = optarg;
		return tell_what(ask, option);
	case ASK_JSON:
		ask->json = true;
		return 0;
	case ASK_ALL:
		ask->all = true;
		return 0;
	case ASK_SID:
		return add_sids(ask, optarg);
	case ASK_WHERE:
		if (ask->where)
			return usage_error("rules",
					   "'--where' is given twice: join the two with and");
		ask->where = optarg;
		return 0;
	case ASK_SET:
		if (!strchr(optarg, '='))
			return usage_error("rules", "expected KEY=VALUE after '--set', found '%s'",
					   optarg);
		return text_list_add(&ask->args.sets, optarg) ? 0 : EXIT_FAILED;
	case 'c':
		ask->args.config_file = optarg;
		return 0;
	default:
		return usage_option("rules", option, argv, options);
	}
}

static int parse(int argc, char **argv, struct request *ask)
{
	int option, err = 0;

	opterr = 0;
	while (!err && (option = getopt_long(argc, argv, ":c:", options, NULL)) != -1)
		err = take(ask, option, argv);
	if (err)
		return err;
	for (; optind < argc; optind++) {
		if (!text_list_add(&ask->args.rules, argv[optind]))
			return EXIT_FAILED;
	}
	if (!ask->tell)
		ask->tell = ASK_PRINT;
	if (ask->json && ask->tell != ASK_PRINT && ask->tell != ASK_REPORT)
		return usage_error("rules", "'--json' is for the rules and for --report");
	if (!ask->args.rules.count && !ask->args.config_file && !ask->cost)
		return usage_error("rules", "expected rule files, as in weir rules local.rules");
	return 0;
}

static int key_order(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

#define DEAREST 30

static int tell_rules(const struct request *ask, const struct run_rules *rules,
		      const struct rules_choice *c, const struct diag_list *diags)
{
	switch (ask->tell) {
	case ASK_REACH:
		return rules_print_reach(rules, ask->all);
	case ASK_SEARCH:
		return rules_print_search(rules, c);
	case ASK_PATTERNS:
		return rules_print_patterns(rules, c);
	case ASK_COST:
		return rules_print_cost(ask->cost, rules, c, ask->all ? SIZE_MAX : DEAREST);
	case ASK_REPORT:
		return rules_print_report(rules, diags, ask->json);
	default:
		return ask->json ? rules_print_json(rules, c) : rules_print_text(rules, c);
	}
}

/* Text needs nothing that compiling finds out. */
static int load(const struct request *ask, const struct settings *s, struct diag_list *diags,
		struct run_rules *rules)
{
	if (ask->tell == ASK_PRINT || ask->tell == ASK_COST)
		return run_parse_rules(s, diags, rules);
	return run_load_rules(s, diags, rules);
}

static int tell(const struct request *ask, const struct rules_choice *c)
{
	struct run_rules rules = { .loaded = 0 };
	struct settings *s = NULL;
	struct diag_list diags;
	int err, code = EXIT_FAILED;

	diag_list_init(&diags);
	rule_set_init(&rules.parsed);
	err = settings_load(&ask->args, &diags, &s);
	if (!err)
		err = load(ask, s, &diags, &rules);
	if (ask->tell != ASK_REPORT || err)
		settings_print_diags(&diags, stderr);
	if (err && !diags.errors)
		fprintf(stderr, "weir rules: cannot compile the rules: %s\n", strerror(-err));
	if (!err)
		code = tell_rules(ask, &rules, c, &diags);
	if (code == EXIT_DONE && diags.errors)
		code = EXIT_RULES;
	settings_free(s);
	run_rules_fini(&rules);
	diag_list_fini(&diags);
	return code;
}

static int choose_and_tell(const struct request *ask)
{
	struct rules_choice c = { .key = ask->key, .keys = ask->keys };
	struct diag_list diags;
	int code = EXIT_DONE;

	diag_list_init(&diags);
	if (ask->where) {
		c.where = rule_where_parse("--where", ask->where, &diags);
		settings_print_diags(&diags, stderr);
		code = c.where ? EXIT_DONE : diags.errors ? EXIT_USAGE : EXIT_FAILED;
	}
	diag_list_fini(&diags);
	if (ask->keys)
		qsort(ask->key, ask->keys, sizeof(*ask->key), key_order);
	if (code == EXIT_DONE)
		code = tell(ask, &c);
	rule_where_free(c.where);
	return code;
}

int command_rules(int argc, char **argv)
{
	struct request ask = { .args = { .rules_optional = true, .test_only = true } };
	int code = parse(argc, argv, &ask);

	if (!code)
		code = choose_and_tell(&ask);
	text_list_fini(&ask.args.rules);
	text_list_fini(&ask.args.sets);
	free(ask.key);
	return code;
}
