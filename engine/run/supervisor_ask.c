/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/supervisor_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/run/engine_sets.h"
#include "engine/run/supervisor.h"

static bool put_command(struct link_message *m, const char *command, const json_t *arguments)
{
	json_t *line = json_pack("{s:s}", "command", command);
	size_t len;

	if (arguments)
		json_object_set(line, "arguments", (json_t *)arguments);
	len = json_dumpb(line, m->text, sizeof(m->text), JSON_COMPACT);
	json_decref(line);
	m->len = (uint32_t)len;
	return len > 0 && len <= sizeof(m->text);
}

bool supervisor_ask(struct supervisor *s, const char *command, const json_t *arguments, int file,
		    uint64_t ticket, char error[CONTROL_ERROR_BYTES])
{
	struct link_message *m = &s->message;
	unsigned i = 0;
	int err;

	while (i < SUPERVISOR_ASKS && s->asks[i])
		i++;
	if (i == SUPERVISOR_ASKS || s->link < 0 || !s->ready) {
		snprintf(error, CONTROL_ERROR_BYTES, "the engine cannot be asked now");
		return false;
	}
	*m = (struct link_message){ .op = LINK_ASK, .ticket = ticket };
	if (!put_command(m, command, arguments)) {
		snprintf(error, CONTROL_ERROR_BYTES, "the command is too long");
		return false;
	}
	if (file >= 0) {
		m->fd[0] = file;
		m->fds = 1;
	}
	err = link_send(s->link, m);
	if (err) {
		snprintf(error, CONTROL_ERROR_BYTES, "the engine: %s", strerror(-err));
		return false;
	}
	s->asks[i] = ticket;
	return true;
}

void supervisor_ask_answered(struct supervisor *s, const struct link_message *m)
{
	json_t *message = NULL;
	unsigned i = 0;

	while (i < SUPERVISOR_ASKS && (!s->asks[i] || s->asks[i] != m->ticket))
		i++;
	if (i == SUPERVISOR_ASKS)
		return;
	s->asks[i] = 0;
	if (!m->status && m->ticket == s->dump) {
		int n = engine_sets_save(s->sets, json_object_get(s->reload.report, "sets"));

		if (n < 0)
			message = json_sprintf("not every set could be written: %s", strerror(-n));
		s->dump = 0;
		control_socket_settle(s->control, m->ticket, n >= 0,
				      message ? message : json_string("datasets dump done"));
		return;
	}
	if (!m->status)
		message = json_loadb(m->text, m->len, JSON_DECODE_ANY, NULL);
	else
		message = json_stringn(m->text, m->len);
	control_socket_settle(s->control, m->ticket, m->status == 0 && message, message);
}

void supervisor_ask_gone(struct supervisor *s)
{
	for (unsigned i = 0; i < SUPERVISOR_ASKS; i++) {
		control_socket_settle(s->control, s->asks[i], false,
				      json_string("the engine died before it could answer"));
		s->asks[i] = 0;
	}
	s->dump = 0;
}
