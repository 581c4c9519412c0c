/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
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

#include "engine/decode/packet.h"
#include "parser/diag_code.h"
#include "parser/keyword.h"
#include "parser/rule_parse.h"
#include "tests/unit/guard.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The variables that the rules of these tests may name. */
static const struct {
	const char *name, *value;
	bool ports;
} variables[] = {
	{ "HOME_NET", "[10.0.0.0/8,192.168.0.0/16]", false },
	{ "EXTERNAL_NET", "!$HOME_NET", false },
	{ "LOOP", "[10.0.0.1,$LOOP_BACK]", false },
	{ "LOOP_BACK", "$LOOP", false },
	{ "BAD_NET", "[10.0.0.1,10.0.0.300]", false },
	{ "BAD_MASK", "10.0.0.0/255.0.255.0", false },
	{ "HTTP_PORTS", "[80,8080]", true },
	{ "SSH_PORTS", "22", true },
};

static const char *variable(void *ctx, const char *name, bool ports)
{
	(void)ctx;
	for (size_t i = 0; i < COUNT(variables); i++) {
		if (variables[i].ports == ports && strcmp(variables[i].name, name) == 0)
			return variables[i].value;
	}
	return NULL;
}

static const char *const *variable_names(void *ctx, bool ports)
{
	static const char *const addresses[] = { "HOME_NET", "EXTERNAL_NET", NULL };
	static const char *const port_names[] = { "HTTP_PORTS", "SSH_PORTS", NULL };

	(void)ctx;
	return ports ? port_names : addresses;
}

static const struct rule_parse_options options = {
	.variable = variable,
	.variable_names = variable_names,
};

struct load {
	struct rule_set set;
	struct diag_list diags;
};

static void load_init(struct load *l)
{
	rule_set_init(&l->set);
	diag_list_init(&l->diags);
}

static void load_fini(struct load *l)
{
	rule_set_fini(&l->set);
	diag_list_fini(&l->diags);
}

/* Parse text that ends where memory ends. */
static void load_text(struct load *l, const char *name, const char *text, size_t len)
{
	const char *copy = (const char *)guard_copy(text, len);

	assert_int_equal(rule_set_text(&l->set, name, copy, len, &options, &l->diags), 0);
	guard_free_all();
}

static char *diags_text(const struct diag_list *l)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	for (const struct diag *d = l->first; d; d = d->next)
		diag_print(out, d, false);
	fclose(out);
	return text;
}

static char *rules_text(const struct rule_set *s)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	for (const struct rule *r = s->first; r; r = r->next)
		rule_print(r, out);
	fclose(out);
	return text;
}

static char *read_file(const char *path, size_t *len_out)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t len = 0;

	if (!in)
		return NULL;
	for (;;) {
		text = realloc(text, len + 4097);
		size_t n = fread(text + len, 1, 4096, in);

		len += n;
		if (n == 0)
			break;
	}
	fclose(in);
	text[len] = '\0';
	if (len_out)
		*len_out = len;
	return text;
}

/* The top of the sources, absolute: some tests change the directory. */
static char top[2048];

static void path_of(char out[4096], const char *rest)
{
	snprintf(out, 4096, "%s/%s", top, rest);
}

static void load_configs(struct load *l)
{
	char path[4096];

	path_of(path, "tests/rules/classification.config");
	assert_int_equal(rule_set_classification(&l->set, path, &l->diags), 0);
	path_of(path, "tests/rules/reference.config");
	assert_int_equal(rule_set_reference_config(&l->set, path, &l->diags), 0);
}

/* Load a file of tests/rules/invalid by what its name says that it is. */
static void load_case(struct load *l, const char *dir, const char *file)
{
	char path[4096], *text;
	size_t len = 0;

	if (strstr(file, ".config")) {
		assert_int_equal(strncmp(file, "class-", 6) == 0
					 ? rule_set_classification(&l->set, file, &l->diags)
					 : rule_set_reference_config(&l->set, file, &l->diags),
				 0);
		return;
	}
	load_configs(l);
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	text = read_file(path, &len);
	assert_non_null(text);
	load_text(l, file, text, len);
	free(text);
}

static int is_case(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && (strcmp(dot, ".rules") == 0 || strcmp(dot, ".config") == 0) &&
	       !strstr(e->d_name, ".fixed.");
}

/* NAME.rules must give the text of NAME.expect, and NAME.fixed.rules must load in silence. */
static bool check_case(const char *dir, const char *file)
{
	char name[256], path[8192], *got, *expected;
	const char *dot = strrchr(file, '.');
	struct load l;
	bool same;

	load_init(&l);
	load_case(&l, dir, file);
	got = diags_text(&l.diags);
	load_fini(&l);
	snprintf(path, sizeof(path), "%s/%.*s.expect", dir, (int)(dot - file), file);
	if (getenv("WEIR_UPDATE_EXPECT")) {
		FILE *out = fopen(path, "w");

		fputs(got, out);
		fclose(out);
	}
	expected = read_file(path, NULL);
	same = expected && strcmp(got, expected) == 0 && got[0];
	if (!same)
		print_message("# %s\n--- expected\n%s--- found\n%s", file,
			      expected ? expected : "(no file)\n", got);
	free(expected);
	free(got);

	load_init(&l);
	snprintf(name, sizeof(name), "%.*s.fixed%s", (int)(dot - file), file, dot);
	load_case(&l, dir, name);
	got = diags_text(&l.diags);
	if (got[0] || (strcmp(dot, ".rules") == 0 && l.set.loaded == 0)) {
		print_message("# %s does not load\n%s", name, got);
		same = false;
	}
	free(got);
	load_fini(&l);
	return same;
}

static void test_invalid(void **state)
{
	char dir[4096], back[4096];
	struct dirent **names;
	unsigned failed = 0;
	int count;

	(void)state;
	path_of(dir, "tests/rules/invalid");
	count = scandir(dir, &names, is_case, alphasort);
	assert_true(count > 200);
	assert_non_null(getcwd(back, sizeof(back)));
	for (int i = 0; i < count; i++) {
		/* The configuration files are named as the reader names them. */
		bool config = strstr(names[i]->d_name, ".config") != NULL;

		if (config)
			assert_int_equal(chdir(dir), 0);
		failed += !check_case(dir, names[i]->d_name);
		if (config)
			assert_int_equal(chdir(back), 0);
		free(names[i]);
	}
	free(names);
	assert_int_equal(failed, 0);
}

/* Messages that a file of reasonable size cannot raise; the tests below do. */
static const char *const told_elsewhere[] = {
	"cannot read: %s",
	"'%s' of %zu bytes; at most %d are allowed",
	"more than %d variables inside each other",
	"more than %d lists inside each other%s",
	"more than %d variables in a rule",
	"a zero byte in the rule",
	"more than %d items in one list%s",
	"more than %d mistakes in a rule: what follows is not looked at",
	"more than %d conditions in a rule",
	"rules may not write sets (datasets: rules: allow-write): %s",
	"%s:%u: expected a digest of %u bytes, found %s",
	"no digest in %s",
	"expected a number or a variable, found %s",
	"%s", /* a message that was formatted before */
};

/* One argument of a call; *s is left behind it.  False at the closing parenthesis. */
static bool next_argument(const char **s, char *out, size_t size)
{
	unsigned depth = 0;
	size_t n = 0;
	char quote = 0;

	for (; **s; (*s)++) {
		char c = **s;

		if (quote) {
			if (c == '\\') {
				if (n + 2 < size) {
					out[n++] = c;
					out[n++] = (*s)[1];
				}
				(*s)++;
				continue;
			}
			if (c == quote)
				quote = 0;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '(') {
			depth++;
		} else if (c == ')' || (c == ',' && depth == 0)) {
			if (depth == 0) {
				out[n] = '\0';
				if (c == ')')
					return false;
				(*s)++;
				return true;
			}
			depth--;
		}
		if (n + 1 < size)
			out[n++] = c;
	}
	out[n] = '\0';
	return false;
}

/* The string literals of an argument, joined, their escapes read. */
static void literal(const char *argument, char *out, size_t size)
{
	bool inside = false;
	size_t n = 0;

	for (const char *p = argument; *p && n + 1 < size; p++) {
		if (*p == '"') {
			inside = !inside;
		} else if (inside) {
			if (*p == '\\')
				p++;
			out[n++] = *p;
		}
	}
	out[n] = '\0';
}

/* line could have been printed by format: its fixed pieces stand in it in order. */
static bool fits_format(const char *format, const char *line)
{
	char piece[512];

	while (*format) {
		size_t n = 0;

		while (*format && *format != '%')
			piece[n++] = *format++;
		piece[n] = '\0';
		if (n > 0) {
			line = strstr(line, piece);
			if (!line)
				return false;
			line += n;
		}
		if (*format == '%')
			format += 1 + strcspn(format + 1, "sducz");
		if (*format == 'z')
			format++;
		if (*format)
			format++;
	}
	return true;
}

struct expectations {
	char *text[2048];
	size_t count;
};

static bool is_told(const struct expectations *e, const char *format)
{
	for (size_t i = 0; i < COUNT(told_elsewhere); i++) {
		if (strcmp(told_elsewhere[i], format) == 0)
			return true;
	}
	for (size_t i = 0; i < e->count; i++) {
		char *text = strdup(e->text[i]);
		bool found = false;

		for (char *line = strtok(text, "\n"); line && !found; line = strtok(NULL, "\n"))
			found = strncmp(line, "    ", 4) != 0 && fits_format(format, line);
		free(text);
		if (found)
			return true;
	}
	return false;
}

static unsigned check_source(const struct expectations *e, const char *path)
{
	static const struct {
		const char *call;
		unsigned message; /* which argument */
	} calls[] = { { "rule_fail(", 3 }, { "rule_warn(", 3 }, { "line_fail(", 3 } };
	char *text = read_file(path, NULL), argument[4096], format[1024];
	unsigned missing = 0;

	assert_non_null(text);
	for (size_t i = 0; i < COUNT(calls); i++) {
		for (const char *at = strstr(text, calls[i].call); at;
		     at = strstr(at, calls[i].call)) {
			at += strlen(calls[i].call);
			for (unsigned a = 0; a < calls[i].message; a++)
				next_argument(&at, argument, sizeof(argument));
			next_argument(&at, argument, sizeof(argument));
			literal(argument, format, sizeof(format));
			if (format[0] && !is_told(e, format)) {
				print_message("# %s: no test raises: %s\n", path, format);
				missing++;
			}
		}
	}
	free(text);
	return missing;
}

static int is_expect(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && strcmp(dot, ".expect") == 0;
}

static int is_rule_source(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && strcmp(dot, ".c") == 0 &&
	       (strncmp(e->d_name, "rule_", 5) == 0 || strcmp(e->d_name, "classification.c") == 0);
}

/* Each message that the parser has is raised by some file of tests/rules/invalid. */
static void test_every_message(void **state)
{
	struct expectations e = { .count = 0 };
	char dir[4096], path[8192];
	struct dirent **names;
	unsigned missing = 0;
	int count;

	(void)state;
	path_of(dir, "tests/rules/invalid");
	count = scandir(dir, &names, is_expect, alphasort);
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		assert_true(e.count < COUNT(e.text));
		e.text[e.count++] = read_file(path, NULL);
		free(names[i]);
	}
	free(names);
	path_of(dir, "parser");
	count = scandir(dir, &names, is_rule_source, alphasort);
	assert_true(count > 10);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		missing += check_source(&e, path);
		free(names[i]);
	}
	free(names);
	for (size_t i = 0; i < e.count; i++)
		free(e.text[i]);
	assert_int_equal(missing, 0);
}

/* Each message of the sources has a code, and each code a message and its words. */
static unsigned check_codes(const char *path, unsigned *seen)
{
	static const struct {
		const char *call;
		unsigned message; /* which argument */
	} calls[] = { { "rule_fail(", 3 }, { "rule_warn(", 3 }, { "rule_note(", 2 },
		      { "line_fail(", 3 }, { "diag_add(", 4 },	{ "lint(", 4 },
		      { "bad(r, ", 2 } };
	char *text = read_file(path, NULL), argument[4096], format[1024];
	unsigned missing = 0;

	assert_non_null(text);
	for (size_t i = 0; i < COUNT(calls); i++) {
		for (const char *at = strstr(text, calls[i].call); at;
		     at = strstr(at, calls[i].call)) {
			const char *code;

			at += strlen(calls[i].call);
			for (unsigned a = 0; a < calls[i].message; a++)
				next_argument(&at, argument, sizeof(argument));
			next_argument(&at, argument, sizeof(argument));
			literal(argument, format, sizeof(format));
			/* A macro ends the one text of its kind. */
			if (!format[0] || strncmp(format, "rule skipped", 12) == 0)
				continue;
			code = diag_code_of(format);
			if (!code || !diag_code_find(code)) {
				print_message("# %s: no code for: %s\n", path, format);
				missing++;
				continue;
			}
			for (size_t c = 0; diag_code_at(c); c++)
				seen[c] += strcmp(diag_code_at(c)->code, code) == 0;
		}
	}
	free(text);
	return missing;
}

static int is_source(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && strcmp(dot, ".c") == 0 && strcmp(e->d_name, "diag.c") != 0;
}

static void test_codes(void **state)
{
	static const char *const folders[] = { "parser", "engine/detect", "engine/run",
					       "engine/cli" };
	char dir[4096], path[8192];
	unsigned seen[256] = { 0 }, missing = 0, without;

	(void)state;
	for (size_t f = 0; f < COUNT(folders); f++) {
		struct dirent **names;
		int count;

		path_of(dir, folders[f]);
		count = scandir(dir, &names, is_source, alphasort);
		assert_true(count > 0);
		for (int i = 0; i < count; i++) {
			snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
			/* What the engine adds is told, and may get its code later. */
			without = check_codes(path, seen);
			missing += f == 0 ? without : 0;
			free(names[i]);
		}
		free(names);
	}
	for (size_t i = 0; diag_code_at(i); i++) {
		const struct diag_code *c = diag_code_at(i);

		assert_true(i < COUNT(seen));
		assert_int_equal(strlen(c->code), 5);
		assert_non_null(strchr("EWN", c->code[0]));
		assert_true(strlen(c->title) > 5 && strlen(c->text) > 10);
		if (i > 0 && diag_code_at(i - 1)->code[0] == c->code[0])
			assert_true(strcmp(diag_code_at(i - 1)->code, c->code) < 0);
		if (!seen[i] && strcmp(c->code, "N0001") != 0 && strcmp(c->code, "E0301") != 0 &&
		    strcmp(c->code, "E0212") != 0) {
			print_message("# no message has the code %s\n", c->code);
			missing++;
		}
	}
	assert_ptr_equal(diag_code_find("w0001"), diag_code_find("W0001"));
	assert_null(diag_code_find("W9999"));
	assert_null(diag_code_of("no such message"));
	assert_int_equal(missing, 0);
}

/* What is printed is parsed to the same rules: their print is the same. */
static void check_round_trip(const char *name, const struct rule_set *s)
{
	char *first = rules_text(s), *again, *diags;
	struct load l;

	load_init(&l);
	load_configs(&l);
	load_text(&l, name, first, strlen(first));
	diags = diags_text(&l.diags);
	assert_string_equal(diags, "");
	again = rules_text(&l.set);
	assert_string_equal(again, first);
	assert_int_equal(l.set.loaded, s->loaded);
	free(diags);
	free(again);
	free(first);
	load_fini(&l);
}

static int is_rules(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && strcmp(dot, ".rules") == 0;
}

static void test_valid(void **state)
{
	char dir[4096], path[8192], *text, *diags;
	struct dirent **names;
	size_t len = 0;
	int count;

	(void)state;
	path_of(dir, "tests/rules/valid");
	count = scandir(dir, &names, is_rules, alphasort);
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		struct load l;

		load_init(&l);
		load_configs(&l);
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		text = read_file(path, &len);
		load_text(&l, names[i]->d_name, text, len);
		diags = diags_text(&l.diags);
		assert_string_equal(diags, "");
		assert_true(l.set.loaded > 0);
		check_round_trip(names[i]->d_name, &l.set);
		free(diags);
		free(text);
		load_fini(&l);
		free(names[i]);
	}
	free(names);
}

/* Options as written, and as printed; the header is "tcp any any -> any any". */
static const struct {
	const char *written, *printed;
} option_rows[] = {
	{ "content:\"abc\";", "content:\"abc\";" },
	{ "content:!\"abc\";", "content:!\"abc\";" },
	{ "content: ! \"abc\" ;", "content:!\"abc\";" },
	{ "content:\"a|0D 0a|b\";", "content:\"a|0d 0a|b\";" },
	{ "content:\"|4 1,42|\";", "content:\"AB\";" },
	{ "content:\"a\\;b\\:c\\\"d\\\\e\";", "content:\"a|3b|b|3a|c|22|d|5c|e\";" },
	{ "content:\"a:b\";", "content:\"a|3a|b\";" },
	{ "content:\" x \";", "content:\" x \";" },
	{ "content:\"abc\"; nocase;", "content:\"abc\"; nocase;" },
	{ "content:\"abc\"; NOCASE;", "content:\"abc\"; nocase;" },
	{ "content:\"abc\"; depth:10; offset:4;", "content:\"abc\"; offset:4; depth:10;" },
	{ "content:\"abc\"; depth: 3 ;", "content:\"abc\"; depth:3;" },
	{ "content:\"a\"; content:\"b\"; within: 5; distance: -1;",
	  "content:\"a\"; content:\"b\"; distance:-1; within:5;" },
	{ "content:\"a\"; startswith; endswith;", "content:\"a\"; startswith; endswith;" },
	{ "content:\"a\"; rawbytes;", "content:\"a\"; rawbytes;" },
	{ "content:\"a\"; fast_pattern;", "content:\"a\"; fast_pattern;" },
	{ "content:\"a\"; fast_pattern:only;", "content:\"a\"; fast_pattern:only;" },
	{ "content:\"abc\"; fast_pattern:1, 2;", "content:\"abc\"; fast_pattern:1,2;" },
	{ "content:!\"abc\"; fast_pattern;", "content:!\"abc\"; fast_pattern;" },
	{ "content:\"abc\"; replace:\"a|00|c\";", "content:\"abc\"; replace:\"a|00|c\";" },
	{ "pcre:\"/a\\/b/iR\"; ", NULL },
	{ "content:\"x\"; pcre:\"/a\\/b/iR\";", "content:\"x\"; pcre:\"/a\\/b/iR\";" },
	{ "pcre:!\"/a;?/imsxAEGBO\";", NULL },
	{ "pcre:!\"/a\\;?/imsxAEGBO\";", "pcre:!\"/a\\;?/imsxAEGBO\";" },
	{ "pcre:\"!/a\"b/\";", "pcre:!\"/a\"b/\";" },
	{ "pcre:/a/;", "pcre:\"/a/\";" },
	{ "pcre:\"m/a/i\";", "pcre:\"/a/i\";" },
	{ "isdataat:10;", "isdataat:10;" },
	{ "isdataat:!1,relative;", "isdataat:!1,relative;" },
	{ "isdataat:10,relative , rawbytes;", "isdataat:10,relative,rawbytes;" },
	{ "dsize:5;", "dsize:5;" },
	{ "dsize: > 5;", "dsize:>5;" },
	{ "dsize:5<>10;", "dsize:5<>10;" },
	{ "dsize:5-10;", "dsize:5<>10;" },
	{ "dsize:!5<>10;", "dsize:!5<>10;" },
	{ "dsize:!=5;", "dsize:!5;" },
	{ "dsize:<=0x10;", "dsize:<=16;" },
	{ "dsize:>=1kb;", "dsize:>=1024;" },
	{ "byte_test:1,!=,5,0;", "byte_test:1,!=,5,0;" },
	{ "byte_test:1,!,5,0;", "byte_test:1,!=,5,0;" },
	{ "byte_test:4 , !& ,0x10, -4, relative,little;", "byte_test:4,!&,16,-4,relative,little;" },
	{ "byte_test:10,>,5,0,string,dec;", "byte_test:10,>,5,0,string,dec;" },
	{ "byte_test:10,>,5,0,hex,string,relative;", "byte_test:10,>,5,0,relative,string,hex;" },
	{ "byte_test:4,>,18446744073709551615,0,bitmask 0xff00;",
	  "byte_test:4,>,18446744073709551615,0,bitmask 0xff00;" },
	{ "byte_test:0,>,1300,0,string,dec,relative;",
	  "byte_test:0,>,1300,0,relative,string,dec;" },
	{ "content:\"a\"; fast_pattern:only; pcre:\"/b/\"; content:\"c\"; within:5;",
	  "content:\"a\"; fast_pattern:only; pcre:\"/b/\"; content:\"c\"; within:5;" },
	{ "byte_test:2,^,1,0,dce;", "byte_test:2,^,1,0,dce;" },
	{ "byte_jump:4,-4,relative,from_beginning,little, post_offset -4;",
	  "byte_jump:4,-4,relative,little,from_beginning,post_offset -4;" },
	{ "byte_jump:0,0,from_end,post_offset -8;", "byte_jump:0,0,from_end,post_offset -8;" },
	{ "byte_jump:4,0,align,multiplier 4,bitmask 0xf;",
	  "byte_jump:4,0,multiplier 4,align,bitmask 0xf;" },
	{ "byte_extract:1,0,len,relative; content:\"a\"; depth:len; isdataat:len; byte_test:len,<,len,len;",
	  "byte_extract:1,0,len,relative; content:\"a\"; depth:len; isdataat:len; "
	  "byte_test:len,<,len,len;" },
	{ "byte_extract:4,-4,a.b-c,multiplier 2,align 4,string,oct;",
	  "byte_extract:4,-4,a.b-c,string,oct,multiplier 2,align 4;" },
	{ "byte_math:offset 0,bytes 4, oper <<, rvalue 2, result x, relative, endian little, string dec;",
	  "byte_math:bytes 4, offset 0, oper <<, rvalue 2, result x, relative, endian little, "
	  "string dec;" },
	{ "byte_extract:1,0,y; byte_math:bytes 2,offset 1,oper /,rvalue y,result z,bitmask ff;",
	  "byte_extract:1,0,y; byte_math:bytes 2, offset 1, oper /, rvalue y, result z, bitmask 0xff;" },
	{ "content:\"a\"; pkt_data; content:\"b\"; distance:0;",
	  "content:\"a\"; content:\"b\"; distance:0;" },
	{ "flow:established, To_Server;", "flow:to_server,established;" },
	{ "flow:from_server; flow:only_stream;", "flow:to_client; flow:only_stream;" },
	{ "flow:not_established,stateless,no_stream,only_frag;",
	  "flow:not_established,stateless,no_stream,only_frag;" },
	{ "flow:no_frag;", "flow:no_frag;" },
	{ "flowbits:set,a.b;", "flowbits:set,a.b;" },
	{ "flowbits:isset, a | b ;", "flowbits:isset,a|b;" },
	{ "flowbits:isnotset,a||b;", "flowbits:isnotset,a|b;" },
	{ "flowbits:toggle,a; flowbits:unset,b;", "flowbits:toggle,a; flowbits:unset,b;" },
	{ "flowint: a.b , + , 1;", "flowint:a.b,+,1;" },
	{ "flowint:ab,>=,cd;", "flowint:ab,>=,cd;" },
	{ "flowint:ab,isnotset;", "flowint:ab,notset;" },
	{ "stream_size: server , <= , 5 ;", "stream_size:server,<=,5;" },
	{ "stream_size:either,!,5;", "stream_size:either,!=,5;" },
	{ "flags:S,12;", "tcp.flags:S,EC;" },
	{ "tcp.flags:+SA;", "tcp.flags:+SA;" },
	{ "flags:S*;", "tcp.flags:*S;" },
	{ "flags:!0;", "tcp.flags:!0;" },
	{ "flags:FPU,CE;", "tcp.flags:FPU,EC;" },
	{ "seq:4294967295; ack:0;", "tcp.seq:4294967295; tcp.ack:0;" },
	{ "window: ! 55;", "tcp.window:!55;" },
	{ "tcp.mss:<536;", "tcp.mss:<536;" },
	{ "ttl:5-10;", "ttl:5<>10;" },
	{ "tos:!x0a;", "tos:!10;" },
	{ "id:1;", "id:1;" },
	{ "ipopts:RR;", "ipopts:rr;" },
	{ "ipopts:any;", "ipopts:any;" },
	{ "fragbits:M+;", "fragbits:+M;" },
	{ "fragbits:!DR;", "fragbits:!DR;" },
	{ "fragoffset:>0;", "fragoffset:>0;" },
	{ "sameip;", "sameip;" },
	{ "itype:>8; icode:<=3;", "itype:>8; icode:<=3;" },
	{ "icmp_id:1; icmp_seq: 2;", "icmp_id:1; icmp_seq:2;" },
	{ "threshold: type limit,track by_src , seconds 60,count 1;",
	  "threshold:type limit, track by_src, count 1, seconds 60;" },
	{ "threshold:type backoff, track by_flow, count 1, multiplier 10;",
	  "threshold:type backoff, track by_flow, count 1, multiplier 10;" },
	{ "detection_filter:count 5, track by_dst, seconds 10;",
	  "detection_filter:track by_dst, count 5, seconds 10;" },
	{ "decode-event:IPV4.trunc_pkt;", "decode-event:ipv4.trunc_pkt;" },
	{ "stream-event:est_packet_out_of_window;", "stream-event:est_packet_out_of_window;" },
	{ "engine-event:stream.fin_syn;", "stream-event:fin_syn;" },
};

/* What stands between "(" and " priority:", the first of what is always printed. */
static void test_options(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(option_rows); i++) {
		char text[1024], expected[1024], *got;
		struct load l;
		int len;

		load_init(&l);
		len = snprintf(text, sizeof(text), "alert tcp any any -> any any (%s sid:1;)",
			       option_rows[i].written);
		load_text(&l, "t", text, (size_t)len);
		if (!option_rows[i].printed) {
			failed += l.set.loaded != 0;
			load_fini(&l);
			continue;
		}
		snprintf(expected, sizeof(expected),
			 "alert tcp any any -> any any (%s priority:3; sid:1;)\n",
			 option_rows[i].printed);
		got = rules_text(&l.set);
		if (strcmp(got, expected) != 0) {
			char *diags = diags_text(&l.diags);

			print_message("# %s\n# expected %s# found    %s%s", option_rows[i].written,
				      expected, got, diags);
			free(diags);
			failed++;
		} else {
			check_round_trip("t", &l.set);
		}
		free(got);
		load_fini(&l);
	}
	assert_int_equal(failed, 0);
}

static const struct {
	const char *written, *printed;
} header_rows[] = {
	{ "alert tcp any any -> any any", "alert tcp any any -> any any" },
	{ "ALERT TCP any any -> any any", "alert tcp any any -> any any" },
	{ "alert\ttcp  any any->any\tany ", "alert tcp any any -> any any" },
	{ "rejectsrc udp any any <> any any", "reject udp any any <> any any" },
	{ "rejectdst tcp-pkt any any -> any any", "rejectdst tcp-pkt any any -> any any" },
	{ "rejectboth IP any any -> any any", "rejectboth ip any any -> any any" },
	{ "pass ip4 any any -> any any", "pass ipv4 any any -> any any" },
	{ "drop icmpv6 any any -> any any", "drop icmpv6 any any -> any any" },
	{ "alert pkthdr any any -> any any", "alert pkthdr any any -> any any" },
	{ "alert ip 10.1.2.3/8 any -> 10.0.0.0/255.255.0.0 any",
	  "alert ip [10.0.0.0-10.255.255.255] any -> [10.0.0.0-10.0.255.255] any" },
	{ "alert ip 1.2.3.4 any -> [1.2.3.5, 1.2.3.4 ,1.2.3.7] any",
	  "alert ip [1.2.3.4] any -> [1.2.3.4-1.2.3.5,1.2.3.7] any" },
	{ "alert ip 1.2.3.4-1.2.3.9 any -> [any,!0.0.0.0/1,!8000::/1] any",
	  "alert ip [1.2.3.4-1.2.3.9] any -> [128.0.0.0-255.255.255.255,"
	  "0000:0000:0000:0000:0000:0000:0000:0000-7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff] any" },
	{ "alert ip fe80::1 any -> 1.2.3.4/0 any",
	  "alert ip [fe80:0000:0000:0000:0000:0000:0000:0001] any -> [0.0.0.0-255.255.255.255] any" },
	/* A family of which only unwanted members are named wants all others; the other stays empty. */
	{ "alert ip !128.0.0.0/1 any -> [0.0.0.0/0,::/0] any",
	  "alert ip [0.0.0.0-127.255.255.255] any -> any any" },
	{ "alert ip $HOME_NET any -> $EXTERNAL_NET any",
	  "alert ip [10.0.0.0-10.255.255.255,192.168.0.0-192.168.255.255] any -> "
	  "[0.0.0.0-9.255.255.255,11.0.0.0-192.167.255.255,192.169.0.0-255.255.255.255] any" },
	{ "alert ip [$HOME_NET,!10.0.0.0/9] any -> !$EXTERNAL_NET any",
	  "alert ip [10.128.0.0-10.255.255.255,192.168.0.0-192.168.255.255] any -> "
	  "[10.0.0.0-10.255.255.255,192.168.0.0-192.168.255.255] any" },
	/* A list that is negated is what it wants without what it does not; others are flat. */
	{ "alert ip [1.0.0.0/8,![1.1.0.0/16,!2.0.0.1]] any -> ![![3.0.0.0]] any",
	  "alert ip [1.0.0.0-1.0.255.255,1.2.0.0-1.255.255.255] any -> [3.0.0.0] any" },
	{ "alert ip ![10.0.0.0/8,!10.1.0.0/16] any -> [1.0.0.0/8,[2.0.0.0/8,!1.1.0.0/16]] any",
	  "alert ip [0.0.0.0-9.255.255.255,10.1.0.0-10.1.255.255,11.0.0.0-255.255.255.255] any -> "
	  "[1.0.0.0-1.0.255.255,1.2.0.0-2.255.255.255] any" },
	{ "alert ip ![1.0.0.0/8,![1.1.0.0/16]] any -> ![1.0.0.0/8,[2.0.0.0/8,!1.1.0.0/16]] any",
	  "alert ip [0.0.0.0-0.255.255.255,1.1.0.0-1.1.255.255,2.0.0.0-255.255.255.255] any -> "
	  "[0.0.0.0-0.255.255.255,1.1.0.0-1.1.255.255,3.0.0.0-255.255.255.255] any" },
	{ "alert tcp any [1:100,![80:90,!85]] -> any any",
	  "alert tcp any [1:79,85,91:100] -> any any" },
	{ "alert tcp any 80 -> any [80:90,!85]", "alert tcp any [80] -> any [80:84,86:90]" },
	{ "alert tcp any :1023 -> any 1024:", "alert tcp any [0:1023] -> any [1024:65535]" },
	{ "alert tcp any !80 -> any $HTTP_PORTS",
	  "alert tcp any [0:79,81:65535] -> any [80,8080]" },
	{ "alert tcp any ![80,443] -> any [any,!80]",
	  "alert tcp any [0:79,81:442,444:65535] -> any [0:79,81:65535]" },
	{ "alert tcp any 0:65535 -> any [1,]", "alert tcp any any -> any [1]" },
	{ "alert tcp any ! 80 -> any any", NULL },
};

static void test_headers(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(header_rows); i++) {
		char text[1024], expected[1024], *got;
		struct load l;
		int len;

		load_init(&l);
		len = snprintf(text, sizeof(text), "%s (sid:1;)", header_rows[i].written);
		load_text(&l, "t", text, (size_t)len);
		expected[0] = '\0';
		if (header_rows[i].printed)
			snprintf(expected, sizeof(expected), "%s (priority:3; sid:1;)\n",
				 header_rows[i].printed);
		got = rules_text(&l.set);
		if (strcmp(got, expected) != 0) {
			char *diags = diags_text(&l.diags);

			print_message("# %s\n# expected %s# found    %s%s", header_rows[i].written,
				      expected, got, diags);
			free(diags);
			failed++;
		} else {
			check_round_trip("t", &l.set);
		}
		free(got);
		load_fini(&l);
	}
	assert_int_equal(failed, 0);
}

static const struct rule *load_one(struct load *l, const char *text)
{
	char *diags;

	load_init(l);
	load_configs(l);
	load_text(l, "t.rules", text, strlen(text));
	diags = diags_text(&l->diags);
	assert_string_equal(diags, "");
	free(diags);
	assert_int_equal(l->set.loaded, 1);
	return l->set.first;
}

static void test_meta(void **state)
{
	const struct rule *r;
	struct load l;

	(void)state;
	r = load_one(&l,
		     "alert tcp any any -> any any (msg:\"a\\;b \\\"c\\\"\"; sid:7; gid:2; rev:3; "
		     "classtype:TROJAN-activity; reference:cve,2021-44228; reference:URL,a.b/c,d; "
		     "metadata:a b, c d e, a f; target:dest_ip; noalert;)");
	assert_string_equal(r->msg, "a;b \"c\"");
	assert_int_equal(r->sid, 7);
	assert_int_equal(r->gid, 2);
	assert_int_equal(r->rev, 3);
	assert_int_equal(r->priority, 1);
	assert_string_equal(r->class_text, "A network trojan was detected");
	assert_string_equal(r->class_name, "trojan-activity");
	assert_int_equal(r->references, 2);
	assert_string_equal(r->reference[0].url, "https://cve.example/2021-44228");
	assert_string_equal(r->reference[1].id, "a.b/c,d");
	assert_int_equal(r->metadata_count, 3);
	assert_string_equal(r->metadata[1].key, "c");
	assert_string_equal(r->metadata[1].value, "d e");
	assert_int_equal(r->target, TARGET_DEST);
	assert_true(r->noalert);
	load_fini(&l);

	r = load_one(&l, "pass tcp any any -> any any (sid:1; priority:2; classtype:misc-activity; "
			 "alert; flowbits:noalert; bypass;)\n");
	assert_string_equal(r->msg, "");
	assert_int_equal(r->gid, 1);
	assert_int_equal(r->rev, 0);
	assert_int_equal(r->priority, 2);
	assert_string_equal(r->class_text, "Misc activity");
	assert_true(r->alert);
	assert_true(r->noalert);
	assert_int_equal(r->options, 1);
	assert_int_equal(r->option[0].kind, OPTION_BYPASS);
	load_fini(&l);

	r = load_one(&l, "alert tcp any any -> any any (sid:1;)\r\n");
	assert_int_equal(r->priority, 3);
	assert_string_equal(r->class_text, "");
	assert_null(r->class_name);
	assert_int_equal(r->target, TARGET_NONE);
	assert_string_equal(r->text, "alert tcp any any -> any any (sid:1;)");
	load_fini(&l);
}

/* The parser knows the decoders' numbers by value. */
static void test_ip_options(void **state)
{
	static const struct {
		const char *name;
		unsigned bits;
	} rows[] = {
		{ "eol", IP_OPTION_EOL },	 { "nop", IP_OPTION_NOP },
		{ "rr", IP_OPTION_RR },		 { "ts", IP_OPTION_TS },
		{ "sec", IP_OPTION_SEC },	 { "lsrr", IP_OPTION_LSRR },
		{ "ssrr", IP_OPTION_SSRR },	 { "satid", IP_OPTION_SATID },
		{ "esec", IP_OPTION_ESEC },	 { "cipso", IP_OPTION_CIPSO },
		{ "rtralt", IP_OPTION_RTRALT },	 { "qs", IP_OPTION_QS },
		{ "any", IP_OPTION_QS * 2 - 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct rule *r;
		struct load l;
		char text[128];

		snprintf(text, sizeof(text), "alert ip any any -> any any (ipopts:%s; sid:1;)",
			 rows[i].name);
		r = load_one(&l, text);
		assert_int_equal(r->option[0].ipopts.bits, rows[i].bits);
		load_fini(&l);
	}
}

static void test_places(void **state)
{
	const struct rule *r;
	struct load l;

	(void)state;
	r = load_one(&l, "# a comment that ends in \\\n\n"
			 "alert tcp any any -> any any ( \\\n"
			 "  content:\"a\"; nocase; \\  \n"
			 "  dsize:5; sid:1;)\n");
	assert_string_equal(
		r->text,
		"alert tcp any any -> any any (   content:\"a\"; nocase;   dsize:5; sid:1;)");
	assert_int_equal(r->place.line, 3);
	assert_int_equal(r->place.column, 1);
	assert_string_equal(r->place.file, "t.rules");
	assert_int_equal(r->options, 2);
	assert_int_equal(r->option[0].place.line, 4);
	assert_int_equal(r->option[0].place.column, 3);
	assert_int_equal(r->option[0].place.len, strlen("content:\"a\""));
	assert_string_equal(r->option[0].place.text, "  content:\"a\"; nocase; \\  ");
	assert_int_equal(r->option[1].place.line, 5);
	assert_string_equal(r->option[1].place.text, "  dsize:5; sid:1;)");
	load_fini(&l);

	r = load_one(&l, "\xef\xbb\xbf  alert tcp any any -> any any (dsize:5; sid:1;)");
	assert_int_equal(r->place.column, 3);
	assert_string_equal(r->option[0].place.text,
			    "  alert tcp any any -> any any (dsize:5; sid:1;)");
	load_fini(&l);

	r = load_one(&l, "alert http any any -> any any (http.uri; \\\n content:\"a\"; sid:1;)\n");
	assert_int_equal(r->use[r->option[0].use].place.line, 1);
	assert_string_equal(r->use[r->option[0].use].place.text,
			    "alert http any any -> any any (http.uri; \\");
	load_fini(&l);
}

static unsigned count_errors(const char *text, size_t len, const char *message)
{
	unsigned errors;
	struct load l;
	char *diags;

	load_init(&l);
	load_text(&l, "t", text, len);
	errors = l.diags.errors;
	diags = diags_text(&l.diags);
	assert_non_null(strstr(diags, message));
	assert_int_equal(l.set.loaded, 0);
	free(diags);
	load_fini(&l);
	return errors;
}

/* Mistakes too big for a file in the tree. */
static void test_limits(void **state)
{
	static const char zero[] = "alert tcp any any -> any any (msg:\"a\0b\"; sid:1;)";
	static const char number[] = "alert ip any any -> any any (byte_test:1,>,-x,0; sid:1;)";
	size_t size = 200000, len;
	char *text = malloc(size);
	struct load l;

	(void)state;
	assert_int_equal(count_errors(zero, sizeof(zero) - 1, "1:37: error: a zero byte"), 1);

	len = (size_t)snprintf(text, size, "alert ip ");
	for (int i = 0; i < 40; i++)
		text[len++] = '[';
	len += (size_t)snprintf(text + len, size - len, "1.2.3.4");
	for (int i = 0; i < 40; i++)
		text[len++] = ']';
	len += (size_t)snprintf(text + len, size - len, " any -> any any (sid:1;)");
	assert_int_equal(count_errors(text, len, "more than 16 lists inside each other"), 1);

	len = (size_t)snprintf(text, size, "alert ip any any -> any any (content:\"");
	memset(text + len, 'a', 70000);
	len += 70000;
	len += (size_t)snprintf(text + len, size - len, "\"; sid:1;)");
	assert_int_equal(count_errors(text, len, "'content' of 70000 bytes; at most 65535"), 1);

	len = (size_t)snprintf(text, size, "alert ip any any -> any any (");
	for (int i = 0; i < 1025; i++)
		len += (size_t)snprintf(text + len, size - len, "byte_extract:1,0,v%d; ", i);
	len += (size_t)snprintf(text + len, size - len, "sid:1;)");
	assert_int_equal(count_errors(text, len, "more than 1024 variables in a rule"), 1);
	assert_int_equal(count_errors(number, sizeof(number) - 1,
				      "expected a number or a variable, found '-x'"),
			 1);
	free(text);

	load_init(&l);
	assert_true(rule_set_file(&l.set, "/nonexistent/a.rules", &options, &l.diags) < 0);
	assert_string_equal(l.diags.first->message, "cannot read: No such file or directory");
	assert_true(rule_set_classification(&l.set, "/", &l.diags) < 0);
	assert_int_equal(l.diags.errors, 2);
	load_fini(&l);
}

static const char *deep_variable(void *ctx, const char *name, bool ports)
{
	static char value[2][32];
	static unsigned at;

	(void)ctx;
	(void)ports;
	snprintf(value[++at % 2], sizeof(value[0]), "$%.20sx", name);
	return value[at % 2];
}

static void test_deep_variables(void **state)
{
	static const char text[] = "alert ip $a any -> any any (sid:1;)";
	struct rule_parse_options deep = { .variable = deep_variable };
	struct load l;

	(void)state;
	load_init(&l);
	rule_set_text(&l.set, "t", text, strlen(text), &deep, &l.diags);
	assert_int_equal(l.diags.errors, 1);
	assert_string_equal(l.diags.first->message, "more than 16 variables inside each other");
	load_fini(&l);
	/* Nothing is known of variables at all. */
	load_init(&l);
	rule_set_text(&l.set, "t", text, strlen(text), NULL, &l.diags);
	assert_string_equal(l.diags.first->message, "variable '$a' is not defined");
	load_fini(&l);
}

/* Each of these names the next one eight times. */
static const char *laughing_variable(void *ctx, const char *name, bool ports)
{
	static char values[8][128];
	size_t n = 0, level = strlen(name);

	(void)ctx;
	(void)ports;
	if (level >= COUNT(values))
		return "10.0.0.1";
	for (unsigned i = 0; i < 8; i++)
		n += (size_t)snprintf(values[level] + n, sizeof(values[0]) - n, "%s$%.12sx",
				      i ? "," : "[", name);
	snprintf(values[level] + n, sizeof(values[0]) - n, "]");
	return values[level];
}

/* What would take for ever ends with a few messages. */
static void test_floods(void **state)
{
	static const char laughs[] = "alert ip $a any -> any any (sid:1;)";
	static const struct {
		const char *begin, *each, *end;
		unsigned count;
		const char *message;
	} floods[] = {
		{ "alert ip any any -> any any (", "content:\"a\"; ", "sid:1;)", 100000,
		  "more than 4096 conditions in a rule" },
		{ "alert ip any any -> any any (", "contnet:\"a\"; ", "sid:1;)", 100000,
		  "more than 20 mistakes in a rule" },
		{ "alert ip any any -> any any (", "http.uri; dotprefix; ", "sid:1;)", 50000, "" },
		{ "alert ip any any -> any any (content:\"", "a", "\"; sid:1;)", 1000000,
		  "'content' of 1000000 bytes" },
		{ "alert ip any any -> any any (content:\"", ";", "\"; sid:1;)", 1000000, "" },
		{ "alert ip any any -> any any (msg:\"", "\"", "; sid:1;)", 1000000, "" },
		{ "alert ip any any -> any any (\\\n", "content:\"a\"; \\\n", "sid:1;)", 100000,
		  "more than 4096 conditions in a rule" },
		{ "alert ip [", "1.2.3.4,", "] any -> any any (sid:1;)", 100001,
		  "more than 100000 items in one list" },
		{ "alert ip ", "[", "any any -> any any (sid:1;)", 1000000, "" },
		{ "alert ip any any -> any any (pcre:\"/", "(", "/\"; sid:1;)", 500000, "" },
		{ "alert ip any any -> any any (metadata:", "a b,", "c d; sid:1;)", 200000, "" },
	};
	struct rule_parse_options laughing = { .variable = laughing_variable };
	struct load l;

	(void)state;
	for (size_t i = 0; i < COUNT(floods); i++) {
		size_t each = strlen(floods[i].each), n = strlen(floods[i].begin);
		char *text = malloc(n + each * floods[i].count + strlen(floods[i].end) + 1), *diags;

		assert_non_null(text);
		memcpy(text, floods[i].begin, n);
		for (unsigned k = 0; k < floods[i].count; k++, n += each)
			memcpy(text + n, floods[i].each, each);
		strcpy(text + n, floods[i].end);
		load_init(&l);
		rule_set_text(&l.set, "t", text, strlen(text), &options, &l.diags);
		diags = diags_text(&l.diags);
		assert_non_null(strstr(diags, floods[i].message));
		assert_true(l.diags.errors <= 21);
		if (l.set.loaded != (i == COUNT(floods) - 1 || i == 9 || i == 5))
			fail_msg("flood %zu loaded: %u\n%.300s", i, l.set.loaded, diags);
		free(diags);
		free(text);
		load_fini(&l);
	}
	load_init(&l);
	rule_set_text(&l.set, "t", laughs, strlen(laughs), &laughing, &l.diags);
	assert_int_equal(l.diags.errors, 1);
	assert_non_null(strstr(l.diags.first->message, "more than 100000 items in one list"));
	load_fini(&l);
}

static void test_set(void **state)
{
	static const char required[] =
		"alert tcp any any => any any (foo:1; requires: version >= 9; sid:1;)\n"
		"alert vxlan any any -> any any (requires:version<8 | >8.0.7; sid:2;)\n"
		"alert tcp any any -> any any (content:\"a\\;\"; requires:keyword nope; sid:3;)\n"
		"alert tcp any any -> any any (requires:feature x, version >= 8; sid:4;)\n"
		"alert tcp any any -> any any (requires:version >=8.0.7|< 1; sid:5;)\n";
	static const char text[] =
		"alert tcp any any -> any any (msg:\"a\"; sid:1; rev:1;)\n"
		"alert tcp any any -> any any (msg:\"b\"; sid:2; rev:1;)\n"
		"alert tcp any any -> any any (msg:\"c\"; sid:1; rev:3;)\n"
		"alert tcp any any -> any any (msg:\"d\"; sid:1; rev:2;)\n"
		"alert tcp any any -> any any (msg:\"e\"; sid:1; gid:2; rev:1;)\n";
	struct load l;

	(void)state;
	load_init(&l);
	load_text(&l, "t", text, strlen(text));
	assert_int_equal(l.set.loaded, 3);
	assert_int_equal(l.set.failed, 1);
	assert_int_equal(l.diags.errors, 1);
	assert_int_equal(l.diags.warnings, 1);
	assert_string_equal(l.set.first->msg, "b");
	assert_string_equal(l.set.first->next->msg, "c");
	assert_string_equal(l.set.last->msg, "e");
	load_fini(&l);

	/* What is required and not there: skipped and noted, however wrong the rest is. */
	load_init(&l);
	load_text(&l, "t", required, strlen(required));
	assert_int_equal(l.set.loaded, 1);
	assert_int_equal(l.set.skipped, 4);
	assert_int_equal(l.set.failed, 0);
	assert_int_equal(l.diags.errors + l.diags.warnings, 0);
	assert_string_equal(
		l.diags.first->message,
		"rule skipped: it requires 'version >= 9', and this is the language of 8.0.7");
	load_fini(&l);

	/* Many rules: the table of sids grows. */
	load_init(&l);
	for (unsigned i = 1; i <= 5000; i++) {
		char rule[128];
		int len = snprintf(rule, sizeof(rule), "alert ip any any -> any any (sid:%u;)", i);

		rule_set_text(&l.set, "t", rule, (size_t)len, &options, &l.diags);
		if (i % 5 == 0)
			rule_set_text(&l.set, "t", rule, (size_t)len, &options, &l.diags);
	}
	assert_int_equal(l.set.loaded, 5000);
	assert_int_equal(l.set.failed, 1000);
	load_fini(&l);
	/* Nothing but a line that goes on. */
	load_init(&l);
	load_text(&l, "t", "\\\n \\\n", 5);
	assert_int_equal(l.set.failed, 0);
	load_fini(&l);
	load_init(&l);
	load_fini(&l);
	rule_set_fini(NULL);
}

/* A file is any bytes: cut one anywhere and it is read without running over. */
static void test_cut(void **state)
{
	static const char text[] =
		"alert tcp [$HOME_NET,!10.0.0.1] 1: -> any [80,!81] (msg:\"a\\\"b\"; flow:established; "
		"content:!\"a|0d|\\;\"; depth:4; pcre:\"/a/i\"; byte_math:bytes 1,offset 0,oper +,rvalue 1,"
		"result x; metadata:a b,c d; reference:url,a; sid:1; rev:1;)";

	(void)state;
	for (size_t len = 0; len < strlen(text); len++) {
		struct load l;

		load_init(&l);
		load_text(&l, "t", text, len);
		assert_true(l.set.loaded == 0 || l.diags.errors + l.diags.warnings > 0);
		assert_true(len < 5 || l.diags.first);
		load_fini(&l);
	}
}

static void test_keywords(void **state)
{
	char path[4096], heading[128], *docs;
	const char *const *names;
	size_t count;

	(void)state;
	names = keyword_names(&count);
	assert_true(count > 400);
	for (size_t i = 1; i < count; i++)
		assert_true(strcmp(names[i - 1], names[i]) < 0);
	for (size_t i = 0; i < count; i++)
		assert_true(keyword_find(names[i], strlen(names[i])) != KW_UNKNOWN);
	assert_int_equal(keyword_find("Content", 7), KW_CONTENT);
	assert_int_equal(keyword_find("flags", 5), KW_TCP_FLAGS);
	assert_int_equal(keyword_find("http.uri", 8), KW_HTTP_URI);
	assert_int_equal(keyword_find("http_raw_uri", 12), KW_MODIFIER_HTTP_URI_RAW);
	assert_int_equal(keyword_find("smb.share", 9), KW_NOT_BUILT);
	assert_int_equal(keyword_find("contentx", 8), KW_UNKNOWN);
	assert_int_equal(keyword_find("", 0), KW_UNKNOWN);

	path_of(path, "tests/fuzz/rules.dict");
	docs = read_file(path, NULL);
	assert_non_null(docs);
	for (size_t i = 0; i < count; i++) {
		snprintf(heading, sizeof(heading), "\n\"%s\"\n", names[i]);
		if (!strstr(docs, heading))
			fail_msg("tests/fuzz/rules.dict does not have %s", names[i]);
	}
	free(docs);
	path_of(path, "docs/rules.md");
	docs = read_file(path, NULL);
	assert_non_null(docs);
	for (int k = 0; k < KW__COUNT; k++) {
		const struct keyword_row *row = keyword_row((enum keyword)k);

		assert_non_null(row->name);
		assert_non_null(row->help);
		assert_non_null(row->parse);
		assert_int_equal(keyword_find(row->name, strlen(row->name)), k);
		if (row->alias)
			assert_int_equal(keyword_find(row->alias, strlen(row->alias)), k);
		snprintf(heading, sizeof(heading), "\n### %s\n", row->name);
		if (!strstr(docs, heading))
			fail_msg("docs/rules.md has no heading for %s", row->name);
	}
	free(docs);
}

/* Lists that rules of docs/rules.md name, each with one digest: of so many digits. */
static const struct {
	const char *name;
	int digits;
} doc_lists[] = { { "bad.md5", 32 }, { "bad.sha1", 40 }, { "known.sha256", 64 } };

static void make_lists(const char *dir)
{
	for (size_t i = 0; i < COUNT(doc_lists); i++) {
		char path[4096];
		FILE *out;

		snprintf(path, sizeof(path), "%s/%s", dir, doc_lists[i].name);
		out = fopen(path, "w");
		assert_non_null(out);
		fprintf(out, "%0*d\n", doc_lists[i].digits, 7);
		fclose(out);
	}
}

static void remove_lists(const char *dir)
{
	for (size_t i = 0; i < COUNT(doc_lists); i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", dir, doc_lists[i].name);
		unlink(path);
	}
	rmdir(dir);
}

/* What is said of a rule: told, its first line; "" and it loads.  Its print is the rule again. */
static bool check_documented(const char *dir, const char *rule, const char *told)
{
	char name[4096], said[512] = "", *diags;
	struct load l;
	bool good;

	snprintf(name, sizeof(name), "%s/local.rules", dir);
	load_init(&l);
	load_configs(&l);
	load_text(&l, name, rule, strlen(rule));
	diags = diags_text(&l.diags);
	if (diags[0])
		snprintf(said, sizeof(said), "%.*s", (int)strcspn(diags, "\n"), diags);
	if (strncmp(said, dir, strlen(dir)) == 0)
		memmove(said, said + strlen(dir) + 1, strlen(said) - strlen(dir));
	good = strcmp(said, told) == 0 && (*told || l.set.loaded == 1);
	if (!good)
		print_message("# %s\n%s\n", rule, said);
	else if (!*told)
		check_round_trip(name, &l.set);
	free(diags);
	load_fini(&l);
	return good;
}

/* Every rule that docs/rules.md shows loads in silence, or with the message that stands below it. */
static void test_documented(void **state)
{
	static const char told_begin[] = "    local.rules:";
	char path[4096], dir[] = "/tmp/weir-docs-XXXXXX", *docs, *line, *next, *save = NULL;
	unsigned rules = 0, failed = 0, told = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	make_lists(dir);
	path_of(path, "docs/rules.md");
	docs = read_file(path, NULL);
	assert_non_null(docs);
	for (line = strtok_r(docs, "\n", &save); line; line = next) {
		bool has;

		next = strtok_r(NULL, "\n", &save);
		if ((strncmp(line, "    alert ", 10) != 0 &&
		     strncmp(line, "    config ", 11) != 0) ||
		    line[strlen(line) - 1] == '\\')
			continue;
		has = next && strncmp(next, told_begin, strlen(told_begin)) == 0;
		failed += !check_documented(dir, line + 4, has ? next + 4 : "");
		told += has;
		rules++;
	}
	free(docs);
	remove_lists(dir);
	assert_true(rules > 240);
	assert_true(told >= 5);
	assert_int_equal(failed, 0);
}

/* A paragraph under the keyword's name has a rule that it stands in. */
static void test_examples(void **state)
{
	char path[4096], *docs, *at;
	unsigned missing = 0;

	(void)state;
	path_of(path, "docs/rules.md");
	docs = read_file(path, NULL);
	assert_non_null(docs);
	for (at = strstr(docs, "\n### "); at; at = strstr(at, "\n### ")) {
		char name[64], *end, *rule;

		at += strlen("\n### ");
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, "\n"), at);
		end = strstr(at, "\n### ");
		if (end)
			*end = '\0';
		rule = strstr(at, "\n    ");
		if (keyword_find(name, strlen(name)) < KW__COUNT &&
		    (!rule || !strstr(rule, name))) {
			print_message("# no example of %s\n", name);
			missing++;
		}
		if (!end)
			break;
		*end = '\n';
		at = end;
	}
	free(docs);
	assert_int_equal(missing, 0);
}

static void test_nearest(void **state)
{
	static const char *const names[] = { "content", "depth", "nocase", "ttl", "id" };

	(void)state;
	assert_string_equal(diag_nearest("contnet", names, COUNT(names)), "content");
	assert_string_equal(diag_nearest("DEPHT", names, COUNT(names)), "depth");
	assert_string_equal(diag_nearest("tll", names, COUNT(names)), "ttl");
	assert_null(diag_nearest("xyzzy", names, COUNT(names)));
	assert_null(diag_nearest("", names, COUNT(names)));
	assert_null(diag_nearest("x", names, COUNT(names)));
}

static void test_print_diag(void **state)
{
	static const struct {
		const char *text;
		uint32_t column, len;
		const char *expected;
	} rows[] = {
		{ "abc def", 5, 3, "f:2:5: error: m 1\n    abc def\n        ^~~\n    help: r\n" },
		{ "\ta\x01z", 4, 0, "f:2:4: error: m 1\n    \ta.z\n    \t  ^\n    help: r\n" },
		{ "\xc3\xa9 x", 4, 1, "f:2:4: error: m 1\n    \xc3\xa9 x\n      ^\n    help: r\n" },
		{ "abc", 4, 9, "f:2:4: error: m 1\n    abc\n       ^\n    help: r\n" },
		{ "abc", 0, 0, "f:2: error: m 1\n    abc\n    help: r\n" },
		{ NULL, 3, 1, "f:2:3: error: m 1\n    help: r\n" },
	};
	struct diag_list l;
	char *text, *colored = NULL;
	size_t len = 0;
	FILE *out;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct place at = { "f", 2, rows[i].column, rows[i].len, rows[i].text };

		diag_list_init(&l);
		diag_add(&l, DIAG_ERROR, &at, "r", "m %d", 1);
		text = diags_text(&l);
		assert_string_equal(text, rows[i].expected);
		free(text);
		diag_list_fini(&l);
	}
	diag_list_init(&l);
	diag_add(&l, DIAG_NOTE, &(struct place){ .file = "f", .line = 1, .column = 1, .text = "x" },
		 NULL, "m");
	out = open_memstream(&colored, &len);
	diag_print(out, l.first, true);
	fclose(out);
	assert_string_equal(colored,
			    "f:1:1: \033[1;36mnote:\033[0m m\n    x\n    \033[1;36m^\033[0m\n");
	free(colored);
	diag_list_fini(&l);
	diag_list_fini(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invalid),	       cmocka_unit_test(test_every_message),
		cmocka_unit_test(test_codes),	       cmocka_unit_test(test_valid),
		cmocka_unit_test(test_options),	       cmocka_unit_test(test_headers),
		cmocka_unit_test(test_meta),	       cmocka_unit_test(test_ip_options),
		cmocka_unit_test(test_places),	       cmocka_unit_test(test_limits),
		cmocka_unit_test(test_deep_variables), cmocka_unit_test(test_set),
		cmocka_unit_test(test_floods),	       cmocka_unit_test(test_cut),
		cmocka_unit_test(test_keywords),       cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_documented),     cmocka_unit_test(test_examples),
		cmocka_unit_test(test_print_diag),
	};

	const char *dir = getenv("abs_top_srcdir");

	if (dir)
		snprintf(top, sizeof(top), "%s", dir);
	else if (!getcwd(top, sizeof(top)))
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
