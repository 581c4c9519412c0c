/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spread.h - threads for jobs of the start and the end (engine/base/spread.h).
 *
 * In: how many cores there are to use.  Out: a struct spread whose jobs are done by so many threads, the caller's too.
 * A thread that cannot be made is done without.
 * Not here: workers.  These threads live as long as a job.
 *
 * Memory: none.  Thread: any; a part must not begin a job of its own.
 */
#ifndef WEIR_RUN_SPREAD_H
#define WEIR_RUN_SPREAD_H

#include "engine/base/spread.h"

/* More bring nothing: what is left is one thread's. */
#define SPREAD_THREADS_MAX 8u

struct spread spread_over(unsigned threads);

#endif
