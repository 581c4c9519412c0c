/* SPDX-License-Identifier: Apache-2.0 */
/*
 * defrag.h - joins IPv4 and IPv6 fragments (RFC 791, RFC 8200 4.5, RFC 5722).
 *
 * In: packets with is_fragment set.  Out: the joined datagram, once, behind the bytes
 * that stood in front of the last fragment's IP header.
 * Where fragments overlap, the policy of the receiving host says whose bytes count, byte by
 * byte (Shankar and Paxson 2003, Novak 2005).
 *
 * Memory: trackers, fragments and their bytes in pools sized by the options; joined datagrams in
 * a scratch buffer per worker, valid until defrag_batch_done().
 * When a pool is empty the tracker that waited longest is given up (counted).
 * Thread: the worker that owns it.
 */
#ifndef WEIR_DEFRAG_DEFRAG_H
#define WEIR_DEFRAG_DEFRAG_H

#include "engine/base/counter.h"
#include "engine/base/memory_use.h"
#include "engine/base/hash.h"
#include "engine/base/network.h"
#include "engine/decode/packet.h"

/* When a later fragment takes bytes from an earlier one. */
enum defrag_policy {
	DEFRAG_BSD, /* it begins before the earlier one; the default */
	DEFRAG_BSD_RIGHT, /* it begins there or behind */
	DEFRAG_OLD_LINUX, /* it begins there or before */
	DEFRAG_SOLARIS, /* it begins before and ends there or behind */
	DEFRAG_WINDOWS, /* it begins before and ends behind */
	DEFRAG_FIRST, /* never */
	DEFRAG_LAST, /* always */
	DEFRAG_DISCARD, /* never, and an overlap with new bytes gives the datagram up: Linux since 4.20 */
	DEFRAG_POLICY__COUNT
};

/* Settings of a destination network. */
struct defrag_host {
	struct network network;
	uint8_t policy; /* enum defrag_policy */
	int64_t timeout_ns; /* 0: the default's */
};

struct defrag_options {
	uint32_t max_trackers;
	uint32_t max_fragments;
	uint64_t memcap_bytes;
	int64_t timeout_ns;
	bool use_vlan;
	enum defrag_policy policy; /* of hosts that are in no network below */
	const struct defrag_host *hosts; /* longest prefix wins; copied by defrag_new() */
	size_t host_count;
	struct hash_key key;
};

struct defrag;

/* Returns 0 or -errno. */
int defrag_new(const struct defrag_options *opt, struct counters *counters, struct defrag **out);
void defrag_free(struct defrag *d); /* NULL is fine */
/* Bytes of its pools, which fill with fragments; not of the room to join in. */
uint64_t defrag_bytes(const struct defrag_options *opt);
/* Adds what it has. */
void defrag_memory(const struct defrag *d, struct memory_use *sum);

/* Where it counts from here on. */
void defrag_count_in(struct defrag *d, struct counters *counters);

/* A decode_defrag_fn; ctx is the struct defrag. */
struct bytes defrag_add(void *ctx, struct packet *frag);
/* Give back datagrams joined since the last call. */
void defrag_batch_done(struct defrag *d);
/* Those take so much room that no further frame should be decoded before they are given back. */
bool defrag_batch_is_full(const struct defrag *d);

/* Once a second: give up what is older than the timeout. */
void defrag_tick(struct defrag *d, int64_t now_ns);

#endif
