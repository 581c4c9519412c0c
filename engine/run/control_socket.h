/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_socket.h - the control socket: its file, its clients.
 *
 * In: a path.  Out: control_take() for what each client says, answers to it.
 * A client that does not read an answer gets no other one, and is disconnected; beyond CONTROL_CLIENTS new ones are.
 *
 * Memory: a session a client, made at start.
 * Thread: the one that owns it; nothing waits.
 */
#ifndef WEIR_RUN_CONTROL_SOCKET_H
#define WEIR_RUN_CONTROL_SOCKET_H

#include <poll.h>

#include "engine/run/control.h"

#define CONTROL_CLIENTS 16
#define CONTROL_POLLS (1 + CONTROL_CLIENTS)

struct control_client {
	int fd; /* -1: free */
	char *out; /* of an answer, what the client has not taken yet; NULL: nothing */
	size_t out_len, out_done;
	struct control_session session;
};

struct control_socket {
	struct control control;
	int fd;
	char *path;
	struct control_client client[CONTROL_CLIENTS];
};

/*
 * Bind and listen, with mode 0660; a file that nobody listens at any more is replaced.  Returns 0 or -errno
 * (-EADDRINUSE: somebody does).
 */
int control_socket_open(const char *path, const struct control *control,
			struct control_socket **out);
/* Also removes the file; NULL is fine. */
void control_socket_close(struct control_socket *s);
/* In a child: the descriptors alone. */
void control_socket_leave(struct control_socket *s);

/* Fill in what to poll for, at most CONTROL_POLLS; returns how many. */
unsigned control_socket_polls(const struct control_socket *s, struct pollfd *out);
/* What a client waits for (control_settle()); one that is gone is left out.  Takes the reference to message. */
void control_socket_settle(struct control_socket *s, uint64_t ticket, bool ok, json_t *message);
/* After poll(): do what there is to do. */
void control_socket_serve(struct control_socket *s);

#endif
