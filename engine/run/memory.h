/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - what a run will take of the machine's memory, by part, before there is a packet.
 *
 * In: settings; the process itself, before and after its rules were loaded; facts of interfaces.  Out: a table: what is there
 * once rules are loaded, what each pool takes when it is full, and rings.
 * Not here: how the budget is shared out (settings_pools.h); what a run has (memory_count.h).
 *
 * Thread: any; nothing is kept.
 */
#ifndef WEIR_RUN_MEMORY_H
#define WEIR_RUN_MEMORY_H

#include <stdio.h>

#include "engine/run/memory_rings.h"

struct memory_table {
	uint64_t program; /* code, libraries, configuration */
	uint64_t rules; /* compiled, with what the libraries make of them */
	uint64_t workers; /* records on their way, datagrams being joined, searches */
	uint64_t captures; /* blocks of files */
	uint64_t outputs;
	uint64_t rings; /* of interfaces, each at the larger of its ways */
	uint64_t released; /* for flows that the kernel keeps, and what two processes share */
	uint64_t pools; /* all of them, full */
	uint64_t loaded; /* program and rules: what is resident when the first packet comes */
	uint64_t most; /* everything full */
	struct memory_interface interface[SETTINGS_INTERFACES_MAX];
	unsigned interfaces;
};

/* Resident memory of this process now; 0: not known.  In a sandbox it must have been asked before. */
uint64_t memory_resident(void);

/* What hangs on settings alone: captures, outputs, workers, pools, released. */
void memory_fixed(const struct settings *s, struct memory_table *out);
/*
 * before, after: memory_resident() before rules were loaded, and when they had been.  Returns 0, or -errno of
 * the interface *failed.
 */
int memory_predict(const struct settings *s, uint64_t before, uint64_t after,
		   struct memory_table *out, const char **failed);

/* By part, with what the pools hold and from what they were cut. */
void memory_print(const struct settings *s, const struct memory_table *t, FILE *out);
/* The same as one object in a line. */
void memory_print_json(const struct settings *s, const struct memory_table *t, FILE *out);

/* A line for each pool that is smaller than usual, or nothing: what a small budget gave up. */
void memory_print_cuts(const struct settings *s, FILE *out);

#endif
