/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/inflate.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "engine/base/pool.h"
#include "engine/proto/inflate_layer.h"

#define BROTLI_KEPT (1 << 20) /* bytes of a region that stay touched when it is given back */

struct inflate {
	struct inflate_pool *pool;
	uint32_t self; /* index in the pool of chains */
	uint32_t count;
	uint64_t in_bytes;
	uint64_t out_bytes;
	uint64_t runs;
	bool stopped;
	bool told;
	struct bytes pending[INFLATE_LAYERS_MAX]; /* what layer i gave and i + 1 has not taken */
	uint32_t deflate[INFLATE_LAYERS_MAX];
	uint32_t brotli[INFLATE_LAYERS_MAX];
	struct inflate_layer layers[INFLATE_LAYERS_MAX];
};

struct deflate_piece {
	struct inflate_state state;
	uint8_t out[INFLATE_PIECE];
};

struct brotli_piece {
	struct brotli_memory memory;
	uint8_t out[INFLATE_PIECE];
};

struct inflate_pool {
	struct inflate_options opt;
	struct pool chains;
	uint8_t *deflates; /* of struct deflate_piece, used again without being zeroed */
	uint32_t *deflates_free;
	uint32_t deflates_left, deflates_least;
	struct brotli_piece *brotlis;
	uint8_t *regions;
	uint32_t *brotlis_free;
	uint32_t brotlis_left, brotlis_least;
	uint64_t refused;
};

/* --- pools --------------------------------------------------------------------------- */

static size_t deflate_bytes(const struct inflate_options *o)
{
	return sizeof(struct deflate_piece) * (size_t)o->deflates;
}

static size_t region_bytes(const struct inflate_options *o)
{
	return (o->brotli_bytes + 4095) / 4096 * 4096;
}

uint64_t inflate_pool_bytes(const struct inflate_options *o)
{
	return pool_bytes(sizeof(struct inflate), o->chains) + deflate_bytes(o) +
	       (uint64_t)o->brotlis * (sizeof(struct brotli_piece) + region_bytes(o));
}

/* Of each br its region as a whole: how much of it the library took is not known. */
void inflate_pool_memory(const struct inflate_pool *p, struct memory_use *sum)
{
	const uint64_t deflate = sizeof(struct deflate_piece);
	const uint64_t brotli = sizeof(struct brotli_piece) + region_bytes(&p->opt);

	memory_use_pool(sum, &p->chains);
	memory_use_add(sum, deflate * p->opt.deflates,
		       deflate * (p->opt.deflates - p->deflates_least),
		       deflate * (p->opt.deflates - p->deflates_left));
	memory_use_add(sum, brotli * p->opt.brotlis, brotli * (p->opt.brotlis - p->brotlis_least),
		       brotli * (p->opt.brotlis - p->brotlis_left));
}

static void *reserve(size_t len)
{
	void *p;

	if (len == 0)
		return NULL;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		 0);
	return p == MAP_FAILED ? NULL : p;
}

static uint32_t *free_list(uint32_t n)
{
	uint32_t *list = calloc(n + 1u, sizeof(*list));

	for (uint32_t i = 0; list && i < n; i++)
		list[i] = n - 1 - i;
	return list;
}

int inflate_pool_new(const struct inflate_options *opt, struct inflate_pool **out)
{
	struct inflate_pool *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->opt = *opt;
	p->deflates = reserve(deflate_bytes(opt));
	p->brotlis = reserve(sizeof(struct brotli_piece) * (size_t)opt->brotlis);
	p->regions = reserve(region_bytes(opt) * opt->brotlis);
	p->deflates_free = free_list(opt->deflates);
	p->brotlis_free = free_list(opt->brotlis);
	if (pool_init(&p->chains, sizeof(struct inflate), opt->chains) || !p->deflates_free ||
	    !p->brotlis_free || (opt->deflates && !p->deflates) || (opt->brotlis && !p->brotlis) ||
	    (opt->brotlis && !p->regions)) {
		inflate_pool_free(p);
		return -ENOMEM;
	}
	p->deflates_left = p->deflates_least = opt->deflates;
	p->brotlis_left = p->brotlis_least = opt->brotlis;
	*out = p;
	return 0;
}

void inflate_pool_free(struct inflate_pool *p)
{
	if (!p)
		return;
	pool_fini(&p->chains);
	if (p->deflates)
		munmap(p->deflates, deflate_bytes(&p->opt));
	if (p->brotlis)
		munmap(p->brotlis, sizeof(struct brotli_piece) * (size_t)p->opt.brotlis);
	if (p->regions)
		munmap(p->regions, region_bytes(&p->opt) * p->opt.brotlis);
	free(p->deflates_free);
	free(p->brotlis_free);
	free(p);
}

uint64_t inflate_pool_refused(const struct inflate_pool *p)
{
	return p->refused;
}

static bool add_deflate(struct inflate_pool *p, struct inflate *z, uint32_t i)
{
	struct deflate_piece *d;

	if (p->deflates_left == 0)
		return false;
	z->deflate[i] = p->deflates_free[--p->deflates_left] + 1;
	if (p->deflates_left < p->deflates_least)
		p->deflates_least = p->deflates_left;
	d = (struct deflate_piece *)(void *)p->deflates + (z->deflate[i] - 1);
	z->layers[i].deflate = &d->state;
	z->layers[i].out = d->out;
	return true;
}

static bool add_brotli(struct inflate_pool *p, struct inflate *z, uint32_t i)
{
	struct brotli_piece *b;

	if (p->brotlis_left == 0)
		return false;
	z->brotli[i] = p->brotlis_free[--p->brotlis_left] + 1;
	if (p->brotlis_left < p->brotlis_least)
		p->brotlis_least = p->brotlis_left;
	b = &p->brotlis[z->brotli[i] - 1];
	b->memory.base = p->regions + region_bytes(&p->opt) * (z->brotli[i] - 1);
	b->memory.size = region_bytes(&p->opt);
	z->layers[i].memory = &b->memory;
	z->layers[i].out = b->out;
	return true;
}

struct inflate *inflate_open(struct inflate_pool *p, const enum inflate_coding *codings, size_t n)
{
	struct inflate *z;
	uint32_t self;

	if (n == 0 || n > INFLATE_LAYERS_MAX) {
		p->refused++;
		return NULL;
	}
	self = pool_get(&p->chains);
	if (!self) {
		p->refused++;
		return NULL;
	}
	z = pool_at(&p->chains, self);
	z->pool = p;
	z->self = self;
	z->count = (uint32_t)n;
	for (uint32_t i = 0; i < n; i++) {
		/* What was applied last is taken off first. */
		enum inflate_coding c = codings[n - 1 - i];
		bool is_brotli = c == INFLATE_BROTLI;

		/* A gzip stream under a label of br is read as well, if a decoder is free. */
		if (is_brotli ? !add_brotli(p, z, i) : !add_deflate(p, z, i)) {
			inflate_close(z);
			p->refused++;
			return NULL;
		}
		if (is_brotli)
			(void)add_deflate(p, z, i);
		inflate_layer_init(&z->layers[i], c);
	}
	return z;
}

void inflate_close(struct inflate *z)
{
	struct inflate_pool *p;

	if (!z)
		return;
	p = z->pool;
	for (uint32_t i = 0; i < INFLATE_LAYERS_MAX; i++) {
		struct brotli_memory *m = z->layers[i].memory;
		size_t used = m ? m->used : 0;

		inflate_layer_fini(&z->layers[i]);
		if (z->deflate[i])
			p->deflates_free[p->deflates_left++] = z->deflate[i] - 1;
		if (!z->brotli[i])
			continue;
		if (used > BROTLI_KEPT)
			(void)madvise(m->base + BROTLI_KEPT, m->size - BROTLI_KEPT, MADV_DONTNEED);
		p->brotlis_free[p->brotlis_left++] = z->brotli[i] - 1;
	}
	pool_put(&p->chains, z->self);
}

/* --- decoding ------------------------------------------------------------------------ */

static bool over_limit(const struct inflate *z)
{
	const struct inflate_options *o = &z->pool->opt;

	if (o->output_max && z->out_bytes > o->output_max)
		return true;
	return o->bomb_ratio && z->out_bytes > o->bomb_bytes &&
	       z->out_bytes / o->bomb_ratio > z->in_bytes;
}

/* The next decoded bytes of layer i; none: it needs more input. */
static struct bytes pull(struct inflate *z, uint32_t i, struct bytes *in, bool last)
{
	struct inflate_layer *l = &z->layers[i];
	struct bytes *from = i ? &z->pending[i - 1] : in;

	for (;;) {
		size_t before = from->len;
		bool drained = last;
		struct bytes out;

		if (i && from->len == 0) {
			*from = pull(z, i - 1, in, last);
			if (from->len == 0 && (!last || over_limit(z)))
				return bytes_of(NULL, 0);
			before = from->len;
		}
		if (i)
			drained = last && from->len == 0;
		out = inflate_layer_run(l, from, drained);
		z->runs++;
		if (i == 0)
			z->in_bytes += before - from->len;
		z->out_bytes += out.len;
		if (out.len || i == 0 || drained || over_limit(z))
			return out;
	}
}

static bool tell(struct inflate *z, enum app_event odd, struct inflate_event *ev)
{
	if (z->told)
		return false;
	z->told = true;
	ev->is_odd = true;
	ev->odd = odd;
	return true;
}

enum feed inflate_next(struct inflate *z, struct bytes *in, bool last, struct inflate_event *ev)
{
	*ev = (struct inflate_event){ 0 };
	if (!z->stopped) {
		for (uint32_t i = 0; i < z->count; i++)
			if (z->layers[i].failed &&
			    tell(z, APP_EVENT_HTTP_GZIP_DECOMPRESSION_FAILED, ev))
				return FEED_EVENT;
		ev->data = pull(z, z->count - 1, in, last);
		if (over_limit(z)) {
			z->stopped = true;
			ev->is_odd = true;
			ev->odd = APP_EVENT_HTTP_COMPRESSION_BOMB;
			return FEED_EVENT;
		}
		if (ev->data.len)
			return FEED_EVENT;
		for (uint32_t i = 0; i < z->count; i++)
			if (z->layers[i].failed &&
			    tell(z, APP_EVENT_HTTP_GZIP_DECOMPRESSION_FAILED, ev))
				return FEED_EVENT;
	}
	in->data += in->len;
	in->len = 0;
	return FEED_MORE;
}

uint64_t inflate_runs(const struct inflate *z)
{
	return z->runs;
}

/* --- labels -------------------------------------------------------------------------- */

static bool contains(struct bytes b, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= b.len; i++) {
		size_t k = 0;

		while (k < n && (b.data[i + k] | 32) == (uint8_t)word[k])
			k++;
		if (k == n)
			return true;
	}
	return false;
}

static bool is_word(struct bytes b, const char *word)
{
	return b.len == strlen(word) && contains(b, word);
}

/* One coding of the list; 1 known and taken, 0 nothing to do, -1 not known. */
static int coding_of(struct bytes w, enum inflate_coding *out, bool *exact)
{
	*exact = true;
	if (is_word(w, "gzip") || is_word(w, "x-gzip")) {
		*out = INFLATE_GZIP;
		return 1;
	}
	if (is_word(w, "deflate") || is_word(w, "x-deflate")) {
		*out = INFLATE_DEFLATE;
		return 1;
	}
	if (is_word(w, "br")) {
		*out = INFLATE_BROTLI;
		return 1;
	}
	/* lzma is known, and left as it is. */
	if (is_word(w, "identity") || is_word(w, "none") || is_word(w, "lzma") || w.len == 0)
		return 0;
	*exact = false;
	if (contains(w, "gzip")) {
		*out = INFLATE_GZIP;
		return 1;
	}
	if (contains(w, "deflate")) {
		*out = INFLATE_DEFLATE;
		return 1;
	}
	return -1;
}

static bool is_separator(uint8_t c)
{
	return c == ',' || c == ' ' || (c >= '\t' && c <= '\r');
}

/* Clients that stop at a NUL, and those that pass it over, read the same word. */
static struct bytes without_nuls(struct bytes w)
{
	while (w.len && w.data[0] == 0)
		w = bytes_slice(w, 1, w.len);
	while (w.len && w.data[w.len - 1] == 0)
		w.len--;
	return w;
}

size_t inflate_codings(struct bytes value, size_t max, enum inflate_coding *out,
		       enum app_event *odd)
{
	size_t n = 0;

	*odd = APP_EVENT__COUNT;
	for (size_t i = 0; i < value.len;) {
		size_t end;
		enum inflate_coding c;
		bool exact;
		int known;

		while (i < value.len && is_separator(value.data[i]))
			i++;
		end = i;
		while (end < value.len && !is_separator(value.data[end]))
			end++;
		known = coding_of(without_nuls(bytes_slice(value, i, end - i)), &c, &exact);
		i = end;
		if (known < 0 || !exact)
			*odd = APP_EVENT_HTTP_ABNORMAL_CE_HEADER;
		if (known <= 0)
			continue;
		if (n == max || n == INFLATE_LAYERS_MAX) {
			/* The layers that were applied last come off. */
			*odd = APP_EVENT_HTTP_TOO_MANY_ENCODING_LAYERS;
			if (n == 0)
				continue;
			memmove(out, out + 1, (n - 1) * sizeof(*out));
			n--;
		}
		out[n++] = c;
	}
	return n;
}
