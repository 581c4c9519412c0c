/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - rules against frames of application protocols.
 *
 * In: a packet with its flow; the frames that engine/app keeps of its direction.  Out: each (rule, frame) that
 * holds.
 * A frame is looked at when all of it is ready; one whose end is not known whenever FRAME_STEP_BYTES more of it are,
 * with what the stream still holds before them (stream.window), and a match must reach into what is new.  Where bytes are
 * missing each run of them is looked at by itself, and a rule holds once.  Nothing is remembered of a rule from one time to the next.
 * Not here: what a match does (match.h), what a condition means (eval_frame_body.h).
 *
 * Memory: a few words; arrays by rule are the kit's (kit.h).
 * Thread: the detector's.
 */
#ifndef WEIR_DETECT_FRAME_H
#define WEIR_DETECT_FRAME_H

#include "engine/app/frame.h"
#include "engine/detect/eval.h"
#include "engine/detect/kit.h"

struct frame_inspector;

/* What the detector does for it. */
struct frame_hooks {
	/* What other workers write too holds as well. */
	bool (*shared)(void *ctx, uint32_t rule);
	/* The rule holds; returns true where that changed the flow's state. */
	bool (*match)(void *ctx, uint32_t rule, const struct app_frame *f, struct app_tx *tx);
	/* The rule under watch is about to be tried, or was not. */
	void (*watch)(void *ctx, struct eval *e);
	void *ctx;
};

int frame_inspector_new(bool inline_mode, const struct frame_hooks *hooks,
			struct frame_inspector **out);
void frame_inspector_free(struct frame_inspector *t);
/* The ruleset to inspect with, and its working memory: before the first packet, and where it changes. */
void frame_use(struct frame_inspector *t, struct detect_kit *k);

/* Rule to follow; UINT32_MAX: none. */
void frame_watch(struct frame_inspector *t, uint32_t rule);

/* The frames of p's flow in p's direction.  e: ready for the packet; it is used, and left without a frame. */
void frame_inspect(struct frame_inspector *t, struct eval *e, struct packet *p);

#endif
