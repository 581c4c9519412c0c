/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of the program, the sockets and the workers, and the ledger that they add up to. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_packet.h>

#include "engine/capture/xdp_stage.h"

const char *const xdp_loss_names[XDP_LOSS__COUNT] = {
	[XDP_LOSS_RING_FULL] = "ring_full", [XDP_LOSS_NO_FILL] = "no_fill",
	[XDP_LOSS_TOO_LARGE] = "too_large", [XDP_LOSS_REDIRECT] = "redirect",
	[XDP_LOSS_WORKER] = "worker",
};

/* --- sockets ---------------------------------------------------------------------------------------- */

/* Free frames are the queue's, so each of its sockets tells the same count of their lack. */
static void count_xdp(const struct xdp_stage *s, uint32_t source, uint64_t *dropped,
		      struct xdp_counts *out)
{
	const struct live_source *src = &s->handover.source[source];
	struct xdp_statistics st = { .rx_dropped = 0 };
	socklen_t len = sizeof(st);

	if (getsockopt(src->socket, SOL_XDP, XDP_STATISTICS, &st, &len))
		return;
	*dropped += st.rx_dropped;
	out->ring_full += st.rx_ring_full;
	out->invalid_descs += st.rx_invalid_descs + st.tx_invalid_descs;
	out->tx_ring_empty += st.tx_ring_empty_descs;
	if (src->book == 0)
		out->no_fill += st.rx_fill_ring_empty_descs;
}

/* The kernel forgets what it has told. */
static void count_packet(struct xdp_stage *s, uint32_t source, struct xdp_counts *out)
{
	struct tpacket_stats_v3 st = { .tp_drops = 0 };
	socklen_t len = sizeof(st);

	pthread_mutex_lock(&s->lock);
	if (!getsockopt(s->handover.source[source].socket, SOL_PACKET, PACKET_STATISTICS, &st,
			&len)) {
		s->packet_drops[source] += st.tp_drops;
		s->packet_freezes[source] += st.tp_freeze_q_cnt;
	}
	out->packet_drops += s->packet_drops[source];
	out->packet_freezes += s->packet_freezes[source];
	pthread_mutex_unlock(&s->lock);
}

static void count_sources(struct xdp_stage *s, const struct stage_interface *f,
			  struct xdp_counts *out)
{
	uint32_t end = f->first_source + f->sources;
	uint64_t dropped = 0;

	/* What comes later in a packet's life is read first, so that nothing is counted before it entered. */
	for (uint32_t i = f->first_source; i < end; i++)
		live_counts_add(&out->workers, &s->input[i].own->counts);
	for (uint32_t i = f->first_source; i < end; i++) {
		const struct live_input *in = &s->input[i];

		if (in->kind == LIVE_AF_XDP)
			count_xdp(s, i, &dropped, out);
		else
			count_packet(s, i, out);
		out->in_rings += live_input_waiting(in);
		out->ring_room += live_input_room(in);
	}
	/* Dropped for want of a frame, or because it was too large for one. */
	out->no_fill = out->no_fill < dropped ? out->no_fill : dropped;
	out->too_large = dropped - out->no_fill;
}

int xdp_stage_counts(struct xdp_stage *s, unsigned interface, struct xdp_counts *out)
{
	const struct stage_interface *f;
	struct iface_counters now;
	int err;

	memset(out, 0, sizeof(*out));
	if (interface >= s->handover.interfaces)
		return -EINVAL;
	f = &s->interface[interface];
	count_sources(s, f, out);
	err = weir_program_marks(f->program, out->marked);
	if (!err)
		err = weir_program_counts(f->program, out->reason);
	if (!err && !iface_counters(f->facts.ifindex, &now)) {
		out->nic_packets = now.packets - f->counters.packets;
		out->nic_missed = now.missed - f->counters.missed;
		out->nic_dropped = now.dropped - f->counters.dropped;
		out->nic_errors = now.errors - f->counters.errors;
	}
	return err;
}

/* --- the ledger -------------------------------------------------------------------------------------- */

static uint64_t sum(const struct weir_count *c, unsigned first, unsigned end)
{
	uint64_t n = 0;

	for (unsigned i = first; i < end; i++)
		n += c[i].packets;
	return n;
}

static void settle(const struct xdp_counts *c, uint64_t entered_before, struct xdp_ledger *l)
{
	uint64_t out;

	l->entered = c->reason[WEIR_ENTERED].packets;
	l->entered_bytes = c->reason[WEIR_ENTERED].bytes;
	l->inspected = c->workers.inspected;
	l->released = c->reason[WEIR_KEPT_RELEASED].packets;
	l->unwanted = sum(c->reason, WEIR_KEPT_FIRST, WEIR_KEPT_RELEASED);
	l->blocked = sum(c->reason, WEIR_KEPT_BLOCKED, WEIR_LOST_FIRST);
	l->unsure = sum(c->reason, WEIR_UNSURE_FIRST, WEIR_KEPT_FIRST);
	l->lost[XDP_LOSS_RING_FULL] = c->ring_full + c->packet_drops;
	l->lost[XDP_LOSS_NO_FILL] = c->no_fill;
	l->lost[XDP_LOSS_TOO_LARGE] = c->too_large + c->workers.damaged;
	l->lost[XDP_LOSS_REDIRECT] = c->reason[WEIR_LOST_SOCKET].packets;
	l->lost[XDP_LOSS_WORKER] = c->reason[WEIR_LOST_WORKER].packets + c->workers.abandoned;
	out = l->inspected + l->released + l->unwanted + l->blocked;
	for (unsigned i = 0; i < XDP_LOSS__COUNT; i++)
		out += l->lost[i];
	l->in_flight = (int64_t)(l->entered - out);
	l->room = c->ring_room + (l->entered - entered_before);
}

static void add(struct xdp_ledger *to, const struct xdp_ledger *l)
{
	to->entered += l->entered;
	to->entered_bytes += l->entered_bytes;
	to->inspected += l->inspected;
	to->released += l->released;
	to->unwanted += l->unwanted;
	to->blocked += l->blocked;
	to->unsure += l->unsure;
	for (unsigned i = 0; i < XDP_LOSS__COUNT; i++)
		to->lost[i] += l->lost[i];
	to->in_flight += l->in_flight;
	to->room += l->room;
	to->holds &= l->holds;
}

static int ledger_of(struct xdp_stage *s, uint32_t interface, struct xdp_ledger *out)
{
	struct weir_count before[WEIR_REASON__COUNT];
	struct xdp_counts c;
	int err = weir_program_counts(s->interface[interface].program, before);

	if (!err)
		err = xdp_stage_counts(s, interface, &c);
	if (err)
		return err;
	settle(&c, before[WEIR_ENTERED].packets, out);
	/* A packet is in the program's hands for a moment on each CPU. */
	out->room += (uint64_t)sysconf(_SC_NPROCESSORS_CONF);
	out->holds = out->in_flight >= 0 && (uint64_t)out->in_flight <= out->room;
	return 0;
}

int xdp_stage_ledger(struct xdp_stage *s, uint32_t interface, struct xdp_ledger *out)
{
	struct xdp_ledger one;
	int err = 0;

	*out = (struct xdp_ledger){ .holds = true };
	if (interface != XDP_ALL && interface >= s->handover.interfaces)
		return -EINVAL;
	for (uint32_t i = 0; !err && i < s->handover.interfaces; i++) {
		if (interface != XDP_ALL && i != interface)
			continue;
		memset(&one, 0, sizeof(one));
		err = ledger_of(s, i, &one);
		add(out, &one);
	}
	return err;
}
