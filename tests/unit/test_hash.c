/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/hash.h"
#include "tests/unit/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* The key 00 01 ... 0f of the SipHash paper. */
static const struct hash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

/*
 * SipHash-1-3 of the bytes 00 01 02 ..., from another implementation, which gives the paper's value
 * for 2-4.
 */
static const struct {
	size_t len;
	uint64_t hash;
} rows[] = {
	{ 0, 0xabac0158050fc4dc },  { 1, 0xc9f49bf37d57ca93 },	{ 7, 0xd3927d989bb11140 },
	{ 8, 0x369095118d299a8e },  { 9, 0x25a48eb36c063de4 },	{ 15, 0xd320d86d2a519956 },
	{ 16, 0xcc4fdd1a7d908b66 }, { 63, 0x9d199062b7bbb3a8 },
};

static void bytes(void **state)
{
	uint8_t data[64];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(hash_bytes(&key, guard_copy(data, rows[i].len), rows[i].len) ==
			    rows[i].hash);
	guard_free_all();
}

static void words_hash_as_their_bytes(void **state)
{
	const uint64_t words[] = { 0x1122334455667788, 0, UINT64_MAX, 42 };

	(void)state;
	for (size_t n = 0; n <= 4; n++)
		assert_true(hash_words(&key, words, n) == hash_bytes(&key, words, n * 8));
}

static void key_matters(void **state)
{
	const struct hash_key other = { key.k0, key.k1 ^ 1 };

	(void)state;
	assert_true(hash_bytes(&key, "weir", 4) != hash_bytes(&other, "weir", 4));
}

/* Multipliers that leave the words to be seen. */
static void chains_take_the_upper_half(void **state)
{
	const unsigned __int128 one = (unsigned __int128)1 << 64;
	const struct hash_chain h = { .add = 5 * one, .factor = { one, 2 * one, UINT64_MAX } };
	const uint64_t words[] = { 100, 10, 2, 0, 0, 0 };

	(void)state;
	assert_true(hash_chain(&h, words, 0) == 5);
	assert_true(hash_chain(&h, words, 1) == 105);
	assert_true(hash_chain(&h, words, 2) == 125);
	/* Twice all bits carry one into the upper half. */
	assert_true(hash_chain(&h, words, 3) == 126);
	assert_true(hash_chain(&h, words, 6) == 126);
}

/* Words that count up, as ports and addresses do, in each of the places. */
static void chains_are_even(void **state)
{
	enum { CHAINS = 256, KEYS = 64 * CHAINS };
	struct hash_chain h, other;

	(void)state;
	hash_chain_init(&h, &key);
	hash_chain_init(&other, &(struct hash_key){ key.k0 ^ 1, key.k1 });
	for (size_t at = 0; at < HASH_CHAIN_WORDS; at++) {
		uint64_t words[HASH_CHAIN_WORDS] = { 1, 2, 3, 4, 5, 6 };
		unsigned count[CHAINS] = { 0 }, same = 0;

		for (uint64_t n = 0; n < KEYS; n++) {
			words[at] = n << (at & 1 ? 16 : 0);
			count[hash_chain(&h, words, HASH_CHAIN_WORDS) % CHAINS]++;
			same += hash_chain(&h, words, HASH_CHAIN_WORDS) ==
				hash_chain(&other, words, HASH_CHAIN_WORDS);
		}
		for (unsigned i = 0; i < CHAINS; i++)
			assert_in_range(count[i], KEYS / CHAINS / 4, KEYS / CHAINS * 4);
		assert_int_equal(same, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes),	   cmocka_unit_test(words_hash_as_their_bytes),
		cmocka_unit_test(key_matters),	   cmocka_unit_test(chains_take_the_upper_half),
		cmocka_unit_test(chains_are_even),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
