/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_live.h - the part of the settings that a run on interfaces needs.
 *
 * In: the tree of a configuration that has passed config_check(), the options.  Out: settings->live.
 * An interface takes its keys from its own entry in the lists af-xdp and af-packet, else from "default".
 *
 * Thread: the one that starts the program.
 */
#ifndef WEIR_RUN_SETTINGS_LIVE_H
#define WEIR_RUN_SETTINGS_LIVE_H

#include "engine/run/settings.h"

/* Where the control socket is when nobody says: for `weir ctl` too. */
#define SETTINGS_CONTROL_FOLDER "/run/weir"
#define SETTINGS_CONTROL_NAME "weir-command.socket"

void settings_load_live(struct settings *s, struct diag_list *diags);

#endif
