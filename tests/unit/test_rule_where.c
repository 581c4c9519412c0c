/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "parser/rule_parse.h"
#include "parser/rule_where.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char rules[] =
	"alert http any any -> any any (msg:\"one\"; http.uri; content:\"/a\"; nocase; "
	"flowbits:set,seen.a; metadata:created_at 2020_01_01, affected_product Web; "
	"reference:cve,2020-1; sid:1; rev:3;)\n"
	"drop tcp any any -> any 22 (msg:\"two of them\"; flow:established; "
	"flowbits:isset,seen.a; priority:1; sid:2;)\n"
	"pass udp any any -> any any (dns.query; to_lowercase; content:\"x\"; gid:3; sid:3;)\n";

/* The sids of those for which it holds. */
static const char *meant(const char *where, struct diag_list *diags)
{
	static char text[64];
	struct rule_where *w = rule_where_parse("where", where, diags);
	struct rule_set set;
	struct diag_list own;
	size_t at = 0;

	if (!w)
		return NULL;
	diag_list_init(&own);
	rule_set_init(&set);
	rule_set_text(&set, "t.rules", rules, strlen(rules), &(struct rule_parse_options){ 0 },
		      &own);
	assert_int_equal(set.loaded, 3);
	text[0] = '\0';
	for (const struct rule *r = set.first; r; r = r->next) {
		if (rule_where_holds(w, r))
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u", at ? " " : "",
					       r->sid);
	}
	rule_set_fini(&set);
	diag_list_fini(&own);
	rule_where_free(w);
	return text;
}

static void holds(void **state)
{
	static const char *const of[][2] = {
		{ "sid == 2", "2" },
		{ "sid = 2", "2" },
		{ "sid != 2", "1 3" },
		{ "sid < 2", "1" },
		{ "sid <= 2", "1 2" },
		{ "sid > 2", "3" },
		{ "sid >= 2", "2 3" },
		{ "sid ~ ^[12]$", "1 2" },
		{ "gid == 3", "3" },
		{ "rev == 3", "1" },
		{ "priority == 1", "2" },
		{ "line == 2", "2" },
		{ "action == drop", "2" },
		{ "ACTION == drop", "2" },
		{ "protocol == http", "1" },
		{ "msg == \"two of them\"", "2" },
		{ "msg == 'two of them'", "2" },
		{ "msg ~ 'ONE|them$'", "1 2" },
		{ "msg !~ 'ONE'", "2 3" },
		{ "msg", "1 2" },
		{ "keyword == nocase", "1" },
		{ "keyword == flowbits", "1 2" },
		{ "keyword == http.uri", "1" },
		{ "keyword == to_lowercase", "3" },
		{ "keyword != content", "2" },
		{ "buffer == dns.query", "3" },
		{ "buffer", "1 3" },
		{ "flowbit == seen.a", "1 2" },
		{ "flowbit == seen", "" },
		{ "flowbit", "1 2" },
		{ "metadata ~ 'product web'", "1" },
		{ "reference == cve,2020-1", "1" },
		{ "file == t.rules", "1 2 3" },
		{ "text ~ 'isset,'", "2" },
		{ "sid == 1 or sid == 2 and action == pass", "1" },
		{ "(sid == 1 or sid == 2) and action == drop", "2" },
		{ "not flowbit", "3" },
		{ "not (sid==1 or sid==3)", "2" },
		{ "not not sid == 1", "1" },
		{ "flowbit and not buffer", "2" },
		{ "sid == 1 OR sid == 3", "1 3" },
	};
	struct diag_list diags;

	(void)state;
	diag_list_init(&diags);
	for (size_t i = 0; i < COUNT(of); i++) {
		const char *got = meant(of[i][0], &diags);

		if (!got || strcmp(got, of[i][1]) != 0)
			fail_msg("%s: %s, expected %s", of[i][0], got ? got : "a mistake",
				 of[i][1]);
	}
	assert_int_equal(diags.errors, 0);
	diag_list_fini(&diags);
}

static void mistakes(void **state)
{
	static const struct {
		const char *where;
		unsigned column;
		const char *message;
	} of[] = {
		{ "", 1, "expected a field at the end of the expression" },
		{ "sidd == 5", 1, "expected a field in the expression, found 'sidd'" },
		{ "sid == x", 8, "expected a number in the expression, found 'x'" },
		{ "sid ==", 7, "expected a value at the end of the expression" },
		{ "sid == )", 8, "expected a value in the expression, found ')'" },
		{ "sid === 5", 5, "expected an operator in the expression, found '==='" },
		{ "buffer < 5", 8, "expected an operator for text in the expression, found '<'" },
		{ "(sid == 5", 10, "expected and, or or ')' at the end of the expression" },
		{ "sid == 5)", 9, "expected and, or or the end in the expression, found ')'" },
		{ "sid == 5 sid", 10,
		  "expected and, or or the end in the expression, found 'sid'" },
		{ "msg ~ '('", 7, "expected a regular expression in the expression, found ''(''" },
		{ "msg ~ \"abc", 7, "expected a value in quotes in the expression, found '\"abc'" },
		{ "not", 4, "expected a field at the end of the expression" },
		{ "sid == 1 and", 13, "expected a field at the end of the expression" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(of); i++) {
		struct diag_list diags;

		diag_list_init(&diags);
		assert_null(meant(of[i].where, &diags));
		assert_int_equal(diags.errors, 1);
		assert_string_equal(diags.first->message, of[i].message);
		assert_int_equal(diags.first->place.column, of[i].column);
		assert_non_null(diags.first->remedy);
		assert_non_null(diags.first->code);
		diag_list_fini(&diags);
	}
}

/* What is too much ends in one mistake. */
static void limits(void **state)
{
	enum { TERMS = 6000, DEPTH = 100000 };
	char *text = malloc(DEPTH * 10);
	struct diag_list diags;

	(void)state;
	assert_non_null(text);
	memset(text, '(', DEPTH);
	text[DEPTH] = '\0';
	diag_list_init(&diags);
	assert_null(meant(text, &diags));
	assert_int_equal(diags.errors, 1);
	text[0] = '\0';
	for (size_t i = 0, at = 0; i < TERMS; i++)
		at += (size_t)sprintf(text + at, "%ssid", i ? " or " : "");
	assert_null(meant(text, &diags));
	assert_int_equal(diags.errors, 2);
	diag_list_fini(&diags);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds),
		cmocka_unit_test(mistakes),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
