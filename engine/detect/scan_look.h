/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_look.h - one look at the first 64 places of a unit: where a literal that has its place may stand.
 *
 * In: literals with their places (scan_fixed.h).  Out: half a kilobyte of tables, which say of a text where to compare.
 * The literals are in groups.  A byte for each place says which groups have literals there; for each of the first three
 * pairs of bytes from a place on a table says of its hash (wide_table.h) which groups have it there.  Where some group is
 * in all four, a literal may stand.
 * Not here: what stands there; processors without AVX-512, on which every place would pass.  Nothing outside the text is read.
 *
 * Memory: the caller's.  Thread: any.
 */
#ifndef WEIR_DETECT_SCAN_LOOK_H
#define WEIR_DETECT_SCAN_LOOK_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/bytes.h"

struct fixed_literal;

#define LOOK_PLACES 64u
#define LOOK_PAIRS 3u
#define LOOK_HASHES 128u

struct scan_look {
	uint8_t groups[LOOK_PLACES];
	uint8_t table[LOOK_PAIRS][LOOK_HASHES];
};

/* Of the literals those that have such a place. */
void scan_look_build(const struct fixed_literal *l, size_t n, struct scan_look *out);
/* A bit for each place of the text.  The processor is as wide_here() asks. */
uint64_t scan_look_places(const struct scan_look *look, struct bytes text);

#endif
