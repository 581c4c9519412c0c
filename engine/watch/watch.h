/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - who scans, floods, stalls, guesses, or does far more than usual: judged from facts of flows.
 *
 * In: facts, in one order.  Out: reports with their evidence, at most one for each (who, kind) in
 * an interval; what was held back is counted in the next.
 * Not here: making facts (engine/run), writing reports (engine/output).
 *
 * What is remembered of a host are the last 64 places where it got no answer, so counts are exact up to
 * there; hosts with one such place give way to those with more, so a flood of sources hides nobody.
 *
 * Memory: tables of fixed size, made by watch_new(); nothing is allocated later.
 * Thread: one.
 */
#ifndef WEIR_WATCH_WATCH_H
#define WEIR_WATCH_WATCH_H

#include <stddef.h>

#include "engine/base/hash.h"
#include "engine/base/watch_kind.h"
#include "engine/watch/fact.h"

#define WATCH_SAMPLE 16

struct watch_report {
	enum watch_kind kind;
	uint8_t proto, ip_version;
	bool has_source, has_target; /* the addresses are those of one host */
	bool slow; /* over minutes to hours */
	struct ip_addr source, target;
	uint16_t port; /* of the target; 0: of several */
	int64_t time_ns, since_ns;
	uint64_t count; /* what was counted: ports, hosts, packets, flows */
	uint32_t ports, hosts, sources; /* distinct ones; 0: not what it is about */
	uint32_t completed_percent; /* floods of SYN: handshakes */
	uint32_t challenged; /* guesses that were answered by an ACK (RFC 5961) */
	uint32_t suppressed; /* reports of the same that were not told */
	double usual, deviation; /* baselines: mean and standard deviation a minute */
	uint32_t minutes; /* baselines: learnt from */
	unsigned port_count, host_count, seq_count;
	uint16_t port_sample[WATCH_SAMPLE];
	struct ip_addr host_sample[WATCH_SAMPLE];
	uint32_t seq_sample[WATCH_SAMPLE];
};

struct watch_options {
	bool enabled;
	uint32_t max_hosts; /* of each table */
	uint32_t interval_s; /* between two reports of the same */
	/* Scans: distinct places without an answer. */
	uint32_t scan_ports, scan_hosts, scan_window_s;
	uint32_t slow_ports, slow_hosts, slow_window_s;
	uint32_t distributed_sources;
	/* Floods, in ten seconds. */
	uint32_t flood_packets, flood_completed_percent;
	/* Of one host in scan_window_s. */
	uint32_t blind_packets, replays, stalled_flows, bad_flags;
	uint32_t tiny_bytes; /* a window up to it stalls */
	/* Baselines: standard deviations, and what is never reported. */
	uint32_t baseline_deviations, baseline_flows;
	uint64_t baseline_bytes;
	bool counts_asked; /* watch_known() is asked for counts that are not enough for a report */
};
/* What is used where the configuration says nothing. */
struct watch_options watch_defaults(void);

struct watch;
struct weir_tally_bucket;

int watch_new(const struct watch_options *opt, const struct hash_key *key, struct watch **out);
void watch_free(struct watch *w);
/* Bytes that the tables take when they are full. */
size_t watch_bytes(const struct watch_options *opt);

typedef void (*watch_report_fn)(void *ctx, const struct watch_report *r);
/* Judged when enough are there, or by watch_flush(): what is known of hosts is far away in memory. */
void watch_fact(struct watch *w, const struct fact *f, watch_report_fn tell, void *ctx);
void watch_flush(struct watch *w, watch_report_fn tell, void *ctx);
/* The program on the NIC counts probes, into these, which stay the caller's: FACT_SIGN counts no longer.  0 or -ENOMEM. */
int watch_tally_of(struct watch *w, struct weir_tally_bucket *buckets);
/* The number of the window of scans that time is in. */
uint32_t watch_window(const struct watch_options *opt, int64_t time_ns);
/*
 * For rules.  Whether a report of one of the kinds about the host was due within the interval, told or held back; in *count the
 * greatest number that is counted of any of them now: for the length of its window, from two on; 0: none.
 */
bool watch_known(struct watch *w, const struct ip_addr *host, const struct watch_range *kinds,
		 int64_t now_ns, uint64_t *count);
/* Hosts that had to give way while something was known of them. */
uint64_t watch_forgotten(const struct watch *w);

#endif
