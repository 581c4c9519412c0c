/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile_shape.h - what a rule's keywords say together: of packets or of the stream, and which facts a
 * packet must have.
 *
 * In: a rule.  Out: its shape, plain data.
 * Not here: the row that is made of it (compile_row.h).
 *
 * Memory: by value.  Thread: any.
 */
#ifndef WEIR_DETECT_COMPILE_SHAPE_H
#define WEIR_DETECT_COMPILE_SHAPE_H

#include "engine/detect/ruleset.h"
#include "parser/rule.h"

struct shape {
	bool only_packet, no_stream, only_stream, both; /* what its keywords say of units */
	bool no_packet;
	bool event, packet_keyword, flow, reads_state, integer_state;
	uint32_t need;
	uint16_t protos;
};

struct shape shape_of(const struct rule *r);
/* Bits of enum detect_unit that the rule looks at. */
uint8_t shape_units(const struct shape *s);

#endif
