/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh.h - one direction of SSH up to its keys: the identification line (RFC 4253, section 4.2) and the
 * binary packets before encryption (sections 6 and 7.1).
 *
 * In: the direction's bytes, in pieces of any size.  Out: the banner, the name-lists of SSH_MSG_KEXINIT
 * in pieces, the end of the handshake, and what is odd.
 * Not here: hassh (engine/app), what is encrypted.
 *
 * Memory: embedded, nothing to free; slices of the input.
 * Work: linear; a name-list is passed on as it comes.
 * Thread: the flow's worker.
 */
#ifndef WEIR_PROTO_SSH_H
#define WEIR_PROTO_SSH_H

#include "engine/proto/line.h"

#define SSH_BANNER_MAX 255 /* bytes, as the RFC has it, its end counted */
#define SSH_PACKET_MAX 262144 /* of a record before encryption; more is an event */

/* The name-lists of SSH_MSG_KEXINIT, in their order. */
enum ssh_list {
	SSH_LIST_KEX,
	SSH_LIST_HOST_KEY,
	SSH_LIST_ENCRYPTION_TO_SERVER,
	SSH_LIST_ENCRYPTION_TO_CLIENT,
	SSH_LIST_MAC_TO_SERVER,
	SSH_LIST_MAC_TO_CLIENT,
	SSH_LIST_COMPRESSION_TO_SERVER,
	SSH_LIST_COMPRESSION_TO_CLIENT,
	SSH_LIST_LANGUAGES_TO_SERVER,
	SSH_LIST_LANGUAGES_TO_CLIENT,
	SSH_LIST__COUNT
};

enum ssh_event_kind {
	SSH_MORE, /* nothing further in these bytes */
	SSH_BANNER, /* proto, software, and the whole line */
	SSH_BANNER_INVALID, /* the line is not an identification; parsing goes on after it */
	SSH_BANNER_LONG, /* the line has no end within SSH_BANNER_MAX; proto, software as far as they go */
	SSH_RECORD, /* a binary packet begins: message, length */
	SSH_KEXINIT, /* its name-lists follow */
	SSH_LIST, /* a piece of name-list `list` */
	SSH_LIST_END, /* the list is whole */
	SSH_KEXINIT_END,
	SSH_NEWKEYS, /* what follows is encrypted: nothing more is parsed */
	SSH_RECORD_INVALID, /* a length that cannot be: nothing more is parsed */
};

struct ssh_event {
	enum ssh_event_kind kind;
	struct bytes line, proto, software; /* SSH_BANNER, SSH_BANNER_LONG */
	struct bytes piece; /* SSH_LIST */
	enum ssh_list list;
	uint32_t length; /* SSH_RECORD: of the packet, its length field left out */
	uint8_t message; /* SSH_RECORD */
};

struct ssh_parser {
	uint8_t phase;
	uint8_t list;
	uint32_t left; /* of the record, padding included */
	uint32_t list_left;
	struct line_reader line;
};

void ssh_init(struct ssh_parser *s);

/*
 * The next event of in.  *consumed: bytes that are done with; the rest is shown again with more.
 * Call until SSH_MORE.
 */
void ssh_next(struct ssh_parser *s, struct bytes in, struct ssh_event *out, size_t *consumed);

/* SSH_NEWKEYS or SSH_RECORD_INVALID was given: bytes are consumed unseen. */
bool ssh_finished(const struct ssh_parser *s);

#endif
