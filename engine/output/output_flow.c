/* SPDX-License-Identifier: Apache-2.0 */
/* Flows at their end: one record for both directions, or one for each. */
#include "engine/output/output.h"

#include "engine/output/eve_common.h"

static void begin_flow(struct eve *w, const struct output_env *env, const struct flow *f,
		       enum record_kind kind, int64_t now_ns, struct buf *out)
{
	eve_begin(w, out);
	eve_time(w, EVE_TIMESTAMP, now_ns);
	eve_flow_id(w, env, f);
	if (env->interface)
		eve_string(w, EVE_IN_IFACE, env->interface);
	eve_kind(w, kind);
	eve_vlans(w, f->vlan, f->vlans);
}

static void put_flow_addresses(struct eve *w, const struct flow *f, unsigned dir)
{
	bool ports = proto_has_ports(f->proto);

	eve_address(w, EVE_SRC_IP, dir ? &f->server : &f->client, f->ip_version);
	if (ports)
		eve_u64(w, EVE_SRC_PORT, dir ? f->server_port : f->client_port);
	eve_address(w, EVE_DEST_IP, dir ? &f->client : &f->server, f->ip_version);
	if (ports)
		eve_u64(w, EVE_DEST_PORT, dir ? f->client_port : f->server_port);
}

static void put_flow_spi(struct eve *w, const struct flow *f)
{
	if (f->proto == IP_PROTO_ESP)
		eve_u64(w, EVE_SPI, (uint32_t)f->client_port << 16 | f->server_port);
}

static void put_flow_icmp(struct eve *w, const struct flow *f)
{
	int answer;

	if (!proto_is_icmp(f->proto))
		return;
	eve_u64(w, EVE_ICMP_TYPE, f->client_port);
	eve_u64(w, EVE_ICMP_CODE, f->server_port);
	if (f->packets[1] == 0)
		return;
	answer = icmp_answer(f->ip_version, (uint8_t)f->client_port);
	eve_u64(w, EVE_RESPONSE_ICMP_TYPE, answer >= 0 ? (unsigned)answer : 0);
	eve_u64(w, EVE_RESPONSE_ICMP_CODE, 0);
}

/* Whole seconds of both times, subtracted: what Suricata calls age. */
static uint64_t age_s(const struct flow *f)
{
	int64_t age = f->last_ns / 1000000000 - f->start_ns / 1000000000;

	return age > 0 ? (uint64_t)age : 0;
}

static void put_tcp_flags(struct eve *w, uint8_t flags)
{
	static const struct {
		uint8_t flag;
		enum eve_field field;
	} order[] = {
		{ TCP_SYN, EVE_TCP_SYN }, { TCP_FIN, EVE_TCP_FIN }, { TCP_RST, EVE_TCP_RST },
		{ TCP_PSH, EVE_TCP_PSH }, { TCP_ACK, EVE_TCP_ACK }, { TCP_URG, EVE_TCP_URG },
		{ TCP_ECE, EVE_TCP_ECN }, { TCP_CWR, EVE_TCP_CWR },
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (flags & order[i].flag)
			eve_bool(w, order[i].field, true);
	}
}

static void put_flow_tcp(struct eve *w, const struct output_env *env, const struct flow *f)
{
	struct stream_summary s = { .flags_to_server = 0 };
	bool session;

	if (f->proto != IP_PROTO_TCP)
		return;
	session = env->streams && stream_summary(env->streams, f, &s);
	eve_open(w, EVE_TCP);
	eve_hex8(w, EVE_TCP_FLAGS, s.flags_to_server | s.flags_to_client);
	eve_hex8(w, EVE_TCP_FLAGS_TS, s.flags_to_server);
	eve_hex8(w, EVE_TCP_FLAGS_TC, s.flags_to_client);
	put_tcp_flags(w, s.flags_to_server | s.flags_to_client);
	if (session) {
		eve_string(w, EVE_TCP_STATE, tcp_state_name(s.state));
		if (s.gap_to_client)
			eve_bool(w, EVE_TCP_TC_GAP, true);
		if (s.gap_to_server)
			eve_bool(w, EVE_TCP_TS_GAP, true);
		eve_u64(w, EVE_TCP_TS_MAX_REGIONS, s.regions_to_server);
		eve_u64(w, EVE_TCP_TC_MAX_REGIONS, s.regions_to_client);
	}
	eve_close(w);
}

static void put_exceptions(struct eve *w, const struct exceptions *e, const struct flow *f)
{
	eve_array(w, EVE_FLOW_EXCEPTIONS);
	for (unsigned t = 0; t < EXCEPTION_OF_FLOWS; t++) {
		if (!(f->exceptions >> t & 1))
			continue;
		eve_item_open(w);
		eve_string(w, EVE_FLOW_EXCEPTION_TARGET,
			   exception_target_name((enum exception_target)t));
		eve_string(w, EVE_FLOW_EXCEPTION_POLICY,
			   exception_policy_name((enum exception_policy)e->policy[t]));
		eve_close(w);
	}
	eve_array_end(w);
}

static void put_transactions(struct eve *w, const struct output_env *env, const struct flow *f)
{
	const struct app_flow *a = env->apps && f->app ? app_flow(env->apps, f) : NULL;

	if (a && a->transactions && f->state != FLOW_BYPASSED)
		eve_u64(w, EVE_FLOW_TX_CNT, a->transactions);
}

void output_flow(const struct output_options *o, const struct output_env *env, const struct flow *f,
		 enum flow_end_reason reason, int64_t now_ns, struct buf *out)
{
	struct eve w;

	begin_flow(&w, env, f, RECORD_FLOW, now_ns, out);
	put_flow_addresses(&w, f, 0);
	eve_u64(&w, EVE_IP_V, f->ip_version);
	eve_proto(&w, EVE_PROTO, f->proto);
	put_flow_icmp(&w, f);
	put_flow_spi(&w, f);
	eve_app_proto(&w, env, f);
	eve_open(&w, EVE_FLOW);
	eve_flow_counts(&w, f);
	eve_time(&w, EVE_FLOW_END, f->last_ns);
	eve_u64(&w, EVE_FLOW_AGE, age_s(f));
	if (f->flags & FLOW_EMERGENCY)
		eve_bool(&w, EVE_FLOW_EMERGENCY, true);
	eve_string(&w, EVE_FLOW_STATE, flow_state_name((enum flow_state)f->state));
	if (f->state == FLOW_BYPASSED)
		eve_string(&w, EVE_FLOW_BYPASS, f->flags & FLOW_TOLD ? "capture" : "local");
	eve_string(&w, EVE_FLOW_REASON, flow_end_reason_name(reason));
	eve_bool(&w, EVE_FLOW_ALERTED, f->flags & FLOW_ALERTED);
	if (f->flags & FLOW_DROPPED)
		eve_string(&w, EVE_FLOW_ACTION, "drop");
	else if (f->flags & FLOW_PASSED)
		eve_string(&w, EVE_FLOW_ACTION, "pass");
	if (f->exceptions && env->exceptions)
		put_exceptions(&w, env->exceptions, f);
	put_transactions(&w, env, f);
	eve_close(&w);
	eve_common(&w, o, env, NULL, f, false);
	put_flow_tcp(&w, env, f);
	eve_end_record(&w, o, env);
}

static void put_netflow_tcp(struct eve *w, const struct output_env *env, const struct flow *f,
			    unsigned dir)
{
	struct stream_summary s = { .flags_to_server = 0 };
	uint8_t flags;

	if (f->proto != IP_PROTO_TCP)
		return;
	if (env->streams)
		stream_summary(env->streams, f, &s);
	flags = dir ? s.flags_to_client : s.flags_to_server;
	eve_open(w, EVE_TCP);
	eve_hex8(w, EVE_TCP_FLAGS, flags);
	put_tcp_flags(w, flags);
	eve_close(w);
}

static void put_netflow_icmp(struct eve *w, const struct flow *f, unsigned dir)
{
	int type = f->client_port;

	if (!proto_is_icmp(f->proto))
		return;
	if (dir)
		type = icmp_answer(f->ip_version, (uint8_t)f->client_port);
	eve_u64(w, EVE_ICMP_TYPE, type >= 0 ? (unsigned)type : 0);
	eve_u64(w, EVE_ICMP_CODE, dir ? 0 : f->server_port);
}

static void netflow_direction(const struct output_options *o, const struct output_env *env,
			      const struct flow *f, unsigned dir, int64_t now_ns, struct buf *out)
{
	struct eve w;

	begin_flow(&w, env, f, RECORD_NETFLOW, now_ns, out);
	put_flow_addresses(&w, f, dir);
	eve_proto(&w, EVE_PROTO, f->proto);
	put_netflow_icmp(&w, f, dir);
	put_flow_spi(&w, f);
	if (f->app_proto == APP_PROTO_UNKNOWN)
		eve_app_proto_name(&w, EVE_APP_PROTO, APP_PROTO_UNKNOWN);
	else
		eve_app_proto(&w, env, f);
	eve_open(&w, EVE_NETFLOW);
	eve_u64(&w, EVE_NETFLOW_PKTS, f->packets[dir]);
	eve_u64(&w, EVE_NETFLOW_BYTES, f->bytes[dir]);
	eve_time(&w, EVE_NETFLOW_START, f->start_ns);
	eve_time(&w, EVE_NETFLOW_END, f->last_ns);
	eve_u64(&w, EVE_NETFLOW_AGE, age_s(f));
	eve_u64(&w, EVE_NETFLOW_MIN_TTL, f->min_ttl[dir]);
	eve_u64(&w, EVE_NETFLOW_MAX_TTL, f->max_ttl[dir]);
	eve_close(&w);
	put_netflow_tcp(&w, env, f, dir);
	eve_common(&w, o, env, NULL, f, false);
	eve_end_record(&w, o, env);
}

void output_netflow(const struct output_options *o, const struct output_env *env,
		    const struct flow *f, int64_t now_ns, struct buf *out)
{
	netflow_direction(o, env, f, 0, now_ns, out);
	if (f->packets[1] > 0)
		netflow_direction(o, env, f, 1, now_ns, out);
}
