/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verdict.h - what is to become of a captured frame, settled once for a batch.
 *
 * In: for each frame the worst that any packet in it met.  Out: counts, and one call for each frame
 * that something must be done with.
 * On a span port nothing can be stopped: a verdict is a counted mark.  Inline (not built yet) the call
 * sends a frame on, or does not.
 *
 * Memory: plain data, a batch of it.
 * Thread: the worker that owns the batch.
 */
#ifndef WEIR_RUN_VERDICT_H
#define WEIR_RUN_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/capture/live.h"

/* Worse ones come later. */
enum verdict {
	VERDICT_NONE, /* nobody said anything */
	VERDICT_PASS, /* a pass rule */
	VERDICT_DROP,
	VERDICT_REJECT, /* dropped, and the ends are told */
	VERDICT__COUNT
};
const char *verdict_name(enum verdict v);

/* Of a rule's action (enum rule_action, parser/rule.h). */
enum verdict verdict_of_action(uint8_t action);

struct verdicts {
	uint8_t of[LIVE_BATCH]; /* enum verdict, by the frame's place in its batch */
	uint64_t settled[VERDICT__COUNT]; /* frames, since the start */
};

/* The frame's verdict is at least this bad. */
void verdict_raise(struct verdicts *v, unsigned frame, enum verdict to);

typedef void (*verdict_fn)(void *ctx, unsigned frame, enum verdict v);
/* The batch of count frames is done: count, call (NULL: nobody) for those with a verdict, forget. */
void verdict_settle(struct verdicts *v, unsigned count, verdict_fn call, void *ctx);

#endif
