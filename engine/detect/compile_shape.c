/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/compile_shape.h"

#include "engine/detect/buffer.h"
#include "engine/detect/compile_option.h"
#include "engine/detect/compile_tx.h"
#include "parser/buffer.h"

static uint16_t protos_of(const struct rule *r)
{
	switch (r->proto) {
	case RULE_PROTO_TCP:
	case RULE_PROTO_TCP_PKT:
	case RULE_PROTO_TCP_STREAM:
		return 1u << PROTO_TCP;
	case RULE_PROTO_UDP:
		return 1u << PROTO_UDP;
	case RULE_PROTO_ICMP:
		return 1u << PROTO_ICMP | 1u << PROTO_ICMPV6;
	case RULE_PROTO_ICMPV4:
		return 1u << PROTO_ICMP;
	case RULE_PROTO_ICMPV6:
		return 1u << PROTO_ICMPV6;
	case RULE_PROTO_SCTP:
		return 1u << PROTO_SCTP;
	default:
		return PROTO_CLASS_ALL;
	}
}

/* Facts that tell early that tcp.flags cannot hold. */
static uint32_t flags_need(const struct tcp_flags_match *m)
{
	uint32_t need = 0;

	if (m->how != FLAGS_EXACT && m->how != FLAGS_ALL)
		return 0;
	need |= m->value & TCP_SYN ? NEED_SYN : 0;
	need |= m->value & TCP_RST ? NEED_RST : 0;
	need |= m->value & TCP_FIN ? NEED_FIN : 0;
	need |= m->value & TCP_ACK ? NEED_ACK : 0;
	if (m->how == FLAGS_EXACT && !((m->value | m->ignored) & TCP_SYN))
		need |= NEED_NO_SYN;
	return need;
}

static uint32_t flow_need(uint32_t bits)
{
	uint32_t need = 0;

	need |= bits & FLOW_MATCH_TO_SERVER ? NEED_FLOW | NEED_TO_SERVER : 0;
	need |= bits & FLOW_MATCH_TO_CLIENT ? NEED_FLOW | NEED_TO_CLIENT : 0;
	need |= bits & FLOW_MATCH_ESTABLISHED ? NEED_FLOW | NEED_ESTABLISHED : 0;
	need |= bits & FLOW_MATCH_STATELESS ? NEED_FLOW : 0;
	need |= bits & FLOW_MATCH_NOT_ESTABLISHED ? NEED_NOT_ESTABLISHED : 0;
	return need;
}

/* It looks at a packet's buffer, so at packets alone, and at those that have it. */
static void shape_buffer(struct shape *s, enum buffer b)
{
	const struct detect_buffer *from = detect_buffer(b);

	s->only_packet = true;
	s->need |= from->need;
	if (from->protos)
		s->protos &= from->protos;
}

static void shape_checksum(struct shape *s, enum rule_checksum which)
{
	static const struct {
		uint32_t need;
		uint16_t protos;
	} of[RULE_CHECKSUM__COUNT] = {
		[RULE_CHECKSUM_IPV4] = { NEED_V4, PROTO_CLASS_ALL },
		[RULE_CHECKSUM_TCPV4] = { NEED_V4 | NEED_L4, 1u << PROTO_TCP },
		[RULE_CHECKSUM_TCPV6] = { NEED_V6 | NEED_L4, 1u << PROTO_TCP },
		[RULE_CHECKSUM_UDPV4] = { NEED_V4 | NEED_L4, 1u << PROTO_UDP },
		[RULE_CHECKSUM_UDPV6] = { NEED_V6 | NEED_L4, 1u << PROTO_UDP },
		[RULE_CHECKSUM_ICMPV4] = { NEED_V4 | NEED_L4, 1u << PROTO_ICMP },
		[RULE_CHECKSUM_ICMPV6] = { NEED_V6 | NEED_L4, 1u << PROTO_ICMPV6 },
	};

	s->need |= of[which].need | NEED_REAL;
	s->protos &= of[which].protos;
}

struct shape shape_of(const struct rule *r)
{
	struct shape s = { .protos = protos_of(r) };

	s.only_packet = r->proto == RULE_PROTO_TCP_PKT;
	s.only_stream = r->proto == RULE_PROTO_TCP_STREAM;
	s.need |= r->proto == RULE_PROTO_IPV4 || r->proto == RULE_PROTO_ICMPV4 ? NEED_V4 : 0;
	s.need |= r->proto == RULE_PROTO_IPV6 || r->proto == RULE_PROTO_ICMPV6 ? NEED_V6 : 0;
	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];

		s.only_packet |= option_only_packet(o);
		s.protos &= option_protos(o);
		if (option_is_bytes(o->kind) &&
		    buffer_row((enum buffer)o->buffer)->kind == BUFFER_KIND_PACKET)
			shape_buffer(&s, (enum buffer)o->buffer);
		switch (o->kind) {
		case OPTION_FLOW:
			s.flow |= (o->flow & ~(uint32_t)FLOW_MATCH_NO_STREAM) != 0;
			s.need |= flow_need(o->flow);
			s.no_stream |= (o->flow & FLOW_MATCH_NO_STREAM) != 0;
			s.no_packet |= (o->flow & FLOW_MATCH_ONLY_STREAM) != 0;
			s.only_stream |= s.no_packet;
			break;
		case OPTION_APP_EVENT:
			s.flow |= !tx_option(o);
			s.need |= NEED_FLOW;
			break;
		case OPTION_APP_PROTO:
		case OPTION_FLOW_AGE:
		case OPTION_FLOW_PKTS:
		case OPTION_FLOW_BYTES:
			s.need |= NEED_FLOW;
			break;
		case OPTION_L3_PROTO:
			s.need |= o->number.low == 4 ? NEED_V4 : NEED_V6;
			break;
		case OPTION_CHECKSUM:
			shape_checksum(&s, (enum rule_checksum)o->checksum.which);
			break;
		case OPTION_TCP_FLAGS:
			s.need |= flags_need(&o->tcp_flags);
			break;
		case OPTION_RPC:
			s.need |= NEED_REAL | NEED_PAYLOAD;
			break;
		case OPTION_VARIABLE:
			s.need |= NEED_FLOW;
			s.reads_state = true;
			break;
		case OPTION_FLOWBITS:
		case OPTION_FLOWINT:
			s.need |= NEED_FLOW;
			s.reads_state |=
				option_part_of(o) == PART_STATE ||
				(o->kind == OPTION_FLOWBITS && o->flowbits.op == FLOWBIT_TOGGLE);
			s.integer_state |= o->kind == OPTION_FLOWINT;
			break;
		case OPTION_DECODE_EVENT:
		case OPTION_STREAM_EVENT:
			s.event = true;
			break;
		case OPTION_STREAM_SIZE:
			s.both = true;
			break;
		case OPTION_CONTENT:
			s.both |= o->content.has_depth || o->content.has_offset ||
				  o->content.startswith;
			break;
		default:
			break;
		}
		if (option_part_of(o) == PART_PACKET && o->kind != OPTION_IP_PROTO &&
		    o->kind != OPTION_L3_PROTO && o->kind != OPTION_FLOW && o->kind != OPTION_IPREP)
			s.packet_keyword = true;
	}
	return s;
}

uint8_t shape_units(const struct shape *s)
{
	if (!(s->protos & 1u << PROTO_TCP) || s->only_packet || s->no_stream)
		return 1u << UNIT_PACKET;
	if (s->only_stream || !s->both)
		return 1u << UNIT_STREAM;
	return 1u << UNIT_PACKET | 1u << UNIT_STREAM;
}
