/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter.h - a BPF filter expression, compiled for each link type that turns up.
 *
 * The expression is libpcap's; so are the texts that say what is wrong with it.
 *
 * Memory: a program for each link type; one that first turns up in mid-file is compiled then.
 * Thread: one at a time.
 */
#ifndef WEIR_CAPTURE_FILTER_H
#define WEIR_CAPTURE_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/frame.h"

struct filter;

enum filter_verdict {
	FILTER_PASS,
	FILTER_LEAVE,
	FILTER_BROKEN, /* the expression does not compile for this link type; told once each */
};

/* Returns 0 or -errno: -EINVAL and the reason where the expression compiles for no link type. */
int filter_open(const char *expression, struct filter **out, char *error, size_t error_bytes);
void filter_close(struct filter *f); /* NULL is fine */

/*
 * Compile for a link type.  swapped: the file's byte order is not this machine's (BSD's null link
 * type has a word in the writer's order).  Returns 0 or -EINVAL with the reason.
 */
int filter_prepare(struct filter *f, enum link_type link, bool swapped, char *error,
		   size_t error_bytes);

enum filter_verdict filter_apply(struct filter *f, const struct frame *frame, bool swapped,
				 char *error, size_t error_bytes);

#endif
