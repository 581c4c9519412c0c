/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * weir_verdict.h - walks a frame, and says whether it goes up.
 *
 * In: a frame; the plan, the released flows and the blocked addresses, through macros.  Out: enum weir_reason,
 * and what was read (struct weir_walk); sources of probes, counted.
 * Not here: reading headers (weir_walk.h), sending.
 *
 * The promise: a packet that would raise an alert is never kept from the engine.  What cannot be
 * read to its end goes up, counted as unsure.
 *
 * Memory: the caller's.  Thread: any.
 */
#ifndef WEIR_BPF_WEIR_VERDICT_H
#define WEIR_BPF_WEIR_VERDICT_H

#include "bpf/weir_walk.h"

/* --- counting ------------------------------------------------------------------------------------------- */

/* What a layer says of a source.  Returns 0: nothing. */
WEIR_STEP int weir_sign_of(const struct weir_layer *l, struct weir_sign *s)
{
	s->version = l->version;
	if (l->proto == WEIR_PROTO_TCP) {
		weir_sign_of_tcp(l->tcp_flags, l->src, l->dst, l->sport, l->dport, s);
		return s->probe;
	}
	s->source[0] = l->src[0];
	s->source[1] = l->src[1];
	s->target[0] = l->dst[0];
	s->target[1] = l->dst[1];
	s->port = l->dport;
	s->probe = l->sign;
	s->kind = WEIR_SIGN_PROBE;
	return s->probe;
}

/* Count a sign.  An answer to somebody who has no entry is nobody's. */
WEIR_STEP int weir_tally_sign(WEIR_CTX *ctx, const struct weir_sign *s, __u32 window)
{
	__u64 key = WEIR_KEY(ctx);
	__u32 what = weir_source_what(s);
	__u64 hash = weir_source_hash(s->source, what, key);
	struct weir_tally_bucket *b = WEIR_BUCKET(ctx, weir_tally_index(hash));
	struct weir_note_line *line;
	struct weir_source *entry;
	__u32 way, note;
	int found;

	if (!b)
		return 0;
	found = weir_way_of(b, weir_tally_tag(hash));
	way = found < 0 ? weir_least_way(b, window) : (__u32)found;
	__asm__ volatile("" : "+r"(way));
	if (way >= WEIR_TALLY_WAYS)
		return 0;
	entry = &b->source[way];
	if (found >= 0 && entry->address[0] == s->source[0] && entry->address[1] == s->source[1] &&
	    entry->what == what) {
		weir_take_sign(b, way, entry, s, window, key);
		return 0;
	}
	if (s->kind != WEIR_SIGN_PROBE)
		return 0;
	line = WEIR_NOTE_LINE(ctx, (__u32)(hash >> 16) & (WEIR_NOTE_LINES - 1));
	if (!line)
		return 0;
	note = weir_take_note(line, weir_note_of(hash, weir_port_bit(s->port, key),
						 weir_host_bit(s->target, key)));
	if (note)
		weir_make_source(b, way, entry, s, window, hash, key, note);
	return 0;
}

/* Count what a layer says. */
WEIR_FN int weir_tally(WEIR_CTX *ctx, const struct weir_layer *l)
{
	struct weir_sign s;

	__asm__ volatile("" : : "r"(ctx));
	if (!l || !weir_sign_of(l, &s))
		return 0;
	return weir_tally_sign(ctx, &s, WEIR_WINDOW(ctx));
}

/* --- verdict -------------------------------------------------------------------------------------------- */

/* Index of a class's port sets, or -1: it has no ports. */
WEIR_STEP int weir_port_set(unsigned class)
{
	switch (class) {
	case WEIR_CLASS_TCP:
		return 0;
	case WEIR_CLASS_UDP:
		return 2;
	case WEIR_CLASS_SCTP:
		return 4;
	default:
		return -1;
	}
}

WEIR_STEP int weir_port_wanted(const struct weir_wants *wants, __u32 set, __u32 port)
{
	__u32 word = set * WEIR_PORT_WORDS + (port & 0xffff) / 64;

	/* The verifier of older kernels forgets what the compiler proved. */
	__asm__ volatile("" : "+r"(word));
	if (word >= WEIR_PORT_SETS * WEIR_PORT_WORDS)
		return 1;
	return wants->port[word] >> (port & 63) & 1;
}

WEIR_STEP int weir_ports_wanted(const struct weir_wants *wants, unsigned class,
				const struct weir_layer *l)
{
	int set = weir_port_set(class);

	return set >= 0 && (weir_port_wanted(wants, (__u32)set, l->sport) ||
			    weir_port_wanted(wants, (__u32)set + 1, l->dport));
}

WEIR_STEP int weir_nets_wanted(WEIR_CTX *ctx, unsigned class, const struct weir_layer *l)
{
	struct weir_net_wants n = WEIR_NETS(ctx, l->src, l->version);

	if (n.src >> class & 1)
		return 1;
	n = WEIR_NETS(ctx, l->dst, l->version);
	return n.dst >> class & 1;
}

/* What the plan says of one layer: WEIR_UP_... or WEIR_KEPT_... */
WEIR_FN int weir_judge_plan(WEIR_CTX *ctx, const struct weir_layer *l)
{
	const struct weir_wants *wants = WEIR_WANTS(ctx);
	unsigned class;

	/* An argument that is not used the compiler does not pass, and the verifier asks for it. */
	__asm__ volatile("" : : "r"(ctx));
	if (!wants || !l)
		return WEIR_UNSURE_PLAN;
	class = weir_class_of(l->proto);
	if (wants->flags & WEIR_PLAN_ALL)
		return WEIR_UP_ALL;
	if (l->extended && (wants->flags & WEIR_PLAN_EXTENDED))
		return WEIR_UP_WANTED;
	if (!(wants->any_port >> class & 1) && !weir_ports_wanted(wants, class, l))
		return weir_port_set(class) < 0 ? WEIR_KEPT_PROTO : WEIR_KEPT_PORT;
	if (!(wants->any_net >> class & 1) && !weir_nets_wanted(ctx, class, l))
		return WEIR_KEPT_NET;
	return WEIR_UP_WANTED;
}

/* The key of a layer's flow.  Returns its way: 1 where the source is the high endpoint. */
WEIR_STEP __u32 weir_flow_key(const struct weir_layer *l, struct weir_flow_key *k)
{
	__u64 same = (l->src[0] ^ l->dst[0]) | (l->src[1] ^ l->dst[1]);
	__u32 way = (__u32)siphash_pair_swapped(l->src, l->dst);
	__u64 turn;

	if (!same)
		way = l->sport > l->dport;
	turn = -(__u64)way;
	k->low[0] = l->src[0] ^ ((l->src[0] ^ l->dst[0]) & turn);
	k->low[1] = l->src[1] ^ ((l->src[1] ^ l->dst[1]) & turn);
	k->high[0] = l->dst[0] ^ ((l->src[0] ^ l->dst[0]) & turn);
	k->high[1] = l->dst[1] ^ ((l->src[1] ^ l->dst[1]) & turn);
	k->low_port = (__u16)(l->sport ^ ((l->sport ^ l->dport) & turn));
	k->high_port = (__u16)(l->dport ^ ((l->sport ^ l->dport) & turn));
	k->outer = l->outer;
	k->vlan[0] = l->vlan[0];
	k->vlan[1] = l->vlan[1];
	k->vlans = l->vlans;
	k->depth = l->depth;
	k->proto = l->proto;
	k->version = l->version;
	k->reserved = 0;
	return way;
}

/* Count a packet in the released flow that it was kept for. */
WEIR_STEP void weir_flow_count(struct weir_flow *f, __u32 way, const struct weir_layer *l,
			       __u64 bytes, __u64 now)
{
	struct weir_way *side = way ? &f->way[1] : &f->way[0];
	__u32 *flags = way ? &f->tcp_flags[1] : &f->tcp_flags[0];

	__sync_fetch_and_add(&side->packets, 1);
	__sync_fetch_and_add(&side->bytes, bytes);
	if ((*flags & l->tcp_flags) != l->tcp_flags)
		*flags |= l->tcp_flags;
	f->last_ns = now;
}

/* A packet each interval, with room for a burst.  Two at the same instant may count as one. */
WEIR_STEP int weir_is_over(const struct weir_rate *rate, __u64 *at, __u64 now)
{
	__u64 before = *at, due = before > now ? before : now;

	if (due - now > rate->burst_ns)
		return 1;
	__sync_val_compare_and_swap(at, before, due + rate->interval_ns);
	return 0;
}

/* What an entry's action says now: a reason, or 0 where the packet goes on. */
WEIR_STEP int weir_act(__u32 action, const struct weir_rate *rate, __u64 *at, __u64 now)
{
	if (action == WEIR_ACTION_DROP)
		return WEIR_KEPT_BLOCKED;
	if (action == WEIR_ACTION_POLICE && weir_is_over(rate, at, now))
		return WEIR_KEPT_POLICED;
	return 0;
}

WEIR_STEP int weir_judge_address(WEIR_CTX *ctx, const __u64 address[2], __u32 version, __u32 bytes)
{
	struct weir_address_key key = { .address = { address[0], address[1] }, .version = version };
	struct weir_address *a = WEIR_ADDRESS(ctx, &key);
	__u64 now;
	int reason;

	if (!a)
		return 0;
	now = WEIR_NOW(ctx);
	if (a->expires_ns && now >= a->expires_ns)
		return 0;
	reason = weir_act(a->action, &a->rate, &a->rate_at, now);
	if (reason) {
		__sync_fetch_and_add(&a->packets, 1);
		__sync_fetch_and_add(&a->bytes, bytes);
		a->last_ns = now;
	}
	return reason;
}

/*
 * The innermost pair's addresses may be blocked.  Returns WEIR_KEPT_BLOCKED, WEIR_KEPT_POLICED or 0;
 * where nothing is enforced, 0 and a mark.
 */
WEIR_FN int weir_judge_pair(WEIR_CTX *ctx, const struct weir_walk *w, __u32 bytes)
{
	const struct weir_switches *s = WEIR_SWITCHES(ctx);
	int reason;

	__asm__ volatile("" : : "r"(ctx));
	if (!s || !s->blocks || !w || !w->version)
		return 0;
	reason = weir_judge_address(ctx, w->a, w->version, bytes);
	if (!reason)
		reason = weir_judge_address(ctx, w->b, w->version, bytes);
	if (reason && !WEIR_ENFORCES(ctx)) {
		WEIR_MARK(ctx, (__u32)reason, bytes);
		return 0;
	}
	return reason;
}

/* A flow that is blocked or policed, packet by packet. */
WEIR_STEP int weir_judge_blocked(WEIR_CTX *ctx, struct weir_flow *f, __u32 way,
				 const struct weir_layer *l, __u32 bytes)
{
	__u64 now = WEIR_NOW(ctx);
	int reason = weir_act(f->action, &f->rate, &f->rate_at, now);

	if (!reason)
		return WEIR_UP_WANTED;
	weir_flow_count(f, way, l, bytes ? bytes : l->bytes, now);
	if (WEIR_ENFORCES(ctx))
		return reason;
	WEIR_MARK(ctx, (__u32)reason, bytes);
	return WEIR_UP_WANTED;
}

/*
 * A wanted layer: its flow may be released, and only what has ports ever is.  Where it is, the packet
 * is counted in it, unless bytes is 0 (the frame may go up for another layer).  Returns
 * WEIR_KEPT_RELEASED, WEIR_KEPT_BLOCKED, WEIR_KEPT_POLICED or a reason to go up.
 */
WEIR_FN int weir_judge_flow(WEIR_CTX *ctx, const struct weir_layer *l, __u32 bytes)
{
	struct weir_flow_key key;
	struct weir_flow *f;
	__u32 way;

	__asm__ volatile("" : : "r"(ctx));
	if (!l)
		return WEIR_UNSURE_PLAN;
	way = weir_flow_key(l, &key);
	f = WEIR_FLOW(ctx, &key);
	if (!f || f->cleared)
		return WEIR_UP_WANTED;
	if (f->expires_ns && WEIR_NOW(ctx) >= f->expires_ns)
		return WEIR_UP_WANTED;
	if (f->action >= WEIR_ACTION_DROP)
		return weir_judge_blocked(ctx, f, way, l, bytes);
	/* Odd headers are looked at whatever is released. */
	if (l->extended | l->options)
		return WEIR_UP_WANTED;
	if (f->ways && !(f->ways >> way & 1))
		return WEIR_UP_WANTED;
	/* Flags that not every packet has. */
	if (l->proto == WEIR_PROTO_TCP &&
	    (l->tcp_flags & (WEIR_TCP_SYN | WEIR_TCP_FIN | WEIR_TCP_RST | WEIR_TCP_ACK)) !=
		    WEIR_TCP_ACK) {
		if ((l->tcp_flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == WEIR_TCP_SYN)
			f->cleared = 1;
		return WEIR_UP_FLAGS;
	}
	if (bytes)
		weir_flow_count(f, way, l, bytes, WEIR_NOW(ctx));
	return WEIR_KEPT_RELEASED;
}

/* Everything is to go up. */
WEIR_STEP int weir_is_all(WEIR_CTX *ctx)
{
	const struct weir_switches *s = WEIR_SWITCHES(ctx);

	return s && s->all;
}

/* One layer's say: a reason to go up or to be kept. */
WEIR_STEP int weir_judge_layer(WEIR_CTX *ctx, const struct weir_layer *l, __u32 bytes)
{
	int reason = weir_judge_plan(ctx, l);
	int flow;

	if (weir_is_all(ctx))
		return WEIR_UP_ALL;
	if (reason == WEIR_UP_WANTED || reason == WEIR_UP_ALL) {
		if (weir_port_set(weir_class_of(l->proto)) < 0)
			return reason;
		flow = weir_judge_flow(ctx, l, bytes);
		return flow == WEIR_UP_WANTED ? reason : flow;
	}
	if (l->tcp_flags & (WEIR_TCP_SYN | WEIR_TCP_FIN | WEIR_TCP_RST))
		return WEIR_UP_FLAGS;
	return reason;
}

/* Its flow or its addresses are blocked: whatever else the frame holds. */
WEIR_STEP int weir_is_blocked(int reason)
{
	return reason == WEIR_KEPT_BLOCKED || reason == WEIR_KEPT_POLICED;
}

WEIR_STEP int weir_judge_not_ip(WEIR_CTX *ctx)
{
	const struct weir_wants *wants = WEIR_WANTS(ctx);

	if (!wants)
		return WEIR_UNSURE_PLAN;
	if (wants->flags & WEIR_PLAN_ALL || weir_is_all(ctx))
		return WEIR_UP_ALL;
	return wants->flags & WEIR_PLAN_NOT_IP ? WEIR_UP_NOT_IP : WEIR_KEPT_NOT_IP;
}

WEIR_STEP void weir_walk_init(struct weir_walk *w)
{
	__builtin_memset(w, 0, sizeof(*w));
	w->end = 0xffffffff;
	w->ethernet = 1;
}

/* A frame's packets, from the outside in. */
WEIR_STEP int weir_judge_packets(WEIR_CTX *ctx, struct weir_walk *w, __u64 bytes)
{
	struct weir_layer layer[WEIR_LAYERS] WEIR_EMPTY;
	int next = weir_walk_link(ctx, w);
	int kept = 0, released = 0, blocked = 0, reason, i;

#pragma GCC unroll 3
	for (i = 0; i < WEIR_LAYERS; i++) {
		if (next == WEIR_NEXT_LINK)
			next = weir_walk_link(ctx, w);
		if (next < 0)
			return -next;
		if (next == WEIR_NEXT_NONE)
			break;
		next = weir_walk_layer(ctx, w, &layer[i]);
		if (WEIR_TALLIES(ctx) && layer[i].sign && next <= 0)
			weir_tally(ctx, &layer[i]);
		if (next < 0)
			return -next;
		/* Nothing around it, nothing inside, nothing odd: its own say decides. */
		reason = weir_judge_layer(ctx, &layer[i],
					  i == 0 && next == WEIR_NEXT_NONE && !w->odd ? (__u32)bytes
										      : 0);
		if (weir_is_blocked(reason)) {
			blocked = reason;
		} else if (reason < WEIR_KEPT_FIRST) {
			w->wanted = w->wanted ? w->wanted : (__u8)reason;
		} else {
			kept = reason;
			released |= (reason == WEIR_KEPT_RELEASED && (i || next)) << i;
		}
	}
	if (next == WEIR_NEXT_LINK || next == WEIR_NEXT_IP)
		return WEIR_UNSURE_TUNNEL;
	if (blocked)
		return blocked;
	if (w->odd)
		return w->odd;
	if (w->wanted)
		return w->wanted;
	if (!kept)
		return weir_judge_not_ip(ctx);
#pragma GCC unroll 3
	for (i = 0; i < WEIR_LAYERS; i++) {
		if (released >> i & 1)
			weir_judge_flow(ctx, &layer[i], i ? layer[i].bytes : (__u32)bytes);
	}
	return kept;
}

/*
 * The whole of it, for one frame; w is as weir_walk_init() left it.  A frame is kept when each
 * packet in it is; it is walked to its innermost packet whoever wants it, for the sake of the hash.
 */
WEIR_STEP int weir_judge(WEIR_CTX *ctx, struct weir_walk *w, __u64 bytes)
{
	int reason = weir_judge_packets(ctx, w, bytes);
	int blocked = weir_judge_pair(ctx, w, (__u32)bytes);

	return blocked ? blocked : reason;
}

/* To the innermost packet, without a verdict. */
WEIR_STEP void weir_walk_all(WEIR_CTX *ctx, struct weir_walk *w)
{
	struct weir_layer layer;
	int next = weir_walk_link(ctx, w);

#pragma GCC unroll 3
	for (int i = 0; i < WEIR_LAYERS; i++) {
		if (next == WEIR_NEXT_LINK)
			next = weir_walk_link(ctx, w);
		if (next != WEIR_NEXT_IP)
			break;
		next = weir_walk_layer(ctx, w, &layer);
	}
}

/*
 * What the innermost packet says of a source.  w is as weir_walk_init() left it, or at an IP header with its type and no
 * Ethernet.  Returns 0: nothing, or it cannot be read to its end.
 */
WEIR_STEP int weir_walk_sign(WEIR_CTX *ctx, struct weir_walk *w, struct weir_sign *s)
{
	struct weir_layer layer;
	int next = w->ethernet ? weir_walk_link(ctx, w) : WEIR_NEXT_IP;

	for (int i = 0; i < WEIR_LAYERS; i++) {
		if (next == WEIR_NEXT_LINK)
			next = weir_walk_link(ctx, w);
		if (next != WEIR_NEXT_IP)
			return 0;
		next = weir_walk_layer(ctx, w, &layer);
		if (next <= 0)
			return layer.sign ? weir_sign_of(&layer, s) : 0;
	}
	return 0;
}

/* The hash that chooses the worker; 0: not IP. */
WEIR_STEP __u64 weir_walk_hash(const struct weir_walk *w, __u64 key)
{
	return w->version ? siphash_pair(w->a, w->b, w->version, key) : 0;
}

#endif
