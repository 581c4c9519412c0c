/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor_control.h - what the control socket's commands do.
 *
 * In: a supervisor.  Out: the table of its commands, for control.h.  Suricata's names and answers
 * where it has the command; block, unblock and block-list are Weir's own.
 *
 * Thread: the supervisor's.
 */
#ifndef WEIR_RUN_SUPERVISOR_CONTROL_H
#define WEIR_RUN_SUPERVISOR_CONTROL_H

#include "engine/run/control.h"

struct supervisor;

void supervisor_commands(struct supervisor *s, struct control *out);

#endif
