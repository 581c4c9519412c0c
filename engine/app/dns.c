/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/app/dns.h"
#include "engine/app/frame.h"

#include <assert.h>

/* Requests whose responses get no record: the last of them. */
#define UNRECORDED_MAX 16

/* Of the flow: what a gap left behind, and requests that nobody wants a record of. */
struct dns_flow {
	bool after_gap[2]; /* a message has to begin before anything is believed */
	uint8_t unrecorded; /* so many below, and the place of the next where all are */
	uint8_t oldest;
	uint16_t id[UNRECORDED_MAX];
};
static_assert(sizeof(struct dns_flow) <= APP_FLOW_SMALL_BYTES, "costs a flow nothing");

/* A record with its name takes at least 5 bytes (a question). */
#define RECORD_LEAST_BYTES 5u

/* mDNS has events of the same names. */
static enum app_event own(const struct app_ctx *c, enum app_event e)
{
	static const struct {
		enum app_event dns, mdns;
	} rows[] = {
		{ APP_EVENT_DNS_INFINITE_LOOP, APP_EVENT_MDNS_INFINITE_LOOP },
		{ APP_EVENT_DNS_INVALID_ADDITIONALS, APP_EVENT_MDNS_INVALID_ADDITIONALS },
		{ APP_EVENT_DNS_INVALID_AUTHORITIES, APP_EVENT_MDNS_INVALID_AUTHORITIES },
		{ APP_EVENT_DNS_INVALID_OPCODE, APP_EVENT_MDNS_INVALID_OPCODE },
		{ APP_EVENT_DNS_MALFORMED_DATA, APP_EVENT_MDNS_MALFORMED_DATA },
		{ APP_EVENT_DNS_NAME_TOO_LONG, APP_EVENT_MDNS_NAME_TOO_LONG },
		{ APP_EVENT_DNS_TOO_MANY_LABELS, APP_EVENT_MDNS_TOO_MANY_LABELS },
		{ APP_EVENT_DNS_Z_FLAG_SET, APP_EVENT_MDNS_Z_FLAG_SET },
	};

	for (size_t i = 0; c->app->proto == APP_PROTO_MDNS && i < sizeof(rows) / sizeof(rows[0]);
	     i++) {
		if (rows[i].dns == e)
			return rows[i].mdns;
	}
	return e;
}

static void dns_event(struct app_ctx *c, struct app_tx *tx, enum app_event e)
{
	app_tx_event(c, tx, own(c, e));
}

static void name_events(struct app_ctx *c, struct app_tx *tx, uint8_t flags)
{
	if (flags & DNS_NAME_CUT)
		dns_event(c, tx, APP_EVENT_DNS_NAME_TOO_LONG);
	if (flags & DNS_NAME_LOOP)
		dns_event(c, tx, APP_EVENT_DNS_INFINITE_LOOP);
	if (flags & DNS_NAME_LABELS)
		dns_event(c, tx, APP_EVENT_DNS_TOO_MANY_LABELS);
}

static void message_events(struct app_ctx *c, struct dns_tx *d, unsigned dir)
{
	if (d->header.flags & DNS_Z)
		dns_event(c, &d->tx, APP_EVENT_DNS_Z_FLAG_SET);
	/* RFC 8490 gave out 6, the last one. */
	if (dns_opcode(&d->header) >= 7)
		dns_event(c, &d->tx, APP_EVENT_DNS_INVALID_OPCODE);
	if (dir == 1 && c->app->proto == APP_PROTO_DNS && !(d->header.flags & DNS_QR))
		dns_event(c, &d->tx, APP_EVENT_DNS_NOT_RESPONSE);
}

static size_t records_most(struct bytes message, const struct dns_header *h)
{
	size_t n = 0, most = message.len / RECORD_LEAST_BYTES + 1;

	for (unsigned i = 0; i < DNS_SECTIONS; i++)
		n += h->count[i];
	return n < most ? n : most;
}

/* Read all records; how reading ended, and in which section, is in r. */
static enum dns_next read_records(struct dns_reader *r, struct dns_record *out, size_t most,
				  uint16_t first[DNS_SECTIONS + 1])
{
	struct dns_record rec;
	enum dns_next next;
	uint16_t n = 0, whole = 0;
	uint8_t section = 0;

	while ((next = dns_read_record(r, &rec)) == DNS_RECORD && n < most) {
		while (section < rec.section) {
			first[++section] = n;
			whole = n;
		}
		if (out)
			out[n] = rec;
		n++;
	}
	/* Of a section that is broken nothing counts. */
	if (next != DNS_END)
		n = section == r->section ? whole : n;
	while (section < DNS_SECTIONS)
		first[++section] = n;
	return next;
}

static bool keep(struct app_ctx *c, struct dns_tx *d, struct bytes message)
{
	size_t most = records_most(message, &d->header);
	uint8_t *copy = app_alloc(c, &d->tx, message.len);

	d->record = app_alloc(c, &d->tx, most * sizeof(*d->record));
	if (!copy || !d->record)
		return false;
	memcpy(copy, message.data, message.len);
	d->message = bytes_of(copy, message.len);
	return true;
}

/* An event that belongs to no message of its own goes to the one before. */
static void late_event(struct app_ctx *c, enum app_event e)
{
	if (c->app->last)
		dns_event(c, c->app->last, e);
}

static void dns_unrecorded(struct app_tx *tx)
{
	struct dns_tx *d = (struct dns_tx *)tx;
	struct dns_flow *f = tx->state;
	unsigned at = f->unrecorded;

	if (d->dir != 0)
		return;
	if (at < UNRECORDED_MAX) {
		f->unrecorded++;
	} else {
		at = f->oldest;
		f->oldest = (uint8_t)((f->oldest + 1) % UNRECORDED_MAX);
	}
	f->id[at] = d->header.id;
}

/* The response to such a request, once. */
static bool answers_unrecorded(struct dns_flow *f, uint16_t id)
{
	for (unsigned i = 0; i < f->unrecorded; i++) {
		if (f->id[i] != id)
			continue;
		f->id[i] = f->id[--f->unrecorded];
		f->oldest = 0;
		return true;
	}
	return false;
}

/* Names that cost too much: nothing of the message is read, but what it tried is told. */
static void refuse_names(struct app_ctx *c, unsigned dir, const struct dns_header *h, uint8_t flags)
{
	struct dns_tx *d = (struct dns_tx *)app_tx_new(c);

	if (!d)
		return;
	d->header = *h;
	d->dir = (uint8_t)dir;
	d->tx.flags |= (uint8_t)(APP_TX_INSPECTED << !dir);
	name_events(c, &d->tx, flags);
	app_tx_progress(c, &d->tx, 0, 1);
	app_tx_progress(c, &d->tx, 1, 1);
}

/* False: this cannot be DNS. */
static bool take_message(struct app_ctx *c, unsigned dir, struct bytes message, bool is_tcp)
{
	struct dns_header h;
	struct dns_reader r;
	enum dns_next next;
	uint16_t first[DNS_SECTIONS + 1] = { 0 };
	struct dns_tx *d;

	if (!dns_read_header(message, &h))
		return !is_tcp;
	/* First look whether it makes sense: nothing is kept of what does not. */
	dns_begin(&r, message, &h);
	next = read_records(&r, NULL, SIZE_MAX, first);
	if (next != DNS_END && r.section < DNS_AUTHORITIES) {
		if (next == DNS_CUT)
			late_event(c, APP_EVENT_DNS_MALFORMED_DATA);
		else if (r.name_flags & (DNS_NAME_LOOP | DNS_NAME_LABELS))
			refuse_names(c, dir, &h, r.name_flags);
		return false;
	}
	if (dir == 0 && c->app->proto == APP_PROTO_DNS && (h.flags & DNS_QR)) {
		late_event(c, APP_EVENT_DNS_NOT_REQUEST);
		return false;
	}
	d = (struct dns_tx *)app_tx_new(c);
	if (!d)
		return true;
	d->header = h;
	d->dir = (uint8_t)dir;
	/* The other direction has no part in it. */
	d->tx.flags |= (uint8_t)(APP_TX_INSPECTED << !dir);
	if (dir && answers_unrecorded(c->app->state, h.id))
		d->tx.flags |= APP_TX_LOGGED;
	if (keep(c, d, message)) {
		dns_begin(&r, message, &h);
		read_records(&r, d->record, records_most(message, &h), d->first);
	}
	if (next != DNS_END && r.section == DNS_AUTHORITIES)
		dns_event(c, &d->tx, APP_EVENT_DNS_INVALID_AUTHORITIES);
	else if (next != DNS_END)
		dns_event(c, &d->tx, APP_EVENT_DNS_INVALID_ADDITIONALS);
	name_events(c, &d->tx, r.name_flags);
	message_events(c, d, dir);
	app_tx_progress(c, &d->tx, 0, 1);
	app_tx_progress(c, &d->tx, 1, 1);
	app_trigger(c, dir);
	return true;
}

/* After a gap: does a message begin here? */
static bool resumes(struct app_ctx *c, unsigned dir, struct bytes in)
{
	struct dns_flow *f = c->app->state;
	size_t len;

	if (!f->after_gap[dir])
		return true;
	if (in.len < 2 + DNS_HEADER_LEN)
		return true;
	len = load_be16(in.data);
	if (dns_probe(bytes_slice(in, 2, len), len) == DNS_PROBE_NO)
		return false;
	f->after_gap[dir] = false;
	return true;
}

static enum app_verdict tcp_data(struct app_ctx *c, unsigned dir, struct bytes in, size_t *consumed)
{
	if (!resumes(c, dir, in)) {
		*consumed = in.len;
		return APP_OK;
	}
	while (in.len - *consumed >= 2) {
		size_t at = *consumed, len = load_be16(in.data + at);
		uint32_t frame = 0;

		if (in.len - at - 2 < len)
			break;
		if (len)
			frame = app_frame_begin(c, dir, FRAME_DNS_PDU, c->offset + at + 2,
						(int64_t)len, NULL);
		if (len && !take_message(c, dir, bytes_slice(in, at + 2, len), true))
			return APP_ERROR;
		if (len)
			app_frame_is_of(c, dir, frame, c->app->last);
		*consumed += len + 2;
	}
	return APP_OK;
}

static enum app_verdict dns_data(struct app_ctx *c, unsigned dir, struct bytes in, bool last,
				 size_t *consumed)
{
	uint32_t frame;

	(void)last;
	if (c->flow->proto == IP_PROTO_TCP)
		return tcp_data(c, dir, in, consumed);
	*consumed = in.len;
	frame = app_frame_begin(c, dir, FRAME_DNS_PDU, 0, (int64_t)in.len, NULL);
	if (!take_message(c, dir, in, false))
		return APP_ERROR;
	app_frame_is_of(c, dir, frame, c->app->last);
	return APP_OK;
}

static enum app_verdict mdns_data(struct app_ctx *c, unsigned dir, struct bytes in, bool last,
				  size_t *consumed)
{
	(void)last;
	*consumed = in.len;
	return take_message(c, dir, in, false) ? APP_OK : APP_ERROR;
}

static enum app_verdict dns_gap(struct app_ctx *c, unsigned dir, uint64_t len)
{
	struct dns_flow *f = c->app->state;

	(void)len;
	f->after_gap[dir] = true;
	return APP_OK;
}

/* --- buffers --------------------------------------------------------------------------------- */

static bool name_at(struct app_ctx *c, struct dns_tx *d, size_t at, struct app_slice *out)
{
	size_t end;

	if (!d->name)
		d->name = app_alloc(c, &d->tx, sizeof(*d->name));
	if (!d->name || !dns_read_name(d->message, at, d->name, &end))
		return false;
	out->data = bytes_of(d->name->text, d->name->len);
	/* That of the root, and of what has none (OPT). */
	out->nothing = !d->name->len;
	return true;
}

static bool name_of(struct app_ctx *c, struct dns_tx *d, enum dns_section s, unsigned i,
		    struct app_slice *out)
{
	return i < dns_records(d, s) && name_at(c, d, dns_record_at(d, s, i)->name, out);
}

/* Offset of the name that stands in a record's data, 0: none does. */
static size_t name_in_data(const struct dns_record *r)
{
	if (r->section == DNS_QUERIES)
		return 0;
	switch (r->type) {
	case DNS_TYPE_CNAME:
	case DNS_TYPE_PTR:
	case DNS_TYPE_NS:
	case DNS_TYPE_SOA:
		return r->data;
	case DNS_TYPE_MX:
		return r->data + 2u;
	default:
		return 0;
	}
}

/* Every name of a message: each record's own, then the one that its data holds. */
static bool any_name(struct app_ctx *c, struct dns_tx *d, unsigned i, struct app_slice *out)
{
	for (unsigned k = 0; k < d->first[DNS_SECTIONS]; k++) {
		size_t data = name_in_data(&d->record[k]);

		if (i-- == 0)
			return name_at(c, d, d->record[k].name, out);
		if (data && i-- == 0)
			return name_at(c, d, data, out);
	}
	return false;
}

/* Of mDNS, where any host sends both: which kind of message has it. */
static bool has_buffer(const struct dns_tx *d, enum buffer b)
{
	if (d->tx.proto != APP_PROTO_MDNS || b == BUFFER_MDNS_ANSWERS_RRNAME)
		return true;
	return dns_is_response(d) != (b == BUFFER_MDNS_QUERIES_RRNAME);
}

static bool dns_buffer(struct app_ctx *c, struct app_tx *tx, enum buffer b, unsigned dir,
		       unsigned i, struct app_slice *out)
{
	struct dns_tx *d = (struct dns_tx *)tx;

	if (dir != d->dir)
		return false;
	if (!has_buffer(d, b))
		return false;
	switch (b) {
	case BUFFER_DNS_QUERY:
	case BUFFER_DNS_QUERIES_RRNAME:
	case BUFFER_MDNS_QUERIES_RRNAME:
		return name_of(c, d, DNS_QUERIES, i, out);
	case BUFFER_DNS_ANSWERS_RRNAME:
	case BUFFER_MDNS_ANSWERS_RRNAME:
		return name_of(c, d, DNS_ANSWERS, i, out);
	case BUFFER_DNS_AUTHORITIES_RRNAME:
	case BUFFER_MDNS_AUTHORITIES_RRNAME:
		return name_of(c, d, DNS_AUTHORITIES, i, out);
	case BUFFER_DNS_ADDITIONALS_RRNAME:
	case BUFFER_MDNS_ADDITIONALS_RRNAME:
		return name_of(c, d, DNS_ADDITIONALS, i, out);
	case BUFFER_DNS_RESPONSE_RRNAME:
	case BUFFER_MDNS_RESPONSE_RRNAME:
		return any_name(c, d, i, out);
	default:
		return false;
	}
}

static const char *dns_why_not(struct app_ctx *c, const struct app_tx *tx, enum buffer b,
			       unsigned dir)
{
	const struct dns_tx *d = (const struct dns_tx *)tx;

	bool is_other = dir != d->dir || !has_buffer(d, b);

	(void)c;
	if (is_other)
		return dns_is_response(d) ? "the message is a response"
					  : "the message is a request";
	return "the message has no such record";
}

/* What is asked for, or what is answered. */
static bool type_of(const struct dns_tx *d, unsigned i, uint64_t *out)
{
	enum dns_section s = dns_is_response(d) ? DNS_ANSWERS : DNS_QUERIES;

	if (i >= dns_records(d, s))
		return false;
	*out = dns_record_at(d, s, i)->type;
	return true;
}

static bool dns_number(struct app_ctx *c, struct app_tx *tx, enum app_number n, unsigned dir,
		       unsigned i, uint64_t *out)
{
	const struct dns_tx *d = (const struct dns_tx *)tx;

	(void)c;
	if (dir != d->dir)
		return false;
	switch (n) {
	case APP_NUMBER_DNS_OPCODE:
		*out = dns_opcode(&d->header);
		return i == 0;
	case APP_NUMBER_DNS_RCODE:
		*out = d->header.flags & 15;
		return i == 0;
	case APP_NUMBER_DNS_RRTYPE:
		return type_of(d, i, out);
	default:
		return false;
	}
}

const struct app_protocol app_dns = {
	.proto = APP_PROTO_DNS,
	.transports = APP_TCP | APP_UDP,
	.state_bytes = sizeof(struct dns_flow),
	.tx_bytes = sizeof(struct dns_tx),
	.done = { 1, 1 },
	.data = dns_data,
	.gap = dns_gap,
	.buffer = dns_buffer,
	.number = dns_number,
	.unrecorded = dns_unrecorded,
	.why_not = dns_why_not,
};

const struct app_protocol app_mdns = {
	.proto = APP_PROTO_MDNS,
	.transports = APP_UDP,
	.state_bytes = sizeof(struct dns_flow),
	.tx_bytes = sizeof(struct dns_tx),
	.done = { 1, 1 },
	.data = mdns_data,
	.buffer = dns_buffer,
	.unrecorded = dns_unrecorded,
	.why_not = dns_why_not,
};
