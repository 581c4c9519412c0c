/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/output/output.h"

#include "engine/output/eve_common.h"

/* The record's event_type, and the type in a configuration that asks for it. */
static const struct {
	const char *name, *type;
} kinds[RECORD__COUNT] = {
	[RECORD_ALERT] = { "alert", "alert" },
	[RECORD_PACKET] = { "packet", "alert" },
	[RECORD_DROP] = { "drop", "drop" },
	[RECORD_ANOMALY] = { "anomaly", "anomaly" },
	[RECORD_ARP] = { "arp", "arp" },
	[RECORD_STREAM_TCP] = { "stream_tcp", "stream" },
	[RECORD_DNS] = { "dns", "dns" },
	[RECORD_MDNS] = { "mdns", "mdns" },
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

void eve_vlans(struct eve *w, const uint16_t *vlan, unsigned n)
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
		if (n[i].kind == NOTE_FLOW_KEYED) {
			eve_name(w, bytes_of("key", 3));
			eve_text_value(w, n[i].name);
			eve_close(w);
			eve_item_open(w);
			eve_name(w, bytes_of("value", 5));
		} else {
			eve_name(w, n[i].name);
		}
		eve_text_value(w, n[i].value);
		eve_close(w);
	}
	eve_array_end(w);
}

static void put_numbers(struct eve *w, const struct flow_number *v, unsigned count)
{
	if (!count)
		return;
	eve_open(w, EVE_METADATA_FLOWINTS);
	for (unsigned i = 0; i < count; i++) {
		eve_name(w, bytes_of(v[i].name, strlen(v[i].name)));
		buf_u64(w->out, v[i].value);
	}
	eve_close(w);
}

/* of_packet: what was caught in the packet as well. */
static void put_metadata(struct eve *w, const struct output_options *o,
			 const struct output_env *env, const struct flow *f, bool of_packet)
{
	struct rule_note flowvar[VARIABLES_MAX], pktvar[VARIABLES_MAX];
	struct flow_number number[VARIABLES_MAX];
	const char *names[FLOWBITS_MAX];
	unsigned n = 0, flowvars = 0, pktvars = 0, numbers = 0;

	if (!o->metadata || !env->detector)
		return;
	if (f && f->detect) {
		n = detect_flowbits(env->detector, f, names, FLOWBITS_MAX);
		put_traffic(w, names, &n);
		flowvars = detect_flowvars(env->detector, f, flowvar, VARIABLES_MAX);
		numbers = detect_flowints(env->detector, f, number, VARIABLES_MAX);
	}
	if (of_packet)
		pktvars = detect_pktvars(env->detector, pktvar, VARIABLES_MAX);
	if (!n && !flowvars && !pktvars && !numbers)
		return;
	eve_open(w, EVE_METADATA);
	put_variables(w, EVE_METADATA_FLOWVARS, flowvar, flowvars);
	put_variables(w, EVE_METADATA_PKTVARS, pktvar, pktvars);
	if (n)
		eve_strings(w, EVE_METADATA_FLOWBITS, names, n);
	put_numbers(w, number, numbers);
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
void eve_common(struct eve *w, const struct output_options *o, const struct output_env *env,
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

void eve_kind(struct eve *w, enum record_kind kind)
{
	const char *name = record_kind_name(kind);

	eve_plain(w, EVE_EVENT_TYPE, name, strlen(name));
}

void eve_flow_id(struct eve *w, const struct output_env *env, const struct flow *f)
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
	eve_flow_id(w, env, p->flow);
	if (env->interface)
		eve_string(w, EVE_IN_IFACE, env->interface);
	/* On interfaces nobody could look a number up. */
	if (p->number && !p->outer && (env->capture_file || !env->interface))
		eve_u64(w, EVE_PCAP_CNT, p->number);
	eve_kind(w, kind);
	eve_vlans(w, p->vlan, p->vlans);
	if (p->has_ip)
		put_packet_addresses(w, p, dir);
	eve_plain(w, EVE_PKT_SRC, source, strlen(source));
	eve_common(w, o, env, p, p->flow, kind == RECORD_ALERT);
}

void eve_flow_counts(struct eve *w, const struct flow *f)
{
	eve_u64(w, EVE_FLOW_PKTS_TOSERVER, f->packets[0]);
	eve_u64(w, EVE_FLOW_PKTS_TOCLIENT, f->packets[1]);
	eve_u64(w, EVE_FLOW_BYTES_TOSERVER, f->bytes[0]);
	eve_u64(w, EVE_FLOW_BYTES_TOCLIENT, f->bytes[1]);
	eve_time(w, EVE_FLOW_START, f->start_ns);
}

void eve_packet(struct eve *w, const struct packet *p, size_t limit)
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
		eve_packet(&w, p, ANOMALY_PACKET_BYTES);
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
	eve_packet(&w, p, p->data.len);
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
