/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of rules elsewhere than in them: threshold.config, files that enable and modify, lints, diagnostics for programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "parser/config_key.h"
#include "parser/rule_fix.h"
#include "parser/rule_lint.h"
#include "parser/rule_parse.h"
#include "parser/rule_select.h"
#include "parser/threshold_config.h"
#include "tests/unit/guard.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *variable(void *ctx, const char *name, bool ports)
{
	(void)ctx;
	return !ports && strcmp(name, "HOME_NET") == 0 ? "10.0.0.0/8" : NULL;
}

struct load {
	struct rule_set set;
	struct diag_list diags;
	struct rule_parse_options opt;
};

static void load_init(struct load *l)
{
	*l = (struct load){ .opt = { .variable = variable } };
	rule_set_init(&l->set);
	diag_list_init(&l->diags);
}

static void load_fini(struct load *l)
{
	rule_set_fini(&l->set);
	diag_list_fini(&l->diags);
}

static void load(struct load *l, const char *name, const char *text)
{
	size_t len = strlen(text);
	const char *copy = (const char *)guard_copy(text, len);

	assert_int_equal(rule_set_text(&l->set, name, copy, len, &l->opt, &l->diags), 0);
	guard_free_all();
}

/* The messages, each on a line of its own. */
static char *messages(const struct diag_list *l)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (const struct diag *d = l->first; d; d = d->next)
		fprintf(out, "%u:%u %s %s\n", d->place.line, d->place.column,
			d->code ? d->code : "-", d->message);
	fclose(out);
	return text;
}

static void assert_messages(const struct diag_list *l, const char *expected)
{
	char *text = messages(l);

	assert_string_equal(text, expected);
	free(text);
}

/* --- threshold.config ------------------------------------------------------------------------------ */

static const char rules[] =
	"alert tcp any any -> any any (msg:\"a\"; sid:1;)\n"
	"alert tcp any any -> any any (msg:\"b\"; threshold:type limit, track by_src, count 1, "
	"seconds 5; sid:2;)\n"
	"alert tcp any any -> any any (msg:\"c\"; gid:7; sid:1;)\n";

static const struct rule *rule_of(const struct load *l, uint32_t gid, uint32_t sid)
{
	const struct rule *r = l->set.first;

	while (r && (r->gid != gid || r->sid != sid))
		r = r->next;
	assert_non_null(r);
	return r;
}

static void thresholds(struct load *l, const char *text)
{
	struct threshold_config c;
	size_t len = strlen(text);
	const char *copy = (const char *)guard_copy(text, len);

	assert_int_equal(threshold_config_text(&l->set, "t.config", copy, len, &l->opt, &l->diags,
					       &c),
			 0);
	guard_free_all();
	assert_int_equal(threshold_config_apply(&c, &l->set, &l->diags), 0);
}

static void test_suppress(void **state)
{
	const struct rule_filter *f;
	struct load l;

	(void)state;
	load_init(&l);
	load(&l, "r", rules);
	thresholds(&l, "# of one host\n"
		       "suppress gen_id 1, sig_id 1, track by_src, ip 192.0.2.1\n"
		       "suppress gen_id 1, sig_id 1, track by_either, ip [$HOME_NET, \\\n"
		       "  192.0.2.7]\n"
		       "suppress gen_id 7, sig_id 0\n"
		       "suppress gen_id 0, sig_id 0, track by_dst, ip 2001:db8::/32\n");
	assert_messages(&l.diags, "");
	assert_int_equal(rule_of(&l, 1, 1)->filters, 3);
	f = rule_of(&l, 1, 1)->filter[0];
	assert_int_equal(f->kind, FILTER_SUPPRESS);
	assert_int_equal(f->track, FILTER_TRACK_SRC);
	assert_int_equal(f->addresses.v4_count, 1);
	assert_int_equal(f->addresses.v4[0].low, 0xc0000201);
	assert_int_equal(f->number, 0);
	assert_int_equal(f->place.line, 2);
	f = rule_of(&l, 1, 1)->filter[1];
	assert_int_equal(f->track, FILTER_TRACK_EITHER);
	assert_int_equal(f->addresses.v4_count, 2);
	assert_int_equal(f->number, 1);
	assert_int_equal(rule_of(&l, 7, 1)->filters, 2);
	assert_int_equal(rule_of(&l, 7, 1)->filter[0]->track, FILTER_TRACK_ANY);
	assert_true(rule_of(&l, 7, 1)->filter[0]->addresses.any);
	assert_false(rule_of(&l, 7, 1)->filter[1]->addresses.any);
	assert_int_equal(rule_of(&l, 1, 2)->filters, 1);
	assert_int_equal(rule_of(&l, 1, 2)->filter[0]->addresses.v6_count, 1);
	load_fini(&l);
}

static const struct threshold *threshold_of(const struct rule *r)
{
	for (unsigned i = 0; i < r->options; i++) {
		if (r->option[i].kind == OPTION_THRESHOLD)
			return &r->option[i].threshold;
	}
	return NULL;
}

static void test_thresholds(void **state)
{
	const struct rule_filter *f;
	struct load l;

	(void)state;
	load_init(&l);
	load(&l, "r", rules);
	/* One for all goes to those without their own, one for a rule before its own. */
	thresholds(&l,
		   "threshold gen_id 1, sig_id 0, type both, track by_dst, count 3, seconds 9\n");
	assert_int_equal(threshold_of(rule_of(&l, 1, 1))->type, THRESHOLD_BOTH);
	assert_int_equal(threshold_of(rule_of(&l, 1, 2))->type, THRESHOLD_LIMIT);
	assert_int_equal(threshold_of(rule_of(&l, 1, 2))->seconds, 5);
	assert_null(threshold_of(rule_of(&l, 7, 1)));
	thresholds(&l, "event_filter gen_id 1, sig_id 2, type threshold, track by_rule, count 4, "
		       "seconds 8\n"
		       "rate_filter gen_id 7, sig_id 1, track by_both, count 5, seconds 60, "
		       "new_action drop, timeout 30\n");
	assert_messages(&l.diags, "");
	assert_int_equal(threshold_of(rule_of(&l, 1, 2))->track, TRACK_BY_RULE);
	assert_int_equal(threshold_of(rule_of(&l, 1, 2))->count, 4);
	f = rule_of(&l, 7, 1)->filter[0];
	assert_int_equal(f->kind, FILTER_RATE);
	assert_int_equal(f->new_action, ACTION_DROP);
	assert_int_equal(f->timeout, 30);
	assert_int_equal(f->threshold.track, TRACK_BY_BOTH);
	assert_int_equal(f->threshold.count, 5);
	load_fini(&l);
}

static const struct {
	const char *text, *message;
} bad_entries[] = {
	{ "supress gen_id 1, sig_id 1",
	  "1:1 E0210 expected the kind of an entry, found 'supress'\n" },
	{ "suppress sig_id 1", "1:1 E0210 an entry of 'suppress' needs 'gen_id'\n" },
	{ "suppress gen_id 0, sig_id 5",
	  "1:17 E0210 gen_id 0 stands for all rules, and sig_id for one\n" },
	{ "suppress gen_id 1, sig_id 1, track by_src", "1:1 E0210 'track' and 'ip' go together\n" },
	{ "suppress gen_id 1, sig_id 1, track by_both, ip 192.0.2.1",
	  "1:36 E0210 expected which address to suppress by, found 'by_both'\n" },
	{ "suppress gen_id 1, sig_id 1, track by_src, ip 192.0.2.x",
	  "1:47 E0015 expected an address, found '192.0.2.x'\n" },
	{ "suppress gen_id 1, sig_id 1, count 1",
	  "1:30 E0210 an entry of 'suppress' knows no word 'count'\n" },
	{ "suppress gen_id 1, gen_id 1, sig_id 1",
	  "1:20 E0210 'gen_id' stands twice in one entry\n" },
	{ "suppress gen_id 1, sig_id", "1:20 E0210 'sig_id' of an entry has no value\n" },
	{ "suppress gen_id x, sig_id 1", "1:17 E0050 expected a number for gen_id, found 'x'\n" },
	{ "threshold gen_id 1, sig_id 1, type some, track by_src, count 1, seconds 1",
	  "1:36 E0210 expected the type of an entry, found 'some'\n" },
	{ "threshold gen_id 1, sig_id 1, type limit, track by_src, count 0, seconds 1",
	  "1:63 E0051 '0' is out of range for count, 1 to 4294967295\n" },
	{ "suppress gen_id 1, sig_id 99",
	  "1:1 W0026 no rule has sid 99 and gid 1: the entry does nothing\n" },
};

static void test_bad_entries(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_entries); i++) {
		struct load l;

		load_init(&l);
		load(&l, "r", rules);
		thresholds(&l, bad_entries[i].text);
		assert_messages(&l.diags, bad_entries[i].message);
		load_fini(&l);
	}
}

/* --- files that disable, enable, modify, drop ---------------------------------------------------------- */

static const char lines[] =
	"# a comment, no rule\n"
	"alert tcp any any -> any 80 (msg:\"sid:4\"; content:\"a\\;b\"; sid:1; rev:2; "
	"metadata:deployment Perimeter, x y;)\n"
	"#alert tcp any any -> any any (msg:\"old\"; sid:2;)\n"
	"alert udp any any -> any any (msg:\"Heartbleed\"; gid:3; sid:1;)\n"
	"alert udp any any -> any any (noalert; sid:3;)\n";

static const struct {
	enum rule_select_kind kind;
	const char *text;
	const char *left; /* gid:sid of what loads, action letter before it */
} selections[] = {
	{ SELECT_DISABLE, "# nothing\n\n", "a1:1 a3:1 a1:3 " },
	{ SELECT_DISABLE, "1\n", "a3:1 a1:3 " },
	{ SELECT_DISABLE, "4\n", "a1:1 a3:1 a1:3 " },
	{ SELECT_DISABLE, "1, 3:1 ,3\n", "" },
	{ SELECT_DISABLE, "3:1\n", "a1:1 a1:3 " },
	{ SELECT_DISABLE, "re:heart.*bl[e]{2}d\n", "a1:1 a1:3 " },
	{ SELECT_DISABLE, "re:^alert\\s+udp\n", "a1:1 " },
	{ SELECT_DISABLE, "re:any \\d+ \\(\n", "a3:1 a1:3 " },
	{ SELECT_DISABLE, "group:web\n", "" },
	{ SELECT_DISABLE, "group:we?.rules\n", "" },
	{ SELECT_DISABLE, "filename:*/web.rules\n", "" },
	{ SELECT_DISABLE, "group:mail\n", "a1:1 a3:1 a1:3 " },
	{ SELECT_DISABLE, "metadata:deployment perimeter\n", "a3:1 a1:3 " },
	{ SELECT_DISABLE, "metadata:deployment x\n", "a1:1 a3:1 a1:3 " },
	{ SELECT_ENABLE, "2\n", "a1:1 a1:2 a3:1 a1:3 " },
	{ SELECT_ENABLE, "*\n", "a1:1 a1:2 a3:1 a1:3 " },
	{ SELECT_DROP, "*\n", "d1:1 d3:1 a1:3 " },
	{ SELECT_MODIFY, "1 \"alert\" \"drop\"\n", "d1:1 a3:1 a1:3 " },
	{ SELECT_MODIFY, "re:Heart \"sid:(\\d)\" \"sid:9\\1\"\n", "a1:1 a3:91 a1:3 " },
	{ SELECT_MODIFY, "modifysid 3 \"sid:3\" | \"sid:5\"\n", "a1:1 a3:1 a1:5 " },
	{ SELECT_MODIFY, "3 \"^\" \"#\"\n", "a1:1 a3:1 " },
};

static void test_select(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(selections); i++) {
		char got[256] = "";
		size_t n = 0;
		struct load l;

		load_init(&l);
		l.opt.select = rule_select_new();
		assert_non_null(l.opt.select);
		assert_int_equal(rule_select_text(l.opt.select, selections[i].kind, "d.conf",
						  selections[i].text, strlen(selections[i].text),
						  &l.diags),
				 0);
		load(&l, "/etc/x/web.rules", lines);
		for (const struct rule *r = l.set.first; r; r = r->next)
			n += (size_t)snprintf(got + n, sizeof(got) - n, "%c%u:%u ",
					      r->action == ACTION_DROP ? 'd' : 'a', r->gid, r->sid);
		if (strcmp(got, selections[i].left) != 0)
			print_message("# %s", selections[i].text);
		assert_string_equal(got, selections[i].left);
		rule_select_free(l.opt.select);
		load_fini(&l);
	}
}

/* The order is disable, enable, modify, drop; what is meant by no line is told. */
static void test_select_order(void **state)
{
	static const struct {
		enum rule_select_kind kind;
		const char *text;
	} files[] = {
		{ SELECT_DROP, "1\n" },
		{ SELECT_MODIFY, "1 \"content:\\\"a\" \"content:\\\"c\"\n" },
		{ SELECT_ENABLE, "1\n1:77\n" },
		{ SELECT_DISABLE, "group:*\n" },
	};
	struct load l;

	(void)state;
	load_init(&l);
	l.opt.select = rule_select_new();
	assert_true(rule_select_empty(l.opt.select));
	for (size_t i = 0; i < COUNT(files); i++)
		rule_select_text(l.opt.select, files[i].kind, "d.conf", files[i].text,
				 strlen(files[i].text), &l.diags);
	assert_false(rule_select_empty(l.opt.select));
	load(&l, "web.rules", lines);
	assert_int_equal(l.set.loaded, 1);
	assert_int_equal(l.set.first->action, ACTION_DROP);
	assert_int_equal(l.set.first->option[0].content.pattern.len, 3);
	assert_memory_equal(l.set.first->option[0].content.pattern.data, "c;b", 3);
	assert_int_equal(l.set.first->place.line, 2);
	rule_select_unused(l.opt.select, &l.diags);
	assert_messages(&l.diags, "2:0 W0026 no rule is meant by this line\n");
	rule_select_free(l.opt.select);
	load_fini(&l);
	rule_select_free(NULL);
}

static const struct {
	enum rule_select_kind kind;
	const char *text, *message;
} bad_lines[] = {
	{ SELECT_DISABLE, "emerging", "1:1 E0220 expected what rules are meant\n" },
	{ SELECT_DISABLE, "1,x", "1:3 E0220 expected what rules are meant\n" },
	{ SELECT_ENABLE, "re:(a", "1:4 E0220 an expression that does not compile\n" },
	{ SELECT_MODIFY, "1 \"a\"", "1:1 E0220 expected two texts in quotes\n" },
	{ SELECT_MODIFY, "x \"a\" \"b\"", "1:1 E0220 expected what rules are meant\n" },
	{ SELECT_MODIFY, "1 \"(\" \"b\"", "1:1 E0220 an expression that does not compile\n" },
};

static void test_bad_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_lines); i++) {
		struct rule_select *s = rule_select_new();
		struct load l;
		char *text;

		load_init(&l);
		rule_select_text(s, bad_lines[i].kind, "d.conf", bad_lines[i].text,
				 strlen(bad_lines[i].text), &l.diags);
		text = messages(&l.diags);
		/* Where an expression stands inside of a line is known of its text only. */
		if (strstr(bad_lines[i].message, "compile"))
			assert_non_null(
				strstr(text, "E0220 an expression that does not compile\n"));
		else
			assert_string_equal(text, bad_lines[i].message);
		free(text);
		rule_select_free(s);
		load_fini(&l);
	}
}

/* --- lints -------------------------------------------------------------------------------------------- */

#define T "alert tcp any any -> any any ("
#define H "alert http any any -> any any ("

static const struct {
	const char *text, *message;
} lints[] = {
	{ T "content:\"a\"; pcre:\"/b/\"; sid:1;)", "" },
	{ T "pcre:\"/b/\"; sid:1;)", "1:31 W0021 a pcre over all payload without a content\n" },
	{ T "content:!\"a\"; pcre:\"/b/\"; sid:1;)",
	  "1:45 W0021 a pcre over all payload without a content\n" },
	{ T "byte_test:1,>,5,0; sid:1;)",
	  "1:31 W0020 no content to search for: every packet or buffer is looked at\n" },
	{ T "flags:S; sid:1;)", "" },
	{ H "http.uri; pcre:\"/b/\"; http.method; content:\"GET\"; sid:1;)", "" },
	{ H "http.uri; pcre:\"/b/\"; sid:1;)",
	  "1:42 W0020 no content to search for: every packet or buffer is looked at\n" },
	{ T "ttl:<5; ttl:>10; sid:1;)",
	  "1:39 W0014 the rule never matches: two conditions of 'ttl' exclude each other\n" },
	{ T "ttl:<5; ttl:>3; sid:1;)", "" },
	{ T "ttl:<5; id:9; sid:1;)", "" },
	{ T "ttl:!5; ttl:6; sid:1;)", "" },
	{ T "ttl:5<>9; ttl:9; sid:1;)",
	  "1:41 W0014 the rule never matches: two conditions of 'ttl' exclude each other\n" },
	{ T "flowbits:set,x; sid:2;)\n" T "flowbits:isset,x; flowbits:isnotset,x; sid:1;)",
	  "2:49 W0014 the rule never matches: it asks that a flow bit is set and that it is not\n" },
	{ H "http.uri; content:\"a\"; http.host; content:\"b\"; distance:3; sid:1;)",
	  "1:66 W0025 nothing was matched in 'http.host' before: it counts from the start\n" },
	{ H "http.uri; content:\"a\"; content:\"b\"; distance:3; sid:1;)", "" },
	{ T "content:\"a\"; flowbits:isset,x; sid:1;)",
	  "1:44 W0023 the flow bit 'x' is asked for and is never set\n" },
	{ T "flowbits:isset,x|y; sid:1;)\n" T "flowbits:toggle,y; sid:2;)", "" },
	{ T "flowbits:isset,x; sid:1;)\n" T "flowbits:set,x; sid:2;)", "" },
	{ T "flowbits:isnotset,x; sid:1;)", "" },
};

static void test_lint(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lints); i++) {
		struct load l;

		load_init(&l);
		l.opt.lint = true;
		load(&l, "r", lints[i].text);
		rule_set_lint(&l.set, &l.diags);
		assert_messages(&l.diags, lints[i].message);
		load_fini(&l);
	}
}

/* The rule that would set a bit, and why it does not. */
static void test_lint_setter(void **state)
{
	struct load l;

	(void)state;
	load_init(&l);
	l.opt.lint = true;
	load(&l, "r", T "flowbits:isset,x; sid:1;)\n# " T "flowbits:set,x; sid:7;)\n");
	rule_set_lint(&l.set, &l.diags);
	assert_int_equal(l.diags.warnings, 1);
	assert_string_equal(l.diags.first->remedy, "sid 7 in r:2 sets it, and is disabled");
	load_fini(&l);

	load_init(&l);
	l.opt.lint = true;
	load(&l, "r", T "flowbits:isset,x; sid:1;)\n" T "flowbits:set,x; nocsae; sid:8;)\n");
	rule_set_lint(&l.set, &l.diags);
	assert_string_equal(l.diags.last->remedy, "sid 8 in r:2 sets it, and has a mistake");
	load_fini(&l);
}

/* --- fixes ---------------------------------------------------------------------------------------------- */

static const struct {
	const char *before, *after;
} fixes[] = {
	/* Older words. */
	{ H
	  "content:\"a\"; nocase; http_uri; content:\"b\"; distance:0; http_uri; content:\"c\"; sid:1;)",
	  H
	  "http.uri; content:\"a\"; nocase; content:\"b\"; distance:0; pkt_data; content:\"c\"; sid:1;)" },
	{ H "content:\"GET\"; http_method; pcre:\"/x/Ui\"; sid:1;)",
	  H "http.method; content:\"GET\"; http.uri; pcre:\"/x/i\"; sid:1;)" },
	{ H "uricontent:\"a\"; nocase; file_data; content:\"b\"; sid:1;)",
	  H "http.uri; content:\"a\"; nocase; file.data; content:\"b\"; sid:1;)" },
	{ "alert http any any => any any (content:\"a\"; http_uri; http.stat_code; content:\"2\"; "
	  "file_data:to_client; content:\"b\"; sid:1;)",
	  "alert http any any => any any (http.uri; content:\"a\"; http.stat_code; content:\"2\"; "
	  "file.data:to_client; content:\"b\"; sid:1;)" },
	{ H "content:\"a\"; http_uri; nocase; sid:1;)",
	  H "http.uri; content:\"a\"; nocase; sid:1;)" },
	/* Characters. */
	{ T "content:\"a;b\"; sid:1;)", T "content:\"a\\;b\"; sid:1;)" },
	{ T "content:\"a\\b\"; sid:1;)", T "content:\"a\\\\b\"; sid:1;)" },
	{ T "content:\"a\"b\"; content:\"c;d;e\"; sid:1;)",
	  T "content:\"a\\\"b\"; content:\"c\\;d\\;e\"; sid:1;)" },
	/* A content before its buffer. */
	{ H "content:\"a\"; nocase; http.uri; sid:1;)",
	  H "http.uri; content:\"a\"; nocase; sid:1;)" },
	/* Nothing safe, or nothing to do. */
	{ T "contnet:\"a\"; sid:1;)", NULL },
	{ T "content:\"a\"; sid:1;)", NULL },
	{ H "http.uri; content:\"a\"; sid:1;)", NULL },
	{ "# " H "content:\"a\"; http_uri; sid:1;)", NULL },
	{ H "content:\"a\"; \\\n http_uri; sid:1;)", NULL },
	{ H "http_uri; sid:1;)", NULL },
	{ "", NULL },
	{ "\n\n", NULL },
};

static char *fixed(const char *text, const struct rule_parse_options *opt, int *changed)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	*changed = rule_fix_text("r", text, strlen(text), opt, f);
	fclose(f);
	return out;
}

static void test_fix(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(fixes); i++) {
		int changed, again;
		struct load l;
		char *text, *twice;

		load_init(&l);
		text = fixed(fixes[i].before, &l.opt, &changed);
		assert_string_equal(text, fixes[i].after ? fixes[i].after : fixes[i].before);
		assert_int_equal(changed, fixes[i].after != NULL);
		twice = fixed(text, &l.opt, &again);
		assert_string_equal(twice, text);
		assert_int_equal(again, 0);
		if (fixes[i].after) {
			load(&l, "r", text);
			assert_messages(&l.diags, "");
		}
		free(twice);
		free(text);
		load_fini(&l);
	}
}

/* --- what settings cannot say together ------------------------------------------------------------------- */

#define EVE(more) "  - eve-log:\n      types:\n        - anomaly" more "\n"

static const struct {
	const char *text, *message;
} settings[] = {
	{ "stream:\n  midstream: yes\n  midstream-policy: pass-flow\n", "" },
	{ "stream:\n  midstream: yes\n  midstream-policy: ignore\n", "" },
	{ "stream:\n  midstream: yes\n  midstream-policy: bypass\n",
	  "3:21 E0304 'bypass' is no policy for flows that 'midstream' picks up\n" },
	{ "stream:\n  midstream: yes\n  midstream-policy: drop-flow\n",
	  "3:21 E0304 'drop-flow' is no policy for flows that 'midstream' picks up\n" },
	{ "stream:\n  midstream: yes\n  midstream-policy: reject\n",
	  "3:21 E0304 'reject' is no policy for flows that 'midstream' picks up\n" },
	{ "stream:\n  midstream: no\n  midstream-policy: drop-flow\n", "" },
	{ "stream:\n  midstream-policy: bypass\n", "" },
	{ "stream:\n  midstream: no\n  midstream-policy: drop-packet\n",
	  "3:21 E0304 'drop-packet' is about one packet, and 'midstream-policy' about flows\n" },
	{ "stream:\n  midstream: no\n  midstream-policy: pass-packet\n",
	  "3:21 E0304 'pass-packet' is about one packet, and 'midstream-policy' about flows\n" },
	{ "run-as:\n  user: weir\n", "" },
	{ "run-as:\n  user:\n", "2:8 E0304 'run-as' names no user\n" },
	{ "outputs:\n" EVE(""), "" },
	{ "outputs:\n" EVE("") EVE(""), "7:11 E0304 a second output has the type 'anomaly'\n" },
	{ "outputs:\n" EVE(":\n            types:\n              stream: yes") EVE(""),
	  "9:11 E0304 a second output has the type 'anomaly'\n" },
	{ "outputs:\n" EVE("\n      enabled: no") EVE(""), "" },
};

static void test_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(settings); i++) {
		struct config_node *tree;
		struct diag_list diags;
		struct config c;

		diag_list_init(&diags);
		assert_int_equal(config_init(&c), 0);
		tree = config_read_text(&c, "s.yaml", settings[i].text, strlen(settings[i].text),
					&diags);
		assert_non_null(tree);
		config_overlay(&c, tree);
		config_check_together(&c, &diags);
		assert_messages(&diags, settings[i].message);
		config_fini(&c);
		diag_list_fini(&diags);
	}
}

/* --- for programs --------------------------------------------------------------------------------------- */

static char *printed(const struct diag_list *l, bool sarif)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (sarif)
		diag_print_sarif(out, l);
	for (const struct diag *d = l->first; d && !sarif; d = d->next)
		diag_print_json(out, d);
	fclose(out);
	return text;
}

static void test_json(void **state)
{
	struct load l;
	char *text;

	(void)state;
	load_init(&l);
	load(&l, "a\"b.rules", "alert tcp any any -> any any (\xff; sid:1;)\n");
	text = printed(&l.diags, false);
	assert_string_equal(
		text,
		"{\"severity\":\"error\",\"code\":\"E0036\",\"file\":\"a\\\"b.rules\",\"line\":1,\"column\":31,"
		"\"length\":1,\"message\":\"unknown keyword '\\u00ff'\",\"remedy\":\"remove it; "
		"docs/rules.md lists the keywords\"}\n");
	free(text);
	text = printed(&l.diags, true);
	assert_non_null(strstr(text, "\"version\":\"2.1.0\""));
	assert_non_null(strstr(text, "\"rules\":[{\"id\":\"E0036\""));
	assert_non_null(
		strstr(text, "\"region\":{\"startLine\":1,\"startColumn\":31,\"endColumn\":32}"));
	assert_non_null(strstr(text, "\"ruleId\":\"E0036\""));
	free(text);
	load_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suppress),     cmocka_unit_test(test_thresholds),
		cmocka_unit_test(test_bad_entries),  cmocka_unit_test(test_select),
		cmocka_unit_test(test_select_order), cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_lint),	     cmocka_unit_test(test_lint_setter),
		cmocka_unit_test(test_fix),	     cmocka_unit_test(test_together),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
