/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/run/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEADER_BYTES offsetof(struct link_message, fd)

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(LINK_FDS_MAX * sizeof(int))];
};

int link_open(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) ? -errno
											   : 0;
}

int link_send(int fd, const struct link_message *m)
{
	struct iovec parts[2] = { { .iov_base = (void *)m, .iov_len = HEADER_BYTES },
				  { .iov_base = (void *)m->text, .iov_len = m->len } };
	struct msghdr h = { .msg_iov = parts, .msg_iovlen = 2 };
	union control control = { .bytes = { 0 } };
	ssize_t n;

	if (m->fds) {
		struct cmsghdr *c;

		h.msg_control = control.bytes;
		h.msg_controllen = CMSG_SPACE(m->fds * sizeof(int));
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(m->fds * sizeof(int));
		memcpy(CMSG_DATA(c), m->fd, m->fds * sizeof(int));
	}
	do
		n = sendmsg(fd, &h, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

void link_drop_fds(struct link_message *m)
{
	for (unsigned i = 0; i < m->fds && i < LINK_FDS_MAX; i++) {
		if (m->fd[i] >= 0)
			close(m->fd[i]);
	}
	m->fds = 0;
}

/* Whatever the header says, so many came. */
static void take_fds(struct msghdr *h, struct link_message *out)
{
	out->fds = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		out->fds = (uint32_t)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		if (out->fds > LINK_FDS_MAX)
			out->fds = LINK_FDS_MAX;
		memcpy(out->fd, CMSG_DATA(c), out->fds * sizeof(int));
	}
}

int link_receive(int fd, struct link_message *out)
{
	struct iovec parts[2] = { { .iov_base = out, .iov_len = HEADER_BYTES },
				  { .iov_base = out->text, .iov_len = LINK_TEXT_BYTES } };
	union control control;
	struct msghdr h = { .msg_iov = parts,
			    .msg_iovlen = 2,
			    .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(fd, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (n == 0)
		return -EPIPE;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0
		       : errno == ECONNRESET		 ? -EPIPE
							 : -errno;
	take_fds(&h, out);
	if ((size_t)n < HEADER_BYTES || (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
	    out->len != (size_t)n - HEADER_BYTES) {
		link_drop_fds(out);
		return -EBADMSG;
	}
	return 1;
}
