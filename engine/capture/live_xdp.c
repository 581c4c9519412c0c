/* SPDX-License-Identifier: Apache-2.0 */
/* AF_XDP: descriptors of the receive ring become frames, and go back to the fill ring. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/capture/live_input.h"

/* The metadata ends where the frame begins, at a line's edge or not. */
#define PREFETCH_LINE 64
#define NS_PER_MS 1000000ll
#define WAITED_MAX_MS 60000u

/* How long it has been waiting.  A stamp of the time to come, or of long ago, is none. */
static int64_t age_ns(uint32_t stamp, struct live_now now)
{
	uint32_t ms = (uint32_t)(now.monotonic_ns / NS_PER_MS) - stamp;

	return ms < WAITED_MAX_MS ? ms * NS_PER_MS : 0;
}

/* The program's metadata, and by it the frame's time; what the kernel has no room for is not there. */
static void read_meta(uint8_t *data, uint64_t address, uint32_t frame_bytes, struct live_now now,
		      struct live_meta *out, struct frame *f)
{
	struct weir_meta m;

	*out = (struct live_meta){ .hash = 0 };
	if ((address & (frame_bytes - 1)) < sizeof(m))
		return;
	memcpy(&m, data - sizeof(m), sizeof(m));
	if (m.magic != WEIR_META_MAGIC || m.version != WEIR_META_VERSION)
		return;
	/* The next packet in this frame may come without. */
	memset(data - sizeof(m), 0, sizeof(m.magic));
	out->hash = m.hash;
	out->l3_offset = m.l3_offset;
	out->l4_offset = m.l4_offset;
	out->reason = m.reason;
	out->ip_version = m.ip_version;
	out->depth = m.depth;
	out->vlans = m.vlans;
	f->time_ns = now.wall_ns - age_ns(m.stamp, now);
}

static bool in_umem(const struct live_input *in, uint64_t address, uint32_t len)
{
	return address < in->umem_bytes && len <= in->umem_bytes - address &&
	       (address & (in->frame_bytes - 1)) + len <= in->frame_bytes;
}

/* Put a frame together from n held descriptors.  False: no room, or a descriptor that cannot be. */
static bool join(const struct live_input *in, const struct live_held *h, unsigned n,
		 struct live_scratch *s, struct frame *f)
{
	uint32_t at = s->used;

	for (unsigned i = 0; i < n; i++) {
		if (!in_umem(in, h[i].address, h[i].len) || h[i].len > s->len - at)
			return false;
		memcpy(s->bytes + at, in->umem + h[i].address, h[i].len);
		at += h[i].len;
	}
	f->data = s->bytes + s->used;
	f->len = at - s->used;
	f->wire_len = f->len;
	s->used = at;
	return true;
}

static bool make_frame(const struct live_input *in, const struct live_held *h, unsigned n,
		       struct live_scratch *s, struct live_now now, struct frame *f)
{
	*f = (struct frame){ .time_ns = now.wall_ns,
			     .link = LINK_ETHERNET,
			     .interface = in->interface };
	if (n > 1)
		return join(in, h, n, s, f);
	if (!in_umem(in, h->address, h->len))
		return false;
	f->data = in->umem + h->address;
	f->len = h->len;
	f->wire_len = h->len;
	return true;
}

/* Descriptors of the packet that begins at ring index at; 0: not all of it is there, or no room. */
static unsigned packet_descs(const struct live_input *in, uint32_t at, uint32_t end, unsigned room)
{
	for (unsigned n = 1; at != end && n <= room; n++, at++) {
		if (!(live_ring_desc(&in->rx, at)->options & XDP_PKT_CONTD))
			return n;
	}
	return 0;
}

static void hold(struct live_input *in, uint32_t at, unsigned n)
{
	struct live_held *h = in->own->hold + (at - in->own->rx_from);

	for (unsigned i = 0; i < n; i++) {
		const struct xdp_desc *d = live_ring_desc(&in->rx, at + i);

		h[i] = (struct live_held){ .address = d->addr, .len = d->len, .more = i + 1 < n };
	}
}

/*
 * The kernel wrote them on another core: ask for the beginnings of the next batch while this one is looked at.
 * Of what came first after a wait nothing has been asked for.
 */
static void prefetch(struct live_input *in, uint32_t from, uint32_t end)
{
	uint32_t ahead = end - from < 2 * LIVE_BATCH ? end : from + 2 * LIVE_BATCH;
	uint32_t at = ahead - in->fetched < ahead - from ? in->fetched : from;

	in->fetched = ahead;
	for (; at != ahead; at++) {
		const uint8_t *frame = in->umem + live_ring_desc(&in->rx, at)->addr;

		__builtin_prefetch(frame - sizeof(struct weir_meta));
		__builtin_prefetch(frame);
		__builtin_prefetch(frame + PREFETCH_LINE);
	}
}

void live_xdp_take(struct live_input *in, struct live_scratch *s, struct live_now now,
		   struct live_batch *b)
{
	struct live_book_source *own = in->own;
	uint32_t from = *in->rx.consumer, at = from, end = from + live_ring_filled(&in->rx);
	uint64_t bytes = 0, damaged = 0, several = 0;
	unsigned frames = 0, n;

	prefetch(in, from, end);
	own->rx_from = from;
	while (b->count < LIVE_BATCH &&
	       (n = packet_descs(in, at, end, LIVE_HELD_MAX - (at - from)))) {
		struct live_held *h = own->hold + (at - from);
		struct frame *f = &b->frames[b->count];

		hold(in, at, n);
		/* No room to put it together is not damage: it comes first in the next batch. */
		if (n > 1 && s->len - s->used < n * in->frame_bytes && s->used)
			break;
		at += n;
		frames++;
		several += n > 1;
		if (!make_frame(in, h, n, s, now, f)) {
			damaged++;
			continue;
		}
		read_meta(in->umem + h->address, h->address, in->frame_bytes, now,
			  &b->meta[b->count], f);
		bytes += f->len;
		b->count++;
	}
	if (at == from)
		return;
	own->rx_to = at;
	own->held_frames = frames;
	own->held_bytes = bytes;
	own->held_time_ns = now.wall_ns;
	own->inspected_next = own->counts.inspected + frames - damaged;
	own->inspected_bytes_next = own->counts.inspected_bytes + bytes;
	live_ring_store(&own->held, at - from);
	live_add(&own->counts.taken, frames);
	live_add(&own->counts.taken_bytes, bytes);
	live_add(&own->counts.damaged, damaged);
	live_add(&own->counts.several, several);
	live_ring_store(in->rx.consumer, at);
}

/* The frames that are held, to the fill ring; it has room for all there are. */
static void fill(struct live_input *in)
{
	struct live_book_source *own = in->own;
	struct live_book *book = in->book;
	uint64_t base = ~(uint64_t)(in->frame_bytes - 1);
	uint32_t at;

	live_book_lock(book);
	at = *in->fill.producer;
	for (uint32_t i = 0; i < own->held; i++)
		*live_ring_address(&in->fill, at + i) = own->hold[i].address & base;
	book->fill_to = at + own->held;
	live_ring_store(&book->filling, in->place + 1);
	live_ring_store(in->fill.producer, book->fill_to);
	live_set(&own->counts.inspected, own->inspected_next);
	live_set(&own->counts.inspected_bytes, own->inspected_bytes_next);
	live_ring_store(&own->held, 0);
	live_ring_store(&book->filling, 0);
	live_book_unlock(book);
}

void live_xdp_give(struct live_input *in)
{
	if (!in->own->held)
		return;
	fill(in);
	if (live_ring_wants_kick(&in->fill)) {
		live_add(&in->own->counts.fill_kicks, 1);
		recvfrom(in->socket, NULL, 0, MSG_DONTWAIT, NULL, NULL);
	}
}

unsigned live_xdp_abandon(struct live_input *in, struct live_scratch *s, live_abandoned_fn fn,
			  void *arg)
{
	struct live_book_source *own = in->own;
	struct live_book *book = in->book;
	unsigned frames = own->held_frames, n;
	uint64_t inspected = own->counts.inspected;

	if (!own->held || own->held > LIVE_HELD_MAX)
		return 0;
	/* It died before it took them: they are in the ring still. */
	if (*in->rx.consumer == own->rx_from) {
		live_ring_store(&own->held, 0);
		return 0;
	}
	/* It died when it had given them. */
	if (book->filling == in->place + 1 && *in->fill.producer == book->fill_to) {
		live_set(&own->counts.inspected, own->inspected_next);
		live_set(&own->counts.inspected_bytes, own->inspected_bytes_next);
		live_ring_store(&own->held, 0);
		book->filling = 0;
		return 0;
	}
	for (uint32_t i = 0; i < own->held; i += n) {
		const struct live_now held = { .wall_ns = own->held_time_ns };
		struct frame f;

		for (n = 1; own->hold[i + n - 1].more && i + n < own->held; n++)
			;
		s->used = 0;
		if (make_frame(in, own->hold + i, n, s, held, &f) && fn)
			fn(arg, &f);
	}
	live_add(&own->counts.abandoned, own->inspected_next - inspected);
	own->inspected_next = inspected;
	own->inspected_bytes_next = own->counts.inspected_bytes;
	fill(in);
	return frames;
}

/* --- sending ---------------------------------------------------------------------------------------- */

/* Frames that the device is done with become free again.  Under the lock. */
static void reap(struct live_input *in)
{
	struct live_book *book = in->book;
	uint32_t n = live_ring_filled(&in->completion), at = *in->completion.consumer;

	for (uint32_t i = 0; i < n; i++)
		live_book_sends(book)[book->sends++] = *live_ring_address(&in->completion, at + i);
	live_ring_store(in->completion.consumer, at + n);
}

static int put(struct live_input *in, const uint8_t *bytes, uint32_t len)
{
	struct live_book *book = in->book;
	uint32_t at = *in->tx.producer;
	uint64_t address;

	reap(in);
	if (!book->sends || !live_ring_free(&in->tx))
		return -ENOBUFS;
	address = live_book_sends(book)[book->sends - 1];
	memcpy(in->umem + address, bytes, len);
	*live_ring_desc(&in->tx, at) = (struct xdp_desc){ .addr = address, .len = len };
	book->sends--;
	live_ring_store(in->tx.producer, at + 1);
	return 0;
}

int live_xdp_send(struct live_input *in, const uint8_t *bytes, uint32_t len)
{
	struct live_counts *c = &in->own->counts;
	int err;

	if (!in->tx.map)
		return -EOPNOTSUPP;
	if (len > in->frame_bytes || !len)
		return -EMSGSIZE;
	live_book_lock(in->book);
	err = put(in, bytes, len);
	live_book_unlock(in->book);
	if (err) {
		live_add(&c->send_full, 1);
		return err;
	}
	live_add(&c->sent, 1);
	live_add(&c->sent_bytes, len);
	return 0;
}

/* Copy mode sends so many of them for each call. */
#define KICKS_MAX 64

int live_xdp_flush(struct live_input *in)
{
	if (!in->tx.map)
		return 0;
	for (unsigned i = 0; i < KICKS_MAX && live_ring_filled(&in->tx); i++) {
		if (!live_ring_wants_kick(&in->tx))
			return 0;
		live_add(&in->own->counts.send_kicks, 1);
		if (sendto(in->socket, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno != EAGAIN &&
		    errno != EBUSY && errno != ENOBUFS)
			return -errno;
		live_book_lock(in->book);
		reap(in);
		live_book_unlock(in->book);
	}
	return 0;
}
