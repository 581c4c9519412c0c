/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever serves which of the literals, what is found is what a search for each alone finds, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/mpm.h"
#include "engine/detect/wide.h"
#include "tests/unit/guard.h"
#include "tests/unit/literals.h"

#define LITERALS 3000
#define TEXT 3000

static struct {
	struct hs_literal literal[LITERALS];
	uint8_t bytes[LITERALS][64];
	size_t count;
	void *built, *room;
	size_t len;
	struct mpm *mpm;
	struct mpm_work work;
	unsigned found[LITERALS + 1];
	unsigned long long end[LITERALS + 1];
} s;

static struct literal_random r;

static void random_set(size_t count, unsigned shortest)
{
	for (s.count = 0; s.count < count; s.count++) {
		unsigned len = shortest + literal_below(&r, literal_below(&r, 4) ? 12 : 50);

		for (unsigned i = 0; i < len; i++)
			s.bytes[s.count][i] = literal_byte(&r);
		s.literal[s.count] = (struct hs_literal){ s.bytes[s.count], (uint16_t)len,
							  literal_below(&r, 2) };
	}
}

static void open_set(enum gram_text text)
{
	char why[128];
	size_t size;

	assert_int_equal(mpm_build(s.literal, s.count, text, &s.built, &s.len, why), 0);
	assert_int_equal(mpm_size(s.built, s.len, &size), 0);
	assert_int_equal(mpm_literals(s.built), s.count);
	s.room = aligned_alloc(MPM_ALIGN, (size + MPM_ALIGN - 1) / MPM_ALIGN * MPM_ALIGN);
	assert_non_null(s.room);
	assert_int_equal(mpm_open(s.built, s.room, &s.mpm), 0);
	assert_int_equal(mpm_work_serve(&s.work, &s.mpm, 1), 0);
}

static void close_set(void)
{
	free(s.room);
	free(s.built);
}

static int on_found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	(void)from;
	(void)flags;
	(void)ctx;
	assert_true(id <= s.count);
	s.found[id]++;
	s.end[id] = to;
	return 0;
}

static void check(struct bytes text)
{
	memset(s.found, 0, sizeof(s.found));
	mpm_search(s.mpm, &s.work, text, on_found, NULL);
	for (size_t i = 0; i < s.count; i++) {
		size_t end = literal_first_end(&s.literal[i], text);

		if (s.found[i] != (end != 0) || (end && s.end[i] != end))
			fail_msg("literal %zu of %u bytes, text of %zu: found %u times, at %llu "
				 "instead of %zu",
				 i, s.literal[i].len, text.len, s.found[i],
				 s.found[i] ? s.end[i] : 0, end);
	}
}

/* One working memory for all of them, smaller ones after larger ones too. */
static void as_each_alone(void **state)
{
	static const size_t counts[] = { 1, 20, 200, 900, 1500, 2600 };
	static uint8_t text[TEXT];
	unsigned with_grams = 0, with_wide = 0, with_hyperscan = 0;

	(void)state;
	for (unsigned round = 0; round < 72; round++) {
		r = (struct literal_random){ 5000 + round,
					     literal_alphabets[round % LITERAL_ALPHABETS] };
		random_set(counts[(round * 5) % 6], 1 + round % 7);
		open_set((enum gram_text)(round % 3));
		with_grams += s.mpm->grams != NULL;
		with_wide += s.mpm->wide != NULL;
		with_hyperscan += s.mpm->hs != NULL;
		for (unsigned i = 0; i < 6; i++) {
			size_t len = literal_below(&r, i ? TEXT : 20);

			literal_text(&r, s.literal, s.count, text, len);
			check(bytes_of(guard_copy(text, len), len));
			guard_free_all();
		}
		close_set();
	}
	mpm_work_fini(&s.work);
	assert_true(with_grams > 15 && with_hyperscan > 15);
	assert_true(wide_here() ? with_wide > 5 : with_wide == 0);
}

/* Of payload grams have no literals until there are more than the others are good for. */
static void many_of_payload(void **state)
{
	(void)state;
	r = (struct literal_random){ 77, NULL };
	random_set(1900, 6);
	open_set(GRAM_TEXT_PAYLOAD);
	assert_null(s.mpm->grams);
	close_set();
	random_set(2500, 6);
	open_set(GRAM_TEXT_PAYLOAD);
	assert_non_null(s.mpm->grams);
	close_set();
	mpm_work_fini(&s.work);
}

/* A literal again and again: its first end counts, whichever of its grams lies at a place that is looked at. */
static void first_of_many(void **state)
{
	uint8_t text[200];

	(void)state;
	r = (struct literal_random){ 78, NULL };
	random_set(2600, 6);
	memset(s.bytes[0], 'x', 40);
	s.literal[0] = (struct hs_literal){ s.bytes[0], 17, false };
	memset(s.bytes[1], 'x', 40);
	s.literal[1] = (struct hs_literal){ s.bytes[1], 8, false };
	open_set(GRAM_TEXT_PAYLOAD);
	for (unsigned at = 0; at < 70; at++) {
		memset(text, '-', sizeof(text));
		memset(text + at, 'x', 90);
		check(bytes_of(text, sizeof(text)));
		/* Twice within the places that are looked at together. */
		memset(text, '-', sizeof(text));
		memset(text + at, 'x', 8);
		memset(text + at + 9, 'x', 8);
		check(bytes_of(text, sizeof(text)));
	}
	close_set();
	mpm_work_fini(&s.work);
}

/* What is read from a file. */
static void only_whole_ones(void **state)
{
	static const uint32_t strange[] = { 0, 1, 7, 63, 64, 2500, 2501, 1u << 20, UINT32_MAX };
	uint32_t *head;
	size_t size;

	(void)state;
	r = (struct literal_random){ 79, NULL };
	random_set(2500, 4);
	open_set(GRAM_TEXT_PAYLOAD);
	assert_non_null(s.mpm->grams);
	assert_true(s.mpm->hs || s.mpm->wide);
	/* Aligned as the whole is. */
	for (size_t len = 0; len < s.len; len += 8 + len / 128 * 8)
		assert_int_equal(mpm_size(guard_copy(s.built, len), len, &size), -EINVAL);
	guard_free_all();
	head = s.built;
	for (unsigned i = 0; i < 8; i++) {
		for (unsigned k = 0; k < sizeof(strange) / sizeof(strange[0]); k++) {
			uint32_t was = head[i];

			if (was == strange[k])
				continue;
			head[i] = strange[k];
			if (mpm_size(s.built, s.len, &size) != -EINVAL)
				fail_msg("field %u as %u instead of %u is not noticed", i,
					 strange[k], was);
			head[i] = was;
		}
	}
	/* A number that is none. */
	head[8 + 1000] = 2501;
	assert_int_equal(mpm_size(s.built, s.len, &size), -EINVAL);
	close_set();
	mpm_work_fini(&s.work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_each_alone),
		cmocka_unit_test(many_of_payload),
		cmocka_unit_test(first_of_many),
		cmocka_unit_test(only_whole_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
