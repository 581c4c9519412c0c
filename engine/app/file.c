/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/app/file.h"

#include <errno.h>
#include <magic.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "engine/app/engine.h"

#define DIGESTS 3u
/* Of a name; more is cut. */
#define NAME_MAX_BYTES 4096u
/* So many bytes say what kind it is. */
#define MAGIC_BYTES 512u

static const uint16_t digest_flag[DIGESTS] = { FILE_MD5, FILE_SHA1, FILE_SHA256 };

/* Digests under way of one file. */
struct digest_set {
	EVP_MD_CTX *ctx[DIGESTS];
	uint32_t next; /* free list, index + 1 */
};

struct file_engine {
	struct file_options opt;
	const EVP_MD *type[DIGESTS];
	struct digest_set *set;
	uint32_t sets;
	uint32_t free; /* index + 1 */
	magic_t magic; /* NULL: nobody asks */
};

/* What is under way: lives in the transaction's memory. */
struct body {
	uint32_t digests; /* index + 1 of its set, 0: none */
	struct app_text window; /* the bytes from `at` on */
	uint64_t at;
	uint64_t inspected;
	uint64_t end; /* bytes and gaps together */
	const struct flow *flow;
	struct app_text front; /* for libmagic */
	bool told; /* a store has bytes of it */
};

/* --- digests --------------------------------------------------------------------------------- */

static int make_digests(struct file_engine *e)
{
	e->set = calloc(e->opt.max_digests + 1, sizeof(*e->set));
	if (!e->set)
		return -ENOMEM;
	e->sets = e->opt.max_digests;
	for (uint32_t i = 0; i < e->sets; i++) {
		for (unsigned d = 0; d < DIGESTS; d++) {
			if (!(e->opt.digests & digest_flag[d]))
				continue;
			e->set[i].ctx[d] = EVP_MD_CTX_new();
			/* The first start allocates, later ones do not. */
			if (!e->set[i].ctx[d] ||
			    !EVP_DigestInit_ex(e->set[i].ctx[d], e->type[d], NULL))
				return -ENOMEM;
		}
		e->set[i].next = e->free;
		e->free = i + 1;
	}
	return 0;
}

/* It alone allocates while packets pass. */
static int open_magic(struct file_engine *e)
{
	e->magic = magic_open(MAGIC_NONE);
	if (!e->magic)
		return -ENOMEM;
	return magic_load(e->magic, NULL) ? -ENOENT : 0;
}

int file_engine_new(const struct file_options *opt, struct file_engine **out)
{
	struct file_engine *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->opt = *opt;
	e->type[0] = EVP_md5();
	e->type[1] = EVP_sha1();
	e->type[2] = EVP_sha256();
	err = make_digests(e);
	if (!err && opt->magic)
		err = open_magic(e);
	if (err) {
		file_engine_free(e);
		return err;
	}
	*out = e;
	return 0;
}

void file_engine_free(struct file_engine *e)
{
	if (!e)
		return;
	for (uint32_t i = 0; i < e->sets; i++) {
		for (unsigned d = 0; d < DIGESTS; d++)
			EVP_MD_CTX_free(e->set[i].ctx[d]);
	}
	if (e->magic)
		magic_close(e->magic);
	free(e->set);
	free(e);
}

static void start_digests(struct app_engine *a, struct app_file *f)
{
	struct file_engine *e = a->files;
	struct body *b = f->body;

	if (!e->opt.digests)
		return;
	if (!e->free) {
		a->counters->value[COUNTER_LIMITS_REACHED]++;
		return;
	}
	b->digests = e->free;
	e->free = e->set[b->digests - 1].next;
	for (unsigned d = 0; d < DIGESTS; d++) {
		EVP_MD_CTX *ctx = e->set[b->digests - 1].ctx[d];

		if (ctx)
			EVP_DigestInit_ex(ctx, NULL, NULL);
	}
}

static void drop_digests(struct file_engine *e, struct body *b)
{
	if (!b->digests)
		return;
	e->set[b->digests - 1].next = e->free;
	e->free = b->digests;
	b->digests = 0;
}

static void finish_digests(struct file_engine *e, struct app_file *f)
{
	struct body *b = f->body;
	uint8_t *out[DIGESTS] = { f->md5, f->sha1, f->sha256 };

	if (!b->digests)
		return;
	for (unsigned d = 0; d < DIGESTS; d++) {
		EVP_MD_CTX *ctx = e->set[b->digests - 1].ctx[d];

		if (ctx && EVP_DigestFinal_ex(ctx, out[d], NULL))
			f->flags |= digest_flag[d];
	}
	drop_digests(e, b);
}

/* --- a file's life --------------------------------------------------------------------------- */

struct app_file *file_open(struct app_ctx *c, struct app_tx *tx, unsigned dir, struct bytes name)
{
	struct app_file *f = app_alloc(c, tx, sizeof(*f)), **at = &tx->files;
	size_t len = name.len < NAME_MAX_BYTES ? name.len : NAME_MAX_BYTES;
	uint8_t *copy;

	if (!f)
		return NULL;
	f->body = app_alloc(c, tx, sizeof(struct body));
	copy = app_alloc(c, tx, len);
	if (!f->body || !copy)
		return NULL;
	if (len)
		memcpy(copy, name.data, len);
	f->name = copy;
	f->name_len = (uint32_t)len;
	f->id = ++c->app->files;
	f->flags = dir ? FILE_TO_CLIENT : 0;
	if (c->engine->files->opt.storing == FILE_STORE_ALL)
		f->flags |= FILE_STORE;
	((struct body *)f->body)->flow = c->flow;
	start_digests(c->engine, f);
	while (*at)
		at = &(*at)->next;
	*at = f;
	return f;
}

/* Bytes that every rule has seen, and that none will see again, make room. */
static void slide(const struct app_engine *a, struct body *b)
{
	uint64_t left =
		b->inspected > a->files->opt.window ? b->inspected - a->files->opt.window : 0;
	uint32_t gone;

	if (left <= b->at)
		return;
	gone = left - b->at < b->window.len ? (uint32_t)(left - b->at) : b->window.len;
	/* Each byte is moved at most once for each byte that comes. */
	if (gone < b->window.len - gone)
		return;
	memmove(b->window.data, b->window.data + gone, b->window.len - gone);
	b->window.len -= gone;
	b->at += gone;
}

static void keep(struct app_ctx *c, struct app_tx *tx, struct body *b, struct bytes data)
{
	struct app_engine *a = c->engine;

	if (!a->files->opt.keep || (tx->flags & APP_TX_SKIP_BODIES))
		return;
	slide(a, b);
	if (!app_text_add(c, tx, &b->window, data, UINT32_MAX / 4)) {
		tx->flags |= APP_TX_SKIP_BODIES;
		a->counters->value[COUNTER_LIMITS_REACHED]++;
	}
}

static void find_magic(struct app_ctx *c, struct app_tx *tx, struct app_file *f)
{
	struct file_engine *e = c->engine->files;
	const struct body *b = f->body;
	const char *words;
	char *copy;

	if (!e->magic || f->magic || !b->front.len)
		return;
	words = magic_buffer(e->magic, b->front.data, b->front.len);
	copy = words ? app_alloc(c, tx, strlen(words) + 1) : NULL;
	if (copy)
		memcpy(copy, words, strlen(words) + 1);
	f->magic = copy;
}

static void take_front(struct app_ctx *c, struct app_tx *tx, struct app_file *f, struct bytes data)
{
	struct body *b = f->body;

	if (!c->engine->files->magic || f->magic)
		return;
	app_text_add(c, tx, &b->front, data, MAGIC_BYTES);
	if (b->front.len >= MAGIC_BYTES)
		find_magic(c, tx, f);
}

static void tell_store(struct app_engine *e, struct app_file *f, struct bytes data)
{
	struct body *b = f->body;

	if (!e->store || e->files->opt.storing == FILE_STORE_NEVER)
		return;
	b->told = true;
	e->store(e->store_ctx, b->flow, f, FILE_STEP_DATA, data);
}

void file_append(struct app_ctx *c, struct app_tx *tx, struct app_file *f, struct bytes data)
{
	struct file_engine *e = c->engine->files;
	struct body *b = f->body;

	if (f->state != FILE_OPEN || !data.len)
		return;
	f->size += data.len;
	b->end += data.len;
	for (unsigned d = 0; b->digests && d < DIGESTS; d++) {
		EVP_MD_CTX *ctx = e->set[b->digests - 1].ctx[d];

		if (ctx)
			EVP_DigestUpdate(ctx, data.data, data.len);
	}
	keep(c, tx, b, data);
	take_front(c, tx, f, data);
	tell_store(c->engine, f, data);
}

void file_gap(struct app_ctx *c, struct app_tx *tx, struct app_file *f, uint64_t len)
{
	struct body *b = f->body;

	(void)tx;
	if (f->state != FILE_OPEN)
		return;
	f->flags |= FILE_HAS_GAPS;
	f->size += len;
	b->end += len;
	drop_digests(c->engine->files, b);
	/* Rules do not match across it. */
	b->window.len = 0;
	b->at = b->inspected = b->end;
}

void file_close(struct app_ctx *c, struct app_tx *tx, struct app_file *f, bool truncated)
{
	if (f->state != FILE_OPEN)
		return;
	f->state = truncated || (f->flags & FILE_HAS_GAPS) ? FILE_TRUNCATED : FILE_CLOSED;
	find_magic(c, tx, f);
	/* What is stored has its name from its digest, whole or not. */
	if (f->state == FILE_CLOSED || c->engine->files->opt.storing != FILE_STORE_NEVER)
		finish_digests(c->engine->files, f);
	else
		drop_digests(c->engine->files, f->body);
}

void file_store(struct app_engine *e, file_store_fn fn, void *ctx)
{
	e->store = fn;
	e->store_ctx = ctx;
}

void file_decide(struct app_engine *e, struct app_file *f)
{
	struct body *b = f->body;
	bool keeps = (f->flags & FILE_STORE) && (f->flags & FILE_SHA256);

	if (!b->told)
		return;
	b->told = false;
	e->store(e->store_ctx, b->flow, f, keeps ? FILE_STEP_KEEP : FILE_STEP_DISCARD,
		 bytes_of(NULL, 0));
	if (keeps)
		f->flags |= FILE_STORED;
}

void file_free_all(struct app_engine *e, struct app_tx *tx)
{
	for (struct app_file *f = tx->files; f; f = f->next) {
		drop_digests(e->files, f->body);
		file_decide(e, f);
	}
}

/* --- for rules ------------------------------------------------------------------------------- */

static struct app_file *nth(struct app_tx *tx, unsigned dir, unsigned i)
{
	for (struct app_file *f = tx->files; f; f = f->next) {
		if ((bool)(f->flags & FILE_TO_CLIENT) == (bool)dir && i-- == 0)
			return f;
	}
	return NULL;
}

bool file_buffer(struct app_tx *tx, enum buffer b, unsigned dir, unsigned i, struct app_slice *out)
{
	struct app_file *f = nth(tx, dir, i);
	const struct body *body;

	if (!f)
		return false;
	*out = (struct app_slice){ .at_end = true };
	switch (b) {
	case BUFFER_FILE_DATA:
		body = f->body;
		out->data = bytes_of(body->window.data, body->window.len);
		out->offset = body->at;
		out->fresh = body->inspected > body->at ? (size_t)(body->inspected - body->at) : 0;
		out->at_end = f->state != FILE_OPEN;
		return true;
	case BUFFER_FILE_NAME:
		out->data = bytes_of(f->name, f->name_len);
		return f->name_len > 0;
	case BUFFER_FILE_MAGIC:
		if (!f->magic)
			return false;
		out->data = bytes_of(f->magic, strlen(f->magic));
		return true;
	default:
		return false;
	}
}

void file_inspected(struct app_engine *e, struct app_tx *tx, unsigned dir, unsigned i, uint64_t to)
{
	struct app_file *f = nth(tx, dir, i);
	struct body *b;

	if (!f)
		return;
	b = f->body;
	if (to > b->inspected)
		b->inspected = to < b->end ? to : b->end;
	slide(e, b);
}
