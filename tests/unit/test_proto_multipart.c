/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "engine/proto/multipart.h"
#include "tests/unit/guard.h"

#define TYPE "multipart/form-data; boundary=\"XX\""

/* [ part, h(name|value) header, ] end of head, d(data), end; ~ truncated, !oddity, $ last boundary. */
static const struct {
	const char *input;
	const char *expect;
} rows[] = {
	{ "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nabc\r\n--XX--\r\n",
	  "[h(Content-Disposition|form-data; name=\"a\")]d(abc).$" },
	{ "--XX\nA: b\n\nabc\n--XX\nC: d\n\nxyz\n--XX--", "[h(A|b)]d(abc).[h(C|d)]d(xyz).$" },
	{ "preamble\r\n--X\r\n--XX\r\n\r\n\r\n--XX--epilogue\r\n--XX\r\n", "[]."
									   "$" },
	{ "--XX\r\nA: b\r\n\r\na\r\nb\r\n--X\r\n--XY\r\n\r--XX\r\n--XX--",
	  "[h(A|b)]d(a\r\nb\r\n--X\r\n--XY\r\n\r--XX).$" },
	{ "--XX  \r\n\r\n\r\nabc\r\n--XX\r\n\r\n\n--XX--", "[]d(\r\nabc).[].$" },
	{ "--XX\r\nfoo\r\nbar\r\n\r\nabc\r\n--XX--", "[!multipart_invalid_header]d(abc).$" },
	{ "--XX\r\nA: b\r\n--XX\r\n\r\nabc\r\n--XX--", "[h(A|b).[]d(abc).$" },
	{ "--XX\r\nA: b\r\n\r\nabc\r\n--X", "[h(A|b)]d(abc\r\n--X).~" },
	{ "--XX\r\nA: b\r\n\r\nabc\r", "[h(A|b)]d(abc\r).~" },
	{ "--XX\r\nA: b", "[.~" },
	{ "--XX", "" },
	{ "nothing here", "" },
	{ "--XX\r\n\r\nabc\r\n--XX\r", "[]d(abc)." },
	{ "", "" },
};

struct text {
	char data[4096];
	size_t len;
	bool data_open;
};

static void put(struct text *t, const void *b, size_t len)
{
	if (len)
		memcpy(t->data + t->len, b, len);
	t->len += len;
	t->data[t->len] = 0;
}

static void say(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

static void event_text(struct text *t, const struct multipart_event *ev)
{
	if (ev->kind == MULTIPART_DATA) {
		if (t->data_open)
			t->len--;
		else
			say(t, "d(");
		put(t, ev->data.data, ev->data.len);
		say(t, ")");
		t->data_open = true;
		return;
	}
	t->data_open = false;
	switch (ev->kind) {
	case MULTIPART_BEGIN:
		say(t, "[");
		break;
	case MULTIPART_HEADER:
		say(t, "h(");
		put(t, ev->name.data, ev->name.len);
		say(t, "|");
		put(t, ev->value.data, ev->value.len);
		say(t, ")");
		break;
	case MULTIPART_HEAD_END:
		say(t, "]");
		break;
	case MULTIPART_PART_END:
		say(t, ev->truncated ? ".~" : ".");
		break;
	case MULTIPART_END:
		say(t, "$");
		break;
	default:
		say(t, "!");
		say(t, app_event_name(ev->odd));
		break;
	}
}

static void drain(struct multipart *m, struct bytes *in, struct text *t)
{
	struct multipart_event ev;

	while (multipart_next(m, in, &ev) == FEED_EVENT)
		event_text(t, &ev);
}

static void feed(const char *input, const size_t *cuts, size_t count, struct text *t)
{
	struct multipart m;
	enum app_event odd;
	size_t len = strlen(input);
	size_t done = 0;

	*t = (struct text){ 0 };
	assert_true(multipart_init(&m, bytes_of(TYPE, strlen(TYPE)), &odd));
	for (size_t i = 0; i <= count; i++) {
		size_t end = i < count ? cuts[i] : len;
		struct bytes in = bytes_of(guard_copy(input + done, end - done), end - done);

		drain(&m, &in, t);
		done = end - in.len;
		guard_free_all();
	}
	multipart_close(&m);
	{
		struct bytes in = bytes_of(guard_copy(input + done, len - done), len - done);

		drain(&m, &in, t);
	}
	guard_free_all();
}

static void test_rows(void **state)
{
	static struct text t;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = strlen(rows[i].input);

		feed(rows[i].input, NULL, 0, &t);
		assert_string_equal(t.data, rows[i].expect);
		for (size_t a = 1; a < len; a++) {
			feed(rows[i].input, &a, 1, &t);
			assert_string_equal(t.data, rows[i].expect);
			for (size_t b = a + 1; b < len; b++) {
				size_t cuts[] = { a, b };

				feed(rows[i].input, cuts, 2, &t);
				assert_string_equal(t.data, rows[i].expect);
			}
		}
	}
}

static void test_byte_by_byte(void **state)
{
	static struct text t;
	size_t cuts[256];

	(void)state;
	for (size_t i = 0; i < 256; i++)
		cuts[i] = i + 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = strlen(rows[i].input);

		feed(rows[i].input, cuts, len ? len - 1 : 0, &t);
		assert_string_equal(t.data, rows[i].expect);
	}
}

static void test_parameters(void **state)
{
	static const struct {
		const char *value;
		const char *name;
		const char *expect;
	} table[] = {
		{ "form-data; name=\"a\"; filename=\"b.txt\"", "filename", "b.txt" },
		{ "form-data; name=\"a;filename=x\"; filename=b.txt", "filename", "b.txt" },
		{ "attachment; FileName = b.txt ; x", "filename", "b.txt" },
		{ "attachment; filename=\"a\\\"b\"", "filename", "a\\\"b" },
		{ "attachment; filename=\"open", "filename", "open" },
		{ "attachment; filenamex=1", "filename", "" },
		{ "attachment", "filename", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		size_t len = strlen(table[i].value);
		struct bytes got =
			multipart_parameter(bytes_of(guard_copy(table[i].value, len), len),
					    table[i].name);

		assert_int_equal(got.len, strlen(table[i].expect));
		if (got.len)
			assert_memory_equal(got.data, table[i].expect, got.len);
		guard_free_all();
	}
}

static void test_init(void **state)
{
	struct multipart m;
	enum app_event odd;

	(void)state;
	assert_true(multipart_init(&m, bytes_of("Multipart/Form-Data; boundary=a", 31), &odd));
	assert_false(multipart_init(&m, bytes_of("text/plain; boundary=a", 22), &odd));
	assert_int_equal(odd, APP_EVENT__COUNT);
	assert_false(multipart_init(&m, bytes_of("multipart/form-data", 19), &odd));
	assert_int_equal(odd, APP_EVENT_HTTP_MULTIPART_GENERIC_ERROR);
}

/* Lines that look like the boundary's begin, for long; and a header without end. */
static void test_linear(void **state)
{
	size_t len = 4u << 20;
	uint8_t *data = malloc(len);
	struct multipart m;
	enum app_event odd;
	struct multipart_event ev;
	size_t from = 0;

	(void)state;
	assert_non_null(data);
	for (int form = 0; form < 2; form++) {
		assert_true(multipart_init(&m, bytes_of(TYPE, strlen(TYPE)), &odd));
		for (size_t i = 0; i < len; i++)
			data[i] = form ? 'a' : (uint8_t) "\r\n--X"[i % 5];
		memcpy(data, form ? "--XX\r\nA:b" : "--XX\r\n\r\nb", 9);
		from = 0;
		for (size_t end = 1; end <= len; end++) {
			struct bytes in = bytes_of(data + from, end - from);

			while (multipart_next(&m, &in, &ev) == FEED_EVENT)
				;
			from = (size_t)(in.data - data);
			assert_true(end - from <= MULTIPART_LINE_MAX);
		}
		/* What may be the boundary (4 bytes) is compared with it again when more has come. */
		assert_true(m.looked_at <= (2 + m.boundary_len) * len);
	}
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	   cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_parameters), cmocka_unit_test(test_init),
		cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
