/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/control_client.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX (16u << 20)
#define WAIT_S 10

static int connect_to(const char *path, unsigned wait_s)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval wait = { .tv_sec = (time_t)wait_s };
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int say(int fd, json_t *line)
{
	char *text = json_dumps(line, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0;
	ssize_t n;

	json_decref(line);
	if (!text)
		return -ENOMEM;
	text[len++] = '\n';
	n = send(fd, text, len, MSG_NOSIGNAL);
	free(text);
	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -EIO;
}

/* One line of an answer. */
static int hear(int fd, json_t **out)
{
	size_t len = 0, room = 64 << 10;
	char *text = malloc(room);
	int err = text ? 0 : -ENOMEM;

	*out = NULL;
	while (!err && (len == 0 || text[len - 1] != '\n')) {
		ssize_t n;

		if (len == room) {
			char *more = room < ANSWER_MAX ? realloc(text, room * 2) : NULL;

			if (!more) {
				err = -EMSGSIZE;
				break;
			}
			text = more;
			room *= 2;
		}
		n = recv(fd, text + len, room - len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			err = n ? (errno == EAGAIN ? -ETIMEDOUT : -errno) : -ECONNRESET;
		else
			len += (size_t)n;
	}
	if (!err) {
		*out = json_loadb(text, len, 0, NULL);
		err = *out ? 0 : -EBADMSG;
	}
	free(text);
	return err;
}

static json_t *value_of(const char *text)
{
	size_t len = strlen(text);

	if (len > 0 && len < 18 && strspn(text, "0123456789") == len)
		return json_integer(strtoll(text, NULL, 10));
	return json_string(text);
}

static json_t *request_of(const struct control_request *q)
{
	json_t *line = json_object(), *arguments = json_object();

	json_object_set_new(line, "command", json_string(q->command));
	for (unsigned i = 0; i < q->arguments; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)q->argument[i].name_len,
			 q->argument[i].name);
		json_object_set_new(arguments, name, value_of(q->argument[i].value));
	}
	json_object_set_new(line, "arguments", arguments);
	return line;
}

static void print(const struct control_request *q, const json_t *answer, FILE *out)
{
	const json_t *message = json_object_get(answer, "message");

	if (q->whole) {
		json_dumpf(answer, out, JSON_COMPACT);
		fputc('\n', out);
	} else if (json_is_string(message)) {
		fprintf(out, "%s\n", json_string_value(message));
	} else if (message) {
		json_dumpf(message, out, JSON_INDENT(2) | JSON_ENCODE_ANY);
		fputc('\n', out);
	}
}

static bool is_ok(const json_t *answer)
{
	const char *is = json_string_value(json_object_get(answer, "return"));

	return is && strcmp(is, "OK") == 0;
}

int control_ask(const struct control_request *q, FILE *out, char *error, size_t error_bytes)
{
	int fd = connect_to(q->path, q->wait_s ? q->wait_s : WAIT_S), err = fd < 0 ? fd : 0;
	json_t *answer = NULL;

	if (!err)
		err = say(fd, json_pack("{s:s}", "version", "0.2"));
	if (!err)
		err = hear(fd, &answer);
	if (!err && is_ok(answer)) {
		json_decref(answer);
		answer = NULL;
		err = say(fd, request_of(q));
		if (!err)
			err = hear(fd, &answer);
	}
	if (err) {
		snprintf(error, error_bytes, "%s: %s%s", q->path, strerror(-err),
			 err == -ENOENT || err == -ECONNREFUSED
				 ? "; nobody listens there: -s names another socket"
				 : "");
	} else if (!is_ok(answer)) {
		const json_t *message = json_object_get(answer, "message");
		const char *why = json_string_value(message);

		if (json_is_object(message)) {
			print(q, answer, out);
			why = json_string_value(json_object_get(message, "error"));
		}
		snprintf(error, error_bytes, "%s", why ? why : "refused");
		err = -EREMOTEIO;
	} else {
		print(q, answer, out);
	}
	json_decref(answer);
	if (fd >= 0)
		close(fd);
	return err;
}
