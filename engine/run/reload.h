/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload.h - other rules for a run, step by step: compiled beside it (compiler.h), put in force by the engine (link.h),
 * kept for the engines that come.
 *
 * In: a client of the control socket, or a signal, that asks; the compiler's end; the engine's answer.  Out: rules
 * in force, the plan that fits them, answers.  Whatever fails on the way leaves the old rules in force.
 * The plan first wants what either ruleset wants, and what the new one does not want is left out when it is in force.
 *
 * Memory: the heap; two images while one takes the other's place.
 * Thread: the supervisor's; nothing waits.
 */
#ifndef WEIR_RUN_RELOAD_H
#define WEIR_RUN_RELOAD_H

#include <jansson.h>
#include <sys/types.h>

#include "engine/run/compiler.h"
#include "engine/run/engine.h"
#include "engine/run/link.h"

struct supervisor;

enum reload_state {
	RELOAD_IDLE,
	RELOAD_COMPILING,
	RELOAD_TAKING, /* the engine has the new rules, and says when they are in force */
};

struct reload {
	enum reload_state state;
	json_t *report; /* of the rules in force */
	pid_t compiler;
	struct compiler_files files;
	json_t *coming; /* report of those on their way */
	struct engine_rules rules; /* and they */
	struct weir_plan *plan; /* that fits them; NULL: it is as it was */
	uint64_t ticket; /* of who waits; 0: nobody */
	bool again; /* asked for by a signal meanwhile */
	int64_t deadline_ns; /* CLOCK_MONOTONIC */
	uint64_t done, failed;
};

/* The rules in force and their report, whose reference is taken. */
void reload_init(struct reload *r, json_t *report);
void reload_fini(struct supervisor *s);
/* In a child that is not the compiler: close what is under way. */
void reload_leave(struct reload *r);

/*
 * ticket: a client's that waits for the answer; 0: none does.  Returns 0, -EBUSY: one is under way; -EOPNOTSUPP: the
 * run has no detection, or counts costs by rule; or another -errno.
 */
int reload_begin(struct supervisor *s, uint64_t ticket, bool take_refused);
/* In words. */
const char *reload_refusal(int err);
/* By a signal: now, or after the one that is under way. */
void reload_asked(struct supervisor *s);

/* A child has ended.  Returns whether it was the compiler. */
bool reload_reaped(struct supervisor *s, pid_t pid, int status);
/* The engine says that the rules are in force, or why not. */
void reload_answered(struct supervisor *s, const struct link_message *m);
/* The engine is gone: the next one begins with the old rules. */
void reload_engine_died(struct supervisor *s);
void reload_keep_time(struct supervisor *s, int64_t now_ns);

#endif
