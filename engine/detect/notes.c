/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/detect/notes.h"

#include <string.h>

void notes_clear(struct notes *n)
{
	n->count = n->from = 0;
	n->used = n->used_from = 0;
}

void notes_begin(struct notes *n)
{
	n->count = n->from;
	n->used = n->used_from;
}

static bool same(struct bytes a, struct bytes b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* Text lives in a place of the moment: it is copied. */
static bool copy(struct notes *n, struct bytes *text)
{
	if (text->len > NOTES_BYTES - n->used)
		return false;
	if (text->len)
		memcpy(n->bytes + n->used, text->data, text->len);
	*text = bytes_of(n->bytes + n->used, text->len);
	n->used += text->len;
	return true;
}

void notes_add(struct notes *n, enum note_kind kind, struct bytes name, struct bytes value)
{
	unsigned i;

	if (!n)
		return;
	for (i = n->from; i < n->count; i++) {
		if (n->note[i].kind == kind && same(n->note[i].name, name))
			break;
	}
	if (kind != NOTE_CONTEXT)
		value = bytes_slice(value, 0, NOTE_BYTES_MAX);
	if (i == NOTES_MAX || (kind != NOTE_CONTEXT && !copy(n, &value))) {
		n->refused++;
		return;
	}
	n->note[i] = (struct rule_note){ .name = name, .value = value, .kind = (uint8_t)kind };
	n->count += i == n->count;
}

struct bytes notes_copy(struct notes *n, struct bytes text)
{
	text = bytes_slice(text, 0, NOTE_BYTES_MAX);
	return copy(n, &text) ? text : bytes_of(NULL, 0);
}

unsigned notes_keep(struct notes *n, const struct rule_note **first)
{
	unsigned count = n->count - n->from;

	*first = n->note + n->from;
	n->from = n->count;
	n->used_from = n->used;
	return count;
}
