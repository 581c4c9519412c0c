/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of new rules: from the old ones, the new ones, and the mistakes in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/detect/ruleset.h"
#include "engine/run/rules_report.h"

#define R(sid, rest) "alert udp any any -> any any (msg:\"m" #sid "\"; " rest "sid:" #sid ";)\n"
#define NOTHING \
	"\"added_count\":0,\"added\":[],\"changed_count\":0,\"changed\":[],\"removed_count\":0,\"removed\":[]"
#define WELL \
	"\"refused_count\":0,\"refused\":[],\"complaints_count\":0,\"complaints\":[],\"broken\":null"
#define RULE(sid) "{\"gid\":1,\"sid\":" #sid ",\"rev\":0,\"msg\":\"m" #sid "\"}"
#define ONE(kind, sid) "\"" kind "_count\":1,\"" kind "\":[" RULE(sid) "]"
#define NONE(kind) "\"" kind "_count\":0,\"" kind "\":[]"

/* In the second line of new.rules: a keyword that is misspelled, after so many columns. */
#define WRONG_TEXT "new.rules:2:41: unknown keyword 'contnet' [E0036]"
#define WRONG_RULE(sid) \
	"{\"gid\":1,\"sid\":" #sid ",\"rule\":\"alert udp any any -> any any (msg:\\\"m" #sid \
	"\\\"; contnet:\\\"x\\\"; sid:" #sid \
	";)\",\"filename\":\"new.rules\",\"line\":2,\"column\":41,\"code\":\"E0036\"," \
	"\"error\":\"unknown keyword 'contnet'\",\"remedy\":\"did you mean 'content'?\"}"
#define WRONG(sid) \
	"\"refused_count\":1,\"refused\":[" WRONG_RULE(sid) "],\"complaints_count\":1," \
							    "\"complaints\":[\"" WRONG_TEXT "\"]"

static const struct {
	const char *before; /* NULL: there were none */
	const char *now;
	const char *complaint_before; /* what was wrong already; NULL: nothing */
	bool take_refused, fatal;
	const char *expected;
} rows[] = {
	{ NULL, R(1, ""), NULL, false, false,
	  ONE("added", 1) "," NONE("changed") "," NONE("removed") "," WELL },
	{ R(1, ""), R(1, ""), NULL, false, false, NOTHING "," WELL },
	/* A rule is its text, however little that means. */
	{ R(1, "content:\"a\"; "), R(1, "content:\"|61|\"; "), NULL, false, false,
	  NONE("added") "," ONE("changed", 1) "," NONE("removed") "," WELL },
	{ R(1, "") R(2, ""), R(2, "") R(3, ""), NULL, false, false,
	  ONE("added", 3) "," NONE("changed") "," ONE("removed", 1) "," WELL },
	/* A mistake in a rule that was not in force leaves it out. */
	{ R(1, ""), R(1, "") R(2, "contnet:\"x\"; "), NULL, false, false,
	  NOTHING "," WRONG(2) ",\"broken\":null" },
	/* In one that was, or where any is too much, it keeps the new rules out. */
	{ R(1, "") R(2, ""), R(1, "") R(2, "contnet:\"x\"; "), NULL, false, false,
	  NONE("added") "," NONE("changed") "," ONE("removed", 2) "," WRONG(
		  2) ",\"broken\":\"" WRONG_TEXT "\"" },
	{ R(1, ""), R(1, "") R(2, "contnet:\"x\"; "), NULL, false, true,
	  NOTHING "," WRONG(2) ",\"broken\":\"" WRONG_TEXT "\"" },
	/* Not where that was asked for, or where it was so before. */
	{ R(1, "") R(2, ""), R(1, "") R(2, "contnet:\"x\"; "), NULL, true, false,
	  NONE("added") "," NONE("changed") "," ONE("removed", 2) "," WRONG(2) ",\"broken\":null" },
	{ R(1, "") R(2, ""), R(1, "") R(2, "contnet:\"x\"; "), WRONG_TEXT, false, false,
	  NONE("added") "," NONE("changed") "," ONE("removed", 2) "," WRONG(2) ",\"broken\":null" },
};

struct load {
	struct run_rules rules;
	struct diag_list diags;
	struct detect_options options;
};

static void load(struct load *l, const char *name, const char *text)
{
	static const struct rule_parse_options opt = { .variable = NULL };

	memset(l, 0, sizeof(*l));
	l->options = (struct detect_options){ .pcre_match_limit = 3500,
					      .pcre_recursion_limit = 1500,
					      .max_flow_states = 64,
					      .inspection_recursion_limit = 3000 };
	rule_set_init(&l->rules.parsed);
	diag_list_init(&l->diags);
	assert_int_equal(rule_set_text(&l->rules.parsed, name, text, strlen(text), &opt, &l->diags),
			 0);
	l->rules.loaded = l->rules.parsed.loaded;
	l->rules.failed = l->rules.parsed.failed;
	assert_int_equal(detect_compile(&l->rules.parsed, &l->options, &l->diags,
					&l->rules.compiled),
			 0);
}

static void unload(struct load *l)
{
	ruleset_free(l->rules.compiled);
	rule_set_fini(&l->rules.parsed);
	diag_list_fini(&l->diags);
}

static json_t *complained(const char *text)
{
	return text ? json_pack("{s:[s]}", "complaints", text) : NULL;
}

/* Without what is the same in all rows. */
static void check(json_t *report, const char *expected)
{
	static const char *const other[] = { "hash", "loaded", "failed", "skipped", "sets" };
	char *text;

	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_int_equal(json_object_del(report, other[i]), 0);
	text = json_dumps(report, JSON_COMPACT);
	assert_non_null(text);
	assert_int_equal(text[0], '{');
	text[strlen(text) - 1] = '\0';
	assert_string_equal(text + 1, expected);
	free(text);
}

static void each_row(void **state)
{
	static struct settings settings;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *old = complained(rows[i].complaint_before), *report;
		struct rules_report_options opt = { .settings = &settings,
						    .report_before = old,
						    .take_refused = rows[i].take_refused,
						    .fatal = rows[i].fatal };
		struct load before, now;

		load(&now, "new.rules", rows[i].now);
		if (rows[i].before)
			load(&before, "old.rules", rows[i].before);
		opt.rules = &now.rules;
		opt.diags = &now.diags;
		opt.before = rows[i].before ? before.rules.compiled : NULL;
		report = rules_report_new(&opt);
		assert_non_null(report);
		check(report, rows[i].expected);
		json_decref(report);
		json_decref(old);
		if (rows[i].before)
			unload(&before);
		unload(&now);
	}
}

/* Lists end somewhere; what they count does not. */
static void lists_end(void **state)
{
	enum { RULES = RULES_REPORT_LIST_MAX + 3 };
	static struct settings settings;
	size_t room = RULES * 64;
	char *text = malloc(room), *to = text;
	struct rules_report_options opt = { .settings = &settings };
	struct load now;
	json_t *report;

	(void)state;
	for (unsigned i = 1; i <= RULES; i++)
		to += snprintf(to, room - (size_t)(to - text),
			       "alert udp any any -> any %u (sid:%u;)\n", i, i);
	load(&now, "new.rules", text);
	free(text);
	opt.rules = &now.rules;
	opt.diags = &now.diags;
	report = rules_report_new(&opt);
	assert_int_equal(json_integer_value(json_object_get(report, "added_count")), RULES);
	assert_int_equal(json_array_size(json_object_get(report, "added")), RULES_REPORT_LIST_MAX);
	assert_int_equal(json_integer_value(json_object_get(report, "loaded")), RULES);
	json_decref(report);
	unload(&now);
}

/* What came to nothing is never put in force. */
static void nothing_compiled(void **state)
{
	static struct settings settings;
	struct rules_report_options opt = { .settings = &settings };
	struct load now;
	json_t *report;

	(void)state;
	load(&now, "new.rules", R(1, ""));
	ruleset_free(now.rules.compiled);
	now.rules.compiled = NULL;
	opt.rules = &now.rules;
	opt.diags = &now.diags;
	report = rules_report_new(&opt);
	assert_string_equal(json_string_value(json_object_get(report, "broken")),
			    "the rules cannot be compiled");
	assert_string_equal(json_string_value(json_object_get(report, "hash")), "");
	json_decref(report);
	unload(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(lists_end),
		cmocka_unit_test(nothing_compiled),
	};

	return cmocka_run_group_tests_name("rules_report", tests, NULL, NULL);
}
