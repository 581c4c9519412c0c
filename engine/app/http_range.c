/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file under way is the list of its parts in the order of where they begin; each is a list of pieces of memory.
 * A part's bytes belong to the file's memory, which goes as a whole.
 */
#include "engine/app/http_range.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/app/engine.h"

#define PIECE_BYTES 8000u /* with its head less than a block of 8 KiB */
#define NAME_BYTES 1024u /* of host and path; longer ones are not joined */

struct piece {
	struct piece *next;
	uint32_t len;
	uint8_t data[PIECE_BYTES];
};

struct part {
	struct part *next, *prev; /* by start */
	uint64_t start, len, want;
	struct piece *first, *last;
	bool whole;
};

struct file {
	bool used;
	uint32_t generation; /* a handle of an earlier file is none of this one's */
	struct ip_addr client, server;
	uint64_t size;
	int64_t last_ns;
	uint64_t bytes; /* of memory */
	uint64_t come; /* of whole parts, what came twice counted twice */
	uint32_t memory;
	uint32_t parts;
	struct part *first, *last;
	uint32_t host_len, path_len;
	uint8_t name[NAME_BYTES]; /* host, path */
};

struct http_ranges {
	uint64_t bytes; /* of all files */
	struct file file[HTTP_RANGE_FILES];
};

int http_ranges_new(struct http_ranges **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

uint64_t http_ranges_bytes(void)
{
	return sizeof(struct http_ranges);
}

void http_ranges_free(struct http_ranges *r)
{
	free(r);
}

static void forget(struct app_ctx *c, struct http_ranges *r, struct file *f)
{
	memory_free(&c->engine->memory, &f->memory);
	r->bytes -= f->bytes;
	f->used = false;
	f->generation++;
	f->bytes = f->come = 0;
	f->parts = 0;
	f->first = f->last = NULL;
}

static void give_up(struct app_ctx *c, struct http_ranges *r, struct file *f)
{
	c->engine->counters->value[COUNTER_LIMITS_REACHED]++;
	forget(c, r, f);
}

/* Transactions are not to starve. */
static uint64_t most(const struct app_ctx *c)
{
	uint64_t asked = http_options_all(c)->range_bytes, share = c->engine->opt.memcap / 4;

	return asked < share ? asked : share;
}

static void *take(struct app_ctx *c, struct http_ranges *r, struct file *f, size_t len)
{
	size_t room = memory_room(len);
	void *out;

	if (r->bytes + room > most(c))
		return NULL;
	out = memory_raw(&c->engine->memory, &f->memory, len);
	if (!out)
		return NULL;
	r->bytes += room;
	f->bytes += room;
	return out;
}

/* --- whose part it is --------------------------------------------------------------------------- */

static bool is_same(const struct file *f, const struct app_ctx *c, const struct http_tx *t,
		    uint64_t size)
{
	return f->used && f->size == size && f->host_len == t->host.len &&
	       f->path_len == t->path.len && ip_addr_equal(&f->client, &c->flow->client) &&
	       ip_addr_equal(&f->server, &c->flow->server) &&
	       (!t->host.len || memcmp(f->name, t->host.data, t->host.len) == 0) &&
	       memcmp(f->name + f->host_len, t->path.data, t->path.len) == 0;
}

static struct file *find(struct app_ctx *c, struct http_ranges *r, const struct http_tx *t,
			 uint64_t size)
{
	int64_t late = c->now_ns - (int64_t)http_options_all(c)->range_timeout_s * 1000000000;

	for (size_t i = 0; i < HTTP_RANGE_FILES; i++) {
		struct file *f = &r->file[i];

		/* Time alone says which are over, not when they make room. */
		if (f->used && f->last_ns < late)
			forget(c, r, f);
		if (is_same(f, c, t, size))
			return f;
	}
	return NULL;
}

static struct file *free_one(struct app_ctx *c, struct http_ranges *r)
{
	struct file *oldest = &r->file[0];

	for (size_t i = 0; i < HTTP_RANGE_FILES; i++) {
		struct file *f = &r->file[i];

		if (!f->used)
			return f;
		if (f->last_ns < oldest->last_ns)
			oldest = f;
	}
	give_up(c, r, oldest);
	return oldest;
}

static struct file *make(struct app_ctx *c, struct http_ranges *r, const struct http_tx *t,
			 uint64_t size)
{
	struct file *f = free_one(c, r);

	f->used = true;
	f->client = c->flow->client;
	f->server = c->flow->server;
	f->size = size;
	f->host_len = (uint32_t)t->host.len;
	f->path_len = (uint32_t)t->path.len;
	if (t->host.len)
		memcpy(f->name, t->host.data, t->host.len);
	memcpy(f->name + f->host_len, t->path.data, t->path.len);
	return f;
}

/* Mostly the last. */
static void insert(struct file *f, struct part *p)
{
	struct part *at = f->last;

	while (at && at->start > p->start)
		at = at->prev;
	p->prev = at;
	p->next = at ? at->next : f->first;
	if (p->next)
		p->next->prev = p;
	else
		f->last = p;
	if (at)
		at->next = p;
	else
		f->first = p;
	f->parts++;
}

void http_part_begin(struct app_ctx *c, const struct http_tx *t, const struct http_range *r,
		     struct http_part *out)
{
	struct http_ranges *all = http_ranges(c);
	struct file *f;
	struct part *p;

	*out = (struct http_part){ .part = NULL };
	if (!r->has_range || !r->has_size || r->end < r->start || r->end >= r->size ||
	    !t->path.len || t->host.len + t->path.len > NAME_BYTES ||
	    r->size > http_options_all(c)->range_bytes / 2)
		return;
	if (r->size > most(c) / 2) {
		c->engine->counters->value[COUNTER_LIMITS_REACHED]++;
		return;
	}
	f = find(c, all, t, r->size);
	if (!f)
		f = make(c, all, t, r->size);
	f->last_ns = c->now_ns;
	p = f->parts < HTTP_RANGE_PARTS ? take(c, all, f, sizeof(*p)) : NULL;
	if (!p) {
		give_up(c, all, f);
		return;
	}
	*p = (struct part){ .start = r->start, .want = r->end - r->start + 1 };
	insert(f, p);
	*out = (struct http_part){ p, (uint32_t)(f - all->file), f->generation };
}

/* NULL: its file was given up meanwhile. */
static struct file *file_of(struct http_ranges *r, const struct http_part *p)
{
	struct file *f = &r->file[p->file];

	return p->part && f->used && f->generation == p->generation ? f : NULL;
}

/* --- its bytes ------------------------------------------------------------------------------------ */

void http_part_add(struct app_ctx *c, struct http_part *h, struct bytes data)
{
	struct http_ranges *all = http_ranges(c);
	struct file *f = file_of(all, h);
	struct part *p = h->part;

	if (!f)
		return;
	f->last_ns = c->now_ns;
	data = bytes_slice(data, 0, (size_t)(p->want - p->len));
	while (data.len) {
		struct piece *to = p->last;
		size_t n;

		if (!to || to->len == PIECE_BYTES) {
			to = take(c, all, f, sizeof(*to));
			/* The same bytes again and again are no file. */
			if (!to || f->bytes > 2 * f->size + (1u << 20)) {
				give_up(c, all, f);
				return;
			}
			to->next = NULL;
			to->len = 0;
			if (p->last)
				p->last->next = to;
			else
				p->first = to;
			p->last = to;
		}
		n = data.len < PIECE_BYTES - to->len ? data.len : PIECE_BYTES - to->len;
		memcpy(to->data + to->len, data.data, n);
		to->len += (uint32_t)n;
		p->len += n;
		data = bytes_slice(data, n, data.len);
	}
}

static bool is_complete(const struct file *f)
{
	uint64_t covered = 0;

	if (f->come < f->size)
		return false;
	for (const struct part *p = f->first; p && p->start <= covered; p = p->next) {
		if (p->whole && p->start + p->len > covered)
			covered = p->start + p->len;
	}
	return covered == f->size;
}

/* Of what came twice the part that begins first counts. */
static struct app_file *join(struct app_ctx *c, struct http_tx *t, const struct file *f)
{
	struct app_file *out = file_open(c, &t->tx, 1, t->path);
	uint64_t covered = 0;

	if (!out)
		return NULL;
	for (const struct part *p = f->first; p; p = p->next) {
		uint64_t at = p->start;

		if (!p->whole)
			continue;
		for (const struct piece *i = p->first; i; at += i->len, i = i->next) {
			if (at + i->len <= covered)
				continue;
			file_append(c, &t->tx, out,
				    bytes_of(i->data + (covered - at), i->len - (covered - at)));
			covered = at + i->len;
		}
	}
	file_close(c, &t->tx, out, false);
	return out;
}

struct app_file *http_part_end(struct app_ctx *c, struct http_tx *t, struct http_part *h,
			       bool whole)
{
	struct http_ranges *all = http_ranges(c);
	struct file *f = file_of(all, h);
	struct app_file *out = NULL;
	struct part *p = h->part;

	h->part = NULL;
	if (!f)
		return NULL;
	p->whole = whole && p->len == p->want;
	f->come += p->whole ? p->len : 0;
	if (p->whole && is_complete(f)) {
		out = join(c, t, f);
		forget(c, all, f);
	}
	return out;
}
