/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/explain_text.h"

#include <inttypes.h>

#include "engine/detect/packet_checksum.h"

#define ICMPV6_TOO_BIG 2
#define NANOSECONDS 1000000000

/* --- fields of the packet --------------------------------------------------------------------------------------- */

static void tcp_flags_text(uint8_t flags, struct explain_cond *out)
{
	static const char letters[] = "FSRPAUEC";

	for (unsigned i = 0; i < 8; i++) {
		if (flags >> i & 1)
			explain_say(out, "%c", letters[i]);
	}
	if (!flags)
		explain_say(out, "none");
}

static void flow_met(const struct explain_met *m, struct explain_cond *out)
{
	uint32_t bits = m->c->flow.bits, have = m->e->have;

	if (!m->e->f) {
		explain_say(out, "the packet belongs to no flow");
		return;
	}
	if ((bits & FLOW_MATCH_TO_SERVER) && !(have & NEED_TO_SERVER))
		explain_say(out, "it goes to the client, not to the server");
	if ((bits & FLOW_MATCH_TO_CLIENT) && !(have & NEED_TO_CLIENT))
		explain_say(out, "it goes to the server, not to the client");
	if ((bits & FLOW_MATCH_ESTABLISHED) && !(have & NEED_ESTABLISHED))
		explain_say(out, "%sthe flow is not established", *out->detail ? "; " : "");
	if ((bits & FLOW_MATCH_NOT_ESTABLISHED) && !(have & NEED_NOT_ESTABLISHED))
		explain_say(out, "%sthe flow is established", *out->detail ? "; " : "");
	if ((bits & FLOW_MATCH_ONLY_FRAG) && !m->e->p->from_defrag)
		explain_say(out, "%sthe packet did not come in fragments",
			    *out->detail ? "; " : "");
	if ((bits & FLOW_MATCH_NO_FRAG) && m->e->p->from_defrag)
		explain_say(out, "%sthe packet came in fragments", *out->detail ? "; " : "");
}

static void fragbits_text(const struct packet *p, struct explain_cond *out)
{
	explain_say(out, "bits are %s%s%s%s", p->more_fragments ? "M" : "",
		    p->dont_fragment ? "D" : "", p->reserved_fragment ? "R" : "",
		    p->more_fragments || p->dont_fragment || p->reserved_fragment ? "" : "none");
}

static void ipopts_text(const struct packet *p, struct explain_cond *out)
{
	static const char *const names[] = { "eol",  "nop",   "rr",   "ts",    "sec",	 "lsrr",
					     "ssrr", "satid", "esec", "cipso", "rtralt", "qs" };

	explain_say(out, p->ip_options ? "options are" : "there are no options");
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (p->ip_options >> i & 1)
			explain_say(out, " %s", names[i]);
	}
}

static void events_text(const struct packet *p, struct explain_cond *out)
{
	explain_say(out, p->events ? "events of the packet:" : "the packet has no event");
	for (unsigned i = 0; i < p->events; i++)
		explain_say(out, " %s", event_name((enum event)p->event[i]));
}

static void same_address_text(const struct packet *p, struct explain_cond *out)
{
	char src[IP_ADDR_TEXT], dst[IP_ADDR_TEXT];

	if (!p->ip_version) {
		explain_say(out, "the packet has no address");
		return;
	}
	ip_addr_text(&p->src, p->ip_version, src);
	ip_addr_text(&p->dst, p->ip_version, dst);
	explain_say(out, "from %s to %s", src, dst);
}

static void stream_size_met(const struct explain_met *m, struct explain_cond *out)
{
	const struct eval *e = m->e;

	if (!e->f || !e->f->tcp || !e->streams)
		explain_say(out, "the packet belongs to no TCP session");
	else
		explain_say(out, "client has sent %u, server %u", stream_size(e->streams, e->f, 0),
			    stream_size(e->streams, e->f, 1));
}

/* A number in a header; false: the packet has none. */
static bool field(const struct explain_met *m, uint64_t *v)
{
	const struct packet *p = m->e->p;
	bool tcp = p->has_l4 && p->proto == IP_PROTO_TCP;
	bool icmp = p->has_l4 && (p->proto == IP_PROTO_ICMP || p->proto == IP_PROTO_ICMPV6);

	switch (m->c->kind) {
	case COND_DSIZE:
		*v = p->payload.len;
		return p->has_l4;
	case COND_TCP_SEQ:
		*v = p->tcp.seq;
		return tcp;
	case COND_TCP_ACK:
		*v = p->tcp.ack;
		return tcp;
	case COND_TCP_WINDOW:
		*v = p->tcp.window;
		return tcp;
	case COND_TCP_MSS:
		*v = p->tcp.mss;
		return tcp && p->tcp.has_mss;
	case COND_TCP_WSCALE:
		*v = p->tcp.wscale;
		return tcp && p->tcp.has_wscale;
	case COND_ICMPV6_MTU:
		*v = p->icmp_mtu;
		return icmp && p->proto == IP_PROTO_ICMPV6 && p->icmp_type == ICMPV6_TOO_BIG;
	case COND_VLAN_LAYERS:
		*v = p->vlans;
		return true;
	case COND_TTL:
		*v = p->ttl;
		return p->ip_version;
	case COND_TOS:
		*v = p->tos;
		return p->ip_version == 4;
	case COND_ID:
		*v = p->ip_id;
		return p->ip_version == 4;
	case COND_FRAGOFFSET:
		*v = p->frag_offset;
		return p->ip_version;
	case COND_IP_PROTO:
		*v = p->proto;
		return p->ip_version;
	case COND_ITYPE:
		*v = p->icmp_type;
		return icmp;
	case COND_ICODE:
		*v = p->icmp_code;
		return icmp;
	case COND_ICMP_ID:
		*v = p->icmp_id;
		return icmp && p->has_icmp_id;
	default:
		*v = p->icmp_seq;
		return icmp && p->has_icmp_id;
	}
}

static void field_met(const struct explain_met *m, struct explain_cond *out)
{
	uint64_t v;

	if (field(m, &v))
		explain_say(out, "is %" PRIu64, v);
	else
		explain_say(out, "the packet has none");
}

static void flow_numbers_met(const struct explain_met *m, struct explain_cond *out)
{
	const struct flow *f = m->e->f;

	if (!f)
		explain_say(out, "the packet belongs to no flow");
	else if (m->c->kind == COND_FLOW_AGE)
		explain_say(out, "is %" PRId64,
			    f->last_ns / NANOSECONDS - f->start_ns / NANOSECONDS);
	else if (m->c->kind == COND_FLOW_PKTS)
		explain_say(out, "to server %u, to client %u", f->packets[0], f->packets[1]);
	else
		explain_say(out, "to server %" PRIu64 ", to client %" PRIu64, f->bytes[0],
			    f->bytes[1]);
}

static void vlan_met(const struct explain_met *m, struct explain_cond *out)
{
	const struct packet *p = m->e->p;

	explain_say(out, p->vlans ? "tags from outside:" : "the packet has no VLAN tag");
	for (unsigned i = 0; i < p->vlans; i++)
		explain_say(out, " %u", p->vlan[i]);
}

static void checksum_met(const struct explain_met *m, struct explain_cond *out)
{
	bool valid;

	if (!packet_checksum(m->e->p, (enum rule_checksum)m->c->op, &valid))
		explain_say(out, "the packet has none");
	else if (m->e->p->checksums_off)
		explain_say(out, "checksums of this input are not looked at");
	else
		explain_say(out, valid ? "is valid" : "is invalid");
}

static void rpc_met(const struct packet *p, struct explain_cond *out)
{
	bool may = p->has_l4 && (p->proto == IP_PROTO_TCP || p->proto == IP_PROTO_UDP);

	explain_say(out, may ? "the payload is no such call" : "the packet is not of TCP or UDP");
}

void explain_packet(const struct explain_met *m, struct explain_cond *out)
{
	const struct packet *p = m->e->p;

	switch (m->c->kind) {
	case COND_FLOW:
		flow_met(m, out);
		break;
	case COND_STREAM_SIZE:
		stream_size_met(m, out);
		break;
	case COND_TCP_FLAGS:
		if (p->has_l4 && p->proto == IP_PROTO_TCP) {
			explain_say(out, "flags are ");
			tcp_flags_text(p->tcp.flags, out);
		} else {
			explain_say(out, "the packet has none");
		}
		break;
	case COND_FRAGBITS:
		fragbits_text(p, out);
		break;
	case COND_IPOPTS:
		ipopts_text(p, out);
		break;
	case COND_SAMEIP:
		same_address_text(p, out);
		break;
	case COND_FLOW_AGE:
	case COND_FLOW_PKTS:
	case COND_FLOW_BYTES:
		flow_numbers_met(m, out);
		break;
	case COND_VLAN_ID:
		vlan_met(m, out);
		break;
	case COND_L3_PROTO:
		explain_say(out, p->ip_version ? "is IPv%u" : "is no IP", p->ip_version);
		break;
	case COND_CHECKSUM:
		checksum_met(m, out);
		break;
	case COND_RPC:
		rpc_met(p, out);
		break;
	case COND_EVENT:
		events_text(p, out);
		break;
	default:
		field_met(m, out);
		break;
	}
}

/* --- state of the flow ------------------------------------------------------------------------------------------ */

static const char *name_of(const struct explain_met *m, uint64_t key)
{
	const struct block_header *b = m->e->rs->block;
	const struct state_name *n = block_at(b, b->names.offset);

	for (uint32_t i = 0; i < b->names.count; i++) {
		if (n[i].key == key)
			return block_text(b, n[i].text);
	}
	return "it";
}

void explain_flowbits(const struct explain_met *m, struct explain_cond *out)
{
	const struct section *names = &m->c->flowbits.names;
	const struct state_name *n = block_at(m->e->rs->block, names->offset);
	unsigned set = 0;

	if (!m->e->f) {
		explain_say(out, "the packet belongs to no flow");
		return;
	}
	for (uint32_t i = 0; i < names->count; i++) {
		if (!state_find(m->e->state, m->e->f, STATE_BIT, 0, n[i].key))
			continue;
		explain_say(out, "%s%s", set++ ? ", " : "", block_text(m->e->rs->block, n[i].text));
	}
	if (set) {
		explain_say(out, " %s set", set == 1 ? "is" : "are");
		return;
	}
	explain_say(out, "%s", names->count > 1 ? "none of " : "");
	for (uint32_t i = 0; i < names->count; i++)
		explain_say(out, "%s%s", i ? ", " : "", block_text(m->e->rs->block, n[i].text));
	explain_say(out, "%s", names->count > 1 ? " is set" : " is not set");
}

void explain_flowint(const struct explain_met *m, struct explain_cond *out)
{
	const struct state_entry *v;
	const char *name = name_of(m, m->c->flowint.name);

	if (!m->e->f) {
		explain_say(out, "the packet belongs to no flow");
		return;
	}
	v = state_find(m->e->state, m->e->f, STATE_INT, 0, m->c->flowint.name);
	if (v)
		explain_say(out, "%s is %" PRIu64, name, v->value);
	else
		explain_say(out, "%s has no value", name);
	if (!m->c->flowint.operand_is_name)
		return;
	name = name_of(m, m->c->flowint.operand_name);
	v = state_find(m->e->state, m->e->f, STATE_INT, 0, m->c->flowint.operand_name);
	if (v)
		explain_say(out, ", %s is %" PRIu64, name, v->value);
	else
		explain_say(out, ", %s has no value", name);
}

void explain_xbits(const struct explain_met *m, struct explain_cond *out)
{
	struct xbits_key k;

	if (m->c->xbits.track == XBITS_TRACK_TX) {
		bool set = m->e->tx && m->e->f &&
			   state_tx_marked(m->e->state, m->e->f, m->c->xbits.name, m->e->tx->id);

		explain_say(out, set ? "is set" : "is not set");
	} else if (!m->e->xbits || !eval_xbits_key(m->e->p, m->c, &k))
		explain_say(out, "nothing carries it");
	else if (xbits_isset(m->e->xbits, &k, m->e->p->time_ns))
		explain_say(out, "is set");
	else
		explain_say(out, "is not set");
}

static void known_met(const struct explain_met *m, const char *which, const struct ip_addr *host,
		      struct explain_cond *out)
{
	struct detect_known k;

	if (!eval_known(m->e, m->c, host, &k))
		explain_say(out, "%s: nothing can be said here", which);
	else if (m->c->watch.test == IPREP_VALUE)
		explain_say(out, "%s: %" PRIu64, which, k.count);
	else
		explain_say(out, "%s: %s", which, k.due ? "reported" : "not reported");
}

void explain_watch(const struct explain_met *m, struct explain_cond *out)
{
	if (m->c->watch.side != ADDRESS_DST)
		known_met(m, "source", &m->e->p->src, out);
	if (m->c->watch.side == ADDRESS_ANY || m->c->watch.side == ADDRESS_BOTH)
		explain_say(out, ", ");
	if (m->c->watch.side != ADDRESS_SRC)
		known_met(m, "target", &m->e->p->dst, out);
}
