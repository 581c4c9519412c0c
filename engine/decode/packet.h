/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet.h - one packet as the engine sees it: where its headers lie and what they say.
 *
 * A frame gives one packet or more: one for what was captured, and one for each
 * datagram inside a tunnel and each datagram that its fragment completed.
 *
 * A packet that was captured begins with its link header.  One from a tunnel begins where the
 * tunnel's payload does (mostly an IP header, l3_offset 0).  One that defragmentation joined
 * begins with what stood in front of the IP header of the fragment that completed it.
 *
 * Memory: data is borrowed from the frame, or from the defragmenter until the
 * batch is finished.  struct packet is plain data in the worker's batch.
 * Thread: one worker.
 */
#ifndef WEIR_DECODE_PACKET_H
#define WEIR_DECODE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/address.h"
#include "engine/base/bytes.h"
#include "engine/base/event.h"
#include "engine/base/exception.h"
#include "engine/base/frame.h"

enum ip_proto {
	IPPROTO_WEIR_NONE = 0,
	IP_PROTO_ICMP = 1,
	IP_PROTO_IPIP = 4,
	IP_PROTO_TCP = 6,
	IP_PROTO_UDP = 17,
	IP_PROTO_IPV6 = 41,
	IP_PROTO_ROUTING = 43,
	IP_PROTO_FRAGMENT = 44,
	IP_PROTO_GRE = 47,
	IP_PROTO_ESP = 50,
	IP_PROTO_AH = 51,
	IP_PROTO_ICMPV6 = 58,
	IP_PROTO_NONE = 59,
	IP_PROTO_DSTOPTS = 60,
	IP_PROTO_SCTP = 132,
};

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

/* Where a packet came from: EVE's pkt_src. */
enum packet_source {
	PACKET_WIRE, /* "wire/pcap" */
	PACKET_GRE, /* "gre tunnel" */
	PACKET_IPV4, /* "ipv4 tunnel" (IPv4 in IPv4 or 6in4) */
	PACKET_IPV6, /* "ipv6 tunnel" (IPv6 or IPv4 inside IPv6) */
	PACKET_TEREDO, /* "teredo tunnel" */
	PACKET_DEFRAG, /* "defrag" */
	PACKET_STREAM_TIMEOUT, /* "stream (flow timeout)" */
	PACKET_ERSPAN,
	PACKET_VXLAN, /* "vxlan encapsulation" */
	PACKET_GENEVE, /* "geneve encapsulation" */
	PACKET_GTPU, /* "gtp-u encapsulation": of Weir's own */
	PACKET_SOURCE__COUNT
};
const char *packet_source_name(enum packet_source s);

/* IPv4 options seen, for the ipopts keyword; bits of packet.ip_options. */
enum ip_option {
	IP_OPTION_EOL = 1 << 0,
	IP_OPTION_NOP = 1 << 1,
	IP_OPTION_RR = 1 << 2,
	IP_OPTION_TS = 1 << 3,
	IP_OPTION_SEC = 1 << 4,
	IP_OPTION_LSRR = 1 << 5,
	IP_OPTION_SSRR = 1 << 6,
	IP_OPTION_SATID = 1 << 7,
	IP_OPTION_ESEC = 1 << 8,
	IP_OPTION_CIPSO = 1 << 9,
	IP_OPTION_RTRALT = 1 << 10,
	IP_OPTION_QS = 1 << 11,
};

#define PACKET_EVENTS_MAX 15
#define PACKET_VLANS_MAX 3
#define PACKET_SACKS_MAX 4

struct packet_tcp {
	uint32_t seq;
	uint32_t ack;
	uint16_t window; /* unscaled */
	uint16_t urgent;
	uint16_t mss; /* 0 where has_mss is false */
	uint8_t wscale;
	uint8_t flags; /* enum tcp_flag */
	uint8_t header_len;
	uint8_t reserved; /* the four bits after the data offset */
	bool has_mss : 1;
	bool has_wscale : 1;
	bool has_ts : 1;
	bool has_sack_ok : 1;
	bool has_fastopen : 1; /* with or without a cookie */
	bool has_signature : 1; /* RFC 2385 or 5925 */
	uint8_t sacks; /* SACK blocks */
	uint32_t ts_value;
	uint32_t ts_echo;
};

#define PACKET_OVERLAP_MAX 256

/* Bytes that came twice and were not the same, from the first that differs on. */
struct packet_overlap {
	uint64_t offset; /* in the stream, or in the datagram's payload */
	uint32_t len; /* that both had; of these at most PACKET_OVERLAP_MAX are here */
	bool newer_kept; /* the first of them is now the newer one's */
	uint8_t older[PACKET_OVERLAP_MAX];
	uint8_t newer[PACKET_OVERLAP_MAX];
};

struct packet {
	/* What was captured.  For an inner or a joined packet: its own bytes (see above). */
	struct bytes data;
	struct bytes payload; /* above the transport header; empty where there is none */
	uint64_t number; /* frame number (pcap_cnt); 0: no frame caused it (pseudo packet) */
	int64_t time_ns;
	struct flow *flow; /* set by engine/flow; NULL: none */
	uint32_t flow_index;

	struct ip_addr src;
	struct ip_addr dst;
	uint16_t sport; /* TCP, UDP, SCTP; 0 otherwise */
	uint16_t dport;
	uint8_t ip_version; /* 4, 6; 0: not IP (or its header could not be read) */
	/* enum ip_proto, after IPv6 extension headers; valid where has_ip.  An IPv6 fragment: 44. */
	uint8_t proto;
	uint8_t ttl; /* or hop limit */
	uint8_t tos; /* or traffic class */
	uint8_t direction; /* 0: to server, 1: to client; set by engine/flow */
	uint8_t source; /* enum packet_source */
	uint8_t depth; /* tunnels around it: Suricata's recursion level */
	uint8_t vlans; /* entries in vlan[] */

	bool has_ip : 1;
	bool has_l4 : 1; /* the transport header was read; flows only for these */
	bool is_fragment : 1; /* of a datagram that is not whole yet */
	bool more_fragments : 1;
	bool dont_fragment : 1;
	bool reserved_fragment : 1; /* IPv4's reserved bit */
	bool bad_checksum : 1; /* transport checksum is wrong (only where checked) */
	bool bad_ip_checksum : 1; /* IPv4 header checksum is wrong (only where checked) */
	bool invalid : 1; /* a header could not be read: Suricata's PKT_IS_INVALID */
	bool is_tunnel_outer : 1; /* another packet was found inside */
	bool pseudo : 1; /* made at a flow's end, no bytes of its own */
	bool no_flow_wanted : 1;
	bool stream_added : 1; /* engine/stream took its payload into the stream */
	bool stream_in_order : 1; /* all of it lies there as it came, behind all that came before */
	bool stream_inspectable : 1; /* engine/stream has bytes to look at with this packet */
	bool stream_waiting : 1; /* or they wait for their ACK, though the session is closing */
	bool established : 1; /* flow has seen both sides (engine/flow) */
	bool dropped : 1; /* verdict (engine/detect) */
	bool no_payload_inspection : 1; /* a verdict ended inspection, or the flow is encrypted */
	bool from_defrag : 1;
	bool released : 1; /* of a released way of its flow: counted, not inspected */
	bool would_release : 1; /* the same, but it is inspected for comparison */
	bool bypass : 1; /* a rule wants its flow inspected no longer (engine/detect) */
	bool passed : 1; /* an exception's policy: no rule looks at it */
	bool stream_state_changed : 1; /* the session's state is another since it came */
	bool stream_modified : 1; /* inline: payload is not what came, for the receiver has other bytes already */
	bool dropped_urgent : 1; /* stream.reassembly.urgent.policy dropped it */
	bool checksums_off : 1; /* the input's are known to be wrong: taken as right */

	uint8_t exceptions; /* enum exception_target as bits, that no policy has been asked for yet */
	uint8_t drop_target; /* one more than the enum exception_target that dropped it; 0: none */
	uint16_t vlan[PACKET_VLANS_MAX];
	uint16_t ether_type; /* of the innermost Ethernet-like header; 0: none */
	uint16_t ip_id; /* IPv4 identification (IPv6: low half of the fragment's) */
	uint16_t frag_offset; /* in 8-byte units, as in the header */
	uint16_t ip_options; /* enum ip_option */
	uint16_t l3_offset; /* of the IP header in data */
	uint16_t l4_offset; /* of the transport header in data */
	uint16_t l3_len; /* IP datagram bytes as the header has it (header included) */
	uint16_t frag_header; /* of the IPv6 fragment header in data; 0: none */
	uint16_t frag_next; /* of the byte in data that announces the fragment header */
	uint8_t layers; /* headers read so far, those around it included */
	uint8_t icmp_type;
	uint8_t icmp_code;
	bool has_icmp_id;
	uint16_t icmp_id;
	uint16_t icmp_seq;
	uint32_t spi; /* ESP */
	uint32_t icmp_mtu; /* ICMPv6 packet too big; ICMPv4 frag needed */
	/* ICMP errors: the datagram they quote. */
	bool has_quoted;
	uint8_t quoted_proto;
	uint16_t quoted_sport, quoted_dport;
	struct ip_addr quoted_src, quoted_dst;

	struct packet_tcp tcp;

	uint8_t mac_src[6], mac_dst[6];
	bool has_mac;
	uint8_t events; /* entries in event[] */
	uint8_t event[PACKET_EVENTS_MAX]; /* EVENT_... (fits: fewer than 256); see packet_event() */

	/* Of what its events tell of an overlap; its maker's, until the packet is done with.  NULL: nothing. */
	const struct packet_overlap *overlap;
	const struct packet *outer; /* of an inner packet: the packet around it */
	const struct frame *frame; /* NULL for pseudo packets */
	struct bytes arp; /* ARP packet bytes, where it is one */
	uint32_t wire_len; /* bytes counted for the flow: data.len, captured bytes */
	uint32_t link; /* enum link_type for packet_info: what data begins with */
};

/*
 * Note an event.  One that occurs twice is noted twice; what does not fit is lost.
 * decode_frame() counts those of its own in counters->event[]; a later stage counts what it adds.
 */
void packet_event(struct packet *p, enum event e);

/* A stage could not treat the packet as it should. */
static inline void packet_exception(struct packet *p, enum exception_target t)
{
	p->exceptions |= (uint8_t)(1u << t);
}

static inline bool packet_has_event(const struct packet *p, enum event e)
{
	for (unsigned i = 0; i < p->events; i++) {
		if (p->event[i] == (uint8_t)e)
			return true;
	}
	return false;
}

/* ICMPv4 "unreachable" about a TCP or UDP datagram: it belongs to that datagram's flow. */
bool packet_joins_quoted(const struct packet *p);

/* Whether it comes although its way is released: what the kernel keeps has no events, and of TCP ACK alone. */
static inline bool packet_always_comes(const struct packet *p)
{
	const uint8_t moves = TCP_SYN | TCP_FIN | TCP_RST | TCP_ACK;

	return p->events || (p->proto == IP_PROTO_TCP && (p->tcp.flags & moves) != TCP_ACK);
}

/* As it is before it is decoded. */
static inline void packet_clear(struct packet *p)
{
	size_t size = sizeof(*p);

	/* Where the compiler knows so many bytes it uses "rep stos", which takes four times as long as the library. */
	__asm__("" : "+r"(size));
	memset(p, 0, size);
}

#endif
