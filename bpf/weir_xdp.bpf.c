/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The program on a NIC.  The promise: a packet that would raise an alert is never kept from the
 * engine.  What goes up is redirected to the socket of its worker, with a struct weir_meta in front;
 * the rest is dropped (span) or passed, and counted.
 *
 * Built twice: as it is, and with WEIR_FRAGS for frames of more than one buffer (xdp.frags, kernel 5.18).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define WEIR_CTX struct xdp_md

/*
 * Offsets must be bounded where the verifier sees it: hence the barrier, which keeps the compiler
 * from taking the comparison away.
 */
#define WEIR_LOAD(ctx, from, to) \
	({ \
		const __u8 *data_ = (const __u8 *)(long)(ctx)->data; \
		const __u8 *end_ = (const __u8 *)(long)(ctx)->data_end; \
		__u32 at_ = (from); \
		int err_ = -1; \
\
		__asm__ volatile("" : "+r"(at_)); \
		if (at_ <= WEIR_WALK_MAX && data_ + at_ + sizeof(*(to)) <= end_) { \
			*(to) = *(const __typeof__(*(to)) *)(data_ + at_); \
			err_ = 0; \
		} \
		err_; \
	})
#ifdef WEIR_FRAGS
#define WEIR_SECTION "xdp.frags"
#define WEIR_BYTES(ctx) bpf_xdp_get_buff_len(ctx)
#else
#define WEIR_SECTION "xdp"
#define WEIR_BYTES(ctx) ((__u64)((ctx)->data_end - (ctx)->data))
#endif
#define WEIR_REACHES(ctx, last) ((__u64)(last) <= WEIR_BYTES(ctx))

#include "bpf/weir_maps.bpf.h"
#include "bpf/weir_verdict.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, WEIR_SLOTS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} weir_sockets SEC(".maps");

/* By slot: when its worker was last seen at work, CLOCK_MONOTONIC.  Workers store into it. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WEIR_SLOTS_MAX);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, __u64);
} weir_beats SEC(".maps");

/* A driver without room for it sends the frame up without; the engine then reads it all. */
static __always_inline void put_meta(struct xdp_md *ctx, const struct weir_walk *w, int reason,
				     __u64 hash)
{
	struct weir_meta *meta;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
		return;
	meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) > (void *)(long)ctx->data)
		return;
	__builtin_memset(meta, 0, sizeof(*meta));
	meta->magic = WEIR_META_MAGIC;
	meta->version = WEIR_META_VERSION;
	meta->reason = (__u8)reason;
	meta->l3_offset = w->l3_offset;
	meta->l4_offset = w->l4_offset;
	meta->hash = hash;
	meta->ip_version = w->version;
	meta->depth = w->depth;
	meta->vlans = w->vlans;
	meta->stamp = (__u32)(bpf_ktime_get_coarse_ns() / 1000000);
}

static __always_inline int is_stale(__u32 slot)
{
	const __u64 *beat;

	if (!weir_config.stale_ns)
		return 0;
	beat = bpf_map_lookup_elem(&weir_beats, &slot);
	/* The clock of the program may be a tick behind the worker's. */
	return !beat || (__s64)(bpf_ktime_get_coarse_ns() - *beat) > (__s64)weir_config.stale_ns;
}

static __always_inline int lose(int reason, __u64 bytes)
{
	weir_count((__u32)reason, bytes);
	return (int)weir_config.lost_action;
}

static __always_inline int send_up(struct xdp_md *ctx, const struct weir_walk *w, int mark,
				   int reason, __u64 bytes, __u32 queue)
{
	__u64 hash = weir_walk_hash(w, weir_config.key);
	__u32 slots = weir_config.slots ? weir_config.slots : 1;
	__u32 slot = queue * slots + (__u32)(hash % slots);
	int action = XDP_PASS;

	if (weir_config.send != WEIR_SEND_PASS) {
		if (is_stale(slot))
			return lose(WEIR_LOST_WORKER, bytes);
		if (!bpf_map_lookup_elem(&weir_sockets, &slot))
			return lose(WEIR_LOST_SOCKET, bytes);
	}
	put_meta(ctx, w, mark, hash);
	if (weir_config.send != WEIR_SEND_PASS) {
		action = (int)bpf_redirect_map(&weir_sockets, slot, weir_config.lost_action);
		/* The socket went away in between. */
		if (action != XDP_REDIRECT)
			return lose(WEIR_LOST_SOCKET, bytes);
	}
	weir_count((__u32)reason, bytes);
	return action;
}

SEC(WEIR_SECTION)
int weir_xdp(struct xdp_md *ctx)
{
	__u64 bytes = WEIR_BYTES(ctx);
	__u32 queue = ctx->rx_queue_index;
	struct weir_walk walk;
	int reason, mark;

	__asm__ volatile("" : "+r"(queue));
	if (weir_is_stopped())
		return (int)weir_config.kept_action;
	weir_count(WEIR_ENTERED, bytes);
	weir_walk_init(&walk);
	reason = mark = weir_judge(ctx, &walk, bytes);
	if (reason >= WEIR_KEPT_FIRST && weir_config.shadow) {
		weir_mark((__u32)reason, bytes);
		reason = WEIR_UP_MARKED;
	}
	if (reason < WEIR_KEPT_FIRST)
		return send_up(ctx, &walk, mark, reason, bytes, queue);
	weir_count((__u32)reason, bytes);
	return (int)weir_config.kept_action;
}

char weir_license[] SEC("license") = "Dual BSD/GPL";
