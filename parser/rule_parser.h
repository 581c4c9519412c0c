/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rule_parser.h - what the files that parse one rule share: its text, its state, its complaints.
 *
 * Inside parser/ only.  One struct rule_parser serves all rules of one text; what belongs to
 * the rule under way is reset before each.  A function that parses returns false after it has
 * complained; its caller goes on with the next option, so that one mistake gives one message.
 *
 * Memory: what the rule keeps goes to set->arena; the options gather in an array that is used
 * again for the next rule and copied once the rule is known to be good.
 * Thread: the one that parses.
 */
#ifndef WEIR_PARSER_RULE_PARSER_H
#define WEIR_PARSER_RULE_PARSER_H

#include "parser/buffer.h"
#include "parser/keyword.h"
#include "parser/rule.h"
#include "parser/rule_parse.h"
#include "parser/span.h"

#define RULE_SCRATCH_TEXTS 8
#define RULE_SCRATCH_BYTES 512
#define RULE_CACHE_SLOTS 256
#define RULE_ERRORS_MAX 20 /* told of one rule */

/* A line of the file, as a part of the rule that may run over several. */
struct rule_segment {
	size_t start; /* offset in the joined text */
	uint32_t line;
	const char *text; /* the whole line, in the file's text */
	size_t len;
};

/* What stands after the keyword's ':'. */
struct option_value {
	struct span whole; /* with '!' and quotes, trimmed */
	struct span text; /* without */
	bool negated, quoted;
};

/* A header's address or port words and what they came to; most rules say the same ones. */
struct header_cache {
	const char *text;
	size_t len;
	bool ports;
	struct address_set addresses;
	struct port_set port_set;
};

/* Short texts that many rules say: the last one of each hash. */
#define RULE_SHARED_TEXTS 2048u

struct rule_parser {
	struct rule_set *set;
	const struct rule_parse_options *opt;
	struct diag_list *diags;
	const char *file;

	/* The rule under way. */
	struct span text; /* joined lines */
	struct rule_segment *segments;
	unsigned segment_count, segment_room;
	char *joined;
	size_t joined_room;
	struct rule rule;
	struct rule_option *options;
	struct span *spans; /* of each option */
	unsigned option_count, option_room;
	const char *shared[RULE_SHARED_TEXTS];
	struct span option_span; /* keyword and value */
	struct span name; /* the keyword as written */
	enum keyword keyword;
	uint64_t seen[(KW__COUNT + 63) / 64]; /* bit of each keyword that stood once */
	unsigned errors;
	const char *fix; /* what the next complaint would have in the place that it is about */
	bool unbuilt; /* something that is not built was told: values are not looked at any more */
	bool content_broken; /* the last content was wrong: its modifiers are not complained of */
	bool variable_broken; /* an extraction was wrong: its variable is not complained of */
	int last_content; /* index of the option that modifiers modify, -1: none */
	enum keyword last_keyword; /* that added the last option */
	enum buffer buffer; /* what the next option on bytes looks at */
	struct buffer_use *uses; /* the namings of buffers so far; the first is the payload */
	unsigned use, use_count, use_room; /* use: the one that counts now */
	bool use_fresh; /* nothing stands since it was named: a transform may */
	struct span buffer_span; /* of the keyword that said so */
	struct span payload_span; /* of the last content on the payload */
	bool lax_range; /* a range without a number in it is let pass, since rules have it */
	bool has_match; /* something that a relative match can stand on */
	uint32_t flow_bits;
	uint8_t directions; /* bits of enum buffer_direction that all keywords so far can have */
	uint8_t one_way; /* those that a keyword of one direction has */
	struct span direction_span; /* of the first such keyword */
	struct span ambiguous_span; /* of the first keyword that may be of both */
	struct span app_span; /* of the first keyword of an application protocol */
	struct span tx_packet_span; /* of the first that looks at packets, but for addresses */
	struct span state_span; /* of what needs a hook */
	bool priority_explicit;
	int class_priority; /* -1: no classtype */
	struct span proto_span, sid_span, dsize_span, flow_span, packet_span;
	struct rule_reference *references;
	unsigned reference_room;
	struct rule_metadata *metadata;
	unsigned metadata_room;
	const char **variables;
	unsigned variable_room;

	struct header_cache cache[RULE_CACHE_SLOTS];
	char scratch[RULE_SCRATCH_TEXTS][RULE_SCRATCH_BYTES];
	unsigned scratch_at;
};

/* Where a piece of the rule stands in the file. */
struct place rule_place(struct rule_parser *p, struct span at);

/* Complain about a piece of the rule; always false. */
bool rule_fail(struct rule_parser *p, struct span at, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The same as a warning: the rule loads. */
void rule_warn(struct rule_parser *p, struct span at, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same as a note: the rule is left out, as it asks for. */
void rule_note(struct rule_parser *p, struct span at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A text for a message, in a place that is used again some calls later. */
const char *rule_say(struct rule_parser *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The words for a message, in quotes, cut when long; "nothing" when empty. */
const char *rule_quote(struct rule_parser *p, struct span words);
/* "did you mean 'x'?" of the names, or the other text. */
const char *rule_nearest(struct rule_parser *p, struct span word, const char *const *names,
			 size_t count, const char *otherwise);

/* Copies in the set's arena. */
const char *rule_string(struct rule_parser *p, struct span s);
/* The same for what stands in many rules: equal texts may be one. */
const char *rule_shared_string(struct rule_parser *p, struct span s);
struct bytes rule_bytes(struct rule_parser *p, struct span s);

/* The buffer that was named last has something to look for. */
bool rule_buffer_used(struct rule_parser *p);

/* The name of the keyword under way. */
const char *rule_keyword(const struct rule_parser *p);

/* A new option of this kind at the end of the list; it has the place of the keyword. */
struct rule_option *rule_add(struct rule_parser *p, enum option_kind kind);

/* A new naming of a buffer; its index, or 0 with a complaint where there are too many. */
unsigned rule_use(struct rule_parser *p, enum buffer b);
/* The naming of a buffer as it is that older keywords mean: one that there is, or a new one. */
unsigned rule_plain_use(struct rule_parser *p, enum buffer b);
/* What follows looks at this buffer. */
void rule_enter(struct rule_parser *p, enum buffer b);

/*
 * The keyword under way is one of these application protocols and of these directions (bits of enum
 * buffer_direction); false with a complaint where the rule is of others.
 */
bool rule_need_app(struct rule_parser *p, uint64_t protos, uint8_t directions);
/* It may be of one of these directions only; name is what says so. */
bool rule_need_direction(struct rule_parser *p, uint8_t directions, struct span at);
/* Both, by the row of a buffer. */
bool rule_need_buffer(struct rule_parser *p, enum buffer b);

/* The bytes that a quoted text means. */
bool rule_pattern(struct rule_parser *p, struct span text, struct bytes *out);
/* A content at the end of the list that looks at this use. */
struct rule_option *rule_add_content(struct rule_parser *p, struct bytes pattern, bool negated,
				     unsigned use);

/* Cut "name rest" in two at the first blank. */
struct span rule_cut_word(struct span item, struct span *rest);
/* Which of the names s is, or -1. */
int rule_find_word(struct span s, const char *const *names, size_t count);

/* A decimal number within [min, max]; what names it in the complaint. */
bool rule_number(struct rule_parser *p, struct span s, const char *what, uint64_t min, uint64_t max,
		 uint64_t *out);
bool rule_signed(struct rule_parser *p, struct span s, const char *what, int64_t min, int64_t max,
		 int64_t *out);
/* The same, or the name of a variable that stands before. */
bool rule_value(struct rule_parser *p, struct span s, const char *what, int64_t min, int64_t max,
		struct value *out);
/* Index of a variable, made where it is new; -1 with a complaint for a name that cannot be. */
int rule_variable(struct rule_parser *p, struct span name);
/* n, =n, !n, <n, >n, <=n, >=n, a<>b, a-b, &mask=n, &mask!=n with numbers up to max. */
bool rule_compare(struct rule_parser *p, struct span s, uint64_t max, struct int_match *out);

/* rule_header.c: action, protocol, addresses, ports; *rest begins at '('. */
bool rule_header(struct rule_parser *p, struct span *rest);
/* Addresses as in a header; NULL after a complaint. */
const struct address_set *rule_addresses(struct rule_parser *p, struct span words);
/*
 * Each line of a text that is not empty and no comment, joined with those that continue it, in p->text.  commented: those
 * that a '#' begins are given too.
 */
int rule_each_line(struct rule_set *s, const char *name, const char *text, size_t len,
		   const struct rule_parse_options *opt, struct diag_list *diags, bool commented,
		   void (*each)(struct rule_parser *p, void *ctx), void *ctx);
/* rule_options.c: everything from '(' on. */
void rule_options(struct rule_parser *p, struct span rest);
/* rule_requires.c: false where the rule says that it is not for this engine; noted. */
bool rule_required(struct rule_parser *p);
/* rule_check.c: what only the whole rule can tell. */
void rule_check(struct rule_parser *p);
/* rule_check_app.c: the same of application protocols, their buffers and transforms. */
void rule_check_app(struct rule_parser *p);

/* classification.c */
struct class_row {
	const char *name, *description;
	uint32_t priority;
	bool told; /* of an unknown name: the warning was given */
	struct class_row *next;
};
struct reference_row {
	const char *name, *url;
	bool told;
	struct reference_row *next;
};
struct class_row *class_find(const struct rule_set *s, struct span name);
struct reference_row *reference_find(const struct rule_set *s, struct span name);

/* One function for each row of the keyword table. */
bool rule_parse_msg(struct rule_parser *p, const struct option_value *v);
bool rule_parse_sid(struct rule_parser *p, const struct option_value *v);
bool rule_parse_rev(struct rule_parser *p, const struct option_value *v);
bool rule_parse_gid(struct rule_parser *p, const struct option_value *v);
bool rule_parse_classtype(struct rule_parser *p, const struct option_value *v);
bool rule_parse_priority(struct rule_parser *p, const struct option_value *v);
bool rule_parse_reference(struct rule_parser *p, const struct option_value *v);
bool rule_parse_metadata(struct rule_parser *p, const struct option_value *v);
bool rule_parse_target(struct rule_parser *p, const struct option_value *v);
bool rule_parse_noalert(struct rule_parser *p, const struct option_value *v);
bool rule_parse_bypass(struct rule_parser *p, const struct option_value *v);
bool rule_parse_alert(struct rule_parser *p, const struct option_value *v);
bool rule_parse_content(struct rule_parser *p, const struct option_value *v);
bool rule_parse_nocase(struct rule_parser *p, const struct option_value *v);
bool rule_parse_depth(struct rule_parser *p, const struct option_value *v);
bool rule_parse_offset(struct rule_parser *p, const struct option_value *v);
bool rule_parse_distance(struct rule_parser *p, const struct option_value *v);
bool rule_parse_within(struct rule_parser *p, const struct option_value *v);
bool rule_parse_startswith(struct rule_parser *p, const struct option_value *v);
bool rule_parse_endswith(struct rule_parser *p, const struct option_value *v);
bool rule_parse_rawbytes(struct rule_parser *p, const struct option_value *v);
bool rule_parse_fast_pattern(struct rule_parser *p, const struct option_value *v);
bool rule_parse_replace(struct rule_parser *p, const struct option_value *v);
bool rule_parse_pcre(struct rule_parser *p, const struct option_value *v);
bool rule_parse_isdataat(struct rule_parser *p, const struct option_value *v);
bool rule_parse_dsize(struct rule_parser *p, const struct option_value *v);
bool rule_parse_bsize(struct rule_parser *p, const struct option_value *v);
bool rule_parse_byte_test(struct rule_parser *p, const struct option_value *v);
bool rule_parse_byte_jump(struct rule_parser *p, const struct option_value *v);
bool rule_parse_byte_extract(struct rule_parser *p, const struct option_value *v);
bool rule_parse_byte_math(struct rule_parser *p, const struct option_value *v);
bool rule_parse_tcp_wscale(struct rule_parser *p, const struct option_value *v);
bool rule_parse_icmpv6_mtu(struct rule_parser *p, const struct option_value *v);
bool rule_parse_vlan_id(struct rule_parser *p, const struct option_value *v);
bool rule_parse_vlan_layers(struct rule_parser *p, const struct option_value *v);
bool rule_parse_l3_proto(struct rule_parser *p, const struct option_value *v);
bool rule_parse_checksum(struct rule_parser *p, const struct option_value *v);
bool rule_parse_flow_age(struct rule_parser *p, const struct option_value *v);
bool rule_parse_flow_count(struct rule_parser *p, const struct option_value *v);
bool rule_parse_prefilter(struct rule_parser *p, const struct option_value *v);
bool rule_parse_requires(struct rule_parser *p, const struct option_value *v);
bool rule_parse_xbits(struct rule_parser *p, const struct option_value *v);
bool rule_parse_hostbits(struct rule_parser *p, const struct option_value *v);
bool rule_parse_buffer(struct rule_parser *p, const struct option_value *v);
bool rule_parse_pkt_data(struct rule_parser *p, const struct option_value *v);
bool rule_parse_flow(struct rule_parser *p, const struct option_value *v);
bool rule_parse_flowbits(struct rule_parser *p, const struct option_value *v);
bool rule_parse_flowint(struct rule_parser *p, const struct option_value *v);
bool rule_parse_stream_size(struct rule_parser *p, const struct option_value *v);
bool rule_parse_tcp_flags(struct rule_parser *p, const struct option_value *v);
bool rule_parse_tcp_seq(struct rule_parser *p, const struct option_value *v);
bool rule_parse_tcp_ack(struct rule_parser *p, const struct option_value *v);
bool rule_parse_tcp_window(struct rule_parser *p, const struct option_value *v);
bool rule_parse_tcp_mss(struct rule_parser *p, const struct option_value *v);
bool rule_parse_ttl(struct rule_parser *p, const struct option_value *v);
bool rule_parse_tos(struct rule_parser *p, const struct option_value *v);
bool rule_parse_id(struct rule_parser *p, const struct option_value *v);
bool rule_parse_ipopts(struct rule_parser *p, const struct option_value *v);
bool rule_parse_fragbits(struct rule_parser *p, const struct option_value *v);
bool rule_parse_fragoffset(struct rule_parser *p, const struct option_value *v);
bool rule_parse_ip_proto(struct rule_parser *p, const struct option_value *v);
bool rule_parse_sameip(struct rule_parser *p, const struct option_value *v);
bool rule_parse_itype(struct rule_parser *p, const struct option_value *v);
bool rule_parse_icode(struct rule_parser *p, const struct option_value *v);
bool rule_parse_icmp_id(struct rule_parser *p, const struct option_value *v);
bool rule_parse_icmp_seq(struct rule_parser *p, const struct option_value *v);
bool rule_parse_threshold(struct rule_parser *p, const struct option_value *v);
bool rule_parse_detection_filter(struct rule_parser *p, const struct option_value *v);
bool rule_parse_decode_event(struct rule_parser *p, const struct option_value *v);
bool rule_parse_stream_event(struct rule_parser *p, const struct option_value *v);
bool rule_parse_engine_event(struct rule_parser *p, const struct option_value *v);
bool rule_parse_absent(struct rule_parser *p, const struct option_value *v);
bool rule_parse_app_flag(struct rule_parser *p, const struct option_value *v);
bool rule_parse_app_int(struct rule_parser *p, const struct option_value *v);
bool rule_parse_app_layer_event(struct rule_parser *p, const struct option_value *v);
bool rule_parse_app_layer_protocol(struct rule_parser *p, const struct option_value *v);
bool rule_parse_app_layer_state(struct rule_parser *p, const struct option_value *v);
bool rule_parse_asn1(struct rule_parser *p, const struct option_value *v);
bool rule_parse_base64_data(struct rule_parser *p, const struct option_value *v);
bool rule_parse_base64_decode(struct rule_parser *p, const struct option_value *v);
bool rule_parse_cert_time(struct rule_parser *p, const struct option_value *v);
bool rule_parse_config(struct rule_parser *p, const struct option_value *v);
bool rule_parse_content_of(struct rule_parser *p, const struct option_value *v);
bool rule_parse_datarep(struct rule_parser *p, const struct option_value *v);
bool rule_parse_dataset(struct rule_parser *p, const struct option_value *v);
bool rule_parse_decompress(struct rule_parser *p, const struct option_value *v);
bool rule_parse_entropy(struct rule_parser *p, const struct option_value *v);
bool rule_parse_file_hash(struct rule_parser *p, const struct option_value *v);
bool rule_parse_file_text(struct rule_parser *p, const struct option_value *v);
bool rule_parse_filesize(struct rule_parser *p, const struct option_value *v);
bool rule_parse_filestore(struct rule_parser *p, const struct option_value *v);
bool rule_parse_frame(struct rule_parser *p, const struct option_value *v);
bool rule_parse_from_base64(struct rule_parser *p, const struct option_value *v);
bool rule_parse_geoip(struct rule_parser *p, const struct option_value *v);
bool rule_parse_watch(struct rule_parser *p, const struct option_value *v);
bool rule_parse_iprep(struct rule_parser *p, const struct option_value *v);
bool rule_parse_lua(struct rule_parser *p, const struct option_value *v);
bool rule_parse_modifier(struct rule_parser *p, const struct option_value *v);
bool rule_parse_nfq_set_mark(struct rule_parser *p, const struct option_value *v);
bool rule_parse_obsolete(struct rule_parser *p, const struct option_value *v);
bool rule_parse_pcrexform(struct rule_parser *p, const struct option_value *v);
bool rule_parse_rpc(struct rule_parser *p, const struct option_value *v);
bool rule_parse_ssl_state(struct rule_parser *p, const struct option_value *v);
bool rule_parse_ssl_version(struct rule_parser *p, const struct option_value *v);
bool rule_parse_tag(struct rule_parser *p, const struct option_value *v);
bool rule_parse_tcp_session(struct rule_parser *p, const struct option_value *v);
bool rule_parse_transform(struct rule_parser *p, const struct option_value *v);
bool rule_parse_uricontent(struct rule_parser *p, const struct option_value *v);
bool rule_parse_urilen(struct rule_parser *p, const struct option_value *v);
bool rule_parse_variable(struct rule_parser *p, const struct option_value *v);
bool rule_parse_xor(struct rule_parser *p, const struct option_value *v);

#endif
