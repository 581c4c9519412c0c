/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_ask.h - questions that only a running engine can answer, and small changes to what it keeps: sets, marks on hosts,
 * flows.
 *
 * In: a command with arguments, a JSON object as a client of the control socket sends it.  Out: a JSON text, or the
 * reason why not.
 *
 * Memory: the caller's for the answer.
 * Thread: the link's.  What workers share is touched with their lock, or by them (worker_task.h).
 */
#ifndef WEIR_RUN_ENGINE_ASK_H
#define WEIR_RUN_ENGINE_ASK_H

#include "engine/run/generation.h"
#include "engine/run/rule_top.h"

struct engine_asked {
	const char *text;
	size_t len;
	int file; /* for the sets that are saved (engine_sets.h); -1: none */
	const struct settings *settings;
	struct generations *generations; /* newest NULL: no detection */
	struct workers *workers;
	struct xbits_table *xbits;
	const struct rule_top_clock *cost_begin;
	char *out; /* the answer's message, JSON; of a refusal a text */
	size_t room, out_len;
};

/* Returns 0 or -errno: refused. */
int engine_ask(struct engine_asked *a);

#endif
