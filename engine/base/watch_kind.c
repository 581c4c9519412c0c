/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/watch_kind.h"

#include <string.h>

static const struct {
	unsigned family;
	const char *name;
} kinds[WATCH__COUNT] = {
#define WATCH_ROW(id, family, name) [WATCH_##id] = { WATCH_FAMILY_##family, name },
	WATCH_KINDS(WATCH_ROW)
#undef WATCH_ROW
};

enum watch_family watch_family(enum watch_kind k)
{
	return (enum watch_family)kinds[k].family;
}

const char *watch_kind_name(enum watch_kind k)
{
	return kinds[k].name;
}

const char *watch_family_name(enum watch_family f)
{
	static const char *const names[WATCH_FAMILY__COUNT] = {
		[WATCH_FAMILY_SCAN] = "scan",	      [WATCH_FAMILY_FLOOD] = "flood",
		[WATCH_FAMILY_SEQUENCE] = "sequence", [WATCH_FAMILY_WINDOW] = "window",
		[WATCH_FAMILY_FLAGS] = "flags",	      [WATCH_FAMILY_BASELINE] = "baseline",
	};

	return names[f];
}

static bool is(const char *text, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(text, name, len) == 0;
}

bool watch_range_of(const char *name, size_t len, struct watch_range *out)
{
	const char *dot = len ? memchr(name, '.', len) : NULL;
	size_t family = dot ? (size_t)(dot - name) : len;
	bool found = false;

	for (unsigned k = 0; k < WATCH__COUNT; k++) {
		if (!is(name, family, watch_family_name(watch_family((enum watch_kind)k))) ||
		    (dot && !is(dot + 1, len - family - 1, kinds[k].name)))
			continue;
		if (!found)
			out->first = k;
		out->last = k;
		found = true;
	}
	return found;
}
