/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP packets with their session behind them, for whoever looks for what a session makes of them.
 */
#include "engine/output/eve_common.h"
#include "engine/stream/session.h"

#include <stdio.h>

/* A field of EVE_HEADERS, and of EVE_SIDE, by its place behind the first. */
#define HEADER(F) (enum eve_field)(first + (EVE_DROP_##F - EVE_DROP_LEN))
#define SIDE(F) (enum eve_field)(first + (EVE_STREAM_CLIENT_##F - EVE_STREAM_CLIENT_ISN))
#define NAMES_MAX 16

void eve_ip_header(struct eve *w, enum eve_field first, const struct packet *p)
{
	if (p->ip_version == 4) {
		eve_u64(w, HEADER(LEN), p->l3_len);
		eve_u64(w, HEADER(TOS), p->tos);
		eve_u64(w, HEADER(TTL), p->ttl);
		eve_u64(w, HEADER(IPID), p->ip_id);
	} else {
		struct cursor c = cursor_of(bytes_slice(p->data, p->l3_offset, 4));

		eve_u64(w, HEADER(LEN), p->l3_len > 40 ? p->l3_len - 40u : 0);
		eve_u64(w, HEADER(TC), p->tos);
		eve_u64(w, HEADER(HOPLIMIT), p->ttl);
		eve_u64(w, HEADER(FLOWLBL), cursor_be32(&c) & 0xfffff);
	}
}

void eve_tcp_header(struct eve *w, enum eve_field first, const struct packet_tcp *t)
{
	eve_u64(w, HEADER(TCPSEQ), t->seq);
	eve_u64(w, HEADER(TCPACK), t->ack);
	eve_u64(w, HEADER(TCPWIN), t->window);
	eve_bool(w, HEADER(SYN), t->flags & TCP_SYN);
	eve_bool(w, HEADER(ACK), t->flags & TCP_ACK);
	eve_bool(w, HEADER(PSH), t->flags & TCP_PSH);
	eve_bool(w, HEADER(RST), t->flags & TCP_RST);
	eve_bool(w, HEADER(URG), t->flags & TCP_URG);
	eve_bool(w, HEADER(FIN), t->flags & TCP_FIN);
	eve_u64(w, HEADER(TCPRES), t->reserved);
	eve_u64(w, HEADER(TCPURGP), t->urgent);
}

/* --- the session ----------------------------------------------------------------------------- */

struct names {
	const char *name[NAMES_MAX];
	unsigned n;
};

static void name_where(struct names *names, bool truth, const char *name)
{
	if (truth && names->n < NAMES_MAX)
		names->name[names->n++] = name;
}

static void put_names(struct eve *w, enum eve_field f, const struct names *names)
{
	if (names->n)
		eve_strings(w, f, names->name, names->n);
}

static void put_side(struct eve *w, enum eve_field object, enum eve_field first,
		     const struct stream_engine *e, const struct side *s)
{
	struct names flags = { .n = 0 };

	name_where(&flags, s->flags & SIDE_GAP, "has_gap");
	name_where(&flags, s->flags & SIDE_RELEASED, "noreassembly");
	name_where(&flags, s->flags & SIDE_KEEPALIVE, "keepalive");
	name_where(&flags, s->flags & SIDE_DEPTH, "depth_reached");
	name_where(&flags, s->flags & SIDE_TRIGGER, "trigger_raw");
	name_where(&flags, s->last_ts, "timestamp");
	name_where(&flags, s->flags & SIDE_ZERO_TS, "zero_timestamp");
	name_where(&flags, s->flags & SIDE_RST_RECEIVED, "rst_recv");
	eve_open(w, object);
	eve_u64(w, SIDE(ISN), s->isn);
	eve_u64(w, SIDE(NEXT_SEQ), s->next_seq);
	eve_u64(w, SIDE(LAST_ACK), s->last_ack);
	eve_u64(w, SIDE(NEXT_WIN), s->next_win);
	if (!(s->flags & SIDE_RELEASED)) {
		uint32_t zero = s->isn + 1 + s->urgent;

		eve_u64(w, SIDE(BASE_SEQ), (uint32_t)(zero + side_left(e, s)));
		eve_u64(w, SIDE(RIGHT_EDGE), s->edge ? (uint32_t)(zero + s->edge) : 0);
	}
	eve_u64(w, SIDE(WINDOW), s->window);
	eve_u64(w, SIDE(WSCALE), s->wscale);
	put_names(w, SIDE(FLAGS), &flags);
	eve_u64(w, SIDE(SEG_CNT), s->segment_count);
	eve_u64(w, SIDE(BUFFER), s->buffer ? (uint64_t)BUFFER_MIN_BYTES << s->order : 0);
	eve_close(w);
}

static void put_session(struct eve *w, const struct stream_engine *e, const struct packet *p)
{
	const struct session *ssn = session_look(e, p->flow);
	struct names flags = { .n = 0 };

	name_where(&flags, ssn->flags & SESSION_MIDSTREAM, "midstream");
	name_where(&flags, ssn->flags & SESSION_MIDSTREAM_ESTABLISHED, "midstream_established");
	name_where(&flags, ssn->flags & SESSION_MIDSTREAM_SYNACK, "midstream_synack");
	name_where(&flags, ssn->flags & SESSION_TIMESTAMP, "timestamp");
	name_where(&flags, ssn->flags & SESSION_CLIENT_WSCALE, "server_wscale");
	name_where(&flags, ssn->flags & SESSION_4WHS, "4whs");
	name_where(&flags, ssn->flags & SESSION_EVASION, "detect_evasion_attempt");
	name_where(&flags, ssn->flags & SESSION_CONFIRMED, "3whs_confirmed");
	name_where(&flags, ssn->flags & SESSION_FAST_OPEN, "tcp_fast_open");
	eve_open(w, EVE_STREAM_SESSION);
	eve_string(w, EVE_STREAM_STATE, tcp_state_name((enum tcp_state)ssn->state));
	if (p->stream_state_changed)
		eve_string(w, EVE_STREAM_PSTATE, tcp_state_name((enum tcp_state)ssn->before));
	if (flags.n) {
		eve_open(w, EVE_STREAM_FLAGS);
		put_names(w, EVE_STREAM_FLAGS_FLAGS, &flags);
		eve_close(w);
	}
	put_side(w, EVE_STREAM_CLIENT, EVE_STREAM_CLIENT_ISN, e, &ssn->side[0]);
	put_side(w, EVE_STREAM_SERVER, EVE_STREAM_SERVER_ISN, e, &ssn->side[1]);
	eve_close(w);
}

void output_stream(const struct output_options *o, const struct output_env *env,
		   const struct packet *p, const char *reason, struct buf *out)
{
	struct names flags = { .n = 0 }, events = { .n = 0 };
	/* Names point into it. */
	char texts[PACKET_EVENTS_MAX][96];
	struct eve w;

	for (unsigned i = 0; i < p->events; i++) {
		if (event_is_decode((enum event)p->event[i]))
			continue;
		snprintf(texts[events.n], sizeof(texts[0]), "stream.%s",
			 eve_event_name((enum event)p->event[i]));
		name_where(&events, true, texts[events.n]);
	}
	if (!o->stream.all && !(o->stream.event_set && events.n) &&
	    !(o->stream.state_update && p->stream_state_changed))
		return;
	name_where(&flags, events.n, "event_set");
	name_where(&flags, p->stream_state_changed, "state_update");
	eve_begin_record(&w, o, env, p, RECORD_STREAM_TCP, EVE_AS_PACKET, out);
	if (p->flow)
		eve_string(&w, EVE_DIRECTION, p->direction ? "to_client" : "to_server");
	eve_open(&w, EVE_STREAM_TCP);
	eve_open(&w, EVE_STREAM_PACKET);
	eve_ip_header(&w, EVE_STREAM_PACKET_LEN, p);
	eve_tcp_header(&w, EVE_STREAM_PACKET_LEN, &p->tcp);
	put_names(&w, EVE_STREAM_PACKET_FLAGS, &flags);
	eve_close(&w);
	if (p->flow && p->flow->tcp && env->streams)
		put_session(&w, env->streams, p);
	put_names(&w, EVE_STREAM_EVENTS, &events);
	if (reason)
		eve_string(&w, EVE_STREAM_REASON, reason);
	eve_close(&w);
	eve_end_record(&w, o, env);
}
