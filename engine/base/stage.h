/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.h - which stage a worker is in, and the cycles that each takes: of one batch in STAGE_SAMPLE.
 *
 * In: stage_enter() at the door of a stage, stage_enter(what it returned) behind it.  Out: cycles by
 * stage, of the sampled batches alone; a stage inside another is not counted in that.
 * Cycles are the processor's time stamps (x86, arm64), which pass at one rate whatever the clock does;
 * elsewhere nanoseconds.
 *
 * Memory: struct stages is its worker's; a thread knows its own by one thread-local pointer, so that no
 * function on the way needs to hand it on.  Without one nothing is counted.
 * Thread: each its own.
 */
#ifndef WEIR_BASE_STAGE_H
#define WEIR_BASE_STAGE_H

#include <stdint.h>

#define STAGE_SAMPLE 64

/* X(constant, name) */
#define STAGE_LIST(X) \
	X(CAPTURE, "capture") \
	X(DECODE, "decode") \
	X(FLOW, "flow") \
	X(STREAM, "stream") \
	X(APP, "app") \
	X(PREFILTER, "prefilter") \
	X(VERIFICATION, "verification") \
	X(OUTPUT, "output")

enum stage {
#define STAGE_ENUM(id, name) STAGE_##id,
	STAGE_LIST(STAGE_ENUM)
#undef STAGE_ENUM
		STAGE__COUNT
};
const char *stage_name(enum stage s);

struct stages {
	uint8_t now; /* enum stage */
	uint32_t countdown; /* batches until the next that is */
	uint64_t since;
	uint64_t packets; /* of sampled batches */
	uint64_t cycles[STAGE__COUNT];
};

extern _Thread_local struct stages *stages_here;
/* The same while the running batch is sampled; NULL: it is not. */
extern _Thread_local struct stages *stages_sampled __attribute__((visibility("hidden")));

/* A batch of so many packets begins; what comes after it, up to the next one, is capture's. */
void stage_batch(unsigned packets);
enum stage stage_switch(struct stages *s, enum stage to);
void stages_add(struct stages *sum, const struct stages *s);

/* Returns the stage that was left. */
static inline enum stage stage_enter(enum stage to)
{
	struct stages *s = stages_sampled;

	return s ? stage_switch(s, to) : to;
}

#endif
