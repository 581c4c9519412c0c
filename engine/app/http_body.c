/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies: content encodings come off, what rules look at is kept to its limit, files are found.
 */
#include "engine/app/http.h"
#include "engine/app/http_range.h"
#include "engine/base/ascii.h"
#include "engine/proto/http1_line.h"

/* Room that is made for a body before its bytes are there; one that is encoded becomes so many times as long. */
#define EXPECT_MAX 16000u
#define EXPECT_INFLATED 4
#define EXPECT_TIMES 4

/* --- files ----------------------------------------------------------------------------------- */

/* Whoever saves a file under the name that a sender gives it has to end it at a NUL, and to leave out folders. */
static void check_name(struct app_ctx *c, struct http_tx *t, struct bytes name)
{
	bool is_parent = name.len == 2 && !memcmp(name.data, "..", 2);

	if (is_parent ||
	    (name.len && (memchr(name.data, 0, name.len) || memchr(name.data, '/', name.len))))
		app_tx_event(c, &t->tx, APP_EVENT_HTTP_FILE_NAME_INVALID);
}

/* The name in a Content-Disposition, else the path that was asked for. */
static struct bytes file_name(struct app_ctx *c, struct http_tx *t, unsigned dir)
{
	const struct http_header *h = dir ? http_find(&t->half[1], "content-disposition") : NULL;
	struct bytes name = multipart_parameter(http_value(h), "filename");

	check_name(c, t, name);
	if (!name.len && t->no_request)
		return bytes_of(HTTP_NO_REQUEST, strlen(HTTP_NO_REQUEST));
	return name.len ? name : t->path;
}

static void file_begin(struct app_ctx *c, struct http_tx *t, unsigned dir, struct bytes name)
{
	struct http_body *b = &t->half[dir].body;
	struct http_range r;

	b->file = file_open(c, &t->tx, dir, name);
	if (!b->file || !dir)
		return;
	file_is_shown(b->file);
	if (t->code != 206)
		return;
	if (http_range_parse(http_value(http_find(&t->half[1], "content-range")), &r) &&
	    r.has_range && !(r.has_size && !r.start && r.end + 1 == r.size)) {
		b->file->has_range = true;
		b->file->start = r.start;
		b->file->end = r.end;
		http_part_begin(c, t, &r, &b->part);
	}
}

/* A whole body as a file: of responses, and of requests that mean to send one. */
static void whole_begin(struct app_ctx *c, struct http_tx *t, unsigned dir)
{
	struct bytes name = file_name(c, t, dir);

	if (!name.len)
		return;
	if (dir || http1_equal_nocase(t->method, "post") || http1_equal_nocase(t->method, "put") ||
	    (t->half[0].body.is_extra && http1_method_known(t->method)))
		file_begin(c, t, dir, name);
}

static void part_header(struct app_ctx *c, struct http_tx *t, const struct multipart_event *ev)
{
	struct http_body *b = &t->half[0].body;
	struct bytes name;

	if (!http1_equal_nocase(ev->name, "content-disposition"))
		return;
	name = multipart_parameter(ev->value, "filename");
	if (!name.len)
		return;
	check_name(c, t, name);
	b->part_is_file = true;
	b->part_name = http_copy(c, &t->tx, name);
}

static void part_event(struct app_ctx *c, struct http_tx *t, const struct multipart_event *ev)
{
	struct http_body *b = &t->half[0].body;

	switch (ev->kind) {
	case MULTIPART_BEGIN:
		b->part_is_file = false;
		b->part_name = bytes_of(NULL, 0);
		break;
	case MULTIPART_HEADER:
		part_header(c, t, ev);
		break;
	case MULTIPART_HEAD_END:
		if (b->part_is_file)
			file_begin(c, t, 0, b->part_name);
		break;
	case MULTIPART_DATA:
		if (b->file)
			file_append(c, &t->tx, b->file, ev->data);
		break;
	case MULTIPART_PART_END:
		if (b->file)
			file_close(c, &t->tx, b->file, ev->truncated);
		b->file = NULL;
		break;
	case MULTIPART_END:
		break;
	case MULTIPART_ODD:
		app_tx_event(c, &t->tx, ev->odd);
		break;
	}
}

/* What a parser of parts leaves is held for it: at most a boundary or a header's line. */
static void parts(struct app_ctx *c, struct http_tx *t, struct bytes data)
{
	struct http_body *b = &t->half[0].body;
	struct multipart_event ev;
	struct bytes in = data;
	bool held = b->held.len > 0;

	if (held) {
		(void)app_text_add(c, &t->tx, &b->held, data, UINT32_MAX / 4);
		in = bytes_of(b->held.data, b->held.len);
	}
	while (multipart_next(b->multipart, &in, &ev) == FEED_EVENT)
		part_event(c, t, &ev);
	if (held) {
		if (in.len)
			memmove(b->held.data, in.data, in.len);
		b->held.len = (uint32_t)in.len;
	} else {
		(void)app_text_add(c, &t->tx, &b->held, in, UINT32_MAX / 4);
	}
}

/* --- what is kept ----------------------------------------------------------------------------- */

/* Each byte is moved at most once for each byte that comes. */
static void slide(const struct http_options *o, struct http_body *b, unsigned dir)
{
	uint64_t seen = b->inspected[0], left;
	uint32_t gone;

	if (b->inspected[1] && (!seen || b->inspected[1] < seen))
		seen = b->inspected[1];
	left = seen > o->window[dir] ? seen - o->window[dir] : 0;
	if (left <= b->at)
		return;
	gone = left - b->at < b->window.len ? (uint32_t)(left - b->at) : b->window.len;
	if (gone < b->window.len - gone)
		return;
	memmove(b->window.data, b->window.data + gone, b->window.len - gone);
	b->window.len -= gone;
	b->at += gone;
}

/*
 * Room for what a head says of its body's length, so that what is not long is not moved as it grows; where it says nothing,
 * for four times what there was room for.
 */
static void expect_bytes(struct app_ctx *c, struct http_tx *t, unsigned dir, size_t most)
{
	struct http_body *b = &t->half[dir].body;
	struct bytes length = http_value(http_find(&t->half[dir], "content-length"));
	size_t n = length.len ? 0 : EXPECT_TIMES * (size_t)b->window.room;

	for (size_t i = 0; i < length.len && ascii_is_digit(length.data[i]) && n < most; i++)
		n = 10 * n + (size_t)(length.data[i] - '0');
	if (b->inflate)
		n *= EXPECT_INFLATED;
	(void)app_text_reserve(c, &t->tx, &b->window, n < most ? n : most);
}

/* What rules may still look at; of a body that goes on they leave no more than they wait for, and a window. */
static void keep(struct app_ctx *c, struct http_tx *t, unsigned dir, struct bytes data)
{
	const struct http_options *o = http_options_of(c);
	struct http_body *b = &t->half[dir].body;

	if (t->tx.flags & (APP_TX_INSPECTED << dir | APP_TX_SKIP_BODIES))
		return;
	slide(o, b, dir);
	if (!b->window.room)
		expect_bytes(c, t, dir, EXPECT_MAX);
	else if (data.len > b->window.room - b->window.len)
		expect_bytes(c, t, dir, o->least[dir] + o->window[dir]);
	if (!app_text_add(c, &t->tx, &b->window, data, UINT32_MAX / 4))
		t->tx.flags |= APP_TX_SKIP_BODIES;
}

static void decoded(struct app_ctx *c, struct http_tx *t, unsigned dir, struct bytes data)
{
	const struct http_options *o = http_options_of(c);
	struct http_body *b = &t->half[dir].body;
	/* What a rule stores is stored whole, as far as its stream goes. */
	uint64_t limit = b->file && b->file->sids ? 0 : o->body_limit[dir];

	t->tx.grown |= (uint8_t)(1 << dir);
	if (b->full) {
		b->over = true;
		if (b->file)
			file_close(c, &t->tx, b->file, true);
		b->file = NULL;
		return;
	}
	if (limit && data.len >= limit - b->end) {
		data.len = (size_t)(limit - b->end);
		b->full = true;
	}
	if (data.len && !b->multipart && !b->end)
		whole_begin(c, t, dir);
	b->end += data.len;
	keep(c, t, dir, data);
	if (b->multipart)
		parts(c, t, data);
	else if (b->file)
		file_append(c, &t->tx, b->file, data);
	if (b->part.part)
		http_part_add(c, &b->part, data);
}

static void inflate(struct app_ctx *c, struct http_tx *t, unsigned dir, struct bytes data,
		    bool last)
{
	struct http_body *b = &t->half[dir].body;
	struct inflate_event ev;

	while (!b->over && inflate_next(b->inflate, &data, last, &ev) == FEED_EVENT) {
		if (ev.is_odd)
			app_tx_event(c, &t->tx, ev.odd);
		if (ev.data.len)
			decoded(c, t, dir, ev.data);
	}
}

static void drop_decoder(struct http_body *b)
{
	inflate_close(b->inflate);
	b->inflate = NULL;
}

void http_tx_end(struct app_tx *tx)
{
	struct http_tx *t = (struct http_tx *)tx;

	drop_decoder(&t->half[0].body);
	drop_decoder(&t->half[1].body);
}

/* --- a body's life ---------------------------------------------------------------------------- */

static void begin_decoder(struct app_ctx *c, struct http_tx *t, unsigned dir)
{
	const struct http_header *h = http_find(&t->half[dir], "content-encoding");
	uint32_t layers = http_options_of(c)->layers;
	enum inflate_coding codings[INFLATE_LAYERS_MAX];
	enum app_event odd;
	size_t n;

	if (!h || !layers)
		return;
	n = inflate_codings(http_value(h), layers, codings, &odd);
	if (odd != APP_EVENT__COUNT)
		app_tx_event(c, &t->tx, odd);
	if (n)
		t->half[dir].body.inflate = inflate_open(http_inflates(c), codings, n);
}

static void begin_parts(struct app_ctx *c, struct http_tx *t)
{
	const struct http_header *h = http_find(&t->half[0], "content-type");
	struct http_body *b = &t->half[0].body;
	struct multipart m;
	enum app_event odd;

	if (!h)
		return;
	if (multipart_init(&m, http_value(h), &odd)) {
		b->multipart = app_alloc(c, &t->tx, sizeof(m));
		if (b->multipart)
			*b->multipart = m;
	}
	if (odd != APP_EVENT__COUNT)
		app_tx_event(c, &t->tx, odd);
}

void http_body_begin(struct app_ctx *c, struct http_tx *t, unsigned dir)
{
	if (t->half[dir].body.begun)
		return;
	t->half[dir].body.begun = true;
	begin_decoder(c, t, dir);
	if (!dir)
		begin_parts(c, t);
}

void http_body_add(struct app_ctx *c, struct http_tx *t, unsigned dir, struct bytes data)
{
	struct http_body *b = &t->half[dir].body;

	http_body_begin(c, t, dir);
	if (!data.len)
		return;
	if (b->inflate)
		inflate(c, t, dir, data, false);
	else
		decoded(c, t, dir, data);
}

void http_body_gap(struct app_ctx *c, struct http_tx *t, unsigned dir, uint64_t len)
{
	struct http_body *b = &t->half[dir].body;

	http_body_begin(c, t, dir);
	if (b->full)
		return;
	t->tx.grown |= (uint8_t)(1 << dir);
	if (b->inflate) {
		/* Nothing can be decoded behind a hole. */
		inflate(c, t, dir, bytes_of(NULL, 0), true);
		b->full = b->over = true;
	}
	if (b->multipart) {
		multipart_close(b->multipart);
		parts(c, t, bytes_of(NULL, 0));
	} else if (!b->file && !b->end) {
		whole_begin(c, t, dir);
	}
	if (b->file)
		file_gap(c, &t->tx, b->file, len);
	b->part.part = NULL;
	/* Rules see what there is, without the hole: what stood before it is not lost with it. */
	b->wire += len;
	if (b->full)
		http_body_end(c, t, dir, true);
}

void http_body_end(struct app_ctx *c, struct http_tx *t, unsigned dir, bool truncated)
{
	struct http_body *b = &t->half[dir].body;

	if (b->inflate)
		inflate(c, t, dir, bytes_of(NULL, 0), true);
	drop_decoder(b);
	if (b->multipart && !b->done) {
		multipart_close(b->multipart);
		parts(c, t, bytes_of(NULL, 0));
	}
	if (b->file)
		file_close(c, &t->tx, b->file, truncated || b->over);
	b->file = NULL;
	if (b->part.part)
		t->joined = http_part_end(c, t, &b->part, !truncated && !b->over);
	b->done = true;
	if (b->begun)
		t->tx.grown |= (uint8_t)(1 << dir);
}
