/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts and drops: what a rule said of a packet. */
#include "engine/output/output.h"

#include "engine/output/eve_common.h"
#include "engine/output/fast.h"
#include "engine/output/payload.h"

static void put_endpoint(struct eve *w, enum eve_field object, enum eve_field ip,
			 enum eve_field port, const struct packet *p, bool of_source)
{
	eve_open(w, object);
	eve_address(w, ip, of_source ? &p->src : &p->dst, p->ip_version);
	if (proto_has_ports(p->proto))
		eve_u64(w, port, of_source ? p->sport : p->dport);
	eve_close(w);
}

/* The side that the rule calls its target is attacked, the other attacks. */
static void put_target(struct eve *w, const struct packet *p, uint8_t target)
{
	if (!p->has_ip || target == TARGET_NONE)
		return;
	put_endpoint(w, EVE_ALERT_SOURCE, EVE_ALERT_SOURCE_IP, EVE_ALERT_SOURCE_PORT, p,
		     target == TARGET_DEST);
	put_endpoint(w, EVE_ALERT_TARGET, EVE_ALERT_TARGET_IP, EVE_ALERT_TARGET_PORT, p,
		     target == TARGET_SRC);
}

/* What its conditions found: sets of JSON, and groups of expressions. */
static void put_context(struct eve *w, const struct alert *a)
{
	bool open = false;

	for (unsigned i = 0; i < a->notes; i++) {
		const struct rule_note *n = &a->note[i];

		if (n->kind != NOTE_CONTEXT && n->kind != NOTE_ALERT)
			continue;
		if (!open)
			eve_open(w, EVE_ALERT_CONTEXT);
		open = true;
		eve_name(w, n->name);
		if (n->kind == NOTE_CONTEXT)
			buf_bytes(w->out, n->value.data, n->value.len);
		else
			eve_text_value(w, n->value);
	}
	if (open)
		eve_close(w);
}

static void put_alert(struct eve *w, const struct output_options *o, const struct output_env *env,
		      const struct packet *p, const struct alert *a, const struct rule_info *rule)
{
	bool blocked = (a->flags & ALERT_REJECTS) || ((a->flags & ALERT_DROPS) && env->inline_mode);
	struct ip_addr addr;
	struct bytes text;
	unsigned version;

	eve_open(w, EVE_ALERT);
	eve_string(w, EVE_ALERT_ACTION, blocked ? "blocked" : "allowed");
	eve_u64(w, EVE_ALERT_GID, rule->gid);
	eve_u64(w, EVE_ALERT_SID, rule->sid);
	eve_u64(w, EVE_ALERT_REV, rule->rev);
	eve_string(w, EVE_ALERT_SIGNATURE, rule->msg ? rule->msg : "");
	eve_string(w, EVE_ALERT_CATEGORY, rule->class_text ? rule->class_text : "");
	eve_u64(w, EVE_ALERT_SEVERITY, rule->priority);
	put_target(w, p, rule->target);
	if (o->alert.rule_references && rule->references_json)
		eve_json(w, EVE_ALERT_REFERENCES, rule->references_json);
	if (o->alert.rule_metadata && rule->metadata_json)
		eve_json(w, EVE_ALERT_METADATA, rule->metadata_json);
	if (o->alert.rule_text && rule->text)
		eve_string(w, EVE_ALERT_RULE, rule->text);
	put_context(w, a);
	if (!o->xff.overwrite && eve_xff(o, a->tx, &text, &addr, &version))
		eve_text(w, EVE_ALERT_XFF, text);
	eve_close(w);
}

static void put_tunnel(struct eve *w, const struct packet *p)
{
	const struct packet *root = p->outer;
	const char *source;

	if (!root)
		return;
	while (root->outer)
		root = root->outer;
	source = packet_source_name((enum packet_source)root->source);
	eve_open(w, EVE_TUNNEL);
	if (root->has_ip) {
		eve_address(w, EVE_TUNNEL_SRC_IP, &root->src, root->ip_version);
		eve_u64(w, EVE_TUNNEL_SRC_PORT, proto_has_ports(root->proto) ? root->sport : 0);
		eve_address(w, EVE_TUNNEL_DEST_IP, &root->dst, root->ip_version);
		eve_u64(w, EVE_TUNNEL_DEST_PORT, proto_has_ports(root->proto) ? root->dport : 0);
		eve_proto(w, EVE_TUNNEL_PROTO, root->proto);
	}
	eve_u64(w, EVE_TUNNEL_DEPTH, p->depth);
	eve_u64(w, EVE_TUNNEL_PCAP_CNT, root->number);
	eve_plain(w, EVE_TUNNEL_PKT_SRC, source, strlen(source));
	eve_close(w);
}

static void put_direction(struct eve *w, const struct packet *p)
{
	if (p->flow)
		eve_string(w, EVE_DIRECTION, p->direction ? "to_client" : "to_server");
}

/* The flow beside an alert: its ends are the packet's, turned to the client's view. */
static void put_alert_flow(struct eve *w, const struct output_options *o, const struct packet *p)
{
	bool back = p->direction != 0;

	if (!o->alert.flow || !p->flow)
		return;
	eve_open(w, EVE_FLOW);
	eve_flow_counts(w, p->flow);
	eve_address(w, EVE_FLOW_SRC_IP, back ? &p->dst : &p->src, p->ip_version);
	eve_address(w, EVE_FLOW_DEST_IP, back ? &p->src : &p->dst, p->ip_version);
	if (proto_has_ports(p->proto) && p->sport > 0) {
		eve_u64(w, EVE_FLOW_SRC_PORT, back ? p->dport : p->sport);
		eve_u64(w, EVE_FLOW_DEST_PORT, back ? p->sport : p->dport);
	}
	eve_close(w);
}

/* Give the payload of an alert to a sink: of the stream, or of the packet. */
static void feed_payload(struct payload_sink *s, const struct output_env *env,
			 const struct packet *p, bool stream)
{
	if (stream)
		stream_pieces(env->streams, p->flow, p->direction, payload_piece, s);
	else
		payload_piece(s, p->payload.data, p->payload.len);
	payload_end(s);
}

static void put_payload_as(struct eve *w, enum eve_field f, enum payload_form form, size_t limit,
			   const struct output_env *env, const struct packet *p, bool stream)
{
	struct payload_sink s;

	payload_begin(&s, form, limit, w->out);
	eve_key(w, f);
	buf_char(w->out, '"');
	feed_payload(&s, env, p, stream);
	buf_char(w->out, '"');
}

static void put_payload(struct eve *w, const struct output_options *o, const struct output_env *env,
			const struct packet *p, const struct alert *a)
{
	bool stream = p->proto == IP_PROTO_TCP && (a->flags & ALERT_STREAM);
	bool pieces = stream && env->streams && p->flow;
	/* Suricata keeps the last byte of its buffer for a zero. */
	size_t limit = o->alert.payload_buffer_bytes > 0 ? o->alert.payload_buffer_bytes - 1 : 0;
	struct payload_sink count;

	if (!o->alert.payload && !o->alert.payload_printable && !o->alert.payload_length)
		return;
	payload_begin(&count, PAYLOAD_COUNT, limit, NULL);
	if (pieces)
		feed_payload(&count, env, p, true);
	if (count.taken == 0) {
		pieces = false;
		limit = count.taken = p->payload.len;
	}
	if (count.taken > 0) {
		if (o->alert.payload)
			put_payload_as(w, EVE_PAYLOAD, PAYLOAD_BASE64, limit, env, p, pieces);
		if (o->alert.payload_length)
			eve_u64(w, EVE_PAYLOAD_LENGTH, count.taken);
		if (o->alert.payload_printable)
			put_payload_as(w, EVE_PAYLOAD_PRINTABLE, PAYLOAD_PRINTABLE, limit, env, p,
				       pieces);
	}
	eve_u64(w, EVE_STREAM, stream);
}

static void put_reject(struct eve *w, const struct packet *p, uint8_t verdict)
{
	static const char *const tcp_reset[] = { "tcp-reset" };
	static const char *const icmp_prohib[] = { "icmp-prohib" };
	const char *target = verdict == ACTION_REJECT_DST    ? "to_server"
			     : verdict == ACTION_REJECT_BOTH ? "both"
							     : "to_client";

	eve_string(w, EVE_VERDICT_REJECT_TARGET, target);
	if (p->proto == IP_PROTO_TCP)
		eve_strings(w, EVE_VERDICT_REJECT, tcp_reset, 1);
	else if (p->proto == IP_PROTO_UDP || proto_is_icmp(p->proto))
		eve_strings(w, EVE_VERDICT_REJECT, icmp_prohib, 1);
}

static void put_verdict(struct eve *w, const struct output_env *env, const struct packet *p,
			uint8_t verdict)
{
	bool rejects = verdict >= ACTION_REJECT && verdict <= ACTION_REJECT_BOTH;
	bool drops = (verdict == ACTION_DROP || rejects) && env->inline_mode;

	eve_open(w, EVE_VERDICT);
	eve_string(w, EVE_VERDICT_ACTION,
		   drops		    ? "drop"
		   : verdict == ACTION_PASS ? "pass"
					    : "alert");
	if (rejects)
		put_reject(w, p, verdict);
	eve_close(w);
}

void output_alert(const struct output_options *o, const struct output_env *env,
		  const struct packet *p, const struct alert *a, const struct rule_info *rule,
		  uint8_t verdict, struct buf *out)
{
	const struct packet *shown = p;
	struct packet forwarded;
	struct ip_addr addr;
	struct bytes text;
	unsigned version;
	struct eve w;

	if (o->format == OUTPUT_FAST) {
		fast_alert(env, p, a, rule, out);
		return;
	}
	if (o->xff.overwrite && eve_xff(o, a->tx, &text, &addr, &version) &&
	    version == p->ip_version) {
		forwarded = *p;
		*(p->direction ? &forwarded.dst : &forwarded.src) = addr;
		shown = &forwarded;
	}
	eve_begin_record(&w, o, env, shown, RECORD_ALERT, EVE_AS_PACKET, out);
	if (a->tx || (a->frame && (a->frame->flags & FRAME_HAS_TX)))
		eve_u64(&w, EVE_TX_ID, a->tx ? a->tx->id : a->frame->tx_id);
	put_alert(&w, o, env, p, a, rule);
	if (a->tx && o->alert.metadata) {
		w.bodies = o->alert.http_body;
		w.bodies_printable = o->alert.http_body_printable;
		eve_tx_of_alert(&w, a->tx, p->direction);
	}
	eve_app_proto(&w, env, p->flow);
	put_tunnel(&w, p);
	put_direction(&w, p);
	put_alert_flow(&w, o, p);
	put_payload(&w, o, env, p, a);
	if (a->frame)
		eve_frame_object(&w, env, p, a->frame, o->alert.payload_buffer_bytes);
	if (o->alert.packet)
		eve_packet(&w, p, SIZE_MAX);
	if (o->alert.verdict)
		put_verdict(&w, env, p, verdict);
	eve_end_record(&w, o, env);
}

static void put_drop_transport(struct eve *w, const struct packet *p)
{
	struct cursor c = cursor_of(bytes_slice(p->data, p->l4_offset, 8));

	switch (p->proto) {
	case IP_PROTO_TCP:
		eve_tcp_header(w, EVE_DROP_LEN, &p->tcp);
		break;
	case IP_PROTO_UDP:
		cursor_skip(&c, 4);
		eve_u64(w, EVE_DROP_UDPLEN, cursor_be16(&c));
		break;
	case IP_PROTO_ICMP:
		eve_u64(w, EVE_DROP_ICMP_ID, p->has_icmp_id ? p->icmp_id : 0);
		eve_u64(w, EVE_DROP_ICMP_SEQ, p->has_icmp_id ? p->icmp_seq : 0);
		break;
	default:
		break;
	}
}

void output_drop(const struct output_options *o, const struct output_env *env,
		 const struct packet *p, const struct alert *a, const struct rule_info *rule,
		 const char *reason, uint8_t verdict, struct buf *out)
{
	struct eve w;

	eve_begin_record(&w, o, env, p, RECORD_DROP, EVE_AS_PACKET, out);
	put_direction(&w, p);
	eve_open(&w, EVE_DROP);
	if (p->has_ip)
		eve_ip_header(&w, EVE_DROP_LEN, p);
	if (p->has_ip && p->has_l4)
		put_drop_transport(&w, p);
	eve_string(&w, EVE_DROP_REASON, reason);
	eve_close(&w);
	if (o->drop.verdict)
		put_verdict(&w, env, p, verdict);
	if (o->drop.alerts && a && rule)
		put_alert(&w, o, env, p, a, rule);
	eve_end_record(&w, o, env);
}
