/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/reach.h"

#include "engine/base/event.h"
#include "engine/detect/eval.h"

#define NANOSECONDS 1000000000

const char *reach_name(enum reach r)
{
	static const char *const names[REACH__COUNT] = {
		[REACH_FIRST] = "first packet",
		[REACH_HANDSHAKE] = "handshake",
		[REACH_FLAGS] = "odd flags",
		[REACH_ODD] = "odd packets",
		[REACH_STREAM_EVENT] = "stream events",
		[REACH_BYTES] = "first bytes",
		[REACH_STREAM] = "stream to its depth",
		[REACH_FLOW] = "whole flow",
		[REACH_PACKET] = "every packet",
	};

	return r < REACH__COUNT ? names[r] : "unknown";
}

/* --- of a rule -------------------------------------------------------------------------------- */

/* Once it has matched, packets of either way are recorded. */
static bool tags(const struct rule_row *row, const struct cond *cond)
{
	const struct cond *post = cond + row->packet_conds + row->state_conds + row->payload_conds +
				  row->shared_conds;

	for (unsigned i = 0; i < row->post_conds; i++) {
		if (post[i].kind == COND_TAG)
			return true;
	}
	return false;
}

/* It compares with a count that only grows, and ends when that has passed. */
static bool ends(const struct cond *c)
{
	switch (c->kind) {
	case COND_STREAM_SIZE:
	case COND_FLOW_PKTS:
	case COND_FLOW_BYTES:
	case COND_FLOW_AGE:
		return c->op == COMPARE_EQ || c->op == COMPARE_LT || c->op == COMPARE_LE ||
		       c->op == COMPARE_RANGE;
	default:
		return false;
	}
}

static bool of_flow(const struct cond *c)
{
	switch (c->kind) {
	case COND_FLOW:
	case COND_STREAM_SIZE:
	case COND_FLOW_PKTS:
	case COND_FLOW_BYTES:
	case COND_FLOW_AGE:
	case COND_IP_PROTO:
	case COND_L3_PROTO:
		return true;
	default:
		return false;
	}
}

/* All that it looks for in the stream lies within so many bytes of its start. */
static bool in_first_bytes(const struct rule_row *row, const struct cond *c)
{
	bool some = false;

	if (!(row->flags & ROW_NO_PACKET))
		return false;
	for (unsigned i = 0; i < row->payload_conds; i++) {
		if (c[i].kind != COND_CONTENT || !(c[i].flags & COND_HAS_DEPTH) ||
		    (c[i].flags & COND_RELATIVE) || c[i].content.depth_var >= 0 ||
		    c[i].content.offset_var >= 0)
			return false;
		some |= !(c[i].flags & COND_NEGATED);
	}
	return some;
}

/* No packet that has ACK and none of SYN, FIN and RST has such flags: those that have always come. */
static bool of_moves(const struct cond *c)
{
	static const uint8_t others[] = { TCP_PSH, TCP_URG, TCP_ECE, TCP_CWR };

	if (c->kind != COND_TCP_FLAGS)
		return false;
	for (unsigned set = 0; set < 1u << sizeof(others); set++) {
		uint8_t flags = TCP_ACK;

		for (unsigned i = 0; i < sizeof(others); i++)
			flags |= set >> i & 1 ? others[i] : 0;
		if (eval_tcp_flags(c, flags))
			return false;
	}
	return true;
}

static enum reach of_packets(const struct rule_row *row, const struct cond *cond)
{
	bool flow_only = !row->payload_conds, moves = false;

	for (unsigned i = 0; i < row->packet_conds; i++) {
		if (ends(&cond[i]))
			return REACH_BYTES;
		flow_only = flow_only && of_flow(&cond[i]);
		moves |= of_moves(&cond[i]);
	}
	if ((row->need & NEED_NOT_ESTABLISHED) && !(row->need & NEED_ESTABLISHED))
		return REACH_HANDSHAKE;
	/* Others would have to be searched for in each packet. */
	if (moves && row->kind == RULE_PACKET && !(row->flags & ROW_PATTERN))
		return REACH_FLAGS;
	return flow_only ? REACH_FLOW : REACH_PACKET;
}

static bool sizes(const struct rule_row *row, const struct cond *cond)
{
	for (unsigned i = 0; i < row->packet_conds; i++) {
		if (cond[i].kind == COND_STREAM_SIZE)
			return true;
	}
	return false;
}

static bool asks_protocol(const struct rule_row *row, const struct cond *cond)
{
	for (unsigned i = 0; i < row->packet_conds; i++) {
		if (cond[i].kind == COND_APP_PROTO || cond[i].kind == COND_APP_EVENT)
			return true;
	}
	return false;
}

enum reach reach_of(const struct rule_row *row, const struct cond *cond)
{
	const struct cond *bytes = cond + row->packet_conds + row->state_conds;

	if (tags(row, cond))
		return REACH_PACKET;
	if (row->kind == RULE_IP_ONLY)
		return REACH_FIRST;
	for (unsigned i = 0; i < row->packet_conds; i++) {
		if (cond[i].kind != COND_EVENT)
			continue;
		if (!event_is_decode((enum event)cond[i].bits.value))
			return REACH_STREAM_EVENT;
		/* Found through its event alone. */
		return row->flags & ROW_PATTERN ? REACH_PACKET : REACH_ODD;
	}
	/* Protocols are parsed as far as their stream is followed, and what is new of them is told once. */
	if (row->kind == RULE_TX || row->kind == RULE_FRAME || asks_protocol(row, cond))
		return REACH_STREAM;
	/* Single packets of a stream are looked at as far as the stream itself. */
	if (row->kind == RULE_STREAM || (row->kind == RULE_PACKET_STREAM && !sizes(row, cond)))
		return in_first_bytes(row, bytes) ? REACH_BYTES : REACH_STREAM;
	return of_packets(row, cond);
}

const struct cond *reach_cause(const struct rule_row *row, const struct cond *cond)
{
	const struct cond *bytes = cond + row->packet_conds + row->state_conds;

	if (row->reach < REACH_BYTES)
		return NULL;
	if (tags(row, cond))
		return cond + row->packet_conds + row->state_conds + row->payload_conds +
		       row->shared_conds;
	for (unsigned i = 0; i < row->packet_conds; i++) {
		if (row->reach == REACH_BYTES ? ends(&cond[i]) : !of_flow(&cond[i]))
			return &cond[i];
	}
	for (unsigned i = 0; i < row->packet_conds; i++) {
		if (cond[i].kind != COND_FLOW || row->packet_conds == 1)
			return &cond[i];
	}
	return row->payload_conds ? bytes : NULL;
}

uint32_t reach_needs(const struct rule_row *row, const struct cond *cond)
{
	uint32_t need = row->need & (NEED_V4 | NEED_V6 | NEED_NOT_ESTABLISHED);

	/* What it records needs no bytes. */
	return tags(row, cond) ? need : need | (row->need & (NEED_BYTES | NEED_PAYLOAD));
}

bool reach_holds(const struct rule_row *row, unsigned class)
{
	switch ((enum reach)row->reach) {
	case REACH_PACKET:
	case REACH_FLOW:
		return true;
	case REACH_BYTES:
		/* Bytes of a stream are past; counts have to be looked at. */
		return class != PROTO_TCP || row->kind != RULE_STREAM;
	case REACH_STREAM:
	case REACH_HANDSHAKE:
		return class != PROTO_TCP;
	default:
		return false;
	}
}

/* --- of a flow -------------------------------------------------------------------------------- */

struct asked {
	const struct flow *f;
	unsigned way;
	const uint32_t *size;
	struct packet ahead; /* a packet of this way, and of the other */
	struct packet back;
	unsigned class;
};

static struct packet probe(const struct flow *f, unsigned way)
{
	return (struct packet){
		.src = way ? f->server : f->client,
		.dst = way ? f->client : f->server,
		.sport = way ? f->server_port : f->client_port,
		.dport = way ? f->client_port : f->server_port,
		.ip_version = f->ip_version,
		.proto = f->proto,
		.has_ip = true,
		.has_l4 = true,
	};
}

static bool admits(const struct ruleset *rs, const struct rule_row *row, const struct asked *a,
		   const struct packet *p)
{
	struct eval e = { .rs = rs, .p = p, .f = a->f, .proto = a->class };

	return eval_header(&e, row);
}

/* The number is past all that the condition could hold for. */
static bool is_past(const struct cond *c, uint64_t v)
{
	switch (c->op) {
	case COMPARE_LT:
		return v >= c->number.low;
	case COMPARE_RANGE:
		return v > c->number.high;
	default:
		return v > c->number.low;
	}
}

static bool stream_is_past(const struct cond *c, const uint32_t size[2])
{
	bool client = is_past(c, size[0]), server = is_past(c, size[1]);

	switch (c->number.side) {
	case SIDE_SERVER:
		return server;
	case SIDE_CLIENT:
		return client;
	case SIDE_BOTH:
		return server || client;
	default:
		return server && client;
	}
}

static bool count_is_past(const struct cond *c, const struct flow *f)
{
	bool past[2];

	for (unsigned i = 0; i < 2; i++)
		past[i] = is_past(c, c->kind == COND_FLOW_PKTS ? f->packets[i] : f->bytes[i]);
	if (c->number.side == FLOW_SIDE_EITHER)
		return past[0] && past[1];
	return past[c->number.side & 1];
}

static bool cond_is_past(const struct cond *c, const struct asked *a)
{
	int64_t age = a->f->last_ns / NANOSECONDS - a->f->start_ns / NANOSECONDS;

	if (!ends(c))
		return false;
	switch (c->kind) {
	case COND_STREAM_SIZE:
		return a->f->proto == IP_PROTO_TCP && stream_is_past(c, a->size);
	case COND_FLOW_AGE:
		return is_past(c, age < 0 ? 0 : (uint64_t)age);
	default:
		return count_is_past(c, a->f);
	}
}

/* It compares what this way carries, on packets of either. */
static bool counts(const struct cond *c)
{
	return c->kind == COND_STREAM_SIZE || c->kind == COND_FLOW_PKTS ||
	       c->kind == COND_FLOW_BYTES;
}

static bool established(const struct flow *f)
{
	const uint16_t both = FLOW_TO_SERVER_SEEN | FLOW_TO_CLIENT_SEEN;

	return f->proto == IP_PROTO_TCP ? f->state != FLOW_NEW : (f->flags & both) == both;
}

/* It can not hold in this flow. */
static bool is_alien(const struct cond *c, const struct flow *f)
{
	if (c->kind == COND_IP_PROTO)
		return c->op == COMPARE_EQ && c->number.low != f->proto;
	/* Encrypted bytes are not looked at. */
	return c->kind == COND_DSIZE && (f->flags & FLOW_NO_PAYLOAD) && eval_dsize_asks(c);
}

/* Of enum need what no later packet of the flow will have. */
static uint32_t lacks(const struct flow *f)
{
	uint32_t need = f->ip_version == 4 ? NEED_V6 : NEED_V4;

	if (established(f))
		need |= NEED_NOT_ESTABLISHED;
	/* Encrypted bytes are not looked at. */
	if (f->flags & FLOW_NO_PAYLOAD)
		need |= NEED_BYTES | NEED_PAYLOAD;
	return need;
}

static enum reach_answer ask_rule(const struct ruleset *rs, const struct rule_row *row,
				  const struct asked *a)
{
	const struct cond *c = rs->cond + row->conds;
	bool recorded = tags(row, c), both_ways = recorded, ending = false;
	bool to_server = row->need & NEED_TO_SERVER, to_client = row->need & NEED_TO_CLIENT;

	for (unsigned i = 0; i < row->packet_conds; i++) {
		if (cond_is_past(&c[i], a) || (!recorded && is_alien(&c[i], a->f)))
			return REACH_OVER;
		ending |= ends(&c[i]);
		both_ways |= counts(&c[i]);
	}
	if (!both_ways && (a->way ? to_server : to_client))
		return REACH_OVER;
	if (!admits(rs, row, a, &a->ahead) && !(both_ways && admits(rs, row, a, &a->back)))
		return REACH_OVER;
	return ending || row->reach == REACH_HANDSHAKE ? REACH_LATER : REACH_NEVER;
}

/* Whatever rules say: the answer is in *out. */
static bool needs_no_rule(const struct ruleset *rs, const struct flow *f, enum reach_answer *out)
{
	*out = REACH_OVER;
	if (!rs || (f->flags & (FLOW_PASSED | FLOW_DROPPED)))
		return true;
	*out = REACH_NEVER;
	/* A rule on any flow of a host may have its packets recorded. */
	return rs->block->has_tag & 2;
}

static struct asked asked_of(const struct flow *f, unsigned way, const uint32_t size[2])
{
	struct asked a = { .f = f, .way = way & 1, .size = size };

	a.ahead = probe(f, a.way);
	a.back = probe(f, !a.way);
	a.class = eval_proto(&a.ahead);
	return a;
}

enum reach_answer reach_ask_one(const struct ruleset *rs, const struct flow *f, unsigned way,
				const uint32_t size[2], uint32_t rule)
{
	const struct rule_row *row = &rs->row[rule];
	enum reach_answer answer;
	struct asked a;

	if (needs_no_rule(rs, f, &answer))
		return answer;
	if (reach_needs(row, rs->cond + row->conds) & lacks(f))
		return REACH_OVER;
	a = asked_of(f, way, size);
	return ask_rule(rs, row, &a);
}

enum reach_answer reach_ask(const struct ruleset *rs, const struct flow *f, unsigned way,
			    const uint32_t size[2], uint32_t *rule)
{
	enum reach_answer answer;
	const struct holder *held;
	const struct section *s;
	uint32_t lacking;
	struct asked a;

	*rule = UINT32_MAX;
	if (needs_no_rule(rs, f, &answer)) {
		if (answer == REACH_NEVER)
			*rule = 0;
		return answer;
	}
	a = asked_of(f, way, size);
	answer = REACH_OVER;
	s = &rs->block->holders[a.class];
	held = block_at(rs->block, s->offset);
	lacking = lacks(f);
	for (uint32_t i = 0; i < s->count && answer != REACH_NEVER; i++) {
		enum reach_answer one;

		if (held[i].need & lacking)
			continue;
		one = ask_rule(rs, &rs->row[held[i].rule], &a);
		if (one > answer) {
			answer = one;
			*rule = held[i].rule;
		}
	}
	return answer;
}
