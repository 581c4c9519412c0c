/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_output.h - outputs: and stats: as options of engine/output and of what is stored beside it.
 *
 * In: settings whose tree has passed config_check() and whose app options are loaded: an output may want digests
 * of files.  Out: settings->outputs, ->filestore, ->certs_dir, the folders, what stats show.
 *
 * Memory: settings' own.  Thread: the one that starts the program.
 */
#ifndef WEIR_RUN_SETTINGS_OUTPUT_H
#define WEIR_RUN_SETTINGS_OUTPUT_H

#include "engine/run/settings_read.h"

void settings_load_outputs(struct settings_loader *l);

#endif
