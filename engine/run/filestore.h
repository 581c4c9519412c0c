/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filestore.h - files that travelled, on disk: dir/ab/abcd..., named by their SHA-256.
 *
 * In: pieces of files in order, then whether each is kept.  Out: the kept ones, whole or not at all: a
 * file is written below dir/tmp and renamed when it has ended.  Nothing of a name comes from the wire.
 * A write that fails (a full disk) gives the file up, counted.
 *
 * Memory: a fixed number of open files.
 * Thread: the writer's.
 */
#ifndef WEIR_RUN_FILESTORE_H
#define WEIR_RUN_FILESTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filestore_options {
	const char *dir; /* NULL: nothing is stored */
	uint32_t max_files; /* kept in this run; 0: no limit */
	uint64_t max_file_bytes; /* of one file: more is cut; 0: no limit */
	uint64_t max_bytes; /* of all; 0: no limit */
	bool alone; /* nobody else stores there: what a dead process left half written is removed */
};

/* A piece of a file on its way: this, then len bytes. */
struct filestore_piece {
	uint64_t flow;
	uint32_t id; /* in its flow */
	uint8_t step; /* enum file_step */
	uint32_t len;
	uint8_t sha256[32]; /* of FILE_STEP_KEEP */
};

struct filestore;

/* Makes the directories.  Returns 0 or -errno. */
int filestore_open(const struct filestore_options *opt, struct filestore **out);
/* Files that have not ended are removed. */
void filestore_close(struct filestore *s);
void filestore_take(struct filestore *s, const struct filestore_piece *p, const uint8_t *data);

struct filestore_counts {
	uint64_t stored, failed, refused; /* files; refused: by a limit */
};
struct filestore_counts filestore_counts(const struct filestore *s);

#endif
