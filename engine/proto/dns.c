/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/dns.h"

#include <string.h>

/* Labels that all names of a message may follow together. */
#define LABELS_FOR(len) ((uint32_t)(len)*16 + DNS_POINTERS_MAX)

bool dns_read_header(struct bytes message, struct dns_header *out)
{
	struct cursor c = cursor_of(message);
	size_t records = 0;

	out->id = cursor_be16(&c);
	out->flags = cursor_be16(&c);
	for (unsigned i = 0; i < DNS_SECTIONS; i++) {
		out->count[i] = cursor_be16(&c);
		records += out->count[i];
	}
	/* The least that a record can take. */
	return cursor_ok(&c) && records * 2 <= message.len;
}

/* --- names ----------------------------------------------------------------------------------- */

static void add_label(struct dns_name *out, const uint8_t *label, size_t len)
{
	size_t room = DNS_NAME_MAX - out->len;

	if (out->len && room) {
		out->text[out->len++] = '.';
		room--;
	}
	if (len > room)
		len = room;
	memcpy(out->text + out->len, label, len);
	out->len += (uint16_t)len;
}

/* What reading one name needs besides the message. */
struct walk {
	struct dns_name *out; /* NULL: only look */
	uint8_t *flags;
	uint32_t *left; /* labels that may be followed */
	size_t *end;
};

/* Where a pointer leads: false: nowhere.  *stop: the name ends with it. */
static bool follow(struct bytes m, size_t *at, const struct walk *w, bool *jumped, bool *stop)
{
	size_t to;

	if (m.len - *at < 2)
		return false;
	to = (size_t)(m.data[*at] & 0x3f) << 8 | m.data[*at + 1];
	if (to > m.len)
		return false;
	if (!*jumped)
		*w->end = *at + 2;
	*jumped = true;
	*stop = to == *at;
	if (*stop)
		*w->flags |= DNS_NAME_LOOP;
	*at = to;
	return true;
}

static bool read_name(struct bytes m, size_t at, const struct walk *w)
{
	unsigned pointers = 0;
	bool jumped = false, stop = false;
	size_t text = 0;

	/*
	 * name    = *label (end / pointer)
	 * label   = length (1 to 63) length*octet
	 * pointer = two octets, the first two bits set: an offset
	 */
	while (!stop && at < m.len && m.data[at] != 0) {
		uint8_t len = m.data[at];

		if (pointers > DNS_POINTERS_MAX || !*w->left) {
			*w->flags |= DNS_NAME_LABELS;
			/* Nothing says where a name without an end would end. */
			return jumped;
		}
		(*w->left)--;
		if ((len & 0xc0) == 0xc0) {
			pointers++;
			if (!follow(m, &at, w, &jumped, &stop))
				return false;
			continue;
		}
		if (len & 0xc0 || m.len - at - 1 < len)
			return false;
		if (w->out)
			add_label(w->out, m.data + at + 1, len);
		text += len + (text ? 1u : 0u);
		at += len + 1u;
		if (text > DNS_NAME_MAX) {
			*w->flags |= DNS_NAME_CUT;
			/* What follows is not kept, and its end is known. */
			stop = jumped;
		}
	}
	if (!jumped)
		*w->end = at < m.len ? at + 1 : at;
	return true;
}

bool dns_read_name(struct bytes message, size_t at, struct dns_name *out, size_t *end)
{
	uint32_t left = LABELS_FOR(message.len);
	uint8_t flags = 0;
	struct walk w = { .out = out, .flags = &flags, .left = &left, .end = end };
	bool ok;

	out->len = 0;
	ok = read_name(message, at, &w);
	out->flags = flags;
	return ok;
}

/* Of a name only whether it makes sense, and where it ends. */
static bool skip_name(struct dns_reader *r, size_t at, size_t *end)
{
	struct walk w = { .flags = &r->name_flags, .left = &r->labels_left, .end = end };

	return read_name(r->message, at, &w);
}

/* --- records --------------------------------------------------------------------------------- */

void dns_begin(struct dns_reader *r, struct bytes message, const struct dns_header *h)
{
	*r = (struct dns_reader){
		.message = message,
		.header = *h,
		.at = DNS_HEADER_LEN,
		.labels_left = LABELS_FOR(message.len),
	};
}

/* The names in rdata have to make sense too; a cut message may end within them. */
static enum dns_next check_data(struct dns_reader *r, const struct dns_record *rec)
{
	struct bytes upto = bytes_slice(r->message, 0, (size_t)rec->data + rec->data_len);
	size_t at = rec->data, end = 0;
	unsigned names = 1;

	switch (rec->type) {
	case DNS_TYPE_CNAME:
	case DNS_TYPE_PTR:
	case DNS_TYPE_NS:
		break;
	case DNS_TYPE_MX:
		at += 2;
		break;
	case DNS_TYPE_SRV:
		at += 6;
		break;
	case DNS_TYPE_SOA:
		names = 2;
		break;
	default:
		return DNS_RECORD;
	}
	for (unsigned i = 0; i < names; i++) {
		if (at > upto.len)
			return DNS_CUT;
		if (!skip_name(r, at, &end))
			return DNS_BAD;
		at = end;
	}
	if (rec->type == DNS_TYPE_SOA && at + 20 > upto.len)
		return DNS_CUT;
	return DNS_RECORD;
}

enum dns_next dns_read_record(struct dns_reader *r, struct dns_record *out)
{
	struct cursor c;
	size_t end = 0;

	while (r->section < DNS_SECTIONS && r->index == r->header.count[r->section]) {
		r->section++;
		r->index = 0;
	}
	if (r->section == DNS_SECTIONS)
		return DNS_END;
	if (r->at > UINT16_MAX)
		return DNS_CUT;
	*out = (struct dns_record){ .section = r->section, .name = (uint16_t)r->at };
	if (!skip_name(r, r->at, &end))
		return DNS_BAD;
	c = cursor_of(bytes_slice(r->message, end, r->message.len));
	out->type = cursor_be16(&c);
	out->class = cursor_be16(&c);
	end += 4;
	if (r->section != DNS_QUERIES) {
		out->ttl = cursor_be32(&c);
		out->data_len = cursor_be16(&c);
		end += 6;
		if (end > UINT16_MAX)
			return DNS_CUT;
		out->data = (uint16_t)end;
		cursor_skip(&c, out->data_len);
		end += out->data_len;
	}
	if (!cursor_ok(&c))
		return DNS_CUT;
	r->at = end;
	r->index++;
	return out->section == DNS_QUERIES ? DNS_RECORD : check_data(r, out);
}

enum dns_probe dns_probe(struct bytes in, size_t message_len)
{
	struct dns_header h;
	struct dns_reader r;
	struct dns_record rec;
	enum dns_next n = DNS_END;
	struct cursor c = cursor_of(in);
	size_t records = 0;

	h.id = cursor_be16(&c);
	h.flags = cursor_be16(&c);
	for (unsigned i = 0; i < DNS_SECTIONS; i++) {
		h.count[i] = cursor_be16(&c);
		records += h.count[i];
	}
	if (!cursor_ok(&c) || records * 2 > message_len)
		return DNS_PROBE_NO;
	if (in.len >= message_len) {
		dns_begin(&r, in, &h);
		do {
			n = dns_read_record(&r, &rec);
		} while (n == DNS_RECORD);
		/* Nonsense after the answers is an event, not another protocol. */
		if (n == DNS_BAD && r.section < DNS_AUTHORITIES)
			return DNS_PROBE_NO;
	}
	return h.flags & DNS_QR ? DNS_PROBE_RESPONSE : DNS_PROBE_REQUEST;
}
