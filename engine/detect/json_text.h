/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_text.h - finds its way in a JSON text (RFC 8259): objects by path, items of arrays, strings.
 *
 * In: a whole text that json_text_valid() has passed; all others rely on that.
 * Out: pieces of it, as they stand there.
 * Not here: numbers; writing records.
 *
 * Memory: nothing of its own; pieces point into the text.
 * Thread: any.
 */
#ifndef WEIR_DETECT_JSON_TEXT_H
#define WEIR_DETECT_JSON_TEXT_H

#include <stdint.h>

#include "parser/span.h"

#define JSON_DEPTH_MAX 32

/* One value and nothing behind it, in UTF-8, at most JSON_DEPTH_MAX deep. */
bool json_text_valid(struct span text);

/*
 * The value at a path of names with dots between them.  *member: its name and itself, as they stand in the
 * innermost object; may be NULL.  False: an object or the name is not there.
 */
bool json_text_find(struct span object, const char *path, struct span *value, struct span *member);

/* Items of an array, one a call.  False: it is none; there are no more. */
bool json_text_items(struct span array, struct span *rest);
bool json_text_next(struct span *rest, struct span *item);

/* What a string says; out has room for its length.  Returns the bytes, 0 where it is no string. */
size_t json_text_string(struct span value, uint8_t *out);

/*
 * The value without blanks between its parts and, where left_out has a length, without this member; out has
 * room for its length.  Returns the bytes.
 */
size_t json_text_compact(struct span value, struct span left_out, char *out);

#endif
