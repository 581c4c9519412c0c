/* SPDX-License-Identifier: Apache-2.0 */
/* AF_PACKET: blocks of TPACKET_V3 become frames, and go back to the kernel when all are finished. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_packet.h>

#include "engine/capture/live_input.h"

#define ADDRESSES_BYTES 12 /* of an Ethernet header */
#define TAG_BYTES 4
#define TAG_PROTOCOL 0x8100

static struct tpacket_block_desc *block_at(const struct live_input *in, uint32_t block)
{
	return (struct tpacket_block_desc *)(void *)(in->blocks + (size_t)block * in->block_bytes);
}

static bool is_ours(const struct tpacket_block_desc *b)
{
	return __atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER;
}

static void give_block(struct live_input *in)
{
	struct live_book_source *own = in->own;
	uint32_t block = own->block;

	live_ring_store(&own->releasing, block + 1);
	__atomic_store_n(&block_at(in, block)->hdr.bh1.block_status, TP_STATUS_KERNEL,
			 __ATOMIC_RELEASE);
	own->block_from = 0;
	own->block = block + 1 < in->block_count ? block + 1 : 0;
	live_ring_store(&own->releasing, 0);
	in->next = NULL;
	in->left = 0;
}

/* A packet and its addresses lie within the block that it is in. */
static bool is_within(const struct live_input *in, const struct tpacket3_hdr *h)
{
	const uint8_t *block = in->blocks + (size_t)in->own->block * in->block_bytes;
	size_t at = (size_t)((const uint8_t *)h - block);

	return at < in->block_bytes && sizeof(*h) <= in->block_bytes - at &&
	       h->tp_mac >= TPACKET_ALIGN(sizeof(*h)) + TAG_BYTES &&
	       (uint64_t)at + h->tp_mac + h->tp_snaplen <= in->block_bytes;
}

static struct tpacket3_hdr *after(struct tpacket3_hdr *h)
{
	return (struct tpacket3_hdr *)(void *)((uint8_t *)h + h->tp_next_offset);
}

/* At the first packet of the block that is not finished.  False: nothing there. */
static bool open_block(struct live_input *in)
{
	struct tpacket_block_desc *b;

	while (!in->left) {
		b = block_at(in, in->own->block);
		if (!is_ours(b))
			return false;
		in->left = b->hdr.bh1.num_pkts;
		in->next = (struct tpacket3_hdr *)(void *)((uint8_t *)b +
							   b->hdr.bh1.offset_to_first_pkt);
		for (uint32_t i = 0; i < in->own->block_from && in->left; i++, in->left--) {
			if (!is_within(in, in->next))
				in->left = 1;
			else
				in->next = after(in->next);
		}
		if (!in->left)
			give_block(in);
	}
	return true;
}

/* Where the kernel keeps what it knows of the packet, it has taken the tag there too. */
static void restore_tag(const struct tpacket3_hdr *h, struct frame *f, struct live_meta *m)
{
	uint8_t *front = (uint8_t *)(uintptr_t)f->data - TAG_BYTES;
	unsigned protocol =
		h->tp_status & TP_STATUS_VLAN_TPID_VALID ? h->hv1.tp_vlan_tpid : TAG_PROTOCOL;

	if (f->len < ADDRESSES_BYTES)
		return;
	memmove(front, f->data, ADDRESSES_BYTES);
	front[ADDRESSES_BYTES] = (uint8_t)(protocol >> 8);
	front[ADDRESSES_BYTES + 1] = (uint8_t)protocol;
	front[ADDRESSES_BYTES + 2] = (uint8_t)(h->hv1.tp_vlan_tci >> 8);
	front[ADDRESSES_BYTES + 3] = (uint8_t)h->hv1.tp_vlan_tci;
	f->data = front;
	f->len += TAG_BYTES;
	f->wire_len += TAG_BYTES;
	m->flags |= LIVE_TAG_RESTORED;
}

static void make_frame(const struct live_input *in, struct tpacket3_hdr *h, struct frame *f,
		       struct live_meta *m)
{
	const struct sockaddr_ll *from =
		(const void *)((const uint8_t *)h + TPACKET_ALIGN(sizeof(*h)));

	*m = (struct live_meta){ .hash = 0 };
	*f = (struct frame){ .data = (const uint8_t *)h + h->tp_mac,
			     .len = h->tp_snaplen,
			     .wire_len = h->tp_len < h->tp_snaplen ? h->tp_snaplen : h->tp_len,
			     .time_ns = (int64_t)h->tp_sec * 1000000000 + h->tp_nsec,
			     .link = LINK_ETHERNET,
			     .interface = in->interface };
	if (h->tp_status & TP_STATUS_CSUMNOTREADY)
		m->flags |= LIVE_CHECKSUM_PARTIAL;
	else if (h->tp_status & TP_STATUS_CSUM_VALID)
		m->flags |= LIVE_CHECKSUM_GOOD;
	if (from->sll_pkttype == PACKET_OUTGOING)
		m->flags |= LIVE_OUTGOING;
	if (f->len < f->wire_len)
		m->flags |= LIVE_CUT;
	if (h->tp_status & TP_STATUS_VLAN_VALID)
		restore_tag(h, f, m);
}

void live_packet_take(struct live_input *in, struct live_batch *b)
{
	struct live_book_source *own = in->own;
	uint64_t bytes = 0, cut = 0;
	unsigned n = 0;

	/* A batch stays within a block, so that the block can be given when the batch is. */
	if (own->held || b->count == LIVE_BATCH || !open_block(in))
		return;
	while (b->count < LIVE_BATCH && in->left) {
		struct frame *f = &b->frames[b->count];

		if (!is_within(in, in->next)) {
			live_add(&own->counts.damaged, in->left);
			live_add(&own->counts.taken, in->left);
			own->block_from += in->left;
			in->left = 0;
			break;
		}
		make_frame(in, in->next, f, &b->meta[b->count]);
		own->hold[n++] = (struct live_held){
			.address = (uint64_t)(f->data - in->blocks),
			.len = f->len,
		};
		bytes += f->len;
		cut += f->len < f->wire_len;
		own->held_time_ns = f->time_ns;
		in->left--;
		in->next = after(in->next);
		b->count++;
	}
	own->held_frames = n;
	own->held_bytes = bytes;
	own->inspected_next = own->counts.inspected + n;
	own->inspected_bytes_next = own->counts.inspected_bytes + bytes;
	live_ring_store(&own->held, n);
	live_add(&own->counts.taken, n);
	live_add(&own->counts.taken_bytes, bytes);
	live_add(&own->counts.cut, cut);
}

void live_packet_give(struct live_input *in)
{
	struct live_book_source *own = in->own;

	if (own->held) {
		own->block_from += own->held_frames;
		live_set(&own->counts.inspected, own->inspected_next);
		live_set(&own->counts.inspected_bytes, own->inspected_bytes_next);
		live_ring_store(&own->held, 0);
	}
	if (in->next && !in->left)
		give_block(in);
}

bool live_packet_ready(const struct live_input *in)
{
	return in->left || is_ours(block_at(in, in->own->block));
}

bool live_packet_fills(const struct live_input *in)
{
	uint32_t ahead = in->own->block + in->block_count / 4;

	/* The kernel hands blocks up in their order. */
	return is_ours(block_at(in, ahead < in->block_count ? ahead : ahead - in->block_count));
}

unsigned live_packet_abandon(struct live_input *in, live_abandoned_fn fn, void *arg)
{
	struct live_book_source *own = in->own;
	unsigned frames = own->held_frames;

	if (own->releasing) {
		__atomic_store_n(
			&block_at(in, (own->releasing - 1) % in->block_count)->hdr.bh1.block_status,
			TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		own->block = own->releasing % in->block_count;
		own->block_from = 0;
		own->releasing = 0;
	}
	own->block %= in->block_count;
	if (!own->held || own->held > LIVE_HELD_MAX)
		return 0;
	for (uint32_t i = 0; fn && i < own->held; i++) {
		const struct live_held *h = own->hold + i;
		struct frame f = { .len = h->len,
				   .wire_len = h->len,
				   .time_ns = own->held_time_ns,
				   .link = LINK_ETHERNET,
				   .interface = in->interface };

		if (h->address > in->blocks_bytes || h->len > in->blocks_bytes - h->address)
			continue;
		f.data = in->blocks + h->address;
		fn(arg, &f);
	}
	live_add(&own->counts.abandoned, frames);
	own->block_from += frames;
	live_ring_store(&own->held, 0);
	return frames;
}
