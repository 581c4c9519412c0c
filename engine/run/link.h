/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - what the supervisor asks of its engine while it runs, and the answers: messages with descriptors.
 *
 * In and out: one message at a time over a pair of sockets, whole or not at all.  The engine, which may open
 * nothing itself, gets new rules and new files this way.
 * The supervisor never waits; the engine's thread does.  Nothing in a message is trusted by the supervisor but
 * its length.
 * Not here: what a message makes happen (generation.h in the engine, reload.h in the supervisor).
 *
 * Memory: the caller's.  Descriptors that come belong to whoever takes them.
 * Thread: one an end.
 */
#ifndef WEIR_RUN_LINK_H
#define WEIR_RUN_LINK_H

#include <stddef.h>
#include <stdint.h>

#define LINK_TEXT_BYTES 32768u
#define LINK_FDS_MAX 20

enum link_op {
	LINK_NONE,
	LINK_RULES, /* fds: the block, the lists; text: struct link_rules.  Answered when all workers have them */
	LINK_FILES, /* fds: the outputs' files, opened again.  Answered */
	LINK_ASK, /* text: a command with its arguments, JSON; perhaps a file to write to.  Answered: JSON */
};

struct link_message {
	uint32_t op; /* enum link_op */
	int32_t status; /* of an answer: 0 or -errno */
	uint64_t ticket; /* the asker's; comes back */
	uint32_t len; /* bytes of text */
	uint32_t fds;
	int fd[LINK_FDS_MAX];
	char text[LINK_TEXT_BYTES];
};

/* Returns 0 or -errno.  pair[0]: the supervisor's. */
int link_open(int pair[2]);
/* The text is m->text[0..len).  Returns 0 or -errno (-EAGAIN: the other side does not take it). */
int link_send(int fd, const struct link_message *m);
/* Returns 1: there is one; 0: none now; -EPIPE: the other side is gone; -errno. */
int link_receive(int fd, struct link_message *out);
/* Close those that came with a message and were not taken (-1). */
void link_drop_fds(struct link_message *m);

#endif
