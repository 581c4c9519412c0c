/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A protocol's transactions: the first byte says which one, and by its highest bit whether over UDP where it has
 * both; then records of a byte (direction, gap, end) and a length of two bytes, with that much of the direction's
 * stream, or a datagram.  After each, all buffers are looked at, finished transactions are written as records and
 * freed.  In the end all memory has come back.
 */
#include "engine/app/engine.h"
#include "engine/output/output.h"
#include "engine/app/smtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HELD_MAX (1u << 17)

struct direction {
	uint8_t bytes[HELD_MAX]; /* that the parser has not consumed */
	size_t len;
	bool over;
};

static struct direction side[2];
static struct counters counters;
static struct packet packet;
static struct smtp_options smtp;

static const enum app_proto protos[] = {
	APP_PROTO_HTTP1, APP_PROTO_DNS, APP_PROTO_TLS,	    APP_PROTO_SMTP,
	APP_PROTO_SSH,	 APP_PROTO_FTP, APP_PROTO_FTP_DATA, APP_PROTO_MDNS,
};

/* Every byte of it can be read. */
static volatile unsigned total;

static void read_all(struct bytes b)
{
	unsigned sum = 0;

	for (size_t i = 0; i < b.len; i++)
		sum += b.data[i];
	total = sum;
}

static void look_at(struct app_engine *e, struct flow *f, struct app_tx *tx, enum buffer b,
		    unsigned dir)
{
	struct app_slice s;

	for (unsigned i = 0; i < 3; i++) {
		if (!app_buffer(e, f, tx, b, dir, i, &s)) {
			(void)app_why_not(e, f, tx, b, dir);
			return;
		}
		read_all(s.data);
		app_inspected(e, f, tx, b, dir, i, s.offset + s.data.len);
	}
}

static void look(struct app_engine *e, struct flow *f, struct app_tx *tx)
{
	uint64_t v;

	for (unsigned dir = 0; dir < 2; dir++) {
		for (unsigned b = BUFFER_TX__FIRST; b < BUFFER__COUNT; b++)
			look_at(e, f, tx, (enum buffer)b, dir);
		for (unsigned n = 0; n < APP_NUMBER__COUNT; n++)
			(void)app_number(e, f, tx, (enum app_number)n, dir, 0, &v);
	}
}

static void record(struct app_engine *e, struct flow *f)
{
	static char text[1 << 16];
	struct app_flow *a = app_flow(e, f);
	struct output_options o;
	struct output_env env = { .flows = e->flows, .streams = e->streams, .apps = e };

	output_options_stock(&o);
	o.tls.fields = ~0u;
	o.smtp.fields = ~0u;
	for (struct app_tx *tx = a ? a->first : NULL; tx; tx = tx->next) {
		struct buf b = { .data = text, .size = sizeof(text) };

		look(e, f, tx);
		output_tx(&o, &env, &packet, tx, &b);
		for (struct app_file *file = tx->files; file; file = file->next) {
			b.len = 0;
			output_file(&o, &env, &packet, tx, file, &b);
		}
		if (app_tx_is_done(tx))
			tx->flags |= APP_TX_INSPECTED | APP_TX_INSPECTED << 1 | APP_TX_LOGGED;
	}
	app_packet_done(e, &packet);
}

/* False: parsing is over. */
static bool feed(struct app_ctx *c, const struct app_protocol *p, unsigned dir, struct bytes more,
		 bool last)
{
	struct direction *d = &side[dir];
	size_t consumed = 0;
	enum app_verdict v;

	if (more.len > sizeof(d->bytes) - d->len)
		more.len = sizeof(d->bytes) - d->len;
	if (more.len)
		memcpy(d->bytes + d->len, more.data, more.len);
	d->len += more.len;
	if (!d->len && !last)
		return true;
	v = p->data(c, dir, bytes_of(d->bytes, d->len), last, &consumed);
	if (consumed > d->len)
		__builtin_trap();
	memmove(d->bytes, d->bytes + consumed, d->len - consumed);
	d->len -= consumed;
	return v == APP_OK;
}

/* A datagram stands alone: nothing of it is kept. */
static bool receive(struct app_ctx *c, const struct app_protocol *p, unsigned dir,
		    struct bytes datagram)
{
	size_t consumed = 0;

	if (!datagram.len)
		return true;
	return p->data(c, dir, datagram, false, &consumed) == APP_OK;
}

static bool step(struct app_ctx *c, const struct app_protocol *p, struct cursor *in)
{
	uint8_t how = cursor_u8(in);
	unsigned dir = how & 1;
	size_t len = cursor_be16(in);
	struct bytes more = bytes_slice(cursor_rest(in), 0, len);

	cursor_skip(in, more.len);
	if (c->flow->proto == IP_PROTO_UDP)
		return receive(c, p, dir, more);
	if (side[dir].over)
		return true;
	if (how & 2) {
		side[dir].len = 0;
		return p->gap && p->gap(c, dir, len + 1) == APP_OK;
	}
	side[dir].over = (how & 12) == 12;
	return feed(c, p, dir, more, side[dir].over);
}

static void run(struct app_engine *e, const struct app_protocol *p, bool udp, struct cursor *in)
{
	struct flow *f;
	struct app_ctx c;
	bool more = true;

	packet = (struct packet){
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
		packet.tcp.flags = TCP_SYN;
	flow_update(e->flows, &packet, flow_hash(e->flows, &packet), 16);
	f = packet.flow;
	if (!f || !app_flow_get(e, f))
		return;
	c = app_ctx_of(e, f, &packet);
	app_flow_is(&c, p->proto);
	while (more && cursor_left(in) > 3) {
		more = step(&c, p, in);
		record(e, f);
	}
	for (unsigned dir = 0; dir < 2; dir++)
		app_flow_direction_ends(&c, dir);
	record(e, f);
	app_flow_end(e, f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct flow_options flow = { .max_flows = 8, .hash_size = 8 };
	static const struct stream_options stream = { .max_sessions = 4,
						      .reassembly_memcap = 1 << 20 };
	struct cursor in = cursor_of(bytes_of(data, size));
	uint8_t which = cursor_u8(&in);
	const struct app_protocol *p =
		app_protocol(protos[which % (sizeof(protos) / sizeof(protos[0]))]);
	struct app_options opt = {
		.memcap = 1 << 20,
		.max_flows = 8,
		.max_transactions = 16,
		.enabled = { ~0ull, ~0ull },
		.inspects = true,
		.records = true,
		.smtp = &smtp,
		.log_hassh = true,
		.log_ja3 = true,
		.log_ja4 = true,
		.files = { .digests = FILE_MD5, .window = 64, .mail_window = 64, .keep = true }
	};
	struct flow_table *flows = NULL;
	struct stream_engine *streams = NULL;
	struct app_engine *e = NULL;
	bool udp;

	if (!p)
		return 0;
	udp = p->transports == APP_UDP || (p->transports & APP_UDP && which & 0x80);
	smtp_options_stock(&smtp);
	smtp.raw = size & 1;
	smtp.decode_mime = !smtp.raw;
	memset(side, 0, sizeof(side));
	if (!flow_table_new(&flow, &counters, NULL, NULL, NULL, &flows) &&
	    !stream_engine_new(&stream, flows, &counters, &streams) &&
	    !app_engine_new(&opt, flows, streams, &counters, &e)) {
		run(e, p, udp, &in);
		if (e->memory.used_bytes)
			__builtin_trap();
	}
	app_engine_free(e);
	stream_engine_free(streams);
	flow_table_free(flows);
	return 0;
}
