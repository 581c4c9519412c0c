/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eve_fields.h - the table of every field that Weir's EVE records have.
 *
 * A writer names a field by its enum, so no field can be written that the table lacks; the
 * schema (eve_schema.c) and the tables of docs/eve.md are made from the same rows.
 * Counters are not here: engine/base/counter.h lists them, eve_fields.c describes them.
 *
 * Memory: constant.
 * Thread: any number at once.
 */
#ifndef WEIR_OUTPUT_EVE_FIELDS_H
#define WEIR_OUTPUT_EVE_FIELDS_H

#include <stdbool.h>

#include "engine/base/app_event.h"
#include "engine/base/counter.h"

enum eve_type {
	EVE_COUNT, /* an integer, 0 or more */
	EVE_ID, /* an integer below 2^53: exact in every JSON reader */
	EVE_PORT, /* 0 to 65535 */
	EVE_BYTE, /* 0 to 255 */
	EVE_FLAG,
	EVE_STRING,
	EVE_TIME, /* 31 characters */
	EVE_ADDRESS, /* IPv4, or IPv6 with every group in full */
	EVE_MAC,
	EVE_HEX, /* two digits */
	EVE_BASE64,
	EVE_STRINGS,
	EVE_VLANS,
	EVE_COUNTS, /* an array of integers, 0 or more */
	EVE_KEYED_STRINGS, /* an object: any key, an array of strings */
	EVE_NAMED_STRINGS, /* an array of objects: any key, a string */
	EVE_ANY_OBJECT, /* an object whose members others decide */
	EVE_OBJECT,
	EVE_OBJECTS, /* an array of objects */
};

/* Letters of the records of transactions, files, frames and TCP packets. */
#define EVE_TXS "quhlmkpxibv"

/* The terms of a ledger, in an object of their own: of all interfaces, and of each. */
#define EVE_LEDGER_LIST(X, ID, object) \
	X(ID##_ENTERED, object, "entered", EVE_COUNT, "s", 1, NULL, \
	  "Packets that entered the kernel's program") \
	X(ID##_INSPECTED, object, "inspected", EVE_COUNT, "s", 1, NULL, "Seen by the engine") \
	X(ID##_RELEASED, object, "released", EVE_COUNT, "s", 1, NULL, \
	  "Kept in the kernel: of released flows") \
	X(ID##_UNWANTED, object, "unwanted", EVE_COUNT, "s", 1, NULL, \
	  "Kept in the kernel: no rule and no record asks for them") \
	X(ID##_BLOCKED, object, "blocked", EVE_COUNT, "s", 1, NULL, "Dropped, as asked for") \
	X(ID##_LOST, object, "lost", EVE_OBJECT, "s", 1, NULL, "Lost on the way up, by cause") \
	X(ID##_RING_FULL, object ".lost", "ring_full", EVE_COUNT, "s", 1, NULL, \
	  "The engine was too slow") \
	X(ID##_NO_FILL, object ".lost", "no_fill", EVE_COUNT, "s", 1, NULL, \
	  "There was no free frame") \
	X(ID##_TOO_LARGE, object ".lost", "too_large", EVE_COUNT, "s", 1, NULL, \
	  "Longer than a frame") \
	X(ID##_REDIRECT, object ".lost", "redirect", EVE_COUNT, "s", 1, NULL, \
	  "The kernel could not hand it over") \
	X(ID##_WORKER, object ".lost", "worker", EVE_COUNT, "s", 1, NULL, \
	  "Its worker gave no sign of life, or died with it") \
	X(ID##_IN_FLIGHT, object, "in_flight", EVE_COUNT, "s", 1, NULL, \
	  "Between the program and the engine") \
	X(ID##_UNSURE, object, "unsure", EVE_COUNT, "s", 1, NULL, \
	  "Went up because the program could not read them to their end") \
	X(ID##_NIC_LOST, object, "nic_lost", EVE_COUNT, "s", 1, NULL, \
	  "Lost by the network card before; no part of the sum") \
	X(ID##_HOLDS, object, "holds", EVE_FLAG, "s", 1, NULL, "The sum holds")

/* What every report of engine/watch begins with. */
#define EVE_WATCH_BEGIN(X, ID, object, name, meaning) \
	X(WEIR_##ID, "weir", name, EVE_OBJECT, "n", 0, NULL, meaning) \
	X(WEIR_##ID##_KIND, object, "kind", EVE_STRING, "n", 1, NULL, "Which one: docs/watch.md") \
	X(WEIR_##ID##_COUNT, object, "count", EVE_COUNT, "n", 1, NULL, "What was counted") \
	X(WEIR_##ID##_SINCE, object, "since", EVE_TIME, "n", 1, NULL, "The first of it") \
	X(WEIR_##ID##_SUPPRESSED, object, "suppressed", EVE_COUNT, "n", 0, NULL, \
	  "Reports of the same that were held back since the last one")

/* Headers of IP and TCP, in one order wherever they stand: eve_ip_header(), eve_tcp_header(). */
#define EVE_HEADERS(X, id, object, records) \
	X(id##_LEN, object, "len", EVE_PORT, records, 0, NULL, \
	  "IPv4: total length; IPv6: payload length") \
	X(id##_TOS, object, "tos", EVE_BYTE, records, 0, NULL, "IPv4: type of service") \
	X(id##_TTL, object, "ttl", EVE_BYTE, records, 0, NULL, "IPv4: time to live") \
	X(id##_IPID, object, "ipid", EVE_PORT, records, 0, NULL, "IPv4: identification") \
	X(id##_TC, object, "tc", EVE_BYTE, records, 0, NULL, "IPv6: traffic class") \
	X(id##_HOPLIMIT, object, "hoplimit", EVE_BYTE, records, 0, NULL, "IPv6: hop limit") \
	X(id##_FLOWLBL, object, "flowlbl", EVE_COUNT, records, 0, NULL, "IPv6: flow label") \
	X(id##_TCPSEQ, object, "tcpseq", EVE_COUNT, records, 0, NULL, "TCP: sequence number") \
	X(id##_TCPACK, object, "tcpack", EVE_COUNT, records, 0, NULL, \
	  "TCP: acknowledgement number") \
	X(id##_TCPWIN, object, "tcpwin", EVE_PORT, records, 0, NULL, "TCP: window, unscaled") \
	X(id##_SYN, object, "syn", EVE_FLAG, records, 0, NULL, "TCP: SYN") \
	X(id##_ACK, object, "ack", EVE_FLAG, records, 0, NULL, "TCP: ACK") \
	X(id##_PSH, object, "psh", EVE_FLAG, records, 0, NULL, "TCP: PSH") \
	X(id##_RST, object, "rst", EVE_FLAG, records, 0, NULL, "TCP: RST") \
	X(id##_URG, object, "urg", EVE_FLAG, records, 0, NULL, "TCP: URG") \
	X(id##_FIN, object, "fin", EVE_FLAG, records, 0, NULL, "TCP: FIN") \
	X(id##_TCPRES, object, "tcpres", EVE_BYTE, records, 0, NULL, "TCP: reserved bits") \
	X(id##_TCPURGP, object, "tcpurgp", EVE_PORT, records, 0, NULL, "TCP: urgent pointer")
/* A side of a TCP session. */
#define EVE_SIDE(X, id, object) \
	X(id##_ISN, object, "isn", EVE_COUNT, "v", 1, NULL, "First sequence number") \
	X(id##_NEXT_SEQ, object, "next_seq", EVE_COUNT, "v", 1, NULL, \
	  "Number behind the last byte in order") \
	X(id##_LAST_ACK, object, "last_ack", EVE_COUNT, "v", 1, NULL, \
	  "Highest acknowledgement of its bytes") \
	X(id##_NEXT_WIN, object, "next_win", EVE_COUNT, "v", 1, NULL, \
	  "Number up to which it may send") \
	X(id##_BASE_SEQ, object, "base_seq", EVE_COUNT, "v", 0, NULL, \
	  "Of the first byte that is held; absent where none is any more") \
	X(id##_RIGHT_EDGE, object, "segs_right_edge", EVE_COUNT, "v", 0, NULL, \
	  "Behind the highest byte that is known of, 0 before the first") \
	X(id##_WINDOW, object, "window", EVE_COUNT, "v", 1, NULL, \
	  "Window that the other end offers it, scaled") \
	X(id##_WSCALE, object, "wscale", EVE_BYTE, "v", 1, NULL, "Scale of that window") \
	X(id##_FLAGS, object, "flags", EVE_STRINGS, "v", 0, \
	  "has_gap|noreassembly|keepalive|depth_reached|trigger_raw|timestamp|zero_timestamp|rst_recv", \
	  "What is known of it") \
	X(id##_SEG_CNT, object, "seg_cnt", EVE_COUNT, "v", 1, NULL, "Segments in flight") \
	X(id##_BUFFER, object, "sb_region_size", EVE_COUNT, "v", 1, NULL, \
	  "Size of its buffer in bytes")

/*
 * X(constant, object, name, type, records, always, choices, meaning)
 *
 * object: the object that the field stands in, "" for the record itself.
 * records: letters of those that may have it: a alert, d drop, n anomaly, r arp, f flow,
 * t netflow, s stats, q dns, u mdns, h http, l tls, m smtp, k ssh, p ftp, x ftp_data, i fileinfo,
 * b frame, v stream_tcp, e engine.  always: the object never lacks it.
 * choices: "a|b", or "@name" of a list that another folder owns (eve_fields.c), or NULL.
 */
#define EVE_DNS_SOA(X, id, object, records) \
	X(DNS_##id##_MNAME, object, "mname", EVE_STRING, records, 1, NULL, "Primary server") \
	X(DNS_##id##_RNAME, object, "rname", EVE_STRING, records, 1, NULL, "Mailbox") \
	X(DNS_##id##_SERIAL, object, "serial", EVE_COUNT, records, 1, NULL, "Version") \
	X(DNS_##id##_REFRESH, object, "refresh", EVE_COUNT, records, 1, NULL, "Seconds") \
	X(DNS_##id##_RETRY, object, "retry", EVE_COUNT, records, 1, NULL, "Seconds") \
	X(DNS_##id##_EXPIRE, object, "expire", EVE_COUNT, records, 1, NULL, "Seconds") \
	X(DNS_##id##_MINIMUM, object, "minimum", EVE_COUNT, records, 1, NULL, "Seconds")
#define EVE_DNS_SRV(X, id, object, records) \
	X(DNS_##id##_PRIORITY, object, "priority", EVE_COUNT, records, 1, NULL, "Priority") \
	X(DNS_##id##_WEIGHT, object, "weight", EVE_COUNT, records, 1, NULL, "Weight") \
	X(DNS_##id##_PORT, object, "port", EVE_PORT, records, 1, NULL, "Port") \
	X(DNS_##id##_NAME, object, "name", EVE_STRING, records, 1, NULL, "Host")
#define EVE_DNS_SSHFP(X, id, object, records) \
	X(DNS_##id##_FINGERPRINT, object, "fingerprint", EVE_STRING, records, 1, NULL, \
	  "Fingerprint, bytes in hexadecimal with colons") \
	X(DNS_##id##_ALGO, object, "algo", EVE_BYTE, records, 1, NULL, "Algorithm of the key") \
	X(DNS_##id##_TYPE, object, "type", EVE_BYTE, records, 1, NULL, "Algorithm of the digest")
/* A section of resource records. */
#define EVE_DNS_RECORDS(X, id, name, meaning) \
	X(DNS_##id, "dns", name, EVE_OBJECTS, "qa", 0, NULL, meaning) \
	X(DNS_##id##_RRNAME, "dns." name, "rrname", EVE_STRING, "qa", 1, NULL, "Name") \
	X(DNS_##id##_CUT, "dns." name, "rrname_truncated", EVE_FLAG, "qa", 0, NULL, \
	  "The name was longer") \
	X(DNS_##id##_RRTYPE, "dns." name, "rrtype", EVE_STRING, "qa", 1, NULL, "Type") \
	X(DNS_##id##_TTL, "dns." name, "ttl", EVE_COUNT, "qa", 1, NULL, "Seconds it may be kept") \
	X(DNS_##id##_RDATA, "dns." name, "rdata", EVE_STRING, "qa", 0, NULL, \
	  "Address, name, text or bytes") \
	X(DNS_##id##_SOA, "dns." name, "soa", EVE_OBJECT, "qa", 0, NULL, "Zone") \
	EVE_DNS_SOA(X, id##_SOA, "dns." name ".soa", "qa") \
	X(DNS_##id##_SRV, "dns." name, "srv", EVE_OBJECT, "qa", 0, NULL, "Service") \
	EVE_DNS_SRV(X, id##_SRV, "dns." name ".srv", "qa") \
	X(DNS_##id##_SSHFP, "dns." name, "sshfp", EVE_OBJECT, "qa", 0, NULL, "SSH key") \
	EVE_DNS_SSHFP(X, id##_SSHFP, "dns." name ".sshfp", "qa") \
	X(DNS_##id##_OPT, "dns." name, "opt", EVE_OBJECTS, "qa", 0, NULL, "EDNS options") \
	X(DNS_##id##_OPT_CODE, "dns." name ".opt", "code", EVE_PORT, "qa", 1, NULL, "Code") \
	X(DNS_##id##_OPT_DATA, "dns." name ".opt", "data", EVE_STRING, "qa", 1, NULL, \
	  "Value in hexadecimal")

/* A section of an mDNS message, as Suricata 8's schema has it. */
#define EVE_MDNS_RECORDS(X, id, name, meaning) \
	X(MDNS_##id, "mdns", name, EVE_OBJECTS, "ua", 0, NULL, meaning) \
	X(MDNS_##id##_RRNAME, "mdns." name, "rrname", EVE_STRING, "ua", 1, NULL, "Name") \
	X(MDNS_##id##_CUT, "mdns." name, "rrname_truncated", EVE_FLAG, "ua", 0, NULL, \
	  "The name was longer")
#define EVE_MDNS_DATA(X, id, name) \
	X(MDNS_##id##_PTR, "mdns." name, "ptr", EVE_STRING, "ua", 0, NULL, \
	  "Name that a PTR record holds") \
	X(MDNS_##id##_TXT, "mdns." name, "txt", EVE_STRINGS, "ua", 0, NULL, \
	  "Texts that a TXT record holds")

#define EVE_TLS_CERTIFICATE(X, id, object, whose) \
	X(id##_SUBJECT, object, "subject", EVE_STRING, "la", 0, NULL, \
	  "Subject of the " whose "'s certificate") \
	X(id##_ISSUERDN, object, "issuerdn", EVE_STRING, "la", 0, NULL, "Its issuer") \
	X(id##_SUBJECTALTNAME, object, "subjectaltname", EVE_STRINGS, "la", 0, NULL, \
	  "Other names of its subject") \
	X(id##_SERIAL, object, "serial", EVE_STRING, "la", 0, NULL, "Its serial number") \
	X(id##_FINGERPRINT, object, "fingerprint", EVE_STRING, "la", 0, NULL, "Its SHA-1") \
	X(id##_NOTBEFORE, object, "notbefore", EVE_STRING, "la", 0, NULL, "Valid from, UTC") \
	X(id##_NOTAFTER, object, "notafter", EVE_STRING, "la", 0, NULL, "Valid until, UTC") \
	X(id##_CERTIFICATE, object, "certificate", EVE_BASE64, "l", 0, NULL, \
	  "The certificate (option custom)") \
	X(id##_CHAIN, object, "chain", EVE_STRINGS, "l", 0, NULL, \
	  "All certificates in base64 (option custom)")

#define EVE_SSH_SIDE(X, id, name) \
	X(SSH_##id, "ssh", name, EVE_OBJECT, "ka", 0, NULL, "What the " name " says of itself") \
	X(SSH_##id##_PROTO_VERSION, "ssh." name, "proto_version", EVE_STRING, "ka", 1, NULL, \
	  "Protocol version") \
	X(SSH_##id##_SOFTWARE_VERSION, "ssh." name, "software_version", EVE_STRING, "ka", 0, NULL, \
	  "Software and its version") \
	X(SSH_##id##_HASSH, "ssh." name, "hassh", EVE_OBJECT, "ka", 0, NULL, \
	  "hassh of its algorithms") \
	X(SSH_##id##_HASSH_HASH, "ssh." name ".hassh", "hash", EVE_STRING, "ka", 1, NULL, \
	  "MD5 of the string") \
	X(SSH_##id##_HASSH_STRING, "ssh." name ".hassh", "string", EVE_STRING, "ka", 1, NULL, \
	  "What it is made of")

#define EVE_FILE_FIELDS(X, id, name, records, type, meaning) \
	X(id, "", name, type, records, 0, NULL, meaning) \
	X(id##_FILENAME, name, "filename", EVE_STRING, records, 0, NULL, "Name") \
	X(id##_MAGIC, name, "magic", EVE_STRING, records, 0, NULL, "Kind, by libmagic") \
	X(id##_SID, name, "sid", EVE_COUNTS, records, 0, NULL, \
	  "Rules that asked for it to be stored") \
	X(id##_GAPS, name, "gaps", EVE_FLAG, records, 1, NULL, "Bytes are missing") \
	X(id##_STATE, name, "state", EVE_STRING, records, 1, "CLOSED|TRUNCATED|ERROR|UNKNOWN", \
	  "CLOSED: it came whole") \
	X(id##_MD5, name, "md5", EVE_STRING, records, 0, NULL, "MD5") \
	X(id##_SHA1, name, "sha1", EVE_STRING, records, 0, NULL, "SHA-1") \
	X(id##_SHA256, name, "sha256", EVE_STRING, records, 0, NULL, "SHA-256") \
	X(id##_STORED, name, "stored", EVE_FLAG, records, 1, NULL, "It was stored on disk") \
	X(id##_STORING, name, "storing", EVE_FLAG, records, 0, NULL, \
	  "It is to be stored when it has ended") \
	X(id##_FILE_ID, name, "file_id", EVE_COUNT, records, 0, NULL, \
	  "Number of the stored file in this run") \
	X(id##_SIZE, name, "size", EVE_COUNT, records, 1, NULL, "Bytes seen") \
	X(id##_START, name, "start", EVE_COUNT, records, 0, NULL, "First byte of a range") \
	X(id##_END, name, "end", EVE_COUNT, records, 0, NULL, "Last byte of a range") \
	X(id##_TX_ID, name, "tx_id", EVE_COUNT, records, 1, NULL, "Its transaction")

#define EVE_FIELD_LIST(X) \
	X(TIMESTAMP, "", "timestamp", EVE_TIME, "agdnrftse" EVE_TXS, 1, NULL, \
	  "When it happened: of the packet; of flow records, the clock of the capture when the record was made") \
	X(FLOW_ID, "", "flow_id", EVE_ID, "agdnft" EVE_TXS, 0, NULL, \
	  "The flow, the same number in all records of it") \
	X(PARENT_ID, "", "parent_id", EVE_ID, "agdnft" EVE_TXS, 0, NULL, \
	  "The flow that announced this one: a data connection's control connection") \
	X(IN_IFACE, "", "in_iface", EVE_STRING, "agdnrft" EVE_TXS, 0, NULL, \
	  "Interface that was listened on; not with capture files") \
	X(PCAP_CNT, "", "pcap_cnt", EVE_COUNT, "agdnr" EVE_TXS, 0, NULL, \
	  "Number of the packet in this run, from 1; not for packets found inside another, nor on interfaces") \
	X(EVENT_TYPE, "", "event_type", EVE_STRING, "agdnrftse" EVE_TXS, 1, NULL, \
	  "Kind of the record") \
	X(VLAN, "", "vlan", EVE_VLANS, "agdnrft" EVE_TXS, 0, NULL, \
	  "VLAN tags, the outermost first") \
	X(SRC_IP, "", "src_ip", EVE_ADDRESS, "agdnft" EVE_TXS, 0, NULL, \
	  "Sender of the packet; in flow records the client") \
	X(SRC_PORT, "", "src_port", EVE_PORT, "agdnft" EVE_TXS, 0, NULL, \
	  "Its port: TCP, UDP and SCTP") \
	X(DEST_IP, "", "dest_ip", EVE_ADDRESS, "agdnft" EVE_TXS, 0, NULL, \
	  "Receiver of the packet; in flow records the server") \
	X(DEST_PORT, "", "dest_port", EVE_PORT, "agdnft" EVE_TXS, 0, NULL, \
	  "Its port: TCP, UDP and SCTP") \
	X(PROTO, "", "proto", EVE_STRING, "agdnft" EVE_TXS, 0, NULL, \
	  "Protocol above IP: TCP, UDP, ICMP, IPv6-ICMP, SCTP, GRE ...; three digits where it has no name") \
	X(IP_V, "", "ip_v", EVE_BYTE, "agdnf" EVE_TXS, 0, "4|6", "IP version") \
	X(ICMP_TYPE, "", "icmp_type", EVE_BYTE, "agdnft" EVE_TXS, 0, NULL, "ICMP type") \
	X(ICMP_CODE, "", "icmp_code", EVE_BYTE, "agdnft" EVE_TXS, 0, NULL, "ICMP code") \
	X(RESPONSE_ICMP_TYPE, "", "response_icmp_type", EVE_BYTE, "f", 0, NULL, \
	  "ICMP type of the answers, where there were any") \
	X(RESPONSE_ICMP_CODE, "", "response_icmp_code", EVE_BYTE, "f", 0, NULL, \
	  "ICMP code of the answers") \
	X(SPI, "", "spi", EVE_COUNT, "ft", 0, NULL, "ESP: security parameters index") \
	X(APP_PROTO, "", "app_proto", EVE_STRING, "adftib", 0, "@app_proto", \
	  "Application protocol of the flow; failed: none that is known") \
	X(APP_PROTO_TS, "", "app_proto_ts", EVE_STRING, "adft", 0, "@app_proto", \
	  "What the client's bytes say, where it is something else") \
	X(APP_PROTO_TC, "", "app_proto_tc", EVE_STRING, "adft", 0, "@app_proto", \
	  "What the server's bytes say, where it is something else") \
	X(APP_PROTO_ORIG, "", "app_proto_orig", EVE_STRING, "adft", 0, "@app_proto", \
	  "Protocol before it changed") \
	X(APP_PROTO_EXPECTED, "", "app_proto_expected", EVE_STRING, "adft", 0, "@app_proto", \
	  "Protocol that a change should have led to") \
	X(TX_ID, "", "tx_id", EVE_COUNT, "anhm", 0, NULL, \
	  "Number of the transaction in its flow, from 0") \
	X(PKT_SRC, "", "pkt_src", EVE_STRING, "agdnr" EVE_TXS, 1, "@pkt_src", \
	  "Where the packet came from: captured, or out of a tunnel, of fragments, of a stream") \
	X(METADATA, "", "metadata", EVE_OBJECT, "agdnft" EVE_TXS, 0, NULL, \
	  "What rules have noted on the flow") \
	X(METADATA_FLOWVARS, "metadata", "flowvars", EVE_NAMED_STRINGS, "agdnft" EVE_TXS, 0, NULL, \
	  "What pcre has caught and kept with the flow") \
	X(METADATA_PKTVARS, "metadata", "pktvars", EVE_NAMED_STRINGS, "a", 0, NULL, \
	  "What pcre has caught in the packet") \
	X(METADATA_FLOWBITS, "metadata", "flowbits", EVE_STRINGS, "agdnft" EVE_TXS, 0, NULL, \
	  "Names of the flowbits that are set") \
	X(METADATA_FLOWINTS, "metadata", "flowints", EVE_ANY_OBJECT, "agdnft" EVE_TXS, 0, NULL, \
	  "The flow's numbers (flowint), by name") \
	X(TRAFFIC, "", "traffic", EVE_OBJECT, "agdnft" EVE_TXS, 0, NULL, \
	  "What the flow is, by flowbits traffic/id/... and traffic/label/...") \
	X(TRAFFIC_ID, "traffic", "id", EVE_STRINGS, "agdnft" EVE_TXS, 0, NULL, "Identities") \
	X(TRAFFIC_LABEL, "traffic", "label", EVE_STRINGS, "agdnft" EVE_TXS, 0, NULL, "Labels") \
	X(ETHER, "", "ether", EVE_OBJECT, "agdnr" EVE_TXS, 0, NULL, \
	  "Ethernet header (option ethernet)") \
	X(ETHER_TYPE, "ether", "ether_type", EVE_PORT, "agdnr" EVE_TXS, 0, NULL, \
	  "EtherType in the Ethernet header (of a tagged frame the tag's)") \
	X(ETHER_SRC, "ether", "src_mac", EVE_MAC, "agdnr" EVE_TXS, 1, NULL, "Sender") \
	X(ETHER_DEST, "ether", "dest_mac", EVE_MAC, "agdnr" EVE_TXS, 1, NULL, "Receiver") \
	X(COMMUNITY_ID, "", "community_id", EVE_STRING, "agdnft" EVE_TXS, 0, NULL, \
	  "Community ID, version 1, of the flow (option community-id)") \
	X(ALERT, "", "alert", EVE_OBJECT, "ad", 0, NULL, "The rule that matched") \
	X(ALERT_ACTION, "alert", "action", EVE_STRING, "ad", 1, "allowed|blocked", \
	  "blocked: the packet was dropped or rejected because of this rule") \
	X(ALERT_GID, "alert", "gid", EVE_COUNT, "ad", 1, NULL, \
	  "Rule group, 1 where none is given") \
	X(ALERT_SID, "alert", "signature_id", EVE_COUNT, "ad", 1, NULL, "sid of the rule") \
	X(ALERT_REV, "alert", "rev", EVE_COUNT, "ad", 1, NULL, \
	  "Revision of the rule, 0 where none is given") \
	X(ALERT_SIGNATURE, "alert", "signature", EVE_STRING, "ad", 1, NULL, "msg of the rule") \
	X(ALERT_CATEGORY, "alert", "category", EVE_STRING, "ad", 1, NULL, \
	  "Description of its classtype, or empty") \
	X(ALERT_SEVERITY, "alert", "severity", EVE_COUNT, "ad", 1, NULL, \
	  "Priority of the rule, 1 is the gravest") \
	X(ALERT_SOURCE, "alert", "source", EVE_OBJECT, "ad", 0, NULL, \
	  "The attacker, where the rule has target") \
	X(ALERT_SOURCE_IP, "alert.source", "ip", EVE_ADDRESS, "ad", 1, NULL, "Address") \
	X(ALERT_SOURCE_PORT, "alert.source", "port", EVE_PORT, "ad", 0, NULL, "Port") \
	X(ALERT_TARGET, "alert", "target", EVE_OBJECT, "ad", 0, NULL, \
	  "The attacked, where the rule has target") \
	X(ALERT_TARGET_IP, "alert.target", "ip", EVE_ADDRESS, "ad", 1, NULL, "Address") \
	X(ALERT_TARGET_PORT, "alert.target", "port", EVE_PORT, "ad", 0, NULL, "Port") \
	X(ALERT_REFERENCES, "alert", "references", EVE_STRINGS, "ad", 0, NULL, \
	  "References of the rule as addresses (option metadata.rule.reference)") \
	X(ALERT_METADATA, "alert", "metadata", EVE_KEYED_STRINGS, "ad", 0, NULL, \
	  "Metadata of the rule: each key with its values") \
	X(ALERT_RULE, "alert", "rule", EVE_STRING, "ad", 0, NULL, \
	  "The rule's text (option metadata.rule.raw)") \
	X(ALERT_CONTEXT, "alert", "context", EVE_ANY_OBJECT, "a", 0, NULL, \
	  "What a JSON set says of the value found, by context_key") \
	X(ALERT_XFF, "alert", "xff", EVE_STRING, "a", 0, NULL, \
	  "Address in the header that proxies add (option xff, mode extra-data)") \
	X(TUNNEL, "", "tunnel", EVE_OBJECT, "a", 0, NULL, \
	  "The packet as captured, where the alert is on one found inside it or made of fragments") \
	X(TUNNEL_SRC_IP, "tunnel", "src_ip", EVE_ADDRESS, "a", 0, NULL, "Sender") \
	X(TUNNEL_SRC_PORT, "tunnel", "src_port", EVE_PORT, "a", 0, NULL, \
	  "Its port, 0 where the protocol has none") \
	X(TUNNEL_DEST_IP, "tunnel", "dest_ip", EVE_ADDRESS, "a", 0, NULL, "Receiver") \
	X(TUNNEL_DEST_PORT, "tunnel", "dest_port", EVE_PORT, "a", 0, NULL, "Its port") \
	X(TUNNEL_PROTO, "tunnel", "proto", EVE_STRING, "a", 0, NULL, "Protocol above IP") \
	X(TUNNEL_DEPTH, "tunnel", "depth", EVE_COUNT, "a", 1, NULL, \
	  "Tunnels around the packet of the alert") \
	X(TUNNEL_PCAP_CNT, "tunnel", "pcap_cnt", EVE_COUNT, "a", 1, NULL, \
	  "Number of the captured packet") \
	X(TUNNEL_PKT_SRC, "tunnel", "pkt_src", EVE_STRING, "a", 1, "@pkt_src", \
	  "Where the outer packet came from") \
	X(TS_PROGRESS, "", "ts_progress", EVE_STRING, "a", 0, NULL, \
	  "How far the transaction has come, the client's side") \
	X(TC_PROGRESS, "", "tc_progress", EVE_STRING, "a", 0, NULL, "The server's side") \
	X(DIRECTION, "", "direction", EVE_STRING, "adv", 0, "to_server|to_client", \
	  "Direction of the packet in its flow") \
	X(FLOW, "", "flow", EVE_OBJECT, "af", 0, NULL, "The flow, so far or as it was") \
	X(FLOW_PKTS_TOSERVER, "flow", "pkts_toserver", EVE_COUNT, "af", 1, NULL, \
	  "Packets from the client") \
	X(FLOW_PKTS_TOCLIENT, "flow", "pkts_toclient", EVE_COUNT, "af", 1, NULL, \
	  "Packets from the server") \
	X(FLOW_BYTES_TOSERVER, "flow", "bytes_toserver", EVE_COUNT, "af", 1, NULL, \
	  "Bytes of these packets, link header included") \
	X(FLOW_BYTES_TOCLIENT, "flow", "bytes_toclient", EVE_COUNT, "af", 1, NULL, \
	  "Bytes of these packets, link header included") \
	X(FLOW_START, "flow", "start", EVE_TIME, "af", 1, NULL, "Time of the first packet") \
	X(FLOW_END, "flow", "end", EVE_TIME, "f", 1, NULL, "Time of the last packet") \
	X(FLOW_AGE, "flow", "age", EVE_COUNT, "f", 1, NULL, \
	  "Seconds between them (of the clock's seconds: 1.9 to 2.1 is one)") \
	X(FLOW_EMERGENCY, "flow", "emergency", EVE_FLAG, "f", 0, "true", \
	  "Ended by the shorter timeouts of a full table") \
	X(FLOW_STATE, "flow", "state", EVE_STRING, "f", 1, "@flow_state", "State at the end") \
	X(FLOW_BYPASS, "flow", "bypass", EVE_STRING, "f", 0, "local|capture", \
	  "Of a bypassed flow: whether the kernel kept some of it") \
	X(FLOW_REASON, "flow", "reason", EVE_STRING, "f", 1, "@flow_reason", "Why it ended") \
	X(FLOW_ALERTED, "flow", "alerted", EVE_FLAG, "f", 1, NULL, "It had an alert") \
	X(FLOW_ACTION, "flow", "action", EVE_STRING, "f", 0, "drop|pass", \
	  "What a rule or an exception's policy decided for the whole flow") \
	X(FLOW_EXCEPTIONS, "flow", "exception_policy", EVE_OBJECTS, "f", 0, NULL, \
	  "What could not be treated as it should, and by which policy it was") \
	X(FLOW_EXCEPTION_TARGET, "flow.exception_policy", "target", EVE_STRING, "f", 1, \
	  "stream_memcap|stream_reassembly_memcap|stream_midstream|app_layer_error", \
	  "What happened") \
	X(FLOW_EXCEPTION_POLICY, "flow.exception_policy", "policy", EVE_STRING, "f", 1, \
	  "ignore|pass_packet|pass_flow|bypass|drop_packet|drop_flow|reject|reject_both", \
	  "What was done") \
	X(FLOW_TX_CNT, "flow", "tx_cnt", EVE_COUNT, "f", 0, NULL, \
	  "Transactions that there were, where a protocol was parsed") \
	X(FLOW_SRC_IP, "flow", "src_ip", EVE_ADDRESS, "a", 1, NULL, "The client") \
	X(FLOW_DEST_IP, "flow", "dest_ip", EVE_ADDRESS, "a", 1, NULL, "The server") \
	X(FLOW_SRC_PORT, "flow", "src_port", EVE_PORT, "a", 0, NULL, "The client's port") \
	X(FLOW_DEST_PORT, "flow", "dest_port", EVE_PORT, "a", 0, NULL, "The server's port") \
	X(NETFLOW, "", "netflow", EVE_OBJECT, "t", 1, NULL, "One direction of the flow") \
	X(NETFLOW_PKTS, "netflow", "pkts", EVE_COUNT, "t", 1, NULL, "Packets") \
	X(NETFLOW_BYTES, "netflow", "bytes", EVE_COUNT, "t", 1, NULL, "Bytes") \
	X(NETFLOW_START, "netflow", "start", EVE_TIME, "t", 1, NULL, \
	  "Time of the flow's first packet") \
	X(NETFLOW_END, "netflow", "end", EVE_TIME, "t", 1, NULL, "Time of the flow's last packet") \
	X(NETFLOW_AGE, "netflow", "age", EVE_COUNT, "t", 1, NULL, "Seconds between them") \
	X(NETFLOW_MIN_TTL, "netflow", "min_ttl", EVE_BYTE, "t", 1, NULL, "Least TTL or hop limit") \
	X(NETFLOW_MAX_TTL, "netflow", "max_ttl", EVE_BYTE, "t", 1, NULL, \
	  "Greatest TTL or hop limit") \
	X(TCP, "", "tcp", EVE_OBJECT, "ft", 0, NULL, "TCP: the session") \
	X(TCP_FLAGS, "tcp", "tcp_flags", EVE_HEX, "ft", 1, NULL, \
	  "All flags seen; in netflow records those of the direction") \
	X(TCP_FLAGS_TS, "tcp", "tcp_flags_ts", EVE_HEX, "f", 1, NULL, "Flags from the client") \
	X(TCP_FLAGS_TC, "tcp", "tcp_flags_tc", EVE_HEX, "f", 1, NULL, "Flags from the server") \
	X(TCP_SYN, "tcp", "syn", EVE_FLAG, "ft", 0, "true", "SYN was seen") \
	X(TCP_FIN, "tcp", "fin", EVE_FLAG, "ft", 0, "true", "FIN was seen") \
	X(TCP_RST, "tcp", "rst", EVE_FLAG, "ft", 0, "true", "RST was seen") \
	X(TCP_PSH, "tcp", "psh", EVE_FLAG, "ft", 0, "true", "PSH was seen") \
	X(TCP_ACK, "tcp", "ack", EVE_FLAG, "ft", 0, "true", "ACK was seen") \
	X(TCP_URG, "tcp", "urg", EVE_FLAG, "ft", 0, "true", "URG was seen") \
	X(TCP_ECN, "tcp", "ecn", EVE_FLAG, "ft", 0, "true", "ECE was seen") \
	X(TCP_CWR, "tcp", "cwr", EVE_FLAG, "ft", 0, "true", "CWR was seen") \
	X(TCP_STATE, "tcp", "state", EVE_STRING, "f", 0, "@tcp_state", \
	  "State of the session at its end; absent where none was made") \
	X(TCP_TC_GAP, "tcp", "tc_gap", EVE_FLAG, "f", 0, "true", \
	  "Bytes to the client are missing") \
	X(TCP_TS_GAP, "tcp", "ts_gap", EVE_FLAG, "f", 0, "true", \
	  "Bytes to the server are missing") \
	X(TCP_TS_MAX_REGIONS, "tcp", "ts_max_regions", EVE_COUNT, "f", 0, NULL, \
	  "Most separate pieces that the stream to the server was in") \
	X(TCP_TC_MAX_REGIONS, "tcp", "tc_max_regions", EVE_COUNT, "f", 0, NULL, \
	  "Most separate pieces that the stream to the client was in") \
	X(DROP, "", "drop", EVE_OBJECT, "d", 1, NULL, "The packet that was dropped") \
	EVE_HEADERS(X, DROP, "drop", "d") \
	X(DROP_UDPLEN, "drop", "udplen", EVE_PORT, "d", 0, NULL, "UDP: length") \
	X(DROP_ICMP_ID, "drop", "icmp_id", EVE_PORT, "d", 0, NULL, "ICMPv4: identifier") \
	X(DROP_ICMP_SEQ, "drop", "icmp_seq", EVE_PORT, "d", 0, NULL, "ICMPv4: sequence number") \
	X(DROP_REASON, "drop", "reason", EVE_STRING, "d", 1, NULL, \
	  "Why: rules, flow drop, or another") \
	X(STREAM_TCP, "", "stream_tcp", EVE_OBJECT, "v", 1, NULL, \
	  "A TCP packet, and its session behind it") \
	X(STREAM_PACKET, "stream_tcp", "packet", EVE_OBJECT, "v", 1, NULL, "Its headers") \
	EVE_HEADERS(X, STREAM_PACKET, "stream_tcp.packet", "v") \
	X(STREAM_PACKET_FLAGS, "stream_tcp.packet", "flags", EVE_STRINGS, "v", 0, \
	  "event_set|state_update", "What it did") \
	X(STREAM_SESSION, "stream_tcp", "session", EVE_OBJECT, "v", 0, NULL, "The session") \
	X(STREAM_STATE, "stream_tcp.session", "state", EVE_STRING, "v", 1, "@tcp_state", "State") \
	X(STREAM_PSTATE, "stream_tcp.session", "pstate", EVE_STRING, "v", 0, "@tcp_state", \
	  "State before, where the packet changed it") \
	X(STREAM_FLAGS, "stream_tcp.session", "flags", EVE_OBJECT, "v", 0, NULL, \
	  "What is known of it") \
	X(STREAM_FLAGS_FLAGS, "stream_tcp.session.flags", "flags", EVE_STRINGS, "v", 1, \
	  "midstream|midstream_established|midstream_synack|timestamp|server_wscale|4whs|detect_evasion_attempt|3whs_confirmed|tcp_fast_open", \
	  "What is known of it") \
	X(STREAM_CLIENT, "stream_tcp.session", "client", EVE_OBJECT, "v", 1, NULL, \
	  "The client, as who sends") \
	EVE_SIDE(X, STREAM_CLIENT, "stream_tcp.session.client") \
	X(STREAM_SERVER, "stream_tcp.session", "server", EVE_OBJECT, "v", 1, NULL, \
	  "The server, as who sends") \
	EVE_SIDE(X, STREAM_SERVER, "stream_tcp.session.server") \
	X(STREAM_EVENTS, "stream_tcp", "events", EVE_STRINGS, "v", 0, NULL, \
	  "Names of its stream events") \
	X(STREAM_REASON, "stream_tcp", "reason", EVE_STRING, "v", 0, NULL, \
	  "Why it was dropped (--simulate-ips)") \
	X(ANOMALY, "", "anomaly", EVE_OBJECT, "n", 1, NULL, "What was odd") \
	X(ANOMALY_APP_PROTO, "anomaly", "app_proto", EVE_STRING, "n", 0, "@app_proto", \
	  "Application protocol, of type applayer") \
	X(ANOMALY_TYPE, "anomaly", "type", EVE_STRING, "n", 1, "decode|stream|applayer|watch", \
	  "Where it was found") \
	X(ANOMALY_EVENT, "anomaly", "event", EVE_STRING, "n", 1, "@event", "Name of the event") \
	X(ANOMALY_LAYER, "anomaly", "layer", EVE_STRING, "n", 0, "proto_parser|proto_detect", \
	  "Of type applayer: the protocol's parser found it, or the search for the protocol") \
	X(DNS, "", "dns", EVE_OBJECT, "qa", 0, NULL, "A DNS message") \
	X(DNS_VERSION, "dns", "version", EVE_COUNT, "qa", 1, NULL, \
	  "Of this object: 3, or 2 where it is asked for") \
	X(DNS_TYPE, "dns", "type", EVE_STRING, "qa", 1, "request|response|query|answer", \
	  "query and answer in version 2") \
	X(DNS_TX_ID, "dns", "tx_id", EVE_COUNT, "qa", 0, NULL, \
	  "Number of the message in its flow") \
	X(DNS_ID, "dns", "id", EVE_PORT, "qa", 1, NULL, "Identifier of the message") \
	X(DNS_FLAGS, "dns", "flags", EVE_STRING, "qa", 0, NULL, "Flags in hexadecimal") \
	X(DNS_QR, "dns", "qr", EVE_FLAG, "qa", 0, NULL, "It is a response") \
	X(DNS_AA, "dns", "aa", EVE_FLAG, "qa", 0, NULL, "The answer is authoritative") \
	X(DNS_TC, "dns", "tc", EVE_FLAG, "qa", 0, NULL, "It was cut") \
	X(DNS_RD, "dns", "rd", EVE_FLAG, "qa", 0, NULL, "Recursion is desired") \
	X(DNS_RA, "dns", "ra", EVE_FLAG, "qa", 0, NULL, "Recursion is available") \
	X(DNS_Z, "dns", "z", EVE_FLAG, "qa", 0, NULL, "The reserved bit is set") \
	X(DNS_OPCODE, "dns", "opcode", EVE_BYTE, "qa", 1, NULL, "Operation") \
	X(DNS_RRNAME, "dns", "rrname", EVE_STRING, "q", 0, NULL, "Version 2: the name asked for") \
	X(DNS_RRTYPE, "dns", "rrtype", EVE_STRING, "q", 0, NULL, "Version 2: the type asked for") \
	X(DNS_RCODE, "dns", "rcode", EVE_STRING, "qa", 0, NULL, \
	  "Response code: NOERROR, NXDOMAIN ...; a number where it has no name") \
	X(DNS_QUERIES, "dns", "queries", EVE_OBJECTS, "qa", 0, NULL, "Questions") \
	X(DNS_QUERIES_RRNAME, "dns.queries", "rrname", EVE_STRING, "qa", 1, NULL, "Name") \
	X(DNS_QUERIES_CUT, "dns.queries", "rrname_truncated", EVE_FLAG, "qa", 0, NULL, \
	  "The name was longer") \
	X(DNS_QUERIES_RRTYPE, "dns.queries", "rrtype", EVE_STRING, "qa", 1, NULL, "Type") \
	EVE_DNS_RECORDS(X, ANSWERS, "answers", "Answers (format detailed)") \
	X(DNS_GROUPED, "dns", "grouped", EVE_OBJECT, "q", 0, NULL, \
	  "What the answers hold, by type (format grouped)") \
	X(DNS_GROUPED_A, "dns.grouped", "A", EVE_STRINGS, "q", 0, NULL, "IPv4 addresses") \
	X(DNS_GROUPED_AAAA, "dns.grouped", "AAAA", EVE_STRINGS, "q", 0, NULL, "IPv6 addresses") \
	X(DNS_GROUPED_CNAME, "dns.grouped", "CNAME", EVE_STRINGS, "q", 0, NULL, "Names") \
	X(DNS_GROUPED_MX, "dns.grouped", "MX", EVE_STRINGS, "q", 0, NULL, "Mail servers") \
	X(DNS_GROUPED_NS, "dns.grouped", "NS", EVE_STRINGS, "q", 0, NULL, "Name servers") \
	X(DNS_GROUPED_PTR, "dns.grouped", "PTR", EVE_STRINGS, "q", 0, NULL, "Names") \
	X(DNS_GROUPED_TXT, "dns.grouped", "TXT", EVE_STRINGS, "q", 0, NULL, "Texts") \
	X(DNS_GROUPED_NULL, "dns.grouped", "NULL", EVE_STRINGS, "q", 0, NULL, "Bytes") \
	X(DNS_GROUPED_SOA, "dns.grouped", "SOA", EVE_OBJECTS, "q", 0, NULL, "Zones") \
	EVE_DNS_SOA(X, GROUPED_SOA, "dns.grouped.SOA", "q") \
	X(DNS_GROUPED_SRV, "dns.grouped", "SRV", EVE_OBJECTS, "q", 0, NULL, "Services") \
	EVE_DNS_SRV(X, GROUPED_SRV, "dns.grouped.SRV", "q") \
	X(DNS_GROUPED_SSHFP, "dns.grouped", "SSHFP", EVE_OBJECTS, "q", 0, NULL, "SSH keys") \
	EVE_DNS_SSHFP(X, GROUPED_SSHFP, "dns.grouped.SSHFP", "q") \
	EVE_DNS_RECORDS(X, AUTHORITIES, "authorities", "Authorities (format detailed)") \
	EVE_DNS_RECORDS(X, ADDITIONALS, "additionals", "Additional records (format detailed)") \
	X(MDNS, "", "mdns", EVE_OBJECT, "ua", 0, NULL, "An mDNS message") \
	X(MDNS_TYPE, "mdns", "type", EVE_STRING, "ua", 1, "request|response", "What it is") \
	X(MDNS_ID, "mdns", "id", EVE_PORT, "ua", 1, NULL, "Identifier of the message") \
	X(MDNS_FLAGS, "mdns", "flags", EVE_STRINGS, "ua", 0, NULL, \
	  "Those that are set: aa, tc, rd, ra, z, ad, cd") \
	X(MDNS_OPCODE, "mdns", "opcode", EVE_BYTE, "ua", 1, NULL, "Operation") \
	X(MDNS_RCODE, "mdns", "rcode", EVE_BYTE, "ua", 1, NULL, "Response code") \
	X(MDNS_QUERIES, "mdns", "queries", EVE_OBJECTS, "ua", 0, NULL, "Questions") \
	X(MDNS_QUERIES_RRNAME, "mdns.queries", "rrname", EVE_STRING, "ua", 1, NULL, "Name") \
	X(MDNS_QUERIES_CUT, "mdns.queries", "rrname_truncated", EVE_FLAG, "ua", 0, NULL, \
	  "The name was longer") \
	X(MDNS_QUERIES_RRTYPE, "mdns.queries", "rrtype", EVE_STRING, "ua", 1, NULL, \
	  "Type, in small letters") \
	EVE_MDNS_RECORDS(X, ANSWERS, "answers", "Answers") \
	EVE_MDNS_DATA(X, ANSWERS, "answers") \
	EVE_MDNS_RECORDS(X, AUTHORITIES, "authorities", "Authorities") \
	EVE_MDNS_RECORDS(X, ADDITIONALS, "additionals", "Additional records") \
	EVE_MDNS_DATA(X, ADDITIONALS, "additionals") \
	X(TLS, "", "tls", EVE_OBJECT, "la", 0, NULL, "A TLS session") \
	X(TLS_SESSION_RESUMED, "tls", "session_resumed", EVE_FLAG, "la", 0, NULL, \
	  "An old session was taken up again") \
	EVE_TLS_CERTIFICATE(X, TLS, "tls", "server") \
	X(TLS_SNI, "tls", "sni", EVE_STRING, "la", 0, NULL, "Server name of the client's hello") \
	X(TLS_VERSION, "tls", "version", EVE_STRING, "la", 0, NULL, \
	  "Of the server's hello: TLS 1.2") \
	X(TLS_FROM_PROTO, "tls", "from_proto", EVE_STRING, "l", 0, "@app_proto", \
	  "Protocol that the flow spoke before (STARTTLS, CONNECT)") \
	X(TLS_JA3, "tls", "ja3", EVE_OBJECT, "la", 0, NULL, "JA3 of the client's hello") \
	X(TLS_JA3_HASH, "tls.ja3", "hash", EVE_STRING, "la", 1, NULL, "MD5 of the string") \
	X(TLS_JA3_STRING, "tls.ja3", "string", EVE_STRING, "la", 1, NULL, "What it is made of") \
	X(TLS_JA3S, "tls", "ja3s", EVE_OBJECT, "la", 0, NULL, "JA3S of the server's hello") \
	X(TLS_JA3S_HASH, "tls.ja3s", "hash", EVE_STRING, "la", 1, NULL, "MD5 of the string") \
	X(TLS_JA3S_STRING, "tls.ja3s", "string", EVE_STRING, "la", 1, NULL, "What it is made of") \
	X(TLS_JA4, "tls", "ja4", EVE_STRING, "la", 0, NULL, "JA4 of the client's hello") \
	X(TLS_CLIENT_ALPNS, "tls", "client_alpns", EVE_STRINGS, "la", 0, NULL, \
	  "Application protocols that the client offers") \
	X(TLS_SERVER_ALPNS, "tls", "server_alpns", EVE_STRINGS, "la", 0, NULL, \
	  "And what the server chose") \
	X(TLS_CLIENT_HANDSHAKE, "tls", "client_handshake", EVE_OBJECT, "l", 0, NULL, \
	  "The client's hello (option custom)") \
	X(TLS_CLIENT_HANDSHAKE_VERSION, "tls.client_handshake", "version", EVE_STRING, "l", 1, \
	  NULL, "Version") \
	X(TLS_CLIENT_HANDSHAKE_CIPHERS, "tls.client_handshake", "ciphers", EVE_COUNTS, "l", 1, \
	  NULL, "Cipher suites") \
	X(TLS_CLIENT_HANDSHAKE_EXTS, "tls.client_handshake", "exts", EVE_COUNTS, "l", 1, NULL, \
	  "Extensions") \
	X(TLS_CLIENT_HANDSHAKE_SIG_ALGS, "tls.client_handshake", "sig_algs", EVE_COUNTS, "l", 0, \
	  NULL, "Signature algorithms") \
	X(TLS_SERVER_HANDSHAKE, "tls", "server_handshake", EVE_OBJECT, "l", 0, NULL, \
	  "The server's hello (option custom)") \
	X(TLS_SERVER_HANDSHAKE_VERSION, "tls.server_handshake", "version", EVE_STRING, "l", 1, \
	  NULL, "Version") \
	X(TLS_SERVER_HANDSHAKE_CIPHER, "tls.server_handshake", "cipher", EVE_PORT, "l", 0, NULL, \
	  "Cipher suite") \
	X(TLS_SERVER_HANDSHAKE_EXTS, "tls.server_handshake", "exts", EVE_COUNTS, "l", 1, NULL, \
	  "Extensions") \
	X(TLS_CLIENT, "tls", "client", EVE_OBJECT, "la", 0, NULL, "The client's certificate") \
	EVE_TLS_CERTIFICATE(X, TLS_CLIENT, "tls.client", "client") \
	X(SSH, "", "ssh", EVE_OBJECT, "ka", 0, NULL, "An SSH session") \
	EVE_SSH_SIDE(X, CLIENT, "client") \
	EVE_SSH_SIDE(X, SERVER, "server") \
	X(FTP, "", "ftp", EVE_OBJECT, "pa", 0, NULL, "An FTP command and its replies") \
	X(FTP_COMMAND, "ftp", "command", EVE_STRING, "pa", 0, NULL, "Command") \
	X(FTP_COMMAND_DATA, "ftp", "command_data", EVE_STRING, "pa", 0, NULL, "Its argument") \
	X(FTP_COMMAND_TRUNCATED, "ftp", "command_truncated", EVE_FLAG, "pa", 0, NULL, \
	  "Its line was longer than is kept") \
	X(FTP_COMPLETION_CODE, "ftp", "completion_code", EVE_STRINGS, "pa", 0, NULL, \
	  "Codes of the replies") \
	X(FTP_REPLY, "ftp", "reply", EVE_STRINGS, "pa", 0, NULL, "Texts of the replies") \
	X(FTP_DYNAMIC_PORT, "ftp", "dynamic_port", EVE_PORT, "pa", 0, NULL, \
	  "Port of the data connection") \
	X(FTP_MODE, "ftp", "mode", EVE_STRING, "pa", 0, "active|passive", \
	  "Who waits for the data connection: client or server") \
	X(FTP_REPLY_RECEIVED, "ftp", "reply_received", EVE_STRING, "pa", 1, "yes|no", \
	  "The command was answered") \
	X(FTP_REPLY_TRUNCATED, "ftp", "reply_truncated", EVE_FLAG, "pa", 1, NULL, \
	  "A line of the reply was longer than is kept") \
	X(FTP_DATA, "", "ftp_data", EVE_OBJECT, "xai", 0, NULL, "A data connection of FTP") \
	X(FTP_DATA_FILENAME, "ftp_data", "filename", EVE_STRING, "xai", 0, NULL, \
	  "Argument of the command") \
	X(FTP_DATA_COMMAND, "ftp_data", "command", EVE_STRING, "xai", 0, NULL, \
	  "Command that it serves: RETR, STOR ...") \
	X(SMTP, "", "smtp", EVE_OBJECT, "mai", 0, NULL, "The envelope of a mail") \
	X(SMTP_HELO, "smtp", "helo", EVE_STRING, "mai", 0, NULL, "Name that the client gives") \
	X(SMTP_MAIL_FROM, "smtp", "mail_from", EVE_STRING, "mai", 0, NULL, "Sender") \
	X(SMTP_RCPT_TO, "smtp", "rcpt_to", EVE_STRINGS, "mai", 0, NULL, "Recipients") \
	X(EMAIL, "", "email", EVE_OBJECT, "mai", 0, NULL, "The message of a mail") \
	X(EMAIL_FROM, "email", "from", EVE_STRING, "mai", 0, NULL, "From") \
	X(EMAIL_TO, "email", "to", EVE_STRINGS, "mai", 0, NULL, "To") \
	X(EMAIL_CC, "email", "cc", EVE_STRINGS, "mai", 0, NULL, "Cc") \
	X(EMAIL_STATUS, "email", "status", EVE_STRING, "mai", 1, "PARSE_DONE", \
	  "Always the same: a message was begun") \
	X(EMAIL_ATTACHMENT, "email", "attachment", EVE_STRINGS, "mai", 0, NULL, \
	  "Names of attachments") \
	X(EMAIL_URL, "email", "url", EVE_STRINGS, "mai", 0, NULL, "URLs in its text") \
	X(EMAIL_SUBJECT, "email", "subject", EVE_STRING, "m", 0, NULL, \
	  "Subject (option custom or extended)") \
	X(EMAIL_DATE, "email", "date", EVE_STRING, "m", 0, NULL, \
	  "Date (option custom or extended)") \
	X(EMAIL_MESSAGE_ID, "email", "message_id", EVE_STRING, "m", 0, NULL, \
	  "Message-ID (option custom or extended)") \
	X(EMAIL_X_MAILER, "email", "x_mailer", EVE_STRING, "m", 0, NULL, \
	  "X-Mailer (option custom or extended)") \
	X(EMAIL_RECEIVED, "email", "received", EVE_STRINGS, "m", 0, NULL, \
	  "Received (option custom or extended)") \
	X(EMAIL_SUBJECT_MD5, "email", "subject_md5", EVE_STRING, "m", 0, NULL, \
	  "MD5 of the subject (option md5)") \
	X(EMAIL_BODY_MD5, "email", "body_md5", EVE_STRING, "m", 0, NULL, \
	  "MD5 of all behind the header (option md5, and mime.body-md5)") \
	X(HTTP, "", "http", EVE_OBJECT, "ahi", 0, NULL, "A request and its response") \
	X(HTTP_HOSTNAME, "http", "hostname", EVE_STRING, "ahi", 0, NULL, "Host that was asked") \
	X(HTTP_PORT, "http", "http_port", EVE_PORT, "ahi", 0, NULL, "Port that the request names") \
	X(HTTP_URL, "http", "url", EVE_STRING, "ahi", 0, NULL, "Target, as it was sent") \
	X(HTTP_USER_AGENT, "http", "http_user_agent", EVE_STRING, "ahi", 0, NULL, \
	  "Program that asked") \
	X(HTTP_XFF, "http", "xff", EVE_STRING, "ahi", 0, NULL, "The X-Forwarded-For header") \
	X(HTTP_CONTENT_TYPE, "http", "http_content_type", EVE_STRING, "ahi", 0, NULL, \
	  "Type of the response's body, without parameters") \
	X(HTTP_CONTENT_RANGE, "http", "content_range", EVE_OBJECT, "ahi", 0, NULL, \
	  "Part of the whole that the response carries") \
	X(HTTP_CONTENT_RANGE_RAW, "http.content_range", "raw", EVE_STRING, "ahi", 1, NULL, \
	  "The Content-Range header") \
	X(HTTP_CONTENT_RANGE_START, "http.content_range", "start", EVE_COUNT, "ahi", 0, NULL, \
	  "First byte") \
	X(HTTP_CONTENT_RANGE_END, "http.content_range", "end", EVE_COUNT, "ahi", 0, NULL, \
	  "Last byte") \
	X(HTTP_CONTENT_RANGE_SIZE, "http.content_range", "size", EVE_COUNT, "ahi", 0, NULL, \
	  "Bytes of the whole") \
	X(HTTP_REFER, "http", "http_refer", EVE_STRING, "ahi", 0, NULL, "The Referer header") \
	X(HTTP_METHOD, "http", "http_method", EVE_STRING, "ahi", 0, NULL, "Method") \
	X(HTTP_PROTOCOL, "http", "protocol", EVE_STRING, "ahi", 0, NULL, \
	  "Protocol that the request names") \
	X(HTTP_STATUS, "http", "status", EVE_COUNT, "ahi", 0, NULL, "Status of the response") \
	X(HTTP_STATUS_STRING, "http", "status_string", EVE_STRING, "ahi", 0, NULL, \
	  "Status that is no number of three digits") \
	X(HTTP_REDIRECT, "http", "redirect", EVE_STRING, "ahi", 0, NULL, "The Location header") \
	X(HTTP_LENGTH, "http", "length", EVE_COUNT, "ahi", 0, NULL, \
	  "Bytes of the response's body on the wire") \
	X(HTTP_REQUEST_BODY_PRINTABLE, "http", "http_request_body_printable", EVE_STRING, "a", 0, \
	  NULL, "The request's body as far as it is held, with option http-body-printable") \
	X(HTTP_REQUEST_BODY, "http", "http_request_body", EVE_STRING, "a", 0, NULL, \
	  "The same in base64, with option http-body") \
	X(HTTP_RESPONSE_BODY_PRINTABLE, "http", "http_response_body_printable", EVE_STRING, "a", \
	  0, NULL, "The response's body as far as it is held, with option http-body-printable") \
	X(HTTP_RESPONSE_BODY, "http", "http_response_body", EVE_STRING, "a", 0, NULL, \
	  "The same in base64, with option http-body") \
	X(HTTP_REQUEST_HEADERS, "http", "request_headers", EVE_OBJECTS, "ahi", 0, NULL, \
	  "Headers of the request, where all are asked for") \
	X(HTTP_REQUEST_HEADERS_NAME, "http.request_headers", "name", EVE_STRING, "ahi", 1, NULL, \
	  "Name") \
	X(HTTP_REQUEST_HEADERS_VALUE, "http.request_headers", "value", EVE_STRING, "ahi", 1, NULL, \
	  "Value") \
	X(HTTP_RESPONSE_HEADERS, "http", "response_headers", EVE_OBJECTS, "ahi", 0, NULL, \
	  "Headers of the response, where all are asked for") \
	X(HTTP_RESPONSE_HEADERS_NAME, "http.response_headers", "name", EVE_STRING, "ahi", 1, NULL, \
	  "Name") \
	X(HTTP_RESPONSE_HEADERS_VALUE, "http.response_headers", "value", EVE_STRING, "ahi", 1, \
	  NULL, "Value") \
	EVE_FILE_FIELDS(X, FILEINFO, "fileinfo", "i", EVE_OBJECT, "A file that was transferred") \
	EVE_FILE_FIELDS(X, FILES, "files", "a", EVE_OBJECTS, "Files of the transaction") \
	X(ARP, "", "arp", EVE_OBJECT, "r", 1, NULL, "The ARP packet") \
	X(ARP_HW_TYPE, "arp", "hw_type", EVE_STRING, "r", 1, "ethernet", "Hardware") \
	X(ARP_PROTO_TYPE, "arp", "proto_type", EVE_STRING, "r", 1, "ipv4", "Protocol") \
	X(ARP_OPCODE, "arp", "opcode", EVE_STRING, "r", 1, \
	  "request|reply|request_reverse|reply_reverse", "Operation") \
	X(ARP_SRC_MAC, "arp", "src_mac", EVE_MAC, "r", 1, NULL, "Hardware address of the sender") \
	X(ARP_SRC_IP, "arp", "src_ip", EVE_ADDRESS, "r", 1, NULL, "IP address of the sender") \
	X(ARP_DEST_MAC, "arp", "dest_mac", EVE_MAC, "r", 1, NULL, \
	  "Hardware address of the target") \
	X(ARP_DEST_IP, "arp", "dest_ip", EVE_ADDRESS, "r", 1, NULL, "IP address of the target") \
	X(PAYLOAD, "", "payload", EVE_BASE64, "a", 0, NULL, \
	  "Payload of the packet, or of a stream match the stream's bytes (option payload)") \
	X(PAYLOAD_LENGTH, "", "payload_length", EVE_COUNT, "a", 0, NULL, \
	  "Its length in bytes (option payload-length)") \
	X(PAYLOAD_PRINTABLE, "", "payload_printable", EVE_STRING, "a", 0, NULL, \
	  "The same as text, a dot for what is not printable (option payload-printable)") \
	X(STREAM, "", "stream", EVE_COUNT, "a", 0, "0|1", \
	  "1: the match was in the stream, the payload is the stream's") \
	X(FRAME, "", "frame", EVE_OBJECT, "ab", 0, NULL, \
	  "The frame: a message of the protocol, or a part of one, as it lies in the stream") \
	X(FRAME_TYPE, "frame", "type", EVE_STRING, "ab", 1, "@frame", \
	  "Its kind, as the keyword frame has it") \
	X(FRAME_ID, "frame", "id", EVE_COUNT, "ab", 1, NULL, \
	  "Its number in its direction, from 1, of those that somebody asks for") \
	X(FRAME_DIRECTION, "frame", "direction", EVE_STRING, "ab", 1, "toserver|toclient", \
	  "Its direction") \
	X(FRAME_STREAM_OFFSET, "frame", "stream_offset", EVE_COUNT, "ab", 0, NULL, \
	  "Of its first byte in the direction's stream; not over UDP") \
	X(FRAME_LENGTH, "frame", "length", EVE_COUNT, "ab", 1, NULL, \
	  "Its bytes; of one whose end is not known those that are there") \
	X(FRAME_PAYLOAD, "frame", "payload", EVE_BASE64, "ab", 0, NULL, \
	  "Its bytes, as far as they are still held and option payload-buffer-size admits") \
	X(FRAME_PAYLOAD_PRINTABLE, "frame", "payload_printable", EVE_STRING, "ab", 0, NULL, \
	  "The same as text, a dot for what is not printable") \
	X(FRAME_COMPLETE, "frame", "complete", EVE_FLAG, "ab", 1, NULL, \
	  "Its end is known, and the stream has come so far") \
	X(FRAME_TX_ID, "frame", "tx_id", EVE_COUNT, "ab", 0, NULL, \
	  "The transaction that it is of") \
	X(PACKET, "", "packet", EVE_BASE64, "agn", 0, NULL, \
	  "The packet from its link header on (option packet); in anomaly records its first 32 bytes (option packethdr)") \
	X(PACKET_INFO, "", "packet_info", EVE_OBJECT, "agn", 0, NULL, "How to read packet") \
	X(PACKET_LINKTYPE, "packet_info", "linktype", EVE_COUNT, "agn", 1, NULL, \
	  "Number of its link type") \
	X(PACKET_LINKTYPE_NAME, "packet_info", "linktype_name", EVE_STRING, "agn", 1, NULL, \
	  "Name of its link type, as libpcap has it") \
	X(VERDICT, "", "verdict", EVE_OBJECT, "ad", 0, NULL, \
	  "What was done with the packet (option verdict)") \
	X(VERDICT_ACTION, "verdict", "action", EVE_STRING, "ad", 1, "alert|drop|pass", \
	  "alert: it went on") \
	X(VERDICT_REJECT_TARGET, "verdict", "reject-target", EVE_STRING, "ad", 0, \
	  "to_server|to_client|both", "Who was told") \
	X(VERDICT_REJECT, "verdict", "reject", EVE_STRINGS, "ad", 0, "tcp-reset|icmp-prohib", \
	  "How") \
	X(STATS, "", "stats", EVE_OBJECT, "s", 1, NULL, "Counters since the start") \
	X(STATS_UPTIME, "stats", "uptime", EVE_COUNT, "s", 1, NULL, "Seconds since the start") \
	X(STATS_CAPTURE, "stats", "capture", EVE_OBJECT, "s", 0, NULL, \
	  "What interfaces gave; not with capture files") \
	X(STATS_KERNEL_PACKETS, "stats.capture", "kernel_packets", EVE_COUNT, "s", 1, NULL, \
	  "Packets that entered the kernel's program") \
	X(STATS_KERNEL_DROPS, "stats.capture", "kernel_drops", EVE_COUNT, "s", 1, NULL, \
	  "Of these, lost on the way to the engine; weir.ledger.lost has the causes") \
	X(STATS_KERNEL_IFDROPS, "stats.capture", "kernel_ifdrops", EVE_COUNT, "s", 1, NULL, \
	  "Lost by the network card before") \
	X(STATS_AVG_PKT_SIZE, "stats.decoder", "avg_pkt_size", EVE_COUNT, "s", 0, NULL, \
	  "decoder.bytes by decoder.pkts") \
	X(STATS_ENGINES, "stats.detect", "engines", EVE_OBJECTS, "s", 0, NULL, \
	  "The rule set, one entry") \
	X(STATS_ENGINE_ID, "stats.detect.engines", "id", EVE_COUNT, "s", 1, NULL, "0") \
	X(STATS_LAST_RELOAD, "stats.detect.engines", "last_reload", EVE_TIME, "s", 0, NULL, \
	  "When the rules were loaded") \
	X(STATS_RULES_LOADED, "stats.detect.engines", "rules_loaded", EVE_COUNT, "s", 1, NULL, \
	  "Rules in use") \
	X(STATS_RULES_FAILED, "stats.detect.engines", "rules_failed", EVE_COUNT, "s", 1, NULL, \
	  "Rules with a mistake") \
	X(STATS_RULES_SKIPPED, "stats.detect.engines", "rules_skipped", EVE_COUNT, "s", 1, NULL, \
	  "Rules left out because they require what is not there") \
	X(ENGINE, "", "engine", EVE_OBJECT, "e", 1, NULL, "What is wrong with Weir itself") \
	X(ENGINE_MODULE, "engine", "module", EVE_STRING, "e", 1, NULL, "Part of Weir") \
	X(ENGINE_ERROR, "engine", "error", EVE_STRING, "e", 1, NULL, "What it found") \
	X(WEIR, "", "weir", EVE_OBJECT, "sn", 0, NULL, "What only Weir has") \
	X(WEIR_OVERLAP, "weir", "overlap", EVE_OBJECT, "n", 0, NULL, \
	  "Of an overlap whose bytes were not the same: from the first that differs on") \
	X(OVERLAP_OFFSET, "weir.overlap", "offset", EVE_ID, "n", 1, NULL, \
	  "Of that byte in the stream, or in the datagram's payload") \
	X(OVERLAP_LENGTH, "weir.overlap", "length", EVE_COUNT, "n", 1, NULL, \
	  "Bytes that both had") \
	X(OVERLAP_KEPT, "weir.overlap", "kept", EVE_STRING, "n", 1, "older|newer", \
	  "Whose byte the receiver's policy keeps") \
	X(OVERLAP_OLDER, "weir.overlap", "older", EVE_BASE64, "n", 1, NULL, \
	  "What came first, 256 bytes at most") \
	X(OVERLAP_NEWER, "weir.overlap", "newer", EVE_BASE64, "n", 1, NULL, \
	  "What this packet had") \
	EVE_WATCH_BEGIN(X, SCAN, "weir.scan", "scan", "Who asks many ports or hosts in vain") \
	X(WEIR_SCAN_SLOW, "weir.scan", "slow", EVE_FLAG, "n", 0, NULL, "Over more than a minute") \
	X(WEIR_SCAN_PORTS, "weir.scan", "ports", EVE_COUNT, "n", 0, NULL, \
	  "Ports of the target; of several sources together at most 256") \
	X(WEIR_SCAN_HOSTS, "weir.scan", "hosts", EVE_COUNT, "n", 0, NULL, "Hosts") \
	X(WEIR_SCAN_SOURCES, "weir.scan", "sources", EVE_COUNT, "n", 0, NULL, \
	  "Hosts that take part, of kinds decoy and distributed") \
	X(WEIR_SCAN_PORT_SAMPLE, "weir.scan", "port_sample", EVE_COUNTS, "n", 0, NULL, \
	  "The first of the ports") \
	X(WEIR_SCAN_HOST_SAMPLE, "weir.scan", "host_sample", EVE_STRINGS, "n", 0, NULL, \
	  "The first of the hosts, or of the sources") \
	EVE_WATCH_BEGIN(X, FLOOD, "weir.flood", "flood", \
			"Connections begun faster than anybody opens them") \
	X(WEIR_FLOOD_SOURCES, "weir.flood", "sources", EVE_COUNT, "n", 0, NULL, \
	  "Hosts that they come from; an estimate above some hundred") \
	X(WEIR_FLOOD_COMPLETED, "weir.flood", "completed_percent", EVE_COUNT, "n", 0, NULL, \
	  "Of kind syn: how many became connections") \
	X(WEIR_FLOOD_HOST_SAMPLE, "weir.flood", "host_sample", EVE_STRINGS, "n", 0, NULL, \
	  "The first of the hosts") \
	EVE_WATCH_BEGIN(X, SEQUENCE, "weir.sequence", "sequence", \
			"Sequence numbers that can be guessed, or are") \
	X(WEIR_SEQUENCE_SEQ_SAMPLE, "weir.sequence", "seq_sample", EVE_COUNTS, "n", 0, NULL, \
	  "The last of the numbers") \
	X(WEIR_SEQUENCE_CHALLENGED, "weir.sequence", "challenged", EVE_COUNT, "n", 0, NULL, \
	  "Guesses that the other end answered with an ACK (RFC 5961)") \
	EVE_WATCH_BEGIN(X, WINDOW, "weir.window", "window", \
			"Connections that are held open, or windows that shrink") \
	X(WEIR_WINDOW_PORT_SAMPLE, "weir.window", "port_sample", EVE_COUNTS, "n", 0, NULL, \
	  "Ports of the source") \
	X(WEIR_WINDOW_WINDOW_SAMPLE, "weir.window", "window_sample", EVE_COUNTS, "n", 0, NULL, \
	  "Windows in bytes; of kind scale also the shifts, which are below 256") \
	EVE_WATCH_BEGIN(X, FLAGS, "weir.flags", "flags", "TCP flags that no stack sends") \
	X(WEIR_FLAGS_PORT_SAMPLE, "weir.flags", "port_sample", EVE_COUNTS, "n", 0, NULL, \
	  "Ports of the source") \
	EVE_WATCH_BEGIN(X, BASELINE, "weir.baseline", "baseline", \
			"A host does far more than is usual for it") \
	X(WEIR_BASELINE_USUAL, "weir.baseline", "usual", EVE_COUNT, "n", 1, NULL, \
	  "Weighted mean of a minute") \
	X(WEIR_BASELINE_DEVIATION, "weir.baseline", "deviation", EVE_COUNT, "n", 1, NULL, \
	  "Standard deviation") \
	X(WEIR_BASELINE_MINUTES, "weir.baseline", "minutes", EVE_COUNT, "n", 1, NULL, \
	  "What they were learnt from") \
	X(WEIR_RULESET, "weir", "ruleset", EVE_STRING, "s", 0, NULL, \
	  "What tells the rules in force from others: a digest of them") \
	X(WEIR_ENGINES, "weir", "engines", EVE_COUNT, "s", 0, NULL, \
	  "Engine processes started in this run; more than 1: some died") \
	X(WEIR_POLLS, "weir", "polls", EVE_COUNT, "s", 0, NULL, \
	  "Times that a worker waited for packets") \
	X(WEIR_WAKEUPS, "weir", "wakeups", EVE_COUNT, "s", 0, NULL, "Of these, ended by packets") \
	X(WEIR_KICKS, "weir", "kicks", EVE_COUNT, "s", 0, NULL, \
	  "Times that a driver had to be woken for free frames") \
	X(WEIR_LEDGER, "weir", "ledger", EVE_OBJECT, "s", 0, NULL, \
	  "All packets: entered = inspected + released + unwanted + blocked + lost + in_flight") \
	EVE_LEDGER_LIST(X, LEDGER, "weir.ledger") \
	X(WEIR_INTERFACES, "weir", "interfaces", EVE_OBJECTS, "s", 0, NULL, \
	  "The same for each interface") \
	X(IFACE_NAME, "weir.interfaces", "iface", EVE_STRING, "s", 1, NULL, "Its name") \
	X(IFACE_MODE, "weir.interfaces", "mode", EVE_STRING, "s", 1, "span|host", \
	  "span: packets end here; host: they go on to the host") \
	X(IFACE_CAPTURE, "weir.interfaces", "capture", EVE_STRING, "s", 1, NULL, \
	  "How packets are taken") \
	EVE_LEDGER_LIST(X, IFACE, "weir.interfaces") \
	X(WEIR_RULES, "weir", "rules", EVE_OBJECTS, "s", 0, NULL, \
	  "Rules that have cost most since they are in force, dearest first (stats.rule-costs)") \
	X(RULE_COST_GID, "weir.rules", "gid", EVE_COUNT, "s", 1, NULL, "Group of the rule") \
	X(RULE_COST_SID, "weir.rules", "sid", EVE_COUNT, "s", 1, NULL, "Its number") \
	X(RULE_COST_REV, "weir.rules", "rev", EVE_COUNT, "s", 1, NULL, "Its revision") \
	X(RULE_COST_BUFFER, "weir.rules", "buffer", EVE_STRING, "s", 1, NULL, \
	  "Where its search pattern is looked for; none: it has no such pattern") \
	X(RULE_COST_CANDIDATES, "weir.rules", "candidates", EVE_COUNT, "s", 1, NULL, \
	  "Times that it was tried: its pattern was there, or its facts, and its header fits") \
	X(RULE_COST_CHECKS, "weir.rules", "checks", EVE_COUNT, "s", 1, NULL, \
	  "Of these, with header and packet fit, so that the rest was looked at") \
	X(RULE_COST_MATCHES, "weir.rules", "matches", EVE_COUNT, "s", 1, NULL, \
	  "Of these, that held") \
	X(RULE_COST_NS, "weir.rules", "ns", EVE_COUNT, "s", 1, NULL, \
	  "Nanoseconds of all trials, estimated from those that were timed") \
	X(WEIR_FILTERS, "weir", "filters", EVE_OBJECTS, "s", 0, NULL, \
	  "Rules whose matches threshold.config has kept back or changed, most hits first") \
	X(FILTER_GID, "weir.filters", "gid", EVE_COUNT, "s", 1, NULL, "Group of the rule") \
	X(FILTER_SID, "weir.filters", "sid", EVE_COUNT, "s", 1, NULL, "Its number") \
	X(FILTER_SUPPRESSED, "weir.filters", "suppressed", EVE_COUNT, "s", 1, NULL, \
	  "Matches not told, by a suppress line") \
	X(FILTER_RATED, "weir.filters", "rated", EVE_COUNT, "s", 1, NULL, \
	  "Matches with the action of a rate_filter") \
	X(HOST, "", "host", EVE_STRING, "agdnrftse" EVE_TXS, 0, NULL, \
	  "Name of the sensor (sensor-name)") \
	X(SURICATA_VERSION, "", "suricata_version", EVE_STRING, "agdnrft" EVE_TXS, 0, NULL, \
	  "Suricata's version whose rules and records these are (option suricata-version)") \
	X(PCAP_FILENAME, "", "pcap_filename", EVE_STRING, "adnrfts" EVE_TXS, 0, NULL, \
	  "Capture file that the packet came from (option pcap-file)")

enum eve_field {
#define EVE_ENUM(id, object, name, type, records, always, choices, meaning) EVE_##id,
	EVE_FIELD_LIST(EVE_ENUM)
#undef EVE_ENUM
		EVE_FIELD__COUNT
};

struct eve_row {
	const char *object;
	const char *name;
	enum eve_type type;
	const char *records;
	bool always;
	const char *choices;
	const char *meaning;
};

extern const struct eve_row eve_rows[EVE_FIELD__COUNT];

/* Of a record being written so many bytes are copied, whatever the key's length: that takes no loop. */
#define EVE_KEY_BYTES 48

/* A cache line: all that writing a key needs. */
struct eve_key {
	_Alignas(64) char text[EVE_KEY_BYTES + 1]; /* ",\"name\":", then zeros */
	uint8_t len;
};

extern const struct eve_key eve_keys[EVE_FIELD__COUNT];

/* The i-th value of a row's choices, NULL past the last; choices may be NULL. */
const char *eve_choice(const char *choices, unsigned i);

/* Suricata's older parsers name their events in capitals. */
bool eve_app_event_in_capitals(enum app_event e);

/* What a counter counts. */
const char *eve_counter_meaning(enum counter c);

/*
 * Name of an event in records, without its layer.  Two stream events have other names in
 * records than in rules.  NULL: the stats record has no place for it.
 */
const char *eve_event_name(enum event e);
const char *eve_event_stats_name(enum event e);

#endif
