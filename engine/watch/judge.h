/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.h - what the judges of single families share; private to engine/watch.
 *
 * Each judge has tables of its own in struct watch, is given the facts that concern it, and calls
 * watch_tell() with what it makes of them.
 *
 * Memory: struct watch's.  Thread: one.
 */
#ifndef WEIR_WATCH_JUDGE_H
#define WEIR_WATCH_JUDGE_H

#include "engine/watch/places.h"
#include "engine/watch/watch.h"

#define WATCH_NS_PER_S 1000000000LL
/* Facts that are judged together. */
#define WATCH_QUEUE 16
#define FLOOD_WINDOW_NS (10 * WATCH_NS_PER_S)

enum watch_proto {
	WATCH_ICMP = 1,
	WATCH_TCP = 6,
	WATCH_UDP = 17,
	WATCH_ICMPV6 = 58,
};

/* TCP flags (RFC 9293). */
enum watch_flag {
	WATCH_FIN = 0x01,
	WATCH_SYN = 0x02,
	WATCH_RST = 0x04,
	WATCH_PSH = 0x08,
	WATCH_ACK = 0x10,
	WATCH_URG = 0x20,
};

/* How a place was probed. */
enum probe {
	PROBE_SYN,
	PROBE_FIN,
	PROBE_NULL,
	PROBE_XMAS,
	PROBE_ACK,
	PROBE_UDP,
	PROBE_ICMP,
	PROBE_ARP
};

/* By the TCP flags of all that the client sent. */
enum probe probe_of_flags(uint8_t flags);

/* A place where a host got no answer. */
struct spot {
	struct ip_addr host;
	uint32_t second;
	uint16_t port;
	uint8_t probe; /* enum probe */
};

#define SOURCE_RECENT 64

struct tally_seen;
/* tally.c */
struct watch_tally {
	struct weir_tally_bucket *buckets;
	struct weir_note_line *notes;
	struct tally_seen *seen;
	uint64_t key;
	uint32_t count; /* buckets, a power of two */
	bool own; /* else the program's: read alone */
	bool changed, waiting; /* since the last tick; and in the second before */
};

struct replay_print;
/* replay.c */
struct watch_replay {
	struct replay_print *print;
	uint32_t buckets;
	struct hash_key key;
};

struct watch {
	struct watch_options opt;
	struct watch_tally tally;
	struct watch_replay replay;
	struct places sources; /* scan.c and baseline.c */
	struct spot (*recent)
		[SOURCE_RECENT]; /* of sources, one for each that had more than one failure */
	uint32_t recents; /* given out */
	struct places targets; /* scan.c */
	struct places floods; /* flood.c */
	struct places servers; /* guess.c: initial sequence numbers */
	struct places blind; /* guess.c */
	struct places stalls; /* stall.c */
	struct places told; /* watch.c */
	watch_report_fn tell;
	void *ctx;
	unsigned waiting;
	struct fact queue[WATCH_QUEUE];
};

enum measure { MEASURE_FLOWS, MEASURE_FAILURES, MEASURE_BYTES, MEASURE__COUNT };

/* Of a host, what it does in a minute. */
struct usual {
	int64_t minute; /* the running one; 0: nothing is known */
	uint32_t minutes;
	uint64_t now[MEASURE__COUNT];
	double mean[MEASURE__COUNT], variance[MEASURE__COUNT];
};

/* What is known of a host that begins flows. */
struct source {
	struct usual usual;
	uint32_t next, used; /* of the ring */
	uint32_t
		ring; /* in struct watch, from 1; stays with the entry when another host takes it; 0: none yet */
};

/* Sizes of entries: whole, and of the part that begins as zero. */
extern const struct places_options scan_source_size, scan_target_size, flood_size,
	guess_server_size, guess_blind_size, stall_size;

size_t tally_bytes(uint32_t hosts);
int tally_init(struct watch_tally *t, uint32_t hosts, uint64_t key);
void tally_fini(struct watch_tally *t);
void tally_fact(struct watch *w, const struct fact *f);
void scan_fact(struct watch *w, const struct fact *f);
void flood_fact(struct watch *w, const struct fact *f);
void guess_fact(struct watch *w, const struct fact *f);
/* The client says a connection again. */
void guess_replay(struct watch *w, const struct fact *f);
size_t replay_bytes(uint32_t hosts);
int replay_init(struct watch_replay *t, uint32_t hosts, const struct hash_key *key);
void replay_fini(struct watch_replay *t);
void replay_fact(struct watch *w, const struct fact *f);
void stall_fact(struct watch *w, const struct fact *f);
/* s is the client's, at head. */
void baseline_end(struct watch *w, const struct fact *f, struct source *s, struct place_head *head);

/* Of the end that the fact comes from, about the other one. */
struct watch_report watch_report_of(const struct fact *f, enum watch_kind kind);
/* Of a host, for rules that ask: so many now.  Of a flood's target and its only source each. */
void watch_count(struct watch *w, enum watch_kind k, const struct ip_addr *who, uint64_t count,
		 int64_t now_ns);
/* The same, and a report is due. */
void watch_due(struct watch *w, enum watch_kind k, const struct ip_addr *who, uint64_t count,
	       int64_t now_ns);
/* Told unless the same was within the interval. */
void watch_tell(struct watch *w, struct watch_report *r);
/* As if it had been told. */
void watch_mark_told(struct watch *w, enum watch_kind k, const struct ip_addr *who, int64_t now_ns);

#endif
