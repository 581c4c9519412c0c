/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A protocol's transactions: the first byte says which one, and by its highest bit whether over UDP where it has
 * both; then records of a byte (direction, gap, end) and a length of two bytes, with that much of the direction's
 * stream, or a datagram.  After each, all buffers are looked at, finished transactions are written as records and
 * freed.  In the end all memory has come back.
 */
#include "engine/output/output.h"
#include "tests/unit/app_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct app_rig rig;

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
		output_tx(&o, &env, &rig.packet, tx, &b);
		for (struct app_file *file = tx->files; file; file = file->next) {
			b.len = 0;
			output_file(&o, &env, &rig.packet, tx, file, &b);
		}
		if (app_tx_is_done(tx))
			tx->flags |= APP_TX_INSPECTED | APP_TX_INSPECTED << 1 | APP_TX_LOGGED;
	}
	app_packet_done(e, &rig.packet);
}

/* False: parsing is over. */
static bool feed(struct app_ctx *c, const struct app_protocol *p, unsigned dir, struct bytes more,
		 bool last)
{
	const struct app_rig_side *d = &rig.side[dir];
	size_t consumed = 0;
	enum app_verdict v;

	(void)app_rig_hold(&rig, dir, more);
	if (!d->len && !last)
		return true;
	v = p->data(c, dir, bytes_of(d->bytes, d->len), last, &consumed);
	if (!app_rig_consumed(&rig, dir, consumed))
		__builtin_trap();
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
	if (rig.side[dir].over)
		return true;
	if (how & 2) {
		rig.side[dir].len = 0;
		return p->gap && p->gap(c, dir, len + 1) == APP_OK;
	}
	rig.side[dir].over = (how & 12) == 12;
	return feed(c, p, dir, more, rig.side[dir].over);
}

static void run(const struct app_protocol *p, bool udp, struct cursor *in)
{
	struct app_engine *e = rig.e;
	struct app_ctx c;
	struct flow *f;
	bool more = true;

	if (!app_rig_flow(&rig, p, udp, &c))
		return;
	f = rig.packet.flow;
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
	struct cursor in = cursor_of(bytes_of(data, size));
	uint8_t which = cursor_u8(&in);
	const struct app_protocol *p =
		app_protocol(protos[which % (sizeof(protos) / sizeof(protos[0]))]);
	struct app_options opt = app_rig_options(&rig, 64);
	bool udp;

	if (!p)
		return 0;
	udp = p->transports == APP_UDP || (p->transports & APP_UDP && which & 0x80);
	if (app_rig_open(&rig, &opt, size & 1)) {
		run(p, udp, &in);
		if (rig.e->memory.used_bytes)
			__builtin_trap();
	}
	app_rig_close(&rig);
	return 0;
}
