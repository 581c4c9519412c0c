/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inputs.h - what a person names as input, made into a list of files in reading order.
 *
 * In: paths of files, pipes and directories, and "-".  Out: one entry a file, directories replaced
 * by their files in the order of each one's first packet (then of the name).
 * Every regular file's beginning is looked at, so that what is no capture is told at once.
 *
 * Memory: the list owns its names; inputs_fini().
 * Thread: the one that starts the run.
 */
#ifndef WEIR_CAPTURE_INPUTS_H
#define WEIR_CAPTURE_INPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/capture/splitter.h"

#define INPUT_STDIN "-"

struct input {
	char *name;
	bool regular; /* a plain file: it has a size and can be read again */
	uint64_t size;
	int64_t first_ns; /* time of the first packet; INT64_MAX: none is known */
	bool has_link;
	uint32_t link; /* of its first packet or, without one, of its header */
	bool big_endian; /* there */
	char *wrong; /* why it is not read at all; NULL: it is */
};

struct inputs {
	struct input *list;
	unsigned count;
	unsigned room;
	uint64_t total_bytes; /* 0 when a pipe is among them */
};

/*
 * Fill in from names; scratch is room to read a beginning into.  Returns 0 or -errno with the
 * reason: a name cannot be opened, a directory is empty, there is nothing to read at all.
 */
int inputs_init(struct inputs *in, const char *const *names, unsigned name_count,
		struct splitter *splitter, uint8_t *scratch, size_t scratch_bytes, char *error,
		size_t error_bytes);
void inputs_fini(struct inputs *in);

/* Open for reading, without waiting for a pipe's writer.  A descriptor or -errno. */
int input_open(const struct input *in);

/* How messages call it. */
const char *input_title(const struct input *in);

#endif
