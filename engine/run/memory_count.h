/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_count.h - what a run has of the machine's memory, by part, for its statistics.
 *
 * In: the parts of a run.  Out: counters: weir.memory, with the names that memory.h predicts by, and the
 * memuse of flows, sessions, streams and fragments under the names that others read.
 * Each number is one that was true while workers went on; together they need not be.
 *
 * Memory: none.  Thread: the one that writes statistics.
 */
#ifndef WEIR_RUN_MEMORY_COUNT_H
#define WEIR_RUN_MEMORY_COUNT_H

#include "engine/capture/live.h"
#include "engine/detect/xbits.h"
#include "engine/run/worker.h"

struct memory_parts {
	const struct workers *workers;
	const struct threshold_table *output_thresholds, *action_thresholds;
	const struct xbits_table *xbits;
	const struct live_handover *handover; /* NULL: packets come from files */
	bool watch; /* hosts are watched */
	uint64_t program,
		rules; /* resident before rules were loaded, and more when they had been */
};

void memory_count(const struct settings *s, const struct memory_parts *parts, struct counters *sum);

#endif
