/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.h - commands over a socket: JSON objects, one a line, an answer to each.
 *
 * In: bytes of a client.  Out: answers; what a command does is its row's function.
 * A client begins with {"version": "0.2"}; then {"command": NAME, "arguments": {...}}.  Each gets
 * {"return": "OK" or "NOK", "message": ...}.  Clients of Suricata's socket (suricatasc) connect.
 * Not here: files and system calls (control_socket.h).
 *
 * Memory: a session is plain data of the caller's; nothing outlives a call but the line that is not whole.
 * Thread: the one that owns it.
 * Specification: Suricata's "unix-socket" protocol, versions 0.1 (answers without a newline) and 0.2.
 */
#ifndef WEIR_RUN_CONTROL_H
#define WEIR_RUN_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer line ends the session. */
#define CONTROL_LINE_MAX 4096
#define CONTROL_ERROR_BYTES 256

/*
 * Do it: arguments is an object or NULL.  The message of the answer, a new reference; or NULL
 * with the reason in error.
 */
typedef json_t *(*control_fn)(void *ctx, const json_t *arguments, char error[CONTROL_ERROR_BYTES]);

/*
 * Begin it: the answer comes later, by control_settle() with the ticket.  False: refused, the reason is in error.
 * Until then the session takes no other command.
 */
typedef bool (*control_later_fn)(void *ctx, const json_t *arguments, uint64_t ticket,
				 char error[CONTROL_ERROR_BYTES]);

struct control_command {
	const char *name;
	const char *help;
	control_fn run; /* NULL: what follows */
	control_later_fn later;
};

struct control {
	const struct control_command *commands; /* "command-list" and "help" come by themselves */
	unsigned count;
	void *ctx;
};

struct control_session {
	char line[CONTROL_LINE_MAX];
	size_t len;
	bool greeted;
	bool newline; /* answers end with one: since 0.2 */
	uint64_t ticket; /* of the command that it waits for; 0: of none */
};

/* One answer, newline included; false: the client takes no more. */
typedef bool (*control_answer_fn)(void *ctx, const char *text, size_t len);

/* Bytes have come.  false: the session is over (it broke the protocol, or takes no answers). */
bool control_take(const struct control *c, struct control_session *s, const char *bytes, size_t len,
		  control_answer_fn answer, void *answer_ctx);

/* The answer that a session waits for; takes the reference to message (NULL: none).  false: as above. */
bool control_settle(struct control_session *s, bool ok, json_t *message, control_answer_fn answer,
		    void *answer_ctx);

#endif
