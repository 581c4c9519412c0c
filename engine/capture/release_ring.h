/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release_ring.h - what a worker asks of the kernel stage, and what comes back: two rings of one
 * producer and one consumer each, in memory that engine and supervisor share.
 *
 * In: requests (release, forget, block, police), by the worker.  Out: answers, by the supervisor:
 * refused requests, counts of released flows about once a second, last counts of what is gone.
 * Not here: applying them (xdp_stage_apply(), xdp_stage_flows() in xdp_load.h).
 *
 * Indices that the other side wrote are not trusted: a ring never gives more than it can hold.
 * Memory: release_ring_bytes() in a shared mapping that begins as zeros; no pointers in it.
 * Thread: requests are put by the worker and taken by the supervisor, answers the other way.
 */
#ifndef WEIR_CAPTURE_RELEASE_RING_H
#define WEIR_CAPTURE_RELEASE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/weir_xdp.h"

#define RELEASE_RING_ENTRIES 4096 /* of each way */

enum release_op {
	RELEASE_NONE,
	RELEASE_SET, /* make the flow's entry, or change what it does; its counts stay */
	RELEASE_END, /* take it away; the answer has its last counts */
	RELEASE_READ, /* answer with its counts now */
	RELEASE_BLOCK, /* make an address's entry */
	RELEASE_UNBLOCK,
	RELEASE__COUNT
};

struct release_request {
	uint32_t op; /* enum release_op */
	uint32_t action; /* enum weir_action */
	uint64_t cookie; /* the asker's name of the flow; comes back untouched */
	uint64_t expires_ns; /* CLOCK_MONOTONIC; 0: never */
	struct weir_rate rate; /* WEIR_ACTION_POLICE */
	uint32_t ways; /* of a flow: as in struct weir_flow */
	uint32_t reserved;
	union {
		struct weir_flow_key flow;
		struct weir_address_key address;
	} key;
};

struct release_answer {
	uint32_t op; /* of the request; RELEASE_READ too for what comes once a second */
	/* 0; -ENOSPC: the table is full; -ENOENT: no such entry; -EEXIST: not there any more, it was
	 * cleared by a SYN (its counts are the last). */
	int32_t status;
	uint64_t cookie;
	struct weir_flow_key key;
	struct weir_flow flow; /* counts: zeros where status says that there are none */
};

struct release_ring; /* one worker's two rings */

size_t release_ring_bytes(void);

/* The worker.  False: the ring is full (counted in it); nothing is put. */
bool release_ring_ask(struct release_ring *r, const struct release_request *q);
/* Takes up to max answers; returns how many. */
unsigned release_ring_answers(struct release_ring *r, struct release_answer *out, unsigned max);

/* The supervisor. */
unsigned release_ring_requests(struct release_ring *r, struct release_request *out, unsigned max);
bool release_ring_answer(struct release_ring *r, const struct release_answer *a);
/* A new engine takes over: what is in both rings is forgotten.  Nobody is at work on them. */
void release_ring_reset(struct release_ring *r);

/* Requests and answers that did not fit, since the start.  Any thread. */
uint64_t release_ring_refused(const struct release_ring *r);

#endif
