/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eve_dns.h - parts of DNS messages in records, for DNS and mDNS.
 *
 * In: a message and its records (engine/app/dns.h).  Out: fields and values at the writer's place.
 * Not here: which fields a record has (eve_dns.c, eve_mdns.c).
 *
 * Memory: nothing but the writer's buf.  Thread: any number at once.
 */
#ifndef WEIR_OUTPUT_EVE_DNS_H
#define WEIR_OUTPUT_EVE_DNS_H

#include "engine/app/dns.h"
#include "engine/output/eve.h"

/* The name of a record; the field behind f says whether it was cut. */
void eve_dns_name(struct eve *w, enum eve_field f, const struct dns_tx *d, size_t at);
/* The value alone; part: of the character strings of a TXT record. */
void eve_dns_text(struct eve *w, const struct dns_tx *d, const struct dns_record *r,
		  struct bytes part);
/* The next character string of a TXT record (RFC 1035, section 3.3.14); others have one part.  *at is 0 first. */
bool eve_dns_part(const struct dns_tx *d, const struct dns_record *r, size_t *at,
		  struct bytes *part);
/* The record is so long that lists end here. */
bool eve_dns_is_long(const struct eve *w);

#endif
