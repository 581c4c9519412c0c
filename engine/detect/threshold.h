/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threshold.h - counts matches of a rule in time: threshold and detection_filter.
 *
 * In: one match of a rule with a threshold.  Out: whether it shows.  Semantics are Suricata's:
 * limit shows the first count in each interval, threshold every count-th, both one per interval,
 * detection_filter shows from match count+1 on while the rate holds, backoff the first and each
 * time that the number of matches has grown by the multiplier.
 * Named by what it means: (gid, sid, tracked address or flow), never by a rule's index.
 *
 * Memory: a pool of entries and a hash table sized at start; full: the match shows, counted.
 * Thread: one caller at a time (the writer, or a worker whose turn it is).
 */
#ifndef WEIR_DETECT_THRESHOLD_H
#define WEIR_DETECT_THRESHOLD_H

#include "engine/base/address.h"
#include "engine/base/hash.h"
#include "engine/base/memory_use.h"
#include "parser/rule.h"

struct threshold_table;

struct threshold_match {
	uint32_t gid, sid;
	struct threshold threshold;
	struct ip_addr src, dst; /* of the packet that matched */
	uint8_t ip_version;
	uint64_t flow; /* flow number, for by_flow */
	int64_t time_ns;
};

int threshold_table_new(uint32_t max_entries, const struct hash_key *key,
			struct threshold_table **out);
void threshold_table_free(struct threshold_table *t);
uint64_t threshold_table_bytes(uint32_t max_entries);
void threshold_table_memory(const struct threshold_table *t, struct memory_use *sum);

/* What a rule's action and its alert do with a match. */
enum threshold_answer {
	THRESHOLD_NO_MATCH, /* as if the rule had not matched */
	THRESHOLD_SHOW,
	THRESHOLD_SILENT, /* the action is carried out, no alert */
};

/* Count the match. */
enum threshold_answer threshold_decide(struct threshold_table *t, const struct threshold_match *m);
/* The same, for rules that merely alert; true: it shows. */
bool threshold_check(struct threshold_table *t, const struct threshold_match *m);
/*
 * A rate_filter: true from the match on that is more than threshold.count within threshold.seconds, for
 * so many seconds.
 */
bool threshold_rate(struct threshold_table *t, const struct threshold_match *m, uint32_t timeout_s);
/* Matches counted so far in the interval that m falls into; counts nothing. */
uint32_t threshold_count(struct threshold_table *t, const struct threshold_match *m);
/* Once a second: forget what is out of its time. */
void threshold_tick(struct threshold_table *t, int64_t now_ns);
/* Matches that found the table full. */
uint64_t threshold_refused(const struct threshold_table *t);

#endif
