/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.h - one worker's straight line from frames to packets with flow and stream:
 * decode > defrag > flow > stream > the owner's hook > release.
 *
 * In: frames in order, ticks of the clock.  Out: each packet through hooks->packet, inner packets
 * before the one around them; each flow's end through hooks->flow_end.
 * Not here: rules and records (worker.c, and the explain command, are hooks).
 *
 * Memory: everything is reserved by pipeline_new(); nothing is allocated afterwards.
 * Thread: the worker that owns it.
 */
#ifndef WEIR_RUN_PIPELINE_H
#define WEIR_RUN_PIPELINE_H

#include "engine/app/app.h"
#include "engine/decode/decode.h"
#include "engine/defrag/defrag.h"
#include "engine/flow/flow.h"
#include "engine/run/release.h"
#include "engine/run/settings.h"
#include "engine/stream/stream.h"

/* Frames that pass through the stages together. */
#define PIPELINE_BATCH 16

struct pipeline_options {
	struct decode_options decode;
	struct defrag_options defrag;
	struct flow_options flow;
	struct stream_options stream;
	struct app_options app; /* memcap 0: no protocol is looked for */
	struct release_options release;
	enum checksum_mode checksums;
	struct exceptions exceptions;
};

/* As the settings and the compiled rules (NULL: none) have it; hash keys are still to be set. */
struct pipeline_options pipeline_settings(const struct settings *s, const struct ruleset *rules);

/* Which packets of a shared frame are this worker's; ctx as of the hooks. */
typedef bool (*pipeline_mine_fn)(void *ctx, const struct packet *p);

struct pipeline_hooks {
	/* A packet with its flow and stream; also pseudo packets at a flow's end. */
	void (*packet)(void *ctx, struct packet *p);
	/* The flow's last packet has been seen; it is gone after the call. */
	void (*flow_end)(void *ctx, struct flow *f, enum flow_end_reason reason);
	pipeline_mine_fn mine; /* NULL: all are */
	/* It is to belong to no flow: a rule says so.  NULL: none does. */
	bool (*untracked)(void *ctx, const struct packet *p);
	void *ctx;
};

struct pipeline {
	struct decoder decoder;
	struct defrag *defrag;
	struct flow_table *flows;
	struct stream_engine *streams;
	struct app_engine *apps; /* NULL: none */
	struct exceptions exceptions;
	struct counters counters;
	/* Of frames that every worker decodes (FRAME_OF_ALL): the same in all workers, so counted once in a sum. */
	struct counters shared;
	struct pipeline_hooks hooks;
	struct release release;
	flow_refresh_fn refresh; /* ctx as of release.tell_ctx */
	const struct packet *current; /* what is being worked on; NULL: a tick or the end */
	int64_t clock_ns; /* time of the last packet read: set before pipeline_tick(), pipeline_end() */
	int64_t end_ns; /* while hooks.flow_end() runs: when the flow's end was noticed */
	unsigned
		order; /* of the current packet among those of its frame, from 1: inner ones first */
	enum checksum_mode checksums;
	uint32_t sampled; /* packets whose checksums were counted (CHECKSUM_AUTO) */
	uint32_t sampled_bad;
	struct packet_set *sets; /* PIPELINE_BATCH and one for sampling */
	struct packet *pseudo; /* the packet made at a flow's end */
	struct counters *scratch; /* what sampling counts is thrown away */
};

/* Returns 0 or -errno. */
int pipeline_new(const struct pipeline_options *opt, const struct pipeline_hooks *hooks,
		 struct pipeline **out);
void pipeline_free(struct pipeline *p);

/* Somebody keeps packets of released flows from now on (release.h, flow.h); ctx is theirs. */
void pipeline_release_to(struct pipeline *p, release_tell_fn tell, flow_refresh_fn refresh,
			 void *ctx);

/*
 * Show a frame of any worker to the checksum sample (CHECKSUM_AUTO), in order of number; cheap and
 * without effect once 1,000 have been seen.  Call before the frame is handed on.
 */
void pipeline_sample_frame(struct pipeline *p, const struct frame *f);
static inline void pipeline_sample(struct pipeline *p, const struct frame *f)
{
	if (p->checksums == CHECKSUM_AUTO)
		pipeline_sample_frame(p, f);
}

/* The next frame shown decides: frames before it must be worked on first, or they would feel it. */
bool pipeline_next_decides(const struct pipeline *p);
static inline bool pipeline_sample_decides(const struct pipeline *p)
{
	return p->checksums == CHECKSUM_AUTO && pipeline_next_decides(p);
}

/*
 * Up to PIPELINE_BATCH frames: this worker's, and in their places among them those that every worker is given
 * (FRAME_OF_ALL): tunnels, fragments.  Of these each joins fragments for itself and works on the packets that are its own
 * (hooks->mine).
 */
void pipeline_frames(struct pipeline *p, const struct frame *const *frames, unsigned count);

/* The clock passed a second. */
void pipeline_tick(struct pipeline *p, int64_t now_ns);

/* The run is over: end every flow. */
void pipeline_end(struct pipeline *p);

#endif
