/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyword.h - the keywords of the rule language: one row each, indexed by enum keyword.
 *
 * A row owns what a writer can get wrong: the names, whether a value follows and how it is
 * written, whether it may stand twice.  Names that Suricata knows and Weir does not act on yet
 * are listed too, so that they are told apart from misspelled ones.
 *
 * Memory: constant.  Thread: any.
 */
#ifndef WEIR_PARSER_KEYWORD_H
#define WEIR_PARSER_KEYWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parser/buffer_list.h"

/* X(buffer, name): what stands behind a content and says which buffer it looks at. */
#define KEYWORD_MODIFIER_LIST(X) \
	X(HTTP_URI, "http_uri") \
	X(HTTP_URI_RAW, "http_raw_uri") \
	X(HTTP_METHOD, "http_method") \
	X(HTTP_HEADER, "http_header") \
	X(HTTP_HEADER_RAW, "http_raw_header") \
	X(HTTP_HOST, "http_host") \
	X(HTTP_HOST_RAW, "http_raw_host") \
	X(HTTP_USER_AGENT, "http_user_agent") \
	X(HTTP_COOKIE, "http_cookie") \
	X(HTTP_STAT_CODE, "http_stat_code") \
	X(HTTP_STAT_MSG, "http_stat_msg") \
	X(HTTP_REQUEST_BODY, "http_client_body") \
	X(HTTP_RESPONSE_BODY, "http_server_body")

enum keyword {
	KW_MSG,
	KW_SID,
	KW_REV,
	KW_GID,
	KW_CLASSTYPE,
	KW_PRIORITY,
	KW_REFERENCE,
	KW_METADATA,
	KW_TARGET,
	KW_NOALERT,
	KW_ALERT,
	KW_BYPASS,
	KW_CONTENT,
	KW_NOCASE,
	KW_DEPTH,
	KW_OFFSET,
	KW_DISTANCE,
	KW_WITHIN,
	KW_STARTSWITH,
	KW_ENDSWITH,
	KW_RAWBYTES,
	KW_FAST_PATTERN,
	KW_REPLACE,
	KW_PCRE,
	KW_ISDATAAT,
	KW_DSIZE,
	KW_BSIZE,
	KW_BYTE_TEST,
	KW_BYTE_JUMP,
	KW_BYTE_EXTRACT,
	KW_BYTE_MATH,
	KW_PKT_DATA,
	KW_FLOW,
	KW_FLOWBITS,
	KW_FLOWINT,
	KW_STREAM_SIZE,
	KW_TCP_FLAGS,
	KW_TCP_SEQ,
	KW_TCP_ACK,
	KW_TCP_WINDOW,
	KW_TCP_MSS,
	KW_TTL,
	KW_TOS,
	KW_ID,
	KW_IPOPTS,
	KW_FRAGBITS,
	KW_FRAGOFFSET,
	KW_IP_PROTO,
	KW_SAMEIP,
	KW_ITYPE,
	KW_ICODE,
	KW_ICMP_ID,
	KW_ICMP_SEQ,
	KW_THRESHOLD,
	KW_DETECTION_FILTER,
	KW_DECODE_EVENT,
	KW_STREAM_EVENT,
	KW_ENGINE_EVENT,
	KW_FLOW_AGE,
	KW_FLOW_PKTS,
	KW_FLOW_PKTS_TOSERVER,
	KW_FLOW_PKTS_TOCLIENT,
	KW_FLOW_BYTES,
	KW_FLOW_BYTES_TOSERVER,
	KW_FLOW_BYTES_TOCLIENT,
	KW_XBITS,
	KW_HOSTBITS,
	KW_PREFILTER,
	KW_REQUIRES,
	KW_TCP_WSCALE,
	KW_ICMPV6_MTU,
	KW_VLAN_ID,
	KW_VLAN_LAYERS,
	KW_L3_PROTO,
	KW_IPV4_CSUM,
	KW_TCPV4_CSUM,
	KW_TCPV6_CSUM,
	KW_UDPV4_CSUM,
	KW_UDPV6_CSUM,
	KW_ICMPV4_CSUM,
	KW_ICMPV6_CSUM,
	KW_IPV4_HDR,
	KW_IPV6_HDR,
	KW_TCP_HDR,
	KW_UDP_HDR,
	KW_ICMPV4_HDR,
	KW_ICMPV6_HDR,
	KW_IP_SRC,
	KW_IP_DST,
	/* Of buffers, and what is made of them. */
	KW_ABSENT,
	KW_ENTROPY,
	KW_BASE64_DECODE,
	KW_BASE64_DATA,
	KW_COMPRESS_WHITESPACE,
	KW_DOMAIN,
	KW_DOTPREFIX,
	KW_FROM_BASE64,
	KW_GUNZIP,
	KW_HEADER_LOWERCASE,
	KW_PCREXFORM,
	KW_STRIP_PSEUDO_HEADERS,
	KW_STRIP_WHITESPACE,
	KW_TLD,
	KW_TO_LOWERCASE,
	KW_TO_MD5,
	KW_TO_SHA1,
	KW_TO_SHA256,
	KW_TO_UPPERCASE,
	KW_URL_DECODE,
	KW_XOR,
	KW_ZLIB_DEFLATE,
	KW_LUAXFORM,
	KW_LUA,
	KW_DATASET,
	KW_DATAREP,
	KW_RPC,
	KW_ASN1,
	KW_URICONTENT,
	KW_URILEN,
	/* Of flows, hosts and what is done on a match. */
	KW_TAG,
	KW_FLOWVAR,
	KW_PKTVAR,
	KW_IPREP,
	KW_WATCH,
	KW_GEOIP,
	KW_TCP_SESSION,
	KW_CONFIG,
	KW_NFQ_SET_MARK,
	/* Of application protocols. */
	KW_APP_LAYER_PROTOCOL,
	KW_APP_LAYER_EVENT,
	KW_APP_LAYER_STATE,
	KW_FRAME,
	KW_DNS_OPCODE,
	KW_DNS_RCODE,
	KW_DNS_RRTYPE,
	KW_TLS_VERSION,
	KW_TLS_CERT_CHAIN_LEN,
	KW_FTP_DYNAMIC_PORT,
	KW_FTP_MODE,
	KW_FTP_REPLY_RECEIVED,
	KW_FTPDATA_COMMAND,
	KW_FTPBOUNCE,
	KW_SSL_VERSION,
	KW_SSL_STATE,
	KW_TLS_CERT_NOTBEFORE,
	KW_TLS_CERT_NOTAFTER,
	KW_TLS_CERT_EXPIRED,
	KW_TLS_CERT_VALID,
	KW_TLS_STORE,
	KW_TLS_SUBJECT,
	KW_TLS_ISSUERDN,
	KW_TLS_FINGERPRINT,
	KW_SSH_PROTOVERSION,
	KW_SSH_SOFTWAREVERSION,
	KW_FILESIZE,
	KW_FILEMD5,
	KW_FILESHA1,
	KW_FILESHA256,
	KW_FILESTORE,
	KW_FILENAME,
	KW_FILEEXT,
	KW_FILEMAGIC,
/* Their buffers, and the older names that stand behind a content. */
#define KEYWORD_ENUM(id, ...) KW_##id,
	BUFFER_TX_LIST(KEYWORD_ENUM)
#undef KEYWORD_ENUM
#define KEYWORD_ENUM(id, name) KW_MODIFIER_##id,
		KEYWORD_MODIFIER_LIST(KEYWORD_ENUM)
#undef KEYWORD_ENUM
			KW__COUNT,
	KW_NOT_BUILT = KW__COUNT, /* Suricata knows the name */
	KW_UNKNOWN,
};

enum keyword_value {
	VALUE_NONE, /* nocase; */
	VALUE_PLAIN, /* depth:5; */
	VALUE_QUOTED, /* content:"x"; */
	VALUE_EITHER, /* pcre */
	VALUE_OPTIONAL, /* fast_pattern; fast_pattern:only; */
};

struct rule_parser;
struct option_value;

struct keyword_row {
	const char *name;
	const char *alias; /* an older name, or NULL */
	const char *help; /* one line: what it is and how it is written */
	bool (*parse)(struct rule_parser *p, const struct option_value *v);
	enum keyword_value value;
	bool once; /* a second one in a rule is a mistake */
	bool negatable; /* '!' may stand before the quotes */
	bool packet; /* looks at a packet's header or length, so never at a stream */
	bool modifier; /* changes the content before it */
	bool no_prefilter; /* prefilter cannot stand after it */
	uint8_t buffer; /* enum buffer: what follows, or the content before, looks at it; 0: none */
	uint8_t detail; /* enum transform_kind, app_int or file_hash, by its parse function */
};

const struct keyword_row *keyword_row(enum keyword k);

/* The keyword of a name (its alias too, letter case does not matter). */
enum keyword keyword_find(const char *name, size_t len);

/* Every name that is known, built or not, in order: for "did you mean" and lists. */
const char *const *keyword_names(size_t *count_out);

#endif
