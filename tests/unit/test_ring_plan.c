/* SPDX-License-Identifier: Apache-2.0 */
/* Rings: how large they are made of an interface, and what they take, by queue and by worker. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/capture/live_book.h"
#include "engine/capture/ring_plan.h"

#define KIB 1024ull
#define MIB (1024ull * KIB)
#define PAGE 4096ull

static struct live_handover *plan(const struct xdp_interface_options *o, uint32_t mtu,
				  unsigned queues, unsigned workers, enum xdp_step step)
{
	const struct iface f = { .mtu = mtu, .rx_queues = queues };
	struct live_handover *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	assert_int_equal(ring_plan(o, &f, workers, step, h), 0);
	return h;
}

/* 16,384 places to receive in, shared by the sockets of a queue; a frame for each of them, a batch a worker and 1,024. */
static void test_queue(void **state)
{
	static const struct {
		unsigned workers;
		uint32_t mtu;
		bool frags;
		struct xdp_interface_options o;
		struct ring_queue want;
	} rows[] = {
		{ 1,
		  1500,
		  false,
		  { .name = "a" },
		  { 1, 16384 + 64 + 1024, 2048, 32768, 64, 16384 } },
		{ 2,
		  1500,
		  false,
		  { .name = "a" },
		  { 2, 2 * (8192 + 64) + 1024, 2048, 32768, 64, 8192 } },
		{ 3,
		  1500,
		  false,
		  { .name = "a" },
		  { 3, 3 * (4096 + 64) + 1024, 2048, 16384, 64, 4096 } },
		{ 64,
		  1500,
		  false,
		  { .name = "a" },
		  { 64, 64 * (512 + 64) + 1024, 2048, 65536, 64, 512 } },
		/* A frame with two tags, and 256 bytes for the kernel, in 2 KiB: an MTU of 1,770. */
		{ 1, 1770, false, { .name = "a" }, { 1, 17472, 2048, 32768, 64, 16384 } },
		{ 1, 1771, false, { .name = "a" }, { 1, 17472, 4096, 32768, 64, 16384 } },
		{ 1, 1500, true, { .name = "a" }, { 1, 17472, 4096, 32768, 64, 16384 } },
		{ 4,
		  1500,
		  false,
		  { .name = "a", .by_queue = true },
		  { 1, 17472, 2048, 32768, 64, 16384 } },
		{ 2,
		  1500,
		  false,
		  { .name = "a", .rx_entries = 1024, .frames = 4096, .send_frames = 100 },
		  { 2, 4096, 2048, 4096, 128, 1024 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct iface f = { .mtu = rows[i].mtu, .rx_queues = 1 };
		struct ring_queue q;

		ring_plan_queue(&rows[i].o, &f, rows[i].workers, rows[i].frags, &q);
		assert_memory_equal(&q, &rows[i].want, sizeof(q));
	}
}

static void test_blocks(void **state)
{
	static const struct {
		struct xdp_interface_options o;
		struct ring_blocks want;
	} rows[] = {
		{ { .name = "a" }, { MIB, 32 } },
		{ { .name = "a", .packet_block_bytes = 4 * MIB }, { 4 * MIB, 8 } },
		/* Two at least: one is with the kernel, one is read. */
		{ { .name = "a", .packet_block_bytes = 32 * MIB }, { 32 * MIB, 2 } },
		{ { .name = "a", .packet_ring_bytes = 8 * MIB }, { MIB, 8 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ring_blocks b;

		ring_plan_blocks(&rows[i].o, &b);
		assert_memory_equal(&b, &rows[i].want, sizeof(b));
	}
}

static uint64_t pages(uint64_t bytes)
{
	return (bytes + PAGE - 1) / PAGE * PAGE;
}

static void test_xdp_bytes(void **state)
{
	const struct xdp_interface_options o = { .name = "a" };
	struct live_handover *h = plan(&o, 1500, 4, 2, XDP_STEP_DRIVER);
	struct ring_bytes all, one, none;

	(void)state;
	assert_int_equal(h->queues, 4);
	assert_int_equal(h->sources, 8);
	ring_bytes(h, RING_ALL, RING_ALL, &all);
	assert_int_equal(all.umem, 4 * pages((2 * (8192 + 64) + 1024) * 2048ull));
	/* Entries of 8 bytes to give frames, of 16 to get them; the ring's indices stand on a page before. */
	assert_int_equal(all.fill, 4 * (32768 * 8 + PAGE));
	assert_int_equal(all.completion, 4 * PAGE);
	assert_int_equal(all.rx, 8 * (8192 * 16 + PAGE));
	assert_int_equal(all.tx + all.blocks, 0);
	assert_int_equal(all.books, 4 * pages(live_book_bytes(2, 0)));
	assert_int_equal(ring_bytes_sum(&all),
			 all.umem + all.fill + all.completion + all.rx + all.books);
	for (uint32_t w = 0; w < 2; w++) {
		ring_bytes(h, 0, w, &one);
		assert_int_equal(ring_bytes_sum(&one), all.rx / 2);
	}
	ring_bytes(h, 1, RING_ALL, &none);
	assert_int_equal(ring_bytes_sum(&none), 0);
	free(h);
}

static void test_packet_bytes(void **state)
{
	const struct xdp_interface_options o = { .name = "a" };
	struct live_handover *h = plan(&o, 1500, 16, 3, XDP_STEP_AF_PACKET);
	struct ring_bytes all, one;

	(void)state;
	/* A ring for each worker, whatever queues there are. */
	assert_int_equal(h->queues, 1);
	assert_int_equal(h->sources, 3);
	ring_bytes(h, 0, RING_ALL, &all);
	assert_int_equal(all.blocks, 3 * 32 * MIB);
	assert_int_equal(all.umem + all.fill + all.completion + all.rx, 0);
	ring_bytes(h, 0, 2, &one);
	assert_int_equal(ring_bytes_sum(&one), 32 * MIB);
	free(h);
}

/* Several interfaces stand one behind the other. */
static void test_several(void **state)
{
	const struct xdp_interface_options o = { .name = "a" };
	const struct iface f = { .mtu = 1500, .rx_queues = 2 };
	struct live_handover *h = plan(&o, 1500, 2, 2, XDP_STEP_DRIVER);
	struct ring_bytes first, second, all;

	(void)state;
	assert_int_equal(ring_plan(&o, &f, 2, XDP_STEP_AF_PACKET, h), 0);
	assert_int_equal(h->interfaces, 2);
	ring_bytes(h, 0, RING_ALL, &first);
	ring_bytes(h, 1, RING_ALL, &second);
	ring_bytes(h, RING_ALL, RING_ALL, &all);
	assert_int_equal(first.blocks, 0);
	assert_int_equal(second.blocks, 2 * 32 * MIB);
	assert_int_equal(ring_bytes_sum(&first) + ring_bytes_sum(&second), ring_bytes_sum(&all));
	free(h);
}

static void test_too_many(void **state)
{
	const struct xdp_interface_options o = { .name = "a" };
	const struct iface f = { .mtu = 1500, .rx_queues = LIVE_QUEUES_MAX };
	struct live_handover *h = calloc(1, sizeof(*h));

	(void)state;
	assert_non_null(h);
	assert_int_equal(ring_plan(&o, &f, LIVE_SOURCES_MAX / LIVE_QUEUES_MAX + 1, XDP_STEP_DRIVER,
				   h),
			 -E2BIG);
	assert_int_equal(ring_plan(&o, &f, LIVE_SOURCES_MAX + 1, XDP_STEP_AF_PACKET, h), -E2BIG);
	assert_int_equal(h->queues + h->sources, 0);
	assert_int_equal(ring_plan(&o, &f, LIVE_SOURCES_MAX / LIVE_QUEUES_MAX, XDP_STEP_DRIVER, h),
			 0);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue),	  cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_xdp_bytes), cmocka_unit_test(test_packet_bytes),
		cmocka_unit_test(test_several),	  cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
