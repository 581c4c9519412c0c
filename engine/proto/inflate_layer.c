/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/proto/inflate_layer.h"

enum phase {
	PH_SNIFF, /* the first two bytes are not there */
	PH_GZIP_FIXED, /* RFC 1952, section 2.3 */
	PH_GZIP_EXTRA_LEN,
	PH_GZIP_EXTRA,
	PH_GZIP_NAME,
	PH_GZIP_COMMENT,
	PH_GZIP_CRC,
	PH_ZLIB_HEAD, /* RFC 1950, section 2.2 */
	PH_DATA,
	PH_TRAILER,
	PH_MEMBER, /* another one? */
	PH_DONE, /* what follows is passed over */
	PH_PLAIN,
};

enum result { RUN_ON, RUN_FULL, RUN_MORE, RUN_BROKEN };

#define GZIP_CRC 2
#define GZIP_EXTRA 4
#define GZIP_NAME 8
#define GZIP_COMMENT 16

static void take(struct bytes *in, size_t n)
{
	*in = bytes_slice(*in, n, in->len);
}

static void close_brotli(struct inflate_layer *l)
{
	if (l->brotli)
		BrotliDecoderDestroyInstance(l->brotli);
	l->brotli = NULL;
	if (l->memory)
		brotli_memory_reset(l->memory);
}

/* Read the stream this way from its first byte. */
static void set_way(struct inflate_layer *l, enum inflate_way way)
{
	l->way = (uint8_t)way;
	l->replay = 0;
	l->out_len = 0;
	l->skip = 0;
	switch (way) {
	case WAY_GZIP:
		l->phase = PH_GZIP_FIXED;
		l->skip = 10;
		break;
	case WAY_ZLIB:
		l->phase = PH_ZLIB_HEAD;
		l->skip = 2;
		break;
	case WAY_PLAIN:
		l->phase = PH_PLAIN;
		l->sure = true;
		break;
	default:
		l->phase = PH_DATA;
		break;
	}
	if (way == WAY_GZIP || way == WAY_ZLIB || way == WAY_RAW)
		isal_inflate_init(l->deflate);
	if (way == WAY_BROTLI) {
		close_brotli(l);
		l->brotli = BrotliDecoderCreateInstance(brotli_memory_alloc, brotli_memory_free,
							l->memory);
		if (!l->brotli)
			set_way(l, WAY_PLAIN);
	}
}

void inflate_layer_init(struct inflate_layer *l, enum inflate_coding label)
{
	l->label = (uint8_t)label;
	l->phase = PH_SNIFF;
	l->way = WAY_PLAIN;
	l->out_len = l->head_len = l->replay = l->skip = 0;
	l->sure = l->failed = false;
	l->brotli = NULL;
	if (l->memory)
		brotli_memory_reset(l->memory);
}

void inflate_layer_fini(struct inflate_layer *l)
{
	close_brotli(l);
}

/* --- which way ---------------------------------------------------------------------- */

static bool is_gzip(const uint8_t *s, size_t len)
{
	return len >= 3 && s[0] == 0x1f && s[1] == 0x8b && s[2] == 8;
}

/* CM = 8, and a multiple of 31. */
static bool is_zlib(const uint8_t *s, size_t len)
{
	return len >= 2 && (s[0] & 15) == 8 && s[0] >> 4 <= 7 && (s[0] << 8 | s[1]) % 31 == 0;
}

static void sniff(struct inflate_layer *l)
{
	bool deflates = l->deflate != NULL;

	if (deflates && is_gzip(l->head, l->head_len))
		set_way(l, WAY_GZIP);
	else if (l->label == INFLATE_BROTLI)
		set_way(l, l->memory ? WAY_BROTLI : WAY_PLAIN);
	else if (!deflates)
		set_way(l, WAY_PLAIN);
	else if (is_zlib(l->head, l->head_len))
		set_way(l, WAY_ZLIB);
	else
		set_way(l, WAY_RAW);
}

/*
 * This way does not lead on.  Another one is tried for bytes that are kept; behind a wrapper
 * that was right and bytes that came out, the stream is broken: what follows is passed over.
 */
static void next_way(struct inflate_layer *l)
{
	bool wrapped = l->way == WAY_GZIP || l->way == WAY_ZLIB;

	if (l->sure || (wrapped && l->out_len)) {
		l->sure = true;
		l->failed = true;
		l->phase = PH_DONE;
		return;
	}
	set_way(l, l->way == WAY_ZLIB ? WAY_RAW : WAY_PLAIN);
}

/* --- steps --------------------------------------------------------------------------- */

static void gzip_next(struct inflate_layer *l, enum phase from)
{
	l->phase = PH_DATA;
	if (from < PH_GZIP_EXTRA_LEN && (l->flags & GZIP_EXTRA)) {
		l->phase = PH_GZIP_EXTRA_LEN;
		l->skip = 2;
	} else if (from < PH_GZIP_NAME && (l->flags & GZIP_NAME)) {
		l->phase = PH_GZIP_NAME;
	} else if (from < PH_GZIP_COMMENT && (l->flags & GZIP_COMMENT)) {
		l->phase = PH_GZIP_COMMENT;
	} else if (from < PH_GZIP_CRC && (l->flags & GZIP_CRC)) {
		l->phase = PH_GZIP_CRC;
		l->skip = 2;
	}
}

static enum result gzip_head(struct inflate_layer *l, struct bytes *in)
{
	enum phase at = (enum phase)l->phase;

	while (in->len && l->phase == at) {
		uint8_t c = in->data[0];

		take(in, 1);
		if (at == PH_GZIP_NAME || at == PH_GZIP_COMMENT) {
			if (c == 0)
				gzip_next(l, at);
			continue;
		}
		l->skip--;
		if (at == PH_GZIP_FIXED && l->skip == 6)
			l->flags = c;
		if (at == PH_GZIP_EXTRA_LEN && l->skip == 1)
			l->extra = c;
		if (l->skip)
			continue;
		if (at == PH_GZIP_EXTRA_LEN) {
			l->skip = l->extra | (uint32_t)c << 8;
			l->phase = PH_GZIP_EXTRA;
			if (l->skip == 0)
				gzip_next(l, PH_GZIP_EXTRA);
		} else {
			gzip_next(l, at);
		}
	}
	return l->phase == at ? RUN_MORE : RUN_ON;
}

static enum result zlib_head(struct inflate_layer *l, struct bytes *in)
{
	while (in->len && l->skip) {
		/* FDICT: a dictionary that nobody has. */
		if (l->skip == 1 && (in->data[0] & 0x20))
			return RUN_BROKEN;
		take(in, 1);
		l->skip--;
	}
	if (l->skip)
		return RUN_MORE;
	l->phase = PH_DATA;
	return RUN_ON;
}

static enum result run_deflate(struct inflate_layer *l, struct bytes *in)
{
	struct inflate_state *s = l->deflate;
	int err;
	uint32_t len = in->len > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)in->len;

	s->next_in = (uint8_t *)(uintptr_t)in->data;
	s->avail_in = len;
	s->next_out = l->out + l->out_len;
	s->avail_out = INFLATE_PIECE - l->out_len;
	err = isal_inflate(s);
	l->out_len = INFLATE_PIECE - s->avail_out;
	take(in, len - s->avail_in);
	if (s->block_state == ISAL_BLOCK_FINISH) {
		/* Whole bytes that it read too far belong to the trailer. */
		uint32_t ahead = (uint32_t)s->read_in_length / 8;
		uint32_t trailer = l->way == WAY_GZIP ? 8 : l->way == WAY_ZLIB ? 4 : 0;

		l->phase = PH_TRAILER;
		l->skip = trailer;
		if (l->way == WAY_RAW) {
			l->phase = PH_DONE;
		} else if (in->len == 0 || ahead <= trailer) {
			l->skip = ahead < trailer ? trailer - ahead : 0;
		} else {
			l->phase = PH_DONE;
		}
		return RUN_ON;
	}
	if (err != ISAL_DECOMP_OK && err != ISAL_END_INPUT && err != ISAL_OUT_OVERFLOW)
		return RUN_BROKEN;
	if (s->avail_out == 0)
		return RUN_FULL;
	return RUN_MORE;
}

static enum result run_brotli(struct inflate_layer *l, struct bytes *in)
{
	size_t room = INFLATE_PIECE - l->out_len;
	const uint8_t *next_in = in->data;
	size_t left = in->len;
	uint8_t *next_out = l->out + l->out_len;
	BrotliDecoderResult r =
		BrotliDecoderDecompressStream(l->brotli, &left, &next_in, &room, &next_out, NULL);

	l->out_len = (uint32_t)(INFLATE_PIECE - room);
	take(in, in->len - left);
	if (r == BROTLI_DECODER_RESULT_SUCCESS) {
		l->phase = PH_DONE;
		return RUN_ON;
	}
	if (r == BROTLI_DECODER_RESULT_ERROR)
		return RUN_BROKEN;
	return r == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT ? RUN_FULL : RUN_MORE;
}

static enum result skip_trailer(struct inflate_layer *l, struct bytes *in)
{
	size_t n = in->len < l->skip ? in->len : l->skip;

	take(in, n);
	l->skip -= (uint32_t)n;
	if (l->skip)
		return RUN_MORE;
	l->phase = l->way == WAY_GZIP ? PH_MEMBER : PH_DONE;
	return RUN_ON;
}

/* A gzip file is one member behind another; zeros and junk may follow the last one. */
static enum result next_member(struct inflate_layer *l, struct bytes *in)
{
	if (in->len == 0)
		return RUN_MORE;
	if (in->data[0] != 0x1f) {
		l->phase = PH_DONE;
		return RUN_ON;
	}
	l->phase = PH_GZIP_FIXED;
	l->skip = 10;
	l->flags = 0;
	isal_inflate_init(l->deflate);
	return RUN_ON;
}

static enum result run_plain(struct inflate_layer *l, struct bytes *in)
{
	size_t n = INFLATE_PIECE - l->out_len;

	if (n > in->len)
		n = in->len;
	if (n)
		memcpy(l->out + l->out_len, in->data, n);
	l->out_len += (uint32_t)n;
	take(in, n);
	return l->out_len == INFLATE_PIECE ? RUN_FULL : RUN_MORE;
}

static enum result run(struct inflate_layer *l, struct bytes *in)
{
	switch ((enum phase)l->phase) {
	case PH_GZIP_FIXED:
	case PH_GZIP_EXTRA_LEN:
	case PH_GZIP_NAME:
	case PH_GZIP_COMMENT:
	case PH_GZIP_CRC:
		return gzip_head(l, in);
	case PH_GZIP_EXTRA:
		return gzip_head(l, in);
	case PH_ZLIB_HEAD:
		return zlib_head(l, in);
	case PH_DATA:
		return l->way == WAY_BROTLI ? run_brotli(l, in) : run_deflate(l, in);
	case PH_TRAILER:
		return skip_trailer(l, in);
	case PH_MEMBER:
		return next_member(l, in);
	case PH_PLAIN:
		return run_plain(l, in);
	case PH_SNIFF:
	case PH_DONE:
		break;
	}
	take(in, in->len);
	return RUN_MORE;
}

/* Until *in is used up, the buffer is full, or the way is broken. */
static enum result run_all(struct inflate_layer *l, struct bytes *in)
{
	enum result r;

	do {
		r = run(l, in);
	} while (r == RUN_ON || (r == RUN_MORE && in->len));
	return r;
}

static void keep(struct inflate_layer *l, struct bytes *in)
{
	size_t n = INFLATE_HEAD - l->head_len;

	if (n > in->len)
		n = in->len;
	if (n)
		memcpy(l->head + l->head_len, in->data, n);
	l->head_len += (uint32_t)n;
	take(in, n);
}

/* Is it known by now that this way is right? */
static bool is_sure(const struct inflate_layer *l, enum result r, bool last)
{
	if (l->head_len == INFLATE_HEAD || r == RUN_FULL || last)
		return true;
	if (l->phase >= PH_TRAILER)
		return true;
	return (l->way == WAY_GZIP || l->way == WAY_ZLIB) && l->out_len;
}

static struct bytes give(struct inflate_layer *l)
{
	struct bytes b = bytes_of(l->out, l->out_len);

	l->out_len = 0;
	return b;
}

/* While it is not sure, the bytes are kept, and read from there. */
static bool try_ways(struct inflate_layer *l, struct bytes *in, bool last)
{
	keep(l, in);
	if (l->phase == PH_SNIFF) {
		if (l->head_len < 3 && !last)
			return false;
		sniff(l);
	}
	for (;;) {
		struct bytes head = bytes_of(l->head + l->replay, l->head_len - l->replay);
		enum result r = run_all(l, &head);

		l->replay = l->head_len - (uint32_t)head.len;
		if (r == RUN_BROKEN) {
			next_way(l);
			continue;
		}
		if (l->sure || is_sure(l, r, last)) {
			l->sure = true;
			return true;
		}
		return false;
	}
}

struct bytes inflate_layer_run(struct inflate_layer *l, struct bytes *in, bool last)
{
	if (!l->sure && !try_ways(l, in, last))
		return bytes_of(NULL, 0);
	if (l->out_len)
		return give(l);
	for (;;) {
		struct bytes head = bytes_of(l->head + l->replay, l->head_len - l->replay);
		bool kept = head.len > 0;
		enum result r = run_all(l, kept ? &head : in);

		if (kept)
			l->replay = l->head_len - (uint32_t)head.len;
		if (r == RUN_BROKEN)
			next_way(l);
		if (l->out_len)
			return give(l);
		if (r != RUN_BROKEN && !(kept && in->len))
			return bytes_of(NULL, 0);
	}
}
