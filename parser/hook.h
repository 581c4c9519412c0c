/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook.h - the steps of packets and of application protocols at which a rule may be looked at: "tls:client_hello_done".
 *
 * A row for each name that a rule's header, or app-layer-state, may say.  The steps of one direction of a protocol
 * stand in the order in which they are reached.
 * Not here: which progress of a protocol's transaction a step is (engine/app has the steps by the same names).
 *
 * Memory: constant.  Thread: any.
 */
#ifndef WEIR_PARSER_HOOK_H
#define WEIR_PARSER_HOOK_H

#include <stddef.h>
#include <stdint.h>

#include "parser/protocol.h"

enum hook_unit {
	HOOK_APP,
	HOOK_PACKET_ALL, /* every packet, as without a hook */
	HOOK_PACKET_PRE_FLOW, /* before its flow is looked up */
	HOOK_PACKET_PRE_STREAM, /* before its stream is brought up to date */
	HOOK_PACKET_FLOW_START, /* the first packet of a flow */
};

struct hook_row {
	const char *name;
	uint8_t unit; /* enum hook_unit */
	uint8_t proto; /* HOOK_APP: enum app_proto */
	uint8_t direction; /* HOOK_APP: 0 to server, 1 to client */
	uint8_t step; /* HOOK_APP: counted from 0 in its direction */
};

const struct hook_row *hook_row(int hook);

/* The row of a protocol's hook, or of a packet's; -1: it has none of that name. */
int hook_find_app(enum app_proto proto, const char *name, size_t len);
int hook_find_packet(const char *name, size_t len);

/* A step that each protocol has: request_started, response_complete ... */
bool hook_is_common(const char *name, size_t len);

/* Fill names[0..room) with those that there are; their number.  APP_PROTO_UNKNOWN: those of packets. */
size_t hook_names(enum app_proto proto, const char **names, size_t room);

#endif
