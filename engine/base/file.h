/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - what several folders do with files and would each write again.
 *
 * Memory: nothing is kept.  Thread: any.
 */
#ifndef WEIR_BASE_FILE_H
#define WEIR_BASE_FILE_H

#include <stddef.h>

/* All of it, whatever interrupts.  Returns 0 or -errno. */
int file_write_all(int fd, const void *data, size_t len);

/* A folder and those above it, where they are missing (mode 0750).  Returns 0 or -errno. */
int file_make_folders(const char *path);

#endif
