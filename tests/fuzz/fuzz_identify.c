/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first bytes of a direction, whole and growing: no answer is taken back, and the end is found.  So the
 * work for a direction is bounded whatever follows: what is done stays done.  The first three bytes choose transport, direction and the server's port.
 */
#include "engine/app/identify.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t ports_of[] = { 53,  25,	443, 21,  445,	111,  69,  500,	 88,   80,   67,
				     161, 1883, 389, 123, 3389, 5353, 110, 5900, 9999, 2049, 5060 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct identify_index index;
	struct identify_ports ports;
	struct identify_state s = { .refused = { 0 } };
	struct identify_ask q = { .enabled = ~0ull, .index = &index };
	enum app_proto p = APP_PROTO_UNKNOWN;
	bool turned;

	if (size < 4)
		return 0;
	identify_ports_stock(&ports);
	identify_index_init(&index, &ports);
	q.transport = data[0] & 1;
	q.dir = data[0] >> 1 & 1;
	q.turn = data[0] >> 2 & 1;
	q.client_port = (uint16_t)(data[1] << 8 | data[2]);
	q.server_port = ports_of[data[1] % (sizeof(ports_of) / sizeof(ports_of[0]))];
	data += 3;
	size -= 3;
	for (size_t n = q.transport ? size : 1; n <= size && p == APP_PROTO_UNKNOWN; n++) {
		bool no_patterns = s.patterns_done[q.dir];
		uint32_t refused = s.refused[q.dir];

		q.in = bytes_of(data, n);
		p = identify(&s, &q, &turned);
		if (s.patterns_done[q.dir] < no_patterns || (refused & ~s.refused[q.dir]))
			abort();
		if ((unsigned)p >= APP_PROTO__COUNT || p == APP_PROTO_FAILED)
			abort();
	}
	/* Who has seen so much is decided. */
	if (p == APP_PROTO_UNKNOWN && size >= IDENTIFY_BYTES &&
	    !(s.patterns_done[q.dir] && s.probes_done[q.dir]))
		abort();
	return 0;
}
