/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ruleset.h - the compiled ruleset: one block of memory without pointers.
 *
 * The block may be copied anywhere, mapped by several processes, or kept in a file: everything in it
 * is found by a 32-bit offset from its first byte.  Offset 0 is the header and therefore means
 * "none" (of an address or port set: any).
 * Beside the block a struct ruleset holds what the libraries make of their serialized parts: Hyperscan
 * databases and PCRE2 codes, made once when the block is opened.
 *
 * Memory: the block belongs to struct ruleset, read-only once opened.
 * Thread: any number of readers.
 */
#ifndef WEIR_DETECT_RULESET_H
#define WEIR_DETECT_RULESET_H

#include <assert.h>

#include "engine/base/address.h"
#include "engine/detect/cache.h"
#include "engine/detect/detect.h"

#define BLOCK_MAGIC "WEIRRULE"
#define BLOCK_VERSION 28u

/* An array inside the block. */
struct section {
	uint32_t offset;
	uint32_t count;
};

/* What a packet's protocol is to a rule's header. */
enum proto_class {
	PROTO_TCP,
	PROTO_UDP,
	PROTO_ICMP,
	PROTO_ICMPV6,
	PROTO_SCTP,
	PROTO_OTHER,
	PROTO_CLASS__COUNT
};
#define PROTO_CLASS_ALL ((1u << PROTO_CLASS__COUNT) - 1)

/* Which bytes the search patterns of a transport are looked for in. */
enum scan_proto { SCAN_TCP, SCAN_UDP, SCAN_OTHER, SCAN_PROTO__COUNT };
enum unit { UNIT_PACKET, UNIT_STREAM, UNIT__COUNT };

/* When a rule is tried. */
enum rule_kind {
	RULE_IP_ONLY, /* once for each direction of a flow; packets without a flow: each */
	RULE_EVENT, /* pkthdr with decode-event: any packet that has the event */
	RULE_PACKET,
	RULE_PACKET_STREAM,
	RULE_STREAM,
	RULE_TX, /* transactions of an application protocol */
	RULE_FRAME, /* frames of an application protocol */
};

/* Cheap facts of a packet, computed once; a rule's row says which it needs. */
enum need {
	NEED_FLOW = 1 << 0,
	NEED_TO_SERVER = 1 << 1,
	NEED_TO_CLIENT = 1 << 2,
	NEED_ESTABLISHED = 1 << 3,
	NEED_NOT_ESTABLISHED = 1 << 4,
	NEED_BYTES = 1 << 5, /* payload, or stream bytes to look at */
	NEED_REAL = 1 << 6, /* not a pseudo packet */
	NEED_V4 = 1 << 7,
	NEED_V6 = 1 << 8,
	NEED_L4 = 1 << 9, /* the transport header was read */
	NEED_EVENT = 1 << 10,
	/* In the order of the flags themselves (eval_facts()). */
	NEED_FIN = 1 << 11,
	NEED_SYN = 1 << 12,
	NEED_RST = 1 << 13,
	NEED_NO_SYN = 1 << 14,
	NEED_ACK = 1 << 15,
	NEED_PAYLOAD = 1 << 16, /* payload of its own */
	/* Of the home of the rules (home.h), where they have one. */
	NEED_SRC_INSIDE = 1 << 17,
	NEED_SRC_OUTSIDE = 1 << 18,
	NEED_DST_INSIDE = 1 << 19,
	NEED_DST_OUTSIDE = 1 << 20,
};
#define NEED_ENDS (NEED_SRC_INSIDE | NEED_SRC_OUTSIDE | NEED_DST_INSIDE | NEED_DST_OUTSIDE)

/* Which of a packet's addresses lie in the home: 1 the source, 2 the destination. */
#define ENDS 4
#define ENDS_ALL ((1u << ENDS) - 1)

static inline unsigned ends_of(uint32_t have)
{
	return (have & NEED_SRC_INSIDE ? 1 : 0) | (have & NEED_DST_INSIDE ? 2 : 0);
}

enum row_flag {
	ROW_NOALERT = 1 << 0,
	ROW_BIDIRECTIONAL = 1 << 1,
	ROW_THRESHOLD = 1 << 2,
	ROW_ACTS_ON_FLOW = 1 << 3, /* pass, drop: on the whole flow */
	ROW_ACTS_ON_FLOW_STREAM = 1 << 4, /* the same, where the match was in the stream */
	ROW_LOCATED = 1 << 5, /* some condition that holds has a place in the bytes */
	ROW_SINGLE = 1 << 6, /* one content is all it asks of the bytes */
	ROW_PATTERN = 1 << 7, /* found through a search pattern */
	ROW_NO_PACKET = 1 << 8, /* flow:only_stream: never a packet's own payload */
	ROW_BUFFERS = 1 << 9, /* some condition on bytes looks at a buffer of its own */
	ROW_NO_PAYLOAD = 1 << 10, /* all of them do */
	ROW_BYPASS = 1 << 11, /* a match ends the inspection of the flow */
	ROW_SOURCE_PORTS = 1 << 12, /* row.ports is of the source */
	ROW_PATTERN_ALONE = 1 << 13, /* its search pattern is all that it asks of the bytes */
};

/* More flags of a row. */
enum row_more {
	ROW_PORTS = 1 << 0, /* either port set is not any */
	ROW_BOTH_WAYS =
		1 << 1, /* what held in one direction of a transaction counts in the other */
	ROW_TOGETHER =
		1 << 2, /* a variable goes from buffer to buffer: they hold in one step or not */
	ROW_STORES_FILES = 1 << 3, /* a match has files stored */
	ROW_SUPPRESSED = 1 << 4, /* some addresses are not told of */
	ROW_FILES = 1 << 6, /* it looks at files: a further one may have it hold again */
	ROW_RATE = 1 << 5, /* what it does changes with the rate of its matches */
	ROW_WITH_PACKET = 1 << 7, /* on transactions: another packet or state may decide it anew */
};

/* What inspection touches of a rule: one cache line. */
struct rule_row {
	uint32_t need; /* enum need */
	uint16_t protos; /* bits of enum proto_class */
	uint8_t kind; /* enum rule_kind */
	uint8_t action; /* enum rule_action */
	uint32_t src, dst; /* struct address_block, 0: any */
	uint32_t sport, dport; /* struct port_block, 0: any */
	uint32_t conds; /* first of its conditions, which stand in this order: */
	uint16_t packet_conds;
	uint16_t state_conds;
	uint16_t payload_conds;
	uint16_t shared_conds; /* on state that other workers write too: last */
	uint16_t post_conds; /* what a match does: flowbits, flowint, xbits */
	uint16_t flags; /* enum row_flag */
	uint8_t units; /* bits of enum unit */
	uint8_t variables;
	uint8_t more; /* enum row_more */
	uint64_t key; /* gid and sid: its name in a flow's state */
	struct port_range ports; /* the destination's lie in here; or the source's: by a flag */
	uint8_t reach; /* enum reach */
	uint8_t app; /* index into app_masks: protocols that the flow may speak; 0: any, or none */
	uint8_t frame; /* enum frame_type of a rule on frames */
};
static_assert(sizeof(struct rule_row) == 64, "a row is one cache line");

/* A rule without a search pattern, and what tells at a glance that it cannot hold; read in order, by need. */
struct always_rule {
	uint32_t rule;
	uint32_t need; /* enum need */
	uint32_t alike; /* rules from this one on that need the same */
	struct port_range sport, dport; /* they lie in here */
	uint16_t dsize_low, dsize_high;
};

/* A rule that looks beyond a stream's depth. */
struct holder {
	uint32_t rule;
	uint32_t need; /* of enum need what a flow may come to lack for good (reach_needs()) */
};

/* What only records and people want of a rule. */
struct rule_cold {
	uint32_t sid, gid, rev, priority;
	uint32_t msg, class_text, text, metadata_json, references_json; /* strings, 0: NULL */
	uint32_t file, line;
	uint32_t header_text;
	uint64_t text_digest[2]; /* of the text, which may not be kept */
	struct threshold threshold;
	struct section suppress; /* struct suppress_block */
	struct threshold rate; /* of a rate_filter: track, count, seconds */
	uint32_t rate_timeout;
	uint8_t rate_action; /* enum rule_action */
	uint8_t target;
	uint8_t search_cond; /* condition whose pattern is searched for, counted from row.conds */
};

/* Of a suppress line: addresses whose alerts are not shown. */
struct suppress_block {
	uint32_t addresses; /* struct address_block, 0: any */
	uint32_t track; /* enum filter_track */
};

struct address_block {
	uint32_t v4_count, v6_count;
	/* v4_count of struct range_v4, then v6_count of struct range_v6 */
};

struct port_block {
	uint32_t count;
	struct port_range range[];
};

enum cond_kind {
	/* Of the packet. */
	COND_FLOW,
	COND_DSIZE,
	COND_STREAM_SIZE,
	COND_TCP_FLAGS,
	COND_TCP_SEQ,
	COND_TCP_ACK,
	COND_TCP_WINDOW,
	COND_TCP_MSS,
	COND_TTL,
	COND_TOS,
	COND_ID,
	COND_IPOPTS,
	COND_FRAGBITS,
	COND_FRAGOFFSET,
	COND_IP_PROTO,
	COND_SAMEIP,
	COND_ITYPE,
	COND_ICODE,
	COND_ICMP_ID,
	COND_ICMP_SEQ,
	COND_FLOW_AGE,
	COND_FLOW_PKTS,
	COND_FLOW_BYTES,
	COND_TCP_WSCALE,
	COND_ICMPV6_MTU,
	COND_VLAN_ID,
	COND_VLAN_LAYERS,
	COND_L3_PROTO,
	COND_CHECKSUM,
	COND_IPREP,
	COND_GEOIP,
	COND_RPC,
	COND_FLOW_START, /* the first packet of a direction of its flow */
	COND_EVENT,
	/* Of the flow's state. */
	COND_FLOWBITS,
	COND_FLOWINT,
	COND_VARIABLE, /* flowvar, pktvar */
	COND_XBITS, /* after the bytes: it takes its turn */
	COND_WATCH, /* the same */
	/* Of the bytes. */
	COND_CONTENT,
	COND_PCRE,
	COND_BYTE_TEST,
	COND_BYTE_JUMP,
	COND_BYTE_EXTRACT,
	COND_BYTE_MATH,
	COND_ISDATAAT,
	COND_BSIZE,
	COND_ABSENT,
	COND_ENTROPY,
	COND_BASE64_DECODE,
	COND_BASE64_DATA, /* what follows looks at what was decoded */
	COND_DATASET,
	COND_DATAREP,
	COND_ASN1,
	/* Of a transaction, each alone. */
	COND_APP_EVENT,
	COND_APP_STEP, /* a hook, app-layer-state: how far the transaction is */
	COND_APP_INT,
	COND_SSL_VERSION,
	COND_SSL_STATE,
	COND_CERT_TIME,
	COND_CERT_EXPIRED,
	COND_CERT_VALID,
	COND_FTPBOUNCE,
	/* Of a file of it, all of the same one. */
	COND_FILESIZE,
	COND_FILE_HASH,
	COND_FILESTORE, /* any file; a match has it stored */
	/* What a match of a transaction does. */
	COND_TLS_STORE,
	COND_CONFIG,
	COND_BYPASS,
	COND_TAG,
	/* Of the flow. */
	COND_APP_PROTO,
	COND__COUNT
};

enum cond_flag {
	COND_NEGATED = 1 << 0,
	COND_NOCASE = 1 << 1,
	COND_RELATIVE = 1 << 2, /* counts from the end of the match before */
	COND_RELATIVE_NEXT = 1 << 3, /* a later condition counts from here: try each occurrence */
	COND_ENDSWITH = 1 << 4,
	COND_LITTLE_ENDIAN = 1 << 5,
	COND_STRING = 1 << 6, /* the number is written in digits */
	COND_HAS_DEPTH = 1 << 7,
	COND_HAS_DISTANCE = 1 << 8,
	COND_HAS_WITHIN = 1 << 9,
	COND_ALIGN = 1 << 10,
	COND_FROM_BEGINNING = 1 << 11,
	COND_FROM_END = 1 << 12,
	COND_STARTSWITH = 1 << 13,
	COND_TO_SERVER = 1 << 14, /* of a transaction: in this direction, or in both */
	COND_TO_CLIENT = 1 << 15,
};

/* A number or a variable's index. */
struct cond_arg {
	int32_t number;
	int32_t variable; /* -1: none */
};

struct cond {
	uint8_t kind; /* enum cond_kind */
	uint8_t base; /* of digits: 8, 10, 16 */
	uint16_t flags; /* enum cond_flag */
	uint16_t option; /* its place in the rule's text */
	uint16_t op; /* enum compare_op, math_op, flowbit_op, flowint_op, or as the kind says */
	uint32_t text; /* string: as it was written */
	uint8_t buffer; /* enum buffer that it looks at */
	uint8_t use; /* those with the same one stand together, and look at the same bytes */
	uint16_t transforms; /* index into the block's lists of transforms, 0: as it is */
	union {
		struct {
			uint32_t pattern; /* bytes; lower case where COND_NOCASE */
			uint16_t len;
			uint16_t anchor; /* its rarest pair begins there */
			int32_t offset, depth, distance, within;
			int16_t offset_var, depth_var, distance_var, within_var;
		} content;
		struct {
			uint32_t regex; /* index among the ruleset's */
			struct section captures; /* struct capture_row */
		} pcre;
		struct {
			uint64_t name; /* state_key() */
			uint32_t name_text; /* string */
			uint32_t pattern; /* bytes */
			uint32_t len;
			uint32_t packet; /* of the packet, else of the flow */
		} variable;
		struct {
			struct cond_arg count, offset;
			uint64_t operand;
			uint32_t bitmask;
			int32_t operand_var;
		} test; /* byte_test */
		struct {
			struct cond_arg count, offset, post;
			uint32_t multiplier, bitmask;
			int16_t result;
			uint16_t align;
		} jump; /* byte_jump; byte_extract: with a result */
		struct {
			struct cond_arg count, offset;
			uint64_t operand;
			uint32_t bitmask;
			int16_t operand_var, result;
		} math;
		struct {
			struct cond_arg offset;
		} at; /* isdataat */
		struct {
			double low, high;
			uint32_t bytes;
			int32_t offset;
		} entropy;
		struct {
			uint32_t bytes, offset;
		} base64;
		struct {
			uint32_t ask; /* enum asn1_ask */
			uint32_t limit;
			int32_t offset; /* COND_RELATIVE: from the match before */
		} asn1;
		struct {
			uint32_t set; /* index among the ruleset's sets */
			uint32_t value;
			uint32_t context; /* string: its name in the alert; 0: none */
			uint32_t subdomain;
		} dataset;
		struct {
			uint32_t digests; /* sorted */
			uint32_t count;
			uint32_t len; /* of each */
		} hash;
		struct {
			uint64_t protos;
		} app;
		struct {
			uint64_t low, high;
			uint32_t name; /* string */
			int16_t category; /* its number, found when the block is opened; -1: none */
			uint8_t side; /* enum address_side */
			uint8_t test; /* enum iprep_test */
		} iprep;
		struct {
			uint64_t low, high;
			struct watch_range kinds;
			uint8_t side; /* enum address_side */
			uint8_t test; /* enum iprep_test */
		} watch;
		struct {
			uint32_t count;
			uint8_t metric; /* enum tag_metric */
			bool host, src;
		} tag;
		struct {
			struct section countries; /* struct geoip_country */
		} geoip;
		struct {
			int64_t low, high; /* seconds */
		} time;
		struct {
			uint64_t low, high;
			int32_t side; /* stream_size, flow.pkts, flow.bytes; vlan.id: its layer */
		} number;
		struct {
			uint32_t bits;
		} flow;
		struct {
			uint32_t value, ignored;
		} bits; /* tcp flags, fragbits, ipopts; event: value */
		struct {
			struct section names; /* keys: array of struct state_name */
		} flowbits;
		struct {
			uint64_t name;
			uint32_t track; /* enum xbits_track */
			uint32_t seconds;
		} xbits;
		struct {
			uint64_t name, operand_name;
			uint32_t operand;
			uint32_t operand_is_name;
		} flowint;
		struct {
			uint32_t program, version, procedure;
			bool any_version, any_procedure;
		} rpc;
		struct {
			uint8_t what; /* enum config_what */
			uint8_t type, scope; /* enum config_unit */
		} config;
	};
};
static_assert(sizeof(struct cond) == 56, "conditions are read in order; keep them small");

/* A flowbit's or a flowint's name by its hash, and as text. */
struct state_name {
	uint64_t key;
	uint32_t text;
	uint32_t reserved;
};

/* What literals are searched for in, and what their numbers mean. */
struct scan_database {
	struct section built; /* bytes as of mpm.h */
	struct section patterns; /* struct scan_pattern, by their numbers there */
	uint32_t
		peer_below; /* only while the receiver has sent less than so many bytes; 0: always */
	uint32_t longest; /* bytes of the longest pattern */
	uint32_t shortest;
	uint32_t units; /* bits of enum unit: whose rules it has */
	uint32_t lengths; /* struct length_set: only payloads of these lengths; 0: any */
};

/* Lengths below LENGTHS. */
#define LENGTHS 320
struct length_set {
	uint64_t bits[LENGTHS / 64];
};

/* Of TCP it may be of rules on packets, and of others on streams. */
struct scan_pattern {
	struct section rules[UNIT__COUNT]; /* uint32_t, ascending */
	uint32_t head
		[UNIT__COUNT]; /* it ends in the first bytes of the unit, so many; 0: anywhere */
	uint32_t len;
	uint32_t reserved;
};

#define NO_DATABASE UINT32_MAX

/* The databases that the bytes of a class meet. */
struct scan_class {
	uint32_t first; /* index into steps */
	uint32_t steps;
	uint32_t fixed[UNIT__COUNT]; /* struct fixed_table, 0: none */
};

/*
 * The groups of ports, in pages: most of a page's ports are alike, and equal pages are kept once, so that what packets
 * touch of it stays near the processor.
 */
#define PORT_PAGE 256
#define PORT_PAGES (65536 / PORT_PAGE)
struct port_groups {
	uint32_t page[PORT_PAGES]; /* uint16_t [PORT_PAGE] */
};

/* Kinds of port pairs that classes tell apart, and all that some of them can be. */
#define SCAN_KINDS 3
#define SCAN_MASKS (1u << SCAN_KINDS)

/* From a packet's ports, direction and ends to its class. */
struct scan_table {
	uint32_t sport_group; /* struct port_groups; 0: all ports are group 0 */
	uint32_t dport_group;
	uint32_t dport_groups;
	uint32_t masks; /* uint8_t [sport group][dport group]: the kinds that the ports are of */
	uint16_t classes[2][ENDS][SCAN_MASKS];
};

/* Where what a group of an expression catches is kept. */
struct capture_row {
	uint32_t name; /* string; 0: what the key before it caught */
	uint32_t group;
	uint8_t kind; /* enum note_kind */
	uint8_t key; /* what it catches is the next one's name */
	uint8_t reserved[2];
};

/* A set of values that rules ask or write. */
struct dataset_row {
	uint64_t memcap;
	uint32_t name, load, save; /* strings as written, 0: none */
	uint32_t file; /* of the rule that said so */
	uint32_t value_key, array_key; /* strings, of JSON */
	uint8_t type; /* enum dataset_type */
	uint8_t written; /* some rule writes it */
	uint8_t format; /* enum dataset_format */
	uint8_t remove_key;
	uint32_t hashsize; /* 0: not said */
};

/* Changes of a buffer, one after the other: struct transform_row. */
struct transform_list {
	struct section rows;
};

/* Where a transaction's bytes are searched. */
struct tx_slot {
	uint32_t database; /* index among the transactions' databases, or NO_DATABASE */
	uint32_t fixed; /* literals with one possible place: struct fixed_table, 0: none */
	uint8_t buffer; /* enum buffer */
	uint8_t flags; /* enum tx_slot_flag */
	uint16_t transforms;
	uint8_t frame; /* enum frame_type, of a frame */
	uint8_t reserved[3];
};

enum tx_slot_flag {
	TX_SLOT_MULTIPLE = 1 << 0, /* there may be several of it */
	TX_SLOT_GROWS = 1 << 1, /* its bytes come bit by bit */
};

/* What the transactions of a protocol meet in one direction, from and to the same ends. */
struct tx_way {
	struct section slots; /* struct tx_slot */
	struct section always; /* rules without a search pattern: uint32_t, ascending */
	struct section always_packet; /* those of them that another packet may decide anew */
};

struct block_header {
	char magic[8];
	uint32_t version;
	uint32_t size;
	uint32_t home; /* struct address_block (home.h); 0: none */
	struct section rules; /* struct rule_row */
	struct section cold; /* struct rule_cold, by the same number */
	struct section header_numbers; /* uint16_t by rule (header.h); count: the greatest */
	struct section conds;
	struct section names; /* struct state_name, by key */
	struct section databases;
	struct section classes;
	struct section steps; /* uint32_t: numbers of databases */
	struct scan_table scan[SCAN_PROTO__COUNT];
	struct section ip_only[PROTO_CLASS__COUNT]; /* uint32_t rule numbers, ascending */
	struct section always[PROTO_CLASS__COUNT]; /* struct always_rule */
	struct section holders[PROTO_CLASS__COUNT]; /* struct holder */
	struct section pre_flow; /* rules that keep packets from belonging to a flow */
	struct section always_stream; /* those of them that look at a TCP stream */
	struct section events; /* struct section by enum event: rule numbers */
	struct section regexes; /* PCRE2's serialized codes: bytes */
	struct section
		filters; /* struct section by regex: a serialized Hyperscan filter, or none */
	uint32_t regex_count;
	uint32_t regex_captures; /* greatest number of groups in any of them */
	uint32_t has_state; /* some rule reads or writes a flow's state */
	uint32_t has_xbits; /* or that of hosts */
	uint32_t tx_rules; /* rules on transactions */
	uint32_t tx_payload; /* some of them look at the payload as well */
	uint32_t tx_payload_patterns; /* so many of them are found by a pattern in it */
	uint32_t app_news; /* some rule asks what a flow's protocol is, or for its events */
	uint32_t has_tag; /* 1: some rule tags flows; 2: or hosts */
	uint32_t has_watch; /* some rule asks what is known of hosts */
	uint32_t has_iprep; /* some rule asks for reputations */
	uint32_t has_geoip; /* or for countries */
	uint32_t
		has_notes; /* 1: some rule tells what its conditions find; 2: keeps it with the flow */
	uint32_t file_needs; /* enum file_flag: digests of files that rules ask for */
	struct section app_masks; /* uint64_t of APP_PROTO_BIT() */
	struct section transforms; /* struct transform_list */
	struct section sets; /* struct dataset_row */
	struct section tx_databases; /* struct scan_database */
	struct section tx_ways; /* struct tx_way, by protocol, direction and ends */
	struct section frame_ways; /* the same for frames: each slot and rule is of one kind */
	uint32_t frame_rules;
	uint32_t frames[APP_PROTO__COUNT]; /* FRAME_BIT() of those that rules look at */
};

static inline const void *block_at(const struct block_header *b, uint32_t offset)
{
	return (const uint8_t *)b + offset;
}

static inline const char *block_text(const struct block_header *b, uint32_t offset)
{
	return offset ? (const char *)b + offset : NULL;
}

static inline const struct tx_way *block_tx_way(const struct block_header *b, unsigned proto,
						unsigned dir, unsigned ends)
{
	return (const struct tx_way *)block_at(b, b->tx_ways.offset) + (2 * proto + dir) * ENDS +
	       ends;
}

static inline const struct tx_way *block_frame_way(const struct block_header *b, unsigned proto,
						   unsigned dir, unsigned ends)
{
	return (const struct tx_way *)block_at(b, b->frame_ways.offset) + (2 * proto + dir) * ENDS +
	       ends;
}

struct hs_base;
struct mpm;
struct regex_base;
struct dataset_set;
struct iprep;
struct geoip;

struct ruleset {
	struct block_header *block;
	const struct rule_row *row;
	const struct cond *cond;
	const struct scan_database *database;
	void *room; /* of all that is searched with */
	struct mpm **scan; /* by database number */
	struct hs_base **filter; /* by regex; NULL: none */
	const struct scan_database *tx_database;
	struct mpm **tx_scan; /* by number among the transactions' databases */
	const struct transform_list *transforms;
	struct regex_base *regexes;
	struct dataset_set **set; /* by number among the block's; NULL: no rule asks for one */
	struct iprep *iprep; /* NULL: no rule asks for it, or there is none */
	struct geoip *geoip;
	uint32_t *by_key; /* numbers of rules, in the order of their keys */
	struct cache_key kept_as;
	bool kept; /* in the cache folder, as that */
};

/*
 * Open a block: make what the libraries need.  The block belongs to the ruleset from then on
 * (malloc'ed), and must be whole, as cache_load() sees to.  to_match: packets will be inspected with it.
 * Returns 0, -EINVAL (not a block of this version, or not for this processor), -ENOMEM.
 */
int ruleset_open(void *block, size_t size, bool to_match, struct ruleset **out);
/* The same, as the options say (check_only, regex_later, spread). */
int ruleset_open_as(void *block, size_t size, const struct detect_options *opt,
		    struct ruleset **out);

/* The same for a look at rows and texts alone: nothing can be matched. */
int ruleset_open_rows(void *block, size_t size, struct ruleset **out);

/* Read the lists that rules ask for and that are no part of the block. */
int ruleset_lists(struct ruleset *rs, const struct detect_options *opt, struct diag_list *diags);

/* The name of a flowbit, a flowint or a mark on hosts by its hash (state_key()); NULL: no rule speaks of it. */
const char *ruleset_state_name(const struct ruleset *rs, uint64_t key);
/* Number of the rule of this name (rule_row.key); UINT32_MAX: none. */
uint32_t ruleset_of_key(const struct ruleset *rs, uint64_t key);
/* Number of the first rule with this sid at or after from; UINT32_MAX: none. */
uint32_t ruleset_find(const struct ruleset *rs, uint32_t sid, uint32_t from);

#endif
