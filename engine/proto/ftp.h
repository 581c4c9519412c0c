/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ftp.h - what a line of FTP's control connection says (RFC 959; EPRT and EPSV: RFC 2428).
 *
 * In: a line without its end (line.h).  Out: command and argument, reply code and text, the
 * endpoint of a data connection.
 * Not here: which reply belongs to which command; data connections (engine/app).
 *
 * Memory: slices of the line.
 * Thread: any.
 */
#ifndef WEIR_PROTO_FTP_H
#define WEIR_PROTO_FTP_H

#include "engine/base/address.h"
#include "engine/base/bytes.h"

/* Commands that mean something for data connections; all others are FTP_OTHER. */
enum ftp_verb {
	FTP_OTHER,
	FTP_PORT,
	FTP_EPRT,
	FTP_PASV,
	FTP_EPSV,
	FTP_RETR,
	FTP_STOR,
	FTP_STOU,
	FTP_APPE,
	FTP_LIST,
	FTP_NLST,
	FTP_MLSD,
	FTP_AUTH,
	FTP_USER,
	FTP_QUIT,
	FTP_VERB__COUNT
};

struct ftp_command {
	struct bytes name; /* as written */
	struct bytes argument; /* without the blanks before it */
	enum ftp_verb verb;
};

/* False: an empty line. */
bool ftp_command_read(struct bytes line, struct ftp_command *out);

struct ftp_reply {
	struct bytes code; /* three digits; empty on a line that continues a reply */
	struct bytes text;
	unsigned number; /* 0 where there is no code */
	bool more; /* "220-": further lines follow, up to one with the code and a blank */
};

void ftp_reply_read(struct bytes line, struct ftp_reply *out);

/* Where a data connection is to be made. */
struct ftp_endpoint {
	struct ip_addr address; /* all zero where the line does not say (EPSV) */
	uint8_t ip_version; /* 4, 6; 0: not said */
	uint16_t port;
};

/* PORT's argument, "h1,h2,h3,h4,p1,p2". */
bool ftp_port_read(struct bytes argument, struct ftp_endpoint *out);
/* EPRT's argument, "|1|132.235.1.2|6275|". */
bool ftp_eprt_read(struct bytes argument, struct ftp_endpoint *out);
/* The text of a 227 reply: six numbers somewhere in it. */
bool ftp_pasv_read(struct bytes text, struct ftp_endpoint *out);
/* The text of a 229 reply: "(|||6446|)". */
bool ftp_epsv_read(struct bytes text, struct ftp_endpoint *out);

#endif
