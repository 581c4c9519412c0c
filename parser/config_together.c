/* SPDX-License-Identifier: Apache-2.0 */
/* What several keys say together, and what cannot be; asked once the tree is whole. */
#include <string.h>

#include "parser/config.h"
#include "parser/config_key.h"

/* A policy for flows that are picked up in the middle: most words mean something only where none are. */
static void check_midstream(const struct config *c, struct diag_list *diags)
{
	const struct config_node *policy = config_get(c->root, "stream.midstream-policy");
	const char *word = config_text(policy);
	bool midstream = false;

	if (!word)
		return;
	config_parse_bool(config_text(config_get(c->root, "stream.midstream")) ?: "no", &midstream);
	if (strcmp(word, "ignore") == 0 || strcmp(word, "auto") == 0 ||
	    strcmp(word, "pass-flow") == 0)
		return;
	if (midstream)
		diag_add(diags, DIAG_ERROR, &policy->at,
			 "write pass-flow or ignore, or midstream: no",
			 "'%s' is no policy for flows that 'midstream' picks up", word);
	else if (strcmp(word, "drop-packet") == 0 || strcmp(word, "pass-packet") == 0)
		diag_add(diags, DIAG_ERROR, &policy->at,
			 "write drop-flow, pass-flow, bypass, reject or ignore",
			 "'%s' is about one packet, and 'midstream-policy' about flows", word);
}

/* A key without a value is a mistake where it names whom to run as. */
static void check_run_as(const struct config *c, struct diag_list *diags)
{
	const struct config_node *run_as = config_get(c->root, "run-as");
	const struct config_node *user = config_child(run_as, "user");

	if (user && !user->stock && (!config_text(user) || !*config_text(user)))
		diag_add(diags, DIAG_ERROR, user->at.line ? &user->at : &user->key_at,
			 "name a user, or remove run-as", "'run-as' names no user");
}

static bool is_enabled(const struct config_node *output)
{
	const char *text = config_text(config_child(output, "enabled"));
	bool on = true;

	if (text)
		config_parse_bool(text, &on);
	return on;
}

static const struct config_node *find_anomaly(const struct config_node *types)
{
	for (const struct config_node *t = types ? types->first : NULL; t; t = t->next) {
		const struct config_node *n = t->kind == CONFIG_MAPPING ? t->first : NULL;

		if (t->kind == CONFIG_SCALAR ? strcmp(t->text, "anomaly") == 0
					     : n && strcmp(n->key, "anomaly") == 0)
			return n ? n : t;
	}
	return NULL;
}

/* One output may have the anomalies. */
static void check_anomaly(const struct config *c, struct diag_list *diags)
{
	const struct config_node *outputs = config_get(c->root, "outputs");
	unsigned count = 0;

	for (const struct config_node *o = outputs ? outputs->first : NULL; o; o = o->next) {
		const struct config_node *eve = config_child(o, "eve-log");
		const struct config_node *anomaly;

		if (!eve || !is_enabled(eve))
			continue;
		anomaly = find_anomaly(config_child(eve, "types"));
		if (!anomaly || count++ == 0)
			continue;
		diag_add(diags, DIAG_ERROR, &anomaly->key_at, "leave 'anomaly' to one of the two",
			 "a second output has the type 'anomaly'");
		return;
	}
}

void config_check_together(const struct config *c, struct diag_list *diags)
{
	check_midstream(c, diags);
	check_run_as(c, diags);
	check_anomaly(c, diags);
}
