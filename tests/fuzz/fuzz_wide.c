/* SPDX-License-Identifier: Apache-2.0 */
/* Literals, each behind its length, up to one of length zero; then a text: what is found is what stands in it, and where it ends first. */
#include "engine/detect/wide.h"

#include <stdlib.h>

#include "tests/unit/literals.h"

#define LITERALS 128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct found {
	unsigned times[LITERALS];
	unsigned long long end[LITERALS];
};

static int on_found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	struct found *f = ctx;

	(void)from;
	(void)flags;
	f->times[id]++;
	f->end[id] = to;
	return 0;
}

static void search(const struct hs_literal *l, size_t count, struct bytes text)
{
	struct wide_work *work;
	double passing;
	void *base;
	size_t len;

	if (wide_build(l, count, &base, &len, &passing) || !base)
		return;
	if (!wide_is_whole(base, len) || wide_work_new(wide_literals(base), &work))
		__builtin_trap();
	for (unsigned way = 0; way < 2; way++) {
		struct found f = { .times = { 0 } };

		if (way)
			wide_search_plain(base, work, text, on_found, &f);
		else
			wide_search(base, work, text, on_found, &f);
		for (size_t i = 0; i < count; i++) {
			size_t end = literal_first_end(&l[i], text);

			if (f.times[i] != (end != 0) || (end && f.end[i] != end))
				__builtin_trap();
		}
	}
	wide_work_free(work);
	free(base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hs_literal l[LITERALS];
	size_t count = 0, at = 1;

	if (size < 2 || size > 4096)
		return 0;
	while (count < LITERALS && at < size && (data[at] & 63)) {
		size_t len = data[at] & 63;

		if (len > size - at - 1)
			break;
		l[count++] = (struct hs_literal){ data + at + 1, (uint16_t)len, data[at] >> 7 };
		at += len + 1;
	}
	if (count && at < size)
		search(l, count, bytes_of(data + at + 1, size - at - 1));
	return 0;
}
