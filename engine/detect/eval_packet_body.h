/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_packet_body.h - the part of the evaluator that decides by header, fields of the packet and state: what needs no
 * buffer.  Included by eval_body.h and nobody else, which says what must be defined before.
 */
#define TCP_WSCALE_MAX 14 /* RFC 7323, section 2.3 */
#define ICMPV6_TOO_BIG 2
#define NANOSECONDS 1000000000

/* --- header ------------------------------------------------------------------------------------- */

/* So few ranges are looked at one after the other. */
#define FEW_RANGES 6

static bool v4_within(const struct address_block *a, uint32_t addr)
{
	const struct range_v4 *r = (const struct range_v4 *)(a + 1);
	uint32_t low = 0, high = a->v4_count;

	if (high <= FEW_RANGES) {
		for (uint32_t i = 0; i < high; i++) {
			if (addr - r[i].low <= r[i].high - r[i].low)
				return true;
		}
		return false;
	}
	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (addr > r[mid].high)
			low = mid + 1;
		else if (addr < r[mid].low)
			high = mid;
		else
			return true;
	}
	return false;
}

static bool v6_within(const struct address_block *a, const struct ip_addr *addr)
{
	const struct range_v4 *v4 = (const struct range_v4 *)(a + 1);
	const struct range_v6 *r = (const struct range_v6 *)(v4 + a->v4_count);
	uint32_t low = 0, high = a->v6_count;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (ip_addr_compare(addr, &r[mid].high) > 0)
			low = mid + 1;
		else if (ip_addr_compare(addr, &r[mid].low) < 0)
			high = mid;
		else
			return true;
	}
	return false;
}

static bool address_within(const struct eval *e, uint32_t set, const struct ip_addr *addr)
{
	const struct address_block *a;

	if (!set)
		return true;
	a = block_at(e->rs->block, set);
	if (e->p->ip_version == 4)
		return v4_within(a, load_be32(addr->bytes));
	return e->p->ip_version == 6 && v6_within(a, addr);
}

#if !TRACES
bool eval_address(const struct eval *e, uint32_t set, const struct ip_addr *addr)
{
	return address_within(e, set, addr);
}

uint32_t eval_ends(const struct eval *e)
{
	uint32_t home = e->rs->block->home;

	if (!home)
		return NEED_SRC_OUTSIDE | NEED_DST_OUTSIDE;
	return (address_within(e, home, &e->p->src) ? NEED_SRC_INSIDE : NEED_SRC_OUTSIDE) |
	       (address_within(e, home, &e->p->dst) ? NEED_DST_INSIDE : NEED_DST_OUTSIDE);
}
#endif

static bool port_within(const struct eval *e, uint32_t set, uint16_t port)
{
	const struct port_block *ports;
	uint32_t low = 0, high;

	if (!set)
		return true;
	ports = block_at(e->rs->block, set);
	high = ports->count;
	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (port > ports->range[mid].high)
			low = mid + 1;
		else if (port < ports->range[mid].low)
			high = mid;
		else
			return true;
	}
	return false;
}

static bool has_ports(const struct packet *p)
{
	return p->has_l4 &&
	       (p->proto == IP_PROTO_TCP || p->proto == IP_PROTO_UDP || p->proto == IP_PROTO_SCTP);
}

static bool forward(const struct eval *e, const struct rule_row *row)
{
	const struct packet *p = e->p;

	return port_within(e, row->dport, p->dport) && port_within(e, row->sport, p->sport) &&
	       address_within(e, row->dst, &p->dst) && address_within(e, row->src, &p->src);
}

static bool backward(const struct eval *e, const struct rule_row *row)
{
	const struct packet *p = e->p;

	return port_within(e, row->dport, p->sport) && port_within(e, row->sport, p->dport) &&
	       address_within(e, row->dst, &p->src) && address_within(e, row->src, &p->dst);
}

static bool app_within(const struct eval *e, const struct rule_row *row)
{
	const uint64_t *mask = block_at(e->rs->block, e->rs->block->app_masks.offset);
	/* What a flow spoke before stays what it was. */
	unsigned proto = e->tx	    ? e->tx->proto
			 : e->frame ? e->frame->proto
			 : e->f	    ? e->f->app_proto
				    : 0;

	return mask[row->app] >> proto & 1;
}

bool EVAL(header)(const struct eval *e, const struct rule_row *row)
{
	if (!(row->protos >> e->proto & 1))
		return false;
	if (row->app && !app_within(e, row))
		return false;
	if ((row->more & ROW_PORTS) && !has_ports(e->p))
		return false;
	return forward(e, row) || ((row->flags & ROW_BIDIRECTIONAL) && backward(e, row));
}

#if TRACES
enum eval_refusal eval_trace_refusal(const struct eval *e, const struct rule_row *row)
{
	const struct packet *p = e->p;

	if (EVAL(header)(e, row))
		return EVAL_ADMITTED;
	if (!(row->protos >> e->proto & 1) || ((row->more & ROW_PORTS) && !has_ports(p)) ||
	    (row->app && !app_within(e, row)))
		return EVAL_REFUSED_PROTO;
	if (!address_within(e, row->src, &p->src))
		return EVAL_REFUSED_SRC;
	if (!port_within(e, row->sport, p->sport))
		return EVAL_REFUSED_SPORT;
	return address_within(e, row->dst, &p->dst) ? EVAL_REFUSED_DPORT : EVAL_REFUSED_DST;
}
#endif

/* --- fields of the packet ------------------------------------------------------------------------- */

static bool compare(unsigned op, uint64_t v, uint64_t low, uint64_t high)
{
	switch (op) {
	case COMPARE_EQ:
		return v == low;
	case COMPARE_NE:
		return v != low;
	case COMPARE_LT:
		return v < low;
	case COMPARE_LE:
		return v <= low;
	case COMPARE_GT:
		return v > low;
	case COMPARE_GE:
		return v >= low;
	case COMPARE_RANGE:
		return v >= low && v <= high;
	case COMPARE_NOT_RANGE:
		return v < low || v > high;
	case COMPARE_AND:
		return (v & low) != 0;
	case COMPARE_OR:
		return (v ^ low) != 0;
	case COMPARE_MASK_EQ:
		return (v & high) == low;
	case COMPARE_MASK_NE:
		return (v & high) != low;
	default:
		return false;
	}
}

static bool number_holds(const struct cond *c, uint64_t v)
{
	return compare(c->op, v, c->number.low, c->number.high);
}

static bool flow_holds(const struct eval *e, const struct cond *c)
{
	static const struct {
		uint32_t bit, need;
	} facts[] = {
		{ FLOW_MATCH_TO_SERVER, NEED_TO_SERVER },
		{ FLOW_MATCH_TO_CLIENT, NEED_TO_CLIENT },
		{ FLOW_MATCH_ESTABLISHED, NEED_ESTABLISHED },
		{ FLOW_MATCH_NOT_ESTABLISHED, NEED_NOT_ESTABLISHED },
		{ FLOW_MATCH_STATELESS, NEED_FLOW },
	};
	uint32_t bits = c->flow.bits;

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if ((bits & facts[i].bit) && !(e->have & facts[i].need))
			return false;
	}
	if ((bits & FLOW_MATCH_ONLY_FRAG) && !e->p->from_defrag)
		return false;
	return !((bits & FLOW_MATCH_NO_FRAG) && e->p->from_defrag);
}

static bool tcp_flags_hold(const struct cond *c, uint8_t flags)
{
	uint8_t seen = flags & (uint8_t)~c->bits.ignored;
	uint8_t value = (uint8_t)c->bits.value;

	switch (c->op) {
	case FLAGS_EXACT:
		return seen == value;
	case FLAGS_ALL:
		return (seen & value) == value;
	case FLAGS_ANY:
		return (seen & value) != 0;
	default:
		return (seen & value) != value;
	}
}

static bool fragbits_hold(const struct cond *c, const struct packet *p)
{
	uint8_t seen =
		(uint8_t)(p->more_fragments | p->dont_fragment << 1 | p->reserved_fragment << 2);
	uint8_t value = (uint8_t)c->bits.value;

	if (p->ip_version != 4)
		return false;
	switch (c->op) {
	case FRAGBITS_EXACT:
		return seen == value;
	case FRAGBITS_ALL:
		return (seen & value) == value;
	case FRAGBITS_ANY:
		return (seen & value) != 0;
	default:
		return (seen & value) != value;
	}
}

static bool stream_size_holds(const struct eval *e, const struct cond *c)
{
	uint64_t server, client;

	if (!e->f || !e->f->tcp || !e->streams)
		return false;
	client = stream_size(e->streams, e->f, 0);
	server = stream_size(e->streams, e->f, 1);
	switch (c->number.side) {
	case SIDE_SERVER:
		return number_holds(c, server);
	case SIDE_CLIENT:
		return number_holds(c, client);
	case SIDE_BOTH:
		return number_holds(c, server) && number_holds(c, client);
	default:
		return number_holds(c, server) || number_holds(c, client);
	}
}

static bool is_tcp(const struct packet *p)
{
	return p->has_l4 && p->proto == IP_PROTO_TCP;
}

static bool is_icmp(const struct packet *p)
{
	return p->has_l4 && (p->proto == IP_PROTO_ICMP || p->proto == IP_PROTO_ICMPV6);
}

static bool same_address(const struct packet *p)
{
	return p->ip_version && ip_addr_equal(&p->src, &p->dst);
}

/*
 * A call of Sun RPC (RFC 5531, section 9): after the xid its type, the version of RPC, program,
 * version, procedure.  On TCP a record mark of four bytes stands before it (section 11).
 */
#define RPC_CALL 0
#define RPC_VERSION 2

static bool rpc_holds(const struct cond *c, const struct packet *p)
{
	struct cursor in = cursor_of(p->payload);
	uint32_t type, rpc, program, version, procedure;

	cursor_skip(&in, p->proto == IP_PROTO_TCP ? 8 : 4);
	type = cursor_be32(&in);
	rpc = cursor_be32(&in);
	program = cursor_be32(&in);
	version = cursor_be32(&in);
	procedure = cursor_be32(&in);
	return cursor_ok(&in) && type == RPC_CALL && rpc == RPC_VERSION &&
	       program == c->rpc.program && (c->rpc.any_version || version == c->rpc.version) &&
	       (c->rpc.any_procedure || procedure == c->rpc.procedure);
}

static bool tcp_field_holds(const struct cond *c, const struct packet *p)
{
	if (!is_tcp(p))
		return false;
	switch (c->kind) {
	case COND_TCP_FLAGS:
		return tcp_flags_hold(c, p->tcp.flags);
	case COND_TCP_SEQ:
		return number_holds(c, p->tcp.seq);
	case COND_TCP_ACK:
		return number_holds(c, p->tcp.ack);
	case COND_TCP_WINDOW:
		return number_holds(c, p->tcp.window) != !!(c->flags & COND_NEGATED);
	case COND_TCP_WSCALE:
		/* A shift that RFC 7323 forbids counts as none. */
		return p->tcp.has_wscale &&
		       number_holds(c, p->tcp.wscale <= TCP_WSCALE_MAX ? p->tcp.wscale : 0);
	default:
		return p->tcp.has_mss && number_holds(c, p->tcp.mss);
	}
}

static bool icmp_field_holds(const struct cond *c, const struct packet *p)
{
	if (!is_icmp(p))
		return false;
	switch (c->kind) {
	case COND_ITYPE:
		return number_holds(c, p->icmp_type);
	case COND_ICODE:
		return number_holds(c, p->icmp_code);
	case COND_ICMP_ID:
		return p->has_icmp_id && number_holds(c, p->icmp_id);
	default:
		return p->has_icmp_id && number_holds(c, p->icmp_seq);
	}
}

static bool ip_field_holds(const struct cond *c, const struct packet *p)
{
	if (!p->ip_version)
		return false;
	switch (c->kind) {
	case COND_TTL:
		return number_holds(c, p->ttl);
	case COND_TOS:
		return p->ip_version == 4 && number_holds(c, p->tos);
	case COND_ID:
		return p->ip_version == 4 && number_holds(c, p->ip_id);
	case COND_IPOPTS:
		return p->ip_version == 4 &&
		       ((p->ip_options & c->bits.value) != 0) != !!(c->flags & COND_NEGATED);
	case COND_FRAGBITS:
		return fragbits_hold(c, p);
	case COND_FRAGOFFSET:
		return number_holds(c, p->frag_offset);
	case COND_IP_PROTO:
		return number_holds(c, p->proto);
	default:
		return same_address(p);
	}
}

/* In seconds, as the clock shows them: from 1.9 to 2.1 is one. */
static bool age_holds(const struct cond *c, const struct flow *f)
{
	int64_t age = f->last_ns / NANOSECONDS - f->start_ns / NANOSECONDS;

	return number_holds(c, age < 0 ? 0 : (uint64_t)age);
}

static bool flow_count_holds(const struct cond *c, const struct flow *f)
{
	uint64_t n[2];

	for (unsigned i = 0; i < 2; i++)
		n[i] = c->kind == COND_FLOW_PKTS ? f->packets[i] : f->bytes[i];
	if (c->number.side == FLOW_SIDE_EITHER)
		return number_holds(c, n[0]) || number_holds(c, n[1]);
	return number_holds(c, n[c->number.side]);
}

static bool vlan_holds(const struct cond *c, const struct packet *p)
{
	int layer = c->number.side;
	unsigned held = 0;

	if (layer < 0)
		layer += p->vlans;
	if (c->number.side != VLAN_LAYER_ANY && c->number.side != VLAN_LAYER_ALL)
		return layer >= 0 && layer < p->vlans && number_holds(c, p->vlan[layer]);
	for (unsigned i = 0; i < p->vlans; i++)
		held += number_holds(c, p->vlan[i]);
	return held && (layer == VLAN_LAYER_ANY || held == p->vlans);
}

static bool mtu_holds(const struct cond *c, const struct packet *p)
{
	return is_icmp(p) && p->proto == IP_PROTO_ICMPV6 && p->icmp_type == ICMPV6_TOO_BIG &&
	       number_holds(c, p->icmp_mtu);
}

static bool checksum_holds(const struct cond *c, const struct packet *p)
{
	bool valid;

	return packet_checksum(p, (enum rule_checksum)c->op, &valid) &&
	       valid != !!(c->flags & COND_NEGATED);
}

static bool iprep_one(const struct eval *e, const struct cond *c, const struct ip_addr *a)
{
	uint8_t score;
	bool known =
		e->rs->iprep && c->iprep.category >= 0 &&
		iprep_score(e->rs->iprep, (unsigned)c->iprep.category, a, e->p->ip_version, &score);

	if (c->iprep.test != IPREP_VALUE)
		return known == (c->iprep.test == IPREP_ISSET);
	return known && compare(c->op, score, c->iprep.low, c->iprep.high);
}

static bool sides_hold(unsigned side, bool src, bool dst)
{
	switch (side) {
	case ADDRESS_SRC:
		return src;
	case ADDRESS_DST:
		return dst;
	case ADDRESS_BOTH:
		return src && dst;
	default:
		return src || dst;
	}
}

static bool iprep_holds(const struct eval *e, const struct cond *c)
{
	return e->p->ip_version &&
	       sides_hold(c->iprep.side, iprep_one(e, c, &e->p->src), iprep_one(e, c, &e->p->dst));
}

/* One of the countries that are named, and none of those that are excluded. */
static bool geoip_one(const struct eval *e, const struct cond *c, const struct ip_addr *a)
{
	const struct geoip_country *k = block_at(e->rs->block, c->geoip.countries.offset);
	bool wanted = false, found = false;
	char code[2];

	if (!e->rs->geoip || !geoip_country(e->rs->geoip, a, e->p->ip_version, code))
		return false;
	for (uint32_t i = 0; i < c->geoip.countries.count; i++) {
		bool same = memcmp(k[i].code, code, 2) == 0;

		if (k[i].negated && same)
			return false;
		wanted |= !k[i].negated;
		found |= !k[i].negated && same;
	}
	return found || !wanted;
}

static bool geoip_holds(const struct eval *e, const struct cond *c)
{
	return e->p->ip_version &&
	       sides_hold(c->op, geoip_one(e, c, &e->p->src), geoip_one(e, c, &e->p->dst));
}

/* Asked of the packet on which a direction's protocol is known for the first time. */
static bool app_proto_holds(const struct eval *e, const struct cond *c)
{
	const struct app_flow *a = e->news & EVAL_NEWS_PROTO ? app_flow(e->apps, e->f) : NULL;
	unsigned dir = e->p->direction;
	uint64_t is;

	if (!a)
		return false;
	switch (c->op) {
	case APP_PROTO_MODE_FINAL:
		/* While a change is on its way, what was said that it leads to. */
		is = APP_PROTO_BIT(a->original == a->proto && a->expected ? a->said[dir]
									  : a->proto);
		break;
	case APP_PROTO_MODE_ORIGINAL:
		is = APP_PROTO_BIT(a->original);
		break;
	case APP_PROTO_MODE_EITHER:
		is = APP_PROTO_BIT(a->said[0]) | APP_PROTO_BIT(a->said[1]);
		break;
	case APP_PROTO_MODE_TO_SERVER:
		is = APP_PROTO_BIT(a->said[0]);
		break;
	case APP_PROTO_MODE_TO_CLIENT:
		is = APP_PROTO_BIT(a->said[1]);
		break;
	default:
		is = APP_PROTO_BIT(a->said[dir]);
		break;
	}
	return ((is & c->app.protos) != 0) != !!(c->flags & COND_NEGATED);
}

/* Of the flow, not told of before. */
static bool app_event_holds(const struct eval *e, const struct cond *c)
{
	const struct app_flow *a = e->news & EVAL_NEWS_EVENT ? app_flow(e->apps, e->f) : NULL;

	for (unsigned i = a ? e->events_told : 0; a && i < a->events; i++) {
		if (a->event[i] == c->bits.value)
			return true;
	}
	return false;
}

static bool packet_holds(const struct eval *e, const struct cond *c)
{
	const struct packet *p = e->p;

	switch (c->kind) {
	case COND_FLOW:
		return flow_holds(e, c);
	case COND_DSIZE:
		if (eval_dsize_asks(c) && eval_payload_closed(p))
			return false;
		/* Suricata's "not 5" is of packets that have a payload. */
		return (p->payload.len || c->op != COMPARE_NE) && number_holds(c, p->payload.len);
	case COND_STREAM_SIZE:
		return stream_size_holds(e, c);
	case COND_EVENT:
		return packet_has_event(p, (enum event)c->bits.value);
	case COND_TCP_FLAGS:
	case COND_TCP_SEQ:
	case COND_TCP_ACK:
	case COND_TCP_WINDOW:
	case COND_TCP_MSS:
	case COND_TCP_WSCALE:
		return tcp_field_holds(c, p);
	case COND_FLOW_AGE:
		return e->f && age_holds(c, e->f);
	case COND_FLOW_PKTS:
	case COND_FLOW_BYTES:
		return e->f && flow_count_holds(c, e->f);
	case COND_FLOW_START:
		return e->f && e->f->packets[e->p->direction & 1] == 1;
	case COND_IPREP:
		return iprep_holds(e, c);
	case COND_GEOIP:
		return geoip_holds(e, c);
	case COND_APP_PROTO:
		return app_proto_holds(e, c);
	case COND_APP_EVENT:
		return app_event_holds(e, c);
	case COND_ICMPV6_MTU:
		return mtu_holds(c, p);
	case COND_VLAN_ID:
		return vlan_holds(c, p);
	case COND_VLAN_LAYERS:
		return number_holds(c, p->vlans);
	case COND_L3_PROTO:
		return number_holds(c, p->ip_version);
	case COND_RPC:
		return rpc_holds(c, p);
	case COND_CHECKSUM:
		return checksum_holds(c, p);
	case COND_ITYPE:
	case COND_ICODE:
	case COND_ICMP_ID:
	case COND_ICMP_SEQ:
		return icmp_field_holds(c, p);
	default:
		return ip_field_holds(c, p);
	}
}

/* --- state of the flow ------------------------------------------------------------------------------ */

static bool flowbits_hold(const struct eval *e, const struct cond *c)
{
	const struct state_name *n = block_at(e->rs->block, c->flowbits.names.offset);
	bool want = c->op == FLOWBIT_ISSET;

	for (uint32_t i = 0; i < c->flowbits.names.count; i++) {
		if (!!state_find(e->state, e->f, STATE_BIT, 0, n[i].key) == want)
			return true;
	}
	return false;
}

static bool flowint_holds(const struct eval *e, const struct cond *c)
{
	const struct state_entry *v = state_find(e->state, e->f, STATE_INT, 0, c->flowint.name);
	const struct state_entry *other;
	uint64_t operand = c->flowint.operand;

	if (c->op == FLOWINT_ISSET || c->op == FLOWINT_NOTSET)
		return !!v == (c->op == FLOWINT_ISSET);
	if (c->flowint.operand_is_name) {
		other = state_find(e->state, e->f, STATE_INT, 0, c->flowint.operand_name);
		if (!other)
			return false;
		operand = other->value;
	}
	if (!v)
		return false;
	switch (c->op) {
	case FLOWINT_EQ:
		return v->value == operand;
	case FLOWINT_NE:
		return v->value != operand;
	case FLOWINT_LT:
		return v->value < operand;
	case FLOWINT_LE:
		return v->value <= operand;
	case FLOWINT_GT:
		return v->value > operand;
	default:
		return v->value >= operand;
	}
}

static bool has_bytes(struct bytes value, const struct eval *e, const struct cond *c)
{
	return memmem(value.data, value.len, block_at(e->rs->block, c->variable.pattern),
		      c->variable.len) != NULL;
}

/* Of the packet: what rules that held before have caught. */
static bool variable_holds(const struct eval *e, const struct cond *c)
{
	bool negated = c->flags & COND_NEGATED;
	const char *text = block_text(e->rs->block, c->variable.name_text);
	struct bytes name, value;
	const struct state_entry *v;
	bool keyed;

	if (!c->variable.packet) {
		v = state_find(e->state, e->f, STATE_VARIABLE, 0, c->variable.name);
		if (!v)
			return false;
		state_variable_of(e->state, v, &name, &value, &keyed);
		return has_bytes(value, e, c) != negated;
	}
	for (unsigned i = 0; e->notes && i < e->notes->from; i++) {
		const struct rule_note *n = &e->notes->note[i];

		if (n->kind == NOTE_PACKET && n->name.len == strlen(text) &&
		    memcmp(n->name.data, text, n->name.len) == 0 &&
		    has_bytes(n->value, e, c) != negated)
			return true;
	}
	return false;
}

static bool state_holds(const struct eval *e, const struct cond *c)
{
	if (!e->f)
		return false;
	if (c->kind == COND_VARIABLE)
		return variable_holds(e, c);
	if (c->kind == COND_XBITS)
		return e->tx && state_tx_marked(e->state, e->f, c->xbits.name, e->tx->id) ==
					(c->op == FLOWBIT_ISSET);
	return c->kind == COND_FLOWBITS ? flowbits_hold(e, c) : flowint_holds(e, c);
}

#if !TRACES
bool eval_tcp_flags(const struct cond *c, uint8_t flags)
{
	return tcp_flags_hold(c, flags);
}

bool eval_ip_proto(const struct cond *c, uint8_t proto)
{
	return number_holds(c, proto);
}

bool eval_may_hold(const struct eval *e, const struct rule_row *row)
{
	return !row->packet_conds || packet_holds(e, e->rs->cond + row->conds);
}
#endif

bool EVAL(packet)(struct eval *e, const struct rule_row *row)
{
	const struct cond *c = e->rs->cond + row->conds;
	bool all = true;

	e->state_failed = false;
	for (unsigned i = 0; i < row->packet_conds; i++, c++) {
		if (packet_holds(e, c)) {
			TRACE_HELD(e, c, 0, 0);
		} else {
			TRACE_FAILED(e, c, 0, 0);
			all = false;
			if (!TRACES)
				return false;
		}
	}
	for (unsigned i = 0; i < row->state_conds; i++, c++) {
		if (state_holds(e, c)) {
			TRACE_HELD(e, c, 0, 0);
		} else {
			TRACE_FAILED(e, c, 0, 0);
			e->state_failed = all;
			all = false;
			if (!TRACES)
				return false;
		}
	}
	return all;
}

static bool xbits_hold(struct eval *e, const struct cond *c)
{
	struct xbits_key k;

	return e->xbits && eval_xbits_key(e->p, c, &k) &&
	       xbits_isset(e->xbits, &k, e->p->time_ns) == (c->op == FLOWBIT_ISSET);
}

static bool watch_one(const struct eval *e, const struct cond *c, const struct ip_addr *host)
{
	struct detect_known k;

	if (!eval_known(e, c, host, &k))
		return false;
	if (c->watch.test != IPREP_VALUE)
		return k.due == (c->watch.test == IPREP_ISSET);
	return compare(c->op, k.count, c->watch.low, c->watch.high);
}

static bool watch_holds(const struct eval *e, const struct cond *c)
{
	return sides_hold(c->watch.side, watch_one(e, c, &e->p->src), watch_one(e, c, &e->p->dst));
}

static bool shared_one(struct eval *e, const struct cond *c)
{
	return c->kind == COND_WATCH ? watch_holds(e, c) : xbits_hold(e, c);
}

bool EVAL(shared)(struct eval *e, const struct rule_row *row)
{
	const struct cond *c = e->rs->cond + row->conds + row->packet_conds + row->state_conds +
			       row->payload_conds;
	bool all = true;

	for (unsigned i = 0; i < row->shared_conds; i++, c++) {
		if (shared_one(e, c)) {
			TRACE_HELD(e, c, 0, 0);
		} else {
			TRACE_FAILED(e, c, 0, 0);
			all = false;
			if (!TRACES)
				return false;
		}
	}
	return all;
}
