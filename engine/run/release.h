/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release.h - when a flow is no longer inspected.
 *
 * In: packets with their flow, before and after inspection.  Out: packet->released; the ways of flows
 * that somebody else may keep from now on.  One definition for files and every kind of capture: a
 * way (direction) is released when it has carried more than stream.reassembly.depth, or its flow is
 * encrypted from here on (FLOW_NO_PAYLOAD), what lies before that has been inspected, and no rule whose
 * header admits it reaches further (engine/detect/reach.h).  From then on its packets are counted and nothing else, whether they
 * come or not; what always comes (SYN, FIN, RST, odd headers) is looked at for rules on just that.
 * Both ways at once: flows of more than flow.elephant bytes, and those that a rule or
 * stream.bypass bypasses; only the latter are counted in flow_bypassed and have the state "bypassed".
 * Not here: how the kernel is told (engine/capture).
 *
 * Memory: embedded in struct pipeline; nothing to free.
 * Thread: the worker that owns the pipeline.
 */
#ifndef WEIR_RUN_RELEASE_H
#define WEIR_RUN_RELEASE_H

#include "engine/app/app.h"
#include "engine/detect/detect.h"
#include "engine/flow/flow.h"
#include "engine/stream/stream.h"

struct release_options {
	bool enabled; /* release */
	bool stream_bypass; /* stream.bypass */
	bool strict; /* --shadow=strict: decide, and go on inspecting */
	uint64_t elephant_bytes; /* flow.elephant; 0: never */
	const struct ruleset *rules; /* NULL: none */
	bool inline_mode; /* packets of dropped flows are needed */
};

/*
 * The ways (FLOW_WAYS_BOTH) of the packet's flow are released, with this packet.  Returns whether somebody
 * was told who may keep packets: flow_refresh_fn is then called before the flow ends.
 */
typedef bool (*release_tell_fn)(void *ctx, const struct packet *p, unsigned ways);

struct release_holder {
	const struct ruleset *rules; /* NULL: none is known */
	uint32_t rule;
};

struct release {
	struct release_options options;
	uint32_t depth;
	struct flow_table *flows;
	struct stream_engine *streams;
	const struct app_engine *apps; /* NULL: none */
	struct counters *counters;
	struct release_holder
		holder[2]; /* of the last flow that rules held up; of TCP is the second */
	int64_t now_ns; /* greatest time of a packet or a tick */
	release_tell_fn tell; /* NULL: files */
	void *tell_ctx;
};

/* Other rules are in force. */
static inline void release_use(struct release *r, const struct ruleset *rules)
{
	r->options.rules = rules;
	memset(r->holder, 0, sizeof(r->holder));
}

/* The packet has its flow: is it still inspected?  Sets p->released, p->would_release, and counts. */
void release_before(struct release *r, struct packet *p);
/* It has been inspected: release what need not be any more. */
void release_after(struct release *r, struct packet *p);

/*
 * Other rules are in force: of a way that they reach, packets are inspected again; one that rules held up
 * is asked about again.  Returns whether other ways than before are released.
 */
bool release_review(struct release *r, struct flow *f);
/* Packets of a released way that somebody kept: count them as if they had come. */
void release_merge(struct release *r, struct flow *f, unsigned way, const struct flow_kept *k);

/* Why the way of a flow past its depth is still inspected, as one rule: UINT32_MAX, none does it. */
uint32_t release_holder(const struct release *r, const struct flow *f, unsigned way);

#endif
