/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences of fragments: a policy, then records of length (two bytes), seconds since the
 * last, and that many bytes of a raw IP datagram.  Pools are small, so that they run out.
 */
#include <stdint.h>
#include <stdlib.h>

#include "engine/defrag/defrag.h"
#include "engine/decode/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct packet_set set;
	static struct counters counters;
	struct cursor c = cursor_of(bytes_of(data, size));
	struct defrag_options o = { .max_trackers = 4,
				    .max_fragments = 40,
				    .memcap_bytes = 1 << 16,
				    .timeout_ns = 60000000000,
				    .use_vlan = true };
	struct decoder d = {
		.options = { .teredo = true, .vxlan = true, .geneve = true, .gtpu = true },
		.counters = &counters
	};
	struct frame f = { .link = LINK_RAW };
	struct defrag *defrag;

	o.policy = (enum defrag_policy)(cursor_u8(&c) % DEFRAG_POLICY__COUNT);
	if (defrag_new(&o, &counters, &defrag))
		return 0;
	d.defrag = defrag_add;
	d.defrag_ctx = defrag;
	while (cursor_left(&c) > 3) {
		size_t len = cursor_be16(&c);

		f.time_ns += cursor_u8(&c) * INT64_C(1000000000);
		if (len > cursor_left(&c))
			len = cursor_left(&c);
		f.data = cursor_take(&c, len);
		f.len = (uint32_t)len;
		f.wire_len = f.len;
		f.number++;
		decode_frame(&d, &f, &set);
		if (f.number % 4 == 0) {
			defrag_batch_done(defrag);
			defrag_tick(defrag, f.time_ns);
		}
	}
	defrag_free(defrag);
	return 0;
}
