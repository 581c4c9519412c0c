/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - frames: where messages of a protocol and their parts lie in the stream, or in a datagram.
 *
 * In: what a protocol says while it parses: a frame begins here, is so long, ends there.  Out: the frames of a
 * direction in order, for rules (engine/detect/frame.h) and records.
 * A frame lives until its bytes are ready and a packet of its direction has been looked at; a datagram's as
 * long as its packet.  Only kinds that somebody wants are made: a number counts those.
 * Not here: the bytes, which the stream holds (stream_hold()) as long as a frame needs them.
 *
 * Memory: with the flow's (app_alloc()); FRAMES_MAX of a direction at once, more are not made (counted).
 * Thread: the worker that owns the flow.
 */
#ifndef WEIR_APP_FRAME_H
#define WEIR_APP_FRAME_H

#include "engine/app/app.h"
#include "parser/frame.h"

#define FRAMES_MAX 259 /* as many as Suricata 8 keeps */
/* A frame that goes on is looked at, and told, when so many of its bytes are there. */
#define FRAME_STEP_BYTES 2500

#define FRAME_LEN_UNKNOWN (-1)

enum frame_flag {
	FRAME_HAS_TX = 1 << 0, /* tx_id says of which transaction it is */
	FRAME_LOGGED = 1 << 1, /* it had its record, or nobody wants one */
};

struct app_frame {
	uint64_t offset; /* of its first byte in the stream, or in the datagram */
	int64_t len; /* FRAME_LEN_UNKNOWN: it goes on */
	uint64_t inspected; /* so many of its bytes rules have seen */
	uint64_t tx_id;
	uint32_t id; /* counted in the direction, from 1; anew where the protocol changes */
	uint8_t type; /* enum frame_type */
	uint8_t flags; /* enum frame_flag */
	uint8_t proto; /* enum app_proto that the flow spoke when it began */
};

/* Of a direction. */
struct app_frames {
	struct app_frame *frame; /* in order of appearance */
	uint32_t count, room;
	uint32_t ids; /* that there have been */
	uint64_t hold; /* bytes of the stream from here on are kept for them */
	bool has_stream; /* the one of the stream was made */
};

/* --- for the protocols ------------------------------------------------------------------------- */

bool app_frame_wanted(const struct app_ctx *c, enum frame_type t);
/* Some frame of the flow's protocol is. */
bool app_frame_any(const struct app_ctx *c);
/*
 * A frame begins at this offset of the direction (c->offset is that of the first byte that data() is shown).
 * tx NULL: of none.  Returns its number, 0: nobody wants it, or there is no room (counted).
 */
uint32_t app_frame_begin(struct app_ctx *c, unsigned dir, enum frame_type t, uint64_t offset,
			 int64_t len, const struct app_tx *tx);
/* The frame of this number is of tx. */
void app_frame_is_of(struct app_ctx *c, unsigned dir, uint32_t id, const struct app_tx *tx);
/* The frame of this number ends before this offset.  id 0: there is none. */
void app_frame_end(struct app_ctx *c, unsigned dir, uint32_t id, uint64_t offset);

/* --- for engine/app ------------------------------------------------------------------------------ */

/* data() is about to see bytes of a stream; ended: no more will come. */
void app_frames_stream(struct app_ctx *c, unsigned dir, size_t len, bool ended);
/* Another protocol begins: it counts its own. */
void app_frames_restart(struct app_flow *a);
/* The packet is finished: lets go of frames that are, tells the stream which bytes the others need. */
void app_frames_done(struct app_engine *e, const struct packet *p);

/* --- for rules and records ----------------------------------------------------------------------- */

/* Frames of the packet's direction; NULL: none. */
struct app_frames *app_frames(const struct app_engine *e, const struct packet *p);
/* Bytes of a frame that are kept behind what was inspected. */
uint32_t app_frames_window(const struct app_engine *e);
/* The direction has come to its end: what is there is all of it. */
bool app_frames_ended(const struct app_engine *e, const struct packet *p);
/* How far a frame's bytes are there, acknowledged or not: at most its end. */
uint64_t app_frame_held(const struct app_engine *e, const struct packet *p,
			const struct app_frame *f);
/* The same for those that are ready to be looked at. */
uint64_t app_frame_ready(const struct app_engine *e, const struct packet *p,
			 const struct app_frame *f);
/* How far it was parsed: up to the first message in it that is not whole. */
uint64_t app_frame_parsed(const struct app_engine *e, const struct packet *p,
			  const struct app_frame *f);
/* It has an end, and is ready up to there. */
bool app_frame_complete(const struct app_engine *e, const struct packet *p,
			const struct app_frame *f);
/* Its record may be written now. */
bool app_frame_due(const struct app_engine *e, const struct packet *p, const struct app_frame *f);
/* The transaction that it is of; NULL: none, or it is gone. */
struct app_tx *app_frame_tx(const struct app_engine *e, const struct flow *flow,
			    const struct app_frame *f);
/* The first run of its bytes in [from, to), offsets of the stream or the datagram.  False: none are held. */
bool app_frame_run(const struct app_engine *e, const struct packet *p, uint64_t from, uint64_t to,
		   struct stream_run *out);

#endif
