/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h - the process that looks at packets of interfaces, from its first to its last line.
 *
 * In: what the supervisor has opened: sockets and memory (live_handover), the ruleset's image, the
 * outputs' files, the board.  Out: records in the outputs' files, counters on the board, an exit code.
 * It gives up everything else before it takes the first packet (sandbox.h), and goes with its supervisor.
 *
 * Memory: all of it is reserved before the first packet.
 * Thread: a child's only one, which becomes the writer.
 */
#ifndef WEIR_RUN_ENGINE_H
#define WEIR_RUN_ENGINE_H

#include "engine/run/board.h"
#include "engine/run/settings.h"
#include "engine/run/writer.h"

/* Hexadecimal digits of what tells a ruleset from another, and the zero byte. */
#define ENGINE_RULES_HASH_BYTES 33

/* Rules as the supervisor loaded them. */
struct engine_rules {
	int image, lists; /* -1: no detection */
	unsigned loaded, failed, skipped;
	int64_t loaded_ns; /* since 1970 */
	char hash[ENGINE_RULES_HASH_BYTES];
};

struct engine_options {
	const struct settings *settings;
	struct engine_rules rules;
	const struct live_handover *handover;
	struct board *board;
	struct writer *writer; /* its files are open */
	struct release_ring *const *rings; /* by worker; NULL: the kernel keeps nothing */
	const struct kept *kept;
	int bell; /* eventfd: tells the supervisor that something is in a ring; 0: it looks by itself */
	struct hash_key pair_key;
	int link; /* link.h */
	int sets; /* a memory file, for the sets that are saved (engine_sets.h) */
	int64_t started_ns; /* CLOCK_MONOTONIC: of the run, not of this engine */
};

/* Until the board says stop.  Returns an exit code (enum run_exit). */
int engine_run(const struct engine_options *opt);

#endif
