/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture.h - packets out of capture files, for any number of readers and without a reader thread.
 *
 * In: pcap and pcapng files, directories of them, pipes, standard input.  Out: blocks of frames;
 * every reader (one a worker) sees every block, in the same order.  Blocks lie in one shared ring:
 * the reader that first needs a block loads it, and it is overwritten when all have moved past it.
 * Not here: reading headers (engine/decode), choosing which worker a packet belongs to.
 *
 * A damaged file gives what stands before the damage and one message; the next file goes on.
 *
 * Memory: all of it is allocated by capture_open(); frames borrow from their block.
 * Thread: capture_next_block() from one thread a reader; the rest as each says.
 * Specification: the savefile formats pcap and pcapng as the IETF drafts (opsawg) have them.
 */
#ifndef WEIR_CAPTURE_CAPTURE_H
#define WEIR_CAPTURE_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/frame.h"

/*
 * Bytes just read are the cheapest to look at, so one reader alone, who waits for nobody, goes round in what a core's own
 * cache holds.  Several wait for each other where one has more to do in the blocks of the ring than the others.
 */
#define CAPTURE_BLOCK_BYTES (256u << 10)
#define CAPTURE_BLOCKS 8
#define CAPTURE_BLOCK_BYTES_ALONE (64u << 10)
#define CAPTURE_BLOCKS_ALONE 2
#define CAPTURE_ERROR_BYTES 512
/* Times are kept within [0, this] (the year 2116): a timeout may be added to any of them. */
#define CAPTURE_TIME_MAX_NS ((int64_t)1 << 62)

struct capture_options {
	/*
	 * Files, pipes, directories (their files in the order of each one's first packet), and "-".
	 * In this order; a file in a directory whose name begins with a dot is left out.
	 */
	const char *const *inputs;
	unsigned input_count;
	const char *filter; /* BPF expression; NULL or empty: every packet */
	unsigned readers; /* at least 1 */
	size_t block_bytes; /* bytes read at a time; 0: as above */
	unsigned blocks; /* in the ring, at least 2; 0: as above */
	/*
	 * Read the inputs this many times (0: once); files only.  Times of a later pass are
	 * shifted: its earliest packet comes pass_gap_ns after the latest of the pass before.
	 */
	unsigned passes;
	int64_t pass_gap_ns;
};

struct capture_block {
	const struct frame *frames; /* numbers are consecutive, from first_number */
	unsigned count; /* at least 1 */
	uint64_t first_number;
	uint64_t sequence; /* of the block, from 0 */
};

struct capture;

/* The frames of a block that has just been read, while they are in that processor's cache. */
typedef void (*capture_loaded_fn)(void *ctx, struct frame *frames, unsigned count);

/*
 * Look at the inputs, compile the filter, allocate the ring.  Returns 0 or -errno and then
 * the reason in error: an input cannot be opened, none is a capture file, the filter does
 * not compile.  An input among several that is no capture file is a message (capture_error()).
 */
int capture_open(const struct capture_options *opt, struct capture **out,
		 char error[CAPTURE_ERROR_BYTES]);
void capture_close(struct capture *c); /* NULL is fine; no reader is inside any more */

/* Before the first block: who is told of each, in the thread that loads it and before any reader has it. */
void capture_on_load(struct capture *c, capture_loaded_fn loaded, void *ctx);

/*
 * The next block for a reader, which is then finished with the one before it.  Returns 1 and the
 * block, 0 at the end of all inputs, -ECANCELED after capture_stop(): for every reader after
 * the same block.  Waits for a slow pipe, and for the slowest reader when the ring is full.
 */
int capture_next_block(struct capture *c, unsigned reader, const struct capture_block **out);

/* This reader takes no more blocks; the others do not wait for it.  Any thread. */
void capture_leave(struct capture *c, unsigned reader);

/* No further block is loaded.  From any thread or a signal handler. */
void capture_stop(struct capture *c);

/* By frame->interface, below capture_input_count(): the path of the file, or "-". */
unsigned capture_input_count(const struct capture *c);
const char *capture_input_name(const struct capture *c, unsigned index);

/* What went wrong so far, a line each, file name first.  Texts live until capture_close(). */
unsigned capture_error_count(struct capture *c);
const char *capture_error(struct capture *c, unsigned index);

/* Bytes read, and bytes of all inputs (0: unknown, there is a pipe among them).  Any thread. */
void capture_progress(const struct capture *c, uint64_t *done_out, uint64_t *total_out);

/* Bytes of address space that the ring takes at most. */
size_t capture_memory_bytes(const struct capture *c);

#endif
