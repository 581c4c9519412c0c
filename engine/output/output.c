/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/output/output.h"

#include "engine/output/eve_common.h"
#include "engine/output/fast.h"
#include "engine/output/payload.h"

/* The record's event_type, and the type in a configuration that asks for it. */
static const struct {
	const char *name, *type;
} kinds[RECORD__COUNT] = {
	[RECORD_ALERT] = { "alert", "alert" },
	[RECORD_PACKET] = { "packet", "alert" },
	[RECORD_DROP] = { "drop", "drop" },
	[RECORD_ANOMALY] = { "anomaly", "anomaly" },
	[RECORD_ARP] = { "arp", "arp" },
	[RECORD_DNS] = { "dns", "dns" },
	[RECORD_HTTP] = { "http", "http" },
	[RECORD_TLS] = { "tls", "tls" },
	[RECORD_SMTP] = { "smtp", "smtp" },
	[RECORD_SSH] = { "ssh", "ssh" },
	[RECORD_FTP] = { "ftp", "ftp" },
	[RECORD_FTP_DATA] = { "ftp_data", "ftp" },
	[RECORD_FILEINFO] = { "fileinfo", "files" },
	[RECORD_FRAME] = { "frame", "frame" },
	[RECORD_FLOW] = { "flow", "flow" },
	[RECORD_NETFLOW] = { "netflow", "netflow" },
	[RECORD_STATS] = { "stats", "stats" },
	[RECORD_ENGINE] = { "engine", "stats" },
};

const char *record_kind_name(enum record_kind k)
{
	return (unsigned)k < RECORD__COUNT ? kinds[k].name : "unknown";
}

const char *record_kind_type(enum record_kind k)
{
	return (unsigned)k < RECORD__COUNT ? kinds[k].type : "unknown";
}

void output_options_stock(struct output_options *o)
{
	*o = (struct output_options){
		.format = OUTPUT_EVE,
		.filename = "eve.json",
		.append = true,
		.community_id = true,
		.metadata = true,
	};
	o->wants[RECORD_ALERT] = o->wants[RECORD_PACKET] = true;
	o->wants[RECORD_ANOMALY] = true;
	for (int k = RECORD_DNS; k <= RECORD_FILEINFO; k++)
		o->wants[k] = true;
	o->wants[RECORD_FLOW] = true;
	o->wants[RECORD_STATS] = true;
	o->alert.rule_metadata = true;
	o->alert.metadata = true;
	o->alert.flow = true;
	o->alert.payload_buffer_bytes = 4096;
	o->frame.payload_buffer_bytes = 4096;
	o->anomaly.applayer = true;
	o->anomaly.watch = true;
	o->tls.fields = OUTPUT_TLS_EXTENDED;
	o->tls.session_resumption = true;
	o->dns.version = 3;
	o->dns.requests = true;
	o->dns.responses = true;
	o->dns.detailed = true;
	o->dns.grouped = true;
	o->stats.totals = true;
	o->stats.null_values = true;
}

static bool proto_has_ports(uint8_t proto)
{
	return proto == IP_PROTO_TCP || proto == IP_PROTO_UDP || proto == IP_PROTO_SCTP;
}

static bool proto_is_icmp(uint8_t proto)
{
	return proto == IP_PROTO_ICMP || proto == IP_PROTO_ICMPV6;
}

void eve_proto(struct eve *w, enum eve_field f, uint8_t proto)
{
	const char *name = ip_proto_name(proto);
	char digits[3];

	if (name) {
		eve_plain(w, f, name, strlen(name));
		return;
	}
	digits[0] = (char)('0' + proto / 100);
	digits[1] = (char)('0' + proto / 10 % 10);
	digits[2] = (char)('0' + proto % 10);
	eve_plain(w, f, digits, sizeof(digits));
}

static void put_vlans(struct eve *w, const uint16_t *vlan, unsigned n)
{
	if (n == 0)
		return;
	eve_key(w, EVE_VLAN);
	buf_char(w->out, '[');
	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			buf_char(w->out, ',');
		buf_u64(w->out, vlan[i]);
	}
	buf_char(w->out, ']');
}

#define FLOWBITS_MAX 256
#define VARIABLES_MAX 64

/* Moves the names with this prefix to out, without it; returns how many. */
static unsigned take_prefix(const char **names, unsigned *n, const char *prefix, const char **out)
{
	unsigned taken = 0, kept = 0;

	for (unsigned i = 0; i < *n; i++) {
		if (strncmp(names[i], prefix, strlen(prefix)) == 0)
			out[taken++] = names[i] + strlen(prefix);
		else
			names[kept++] = names[i];
	}
	*n = kept;
	return taken;
}

/* Flowbits "traffic/id/..." and "traffic/label/..." say what a flow is. */
static void put_traffic(struct eve *w, const char **names, unsigned *n)
{
	const char *id[FLOWBITS_MAX], *label[FLOWBITS_MAX];
	unsigned ids = take_prefix(names, n, "traffic/id/", id);
	unsigned labels = take_prefix(names, n, "traffic/label/", label);

	if (!ids && !labels)
		return;
	eve_open(w, EVE_TRAFFIC);
	if (ids)
		eve_strings(w, EVE_TRAFFIC_ID, id, ids);
	if (labels)
		eve_strings(w, EVE_TRAFFIC_LABEL, label, labels);
	eve_close(w);
}

static void put_variables(struct eve *w, enum eve_field f, const struct rule_note *n,
			  unsigned count)
{
	if (!count)
		return;
	eve_array(w, f);
	for (unsigned i = 0; i < count; i++) {
		eve_item_open(w);
		eve_name(w, n[i].name);
		eve_text_value(w, n[i].value);
		eve_close(w);
	}
	eve_array_end(w);
}

/* of_packet: what was caught in the packet as well. */
static void put_metadata(struct eve *w, const struct output_options *o,
			 const struct output_env *env, const struct flow *f, bool of_packet)
{
	struct rule_note flowvar[VARIABLES_MAX], pktvar[VARIABLES_MAX];
	const char *names[FLOWBITS_MAX];
	unsigned n = 0, flowvars = 0, pktvars = 0;

	if (!o->metadata || !env->detector)
		return;
	if (f && f->detect) {
		n = detect_flowbits(env->detector, f, names, FLOWBITS_MAX);
		put_traffic(w, names, &n);
		flowvars = detect_flowvars(env->detector, f, flowvar, VARIABLES_MAX);
	}
	if (of_packet)
		pktvars = detect_pktvars(env->detector, pktvar, VARIABLES_MAX);
	if (!n && !flowvars && !pktvars)
		return;
	eve_open(w, EVE_METADATA);
	put_variables(w, EVE_METADATA_FLOWVARS, flowvar, flowvars);
	put_variables(w, EVE_METADATA_PKTVARS, pktvar, pktvars);
	if (n)
		eve_strings(w, EVE_METADATA_FLOWBITS, names, n);
	eve_close(w);
}

/* The EtherType of the Ethernet header itself: p->ether_type is the innermost. */
static uint16_t outer_ether_type(const struct packet *p)
{
	struct cursor c = cursor_of(p->data);

	if (p->outer || p->link != LINK_ETHERNET)
		return p->ether_type;
	cursor_skip(&c, 12);
	return cursor_be16(&c);
}

static void put_ether(struct eve *w, const struct output_options *o, const struct packet *p)
{
	uint16_t type;

	if (!o->ethernet || !p || !p->has_mac)
		return;
	type = outer_ether_type(p);
	eve_open(w, EVE_ETHER);
	if (type)
		eve_u64(w, EVE_ETHER_TYPE, type);
	eve_mac(w, EVE_ETHER_SRC, p->mac_src);
	eve_mac(w, EVE_ETHER_DEST, p->mac_dst);
	eve_close(w);
}

/* What follows from the configuration of the output, in the same place in all records. */
static void put_common(struct eve *w, const struct output_options *o, const struct output_env *env,
		       const struct packet *p, const struct flow *f, bool alert)
{
	char id[COMMUNITY_ID_LEN];

	put_metadata(w, o, env, f, alert);
	put_ether(w, o, p);
	if (o->community_id && f) {
		community_id_text(f, o->community_id_seed, id);
		eve_plain(w, EVE_COMMUNITY_ID, id, sizeof(id));
	}
}

void eve_end_record(struct eve *w, const struct output_options *o, const struct output_env *env)
{
	if (o->sensor_name)
		eve_string(w, EVE_HOST, o->sensor_name);
	if (o->pcap_file && env->capture_file)
		eve_string(w, EVE_PCAP_FILENAME, env->capture_file);
	if (o->version)
		eve_string(w, EVE_SURICATA_VERSION, RULE_LANGUAGE_VERSION);
	eve_end(w);
}

static void put_kind(struct eve *w, enum record_kind kind)
{
	const char *name = record_kind_name(kind);

	eve_plain(w, EVE_EVENT_TYPE, name, strlen(name));
}

static void put_flow_id(struct eve *w, const struct output_env *env, const struct flow *f)
{
	const struct app_flow *a;

	if (f && env->flows)
		eve_u64(w, EVE_FLOW_ID, flow_id(env->flows, f));
	a = env->apps && f ? app_flow(env->apps, f) : NULL;
	if (a && a->parent)
		eve_u64(w, EVE_PARENT_ID, a->parent);
}

static void put_packet_addresses(struct eve *w, const struct packet *p, enum eve_direction dir)
{
	bool ports = proto_has_ports(p->proto);
	bool turned =
		(dir == EVE_AS_CLIENT && p->direction) || (dir == EVE_AS_SERVER && !p->direction);

	eve_address(w, EVE_SRC_IP, turned ? &p->dst : &p->src, p->ip_version);
	if (ports)
		eve_u64(w, EVE_SRC_PORT, turned ? p->dport : p->sport);
	eve_address(w, EVE_DEST_IP, turned ? &p->src : &p->dst, p->ip_version);
	if (ports)
		eve_u64(w, EVE_DEST_PORT, turned ? p->sport : p->dport);
	eve_proto(w, EVE_PROTO, p->proto);
	eve_u64(w, EVE_IP_V, p->ip_version);
	if (proto_is_icmp(p->proto) && p->has_l4) {
		eve_u64(w, EVE_ICMP_TYPE, p->icmp_type);
		eve_u64(w, EVE_ICMP_CODE, p->icmp_code);
	}
}

void eve_begin_record(struct eve *w, const struct output_options *o, const struct output_env *env,
		      const struct packet *p, enum record_kind kind, enum eve_direction dir,
		      struct buf *out)
{
	const char *source = packet_source_name((enum packet_source)p->source);

	eve_begin(w, out);
	eve_time(w, EVE_TIMESTAMP, p->time_ns);
	put_flow_id(w, env, p->flow);
	if (env->interface)
		eve_string(w, EVE_IN_IFACE, env->interface);
	/* On interfaces nobody could look a number up. */
	if (p->number && !p->outer && (env->capture_file || !env->interface))
		eve_u64(w, EVE_PCAP_CNT, p->number);
	put_kind(w, kind);
	put_vlans(w, p->vlan, p->vlans);
	if (p->has_ip)
		put_packet_addresses(w, p, dir);
	eve_plain(w, EVE_PKT_SRC, source, strlen(source));
	put_common(w, o, env, p, p->flow, kind == RECORD_ALERT);
}

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

static void put_flow_counts(struct eve *w, const struct flow *f)
{
	eve_u64(w, EVE_FLOW_PKTS_TOSERVER, f->packets[0]);
	eve_u64(w, EVE_FLOW_PKTS_TOCLIENT, f->packets[1]);
	eve_u64(w, EVE_FLOW_BYTES_TOSERVER, f->bytes[0]);
	eve_u64(w, EVE_FLOW_BYTES_TOCLIENT, f->bytes[1]);
	eve_time(w, EVE_FLOW_START, f->start_ns);
}

/* The flow beside an alert: its ends are the packet's, turned to the client's view. */
static void put_alert_flow(struct eve *w, const struct output_options *o, const struct packet *p)
{
	bool back = p->direction != 0;

	if (!o->alert.flow || !p->flow)
		return;
	eve_open(w, EVE_FLOW);
	put_flow_counts(w, p->flow);
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

static void put_packet(struct eve *w, const struct packet *p, size_t limit)
{
	size_t len = p->data.len < limit ? p->data.len : limit;

	if (len == 0)
		return;
	eve_base64(w, EVE_PACKET, p->data.data, len);
	eve_open(w, EVE_PACKET_INFO);
	eve_u64(w, EVE_PACKET_LINKTYPE, link_dlt(p->link));
	eve_string(w, EVE_PACKET_LINKTYPE_NAME, link_name(p->link));
	eve_close(w);
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
		put_packet(&w, p, SIZE_MAX);
	if (o->alert.verdict)
		put_verdict(&w, env, p, verdict);
	eve_end_record(&w, o, env);
}

static void put_drop_ip(struct eve *w, const struct packet *p)
{
	if (p->ip_version == 4) {
		eve_u64(w, EVE_DROP_LEN, p->l3_len);
		eve_u64(w, EVE_DROP_TOS, p->tos);
		eve_u64(w, EVE_DROP_TTL, p->ttl);
		eve_u64(w, EVE_DROP_IPID, p->ip_id);
	} else {
		struct cursor c = cursor_of(bytes_slice(p->data, p->l3_offset, 4));

		eve_u64(w, EVE_DROP_LEN, p->l3_len > 40 ? p->l3_len - 40u : 0);
		eve_u64(w, EVE_DROP_TC, p->tos);
		eve_u64(w, EVE_DROP_HOPLIMIT, p->ttl);
		eve_u64(w, EVE_DROP_FLOWLBL, cursor_be32(&c) & 0xfffff);
	}
}

static void put_drop_tcp(struct eve *w, const struct packet_tcp *t)
{
	eve_u64(w, EVE_DROP_TCPSEQ, t->seq);
	eve_u64(w, EVE_DROP_TCPACK, t->ack);
	eve_u64(w, EVE_DROP_TCPWIN, t->window);
	eve_bool(w, EVE_DROP_SYN, t->flags & TCP_SYN);
	eve_bool(w, EVE_DROP_ACK, t->flags & TCP_ACK);
	eve_bool(w, EVE_DROP_PSH, t->flags & TCP_PSH);
	eve_bool(w, EVE_DROP_RST, t->flags & TCP_RST);
	eve_bool(w, EVE_DROP_URG, t->flags & TCP_URG);
	eve_bool(w, EVE_DROP_FIN, t->flags & TCP_FIN);
	eve_u64(w, EVE_DROP_TCPRES, t->reserved);
	eve_u64(w, EVE_DROP_TCPURGP, t->urgent);
}

static void put_drop_transport(struct eve *w, const struct packet *p)
{
	struct cursor c = cursor_of(bytes_slice(p->data, p->l4_offset, 8));

	switch (p->proto) {
	case IP_PROTO_TCP:
		put_drop_tcp(w, &p->tcp);
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
		put_drop_ip(&w, p);
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

#define ANOMALY_PACKET_BYTES 32

static void put_overlap(struct eve *w, const struct packet_overlap *o)
{
	size_t len = o->len < PACKET_OVERLAP_MAX ? o->len : PACKET_OVERLAP_MAX;

	eve_open(w, EVE_WEIR);
	eve_open(w, EVE_WEIR_OVERLAP);
	eve_u64(w, EVE_OVERLAP_OFFSET, o->offset);
	eve_u64(w, EVE_OVERLAP_LENGTH, o->len);
	eve_string(w, EVE_OVERLAP_KEPT, o->newer_kept ? "newer" : "older");
	eve_base64(w, EVE_OVERLAP_OLDER, o->older, len);
	eve_base64(w, EVE_OVERLAP_NEWER, o->newer, len);
	eve_close(w);
	eve_close(w);
}

static bool tells_of_overlap(enum event e)
{
	return e == EVENT_STREAM_REASSEMBLY_OVERLAP_DIFFERENT_DATA ||
	       e == EVENT_DECODE_IPV4_FRAG_OVERLAP || e == EVENT_DECODE_IPV6_FRAG_OVERLAP;
}

void output_anomaly(const struct output_options *o, const struct output_env *env,
		    const struct packet *p, enum event e, struct buf *out)
{
	bool decode = event_is_decode(e);
	struct eve w;

	eve_begin_record(&w, o, env, p, RECORD_ANOMALY, EVE_AS_PACKET, out);
	eve_open(&w, EVE_ANOMALY);
	eve_string(&w, EVE_ANOMALY_TYPE, decode ? "decode" : "stream");
	eve_key(&w, EVE_ANOMALY_EVENT);
	buf_char(out, '"');
	buf_text(out, event_layer(e));
	buf_char(out, '.');
	buf_text(out, eve_event_name(e));
	buf_char(out, '"');
	eve_close(&w);
	if (o->anomaly.packet_header)
		put_packet(&w, p, ANOMALY_PACKET_BYTES);
	if (p->overlap && tells_of_overlap(e))
		put_overlap(&w, p->overlap);
	eve_end_record(&w, o, env);
}

/* RFC 826 and RFC 903: Ethernet and IPv4 are all that the decoder takes. */
static const char *arp_opcode(unsigned opcode)
{
	static const char *const names[] = { NULL, "request", "reply", "request_reverse",
					     "reply_reverse" };

	return opcode < sizeof(names) / sizeof(names[0]) ? names[opcode] : NULL;
}

void output_packet(const struct output_options *o, const struct output_env *env,
		   const struct packet *p, struct buf *out)
{
	struct eve w;

	eve_begin_record(&w, o, env, p, RECORD_PACKET, EVE_AS_PACKET, out);
	put_packet(&w, p, p->data.len);
	eve_end_record(&w, o, env);
}

void output_arp(const struct output_options *o, const struct output_env *env,
		const struct packet *p, struct buf *out)
{
	struct cursor c = cursor_of(p->arp);
	uint16_t hardware = cursor_be16(&c);
	uint16_t protocol = cursor_be16(&c);
	uint16_t sizes = cursor_be16(&c);
	const char *opcode = arp_opcode(cursor_be16(&c));
	const uint8_t *body = cursor_take(&c, 20);
	struct ip_addr src, dst;
	struct eve w;

	/* Anything else was an event. */
	if (!body || !opcode || hardware != 1 || protocol != 0x0800 || sizes != 0x0604)
		return;
	src = ip_addr_v4(body + 6);
	dst = ip_addr_v4(body + 16);
	eve_begin_record(&w, o, env, p, RECORD_ARP, EVE_AS_PACKET, out);
	eve_open(&w, EVE_ARP);
	eve_string(&w, EVE_ARP_HW_TYPE, "ethernet");
	eve_string(&w, EVE_ARP_PROTO_TYPE, "ipv4");
	eve_string(&w, EVE_ARP_OPCODE, opcode);
	eve_mac(&w, EVE_ARP_SRC_MAC, body);
	eve_address(&w, EVE_ARP_SRC_IP, &src, 4);
	eve_mac(&w, EVE_ARP_DEST_MAC, body + 10);
	eve_address(&w, EVE_ARP_DEST_IP, &dst, 4);
	eve_close(&w);
	eve_end_record(&w, o, env);
}

static void begin_flow(struct eve *w, const struct output_env *env, const struct flow *f,
		       enum record_kind kind, int64_t now_ns, struct buf *out)
{
	eve_begin(w, out);
	eve_time(w, EVE_TIMESTAMP, now_ns);
	put_flow_id(w, env, f);
	if (env->interface)
		eve_string(w, EVE_IN_IFACE, env->interface);
	put_kind(w, kind);
	put_vlans(w, f->vlan, f->vlans);
}

static void put_flow_addresses(struct eve *w, const struct flow *f, unsigned dir)
{
	bool ports = proto_has_ports(f->proto);

	eve_address(w, EVE_SRC_IP, dir ? &f->server : &f->client, f->ip_version);
	if (ports)
		eve_u64(w, EVE_SRC_PORT, dir ? f->server_port : f->client_port);
	eve_address(w, EVE_DEST_IP, dir ? &f->client : &f->server, f->ip_version);
	if (ports)
		eve_u64(w, EVE_DEST_PORT, dir ? f->client_port : f->server_port);
}

static void put_flow_spi(struct eve *w, const struct flow *f)
{
	if (f->proto == IP_PROTO_ESP)
		eve_u64(w, EVE_SPI, (uint32_t)f->client_port << 16 | f->server_port);
}

static void put_flow_icmp(struct eve *w, const struct flow *f)
{
	int answer;

	if (!proto_is_icmp(f->proto))
		return;
	eve_u64(w, EVE_ICMP_TYPE, f->client_port);
	eve_u64(w, EVE_ICMP_CODE, f->server_port);
	if (f->packets[1] == 0)
		return;
	answer = icmp_answer(f->ip_version, (uint8_t)f->client_port);
	eve_u64(w, EVE_RESPONSE_ICMP_TYPE, answer >= 0 ? (unsigned)answer : 0);
	eve_u64(w, EVE_RESPONSE_ICMP_CODE, 0);
}

/* Whole seconds of both times, subtracted: what Suricata calls age. */
static uint64_t age_s(const struct flow *f)
{
	int64_t age = f->last_ns / 1000000000 - f->start_ns / 1000000000;

	return age > 0 ? (uint64_t)age : 0;
}

static void put_tcp_flags(struct eve *w, uint8_t flags)
{
	static const struct {
		uint8_t flag;
		enum eve_field field;
	} order[] = {
		{ TCP_SYN, EVE_TCP_SYN }, { TCP_FIN, EVE_TCP_FIN }, { TCP_RST, EVE_TCP_RST },
		{ TCP_PSH, EVE_TCP_PSH }, { TCP_ACK, EVE_TCP_ACK }, { TCP_URG, EVE_TCP_URG },
		{ TCP_ECE, EVE_TCP_ECN }, { TCP_CWR, EVE_TCP_CWR },
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (flags & order[i].flag)
			eve_bool(w, order[i].field, true);
	}
}

static void put_flow_tcp(struct eve *w, const struct output_env *env, const struct flow *f)
{
	struct stream_summary s = { .flags_to_server = 0 };
	bool session;

	if (f->proto != IP_PROTO_TCP)
		return;
	session = env->streams && stream_summary(env->streams, f, &s);
	eve_open(w, EVE_TCP);
	eve_hex8(w, EVE_TCP_FLAGS, s.flags_to_server | s.flags_to_client);
	eve_hex8(w, EVE_TCP_FLAGS_TS, s.flags_to_server);
	eve_hex8(w, EVE_TCP_FLAGS_TC, s.flags_to_client);
	put_tcp_flags(w, s.flags_to_server | s.flags_to_client);
	if (session) {
		eve_string(w, EVE_TCP_STATE, tcp_state_name(s.state));
		if (s.gap_to_client)
			eve_bool(w, EVE_TCP_TC_GAP, true);
		if (s.gap_to_server)
			eve_bool(w, EVE_TCP_TS_GAP, true);
		eve_u64(w, EVE_TCP_TS_MAX_REGIONS, s.regions_to_server);
		eve_u64(w, EVE_TCP_TC_MAX_REGIONS, s.regions_to_client);
	}
	eve_close(w);
}

static void put_exceptions(struct eve *w, const struct exceptions *e, const struct flow *f)
{
	eve_array(w, EVE_FLOW_EXCEPTIONS);
	for (unsigned t = 0; t < EXCEPTION_OF_FLOWS; t++) {
		if (!(f->exceptions >> t & 1))
			continue;
		eve_item_open(w);
		eve_string(w, EVE_FLOW_EXCEPTION_TARGET,
			   exception_target_name((enum exception_target)t));
		eve_string(w, EVE_FLOW_EXCEPTION_POLICY,
			   exception_policy_name((enum exception_policy)e->policy[t]));
		eve_close(w);
	}
	eve_array_end(w);
}

static void put_transactions(struct eve *w, const struct output_env *env, const struct flow *f)
{
	const struct app_flow *a = env->apps && f->app ? app_flow(env->apps, f) : NULL;

	if (a && a->transactions && f->state != FLOW_BYPASSED)
		eve_u64(w, EVE_FLOW_TX_CNT, a->transactions);
}

void output_flow(const struct output_options *o, const struct output_env *env, const struct flow *f,
		 enum flow_end_reason reason, int64_t now_ns, struct buf *out)
{
	struct eve w;

	begin_flow(&w, env, f, RECORD_FLOW, now_ns, out);
	put_flow_addresses(&w, f, 0);
	eve_u64(&w, EVE_IP_V, f->ip_version);
	eve_proto(&w, EVE_PROTO, f->proto);
	put_flow_icmp(&w, f);
	put_flow_spi(&w, f);
	eve_app_proto(&w, env, f);
	eve_open(&w, EVE_FLOW);
	put_flow_counts(&w, f);
	eve_time(&w, EVE_FLOW_END, f->last_ns);
	eve_u64(&w, EVE_FLOW_AGE, age_s(f));
	if (f->flags & FLOW_EMERGENCY)
		eve_bool(&w, EVE_FLOW_EMERGENCY, true);
	eve_string(&w, EVE_FLOW_STATE, flow_state_name((enum flow_state)f->state));
	if (f->state == FLOW_BYPASSED)
		eve_string(&w, EVE_FLOW_BYPASS, f->flags & FLOW_TOLD ? "capture" : "local");
	eve_string(&w, EVE_FLOW_REASON, flow_end_reason_name(reason));
	eve_bool(&w, EVE_FLOW_ALERTED, f->flags & FLOW_ALERTED);
	if (f->flags & FLOW_DROPPED)
		eve_string(&w, EVE_FLOW_ACTION, "drop");
	else if (f->flags & FLOW_PASSED)
		eve_string(&w, EVE_FLOW_ACTION, "pass");
	if (f->exceptions && env->exceptions)
		put_exceptions(&w, env->exceptions, f);
	put_transactions(&w, env, f);
	eve_close(&w);
	put_common(&w, o, env, NULL, f, false);
	put_flow_tcp(&w, env, f);
	eve_end_record(&w, o, env);
}

static void put_netflow_tcp(struct eve *w, const struct output_env *env, const struct flow *f,
			    unsigned dir)
{
	struct stream_summary s = { .flags_to_server = 0 };
	uint8_t flags;

	if (f->proto != IP_PROTO_TCP)
		return;
	if (env->streams)
		stream_summary(env->streams, f, &s);
	flags = dir ? s.flags_to_client : s.flags_to_server;
	eve_open(w, EVE_TCP);
	eve_hex8(w, EVE_TCP_FLAGS, flags);
	put_tcp_flags(w, flags);
	eve_close(w);
}

static void put_netflow_icmp(struct eve *w, const struct flow *f, unsigned dir)
{
	int type = f->client_port;

	if (!proto_is_icmp(f->proto))
		return;
	if (dir)
		type = icmp_answer(f->ip_version, (uint8_t)f->client_port);
	eve_u64(w, EVE_ICMP_TYPE, type >= 0 ? (unsigned)type : 0);
	eve_u64(w, EVE_ICMP_CODE, dir ? 0 : f->server_port);
}

static void netflow_direction(const struct output_options *o, const struct output_env *env,
			      const struct flow *f, unsigned dir, int64_t now_ns, struct buf *out)
{
	struct eve w;

	begin_flow(&w, env, f, RECORD_NETFLOW, now_ns, out);
	put_flow_addresses(&w, f, dir);
	eve_proto(&w, EVE_PROTO, f->proto);
	put_netflow_icmp(&w, f, dir);
	put_flow_spi(&w, f);
	if (f->app_proto == APP_PROTO_UNKNOWN)
		eve_app_proto_name(&w, EVE_APP_PROTO, APP_PROTO_UNKNOWN);
	else
		eve_app_proto(&w, env, f);
	eve_open(&w, EVE_NETFLOW);
	eve_u64(&w, EVE_NETFLOW_PKTS, f->packets[dir]);
	eve_u64(&w, EVE_NETFLOW_BYTES, f->bytes[dir]);
	eve_time(&w, EVE_NETFLOW_START, f->start_ns);
	eve_time(&w, EVE_NETFLOW_END, f->last_ns);
	eve_u64(&w, EVE_NETFLOW_AGE, age_s(f));
	eve_u64(&w, EVE_NETFLOW_MIN_TTL, f->min_ttl[dir]);
	eve_u64(&w, EVE_NETFLOW_MAX_TTL, f->max_ttl[dir]);
	eve_close(&w);
	put_netflow_tcp(&w, env, f, dir);
	put_common(&w, o, env, NULL, f, false);
	eve_end_record(&w, o, env);
}

void output_netflow(const struct output_options *o, const struct output_env *env,
		    const struct flow *f, int64_t now_ns, struct buf *out)
{
	netflow_direction(o, env, f, 0, now_ns, out);
	if (f->packets[1] > 0)
		netflow_direction(o, env, f, 1, now_ns, out);
}
