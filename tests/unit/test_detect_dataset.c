/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/detect/dataset.h"

/* A file of a set, what is looked for in it, and its reputation; -1: it is not in it. */
static const struct {
	enum dataset_type type;
	const char *file, *key;
	size_t len;
	int reputation;
} rows[] = {
	{ DATASET_STRING, "YWJj\n", "abc", 3, 0 },
	{ DATASET_STRING, "YWJj\n", "abcd", 4, -1 },
	{ DATASET_STRING, "# none\n\nYWJj,40\nYWJk,50\n", "abd", 3, 50 },
	{ DATASET_MD5, "00112233445566778899aabbccddeeff,7\n",
	  "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16, 7 },
	{ DATASET_IPV4, "10.0.0.1\n", "\x0a\x00\x00\x01", 4, 0 },
	{ DATASET_IPV4, "10.0.0.1\n", "\x0a\x00\x00\x02", 4, -1 },
	/* both versions in one set */
	{ DATASET_IP, "10.0.0.1\n", "\x0a\x00\x00\x01", 4, 0 },
	{ DATASET_IP, "::ffff:10.0.0.1,3\n", "\x0a\x00\x00\x01", 4, 3 },
	{ DATASET_IP, "2001:db8::1\n", "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16, 0 },
};

static char path[64];

static void write_file(const char *text)
{
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "/tmp/weir-dataset-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	fputs(text, f);
	fclose(f);
}

static struct dataset_set *open_set(enum dataset_type type, bool load, bool save, uint64_t memcap,
				    unsigned errors)
{
	struct dataset_options opt = { .name = "set",
				       .type = type,
				       .load = load ? path : NULL,
				       .save = save ? path : NULL,
				       .memcap = memcap };
	struct dataset_set *s;
	struct diag_list diags;

	diag_list_init(&diags);
	assert_int_equal(dataset_open(&opt, &diags, &s), 0);
	assert_int_equal(diags.errors, errors);
	diag_list_fini(&diags);
	return s;
}

static void each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes key = bytes_of(rows[i].key, rows[i].len);
		uint16_t reputation = 0;
		struct dataset_set *s;
		bool found;

		write_file(rows[i].file);
		s = open_set(rows[i].type, true, false, 0, 0);
		found = dataset_find(s, key, &reputation);
		assert_int_equal(found ? reputation : -1, rows[i].reputation);
		dataset_close(s);
		unlink(path);
	}
}

static void what_cannot_be_read_is_told(void **state)
{
	(void)state;
	write_file("00112233\nzz112233445566778899aabbccddeeff\n");
	dataset_close(open_set(DATASET_MD5, true, false, 0, 2));
	unlink(path);
	write_file("10.0.0\n");
	dataset_close(open_set(DATASET_IPV4, true, false, 0, 1));
	unlink(path);
	/* Reputations: all lines or none, and numbers of 16 bits. */
	write_file("YWJj\nYWJk,1\n");
	dataset_close(open_set(DATASET_STRING, true, false, 0, 1));
	unlink(path);
	write_file("YWJj,1\nYWJk\nYWJl,65535\n");
	dataset_close(open_set(DATASET_STRING, true, false, 0, 1));
	unlink(path);
	write_file("YWJj,-1\nYWJk,65536\nYWJl,\nYWJm,x\n");
	dataset_close(open_set(DATASET_STRING, true, false, 0, 4));
	unlink(path);
}

/* A file of JSON: mistakes in it, a key, and what is said of it; NULL: it is not there. */
static const struct {
	enum dataset_type type;
	enum dataset_format format;
	const char *array_key, *value_key;
	bool remove_key, subdomain;
	const char *file;
	unsigned errors;
	const char *key, *context;
} json[] = {
	{ DATASET_STRING, DATASET_JSON, NULL, "v", false, false, "[{\"v\": \"a\", \"n\": 1}]", 0,
	  "a", "{\"v\":\"a\",\"n\":1}" },
	{ DATASET_STRING, DATASET_JSON, NULL, "v", true, false, "[{\"v\": \"a\", \"n\": 1}]", 0,
	  "a", "{\"n\":1}" },
	{ DATASET_STRING, DATASET_JSON, "x.y", "v.w", false, false,
	  "{\"x\":{\"y\":[{\"v\":{\"w\":\"a\"}},{\"v\":1}]}}", 0, "a", "{\"v\":{\"w\":\"a\"}}" },
	{ DATASET_STRING, DATASET_JSON, "z", "v", false, false, "{\"x\":[]}", 1, "a", NULL },
	{ DATASET_STRING, DATASET_JSON, NULL, "v", false, false, "{\"v\":\"a\"}", 1, "a", NULL },
	{ DATASET_STRING, DATASET_JSON, NULL, "v", false, false, "[{\"v\":\"a\"},]", 1, "a", NULL },
	{ DATASET_STRING, DATASET_NDJSON, NULL, "v", false, false,
	  "{\"v\":\"b\"}\n\n{\"v\":\"a\",\"n\":2}\n", 0, "a", "{\"v\":\"a\",\"n\":2}" },
	{ DATASET_STRING, DATASET_NDJSON, NULL, "v", false, false,
	  "a,1\n{\"v\":7}\n{\"v\":\"a\"}\n", 2, "a", "{\"v\":\"a\"}" },
	{ DATASET_MD5, DATASET_NDJSON, NULL, "v", false, false, "{\"v\":12345}\n", 1, "a", NULL },
	{ DATASET_MD5, DATASET_NDJSON, NULL, "v", true, false,
	  "{\"v\":\"61626364656667686162636465666768\",\"n\":1}\n", 0, "abcdefghabcdefgh",
	  "{\"n\":1}" },
	{ DATASET_IP, DATASET_NDJSON, NULL, "v", true, false, "{\"v\":\"97.98.99.100\",\"n\":1}\n",
	  0, "abcd", "{\"n\":1}" },
	{ DATASET_IP, DATASET_NDJSON, NULL, "v", false, false, "{\"v\":[1,2,3]}\n", 1, "abcd",
	  NULL },
	/* only what begins with a dot is a name above */
	{ DATASET_STRING, DATASET_NDJSON, NULL, "v", true, true, "{\"v\":\".b.c\"}", 0, ".a.b.c",
	  "{}" },
	{ DATASET_STRING, DATASET_NDJSON, NULL, "v", true, true, "{\"v\":\".b.c\"}", 0, "a.b.c",
	  "{}" },
	{ DATASET_STRING, DATASET_NDJSON, NULL, "v", true, true, "{\"v\":\".b.c\"}", 0, "b.c",
	  NULL },
	{ DATASET_STRING, DATASET_NDJSON, NULL, "v", true, true, "{\"v\":\"b.c\"}", 0, "a.b.c",
	  NULL },
	{ DATASET_STRING, DATASET_NDJSON, NULL, "v", true, false, "{\"v\":\".b.c\"}", 0, "a.b.c",
	  NULL },
};

static void json_says_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(json) / sizeof(json[0]); i++) {
		struct dataset_options opt = { .name = "set",
					       .type = json[i].type,
					       .load = path,
					       .format = json[i].format,
					       .value_key = json[i].value_key,
					       .array_key = json[i].array_key,
					       .remove_key = json[i].remove_key };
		struct bytes key = bytes_of(json[i].key, strlen(json[i].key));
		struct dataset_found found;
		struct dataset_set *s;
		struct diag_list diags;

		write_file(json[i].file);
		diag_list_init(&diags);
		assert_int_equal(dataset_open(&opt, &diags, &s), 0);
		assert_int_equal(diags.errors, json[i].errors);
		diag_list_fini(&diags);
		assert_int_equal(dataset_look(s, key, json[i].subdomain, &found),
				 json[i].context != NULL);
		if (json[i].context) {
			assert_int_equal(found.context.len, strlen(json[i].context));
			assert_memory_equal(found.context.data, json[i].context, found.context.len);
		}
		dataset_close(s);
		unlink(path);
	}
}

/* The least memcap that a file fits into; what Suricata 8.0.7 was seen to need of the same. */
static const struct {
	enum dataset_type type;
	const char *file;
	uint32_t hashsize;
	uint64_t memcap;
} rooms[] = {
	{ DATASET_STRING, "Y3VybC83LjAwMDAw\n", 1, 64 + 104000 + 2 * 12 },
	{ DATASET_STRING, "Y3VybC83LjAwMDAw\nY3VybC83LjAwMDAx\n", 1, 64 + 104000 + 12 + 2 * 12 },
	{ DATASET_STRING, "Y3VybC83LjAwMDAw\n", 1000, 64000 + 104000 + 2 * 12 },
	{ DATASET_STRING, "Y3VybC83LjAwMDAw\n", 0, 4096 * 64 + 104000 + 2 * 12 },
	{ DATASET_MD5, "00112233445566778899aabbccddeeff\n", 1, 64 + 104000 },
	{ DATASET_SHA256, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", 1,
	  64 + 120000 },
	{ DATASET_IPV4, "10.0.0.1\n", 1, 64 + 96000 },
	{ DATASET_IP, "fe80::1\n", 1, 64 + 104000 },
	{ DATASET_MD5, "", 1, 64 + 104000 },
};

static void what_does_not_fit_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		write_file(rooms[i].file);
		for (unsigned less = 0; less < 2; less++) {
			struct dataset_options opt = { .name = "set",
						       .type = rooms[i].type,
						       .load = path,
						       .memcap = rooms[i].memcap - less,
						       .hashsize = rooms[i].hashsize };
			struct dataset_set *s;
			struct diag_list diags;

			diag_list_init(&diags);
			assert_int_equal(dataset_open(&opt, &diags, &s), 0);
			assert_int_equal(diags.errors, less);
			if (less)
				assert_string_equal(diags.first->code, "E0213");
			diag_list_fini(&diags);
			dataset_close(s);
		}
		unlink(path);
	}
}

/* Values beyond those that are charged for whether there or not: the room itself decides, none is lost unsaid. */
static void none_of_many_is_lost_unsaid(void **state)
{
	enum { VALUES = 20000, NEEDS = 8 + VALUES * 32 };
	char *text = malloc(VALUES * 33 + 1), *to = text;

	(void)state;
	for (unsigned i = 0; i < VALUES; i++)
		to += sprintf(to, "%032x\n", i);
	write_file(text);
	free(text);
	dataset_close(open_set(DATASET_MD5, true, false, NEEDS, 0));
	dataset_close(open_set(DATASET_MD5, true, false, NEEDS - 1, 1));
	unlink(path);
}

static struct bytes word(const char *text)
{
	return bytes_of(text, strlen(text));
}

static void what_is_written_is_kept(void **state)
{
	struct dataset_set *s;

	(void)state;
	write_file("b2xk\n"); /* old */
	s = open_set(DATASET_STRING, true, true, 0, 0);
	assert_true(dataset_add(s, word("new")));
	assert_false(dataset_add(s, word("new")));
	assert_true(dataset_remove(s, word("old")));
	assert_false(dataset_remove(s, word("old")));
	assert_int_equal(dataset_save(s), 0);
	dataset_close(s);
	s = open_set(DATASET_STRING, true, false, 0, 0);
	assert_true(dataset_find(s, word("new"), NULL));
	assert_false(dataset_find(s, word("old"), NULL));
	dataset_close(s);
	unlink(path);
}

static void a_full_set_refuses(void **state)
{
	struct dataset_set *s = open_set(DATASET_STRING, false, false, 64, 1);

	(void)state;
	for (char i = 'a'; i < 'd'; i++)
		assert_true(dataset_add(s, bytes_of(&i, 1)));
	assert_false(dataset_add(s, word("z")));
	assert_int_equal(dataset_refused(s), 1);
	assert_true(dataset_remove(s, word("a")));
	assert_true(dataset_add(s, word("z")));
	dataset_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(what_cannot_be_read_is_told),
		cmocka_unit_test(json_says_more),
		cmocka_unit_test(what_is_written_is_kept),
		cmocka_unit_test(a_full_set_refuses),
		cmocka_unit_test(what_does_not_fit_is_told),
		cmocka_unit_test(none_of_many_is_lost_unsaid),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
