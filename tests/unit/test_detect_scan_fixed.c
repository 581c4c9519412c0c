/* SPDX-License-Identifier: Apache-2.0 */
/* Literals at their places are found as a comparison of each finds them, with one look at the first places and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "engine/detect/scan_fixed.h"
#include "engine/detect/wide.h"
#include "tests/unit/guard.h"
#include "tests/unit/literals.h"

#define LITERALS 400
#define TEXT 200

struct set {
	struct fixed_literal literal[LITERALS];
	uint8_t bytes[LITERALS][FIXED_BYTES];
	size_t count;
	struct block_builder block;
	uint32_t table;
	unsigned found[LITERALS];
};

static struct literal_random r;

static void add(struct set *s, const void *data, size_t len, bool nocase, unsigned place)
{
	memcpy(s->bytes[s->count], data, len);
	s->literal[s->count] = (struct fixed_literal){ .data = s->bytes[s->count],
						       .rule = (uint32_t)s->count,
						       .place = (uint16_t)place,
						       .len = (uint8_t)len,
						       .nocase = nocase };
	s->count++;
}

static void build(struct set *s)
{
	block_init(&s->block);
	block_room(&s->block, sizeof(struct block_header));
	s->table = scan_fixed_build(&s->block, s->literal, s->count);
	assert_false(s->block.failed);
}

static bool looks(const struct set *s)
{
	const struct fixed_table *t = block_pointer(&s->block, s->table);

	return t->looks;
}

static void on_found(void *ctx, uint32_t rule)
{
	struct set *s = ctx;

	assert_true(rule < s->count);
	s->found[rule]++;
}

static bool stands(const struct fixed_literal *l, struct bytes text, uint64_t origin)
{
	const struct hs_literal literal = { l->data, l->len, l->nocase };

	return l->place >= origin && l->place - origin + l->len <= text.len &&
	       literal_stands_at(&literal, text.data + (l->place - origin));
}

/* Each that stands at its place once, and no other. */
static void check(struct set *s, struct bytes text, uint64_t origin)
{
	for (unsigned way = 0; way < 2; way++) {
		memset(s->found, 0, sizeof(s->found));
		(way ? scan_fixed_search_plain : scan_fixed_search)(block_pointer(&s->block, 0),
								    s->table, text, origin, 0,
								    on_found, s);
		for (size_t i = 0; i < s->count; i++) {
			const struct fixed_literal *l = &s->literal[i];

			if (s->found[l->rule] != stands(l, text, origin))
				fail_msg("way %u, %u bytes at %u, text of %zu: found %u times", way,
					 l->len, l->place, text.len, s->found[l->rule]);
		}
	}
}

static void random_set(struct set *s, unsigned places)
{
	size_t count = 1 + literal_below(&r, literal_below(&r, 2) ? 40 : LITERALS - 1);

	s->count = 0;
	while (s->count < count) {
		uint8_t bytes[FIXED_BYTES];
		size_t len = 1 + literal_below(&r, FIXED_BYTES);

		for (size_t i = 0; i < len; i++)
			bytes[i] = literal_byte(&r);
		add(s, bytes, len, literal_below(&r, 2), literal_below(&r, places));
	}
	build(s);
}

/* With some of the literals at their places, in any case. */
static void random_text(const struct set *s, uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text[i] = literal_byte(&r);
	for (unsigned n = literal_below(&r, 12); n; n--) {
		const struct fixed_literal *l = &s->literal[literal_below(&r, (uint32_t)s->count)];

		for (unsigned i = 0; i < l->len && l->place + i < len; i++) {
			uint8_t c = l->data[i], folded = c | 0x20;

			text[l->place + i] =
				folded >= 'a' && folded <= 'z' && literal_below(&r, 4) == 0
					? c ^ 0x20
					: c;
		}
	}
}

static void as_each_alone(void **state)
{
	static struct set s;
	uint8_t text[TEXT];
	unsigned look = 0;

	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		r = (struct literal_random){ round + 1,
					     literal_alphabets[round % LITERAL_ALPHABETS] };
		random_set(&s, round % 3 ? PATTERN_PLACE_MAX : 1 + literal_below(&r, 20));
		look += looks(&s);
		for (unsigned i = 0; i < 12; i++) {
			size_t len = literal_below(&r, i & 1 ? TEXT : 75);

			random_text(&s, text, len);
			check(&s, bytes_of(guard_copy(text, len), len), 0);
			if (i % 4 == 0)
				check(&s, bytes_of(guard_copy(text, len), len),
				      1 + literal_below(&r, 70));
		}
		guard_free_all();
		block_fini(&s.block);
	}
	assert_in_range(look, 400, 599);
}

/* Wherever a text ends. */
static void cut_at_every_place(void **state)
{
	static struct set s;
	uint8_t text[TEXT];

	(void)state;
	for (unsigned round = 0; round < 24; round++) {
		r = (struct literal_random){ 1000 + round,
					     literal_alphabets[round % LITERAL_ALPHABETS] };
		random_set(&s, 100);
		random_text(&s, text, sizeof(text));
		for (size_t len = 0; len <= sizeof(text); len++)
			check(&s, bytes_of(guard_copy(text, len), len), 0);
		guard_free_all();
		block_fini(&s.block);
	}
}

/* A byte alone is found before any other, and at the end. */
static void one_byte(void **state)
{
	static struct set s;
	uint8_t text[12] = "AAAAAAAAAAAA";

	(void)state;
	s.count = 0;
	for (unsigned place = 0; place < sizeof(text); place++)
		add(&s, "a", 1, place & 1, place);
	build(&s);
	assert_true(looks(&s));
	for (unsigned next = 0; next < 256; next++) {
		for (unsigned i = 1; i < sizeof(text); i += 2)
			text[i - 1 + (next & 1)] = (uint8_t)next;
		check(&s, bytes_of(text, sizeof(text)), 0);
		check(&s, bytes_of(guard_copy(text, 5), 5), 0);
		memset(text, next & 2 ? 'a' : 'A', sizeof(text));
		guard_free_all();
	}
	block_fini(&s.block);
}

/* Of what is unlike all literals little passes. */
static void little_passes(void **state)
{
	static struct set s;
	uint8_t text[TEXT];
	unsigned passed = 0;

	(void)state;
	if (!wide_here()) {
		print_message(
			"# this processor has no AVX-512 with VBMI and GFNI: there is no look\n");
		skip();
	}
	r = (struct literal_random){ 7, NULL };
	s.count = 0;
	for (unsigned i = 0; i < 150; i++) {
		uint8_t bytes[FIXED_BYTES];

		for (unsigned k = 0; k < FIXED_BYTES; k++)
			bytes[k] = literal_byte(&r);
		add(&s, bytes, 3 + literal_below(&r, 6), i & 1, i % 30);
	}
	build(&s);
	for (unsigned i = 0; i < 1000; i++) {
		const struct fixed_table *t = block_pointer(&s.block, s.table);

		for (unsigned k = 0; k < TEXT; k++)
			text[k] = literal_byte(&r);
		passed += (unsigned)__builtin_popcountll(
			scan_look_places(&t->look, bytes_of(text, sizeof(text))));
	}
	assert_in_range(passed, 1, 1500);
	block_fini(&s.block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_each_alone),
		cmocka_unit_test(cut_at_every_place),
		cmocka_unit_test(one_byte),
		cmocka_unit_test(little_passes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
