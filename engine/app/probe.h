/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h - functions that tell from its first bytes whether a protocol is meant.
 *
 * In: bytes of a direction from its first one (at most IDENTIFY_BYTES), or a datagram.  Out: an answer.
 * Each knows its specification just so far that other protocols on the same port fail.
 *
 * Thread: any; nothing is kept.
 */
#ifndef WEIR_APP_PROBE_H
#define WEIR_APP_PROBE_H

#include "engine/base/bytes.h"
#include "parser/protocol.h"

enum probe_answer {
	PROBE_NO,
	PROBE_MORE, /* cannot tell from so few bytes */
	PROBE_YES,
	PROBE_YES_CLIENT, /* and they are certainly a client's */
	PROBE_YES_SERVER,
};

/* dir: 0: taken for the client's.  other: what the other direction is known to be. */
typedef enum probe_answer (*probe_fn)(struct bytes in, unsigned dir, enum app_proto other);

#define PROBE_LIST(X) \
	X(dns_tcp) \
	X(dns_udp) \
	X(mdns) \
	X(sslv2) \
	X(smtp_server) \
	X(ftp_server) \
	X(pop3_server) \
	X(smb) \
	X(dcerpc_tcp) \
	X(dcerpc_udp) \
	X(rpc_tcp) \
	X(rpc_udp) \
	X(tftp) \
	X(ike) \
	X(krb5_tcp) \
	X(krb5_udp) \
	X(quic) \
	X(dhcp) \
	X(snmp) \
	X(mqtt) \
	X(ldap) \
	X(ntp) \
	X(rdp) \
	X(rfb) \
	X(sip)
#define PROBE_DECLARE(name) \
	enum probe_answer probe_##name(struct bytes in, unsigned dir, enum app_proto other);
PROBE_LIST(PROBE_DECLARE)
#undef PROBE_DECLARE

#endif
