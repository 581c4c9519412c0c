/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/hs.h"

#include <errno.h>
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/stage.h"

void hs_identity(char out[LIBRARY_IDENTITY_BYTES])
{
	hs_platform_info_t here = { .tune = 0 };

	hs_populate_platform(&here);
	snprintf(out, LIBRARY_IDENTITY_BYTES, "Hyperscan %s for %u %llx", hs_version(), here.tune,
		 here.cpu_features);
}

/*
 * For short input Hyperscan adds one automaton of all literals.  Of more than a few it takes nine tenths
 * of the time of compilation (100 ms for 17 literals) and of the database, to search no faster.  It is left out
 * where one expression wants to know where its matches start: so one is added that nothing is
 * expected to match, and whose number, if it is found, is that of no literal.
 */
#define LITERALS_MAX_FOR_AUTOMATON 10
static const char spoiler[] = "\\xd7\\x9e\\x3b\\xa1\\xc4\\x5f\\xe8[\\x12\\x92]";

/*
 * How Hyperscan looks for literals follows from how many they are and how long the shortest is.  Two of its choices take
 * twice as long on what networks carry: for 49 to 96 literals buckets of nearly equal bytes, where a table serves better,
 * and a place in four for literals of five bytes and more, where every second is better.  Literals that nothing is expected
 * to match bring the other choice about.
 */
#define BUCKETS_GOOD_UNTIL 48
#define BUCKETS_UNTIL 96
#define EVERY_FOURTH_FROM 5
#define SECOND_FILLER "\\xf9\\xc1\\xfb"
#define FILLERS_MAX (BUCKETS_UNTIL - BUCKETS_GOOD_UNTIL + 1)
#define FILLER_BYTES 8
#define ADDED_MAX (2 + FILLERS_MAX)

struct texts {
	const char **text;
	unsigned *flags, *ids;
	size_t *lens;
	size_t count; /* the literals, and what was added */
	char filler[FILLERS_MAX][4 * FILLER_BYTES + 1];
	char *escaped; /* all of them, where they are written as expressions */
};

static int texts_init(struct texts *t, const struct hs_literal *literals, size_t count)
{
	*t = (struct texts){
		.text = calloc(count + ADDED_MAX, sizeof(*t->text)),
		.flags = calloc(count + ADDED_MAX, sizeof(*t->flags)),
		.ids = calloc(count + ADDED_MAX, sizeof(*t->ids)),
		.lens = calloc(count + ADDED_MAX, sizeof(*t->lens)),
		.count = count,
	};
	if (!t->text || !t->flags || !t->ids || !t->lens)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		t->text[i] = (const char *)literals[i].data;
		t->lens[i] = literals[i].len;
		t->ids[i] = (unsigned)i;
		/* One hit makes a candidate; the conditions decide where it really is. */
		t->flags[i] = HS_FLAG_SINGLEMATCH | (literals[i].nocase ? HS_FLAG_CASELESS : 0);
	}
	return 0;
}

/* All have one number, so they have the flags of the one that needs them. */
static void texts_add(struct texts *t, const char *expression, unsigned number)
{
	t->text[t->count] = expression;
	t->flags[t->count] = HS_FLAG_SOM_LEFTMOST;
	t->ids[t->count++] = number;
}

static void texts_fill(struct texts *t, const struct hs_literal *literals, size_t count)
{
	unsigned number = (unsigned)count;
	size_t shortest = SIZE_MAX;

	texts_add(t, spoiler, number);
	if (count <= BUCKETS_GOOD_UNTIL)
		return;
	for (size_t i = 0; i < count; i++)
		shortest = literals[i].len < shortest ? literals[i].len : shortest;
	if (shortest >= EVERY_FOURTH_FROM)
		texts_add(t, SECOND_FILLER, number);
	for (unsigned i = 0; count + i <= BUCKETS_UNTIL; i++) {
		for (unsigned k = 0; k < FILLER_BYTES; k++)
			snprintf(&t->filler[i][4 * k], 5, "\\x%02x",
				 0x80 | ((37 * i + 59 * k) & 0x7f));
		texts_add(t, t->filler[i], number);
	}
}

static void texts_fini(struct texts *t)
{
	free(t->text);
	free(t->flags);
	free(t->ids);
	free(t->lens);
	free(t->escaped);
}

/* Each literal as an expression: \xHH for each of its bytes. */
static int texts_escape(struct texts *t, const struct hs_literal *literals, size_t count)
{
	static const char digits[] = "0123456789abcdef";
	size_t size = 0;
	char *at;

	for (size_t i = 0; i < count; i++)
		size += 4u * literals[i].len + 1;
	t->escaped = at = malloc(size + 1);
	if (!at)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		t->text[i] = at;
		for (unsigned k = 0; k < literals[i].len; k++) {
			*at++ = '\\';
			*at++ = 'x';
			*at++ = digits[literals[i].data[k] >> 4];
			*at++ = digits[literals[i].data[k] & 15];
		}
		*at++ = '\0';
	}
	return 0;
}

int hs_build(const struct hs_literal *literals, size_t count, void **out, size_t *len,
	     char why[128])
{
	hs_compile_error_t *error = NULL;
	hs_database_t *base = NULL;
	char *bytes = NULL;
	struct texts t;
	hs_error_t result;
	int err;

	*out = NULL;
	why[0] = '\0';
	err = texts_init(&t, literals, count);
	if (!err && count > LITERALS_MAX_FOR_AUTOMATON)
		err = texts_escape(&t, literals, count);
	if (err)
		goto done;
	if (t.escaped) {
		texts_fill(&t, literals, count);
		result = hs_compile_multi(t.text, t.flags, t.ids, (unsigned)t.count, HS_MODE_BLOCK,
					  NULL, &base, &error);
	} else {
		result = hs_compile_lit_multi(t.text, t.flags, t.ids, t.lens, (unsigned)count,
					      HS_MODE_BLOCK, NULL, &base, &error);
	}
	if (result != HS_SUCCESS) {
		snprintf(why, 128, "%s", error ? error->message : "no memory");
		hs_free_compile_error(error);
		err = -EINVAL;
		goto done;
	}
	err = -ENOMEM;
	if (hs_serialize_database(base, &bytes, len) == HS_SUCCESS) {
		*out = bytes;
		err = 0;
	}
done:
	hs_free_database(base);
	texts_fini(&t);
	return err;
}

/* Past this a filter's own automaton costs more than it saves. */
#define FILTER_BYTES_MAX (64 * 1024)

int hs_build_filter(const struct hs_regex *regex, void **out, size_t *len)
{
	unsigned flags = HS_FLAG_PREFILTER | HS_FLAG_SINGLEMATCH;
	hs_compile_error_t *error = NULL;
	hs_database_t *base = NULL;
	char *bytes = NULL;
	int err = -EINVAL;

	*out = NULL;
	flags |= regex->nocase ? HS_FLAG_CASELESS : 0;
	flags |= regex->multiline ? HS_FLAG_MULTILINE : 0;
	flags |= regex->dotall ? HS_FLAG_DOTALL : 0;
	if (hs_compile(regex->pattern, flags, HS_MODE_BLOCK, NULL, &base, &error) != HS_SUCCESS) {
		hs_free_compile_error(error);
		return err;
	}
	if (hs_serialize_database(base, &bytes, len) == HS_SUCCESS) {
		if (*len <= FILTER_BYTES_MAX) {
			*out = bytes;
			err = 0;
		} else {
			free(bytes);
		}
	} else {
		err = -ENOMEM;
	}
	hs_free_database(base);
	return err;
}

int hs_size(const void *serialized, size_t len, size_t *out)
{
	return hs_serialized_database_size(serialized, len, out) == HS_SUCCESS ? 0 : -EINVAL;
}

int hs_open(const void *serialized, size_t len, void *room, struct hs_base **out)
{
	*out = NULL;
	if (hs_deserialize_database_at(serialized, len, room) != HS_SUCCESS)
		return -EINVAL;
	*out = room;
	return 0;
}

/* Bytes past the end that a search may touch (three were seen), and what is copied where it must not. */
#define OVERREAD 16
#define PAGE 4096
#define PAD_BYTES (64 * 1024)
/* More than any literal is long: what lies across a cut is found in the part behind it. */
#define OVERLAP 64

struct hs_work {
	hs_scratch_t *scratch;
	uint8_t pad[PAD_BYTES + OVERREAD];
};

static int serve(struct hs_work *w, const struct hs_base *h)
{
	return hs_alloc_scratch((const hs_database_t *)h, &w->scratch) == HS_SUCCESS ? 0 : -ENOMEM;
}

int hs_work_new(struct hs_base *const *bases, size_t count, struct hs_work **out)
{
	struct hs_work *w = *out ? *out : calloc(1, sizeof(*w));

	*out = w;
	if (!w)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		int err = bases[i] ? serve(w, bases[i]) : 0;

		if (err)
			return err;
	}
	return 0;
}

void hs_work_free(struct hs_work *w)
{
	if (!w)
		return;
	hs_free_scratch(w->scratch);
	free(w);
}

static bool ends_safely(const uint8_t *data, size_t len)
{
	uintptr_t end = ((uintptr_t)data + len) % PAGE;

	return end != 0 && end <= PAGE - OVERREAD;
}

static void scan(const struct hs_base *h, struct hs_work *w, const uint8_t *data, size_t len,
		 hs_found_fn found, void *ctx)
{
	enum stage before = stage_enter(STAGE_PREFILTER);

	hs_scan((const hs_database_t *)h, (const char *)data, (unsigned)len, 0, w->scratch, found,
		ctx);
	stage_enter(before);
}

void hs_search(const struct hs_base *h, struct hs_work *w, const uint8_t *data, size_t len,
	       hs_found_fn found, void *ctx)
{
	if (!ends_safely(data, len)) {
		if (len > PAD_BYTES) {
			/* What follows the first part are its own bytes. */
			size_t first = len - PAD_BYTES + OVERLAP;

			scan(h, w, data, first, found, ctx);
			data += first - OVERLAP;
			len -= first - OVERLAP;
		}
		memcpy(w->pad, data, len);
		data = w->pad;
	}
	scan(h, w, data, len, found, ctx);
}

static int stop_at_first(unsigned int id, unsigned long long from, unsigned long long to,
			 unsigned int flags, void *ctx)
{
	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	*(bool *)ctx = true;
	return 1;
}

bool hs_finds(const struct hs_base *h, struct hs_work *w, const uint8_t *data, size_t len)
{
	bool found = false;

	if (!ends_safely(data, len)) {
		if (len > PAD_BYTES)
			return true;
		memcpy(w->pad, data, len);
		data = w->pad;
	}
	scan(h, w, data, len, stop_at_first, &found);
	return found;
}
