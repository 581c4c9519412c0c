/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule.h - a rule as plain data: what the text says, each option with its place.
 *
 * Out of parser/rule_parse.c, into engine/detect/compile.c.  Variables and groups
 * are resolved: addresses and ports are sorted ranges without negation.  Options stand in
 * the order of the text, modifiers (depth, nocase ...) folded into the content they modify.
 * Not here: what a condition means for a packet; regular expressions are text.
 *
 * Memory: all of it lives in the arena of struct rule_file_set.
 */
#ifndef WEIR_PARSER_RULE_H
#define WEIR_PARSER_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/address.h"
#include "engine/base/bytes.h"
#include "parser/buffer_list.h"
#include "parser/diag.h"

enum rule_action {
	ACTION_ALERT,
	ACTION_PASS,
	ACTION_DROP,
	ACTION_REJECT, /* to the sender of the packet */
	ACTION_REJECT_DST,
	ACTION_REJECT_BOTH,
	ACTION__COUNT
};

enum rule_proto {
	RULE_PROTO_IP, /* any IP */
	RULE_PROTO_IPV4,
	RULE_PROTO_IPV6,
	RULE_PROTO_TCP,
	RULE_PROTO_TCP_PKT,
	RULE_PROTO_TCP_STREAM,
	RULE_PROTO_UDP,
	RULE_PROTO_ICMP, /* ICMPv4 and ICMPv6 */
	RULE_PROTO_ICMPV4,
	RULE_PROTO_ICMPV6,
	RULE_PROTO_SCTP,
	RULE_PROTO_PKTHDR, /* any packet, decoded or not */
	RULE_PROTO_APP, /* an application protocol by name: rule.app_proto */
	RULE_PROTO__COUNT
};

struct range_v4 {
	uint32_t low, high; /* host order, inclusive */
};

struct range_v6 {
	struct ip_addr low, high; /* inclusive */
};

/* Sorted, disjoint.  any: everything, the arrays are empty. */
struct address_set {
	bool any;
	bool negated; /* a '!' took part, in the rule or in a variable */
	unsigned v4_count, v6_count;
	struct range_v4 *v4;
	struct range_v6 *v6;
};

struct port_range {
	uint16_t low, high; /* inclusive */
};

struct port_set {
	bool any;
	unsigned count;
	struct port_range *ranges; /* sorted, disjoint */
};

enum compare_op {
	COMPARE_EQ,
	COMPARE_NE,
	COMPARE_LT,
	COMPARE_LE,
	COMPARE_GT,
	COMPARE_GE,
	COMPARE_RANGE, /* low..high, both ends as the keyword defines, already inclusive here */
	COMPARE_NOT_RANGE,
	COMPARE_AND, /* byte_test: & */
	COMPARE_OR, /* byte_test: ^ */
	COMPARE_MASK_EQ, /* &mask=value: low is the value, high the mask */
	COMPARE_MASK_NE,
};

/* A comparison with constants: ttl, dsize, bsize, itype, tcp.mss, ... */
struct int_match {
	enum compare_op op;
	uint64_t low; /* the value; of a range its lower end */
	uint64_t high;
};

/* A number, or the variable that byte_extract or byte_math left. */
struct value {
	int64_t number;
	int16_t variable; /* index into rule.variables, -1: none */
};

enum number_base { BASE_BINARY, BASE_HEX, BASE_DEC, BASE_OCT }; /* BASE_BINARY: not a string */

/* What a content, pcre, isdataat or byte_* looks at. */
enum buffer {
	BUFFER_PAYLOAD, /* packet payload and stream */
	BUFFER_IPV4_HDR,
	BUFFER_IPV6_HDR, /* with its extension headers */
	BUFFER_TCP_HDR, /* with its options */
	BUFFER_UDP_HDR,
	BUFFER_ICMPV4_HDR,
	BUFFER_ICMPV6_HDR,
	BUFFER_IP_SRC, /* 4 or 16 bytes */
	BUFFER_IP_DST,
/* Of transactions of application protocols. */
#define BUFFER_ENUM(id, ...) BUFFER_##id,
	BUFFER_TX_LIST(BUFFER_ENUM)
#undef BUFFER_ENUM
		BUFFER__COUNT
};
#define BUFFER_TX__FIRST BUFFER_HTTP_URI

struct content {
	struct bytes pattern; /* as written: case kept */
	bool negated, nocase, rawbytes, startswith, endswith;
	bool fast_pattern, fast_pattern_only, fast_pattern_chop;
	uint16_t chop_offset, chop_len;
	bool has_offset, has_depth, has_distance, has_within;
	struct value offset, depth, distance, within;
	struct bytes replace; /* data NULL: none */
};

struct pcre {
	struct bytes regex; /* between the slashes */
	uint32_t options; /* PCRE2_CASELESS ... as enum pcre_option bits */
	bool negated;
	bool relative; /* R */
};
enum pcre_option {
	PCRE_I = 1 << 0,
	PCRE_M = 1 << 1,
	PCRE_S = 1 << 2,
	PCRE_X = 1 << 3,
	PCRE_A = 1 << 4,
	PCRE_E = 1 << 5,
	PCRE_G = 1 << 6,
	PCRE_B = 1 << 7 /* raw bytes */,
	PCRE_O = 1 << 8 /* no limits */,
};

struct byte_test {
	struct value count, offset, operand;
	enum compare_op op;
	bool negated, relative, little_endian, dce;
	enum number_base base;
	uint32_t bitmask; /* 0: none */
};

struct byte_jump {
	struct value count, offset, post_offset;
	uint32_t multiplier, bitmask; /* multiplier 0 is 1 */
	bool relative, little_endian, dce, align, from_beginning, from_end;
	enum number_base base;
};

struct byte_extract {
	struct value count, offset;
	int16_t result; /* variable */
	uint32_t multiplier;
	uint8_t align; /* 0, 2, 4 */
	bool relative, little_endian, dce;
	enum number_base base;
};

enum math_op { MATH_ADD, MATH_SUB, MATH_MUL, MATH_DIV, MATH_SHL, MATH_SHR };

struct byte_math {
	struct value count, offset, operand;
	int16_t result;
	enum math_op op;
	uint32_t bitmask;
	bool relative, little_endian, dce;
	enum number_base base;
};

struct isdataat {
	struct value offset;
	bool negated, relative, rawbytes;
};

enum flow_match_bit {
	FLOW_MATCH_TO_SERVER = 1 << 0,
	FLOW_MATCH_TO_CLIENT = 1 << 1,
	FLOW_MATCH_ESTABLISHED = 1 << 2,
	FLOW_MATCH_NOT_ESTABLISHED = 1 << 3,
	FLOW_MATCH_STATELESS = 1 << 4,
	FLOW_MATCH_ONLY_STREAM = 1 << 5,
	FLOW_MATCH_NO_STREAM = 1 << 6,
	FLOW_MATCH_ONLY_FRAG = 1 << 7,
	FLOW_MATCH_NO_FRAG = 1 << 8,
};

enum flowbit_op { FLOWBIT_SET, FLOWBIT_UNSET, FLOWBIT_TOGGLE, FLOWBIT_ISSET, FLOWBIT_ISNOTSET };

struct flowbits {
	enum flowbit_op op;
	unsigned count; /* names: one, or several joined with '|' (isset, isnotset) */
	struct bytes *names;
};

/* What carries a mark of xbits. */
enum xbits_track {
	XBITS_TRACK_SRC,
	XBITS_TRACK_DST,
	XBITS_TRACK_PAIR,
	XBITS_TRACK_NONE, /* not said: it is never set, and nothing holds */
};

/* xbits, and hostbits, which are those on a host that last for 300 seconds. */
struct xbits {
	enum flowbit_op op;
	enum xbits_track track;
	uint32_t seconds; /* that it lasts once set */
	struct bytes name;
};

enum flowint_op {
	FLOWINT_SET,
	FLOWINT_ADD,
	FLOWINT_SUB,
	FLOWINT_EQ,
	FLOWINT_NE,
	FLOWINT_LT,
	FLOWINT_LE,
	FLOWINT_GT,
	FLOWINT_GE,
	FLOWINT_ISSET,
	FLOWINT_NOTSET,
};

struct flowint {
	enum flowint_op op;
	struct bytes name;
	bool operand_is_name;
	struct bytes operand_name;
	uint32_t operand;
};

enum stream_side { SIDE_SERVER, SIDE_CLIENT, SIDE_BOTH, SIDE_EITHER };

struct stream_size_match {
	enum stream_side side;
	struct int_match match;
};

/* Which of a packet's VLAN tags: from the outermost 0, 1, 2; from the innermost -1, -2, -3. */
#define VLAN_LAYER_ANY 100 /* one of them */
#define VLAN_LAYER_ALL 101 /* each of them, and there is one */

struct vlan_match {
	struct int_match match;
	int8_t layer;
};

enum flow_side { FLOW_SIDE_TO_SERVER, FLOW_SIDE_TO_CLIENT, FLOW_SIDE_EITHER };

/* flow.pkts, flow.bytes: what went one way so far. */
struct flow_count_match {
	struct int_match match;
	uint8_t side; /* enum flow_side */
};

enum rule_checksum {
	RULE_CHECKSUM_IPV4,
	RULE_CHECKSUM_TCPV4,
	RULE_CHECKSUM_TCPV6,
	RULE_CHECKSUM_UDPV4,
	RULE_CHECKSUM_UDPV6,
	RULE_CHECKSUM_ICMPV4,
	RULE_CHECKSUM_ICMPV6,
	RULE_CHECKSUM__COUNT
};

struct checksum_match {
	uint8_t which; /* enum rule_checksum */
	bool valid;
};

/* tcp.flags: (flags & ~ignored) against value. */
struct tcp_flags_match {
	uint8_t value, ignored;
	enum { FLAGS_EXACT, FLAGS_ALL /* + */, FLAGS_ANY /* * */, FLAGS_NONE /* ! */ } how;
};

/* fragbits: M, D, R as bits 1, 2, 4. */
struct fragbits_match {
	uint8_t value;
	enum { FRAGBITS_EXACT, FRAGBITS_ALL, FRAGBITS_ANY, FRAGBITS_NONE } how;
};

enum threshold_type {
	THRESHOLD_LIMIT,
	THRESHOLD_THRESHOLD,
	THRESHOLD_BOTH,
	THRESHOLD_BACKOFF,
	THRESHOLD_DETECTION_FILTER
};
enum threshold_track { TRACK_BY_SRC, TRACK_BY_DST, TRACK_BY_BOTH, TRACK_BY_RULE, TRACK_BY_FLOW };

struct threshold {
	enum threshold_type type;
	enum threshold_track track;
	uint32_t count, seconds, multiplier;
};

/*
 * Each keyword that stands as an option of its own in struct rule.  Modifiers (nocase, depth ...) and
 * meta options (msg, sid ...) have rows in the keyword table too, but no option here.
 */
enum option_kind {
	OPTION_CONTENT,
	OPTION_PCRE,
	OPTION_BYTE_TEST,
	OPTION_BYTE_JUMP,
	OPTION_BYTE_EXTRACT,
	OPTION_BYTE_MATH,
	OPTION_ISDATAAT,
	OPTION_BSIZE, /* what stands up to here looks at bytes: see option_is_bytes() */
	OPTION_DSIZE,
	OPTION_FLOW,
	OPTION_FLOWBITS,
	OPTION_FLOWINT,
	OPTION_XBITS,
	OPTION_STREAM_SIZE,
	OPTION_FLOW_AGE,
	OPTION_FLOW_PKTS,
	OPTION_FLOW_BYTES,
	OPTION_TCP_FLAGS,
	OPTION_TCP_SEQ,
	OPTION_TCP_ACK,
	OPTION_TCP_WINDOW,
	OPTION_TCP_MSS,
	OPTION_TTL,
	OPTION_TOS,
	OPTION_ID,
	OPTION_IPOPTS,
	OPTION_FRAGBITS,
	OPTION_FRAGOFFSET,
	OPTION_IP_PROTO,
	OPTION_SAMEIP,
	OPTION_ITYPE,
	OPTION_ICODE,
	OPTION_ICMP_ID,
	OPTION_ICMP_SEQ,
	OPTION_TCP_WSCALE,
	OPTION_ICMPV6_MTU,
	OPTION_VLAN_ID,
	OPTION_VLAN_LAYERS,
	OPTION_L3_PROTO, /* number: 4 or 6 */
	OPTION_CHECKSUM,
	OPTION_DECODE_EVENT,
	OPTION_STREAM_EVENT,
	OPTION_THRESHOLD,
	OPTION__COUNT
};

/* It looks at the bytes of a buffer. */
static inline bool option_is_bytes(enum option_kind kind)
{
	return kind <= OPTION_BSIZE;
}

struct rule_option {
	enum option_kind kind;
	uint8_t buffer; /* enum buffer, of what looks at bytes */
	bool prefilter; /* the writer would search for it first; Weir chooses for itself */
	struct place place; /* of the keyword and its value */
	union {
		struct content content;
		struct pcre pcre;
		struct byte_test byte_test;
		struct byte_jump byte_jump;
		struct byte_extract byte_extract;
		struct byte_math byte_math;
		struct isdataat isdataat;
		struct int_match
			number; /* bsize dsize seq ack window mss ttl tos id fragoffset itype icode icmp_id icmp_seq ip_proto */
		uint32_t flow; /* enum flow_match_bit */
		struct flowbits flowbits;
		struct flowint flowint;
		struct xbits xbits;
		struct stream_size_match stream_size;
		struct tcp_flags_match tcp_flags;
		struct fragbits_match fragbits;
		struct {
			uint16_t bits;
			bool negated;
		} ipopts; /* enum ip_option of engine/decode/packet.h by value */
		struct vlan_match vlan;
		struct flow_count_match flow_count;
		struct checksum_match checksum;
		int event; /* enum event */
		struct threshold threshold;
	};
};

struct rule_reference {
	const char *type, *id; /* "cve", "2021-44228" */
	const char *url; /* whole, from reference.config; NULL: type unknown there */
};

struct rule_metadata {
	const char *key, *value;
};

struct rule {
	struct place place; /* of the whole rule: its first line */
	enum rule_action action;
	enum rule_proto proto;
	const char *app_proto; /* RULE_PROTO_APP: its name */
	bool bidirectional; /* <> */
	struct address_set src, dst;
	struct port_set sport, dport;

	uint32_t sid, gid, rev;
	uint32_t priority; /* from classtype or priority; 3 where neither says */
	bool noalert;
	bool alert; /* the keyword: alert although the action is pass */
	enum { TARGET_NONE, TARGET_SRC, TARGET_DEST } target;
	const char *msg; /* "" where there is none */
	const char *class_text; /* classification description, "" */
	const char *class_name;
	unsigned references;
	struct rule_reference *reference;
	unsigned metadata_count;
	struct rule_metadata *metadata;
	const char *text; /* the whole rule, joined lines, for EVE's alert.rule */

	unsigned variables; /* byte_extract and byte_math results */
	const char **variable;

	unsigned options;
	struct rule_option *option;
	struct rule *next, *prev;
};

#endif
