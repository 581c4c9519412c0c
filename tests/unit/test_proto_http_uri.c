/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "engine/proto/http_uri.h"
#include "tests/unit/guard.h"
#include "tests/unit/http_uri_rows.h"

static struct http_uri_options ids(void)
{
	struct http_uri_options o;

	assert_true(http_uri_personality("IDS", &o));
	return o;
}

static struct bytes normalise(struct bytes target, const struct http_uri_options *o, bool *twice)
{
	struct bytes t = bytes_of(guard_copy(target.data, target.len), target.len);
	uint8_t *out = guard_alloc(target.len + 3);
	struct http_uri u;
	size_t n;

	http_uri_split(t, false, &u);
	n = http_uri_normalise(&u, o, out, twice);
	assert_true(n <= target.len + 3);
	return bytes_of(out, n);
}

static void test_normalise(void **state)
{
	struct http_uri_options o = ids();
	bool twice;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bytes got = normalise(rows[i].target, &o, &twice);

		if (got.len != rows[i].expect.len ||
		    (got.len && memcmp(got.data, rows[i].expect.data, got.len) != 0))
			fail_msg("row %zu: %.*s gives %.*s, not %.*s", i, (int)rows[i].target.len,
				 (const char *)rows[i].target.data, (int)got.len,
				 (const char *)got.data, (int)rows[i].expect.len,
				 (const char *)rows[i].expect.data);
		assert_false(twice);
		guard_free_all();
	}
}

static void test_personalities(void **state)
{
	static const struct {
		const char *personality;
		const char *target;
		const char *expect;
	} table[] = {
		{ "Apache_2", "/a\\b//c%2fd%u0041", "/a\\b/c/d%u0041" },
		{ "IIS_5_0", "/a\\b//c%u0041", "/a/b/cA" },
		{ "IIS_7_0", "/a\\b//c%u0041", "/a/b/c%u0041" },
		{ "Generic", "/a\\b//c%41", "/a\\b//cA" },
	};
	struct http_uri_options o;
	bool twice;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct bytes got;

		assert_true(http_uri_personality(table[i].personality, &o));
		got = normalise(bytes_of(table[i].target, strlen(table[i].target)), &o, &twice);
		assert_int_equal(got.len, strlen(table[i].expect));
		assert_memory_equal(got.data, table[i].expect, got.len);
		guard_free_all();
	}
	assert_false(http_uri_personality("Nobody", &o));
}

static void test_options(void **state)
{
	struct http_uri_options o = ids();
	bool twice;
	struct bytes got;

	(void)state;
	o.double_decode_path = true;
	got = normalise(bytes_of("/%2541?%2541", 12), &o, &twice);
	assert_true(twice);
	assert_int_equal(got.len, 6);
	assert_memory_equal(got.data, "/A?%41", 6);
	o.double_decode_query = true;
	got = normalise(bytes_of("/%2541?%2541", 12), &o, &twice);
	assert_int_equal(got.len, 4);
	assert_memory_equal(got.data, "/A?A", 4);
	got = normalise(bytes_of("/a?b", 4), &o, &twice);
	assert_false(twice);
	o = ids();
	o.plus_space = true;
	got = normalise(bytes_of("/a+b?c+%2b", 10), &o, &twice);
	assert_memory_equal(got.data, "/a+b?c +", got.len);
	o = ids();
	o.include_all = true;
	got = normalise(bytes_of("http://u:p@h:80/a", 17), &o, &twice);
	assert_int_equal(got.len, 17);
	assert_memory_equal(got.data, "http://u:p@h:80/a", 17);
	guard_free_all();
}

static void test_authority(void **state)
{
	static const struct {
		const char *text;
		const char *host;
		uint16_t port;
		bool invalid;
	} table[] = {
		{ "a", "a", 0, false },
		{ " Example.com:80 ", "Example.com", 80, false },
		{ "a:99999", "a", 0, true },
		{ "a:x", "a", 0, true },
		{ "a:", "a", 0, true },
		{ "a:0", "a", 0, true },
		{ "a:080", "a", 80, false },
		{ "a: 80", "a", 80, false },
		{ "a :80", "a", 80, false },
		{ ":80", "", 0, false },
		{ "::1", "", 0, false },
		{ "[::1]:80", "[::1]", 80, false },
		{ "[::1]x", "[::1]", 0, true },
		{ "[::1", "[::1", 0, true },
		{ "[xyz]", "[xyz]", 0, false },
		{ "a b", "a b", 0, true },
		{ "a_b-c.d", "a_b-c.d", 0, false },
		{ "*.x$/y", "*.x$", 0, true },
		{ "a..b", "a..b", 0, true },
		{ ".a", ".a", 0, true },
		{ "a.b.", "a.b.", 0, false },
		{ "u@a", "u@a", 0, true },
		{ "a%41b", "a%41b", 0, true },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.c",
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.c", 0, false },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.c",
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.c", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		size_t len = strlen(table[i].text);
		struct http_authority a;

		http_authority_parse(bytes_of(guard_copy(table[i].text, len), len), &a);
		assert_int_equal(a.host.len, strlen(table[i].host));
		assert_memory_equal(a.host.data, table[i].host, a.host.len);
		assert_int_equal(a.port, table[i].port);
		assert_int_equal(a.invalid, table[i].invalid);
		guard_free_all();
	}
}

static void test_split(void **state)
{
	static const struct {
		const char *target;
		bool connect;
		const char *host;
		uint16_t port;
		bool invalid;
	} table[] = {
		{ "http://User:pw@Other.com:80/x?y#f", false, "Other.com", 80, false },
		{ "http://a:99999/x", false, "a", 0, true },
		{ "http://a_b$/x", false, "a_b$", 0, true },
		{ "http://[::1]:80/x", false, "[::1]", 80, false },
		{ "/x", false, "", 0, false },
		{ "h:80/x", false, "80", 0, false },
		{ "a:443", true, "a", 443, false },
		{ "a", true, "a", 0, false },
		{ "a:99999", true, "a", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		size_t len = strlen(table[i].target);
		struct http_uri u;

		http_uri_split(bytes_of(guard_copy(table[i].target, len), len), table[i].connect,
			       &u);
		assert_int_equal(u.authority.host.len, strlen(table[i].host));
		assert_memory_equal(u.authority.host.data, table[i].host, u.authority.host.len);
		assert_int_equal(u.authority.port, table[i].port);
		assert_int_equal(u.authority.invalid, table[i].invalid);
		guard_free_all();
	}
}

static void test_host(void **state)
{
	uint8_t out[16];

	(void)state;
	assert_int_equal(http_host_normalise(bytes_of("H%41.Com..", 10), out), 6);
	assert_memory_equal(out, "ha.com", 6);
}

static void test_bestfit(void **state)
{
	(void)state;
	assert_int_equal(http_bestfit(0x41), 'A');
	assert_int_equal(http_bestfit(0xe9), 0xe9);
	assert_int_equal(http_bestfit(0xff0f), '/');
	assert_int_equal(http_bestfit(0x2215), '/');
	assert_int_equal(http_bestfit(0x2216), '\\');
	assert_int_equal(http_bestfit(0x0100), 'A');
	assert_int_equal(http_bestfit(0x0110), '?');
	assert_int_equal(http_bestfit(0x301b), ']');
	assert_int_equal(http_bestfit(0x301c), '?');
	assert_int_equal(http_bestfit(0x10ffff), '?');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normalise), cmocka_unit_test(test_personalities),
		cmocka_unit_test(test_options),	  cmocka_unit_test(test_authority),
		cmocka_unit_test(test_split),	  cmocka_unit_test(test_host),
		cmocka_unit_test(test_bestfit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
