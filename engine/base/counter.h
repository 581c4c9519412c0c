/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counter.h - what each worker counts, and the names EVE's stats record has for it.
 *
 * One array of 64-bit counters per worker, indexed by enum counter; added up when
 * read.  A dot in a name is a level of the stats object; neighbours in the list are
 * neighbours in the record.  Decoder and stream events have counters of their own,
 * indexed by enum event.
 */
#ifndef WEIR_BASE_COUNTER_H
#define WEIR_BASE_COUNTER_H

#include <stdint.h>

#include "engine/base/event.h"

/* Of a pool. */
#define COUNTER_MEMORY(X, id, name) \
	X(MEMORY_##id##_RESERVED, "weir.memory." name ".reserved") \
	X(MEMORY_##id##_PEAK, "weir.memory." name ".peak") \
	X(MEMORY_##id##_USED, "weir.memory." name ".used")

/* X(constant, name) */
#define COUNTER_LIST(X) \
	X(DECODER_PKTS, "decoder.pkts") \
	X(DECODER_BYTES, "decoder.bytes") \
	X(DECODER_INVALID, "decoder.invalid") \
	X(DECODER_IPV4, "decoder.ipv4") \
	X(DECODER_IPV6, "decoder.ipv6") \
	X(DECODER_ETHERNET, "decoder.ethernet") \
	X(DECODER_ARP, "decoder.arp") \
	X(DECODER_UNKNOWN_ETHERTYPE, "decoder.unknown_ethertype") \
	X(DECODER_CHDLC, "decoder.chdlc") \
	X(DECODER_RAW, "decoder.raw") \
	X(DECODER_NULL, "decoder.null") \
	X(DECODER_SLL, "decoder.sll") \
	X(DECODER_SLL2, "decoder.sll2") \
	X(DECODER_TCP, "decoder.tcp") \
	X(DECODER_UDP, "decoder.udp") \
	X(DECODER_SCTP, "decoder.sctp") \
	X(DECODER_ESP, "decoder.esp") \
	X(DECODER_ICMPV4, "decoder.icmpv4") \
	X(DECODER_ICMPV6, "decoder.icmpv6") \
	X(DECODER_PPP, "decoder.ppp") \
	X(DECODER_PPPOE, "decoder.pppoe") \
	X(DECODER_GENEVE, "decoder.geneve") \
	X(DECODER_GRE, "decoder.gre") \
	X(DECODER_VLAN, "decoder.vlan") \
	X(DECODER_VLAN_QINQ, "decoder.vlan_qinq") \
	X(DECODER_VLAN_QINQINQ, "decoder.vlan_qinqinq") \
	X(DECODER_VXLAN, "decoder.vxlan") \
	X(DECODER_VNTAG, "decoder.vntag") \
	X(DECODER_IEEE8021AH, "decoder.ieee8021ah") \
	X(DECODER_TEREDO, "decoder.teredo") \
	X(DECODER_IPV4_IN_IPV4, "decoder.ipv4_in_ipv4") \
	X(DECODER_IPV6_IN_IPV4, "decoder.ipv6_in_ipv4") \
	X(DECODER_IPV4_IN_IPV6, "decoder.ipv4_in_ipv6") \
	X(DECODER_IPV6_IN_IPV6, "decoder.ipv6_in_ipv6") \
	X(DECODER_MPLS, "decoder.mpls") \
	X(DECODER_MAX_PKT_SIZE, "decoder.max_pkt_size") /* greatest, not a sum */ \
	X(DECODER_ERSPAN, "decoder.erspan") \
	X(DECODER_NSH, "decoder.nsh") \
	X(DECODER_TOO_MANY_LAYERS, "decoder.too_many_layers") \
	X(TCP_SYN, "tcp.syn") \
	X(TCP_SYNACK, "tcp.synack") \
	X(TCP_RST, "tcp.rst") \
	X(TCP_URG, "tcp.urg") \
	X(TCP_ACTIVE_SESSIONS, "tcp.active_sessions") \
	X(TCP_SESSIONS, "tcp.sessions") \
	X(TCP_SSN_MEMCAP_DROP, "tcp.ssn_memcap_drop") \
	X(TCP_INVALID_CHECKSUM, "tcp.invalid_checksum") \
	X(TCP_MIDSTREAM_PICKUPS, "tcp.midstream_pickups") \
	X(TCP_ACK_UNSEEN_DATA, "tcp.ack_unseen_data") \
	X(TCP_SEGMENT_MEMCAP_DROP, "tcp.segment_memcap_drop") \
	X(TCP_STREAM_DEPTH_REACHED, "tcp.stream_depth_reached") \
	X(TCP_REASSEMBLY_GAP, "tcp.reassembly_gap") \
	X(TCP_OVERLAP, "tcp.overlap") \
	X(TCP_OVERLAP_DIFF_DATA, "tcp.overlap_diff_data") \
	X(TCP_URGENT_OOB_DATA, "tcp.urgent_oob_data") \
	X(TCP_MEMUSE, "tcp.memuse") /* this and its like: of the whole, by who reads the sum */ \
	X(TCP_REASSEMBLY_MEMUSE, "tcp.reassembly_memuse") \
	X(FLOW_TOTAL, "flow.total") \
	X(FLOW_ACTIVE, "flow.active") \
	X(FLOW_TCP, "flow.tcp") \
	X(FLOW_UDP, "flow.udp") \
	X(FLOW_ICMPV4, "flow.icmpv4") \
	X(FLOW_ICMPV6, "flow.icmpv6") \
	X(FLOW_TCP_REUSE, "flow.tcp_reuse") \
	X(FLOW_EMERG_MODE_ENTERED, "flow.emerg_mode_entered") \
	X(FLOW_EMERG_MODE_OVER, "flow.emerg_mode_over") \
	X(FLOW_MEMUSE, "flow.memuse") \
	X(FLOW_END_STATE_NEW, "flow.end.state.new") \
	X(FLOW_END_STATE_ESTABLISHED, "flow.end.state.established") \
	X(FLOW_END_STATE_CLOSED, "flow.end.state.closed") \
	X(FLOW_END_TCP_NONE, "flow.end.tcp_state.none") \
	X(FLOW_END_TCP_SYN_SENT, "flow.end.tcp_state.syn_sent") \
	X(FLOW_END_TCP_SYN_RECV, "flow.end.tcp_state.syn_recv") \
	X(FLOW_END_TCP_ESTABLISHED, "flow.end.tcp_state.established") \
	X(FLOW_END_TCP_FIN_WAIT1, "flow.end.tcp_state.fin_wait1") \
	X(FLOW_END_TCP_FIN_WAIT2, "flow.end.tcp_state.fin_wait2") \
	X(FLOW_END_TCP_TIME_WAIT, "flow.end.tcp_state.time_wait") \
	X(FLOW_END_TCP_LAST_ACK, "flow.end.tcp_state.last_ack") \
	X(FLOW_END_TCP_CLOSE_WAIT, "flow.end.tcp_state.close_wait") \
	X(FLOW_END_TCP_CLOSING, "flow.end.tcp_state.closing") \
	X(FLOW_END_TCP_CLOSED, "flow.end.tcp_state.closed") \
	X(FLOW_BYPASSED_LOCAL_PKTS, "flow_bypassed.local_pkts") \
	X(FLOW_BYPASSED_LOCAL_BYTES, "flow_bypassed.local_bytes") \
	X(FLOW_BYPASSED_LOCAL_CAPTURE_PKTS, "flow_bypassed.local_capture_pkts") \
	X(FLOW_BYPASSED_LOCAL_CAPTURE_BYTES, "flow_bypassed.local_capture_bytes") \
	X(FLOW_BYPASSED_CLOSED, "flow_bypassed.closed") \
	X(FLOW_BYPASSED_PKTS, "flow_bypassed.pkts") \
	X(FLOW_BYPASSED_BYTES, "flow_bypassed.bytes") \
	X(DEFRAG_IPV4_FRAGMENTS, "defrag.ipv4.fragments") \
	X(DEFRAG_IPV4_REASSEMBLED, "defrag.ipv4.reassembled") \
	X(DEFRAG_IPV6_FRAGMENTS, "defrag.ipv6.fragments") \
	X(DEFRAG_IPV6_REASSEMBLED, "defrag.ipv6.reassembled") \
	X(DEFRAG_MAX_TRACKERS_REACHED, "defrag.max_trackers_reached") \
	X(DEFRAG_MAX_FRAGS_REACHED, "defrag.max_frags_reached") \
	X(DEFRAG_MEMUSE, "defrag.memuse") \
	X(DETECT_ALERT, "detect.alert") \
	X(DETECT_ALERT_QUEUE_OVERFLOW, "detect.alert_queue_overflow") \
	X(DETECT_ALERTS_SUPPRESSED, "detect.alerts_suppressed") \
	X(APP_FLOW_FAILED_TCP, "app_layer.flow.failed_tcp") \
	X(APP_FLOW_HTTP1, "app_layer.flow.http") \
	X(APP_FLOW_FTP, "app_layer.flow.ftp") \
	X(APP_FLOW_SMTP, "app_layer.flow.smtp") \
	X(APP_FLOW_TLS, "app_layer.flow.tls") \
	X(APP_FLOW_SSH, "app_layer.flow.ssh") \
	X(APP_FLOW_IMAP, "app_layer.flow.imap") \
	X(APP_FLOW_SMB, "app_layer.flow.smb") \
	X(APP_FLOW_DCERPC_TCP, "app_layer.flow.dcerpc_tcp") \
	X(APP_FLOW_DNS_TCP, "app_layer.flow.dns_tcp") \
	X(APP_FLOW_NFS_TCP, "app_layer.flow.nfs_tcp") \
	X(APP_FLOW_NTP, "app_layer.flow.ntp") \
	X(APP_FLOW_FTP_DATA, "app_layer.flow.ftp-data") \
	X(APP_FLOW_TFTP, "app_layer.flow.tftp") \
	X(APP_FLOW_IKE, "app_layer.flow.ike") \
	X(APP_FLOW_KRB5_TCP, "app_layer.flow.krb5_tcp") \
	X(APP_FLOW_QUIC, "app_layer.flow.quic") \
	X(APP_FLOW_DHCP, "app_layer.flow.dhcp") \
	X(APP_FLOW_SIP_TCP, "app_layer.flow.sip_tcp") \
	X(APP_FLOW_RFB, "app_layer.flow.rfb") \
	X(APP_FLOW_MQTT, "app_layer.flow.mqtt") \
	X(APP_FLOW_TELNET, "app_layer.flow.telnet") \
	X(APP_FLOW_WEBSOCKET, "app_layer.flow.websocket") \
	X(APP_FLOW_LDAP_TCP, "app_layer.flow.ldap_tcp") \
	X(APP_FLOW_DOH2, "app_layer.flow.doh2") \
	X(APP_FLOW_RDP, "app_layer.flow.rdp") \
	X(APP_FLOW_HTTP2, "app_layer.flow.http2") \
	X(APP_FLOW_BITTORRENT_DHT, "app_layer.flow.bittorrent-dht") \
	X(APP_FLOW_POP3, "app_layer.flow.pop3") \
	X(APP_FLOW_MDNS, "app_layer.flow.mdns") \
	X(APP_FLOW_SNMP, "app_layer.flow.snmp") \
	X(APP_FLOW_FAILED_UDP, "app_layer.flow.failed_udp") \
	X(APP_FLOW_DCERPC_UDP, "app_layer.flow.dcerpc_udp") \
	X(APP_FLOW_DNS_UDP, "app_layer.flow.dns_udp") \
	X(APP_FLOW_NFS_UDP, "app_layer.flow.nfs_udp") \
	X(APP_FLOW_KRB5_UDP, "app_layer.flow.krb5_udp") \
	X(APP_FLOW_SIP_UDP, "app_layer.flow.sip_udp") \
	X(APP_FLOW_LDAP_UDP, "app_layer.flow.ldap_udp") \
	X(APP_GAP_HTTP1, "app_layer.error.http.gap") \
	X(APP_ALLOC_HTTP1, "app_layer.error.http.alloc") \
	X(APP_PARSER_HTTP1, "app_layer.error.http.parser") \
	X(APP_GAP_FTP, "app_layer.error.ftp.gap") \
	X(APP_ALLOC_FTP, "app_layer.error.ftp.alloc") \
	X(APP_PARSER_FTP, "app_layer.error.ftp.parser") \
	X(APP_GAP_SMTP, "app_layer.error.smtp.gap") \
	X(APP_ALLOC_SMTP, "app_layer.error.smtp.alloc") \
	X(APP_PARSER_SMTP, "app_layer.error.smtp.parser") \
	X(APP_GAP_TLS, "app_layer.error.tls.gap") \
	X(APP_ALLOC_TLS, "app_layer.error.tls.alloc") \
	X(APP_PARSER_TLS, "app_layer.error.tls.parser") \
	X(APP_GAP_SSH, "app_layer.error.ssh.gap") \
	X(APP_ALLOC_SSH, "app_layer.error.ssh.alloc") \
	X(APP_PARSER_SSH, "app_layer.error.ssh.parser") \
	X(APP_GAP_DNS_TCP, "app_layer.error.dns_tcp.gap") \
	X(APP_ALLOC_DNS_TCP, "app_layer.error.dns_tcp.alloc") \
	X(APP_PARSER_DNS_TCP, "app_layer.error.dns_tcp.parser") \
	X(APP_GAP_FTP_DATA, "app_layer.error.ftp-data.gap") \
	X(APP_ALLOC_FTP_DATA, "app_layer.error.ftp-data.alloc") \
	X(APP_PARSER_FTP_DATA, "app_layer.error.ftp-data.parser") \
	X(APP_ALLOC_DNS_UDP, "app_layer.error.dns_udp.alloc") \
	X(APP_PARSER_DNS_UDP, "app_layer.error.dns_udp.parser") \
	X(APP_ALLOC_MDNS, "app_layer.error.mdns.alloc") \
	X(APP_PARSER_MDNS, "app_layer.error.mdns.parser") \
	X(APP_TX_HTTP1, "app_layer.tx.http") \
	X(APP_TX_FTP, "app_layer.tx.ftp") \
	X(APP_TX_SMTP, "app_layer.tx.smtp") \
	X(APP_TX_TLS, "app_layer.tx.tls") \
	X(APP_TX_SSH, "app_layer.tx.ssh") \
	X(APP_TX_DNS_TCP, "app_layer.tx.dns_tcp") \
	X(APP_TX_FTP_DATA, "app_layer.tx.ftp-data") \
	X(APP_TX_DNS_UDP, "app_layer.tx.dns_udp") \
	X(APP_TX_MDNS, "app_layer.tx.mdns") \
	X(FILE_STORE_ERRORS, "file_store.fs_errors") \
	X(IPS_ACCEPTED, "ips.accepted") \
	X(IPS_BLOCKED, "ips.blocked") \
	X(IPS_REJECTED, "ips.rejected") \
	X(IPS_REPLACED, "ips.replaced") \
	X(IPS_DROP_RULES, "ips.drop_reason.rules") \
	X(IPS_DROP_FLOW, "ips.drop_reason.flow_drop") \
	X(IPS_DROP_DEFRAG_MEMCAP, "ips.drop_reason.defrag_memcap") \
	X(IPS_DROP_FLOW_MEMCAP, "ips.drop_reason.flow_memcap") \
	X(IPS_DROP_APP_ERROR, "ips.drop_reason.applayer_error") \
	X(IPS_DROP_STREAM_MEMCAP, "ips.drop_reason.stream_memcap") \
	X(IPS_DROP_STREAM_MIDSTREAM, "ips.drop_reason.stream_midstream") \
	X(IPS_DROP_STREAM_REASSEMBLY, "ips.drop_reason.stream_reassembly") \
	X(IPS_DROP_STREAM_URGENT, "ips.drop_reason.stream_urgent") \
	X(IPS_DROP_EXCEPTION_FLOW, "ips.drop_reason.exception_policy_flow_drop") \
	X(EXCEPTION_FLOW_PASS_PACKET, "exception_policy.flow.memcap.pass_packet") \
	X(EXCEPTION_FLOW_BYPASS, "exception_policy.flow.memcap.bypass") \
	X(EXCEPTION_FLOW_DROP_PACKET, "exception_policy.flow.memcap.drop_packet") \
	X(EXCEPTION_FLOW_REJECT, "exception_policy.flow.memcap.reject") \
	X(EXCEPTION_FLOW_REJECT_BOTH, "exception_policy.flow.memcap.reject_both") \
	X(EXCEPTION_DEFRAG_PASS_PACKET, "exception_policy.defrag.memcap.pass_packet") \
	X(EXCEPTION_DEFRAG_BYPASS, "exception_policy.defrag.memcap.bypass") \
	X(EXCEPTION_DEFRAG_DROP_PACKET, "exception_policy.defrag.memcap.drop_packet") \
	X(EXCEPTION_DEFRAG_REJECT, "exception_policy.defrag.memcap.reject") \
	X(EXCEPTION_DEFRAG_REJECT_BOTH, "exception_policy.defrag.memcap.reject_both") \
	X(EXCEPTION_SESSION_PASS_PACKET, "exception_policy.tcp.ssn_memcap.pass_packet") \
	X(EXCEPTION_SESSION_PASS_FLOW, "exception_policy.tcp.ssn_memcap.pass_flow") \
	X(EXCEPTION_SESSION_BYPASS, "exception_policy.tcp.ssn_memcap.bypass") \
	X(EXCEPTION_SESSION_DROP_PACKET, "exception_policy.tcp.ssn_memcap.drop_packet") \
	X(EXCEPTION_SESSION_DROP_FLOW, "exception_policy.tcp.ssn_memcap.drop_flow") \
	X(EXCEPTION_SESSION_REJECT, "exception_policy.tcp.ssn_memcap.reject") \
	X(EXCEPTION_SESSION_REJECT_BOTH, "exception_policy.tcp.ssn_memcap.reject_both") \
	X(EXCEPTION_MIDSTREAM_PASS_FLOW, "exception_policy.tcp.midstream.pass_flow") \
	X(EXCEPTION_MIDSTREAM_BYPASS, "exception_policy.tcp.midstream.bypass") \
	X(EXCEPTION_MIDSTREAM_DROP_FLOW, "exception_policy.tcp.midstream.drop_flow") \
	X(EXCEPTION_MIDSTREAM_REJECT, "exception_policy.tcp.midstream.reject") \
	X(EXCEPTION_MIDSTREAM_REJECT_BOTH, "exception_policy.tcp.midstream.reject_both") \
	X(EXCEPTION_REASSEMBLY_PASS_PACKET, "exception_policy.tcp.reassembly.pass_packet") \
	X(EXCEPTION_REASSEMBLY_PASS_FLOW, "exception_policy.tcp.reassembly.pass_flow") \
	X(EXCEPTION_REASSEMBLY_BYPASS, "exception_policy.tcp.reassembly.bypass") \
	X(EXCEPTION_REASSEMBLY_DROP_PACKET, "exception_policy.tcp.reassembly.drop_packet") \
	X(EXCEPTION_REASSEMBLY_DROP_FLOW, "exception_policy.tcp.reassembly.drop_flow") \
	X(EXCEPTION_REASSEMBLY_REJECT, "exception_policy.tcp.reassembly.reject") \
	X(EXCEPTION_REASSEMBLY_REJECT_BOTH, "exception_policy.tcp.reassembly.reject_both") \
	X(EXCEPTION_APP_ERROR_PASS_PACKET, "exception_policy.app_layer.error.pass_packet") \
	X(EXCEPTION_APP_ERROR_PASS_FLOW, "exception_policy.app_layer.error.pass_flow") \
	X(EXCEPTION_APP_ERROR_BYPASS, "exception_policy.app_layer.error.bypass") \
	X(EXCEPTION_APP_ERROR_DROP_PACKET, "exception_policy.app_layer.error.drop_packet") \
	X(EXCEPTION_APP_ERROR_DROP_FLOW, "exception_policy.app_layer.error.drop_flow") \
	X(EXCEPTION_APP_ERROR_REJECT, "exception_policy.app_layer.error.reject") \
	X(EXCEPTION_APP_ERROR_REJECT_BOTH, "exception_policy.app_layer.error.reject_both") \
	X(LIMITS_REACHED, "weir.limits_reached") \
	X(OVERLAP_UNKNOWN, "weir.overlap_not_comparable") \
	X(WEIR_DECODER_GTPU, "weir.decoder.gtpu") \
	X(RELEASE_FLOWS, "weir.release.flows") \
	X(RELEASE_ELEPHANTS, "weir.release.elephants") \
	X(RELEASE_PACKETS, "weir.release.packets") \
	X(RELEASE_BYTES, "weir.release.bytes") \
	X(RELEASE_KEPT_PACKETS, "weir.release.kept_packets") \
	X(RELEASE_KEPT_BYTES, "weir.release.kept_bytes") \
	X(RELEASE_COST_ALERTS, "weir.release.cost_alerts") \
	X(SHADOW_PACKETS, "weir.shadow.packets") \
	X(SHADOW_WRONG, "weir.shadow.wrong") \
	X(MEMORY_LIMIT, "weir.memory.limit") \
	X(MEMORY_RESIDENT, "weir.memory.resident") \
	X(MEMORY_PROGRAM, "weir.memory.program") \
	X(MEMORY_RULES, "weir.memory.rules") \
	X(MEMORY_CAPTURES, "weir.memory.captures") \
	X(MEMORY_OUTPUTS, "weir.memory.outputs") \
	X(MEMORY_WORKERS, "weir.memory.workers") \
	X(MEMORY_RINGS, "weir.memory.rings") \
	X(MEMORY_RELEASED, "weir.memory.released") \
	COUNTER_MEMORY(X, FLOWS, "flows") \
	COUNTER_MEMORY(X, SESSIONS, "sessions") \
	COUNTER_MEMORY(X, STREAMS, "streams") \
	COUNTER_MEMORY(X, FRAGMENTS, "fragments") \
	COUNTER_MEMORY(X, APP, "app") \
	COUNTER_MEMORY(X, DETECT, "detect") \
	COUNTER_MEMORY(X, THRESHOLDS, "thresholds") \
	COUNTER_MEMORY(X, WATCH, "watch")

enum counter {
#define COUNTER_ENUM(id, name) COUNTER_##id,
	COUNTER_LIST(COUNTER_ENUM)
#undef COUNTER_ENUM
		COUNTER__COUNT
};

/* The dotted name, as in the list. */
const char *counter_name(enum counter c);

struct counters {
	uint64_t value[COUNTER__COUNT];
	uint64_t event[EVENT__COUNT];
};

/* sum += one worker's; greatest where the counter is a maximum. */
void counters_add(struct counters *sum, const struct counters *one);

#endif
