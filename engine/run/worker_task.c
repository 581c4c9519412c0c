/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/worker_task.h"

#include <errno.h>
#include <time.h>

#include "engine/run/worker.h"

#define NAP_NS 1000000
/* A worker that has nothing to do looks every tenth of a second. */
#define NAPS_MAX 10000

static bool is_done(const struct workers *all, uint32_t number)
{
	for (unsigned i = 0; i < all->count; i++) {
		const struct worker *w = &all->worker[i];

		if (atomic_load_explicit(&w->task_done, memory_order_acquire) != number &&
		    !atomic_load_explicit(&w->done, memory_order_acquire))
			return false;
	}
	return true;
}

int worker_task_all(struct workers *all, worker_task_fn fn, void *ctx)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	uint32_t number = atomic_load(&all->task) + 1;

	/* One that has not come to the last one must not find this one half made. */
	if (!is_done(all, number - 1))
		return -EBUSY;
	all->task_fn = fn;
	all->task_ctx = ctx;
	atomic_store_explicit(&all->task, number, memory_order_release);
	for (unsigned i = 0; i < NAPS_MAX; i++) {
		if (is_done(all, number))
			return 0;
		nanosleep(&nap, NULL);
	}
	return -ETIMEDOUT;
}

void worker_task_do(struct worker *w)
{
	uint32_t number = atomic_load_explicit(&w->all->task, memory_order_acquire);

	if (number == atomic_load_explicit(&w->task_done, memory_order_relaxed))
		return;
	if (w->all->task_fn)
		w->all->task_fn(w, w->all->task_ctx);
	atomic_store_explicit(&w->task_done, number, memory_order_release);
}
