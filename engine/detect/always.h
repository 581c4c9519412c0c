/* SPDX-License-Identifier: Apache-2.0 */
/*
 * always.h - rules without a search pattern by what they need: which of their runs a packet's facts open.
 *
 * In: the list of a protocol, in runs of rules that need the same (compile_lists.c); a packet's facts (enum need), and what
 * its flow speaks.
 * Out: the runs whose needs are met, in their order, without rules on other application protocols.  Packets have few different facts, so what was found is kept; where two
 * collide the later one takes the place.
 *
 * Memory: 8 KiB, embedded in the ruleset's kit.  Thread: its worker.
 */
#ifndef WEIR_DETECT_ALWAYS_H
#define WEIR_DETECT_ALWAYS_H

#include <stdbool.h>
#include <stdint.h>

struct ruleset;

#define ALWAYS_KEPT 64
/* With more runs than that open, the list is walked each time. */
#define ALWAYS_RUNS 14

struct always_run {
	uint32_t first, count; /* in the list */
};

struct always_found {
	uint32_t have;
	uint8_t proto; /* one more than it is; 0: nothing is kept here */
	uint8_t app; /* enum app_proto */
	uint8_t runs; /* more than ALWAYS_RUNS: not all are here */
	struct always_run run[ALWAYS_RUNS];
};

struct always_kept {
	struct always_found found[ALWAYS_KEPT];
};

/* Looks for them and keeps what it finds in f. */
void always_look(struct always_found *f, const struct ruleset *rs, unsigned proto, uint32_t have,
		 unsigned app);

/* Of the rules for packets of proto (enum proto_class); app: enum app_proto, 0 without a flow. */
static inline const struct always_found *always_find(struct always_kept *k,
						     const struct ruleset *rs, unsigned proto,
						     uint32_t have, unsigned app)
{
	uint32_t hash = (have ^ proto << 20 ^ app << 24) * 0x9e3779b1u;
	struct always_found *f = &k->found[hash >> 26 & (ALWAYS_KEPT - 1)];

	if (f->have != have || f->proto != proto + 1 || f->app != app)
		always_look(f, rs, proto, have, app);
	return f;
}

#endif
