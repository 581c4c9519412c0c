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

#include "engine/run/settings.h"

/* An empty memory file, to be written and then sealed.  Returns a descriptor or -errno. */
int image_new(const char *name);
/* The block, and what files beside the rules have said.  Returns 0 or -errno. */
int image_write(const struct ruleset *rs, int block, int lists);
/* Nobody can write it any more.  Returns 0 or -errno. */
int image_seal(int fd);
/*
 * Returns 0 or -errno, as ruleset_open().  before: the rules in force until now, whose sets may go on
 * (ruleset_read_lists()); NULL: none.
 */
int image_open(int block, int lists, const struct settings *s, const struct ruleset *before,
	       struct ruleset **out);
/* A whole memory file, malloc'ed.  Returns 0 or -errno. */
int image_read(int fd, uint8_t **out, size_t *len);

#endif
