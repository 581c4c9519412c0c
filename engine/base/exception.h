/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exception.h - what becomes of a packet that a stage could not treat as it should.
 *
 * In: a target, the place where it happened; the policy that the settings have for it.
 * Out: names for EVE, the counter of each pair.  Stages note targets on the packet
 * (packet_exception()); engine/run carries the policy out, on the packet and on its flow.
 * Not here: the words of the configuration (engine/run/settings.c).
 *
 * Memory: plain data.
 * Thread: any.
 */
#ifndef WEIR_BASE_EXCEPTION_H
#define WEIR_BASE_EXCEPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/counter.h"

enum exception_target {
	/* About a flow: the first EXCEPTION_OF_FLOWS are kept in it, for its record. */
	EXCEPTION_STREAM_MEMCAP, /* no room for a session */
	EXCEPTION_REASSEMBLY_MEMCAP, /* no room for a segment */
	EXCEPTION_MIDSTREAM, /* a session whose start was not seen */
	EXCEPTION_APP_ERROR, /* a parser gave up */
	EXCEPTION_OF_FLOWS,
	/* About packets that have no flow yet. */
	EXCEPTION_FLOW_MEMCAP = EXCEPTION_OF_FLOWS, /* no room for a flow */
	EXCEPTION_DEFRAG_MEMCAP, /* no room for a fragment */
	EXCEPTION_TARGET__COUNT
};

enum exception_policy {
	EXCEPTION_IGNORE,
	EXCEPTION_PASS_PACKET,
	EXCEPTION_PASS_FLOW,
	EXCEPTION_BYPASS,
	EXCEPTION_DROP_PACKET,
	EXCEPTION_DROP_FLOW,
	EXCEPTION_REJECT,
	EXCEPTION_REJECT_BOTH,
	EXCEPTION_POLICY__COUNT
};

struct exceptions {
	uint8_t policy[EXCEPTION_TARGET__COUNT]; /* enum exception_policy */
};

/* As EVE has them: "stream_midstream", "pass_flow". */
const char *exception_target_name(enum exception_target t);
const char *exception_policy_name(enum exception_policy p);
/* EVE drop.reason: "stream midstream". */
const char *exception_reason(enum exception_target t);

/* Where an application of the policy is counted; COUNTER__COUNT: nowhere. */
enum counter exception_counter(enum exception_target t, enum exception_policy p);
/* Of packets that it dropped: ips.drop_reason. */
enum counter exception_drop_counter(enum exception_target t);
/* Counters of a target whose policy is to ignore are not shown. */
bool exception_shows(const struct exceptions *e, enum counter c, bool inline_mode);

static inline bool exception_drops(enum exception_policy p)
{
	return p >= EXCEPTION_DROP_PACKET;
}

#endif
