/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - a TCP session from inside: its two sides, and what is kept of each one's bytes.
 *
 * A side is who sends: its window and last_ack are what the other end told about its bytes.
 * Bytes are named by their offset in the stream, 64 bits, the first one after the SYN being 0; sequence
 * numbers are turned into offsets at the door.
 */
#ifndef WEIR_STREAM_SESSION_H
#define WEIR_STREAM_SESSION_H

#include <assert.h>

#include "engine/base/pool.h"
#include "engine/base/buffers.h"
#include "engine/stream/policy.h"
#include "engine/stream/stream.h"

/* Sequence numbers compare on a circle (RFC 9293, section 3.4). */
static inline bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool seq_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

enum side_flag {
	SIDE_RST_RECEIVED = 1 << 0, /* the other side sent a RST */
	SIDE_ZERO_TS = 1 << 1, /* its handshake had a timestamp of 0 */
	SIDE_KEEPALIVE = 1 << 2,
	SIDE_GAP = 1 << 3,
	SIDE_DEPTH = 1 << 4, /* the depth was reached */
	SIDE_TRIGGER = 1 << 5, /* inspect however few bytes there are */
	SIDE_ALL_READY = 1 << 6, /* it sent a RST: no acknowledgement will come */
	SIDE_FIN = 1 << 7, /* fin is valid */
	SIDE_RECORDS_LOST = 1 << 8, /* not every segment in flight is in the list */
	SIDE_RELEASED = 1 << 9, /* nothing is stored any more */
	SIDE_PARSED = 1 << 10, /* parsed counts for the left edge */
	SIDE_UNTOLD = 1 << 11, /* packets that acknowledge its bytes do not come any more */
	SIDE_OPAQUE = 1 << 12, /* bytes from opaque on say nothing: encrypted */
	SIDE_HELD = 1 << 13, /* held counts for the left edge */
};

/* A run of bytes that are there, without a hole. */
struct region {
	uint64_t start;
	uint64_t end;
	uint32_t next;
	uint32_t after_gap; /* what lies before start never came */
};

/* A segment in flight, as it was sent: overlap is decided by whole segments. */
struct segment {
	uint64_t start : 48;
	uint64_t serial : 16; /* in the order in which they came */
	uint32_t len;
	uint32_t next;
};

struct side {
	uint32_t isn;
	uint32_t next_seq; /* after the last byte in order */
	uint32_t last_ack; /* highest acknowledgement of its bytes */
	uint32_t window; /* that the other end offered, scaled */
	uint32_t next_win; /* highest sequence number that it may send */
	uint32_t last_ts; /* RFC 7323's TS.Recent */
	uint32_t last_ts_s; /* when it came */
	uint32_t max_regions; /* for EVE: as Suricata counts them */
	uint16_t flags; /* enum side_flag */
	uint8_t wscale;
	uint8_t tcp_flags;
	uint8_t policy; /* enum stream_policy of who receives its bytes */
	uint8_t order; /* of its block */

	/* From here on all is zero while there is no byte (rest.c). */
	uint32_t urgent_seq; /* of the last byte out of band */
	struct stream_searched searched;

	/* Bytes: offsets in the stream. */
	uint64_t edge; /* highest offset known of */
	uint64_t settled; /* acknowledged: bytes below never change */
	uint64_t passed; /* holes below are gaps: they stay */
	uint64_t inspected;
	uint64_t parsed;
	uint64_t held; /* for whoever reads behind what is parsed and inspected */
	uint64_t fin;
	uint64_t opaque;
	uint64_t origin; /* of the buffer's first byte */
	uint32_t buffer; /* block, 0: none */
	uint32_t regions; /* list in order of start */
	uint32_t segments; /* list in order of start */
	uint32_t last_segment;
	uint16_t region_count;
	uint16_t segment_count;
	uint16_t serial; /* of the next segment */
	uint16_t urgent; /* bytes out of band: they have numbers, but no place in the stream */
};

enum session_flag {
	SESSION_MIDSTREAM = 1 << 0,
	SESSION_MIDSTREAM_ESTABLISHED = 1 << 1,
	SESSION_MIDSTREAM_SYNACK = 1 << 2,
	SESSION_ASYNC = 1 << 3,
	SESSION_TIMESTAMP = 1 << 4,
	SESSION_CLIENT_WSCALE = 1 << 5, /* the first SYN had the option */
	SESSION_4WHS = 1 << 6, /* SYN answered by SYN */
	SESSION_FAST_OPEN = 1 << 7,
	SESSION_EVASION = 1 << 8, /* right sequence, wrong acknowledgement in the handshake */
	SESSION_CONFIRMED = 1 << 9, /* the server sent data or ACK after the handshake */
};

/* Of engine/run: a fact that is told once. */
enum session_told {
	SESSION_TOLD_HANDSHAKE = 1 << 0,
	SESSION_TOLD_ZERO_WINDOW = 1 << 1,
	SESSION_TOLD_TINY_WINDOW = 1 << 2,
	SESSION_TOLD_SHRUNK_WINDOW = 1 << 3,
	SESSION_TOLD_SLOW_REQUEST = 1 << 4,
	SESSION_TOLD_SCALE = 1 << 5,
	SESSION_TOLD_STRAY_ACK = 1 << 6,
	/* The last guess claimed to be of the client, or of the server: an ACK of the other may answer it. */
	SESSION_GUESSED_CLIENT = 1 << 7,
	SESSION_GUESSED_SERVER = 1 << 8,
};

/* A SYN or SYN/ACK that differed from the first: one of them is the real one. */
struct handshake {
	uint32_t seq, ack, ts, next;
	uint16_t window;
	uint8_t wscale;
	bool has_wscale : 1;
	bool has_ts : 1;
};

struct session {
	struct side side[2]; /* 0: client */
	uint16_t flags; /* enum session_flag */
	uint8_t state; /* enum tcp_state */
	uint8_t before; /* state before the last change */
	uint8_t queued;
	uint16_t told; /* enum session_told */
	uint32_t queue; /* list of struct handshake */
};

/*
 * A session at rest: its SYN stands unanswered, or was refused; no byte has come.  A scan makes them by the
 * million, and all that they know takes a sixth of a session.  flow->tcp tells by a bit where it lies.
 */
#define SESSION_RESTS (1u << 31)

struct rest_side {
	uint32_t isn;
	uint32_t window;
	uint32_t last_ts;
	uint32_t last_ts_s;
	uint16_t flags;
	uint8_t next_seq; /* this and the next: from isn on */
	uint8_t last_ack;
	uint8_t wscale;
	uint8_t tcp_flags;
	uint8_t policy;
	bool has_next_win : 1; /* it is last_ack + window; else 0 */
	bool has_regions : 1; /* max_regions is 1; else 0 */
};

struct rest {
	struct rest_side side[2];
	uint16_t flags;
	uint8_t state;
	uint8_t before;
	uint16_t told;
	uint16_t none;
};
static_assert(sizeof(struct rest) == 56, "as many as there are flows");

/* The sequence number of a side's FIN. */
static inline uint32_t fin_seq(const struct side *s)
{
	return s->isn + 1 + s->urgent + (uint32_t)s->fin;
}

struct stream_engine {
	struct stream_options opt;
	struct flow_table *flows;
	struct counters *counters;
	struct pool sessions; /* and rests: together at most opt.max_sessions */
	struct pool rests;
	struct session *looked_at; /* of session_look() */
	struct pool regions;
	struct pool segments;
	struct pool handshakes;
	struct buffers buffers;
	struct packet_overlap overlap; /* of the packet at hand */
	uint8_t *rewritten; /* inline: the packet at hand, with other payload than it came with */
};

/* The longest packet that can be rewritten: an IP datagram and what lies around it. */
#define STREAM_REWRITE_BYTES (65535u + 256u)

static inline uint32_t packet_seconds(const struct packet *p)
{
	return (uint32_t)(p->time_ns / 1000000000);
}

/* TS.Recent is the packet's. */
static inline void side_note_timestamp(struct side *s, const struct packet *p)
{
	s->last_ts = p->tcp.ts_value;
	s->last_ts_s = packet_seconds(p);
}

/* What the state machine works on. */
struct step {
	struct stream_engine *e;
	struct session *ssn;
	struct packet *p;
	struct side *s; /* who sent the packet */
	struct side *r; /* who receives it */
	bool refused; /* the packet is not part of the session */
};

static inline struct session *session_at(const struct stream_engine *e, uint32_t index)
{
	return pool_at(&e->sessions, index);
}

/* rest.c */
/* The flow's session goes to rest, if nothing of it would be lost; it is woken by session_of(). */
void session_rest(struct stream_engine *e, struct flow *f);
struct session *session_wake(struct stream_engine *e, struct flow *f);
const struct session *session_look_at_rest(const struct stream_engine *e, const struct flow *f);

static inline bool session_rests(const struct flow *f)
{
	return f->tcp & SESSION_RESTS;
}

static inline struct rest *rest_at(const struct stream_engine *e, uint32_t tcp)
{
	return pool_at(&e->rests, tcp & ~SESSION_RESTS);
}

/* Of a flow that has one: to be worked on. */
static inline struct session *session_of(struct stream_engine *e, struct flow *f)
{
	return session_rests(f) ? session_wake(e, f) : session_at(e, f->tcp);
}

/* To be looked at, until the next call: it may be a copy. */
static inline const struct session *session_look(const struct stream_engine *e,
						 const struct flow *f)
{
	return session_rests(f) ? session_look_at_rest(e, f) : session_at(e, f->tcp);
}

/* state.c */
void state_set(struct step *st, enum tcp_state state);
/* A SYN, FIN or RST of a side whose other packets do not come. */
void state_released(struct step *st);
/* A packet of a flow that has no session: makes one where the packet may start one. */
void state_first(struct stream_engine *e, struct packet *p);
/* The packet of a session: its state, and reassembly for what the state admits. */
void state_next(struct step *st);

/* check.c */
/* ACK within what the receiver sent or may send (event otherwise). */
bool check_ack(const struct step *st);
bool check_rst(const struct step *st);
/* RFC 7323 PAWS (event otherwise). */
bool check_timestamp(const struct step *st);
/* An answer to a SYN echoes its timestamp, or none (event otherwise). */
bool check_echo(const struct step *st);
void update_timestamp(const struct step *st);
bool is_retransmission(const struct step *st);
bool is_keepalive(const struct step *st);
bool is_keepalive_ack(const struct step *st);
/* A smaller window than before, of a segment and for bytes that nobody has seen (event). */
bool is_bad_window_update(const struct step *st);
/* An ACK that a later one has overtaken: it says nothing. */
bool is_outdated_ack(const struct step *st);

/* rewrite.c */
/*
 * The packet's payload from at on becomes these bytes, its checksum right; its data moves into the engine's room.
 * False: it does not fit there.
 */
bool rewrite_payload(struct stream_engine *e, struct packet *p, size_t at, struct bytes with);

/* reassembly.c */
/* Sequence numbers begin at isn + 1; forgets bytes taken before. */
void side_begin(struct stream_engine *e, struct side *s, uint32_t isn);
/* The packet was accepted: settle what it acknowledges, take its payload. */
void reassemble(const struct step *st);
/* What is ready now is inspected, and nothing that comes later. */
void side_close(struct stream_engine *e, struct side *s);
/* Something may be inspected on a packet of this side. */
bool side_inspectable(const struct stream_engine *e, const struct session *ssn,
		      const struct side *s);
bool side_view(const struct stream_engine *e, const struct session *ssn, const struct side *s,
	       bool all, struct stream_view *out);
bool side_unparsed(const struct stream_engine *e, const struct session *ssn, const struct side *s,
		   bool all, struct stream_unparsed *out);
void side_parsed(struct stream_engine *e, struct side *s, uint64_t to);
void side_inspected(struct stream_engine *e, struct side *s, uint64_t to);
void side_hold(struct stream_engine *e, struct side *s, uint64_t from);
/* The end of what may be looked at, holes passed over. */
uint64_t side_ready(const struct stream_engine *e, const struct session *ssn, const struct side *s,
		    bool all);
/* The first bytes that are held of [from, to). */
bool side_run(const struct stream_engine *e, const struct side *s, uint64_t from, uint64_t to,
	      struct stream_run *out);
bool side_pending(const struct stream_engine *e, const struct side *s);
/* The lowest byte that is kept. */
uint64_t side_left(const struct stream_engine *e, const struct side *s);
/* A parser has not had all of it. */
bool side_awaited(const struct stream_engine *e, const struct side *s);
/* See stream_brought(). */
bool side_brought(const struct stream_engine *e, const struct side *s, const struct packet *p,
		  size_t before, struct stream_view *out);
/* No byte has been searched. */
static inline void side_unsearched(struct side *s)
{
	s->searched.from = s->searched.to;
}
void side_pieces(const struct stream_engine *e, const struct side *s, stream_piece_fn fn,
		 void *ctx);
/* Give back what is held of its bytes. */
void side_forget(struct stream_engine *e, struct side *s);
/* The same, and take nothing more. */
void side_release(struct stream_engine *e, struct side *s);
/* Nobody tells any more what of its bytes has arrived. */
void side_untold(struct side *s);
/* The sender goes on: what is whole so far has been acknowledged, as far as anybody knows. */
void side_assume_ack(struct stream_engine *e, struct side *s);

#endif
