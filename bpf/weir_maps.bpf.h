/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * weir_maps.bpf.h - the maps of a program, and the walk over what they hold.
 *
 * For the programs' own sources only; they have defined WEIR_CTX, WEIR_LOAD and WEIR_REACHES.
 */
#ifndef WEIR_BPF_WEIR_MAPS_BPF_H
#define WEIR_BPF_WEIR_MAPS_BPF_H

#define WEIR_FN __attribute__((noinline))
#define WEIR_EMPTY
#define WEIR_WANTS(ctx) weir_wants_now()
#define WEIR_NETS(ctx, address, version) weir_nets_now(address, version)
#define WEIR_FLOW(ctx, key) ((struct weir_flow *)bpf_map_lookup_elem(&weir_flows, key))
#define WEIR_NOW(ctx) bpf_ktime_get_coarse_ns()
#define WEIR_KEY(ctx) weir_config.key
#define WEIR_SWITCHES(ctx) weir_switches_now()
#define WEIR_ADDRESS(ctx, key) ((struct weir_address *)bpf_map_lookup_elem(&weir_addresses, key))
#define WEIR_ENFORCES(ctx) weir_config.enforce
#define WEIR_MARK(ctx, reason, bytes) weir_mark(reason, bytes)
#define WEIR_TALLIES(ctx) weir_config.tally
#define WEIR_BUCKET(ctx, index) weir_bucket_at(index)
#define WEIR_NOTE_LINE(ctx, index) weir_note_line_at(index)
#define WEIR_WINDOW(ctx) weir_window_now()

#include "bpf/weir_plan.h"
#include "bpf/weir_tally.h"
#include "bpf/weir_xdp.h"

const volatile struct weir_config weir_config SEC(".rodata.config") = { .slots = 1 };

/* The plan; the engine stores into it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct weir_wants);
} weir_plan SEC(".maps");

struct weir_net4_key {
	__u32 bits;
	__u32 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, WEIR_PLAN_NETS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct weir_net4_key);
	__type(value, struct weir_net_wants);
} weir_nets4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, WEIR_PLAN_NETS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct weir_net_key);
	__type(value, struct weir_net_wants);
} weir_nets6 SEC(".maps");

/* Preallocated, not LRU: only the engine's word makes an entry, so a flood cannot churn it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEIR_FLOWS_MAX);
	__type(key, struct weir_flow_key);
	__type(value, struct weir_flow);
} weir_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_REASON__COUNT);
	__type(key, __u32);
	__type(value, struct weir_count);
} weir_counts SEC(".maps");

/* What a frame that went up would have been counted as: in shadow, and where nothing is enforced. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_REASON__COUNT);
	__type(key, __u32);
	__type(value, struct weir_count);
} weir_marks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WEIR_ADDRESSES_MAX);
	__type(key, struct weir_address_key);
	__type(value, struct weir_address);
} weir_addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct weir_switches);
} weir_switches SEC(".maps");

/* Sources of probes; the engine reads them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WEIR_TALLY_BUCKETS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct weir_tally_bucket);
} weir_buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WEIR_NOTE_LINES);
	__type(key, __u32);
	__type(value, struct weir_note_line);
} weir_notes SEC(".maps");

static __always_inline struct weir_tally_bucket *weir_bucket_at(__u32 index)
{
	return bpf_map_lookup_elem(&weir_buckets, &index);
}

static __always_inline struct weir_note_line *weir_note_line_at(__u32 index)
{
	return bpf_map_lookup_elem(&weir_notes, &index);
}

static __always_inline const struct weir_switches *weir_switches_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&weir_switches, &zero);
}

static __always_inline const struct weir_wants *weir_wants_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&weir_plan, &zero);
}

static __always_inline struct weir_net_wants weir_nets_now(const __u64 address[2], unsigned version)
{
	struct weir_net_key key = { .bits = 128 };
	struct weir_net4_key key4 = { .bits = 32, .address = (__u32)address[0] };
	struct weir_net_wants none = { 0, 0 };
	const struct weir_net_wants *found;

	if (version == 4) {
		found = bpf_map_lookup_elem(&weir_nets4, &key4);
	} else {
		__builtin_memcpy(key.address, address, 16);
		found = bpf_map_lookup_elem(&weir_nets6, &key);
	}
	return found ? *found : none;
}

static __always_inline void weir_count(__u32 reason, __u64 bytes)
{
	struct weir_count *c = bpf_map_lookup_elem(&weir_counts, &reason);

	if (!c)
		return;
	c->packets++;
	c->bytes += bytes;
}

static __always_inline void weir_mark(__u32 reason, __u64 bytes)
{
	struct weir_count *c = bpf_map_lookup_elem(&weir_marks, &reason);

	if (!c)
		return;
	c->packets++;
	c->bytes += bytes;
}

static __always_inline __u32 weir_window_now(void)
{
	const struct weir_switches *s = weir_switches_now();

	return s ? s->window : 0;
}

static __always_inline int weir_is_stopped(void)
{
	const struct weir_switches *s = weir_switches_now();

	return s && s->stopped;
}

#endif
