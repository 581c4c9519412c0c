/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_link.h - the engine's end of the link: takes new rules, files that were opened again, and questions.
 *
 * In: messages (link.h).  Out: rulesets put in force (generation.h), files for the writer, answers.
 * A ruleset is answered for when every worker inspects with it and has looked through its released flows.
 * Not here: what questions mean (engine_ask.h).
 *
 * Memory: the heap, of a thread that is no worker.
 * Thread: one of its own; engine_link_now(), engine_link_costs() and engine_link_files() are the writer's.
 */
#ifndef WEIR_RUN_ENGINE_LINK_H
#define WEIR_RUN_ENGINE_LINK_H

#include <pthread.h>

#include "engine/run/engine.h"
#include "engine/run/generation.h"
#include "engine/run/link.h"
#include "engine/run/rule_top.h"

struct engine_link_options {
	int fd;
	const struct settings *settings;
	struct workers *workers;
	struct generations *generations; /* newest NULL: no detection */
	struct engine_rules rules; /* in force at the start */
	struct xbits_table *xbits;
};

struct engine_link {
	struct engine_link_options options;
	pthread_t thread;
	bool started;
	_Atomic bool stop;
	struct link_message in, out;

	/* Rules on their way into force. */
	bool settling;
	uint64_t settling_ticket;
	struct engine_rules coming;

	struct rule_top_clock cost_begin; /* since the start */
	int64_t next_costs_ns; /* by CLOCK_MONOTONIC */

	pthread_mutex_t lock; /* what follows, for the writer too */
	struct engine_rules now;
	int files[SETTINGS_OUTPUTS_MAX];
	unsigned file_count; /* 0: none wait */
	bool files_taken; /* they have been put in use: the asker is to be told */
	uint64_t files_ticket;
	struct rule_top costs;
};

int engine_link_start(const struct engine_link_options *opt, struct engine_link *out);
/* Until then messages are taken; NULL and what never started are fine. */
void engine_link_end(struct engine_link *l);

/* The rules in force. */
void engine_link_now(struct engine_link *l, struct engine_rules *out);
/* What rules have cost, as of at most stats.interval ago; once engine_link_end() has been called, as of now. */
void engine_link_costs(struct engine_link *l, struct rule_top *out);
/* Files for the outputs, in their order, that were opened again; they are the caller's, who puts them in use at once.  0: none. */
unsigned engine_link_files(struct engine_link *l, int out[SETTINGS_OUTPUTS_MAX]);

#endif
