/* SPDX-License-Identifier: Apache-2.0 */
/* Literals and a text: what is found is what stands in it, and where it ends first. */
#include "engine/detect/wide.h"

#include <stdlib.h>

#include "tests/fuzz/literals_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void search(const struct literals_in *in)
{
	struct found *work;
	double passing;
	void *base;
	size_t len;

	if (wide_build(in->literal, in->count, &base, &len, &passing) || !base)
		return;
	if (!wide_is_whole(base, len) || found_new(wide_literals(base), &work))
		__builtin_trap();
	for (unsigned way = 0; way < 2; way++) {
		struct hits h = { .times = { 0 } };

		if (way)
			wide_search_plain(base, work, in->text, on_hit, &h);
		else
			wide_search(base, work, in->text, on_hit, &h);
		for (size_t i = 0; i < in->count; i++)
			check_hit(&h, i, &in->literal[i], in->text);
	}
	found_free(work);
	free(base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct literals_in in;

	if (literals_in(data, size, &in))
		search(&in);
	return 0;
}
