/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_task.h - has every worker do something between two of its batches, and waits for all.
 *
 * In: a function.  Out: it has been called once by each worker's thread; so what workers could have looked at before
 * is looked at by none any more.  Live alone.
 *
 * Memory: the caller's.
 * Thread: one that is no worker for worker_task_all(), the worker's own for worker_task_do().
 */
#ifndef WEIR_RUN_WORKER_TASK_H
#define WEIR_RUN_WORKER_TASK_H

struct worker;
struct workers;

/* Short: packets wait. */
typedef void (*worker_task_fn)(struct worker *w, void *ctx);

/*
 * fn NULL: only the waiting.  Workers that have ended are passed over.  Returns 0, or -ETIMEDOUT: one has not come to it
 * within some seconds; what ctx names must then stay.
 */
int worker_task_all(struct workers *all, worker_task_fn fn, void *ctx);
/* Between two batches: what there is to do. */
void worker_task_do(struct worker *w);

#endif
