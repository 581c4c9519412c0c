/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/engine_ask.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(struct engine_asked *a, const char *why)
{
	int n = snprintf(a->out, a->room, "%s", why);

	a->out_len = n < 0 ? 0 : (size_t)n < a->room ? (size_t)n : a->room - 1;
	return -EINVAL;
}

int engine_ask(struct engine_asked *a)
{
	json_t *asked = json_loadb(a->text, a->len, 0, NULL);
	int status = refuse(a, "the engine does not know this command");

	json_decref(asked);
	return status;
}
