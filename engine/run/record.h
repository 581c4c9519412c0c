/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - a record on its way from a worker to the writer, and the ring that carries it.
 *
 * In: finished lines with a key that says where they belong.  Out: the same, in the worker's
 * order; keys of one worker never go back, so that the writer merges all rings.
 * A full ring makes its worker wait; nothing is dropped.
 *
 * Memory: one mapping per ring, made at start.
 * Thread: one worker puts, the writer takes.
 */
#ifndef WEIR_RUN_RECORD_H
#define WEIR_RUN_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/detect/threshold.h"
#include "engine/output/output.h"

/*
 * The place of a record in the run's order: by packet; at one packet what its time ended
 * (ticks) comes before what the packet itself caused.
 */
struct record_key {
	uint64_t packet; /* frame number; UINT64_MAX: the end of the run */
	uint64_t minor; /* tick: the flow's deadline in ns; RECORD_MINOR_PACKET: the packet's own */
	uint64_t flow; /* tick: the flow's number */
};

#define RECORD_MINOR_PACKET UINT64_MAX
#define RECORD_RULE_NONE UINT32_MAX

/* a before b: < 0. */
int record_key_compare(const struct record_key *a, const struct record_key *b);

/*
 * Watermarks count steps: what a tick does at a packet is step packet * RECORD_STEPS, then come
 * the packets of the frame in their order.
 */
#define RECORD_STEPS 32

static inline uint64_t record_step(uint64_t packet, unsigned order)
{
	return packet >= UINT64_MAX / RECORD_STEPS ? UINT64_MAX : packet * RECORD_STEPS + order;
}

static inline uint64_t record_key_step(const struct record_key *k)
{
	return record_step(k->packet, k->minor == RECORD_MINOR_PACKET ? (unsigned)k->flow : 0);
}

/* Whether a line is written may hang on what the writer knows of its flow. */
enum record_when {
	RECORD_ALWAYS,
	RECORD_IF_ALERTED, /* an alert of the flow got past its threshold */
	RECORD_IF_NOT_ALERTED,
};

/* One line for one output, as it stands in a record's body. */
struct record_line {
	uint16_t output; /* index of the output */
	uint16_t when; /* enum record_when */
	uint32_t len; /* bytes of the line after this header; the next header is aligned to 8 */
};

struct record {
	uint32_t size; /* whole, with this header and padding; a multiple of 8 */
	uint32_t lines; /* struct record_line entries that follow; 0: filler */
	struct record_key key;
	uint8_t kind; /* enum record_kind */
	bool has_threshold; /* the writer asks the threshold table whether it shows */
	uint32_t rule; /* of an alert: its number; else RECORD_RULE_NONE */
	uint64_t rule_key; /* its name, for the summary: gid and sid */
	struct threshold_match
		threshold; /* also of a flow's record: .flow, where lines have conditions */
};

/* Of a piece of a file that is stored: one line, that begins with struct filestore_piece. */
#define RECORD_STORE RECORD__COUNT
/* Of a fact for engine/watch: a struct fact follows, no lines; only key and kind are set. */
#define RECORD_FACT (RECORD__COUNT + 1)
/* Of a piece of certificates that are stored: one line, that begins with struct certstore_piece. */
#define RECORD_CERTIFICATE (RECORD__COUNT + 2)

struct record_ring {
	uint8_t *base;
	uint64_t size; /* a power of two */
	_Alignas(64) _Atomic uint64_t head; /* bytes put */
	uint64_t tail_seen; /* the worker's last look at tail */
	_Alignas(64) _Atomic uint64_t tail; /* bytes taken */
};

/* size: a power of two, at least 64 KiB.  Returns 0 or -errno. */
int record_ring_init(struct record_ring *r, uint64_t size);
void record_ring_fini(struct record_ring *r);

/*
 * Room for a record of size bytes (a multiple of 8, at most a quarter of the ring); NULL while the
 * ring is full.  record_ring_commit() hands it to the writer.
 */
void *record_ring_reserve(struct record_ring *r, uint64_t size);
void record_ring_commit(struct record_ring *r, uint64_t size);

/* Bytes that wait to be taken. */
static inline uint64_t record_ring_held(const struct record_ring *r)
{
	return atomic_load_explicit(&r->head, memory_order_relaxed) -
	       atomic_load_explicit(&r->tail, memory_order_relaxed);
}

/* The next record, or NULL; it stays until record_ring_take(). */
const struct record *record_ring_peek(struct record_ring *r);
void record_ring_take(struct record_ring *r, const struct record *rec);

#endif
