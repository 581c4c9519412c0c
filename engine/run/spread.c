/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/spread.h"

#include <pthread.h>
#include <stdatomic.h>

struct job {
	spread_fn fn;
	void *arg;
	unsigned parts;
	atomic_uint next;
};

static void *take_parts(void *arg)
{
	struct job *j = arg;
	unsigned part;

	while ((part = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed)) < j->parts)
		j->fn(j->arg, part);
	return NULL;
}

static void run(const struct spread *by, spread_fn fn, void *arg, unsigned parts)
{
	struct job j = { .fn = fn, .arg = arg, .parts = parts };
	pthread_t helper[SPREAD_THREADS_MAX];
	unsigned wanted = (by->threads < parts ? by->threads : parts) - 1, helpers = 0;

	while (helpers < wanted && !pthread_create(&helper[helpers], NULL, take_parts, &j))
		helpers++;
	take_parts(&j);
	while (helpers > 0)
		pthread_join(helper[--helpers], NULL);
}

struct spread spread_over(unsigned threads)
{
	if (threads > SPREAD_THREADS_MAX)
		threads = SPREAD_THREADS_MAX;
	return (struct spread){ .run = run, .threads = threads ? threads : 1 };
}
