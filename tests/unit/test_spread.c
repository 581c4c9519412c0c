/* SPDX-License-Identifier: Apache-2.0 */
/* Each part of a job is done once, whoever does it; a file's digest is the same in parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/detect/cache.h"
#include "engine/run/spread.h"

#define PARTS_MAX 1000

static void count(void *arg, unsigned part)
{
	atomic_uint *done = arg;

	assert_true(part < PARTS_MAX);
	atomic_fetch_add(&done[part], 1);
}

static void each_part_once(void **state)
{
	static const unsigned threads[] = { 0, 1, 2, 3, 1000 }, parts[] = { 0, 1, 2, 7, PARTS_MAX };

	(void)state;
	for (size_t t = 0; t < sizeof(threads) / sizeof(threads[0]) + 1; t++) {
		struct spread by = spread_over(t ? threads[t - 1] : 0);

		for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
			static atomic_uint done[PARTS_MAX];

			memset(done, 0, sizeof(done));
			spread_run(t ? &by : NULL, count, done, parts[p]);
			for (unsigned i = 0; i < PARTS_MAX; i++)
				assert_int_equal(done[i], i < parts[p]);
		}
	}
}

#define FILE_BYTES ((3u << 20) + 12345u)

static char path[64];

static void write_bytes(const uint8_t *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static int digest(const char *file, const struct spread *by, struct cache_key *out)
{
	struct cache_digest *d;
	int err = cache_digest_new(&d);

	if (err)
		return err;
	cache_digest_file(d, file, by);
	return cache_digest_key(d, out);
}

static void digest_of_a_file(void **state)
{
	static const struct {
		size_t len;
		size_t at; /* of the byte that is another one */
	} rows[] = {
		{ 0, 0 },
		{ 1, 0 },
		{ 1u << 20, (1u << 20) - 1 },
		{ (1u << 20) + 1, 1u << 20 },
		{ FILE_BYTES, 0 },
		{ FILE_BYTES, (2u << 20) - 1 },
		{ FILE_BYTES, 2u << 20 },
		{ FILE_BYTES, FILE_BYTES - 1 },
	};
	struct spread by = spread_over(3);
	uint8_t *data = calloc(1, FILE_BYTES);
	struct cache_key one, three, other, longer;

	(void)state;
	assert_non_null(data);
	strcpy(path, "/tmp/weir-spread-XXXXXX");
	close(mkstemp(path));
	for (size_t i = 0; i < FILE_BYTES; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 13);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_bytes(data, rows[i].len);
		assert_int_equal(digest(path, NULL, &one), 0);
		assert_int_equal(digest(path, &by, &three), 0);
		assert_memory_equal(&one, &three, sizeof(one));
		if (!rows[i].len)
			continue;
		data[rows[i].at] ^= 1;
		write_bytes(data, rows[i].len);
		data[rows[i].at] ^= 1;
		assert_int_equal(digest(path, &by, &other), 0);
		assert_memory_not_equal(&one, &other, sizeof(one));
		write_bytes(data, rows[i].len - 1);
		assert_int_equal(digest(path, &by, &longer), 0);
		assert_memory_not_equal(&one, &longer, sizeof(one));
	}
	free(data);
	unlink(path);
	/* What is not there, and what is no file, has none. */
	assert_true(digest(path, &by, &one) < 0);
	assert_true(digest("/dev/zero", &by, &one) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_once),
		cmocka_unit_test(digest_of_a_file),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
