/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/output/fast.h"

#include "engine/output/eve.h"

/* The msg of a rule is a person's text, but a line must stay one line. */
static void put_text(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_char(out, (unsigned char)*text < 0x20 || *text == 0x7f ? '.' : *text);
}

static void put_end(struct buf *out, const struct ip_addr *a, const struct packet *p, unsigned port)
{
	char text[IP_ADDR_TEXT];

	buf_bytes(out, text, ip_addr_text(a, p->ip_version, text));
	buf_char(out, ':');
	buf_u64(out, port);
}

static void put_ip(struct buf *out, const struct packet *p)
{
	const char *proto = ip_proto_name(p->proto);
	bool icmp = p->proto == IP_PROTO_ICMP || p->proto == IP_PROTO_ICMPV6;

	buf_bytes(out, "{", 1);
	if (proto) {
		buf_text(out, proto);
	} else {
		buf_text(out, "PROTO:");
		buf_char(out, (char)('0' + p->proto / 100));
		buf_char(out, (char)('0' + p->proto / 10 % 10));
		buf_char(out, (char)('0' + p->proto % 10));
	}
	buf_bytes(out, "} ", 2);
	put_end(out, &p->src, p, icmp ? p->icmp_type : p->sport);
	buf_bytes(out, " -> ", 4);
	put_end(out, &p->dst, p, icmp ? p->icmp_code : p->dport);
}

#define RAW_BYTES 32

/* Without an IP header there are no ends to name: the first bytes of the packet stand for them. */
static void put_raw(struct buf *out, const struct packet *p)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t len = p->data.len < RAW_BYTES ? p->data.len : RAW_BYTES;

	buf_text(out, "[**] [Raw pkt: ");
	for (size_t i = 0; i < len; i++) {
		buf_char(out, digits[p->data.data[i] >> 4]);
		buf_char(out, digits[p->data.data[i] & 15]);
		buf_char(out, ' ');
	}
	buf_char(out, ']');
	if (p->number) {
		buf_text(out, " [pcap file packet: ");
		buf_u64(out, p->number);
		buf_char(out, ']');
	}
}

void fast_alert(const struct output_env *env, const struct packet *p, const struct alert *a,
		const struct rule_info *rule, struct buf *out)
{
	/* Not inline nothing is dropped: what the rule would have done is told. */
	bool drops = env->inline_mode ? a->flags & (ALERT_DROPS | ALERT_REJECTS)
				      : rule->action >= ACTION_DROP;
	bool was_full = out->full;
	size_t start = out->len;
	char time[FAST_TIME_LEN];

	out->full = false;
	fast_time_text(p->time_ns, time);
	buf_bytes(out, time, sizeof(time));
	buf_bytes(out, "  ", 2);
	if (drops)
		buf_text(out, env->inline_mode ? "[Drop] " : "[wDrop] ");
	buf_text(out, "[**] [");
	buf_u64(out, rule->gid);
	buf_char(out, ':');
	buf_u64(out, rule->sid);
	buf_char(out, ':');
	buf_u64(out, rule->rev);
	buf_text(out, "] ");
	put_text(out, rule->msg ? rule->msg : "");
	buf_text(out, " [**] [Classification: ");
	put_text(out, rule->class_text && rule->class_text[0] ? rule->class_text : "(null)");
	buf_text(out, "] [Priority: ");
	buf_u64(out, rule->priority);
	buf_text(out, "] ");
	if (p->has_ip)
		put_ip(out, p);
	else
		put_raw(out, p);
	buf_char(out, '\n');
	if (out->full)
		out->len = start;
	else
		out->full = was_full;
}
