/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/always.h"

#include "engine/detect/ruleset.h"

static void find(struct always_found *f, const struct always_rule *rule, uint32_t count)
{
	f->runs = 0;
	for (uint32_t i = 0; i < count && f->runs <= ALWAYS_RUNS; i += rule[i].alike) {
		if ((rule[i].need & f->have) != rule[i].need)
			continue;
		if (f->runs < ALWAYS_RUNS)
			f->run[f->runs] = (struct always_run){ i, rule[i].alike };
		f->runs++;
	}
}

const struct always_found *always_find(struct always_kept *k, const struct always_rule *rule,
				       uint32_t count, unsigned proto, uint32_t have)
{
	uint32_t hash = (have ^ proto << 20) * 0x9e3779b1u;
	struct always_found *f = &k->found[hash >> 26 & (ALWAYS_KEPT - 1)];

	if (f->have != have || f->proto != proto + 1) {
		f->have = have;
		f->proto = (uint8_t)(proto + 1);
		find(f, rule, count);
	}
	return f;
}
