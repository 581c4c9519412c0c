/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/settings_pools.h"

#include <unistd.h>

#define USUAL_BYTES (1ull << 30)
#define WORKER_BYTES (256ull << 20)

#define LEAST_BYTES (1ull << 20)
#define MOST_SMALL_BYTES (64ull << 20) /* of pools whose entries are few and small */
#define MOST_DETECT_BYTES (128ull << 20)

/* Parts of what is left after explicit sizes. */
static const unsigned parts[POOL__COUNT] = {
	[POOL_FLOWS] = 16, [POOL_SESSIONS] = 14, [POOL_REASSEMBLY] = 40, [POOL_DEFRAG] = 6,
	[POOL_APP] = 12,   [POOL_DETECT] = 6,	 [POOL_THRESHOLDS] = 4,	 [POOL_WATCH] = 2,
};

bool pool_plan(struct pool_plan *p)
{
	uint64_t given = 0, left;
	unsigned open = 0;
	bool fits = true;

	for (unsigned i = 0; i < POOL__COUNT; i++) {
		given += p->bytes[i];
		open += p->bytes[i] ? 0 : parts[i];
	}
	if (given + open * LEAST_BYTES / 10 > p->budget) {
		fits = !p->fixed;
		p->budget = given + given * open / 100 + LEAST_BYTES * POOL__COUNT;
	}
	left = p->budget - given;
	for (unsigned i = 0; i < POOL__COUNT; i++) {
		if (!p->bytes[i])
			p->bytes[i] = left / open * parts[i];
	}
	for (unsigned i = POOL_DETECT; i < POOL__COUNT; i++) {
		uint64_t most = i == POOL_DETECT ? MOST_DETECT_BYTES : MOST_SMALL_BYTES;

		if (p->bytes[i] > most)
			p->bytes[i] = most;
	}
	return fits;
}

uint64_t pool_usual_budget(unsigned workers)
{
	return USUAL_BYTES + (workers > 2 ? (workers - 2) * WORKER_BYTES : 0);
}

uint64_t pool_auto_budget(unsigned workers)
{
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	uint64_t usual = pool_usual_budget(workers), half;

	if (pages <= 0 || size <= 0)
		return usual;
	half = (uint64_t)pages * (uint64_t)size / 2;
	return half < usual ? half : usual;
}
