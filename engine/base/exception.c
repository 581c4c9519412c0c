/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/exception.h"

#define FLOW_POLICIES(target) \
	{ \
		[EXCEPTION_IGNORE] = COUNTER__COUNT, \
		[EXCEPTION_PASS_PACKET] = COUNTER_EXCEPTION_##target##_PASS_PACKET, \
		[EXCEPTION_PASS_FLOW] = COUNTER_EXCEPTION_##target##_PASS_FLOW, \
		[EXCEPTION_BYPASS] = COUNTER_EXCEPTION_##target##_BYPASS, \
		[EXCEPTION_DROP_PACKET] = COUNTER_EXCEPTION_##target##_DROP_PACKET, \
		[EXCEPTION_DROP_FLOW] = COUNTER_EXCEPTION_##target##_DROP_FLOW, \
		[EXCEPTION_REJECT] = COUNTER_EXCEPTION_##target##_REJECT, \
		[EXCEPTION_REJECT_BOTH] = COUNTER_EXCEPTION_##target##_REJECT_BOTH, \
	}
#define PACKET_POLICIES(target) \
	{ \
		[EXCEPTION_IGNORE] = COUNTER__COUNT, \
		[EXCEPTION_PASS_PACKET] = COUNTER_EXCEPTION_##target##_PASS_PACKET, \
		[EXCEPTION_PASS_FLOW] = COUNTER__COUNT, \
		[EXCEPTION_BYPASS] = COUNTER_EXCEPTION_##target##_BYPASS, \
		[EXCEPTION_DROP_PACKET] = COUNTER_EXCEPTION_##target##_DROP_PACKET, \
		[EXCEPTION_DROP_FLOW] = COUNTER__COUNT, \
		[EXCEPTION_REJECT] = COUNTER_EXCEPTION_##target##_REJECT, \
		[EXCEPTION_REJECT_BOTH] = COUNTER_EXCEPTION_##target##_REJECT_BOTH, \
	}

static const struct {
	const char *name, *reason;
	enum counter dropped;
	enum counter counter[EXCEPTION_POLICY__COUNT];
} target[EXCEPTION_TARGET__COUNT] = {
	[EXCEPTION_STREAM_MEMCAP] = { "stream_memcap", "stream memcap",
				      COUNTER_IPS_DROP_STREAM_MEMCAP, FLOW_POLICIES(SESSION) },
	[EXCEPTION_REASSEMBLY_MEMCAP] = { "stream_reassembly_memcap", "stream reassembly",
					  COUNTER_IPS_DROP_STREAM_REASSEMBLY,
					  FLOW_POLICIES(REASSEMBLY) },
	[EXCEPTION_MIDSTREAM] = { "stream_midstream",
				  "stream midstream",
				  COUNTER_IPS_DROP_STREAM_MIDSTREAM,
				  {
					  [EXCEPTION_IGNORE] = COUNTER__COUNT,
					  [EXCEPTION_PASS_PACKET] = COUNTER__COUNT,
					  [EXCEPTION_PASS_FLOW] =
						  COUNTER_EXCEPTION_MIDSTREAM_PASS_FLOW,
					  [EXCEPTION_BYPASS] = COUNTER_EXCEPTION_MIDSTREAM_BYPASS,
					  [EXCEPTION_DROP_PACKET] = COUNTER__COUNT,
					  [EXCEPTION_DROP_FLOW] =
						  COUNTER_EXCEPTION_MIDSTREAM_DROP_FLOW,
					  [EXCEPTION_REJECT] = COUNTER_EXCEPTION_MIDSTREAM_REJECT,
					  [EXCEPTION_REJECT_BOTH] =
						  COUNTER_EXCEPTION_MIDSTREAM_REJECT_BOTH,
				  } },
	[EXCEPTION_APP_ERROR] = { "app_layer_error", "applayer error", COUNTER_IPS_DROP_APP_ERROR,
				  FLOW_POLICIES(APP_ERROR) },
	[EXCEPTION_FLOW_MEMCAP] = { "flow_memcap", "flow memcap", COUNTER_IPS_DROP_FLOW_MEMCAP,
				    PACKET_POLICIES(FLOW) },
	[EXCEPTION_DEFRAG_MEMCAP] = { "defrag_memcap", "defrag memcap",
				      COUNTER_IPS_DROP_DEFRAG_MEMCAP, PACKET_POLICIES(DEFRAG) },
};

static const char *const policy_name[EXCEPTION_POLICY__COUNT] = {
	[EXCEPTION_IGNORE] = "ignore",		 [EXCEPTION_PASS_PACKET] = "pass_packet",
	[EXCEPTION_PASS_FLOW] = "pass_flow",	 [EXCEPTION_BYPASS] = "bypass",
	[EXCEPTION_DROP_PACKET] = "drop_packet", [EXCEPTION_DROP_FLOW] = "drop_flow",
	[EXCEPTION_REJECT] = "reject",		 [EXCEPTION_REJECT_BOTH] = "reject_both",
};

const char *exception_target_name(enum exception_target t)
{
	return target[t].name;
}

const char *exception_policy_name(enum exception_policy p)
{
	return policy_name[p];
}

const char *exception_reason(enum exception_target t)
{
	return target[t].reason;
}

enum counter exception_counter(enum exception_target t, enum exception_policy p)
{
	return target[t].counter[p];
}

enum counter exception_drop_counter(enum exception_target t)
{
	return target[t].dropped;
}

bool exception_shows(const struct exceptions *e, enum counter c, bool inline_mode)
{
	for (unsigned t = 0; t < EXCEPTION_TARGET__COUNT; t++) {
		for (unsigned p = 0; p < EXCEPTION_POLICY__COUNT; p++) {
			if (target[t].counter[p] != c)
				continue;
			/* Nothing is dropped where nothing can be. */
			return e && e->policy[t] != EXCEPTION_IGNORE &&
			       (inline_mode ||
				(p != EXCEPTION_DROP_PACKET && p != EXCEPTION_DROP_FLOW));
		}
	}
	return true;
}
