/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/mpm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/detect/wide.h"

#define MAGIC 0x4d504d31u /* "MPM1" */

/* With fewer or more literals, or with more places of a text that pass, wide.h is no faster. */
#define WIDE_LITERALS_MIN 25
#define WIDE_LITERALS_MAX 1000
#define WIDE_PASSING_MAX 0.05

/*
 * Two searches are worth more than one if the other one gets few of many; one always is.  Of long texts fewer literals are
 * found as fast by it alone, and of payload, as long as wide.h can have them.
 */
#define GRAM_SHORT_MIN 16
#define GRAM_LONG_MIN 256
#define GRAM_PAYLOAD_MIN 2000

/* Offsets from here, of parts one behind the other; 0: there is no such. */
struct built {
	uint32_t magic;
	uint32_t grams, grams_len;
	uint32_t rest, rest_len; /* wide.h's or Hyperscan's */
	uint32_t count;
	uint32_t served; /* of which gram.h has so many */
	uint32_t
		numbers; /* uint32_t: of gram.h's literals, of the rest, and count; none where all are the rest */
};

/* --- to build ----------------------------------------------------------------------------------------- */

/* A set while it is made. */
struct builder {
	const struct hs_literal *literal;
	size_t count;
	uint32_t *gram; /* its number there, or GRAM_LEFT */
	struct hs_literal *left;
	uint32_t *number; /* of each gram, then of each that is left */
	size_t served, lefts;
	void *grams, *rest;
	size_t grams_len, rest_len;
};

static bool grams_pay(const struct builder *b, enum gram_text text)
{
	switch (text) {
	case GRAM_TEXT_PAYLOAD:
		return b->served >= GRAM_PAYLOAD_MIN;
	case GRAM_TEXT_LONG:
		return b->served >= GRAM_LONG_MIN;
	default:
		return b->served >= GRAM_SHORT_MIN || b->served == b->count;
	}
}

static int build_grams(struct builder *b, enum gram_text text)
{
	int err = 0;

	for (size_t i = 0; i < b->count; i++)
		b->gram[i] = GRAM_LEFT;
	if (text != GRAM_TEXT_PAYLOAD || b->count >= GRAM_PAYLOAD_MIN)
		err = gram_build(b->literal, b->count, text, b->gram, &b->grams, &b->grams_len);
	for (size_t i = 0; i < b->count; i++)
		b->served += b->gram[i] != GRAM_LEFT;
	if (err || grams_pay(b, text))
		return err;
	free(b->grams);
	b->grams = NULL;
	b->grams_len = b->served = 0;
	for (size_t i = 0; i < b->count; i++)
		b->gram[i] = GRAM_LEFT;
	return 0;
}

static void number_all(struct builder *b)
{
	for (size_t i = 0; i < b->count; i++) {
		if (b->gram[i] != GRAM_LEFT) {
			b->number[b->gram[i]] = (uint32_t)i;
			continue;
		}
		b->number[b->served + b->lefts] = (uint32_t)i;
		b->left[b->lefts++] = b->literal[i];
	}
	b->number[b->count] = (uint32_t)b->count;
}

static int build_rest(struct builder *b, char why[128])
{
	if (b->lefts >= WIDE_LITERALS_MIN && b->lefts <= WIDE_LITERALS_MAX && wide_here()) {
		double passing = 0;
		int err = wide_build(b->left, b->lefts, &b->rest, &b->rest_len, &passing);

		if (err || (b->rest && passing <= WIDE_PASSING_MAX))
			return err;
		free(b->rest);
		b->rest = NULL;
	}
	return b->lefts ? hs_build(b->left, b->lefts, &b->rest, &b->rest_len, why) : 0;
}

static size_t aligned(size_t at)
{
	return (at + MPM_ALIGN - 1) / MPM_ALIGN * MPM_ALIGN;
}

static int put_together(const struct builder *b, void **out, size_t *len)
{
	struct built head = { .magic = MAGIC,
			      .count = (uint32_t)b->count,
			      .served = (uint32_t)b->served };
	size_t numbers = b->served ? (b->count + 1) * sizeof(*b->number) : 0;
	size_t at = sizeof(head);
	uint8_t *to;

	head.numbers = numbers ? (uint32_t)at : 0;
	at = aligned(at + numbers);
	head.grams = b->grams_len ? (uint32_t)at : 0;
	head.grams_len = (uint32_t)b->grams_len;
	at = aligned(at + b->grams_len);
	head.rest = b->rest_len ? (uint32_t)at : 0;
	head.rest_len = (uint32_t)b->rest_len;
	at += b->rest_len;
	if (at > UINT32_MAX)
		return -ENOMEM;
	to = calloc(1, at);
	if (!to)
		return -ENOMEM;
	memcpy(to, &head, sizeof(head));
	if (head.numbers)
		memcpy(to + head.numbers, b->number, numbers);
	if (head.grams)
		memcpy(to + head.grams, b->grams, b->grams_len);
	if (head.rest)
		memcpy(to + head.rest, b->rest, b->rest_len);
	*out = to;
	*len = at;
	return 0;
}

int mpm_build(const struct hs_literal *literals, size_t count, enum gram_text text, void **out,
	      size_t *len, char why[128])
{
	struct builder b = {
		.literal = literals,
		.count = count,
		.gram = calloc(count + 1, sizeof(*b.gram)),
		.left = calloc(count + 1, sizeof(*b.left)),
		.number = calloc(count + 1, sizeof(*b.number)),
	};
	int err = b.gram && b.left && b.number ? 0 : -ENOMEM;

	why[0] = '\0';
	*out = NULL;
	*len = 0;
	if (!err)
		err = build_grams(&b, text);
	if (!err) {
		number_all(&b);
		err = build_rest(&b, why);
	}
	if (!err)
		err = put_together(&b, out, len);
	free(b.gram);
	free(b.left);
	free(b.number);
	free(b.grams);
	free(b.rest);
	return err;
}

/* --- to open ------------------------------------------------------------------------------------------ */

static bool lies_within(size_t len, uint32_t offset, uint64_t bytes)
{
	return offset % sizeof(uint32_t) == 0 && offset <= len && bytes <= len - offset;
}

static bool is_whole(const uint8_t *base, size_t len)
{
	const struct built *b = (const struct built *)base;
	const uint32_t *number;

	if (len < sizeof(*b) || b->magic != MAGIC || !lies_within(len, b->rest, b->rest_len) ||
	    !lies_within(len, b->grams, b->grams_len) || b->served > b->count ||
	    (b->grams != 0) != (b->served != 0) || (b->rest != 0) != (b->served < b->count))
		return false;
	if (!b->served)
		return true;
	if (b->numbers != sizeof(*b) ||
	    !lies_within(len, b->numbers, (b->count + 1ull) * sizeof(*number)) ||
	    b->grams % sizeof(uint64_t) != 0 || !gram_is_whole(base + b->grams, b->grams_len) ||
	    gram_literals(base + b->grams) != b->served)
		return false;
	number = (const uint32_t *)(base + b->numbers);
	for (uint32_t i = 0; i <= b->count; i++) {
		if (number[i] > b->count)
			return false;
	}
	return number[b->count] == b->count;
}

uint32_t mpm_literals(const void *built)
{
	const struct built *b = built;

	return b->count;
}

int mpm_size(const void *built, size_t len, size_t *out)
{
	const struct built *b = built;
	const uint8_t *rest = (const uint8_t *)built;
	size_t size = 0;
	int err = 0;

	*out = 0;
	if (!is_whole(built, len))
		return -EINVAL;
	rest += b->rest;
	if (b->rest && wide_is_one(rest, b->rest_len)) {
		size = b->rest_len;
		err = wide_is_whole(rest, size) && wide_literals(rest) == b->count - b->served
			      ? 0
			      : -EINVAL;
	} else if (b->rest) {
		err = hs_size(rest, b->rest_len, &size);
	}
	*out = aligned(sizeof(struct mpm)) + size;
	return err;
}

int mpm_open(const void *built, void *room, struct mpm **out)
{
	const uint8_t *base = built;
	const struct built *b = built;
	uint8_t *rest = (uint8_t *)room + aligned(sizeof(struct mpm));
	struct mpm *m = room;

	*m = (struct mpm){ .grams = b->grams ? base + b->grams : NULL };
	*out = m;
	if (b->served) {
		m->gram_number = (const uint32_t *)(base + b->numbers);
		m->rest_number = m->gram_number + b->served;
	}
	if (!b->rest)
		return 0;
	if (!wide_is_one(base + b->rest, b->rest_len))
		return hs_open(base + b->rest, b->rest_len, rest, &m->hs);
	m->wide = memcpy(rest, base + b->rest, b->rest_len);
	return 0;
}

static int serve_one(struct mpm_work *w, const struct mpm *m)
{
	uint32_t grams = m->grams ? gram_literals(m->grams) : 0;
	uint32_t wide = m->wide ? wide_literals(m->wide) : 0;
	uint32_t literals = grams > wide ? grams : wide;

	if (literals > w->literals) {
		found_free(w->found);
		w->literals = literals;
		if (found_new(literals, &w->found))
			return -ENOMEM;
	}
	return m->hs ? hs_work_new(&m->hs, 1, &w->hs) : 0;
}

int mpm_work_serve(struct mpm_work *w, struct mpm *const *all, size_t count)
{
	int err = 0;

	for (size_t i = 0; i < count && !err; i++)
		err = all[i] ? serve_one(w, all[i]) : 0;
	return err;
}

void mpm_work_fini(struct mpm_work *w)
{
	hs_work_free(w->hs);
	found_free(w->found);
	*w = (struct mpm_work){ .hs = NULL };
}

/* --- to search ---------------------------------------------------------------------------------------- */

/* What literals of a part are called in the whole. */
struct renamed {
	const uint32_t *number;
	hs_found_fn found;
	void *ctx;
};

static int on_renamed(unsigned int id, unsigned long long from, unsigned long long to,
		      unsigned int flags, void *ctx)
{
	const struct renamed *r = ctx;

	return r->found(r->number[id], from, to, flags, r->ctx);
}

static void search_rest(const struct mpm *m, struct mpm_work *w, struct bytes text,
			hs_found_fn found, void *ctx)
{
	if (m->wide)
		wide_search(m->wide, w->found, text, found, ctx);
	else if (m->hs)
		hs_search(m->hs, w->hs, text.data, text.len, found, ctx);
}

void mpm_search(const struct mpm *m, struct mpm_work *w, struct bytes text, hs_found_fn found,
		void *ctx)
{
	struct renamed r = { m->gram_number, found, ctx };

	if (!m->grams) {
		search_rest(m, w, text, found, ctx);
		return;
	}
	gram_search(m->grams, w->found, text, on_renamed, &r);
	r.number = m->rest_number;
	search_rest(m, w, text, on_renamed, &r);
}
