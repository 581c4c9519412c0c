/* SPDX-License-Identifier: Apache-2.0 */
/* Literals and a text: what is found is what stands in it, and where it ends first. */
#include "engine/detect/gram.h"

#include <stdlib.h>

#include "tests/fuzz/literals_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void search(const struct literals_in *in, enum gram_text kind)
{
	uint32_t number[LITERALS_IN];
	struct found *work;
	void *base;
	size_t len;

	if (gram_build(in->literal, in->count, kind, number, &base, &len) || !base)
		return;
	if (!gram_is_whole(base, len) || found_new(gram_literals(base), &work))
		__builtin_trap();
	for (unsigned way = 0; way < 2; way++) {
		struct hits h = { .times = { 0 } };

		if (way)
			gram_search_plain(base, work, in->text, on_hit, &h);
		else
			gram_search(base, work, in->text, on_hit, &h);
		for (size_t i = 0; i < in->count; i++) {
			if (number[i] != GRAM_LEFT)
				check_hit(&h, number[i], &in->literal[i], in->text);
		}
	}
	found_free(work);
	free(base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct literals_in in;

	if (literals_in(data, size, &in))
		search(&in, (enum gram_text)(data[0] % 3));
	return 0;
}
