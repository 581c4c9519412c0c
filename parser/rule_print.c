/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule as text again.  What the parser folded or resolved is printed in its plainest form:
 * ranges for addresses, hexadecimal for what is no letter, one option for each condition.
 */
#include "parser/rule_parse.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "engine/base/event.h"
#include "parser/app_int.h"
#include "parser/buffer.h"
#include "parser/hook.h"
#include "parser/rule_words.h"

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

const char *rule_action_name(enum rule_action a)
{
	return action_names[a];
}

const char *rule_proto_name(const struct rule *r)
{
	return r->proto == RULE_PROTO_APP ? r->app_proto : proto_names[r->proto];
}

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
	static const char *const kinds[] = { "flow", "pkt", "alert" };

	fprintf(out, "pcre:%s\"/", p->negated ? "!" : "");
	print_bytes(p->regex, out);
	fputc('/', out);
	for (unsigned i = 0; letters[i]; i++) {
		if (p->options & 1u << i)
			fputc(letters[i], out);
	}
	fputs(p->relative ? "R" : "", out);
	for (unsigned i = 0; i < p->captures; i++) {
		if (!p->capture[i].group)
			fprintf(out, ", %s:%s", kinds[p->capture[i].kind], p->capture[i].name);
	}
	fputs("\";", out);
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
					      ",track tx", "" };

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
	[OPTION_WATCH] = "weir.watch",
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

static void print_entropy(const struct entropy *e, FILE *out)
{
	fputs("entropy:value ", out);
	if (e->op == COMPARE_RANGE)
		fprintf(out, "%.15g<>%.15g", e->low, e->high);
	else
		fprintf(out, "%s%.15g", compare_name(e->op), e->low);
	if (e->bytes)
		fprintf(out, ", bytes %u", e->bytes);
	if (e->offset)
		fprintf(out, ", offset %d", e->offset);
	fputc(';', out);
}

static void print_base64_decode(const struct base64_decode *d, FILE *out)
{
	const char *comma = ":";

	fputs("base64_decode", out);
	if (d->bytes) {
		fprintf(out, "%sbytes %u", comma, d->bytes);
		comma = ", ";
	}
	if (d->offset) {
		fprintf(out, "%soffset %u", comma, d->offset);
		comma = ", ";
	}
	if (d->relative)
		fprintf(out, "%srelative", comma);
	fputc(';', out);
}

static void print_named_text(const char *name, const char *text, FILE *out)
{
	if (text)
		fprintf(out, ", %s %s", name, text);
}

static void print_set(const struct dataset *d, FILE *out)
{
	static const char *const types[] = { "string", "md5", "sha256", "ipv4", "ip" };
	static const char *const formats[] = { "csv", "json", "ndjson" };

	if (d->type != DATASET_UNSAID)
		fprintf(out, ", type %s", types[d->type]);
	if (d->load && d->load == d->save) {
		print_named_text("state", d->load, out);
	} else {
		print_named_text("load", d->load, out);
		print_named_text("save", d->save, out);
	}
	if (d->memcap)
		fprintf(out, ", memcap %" PRIu64, d->memcap);
	if (d->hashsize)
		fprintf(out, ", hashsize %u", d->hashsize);
	if (d->format != DATASET_CSV)
		fprintf(out, ", format %s", formats[d->format]);
	print_named_text("context_key", d->context_key, out);
	print_named_text("value_key", d->value_key, out);
	print_named_text("array_key", d->array_key, out);
	fputs(d->remove_key ? ", remove_key;" : ";", out);
}

static void print_dataset(const struct dataset_match *d, FILE *out)
{
	static const char *const ops[] = { "set", "unset", "isset", "isnotset" };

	fprintf(out, "dataset:%s, %s%s", ops[d->op], d->set.name,
		d->subdomain ? ", match subdomain" : "");
	print_set(&d->set, out);
}

static void print_datarep(const struct datarep_match *d, FILE *out)
{
	fprintf(out, "datarep:%s, %s, %u", d->set.name,
		d->op == COMPARE_EQ ? "==" : compare_name(d->op), d->value);
	print_set(&d->set, out);
}

static void print_asn1(const struct asn1_match *m, FILE *out)
{
	const char *comma = "asn1:";

	if (m->bitstring_overflow) {
		fprintf(out, "%sbitstring_overflow", comma);
		comma = ", ";
	}
	if (m->double_overflow) {
		fprintf(out, "%sdouble_overflow", comma);
		comma = ", ";
	}
	if (m->has_oversize_length) {
		fprintf(out, "%soversize_length %u", comma, m->oversize_length);
		comma = ", ";
	}
	if (m->has_absolute_offset) {
		fprintf(out, "%sabsolute_offset %u", comma, m->absolute_offset);
		comma = ", ";
	}
	if (m->has_relative_offset)
		fprintf(out, "%srelative_offset %d", comma, m->relative_offset);
	fputc(';', out);
}

static void print_tag(const struct tag *t, FILE *out)
{
	static const char *const metrics[] = { "packets", "seconds", "bytes" };

	fprintf(out, "tag:%s, %u, %s%s;", t->host ? "host" : "session", t->count,
		metrics[t->metric],
		!t->host ? ""
		: t->src ? ", src"
			 : ", dst");
}

static void print_variable(const struct variable_match *m, FILE *out)
{
	fprintf(out, "%s:%s%s,\"", m->packet ? "pktvar" : "flowvar", m->negated ? "!" : "",
		m->name);
	print_pattern(m->content, out);
	fputs("\";", out);
}

static const char *const side_names[] = { "any", "src", "dst", "both" };

static void print_iprep(const struct iprep_match *m, FILE *out)
{
	fprintf(out, "iprep:%s,%s,", side_names[m->side], m->category);
	if (m->test == IPREP_VALUE)
		print_compare(&m->match, out);
	else
		fputs(m->test == IPREP_ISSET ? "isset" : "isnotset", out);
	fputc(';', out);
}

static void print_watch(const struct watch_match *m, FILE *out)
{
	enum watch_kind first = (enum watch_kind)m->kinds.first;

	fprintf(out, "weir.watch:%s,%s", side_names[m->side],
		watch_family_name(watch_family(first)));
	if (m->kinds.first == m->kinds.last)
		fprintf(out, ".%s", watch_kind_name(first));
	if (m->test == IPREP_ISNOTSET)
		fputs(",isnotset", out);
	if (m->test == IPREP_VALUE) {
		fputc(',', out);
		print_compare(&m->match, out);
	}
	fputc(';', out);
}

static void print_geoip(const struct geoip_match *m, FILE *out)
{
	fprintf(out, "geoip:%s", side_names[m->side]);
	for (unsigned i = 0; i < m->count; i++)
		fprintf(out, ",%s%.2s", m->country[i].negated ? "!" : "", m->country[i].code);
	fputc(';', out);
}

static void print_rpc(const struct rpc_match *m, FILE *out)
{
	fprintf(out, "rpc:%u,", m->program);
	if (m->any_version)
		fputs("*,", out);
	else
		fprintf(out, "%u,", m->version);
	if (m->any_procedure)
		fputs("*;", out);
	else
		fprintf(out, "%u;", m->procedure);
}

/* Names of bits with a ',' between. */
static void print_bit_names(uint32_t bits, const char *const *names, unsigned count, FILE *out)
{
	const char *comma = "";

	for (unsigned i = 0; i < count; i++) {
		if (!(bits >> i & 1))
			continue;
		fprintf(out, "%s%s", comma, names[i]);
		comma = ",";
	}
	fputc(';', out);
}

static void print_tcp_session(uint32_t bits, FILE *out)
{
	static const char *const names[] = { "setup", "established", "closing" };

	fputs("tcp.session:", out);
	print_bit_names(bits, names, 3, out);
}

static void print_config(const struct config_option *c, FILE *out)
{
	static const char *const units[] = { "tx", "flow", "packet" };

	fprintf(out, "config:%s disable, type %s, scope %s;",
		c->what == CONFIG_LOGGING ? "logging" : "tracking", units[c->type],
		units[c->scope]);
}

/* The name of a set of protocols: that of the group, or of the one. */
static const char *apps_name(uint64_t apps)
{
	static const char *const groups[] = { "http", "dns" };
	unsigned i = 0;

	for (unsigned g = 0; g < 2; g++) {
		if (app_proto_find(groups[g], strlen(groups[g])) == apps)
			return groups[g];
	}
	while (i + 1 < APP_PROTO__COUNT && !(apps >> i & 1))
		i++;
	return app_proto_rule_name((enum app_proto)i);
}

static void print_app_proto(const struct app_proto_match *m, FILE *out)
{
	static const char *const modes[] = { "",	",final",     ",original",
					     ",either", ",to_server", ",to_client" };

	fprintf(out, "app-layer-protocol:%s%s%s;", m->negated ? "!" : "", apps_name(m->protos),
		modes[m->mode]);
}

static void print_app_int(const struct app_int_match *m, FILE *out)
{
	const struct app_int_row *row = app_int_row((enum app_int)m->field);
	const char *word = app_int_word((enum app_int)m->field, m->match.low);

	fprintf(out, "%s:", row->name);
	if (row->words_only && word)
		fputs(word, out);
	else if (row->words_only)
		fprintf(out, "0x%04" PRIx64, m->match.low);
	else
		print_compare(&m->match, out);
	fputc(';', out);
}

static void print_ssl(const char *name, const struct ssl_match *m, const char *const *names,
		      unsigned count, FILE *out)
{
	fprintf(out, "%s:%s", name, m->negated ? "!" : "");
	print_bit_names(m->bits, names, count, out);
}

static void print_ssl_version(const struct ssl_match *m, FILE *out)
{
	static const char *const names[] = { "sslv2",  "sslv3",	 "tls1.0",
					     "tls1.1", "tls1.2", "tls1.3" };

	print_ssl("ssl_version", m, names, 6, out);
}

static void print_ssl_state(const struct ssl_match *m, FILE *out)
{
	static const char *const names[] = { "client_hello", "server_hello", "client_keyx",
					     "server_keyx", "unknown" };

	print_ssl("ssl_state", m, names, 5, out);
}

static void print_date(int64_t seconds, FILE *out)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	gmtime_r(&t, &tm);
	fprintf(out, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void print_cert_time(const struct cert_time_match *m, FILE *out)
{
	fprintf(out, "tls_cert_%s:%s", m->not_after ? "notafter" : "notbefore",
		m->op == COMPARE_LT   ? "<"
		: m->op == COMPARE_GT ? ">"
				      : "");
	print_date(m->low, out);
	if (m->op == COMPARE_RANGE) {
		fputs("<>", out);
		print_date(m->high, out);
	}
	fputc(';', out);
}

/* The path as it was written: what it is beside does not come into it. */
static void print_file_hash(const struct rule *r, const struct file_hash_match *m, FILE *out)
{
	const char *slash = strrchr(r->place.file, '/');
	size_t folder = slash ? (size_t)(slash + 1 - r->place.file) : 0;
	bool beside = strncmp(m->path, r->place.file, folder) == 0;

	fprintf(out, "%s:%s%s;", file_hash_names[m->hash], m->negated ? "!" : "",
		m->path + (beside ? folder : 0));
}

static void print_filestore(const struct filestore *f, FILE *out)
{
	static const char *const directions[] = { "", ":request", ":response", ":both" };
	static const char *const scopes[] = { "", ",tx", ",flow" };

	fprintf(out, "filestore%s%s;", directions[f->direction],
		f->direction ? scopes[f->scope] : "");
}

const char *rule_transform_name(enum transform_kind kind)
{
	static const char *const names[TRANSFORM__COUNT] = {
		[TRANSFORM_COMPRESS_WHITESPACE] = "compress_whitespace",
		[TRANSFORM_DOMAIN] = "domain",
		[TRANSFORM_DOTPREFIX] = "dotprefix",
		[TRANSFORM_FROM_BASE64] = "from_base64",
		[TRANSFORM_GUNZIP] = "gunzip",
		[TRANSFORM_HEADER_LOWERCASE] = "header_lowercase",
		[TRANSFORM_PCREXFORM] = "pcrexform",
		[TRANSFORM_STRIP_PSEUDO_HEADERS] = "strip_pseudo_headers",
		[TRANSFORM_STRIP_WHITESPACE] = "strip_whitespace",
		[TRANSFORM_TLD] = "tld",
		[TRANSFORM_TO_LOWERCASE] = "to_lowercase",
		[TRANSFORM_TO_MD5] = "to_md5",
		[TRANSFORM_TO_SHA1] = "to_sha1",
		[TRANSFORM_TO_SHA256] = "to_sha256",
		[TRANSFORM_TO_UPPERCASE] = "to_uppercase",
		[TRANSFORM_URL_DECODE] = "url_decode",
		[TRANSFORM_XOR] = "xor",
		[TRANSFORM_ZLIB_DEFLATE] = "zlib_deflate",
	};

	return names[kind];
}

static void print_transform(const struct transform *t, FILE *out)
{
	static const char *const modes[] = { "rfc4648", "rfc2045", "strict" };

	fputs(rule_transform_name(t->kind), out);
	if (t->kind == TRANSFORM_FROM_BASE64)
		fprintf(out, ":bytes %u, offset %u, mode %s", t->bytes, t->offset, modes[t->mode]);
	else if (t->kind == TRANSFORM_GUNZIP || t->kind == TRANSFORM_ZLIB_DEFLATE)
		fprintf(out, ":max-size %u", t->bytes);
	if (t->kind == TRANSFORM_PCREXFORM) {
		fputs(":\"", out);
		print_bytes(t->argument, out);
		fputc('"', out);
	} else if (t->kind == TRANSFORM_XOR) {
		fputs(":\"", out);
		for (size_t i = 0; i < t->argument.len; i++)
			fprintf(out, "%02x", t->argument.data[i]);
		fputc('"', out);
	}
	fputs("; ", out);
}

static void print_use(const struct buffer_use *u, FILE *out)
{
	if (u->frame)
		fprintf(out, "frame:%s; ", u->frame);
	else
		fprintf(out, "%s%s; ", buffer_row((enum buffer)u->buffer)->name,
			u->directions == BUFFER_TO_SERVER   ? ":to_server"
			: u->directions == BUFFER_TO_CLIENT ? ":to_client"
							    : "");
	for (unsigned i = 0; i < u->transforms; i++)
		print_transform(&u->transform[i], out);
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
	case OPTION_BSIZE:
		/* A range with nothing in it is one of urilen. */
		if (o->number.op == COMPARE_RANGE && o->number.low > o->number.high)
			fprintf(out, "urilen:0<>1,%s;",
				o->buffer == BUFFER_HTTP_URI ? "norm" : "raw");
		else
			print_number("bsize", &o->number, out);
		break;
	case OPTION_ABSENT:
		fputs(o->absent.or_else ? "absent:or_else;" : "absent;", out);
		break;
	case OPTION_ENTROPY:
		print_entropy(&o->entropy, out);
		break;
	case OPTION_BASE64_DECODE:
		print_base64_decode(&o->base64_decode, out);
		break;
	case OPTION_DATASET:
		print_dataset(&o->dataset, out);
		break;
	case OPTION_DATAREP:
		print_datarep(&o->datarep, out);
		break;
	case OPTION_ASN1:
		print_asn1(&o->asn1, out);
		break;
	case OPTION_TAG:
		print_tag(&o->tag, out);
		break;
	case OPTION_VARIABLE:
		print_variable(&o->variable, out);
		break;
	case OPTION_IPREP:
		print_iprep(&o->iprep, out);
		break;
	case OPTION_WATCH:
		print_watch(&o->watch, out);
		break;
	case OPTION_GEOIP:
		print_geoip(&o->geoip, out);
		break;
	case OPTION_RPC:
		print_rpc(&o->rpc, out);
		break;
	case OPTION_TCP_SESSION:
		print_tcp_session(o->tcp_session, out);
		break;
	case OPTION_CONFIG:
		print_config(&o->config, out);
		break;
	case OPTION_NFQ_SET_MARK:
		fprintf(out, "nfq_set_mark:0x%x/0x%x;", o->mark.mark, o->mark.mask);
		break;
	case OPTION_APP_PROTO:
		print_app_proto(&o->app_proto, out);
		break;
	case OPTION_APP_EVENT:
		fprintf(out, "app-layer-event:%s;", o->app_event.name);
		break;
	case OPTION_APP_STATE:
		fprintf(out, "app-layer-state:%s%s;",
			o->app_state.op == COMPARE_EQ ? "" : compare_name(o->app_state.op),
			hook_row(o->app_state.hook)->name);
		break;
	case OPTION_APP_INT:
		print_app_int(&o->app_int, out);
		break;
	case OPTION_SSL_VERSION:
		print_ssl_version(&o->ssl, out);
		break;
	case OPTION_SSL_STATE:
		print_ssl_state(&o->ssl, out);
		break;
	case OPTION_TLS_CERT_TIME:
		print_cert_time(&o->cert_time, out);
		break;
	case OPTION_FILE_HASH:
		print_file_hash(r, &o->file_hash, out);
		break;
	case OPTION_FILESTORE:
		print_filestore(&o->filestore, out);
		break;
	case OPTION_BYPASS:
	case OPTION_FTPBOUNCE:
	case OPTION_TLS_CERT_EXPIRED:
	case OPTION_TLS_CERT_VALID:
	case OPTION_TLS_STORE:
		fprintf(out, "%s;", rule_option_name(o));
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

/* Everything that looks at a use, in the order of the text; the first of it is at i. */
static void print_group(const struct rule *r, unsigned i, FILE *out)
{
	unsigned use = r->option[i].use;

	print_use(&r->use[use], out);
	for (; i < r->options; i++) {
		if (option_is_bytes(r->option[i].kind) && r->option[i].use == use)
			print_option(r, &r->option[i], out);
	}
}

/* Of a buffer's options the first prints all. */
static bool is_first(const struct rule *r, unsigned i)
{
	for (unsigned k = 0; k < i; k++) {
		if (option_is_bytes(r->option[k].kind) && r->option[k].use == r->option[i].use)
			return false;
	}
	return true;
}

static void print_options(const struct rule *r, FILE *out)
{
	unsigned use = 0;

	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];

		if (!option_is_bytes(o->kind)) {
			print_option(r, o, out);
		} else if (o->use == 0) {
			if (use != 0)
				fputs("pkt_data; ", out);
			use = 0;
			print_option(r, o, out);
		} else if (is_first(r, i)) {
			use = o->use;
			print_group(r, i, out);
		}
	}
}

static void print_header(const struct rule *r, FILE *out)
{
	static const char *const scopes[] = { "", ":packet", ":flow" };

	fprintf(out, "%s%s %s", action_names[r->action], scopes[r->scope], rule_proto_name(r));
	if (r->hook >= 0)
		fprintf(out, ":%s", hook_row(r->hook)->name);
	fputc(' ', out);
	print_addresses(&r->src, out);
	fputc(' ', out);
	print_ports(&r->sport, out);
	fputs(r->transactional ? " => " : r->bidirectional ? " <> " : " -> ", out);
	print_addresses(&r->dst, out);
	fputc(' ', out);
	print_ports(&r->dport, out);
}

void rule_print(const struct rule *r, FILE *out)
{
	print_header(r, out);
	fputs(" (", out);
	if (r->msg[0]) {
		fputs("msg:\"", out);
		print_text(r->msg, out);
		fputs("\"; ", out);
	}
	print_options(r, out);
	print_meta(r, out);
	fputs(")\n", out);
}
