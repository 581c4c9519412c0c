/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h - which packets may matter to the rules and to the enabled outputs.
 *
 * In: compiled rules; what outputs want to see; how the decoder looks for tunnels.  Out: plain data
 * for the programs in the kernel (bpf/weir_plan.h).
 * A rule that the plan cannot express widens it, never narrows it.  Of a wanted stream
 * both directions are wanted.
 * Not here: maps, released flows.
 *
 * Memory: the caller's plan.  Thread: any; nothing is shared.
 */
#ifndef WEIR_DETECT_PLAN_H
#define WEIR_DETECT_PLAN_H

#include "bpf/weir_plan.h"
#include "engine/decode/decode.h"
#include "engine/detect/detect.h"

struct detect_needs {
	bool every_flow; /* flow or netflow records: all of IP */
	bool anomalies; /* anomaly records: every frame */
	bool arp; /* ARP records: what is not IP */
	bool flow_counts; /* alerts tell their flow's counters: both directions of it */
	struct decode_options decode; /* tunnels in UDP */
};

/* Returns 0, or -ENOMEM: the plan then wants everything. */
int detect_plan(const struct ruleset *rs, const struct detect_needs *needs, struct weir_plan *out);

#endif
