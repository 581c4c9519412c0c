/* SPDX-License-Identifier: Apache-2.0 */
/*
 * defrag.h - joins IPv4 and IPv6 fragments (RFC 791, RFC 8200 4.5, RFC 5722).
 *
 * In: packets with is_fragment set.  Out: the joined datagram, once.
 * Policy by host network as Suricata's (bsd, bsd-right, linux, solaris, windows, first, last);
 * the first issue uses one default policy, the structure holds all.
 *
 * Memory: trackers and fragments in pools sized by the options; joined datagrams in a
 * scratch buffer per worker, valid until defrag_batch_done().
 * Thread: the worker that owns it.
 */
#ifndef WEIR_DEFRAG_DEFRAG_H
#define WEIR_DEFRAG_DEFRAG_H

#include "engine/base/counter.h"
#include "engine/base/hash.h"
#include "engine/decode/packet.h"

enum defrag_policy {
	DEFRAG_BSD, /* the default */
	DEFRAG_BSD_RIGHT,
	DEFRAG_LINUX,
	DEFRAG_SOLARIS,
	DEFRAG_WINDOWS,
	DEFRAG_FIRST,
	DEFRAG_LAST,
};

struct defrag_options {
	uint32_t max_trackers;
	uint32_t max_fragments;
	uint64_t memcap_bytes;
	int64_t timeout_ns;
	bool use_vlan;
	enum defrag_policy policy;
	struct hash_key key;
};

struct defrag;

int defrag_new(const struct defrag_options *opt, struct counters *counters, struct defrag **out);
void defrag_free(struct defrag *d);

/* A decode_defrag_fn; ctx is the struct defrag. */
struct bytes defrag_add(void *ctx, struct packet *frag);
/* Give back datagrams joined since the last call. */
void defrag_batch_done(struct defrag *d);
/* Once a second: give up what is older than the timeout. */
void defrag_tick(struct defrag *d, int64_t now_ns);

#endif
