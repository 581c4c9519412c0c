/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/always.h"

#include "engine/detect/ruleset.h"

static bool speaks(const struct ruleset *rs, const struct always_rule *r, unsigned app)
{
	const uint64_t *mask = block_at(rs->block, rs->block->app_masks.offset);
	unsigned asked = rs->row[r->rule].app;

	return !asked || (mask[asked] >> app & 1);
}

static void add_run(struct always_found *f, uint32_t first, uint32_t count)
{
	if (!count)
		return;
	if (f->runs < ALWAYS_RUNS)
		f->run[f->runs] = (struct always_run){ first, count };
	f->runs++;
}

void always_look(struct always_found *f, const struct ruleset *rs, unsigned proto, uint32_t have,
		 unsigned app)
{
	const struct section *s = &rs->block->always[proto];
	const struct always_rule *rule = block_at(rs->block, s->offset);

	f->have = have;
	f->proto = (uint8_t)(proto + 1);
	f->app = (uint8_t)app;
	f->runs = 0;
	for (uint32_t i = 0; i < s->count && f->runs <= ALWAYS_RUNS; i += rule[i].alike) {
		uint32_t first = i, end = i + rule[i].alike;

		if ((rule[i].need & f->have) != rule[i].need)
			continue;
		for (uint32_t k = i; k < end && f->runs <= ALWAYS_RUNS; k++) {
			if (speaks(rs, &rule[k], f->app))
				continue;
			add_run(f, first, k - first);
			first = k + 1;
		}
		if (f->runs <= ALWAYS_RUNS)
			add_run(f, first, end - first);
	}
}
