/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - what engine/watch is told of a worker's packets and flows.
 *
 * In: a packet that all stages have seen, or a flow that ends.  Out: the facts that it makes, few.
 * Not here: carrying them to the judge (worker.c, writer.c).
 *
 * Memory: none.  Thread: the worker's.
 */
#ifndef WEIR_RUN_FACTS_H
#define WEIR_RUN_FACTS_H

#include "engine/flow/flow.h"
#include "engine/stream/session.h"
#include "engine/watch/fact.h"

/* Facts that one packet makes at most. */
#define FACTS_MAX 6

/* A flow's packets that may be about its start. */
#define FACTS_START_PACKETS 9
/* A window below it may have shrunk; a payload up to it may be a crumb of a request. */
#define FACTS_SMALL_WINDOW 8192
#define FACTS_CRUMB_BYTES 64
/* A request in crumbs takes so long. */
#define FACTS_CRUMBS_NS 10000000000LL

/* A window up to it is told; one of at least the other, which takes the greatest scale, is believed of nobody. */
#define FACTS_TINY_WINDOW 512
#define FACTS_LARGEST_WINDOW (512u << 20)
#define FACTS_LARGEST_SCALE 14

/* The window that a packet offers ends before that of an earlier one, or is none: it says so at a glance. */
static inline bool facts_window_is_odd(const struct session *s, const struct packet *p)
{
	const struct packet_tcp *t = &p->tcp;
	/* What this packet offers is about the other side's bytes, and kept there: its scale too. */
	const struct side *other = &s->side[!p->direction];

	uint32_t window = (uint32_t)t->window << other->wscale;

	if (t->window < FACTS_SMALL_WINDOW)
		return window <= FACTS_TINY_WINDOW || seq_before(t->ack + window, other->next_win);
	return window >= FACTS_LARGEST_WINDOW;
}

/* False for most packets of a flow under way, at a glance. */
static inline bool facts_may_be(const struct stream_engine *streams, const struct packet *p)
{
	const uint16_t guessed = SESSION_GUESSED_CLIENT | SESSION_GUESSED_SERVER;
	const struct flow *f = p->flow;
	const struct packet_tcp *t = &p->tcp;
	const struct session *s;
	uint32_t packets;

	if (!f)
		return p->arp.len > 0;
	packets = f->packets[0] + f->packets[1];
	if (packets == 1 || f->packets[1] == 1)
		return true;
	if (p->proto != IP_PROTO_TCP)
		return false;
	s = f->tcp ? session_look(streams, f) : NULL;
	if (s && ((packets <= FACTS_START_PACKETS && !(s->flags & SESSION_MIDSTREAM) &&
		   !(s->told & SESSION_TOLD_HANDSHAKE)) ||
		  s->told & guessed || facts_window_is_odd(s, p)))
		return true;
	return p->events || !(t->flags & TCP_ACK) || t->flags & (TCP_SYN | TCP_FIN | TCP_RST) ||
	       t->reserved & 0x0e ||
	       (p->direction == 0 && p->payload.len > 0 && p->payload.len <= FACTS_CRUMB_BYTES &&
		p->time_ns - f->start_ns >= FACTS_CRUMBS_NS);
}

/* Most packets make none; returns how many were written to out. */
unsigned facts_of_packet(struct stream_engine *streams, const struct packet *p,
			 struct fact out[FACTS_MAX]);
/* What it says of a source of probes, by its headers alone; false: nothing.  clock_ns: that of the run. */
bool fact_of_sign(const struct packet *p, int64_t clock_ns, struct fact *out);
/* False: the flow's end is none. */
bool fact_of_end(const struct flow *f, int64_t now_ns, struct fact *out);

#endif
