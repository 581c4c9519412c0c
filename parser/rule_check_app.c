/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only the whole rule can tell of application protocols: directions, what cannot stand beside their buffers,
 * and what a content cannot be, given what its buffer is made of.
 */
#include "parser/hook.h"
#include "parser/rule_parser.h"

#include <string.h>

static bool is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool has(struct bytes b, bool (*test)(uint8_t))
{
	for (size_t i = 0; i < b.len; i++) {
		if (test(b.data[i]))
			return true;
	}
	return false;
}

static bool has_two_blanks(struct bytes b)
{
	for (size_t i = 1; i < b.len; i++) {
		if (b.data[i] == ' ' && b.data[i - 1] == ' ')
			return true;
	}
	return false;
}

/* After this transform nothing is known any more of what went in. */
static bool hides(uint8_t kind)
{
	return kind == TRANSFORM_TO_MD5 || kind == TRANSFORM_TO_SHA1 ||
	       kind == TRANSFORM_TO_SHA256 || kind == TRANSFORM_XOR ||
	       kind == TRANSFORM_FROM_BASE64 || kind == TRANSFORM_GUNZIP ||
	       kind == TRANSFORM_ZLIB_DEFLATE || kind == TRANSFORM_URL_DECODE;
}

static const char *transform_name(uint8_t kind)
{
	for (unsigned k = 0; k < KW__COUNT; k++) {
		const struct keyword_row *row = keyword_row((enum keyword)k);

		if (row->parse == rule_parse_transform && row->detail == kind)
			return row->name;
	}
	return "the transform";
}

static unsigned digest_bytes(uint8_t kind)
{
	return kind == TRANSFORM_TO_MD5	     ? 16
	       : kind == TRANSFORM_TO_SHA1   ? 20
	       : kind == TRANSFORM_TO_SHA256 ? 32
					     : 0;
}

/* A content that a transform leaves no place for. */
static bool transform_admits(struct rule_parser *p, unsigned i, uint8_t kind)
{
	struct bytes b = p->options[i].content.pattern;
	const char *name = transform_name(kind);

	if ((kind == TRANSFORM_TO_LOWERCASE && has(b, is_upper)) ||
	    (kind == TRANSFORM_TO_UPPERCASE && has(b, is_lower)))
		return rule_fail(p, p->spans[i],
				 kind == TRANSFORM_TO_LOWERCASE ? "write it in lower case"
								: "write it in upper case",
				 "after '%s' the buffer cannot hold %s", name,
				 rule_quote(p, p->spans[i]));
	if ((kind == TRANSFORM_STRIP_WHITESPACE && has(b, is_space)) ||
	    (kind == TRANSFORM_COMPRESS_WHITESPACE && has_two_blanks(b)))
		return rule_fail(p, p->spans[i],
				 kind == TRANSFORM_STRIP_WHITESPACE
					 ? "write it without blanks"
					 : "write one blank where there are several",
				 "after '%s' the buffer cannot hold %s", name,
				 rule_quote(p, p->spans[i]));
	if (digest_bytes(kind) && b.len > digest_bytes(kind))
		return rule_fail(p, p->spans[i], "write the bytes of a digest, as in |0a 1b|",
				 "after '%s' the buffer has %u bytes, the content %zu", name,
				 digest_bytes(kind), b.len);
	return true;
}

static bool check_transforms(struct rule_parser *p, unsigned i)
{
	const struct buffer_use *u = &p->uses[p->options[i].use];

	for (unsigned t = u->transforms; t > 0; t--) {
		uint8_t kind = u->transform[t - 1].kind;

		if (!transform_admits(p, i, kind))
			return false;
		if (hides(kind))
			break;
	}
	return true;
}

/* Pairs of hexadecimal digits with ':' between. */
static bool is_colon_hex(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		uint8_t c = b.data[i];
		bool hex =
			(c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');

		if (i % 3 == 2 ? c != ':' : !hex)
			return false;
	}
	return true;
}

/* A copy of the pattern with its letters made lower, or upper. */
static void set_case(struct rule_parser *p, struct content *c, bool upper)
{
	uint8_t *out = arena_copy(&p->set->arena, c->pattern.data, c->pattern.len);

	if (!out)
		return;
	for (size_t i = 0; i < c->pattern.len; i++) {
		if (upper ? is_lower(out[i]) : is_upper(out[i]))
			out[i] ^= 0x20;
	}
	c->pattern.data = out;
}

static bool check_host(struct rule_parser *p, unsigned i)
{
	const struct content *c = &p->options[i].content;

	if (c->nocase)
		return rule_fail(
			p, p->spans[i], "remove nocase, and write it in lower case",
			"nocase for a content of 'http.host', which is lower case already");
	if (has(c->pattern, is_upper))
		return rule_fail(p, p->spans[i], "write it in lower case, or look at http.host.raw",
				 "'http.host' is lower case and cannot hold %s",
				 rule_quote(p, p->spans[i]));
	return true;
}

static bool check_method(struct rule_parser *p, unsigned i)
{
	struct bytes b = p->options[i].content.pattern;

	if (!is_blank(b.data[0]) && !is_blank(b.data[b.len - 1]))
		return true;
	return rule_fail(p, p->spans[i], "write the method without the blank",
			 "'http.method' begins and ends with no blank, %s does",
			 rule_quote(p, p->spans[i]));
}

static bool check_protocol(struct rule_parser *p, unsigned i)
{
	if (!has(p->options[i].content.pattern, is_blank))
		return true;
	return rule_fail(p, p->spans[i], "write a version, as in HTTP/1.1",
			 "'http.protocol' has no blank, %s has", rule_quote(p, p->spans[i]));
}

#define HASH_DIGITS 32

/* A hash in lower case digits, all of it. */
static bool check_hash(struct rule_parser *p, unsigned i)
{
	struct content *c = &p->options[i].content;

	if (c->pattern.len != HASH_DIGITS)
		return rule_fail(p, p->spans[i], "write all 32 digits",
				 "'%s' has 32 digits, the content %zu",
				 buffer_row((enum buffer)p->options[i].buffer)->name,
				 c->pattern.len);
	set_case(p, c, false);
	return true;
}

#define FINGERPRINT_BYTES 59 /* 20 pairs and the ':' between */

static bool check_certificate(struct rule_parser *p, unsigned i)
{
	struct rule_option *o = &p->options[i];
	bool fingerprint = o->buffer == BUFFER_TLS_CERT_FINGERPRINT;

	/* Of a serial number one pair, or a half of it, has no ':'. */
	if (!fingerprint && o->content.pattern.len <= 2) {
		set_case(p, &o->content, true);
		return true;
	}
	if (!is_colon_hex(o->content.pattern) ||
	    (fingerprint && o->content.pattern.len != FINGERPRINT_BYTES))
		return rule_fail(p, p->spans[i],
				 fingerprint
					 ? "write all 20 bytes of the SHA-1 with ':' between them"
					 : "write ':' between each two digits, as in 5C:19:B7",
				 "'%s' is pairs of digits with ':' between, found %s",
				 buffer_row((enum buffer)o->buffer)->name,
				 rule_quote(p, p->spans[i]));
	set_case(p, &o->content, !fingerprint);
	return true;
}

static bool check_content(struct rule_parser *p, unsigned i)
{
	if (p->uses[p->options[i].use].transforms)
		return check_transforms(p, i);
	switch (p->options[i].buffer) {
	case BUFFER_HTTP_HOST:
		return check_host(p, i);
	case BUFFER_HTTP_METHOD:
		return check_method(p, i);
	case BUFFER_HTTP_PROTOCOL:
		return check_protocol(p, i);
	case BUFFER_JA3_HASH:
	case BUFFER_JA3S_HASH:
	case BUFFER_SSH_HASSH:
	case BUFFER_SSH_HASSH_SERVER:
		return check_hash(p, i);
	case BUFFER_TLS_CERT_SERIAL:
	case BUFFER_TLS_CERT_FINGERPRINT:
		return check_certificate(p, i);
	default:
		return true;
	}
}

/* absent: alone, unless with or_else, and then not alone. */
static bool check_absent(struct rule_parser *p, unsigned i)
{
	unsigned others = 0;

	for (unsigned k = 0; k < p->option_count; k++)
		others += k != i && option_is_bytes(p->options[k].kind) &&
			  p->options[k].use == p->options[i].use;
	if (!p->options[i].absent.or_else && others)
		return rule_fail(p, p->spans[i], "write 'absent:or_else;', or remove what follows",
				 "a buffer that is absent has nothing to look for");
	if (p->options[i].absent.or_else && !others)
		return rule_fail(p, p->spans[i], "write a content after it, or 'absent;'",
				 "'absent:or_else' needs something to look for after it");
	return true;
}

static bool check_option(struct rule_parser *p, unsigned i)
{
	if (p->options[i].kind == OPTION_CONTENT)
		return check_content(p, i);
	return p->options[i].kind != OPTION_ABSENT || check_absent(p, i);
}

/* Packets and what protocols say of a flow do not meet. */
static void check_packet(struct rule_parser *p)
{
	enum rule_proto proto = p->rule.proto;
	const char *remedy = "remove it, or what is of the application protocol";

	if (!p->app_span.at)
		return;
	if (p->tx_packet_span.at)
		rule_fail(p, p->tx_packet_span, remedy,
			  "a condition on packets beside one of an application protocol: %s",
			  rule_quote(p, p->app_span));
	else if (proto == RULE_PROTO_TCP_PKT)
		rule_fail(p, p->proto_span, "write 'tcp' for the protocol",
			  "'tcp-pkt' looks at packets, and %s is of an application protocol",
			  rule_quote(p, p->app_span));
	else if (p->flow_bits & FLOW_MATCH_NO_STREAM)
		rule_fail(p, p->flow_span, "remove no_stream",
			  "'no_stream' looks at packets, and %s is of an application protocol",
			  rule_quote(p, p->app_span));
}

static void check_transactional(struct rule_parser *p)
{
	uint8_t both = BUFFER_TO_SERVER | BUFFER_TO_CLIENT;

	if (!p->rule.transactional)
		return;
	if (p->flow_bits & (FLOW_MATCH_TO_SERVER | FLOW_MATCH_TO_CLIENT))
		rule_fail(p, p->flow_span, "remove the direction",
			  "a direction of flow in a rule with '=>', which has both");
	else if (p->one_way != both)
		rule_fail(p, p->app_span.at ? p->app_span : p->proto_span,
			  "write '->', or look at a request and a response",
			  "a rule with '=>' must look at the request and at the response");
	else if (p->ambiguous_span.at)
		rule_fail(p, p->ambiguous_span,
			  "write to_server or to_client after it where it takes that, as in "
			  "file.data:to_client, or name a buffer of one direction",
			  "%s may be of the request or of the response; a rule with '=>' must say "
			  "which",
			  rule_quote(p, p->ambiguous_span));
}

/* Mail travels to the server only. */
static void check_mail(struct rule_parser *p)
{
	if (p->rule.app_protos != APP_PROTO_BIT(APP_PROTO_SMTP) ||
	    (p->directions & BUFFER_TO_SERVER) || !p->flow_span.len)
		return;
	for (unsigned i = 1; i < p->use_count; i++) {
		const struct buffer_row *row = buffer_row((enum buffer)p->uses[i].buffer);

		if (row->kind != BUFFER_KIND_TX || row->app)
			continue;
		rule_fail(p, p->flow_span, "write to_server",
			  "'%s' of smtp travels to the server only", row->name);
		return;
	}
}

static void check_hook(struct rule_parser *p)
{
	for (unsigned i = 0; i < p->option_count; i++) {
		const struct rule_option *o = &p->options[i];

		if (o->kind != OPTION_XBITS || o->xbits.track != XBITS_TRACK_TX)
			continue;
		if ((o->xbits.op == FLOWBIT_ISSET || o->xbits.op == FLOWBIT_ISNOTSET) &&
		    p->rule.hook < 0) {
			rule_fail(p, p->spans[i],
				  "write the step in the header, as in "
				  "http1:request_complete",
				  "a mark of a transaction can be asked for at a step only");
			return;
		}
	}
}

static bool is_of_transaction(const struct rule_option *o)
{
	switch (o->kind) {
	case OPTION_APP_EVENT:
	case OPTION_APP_STATE:
	case OPTION_APP_INT:
	case OPTION_SSL_VERSION:
	case OPTION_SSL_STATE:
	case OPTION_TLS_CERT_TIME:
	case OPTION_TLS_CERT_EXPIRED:
	case OPTION_TLS_CERT_VALID:
	case OPTION_TLS_STORE:
	case OPTION_FTPBOUNCE:
	case OPTION_FILESIZE:
	case OPTION_FILE_HASH:
	case OPTION_FILESTORE:
		return true;
	default:
		return false;
	}
}

/* A frame comes and goes by itself: what else is asked for would have to be true of something else. */
static void check_frames(struct rule_parser *p)
{
	unsigned frame = 0;

	for (unsigned i = 1; i < p->use_count && !frame; i++)
		frame = p->uses[i].frame_type ? i : 0;
	if (!frame)
		return;
	for (unsigned i = 0; i < p->option_count; i++) {
		const struct rule_option *o = &p->options[i];
		bool bytes = option_is_bytes(o->kind) && o->buffer != BUFFER_BASE64_DATA;

		if (bytes ? p->uses[o->use].frame_type == p->uses[frame].frame_type
			  : !is_of_transaction(o))
			continue;
		rule_fail(p, p->spans[i],
			  rule_say(p, "write a rule of its own for it, or for '%s'",
				   p->uses[frame].frame),
			  "a rule looks at frames of one kind, and at nothing else: %s",
			  rule_quote(p, p->spans[i]));
		return;
	}
	if (p->rule.hook >= 0 && hook_row(p->rule.hook)->unit == HOOK_APP)
		rule_fail(p, p->proto_span, "leave out the step",
			  "a rule looks at frames of one kind, and at nothing else: %s",
			  rule_quote(p, p->proto_span));
}

void rule_check_app(struct rule_parser *p)
{
	for (unsigned i = 0; i < p->option_count; i++) {
		if (!check_option(p, i))
			return;
	}
	check_packet(p);
	check_transactional(p);
	check_mail(p);
	check_hook(p);
	check_frames(p);
}
