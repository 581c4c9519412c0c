/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/settings_rules.h"

#include <assert.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parser/config_vars.h"
#include "parser/rule_select.h"

#ifndef WEIR_DATADIR
#define WEIR_DATADIR "/usr/share/weir"
#endif
#define ROOT_CACHE "/var/cache/weir"

/* --- variables ------------------------------------------------------------------------------ */

static const char *variable(void *ctx, const char *name, bool ports)
{
	return config_vars_text(ctx, name, ports);
}

static const char *const *variable_names(void *ctx, bool ports)
{
	const struct config_vars *v = ctx;

	return v->names[ports];
}

int settings_load_variables(struct settings_loader *l)
{
	struct config_vars *v = arena_alloc(&l->s->config.arena, sizeof(*v));
	int err;

	if (!v)
		return -ENOMEM;
	err = config_vars_load(&l->s->config, v, l->diags);
	l->s->rule_options = (struct rule_parse_options){
		.variable = variable,
		.variable_names = variable_names,
		.ctx = v,
		.dataset_absolute = setting_flag(l, "datasets.rules.allow-absolute-filenames"),
		.dataset_no_write = !setting_flag(l, "datasets.rules.allow-write"),
	};
	return err;
}

/* --- files ---------------------------------------------------------------------------------- */

/* The folder of what is shipped: beside a program that was not installed, or where it was. */
static const char *shipped(struct settings *s)
{
	char exe[4096];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (len > 0) {
		const char *path;
		char *slash;

		exe[len] = '\0';
		slash = strrchr(exe, '/');
		if (slash)
			*slash = '\0';
		path = setting_path(s, arena_string(&s->config.arena, exe, strlen(exe)),
				    "rules/classification.config");
		if (path && access(path, R_OK) == 0)
			return arena_string(&s->config.arena, path,
					    strlen(path) - strlen("/classification.config"));
	}
	return WEIR_DATADIR "/rules";
}

/* A file that the configuration names and that may be missing: then the shipped one serves. */
static const char *file_or_shipped(struct settings_loader *l, const char *path, const char *name)
{
	const char *file = setting_word(l, path), *ours = setting_path(l->s, shipped(l->s), name);

	if (!file)
		return ours;
	if (access(file, R_OK) == 0)
		return file;
	diag_add(l->diags, DIAG_WARNING, setting_place(l, path),
		 "correct the path, or leave it empty",
		 "cannot read '%s' (%s); the shipped '%s' is used", file, strerror(errno), ours);
	return file == ours ? NULL : ours;
}

static bool keep_file(struct settings_loader *l, const char *path)
{
	char *copy = arena_string(&l->s->config.arena, path, strlen(path));

	return copy && text_list_add(&l->s->rule_files, copy);
}

static void names_nothing(struct settings_loader *l, const char *pattern, const struct place *at,
			  enum diag_level level)
{
	const struct place asked = { .file = "-S" };

	if (at)
		diag_add(l->diags, level, at,
			 "check the path; names are taken from default-rule-path",
			 "'rule-files' names no file that is there: '%s'", pattern);
	else
		diag_add(l->diags, DIAG_ERROR, &asked, "check the path",
			 "no rule file matches '%s'", pattern);
}

/*
 * One name or glob of rule files; at: where the configuration has it (NULL: the command line), level: of the
 * diagnostic where it names nothing.
 */
static int add_rule_files(struct settings_loader *l, const char *pattern, const struct place *at,
			  enum diag_level level)
{
	glob_t found;
	int err = 0, r = glob(pattern, GLOB_BRACE | GLOB_TILDE, NULL, &found);

	if (r == GLOB_NOSPACE)
		return -ENOMEM;
	if (r != 0) {
		names_nothing(l, pattern, at, level);
		return 0;
	}
	for (size_t i = 0; i < found.gl_pathc && !err; i++)
		err = keep_file(l, found.gl_pathv[i]) ? 0 : -ENOMEM;
	globfree(&found);
	return err;
}

static int rule_files_of_args(struct settings_loader *l)
{
	int err = 0;

	for (unsigned i = 0; i < l->s->args->rules.count && !err; i++)
		err = add_rule_files(l, l->s->args->rules.text[i], NULL, DIAG_ERROR);
	return err;
}

static int rule_files_of_config(struct settings_loader *l)
{
	const struct config_node *list = config_get(l->s->config.root, "rule-files");
	const struct settings_args *args = l->s->args;
	const char *folder = setting_word(l, "default-rule-path");
	enum diag_level level = DIAG_WARNING;
	int err = 0;

	if (!folder)
		folder = shipped(l->s);
	if (args->init_errors_fatal && !args->rules_optional)
		level = DIAG_ERROR;
	if (list && list->kind == CONFIG_SCALAR)
		return add_rule_files(l, setting_path(l->s, folder, list->text), &list->at, level);
	for (const struct config_node *n = list ? list->first : NULL; n && !err; n = n->next) {
		const char *pattern =
			n->kind == CONFIG_SCALAR ? setting_path(l->s, folder, n->text) : NULL;

		if (pattern)
			err = add_rule_files(l, pattern, &n->at, level);
	}
	return err;
}

/* Reputation lists and the database of countries. */
static void load_lists(struct settings_loader *l)
{
	struct detect_options *d = &l->s->detect;
	const struct config_node *list = config_get(l->s->config.root, "reputation-files");
	const char *set = setting_word(l, "default-reputation-path"), *folder = set ? set : "";
	const char *categories = setting_word(l, "reputation-categories-file");

	d->geoip_file = setting_word(l, "geoip-database");
	if (categories)
		d->iprep_categories = categories;
	if (list && list->kind == CONFIG_SCALAR)
		text_list_add(&l->s->reputation_files, setting_path(l->s, folder, list->text));
	for (const struct config_node *n = list ? list->first : NULL; n; n = n->next) {
		if (n->kind == CONFIG_SCALAR)
			text_list_add(&l->s->reputation_files, setting_path(l->s, folder, n->text));
	}
	d->iprep_files = l->s->reputation_files.text;
	d->iprep_file_count = l->s->reputation_files.count;
}

int settings_load_rule_files(struct settings_loader *l)
{
	struct settings *s = l->s;

	static const char *const changes[SELECT__COUNT] = {
		[SELECT_DISABLE] = "rule-changes.disable",
		[SELECT_ENABLE] = "rule-changes.enable",
		[SELECT_MODIFY] = "rule-changes.modify",
		[SELECT_DROP] = "rule-changes.drop",
	};

	static_assert(sizeof(s->rule_changes) / sizeof(s->rule_changes[0]) == SELECT__COUNT,
		      "a file for each kind of change");
	s->detection = !s->args->disable_detection;
	s->threshold_file = setting_word(l, "threshold-file");
	for (unsigned i = 0; i < SELECT__COUNT; i++)
		s->rule_changes[i] = setting_word(l, changes[i]);
	s->classification_file = file_or_shipped(l, "classification-file", "classification.config");
	s->reference_config_file = file_or_shipped(l, "reference-config-file", "reference.config");
	if (!s->detection)
		return 0;
	return s->args->rules.count ? rule_files_of_args(l) : rule_files_of_config(l);
}

/* --- detection ------------------------------------------------------------------------------ */

static void load_action_order(struct settings_loader *l)
{
	static const struct {
		const char *name;
		uint8_t action;
	} names[] = {
		{ "pass", ACTION_PASS },
		{ "drop", ACTION_DROP },
		{ "reject", ACTION_REJECT },
		{ "alert", ACTION_ALERT },
	};
	const struct config_node *list = config_get(l->s->config.root, "action-order");
	uint8_t *order = l->s->detect.action_order;
	unsigned have = 0, seen = 0;

	for (const struct config_node *n = list ? list->first : NULL; n; n = n->next) {
		for (unsigned i = 0; i < 4; i++) {
			if (!config_text(n) || strcasecmp(n->text, names[i].name) != 0)
				continue;
			if (seen & 1u << i) {
				diag_add(l->diags, DIAG_ERROR, &n->at, "name each action once",
					 "'%s' is named twice", n->text);
				continue;
			}
			seen |= 1u << i;
			order[have++] = names[i].action;
		}
	}
	/* What a person left out comes last, in the usual order. */
	for (unsigned i = 0; i < 4; i++) {
		if (!(seen & 1u << i))
			order[have++] = names[i].action;
	}
}

/* The configured folder, or the user's; NULL: there is none. */
static const char *cache_folder(struct settings_loader *l)
{
	const char *path = setting_word(l, "detect.sgh-mpm-caching-path");
	const char *start = getenv("XDG_CACHE_HOME"), *below = "/weir";
	size_t len;
	char *text;

	if (path && *path)
		return path;
	/* The XDG specification has relative paths ignored. */
	if (!start || *start != '/') {
		if (geteuid() == 0)
			return ROOT_CACHE;
		start = getenv("HOME");
		below = "/.cache/weir";
	}
	if (!start || *start != '/')
		return NULL;
	len = strlen(start) + strlen(below) + 1;
	text = arena_alloc(&l->s->config.arena, len);
	if (text)
		snprintf(text, len, "%s%s", start, below);
	return text;
}

/* A set by its name; false: a section that is none, or wrong, which is told. */
static bool read_dataset(struct settings_loader *l, const struct config_node *n,
			 struct dataset_config *out)
{
	static const char *const types[] = { "string", "md5", "sha256", "ipv4", "ip" };
	const char *type = config_text(config_child(n, "type"));
	const char *state = config_text(config_child(n, "state"));
	const char *memcap = config_text(config_child(n, "memcap"));
	const char *hashsize = config_text(config_child(n, "hashsize"));

	*out = (struct dataset_config){
		.name = n->key,
		.type = DATASET_UNSAID,
		.load = state ? state : config_text(config_child(n, "load")),
		.save = state ? state : config_text(config_child(n, "save"))
	};
	if (!type)
		return false;
	for (uint8_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(type, types[i]) == 0)
			out->type = i;
	}
	if (strcmp(type, "ipv6") == 0)
		out->type = DATASET_IP;
	if (memcap)
		config_parse_size(memcap, &out->memcap);
	if (hashsize)
		out->hashsize = (uint32_t)strtoul(hashsize, NULL, 10);
	if (out->type != DATASET_UNSAID)
		return true;
	diag_add(l->diags, DIAG_ERROR, &n->at, "write string, md5, sha256, ipv4 or ip",
		 "expected the type of the set, found '%s'", type);
	return false;
}

static void load_datasets(struct settings_loader *l)
{
	const struct config_node *list = config_get(l->s->config.root, "datasets");
	struct dataset_config *set;
	unsigned count = 0;

	for (const struct config_node *n = list ? list->first : NULL; n; n = n->next)
		count++;
	set = arena_alloc(&l->s->config.arena, (count + 1) * sizeof(*set));
	if (!set)
		return;
	l->s->detect.datasets = set;
	for (const struct config_node *n = list ? list->first : NULL; n; n = n->next)
		l->s->detect.dataset_count += read_dataset(l, n, &set[l->s->detect.dataset_count]);
}

/* Somebody is told the texts of rules. */
static bool wants_texts(const struct settings *s)
{
	bool wants = s->args->rule_texts;

	for (unsigned i = 0; i < s->output_count; i++)
		wants |= s->outputs[i].alert.rule_text;
	return wants;
}

void settings_load_detect(struct settings_loader *l)
{
	l->s->detect = (struct detect_options){
		.data_dir = l->s->data_dir,
		.dataset_memcap = setting_size(l, "datasets.defaults.memcap"),
		.dataset_hashsize = setting_count(l, "datasets.defaults.hashsize"),
		.dataset_hashsize_max = setting_count(l, "datasets.limits.single-hashsize"),
		.dataset_hashsizes_max = setting_count(l, "datasets.limits.total-hashsizes"),
		.inline_mode = l->s->args->simulate_ips,
		.alert_max = setting_count(l, "packet-alert-max"),
		.pcre_match_limit = setting_count(l, "pcre.match-limit"),
		.pcre_recursion_limit = setting_count(l, "pcre.match-limit-recursion"),
		.inspection_recursion_limit = setting_count(l, "detect.inspection-recursion-limit"),
		.check_only = l->s->args->test_only,
		.without_texts = !wants_texts(l->s),
		.saves_later = l->s->args->interfaces.count > 0,
	};
	if (setting_flag(l, "detect.sgh-mpm-caching"))
		l->s->detect.cache_folder = cache_folder(l);
	load_action_order(l);
	load_datasets(l);
	load_lists(l);
}
