/* SPDX-License-Identifier: Apache-2.0 */
/* Records cross the ring whole, in order, and are never lost; keys order as the run does. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/run/record.h"

static void key_order(void **state)
{
	static const struct record_key sorted[] = {
		{ 1, RECORD_MINOR_PACKET, 0 },
		{ 2, 1000, 16 }, /* what the tick of packet 2 ended, by deadline */
		{ 2, 1000, 32 }, /* then by flow number */
		{ 2, 2000, 16 },
		{ 2, RECORD_MINOR_PACKET, 0 }, /* packet 2 itself */
		{ UINT64_MAX, 0, 16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
		for (size_t k = 0; k < sizeof(sorted) / sizeof(sorted[0]); k++) {
			int c = record_key_compare(&sorted[i], &sorted[k]);

			assert_int_equal((c > 0) - (c < 0), (i > k) - (i < k));
		}
	}
}

#define RECORDS 200000u
#define RING (64u << 10)

static uint32_t size_of(uint32_t n)
{
	return (uint32_t)(sizeof(struct record) + (n * 2654435761u >> 20 & 0xff8));
}

static void *put_all(void *arg)
{
	struct record_ring *r = arg;

	for (uint32_t n = 0; n < RECORDS; n++) {
		uint32_t size = size_of(n);
		struct record *rec;

		while (!(rec = record_ring_reserve(r, size)))
			sched_yield();
		memset(rec, (int)(n & 0xff), size);
		rec->size = size;
		rec->lines = 1;
		rec->key = (struct record_key){ n, 0, 0 };
		record_ring_commit(r, size);
	}
	return NULL;
}

static void nothing_is_lost(void **state)
{
	struct record_ring r;
	pthread_t thread;

	(void)state;
	assert_int_equal(record_ring_init(&r, RING), 0);
	assert_int_equal(pthread_create(&thread, NULL, put_all, &r), 0);
	for (uint32_t n = 0; n < RECORDS; n++) {
		const struct record *rec;
		const uint8_t *tail;

		while (!(rec = record_ring_peek(&r)))
			sched_yield();
		assert_int_equal(rec->key.packet, n);
		assert_int_equal(rec->size, size_of(n));
		tail = (const uint8_t *)rec + rec->size - 1;
		if (rec->size > sizeof(*rec))
			assert_int_equal(*tail, n & 0xff);
		record_ring_take(&r, rec);
	}
	assert_null(record_ring_peek(&r));
	pthread_join(thread, NULL);
	record_ring_fini(&r);
}

static void a_full_ring_refuses(void **state)
{
	struct record_ring r;
	unsigned held = 0;
	struct record *rec;

	(void)state;
	assert_int_equal(record_ring_init(&r, RING), 0);
	while ((rec = record_ring_reserve(&r, 1024))) {
		rec->size = 1024;
		rec->lines = 1;
		record_ring_commit(&r, 1024);
		held++;
	}
	assert_int_equal(held, RING / 1024);
	record_ring_take(&r, record_ring_peek(&r));
	assert_non_null(record_ring_reserve(&r, 1024));
	record_ring_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_order),
		cmocka_unit_test(nothing_is_lost),
		cmocka_unit_test(a_full_ring_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
