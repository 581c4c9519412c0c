/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/eval.h"

#include <assert.h>

#define EVAL(name) eval_##name
#define TRACES 0
#define TRACE_HELD(e, c, from, to) ((void)0)
#define TRACE_FAILED(e, c, from, to) ((void)0)
#define TRACE_VALUE(e, v) ((void)0)
#define TRACE_SKIPS(e, c) false

#include "engine/detect/eval_body.h"

unsigned eval_proto_other(const struct packet *p)
{
	switch (p->proto) {
	case IP_PROTO_UDP:
		return PROTO_UDP;
	case IP_PROTO_ICMP:
		return PROTO_ICMP;
	case IP_PROTO_ICMPV6:
		return PROTO_ICMPV6;
	case IP_PROTO_SCTP:
		return PROTO_SCTP;
	default:
		return PROTO_OTHER;
	}
}

#define NEED_FLAGS_SHIFT 11

static_assert(NEED_FIN == TCP_FIN << NEED_FLAGS_SHIFT && NEED_SYN == TCP_SYN << NEED_FLAGS_SHIFT &&
		      NEED_RST == TCP_RST << NEED_FLAGS_SHIFT &&
		      NEED_ACK == TCP_ACK << NEED_FLAGS_SHIFT,
	      "eval_facts() shifts them");

uint32_t eval_facts(const struct packet *p, const struct flow *f)
{
	const uint8_t told = TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK;
	static const uint32_t versions[] = { [4] = NEED_V4, [6] = NEED_V6 };
	bool payload = p->payload.len && !eval_payload_closed(p);
	uint32_t have = f && p->established ? NEED_ESTABLISHED : NEED_NOT_ESTABLISHED;

	if (f)
		have |= NEED_FLOW | (p->direction ? NEED_TO_CLIENT : NEED_TO_SERVER);
	have |= payload ? NEED_BYTES | NEED_PAYLOAD : 0;
	have |= p->pseudo ? 0 : NEED_REAL;
	have |= p->ip_version <= 6 ? versions[p->ip_version] : 0;
	have |= p->events ? NEED_EVENT : 0;
	if (!p->has_l4)
		return have;
	have |= NEED_L4;
	if (p->proto != IP_PROTO_TCP)
		return have;
	have |= (uint32_t)(p->tcp.flags & told) << NEED_FLAGS_SHIFT;
	return have | (have & NEED_SYN ? 0 : NEED_NO_SYN);
}

bool eval_known(const struct eval *e, const struct cond *c, const struct ip_addr *host,
		struct detect_known *out)
{
	*out = (struct detect_known){ .count = 0 };
	return e->known && e->p->ip_version &&
	       e->known(e->known_ctx, e->p, host, &c->watch.kinds, out);
}

bool eval_xbits_key(const struct packet *p, const struct cond *c, struct xbits_key *out)
{
	bool swap = ip_addr_compare(&p->src, &p->dst) > 0;

	memset(out, 0, sizeof(*out));
	out->name = c->xbits.name;
	out->version = p->ip_version;
	switch (c->xbits.track) {
	case XBITS_TRACK_SRC:
		out->a = p->src;
		break;
	case XBITS_TRACK_DST:
		out->a = p->dst;
		break;
	case XBITS_TRACK_PAIR:
		out->version |= 16;
		out->a = swap ? p->dst : p->src;
		out->b = swap ? p->src : p->dst;
		break;
	default:
		return false;
	}
	return p->ip_version != 0;
}
