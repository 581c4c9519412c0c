/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.h - the process that holds what an engine must not: programs and maps in the kernel,
 * capabilities, the control socket; and that starts the engine, again where it died.
 *
 * In: settings, loaded rules.  Out: an exit code.
 * Parts: supervisor_open.h opens everything; supervisor_control.h are the commands; crash.h keeps what a
 * dead engine had in its hands.  Here: the engine's life, the release rings, the books, signals.
 * Not here: looking at packets.
 *
 * Memory: the heap; nothing of a packet is read but to save a crash's.
 * Thread: one, so that it may fork at any time.
 */
#ifndef WEIR_RUN_SUPERVISOR_H
#define WEIR_RUN_SUPERVISOR_H

#include <sys/types.h>

#include "engine/capture/xdp_load.h"
#include "engine/run/board.h"
#include "engine/run/control_socket.h"
#include "engine/run/engine.h"
#include "engine/run/kept.h"
#include "engine/run/link.h"
#include "engine/run/notify.h"
#include "engine/run/reload.h"
#include "engine/run/run.h"
#include "engine/run/supervisor_ask.h"
#include "engine/run/writer.h"

enum supervisor_state {
	SUPERVISOR_RUNNING,
	SUPERVISOR_STOPPING, /* nothing enters; the engine empties the rings */
	SUPERVISOR_CLOSING, /* the books are closed; the engine writes its last lines */
	SUPERVISOR_OVER,
};

struct supervisor {
	const struct settings *settings;
	struct engine_rules rules;
	struct weir_plan *plan;
	struct xdp_stage *stage;
	struct hash_key pair_key;
	struct board *board;
	struct release_ring **rings; /* by worker, in one mapping */
	size_t rings_bytes;
	int bell; /* eventfd: something is in a ring */
	struct kept *kept;
	struct writer *writer;
	struct control_socket *control;
	struct notify notify;
	struct books books;
	int signals; /* signalfd */
	int log_folder; /* for what a crash leaves */
	int link; /* to the engine; -1: none */
	struct link_message message; /* that goes or has come */
	struct reload reload;
	int sets; /* a memory file: what the engine would save (engine_sets.h) */
	uint64_t dump; /* ticket of who asked for sets to be saved; 0: nobody */
	uint64_t asks[SUPERVISOR_ASKS]; /* tickets of clients that wait for the engine; 0: free */
	uint64_t reopen_ticket; /* of who waits for files to be in use; 0: nobody */

	enum supervisor_state state;
	bool ready; /* the first engine runs */
	bool killed; /* by ourselves: it did not end */
	pid_t engine; /* 0: none */
	unsigned failures; /* engines in a row that died before they were at work for long */
	unsigned crashes; /* whose packets were kept */
	int code; /* what the run ends with */
	int64_t started_ns, engine_started_ns; /* CLOCK_MONOTONIC, as all below */
	int64_t restart_ns, deadline_ns, books_ns;
	uint64_t sign; /* of life, as last seen on the board */
	int64_t sign_ns;
	uint64_t blocked; /* addresses that were asked for, for the control socket */
};

/* The whole of `weir run -i`. */
int supervisor_run(const struct settings *s, struct run_rules *rules,
		   const struct diag_list *diags);

/* Begin a clean stop. */
void supervisor_stop(struct supervisor *s);
/* In a child: close what is the supervisor's alone. */
void supervisor_leave(struct supervisor *s);
void supervisor_kill_engine(struct supervisor *s, const char *why);
/* Open the outputs' files again, as somebody has moved them; the engine takes them.  Returns 0 or -errno (told). */
int supervisor_reopen(struct supervisor *s, uint64_t ticket);
/* Read and settle the books now; they go to the board. */
void supervisor_close_books(struct supervisor *s, enum ledger_when when);

#endif
