/* SPDX-License-Identifier: Apache-2.0 */
/* When a ring is so full that a worker does not sleep on: at a quarter, wherever its indices are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_packet.h>

#include <cmocka.h>

#include "engine/capture/live_input.h"

static void test_xdp(void **state)
{
	static const struct {
		uint32_t entries, consumer, filled;
		bool fills;
	} rows[] = {
		{ 16384, 0, 0, false },
		{ 16384, 0, 4095, false },
		{ 16384, 0, 4096, true },
		{ 16384, 0, 16384, true },
		/* The indices go round. */
		{ 16384, UINT32_MAX - 100, 4095, false },
		{ 16384, UINT32_MAX - 100, 4096, true },
		/* A damaged index: as full as can be. */
		{ 16384, 5, UINT32_MAX, true },
		{ 4, 0, 0, false },
		{ 4, 0, 1, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t consumer = rows[i].consumer;
		uint32_t producer = consumer + rows[i].filled;
		const struct live_input in = {
			.kind = LIVE_AF_XDP,
			.rx = { .producer = &producer,
				.consumer = &consumer,
				.mask = rows[i].entries - 1 },
		};

		assert_int_equal(live_input_fills(&in), rows[i].fills);
	}
}

static void test_packet(void **state)
{
	enum { BLOCK = 4096, MOST = 32 };
	static const struct {
		uint32_t blocks, at, waiting;
		bool fills;
	} rows[] = {
		{ 32, 0, 0, false },
		{ 32, 0, 8, false },
		{ 32, 0, 9, true },
		/* Behind the last block comes the first. */
		{ 32, 28, 8, false },
		{ 32, 28, 9, true },
		{ 32, 31, 32, true },
		/* Of two blocks one is more than a quarter. */
		{ 2, 1, 0, false },
		{ 2, 1, 1, true },
	};
	uint8_t *blocks = malloc((size_t)BLOCK * MOST);

	(void)state;
	assert_non_null(blocks);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct live_book_source own = { .block = rows[i].at };
		const struct live_input in = {
			.kind = LIVE_AF_PACKET,
			.own = &own,
			.blocks = blocks,
			.block_bytes = BLOCK,
			.block_count = rows[i].blocks,
		};

		memset(blocks, 0, (size_t)BLOCK * MOST);
		for (uint32_t k = 0; k < rows[i].waiting; k++) {
			uint32_t at = (rows[i].at + k) % rows[i].blocks;
			struct tpacket_block_desc *b = (void *)(blocks + (size_t)at * BLOCK);

			b->hdr.bh1.block_status = TP_STATUS_USER;
		}
		assert_int_equal(live_input_fills(&in), rows[i].fills);
	}
	free(blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xdp),
		cmocka_unit_test(test_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
