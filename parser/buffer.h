/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buffer.h - the buffers that a rule may look at: one row each, indexed by enum buffer.
 *
 * A row owns what a writer can get wrong: the names, which rules may ask for the buffer, in which
 * direction it is there, and whether it belongs to a packet, a stream or a transaction.  Where its bytes come
 * from is a row of the same number in engine/detect/buffer.c.
 *
 * Memory: constant.  Thread: any.
 */
#ifndef WEIR_PARSER_BUFFER_H
#define WEIR_PARSER_BUFFER_H

#include <stdbool.h>

#include "parser/rule.h"

enum buffer_kind {
	BUFFER_KIND_PACKET, /* of one packet: the rule looks at packets, never at the stream */
	BUFFER_KIND_STREAM, /* packet payload and stream bytes */
	BUFFER_KIND_TX, /* of a transaction of an application protocol */
	BUFFER_KIND_DERIVED, /* made of another by an option before it */
	BUFFER_KIND_FRAME, /* of a frame: a message of an application protocol, as its bytes lie in the stream */
};

enum buffer_direction {
	BUFFER_TO_SERVER = 1 << 0,
	BUFFER_TO_CLIENT = 1 << 1,
};

struct buffer_row {
	const char *name;
	const char *alias; /* an older name, or NULL */
	const char *modifier; /* the older name that stands behind a content, or NULL */
	const char *what; /* in words: "the TCP header" */
	uint32_t protos; /* bits of enum rule_proto: what the rule's header may say; 0: anything */
	const char *proto; /* what to write there instead, for a remedy */
	uint8_t kind; /* enum buffer_kind */
	uint8_t directions; /* bits of enum buffer_direction */
	bool multiple; /* a transaction may have several of it */
	const char *
		app; /* of a transaction: its protocol, as app_proto_find() has it; NULL: several */
};

const struct buffer_row *buffer_row(enum buffer b);

/* The application protocols that have it, as APP_PROTO_BIT(); 0: it is of none. */
uint64_t buffer_apps(enum buffer b);

/* The protocols that carry files. */
uint64_t buffer_file_apps(void);

/* A rule for this protocol may ask for the buffer. */
bool buffer_admits(enum buffer b, enum rule_proto proto);

#endif
