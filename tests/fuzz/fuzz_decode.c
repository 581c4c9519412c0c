/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames: the first byte chooses link type and whether checksums are looked at, the rest is
 * the frame.  What must hold of every packet is checked, and that the pair hash finds
 * an IP pair exactly where decode_frame() does.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "engine/decode/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t links[] = { LINK_ETHERNET,   LINK_LINUX_SLL, LINK_LINUX_SLL2, LINK_NULL,
				  LINK_LOOP,	   LINK_CHDLC,	   LINK_RAW,	    LINK_DLT_RAW_12,
				  LINK_DLT_RAW_14, LINK_IPV4,	   LINK_IPV6,	    LINK_PPP };

static void require(bool truth)
{
	if (!truth)
		abort();
}

static bool within(struct bytes part, struct bytes whole)
{
	return part.len == 0 ||
	       (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct packet_set set;
	static struct counters counters;
	struct decoder d = {
		.options = { .teredo = true, .vxlan = true, .geneve = true, .gtpu = true },
		.counters = &counters
	};
	struct frame f = { .number = 1 };
	uint64_t hash;
	bool has_ip = false;

	if (size == 0)
		return 0;
	d.options.check_checksums = data[0] & 0x80;
	f.link = links[(data[0] & 0x7f) % (sizeof(links) / sizeof(links[0]))];
	f.data = data + 1;
	f.len = (uint32_t)size - 1;
	f.wire_len = f.len;
	decode_frame(&d, &f, &set);

	require(set.count >= 1 && set.count <= DECODE_PACKETS_MAX);
	for (unsigned i = 0; i < set.count; i++) {
		const struct packet *p = &set.packets[i];

		has_ip |= p->has_ip;
		require(within(p->payload, p->data) && within(p->arp, p->data));
		require(within(p->data, set.packets[0].data));
		require(p->events <= PACKET_EVENTS_MAX && p->vlans <= PACKET_VLANS_MAX);
		require(!p->has_l4 || p->has_ip);
		require(!p->has_ip || (size_t)p->l3_offset + p->l3_len <= p->data.len);
	}
	if (decode_plain_hash(&d.options, &f, 1, &hash)) {
		require(set.count == 1);
		require(hash == decode_owner_hash(&set.packets[0], 1));
		require((hash != 0) == has_ip);
	}
	return 0;
}
