/* SPDX-License-Identifier: Apache-2.0 */
/* Literals, each behind its length, up to one of length zero; then a text: what is found is what stands in it. */
#include "engine/detect/gram.h"

#include <stdlib.h>

#include "tests/unit/literals.h"

#define LITERALS 128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By number. */
struct hits {
	unsigned times[LITERALS];
	unsigned long long end[LITERALS];
};

static int on_found(unsigned number, unsigned long long from, unsigned long long to, unsigned flags,
		    void *ctx)
{
	struct hits *h = ctx;

	(void)from;
	(void)flags;
	h->times[number]++;
	h->end[number] = to;
	return 0;
}

static void search(const struct hs_literal *l, size_t count, struct bytes text, enum gram_text kind)
{
	uint32_t number[LITERALS];
	struct gram_work *work;
	void *base;
	size_t len;

	if (gram_build(l, count, kind, number, &base, &len) || !base)
		return;
	if (!gram_is_whole(base, len) || gram_work_new(gram_literals(base), &work))
		__builtin_trap();
	for (unsigned way = 0; way < 2; way++) {
		struct hits h = { .times = { 0 } };

		if (way)
			gram_search_plain(base, work, text, on_found, &h);
		else
			gram_search(base, work, text, on_found, &h);
		for (size_t i = 0; i < count; i++) {
			size_t end = literal_first_end(&l[i], text);

			if (number[i] != GRAM_LEFT &&
			    (h.times[number[i]] != (end != 0) || (end && h.end[number[i]] != end)))
				__builtin_trap();
		}
	}
	gram_work_free(work);
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
		search(l, count, bytes_of(data + at + 1, size - at - 1),
		       (enum gram_text)(data[0] % 3));
	return 0;
}
