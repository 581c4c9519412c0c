/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/hs.h"

#include <errno.h>
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int hs_build(const struct hs_literal *literals, size_t count, void **out, size_t *len,
	     char why[128])
{
	const char **data = calloc(count, sizeof(*data));
	unsigned *flags = calloc(count, sizeof(*flags));
	unsigned *ids = calloc(count, sizeof(*ids));
	size_t *lens = calloc(count, sizeof(*lens));
	hs_compile_error_t *error = NULL;
	hs_database_t *base = NULL;
	char *bytes = NULL;
	int err = -ENOMEM;

	*out = NULL;
	why[0] = '\0';
	if (!data || !flags || !ids || !lens)
		goto done;
	for (size_t i = 0; i < count; i++) {
		data[i] = (const char *)literals[i].data;
		lens[i] = literals[i].len;
		ids[i] = (unsigned)i;
		/* One hit makes a candidate; the conditions decide where it really is. */
		flags[i] = HS_FLAG_SINGLEMATCH | (literals[i].nocase ? HS_FLAG_CASELESS : 0);
	}
	if (hs_compile_lit_multi(data, flags, ids, lens, (unsigned)count, HS_MODE_BLOCK, NULL,
				 &base, &error) != HS_SUCCESS) {
		snprintf(why, 128, "%s", error ? error->message : "no memory");
		hs_free_compile_error(error);
		err = -EINVAL;
		goto done;
	}
	if (hs_serialize_database(base, &bytes, len) == HS_SUCCESS) {
		*out = bytes;
		err = 0;
	}
done:
	hs_free_database(base);
	free(data);
	free(flags);
	free(ids);
	free(lens);
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

int hs_open(const void *serialized, size_t len, struct hs_base **out)
{
	hs_database_t *base;

	*out = NULL;
	switch (hs_deserialize_database(serialized, len, &base)) {
	case HS_SUCCESS:
		*out = (struct hs_base *)base;
		return 0;
	case HS_NOMEM:
		return -ENOMEM;
	default:
		return -EINVAL;
	}
}

void hs_close(struct hs_base *h)
{
	hs_free_database((hs_database_t *)h);
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

int hs_work_new(struct hs_base *const *bases, size_t count, struct hs_work **out)
{
	struct hs_work *w = *out ? *out : calloc(1, sizeof(*w));

	*out = w;
	if (!w)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (bases[i] &&
		    hs_alloc_scratch((const hs_database_t *)bases[i], &w->scratch) != HS_SUCCESS)
			return -ENOMEM;
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
	hs_scan((const hs_database_t *)h, (const char *)data, (unsigned)len, 0, w->scratch, found,
		ctx);
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
