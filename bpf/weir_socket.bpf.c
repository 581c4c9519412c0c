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

/*
 * Ethernet lies at the MAC header, wherever offset 0 of the buffer is: cb[0] has the bytes in front of
 * it, so that a function which is verified on its own finds them.
 */
#define WEIR_LOAD(ctx, from, to) \
	({ \
		__u32 at_ = (from), base_ = (ctx)->cb[0]; \
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
#define WEIR_BYTES(ctx) ((__u64)(ctx)->len + (ctx)->cb[0])
#define WEIR_REACHES(ctx, last) ((__u64)(last) <= WEIR_BYTES(ctx))

#include "bpf/weir_maps.bpf.h"
#include "bpf/weir_verdict.h"

#define ETHERNET_BYTES 14
#define PACKET_OUTGOING 4 /* linux/if_packet.h */

static __always_inline void start(struct __sk_buff *ctx, __u32 base, struct weir_walk *w)
{
	ctx->cb[0] = base;
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
	struct weir_walk walk;
	__u64 bytes;
	int reason;

	if (weir_is_stopped())
		return 0;
	start(ctx, weir_config.skb_base, &walk);
	bytes = WEIR_BYTES(ctx) + (ctx->vlan_present ? sizeof(struct weir_tag) : 0);
	weir_count(WEIR_ENTERED, bytes);
	reason = weir_judge(ctx, &walk, bytes);
	if (reason >= WEIR_KEPT_FIRST && weir_config.shadow) {
		weir_mark((__u32)reason, bytes);
		reason = WEIR_UP_MARKED;
	}
	weir_count((__u32)reason, bytes);
	return reason < WEIR_KEPT_FIRST ? -1 : 0;
}

/*
 * What a socket is given: kernels before 6.7 hold a filter's length against net.core.optmem_max, and
 * the filter itself is longer.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} weir_filters SEC(".maps");

SEC("socket")
int weir_entry(struct __sk_buff *ctx)
{
	bpf_tail_call(ctx, &weir_filters, 0);
	/* Whoever loaded it is gone. */
	return 0;
}

/*
 * PACKET_FANOUT_EBPF: the worker's number, modulo their count.  It is asked before the socket puts the
 * buffer's offset 0 at the MAC header; what the host sends has it there already.
 */
SEC("socket")
int weir_fanout(struct __sk_buff *ctx)
{
	__u32 slots = weir_config.slots ? weir_config.slots : 1;
	struct weir_walk walk;

	start(ctx, ctx->pkt_type == PACKET_OUTGOING ? 0 : ETHERNET_BYTES, &walk);
	weir_walk_all(ctx, &walk);
	return (int)(weir_walk_hash(&walk, weir_config.key) % slots);
}

char weir_license[] SEC("license") = "Dual BSD/GPL";
