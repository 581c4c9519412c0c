/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes from a client of the control socket, in pieces: the same answers however they are cut, each of them
 * a JSON object.  The first byte says where to cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEARD_MAX (1u << 20)

struct heard {
	char *text;
	size_t len;
};

static json_t *echo(void *ctx, const json_t *arguments, char *error)
{
	(void)ctx;
	(void)error;
	return arguments ? json_deep_copy(arguments) : json_null();
}

static bool hear(void *ctx, const char *text, size_t len)
{
	struct heard *h = ctx;
	json_t *answer = json_loadb(text, len, 0, NULL);

	if (!json_is_object(answer) || !json_is_string(json_object_get(answer, "return")))
		abort();
	json_decref(answer);
	if (len > HEARD_MAX - h->len)
		return false;
	memcpy(h->text + h->len, text, len);
	h->len += len;
	return true;
}

static bool play(const uint8_t *data, size_t size, size_t step, struct heard *h)
{
	static const struct control_command commands[] = { { "echo", "", echo, NULL } };
	const struct control control = { .commands = commands, .count = 1 };
	struct control_session *s = calloc(1, sizeof(*s));
	bool on = s != NULL;

	for (size_t at = 0; on && at < size; at += step) {
		size_t n = size - at < step ? size - at : step;

		on = control_take(&control, s, (const char *)data + at, n, hear, h);
	}
	free(s);
	return on;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct heard whole = { .text = malloc(HEARD_MAX) }, cut = { .text = malloc(HEARD_MAX) };
	size_t step = size ? data[0] + 1u : 1;

	if (size > 0 && whole.text && cut.text) {
		bool a = play(data + 1, size - 1, size, &whole);
		bool b = play(data + 1, size - 1, step, &cut);

		if (a != b || whole.len != cut.len || memcmp(whole.text, cut.text, cut.len) != 0)
			abort();
	}
	free(whole.text);
	free(cut.text);
	return 0;
}
