/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/app/file.h"

/* What allocates nothing is called deprecated: EVP's contexts are made anew at each start. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <magic.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "engine/app/engine.h"

/* Of a name; more is cut. */
#define NAME_MAX_BYTES 4096u
/* So many bytes say what kind it is. */
#define MAGIC_BYTES 512u

struct file_engine {
	struct file_options opt;
	magic_t magic; /* NULL: nobody asks */
};

/* What is under way: lives in the transaction's memory. */
struct body {
	uint16_t digests; /* under way: FILE_MD5, FILE_SHA1, FILE_SHA256 */
	MD5_CTX md5;
	SHA_CTX sha1;
	SHA256_CTX sha256;
	struct app_text window; /* the bytes from `at` on */
	uint64_t at;
	uint64_t inspected;
	uint64_t end; /* bytes and gaps together */
	uint32_t behind; /* of the inspected bytes, how many a rule sees again */
	const struct flow *flow;
	struct app_text front; /* for libmagic */
	bool told; /* a store has bytes of it */
	bool shown; /* by the protocol: the window stays empty */
};

/* --- digests --------------------------------------------------------------------------------- */

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
	err = opt->magic ? open_magic(e) : 0;
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
	if (e->magic)
		magic_close(e->magic);
	free(e);
}

void file_engine_needs(struct file_engine *e, const struct file_options *opt)
{
	e->opt.digests = opt->digests;
	e->opt.keep = opt->keep;
	e->opt.asked = opt->asked;
}

static void start_digests(struct app_engine *a, struct app_file *f)
{
	struct body *b = f->body;

	b->digests = a->files->opt.digests;
	MD5_Init(&b->md5);
	SHA1_Init(&b->sha1);
	SHA256_Init(&b->sha256);
}

static void add_to_digests(struct body *b, struct bytes data)
{
	if (b->digests & FILE_MD5)
		MD5_Update(&b->md5, data.data, data.len);
	if (b->digests & FILE_SHA1)
		SHA1_Update(&b->sha1, data.data, data.len);
	if (b->digests & FILE_SHA256)
		SHA256_Update(&b->sha256, data.data, data.len);
}

static void finish_digests(struct app_file *f)
{
	struct body *b = f->body;

	if (b->digests & FILE_MD5)
		MD5_Final(f->md5, &b->md5);
	if (b->digests & FILE_SHA1)
		SHA1_Final(f->sha1, &b->sha1);
	if (b->digests & FILE_SHA256)
		SHA256_Final(f->sha256, &b->sha256);
	f->flags |= b->digests & (FILE_MD5 | FILE_SHA1 | FILE_SHA256);
	b->digests = 0;
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
	copy = app_alloc_bytes(c, tx, len);
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
	((struct body *)f->body)->behind = tx->proto == APP_PROTO_SMTP
						   ? c->engine->files->opt.mail_window
						   : c->engine->files->opt.window;
	start_digests(c->engine, f);
	while (*at)
		at = &(*at)->next;
	*at = f;
	return f;
}

void file_is_shown(struct app_file *f)
{
	((struct body *)f->body)->shown = true;
}

/* Bytes that every rule has seen, and that none will see again, make room. */
static void slide(struct body *b)
{
	uint64_t left = b->inspected > b->behind ? b->inspected - b->behind : 0;
	uint32_t gone;

	if (left <= b->at || !b->window.len)
		return;
	gone = left - b->at < b->window.len ? (uint32_t)(left - b->at) : b->window.len;
	/* Each byte is moved at most once for each byte that comes. */
	if (gone < b->window.len - gone)
		return;
	memmove(b->window.data, b->window.data + gone, b->window.len - gone);
	b->window.len -= gone;
	b->at += gone;
}

static void grow(struct app_tx *tx, const struct app_file *f)
{
	tx->grown |= f->flags & FILE_TO_CLIENT ? 2 : 1;
}

static void keep(struct app_ctx *c, struct app_tx *tx, struct body *b, struct bytes data)
{
	struct app_engine *a = c->engine;

	if (!a->files->opt.keep || b->shown || (tx->flags & APP_TX_SKIP_BODIES))
		return;
	slide(b);
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
	struct body *b = f->body;

	if (f->state != FILE_OPEN || !data.len)
		return;
	grow(tx, f);
	f->size += data.len;
	b->end += data.len;
	add_to_digests(b, data);
	keep(c, tx, b, data);
	take_front(c, tx, f, data);
	tell_store(c->engine, f, data);
}

void file_gap(struct app_ctx *c, struct app_tx *tx, struct app_file *f, uint64_t len)
{
	struct body *b = f->body;

	if (f->state != FILE_OPEN)
		return;
	grow(tx, f);
	f->flags |= FILE_HAS_GAPS;
	f->size += len;
	b->end += len;
	/* What is stored has its name from the bytes that there are. */
	b->digests &= c->engine->files->opt.storing != FILE_STORE_NEVER ? FILE_SHA256 : 0;
	/* Rules do not match across it. */
	b->window.len = 0;
	b->at = b->inspected = b->end;
}

void file_close(struct app_ctx *c, struct app_tx *tx, struct app_file *f, bool truncated)
{
	if (f->state != FILE_OPEN)
		return;
	grow(tx, f);
	f->state = truncated || (f->flags & FILE_HAS_GAPS) ? FILE_TRUNCATED : FILE_CLOSED;
	find_magic(c, tx, f);
	/* What is stored has its name from its digest, whole or not. */
	if (f->state == FILE_CLOSED || c->engine->files->opt.storing != FILE_STORE_NEVER)
		finish_digests(f);
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
	for (struct app_file *f = tx->files; f; f = f->next)
		file_decide(e, f);
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

bool file_buffer(const struct app_engine *e, struct app_tx *tx, enum buffer b, unsigned dir,
		 unsigned i, struct app_slice *out)
{
	struct app_file *f = nth(tx, dir, i);
	const struct body *body;

	if (!f)
		return false;
	*out = (struct app_slice){ .at_end = true };
	switch (b) {
	case BUFFER_FILE_DATA:
		body = f->body;
		if (tx->proto == APP_PROTO_SMTP && f->state == FILE_OPEN &&
		    body->end < e->opt.files.mail_least)
			return false;
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

void file_inspected(struct app_tx *tx, unsigned dir, unsigned i, uint64_t to)
{
	struct app_file *f = nth(tx, dir, i);
	struct body *b;

	if (!f)
		return;
	b = f->body;
	if (to > b->inspected)
		b->inspected = to < b->end ? to : b->end;
	slide(b);
}
