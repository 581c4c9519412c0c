/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live.h - packets off live interfaces, as one worker of the engine sees them.
 *
 * In: struct live_handover, descriptors that the supervisor opened (xdp_load.h): sockets and memory.
 * Out: batches of frames with time, interface and what the kernel knows of each; frames given back;
 * frames sent; counts by cause.
 * Not here: opening and attaching anything, bpf(2): live_open() maps memory and no more.
 *
 * Frames borrow from shared memory until live_finish().  What a worker holds stands in shared memory
 * too (the books), so a new engine goes on where a dead one stopped, and nothing is lost uncounted.
 *
 * Memory: all of it is mapped by live_open().  Thread: a struct live belongs to one worker.
 */
#ifndef WEIR_CAPTURE_LIVE_H
#define WEIR_CAPTURE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/weir_xdp.h"
#include "engine/base/frame.h"

#define LIVE_BATCH 64 /* most frames of a batch */
#define LIVE_INTERFACES_MAX 16
#define LIVE_QUEUES_MAX 64 /* of all interfaces */
#define LIVE_SOURCES_MAX 512 /* sockets of all workers */
#define LIVE_WORKERS_MAX 128
#define LIVE_NAME_BYTES 16 /* of an interface, with its end */
#define LIVE_FRAME_MAX (256u << 10) /* a frame in several buffers is put together up to this */

enum live_kind {
	LIVE_AF_XDP,
	LIVE_AF_PACKET,
};

/* --- what is handed over ------------------------------------------------------------------------ */

struct live_interface {
	char name[LIVE_NAME_BYTES];
	int32_t ifindex;
	uint32_t kind; /* enum live_kind */
	uint32_t mode; /* enum xdp_mode (xdp_load.h) */
	uint32_t step; /* enum xdp_step that it stands on */
	uint32_t queues; /* sockets for each worker */
	uint32_t busy_poll; /* drive the device from its sockets instead of waiting */
	int32_t beats; /* map: heartbeats by slot, to mmap */
	int32_t reserved;
};

/* Offsets of a ring in what its socket maps, as XDP_MMAP_OFFSETS has them. */
struct live_ring_offset {
	uint64_t producer, consumer, desc, flags;
};

/* Frames of one queue of one interface. */
struct live_queue {
	uint32_t interface, queue;
	uint32_t frames, frame_bytes; /* AF_XDP: of its UMEM; frame_bytes a power of two */
	uint32_t headroom; /* reserved for the kernel in front of each frame */
	uint32_t fill_entries, completion_entries;
	uint32_t send_frames; /* the last so many frames are for live_send() */
	struct live_ring_offset fill, completion;
	int32_t umem; /* memfd of the frames; -1: AF_PACKET */
	int32_t rings; /* socket whose fill and completion rings these are */
	int32_t book; /* memfd: who holds which frame, and counts (live_book.h) */
	int32_t reserved;
};

/* One worker's socket. */
struct live_source {
	uint32_t worker, queue; /* queue: index in live_handover.queue */
	uint32_t slot; /* in the maps of its interface */
	uint32_t book; /* its place in the queue's book */
	uint32_t rx_entries, tx_entries; /* AF_XDP; tx 0: cannot send */
	uint32_t block_bytes, blocks; /* AF_PACKET: of its ring */
	struct live_ring_offset rx, tx;
	int32_t socket;
	int32_t reserved;
};

/*
 * Everything that an engine needs for its packets: plain data that may be sent as it stands; its
 * descriptors go beside it (live_handover_descriptors()).
 */
struct live_input;
struct live_handover {
	uint32_t workers, interfaces, queues, sources;
	uint64_t hash_key; /* of the address pair's hash (siphash.h) */
	int32_t plan; /* map: struct weir_wants, to mmap */
	int32_t switches; /* map: struct weir_switches, to mmap */
	int32_t tally; /* map: struct weir_tally_bucket, WEIR_TALLY_BUCKETS of them, to mmap */
	int32_t reserved;
	struct live_interface interface[LIVE_INTERFACES_MAX];
	struct live_queue queue[LIVE_QUEUES_MAX];
	struct live_source source[LIVE_SOURCES_MAX];
	/*
	 * By source: what is mapped already, in the process that opened it and in its forks.  Kernels
	 * before 6.4 map no ring of a socket that is bound, so there an engine must be a fork.  NULL:
	 * live_open() maps.
	 */
	const struct live_input *mapped;
};

#define LIVE_DESCRIPTORS_MAX (3 + LIVE_INTERFACES_MAX + 3 * LIVE_QUEUES_MAX + LIVE_SOURCES_MAX)

/*
 * Every field that holds a descriptor, once each, in an order that depends on the counts alone; fields
 * that are -1 are left out.  The sender takes the values; the receiver, whose copy has the sender's
 * numbers, puts its own in and sets mapped to NULL.  Returns how many.
 */
unsigned live_handover_descriptors(struct live_handover *h, int32_t *out[LIVE_DESCRIPTORS_MAX]);

/* False: the numbers of a handover cannot be (counts, sizes, indices). */
bool live_handover_valid(const struct live_handover *h);

/* --- a worker ------------------------------------------------------------------------------------- */

enum live_flag {
	LIVE_CHECKSUM_PARTIAL = 1 << 0, /* the sender left the L4 checksum to its device */
	LIVE_CHECKSUM_GOOD = 1 << 1, /* checked by the device */
	LIVE_TAG_RESTORED =
		1 << 2, /* a VLAN tag that the kernel had taken off stands in data again */
	LIVE_OUTGOING = 1 << 3, /* the host sent it */
	LIVE_CUT = 1 << 4, /* len < wire_len: it did not fit */
};

/* What is known of a frame beside its bytes. */
struct live_meta {
	uint64_t hash; /* siphash_pair() of the innermost pair; 0: unknown, read the frame */
	uint16_t l3_offset,
		l4_offset; /* of the innermost IP header and what follows it; 0: unknown */
	uint8_t reason; /* enum weir_reason; 0: unknown.  From WEIR_KEPT_FIRST on: a mark, see xdp_load.h */
	uint8_t flags; /* enum live_flag */
	uint8_t ip_version, depth, vlans; /* 0 where hash is */
	uint8_t source; /* reserved */
};

struct live_batch {
	unsigned count; /* up to LIVE_BATCH; 0: nothing came */
	struct frame frames[LIVE_BATCH]; /* number is 0: the caller's to fill in */
	struct live_meta meta[LIVE_BATCH];
};

struct live_options {
	unsigned worker;
	unsigned spin_us; /* look again for so long before waiting; 0: wait at once */
	/*
	 * While packets come, sleep so long instead of being woken for each few of them, or until a
	 * quarter of a ring is full (looked at every 25 ms or oftener).  0: not at all.
	 */
	unsigned gather_us;
	/* Packet times, for tests, and of no frame the time now; NULL: the clock for AF_XDP, the kernel's stamp for AF_PACKET. */
	int64_t (*clock)(void *arg, const struct frame *f);
	void *clock_arg;
};

struct live;

/*
 * Map what belongs to this worker, and go on where the one before it stopped.
 * The descriptors stay the caller's and may be closed, but for the sockets.  Returns 0 or -errno.
 */
int live_open(const struct live_handover *h, const struct live_options *opt, struct live **out);
void live_close(struct live *l); /* NULL is fine; unmaps */

/*
 * The next batch, after live_finish() of the one before.  Waits up to timeout_ms (0: not at all) when
 * nothing is there.  Beats.  Returns the count, 0: nothing came or a signal did, or -errno (-ENETDOWN:
 * an interface is gone).  Sources take turns, so one that is full does not starve the others.
 */
int live_receive(struct live *l, int timeout_ms, struct live_batch *batch);

/* The batch is done with: give its frames back to the kernel, count them as inspected. Beats. */
void live_finish(struct live *l);

/*
 * Send bytes out of an interface (index in the handover), copied: for inline, and for answers.
 * Returns 0, -ENOBUFS (no room: counted), -EMSGSIZE, -ENODEV, -EOPNOTSUPP (opened without).
 */
int live_send(struct live *l, uint32_t interface, const uint8_t *bytes, uint32_t len);
/* To the device what live_send() put there; once a batch.  Returns 0 or -errno. */
int live_flush(struct live *l);

/* The worker is alive.  To be called at least every quarter of stale_ms when a batch takes long. */
void live_beat(struct live *l);

/* Nothing is waiting in any of this worker's rings. */
bool live_is_empty(const struct live *l);

/* Descriptors to wait on beside others (poll(2), POLLIN).  Returns how many. */
unsigned live_descriptors(const struct live *l, int out[LIVE_SOURCES_MAX]);

/* --- counts --------------------------------------------------------------------------------------- */

/* Of one source or of a worker's all; they outlive the engine.  Any process that has the book may read. */
struct live_counts {
	uint64_t taken, taken_bytes; /* out of the rings: frames */
	uint64_t inspected, inspected_bytes; /* of these, given back by live_finish() */
	uint64_t abandoned; /* of these, held by an engine that died */
	uint64_t damaged; /* of these, descriptors that made no frame */
	uint64_t cut; /* longer than LIVE_FRAME_MAX or the snap length */
	uint64_t several; /* frames of more than one buffer */
	uint64_t batches, polls, wakeups; /* polls: waits; wakeups: those that ended with frames */
	uint64_t fill_kicks; /* the driver wanted to be woken */
	uint64_t sent, sent_bytes, send_full, send_kicks;
};

void live_counts(const struct live *l, struct live_counts *out);
void live_counts_add(struct live_counts *to, const struct live_counts *from);

/*
 * By interface: packets of this worker since the start.  For the log, and to see one pair that outgrows
 * a core.
 */
uint64_t live_taken(const struct live *l, uint32_t interface);

/*
 * What the program counts of sources of probes, to be read; NULL: it is not handed over.  It stays mapped until the process
 * ends.  Returns 0 or -errno.
 */
struct weir_tally_bucket;
int live_map_tally(const struct live_handover *h, struct weir_tally_bucket **out);

/* The switches that the program reads; this process may store to them.  NULL: not handed over. */
struct weir_switches *live_switches(struct live *l);

#endif
