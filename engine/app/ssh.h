/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh.h - SSH in a flow: one transaction, with what each side says of itself before its keys.
 *
 * In: the flow's bytes (engine/app/app.h), read by engine/proto/ssh.h.  Out: for rules the ssh.* buffers, for
 * records protocol and software version, and hassh.
 *
 * Memory: the transaction's.  Thread: the worker's.
 */
#ifndef WEIR_APP_SSH_H
#define WEIR_APP_SSH_H

#include "engine/app/app.h"

/* Hexadecimal digits of an MD5. */
#define SSH_HASSH_LEN 32

/* Steps of a direction. */
enum ssh_progress { SSH_STARTED, SSH_BANNER_DONE, SSH_KEXINIT_DONE, SSH_FINISHED };

struct ssh_side {
	struct app_text proto, software; /* "2.0", "OpenSSH_9.2p1" */
	struct app_text lists; /* what hassh is the digest of */
	char hassh[SSH_HASSH_LEN];
	bool has_hassh;
};

struct ssh_tx {
	struct app_tx tx;
	struct ssh_side side[2]; /* 0: client */
	bool log_hassh;
};

extern const struct app_protocol app_ssh;

#endif
