/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/capture/live_input.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void *map_shared(int fd, size_t len, int *err)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p != MAP_FAILED)
		return p;
	*err = -errno;
	return NULL;
}

/* The rings that the queue's sockets have in common. */
static int map_common(const struct live_queue *q, const struct live_input *first,
		      struct live_input *in)
{
	int err;

	if (first) {
		in->fill = first->fill;
		in->completion = first->completion;
		/* Not this one's to unmap. */
		in->fill.map = NULL;
		in->completion.map = NULL;
		return 0;
	}
	err = live_ring_map(q->rings, &q->fill, q->fill_entries, sizeof(uint64_t),
			    XDP_UMEM_PGOFF_FILL_RING, &in->fill);
	if (!err)
		err = live_ring_map(q->rings, &q->completion, q->completion_entries,
				    sizeof(uint64_t), XDP_UMEM_PGOFF_COMPLETION_RING,
				    &in->completion);
	return err;
}

static int map_xdp(const struct live_queue *q, const struct live_source *s,
		   const struct live_input *first, struct live_input *in)
{
	int err;

	in->frame_bytes = q->frame_bytes;
	err = live_ring_map(s->socket, &s->rx, s->rx_entries, sizeof(struct xdp_desc),
			    XDP_PGOFF_RX_RING, &in->rx);
	if (!err && s->tx_entries)
		err = live_ring_map(s->socket, &s->tx, s->tx_entries, sizeof(struct xdp_desc),
				    XDP_PGOFF_TX_RING, &in->tx);
	if (!err)
		err = map_common(q, first, in);
	in->umem_bytes = (uint64_t)q->frames * q->frame_bytes;
	if (!err)
		in->umem = map_shared(q->umem, in->umem_bytes, &err);
	return err;
}

static int map_packet(const struct live_source *s, struct live_input *in)
{
	int err = 0;

	in->block_bytes = s->block_bytes;
	in->block_count = s->blocks;
	in->blocks_bytes = (size_t)s->block_bytes * s->blocks;
	in->blocks = map_shared(s->socket, in->blocks_bytes, &err);
	return err;
}

static int map_beat(const struct live_interface *f, const struct live_source *s,
		    struct live_input *in)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t len = (WEIR_SLOTS_MAX * sizeof(uint64_t) + page - 1) & ~(page - 1);
	int err = 0;

	if (f->beats < 0)
		return 0;
	in->beats_map = map_shared(f->beats, len, &err);
	in->beats_bytes = len;
	if (!err)
		in->beat = (uint64_t *)in->beats_map + s->slot;
	return err;
}

int live_input_map(const struct live_handover *h, uint32_t source, const struct live_input *first,
		   struct live_input *in)
{
	const struct live_source *s = &h->source[source];
	const struct live_queue *q = &h->queue[s->queue];
	const struct live_interface *f = &h->interface[q->interface];
	int err = 0;

	*in = (struct live_input){ .kind = (enum live_kind)f->kind,
				   .socket = s->socket,
				   .interface = q->interface,
				   .place = s->book };
	in->book_bytes = live_book_bytes(h->workers, q->send_frames);
	in->book = map_shared(q->book, in->book_bytes, &err);
	if (err)
		return err;
	if (in->book->sources != h->workers)
		return -EINVAL;
	in->own = &in->book->source[s->book];
	err = map_beat(f, s, in);
	if (err)
		return err;
	return in->kind == LIVE_AF_XDP ? map_xdp(q, s, first, in) : map_packet(s, in);
}

void live_input_unmap(struct live_input *in)
{
	live_ring_unmap(&in->rx);
	live_ring_unmap(&in->tx);
	live_ring_unmap(&in->fill);
	live_ring_unmap(&in->completion);
	if (in->umem)
		munmap(in->umem, in->umem_bytes);
	if (in->blocks)
		munmap(in->blocks, in->blocks_bytes);
	if (in->beats_map)
		munmap(in->beats_map, in->beats_bytes);
	if (in->book)
		munmap(in->book, in->book_bytes);
	*in = (struct live_input){ .socket = -1 };
}

void live_input_take(struct live_input *in, struct live_scratch *s, struct live_now now,
		     struct live_batch *b)
{
	if (in->kind == LIVE_AF_XDP)
		live_xdp_take(in, s, now, b);
	else
		live_packet_take(in, b);
}

void live_input_give(struct live_input *in)
{
	if (in->kind == LIVE_AF_XDP)
		live_xdp_give(in);
	else
		live_packet_give(in);
}

bool live_input_ready(const struct live_input *in)
{
	return in->kind == LIVE_AF_XDP ? live_ring_filled(&in->rx) > 0 : live_packet_ready(in);
}

bool live_input_fills(const struct live_input *in)
{
	if (in->kind == LIVE_AF_XDP)
		return live_ring_filled(&in->rx) > in->rx.mask / 4;
	return live_packet_fills(in);
}

uint32_t live_input_waiting(const struct live_input *in)
{
	return in->own->held_frames * (in->own->held > 0) +
	       (in->kind == LIVE_AF_XDP ? live_ring_filled(&in->rx) : 0);
}

/* A packet of a ring takes at least its header and a little. */
#define PACKET_LEAST_BYTES 96

uint32_t live_input_room(const struct live_input *in)
{
	if (in->kind == LIVE_AF_XDP)
		return in->rx.mask + 1 + LIVE_BATCH;
	return (uint32_t)(in->blocks_bytes / PACKET_LEAST_BYTES);
}

unsigned live_input_abandon(struct live_input *in, struct live_scratch *s, live_abandoned_fn fn,
			    void *arg)
{
	return in->kind == LIVE_AF_XDP ? live_xdp_abandon(in, s, fn, arg)
				       : live_packet_abandon(in, fn, arg);
}

static int packet_send(struct live_input *in, const uint8_t *bytes, uint32_t len)
{
	struct live_counts *c = &in->own->counts;

	if (send(in->socket, bytes, len, MSG_DONTWAIT) == (ssize_t)len) {
		live_add(&c->sent, 1);
		live_add(&c->sent_bytes, len);
		return 0;
	}
	if (errno == EAGAIN || errno == ENOBUFS) {
		live_add(&c->send_full, 1);
		return -ENOBUFS;
	}
	return -errno;
}

int live_input_send(struct live_input *in, const uint8_t *bytes, uint32_t len)
{
	return in->kind == LIVE_AF_XDP ? live_xdp_send(in, bytes, len)
				       : packet_send(in, bytes, len);
}

int live_input_flush(struct live_input *in)
{
	return in->kind == LIVE_AF_XDP ? live_xdp_flush(in) : 0;
}
