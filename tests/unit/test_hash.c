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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes),
		cmocka_unit_test(words_hash_as_their_bytes),
		cmocka_unit_test(key_matters),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
