/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_sets.h - the sets of rules that are to be saved, from the engine, which writes no files, to the supervisor.
 *
 * In: a ruleset; a memory file that both have.  Out: in it each set that is saved, with its name.  Read from there, each is
 * written to where its rule says: beside the old file, then in its place.
 *
 * Memory: the heap, as much as the text of the sets.
 * Thread: the link's or the engine's only one to write; the supervisor's to save.
 */
#ifndef WEIR_RUN_ENGINE_SETS_H
#define WEIR_RUN_ENGINE_SETS_H

#include <jansson.h>

#include "engine/detect/detect.h"

/* Whatever stood there is gone.  Returns 0 or -errno. */
int engine_sets_write(const struct ruleset *rs, const struct detect_options *opt, int file);

/*
 * sets: names with their paths, as in rules_report.h; no other name is believed.  What cannot be written is told.  Returns how many
 * were saved, or -errno of the first that could not be.
 */
int engine_sets_save(int file, const json_t *sets);

#endif
