/* SPDX-License-Identifier: Apache-2.0 */
/*
 * candidates.h - the order in which rules that may hold are tried: that of their numbers.
 *
 * Memory: the caller's.  Thread: any.
 */
#ifndef WEIR_DETECT_CANDIDATES_H
#define WEIR_DETECT_CANDIDATES_H

#include <stddef.h>
#include <stdint.h>

/* Ascending; few as a rule.  Shell's gaps keep a flood of candidates from costing their square. */
static inline void candidates_sort(uint32_t *a, unsigned n)
{
	static const unsigned gaps[] = { 1750, 701, 301, 132, 57, 23, 10, 4, 1 };

	for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
		for (unsigned i = gaps[g]; i < n; i++) {
			uint32_t v = a[i];
			unsigned k = i;

			for (; k >= gaps[g] && a[k - gaps[g]] > v; k -= gaps[g])
				a[k] = a[k - gaps[g]];
			a[k] = v;
		}
	}
}

#endif
