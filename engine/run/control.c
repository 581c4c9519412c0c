/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/control.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer {
	struct control_session *session;
	control_answer_fn send;
	void *ctx;
};

/* Takes the reference to message. */
static bool answer(const struct answer *a, bool ok, json_t *message)
{
	json_t *reply = json_object();
	char *text = NULL;
	bool sent = false;

	if (message)
		json_object_set_new(reply, "message", message);
	json_object_set_new(reply, "return", json_string(ok ? "OK" : "NOK"));
	text = json_dumps(reply, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(reply);
	if (text) {
		size_t len = strlen(text);

		/* The zero byte's place serves the newline. */
		if (a->session->newline)
			text[len++] = '\n';
		sent = a->send(a->ctx, text, len);
	}
	free(text);
	return sent;
}

static bool refuse(const struct answer *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static bool refuse(const struct answer *a, const char *format, ...)
{
	char text[CONTROL_ERROR_BYTES + 128];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return answer(a, false, json_string(text));
}

static json_t *command_names(const struct control *c)
{
	json_t *names = json_array(), *list = json_object();

	json_array_append_new(names, json_string("command-list"));
	json_array_append_new(names, json_string("help"));
	for (unsigned i = 0; i < c->count; i++)
		json_array_append_new(names, json_string(c->commands[i].name));
	json_object_set_new(list, "count", json_integer((json_int_t)json_array_size(names)));
	json_object_set_new(list, "commands", names);
	return list;
}

static json_t *help(const struct control *c)
{
	json_t *texts = json_object();

	json_object_set_new(texts, "command-list", json_string("the names of all commands"));
	json_object_set_new(texts, "help", json_string("what each command does"));
	for (unsigned i = 0; i < c->count; i++)
		json_object_set_new(texts, c->commands[i].name, json_string(c->commands[i].help));
	return texts;
}

static bool greet(const struct answer *a, const json_t *line)
{
	const char *version = json_string_value(json_object_get(line, "version"));

	if (!version || (strcmp(version, "0.1") != 0 && strcmp(version, "0.2") != 0)) {
		refuse(a, "expected {\"version\": \"0.2\"} first");
		return false;
	}
	a->session->greeted = true;
	a->session->newline = strcmp(version, "0.1") != 0;
	return answer(a, true, NULL);
}

static bool begin(const struct control *c, const struct answer *a, const struct control_command *of,
		  const json_t *arguments)
{
	static uint64_t last;
	char error[CONTROL_ERROR_BYTES] = "it failed";

	a->session->ticket = ++last;
	if (of->later(c->ctx, arguments, a->session->ticket, error))
		return true;
	a->session->ticket = 0;
	return refuse(a, "%s", error);
}

bool control_settle(struct control_session *s, bool ok, json_t *message, control_answer_fn send,
		    void *ctx)
{
	struct answer a = { .session = s, .send = send, .ctx = ctx };

	s->ticket = 0;
	return answer(&a, ok, message);
}

static bool command(const struct control *c, const struct answer *a, const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "command"));
	const json_t *arguments = json_object_get(line, "arguments");
	char error[CONTROL_ERROR_BYTES] = "it failed";

	if (a->session->ticket)
		return refuse(a, "the last command is still being worked on");
	if (!name)
		return refuse(a, "expected {\"command\": NAME}");
	if (arguments && !json_is_object(arguments))
		return refuse(a, "expected an object of arguments");
	if (strcmp(name, "command-list") == 0)
		return answer(a, true, command_names(c));
	if (strcmp(name, "help") == 0)
		return answer(a, true, help(c));
	for (unsigned i = 0; i < c->count; i++) {
		json_t *message;

		if (strcmp(name, c->commands[i].name) != 0)
			continue;
		if (!c->commands[i].run)
			return begin(c, a, &c->commands[i], arguments);
		message = c->commands[i].run(c->ctx, arguments, error);
		return message ? answer(a, true, message) : refuse(a, "%s", error);
	}
	return refuse(a, "Unknown command");
}

static bool take_line(const struct control *c, const struct answer *a, const char *text, size_t len)
{
	json_error_t why;
	json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	bool go_on;

	if (!json_is_object(line)) {
		json_decref(line);
		/* What a client meant is not guessed; but a slip of the hand does not end its session. */
		return refuse(a, "expected a JSON object on a line") && a->session->greeted;
	}
	go_on = a->session->greeted ? command(c, a, line) : greet(a, line);
	json_decref(line);
	return go_on;
}

/* Clients of version 0.1 send no newline: the line ends where the object does. */
static bool is_whole(const struct control_session *s)
{
	json_t *line = json_loadb(s->line, s->len, 0, NULL);
	bool whole = json_is_object(line);

	json_decref(line);
	return whole;
}

bool control_take(const struct control *c, struct control_session *s, const char *bytes, size_t len,
		  control_answer_fn send, void *ctx)
{
	struct answer a = { .session = s, .send = send, .ctx = ctx };

	for (size_t i = 0; i < len; i++) {
		bool ends = bytes[i] == '\n';
		size_t whole;

		if (!ends) {
			if (s->len == sizeof(s->line))
				return false;
			s->line[s->len++] = bytes[i];
			ends = bytes[i] == '}' && !s->newline && is_whole(s);
		}
		if (!ends)
			continue;
		whole = s->len;
		s->len = 0;
		/* An empty line is nothing. */
		if (whole > 0 && !take_line(c, &a, s->line, whole))
			return false;
	}
	return true;
}
