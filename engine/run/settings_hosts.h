/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_hosts.h - host-os-policy as options of engine/stream and engine/defrag.
 *
 * In: settings whose tree has passed config_check().  Out: the default policies of settings->stream and
 * settings->defrag, and those of single networks.
 *
 * Memory: settings' own: settings_hosts_fini().  Thread: the one that starts the program.
 */
#ifndef WEIR_RUN_SETTINGS_HOSTS_H
#define WEIR_RUN_SETTINGS_HOSTS_H

#include "engine/run/settings.h"

/* "10.0.0.0/8", "2001:db8::1"; false: it is none. */
bool settings_parse_network(const char *text, struct network *out);
/* Returns 0 or -ENOMEM; what is no network is told. */
int settings_load_hosts(struct settings *s, struct diag_list *diags);
void settings_hosts_fini(struct settings *s);

#endif
