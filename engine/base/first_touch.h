/* SPDX-License-Identifier: Apache-2.0 */
/*
 * first_touch.h - memory that is looked into and then written, taken from the kernel in one go.
 *
 * A page of fresh memory that is read first is one page of zeros for all; where it is then written the kernel puts
 * another in its place: a second fault, for which every core that runs a thread of the process is interrupted.
 *
 * Memory: the caller's; what stands there stays.  Thread: who may write there.
 */
#ifndef WEIR_BASE_FIRST_TOUCH_H
#define WEIR_BASE_FIRST_TOUCH_H

#include <stdint.h>

/* Before a place of a table is looked into that will most likely be entered in. */
static inline void first_touch(void *place)
{
	(void)__atomic_fetch_or((uint8_t *)place, 0, __ATOMIC_RELAXED);
}

#endif
