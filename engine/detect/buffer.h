/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buffer.h - where the bytes of a packet's buffers lie.
 *
 * In: a packet.  Out: the bytes of a header, or of an address, for conditions that look there.
 * A row for each enum buffer of parser/rule.h, whose names and rules are a row in parser/buffer.c.
 *
 * Memory: borrowed from the packet.  Thread: any.
 */
#ifndef WEIR_DETECT_BUFFER_H
#define WEIR_DETECT_BUFFER_H

#include "engine/decode/packet.h"
#include "parser/buffer.h"

struct detect_buffer {
	/* False: the packet has no such buffer.  NULL: not of a packet alone. */
	bool (*of_packet)(const struct packet *p, struct bytes *out);
	uint32_t need; /* enum need of packets that may have it */
	uint16_t protos; /* bits of enum proto_class; 0: any */
};

const struct detect_buffer *detect_buffer(enum buffer b);

#endif
