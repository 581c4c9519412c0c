/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_app.h - app-layer.protocols.* as options of engine/app.
 *
 * In: settings whose tree has passed config_check().  Out: settings->app.
 * Names below app-layer.protocols are those that a rule's header has for protocols, "http" being HTTP/1.
 *
 * Memory: settings' own.  Thread: the one that starts the program.
 */
#ifndef WEIR_RUN_SETTINGS_APP_H
#define WEIR_RUN_SETTINGS_APP_H

#include "engine/run/settings.h"

void settings_load_app(struct settings *s, struct diag_list *diags);
/* A list of "md5", "sha1", "sha256" as enum file_flag. */
uint16_t settings_digests(const struct config_node *list);
/* bytes: one worker's share for flows' application state, transactions and files. */
void settings_size_app(struct settings *s, uint64_t bytes);

#endif
