/* SPDX-License-Identifier: Apache-2.0 */
/* A search by grams finds what a search for each literal alone finds, in either way of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/gram.h"
#include "tests/unit/guard.h"
#include "tests/unit/literals.h"

#define LITERALS 300
#define TEXT 700

struct set {
	struct hs_literal literal[LITERALS];
	uint8_t bytes[LITERALS][64];
	uint32_t number[LITERALS];
	size_t count, served;
	void *base;
	size_t len;
	struct found *work;
	unsigned found[LITERALS]; /* by number */
	unsigned long long end[LITERALS];
};

static struct literal_random r;

static void add(struct set *s, const void *data, size_t len, bool nocase)
{
	memcpy(s->bytes[s->count], data, len);
	s->literal[s->count] = (struct hs_literal){ s->bytes[s->count], (uint16_t)len, nocase };
	s->count++;
}

static void build(struct set *s, enum gram_text text)
{
	assert_int_equal(gram_build(s->literal, s->count, text, s->number, &s->base, &s->len), 0);
	s->served = 0;
	for (size_t i = 0; i < s->count; i++)
		s->served += s->number[i] != GRAM_LEFT;
	s->work = NULL;
	if (!s->base) {
		assert_int_equal(s->served, 0);
		return;
	}
	assert_true(gram_is_whole(s->base, s->len));
	assert_int_equal(gram_literals(s->base), s->served);
	assert_int_equal(found_new((uint32_t)s->served, &s->work), 0);
}

static void finish(struct set *s)
{
	found_free(s->work);
	free(s->base);
}

static int on_found(unsigned number, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	struct set *s = ctx;

	(void)from;
	(void)flags;
	assert_true(number < s->served);
	s->found[number]++;
	s->end[number] = to;
	return 0;
}

/* Each literal that is there once, where it ends first, and no other. */
static void check(struct set *s, struct bytes text)
{
	if (!s->base)
		return;
	for (unsigned way = 0; way < 2; way++) {
		memset(s->found, 0, sizeof(s->found));
		if (way)
			gram_search_plain(s->base, s->work, text, on_found, s);
		else
			gram_search(s->base, s->work, text, on_found, s);
		for (size_t i = 0; i < s->count; i++) {
			size_t end = literal_first_end(&s->literal[i], text);

			if (s->number[i] == GRAM_LEFT)
				continue;
			if (s->found[s->number[i]] != (end != 0) ||
			    (end && s->end[s->number[i]] != end))
				fail_msg(
					"way %u, literal %zu of %u bytes, text of %zu: found %u times",
					way, i, s->literal[i].len, text.len,
					s->found[s->number[i]]);
		}
	}
}

/* --- random ones ------------------------------------------------------------------------------------- */

/* Some are parts, ends or copies of others. */
static void random_set(struct set *s)
{
	size_t count = 1 + literal_below(&r, literal_below(&r, 4) ? 40 : LITERALS);

	memset(s, 0, sizeof(*s));
	while (s->count < count) {
		uint8_t bytes[64];
		size_t len = 1 + literal_below(&r, literal_below(&r, 3) ? 20 : 60);
		const struct hs_literal *other =
			&s->literal[literal_below(&r, (uint32_t)s->count + 1)];

		for (size_t i = 0; i < len; i++)
			bytes[i] = literal_byte(&r);
		if (s->count && other->len && literal_below(&r, 3) == 0) {
			size_t from = literal_below(&r, 2) ? literal_below(&r, other->len) : 0;

			len = 1 + literal_below(&r, (uint32_t)(other->len - from));
			memcpy(bytes, other->data + from, len);
		}
		add(s, bytes, len, literal_below(&r, 2));
	}
}

static void as_each_alone(void **state)
{
	static struct set s;
	uint8_t text[TEXT];
	size_t served = 0;

	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		r = (struct literal_random){ round + 1,
					     literal_alphabets[round % LITERAL_ALPHABETS] };
		random_set(&s);
		build(&s, round % 3 == 0   ? GRAM_TEXT_LONG
			  : round % 3 == 1 ? GRAM_TEXT_SHORT
					   : GRAM_TEXT_PAYLOAD);
		served += s.served;
		for (unsigned i = 0; i < 8; i++) {
			size_t len = literal_below(&r, i & 1 ? TEXT : 80);

			literal_text(&r, s.literal, s.count, text, len);
			check(&s, bytes_of(guard_copy(text, len), len));
		}
		guard_free_all();
		finish(&s);
	}
	assert_true(served > 10000);
}

/* Wherever a text begins and ends. */
static void cut_at_every_place(void **state)
{
	static struct set s;
	uint8_t text[180];

	(void)state;
	for (unsigned round = 0; round < 6; round++) {
		r = (struct literal_random){ 1000 + round,
					     literal_alphabets[round % LITERAL_ALPHABETS] };
		random_set(&s);
		build(&s, round % 3 == 0   ? GRAM_TEXT_LONG
			  : round % 3 == 1 ? GRAM_TEXT_SHORT
					   : GRAM_TEXT_PAYLOAD);
		literal_text(&r, s.literal, s.count, text, sizeof(text));
		for (size_t cut = 0; cut <= sizeof(text); cut++) {
			const uint8_t *copy = guard_copy(text, cut);

			check(&s, bytes_of(copy, cut));
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

	(void)state;
	for (unsigned len = 1; len <= 40; len++) {
		memset(&s, 0, sizeof(s));
		add(&s, "q7#x0-zK2!mW5?vJ8&bN3%cT6^pL9*dR4(fG1)hY", len, false);
		build(&s, GRAM_TEXT_SHORT);
		assert_int_equal(s.served, len >= 6);
		check(&s, bytes_of(s.bytes[0], len));
		finish(&s);
		build(&s, GRAM_TEXT_LONG);
		assert_int_equal(s.served, len >= 11);
		check(&s, bytes_of(s.bytes[0], len));
		finish(&s);
	}
}

/* Few short ones are left, but many are not. */
static void short_ones_if_many(void **state)
{
	static struct set s;

	(void)state;
	for (unsigned count = GRAM_FEW; count <= GRAM_FEW + 1; count++) {
		memset(&s, 0, sizeof(s));
		for (unsigned i = 0; i < count; i++) {
			uint8_t bytes[5] = { (uint8_t)('b' + i % 8), (uint8_t)('q' + i / 8), '#' };

			add(&s, bytes, 1 + i % 5, i & 1);
		}
		build(&s, GRAM_TEXT_SHORT);
		if (count == GRAM_FEW)
			assert_int_equal(s.served, 0);
		else
			assert_true(s.served > GRAM_FEW / 2);
		check(&s, bytes_of("bq#--cq#..d.br.e", 16));
		finish(&s);
	}
}

/* Of many with the same grams some are left, so that one place of a text is never compared with all. */
static void chains_are_short(void **state)
{
	static struct set s;
	uint8_t bytes[11];

	(void)state;
	memset(&s, 0, sizeof(s));
	for (unsigned i = 0; i < 100; i++)
		add(&s, "abcdefghijk", 11, i & 1);
	build(&s, GRAM_TEXT_LONG);
	assert_int_equal(s.served, GRAM_CHAIN_MAX);
	check(&s, bytes_of("--abcdefghijk-ABCDEFGHIJK", 25));
	finish(&s);
	/* All four grams are the same one. */
	memset(&s, 0, sizeof(s));
	memset(bytes, 'a', sizeof(bytes));
	for (unsigned i = 0; i < 100; i++)
		add(&s, bytes, sizeof(bytes), false);
	build(&s, GRAM_TEXT_LONG);
	assert_int_equal(s.served, GRAM_CHAIN_MAX / 4);
	finish(&s);
}

/* Those that differ beyond what is common to them are entered by that. */
static void by_what_differs(void **state)
{
	static struct set s;

	(void)state;
	memset(&s, 0, sizeof(s));
	for (unsigned i = 0; i < 200; i++) {
		uint8_t bytes[40] = "GET /index.php?page=";

		for (unsigned k = 20; k < 32; k++)
			bytes[k] = (uint8_t)('a' + (i * 31 + k * (i % 7 + 1) * 5) % 26);
		bytes[25] = (uint8_t)('a' + i % 26);
		bytes[26] = (uint8_t)('a' + i / 26);
		add(&s, bytes, 32, true);
	}
	build(&s, GRAM_TEXT_LONG);
	assert_int_equal(s.served, 200);
	for (unsigned i = 0; i < 200; i += 9)
		check(&s, bytes_of(s.bytes[i], 32));
	finish(&s);
}

static void only_whole_ones(void **state)
{
	static struct set s;
	uint32_t wrong = 0;

	(void)state;
	memset(&s, 0, sizeof(s));
	add(&s, "a literal that is long enough", 29, false);
	build(&s, GRAM_TEXT_LONG);
	for (size_t len = 0; len < s.len; len++)
		assert_false(gram_is_whole(s.base, len));
	/* No byte of the head may have it read elsewhere. */
	for (size_t at = 0; at < 56; at += 4) {
		uint32_t was;

		memcpy(&was, (uint8_t *)s.base + at, 4);
		memcpy((uint8_t *)s.base + at, &(uint32_t){ 0xfffffff0u }, 4);
		wrong += !gram_is_whole(s.base, s.len);
		memcpy((uint8_t *)s.base + at, &was, 4);
	}
	assert_true(wrong >= 9);
	assert_true(gram_is_whole(s.base, s.len));
	finish(&s);
}

/* The stamps of what was found come round. */
static void found_in_each_search(void **state)
{
	static struct set s;

	(void)state;
	memset(&s, 0, sizeof(s));
	add(&s, "not only once", 13, false);
	add(&s, "ONLY once, but", 14, true);
	build(&s, GRAM_TEXT_LONG);
	for (unsigned i = 0; i < 1000; i++)
		check(&s,
		      bytes_of("it is not only once, but often not only once", i % 2 ? 44 : 12));
	finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_each_alone),    cmocka_unit_test(cut_at_every_place),
		cmocka_unit_test(lengths_served),   cmocka_unit_test(short_ones_if_many),
		cmocka_unit_test(chains_are_short), cmocka_unit_test(by_what_differs),
		cmocka_unit_test(only_whole_ones),  cmocka_unit_test(found_in_each_search),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
