/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - TCP sessions: state (RFC 9293), windows, and each direction's bytes in order.
 *
 * In: TCP packets that have a flow.  Out: the session's state in the flow, stream events on
 * the packet, and slices of each direction's contiguous sliding buffer.
 * When bytes may be looked at: a direction's bytes are ready when they are
 * acknowledged, and are inspected on the next packet of their own direction, or at the flow's
 * end.  Inline: when they arrive, before the packet passes.
 * Not here: what is in the bytes; rules.
 *
 * Memory: sessions, reorder records and buffers in pools sized by the options; a session at the
 * first packet that may start one, a buffer at the first payload byte, given back when empty.
 * Thread: the worker that owns the engine.
 */
#ifndef WEIR_STREAM_STREAM_H
#define WEIR_STREAM_STREAM_H

#include "engine/base/bytes.h"
#include "engine/base/memory_use.h"
#include "engine/base/network.h"
#include "engine/flow/flow.h"

enum tcp_state {
	TCP_STATE_NONE,
	TCP_STATE_SYN_SENT,
	TCP_STATE_SYN_RECV,
	TCP_STATE_ESTABLISHED,
	TCP_STATE_FIN_WAIT1,
	TCP_STATE_FIN_WAIT2,
	TCP_STATE_TIME_WAIT,
	TCP_STATE_LAST_ACK,
	TCP_STATE_CLOSE_WAIT,
	TCP_STATE_CLOSING,
	TCP_STATE_CLOSED,
	TCP_STATE__COUNT
};
const char *tcp_state_name(enum tcp_state s); /* EVE tcp.state: "syn_sent" */

enum stream_policy {
	STREAM_POLICY_BSD,
	STREAM_POLICY_BSD_RIGHT,
	STREAM_POLICY_LINUX,
	STREAM_POLICY_OLD_LINUX,
	STREAM_POLICY_SOLARIS,
	STREAM_POLICY_HPUX10,
	STREAM_POLICY_HPUX11,
	STREAM_POLICY_IRIX,
	STREAM_POLICY_MACOS,
	STREAM_POLICY_WINDOWS,
	STREAM_POLICY_VISTA,
	STREAM_POLICY_WINDOWS2K3,
	STREAM_POLICY_FIRST,
	STREAM_POLICY_LAST,
};

/* What becomes of urgent data (stream.reassembly.urgent.policy). */
enum stream_urgent {
	STREAM_URGENT_OOB, /* the one byte is out of band: no application reads it in the stream */
	STREAM_URGENT_INLINE, /* it is data as any other */
	STREAM_URGENT_GAP, /* all up to it is left out */
	STREAM_URGENT_DROP, /* the segment is left out */
};

/* The policy of a network's hosts, for the bytes that they receive. */
struct stream_host {
	struct network network;
	uint8_t policy; /* enum stream_policy */
};

struct stream_options {
	bool midstream; /* stream.midstream */
	bool keeps_out; /* no session is made whose start was not seen: the policy forbids it */
	bool async_oneside; /* stream.async-oneside */
	bool use_inline; /* stream.inline */
	bool checksum_validation; /* packets with a bad checksum, also of IPv4, stay out of the stream */
	uint32_t depth; /* stream.reassembly.depth, bytes per direction; 0: no limit */
	uint32_t window; /* stream.window: bytes kept behind the inspected edge */
	uint32_t max_synack_queued;
	uint32_t max_sessions;
	uint64_t reassembly_memcap;
	enum stream_urgent urgent;
	enum stream_urgent
		urgent_limit; /* with OOB, past 65,535 such bytes of a direction: not OOB */
	enum stream_policy policy; /* of hosts that are in no network below */
	const struct stream_host *hosts; /* longest prefix wins; lives as long as the engine */
	size_t host_count;
	/* Per direction: least acknowledged bytes before they are inspected, unless the session ends,
	 * its depth is reached or stream_trigger() was called; 0: whatever there is, at once. */
	uint32_t chunk_bytes[2];
	bool follow_only; /* nobody inspects: sessions are followed, no byte is stored */
};

struct stream_engine;

int stream_engine_new(const struct stream_options *opt, struct flow_table *flows,
		      struct counters *counters, struct stream_engine **out);
void stream_engine_free(struct stream_engine *e);
/* A packet of the TCP session at this index (struct flow's tcp) is about to come: ask the memory for it. */
void stream_prefetch(const struct stream_engine *e, uint32_t session);
/* Bytes that an engine reserves, and at most touches. */
uint64_t stream_engine_bytes(const struct stream_options *opt);
/* Adds what it has: sessions with their records, and the bytes of streams. */
void stream_engine_memory(const struct stream_engine *e, struct memory_use *sessions,
			  struct memory_use *bytes);

/*
 * Take a TCP packet of p->flow: follow the state, take the payload in.  Sets p->stream_added,
 * p->stream_in_order, p->stream_inspectable, p->stream_waiting, p->established, flow state, and stream events.
 */
void stream_packet(struct stream_engine *e, struct packet *p);

/* One contiguous piece of a direction, as a rule may see it. */
struct stream_view {
	struct bytes data; /* [inspected edge - window, ready edge) or up to the next gap */
	uint64_t offset; /* of data.data[0] from the start of the stream */
	size_t fresh; /* first byte of data not inspected before */
	bool after_gap; /* bytes are missing just before data */
	bool at_start; /* offset is 0 */
};

/*
 * What of direction dir (0: client's bytes, to server) is to be inspected now; false: nothing.
 * Call stream_inspected() after it and ask again: a gap cuts the bytes into several views.
 * all: also bytes that are not acknowledged (the flow ends).
 */
bool stream_view(struct stream_engine *e, struct flow *f, unsigned dir, bool all,
		 struct stream_view *out);
void stream_inspected(struct stream_engine *e, struct flow *f, unsigned dir,
		      const struct stream_view *v);

/*
 * Where p->stream_in_order: its payload as it lies in the stream, with at most so many bytes before it.
 * fresh is where it begins.  False: it was not.
 */
bool stream_brought(const struct stream_engine *e, const struct packet *p, size_t before,
		    struct stream_view *out);

/*
 * What whoever inspects has done with a direction's bytes before it inspects them: [from, to), low halves of
 * offsets, have been searched, and found is where it keeps what was there.  from == to: none have.  So it
 * becomes by itself when such bytes change, go, or have been inspected; found stays, whatever it is.
 */
struct stream_searched {
	uint32_t from, to;
	uint32_t found;
};

/* Of a flow that has a session. */
struct stream_searched *stream_searched(struct stream_engine *e, struct flow *f, unsigned dir);

/* Inspect what is ready on the direction's next packet, however little it is: a message is whole. */
void stream_trigger(struct stream_engine *e, struct flow *f, unsigned dir);
/*
 * A parser has got to this offset of a direction: bytes from there on are kept for it.
 * STREAM_PARSED_ALL: it wants no more.
 */
#define STREAM_PARSED_ALL UINT64_MAX
void stream_parsed(struct stream_engine *e, struct flow *f, unsigned dir, uint64_t offset);

/* What a parser gets of a direction: bytes, or the length of a hole. */
struct stream_unparsed {
	struct bytes data; /* ready, in order, from offset on; it stays until the next packet */
	uint64_t offset;
	uint64_t gap; /* bytes from offset on that will not come; data is then empty */
	uint64_t behind; /* bytes that will not come right behind data */
	bool ended; /* nothing follows data: the session is closed, or the depth was reached */
};

/*
 * What follows the last stream_parsed().  all: also bytes that are not acknowledged, and then
 * nothing more will come.  False: nothing new, and no end.
 */
bool stream_unparsed(const struct stream_engine *e, const struct flow *f, unsigned dir, bool all,
		     struct stream_unparsed *out);

/*
 * Bytes of a direction from this offset on are kept for whoever reads them with stream_run(), whatever has been
 * parsed and inspected; at most the depth.  STREAM_HOLD_NOTHING: none are.
 */
#define STREAM_HOLD_NOTHING UINT64_MAX
void stream_hold(struct stream_engine *e, struct flow *f, unsigned dir, uint64_t from);
/* How far a direction may be looked at, holes passed over; all: as far as there are bytes. */
uint64_t stream_ready(const struct stream_engine *e, const struct flow *f, unsigned dir, bool all);

/* Bytes without a hole; they stay until the next packet. */
struct stream_run {
	struct bytes data;
	uint64_t offset;
};
/* The first of them that are held of [from, to); false: none are. */
bool stream_run(const struct stream_engine *e, const struct flow *f, unsigned dir, uint64_t from,
		uint64_t to, struct stream_run *out);
/* Nothing more will come: the session is closed. */
bool stream_closed(const struct stream_engine *e, const struct flow *f);

/* Bytes of a direction are held; where none are, stream_unparsed() has none, and no hole. */
bool stream_holds(const struct stream_engine *e, const struct flow *f);

/* Bytes are held that nobody has inspected (for pseudo packets at the flow's end). */
bool stream_pending(struct stream_engine *e, const struct flow *f, unsigned dir);

/* Pieces still held of a direction in order, gaps told by data == NULL: for EVE's payload. */
typedef void (*stream_piece_fn)(void *ctx, const uint8_t *data, size_t len);
void stream_pieces(struct stream_engine *e, const struct flow *f, unsigned dir, stream_piece_fn fn,
		   void *ctx);

/* For the stream_size keyword: what the direction has sent in order, the SYN counted as one byte. */
uint32_t stream_size(const struct stream_engine *e, const struct flow *f, unsigned dir);

/* What EVE's flow record wants of a session; false: the flow has none. */
struct stream_summary {
	enum tcp_state state;
	uint8_t flags_to_server, flags_to_client;
	bool gap_to_server, gap_to_client;
	bool midstream;
	uint32_t regions_to_server, regions_to_client;
};
bool stream_summary(const struct stream_engine *e, const struct flow *f,
		    struct stream_summary *out);

/* Turn client and server (flow_reverse() turns the flow). */
void stream_reverse(struct stream_engine *e, struct flow *f);

/* A flow_reuse_fn; ctx is the struct stream_engine. */
bool stream_reuse(void *ctx, const struct flow *f, const struct packet *p);

/*
 * The packet and its alerts are finished.  Of a flow that is not established: gives back what a closed session
 * holds of bytes that have been inspected and cannot come again, and keeps one without bytes in less room.
 */
void stream_packet_done(struct stream_engine *e, struct flow *f);
/* It is one of these: no byte has come, nothing was searched. */
bool stream_is_empty(const struct flow *f);

/* What comes from now on is encrypted: what is ready is still inspected, then buffers go. */
void stream_close(struct stream_engine *e, struct flow *f);
/* No more is inspected in this flow: drop its buffers, keep following the state. */
void stream_release(struct stream_engine *e, struct flow *f);

/* The direction has carried more than the depth, and what lies before it has been inspected. */
bool stream_past_depth(const struct stream_engine *e, const struct flow *f, unsigned dir);
/* Its bytes say nothing any more (stream_close()), and what came before them has been inspected. */
bool stream_is_closed(const struct stream_engine *e, const struct flow *f, unsigned dir);
/* One of the directions has carried the depth. */
bool stream_at_depth(const struct stream_engine *e, const struct flow *f);
/*
 * Packets of this direction may stop coming, but for SYN, FIN and RST: its bytes go, and as nobody tells any
 * more what the other end has got, bytes of the other direction are ready when they are whole.
 */
void stream_release_way(struct stream_engine *e, struct flow *f, unsigned dir);
/* The same, but what waits to be looked at stays until the flow ends. */
void stream_hold_way(struct stream_engine *e, struct flow *f, unsigned dir);
/*
 * A TCP packet of a released direction, in the place of stream_packet(): SYN, FIN and RST move the state, as far
 * as it can be told that they belong; all that is kept of others is their flags.
 */
void stream_released_packet(struct stream_engine *e, struct packet *p);
/* Flags of packets that did not come here. */
void stream_kept_flags(struct stream_engine *e, struct flow *f, unsigned dir, uint8_t flags);

/* The flow is going: give back all that it has. */
void stream_flow_end(struct stream_engine *e, struct flow *f);

#endif
