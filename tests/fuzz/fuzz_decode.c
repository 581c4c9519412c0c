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

static bool outer_fragment; /* one outside of tunnels has come */

static struct bytes note_outer(void *ctx, struct packet *frag)
{
	static const struct bytes none = { NULL, 0 };

	(void)ctx;
	outer_fragment |= !frag->depth;
	return none;
}

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
		.counters = &counters,
		.defrag = note_outer
	};
	struct frame f = { .number = 1 };
	struct decode_fragment frag;
	uint64_t hash;
	bool has_ip = false;

	if (size == 0)
		return 0;
	d.options.check_checksums = data[0] & 0x80;
	f.link = links[(data[0] & 0x7f) % (sizeof(links) / sizeof(links[0]))];
	f.data = data + 1;
	f.len = (uint32_t)size - 1;
	f.wire_len = f.len;
	outer_fragment = false;
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
	require(!outer_fragment || decode_outer(&d.options, &f, 1, &frag) != DECODE_OUTER_OTHER);
	if (decode_plain_hash(&d.options, &f, 1, &hash)) {
		require(!outer_fragment);
		require(set.count == 1);
		require(hash == decode_owner_hash(&set.packets[0], 1));
		require((hash != 0) == has_ip);
	}
	return 0;
}
