/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The same verdict for AF_PACKET: a socket filter that takes what goes up and leaves the rest, and a
 * fanout program that chooses the worker by the same hash.
 *
 * The kernel has taken a tag off the frame before it comes here (skb->vlan_tci).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define WEIR_CTX struct __sk_buff

/* Ethernet lies at the MAC header, wherever offset 0 of the buffer is. */
#define WEIR_LOAD(ctx, from, to) \
	({ \
		__u32 at_ = (from), base_ = weir_config.skb_base; \
		long err_; \
\
		if (at_ < base_) \
			err_ = bpf_skb_load_bytes_relative(ctx, at_, to, sizeof(*(to)), \
							   BPF_HDR_START_MAC); \
		else if (at_ <= WEIR_WALK_MAX) \
			err_ = bpf_skb_load_bytes(ctx, at_ - base_, to, sizeof(*(to))); \
		else \
			err_ = -1; \
		(int)err_; \
	})
#define WEIR_BYTES(ctx) ((__u64)(ctx)->len + weir_config.skb_base)
#define WEIR_REACHES(ctx, last) ((__u64)(last) <= WEIR_BYTES(ctx))

#include "bpf/weir_maps.bpf.h"
#include "bpf/weir_walk.h"

static __always_inline void start(const struct __sk_buff *ctx, struct weir_walk *w)
{
	weir_walk_init(w);
	if (ctx->vlan_present) {
		w->vlan[0] = ctx->vlan_tci & 0x0fff;
		w->vlans = 1;
	}
}

/* Bytes of the frame that the socket gets: all, or none. */
SEC("socket")
int weir_filter(struct __sk_buff *ctx)
{
	__u64 bytes = WEIR_BYTES(ctx);
	struct weir_walk walk;
	int reason;

	weir_count(WEIR_ENTERED, bytes);
	start(ctx, &walk);
	reason = weir_judge(ctx, &walk, bytes);
	weir_count((__u32)reason, bytes);
	return reason < WEIR_KEPT_FIRST ? -1 : 0;
}

/* PACKET_FANOUT_EBPF: the worker's number, modulo their count. */
SEC("socket")
int weir_fanout(struct __sk_buff *ctx)
{
	__u32 slots = weir_config.slots ? weir_config.slots : 1;
	struct weir_walk walk;

	start(ctx, &walk);
	weir_walk_all(ctx, &walk);
	return (int)(weir_walk_hash(&walk, weir_config.key) % slots);
}

char weir_license[] SEC("license") = "Dual BSD/GPL";
