/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/event.h"

#include <pthread.h>
#include <stdint.h>
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

/*
 * A closed hash table over the names, filled once.  Names come from rule files, not from the
 * wire, so a plain hash will do.
 */
#define SLOTS 1024
_Static_assert(EVENT__COUNT < SLOTS / 2, "the table of event names is too full");

static uint16_t slots[SLOTS]; /* event + 1; 0: empty */
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

/* FNV-1a, 32 bits. */
static uint32_t hash_name(const char *name, size_t len, int stream)
{
	uint32_t h = stream ? 0x811c9dc5u ^ 1 : 0x811c9dc5u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * 0x01000193u;
	return h ^ h >> 16;
}

static void fill_slots(void)
{
	for (unsigned e = 0; e < EVENT__COUNT; e++) {
		uint32_t at = hash_name(rows[e].name, strlen(rows[e].name),
					!event_is_decode((enum event)e));

		while (slots[at % SLOTS] != 0)
			at++;
		slots[at % SLOTS] = (uint16_t)(e + 1);
	}
}

int event_find(const char *name, size_t len, int stream)
{
	pthread_once(&slots_once, fill_slots);
	for (uint32_t at = hash_name(name, len, stream); slots[at % SLOTS] != 0; at++) {
		unsigned e = slots[at % SLOTS] - 1u;

		if (event_is_decode((enum event)e) == !stream && strlen(rows[e].name) == len &&
		    memcmp(rows[e].name, name, len) == 0)
			return (int)e;
	}
	return -1;
}
