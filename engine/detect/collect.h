/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collect.h - the rules that may hold in a step: for a packet, or for a piece of a stream.
 *
 * In: the packet, with what the detector knows of it (eval.have).  Out: d->kit->candidate[], d->candidates of them, each
 * with the reason in candidate_why[].
 * Not here: whether they hold (detect.c); how bytes are searched (search.h, scan_fixed.h).
 *
 * Memory: the kit's arrays.  Thread: the detector's.
 */
#ifndef WEIR_DETECT_COLLECT_H
#define WEIR_DETECT_COLLECT_H

#include "engine/detect/detector.h"

/* Each begins a step.  v: what is new of the packet's stream, or NULL. */
void collect_packet(struct detector *d, const struct packet *p, const struct stream_view *v);
void collect_stream(struct detector *d, const struct packet *p, const struct stream_view *v);
/* The rules on what always comes, though the packet's way is released. */
void collect_released(struct detector *d, const struct packet *p);

/* Its pattern is in these bytes, the rest of it is not: the rest may come with the next. */
void collect_later(struct detector *d, const struct packet *p, const struct stream_view *v,
		   uint32_t rule);

/*
 * The pattern of a rule on transactions, or UINT32_MAX: perhaps of any, stands in the packet's stream before this
 * offset: for transactions that begin while those bytes are still there.
 */
void collect_found(struct detector *d, const struct packet *p, uint32_t rule, uint64_t until);

/* What its row says at a glance. */
bool collect_may_hold(const struct detector *d, const struct rule_row *row);
/* For struct searcher. */
void collect_hit(void *ctx, uint32_t rule, enum unit in);

/*
 * Payload that is not in the stream is looked at here, also for rules on streams, but as Suricata has it
 * only where no bytes of the stream wait to be looked at.
 */
static inline bool collect_as_stream(const struct packet *p)
{
	return p->proto != IP_PROTO_TCP || (!p->stream_added && !p->stream_waiting);
}

#endif
