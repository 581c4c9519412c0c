/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "engine/detect/compile_tx.h"
#include "engine/detect/eval_find.h"
#include "engine/detect/pattern.h"
#include "engine/detect/regex_filter.h"
#include "engine/detect/scan_fixed.h"
#include "tests/unit/detect_rig.h"
#include "tests/unit/guard.h"

static const struct {
	const char *options;
	const char *piece; /* NULL: nothing to search for */
	uint32_t head;
	uint32_t place, places; /* 0: not of few places */
} rows[] = {
	{ "pcre:\"/x/\";", NULL, 0, 0, 0 },
	{ "content:!\"abc\";", NULL, 0, 0, 0 },
	{ "content:\"abc\";", "abc", 0, 0, 0 },
	/* rarity, not length alone */
	{ "content:\"|00 00 00 00 00 00 00 00|\"; content:\"qzXk\";", "qzXk", 0, 0, 0 },
	{ "content:\"GET \"; content:\"cmd.exe\";", "cmd.exe", 0, 0, 0 },
	{ "content:\"a\"; content:\"evilpath\"; distance:0;", "evilpath", 0, 0, 0 },
	{ "content:\"HTTP/1.1|0d 0a|Cookie|3a 20|qk=\";", "kie: qk=", 0, 0, 0 },
	/* the writer's word */
	{ "content:\"GET \"; fast_pattern; content:\"evilpath\";", "GET ", 0, 0, 0 },
	{ "content:\"abcdefgh\"; fast_pattern:2,3;", "cde", 0, 0, 0 },
	/* but where it is too short, or in most of the web */
	{ "content:\"abc\"; fast_pattern; content:\"evilpath\";", "evilpath", 0, 0, 0 },
	{ "content:\"qzXk\"; fast_pattern; content:\"evilpath\";", "qzXk", 0, 0, 0 },
	{ "content:\"qzX\"; fast_pattern; content:\"ab\";", "qzX", 0, 0, 0 },
	{ "content:\"q|01|X\"; fast_pattern; content:\"|00 00|\"; offset:2; depth:2;", "q\1X", 0, 0,
	  0 },
	{ "content:\"abc\"; fast_pattern; content:\"qzX\"; offset:2; depth:3;", "qzX", 5, 2, 1 },
	{ "content:\"HTTP/1.1|0d 0a|User-Agent\"; fast_pattern; content:\"evilpath\";", "evilpath",
	  0, 0, 0 },
	{ "content:\"HTTP/1.1\"; fast_pattern; content:\" gmt|0d 0a|\";", "HTTP/1.1", 0, 0, 0 },
	/* heads */
	{ "content:\"abc\"; depth:10;", "abc", 10, 0, 8 },
	{ "content:\"abc\"; depth:11;", "abc", 11, 0, 0 },
	{ "content:\"abc\"; offset:4; depth:10;", "abc", 14, 4, 8 },
	{ "content:\"abc\"; offset:140; depth:3;", "abc", 143, 0, 0 },
	{ "content:\"abc\"; startswith;", "abc", 3, 0, 1 },
	{ "content:\"aaaaaaaaqzXk\"; offset:2; depth:13;", "aaaaqzXk", 15, 6, 2 },
	{ "content:\"abc\"; offset:4;", "abc", 0, 0, 0 },
	{ "content:\"abc\"; depth:5000;", "abc", 0, 0, 0 },
	/* the first one's distance counts from the start */
	{ "content:\"abc\"; within:3;", "abc", 3, 0, 1 },
	{ "content:\"abc\"; distance:2; within:5;", "abc", 7, 2, 3 },
	{ "content:\"a\"; within:1; content:\"qzXk\"; distance:3; within:4;", "qzXk", 8, 4, 1 },
	{ "content:\"abc\"; distance:2;", "abc", 0, 0, 0 },
	{ "pcre:\"/b/\"; content:\"abc\"; within:3;", "abc", 0, 0, 0 },
	/* behind one that has a place */
	{ "content:\"a\"; depth:1; content:\"qzXk\"; distance:3; within:4;", "qzXk", 8, 4, 1 },
	{ "content:\"a\"; depth:3; content:\"qzXk\"; distance:3; within:6;", "qzXk", 12, 4, 5 },
	{ "content:\"a\"; depth:1; content:\"qzXk\"; within:7;", "qzXk", 8, 1, 4 },
	{ "content:\"a\"; depth:1; content:\"b\"; within:1; content:\"qzXk\"; distance:1; within:4;",
	  "qzXk", 7, 3, 1 },
	{ "content:\"a\"; depth:1; content:\"qzXk\"; distance:3; within:90;", "qzXk", 94, 0, 0 },
	{ "content:\"a\"; depth:1; content:\"qzXk\"; distance:3;", "qzXk", 0, 0, 0 },
	{ "content:\"a\"; depth:1; content:\"qzXk\"; distance:-1; within:9;", "qzXk", 0, 0, 0 },
	{ "content:\"a\"; content:\"qzXk\"; distance:3; within:4;", "qzXk", 0, 0, 0 },
	{ "content:\"a\"; depth:1; byte_jump:1,0,relative; content:\"qzXk\"; within:4;", "qzXk", 0,
	  0, 0 },
	{ "content:\"a\"; depth:1; pcre:\"/b/R\"; content:\"qzXk\"; within:4;", "qzXk", 0, 0, 0 },
	{ "content:\"a\"; depth:1; content:!\"b\"; within:1; content:\"qzXk\"; within:4;", "qzXk",
	  0, 0, 0 },
};

static void choice(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig rig = { .detector = NULL };
		struct search_pattern s;
		char text[512];

		snprintf(text, sizeof(text), "alert udp any any -> any any (%s sid:1;)\n",
			 rows[i].options);
		rig_open(&rig, text);
		s = pattern_choose(rig.parsed.first);
		if (!rows[i].piece != !s.option)
			fail_msg("row %zu: %s", i, rows[i].options);
		if (s.option) {
			assert_int_equal(s.piece.len, strlen(rows[i].piece));
			assert_memory_equal(s.piece.data, rows[i].piece, s.piece.len);
			if (s.head != rows[i].head || s.places != rows[i].places ||
			    s.place != rows[i].place || s.fixed != (rows[i].places > 0))
				fail_msg("row %zu: %s: head %u, %u places from %u", i,
					 rows[i].options, s.head, s.places, s.place);
		}
		rig_close(&rig);
	}
}

/* What stands at one place besides. */
static const struct {
	const char *options;
	const char *piece; /* NULL: nothing */
	uint32_t place;
} beside_rows[] = {
	{ "content:\"qzXk\"; depth:4;", NULL, 0 },
	{ "content:\"qzXk\"; depth:4; content:\"abc\";", NULL, 0 },
	{ "content:\"qzXk\"; depth:4; content:\"abc\"; offset:9; depth:4;", NULL, 0 },
	{ "content:\"qzXk\"; depth:4; content:!\"abc\"; offset:9; depth:3;", NULL, 0 },
	{ "content:\"qzXk\"; depth:4; content:\"abc\"; offset:9; depth:3;", "abc", 9 },
	{ "content:\"qzXk\"; depth:4; content:\"abc\"; distance:7; within:3;", "abc", 11 },
	{ "content:\"qzXj\"; depth:4; fast_pattern; content:\"aaaaaaaaqzXk\"; offset:20; depth:12; "
	  "content:\"abc\"; offset:9; depth:3;",
	  "aaaaqzXk", 24 },
	{ "content:\"qzXj\"; depth:4; fast_pattern; content:\"abc\"; offset:9; depth:3; "
	  "content:\"aaaaaaaaqzXk\"; offset:20; depth:12;",
	  "aaaaqzXk", 24 },
};

static void beside(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(beside_rows) / sizeof(beside_rows[0]); i++) {
		struct rig rig = { .detector = NULL };
		struct search_pattern s;
		char text[512];

		snprintf(text, sizeof(text), "alert udp any any -> any any (%s sid:1;)\n",
			 beside_rows[i].options);
		rig_open(&rig, text);
		s = pattern_choose(rig.parsed.first);
		s = pattern_beside(rig.parsed.first, &s);
		if (!beside_rows[i].piece != !s.option)
			fail_msg("row %zu: %s", i, beside_rows[i].options);
		if (s.option) {
			assert_int_equal(s.piece.len, strlen(beside_rows[i].piece));
			assert_memory_equal(s.piece.data, beside_rows[i].piece, s.piece.len);
			assert_int_equal(s.place, beside_rows[i].place);
		}
		rig_close(&rig);
	}
}

/* "ab" at 10, of a rule that needs "xy" at its place as well. */
static const struct {
	uint16_t beside;
	uint64_t origin;
	const char *data;
	bool found;
} besides[] = {
	{ 15, 0, "..........ab...xY..", true },
	{ 15, 0, "..........ab...xz..", false },
	{ 3, 0, "...xy.....ab", true },
	{ 3, 0, ".xy.......ab", false },
	/* it may yet come, or went by */
	{ 15, 0, "..........ab...x", true },
	{ 3, 5, ".....ab.....", true },
	/* a later part of a stream */
	{ 15, 5, ".....ab...xy..", true },
	{ 15, 5, ".....ab.......xy", false },
};

static void count_found(void *ctx, uint32_t rule)
{
	assert_int_equal(rule, 7);
	++*(unsigned *)ctx;
}

static void found_with_what_is_beside(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(besides) / sizeof(besides[0]); i++) {
		struct fixed_literal l = {
			.data = (const uint8_t *)"ab", .rule = 7, .place = 10, .len = 2
		};
		struct block_builder b;
		size_t len = strlen(besides[i].data);
		unsigned found = 0;
		uint32_t table;

		block_init(&b);
		block_room(&b, sizeof(struct block_header));
		l.beside = scan_fixed_beside(&b, bytes_of("xy", 2), true, besides[i].beside);
		table = scan_fixed_build(&b, &l, 1);
		scan_fixed_search(block_pointer(&b, 0), table,
				  bytes_of(guard_copy(besides[i].data, len), len),
				  besides[i].origin, 0, count_found, &found);
		if (found != besides[i].found)
			fail_msg("row %zu: found %u times", i, found);
		guard_free_all();
		block_fini(&b);
	}
}

/* Of rules on transactions. */
static const struct {
	const char *options;
	const char *piece;
	uint32_t place, places;
} tx_rows[] = {
	{ "http.uri; content:\"abc\";", "abc", 0, 0 },
	{ "http.uri; content:\"abc\"; startswith;", "abc", 0, 1 },
	{ "http.uri; content:\"abc\"; offset:2; depth:5;", "abc", 2, 3 },
	/* each naming of a buffer counts from its start */
	{ "http.method; content:\"GET\"; http.uri; content:\"/abc\"; within:4;", "/abc", 0, 1 },
	{ "http.method; content:\"G\"; depth:1; http.uri; content:\"/abc\"; distance:0;", "/abc", 0,
	  0 },
	/* what the web is full of is no pattern, if there is another */
	{ "http.header; content:\"Accept-Encoding: gzip\"; content:\"en-en\";", "en-en", 0, 0 },
	{ "http.header; content:\"Accept-Encoding|3a 20|gzip\";", "Accept-Encoding: gzip", 0, 0 },
	{ "http.method; content:\"GET\"; http.user_agent; content:\"asd\"; nocase; bsize:3;", "asd",
	  0, 0 },
	{ "http.method; content:\"GETS\"; http.user_agent; content:\"asd\"; nocase; bsize:3;",
	  "GETS", 0, 0 },
	{ "http.uri; content:\".sh?do=\"; http.user_agent; content:\"Mozilla/5.0\"; fast_pattern;",
	  ".sh?do=", 0, 0 },
	{ "http.header_names; content:\"|0d 0a|Host|0d 0a|\"; startswith; http.request_body; "
	  "content:\"&reqx=\";",
	  "&reqx=", 0, 0 },
	/* a URI is not full of it */
	{ "http.method; content:\"GET\"; http.uri; content:\"|0d 0a|Location|3a|\";",
	  "\r\nLocation:", 0, 0 },
	/* nor the end of one: Hyperscan looks there first */
	{ "file.data; content:\"qzXk function\";", "qzXk functi", 0, 0 },
	{ "file.data; content:\"function qzXk\";", "function qzXk", 0, 0 },
	{ "http.header; content:\"iamdelta|0d 0a|Content-Type|3a 20|text/html\";",
	  "iamdelta\r\nConte", 0, 0 },
	/* what is short or common is not searched for in what grows */
	{ "file.data; content:\"MZ\"; within:2; content:\"PE|00 00|\"; distance:0;", "MZ", 0, 1 },
	{ "file.data; content:\"PK\"; within:2; content:\".exe\"; fast_pattern; nocase;", "PK", 0,
	  1 },
	{ "file.data; content:\"PK\"; within:2; content:\".exe.exe\"; fast_pattern;", ".exe.exe", 0,
	  0 },
	{ "file.data; content:\".exe\";", ".exe", 0, 0 },
	{ "file.data; content:\"|00 00 00 00 00 00|\"; fast_pattern;", NULL, 0, 0 },
	{ "file.data; content:\"|00 00 00|\"; startswith;", "\0\0\0", 0, 1 },
	{ "http.uri; content:\"|00 00 00|\";", "\0\0\0", 0, 0 },
};

static void tx_choice(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tx_rows) / sizeof(tx_rows[0]); i++) {
		struct rig rig = { .detector = NULL };
		struct search_pattern s;
		size_t len;
		char text[512];

		snprintf(text, sizeof(text), "alert http any any -> any any (%s sid:1;)\n",
			 tx_rows[i].options);
		rig_open(&rig, text);
		s = tx_pattern_choose(rig.parsed.first);
		if (!tx_rows[i].piece != !s.option)
			fail_msg("row %zu: %s", i, tx_rows[i].options);
		if (s.option) {
			len = tx_rows[i].piece[0] ? strlen(tx_rows[i].piece) : 3;
			if (s.piece.len != len ||
			    memcmp(s.piece.data, tx_rows[i].piece, len) != 0 ||
			    s.places != tx_rows[i].places || s.place != tx_rows[i].place ||
			    s.fixed != (tx_rows[i].places > 0))
				fail_msg("row %zu: %s: '%.*s', %u places from %u", i,
					 tx_rows[i].options, (int)s.piece.len,
					 (const char *)s.piece.data, s.places, s.place);
		}
		rig_close(&rig);
	}
}

static void pieces(void **state)
{
	struct bytes long_one = bytes_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaqzxk9", 33);
	struct bytes piece = pattern_piece(long_one, false, PATTERN_MAX);

	(void)state;
	assert_int_equal(piece.len, PATTERN_MAX);
	assert_ptr_equal(piece.data + piece.len, long_one.data + long_one.len);
	assert_true(pattern_rarity(bytes_of("qzxk", 4), false) >
		    pattern_rarity(bytes_of("\0\0\0\0", 4), false));
	for (unsigned len = 1; len <= 33; len++)
		assert_in_range(pattern_anchor(bytes_slice(long_one, 0, len), true), 0, len - 1);
}

/* eval_find against the plain way, for every place, length and case. */
static void find(void **state)
{
	static const char hay[] = "abABaabbAABBxyzXYZaBcD..aab";
	static const char *needles[] = { "a", "ab", "aab", "xyz", "abcd", "zz", ".", "..a", "b" };

	(void)state;
	for (size_t n = 0; n < sizeof(needles) / sizeof(needles[0]); n++) {
		size_t len = strlen(needles[n]);

		for (unsigned mode = 0; mode < 2 * len; mode++) {
			bool nocase = mode % 2;

			for (size_t from = 0; from < sizeof(hay); from++) {
				ptrdiff_t want = -1;

				for (size_t i = from; i + len < sizeof(hay) && want < 0; i++) {
					if ((nocase ? strncasecmp(hay + i, needles[n], len)
						    : strncmp(hay + i, needles[n], len)) == 0)
						want = (ptrdiff_t)i;
				}
				assert_int_equal(eval_find((const uint8_t *)hay, from,
							   sizeof(hay) - 1,
							   (const uint8_t *)needles[n], len,
							   mode / 2, nocase),
						 from > sizeof(hay) - 1 ? -1 : want);
			}
		}
	}
}

/* The same where it stands once, in what is passed over many bytes at a time. */
static void find_the_only_one(void **state)
{
	static const char *needles[] = { "ab", "aBc", "abcdefghi" };
	char hay[200];

	(void)state;
	for (size_t n = 0; n < sizeof(needles) / sizeof(needles[0]); n++) {
		size_t len = strlen(needles[n]);

		for (size_t size = 60; size <= sizeof(hay); size += 7) {
			for (size_t at = 0; at + len <= size; at++) {
				const uint8_t *data;
				unsigned anchor = (unsigned)(at % len);

				memset(hay, 'a', size);
				memcpy(hay + at, needles[n], len);
				data = guard_copy(hay, size);
				assert_int_equal(eval_find(data, 0, size,
							   (const uint8_t *)needles[n], len, anchor,
							   false),
						 at);
				assert_int_equal(eval_find(data, at + 1, size,
							   (const uint8_t *)needles[n], len, anchor,
							   false),
						 -1);
				guard_free_all();
			}
		}
	}
}

/* The same in a longer one, of few letters, that ends where its page does. */
static void find_in_long(void **state)
{
	static const char *needles[] = {
		"ab", "ba", "aab", "abba", "bbbbb", "abababab", "aaaaaaaaa"
	};
	static const size_t ends[] = { 97, 96, 95, 81, 80, 79, 33, 17, 16 };
	char hay[97];
	uint32_t seed = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(hay); i++) {
		seed = seed * 1103515245 + 12345;
		hay[i] = "abAB"[seed >> 24 & 3];
	}
	for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
		const uint8_t *data = guard_copy(hay, ends[k]);

		for (size_t n = 0; n < sizeof(needles) / sizeof(needles[0]); n++) {
			size_t len = strlen(needles[n]);

			for (size_t mode = 0; mode < 2 * len; mode++) {
				for (size_t from = 0; from <= ends[k]; from++) {
					ptrdiff_t want = -1;

					for (size_t i = from; i + len <= ends[k] && want < 0; i++) {
						if ((mode % 2
							     ? strncasecmp(hay + i, needles[n], len)
							     : strncmp(hay + i, needles[n], len)) ==
						    0)
							want = (ptrdiff_t)i;
					}
					assert_int_equal(eval_find(data, from, ends[k],
								   (const uint8_t *)needles[n], len,
								   (unsigned)mode / 2, mode % 2),
							 want);
				}
			}
		}
	}
	guard_free_all();
}

static const struct {
	const char *regex, *text; /* NULL: no filter */
} filters[] = {
	{ "abc", NULL },
	{ "^[a-z]+x", NULL },
	{ "[a-z]+x", "[a-z]+x" },
	{ "[a-z]{2,6}x", "[a-z]{2,}x" },
	{ "[a-z]{100}x", "[a-z]{4,}x" },
	{ "[{5}]+a{7}", "[{5}]+a{4,}" },
	{ "[]{5}]+a", "[]{5}]+a" },
	{ "[^]{5}]+a", "[^]{5}]+a" },
	{ ".\\x{41}\\{9}", ".\\x{41}\\{9}" },
	{ "\\d{3}-\\d{4}", "\\d{3,}-\\d{4,}" },
	{ "(?:[ab]{9}|c)", "(?:[ab]{4,}|c)" },
	{ "(?<n_1>[ab]{9})(?P=n_1)", "(?<n_1>[ab]{4,})(?P=n_1)" },
	{ "(?P<n>(?:\\s{9}|c))", "(?P<n>(?:\\s{4,}|c))" },
	{ "(?<n", NULL },
	{ "(?<=[a])[b]{9}", NULL },
	{ "(?<![a])[b]{9}", NULL },
	{ "P[a]{9}", NULL },
	{ "<n>[a]{9}", NULL },
	{ "[[:alpha:]]{9}", NULL },
	{ ".\\Qa{9}\\E", NULL },
};

static void filter_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct bytes regex = bytes_of(filters[i].regex, strlen(filters[i].regex));
		char *text;

		assert_int_equal(regex_filter_pays(regex, 0), filters[i].text != NULL);
		if (!filters[i].text)
			continue;
		text = regex_filter_text(regex);
		assert_string_equal(text, filters[i].text);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(choice),
		cmocka_unit_test(beside),
		cmocka_unit_test(found_with_what_is_beside),
		cmocka_unit_test(tx_choice),
		cmocka_unit_test(pieces),
		cmocka_unit_test(find),
		cmocka_unit_test(find_in_long),
		cmocka_unit_test(find_the_only_one),
		cmocka_unit_test(filter_texts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
