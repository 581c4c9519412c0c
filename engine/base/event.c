/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/event.h"

#include <string.h>

struct row {
	const char *layer;
	const char *name;
};

static const struct row rows[EVENT__COUNT] = {
#define EVENT_ROW(id, layer, name) [EVENT_##id] = { layer, name },
	EVENT_DECODE_LIST(EVENT_ROW) EVENT_STREAM_LIST(EVENT_ROW)
#undef EVENT_ROW
};

const char *event_name(enum event e)
{
	return (unsigned)e < EVENT__COUNT ? rows[e].name : "unknown";
}

const char *event_layer(enum event e)
{
	return (unsigned)e < EVENT__COUNT ? rows[e].layer : "unknown";
}

/* For parsing rules, a few hundred of them at most: walking the list takes a microsecond. */
int event_find(const char *name, size_t len, int stream)
{
	int first = stream ? EVENT_DECODE__COUNT : 0;
	int end = stream ? EVENT__COUNT : EVENT_DECODE__COUNT;

	for (int e = first; e < end; e++)
		if (strlen(rows[e].name) == len && memcmp(rows[e].name, name, len) == 0)
			return e;
	return -1;
}
