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

/* Not in line: mostly it is known. */
static __attribute__((noinline)) void find(struct always_found *f, const struct ruleset *rs,
					   const struct section *s)
{
	const struct always_rule *rule = block_at(rs->block, s->offset);

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

const struct always_found *always_find(struct always_kept *k, const struct ruleset *rs,
				       unsigned proto, uint32_t have, unsigned app)
{
	uint32_t hash = (have ^ proto << 20 ^ app << 24) * 0x9e3779b1u;
	struct always_found *f = &k->found[hash >> 26 & (ALWAYS_KEPT - 1)];

	if (f->have != have || f->proto != proto + 1 || f->app != app) {
		f->have = have;
		f->proto = (uint8_t)(proto + 1);
		f->app = (uint8_t)app;
		find(f, rs, &rs->block->always[proto]);
	}
	return f;
}
