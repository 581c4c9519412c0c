/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "engine/detect/json_text.h"
#include "tests/unit/guard.h"

static const struct {
	const char *text;
	bool valid;
} texts[] = {
	{ "{}", true },
	{ " [ ] ", true },
	{ "[1,-0.5e+3,true,false,null,\"a\"]", true },
	{ "{\"a\":{\"b\":[1]}}", true },
	{ "\"\\u00e9\\n\xc3\xa9\"", true },
	{ "", false },
	{ "{", false },
	{ "[1,]", false },
	{ "[1 2]", false },
	{ "{\"a\"}", false },
	{ "{\"a\":}", false },
	{ "{a:1}", false },
	{ "01", false },
	{ "1.", false },
	{ "1e", false },
	{ "-", false },
	{ "truely", false },
	{ "\"a", false },
	{ "\"\\", false },
	{ "\"\\u12\"", false },
	{ "\"\\x\"", false },
	{ "\"a\tb\"", false },
	{ "\"\xc3\"", false },
	{ "\"\xed\xa0\x80\"", false },
	{ "{} {}", false },
};

static void validity(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t len = strlen(texts[i].text);
		const char *copy = (const char *)guard_copy(texts[i].text, len);

		if (json_text_valid(span_of(copy, len)) != texts[i].valid)
			fail_msg("'%s'", texts[i].text);
	}
	guard_free_all();
}

static void depth(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 3] = "";

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_true(json_text_valid(span_of(text, strlen(text))));
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_false(json_text_valid(span_of(text, strlen(text))));
}

/* An object, a path, the string there, and the object without that member. */
static const struct {
	const char *text, *path, *string, *rest;
} finds[] = {
	{ "{\"a\": \"x\"}", "a", "x", "{}" },
	{ "{\"a\": \"x\", \"b\" : [1, 2]}", "a", "x", "{\"b\":[1,2]}" },
	{ "{ \"b\": \"p q\", \"a\": \"x\" }", "a", "x", "{\"b\":\"p q\"}" },
	{ "{\"b\":1,\"a\":\"x\",\"c\":2}", "a", "x", "{\"b\":1,\"c\":2}" },
	{ "{\"h\": {\"a\": \"x\", \"b\": 1}}", "h.a", "x", "{\"h\":{\"b\":1}}" },
	{ "{\"a\": \"\\u0041\\/\\n\\u00e9\\ud83d\\ude00\"}", "a", "A/\n\xc3\xa9\xf0\x9f\x98\x80",
	  "{}" },
	{ "{\"a\": 1}", "a", "", "{}" },
	{ "{\"a\": 1}", "b", NULL, NULL },
	{ "{\"a\": 1}", "a.b", NULL, NULL },
	{ "[1]", "a", NULL, NULL },
};

static void finding(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(finds) / sizeof(finds[0]); i++) {
		struct span text = span_of(finds[i].text, strlen(finds[i].text)), value, member;
		uint8_t string[128] = { 0 };
		char rest[128] = "";
		size_t n;

		if (!json_text_find(text, finds[i].path, &value, &member)) {
			assert_null(finds[i].string);
			continue;
		}
		n = json_text_string(value, string);
		assert_int_equal(n, strlen(finds[i].string));
		assert_memory_equal(string, finds[i].string, n);
		rest[json_text_compact(text, member, rest)] = '\0';
		assert_string_equal(rest, finds[i].rest);
	}
}

static void items(void **state)
{
	static const char text[] = "[ {\"a\":[1]}, [2,[3]] ,\"]\"]";
	static const char *const want[] = { "{\"a\":[1]}", "[2,[3]]", "\"]\"" };
	struct span rest, item;
	unsigned n = 0;

	(void)state;
	assert_false(json_text_items(span_of("{}", 2), &rest));
	assert_true(json_text_items(span_of(text, strlen(text)), &rest));
	while (json_text_next(&rest, &item)) {
		assert_true(n < 3);
		assert_int_equal(item.len, strlen(want[n]));
		assert_memory_equal(item.at, want[n++], item.len);
	}
	assert_int_equal(n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(validity),
		cmocka_unit_test(depth),
		cmocka_unit_test(finding),
		cmocka_unit_test(items),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
