/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_http.h - app-layer.protocols.http.libhtp as options of HTTP/1.
 *
 * In: settings whose tree has passed config_check().  Out: settings->app.http, and what other networks'
 * servers are read by (server-config).
 *
 * Memory: settings' own: settings_http_fini().  Thread: the one that starts the program.
 */
#ifndef WEIR_RUN_SETTINGS_HTTP_H
#define WEIR_RUN_SETTINGS_HTTP_H

#include "engine/run/settings.h"

void settings_load_http(struct settings *s, struct diag_list *diags);
void settings_http_fini(struct settings *s);

#endif
