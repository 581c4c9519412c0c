/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_pools.h - one memory budget, shared out among the pools of all workers.
 *
 * In: the budget, and what a person gave to single pools.  Out: bytes of each pool, all workers
 * together.
 *
 * Thread: any; nothing is kept.
 */
#ifndef WEIR_RUN_SETTINGS_POOLS_H
#define WEIR_RUN_SETTINGS_POOLS_H

#include <stdbool.h>
#include <stdint.h>

enum pool_kind {
	POOL_FLOWS,
	POOL_SESSIONS,
	POOL_REASSEMBLY,
	POOL_DEFRAG,
	POOL_APP, /* transactions and files */
	POOL_DETECT, /* flowbits and variables of flows, rules that wait in transactions */
	POOL_THRESHOLDS,
	POOL_WATCH, /* what is known of hosts */
	POOL__COUNT
};

/* What came of it, all workers together. */
struct pool_size {
	uint64_t entries; /* or bytes of content */
	uint64_t usual; /* entries that memory: auto would make of a machine with enough of it */
	uint64_t bytes; /* with tables and records: what it takes at most */
};

struct pool_plan {
	uint64_t budget; /* in; raised to fit where fixed is false */
	bool fixed; /* the budget was asked for: do not raise it */
	uint64_t bytes[POOL__COUNT]; /* in: explicit sizes, 0 for none; out: all */
};

/* false: explicit sizes exceed a fixed budget; the plan is then made as if it was not fixed. */
bool pool_plan(struct pool_plan *p);

/* 1 GiB, and 256 MiB for each worker beyond two: a worker's share does not become too little to work with. */
uint64_t pool_usual_budget(unsigned workers);
/* The budget of memory: auto: the usual one where the machine has twice as much, else half of what it has. */
uint64_t pool_auto_budget(unsigned workers);

#endif
