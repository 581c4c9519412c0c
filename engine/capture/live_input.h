/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_input.h - one worker's socket, mapped: what live.h's worker and the supervisor's stage both
 * have of it.
 *
 * In: a handover and a source's index.  Out: frames taken and given, and a dead worker's batch.
 * Not here: waiting, turns (live.c), opening (xdp_load.c).
 *
 * Memory: mappings.  Thread: take and give by the worker; filled and abandon by the supervisor, which
 * knows that the worker is dead.
 * Specification: packet(7), Documentation/networking/packet_mmap.rst, af_xdp.rst.
 */
#ifndef WEIR_CAPTURE_LIVE_INPUT_H
#define WEIR_CAPTURE_LIVE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/capture/live.h"
#include "engine/capture/live_book.h"
#include "engine/capture/live_ring.h"

struct tpacket3_hdr;

/* Where a frame in several buffers is put together. */
struct live_scratch {
	uint8_t *bytes;
	uint32_t len, used;
};

struct live_input {
	enum live_kind kind;
	int socket;
	uint32_t interface, place; /* place: in the book */
	struct live_book *book;
	struct live_book_source *own;
	size_t book_bytes;
	uint64_t *beat; /* of its slot; NULL: nobody looks */
	void *beats_map;
	size_t beats_bytes;

	/* AF_XDP */
	struct live_ring rx, tx, fill, completion;
	uint8_t *umem;
	uint64_t umem_bytes;
	uint32_t frame_bytes;
	uint32_t fetched; /* up to this index of rx the beginnings of frames were asked for */
	bool wakeup_due;

	/* AF_PACKET */
	uint8_t *blocks;
	size_t blocks_bytes;
	uint32_t block_bytes, block_count;
	struct tpacket3_hdr *next; /* in the block */
	uint32_t left; /* packets from there */
};

/*
 * first: an input of the same queue whose fill and completion rings are shared; NULL: mapped anew.
 * Returns 0 or -errno; live_input_unmap() for what is half done too.
 */
int live_input_map(const struct live_handover *h, uint32_t source, const struct live_input *first,
		   struct live_input *out);
void live_input_unmap(struct live_input *in);

/* One moment by two clocks. */
struct live_now {
	int64_t wall_ns;
	uint64_t monotonic_ns;
};

/* Put what waits behind the frames of b, until it is full.  now: for times of frames without a stamp of their own. */
void live_input_take(struct live_input *in, struct live_scratch *s, struct live_now now,
		     struct live_batch *b);
/* All that was taken. */
void live_input_give(struct live_input *in);
/* Something is there to be taken. */
bool live_input_ready(const struct live_input *in);
/* A quarter of the ring waits. */
bool live_input_fills(const struct live_input *in);

/* Entries in the ring, and held; AF_PACKET: held alone. */
uint32_t live_input_waiting(const struct live_input *in);
/* Most that can be. */
uint32_t live_input_room(const struct live_input *in);

/*
 * The worker is dead: hand out the frames it held, give them back, count them as abandoned; mend what
 * it was in the middle of.  Returns how many frames.
 */
typedef void (*live_abandoned_fn)(void *arg, const struct frame *f);
unsigned live_input_abandon(struct live_input *in, struct live_scratch *s, live_abandoned_fn fn,
			    void *arg);

int live_input_send(struct live_input *in, const uint8_t *bytes, uint32_t len);
int live_input_flush(struct live_input *in);

/* By kind: live_xdp.c, live_packet.c. */
void live_xdp_take(struct live_input *in, struct live_scratch *s, struct live_now now,
		   struct live_batch *b);
void live_xdp_give(struct live_input *in);
unsigned live_xdp_abandon(struct live_input *in, struct live_scratch *s, live_abandoned_fn fn,
			  void *arg);
int live_xdp_send(struct live_input *in, const uint8_t *bytes, uint32_t len);
int live_xdp_flush(struct live_input *in);
void live_packet_take(struct live_input *in, struct live_batch *b);
void live_packet_give(struct live_input *in);
bool live_packet_ready(const struct live_input *in);
bool live_packet_fills(const struct live_input *in);
unsigned live_packet_abandon(struct live_input *in, live_abandoned_fn fn, void *arg);

#endif
