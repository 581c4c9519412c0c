/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns.h - DNS over UDP and TCP, and mDNS: each message is a transaction of one direction.
 *
 * In: datagrams; on TCP, messages after their length (RFC 1035, section 4.2.2).  Out: the message, its records,
 * events.
 *
 * Memory: a copy of the message and an entry for each record, of the transaction's.
 * Thread: the worker's.
 */
#ifndef WEIR_APP_DNS_H
#define WEIR_APP_DNS_H

#include "engine/app/app.h"
#include "engine/proto/dns.h"

struct dns_tx {
	struct app_tx tx;
	struct bytes message;
	struct dns_header header;
	uint8_t dir; /* who sent it */
	struct dns_record *record; /* in order of sections */
	uint16_t first[DNS_SECTIONS + 1]; /* where a section begins in record[] */
	struct dns_name *name; /* room for one, for rules; NULL: none yet */
};

static inline bool dns_is_response(const struct dns_tx *d)
{
	return d->tx.proto == APP_PROTO_MDNS ? d->header.flags & DNS_QR : d->dir;
}

static inline unsigned dns_records(const struct dns_tx *d, enum dns_section s)
{
	return d->first[s + 1] - d->first[s];
}

static inline const struct dns_record *dns_record_at(const struct dns_tx *d, enum dns_section s,
						     unsigned i)
{
	return &d->record[d->first[s] + i];
}

extern const struct app_protocol app_dns;
/* RFC 6762: whoever sends is a client, whether it asks or answers. */
extern const struct app_protocol app_mdns;

#endif
