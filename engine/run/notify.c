/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int64_t watchdog_ns(void)
{
	const char *pid = getenv("WATCHDOG_PID"), *usec = getenv("WATCHDOG_USEC");
	char *end;
	unsigned long long v;

	if (!usec || (pid && strtoull(pid, &end, 10) != (unsigned long long)getpid()))
		return 0;
	v = strtoull(usec, &end, 10);
	return *end == '\0' && v < 1ull << 50 ? (int64_t)v * 1000 : 0;
}

int notify_open(struct notify *n)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len;
	int err;

	*n = (struct notify){ .fd = -1 };
	if (!path || !*path)
		return 0;
	len = strlen(path);
	/* A path, or a name of the abstract space behind '@'. */
	if ((path[0] != '/' && path[0] != '@') || len >= sizeof(addr.sun_path))
		return -EINVAL;
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')
		addr.sun_path[0] = '\0';
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (n->fd < 0)
		return -errno;
	if (connect(n->fd, (struct sockaddr *)&addr,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len))) {
		err = -errno;
		notify_close(n);
		return err;
	}
	n->interval_ns = watchdog_ns() / 2;
	return 0;
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

static void say(const struct notify *n, const char *text)
{
	/* A manager that does not listen is no reason to stop. */
	if (n->fd >= 0 && send(n->fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		return;
}

void notify_ready(struct notify *n, const char *status)
{
	char text[512];

	snprintf(text, sizeof(text), "READY=1\nMAINPID=%ld\nSTATUS=%s\n", (long)getpid(), status);
	say(n, text);
}

void notify_status(struct notify *n, const char *status)
{
	char text[512];

	snprintf(text, sizeof(text), "STATUS=%s\n", status);
	say(n, text);
}

void notify_stopping(struct notify *n)
{
	say(n, "STOPPING=1\nSTATUS=stopping\n");
}

void notify_alive(struct notify *n, int64_t now_ns)
{
	if (n->interval_ns == 0 || now_ns < n->next_ns)
		return;
	n->next_ns = now_ns + n->interval_ns;
	say(n, "WATCHDOG=1\n");
}
