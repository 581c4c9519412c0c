/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a condition met, in words.  The evaluator has decided; here it is only looked where else in the
 * bytes a content or a match would have been, so that a near miss can be told.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/app/frame.h"
#include "engine/detect/buffer.h"
#include "engine/detect/packet_checksum.h"
#include "engine/detect/eval_find.h"
#include "engine/detect/explain.h"

/* The beginning of a content is worth telling from so many bytes on. */
#define PART_LEAST 3
#define ICMPV6_TOO_BIG 2
#define NANOSECONDS 1000000000

static void say(struct explain_cond *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Add to the detail; what does not fit is cut. */
static void say(struct explain_cond *out, const char *format, ...)
{
	size_t had = strlen(out->detail);
	va_list args;

	va_start(args, format);
	vsnprintf(out->detail + had, sizeof(out->detail) - had, format, args);
	va_end(args);
}

static const char *many(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* Index into the bytes -> place in the unit. */
static uint64_t place(const struct explain_met *m, size_t index)
{
	return m->e->origin + index;
}

static void locate(const struct explain_met *m, size_t from, size_t to, struct explain_cond *out)
{
	/* Spans are of the payload; of another buffer the place is told in words. */
	if (m->c->buffer != BUFFER_PAYLOAD)
		return;
	out->located = true;
	out->from = place(m, from);
	out->len = (uint32_t)(to - from);
}

/* --- content --------------------------------------------------------------------------------------- */

static int64_t limit(const struct explain_met *m, int32_t number, int16_t variable)
{
	uint64_t v = variable < 0 ? 0 : m->e->variable[variable];

	return variable < 0 ? number : v > INT32_MAX ? INT32_MAX : (int64_t)v;
}

static ptrdiff_t find(const struct explain_met *m, size_t from, size_t to, bool nocase)
{
	const struct cond *c = m->c;
	const uint8_t *pattern = block_at(m->e->rs->block, c->content.pattern);
	uint8_t lower[256];

	if (from > to || to - from < c->content.len)
		return -1;
	if (nocase && !(c->flags & COND_NOCASE)) {
		if (c->content.len > sizeof(lower))
			return -1;
		for (unsigned i = 0; i < c->content.len; i++)
			lower[i] = pattern[i] >= 'A' && pattern[i] <= 'Z' ? pattern[i] | 0x20
									  : pattern[i];
		pattern = lower;
	}
	return eval_find(m->e->data.data, from, to, pattern, c->content.len, c->content.anchor,
			 nocase);
}

/* Where it lies after all: the first place after the earliest that was allowed, or else the last before. */
static ptrdiff_t find_elsewhere(const struct explain_met *m, bool nocase)
{
	size_t len = m->e->data.len;
	ptrdiff_t at = find(m, m->from < len ? m->from : len, len, nocase);
	ptrdiff_t next = at;

	for (size_t from = 0; at < 0; from = (size_t)next + 1) {
		ptrdiff_t found = find(m, from, len, nocase);

		if (found < 0)
			return from ? next : -1;
		next = found;
	}
	return at;
}

/* The limit that puts the end of the allowed place before the content's. */
static void too_late(const struct explain_met *m, size_t found, struct explain_cond *out)
{
	const struct cond *c = m->c;
	size_t off = found + c->content.len - m->to;
	int64_t within = limit(m, c->content.within, c->content.within_var);
	int64_t depth = limit(m, c->content.depth, c->content.depth_var);
	int64_t offset = limit(m, c->content.offset, c->content.offset_var);

	if (c->flags & COND_STARTSWITH)
		say(out, ", but it must be at the start");
	else if ((c->flags & COND_RELATIVE) && (c->flags & COND_HAS_WITHIN))
		say(out, ", %zu byte%s past the end of within %" PRId64 ", which is %" PRIu64, off,
		    many(off), within, place(m, m->to));
	else if ((c->flags & COND_HAS_DEPTH) && offset)
		say(out, ", but depth is %" PRId64 " from offset %" PRId64 ": %zu byte%s too far",
		    depth, offset, off, many(off));
	else if (c->flags & COND_HAS_DEPTH)
		say(out, ", but depth is %" PRId64 ": %zu byte%s too far", depth, off, many(off));
	else
		say(out, ", but it must end by %" PRIu64, place(m, m->to));
}

static void too_early(const struct explain_met *m, size_t found, struct explain_cond *out)
{
	const struct cond *c = m->c;
	size_t off = m->from - found;
	int64_t offset = limit(m, c->content.offset, c->content.offset_var);
	int64_t distance = limit(m, c->content.distance, c->content.distance_var);

	if (!(c->flags & COND_RELATIVE))
		say(out, ", but offset is %" PRId64 ": %zu byte%s too early", offset, off,
		    many(off));
	else if (distance)
		say(out,
		    ", but distance %" PRId64 " asks for it from %" PRIu64
		    " on: %zu byte%s too early",
		    distance, place(m, m->from), off, many(off));
	else
		say(out, ", but it must come after what is before it, from %" PRIu64 " on",
		    place(m, m->from));
}

static void misplaced(const struct explain_met *m, size_t found, struct explain_cond *out)
{
	const struct cond *c = m->c;
	size_t end = found + c->content.len;

	say(out, "found at %" PRIu64, place(m, found));
	locate(m, found, end, out);
	if (found < m->from)
		too_early(m, found, out);
	else if (end > m->to)
		too_late(m, found, out);
	else if (c->flags & COND_ENDSWITH)
		say(out, ", but it must be at the end: %zu byte%s follow%s", m->e->data.len - end,
		    many(m->e->data.len - end), m->e->data.len - end == 1 ? "s" : "");
	else
		say(out, ", which does not do");
}

/* Bytes of the content, from its first on, that stand at a place. */
static size_t part_at(const struct explain_met *m, size_t at, size_t end)
{
	const uint8_t *pattern = block_at(m->e->rs->block, m->c->content.pattern);
	size_t n = 0;

	for (; at + n < end && n < m->c->content.len; n++) {
		uint8_t b = m->e->data.data[at + n];

		if ((m->c->flags & COND_NOCASE) && b >= 'A' && b <= 'Z')
			b |= 0x20;
		if (b != pattern[n])
			break;
	}
	return n;
}

/* The longest beginning of the content that is there, of PART_LEAST bytes at least; 0: none. */
static size_t longest_part(const struct explain_met *m, size_t *at)
{
	const uint8_t *pattern = block_at(m->e->rs->block, m->c->content.pattern);
	size_t end = m->to < m->e->data.len ? m->to : m->e->data.len;
	size_t best = 0, want = PART_LEAST, from = m->from;

	/* Each search is for one byte more than what was found, so no place is read twice. */
	while (want < m->c->content.len && from < end && end - from >= want) {
		ptrdiff_t found = eval_find(m->e->data.data, from, end, pattern, want, 0,
					    m->c->flags & COND_NOCASE);

		if (found < 0)
			break;
		*at = (size_t)found;
		best = part_at(m, *at, end);
		want = best + 1;
		from = *at + 1;
	}
	return best;
}

static void absent(const struct explain_met *m, struct explain_cond *out)
{
	size_t end = m->to < m->e->data.len ? m->to : m->e->data.len;
	size_t room = m->from < end ? end - m->from : 0, at = 0, part = longest_part(m, &at);

	if (room < m->c->content.len && (m->from || end < m->e->data.len))
		say(out,
		    "not found: of %zu byte%s, %zu %s where it may lie (from %" PRIu64
		    "), and it has %u",
		    m->e->data.len, many(m->e->data.len), room, room == 1 ? "is" : "are",
		    place(m, m->from), m->c->content.len);
	else
		say(out, "not found in %s%zu byte%s",
		    end < m->e->data.len && !place(m, m->from) ? "the first " : "", room,
		    many(room));
	if (part) {
		say(out, "; its first %zu of %u bytes are at %" PRIu64, part, m->c->content.len,
		    place(m, at));
		out->near = EXPLAIN_PART;
	}
}

static void content_failed(const struct explain_met *m, struct explain_cond *out)
{
	bool nocase = m->c->flags & COND_NOCASE;
	size_t end = m->to < m->e->data.len ? m->to : m->e->data.len;
	ptrdiff_t at;

	if (m->c->flags & COND_NEGATED) {
		say(out, "found at %" PRIu64, place(m, m->from));
		locate(m, m->from, m->to, out);
		return;
	}
	out->near = EXPLAIN_ELSEWHERE;
	at = nocase ? -1 : find(m, m->from, end, true);
	if (at >= 0 && !(m->c->flags & COND_ENDSWITH)) {
		say(out, "found in other case at %" PRIu64, place(m, (size_t)at));
		locate(m, (size_t)at, (size_t)at + m->c->content.len, out);
		return;
	}
	at = find_elsewhere(m, nocase);
	if (at >= 0) {
		misplaced(m, (size_t)at, out);
		return;
	}
	at = nocase ? -1 : find_elsewhere(m, true);
	if (at >= 0) {
		say(out, "in other case ");
		misplaced(m, (size_t)at, out);
		return;
	}
	out->near = EXPLAIN_FAR;
	absent(m, out);
}

/* --- regular expressions --------------------------------------------------------------------------------- */

static void pcre_failed(const struct explain_met *m, struct explain_cond *out)
{
	size_t from, to;

	if (m->c->flags & COND_NEGATED) {
		say(out, "match at %" PRIu64 ", %zu byte%s", place(m, m->from), m->to - m->from,
		    many(m->to - m->from));
		locate(m, m->from, m->to, out);
		return;
	}
	say(out, "no match in %zu byte%s", m->to - m->from, many(m->to - m->from));
	if (m->from)
		say(out, " from %" PRIu64 " on", place(m, m->from));
	if (m->from && regex_match(m->e->rs->regexes, m->e->regex, m->c->pcre.regex, m->e->data, 0,
				   &from, &to)) {
		say(out, "; one at %" PRIu64 ", before what it must follow", place(m, from));
		out->near = EXPLAIN_ELSEWHERE;
	}
}

/* --- numbers in the bytes ----------------------------------------------------------------------------------- */

static const char *const signs[] = { "=",  "!=",      "<",	    "<=", ">",
				     ">=", "between", "outside of", "&",  "^" };

static int64_t argument(const struct explain_met *m, struct cond_arg a)
{
	return a.variable < 0 ? a.number : (int64_t)m->e->variable[a.variable];
}

static struct cond_arg count_of(const struct cond *c)
{
	switch (c->kind) {
	case COND_BYTE_TEST:
		return c->test.count;
	case COND_BYTE_MATH:
		return c->math.count;
	default:
		return c->jump.count;
	}
}

/* Nothing was read: why. */
static void not_read(const struct explain_met *m, struct explain_cond *out)
{
	int64_t count = argument(m, count_of(m->c));
	size_t len = m->e->data.len;

	if (m->from <= len && count > 0 && (uint64_t)count <= len - m->from)
		say(out, "no number in %" PRId64 " byte%s at %" PRIu64, count,
		    many((uint64_t)count), place(m, m->from));
	else
		say(out, "needs %" PRId64 " byte%s at %" PRIu64 ", but the bytes end at %" PRIu64,
		    count, many((uint64_t)count), place(m, m->from), place(m, len));
}

static void byte_test_failed(const struct explain_met *m, struct explain_cond *out)
{
	const struct cond *c = m->c;
	uint64_t operand =
		c->test.operand_var < 0 ? c->test.operand : m->e->variable[c->test.operand_var];

	if (m->from == m->to) {
		not_read(m, out);
		return;
	}
	locate(m, m->from, m->to, out);
	out->near = EXPLAIN_PART;
	say(out, "%" PRIu64 " at %" PRIu64 " is%s %s %" PRIu64, m->value, place(m, m->from),
	    c->flags & COND_NEGATED ? "" : " not", signs[c->op], operand);
}

static void byte_jump_failed(const struct explain_met *m, struct explain_cond *out)
{
	if (m->from == m->to && argument(m, m->c->jump.count))
		not_read(m, out);
	else
		say(out, "jumps to %" PRIu64 ", but the bytes end at %" PRIu64,
		    m->e->origin + m->value, place(m, m->e->data.len));
}

static void isdataat_met(const struct explain_met *m, struct explain_cond *out)
{
	const struct cond *c = m->c;
	size_t len = m->e->data.len;
	int64_t asked = argument(m, c->at.offset);
	size_t after = m->e->at < len ? len - m->e->at : 0;

	if (c->flags & COND_RELATIVE)
		say(out, "%zu byte%s follow%s, %" PRId64 " asked for", after, many(after),
		    after == 1 ? "s" : "", asked);
	else
		say(out, "there are %" PRIu64 " bytes, %" PRId64 " is asked for", place(m, len),
		    asked);
}

/* --- fields of the packet --------------------------------------------------------------------------------------- */

static void tcp_flags_text(uint8_t flags, struct explain_cond *out)
{
	static const char letters[] = "FSRPAUEC";

	for (unsigned i = 0; i < 8; i++) {
		if (flags >> i & 1)
			say(out, "%c", letters[i]);
	}
	if (!flags)
		say(out, "none");
}

static void flow_met(const struct explain_met *m, struct explain_cond *out)
{
	uint32_t bits = m->c->flow.bits, have = m->e->have;

	if (!m->e->f) {
		say(out, "the packet belongs to no flow");
		return;
	}
	if ((bits & FLOW_MATCH_TO_SERVER) && !(have & NEED_TO_SERVER))
		say(out, "it goes to the client, not to the server");
	if ((bits & FLOW_MATCH_TO_CLIENT) && !(have & NEED_TO_CLIENT))
		say(out, "it goes to the server, not to the client");
	if ((bits & FLOW_MATCH_ESTABLISHED) && !(have & NEED_ESTABLISHED))
		say(out, "%sthe flow is not established", *out->detail ? "; " : "");
	if ((bits & FLOW_MATCH_NOT_ESTABLISHED) && !(have & NEED_NOT_ESTABLISHED))
		say(out, "%sthe flow is established", *out->detail ? "; " : "");
	if ((bits & FLOW_MATCH_ONLY_FRAG) && !m->e->p->from_defrag)
		say(out, "%sthe packet did not come in fragments", *out->detail ? "; " : "");
	if ((bits & FLOW_MATCH_NO_FRAG) && m->e->p->from_defrag)
		say(out, "%sthe packet came in fragments", *out->detail ? "; " : "");
}

static void fragbits_text(const struct packet *p, struct explain_cond *out)
{
	say(out, "bits are %s%s%s%s", p->more_fragments ? "M" : "", p->dont_fragment ? "D" : "",
	    p->reserved_fragment ? "R" : "",
	    p->more_fragments || p->dont_fragment || p->reserved_fragment ? "" : "none");
}

static void ipopts_text(const struct packet *p, struct explain_cond *out)
{
	static const char *const names[] = { "eol",  "nop",   "rr",   "ts",    "sec",	 "lsrr",
					     "ssrr", "satid", "esec", "cipso", "rtralt", "qs" };

	say(out, p->ip_options ? "options are" : "there are no options");
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (p->ip_options >> i & 1)
			say(out, " %s", names[i]);
	}
}

static void events_text(const struct packet *p, struct explain_cond *out)
{
	say(out, p->events ? "events of the packet:" : "the packet has no event");
	for (unsigned i = 0; i < p->events; i++)
		say(out, " %s", event_name((enum event)p->event[i]));
}

static void same_address_text(const struct packet *p, struct explain_cond *out)
{
	char src[IP_ADDR_TEXT], dst[IP_ADDR_TEXT];

	if (!p->ip_version) {
		say(out, "the packet has no address");
		return;
	}
	ip_addr_text(&p->src, p->ip_version, src);
	ip_addr_text(&p->dst, p->ip_version, dst);
	say(out, "from %s to %s", src, dst);
}

static void stream_size_met(const struct explain_met *m, struct explain_cond *out)
{
	const struct eval *e = m->e;

	if (!e->f || !e->f->tcp || !e->streams)
		say(out, "the packet belongs to no TCP session");
	else
		say(out, "client has sent %u, server %u", stream_size(e->streams, e->f, 0),
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
		say(out, "is %" PRIu64, v);
	else
		say(out, "the packet has none");
}

static void flow_numbers_met(const struct explain_met *m, struct explain_cond *out)
{
	const struct flow *f = m->e->f;

	if (!f)
		say(out, "the packet belongs to no flow");
	else if (m->c->kind == COND_FLOW_AGE)
		say(out, "is %" PRId64, f->last_ns / NANOSECONDS - f->start_ns / NANOSECONDS);
	else if (m->c->kind == COND_FLOW_PKTS)
		say(out, "to server %u, to client %u", f->packets[0], f->packets[1]);
	else
		say(out, "to server %" PRIu64 ", to client %" PRIu64, f->bytes[0], f->bytes[1]);
}

static void vlan_met(const struct explain_met *m, struct explain_cond *out)
{
	const struct packet *p = m->e->p;

	say(out, p->vlans ? "tags from outside:" : "the packet has no VLAN tag");
	for (unsigned i = 0; i < p->vlans; i++)
		say(out, " %u", p->vlan[i]);
}

static void checksum_met(const struct explain_met *m, struct explain_cond *out)
{
	bool valid;

	if (!packet_checksum(m->e->p, (enum rule_checksum)m->c->op, &valid))
		say(out, "the packet has none");
	else if (m->e->p->checksums_off)
		say(out, "checksums of this input are not looked at");
	else
		say(out, valid ? "is valid" : "is invalid");
}

static void rpc_met(const struct packet *p, struct explain_cond *out)
{
	bool may = p->has_l4 && (p->proto == IP_PROTO_TCP || p->proto == IP_PROTO_UDP);

	say(out, may ? "the payload is no such call" : "the packet is not of TCP or UDP");
}

static void packet_met(const struct explain_met *m, struct explain_cond *out)
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
			say(out, "flags are ");
			tcp_flags_text(p->tcp.flags, out);
		} else {
			say(out, "the packet has none");
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
		say(out, p->ip_version ? "is IPv%u" : "is no IP", p->ip_version);
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

static void flowbits_met(const struct explain_met *m, struct explain_cond *out)
{
	const struct section *names = &m->c->flowbits.names;
	const struct state_name *n = block_at(m->e->rs->block, names->offset);
	unsigned set = 0;

	if (!m->e->f) {
		say(out, "the packet belongs to no flow");
		return;
	}
	for (uint32_t i = 0; i < names->count; i++) {
		if (!state_find(m->e->state, m->e->f, STATE_BIT, 0, n[i].key))
			continue;
		say(out, "%s%s", set++ ? ", " : "", block_text(m->e->rs->block, n[i].text));
	}
	if (set) {
		say(out, " %s set", set == 1 ? "is" : "are");
		return;
	}
	say(out, "%s", names->count > 1 ? "none of " : "");
	for (uint32_t i = 0; i < names->count; i++)
		say(out, "%s%s", i ? ", " : "", block_text(m->e->rs->block, n[i].text));
	say(out, "%s", names->count > 1 ? " is set" : " is not set");
}

static void flowint_met(const struct explain_met *m, struct explain_cond *out)
{
	const struct state_entry *v;
	const char *name = name_of(m, m->c->flowint.name);

	if (!m->e->f) {
		say(out, "the packet belongs to no flow");
		return;
	}
	v = state_find(m->e->state, m->e->f, STATE_INT, 0, m->c->flowint.name);
	if (v)
		say(out, "%s is %" PRIu64, name, v->value);
	else
		say(out, "%s has no value", name);
	if (!m->c->flowint.operand_is_name)
		return;
	name = name_of(m, m->c->flowint.operand_name);
	v = state_find(m->e->state, m->e->f, STATE_INT, 0, m->c->flowint.operand_name);
	if (v)
		say(out, ", %s is %" PRIu64, name, v->value);
	else
		say(out, ", %s has no value", name);
}

static void xbits_met(const struct explain_met *m, struct explain_cond *out)
{
	struct xbits_key k;

	if (m->c->xbits.track == XBITS_TRACK_TX) {
		bool set = m->e->tx && m->e->f &&
			   state_tx_marked(m->e->state, m->e->f, m->c->xbits.name, m->e->tx->id);

		say(out, set ? "is set" : "is not set");
	} else if (!m->e->xbits || !eval_xbits_key(m->e->p, m->c, &k))
		say(out, "nothing carries it");
	else if (xbits_isset(m->e->xbits, &k, m->e->p->time_ns))
		say(out, "is set");
	else
		say(out, "is not set");
}

static void known_met(const struct explain_met *m, const char *which, const struct ip_addr *host,
		      struct explain_cond *out)
{
	struct detect_known k;

	if (!eval_known(m->e, m->c, host, &k))
		say(out, "%s: nothing can be said here", which);
	else if (m->c->watch.test == IPREP_VALUE)
		say(out, "%s: %" PRIu64, which, k.count);
	else
		say(out, "%s: %s", which, k.due ? "reported" : "not reported");
}

static void watch_met(const struct explain_met *m, struct explain_cond *out)
{
	if (m->c->watch.side != ADDRESS_DST)
		known_met(m, "source", &m->e->p->src, out);
	if (m->c->watch.side == ADDRESS_ANY || m->c->watch.side == ADDRESS_BOTH)
		say(out, ", ");
	if (m->c->watch.side != ADDRESS_SRC)
		known_met(m, "target", &m->e->p->dst, out);
}

/* --- both ways ---------------------------------------------------------------------------------------------------- */

#define BEGINNING_BYTES 32

static void quote(struct bytes bytes, struct explain_cond *out)
{
	struct bytes begin = bytes_slice(bytes, 0, BEGINNING_BYTES);

	say(out, "\"");
	for (size_t i = 0; i < begin.len; i++) {
		uint8_t c = begin.data[i];

		if (c >= 0x20 && c < 0x7f && c != '"' && c != '|')
			say(out, "%c", c);
		else
			say(out, "|%02x|", c);
	}
	say(out, bytes.len > begin.len ? "\"..." : "\"");
}

/* How a buffer of the transaction begins; or why it is not there, and that is all. */
static bool tx_buffer_text(const struct explain_met *m, const struct buffer_row *row,
			   struct explain_cond *out)
{
	const struct eval *e = m->e;
	const char *why;

	if (e->data.data) {
		say(out, "%s is ", row->name);
		quote(e->data, out);
		say(out, ": ");
		return true;
	}
	why = app_why_not(e->apps, e->flow, e->tx, (enum buffer)m->c->buffer, e->dir);
	say(out, "there is no %s in transaction %" PRIu64, row->name, e->tx->id);
	if (why)
		say(out, ": %s", why);
	return false;
}

/* What a field of the transaction is. */
static void tx_field_met(const struct explain_met *m, struct explain_cond *out)
{
	const struct app_tx *tx = m->e->tx;

	switch (m->c->kind) {
	case COND_APP_EVENT:
		say(out, "the transaction has %u %s", tx->events,
		    tx->events == 1 ? "event" : "events");
		for (unsigned i = 0; i < tx->events; i++)
			say(out, "%s %s", i ? "," : ":",
			    app_event_name((enum app_event)tx->event[i]));
		break;
	case COND_APP_STEP:
		say(out, "the transaction is at step %u", tx->progress[m->e->dir]);
		break;
	case COND_APP_INT:
		say(out, "it is %" PRIu64, m->value);
		break;
	case COND_FILESIZE:
		if (!tx->files)
			say(out, "there is no file");
		else
			say(out, "the file has %" PRIu64 " bytes", tx->files->size);
		break;
	case COND_FILESTORE:
	case COND_FILE_HASH:
		say(out, tx->files ? "no file of that digest" : "there is no file");
		break;
	default:
		break;
	}
}

static void frame_text(const struct eval *e, struct explain_cond *out)
{
	const struct app_frame *f = e->frame;

	say(out, "in frame %s.%s %" PRIu32, app_proto_rule_name((enum app_proto)f->proto),
	    frame_row((enum frame_type)f->type)->name, f->id);
}

/* Which buffer it looks at, where that is not the payload.  false: the packet has none, and that is all. */
static bool buffer_text(const struct explain_met *m, struct explain_cond *out)
{
	const struct buffer_row *row = buffer_row((enum buffer)m->c->buffer);

	if (m->c->buffer == BUFFER_PAYLOAD)
		return true;
	if (m->e->tx && row->kind == BUFFER_KIND_TX)
		return tx_buffer_text(m, row, out);
	if (m->e->frame && row->kind == BUFFER_KIND_FRAME) {
		frame_text(m->e, out);
		say(out, ", ");
		return true;
	}
	if (!m->e->data.data) {
		say(out, "the packet has not %s", row->what);
		return false;
	}
	say(out, "in %s, ", row->what);
	return true;
}

static void held_in(const struct explain_met *m, struct explain_cond *out)
{
	const struct buffer_row *row = buffer_row((enum buffer)m->c->buffer);

	if (m->e->frame && row->kind == BUFFER_KIND_FRAME)
		frame_text(m->e, out);
	else
		say(out, "in %s", row->what);
}

void explain_failed(const struct explain_met *m, struct explain_cond *out)
{
	if (m->c->kind >= COND_APP_EVENT && m->c->kind <= COND_FILESTORE && m->e->tx) {
		tx_field_met(m, out);
		return;
	}
	if (!buffer_text(m, out))
		return;
	switch (m->c->kind) {
	case COND_CONTENT:
		content_failed(m, out);
		break;
	case COND_PCRE:
		pcre_failed(m, out);
		break;
	case COND_BYTE_TEST:
		byte_test_failed(m, out);
		break;
	case COND_BYTE_JUMP:
		byte_jump_failed(m, out);
		break;
	case COND_BYTE_EXTRACT:
		not_read(m, out);
		break;
	case COND_BYTE_MATH:
		if (m->from == m->to)
			not_read(m, out);
		else
			say(out, "division by 0");
		break;
	case COND_ISDATAAT:
		isdataat_met(m, out);
		break;
	case COND_ASN1:
	case COND_ENTROPY:
	case COND_BASE64_DECODE:
	case COND_ABSENT:
		break;
	case COND_BSIZE:
		say(out, "there are %zu bytes", m->e->data.len);
		break;
	case COND_FLOWBITS:
		flowbits_met(m, out);
		break;
	case COND_FLOWINT:
		flowint_met(m, out);
		break;
	case COND_XBITS:
		xbits_met(m, out);
		break;
	case COND_WATCH:
		watch_met(m, out);
		break;
	default:
		packet_met(m, out);
		break;
	}
}

void explain_held(const struct explain_met *m, struct explain_cond *out)
{
	out->detail[0] = '\0';
	out->near = EXPLAIN_FAR;
	if (m->c->kind >= COND_APP_EVENT && m->c->kind <= COND_FILESTORE && m->e->tx) {
		tx_field_met(m, out);
		return;
	}
	if (m->c->buffer != BUFFER_PAYLOAD)
		held_in(m, out);
	if (m->c->buffer != BUFFER_PAYLOAD && m->to > m->from)
		say(out, " at %zu", m->from);
	if (m->c->buffer != BUFFER_PAYLOAD && m->c->kind >= COND_BYTE_TEST &&
	    m->c->kind <= COND_BYTE_MATH)
		say(out, ": ");
	switch (m->c->kind) {
	case COND_CONTENT:
	case COND_PCRE:
		if (m->c->flags & COND_NEGATED)
			say(out, m->c->kind == COND_PCRE ? "no match" : "not there");
		else
			locate(m, m->from, m->to, out);
		break;
	case COND_BYTE_TEST:
	case COND_BYTE_EXTRACT:
	case COND_BYTE_MATH:
		locate(m, m->from, m->to, out);
		say(out, "%" PRIu64, m->value);
		break;
	case COND_BYTE_JUMP:
		locate(m, m->from, m->to, out);
		say(out, "to %" PRIu64, m->e->origin + m->value);
		break;
	case COND_ISDATAAT:
	case COND_BSIZE:
	case COND_ABSENT:
	case COND_ASN1:
	case COND_ENTROPY:
	case COND_BASE64_DECODE:
	case COND_BASE64_DATA:
		break;
	case COND_FLOW:
		break;
	case COND_FLOWBITS:
		flowbits_met(m, out);
		break;
	case COND_FLOWINT:
		flowint_met(m, out);
		break;
	case COND_XBITS:
		xbits_met(m, out);
		break;
	case COND_WATCH:
		watch_met(m, out);
		break;
	default:
		packet_met(m, out);
		break;
	}
}
