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
#include "engine/base/watch_kind.h"
#include "parser/buffer_list.h"
#include "parser/diag.h"
#include "parser/protocol.h"

/* Suricata's version whose rule language and records these are. */
#define RULE_LANGUAGE_VERSION "8.0.7"

enum rule_action {
	ACTION_ALERT,
	ACTION_PASS,
	ACTION_DROP,
	ACTION_REJECT, /* to the sender of the packet */
	ACTION_REJECT_DST,
	ACTION_REJECT_BOTH,
	ACTION_CONFIG, /* changes how the flow or transaction is treated; writes no alert */
	ACTION__COUNT
};

/* What an action is for, as in drop:flow. */
enum rule_scope { SCOPE_UNSAID, SCOPE_PACKET, SCOPE_FLOW };

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
	BUFFER_BASE64_DATA, /* what the base64_decode before it made of another buffer */
	BUFFER_FRAME, /* a frame of an application protocol: buffer_use.frame */
/* Of transactions of application protocols. */
#define BUFFER_ENUM(id, ...) BUFFER_##id,
	BUFFER_TX_LIST(BUFFER_ENUM)
#undef BUFFER_ENUM
		BUFFER__COUNT
};
#define BUFFER_TX__FIRST BUFFER_HTTP_URI

/* What changes a buffer before it is looked at. */
enum transform_kind {
	TRANSFORM_COMPRESS_WHITESPACE,
	TRANSFORM_DOMAIN,
	TRANSFORM_DOTPREFIX,
	TRANSFORM_FROM_BASE64,
	TRANSFORM_GUNZIP,
	TRANSFORM_HEADER_LOWERCASE,
	TRANSFORM_PCREXFORM,
	TRANSFORM_STRIP_PSEUDO_HEADERS,
	TRANSFORM_STRIP_WHITESPACE,
	TRANSFORM_TLD,
	TRANSFORM_TO_LOWERCASE,
	TRANSFORM_TO_MD5,
	TRANSFORM_TO_SHA1,
	TRANSFORM_TO_SHA256,
	TRANSFORM_TO_UPPERCASE,
	TRANSFORM_URL_DECODE,
	TRANSFORM_XOR,
	TRANSFORM_ZLIB_DEFLATE,
	TRANSFORM__COUNT
};

enum base64_mode { BASE64_RFC4648, BASE64_RFC2045, BASE64_STRICT };

struct transform {
	uint8_t kind; /* enum transform_kind */
	uint8_t mode; /* from_base64: enum base64_mode */
	struct bytes argument; /* xor: the key; pcrexform: the expression, one group in it */
	uint32_t
		bytes; /* from_base64: how many to decode, 0 all; gunzip, zlib_deflate: at most as many come out */
	uint32_t offset; /* from_base64: where to begin */
};

/*
 * One naming of a buffer.  Options with the same use look at the same bytes one after another; where a buffer
 * can be there several times (a DNS query of two names), two uses of it may hold for different ones.
 */
struct buffer_use {
	uint8_t buffer; /* enum buffer */
	uint8_t directions; /* bits of enum buffer_direction that were said; 0: all that it has */
	uint8_t transforms;
	uint8_t frame_type; /* enum frame_type: of the keyword frame; else FRAME_NONE */
	const struct transform *transform; /* in the order in which they are done */
	const char *frame; /* the same by its name, "tls.pdu"; else NULL */
	struct place place; /* of the keyword that named it */
};

struct content {
	struct bytes pattern; /* as written: case kept */
	bool negated, nocase, rawbytes, startswith, endswith;
	bool fast_pattern, fast_pattern_only, fast_pattern_chop;
	uint16_t chop_offset, chop_len;
	bool has_offset, has_depth, has_distance, has_within;
	struct value offset, depth, distance, within;
	struct bytes replace; /* data NULL: none */
};

/* Where what a group of an expression caught is kept. */
enum capture_kind {
	CAPTURE_FLOW, /* with the flow, and in its record */
	CAPTURE_PACKET, /* with the packet's alert */
	CAPTURE_ALERT, /* the same, under metadata of the alert alone */
};

struct capture {
	uint8_t kind; /* enum capture_kind */
	bool key; /* what is caught is the name of what the next capture catches */
	const char *name;
	const char *group; /* its name in the expression; NULL: the groups in order */
};

#define PCRE_CAPTURES_MAX 32

struct pcre {
	struct bytes regex; /* between the slashes */
	unsigned captures;
	const struct capture *capture;
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

/* absent: the buffer is not there.  or_else: then what follows need not hold. */
struct absent {
	bool or_else;
};

/* entropy: bits for each byte, 0 to 8. */
struct entropy {
	uint32_t bytes; /* 0: all */
	int32_t offset;
	enum compare_op op; /* up to COMPARE_NOT_RANGE; the ends of a range belong to it */
	double low, high;
};

/* Its result is BUFFER_BASE64_DATA for the options that come after. */
struct base64_decode {
	uint32_t bytes; /* 0: all */
	uint32_t offset;
	bool relative;
};

enum dataset_type {
	DATASET_STRING,
	DATASET_MD5,
	DATASET_SHA256,
	DATASET_IPV4,
	DATASET_IP,
	DATASET_UNSAID, /* it is that of another rule or of the configuration */
};
enum dataset_format { DATASET_CSV, DATASET_JSON, DATASET_NDJSON };

/* What dataset and datarep say of the set itself. */
struct dataset {
	const char *name;
	uint8_t type; /* enum dataset_type */
	uint8_t format; /* enum dataset_format */
	const char *load, *save; /* file names as written, or NULL; state is both */
	uint64_t memcap; /* 0: the configuration's */
	uint32_t hashsize;
	const char *context_key, *value_key, *array_key; /* of JSON */
	bool remove_key;
};

enum dataset_op { DATASET_SET, DATASET_UNSET, DATASET_ISSET, DATASET_ISNOTSET };

struct dataset_match {
	struct dataset set;
	enum dataset_op op;
	bool subdomain; /* match subdomain: what stands from a dot on may be in it too */
};

struct datarep_match {
	struct dataset set;
	enum compare_op op; /* COMPARE_LT, COMPARE_GT, COMPARE_EQ */
	uint16_t value;
};

/* asn1: what is wrong in BER data that begins there. */
struct asn1_match {
	bool bitstring_overflow, double_overflow;
	bool has_oversize_length, has_absolute_offset, has_relative_offset;
	uint32_t oversize_length;
	uint16_t absolute_offset;
	int32_t relative_offset;
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
	XBITS_TRACK_TX, /* it lasts as long as the transaction */
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

/* tag: what comes after an alert is written too. */
enum tag_metric { TAG_PACKETS, TAG_SECONDS, TAG_BYTES };

struct tag {
	bool host; /* of the host, else of the flow */
	bool src; /* of the host: the source, else the destination */
	uint8_t metric; /* enum tag_metric */
	uint32_t count; /* without one: 256 packets */
};

/* flowvar, pktvar: a capture of that name has these bytes in it. */
struct variable_match {
	bool packet; /* pktvar */
	bool negated;
	const char *name;
	struct bytes content;
};

enum address_side { ADDRESS_ANY, ADDRESS_SRC, ADDRESS_DST, ADDRESS_BOTH };

enum iprep_test { IPREP_VALUE, IPREP_ISSET, IPREP_ISNOTSET };

struct iprep_match {
	uint8_t side; /* enum address_side */
	uint8_t test; /* enum iprep_test */
	const char *category;
	struct int_match match; /* IPREP_VALUE: 0 to 127 */
};

/* weir.watch */
struct watch_match {
	uint8_t side; /* enum address_side */
	uint8_t test; /* enum iprep_test */
	struct watch_range kinds;
	struct int_match match; /* IPREP_VALUE */
};

struct geoip_country {
	char code[2]; /* capitals */
	bool negated;
};

struct geoip_match {
	uint8_t side; /* enum address_side */
	unsigned count;
	const struct geoip_country *country;
};

struct rpc_match {
	uint32_t program, version, procedure;
	bool any_version, any_procedure;
};

/* tcp.session: one of these. */
enum tcp_session_bit {
	TCP_SESSION_SETUP = 1,
	TCP_SESSION_ESTABLISHED = 2,
	TCP_SESSION_CLOSING = 4
};

/* config: what is not done any more. */
enum config_what { CONFIG_LOGGING, CONFIG_TRACKING };
enum config_unit { CONFIG_TX, CONFIG_FLOW, CONFIG_PACKET };

struct config_option {
	uint8_t what; /* enum config_what */
	uint8_t type, scope; /* enum config_unit */
};

struct mark {
	uint32_t mark, mask;
};

/* app-layer-protocol */
enum app_proto_mode {
	APP_PROTO_MODE_DIRECTION, /* what the bytes of the packet's direction said */
	APP_PROTO_MODE_FINAL, /* after the flow changed it, STARTTLS for instance */
	APP_PROTO_MODE_ORIGINAL, /* before it did */
	APP_PROTO_MODE_EITHER, /* one of the two directions */
	APP_PROTO_MODE_TO_SERVER,
	APP_PROTO_MODE_TO_CLIENT,
};

struct app_proto_match {
	uint64_t protos; /* APP_PROTO_BIT() of each that it may be; failed and unknown among them */
	uint8_t mode; /* enum app_proto_mode */
	bool negated;
};

/* app-layer-event */
struct app_event_match {
	int event; /* enum app_event; -1: of a parser that is not there, so it never is */
	const char *name; /* as written, "http.gzip_decompression_failed" */
};

/* app-layer-state: how far the side of a hook is. */
struct app_state_match {
	enum compare_op op; /* COMPARE_LT, COMPARE_GT */
	uint16_t hook; /* row of parser/hook.h */
};

/* A number that a protocol's parser finds: a row of parser/app_int.h. */
struct app_int_match {
	uint8_t field; /* enum app_int */
	struct int_match match;
};

/* ssl_version, ssl_state: one of the bits. */
enum ssl_version_bit {
	SSL_VERSION_SSLV2 = 1 << 0,
	SSL_VERSION_SSLV3 = 1 << 1,
	SSL_VERSION_TLS10 = 1 << 2,
	SSL_VERSION_TLS11 = 1 << 3,
	SSL_VERSION_TLS12 = 1 << 4,
	SSL_VERSION_TLS13 = 1 << 5,
};
enum ssl_state_bit {
	SSL_STATE_CLIENT_HELLO = 1 << 0,
	SSL_STATE_SERVER_HELLO = 1 << 1,
	SSL_STATE_CLIENT_KEYX = 1 << 2,
	SSL_STATE_SERVER_KEYX = 1 << 3,
	SSL_STATE_UNKNOWN = 1 << 4,
};

struct ssl_match {
	uint16_t bits;
	bool negated;
};

/* tls_cert_notbefore, tls_cert_notafter */
struct cert_time_match {
	bool not_after;
	enum compare_op op; /* EQ, LT, GT, RANGE; the ends of a range belong to it */
	int64_t low, high; /* seconds since 1970 */
};

enum file_hash { FILE_HASH_MD5, FILE_HASH_SHA1, FILE_HASH_SHA256 };

/* filemd5 and its like: the file's hash is one of a list. */
struct file_hash_match {
	uint8_t hash; /* enum file_hash */
	bool negated;
	const char *path; /* of the list, found from the rule file's folder */
	uint32_t count;
	const uint8_t *digest; /* count times 16, 20 or 32 bytes, sorted */
};

enum filestore_direction {
	FILESTORE_DEFAULT,
	FILESTORE_REQUEST,
	FILESTORE_RESPONSE,
	FILESTORE_BOTH
};
enum filestore_scope { FILESTORE_FILE, FILESTORE_TX, FILESTORE_FLOW };

struct filestore {
	uint8_t direction; /* enum filestore_direction */
	uint8_t scope; /* enum filestore_scope */
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
	OPTION_ABSENT,
	OPTION_ENTROPY,
	OPTION_BASE64_DECODE,
	OPTION_DATASET,
	OPTION_DATAREP,
	OPTION_ASN1,
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
	OPTION_TAG,
	OPTION_VARIABLE, /* flowvar, pktvar */
	OPTION_IPREP,
	OPTION_WATCH,
	OPTION_GEOIP,
	OPTION_RPC,
	OPTION_TCP_SESSION, /* bits: enum tcp_session_bit */
	OPTION_CONFIG,
	OPTION_BYPASS,
	OPTION_NFQ_SET_MARK,
	OPTION_APP_PROTO,
	OPTION_APP_EVENT,
	OPTION_APP_STATE,
	OPTION_APP_INT,
	OPTION_SSL_VERSION,
	OPTION_SSL_STATE,
	OPTION_TLS_CERT_TIME,
	OPTION_TLS_CERT_EXPIRED,
	OPTION_TLS_CERT_VALID,
	OPTION_TLS_STORE,
	OPTION_FTPBOUNCE,
	OPTION_FILESIZE,
	OPTION_FILE_HASH,
	OPTION_FILESTORE,
	OPTION__COUNT
};

/* It looks at the bytes of a buffer. */
static inline bool option_is_bytes(enum option_kind kind)
{
	return kind <= OPTION_BSIZE;
}

struct rule_option {
	enum option_kind kind;
	uint8_t buffer; /* enum buffer, of what looks at bytes: rule.use[use].buffer */
	uint8_t use; /* index into rule.use */
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
		struct int_match number; /* of a keyword that compares one number */
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
		struct absent absent;
		struct entropy entropy;
		struct base64_decode base64_decode;
		struct dataset_match dataset;
		struct datarep_match datarep;
		struct asn1_match asn1;
		struct tag tag;
		struct variable_match variable;
		struct iprep_match iprep;
		struct watch_match watch;
		struct geoip_match geoip;
		struct rpc_match rpc;
		uint32_t tcp_session; /* enum tcp_session_bit */
		struct config_option config;
		struct mark mark;
		struct app_proto_match app_proto;
		struct app_event_match app_event;
		struct app_state_match app_state;
		struct app_int_match app_int;
		struct ssl_match ssl;
		struct cert_time_match cert_time;
		struct file_hash_match file_hash;
		struct filestore filestore;
	};
};

/* What threshold.config says of a rule beside its own threshold. */
enum filter_kind {
	FILTER_SUPPRESS, /* no alert for these addresses */
	FILTER_RATE, /* another action for a while, past so many matches */
	FILTER_THRESHOLD, /* in the place of the rule's own: by the time a rule has it, it is an option */
};
enum filter_track { FILTER_TRACK_ANY, FILTER_TRACK_SRC, FILTER_TRACK_DST, FILTER_TRACK_EITHER };

struct rule_filter {
	uint8_t kind; /* enum filter_kind */
	uint8_t track; /* FILTER_SUPPRESS: enum filter_track; ANY: whatever the addresses */
	uint8_t new_action; /* FILTER_RATE: enum rule_action */
	uint32_t gid, sid; /* 0: all */
	struct address_set addresses; /* FILTER_SUPPRESS */
	struct threshold threshold; /* the others: track, count, seconds */
	uint32_t timeout; /* FILTER_RATE: seconds that the other action lasts */
	unsigned number; /* of the entry in its file, from 0: hits are counted by it */
	struct place place;
	struct rule_filter *next;
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
	const char *app_proto; /* RULE_PROTO_APP: its name, as written in lower case */
	/*
	 * APP_PROTO_BIT() of each application protocol that the flow may speak: by the header, or by a keyword that
	 * only one of them has.  0: any, or none.
	 */
	uint64_t app_protos;
	enum rule_scope scope;
	int16_t hook; /* row of parser/hook.h, as in tls:client_hello_done; -1: none */
	bool bidirectional; /* <> */
	bool transactional; /* =>: what is found in requests and in responses of a transaction, together */
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

	unsigned uses; /* of buffers, the first of them the payload; */
	struct buffer_use *use;

	unsigned options;
	struct rule_option *option;

	unsigned filters; /* of threshold.config, in its order */
	const struct rule_filter **filter;
	struct rule *next, *prev;
};

#endif
