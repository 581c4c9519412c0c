/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mDNS messages as records (RFC 6762): questions, names, and what PTR and TXT records hold.
 */
#include <ctype.h>
#include <stdio.h>

#include "engine/output/eve_common.h"
#include "engine/output/eve_dns.h"

/* Fields of records stand in the same order in each section. */
#define OF_SECTION(base, name) \
	((enum eve_field)((base) + (EVE_MDNS_ANSWERS_##name - EVE_MDNS_ANSWERS)))

static void put_flags(struct eve *w, const struct dns_tx *d)
{
	static const struct {
		uint16_t flag;
		const char *name;
	} flags[] = {
		{ DNS_AA, "aa" }, { DNS_TC, "tc" }, { DNS_RD, "rd" }, { DNS_RA, "ra" },
		{ DNS_Z, "z" },	  { DNS_AD, "ad" }, { DNS_CD, "cd" },
	};
	bool any = false;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (!(d->header.flags & flags[i].flag))
			continue;
		if (!any)
			eve_array(w, EVE_MDNS_FLAGS);
		any = true;
		eve_item(w);
		eve_text_value(w, bytes_of(flags[i].name, 2 - (flags[i].flag == DNS_Z)));
	}
	if (any)
		eve_array_end(w);
}

static void put_type(struct eve *w, uint16_t type)
{
	const char *name = dns_type_name(type);
	char text[24];

	if (name)
		snprintf(text, sizeof(text), "%s", name);
	else
		snprintf(text, sizeof(text), "%u", type);
	for (char *c = text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	eve_string(w, EVE_MDNS_QUERIES_RRTYPE, text);
}

static void put_queries(struct eve *w, const struct dns_tx *d)
{
	if (!dns_records(d, DNS_QUERIES))
		return;
	eve_array(w, EVE_MDNS_QUERIES);
	for (unsigned i = 0; i < dns_records(d, DNS_QUERIES) && !eve_dns_is_long(w); i++) {
		const struct dns_record *r = dns_record_at(d, DNS_QUERIES, i);

		eve_item_open(w);
		eve_dns_name(w, EVE_MDNS_QUERIES_RRNAME, d, r->name);
		put_type(w, r->type);
		eve_close(w);
	}
	eve_array_end(w);
}

static void put_texts(struct eve *w, enum eve_field f, const struct dns_tx *d,
		      const struct dns_record *r)
{
	struct bytes part;
	bool any = false;
	size_t at = 0;

	while (eve_dns_part(d, r, &at, &part)) {
		if (!any)
			eve_array(w, f);
		any = true;
		eve_item(w);
		eve_text_value(w, part);
	}
	if (any)
		eve_array_end(w);
}

static void put_record(struct eve *w, enum eve_field base, const struct dns_tx *d,
		       const struct dns_record *r)
{
	eve_item_open(w);
	eve_dns_name(w, OF_SECTION(base, RRNAME), d, r->name);
	if (base != EVE_MDNS_AUTHORITIES && r->type == DNS_TYPE_TXT) {
		put_texts(w, OF_SECTION(base, TXT), d, r);
	} else if (base != EVE_MDNS_AUTHORITIES && r->type == DNS_TYPE_PTR) {
		eve_key(w, OF_SECTION(base, PTR));
		eve_dns_text(w, d, r, bytes_of(NULL, 0));
	}
	eve_close(w);
}

static void put_section(struct eve *w, enum eve_field base, const struct dns_tx *d,
			enum dns_section s)
{
	bool any = false;

	for (unsigned i = 0; i < dns_records(d, s) && !eve_dns_is_long(w); i++) {
		const struct dns_record *r = dns_record_at(d, s, i);

		/* What holds nothing is not listed. */
		if (!r->data_len)
			continue;
		if (!any)
			eve_array(w, base);
		any = true;
		put_record(w, base, d, r);
	}
	if (any)
		eve_array_end(w);
}

void eve_mdns_object(struct eve *w, const struct app_tx *tx)
{
	const struct dns_tx *d = (const struct dns_tx *)tx;

	eve_open(w, EVE_MDNS);
	eve_string(w, EVE_MDNS_TYPE, dns_is_response(d) ? "response" : "request");
	eve_u64(w, EVE_MDNS_ID, d->header.id);
	put_flags(w, d);
	eve_u64(w, EVE_MDNS_OPCODE, dns_opcode(&d->header));
	eve_u64(w, EVE_MDNS_RCODE, d->header.flags & 15);
	put_queries(w, d);
	put_section(w, EVE_MDNS_ANSWERS, d, DNS_ANSWERS);
	put_section(w, EVE_MDNS_AUTHORITIES, d, DNS_AUTHORITIES);
	put_section(w, EVE_MDNS_ADDITIONALS, d, DNS_ADDITIONALS);
	eve_close(w);
}

void eve_mdns(const struct output_options *o, const struct output_env *env, const struct packet *p,
	      const struct app_tx *tx, struct buf *out)
{
	const struct dns_tx *d = (const struct dns_tx *)tx;
	struct eve w;

	eve_begin_record(&w, o, env, p, RECORD_MDNS, d->dir ? EVE_AS_SERVER : EVE_AS_CLIENT, out);
	eve_mdns_object(&w, tx);
	eve_end_record(&w, o, env);
}
