/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_tunnels.h - decoder.teredo, vxlan, geneve and gtpu as options of engine/decode.
 *
 * In: settings whose tree has passed config_check() and whose variables are loaded.  Out: which
 * tunnels in UDP settings->decode looks for, and on which ports: a list of at most
 * DECODE_PORTS_MAX, variables ("$VXLAN_PORTS") and lists in lists followed; "any" is Teredo's.
 *
 * Memory: nothing is owned.  Thread: the one that starts the program.
 */
#ifndef WEIR_RUN_SETTINGS_TUNNELS_H
#define WEIR_RUN_SETTINGS_TUNNELS_H

#include "engine/run/settings.h"

/* What is no list of ports is told, and leaves the registered port. */
void settings_load_tunnels(struct settings *s, struct diag_list *diags);

#endif
