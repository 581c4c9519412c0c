/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages as records: version 3 has the whole message, version 2 what stood in it for queries and answers.
 */
#include <stdio.h>

#include "engine/app/dns.h"
#include "engine/output/eve_common.h"
#include "engine/output/eve_dns.h"

/* Fields of resource records stand in the same order in each section. */
#define OF_SECTION(base, name) \
	((enum eve_field)((base) + (EVE_DNS_ANSWERS_##name - EVE_DNS_ANSWERS)))

static void put_name_at(struct eve *w, enum eve_field f, const struct dns_tx *d, size_t at,
			size_t *end)
{
	struct dns_name name;

	if (!dns_read_name(d->message, at, &name, end))
		name.len = 0;
	eve_text(w, f, bytes_of(name.text, name.len));
}

/* Of a record, which also tells whether it is whole. */
void eve_dns_name(struct eve *w, enum eve_field f, const struct dns_tx *d, size_t at)
{
	struct dns_name name;
	size_t end;

	if (!dns_read_name(d->message, at, &name, &end))
		name.len = 0;
	eve_text(w, f, bytes_of(name.text, name.len));
	if (name.flags & DNS_NAME_CUT)
		eve_bool(w, (enum eve_field)(f + 1), true);
}

/* No list goes on past this length of the record: names may be far longer than what stands for them. */
#define RECORD_MOST_BYTES (128u << 10)

bool eve_dns_is_long(const struct eve *w)
{
	return w->out->len - w->start > RECORD_MOST_BYTES;
}

static void put_type(struct eve *w, enum eve_field f, uint16_t type)
{
	const char *name = dns_type_name(type);
	char digits[8];

	if (!name) {
		snprintf(digits, sizeof(digits), "%u", type);
		name = digits;
	}
	eve_string(w, f, name);
}

static void put_rcode(struct eve *w, unsigned rcode)
{
	const char *name = dns_rcode_name(rcode);
	char digits[8];

	if (!name) {
		snprintf(digits, sizeof(digits), "%u", rcode);
		name = digits;
	}
	eve_string(w, EVE_DNS_RCODE, name);
}

/* --- what a record's data says --------------------------------------------------------------- */

/* f: the first of its fields. */
static void put_soa(struct eve *w, enum eve_field f, const struct dns_tx *d,
		    const struct dns_record *r)
{
	size_t end = r->data;
	struct cursor c;

	put_name_at(w, f, d, r->data, &end);
	put_name_at(w, (enum eve_field)(f + 1), d, end, &end);
	c = cursor_of(bytes_slice(d->message, end, 20));
	for (unsigned i = 2; i < 7; i++)
		eve_u64(w, (enum eve_field)(f + i), cursor_be32(&c));
}

static void put_srv(struct eve *w, enum eve_field f, const struct dns_tx *d,
		    const struct dns_record *r)
{
	struct cursor c = cursor_of(bytes_slice(d->message, r->data, 6));
	size_t end;

	for (unsigned i = 0; i < 3; i++)
		eve_u64(w, (enum eve_field)(f + i), cursor_be16(&c));
	put_name_at(w, (enum eve_field)(f + 3), d, r->data + 6u, &end);
}

static void put_sshfp(struct eve *w, enum eve_field f, const struct dns_tx *d,
		      const struct dns_record *r)
{
	struct cursor c = cursor_of(bytes_slice(d->message, r->data, r->data_len));
	uint8_t algorithm = cursor_u8(&c), type = cursor_u8(&c);
	struct bytes print = cursor_rest(&c);

	eve_key(w, f);
	buf_char(w->out, '"');
	for (size_t i = 0; i < print.len; i++) {
		if (i > 0)
			buf_char(w->out, ':');
		buf_hex(w->out, print.data + i, 1);
	}
	buf_char(w->out, '"');
	eve_u64(w, (enum eve_field)(f + 1), algorithm);
	eve_u64(w, (enum eve_field)(f + 2), type);
}

/* RFC 6891, section 6.1.2: code, length, value; as often as there is room. */
static void put_opt(struct eve *w, enum eve_field base, const struct dns_tx *d,
		    const struct dns_record *r)
{
	struct cursor c = cursor_of(bytes_slice(d->message, r->data, r->data_len));

	eve_array(w, OF_SECTION(base, OPT));
	while (cursor_left(&c) >= 4) {
		uint16_t code = cursor_be16(&c), len = cursor_be16(&c);
		const uint8_t *data = cursor_take(&c, len);

		if (!data)
			break;
		eve_item_open(w);
		eve_u64(w, OF_SECTION(base, OPT_CODE), code);
		eve_hex(w, OF_SECTION(base, OPT_DATA), bytes_of(data, len));
		eve_close(w);
	}
	eve_array_end(w);
}

static bool has_text(const struct dns_record *r)
{
	switch (r->type) {
	case DNS_TYPE_A:
	case DNS_TYPE_AAAA:
	case DNS_TYPE_CNAME:
	case DNS_TYPE_MX:
	case DNS_TYPE_NS:
	case DNS_TYPE_PTR:
	case DNS_TYPE_TXT:
	case DNS_TYPE_NULL:
		return true;
	default:
		return false;
	}
}

static void put_address(struct eve *w, struct bytes data, unsigned version)
{
	struct ip_addr a = { .halves = { 0 } };
	char text[IP_ADDR_TEXT];
	size_t n = 0;

	if (data.len == (version == 4 ? 4u : 16u)) {
		memcpy(a.bytes, data.data, data.len);
		n = ip_addr_text(&a, version, text);
	}
	eve_text_value(w, bytes_of(text, n));
}

/* The value alone; part: of the character strings of a TXT record. */
void eve_dns_text(struct eve *w, const struct dns_tx *d, const struct dns_record *r,
		  struct bytes part)
{
	struct bytes data = bytes_slice(d->message, r->data, r->data_len);
	struct dns_name name = { .len = 0 };
	size_t end;

	switch (r->type) {
	case DNS_TYPE_A:
		put_address(w, data, 4);
		return;
	case DNS_TYPE_AAAA:
		put_address(w, data, 6);
		return;
	case DNS_TYPE_TXT:
		eve_text_value(w, part);
		return;
	case DNS_TYPE_NULL:
		eve_text_value(w, data);
		return;
	default:
		break;
	}
	if (!dns_read_name(d->message, r->data + (r->type == DNS_TYPE_MX ? 2u : 0u), &name, &end))
		name.len = 0;
	eve_text_value(w, bytes_of(name.text, name.len));
}

/* The next character string of a TXT record (RFC 1035, section 3.3.14); others have one part. */
bool eve_dns_part(const struct dns_tx *d, const struct dns_record *r, size_t *at,
		  struct bytes *part)
{
	struct cursor c = cursor_of(bytes_slice(d->message, r->data, r->data_len));
	const uint8_t *text;
	uint8_t len;

	*part = (struct bytes){ .len = 0 };
	if (r->type != DNS_TYPE_TXT) {
		(*at)++;
		return *at == 1;
	}
	if (*at && *at >= r->data_len)
		return false;
	cursor_skip(&c, *at);
	len = cursor_u8(&c);
	text = cursor_take(&c, len);
	if (!text && *at)
		return false;
	*part = text ? bytes_of(text, len) : (struct bytes){ .len = 0 };
	*at += len + 1u;
	return true;
}

static void put_record(struct eve *w, enum eve_field base, const struct dns_tx *d,
		       const struct dns_record *r)
{
	size_t at = 0;
	struct bytes part;

	/* What holds nothing is not listed. */
	if (!r->data_len)
		return;
	while (eve_dns_part(d, r, &at, &part)) {
		eve_item_open(w);
		eve_dns_name(w, OF_SECTION(base, RRNAME), d, r->name);
		put_type(w, OF_SECTION(base, RRTYPE), r->type);
		eve_u64(w, OF_SECTION(base, TTL), r->ttl);
		if (has_text(r)) {
			eve_key(w, OF_SECTION(base, RDATA));
			eve_dns_text(w, d, r, part);
		} else if (r->type == DNS_TYPE_SOA) {
			eve_open(w, OF_SECTION(base, SOA));
			put_soa(w, OF_SECTION(base, SOA_MNAME), d, r);
			eve_close(w);
		} else if (r->type == DNS_TYPE_SRV) {
			eve_open(w, OF_SECTION(base, SRV));
			put_srv(w, OF_SECTION(base, SRV_PRIORITY), d, r);
			eve_close(w);
		} else if (r->type == DNS_TYPE_SSHFP && r->data_len > 2) {
			eve_open(w, OF_SECTION(base, SSHFP));
			put_sshfp(w, OF_SECTION(base, SSHFP_FINGERPRINT), d, r);
			eve_close(w);
		} else if (r->type == DNS_TYPE_OPT && r->data_len >= 4) {
			put_opt(w, base, d, r);
		}
		eve_close(w);
	}
}

static bool has_data(const struct dns_tx *d, enum dns_section s)
{
	for (unsigned i = 0; i < dns_records(d, s); i++) {
		if (dns_record_at(d, s, i)->data_len)
			return true;
	}
	return false;
}

static void put_section(struct eve *w, enum eve_field base, const struct dns_tx *d,
			enum dns_section s)
{
	if (!has_data(d, s))
		return;
	eve_array(w, base);
	for (unsigned i = 0; i < dns_records(d, s) && !eve_dns_is_long(w); i++)
		put_record(w, base, d, dns_record_at(d, s, i));
	eve_array_end(w);
}

/* --- answers by type ------------------------------------------------------------------------- */

static void put_group(struct eve *w, const struct dns_tx *d, uint16_t type, enum eve_field f)
{
	bool any = false;

	for (unsigned i = 0; i < dns_records(d, DNS_ANSWERS) && !eve_dns_is_long(w); i++) {
		const struct dns_record *r = dns_record_at(d, DNS_ANSWERS, i);
		size_t at = 0;
		struct bytes part;

		if (r->type != type || !r->data_len || (type == DNS_TYPE_SSHFP && r->data_len <= 2))
			continue;
		if (!any)
			eve_array(w, f);
		any = true;
		if (type == DNS_TYPE_SOA || type == DNS_TYPE_SRV || type == DNS_TYPE_SSHFP) {
			eve_item_open(w);
			if (type == DNS_TYPE_SOA)
				put_soa(w, EVE_DNS_GROUPED_SOA_MNAME, d, r);
			else if (type == DNS_TYPE_SRV)
				put_srv(w, EVE_DNS_GROUPED_SRV_PRIORITY, d, r);
			else
				put_sshfp(w, EVE_DNS_GROUPED_SSHFP_FINGERPRINT, d, r);
			eve_close(w);
			continue;
		}
		while (eve_dns_part(d, r, &at, &part)) {
			eve_item(w);
			eve_dns_text(w, d, r, part);
		}
	}
	if (any)
		eve_array_end(w);
}

static void put_grouped(struct eve *w, const struct dns_tx *d)
{
	static const struct {
		uint16_t type;
		enum eve_field field;
	} groups[] = {
		{ DNS_TYPE_A, EVE_DNS_GROUPED_A },	   { DNS_TYPE_AAAA, EVE_DNS_GROUPED_AAAA },
		{ DNS_TYPE_CNAME, EVE_DNS_GROUPED_CNAME }, { DNS_TYPE_MX, EVE_DNS_GROUPED_MX },
		{ DNS_TYPE_NS, EVE_DNS_GROUPED_NS },	   { DNS_TYPE_PTR, EVE_DNS_GROUPED_PTR },
		{ DNS_TYPE_TXT, EVE_DNS_GROUPED_TXT },	   { DNS_TYPE_NULL, EVE_DNS_GROUPED_NULL },
		{ DNS_TYPE_SOA, EVE_DNS_GROUPED_SOA },	   { DNS_TYPE_SRV, EVE_DNS_GROUPED_SRV },
		{ DNS_TYPE_SSHFP, EVE_DNS_GROUPED_SSHFP },
	};

	if (!has_data(d, DNS_ANSWERS))
		return;
	eve_open(w, EVE_DNS_GROUPED);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		put_group(w, d, groups[i].type, groups[i].field);
	eve_close(w);
}

/* --- messages -------------------------------------------------------------------------------- */

static void put_flags(struct eve *w, const struct dns_tx *d)
{
	static const struct {
		uint16_t flag;
		enum eve_field field;
	} flags[] = {
		{ DNS_QR, EVE_DNS_QR }, { DNS_AA, EVE_DNS_AA }, { DNS_TC, EVE_DNS_TC },
		{ DNS_RD, EVE_DNS_RD }, { DNS_RA, EVE_DNS_RA }, { DNS_Z, EVE_DNS_Z },
	};
	static const char digits[] = "0123456789abcdef";
	char hex[4];
	size_t n = 0;

	/* Without zeros in front. */
	for (unsigned shift = 16; shift > 0; shift -= 4) {
		unsigned digit = d->header.flags >> (shift - 4) & 15;

		if (n || digit || shift == 4)
			hex[n++] = digits[digit];
	}
	eve_plain(w, EVE_DNS_FLAGS, hex, n);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (d->header.flags & flags[i].flag)
			eve_bool(w, flags[i].field, true);
	}
}

static void put_queries(struct eve *w, const struct dns_tx *d)
{
	if (!dns_records(d, DNS_QUERIES))
		return;
	eve_array(w, EVE_DNS_QUERIES);
	for (unsigned i = 0; i < dns_records(d, DNS_QUERIES) && !eve_dns_is_long(w); i++) {
		const struct dns_record *r = dns_record_at(d, DNS_QUERIES, i);

		eve_item_open(w);
		eve_dns_name(w, EVE_DNS_QUERIES_RRNAME, d, r->name);
		put_type(w, EVE_DNS_QUERIES_RRTYPE, r->type);
		eve_close(w);
	}
	eve_array_end(w);
}

static void put_message(struct eve *w, const struct dns_tx *d, bool detailed, bool grouped)
{
	eve_open(w, EVE_DNS);
	eve_u64(w, EVE_DNS_VERSION, 3);
	eve_string(w, EVE_DNS_TYPE, d->dir ? "response" : "request");
	eve_u64(w, EVE_DNS_TX_ID, d->tx.id);
	eve_u64(w, EVE_DNS_ID, d->header.id);
	put_flags(w, d);
	eve_u64(w, EVE_DNS_OPCODE, dns_opcode(&d->header));
	put_rcode(w, d->header.flags & 15);
	put_queries(w, d);
	if (detailed)
		put_section(w, EVE_DNS_ANSWERS, d, DNS_ANSWERS);
	if (grouped)
		put_grouped(w, d);
	if (detailed) {
		put_section(w, EVE_DNS_AUTHORITIES, d, DNS_AUTHORITIES);
		put_section(w, EVE_DNS_ADDITIONALS, d, DNS_ADDITIONALS);
	}
	eve_close(w);
}

void eve_dns_object(struct eve *w, const struct app_tx *tx)
{
	put_message(w, (const struct dns_tx *)tx, true, false);
}

/* Version 2: a record for each question. */
static void put_query2(struct eve *w, const struct dns_tx *d, const struct dns_record *r)
{
	size_t end;

	eve_open(w, EVE_DNS);
	eve_u64(w, EVE_DNS_VERSION, 2);
	eve_string(w, EVE_DNS_TYPE, "query");
	eve_u64(w, EVE_DNS_TX_ID, d->tx.id);
	eve_u64(w, EVE_DNS_ID, d->header.id);
	eve_u64(w, EVE_DNS_OPCODE, dns_opcode(&d->header));
	put_name_at(w, EVE_DNS_RRNAME, d, r->name, &end);
	put_type(w, EVE_DNS_RRTYPE, r->type);
	eve_close(w);
}

static void put_answer2(struct eve *w, const struct output_options *o, const struct dns_tx *d)
{
	size_t end;

	eve_open(w, EVE_DNS);
	eve_u64(w, EVE_DNS_VERSION, 2);
	eve_string(w, EVE_DNS_TYPE, "answer");
	eve_u64(w, EVE_DNS_ID, d->header.id);
	put_flags(w, d);
	eve_u64(w, EVE_DNS_OPCODE, dns_opcode(&d->header));
	if (dns_records(d, DNS_QUERIES)) {
		const struct dns_record *r = dns_record_at(d, DNS_QUERIES, 0);

		put_name_at(w, EVE_DNS_RRNAME, d, r->name, &end);
		put_type(w, EVE_DNS_RRTYPE, r->type);
	}
	put_rcode(w, d->header.flags & 15);
	if (o->dns.detailed)
		put_section(w, EVE_DNS_ANSWERS, d, DNS_ANSWERS);
	if (o->dns.grouped)
		put_grouped(w, d);
	put_section(w, EVE_DNS_AUTHORITIES, d, DNS_AUTHORITIES);
	eve_close(w);
}

static bool type_wanted(const struct output_options *o, uint16_t type)
{
	return !o->dns.types_given || (type < 512 && (o->dns.types[type / 64] >> type % 64 & 1));
}

static bool wanted(const struct output_options *o, const struct dns_tx *d)
{
	if (d->dir ? !o->dns.responses : !o->dns.requests)
		return false;
	for (unsigned i = 0; i < dns_records(d, DNS_QUERIES); i++) {
		if (type_wanted(o, dns_record_at(d, DNS_QUERIES, i)->type))
			return true;
	}
	return !o->dns.types_given;
}

static void queries2(const struct output_options *o, const struct output_env *env,
		     const struct packet *p, const struct dns_tx *d, struct buf *out)
{
	struct eve w;

	for (unsigned i = 0; i < dns_records(d, DNS_QUERIES); i++) {
		const struct dns_record *r = dns_record_at(d, DNS_QUERIES, i);

		if (!type_wanted(o, r->type))
			continue;
		eve_begin_record(&w, o, env, p, RECORD_DNS, EVE_AS_CLIENT, out);
		put_query2(&w, d, r);
		eve_end_record(&w, o, env);
	}
}

void eve_dns(const struct output_options *o, const struct output_env *env, const struct packet *p,
	     const struct app_tx *tx, struct buf *out)
{
	const struct dns_tx *d = (const struct dns_tx *)tx;
	struct eve w;

	if (!wanted(o, d))
		return;
	if (o->dns.version == 2 && d->dir == 0) {
		queries2(o, env, p, d, out);
		return;
	}
	eve_begin_record(&w, o, env, p, RECORD_DNS,
			 d->dir && o->dns.version == 3 ? EVE_AS_SERVER : EVE_AS_CLIENT, out);
	if (o->dns.version == 2)
		put_answer2(&w, o, d);
	else
		put_message(&w, d, o->dns.detailed, o->dns.grouped);
	eve_end_record(&w, o, env);
}
