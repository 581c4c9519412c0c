/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and their responses as records.
 */
#include <arpa/inet.h>
#include <assert.h>

#include "engine/app/http.h"
#include "engine/base/ascii.h"
#include "engine/output/eve_common.h"
#include "engine/output/payload.h"

/* Of a body in an alert: more than the usual limit of bodies. */
#define BODY_MAX (128u << 10)

static void put_header(struct eve *w, enum eve_field f, const struct http_half *h, const char *name)
{
	const struct http_header *found = http_find(h, name);

	if (found && found->value.len)
		eve_text(w, f, http_value(found));
}

/* The type alone. */
static void put_content_type(struct eve *w, const struct http_half *h)
{
	const struct http_header *found = http_find(h, "content-type");
	struct bytes type = http_value(found);
	const uint8_t *semicolon = type.len ? memchr(type.data, ';', type.len) : NULL;

	if (semicolon)
		type.len = (size_t)(semicolon - type.data);
	if (type.len)
		eve_text(w, EVE_HTTP_CONTENT_TYPE, type);
}

static void put_range(struct eve *w, const struct http_half *h)
{
	const struct http_header *found = http_find(h, "content-range");
	struct http_range r;

	if (!found)
		return;
	eve_open(w, EVE_HTTP_CONTENT_RANGE);
	eve_text(w, EVE_HTTP_CONTENT_RANGE_RAW, http_value(found));
	if (http_range_parse(http_value(found), &r)) {
		if (r.has_range) {
			eve_u64(w, EVE_HTTP_CONTENT_RANGE_START, r.start);
			eve_u64(w, EVE_HTTP_CONTENT_RANGE_END, r.end);
		}
		if (r.has_size)
			eve_u64(w, EVE_HTTP_CONTENT_RANGE_SIZE, r.size);
	}
	eve_close(w);
}

static void put_basic(struct eve *w, const struct http_tx *t)
{
	if (t->host.len)
		eve_text(w, EVE_HTTP_HOSTNAME, t->host);
	if (t->port)
		eve_u64(w, EVE_HTTP_PORT, t->port);
	if (t->uri_raw.len)
		eve_text(w, EVE_HTTP_URL, t->uri_raw);
	else if (t->no_request)
		eve_string(w, EVE_HTTP_URL, HTTP_NO_REQUEST);
	put_header(w, EVE_HTTP_USER_AGENT, &t->half[0], "user-agent");
	put_header(w, EVE_HTTP_XFF, &t->half[0], "x-forwarded-for");
	put_content_type(w, &t->half[1]);
	put_range(w, &t->half[1]);
}

static void put_extended(struct eve *w, const struct http_tx *t)
{
	put_header(w, EVE_HTTP_REFER, &t->half[0], "referer");
	if (t->method.len)
		eve_text(w, EVE_HTTP_METHOD, t->method);
	if (t->half[0].protocol.len)
		eve_text(w, EVE_HTTP_PROTOCOL, t->half[0].protocol);
	if (t->code)
		eve_u64(w, EVE_HTTP_STATUS, t->code);
	else if (t->status.len)
		eve_text(w, EVE_HTTP_STATUS_STRING, t->status);
	put_header(w, EVE_HTTP_REDIRECT, &t->half[1], "location");
	eve_u64(w, EVE_HTTP_LENGTH, t->half[1].body.wire);
}

/* Those that may be asked for one by one. */
static const char *const custom_headers[] = {
	"accept",
	"accept-charset",
	"accept-datetime",
	"accept-encoding",
	"accept-language",
	"accept-range",
	"age",
	"allow",
	"authorization",
	"cache-control",
	"connection",
	"content-encoding",
	"content-language",
	"content-length",
	"content-location",
	"content-md5",
	"content-range",
	"content-type",
	"cookie",
	"date",
	"dnt",
	"etag",
	"expires",
	"from",
	"last-modified",
	"link",
	"location",
	"max-forwards",
	"org-src-ip",
	"origin",
	"pragma",
	"proxy-authenticate",
	"proxy-authorization",
	"range",
	"referer",
	"refresh",
	"retry-after",
	"server",
	"set-cookie",
	"te",
	"trailer",
	"transfer-encoding",
	"true-client-ip",
	"upgrade",
	"vary",
	"via",
	"warning",
	"www-authenticate",
	"x-authenticated-user",
	"x-bluecoat-via",
	"x-flash-version",
	"x-forwarded-proto",
	"x-requested-with",
};

#define CUSTOM_HEADERS (sizeof(custom_headers) / sizeof(custom_headers[0]))
static_assert(CUSTOM_HEADERS <= 64, "a bit for each");

static bool is_header(struct bytes name, const char *word)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.data[i] == '_' ? '-' : ascii_lower(name.data[i]);

		if (!word[i] || c != (uint8_t)word[i])
			return false;
	}
	return !word[name.len];
}

static uint64_t header_bit(struct bytes name)
{
	for (size_t i = 0; i < CUSTOM_HEADERS; i++) {
		if (is_header(name, custom_headers[i]))
			return 1ull << i;
	}
	return 0;
}

uint64_t output_http_field(const char *name)
{
	return header_bit(bytes_of(name, strlen(name)));
}

static const struct http_header *next_of(const struct http_header *h, uint64_t which)
{
	while (h && which != UINT64_MAX && !(header_bit(h->name) & which))
		h = h->next;
	return h;
}

/* which: of custom_headers; UINT64_MAX: all there are. */
static void put_headers(struct eve *w, const struct http_half *h, enum eve_field f, uint64_t which)
{
	const struct http_header *i = next_of(h->first, which);

	if (!i)
		return;
	eve_array(w, f);
	for (; i; i = next_of(i->next, which)) {
		eve_item_open(w);
		eve_text(w, (enum eve_field)(f + 1), i->name);
		eve_text(w, (enum eve_field)(f + 2), http_value(i));
		eve_close(w);
	}
	eve_array_end(w);
}

static void put_body_as(struct eve *w, enum eve_field f, enum payload_form form,
			const struct app_text *body)
{
	size_t len = body->len < BODY_MAX ? body->len : BODY_MAX;
	struct payload_sink s;

	eve_key(w, f);
	buf_char(w->out, '"');
	payload_begin(&s, form, len, w->out);
	payload_piece(&s, body->data, len);
	payload_end(&s);
	buf_char(w->out, '"');
}

/* What is held of a body when a rule has matched. */
static void put_body(struct eve *w, const struct http_half *h, enum eve_field text,
		     enum eve_field base64)
{
	if (!h->body.window.len)
		return;
	if (w->bodies_printable)
		put_body_as(w, text, PAYLOAD_PRINTABLE, &h->body.window);
	if (w->bodies)
		put_body_as(w, base64, PAYLOAD_BASE64, &h->body.window);
}

void eve_http_object(struct eve *w, const struct app_tx *tx)
{
	const struct http_tx *t = (const struct http_tx *)tx;

	eve_open(w, EVE_HTTP);
	put_basic(w, t);
	put_extended(w, t);
	put_body(w, &t->half[0], EVE_HTTP_REQUEST_BODY_PRINTABLE, EVE_HTTP_REQUEST_BODY);
	put_body(w, &t->half[1], EVE_HTTP_RESPONSE_BODY_PRINTABLE, EVE_HTTP_RESPONSE_BODY);
	eve_close(w);
}

void eve_http(const struct output_options *o, const struct output_env *env, const struct packet *p,
	      const struct app_tx *tx, struct buf *out)
{
	const struct http_tx *t = (const struct http_tx *)tx;
	struct eve w;

	eve_begin_record(&w, o, env, p, RECORD_HTTP, EVE_AS_CLIENT, out);
	eve_u64(&w, EVE_TX_ID, tx->id);
	eve_open(&w, EVE_HTTP);
	put_basic(&w, t);
	if (o->http.extended)
		put_extended(&w, t);
	if (o->http.request_headers || o->http.custom)
		put_headers(&w, &t->half[0], EVE_HTTP_REQUEST_HEADERS,
			    o->http.request_headers ? UINT64_MAX : o->http.custom);
	if (o->http.response_headers || o->http.custom)
		put_headers(&w, &t->half[1], EVE_HTTP_RESPONSE_HEADERS,
			    o->http.response_headers ? UINT64_MAX : o->http.custom);
	eve_close(&w);
	eve_end_record(&w, o, env);
}

/* --- proxies --------------------------------------------------------------------------------- */

#define ADDRESS_TEXT_MAX 45

static bool is_between(uint8_t c)
{
	return c == ',' || c == ' ' || c == '\t';
}

/* The first or last of the addresses in a list. */
static struct bytes one_of(struct bytes list, bool first)
{
	size_t from = 0, to;

	if (first) {
		while (from < list.len && is_between(list.data[from]))
			from++;
		for (to = from; to < list.len && !is_between(list.data[to]); to++)
			;
	} else {
		for (to = list.len; to && is_between(list.data[to - 1]); to--)
			;
		for (from = to; from && !is_between(list.data[from - 1]); from--)
			;
	}
	return bytes_slice(list, from, to - from);
}

bool eve_xff(const struct output_options *o, const struct app_tx *tx, struct bytes *text,
	     struct ip_addr *addr, unsigned *ip_version)
{
	const struct http_tx *t = (const struct http_tx *)tx;
	char copy[ADDRESS_TEXT_MAX + 1];
	const struct http_header *h;

	if (!o->xff.enabled || !tx || tx->proto != APP_PROTO_HTTP1)
		return false;
	h = http_find(&t->half[0], o->xff.header);
	*text = one_of(http_value(h), o->xff.forward);
	if (!text->len || text->len > ADDRESS_TEXT_MAX)
		return false;
	memcpy(copy, text->data, text->len);
	copy[text->len] = 0;
	*addr = (struct ip_addr){ 0 };
	*ip_version = memchr(copy, ':', text->len) ? 6 : 4;
	return inet_pton(*ip_version == 6 ? AF_INET6 : AF_INET, copy, addr) == 1;
}
