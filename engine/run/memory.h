/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - what a run will take of the machine's memory, by part, before there is a packet.
 *
 * In: settings; the process itself, before and after its rules were loaded.  Out: a table: what is there once rules are
 * loaded, and what each pool takes when it is full.
 * Not here: how the budget is shared out (settings_pools.h).
 *
 * Thread: any; nothing is kept.
 */
#ifndef WEIR_RUN_MEMORY_H
#define WEIR_RUN_MEMORY_H

#include <stdio.h>

#include "engine/run/settings.h"

struct memory_table {
	uint64_t program; /* code, libraries, configuration */
	uint64_t rules; /* compiled, with what the libraries make of them */
	uint64_t workers; /* records on their way, datagrams being joined, searches */
	uint64_t capture, outputs;
	uint64_t pools; /* all of them, full */
	uint64_t loaded; /* program and rules: what is resident when the first packet comes */
	uint64_t most; /* everything full */
};

/* Resident memory of this process now; 0: not known. */
uint64_t memory_resident(void);

/* before, after: memory_resident() before rules were loaded, and when they had been. */
void memory_predict(const struct settings *s, uint64_t before, uint64_t after,
		    struct memory_table *out);

/* By part, with what the pools hold and from what they were cut. */
void memory_print(const struct settings *s, const struct memory_table *t, FILE *out);

/* A line for each pool that is smaller than usual, or nothing: what a small budget gave up. */
void memory_print_cuts(const struct settings *s, FILE *out);

#endif
