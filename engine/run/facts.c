/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/facts.h"

#include "bpf/weir_tally.h"

/* A handshake is whole within the client's first packets, or it is none. */
#define HANDSHAKE_PACKETS (FACTS_START_PACKETS - 1)
/* A request in crumbs: so many packets, so small, over so long, and only ACKs come back. */
#define CRUMBS 7
#define CRUMB_FRAME_BYTES 130
#define ACK_FRAME_BYTES 78
/* What scaling rounds away is no shrinking. */
#define SHRINK_LEAST 2048

struct facts {
	struct fact *out;
	unsigned count;
	const struct packet *p;
};

/* Of the number of its first packet, which nobody outside chooses: the same for any number of workers. */
static bool is_sampled(const struct flow *f)
{
	return (f->number * 0x9e3779b97f4a7c15ULL >> 32) % FACT_SAMPLE == 0;
}

static void begin(struct fact *f, enum fact_kind kind, const struct flow *flow, int64_t now_ns)
{
	*f = (struct fact){ .kind = (uint8_t)kind,
			    .proto = flow->proto,
			    .ip_version = flow->ip_version,
			    .flags = flow->proto == IP_PROTO_TCP ? flow->tcp_flags[0] : 0,
			    .sampled = is_sampled(flow),
			    .answered = flow->packets[1] > 0,
			    .client_port = flow->client_port,
			    .server_port = flow->server_port,
			    .time_ns = now_ns,
			    .start_ns = flow->start_ns,
			    .bytes = { flow->bytes[0], flow->bytes[1] },
			    .packets = { flow->packets[0], flow->packets[1] },
			    .client = flow->client,
			    .server = flow->server };
	/* A reset is no answer. */
	if (flow->proto == IP_PROTO_TCP && (flow->tcp_flags[1] & (TCP_RST | TCP_SYN)) == TCP_RST &&
	    flow->packets[1] <= flow->packets[0])
		f->answered = false;
}

static struct fact *add(struct facts *all, enum fact_kind kind)
{
	struct fact *f;

	if (all->count == FACTS_MAX)
		return &all->out[FACTS_MAX - 1];
	f = &all->out[all->count++];
	begin(f, kind, all->p->flow, all->p->time_ns);
	f->from_server = all->p->direction;
	f->seq = all->p->tcp.seq;
	return f;
}

/* Once a flow: bits of the session that nobody else uses. */
static bool first_time(struct session *s, enum session_told told)
{
	bool first = !(s->told & told);

	s->told |= told;
	return first;
}

/* --- packets ---------------------------------------------------------------------------------------- */

static bool is_unreachable(const struct packet *p)
{
	return p->proto != p->flow->proto;
}

static void starts(struct facts *all)
{
	const struct packet *p = all->p;
	const struct flow *f = p->flow;

	if (f->packets[0] + f->packets[1] == 1) {
		if (f->proto == IP_PROTO_TCP ? is_sampled(f) : f->proto != IP_PROTO_UDP)
			add(all, FACT_FIRST);
		return;
	}
	if (p->direction == 1 && f->packets[1] == 1 &&
	    (is_unreachable(p) || (p->proto == IP_PROTO_TCP && p->tcp.flags & TCP_RST)))
		add(all, FACT_REFUSED)->answered = false;
}

/* RFC 9293, section 3.1: reserved bits are zero; the last of them is used by RFC 9768. */
static bool flags_are_impossible(const struct packet_tcp *t, bool first)
{
	uint8_t flags = t->flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK);

	if (t->reserved & 0x0e)
		return true;
	if ((flags & TCP_SYN && flags & (TCP_FIN | TCP_RST)) ||
	    (flags & (TCP_FIN | TCP_RST)) == (TCP_FIN | TCP_RST))
		return true;
	/* As a flow's first packet these are a scan's. */
	return !first && (flags == 0 || flags == TCP_FIN);
}

static void of_window(struct facts *all, struct session *s)
{
	const struct packet *p = all->p;
	/* What this packet offers is about the other side's bytes, and kept there: its scale too. */
	const struct side *other = &s->side[!p->direction];
	uint32_t window = (uint32_t)p->tcp.window << other->wscale, edge = p->tcp.ack + window;

	if (window >= FACTS_LARGEST_WINDOW && first_time(s, SESSION_TOLD_SCALE))
		add(all, FACT_SCALE)->seq = window;
	if (p->direction == 0 && window == 0) {
		if (first_time(s, SESSION_TOLD_ZERO_WINDOW))
			add(all, FACT_ZERO_WINDOW);
		return;
	}
	if (p->direction == 0 && window <= FACTS_TINY_WINDOW &&
	    first_time(s, SESSION_TOLD_TINY_WINDOW))
		add(all, FACT_TINY_WINDOW)->seq = window;
	if (p->tcp.window < FACTS_SMALL_WINDOW && p->tcp.ack == other->last_ack &&
	    seq_before(edge, other->next_win) && other->next_win - edge >= SHRINK_LEAST) {
		if (first_time(s, SESSION_TOLD_SHRUNK_WINDOW))
			add(all, FACT_SHRUNK_WINDOW)->seq = window;
	}
}

/*
 * RFC 7323, sections 1.3, 2.2 and 2.3: the shift is 14 at most, an answer has one only where the SYN had, and it is the
 * same however often it is said.
 */
static void of_scale(struct facts *all, struct session *s)
{
	const struct packet *p = all->p;
	const struct packet_tcp *t = &p->tcp;
	bool answer = p->direction == 1 && t->flags & TCP_ACK, asked, other;

	if (!t->has_wscale || s->flags & SESSION_MIDSTREAM)
		return;
	asked = s->flags & SESSION_CLIENT_WSCALE;
	other = p->direction == 0 && asked && s->state == TCP_STATE_SYN_SENT &&
		t->wscale <= FACTS_LARGEST_SCALE && t->wscale != s->side[1].wscale;
	if ((t->wscale > FACTS_LARGEST_SCALE || (answer && !asked) || other) &&
	    first_time(s, SESSION_TOLD_SCALE))
		add(all, FACT_SCALE)->seq = t->wscale;
}

/* Whoever it claims to be: what the other end says next may answer it (RFC 5961, sections 3.2, 4.2, 5.2). */
static void guess(struct facts *all, struct session *s, enum fact_kind kind)
{
	add(all, kind);
	s->told |= all->p->direction ? SESSION_GUESSED_SERVER : SESSION_GUESSED_CLIENT;
}

/* An ACK without bytes that acknowledges nothing new, of who was asked. */
static void of_challenge(struct facts *all, struct session *s)
{
	const struct packet *p = all->p;
	uint16_t asked = p->direction ? SESSION_GUESSED_CLIENT : SESSION_GUESSED_SERVER;

	if (!(s->told & asked) || (p->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST)) ||
	    !(p->tcp.flags & TCP_ACK))
		return;
	s->told &= (uint16_t)~asked;
	if (!p->payload.len && p->tcp.ack == s->side[!p->direction].last_ack)
		add(all, FACT_CHALLENGED);
}

static bool is_crumb(const struct packet *p)
{
	const struct flow *f = p->flow;

	return p->direction == 0 && p->payload.len > 0 && p->payload.len <= FACTS_CRUMB_BYTES &&
	       f->packets[0] >= CRUMBS && f->bytes[0] / f->packets[0] <= CRUMB_FRAME_BYTES &&
	       f->packets[1] > 0 && f->bytes[1] / f->packets[1] <= ACK_FRAME_BYTES &&
	       p->time_ns - f->start_ns >= FACTS_CRUMBS_NS;
}

static void of_session(struct facts *all, struct session *s)
{
	const struct packet *p = all->p;
	uint8_t flags = p->tcp.flags;

	if (s->state != TCP_STATE_ESTABLISHED)
		return;
	if (flags & TCP_RST) {
		const struct side *own = &s->side[p->direction & 1];

		/* It did not close the connection, and it is not one that only comes early: RFC 5961, 3.2. */
		if (seq_before(p->tcp.seq, own->last_ack) || seq_after(p->tcp.seq, own->next_win))
			guess(all, s, FACT_BLIND_RESET);
		return;
	}
	if (s->told & (SESSION_GUESSED_CLIENT | SESSION_GUESSED_SERVER))
		of_challenge(all, s);
	if (!(s->flags & SESSION_MIDSTREAM) && p->flow->packets[0] <= HANDSHAKE_PACKETS &&
	    flags & TCP_ACK && !(flags & TCP_SYN) && first_time(s, SESSION_TOLD_HANDSHAKE)) {
		struct fact *f = add(all, FACT_HANDSHAKE);

		f->seq = s->side[1].isn;
		f->client_seq = s->side[0].isn;
	}
	if (flags & TCP_ACK && !(flags & (TCP_SYN | TCP_FIN)) && !p->events)
		of_window(all, s);
	if (is_crumb(p) && first_time(s, SESSION_TOLD_SLOW_REQUEST))
		add(all, FACT_SLOW_REQUEST);
}

/* Its client acknowledges in the handshake what this server has not sent: it is told of another. */
static void of_handshake(struct facts *all, struct session *s)
{
	const struct packet *p = all->p;
	struct fact *f;

	if (s->state != TCP_STATE_SYN_RECV || p->direction == 1 ||
	    (p->tcp.flags & (TCP_SYN | TCP_RST | TCP_ACK)) != TCP_ACK ||
	    p->tcp.ack == s->side[1].isn + 1 || !first_time(s, SESSION_TOLD_STRAY_ACK))
		return;
	f = add(all, FACT_STRAY_ACK);
	f->seq = p->tcp.ack - 1;
	f->client_seq = s->side[0].isn;
}

/* The SYN of a connection that is over, again: as if it were in its handshake. */
static void of_old_syn(struct facts *all, struct session *s)
{
	const struct packet *p = all->p;
	struct fact *f;

	if (s->state < TCP_STATE_TIME_WAIT || p->direction == 1 ||
	    (p->tcp.flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN ||
	    p->tcp.seq != s->side[0].isn || !first_time(s, SESSION_TOLD_STRAY_ACK))
		return;
	f = add(all, FACT_STRAY_ACK);
	f->seq = s->side[1].isn;
	f->client_seq = s->side[0].isn;
	f->start_ns = p->time_ns;
}

/*
 * Data before what is acknowledged.  Who sent up to there had the acknowledgement of all but one window of it, and does not
 * send that again; before the first byte there was nothing.
 */
static void of_old_data(struct facts *all, struct session *s)
{
	const struct packet *p = all->p;
	const struct side *own = &s->side[p->direction & 1];
	uint32_t end = p->tcp.seq + (uint32_t)p->payload.len;
	uint32_t window = own->window > UINT16_MAX ? own->window : UINT16_MAX;

	if (s->flags & (SESSION_MIDSTREAM | SESSION_ASYNC))
		return;
	if (seq_before(p->tcp.seq, own->isn))
		guess(all, s, FACT_BLIND_DATA);
	else if (seq_before(end, own->last_ack) && own->last_ack - end > window)
		add(all, FACT_OLD_DATA);
}

/* Not that far past the window: who sends may have had an ACK that was not seen here. */
static bool is_far_ahead(const struct session *s, const struct packet *p)
{
	const struct side *own = &s->side[p->direction & 1];
	uint32_t window = own->window > UINT16_MAX ? own->window : UINT16_MAX;

	return seq_before(p->tcp.seq, own->next_win) || p->tcp.seq - own->next_win > window;
}

/*
 * The same where the ACK does not fit: who guesses has to guess it as well (RFC 5961, section 5.2).  It is asked before the
 * window, so the event says nothing of that.
 */
static bool is_far_away(const struct session *s, const struct packet *p)
{
	const struct side *own = &s->side[p->direction & 1];
	uint32_t window = own->window > UINT16_MAX ? own->window : UINT16_MAX;
	uint32_t lowest = own->last_ack - window, highest = own->next_win + window;

	return !(s->flags & (SESSION_MIDSTREAM | SESSION_ASYNC)) &&
	       p->tcp.seq - lowest > highest - lowest;
}

static void of_events(struct facts *all, struct session *s)
{
	const struct packet *p = all->p;

	if (s && p->payload.len && packet_has_event(p, EVENT_STREAM_EST_PACKET_OUT_OF_WINDOW)) {
		if (is_far_ahead(s, p))
			guess(all, s, FACT_BLIND_DATA);
	} else if (s && p->payload.len && packet_has_event(p, EVENT_STREAM_EST_INVALID_ACK)) {
		if (is_far_away(s, p))
			guess(all, s, FACT_BLIND_DATA);
	} else if (s && p->payload.len > 1 &&
		   (packet_has_event(p, EVENT_STREAM_EST_PKT_BEFORE_LAST_ACK) ||
		    packet_has_event(p, EVENT_STREAM_PKT_INVALID_TIMESTAMP)))
		of_old_data(all, s);
	if (s && (packet_has_event(p, EVENT_STREAM_EST_SYN_RESEND_DIFF_SEQ) ||
		  packet_has_event(p, EVENT_STREAM_EST_SYN_TOCLIENT)))
		guess(all, s, FACT_BLIND_SYN);
	if (packet_has_event(p, EVENT_STREAM_REASSEMBLY_OVERLAP_DIFFERENT_DATA))
		add(all, FACT_CONFLICT);
}

/* RFC 826: who has an address; not one's own, which only announces it. */
static unsigned of_arp(const struct packet *p, struct fact *out)
{
	struct cursor c = cursor_of(p->arp);
	const uint8_t *h = cursor_take(&c, 8), *body = cursor_take(&c, 20);

	if (!h || !body || load_be16(h + 2) != 0x0800 || load_be16(h + 4) != 0x0604 ||
	    load_be16(h + 6) != 1 || memcmp(body + 6, body + 16, 4) == 0)
		return 0;
	*out = (struct fact){ .kind = FACT_ARP,
			      .ip_version = 4,
			      .time_ns = p->time_ns,
			      .start_ns = p->time_ns,
			      .client = ip_addr_v4(body + 6),
			      .server = ip_addr_v4(body + 16) };
	return 1;
}

unsigned facts_of_packet(struct stream_engine *streams, const struct packet *p,
			 struct fact out[FACTS_MAX])
{
	struct facts all = { .out = out, .p = p };
	const struct flow *f = p->flow;
	struct session *s = NULL;
	bool first;

	if (p->pseudo)
		return 0;
	if (!f)
		return p->arp.len ? of_arp(p, out) : 0;
	first = f->packets[0] + f->packets[1] == 1;
	if (first || f->packets[1] == 1)
		starts(&all);
	if (p->proto != IP_PROTO_TCP || f->proto != IP_PROTO_TCP)
		return all.count;
	if (flags_are_impossible(&p->tcp, first))
		add(&all, FACT_BAD_FLAGS)->flags = p->tcp.flags;
	if (f->tcp) {
		s = session_of(streams, p->flow);
		if (p->tcp.flags & TCP_SYN) {
			of_scale(&all, s);
			of_old_syn(&all, s);
		}
		of_session(&all, s);
		of_handshake(&all, s);
	}
	if (p->events)
		of_events(&all, s);
	return all.count;
}

/* What a program on a NIC reads to its end (bpf/weir_walk.h). */
static bool can_be_counted(const struct packet *p)
{
	return p->has_l4 && !p->pseudo && !p->from_defrag && !p->is_fragment &&
	       !p->is_tunnel_outer && !p->invalid && p->vlans <= 2 && p->depth <= 2;
}

/* "Port unreachable" about a datagram of a client: see weir_walk_refusal(). */
static bool is_refused_datagram(const struct packet *p)
{
	return p->proto == IP_PROTO_ICMP && p->icmp_type == 3 && p->icmp_code == 3 &&
	       p->has_quoted && p->quoted_proto == IP_PROTO_UDP &&
	       p->quoted_sport > p->quoted_dport;
}

static bool sign_of(const struct packet *p, struct weir_sign *s)
{
	*s = (struct weir_sign){ .source = { p->src.halves[0], p->src.halves[1] },
				 .target = { p->dst.halves[0], p->dst.halves[1] },
				 .version = p->ip_version };
	if (p->proto == IP_PROTO_TCP) {
		const __u64 src[2] = { p->src.halves[0], p->src.halves[1] };
		const __u64 dst[2] = { p->dst.halves[0], p->dst.halves[1] };

		weir_sign_of_tcp(p->tcp.flags, src, dst, p->sport, p->dport, s);
	} else if (is_refused_datagram(p)) {
		s->probe = WEIR_PROBE_UDP;
		s->port = p->quoted_dport;
		memcpy(s->source, p->quoted_src.halves, sizeof(s->source));
		memcpy(s->target, p->quoted_dst.halves, sizeof(s->target));
	} else if (p->icmp_type == (p->proto == IP_PROTO_ICMP ? 8 : 128)) {
		s->probe = WEIR_PROBE_ICMP;
	}
	return s->probe != WEIR_PROBE_NONE;
}

bool fact_of_sign(const struct packet *p, int64_t clock_ns, struct fact *out)
{
	struct weir_sign s;

	if (p->proto == IP_PROTO_TCP) {
		if ((p->tcp.flags & (TCP_SYN | TCP_RST | TCP_ACK)) == TCP_ACK)
			return false;
	} else if (p->proto != IP_PROTO_ICMP && p->proto != IP_PROTO_ICMPV6) {
		return false;
	}
	if (!can_be_counted(p) || !sign_of(p, &s))
		return false;
	*out = (struct fact){ .kind = FACT_SIGN,
			      .proto = p->proto,
			      .ip_version = p->ip_version,
			      .flags = s.probe,
			      .seq = s.kind,
			      .server_port = s.port,
			      .time_ns = p->time_ns,
			      .start_ns = clock_ns };
	memcpy(out->client.halves, s.source, sizeof(s.source));
	memcpy(out->server.halves, s.target, sizeof(s.target));
	return true;
}

bool fact_of_end(const struct flow *f, int64_t now_ns, struct fact *out)
{
	if (f->packets[1] && !is_sampled(f) && f->bytes[0] + f->bytes[1] < FACT_LARGE_BYTES)
		return false;
	begin(out, FACT_END, f, now_ns);
	return true;
}
