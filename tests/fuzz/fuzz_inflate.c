/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content encodings: a byte of codings, the size of pieces, then the encoded bytes.  Whole and in
 * pieces the same bytes must come out, within the limits, and no layer runs for nothing.
 */
#include <stdint.h>
#include <stdlib.h>

#include "engine/proto/inflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUTPUT_MAX (1u << 20)

static struct inflate_pool *pool(void)
{
	static const struct inflate_options o = { .chains = 1,
						  .deflates = 4,
						  .brotlis = 4,
						  .brotli_bytes = 8u << 20,
						  .output_max = OUTPUT_MAX };
	static struct inflate_pool *p;

	if (!p && inflate_pool_new(&o, &p))
		abort();
	return p;
}

static uint64_t feed(const uint8_t *data, size_t size, uint8_t codings, size_t step, bool *over)
{
	enum inflate_coding list[INFLATE_LAYERS_MAX];
	size_t n = 1 + (codings & 1) + ((codings >> 1) & 1);
	struct inflate *z;
	struct inflate_event ev;
	uint64_t sum = 14695981039346656037u;
	size_t out = 0;
	uint64_t pieces = 0;

	for (size_t i = 0; i < n; i++)
		list[i] = (enum inflate_coding)((codings >> (2 + 2 * i) & 3) % 3);
	z = inflate_open(pool(), list, n);
	if (!z)
		abort();
	for (size_t at = 0; at < size; at += step) {
		struct bytes in = bytes_of(data + at, size - at < step ? size - at : step);

		pieces++;
		while (inflate_next(z, &in, at + step >= size, &ev) == FEED_EVENT) {
			*over |= ev.is_odd;
			out += ev.data.len;
			for (size_t i = 0; i < ev.data.len; i++)
				sum = (sum ^ ev.data.data[i]) * 1099511628211u;
		}
		if (in.len)
			abort();
	}
	/* A run takes what it was given, ends a member of ten bytes or more, or gives a whole piece. */
	if (inflate_runs(z) >
	    2 * n * (pieces + size / 10 + 4) + 4 * n * (OUTPUT_MAX / INFLATE_PIECE))
		abort();
	inflate_close(z);
	if (out > OUTPUT_MAX + INFLATE_PIECE)
		abort();
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool over = false;
	uint64_t whole;
	uint64_t cut;

	if (size < 3)
		return 0;
	whole = feed(data + 2, size - 2, data[0], size, &over);
	cut = feed(data + 2, size - 2, data[0], 1u + data[1], &over);
	/* Where a limit or a broken stream ends it, how far it came depends on the pieces. */
	if (!over && whole != cut)
		abort();
	return 0;
}
