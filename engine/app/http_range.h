/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_range.h - files that a client fetches in parts (RFC 9110, section 14), joined to the whole.
 *
 * In: bodies of 206 responses that say where they belong in a file of which size.  Out: once all of it has come, by
 * whatever connections between the two hosts, one more file of the response that completed it.
 * Not here: parts that are cut short or have holes: they are given up.  multipart/byteranges.
 *
 * Memory: a table of HTTP_RANGE_FILES made at start; bytes from the engine's own (app.h), up to http_options.range_bytes and
 * a quarter of what there is. A file of more than half as much is not joined; what finds no room gives its file up, counted.
 * Thread: the worker's: one address pair is always one worker's.
 */
#ifndef WEIR_APP_HTTP_RANGE_H
#define WEIR_APP_HTTP_RANGE_H

#include "engine/app/http.h"

#define HTTP_RANGE_FILES 64 /* under way at once; the one that was touched first makes room */
#define HTTP_RANGE_PARTS 1024 /* of a file */

int http_ranges_new(struct http_ranges **out);
void http_ranges_free(struct http_ranges *r);
uint64_t http_ranges_bytes(void);

/* The body of a response begins, which is a part: out says whose, or that it is joined to nothing. */
void http_part_begin(struct app_ctx *c, const struct http_tx *t, const struct http_range *r,
		     struct http_part *out);
void http_part_add(struct app_ctx *c, struct http_part *p, struct bytes data);
/* No more will come.  whole: nothing was lost or cut.  The joined file, closed, or NULL. */
struct app_file *http_part_end(struct app_ctx *c, struct http_tx *t, struct http_part *p,
			       bool whole);

#endif
