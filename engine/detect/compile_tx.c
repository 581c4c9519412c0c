/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/compile_tx.h"

#include <string.h>
#include <strings.h>

#include "engine/app/app.h"
#include "engine/detect/asn1.h"
#include "engine/detect/common.h"
#include "engine/detect/tx_plan.h"
#include "parser/app_int.h"
#include "parser/buffer.h"
#include "parser/hook.h"

#define BOTH_WAYS (COND_TO_SERVER | COND_TO_CLIENT)

/* --- which rules ------------------------------------------------------------------------------------- */

static bool flow_event(int event)
{
	return event >= 0 && event <= APP_EVENT_APPLAYER_WRONG_DIRECTION_FIRST_DATA;
}

bool tx_option(const struct rule_option *o)
{
	switch (o->kind) {
	case OPTION_APP_EVENT:
		return !flow_event(o->app_event.event);
	case OPTION_APP_STATE:
	case OPTION_APP_INT:
	case OPTION_SSL_VERSION:
	case OPTION_SSL_STATE:
	case OPTION_TLS_CERT_TIME:
	case OPTION_TLS_CERT_EXPIRED:
	case OPTION_TLS_CERT_VALID:
	case OPTION_FTPBOUNCE:
	case OPTION_FILESIZE:
	case OPTION_FILE_HASH:
	case OPTION_FILESTORE:
		return true;
	default:
		return false;
	}
}

static bool of_files(const struct rule_option *o)
{
	return o->kind == OPTION_FILESIZE || o->kind == OPTION_FILE_HASH ||
	       o->kind == OPTION_FILESTORE;
}

static bool of_transaction(const struct rule_option *o)
{
	if (option_is_bytes(o->kind))
		return buffer_row((enum buffer)o->buffer)->kind == BUFFER_KIND_TX;
	return tx_option(o) || o->kind == OPTION_TLS_STORE;
}

/* A rule of a protocol that says what becomes of transactions is tried on each of them. */
static bool changes_transactions(const struct rule *r, const struct rule_option *o)
{
	return r->proto == RULE_PROTO_APP && o->kind == OPTION_CONFIG &&
	       o->config.what == CONFIG_LOGGING && o->config.type == CONFIG_TX &&
	       o->config.scope == CONFIG_TX;
}

bool tx_rule(const struct rule *r)
{
	if (r->hook >= 0 && hook_row(r->hook)->unit == HOOK_APP)
		return true;
	if (r->transactional)
		return true;
	for (unsigned i = 0; i < r->options; i++) {
		if (of_transaction(&r->option[i]) || changes_transactions(r, &r->option[i]))
			return true;
	}
	return false;
}

static uint64_t named(const char *app)
{
	return app ? app_proto_find(app, strlen(app)) : ~0ull;
}

uint64_t tx_rule_protos(const struct rule *r)
{
	uint64_t protos = r->app_protos ? r->app_protos : ~0ull;

	if (r->proto == RULE_PROTO_APP && r->app_proto)
		protos &= named(r->app_proto);
	if (r->hook >= 0 && hook_row(r->hook)->unit == HOOK_APP)
		protos &= APP_PROTO_BIT(hook_row(r->hook)->proto);
	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];

		if (option_is_bytes(o->kind) &&
		    buffer_row((enum buffer)o->buffer)->kind == BUFFER_KIND_TX)
			protos &= tx_buffer_protos((enum buffer)o->buffer);
		else if (o->kind == OPTION_APP_INT)
			protos &= named(app_int_row((enum app_int)o->app_int.field)->app);
		else if (of_files(o))
			protos &= tx_buffer_protos(BUFFER_FILE_DATA);
	}
	return protos == ~0ull ? 0 : protos;
}

/* --- conditions -------------------------------------------------------------------------------------- */

/* Above any number of a naming of a buffer. */
#define USE_FILES 255
#define USE_FIELDS 128

uint8_t tx_option_use(const struct rule *r, unsigned option)
{
	const struct rule_option *o = &r->option[option];

	if (of_files(o))
		return USE_FILES;
	if (tx_option(o))
		return (uint8_t)(USE_FIELDS + option % (USE_FILES - USE_FIELDS));
	return o->use;
}

uint16_t tx_option_directions(const struct rule *r, const struct rule_option *o)
{
	uint8_t directions = BUFFER_TO_SERVER | BUFFER_TO_CLIENT;

	if (option_is_bytes(o->kind) && r->use[o->use].directions)
		directions = r->use[o->use].directions;
	else if (option_is_bytes(o->kind) &&
		 buffer_row((enum buffer)o->buffer)->kind == BUFFER_KIND_TX)
		directions = buffer_row((enum buffer)o->buffer)->directions;
	else if (o->kind == OPTION_APP_INT)
		directions = app_int_row((enum app_int)o->app_int.field)->directions;
	else if (o->kind == OPTION_APP_STATE)
		directions = hook_row(o->app_state.hook)->direction ? BUFFER_TO_CLIENT
								    : BUFFER_TO_SERVER;
	return (uint16_t)((directions & BUFFER_TO_SERVER ? COND_TO_SERVER : 0) |
			  (directions & BUFFER_TO_CLIENT ? COND_TO_CLIENT : 0));
}

/* The progress at which a protocol's step is reached. */
static unsigned step_of(const struct hook_row *h)
{
	const struct app_protocol *p = app_protocol((enum app_proto)h->proto);
	const char *const *step = p ? p->steps[h->direction & 1] : NULL;

	for (unsigned i = 0; step && step[i]; i++) {
		if (strcmp(step[i], h->name) == 0)
			return i;
	}
	if (strstr(h->name, "_started"))
		return 0;
	return p && strstr(h->name, "_complete") ? p->done[h->direction & 1] : h->step;
}

void tx_step_condition(int hook, enum compare_op op, struct cond *out)
{
	out->kind = COND_APP_STEP;
	out->op = (uint16_t)op;
	out->number.low = step_of(hook_row(hook));
}

static void hash_condition(struct block_builder *b, const struct file_hash_match *m,
			   struct cond *out)
{
	static const uint8_t len[] = { 16, 20, 32 };

	out->op = m->hash;
	out->flags |= m->negated ? COND_NEGATED : 0;
	out->hash.len = len[m->hash];
	out->hash.count = m->count;
	out->hash.digests = block_add(b, m->digest, (size_t)m->count * len[m->hash]);
}

static void number_condition(const struct int_match *m, struct cond *out)
{
	out->op = (uint16_t)m->op;
	out->number.low = m->low;
	out->number.high = m->high;
}

void tx_condition(struct block_builder *b, const struct rule_option *o, struct cond *out)
{
	switch (o->kind) {
	case OPTION_APP_EVENT:
		/* What no parser raises is no number of an event. */
		out->bits.value =
			o->app_event.event < 0 ? UINT32_MAX : (uint32_t)o->app_event.event;
		break;
	case OPTION_APP_STATE:
		tx_step_condition(o->app_state.hook, o->app_state.op, out);
		break;
	case OPTION_APP_INT:
		out->base = o->app_int.field;
		number_condition(&o->app_int.match, out);
		break;
	case OPTION_SSL_VERSION:
	case OPTION_SSL_STATE:
		out->bits.value = o->ssl.bits;
		out->flags |= o->ssl.negated ? COND_NEGATED : 0;
		break;
	case OPTION_TLS_CERT_TIME:
		out->op = (uint16_t)o->cert_time.op;
		out->flags |= o->cert_time.not_after ? COND_FROM_END : 0;
		out->time.low = o->cert_time.low;
		out->time.high = o->cert_time.high;
		break;
	case OPTION_FILESIZE:
		number_condition(&o->number, out);
		break;
	case OPTION_FILE_HASH:
		hash_condition(b, &o->file_hash, out);
		break;
	case OPTION_ABSENT:
		out->op = o->absent.or_else;
		break;
	case OPTION_ENTROPY:
		out->op = (uint16_t)o->entropy.op;
		out->entropy.low = o->entropy.low;
		out->entropy.high = o->entropy.high;
		out->entropy.bytes = o->entropy.bytes;
		out->entropy.offset = o->entropy.offset;
		break;
	case OPTION_BASE64_DECODE:
		out->flags |= o->base64_decode.relative ? COND_RELATIVE : 0;
		out->base64.bytes = o->base64_decode.bytes;
		out->base64.offset = o->base64_decode.offset;
		break;
	case OPTION_APP_PROTO:
		out->op = o->app_proto.mode;
		out->flags |= o->app_proto.negated ? COND_NEGATED : 0;
		out->app.protos = o->app_proto.protos;
		break;
	case OPTION_ASN1:
		out->asn1.ask = (o->asn1.bitstring_overflow ? ASN1_BITSTRING_OVERFLOW : 0u) |
				(o->asn1.double_overflow ? ASN1_DOUBLE_OVERFLOW : 0u) |
				(o->asn1.has_oversize_length ? ASN1_OVERSIZE_LENGTH : 0u);
		out->asn1.limit = o->asn1.oversize_length;
		out->asn1.offset = o->asn1.has_absolute_offset ? o->asn1.absolute_offset
							       : o->asn1.relative_offset;
		out->flags |= o->asn1.has_relative_offset && !o->asn1.has_absolute_offset
				      ? COND_RELATIVE
				      : 0;
		break;
	case OPTION_RPC:
		out->rpc.program = o->rpc.program;
		out->rpc.version = o->rpc.version;
		out->rpc.procedure = o->rpc.procedure;
		out->rpc.any_version = o->rpc.any_version;
		out->rpc.any_procedure = o->rpc.any_procedure;
		break;
	case OPTION_CONFIG:
		out->config.what = o->config.what;
		out->config.type = o->config.type;
		out->config.scope = o->config.scope;
		break;
	case OPTION_TAG:
		out->tag.count = o->tag.count;
		out->tag.metric = o->tag.metric;
		out->tag.host = o->tag.host;
		out->tag.src = o->tag.src;
		break;
	case OPTION_IPREP:
		number_condition(&o->iprep.match, out);
		out->iprep.name = block_string(b, o->iprep.category);
		out->iprep.side = o->iprep.side;
		out->iprep.test = o->iprep.test;
		break;
	case OPTION_WATCH:
		number_condition(&o->watch.match, out);
		out->watch.kinds = o->watch.kinds;
		out->watch.side = o->watch.side;
		out->watch.test = o->watch.test;
		break;
	case OPTION_GEOIP:
		out->op = o->geoip.side;
		out->geoip.countries.count = o->geoip.count;
		out->geoip.countries.offset =
			block_add(b, o->geoip.country, o->geoip.count * sizeof(*o->geoip.country));
		break;
	case OPTION_FILESTORE:
		out->op = o->filestore.direction;
		out->base = o->filestore.scope;
		break;
	default:
		break;
	}
}

/* --- what is searched for ---------------------------------------------------------------------------- */

/* Bytes that grow are many, and searched again and again: so many half bits worse. */
#define GROWS_MALUS 16
/* Payload is all of them, once more. */
#define PAYLOAD_MALUS 64
#define RARE_ENOUGH 80
/* Transactions' buffers are short: a hit costs more than what a longer piece does. */
#define TX_PATTERN_MAX 32
/*
 * Such a piece stands all over bytes that grow, and a few of them cost as much as all longer ones together: what was
 * marked to be searched for is not worth it.
 */
#define SHORT_PIECE 4
#define SHORT_MALUS 24
/* A run of zeros is in nearly all that grows: to try its rule costs less than to find it again and again. */
#define COMMON 16
/* So are such ends of literals. */
#define COMMON_TAIL 48
/* What is short and in most transactions: anything else is better. */
#define SHORT_USUAL 2

/* Where the buffer is not there the rule may hold all the same. */
static bool may_be_absent(const struct rule *r, uint8_t use)
{
	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];

		if (o->kind == OPTION_ABSENT && o->use == use)
			return true;
	}
	return false;
}

static bool may_search(const struct rule *r, const struct rule_option *o)
{
	uint8_t kind = buffer_row((enum buffer)o->buffer)->kind;

	if (o->kind != OPTION_CONTENT || o->content.negated || !o->content.pattern.len)
		return false;
	if (o->buffer == BUFFER_PAYLOAD)
		return !r->transactional;
	return (kind == BUFFER_KIND_TX || kind == BUFFER_KIND_FRAME) && !may_be_absent(r, o->use);
}

/* Hyperscan looks at the last bytes of a literal first: those should not be what traffic is full of. */
static struct bytes searched_piece(struct bytes literal, bool nocase)
{
	size_t end = literal.len;

	for (; end >= PATTERN_MAX; end--) {
		struct bytes tail = bytes_slice(literal, end - PATTERN_MAX, PATTERN_MAX);

		if (!common_text(tail) && pattern_rarity(tail, nocase) >= COMMON_TAIL)
			break;
	}
	if (end < PATTERN_MAX)
		end = literal.len;
	return end > TX_PATTERN_MAX ? bytes_slice(literal, end - TX_PATTERN_MAX, TX_PATTERN_MAX)
				    : bytes_slice(literal, 0, end);
}

/* A piece of this text, in either case. */
static bool stands_in(const char *text, struct bytes piece)
{
	for (size_t at = 0; at + piece.len <= strlen(text); at++) {
		if (strncasecmp(text + at, (const char *)piece.data, piece.len) == 0)
			return !memchr(piece.data, '\0', piece.len);
	}
	return false;
}

/* What most transactions have there; a URI has no headers in it but those that somebody put there. */
static bool is_usual(enum buffer b, struct bytes piece)
{
	static const struct {
		enum buffer buffer;
		const char *text;
	} usual[] = {
		{ BUFFER_HTTP_METHOD, "GET" },
		{ BUFFER_HTTP_METHOD, "POST" },
		{ BUFFER_HTTP_STAT_CODE, "200" },
		{ BUFFER_HTTP_HEADER_NAMES, "\r\nhost\r\nuser-agent\r\naccept\r\n" },
		{ BUFFER_HTTP_HEADER_NAMES, "\r\nuser-agent\r\nhost\r\nconnection\r\n" },
		{ BUFFER_HTTP_HEADER_NAMES, "\r\ncontent-type\r\ncontent-length\r\n" },
	};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (usual[i].buffer == b && stands_in(usual[i].text, piece))
			return true;
	}
	return b != BUFFER_HTTP_URI && b != BUFFER_HTTP_URI_RAW && common_text(piece);
}

static unsigned rarity_in(enum buffer b, struct bytes piece, bool nocase)
{
	unsigned rarity = pattern_rarity(piece, nocase);
	unsigned most = piece.len <= SHORT_PIECE ? SHORT_USUAL : COMMON;

	return is_usual(b, piece) && rarity > most ? most : rarity;
}

static struct search_pattern pattern_of(const struct rule *r, unsigned index)
{
	const struct rule_option *o = &r->option[index];
	const struct content *c = &o->content;
	struct search_pattern s = { .option = o, .index = index, .nocase = c->nocase };

	s.piece = searched_piece(pattern_part(c), c->nocase);
	if (o->buffer != BUFFER_PAYLOAD)
		s = pattern_locate(r, s);
	s.rarity = rarity_in((enum buffer)o->buffer, s.piece, c->nocase);
	return s;
}

static bool grows(const struct search_pattern *s)
{
	enum buffer b = (enum buffer)s->option->buffer;

	return b == BUFFER_FILE_DATA || b == BUFFER_HTTP_REQUEST_BODY ||
	       b == BUFFER_HTTP_RESPONSE_BODY;
}

static int worth(const struct search_pattern *s)
{
	int rarity = s->rarity < RARE_ENOUGH ? (int)s->rarity : RARE_ENOUGH;

	if (s->fixed)
		return rarity;
	if (s->option->buffer == BUFFER_PAYLOAD)
		rarity -= PAYLOAD_MALUS;
	if (!grows(s))
		return rarity;
	return rarity - (s->piece.len <= SHORT_PIECE ? GROWS_MALUS + SHORT_MALUS : GROWS_MALUS);
}

static bool is_marked(const struct search_pattern *s)
{
	const struct content *c = &s->option->content;

	if (grows(s) && !s->fixed && (s->piece.len <= SHORT_PIECE || s->rarity < COMMON))
		return false;
	if (is_usual((enum buffer)s->option->buffer, s->piece))
		return false;
	return c->fast_pattern || c->fast_pattern_chop || c->fast_pattern_only;
}

struct search_pattern tx_pattern_choose(const struct rule *r)
{
	struct search_pattern best = { .option = NULL };

	for (unsigned i = 0; i < r->options; i++) {
		const struct rule_option *o = &r->option[i];
		struct search_pattern s;

		if (!may_search(r, o))
			continue;
		s = pattern_of(r, i);
		if (is_marked(&s))
			return s;
		if (!best.option || worth(&s) > worth(&best))
			best = s;
	}
	if (best.option && grows(&best) && !best.fixed && best.rarity < COMMON)
		best.option = NULL;
	return best;
}

uint32_t tx_file_needs(const struct rule *r)
{
	static const uint16_t flags[] = { FILE_MD5, FILE_SHA1, FILE_SHA256 };
	uint32_t needs = 0;

	for (unsigned i = 0; i < r->options; i++) {
		if (r->option[i].kind == OPTION_FILE_HASH)
			needs |= flags[r->option[i].file_hash.hash];
		if (r->option[i].kind == OPTION_FILESTORE)
			needs |= FILE_STORE;
		if (option_is_bytes(r->option[i].kind) && r->option[i].buffer == BUFFER_FILE_MAGIC)
			needs |= TX_NEEDS_MAGIC;
	}
	return needs;
}
