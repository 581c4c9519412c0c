/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/app/http.h"

#include "engine/base/ascii.h"
#include "engine/proto/http1_line.h"

/* A part of bytes that were copied, there. */
struct bytes http_copied(struct bytes part, struct bytes from, struct bytes copy)
{
	if (!part.len || !copy.len)
		return bytes_of(NULL, 0);
	return bytes_slice(copy, (size_t)(part.data - from.data), part.len);
}

struct bytes http_copy(struct app_ctx *c, struct app_tx *tx, struct bytes b)
{
	uint8_t *copy = b.len ? app_alloc_bytes(c, tx, b.len) : NULL;

	if (!copy)
		return bytes_of(NULL, 0);
	memcpy(copy, b.data, b.len);
	return bytes_of(copy, b.len);
}

/* A raw head is seldom longer. */
#define RAW_USUAL_BYTES 448u
/* Values of longer ones have a piece of memory of their own, that may be given back when they grow. */
#define HEADER_INLINE 288u

/* --- headers --------------------------------------------------------------------------------- */

static size_t past_nuls(struct bytes b, size_t i)
{
	while (i < b.len && b.data[i] == 0)
		i++;
	return i;
}

/* In any case, NULs left out, as clients read them. */
static bool same_name(struct bytes a, struct bytes b)
{
	size_t i, k;

	if (a.len == b.len && word_same_text_nocase(a.data, b.data, a.len))
		return true;
	i = past_nuls(a, 0);
	k = past_nuls(b, 0);
	while (i < a.len && k < b.len) {
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[k]))
			return false;
		i = past_nuls(a, i + 1);
		k = past_nuls(b, k + 1);
	}
	return i == a.len && k == b.len;
}

static struct http_header *find(const struct http_half *h, struct bytes name, uint32_t hash)
{
	for (struct http_header *f = h->first; f; f = f->next)
		if (f->hash == hash && same_name(f->name, name))
			return f;
	return NULL;
}

const struct http_header *http_find_hashed(const struct http_half *h, struct bytes name,
					   uint32_t hash)
{
	return find(h, name, hash);
}

static void add_value(struct app_ctx *c, struct http_tx *t, struct http_header *h,
		      const struct http1_event *ev)
{
	uint32_t room;

	if (!ev->folded) {
		(void)app_text_add(c, &t->tx, &h->value, ev->value, HTTP_VALUE_MAX);
		return;
	}
	/* In place: what is unfolded is never longer. */
	room = h->value.len;
	if (app_text_add(c, &t->tx, &h->value, ev->value, HTTP_VALUE_MAX))
		h->value.len =
			room + (uint32_t)http1_unfold(bytes_of(h->value.data + room, ev->value.len),
						      h->value.data + room);
}

static void repeat(struct app_ctx *c, struct http_tx *t, unsigned dir, struct http_header *h,
		   const struct http1_event *ev)
{
	app_tx_event(c, &t->tx,
		     dir ? APP_EVENT_HTTP_RESPONSE_HEADER_REPETITION
			 : APP_EVENT_HTTP_REQUEST_HEADER_REPETITION);
	if (http1_equal_nocase(ev->name, "content-length") || h->repeats >= HTTP_REPEATS_MAX)
		return;
	h->repeats++;
	(void)app_text_add(c, &t->tx, &h->value, bytes_of(", ", 2), HTTP_VALUE_MAX);
	add_value(c, t, h, ev);
}

/* Name and value stand behind it, with what is between them, as most values stay as they came. */
static struct http_header *new_header(struct app_ctx *c, struct http_tx *t,
				      const struct http1_event *ev)
{
	size_t value_at = ev->name.len ? (size_t)(ev->value.data - ev->name.data) : 0;
	bool whole = value_at && !ev->folded && value_at + ev->value.len <= HEADER_INLINE;
	size_t len = whole ? value_at + ev->value.len : ev->name.len;
	uint8_t *place = app_alloc_bytes(c, &t->tx, sizeof(struct http_header) + len);
	struct http_header *h = (struct http_header *)place;

	if (!h)
		return NULL;
	place += sizeof(*h);
	*h = (struct http_header){ .name = bytes_of(place, ev->name.len), .hash = ev->hash };
	if (len)
		memcpy(place, ev->name.data, len);
	if (whole)
		h->value = (struct app_text){ .data = place + value_at,
					      .len = (uint32_t)ev->value.len,
					      .room = (uint32_t)ev->value.len };
	else
		add_value(c, t, h, ev);
	return h;
}

/* name ": " value CRLF */
static bool is_plain(const struct http1_event *ev)
{
	const uint8_t *raw = ev->raw.data;
	size_t name = ev->name.len, len = name + 2 + ev->value.len;

	return ev->raw.len == len + 2 && ev->name.data == raw && raw[name] == ':' &&
	       raw[name + 1] == ' ' && raw[len] == '\r' && raw[len + 1] == '\n' && !ev->folded &&
	       ev->value.len <= HTTP_VALUE_MAX;
}

/* As sent; true: so it stands in the texts, too. */
static bool add_raw(struct app_ctx *c, struct http_tx *t, unsigned dir,
		    const struct http1_event *ev)
{
	struct http_half *half = &t->half[dir];
	bool plain = is_plain(ev);

	if (!half->headers) {
		(void)app_text_reserve(c, &t->tx, &half->raw, RAW_USUAL_BYTES);
		half->plain = true;
		half->lines_at = half->lines_end = half->raw.len;
	}
	/* Trailers stand behind a blank line. */
	plain &= half->lines_end == half->raw.len;
	plain &= app_text_put(&half->raw, ev->raw, HTTP_RAW_MAX) ||
		 app_text_add(c, &t->tx, &half->raw, ev->raw, HTTP_RAW_MAX);
	half->lines_end = half->raw.len;
	return plain;
}

static bool is_cookie(struct bytes name, uint32_t hash, unsigned dir)
{
	if (dir)
		return hash == http1_name_hash_plain("set-cookie", 10) &&
		       http1_equal_nocase(name, "set-cookie");
	return hash == http1_name_hash_plain("cookie", 6) && http1_equal_nocase(name, "cookie");
}

void http_add_header(struct app_ctx *c, struct http_tx *t, unsigned dir,
		     const struct http1_event *ev)
{
	struct http_half *half = &t->half[dir];
	uint32_t hash = ev->hash;
	struct http_header *h = http_may_have(half, hash) ? find(half, ev->name, hash) : NULL;
	bool plain = add_raw(c, t, dir, ev);

	half->text_of = half->names_of = half->start_of = 0;
	if (h) {
		half->plain = false;
		repeat(c, t, dir, h, ev);
		return;
	}
	h = new_header(c, t, ev);
	half->plain &= h && plain;
	if (!h)
		return;
	half->hashes |= 1ull << hash % 64;
	half->cookies |= is_cookie(ev->name, hash, dir);
	if (half->last)
		half->last->next = h;
	else
		half->first = h;
	half->last = h;
	half->headers++;
}

bool http_is_interim(const struct http_tx *t, unsigned dir)
{
	return dir && t->code == 100 && !(t->tx.flags & APP_TX_DONE << 1) &&
	       !http_find(&t->half[1], "content-length") &&
	       !http_find(&t->half[1], "transfer-encoding");
}

/* --- the request ----------------------------------------------------------------------------- */

static struct bytes without_end(struct bytes line)
{
	while (line.len && (line.data[line.len - 1] == '\n' || line.data[line.len - 1] == '\r'))
		line.len--;
	return line;
}

/* The target is normalised at once: rules nearly always want it. */
void http_request_line_of(struct app_ctx *c, struct http_tx *t, const struct http1_event *ev)
{
	const struct http_options *o = http_options_of(c);
	struct http_half *h = &t->half[0];
	bool connect = http1_equal_nocase(ev->method, "connect");
	struct http_uri u;
	bool twice;
	uint8_t *out;
	size_t n;

	h->line = http_copy(c, &t->tx, without_end(ev->raw));
	h->version = (uint8_t)ev->version;
	h->protocol = http_copied(ev->protocol, ev->raw, h->line);
	t->method = http_copied(ev->method, ev->raw, h->line);
	t->uri_raw = http_copied(ev->uri, ev->raw, h->line);
	http_uri_split(t->uri_raw, connect, &u);
	if (u.authority.invalid)
		app_tx_event(c, &t->tx, APP_EVENT_HTTP_REQUEST_URI_HOST_INVALID);
	if (u.authority.host.len) {
		out = app_alloc_bytes(c, &t->tx, u.authority.host.len);
		if (out)
			t->host = bytes_of(out, http_host_normalise(u.authority.host, out));
		t->host_raw = t->host;
		t->port = u.authority.port;
	}
	if (connect)
		return;
	out = app_alloc_bytes(c, &t->tx, t->uri_raw.len + 3);
	if (!out)
		return;
	n = http_uri_normalise(&u, &o->uri, out, &twice);
	t->uri = bytes_of(out, n);
	t->path = t->uri;
	for (size_t i = 0; i < n; i++) {
		if ((out[i] == '?' && u.has_query) || (out[i] == '#' && u.has_fragment)) {
			t->path.len = i;
			break;
		}
	}
	if (twice)
		app_tx_event(c, &t->tx, APP_EVENT_HTTP_DOUBLE_ENCODED_URI);
}

static void check_host(struct app_ctx *c, struct http_tx *t, struct bytes value)
{
	struct http_authority a;
	uint8_t *out;

	http_authority_parse(value, &a);
	if (a.invalid)
		app_tx_event(c, &t->tx, APP_EVENT_HTTP_REQUEST_HEADER_HOST_INVALID);
	if (t->host.len) {
		if (!same_name(a.host, t->host) || (a.port && t->port && a.port != t->port))
			app_tx_event(c, &t->tx, APP_EVENT_HTTP_HOST_HEADER_AMBIGUOUS);
		return;
	}
	t->host_raw = value;
	t->port = a.port;
	out = app_alloc_bytes(c, &t->tx, a.host.len);
	if (!out)
		return;
	for (size_t i = 0; i < a.host.len; i++)
		out[i] = ascii_lower(a.host.data[i]);
	t->host = bytes_of(out, a.host.len);
}

static bool begins_nocase(struct bytes b, const char *word)
{
	return http1_equal_nocase(bytes_slice(b, 0, strlen(word)), word);
}

static void check_authorization(struct app_ctx *c, struct http_tx *t)
{
	const struct http_header *h = http_find(&t->half[0], "authorization");
	struct bytes v = http_value(h);

	if (h && !begins_nocase(v, "basic") && !begins_nocase(v, "digest") &&
	    !begins_nocase(v, "bearer"))
		app_tx_event(c, &t->tx, APP_EVENT_HTTP_REQUEST_AUTH_UNRECOGNIZED);
}

void http_request_head(struct app_ctx *c, struct http_tx *t)
{
	const struct http_header *host = http_find(&t->half[0], "host");

	if (host)
		check_host(c, t, http_value(host));
	else if (t->half[0].version == HTTP1_1_1 && !http1_equal_nocase(t->method, "connect"))
		app_tx_event(c, &t->tx, APP_EVENT_HTTP_MISSING_HOST_HEADER);
	check_authorization(c, t);
}

/* --- ranges ---------------------------------------------------------------------------------- */

static bool number_at(struct bytes *b, uint64_t *out)
{
	size_t n = 0;

	*out = 0;
	while (n < b->len && n < 18 && b->data[n] >= '0' && b->data[n] <= '9')
		*out = *out * 10 + (uint64_t)(b->data[n++] - '0');
	*b = bytes_slice(*b, n, b->len);
	return n > 0;
}

static bool mark_at(struct bytes *b, uint8_t mark)
{
	if (!b->len || b->data[0] != mark)
		return false;
	*b = bytes_slice(*b, 1, b->len);
	return true;
}

bool http_range_parse(struct bytes value, struct http_range *out)
{
	struct bytes b = http1_trim(value);

	*out = (struct http_range){ 0 };
	if (!begins_nocase(b, "bytes"))
		return false;
	b = http1_trim(bytes_slice(b, 5, b.len));
	if (!mark_at(&b, '*')) {
		if (!number_at(&b, &out->start) || !mark_at(&b, '-') || !number_at(&b, &out->end))
			return false;
		out->has_range = true;
	}
	if (!mark_at(&b, '/'))
		return false;
	if (mark_at(&b, '*'))
		return true;
	out->has_size = number_at(&b, &out->size);
	return out->has_size;
}

/* --- texts ----------------------------------------------------------------------------------- */

#define TEXT_MAX (HTTP_RAW_MAX * 2)
#define LINE_END bytes_of("\r\n", 2)

/* Behind what is there, where room was made. */
static void put(struct app_text *to, struct bytes b)
{
	if (b.len > to->room - to->len)
		b.len = to->room - to->len;
	if (b.len)
		memcpy(to->data + to->len, b.data, b.len);
	to->len += (uint32_t)b.len;
}

static void put_line(struct app_text *to, struct bytes b)
{
	if (b.len + 2 > to->room - to->len) {
		put(to, b);
		put(to, LINE_END);
		return;
	}
	if (b.len)
		memcpy(to->data + to->len, b.data, b.len);
	to->len += (uint32_t)b.len;
	to->data[to->len++] = '\r';
	to->data[to->len++] = '\n';
}

/* For so many bytes more, or for the first of them, where there is no block for all. */
static void make_room(struct app_ctx *c, struct http_tx *t, struct app_text *to, size_t len)
{
	size_t room = to->len + len < TEXT_MAX ? to->len + len : TEXT_MAX;

	while (room > to->room && !app_text_reserve(c, &t->tx, to, room))
		room /= 2;
}

static struct bytes lines_of(const struct http_half *h)
{
	return bytes_of(h->raw.data + h->lines_at, h->lines_end - h->lines_at);
}

static size_t lines_len(const struct http_half *h)
{
	size_t len = 0;

	if (h->plain)
		return lines_of(h).len;
	for (const struct http_header *f = h->first; f; f = f->next)
		len += f->name.len + 2 + f->value.len + 2;
	return len;
}

static void put_lines(struct app_ctx *c, struct http_tx *t, const struct http_half *h,
		      const char *but, struct app_text *to)
{
	make_room(c, t, to, lines_len(h) + 2);
	if (h->plain && !but) {
		put(to, lines_of(h));
		return;
	}
	for (const struct http_header *f = h->first; f; f = f->next) {
		if (but && http1_equal_nocase(f->name, but))
			continue;
		put(to, f->name);
		put(to, bytes_of(": ", 2));
		put_line(to, http_value(f));
	}
}

static bool is_fresh(struct http_half *h, uint32_t *of, struct app_text *text)
{
	if (*of == h->headers + 1)
		return true;
	*of = h->headers + 1;
	text->len = 0;
	return false;
}

bool http_text(struct app_ctx *c, struct http_tx *t, unsigned dir, struct bytes *out)
{
	struct http_half *h = &t->half[dir];

	if (h->plain && !h->cookies) {
		*out = lines_of(h);
		return out->len > 0;
	}
	if (!is_fresh(h, &h->text_of, &h->text))
		put_lines(c, t, h, dir ? "set-cookie" : "cookie", &h->text);
	*out = bytes_of(h->text.data, h->text.len);
	return out->len > 0;
}

bool http_names(struct app_ctx *c, struct http_tx *t, unsigned dir, struct bytes *out)
{
	struct http_half *h = &t->half[dir];

	if (!h->first)
		return false;
	if (!is_fresh(h, &h->names_of, &h->names)) {
		size_t len = 4;

		for (const struct http_header *f = h->first; f; f = f->next)
			len += f->name.len + 2;
		make_room(c, t, &h->names, len);
		put(&h->names, LINE_END);
		for (const struct http_header *f = h->first; f; f = f->next) {
			put_line(&h->names, f->name);
		}
		put(&h->names, LINE_END);
	}
	*out = bytes_of(h->names.data, h->names.len);
	return true;
}

bool http_start(struct app_ctx *c, struct http_tx *t, unsigned dir, struct bytes *out)
{
	struct http_half *h = &t->half[dir];

	if (!h->line.len)
		return false;
	if (!is_fresh(h, &h->start_of, &h->start)) {
		make_room(c, t, &h->start, h->line.len + 2 + lines_len(h) + 2);
		put(&h->start, h->line);
		put(&h->start, LINE_END);
		put_lines(c, t, h, NULL, &h->start);
		if (h->first)
			put(&h->start, LINE_END);
	}
	*out = bytes_of(h->start.data, h->start.len);
	return true;
}
