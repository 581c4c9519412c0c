/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.h - a compiled ruleset as a sealed memory file, from which every engine of a run starts.
 *
 * In: a ruleset.  Out: a descriptor that nobody can write any more; rulesets that are opened from it.
 *
 * Memory: the descriptor holds one copy of the block; an open ruleset has a copy of its own.
 * Thread: any.
 */
#ifndef WEIR_RUN_IMAGE_H
#define WEIR_RUN_IMAGE_H

#include "engine/detect/detect.h"

/* Returns a descriptor or -errno. */
int image_make(const struct ruleset *rs);
/* Returns 0 or -errno, as ruleset_open(). */
int image_open(int fd, struct ruleset **out);

#endif
