/* SPDX-License-Identifier: Apache-2.0 */
/*
 * app_rig.h - one flow of a protocol under the application engine, without streams of its own, for tests and fuzz
 * targets: what a direction has brought and the parser has not consumed is held here.
 *
 * In: options that differ from the usual, bytes by direction.  Out: the engine, the flow's packet, the parser's
 * verdicts.
 * Not here: what is to come of it.
 *
 * Memory: the rig's, until app_rig_close().  Thread: one.
 */
#ifndef WEIR_TESTS_APP_RIG_H
#define WEIR_TESTS_APP_RIG_H

#include "engine/app/engine.h"
#include "engine/app/smtp.h"

#define APP_RIG_HELD_MAX (1u << 17)

struct app_rig_side {
	uint8_t bytes[APP_RIG_HELD_MAX]; /* that the parser has not consumed */
	size_t len;
	bool over;
};

struct app_rig {
	struct counters counters;
	struct flow_table *flows;
	struct stream_engine *streams;
	struct app_engine *e;
	struct smtp_options smtp;
	struct packet packet; /* the flow's only one */
	struct app_rig_side side[2];
};

/* Everything is looked at and recorded; windows: of files and mails. */
static struct app_options app_rig_options(struct app_rig *r, uint32_t windows)
{
	return (struct app_options){
		.memcap = 1 << 20,
		.max_flows = 8,
		.max_transactions = 16,
		.enabled = { ~0ull, ~0ull },
		.inspects = true,
		.records = true,
		.smtp = &r->smtp,
		.log_hassh = true,
		.log_ja3 = true,
		.log_ja4 = true,
		.files = { .digests = FILE_MD5,
			   .window = windows,
			   .mail_window = windows,
			   .keep = true },
	};
}

/* False: no memory. */
static bool app_rig_open(struct app_rig *r, const struct app_options *opt, bool raw_mail)
{
	static const struct flow_options flow = { .max_flows = 8, .hash_size = 8 };
	static const struct stream_options stream = { .max_sessions = 4,
						      .reassembly_memcap = 1 << 20 };

	smtp_options_stock(&r->smtp);
	r->smtp.raw = raw_mail;
	r->smtp.decode_mime = !raw_mail;
	r->flows = NULL;
	r->streams = NULL;
	r->e = NULL;
	for (unsigned dir = 0; dir < 2; dir++) {
		r->side[dir].len = 0;
		r->side[dir].over = false;
	}
	return !flow_table_new(&flow, &r->counters, NULL, NULL, NULL, &r->flows) &&
	       !stream_engine_new(&stream, r->flows, &r->counters, &r->streams) &&
	       !app_engine_new(opt, r->flows, r->streams, &r->counters, &r->e);
}

static void app_rig_close(struct app_rig *r)
{
	app_engine_free(r->e);
	stream_engine_free(r->streams);
	flow_table_free(r->flows);
}

/* A flow that speaks it, over UDP or TCP.  False: there is no room. */
static bool app_rig_flow(struct app_rig *r, const struct app_protocol *p, bool udp,
			 struct app_ctx *out)
{
	r->packet = (struct packet){
		.number = 1,
		.time_ns = 1000000000,
		.ip_version = 4,
		.proto = udp ? IP_PROTO_UDP : IP_PROTO_TCP,
		.has_ip = true,
		.has_l4 = true,
		.sport = 1024,
		.dport = 80,
		.src = ip_addr_v4((const uint8_t *)"\12\0\0\1"),
		.dst = ip_addr_v4((const uint8_t *)"\12\0\0\2"),
	};
	if (!udp)
		r->packet.tcp.flags = TCP_SYN;
	flow_update(r->flows, &r->packet, flow_hash(r->flows, &r->packet), 16);
	if (!r->packet.flow || !app_flow_get(r->e, r->packet.flow))
		return false;
	*out = app_ctx_of(r->e, r->packet.flow, &r->packet);
	app_flow_is(out, p->proto);
	return true;
}

/* Bytes behind those that are held; what does not fit is left out.  Returns how many were. */
static size_t app_rig_hold(struct app_rig *r, unsigned dir, struct bytes more)
{
	struct app_rig_side *d = &r->side[dir];

	if (more.len > sizeof(d->bytes) - d->len)
		more.len = sizeof(d->bytes) - d->len;
	if (more.len)
		memcpy(d->bytes + d->len, more.data, more.len);
	d->len += more.len;
	return more.len;
}

/* The parser has consumed so many of them; false: more than there were. */
static bool app_rig_consumed(struct app_rig *r, unsigned dir, size_t consumed)
{
	struct app_rig_side *d = &r->side[dir];

	if (consumed > d->len)
		return false;
	d->len -= consumed;
	memmove(d->bytes, d->bytes + consumed, d->len);
	return true;
}

#endif
