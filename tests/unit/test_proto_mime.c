/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: every row cut at every byte gives the same events. */
#include "engine/proto/mime.h"
#include "engine/proto/mime_url.h"
#include "engine/proto/smtp.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define MULTI "Content-Type: multipart/mixed; boundary=\"b 1\"\r\n\r\n"

/* H header, h nested one, E end of headers, P part (flags: a attachment, t text, m HTML), D data, . its end */
static const struct {
	const char *in, *out;
} rows[] = {
	{ "", "E" },
	{ "Subject: hello\r\n\r\n", "H[Subject|hello]E" },
	{ "Subject: one\r\n  two\r\n\tthree\r\nTo:\r\n a@b\r\n\r\n",
	  "H[Subject|one two three]H[To|a@b]E" },
	{ "Subject: no body", "H[Subject|no body]E" },
	{ "no colon\r\nA: b\n\n", "!8H[A|b]E" },
	{ "A: b\r\n\r\nline 1\r\nline 2\r\n", "H[A|b]EP[t|]D[line 1\r\nline 2\r\n]." },
	{ "A: b\n\nno end", "H[A|b]EP[t|]D[no end]." },
	{ "Content-Type: x/y; name=f\r\n\r\n1\r\n2\r\n",
	  "H[Content-Type|x/y; name=f]EP[|f]D[1\r\n2]." },
	/* Lines that look like ends of parts, where there are none. */
	{ "A: b\n\n--x\n--\n", "H[A|b]EP[t|]D[--x\n--\n]." },
	/* Parts; the line end before a boundary is the boundary's; preamble and epilogue are nothing. */
	{ MULTI
	  "preamble\r\n--b 1\r\nContent-Type: text/html\r\n\r\n<p>\r\n\r\n--b 1\r\n\r\nplain\r\n--b 1--\r\n"
	  "epilogue\r\n",
	  "H[Content-Type|multipart/mixed; boundary=\"b 1\"]Eh[Content-Type|text/html]P[tm|]D[<p>\r\n]."
	  "P[t|]D[plain]." },
	/* A boundary with more behind it is another; blanks behind it are not. */
	{ MULTI "--b 12\r\n--b 1 \r\n\r\nx\r\n--b 1--",
	  "H[Content-Type|multipart/mixed; boundary=\"b 1\"]EP[t|]D[x]." },
	/* A part without a body, and one without a boundary at its end. */
	{ MULTI "--b 1\r\nA: b\r\n--b 1\r\n\r\ny\r\n",
	  "H[Content-Type|multipart/mixed; boundary=\"b 1\"]Eh[A|b]P[t|]D[y\r\n]." },
	/* Levels. */
	{ MULTI
	  "--b 1\nContent-Type: multipart/alternative; boundary=in\n\n--in\n\n1\n--in\n\n2\n--in--\nno\n"
	  "--b 1\n\n3\n--b 1--\n",
	  "H[Content-Type|multipart/mixed; boundary=\"b 1\"]E"
	  "h[Content-Type|multipart/alternative; boundary=in]P[t|]D[1].P[t|]D[2].P[t|]D[3]." },
	/* An outer boundary ends what is inside. */
	{ MULTI "--b 1\nContent-Type: multipart/x; boundary=in\n\n--in\n\n1\n--b 1\n\n3\n--b 1--\n",
	  "H[Content-Type|multipart/mixed; boundary=\"b 1\"]E"
	  "h[Content-Type|multipart/x; boundary=in]P[t|]D[1].P[t|]D[3]." },
	/* A message in a message. */
	{ MULTI "--b 1\nContent-Type: message/rfc822\n\nSubject: in\n\nbody\n--b 1--\n",
	  "H[Content-Type|multipart/mixed; boundary=\"b 1\"]E"
	  "h[Content-Type|message/rfc822]h[Subject|in]P[t|]D[body]." },
	/* Files. */
	{ MULTI
	  "--b 1\nContent-Type: application/zip; name=\"a.zip\"\n"
	  "Content-Disposition: attachment; filename=\"b;c.zip\"\nContent-Transfer-Encoding: base64\n\n"
	  "aGVs\nbG8=\n--b 1--\n",
	  "H[Content-Type|multipart/mixed; boundary=\"b 1\"]E"
	  "h[Content-Type|application/zip; name=\"a.zip\"]"
	  "h[Content-Disposition|attachment; filename=\"b;c.zip\"]h[Content-Transfer-Encoding|base64]"
	  "P[a|b;c.zip]D[hello]." },
	{ "Content-Disposition: attachment; filename*0=\"ab\"; filename*1*=cd; filename*2=e\n\nx",
	  "H[Content-Disposition|attachment; filename*0=\"ab\"; filename*1*=cd; filename*2=e]EP[a|abcde]D[x]." },
	{ "Content-Type: x/y; name=n\nContent-Transfer-Encoding: base64\n\naGVsbG8",
	  "H[Content-Type|x/y; name=n]H[Content-Transfer-Encoding|base64]EP[|n]D[hello]." },
	{ MULTI "--b 1\nContent-Transfer-Encoding: base64\n\naGVs\nb c ;* #$%^@%)(*-\n--b 1--\n",
	  "H[Content-Type|multipart/mixed; boundary=\"b 1\"]E"
	  "h[Content-Transfer-Encoding|base64]P[t|]D[helm]." },
	{ "Content-Transfer-Encoding: base64\n\naG!V\nsbG8=x\n",
	  "H[Content-Transfer-Encoding|base64]EP[t|]D[hello!6]." },
	{ "Content-Transfer-Encoding: quoted-printable\n\na=3Db=\nc  \nd=ZZ\n",
	  "H[Content-Transfer-Encoding|quoted-printable]EP[t|]D[a=bc\nd=ZZ!7\n]." },
	/* uuencode */
	{ "A: b\n\ntext\nbegin 644 f.txt\n%:&5L;&\\\n`\nend\nafter\n",
	  "H[A|b]EP[t|]D[text\n].P[|f.txt]D[hello].P[t|]D[after\n]." },
	{ "A: b\n\nbegin of it\n", "H[A|b]EP[t|]D[begin of it\n]." },
};

struct sink {
	char text[16384];
	size_t len;
	bool in_data;
};

static void say(struct sink *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	s->len += (size_t)vsnprintf(s->text + s->len, sizeof(s->text) - s->len, format, args);
	va_end(args);
}

#define TEXT(b) (int)(b).len, (const char *)(b).data

static void put(struct sink *s, const struct mime_event *e)
{
	if (s->in_data && e->kind != MIME_DATA && e->kind != MIME_ODDITY && e->kind != MIME_MORE) {
		say(s, "]");
		s->in_data = false;
	}
	switch (e->kind) {
	case MIME_HEADER:
		say(s, "%c[%.*s|%.*s]", e->nested ? 'h' : 'H', TEXT(e->name), TEXT(e->value));
		break;
	case MIME_HEADERS_END:
		say(s, "E");
		break;
	case MIME_PART:
		say(s, "P[%s%s%s|%.*s]", e->is_attachment ? "a" : "", e->is_text ? "t" : "",
		    e->is_html ? "m" : "", TEXT(e->filename));
		break;
	case MIME_DATA:
		say(s, s->in_data ? "%.*s" : "D[%.*s", TEXT(e->piece));
		s->in_data = true;
		break;
	case MIME_PART_END:
		say(s, ".");
		break;
	case MIME_ODDITY:
		say(s, "!%d", e->odd);
		break;
	case MIME_MORE:
		break;
	}
}

static void show(struct mime *m, const char *in, size_t *from, size_t to, bool last, struct sink *s)
{
	for (;;) {
		struct bytes b = bytes_of(guard_copy(in + *from, to - *from), to - *from);
		struct mime_event e;
		size_t consumed;

		mime_next(m, b, last ? MIME_LAST : MIME_GOES_ON, &e, &consumed);
		assert_true(consumed <= b.len);
		*from += consumed;
		if (e.kind == MIME_MORE)
			return;
		put(s, &e);
	}
}

static void test_rows(void **state)
{
	static struct mime m;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].in);

		for (size_t cut = 0; cut <= len; cut++) {
			struct sink s = { .len = 0 };
			size_t from = 0;

			mime_init(&m, &(struct mime_options){ 0 });
			show(&m, rows[i].in, &from, cut, false, &s);
			show(&m, rows[i].in, &from, len, true, &s);
			assert_int_equal(from, len);
			if (strcmp(s.text, rows[i].out) != 0)
				fail_msg("row %zu cut at %zu:\n%s, not\n%s", i, cut, s.text,
					 rows[i].out);
			guard_free_all();
		}
	}
}

/* A line may be cut for good, where the bytes before it are not there any more. */
static void test_given_away(void **state)
{
	static const char in[] = "Subject: hello\r\n\r\nline 1\r\nline 2\r\n";
	static struct mime m;
	struct mime_event e;
	size_t consumed;

	(void)state;
	for (size_t cut = 9; cut < sizeof(in) - 1; cut++) {
		struct sink s = { .len = 0 };

		/* Half of a line's end is taken for a byte of the line. */
		if (in[cut] == '\n')
			continue;
		mime_init(&m, &(struct mime_options){ 0 });
		for (unsigned half = 0; half < 2; half++) {
			size_t from = half ? cut : 0, to = half ? sizeof(in) - 1 : cut;

			do {
				mime_next(&m, bytes_of(guard_copy(in + from, to - from), to - from),
					  half ? MIME_LAST : MIME_CUT, &e, &consumed);
				from += consumed;
				put(&s, &e);
			} while (e.kind != MIME_MORE);
			assert_int_equal(from, to);
		}
		assert_string_equal(s.text, "H[Subject|hello]EP[t|]D[line 1\r\nline 2\r\n].");
		guard_free_all();
	}
}

/* Limits are told once each, and what follows is read all the same. */
static void test_long(void **state)
{
	static struct mime m;
	static char in[12000], text[] = "Subject: ok\n\n";
	struct sink s = { .len = 0 };
	size_t at = 0, from = 0;
	const char *end;

	(void)state;
	memset(in, 'n', 300);
	at = 300;
	memcpy(in + at, ": v\nX: ", 7);
	at += 7;
	memset(in + at, 'v', 3000);
	at += 3000;
	in[at++] = '\n';
	memcpy(in + at, text, sizeof(text) - 1);
	at += sizeof(text) - 1;
	memset(in + at, 'b', 5000);
	at += 5000;
	memcpy(in + at, "\nend\n", 5);
	at += 5;
	mime_init(&m, &(struct mime_options){ .value_max = 10 });
	for (size_t n = 0; n < at; n += 7)
		show(&m, in, &from, n, false, &s);
	show(&m, in, &from, at, true, &s);
	assert_memory_equal(s.text, "!2H[nnn", 7);
	assert_non_null(strstr(s.text, "nnn|v]!0!3H[X"));
	end = strstr(s.text, "H[X|vvvvvvvvvv]H[Subject|ok]EP[t|]D[bbb");
	assert_non_null(end);
	/* The body's line is told of once more, and only once. */
	end = strstr(end, "!0");
	assert_non_null(end);
	assert_null(strstr(end + 1, "!"));
}

static void test_depth(void **state)
{
	static struct mime m;
	static char in[8000];
	struct sink s = { .len = 0 };
	size_t at = 0, from = 0;

	(void)state;
	/* Each level begins with the boundary of the one around it. */
	at = (size_t)snprintf(in, sizeof(in), "Content-Type: multipart/x; boundary=b00\n\n");
	for (unsigned i = 1; i < 20; i++)
		at += (size_t)snprintf(in + at, sizeof(in) - at,
				       "--b%02u\nContent-Type: multipart/x; boundary=b%02u\n\n",
				       i - 1, i);
	mime_init(&m, &(struct mime_options){ 0 });
	show(&m, in, &from, at, true, &s);
	assert_non_null(strstr(s.text, "!9"));
	assert_int_equal(m.level, MIME_LEVELS_MAX);
}

static void assert_text(struct bytes b, const char *text)
{
	assert_int_equal(b.len, strlen(text));
	if (b.len)
		assert_memory_equal(b.data, text, b.len);
}

static struct bytes guarded(const char *text)
{
	return bytes_of(guard_copy(text, strlen(text)), strlen(text));
}

static void test_parameters(void **state)
{
	static const struct {
		const char *value, *name, *out; /* NULL: not there */
	} params[] = {
		{ "text/plain; charset=utf-8", "charset", "utf-8" },
		{ "a; name=\"x; y\" ; z=1", "name", "x; y" },
		{ "a; name=\"x\\\"; y\"; z=1", "z", "1" },
		{ "a; NAME = n", "name", "n" },
		{ "a; filename=x", "name", NULL },
		{ "a; name*=utf-8''x%20y", "name", "x%20y" },
		{ "a; name*0=first; name*1=second", "name", "first" },
		{ "name=x", "name", NULL },
		{ "a; name=\"open", "name", "open" },
		{ "a;", "name", NULL },
		{ "", "name", NULL },
	};
	struct bytes out;

	(void)state;
	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		bool found = mime_parameter(guarded(params[i].value), params[i].name, &out);

		assert_int_equal(found, params[i].out != NULL);
		if (found)
			assert_text(out, params[i].out);
	}
	guard_free_all();
}

static void test_urls(void **state)
{
	static const char *const schemes[] = { "http", "https", "mailto", NULL };
	static const struct {
		const char *text, *out;
	} urls[] = {
		{ "see http://a.example/x?y=1 now", "7:http://a.example/x?y=1;" },
		{ "<a href=\"HTTPS://b/\">http://c</a>", "8:HTTPS://b/;7:http://c;" },
		{ "xhttp://d", "7:http://d;" },
		{ "mailto:e@f\r\nhttp:/g http:// h", "7:mailto:e@f;" },
		{ "http://i\thttp://j", "7:http://i;7:http://j;" },
		{ "ftp://k a long text without any of them, and more of it, http", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		size_t len = strlen(urls[i].text);

		for (size_t cut = 0; cut <= len; cut++) {
			struct sink s = { .len = 0 };
			struct mime_url u;
			struct bytes one;
			unsigned scheme;

			mime_url_init(&u, schemes);
			for (unsigned half = 0; half < 2; half++) {
				size_t from = half ? cut : 0, to = half ? len : cut;
				struct bytes in =
					bytes_of(guard_copy(urls[i].text + from, to - from),
						 to - from);

				while (mime_url_next(&u, &in, &one, &scheme))
					say(&s, "%u:%.*s;", scheme, TEXT(one));
				assert_int_equal(in.len, 0);
			}
			if (mime_url_last(&u, &one, &scheme))
				say(&s, "%u:%.*s;", scheme, TEXT(one));
			assert_string_equal(s.text, urls[i].out);
			guard_free_all();
		}
	}
}

static void test_smtp_lines(void **state)
{
	struct smtp_command c;
	struct smtp_reply r;
	struct bytes path;
	uint32_t size;
	bool is_last;

	(void)state;
	assert_true(smtp_command_read(guarded("mail FROM:<a@b> SIZE=1 "), &c));
	assert_int_equal(c.verb, SMTP_MAIL);
	assert_true(smtp_path_read(c.argument, "FROM", &path));
	assert_text(path, "<a@b>");
	assert_true(smtp_path_read(guarded("from : a@b x"), "FROM", &path));
	assert_text(path, "a@b");
	assert_true(smtp_path_read(guarded("TO:<\"a b\"@c>"), "TO", &path));
	assert_text(path, "<\"a b\"@c>");
	assert_false(smtp_path_read(guarded("TO <a>"), "TO", &path));
	assert_false(smtp_path_read(guarded("FROM:"), "FROM", &path));
	assert_true(smtp_command_read(guarded("STARTTLS"), &c));
	assert_int_equal(c.verb, SMTP_STARTTLS);
	assert_true(smtp_command_read(guarded("DATAX"), &c));
	assert_int_equal(c.verb, SMTP_OTHER);
	assert_false(smtp_command_read(guarded(" "), &c));
	assert_true(smtp_bdat_read(guarded("86 LAST"), &size, &is_last));
	assert_int_equal(size, 86);
	assert_true(is_last);
	assert_true(smtp_bdat_read(guarded("0"), &size, &is_last));
	assert_false(is_last);
	assert_false(smtp_bdat_read(guarded("4294967296"), &size, &is_last));
	assert_false(smtp_bdat_read(guarded("1x"), &size, &is_last));
	assert_false(smtp_bdat_read(guarded("1 FIRST"), &size, &is_last));
	assert_false(smtp_bdat_read(guarded(""), &size, &is_last));
	smtp_reply_read(guarded("250-PIPELINING"), &r);
	assert_int_equal(r.code, 250);
	assert_true(r.more);
	assert_text(r.text, "PIPELINING");
	smtp_reply_read(guarded("354"), &r);
	assert_int_equal(r.code, 354);
	assert_false(r.more);
	smtp_reply_read(guarded("25x"), &r);
	assert_int_equal(r.code, 0);
	guard_free_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	   cmocka_unit_test(test_long),
		cmocka_unit_test(test_given_away), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_parameters), cmocka_unit_test(test_smtp_lines),
		cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
