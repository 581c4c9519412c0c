/* SPDX-License-Identifier: Apache-2.0 */
/* A search at 64 places at once finds what a search for each literal alone finds, and where, in either way of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/wide.h"
#include "engine/detect/wide_table.h"
#include "tests/unit/guard.h"
#include "tests/unit/literals.h"

#define LITERALS 1500
#define TEXT 9000

struct set {
	struct hs_literal literal[LITERALS];
	uint8_t bytes[LITERALS][64];
	size_t count;
	void *base;
	size_t len;
	double passing;
	struct found *work;
	unsigned found[LITERALS];
	unsigned long long end[LITERALS];
};

static struct literal_random r;

static void add(struct set *s, const void *data, size_t len, bool nocase)
{
	memcpy(s->bytes[s->count], data, len);
	s->literal[s->count] = (struct hs_literal){ s->bytes[s->count], (uint16_t)len, nocase };
	s->count++;
}

static void build(struct set *s)
{
	assert_int_equal(wide_build(s->literal, s->count, &s->base, &s->len, &s->passing), 0);
	s->work = NULL;
	if (!s->base)
		return;
	assert_true(wide_is_one(s->base, s->len));
	assert_true(wide_is_whole(s->base, s->len));
	assert_int_equal(wide_literals(s->base), s->count);
	assert_int_equal(found_new((uint32_t)s->count, &s->work), 0);
}

static void finish(struct set *s)
{
	found_free(s->work);
	free(s->base);
}

static int on_found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	struct set *s = ctx;

	(void)from;
	(void)flags;
	assert_true(id < s->count);
	s->found[id]++;
	s->end[id] = to;
	return 0;
}

/* Each literal that is there once, at its first end, and no other. */
static void check(struct set *s, struct bytes text)
{
	if (!s->base)
		return;
	for (unsigned way = 0; way < 2; way++) {
		memset(s->found, 0, sizeof(s->found));
		if (way)
			wide_search_plain(s->base, s->work, text, on_found, s);
		else
			wide_search(s->base, s->work, text, on_found, s);
		for (size_t i = 0; i < s->count; i++) {
			size_t end = literal_first_end(&s->literal[i], text);

			if (s->found[i] != (end != 0) || (end && s->end[i] != end))
				fail_msg("way %u, literal %zu of %u bytes, text of %zu: "
					 "found %u times, at %llu instead of %zu",
					 way, i, s->literal[i].len, text.len, s->found[i],
					 s->found[i] ? s->end[i] : 0, end);
		}
	}
}

/* --- random ones ------------------------------------------------------------------------------------- */

/* Some are parts, ends or copies of others, some are runs. */
static void random_set(struct set *s, size_t count, unsigned shortest)
{
	s->count = 0;
	while (s->count < count) {
		uint8_t bytes[64];
		size_t len =
			shortest + literal_below(&r, literal_below(&r, 3) ? 10 : 62 - shortest + 1);
		const struct hs_literal *other =
			&s->literal[literal_below(&r, (uint32_t)s->count + !s->count)];

		for (size_t i = 0; i < len; i++)
			bytes[i] = literal_byte(&r);
		if (s->count && other->len > shortest && literal_below(&r, 6) == 0) {
			size_t from =
				literal_below(&r, 2) ? literal_below(&r, other->len - shortest) : 0;

			len = shortest +
			      literal_below(&r, (uint32_t)(other->len - from - shortest));
			memcpy(bytes, other->data + from, len);
		} else if (s->count < 20 && literal_below(&r, 8) == 0) {
			memset(bytes, literal_below(&r, 2) ? 0 : bytes[0],
			       len - literal_below(&r, 2));
		}
		add(s, bytes, len, literal_below(&r, 2));
	}
}

/* And perhaps a run of zeros. */
static void random_text(const struct set *s, uint8_t *text, size_t len)
{
	literal_text(&r, s->literal, s->count, text, len);
	if (literal_below(&r, 4) == 0 && len > 20)
		memset(text + literal_below(&r, (uint32_t)len - 20), 0, 20);
}

static void as_each_alone(void **state)
{
	static struct set s;
	uint8_t text[700];
	unsigned built = 0;

	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		const char *alphabet = literal_alphabets[round % LITERAL_ALPHABETS];

		r = (struct literal_random){ round + 1, alphabet };
		random_set(&s, 1 + literal_below(&r, alphabet ? 12 : 300),
			   2 + literal_below(&r, 6));
		build(&s);
		built += s.base != NULL;
		for (unsigned i = 0; i < 8; i++) {
			size_t len = literal_below(&r, i & 1 ? sizeof(text) : 80);

			random_text(&s, text, len);
			check(&s, bytes_of(guard_copy(text, len), len));
		}
		guard_free_all();
		finish(&s);
	}
	assert_true(built > 400);
}

/* Many literals, and texts of more places than are looked up together. */
static void many_in_long_texts(void **state)
{
	static struct set s;
	static uint8_t text[TEXT];

	(void)state;
	for (unsigned round = 0; round < 6; round++) {
		r = (struct literal_random){ 500 + round, NULL };
		random_set(&s, round < 3 ? 50 : LITERALS, round & 1 ? 2 : 6);
		build(&s);
		assert_non_null(s.base);
		for (unsigned i = 0; i < 12; i++) {
			size_t len = 4000 + literal_below(&r, TEXT - 4000);

			/* Letters of one literal, so that what passes is much. */
			r.alphabet = i & 1 ? NULL : "abAB/";
			random_text(&s, text, len);
			check(&s, bytes_of(guard_copy(text, len), len));
		}
		guard_free_all();
		finish(&s);
	}
}

/* Literals of a run, and of one that begins or ends; texts of long ones. */
static void runs_of_one_byte(void **state)
{
	static struct set s;
	static uint8_t text[TEXT];

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		r = (struct literal_random){ 3000 + round, round & 1 ? "aA" : "abA" };
		s.count = 0;
		for (unsigned i = 0; i < 14; i++) {
			uint8_t bytes[20];
			size_t len = 2 + literal_below(&r, i % 3 ? 8 : 18);

			memset(bytes, "aAb"[i % 3], len);
			if (literal_below(&r, 2))
				bytes[literal_below(&r, 2) ? 0 : len - 1] = literal_byte(&r);
			add(&s, bytes, len, literal_below(&r, 2));
		}
		build(&s);
		for (unsigned i = 0; i < 12; i++) {
			size_t len = literal_below(&r, i & 1 ? 600 : TEXT);

			for (size_t at = 0; at < len;) {
				size_t run = 1 + literal_below(&r, literal_below(&r, 3) ? 300 : 5);

				run = run < len - at ? run : len - at;
				memset(text + at, literal_byte(&r), run);
				at += run;
			}
			check(&s, bytes_of(guard_copy(text, len), len));
		}
		guard_free_all();
		finish(&s);
	}
}

/* Wherever a text begins and ends. */
static void cut_at_every_place(void **state)
{
	static struct set s;
	uint8_t text[220];

	(void)state;
	for (unsigned round = 0; round < 12; round++) {
		const char *alphabet = literal_alphabets[round % LITERAL_ALPHABETS];

		r = (struct literal_random){ 1000 + round, alphabet };
		random_set(&s, alphabet ? 10 : 100, 2 + round % 5);
		build(&s);
		random_text(&s, text, sizeof(text));
		for (size_t cut = 0; cut <= sizeof(text); cut++) {
			check(&s, bytes_of(guard_copy(text, cut), cut));
			check(&s, bytes_of(guard_copy(text + cut, sizeof(text) - cut),
					   sizeof(text) - cut));
			guard_free_all();
		}
		finish(&s);
	}
}

/* --- which are served --------------------------------------------------------------------------------- */

static void lengths_served(void **state)
{
	static struct set s;
	static const char text[] =
		"q7#x0-zK2!mW5?vJ8&bN3%cT6^pL9*dR4(fG1)hYq7#x0-zK2!mW5?vJ8&bN3%cT6^pL9*dR4(";

	(void)state;
	for (unsigned len = 1; len <= 63; len++) {
		s.count = 0;
		add(&s, text, len, false);
		build(&s);
		assert_int_equal(s.base != NULL, len >= 2 && len <= WIDE_LITERAL_MAX);
		check(&s, bytes_of(text, sizeof(text)));
		check(&s, bytes_of(text, len));
		check(&s, bytes_of(text, len - 1));
		finish(&s);
	}
}

/* One place of a text is never compared with many. */
static void chains_are_short(void **state)
{
	static struct set s;
	uint8_t bytes[12] = "GET /aaaaaaa";

	(void)state;
	for (unsigned count = WIDE_CHAIN_MAX; count <= WIDE_CHAIN_MAX + 1; count++) {
		s.count = 0;
		for (unsigned i = 0; i < count; i++) {
			bytes[6] = (uint8_t)('a' + i);
			add(&s, bytes, 7, false);
		}
		/* Each has two windows, which begin alike. */
		build(&s);
		assert_non_null(s.base);
		finish(&s);
		s.count = 0;
		for (unsigned i = 0; i < count; i++)
			add(&s, "GET /a", 6, i & 1);
		build(&s);
		assert_int_equal(s.base != NULL, count == WIDE_CHAIN_MAX);
		check(&s, bytes_of("xGET /aGET /AGET /a", 19));
		finish(&s);
	}
}

/* What few places are expected to pass, and what many. */
static void how_much_passes(void **state)
{
	static struct set s;
	double few;

	(void)state;
	r = (struct literal_random){ 77, NULL };
	random_set(&s, 400, 8);
	build(&s);
	few = s.passing;
	assert_true(few < 0.02);
	finish(&s);
	for (unsigned i = 0; i < 60; i++)
		add(&s, (uint8_t[]){ (uint8_t)('a' + i % 20), (uint8_t)('a' + i / 3) }, 2, false);
	build(&s);
	assert_true(s.passing > 0.1 && s.passing > 5 * few);
	finish(&s);
}

/* Literals with runs do not make each run of a text pass. */
static void runs_do_not_pass(void **state)
{
	static struct set s;
	const struct wide_base *b;
	const struct wide_groups *all;
	uint8_t groups = 0xff;

	(void)state;
	s.count = 0;
	for (unsigned i = 0; i < 40; i++) {
		uint8_t bytes[8] = { 0 };

		bytes[i % 8] = (uint8_t)(i + 1);
		bytes[(i + 3) % 8] = (uint8_t)(i + 77);
		add(&s, bytes, 8, false);
	}
	for (unsigned i = 0; i < 30; i++)
		add(&s, (uint8_t[]){ 0, 0, 0, (uint8_t)(i + 1), 0 }, 4 + i % 2, false);
	build(&s);
	assert_non_null(s.base);
	b = s.base;
	all = (const struct wide_groups *)((const uint8_t *)s.base + b->groups);
	for (unsigned i = 0; i < WIDE_PAIRS; i++)
		groups &= all->table[i][wide_pair_hash(0, 0)];
	assert_int_equal(groups, 0);
	finish(&s);
}

/* The case's bit does not count, any other does. */
static void hashes_of_pairs(void **state)
{
	bool seen[256] = { false };
	unsigned hashes = 0;

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		assert_int_equal(wide_times(WIDE_FIRST, (uint8_t)i),
				 wide_times(WIDE_FIRST, (uint8_t)(i ^ 0x20)));
		assert_int_equal(wide_pair_hash(7, (uint8_t)i),
				 wide_pair_hash(7, (uint8_t)(i ^ 0x20)));
		if ((i & ~0x20u) != 0)
			assert_int_not_equal(wide_times(WIDE_FIRST, (uint8_t)i), 0);
	}
	for (unsigned i = 0; i < 65536; i++)
		seen[wide_pair_hash((uint8_t)(i >> 8), (uint8_t)i)] = true;
	for (unsigned i = 0; i < 256; i++)
		hashes += seen[i];
	assert_int_equal(hashes, 256);
}

static void only_whole_ones(void **state)
{
	static struct set s;
	uint32_t wrong = 0;

	(void)state;
	s.count = 0;
	add(&s, "a literal that is long enough", 29, false);
	add(&s, "ab", 2, false);
	build(&s);
	for (size_t len = 0; len < s.len; len++)
		assert_false(wide_is_whole(s.base, len));
	/* No word of it may have it read elsewhere, but those that are text, hashes and bits. */
	for (size_t at = 0; at < sizeof(struct wide_base); at += 4) {
		uint32_t was;

		memcpy(&was, (uint8_t *)s.base + at, 4);
		memcpy((uint8_t *)s.base + at, &(uint32_t){ 0xfffffff0u }, 4);
		if (wide_is_whole(s.base, s.len))
			check(&s, bytes_of("nothing", 7));
		else
			wrong++;
		memcpy((uint8_t *)s.base + at, &was, 4);
	}
	assert_true(wrong >= 16);
	assert_true(wide_is_whole(s.base, s.len));
	finish(&s);
}

/* The stamps of what was found come round. */
static void found_in_each_search(void **state)
{
	static struct set s;

	(void)state;
	s.count = 0;
	add(&s, "not only once", 13, false);
	add(&s, "ONLY once, but", 14, true);
	build(&s);
	for (unsigned i = 0; i < 1000; i++)
		check(&s,
		      bytes_of("it is not only once, but often not only once", i % 2 ? 44 : 12));
	finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_each_alone),	cmocka_unit_test(many_in_long_texts),
		cmocka_unit_test(cut_at_every_place),	cmocka_unit_test(runs_of_one_byte),
		cmocka_unit_test(lengths_served),	cmocka_unit_test(chains_are_short),
		cmocka_unit_test(how_much_passes),	cmocka_unit_test(runs_do_not_pass),
		cmocka_unit_test(hashes_of_pairs),	cmocka_unit_test(only_whole_ones),
		cmocka_unit_test(found_in_each_search),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
