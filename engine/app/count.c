/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which counter counts for which protocol.
 */
#include "engine/app/engine.h"

struct row {
	enum counter flow[2], tx[2], gap[2], alloc[2], parser[2]; /* by transport */
};

#define ONE(kind, name) \
	{ \
		COUNTER_APP_##kind##_##name, COUNTER_APP_##kind##_##name \
	}
#define TWO(kind, name) \
	{ \
		COUNTER_APP_##kind##_##name##_TCP, COUNTER_APP_##kind##_##name##_UDP \
	}

/* A protocol of one transport, or one whose counters do not tell transports apart. */
#define PARSED(name) \
	[APP_PROTO_##name] = { ONE(FLOW, name), ONE(TX, name), ONE(GAP, name), ONE(ALLOC, name), \
			       ONE(PARSER, name) }
#define SEEN(name) [APP_PROTO_##name] = { .flow = ONE(FLOW, name) }
#define SEEN_BOTH(name) [APP_PROTO_##name] = { .flow = TWO(FLOW, name) }

static const struct row rows[APP_PROTO__COUNT] = {
	[APP_PROTO_FAILED] = { .flow = TWO(FLOW, FAILED) },
	[APP_PROTO_DNS] = { TWO(FLOW, DNS),
			    TWO(TX, DNS),
			    { COUNTER_APP_GAP_DNS_TCP, COUNTER_APP_GAP_DNS_TCP },
			    TWO(ALLOC, DNS),
			    TWO(PARSER, DNS) },
	PARSED(HTTP1),
	PARSED(FTP),
	PARSED(SMTP),
	PARSED(TLS),
	PARSED(SSH),
	PARSED(FTP_DATA),
	SEEN(IMAP),
	SEEN(SMB),
	SEEN_BOTH(DCERPC),
	SEEN_BOTH(NFS),
	SEEN(NTP),
	SEEN(TFTP),
	SEEN(IKE),
	SEEN_BOTH(KRB5),
	SEEN(QUIC),
	SEEN(DHCP),
	SEEN_BOTH(SIP),
	SEEN(RFB),
	SEEN(MQTT),
	SEEN(TELNET),
	SEEN(WEBSOCKET),
	SEEN_BOTH(LDAP),
	SEEN(DOH2),
	SEEN(RDP),
	SEEN(HTTP2),
	SEEN(BITTORRENT_DHT),
	SEEN(POP3),
	[APP_PROTO_MDNS] = { .flow = ONE(FLOW, MDNS),
			     .tx = ONE(TX, MDNS),
			     .alloc = ONE(ALLOC, MDNS),
			     .parser = ONE(PARSER, MDNS) },
	SEEN(SNMP),
};

static void count(struct app_engine *e, enum counter c)
{
	/* 0 is another's: the row has no such counter. */
	if (c != (enum counter)0)
		e->counters->value[c]++;
}

void count_flow(struct app_engine *e, enum app_proto p, unsigned transport)
{
	count(e, rows[p].flow[transport]);
}

void count_tx(struct app_engine *e, enum app_proto p, unsigned transport)
{
	count(e, rows[p].tx[transport]);
}

void count_fault(struct app_engine *e, enum app_proto p, unsigned transport, enum app_fault fault)
{
	const struct row *r = &rows[p];

	count(e, fault == APP_FAULT_GAP	    ? r->gap[transport]
		 : fault == APP_FAULT_ALLOC ? r->alloc[transport]
					    : r->parser[transport]);
}
