/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket's protocol: what each line is answered, however it is cut; and the socket itself. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/run/control_socket.h"
#include "tests/unit/guard.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

#define HELLO "{\"version\": \"0.2\"}\n"
#define OK "{\"return\":\"OK\"}\n"
#define NOK(text) "{\"message\":\"" text "\",\"return\":\"NOK\"}\n"

static const struct {
	const char *say, *hear;
	bool goes_on;
} rows[] = {
	{ HELLO, OK, true },
	{ "{\"version\":\"0.1\"}", "{\"return\":\"OK\"}", true },
	{ "{\"version\":\"0.1\"}{\"command\":\"echo\"}",
	  "{\"return\":\"OK\"}{\"message\":\"nothing\",\"return\":\"OK\"}", true },
	{ "{\"version\":\"0.3\"}\n",
	  "{\"message\":\"expected {\\\"version\\\": \\\"0.2\\\"} first\",\"return\":\"NOK\"}",
	  false },
	{ "{\"command\":\"echo\"}\n",
	  "{\"message\":\"expected {\\\"version\\\": \\\"0.2\\\"} first\",\"return\":\"NOK\"}",
	  false },
	{ "hello\n", "{\"message\":\"expected a JSON object on a line\",\"return\":\"NOK\"}",
	  false },
	{ HELLO "{\"command\":\"echo\",\"arguments\":{\"text\":\"a b\"}}\n",
	  OK "{\"message\":\"a b\",\"return\":\"OK\"}\n", true },
	{ HELLO "{\"command\":\"fail\"}\n", OK NOK("it did not"), true },
	{ HELLO "{\"command\":\"none\"}\n", OK NOK("Unknown command"), true },
	{ HELLO "{}\n", OK NOK("expected {\\\"command\\\": NAME}"), true },
	{ HELLO "{\"command\":1}\n", OK NOK("expected {\\\"command\\\": NAME}"), true },
	{ HELLO "{\"command\":\"echo\",\"arguments\":[]}\n",
	  OK NOK("expected an object of arguments"), true },
	/* A slip does not end the session. */
	{ HELLO "what\n\n{\"command\":\"echo\"}\n",
	  OK NOK("expected a JSON object on a line") "{\"message\":\"nothing\",\"return\":\"OK\"}\n",
	  true },
	{ HELLO "[1]\n", OK NOK("expected a JSON object on a line"), true },
	{ HELLO "{\"command\":\"command-list\"}\n",
	  OK
	  "{\"message\":{\"count\":4,\"commands\":[\"command-list\",\"help\",\"echo\",\"fail\"]},"
	  "\"return\":\"OK\"}\n",
	  true },
	{ HELLO "{\"command\":\"echo\",\"command\":\"fail\"}\n",
	  OK NOK("expected a JSON object on a line"), true },
	/* Not yet whole: no answer. */
	{ HELLO "{\"command\":\"echo\"}", OK, true },
};

static json_t *echo(void *ctx, const json_t *arguments, char *error)
{
	const char *text = json_string_value(json_object_get(arguments, "text"));

	(void)ctx;
	(void)error;
	return json_string(text ? text : "nothing");
}

static json_t *refuse(void *ctx, const json_t *arguments, char *error)
{
	(void)ctx;
	(void)arguments;
	snprintf(error, CONTROL_ERROR_BYTES, "it did not");
	return NULL;
}

static const struct control_command commands[] = {
	{ "echo", "text: say it again", echo, NULL },
	{ "fail", "never works", refuse, NULL },
};
static const struct control control = { .commands = commands, .count = ROWS(commands) };

struct heard {
	char text[4096];
	size_t len;
};

static bool hear(void *ctx, const char *text, size_t len)
{
	struct heard *h = ctx;

	if (len > sizeof(h->text) - 1 - h->len)
		return false;
	memcpy(h->text + h->len, text, len);
	h->len += len;
	h->text[h->len] = '\0';
	return true;
}

/* Each row whole, then cut at every byte, then byte by byte. */
static void lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		size_t len = strlen(rows[i].say);

		for (size_t cut = 0; cut <= len + 1; cut++) {
			struct control_session s = { .len = 0 };
			struct heard h = { .len = 0 };
			bool on = true;
			size_t step = cut > len ? 1 : len;

			for (size_t at = 0; on && at < len;) {
				size_t n = cut && at < cut && cut <= len ? cut - at : step;
				const void *copy;

				n = n > len - at ? len - at : n;
				copy = guard_copy(rows[i].say + at, n);
				on = control_take(&control, &s, copy, n, hear, &h);
				at += n;
			}
			if (strcmp(h.text, rows[i].hear) != 0 || on != rows[i].goes_on)
				print_message("row %zu, cut at %zu\n", i, cut);
			assert_string_equal(h.text, rows[i].hear);
			assert_int_equal(on, rows[i].goes_on);
		}
	}
	guard_free_all();
}

/* A line without an end is not kept for ever. */
static void long_lines(void **state)
{
	struct control_session s = { .len = 0 };
	struct heard h = { .len = 0 };
	char text[CONTROL_LINE_MAX + 1];

	(void)state;
	memset(text, ' ', sizeof(text));
	assert_true(control_take(&control, &s, text, CONTROL_LINE_MAX, hear, &h));
	assert_false(control_take(&control, &s, text, 1, hear, &h));
}

/* --- answers that come later ------------------------------------------------------------------------ */

static uint64_t waits;

static bool wait_for_it(void *ctx, const json_t *arguments, uint64_t ticket, char *error)
{
	(void)ctx;
	if (json_object_get(arguments, "no")) {
		snprintf(error, CONTROL_ERROR_BYTES, "not now");
		return false;
	}
	waits = ticket;
	return true;
}

static const struct control_command slow_commands[] = {
	{ "wait", "its answer comes later", NULL, wait_for_it },
};
static const struct control slow = { .commands = slow_commands, .count = ROWS(slow_commands) };

static void say(struct control_session *s, struct heard *h, const char *text)
{
	h->len = 0;
	h->text[0] = '\0';
	assert_true(control_take(&slow, s, text, strlen(text), hear, h));
}

static void a_session_waits(void **state)
{
	struct control_session s = { .len = 0 };
	struct heard h = { .len = 0 };

	(void)state;
	say(&s, &h, HELLO);
	say(&s, &h, "{\"command\":\"wait\"}\n");
	assert_string_equal(h.text, "");
	assert_int_equal(s.ticket, waits);
	assert_true(waits != 0);
	/* Answers do not pass one another. */
	say(&s, &h, "{\"command\":\"wait\"}\n");
	assert_string_equal(h.text, NOK("the last command is still being worked on"));
	h.len = 0;
	assert_true(control_settle(&s, true, json_string("done"), hear, &h));
	assert_string_equal(h.text, "{\"message\":\"done\",\"return\":\"OK\"}\n");
	say(&s, &h, "{\"command\":\"wait\",\"arguments\":{\"no\":1}}\n");
	assert_string_equal(h.text, NOK("not now"));
	assert_int_equal(s.ticket, 0);
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void sockets(void **state)
{
	struct control_socket *s = NULL, *second = NULL;
	char folder[] = "/tmp/weir-control-XXXXXX", path[64], text[256] = "";
	struct pollfd polls[CONTROL_POLLS];
	struct stat st;
	int fd[CONTROL_CLIENTS + 1];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	assert_int_equal(control_socket_open(path, &control, &s), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	/* Somebody listens: it is not taken from them. */
	assert_int_equal(control_socket_open(path, &control, &second), -EADDRINUSE);

	fd[0] = connect_to(path);
	assert_true(fd[0] >= 0);
	assert_int_equal(write(fd[0], HELLO, strlen(HELLO)), strlen(HELLO));
	control_socket_serve(s);
	assert_int_equal(control_socket_polls(s, polls), 2);
	assert_int_equal(read(fd[0], text, sizeof(text) - 1), strlen(OK));
	assert_string_equal(text, OK);

	/* Beyond the limit a client is turned away, the others stay. */
	for (unsigned i = 1; i <= CONTROL_CLIENTS; i++) {
		fd[i] = connect_to(path);
		assert_true(fd[i] >= 0);
		control_socket_serve(s);
	}
	assert_int_equal(control_socket_polls(s, polls), CONTROL_POLLS);
	assert_int_equal(read(fd[CONTROL_CLIENTS], text, 1), 0);
	/* One that leaves makes room. */
	close(fd[0]);
	control_socket_serve(s);
	assert_int_equal(control_socket_polls(s, polls), CONTROL_POLLS - 1);
	for (unsigned i = 1; i <= CONTROL_CLIENTS; i++)
		close(fd[i]);
	control_socket_close(s);
	assert_int_equal(stat(path, &st), -1);

	/* A file that was left behind is replaced; what is no socket is not. */
	assert_int_equal(control_socket_open(path, &control, &s), 0);
	control_socket_leave(s);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(control_socket_open(path, &control, &s), 0);
	control_socket_close(s);
	fclose(fopen(path, "w"));
	assert_int_equal(control_socket_open(path, &control, &s), -EADDRINUSE);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* Longer than the socket takes at once: the client gets it as it reads, nothing waits. */
static void long_answers(void **state)
{
	enum { BYTES = 4 << 20 };
	struct control_socket *s = NULL;
	char folder[] = "/tmp/weir-control-XXXXXX", path[64], *text = malloc(BYTES + 1);
	struct pollfd polls[CONTROL_POLLS];
	size_t have = 0;
	int fd;

	(void)state;
	assert_non_null(text);
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	assert_int_equal(control_socket_open(path, &slow, &s), 0);
	fd = connect_to(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, HELLO, strlen(HELLO)), strlen(HELLO));
	control_socket_serve(s);
	assert_int_equal(read(fd, text, BYTES), strlen(OK));
	assert_true(write(fd, "{\"command\":\"wait\"}\n", 19) == 19);
	control_socket_serve(s);
	memset(text, 'x', BYTES);
	text[BYTES] = '\0';
	control_socket_settle(s, waits + 1, true, json_string("nobody's"));
	control_socket_settle(s, waits, true, json_string(text));
	control_socket_polls(s, polls);
	assert_int_equal(polls[1].events, POLLOUT);
	while (have == 0 || text[(have - 1) % BYTES] != '\n') {
		ssize_t n = recv(fd, text, BYTES, MSG_DONTWAIT);

		control_socket_serve(s);
		if (n < 0)
			continue;
		assert_true(n > 0);
		have += (size_t)n;
		if (text[n - 1] == '\n')
			break;
	}
	assert_int_equal(have, BYTES + strlen("{\"message\":\"\",\"return\":\"OK\"}\n"));
	control_socket_polls(s, polls);
	assert_int_equal(polls[1].events, POLLIN);
	close(fd);
	control_socket_close(s);
	rmdir(folder);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),	   cmocka_unit_test(long_lines),
		cmocka_unit_test(a_session_waits), cmocka_unit_test(long_answers),
		cmocka_unit_test(sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
