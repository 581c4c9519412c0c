/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_memory.h - the sizes of all pools, from one budget.
 *
 * In: settings with the options of all modules.  Out: the number of workers, the sizes in those options, each
 * one worker's share, and settings->memory_bytes.
 *
 * Thread: the one that starts the program.
 */
#ifndef WEIR_RUN_SETTINGS_MEMORY_H
#define WEIR_RUN_SETTINGS_MEMORY_H

#include "engine/run/settings_read.h"

/* A budget that does not do is told. */
void settings_load_memory(struct settings_loader *l);

#endif
