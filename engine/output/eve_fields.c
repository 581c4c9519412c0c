/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/output/eve_fields.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "engine/stream/stream.h"
#include "engine/watch/watch.h"
#include "parser/frame.h"
#include "parser/protocol.h"

const struct eve_row eve_rows[EVE_FIELD__COUNT] = {
#define EVE_ROW(id, object, name, type, records, always, choices, meaning) \
	[EVE_##id] = { object, name, type, records, always, choices, meaning },
	EVE_FIELD_LIST(EVE_ROW)
#undef EVE_ROW
};

const struct eve_key eve_keys[EVE_FIELD__COUNT] = {
#define EVE_ROW(id, object, name, type, records, always, choices, meaning) \
	[EVE_##id] = { ",\"" name "\":", sizeof(",\"" name "\":") - 1 },
	EVE_FIELD_LIST(EVE_ROW)
#undef EVE_ROW
};

/* Of packets and streams, then those of application protocols, which are in capitals or not. */
static const char *event_choice(unsigned i)
{
	static _Thread_local char text[96];

	if (i < EVENT__COUNT) {
		snprintf(text, sizeof(text), "%s.%s", event_layer((enum event)i),
			 eve_event_name((enum event)i));
		return text;
	}
	i -= EVENT__COUNT;
	if (i >= APP_EVENT__COUNT + WATCH__COUNT)
		return NULL;
	if (i >= APP_EVENT__COUNT) {
		i -= APP_EVENT__COUNT;
		snprintf(text, sizeof(text), "%s.%s",
			 watch_family_name(watch_family((enum watch_kind)i)),
			 watch_kind_name((enum watch_kind)i));
		return text;
	}
	snprintf(text, sizeof(text), "%s", app_event_name((enum app_event)i));
	if (eve_app_event_in_capitals((enum app_event)i)) {
		for (char *c = text; *c; c++)
			*c = (char)toupper((unsigned char)*c);
	}
	return text;
}

bool eve_app_event_in_capitals(enum app_event e)
{
	static const char *const small[] = { "dns", "ftp", "mdns", "ssh" };

	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		if (!strcmp(app_event_proto(e), small[i]))
			return false;
	}
	return true;
}

/* Several protocols have a frame of the same name. */
static const char *frame_choice(unsigned i)
{
	for (unsigned t = FRAME_STREAM; t < FRAME_TYPE__COUNT; t++) {
		const char *name = frame_row((enum frame_type)t)->name;
		bool before = false;

		for (unsigned k = FRAME_STREAM; k < t && !before; k++)
			before = !strcmp(frame_row((enum frame_type)k)->name, name);
		if (!before && i-- == 0)
			return name;
	}
	return NULL;
}

static const char *listed_choice(const char *list, unsigned i)
{
	if (!strcmp(list, "@pkt_src"))
		return i < PACKET_SOURCE__COUNT ? packet_source_name((enum packet_source)i) : NULL;
	if (!strcmp(list, "@flow_state"))
		return i < FLOW_STATE__COUNT ? flow_state_name((enum flow_state)i) : NULL;
	if (!strcmp(list, "@flow_reason"))
		return i <= FLOW_END_TCP_REUSE ? flow_end_reason_name((enum flow_end_reason)i)
					       : NULL;
	if (!strcmp(list, "@tcp_state"))
		return i < TCP_STATE__COUNT ? tcp_state_name((enum tcp_state)i) : NULL;
	if (!strcmp(list, "@app_proto"))
		return i < APP_PROTO__COUNT ? app_proto_name((enum app_proto)i) : NULL;
	if (!strcmp(list, "@frame"))
		return frame_choice(i);
	return event_choice(i);
}

const char *eve_choice(const char *choices, unsigned i)
{
	static _Thread_local char text[32];
	size_t len;

	if (!choices)
		return NULL;
	if (choices[0] == '@')
		return listed_choice(choices, i);
	for (; i > 0; i--) {
		choices = strchr(choices, '|');
		if (!choices)
			return NULL;
		choices++;
	}
	len = strcspn(choices, "|");
	snprintf(text, sizeof(text), "%.*s", (int)len, choices);
	return text;
}

static const char *const counter_meanings[COUNTER__COUNT] = {
	[COUNTER_DECODER_PKTS] = "Packets captured",
	[COUNTER_DECODER_BYTES] = "Bytes captured",
	[COUNTER_DECODER_INVALID] = "Packets with a header that could not be read",
	[COUNTER_DECODER_IPV4] = "IPv4 packets",
	[COUNTER_DECODER_IPV6] = "IPv6 packets",
	[COUNTER_DECODER_ETHERNET] = "Ethernet frames",
	[COUNTER_DECODER_ARP] = "ARP packets",
	[COUNTER_DECODER_UNKNOWN_ETHERTYPE] = "Frames of an EtherType that is not decoded",
	[COUNTER_DECODER_CHDLC] = "Cisco HDLC frames",
	[COUNTER_DECODER_RAW] = "Packets captured without a link header",
	[COUNTER_DECODER_NULL] = "BSD loopback frames",
	[COUNTER_DECODER_SLL] = "Linux cooked frames",
	[COUNTER_DECODER_SLL2] = "Linux cooked frames, version 2",
	[COUNTER_DECODER_TCP] = "TCP segments",
	[COUNTER_DECODER_UDP] = "UDP datagrams",
	[COUNTER_DECODER_SCTP] = "SCTP packets",
	[COUNTER_DECODER_ESP] = "ESP packets",
	[COUNTER_DECODER_ICMPV4] = "ICMPv4 messages",
	[COUNTER_DECODER_ICMPV6] = "ICMPv6 messages",
	[COUNTER_DECODER_PPP] = "PPP frames",
	[COUNTER_DECODER_PPPOE] = "PPPoE frames",
	[COUNTER_DECODER_GENEVE] = "Geneve packets",
	[COUNTER_DECODER_GRE] = "GRE packets",
	[COUNTER_DECODER_VLAN] = "Frames with a VLAN tag",
	[COUNTER_DECODER_VLAN_QINQ] = "Frames with two VLAN tags",
	[COUNTER_DECODER_VLAN_QINQINQ] = "Frames with three VLAN tags",
	[COUNTER_DECODER_VXLAN] = "VXLAN packets",
	[COUNTER_DECODER_VNTAG] = "Frames with a VN-Tag",
	[COUNTER_DECODER_IEEE8021AH] = "Provider backbone bridge frames",
	[COUNTER_DECODER_TEREDO] = "Teredo packets",
	[COUNTER_DECODER_IPV4_IN_IPV4] = "IPv4 packets inside IPv4",
	[COUNTER_DECODER_IPV6_IN_IPV4] = "IPv6 packets inside IPv4",
	[COUNTER_DECODER_IPV4_IN_IPV6] = "IPv4 packets inside IPv6",
	[COUNTER_DECODER_IPV6_IN_IPV6] = "IPv6 packets inside IPv6",
	[COUNTER_DECODER_MPLS] = "Frames with MPLS labels",
	[COUNTER_DECODER_MAX_PKT_SIZE] = "Bytes of the largest packet",
	[COUNTER_DECODER_ERSPAN] = "ERSPAN packets",
	[COUNTER_DECODER_NSH] = "Network service header packets",
	[COUNTER_DECODER_TOO_MANY_LAYERS] = "Packets with more layers than are followed",
	[COUNTER_TCP_SYN] = "SYN segments",
	[COUNTER_TCP_SYNACK] = "SYN+ACK segments",
	[COUNTER_TCP_RST] = "RST segments",
	[COUNTER_TCP_URG] = "Segments with URG",
	[COUNTER_TCP_ACTIVE_SESSIONS] = "Sessions now",
	[COUNTER_TCP_SESSIONS] = "Sessions made",
	[COUNTER_TCP_SSN_MEMCAP_DROP] = "Sessions not made for want of room",
	[COUNTER_TCP_INVALID_CHECKSUM] = "Segments with a wrong checksum",
	[COUNTER_TCP_MIDSTREAM_PICKUPS] = "Sessions taken up without a handshake",
	[COUNTER_TCP_ACK_UNSEEN_DATA] = "Acknowledgements of bytes that were not captured",
	[COUNTER_TCP_SEGMENT_MEMCAP_DROP] = "Segments not kept for want of room",
	[COUNTER_TCP_STREAM_DEPTH_REACHED] = "Streams cut at the reassembly depth",
	[COUNTER_TCP_REASSEMBLY_GAP] = "Gaps in streams",
	[COUNTER_TCP_OVERLAP] = "Segments over bytes that were there",
	[COUNTER_TCP_OVERLAP_DIFF_DATA] = "Overlaps with different bytes",
	[COUNTER_TCP_URGENT_OOB_DATA] = "Urgent bytes taken out of a stream",
	[COUNTER_TCP_MEMUSE] = "Bytes that sessions have now",
	[COUNTER_TCP_REASSEMBLY_MEMUSE] = "Bytes that the bytes of streams have now",
	[COUNTER_FLOW_TOTAL] = "Flows made",
	[COUNTER_FLOW_ACTIVE] = "Flows now",
	[COUNTER_FLOW_TCP] = "TCP flows made",
	[COUNTER_FLOW_UDP] = "UDP flows made",
	[COUNTER_FLOW_ICMPV4] = "ICMPv4 flows made",
	[COUNTER_FLOW_ICMPV6] = "ICMPv6 flows made",
	[COUNTER_FLOW_TCP_REUSE] = "Flows begun on the ports of one that was closed",
	[COUNTER_FLOW_EMERG_MODE_ENTERED] = "Times that the table was full",
	[COUNTER_FLOW_EMERG_MODE_OVER] = "Times that it was no longer",
	[COUNTER_FLOW_MEMUSE] = "Bytes that flows and their table have now",
	[COUNTER_FLOW_BYPASSED_LOCAL_PKTS] =
		"Packets of bypassed flows that came, and were only counted",
	[COUNTER_FLOW_BYPASSED_LOCAL_BYTES] = "Their bytes",
	[COUNTER_FLOW_BYPASSED_LOCAL_CAPTURE_PKTS] = "The same, after the kernel had been told",
	[COUNTER_FLOW_BYPASSED_LOCAL_CAPTURE_BYTES] = "Their bytes",
	[COUNTER_FLOW_BYPASSED_CLOSED] =
		"Bypassed flows that ended, of which the kernel had been told",
	[COUNTER_FLOW_BYPASSED_PKTS] = "Packets of bypassed flows that the kernel kept",
	[COUNTER_FLOW_BYPASSED_BYTES] = "Their bytes",
	[COUNTER_RELEASE_FLOWS] = "Flows of which at least one direction was released",
	[COUNTER_RELEASE_ELEPHANTS] = "Of these, for their size alone (flow.elephant)",
	[COUNTER_RELEASE_PACKETS] =
		"Packets of released directions that came, and were only counted",
	[COUNTER_RELEASE_BYTES] = "Their bytes",
	[COUNTER_RELEASE_KEPT_PACKETS] = "Packets of released directions that the kernel kept",
	[COUNTER_RELEASE_KEPT_BYTES] = "Their bytes",
	[COUNTER_RELEASE_COST_ALERTS] = "Alerts that release would have cost (--shadow=strict)",
	[COUNTER_SHADOW_PACKETS] = "Packets that the kernel would have kept (--shadow)",
	[COUNTER_SHADOW_WRONG] = "Of these, those that the engine would inspect: each is an error",
	[COUNTER_FLOW_END_STATE_NEW] = "Flows that ended in the state new",
	[COUNTER_FLOW_END_STATE_ESTABLISHED] = "Flows that ended established",
	[COUNTER_FLOW_END_STATE_CLOSED] = "Flows that ended closed",
	[COUNTER_FLOW_END_TCP_NONE] = "TCP flows that ended without a session",
	[COUNTER_FLOW_END_TCP_SYN_SENT] = "TCP flows that ended in SYN-SENT",
	[COUNTER_FLOW_END_TCP_SYN_RECV] = "TCP flows that ended in SYN-RECEIVED",
	[COUNTER_FLOW_END_TCP_ESTABLISHED] = "TCP flows that ended in ESTABLISHED",
	[COUNTER_FLOW_END_TCP_FIN_WAIT1] = "TCP flows that ended in FIN-WAIT-1",
	[COUNTER_FLOW_END_TCP_FIN_WAIT2] = "TCP flows that ended in FIN-WAIT-2",
	[COUNTER_FLOW_END_TCP_TIME_WAIT] = "TCP flows that ended in TIME-WAIT",
	[COUNTER_FLOW_END_TCP_LAST_ACK] = "TCP flows that ended in LAST-ACK",
	[COUNTER_FLOW_END_TCP_CLOSE_WAIT] = "TCP flows that ended in CLOSE-WAIT",
	[COUNTER_FLOW_END_TCP_CLOSING] = "TCP flows that ended in CLOSING",
	[COUNTER_FLOW_END_TCP_CLOSED] = "TCP flows that ended in CLOSED",
	[COUNTER_DEFRAG_IPV4_FRAGMENTS] = "IPv4 fragments",
	[COUNTER_DEFRAG_IPV4_REASSEMBLED] = "IPv4 packets joined",
	[COUNTER_DEFRAG_IPV6_FRAGMENTS] = "IPv6 fragments",
	[COUNTER_DEFRAG_IPV6_REASSEMBLED] = "IPv6 packets joined",
	[COUNTER_DEFRAG_MAX_TRACKERS_REACHED] = "Fragmented packets given up for want of room",
	[COUNTER_DEFRAG_MAX_FRAGS_REACHED] = "Fragments given up for want of room",
	[COUNTER_DEFRAG_MEMUSE] = "Bytes that fragments have now",
	[COUNTER_DETECT_ALERT] = "Alerts",
	[COUNTER_DETECT_ALERT_QUEUE_OVERFLOW] = "Alerts past packet-alert-max",
	[COUNTER_DETECT_ALERTS_SUPPRESSED] = "Alerts that a threshold held back",
	[COUNTER_APP_FLOW_FAILED_TCP] = "TCP flows of no known protocol",
	[COUNTER_APP_FLOW_HTTP1] = "HTTP/1 flows",
	[COUNTER_APP_FLOW_FTP] = "FTP flows",
	[COUNTER_APP_FLOW_SMTP] = "SMTP flows",
	[COUNTER_APP_FLOW_TLS] = "TLS flows",
	[COUNTER_APP_FLOW_SSH] = "SSH flows",
	[COUNTER_APP_FLOW_IMAP] = "IMAP flows",
	[COUNTER_APP_FLOW_SMB] = "SMB flows",
	[COUNTER_APP_FLOW_DCERPC_TCP] = "DCERPC over TCP flows",
	[COUNTER_APP_FLOW_DNS_TCP] = "DNS over TCP flows",
	[COUNTER_APP_FLOW_NFS_TCP] = "NFS over TCP flows",
	[COUNTER_APP_FLOW_NTP] = "NTP flows",
	[COUNTER_APP_FLOW_FTP_DATA] = "FTP data flows",
	[COUNTER_APP_FLOW_TFTP] = "TFTP flows",
	[COUNTER_APP_FLOW_IKE] = "IKE flows",
	[COUNTER_APP_FLOW_KRB5_TCP] = "Kerberos over TCP flows",
	[COUNTER_APP_FLOW_QUIC] = "QUIC flows",
	[COUNTER_APP_FLOW_DHCP] = "DHCP flows",
	[COUNTER_APP_FLOW_SIP_TCP] = "SIP over TCP flows",
	[COUNTER_APP_FLOW_RFB] = "RFB flows",
	[COUNTER_APP_FLOW_MQTT] = "MQTT flows",
	[COUNTER_APP_FLOW_TELNET] = "Telnet flows",
	[COUNTER_APP_FLOW_WEBSOCKET] = "WebSocket flows",
	[COUNTER_APP_FLOW_LDAP_TCP] = "LDAP over TCP flows",
	[COUNTER_APP_FLOW_DOH2] = "DoH flows",
	[COUNTER_APP_FLOW_RDP] = "RDP flows",
	[COUNTER_APP_FLOW_HTTP2] = "HTTP/2 flows",
	[COUNTER_APP_FLOW_BITTORRENT_DHT] = "BitTorrent DHT flows",
	[COUNTER_APP_FLOW_POP3] = "POP3 flows",
	[COUNTER_APP_FLOW_MDNS] = "mDNS flows",
	[COUNTER_APP_FLOW_SNMP] = "SNMP flows",
	[COUNTER_APP_FLOW_FAILED_UDP] = "UDP flows of no known protocol",
	[COUNTER_APP_FLOW_DCERPC_UDP] = "DCERPC over UDP flows",
	[COUNTER_APP_FLOW_DNS_UDP] = "DNS over UDP flows",
	[COUNTER_APP_FLOW_NFS_UDP] = "NFS over UDP flows",
	[COUNTER_APP_FLOW_KRB5_UDP] = "Kerberos over UDP flows",
	[COUNTER_APP_FLOW_SIP_UDP] = "SIP over UDP flows",
	[COUNTER_APP_FLOW_LDAP_UDP] = "LDAP over UDP flows",
	[COUNTER_APP_GAP_HTTP1] = "HTTP/1 flows with missing bytes",
	[COUNTER_APP_ALLOC_HTTP1] = "HTTP/1: times that memory was at its limit",
	[COUNTER_APP_PARSER_HTTP1] = "HTTP/1 flows that were given up",
	[COUNTER_APP_GAP_FTP] = "FTP flows with missing bytes",
	[COUNTER_APP_ALLOC_FTP] = "FTP: times that memory was at its limit",
	[COUNTER_APP_PARSER_FTP] = "FTP flows that were given up",
	[COUNTER_APP_GAP_SMTP] = "SMTP flows with missing bytes",
	[COUNTER_APP_ALLOC_SMTP] = "SMTP: times that memory was at its limit",
	[COUNTER_APP_PARSER_SMTP] = "SMTP flows that were given up",
	[COUNTER_APP_GAP_TLS] = "TLS flows with missing bytes",
	[COUNTER_APP_ALLOC_TLS] = "TLS: times that memory was at its limit",
	[COUNTER_APP_PARSER_TLS] = "TLS flows that were given up",
	[COUNTER_APP_GAP_SSH] = "SSH flows with missing bytes",
	[COUNTER_APP_ALLOC_SSH] = "SSH: times that memory was at its limit",
	[COUNTER_APP_PARSER_SSH] = "SSH flows that were given up",
	[COUNTER_APP_GAP_DNS_TCP] = "DNS over TCP flows with missing bytes",
	[COUNTER_APP_ALLOC_DNS_TCP] = "DNS over TCP: times that memory was at its limit",
	[COUNTER_APP_PARSER_DNS_TCP] = "DNS over TCP flows that were given up",
	[COUNTER_APP_GAP_FTP_DATA] = "FTP data flows with missing bytes",
	[COUNTER_APP_ALLOC_FTP_DATA] = "FTP data: times that memory was at its limit",
	[COUNTER_APP_PARSER_FTP_DATA] = "FTP data flows that were given up",
	[COUNTER_APP_ALLOC_DNS_UDP] = "DNS over UDP: times that memory was at its limit",
	[COUNTER_APP_PARSER_DNS_UDP] = "DNS over UDP flows that were given up",
	[COUNTER_APP_ALLOC_MDNS] = "mDNS: times that memory was at its limit",
	[COUNTER_APP_PARSER_MDNS] = "mDNS flows that were given up",
	[COUNTER_APP_TX_HTTP1] = "HTTP/1 transactions",
	[COUNTER_APP_TX_FTP] = "FTP transactions",
	[COUNTER_APP_TX_SMTP] = "SMTP transactions",
	[COUNTER_APP_TX_TLS] = "TLS transactions",
	[COUNTER_APP_TX_SSH] = "SSH transactions",
	[COUNTER_APP_TX_DNS_TCP] = "DNS over TCP transactions",
	[COUNTER_APP_TX_FTP_DATA] = "FTP data transactions",
	[COUNTER_APP_TX_DNS_UDP] = "DNS over UDP transactions",
	[COUNTER_APP_TX_MDNS] = "mDNS transactions",
	[COUNTER_FILE_STORE_ERRORS] = "Files that could not be stored",
	[COUNTER_IPS_ACCEPTED] = "Packets passed on",
	[COUNTER_IPS_BLOCKED] = "Packets dropped",
	[COUNTER_IPS_REJECTED] = "Packets rejected",
	[COUNTER_IPS_REPLACED] = "Packets with a replaced payload",
	[COUNTER_IPS_DROP_RULES] = "Packets dropped by a rule",
	[COUNTER_IPS_DROP_FLOW] = "Packets dropped because their flow was",
	[COUNTER_IPS_DROP_DEFRAG_MEMCAP] = "Packets dropped for want of room for a fragment",
	[COUNTER_IPS_DROP_FLOW_MEMCAP] = "Packets dropped for want of room for a flow",
	[COUNTER_IPS_DROP_APP_ERROR] = "Packets dropped because a parser gave up",
	[COUNTER_IPS_DROP_STREAM_MEMCAP] = "Packets dropped for want of room for a session",
	[COUNTER_IPS_DROP_STREAM_MIDSTREAM] =
		"Packets dropped because the start of the session was not seen",
	[COUNTER_IPS_DROP_STREAM_REASSEMBLY] = "Packets dropped for want of room for a segment",
	[COUNTER_IPS_DROP_STREAM_URGENT] = "Packets dropped because they had urgent data",
	[COUNTER_IPS_DROP_EXCEPTION_FLOW] =
		"Packets dropped because an exception had dropped their flow",
	[COUNTER_EXCEPTION_FLOW_PASS_PACKET] =
		"Packets passed uninspected for want of room for a flow",
	[COUNTER_EXCEPTION_FLOW_BYPASS] = "Flows bypassed for want of room for a flow",
	[COUNTER_EXCEPTION_FLOW_DROP_PACKET] = "Packets dropped for want of room for a flow",
	[COUNTER_EXCEPTION_FLOW_REJECT] = "Packets rejected for want of room for a flow",
	[COUNTER_EXCEPTION_FLOW_REJECT_BOTH] =
		"Packets rejected at both ends for want of room for a flow",
	[COUNTER_EXCEPTION_DEFRAG_PASS_PACKET] =
		"Packets passed uninspected for want of room for a fragment",
	[COUNTER_EXCEPTION_DEFRAG_BYPASS] = "Flows bypassed for want of room for a fragment",
	[COUNTER_EXCEPTION_DEFRAG_DROP_PACKET] = "Packets dropped for want of room for a fragment",
	[COUNTER_EXCEPTION_DEFRAG_REJECT] = "Packets rejected for want of room for a fragment",
	[COUNTER_EXCEPTION_DEFRAG_REJECT_BOTH] =
		"Packets rejected at both ends for want of room for a fragment",
	[COUNTER_EXCEPTION_SESSION_PASS_PACKET] =
		"Packets passed uninspected for want of room for a session",
	[COUNTER_EXCEPTION_SESSION_PASS_FLOW] =
		"Flows passed uninspected for want of room for a session",
	[COUNTER_EXCEPTION_SESSION_BYPASS] = "Flows bypassed for want of room for a session",
	[COUNTER_EXCEPTION_SESSION_DROP_PACKET] = "Packets dropped for want of room for a session",
	[COUNTER_EXCEPTION_SESSION_DROP_FLOW] = "Flows dropped for want of room for a session",
	[COUNTER_EXCEPTION_SESSION_REJECT] = "Packets rejected for want of room for a session",
	[COUNTER_EXCEPTION_SESSION_REJECT_BOTH] =
		"Packets rejected at both ends for want of room for a session",
	[COUNTER_EXCEPTION_MIDSTREAM_PASS_FLOW] =
		"Flows passed uninspected because the start of the session was not seen",
	[COUNTER_EXCEPTION_MIDSTREAM_BYPASS] =
		"Flows bypassed because the start of the session was not seen",
	[COUNTER_EXCEPTION_MIDSTREAM_DROP_FLOW] =
		"Flows dropped because the start of the session was not seen",
	[COUNTER_EXCEPTION_MIDSTREAM_REJECT] =
		"Packets rejected because the start of the session was not seen",
	[COUNTER_EXCEPTION_MIDSTREAM_REJECT_BOTH] =
		"Packets rejected at both ends because the start of the session was not seen",
	[COUNTER_EXCEPTION_REASSEMBLY_PASS_PACKET] =
		"Packets passed uninspected for want of room for a segment",
	[COUNTER_EXCEPTION_REASSEMBLY_PASS_FLOW] =
		"Flows passed uninspected for want of room for a segment",
	[COUNTER_EXCEPTION_REASSEMBLY_BYPASS] = "Flows bypassed for want of room for a segment",
	[COUNTER_EXCEPTION_REASSEMBLY_DROP_PACKET] =
		"Packets dropped for want of room for a segment",
	[COUNTER_EXCEPTION_REASSEMBLY_DROP_FLOW] = "Flows dropped for want of room for a segment",
	[COUNTER_EXCEPTION_REASSEMBLY_REJECT] = "Packets rejected for want of room for a segment",
	[COUNTER_EXCEPTION_REASSEMBLY_REJECT_BOTH] =
		"Packets rejected at both ends for want of room for a segment",
	[COUNTER_EXCEPTION_APP_ERROR_PASS_PACKET] =
		"Packets passed uninspected because a parser gave up",
	[COUNTER_EXCEPTION_APP_ERROR_PASS_FLOW] =
		"Flows passed uninspected because a parser gave up",
	[COUNTER_EXCEPTION_APP_ERROR_BYPASS] = "Flows bypassed because a parser gave up",
	[COUNTER_EXCEPTION_APP_ERROR_DROP_PACKET] = "Packets dropped because a parser gave up",
	[COUNTER_EXCEPTION_APP_ERROR_DROP_FLOW] = "Flows dropped because a parser gave up",
	[COUNTER_EXCEPTION_APP_ERROR_REJECT] = "Packets rejected because a parser gave up",
	[COUNTER_EXCEPTION_APP_ERROR_REJECT_BOTH] =
		"Packets rejected at both ends because a parser gave up",
	[COUNTER_WEIR_DECODER_GTPU] = "GTP-U packets",
	[COUNTER_OVERLAP_UNKNOWN] =
		"TCP segments with bytes that are no longer held: whether they were the same again is not known",
	[COUNTER_LIMITS_REACHED] = "Times that a pool was at its limit",
	[COUNTER_MEMORY_LIMIT] = "Bytes that all pools together may have: the key memory",
	[COUNTER_MEMORY_RESIDENT] = "Bytes that the process has of the machine's memory now",
	[COUNTER_MEMORY_PROGRAM] = "Bytes that it had before rules were loaded",
	[COUNTER_MEMORY_RULES] = "Bytes that the rules took when they were loaded",
	[COUNTER_MEMORY_CAPTURES] = "Bytes of blocks of capture files, at most",
	[COUNTER_MEMORY_OUTPUTS] =
		"Bytes of lines not yet written and of the thread that writes, at most",
	[COUNTER_MEMORY_WORKERS] = "Bytes that workers have beside the pools, at most",
	[COUNTER_MEMORY_RINGS] = "Bytes of frames and rings that the kernel fills",
	[COUNTER_MEMORY_RELEASED] = "Bytes for what the kernel kept of released flows, at most",
	[COUNTER_MEMORY_FLOWS_RESERVED] = "Bytes reserved for flows and their table",
	[COUNTER_MEMORY_FLOWS_PEAK] = "Most of them that were in use so far",
	[COUNTER_MEMORY_FLOWS_USED] = "Those in use now",
	[COUNTER_MEMORY_SESSIONS_RESERVED] = "Bytes reserved for TCP sessions and their records",
	[COUNTER_MEMORY_SESSIONS_PEAK] = "Most of them that were in use so far",
	[COUNTER_MEMORY_SESSIONS_USED] = "Those in use now",
	[COUNTER_MEMORY_STREAMS_RESERVED] = "Bytes reserved for the bytes of streams",
	[COUNTER_MEMORY_STREAMS_PEAK] = "Most of them that were in use so far",
	[COUNTER_MEMORY_STREAMS_USED] = "Those in use now",
	[COUNTER_MEMORY_FRAGMENTS_RESERVED] = "Bytes reserved for fragments",
	[COUNTER_MEMORY_FRAGMENTS_PEAK] = "Most of them that were in use so far",
	[COUNTER_MEMORY_FRAGMENTS_USED] = "Those in use now",
	[COUNTER_MEMORY_APP_RESERVED] = "Bytes reserved for transactions, files and decoders",
	[COUNTER_MEMORY_APP_PEAK] = "Most of them that were in use so far",
	[COUNTER_MEMORY_APP_USED] = "Those in use now",
	[COUNTER_MEMORY_DETECT_RESERVED] =
		"Bytes reserved for what rules remember of flows and transactions",
	[COUNTER_MEMORY_DETECT_PEAK] = "Most of them that were in use so far",
	[COUNTER_MEMORY_DETECT_USED] = "Those in use now",
	[COUNTER_MEMORY_THRESHOLDS_RESERVED] = "Bytes reserved for thresholds and xbits",
	[COUNTER_MEMORY_THRESHOLDS_PEAK] = "Most of them that were in use so far",
	[COUNTER_MEMORY_THRESHOLDS_USED] = "Those in use now",
	[COUNTER_MEMORY_WATCH_RESERVED] = "Bytes reserved for what is known of hosts",
	[COUNTER_MEMORY_WATCH_PEAK] = "Most of them that were in use so far",
	[COUNTER_MEMORY_WATCH_USED] = "Those in use now",
};

const char *eve_counter_meaning(enum counter c)
{
	return (unsigned)c < COUNTER__COUNT && counter_meanings[c] ? counter_meanings[c] : "";
}

const char *eve_event_name(enum event e)
{
	switch (e) {
	case EVENT_STREAM_3WHS_SYNACK_RESEND_WITH_DIFFERENT_ACK:
		return "3whs_synack_resend_with_diff_ack";
	case EVENT_STREAM_EST_SYNACK_RESEND_WITH_DIFFERENT_ACK:
		return "est_synack_resend_with_diff_ack";
	default:
		return event_name(e);
	}
}

const char *eve_event_stats_name(enum event e)
{
	/* Counted as decoder.too_many_layers. */
	if (e == EVENT_DECODE_TOO_MANY_LAYERS)
		return NULL;
	return eve_event_name(e);
}
