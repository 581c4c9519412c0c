/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "engine/base/ascii.h"
#include "engine/proto/http1.h"
#include "engine/proto/http1_line.h"
#include "tests/unit/guard.h"
#include "tests/unit/http1_rows.h"

#define TEXT_MAX 65536

#define OK "HTTP/1.1 200 OK\r\n"
#define GET "GET / HTTP/1.1\r\n"
#define CL2 "Content-Length: 2\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"

static const struct http1_options options = { .line_max = HTTP1_LINE_MAX,
					      .headers_max = HTTP1_HEADERS_MAX };

/* --- events as text ----------------------------------------------------------------- */

struct text {
	char data[TEXT_MAX];
	size_t len;
	char run; /* pieces of one kind are joined */
};

static void put(struct text *t, const void *data, size_t len)
{
	const uint8_t *b = data;

	for (size_t i = 0; i < len && t->len < TEXT_MAX - 8; i++) {
		if (b[i] == '\r')
			t->len += (size_t)sprintf(t->data + t->len, "\\r");
		else if (b[i] == '\n')
			t->len += (size_t)sprintf(t->data + t->len, "\\n");
		else if (b[i] < 32 || b[i] > 126)
			t->len += (size_t)sprintf(t->data + t->len, "<%02x>", b[i]);
		else
			t->data[t->len++] = (char)b[i];
	}
	t->data[t->len] = 0;
}

static void say(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

static void piece(struct text *t, char kind, struct bytes b)
{
	if (t->run != kind) {
		char open[3] = { ' ', kind, 0 };

		say(t, open);
		say(t, "(");
	} else {
		t->len--;
	}
	put(t, b.data, b.len);
	say(t, ")");
	t->run = kind;
}

static void fields(struct text *t, const char *kind, struct bytes a, struct bytes b,
		   const struct bytes *c)
{
	say(t, kind);
	put(t, a.data, a.len);
	say(t, "|");
	put(t, b.data, b.len);
	if (c) {
		say(t, "|");
		put(t, c->data, c->len);
	}
	say(t, ")");
}

static void event_text(struct text *t, const struct http1_event *ev)
{
	char number[32];

	if (ev->kind == HTTP1_BODY || ev->kind == HTTP1_EXTRA || ev->kind == HTTP1_TUNNEL ||
	    ev->kind == HTTP1_JUNK) {
		piece(t,
		      ev->kind == HTTP1_BODY	? 'B'
		      : ev->kind == HTTP1_EXTRA ? 'X'
		      : ev->kind == HTTP1_JUNK	? 'J'
						: 'T',
		      ev->raw);
	} else {
		t->run = 0;
		switch (ev->kind) {
		case HTTP1_REQUEST_LINE:
			fields(t, " Q(", ev->method, ev->uri, &ev->protocol);
			break;
		case HTTP1_STATUS_LINE:
			fields(t, " S(", ev->protocol, ev->status, &ev->reason);
			break;
		case HTTP1_HEADER:
			if (ev->hash != (ev->name.data ? http1_name_hash(ev->name) : 0))
				say(t, " hash");
			fields(t, ev->trailer ? " t(" : " h(", ev->name, ev->value, NULL);
			break;
		case HTTP1_HEAD_END:
			say(t, ev->trailer ? " te(" : " e(");
			put(t, ev->raw.data, ev->raw.len);
			say(t, ")");
			break;
		case HTTP1_HEADLESS:
			say(t, " headless");
			break;
		case HTTP1_GAP:
			snprintf(number, sizeof(number), " gap%llu", (unsigned long long)ev->gap);
			say(t, number);
			break;
		case HTTP1_END:
			say(t, ev->interim ? " interim" : ev->spoiled ? " spoiled" : " end");
			break;
		default:
			break;
		}
		if (ev->truncated)
			say(t, "~");
	}
	for (uint8_t i = 0; i < ev->odd_count; i++) {
		say(t, " !");
		say(t, app_event_name(ev->odds[i]));
		t->run = 0;
	}
}

/* --- feeding ------------------------------------------------------------------------ */

static void begin(struct http1 *p, char side)
{
	http1_init(p, side == 'Q' ? HTTP1_REQUEST : HTTP1_RESPONSE, &options);
	if (side != 'Q')
		http1_answers(p, side == 'H', side == 'C', side == '9');
}

static bool drain(struct http1 *p, struct bytes *in, struct text *t)
{
	struct http1_event ev;
	enum feed f;

	do {
		/* Of an event before, or of nobody: what is told must not hang on it. */
		memset(&ev, 0x5a, sizeof(ev));
		f = http1_next(p, in, &ev);
		if (f == FEED_EVENT)
			event_text(t, &ev);
	} while (f == FEED_EVENT);
	if (f == FEED_BAD)
		say(t, " bad");
	return f != FEED_BAD;
}

/* The input in pieces that end at the cuts; then the stream's end. */
static void feed_row(const struct row *r, const size_t *cuts, size_t cut_count, struct text *t,
		     uint64_t *looked_at)
{
	struct http1 p;
	size_t len = strlen(r->input);
	size_t done = 0;

	t->len = 0;
	t->run = 0;
	t->data[0] = 0;
	begin(&p, r->side);
	for (size_t i = 0; i <= cut_count; i++) {
		size_t end = i < cut_count ? cuts[i] : len;
		struct bytes in = bytes_of(guard_copy(r->input + done, end - done), end - done);

		if (!drain(&p, &in, t))
			break;
		done = end - in.len;
		guard_free_all();
		if (i == cut_count) {
			in = bytes_of(guard_copy(r->input + done, len - done), len - done);
			http1_close(&p);
			(void)drain(&p, &in, t);
		}
	}
	guard_free_all();
	if (looked_at)
		*looked_at = p.looked_at;
}

static void test_rows(void **state)
{
	static struct text t;
	bool dump = getenv("HTTP1_DUMP") != NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		feed_row(&rows[i], NULL, 0, &t, NULL);
		if (dump)
			fprintf(stderr, "%zu\t%s\n", i, t.data);
		else
			assert_string_equal(t.data, rows[i].expect);
	}
}

static void test_cut_anywhere(void **state)
{
	static struct text t;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t cut = 1; cut < strlen(rows[i].input); cut++) {
			feed_row(&rows[i], &cut, 1, &t, NULL);
			assert_string_equal(t.data, rows[i].expect);
		}
}

static int by_length(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a;
	const struct row *y = *(const struct row *const *)b;
	size_t n = strlen(x->input);
	size_t m = strlen(y->input);

	return n < m ? -1 : n > m;
}

static void test_cut_twice(void **state)
{
	static struct text t;
	const struct row *sorted[sizeof(rows) / sizeof(*rows)];
	size_t n = sizeof(rows) / sizeof(*rows);

	(void)state;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &rows[i];
	qsort(sorted, n, sizeof(*sorted), by_length);
	for (size_t i = 0; i < n && i < 100; i++)
		for (size_t a = 1; a < strlen(sorted[i]->input); a++)
			for (size_t b = a + 1; b < strlen(sorted[i]->input); b++) {
				size_t cuts[] = { a, b };

				feed_row(sorted[i], cuts, 2, &t, NULL);
				assert_string_equal(t.data, sorted[i]->expect);
			}
}

/* A header with any one byte in it says the same when it comes whole and when it comes in two pieces. */
static void whole_and_cut_are_one(char side, const char *line)
{
	static const char header[] = "User-Agent: an agent of some length\r\nB: c\r\n\r\n";
	static struct text whole, pieces;
	size_t begin = strlen(line), cut = begin + 1;
	char input[128];
	struct row r = { side, input, NULL };

	for (size_t at = begin; at < begin + strlen(header); at++) {
		for (unsigned c = 1; c < 256; c++) {
			snprintf(input, sizeof(input), "%s%s", line, header);
			input[at] = (char)c;
			feed_row(&r, NULL, 0, &whole, NULL);
			feed_row(&r, &cut, 1, &pieces, NULL);
			assert_string_equal(whole.data, pieces.data);
		}
	}
}

static void test_any_byte_in_a_header(void **state)
{
	(void)state;
	whole_and_cut_are_one('Q', GET);
	whole_and_cut_are_one('S', OK);
}

/* Byte by byte: the same events, and no byte is looked at more than twice. */
static void test_byte_by_byte(void **state)
{
	static struct text t;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = strlen(rows[i].input);
		size_t *cuts = calloc(len + 1, sizeof(*cuts));
		uint64_t looked_at = 0;

		assert_non_null(cuts);
		for (size_t k = 0; k + 1 < len; k++)
			cuts[k] = k + 1;
		feed_row(&rows[i], cuts, len ? len - 1 : 0, &t, &looked_at);
		assert_string_equal(t.data, rows[i].expect);
		assert_true(looked_at <= 2 * len + 16);
		free(cuts);
	}
}

/* --- losses ------------------------------------------------------------------------- */

static const struct {
	char side;
	const char *before;
	uint64_t lost;
	const char *after;
	const char *expect;
} gaps[] = {
	{ 'Q', GET "Host: a\r\nX: ", 20, "\r\nY: z\r\n\r\n",
	  " Q(GET|/|HTTP/1.1) h(Host|a) h(X|)~ !invalid_gap h(Y|z) e(\\r\\n) end" },
	{ 'Q', GET "Host: a\r\n", 20, "t\r\nY: z\r\n\r\n",
	  " Q(GET|/|HTTP/1.1) h(Host|a) !invalid_gap h(Y|z) e(\\r\\n) end" },
	{ 'S', OK "Content-Length: 6\r\n\r\nab", 2, "ef" OK CL2 "\r\nok",
	  " S(HTTP/1.1|200|OK) h(Content-Length|6) e(\\r\\n) B(ab) gap2 B(ef) end"
	  " S(HTTP/1.1|200|OK) h(Content-Length|2) e(\\r\\n) B(ok) end" },
	{ 'S', OK "Content-Length: 6\r\n\r\nab", 100, "junk\r\n" OK CL2 "\r\nok",
	  " S(HTTP/1.1|200|OK) h(Content-Length|6) e(\\r\\n) B(ab) gap4 end J(junk\\r\\n)"
	  " S(HTTP/1.1|200|OK) h(Content-Length|2) e(\\r\\n) B(ok) end" },
	{ 'S', OK CHUNKED "\r\n6\r\nab", 2, "ef\r\n0\r\n\r\n",
	  " S(HTTP/1.1|200|OK) h(Transfer-Encoding|chunked) e(\\r\\n) B(ab) gap2 B(ef) te(\\r\\n) end" },
	{ 'S', OK CHUNKED "\r\n6\r\nab", 9, "ef\r\n0\r\n\r\n" OK CL2 "\r\nok",
	  " S(HTTP/1.1|200|OK) h(Transfer-Encoding|chunked) e(\\r\\n) B(ab) gap4 spoiled~ J(ef\\r\\n0\\r\\n\\r\\n)"
	  " S(HTTP/1.1|200|OK) h(Content-Length|2) e(\\r\\n) B(ok) end" },
	{ 'S', OK "\r\nab", 9, "cd", " S(HTTP/1.1|200|OK) e(\\r\\n) B(ab) gap9 B(cd) end" },
	{ 'Q', GET "\r\n", 50, "x: y\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
	  " Q(GET|/|HTTP/1.1) e(\\r\\n) end J(x: y\\r\\n\\r\\n) Q(GET|/b|HTTP/1.1) e(\\r\\n) end" },
	{ 'Q', GET "\r\nGET /a", 50, "x: y\r\nGET /b HTTP/1.1\r\n\r\n",
	  " Q(GET|/|HTTP/1.1) e(\\r\\n) end J(x: y\\r\\n) Q(GET|/b|HTTP/1.1) e(\\r\\n) end" },
};

static void test_gaps(void **state)
{
	static struct text t;

	(void)state;
	for (size_t i = 0; i < sizeof(gaps) / sizeof(*gaps); i++) {
		struct bytes in = bytes_of(gaps[i].before, strlen(gaps[i].before));
		struct http1 p;

		t.len = 0;
		t.run = 0;
		begin(&p, gaps[i].side);
		assert_true(drain(&p, &in, &t));
		http1_gap(&p, gaps[i].lost);
		assert_true(drain(&p, &in, &t));
		assert_int_equal(in.len, 0);
		assert_int_equal(p.gap, 0);
		in = bytes_of(gaps[i].after, strlen(gaps[i].after));
		assert_true(drain(&p, &in, &t));
		http1_close(&p);
		assert_true(drain(&p, &in, &t));
		assert_string_equal(t.data, gaps[i].expect);
	}
}

/* --- limits ------------------------------------------------------------------------- */

struct tally {
	size_t headers;
	size_t requests;
	size_t odds[APP_EVENT__COUNT];
	size_t longest;
	size_t bodies;
};

static void count(const struct http1_event *ev, struct tally *n)
{
	n->headers += ev->kind == HTTP1_HEADER;
	n->requests += ev->kind == HTTP1_REQUEST_LINE;
	n->bodies += ev->kind == HTTP1_BODY ? ev->raw.len : 0;
	if (ev->raw.len > n->longest && ev->kind == HTTP1_HEADER)
		n->longest = ev->raw.len;
	for (uint8_t i = 0; i < ev->odd_count; i++)
		n->odds[ev->odds[i]]++;
}

/* Feeds pieces of `step` bytes; what is not used stays, as in a stream's buffer. */
static uint64_t feed_long(const uint8_t *data, size_t len, size_t step, enum http1_side side,
			  struct tally *n)
{
	struct http1 p;
	struct http1_event ev;
	size_t from = 0;
	size_t most = 0;

	http1_init(&p, side, &options);
	for (size_t end = 0; end < len;) {
		struct bytes in;

		end = end + step < len ? end + step : len;
		in = bytes_of(data + from, end - from);
		if (in.len > most)
			most = in.len;
		while (http1_next(&p, &in, &ev) == FEED_EVENT)
			count(&ev, n);
		from = (size_t)(in.data - data);
	}
	/* What has to be kept is bounded whatever comes. */
	assert_true(most <= HTTP1_LINE_MAX + 2 * step);
	return p.looked_at;
}

static void test_long_header(void **state)
{
	size_t len = 100u << 20;
	uint8_t *data = malloc(len);
	struct tally n = { 0 };
	size_t at;
	static const char tail[] = "\r\nY: z\r\n\r\nGET /b HTTP/1.1\r\n\r\n";

	(void)state;
	assert_non_null(data);
	memset(data, 'a', len);
	at = (size_t)sprintf((char *)data, "GET / HTTP/1.1\r\nX: ");
	data[at] = 'b';
	memcpy(data + len - sizeof(tail) + 1, tail, sizeof(tail) - 1);
	assert_true(feed_long(data, len, 1400, HTTP1_REQUEST, &n) <= 2 * len);
	assert_int_equal(n.requests, 2);
	assert_int_equal(n.headers, 2);
	assert_int_equal(n.longest, HTTP1_LINE_MAX);
	assert_int_equal(n.odds[APP_EVENT_HTTP_REQUEST_FIELD_TOO_LONG], 1);
	free(data);
}

static void test_many_headers(void **state)
{
	size_t many = 1000000;
	char *data = malloc(many * 8 + 100);
	struct tally n = { 0 };
	size_t len;

	(void)state;
	assert_non_null(data);
	len = (size_t)sprintf(data, "HTTP/1.1 200 OK\r\n");
	for (size_t i = 0; i < many; i++) {
		memcpy(data + len, "X: yz\r\n", 7);
		len += 7;
	}
	len += (size_t)sprintf(data + len, "Content-Length: 2\r\n\r\nok");
	assert_true(feed_long((uint8_t *)data, len, 1400, HTTP1_RESPONSE, &n) <= 2 * len);
	assert_int_equal(n.headers, HTTP1_HEADERS_MAX);
	assert_int_equal(n.odds[APP_EVENT_HTTP_RESPONSE_TOO_MANY_HEADERS], 1);
	assert_int_equal(n.bodies, 2);
	free(data);
}

static void test_many_requests(void **state)
{
	static const char one[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
	size_t many = 1000000;
	char *data = malloc(many * (sizeof(one) - 1));
	struct tally n = { 0 };
	size_t len = 0;

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < many; i++, len += sizeof(one) - 1)
		memcpy(data + len, one, sizeof(one) - 1);
	assert_true(feed_long((uint8_t *)data, len, 1400, HTTP1_REQUEST, &n) <= 2 * len);
	assert_int_equal(n.requests, many);
	assert_int_equal(n.headers, many);
	free(data);
}

static void test_blank_lines_and_folds(void **state)
{
	size_t len = 4u << 20;
	uint8_t *data = malloc(len);
	struct tally n = { 0 };

	(void)state;
	assert_non_null(data);
	/* Junk, then nothing but line ends; then a header of nothing but folds. */
	memset(data, '\n', len);
	data[0] = 'x';
	assert_true(feed_long(data, len, 1, HTTP1_RESPONSE, &n) <= 3 * len);
	memset(data, '\n', len);
	memcpy(data, "HTTP/1.1 200 OK\r\nX:", 19);
	for (size_t i = 20; i < len; i += 2)
		data[i] = ' ';
	assert_true(feed_long(data, len, 1, HTTP1_RESPONSE, &n) <= 4 * len);
	free(data);
}

static void test_connect_waits(void **state)
{
	static struct text t;
	struct bytes in = bytes_of("CONNECT a:1 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 42);
	struct http1 p;

	(void)state;
	t.len = 0;
	t.run = 0;
	begin(&p, 'Q');
	assert_true(drain(&p, &in, &t));
	assert_true(http1_waits(&p));
	assert_int_equal(in.len, 18);
	http1_resume(&p, false);
	assert_true(drain(&p, &in, &t));
	assert_string_equal(
		t.data, " Q(CONNECT|a:1|HTTP/1.1) e(\\r\\n) end Q(GET|/|HTTP/1.1) e(\\r\\n) end");
	http1_resume(&p, true);
	in = bytes_of("abc", 3);
	assert_true(drain(&p, &in, &t));
	assert_int_equal(in.len, 0);
	assert_non_null(strstr(t.data, "T(abc)"));
}

static void test_settle(void **state)
{
	static struct text t;
	struct bytes in = bytes_of("GET /a\r\n", 8);
	struct http1 p;

	(void)state;
	t.len = 0;
	t.run = 0;
	begin(&p, 'Q');
	assert_true(drain(&p, &in, &t));
	assert_string_equal(t.data, " Q(GET|/a|)");
	http1_settle(&p);
	assert_true(drain(&p, &in, &t));
	assert_string_equal(t.data, " Q(GET|/a|) end");
}

static void test_unfold(void **state)
{
	uint8_t out[64];
	size_t n = http1_unfold(bytes_of("one\r\n two\n\t three", 17), out);

	(void)state;
	assert_int_equal(n, 14);
	assert_memory_equal(out, "one two\t three", 14);
}

/* What is too long is passed over to its end, also where the stream ends with what is there. */
static void test_long_lines_at_the_end(void **state)
{
	static const struct http1_options small = { .line_max = 32, .headers_max = 16 };
	static const struct {
		enum http1_side side;
		const char *input;
	} inputs[] = {
		{ HTTP1_REQUEST,
		  "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: bbbbbbbbb HTTP/1.1\r\nHost: a\r\n\r\n" },
		{ HTTP1_REQUEST,
		  "GET / HTTP/1.1\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: b\r\nHost: a\r\n\r\n" },
		{ HTTP1_RESPONSE,
		  "HTTP/1.1 200 aaaaaaaaaaaaaaaaaaaaaaaa: bbbbbbbbbbb\r\nHost: a\r\n\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		struct bytes in = bytes_of(inputs[i].input, strlen(inputs[i].input));
		unsigned hosts = 0, others = 0;
		struct http1_event ev;
		struct http1 p;

		http1_init(&p, inputs[i].side, &small);
		if (inputs[i].side == HTTP1_RESPONSE)
			http1_answers(&p, false, false, false);
		http1_close(&p);
		while (http1_next(&p, &in, &ev) == FEED_EVENT) {
			if (ev.kind != HTTP1_HEADER)
				continue;
			if (http1_equal_nocase(ev.name, "host"))
				hosts++;
			else if (!http1_equal_nocase(ev.name, "x"))
				others++;
		}
		assert_int_equal(hosts, 1);
		assert_int_equal(others, 0);
	}
}

/* RFC 9110, section 5.6.2 */
static void test_tokens(void **state)
{
	static const char tchars[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
				     "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t line[] = { 'a', (uint8_t)c, 'b', ':', 'v', '\r', '\n' };
		bool token = c == ':' || (c && strchr(tchars, (int)c));
		struct http1_event ev = { .kind = HTTP1_HEADER };

		http1_header(bytes_of(line, sizeof(line)), HTTP1_RESPONSE, false, &ev);
		if ((ev.odd_count == 0) != token)
			fail_msg("%02x", c);
	}
	for (size_t len = 1; len <= 20; len++) {
		for (size_t at = 0; at < len; at++) {
			for (unsigned c = 0; c < 256; c++) {
				uint8_t name[20];

				memset(name, 'n', len);
				name[at] = (uint8_t)c;
				assert_int_equal(http1_is_token(
							 bytes_of(guard_copy(name, len), len)),
						 c && strchr(tchars, (int)c));
				guard_free_all();
			}
		}
	}
}

/* Case and NULs do not count. */
static void test_name_hash(void **state)
{
	static const char small[] =
		"content-security-policy-report-only-and-more-that-is-longer-than-what-is-hashed";
	char other[2 * sizeof(small)];

	(void)state;
	for (size_t len = 1; len < sizeof(small); len++) {
		uint32_t hash = http1_name_hash_plain(small, len);
		size_t n = 0;

		assert_int_equal(http1_name_hash(bytes_of(guard_copy(small, len), len)), hash);
		for (size_t i = 0; i < len; i++) {
			other[n++] = (char)ascii_upper((uint8_t)small[i]);
			if (i % 3 == 0)
				other[n++] = 0;
		}
		assert_int_equal(http1_name_hash(bytes_of(other, n)), hash);
		other[0] = 'x';
		assert_int_not_equal(http1_name_hash(bytes_of(other, n)), hash);
	}
	guard_free_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	      cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_cut_twice),     cmocka_unit_test(test_long_lines_at_the_end),
		cmocka_unit_test(test_byte_by_byte),  cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_long_header),   cmocka_unit_test(test_many_headers),
		cmocka_unit_test(test_many_requests), cmocka_unit_test(test_blank_lines_and_folds),
		cmocka_unit_test(test_connect_waits), cmocka_unit_test(test_settle),
		cmocka_unit_test(test_unfold),	      cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_name_hash),     cmocka_unit_test(test_any_byte_in_a_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
