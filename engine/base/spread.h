/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spread.h - parts of one job, each done once, perhaps by several threads at a time.
 *
 * In: a function and how many parts there are.  Out: all of them are done when spread_run() returns; in which order,
 * and by whom, is not said, so no part may depend on another.
 * Not here: threads.  Who has some (engine/run/spread.h) gives a struct spread to modules that have none; without one
 * the caller does all.
 *
 * Memory: none.  Thread: any.
 */
#ifndef WEIR_BASE_SPREAD_H
#define WEIR_BASE_SPREAD_H

#include <stddef.h>

typedef void (*spread_fn)(void *arg, unsigned part);

struct spread {
	void (*run)(const struct spread *by, spread_fn fn, void *arg, unsigned parts);
	unsigned threads; /* at most, the caller's own among them */
};

/* by: NULL is fine. */
static inline void spread_run(const struct spread *by, spread_fn fn, void *arg, unsigned parts)
{
	if (by && parts > 1) {
		by->run(by, fn, arg, parts);
		return;
	}
	for (unsigned i = 0; i < parts; i++)
		fn(arg, i);
}

#endif
