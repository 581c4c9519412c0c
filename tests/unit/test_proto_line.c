/* SPDX-License-Identifier: Apache-2.0 */
/* Lines, however the stream is cut. */
#include "engine/proto/line.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static const struct {
	const char *in;
	bool last;
	const char *out; /* W<line>| L<line>| for each line */
} rows[] = {
	{ "", false, "" },
	{ "a\r\n", false, "Wa|" },
	{ "a\nb\r\n\r\n", false, "Wa|Wb|W|" },
	{ "a\rb\n", false, "Wa\rb|" },
	{ "unfinis", false, "" },
	{ "unfinish", true, "Wunfinish|" },
	{ "unfini\r", true, "Wunfini|" },
	{ "12345678\r\n", false, "W12345678|" },
	{ "123456789\r\nx\n", false, "L12345678|Wx|" },
	{ "12345678\r", false, "" },
	{ "123456789", false, "L12345678|" },
	{ "1234567890", false, "L12345678|" },
	{ "123456789", true, "L12345678|" },
	{ "12345678901234567890123\nx\n", true, "L12345678|Wx|" },
	{ "\n\n", false, "W|W|" },
};

struct sink {
	char text[256];
	size_t len;
};

static void put(struct sink *s, char kind, struct bytes line)
{
	s->text[s->len++] = kind;
	if (line.len)
		memcpy(s->text + s->len, line.data, line.len);
	s->len += line.len;
	s->text[s->len++] = '|';
	s->text[s->len] = '\0';
}

/* Show in[*from..to) again and again until nothing more is taken. */
static void show(struct line_reader *r, const char *in, size_t *from, size_t to, bool last,
		 struct sink *s)
{
	for (;;) {
		struct bytes b = bytes_of(guard_copy(in + *from, to - *from), to - *from), line;
		size_t consumed;
		enum line_kind kind = line_next(r, b, last, &line, &consumed);

		assert_true(consumed <= b.len);
		*from += consumed;
		if (kind == LINE_MORE) {
			assert_int_equal(consumed, 0);
			return;
		}
		assert_true(consumed > 0);
		if (kind != LINE_SKIPPED)
			put(s, kind == LINE_WHOLE ? 'W' : 'L', line);
	}
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].in);

		for (size_t cut = 0; cut <= len; cut++) {
			struct line_reader r = { .limit = 8 };
			struct sink s = { .len = 0 };
			size_t from = 0;

			show(&r, rows[i].in, &from, cut, false, &s);
			show(&r, rows[i].in, &from, len, rows[i].last, &s);
			if (strcmp(s.text, rows[i].out) != 0)
				fail_msg("row %zu cut at %zu: %s, not %s", i, cut, s.text,
					 rows[i].out);
		}
		guard_free_all();
	}
}

/* An unfinished line is not searched again: what was looked at is remembered. */
static void test_linear(void **state)
{
	struct line_reader r = { .limit = 1000 };
	uint8_t in[900];
	struct bytes line;
	size_t consumed;

	(void)state;
	memset(in, 'a', sizeof(in));
	for (size_t n = 1; n <= sizeof(in); n++) {
		assert_int_equal(line_next(&r, bytes_of(in, n), false, &line, &consumed),
				 LINE_MORE);
		assert_int_equal(r.looked, n);
	}
	/* A LF among what was looked at would not be found: it is not looked at again. */
	in[0] = '\n';
	assert_int_equal(line_next(&r, bytes_of(in, sizeof(in)), false, &line, &consumed),
			 LINE_MORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
