/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration text to trees and diagnostics: tables of text against text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parser/config_key.h"
#include "parser/config_vars.h"
#include "tests/unit/guard.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* Each diagnostic as "line:column+length level: message [remedy]". */
static void print_diags(const struct diag_list *diags, FILE *out)
{
	static const char *const levels[] = { "note", "warning", "error" };

	for (const struct diag *d = diags->first; d; d = d->next) {
		if (strcmp(d->place.file, "t.yaml") != 0)
			fprintf(out, "%s:", d->place.file);
		fprintf(out, "%u:%u+%u %s: %s", d->place.line, d->place.column, d->place.len,
			levels[d->level], d->message);
		if (d->remedy)
			fprintf(out, " [%s]", d->remedy);
		fputc('\n', out);
	}
}

struct row {
	const char *yaml;
	const char *expect;
};

static struct config_node *read_row(struct config *c, const char *yaml, struct diag_list *diags)
{
	size_t len = strlen(yaml);

	return config_read_text(c, "t.yaml", (const char *)guard_copy(yaml, len), len, diags);
}

/* --- trees ---------------------------------------------------------------------------------- */

static const struct row trees[] = {
	{ "", "" },
	{ "# nothing\n", "" },
	{ "%YAML 1.1\n---\na: 1\n", "a=1\n" },
	{ "\xef\xbb\xbf"
	  "a: 1\n",
	  "a=1\n" },
	{ "a: 1\r\nb: 2\r\n", "a=1\nb=2\n" },
	{ "a:\nb: ~\nc: null\nd: \"\"\ne: 'null'\n", "a\nb\nc\nd=\ne=null\n" },
	{ "a:\n  b: yes\n  c: [x, 'y z']\n", "a{}\n  b=yes\n  c[]\n    0=x\n    1=y z\n" },
	{ "a:\n- b\n- c:\n    d: 1\n- e:\n",
	  "a[]\n  0=b\n  1{}\n    c{}\n      d=1\n  2{}\n    e\n" },
	{ "{a: {b: 1}}", "a{}\n  b=1\n" },
	{ "a: &x {b: 1}\nc: *x\n", "a{}\n  b=1\nc{}\n  b=1\n" },
	{ "a: 0x10\nb: 1_000\n", "a=0x10\nb=1_000\n" },
	{ "vars:\n  address-groups:\n    HOME_NET: any\n",
	  "vars{}\n  address-groups{}\n    HOME_NET=any\n" },

	/* What is wrong, and where. */
	{ "max_pending_packets: 1\n",
	  "max-pending-packets=1\n"
	  "1:1+19 warning: 'max_pending_packets' is read as 'max-pending-packets' "
	  "[write '-' for '_']\n" },
	{ "a: 1\na: 2\n", "a=2\n2:1+1 warning: 'a' is given again; what line 1 says of it is "
			  "forgotten [join the two, or remove one of them]\n" },
	{ "a:\n\tb: 1\n",
	  "2:1+0 error: a tab stands where spaces are expected [indent with spaces]\n" },
	{ "a: @b\n", "1:4+0 error: a value cannot start with this character "
		     "[put the value in quotes]\n" },
	{ "a: \"b\nc: d\n", "1:4+0 error: the text ends inside quotes [close the quotes]\n" },
	{ "a: [b, c\n", "1:4+0 error: expected ',' or ']' in the list [close the list with ']', or "
			"put an item that holds ',' or ':' in quotes]\n" },
	{ "a: [\n",
	  "1:5+0 error: expected a value here [write a value, and close what '[' or '{' opened]\n" },
	{ "a: {b: c\n",
	  "1:4+0 error: expected ',' or '}' in the section [close the section with '}']\n" },
	{ "a:\n  b: 1\n c: 2\n",
	  "3:2+0 error: expected a key here [start the keys of one section in "
	  "the same column]\n" },
	{ "a:\n  b: 1\n   c: 2\n",
	  "3:5+0 error: a ':' is not expected here [indent the keys of one section alike, and put a "
	  "value that holds ': ' in quotes]\n" },
	{ "a:\n  - b\n  c: 1\n",
	  "3:3+0 error: expected '-' and the next item of the list here [start the items of one list in the same column]\n" },
	{ "a: - b\n",
	  "1:4+0 error: an item ('- ') is not expected here [start the items of one list "
	  "in the same column, on lines of their own]\n" },
	{ "a: 1\nb\n",
	  "2:1+0 error: expected ':' after the key [write key: value, with a space after "
	  "the colon]\n" },
	{ "a: \"\\q\"\n", "1:5+0 error: this escape is unknown in double quotes [write \\\\ for a "
			  "backslash, or use single quotes]\n" },
	{ "a: b\x01\n",
	  "1:0+0 error: a control character stands in the text [remove it; the file must "
	  "be plain text in UTF-8]\n" },
	{ "a: 1\nb: \xff\n", "2:0+0 error: the text is not UTF-8 [save the file as UTF-8]\n" },
	{ "%YAML 9.9\n---\na: 1\n",
	  "1:1+0 error: this version of YAML is not read [write %YAML 1.1, or "
	  "leave the line out]\n" },
	{ "a: 1\n---\nb: 2\n",
	  "a=1\n2:1+0 error: a second document starts here [keep one document in "
	  "a file]\n" },
	{ "- a\n", "1:1+0 error: expected keys of a configuration here [write key: value]\n" },
	{ "a\n", "1:1+1 error: expected keys of a configuration here [write key: value]\n" },
	{ "a: *b\n",
	  "a\n1:4+2 error: no anchor '&b' stands above [define it above with &, or put the "
	  "value in quotes]\n" },
	{ "a: !$B\n",
	  "a\n1:4+3 error: '!$B' is read as a YAML tag, not as a value [put the whole value "
	  "in quotes: \"!...\"]\n" },
	{ "[a]: 1\nb: 2\n", "b=2\n1:1+0 error: a key must be one word, not a list or a section\n" },
	{ "a: \"b\\0c\"\n", "a\n1:4+6 error: a zero byte stands in the value [remove it]\n" },
	{ "include: x.yaml\n", "1:10+6 error: files are not included here\n" },
	{ "\xc3\xa4: 1\n\"\xc3\xa4\": 2\n",
	  "\xc3\xa4=2\n2:1+4 warning: '\xc3\xa4' is given again; what "
	  "line 1 says of it is forgotten [join the two, or remove one of "
	  "them]\n" },
};

static void test_trees(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(trees); i++) {
		struct diag_list diags;
		struct config c;
		struct config_node *tree;
		char *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		assert_non_null(out);
		diag_list_init(&diags);
		assert_int_equal(config_init(&c), 0);
		c.no_files = true;
		tree = read_row(&c, trees[i].yaml, &diags);
		if (tree)
			config_dump(tree, out);
		print_diags(&diags, out);
		fclose(out);
		if (strcmp(text, trees[i].expect) != 0)
			print_message("row %zu: %s\n", i, trees[i].yaml);
		assert_string_equal(text, trees[i].expect);
		free(text);
		config_fini(&c);
		diag_list_fini(&diags);
		guard_free_all();
	}
}

static void test_bounds(void **state)
{
	char deep[4096] = "", *bomb = NULL;
	struct diag_list diags;
	struct config c;
	size_t len;
	FILE *out;

	(void)state;
	for (int i = 0; i < 1000; i++)
		strcat(deep, "[");
	diag_list_init(&diags);
	assert_int_equal(config_init(&c), 0);
	assert_null(config_read_text(&c, "t.yaml", deep, strlen(deep), &diags));
	assert_int_equal(diags.errors, 1);
	config_fini(&c);

	/* Aliases of aliases: ten to the tenth nodes, if nobody stopped it. */
	out = open_memstream(&bomb, &len);
	fprintf(out, "a0: &a0 [x]\n");
	for (int i = 1; i < 10; i++) {
		fprintf(out, "a%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++)
			fprintf(out, "%s*a%d", j ? "," : "", i - 1);
		fprintf(out, "]\n");
	}
	fclose(out);
	assert_int_equal(config_init(&c), 0);
	assert_null(config_read_text(&c, "t.yaml", bomb, len, &diags));
	assert_int_equal(diags.errors, 2);
	assert_true(c.nodes <= CONFIG_NODES_MAX);
	free(bomb);
	config_fini(&c);
	diag_list_fini(&diags);
}

/* --- one over another, and --set ------------------------------------------------------------- */

static const struct {
	const char *base, *over, *expect;
} overlays[] = {
	{ "a: 1\nb: 2\n", "b: 3\nc: 4\n", "a=1\nb=3\nc=4\n" },
	{ "a: {b: 1, c: 2}\n", "a: {c: 3}\n", "a{}\n  b=1\n  c=3\n" },
	{ "a: [1, 2, 3]\n", "a: [4]\n", "a[]\n  0=4\n" },
	{ "a: {b: 1}\nc: 2\nd: [1]\n", "a:\nc:\nd:\n", "a{}\n  b=1\nc=2\nd\n" },
	{ "a: {b: 1}\n", "a: 2\n", "a=2\n" },
	{ "a: 1\n", "a: {b: 2}\n", "a{}\n  b=2\n" },
};

static const struct {
	const char *base, *set, *expect;
} sets[] = {
	{ "a: 1\n", "a=2", "a=2\n" },
	{ "a: 1\n", " a = 2 3", "a=2 3\n" },
	{ "a: 1\n", "a=", "a\n" },
	{ "a: 1\n", "a=b=c", "a=b=c\n" },
	{ "", "a.b.c=x", "a{}\n  b{}\n    c=x\n" },
	{ "a: [x, y]\n", "a.1=z", "a[]\n  0=x\n  1=z\n" },
	{ "a: [x, y]\n", "a.7=z", "a[]\n  0=x\n  1=y\n  7=z\n" },
	{ "a: [{b: {c: 1}}]\n", "a.0.b.d=2", "a[]\n  0{}\n    b{}\n      c=1\n      d=2\n" },
	{ "a: [b, c]\n", "a.1.c.d=2", "a[]\n  0=b\n  1{}\n    c{}\n      d=2\n" },
	{ "", "a.0=x", "a[]\n  0=x\n" },
	{ "", "max_pending=1", "max-pending=1\n" },
	{ "", "vars.address-groups.HOME_NET=[1.2.3.4]",
	  "vars{}\n  address-groups{}\n    HOME_NET=[1.2.3.4]\n" },
	{ "", "a",
	  "--set:1:1+0 error: expected '=' and a value after 'a' [write --set key=value, as in "
	  "stream.midstream=yes]\n" },
	{ "", "=a",
	  "--set:1:1+0 error: expected the name of a key, found '=' [a key is names joined by "
	  "'.', as in stream.midstream]\n" },
	{ "", "a..b=1",
	  "a\n--set:1:3+0 error: expected the name of a key, found '.' [a key is names "
	  "joined by '.', as in stream.midstream]\n" },
	{ "a: [1]\n", "a.x.y=1",
	  "a[]\n  0=1\n--set:1:3+1 error: 'x' stands below a list; expected the number of an item "
	  "[say which item, counted from 0, as in outputs.1.eve-log.enabled=no]\n" },
};

static void expect_tree(struct config *c, struct diag_list *diags, const char *expect)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	config_dump(c->root, out);
	print_diags(diags, out);
	fclose(out);
	assert_string_equal(text, expect);
	free(text);
}

static void test_overlays(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(overlays); i++) {
		struct diag_list diags;
		struct config c;

		diag_list_init(&diags);
		assert_int_equal(config_init(&c), 0);
		config_overlay(&c, read_row(&c, overlays[i].base, &diags));
		config_overlay(&c, read_row(&c, overlays[i].over, &diags));
		expect_tree(&c, &diags, overlays[i].expect);
		config_fini(&c);
		diag_list_fini(&diags);
		guard_free_all();
	}
}

static void test_sets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(sets); i++) {
		struct diag_list diags;
		struct config c;
		bool ok;

		diag_list_init(&diags);
		assert_int_equal(config_init(&c), 0);
		config_overlay(&c, read_row(&c, sets[i].base, &diags));
		ok = config_set(&c, sets[i].set, &diags);
		assert_int_equal(ok, diags.errors == 0);
		expect_tree(&c, &diags, sets[i].expect);
		config_fini(&c);
		diag_list_fini(&diags);
		guard_free_all();
	}
}

/* --- values --------------------------------------------------------------------------------- */

static void test_values(void **state)
{
	static const struct {
		const char *text;
		bool (*parse)(const char *, uint64_t *);
		int64_t expect; /* -1: no such value */
	} rows[] = {
		{ "0", config_parse_number, 0 },
		{ "18446744073709551615", config_parse_number, -1 + 0 },
		{ "18446744073709551616", config_parse_number, -1 },
		{ "-1", config_parse_number, -1 },
		{ "+1", config_parse_number, -1 },
		{ "1x", config_parse_number, -1 },
		{ "", config_parse_number, -1 },
		{ "64", config_parse_size, 64 },
		{ "64mb", config_parse_size, 64 << 20 },
		{ "64 MiB", config_parse_size, 64 << 20 },
		{ "4kb", config_parse_size, 4096 },
		{ "1 GiB", config_parse_size, 1 << 30 },
		{ "1.5k", config_parse_size, 1536 },
		{ "1e3", config_parse_size, -1 },
		{ "0x10", config_parse_size, -1 },
		{ "1..5k", config_parse_size, -1 },
		{ "64 XB", config_parse_size, -1 },
		{ "-1kb", config_parse_size, -1 },
		{ "99999999999999999999", config_parse_size, -1 },
		{ "30", config_parse_seconds, 30 },
		{ "30s", config_parse_seconds, 30 },
		{ "5m", config_parse_seconds, 300 },
		{ "2 h", config_parse_seconds, 7200 },
		{ "7d", config_parse_seconds, 604800 },
		{ "1y", config_parse_seconds, -1 },
		{ "18446744073709551615w", config_parse_seconds, -1 },
	};
	static const struct {
		const char *text;
		int expect; /* -1: no such value */
	} bools[] = {
		{ "yes", 1 }, { "TRUE", 1 }, { "On", 1 },    { "1", 1 },      { "no", 0 },
		{ "off", 0 }, { "0", 0 },    { "false", 0 }, { "maybe", -1 }, { "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint64_t v = 0;
		bool ok = rows[i].parse(rows[i].text, &v);

		if (strcmp(rows[i].text, "18446744073709551615") == 0) {
			assert_true(ok && v == UINT64_MAX);
			continue;
		}
		assert_int_equal(ok, rows[i].expect >= 0);
		if (ok)
			assert_int_equal(v, rows[i].expect);
	}
	for (size_t i = 0; i < ROWS(bools); i++) {
		bool v = false;

		assert_int_equal(config_parse_bool(bools[i].text, &v), bools[i].expect >= 0);
		assert_int_equal(v, bools[i].expect > 0);
	}
}

/* --- keys ----------------------------------------------------------------------------------- */

static const struct row keys[] = {
	{ "stream:\n  midstream: yes\n  reassembly:\n    depth: 1mb\n", "" },
	{ "stream:\n  midstream:\n", "" },
	{ "rule-files:\n  - a.rules\n", "" },
	{ "rule-files: a.rules\n", "" },
	{ "outputs:\n  - eve-log:\n      types:\n        - alert\n        - flow:\n        - stats:\n"
	  "            totals: yes\n",
	  "" },

	{ "strem: 1\n", "1:1+5 warning: unknown key 'strem' [did you mean 'stream'?]\n" },
	{ "xyzzy: 1\n",
	  "1:1+5 warning: unknown key 'xyzzy' [remove it, or see docs/configuration.md "
	  "for the keys there are]\n" },
	{ "stream:\n  midsteam: yes\n",
	  "2:3+8 warning: unknown key 'midsteam' in 'stream' [did you mean 'midstream'?]\n" },
	{ "app-layer:\n  protocols:\n    htp:\n      enabled: yes\n",
	  "3:5+3 warning: unknown key 'htp' in 'app-layer.protocols' [did you mean 'http'?]\n" },
	{ "outputs:\n  - fats\n", "2:5+4 warning: unknown key 'fats' in 'outputs' [did you mean "
				  "'fast'?]\n" },
	{ "outputs:\n  - eve-log:\n      types:\n        - alrt\n",
	  "4:11+4 warning: unknown key 'alrt' in 'outputs.eve-log.types' [did you mean 'alert'?]\n" },
	{ "outputs:\n  - eve-log:\n      types:\n        - flow:\n            enabeld: no\n",
	  "5:13+7 warning: unknown key 'enabeld' in 'outputs.eve-log.types.flow' [did you mean "
	  "'enabled'?]\n" },
	{ "outputs:\n  - eve-log:\n      types:\n        - stats:\n          totals: yes\n",
	  "5:11+6 warning: 'totals' stands beside 'stats', where it has no effect [indent it further, "
	  "so that it stands below]\n" },
	{ "outputs:\n  - [a]\n",
	  "2:5+0 warning: an item of 'outputs' has no name [write - NAME, or "
	  "remove the item]\n" },

	{ "stream:\n  midstream: perhaps\n",
	  "2:14+7 error: expected yes or no for 'stream.midstream', "
	  "found 'perhaps' [write yes or no]\n" },
	{ "stream:\n  midstream: [yes]\n",
	  "2:14+0 error: expected yes or no for 'stream.midstream', "
	  "found a list [write yes or no]\n" },
	{ "stream:\n  inline: maybe\n",
	  "2:11+5 error: expected yes, no or auto for 'stream.inline', "
	  "found 'maybe' [write yes or no]\n" },
	{ "stream: yes\n",
	  "1:9+3 error: expected keys for 'stream', found 'yes' [write its keys below "
	  "it, indented]\n" },
	{ "workers: 0\n", "1:10+1 error: 'workers' is out of range: 0 [write a value from 1 to "
			  "1024]\n" },
	{ "workers: many\n", "1:10+4 error: expected a number or auto for 'workers', found 'many' "
			     "[write digits, as in 64]\n" },
	{ "memory: 1 kb\n",
	  "1:9+4 error: 'memory' is out of range: 1 kb [write a value from 16 MiB to "
	  "16 TiB]\n" },
	{ "stream: {memcap: lots}\n",
	  "1:18+4 error: expected a size for 'stream.memcap', found 'lots' [write a number of bytes, "
	  "or one with a unit, as in 64 MiB]\n" },
	{ "stream: {reassembly: {depth: 4 GiB}}\n",
	  "1:30+5 error: 'stream.reassembly.depth' is out of range: 4 GiB [write a value from 0 to "
	  "just under 4 GiB]\n" },
	{ "flow-timeouts: {tcp: {new: soon}}\n",
	  "1:28+4 error: expected a time for 'flow-timeouts.tcp.new', found 'soon' [write seconds, or "
	  "a number with s, m, h or d, as in 10m]\n" },
	{ "default-log-dir: {a: 1}\n",
	  "1:18+0 error: expected one text for 'default-log-dir', found a section [write one value, in "
	  "quotes if it holds ':' or '#']\n"
	  "1:19+1 warning: unknown key 'a' in 'default-log-dir' [remove it, or see "
	  "docs/configuration.md for the keys there are]\n" },
	{ "rule-files: {a: 1}\n",
	  "1:13+0 error: expected a list for 'rule-files', found a section "
	  "[write [one, two], or one item a line after '- ']\n"
	  "1:14+1 warning: unknown key 'a' in 'rule-files' [remove it, or see "
	  "docs/configuration.md for the keys there are]\n" },
	{ "outputs: eve-log\n",
	  "1:10+7 error: expected a list for 'outputs', found 'eve-log' [write one "
	  "item a line after '- ']\n" },
	{ "action-order: [pass, drp]\n", "1:22+3 error: expected pass, drop, reject or alert for "
					 "'action-order', found 'drp' [did you mean 'drop'?]\n" },
	{ "stream: {midstream-policy: drop-flo}\n",
	  "1:28+8 error: expected auto, ignore, drop-flow, pass-flow, bypass, drop-packet, pass-packet, "
	  "reject or reject-both for 'stream.midstream-policy', found 'drop-flo' [did you mean "
	  "'drop-flow'?]\n" },
	{ "outputs:\n  - eve-log:\n      types:\n        - alert:\n            metadata: perhaps\n",
	  "5:23+7 error: expected yes, no, or keys for 'outputs.eve-log.types.alert.metadata', found "
	  "'perhaps' [write yes or no, or its keys below it]\n" },

	{ "runmode: single\naf-packet:\n  - interface: eth0\n    threads: 4\n",
	  "0:0+0 warning: known, but without effect in this version: runmode, af-packet (threads)\n" },
	{ "stream:\n  memcap: 64mb\n  drop-invalid: no\n  raw: 1\n  reassembly: {raw: no}\n",
	  "4:3+3 warning: unknown key 'raw' in 'stream' [remove it, or see docs/configuration.md for "
	  "the keys there are]\n"
	  "0:0+0 warning: known, but without effect in this version: stream (drop-invalid), stream.reassembly (raw)\n" },
	{ "outputs:\n  - eve-log:\n      types:\n        - rdp\n        - nfs:\n        - http:\n"
	  "            enabled: no\n",
	  "0:0+0 warning: known, but without effect in this version: outputs.eve-log.types (rdp, nfs)\n" },
	{ "dpdk: {anything: {at: all}}\n",
	  "0:0+0 warning: known, but without effect in this version: dpdk\n" },
};

static void test_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(keys); i++) {
		struct diag_list diags;
		struct config c;
		struct config_node *tree;
		char *text = NULL;
		unsigned errors;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		diag_list_init(&diags);
		assert_int_equal(config_init(&c), 0);
		tree = read_row(&c, keys[i].yaml, &diags);
		assert_non_null(tree);
		errors = config_check(tree, false, &diags);
		assert_int_equal(errors, diags.errors);
		/* What was looked at once is not told again. */
		assert_int_equal(config_check(tree, true, &diags), 0);
		print_diags(&diags, out);
		fclose(out);
		if (strcmp(text, keys[i].expect) != 0)
			print_message("row %zu: %s\n", i, keys[i].yaml);
		assert_string_equal(text, keys[i].expect);
		free(text);
		config_fini(&c);
		diag_list_fini(&diags);
		guard_free_all();
	}
}

static void test_strict(void **state)
{
	struct diag_list diags;
	struct config c;
	struct config_node *tree;

	(void)state;
	diag_list_init(&diags);
	assert_int_equal(config_init(&c), 0);
	tree = read_row(&c, "strem: 1\nrunmode: single\n", &diags);
	assert_int_equal(config_check(tree, true, &diags), 1);
	assert_int_equal(diags.errors, 1);
	assert_int_equal(diags.warnings, 1);
	config_fini(&c);
	diag_list_fini(&diags);
	guard_free_all();
}

/* The built-in defaults are the sample file, and pass their own check. */
static void test_defaults(void **state)
{
	const char *top = getenv("abs_top_srcdir");
	char path[4096], *text;
	struct diag_list diags;
	struct config c;
	struct config_node *tree;
	size_t len = strlen(config_defaults);
	FILE *f;

	(void)state;
	diag_list_init(&diags);
	assert_int_equal(config_init(&c), 0);
	tree = config_read_text(&c, "weir.yaml", config_defaults, len, &diags);
	assert_non_null(tree);
	assert_int_equal(config_check(tree, true, &diags), 0);
	for (const struct diag *d = diags.first; d; d = d->next)
		assert_non_null(strstr(d->message, "without effect"));
	config_fini(&c);
	diag_list_fini(&diags);

	snprintf(path, sizeof(path), "%s/weir.yaml", top ? top : ".");
	f = fopen(path, "re");
	assert_non_null(f);
	text = calloc(1, len + 2);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, len + 1, f), len);
	fclose(f);
	assert_string_equal(text, config_defaults);
	free(text);
}

/* Each key that Weir acts on is in the defaults, so that the sample names them all. */
static void test_sample_is_complete(void **state)
{
	struct diag_list diags;
	struct config c;

	(void)state;
	diag_list_init(&diags);
	assert_int_equal(config_init(&c), 0);
	config_overlay(&c, config_read_text(&c, "weir.yaml", config_defaults,
					    strlen(config_defaults), &diags));
	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *k = &config_keys[i];

		/* Below lists and under any name there is nothing to look up. */
		if (!k->acted || strpbrk(k->path, "[*"))
			continue;
		if (strncmp(k->path, "host-os-policy.", 15) == 0)
			continue;
		if (!config_get(c.root, k->path))
			print_message("not in weir.yaml: %s\n", k->path);
		assert_non_null(config_get(c.root, k->path));
	}
	config_fini(&c);
	diag_list_fini(&diags);
}

/* --- variables ------------------------------------------------------------------------------ */

static const struct {
	bool ports;
	const char *value; /* as YAML */
	const char *expect; /* the text, or the diagnostic */
} variables[] = {
	{ false, "any", "any" },
	{ false, "\"[10.0.0.0/8, !10.1.0.0/16]\"", "[10.0.0.0/8, !10.1.0.0/16]" },
	{ false, "[10.0.0.0/8, 10.0.0.1-10.0.0.9]", "[10.0.0.0/8,10.0.0.1-10.0.0.9]" },
	{ false, "\"![fe80::/10,2001:db8::1]\"", "![fe80::/10,2001:db8::1]" },
	{ false, "\"!$OTHER\"", "!$OTHER" },
	{ false, "1.2.3.4/255.255.0.0", "1.2.3.4/255.255.0.0" },
	{ true, "80", "80" },
	{ true, "\"[80,1024:,!1025:2000]\"", "[80,1024:,!1025:2000]" },
	{ true, "80,443", "80,443" },

	{ false, "1.2.3",
	  "3:8+5 error: expected an address, found '1.2.3' [write an address, a network, "
	  "as in 10.0.0.0/8, a range, or a list]\n" },
	{ false, "\"[10.0.0.0/33]\"",
	  "3:10+11 error: expected an address, found '10.0.0.0/33' [write an address, a network, as in "
	  "10.0.0.0/8, a range, or a list]\n" },
	{ false, "\"[10.0.0.1 10.0.0.2]\"",
	  "3:10+17 error: expected an address, found '10.0.0.1 10.0.0.2' [write an address, a network, "
	  "as in 10.0.0.0/8, a range, or a list]\n" },
	{ false, "\"[10.0.0.1\"",
	  "3:18+1 error: expected ',' or ']', found the end of the value "
	  "[separate with ',' and close with ']']\n" },
	{ false, "\"$OTHR\"",
	  "3:9+5 error: no variable is called '$OTHR' [did you mean '$OTHER'?]\n" },
	{ false, "\"$V\"", "3:9+2 error: '$V' needs itself [write out its addresses or ports]\n" },
	{ true, "\"[80,90000]\"",
	  "3:13+5 error: expected a port, found '90000' [write a port, as in "
	  "80, a range, as in 1024:2048, or a list]\n" },
	{ true, "\":\"",
	  "3:9+1 error: expected a port, found ':' [write a port, as in 80, a range, as "
	  "in 1024:2048, or a list]\n" },
};

static void test_variables(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(variables); i++) {
		bool ports = variables[i].ports;
		struct diag_list diags;
		struct config_vars v;
		struct config c;
		char yaml[512], *text = NULL;
		size_t len;
		FILE *out = open_memstream(&text, &len);

		snprintf(yaml, sizeof(yaml), "vars:\n  %s-groups:\n    V: %s\n    OTHER: %s\n",
			 ports ? "port" : "address", variables[i].value, ports ? "1" : "1.1.1.1");
		diag_list_init(&diags);
		assert_int_equal(config_init(&c), 0);
		config_overlay(&c, read_row(&c, yaml, &diags));
		assert_int_equal(config_vars_load(&c, &v, &diags), 0);
		if (diags.first)
			print_diags(&diags, out);
		else
			fprintf(out, "%s", config_vars_text(&v, "V", ports));
		fclose(out);
		assert_string_equal(text, variables[i].expect);
		assert_null(config_vars_text(&v, "V", !ports));
		assert_string_equal(v.names[ports][1], "OTHER");
		free(text);
		config_fini(&c);
		diag_list_fini(&diags);
		guard_free_all();
	}
}

/* --- files ---------------------------------------------------------------------------------- */

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_includes(void **state)
{
	char folder[] = "/tmp/weir-config-XXXXXX", path[256], command[300];
	struct diag_list diags;
	struct config c;
	struct config_node *tree;

	(void)state;
	assert_non_null(mkdtemp(folder));
	write_file(folder, "main.yaml",
		   "a: 1\ninclude: one.yaml\nb: 2\nc: !include two.yaml\n"
		   "d:\n  include: [two.yaml]\n  y: 5\n");
	write_file(folder, "one.yaml", "a: 9\nb: 9\ne: 3\n");
	write_file(folder, "two.yaml", "x: 4\n");
	write_file(folder, "loop.yaml", "include: loop.yaml\n");
	write_file(folder, "gone.yaml", "a: 1\ninclude:\n  - nowhere.yaml\n");
	write_file(folder, "list.yaml", "include: items.yaml\n");
	write_file(folder, "items.yaml", "- a\n");

	diag_list_init(&diags);
	assert_int_equal(config_init(&c), 0);
	snprintf(path, sizeof(path), "%s/main.yaml", folder);
	tree = config_read_file(&c, path, &diags);
	assert_non_null(tree);
	config_overlay(&c, tree);
	expect_tree(&c, &diags, "a=9\nb=2\ne=3\nc{}\n  x=4\nd{}\n  x=4\n  y=5\n");
	config_fini(&c);

	assert_int_equal(config_init(&c), 0);
	snprintf(path, sizeof(path), "%s/loop.yaml", folder);
	config_read_file(&c, path, &diags);
	assert_int_equal(diags.errors, 1);
	snprintf(path, sizeof(path), "%s/gone.yaml", folder);
	assert_non_null(config_read_file(&c, path, &diags));
	assert_int_equal(diags.errors, 2);
	assert_int_equal(diags.last->place.line, 3);
	assert_int_equal(diags.last->place.column, 5);
	snprintf(path, sizeof(path), "%s/list.yaml", folder);
	config_read_file(&c, path, &diags);
	assert_int_equal(diags.errors, 3);
	snprintf(path, sizeof(path), "%s/none.yaml", folder);
	assert_null(config_read_file(&c, path, &diags));
	assert_null(config_read_file(&c, folder, &diags));
	assert_int_equal(diags.errors, 5);
	config_fini(&c);
	diag_list_fini(&diags);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trees),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_overlays),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_sample_is_complete),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_includes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
