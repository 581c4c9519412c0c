/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ftp.h - FTP in a flow: a transaction for each command with the replies to it; and its data connections.
 *
 * In: the flow's bytes (engine/app/app.h), lines read by engine/proto/ftp.h.  Out: for rules the ftp.* buffers, for
 * records commands, replies and the endpoint that they agree on; of a data connection the file.
 * A data connection is known before it begins: the command that it serves says so (expect.h).
 *
 * Memory: the transaction's.  Thread: the worker's.
 */
#ifndef WEIR_APP_FTP_H
#define WEIR_APP_FTP_H

#include "engine/app/app.h"
#include "engine/proto/ftp.h"

#define FTP_LINE_MAX 4096u /* a longer line is cut there: an event; app_options.ftp_line_max */
#define FTP_REPLIES_MAX 256u /* lines of a reply that are kept */

enum ftp_progress { FTP_STARTED, FTP_DONE };

struct ftp_reply_line {
	struct ftp_reply_line *next;
	struct bytes code, text; /* code empty: the line goes on with a reply */
};

struct ftp_tx {
	struct app_tx tx;
	struct app_text line; /* the command's, that name and argument are slices of */
	struct ftp_command command; /* name empty: a reply that no command asked for */
	bool command_truncated, reply_truncated, reply_received;
	bool active; /* the client waits for the connection */
	bool bounce; /* PORT and EPRT: to a third party */
	uint16_t dynamic_port; /* 0: none was agreed on */
	unsigned replies;
	struct ftp_reply_line *first, *last;
};

/* The transaction of a data connection. */
struct ftp_data_tx {
	struct app_tx tx;
	struct app_file *file; /* NULL: a listing */
	bool began;
	uint8_t dir; /* of the side that sends */
	struct bytes filename;
	enum ftp_verb verb;
};

extern const struct app_protocol app_ftp;
extern const struct app_protocol app_ftp_data;

/* "RETR" */
const char *ftp_verb_name(enum ftp_verb v);

#endif
