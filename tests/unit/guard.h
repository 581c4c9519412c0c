/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - test inputs that end where memory ends.
 *
 * In: any bytes.
 * Out: a copy whose last byte lies right before an unmapped page, so that a
 * read of one byte too many is a crash and not a chance.
 *
 * Memory: every copy lives until guard_free_all().
 * Thread: one.
 */
#ifndef WEIR_TESTS_UNIT_GUARD_H
#define WEIR_TESTS_UNIT_GUARD_H

#include <stddef.h>
#include <stdint.h>

/* Never NULL: a test that gets no memory aborts.  len may be 0. */
const uint8_t *guard_copy(const void *data, size_t len);

/* The same place, for code that writes; its content is zero. */
uint8_t *guard_alloc(size_t len);

void guard_free_all(void);

#endif
