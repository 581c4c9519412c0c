/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary.h - what a run found, for the person who started it.
 *
 * In: the writer's counts and the summed counters.  Out: a dozen lines of text.
 */
#ifndef WEIR_RUN_SUMMARY_H
#define WEIR_RUN_SUMMARY_H

#include <stdio.h>

#include "engine/run/writer.h"

struct summary {
	const struct writer *writer;
	const struct ruleset *rules; /* NULL: no detection */
	const struct counters *counters;
	unsigned rules_loaded, rules_failed, rules_skipped;
	unsigned workers;
	const struct workers
		*filters; /* who counted what threshold.config has done; NULL: not told */
	const struct workers *cost; /* --shadow=strict: who counted alerts; NULL: not asked */
	const struct stages *stages; /* NULL: not asked */
	double seconds;
	bool interrupted;
};

/* 1234567 as "1,234,567"; returns out, which has room for 32 bytes. */
const char *summary_number(uint64_t n, char out[32]);

void summary_print(const struct summary *s, FILE *out);

#endif
