/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor_ask.h - commands of the control socket that the engine answers, by the link.
 *
 * In: a command with its arguments, a client that waits.  Out: the engine's answer to that client.
 * Not here: what the engine makes of it (engine_ask.h).
 *
 * Memory: a ticket for each client that waits.  Thread: the supervisor's.
 */
#ifndef WEIR_RUN_SUPERVISOR_ASK_H
#define WEIR_RUN_SUPERVISOR_ASK_H

#include "engine/run/control.h"
#include "engine/run/link.h"

#define SUPERVISOR_ASKS 16

struct supervisor;

/* False: it cannot be asked; the reason is in error.  file: what it may write to; -1: none. */
bool supervisor_ask(struct supervisor *s, const char *command, const json_t *arguments, int file,
		    uint64_t ticket, char error[CONTROL_ERROR_BYTES]);
void supervisor_ask_answered(struct supervisor *s, const struct link_message *m);
/* The engine is gone, and with it the answers. */
void supervisor_ask_gone(struct supervisor *s);

#endif
