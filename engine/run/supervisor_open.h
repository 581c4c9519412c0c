/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor_open.h - all that must be open before the supervisor gives its power away.
 *
 * In: settings, compiled rules.  Out: the kernel stage, stopped; the ruleset's image; rings, board, outputs,
 * control socket; and lines on the terminal that say which way was taken and why.
 *
 * Memory: in struct supervisor.
 * Thread: the supervisor's.
 */
#ifndef WEIR_RUN_SUPERVISOR_OPEN_H
#define WEIR_RUN_SUPERVISOR_OPEN_H

#include "engine/run/supervisor.h"

/* Returns RUN_DONE, or an exit code with the reason told. */
int supervisor_open(struct supervisor *s, const struct ruleset *rules);
void supervisor_close(struct supervisor *s);

#endif
