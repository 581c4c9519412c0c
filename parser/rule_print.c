/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule as text again.  What the parser folded or resolved is printed in its plainest form:
 * ranges for addresses, hexadecimal for what is no letter, one option for each condition.
 */
#include "parser/rule_parse.h"

#include <inttypes.h>
#include <string.h>

#include "engine/base/event.h"
#include "parser/app_int.h"
#include "parser/buffer.h"

static const char *const action_names[ACTION__COUNT] = {
	[ACTION_ALERT] = "alert",
	[ACTION_PASS] = "pass",
	[ACTION_DROP] = "drop",
	[ACTION_REJECT] = "reject",
	[ACTION_REJECT_DST] = "rejectdst",
	[ACTION_REJECT_BOTH] = "rejectboth",
	[ACTION_CONFIG] = "config",
};

static const char *const proto_names[RULE_PROTO__COUNT] = {
	[RULE_PROTO_IP] = "ip",		  [RULE_PROTO_IPV4] = "ipv4",
	[RULE_PROTO_IPV6] = "ipv6",	  [RULE_PROTO_TCP] = "tcp",
	[RULE_PROTO_TCP_PKT] = "tcp-pkt", [RULE_PROTO_TCP_STREAM] = "tcp-stream",
	[RULE_PROTO_UDP] = "udp",	  [RULE_PROTO_ICMP] = "icmp",
	[RULE_PROTO_ICMPV4] = "icmpv4",	  [RULE_PROTO_ICMPV6] = "icmpv6",
	[RULE_PROTO_SCTP] = "sctp",	  [RULE_PROTO_PKTHDR] = "pkthdr",
};

static void print_v4(uint32_t a, FILE *out)
{
	fprintf(out, "%u.%u.%u.%u", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff);
}

static void print_v6(const struct ip_addr *a, FILE *out)
{
	char text[IP_ADDR_TEXT];

	ip_addr_text(a, 6, text);
	fputs(text, out);
}

static void print_addresses(const struct address_set *s, FILE *out)
{
	const char *comma = "";

	if (s->any) {
		fputs("any", out);
		return;
	}
	fputc('[', out);
	for (unsigned i = 0; i < s->v4_count; i++, comma = ",") {
		fputs(comma, out);
		print_v4(s->v4[i].low, out);
		if (s->v4[i].low == s->v4[i].high)
			continue;
		fputc('-', out);
		print_v4(s->v4[i].high, out);
	}
	for (unsigned i = 0; i < s->v6_count; i++, comma = ",") {
		fputs(comma, out);
		print_v6(&s->v6[i].low, out);
		if (ip_addr_equal(&s->v6[i].low, &s->v6[i].high))
			continue;
		fputc('-', out);
		print_v6(&s->v6[i].high, out);
	}
	fputc(']', out);
}

static void print_ports(const struct port_set *s, FILE *out)
{
	if (s->any) {
		fputs("any", out);
		return;
	}
	fputc('[', out);
	for (unsigned i = 0; i < s->count; i++) {
		fprintf(out, "%s%u", i ? "," : "", s->ranges[i].low);
		if (s->ranges[i].high != s->ranges[i].low)
			fprintf(out, ":%u", s->ranges[i].high);
	}
	fputc(']', out);
}

static void print_bytes(struct bytes b, FILE *out)
{
	fwrite(b.data, 1, b.len, out);
}

static void print_text(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '"' || *text == ';' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && !strchr("\"\\;:|", c);
}

static void print_pattern(struct bytes b, FILE *out)
{
	bool hex = false;

	for (size_t i = 0; i < b.len; i++) {
		bool plain = is_plain(b.data[i]);

		if (plain == hex)
			fputc('|', out);
		else if (hex)
			fputc(' ', out);
		hex = !plain;
		if (plain)
			fputc(b.data[i], out);
		else
			fprintf(out, "%02x", b.data[i]);
	}
	if (hex)
		fputc('|', out);
}

static void print_value(const struct rule *r, const struct value *v, FILE *out)
{
	if (v->variable >= 0)
		fputs(r->variable[v->variable], out);
	else
		fprintf(out, "%" PRId64, v->number);
}

static void print_named(const struct rule *r, const char *name, const struct value *v, FILE *out)
{
	fprintf(out, " %s:", name);
	print_value(r, v, out);
	fputc(';', out);
}

static void print_content(const struct rule *r, const struct content *c, FILE *out)
{
	fprintf(out, "content:%s\"", c->negated ? "!" : "");
	print_pattern(c->pattern, out);
	fputs("\";", out);
	if (c->nocase)
		fputs(" nocase;", out);
	if (c->has_offset)
		print_named(r, "offset", &c->offset, out);
	if (c->has_depth)
		print_named(r, "depth", &c->depth, out);
	if (c->has_distance)
		print_named(r, "distance", &c->distance, out);
	if (c->has_within)
		print_named(r, "within", &c->within, out);
	if (c->startswith)
		fputs(" startswith;", out);
	if (c->endswith)
		fputs(" endswith;", out);
	if (c->rawbytes)
		fputs(" rawbytes;", out);
	if (c->fast_pattern_only)
		fputs(" fast_pattern:only;", out);
	else if (c->fast_pattern_chop)
		fprintf(out, " fast_pattern:%u,%u;", c->chop_offset, c->chop_len);
	else if (c->fast_pattern)
		fputs(" fast_pattern;", out);
	if (c->replace.data) {
		fputs(" replace:\"", out);
		print_pattern(c->replace, out);
		fputs("\";", out);
	}
}

static void print_pcre(const struct pcre *p, FILE *out)
{
	static const char letters[] = "imsxAEGBO"; /* in the order of enum pcre_option */

	fprintf(out, "pcre:%s\"/", p->negated ? "!" : "");
	print_bytes(p->regex, out);
	fputc('/', out);
	for (unsigned i = 0; letters[i]; i++) {
		if (p->options & 1u << i)
			fputc(letters[i], out);
	}
	fprintf(out, "%s\";", p->relative ? "R" : "");
}

/* The words of byte_test, byte_jump and byte_extract. */
static void print_words(bool relative, bool little, bool dce, enum number_base base, FILE *out)
{
	static const char *const bases[] = { "", ",string,hex", ",string,dec", ",string,oct" };

	fprintf(out, "%s%s%s%s", relative ? ",relative" : "", little ? ",little" : "",
		dce ? ",dce" : "", bases[base]);
}

static const char *compare_name(enum compare_op op)
{
	switch (op) {
	case COMPARE_EQ:
		return "=";
	case COMPARE_NE:
		return "!=";
	case COMPARE_LT:
		return "<";
	case COMPARE_LE:
		return "<=";
	case COMPARE_GT:
		return ">";
	case COMPARE_GE:
		return ">=";
	case COMPARE_AND:
		return "&";
	case COMPARE_OR:
		return "^";
	case COMPARE_RANGE:
	case COMPARE_NOT_RANGE:
	case COMPARE_MASK_EQ:
	case COMPARE_MASK_NE:
		break;
	}
	return "";
}

static void print_byte_test(const struct rule *r, const struct byte_test *t, FILE *out)
{
	fputs("byte_test:", out);
	print_value(r, &t->count, out);
	fprintf(out, ",%s%s,", t->negated ? "!" : "", compare_name(t->op));
	if (t->operand.variable >= 0)
		print_value(r, &t->operand, out);
	else
		fprintf(out, "%" PRIu64, (uint64_t)t->operand.number);
	fputc(',', out);
	print_value(r, &t->offset, out);
	print_words(t->relative, t->little_endian, t->dce, t->base, out);
	if (t->bitmask)
		fprintf(out, ",bitmask 0x%x", t->bitmask);
	fputc(';', out);
}

static void print_byte_jump(const struct rule *r, const struct byte_jump *j, FILE *out)
{
	fputs("byte_jump:", out);
	print_value(r, &j->count, out);
	fputc(',', out);
	print_value(r, &j->offset, out);
	print_words(j->relative, j->little_endian, j->dce, j->base, out);
	if (j->multiplier)
		fprintf(out, ",multiplier %u", j->multiplier);
	fprintf(out, "%s%s%s", j->align ? ",align" : "", j->from_beginning ? ",from_beginning" : "",
		j->from_end ? ",from_end" : "");
	if (j->post_offset.variable >= 0 || j->post_offset.number != 0) {
		fputs(",post_offset ", out);
		print_value(r, &j->post_offset, out);
	}
	if (j->bitmask)
		fprintf(out, ",bitmask 0x%x", j->bitmask);
	fputc(';', out);
}

static void print_byte_extract(const struct rule *r, const struct byte_extract *e, FILE *out)
{
	fputs("byte_extract:", out);
	print_value(r, &e->count, out);
	fputc(',', out);
	print_value(r, &e->offset, out);
	fprintf(out, ",%s", r->variable[e->result]);
	print_words(e->relative, e->little_endian, e->dce, e->base, out);
	if (e->multiplier)
		fprintf(out, ",multiplier %u", e->multiplier);
	if (e->align)
		fprintf(out, ",align %u", e->align);
	fputc(';', out);
}

static void print_byte_math(const struct rule *r, const struct byte_math *m, FILE *out)
{
	static const char *const ops[] = { "+", "-", "*", "/", "<<", ">>" };
	static const char *const bases[] = { "", ", string hex", ", string dec", ", string oct" };

	fputs("byte_math:bytes ", out);
	print_value(r, &m->count, out);
	fputs(", offset ", out);
	print_value(r, &m->offset, out);
	fprintf(out, ", oper %s, rvalue ", ops[m->op]);
	print_value(r, &m->operand, out);
	fprintf(out, ", result %s%s%s%s%s", r->variable[m->result], m->relative ? ", relative" : "",
		m->little_endian ? ", endian little" : "", m->dce ? ", dce" : "", bases[m->base]);
	if (m->bitmask)
		fprintf(out, ", bitmask 0x%x", m->bitmask);
	fputc(';', out);
}

static void print_isdataat(const struct rule *r, const struct isdataat *d, FILE *out)
{
	fprintf(out, "isdataat:%s", d->negated ? "!" : "");
	print_value(r, &d->offset, out);
	fprintf(out, "%s%s;", d->relative ? ",relative" : "", d->rawbytes ? ",rawbytes" : "");
}

static void print_compare(const struct int_match *m, FILE *out)
{
	if (m->op == COMPARE_MASK_EQ || m->op == COMPARE_MASK_NE)
		fprintf(out, "&0x%" PRIx64 "%s0x%" PRIx64, m->high,
			m->op == COMPARE_MASK_NE ? "!=" : "=", m->low);
	else if (m->op == COMPARE_RANGE || m->op == COMPARE_NOT_RANGE)
		fprintf(out, "%s%" PRIu64 "<>%" PRIu64, m->op == COMPARE_NOT_RANGE ? "!" : "",
			m->low - 1, m->high + 1);
	else if (m->op == COMPARE_EQ)
		fprintf(out, "%" PRIu64, m->low);
	else
		fprintf(out, "%s%" PRIu64, m->op == COMPARE_NE ? "!" : compare_name(m->op), m->low);
}

static void print_number(const char *name, const struct int_match *m, FILE *out)
{
	fprintf(out, "%s:", name);
	print_compare(m, out);
	fputc(';', out);
}

static void print_vlan_id(const struct vlan_match *m, FILE *out)
{
	fputs("vlan.id:", out);
	print_compare(&m->match, out);
	if (m->layer == VLAN_LAYER_ALL)
		fputs(",all", out);
	else if (m->layer != VLAN_LAYER_ANY)
		fprintf(out, ",%d", m->layer);
	fputc(';', out);
}

static void print_flow_count(const char *name, const struct flow_count_match *m, FILE *out)
{
	static const char *const sides[] = { "toserver", "toclient", "either" };

	fprintf(out, "%s:%s,", name, sides[m->side]);
	print_compare(&m->match, out);
	fputc(';', out);
}

static void print_checksum(const struct checksum_match *m, FILE *out)
{
	static const char *const names[RULE_CHECKSUM__COUNT] = {
		[RULE_CHECKSUM_IPV4] = "ipv4",	   [RULE_CHECKSUM_TCPV4] = "tcpv4",
		[RULE_CHECKSUM_TCPV6] = "tcpv6",   [RULE_CHECKSUM_UDPV4] = "udpv4",
		[RULE_CHECKSUM_UDPV6] = "udpv6",   [RULE_CHECKSUM_ICMPV4] = "icmpv4",
		[RULE_CHECKSUM_ICMPV6] = "icmpv6",
	};

	fprintf(out, "%s-csum:%s;", names[m->which], m->valid ? "valid" : "invalid");
}

static void print_flow(uint32_t bits, FILE *out)
{
	static const char *const words[] = { "to_server",	"to_client", "established",
					     "not_established", "stateless", "only_stream",
					     "no_stream",	"only_frag", "no_frag" };
	const char *comma = "flow:";

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(bits & 1u << i))
			continue;
		fprintf(out, "%s%s", comma, words[i]);
		comma = ",";
	}
	fputc(';', out);
}

static void print_flowbits(const struct flowbits *f, FILE *out)
{
	static const char *const ops[] = { "set", "unset", "toggle", "isset", "isnotset" };

	fprintf(out, "flowbits:%s", ops[f->op]);
	for (unsigned i = 0; i < f->count; i++) {
		fputc(i ? '|' : ',', out);
		print_bytes(f->names[i], out);
	}
	fputc(';', out);
}

static void print_xbits(const struct xbits *x, FILE *out)
{
	static const char *const ops[] = { "set", "unset", "toggle", "isset", "isnotset" };
	static const char *const tracks[] = { ",track ip_src", ",track ip_dst", ",track ip_pair",
					      "" };

	fprintf(out, "xbits:%s,", ops[x->op]);
	print_bytes(x->name, out);
	fprintf(out, "%s,expire %u;", tracks[x->track], x->seconds);
}

static void print_flowint(const struct flowint *f, FILE *out)
{
	static const char *const ops[] = { "=",	 "+", "-",  "==",    "!=",    "<",
					   "<=", ">", ">=", "isset", "notset" };

	fputs("flowint:", out);
	print_bytes(f->name, out);
	fprintf(out, ",%s", ops[f->op]);
	if (f->operand_is_name) {
		fputc(',', out);
		print_bytes(f->operand_name, out);
	} else if (f->op != FLOWINT_ISSET && f->op != FLOWINT_NOTSET) {
		fprintf(out, ",%u", f->operand);
	}
	fputc(';', out);
}

static void print_stream_size(const struct stream_size_match *m, FILE *out)
{
	static const char *const sides[] = { "server", "client", "both", "either" };

	fprintf(out, "stream_size:%s,%s,%" PRIu64 ";", sides[m->side], compare_name(m->match.op),
		m->match.low);
}

static void print_letters(uint8_t bits, const char *letters, FILE *out)
{
	for (unsigned i = 0; letters[i]; i++) {
		if (bits & 1u << i)
			fputc(letters[i], out);
	}
}

static void print_tcp_flags(const struct tcp_flags_match *m, FILE *out)
{
	static const char *const how[] = { "", "+", "*", "!" };

	fprintf(out, "tcp.flags:%s", how[m->how]);
	print_letters(m->value, "FSRPAUEC", out);
	if (m->value == 0)
		fputc('0', out);
	if (m->ignored) {
		fputc(',', out);
		print_letters(m->ignored, "FSRPAUEC", out);
	}
	fputc(';', out);
}

static void print_fragbits(const struct fragbits_match *m, FILE *out)
{
	static const char *const how[] = { "", "+", "*", "!" };

	fprintf(out, "fragbits:%s", how[m->how]);
	print_letters(m->value, "MDR", out);
	fputc(';', out);
}

static void print_ipopts(uint16_t bits, FILE *out)
{
	static const char *const names[] = { "eol",  "nop",   "rr",   "ts",    "sec",	 "lsrr",
					     "ssrr", "satid", "esec", "cipso", "rtralt", "qs" };
	const char *name = "any";

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bits == 1u << i)
			name = names[i];
	}
	fprintf(out, "ipopts:%s;", name);
}

static void print_threshold(const struct threshold *t, FILE *out)
{
	static const char *const types[] = { "limit", "threshold", "both", "backoff", "" };
	static const char *const tracks[] = { "by_src", "by_dst", "by_both", "by_rule", "by_flow" };

	if (t->type == THRESHOLD_DETECTION_FILTER)
		fprintf(out, "detection_filter:track %s, count %u, seconds %u;", tracks[t->track],
			t->count, t->seconds);
	else if (t->type == THRESHOLD_BACKOFF)
		fprintf(out, "threshold:type backoff, track %s, count %u, multiplier %u;",
			tracks[t->track], t->count, t->multiplier);
	else
		fprintf(out, "threshold:type %s, track %s, count %u, seconds %u;", types[t->type],
			tracks[t->track], t->count, t->seconds);
}

/* The keyword of an option; where several make the same one, the plainest. */
static const char *const option_names[OPTION__COUNT] = {
	[OPTION_CONTENT] = "content",
	[OPTION_PCRE] = "pcre",
	[OPTION_BYTE_TEST] = "byte_test",
	[OPTION_BYTE_JUMP] = "byte_jump",
	[OPTION_BYTE_EXTRACT] = "byte_extract",
	[OPTION_BYTE_MATH] = "byte_math",
	[OPTION_ISDATAAT] = "isdataat",
	[OPTION_ABSENT] = "absent",
	[OPTION_ENTROPY] = "entropy",
	[OPTION_BASE64_DECODE] = "base64_decode",
	[OPTION_DATASET] = "dataset",
	[OPTION_DATAREP] = "datarep",
	[OPTION_ASN1] = "asn1",
	[OPTION_BSIZE] = "bsize",
	[OPTION_DSIZE] = "dsize",
	[OPTION_FLOW] = "flow",
	[OPTION_FLOWBITS] = "flowbits",
	[OPTION_FLOWINT] = "flowint",
	[OPTION_XBITS] = "xbits",
	[OPTION_STREAM_SIZE] = "stream_size",
	[OPTION_FLOW_AGE] = "flow.age",
	[OPTION_FLOW_PKTS] = "flow.pkts",
	[OPTION_FLOW_BYTES] = "flow.bytes",
	[OPTION_TCP_FLAGS] = "tcp.flags",
	[OPTION_TCP_SEQ] = "tcp.seq",
	[OPTION_TCP_ACK] = "tcp.ack",
	[OPTION_TCP_WINDOW] = "tcp.window",
	[OPTION_TCP_MSS] = "tcp.mss",
	[OPTION_TTL] = "ttl",
	[OPTION_TOS] = "tos",
	[OPTION_ID] = "id",
	[OPTION_IPOPTS] = "ipopts",
	[OPTION_FRAGBITS] = "fragbits",
	[OPTION_FRAGOFFSET] = "fragoffset",
	[OPTION_IP_PROTO] = "ip_proto",
	[OPTION_SAMEIP] = "sameip",
	[OPTION_ITYPE] = "itype",
	[OPTION_ICODE] = "icode",
	[OPTION_ICMP_ID] = "icmp_id",
	[OPTION_ICMP_SEQ] = "icmp_seq",
	[OPTION_TCP_WSCALE] = "tcp.wscale",
	[OPTION_ICMPV6_MTU] = "icmpv6.mtu",
	[OPTION_VLAN_ID] = "vlan.id",
	[OPTION_VLAN_LAYERS] = "vlan.layers",
	[OPTION_L3_PROTO] = "l3_proto",
	[OPTION_CHECKSUM] = "ipv4-csum",
	[OPTION_DECODE_EVENT] = "decode-event",
	[OPTION_STREAM_EVENT] = "stream-event",
	[OPTION_THRESHOLD] = "threshold",
	[OPTION_TAG] = "tag",
	[OPTION_VARIABLE] = "flowvar",
	[OPTION_IPREP] = "iprep",
	[OPTION_GEOIP] = "geoip",
	[OPTION_RPC] = "rpc",
	[OPTION_TCP_SESSION] = "tcp.session",
	[OPTION_CONFIG] = "config",
	[OPTION_BYPASS] = "bypass",
	[OPTION_NFQ_SET_MARK] = "nfq_set_mark",
	[OPTION_APP_PROTO] = "app-layer-protocol",
	[OPTION_APP_EVENT] = "app-layer-event",
	[OPTION_APP_STATE] = "app-layer-state",
	[OPTION_APP_INT] = "dns.opcode",
	[OPTION_SSL_VERSION] = "ssl_version",
	[OPTION_SSL_STATE] = "ssl_state",
	[OPTION_TLS_CERT_TIME] = "tls_cert_notbefore",
	[OPTION_TLS_CERT_EXPIRED] = "tls_cert_expired",
	[OPTION_TLS_CERT_VALID] = "tls_cert_valid",
	[OPTION_TLS_STORE] = "tls_store",
	[OPTION_FTPBOUNCE] = "ftpbounce",
	[OPTION_FILESIZE] = "filesize",
	[OPTION_FILE_HASH] = "filemd5",
	[OPTION_FILESTORE] = "filestore",
};

static const char *const file_hash_names[] = { "filemd5", "filesha1", "filesha256" };

const char *rule_option_name(const struct rule_option *o)
{
	if (o->kind == OPTION_APP_INT)
		return app_int_row((enum app_int)o->app_int.field)->name;
	if (o->kind == OPTION_FILE_HASH)
		return file_hash_names[o->file_hash.hash];
	if (o->kind == OPTION_VARIABLE)
		return o->variable.packet ? "pktvar" : "flowvar";
	if (o->kind == OPTION_TLS_CERT_TIME)
		return o->cert_time.not_after ? "tls_cert_notafter" : "tls_cert_notbefore";
	if (o->kind == OPTION_THRESHOLD && o->threshold.type == THRESHOLD_DETECTION_FILTER)
		return "detection_filter";
	return option_names[o->kind];
}

static void print_option(const struct rule *r, const struct rule_option *o, FILE *out)
{
	switch (o->kind) {
	case OPTION_CONTENT:
		print_content(r, &o->content, out);
		break;
	case OPTION_PCRE:
		print_pcre(&o->pcre, out);
		break;
	case OPTION_BYTE_TEST:
		print_byte_test(r, &o->byte_test, out);
		break;
	case OPTION_BYTE_JUMP:
		print_byte_jump(r, &o->byte_jump, out);
		break;
	case OPTION_BYTE_EXTRACT:
		print_byte_extract(r, &o->byte_extract, out);
		break;
	case OPTION_BYTE_MATH:
		print_byte_math(r, &o->byte_math, out);
		break;
	case OPTION_ISDATAAT:
		print_isdataat(r, &o->isdataat, out);
		break;
	case OPTION_FLOW:
		print_flow(o->flow, out);
		break;
	case OPTION_FLOWBITS:
		print_flowbits(&o->flowbits, out);
		break;
	case OPTION_FLOWINT:
		print_flowint(&o->flowint, out);
		break;
	case OPTION_XBITS:
		print_xbits(&o->xbits, out);
		break;
	case OPTION_STREAM_SIZE:
		print_stream_size(&o->stream_size, out);
		break;
	case OPTION_TCP_FLAGS:
		print_tcp_flags(&o->tcp_flags, out);
		break;
	case OPTION_IPOPTS:
		print_ipopts(o->ipopts.bits, out);
		break;
	case OPTION_FRAGBITS:
		print_fragbits(&o->fragbits, out);
		break;
	case OPTION_SAMEIP:
		fputs("sameip;", out);
		break;
	case OPTION_BYPASS:
		fputs("bypass;", out);
		break;
	case OPTION_FLOW_PKTS:
		print_flow_count("flow.pkts", &o->flow_count, out);
		break;
	case OPTION_FLOW_BYTES:
		print_flow_count("flow.bytes", &o->flow_count, out);
		break;
	case OPTION_VLAN_ID:
		print_vlan_id(&o->vlan, out);
		break;
	case OPTION_L3_PROTO:
		fprintf(out, "l3_proto:ipv%" PRIu64 ";", o->number.low);
		break;
	case OPTION_CHECKSUM:
		print_checksum(&o->checksum, out);
		break;
	case OPTION_DECODE_EVENT:
		fprintf(out, "decode-event:%s;", event_name((enum event)o->event));
		break;
	case OPTION_STREAM_EVENT:
		fprintf(out, "stream-event:%s;", event_name((enum event)o->event));
		break;
	case OPTION_THRESHOLD:
		print_threshold(&o->threshold, out);
		break;
	default:
		print_number(rule_option_name(o), &o->number, out);
		break;
	}
	fputs(o->prefilter ? " prefilter; " : " ", out);
}

static void print_meta(const struct rule *r, FILE *out)
{
	for (unsigned i = 0; i < r->references; i++)
		fprintf(out, "reference:%s,%s; ", r->reference[i].type, r->reference[i].id);
	if (r->class_name)
		fprintf(out, "classtype:%s; ", r->class_name);
	fprintf(out, "priority:%u; ", r->priority);
	for (unsigned i = 0; i < r->metadata_count; i++)
		fprintf(out, "%s%s %s", i ? ", " : "metadata:", r->metadata[i].key,
			r->metadata[i].value);
	if (r->metadata_count)
		fputs("; ", out);
	if (r->target != TARGET_NONE)
		fprintf(out, "target:%s; ", r->target == TARGET_SRC ? "src_ip" : "dest_ip");
	if (r->noalert)
		fputs("noalert; ", out);
	if (r->alert)
		fputs("alert; ", out);
	if (r->gid != 1)
		fprintf(out, "gid:%u; ", r->gid);
	fprintf(out, "sid:%u;", r->sid);
	if (r->rev)
		fprintf(out, " rev:%u;", r->rev);
}

void rule_print(const struct rule *r, FILE *out)
{
	unsigned buffer = BUFFER_PAYLOAD;

	fprintf(out, "%s %s ", action_names[r->action],
		r->proto == RULE_PROTO_APP ? r->app_proto : proto_names[r->proto]);
	print_addresses(&r->src, out);
	fputc(' ', out);
	print_ports(&r->sport, out);
	fputs(r->bidirectional ? " <> " : " -> ", out);
	print_addresses(&r->dst, out);
	fputc(' ', out);
	print_ports(&r->dport, out);
	fputs(" (", out);
	if (r->msg[0]) {
		fputs("msg:\"", out);
		print_text(r->msg, out);
		fputs("\"; ", out);
	}
	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];

		if (option_is_bytes(o->kind) && o->buffer != buffer) {
			buffer = o->buffer;
			fprintf(out, "%s; ", buffer_row((enum buffer)buffer)->name);
		}
		print_option(r, o, out);
	}
	print_meta(r, out);
	fputs(")\n", out);
}
