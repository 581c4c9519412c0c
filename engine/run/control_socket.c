/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/control_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int address_of(const char *path, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(out->sun_path))
		return -ENAMETOOLONG;
	strcpy(out->sun_path, path);
	return 0;
}

/* Does a process listen there? */
static bool is_alive(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive;

	if (fd < 0)
		return true;
	alive = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ||
		errno != ECONNREFUSED;
	close(fd);
	return alive;
}

static int bind_to(int fd, const char *path)
{
	struct sockaddr_un addr;
	struct stat st;
	mode_t mask;
	int err = address_of(path, &addr);

	if (err)
		return err;
	if (lstat(path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode) || is_alive(&addr))
			return -EADDRINUSE;
		unlink(path);
	}
	/* The file has its mode from the first moment on. */
	mask = umask(0117);
	err = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
	umask(mask);
	return err;
}

int control_socket_open(const char *path, const struct control *control,
			struct control_socket **out)
{
	struct control_socket *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->control = *control;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		s->client[i].fd = -1;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	err = s->fd < 0 ? -errno : bind_to(s->fd, path);
	if (!err) {
		s->path = strdup(path);
		err = !s->path ? -ENOMEM : listen(s->fd, CONTROL_CLIENTS) ? -errno : 0;
	}
	if (err)
		control_socket_close(s);
	else
		*out = s;
	return err;
}

static void hang_up(struct control_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	free(client->out);
	*client = (struct control_client){ .fd = -1 };
}

void control_socket_leave(struct control_socket *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++)
		hang_up(&s->client[i]);
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
	free(s);
}

void control_socket_close(struct control_socket *s)
{
	if (s && s->path)
		unlink(s->path);
	control_socket_leave(s);
}

unsigned control_socket_polls(const struct control_socket *s, struct pollfd *out)
{
	unsigned n = 0;

	out[n++] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		const struct control_client *client = &s->client[i];

		if (client->fd >= 0)
			out[n++] = (struct pollfd){ .fd = client->fd,
						    .events = client->out ? POLLOUT : POLLIN };
	}
	return n;
}

static void greet_clients(struct control_socket *s)
{
	int fd;

	while ((fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		unsigned i = 0;

		while (i < CONTROL_CLIENTS && s->client[i].fd >= 0)
			i++;
		if (i == CONTROL_CLIENTS) {
			close(fd);
			continue;
		}
		s->client[i] = (struct control_client){ .fd = fd };
	}
}

static bool answer(void *ctx, const char *text, size_t len)
{
	struct control_client *client = ctx;
	ssize_t n;

	if (client->out)
		return false;
	n = send(client->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN)
		return false;
	if (n == (ssize_t)len)
		return true;
	client->out_done = 0;
	client->out_len = len - (n > 0 ? (size_t)n : 0);
	client->out = malloc(client->out_len);
	if (client->out)
		memcpy(client->out, text + (n > 0 ? n : 0), client->out_len);
	return client->out != NULL;
}

/* False: the client is gone. */
static bool send_rest(struct control_client *client)
{
	ssize_t n = send(client->fd, client->out + client->out_done,
			 client->out_len - client->out_done, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	client->out_done += (size_t)n;
	if (client->out_done == client->out_len) {
		free(client->out);
		client->out = NULL;
	}
	return true;
}

void control_socket_settle(struct control_socket *s, uint64_t ticket, bool ok, json_t *message)
{
	for (unsigned i = 0; s && ticket && i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &s->client[i];

		if (client->fd < 0 || client->session.ticket != ticket)
			continue;
		if (!control_settle(&client->session, ok, message, answer, client))
			hang_up(client);
		return;
	}
	json_decref(message);
}

static void serve_client(struct control_socket *s, struct control_client *client)
{
	char bytes[CONTROL_LINE_MAX];
	ssize_t n;

	if (client->out) {
		if (!send_rest(client))
			hang_up(client);
		return;
	}
	n = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 ||
	    !control_take(&s->control, &client->session, bytes, (size_t)n, answer, client))
		hang_up(client);
}

void control_socket_serve(struct control_socket *s)
{
	greet_clients(s);
	for (unsigned i = 0; i < CONTROL_CLIENTS; i++) {
		if (s->client[i].fd >= 0)
			serve_client(s, &s->client[i]);
	}
}
