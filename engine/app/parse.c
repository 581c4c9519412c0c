/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a packet to its protocol's parser: what is ready of each direction is identified, then parsed.
 *
 * Bytes wait in the stream until a protocol is found or both directions have been given up.  Where the
 * direction that came second is the first to be recognised, the other one is parsed before it.
 */
#include "engine/app/engine.h"
#include "engine/app/frame.h"

/* Without a decision, a direction's bytes are kept up to here while the other one stays silent. */
#define UNDECIDED_BYTES 100000u

enum step {
	STEP_WAIT, /* for more bytes */
	STEP_PARSE,
	STEP_OVER, /* nothing is parsed in this direction */
};

static void tcp_direction(struct app_ctx *c, unsigned dir, bool all);

static bool is_known(unsigned proto)
{
	return proto != APP_PROTO_UNKNOWN && proto != APP_PROTO_FAILED;
}

static bool has_begun(const struct app_flow *a)
{
	return flow_flag(a, APP_FLOW_FIRST, 0) && flow_flag(a, APP_FLOW_FIRST, 1);
}

static void set_over(struct app_ctx *c, unsigned dir)
{
	c->app->flags |= (uint16_t)((APP_FLOW_OVER | APP_FLOW_DECIDED) << dir);
	if (c->flow->proto == IP_PROTO_TCP)
		stream_parsed(c->engine->streams, c->flow, dir, STREAM_PARSED_ALL);
}

/* Nothing is parsed any more; transactions end as they are. */
static void give_up(struct app_ctx *c)
{
	for (unsigned dir = 0; dir < 2; dir++) {
		set_over(c, dir);
		app_flow_direction_ends(c, dir);
	}
}

static void fail(struct app_ctx *c)
{
	struct app_flow *a = c->app;

	if (a->flags & APP_FLOW_CHANGING) {
		a->original = a->proto;
		a->flags &= (uint16_t)~APP_FLOW_CHANGING;
	}
	app_flow_is(c, APP_PROTO_FAILED);
	give_up(c);
}

/* --- identification -------------------------------------------------------------------------- */

static void decide(struct app_flow *a, unsigned dir, unsigned proto)
{
	a->seen[dir] = a->said[dir] = (uint8_t)proto;
	a->decided[dir] += a->decided[dir] < UINT8_MAX;
}

static enum app_proto ask(struct app_ctx *c, unsigned dir, struct bytes in, bool *turned)
{
	const struct app_options *opt = &c->engine->opt;
	struct app_flow *a = c->app;
	unsigned transport = c->flow->proto == IP_PROTO_TCP ? 0 : 1;
	struct identify_ask q = {
		.in = in,
		.dir = dir,
		.transport = transport,
		.client_port = c->flow->client_port,
		.server_port = a->change_port ? a->change_port : c->flow->server_port,
		.enabled = opt->enabled[transport],
		.other = a->seen[!dir],
		.turn = opt->midstream,
		.index = &c->engine->identify,
	};

	*turned = false;
	return identify(&a->identify, &q, turned);
}

static bool direction_done(const struct app_flow *a, unsigned dir)
{
	return a->identify.patterns_done[dir] && a->identify.probes_done[dir];
}

/* The other end's view: the packet that was taken for the client's is the server's. */
static void turn(struct app_ctx *c)
{
	struct packet *p = c->engine->packet;
	struct app_flow *a = c->app;
	struct identify_state *s = &a->identify;
	uint16_t both = APP_FLOW_FIRST | APP_FLOW_FIRST << 1;
	uint8_t seen = a->seen[0], said = a->said[0], decided = a->decided[0];
	uint32_t refused = s->refused[0];

	flow_reverse(c->engine->flows, c->flow);
	stream_reverse(c->engine->streams, c->flow);
	if (p)
		p->direction = !p->direction;
	a->seen[0] = a->seen[1];
	a->seen[1] = seen;
	a->said[0] = a->said[1];
	a->said[1] = said;
	a->decided[0] = a->decided[1];
	a->decided[1] = decided;
	s->refused[0] = s->refused[1];
	s->refused[1] = refused;
	if (flow_flag(a, APP_FLOW_FIRST, 0) != flow_flag(a, APP_FLOW_FIRST, 1))
		a->flags ^= both;
}

/* A session that was taken up in its middle, and whose beginning nobody saw. */
static bool is_middle(const struct app_ctx *c)
{
	struct stream_summary s;

	return stream_summary(c->engine->streams, c->flow, &s) && s.midstream &&
	       !(s.flags_to_client & TCP_SYN);
}

/* The protocol of the flow, where the directions say different things. */
static enum app_proto agree(struct app_ctx *c, unsigned dir, enum app_proto mine)
{
	struct app_flow *a = c->app;
	enum app_proto other = a->seen[!dir];

	if (!is_known(other) || other == mine)
		return mine;
	app_flow_event(c, APP_EVENT_APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS);
	/* What is being parsed stays; else the server decides. */
	return has_begun(a) || dir == 0 ? other : mine;
}

static void begin_protocol(struct app_ctx *c, enum app_proto proto)
{
	struct app_flow *a = c->app;

	if (a->flags & APP_FLOW_CHANGING) {
		a->flags &= (uint16_t)~APP_FLOW_CHANGING;
		a->original = a->proto;
		for (unsigned dir = 0; dir < 2; dir++)
			app_flow_direction_ends(c, dir);
		/* The new protocol counts its own. */
		a->transactions = 0;
		app_frames_restart(a);
		app_flow_is(c, proto);
		if (is_known(a->expected) && proto != a->expected) {
			app_flow_event(c, APP_EVENT_APPLAYER_UNEXPECTED_PROTOCOL);
			if (a->expected == APP_PROTO_TLS)
				app_flow_event(c, APP_EVENT_APPLAYER_NO_TLS_AFTER_STARTTLS);
		}
	} else if (a->proto == APP_PROTO_UNKNOWN) {
		app_flow_is(c, proto);
	}
}

static void forget_decision(struct app_flow *a, unsigned dir)
{
	a->seen[dir] = APP_PROTO_UNKNOWN;
	a->flags &= (uint16_t) ~(APP_FLOW_DECIDED << dir);
	a->identify.patterns_done[dir] = a->identify.probes_done[dir] = false;
	a->identify.refused[dir] = 0;
}

/* This direction was recognised. */
static enum step recognised(struct app_ctx *c, unsigned dir, enum app_proto mine)
{
	struct app_flow *a = c->app;
	enum app_proto proto = agree(c, dir, mine);
	unsigned other = !dir;

	decide(a, dir, mine);
	a->flags |= (uint16_t)(APP_FLOW_DECIDED << dir);
	if (a->flags & APP_FLOW_CHANGING || has_begun(a)) {
		begin_protocol(c, proto);
		a->flags |= APP_FLOW_FIRST | APP_FLOW_FIRST << 1;
		return STEP_PARSE;
	}
	if (identify_client_first(proto)) {
		if (!flow_flag(a, APP_FLOW_FIRST, 0)) {
			app_flow_event(c, APP_EVENT_APPLAYER_WRONG_DIRECTION_FIRST_DATA);
			begin_protocol(c, proto);
			give_up(c);
			return STEP_OVER;
		}
	}
	begin_protocol(c, proto);
	if (flow_flag(a, APP_FLOW_FIRST, other) && !flow_flag(a, APP_FLOW_DECIDED, other)) {
		/* The other one's bytes came first, and nobody has parsed them.  There is one more thing to look for. */
		a->identify.probes_done[other] = false;
		tcp_direction(c, other, c->engine->packet->pseudo);
		if (flow_flag(a, APP_FLOW_OVER, dir))
			return STEP_OVER;
		if (dir == 1 && identify_client_first(proto) && !has_begun(a)) {
			/* They are not acknowledged yet: begin with them another time. */
			forget_decision(a, dir);
			return STEP_WAIT;
		}
	}
	a->flags |= APP_FLOW_FIRST | APP_FLOW_FIRST << 1;
	return STEP_PARSE;
}

/* Nobody can tell what this direction is; the other one could. */
static enum step one_sided(struct app_ctx *c, unsigned dir)
{
	struct app_flow *a = c->app;

	if (!has_begun(a) && identify_client_first(a->proto) && dir == 1) {
		give_up(c);
		return STEP_OVER;
	}
	if (!direction_done(a, dir))
		return STEP_WAIT;
	app_flow_event(c, APP_EVENT_APPLAYER_DETECT_PROTOCOL_ONLY_ONE_DIRECTION);
	decide(a, dir, APP_PROTO_FAILED);
	a->flags |= (uint16_t)(APP_FLOW_DECIDED << dir);
	a->flags |= APP_FLOW_FIRST | APP_FLOW_FIRST << 1;
	return STEP_PARSE;
}

/* Neither direction is known: is it worth waiting? */
static enum step undecided(struct app_ctx *c, unsigned dir, size_t len)
{
	struct app_flow *a = c->app;
	bool mine = direction_done(a, dir), other = direction_done(a, !dir);

	if (dir == 0 && mine && is_middle(c)) {
		/* Half a request would make nonsense of all that follows. */
		fail(c);
		return STEP_OVER;
	}
	if (mine && other) {
		fail(c);
		return STEP_OVER;
	}
	if (len > UNDECIDED_BYTES && mine && !other) {
		app_flow_event(c, APP_EVENT_APPLAYER_PROTO_DETECTION_SKIPPED);
		fail(c);
		return STEP_OVER;
	}
	return STEP_WAIT;
}

/* last: no more will come. */
static enum step identify_tcp(struct app_ctx *c, unsigned dir, struct bytes in, bool last)
{
	struct app_flow *a = c->app;
	enum app_proto mine;
	bool turned;

	if (!in.len)
		return STEP_WAIT;
	if (!(a->flags & (APP_FLOW_FIRST | APP_FLOW_FIRST << 1)))
		a->flags |= (uint16_t)(APP_FLOW_FIRST << dir);
	mine = ask(c, dir, in, &turned);
	if (last)
		a->identify.patterns_done[dir] = a->identify.probes_done[dir] = true;
	if (turned && is_middle(c) && a->seen[!dir] == APP_PROTO_UNKNOWN) {
		turn(c);
		dir = !dir;
	}
	if (is_known(mine))
		return recognised(c, dir, mine);
	if (is_known(a->seen[!dir]))
		return one_sided(c, dir);
	return undecided(c, dir, in.len);
}

/* --- parsing --------------------------------------------------------------------------------- */

/* dir: of what asked for it; the other direction stands as it was until there is more of it. */
static void changes(struct app_ctx *c, unsigned dir)
{
	struct app_flow *a = c->app;

	a->original = a->proto;
	a->said[dir] = a->expected;

	a->flags |= APP_FLOW_CHANGING;
	a->flags &= (uint16_t)~APP_FLOW_COUNTED;
	for (unsigned way = 0; way < 2; way++) {
		app_flow_direction_ends(c, way);
		forget_decision(a, way);
	}
}

/* False: nothing more is parsed in this direction. */
static bool heed(struct app_ctx *c, unsigned dir, enum app_verdict v)
{
	switch (v) {
	case APP_OK:
		return true;
	case APP_CHANGE:
		changes(c, dir);
		return true;
	case APP_FINISHED:
		set_over(c, dir);
		return false;
	case APP_ERROR:
		break;
	}
	count_fault(c->engine, c->app->proto, c->flow->proto == IP_PROTO_TCP ? 0 : 1,
		    APP_FAULT_PARSER);
	if (c->engine->packet)
		packet_exception(c->engine->packet, EXCEPTION_APP_ERROR);
	give_up(c);
	return false;
}

static void tell_end(struct app_ctx *c, unsigned dir)
{
	struct app_flow *a = c->app;

	a->flags |= (uint16_t)((APP_FLOW_ENDED | APP_FLOW_OVER) << dir);
	stream_parsed(c->engine->streams, c->flow, dir, STREAM_PARSED_ALL);
	/* What the one side did not say any more, the other will not answer. */
	if (flow_flag(a, APP_FLOW_ENDED, !dir)) {
		app_flow_direction_ends(c, 0);
		app_flow_direction_ends(c, 1);
	}
}

/* True: something was taken, ask again. */
static bool parse(struct app_ctx *c, unsigned dir, const struct stream_unparsed *u)
{
	const struct app_protocol *p = app_protocol(c->app->proto);
	size_t consumed = 0;
	enum app_verdict v;

	if (!p || flow_flag(c->app, APP_FLOW_OVER, dir)) {
		set_over(c, dir);
		return false;
	}
	c->gap = p->takes_gap ? u->behind : 0;
	c->offset = u->offset;
	app_frames_stream(c, dir, u->data.len, u->ended);
	v = p->data(c, dir, u->data, u->ended, &consumed);
	if (c->gap) {
		consumed = u->data.len + c->gap;
		count_fault(c->engine, p->proto, 0, APP_FAULT_GAP);
	} else if (u->behind && v == APP_OK) {
		/* The rest of what the hole has cut. */
		consumed = u->data.len;
	}
	c->gap = 0;
	stream_parsed(c->engine->streams, c->flow, dir, u->offset + consumed);
	if (!heed(c, dir, v) || flow_flag(c->app, APP_FLOW_FULL, 0))
		return false;
	/* Nothing answers what comes when the other side has ended. */
	if (flow_flag(c->app, APP_FLOW_ENDED, !dir) && v == APP_OK)
		app_flow_direction_ends(c, !dir);
	if (u->ended && v != APP_CHANGE) {
		tell_end(c, dir);
		return false;
	}
	/* What stands behind a change is identified with the next packet: rules see one after the other. */
	if (v == APP_CHANGE && !u->ended)
		return false;
	return consumed > 0;
}

static bool pass_gap(struct app_ctx *c, unsigned dir, const struct stream_unparsed *u)
{
	const struct app_protocol *p = app_protocol(c->app->proto);
	struct app_flow *a = c->app;

	stream_parsed(c->engine->streams, c->flow, dir, u->offset + u->gap);
	if (!p || !flow_flag(a, APP_FLOW_DECIDED, dir) || (a->flags & APP_FLOW_CHANGING)) {
		/* What is missing at the front tells nothing; what follows is left to the other side. */
		a->flags |= (uint16_t)(APP_FLOW_DECIDED << dir);
		a->identify.patterns_done[dir] = a->identify.probes_done[dir] = true;
		if (a->proto == APP_PROTO_UNKNOWN && direction_done(a, !dir) &&
		    !is_known(a->seen[!dir])) {
			fail(c);
			return false;
		}
		return true;
	}
	count_fault(c->engine, a->proto, 0, APP_FAULT_GAP);
	c->offset = u->offset;
	return heed(c, dir, p->gap ? p->gap(c, dir, u->gap) : APP_ERROR);
}

/* No more come in this direction, but the other one has bytes that may tell what these are. */
static bool may_be_told(const struct app_ctx *c, unsigned dir)
{
	struct stream_unparsed u;

	return c->app->proto == APP_PROTO_UNKNOWN && !flow_flag(c->app, APP_FLOW_OVER, !dir) &&
	       stream_unparsed(c->engine->streams, c->flow, !dir, true, &u) && u.data.len;
}

/* One step of a direction; true: take another one. */
static bool take(struct app_ctx *c, unsigned dir, const struct stream_unparsed *u)
{
	struct app_flow *a = c->app;

	if (u->gap)
		return pass_gap(c, dir, u);
	/* Where nothing was ever said, an end is told with the flow's. */
	if (!u->offset && !u->data.len && !c->engine->packet->pseudo)
		return false;
	if (!flow_flag(a, APP_FLOW_DECIDED, dir)) {
		bool before = c->flow->flags & FLOW_REVERSED;

		switch (identify_tcp(c, dir, u->data, u->ended)) {
		case STEP_PARSE:
			break;
		case STEP_WAIT:
			if (u->ended && !(u->data.len && may_be_told(c, dir)))
				tell_end(c, dir);
			return false;
		case STEP_OVER:
			return false;
		}
		if ((bool)(c->flow->flags & FLOW_REVERSED) != before)
			dir = !dir;
	}
	/* After a gap at its front a direction waits for what the other one says. */
	if (a->proto == APP_PROTO_UNKNOWN) {
		stream_parsed(c->engine->streams, c->flow, dir, u->offset + u->data.len);
		return u->data.len > 0;
	}
	return parse(c, dir, u);
}

static void tcp_direction(struct app_ctx *c, unsigned dir, bool all)
{
	struct stream_unparsed u;

	while (!flow_flag(c->app, APP_FLOW_OVER, dir) &&
	       stream_unparsed(c->engine->streams, c->flow, dir, all, &u)) {
		if (!take(c, dir, &u))
			break;
	}
}

/* Another flow has said what this one will be. */
static void take_announced(struct app_ctx *c)
{
	const struct expectation *x = expect_take(c->engine->expected, c->flow, c->now_ns);
	struct app_flow *a = c->app;

	if (!x)
		return;
	a->announced = x;
	a->parent = x->parent;
	decide(a, 0, x->proto);
	decide(a, 1, x->proto);
	a->flags |= APP_FLOW_DECIDED | APP_FLOW_DECIDED << 1 | APP_FLOW_FIRST | APP_FLOW_FIRST << 1;
	app_flow_is(c, (enum app_proto)x->proto);
	a->announced = NULL;
}

/* Bytes, or that some are missing; an end alone is nothing to parse. */
static bool has_come(const struct app_engine *e, struct flow *f, unsigned dir, bool all)
{
	struct stream_unparsed u;

	return stream_unparsed(e->streams, f, dir, all, &u) && (u.data.len || u.gap);
}

/* Of most encrypted flows, for one, after their handshake. */
static bool is_over(const struct app_flow *a)
{
	const uint16_t both = APP_FLOW_OVER | APP_FLOW_OVER << 1;

	return (a->flags & both) == both;
}

static void tcp_packet(struct app_engine *e, struct packet *p)
{
	struct flow *f = p->flow;
	unsigned first = p->pseudo ? p->direction : !p->direction;
	struct app_ctx c;

	if (!f->app) {
		/* State at the first byte: most probes never get so far. */
		if (!has_come(e, f, first, p->pseudo) &&
		    (p->pseudo || !has_come(e, f, !first, false)))
			return;
		if (!app_flow_get(e, f)) {
			stream_parsed(e->streams, f, 0, STREAM_PARSED_ALL);
			stream_parsed(e->streams, f, 1, STREAM_PARSED_ALL);
			return;
		}
		stream_parsed(e->streams, f, 0, 0);
		stream_parsed(e->streams, f, 1, 0);
		c = app_ctx_of(e, f, p);
		take_announced(&c);
		if (!p->pseudo && is_over(c.app))
			return;
	}
	c = app_ctx_of(e, f, p);
	c.app->flags &= (uint16_t)~APP_FLOW_FULL;
	if (p->pseudo) {
		tcp_direction(&c, first, true);
		if (flow_flag(c.app, APP_FLOW_FULL, 0))
			return;
		if (!flow_flag(c.app, APP_FLOW_ENDED, first) && !may_be_told(&c, first))
			tell_end(&c, first);
		return;
	}
	/* An ACK makes the other direction's bytes ready, and hardly ever its own. */
	tcp_direction(&c, first, false);
	tcp_direction(&c, !first, false);
}

/* --- UDP ------------------------------------------------------------------------------------- */

static void identify_udp(struct app_ctx *c, unsigned *dir, struct packet *p)
{
	struct app_flow *a = c->app;
	enum app_proto mine, other = a->seen[!*dir];
	bool turned;

	mine = ask(c, *dir, p->payload, &turned);
	/* Of mDNS each host is a client when it first speaks. */
	if (turned && is_known(mine) && (other == APP_PROTO_UNKNOWN || mine == APP_PROTO_MDNS)) {
		turn(c);
		*dir = !*dir;
		other = a->seen[!*dir];
	}
	if (is_known(mine)) {
		decide(a, *dir, mine);
		if (is_known(other) && other != mine)
			app_flow_event(c, APP_EVENT_APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS);
		else if (!is_known(a->proto))
			app_flow_is(c, mine);
		return;
	}
	decide(a, *dir, other == APP_PROTO_UNKNOWN ? APP_PROTO_FAILED : other);
	if (a->proto == APP_PROTO_UNKNOWN)
		app_flow_is(c, APP_PROTO_FAILED);
}

static void udp_packet(struct app_engine *e, struct packet *p)
{
	struct flow *f = p->flow;
	const struct app_protocol *proto;
	unsigned dir = p->direction;
	size_t consumed = 0;
	struct app_ctx c;

	if (!p->payload.len || !app_flow_get(e, f))
		return;
	c = app_ctx_of(e, f, p);
	if (c.app->seen[dir] == APP_PROTO_UNKNOWN) {
		if (c.app->proto == APP_PROTO_FAILED)
			c.app->flags &= (uint16_t) ~(APP_FLOW_OVER | APP_FLOW_OVER << 1);
		identify_udp(&c, &dir, p);
	}
	proto = app_protocol(c.app->proto);
	if (!proto || flow_flag(c.app, APP_FLOW_OVER, dir))
		return;
	heed(&c, dir, proto->data(&c, dir, p->payload, false, &consumed));
}

/* So many bytes of the other side that this packet acknowledges, and not one of its own: told once. */
static void skipped(struct app_engine *e, struct packet *p)
{
	struct flow *f = p->flow;
	struct app_ctx c;

	if (stream_ready(e->streams, f, !p->direction, false) <= UNDECIDED_BYTES ||
	    stream_ready(e->streams, f, p->direction, false) || !app_flow_get(e, f))
		return;
	c = app_ctx_of(e, f, p);
	c.app->flags |= APP_FLOW_COUNTED;
	app_flow_event(&c, APP_EVENT_APPLAYER_PROTO_DETECTION_SKIPPED);
	fail(&c);
}

/* No protocol is looked for: nothing is kept of the flow, and with its first bytes all is said. */
static __attribute__((noinline)) void speaks_nothing(struct app_engine *e, struct packet *p,
						     unsigned transport)
{
	struct flow *f = p->flow;

	if (p->proto == IP_PROTO_TCP && f->tcp && !f->app && !p->pseudo &&
	    f->bytes[!p->direction] > UNDECIDED_BYTES)
		skipped(e, p);
	if (f->app_proto != APP_PROTO_UNKNOWN || !p->payload.len ||
	    (transport == 0 ? !p->stream_added : p->proto != IP_PROTO_UDP))
		return;
	f->app_proto = APP_PROTO_FAILED;
	count_flow(e, APP_PROTO_FAILED, transport);
}

/* Not in line: most packets need nothing of it. */
static __attribute__((noinline)) void look_at(struct app_engine *e, struct packet *p)
{
	struct flow *f = p->flow;

	if (p->proto == IP_PROTO_TCP && f->tcp)
		tcp_packet(e, p);
	else if (p->proto == IP_PROTO_UDP && !p->pseudo)
		udp_packet(e, p);
	/* Not before all is parsed: the bytes may go. */
	if (e->closes)
		stream_close(e->streams, f);
}

/* Of a session that has had no byte there is nothing to parse, nor state to make. */
static __attribute__((noinline)) void look_at_first(struct app_engine *e, struct packet *p)
{
	if (stream_holds(e->streams, p->flow))
		look_at(e, p);
}

void app_packet(struct app_engine *e, struct packet *p)
{
	const struct flow *f = p->flow;
	unsigned transport = p->proto == IP_PROTO_TCP ? 0 : 1;

	if (!f || f->proto != p->proto)
		return;
	if (!e->looks[transport]) {
		speaks_nothing(e, p, transport);
		return;
	}
	e->packet = p;
	e->closes = false;
	if (p->proto == IP_PROTO_TCP && f->tcp && !f->app)
		look_at_first(e, p);
	else if (p->proto != IP_PROTO_TCP || !f->tcp || p->pseudo ||
		 !is_over(app_flow_at(e, f->app)))
		look_at(e, p);
}
