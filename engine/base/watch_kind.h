/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_kind.h - the kinds of what is watched: scans, floods, guesses, stalls, and what is far out of the usual.
 *
 * In: a kind.  Out: its family and its names, as they stand in records ("scan", "syn") and in rules ("scan.syn").
 * Not here: what a kind means (docs/watch.md), judging (engine/watch).
 *
 * Memory: none.  Thread: any.
 */
#ifndef WEIR_BASE_WATCH_KIND_H
#define WEIR_BASE_WATCH_KIND_H

#include <stdbool.h>
#include <stddef.h>

/* X(constant, family, kind); those of a family stand together */
#define WATCH_KINDS(X) \
	X(SCAN_SYN, SCAN, "syn") \
	X(SCAN_FIN, SCAN, "fin") \
	X(SCAN_NULL, SCAN, "null") \
	X(SCAN_XMAS, SCAN, "xmas") \
	X(SCAN_ACK, SCAN, "ack") \
	X(SCAN_UDP, SCAN, "udp") \
	X(SWEEP_SYN, SCAN, "sweep_syn") \
	X(SWEEP_FIN, SCAN, "sweep_fin") \
	X(SWEEP_NULL, SCAN, "sweep_null") \
	X(SWEEP_XMAS, SCAN, "sweep_xmas") \
	X(SWEEP_ACK, SCAN, "sweep_ack") \
	X(SWEEP_UDP, SCAN, "sweep_udp") \
	X(SWEEP_ICMP, SCAN, "sweep_icmp") \
	X(SWEEP_ARP, SCAN, "sweep_arp") \
	X(SCAN_DECOY, SCAN, "decoy") \
	X(SCAN_DISTRIBUTED, SCAN, "distributed") \
	X(FLOOD_SYN, FLOOD, "syn") \
	X(FLOOD_FIN, FLOOD, "fin") \
	X(FLOOD_RST, FLOOD, "rst") \
	X(FLOOD_ACK, FLOOD, "ack") \
	X(SEQUENCE_CONSTANT, SEQUENCE, "isn_constant") \
	X(SEQUENCE_STEP, SEQUENCE, "isn_fixed_step") \
	X(SEQUENCE_NARROW, SEQUENCE, "isn_narrow") \
	X(SEQUENCE_CLOCK, SEQUENCE, "isn_clock") \
	X(SEQUENCE_BLIND_RESET, SEQUENCE, "blind_reset") \
	X(SEQUENCE_BLIND_DATA, SEQUENCE, "blind_data") \
	X(SEQUENCE_BLIND_SYN, SEQUENCE, "blind_syn") \
	X(SEQUENCE_CONFLICT, SEQUENCE, "conflicting_data") \
	X(SEQUENCE_OLD_DATA, SEQUENCE, "old_data") \
	X(SEQUENCE_REPLAY, SEQUENCE, "replay") \
	X(WINDOW_ZERO, WINDOW, "zero") \
	X(WINDOW_TINY, WINDOW, "tiny") \
	X(WINDOW_SHRUNK, WINDOW, "shrunk") \
	X(WINDOW_SCALE, WINDOW, "scale") \
	X(WINDOW_SLOW_REQUEST, WINDOW, "slow_request") \
	X(FLAGS_IMPOSSIBLE, FLAGS, "impossible") \
	X(BASELINE_FLOWS, BASELINE, "flows") \
	X(BASELINE_FAILURES, BASELINE, "failures") \
	X(BASELINE_BYTES, BASELINE, "bytes")

enum watch_kind {
#define WATCH_ENUM(id, family, name) WATCH_##id,
	WATCH_KINDS(WATCH_ENUM)
#undef WATCH_ENUM
		WATCH__COUNT
};

enum watch_family {
	WATCH_FAMILY_SCAN,
	WATCH_FAMILY_FLOOD,
	WATCH_FAMILY_SEQUENCE,
	WATCH_FAMILY_WINDOW,
	WATCH_FAMILY_FLAGS,
	WATCH_FAMILY_BASELINE,
	WATCH_FAMILY__COUNT
};
enum watch_family watch_family(enum watch_kind k);
const char *watch_family_name(enum watch_family f); /* "scan" */
const char *watch_kind_name(enum watch_kind k); /* "syn" */

/* Kinds from first to last. */
struct watch_range {
	unsigned first, last;
};
/* "scan.syn", or "scan" for all of the family; false: there is none of that name. */
bool watch_range_of(const char *name, size_t len, struct watch_range *out);

#endif
