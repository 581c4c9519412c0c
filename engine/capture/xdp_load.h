/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xdp_load.h - the kernel stage of a run: programs, maps, sockets and frames of all its interfaces.
 * The only part of engine/capture that calls bpf(2), through libbpf.
 *
 * In: interfaces, the plan, requests of workers.  Out: struct live_handover for the engine; counts.
 * Not here: what a worker does with it (live.h), processes, printing: each step is told through a
 * callback.
 *
 * For the supervisor alone.  Programs are attached by bpf_link: they go with the process that holds
 * the stage.  A child must call xdp_stage_leave() before anything else, or it would hold them too.
 *
 * Memory: the heap, UMEM as memfds.  Thread: one at a time for one stage, xdp_stage_counts() and
 * xdp_stage_ledger() from any.
 */
#ifndef WEIR_CAPTURE_XDP_LOAD_H
#define WEIR_CAPTURE_XDP_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/weir_plan.h"
#include "bpf/weir_xdp.h"
#include "engine/capture/live.h"
#include "engine/capture/release_ring.h"

enum xdp_mode {
	XDP_MODE_SPAN, /* what is not wanted is dropped, nothing reaches the host */
	XDP_MODE_HOST, /* a copy: AF_PACKET with the plan as a socket filter */
};

/* The ladder, best first. */
enum xdp_step {
	XDP_STEP_ANY, /* in options: no bound */
	XDP_STEP_ZERO_COPY, /* AF_XDP, the driver writes into UMEM */
	XDP_STEP_DRIVER, /* AF_XDP, the driver runs the program, frames are copied */
	XDP_STEP_GENERIC, /* AF_XDP, the stack runs the program */
	XDP_STEP_AF_PACKET,
	XDP_STEP__COUNT
};
const char *xdp_step_name(enum xdp_step step); /* "AF_XDP zero-copy" */

/* Told for each step that is tried and for each oddity. */
enum xdp_telling {
	XDP_TELL_TRY, /* step is being tried */
	XDP_TELL_REFUSED, /* it did not work: err, and text with the cause and what helps */
	XDP_TELL_USED, /* it stands */
	XDP_TELL_NOTE, /* text */
};
struct xdp_told {
	enum xdp_telling what;
	const char *interface; /* "" for what is of none */
	enum xdp_step step;
	int err; /* -errno; 0: none */
	const char *text; /* lives until the callback returns; "" : none */
};
typedef void (*xdp_tell_fn)(void *arg, const struct xdp_told *told);

struct xdp_interface_options {
	const char *name;
	enum xdp_mode mode;
	enum xdp_step first,
		last; /* of the ladder, inclusive; zeros: ZERO_COPY alone, so set both */
	unsigned queues; /* 0: all that the interface has */
	/*
	 * Trust RSS: a worker for each queue.  Else each queue has a socket for every worker and the
	 * program chooses by the address pair, which is right whatever RSS does.
	 */
	bool by_queue;
	bool promiscuous;
	bool replace; /* take away a program that is attached already, if it is not a link's */
	bool jumbo; /* frames of several buffers, where the kernel can; else by MTU */
	/* Preferred busy polling: microseconds in the driver for each call, and its budget; 0: off. */
	unsigned busy_poll_us, busy_poll_budget;
	/* Sizes, 0: chosen.  Rings and frame_bytes are powers of two. */
	unsigned frames; /* of a queue */
	unsigned frame_bytes; /* 2048, 4096 */
	unsigned rx_entries;
	unsigned send_frames; /* of a queue, for live_send(); 0: none */
	unsigned packet_ring_bytes; /* AF_PACKET, of one socket; 0: 32 MiB */
	unsigned packet_block_bytes; /* 0: 1 MiB */
	unsigned packet_timeout_ms; /* a block that is not full is handed up after; 0: 50 */
	unsigned packet_snap_bytes; /* 0: 65535 and a link header */
};

struct xdp_stage_options {
	const struct xdp_interface_options *interfaces;
	unsigned interface_count;
	unsigned workers;
	uint64_t hash_key; /* the engine's own */
	unsigned flows_max; /* released flows; 0: WEIR_FLOWS_MAX */
	unsigned stale_ms; /* a heartbeat older than this is stale; 0: not looked at */
	bool lost_pass; /* what has no worker goes to the stack, not away (inline, open) */
	bool shadow; /* nothing is kept; marks in live_meta.reason */
	bool tally; /* sources of probes are counted (bpf/weir_tally.h) */
	bool enforce; /* blocked addresses and flows are dropped; else marked and counted */
	const struct weir_plan *plan; /* NULL: everything goes up until xdp_stage_plan() */
	xdp_tell_fn tell; /* NULL: nobody hears it */
	void *tell_arg;
};

struct xdp_stage;

/*
 * Load, bind, fill, attach: each interface down the ladder until a step stands.  The stage is
 * stopped: nothing goes up and nothing is counted until xdp_stage_start().  On failure error says
 * which interface, and what refused.  Returns 0 or -errno (-EBUSY: a program or another socket is
 * there; -EPERM: capabilities).
 */
int xdp_stage_open(const struct xdp_stage_options *opt, struct xdp_stage **out, char *error,
		   size_t error_len);
void xdp_stage_close(struct xdp_stage *s); /* NULL is fine; detaches, unmaps, closes */

/* In a child: close what the engine must not hold (links, programs, maps); the stage is gone here.
 * Descriptors of the handover stay open. */
void xdp_stage_leave(struct xdp_stage *s);

const struct live_handover *xdp_stage_handover(const struct xdp_stage *s);

/* Let frames in; keep them out.  A clean stop: stop, let the engine drain, ledger, close. */
void xdp_stage_start(struct xdp_stage *s);
void xdp_stage_stop(struct xdp_stage *s);

/* The words that the program reads, shared with the engine. */
struct weir_switches *xdp_stage_switches(struct xdp_stage *s);

/* A new plan: what both plans want goes up at any time.  Returns 0 or -errno. */
int xdp_stage_plan(struct xdp_stage *s, const struct weir_plan *plan);

bool xdp_stage_is_attached(const struct xdp_stage *s, unsigned interface);

/* --- released flows and blocked addresses -------------------------------------------------------- */

/*
 * Apply n requests in their order, in as few calls as may be.  Each gets an answer in answers[i] that is
 * to be sent where its status is not 0 or its op is RELEASE_END or RELEASE_READ.
 */
void xdp_stage_apply(struct xdp_stage *s, const struct release_request *q, unsigned n,
		     struct release_answer *answers);

/* All entries, by lookup_batch.  Returns how many, or -errno; stops early when fn returns false. */
typedef bool (*xdp_flow_fn)(void *arg, const struct weir_flow_key *key, const struct weir_flow *f);
int xdp_stage_flows(struct xdp_stage *s, xdp_flow_fn fn, void *arg);

typedef bool (*xdp_address_fn)(void *arg, const struct weir_address_key *key,
			       const struct weir_address *a);
int xdp_stage_addresses(struct xdp_stage *s, xdp_address_fn fn, void *arg);

/* Take away entries that have expired by now_ns (CLOCK_MONOTONIC).  Returns how many, or -errno. */
int xdp_stage_expire(struct xdp_stage *s, uint64_t now_ns);

/* --- counts --------------------------------------------------------------------------------------- */

/* Of one interface, since the start. */
struct xdp_counts {
	struct weir_count reason[WEIR_REASON__COUNT];
	struct weir_count
		marked[WEIR_REASON__COUNT]; /* what it would have been: shadow, no enforce */
	/* Of its sockets: AF_XDP */
	uint64_t ring_full, too_large, no_fill, invalid_descs, tx_ring_empty;
	uint64_t packet_drops; /* AF_PACKET: no room in the ring */
	uint64_t packet_freezes;
	struct live_counts workers; /* of all workers */
	uint64_t in_rings; /* frames that wait in the sockets' rings now */
	uint64_t ring_room; /* most that can wait there, and be held */
	/* The device's own, beside the ledger; since the stage was opened. */
	uint64_t nic_packets, nic_missed, nic_dropped, nic_errors;
};
int xdp_stage_counts(struct xdp_stage *s, unsigned interface, struct xdp_counts *out);

enum xdp_loss {
	XDP_LOSS_RING_FULL, /* the worker's ring was full */
	XDP_LOSS_NO_FILL, /* no free frame */
	XDP_LOSS_TOO_LARGE, /* larger than a frame of UMEM, or not a frame at all */
	XDP_LOSS_REDIRECT, /* the program's redirect failed otherwise; no socket in the slot */
	XDP_LOSS_WORKER, /* its worker's heartbeat was stale, or its engine died */
	XDP_LOSS__COUNT
};
extern const char *const xdp_loss_names[XDP_LOSS__COUNT]; /* "ring_full" */

/*
 * The books: entered = inspected + released + unwanted + blocked + lost + in flight.  in_flight is what
 * is left over; it must be between 0 and room, and 0 after a stop and a drain.
 */
struct xdp_ledger {
	uint64_t entered, entered_bytes;
	uint64_t inspected, released, unwanted, blocked;
	uint64_t lost[XDP_LOSS__COUNT];
	int64_t in_flight;
	uint64_t room; /* the rings, and what entered while the books were read */
	bool holds;
	uint64_t unsure; /* of what went up */
};
/* interface: index, or XDP_ALL: the sum. */
#define XDP_ALL UINT32_MAX
int xdp_stage_ledger(struct xdp_stage *s, uint32_t interface, struct xdp_ledger *out);

/* --- a dead engine ---------------------------------------------------------------------------------- */

/*
 * The engine is dead.  Hand out the frames that it had taken and not given back, for a capture file
 * (fn may be NULL; a frame lives until fn returns), give them back to the kernel, count them as lost
 * by the worker.  To be called before the next engine's live_open().  Returns how many.
 */
typedef void (*xdp_frame_fn)(void *arg, unsigned worker, const struct frame *f);
unsigned xdp_stage_last_batch(struct xdp_stage *s, xdp_frame_fn fn, void *arg);

/* --- what is there ----------------------------------------------------------------------------------- */

/* The program on an interface, as "xdp program 'name' id 7 (driver mode), loaded by ..."; false: none. */
bool xdp_program_attached(int ifindex, char *text, size_t text_len);

/* What this process and kernel can do, for `weir doctor`. */
enum xdp_ability {
	XDP_ABILITY_KERNEL, /* 5.15 or later */
	XDP_ABILITY_LOAD, /* the program loads */
	XDP_ABILITY_FRAGS, /* frames of several buffers: 5.18 to load, 6.6 to receive */
	XDP_ABILITY_BTF,
	XDP_ABILITY_MEMLOCK, /* 64 MiB of UMEM can be registered */
	XDP_ABILITY_SOCKET, /* AF_XDP sockets */
	XDP_ABILITY_PACKET, /* AF_PACKET sockets with an eBPF filter */
	XDP_ABILITY__COUNT
};
struct xdp_able {
	const char *name;
	bool able;
	int err;
	char text[256]; /* what was found; what helps */
};
void xdp_abilities(struct xdp_able out[XDP_ABILITY__COUNT]);

#endif
