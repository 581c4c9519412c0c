/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions on the headers of a packet. */
#include "parser/rule_parser.h"

#include "engine/base/event.h"

#include <string.h>

static bool add_number(struct rule_parser *p, enum option_kind kind, struct int_match m)
{
	struct rule_option *o = rule_add(p, kind);

	if (!o)
		return false;
	o->number = m;
	return true;
}

static struct int_match equal_to(uint64_t n)
{
	return (struct int_match){ .op = COMPARE_EQ, .low = n, .high = n };
}

/* A number alone. */
static bool parse_exact(struct rule_parser *p, const struct option_value *v, enum option_kind kind,
			uint64_t max)
{
	uint64_t n;

	return rule_number(p, v->text, rule_keyword(p), 0, max, &n) &&
	       add_number(p, kind, equal_to(n));
}

/* A number that '!' may negate. */
static bool parse_negatable(struct rule_parser *p, const struct option_value *v,
			    enum option_kind kind, uint64_t max)
{
	struct span s = v->text;
	struct int_match m;
	uint64_t n;
	bool negated = s.len > 0 && s.at[0] == '!';

	if (negated)
		s = span_trim(span_from(s, 1));
	if (!rule_number(p, s, rule_keyword(p), 0, max, &n))
		return false;
	m = equal_to(n);
	if (negated)
		m.op = COMPARE_NE;
	return add_number(p, kind, m);
}

static bool parse_compare(struct rule_parser *p, const struct option_value *v,
			  enum option_kind kind, uint64_t max)
{
	struct int_match m;

	return rule_compare(p, v->text, max, &m) && add_number(p, kind, m);
}

bool rule_parse_tcp_seq(struct rule_parser *p, const struct option_value *v)
{
	return parse_exact(p, v, OPTION_TCP_SEQ, UINT32_MAX);
}

bool rule_parse_tcp_ack(struct rule_parser *p, const struct option_value *v)
{
	return parse_exact(p, v, OPTION_TCP_ACK, UINT32_MAX);
}

bool rule_parse_tcp_window(struct rule_parser *p, const struct option_value *v)
{
	return parse_negatable(p, v, OPTION_TCP_WINDOW, UINT16_MAX);
}

bool rule_parse_tcp_mss(struct rule_parser *p, const struct option_value *v)
{
	return parse_compare(p, v, OPTION_TCP_MSS, UINT16_MAX);
}

bool rule_parse_ttl(struct rule_parser *p, const struct option_value *v)
{
	return parse_compare(p, v, OPTION_TTL, UINT8_MAX);
}

bool rule_parse_id(struct rule_parser *p, const struct option_value *v)
{
	return parse_exact(p, v, OPTION_ID, UINT16_MAX);
}

bool rule_parse_itype(struct rule_parser *p, const struct option_value *v)
{
	return parse_compare(p, v, OPTION_ITYPE, UINT8_MAX);
}

bool rule_parse_icode(struct rule_parser *p, const struct option_value *v)
{
	return parse_compare(p, v, OPTION_ICODE, UINT8_MAX);
}

bool rule_parse_icmp_id(struct rule_parser *p, const struct option_value *v)
{
	return parse_exact(p, v, OPTION_ICMP_ID, UINT16_MAX);
}

bool rule_parse_icmp_seq(struct rule_parser *p, const struct option_value *v)
{
	return parse_exact(p, v, OPTION_ICMP_SEQ, UINT16_MAX);
}

bool rule_parse_sameip(struct rule_parser *p, const struct option_value *v)
{
	(void)v;
	return rule_add(p, OPTION_SAMEIP) != NULL;
}

/* [!]n or [!]xHH */
bool rule_parse_tos(struct rule_parser *p, const struct option_value *v)
{
	struct span s = v->text;
	struct int_match m;
	uint64_t n;
	bool negated = s.len > 0 && s.at[0] == '!';

	if (negated)
		s = span_trim(span_from(s, 1));
	if (s.len > 1 && s.at[0] == 'x') {
		if (!span_hex(span_from(s, 1), &n) || n > UINT8_MAX)
			return rule_fail(p, s, "write x and two hexadecimal digits, or 0 to 255",
					 "expected tos from x00 to xff, found %s",
					 rule_quote(p, s));
	} else if (!rule_number(p, s, "tos", 0, UINT8_MAX, &n)) {
		return false;
	}
	m = equal_to(n);
	if (negated)
		m.op = COMPARE_NE;
	return add_number(p, OPTION_TOS, m);
}

/* n, <n or >n */
bool rule_parse_fragoffset(struct rule_parser *p, const struct option_value *v)
{
	struct span s = v->text;
	enum compare_op op = COMPARE_EQ;
	struct int_match m;
	uint64_t n;

	if (s.len > 0 && (s.at[0] == '<' || s.at[0] == '>')) {
		op = s.at[0] == '<' ? COMPARE_LT : COMPARE_GT;
		s = span_trim(span_from(s, 1));
	}
	if (!rule_number(p, s, "fragoffset", 0, UINT16_MAX, &n))
		return false;
	m = equal_to(n);
	m.op = op;
	return add_number(p, OPTION_FRAGOFFSET, m);
}

/* The bits of enum ip_option of engine/decode/packet.h; a test holds them equal. */
static const struct {
	const char *name;
	uint16_t bits;
} ip_options[] = {
	{ "eol", 1 << 0 },  { "nop", 1 << 1 },	 { "rr", 1 << 2 },	{ "ts", 1 << 3 },
	{ "sec", 1 << 4 },  { "lsrr", 1 << 5 },	 { "ssrr", 1 << 6 },	{ "satid", 1 << 7 },
	{ "esec", 1 << 8 }, { "cipso", 1 << 9 }, { "rtralt", 1 << 10 }, { "qs", 1 << 11 },
	{ "any", 0x0fff },
};
#define IP_OPTIONS (sizeof(ip_options) / sizeof(ip_options[0]))

bool rule_parse_ipopts(struct rule_parser *p, const struct option_value *v)
{
	const char *names[IP_OPTIONS];
	struct rule_option *o;

	for (size_t i = 0; i < IP_OPTIONS; i++) {
		names[i] = ip_options[i].name;
		if (!span_is_nocase(v->text, names[i]))
			continue;
		o = rule_add(p, OPTION_IPOPTS);
		if (!o)
			return false;
		o->ipopts.bits = ip_options[i].bits;
		return true;
	}
	return rule_fail(p, v->text,
			 rule_nearest(p, v->text, names, IP_OPTIONS,
				      rule_say(p, "write %s", keyword_row(KW_IPOPTS)->help)),
			 "expected the name of an IPv4 option, found %s", rule_quote(p, v->text));
}

/* The bit of a flag letter, 0 where it is none; "1" and "2" are old names of C and E. */
static uint8_t tcp_flag(char c)
{
	static const char letters[] = "FSRPAUEC";
	const char *at = c ? strchr(letters, c) : NULL;

	if (c == '1')
		return 0x80;
	if (c == '2')
		return 0x40;
	return at ? (uint8_t)(1u << (at - letters)) : 0;
}

/* Letters of flags; one of "+*!" may stand before or after them where how is given. */
static bool read_tcp_flags(struct rule_parser *p, struct span s, uint8_t *out, char *how)
{
	size_t letters = 0;

	*out = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		struct span at = span_of(s.at + i, 1);

		if (how && (c == '+' || c == '*' || c == '!')) {
			if (*how)
				return rule_fail(p, at, "keep one of +, * and !",
						 "a second %s in tcp.flags", rule_quote(p, at));
			*how = c;
			continue;
		}
		if (!tcp_flag(c) && c != '0')
			return rule_fail(p, at, "write letters of F S R P A U E C, or 0 for none",
					 "expected a TCP flag, found %s", rule_quote(p, at));
		*out |= tcp_flag(c);
		letters++;
	}
	if (letters > 0)
		return true;
	return rule_fail(p, s.len ? s : p->option_span,
			 "write letters of F S R P A U E C, or 0 for none",
			 "expected TCP flags, found %s", rule_quote(p, s));
}

bool rule_parse_tcp_flags(struct rule_parser *p, const struct option_value *v)
{
	size_t comma = span_find(v->text, ',');
	struct tcp_flags_match m = { .how = FLAGS_EXACT };
	struct rule_option *o;
	char how = 0;

	if (!read_tcp_flags(p, span_trim(span_head(v->text, comma)), &m.value, &how))
		return false;
	if (comma < v->text.len &&
	    !read_tcp_flags(p, span_trim(span_from(v->text, comma + 1)), &m.ignored, NULL))
		return false;
	if (how)
		m.how = how == '+' ? FLAGS_ALL : how == '*' ? FLAGS_ANY : FLAGS_NONE;
	o = rule_add(p, OPTION_TCP_FLAGS);
	if (!o)
		return false;
	o->tcp_flags = m;
	return true;
}

bool rule_parse_fragbits(struct rule_parser *p, const struct option_value *v)
{
	struct fragbits_match m = { .how = FRAGBITS_EXACT };
	struct rule_option *o;
	bool has_how = false;

	for (size_t i = 0; i < v->text.len; i++) {
		char c = v->text.at[i];
		struct span at = span_of(v->text.at + i, 1);

		if (!has_how && (c == '+' || c == '*' || c == '!')) {
			m.how = c == '+' ? FRAGBITS_ALL : c == '*' ? FRAGBITS_ANY : FRAGBITS_NONE;
			has_how = true;
			continue;
		}
		if (c != 'M' && c != 'D' && c != 'R')
			return rule_fail(p, at,
					 "write M, D or R, with one of +, * and ! before them",
					 "expected a fragment bit, found %s", rule_quote(p, at));
		m.value |= c == 'M' ? 1 : c == 'D' ? 2 : 4;
	}
	if (m.value == 0)
		return rule_fail(p, v->text, "write M, D or R, with one of +, * and ! before them",
				 "expected fragment bits, found %s", rule_quote(p, v->text));
	o = rule_add(p, OPTION_FRAGBITS);
	if (!o)
		return false;
	o->fragbits = m;
	return true;
}

/*
 * Names of IP protocols as /etc/protocols has them.  Letter case counts there; what is all in
 * capitals is an alias of each.
 */
static const struct {
	const char *name;
	uint8_t number;
} ip_protos[] = {
	{ "ip", 0 },
	{ "hopopt", 0 },
	{ "icmp", 1 },
	{ "igmp", 2 },
	{ "ggp", 3 },
	{ "ipencap", 4 },
	{ "IP-ENCAP", 4 },
	{ "st", 5 },
	{ "tcp", 6 },
	{ "egp", 8 },
	{ "igp", 9 },
	{ "pup", 12 },
	{ "udp", 17 },
	{ "hmp", 20 },
	{ "xns-idp", 22 },
	{ "rdp", 27 },
	{ "iso-tp4", 29 },
	{ "dccp", 33 },
	{ "xtp", 36 },
	{ "ddp", 37 },
	{ "idpr-cmtp", 38 },
	{ "ipv6", 41 },
	{ "IPv6", 41 },
	{ "ipv6-route", 43 },
	{ "IPv6-Route", 43 },
	{ "ipv6-frag", 44 },
	{ "IPv6-Frag", 44 },
	{ "idrp", 45 },
	{ "rsvp", 46 },
	{ "gre", 47 },
	{ "esp", 50 },
	{ "ipsec-esp", 50 },
	{ "ah", 51 },
	{ "ipsec-ah", 51 },
	{ "skip", 57 },
	{ "ipv6-icmp", 58 },
	{ "IPv6-ICMP", 58 },
	{ "icmpv6", 58 },
	{ "ipv6-nonxt", 59 },
	{ "IPv6-NoNxt", 59 },
	{ "ipv6-opts", 60 },
	{ "IPv6-Opts", 60 },
	{ "rspf", 73 },
	{ "vmtp", 81 },
	{ "eigrp", 88 },
	{ "ospf", 89 },
	{ "ospfigp", 89 },
	{ "ax.25", 93 },
	{ "ipip", 94 },
	{ "etherip", 97 },
	{ "encap", 98 },
	{ "pim", 103 },
	{ "ipcomp", 108 },
	{ "vrrp", 112 },
	{ "l2tp", 115 },
	{ "isis", 124 },
	{ "sctp", 132 },
	{ "fc", 133 },
	{ "mobility-header", 135 },
	{ "Mobility-Header", 135 },
	{ "udplite", 136 },
	{ "UDPLite", 136 },
	{ "mpls-in-ip", 137 },
	{ "MPLS-in-IP", 137 },
	{ "manet", 138 },
	{ "hip", 139 },
	{ "Shim6", 140 },
	{ "shim6", 140 },
	{ "wesp", 141 },
	{ "rohc", 142 },
	{ "ethernet", 143 },
	{ "Ethernet", 143 },
};
#define IP_PROTOS (sizeof(ip_protos) / sizeof(ip_protos[0]))

/* s is name, as it is or all in capitals. */
static bool is_proto_name(struct span s, const char *name)
{
	if (span_is(s, name))
		return true;
	if (!span_is_nocase(s, name))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] >= 'a' && s.at[i] <= 'z')
			return false;
	}
	return true;
}

static bool read_ip_proto(struct rule_parser *p, struct span s, uint64_t *out)
{
	const char *names[IP_PROTOS];

	if (s.len > 0 && span_digit(s.at[0]))
		return rule_number(p, s, "ip_proto", 0, UINT8_MAX, out);
	for (size_t i = 0; i < IP_PROTOS; i++) {
		names[i] = ip_protos[i].name;
		if (is_proto_name(s, names[i])) {
			*out = ip_protos[i].number;
			return true;
		}
	}
	return rule_fail(p, s.len ? s : p->option_span,
			 rule_nearest(p, s, names, IP_PROTOS, "write its number, 0 to 255"),
			 "expected an IP protocol, found %s", rule_quote(p, s));
}

/* A second ip_proto must leave something to match. */
static bool ip_proto_fits(struct rule_parser *p, const struct int_match *m)
{
	for (unsigned i = 0; i < p->option_count; i++) {
		const struct int_match *o = &p->options[i].number;

		if (p->options[i].kind != OPTION_IP_PROTO)
			continue;
		if (m->op == COMPARE_EQ || o->op == COMPARE_EQ)
			return rule_fail(p, p->option_span, "keep the one that names the protocol",
					 "a second 'ip_proto' beside one that names a protocol");
		if (m->op == o->op && m->op != COMPARE_NE)
			return rule_fail(p, p->option_span, "keep the narrower one",
					 "a second 'ip_proto' with the same operator");
		if ((m->op == COMPARE_LT && o->op == COMPARE_GT && m->low <= o->low) ||
		    (m->op == COMPARE_GT && o->op == COMPARE_LT && m->low >= o->low))
			return rule_fail(
				p, p->option_span, "let the number after '<' be the higher one",
				"no protocol is both below %llu and above %llu",
				(unsigned long long)(m->op == COMPARE_LT ? m->low : o->low),
				(unsigned long long)(m->op == COMPARE_LT ? o->low : m->low));
	}
	return true;
}

bool rule_parse_ip_proto(struct rule_parser *p, const struct option_value *v)
{
	struct span s = v->text;
	enum compare_op op = COMPARE_EQ;
	struct int_match m;
	uint64_t n;

	if (s.len > 0 && (s.at[0] == '!' || s.at[0] == '<' || s.at[0] == '>')) {
		op = s.at[0] == '!' ? COMPARE_NE : s.at[0] == '<' ? COMPARE_LT : COMPARE_GT;
		s = span_trim(span_from(s, 1));
	}
	if (!read_ip_proto(p, s, &n))
		return false;
	m = equal_to(n);
	m.op = op;
	return ip_proto_fits(p, &m) && add_number(p, OPTION_IP_PROTO, m);
}

bool rule_parse_tcp_wscale(struct rule_parser *p, const struct option_value *v)
{
	return parse_compare(p, v, OPTION_TCP_WSCALE, UINT8_MAX);
}

bool rule_parse_icmpv6_mtu(struct rule_parser *p, const struct option_value *v)
{
	return parse_compare(p, v, OPTION_ICMPV6_MTU, UINT32_MAX);
}

#define VLAN_ID_MAX 4095
#define VLAN_LAYERS_MAX 3

/* "more than the greatest" never holds, but rules are written so. */
static bool vlan_number(struct rule_parser *p, struct span s, const struct int_match *m,
			unsigned max)
{
	if (m->low <= max)
		return true;
	return rule_fail(p, s, rule_say(p, "write numbers from 0 to %u", max),
			 "%s has a number above %u, which no packet can have", rule_quote(p, s),
			 max);
}

static bool read_layer(struct rule_parser *p, struct span s, int8_t *out)
{
	int64_t n;

	if (span_is(s, "any"))
		*out = VLAN_LAYER_ANY;
	else if (span_is(s, "all"))
		*out = VLAN_LAYER_ALL;
	else if (span_i64(s, &n) && n >= -VLAN_LAYERS_MAX && n < VLAN_LAYERS_MAX)
		*out = (int8_t)n;
	else
		return rule_fail(p, s.len ? s : p->option_span,
				 "write any, all, 0 to 2 counted from the outermost tag, or -1 to "
				 "-3 from the innermost",
				 "expected a VLAN layer, found %s", rule_quote(p, s));
	return true;
}

/* id[,layer] */
bool rule_parse_vlan_id(struct rule_parser *p, const struct option_value *v)
{
	size_t comma = span_find(v->text, ',');
	struct vlan_match m = { .layer = VLAN_LAYER_ANY };
	struct rule_option *o;

	if (!rule_compare(p, span_trim(span_head(v->text, comma)), UINT16_MAX, &m.match) ||
	    !vlan_number(p, v->text, &m.match, VLAN_ID_MAX))
		return false;
	if (comma < v->text.len &&
	    !read_layer(p, span_trim(span_from(v->text, comma + 1)), &m.layer))
		return false;
	o = rule_add(p, OPTION_VLAN_ID);
	if (!o)
		return false;
	o->vlan = m;
	return true;
}

bool rule_parse_vlan_layers(struct rule_parser *p, const struct option_value *v)
{
	struct int_match m;

	return rule_compare(p, v->text, UINT8_MAX, &m) &&
	       vlan_number(p, v->text, &m, VLAN_LAYERS_MAX) && add_number(p, OPTION_VLAN_LAYERS, m);
}

bool rule_parse_l3_proto(struct rule_parser *p, const struct option_value *v)
{
	bool four = span_is_nocase(v->text, "ipv4") || span_is_nocase(v->text, "ip4");

	if (four || span_is_nocase(v->text, "ipv6") || span_is_nocase(v->text, "ip6"))
		return add_number(p, OPTION_L3_PROTO, equal_to(four ? 4 : 6));
	return rule_fail(p, v->text, "write ipv4 or ipv6", "expected ipv4 or ipv6, found %s",
			 rule_quote(p, v->text));
}

static enum rule_checksum checksum_of(enum keyword k)
{
	switch (k) {
	case KW_IPV4_CSUM:
		return RULE_CHECKSUM_IPV4;
	case KW_TCPV4_CSUM:
		return RULE_CHECKSUM_TCPV4;
	case KW_TCPV6_CSUM:
		return RULE_CHECKSUM_TCPV6;
	case KW_UDPV4_CSUM:
		return RULE_CHECKSUM_UDPV4;
	case KW_UDPV6_CSUM:
		return RULE_CHECKSUM_UDPV6;
	case KW_ICMPV4_CSUM:
		return RULE_CHECKSUM_ICMPV4;
	default:
		return RULE_CHECKSUM_ICMPV6;
	}
}

bool rule_parse_checksum(struct rule_parser *p, const struct option_value *v)
{
	bool valid = span_is_nocase(v->text, "valid");
	struct rule_option *o;

	if (!valid && !span_is_nocase(v->text, "invalid"))
		return rule_fail(p, v->text, "write valid or invalid",
				 "expected valid or invalid, found %s", rule_quote(p, v->text));
	o = rule_add(p, OPTION_CHECKSUM);
	if (!o)
		return false;
	o->checksum = (struct checksum_match){ (uint8_t)checksum_of(p->keyword), valid };
	return true;
}

#define EVENT_NAME_BYTES 96

static bool parse_event(struct rule_parser *p, struct span s, enum option_kind kind)
{
	bool stream = kind == OPTION_STREAM_EVENT;
	char name[EVENT_NAME_BYTES];
	struct rule_option *o;
	int event = -1;

	if (s.len > 0 && s.len < sizeof(name)) {
		for (size_t i = 0; i < s.len; i++) {
			char c = s.at[i];

			name[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
		}
		event = event_find(name, s.len, stream);
	}
	if (event < 0) {
		const char *names[EVENT__COUNT];
		size_t count = 0;

		for (int e = 0; e < EVENT__COUNT; e++) {
			if (event_is_decode((enum event)e) != stream)
				names[count++] = event_name((enum event)e);
		}
		return rule_fail(p, s.len ? s : p->option_span,
				 rule_nearest(p, s, names, count,
					      stream ? "docs/rules.md lists the stream events"
						     : "docs/rules.md lists the decoder events"),
				 "unknown %s event %s", stream ? "stream" : "decoder",
				 rule_quote(p, s));
	}
	o = rule_add(p, kind);
	if (!o)
		return false;
	o->event = event;
	return true;
}

bool rule_parse_decode_event(struct rule_parser *p, const struct option_value *v)
{
	return parse_event(p, v->text, OPTION_DECODE_EVENT);
}

bool rule_parse_stream_event(struct rule_parser *p, const struct option_value *v)
{
	return parse_event(p, v->text, OPTION_STREAM_EVENT);
}

bool rule_parse_engine_event(struct rule_parser *p, const struct option_value *v)
{
	if (span_starts(v->text, "stream."))
		return parse_event(p, span_from(v->text, strlen("stream.")), OPTION_STREAM_EVENT);
	if (span_starts(v->text, "decoder."))
		return parse_event(p, span_from(v->text, strlen("decoder.")), OPTION_DECODE_EVENT);
	return rule_fail(p, v->text, "write stream. or decoder. before the name",
			 "expected stream.name or decoder.name, found %s", rule_quote(p, v->text));
}
