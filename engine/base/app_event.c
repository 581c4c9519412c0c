/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/app_event.h"

#include <string.h>

static const struct {
	const char *proto, *name;
} rows[APP_EVENT__COUNT] = {
#define ROW(id, proto, name) [APP_EVENT_##id] = { proto, name },
	APP_EVENT_LIST(ROW)
#undef ROW
};

const char *app_event_name(enum app_event e)
{
	return rows[e].name;
}

const char *app_event_proto(enum app_event e)
{
	return rows[e].proto;
}

int app_event_find(const char *name, size_t len)
{
	for (unsigned e = 0; e < APP_EVENT__COUNT; e++) {
		size_t proto = strlen(rows[e].proto), dot = proto ? 1 : 0;
		size_t rest = strlen(rows[e].name);

		if (len == proto + dot + rest && memcmp(name, rows[e].proto, proto) == 0 &&
		    (!dot || name[proto] == '.') &&
		    memcmp(name + proto + dot, rows[e].name, rest) == 0)
			return (int)e;
	}
	return -1;
}
