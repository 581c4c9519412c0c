/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtp.h - what a line of SMTP says (RFC 5321; BDAT: RFC 3030; AUTH: RFC 4954; STARTTLS: RFC 3207).
 *
 * In: a line without its end (line.h).  Out: command and argument, reply code and text, the path of MAIL
 * and RCPT, a BDAT's size.
 * Not here: which reply belongs to which command (engine/app), the message (mime.h).
 *
 * Memory: slices of the line.
 * Thread: any.
 */
#ifndef WEIR_PROTO_SMTP_H
#define WEIR_PROTO_SMTP_H

#include "engine/base/bytes.h"

enum smtp_verb {
	SMTP_OTHER,
	SMTP_HELO,
	SMTP_EHLO,
	SMTP_MAIL,
	SMTP_RCPT,
	SMTP_DATA,
	SMTP_BDAT,
	SMTP_RSET,
	SMTP_STARTTLS,
	SMTP_AUTH,
	SMTP_VRFY,
	SMTP_EXPN,
	SMTP_HELP,
	SMTP_NOOP,
	SMTP_QUIT,
	SMTP_VERB__COUNT
};

struct smtp_command {
	enum smtp_verb verb;
	struct bytes name; /* as written */
	struct bytes argument; /* without blanks around it */
};

/* False: an empty line. */
bool smtp_command_read(struct bytes line, struct smtp_command *out);

/* "FROM:<a@b> SIZE=1" and "TO:<a@b>": the path with its brackets; false: not of this form. */
bool smtp_path_read(struct bytes argument, const char *word, struct bytes *out);

/* "86 LAST"; false: no number, or one past 32 bits. */
bool smtp_bdat_read(struct bytes argument, uint32_t *size, bool *is_last);

struct smtp_reply {
	unsigned code; /* 0: the line has none */
	struct bytes text;
	bool more; /* "250-": further lines of the reply follow */
};

void smtp_reply_read(struct bytes line, struct smtp_reply *out);

#endif
